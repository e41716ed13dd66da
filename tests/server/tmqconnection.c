/* test server: one connection to /rest/tmq
 *
 * As at the real adapter, what can't be understood gets no answer, and one
 * message is held: the last that was polled.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tmqconnection.h"

#include <string.h>

#include "error.h"
#include "json.h"
#include "wire.h"
#include "reply.h"
#include "tmqmessage.h"
#include "wsconnection.h"

#define RAW_ACTION 8
#define RAW_HEAD 42
#define DEFAULT_SESSION_TIMEOUT 12000
#define DEFAULT_POLL_INTERVAL 300000
#define DEFAULT_COMMIT_INTERVAL 5000
#define CODE_UNKNOWN_OPTION 65534

struct _TmqConnection
{
  Server *server;
  SoupWebsocketConnection *socket;
  Consumer *consumer;           /* NULL before the subscription */
  gboolean is_subscribed;
  GPtrArray *topic_names;

  gboolean auto_commit;
  gint64 commit_interval;       /* ms */
  gint64 committed_at;          /* monotonic time, µs */
  guint poll_interval;          /* ms, at most between two polls */
  guint session_timeout;        /* ms */
  guint expiry;                 /* source, or 0 */
  guint silence;                /* source, or 0 */

  Message *held;
  guint n_fetched;              /* of the held message's blocks */
  gboolean has_fetched;         /* a block, not given yet */
  guint64 fetch_id;             /* request that named it */
  guint64 last_message;

  gboolean is_polling;
  guint64 poll_id;
  gint64 poll_start;
  guint poll_end;               /* source, or 0 */
};

typedef struct
{
  TmqConnection *connection;
  Request request;
  JsonObject *args;
} Call;

static void poll_again (gpointer data);

TmqConnection *
tmq_connection_new (Server * server, SoupWebsocketConnection * socket)
{
  TmqConnection *self = g_new0 (TmqConnection, 1);

  self->server = server;
  self->socket = g_object_ref (socket);
  self->topic_names = g_ptr_array_new_with_free_func (g_free);
  topics_watch (server->topics, poll_again, self);
  return self;
}

static void
stop (guint * source)
{
  if (*source)
    g_source_remove (*source);
  *source = 0;
}

void
tmq_connection_free (TmqConnection * connection)
{
  g_signal_handlers_disconnect_by_data (connection->socket, connection);
  topics_unwatch (connection->server->topics, connection);
  stop (&connection->expiry);
  stop (&connection->silence);
  stop (&connection->poll_end);
  g_clear_pointer (&connection->consumer, consumer_free);
  g_clear_pointer (&connection->held, message_free);
  g_ptr_array_unref (connection->topic_names);
  g_object_unref (connection->socket);
  g_free (connection);
}

/* replies */

static gboolean
is_open (TmqConnection * self)
{
  return soup_websocket_connection_get_state (self->socket) ==
      SOUP_WEBSOCKET_STATE_OPEN;
}

static void
send_reply (TmqConnection * self, GString * reply)
{
  g_string_append_c (reply, '}');
  if (is_open (self))
    wire_send_text (self->socket, reply->str);
  g_string_free (reply, TRUE);
}

static GString *
new_reply (Call * self)
{
  return reply_new (&self->request, 0, "");
}

static void
send_error (Call * self, const GError * error)
{
  send_reply (self->connection, reply_error (&self->request, error));
}

static void
send_refusal (Call * self, const gchar * message)
{
  send_reply (self->connection, reply_new (&self->request, CODE_ADAPTER,
          message));
}

/* arguments; what is of another type makes the whole request unreadable */

static gboolean
get_text (Call * self, const gchar * name, const gchar ** value)
{
  JsonNode *node = self->args ? json_find (self->args, name) : NULL;

  *value = NULL;
  if (!node || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    return FALSE;
  *value = json_node_get_string (node);
  return TRUE;
}

static gboolean
get_number (Call * self, const gchar * name, gint64 * value)
{
  JsonNode *node = self->args ? json_find (self->args, name) : NULL;

  *value = 0;
  if (!node || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  *value = json_node_get_int (node);
  return TRUE;
}

/* subscribe */

typedef struct
{
  const gchar *group_id;
  const gchar *client_id;
  OffsetReset reset;
  gint64 session_timeout;
  gint64 poll_interval;
  gint64 commit_interval;
  gboolean auto_commit;
} Options;

static gboolean
refuse_option (GError ** error)
{
  return refuse (error, CODE_ADAPTER, "fail");
}

static gboolean
read_reset (const gchar * text, Options * options, GError ** error)
{
  static const gchar *const words[] = { "latest", "earliest", "none" };

  for (guint i = 0; text && i < G_N_ELEMENTS (words); i++) {
    if (g_str_equal (text, words[i])) {
      options->reset = i;
      return TRUE;
    }
  }
  return !text || refuse_option (error);
}

static gboolean
read_range (const gchar * text, gint64 min, gint64 max, gint64 * value,
    GError ** error)
{
  return !text || g_ascii_string_to_signed (text, 10, min, max, value, NULL)
      || refuse_option (error);
}

static gboolean
read_commit_interval (const gchar * text, Options * options, GError ** error)
{
  return !text || g_ascii_string_to_signed (text, 10, 1, G_MAXINT,
      &options->commit_interval, NULL) || refuse (error, CODE_ADAPTER,
      "strconv.ParseInt: parsing \"%s\": invalid syntax", text);
}

static gboolean
read_truth (const gchar * text, gboolean * value)
{
  static const gchar *const yes[] = { "true", "TRUE", "True", "t", "T", "1" };
  static const gchar *const no[] = { "false", "FALSE", "False", "f", "F", "0" };

  for (guint i = 0; i < G_N_ELEMENTS (yes); i++) {
    *value = g_str_equal (text, yes[i]);
    if (*value || g_str_equal (text, no[i]))
      return TRUE;
  }
  return FALSE;
}

static gboolean
read_auto_commit (const gchar * text, Options * options, GError ** error)
{
  return !text || read_truth (text, &options->auto_commit)
      || refuse (error, CODE_ADAPTER,
      "strconv.ParseBool: parsing \"%s\": invalid syntax", text);
}

static gboolean
read_snapshot (const gchar * text, GError ** error)
{
  gboolean wanted;

  if (!text)
    return TRUE;
  if (!read_truth (text, &wanted))
    return refuse_option (error);
  return !wanted || refuse_unsupported (error, "A snapshot");
}

static gboolean
read_group (const gchar * text, Options * options, GError ** error)
{
  options->group_id = text;
  if (!text || !*text)
    return refuse (error, CODE_ADAPTER,
        "malloc tmq element failed or group is empty");
  return !strchr (text, ':') || refuse_option (error);
}

static gboolean
check_login (Server * server, const gchar * user, const gchar * password,
    GError ** error)
{
  return connection_login (server, user, password, NULL)
      || refuse (error, CODE_ADAPTER, "init tscObj failed");
}

/* options by TDengine's own names win */
static const gchar *
get_config (Call * self, const gchar * key, const gchar * text)
{
  JsonNode *node = self->args ? json_find (self->args, "config") : NULL;
  JsonObject *config = node && JSON_NODE_HOLDS_OBJECT (node) ?
      json_node_get_object (node) : NULL;

  if (!config || !json_object_has_member (config, key))
    return text;
  return json_object_get_string_member_with_default (config, key, text);
}

static gboolean
check_config (Call * self, GError ** error)
{
  static const gchar *const known[] = {
    "auto.offset.reset", "client.id", "enable.auto.commit", "enable.replay",
    "experimental.snapshot.enable", "fetch.max.wait.ms", "group.id",
    "heartbeat.interval.ms", "max.poll.interval.ms", "min.poll.rows",
    "msg.consume.excluded", "msg.consume.rawdata", "msg.enable.batchmeta",
    "msg.with.table.name", "session.timeout.ms", "td.connect.ip",
    "td.connect.pass", "td.connect.port", "td.connect.token",
    "td.connect.user", NULL
  };
  JsonNode *node = self->args ? json_find (self->args, "config") : NULL;
  g_autoptr (GList) keys = node && JSON_NODE_HOLDS_OBJECT (node) ?
      json_object_get_members (json_node_get_object (node)) : NULL;

  for (GList * key = keys; key; key = key->next)
    if (!g_strv_contains (known, key->data))
      return refuse (error, CODE_UNKNOWN_OPTION, "Unknown error 65534");
  return TRUE;
}

typedef enum
{
  ARG_USER,
  ARG_PASSWORD,
  ARG_GROUP,
  ARG_CLIENT,
  ARG_RESET,
  ARG_OLD_RESET,
  ARG_AUTO_COMMIT,
  ARG_COMMIT_INTERVAL,
  ARG_SNAPSHOT,
  ARG_SESSION_TIMEOUT,
  ARG_POLL_INTERVAL,
  N_ARGS
} Arg;

static const struct
{
  const gchar *name;
  const gchar *key;
} arg_names[N_ARGS] = {
  {"user", NULL},
  {"password", NULL},
  {"group_id", "group.id"},
  {"client_id", "client.id"},
  {"offset_reset", "auto.offset.reset"},
  {"offset_rest", NULL},
  {"auto_commit", NULL},
  {"auto_commit_interval_ms", NULL},
  {"snapshot_enable", "experimental.snapshot.enable"},
  {"session_timeout_ms", "session.timeout.ms"},
  {"max_poll_interval_ms", "max.poll.interval.ms"},
};

static gboolean
get_args (Call * self, const gchar ** args)
{
  for (guint i = 0; i < N_ARGS; i++) {
    if (!get_text (self, arg_names[i].name, &args[i]))
      return FALSE;
    if (arg_names[i].key)
      args[i] = get_config (self, arg_names[i].key, args[i]);
  }
  return TRUE;
}

static gboolean
read_options (Call * self, const gchar ** args, Options * options,
    GError ** error)
{
  const gchar *reset = args[ARG_RESET] ? args[ARG_RESET] : args[ARG_OLD_RESET];

  options->client_id = args[ARG_CLIENT];
  options->session_timeout = DEFAULT_SESSION_TIMEOUT;
  options->poll_interval = DEFAULT_POLL_INTERVAL;
  options->commit_interval = DEFAULT_COMMIT_INTERVAL;
  return read_auto_commit (args[ARG_AUTO_COMMIT], options, error)
      && read_commit_interval (args[ARG_COMMIT_INTERVAL], options, error)
      && check_config (self, error)
      && read_group (args[ARG_GROUP], options, error)
      && read_reset (reset, options, error)
      && read_snapshot (args[ARG_SNAPSHOT], error)
      && read_range (args[ARG_SESSION_TIMEOUT], 6000, 1800000,
      &options->session_timeout, error)
      && read_range (args[ARG_POLL_INTERVAL], 1000, G_MAXINT,
      &options->poll_interval, error)
      && check_login (self->connection->server, args[ARG_USER],
      args[ARG_PASSWORD], error);
}

/* FALSE for what is no list of names; NULL in it for a topic not there */
static gboolean
find_topics (Call * self, GPtrArray * topics, GError ** error)
{
  JsonNode *node = self->args ? json_find (self->args, "topics") : NULL;
  JsonArray *names = node && JSON_NODE_HOLDS_ARRAY (node) ?
      json_node_get_array (node) : NULL;

  for (guint i = 0; names && i < json_array_get_length (names); i++) {
    JsonNode *name = json_array_get_element (names, i);
    Topic *topic = JSON_NODE_HOLDS_VALUE (name)
        && json_node_get_string (name) ?
        topics_find (self->connection->server->topics,
        json_node_get_string (name)) : NULL;

    if (!topic)
      return refuse (error, CODE_NO_TOPIC, "Topic not exist");
    g_ptr_array_add (topics, topic);
  }
  return TRUE;
}

/* the real server, too, takes a consumer for dead that does not poll */
static gboolean
expel (gpointer data)
{
  TmqConnection *self = data;

  self->expiry = 0;
  self->consumer->expelled = TRUE;
  consumer_leave (self->consumer);
  return G_SOURCE_REMOVE;
}

static void
expect_poll (TmqConnection * self)
{
  stop (&self->expiry);
  if (!self->consumer->expelled)
    self->expiry = g_timeout_add (self->poll_interval, expel, self);
}

/* nor is one alive of which nothing was heard, not even an answer to a ping */
static gboolean
fall_silent (gpointer data)
{
  TmqConnection *self = data;

  self->silence = 0;
  stop (&self->expiry);
  expel (self);
  return G_SOURCE_REMOVE;
}

static void
hear (TmqConnection * self)
{
  stop (&self->silence);
  if (self->is_subscribed && !self->consumer->expelled)
    self->silence = g_timeout_add (self->session_timeout, fall_silent, self);
}

static void
on_pong (SoupWebsocketConnection * socket, GBytes * message, gpointer data)
{
  hear (data);
}

static void
begin_consumer (Call * self, const Options * options)
{
  TmqConnection *connection = self->connection;

  connection->consumer = consumer_new (connection->server->topics,
      options->group_id, options->reset);
  connection->auto_commit = options->auto_commit;
  connection->commit_interval = options->commit_interval;
  connection->committed_at = g_get_monotonic_time ();
  connection->poll_interval = options->poll_interval;
  connection->session_timeout = options->session_timeout;
  soup_websocket_connection_set_keepalive_interval (connection->socket,
      MAX (options->session_timeout / 3000, 1));
  g_signal_connect (connection->socket, "pong", G_CALLBACK (on_pong),
      connection);
}

static void
subscribe_to (Call * self, GPtrArray * topics)
{
  TmqConnection *connection = self->connection;
  GString *reply = new_reply (self);

  connection->consumer->expelled = FALSE;
  connection->is_subscribed = TRUE;
  consumer_join (connection->consumer, topics);
  g_ptr_array_set_size (connection->topic_names, 0);
  for (guint i = 0; i < topics->len; i++)
    g_ptr_array_add (connection->topic_names,
        g_strdup (((Topic *) g_ptr_array_index (topics, i))->name));
  expect_poll (connection);
  hear (connection);
  reply_add_string (reply, "version", SERVER_VERSION);
  send_reply (connection, reply);
}

/* FALSE where there is no answer */
static gboolean
take_subscribe (Call * self)
{
  TmqConnection *connection = self->connection;
  g_autoptr (GPtrArray) topics = g_ptr_array_new ();
  g_autoptr (GError) error = NULL;
  const gchar *args[N_ARGS];
  Options options = { 0 };

  if (!get_args (self, args))
    return FALSE;
  if (connection->is_subscribed)
    send_refusal (self, "tmq should have unsubscribed first");
  else if (!connection->consumer && !read_options (self, args, &options,
          &error))
    send_error (self, error);
  else if (!find_topics (self, topics, &error))
    send_error (self, error);
  else {
    if (!connection->consumer)
      begin_consumer (self, &options);
    subscribe_to (self, topics);
  }
  return TRUE;
}

static gboolean
take_unsubscribe (Call * self)
{
  TmqConnection *connection = self->connection;

  consumer_leave (connection->consumer);
  connection->is_subscribed = FALSE;
  g_ptr_array_set_size (connection->topic_names, 0);
  stop (&connection->expiry);
  stop (&connection->silence);
  g_clear_pointer (&connection->held, message_free);
  send_reply (connection, new_reply (self));
  return TRUE;
}

/* poll */

static Call
make_poll_call (TmqConnection * self)
{
  Call call = {.connection = self,
    .request = {"poll", self->poll_id, self->poll_start}
  };

  return call;
}

static void
send_message (Call * self, const Message * message)
{
  GString *reply = new_reply (self);

  reply_add_bool (reply, "have_message", message != NULL);
  reply_add_string (reply, "topic", message ? message->topic->name : "");
  reply_add_string (reply, "database", message ? message->topic->database : "");
  reply_add_int (reply, "vgroup_id", message ? message->vgroup : 0);
  reply_add_int (reply, "message_type", message ? message->type : 0);
  reply_add_int (reply, "message_id", message ? message->id : 0);
  /* where rows begin, but where a change ends */
  reply_add_int (reply, "offset", !message ? 0 :
      message->type == MESSAGE_CHANGE ? message->end : message->begin);
  send_reply (self->connection, reply);
}

/* from one vgroup after the other */
static Message *
find_message (TmqConnection * self, GError ** error)
{
  Consumer *consumer = self->consumer;

  for (guint i = 0; i < consumer->shares->len; i++) {
    guint index = (consumer->next_share + i) % consumer->shares->len;
    Share *share = &g_array_index (consumer->shares, Share, index);
    gint64 begin = share->position;
    GError *own_error = NULL;
    Message *message = message_read (self->server, share->topic,
        share->vgroup, &share->position, &share->n_read, &own_error);

    if (own_error) {
      g_propagate_error (error, own_error);
      return NULL;
    }
    if (message) {
      share->begin = begin;
      consumer->next_share = index + 1;
      message->id = ++self->last_message;
      return message;
    }
  }
  return NULL;
}

static void
end_poll (TmqConnection * self)
{
  self->is_polling = FALSE;
  stop (&self->poll_end);
}

/* TRUE where the poll was answered */
static gboolean
try_poll (TmqConnection * self)
{
  Call call = make_poll_call (self);
  g_autoptr (GError) error = NULL;
  Message *message;

  if (self->consumer->expelled) {
    refuse (&error, CODE_NO_CONSUMER, "Consumer not exist");
    send_error (&call, error);
    return TRUE;
  }
  message = find_message (self, &error);
  if (error) {
    send_error (&call, error);
  } else if (message) {
    g_clear_pointer (&self->held, message_free);
    self->held = message;
    self->n_fetched = 0;
    self->has_fetched = FALSE;
    send_message (&call, message);
  }
  return message || error;
}

/* something has changed */
static void
poll_again (gpointer data)
{
  TmqConnection *self = data;

  if (self->is_polling && self->consumer && try_poll (self))
    end_poll (self);
}

static gboolean
give_up_poll (gpointer data)
{
  TmqConnection *self = data;
  Call call = make_poll_call (self);

  self->poll_end = 0;
  end_poll (self);
  send_message (&call, NULL);
  return G_SOURCE_REMOVE;
}

static void
commit_now_and_then (TmqConnection * self)
{
  gint64 now = g_get_monotonic_time ();

  if (!self->auto_commit
      || now < self->committed_at + self->commit_interval * 1000)
    return;
  self->committed_at = now;
  consumer_commit (self->consumer, NULL);
}

static gboolean
take_poll (Call * self)
{
  TmqConnection *connection = self->connection;
  gint64 blocking_time, message_id;

  if (!get_number (self, "blocking_time", &blocking_time)
      || !get_number (self, "message_id", &message_id))
    return FALSE;
  /* one that is waiting already is never answered */
  end_poll (connection);
  if (message_id >= 0 && json_find (self->args, "message_id")
      && connection->held && connection->held->id != (guint64) message_id) {
    send_message (self, connection->held);
    return TRUE;
  }
  connection->poll_id = self->request.req_id;
  connection->poll_start = self->request.start;
  connection->is_polling = TRUE;
  /* without a subscription it waits for that */
  if (!connection->consumer)
    return TRUE;
  commit_now_and_then (connection);
  if (connection->is_subscribed)
    expect_poll (connection);
  if (try_poll (connection)) {
    end_poll (connection);
    return TRUE;
  }
  connection->poll_end = g_timeout_add (CLAMP (blocking_time, 0, G_MAXINT),
      give_up_poll, connection);
  return TRUE;
}

/* the held message */

static GString *
reply_of_message (Call * self, gint code, const gchar * text, gint64 message_id)
{
  GString *reply = reply_new (&self->request, code, text);

  reply_add_int (reply, "message_id", message_id);
  return reply;
}

static gboolean
refuse_message (Call * self, gint64 message_id, const gchar * text)
{
  send_reply (self->connection, reply_of_message (self, CODE_ADAPTER, text,
          message_id));
  return TRUE;
}

static gboolean
holds (TmqConnection * self, gint64 message_id)
{
  return self->held && self->held->id == (guint64) message_id;
}

static void
add_numbers (GString * reply, const gchar * name, GstTDengineSchema * schema,
    gboolean types)
{
  g_string_append_printf (reply, ",\"%s\":[", name);
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    const GstTDengineColumn *column =
        gst_tdengine_schema_get_column (schema, i);
    guint width = gst_tdengine_type_get_width (column->type);

    g_string_append_printf (reply, "%s%u", i ? "," : "", types ? column->type :
        width > 0 ? width : column->length);
  }
  g_string_append_c (reply, ']');
}

static void
add_fields (GString * reply, GstTDengineSchema * schema)
{
  guint n = gst_tdengine_schema_get_n_columns (schema);

  reply_add_int (reply, "fields_count", n);
  g_string_append (reply, ",\"fields_names\":[");
  for (guint i = 0; i < n; i++) {
    if (i > 0)
      g_string_append_c (reply, ',');
    json_append_string (reply,
        gst_tdengine_schema_get_column (schema, i)->name, -1, TRUE);
  }
  g_string_append_c (reply, ']');
  add_numbers (reply, "fields_types", schema, TRUE);
  add_numbers (reply, "fields_lengths", schema, FALSE);
  reply_add_int (reply, "precision",
      gst_tdengine_schema_get_precision (schema));
}

static void
add_no_fields (GString * reply)
{
  reply_add_int (reply, "fields_count", 0);
  g_string_append (reply, ",\"fields_names\":null,\"fields_types\":null,"
      "\"fields_lengths\":null,\"precision\":0");
}

static void
send_fetched (Call * self, gint64 message_id)
{
  TmqConnection *connection = self->connection;
  const Message *message = connection->held;
  const MessageBlock *block = connection->n_fetched < message->blocks->len ?
      g_ptr_array_index (message->blocks, connection->n_fetched) : NULL;
  GString *reply = reply_of_message (self, 0, "", message_id);

  reply_add_bool (reply, "completed", !block);
  reply_add_string (reply, "table_name", block ? block->table_name : "");
  reply_add_int (reply, "rows",
      block ? gst_tdengine_rows_get_n_rows (block->rows) : 0);
  if (block)
    add_fields (reply, gst_tdengine_rows_get_schema (block->rows));
  else
    add_no_fields (reply);
  connection->has_fetched = block != NULL;
  connection->fetch_id = self->request.req_id;
  connection->n_fetched += block != NULL;
  send_reply (connection, reply);
}

static gboolean
take_fetch (Call * self)
{
  TmqConnection *connection = self->connection;
  gint64 message_id;

  if (!get_number (self, "message_id", &message_id))
    return FALSE;
  if (!connection->held)
    return refuse_message (self, message_id, "message has been freed");
  if (!holds (connection, message_id))
    return refuse_message (self, message_id, "message ID are not equal");
  if (connection->held->type == MESSAGE_CHANGE)
    return refuse_message (self, message_id, "message type is not data");
  send_fetched (self, message_id);
  return TRUE;
}

static void
send_binary (TmqConnection * self, GByteArray * bytes)
{
  if (is_open (self))
    wire_send_binary (self->socket, bytes->data,
        bytes->len);
  g_byte_array_unref (bytes);
}

/* time, request, message, the block */
static void
send_block (Call * self, gint64 message_id)
{
  TmqConnection *connection = self->connection;
  const MessageBlock *block = g_ptr_array_index (connection->held->blocks,
      connection->n_fetched - 1);
  GByteArray *reply = g_byte_array_new ();
  guint8 head[24];

  GST_WRITE_UINT64_LE (head, request_get_timing (&self->request));
  GST_WRITE_UINT64_LE (head + 8, connection->fetch_id);
  GST_WRITE_UINT64_LE (head + 16, message_id);
  g_byte_array_append (reply, head, sizeof head);
  reply_append_block (reply, block->rows);
  GST_WRITE_UINT32_LE (reply->data + sizeof head, 2);   /* its version */
  send_binary (connection, reply);
}

static gboolean
take_fetch_block (Call * self)
{
  TmqConnection *connection = self->connection;
  gint64 message_id;

  if (!get_number (self, "message_id", &message_id))
    return FALSE;
  if (!holds (connection, message_id))
    return refuse_message (self, message_id, "message is nil");
  if (connection->held->type == MESSAGE_CHANGE)
    return refuse_message (self, message_id, "message type is not data");
  if (!connection->has_fetched)
    return refuse_message (self, message_id, "no fetch data");
  send_block (self, message_id);
  return TRUE;
}

static void
send_raw (Call * self, gint64 message_id, const gchar * refusal)
{
  const gchar *text = refusal ? refusal : "";
  GByteArray *reply = g_byte_array_new ();
  guint8 head[RAW_HEAD], tail[14];
  guint16 type;

  GST_WRITE_UINT64_LE (head, G_MAXUINT64);
  GST_WRITE_UINT64_LE (head + 8, RAW_ACTION);
  GST_WRITE_UINT16_LE (head + 16, 1);
  GST_WRITE_UINT64_LE (head + 18, request_get_timing (&self->request));
  GST_WRITE_UINT64_LE (head + 26, self->request.req_id);
  GST_WRITE_UINT32_LE (head + 34, refusal ? CODE_ADAPTER : 0);
  GST_WRITE_UINT32_LE (head + 38, strlen (text));
  GST_WRITE_UINT64_LE (tail, message_id);
  g_byte_array_append (reply, head, sizeof head);
  g_byte_array_append (reply, (const guint8 *) text, strlen (text));
  if (refusal) {
    g_byte_array_append (reply, tail, 8);
  } else {
    g_autoptr (GByteArray) data =
        message_get_raw (self->connection->held, &type);

    GST_WRITE_UINT16_LE (tail + 8, type);
    GST_WRITE_UINT32_LE (tail + 10, data->len);
    g_byte_array_append (reply, tail, sizeof tail);
    g_byte_array_append (reply, data->data, data->len);
  }
  send_binary (self->connection, reply);
}

static gboolean
take_fetch_raw_data (Call * self)
{
  TmqConnection *connection = self->connection;
  gint64 message_id;

  if (!get_number (self, "message_id", &message_id))
    return FALSE;
  send_raw (self, message_id, !connection->consumer ? "tmq not init" :
      !connection->held ? "message has been freed" :
      !holds (connection, message_id) ? "message ID is not equal" :
      connection->held->type == MESSAGE_CHANGE ?
      "a change in TDengine's own words: not supported by the test server" :
      NULL);
  return TRUE;
}

static gboolean
take_fetch_json_meta (Call * self)
{
  const Message *held = self->connection->held;
  gint64 message_id;

  if (!get_number (self, "message_id", &message_id))
    return FALSE;
  if (!held)
    return refuse_message (self, message_id, "message has been freed");
  if (held->type == MESSAGE_ROWS)
    return refuse_message (self, message_id,
        "message type can not get meta, type: 1");
  if (!holds (self->connection, message_id))
    return refuse_message (self, message_id, "message ID is not equal");

  GString *reply = reply_of_message (self, 0, "", message_id);
  g_autofree gchar *json = message_get_json (held);
  g_string_append_printf (reply, ",\"data\":%s", json);
  send_reply (self->connection, reply);
  return TRUE;
}

/* offsets */

static gboolean
take_commit (Call * self)
{
  g_autoptr (GError) error = NULL;
  gint64 message_id;

  if (!get_number (self, "message_id", &message_id))
    return FALSE;
  if (!consumer_commit (self->connection->consumer, &error)) {
    send_error (self, error);
    return TRUE;
  }
  send_reply (self->connection, reply_of_message (self, 0, "", message_id));
  return TRUE;
}

typedef struct
{
  const gchar *topic;
  gint64 vgroup;
  gint64 offset;
} Place;

/* -1 is the last one read */
static gboolean
check_offset (TmqConnection * self, guint vgroup, gint64 offset,
    GError ** error)
{
  Log *log = self->server->log;

  if (offset == -1 || (offset >= log_get_begin (log, vgroup)
          && offset <= log_get_end (log, vgroup)))
    return TRUE;
  return refuse (error, CODE_OFFSET_RANGE, "Offset out of range");
}

static gboolean
get_place (Call * self, Place * place)
{
  return get_text (self, "topic", &place->topic)
      && get_number (self, "vgroup_id", &place->vgroup)
      && get_number (self, "offset", &place->offset);
}

static Share *
check_place (Call * self, const Place * place, GError ** error)
{
  Share *share = consumer_get_share (self->connection->consumer,
      place->topic ? place->topic : "", place->vgroup, error);

  return share && check_offset (self->connection, place->vgroup,
      place->offset, error) ? share : NULL;
}

static gboolean
take_commit_offset (Call * self)
{
  g_autoptr (GError) error = NULL;
  Consumer *consumer = self->connection->consumer;
  GString *reply;
  Share *share;
  Place place;

  if (!get_place (self, &place))
    return FALSE;
  share = check_place (self, &place, &error);
  if (!share || !topics_commit (consumer->topics, consumer->group_id, share,
          place.offset, &error)) {
    send_error (self, error);
    return TRUE;
  }
  reply = new_reply (self);
  reply_add_string (reply, "topic", place.topic);
  reply_add_int (reply, "vgroup_id", place.vgroup);
  g_string_append_printf (reply, ",\"offset\":%" G_GINT64_FORMAT, place.offset);
  send_reply (self->connection, reply);
  return TRUE;
}

static gboolean
take_seek (Call * self)
{
  g_autoptr (GError) error = NULL;
  Share *share;
  Place place;

  if (!get_place (self, &place))
    return FALSE;
  share = check_place (self, &place, &error);
  if (!share) {
    send_error (self, error);
    return TRUE;
  }
  share->begin = share->position = place.offset;
  share->n_read = 0;
  send_reply (self->connection, new_reply (self));
  return TRUE;
}

static gint64
get_position (Consumer * consumer, const Share * share)
{
  return share->position;
}

static gint64
get_committed (Consumer * consumer, const Share * share)
{
  return topics_committed (consumer->topics, consumer->group_id, share->topic,
      share->vgroup);
}

/* of each pair of a topic and a vgroup */
static gboolean
list_offsets (Call * self, GString * list,
    gint64 (*get) (Consumer *, const Share *), GError ** error)
{
  JsonNode *node = self->args ? json_find (self->args, "topic_vgroup_ids") :
      NULL;
  JsonArray *pairs = node && JSON_NODE_HOLDS_ARRAY (node) ?
      json_node_get_array (node) : NULL;

  for (guint i = 0; pairs && i < json_array_get_length (pairs); i++) {
    JsonNode *pair = json_array_get_element (pairs, i);
    Call inner = {.args = JSON_NODE_HOLDS_OBJECT (pair) ?
          json_node_get_object (pair) : NULL
    };
    Place place = { 0 };

    get_place (&inner, &place);
    Share *share = consumer_get_share (self->connection->consumer,
        place.topic ? place.topic : "", place.vgroup, error);
    if (!share)
      return FALSE;
    g_string_append_printf (list, "%s%" G_GINT64_FORMAT, i ? "," : "",
        get (self->connection->consumer, share));
  }
  return TRUE;
}

static gboolean
send_offsets (Call * self, const gchar * name,
    gint64 (*get) (Consumer *, const Share *))
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GString) list = g_string_new (NULL);
  GString *reply;

  if (!list_offsets (self, list, get, &error)) {
    send_error (self, error);
    return TRUE;
  }
  reply = new_reply (self);
  g_string_append_printf (reply, ",\"%s\":[%s]", name, list->str);
  send_reply (self->connection, reply);
  return TRUE;
}

static gboolean
take_position (Call * self)
{
  return send_offsets (self, "position", get_position);
}

static gboolean
take_committed (Call * self)
{
  return send_offsets (self, "committed", get_committed);
}

static void
add_assignment (GString * reply, Log * log, const Share * share)
{
  if (reply->str[reply->len - 1] != '[')
    g_string_append_c (reply, ',');
  g_string_append_printf (reply, "{\"vgroup_id\":%u,\"offset\":%"
      G_GINT64_FORMAT ",\"begin\":%" G_GINT64_FORMAT ",\"end\":%"
      G_GINT64_FORMAT "}", share->vgroup, share->begin,
      log_get_begin (log, share->vgroup), log_get_end (log, share->vgroup));
}

static gboolean
take_assignment (Call * self)
{
  Consumer *consumer = self->connection->consumer;
  g_autoptr (GError) error = NULL;
  const gchar *name;
  GString *reply;
  Topic *topic;

  if (!get_text (self, "topic", &name))
    return FALSE;
  topic = consumer_get_topic (consumer, name ? name : "", &error);
  if (!topic) {
    send_error (self, error);
    return TRUE;
  }
  reply = new_reply (self);
  g_string_append (reply, ",\"assignment\":[");
  for (guint i = 0; i < consumer->shares->len; i++) {
    const Share *share = &g_array_index (consumer->shares, Share, i);

    if (share->topic == topic)
      add_assignment (reply, self->connection->server->log, share);
  }
  g_string_append_c (reply, ']');
  send_reply (self->connection, reply);
  return TRUE;
}

static gboolean
take_list_topics (Call * self)
{
  GPtrArray *names = self->connection->topic_names;
  gboolean expelled = self->connection->consumer->expelled;
  GString *reply = new_reply (self);

  g_string_append (reply, ",\"topics\":[");
  for (guint i = 0; !expelled && i < names->len; i++) {
    if (i > 0)
      g_string_append_c (reply, ',');
    json_append_string (reply, g_ptr_array_index (names, i), -1, TRUE);
  }
  g_string_append_c (reply, ']');
  send_reply (self->connection, reply);
  return TRUE;
}

static gboolean
take_version (Call * self)
{
  GString *reply = new_reply (self);

  reply_add_string (reply, "version", SERVER_VERSION);
  send_reply (self->connection, reply);
  return TRUE;
}

/* requests */

typedef enum
{
  ALWAYS,
  AFTER_SUBSCRIBE,
  AFTER_SUBSCRIBE_OF_MESSAGE,   /* a refusal names the message */
} Condition;

static const struct
{
  const gchar *name;
  Condition condition;
    gboolean (*take) (Call *);
} actions[] = {
  {"version", ALWAYS, take_version},
  {"subscribe", ALWAYS, take_subscribe},
  {"poll", ALWAYS, take_poll},
  {"fetch", AFTER_SUBSCRIBE_OF_MESSAGE, take_fetch},
  {"fetch_block", AFTER_SUBSCRIBE_OF_MESSAGE, take_fetch_block},
  {"fetch_raw_data", ALWAYS, take_fetch_raw_data},
  {"fetch_json_meta", AFTER_SUBSCRIBE_OF_MESSAGE, take_fetch_json_meta},
  {"commit", AFTER_SUBSCRIBE, take_commit},
  {"commit_offset", AFTER_SUBSCRIBE, take_commit_offset},
  {"committed", AFTER_SUBSCRIBE, take_committed},
  {"position", AFTER_SUBSCRIBE, take_position},
  {"assignment", AFTER_SUBSCRIBE, take_assignment},
  {"seek", AFTER_SUBSCRIBE, take_seek},
  {"list_topics", AFTER_SUBSCRIBE, take_list_topics},
  {"unsubscribe", AFTER_SUBSCRIBE, take_unsubscribe},
};

static void
dispatch (Call * self, guint index)
{
  gint64 message_id;

  if (actions[index].condition == ALWAYS || self->connection->consumer) {
    actions[index].take (self);
    return;
  }
  if (actions[index].condition == AFTER_SUBSCRIBE)
    send_refusal (self, "tmq not init");
  else if (get_number (self, "message_id", &message_id))
    refuse_message (self, message_id, "tmq not init");
}

static gboolean
read_call (Call * self, JsonNode * root)
{
  JsonObject *object = root && JSON_NODE_HOLDS_OBJECT (root) ?
      json_node_get_object (root) : NULL;
  JsonNode *action = object ? json_find (object, "action") : NULL;
  JsonNode *args = object ? json_find (object, "args") : NULL;
  gint64 req_id;

  if (!action || !JSON_NODE_HOLDS_VALUE (action)
      || json_node_get_value_type (action) != G_TYPE_STRING)
    return FALSE;
  self->request.action = json_node_get_string (action);
  if (args && JSON_NODE_HOLDS_OBJECT (args))
    self->args = json_node_get_object (args);
  if (!get_number (self, "req_id", &req_id))
    return FALSE;
  self->request.req_id = req_id;
  return TRUE;
}

void
tmq_connection_take_text (TmqConnection * connection, const gchar * text,
    gsize size)
{
  g_autoptr (JsonNode) root = json_parse (text, size);
  Call self = {.connection = connection,
    .request = {"", 0, g_get_monotonic_time ()}
  };

  if (connection->consumer)
    hear (connection);
  if (!read_call (&self, root))
    return;
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    if (g_str_equal (actions[i].name, self.request.action))
      dispatch (&self, i);
}
