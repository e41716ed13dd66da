/* messages: requests and replies held to the record of a real server
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "gsttdenginebind.h"
#include "gsttdengineerror.h"
#include "gsttdenginemessages.h"
#include "gsttdenginerowsbuilder.h"
#include "gsttdenginesettings-private.h"
#include "transcript.h"

static const gchar *const files[] = {
  "session.jsonl", "setup.jsonl", "query.jsonl", "types.jsonl", "large.jsonl",
  "write_raw.jsonl", "stmt2.jsonl", "tmq_setup.jsonl", "tmq.jsonl",
  "tmq_query_topic.jsonl", "tmq_all_types.jsonl", "tmq_stable_topic.jsonl",
  "tmq_changes.jsonl", "tmq_database_topic.jsonl",
};

/* the frame keeps the bytes */
static GstTDengineMessage
message_of_frame (const TranscriptFrame * frame)
{
  GstTDengineMessage message = {.opcode = GST_TDENGINE_OPCODE_TEXT };

  if (frame->text) {
    message.size = strlen (frame->text);
    message.data = (guint8 *) frame->text;
  } else {
    message.opcode = GST_TDENGINE_OPCODE_BINARY;
    message.data = (guint8 *) g_bytes_get_data (frame->bytes, &message.size);
  }
  return message;
}

static gint64
recorded_int (JsonObject * object, const gchar * name)
{
  return json_object_get_int_member_with_default (object, name, 0);
}

static gint64
recorded_element (JsonObject * object, const gchar * name, guint index)
{
  return json_array_get_int_element (json_object_get_array_member (object,
          name), index);
}

static void
check_columns (JsonObject * recorded, GstTDengineSchema * schema)
{
  gint64 n = recorded_int (recorded, "fields_count");

  fail_unless_equals_int64 (gst_tdengine_schema_get_n_columns (schema), n);
  fail_unless_equals_int64 (gst_tdengine_schema_get_precision (schema),
      recorded_int (recorded, "precision"));
  for (gint64 i = 0; i < n; i++) {
    const GstTDengineColumn *column =
        gst_tdengine_schema_get_column (schema, i);

    fail_unless_equals_string (column->name,
        json_array_get_string_element (json_object_get_array_member (recorded,
                "fields_names"), i));
    fail_unless_equals_int64 (column->type, recorded_element (recorded,
            "fields_types", i));
    if (gst_tdengine_type_get_width (column->type) == 0)
      fail_unless_equals_int64 (column->length, recorded_element (recorded,
              "fields_lengths", i));
    fail_unless_equals_int64 (column->digits, recorded_element (recorded,
            "fields_precisions", i));
    fail_unless_equals_int64 (column->scale, recorded_element (recorded,
            "fields_scales", i));
  }
}

static void
check_poll (JsonObject * recorded, const GstTDenginePoll * poll)
{
  fail_unless_equals_int64 (poll->kind, recorded_int (recorded,
          "message_type"));
  if (poll->kind == GST_TDENGINE_TOPIC_NOTHING)
    return;
  fail_unless_equals_string (poll->topic,
      json_object_get_string_member (recorded, "topic"));
  fail_unless_equals_string (poll->database,
      json_object_get_string_member (recorded, "database"));
  fail_unless_equals_int64 (poll->vgroup, recorded_int (recorded, "vgroup_id"));
  fail_unless_equals_uint64 (poll->message_id, recorded_int (recorded,
          "message_id"));
  fail_unless_equals_int64 (poll->offset, recorded_int (recorded, "offset"));
}

static void
check_meta (JsonObject * recorded, const gchar * meta)
{
  g_autoptr (JsonNode) node = json_from_string (meta, NULL);

  fail_unless (json_node_equal (node, json_object_get_member (recorded,
              "data")));
}

static void
check_assignment (JsonObject * recorded, const GArray * assignment)
{
  JsonArray *vgroups = json_object_get_array_member (recorded, "assignment");

  fail_unless_equals_int (assignment->len, json_array_get_length (vgroups));
  for (guint i = 0; i < assignment->len; i++) {
    const GstTDengineRange *range =
        &g_array_index (assignment, GstTDengineRange, i);
    JsonObject *vgroup = json_array_get_object_element (vgroups, i);

    fail_unless_equals_int (range->vgroup, recorded_int (vgroup, "vgroup_id"));
    fail_unless_equals_int64 (range->begin, recorded_int (vgroup, "begin"));
    fail_unless_equals_int64 (range->end, recorded_int (vgroup, "end"));
  }
}

/* where nothing was committed the record has an error's number */
static void
check_offsets (JsonObject * recorded, const gchar * name,
    const GArray * offsets)
{
  fail_unless_equals_int (offsets->len,
      json_array_get_length (json_object_get_array_member (recorded, name)));
  for (guint i = 0; i < offsets->len; i++) {
    gint64 offset = recorded_element (recorded, name, i);

    fail_unless_equals_int64 (g_array_index (offsets, gint64, i),
        offset == -2147467247 ? GST_TDENGINE_NO_OFFSET : offset);
  }
}

/* the replies to a consumer that hold more */
static void
check_consumer_reply (JsonObject * recorded, const GstTDengineReply * reply)
{
  const gchar *action = json_object_get_string_member (recorded, "action");

  if (recorded_int (recorded, "code") != 0)
    return;
  if (g_str_equal (action, "poll"))
    check_poll (recorded, &reply->poll);
  else if (g_str_equal (action, "fetch_json_meta"))
    check_meta (recorded, reply->meta);
  else if (g_str_equal (action, "assignment"))
    check_assignment (recorded, reply->assignment);
  else if (g_str_equal (action, "position")
      || g_str_equal (action, "committed"))
    check_offsets (recorded, action, reply->offsets);
}

static void
check_text_reply (const TranscriptFrame * frame, const GstTDengineReply * reply)
{
  g_autoptr (JsonNode) node = json_from_string (frame->text, NULL);
  JsonObject *recorded = json_node_get_object (node);

  fail_unless_equals_uint64 (reply->req_id, recorded_int (recorded, "req_id"));
  fail_unless_equals_int64 (reply->code, recorded_int (recorded, "code"));
  fail_unless_equals_string (reply->text,
      json_object_get_string_member (recorded, "message"));
  fail_unless_equals_string (reply->action,
      json_object_get_string_member (recorded, "action"));
  fail_unless_equals_uint64 (reply->id, recorded_int (recorded, "id"));
  fail_unless_equals_uint64 (reply->stmt_id, recorded_int (recorded,
          "stmt_id"));
  fail_unless_equals_int64 (reply->affected_rows, recorded_int (recorded,
          "affected_rows") + recorded_int (recorded, "affected"));
  if (json_object_has_member (recorded, "version"))
    fail_unless_equals_string (reply->version, "3.3.7.5");
  /* the columns of a prepared query come with its result */
  if (json_object_has_member (recorded, "fields_names")
      && !json_object_get_null_member (recorded, "fields_names")
      && json_object_has_member (recorded, "fields_precisions"))
    check_columns (recorded, reply->schema);
  check_consumer_reply (recorded, reply);
}

/* offsets as the protocol has them: code 34, words' length 38, words 42; then
 * the result or message 8. Of a result: finished 1, the block's length 4 and the
 * block. Of a message: its kind 2, the length 4 and the data. */
static void
check_binary_reply (const TranscriptFrame * frame,
    const GstTDengineReply * reply)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (frame->bytes, &size);
  guint32 words = GST_READ_UINT32_LE (data + 38);
  gboolean is_block = GST_READ_UINT64_LE (data + 8) == 7;

  fail_unless_equals_uint64 (reply->req_id, GST_READ_UINT64_LE (data + 26));
  fail_unless_equals_int (reply->code, GST_READ_UINT32_LE (data + 34));
  fail_unless_equals_int (strlen (reply->text), words);
  fail_unless (memcmp (reply->text, data + 42, words) == 0);
  fail_unless_equals_uint64 (reply->id, GST_READ_UINT64_LE (data + 42 + words));
  if (is_block) {
    fail_unless_equals_int (reply->finished, data[50 + words]);
    if (reply->finished)
      return;
  } else {
    fail_unless_equals_int (reply->raw_type, GST_READ_UINT16_LE (data + 50));
  }
  fail_unless_equals_int (reply->block_offset, is_block ? 55 : 56);
  fail_unless_equals_uint64 (reply->block_size, size - reply->block_offset);
}

/* the older way to get rows: nobody asks for them so */
static gboolean
is_old_fetch (const TranscriptFrame * frame)
{
  if (frame->text)
    return strstr (frame->text, "\"action\":\"fetch\"") != NULL;
  return frame->bytes && GST_READ_UINT64_LE (g_bytes_get_data (frame->bytes,
          NULL)) != G_MAXUINT64;
}

GST_START_TEST (test_every_recorded_reply_is_understood)
{
  g_autoptr (GPtrArray) frames = transcript_load (files[__i__]);
  guint n = 0;

  for (guint i = 0; i < frames->len; i++) {
    const TranscriptFrame *frame = g_ptr_array_index (frames, i);
    g_auto (GstTDengineReply) reply = { 0 };
    g_autoptr (GError) error = NULL;

    if (frame->sent || (!frame->text && !frame->bytes))
      continue;
    const GstTDengineMessage message = message_of_frame (frame);
    gst_tdengine_messages_parse (&message, &reply, &error);
    if (is_old_fetch (frame)) {
      fail_unless (frame->text || g_error_matches (error, GST_TDENGINE_ERROR,
              GST_TDENGINE_ERROR_PROTOCOL));
      continue;
    }
    g_assert_no_error (error);
    if (frame->text)
      check_text_reply (frame, &reply);
    else
      check_binary_reply (frame, &reply);
    n++;
  }
  fail_unless (n > 0);
}

GST_END_TEST;

/* requests */

static const TranscriptFrame *
find_sent (GPtrArray * frames, const gchar * action, guint number)
{
  g_autofree gchar *quoted = g_strdup_printf ("\"action\": \"%s\"", action);

  for (guint i = 0; i < frames->len; i++) {
    const TranscriptFrame *frame = g_ptr_array_index (frames, i);

    if (!frame->sent)
      continue;
    if (frame->text && strstr (frame->text, quoted))
      return frame;
    if (frame->bytes && number > 0 && GST_READ_UINT64_LE ((const guint8 *)
            g_bytes_get_data (frame->bytes, NULL) + 16) == number)
      return frame;
  }
  g_assert_not_reached ();
}

static void
assert_same_json (gchar * built, const gchar * recorded)
{
  g_autofree gchar *owned = built;
  g_autoptr (JsonNode) left = json_from_string (built, NULL);
  g_autoptr (JsonNode) right = json_from_string (recorded, NULL);

  fail_unless (json_node_equal (left, right), "%s is not %s", built, recorded);
}

static void
assert_same_bytes (gconstpointer built, gsize size, const guint8 * recorded)
{
  for (gsize i = 0; i < size; i++)
    fail_unless (((const guint8 *) built)[i] == recorded[i],
        "byte %" G_GSIZE_FORMAT " is %02x, not %02x", i,
        ((const guint8 *) built)[i], recorded[i]);
}

GST_START_TEST (test_text_requests_are_as_recorded)
{
  g_autoptr (GPtrArray) stmt2 = transcript_load ("stmt2.jsonl");
  g_autoptr (GPtrArray) query = transcript_load ("query.jsonl");

  assert_same_json (gst_tdengine_messages_free_result (77, 15),
      find_sent (query, "free_result", 0)->text);
  assert_same_json (gst_tdengine_messages_stmt2_init (4),
      find_sent (stmt2, "stmt2_init", 0)->text);
  assert_same_json (gst_tdengine_messages_stmt2_exec (7, 1),
      find_sent (stmt2, "stmt2_exec", 0)->text);
  assert_same_json (gst_tdengine_messages_stmt2_close (15, 1),
      find_sent (stmt2, "stmt2_close", 0)->text);
}

GST_END_TEST;

GST_START_TEST (test_login_says_what_the_record_says)
{
  g_autoptr (GPtrArray) frames = transcript_load ("query.jsonl");
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri ("ws://localhost/power", NULL);
  g_autofree gchar *built = gst_tdengine_messages_conn (1, settings,
      "taosdata");
  g_autoptr (JsonNode) left = json_from_string (built, NULL);

  /* who we are is ours to say */
  json_object_remove_member (json_object_get_object_member
      (json_node_get_object (left), "args"), "app");
  json_object_remove_member (json_object_get_object_member
      (json_node_get_object (left), "args"), "connector");
  assert_same_json (json_to_string (left, FALSE), find_sent (frames, "conn",
          0)->text);
}

GST_END_TEST;

/* what the record does not say is ours: a name, no time zone, no further options */
GST_START_TEST (test_a_consumer_asks_as_recorded)
{
  static const gchar *const topics[] = { "topic_meters", NULL };
  g_autoptr (GPtrArray) frames = transcript_load ("tmq_query_topic.jsonl");
  g_autoptr (GstTDengineSettings) settings = gst_tdengine_settings_new ();
  g_autoptr (GstStructure) options = gst_structure_from_string ("options, "
      "group.id=g_rec, client.id=c1, auto.offset.reset=earliest, "
      "experimental.snapshot.enable=false, msg.with.table.name=true, "
      "session.timeout.ms=12000, max.poll.interval.ms=300000", NULL);
  g_autofree gchar *built = gst_tdengine_messages_subscribe (1, settings,
      "taosdata", topics, options);
  g_autoptr (JsonNode) left = json_from_string (built, NULL);
  JsonObject *args = json_object_get_object_member (json_node_get_object (left),
      "args");
  g_autoptr (GArray) vgroups =
      g_array_new (FALSE, FALSE, sizeof (GstTDengineRange));
  const GstTDengineRange range = { 10 };

  json_object_remove_member (args, "app");
  json_object_remove_member (args, "connector");
  json_object_remove_member (args, "db");
  json_object_remove_member (args, "config");
  /* the adapter's own interval matters only where it commits */
  json_object_set_string_member (args, "auto_commit_interval_ms", "5000");
  assert_same_json (json_to_string (left, FALSE), find_sent (frames,
          "subscribe", 0)->text);

  g_array_append_val (vgroups, range);
  assert_same_json (gst_tdengine_messages_assignment (3, "topic_meters"),
      find_sent (frames, "assignment", 0)->text);
  /* the record's last poll told no message */
  g_autofree gchar *poll = gst_tdengine_messages_poll (4, 1000, 7);
  fail_unless (strstr (poll, ",\"message_id\":7"));
  *strstr (poll, ",\"message_id\":7") = '\0';
  assert_same_json (g_strconcat (poll, "}}", NULL), find_sent (frames, "poll",
          0)->text);
  assert_same_json (gst_tdengine_messages_fetch_data (14, 1),
      find_sent (frames, "fetch_raw_data", 0)->text);
  assert_same_json (gst_tdengine_messages_offsets (15, "position",
          "topic_meters", vgroups), find_sent (frames, "position", 0)->text);
  assert_same_json (gst_tdengine_messages_offsets (16, "committed",
          "topic_meters", vgroups), find_sent (frames, "committed", 0)->text);
  assert_same_json (gst_tdengine_messages_set_offset (17, "commit_offset",
          "topic_meters", 10, 0), find_sent (frames, "commit_offset", 0)->text);
  assert_same_json (gst_tdengine_messages_set_offset (46, "seek",
          "topic_meters", 11, 0), find_sent (frames, "seek", 0)->text);
  assert_same_json (gst_tdengine_messages_unsubscribe (50),
      find_sent (frames, "unsubscribe", 0)->text);
}

GST_END_TEST;

GST_START_TEST (test_an_option_goes_where_the_server_looks_for_it)
{
  static const gchar *const topics[] = { "a", "b", NULL };
  g_autoptr (GstTDengineSettings) settings = gst_tdengine_settings_new ();
  g_autoptr (GstStructure) options = gst_structure_from_string ("options, "
      "group.id=g, min.poll.rows=100, msg.consume.excluded=true, "
      "enable.replay=true", NULL);
  g_autofree gchar *built = gst_tdengine_messages_subscribe (1, settings,
      "taosdata", topics, options);

  fail_unless (strstr (built, "\"topics\":[\"a\",\"b\"]"));
  fail_unless (strstr (built, "\"msg_consume_excluded\":\"1\""));
  fail_unless (strstr (built,
          "\"config\":{\"min.poll.rows\":\"100\",\"enable.replay\":\"true\"}"));
}

GST_END_TEST;

GST_START_TEST (test_binary_requests_are_as_recorded)
{
  g_autoptr (GPtrArray) session = transcript_load ("session.jsonl");
  g_autoptr (GPtrArray) raw = transcript_load ("write_raw.jsonl");
  const guint8 *sent;
  gsize size;
  guint8 head[30], field[GST_TDENGINE_FIELD_SIZE];
  const GstTDengineColumn voltage = { "voltage", GST_TDENGINE_TYPE_INT };

  sent = g_bytes_get_data (find_sent (session, "", 6)->bytes, &size);
  gst_tdengine_messages_write_query_head (head, 11, size - 30);
  assert_same_bytes (head, 30, sent);

  sent = g_bytes_get_data (find_sent (session, "", 7)->bytes, &size);
  gst_tdengine_messages_write_fetch (head, 12, 1);
  fail_unless_equals_int (size, GST_TDENGINE_FETCH_SIZE);
  assert_same_bytes (head, size, sent);

  sent = g_bytes_get_data (find_sent (raw, "", 4)->bytes, &size);
  gst_tdengine_messages_write_raw_head (head, 7,
      GST_TDENGINE_ACTION_WRITE_RAW_BLOCK, 3, strlen ("w1"));
  assert_same_bytes (head, 30, sent);

  sent = g_bytes_get_data (find_sent (raw, "", 5)->bytes, &size);
  gst_tdengine_messages_write_field (field, &voltage);
  assert_same_bytes (field, sizeof field,
      sent + size - 2 * GST_TDENGINE_FIELD_SIZE);
}

GST_END_TEST;

/* binding: the rows that stmt2.jsonl binds to s1 and s2 */

static GstTDengineSchema *
make_schema (const GstTDengineColumn * columns, guint n)
{
  GstTDengineSchema *schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);

  for (guint i = 0; i < n; i++)
    gst_tdengine_schema_append (schema, &columns[i], NULL);
  return schema;
}

static GstTDengineRows *
make_bound_rows (GstTDengineSchema * schema)
{
  static const gint64 first = G_GINT64_CONSTANT (1734606765642);
  static const struct
  {
    const gchar *table;
    gint64 ts;
    gdouble current;
    gint voltage;               /* 0: NULL */
  } rows[] = {
    {"s1", 0, 1.5, 0}, {"s2", 0, 1.5, 0}, {"s1", 1, 2.5, 1},
    {"s2", 1, 2.5, 1}, {"s1", 2, 3.5, 2},
  };
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++) {
    gst_tdengine_rows_builder_append_string (builder, 0, rows[i].table, NULL);
    gst_tdengine_rows_builder_append_int64 (builder, 1, first + rows[i].ts,
        NULL);
    gst_tdengine_rows_builder_append_double (builder, 2, rows[i].current, NULL);
    if (rows[i].voltage)
      gst_tdengine_rows_builder_append_int64 (builder, 3, rows[i].voltage,
          NULL);
    else
      gst_tdengine_rows_builder_append_null (builder, 3);
    gst_tdengine_rows_builder_append_null (builder, 4);
    gst_tdengine_rows_builder_append_string (builder, 5, "Loc", NULL);
    gst_tdengine_rows_builder_append_int64 (builder, 6,
        rows[i].table[1] - '0', NULL);
  }
  return gst_tdengine_rows_builder_end (builder, NULL);
}

/* a record: its length, type, rows, a state a row, whether lengths follow,
 * the lengths, the buffer's length, the buffer */
static guint
compare_record (const guint8 * built, const guint8 * recorded)
{
  guint32 n_rows = GST_READ_UINT32_LE (built + 8);

  assert_same_bytes (built + 4, 8 + n_rows, recorded + 4);
  /* all NULL: whether a buffer of zeros is there does not matter */
  if (GST_READ_UINT32_LE (recorded) == 17 + n_rows)
    return GST_READ_UINT32_LE (built);
  assert_same_bytes (built, GST_READ_UINT32_LE (recorded), recorded);
  return GST_READ_UINT32_LE (built);
}

GST_START_TEST (test_bound_rows_are_as_recorded)
{
  static const GstTDengineColumn columns[] = {
    {"tbname", GST_TDENGINE_TYPE_VARCHAR, 192},
    {"ts", GST_TDENGINE_TYPE_TIMESTAMP},
    {"current", GST_TDENGINE_TYPE_FLOAT},
    {"voltage", GST_TDENGINE_TYPE_INT},
    {"phase", GST_TDENGINE_TYPE_FLOAT},
    {"location", GST_TDENGINE_TYPE_VARCHAR, 64},
    {"groupid", GST_TDENGINE_TYPE_INT},
  };
  /* of the target: columns, then tags; the rows have tbname before them */
  gint sources[] = { 1, 2, 3, 4, 5, 6 };
  g_autoptr (GPtrArray) frames = transcript_load ("stmt2.jsonl");
  g_autoptr (GstTDengineSchema) schema =
      make_schema (columns, G_N_ELEMENTS (columns));
  g_autoptr (GstTDengineSchema) target_schema =
      make_schema (columns + 1, G_N_ELEMENTS (sources));
  g_autoptr (GstTDengineRows) rows = make_bound_rows (schema);
  GstTDengineTarget target = {
    .is_super = TRUE,.schema = target_schema,.n_columns = 4,
    .sources = sources,.name_source = 0,
    .n_bound_columns = 4,.n_bound_tags = 2,
  };
  GstTDengineBatch *batch = gst_tdengine_batch_new ();
  GstTDengineRun run;
  GstTDengineBind *bind = gst_tdengine_bind_new ();
  g_autoptr (GByteArray) built = g_byte_array_new ();
  const guint8 *recorded, *data;

  fail_unless (gst_tdengine_target_make_run (&target, rows, &run, NULL));
  gst_tdengine_batch_append (batch, &run);
  gst_tdengine_run_clear (&run);
  gst_tdengine_bind_build (bind, built, 6, 1, &target, batch);
  gst_tdengine_bind_free (bind);
  gst_tdengine_batch_free (batch);
  recorded = g_bytes_get_data (find_sent (frames, "", 9)->bytes, NULL);
  data = built->data;
  assert_same_bytes (data, 30, recorded);
  /* table, tag and column counts, and where names, tags and columns are: 28,
   * 38 and 140 */
  assert_same_bytes (data + 34, 24, recorded + 34);
  assert_same_bytes (data + 30 + 28, 140 - 28, recorded + 30 + 28);

  const guint8 *left = data + 30 + 140 + 8, *right = recorded + 30 + 140 + 8;
  for (guint i = 0; i < 8; i++) {
    guint32 size = GST_READ_UINT32_LE (right);

    left += compare_record (left, right);
    right += size;
  }
  fail_unless (left == data + built->len);
}

GST_END_TEST;

/* what no server says */

static const gchar *const nonsense[] = {
  "", "{", "[]", "null", "{bad", "\"text\"", "{}", "{\"code\":\"0\"}",
  "{\"code\":0.5}", "{\"code\":0} trailing",
  "{\"code\":0,\"fields_count\":2,\"fields_names\":[\"a\"],"
      "\"fields_types\":[4,4],\"fields_lengths\":[4,4]}",
  "{\"code\":0,\"fields_count\":1,\"fields_names\":[7],"
      "\"fields_types\":[4],\"fields_lengths\":[4]}",
  "{\"code\":0,\"fields_count\":1,\"fields_names\":null,"
      "\"fields_types\":null,\"fields_lengths\":null}",
  "{\"code\":0,\"fields_count\":-1,\"fields_names\":[]}",
  "{\"code\":0,\"fields_count\":1,\"precision\":3,\"fields_names\":[\"a\"],"
      "\"fields_types\":[4],\"fields_lengths\":[4]}",
  "{\"code\":0,\"message\":\"\xff\"}",
  "{\"code\":0,\"action\":\"poll\"}",
  "{\"code\":0,\"action\":\"poll\",\"have_message\":true}",
  "{\"code\":0,\"action\":\"poll\",\"have_message\":true,\"topic\":\"t\","
      "\"database\":\"d\",\"message_type\":4}",
  "{\"code\":0,\"action\":\"fetch_json_meta\",\"data\":\"text\"}",
  "{\"code\":0,\"action\":\"assignment\",\"assignment\":[7]}",
};

static GQuark
parse_error (GstTDengineOpcode opcode, gconstpointer data, gsize size,
    gint * code)
{
  const GstTDengineMessage message = {
    .opcode = opcode,.data = (guint8 *) data,.size = size
  };
  g_auto (GstTDengineReply) reply = { 0 };
  g_autoptr (GError) error = NULL;

  if (gst_tdengine_messages_parse (&message, &reply, &error))
    return 0;
  *code = error->code;
  return error->domain;
}

GST_START_TEST (test_nonsense_is_refused)
{
  const gchar *text = nonsense[__i__];
  gint code = 0;

  fail_unless (parse_error (GST_TDENGINE_OPCODE_TEXT, text, strlen (text),
          &code) == GST_TDENGINE_ERROR, "\"%s\" was understood", text);
  fail_unless_equals_int (code, GST_TDENGINE_ERROR_PROTOCOL);
}

GST_END_TEST;

GST_START_TEST (test_deep_json_is_refused_before_it_is_parsed)
{
  static const guint depths[] = { 65, 1000000 };

  for (guint i = 0; i < G_N_ELEMENTS (depths); i++) {
    g_autofree gchar *deep = g_strnfill (depths[i], '[');
    gint code = 0;

    fail_unless (parse_error (GST_TDENGINE_OPCODE_TEXT, deep, depths[i],
            &code) == GST_TDENGINE_ERROR);
    fail_unless_equals_int (code, GST_TDENGINE_ERROR_PROTOCOL);
  }
}

GST_END_TEST;

GST_START_TEST (test_an_unknown_type_is_told)
{
  static const gchar text[] = "{\"code\":0,\"fields_count\":1,"
      "\"fields_names\":[\"a\"],\"fields_types\":[99],\"fields_lengths\":[4]}";
  gint code = 0;

  fail_unless (parse_error (GST_TDENGINE_OPCODE_TEXT, text, strlen (text),
          &code) == GST_TDENGINE_ERROR);
  fail_unless_equals_int (code, GST_TDENGINE_ERROR_UNKNOWN_TYPE);
}

GST_END_TEST;

static const gchar *const cut_files[] = {
  "session.jsonl", "tmq.jsonl", "tmq_stable_topic.jsonl",
};

/* at its exact size, so that a read behind it is found */
GST_START_TEST (test_a_reply_cut_anywhere_is_refused)
{
  g_autoptr (GPtrArray) frames = transcript_load (cut_files[__i__]);
  guint n = 0;

  for (guint i = 0; i < frames->len; i++) {
    const TranscriptFrame *frame = g_ptr_array_index (frames, i);

    if (frame->sent || (!frame->text && !frame->bytes) || is_old_fetch (frame))
      continue;
    const GstTDengineMessage message = message_of_frame (frame);
    for (gsize size = 0; size < message.size; size++) {
      g_autofree guint8 *cut = g_memdup2 (message.data, size);
      gint code = 0;

      fail_unless (parse_error (message.opcode, cut, size, &code) ==
          GST_TDENGINE_ERROR);
      fail_unless_equals_int (code, GST_TDENGINE_ERROR_PROTOCOL);
      n++;
    }
  }
  fail_unless (n > 300);
}

GST_END_TEST;

static Suite *
messages_suite (void)
{
  Suite *suite = suite_create ("messages");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, test_every_recorded_reply_is_understood, 0,
      G_N_ELEMENTS (files));
  tcase_add_test (tc, test_text_requests_are_as_recorded);
  tcase_add_test (tc, test_login_says_what_the_record_says);
  tcase_add_test (tc, test_a_consumer_asks_as_recorded);
  tcase_add_test (tc, test_an_option_goes_where_the_server_looks_for_it);
  tcase_add_test (tc, test_binary_requests_are_as_recorded);
  tcase_add_test (tc, test_bound_rows_are_as_recorded);
  tcase_add_loop_test (tc, test_nonsense_is_refused, 0,
      G_N_ELEMENTS (nonsense));
  tcase_add_test (tc, test_deep_json_is_refused_before_it_is_parsed);
  tcase_add_test (tc, test_an_unknown_type_is_told);
  tcase_add_loop_test (tc, test_a_reply_cut_anywhere_is_refused, 0,
      G_N_ELEMENTS (cut_files));
  return suite;
}

GST_CHECK_MAIN (messages);
