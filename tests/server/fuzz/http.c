/* fuzz: a connection's bytes, from HTTP to the frames behind an upgrade
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE
#include "fuzz.h"

#include <gio/gio.h>
#include <string.h>

/* a fault that ends the process, which is no finding */
#define DEADLY "exit"

int
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  g_autoptr (Server) server = fuzz_server_new ();
  g_autoptr (GBytes) bytes = g_bytes_new (data, size);

  if (!memmem (data, size, DEADLY, strlen (DEADLY)))
    fuzz_connect (server, bytes);
  return 0;
}
