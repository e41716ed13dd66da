/* tdenginesink: where rows go, and what comes into being on the way
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/app.h>
#include <gst/check/gstcheck.h>
#include <string.h>

#include "feed.h"
#include "testserver.h"

static void
set_up (void)
{
  feed_set_up ("sinktarget");
}

/* rows that name no table */
static GstTDengineRows *
make_nameless (const gchar * text)
{
  return make_rows (meter_columns + 1, N_METER_COLUMNS - 1, text);
}

GST_START_TEST (test_a_template_names_the_sub_tables)
{
  Feed feed;

  feed_init (&feed, "super-table=meters "
      "table-template=\"{location}_{{{groupid}}}\"");
  feed_push (&feed, make_nameless ("1734635565642|1.5|201|x|Oslo|1\n"
          "1734635565642|2.5|202|x|California.SanFrancisco|2\n"
          "1734635565643|2.5|203|x|Oslo|1\n"
          "1734635565643|2.5|204|x|it's; \"`\\ \360\237\230\200|3"));
  feed_end (&feed);
  /* a point is none that a name may have */
  assert_content ("select tbname, voltage, location, groupid from %s.meters "
      "order by voltage", "Oslo_{1}|201|Oslo|1\n"
      "California_SanFrancisco_{2}|202|California.SanFrancisco|2\n"
      "Oslo_{1}|203|Oslo|1\n"
      "it's; \"`\\ \360\237\230\200_{3}|204|it's; \"`\\ \360\237\230\200|3\n");
  feed_clear (&feed);
}

GST_END_TEST;

GST_START_TEST (test_a_template_may_use_what_is_not_stored)
{
  static const Column columns[] = {
    {"ts", GST_TDENGINE_TYPE_TIMESTAMP, 0},
    {"voltage", GST_TDENGINE_TYPE_INT, 0},
    {"tbname", GST_TDENGINE_TYPE_VARCHAR, 192},
    {"site", GST_TDENGINE_TYPE_BIGINT, 0},
  };
  Feed feed;

  /* rows without tags make no table */
  test_execute (feed_connection, "create table %s.`d1--7` using %s.meters "
      "tags (null, 5)", feed_database, feed_database);
  feed_init (&feed, "super-table=meters table-template={tbname}-{site}");
  feed_push (&feed, make_rows (columns, 4, "1734635565642|201|d1|-7"));
  feed_end (&feed);
  assert_content ("select tbname, voltage, groupid from %s.meters",
      "d1--7|201|5\n");
  feed_clear (&feed);
}

GST_END_TEST;

static const struct
{
  const gchar *template;
    GQuark (*domain) (void);
  const gchar *row;
  const gchar *words;
} bad_templates[] = {
  {"a{location", gst_resource_error_quark, "", "not closed"},
  {"a}b", gst_resource_error_quark, "", "not opened"},
  {"a{}b", gst_resource_error_quark, "", "around nothing"},
  {"a.b", gst_resource_error_quark, "", "point"},
  {"{nosuch}", gst_stream_error_quark, "1734635565642|1|1|x|Oslo|1",
      "\"nosuch\""},
  {"{location}", gst_stream_error_quark, "1734635565642|1|1|x|NULL|1",
      "is NULL"},
  {"{location}", gst_stream_error_quark, "1734635565642|1|1|x||1",
      "no tbname"},
  /* 3 × 65 bytes */
  {"{note}{note}{note}", gst_stream_error_quark,
      "1734635565642|1|1|aaaaaaaaaabbbbbbbbbbccccccccccaaaaaaaaaabbbbbbbbbb"
        "ccccccccccaaaaa|o|1", "192"},
};

GST_START_TEST (test_a_bad_template_is_told)
{
  g_autofree gchar *properties =
      g_strdup_printf ("super-table=meters table-template=\"%s\"",
      bad_templates[__i__].template);
  Feed feed;

  feed_init (&feed, properties);
  if (*bad_templates[__i__].row)
    feed_push (&feed, make_nameless (bad_templates[__i__].row));
  g_autoptr (GError) error = feed_fail (&feed);
  fail_unless (error->domain == bad_templates[__i__].domain ());
  fail_unless (strstr (error->message, bad_templates[__i__].words),
      "\"%s\" lacks \"%s\"", error->message, bad_templates[__i__].words);
  feed_clear (&feed);
  assert_content ("select count(*) from %s.meters", "0\n");
}

GST_END_TEST;

GST_START_TEST (test_columns_are_renamed)
{
  static const Column columns[] = {
    {"time", GST_TDENGINE_TYPE_TIMESTAMP, 0},
    {"device", GST_TDENGINE_TYPE_VARCHAR, 64},
    {"volts", GST_TDENGINE_TYPE_INT, 0},
    {"group", GST_TDENGINE_TYPE_INT, 0},
  };
  Feed feed;

  feed_init (&feed, "super-table=meters column-map=map,time=ts,device=tbname,"
      "volts=voltage,group=groupid");
  feed_push (&feed, make_rows (columns, 4, "1734635565642|d1|201|7"));
  feed_end (&feed);
  assert_content ("select tbname, * from %s.meters",
      "d1|2024-12-19T19:12:45.642Z|NULL|201|NULL|NULL|7\n");
  feed_clear (&feed);
}

GST_END_TEST;

static const Column extra_columns[] = {
  {"tbname", GST_TDENGINE_TYPE_VARCHAR, 192},
  {"ts", GST_TDENGINE_TYPE_TIMESTAMP, 0},
  {"voltage", GST_TDENGINE_TYPE_INT, 0},
  {"Extra `col`", GST_TDENGINE_TYPE_VARCHAR, 20},
  {"owner", GST_TDENGINE_TYPE_NCHAR, 10},
};

GST_START_TEST (test_unknown_columns_are_left_out)
{
  Feed feed;

  test_execute (feed_connection, "create table %s.d1 using %s.meters "
      "tags (null, 5)", feed_database, feed_database);
  feed_init (&feed, "super-table=meters unknown-columns=ignore");
  feed_push (&feed, make_rows (extra_columns, 5, "d1|1734635565642|201|a|b"));
  feed_end (&feed);
  assert_content ("select tbname, * from %s.meters",
      "d1|2024-12-19T19:12:45.642Z|NULL|201|NULL|NULL|5\n");
  feed_clear (&feed);
}

GST_END_TEST;

static const gchar *const adders[] = {
  "unknown-columns=add", "create=columns"
};

GST_START_TEST (test_unknown_columns_are_added)
{
  g_autofree gchar *properties =
      g_strdup_printf ("super-table=meters tags=owner %s", adders[__i__]);
  Feed feed;

  feed_init (&feed, properties);
  feed_push (&feed, make_meters ("d1|1734635565642|1|200|x|Oslo|1"));
  feed_push (&feed, make_rows (extra_columns, 5, "d2|1734635565642|201|a|b"));
  feed_end (&feed);
  assert_content ("select tbname, voltage, `Extra ``col```, owner from "
      "%s.meters order by voltage", "d1|200|NULL|NULL\nd2|201|a|b\n");
  feed_clear (&feed);
}

GST_END_TEST;

/* what is created: the database, too */

static void
feed_init_new (Feed * feed, const gchar * format)
{
  g_autofree gchar *properties = g_strdup_printf (format, feed_database);

  test_execute (feed_connection, "drop database if exists %s_new",
      feed_database);
  feed_init (feed, properties);
}

static void
drop_new (void)
{
  test_execute (feed_connection, "drop database %s_new", feed_database);
}

GST_START_TEST (test_a_super_table_is_created_from_the_caps)
{
  Feed feed;

  feed_init_new (&feed, "create=database+super-table database=%s_new "
      "super-table=meters tags=\"location, groupid\"");
  feed_push (&feed, make_meters ("d1|1734635565642|1.5|201|x|Oslo|1\n"
          "d2|1734635565642|2.5|202|NULL|Bergen|2"));
  feed_end (&feed);
  assert_content ("select tbname, * from %s_new.meters order by voltage",
      "d1|2024-12-19T19:12:45.642Z|1.5|201|x|Oslo|1\n"
      "d2|2024-12-19T19:12:45.642Z|2.5|202|NULL|Bergen|2\n");
  assert_content ("describe %s_new.meters",
      "ts|TIMESTAMP|8||delta-i|lz4|medium\n"
      "current|FLOAT|4||bss|lz4|medium\n"
      "voltage|INT|4||simple8b|lz4|medium\n"
      "note|NCHAR|16||disabled|zstd|medium\n"
      "location|VARCHAR|80|TAG|disabled|disabled|disabled\n"
      "groupid|INT|4|TAG|disabled|disabled|disabled\n");
  feed_clear (&feed);
  drop_new ();
}

GST_END_TEST;

/* every type, and a time that is not the first column */
static const Column all_columns[] = {
  {"c0", GST_TDENGINE_TYPE_BOOL, 0}, {"c1", GST_TDENGINE_TYPE_TINYINT, 0},
  {"the time", GST_TDENGINE_TYPE_TIMESTAMP, 0},
  {"c3", GST_TDENGINE_TYPE_UBIGINT, 0},
  {"c4", GST_TDENGINE_TYPE_VARBINARY, 9},
  {"c5", GST_TDENGINE_TYPE_GEOMETRY, 50}, {"c6", GST_TDENGINE_TYPE_BLOB, 0},
  {"c7", GST_TDENGINE_TYPE_VARCHAR, 0},
};

GST_START_TEST (test_a_table_is_created_from_the_caps)
{
  Feed feed;

  feed_init_new (&feed,
      "create=database+table database=%s_new table=\"a `b`\"");
  feed_push (&feed, make_rows (all_columns, 8,
          "true|-1|1734635565642|5|6162|NULL|78797a|text"));
  feed_end (&feed);
  assert_content ("select * from %s_new.`a ``b```",
      "2024-12-19T19:12:45.642Z|true|-1|5|6162|NULL|78797a|text\n");
  feed_clear (&feed);
  drop_new ();
}

GST_END_TEST;

GST_START_TEST (test_what_is_there_is_not_created_again)
{
  Feed feed;

  feed_init (&feed, "create=database+super-table super-table=meters "
      "tags=location,groupid");
  feed_push (&feed, make_meters ("d1|1734635565642|1.5|201|x|Oslo|1"));
  feed_end (&feed);
  assert_content ("select voltage from %s.meters", "201\n");
  feed_clear (&feed);
}

GST_END_TEST;

GST_START_TEST (test_nothing_is_created_unasked)
{
  Feed feed;

  feed_init_new (&feed, "database=%s_new table=plain");
  feed_push (&feed, make_meters ("d1|1734635565642|1.5|201|x|Oslo|1"));
  g_autoptr (GError) error = feed_fail (&feed);
  fail_unless (strstr (error->message, "Database not exist"), "%s",
      error->message);
  feed_clear (&feed);
  g_autofree gchar *found = test_query_text (feed_connection,
      "select name from "
      "information_schema.ins_databases where name = '%s_new'", feed_database);
  fail_unless_equals_string (found, "");
}

GST_END_TEST;

static const struct
{
  const gchar *properties;
  const gchar *words;
} bad_settings[] = {
  {"super-table=meters create=super-table", "tags"},
  {"table=plain create=super-table tags=a", "super-table"},
  {"super-table=meters create=table", "table property"},
  {"table=plain create=columns unknown-columns=ignore", "unknown-columns"},
  {"table=plain tag-updates=warn", "tag-updates"},
  {"table=plain table-template=a", "table-template"},
  {"table=plain column-map=map,a=(int)1", "column-map"},
};

GST_START_TEST (test_settings_that_contradict_are_told)
{
  Feed feed;

  feed_init (&feed, bad_settings[__i__].properties);
  g_autoptr (GError) error = feed_fail (&feed);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_SETTINGS));
  fail_unless (strstr (error->message, bad_settings[__i__].words),
      "\"%s\" lacks \"%s\"", error->message, bad_settings[__i__].words);
  feed_clear (&feed);
}

GST_END_TEST;

/* tags of sub tables that are there */

static const struct
{
  const gchar *properties;
  const gchar *tags;
  guint64 n_changes;
} tag_updates[] = {
  {"tag-updates=ignore", "d1|Oslo|1\nd2|Oslo|1\nd3|it's|NULL\n", 0},
  {"tag-updates=warn", "d1|Oslo|1\nd2|Oslo|1\nd3|it's|NULL\n", 2},
  {"tag-updates=apply", "d1|it's|NULL\nd2|Oslo|1\nd3|Bergen|3\n", 2},
  {"tag-updates=apply parallelism=3",
      "d1|it's|NULL\nd2|Oslo|1\nd3|Bergen|3\n", 2},
};

GST_START_TEST (test_tags_that_differ)
{
  g_autofree gchar *properties =
      g_strdup_printf ("super-table=meters %s", tag_updates[__i__].properties);
  Feed feed;

  test_execute (feed_connection, "create table %s.d1 using %s.meters "
      "tags ('Oslo', 1) %s.d2 using %s.meters tags ('Oslo', 1)", feed_database,
      feed_database, feed_database, feed_database);
  feed_init (&feed, properties);
  /* d3 is not there yet when its tags change */
  feed_push (&feed, make_meters ("d1|1734635565642|1|201|x|it's|NULL\n"
          "d2|1734635565642|1|202|x|Oslo|1\n"
          "d3|1734635565642|1|203|x|it's|NULL\n"
          "d3|1734635565643|1|204|x|Bergen|3"));
  feed_end (&feed);
  assert_content ("select distinct tbname, location, groupid from %s.meters "
      "order by tbname", tag_updates[__i__].tags);
  assert_content ("select sum(voltage) from %s.meters", "810\n");
  fail_unless_equals_uint64 (get_stat (&feed, "tag-changes"),
      tag_updates[__i__].n_changes);
  feed_clear (&feed);
}

GST_END_TEST;

/* each of both tables once, the second at the end */
GST_START_TEST (test_tags_that_differ_are_told)
{
  static const gchar *const tables[] = { "d1", "d2" };
  Feed feed;

  test_execute (feed_connection, "create table %s.d1 using %s.meters "
      "tags ('Oslo', 1) %s.d2 using %s.meters tags ('Oslo', 1)", feed_database,
      feed_database, feed_database, feed_database);
  feed_init (&feed, "super-table=meters tag-updates=warn");
  feed_push (&feed, make_meters ("d1|1734635565642|1|201|x|Bergen|1\n"
          "d1|1734635565643|1|202|x|Bergen|1\n"
          "d2|1734635565642|1|203|x|Oslo|2"));
  gst_app_src_end_of_stream (GST_APP_SRC (feed.src));
  g_autoptr (GstBus) bus = gst_element_get_bus (feed.pipeline);
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
        60 * GST_SECOND, GST_MESSAGE_ELEMENT | GST_MESSAGE_ERROR);
    guint64 count = 0, total = 0;

    fail_unless (message
        && gst_message_has_name (message, "tdengine-tags-differ"));
    const GstStructure *details = gst_message_get_structure (message);
    gst_structure_get (details, "count", G_TYPE_UINT64, &count,
        "total", G_TYPE_UINT64, &total, NULL);
    fail_unless_equals_string (gst_structure_get_string (details, "table"),
        tables[i]);
    fail_unless_equals_uint64 (count, 1);
    fail_unless_equals_uint64 (total, i + 1);
  }
  gst_message_unref (feed_wait (&feed));
  feed_clear (&feed);
}

GST_END_TEST;

static Suite *
sinktarget_suite (void)
{
  Suite *suite = suite_create ("sinktarget");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, set_up, feed_tear_down);
  tcase_add_unchecked_fixture (tc, NULL, test_server_stop);
  tcase_add_test (tc, test_a_template_names_the_sub_tables);
  tcase_add_test (tc, test_a_template_may_use_what_is_not_stored);
  tcase_add_loop_test (tc, test_a_bad_template_is_told, 0,
      G_N_ELEMENTS (bad_templates));
  tcase_add_test (tc, test_columns_are_renamed);
  tcase_add_test (tc, test_unknown_columns_are_left_out);
  tcase_add_loop_test (tc, test_unknown_columns_are_added, 0,
      G_N_ELEMENTS (adders));
  tcase_add_test (tc, test_a_super_table_is_created_from_the_caps);
  tcase_add_test (tc, test_a_table_is_created_from_the_caps);
  tcase_add_test (tc, test_what_is_there_is_not_created_again);
  tcase_add_test (tc, test_nothing_is_created_unasked);
  tcase_add_loop_test (tc, test_settings_that_contradict_are_told, 0,
      G_N_ELEMENTS (bad_settings));
  tcase_add_loop_test (tc, test_tags_that_differ, 0,
      G_N_ELEMENTS (tag_updates));
  tcase_add_test (tc, test_tags_that_differ_are_told);
  return suite;
}

GST_CHECK_MAIN (sinktarget);
