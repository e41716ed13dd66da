/* tdenginesink: rows that can't be written, and those among them that can
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/app.h>
#include <gst/check/gstcheck.h>
#include <glib/gstdio.h>
#include <string.h>

#include "feed.h"
#include "testserver.h"

#define BAD_TIME "1"            /* 1970: the database keeps ten years */

static void
set_up (void)
{
  feed_set_up ("sinkerrors");
}

/* what was rejected comes out of an appsink */

static void
feed_init_rejects (Feed * feed, const gchar * properties)
{
  g_autofree gchar *with_pad = g_strdup_printf ("on-error=reject %s "
      "sink.rejects ! appsink name=rejects sync=false wait-on-eos=false",
      properties);

  feed_init (feed, with_pad);
}

/* a line a row: what it holds, perhaps why it came, and the server's code */
static gchar *
take_rejects (Feed * feed, gboolean with_reason)
{
  g_autoptr (GstElement) rejects =
      gst_bin_get_by_name (GST_BIN (feed->pipeline), "rejects");
  GString *text = g_string_new (NULL);

  while (TRUE) {
    g_autoptr (GstSample) sample =
        gst_app_sink_pull_sample (GST_APP_SINK (rejects));

    if (!sample)
      return g_string_free (text, FALSE);
    g_autoptr (GstTDengineRows) rows =
        gst_tdengine_rows_new_from_sample (sample, NULL);
    GstCustomMeta *meta = gst_buffer_get_custom_meta (gst_sample_get_buffer
        (sample), "GstTDengineOriginMeta");
    fail_unless (meta != NULL);
    const GstStructure *origin = gst_custom_meta_get_structure (meta);
    gint code = 0, server_code = 0;

    fail_unless (gst_structure_get_int (origin, "code", &code));
    gst_structure_get_int (origin, "server-code", &server_code);
    fail_unless (code == (server_code == 0 ? GST_TDENGINE_ERROR_SCHEMA :
            GST_TDENGINE_ERROR_SERVER));
    for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++) {
      gint voltage = gst_tdengine_schema_find (gst_tdengine_rows_get_schema
          (rows), "voltage");
      g_autofree gchar *value = gst_tdengine_rows_get_text (rows, voltage, row);

      g_string_append_printf (text, "%s|%s|%d\n", value,
          with_reason ? gst_structure_get_string (origin, "reason") : "",
          server_code);
    }
  }
}

static const gchar *const modes[] = {
  "write-mode=auto", "write-mode=raw", "write-mode=bind", "write-mode=sql",
  "write-mode=auto parallelism=3"
};

GST_START_TEST (test_only_bad_rows_are_rejected)
{
  g_autofree gchar *properties =
      g_strdup_printf ("super-table=meters %s", modes[__i__]);
  Feed feed;

  feed_init_rejects (&feed, properties);
  feed_push (&feed, make_meters ("d1|1734635565642|1|201|x|Oslo|1\n" "d1|NULL|1|301|x|Oslo|1\n" /* no time */
          "NULL|1734635565642|1|302|x|Oslo|1\n" /* no name */
          "a.b|1734635565642|1|303|x|Oslo|1\n"  /* a bad name */
          "d2|1734635565642|1|202|x|Oslo|2\n" "d1|1734635565643|1|304|123456789|Oslo|1\n"       /* too long */
          "d1|" BAD_TIME "|1|305|x|Oslo|1\n"    /* out of range */
          "d1|1734635565644|1|203|x|Oslo|1"));
  feed_push (&feed, make_meters ("d1|1734635565645|1|204|x|Oslo|1"));
  feed_end (&feed);
  assert_content ("select tbname, voltage from %s.meters order by voltage",
      "d1|201\nd2|202\nd1|203\nd1|204\n");
  fail_unless_equals_uint64 (get_stat (&feed, "rows"), 4);
  fail_unless_equals_uint64 (get_stat (&feed, "rejected"), 5);

  g_autofree gchar *rejects = take_rejects (&feed, TRUE);
  g_autofree gchar *expected =
      g_strdup_printf ("301|Row 1 has no time: its column \"ts\" is NULL|0\n"
      "302|Row 2 has no tbname|0\n"
      "303|The tbname of row 3 is no name of a table: expected 1 to 192 bytes, "
      "none of them a point|0\n"
      "304|Row 5 of column \"note\" has 9 characters, but %s.meters has room "
      "for 8|0\n" "305|Timestamp data out of range (0x060B)|1547\n",
      feed_database);
  fail_unless_equals_string (rejects, expected);
  feed_clear (&feed);
}

GST_END_TEST;

GST_START_TEST (test_rows_of_a_table_that_is_not_there_are_rejected)
{
  static const Column tagless[] = {
    {"tbname", GST_TDENGINE_TYPE_VARCHAR, 192},
    {"ts", GST_TDENGINE_TYPE_TIMESTAMP, 0},
    {"voltage", GST_TDENGINE_TYPE_INT, 0},
  };
  g_autofree gchar *properties =
      g_strdup_printf ("super-table=meters %s", modes[__i__]);
  Feed feed;

  test_execute (feed_connection, "create table %s.d1 using %s.meters "
      "tags ('Oslo', 1)", feed_database, feed_database);
  feed_init_rejects (&feed, properties);
  feed_push (&feed, make_rows (tagless, 3, "d1|1734635565642|201\n"
          "d2|1734635565642|301\n" "d1|1734635565643|202\n"
          "d2|1734635565643|302\n" "d1|1734635565644|203"));
  feed_end (&feed);
  assert_content ("select tbname, voltage from %s.meters order by voltage",
      "d1|201\nd1|202\nd1|203\n");
  g_autofree gchar *rejects = take_rejects (&feed, FALSE);
  /* a server was seen to say "success" to it */
  fail_unless_equals_string (rejects, "301||9731\n302||9731\n");
  feed_clear (&feed);
}

GST_END_TEST;

static void
wait_for_row (void)
{
  gboolean is_there = FALSE;

  while (!is_there) {
    g_autofree gchar *count = test_query_text (feed_connection,
        "select count(*) from %s.plain", feed_database);

    is_there = g_str_equal (count, "1\n");
  }
}

/* columns that are changed while rows are written; what is no longer as a block
 * has it is found out by another way */
static const struct
{
  const gchar *mode;
  const gchar *change;
  const gchar *content;
  const gchar *rejects;
} changes[] = {
  {"sql", "drop column note", "201\n", "301||9730\n302||9730\n"},
  {"sql", "drop column current", "201\n", "301||9730\n302||9730\n"},
  {"raw", "drop column current", "201\n", "301||9730\n302||9730\n"},
  {"auto", "drop column current", "201\n", "301||9730\n302||9730\n"},
  {"raw", "modify column note nchar(20)", "201\n301\n302\n", ""},
  {"auto", "modify column note nchar(20)", "201\n301\n302\n", ""},
};

GST_START_TEST (test_columns_change_while_rows_are_written)
{
  g_autofree gchar *properties = g_strdup_printf ("table=plain batch-size=1 "
      "write-mode=%s", changes[__i__].mode);
  Feed feed;

  feed_init_rejects (&feed, properties);
  feed_push (&feed, make_plain ("1734635565642|1|201|x"));
  wait_for_row ();
  test_execute (feed_connection, "alter table %s.plain %s", feed_database,
      changes[__i__].change);
  feed_push (&feed, make_plain ("1734635565643|1|301|x\n"
          "1734635565644|1|302|x"));
  feed_end (&feed);
  assert_content ("select voltage from %s.plain order by ts",
      changes[__i__].content);
  g_autofree gchar *rejects = take_rejects (&feed, FALSE);
  fail_unless_equals_string (rejects, changes[__i__].rejects);
  feed_clear (&feed);
}

GST_END_TEST;

GST_START_TEST (test_rows_are_skipped)
{
  Feed feed;

  feed_init (&feed, "table=plain on-error=skip");
  feed_push (&feed, make_plain ("1734635565642|1|201|x\n" "NULL|1|301|x\n"
          BAD_TIME "|1|302|x\n" "1734635565643|1|202|x"));
  feed_end (&feed);
  assert_content ("select voltage from %s.plain order by ts", "201\n202\n");
  fail_unless_equals_uint64 (get_stat (&feed, "rejected"), 2);
  feed_clear (&feed);
}

GST_END_TEST;

/* what the server refuses ends it where nothing else is asked for */
GST_START_TEST (test_a_row_that_the_server_refuses_is_an_error)
{
  Feed feed;

  feed_init (&feed, "table=plain batch-size=1");
  feed_push (&feed, make_plain ("1734635565642|1|201|x"));
  feed_push (&feed, make_plain (BAD_TIME "|1|301|x\n" "1734635565643|1|202|x"));
  feed_push (&feed, make_plain ("1734635565644|1|203|x"));
  g_autoptr (GError) error = feed_fail (&feed);
  fail_unless (strstr (error->message, "plain: 2 rows were not confirmed: "
          "Timestamp data out of range (0x060B)"), "%s", error->message);
  feed_clear (&feed);
  assert_content ("select voltage from %s.plain order by ts", "201\n");
}

GST_END_TEST;

GST_START_TEST (test_rejected_rows_are_told_now_and_then)
{
  Feed feed;
  guint64 total = 0, sum = 0;
  guint n_messages = 0;

  feed_init (&feed, "table=plain on-error=skip");
  for (guint i = 0; i < 500; i++)
    feed_push (&feed, make_plain ("NULL|1|301|x"));
  gst_app_src_end_of_stream (GST_APP_SRC (feed.src));
  g_autoptr (GstBus) bus = gst_element_get_bus (feed.pipeline);
  while (TRUE) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
        60 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR |
        GST_MESSAGE_ELEMENT);
    guint64 count = 0;

    fail_unless (message && GST_MESSAGE_TYPE (message) != GST_MESSAGE_ERROR);
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
      break;
    if (!gst_message_has_name (message, "tdengine-rows-rejected"))
      continue;
    const GstStructure *details = gst_message_get_structure (message);
    gst_structure_get (details, "count", G_TYPE_UINT64, &count,
        "total", G_TYPE_UINT64, &total, NULL);
    fail_unless (strstr (gst_structure_get_string (details, "reason"),
            "no time"));
    sum += count;
    n_messages++;
  }
  /* the first at once, the last at the end, and one a second between */
  fail_unless (n_messages >= 2 && n_messages < 60);
  fail_unless_equals_uint64 (total, 500);
  fail_unless_equals_uint64 (sum, 500);
  feed_clear (&feed);
}

GST_END_TEST;

/* with and without a row that is rejected: what is linked there has to play */
static const struct
{
  const gchar *rows;
  const gchar *written;
} files[] = {
  {"1734635565642|1|201|x", ""},
  {"1734635565642|1|201|x\n" "NULL|2.5|301|y",
      "{\"ts\":null,\"current\":2.5,\"voltage\":301,\"note\":\"y\","
        "\"origin\":{\"reason\":\"Row 1 has no time: its column \\\"ts\\\" is "
        "NULL\",\"code\":65539}}\n"},
};

GST_START_TEST (test_a_file_of_rejects)
{
  g_autofree gchar *path = g_strdup_printf ("%s/rejects-%d.json",
      g_get_tmp_dir (), (gint) getpid ());
  g_autofree gchar *properties = g_strdup_printf ("table=plain "
      "on-error=reject sink.rejects ! tdenginejsonenc origin=true ! "
      "filesink location=%s", path);
  g_autofree gchar *written = NULL;
  Feed feed;

  feed_init (&feed, properties);
  feed_push (&feed, make_plain (files[__i__].rows));
  feed_end (&feed);
  feed_clear (&feed);
  fail_unless (g_file_get_contents (path, &written, NULL, NULL));
  g_remove (path);
  fail_unless_equals_string (written, files[__i__].written);
  assert_content ("select voltage from %s.plain", "201\n");
}

GST_END_TEST;

/* one of six kinds in a hundred, in blocks of a thousand */
#define N_BLOCKS 20
#define N_ROWS 1000

static const gchar *const bad_rows[] = {
  "d1|NULL|1|%u|x|Oslo|1", "NULL|%2$" G_GINT64_FORMAT "|1|%1$u|x|Oslo|1",
  "a.b|%2$" G_GINT64_FORMAT "|1|%1$u|x|Oslo|1",
  "|%2$" G_GINT64_FORMAT "|1|%1$u|x|Oslo|1",
  "d1|%2$" G_GINT64_FORMAT "|1|%1$u|123456789|Oslo|1",
  "d1|" BAD_TIME "|1|%u|x|Oslo|1",
};

static GstTDengineRows *
make_block (guint block)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (guint i = 0; i < N_ROWS; i++) {
    guint n = block * N_ROWS + i;

    if (i > 0)
      g_string_append_c (text, '\n');
    if (n % 100 == 50) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-extra-args"
      g_string_append_printf (text,
          bad_rows[n / 100 % G_N_ELEMENTS (bad_rows)], n, TIME + n);
#pragma GCC diagnostic pop
    } else {
      g_string_append_printf (text, "d%u|%" G_GINT64_FORMAT "|1|%u|x|Oslo|1",
          n % 7, TIME + n, n);
    }
  }
  return make_meters (text->str);
}

GST_START_TEST (test_every_bad_row_is_found_among_many)
{
  g_autofree gchar *properties = g_strdup_printf ("super-table=meters "
      "on-error=skip %s", modes[__i__]);
  /* the numbers of all rows, without 50, 150, 250 … */
  guint64 n = N_BLOCKS * N_ROWS, n_bad = n / 100;
  guint64 sum = n * (n - 1) / 2 - n_bad * 50 - 100 * n_bad * (n_bad - 1) / 2;
  g_autofree gchar *expected = g_strdup_printf ("%" G_GUINT64_FORMAT
      "|%" G_GUINT64_FORMAT "\n", n - n_bad, sum);
  Feed feed;

  feed_init (&feed, properties);
  for (guint i = 0; i < N_BLOCKS; i++)
    feed_push (&feed, make_block (i));
  feed_end (&feed);
  assert_content ("select count(*), sum(voltage) from %s.meters", expected);
  fail_unless_equals_uint64 (get_stat (&feed, "rows"), n - n_bad);
  fail_unless_equals_uint64 (get_stat (&feed, "rejected"), n_bad);
  feed_clear (&feed);
}

GST_END_TEST;

static Suite *
sinkerrors_suite (void)
{
  Suite *suite = suite_create ("sinkerrors");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, set_up, feed_tear_down);
  tcase_add_unchecked_fixture (tc, NULL, test_server_stop);
  tcase_add_loop_test (tc, test_only_bad_rows_are_rejected, 0,
      G_N_ELEMENTS (modes));
  tcase_add_loop_test (tc, test_rows_of_a_table_that_is_not_there_are_rejected,
      0, G_N_ELEMENTS (modes));
  tcase_add_loop_test (tc, test_columns_change_while_rows_are_written, 0,
      G_N_ELEMENTS (changes));
  tcase_add_test (tc, test_rows_are_skipped);
  tcase_add_test (tc, test_a_row_that_the_server_refuses_is_an_error);
  tcase_add_test (tc, test_rejected_rows_are_told_now_and_then);
  tcase_add_loop_test (tc, test_a_file_of_rejects, 0, G_N_ELEMENTS (files));
  tcase_add_loop_test (tc, test_every_bad_row_is_found_among_many, 0,
      G_N_ELEMENTS (modes));
  return suite;
}

GST_CHECK_MAIN (sinkerrors);
