/* hosts: which of several a connection is made to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gio/gio.h>
#include <gst/check/gstcheck.h>

#include "scriptedserver.h"

/* a server, or what is none */

typedef struct
{
  ScriptedServer *server;
  GSocketListener *listener;    /* of a host that says nothing */
  gint code;                    /* how logins are answered */
  gint n_logins;                /* atomic */
} Host;

static gboolean
answer (ScriptedServer * server, const ScriptedRequest * request, gpointer data)
{
  Host *host = data;

  if (!g_str_equal (request->action, "conn"))
    return FALSE;
  g_atomic_int_inc (&host->n_logins);
  scripted_server_send_done (server, request, host->code, 0);
  return TRUE;
}

static guint
host_start (Host * host)
{
  g_autofree gchar *uri = NULL;

  host->server = scripted_server_new (answer, host);
  uri = scripted_server_make_uri (host->server);
  return atoi (strrchr (uri, ':') + 1);
}

static guint
host_start_silent (Host * host)
{
  host->listener = g_socket_listener_new ();
  return g_socket_listener_add_any_inet_port (host->listener, NULL, NULL);
}

static void
host_stop (Host * host)
{
  g_clear_pointer (&host->server, scripted_server_free);
  g_clear_object (&host->listener);
}

/* a port that nobody listens at */
static guint
find_free_port (void)
{
  g_autoptr (GSocketListener) listener = g_socket_listener_new ();
  guint port = g_socket_listener_add_any_inet_port (listener, NULL, NULL);

  g_socket_listener_close (listener);
  return port;
}

static GstTDengineSettings *
make_settings (guint first, guint second, const gchar * query)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *uri =
      g_strdup_printf ("ws://127.0.0.1:%u,127.0.0.1:%u/?%s", first, second,
      query);
  GstTDengineSettings *settings =
      gst_tdengine_settings_new_from_uri (uri, &error);

  g_assert_no_error (error);
  return settings;
}

static void
connect_times (const GstTDengineSettings * settings, guint n)
{
  for (guint i = 0; i < n; i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GstTDengineConnection) connection =
        gst_tdengine_connection_new (settings);

    gst_tdengine_connection_open (connection, NULL, &error);
    g_assert_no_error (error);
  }
}

GST_START_TEST (test_hosts_take_turns)
{
  Host hosts[2] = { 0 };
  g_autoptr (GstTDengineSettings) settings =
      make_settings (host_start (&hosts[0]), host_start (&hosts[1]), "");

  connect_times (settings, 6);
  fail_unless_equals_int (hosts[0].n_logins, 3);
  fail_unless_equals_int (hosts[1].n_logins, 3);
  host_stop (&hosts[0]);
  host_stop (&hosts[1]);
}

GST_END_TEST;

GST_START_TEST (test_a_host_that_refuses_is_passed_over)
{
  Host host = { 0 };
  g_autoptr (GstTDengineSettings) settings =
      make_settings (find_free_port (), host_start (&host), "");

  connect_times (settings, 4);
  fail_unless_equals_int (host.n_logins, 4);
  host_stop (&host);
}

GST_END_TEST;

/* each wait for it would take the time-out */
GST_START_TEST (test_a_silent_host_is_left_alone_for_a_while)
{
  Host hosts[2] = { 0 };
  g_autoptr (GstTDengineSettings) settings =
      make_settings (host_start_silent (&hosts[0]), host_start (&hosts[1]),
      "connect-timeout=2000");
  gint64 start = g_get_monotonic_time ();

  connect_times (settings, 10);
  fail_unless (g_get_monotonic_time () - start < 4 * G_TIME_SPAN_SECOND);
  fail_unless_equals_int (hosts[1].n_logins, 10);
  host_stop (&hosts[0]);
  host_stop (&hosts[1]);
}

GST_END_TEST;

/* 11: no network between adapter and server; 855: wrong password */
static const struct
{
  gint code;
  gint n_logins;                /* of both hosts */
} refusals[] = {
  {11, 2},
  {855, 1},
};

GST_START_TEST (test_another_host_is_tried_where_that_may_help)
{
  Host hosts[2] = { {.code = refusals[__i__].code},
  {.code = refusals[__i__].code}
  };
  g_autoptr (GstTDengineSettings) settings =
      make_settings (host_start (&hosts[0]), host_start (&hosts[1]), "");
  g_autoptr (GstTDengineConnection) connection =
      gst_tdengine_connection_new (settings);
  g_autoptr (GError) error = NULL;

  fail_if (gst_tdengine_connection_open (connection, NULL, &error));
  fail_unless_equals_int (gst_tdengine_error_get_server_code (error),
      refusals[__i__].code);
  fail_unless_equals_int (hosts[0].n_logins + hosts[1].n_logins,
      refusals[__i__].n_logins);
  host_stop (&hosts[0]);
  host_stop (&hosts[1]);
}

GST_END_TEST;

GST_START_TEST (test_the_other_cluster_is_the_last_resort)
{
  Host last = { 0 };
  g_autoptr (GstTDengineSettings) settings =
      make_settings (find_free_port (), find_free_port (), "");
  g_autofree gchar *fallback =
      g_strdup_printf ("ws://127.0.0.1:%u", host_start (&last));
  g_autoptr (GstTDengineConnection) alone =
      gst_tdengine_connection_new (settings);
  g_autoptr (GError) error = NULL;

  fail_if (gst_tdengine_connection_open (alone, NULL, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_CONNECT));
  gst_tdengine_settings_set (settings, "fallback-uri", fallback, NULL);
  connect_times (settings, 2);
  fail_unless_equals_int (last.n_logins, 2);
  host_stop (&last);
}

GST_END_TEST;

GST_START_TEST (test_a_consumer_has_no_other_cluster)
{
  static const gchar *const topics[] = { "t", NULL };
  g_autoptr (GstStructure) options =
      gst_structure_new ("options", "group.id", G_TYPE_STRING, "g", NULL);
  g_autoptr (GstTDengineSettings) settings = gst_tdengine_settings_new ();
  g_autoptr (GError) error = NULL;

  gst_tdengine_settings_set (settings, "fallback-uri", "ws://h", NULL);
  g_autoptr (GstTDengineConsumer) consumer =
      gst_tdengine_consumer_new (settings);
  fail_if (gst_tdengine_consumer_subscribe (consumer, topics, options, NULL,
          &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_NOT_SUPPORTED));
}

GST_END_TEST;

GST_START_TEST (test_a_sink_has_no_other_cluster)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch ("tdenginetestsrc rows=1 "
      "! tdenginesink database=d table=m fallback-uri=ws://h", NULL);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, 10 * GST_SECOND, GST_MESSAGE_ERROR);
  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, "fallback-uri"), "%s", error->message);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

static Suite *
hosts_suite (void)
{
  Suite *s = suite_create ("hosts");
  TCase *tc = tcase_create ("hosts");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_hosts_take_turns);
  tcase_add_test (tc, test_a_host_that_refuses_is_passed_over);
  tcase_add_test (tc, test_a_silent_host_is_left_alone_for_a_while);
  tcase_add_loop_test (tc, test_another_host_is_tried_where_that_may_help, 0,
      G_N_ELEMENTS (refusals));
  tcase_add_test (tc, test_the_other_cluster_is_the_last_resort);
  tcase_add_test (tc, test_a_consumer_has_no_other_cluster);
  tcase_add_test (tc, test_a_sink_has_no_other_cluster);
  return s;
}

GST_CHECK_MAIN (hosts);
