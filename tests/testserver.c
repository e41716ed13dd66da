/* test server: a server to test against, and a database on it
 *
 * TDENGINE_TEST_URI names a running server; otherwise the test server is
 * started, which ends with the test.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <libsoup/soup.h>

#include "testserver.h"

static GSubprocess *server;
static gchar *uri;
static gchar *data_folder;      /* NULL where data live in memory */
static GStrv options;           /* more of the server's, or NULL */

/* port 0 is any that is free */
static void
start_server (guint port)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GDataInputStream) out = NULL;
  g_autofree gchar *line = NULL;
  g_autofree gchar *number = g_strdup_printf ("%u", port);
  g_autofree gchar *data = data_folder ?
      g_build_filename (data_folder, "data", NULL) : NULL;
  const gchar *address;
  g_autoptr (GStrvBuilder) arguments = g_strv_builder_new ();

  g_strv_builder_add_many (arguments, TEST_SERVER, "--port", number,
      "--die-with-stdin", data ? "--data" : NULL, data, NULL);
  if (options)
    g_strv_builder_addv (arguments, (const gchar **) options);
  g_auto (GStrv) command = g_strv_builder_end (arguments);
  server = g_subprocess_newv ((const gchar * const *) command,
      G_SUBPROCESS_FLAGS_STDOUT_PIPE | G_SUBPROCESS_FLAGS_STDIN_PIPE, &error);
  g_assert_no_error (error);
  out = g_data_input_stream_new (g_subprocess_get_stdout_pipe (server));
  line = g_data_input_stream_read_line (out, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_nonnull (line);
  /* listening on ws://127.0.0.1:PORT/ws */
  address = strstr (line, "ws");
  g_assert_nonnull (address);
  g_free (uri);
  uri = g_strdup_printf ("taos+%.*s", (gint) (strlen (address) - 3), address);
}

const gchar *
test_server_uri (void)
{
  if (!uri && g_getenv ("TDENGINE_TEST_URI"))
    uri = g_strdup (g_getenv ("TDENGINE_TEST_URI"));
  if (!uri)
    start_server (0);
  return uri;
}

static void
remove_data (void)
{
  g_autofree gchar *data = g_build_filename (data_folder, "data", NULL);

  g_remove (data);
  g_rmdir (data_folder);
  g_clear_pointer (&data_folder, g_free);
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
  if (data_folder)
    remove_data ();
}

gboolean
test_server_has_faults (void)
{
  test_server_uri ();
  return server != NULL;
}

/* it is the server that we have started, whatever its certificate */
static gboolean
accept_certificate (SoupMessage * message, GTlsCertificate * certificate,
    GTlsCertificateFlags faults, gpointer data)
{
  return TRUE;
}

static gchar *
call_side_door (const gchar * method, const gchar * rules)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (SoupSession) session = soup_session_new ();
  g_autofree gchar *address = g_strdup_printf ("http%s/-/fault",
      test_server_uri () + strlen ("taos+ws"));
  g_autoptr (SoupMessage) message = soup_message_new (method, address);

  g_signal_connect (message, "accept-certificate",
      G_CALLBACK (accept_certificate), NULL);
  if (rules) {
    g_autoptr (GBytes) body = g_bytes_new (rules, strlen (rules));

    soup_message_set_request_body_from_bytes (message, "application/json",
        body);
  }
  g_autoptr (GBytes) reply = soup_session_send_and_read (session, message,
      NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (soup_message_get_status (message), ==, SOUP_STATUS_OK);
  return g_strndup (g_bytes_get_data (reply, NULL), g_bytes_get_size (reply));
}

/* an array of rules, as server/README.md tells, in place of those there are */
void
test_server_set_faults (const gchar * rules)
{
  g_free (call_side_door ("POST", rules));
}

/* for each rule what it has seen and how often it fired, in JSON */
gchar *
test_server_clear_faults (void)
{
  return call_side_door ("DELETE", NULL);
}

/* more options for the server that is started next; NULL for none */
void
test_server_set_options (const gchar * const *more)
{
  g_strfreev (options);
  options = g_strdupv ((GStrv) more);
}

/* before the server is first named */
void
test_server_keep_data (void)
{
  g_autoptr (GError) error = NULL;

  data_folder = g_dir_make_tmp ("tdengine-test-XXXXXX", &error);
  g_assert_no_error (error);
}

/* waits until a fault has ended the server and starts it again at its port;
 * gives the status that it ended with */
gint
test_server_restart (void)
{
  const gchar *port = strrchr (uri, ':') + 1;

  g_subprocess_wait (server, NULL, NULL);
  gint status = g_subprocess_get_exit_status (server);
  g_clear_object (&server);
  start_server (atoi (port));
  return status;
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
