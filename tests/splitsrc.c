/* splitsrc: tdenginesrc reads splits: every row, once
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/app.h>
#include <gst/check/gstcheck.h>

#include "testserver.h"

/* 2024-12-19T17:12:45.642Z */
#define FIRST_TIME G_GINT64_CONSTANT (1734628365642)
#define HOUR G_GINT64_CONSTANT (3600000)
#define N_SMALL 7

static GstTDengineConnection *connection;
static gchar *database;

typedef struct
{
  guint n_rows;
  gint64 sum;                   /* of voltage */
  GArray *times;                /* gint64, of ts, as they came */
  gchar *columns;               /* names with commas between */
  gchar *error;
} Reading;

static void
reading_clear (Reading * reading)
{
  g_clear_pointer (&reading->times, g_array_unref);
  g_clear_pointer (&reading->columns, g_free);
  g_clear_pointer (&reading->error, g_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Reading, reading_clear);

/* three rows of voltage, an hour apart from the next three */
static void
insert_meter (const gchar * name, const gchar * tags, const gfloat * current,
    gint voltage)
{
  g_autoptr (GString) values = g_string_new (NULL);

  for (gint hour = 0; hour < 3; hour++) {
    for (gint i = 0; i < 3; i++)
      g_string_append_printf (values, "(%" G_GINT64_FORMAT ", %.1f, %d, 0.31)",
          FIRST_TIME + hour * HOUR + i * 1000, current[i], voltage + i);
  }
  test_execute (connection, "insert into %s.%s using %s.meters tags (%s) "
      "values %s", database, name, database, tags, values->str);
}

static void
insert_bounds (const gchar * precision, gint64 unit)
{
  test_execute (connection, "create database %s_%s vgroups 1 precision '%s'",
      database, precision, precision);
  test_execute (connection, "create table %s_%s.t (ts timestamp, voltage int)",
      database, precision);
  for (gint64 second = 0; second < 4; second++)
    test_execute (connection, "insert into %s_%s.t values (%" G_GINT64_FORMAT
        ", 1) (%" G_GINT64_FORMAT ", 10) (%" G_GINT64_FORMAT ", 100)", database,
        precision, (FIRST_TIME / 1000 + second) * unit,
        (FIRST_TIME / 1000 + second) * unit + 1,
        (FIRST_TIME / 1000 + second) * unit + unit - 1);
}

static void
drop_all (void)
{
  const gchar *suffixes[] = { "", "_ms", "_us", "_ns" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    test_execute (connection, "drop database if exists %s%s", database,
        suffixes[i]);
}

static void
set_up (void)
{
  const gfloat first[] = { 50.3, 82.6, 92.3 };
  const gfloat second[] = { 50.3, 62.6, 72.3 };

  connection = test_connect ();
  database = g_strdup_printf ("test_splits_%d", (gint) getpid ());
  drop_all ();
  test_execute (connection, "create database %s vgroups 5", database);
  test_execute (connection, "create table %s.meters (ts timestamp, "
      "current float, voltage int, phase float) tags (location binary(64), "
      "groupid int)", database);
  insert_meter ("d1001", "'California.SanFrancisco', 1", first, 201);
  insert_meter ("d1002", "'Alabama.Montgomery', 2", second, 204);

  test_execute (connection, "create table %s.small (ts timestamp, voltage int) "
      "tags (n int)", database);
  for (guint i = 0; i < N_SMALL; i++)
    test_execute (connection, "insert into %s.`s'%u` using %s.small tags (%u) "
        "values (%" G_GINT64_FORMAT ", %d)", database, i, database, i,
        FIRST_TIME, 1 << i);
  test_execute (connection, "create table %s.lone (ts timestamp, voltage int)",
      database);
  test_execute (connection, "insert into %s.lone values (%" G_GINT64_FORMAT
      ", 5)", database, FIRST_TIME);
  test_execute (connection, "create table %s.empty (ts timestamp, voltage int) "
      "tags (n int)", database);
  insert_bounds ("ms", 1000);
  insert_bounds ("us", 1000000);
  insert_bounds ("ns", 1000000000);
}

static void
tear_down (void)
{
  drop_all ();
  g_clear_object (&connection);
  g_clear_pointer (&database, g_free);
  test_server_stop ();
}

static void
take_rows (Reading * reading, GstSample * sample)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_new_from_sample (sample, &error);
  g_assert_no_error (error);
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (rows);
  gint voltage = gst_tdengine_schema_find (schema, "voltage");
  gint ts = gst_tdengine_schema_find (schema, "ts");

  for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++) {
    reading->n_rows++;
    if (voltage >= 0)
      reading->sum += gst_tdengine_rows_get_int64 (rows, voltage, row);
    if (ts >= 0) {
      gint64 time = gst_tdengine_rows_get_int64 (rows, ts, row);

      g_array_append_val (reading->times, time);
    }
  }
  if (reading->columns)
    return;

  g_autoptr (GString) names = g_string_new (NULL);
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++)
    g_string_append_printf (names, "%s%s", i > 0 ? "," : "",
        gst_tdengine_schema_get_column (schema, i)->name);
  reading->columns = g_string_free (g_steal_pointer (&names), FALSE);
}

static GstElement *
make_pipeline (const gchar * properties, const gchar * filter)
{
  /* $ stands for the database: words of the tables below need it */
  g_auto (GStrv) parts = g_strsplit (properties, "$", -1);
  g_autofree gchar *with_database = g_strjoinv (database, parts);
  g_autofree gchar *line = g_strdup_printf ("tdenginesrc name=src database=%s "
      "%s ! %s appsink name=sink sync=false", database, with_database, filter);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstElement) src = NULL;

  g_assert_no_error (error);
  src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  g_object_set (src, "uri", test_server_uri (), NULL);
  return pipeline;
}

static gchar *
pop_error (GstElement * pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;

  if (!message)
    return NULL;
  gst_message_parse_error (message, &error, NULL);
  return g_strdup (error->message);
}

static void
read_all (Reading * reading, const gchar * properties, const gchar * filter)
{
  GstElement *pipeline = make_pipeline (properties, filter);
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline),
      "sink");
  g_autoptr (GstSample) sample = NULL;

  reading->times = g_array_new (FALSE, FALSE, sizeof (gint64));
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  /* EOS follows an error, too */
  while ((sample = gst_app_sink_try_pull_sample (GST_APP_SINK (sink),
              30 * GST_SECOND))) {
    take_rows (reading, sample);
    g_clear_pointer (&sample, gst_sample_unref);
  }
  fail_unless (gst_app_sink_is_eos (GST_APP_SINK (sink)));
  reading->error = pop_error (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

#define QUERY "query=\"select ts, `current`, voltage, phase, groupid, " \
    "location from $.meters\" "
#define HOURS "split-by=time split-column=ts " \
    "split-start=2024-12-19T17:12:45.642Z " \
    "split-end=2024-12-20T04:12:45.642+08:00 split-interval=1h "
#define CONDITIONS "\"groupid = 1 ; groupid = 2\""

/* 201 + … + 206 is 1221, three times; 201 + 202 + 203 is 606 */
static const struct
{
  const gchar *properties;
  guint n_rows;
  gint64 sum;
} cases[] = {
  /* what TDengine's connector for Flink tests, with the same sums */
  {QUERY "parallelism=3", 18, 3663},
  {QUERY HOURS, 18, 3663},
  {QUERY HOURS "parallelism=3", 18, 3663},
  {QUERY "split-by=tag parallelism=3 split-conditions=" CONDITIONS, 18, 3663},
  {"select=\"ts, voltage\" other=\"order by ts limit 100\" split-by=table "
        "split-tables=d1001,d1002 parallelism=3", 18, 3663},
  {QUERY HOURS "rows-per-buffer=1 parallelism=3", 18, 3663},
  {QUERY HOURS "rows-per-buffer=2000", 18, 3663},
  {QUERY "where=\"`current` > 90\"", 3, 609},

  {"table=meters", 18, 3663},
  {"table=$.meters where=\"groupid = 1 or groupid = 7\"", 9, 1818},
  {"table=meters " HOURS "parallelism=2", 18, 3663},
  {"table=meters split-by=time split-interval=1h parallelism=2", 18, 3663},
  {"table=meters split-by=time split-interval=500a parallelism=2 "
        "split-start=2024-12-19T18:00:00Z split-end=2024-12-19T18:12:46Z", 2,
      405},
  {"table=meters split-by=time split-start=2024-12-19T18:00:00Z", 12, 2442},
  {"table=meters split-by=time split-end=2024-12-19T18:00:00Z", 6, 1221},
  {QUERY "split-by=time split-column=ts split-interval=1h", 18, 3663},
  {"table=meters split-by=tag split-conditions=" CONDITIONS " parallelism=2 "
        "where=\"voltage = 201 or voltage = 204\"", 6, 1215},
  {"table=meters split-by=table parallelism=2", 18, 3663},
  {"table=meters split-by=vgroup parallelism=2", 18, 3663},
  {"table=d1001 split-by=vgroup", 9, 1818},

  {"table=small split-by=table parallelism=3", 7, 127},
  {"table=small split-by=vgroup parallelism=3", 7, 127},
  {"split-by=table split-tables=\"s'0,s'1\" parallelism=3", 2, 3},
  {"table=lone split-by=table parallelism=1", 1, 5},
  {"split-by=table split-tables=$.lone parallelism=1", 1, 5},
  {"table=empty split-by=table parallelism=3", 0, 0},
  {"table=empty split-by=vgroup", 0, 0},
  {"table=empty split-by=time split-interval=1h parallelism=3", 0, 0},
};

GST_START_TEST (test_every_row_is_read_once)
{
  g_auto (Reading) reading = { 0 };

  read_all (&reading, cases[__i__].properties, "");
  fail_if (reading.error, "%s: %s", cases[__i__].properties, reading.error);
  fail_unless (reading.n_rows == cases[__i__].n_rows
      && reading.sum == cases[__i__].sum, "%s: %u rows of %" G_GINT64_FORMAT,
      cases[__i__].properties, reading.n_rows, reading.sum);
}

GST_END_TEST;

/* Seconds have a row of 1 on the bound, of 10 a tick behind it and of 100 a tick
 * before the next one: 111 each. */
static const struct
{
  const gchar *end, *interval;
  gint64 sum;
} bounds[] = {
  {"17:12:48Z", "1s", 333},
  {"17:12:48.5Z", "1s", 333 + 11},
  {"17:12:45.5Z", "1s", 11},
  {"17:12:49Z", "500a", 444},
};

GST_START_TEST (test_a_row_on_a_bound_is_read_once)
{
  static const gchar *precisions[] = { "ms", "us", "ns" };

  for (guint i = 0; i < G_N_ELEMENTS (precisions); i++) {
    g_auto (Reading) reading = { 0 };
    g_autofree gchar *properties =
        g_strdup_printf ("table=$_%s.t split-by=time "
        "split-start=2024-12-19T17:12:45Z split-end=2024-12-19T%s "
        "split-interval=%s parallelism=2", precisions[i], bounds[__i__].end,
        bounds[__i__].interval);

    read_all (&reading, properties, "");
    fail_if (reading.error, "%s: %s", properties, reading.error);
    fail_unless (reading.sum == bounds[__i__].sum, "%s: %" G_GINT64_FORMAT,
        properties, reading.sum);
  }
}

GST_END_TEST;

/* a nanosecond, and a number of the database's own */
GST_START_TEST (test_bounds_are_as_fine_as_the_database)
{
  g_auto (Reading) us = { 0 };
  g_auto (Reading) ns = { 0 };

  read_all (&us, "table=$_us.t split-by=time split-start=1734628365000001 "
      "split-end=2024-12-19T17:12:46.000001Z split-interval=300000u", "");
  fail_if (us.error, "%s", us.error);
  fail_unless_equals_int64 (us.sum, 10 + 100 + 1);
  read_all (&ns, "table=$_ns.t split-by=time "
      "split-start=2024-12-19T17:12:45.999999999Z "
      "split-end=1734628366000000001 split-interval=1b", "");
  fail_if (ns.error, "%s", ns.error);
  fail_unless_equals_int64 (ns.sum, 100 + 1);
}

GST_END_TEST;

static const gchar *kinds[] = {
  "table=meters split-by=time split-interval=30m ",
  "table=meters " HOURS,
  QUERY "split-by=tag split-conditions=" CONDITIONS " ",
  "table=meters split-by=table ",
  "table=meters split-by=vgroup ",
  "select=\"ts, voltage\" split-by=table split-tables=d1001,d1002 ",
};

GST_START_TEST (test_shares_together_have_every_row_once)
{
  static const guint counts[] = { 1, 2, 3, 7, 16 };

  for (guint c = 0; c < G_N_ELEMENTS (counts); c++) {
    guint n_rows = 0;
    gint64 sum = 0;

    for (guint index = 0; index < counts[c]; index++) {
      g_auto (Reading) reading = { 0 };
      g_autofree gchar *properties = g_strdup_printf ("%s split-index=%u "
          "split-count=%u", kinds[__i__], index, counts[c]);

      read_all (&reading, properties, "");
      fail_if (reading.error, "%s: %s", properties, reading.error);
      n_rows += reading.n_rows;
      sum += reading.sum;
    }
    fail_unless_equals_int (n_rows, 18);
    fail_unless_equals_int64 (sum, 3663);
  }
}

GST_END_TEST;

GST_START_TEST (test_splits_leave_in_their_order)
{
  g_auto (Reading) reading = { 0 };

  read_all (&reading, "table=d1001 split-by=time split-interval=1s "
      "split-start=2024-12-19T17:12:45Z split-end=2024-12-19T19:13:00Z "
      "order=split parallelism=4 where=\"voltage > 0\"", "");
  fail_if (reading.error, "%s", reading.error);
  fail_unless_equals_int (reading.n_rows, 9);
  for (guint i = 1; i < reading.times->len; i++)
    fail_unless (g_array_index (reading.times, gint64, i) >
        g_array_index (reading.times, gint64, i - 1));
}

GST_END_TEST;

GST_START_TEST (test_a_limit_is_of_all_splits)
{
  static const gchar *more[] = { "", "parallelism=3", "rows-per-buffer=2",
    "parallelism=3 order=split"
  };

  for (guint i = 0; i < G_N_ELEMENTS (more); i++) {
    g_auto (Reading) reading = { 0 };
    g_autofree gchar *properties =
        g_strdup_printf ("table=meters " HOURS "limit=7 %s", more[i]);

    read_all (&reading, properties, "");
    fail_if (reading.error, "%s", reading.error);
    fail_unless_equals_int (reading.n_rows, 7);
  }
}

GST_END_TEST;

GST_START_TEST (test_columns_are_selected_by_name)
{
  g_auto (Reading) table = { 0 };
  g_auto (Reading) query = { 0 };

  read_all (&table, "table=meters columns=\"voltage, tbname,ts\" " HOURS, "");
  fail_if (table.error, "%s", table.error);
  fail_unless_equals_string (table.columns, "voltage,tbname,ts");
  fail_unless_equals_int64 (table.sum, 3663);
  read_all (&query, QUERY "columns=location,voltage limit=18", "");
  fail_if (query.error, "%s", query.error);
  fail_unless_equals_string (query.columns, "location,voltage");
  fail_unless_equals_int64 (query.sum, 3663);
}

GST_END_TEST;

#define FILTER "application/x-tdengine-rows,precision=ms,columns=(structure)<" \
    "[column,name=ts,type=TIMESTAMP,row-type=timestamp]," \
    "[column,name=%s,type=INT,row-type=int32]> !"

GST_START_TEST (test_only_what_downstream_takes_is_selected)
{
  static const gchar *ways[] = { "table=meters", QUERY,
    "select=\"voltage, location, ts\" table=meters",
    "table=meters " HOURS "parallelism=3"
  };
  g_autofree gchar *filter = g_strdup_printf (FILTER, "voltage");

  for (guint i = 0; i < G_N_ELEMENTS (ways); i++) {
    g_auto (Reading) reading = { 0 };

    read_all (&reading, ways[i], filter);
    fail_if (reading.error, "%s: %s", ways[i], reading.error);
    fail_unless_equals_string (reading.columns, "ts,voltage");
    fail_unless_equals_int64 (reading.sum, 3663);
  }
}

GST_END_TEST;

GST_START_TEST (test_text_is_given_as_bytes)
{
  GstElement *pipeline = make_pipeline ("table=d1001 varchar-as=binary "
      "select=\"ts, location, tbname\" limit=1", "");
  g_autoptr (GstElement) sink = gst_bin_get_by_name (GST_BIN (pipeline),
      "sink");
  g_auto (GValue) value = G_VALUE_INIT;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstSample) sample =
      gst_app_sink_try_pull_sample (GST_APP_SINK (sink), 30 * GST_SECOND);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_new_from_sample (sample, &error);
  g_assert_no_error (error);
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (rows);
  fail_unless_equals_int (gst_tdengine_schema_get_column (schema, 1)->type,
      GST_TDENGINE_TYPE_VARBINARY);
  fail_unless_equals_int (gst_tdengine_schema_get_column (schema, 2)->type,
      GST_TDENGINE_TYPE_VARCHAR);
  fail_unless (gst_tdengine_rows_get_value (rows, 1, 0, &value));
  fail_unless (G_VALUE_HOLDS (&value, G_TYPE_BYTES));
  GBytes *bytes = g_value_get_boxed (&value);
  fail_unless_equals_int (g_bytes_get_size (bytes), 23);
  fail_unless (memcmp (g_bytes_get_data (bytes, NULL),
          "California.SanFrancisco", 23) == 0);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

GST_END_TEST;

static const struct
{
  const gchar *properties;
  const gchar *words;
} refused[] = {
  {"table=meters split-by=time split-column=when split-interval=1h",
      "no column \"when\""},
  {"table=meters split-by=time split-column=voltage split-interval=1h",
      "\"voltage\" is INT"},
  {"table=meters split-by=time split-interval=10u", "finer than"},
  {"table=nosuch split-by=time split-interval=1h", "nosuch`: Table does not "},
  {"table=nosuch split-by=table", "nosuch`: Table does not "},
  {"table=nosuch split-by=vgroup", "nosuch`: Table does not "},
  {"split-by=table split-tables=d1001,nosuch",
      "Split \"nosuch\": Table does not "},
  {"table=meters split-by=tag parallelism=2 split-conditions=\"groupid = 1; "
        "group = 2\"", "Split \"group = 2\": "},
  {"table=meters columns=Voltage", "Voltage"},
  {"split-by=table split-tables=d1001,lone", "Split \"lone\": Its columns"},
  {"split-by=table split-tables=d1001,lone parallelism=2", "Its columns"},
};

GST_START_TEST (test_what_can_not_be_split_is_told)
{
  g_auto (Reading) reading = { 0 };

  read_all (&reading, refused[__i__].properties, "");
  fail_unless (reading.error, "%s is not refused", refused[__i__].properties);
  fail_unless (strstr (reading.error, refused[__i__].words),
      "\"%s\" lacks \"%s\"", reading.error, refused[__i__].words);
}

GST_END_TEST;

GST_START_TEST (test_a_table_needs_a_database_to_find_its_sub_tables)
{
  g_auto (Reading) reading = { 0 };

  read_all (&reading, "database=\"\" table=meters split-by=table", "");
  fail_unless (reading.error);
  fail_unless (strstr (reading.error, "database property"), "%s",
      reading.error);
}

GST_END_TEST;

static Suite *
splitsrc_suite (void)
{
  Suite *suite = suite_create ("splitsrc");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_unchecked_fixture (tc, set_up, tear_down);
  tcase_add_loop_test (tc, test_every_row_is_read_once, 0,
      G_N_ELEMENTS (cases));
  tcase_add_loop_test (tc, test_a_row_on_a_bound_is_read_once, 0,
      G_N_ELEMENTS (bounds));
  tcase_add_test (tc, test_bounds_are_as_fine_as_the_database);
  tcase_add_loop_test (tc, test_shares_together_have_every_row_once, 0,
      G_N_ELEMENTS (kinds));
  tcase_add_test (tc, test_splits_leave_in_their_order);
  tcase_add_test (tc, test_a_limit_is_of_all_splits);
  tcase_add_test (tc, test_columns_are_selected_by_name);
  tcase_add_test (tc, test_only_what_downstream_takes_is_selected);
  tcase_add_test (tc, test_text_is_given_as_bytes);
  tcase_add_loop_test (tc, test_what_can_not_be_split_is_told, 0,
      G_N_ELEMENTS (refused));
  tcase_add_test (tc, test_a_table_needs_a_database_to_find_its_sub_tables);
  return suite;
}

GST_CHECK_MAIN (splitsrc);
