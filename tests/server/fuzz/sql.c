/* fuzz: statements, from the lexer to the rows that come out
 *
 * Each line of the input is a statement; all are executed in one session with
 * a server of their own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <string.h>

#include "../execute.h"

static void
execute (Session * session, const gchar * sql)
{
  g_autoptr (GError) error = NULL;
  Outcome outcome = { 0 };

  if (!execute_sql (session, sql, &outcome, &error) || !outcome.result)
    return;
  while (!result_get_benchmark (outcome.result)) {
    g_autoptr (GstTDengineRows) rows = result_next (outcome.result, NULL);

    if (!rows)
      break;
  }
  result_free (outcome.result);
}

int
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  g_autoptr (Server) server = fuzz_server_new ();
  g_autofree gchar *text = g_strndup ((const gchar *) data, size);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  Session session;

  session_init (&session, server);
  for (guint i = 0; lines[i]; i++)
    execute (&session, lines[i]);
  session_clear (&session);
  return 0;
}
