/* scripted server: answers what the test tells it to, when the test does
 *
 * It knows how requests and replies look, not what a server would say: that is
 * the test server's affair. It answers a login by itself, unless
 * the test does.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE             /* memmem() */
#include <gst/check/gstcheck.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "scriptedserver.h"

#define FETCH_REPLY_HEAD 55
#define FINISHED_SIZE 51

struct _ScriptedServer
{
  GMainContext *context;
  GMainLoop *loop;
  GThread *thread;
  SoupServer *server;
  guint port;
  ScriptedAnswer answer;        /* or NULL: all is left for the test */
  gpointer data;

  GPtrArray *peers;             /* of the server's thread */
  GAsyncQueue *requests;        /* ScriptedRequest, for the test */
};

/* requests */

void
scripted_request_free (ScriptedRequest * self)
{
  g_free (self->action);
  g_bytes_unref (self->bytes);
  g_object_unref (self->peer);
  g_free (self);
}

static const gchar *
get_binary_action (guint64 action)
{
  switch (action) {
    case 4:
    case 5:
      return "write";
    case 6:
      return "query";
    case 7:
      return "fetch";
    case 9:
      return "bind";
    default:
      return "unknown";
  }
}

static void
read_binary (ScriptedRequest * self)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (self->bytes, &size);

  g_assert_cmpuint (size, >=, 24);
  self->req_id = GST_READ_UINT64_LE (data);
  self->id = GST_READ_UINT64_LE (data + 8);
  self->action = g_strdup (get_binary_action (GST_READ_UINT64_LE (data + 16)));
}

static void
read_text (ScriptedRequest * self)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  gsize size;
  const gchar *text = g_bytes_get_data (self->bytes, &size);

  g_assert_true (json_parser_load_from_data (parser, text, size, NULL));
  JsonObject *request = json_node_get_object (json_parser_get_root (parser));
  JsonObject *args = json_object_get_object_member (request, "args");
  self->action = g_strdup (json_object_get_string_member (request, "action"));
  self->req_id = json_object_get_int_member (args, "req_id");
  self->id = json_object_get_int_member_with_default (args, "id",
      json_object_get_int_member_with_default (args, "stmt_id", 0));
}

gboolean
scripted_request_has (const ScriptedRequest * self, const gchar * words)
{
  gsize size;
  const gchar *data = g_bytes_get_data (self->bytes, &size);

  return memmem (data, size, words, strlen (words)) != NULL;
}

static void
on_message (SoupWebsocketConnection * peer, gint type, GBytes * bytes,
    ScriptedServer * self)
{
  g_autoptr (ScriptedRequest) request = g_new0 (ScriptedRequest, 1);

  request->bytes = g_bytes_ref (bytes);
  request->peer = g_object_ref (peer);
  (type == SOUP_WEBSOCKET_DATA_BINARY ? read_binary : read_text) (request);
  if (self->answer && self->answer (self, request, self->data))
    return;
  if (g_str_equal (request->action, "conn"))
    scripted_server_send_done (self, request, 0, 0);
  else
    g_async_queue_push (self->requests, g_steal_pointer (&request));
}

/* The next request, which has to be of that action. */
ScriptedRequest *
scripted_server_take (ScriptedServer * self, const gchar * action)
{
  ScriptedRequest *request =
      g_async_queue_timeout_pop (self->requests, 10 * G_USEC_PER_SEC);

  fail_unless (request != NULL, "no %s came", action);
  fail_unless_equals_string (request->action, action);
  return request;
}

/* serving */

static void
on_peer (SoupServer * server, SoupServerMessage * message, const char *path,
    SoupWebsocketConnection * peer, gpointer data)
{
  ScriptedServer *self = data;

  g_signal_connect (peer, "message", G_CALLBACK (on_message), self);
  g_ptr_array_add (self->peers, g_object_ref (peer));
}

static gpointer
serve (gpointer data)
{
  ScriptedServer *self = data;

  g_main_context_push_thread_default (self->context);
  g_main_loop_run (self->loop);
  g_ptr_array_unref (self->peers);
  soup_server_disconnect (self->server);
  g_object_unref (self->server);
  g_main_context_pop_thread_default (self->context);
  return NULL;
}

ScriptedServer *
scripted_server_new (ScriptedAnswer answer, gpointer data)
{
  ScriptedServer *self = g_new0 (ScriptedServer, 1);
  g_autoptr (GError) error = NULL;

  self->answer = answer;
  self->data = data;
  self->context = g_main_context_new ();
  self->loop = g_main_loop_new (self->context, FALSE);
  self->peers = g_ptr_array_new_with_free_func (g_object_unref);
  self->requests = g_async_queue_new_full ((GDestroyNotify)
      scripted_request_free);
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
  self->thread = g_thread_new ("scripted-server", serve, self);
  return self;
}

static gboolean
quit (gpointer loop)
{
  g_main_loop_quit (loop);
  return G_SOURCE_REMOVE;
}

void
scripted_server_free (ScriptedServer * self)
{
  g_main_context_invoke (self->context, quit, self->loop);
  g_thread_join (self->thread);
  g_async_queue_unref (self->requests);
  g_main_loop_unref (self->loop);
  g_main_context_unref (self->context);
  g_free (self);
}

/* to be used before anyone connects */
SoupServer *
scripted_server_get_soup (ScriptedServer * self)
{
  return self->server;
}

gchar *
scripted_server_make_uri (ScriptedServer * self)
{
  return g_strdup_printf ("taos+ws://127.0.0.1:%u", self->port);
}

/* a connection that is not open yet; query is that of the URI */
GstTDengineConnection *
scripted_server_make_client (ScriptedServer * self, const gchar * query)
{
  g_autofree gchar *uri = scripted_server_make_uri (self);
  g_autofree gchar *all = g_strdup_printf ("%s/%s", uri, query);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri (all, &error);

  g_assert_no_error (error);
  return gst_tdengine_connection_new (settings);
}

GstTDengineConnection *
scripted_server_connect (ScriptedServer * self, const gchar * query)
{
  GstTDengineConnection *client = scripted_server_make_client (self, query);
  g_autoptr (GError) error = NULL;

  gst_tdengine_connection_open (client, NULL, &error);
  g_assert_no_error (error);
  return client;
}

/* replies, which leave in the server's thread */

typedef struct
{
  SoupWebsocketConnection *peer;
  SoupWebsocketDataType type;
  GBytes *bytes;
} Outgoing;

static gboolean
send_outgoing (gpointer data)
{
  Outgoing *outgoing = data;

  /* what the peer has closed takes no more */
  if (soup_websocket_connection_get_state (outgoing->peer) ==
      SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_message (outgoing->peer, outgoing->type,
        outgoing->bytes);
  return G_SOURCE_REMOVE;
}

static void
free_outgoing (gpointer data)
{
  Outgoing *outgoing = data;

  g_object_unref (outgoing->peer);
  g_bytes_unref (outgoing->bytes);
  g_free (outgoing);
}

static void
send_bytes (ScriptedServer * self, const ScriptedRequest * request,
    SoupWebsocketDataType type, GBytes * bytes)
{
  Outgoing *outgoing = g_new (Outgoing, 1);

  outgoing->peer = g_object_ref (request->peer);
  outgoing->type = type;
  outgoing->bytes = bytes;
  g_main_context_invoke_full (self->context, G_PRIORITY_DEFAULT, send_outgoing,
      outgoing, free_outgoing);
}

void
scripted_server_send_text (ScriptedServer * self,
    const ScriptedRequest * request, const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  gchar *text = g_strdup_vprintf (format, args);
  va_end (args);
  send_bytes (self, request, SOUP_WEBSOCKET_DATA_TEXT,
      g_bytes_new_take (text, strlen (text)));
}

void
scripted_server_send_binary (ScriptedServer * self,
    const ScriptedRequest * request, gconstpointer data, gsize size)
{
  send_bytes (self, request, SOUP_WEBSOCKET_DATA_BINARY,
      g_bytes_new (data, size));
}

/* the reply to whatever has neither rows nor a result; any statement is number
 * one */
void
scripted_server_send_done (ScriptedServer * self,
    const ScriptedRequest * request, gint code, guint64 affected)
{
  scripted_server_send_text (self, request, "{\"code\":%d,\"message\":\"%s\","
      "\"action\":\"%s\",\"req_id\":%" G_GUINT64_FORMAT ",\"timing\":1,"
      "\"stmt_id\":1,\"version\":\"3.3.7.5\",\"affected_rows\":%"
      G_GUINT64_FORMAT "}", code,
      code == 0 ? "" : "refused", request->action, request->req_id, affected);
}

static void
list_columns (GstTDengineSchema * schema, GString * names, GString * types,
    GString * lengths)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    const GstTDengineColumn *column =
        gst_tdengine_schema_get_column (schema, i);
    guint width = gst_tdengine_type_get_width (column->type);
    const gchar *comma = i > 0 ? "," : "";

    g_string_append_printf (names, "%s\"%s\"", comma, column->name);
    g_string_append_printf (types, "%s%d", comma, column->type);
    g_string_append_printf (lengths, "%s%u", comma,
        width > 0 ? width : column->length);
  }
}

/* the reply to a query; no decimals */
void
scripted_server_send_columns (ScriptedServer * self,
    const ScriptedRequest * request, guint64 id, GstTDengineSchema * schema)
{
  g_autoptr (GString) names = g_string_new (NULL);
  g_autoptr (GString) types = g_string_new (NULL);
  g_autoptr (GString) lengths = g_string_new (NULL);

  list_columns (schema, names, types, lengths);
  scripted_server_send_text (self, request, "{\"code\":0,\"message\":\"\","
      "\"action\":\"binary_query\",\"req_id\":%" G_GUINT64_FORMAT ","
      "\"timing\":1,\"id\":%" G_GUINT64_FORMAT ",\"is_update\":false,"
      "\"affected_rows\":0,\"fields_count\":%u,\"fields_names\":[%s],"
      "\"fields_types\":[%s],\"fields_lengths\":[%s],\"precision\":0}",
      request->req_id, id, gst_tdengine_schema_get_n_columns (schema),
      names->str, types->str, lengths->str);
}

/* the reply to a fetch; NULL: there are no more */
void
scripted_server_send_rows (ScriptedServer * self,
    const ScriptedRequest * request, GstTDengineRows * rows)
{
  GstBuffer *buffer = rows ? gst_tdengine_rows_get_buffer (rows) : NULL;
  gsize size = buffer ? gst_buffer_get_size (buffer) : 0;
  gsize head_size = buffer ? FETCH_REPLY_HEAD : FINISHED_SIZE;
  g_autofree guint8 *reply = g_malloc0 (head_size + size);

  memset (reply, 0xff, 8);
  reply[8] = 7;
  reply[16] = 1;
  GST_WRITE_UINT64_LE (reply + 26, request->req_id);
  GST_WRITE_UINT64_LE (reply + 42, request->id);
  reply[50] = buffer == NULL;
  if (buffer) {
    GST_WRITE_UINT32_LE (reply + 51, size);
    gst_buffer_extract (buffer, 0, reply + head_size, size);
  }
  scripted_server_send_binary (self, request, reply, head_size + size);
}

/* cuts what is connected, without a word */

static void
shut_down (gpointer peer, gpointer data)
{
  GIOStream *stream = soup_websocket_connection_get_io_stream (peer);
  g_autoptr (GIOStream) base = NULL;

  g_object_get (stream, "base-iostream", &base, NULL);
  g_socket_shutdown (g_socket_connection_get_socket (G_SOCKET_CONNECTION
          (base)), TRUE, TRUE, NULL);
}

static gboolean
shut_down_all (gpointer data)
{
  ScriptedServer *self = data;

  g_ptr_array_foreach (self->peers, shut_down, NULL);
  return G_SOURCE_REMOVE;
}

void
scripted_server_cut (ScriptedServer * self)
{
  g_main_context_invoke (self->context, shut_down_all, self);
}
