/* slowsplits: splits that a server is slow with, or silent about
 *
 * A server of the test's own has a block of one INT column for every fetch, as
 * often as a story says. The value is that of the split's condition, which is a
 * number. It holds what it is told to hold until it is told to let go.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/app.h>
#include <gst/check/gstcheck.h>
#include <libsoup/soup.h>
#include <string.h>

#include <gst/tdengine/tdengine.h>

#define REPLY_HEAD 55
#define SQL_OFFSET 30
#define HOLD_NONE G_MAXUINT
#define MIB (1024 * 1024)
/* what the reader may hold, and each connection, and blocks on their way */
#define MOST_AHEAD(n_connections) (8 + 2 + (4 + 2) * (n_connections))

typedef struct
{
  SoupWebsocketConnection *peer;
  guint64 req_id;
  guint split;
} Held;

typedef struct
{
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  SoupServer *server;
  guint port;
  GPtrArray *peers;             /* of the server's thread, as is the rest */

  guint n_blocks;               /* of each split */
  guint n_rows;                 /* of each block */
  guint hold;                   /* fetches of this split */
  gboolean hold_all;
  gboolean hold_logins;         /* but for the first one */
  guint sent[1000];             /* blocks of a split */
  GArray *held;                 /* Held */

  gint n_held;                  /* atomic, as are the next */
  gint n_sent;
} SlowServer;

static void
send_text (SoupWebsocketConnection * peer, const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree gchar *text = g_strdup_vprintf (format, args);
  va_end (args);
  soup_websocket_connection_send_text (peer, text);
}

static guint8 *
make_block (guint n_rows, gint value, gsize * size)
{
  gsize bitmap = (n_rows + 7) / 8;
  guint8 *block, *values;

  *size = 28 + 5 + 4 + bitmap + 4 * n_rows + 1;
  block = g_malloc0 (*size);
  GST_WRITE_UINT32_LE (block, 1);
  GST_WRITE_UINT32_LE (block + 4, *size);
  GST_WRITE_UINT32_LE (block + 8, n_rows);
  GST_WRITE_UINT32_LE (block + 12, 1);
  GST_WRITE_UINT32_LE (block + 16, 0x80000000u);
  block[28] = GST_TDENGINE_TYPE_INT;
  GST_WRITE_UINT32_LE (block + 29, 4);
  GST_WRITE_UINT32_LE (block + 33, 4 * n_rows);
  values = block + 37 + bitmap;
  for (guint row = 0; row < n_rows; row++)
    GST_WRITE_UINT32_LE (values + 4 * row, value);
  return block;
}

static void
answer_fetch (SlowServer * self, SoupWebsocketConnection * peer, guint64 req_id,
    guint split)
{
  gboolean finished = self->sent[split] == self->n_blocks;
  gsize size = 0;
  g_autofree guint8 *block = finished ? NULL :
      make_block (self->n_rows, split, &size);
  g_autofree guint8 *reply = g_malloc0 (REPLY_HEAD + size);

  memset (reply, 0xff, 8);
  reply[8] = 7;
  reply[16] = 1;
  GST_WRITE_UINT64_LE (reply + 26, req_id);
  reply[42] = 1;
  reply[50] = finished;
  GST_WRITE_UINT32_LE (reply + 51, size);
  if (block)
    memcpy (reply + REPLY_HEAD, block, size);
  soup_websocket_connection_send_binary (peer, reply,
      finished ? REPLY_HEAD - 4 : REPLY_HEAD + size);
  if (finished)
    return;
  self->sent[split]++;
  g_atomic_int_inc (&self->n_sent);
}

static void
on_fetch (SlowServer * self, SoupWebsocketConnection * peer, guint64 req_id,
    guint split)
{
  const Held held = { peer, req_id, split };

  if (self->hold != split && !self->hold_all) {
    answer_fetch (self, peer, req_id, split);
    return;
  }
  g_array_append_val (self->held, held);
  g_atomic_int_inc (&self->n_held);
}

/* the result's number is the split's */
static void
on_query (SoupWebsocketConnection * peer, guint64 req_id, const gchar * sql)
{
  const gchar *condition = strstr (sql, "where ") + strlen ("where ");
  guint split = g_ascii_strtoull (condition, NULL, 10);

  send_text (peer, "{\"code\":0,\"message\":\"\",\"action\":\"binary_query\","
      "\"req_id\":%" G_GUINT64_FORMAT ",\"timing\":1,\"id\":%u,"
      "\"is_update\":false,\"affected_rows\":0,\"fields_count\":1,"
      "\"fields_names\":[\"v\"],\"fields_types\":[4],\"fields_lengths\":[4],"
      "\"precision\":0,\"fields_precisions\":[0],\"fields_scales\":[0]}",
      req_id, split);
}

static void
on_text (SlowServer * self, SoupWebsocketConnection * peer, const gchar * text)
{
  const gchar *req_id = strstr (text, "\"req_id\":");

  if (strstr (text, "free_result"))
    return;
  if (self->hold_logins && self->peers->len > 1) {
    g_atomic_int_inc (&self->n_held);
    return;
  }
  send_text (peer, "{\"code\":0,\"message\":\"\",\"action\":\"conn\","
      "\"req_id\":%" G_GUINT64_FORMAT ",\"timing\":1,\"version\":\"3.3.7.5\"}",
      g_ascii_strtoull (req_id + strlen ("\"req_id\":"), NULL, 10));
}

static void
on_message (SoupWebsocketConnection * peer, gint type, GBytes * bytes,
    SlowServer * self)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (bytes, &size);

  if (type == SOUP_WEBSOCKET_DATA_TEXT) {
    g_autofree gchar *text = g_strndup ((const gchar *) data, size);

    on_text (self, peer, text);
  } else if (GST_READ_UINT64_LE (data + 16) == 6) {
    g_autofree gchar *sql = g_strndup ((const gchar *) data + SQL_OFFSET,
        size - SQL_OFFSET);

    on_query (peer, GST_READ_UINT64_LE (data), sql);
  } else {
    on_fetch (self, peer, GST_READ_UINT64_LE (data),
        GST_READ_UINT64_LE (data + 8));
  }
}

static void
on_peer (SoupServer * server, SoupServerMessage * message, const char *path,
    SoupWebsocketConnection * peer, gpointer data)
{
  SlowServer *self = data;

  g_signal_connect (peer, "message", G_CALLBACK (on_message), self);
  g_ptr_array_add (self->peers, g_object_ref (peer));
}

static gboolean
let_go (gpointer data)
{
  SlowServer *self = data;

  self->hold = HOLD_NONE;
  self->hold_all = FALSE;
  for (guint i = 0; i < self->held->len; i++) {
    Held *held = &g_array_index (self->held, Held, i);

    answer_fetch (self, held->peer, held->req_id, held->split);
  }
  g_array_set_size (self->held, 0);
  return G_SOURCE_REMOVE;
}

static gpointer
serve (gpointer data)
{
  SlowServer *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_clear_pointer (&self->peers, g_ptr_array_unref);
  soup_server_disconnect (self->server);
  g_clear_object (&self->server);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

static void
start (SlowServer * self)
{
  g_autoptr (GError) error = NULL;

  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->peers = g_ptr_array_new_with_free_func (g_object_unref);
  self->held = g_array_new (FALSE, FALSE, sizeof (Held));
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
  self->thread = g_thread_new ("slow-server", serve, self);
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

static void
stop (SlowServer * self)
{
  g_main_context_invoke (self->context, quit, self->loop);
  g_thread_join (self->thread);
  g_array_unref (self->held);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
}

/* splits 1 to n_splits */
static GstElement *
play (SlowServer * server, guint n_splits, const gchar * properties)
{
  g_autoptr (GString) conditions = g_string_new ("1");
  g_autofree gchar *line = g_strdup_printf ("tdenginesrc name=src table=t "
      "split-by=tag uri=taos+ws://127.0.0.1:%u %s ! appsink name=sink "
      "sync=false max-buffers=1", server->port, properties);
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstElement) src = NULL;

  g_assert_no_error (error);
  src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  for (guint i = 2; i <= n_splits; i++)
    g_string_append_printf (conditions, ";%u", i);
  g_object_set (src, "split-conditions", conditions->str, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  return pipeline;
}

/* the split of the next block, or 0 at the end */
static guint
pull_split (GstElement * sink)
{
  g_autoptr (GstSample) sample = gst_app_sink_try_pull_sample
      (GST_APP_SINK (sink), 30 * GST_SECOND);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineRows) rows = NULL;

  if (!sample) {
    fail_unless (gst_app_sink_is_eos (GST_APP_SINK (sink)));
    return 0;
  }
  rows = gst_tdengine_rows_new_from_sample (sample, &error);
  g_assert_no_error (error);
  return gst_tdengine_rows_get_int64 (rows, 0, 0);
}

static void
finish (SlowServer * server, GstElement * pipeline, GstElement * sink)
{
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
  stop (server);
}

static void
wait_for (gint * counter, gint least)
{
  gint64 deadline = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;

  while (g_atomic_int_get (counter) < least) {
    fail_unless (g_get_monotonic_time () < deadline);
    g_usleep (1000);
  }
}

GST_START_TEST (test_a_slow_split_delays_no_other)
{
  SlowServer server = {.n_blocks = 3,.n_rows = 2,.hold = 2 };
  guint n = 0, n_seen[101] = { 0 };

  start (&server);
  GstElement *pipeline = play (&server, 100, "parallelism=3");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  for (; n < 99 * 3; n++)
    n_seen[pull_split (sink)]++;
  fail_unless_equals_int (n_seen[2], 0);
  g_main_context_invoke (server.context, let_go, &server);
  for (guint split; (split = pull_split (sink)); n++)
    n_seen[split]++;
  fail_unless_equals_int (n, 300);
  for (guint split = 1; split <= 100; split++)
    fail_unless_equals_int (n_seen[split], 3);
  finish (&server, pipeline, sink);
}

GST_END_TEST;

/* 99 others of 3 MiB each wait for the first one, but not all in memory */
GST_START_TEST (test_order_holds_within_bounds)
{
  SlowServer server = {.n_blocks = 3,.n_rows = MIB / 4,.hold = 1 };
  guint n = 0;

  start (&server);
  GstElement *pipeline = play (&server, 100, "parallelism=3 order=split");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  wait_for (&server.n_held, 1);
  wait_for (&server.n_sent, 6);
  /* enough for a server that is asked for more to send it */
  g_usleep (200 * G_TIME_SPAN_MILLISECOND);
  fail_unless (g_atomic_int_get (&server.n_sent) <= MOST_AHEAD (3),
      "%d MiB", server.n_sent);
  g_main_context_invoke (server.context, let_go, &server);
  for (guint split; (split = pull_split (sink)); n++)
    fail_unless_equals_int (split, n / 3 + 1);
  fail_unless_equals_int (n, 300);
  finish (&server, pipeline, sink);
}

GST_END_TEST;

/* no one takes a buffer, so no more is read than may wait */
GST_START_TEST (test_a_slow_reader_is_waited_for)
{
  SlowServer server = {.n_blocks = 30,.n_rows = MIB / 4,.hold = HOLD_NONE };
  guint n = 0;

  start (&server);
  GstElement *pipeline = play (&server, 4, "parallelism=2");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  wait_for (&server.n_sent, 10);
  g_usleep (200 * G_TIME_SPAN_MILLISECOND);
  /* appsink and its source have one each */
  fail_unless (g_atomic_int_get (&server.n_sent) <= MOST_AHEAD (2) + 2,
      "%d MiB", server.n_sent);
  while (pull_split (sink))
    n++;
  fail_unless_equals_int (n, 4 * 30);
  finish (&server, pipeline, sink);
}

GST_END_TEST;

/* more of them than the reader's bytes would have rows */
GST_START_TEST (test_splits_may_be_empty)
{
  SlowServer server = {.hold = HOLD_NONE };

  start (&server);
  GstElement *pipeline = play (&server, 900, __i__ == 0 ? "parallelism=4" :
      "parallelism=4 order=split");
  GstElement *sink = gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  fail_unless_equals_int (pull_split (sink), 0);
  finish (&server, pipeline, sink);
}

GST_END_TEST;

/* of three times, as the machine may be busy */
GST_START_TEST (test_a_stop_waits_for_no_split)
{
  gint64 least = G_MAXINT64;

  for (guint i = 0; i < 3; i++) {
    SlowServer server = {.n_blocks = 3,.n_rows = 2,
      .hold_all = __i__ != 1,.hold_logins = __i__ == 1,.hold = HOLD_NONE
    };

    start (&server);
    GstElement *pipeline = play (&server, 8, __i__ == 2 ?
        "parallelism=4 order=split" : "parallelism=4");
    wait_for (&server.n_held, __i__ == 1 ? 3 : 4);
    gint64 before = g_get_monotonic_time ();
    gst_element_set_state (pipeline, GST_STATE_NULL);
    least = MIN (least, g_get_monotonic_time () - before);
    gst_object_unref (pipeline);
    stop (&server);
  }
  fail_unless (least < 100 * G_TIME_SPAN_MILLISECOND, "%" G_GINT64_FORMAT " us",
      least);
}

GST_END_TEST;

static Suite *
slowsplits_suite (void)
{
  Suite *suite = suite_create ("slowsplits");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_test (tc, test_a_slow_split_delays_no_other);
  tcase_add_test (tc, test_order_holds_within_bounds);
  tcase_add_test (tc, test_a_slow_reader_is_waited_for);
  tcase_add_loop_test (tc, test_splits_may_be_empty, 0, 2);
  tcase_add_loop_test (tc, test_a_stop_waits_for_no_split, 0, 3);
  return suite;
}

GST_CHECK_MAIN (slowsplits);
