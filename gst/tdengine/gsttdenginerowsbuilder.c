/* tdengine rows builder: blocks from values
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <errno.h>
#include <string.h>

#include "gsttdengineblock.h"
#include "gsttdenginedecimal.h"
#include "gsttdengineerror.h"
#include "gsttdenginerows-private.h"
#include "gsttdenginerowsbuilder.h"

typedef struct
{
  const GstTDengineColumn *info;
  guint n_rows;
  GByteArray *head;             /* bitmap of nulls, or offsets */
  GByteArray *values;
} ColumnBuilder;

struct _GstTDengineRowsBuilder
{
  gatomicrefcount ref_count;
  GstTDengineSchema *schema;
  guint n_columns;
  ColumnBuilder *columns;
};

G_DEFINE_BOXED_TYPE (GstTDengineRowsBuilder, gst_tdengine_rows_builder,
    gst_tdengine_rows_builder_ref, gst_tdengine_rows_builder_unref);

static const guint8 zeros[16];

/**
 * gst_tdengine_rows_builder_new:
 * @schema: the columns to fill
 *
 * Makes a builder without rows.
 *
 * Returns: (transfer full): a builder
 */
GstTDengineRowsBuilder *
gst_tdengine_rows_builder_new (GstTDengineSchema * schema)
{
  GstTDengineRowsBuilder *self = g_new0 (GstTDengineRowsBuilder, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->schema = gst_tdengine_schema_ref (schema);
  self->n_columns = gst_tdengine_schema_get_n_columns (schema);
  self->columns = g_new0 (ColumnBuilder, self->n_columns);
  for (guint i = 0; i < self->n_columns; i++) {
    self->columns[i].info = gst_tdengine_schema_get_column (schema, i);
    self->columns[i].head = g_byte_array_new ();
    self->columns[i].values = g_byte_array_new ();
  }
  return self;
}

/**
 * gst_tdengine_rows_builder_ref:
 * @builder: a builder
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @builder
 */
GstTDengineRowsBuilder *
gst_tdengine_rows_builder_ref (GstTDengineRowsBuilder * builder)
{
  g_atomic_ref_count_inc (&builder->ref_count);
  return builder;
}

/**
 * gst_tdengine_rows_builder_unref:
 * @builder: (transfer full): a builder
 *
 * Gives a reference back.
 */
void
gst_tdengine_rows_builder_unref (GstTDengineRowsBuilder * builder)
{
  if (!g_atomic_ref_count_dec (&builder->ref_count))
    return;
  for (guint i = 0; i < builder->n_columns; i++) {
    g_byte_array_unref (builder->columns[i].head);
    g_byte_array_unref (builder->columns[i].values);
  }
  g_free (builder->columns);
  gst_tdengine_schema_unref (builder->schema);
  g_free (builder);
}

static gboolean
refuse_value (ColumnBuilder * column, GError ** error, const gchar * what)
{
  g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE,
      "%s does not fit column \"%s\" of type %s", what, column->info->name,
      gst_tdengine_type_get_name (column->info->type));
  return FALSE;
}

static ColumnBuilder *
get_column (GstTDengineRowsBuilder * self, guint column)
{
  g_return_val_if_fail (column < self->n_columns, NULL);
  return &self->columns[column];
}

static void
append_offset (ColumnBuilder * column, gint32 offset)
{
  guint8 bytes[4];

  GST_WRITE_UINT32_LE (bytes, offset);
  g_byte_array_append (column->head, bytes, sizeof bytes);
}

static void
append_fixed (ColumnBuilder * column, const guint8 * value, gboolean is_null)
{
  if (column->n_rows % 8 == 0)
    g_byte_array_append (column->head, zeros, 1);
  if (is_null)
    block_bitmap_set (column->head->data, column->n_rows);
  g_byte_array_append (column->values, value,
      gst_tdengine_type_get_width (column->info->type));
  column->n_rows++;
}

static guint8 *
append_varying (ColumnBuilder * column, gsize size)
{
  guint prefix = gst_tdengine_type_get_prefix (column->info->type);
  gsize offset = column->values->len;

  append_offset (column, offset);
  g_byte_array_set_size (column->values, offset + prefix + size);
  if (prefix == 2)
    GST_WRITE_UINT16_LE (column->values->data + offset, size);
  else
    GST_WRITE_UINT32_LE (column->values->data + offset, size);
  column->n_rows++;
  return column->values->data + offset + prefix;
}

/**
 * gst_tdengine_rows_builder_append_null:
 * @builder: a builder
 * @column: which column, from 0
 *
 * Appends a NULL to a column.
 */
void
gst_tdengine_rows_builder_append_null (GstTDengineRowsBuilder * builder,
    guint column)
{
  ColumnBuilder *self = get_column (builder, column);

  if (!self)
    return;
  if (gst_tdengine_type_get_width (self->info->type) > 0) {
    append_fixed (self, zeros, TRUE);
    return;
  }
  append_offset (self, -1);
  self->n_rows++;
}

static gboolean
get_range (GstTDengineType type, gint64 * min, gint64 * max)
{
  *min = 0;
  switch (type) {
    case GST_TDENGINE_TYPE_BOOL:
      *max = 1;
      return TRUE;
    case GST_TDENGINE_TYPE_TINYINT:
      *min = G_MININT8;
      *max = G_MAXINT8;
      return TRUE;
    case GST_TDENGINE_TYPE_SMALLINT:
      *min = G_MININT16;
      *max = G_MAXINT16;
      return TRUE;
    case GST_TDENGINE_TYPE_INT:
      *min = G_MININT32;
      *max = G_MAXINT32;
      return TRUE;
    case GST_TDENGINE_TYPE_BIGINT:
    case GST_TDENGINE_TYPE_TIMESTAMP:
      *min = G_MININT64;
      *max = G_MAXINT64;
      return TRUE;
    case GST_TDENGINE_TYPE_UTINYINT:
      *max = G_MAXUINT8;
      return TRUE;
    case GST_TDENGINE_TYPE_USMALLINT:
      *max = G_MAXUINT16;
      return TRUE;
    case GST_TDENGINE_TYPE_UINT:
      *max = G_MAXUINT32;
      return TRUE;
    case GST_TDENGINE_TYPE_UBIGINT:
      *max = G_MAXINT64;
      return TRUE;
    default:
      return FALSE;
  }
}

/**
 * gst_tdengine_rows_builder_append_int64:
 * @builder: a builder
 * @column: a column of BOOL, an integer type or TIMESTAMP
 * @value: the value; a time in ticks of the schema's precision since 1970 UTC
 * @error: (out) (optional): return location for an error
 *
 * Appends an integer to a column.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_INVALID_VALUE, and nothing
 *   appended, where @value is out of the type's range
 */
gboolean
gst_tdengine_rows_builder_append_int64 (GstTDengineRowsBuilder * builder,
    guint column, gint64 value, GError ** error)
{
  ColumnBuilder *self = get_column (builder, column);
  gint64 min, max;
  guint8 bytes[8];

  if (!self)
    return FALSE;
  if (!get_range (self->info->type, &min, &max) || value < min || value > max) {
    g_autofree gchar *what = g_strdup_printf ("%" G_GINT64_FORMAT, value);

    return refuse_value (self, error, what);
  }
  GST_WRITE_UINT64_LE (bytes, value);
  append_fixed (self, bytes, FALSE);
  return TRUE;
}

/**
 * gst_tdengine_rows_builder_append_uint64:
 * @builder: a builder
 * @column: a column of BOOL, an integer type or TIMESTAMP
 * @value: the value
 * @error: (out) (optional): return location for an error
 *
 * Appends an unsigned integer to a column.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_INVALID_VALUE, and nothing
 *   appended, where @value is out of the type's range
 */
gboolean
gst_tdengine_rows_builder_append_uint64 (GstTDengineRowsBuilder * builder,
    guint column, guint64 value, GError ** error)
{
  ColumnBuilder *self = get_column (builder, column);
  guint8 bytes[8];

  if (!self)
    return FALSE;
  if (self->info->type == GST_TDENGINE_TYPE_UBIGINT) {
    GST_WRITE_UINT64_LE (bytes, value);
    append_fixed (self, bytes, FALSE);
    return TRUE;
  }
  if (value > G_MAXINT64) {
    g_autofree gchar *what = g_strdup_printf ("%" G_GUINT64_FORMAT, value);

    return refuse_value (self, error, what);
  }
  return gst_tdengine_rows_builder_append_int64 (builder, column, value, error);
}

/**
 * gst_tdengine_rows_builder_append_double:
 * @builder: a builder
 * @column: a column of FLOAT or DOUBLE
 * @value: the value
 * @error: (out) (optional): return location for an error
 *
 * Appends a floating-point number to a column. A FLOAT is rounded.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_INVALID_VALUE, and nothing
 *   appended, where the column is of another type
 */
gboolean
gst_tdengine_rows_builder_append_double (GstTDengineRowsBuilder * builder,
    guint column, gdouble value, GError ** error)
{
  ColumnBuilder *self = get_column (builder, column);
  guint8 bytes[8];

  if (!self)
    return FALSE;
  switch (self->info->type) {
    case GST_TDENGINE_TYPE_FLOAT:
      GST_WRITE_FLOAT_LE (bytes, (gfloat) value);
      break;
    case GST_TDENGINE_TYPE_DOUBLE:
      GST_WRITE_DOUBLE_LE (bytes, value);
      break;
    default:
      return refuse_value (self, error, "A floating-point number");
  }
  append_fixed (self, bytes, FALSE);
  return TRUE;
}

/* offsets have 31 bits */
static gboolean
has_room (ColumnBuilder * self, gsize size)
{
  return self->values->len + sizeof (guint32) + size <= G_MAXINT32;
}

static gboolean
append_nchar (ColumnBuilder * self, const gchar * value, gsize size,
    GError ** error)
{
  if (!g_utf8_validate_len (value, size, NULL))
    return refuse_value (self, error, "Text that is not UTF-8");

  glong n_chars = g_utf8_strlen (value, size);
  if (n_chars > G_MAXUINT16 / 4 || !has_room (self, 4 * n_chars))
    return refuse_value (self, error, "Text this long");

  guint8 *out = append_varying (self, 4 * n_chars);
  for (const gchar * p = value; p < value + size; p = g_utf8_next_char (p)) {
    GST_WRITE_UINT32_LE (out, g_utf8_get_char (p));
    out += 4;
  }
  return TRUE;
}

static gboolean
append_decimal (ColumnBuilder * self, const gchar * value, gsize size,
    GError ** error)
{
  GstTDengineDecimal decimal;
  guint8 bytes[16];

  if (!gst_tdengine_decimal_parse (value, size, self->info->digits,
          self->info->scale, &decimal)) {
    g_autofree gchar *what = g_strdup_printf ("\"%.*s\"", (gint) MIN (size, 60),
        value);
    return refuse_value (self, error, what);
  }
  gst_tdengine_decimal_write (decimal, bytes, sizeof bytes);
  append_fixed (self, bytes, FALSE);
  return TRUE;
}

/**
 * gst_tdengine_rows_builder_append_data:
 * @builder: a builder
 * @column: a column of a type that varies in length, or a decimal
 * @value: (array length=size): text in UTF-8 for NCHAR, JSON and decimals,
 *   anything for the others
 * @size: bytes of @value
 * @error: (out) (optional): return location for an error
 *
 * Appends bytes or text to a column.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_INVALID_VALUE, and nothing
 *   appended, where @value does not fit the column's type
 */
gboolean
gst_tdengine_rows_builder_append_data (GstTDengineRowsBuilder * builder,
    guint column, const guint8 * value, gsize size, GError ** error)
{
  ColumnBuilder *self = get_column (builder, column);

  if (!self)
    return FALSE;
  if (self->info->digits > 0)
    return append_decimal (self, (const gchar *) value, size, error);
  if (self->info->type == GST_TDENGINE_TYPE_NCHAR)
    return append_nchar (self, (const gchar *) value, size, error);
  if (gst_tdengine_type_get_width (self->info->type) > 0)
    return refuse_value (self, error, "Text");
  if (size > (gst_tdengine_type_get_prefix (self->info->type) == 2 ?
          G_MAXUINT16 : G_MAXINT32) || !has_room (self, size))
    return refuse_value (self, error, "A value this long");

  guint8 *out = append_varying (self, size);
  if (size > 0)
    memcpy (out, value, size);
  return TRUE;
}

/**
 * gst_tdengine_rows_builder_append_string:
 * @builder: a builder
 * @column: a column of a type that varies in length, or a decimal
 * @value: text; a decimal in its digits, such as `-12.50`
 * @error: (out) (optional): return location for an error
 *
 * Appends text to a column.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_INVALID_VALUE, and nothing
 *   appended, where @value does not fit the column's type
 */
gboolean
gst_tdengine_rows_builder_append_string (GstTDengineRowsBuilder * builder,
    guint column, const gchar * value, GError ** error)
{
  return gst_tdengine_rows_builder_append_data (builder, column,
      (const guint8 *) value, strlen (value), error);
}

/**
 * gst_tdengine_rows_builder_append_value:
 * @builder: a builder
 * @column: which column, from 0
 * @value: a boolean, integer, float, string or #GBytes
 * @error: (out) (optional): return location for an error
 *
 * Appends a value of any type to a column, without conversion but that an
 * integer may fill a floating-point column.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_INVALID_VALUE, and nothing
 *   appended, where @value does not fit the column's type
 */
gboolean
gst_tdengine_rows_builder_append_value (GstTDengineRowsBuilder * builder,
    guint column, const GValue * value, GError ** error)
{
  ColumnBuilder *self = get_column (builder, column);
  g_auto (GValue) wide = G_VALUE_INIT;
  gboolean is_float;

  if (!self)
    return FALSE;
  if (G_VALUE_HOLDS_STRING (value) && g_value_get_string (value))
    return gst_tdengine_rows_builder_append_string (builder, column,
        g_value_get_string (value), error);
  if (G_VALUE_HOLDS (value, G_TYPE_BYTES) && g_value_get_boxed (value)) {
    gsize size;
    gconstpointer data = g_bytes_get_data (g_value_get_boxed (value), &size);

    return gst_tdengine_rows_builder_append_data (builder, column, data, size,
        error);
  }

  is_float = self->info->type == GST_TDENGINE_TYPE_FLOAT
      || self->info->type == GST_TDENGINE_TYPE_DOUBLE;
  if (G_VALUE_HOLDS_UINT64 (value) && !is_float)
    return gst_tdengine_rows_builder_append_uint64 (builder, column,
        g_value_get_uint64 (value), error);
  if ((G_VALUE_HOLDS_FLOAT (value) || G_VALUE_HOLDS_DOUBLE (value))
      != is_float && !is_float)
    return refuse_value (self, error, "A floating-point number");
  g_value_init (&wide, is_float ? G_TYPE_DOUBLE : G_TYPE_INT64);
  if (!g_value_transform (value, &wide))
    return refuse_value (self, error, G_VALUE_TYPE_NAME (value));
  if (is_float)
    return gst_tdengine_rows_builder_append_double (builder, column,
        g_value_get_double (&wide), error);
  return gst_tdengine_rows_builder_append_int64 (builder, column,
      g_value_get_int64 (&wide), error);
}

/* without NULLs where there is no bitmap */
static void
append_bits (ColumnBuilder * self, const guint8 * bitmap, guint first,
    guint n_rows)
{
  gsize old_size = self->head->len;
  gsize new_size = block_bitmap_size (self->n_rows + n_rows);

  g_byte_array_set_size (self->head, new_size);
  memset (self->head->data + old_size, 0, new_size - old_size);
  if (!bitmap)
    return;
  if (self->n_rows % 8 == 0 && first % 8 == 0 && n_rows % 8 == 0) {
    memcpy (self->head->data + old_size, bitmap + first / 8, n_rows / 8);
    return;
  }
  for (guint i = 0; i < n_rows; i++) {
    if (block_bitmap_get (bitmap, first + i))
      block_bitmap_set (self->head->data, self->n_rows + i);
  }
}

/**
 * gst_tdengine_rows_builder_append_values:
 * @builder: a builder
 * @column: a column of a type whose values are all of one width
 * @values: (array length=size): values, one after the other and little-endian,
 *   as [method@GstTDengine.Rows.get_column] gives them
 * @size: bytes of @values
 * @error: (out) (optional): return location for an error
 *
 * Appends values to a column, none of them NULL, at once and as they are.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_INVALID_VALUE, and nothing
 *   appended, where values of the column's type vary in length, or @size is not
 *   that of whole values
 */
gboolean
gst_tdengine_rows_builder_append_values (GstTDengineRowsBuilder * builder,
    guint column, const guint8 * values, gsize size, GError ** error)
{
  ColumnBuilder *self = get_column (builder, column);
  guint width;

  if (!self)
    return FALSE;
  width = gst_tdengine_type_get_width (self->info->type);
  if (width == 0 || size % width != 0 || size / width > G_MAXINT32) {
    g_autofree gchar *what = g_strdup_printf ("An array of %" G_GSIZE_FORMAT
        " bytes", size);

    return refuse_value (self, error, what);
  }
  append_bits (self, NULL, 0, size / width);
  g_byte_array_append (self->values, values, size);
  self->n_rows += size / width;
  return TRUE;
}

static void
append_fixed_run (ColumnBuilder * self, const GstTDengineColumnData * data,
    guint first, guint n_rows)
{
  guint width = gst_tdengine_type_get_width (self->info->type);

  append_bits (self, data->start, first, n_rows);
  g_byte_array_append (self->values, data->values + (gsize) first * width,
      n_rows * width);
  self->n_rows += n_rows;
}

static void
append_varying_run (ColumnBuilder * self, GstTDengineRows * rows,
    guint from_column, guint first, guint n_rows)
{
  for (guint row = first; row < first + n_rows; row++) {
    gsize size;
    const guint8 *value =
        gst_tdengine_rows_get_data (rows, from_column, row, &size);

    if (value) {
      guint8 *out = append_varying (self, size);
      if (size > 0)
        memcpy (out, value, size);
    } else {
      append_offset (self, -1);
      self->n_rows++;
    }
  }
}

/**
 * gst_tdengine_rows_builder_append_run:
 * @builder: a builder
 * @column: which column, from 0
 * @rows: rows to copy from
 * @from_column: a column of @rows that has the same type
 * @first: the first row to copy
 * @n_rows: how many rows to copy
 *
 * Appends a run of another block's values to a column.
 */
void
gst_tdengine_rows_builder_append_run (GstTDengineRowsBuilder * builder,
    guint column, GstTDengineRows * rows, guint from_column, guint first,
    guint n_rows)
{
  ColumnBuilder *self = get_column (builder, column);
  const GstTDengineColumn *from = gst_tdengine_schema_get_column
      (gst_tdengine_rows_get_schema (rows), from_column);

  if (!self || !from)
    return;
  g_return_if_fail (from->type == self->info->type
      && from->scale == self->info->scale);
  g_return_if_fail (first <= gst_tdengine_rows_get_n_rows (rows)
      && n_rows <= gst_tdengine_rows_get_n_rows (rows) - first);

  if (gst_tdengine_type_get_width (from->type) > 0)
    append_fixed_run (self, gst_tdengine_rows_get_column_data (rows,
            from_column), first, n_rows);
  else
    append_varying_run (self, rows, from_column, first, n_rows);
}

/**
 * gst_tdengine_rows_builder_get_n_rows:
 * @builder: a builder
 *
 * Gets how many rows the first column has so far.
 *
 * Returns: the number of rows
 */
guint
gst_tdengine_rows_builder_get_n_rows (GstTDengineRowsBuilder * builder)
{
  return builder->n_columns > 0 ? builder->columns[0].n_rows : 0;
}

static gboolean
check_complete (GstTDengineRowsBuilder * self, GError ** error)
{
  guint n_rows = gst_tdengine_rows_builder_get_n_rows (self);

  if (n_rows == 0) {
    g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE,
        "There are no rows to make a block of");
    return FALSE;
  }
  for (guint i = 0; i < self->n_columns; i++) {
    if (self->columns[i].n_rows != n_rows) {
      g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE,
          "Expected %u rows in column \"%s\" but there are %u", n_rows,
          self->columns[i].info->name, self->columns[i].n_rows);
      return FALSE;
    }
  }
  return TRUE;
}

static gsize
total_size (GstTDengineRowsBuilder * self)
{
  gsize size = BLOCK_HEADER_SIZE + self->n_columns * BLOCK_COLUMN_SIZE +
      BLOCK_TRAILER_SIZE;

  for (guint i = 0; i < self->n_columns; i++)
    size += self->columns[i].head->len + self->columns[i].values->len;
  return size;
}

static guint8 *
take_bytes (guint8 * to, GByteArray * from)
{
  if (from->len > 0)
    memcpy (to, from->data, from->len);
  to += from->len;
  g_byte_array_set_size (from, 0);
  return to;
}

static void
write_block (GstTDengineRowsBuilder * self, guint8 * block, gsize size)
{
  guint8 *types = block + BLOCK_HEADER_SIZE;
  guint8 *lengths = types + 5 * self->n_columns;
  guint8 *data = lengths + 4 * self->n_columns;

  gst_tdengine_block_write_head (block,
      gst_tdengine_rows_builder_get_n_rows (self), size, self->n_columns);
  for (guint i = 0; i < self->n_columns; i++) {
    ColumnBuilder *column = &self->columns[i];

    types[5 * i] = column->info->type;
    GST_WRITE_UINT32_LE (types + 5 * i + 1,
        gst_tdengine_block_column_bytes (column->info));
    GST_WRITE_UINT32_LE (lengths + 4 * i, column->values->len);
    data = take_bytes (data, column->head);
    data = take_bytes (data, column->values);
    column->n_rows = 0;
  }
  *data = 0;
}

/**
 * gst_tdengine_rows_builder_end:
 * @builder: a builder whose columns all have the same number of rows
 * @error: (out) (optional): return location for an error
 *
 * Makes a block of what was appended, and empties the builder for the next.
 *
 * Returns: (transfer full): the rows; or %NULL with
 *   %GST_TDENGINE_ERROR_INVALID_VALUE where there are none or columns differ
 *   in length
 */
GstTDengineRows *
gst_tdengine_rows_builder_end (GstTDengineRowsBuilder * builder,
    GError ** error)
{
  if (!check_complete (builder, error))
    return NULL;

  gsize size = total_size (builder);
  guint8 *block = g_malloc (size);
  write_block (builder, block, size);

  g_autoptr (GstBuffer) buffer = gst_buffer_new_wrapped (block, size);
  return gst_tdengine_rows_new (builder->schema, buffer, error);
}
