/* tdenginesink: stories of a pipeline that writes
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/app.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <string.h>

#include "feed.h"
#include "ledger.h"
#include "testserver.h"

static void
set_up (void)
{
  feed_set_up ("sink");
}

GST_START_TEST (test_sub_tables_come_into_being_with_their_tags)
{
  Feed feed;

  feed_init (&feed, "super-table=meters");
  feed_push (&feed, make_meters ("d1|1734635565642|1.5|201|x|Oslo|1\n"
          "d2|1734635565642|2.5|202|NULL|Bergen|2\n"
          "d1|1734635565643|NULL|203|\303\246\360\237\230\200|Oslo|1"));
  feed_end (&feed);
  /* rows are there when EOS is */
  assert_content ("select tbname, * from %s.meters order by voltage",
      "d1|2024-12-19T19:12:45.642Z|1.5|201|x|Oslo|1\n"
      "d2|2024-12-19T19:12:45.642Z|2.5|202|NULL|Bergen|2\n"
      "d1|2024-12-19T19:12:45.643Z|NULL|203|\303\246\360\237\230\200|Oslo|1\n");
  fail_unless_equals_uint64 (get_stat (&feed, "rows"), 3);
  fail_unless_equals_uint64 (get_stat (&feed, "bound-requests"), 1);
  feed_clear (&feed);
}

GST_END_TEST;

GST_START_TEST (test_a_block_of_one_table_goes_as_it_is)
{
  Feed feed;

  feed_init (&feed, "table=plain");
  feed_push (&feed,
      make_plain ("1734635565642|1.5|201|x\n" "1734635565643|2.5|NULL|NULL"));
  feed_end (&feed);
  assert_content ("select * from %s.plain order by ts",
      "2024-12-19T19:12:45.642Z|1.5|201|x\n"
      "2024-12-19T19:12:45.643Z|2.5|NULL|NULL\n");
  fail_unless_equals_uint64 (get_stat (&feed, "raw-requests"), 1);
  fail_unless_equals_uint64 (get_stat (&feed, "bound-requests"), 0);
  feed_clear (&feed);
}

GST_END_TEST;

GST_START_TEST (test_columns_are_matched_by_name)
{
  static const Column columns[] = {
    {"voltage", GST_TDENGINE_TYPE_INT, 0},
    {"ts", GST_TDENGINE_TYPE_TIMESTAMP, 0},
  };
  Feed feed;

  feed_init (&feed, "table=plain");
  feed_push (&feed, make_rows (columns, 2, "7|1734635565642"));
  feed_end (&feed);
  assert_content ("select * from %s.plain",
      "2024-12-19T19:12:45.642Z|NULL|7|NULL\n");
  feed_clear (&feed);
}

GST_END_TEST;

GST_START_TEST (test_a_known_table_goes_raw)
{
  Feed feed;

  feed_init (&feed, "super-table=meters batch-size=1");
  feed_push (&feed, make_meters ("d1|1734635565642|1.5|201|x|Oslo|1"));
  feed_push (&feed, make_meters ("d1|1734635565643|1.5|202|x|Oslo|1\n"
          "d1|1734635565644|1.5|203|x|Oslo|1"));
  feed_end (&feed);
  assert_content ("select sum(voltage), count(*) from %s.meters", "606|3\n");
  fail_unless_equals_uint64 (get_stat (&feed, "bound-requests"), 1);
  fail_unless_equals_uint64 (get_stat (&feed, "raw-requests"), 1);
  feed_clear (&feed);
}

GST_END_TEST;

GST_START_TEST (test_small_buffers_are_written_together)
{
  Feed feed;

  feed_init (&feed, "super-table=meters batch-size=10 batch-interval=0");
  for (guint i = 0; i < 25; i++) {
    g_autofree gchar *text = g_strdup_printf ("d%u|%" G_GINT64_FORMAT
        "|1|%u|x|Oslo|1", i % 2, TIME + i, i);

    feed_push (&feed, make_meters (text));
  }
  feed_end (&feed);
  /* 10, 10 and 5 */
  fail_unless_equals_uint64 (get_stat (&feed, "bound-requests"), 3);
  assert_content ("select sum(voltage), count(*) from %s.meters", "300|25\n");
  feed_clear (&feed);
}

GST_END_TEST;

/* the server's count is the condition: it ends this well before the test's own
 * time-out, or never */
static void
wait_for_rows (guint64 expected)
{
  guint64 rows = 0;

  while (rows < expected) {
    g_autofree gchar *count = test_query_text (feed_connection,
        "select count(*) from %s.plain", feed_database);

    rows = g_ascii_strtoull (count, NULL, 10);
  }
  fail_unless_equals_uint64 (rows, expected);
}

/* each of them alone */
static const gchar *const triggers[] = {
  "batch-interval=10", "batch-interval=0 batch-size=2",
  "batch-interval=0 batch-bytes=100"
};

GST_START_TEST (test_one_reason_to_write_is_enough)
{
  g_autofree gchar *properties =
      g_strdup_printf ("table=plain %s", triggers[__i__]);
  Feed feed;

  feed_init (&feed, properties);
  feed_push (&feed, make_plain ("1734635565642|1|201|x"));
  feed_push (&feed, make_plain ("1734635565643|1|202|x"));
  wait_for_rows (2);
  feed_clear (&feed);
}

GST_END_TEST;

GST_START_TEST (test_a_flush_writes_what_was_taken)
{
  Feed feed;

  feed_init (&feed, "table=plain batch-interval=0");
  feed_push (&feed, make_plain ("1734635565642|1|201|x"));
  feed_push (&feed, make_plain ("1734635565643|1|202|x"));
  feed_wait_taken (&feed);
  assert_content ("select count(*) from %s.plain", "0\n");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (feed.sink, "sink");
  gst_pad_send_event (pad, gst_event_new_flush_start ());
  gst_pad_send_event (pad, gst_event_new_flush_stop (TRUE));
  wait_for_rows (2);
  feed_clear (&feed);
}

GST_END_TEST;

static const gchar *const parallels[] = {
  "batch-size=1 write-mode=bind", "batch-size=7", "write-mode=sql", ""
};

/* a row replaces that of the same table and time: the last has to win */
GST_START_TEST (test_a_table_keeps_its_order_over_several_connections)
{
  enum
  { N_TABLES = 20, N_ROUNDS = 10 };
  g_autofree gchar *properties = g_strdup_printf ("super-table=meters "
      "parallelism=4 %s", parallels[__i__]);
  Feed feed;

  feed_init (&feed, properties);
  for (guint round = 0; round < N_ROUNDS; round++) {
    g_autoptr (GString) text = g_string_new (NULL);

    for (guint table = 0; table < N_TABLES; table++)
      g_string_append_printf (text, "%sd%u|1734635565642|1|%u|x|Oslo|1",
          table > 0 ? "\n" : "", table, round * 100 + table);
    feed_push (&feed, make_meters (text->str));
  }
  feed_end (&feed);
  /* 900 + 901 + … + 919 */
  assert_content ("select count(*), sum(voltage) from %s.meters", "20|18190\n");
  fail_unless_equals_uint64 (get_stat (&feed, "rows"), N_TABLES * N_ROUNDS);
  feed_clear (&feed);
}

GST_END_TEST;

GST_START_TEST (test_rows_leave_no_faster_than_told)
{
  gint64 started = g_get_monotonic_time ();
  Feed feed;

  feed_init (&feed, "table=plain batch-size=1 max-rows-per-second=20");
  for (guint i = 0; i < 6; i++) {
    g_autofree gchar *text =
        g_strdup_printf ("%" G_GINT64_FORMAT "|1|%u|x", TIME + i, i);

    feed_push (&feed, make_plain (text));
  }
  feed_end (&feed);
  /* the first at once, then one each 50 ms */
  fail_unless (g_get_monotonic_time () - started >= 250 * 1000);
  assert_content ("select count(*) from %s.plain", "6\n");
  feed_clear (&feed);
}

GST_END_TEST;

GST_START_TEST (test_a_stop_writes_what_was_taken)
{
  Feed feed;

  feed_init (&feed, "table=plain batch-size=1000 batch-interval=0");
  feed_push (&feed, make_plain ("1734635565642|1|201|x"));
  feed_push (&feed, make_plain ("1734635565643|1|202|x"));
  feed_wait_taken (&feed);
  feed_clear (&feed);
  assert_content ("select sum(voltage) from %s.plain", "403\n");
}

GST_END_TEST;

GST_START_TEST (test_more_rows_than_a_message_may_have)
{
  enum
  { N = 40000 };
  g_autoptr (GString) text = g_string_new (NULL);
  Feed feed;

  for (guint i = 0; i < N; i++)
    g_string_append_printf (text, "%sd%u|%" G_GINT64_FORMAT "|1|%u|x|Oslo|1",
        i > 0 ? "\n" : "", i % 2, TIME + i, i);
  feed_init (&feed, "super-table=meters");
  feed_push (&feed, make_meters (text->str));
  feed_end (&feed);
  /* 0 + 1 + … + 39999 */
  assert_content ("select sum(voltage), count(*) from %s.meters",
      "799980000|40000\n");
  fail_unless_equals_uint64 (get_stat (&feed, "bound-requests"), 2);
  feed_clear (&feed);
}

GST_END_TEST;

GST_START_TEST (test_a_copy_through_a_pipeline_is_equal)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *line = NULL, *from = NULL, *to = NULL;

  test_execute (feed_connection, "drop database if exists %s_to",
      feed_database);
  test_execute (feed_connection, "create database %s_to vgroups 1",
      feed_database);
  test_execute (feed_connection,
      "create table %s_to.meters (ts timestamp, "
      "current float, voltage int, note nchar(8)) "
      "tags (location varchar(64), groupid int)", feed_database);
  test_execute (feed_connection,
      "insert into %s.d1 using %s.meters tags ('Oslo', 1)"
      " values (1734635565642, 1, 1, 'a') (1734635565643, null, 2, null) "
      "%s.d2 using %s.meters tags (null, 2) values (1734635565642, 3, 3, '')",
      feed_database, feed_database, feed_database, feed_database);
  line =
      g_strdup_printf ("tdenginesrc name=src query=\"select tbname, * from "
      "%s.meters\" ! queue ! tdenginesink name=sink database=%s_to "
      "super-table=meters", feed_database, feed_database);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_object_set (src, "uri", test_server_uri (), NULL);
  g_object_set (sink, "uri", test_server_uri (), NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
      60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, &error, NULL);
  g_assert_no_error (error);
  gst_element_set_state (pipeline, GST_STATE_NULL);

  from = test_query_text (feed_connection, "select * from %s.meters order by "
      "voltage", feed_database);
  to = test_query_text (feed_connection, "select * from %s_to.meters order by "
      "voltage", feed_database);
  test_execute (feed_connection, "drop database %s_to", feed_database);
  fail_unless_equals_string (from, "2024-12-19T19:12:45.642Z|1|1|a|Oslo|1\n"
      "2024-12-19T19:12:45.643Z|NULL|2|NULL|Oslo|1\n"
      "2024-12-19T19:12:45.642Z|3|3||NULL|2\n");
  fail_unless_equals_string (to, from);
}

GST_END_TEST;

/* what comes in from several, and goes out to several */

static void
run_to_eos (const gchar * format)
{
  g_autoptr (GError) error = NULL;
  g_auto (GStrv) parts = g_strsplit (format, "URI", -1);
  g_autofree gchar *uri =
      g_strdup_printf ("uri=%s database=%s", test_server_uri (),
      feed_database);
  g_autofree gchar *line = g_strjoinv (uri, parts);
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);

  g_assert_no_error (error);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
      60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  fail_unless (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_START_TEST (test_two_sinks_behind_a_tee_and_two_sources_before_a_funnel)
{
  test_execute (feed_connection, "create table %s.other (ts timestamp, "
      "voltage int)", feed_database);
  test_execute (feed_connection, "insert into %s.d1 using %s.meters "
      "tags ('Oslo', 1) values (1734635565642, 1, 1, 'a') "
      "(1734635565643, 1, 2, 'b')", feed_database, feed_database);
  run_to_eos ("tdenginesrc URI query=\"select ts, voltage from d1\" ! "
      "tee name=t ! queue ! tdenginesink URI table=plain "
      "t. ! queue ! tdenginesink URI table=other");
  assert_content ("select sum(voltage) from %s.plain", "3\n");
  assert_content ("select sum(voltage) from %s.other", "3\n");
  run_to_eos ("tdenginesrc URI query=\"select ts + 1s as ts, voltage from d1\" "
      "! funnel name=f ! tdenginesink URI table=plain "
      "tdenginesrc URI query=\"select ts + 2s as ts, voltage, note from d1\" "
      "! f.");
  assert_content ("select sum(voltage), count(note) from %s.plain", "9|2\n");
}

GST_END_TEST;

/* what does not fit: a good row goes before, and is the only one written */

static const Column unknown_column[] = {
  {"ts", GST_TDENGINE_TYPE_TIMESTAMP, 0},
  {"amperage", GST_TDENGINE_TYPE_FLOAT, 0},
};

static const Column wrong_type[] = {
  {"ts", GST_TDENGINE_TYPE_TIMESTAMP, 0},
  {"voltage", GST_TDENGINE_TYPE_BIGINT, 0},
};

static const Column no_time[] = {
  {"current", GST_TDENGINE_TYPE_FLOAT, 0},
  {"voltage", GST_TDENGINE_TYPE_INT, 0},
};

static const struct
{
  const gchar *properties;
  const Column *columns;
  guint n_columns;
  const gchar *row;
  const gchar *words;
} unfit[] = {
  {"super-table=meters", &meter_columns[1], 4, "1734635565642|1|1|x",
      "tbname"},
  {"table=plain", unknown_column, 2, "1734635565642|1", "amperage"},
  {"table=plain", wrong_type, 2, "1734635565642|1", "BIGINT"},
  {"table=plain", no_time, 2, "1|1", "\"ts\""},
  {"table=plain", &meter_columns[1], 4, "NULL|1|1|x", "no time"},
  {"table=plain", &meter_columns[1], 4, "1734635565642|1|1|123456789",
      "room for 8"},
  {"super-table=meters", meter_columns, 7, "NULL|1734635565642|1|1|x|o|1",
      "no tbname"},
  {"super-table=meters", meter_columns, 7, "a.b|1734635565642|1|1|x|o|1",
      "tbname"},
  {"table=meters", &meter_columns[1], 4, "1734635565642|1|1|x",
      "is a super table"},
  {"super-table=plain", meter_columns, 7, "d1|1734635565642|1|1|x|o|1",
      "is no super table"},
};

GST_START_TEST (test_rows_that_do_not_fit_are_told)
{
  Feed feed;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstMessage) message = NULL;

  feed_init (&feed, unfit[__i__].properties);
  feed_push (&feed, make_rows (unfit[__i__].columns, unfit[__i__].n_columns,
          unfit[__i__].row));
  message = feed_wait (&feed);
  fail_unless (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_STREAM_ERROR,
          GST_STREAM_ERROR_FORMAT), "%s", error->message);
  fail_unless (strstr (error->message, unfit[__i__].words),
      "\"%s\" lacks \"%s\"", error->message, unfit[__i__].words);
  feed_clear (&feed);
  assert_content ("select count(*) from %s.meters", "0\n");
  assert_content ("select count(*) from %s.plain", "0\n");
}

GST_END_TEST;

GST_START_TEST (test_rows_before_the_bad_one_are_written)
{
  Feed feed;

  feed_init (&feed, "table=plain batch-interval=0");
  feed_push (&feed, make_plain ("1734635565642|1|201|x"));
  feed_push (&feed, make_plain ("NULL|1|202|x"));
  g_autoptr (GstMessage) message = feed_wait (&feed);
  fail_unless (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR);
  feed_clear (&feed);
  assert_content ("select voltage from %s.plain", "201\n");
}

GST_END_TEST;

static const struct
{
  const gchar *properties;
  gint code;
  const gchar *words;
} unset[] = {
  {"", GST_RESOURCE_ERROR_SETTINGS, "no target"},
  {"table=a super-table=b", GST_RESOURCE_ERROR_SETTINGS, "two targets"},
  {"table=a database=\"\"", GST_RESOURCE_ERROR_SETTINGS, "no database"},
};

GST_START_TEST (test_settings_are_checked_before_anything_is_sent)
{
  Feed feed;
  g_autoptr (GError) error = NULL;
  g_autoptr (GstMessage) message = NULL;

  feed_init (&feed, unset[__i__].properties);
  message = feed_wait (&feed);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR, unset[__i__].code));
  fail_unless (strstr (error->message, unset[__i__].words),
      "\"%s\" lacks \"%s\"", error->message, unset[__i__].words);
  feed_clear (&feed);
}

GST_END_TEST;

GST_START_TEST (test_a_missing_table_is_told)
{
  Feed feed;
  g_autoptr (GError) error = NULL;
  const GstStructure *details;
  gint code = 0;

  feed_init (&feed, "table=nosuch");
  feed_push (&feed, make_plain ("1734635565642|1|201|x"));
  g_autoptr (GstMessage) message = feed_wait (&feed);
  gst_message_parse_error (message, &error, NULL);
  gst_message_parse_error_details (message, &details);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_NOT_FOUND));
  fail_unless (gst_structure_get_int (details, "server-code", &code));
  fail_unless_equals_int (code, 0x2603);
  feed_clear (&feed);
}

GST_END_TEST;

/* checkpoints: each story begins with one that no rows precede */

static GstHarness *
make_harness (const gchar * format)
{
  g_autofree gchar *sink = g_strdup_printf ("tdenginesink uri=%s database=%s "
      "batch-interval=0", test_server_uri (), feed_database);
  g_autofree gchar *line = g_strdup_printf (format, sink, sink);

  return gst_harness_new_parse (line);
}

static GstFlowReturn
push_rows (GstHarness * harness, GstTDengineRows * rows)
{
  gst_harness_set_src_caps (harness,
      gst_tdengine_schema_to_caps (gst_tdengine_rows_get_schema (rows)));
  return gst_harness_push (harness,
      gst_buffer_ref (gst_tdengine_rows_get_buffer (rows)));
}

static GstFlowReturn
push_plain (GstHarness * harness, const gchar * text)
{
  g_autoptr (GstTDengineRows) rows = make_plain (text);

  return push_rows (harness, rows);
}

/* as another branch would */
static void
confirm_elsewhere (Ledger * ledger, gint number)
{
  g_autoptr (GstEvent) event = ledger_make (ledger, number);
  g_autoptr (GstTDengineCheckpoint) checkpoint =
      gst_tdengine_checkpoint_claim (event);

  gst_tdengine_checkpoint_confirm (checkpoint);
}

GST_START_TEST (test_a_checkpoint_is_confirmed_when_rows_are_there)
{
  GstHarness *harness = make_harness ("%s table=plain");
  Ledger ledger;

  ledger_init (&ledger);
  gst_harness_push_event (harness, ledger_make (&ledger, 0));
  fail_unless_equals_string (ledger.told->str, "0+");
  push_plain (harness, "1734635565642|1|201|x");
  push_plain (harness, "1734635565643|1|202|x");
  assert_content ("select count(*) from %s.plain", "0\n");
  gst_harness_push_event (harness, ledger_make (&ledger, 1));
  fail_unless_equals_string (ledger.told->str, "0+1+");
  assert_content ("select sum(voltage) from %s.plain", "403\n");

  /* after EOS there is nothing to lose */
  push_plain (harness, "1734635565644|1|203|x");
  gst_harness_push_event (harness, ledger_make (&ledger, 2));
  gst_harness_push_event (harness, gst_event_new_eos ());
  gst_harness_teardown (harness);
  confirm_elsewhere (&ledger, 3);
  fail_unless_equals_string (ledger.told->str, "0+1+2+3+");
  assert_content ("select sum(voltage) from %s.plain", "606\n");
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_a_checkpoint_waits_for_all_connections)
{
  GstHarness *harness = make_harness ("%s super-table=meters parallelism=4");
  g_autoptr (GString) text = g_string_new (NULL);
  Ledger ledger;

  for (guint table = 0; table < 20; table++)
    g_string_append_printf (text, "%sd%u|1734635565642|1|%u|x|Oslo|1",
        table > 0 ? "\n" : "", table, table);
  ledger_init (&ledger);
  gst_harness_push_event (harness, ledger_make (&ledger, 0));
  g_autoptr (GstTDengineRows) rows = make_meters (text->str);
  push_rows (harness, rows);
  assert_content ("select count(*) from %s.meters", "0\n");
  gst_harness_push_event (harness, ledger_make (&ledger, 1));
  fail_unless_equals_string (ledger.told->str, "0+1+");
  /* 0 + 1 + … + 19 */
  assert_content ("select count(*), sum(voltage) from %s.meters", "20|190\n");
  gst_harness_teardown (harness);
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_rows_that_fail_are_not_confirmed)
{
  GstHarness *harness = make_harness ("%s table=plain");
  Ledger ledger;

  ledger_init (&ledger);
  gst_harness_push_event (harness, ledger_make (&ledger, 0));
  push_plain (harness, "1734635565642|1|201|x");
  gst_harness_push_event (harness, ledger_make (&ledger, 1));
  fail_unless_equals_string (ledger.told->str, "0+1+");
  test_execute (feed_connection, "drop table %s.plain", feed_database);
  push_plain (harness, "1734635565643|1|202|x");
  gst_harness_push_event (harness, ledger_make (&ledger, 2));
  fail_unless_equals_string (ledger.told->str, "0+1+2-");
  fail_unless_equals_int (gst_tdengine_error_get_server_code
      (ledger.last_error), 0x2603);
  /* for ever: the next one stands for the lost row, too */
  confirm_elsewhere (&ledger, 3);
  fail_unless_equals_string (ledger.told->str, "0+1+2-3-");
  gst_harness_teardown (harness);
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_a_stop_before_the_checkpoint_does_not_confirm)
{
  GstHarness *harness = make_harness ("queue ! %s table=plain");
  Ledger ledger;

  ledger_init (&ledger);
  gst_element_set_state (harness->element, GST_STATE_PAUSED);
  gst_harness_push_event (harness, ledger_make (&ledger, 0));
  ledger_wait (&ledger, 1);
  /* the first row waits for PLAYING, what follows in the queue */
  push_plain (harness, "1734635565642|1|201|x");
  gst_harness_push_event (harness, ledger_make (&ledger, 1));
  gst_harness_teardown (harness);
  fail_unless_equals_string (ledger.told->str, "0+1-");
  confirm_elsewhere (&ledger, 2);
  fail_unless_equals_string (ledger.told->str, "0+1-2-");
  fail_unless (g_error_matches (ledger.last_error, G_IO_ERROR,
          G_IO_ERROR_CANCELLED));
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_what_was_flushed_is_never_confirmed)
{
  GstHarness *harness = make_harness ("queue ! %s table=plain");
  Ledger ledger;

  ledger_init (&ledger);
  gst_harness_push_event (harness, ledger_make (&ledger, 0));
  ledger_wait (&ledger, 1);
  gst_harness_push_event (harness, gst_event_new_flush_start ());
  gst_harness_push_event (harness, gst_event_new_flush_stop (TRUE));
  gst_harness_push_event (harness, ledger_make (&ledger, 1));
  ledger_wait (&ledger, 2);
  fail_unless_equals_string (ledger.told->str, "0+1-");
  gst_harness_teardown (harness);
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_one_of_two_sinks_that_fails_is_enough)
{
  GstHarness *harness = make_harness ("tee name=t ! queue ! %s table=plain "
      "t. ! queue ! %s table=nosuch");
  Ledger ledger;

  ledger_init (&ledger);
  gst_harness_push_event (harness, ledger_make (&ledger, 0));
  ledger_wait (&ledger, 1);
  while (push_plain (harness, "1734635565642|1|201|x") == GST_FLOW_OK);
  /* only one of them gets to see it: the other's queue lets nothing in */
  gst_harness_push_event (harness, ledger_make (&ledger, 1));
  ledger_wait (&ledger, 2);
  fail_unless_equals_string (ledger.told->str, "0+1-");
  fail_unless_equals_int (gst_tdengine_error_get_server_code
      (ledger.last_error), 0x2603);
  gst_harness_teardown (harness);
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_a_decoder_asks_for_the_columns)
{
  Feed feed;

  feed_init_text (&feed, "tdenginecsvdec ! queue !", "super-table=meters");
  feed_push_text (&feed, "voltage,location,tbname,ts\n"
      "201,Oslo,d1,2024-12-19T19:12:45.642Z\n" ",Bergen,d2,1734635565643\n");
  feed_end (&feed);
  assert_content ("select tbname, ts, voltage, location, groupid from "
      "%s.meters order by ts", "d1|2024-12-19T19:12:45.642Z|201|Oslo|NULL\n"
      "d2|2024-12-19T19:12:45.643Z|NULL|Bergen|NULL\n");
  feed_clear (&feed);

  feed_init_text (&feed, "tdenginejsondec !", "table=plain");
  feed_push_text (&feed, "{\"ts\":1734635565642,\"note\":\"\\u00e6\"}\n");
  feed_end (&feed);
  assert_content ("select * from %s.plain",
      "2024-12-19T19:12:45.642Z|NULL|NULL|\303\246\n");
  feed_clear (&feed);
}

GST_END_TEST;

static void
assert_decoder_fails (const gchar * properties, const gchar * words)
{
  Feed feed;
  g_autoptr (GError) error = NULL;

  feed_init_text (&feed, "tdenginecsvdec !", properties);
  feed_push_text (&feed, "ts,volts\n1734635565642,1\n");
  g_autoptr (GstMessage) message = feed_wait (&feed);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, words), "%s", error->message);
  feed_clear (&feed);
}

GST_START_TEST (test_a_decoder_says_what_the_table_lacks)
{
  assert_decoder_fails ("table=plain", "The table has no column \"volts\"");
  assert_decoder_fails ("table=nosuch", "Table does not exist");
}

GST_END_TEST;

static Suite *
sink_suite (void)
{
  Suite *suite = suite_create ("tdenginesink");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, set_up, feed_tear_down);
  tcase_add_unchecked_fixture (tc, NULL, test_server_stop);
  tcase_add_test (tc, test_a_decoder_asks_for_the_columns);
  tcase_add_test (tc, test_a_decoder_says_what_the_table_lacks);
  tcase_add_test (tc, test_sub_tables_come_into_being_with_their_tags);
  tcase_add_test (tc, test_a_block_of_one_table_goes_as_it_is);
  tcase_add_test (tc, test_columns_are_matched_by_name);
  tcase_add_test (tc, test_a_known_table_goes_raw);
  tcase_add_test (tc, test_small_buffers_are_written_together);
  tcase_add_loop_test (tc, test_one_reason_to_write_is_enough, 0,
      G_N_ELEMENTS (triggers));
  tcase_add_test (tc, test_a_flush_writes_what_was_taken);
  tcase_add_loop_test (tc,
      test_a_table_keeps_its_order_over_several_connections, 0,
      G_N_ELEMENTS (parallels));
  tcase_add_test (tc, test_rows_leave_no_faster_than_told);
  tcase_add_test (tc, test_a_stop_writes_what_was_taken);
  tcase_add_test (tc, test_more_rows_than_a_message_may_have);
  tcase_add_test (tc, test_a_copy_through_a_pipeline_is_equal);
  tcase_add_test (tc,
      test_two_sinks_behind_a_tee_and_two_sources_before_a_funnel);
  tcase_add_loop_test (tc, test_rows_that_do_not_fit_are_told, 0,
      G_N_ELEMENTS (unfit));
  tcase_add_test (tc, test_rows_before_the_bad_one_are_written);
  tcase_add_loop_test (tc, test_settings_are_checked_before_anything_is_sent, 0,
      G_N_ELEMENTS (unset));
  tcase_add_test (tc, test_a_missing_table_is_told);
  tcase_add_test (tc, test_a_checkpoint_is_confirmed_when_rows_are_there);
  tcase_add_test (tc, test_a_checkpoint_waits_for_all_connections);
  tcase_add_test (tc, test_rows_that_fail_are_not_confirmed);
  tcase_add_test (tc, test_a_stop_before_the_checkpoint_does_not_confirm);
  tcase_add_test (tc, test_what_was_flushed_is_never_confirmed);
  tcase_add_test (tc, test_one_of_two_sinks_that_fails_is_enough);
  return suite;
}

GST_CHECK_MAIN (sink);
