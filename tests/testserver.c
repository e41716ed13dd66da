/* test server: a server to test against, and a database on it
 *
 * TDENGINE_TEST_URI names a running server; otherwise the test server is
 * started, which ends with the test.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "testserver.h"

static GSubprocess *server;
static gchar *uri;

static void
start_server (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) out = NULL;
  g_autofree gchar *line = NULL;
  const gchar *address;

  server = g_subprocess_new (G_SUBPROCESS_FLAGS_STDOUT_PIPE |
      G_SUBPROCESS_FLAGS_STDIN_PIPE, &error, TEST_SERVER, "--port", "0",
      "--die-with-stdin", NULL);
  g_assert_no_error (error);
  out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (server));
  line = g_data_input_stream_read_line (out, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (line);
  /* listening on ws://127.0.0.1:PORT/ws */
  address = g_strrstr (line, "//");
  g_assert_nonnull (address);
  uri = g_strdup_printf ("taos+ws:%.*s", (gint) (strlen (address) - 3),
      address);
}

const gchar *
test_server_uri (void)
{
  if (!uri && g_getenv ("TDENGINE_TEST_URI"))
    uri = g_strdup (g_getenv ("TDENGINE_TEST_URI"));
  if (!uri)
    start_server ();
  return uri;
}

void
test_server_stop (void)
{
  g_clear_pointer (&uri, g_free);
  if (!server)
    return;
  g_subprocess_force_exit (server);
  g_subprocess_wait (server, NULL, NULL);
  g_clear_object (&server);
}

GstTDengineConnection *
test_connect (void)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri (test_server_uri (), &error);
  GstTDengineConnection *connection;

  g_assert_no_error (error);
  connection = gst_tdengine_connection_new (settings);
  gst_tdengine_connection_open (connection, NULL, &error);
  g_assert_no_error (error);
  return connection;
}

void
test_execute (GstTDengineConnection * connection, const gchar * format, ...)
{
  g_autoptr (GError) error = NULL;
  va_list args;

  va_start (args, format);
  g_autofree gchar *sql = g_strdup_vprintf (format, args);
  va_end (args);
  gst_tdengine_connection_execute (connection, sql, NULL, &error);
  if (error)
    g_error ("%s: %s", sql, error->message);
}

static void
append_row (GString * text, GstTDengineRows * rows, guint row)
{
  guint n_columns =
      gst_tdengine_schema_get_n_columns (gst_tdengine_rows_get_schema (rows));

  for (guint column = 0; column < n_columns; column++) {
    if (column > 0)
      g_string_append_c (text, '|');
    if (gst_tdengine_rows_is_null (rows, column, row))
      g_string_append (text, "NULL");
    else
      gst_tdengine_rows_append_text (rows, column, row, text);
  }
  g_string_append_c (text, '\n');
}

/* a line a row, fields between bars */
gchar *
test_query_text (GstTDengineConnection * connection, const gchar * format, ...)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineQuery) query = NULL;
  GString *text = g_string_new (NULL);
  va_list args;

  va_start (args, format);
  g_autofree gchar *sql = g_strdup_vprintf (format, args);
  va_end (args);
  query = gst_tdengine_connection_query (connection, sql, NULL, &error);
  if (error)
    g_error ("%s: %s", sql, error->message);
  while (TRUE) {
    g_autoptr (GstTDengineRows) rows =
        gst_tdengine_query_next (query, NULL, &error);

    g_assert_no_error (error);
    if (!rows)
      return g_string_free (text, FALSE);
    for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++)
      append_row (text, rows, row);
  }
}
