/* writer: requests whose wait is given up, refused or never answered
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

#include "scriptedtable.h"

typedef struct
{
  ScriptedTable table;
  ScriptedServer *server;
  GstTDengineConnection *connection;
  GstTDengineWriter *writer;
} Story;

static void
story_init (Story * story, const gchar * query)
{
  *story = (Story) {
  0};
  story->server = scripted_server_new (scripted_table_answer, &story->table);
  story->connection = scripted_server_connect (story->server, query);
  story->writer = scripted_table_make_writer (story->connection, 1);
}

static void
story_clear (Story * story)
{
  g_object_unref (story->writer);
  g_object_unref (story->connection);
  scripted_server_free (story->server);
}

static guint64
get_stat (GstTDengineWriter * writer, const gchar * name)
{
  g_autoptr (GstStructure) stats = gst_tdengine_writer_get_stats (writer);
  guint64 value = 0;

  fail_unless (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

static void
write_row (Story * story, GstTDengineRows * rows, GCancellable * cancellable)
{
  g_autoptr (GError) error = NULL;

  gst_tdengine_writer_write (story->writer, rows, cancellable, &error);
  g_assert_no_error (error);
  gst_tdengine_rows_unref (rows);
}

/* expects a raw block with that value, and stores it */
static void
take_value (ScriptedServer * server, gint value)
{
  g_autoptr (ScriptedRequest) request = scripted_server_take (server, "write");

  fail_unless_equals_int (scripted_table_get_value (request), value);
  scripted_server_send_done (server, request, 0, 0);
}

static void
assert_flush_error (Story * story, GCancellable * cancellable, GQuark domain,
    gint code)
{
  g_autoptr (GError) error = NULL;

  fail_if (gst_tdengine_writer_flush (story->writer, cancellable, &error));
  fail_unless (g_error_matches (error, domain, code), "%s",
      error ? error->message : "no error");
}

GST_START_TEST (test_a_cancelled_flush_goes_on_and_claims_nothing)
{
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;
  Story story;

  story_init (&story, "");
  g_cancellable_cancel (cancelled);
  write_row (&story, scripted_table_make_row (1), NULL);
  for (guint i = 0; i < 3; i++)
    assert_flush_error (&story, cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  fail_unless_equals_uint64 (get_stat (story.writer, "rows"), 0);

  take_value (story.server, 1);
  fail_unless (gst_tdengine_writer_flush (story.writer, NULL, &error));
  fail_unless_equals_uint64 (get_stat (story.writer, "rows"), 1);
  fail_unless_equals_uint64 (get_stat (story.writer, "raw-requests"), 1);
  story_clear (&story);
}

GST_END_TEST;

/* one row is under way, one held: a third finds no room as long as it may not
 * wait */
GST_START_TEST (test_rows_are_taken_or_not_when_a_wait_is_cancelled)
{
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GstTDengineRows) third = scripted_table_make_row (3);
  g_autoptr (GError) error = NULL;
  Story story;

  story_init (&story, "");
  g_cancellable_cancel (cancelled);
  write_row (&story, scripted_table_make_row (1), NULL);
  write_row (&story, scripted_table_make_row (2), cancelled);
  fail_unless_equals_int (gst_tdengine_writer_get_n_held (story.writer), 1);
  fail_if (gst_tdengine_writer_write (story.writer, third, cancelled, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_clear_error (&error);
  fail_unless_equals_int (gst_tdengine_writer_get_n_held (story.writer), 1);

  take_value (story.server, 1);
  fail_unless (gst_tdengine_writer_submit (story.writer, NULL, &error));
  take_value (story.server, 2);
  write_row (&story, gst_tdengine_rows_ref (third), NULL);
  take_value (story.server, 3);
  fail_unless (gst_tdengine_writer_flush (story.writer, NULL, &error));
  fail_unless_equals_uint64 (get_stat (story.writer, "rows"), 3);
  fail_unless_equals_uint64 (get_stat (story.writer, "raw-requests"), 3);
  story_clear (&story);
}

GST_END_TEST;

/* bound rows */

GST_START_TEST (test_no_exec_follows_a_refused_bind)
{
  g_autoptr (GError) error = NULL;
  Story story;

  story_init (&story, "");
  write_row (&story, scripted_table_make_tagged_row (1), NULL);
  g_autoptr (ScriptedRequest) bind =
      scripted_server_take (story.server, "bind");
  scripted_server_send_done (story.server, bind, 512, 0);
  fail_if (gst_tdengine_writer_flush (story.writer, NULL, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_SERVER));
  fail_unless_equals_int (gst_tdengine_error_get_server_code (error), 512);
  /* an exec would come before this */
  g_autoptr (ScriptedRequest) close =
      scripted_server_take (story.server, "stmt2_close");
  fail_unless_equals_uint64 (get_stat (story.writer, "rows"), 0);

  /* the next row is bound to a new statement */
  write_row (&story, scripted_table_make_tagged_row (2), NULL);
  g_autoptr (ScriptedRequest) again =
      scripted_server_take (story.server, "bind");
  story_clear (&story);
}

GST_END_TEST;

GST_START_TEST (test_exec_follows_a_bind_that_nobody_waits_for)
{
  g_autoptr (GError) error = NULL;
  Story story;

  story_init (&story, "");
  write_row (&story, scripted_table_make_tagged_row (1), NULL);
  g_autoptr (ScriptedRequest) bind =
      scripted_server_take (story.server, "bind");
  scripted_server_send_done (story.server, bind, 0, 0);
  g_autoptr (ScriptedRequest) exec =
      scripted_server_take (story.server, "stmt2_exec");
  fail_unless_equals_uint64 (get_stat (story.writer, "rows"), 0);
  scripted_server_send_done (story.server, exec, 0, 1);
  fail_unless (gst_tdengine_writer_flush (story.writer, NULL, &error));
  fail_unless_equals_uint64 (get_stat (story.writer, "rows"), 1);
  fail_unless_equals_uint64 (get_stat (story.writer, "bound-requests"), 1);
  story_clear (&story);
}

GST_END_TEST;

static void
cut_behind_bind (Story * story)
{
  scripted_request_free (scripted_server_take (story->server, "bind"));
  scripted_server_cut (story->server);
}

static void
cut_behind_exec (Story * story)
{
  g_autoptr (ScriptedRequest) bind =
      scripted_server_take (story->server, "bind");

  scripted_server_send_done (story->server, bind, 0, 0);
  scripted_request_free (scripted_server_take (story->server, "stmt2_exec"));
  scripted_server_cut (story->server);
}

static void
refuse_exec (Story * story)
{
  g_autoptr (ScriptedRequest) bind =
      scripted_server_take (story->server, "bind");

  scripted_server_send_done (story->server, bind, 0, 0);
  g_autoptr (ScriptedRequest) exec =
      scripted_server_take (story->server, "stmt2_exec");
  scripted_server_send_done (story->server, exec, 1, 0);
}

static void
lose_exec (Story * story)
{
  g_autoptr (ScriptedRequest) bind =
      scripted_server_take (story->server, "bind");

  scripted_server_send_done (story->server, bind, 0, 0);
}

static const struct
{
  void (*spoil) (Story * story);
  gint code;
} spoilt[] = {
  {cut_behind_bind, GST_TDENGINE_ERROR_CLOSED},
  {cut_behind_exec, GST_TDENGINE_ERROR_CLOSED},
  {refuse_exec, GST_TDENGINE_ERROR_SERVER},
  {lose_exec, GST_TDENGINE_ERROR_TIMEOUT},
};

GST_START_TEST (test_rows_without_an_answer_to_exec_are_not_confirmed)
{
  Story story;

  story_init (&story, "?message-timeout=1000");
  write_row (&story, scripted_table_make_tagged_row (1), NULL);
  spoilt[__i__].spoil (&story);
  assert_flush_error (&story, NULL, GST_TDENGINE_ERROR, spoilt[__i__].code);
  fail_unless_equals_uint64 (get_stat (story.writer, "rows"), 0);
  fail_unless_equals_uint64 (get_stat (story.writer, "bound-requests"), 0);
  story_clear (&story);
}

GST_END_TEST;

GST_START_TEST (test_a_cut_leaves_a_raw_block_unconfirmed)
{
  Story story;

  story_init (&story, "");
  write_row (&story, scripted_table_make_row (1), NULL);
  scripted_request_free (scripted_server_take (story.server, "write"));
  scripted_server_cut (story.server);
  assert_flush_error (&story, NULL, GST_TDENGINE_ERROR,
      GST_TDENGINE_ERROR_CLOSED);
  fail_unless_equals_uint64 (get_stat (story.writer, "rows"), 0);
  story_clear (&story);
}

GST_END_TEST;

/* preparing that is given up: the test answers stmt2_init itself */

static gboolean
answer_all_but_init (ScriptedServer * server, const ScriptedRequest * request,
    gpointer table)
{
  return !g_str_equal (request->action, "stmt2_init")
      && scripted_table_answer (server, request, table);
}

typedef struct
{
  GstTDengineWriter *writer;
  GCancellable *cancellable;
  GError *error;
} Flush;

static gpointer
run_flush (gpointer data)
{
  Flush *flush = data;

  gst_tdengine_writer_flush (flush->writer, flush->cancellable, &flush->error);
  return NULL;
}

GST_START_TEST (test_a_statement_whose_preparation_was_cancelled_is_closed)
{
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  ScriptedTable table = { 0 };
  g_autoptr (ScriptedServer) server =
      scripted_server_new (answer_all_but_init, &table);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "");
  g_autoptr (GstTDengineWriter) writer =
      scripted_table_make_writer (connection, 2);
  g_autoptr (GstTDengineRows) rows = scripted_table_make_tagged_row (1);
  g_autoptr (GError) error = NULL;
  Flush flush = { writer, cancellable, NULL };

  /* the row is taken, however long that takes */
  fail_unless (gst_tdengine_writer_write (writer, rows, NULL, &error));
  GThread *thread = g_thread_new ("flush", run_flush, &flush);
  g_autoptr (ScriptedRequest) init = scripted_server_take (server,
      "stmt2_init");
  g_cancellable_cancel (cancellable);
  g_thread_join (thread);
  fail_unless (g_error_matches (flush.error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_clear_error (&flush.error);
  scripted_server_send_done (server, init, 0, 0);
  g_autoptr (ScriptedRequest) close = scripted_server_take (server,
      "stmt2_close");
  fail_unless_equals_uint64 (close->id, 1);
  fail_unless_equals_int (gst_tdengine_writer_get_n_held (writer), 1);
}

GST_END_TEST;

/* the sink: a flush interrupts a wait, and nothing else */

static void
push_row (GstHarness * harness, gint value)
{
  g_autoptr (GstTDengineRows) rows = scripted_table_make_row (value);
  GstBuffer *buffer = gst_buffer_ref (gst_tdengine_rows_get_buffer (rows));

  gst_harness_set_src_caps (harness,
      gst_tdengine_schema_to_caps (gst_tdengine_rows_get_schema (rows)));
  fail_unless_equals_int (gst_harness_push (harness, buffer), GST_FLOW_OK);
}

static gpointer
push_eos (gpointer harness)
{
  return GINT_TO_POINTER (gst_harness_push_event (harness,
          gst_event_new_eos ()));
}

static GstPadProbeReturn
note_eos (GstPad * pad, GstPadProbeInfo * info, gpointer seen)
{
  if (GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_EOS)
    g_atomic_int_set ((gint *) seen, TRUE);
  return GST_PAD_PROBE_OK;
}

/* returns when the sink waits for the server's word, or is about to */
static GThread *
start_eos (GstHarness * harness)
{
  g_autoptr (GstPad) pad =
      gst_element_get_static_pad (harness->element, "sink");
  gint seen = FALSE;
  gulong id = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      note_eos, &seen, NULL);
  GThread *thread = g_thread_new ("eos", push_eos, harness);

  while (!g_atomic_int_get (&seen))
    g_thread_yield ();
  gst_pad_remove_probe (pad, id);
  return thread;
}

static guint64
get_sink_rows (GstHarness * harness)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 rows = 0;

  g_object_get (harness->element, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, "rows", &rows));
  return rows;
}

GST_START_TEST (test_rows_that_were_sent_survive_a_flush)
{
  ScriptedTable table = { 0 };
  g_autoptr (ScriptedServer) server =
      scripted_server_new (scripted_table_answer, &table);
  g_autofree gchar *uri = scripted_server_make_uri (server);
  GstElement *sink = gst_element_factory_make_full ("tdenginesink", "uri", uri,
      "database", "power", "super-table", "meters", "batch-size", 1,
      "batch-interval", 0, "async", FALSE, NULL);
  GstHarness *harness = gst_harness_new_with_element (sink, "sink", NULL);
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  push_row (harness, 1);
  GThread *eos = start_eos (harness);
  g_autoptr (ScriptedRequest) one = scripted_server_take (server, "write");
  fail_unless_equals_int (scripted_table_get_value (one), 1);

  fail_unless (gst_harness_push_event (harness, gst_event_new_flush_start ()));
  g_thread_join (eos);
  fail_unless_equals_uint64 (get_sink_rows (harness), 0);
  fail_unless (gst_harness_push_event (harness,
          gst_event_new_flush_stop (TRUE)));
  gst_harness_push_event (harness, gst_event_new_segment (&segment));
  scripted_server_send_done (server, one, 0, 0);
  push_row (harness, 2);
  eos = start_eos (harness);
  take_value (server, 2);
  fail_unless (g_thread_join (eos));
  fail_unless_equals_uint64 (get_sink_rows (harness), 2);
  gst_harness_teardown (harness);
  gst_object_unref (sink);
}

GST_END_TEST;

static Suite *
writer_suite (void)
{
  Suite *suite = suite_create ("writer");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_test (tc, test_a_cancelled_flush_goes_on_and_claims_nothing);
  tcase_add_test (tc, test_rows_are_taken_or_not_when_a_wait_is_cancelled);
  tcase_add_test (tc, test_no_exec_follows_a_refused_bind);
  tcase_add_test (tc, test_exec_follows_a_bind_that_nobody_waits_for);
  tcase_add_loop_test (tc,
      test_rows_without_an_answer_to_exec_are_not_confirmed, 0,
      G_N_ELEMENTS (spoilt));
  tcase_add_test (tc, test_a_cut_leaves_a_raw_block_unconfirmed);
  tcase_add_test (tc,
      test_a_statement_whose_preparation_was_cancelled_is_closed);
  tcase_add_test (tc, test_rows_that_were_sent_survive_a_flush);
  return suite;
}

GST_CHECK_MAIN (writer);
