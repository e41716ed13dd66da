/* reconnect: queries that outlive their connection
 *
 * The rows of a table count from 0, so that a gap shows, as does a row that comes
 * twice.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/app.h>
#include <gst/check/gstcheck.h>

#include "testserver.h"

/* five blocks */
#define N_ROWS 20000
#define N_TABLES 2

typedef struct
{
  GstElement *pipeline;
  guint64 n_rows;
  gboolean in_order;            /* of each table */
  gint64 next[N_TABLES];
  guint n_retrying;
  guint n_reconnected;
  gchar *error;                 /* NULL: EOS */
} Run;

static void
make_table (GstTDengineConnection * connection, guint index)
{
  const guint n_rows = N_ROWS;
  g_autoptr (GString) sql = g_string_new (NULL);

  g_string_printf (sql, "insert into r.m%u using r.m tags(%u) values", index,
      index);
  for (guint i = 0; i < n_rows; i++)
    g_string_append_printf (sql, "(%u,%u,%u)", 1700000000 + i, i, index);
  test_execute (connection, "%s", sql->str);
}

static void
setup (void)
{
  if (!test_server_has_faults ())
    return;
  g_autoptr (GstTDengineConnection) connection = test_connect ();
  test_execute (connection, "create database r keep 36500");
  test_execute (connection, "create table r.m (ts timestamp, v int, i int) "
      "tags (t int)");
  for (guint i = 0; i < N_TABLES; i++)
    make_table (connection, i);
}

static void
note_rows (Run * run, GstTDengineRows * rows)
{
  for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++) {
    gint64 v = gst_tdengine_rows_get_int64 (rows, 1, row);
    gint64 table = gst_tdengine_rows_get_int64 (rows, 2, row);

    run->in_order &= v == run->next[table];
    run->next[table] = v + 1;
    run->n_rows++;
  }
}

static GstFlowReturn
take_sample (GstAppSink * sink, gpointer data)
{
  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new_from_caps (gst_sample_get_caps (sample), NULL);
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_new (schema, gst_sample_get_buffer (sample), NULL);

  note_rows (data, rows);
  return GST_FLOW_OK;
}

static void
note_message (Run * run, GstMessage * message)
{
  if (gst_message_has_name (message, "tdengine-retrying"))
    run->n_retrying++;
  if (gst_message_has_name (message, "tdengine-reconnected"))
    run->n_reconnected++;
}

static void
wait_for_end (Run * run)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (run->pipeline);

  while (TRUE) {
    g_autoptr (GstMessage) message =
        gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
        GST_MESSAGE_EOS | GST_MESSAGE_ERROR | GST_MESSAGE_ELEMENT);
    g_autoptr (GError) error = NULL;

    fail_unless (message != NULL, "the pipeline hangs");
    note_message (run, message);
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
      return;
    if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
      gst_message_parse_error (message, &error, NULL);
      run->error = g_strdup (error->message);
      return;
    }
  }
}

static void
run_pipeline (Run * run, const gchar * uri, const gchar * properties)
{
  GstAppSinkCallbacks callbacks = {.new_sample = take_sample };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *line = g_strdup_printf ("tdenginesrc uri=%s database=r %s "
      "reconnect-interval=1 ! appsink name=sink sync=false", uri, properties);
  g_autoptr (GstElement) sink = NULL;

  *run = (Run) {
  .in_order = TRUE};
  run->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  sink = gst_bin_get_by_name (GST_BIN (run->pipeline), "sink");
  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks, run, NULL);
  gst_element_set_state (run->pipeline, GST_STATE_PLAYING);
  wait_for_end (run);
  gst_element_set_state (run->pipeline, GST_STATE_NULL);
  gst_object_unref (run->pipeline);
}

#define SUPER "auto-reconnect=true table=m split-by=table"
#define TABLE "auto-reconnect=true table=m0"
#define QUERY "auto-reconnect=true query=\"select * from r.m0\""
#define CUT(action, nth, more) \
  "[{\"action\": \"" action "\", \"nth\": " nth ", \"fault\": \"cut\"" more "}]"
#define OF_REQUEST ", \"on\": \"request\""

static const struct
{
  const gchar *properties;
  const gchar *faults;
  guint n_rows;                 /* 0: an error */
  const gchar *words;           /* of it */
} stories[] = {
  /* in the middle, at the end of a block, before any came */
  {TABLE, CUT ("fetch_raw_block", "3", ", \"bytes\": 1000"), N_ROWS, NULL},
  {TABLE, CUT ("fetch_raw_block", "3", ", \"bytes\": 100000000"), N_ROWS, NULL},
  {TABLE, CUT ("fetch_raw_block", "3", OF_REQUEST), N_ROWS, NULL},
  {TABLE, CUT ("fetch_raw_block", "1", ", \"bytes\": 0"), N_ROWS, NULL},
  {TABLE, CUT ("fetch_raw_block", "6", ", \"bytes\": 0"), N_ROWS, NULL},
  {SUPER, CUT ("fetch_raw_block", "8", ", \"bytes\": 0"), 2 * N_ROWS, NULL},
  {SUPER " parallelism=2", CUT ("fetch_raw_block", "4",
          ", \"bytes\": 0, \"count\": 2"), 2 * N_ROWS, NULL},
  {QUERY, CUT ("fetch_raw_block", "1", ", \"bytes\": 0"), N_ROWS, NULL},
  /* each connection after another */
  {TABLE, CUT ("fetch_raw_block", "2", ", \"bytes\": 0, \"count\": 3"), N_ROWS,
      NULL},
  {TABLE, "[{\"action\": \"fetch_raw_block\", \"nth\": 2, \"fault\": \"cut\"}, "
        "{\"action\": \"conn\", \"nth\": 2, \"fault\": \"cut\"}]", N_ROWS,
      NULL},

  /* nobody knows which rows came */
  {QUERY, CUT ("fetch_raw_block", "3", ", \"bytes\": 0"), 0,
      "there is no going on"},
  /* never without end */
  {TABLE, CUT ("fetch_raw_block", "2", ", \"count\": 0"), 0, "lost"},
  {TABLE " reconnect-retries=0", CUT ("fetch_raw_block", "2", ""), 0, "lost"},
  /* what a server refuses it refuses again */
  {TABLE,
      "[{\"action\": \"fetch_raw_block\", \"nth\": 2, \"fault\": \"error\", "
        "\"code\": 9731, \"message\": \"gone\"}]", 0, "gone"},
  /* off unless told otherwise */
  {"table=m0", CUT ("fetch_raw_block", "2", ""), 0, "lost"},
};

GST_START_TEST (test_a_query_goes_on_where_it_can)
{
  Run run;

  if (!test_server_has_faults ())
    return;
  test_server_set_faults (stories[__i__].faults);
  run_pipeline (&run, test_server_uri (), stories[__i__].properties);
  g_free (test_server_clear_faults ());
  fail_unless (run.in_order);
  if (stories[__i__].n_rows > 0) {
    fail_if (run.error, "%s", run.error);
    fail_unless_equals_uint64 (run.n_rows, stories[__i__].n_rows);
    fail_unless (run.n_reconnected > 0);
    fail_unless (run.n_retrying >= run.n_reconnected);
  } else {
    fail_unless (run.error && strstr (run.error, stories[__i__].words), "%s",
        run.error);
  }
  g_free (run.error);
}

GST_END_TEST;

static Suite *
reconnect_suite (void)
{
  Suite *s = suite_create ("reconnect");
  TCase *tc = tcase_create ("reconnect");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_unchecked_fixture (tc, setup, test_server_stop);
  tcase_add_loop_test (tc, test_a_query_goes_on_where_it_can, 0,
      G_N_ELEMENTS (stories));
  return s;
}

GST_CHECK_MAIN (reconnect);
