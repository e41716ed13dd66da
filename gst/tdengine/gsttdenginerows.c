/* tdengine rows: typed view over one block of rows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <gst/base/base.h>

#include "gsttdengineblock.h"
#include "gsttdenginedecimal.h"
#include "gsttdengineerror-private.h"
#include "gsttdenginerows-private.h"
#include "gsttdenginerowsbuilder.h"
#include "gsttdenginetext.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_BLOCK, \
      "The block of rows is broken: ", __VA_ARGS__)

struct _GstTDengineRows
{
  gatomicrefcount ref_count;
  GstTDengineSchema *schema;
  GstBuffer *buffer;
  GstMapInfo map;
  guint n_rows;
  GstTDengineColumnData columns[];
};

G_DEFINE_BOXED_TYPE (GstTDengineRows, gst_tdengine_rows, gst_tdengine_rows_ref,
    gst_tdengine_rows_unref);

static gboolean
check_header (GstTDengineRows * self, GstByteReader * reader, GError ** error)
{
  guint32 version, total, n_rows, n_columns, flags;
  guint expected = gst_tdengine_schema_get_n_columns (self->schema);

  if (gst_byte_reader_get_remaining (reader) < BLOCK_HEADER_SIZE)
    return refuse (error, "expected a header of %d bytes but there are %u",
        BLOCK_HEADER_SIZE, gst_byte_reader_get_remaining (reader));

  version = gst_byte_reader_get_uint32_le_unchecked (reader);
  total = gst_byte_reader_get_uint32_le_unchecked (reader);
  n_rows = gst_byte_reader_get_uint32_le_unchecked (reader);
  n_columns = gst_byte_reader_get_uint32_le_unchecked (reader);
  flags = gst_byte_reader_get_uint32_le_unchecked (reader);
  gst_byte_reader_skip_unchecked (reader, 8);   /* group id, the server's own */

  if (version != 1 && version != 2)
    return refuse (error, "expected version 1 or 2 but it is %u", version);
  if (!(flags & BLOCK_HAS_SCHEMA))
    return refuse (error, "its columns have no types");
  if (total != self->map.size)
    return refuse (error, "it says it has %u bytes but has %" G_GSIZE_FORMAT,
        total, self->map.size);
  if (n_columns != expected)
    return refuse (error, "expected %u columns but it has %u", expected,
        n_columns);
  if (n_rows > G_MAXINT32 || (n_rows > 0 && n_columns == 0))
    return refuse (error, "it says it has %u rows of %u columns", n_rows,
        n_columns);
  if (gst_byte_reader_get_remaining (reader) <
      (gsize) n_columns * BLOCK_COLUMN_SIZE)
    return refuse (error, "it ends before its %u columns' types", n_columns);
  self->n_rows = n_rows;
  return TRUE;
}

static gboolean
check_column_type (const GstTDengineColumn * column, GstByteReader * reader,
    GError ** error)
{
  guint8 type = gst_byte_reader_get_uint8_unchecked (reader);
  guint32 bytes = gst_byte_reader_get_uint32_le_unchecked (reader);

  if (type != column->type)
    return refuse (error, "expected column \"%s\" to have type %d but it has "
        "%u", column->name, column->type, type);
  if (column->digits > 0 && bytes != gst_tdengine_block_column_bytes (column))
    return refuse (error, "expected column \"%s\" to be DECIMAL(%u,%u) but it "
        "is DECIMAL(%u,%u)", column->name, column->digits, column->scale,
        (bytes >> 8) & 0xff, bytes & 0xff);
  return TRUE;
}

static gboolean
check_fixed (GstTDengineRows * self, guint index,
    const GstTDengineColumn * column, guint width, GError ** error)
{
  gsize size = (gsize) self->n_rows * width;

  if (self->columns[index].size != size)
    return refuse (error, "expected column \"%s\" to have %" G_GSIZE_FORMAT
        " bytes but it has %" G_GSIZE_FORMAT, column->name, size,
        self->columns[index].size);
  return TRUE;
}

static gboolean
check_ucs4 (const GstTDengineColumn * column, guint row, const guint8 * value,
    gsize size, GError ** error)
{
  if (size % 4 != 0)
    return refuse (error, "row %u of column \"%s\" has %" G_GSIZE_FORMAT
        " bytes, which is no whole number of characters", row, column->name,
        size);
  for (gsize i = 0; i < size; i += 4) {
    guint32 c = GST_READ_UINT32_LE (value + i);

    if (c >= 0xD800 && (c > 0x10FFFF || c < 0xE000))
      return refuse (error, "row %u of column \"%s\" has the code point "
          "0x%X, which is no character", row, column->name, c);
  }
  return TRUE;
}

static gboolean
check_varying (GstTDengineRows * self, guint index,
    const GstTDengineColumn * column, guint prefix, GError ** error)
{
  GstTDengineColumnData *data = &self->columns[index];
  const gsize end = data->size;
  gsize longest = 0;

  for (guint row = 0; row < self->n_rows; row++) {
    gsize offset = GST_READ_UINT32_LE (data->start + 4 * (gsize) row);

    /* NULL's offset, -1, is beyond the end, too, and rare */
    if (offset + prefix > end) {
      if (offset == G_MAXUINT32)
        continue;
      return refuse (error, "row %u of column \"%s\" lies at %d of %"
          G_GSIZE_FORMAT " bytes", row, column->name, (gint32) offset, end);
    }

    const guint8 *value = data->values + offset;
    gsize size = prefix == 2 ? GST_READ_UINT16_LE (value) :
        GST_READ_UINT32_LE (value);
    if (offset + prefix + size > end)
      return refuse (error, "row %u of column \"%s\" says it has %"
          G_GSIZE_FORMAT " bytes but %" G_GSIZE_FORMAT " are left", row,
          column->name, size, end - offset - prefix);
    if (column->type == GST_TDENGINE_TYPE_NCHAR
        && !check_ucs4 (column, row, value + prefix, size, error))
      return FALSE;
    longest = MAX (longest, size);
  }
  data->longest = longest;
  return TRUE;
}

static gboolean
check_column (GstTDengineRows * self, guint index, GstByteReader * reader,
    GError ** error)
{
  const GstTDengineColumn *column =
      gst_tdengine_schema_get_column (self->schema, index);
  GstTDengineColumnData *data = &self->columns[index];
  guint width = gst_tdengine_type_get_width (column->type);
  gsize head = width > 0 ? block_bitmap_size (self->n_rows) :
      4 * (gsize) self->n_rows;

  data->width = width;
  data->prefix = gst_tdengine_type_get_prefix (column->type);

  /* no sum here can overflow: head is below 8 GiB, size below 4 GiB */
  if (gst_byte_reader_get_remaining (reader) < head + data->size)
    return refuse (error, "it ends in column \"%s\"", column->name);
  data->start = gst_byte_reader_get_data_unchecked (reader, head);
  data->values = gst_byte_reader_get_data_unchecked (reader, data->size);
  if (width > 0)
    return check_fixed (self, index, column, width, error);
  return check_varying (self, index, column, data->prefix, error);
}

static gboolean
check_block (GstTDengineRows * self, GError ** error)
{
  GstByteReader reader;
  guint n_columns = gst_tdengine_schema_get_n_columns (self->schema);

  if (self->map.size > G_MAXINT32)
    return refuse (error, "it has %" G_GSIZE_FORMAT " bytes", self->map.size);
  gst_byte_reader_init (&reader, self->map.data, self->map.size);
  if (!check_header (self, &reader, error))
    return FALSE;
  for (guint i = 0; i < n_columns; i++) {
    if (!check_column_type (gst_tdengine_schema_get_column (self->schema, i),
            &reader, error))
      return FALSE;
  }
  for (guint i = 0; i < n_columns; i++)
    self->columns[i].size = gst_byte_reader_get_uint32_le_unchecked (&reader);
  for (guint i = 0; i < n_columns; i++) {
    if (!check_column (self, i, &reader, error))
      return FALSE;
  }
  if (gst_byte_reader_get_remaining (&reader) != BLOCK_TRAILER_SIZE)
    return refuse (error, "%u bytes follow its columns where %d is expected",
        gst_byte_reader_get_remaining (&reader), BLOCK_TRAILER_SIZE);
  return TRUE;
}

/**
 * gst_tdengine_rows_new:
 * @schema: the columns that the buffer's caps promise
 * @buffer: a buffer of rows
 * @error: (out) (optional): return location for an error
 *
 * Maps a buffer and checks the block in it.
 *
 * Returns: (transfer full): the rows, which hold a reference on @buffer; or
 *   %NULL with %GST_TDENGINE_ERROR_BLOCK where the block contradicts itself or
 *   @schema
 */
GstTDengineRows *
gst_tdengine_rows_new (GstTDengineSchema * schema, GstBuffer * buffer,
    GError ** error)
{
  guint n_columns = gst_tdengine_schema_get_n_columns (schema);
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ)) {
    refuse (error, "its memory can't be read");
    return NULL;
  }

  g_autoptr (GstTDengineRows) self = g_malloc0 (sizeof (GstTDengineRows) +
      n_columns * sizeof (GstTDengineColumnData));
  g_atomic_ref_count_init (&self->ref_count);
  self->schema = gst_tdengine_schema_ref (schema);
  self->buffer = gst_buffer_ref (buffer);
  self->map = map;
  if (!check_block (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * gst_tdengine_rows_new_from_bytes:
 * @schema: the columns that the block has
 * @block: a raw block
 * @error: (out) (optional): return location for an error
 *
 * Checks a block that is in no buffer yet. Its bytes are not copied.
 *
 * Returns: (transfer full): the rows, or %NULL with
 *   %GST_TDENGINE_ERROR_BLOCK
 */
GstTDengineRows *
gst_tdengine_rows_new_from_bytes (GstTDengineSchema * schema, GBytes * block,
    GError ** error)
{
  /* no bytes at all may have no address, which a buffer can't wrap */
  g_autoptr (GstBuffer) buffer = g_bytes_get_size (block) > 0 ?
      gst_buffer_new_wrapped_bytes (block) : gst_buffer_new ();

  return gst_tdengine_rows_new (schema, buffer, error);
}

/**
 * gst_tdengine_rows_new_from_sample:
 * @sample: a sample of rows, as `appsink` gives
 * @error: (out) (optional): return location for an error
 *
 * Maps a sample's buffer with the schema of its caps.
 *
 * Returns: (transfer full): the rows, or %NULL with an error where the caps
 *   are not those of rows or the block is broken
 */
GstTDengineRows *
gst_tdengine_rows_new_from_sample (GstSample * sample, GError ** error)
{
  GstCaps *caps = gst_sample_get_caps (sample);
  GstBuffer *buffer = gst_sample_get_buffer (sample);

  if (!caps || !buffer) {
    g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE,
        "The sample has no caps or no buffer");
    return NULL;
  }

  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new_from_caps (caps, error);
  return schema ? gst_tdengine_rows_new (schema, buffer, error) : NULL;
}

/**
 * gst_tdengine_rows_ref:
 * @rows: rows
 *
 * Takes a reference. Any thread may.
 *
 * Returns: (transfer full): @rows
 */
GstTDengineRows *
gst_tdengine_rows_ref (GstTDengineRows * rows)
{
  g_atomic_ref_count_inc (&rows->ref_count);
  return rows;
}

/**
 * gst_tdengine_rows_unref:
 * @rows: (transfer full): rows
 *
 * Gives a reference back. Any thread may.
 */
void
gst_tdengine_rows_unref (GstTDengineRows * rows)
{
  if (!g_atomic_ref_count_dec (&rows->ref_count))
    return;
  gst_buffer_unmap (rows->buffer, &rows->map);
  gst_buffer_unref (rows->buffer);
  gst_tdengine_schema_unref (rows->schema);
  g_free (rows);
}

/**
 * gst_tdengine_rows_get_schema:
 * @rows: rows
 *
 * Gets the columns.
 *
 * Returns: (transfer none): the schema
 */
GstTDengineSchema *
gst_tdengine_rows_get_schema (GstTDengineRows * rows)
{
  return rows->schema;
}

/**
 * gst_tdengine_rows_get_buffer:
 * @rows: rows
 *
 * Gets the buffer that holds the block.
 *
 * Returns: (transfer none): the buffer
 */
GstBuffer *
gst_tdengine_rows_get_buffer (GstTDengineRows * rows)
{
  return rows->buffer;
}

/**
 * gst_tdengine_rows_get_origin:
 * @rows: rows
 *
 * Gets what %GST_TDENGINE_ORIGIN_META of their buffer says.
 *
 * Returns: (transfer none) (nullable): where the rows come from, or %NULL where
 *   nobody said so
 */
const GstStructure *
gst_tdengine_rows_get_origin (GstTDengineRows * rows)
{
  GstCustomMeta *meta = gst_meta_get_info (GST_TDENGINE_ORIGIN_META) ?
      gst_buffer_get_custom_meta (rows->buffer, GST_TDENGINE_ORIGIN_META) :
      NULL;

  return meta ? gst_custom_meta_get_structure (meta) : NULL;
}

/**
 * gst_tdengine_rows_get_n_rows:
 * @rows: rows
 *
 * Gets the number of rows.
 *
 * Returns: how many
 */
guint
gst_tdengine_rows_get_n_rows (GstTDengineRows * rows)
{
  return rows->n_rows;
}

static GstTDengineType
column_type (GstTDengineRows * rows, guint column)
{
  return gst_tdengine_schema_get_column (rows->schema, column)->type;
}

static gboolean
is_inside (GstTDengineRows * rows, guint column, guint row)
{
  return column < gst_tdengine_schema_get_n_columns (rows->schema)
      && row < rows->n_rows;
}

/**
 * gst_tdengine_rows_is_null:
 * @rows: rows
 * @column: which column, from 0
 * @row: which row, from 0
 *
 * Tells whether there is no value.
 *
 * Returns: %TRUE for NULL
 */
gboolean
gst_tdengine_rows_is_null (GstTDengineRows * rows, guint column, guint row)
{
  g_return_val_if_fail (is_inside (rows, column, row), TRUE);

  return gst_tdengine_column_data_is_null (&rows->columns[column], row);
}

/**
 * gst_tdengine_rows_get_int64:
 * @rows: rows
 * @column: a column of BOOL, an integer type up to INT UNSIGNED, BIGINT, or
 *   TIMESTAMP
 * @row: which row, from 0
 *
 * Gets an integer or a time. What a NULL holds is not defined: ask
 * [method@GstTDengine.Rows.is_null] first.
 *
 * Returns: the value; a time in ticks of the schema's precision since 1970 UTC
 */
gint64
gst_tdengine_rows_get_int64 (GstTDengineRows * rows, guint column, guint row)
{
  g_return_val_if_fail (is_inside (rows, column, row), 0);
  const guint8 *values = rows->columns[column].values;

  switch (column_type (rows, column)) {
    case GST_TDENGINE_TYPE_BOOL:
      return values[row] != 0;
    case GST_TDENGINE_TYPE_TINYINT:
      return (gint8) values[row];
    case GST_TDENGINE_TYPE_UTINYINT:
      return values[row];
    case GST_TDENGINE_TYPE_SMALLINT:
      return (gint16) GST_READ_UINT16_LE (values + 2 * (gsize) row);
    case GST_TDENGINE_TYPE_USMALLINT:
      return GST_READ_UINT16_LE (values + 2 * (gsize) row);
    case GST_TDENGINE_TYPE_INT:
      return (gint32) GST_READ_UINT32_LE (values + 4 * (gsize) row);
    case GST_TDENGINE_TYPE_UINT:
      return GST_READ_UINT32_LE (values + 4 * (gsize) row);
    case GST_TDENGINE_TYPE_BIGINT:
    case GST_TDENGINE_TYPE_TIMESTAMP:
      return (gint64) GST_READ_UINT64_LE (values + 8 * (gsize) row);
    default:
      g_return_val_if_reached (0);
  }
}

/**
 * gst_tdengine_rows_get_uint64:
 * @rows: rows
 * @column: a column of BOOL, or an unsigned integer type
 * @row: which row, from 0
 *
 * Gets an unsigned integer. What a NULL holds is not defined.
 *
 * Returns: the value
 */
guint64
gst_tdengine_rows_get_uint64 (GstTDengineRows * rows, guint column, guint row)
{
  g_return_val_if_fail (is_inside (rows, column, row), 0);

  if (column_type (rows, column) == GST_TDENGINE_TYPE_UBIGINT)
    return GST_READ_UINT64_LE (rows->columns[column].values + 8 * (gsize) row);
  return gst_tdengine_rows_get_int64 (rows, column, row);
}

/**
 * gst_tdengine_rows_get_double:
 * @rows: rows
 * @column: a column of FLOAT or DOUBLE
 * @row: which row, from 0
 *
 * Gets a floating-point number. What a NULL holds is not defined.
 *
 * Returns: the value
 */
gdouble
gst_tdengine_rows_get_double (GstTDengineRows * rows, guint column, guint row)
{
  g_return_val_if_fail (is_inside (rows, column, row), 0);
  const guint8 *values = rows->columns[column].values;

  switch (column_type (rows, column)) {
    case GST_TDENGINE_TYPE_FLOAT:
      return GST_READ_FLOAT_LE (values + 4 * (gsize) row);
    case GST_TDENGINE_TYPE_DOUBLE:
      return GST_READ_DOUBLE_LE (values + 8 * (gsize) row);
    default:
      g_return_val_if_reached (0);
  }
}

/**
 * gst_tdengine_rows_get_data: (skip)
 * @rows: rows
 * @column: which column, from 0
 * @row: which row, from 0
 * @size: (out): bytes of the value
 *
 * Gets a value's own bytes, as they lie in the block and not aligned: text is
 * not terminated, NCHAR is UCS-4, numbers are little-endian.
 *
 * Returns: (nullable): the bytes, or %NULL for NULL
 */
const guint8 *
gst_tdengine_rows_get_data (GstTDengineRows * rows, guint column, guint row,
    gsize * size)
{
  g_return_val_if_fail (is_inside (rows, column, row), NULL);
  return gst_tdengine_column_data_get (&rows->columns[column], row, size);
}

static void
set_value (GstTDengineRows * rows, guint column, guint row, GValue * value)
{
  gsize size;
  const guint8 *data = gst_tdengine_rows_get_data (rows, column, row, &size);

  switch (G_VALUE_TYPE (value)) {
    case G_TYPE_BOOLEAN:
      g_value_set_boolean (value, data[0] != 0);
      break;
    case G_TYPE_INT:
      g_value_set_int (value, gst_tdengine_rows_get_int64 (rows, column, row));
      break;
    case G_TYPE_UINT:
      g_value_set_uint (value,
          gst_tdengine_rows_get_uint64 (rows, column, row));
      break;
    case G_TYPE_INT64:
      g_value_set_int64 (value,
          gst_tdengine_rows_get_int64 (rows, column, row));
      break;
    case G_TYPE_UINT64:
      g_value_set_uint64 (value,
          gst_tdengine_rows_get_uint64 (rows, column, row));
      break;
    case G_TYPE_FLOAT:
      g_value_set_float (value,
          gst_tdengine_rows_get_double (rows, column, row));
      break;
    case G_TYPE_DOUBLE:
      g_value_set_double (value,
          gst_tdengine_rows_get_double (rows, column, row));
      break;
    default:
      g_value_take_boxed (value, g_bytes_new (data, size));
      break;
  }
}

/* text in a GValue has to be UTF-8; a VARCHAR may hold anything */
static void
set_text_value (GstTDengineRows * rows, guint column, guint row, GValue * value)
{
  gsize size;
  const guint8 *data = gst_tdengine_rows_get_data (rows, column, row, &size);

  if (column_type (rows, column) == GST_TDENGINE_TYPE_VARCHAR
      && !g_utf8_validate_len ((const gchar *) data, size, NULL)) {
    g_value_init (value, G_TYPE_BYTES);
    g_value_take_boxed (value, g_bytes_new (data, size));
    return;
  }
  g_value_init (value, G_TYPE_STRING);
  g_value_take_string (value, gst_tdengine_rows_get_text (rows, column, row));
}

/**
 * gst_tdengine_rows_get_value:
 * @rows: rows
 * @column: which column, from 0
 * @row: which row, from 0
 * @value: (out caller-allocates): where to put the value; not initialized
 *
 * Gets a value of any type: an integer, a float, a string (text, and a decimal
 * in its digits) or a #GBytes (binary types, and a VARCHAR that is not UTF-8).
 * For whole columns [method@GstTDengine.Rows.get_column] is much faster.
 *
 * Returns: %FALSE for NULL, with @value a string that is %NULL
 */
gboolean
gst_tdengine_rows_get_value (GstTDengineRows * rows, guint column, guint row,
    GValue * value)
{
  g_return_val_if_fail (is_inside (rows, column, row), FALSE);
  GType type = gst_tdengine_type_get_gtype (column_type (rows, column));

  if (gst_tdengine_rows_is_null (rows, column, row)) {
    /* what other languages make their own null of */
    g_value_init (value, G_TYPE_STRING);
    return FALSE;
  }
  if (type == G_TYPE_STRING) {
    set_text_value (rows, column, row, value);
    return TRUE;
  }
  g_value_init (value, type);
  set_value (rows, column, row, value);
  return TRUE;
}

/**
 * gst_tdengine_rows_append_text:
 * @rows: rows
 * @column: which column, from 0
 * @row: which row, from 0
 * @text: where to append
 *
 * Writes a value as text: times in RFC 3339 in UTC with the digits of their
 * precision, floats with as few digits as read back the same, decimals
 * exactly, binary in lower-case hex, text as it is. A NULL appends nothing.
 */
void
gst_tdengine_rows_append_text (GstTDengineRows * rows, guint column, guint row,
    GString * text)
{
  g_return_if_fail (is_inside (rows, column, row));
  const GstTDengineColumn *info =
      gst_tdengine_schema_get_column (rows->schema, column);
  gsize size;
  const guint8 *data = gst_tdengine_rows_get_data (rows, column, row, &size);

  if (!data)
    return;
  switch (info->type) {
    case GST_TDENGINE_TYPE_BOOL:
      g_string_append (text, data[0] ? "true" : "false");
      break;
    case GST_TDENGINE_TYPE_TIMESTAMP:
      gst_tdengine_text_append_time (text,
          gst_tdengine_rows_get_int64 (rows, column, row),
          gst_tdengine_schema_get_precision (rows->schema));
      break;
    case GST_TDENGINE_TYPE_FLOAT:
      gst_tdengine_text_append_float (text, GST_READ_FLOAT_LE (data));
      break;
    case GST_TDENGINE_TYPE_DOUBLE:
      gst_tdengine_text_append_double (text, GST_READ_DOUBLE_LE (data));
      break;
    case GST_TDENGINE_TYPE_UBIGINT:
      gst_tdengine_text_append_uint (text,
          gst_tdengine_rows_get_uint64 (rows, column, row));
      break;
    case GST_TDENGINE_TYPE_VARCHAR:
    case GST_TDENGINE_TYPE_JSON:
      g_string_append_len (text, (const gchar *) data, size);
      break;
    case GST_TDENGINE_TYPE_NCHAR:
      gst_tdengine_text_append_ucs4 (text, data, size);
      break;
    case GST_TDENGINE_TYPE_VARBINARY:
    case GST_TDENGINE_TYPE_GEOMETRY:
    case GST_TDENGINE_TYPE_BLOB:
      gst_tdengine_text_append_hex (text, data, size);
      break;
    case GST_TDENGINE_TYPE_DECIMAL:
    case GST_TDENGINE_TYPE_DECIMAL64:
      gst_tdengine_decimal_append (text,
          gst_tdengine_decimal_read (data, size), info->scale);
      break;
    default:
      gst_tdengine_text_append_int (text,
          gst_tdengine_rows_get_int64 (rows, column, row));
      break;
  }
}

/**
 * gst_tdengine_rows_get_text:
 * @rows: rows
 * @column: which column, from 0
 * @row: which row, from 0
 *
 * Gets a value as text, as [method@GstTDengine.Rows.append_text] writes it.
 * Bytes of a VARCHAR that are not UTF-8 become U+FFFD here.
 *
 * Returns: (transfer full) (nullable): text, or %NULL for NULL
 */
gchar *
gst_tdengine_rows_get_text (GstTDengineRows * rows, guint column, guint row)
{
  g_return_val_if_fail (is_inside (rows, column, row), NULL);

  if (gst_tdengine_rows_is_null (rows, column, row))
    return NULL;

  GString *text = g_string_new (NULL);
  gst_tdengine_rows_append_text (rows, column, row, text);
  if (!g_utf8_validate_len (text->str, text->len, NULL)) {
    gchar *valid = g_utf8_make_valid (text->str, text->len);

    g_string_free (text, TRUE);
    return valid;
  }
  return g_string_free (text, FALSE);
}

/* bytes that keep the rows alive in place of a copy */
static GBytes *
share (GstTDengineRows * rows, const guint8 * data, gsize size)
{
  return g_bytes_new_with_free_func (data, size,
      (GDestroyNotify) gst_tdengine_rows_unref, gst_tdengine_rows_ref (rows));
}

/**
 * gst_tdengine_rows_get_column:
 * @rows: rows
 * @column: which column, from 0
 *
 * Gets all values of a column without a copy: for a fixed-width type, a
 * little-endian value a row, those of NULLs undefined; otherwise the values
 * with their lengths before them, which
 * [method@GstTDengine.Rows.get_offsets] leads to.
 *
 * Returns: (transfer full): the bytes, which keep @rows alive and are not
 *   aligned
 */
GBytes *
gst_tdengine_rows_get_column (GstTDengineRows * rows, guint column)
{
  g_return_val_if_fail (column <
      gst_tdengine_schema_get_n_columns (rows->schema), NULL);

  return share (rows, rows->columns[column].values, rows->columns[column].size);
}

/**
 * gst_tdengine_rows_get_nulls:
 * @rows: rows
 * @column: a column of a fixed-width type
 *
 * Gets the bitmap of NULLs without a copy: a bit a row, the most significant
 * one first, 1 for NULL (numpy's `unpackbits` order).
 *
 * Returns: (transfer full) (nullable): (rows + 7) / 8 bytes, or %NULL where
 *   the column's type varies in length
 */
GBytes *
gst_tdengine_rows_get_nulls (GstTDengineRows * rows, guint column)
{
  g_return_val_if_fail (column <
      gst_tdengine_schema_get_n_columns (rows->schema), NULL);

  if (gst_tdengine_type_get_width (column_type (rows, column)) == 0)
    return NULL;
  return share (rows, rows->columns[column].start,
      block_bitmap_size (rows->n_rows));
}

/**
 * gst_tdengine_rows_get_offsets:
 * @rows: rows
 * @column: a column of a type that varies in length
 *
 * Gets where each value lies in [method@GstTDengine.Rows.get_column] without
 * a copy: a 32-bit little-endian number a row, -1 for NULL. There stands the
 * value's length in 2 bytes (4 for BLOB), then the value. Offsets need not
 * rise.
 *
 * Returns: (transfer full) (nullable): 4 × rows bytes, or %NULL where the
 *   column's type has a fixed width
 */
GBytes *
gst_tdengine_rows_get_offsets (GstTDengineRows * rows, guint column)
{
  g_return_val_if_fail (column <
      gst_tdengine_schema_get_n_columns (rows->schema), NULL);

  if (gst_tdengine_type_get_width (column_type (rows, column)) > 0)
    return NULL;
  return share (rows, rows->columns[column].start, 4 * (gsize) rows->n_rows);
}

/**
 * gst_tdengine_rows_slice:
 * @rows: rows
 * @first: the first row
 * @n_rows: how many rows, at least one
 *
 * Copies a run of rows into a block of their own.
 *
 * Returns: (transfer full): the run
 */
GstTDengineRows *
gst_tdengine_rows_slice (GstTDengineRows * rows, guint first, guint n_rows)
{
  g_return_val_if_fail (n_rows > 0 && first < rows->n_rows
      && n_rows <= rows->n_rows - first, NULL);

  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (rows->schema);
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (rows->schema); i++)
    gst_tdengine_rows_builder_append_run (builder, i, rows, i, first, n_rows);
  return gst_tdengine_rows_builder_end (builder, NULL);
}

const GstTDengineColumnData *
gst_tdengine_rows_get_column_data (GstTDengineRows * rows, guint column)
{
  return &rows->columns[column];
}

/* the first row that is NULL, or -1; most blocks have none */
gint
gst_tdengine_rows_find_null (GstTDengineRows * rows, guint column)
{
  const guint8 *bitmap = rows->columns[column].start;
  guint row = 0;

  if (gst_tdengine_type_get_width (column_type (rows, column)) > 0) {
    while (row + 8 <= rows->n_rows && bitmap[row / 8] == 0)
      row += 8;
  }
  for (; row < rows->n_rows; row++) {
    if (gst_tdengine_rows_is_null (rows, column, row))
      return row;
  }
  return -1;
}
