/* tdenginesrc: stories of a pipeline that reads
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/app.h>
#include <gst/check/gstcheck.h>

#include "testserver.h"

#define NS_PER_MS G_GINT64_CONSTANT (1000000)
/* 2024-12-19 19:12:45.642 UTC */
#define FIRST_TIME G_GINT64_CONSTANT (1734635565642)

static GstTDengineConnection *connection;
static gchar *database;

/* d1001 has three rows, d1002 two that lie an hour before them */
static void
set_up (void)
{
  connection = test_connect ();
  database = g_strdup_printf ("test_src_%d", (gint) getpid ());
  test_execute (connection, "drop database if exists %s", database);
  test_execute (connection, "create database %s vgroups 1", database);
  test_execute (connection, "create table %s.meters (ts timestamp, "
      "current float, voltage int) tags (location varchar(64), groupid int)",
      database);
  test_execute (connection, "insert into %s.d1001 using %s.meters tags "
      "('Oslo', 1) values (%" G_GINT64_FORMAT ", 50.5, 201) "
      "(%" G_GINT64_FORMAT ", 82.25, 202) (%" G_GINT64_FORMAT ", null, 203)",
      database, database, FIRST_TIME, FIRST_TIME + 1000, FIRST_TIME + 2000);
  test_execute (connection, "insert into %s.d1002 using %s.meters tags "
      "('Bergen', 2) values (%" G_GINT64_FORMAT ", 1, 204) "
      "(%" G_GINT64_FORMAT ", 2, 205)", database, database,
      FIRST_TIME - 3600000, FIRST_TIME - 3599000);
}

static void
tear_down (void)
{
  test_execute (connection, "drop database if exists %s", database);
  g_clear_object (&connection);
  g_clear_pointer (&database, g_free);
}

static GstElement *
make_pipeline (const gchar * query, const gchar * more, GstElement ** sink)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *line = g_strdup_printf ("tdenginesrc name=src %s ! "
      "appsink name=sink sync=false", more);
  GstElement *pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstElement) src = NULL;

  g_assert_no_error (error);
  src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  g_object_set (src, "uri", test_server_uri (), "query", query, NULL);
  *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  return pipeline;
}

static GstSample *
pull (GstElement * sink)
{
  return gst_app_sink_try_pull_sample (GST_APP_SINK (sink), 30 * GST_SECOND);
}

static void
finish (GstElement * pipeline, GstElement * sink)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
}

GST_START_TEST (test_rows_arrive_with_their_columns)
{
  GstElement *sink, *pipeline;
  g_autofree gchar *query =
      g_strdup_printf ("select * from %s.d1001 order by ts", database);
  g_autoptr (GError) error = NULL;

  pipeline = make_pipeline (query, "", &sink);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstSample) sample = pull (sink);
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_new_from_sample (sample, &error);
  g_assert_no_error (error);
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (rows);
  fail_unless_equals_int (gst_tdengine_schema_get_n_columns (schema), 3);
  fail_unless_equals_string (gst_tdengine_schema_get_column (schema, 1)->name,
      "current");
  fail_unless_equals_int (gst_tdengine_rows_get_n_rows (rows), 3);
  fail_unless_equals_int64 (gst_tdengine_rows_get_int64 (rows, 0, 0),
      FIRST_TIME);
  fail_unless_equals_float (gst_tdengine_rows_get_double (rows, 1, 1), 82.25);
  fail_unless (gst_tdengine_rows_is_null (rows, 1, 2));
  fail_unless_equals_int64 (gst_tdengine_rows_get_int64 (rows, 2, 2), 203);

  fail_if (pull (sink));
  fail_unless (gst_app_sink_is_eos (GST_APP_SINK (sink)));
  finish (pipeline, sink);
}

GST_END_TEST;

GST_START_TEST (test_buffers_tell_time_and_row)
{
  GstElement *sink, *pipeline;
  g_autofree gchar *query =
      g_strdup_printf ("select * from %s.d1001 order by ts", database);

  pipeline = make_pipeline (query, "rows-per-buffer=2", &sink);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstSample) first = pull (sink);
  GstBuffer *buffer = gst_sample_get_buffer (first);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), FIRST_TIME * NS_PER_MS);
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (buffer), GST_SECOND);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 0);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET_END (buffer), 2);
  fail_unless_equals_int (gst_buffer_n_memory (buffer), 1);

  g_autoptr (GstSample) second = pull (sink);
  buffer = gst_sample_get_buffer (second);
  const GstSegment *segment = gst_sample_get_segment (second);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 2);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET_END (buffer), 3);
  fail_unless_equals_uint64 (segment->start, FIRST_TIME * NS_PER_MS);
  fail_unless_equals_uint64 (gst_segment_to_stream_time (segment,
          GST_FORMAT_TIME, GST_BUFFER_PTS (buffer)), 2 * GST_SECOND);
  finish (pipeline, sink);
}

GST_END_TEST;

GST_START_TEST (test_one_row_a_buffer)
{
  GstElement *sink, *pipeline;
  g_autofree gchar *query = g_strdup_printf ("select * from %s.meters",
      database);
  guint n = 0;
  gint64 sum = 0;

  pipeline = make_pipeline (query, "rows-per-buffer=1", &sink);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (TRUE) {
    g_autoptr (GstSample) sample = pull (sink);
    if (!sample)
      break;
    g_autoptr (GstTDengineRows) rows =
        gst_tdengine_rows_new_from_sample (sample, NULL);
    fail_unless_equals_int (gst_tdengine_rows_get_n_rows (rows), 1);
    sum += gst_tdengine_rows_get_int64 (rows, 2, 0);
    n++;
  }
  fail_unless_equals_int (n, 5);
  fail_unless_equals_int64 (sum, 201 + 202 + 203 + 204 + 205);
  finish (pipeline, sink);
}

GST_END_TEST;

/* a sink drops what lies before its segment, so the segment has to move */
GST_START_TEST (test_a_table_of_earlier_times_is_not_dropped)
{
  GstElement *sink, *pipeline;
  g_autofree gchar *query = g_strdup_printf ("select * from %s.meters "
      "order by ts desc", database);
  guint n = 0;

  pipeline = make_pipeline (query, "rows-per-buffer=1", &sink);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  for (GstSample * sample; (sample = pull (sink)); n++)
    gst_sample_unref (sample);
  fail_unless_equals_int (n, 5);
  finish (pipeline, sink);
}

GST_END_TEST;

GST_START_TEST (test_a_query_without_rows_ends_at_once)
{
  GstElement *sink, *pipeline;
  g_autofree gchar *query = g_strdup_printf ("select * from %s.meters where "
      "ts < 0", database);

  pipeline = make_pipeline (query, "", &sink);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  fail_if (pull (sink));
  fail_unless (gst_app_sink_is_eos (GST_APP_SINK (sink)));
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new_from_caps (caps, NULL);
  fail_unless_equals_int (gst_tdengine_schema_get_n_columns (schema), 5);
  finish (pipeline, sink);
}

GST_END_TEST;

GST_START_TEST (test_position_and_duration)
{
  GstElement *sink, *pipeline;
  g_autofree gchar *query =
      g_strdup_printf ("select * from %s.d1001 order by ts", database);
  g_autoptr (GstStructure) stats = NULL;
  gint64 value;
  guint64 rows;

  pipeline = make_pipeline (query, "", &sink);
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (TRUE) {
    g_autoptr (GstSample) sample = pull (sink);
    if (!sample)
      break;
  }
  fail_unless (gst_element_query_position (src, GST_FORMAT_DEFAULT, &value));
  fail_unless_equals_int64 (value, 3);
  fail_unless (gst_element_query_duration (src, GST_FORMAT_DEFAULT, &value));
  fail_unless_equals_int64 (value, 3);
  fail_unless (gst_element_query_duration (src, GST_FORMAT_TIME, &value));
  fail_unless_equals_int64 (value, 2 * GST_SECOND);
  g_object_get (src, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, "rows", &rows));
  fail_unless_equals_uint64 (rows, 3);
  finish (pipeline, sink);
}

GST_END_TEST;

GST_START_TEST (test_the_element_is_made_from_a_uri)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) src = gst_element_make_from_uri (GST_URI_SRC,
      "taos+ws://ola:secret@example.org:1234/power?timezone=Europe/Oslo", NULL,
      &error);
  g_autofree gchar *user = NULL, *db = NULL, *zone = NULL, *uri = NULL;

  g_assert_no_error (error);
  gst_object_ref_sink (src);
  g_object_get (src, "user", &user, "database", &db, "timezone", &zone, "uri",
      &uri, NULL);
  fail_unless_equals_string (user, "ola");
  fail_unless_equals_string (db, "power");
  fail_unless_equals_string (zone, "Europe/Oslo");
  fail_unless_equals_string (uri, "taos+ws://ola@example.org:1234/power");
}

GST_END_TEST;

static const struct
{
  const gchar *property;
  const gchar *value;
    GQuark (*domain) (void);
  gint code;
  gint server_code;
  const gchar *words;
} refused[] = {
  {"query", "selec 1", gst_resource_error_quark,
      GST_RESOURCE_ERROR_SETTINGS, 0x2600, "selec 1"},
  {"query", "select * from nosuch.nosuch", gst_resource_error_quark,
      GST_RESOURCE_ERROR_NOT_FOUND, -1, ""},
  {"query", "use information_schema", gst_resource_error_quark,
      GST_RESOURCE_ERROR_SETTINGS, 0, "no rows"},
  {"query", "", gst_resource_error_quark,
      GST_RESOURCE_ERROR_SETTINGS, 0, "set the query or the table property"},
  {"password", "hunter2", gst_resource_error_quark,
      GST_RESOURCE_ERROR_NOT_AUTHORIZED, 0x0357, "Authentication failure"},
  {"password", "", gst_resource_error_quark,
      GST_RESOURCE_ERROR_SETTINGS, 0, "password is empty"},
  {"database", "nosuchdb", gst_resource_error_quark,
      GST_RESOURCE_ERROR_NOT_FOUND, 0x0388, "Database not exist"},
  {"timezone", "Mars/Phobos", gst_resource_error_quark,
      GST_RESOURCE_ERROR_SETTINGS, 0, "Mars/Phobos"},
  {"uri", "taos+ws://localhost:1/", gst_resource_error_quark,
      GST_RESOURCE_ERROR_OPEN_READ, 0, "localhost:1"},
  {"uri", "taos+ws://host.invalid/", gst_resource_error_quark,
      GST_RESOURCE_ERROR_OPEN_READ, 0, "host.invalid"},
  {"uri", "http://ola:hunter2@localhost/", gst_resource_error_quark,
      GST_RESOURCE_ERROR_SETTINGS, 0, "http"},
};

GST_START_TEST (test_what_can_not_be_read_is_told)
{
  GstElement *sink, *pipeline = make_pipeline ("select 1", "", &sink);
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GError) error = NULL;
  g_autofree gchar *debug = NULL;
  const GstStructure *details = NULL;
  gint code = 0;

  g_object_set (src, refused[__i__].property, refused[__i__].value, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
      30 * GST_SECOND, GST_MESSAGE_ERROR);
  fail_unless (message);
  gst_message_parse_error (message, &error, &debug);
  gst_message_parse_error_details (message, &details);
  fail_unless (error->domain == refused[__i__].domain ());
  fail_unless_equals_int (error->code, refused[__i__].code);
  fail_unless (strstr (error->message, refused[__i__].words),
      "\"%s\" lacks \"%s\"", error->message, refused[__i__].words);
  fail_if (strstr (error->message, "hunter2") || strstr (debug, "hunter2"));
  fail_unless (gst_structure_has_field (details, "tdengine-code"));
  gst_structure_get_int (details, "server-code", &code);
  if (refused[__i__].server_code >= 0)
    fail_unless_equals_int (code, refused[__i__].server_code);
  finish (pipeline, sink);
}

GST_END_TEST;

static gint n_leaks;

static void
look_for_secret (GstDebugCategory * category, GstDebugLevel level,
    const gchar * file, const gchar * function, gint line, GObject * object,
    GstDebugMessage * message, gpointer data)
{
  if (strstr (gst_debug_message_get (message), "hunter2"))
    g_atomic_int_inc (&n_leaks);
}

GST_START_TEST (test_the_password_stays_secret)
{
  GstElement *sink, *pipeline = make_pipeline ("select 1", "", &sink);
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  const gchar *host = strstr (test_server_uri (), "//") + 2;
  const gchar *user_end = strchr (host, '@');
  g_autofree gchar *uri = g_strdup_printf ("taos+ws://root:hunter2@%s",
      user_end ? user_end + 1 : host);
  g_autofree gchar *shown = NULL;

  n_leaks = 0;
  gst_debug_remove_log_function (gst_debug_log_default);
  gst_debug_add_log_function (look_for_secret, NULL, NULL);
  gst_debug_set_default_threshold (GST_LEVEL_MEMDUMP);
  g_object_set (src, "uri", uri, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
      30 * GST_SECOND, GST_MESSAGE_ERROR);
  g_autofree gchar *dot = gst_debug_bin_to_dot_data (GST_BIN (pipeline),
      GST_DEBUG_GRAPH_SHOW_ALL);
  gst_debug_set_default_threshold (GST_LEVEL_NONE);
  gst_debug_remove_log_function (look_for_secret);
  gst_debug_add_log_function (gst_debug_log_default, NULL, NULL);

  fail_unless (message);
  g_object_get (src, "uri", &shown, NULL);
  fail_unless (strstr (shown, "root@"));
  fail_if (strstr (shown, "hunter2"));
  fail_if (strstr (dot, "hunter2"));
  fail_unless (strstr (dot, "root@"), "the dump does not show the URI at all");
  fail_unless_equals_int (n_leaks, 0);
  fail_if (g_object_class_find_property (G_OBJECT_GET_CLASS (src),
          "password")->flags & G_PARAM_READABLE);
  finish (pipeline, sink);
}

GST_END_TEST;

static Suite *
src_suite (void)
{
  Suite *suite = suite_create ("tdenginesrc");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_unchecked_fixture (tc, NULL, test_server_stop);
  tcase_add_test (tc, test_rows_arrive_with_their_columns);
  tcase_add_test (tc, test_buffers_tell_time_and_row);
  tcase_add_test (tc, test_one_row_a_buffer);
  tcase_add_test (tc, test_a_table_of_earlier_times_is_not_dropped);
  tcase_add_test (tc, test_a_query_without_rows_ends_at_once);
  tcase_add_test (tc, test_position_and_duration);
  tcase_add_test (tc, test_the_element_is_made_from_a_uri);
  tcase_add_loop_test (tc, test_what_can_not_be_read_is_told, 0,
      G_N_ELEMENTS (refused));
  tcase_add_test (tc, test_the_password_stays_secret);
  return suite;
}

GST_CHECK_MAIN (src);
