/* transport: what holds on the way, whatever that is
 *
 * Each test runs over plain TCP and over TLS, compressed and not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gio/gio.h>
#include <gst/check/gstcheck.h>
#include <string.h>

#include "certificates.h"
#include "testserver.h"

#define N_ROWS 100000
/* more than the kernel keeps for a server */
#define LARGE_SIZE (16 * 1024 * 1024)
/* what has to end at once, ends by then: limits are either far below or above */
#define SOON (10 * G_TIME_SPAN_SECOND)

static const Certificate certificates[] = {
  {"server", NULL, "IP:127.0.0.1", -1, 1},
};

static const struct
{
  gboolean tls;
  const gchar *query;           /* of the URI */
} ways[] = {
  {FALSE, ""},
  {TRUE, "ssl-strict=false&"},
  {FALSE, "enableCompression=true&"},
  {TRUE, "ssl-strict=false&enable-compression=true&"},
};

/* a statement too large to be sent while nobody reads, also compressed */
static gchar *noise;

static void
setup (void)
{
  g_autoptr (GRand) rand = g_rand_new_with_seed (1);

  certificates_make (certificates, G_N_ELEMENTS (certificates));
  noise = g_malloc (LARGE_SIZE + 1);
  for (guint i = 0; i < LARGE_SIZE; i++)
    noise[i] = 'A' + g_rand_int (rand) % 58;
  memcpy (noise, "select/*", 8);
  strcpy (noise + LARGE_SIZE - 9, "*/42 as v");
}

static void
teardown (void)
{
  certificates_remove ();
  g_free (noise);
}

static void
start_server (guint way)
{
  const gchar *options[] = { "--bench-rows", G_STRINGIFY (N_ROWS), NULL, NULL,
    NULL
  };

  if (ways[way].tls) {
    options[2] = "--tls-certificate";
    options[3] = certificates_find ("server");
  }
  test_server_set_options (options);
}

static GstTDengineConnection *
make_client (guint way, const gchar * uri, const gchar * query)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *full =
      g_strconcat (uri, "/?", ways[way].query, query, NULL);
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri (full, &error);

  g_assert_no_error (error);
  return gst_tdengine_connection_new (settings);
}

static GstTDengineConnection *
connect_client (guint way, const gchar * query)
{
  g_autoptr (GError) error = NULL;
  GstTDengineConnection *connection;

  start_server (way);
  connection = make_client (way, test_server_uri (), query);
  gst_tdengine_connection_open (connection, NULL, &error);
  g_assert_no_error (error);
  return connection;
}

static void
end (GstTDengineConnection * connection)
{
  g_object_unref (connection);
  test_server_stop ();
}

GST_START_TEST (test_blocks_come_whole)
{
  GstTDengineConnection *connection =
      connect_client (__i__, "message-timeout=10000");
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineQuery) query = gst_tdengine_connection_query
      (connection, "select current, voltage from bench.meters", NULL, &error);
  guint64 n_rows = 0;

  g_assert_no_error (error);
  while (TRUE) {
    g_autoptr (GstTDengineRows) rows =
        gst_tdengine_query_next (query, NULL, &error);

    g_assert_no_error (error);
    if (!rows)
      break;
    n_rows += gst_tdengine_rows_get_n_rows (rows);
  }
  fail_unless_equals_uint64 (n_rows, N_ROWS);
  g_clear_object (&query);
  end (connection);
}

GST_END_TEST;

GST_START_TEST (test_a_large_request_leaves_whole)
{
  GstTDengineConnection *connection =
      connect_client (__i__, "message-timeout=10000");
  g_autofree gchar *text = NULL;
  text = test_query_text (connection, "%s", noise);
  fail_unless_equals_string (text, "42\n");
  end (connection);
}

GST_END_TEST;

/* a statement whose outcome is an error, soon */
static void
assert_fails (GstTDengineConnection * connection, const gchar * sql,
    GCancellable * cancellable, GQuark domain, gint code)
{
  g_autoptr (GError) error = NULL;
  gint64 start = g_get_monotonic_time ();

  fail_unless_equals_int64 (gst_tdengine_connection_execute (connection, sql,
          cancellable, &error), -1);
  fail_unless (g_error_matches (error, domain, code), "%s", error->message);
  fail_unless (g_get_monotonic_time () - start < SOON);
}

static gpointer
cancel_later (gpointer cancellable)
{
  /* to cancel what waits already: too early would only be another way */
  g_usleep (50 * G_TIME_SPAN_MILLISECOND);
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
assert_can_be_cancelled (GstTDengineConnection * connection, const gchar * sql)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  GThread *thread = g_thread_new ("cancel", cancel_later, cancellable);

  assert_fails (connection, sql, cancellable, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
}

GST_START_TEST (test_waiting_can_be_cancelled)
{
  GstTDengineConnection *connection = connect_client (__i__, "");
  g_autofree gchar *text = NULL;

  test_server_set_faults ("[{\"action\": \"binary_query\", "
      "\"fault\": \"ignore\"}]");
  assert_can_be_cancelled (connection, "select 1");
  text = test_query_text (connection, "select 42");
  fail_unless_equals_string (text, "42\n");
  end (connection);
}

GST_END_TEST;

/* the server reads no more once it has got a first statement */
static void
make_deaf (GstTDengineConnection * connection)
{
  test_server_set_faults ("[{\"action\": \"binary_query\", "
      "\"fault\": \"pause\", \"ms\": 600000}]");
  assert_can_be_cancelled (connection, "select 1");
}

GST_START_TEST (test_sending_can_be_cancelled)
{
  GstTDengineConnection *connection = connect_client (__i__, "");

  make_deaf (connection);
  assert_can_be_cancelled (connection, noise);
  /* half a statement is on its way: there is no going on behind it */
  assert_fails (connection, "select 1", NULL, GST_TDENGINE_ERROR,
      GST_TDENGINE_ERROR_CLOSED);
  end (connection);
}

GST_END_TEST;

GST_START_TEST (test_a_server_that_takes_nothing_is_given_up)
{
  GstTDengineConnection *connection =
      connect_client (__i__, "message-timeout=300");

  make_deaf (connection);
  assert_fails (connection, noise, NULL, GST_TDENGINE_ERROR,
      GST_TDENGINE_ERROR_TIMEOUT);
  end (connection);
}

GST_END_TEST;

GST_START_TEST (test_a_dead_server_is_noticed)
{
  GstTDengineConnection *connection =
      connect_client (__i__, "keepalive-interval=300");

  test_server_set_faults ("[{\"action\": \"binary_query\", "
      "\"fault\": \"pause\", \"ms\": 600000}]");
  assert_fails (connection, "select 1", NULL, GST_TDENGINE_ERROR,
      GST_TDENGINE_ERROR_CLOSED);
  end (connection);
}

GST_END_TEST;

GST_START_TEST (test_a_dead_server_is_noticed_while_nobody_asks)
{
  GstTDengineConnection *connection =
      connect_client (__i__, "keepalive-interval=300");
  gint64 deadline = g_get_monotonic_time () + SOON;

  make_deaf (connection);
  while (gst_tdengine_connection_is_open (connection)
      && g_get_monotonic_time () < deadline)
    g_thread_yield ();
  fail_if (gst_tdengine_connection_is_open (connection));
  end (connection);
}

GST_END_TEST;

GST_START_TEST (test_a_slow_server_is_not_taken_for_dead)
{
  GstTDengineConnection *connection =
      connect_client (__i__, "keepalive-interval=200");
  g_autofree gchar *text = NULL;

  test_server_set_faults ("[{\"action\": \"binary_query\", "
      "\"fault\": \"delay\", \"ms\": 1000}]");
  text = test_query_text (connection, "select 42");
  fail_unless_equals_string (text, "42\n");
  end (connection);
}

GST_END_TEST;

static gpointer
open_it (gpointer connection)
{
  GError *error = NULL;

  fail_if (gst_tdengine_connection_open (connection, NULL, &error));
  return error;
}

/* who accepts it says nothing */
GST_START_TEST (test_connecting_can_be_given_up)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint port = g_socket_listener_add_any_inet_port (listener, NULL, &error);
  g_autofree gchar *uri = g_strdup_printf ("taos+%s://127.0.0.1:%u",
      ways[__i__].tls ? "wss" : "ws", port);
  g_autoptr (GstTDengineConnection) connection = make_client (__i__, uri, "");
  GThread *thread = g_thread_new ("open", open_it, connection);
  g_autoptr (GSocketConnection) peer =
      g_socket_listener_accept (listener, NULL, NULL, &error);

  g_assert_no_error (error);
  gst_tdengine_connection_close (connection);
  error = g_thread_join (thread);
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_CLOSED), "%s", error->message);
}

GST_END_TEST;

static Suite *
transport_suite (void)
{
  Suite *s = suite_create ("transport");
  TCase *tc = tcase_create ("ways");
  const guint n = G_N_ELEMENTS (ways);

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_unchecked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_connecting_can_be_given_up, 0, n);
  if (g_getenv ("TDENGINE_TEST_URI"))
    return s;
  tcase_add_loop_test (tc, test_blocks_come_whole, 0, n);
  tcase_add_loop_test (tc, test_a_large_request_leaves_whole, 0, n);
  tcase_add_loop_test (tc, test_waiting_can_be_cancelled, 0, n);
  tcase_add_loop_test (tc, test_sending_can_be_cancelled, 0, n);
  tcase_add_loop_test (tc, test_a_server_that_takes_nothing_is_given_up, 0, n);
  tcase_add_loop_test (tc, test_a_dead_server_is_noticed, 0, n);
  tcase_add_loop_test (tc, test_a_dead_server_is_noticed_while_nobody_asks, 0,
      n);
  tcase_add_loop_test (tc, test_a_slow_server_is_not_taken_for_dead, 0, n);
  return s;
}

GST_CHECK_MAIN (transport);
