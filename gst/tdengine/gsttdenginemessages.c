/* tdengine messages: the requests and replies of taosAdapter
 *
 * Everything binary is little-endian. A request is either a JSON text, or a
 * binary message that opens with its request id, a resource id and the number
 * of its action.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <gst/base/base.h>

#include "gsttdengineblock.h"
#include "gsttdengineerror-private.h"
#include "gsttdenginejsonobject.h"
#include "gsttdenginemessages.h"
#include "gsttdenginesettings-private.h"
#include "gsttdenginesubscription.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_PROTOCOL, \
      "The server's answer is not understood: ", __VA_ARGS__)

#define MAX_JSON_SIZE (4 * 1024 * 1024)
/* the server cuts longer ones */
#define MAX_APP_BYTES 23

/* requests */

static JsonBuilder *
begin_request (const gchar * action, guint64 req_id)
{
  JsonBuilder *builder = json_builder_new ();

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "action");
  json_builder_add_string_value (builder, action);
  json_builder_set_member_name (builder, "args");
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "req_id");
  json_builder_add_int_value (builder, req_id);
  return builder;
}

static void
add_string (JsonBuilder * builder, const gchar * name, const gchar * value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_string_value (builder, value);
}

static void
add_int (JsonBuilder * builder, const gchar * name, guint64 value)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_int_value (builder, value);
}

static void
add_true (JsonBuilder * builder, const gchar * name)
{
  json_builder_set_member_name (builder, name);
  json_builder_add_boolean_value (builder, TRUE);
}

static gchar *
end_request (JsonBuilder * builder)
{
  g_autoptr (JsonNode) root = NULL;

  json_builder_end_object (builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, FALSE);
}

/* who asks, for conn and for subscribe */
static void
add_application (JsonBuilder * builder, const GstTDengineSettings * settings)
{
  const gchar *name = settings->app_name ? settings->app_name :
      g_get_prgname ()? g_get_prgname () : "gst-tdengine";
  g_autofree gchar *app = g_strndup (name, MAX_APP_BYTES);
  g_autofree gchar *valid = g_utf8_make_valid (app, -1);

  add_string (builder, "app", valid);
  if (settings->app_ip)
    add_string (builder, "ip", settings->app_ip);
  add_string (builder, "connector", "gst-tdengine " PACKAGE_VERSION);
}

/* a bearer token takes the place of user and password */
static void
add_login (JsonBuilder * builder, const GstTDengineSettings * settings,
    const gchar * password)
{
  if (!settings->bearer_token) {
    add_string (builder, "user", settings->user);
    add_string (builder, "password", password);
  }
  if (settings->totp_code)
    add_string (builder, "totp_code", settings->totp_code);
  add_string (builder, "db", settings->database ? settings->database : "");
  if (settings->timezone)
    add_string (builder, "tz", settings->timezone);
  add_application (builder, settings);
}

gchar *
gst_tdengine_messages_conn (guint64 req_id,
    const GstTDengineSettings * settings, const gchar * password)
{
  g_autoptr (JsonBuilder) builder = begin_request ("conn", req_id);

  add_login (builder, settings, password);
  if (settings->bearer_token)
    add_string (builder, "bearer_token", settings->bearer_token);
  return end_request (builder);
}

gchar *
gst_tdengine_messages_version (guint64 req_id)
{
  g_autoptr (JsonBuilder) builder = begin_request ("version", req_id);

  return end_request (builder);
}

gchar *
gst_tdengine_messages_free_result (guint64 req_id, guint64 id)
{
  g_autoptr (JsonBuilder) builder = begin_request ("free_result", req_id);

  add_int (builder, "id", id);
  return end_request (builder);
}

/* both flags together choose the mode for many tables in one message */
gchar *
gst_tdengine_messages_stmt2_init (guint64 req_id)
{
  g_autoptr (JsonBuilder) builder = begin_request ("stmt2_init", req_id);

  add_true (builder, "single_stb_insert");
  add_true (builder, "single_table_bind_once");
  return end_request (builder);
}

gchar *
gst_tdengine_messages_stmt2_prepare (guint64 req_id, guint64 stmt_id,
    const gchar * sql)
{
  g_autoptr (JsonBuilder) builder = begin_request ("stmt2_prepare", req_id);

  add_int (builder, "stmt_id", stmt_id);
  add_string (builder, "sql", sql);
  return end_request (builder);
}

static gchar *
stmt2_request (const gchar * action, guint64 req_id, guint64 stmt_id)
{
  g_autoptr (JsonBuilder) builder = begin_request (action, req_id);

  add_int (builder, "stmt_id", stmt_id);
  return end_request (builder);
}

gchar *
gst_tdengine_messages_stmt2_exec (guint64 req_id, guint64 stmt_id)
{
  return stmt2_request ("stmt2_exec", req_id, stmt_id);
}

gchar *
gst_tdengine_messages_stmt2_close (guint64 req_id, guint64 stmt_id)
{
  return stmt2_request ("stmt2_close", req_id, stmt_id);
}

/* consumers */

/* the options that are arguments, or those that are not */
static void
add_options (JsonBuilder * builder, const GstStructure * options,
    gboolean arguments)
{
  for (gint i = 0; i < gst_structure_n_fields (options); i++) {
    const gchar *key = gst_structure_nth_field_name (options, i);
    const gchar *arg = gst_tdengine_subscription_get_arg (key);
    g_autofree gchar *text = gst_tdengine_subscription_get_text (key,
        gst_structure_get_value (options, key));

    if (arguments == (arg != NULL))
      add_string (builder, arg ? arg : key, text);
  }
}

/* The adapter's own commits would cover all that was polled, so there are none. */
gchar *
gst_tdengine_messages_subscribe (guint64 req_id,
    const GstTDengineSettings * settings, const gchar * password,
    const gchar * const *topics, const GstStructure * options)
{
  g_autoptr (JsonBuilder) builder = begin_request ("subscribe", req_id);

  add_login (builder, settings, password);
  add_string (builder, "auto_commit", "false");
  add_options (builder, options, TRUE);
  json_builder_set_member_name (builder, "config");
  json_builder_begin_object (builder);
  add_options (builder, options, FALSE);
  if (settings->bearer_token)
    add_string (builder, "td.connect.token", settings->bearer_token);
  json_builder_end_object (builder);
  json_builder_set_member_name (builder, "topics");
  json_builder_begin_array (builder);
  for (; *topics; topics++)
    json_builder_add_string_value (builder, *topics);
  json_builder_end_array (builder);
  return end_request (builder);
}

gchar *
gst_tdengine_messages_unsubscribe (guint64 req_id)
{
  g_autoptr (JsonBuilder) builder = begin_request ("unsubscribe", req_id);

  return end_request (builder);
}

/* The requests that each message takes, which hold numbers alone. */

/* message_id is that of the last message that came: where one was lost since,
 * it comes again; 0 before the first */
gchar *
gst_tdengine_messages_poll (guint64 req_id, guint timeout, guint64 message_id)
{
  return g_strdup_printf ("{\"action\":\"poll\",\"args\":{\"req_id\":%"
      G_GUINT64_FORMAT ",\"blocking_time\":%u,\"message_id\":%"
      G_GUINT64_FORMAT "}}", req_id, timeout, message_id);
}

static gchar *
message_request (const gchar * action, guint64 req_id, guint64 message_id)
{
  return g_strdup_printf ("{\"action\":\"%s\",\"args\":{\"req_id\":%"
      G_GUINT64_FORMAT ",\"message_id\":%" G_GUINT64_FORMAT "}}", action,
      req_id, message_id);
}

gchar *
gst_tdengine_messages_fetch_data (guint64 req_id, guint64 message_id)
{
  return message_request ("fetch_raw_data", req_id, message_id);
}

gchar *
gst_tdengine_messages_fetch_meta (guint64 req_id, guint64 message_id)
{
  return message_request ("fetch_json_meta", req_id, message_id);
}

gchar *
gst_tdengine_messages_assignment (guint64 req_id, const gchar * topic)
{
  g_autoptr (JsonBuilder) builder = begin_request ("assignment", req_id);

  add_string (builder, "topic", topic);
  return end_request (builder);
}

/* of each vgroup of an assignment; action is position or committed */
gchar *
gst_tdengine_messages_offsets (guint64 req_id, const gchar * action,
    const gchar * topic, const GArray * assignment)
{
  g_autoptr (JsonBuilder) builder = begin_request (action, req_id);

  json_builder_set_member_name (builder, "topic_vgroup_ids");
  json_builder_begin_array (builder);
  for (guint i = 0; i < assignment->len; i++) {
    json_builder_begin_object (builder);
    add_string (builder, "topic", topic);
    add_int (builder, "vgroup_id", g_array_index (assignment, GstTDengineRange,
            i).vgroup);
    json_builder_end_object (builder);
  }
  json_builder_end_array (builder);
  return end_request (builder);
}

/* action is commit_offset or seek */
gchar *
gst_tdengine_messages_set_offset (guint64 req_id, const gchar * action,
    const gchar * topic, gint vgroup, gint64 offset)
{
  g_autoptr (JsonBuilder) builder = begin_request (action, req_id);

  add_string (builder, "topic", topic);
  add_int (builder, "vgroup_id", vgroup);
  add_int (builder, "offset", offset);
  return end_request (builder);
}

static void
write_head (guint8 * head, guint64 req_id, guint64 resource,
    GstTDengineAction action)
{
  GST_WRITE_UINT64_LE (head, req_id);
  GST_WRITE_UINT64_LE (head + 8, resource);
  GST_WRITE_UINT64_LE (head + 16, action);
}

/* the statement follows */
void
gst_tdengine_messages_write_query_head (guint8 * head, guint64 req_id,
    gsize sql_size)
{
  write_head (head, req_id, 0, GST_TDENGINE_ACTION_QUERY);
  GST_WRITE_UINT16_LE (head + 24, 1);   /* version */
  GST_WRITE_UINT32_LE (head + 26, sql_size);
}

void
gst_tdengine_messages_write_fetch (guint8 * request, guint64 req_id, guint64 id)
{
  write_head (request, req_id, id, GST_TDENGINE_ACTION_FETCH_RAW_BLOCK);
  GST_WRITE_UINT16_LE (request + 24, 1);        /* version */
}

/* the table's name follows, then the block */
void
gst_tdengine_messages_write_raw_head (guint8 * head, guint64 req_id,
    GstTDengineAction action, guint n_rows, gsize name_size)
{
  write_head (head, req_id, 0, action);
  GST_WRITE_UINT32_LE (head + 24, n_rows);
  GST_WRITE_UINT16_LE (head + 28, name_size);
}

/* one a column, behind a block of action 5 */
void
gst_tdengine_messages_write_field (guint8 * field,
    const GstTDengineColumn * column)
{
  memset (field, 0, GST_TDENGINE_FIELD_SIZE);
  g_strlcpy ((gchar *) field, column->name, GST_TDENGINE_MAX_NAME_BYTES + 1);
  field[65] = column->type;
  GST_WRITE_UINT32_LE (field + 68, gst_tdengine_block_column_bytes (column));
}

/* the bound values follow */
void
gst_tdengine_messages_write_bind_head (guint8 * head, guint64 req_id,
    guint64 stmt_id)
{
  write_head (head, req_id, stmt_id, GST_TDENGINE_ACTION_STMT2_BIND);
  GST_WRITE_UINT16_LE (head + 24, 1);   /* version */
  GST_WRITE_UINT32_LE (head + 26, -1);  /* all columns */
}

/* replies */

void
gst_tdengine_reply_clear (GstTDengineReply * reply)
{
  g_clear_pointer (&reply->text, g_free);
  g_clear_pointer (&reply->action, g_free);
  g_clear_pointer (&reply->version, g_free);
  g_clear_pointer (&reply->schema, gst_tdengine_schema_unref);
  g_clear_pointer (&reply->poll.topic, g_free);
  g_clear_pointer (&reply->poll.database, g_free);
  g_clear_pointer (&reply->meta, g_free);
  g_clear_pointer (&reply->change, g_free);
  g_clear_pointer (&reply->assignment, g_array_unref);
  g_clear_pointer (&reply->offsets, g_array_unref);
}

/* a member of the right type, or the default */
static gint64
get_int (JsonObject * object, const gchar * name)
{
  JsonNode *node = gst_tdengine_json_object_find (object, name, G_TYPE_INT64);

  return node ? json_node_get_int (node) : 0;
}

static gchar *
dup_string (JsonObject * object, const gchar * name)
{
  JsonNode *node = gst_tdengine_json_object_find (object, name, G_TYPE_STRING);

  return node ? json_node_dup_string (node) : NULL;
}

static JsonArray *
get_any_array (JsonObject * object, const gchar * name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) :
      NULL;
}

static JsonArray *
get_array (JsonObject * object, const gchar * name, guint length)
{
  JsonArray *array = get_any_array (object, name);

  return array && json_array_get_length (array) == length ? array : NULL;
}

static gint64
array_int (JsonArray * array, guint index)
{
  JsonNode *node = array ? json_array_get_element (array, index) : NULL;

  return node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_int (node) : 0;
}

typedef struct
{
  JsonArray *names;
  JsonArray *types;
  JsonArray *lengths;
  JsonArray *precisions;        /* NULL from servers that have no decimals */
  JsonArray *scales;
} Fields;

static gboolean
append_field (GstTDengineSchema * schema, const Fields * fields, guint index,
    GError ** error)
{
  JsonNode *name = json_array_get_element (fields->names, index);
  gint64 type = array_int (fields->types, index);
  gint64 length = array_int (fields->lengths, index);
  GstTDengineColumn column = { 0 };

  if (!JSON_NODE_HOLDS_VALUE (name) || !json_node_get_string (name))
    return refuse (error, "a column has no name");
  column.name = (gchar *) json_node_get_string (name);
  column.type = type >= 0 && type <= G_MAXUINT8 ? type : GST_TDENGINE_TYPE_NULL;
  if (gst_tdengine_type_is_known (column.type)
      && gst_tdengine_type_get_width (column.type) == 0)
    column.length = CLAMP (length, 0, G_MAXINT32);
  if (column.type == GST_TDENGINE_TYPE_DECIMAL
      || column.type == GST_TDENGINE_TYPE_DECIMAL64) {
    column.digits = CLAMP (array_int (fields->precisions, index), 0, 255);
    column.scale = CLAMP (array_int (fields->scales, index), 0, 255);
  }
  return gst_tdengine_schema_append (schema, &column, error);
}

static gboolean
parse_fields (JsonObject * object, GstTDengineReply * reply, GError ** error)
{
  gint64 n_columns = get_int (object, "fields_count");
  gint64 precision = get_int (object, "precision");

  /* stmt2_prepare counts fields that are not a result's */
  if (n_columns == 0 || !json_object_has_member (object, "fields_names"))
    return TRUE;
  if (n_columns < 0 || n_columns > G_MAXINT32
      || precision < GST_TDENGINE_PRECISION_MS
      || precision > GST_TDENGINE_PRECISION_NS)
    return refuse (error, "its columns make no sense");

  Fields fields = {
    .names = get_array (object, "fields_names", n_columns),
    .types = get_array (object, "fields_types", n_columns),
    .lengths = get_array (object, "fields_lengths", n_columns),
    .precisions = get_array (object, "fields_precisions", n_columns),
    .scales = get_array (object, "fields_scales", n_columns),
  };
  if (!fields.names || !fields.types || !fields.lengths)
    return refuse (error, "its columns are not as many as it says");

  g_autoptr (GstTDengineSchema) schema = gst_tdengine_schema_new (precision);
  for (gint64 i = 0; i < n_columns; i++) {
    if (!append_field (schema, &fields, i, error))
      return FALSE;
  }
  reply->schema = g_steal_pointer (&schema);
  return TRUE;
}

static gboolean
parse_poll (JsonObject * object, GstTDengineReply * reply, GError ** error)
{
  JsonNode *node =
      gst_tdengine_json_object_find (object, "have_message", G_TYPE_BOOLEAN);
  GstTDenginePoll *poll = &reply->poll;

  if (!node)
    return refuse (error, "it does not say whether there is a message");
  if (!json_node_get_boolean (node))
    return TRUE;
  poll->topic = dup_string (object, "topic");
  poll->database = dup_string (object, "database");
  poll->vgroup = get_int (object, "vgroup_id");
  poll->message_id = get_int (object, "message_id");
  poll->offset = get_int (object, "offset");
  poll->kind = get_int (object, "message_type");
  if (!poll->topic || !poll->database)
    return refuse (error, "a message is of no topic");
  if (poll->kind < GST_TDENGINE_TOPIC_DATA
      || poll->kind > GST_TDENGINE_TOPIC_DATA_AND_META)
    return refuse (error, "a message is of a kind that was not asked for");
  return TRUE;
}

static gboolean
parse_meta (JsonObject * object, GstTDengineReply * reply, GError ** error)
{
  JsonNode *node = json_object_get_member (object, "data");

  if (!node || !JSON_NODE_HOLDS_OBJECT (node))
    return refuse (error, "what has changed is not told");
  reply->meta = json_to_string (node, FALSE);
  reply->change = dup_string (json_node_get_object (node), "type");
  return TRUE;
}

static gboolean
parse_assignment (JsonObject * object, GstTDengineReply * reply,
    GError ** error)
{
  JsonArray *array = get_any_array (object, "assignment");
  guint n = array ? json_array_get_length (array) : 0;

  reply->assignment = g_array_new (FALSE, FALSE, sizeof (GstTDengineRange));
  for (guint i = 0; i < n; i++) {
    JsonNode *node = json_array_get_element (array, i);

    if (!JSON_NODE_HOLDS_OBJECT (node))
      return refuse (error, "a vgroup is no JSON object");
    JsonObject *vgroup = json_node_get_object (node);
    GstTDengineRange range = {
      .vgroup = get_int (vgroup, "vgroup_id"),
      .begin = get_int (vgroup, "begin"),
      .end = get_int (vgroup, "end"),
    };
    g_array_append_val (reply->assignment, range);
  }
  return TRUE;
}

static gboolean
parse_offsets (JsonObject * object, GstTDengineReply * reply, GError ** error)
{
  JsonArray *array = get_any_array (object, reply->action);
  guint n = array ? json_array_get_length (array) : 0;

  reply->offsets = g_array_new (FALSE, FALSE, sizeof (gint64));
  for (guint i = 0; i < n; i++) {
    gint64 offset = MAX (array_int (array, i), GST_TDENGINE_NO_OFFSET);

    g_array_append_val (reply->offsets, offset);
  }
  return TRUE;
}

/* what the replies to some actions hold beside the rest */
static const struct
{
  const gchar *action;
    gboolean (*parse) (JsonObject * object, GstTDengineReply * reply,
      GError ** error);
} parsers[] = {
  {"poll", parse_poll},
  {"fetch_json_meta", parse_meta},
  {"assignment", parse_assignment},
  {"position", parse_offsets},
  {"committed", parse_offsets},
};

static gboolean
parse_rest (JsonObject * object, GstTDengineReply * reply, GError ** error)
{
  for (guint i = 0; i < G_N_ELEMENTS (parsers) && reply->code == 0; i++) {
    if (g_strcmp0 (reply->action, parsers[i].action) == 0)
      return parsers[i].parse (object, reply, error);
  }
  return parse_fields (object, reply, error);
}

static gboolean
parse_text (const GstTDengineMessage * message, GstTDengineReply * reply,
    GError ** error)
{
  const gchar *what = NULL;
  g_autoptr (JsonNode) root = NULL;
  JsonObject *object;

  if (message->size > MAX_JSON_SIZE)
    return refuse (error, "it is a longer text than any answer");
  root = gst_tdengine_json_object_parse ((const gchar *) message->data,
      message->size, &what);
  if (!root)
    return refuse (error, "%s", what);
  object = json_node_get_object (root);
  if (!gst_tdengine_json_object_find (object, "code", G_TYPE_INT64))
    return refuse (error, "it has no code");
  reply->req_id = get_int (object, "req_id");
  reply->code = get_int (object, "code");
  reply->text = dup_string (object, "message");
  reply->action = dup_string (object, "action");
  reply->version = dup_string (object, "version");
  reply->id = get_int (object, "id");
  reply->stmt_id = get_int (object, "stmt_id");
  /* a query says affected_rows, stmt2_exec says affected */
  reply->affected_rows = get_int (object, "affected_rows") +
      get_int (object, "affected");
  return parse_rest (object, reply, error);
}

/* where the rest of a binary reply lies, which its length comes before */
static gboolean
parse_block (GstByteReader * reader, GstTDengineReply * reply, GError ** error)
{
  guint32 size = 0;

  if (!gst_byte_reader_get_uint32_le (reader, &size)
      || gst_byte_reader_get_remaining (reader) != size)
    return refuse (error, "a block is not as long as it says");
  reply->block_offset = gst_byte_reader_get_pos (reader);
  reply->block_size = size;
  return TRUE;
}

/* whether it is finished, and the block where it is not */
static gboolean
parse_fetched_block (GstByteReader * reader, GstTDengineReply * reply,
    GError ** error)
{
  guint8 finished = 1;

  reply->action = g_strdup ("fetch_raw_block");
  if (!gst_byte_reader_get_uint8 (reader, &finished))
    return refuse (error, "a block's head is cut off");
  reply->finished = finished;
  return finished || parse_block (reader, reply, error);
}

/* the kind, and the data; nothing where there is an error */
static gboolean
parse_fetched_data (GstByteReader * reader, GstTDengineReply * reply,
    GError ** error)
{
  guint16 raw_type = 0;

  reply->action = g_strdup ("fetch_raw_data");
  if (reply->code != 0)
    return TRUE;
  if (!gst_byte_reader_get_uint16_le (reader, &raw_type))
    return refuse (error, "the head of a message's data is cut off");
  reply->raw_type = raw_type;
  return parse_block (reader, reply, error);
}

/* a binary reply: all ones, action, version, time, request id, code, words, id
 * of the result or the message, and what its action has */
static gboolean
parse_binary (const GstTDengineMessage * message, GstTDengineReply * reply,
    GError ** error)
{
  GstByteReader reader;
  guint64 marker = 0, action = 0, req_id = 0, id = 0;
  guint32 code = 0, text_size = 0;
  const guint8 *text = NULL;

  gst_byte_reader_init (&reader, message->data, message->size);
  if (!gst_byte_reader_get_uint64_le (&reader, &marker)
      || !gst_byte_reader_get_uint64_le (&reader, &action)
      || marker != G_MAXUINT64
      || (action != GST_TDENGINE_ACTION_FETCH_RAW_BLOCK
          && action != GST_TDENGINE_ACTION_FETCH_RAW_DATA))
    return refuse (error, "it is of a kind that was not asked for");
  if (!gst_byte_reader_skip (&reader, 2 + 8)
      || !gst_byte_reader_get_uint64_le (&reader, &req_id)
      || !gst_byte_reader_get_uint32_le (&reader, &code)
      || !gst_byte_reader_get_uint32_le (&reader, &text_size)
      || !gst_byte_reader_get_data (&reader, text_size, &text)
      || !gst_byte_reader_get_uint64_le (&reader, &id))
    return refuse (error, "a block's head is cut off");
  reply->req_id = req_id;
  reply->code = code;
  reply->text = g_utf8_make_valid ((const gchar *) text, text_size);
  reply->id = id;
  return action == GST_TDENGINE_ACTION_FETCH_RAW_BLOCK ?
      parse_fetched_block (&reader, reply, error) :
      parse_fetched_data (&reader, reply, error);
}

/* Reads any reply. An error is one of the protocol; what the server refuses is
 * a reply with a code. */
gboolean
gst_tdengine_messages_parse (const GstTDengineMessage * message,
    GstTDengineReply * reply, GError ** error)
{
  memset (reply, 0, sizeof *reply);
  if (message->size > G_MAXINT32)
    return refuse (error, "it is too long");
  if (message->opcode == GST_TDENGINE_OPCODE_TEXT
      ? parse_text (message, reply, error)
      : parse_binary (message, reply, error))
    return TRUE;
  gst_tdengine_reply_clear (reply);
  return FALSE;
}
