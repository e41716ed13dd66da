/* splits: statements of splits, and which part has which
 *
 * The golden ones are those of TDengine's connector for Flink, with names
 * quoted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "gsttdengineerror.h"
#include "gsttdenginesplits.h"
#include "gsttdenginetime.h"

/* 2024-12-19T08:12:48Z */
#define START G_GINT64_CONSTANT (1734595968000)

/* what is asked for; the strings are not owned */
static GstTDengineRequestedSplits
ask (GstTDengineSplitBy by)
{
  const GstTDengineRequestedSplits requested = {.by = by,.index = -1 };

  return requested;
}

static gchar *
list_sql (const GstTDengineRequestedSplits * requested,
    const GstTDengineSplitFacts * facts)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineSplits) splits =
      gst_tdengine_splits_new (requested, facts, &error);
  GString *list = g_string_new (NULL);

  if (error)
    g_string_append_printf (list, "error: %s", error->message);
  for (guint64 i = 0; splits && i < gst_tdengine_splits_get_n (splits); i++) {
    g_autofree gchar *sql = gst_tdengine_splits_get_sql (splits, i);

    g_string_append_printf (list, "%s%s", i ? "\n" : "", sql);
  }
  return g_string_free (list, FALSE);
}

#define fail_unless_sql(requested, facts, expected) \
    G_STMT_START { \
      g_autofree gchar *found = list_sql (&(requested), &(facts)); \
      fail_unless_equals_string (found, expected); \
    } G_STMT_END

GST_START_TEST (test_a_statement_is_assembled)
{
  GstTDengineRequestedSplits requested = ask (GST_TDENGINE_SPLIT_NONE);
  g_auto (GstTDengineSplitFacts) facts = { 0 };

  gst_tdengine_split_facts_init (&facts);
  requested.table = (gchar *) "meters";
  fail_unless_sql (requested, facts, "select * from `meters`");
  requested.select =
      (gchar *) "ts, `current`, voltage, phase, location, groupid, tbname";
  requested.where = (gchar *) "voltage > 200";
  requested.other = (gchar *) "order by ts desc";
  fail_unless_sql (requested, facts, "select ts, `current`, voltage, phase, "
      "location, groupid, tbname from `meters` where voltage > 200 "
      "order by ts desc");
  requested = ask (GST_TDENGINE_SPLIT_NONE);
  requested.table = (gchar *) "`a.b`.`c``d`";
  requested.columns = (gchar *) "ts, x`y";
  requested.limit = 7;
  fail_unless_sql (requested, facts,
      "select `ts`, `x``y` from `a.b`.`c``d` limit 7");
  requested.table = NULL;
  requested.query = (gchar *) "select * from t";
  fail_unless_sql (requested, facts,
      "select `ts`, `x``y` from (select * from t) limit 7");
}

GST_END_TEST;

GST_START_TEST (test_intervals_are_left_closed_and_the_last_is_short)
{
  GstTDengineRequestedSplits requested = ask (GST_TDENGINE_SPLIT_TIME);
  g_auto (GstTDengineSplitFacts) facts = { 0 };

  gst_tdengine_split_facts_init (&facts);
  requested.query = (gchar *) "select ts, `current` from meters";
  requested.column = (gchar *) "ts";
  requested.start = (gchar *) "2024-12-19T16:12:48+08:00";
  requested.end = (gchar *) "1734608568000";    /* 3.5 hours later */
  requested.interval = (gchar *) "1h";
  fail_unless_sql (requested, facts,
      "select * from (select ts, `current` from meters) "
      "where `ts` >= 1734595968000 and `ts` < 1734599568000\n"
      "select * from (select ts, `current` from meters) "
      "where `ts` >= 1734599568000 and `ts` < 1734603168000\n"
      "select * from (select ts, `current` from meters) "
      "where `ts` >= 1734603168000 and `ts` < 1734606768000\n"
      "select * from (select ts, `current` from meters) "
      "where `ts` >= 1734606768000 and `ts` < 1734608568000");
  requested.interval = NULL;
  fail_unless_sql (requested, facts,
      "select * from (select ts, `current` from meters) "
      "where `ts` >= 1734595968000 and `ts` < 1734608568000");
  requested.end = requested.start;
  fail_unless_sql (requested, facts,
      "error: split-end has to be after split-start");
}

GST_END_TEST;

/* hours begin at hours, and the first and last are open */
GST_START_TEST (test_what_is_not_said_is_open)
{
  GstTDengineRequestedSplits requested = ask (GST_TDENGINE_SPLIT_TIME);
  g_auto (GstTDengineSplitFacts) facts = { 0 };

  gst_tdengine_split_facts_init (&facts);
  facts.has_rows = TRUE;
  facts.first = START;
  facts.last = START + 3600000;
  requested.query = (gchar *) "q";
  requested.column = (gchar *) "ts";
  requested.interval = (gchar *) "1h";
  fail_unless_sql (requested, facts,
      "select * from (q) where `ts` < 1734598800000\n"
      "select * from (q) where `ts` >= 1734598800000");
  facts.has_rows = FALSE;
  fail_unless_sql (requested, facts, "q");
}

GST_END_TEST;

GST_START_TEST (test_tags_and_tables)
{
  const gchar *conditions[] = { "groupid > 1", "groupid <= 1", NULL };
  const gchar *tables[] = { "d1", "power.d'2", NULL };
  GstTDengineRequestedSplits requested = ask (GST_TDENGINE_SPLIT_TAG);
  g_auto (GstTDengineSplitFacts) facts = { 0 };

  gst_tdengine_split_facts_init (&facts);
  requested.query = (gchar *) "q";
  requested.conditions = (gchar **) conditions;
  fail_unless_sql (requested, facts,
      "select * from (q) where groupid > 1\n"
      "select * from (q) where groupid <= 1");

  requested = ask (GST_TDENGINE_SPLIT_TABLE);
  requested.tables = (gchar **) tables;
  requested.where = (gchar *) "v > 1 or v < 0";
  fail_unless_sql (requested, facts,
      "select * from `d1` where v > 1 or v < 0\n"
      "select * from `power`.`d'2` where v > 1 or v < 0");

  requested.tables = NULL;
  requested.table = (gchar *) "m";
  facts.is_super = TRUE;
  gst_tdengine_split_facts_add_table (&facts, "d1", 3);
  gst_tdengine_split_facts_add_table (&facts, "d'2", 2);
  gst_tdengine_split_facts_add_table (&facts, "d3", 3);
  fail_unless_sql (requested, facts,
      "select * from `m` where tbname = 'd1' and (v > 1 or v < 0)\n"
      "select * from `m` where tbname = 'd\\'2' and (v > 1 or v < 0)\n"
      "select * from `m` where tbname = 'd3' and (v > 1 or v < 0)");
  requested.by = GST_TDENGINE_SPLIT_VGROUP;
  fail_unless_sql (requested, facts,
      "select * from `m` where tbname in ('d\\'2') and (v > 1 or v < 0)\n"
      "select * from `m` where tbname in ('d1', 'd3') and (v > 1 or v < 0)");
}

GST_END_TEST;

/* every split is in one part, whatever the numbers */
GST_START_TEST (test_parts_have_all_splits_once)
{
  GstTDengineRequestedSplits requested = ask (GST_TDENGINE_SPLIT_TIME);
  g_auto (GstTDengineSplitFacts) facts = { 0 };

  gst_tdengine_split_facts_init (&facts);
  requested.query = (gchar *) "q";
  requested.column = (gchar *) "ts";
  requested.start = (gchar *) "0";
  requested.end = (gchar *) "7000";
  requested.interval = (gchar *) "1s";
  for (requested.count = 1; requested.count <= 16; requested.count++) {
    g_autoptr (GHashTable) seen =
        g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

    for (guint part = 0; part < requested.count; part++) {
      requested.index = part;
      g_autoptr (GstTDengineSplits) splits =
          gst_tdengine_splits_new (&requested, &facts, NULL);

      for (guint64 i = 0; i < gst_tdengine_splits_get_n (splits); i++)
        fail_unless (g_hash_table_add (seen, gst_tdengine_splits_get_name
                (splits, i)));
    }
    fail_unless_equals_int (g_hash_table_size (seen), 7);
  }
}

GST_END_TEST;

static const struct
{
  const gchar *text;
  GstTDenginePrecision precision;
  gint64 ticks;                 /* -1: refused */
} times[] = {
  {"1970-01-01T00:00:01Z", GST_TDENGINE_PRECISION_MS, 1000},
  {"1970-01-01T00:00:01.5Z", GST_TDENGINE_PRECISION_US, 1500000},
  {"1970-01-01 01:00:00.000000001+01:00", GST_TDENGINE_PRECISION_NS, 1},
  {"1970-01-01T00:00:00.0001Z", GST_TDENGINE_PRECISION_MS, -1},
  /* the hour that clocks in Berlin show twice */
  {"2024-10-27T02:30:00+02:00", GST_TDENGINE_PRECISION_MS, 1729989000000},
  {"2024-10-27T02:30:00+01:00", GST_TDENGINE_PRECISION_MS, 1729992600000},
  {"1734595968000", GST_TDENGINE_PRECISION_MS, START},
  {"2024-12-19T08:12:48", GST_TDENGINE_PRECISION_MS, -1},
  {"yesterday", GST_TDENGINE_PRECISION_MS, -1},
  {"", GST_TDENGINE_PRECISION_MS, -1},
};

GST_START_TEST (test_times_are_exact)
{
  g_autoptr (GError) error = NULL;
  gint64 ticks = -1;
  gboolean done = gst_tdengine_time_parse (times[__i__].text,
      times[__i__].precision, NULL, &ticks, &error);

  fail_unless_equals_int (done, times[__i__].ticks != -1);
  if (done) {
    fail_unless_equals_int64 (ticks, times[__i__].ticks);
  } else {
    fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
            GST_TDENGINE_ERROR_INVALID_VALUE));
  }
}

GST_END_TEST;

static const struct
{
  const gchar *text;
  GstTDenginePrecision precision;
  gint64 ticks;                 /* -1: refused */
} intervals[] = {
  {"1h", GST_TDENGINE_PRECISION_MS, 3600000},
  {"500a", GST_TDENGINE_PRECISION_MS, 500},
  {"10u", GST_TDENGINE_PRECISION_US, 10},
  {"10u", GST_TDENGINE_PRECISION_MS, -1},
  {"3b", GST_TDENGINE_PRECISION_NS, 3},
  {"2w", GST_TDENGINE_PRECISION_MS, 1209600000},
  {"1n", GST_TDENGINE_PRECISION_MS, -1},
  {"0s", GST_TDENGINE_PRECISION_MS, -1},
  {"-1s", GST_TDENGINE_PRECISION_MS, -1},
  {"h", GST_TDENGINE_PRECISION_MS, -1},
  {"", GST_TDENGINE_PRECISION_MS, -1},
};

GST_START_TEST (test_intervals_are_in_the_notation_of_tdengine)
{
  gint64 ticks = -1;
  gboolean done = gst_tdengine_time_parse_interval (intervals[__i__].text,
      intervals[__i__].precision, &ticks, NULL);

  fail_unless_equals_int (done, intervals[__i__].ticks != -1);
  if (done)
    fail_unless_equals_int64 (ticks, intervals[__i__].ticks);
}

GST_END_TEST;

static Suite *
splits_suite (void)
{
  Suite *suite = suite_create ("splits");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_a_statement_is_assembled);
  tcase_add_test (tc, test_intervals_are_left_closed_and_the_last_is_short);
  tcase_add_test (tc, test_what_is_not_said_is_open);
  tcase_add_test (tc, test_tags_and_tables);
  tcase_add_test (tc, test_parts_have_all_splits_once);
  tcase_add_loop_test (tc, test_times_are_exact, 0, G_N_ELEMENTS (times));
  tcase_add_loop_test (tc, test_intervals_are_in_the_notation_of_tdengine, 0,
      G_N_ELEMENTS (intervals));
  return suite;
}

GST_CHECK_MAIN (splits);
