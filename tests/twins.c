/* twins: the calls that do not block, in a main context of the test's
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "scriptedtable.h"

#define VALUE 7
#define STATEMENT "STATEMENT"
#define QUERY_ID 100

typedef struct
{
  ScriptedTable table;
  ScriptedServer *server;
  GstTDengineConnection *connection;
  GstTDengineQuery *query;
  GstTDengineWriter *writer;
  GstTDengineRows *rows;

  GMainContext *context;
  GCancellable *cancellable;
  ScriptedRequest *request;     /* that waits for its answer */
  GAsyncResult *result;
} Story;

/* what each twin begins, what the server answers, and what has to come of it */

static void
keep_result (GObject * source, GAsyncResult * result, gpointer data)
{
  Story *story = data;

  fail_unless (g_main_context_is_owner (story->context));
  story->result = g_object_ref (result);
}

static void
begin_execute (Story * story)
{
  gst_tdengine_connection_execute_async (story->connection, STATEMENT,
      story->cancellable, keep_result, story);
}

static void
answer_execute (Story * story)
{
  scripted_server_send_done (story->server, story->request, 0, VALUE);
}

static gboolean
end_execute (Story * story, GError ** error)
{
  gint64 affected = gst_tdengine_connection_execute_finish (story->connection,
      story->result, error);

  fail_unless_equals_int64 (affected, *error ? -1 : VALUE);
  return affected >= 0;
}

static void
begin_query (Story * story)
{
  gst_tdengine_connection_query_async (story->connection, STATEMENT,
      story->cancellable, keep_result, story);
}

static void
answer_query (Story * story)
{
  scripted_server_send_columns (story->server, story->request, QUERY_ID,
      gst_tdengine_rows_get_schema (story->rows));
}

static gboolean
end_query (Story * story, GError ** error)
{
  g_autoptr (GstTDengineQuery) query =
      gst_tdengine_connection_query_finish (story->connection, story->result,
      error);

  return query && gst_tdengine_schema_equal (gst_tdengine_query_get_schema
      (query), gst_tdengine_rows_get_schema (story->rows));
}

static void
begin_next (Story * story)
{
  gst_tdengine_query_next_async (story->query, story->cancellable, keep_result,
      story);
}

static void
answer_next (Story * story)
{
  scripted_server_send_rows (story->server, story->request, story->rows);
}

static gboolean
end_next (Story * story, GError ** error)
{
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_query_next_finish (story->query, story->result, error);

  return rows && gst_tdengine_rows_get_int64 (rows, 2, 0) == VALUE;
}

static void
begin_write (Story * story)
{
  gst_tdengine_writer_write_async (story->writer, story->rows,
      story->cancellable, keep_result, story);
}

/* of the row that is under way, and of the one that is held */
static void
answer_write (Story * story)
{
  scripted_server_send_done (story->server, story->request, 0, 0);
  scripted_request_free (story->request);
  story->request = scripted_server_take (story->server, "write");
  scripted_server_send_done (story->server, story->request, 0, 0);
}

static gboolean
end_write (Story * story, GError ** error)
{
  return gst_tdengine_writer_write_finish (story->writer, story->result, error);
}

static void
begin_flush (Story * story)
{
  gst_tdengine_writer_flush_async (story->writer, story->cancellable,
      keep_result, story);
}

static gboolean
end_flush (Story * story, GError ** error)
{
  gboolean done = gst_tdengine_writer_flush_finish (story->writer,
      story->result, error);

  fail_unless_equals_int (gst_tdengine_writer_get_n_held (story->writer),
      done ? 0 : 1);
  return done;
}

static void
wait_for_result (Story * story)
{
  while (!story->result)
    g_main_context_iteration (story->context, TRUE);
}

static void
take_request (Story * story, const gchar * action)
{
  if (!story->request)
    story->request = scripted_server_take (story->server, action);
}

/* a query to read from */
static void
prepare_query (Story * story)
{
  begin_query (story);
  take_request (story, "query");
  answer_query (story);
  wait_for_result (story);
  story->query = gst_tdengine_connection_query_finish (story->connection,
      story->result, NULL);
  fail_unless (story->query != NULL);
  g_clear_object (&story->result);
  g_clear_pointer (&story->request, scripted_request_free);
}

/* a writer that has a row under way and holds another */
static void
prepare_writer (Story * story)
{
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();

  story->writer = scripted_table_make_writer (story->connection, 1);
  fail_unless (gst_tdengine_writer_write (story->writer, story->rows, NULL,
          NULL));
  take_request (story, "write");
  g_cancellable_cancel (cancelled);
  fail_unless (gst_tdengine_writer_write (story->writer, story->rows, cancelled,
          NULL));
}

static const struct
{
  void (*prepare) (Story * story);
  const gchar *action;          /* of its request */
  gboolean goes_on;             /* what was cancelled is taken up again */
  void (*begin) (Story * story);
  void (*answer) (Story * story);
    gboolean (*end) (Story * story, GError ** error);
} twins[] = {
  {NULL, "query", FALSE, begin_execute, answer_execute, end_execute},
  {NULL, "query", FALSE, begin_query, answer_query, end_query},
  {prepare_query, "fetch", TRUE, begin_next, answer_next, end_next},
  {prepare_writer, "write", TRUE, begin_write, answer_write, end_write},
  {prepare_writer, "write", TRUE, begin_flush, answer_write, end_flush},
};

/* what the test asks for itself is left for it */
static gboolean
answer (ScriptedServer * server, const ScriptedRequest * request,
    gpointer table)
{
  if (scripted_request_has (request, STATEMENT) || request->id == QUERY_ID)
    return FALSE;
  return scripted_table_answer (server, request, table);
}

static void
story_init (Story * story, ScriptedAnswer answer, gpointer data)
{
  *story = (Story) {
  0};
  story->server = scripted_server_new (answer, data);
  story->connection = scripted_server_make_client (story->server, "");
  story->rows = scripted_table_make_row (VALUE);
  story->cancellable = g_cancellable_new ();
  story->context = g_main_context_new ();
  g_main_context_push_thread_default (story->context);
}

static void
story_clear (Story * story)
{
  g_main_context_pop_thread_default (story->context);
  g_main_context_unref (story->context);
  g_clear_object (&story->result);
  g_clear_pointer (&story->request, scripted_request_free);
  g_clear_object (&story->query);
  g_clear_object (&story->writer);
  g_object_unref (story->cancellable);
  gst_tdengine_rows_unref (story->rows);
  g_object_unref (story->connection);
  scripted_server_free (story->server);
}

static void
story_end (Story * story, guint twin)
{
  g_autoptr (GError) error = NULL;
  gboolean done = twins[twin].end (story, &error);

  g_assert_no_error (error);
  fail_unless (done);
}

static void
story_end_cancelled (Story * story, guint twin)
{
  g_autoptr (GError) error = NULL;

  wait_for_result (story);
  fail_if (twins[twin].end (story, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_clear_object (&story->result);
  g_cancellable_reset (story->cancellable);
}

/* the whole of a call */
static void
story_go_on (Story * story, guint twin)
{
  twins[twin].begin (story);
  take_request (story, twins[twin].action);
  twins[twin].answer (story);
  wait_for_result (story);
  story_end (story, twin);
}

static void
story_prepare (Story * story, guint twin)
{
  story_init (story, answer, &story->table);
  fail_unless (gst_tdengine_connection_open (story->connection, NULL, NULL));
  if (twins[twin].prepare)
    twins[twin].prepare (story);
}

GST_START_TEST (test_a_call_ends_in_its_main_context)
{
  Story story;

  story_prepare (&story, __i__);
  story_go_on (&story, __i__);
  story_clear (&story);
}

GST_END_TEST;

GST_START_TEST (test_a_call_that_is_cancelled_before_may_be_repeated)
{
  Story story;

  story_prepare (&story, __i__);
  g_cancellable_cancel (story.cancellable);
  twins[__i__].begin (&story);
  story_end_cancelled (&story, __i__);
  story_go_on (&story, __i__);
  story_clear (&story);
}

GST_END_TEST;

GST_START_TEST (test_a_call_that_is_cancelled_meanwhile_may_be_repeated)
{
  Story story;

  story_prepare (&story, __i__);
  twins[__i__].begin (&story);
  take_request (&story, twins[__i__].action);
  g_cancellable_cancel (story.cancellable);
  story_end_cancelled (&story, __i__);
  if (!twins[__i__].goes_on)
    g_clear_pointer (&story.request, scripted_request_free);
  story_go_on (&story, __i__);
  story_clear (&story);
}

GST_END_TEST;

/* else a block that was taken would be lost, and rows be written twice */
GST_START_TEST (test_a_call_that_is_cancelled_behind_its_end_has_ended)
{
  Story story;

  story_prepare (&story, __i__);
  twins[__i__].begin (&story);
  take_request (&story, twins[__i__].action);
  twins[__i__].answer (&story);
  wait_for_result (&story);
  g_cancellable_cancel (story.cancellable);
  story_end (&story, __i__);
  story_clear (&story);
}

GST_END_TEST;

/* opening */

static void
begin_open (Story * story)
{
  gst_tdengine_connection_open_async (story->connection, story->cancellable,
      keep_result, story);
}

static gboolean
end_open (Story * story, GError ** error)
{
  gboolean done = gst_tdengine_connection_open_finish (story->connection,
      story->result, error);

  g_clear_object (&story->result);
  return done;
}

GST_START_TEST (test_opening_ends_in_its_main_context)
{
  g_autoptr (GError) error = NULL;
  Story story;

  story_init (&story, NULL, NULL);
  begin_open (&story);
  wait_for_result (&story);
  /* what is cancelled behind the end has ended */
  g_cancellable_cancel (story.cancellable);
  fail_unless (end_open (&story, &error));
  fail_unless_equals_string (gst_tdengine_connection_get_server_version
      (story.connection), "3.3.7.5");
  story_clear (&story);
}

GST_END_TEST;

GST_START_TEST (test_opening_that_is_cancelled_before_may_be_repeated)
{
  g_autoptr (GError) error = NULL;
  Story story;

  story_init (&story, NULL, NULL);
  g_cancellable_cancel (story.cancellable);
  begin_open (&story);
  wait_for_result (&story);
  fail_if (end_open (&story, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  g_clear_error (&error);

  g_cancellable_reset (story.cancellable);
  begin_open (&story);
  wait_for_result (&story);
  fail_unless (end_open (&story, &error));
  story_clear (&story);
}

GST_END_TEST;

/* a login that is never answered */
static gboolean
note_login (ScriptedServer * server, const ScriptedRequest * request,
    gpointer seen)
{
  g_atomic_int_set ((gint *) seen, TRUE);
  return TRUE;
}

GST_START_TEST (test_opening_may_be_cancelled_at_the_login)
{
  g_autoptr (GError) error = NULL;
  gint seen = FALSE;
  Story story;

  story_init (&story, note_login, &seen);
  begin_open (&story);
  while (!g_atomic_int_get (&seen))
    g_thread_yield ();
  g_cancellable_cancel (story.cancellable);
  wait_for_result (&story);
  fail_if (end_open (&story, &error));
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  story_clear (&story);
}

GST_END_TEST;

static Suite *
twins_suite (void)
{
  Suite *suite = suite_create ("twins");
  TCase *tc = tcase_create ("general");
  const gint n = G_N_ELEMENTS (twins);

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_loop_test (tc, test_a_call_ends_in_its_main_context, 0, n);
  tcase_add_loop_test (tc, test_a_call_that_is_cancelled_before_may_be_repeated,
      0, n);
  tcase_add_loop_test (tc,
      test_a_call_that_is_cancelled_meanwhile_may_be_repeated, 0, n);
  tcase_add_loop_test (tc,
      test_a_call_that_is_cancelled_behind_its_end_has_ended, 0, n);
  tcase_add_test (tc, test_opening_ends_in_its_main_context);
  tcase_add_test (tc, test_opening_that_is_cancelled_before_may_be_repeated);
  tcase_add_test (tc, test_opening_may_be_cancelled_at_the_login);
  return suite;
}

GST_CHECK_MAIN (twins);
