/* fuzz: what the targets share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <gst/gst.h>

#include "../benchmark.h"
#include "../httpd.h"

#define BENCHMARK_ROWS 100
#define BENCHMARK_BLOCK_ROWS 10

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  gst_init (NULL, NULL);
  /* a call that GLib refuses is a finding */
  g_log_set_always_fatal (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_WARNING);
  return 0;
}

/* an empty one, in memory */
Server *
fuzz_server_new (void)
{
  Server *server = server_new (NULL, NULL);

  server->never_dies = TRUE;
  server->user = g_strdup ("root");
  server->password = g_strdup ("taosdata");
  server->benchmark = benchmark_new (BENCHMARK_ROWS, BENCHMARK_BLOCK_ROWS);
  return server;
}

/* what a client sends from its first byte to the end of its stream */
void
fuzz_connect (Server * server, GBytes * bytes)
{
  g_autoptr (Httpd) httpd = httpd_new (server);
  g_autoptr (GInputStream) input = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr (GOutputStream) output = g_memory_output_stream_new_resizable ();
  g_autoptr (GIOStream) stream = g_simple_io_stream_new (input, output);

  httpd_accept (httpd, stream, NULL);
  while (g_main_context_iteration (NULL, FALSE));
}
