/* faults: a server that answers wrongly, late, or not at all
 *
 * A scripted server says what each story wants it to. What the real one says is
 * for the other tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "scriptedserver.h"

#define FETCH_REPLY_HEAD 55

typedef enum
{
  GOOD_BLOCK,
  TRUNCATED_BLOCK,
  LYING_LENGTH,
  LYING_ROWS,
  WRONG_TYPE,
  NO_BLOCK_HEAD,
  WRONG_ACTION,
  SERVER_ERROR,
  NOT_JSON,
  DEEP_JSON,
  CLOSE,
  SILENCE,
} Answer;

typedef struct
{
  Answer to_query;              /* GOOD_BLOCK: columns */
  Answer to_fetch;              /* of the second block on */
  guint n_good;                 /* blocks before that */
  guint n_fetches;              /* of the server's thread */
} Script;

/* one INT column, two rows: 7 and NULL */
static const guint8 block[] = {
  1, 0, 0, 0, 47, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x80,
  0, 0, 0, 0, 0, 0, 0, 0,
  4, 4, 0, 0, 0, 8, 0, 0, 0,
  0x40, 7, 0, 0, 0, 0, 0, 0, 0, 0
};

static void
send_columns (ScriptedServer * server, const ScriptedRequest * request)
{
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);
  const GstTDengineColumn column = { (gchar *) "v", GST_TDENGINE_TYPE_INT };

  gst_tdengine_schema_append (schema, &column, NULL);
  scripted_server_send_columns (server, request, 1, schema);
}

static void
send_block (ScriptedServer * server, const ScriptedRequest * request,
    Answer answer)
{
  guint8 reply[FETCH_REPLY_HEAD + sizeof block] = { 0 };
  guint8 *body = reply + FETCH_REPLY_HEAD;
  gsize size = sizeof reply;

  memset (reply, 0xff, 8);
  reply[8] = answer == WRONG_ACTION ? 8 : 7;
  reply[16] = 1;
  GST_WRITE_UINT64_LE (reply + 26, request->req_id);
  reply[42] = 1;
  GST_WRITE_UINT32_LE (reply + 51, sizeof block);
  memcpy (body, block, sizeof block);
  switch (answer) {
    case TRUNCATED_BLOCK:
      size -= 4;
      GST_WRITE_UINT32_LE (reply + 51, sizeof block - 4);
      break;
    case LYING_LENGTH:
      GST_WRITE_UINT32_LE (reply + 51, sizeof block + 1);
      break;
    case LYING_ROWS:
      GST_WRITE_UINT32_LE (body + 8, 0x7fffffff);
      break;
    case WRONG_TYPE:
      body[28] = GST_TDENGINE_TYPE_FLOAT;
      break;
    case NO_BLOCK_HEAD:
      size = 20;
      break;
    case SERVER_ERROR:
      /* code 65535, no words, result, finished */
      GST_WRITE_UINT32_LE (reply + 34, 65535);
      reply[50] = 1;
      size = 51;
      break;
    default:
      break;
  }
  scripted_server_send_binary (server, request, reply, size);
}

static void
send_answer (ScriptedServer * server, const ScriptedRequest * request,
    Answer answer)
{
  g_autofree gchar *deep = NULL;

  switch (answer) {
    case NOT_JSON:
      scripted_server_send_text (server, request, "<html>");
      break;
    case DEEP_JSON:
      deep = g_strnfill (1000000, '[');
      scripted_server_send_text (server, request, "%s", deep);
      break;
    case CLOSE:
      soup_websocket_connection_close (request->peer,
          SOUP_WEBSOCKET_CLOSE_GOING_AWAY, NULL);
      break;
    case SILENCE:
      break;
    default:
      send_block (server, request, answer);
      break;
  }
}

static gboolean
follow_script (ScriptedServer * server, const ScriptedRequest * request,
    gpointer data)
{
  Script *script = data;

  if (g_str_equal (request->action, "fetch"))
    send_answer (server, request, ++script->n_fetches <= script->n_good ?
        GOOD_BLOCK : script->to_fetch);
  else if (!g_str_equal (request->action, "query"))
    return FALSE;
  else if (script->to_query == GOOD_BLOCK)
    send_columns (server, request);
  else
    send_answer (server, request, script->to_query);
  return TRUE;
}

static GstElement *
make_pipeline (ScriptedServer * server, const gchar * path)
{
  g_autofree gchar *uri = scripted_server_make_uri (server);
  g_autofree gchar *line = g_strdup_printf ("tdenginesrc name=src "
      "query=x uri=%s%s ! fakesink", uri, path);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  g_assert_no_error (error);
  return pipeline;
}

static void
stop_pipeline (GstElement * pipeline)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pipeline);
}

static GError *
wait_for_error (GstElement * pipeline, gint * tdengine_code)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
      30 * GST_SECOND, GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  const GstStructure *details = NULL;
  GError *error = NULL;

  fail_unless (message != NULL && GST_MESSAGE_TYPE (message) ==
      GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  gst_message_parse_error_details (message, &details);
  gst_structure_get_int (details, "tdengine-code", tdengine_code);
  return error;
}

static const struct
{
  Answer to_query;
  Answer to_fetch;
  guint n_good;
  gint code;
} stories[] = {
  {NOT_JSON, GOOD_BLOCK, 0, GST_TDENGINE_ERROR_PROTOCOL},
  {DEEP_JSON, GOOD_BLOCK, 0, GST_TDENGINE_ERROR_PROTOCOL},
  {CLOSE, GOOD_BLOCK, 0, GST_TDENGINE_ERROR_CLOSED},
  {SILENCE, GOOD_BLOCK, 0, GST_TDENGINE_ERROR_TIMEOUT},
  {GOOD_BLOCK, TRUNCATED_BLOCK, 3, GST_TDENGINE_ERROR_BLOCK},
  {GOOD_BLOCK, LYING_LENGTH, 3, GST_TDENGINE_ERROR_PROTOCOL},
  {GOOD_BLOCK, LYING_ROWS, 3, GST_TDENGINE_ERROR_BLOCK},
  {GOOD_BLOCK, WRONG_TYPE, 3, GST_TDENGINE_ERROR_BLOCK},
  {GOOD_BLOCK, NO_BLOCK_HEAD, 3, GST_TDENGINE_ERROR_PROTOCOL},
  {GOOD_BLOCK, WRONG_ACTION, 3, GST_TDENGINE_ERROR_PROTOCOL},
  {GOOD_BLOCK, SERVER_ERROR, 3, GST_TDENGINE_ERROR_SERVER},
  {GOOD_BLOCK, NOT_JSON, 3, GST_TDENGINE_ERROR_PROTOCOL},
  {GOOD_BLOCK, CLOSE, 3, GST_TDENGINE_ERROR_CLOSED},
  {GOOD_BLOCK, SILENCE, 3, GST_TDENGINE_ERROR_TIMEOUT},
};

GST_START_TEST (test_a_wrong_answer_is_an_error)
{
  Script script = {
    .to_query = stories[__i__].to_query,
    .to_fetch = stories[__i__].to_fetch,
    .n_good = stories[__i__].n_good,
  };
  gint code = 0;
  guint64 rows = 0;
  g_autoptr (ScriptedServer) server =
      scripted_server_new (follow_script, &script);
  GstElement *pipeline = make_pipeline (server,
      stories[__i__].code == GST_TDENGINE_ERROR_TIMEOUT ?
      "/?message-timeout=1000" : "");
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  g_autoptr (GstStructure) stats = NULL;
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GError) error = wait_for_error (pipeline, &code);
  fail_unless (code == stories[__i__].code, "code %x, not %x: %s", code,
      stories[__i__].code, error->message);
  /* what came before the fault has been pushed: two rows a block */
  g_object_get (src, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, "rows", &rows);
  fail_unless_equals_uint64 (rows, 2 * stories[__i__].n_good);
  stop_pipeline (pipeline);
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_taosadapter_is_told)
{
  g_autoptr (ScriptedServer) server = scripted_server_new (NULL, NULL);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_make_client (server, "");
  g_autoptr (GError) error = NULL;

  /* a web server that knows no /ws */
  soup_server_remove_handler (scripted_server_get_soup (server), "/ws");
  fail_if (gst_tdengine_connection_open (connection, NULL, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_CONNECT));
  fail_unless (strstr (error->message, "404"), "%s", error->message);
}

GST_END_TEST;

GST_START_TEST (test_a_stop_waits_for_no_server)
{
  Script script = {.to_fetch = SILENCE,.n_good = 2 };
  guint64 rows = 0;
  g_autoptr (ScriptedServer) server =
      scripted_server_new (follow_script, &script);
  GstElement *pipeline = make_pipeline (server, "");
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (pipeline), "src");

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (rows < 4) {
    g_autoptr (GstStructure) stats = NULL;

    g_object_get (src, "stats", &stats, NULL);
    gst_structure_get_uint64 (stats, "rows", &rows);
  }
  /* the message time-out is a minute: more than this test may take */
  stop_pipeline (pipeline);
}

GST_END_TEST;

GST_START_TEST (test_a_query_that_is_dropped_is_freed)
{
  Script script = {.to_fetch = GOOD_BLOCK };
  g_autoptr (ScriptedServer) server =
      scripted_server_new (follow_script, &script);
  g_autoptr (GstTDengineConnection) connection =
      scripted_server_connect (server, "");
  g_autoptr (GError) error = NULL;
  GstTDengineQuery *query =
      gst_tdengine_connection_query (connection, "x", NULL, &error);

  g_assert_no_error (error);
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_query_next (query, NULL, &error);
  fail_unless_equals_int64 (gst_tdengine_rows_get_int64 (rows, 0, 0), 7);
  fail_unless (gst_tdengine_rows_is_null (rows, 0, 1));
  g_object_unref (query);
  scripted_request_free (scripted_server_take (server, "free_result"));
}

GST_END_TEST;

static Suite *
faults_suite (void)
{
  Suite *suite = suite_create ("faults");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, test_a_wrong_answer_is_an_error, 0,
      G_N_ELEMENTS (stories));
  tcase_add_test (tc, test_what_is_no_taosadapter_is_told);
  tcase_add_test (tc, test_a_stop_waits_for_no_server);
  tcase_add_test (tc, test_a_query_that_is_dropped_is_freed);
  return suite;
}

GST_CHECK_MAIN (faults);
