/* fuzz: what the targets share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <gst/gst.h>

#include "../benchmark.h"

#define BENCHMARK_ROWS 100
#define BENCHMARK_BLOCK_ROWS 10

int
LLVMFuzzerInitialize (int *argc, char ***argv)
{
  gst_init (NULL, NULL);
  return 0;
}

/* an empty one, in memory */
Server *
fuzz_server_new (void)
{
  Server *server = server_new (NULL, NULL);

  server->user = g_strdup ("root");
  server->password = g_strdup ("taosdata");
  server->benchmark = benchmark_new (BENCHMARK_ROWS, BENCHMARK_BLOCK_ROWS);
  return server;
}
