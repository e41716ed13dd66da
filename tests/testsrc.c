/* tdenginetestsrc: stories of rows that are made
 *
 * What they should hold is reckoned here from what the element's page says.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>
#include <string.h>
#include <gst/app/app.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gsttestclock.h>

#include "testserver.h"

/* 2024-01-01 00:00:00 UTC, the default, in ms */
#define FIRST_TIME G_GINT64_CONSTANT (1704067200000)
#define GOLDEN G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)

typedef struct
{
  GstElement *pipeline;
  GstElement *src;
  GstAppSink *sink;
} Reader;

static void
reader_init (Reader * self, const gchar * properties)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *line = g_strdup_printf ("tdenginetestsrc name=src %s ! "
      "appsink name=sink sync=false max-buffers=1", properties);

  self->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  self->src = gst_bin_get_by_name (GST_BIN (self->pipeline), "src");
  self->sink =
      GST_APP_SINK (gst_bin_get_by_name (GST_BIN (self->pipeline), "sink"));
}

static void
reader_play (Reader * self, const gchar * properties)
{
  reader_init (self, properties);
  gst_element_set_state (self->pipeline, GST_STATE_PLAYING);
}

static void
reader_clear (Reader * self)
{
  gst_element_set_state (self->pipeline, GST_STATE_NULL);
  gst_object_unref (self->src);
  gst_object_unref (self->sink);
  gst_object_unref (self->pipeline);
}

static GstSample *
pull (Reader * self)
{
  GstSample *sample = gst_app_sink_try_pull_sample (self->sink,
      30 * GST_SECOND);

  fail_unless (sample);
  return sample;
}

static GstTDengineRows *
pull_rows (Reader * self)
{
  g_autoptr (GstSample) sample = pull (self);
  GstTDengineRows *rows = gst_tdengine_rows_new_from_sample (sample, NULL);

  fail_unless (rows);
  return rows;
}

static void
assert_text (GstTDengineRows * rows, guint column, guint row,
    const gchar * expected)
{
  g_autofree gchar *text = gst_tdengine_rows_get_text (rows, column, row);

  fail_unless_equals_string (text, expected);
}

/* splitmix64, the n-th number of the generator that a table has */
static guint64
next_number (guint64 * state)
{
  guint64 z = *state += GOLDEN;

  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static guint64
table_state (guint64 seed, guint64 table)
{
  guint64 state = seed + (table - 1) * GOLDEN;

  return next_number (&state);
}

GST_START_TEST (test_tables_take_turns)
{
  Reader reader;

  reader_play (&reader, "tables=3 rows=7 interval=1500000000");
  g_autoptr (GstTDengineRows) rows = pull_rows (&reader);
  fail_unless_equals_int (gst_tdengine_rows_get_n_rows (rows), 7);
  for (guint row = 0; row < 7; row++) {
    g_autofree gchar *name = g_strdup_printf ("d%u", row % 3);

    assert_text (rows, 0, row, name);
    fail_unless_equals_int64 (gst_tdengine_rows_get_int64 (rows, 1, row),
        FIRST_TIME + row / 3 * 1500);
    fail_unless_equals_int64 (gst_tdengine_rows_get_int64 (rows, 6, row),
        row % 3 + 1);
  }
  assert_text (rows, 5, 1, "California.LosAngeles");
  fail_if (gst_app_sink_pull_sample (reader.sink));
  fail_unless (gst_app_sink_is_eos (reader.sink));
  reader_clear (&reader);
}

GST_END_TEST;

GST_START_TEST (test_meters_follow_from_the_seed)
{
  enum
  { SEED = 7, TABLES = 2, ROWS = 5000 };
  Reader reader;
  guint64 states[TABLES] = { table_state (SEED, 0), table_state (SEED, 1) };

  reader_play (&reader, "seed=7 tables=2 rows=5000 rows-per-buffer=5000");
  g_autoptr (GstTDengineRows) rows = pull_rows (&reader);
  for (guint row = 0; row < ROWS; row++) {
    guint64 number = next_number (&states[row % TABLES]);

    fail_unless_equals_float (gst_tdengine_rows_get_double (rows, 2, row),
        (gfloat) ((9000 + (number & 0xffff) % 4001) / 1000.0));
    fail_unless_equals_int64 (gst_tdengine_rows_get_int64 (rows, 3, row),
        215 + (number >> 16 & 0xffff) % 11);
    fail_unless_equals_float (gst_tdengine_rows_get_double (rows, 4, row),
        (gfloat) ((300 + (number >> 32 & 0xffff) % 101) / 1000.0));
  }
  reader_clear (&reader);
}

GST_END_TEST;

GST_START_TEST (test_a_sine_has_a_period_of_100_rows)
{
  Reader reader;
  guint shift = table_state (3, 0) % 100;

  reader_play (&reader, "pattern=sine seed=3 rows=300");
  g_autoptr (GstTDengineRows) rows = pull_rows (&reader);
  for (guint row = 0; row < 300; row++) {
    gdouble value = gst_tdengine_rows_get_double (rows, 2, row);

    fail_unless (fabs (value - sin ((row + shift) * G_PI / 50)) < 1e-6);
    fail_unless_equals_float (value, round (value * 1e6) / 1e6);
  }
  reader_clear (&reader);
}

GST_END_TEST;

GST_START_TEST (test_a_walk_is_the_sum_of_64_steps)
{
  enum
  { ROWS = 500 };
  Reader reader;
  guint64 state = table_state (0, 1) - 64 * GOLDEN;
  gint64 steps[64 + ROWS];

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    steps[i] = next_number (&state) % 2001 - 1000;
  reader_play (&reader, "pattern=random-walk tables=2 rows=1000 "
      "rows-per-buffer=70");
  for (guint row = 0; row < 2 * ROWS;) {
    g_autoptr (GstTDengineRows) rows = pull_rows (&reader);

    for (guint i = 0; i < gst_tdengine_rows_get_n_rows (rows); i++, row++) {
      gint64 sum = 0;

      for (guint k = 1; k <= 64; k++)
        sum += steps[row / 2 + k];
      if (row % 2 == 1)
        fail_unless_equals_float (gst_tdengine_rows_get_double (rows, 2, i),
            sum / 1000.0);
    }
  }
  reader_clear (&reader);
}

GST_END_TEST;

/* the types that a column can have, and the tag's */
GST_START_TEST (test_all_types_are_all)
{
  Reader reader;
  guint seen = 0, expected = 0;

  reader_play (&reader, "pattern=all-types rows=100");
  g_autoptr (GstTDengineRows) rows = pull_rows (&reader);
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (rows);
  for (guint type = 1; type < 32; type++) {
    if (gst_tdengine_type_is_known (type))
      expected |= 1 << type;
  }
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    g_autofree gchar *first = gst_tdengine_rows_get_text (rows, i, 0);
    gboolean varies = FALSE;

    seen |= 1 << gst_tdengine_schema_get_column (schema, i)->type;
    for (guint row = 0; row < 100; row++) {
      g_autofree gchar *text = gst_tdengine_rows_get_text (rows, i, row);

      fail_if (gst_tdengine_rows_is_null (rows, i, row));
      varies |= !g_str_equal (text, first);
    }
    /* one table has one name and one tag */
    fail_unless_equals_int (varies, i > 0
        && i + 1 < gst_tdengine_schema_get_n_columns (schema));
  }
  fail_unless_equals_int (seen, expected);
  reader_clear (&reader);
}

GST_END_TEST;

GST_START_TEST (test_a_third_is_null)
{
  Reader reader, all;

  reader_play (&all, "pattern=all-types rows=100");
  reader_play (&reader, "pattern=nulls rows=100");
  g_autoptr (GstTDengineRows) whole = pull_rows (&all);
  g_autoptr (GstTDengineRows) rows = pull_rows (&reader);
  guint n_columns =
      gst_tdengine_schema_get_n_columns (gst_tdengine_rows_get_schema (rows));
  for (guint row = 0; row < 100; row++) {
    for (guint i = 1; i < n_columns; i++) {
      gboolean is_value = i > 1 && i + 1 < n_columns;

      if (is_value && (row + i) % 3 == 0) {
        fail_unless (gst_tdengine_rows_is_null (rows, i, row));
      } else {
        g_autofree gchar *text = gst_tdengine_rows_get_text (whole, i, row);

        assert_text (rows, i, row, text);
      }
    }
  }
  reader_clear (&reader);
  reader_clear (&all);
}

GST_END_TEST;

GST_START_TEST (test_buffers_tell_time_and_row)
{
  Reader reader;

  reader_play (&reader, "tables=2 rows=7 rows-per-buffer=4 precision=us "
      "interval=250000 start-time=2024-12-19T20:12:45.642+01:00");
  g_autoptr (GstSample) one = pull (&reader);
  g_autoptr (GstSample) two = pull (&reader);
  GstBuffer *buffer = gst_sample_get_buffer (one);
  GstClockTime start = G_GUINT64_CONSTANT (1734635565642) * GST_MSECOND;
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), start);
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (buffer), 250000);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 0);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET_END (buffer), 4);
  fail_unless_equals_uint64 (gst_sample_get_segment (one)->start, start);
  fail_unless_equals_uint64 (gst_sample_get_segment (one)->time, 0);
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_new_from_sample (one, NULL);
  fail_unless_equals_int64 (gst_tdengine_rows_get_int64 (rows, 1, 2),
      start / 1000 + 250);
  buffer = gst_sample_get_buffer (two);
  fail_unless_equals_uint64 (GST_BUFFER_PTS (buffer), start + 2 * 250000);
  fail_unless_equals_uint64 (GST_BUFFER_DURATION (buffer), 250000);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET (buffer), 4);
  fail_unless_equals_uint64 (GST_BUFFER_OFFSET_END (buffer), 7);

  gint64 duration, position;
  fail_unless (gst_element_query_duration (reader.src, GST_FORMAT_TIME,
          &duration));
  fail_unless_equals_int64 (duration, 3 * 250000);
  fail_unless (gst_element_query_duration (reader.src, GST_FORMAT_DEFAULT,
          &duration));
  fail_unless_equals_int64 (duration, 7);
  fail_if (gst_app_sink_pull_sample (reader.sink));
  fail_unless (gst_element_query_position (reader.src, GST_FORMAT_DEFAULT,
          &position));
  fail_unless_equals_int64 (position, 7);
  reader_clear (&reader);
}

GST_END_TEST;

/* where a seek goes, and which row comes first then: 2 tables, a row a second */
static const struct
{
  GstClockTime to;
  guint64 row;
} seeks[] = {
  {0, 0},
  {1, 2},
  {GST_SECOND, 2},
  {100 * GST_SECOND - 1, 200},
  {499 * GST_SECOND, 998},
};

GST_START_TEST (test_a_seek_finds_the_same_rows)
{
  static const gchar *const patterns[] = {
    "meters", "sine", "random-walk", "all-types", "nulls",
  };

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++) {
    g_autofree gchar *properties = g_strdup_printf ("pattern=%s seed=5 "
        "tables=2 rows=1000 rows-per-buffer=10", patterns[i]);
    g_autofree gchar *whole_properties = g_strdup_printf ("pattern=%s seed=5 "
        "tables=2 rows=1000 rows-per-buffer=1000", patterns[i]);
    Reader reader, whole;

    reader_play (&whole, whole_properties);
    g_autoptr (GstTDengineRows) all = pull_rows (&whole);
    reader_play (&reader, properties);
    gst_sample_unref (pull (&reader));
    fail_unless (gst_element_seek_simple (reader.pipeline, GST_FORMAT_TIME,
            GST_SEEK_FLAG_FLUSH, seeks[__i__].to));
    g_autoptr (GstSample) sample = pull (&reader);
    fail_unless_equals_uint64 (GST_BUFFER_OFFSET (gst_sample_get_buffer
            (sample)), seeks[__i__].row);
    fail_unless_equals_uint64 (gst_sample_get_segment (sample)->time,
        seeks[__i__].to);
    g_autoptr (GstTDengineRows) rows =
        gst_tdengine_rows_new_from_sample (sample, NULL);
    g_autoptr (GstTDengineRows) slice = gst_tdengine_rows_slice (all,
        seeks[__i__].row, gst_tdengine_rows_get_n_rows (rows));
    GstBuffer *expected = gst_tdengine_rows_get_buffer (slice);
    gsize size = gst_buffer_get_size (gst_tdengine_rows_get_buffer (rows));
    g_autofree guint8 *bytes = g_malloc (size);
    gst_buffer_extract (expected, 0, bytes, size);
    fail_unless_equals_int (gst_buffer_get_size (expected), size);
    fail_unless (gst_buffer_memcmp (gst_tdengine_rows_get_buffer (rows), 0,
            bytes, size) == 0, "%s", patterns[i]);
    reader_clear (&reader);
    reader_clear (&whole);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_seek_ends_where_it_says)
{
  Reader reader;
  guint64 last = 0;

  reader_play (&reader, "rows-per-buffer=1");
  gst_sample_unref (pull (&reader));
  fail_unless (gst_element_seek (reader.pipeline, 1, GST_FORMAT_TIME,
          GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 5 * GST_SECOND,
          GST_SEEK_TYPE_SET, 8 * GST_SECOND));
  while (TRUE) {
    g_autoptr (GstSample) sample = gst_app_sink_pull_sample (reader.sink);

    if (!sample)
      break;
    last = GST_BUFFER_OFFSET (gst_sample_get_buffer (sample));
    fail_unless (last >= 5 && last <= 8);
  }
  fail_unless (last >= 7);
  fail_if (gst_element_seek (reader.pipeline, -1, GST_FORMAT_TIME,
          GST_SEEK_FLAG_FLUSH, GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE, -1));
  reader_clear (&reader);
}

GST_END_TEST;

GST_START_TEST (test_a_live_source_waits_for_its_rows)
{
  Reader reader;
  g_autoptr (GstClock) clock = gst_test_clock_new ();

  reader_init (&reader, "is-live=true rows-per-buffer=10");
  gst_pipeline_use_clock (GST_PIPELINE (reader.pipeline), clock);
  gst_element_set_state (reader.pipeline, GST_STATE_PLAYING);
  /* at once, then each ten seconds */
  for (guint i = 0; i < 3; i++) {
    GstClockID id;

    gst_test_clock_wait_for_next_pending_id (GST_TEST_CLOCK (clock), &id);
    fail_unless_equals_uint64 (gst_clock_id_get_time (id) -
        gst_element_get_base_time (reader.src), i * 10 * GST_SECOND);
    gst_clock_id_unref (id);
    fail_unless (gst_test_clock_crank (GST_TEST_CLOCK (clock)));
    g_autoptr (GstSample) sample = pull (&reader);
    fail_unless_equals_uint64 (GST_BUFFER_PTS (gst_sample_get_buffer (sample)),
        FIRST_TIME * GST_MSECOND + i * 10 * GST_SECOND);
  }
  reader_clear (&reader);
}

GST_END_TEST;

static const struct
{
  const gchar *properties;
  const gchar *words;
} wrong[] = {
  {"interval=1500000", "whole ms"},
  {"precision=us interval=1500", "whole us"},
  {"start-time=yesterday", "yesterday"},
  {"start-time=2024-01-01T00:00:00", "with a zone"},
  {"start-time=1969-12-31T23:59:59Z", "1970 or later"},
  {"start-time=2262-04-12T00:00:00Z", "before 2262"},
};

GST_START_TEST (test_settings_are_checked)
{
  Reader reader;
  g_autoptr (GError) error = NULL;

  reader_play (&reader, wrong[__i__].properties);
  g_autoptr (GstBus) bus = gst_element_get_bus (reader.pipeline);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
      30 * GST_SECOND, GST_MESSAGE_ERROR);
  fail_unless (message);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_SETTINGS));
  fail_unless (strstr (error->message, wrong[__i__].words),
      "\"%s\" lacks \"%s\"", error->message, wrong[__i__].words);
  reader_clear (&reader);
}

GST_END_TEST;

GST_START_TEST (test_rows_end_with_the_times)
{
  Reader reader;

  /* 2262-04-11 23:47:16.854775807 is the last time: 16 s later than this one */
  reader_play (&reader, "start-time=2262-04-11T23:47:00Z tables=2");
  g_autoptr (GstTDengineRows) rows = pull_rows (&reader);
  fail_unless_equals_int (gst_tdengine_rows_get_n_rows (rows), 2 * 16);
  fail_if (gst_app_sink_pull_sample (reader.sink));
  reader_clear (&reader);
}

GST_END_TEST;

/* the super table that each pattern is made for */
GST_START_TEST (test_rows_fit_a_super_table)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineConnection) connection = test_connect ();
  g_autofree gchar *database =
      g_strdup_printf ("test_testsrc_%d", (gint) getpid ());
  const gchar *all = "(ts timestamp, c_bool bool, c_tinyint tinyint, "
      "c_smallint smallint, c_int int, c_bigint bigint, "
      "c_utinyint tinyint unsigned, c_usmallint smallint unsigned, "
      "c_uint int unsigned, c_ubigint bigint unsigned, c_float float, "
      "c_double double, c_varchar varchar(16), c_nchar nchar(8), "
      "c_varbinary varbinary(8), c_geometry geometry(32), "
      "c_decimal64 decimal(18,4), c_decimal decimal(38,10), c_blob blob) "
      "tags (info json)";
  const gchar *wave = "(ts timestamp, reading double) tags (groupid int)";
  const struct
  {
    const gchar *pattern;
    const gchar *columns;
  } targets[] = {
    {"meters", "(ts timestamp, current float, voltage int, phase float) "
          "tags (location varchar(64), groupid int)"},
    {"sine", wave},
    {"random-walk", wave},
    {"all-types", all},
    {"nulls", all},
  };

  test_execute (connection, "drop database if exists %s", database);
  test_execute (connection, "create database %s vgroups 1", database);
  for (guint i = 0; i < G_N_ELEMENTS (targets); i++) {
    g_autofree gchar *line = g_strdup_printf ("tdenginetestsrc pattern=%s "
        "tables=3 rows=300 ! tdenginesink uri=%s database=%s "
        "super-table=\"%s\"", targets[i].pattern, test_server_uri (), database,
        targets[i].pattern);
    g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);

    g_assert_no_error (error);
    test_execute (connection, "create table %s.`%s` %s", database,
        targets[i].pattern, targets[i].columns);
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
        60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
      gst_message_parse_error (message, &error, NULL);
    g_assert_no_error (error);
    gst_element_set_state (pipeline, GST_STATE_NULL);
    g_autofree gchar *count = test_query_text (connection,
        "select count(*) from %s.`%s`", database, targets[i].pattern);
    fail_unless_equals_string (count, "300\n");
  }
  test_execute (connection, "drop database %s", database);
}

GST_END_TEST;

static Suite *
testsrc_suite (void)
{
  Suite *suite = suite_create ("tdenginetestsrc");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_unchecked_fixture (tc, NULL, test_server_stop);
  tcase_add_test (tc, test_tables_take_turns);
  tcase_add_test (tc, test_meters_follow_from_the_seed);
  tcase_add_test (tc, test_a_sine_has_a_period_of_100_rows);
  tcase_add_test (tc, test_a_walk_is_the_sum_of_64_steps);
  tcase_add_test (tc, test_all_types_are_all);
  tcase_add_test (tc, test_a_third_is_null);
  tcase_add_test (tc, test_buffers_tell_time_and_row);
  tcase_add_loop_test (tc, test_a_seek_finds_the_same_rows, 0,
      G_N_ELEMENTS (seeks));
  tcase_add_test (tc, test_a_seek_ends_where_it_says);
  tcase_add_test (tc, test_a_live_source_waits_for_its_rows);
  tcase_add_loop_test (tc, test_settings_are_checked, 0, G_N_ELEMENTS (wrong));
  tcase_add_test (tc, test_rows_end_with_the_times);
  tcase_add_test (tc, test_rows_fit_a_super_table);
  return suite;
}

GST_CHECK_MAIN (testsrc);
