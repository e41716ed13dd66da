/* tdenginesink: the ways to write, which store the same
 *
 * Content is compared as text that says every value exactly; it is what was
 * written.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "feed.h"
#include "testserver.h"

static const gchar *const modes[] = { "auto", "raw", "bind", "sql" };

#define N_MODES G_N_ELEMENTS (modes)

static void
set_up (void)
{
  feed_set_up ("sinkmodes");
}

#define VALUE_COLUMNS \
  {"c1", GST_TDENGINE_TYPE_BOOL}, \
  {"c2", GST_TDENGINE_TYPE_TINYINT}, \
  {"c3", GST_TDENGINE_TYPE_SMALLINT}, \
  {"c4", GST_TDENGINE_TYPE_INT}, \
  {"c5", GST_TDENGINE_TYPE_BIGINT}, \
  {"c6", GST_TDENGINE_TYPE_UTINYINT}, \
  {"c7", GST_TDENGINE_TYPE_USMALLINT}, \
  {"c8", GST_TDENGINE_TYPE_UINT}, \
  {"c9", GST_TDENGINE_TYPE_UBIGINT}, \
  {"c10", GST_TDENGINE_TYPE_FLOAT}, \
  {"c11", GST_TDENGINE_TYPE_DOUBLE}, \
  {"c12", GST_TDENGINE_TYPE_VARCHAR, 64}, \
  {"c13", GST_TDENGINE_TYPE_NCHAR, 64}, \
  {"c14", GST_TDENGINE_TYPE_VARBINARY, 64}, \
  {"c15", GST_TDENGINE_TYPE_GEOMETRY, 120}

/* the decimals apart: builds of TDengine differ in what they make of those that
 * are bound */
static const Column columns[] = {
  {"tbname", GST_TDENGINE_TYPE_VARCHAR, 192},
  {"ts", GST_TDENGINE_TYPE_TIMESTAMP},
  VALUE_COLUMNS,
  {"t1", GST_TDENGINE_TYPE_NCHAR, 32},
  {"t2", GST_TDENGINE_TYPE_DOUBLE},
};

#define N_COLUMNS G_N_ELEMENTS (columns)

#define CREATE_COLUMNS "(ts timestamp, c1 bool, c2 tinyint, c3 smallint, " \
  "c4 int, c5 bigint, c6 tinyint unsigned, c7 smallint unsigned, " \
  "c8 int unsigned, c9 bigint unsigned, c10 float, c11 double, " \
  "c12 varchar(64), c13 nchar(64), c14 varbinary(64), c15 geometry(120))"

/* POINT (1.5 0.1), LINESTRING (1 2, 3 4), POLYGON ((0 0, 1 0, 1 1, 0 0)) */
#define POINT "0101000000000000000000f83f9a9999999999b93f"
#define LINE "010200000002000000000000000000f03f0000000000000040" \
  "00000000000008400000000000001040"
#define POLYGON "01030000000100000004000000" \
  "00000000000000000000000000000000" "000000000000f03f0000000000000000" \
  "000000000000f03f000000000000f03f" "00000000000000000000000000000000"

/* MULTIPOINT ((1 2), (3 4)), and GEOMETRYCOLLECTION of it and LINE */
#define MULTI "010400000002000000" \
  "0101000000000000000000f03f0000000000000040" \
  "010100000000000000000008400000000000001040"
#define COLLECTION "010700000002000000" MULTI LINE

/* each line without the table, the time and the tags */
static const gchar *const values[] = {
  "true|-128|-32768|-2147483648|-9223372036854775808|0|0|0|0|50.3|-2.25|"
      "plain|\344\275\240\345\245\275\360\237\230\200|0102ff|" POINT,
  "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL",
  "false|127|32767|2147483647|9223372036854775807|255|65535|4294967295|"
      "18446744073709551615|-3.4e+38|1.7e+308||||" LINE,
  "false|1|2|3|4|5|6|7|8|0.1|0.30000000000000004|"
      "it's \"q\" `b`; drop table x -- \\' \\\\ %|\\n ' \\x00 \\\"|00275c|"
      POLYGON,
  "true|0|0|0|0|0|0|0|0|0|0|a|b|00|" MULTI,
  "true|0|0|0|0|0|0|0|0|0|0|a|b|00|" COLLECTION,
};

static const gchar *const names[] =
    { "D 1", "it's;\"`x\\", "\360\237\230\200" };

/* every value for every table, tables in turn */
static gchar *
make_text (guint n_tables)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
    for (guint k = 0; k < n_tables; k++) {
      if (text->len > 0)
        g_string_append_c (text, '\n');
      g_string_append_printf (text, "%s|%" G_GINT64_FORMAT "|%s|t'\\\"%u|0.1",
          names[k], TIME * 1000000 + 1 + i, values[i], k);
    }
  }
  return g_string_free (text, FALSE);
}

static gchar *
make_expected (guint n_tables)
{
  g_autofree gchar *text = make_text (n_tables);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  GString *expected = g_string_new (NULL);

  /* the query's order: by time, then by name */
  for (guint i = 0; lines[i]; i++)
    g_string_append_printf (expected, "%s\n", lines[i]);
  return g_string_free (expected, FALSE);
}

static void
create_all (const gchar * mode)
{
  test_execute (feed_connection, "drop database if exists %s_%s",
      feed_database, mode);
  test_execute (feed_connection, "create database %s_%s vgroups 1 "
      "precision 'ns'", feed_database, mode);
  test_execute (feed_connection, "create table %s_%s.st " CREATE_COLUMNS
      " tags (t1 nchar(32), t2 double)", feed_database, mode);
  test_execute (feed_connection, "create table %s_%s.nt " CREATE_COLUMNS,
      feed_database, mode);
}

static void
write_all (const gchar * mode, const gchar * target, const Column * columns,
    guint n_columns, const gchar * text, const gchar * counter)
{
  g_autofree gchar *properties = g_strdup_printf ("write-mode=%s %s "
      "database=%s_%s batch-interval=0", mode, target, feed_database, mode);
  Feed feed;

  feed_init (&feed, properties);
  feed_push (&feed, make_rows_of (GST_TDENGINE_PRECISION_NS, columns,
          n_columns, text));
  feed_end (&feed);
  if (counter)
    fail_unless (get_stat (&feed, counter) > 0, "%s: no %s", mode, counter);
  feed_clear (&feed);
}

/* what a mode has to have done with rows of several tables */
static const gchar *const counters[] = {
  "bound-requests", "raw-requests", "bound-requests", "sql-requests"
};

GST_START_TEST (test_all_types_into_sub_tables)
{
  const gchar *mode = modes[__i__];
  g_autofree gchar *text = make_text (3);
  g_autofree gchar *expected = make_expected (3);

  create_all (mode);
  write_all (mode, "super-table=st", columns, N_COLUMNS, text, counters[__i__]);
  g_autofree gchar *found = test_query_text (feed_connection, "select tbname, "
      "cast(ts as bigint), c1, c2, c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, "
      "c13, c14, c15, t1, t2 from %s_%s.st order by ts, tbname", feed_database,
      mode);
  test_execute (feed_connection, "drop database %s_%s", feed_database, mode);
  fail_unless_equals_string (found, expected);
}

GST_END_TEST;

GST_START_TEST (test_all_types_into_a_table)
{
  static const Column table_columns[] = {
    {"ts", GST_TDENGINE_TYPE_TIMESTAMP}, VALUE_COLUMNS
  };
  const gchar *mode = modes[__i__];
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GString) expected = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (values); i++) {
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT "|%s",
        i > 0 ? "\n" : "", TIME * 1000000 + 1 + i, values[i]);
    g_string_append_printf (expected, "%s\n", values[i]);
  }
  create_all (mode);
  write_all (mode, "table=nt", table_columns, G_N_ELEMENTS (table_columns),
      text->str, __i__ == 0 ? "raw-requests" : counters[__i__]);
  g_autofree gchar *found = test_query_text (feed_connection, "select c1, c2, "
      "c3, c4, c5, c6, c7, c8, c9, c10, c11, c12, c13, c14, c15 from %s_%s.nt "
      "order by ts", feed_database, mode);
  test_execute (feed_connection, "drop database %s_%s", feed_database, mode);
  fail_unless_equals_string (found, expected->str);
}

GST_END_TEST;

/* of two tables, so that none goes raw; or of one */
static const struct
{
  const gchar *mode;
  const gchar *second;
  const gchar *counter;
} decimal_stories[] = {
  {"auto", "d2", "sql-requests"},
  {"sql", "d2", "sql-requests"},
  {"raw", "d2", "raw-requests"},
};

GST_START_TEST (test_decimals_are_exact)
{
  static const Column decimal_columns[] = {
    {"tbname", GST_TDENGINE_TYPE_VARCHAR, 192},
    {"ts", GST_TDENGINE_TYPE_TIMESTAMP},
    {"d64", GST_TDENGINE_TYPE_DECIMAL64, 0, 10, 2},
    {"d128", GST_TDENGINE_TYPE_DECIMAL, 0, 38, 10},
    {"t", GST_TDENGINE_TYPE_INT},
  };
  const gchar *mode = decimal_stories[__i__].mode;

  create_all (mode);
  test_execute (feed_connection, "create table %s_%s.dt (ts timestamp, "
      "d64 decimal(10,2), d128 decimal(38,10)) tags (t int)", feed_database,
      mode);
  write_all (mode, "super-table=dt", decimal_columns, 5,
      "d1|1734635565642000000|123.45|12345678901234567890.0123456789|1\n"
      "d2|1734635565642000001|-99999999.99|-0.0000000001|2\n"
      "d1|1734635565642000002|NULL|NULL|1\n"
      "d2|1734635565642000003|0.01|9999999999999999999999999999.9999999999|2",
      decimal_stories[__i__].counter);
  g_autofree gchar *found = test_query_text (feed_connection, "select tbname, "
      "d64, d128 from %s_%s.dt order by ts", feed_database, mode);
  test_execute (feed_connection, "drop database %s_%s", feed_database, mode);
  fail_unless_equals_string (found,
      "d1|123.45|12345678901234567890.0123456789\n"
      "d2|-99999999.99|-0.0000000001\n" "d1|NULL|NULL\n"
      "d2|0.01|9999999999999999999999999999.9999999999\n");
}

GST_END_TEST;

/* in no mode raw: a server would die of it */
static const gchar *const blob_counters[] = {
  "bound-requests", "bound-requests", "bound-requests", "sql-requests"
};

GST_START_TEST (test_blobs)
{
  static const Column blob_columns[] = {
    {"ts", GST_TDENGINE_TYPE_TIMESTAMP},
    {"b", GST_TDENGINE_TYPE_BLOB},
  };
  const gchar *mode = modes[__i__];

  create_all (mode);
  test_execute (feed_connection, "create table %s_%s.bt (ts timestamp, b blob)",
      feed_database, mode);
  write_all (mode, "table=bt", blob_columns, 2,
      "1734635565642000000|0001275cff\n" "1734635565642000001|NULL\n"
      "1734635565642000002|62", blob_counters[__i__]);
  g_autofree gchar *found = test_query_text (feed_connection,
      "select b from %s_%s.bt order by ts", feed_database, mode);
  test_execute (feed_connection, "drop database %s_%s", feed_database, mode);
  fail_unless_equals_string (found, "0001275cff\nNULL\n62\n");
}

GST_END_TEST;

/* a statement of no more than 1 MiB: rows of 16 KB and more */
GST_START_TEST (test_statements_are_bounded)
{
  static const Column wide_columns[] = {
    {"ts", GST_TDENGINE_TYPE_TIMESTAMP},
    {"v", GST_TDENGINE_TYPE_VARCHAR, 16000},
  };
  enum
  { N = 200 };
  g_autoptr (GString) text = g_string_new (NULL);
  g_autofree gchar *value = g_strnfill (16000, '\'');
  Feed feed;

  test_execute (feed_connection, "create table %s.wide (ts timestamp, "
      "v varchar(16000))", feed_database);
  for (guint i = 0; i < N; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT "|%s",
        i > 0 ? "\n" : "", TIME + i, value);
  feed_init (&feed, "table=wide write-mode=sql");
  feed_push (&feed, make_rows (wide_columns, 2, text->str));
  feed_end (&feed);
  /* each quote takes two bytes: 32 rows a statement */
  fail_unless_equals_uint64 (get_stat (&feed, "sql-requests"), 7);
  fail_unless_equals_uint64 (get_stat (&feed, "rows"), N);
  assert_content ("select count(*), min(length(v)), max(length(v)) from "
      "%s.wide", "200|16000|16000\n");
  feed_clear (&feed);
}

GST_END_TEST;

static const struct
{
  const gchar *row;
  const gchar *words;
} unspeakable[] = {
  {"1734635565642|nan|1|x", "\"current\" is no finite number"},
  {"1734635565642|inf|1|x", "\"current\" is no finite number"},
};

GST_START_TEST (test_what_sql_cannot_say_is_told)
{
  Feed feed;

  feed_init (&feed, "table=plain write-mode=sql");
  feed_push (&feed, make_plain (unspeakable[__i__].row));
  gst_element_send_event (feed.pipeline, gst_event_new_eos ());
  g_autoptr (GError) error = feed_fail (&feed);
  fail_unless (strstr (error->message, unspeakable[__i__].words), "%s",
      error->message);
  feed_clear (&feed);
}

GST_END_TEST;

static Suite *
sinkmodes_suite (void)
{
  Suite *suite = suite_create ("sinkmodes");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, set_up, feed_tear_down);
  tcase_add_unchecked_fixture (tc, NULL, test_server_stop);
  tcase_add_loop_test (tc, test_all_types_into_sub_tables, 0, N_MODES);
  tcase_add_loop_test (tc, test_all_types_into_a_table, 0, N_MODES);
  tcase_add_loop_test (tc, test_decimals_are_exact, 0,
      G_N_ELEMENTS (decimal_stories));
  tcase_add_loop_test (tc, test_blobs, 0, N_MODES);
  tcase_add_test (tc, test_statements_are_bounded);
  tcase_add_loop_test (tc, test_what_sql_cannot_say_is_told, 0,
      G_N_ELEMENTS (unspeakable));
  return suite;
}

GST_CHECK_MAIN (sinkmodes);
