/* faults: a server that answers wrongly, late, or not at all
 *
 * A server of the test's own says what each story wants it to. What the real
 * one says is for the other tests.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <libsoup/soup.h>
#include <string.h>

#include <gst/tdengine/tdengine.h>

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
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  SoupServer *server;
  guint port;
  GPtrArray *peers;             /* of the server's thread */

  Answer to_query;              /* GOOD_BLOCK: columns */
  Answer to_fetch;              /* of the second block on */
  guint n_good;                 /* blocks before that */

  guint n_fetches;
  guint n_freed;
} FakeServer;

/* one INT column, two rows: 7 and NULL */
static const guint8 block[] = {
  1, 0, 0, 0, 47, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0x80,
  0, 0, 0, 0, 0, 0, 0, 0,
  4, 4, 0, 0, 0, 8, 0, 0, 0,
  0x40, 7, 0, 0, 0, 0, 0, 0, 0, 0
};

static void
send_text (SoupWebsocketConnection * peer, const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree gchar *text = g_strdup_vprintf (format, args);
  va_end (args);
  soup_websocket_connection_send_text (peer, text);
}

static void
send_columns (SoupWebsocketConnection * peer, guint64 req_id)
{
  send_text (peer, "{\"code\":0,\"message\":\"\",\"action\":\"binary_query\","
      "\"req_id\":%" G_GUINT64_FORMAT ",\"timing\":1,\"id\":1,"
      "\"is_update\":false,\"affected_rows\":0,\"fields_count\":1,"
      "\"fields_names\":[\"v\"],\"fields_types\":[4],\"fields_lengths\":[4],"
      "\"precision\":0,\"fields_precisions\":[0],\"fields_scales\":[0]}",
      req_id);
}

static void
send_block (SoupWebsocketConnection * peer, guint64 req_id, Answer answer)
{
  guint8 reply[FETCH_REPLY_HEAD + sizeof block] = { 0 };
  guint8 *body = reply + FETCH_REPLY_HEAD;
  gsize size = sizeof reply;

  memset (reply, 0xff, 8);
  reply[8] = answer == WRONG_ACTION ? 8 : 7;
  reply[16] = 1;
  GST_WRITE_UINT64_LE (reply + 26, req_id);
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
  soup_websocket_connection_send_binary (peer, reply, size);
}

static void
send_answer (SoupWebsocketConnection * peer, guint64 req_id, Answer answer)
{
  g_autofree gchar *deep = NULL;

  switch (answer) {
    case NOT_JSON:
      soup_websocket_connection_send_text (peer, "<html>");
      break;
    case DEEP_JSON:
      deep = g_strnfill (1000000, '[');
      soup_websocket_connection_send_text (peer, deep);
      break;
    case CLOSE:
      soup_websocket_connection_close (peer, SOUP_WEBSOCKET_CLOSE_GOING_AWAY,
          NULL);
      break;
    case SILENCE:
      break;
    default:
      send_block (peer, req_id, answer);
      break;
  }
}

static void
on_binary (FakeServer * self, SoupWebsocketConnection * peer,
    const guint8 * data)
{
  guint64 req_id = GST_READ_UINT64_LE (data);

  if (GST_READ_UINT64_LE (data + 16) == 6) {
    if (self->to_query == GOOD_BLOCK)
      send_columns (peer, req_id);
    else
      send_answer (peer, req_id, self->to_query);
    return;
  }
  self->n_fetches++;
  send_answer (peer, req_id, self->n_fetches <= self->n_good ? GOOD_BLOCK :
      self->to_fetch);
}

static void
on_message (SoupWebsocketConnection * peer, gint type, GBytes * bytes,
    FakeServer * self)
{
  const gchar *data = g_bytes_get_data (bytes, NULL);
  const gchar *req_id;

  if (type == SOUP_WEBSOCKET_DATA_BINARY) {
    on_binary (self, peer, (const guint8 *) data);
    return;
  }
  if (strstr (data, "free_result")) {
    g_atomic_int_inc (&self->n_freed);
    return;
  }
  req_id = strstr (data, "\"req_id\":") + strlen ("\"req_id\":");
  send_text (peer, "{\"code\":0,\"message\":\"\",\"action\":\"conn\","
      "\"req_id\":%" G_GUINT64_FORMAT ",\"timing\":1,\"version\":\"3.3.7.5\"}",
      g_ascii_strtoull (req_id, NULL, 10));
}

static void
on_peer (SoupServer * server, SoupServerMessage * message, const char *path,
    SoupWebsocketConnection * peer, gpointer data)
{
  FakeServer *self = data;

  g_signal_connect (peer, "message", G_CALLBACK (on_message), self);
  g_ptr_array_add (self->peers, g_object_ref (peer));
}

static gpointer
serve (gpointer data)
{
  FakeServer *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_clear_pointer (&self->peers, g_ptr_array_unref);
  soup_server_disconnect (self->server);
  g_clear_object (&self->server);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static void
fake_server_start (FakeServer * self)
{
  g_autoptr (GError) error = NULL;

  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->peers = g_ptr_array_new_with_free_func (g_object_unref);
  g_main_context_push_thread_default (self->context);
  self->server = soup_server_new (NULL, NULL);
  soup_server_add_websocket_handler (self->server, "/ws", NULL, NULL, on_peer,
      self, NULL);
  soup_server_listen_local (self->server, 0, SOUP_SERVER_LISTEN_IPV4_ONLY,
      &error);
  g_assert_no_error (error);
  GSList *uris = soup_server_get_uris (self->server);
  self->port = g_uri_get_port (uris->data);
  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  g_main_context_pop_thread_default (self->context);
  self->thread = g_thread_new ("fake-server", serve, self);
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
fake_server_stop (FakeServer * self)
{
  g_main_context_invoke (self->context, quit, self->loop);
  g_thread_join (self->thread);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
}

static GstElement *
make_pipeline (FakeServer * server, const gchar * path)
{
  g_autofree gchar *line = g_strdup_printf ("tdenginesrc name=src "
      "query=x uri=taos+ws://127.0.0.1:%u%s ! fakesink", server->port, path);
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
  FakeServer server = {
    .to_query = stories[__i__].to_query,
    .to_fetch = stories[__i__].to_fetch,
    .n_good = stories[__i__].n_good,
  };
  gint code = 0;
  guint64 rows = 0;

  fake_server_start (&server);
  GstElement *pipeline = make_pipeline (&server,
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
  fake_server_stop (&server);
}

GST_END_TEST;

GST_START_TEST (test_what_is_no_taosadapter_is_told)
{
  FakeServer server = { 0 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineSettings) settings = NULL;
  g_autofree gchar *uri = NULL;

  /* a web server that knows no /ws */
  fake_server_start (&server);
  soup_server_remove_handler (server.server, "/ws");
  uri = g_strdup_printf ("taos+ws://127.0.0.1:%u", server.port);
  settings = gst_tdengine_settings_new_from_uri (uri, NULL);
  g_autoptr (GstTDengineConnection) connection =
      gst_tdengine_connection_new (settings);
  fail_if (gst_tdengine_connection_open (connection, NULL, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_CONNECT));
  fail_unless (strstr (error->message, "404"), "%s", error->message);
  fake_server_stop (&server);
}

GST_END_TEST;

GST_START_TEST (test_a_stop_waits_for_no_server)
{
  FakeServer server = {.to_fetch = SILENCE,.n_good = 2 };
  guint64 rows = 0;

  fake_server_start (&server);
  GstElement *pipeline = make_pipeline (&server, "");
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  while (rows < 4) {
    g_autoptr (GstStructure) stats = NULL;

    g_object_get (src, "stats", &stats, NULL);
    gst_structure_get_uint64 (stats, "rows", &rows);
  }
  /* the message time-out is a minute: more than this test may take */
  stop_pipeline (pipeline);
  fake_server_stop (&server);
}

GST_END_TEST;

GST_START_TEST (test_a_query_that_is_dropped_is_freed)
{
  FakeServer server = {.to_fetch = GOOD_BLOCK };
  g_autoptr (GError) error = NULL;
  g_autofree gchar *uri = NULL;

  fake_server_start (&server);
  uri = g_strdup_printf ("taos+ws://127.0.0.1:%u", server.port);
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri (uri, NULL);
  g_autoptr (GstTDengineConnection) connection =
      gst_tdengine_connection_new (settings);
  fail_unless (gst_tdengine_connection_open (connection, NULL, &error));
  GstTDengineQuery *query =
      gst_tdengine_connection_query (connection, "x", NULL, &error);
  g_assert_no_error (error);
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_query_next (query, NULL, &error);
  fail_unless_equals_int64 (gst_tdengine_rows_get_int64 (rows, 0, 0), 7);
  fail_unless (gst_tdengine_rows_is_null (rows, 0, 1));
  g_object_unref (query);
  while (g_atomic_int_get (&server.n_freed) == 0)
    g_thread_yield ();
  gst_tdengine_connection_close (connection);
  fake_server_stop (&server);
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
