/* tdengine topic data: the rows that a message of a topic holds
 *
 * Two offsets of the log, then blocks, each with its own columns and the name of
 * its table. Integers are little-endian, but for a count of rows, or as many
 * bytes as they need, seven bits each.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <gst/base/base.h>

#include "gsttdengineblock.h"
#include "gsttdengineerror-private.h"
#include "gsttdenginemessages.h"
#include "gsttdenginetopicdata.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_PROTOCOL, \
      "A topic's message is not understood: ", __VA_ARGS__)

#define DATA_VERSION 100
/* of an offset that is a place in the log; others have no number */
#define OFFSET_LOG 0x11
#define OFFSET_LOG_OLD 0x01
/* version, rows, compression and precision */
#define RECORD_HEAD_SIZE 18

static void
clear_block (gpointer block)
{
  GstTDengineTopicBlock *self = block;

  g_clear_pointer (&self->schema, gst_tdengine_schema_unref);
  g_clear_pointer (&self->table, g_free);
}

void
gst_tdengine_topic_data_clear (GstTDengineTopicData * self)
{
  g_clear_pointer (&self->blocks, g_array_unref);
}

/* seven bits a byte, the low ones first; the highest bit says that more come */
static gboolean
read_number (GstByteReader * reader, guint64 * number)
{
  guint8 byte = 0x80;

  *number = 0;
  for (guint shift = 0; shift < 64 && byte & 0x80; shift += 7) {
    if (!gst_byte_reader_get_uint8 (reader, &byte))
      return FALSE;
    *number |= (guint64) (byte & 0x7f) << shift;
  }
  return !(byte & 0x80);
}

/* 0, -1, 1, -2 … as 0, 1, 2, 3 … */
static gboolean
read_signed (GstByteReader * reader, gint64 * number)
{
  guint64 zigzag;

  if (!read_number (reader, &zigzag))
    return FALSE;
  *number = (gint64) (zigzag >> 1) ^ -(gint64) (zigzag & 1);
  return TRUE;
}

/* its length, which counts the NUL behind it, comes before a text */
static const gchar *
read_text (GstByteReader * reader)
{
  guint64 size;
  const guint8 *text;

  if (!read_number (reader, &size) || size == 0
      || size > gst_byte_reader_get_remaining (reader)
      || !gst_byte_reader_get_data (reader, size, &text)
      || text[size - 1] != '\0' || strlen ((const gchar *) text) != size - 1
      || !g_utf8_validate ((const gchar *) text, size - 1, NULL))
    return NULL;
  return (const gchar *) text;
}

static gboolean
read_offset (GstByteReader * reader, gint64 * offset)
{
  guint8 kind;

  *offset = GST_TDENGINE_NO_OFFSET;
  if (!gst_byte_reader_get_uint8 (reader, &kind))
    return FALSE;
  if (kind != OFFSET_LOG && kind != OFFSET_LOG_OLD)
    return TRUE;
  return gst_byte_reader_get_int64_le (reader, offset);
}

/* both together tell how long they are: the second one is where to go on, and
 * after one of another kind there is no telling where it begins */
static gboolean
read_offsets (GstTDengineTopicData * self, GstByteReader * reader,
    GError ** error)
{
  guint8 version;
  guint32 size;
  const guint8 *bytes;
  GstByteReader offsets;
  gint64 begin;

  if (!gst_byte_reader_get_uint8 (reader, &version) || version != DATA_VERSION)
    return refuse (error, "its version is not %d", DATA_VERSION);
  if (!gst_byte_reader_get_uint32_le (reader, &size)
      || !gst_byte_reader_get_data (reader, size, &bytes))
    return refuse (error, "its offsets are cut off");
  gst_byte_reader_init (&offsets, bytes, size);
  if (!read_offset (&offsets, &begin))
    return refuse (error, "its offsets are cut off");
  if (begin == GST_TDENGINE_NO_OFFSET)
    return TRUE;
  if (!read_offset (&offsets, &self->position))
    return refuse (error, "its offsets are cut off");
  if (self->position != GST_TDENGINE_NO_OFFSET && self->position < begin)
    return refuse (error, "it ends before it begins");
  return TRUE;
}

static gboolean
read_head (GstByteReader * record, GstTDenginePrecision * precision,
    GError ** error)
{
  guint64 version, n_rows;
  guint8 compressed, unit;
  guint32 in_block;

  if (gst_byte_reader_get_remaining (record) <
      RECORD_HEAD_SIZE + BLOCK_HEADER_SIZE)
    return refuse (error, "a block is cut off");
  version = gst_byte_reader_get_uint64_le_unchecked (record);
  n_rows = gst_byte_reader_get_uint64_be_unchecked (record);
  compressed = gst_byte_reader_get_uint8_unchecked (record);
  unit = gst_byte_reader_get_uint8_unchecked (record);
  in_block =
      GST_READ_UINT32_LE (gst_byte_reader_peek_data_unchecked (record) + 8);
  if (version != 1 || compressed != 0 || unit > GST_TDENGINE_PRECISION_NS)
    return refuse (error, "a block is packed in an unknown way");
  if (n_rows != in_block)
    return refuse (error, "it says a block has %" G_GUINT64_FORMAT
        " rows but that has %u", n_rows, in_block);
  *precision = unit;
  return TRUE;
}

/* what a block's width says of the length of values */
static guint
get_length (GstTDengineType type, gint64 bytes)
{
  bytes = CLAMP (bytes, 0, G_MAXINT32);
  switch (type) {
    case GST_TDENGINE_TYPE_VARCHAR:
    case GST_TDENGINE_TYPE_VARBINARY:
    case GST_TDENGINE_TYPE_GEOMETRY:
      return MAX (bytes - 2, 0);
    case GST_TDENGINE_TYPE_NCHAR:
      return MAX (bytes - 2, 0) / 4;
    case GST_TDENGINE_TYPE_BLOB:
    case GST_TDENGINE_TYPE_JSON:
      return bytes;
    default:
      return 0;
  }
}

/* entry: what the block itself says of the column, as only that tells a decimal's
 * digits */
static gboolean
read_column (GstByteReader * reader, GstTDengineSchema * schema,
    const guint8 * entry, GError ** error)
{
  GstTDengineColumn column = { 0 };
  guint8 type;
  gint64 bytes, id;

  if (!gst_byte_reader_get_uint8 (reader, &type)
      || !gst_byte_reader_skip (reader, 1)      /* flags, the server's own */
      ||!read_signed (reader, &bytes) || !read_signed (reader, &id)
      || !(column.name = (gchar *) read_text (reader)))
    return refuse (error, "a column is cut off");
  column.type = type;
  column.length = get_length (type, bytes);
  if (type == GST_TDENGINE_TYPE_DECIMAL || type == GST_TDENGINE_TYPE_DECIMAL64) {
    column.scale = entry[1];
    column.digits = entry[2];
  }
  return gst_tdengine_schema_append (schema, &column, error);
}

static GstTDengineSchema *
read_columns (GstByteReader * reader, const guint8 * block, gsize size,
    GstTDenginePrecision precision, GError ** error)
{
  gint64 n_columns, version;
  g_autoptr (GstTDengineSchema) schema = gst_tdengine_schema_new (precision);

  if (!read_signed (reader, &n_columns) || !read_signed (reader, &version)
      || n_columns < 1 || n_columns != GST_READ_UINT32_LE (block + 12)
      || size < BLOCK_HEADER_SIZE + (guint64) n_columns * BLOCK_COLUMN_SIZE) {
    refuse (error, "a block's columns are not as many as it says");
    return NULL;
  }
  for (gint64 i = 0; i < n_columns; i++) {
    if (!read_column (reader, schema, block + BLOCK_HEADER_SIZE + 5 * i, error))
      return NULL;
  }
  return g_steal_pointer (&schema);
}

/* a decimal's digits are in the block alone, which so has to look the same, too */
static gboolean
has_same_columns (const GstTDengineTopicData * self,
    const GstByteReader * reader, const guint8 * data,
    const GstTDengineTopicBlock * block, GstTDenginePrecision precision)
{
  const GstTDengineTopicBlock *last;
  gsize head = GST_READ_UINT32_LE (data + block->offset + 12) * (gsize) 5;

  if (self->blocks->len == 0
      || gst_byte_reader_get_remaining (reader) < self->columns_size)
    return FALSE;
  last = &g_array_index (self->blocks, GstTDengineTopicBlock,
      self->blocks->len - 1);
  return gst_tdengine_schema_get_precision (last->schema) == precision
      && head == gst_tdengine_schema_get_n_columns (last->schema) * (gsize) 5
      && BLOCK_HEADER_SIZE + head <= block->size
      && memcmp (data + last->offset + BLOCK_HEADER_SIZE,
      data + block->offset + BLOCK_HEADER_SIZE, head) == 0
      && memcmp (gst_byte_reader_peek_data_unchecked ((GstByteReader *) reader),
      self->columns, self->columns_size) == 0;
}

static gboolean
take_columns (GstTDengineTopicData * self, GstByteReader * reader,
    const guint8 * data, GstTDengineTopicBlock * block,
    GstTDenginePrecision precision, GError ** error)
{
  guint start = gst_byte_reader_get_pos (reader);

  if (has_same_columns (self, reader, data, block, precision)) {
    gst_byte_reader_skip_unchecked (reader, self->columns_size);
    block->schema = gst_tdengine_schema_ref (g_array_index (self->blocks,
            GstTDengineTopicBlock, self->blocks->len - 1).schema);
    return TRUE;
  }
  block->schema = read_columns (reader, data + block->offset, block->size,
      precision, error);
  self->columns = reader->data + start;
  self->columns_size = gst_byte_reader_get_pos (reader) - start;
  return block->schema != NULL;
}

static gboolean
read_block (GstTDengineTopicData * self, GstByteReader * reader,
    const guint8 * data, gboolean with_name, GstTDengineTopicBlock * block,
    GError ** error)
{
  guint64 size;
  GstByteReader record;
  GstTDenginePrecision precision = GST_TDENGINE_PRECISION_MS;
  const gchar *table = NULL;

  if (!read_number (reader, &size)
      || size > gst_byte_reader_get_remaining (reader))
    return refuse (error, "a block is longer than what is left");
  gst_byte_reader_get_sub_reader (reader, &record, size);
  if (!read_head (&record, &precision, error))
    return FALSE;
  block->offset = gst_byte_reader_peek_data_unchecked (&record) - data;
  block->size = gst_byte_reader_get_remaining (&record);
  if (!take_columns (self, reader, data, block, precision, error))
    return FALSE;
  if (with_name && !(table = read_text (reader)))
    return refuse (error, "a table's name is cut off");
  block->table = table && *table ? g_strdup (table) : NULL;
  return TRUE;
}

static gboolean
read_blocks (GstTDengineTopicData * self, GstByteReader * reader,
    const guint8 * data, GError ** error)
{
  guint32 n_blocks;
  guint8 with_name = 0, with_columns = 1;

  if (!gst_byte_reader_get_uint32_le (reader, &n_blocks)
      || (n_blocks > 0 && (!gst_byte_reader_get_uint8 (reader, &with_name)
              || !gst_byte_reader_get_uint8 (reader, &with_columns))))
    return refuse (error, "it ends before its blocks");
  if (!with_columns)
    return refuse (error, "its blocks have no columns");
  for (guint32 i = 0; i < n_blocks; i++) {
    GstTDengineTopicBlock block = { 0 };

    if (!read_block (self, reader, data, with_name, &block, error)) {
      clear_block (&block);
      return FALSE;
    }
    g_array_append_val (self->blocks, block);
  }
  /* tables that were made with the rows may follow, which are told elsewhere */
  return TRUE;
}

/* The data stay the caller's; blocks are told by where they lie in them. Whoever
 * reads one has to check it. */
gboolean
gst_tdengine_topic_data_parse (GstTDengineTopicData * self,
    const guint8 * data, gsize size, GError ** error)
{
  GstByteReader reader;

  memset (self, 0, sizeof *self);
  self->position = GST_TDENGINE_NO_OFFSET;
  self->blocks = g_array_new (FALSE, FALSE, sizeof (GstTDengineTopicBlock));
  g_array_set_clear_func (self->blocks, clear_block);
  gst_byte_reader_init (&reader, data, size);
  if (read_offsets (self, &reader, error)
      && read_blocks (self, &reader, data, error))
    return TRUE;
  gst_tdengine_topic_data_clear (self);
  return FALSE;
}
