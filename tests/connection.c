/* connection: requests of several threads, late and lost replies
 *
 * A scripted server answers when the test says so. That many requests at once
 * keep apart is tried on the test server.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "scriptedserver.h"
#include "testserver.h"

/* one column of numbers */
static GstTDengineSchema *
make_schema (void)
{
  GstTDengineSchema *schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);
  const GstTDengineColumn column = { (gchar *) "v", GST_TDENGINE_TYPE_INT };

  gst_tdengine_schema_append (schema, &column, NULL);
  return schema;
}

/* all of them the same */
static GstTDengineRows *
make_rows (gint value, guint n_rows)
{
  g_autoptr (GstTDengineSchema) schema = make_schema ();
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);

  for (guint i = 0; i < n_rows; i++)
    gst_tdengine_rows_builder_append_int64 (builder, 0, value, NULL);
  return gst_tdengine_rows_builder_end (builder, NULL);
}

static void
send_value (ScriptedServer * server, const ScriptedRequest * fetch, gint value)
{
  g_autoptr (GstTDengineRows) rows = make_rows (value, 1);

  scripted_server_send_rows (server, fetch, rows);
}

/* a statement that is run in a thread of its own */

typedef struct
{
  GstTDengineConnection *connection;
  GCancellable *cancellable;
  gboolean is_query;
  gint64 affected;
  GstTDengineQuery *query;
  GError *error;
  GThread *thread;
} Call;

static gpointer
run_call (gpointer data)
{
  Call *call = data;

  if (call->is_query)
    call->query = gst_tdengine_connection_query (call->connection, "x",
        call->cancellable, &call->error);
  else
    call->affected = gst_tdengine_connection_execute (call->connection, "x",
        call->cancellable, &call->error);
  return NULL;
}

static void
call_start (Call * call, GstTDengineConnection * connection)
{
  call->connection = connection;
  call->thread = g_thread_new ("call", run_call, call);
}

static void
call_join (Call * call)
{
  g_thread_join (g_steal_pointer (&call->thread));
}

static void
call_join_error (Call * call, GQuark domain, gint code)
{
  call_join (call);
  fail_unless (g_error_matches (call->error, domain, code), "%s",
      call->error ? call->error->message : "no error");
  g_clear_error (&call->error);
}

/* that a connection is of use: its requests arrive, as do their replies */
static void
assert_usable (ScriptedServer * server, GstTDengineConnection * connection)
{
  Call call = { 0 };

  call_start (&call, connection);
  g_autoptr (ScriptedRequest) request = scripted_server_take (server, "query");
  scripted_server_send_done (server, request, 0, 99);
  call_join (&call);
  g_assert_no_error (call.error);
  fail_unless_equals_int64 (call.affected, 99);
}

static GstTDengineQuery *
start_query (ScriptedServer * server, GstTDengineConnection * connection,
    guint64 id)
{
  g_autoptr (GstTDengineSchema) schema = make_schema ();
  Call call = {.is_query = TRUE };

  call_start (&call, connection);
  g_autoptr (ScriptedRequest) request = scripted_server_take (server, "query");
  scripted_server_send_columns (server, request, id, schema);
  call_join (&call);
  g_assert_no_error (call.error);
  return call.query;
}

GST_START_TEST (test_swapped_replies_reach_their_callers)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (NULL, NULL);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "");
  Call one = { 0 }, other = { 0 };

  call_start (&one, connection);
  g_autoptr (ScriptedRequest) a = scripted_server_take (server, "query");
  call_start (&other, connection);
  g_autoptr (ScriptedRequest) b = scripted_server_take (server, "query");
  scripted_server_send_done (server, b, 0, 2);
  call_join (&other);
  scripted_server_send_done (server, a, 0, 1);
  call_join (&one);
  fail_unless_equals_int64 (one.affected, 1);
  fail_unless_equals_int64 (other.affected, 2);
}

GST_END_TEST;

/* it may be one that nobody waits for any more */
GST_START_TEST (test_an_unknown_reply_is_ignored)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (NULL, NULL);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "");
  Call call = { 0 };

  call_start (&call, connection);
  g_autoptr (ScriptedRequest) request = scripted_server_take (server, "query");
  ScriptedRequest other = *request;
  other.req_id += 1000;
  scripted_server_send_done (server, &other, 0, 13);
  send_value (server, &other, 13);
  scripted_server_send_done (server, request, 0, 1);
  call_join (&call);
  g_assert_no_error (call.error);
  fail_unless_equals_int64 (call.affected, 1);
}

GST_END_TEST;

/* many threads, many requests */

#define N_THREADS 3
#define N_QUERIES 2000

typedef struct
{
  GstTDengineConnection *connection;
  guint first;
} Asker;

static gpointer
ask_for_numbers (gpointer data)
{
  const Asker *asker = data;

  for (guint i = 0; i < N_QUERIES; i++) {
    g_autofree gchar *expected = g_strdup_printf ("%u\n", asker->first + i);
    g_autofree gchar *answer = test_query_text (asker->connection, "select %u",
        asker->first + i);

    g_assert_cmpstr (answer, ==, expected);
  }
  return NULL;
}

GST_START_TEST (test_threads_that_share_a_connection_get_their_own_rows)
{
  g_autoptr (GstTDengineConnection) connection = test_connect ();
  GThread *threads[N_THREADS];
  Asker askers[N_THREADS];

  for (guint i = 0; i < N_THREADS; i++) {
    askers[i] = (Asker) {
    connection, 1000000 * (i + 1)};
    threads[i] = g_thread_new ("asker", ask_for_numbers, &askers[i]);
  }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
}

GST_END_TEST;

/* how results are asked for */

GST_START_TEST (test_a_result_is_fetched_once_at_a_time)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (NULL, NULL);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "");
  g_autoptr (GstTDengineQuery) query = start_query (server, connection, 7);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();

  g_cancellable_cancel (cancelled);
  for (guint i = 0; i < 3; i++) {
    g_autoptr (GError) error = NULL;

    fail_if (gst_tdengine_query_next (query, cancelled, &error));
    fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  }
  /* a second fetch would come before what assert_usable() asks */
  g_autoptr (ScriptedRequest) fetch = scripted_server_take (server, "fetch");
  fail_unless_equals_uint64 (fetch->id, 7);
  assert_usable (server, connection);

  send_value (server, fetch, 70);
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_query_next (query, NULL, NULL);
  fail_unless_equals_int64 (gst_tdengine_rows_get_int64 (rows, 0, 0), 70);
  /* whoever has read a block asks for the one behind it, and once */
  g_autoptr (ScriptedRequest) next = scripted_server_take (server, "fetch");
  assert_usable (server, connection);
}

GST_END_TEST;

/* a server with a result of a few large blocks */

#define N_BLOCKS 12
/* of four bytes: a MiB */
#define N_LARGE_ROWS (256 * 1024)
/* what may wait is 4 MiB: four of these, that are each a little more */
#define MAX_WAITING 4

typedef struct
{
  gint n_fetches;               /* atomic */
  guint n_under_way;            /* of the server's thread */
} Large;

static gboolean
answer_large (ScriptedServer * server, const ScriptedRequest * request,
    gpointer data)
{
  Large *large = data;

  if (g_str_equal (request->action, "fetch")) {
    gint n = g_atomic_int_add (&large->n_fetches, 1);
    g_autoptr (GstTDengineRows) rows =
        n < N_BLOCKS ? make_rows (n, N_LARGE_ROWS) : NULL;

    scripted_server_send_rows (server, request, rows);
    return TRUE;
  }
  return FALSE;
}

GST_START_TEST (test_a_full_queue_asks_for_no_more_until_it_drains)
{
  Large large = { 0 };
  g_autoptr (ScriptedServer) server =
      scripted_server_new (answer_large, &large);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "");
  g_autoptr (GstTDengineQuery) query = start_query (server, connection, 1);
  g_autoptr (GError) error = NULL;

  for (gint i = 0; i < N_BLOCKS; i++) {
    g_autoptr (GstTDengineRows) rows =
        gst_tdengine_query_next (query, NULL, &error);

    g_assert_no_error (error);
    fail_unless_equals_int64 (gst_tdengine_rows_get_int64 (rows, 0, 0), i);
    /* the block that a fetch under way brings is read before this reply; what
     * that leads to, before the next one */
    for (guint k = 0; k < MAX_WAITING + 1; k++)
      assert_usable (server, connection);
    fail_unless (g_atomic_int_get (&large.n_fetches) <= i + 1 + MAX_WAITING,
        "%d fetches when %d blocks were taken", large.n_fetches, i + 1);
    /* nor does it wait until it is asked */
    fail_unless (g_atomic_int_get (&large.n_fetches) >= i + 2);
  }
  fail_if (gst_tdengine_query_next (query, NULL, &error));
  g_assert_no_error (error);
}

GST_END_TEST;

/* calls that are given up */

GST_START_TEST (test_a_late_reply_is_dropped)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (NULL, NULL);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  Call call = {.cancellable = cancellable };

  call_start (&call, connection);
  g_autoptr (ScriptedRequest) request = scripted_server_take (server, "query");
  g_cancellable_cancel (cancellable);
  call_join_error (&call, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  scripted_server_send_done (server, request, 0, 1);
  assert_usable (server, connection);
}

GST_END_TEST;

/* else it would stay on the server for as long as the connection */
GST_START_TEST (test_the_result_of_a_cancelled_query_is_freed)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (NULL, NULL);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "");
  g_autoptr (GCancellable) cancellable = g_cancellable_new ();
  g_autoptr (GstTDengineSchema) schema = make_schema ();
  Call call = {.cancellable = cancellable,.is_query = TRUE };

  call_start (&call, connection);
  g_autoptr (ScriptedRequest) request = scripted_server_take (server, "query");
  g_cancellable_cancel (cancellable);
  call_join_error (&call, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  scripted_server_send_columns (server, request, 42, schema);
  g_autoptr (ScriptedRequest) freed =
      scripted_server_take (server, "free_result");
  fail_unless_equals_uint64 (freed->id, 42);
  assert_usable (server, connection);
}

GST_END_TEST;

GST_START_TEST (test_a_query_that_is_dropped_while_it_is_fetched_is_freed)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (NULL, NULL);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "");
  GstTDengineQuery *query = start_query (server, connection, 42);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();

  g_cancellable_cancel (cancelled);
  fail_if (gst_tdengine_query_next (query, cancelled, NULL));
  g_autoptr (ScriptedRequest) fetch = scripted_server_take (server, "fetch");
  g_object_unref (query);
  g_autoptr (ScriptedRequest) freed =
      scripted_server_take (server, "free_result");
  fail_unless_equals_uint64 (freed->id, 42);
  /* nor does its block ask for another */
  send_value (server, fetch, 1);
  assert_usable (server, connection);
  assert_usable (server, connection);
}

GST_END_TEST;

GST_START_TEST (test_what_is_cancelled_before_it_began_is_not_sent)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (NULL, NULL);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "");
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancelled);
  fail_unless_equals_int64 (gst_tdengine_connection_execute (connection,
          "insert", cancelled, &error), -1);
  fail_unless (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED));
  assert_usable (server, connection);
}

GST_END_TEST;

GST_START_TEST (test_a_request_without_an_answer_times_out_alone)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (NULL, NULL);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "?message-timeout=1000");
  g_autoptr (GstTDengineSchema) schema = make_schema ();
  Call call = {.is_query = TRUE };

  call_start (&call, connection);
  g_autoptr (ScriptedRequest) request = scripted_server_take (server, "query");
  call_join_error (&call, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_TIMEOUT);
  assert_usable (server, connection);
  /* late, but not lost */
  scripted_server_send_columns (server, request, 42, schema);
  g_autoptr (ScriptedRequest) freed =
      scripted_server_take (server, "free_result");
  fail_unless_equals_uint64 (freed->id, 42);
}

GST_END_TEST;

static gboolean
ignore (ScriptedServer * server, const ScriptedRequest * request, gpointer data)
{
  return TRUE;
}

/* the login is part of connecting: the message time-out is a minute */
GST_START_TEST (test_a_login_without_an_answer_times_out)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (ignore, NULL);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_make_client (server, "?connect-timeout=1000");
  gint64 start = g_get_monotonic_time ();
  g_autoptr (GError) error = NULL;

  fail_if (gst_tdengine_connection_open (connection, NULL, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_TIMEOUT));
  fail_unless (g_get_monotonic_time () - start < 30 * G_USEC_PER_SEC);
}

GST_END_TEST;

/* There is no going on behind a block that did not come. */
GST_START_TEST (test_a_block_that_times_out_ends_the_query)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (NULL, NULL);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "?message-timeout=1000");
  g_autoptr (GstTDengineQuery) query = start_query (server, connection, 1);
  g_autoptr (GError) error = NULL, again = NULL;

  fail_if (gst_tdengine_query_next (query, NULL, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_TIMEOUT));
  g_autoptr (ScriptedRequest) fetch = scripted_server_take (server, "fetch");
  send_value (server, fetch, 1);
  fail_if (gst_tdengine_query_next (query, NULL, &again));
  fail_unless (g_error_matches (again, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_TIMEOUT));
  assert_usable (server, connection);
}

GST_END_TEST;

/* a server that reads no more until it is told to */

typedef struct
{
  GMutex lock;                  /* held by the test for as long */
  gint stands;                  /* atomic */
} Standstill;

static gboolean
stand_still (ScriptedServer * server, const ScriptedRequest * request,
    gpointer data)
{
  Standstill *standstill = data;

  if (!g_str_equal (request->action, "query"))
    return FALSE;
  g_atomic_int_set (&standstill->stands, TRUE);
  g_mutex_lock (&standstill->lock);
  g_mutex_unlock (&standstill->lock);
  return TRUE;
}

/* more than the kernel keeps for it */
#define LARGE_SIZE (16 * 1024 * 1024)

GST_START_TEST (test_a_server_that_takes_nothing_times_out)
{
  g_autofree gchar *sql = g_strnfill (LARGE_SIZE, 'x');
  Standstill standstill = { 0 };
  g_autoptr (ScriptedServer) server =
      scripted_server_new (stand_still, &standstill);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "?message-timeout=1000");
  g_autoptr (GError) error = NULL;
  Call call = { 0 }, late = { 0 };

  g_mutex_lock (&standstill.lock);
  call_start (&call, connection);
  while (!g_atomic_int_get (&standstill.stands))
    g_thread_yield ();
  fail_unless_equals_int64 (gst_tdengine_connection_execute (connection, sql,
          NULL, &error), -1);
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_TIMEOUT), "%s", error->message);
  call_join (&call);
  g_clear_error (&call.error);
  /* half a statement is on its way: there is no going on behind it */
  call_start (&late, connection);
  call_join_error (&late, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_CLOSED);
  g_mutex_unlock (&standstill.lock);
}

GST_END_TEST;

/* connections that end */

#define N_CALLS 8

static void
end_by_cut (ScriptedServer * server, GstTDengineConnection * connection)
{
  scripted_server_cut (server);
}

static void
end_by_close (ScriptedServer * server, GstTDengineConnection * connection)
{
  gst_tdengine_connection_close (connection);
}

static void
end_by_nonsense (ScriptedServer * server, GstTDengineConnection * connection)
{
  Call call = { 0 };

  call_start (&call, connection);
  g_autoptr (ScriptedRequest) request = scripted_server_take (server, "query");
  scripted_server_send_text (server, request, "nonsense");
  call_join_error (&call, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_PROTOCOL);
}

static const struct
{
  void (*end) (ScriptedServer * server, GstTDengineConnection * connection);
  gint code;
} ends[] = {
  {end_by_cut, GST_TDENGINE_ERROR_CLOSED},
  {end_by_close, GST_TDENGINE_ERROR_CLOSED},
  {end_by_nonsense, GST_TDENGINE_ERROR_PROTOCOL},
};

/* at once, as the time-out would be another error */
GST_START_TEST (test_all_calls_fail_when_the_connection_ends)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (NULL, NULL);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "");
  g_autoptr (GstTDengineQuery) query = start_query (server, connection, 1);
  g_autoptr (GError) error = NULL;
  Call calls[N_CALLS] = { 0 }, late = { 0 };

  for (guint i = 0; i < N_CALLS; i++) {
    calls[i].is_query = i % 2;
    call_start (&calls[i], connection);
    scripted_request_free (scripted_server_take (server, "query"));
  }
  ends[__i__].end (server, connection);
  for (guint i = 0; i < N_CALLS; i++)
    call_join_error (&calls[i], GST_TDENGINE_ERROR, ends[__i__].code);

  call_start (&late, connection);
  call_join_error (&late, GST_TDENGINE_ERROR, ends[__i__].code);
  fail_if (gst_tdengine_query_next (query, NULL, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR, ends[__i__].code));
}

GST_END_TEST;

GST_START_TEST (test_blocks_that_came_before_the_cut_are_given)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (NULL, NULL);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "");
  g_autoptr (GstTDengineQuery) query = start_query (server, connection, 1);
  g_autoptr (GCancellable) cancelled = g_cancellable_new ();
  g_autoptr (GError) error = NULL;

  g_cancellable_cancel (cancelled);
  fail_if (gst_tdengine_query_next (query, cancelled, NULL));
  for (gint i = 0; i < 2; i++) {
    g_autoptr (ScriptedRequest) fetch = scripted_server_take (server, "fetch");

    send_value (server, fetch, i);
  }
  /* nobody has read, but the second block is there when this comes */
  g_autoptr (ScriptedRequest) third = scripted_server_take (server, "fetch");
  scripted_server_cut (server);
  for (gint i = 0; i < 2; i++) {
    g_autoptr (GstTDengineRows) rows =
        gst_tdengine_query_next (query, NULL, &error);

    g_assert_no_error (error);
    fail_unless_equals_int64 (gst_tdengine_rows_get_int64 (rows, 0, 0), i);
  }
  fail_if (gst_tdengine_query_next (query, NULL, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_CLOSED));
}

GST_END_TEST;

static Suite *
connection_suite (void)
{
  Suite *suite = suite_create ("connection");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_unchecked_fixture (tc, NULL, test_server_stop);
  tcase_add_test (tc, test_swapped_replies_reach_their_callers);
  tcase_add_test (tc, test_an_unknown_reply_is_ignored);
  tcase_add_test (tc, test_threads_that_share_a_connection_get_their_own_rows);
  tcase_add_test (tc, test_a_result_is_fetched_once_at_a_time);
  tcase_add_test (tc, test_a_full_queue_asks_for_no_more_until_it_drains);
  tcase_add_test (tc, test_a_late_reply_is_dropped);
  tcase_add_test (tc, test_the_result_of_a_cancelled_query_is_freed);
  tcase_add_test (tc,
      test_a_query_that_is_dropped_while_it_is_fetched_is_freed);
  tcase_add_test (tc, test_what_is_cancelled_before_it_began_is_not_sent);
  tcase_add_test (tc, test_a_request_without_an_answer_times_out_alone);
  tcase_add_test (tc, test_a_login_without_an_answer_times_out);
  tcase_add_test (tc, test_a_block_that_times_out_ends_the_query);
  tcase_add_test (tc, test_a_server_that_takes_nothing_times_out);
  tcase_add_loop_test (tc, test_all_calls_fail_when_the_connection_ends, 0,
      G_N_ELEMENTS (ends));
  tcase_add_test (tc, test_blocks_that_came_before_the_cut_are_given);
  return suite;
}

GST_CHECK_MAIN (connection);
