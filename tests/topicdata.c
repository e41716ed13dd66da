/* topicdata: the rows of a topic's messages, held to the record of a real server
 *
 * The record has most messages twice: block by block, with the columns in JSON,
 * and as a whole. What the whole is read as is compared with the former.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "gsttdengineerror.h"
#include "gsttdenginemessages.h"
#include "gsttdenginerows.h"
#include "gsttdenginetopicdata.h"
#include "transcript.h"

#define DATA_HEAD 56            /* of a reply, before the data */
#define OLD_BLOCK_HEAD 24       /* of a reply, before the block */

static const struct
{
  const gchar *file;
  guint n_messages;             /* whole ones */
  guint n_blocks;               /* that came in both ways */
} files[] = {
  {"tmq_query_topic.jsonl", 2, 4 + 5},
  {"tmq_all_types.jsonl", 1, 5},
  {"tmq_stable_topic.jsonl", 3, 6 + 4},
  {"tmq_database_topic.jsonl", 7, 14},
};

static JsonObject *
get_object (const TranscriptFrame * frame)
{
  JsonNode *node = json_from_string (frame->text, NULL);
  JsonObject *object = json_object_ref (json_node_get_object (node));

  json_node_unref (node);
  return object;
}

static gboolean
is_data (const TranscriptFrame * frame)
{
  const guint8 *data;

  if (frame->sent || !frame->bytes)
    return FALSE;
  data = g_bytes_get_data (frame->bytes, NULL);
  return GST_READ_UINT64_LE (data) == G_MAXUINT64
      && GST_READ_UINT64_LE (data + 8) == 8;
}

static const guint8 *
get_data (const TranscriptFrame * frame, gsize * size)
{
  const guint8 *data = g_bytes_get_data (frame->bytes, size);

  *size -= DATA_HEAD;
  return data + DATA_HEAD;
}

/* a JSON tag has another form in a whole message */
static gboolean
has_json (GstTDengineSchema * schema)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    if (gst_tdengine_schema_get_column (schema, i)->type ==
        GST_TDENGINE_TYPE_JSON)
      return TRUE;
  }
  return FALSE;
}

static void
check_columns (JsonObject * recorded, GstTDengineSchema * schema)
{
  JsonArray *names = json_object_get_array_member (recorded, "fields_names");
  JsonArray *types = json_object_get_array_member (recorded, "fields_types");
  JsonArray *lengths =
      json_object_get_array_member (recorded, "fields_lengths");

  fail_unless_equals_int (gst_tdengine_schema_get_precision (schema),
      json_object_get_int_member (recorded, "precision"));
  fail_unless_equals_int (gst_tdengine_schema_get_n_columns (schema),
      json_array_get_length (names));
  for (guint i = 0; i < json_array_get_length (names); i++) {
    const GstTDengineColumn *column =
        gst_tdengine_schema_get_column (schema, i);

    fail_unless_equals_string (column->name,
        json_array_get_string_element (names, i));
    fail_unless_equals_int (column->type, json_array_get_int_element (types,
            i));
    if (gst_tdengine_type_get_width (column->type) == 0
        && column->type != GST_TDENGINE_TYPE_JSON)
      fail_unless_equals_int (column->length,
          json_array_get_int_element (lengths, i));
  }
}

static GstTDengineRows *
read_rows (const GstTDengineTopicBlock * block, const guint8 * data)
{
  g_autoptr (GBytes) bytes = g_bytes_new (data + block->offset, block->size);
  g_autoptr (GError) error = NULL;
  GstTDengineRows *rows =
      gst_tdengine_rows_new_from_bytes (block->schema, bytes, &error);

  g_assert_no_error (error);
  return rows;
}

/* described: the reply that tells a block's columns; fetched: the block */
static void
compare_block (const GstTDengineTopicBlock * block, const guint8 * data,
    JsonObject * described, const TranscriptFrame * fetched)
{
  gsize size;
  const guint8 *recorded = g_bytes_get_data (fetched->bytes, &size);
  const gchar *table = json_object_get_string_member (described, "table_name");

  check_columns (described, block->schema);
  fail_unless_equals_string (block->table ? block->table : "", table);
  if (has_json (block->schema))
    return;
  g_autoptr (GstTDengineRows) rows = read_rows (block, data);
  fail_unless_equals_int (gst_tdengine_rows_get_n_rows (rows),
      json_object_get_int_member (described, "rows"));
  fail_unless_equals_int (block->size, size - OLD_BLOCK_HEAD);
  fail_unless (memcmp (data + block->offset, recorded + OLD_BLOCK_HEAD,
          block->size) == 0);
}

/* what came block by block since the last whole message */
typedef struct
{
  GPtrArray *described;         /* JsonObject */
  GPtrArray *fetched;           /* TranscriptFrame */
} Pieces;

static void
take_piece (Pieces * pieces, const TranscriptFrame * frame)
{
  if (frame->bytes) {
    g_ptr_array_add (pieces->fetched, (gpointer) frame);
  } else if (frame->text) {
    JsonObject *object = get_object (frame);

    if (json_object_has_member (object, "completed")
        && !json_object_get_boolean_member (object, "completed"))
      g_ptr_array_add (pieces->described, object);
    else
      json_object_unref (object);
  }
}

GST_START_TEST (test_a_whole_message_has_the_blocks_that_came_one_by_one)
{
  g_autoptr (GPtrArray) frames = transcript_load (files[__i__].file);
  g_autoptr (GPtrArray) described =
      g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  g_autoptr (GPtrArray) fetched = g_ptr_array_new ();
  Pieces pieces = { described, fetched };
  guint n_messages = 0, n_blocks = 0;

  for (guint i = 0; i < frames->len; i++) {
    const TranscriptFrame *frame = g_ptr_array_index (frames, i);
    g_auto (GstTDengineTopicData) parsed = { 0 };
    g_autoptr (GError) error = NULL;
    gsize size;

    if (!is_data (frame)) {
      if (!frame->sent)
        take_piece (&pieces, frame);
      continue;
    }
    const guint8 *data = get_data (frame, &size);
    gst_tdengine_topic_data_parse (&parsed, data, size, &error);
    g_assert_no_error (error);
    fail_unless_equals_int (described->len, fetched->len);
    if (fetched->len > 0)
      fail_unless_equals_int (parsed.blocks->len, fetched->len);
    for (guint k = 0; k < fetched->len; k++, n_blocks++)
      compare_block (&g_array_index (parsed.blocks, GstTDengineTopicBlock, k),
          data, g_ptr_array_index (described, k), g_ptr_array_index (fetched,
              k));
    g_ptr_array_set_size (described, 0);
    g_ptr_array_set_size (fetched, 0);
    n_messages++;
  }
  fail_unless_equals_int (n_messages, files[__i__].n_messages);
  fail_unless_equals_int (n_blocks, files[__i__].n_blocks);
}

GST_END_TEST;

/* the position that the server told after each of the two messages */
GST_START_TEST (test_where_a_message_ends_is_the_position_behind_it)
{
  g_autoptr (GPtrArray) frames = transcript_load ("tmq_query_topic.jsonl");
  gint64 position = -1;
  guint n = 0;

  for (guint i = 0; i < frames->len; i++) {
    const TranscriptFrame *frame = g_ptr_array_index (frames, i);

    if (is_data (frame)) {
      g_auto (GstTDengineTopicData) parsed = { 0 };
      gsize size;
      const guint8 *data = get_data (frame, &size);

      fail_unless (gst_tdengine_topic_data_parse (&parsed, data, size, NULL));
      position = parsed.position;
    } else if (!frame->sent && frame->text
        && strstr (frame->text, "\"action\":\"position\"")) {
      g_autoptr (JsonObject) object = get_object (frame);

      fail_unless_equals_int64 (position,
          json_array_get_int_element (json_object_get_array_member (object,
                  "position"), 0));
      n++;
    }
  }
  fail_unless_equals_int (n, 2);
}

GST_END_TEST;

static const TranscriptFrame *
find_data (GPtrArray * frames, guint index)
{
  for (guint i = 0; i < frames->len; i++) {
    const TranscriptFrame *frame = g_ptr_array_index (frames, i);

    if (is_data (frame) && index-- == 0)
      return frame;
  }
  g_assert_not_reached ();
}

static void
check_block (const GstTDengineTopicData * parsed, guint index,
    const gchar * table, const gchar * columns)
{
  const GstTDengineTopicBlock *block =
      &g_array_index (parsed->blocks, GstTDengineTopicBlock, index);
  g_autoptr (GString) names = g_string_new (NULL);

  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (block->schema); i++)
    g_string_append_printf (names, "%s ",
        gst_tdengine_schema_get_column (block->schema, i)->name);
  fail_unless_equals_string (block->table, table);
  fail_unless_equals_string (names->str, columns);
}

GST_START_TEST (test_blocks_of_one_message_have_columns_of_their_own)
{
  g_autoptr (GPtrArray) frames = transcript_load ("tmq_stable_topic.jsonl");
  g_auto (GstTDengineTopicData) parsed = { 0 };
  gsize size;
  const guint8 *data = get_data (find_data (frames, 0), &size);

  fail_unless (gst_tdengine_topic_data_parse (&parsed, data, size, NULL));
  fail_unless_equals_int64 (parsed.position, 13);
  check_block (&parsed, 0, "d1001", "ts current voltage phase ");
  check_block (&parsed, 1, "w2", "ts voltage ");
  check_block (&parsed, 2, "s1", "ts current voltage phase ");
  check_block (&parsed, 4, "s1", "ts voltage ");
  /* the same columns are the same schema, so that caps stay */
  fail_unless (g_array_index (parsed.blocks, GstTDengineTopicBlock, 2).schema ==
      g_array_index (parsed.blocks, GstTDengineTopicBlock, 3).schema);
}

GST_END_TEST;

GST_START_TEST (test_a_column_that_was_added_is_there)
{
  g_autoptr (GPtrArray) frames = transcript_load ("tmq_stable_topic.jsonl");
  g_auto (GstTDengineTopicData) parsed = { 0 };
  gsize size;
  const guint8 *data = get_data (find_data (frames, 2), &size);

  fail_unless (gst_tdengine_topic_data_parse (&parsed, data, size, NULL));
  fail_unless_equals_int64 (parsed.position, 15);
  fail_unless_equals_int (parsed.blocks->len, 1);
  check_block (&parsed, 0, "d1001", "ts voltage extra ");
  g_autoptr (GstTDengineRows) rows = read_rows (&g_array_index (parsed.blocks,
          GstTDengineTopicBlock, 0), data);
  fail_unless_equals_int64 (gst_tdengine_rows_get_int64 (rows, 1, 0), 1);
  fail_unless_equals_int64 (gst_tdengine_rows_get_int64 (rows, 2, 0), 5);
}

GST_END_TEST;

GST_START_TEST (test_decimals_have_their_digits)
{
  g_autoptr (GPtrArray) frames = transcript_load ("tmq_all_types.jsonl");
  g_auto (GstTDengineTopicData) parsed = { 0 };
  gsize size;
  const guint8 *data = get_data (find_data (frames, 0), &size);

  fail_unless (gst_tdengine_topic_data_parse (&parsed, data, size, NULL));
  GstTDengineSchema *schema =
      g_array_index (parsed.blocks, GstTDengineTopicBlock, 0).schema;
  const GstTDengineColumn *column = gst_tdengine_schema_get_column (schema,
      gst_tdengine_schema_find (schema, "c_dec64"));
  fail_unless_equals_int (column->digits, 10);
  fail_unless_equals_int (column->scale, 2);
  column = gst_tdengine_schema_get_column (schema,
      gst_tdengine_schema_find (schema, "c_dec128"));
  fail_unless_equals_int (column->digits, 38);
  fail_unless_equals_int (column->scale, 10);
}

GST_END_TEST;

/* Either it is refused, or what is read of it lies within it. */
static gboolean
read_all (const guint8 * data, gsize size)
{
  g_auto (GstTDengineTopicData) parsed = { 0 };
  g_autoptr (GError) error = NULL;

  if (!gst_tdengine_topic_data_parse (&parsed, data, size, &error)) {
    fail_unless (error->domain == GST_TDENGINE_ERROR);
    return FALSE;
  }
  for (guint i = 0; i < parsed.blocks->len; i++) {
    const GstTDengineTopicBlock *block =
        &g_array_index (parsed.blocks, GstTDengineTopicBlock, i);

    fail_unless (block->offset <= size && block->size <= size - block->offset);
    g_autoptr (GBytes) bytes = g_bytes_new (data + block->offset, block->size);
    g_autoptr (GstTDengineRows) rows =
        gst_tdengine_rows_new_from_bytes (block->schema, bytes, NULL);
  }
  return TRUE;
}

/* behind the blocks there are eight bytes more, which are not read */
GST_START_TEST (test_a_message_cut_anywhere_is_refused)
{
  g_autoptr (GPtrArray) frames = transcript_load ("tmq_stable_topic.jsonl");
  gsize size;
  const guint8 *data = get_data (find_data (frames, 0), &size);

  for (gsize n = 0; n < size - 8; n++) {
    g_autofree guint8 *cut = g_memdup2 (data, n);

    fail_if (read_all (cut, n), "%" G_GSIZE_FORMAT " bytes are read", n);
  }
  fail_unless (read_all (data, size - 8));
}

GST_END_TEST;

GST_START_TEST (test_no_flipped_bit_leads_outside)
{
  g_autoptr (GPtrArray) frames = transcript_load ("tmq_stable_topic.jsonl");
  gsize size;
  const guint8 *data = get_data (find_data (frames, 0), &size);
  g_autofree guint8 *flipped = g_memdup2 (data, size);
  guint n_refused = 0;

  for (gsize i = 0; i < 8 * size; i++) {
    flipped[i / 8] ^= 1 << i % 8;
    n_refused += !read_all (flipped, size);
    flipped[i / 8] ^= 1 << i % 8;
  }
  fail_unless (n_refused > 0);
}

GST_END_TEST;

static Suite *
topicdata_suite (void)
{
  Suite *suite = suite_create ("topicdata");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc,
      test_a_whole_message_has_the_blocks_that_came_one_by_one, 0,
      G_N_ELEMENTS (files));
  tcase_add_test (tc, test_where_a_message_ends_is_the_position_behind_it);
  tcase_add_test (tc, test_blocks_of_one_message_have_columns_of_their_own);
  tcase_add_test (tc, test_a_column_that_was_added_is_there);
  tcase_add_test (tc, test_decimals_have_their_digits);
  tcase_add_test (tc, test_a_message_cut_anywhere_is_refused);
  tcase_add_test (tc, test_no_flipped_bit_leads_outside);
  return suite;
}

GST_CHECK_MAIN (topicdata);
