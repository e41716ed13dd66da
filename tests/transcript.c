/* transcript: frames and blocks out of the record of a real server
 *
 * Nothing here uses the library's own reader of the protocol: what it is held
 * against is not to come from itself.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <json-glib/json-glib.h>
#include <string.h>

#include "transcript.h"

#define QUERY_HEAD 30           /* bytes before the statement */
#define FETCH_HEAD 42           /* bytes before the message */
#define OLD_FETCH_HEAD 16

/* hex digits to bytes; space between them does not matter */
GBytes *
transcript_unhex (const gchar * hex)
{
  GByteArray *bytes = g_byte_array_new ();

  while (*hex) {
    if (g_ascii_isspace (*hex)) {
      hex++;
      continue;
    }
    g_assert_true (g_ascii_isxdigit (hex[0]) && g_ascii_isxdigit (hex[1]));
    guint8 byte =
        g_ascii_xdigit_value (hex[0]) << 4 | g_ascii_xdigit_value (hex[1]);
    g_byte_array_append (bytes, &byte, 1);
    hex += 2;
  }
  return g_byte_array_free_to_bytes (bytes);
}

static void
frame_free (TranscriptFrame * frame)
{
  g_free (frame->note);
  g_free (frame->text);
  g_clear_pointer (&frame->bytes, g_bytes_unref);
  g_free (frame);
}

static JsonNode *
parse (const gchar * text)
{
  g_autoptr (GError) error = NULL;
  JsonNode *node = json_from_string (text, &error);

  g_assert_no_error (error);
  return node;
}

static TranscriptFrame *
parse_frame (const gchar * line, guint number)
{
  g_autoptr (JsonNode) node = parse (line);
  JsonObject *object = json_node_get_object (node);
  const gchar *hex =
      json_object_get_string_member_with_default (object, "hex", NULL);
  TranscriptFrame *frame = g_new0 (TranscriptFrame, 1);

  frame->line = number;
  frame->note = g_strdup (json_object_get_string_member_with_default (object,
          "note", NULL));
  frame->sent = g_str_equal (json_object_get_string_member_with_default
      (object, "dir", ""), "send");
  frame->text = g_strdup (json_object_get_string_member_with_default (object,
          "text", NULL));
  frame->bytes = hex ? transcript_unhex (hex) : NULL;
  return frame;
}

/* an array of TranscriptFrame, of a file in tests/transcripts/ */
GPtrArray *
transcript_load (const gchar * name)
{
  g_autofree gchar *path = g_build_filename (TRANSCRIPTS_DIR, name, NULL);
  g_autofree gchar *content = NULL;
  g_autoptr (GError) error = NULL;
  GPtrArray *frames =
      g_ptr_array_new_with_free_func ((GDestroyNotify) frame_free);

  g_file_get_contents (path, &content, NULL, &error);
  g_assert_no_error (error);

  g_auto (GStrv) lines = g_strsplit (content, "\n", -1);
  for (guint i = 0; lines[i]; i++) {
    if (*lines[i])
      g_ptr_array_add (frames, parse_frame (lines[i], i + 1));
  }
  return frames;
}

static void
block_free (TranscriptBlock * block)
{
  g_free (block->sql);
  gst_tdengine_schema_unref (block->schema);
  g_bytes_unref (block->block);
  g_free (block);
}

static gint64
get_element (JsonObject * reply, const gchar * member, guint index)
{
  return
      json_array_get_int_element (json_object_get_array_member (reply, member),
      index);
}

static GstTDengineSchema *
make_schema (JsonObject * reply)
{
  JsonArray *names = json_object_get_array_member (reply, "fields_names");
  GstTDengineSchema *schema =
      gst_tdengine_schema_new (json_object_get_int_member (reply, "precision"));

  for (guint i = 0; i < json_array_get_length (names); i++) {
    g_autoptr (GError) error = NULL;
    GstTDengineColumn column = {
      .name = (gchar *) json_array_get_string_element (names, i),
      .type = get_element (reply, "fields_types", i),
      .length = get_element (reply, "fields_lengths", i),
      .digits = get_element (reply, "fields_precisions", i),
      .scale = get_element (reply, "fields_scales", i),
    };

    gst_tdengine_schema_append (schema, &column, &error);
    g_assert_no_error (error);
  }
  return schema;
}

/* a reply that describes a result is kept by the result's id */
static void
remember_result (GHashTable * results, const TranscriptFrame * frame)
{
  g_autoptr (JsonNode) node = parse (frame->text);
  JsonObject *reply = json_node_get_object (node);

  if (!json_object_has_member (reply, "fields_names")
      || json_object_get_null_member (reply, "fields_names"))
    return;
  gint64 id = json_object_get_int_member (reply, "id");
  g_hash_table_insert (results, g_memdup2 (&id, sizeof id),
      make_schema (reply));
}

static gchar *
get_statement (const TranscriptFrame * frame)
{
  if (frame->bytes) {
    gsize size;
    const guint8 *data = g_bytes_get_data (frame->bytes, &size);

    return size >= QUERY_HEAD && data[16] == 6 ?
        g_strndup ((const gchar *) data + QUERY_HEAD, size - QUERY_HEAD) : NULL;
  }
  if (!strstr (frame->text, "\"query\""))
    return NULL;

  g_autoptr (JsonNode) node = parse (frame->text);
  JsonObject *args = json_object_get_object_member (json_node_get_object (node),
      "args");
  return g_strdup (json_object_get_string_member_with_default (args, "sql",
          NULL));
}

/* the block of a reply to a fetch, old form or new; NULL where it has none */
static GBytes *
get_block (GBytes * reply, gint64 * id)
{
  gsize size, start;
  const guint8 *data = g_bytes_get_data (reply, &size);

  if (GST_READ_UINT64_LE (data) != G_MAXUINT64) {
    *id = GST_READ_UINT64_LE (data + 8);
    return g_bytes_new_from_bytes (reply, OLD_FETCH_HEAD,
        size - OLD_FETCH_HEAD);
  }
  start = FETCH_HEAD + GST_READ_UINT32_LE (data + 38);
  g_assert_cmpuint (size, >=, start + 9);
  *id = GST_READ_UINT64_LE (data + start);
  if (data[start + 8] != 0)
    return NULL;
  g_assert_cmpuint (GST_READ_UINT32_LE (data + start + 9), ==,
      size - start - 13);
  return g_bytes_new_from_bytes (reply, start + 13, size - start - 13);
}

/* Every block of rows that a file's replies bring, as TranscriptBlock, each
 * with the columns that the reply to its query named. */
GPtrArray *
transcript_load_blocks (const gchar * name)
{
  g_autoptr (GPtrArray) frames = transcript_load (name);
  g_autoptr (GHashTable) results = g_hash_table_new_full (g_int64_hash,
      g_int64_equal, g_free, (GDestroyNotify) gst_tdengine_schema_unref);
  g_autofree gchar *sql = NULL;
  GPtrArray *blocks =
      g_ptr_array_new_with_free_func ((GDestroyNotify) block_free);

  for (guint i = 0; i < frames->len; i++) {
    const TranscriptFrame *frame = g_ptr_array_index (frames, i);
    gint64 id = 0;

    if (frame->sent) {
      gchar *statement = get_statement (frame);

      if (statement) {
        g_free (sql);
        sql = statement;
      }
    } else if (frame->text) {
      if (*frame->text == '{')
        remember_result (results, frame);
    } else if (frame->bytes) {
      g_autoptr (GBytes) bytes = get_block (frame->bytes, &id);
      GstTDengineSchema *schema = g_hash_table_lookup (results, &id);

      if (!bytes)
        continue;
      g_assert_nonnull (schema);
      TranscriptBlock *block = g_new0 (TranscriptBlock, 1);
      block->line = frame->line;
      block->sql = g_strdup (sql);
      block->schema = gst_tdengine_schema_ref (schema);
      block->block = g_steal_pointer (&bytes);
      g_ptr_array_add (blocks, block);
    }
  }
  return blocks;
}

/* the first block that a statement brought */
const TranscriptBlock *
transcript_find_block (GPtrArray * blocks, const gchar * sql)
{
  for (guint i = 0; i < blocks->len; i++) {
    const TranscriptBlock *block = g_ptr_array_index (blocks, i);

    if (g_strcmp0 (block->sql, sql) == 0)
      return block;
  }
  g_assert_not_reached ();
}
