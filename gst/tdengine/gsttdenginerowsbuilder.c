/* tdengine rows builder: blocks from values
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>
#include <string.h>

#include "gsttdengineblock.h"
#include "gsttdenginedecimal.h"
#include "gsttdengineerror.h"
#include "gsttdengineparse.h"
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
  GTimeZone *zone;              /* of times that name none, NULL: UTC */
  GstTDenginePrecision time_unit;       /* of times that are numbers */
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
  self->time_unit = gst_tdengine_schema_get_precision (schema);
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
  g_clear_pointer (&builder->zone, g_time_zone_unref);
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

static gboolean
refuse_text (ColumnBuilder * column, GError ** error, const gchar * text,
    gsize size)
{
  g_autofree gchar *valid = g_utf8_make_valid (text, MIN (size, 60));
  g_autofree gchar *what = g_strdup_printf ("\"%s\"", valid);

  return refuse_value (column, error, what);
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

static void
truncate_fixed (ColumnBuilder * self, guint n_rows)
{
  g_byte_array_set_size (self->head, block_bitmap_size (n_rows));
  if (n_rows % 8 > 0)
    self->head->data[n_rows / 8] &= 0xff << (8 - n_rows % 8);
  g_byte_array_set_size (self->values,
      n_rows * gst_tdengine_type_get_width (self->info->type));
}

static void
truncate_varying (ColumnBuilder * self, guint n_rows)
{
  for (guint row = n_rows; row < self->n_rows; row++) {
    gint32 offset = (gint32) GST_READ_UINT32_LE (self->head->data + 4 * row);

    if (offset >= 0) {
      g_byte_array_set_size (self->values, offset);
      break;
    }
  }
  g_byte_array_set_size (self->head, 4 * n_rows);
}

static void
truncate_column (ColumnBuilder * self, guint n_rows)
{
  if (self->n_rows <= n_rows)
    return;
  if (gst_tdengine_type_get_width (self->info->type) > 0)
    truncate_fixed (self, n_rows);
  else
    truncate_varying (self, n_rows);
  self->n_rows = n_rows;
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

/* U+0000 is a character, too, if not to GLib's strings */
static gboolean
is_utf8 (const gchar * text, gsize size)
{
  const gchar *end = text + size, *valid_end;

  while (!g_utf8_validate_len (text, end - text, &valid_end)) {
    if (*valid_end != 0)
      return FALSE;
    text = valid_end + 1;
  }
  return TRUE;
}

static gsize
count_chars (const gchar * text, gsize size)
{
  gsize n_chars = 0;

  for (gsize i = 0; i < size; i++)
    n_chars += (text[i] & 0xc0) != 0x80;
  return n_chars;
}

static gboolean
append_nchar (ColumnBuilder * self, const gchar * value, gsize size,
    GError ** error)
{
  if (!is_utf8 (value, size))
    return refuse_value (self, error, "Text that is not UTF-8");

  gsize n_chars = count_chars (value, size);
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
          self->info->scale, &decimal))
    return refuse_text (self, error, value, size);
  gst_tdengine_decimal_write (decimal, bytes, sizeof bytes);
  append_fixed (self, bytes, FALSE);
  return TRUE;
}

/* value may be NULL: the bytes are yet to be filled in */
static gboolean
append_bytes (ColumnBuilder * self, const guint8 * value, gsize size,
    GError ** error)
{
  if (size > (gst_tdengine_type_get_prefix (self->info->type) == 2 ?
          G_MAXUINT16 : G_MAXINT32) || !has_room (self, size))
    return refuse_value (self, error, "A value this long");

  guint8 *out = append_varying (self, size);
  if (value && size > 0)
    memcpy (out, value, size);
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
  return append_bytes (self, value, size, error);
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

/**
 * gst_tdengine_rows_builder_set_times:
 * @builder: a builder
 * @zone: (nullable): the zone of times that name none, or %NULL for UTC
 * @unit: the unit of times that are numbers
 *
 * Says how [method@GstTDengine.RowsBuilder.append_text] reads times. Unless it
 * is told, they are in UTC and in the schema's precision.
 */
void
gst_tdengine_rows_builder_set_times (GstTDengineRowsBuilder * builder,
    GTimeZone * zone, GstTDenginePrecision unit)
{
  g_clear_pointer (&builder->zone, g_time_zone_unref);
  builder->zone = zone ? g_time_zone_ref (zone) : NULL;
  builder->time_unit = unit;
}

/* a coarser precision cuts off what it can't hold, also before 1970 */
static gboolean
convert_ticks (gint64 ticks, GstTDenginePrecision from,
    GstTDenginePrecision to, gint64 * result)
{
  gint64 from_unit = gst_tdengine_precision_get_unit (from);
  gint64 to_unit = gst_tdengine_precision_get_unit (to);

  if (from_unit >= to_unit)
    return !__builtin_mul_overflow (ticks, from_unit / to_unit, result);
  gint64 factor = to_unit / from_unit;
  *result = ticks / factor - (ticks % factor < 0);
  return TRUE;
}

static gboolean
read_time (GstTDengineRowsBuilder * self, const gchar * text, gsize size,
    gint64 * time)
{
  GstTDenginePrecision precision =
      gst_tdengine_schema_get_precision (self->schema);
  gint64 ticks;

  if (gst_tdengine_parse_int (text, size, &ticks))
    return convert_ticks (ticks, self->time_unit, precision, time);
  return gst_tdengine_parse_time (text, size, self->zone, precision, time);
}

static gboolean
read_int (GstTDengineRowsBuilder * self, GstTDengineType type,
    const gchar * text, gsize size, gint64 * value)
{
  gboolean is_true, is_bool;

  if (type == GST_TDENGINE_TYPE_TIMESTAMP)
    return read_time (self, text, size, value);
  if (type != GST_TDENGINE_TYPE_BOOL)
    return gst_tdengine_parse_int (text, size, value);
  is_bool = gst_tdengine_parse_bool (text, size, &is_true);
  *value = is_true;
  return is_bool;
}

static gboolean
append_float_text (GstTDengineRowsBuilder * self, guint column,
    const gchar * text, gsize size, GError ** error)
{
  gdouble value;

  if (!gst_tdengine_parse_double (text, size, &value)
      || (self->columns[column].info->type == GST_TDENGINE_TYPE_FLOAT
          && isinf ((gfloat) value) && !isinf (value)))
    return refuse_text (&self->columns[column], error, text, size);
  return gst_tdengine_rows_builder_append_double (self, column, value, error);
}

static gboolean
append_uint_text (GstTDengineRowsBuilder * self, guint column,
    const gchar * text, gsize size, GError ** error)
{
  guint64 value;

  if (!gst_tdengine_parse_uint (text, size, &value))
    return refuse_text (&self->columns[column], error, text, size);
  return gst_tdengine_rows_builder_append_uint64 (self, column, value, error);
}

static gboolean
append_int_text (GstTDengineRowsBuilder * self, guint column,
    const gchar * text, gsize size, GError ** error)
{
  gint64 value;

  if (!read_int (self, self->columns[column].info->type, text, size, &value))
    return refuse_text (&self->columns[column], error, text, size);
  return gst_tdengine_rows_builder_append_int64 (self, column, value, error);
}

static gboolean
is_too_long (ColumnBuilder * self, const gchar * text, gsize size)
{
  gsize length = self->info->type == GST_TDENGINE_TYPE_NCHAR ?
      count_chars (text, size) : size;

  return self->info->length > 0 && length > self->info->length;
}

static gboolean
append_hex_text (ColumnBuilder * self, const gchar * text, gsize size,
    GError ** error)
{
  guint n_rows = self->n_rows;

  if (is_too_long (self, text, size / 2))
    return refuse_value (self, error, "A value this long");
  if (!append_bytes (self, NULL, size / 2, error))
    return FALSE;
  if (gst_tdengine_parse_hex (text, size, self->values->data +
          self->values->len - size / 2))
    return TRUE;
  truncate_column (self, n_rows);
  return refuse_text (self, error, text, size);
}

static void
trim (const gchar ** text, gsize * size)
{
  while (*size > 0 && (*text)[0] == ' ') {
    (*text)++;
    (*size)--;
  }
  while (*size > 0 && (*text)[*size - 1] == ' ')
    (*size)--;
}

/**
 * gst_tdengine_rows_builder_append_text:
 * @builder: a builder
 * @column: which column, from 0
 * @text: (array length=size) (element-type guint8): text in UTF-8; a VARCHAR
 *   may be any bytes
 * @size: bytes of @text, or -1 where it ends with a zero byte
 * @error: (out) (optional): return location for an error
 *
 * Appends a value that is written as [method@GstTDengine.Rows.get_text] writes
 * it, so that what one wrote is what the other reads. Also taken are
 *
 * - times in ISO 8601 with a space for the `T`, with any offset or none, with
 *   more or fewer digits than the precision has, or without a clock time; and
 *   as a number since 1970, see [method@GstTDengine.RowsBuilder.set_times].
 *   What a precision can't hold is cut off.
 * - BOOL as `0` and `1`, and in capitals
 * - hexadecimal digits in capitals
 * - spaces around what is no text
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_INVALID_VALUE, and nothing
 *   appended, where @text is no value of the column's type, is out of its range
 *   or longer than the column says
 */
gboolean
gst_tdengine_rows_builder_append_text (GstTDengineRowsBuilder * builder,
    guint column, const gchar * text, gssize size, GError ** error)
{
  ColumnBuilder *self = get_column (builder, column);
  gsize length = size < 0 ? strlen (text) : (gsize) size;

  if (!self)
    return FALSE;
  switch (self->info->type) {
    case GST_TDENGINE_TYPE_VARCHAR:
    case GST_TDENGINE_TYPE_NCHAR:
    case GST_TDENGINE_TYPE_JSON:
      if (is_too_long (self, text, length))
        return refuse_value (self, error, "Text this long");
      return gst_tdengine_rows_builder_append_data (builder, column,
          (const guint8 *) text, length, error);
    default:
      break;
  }

  trim (&text, &length);
  switch (self->info->type) {
    case GST_TDENGINE_TYPE_FLOAT:
    case GST_TDENGINE_TYPE_DOUBLE:
      return append_float_text (builder, column, text, length, error);
    case GST_TDENGINE_TYPE_DECIMAL:
    case GST_TDENGINE_TYPE_DECIMAL64:
      return append_decimal (self, text, length, error);
    case GST_TDENGINE_TYPE_VARBINARY:
    case GST_TDENGINE_TYPE_GEOMETRY:
    case GST_TDENGINE_TYPE_BLOB:
      return append_hex_text (self, text, length, error);
    case GST_TDENGINE_TYPE_UBIGINT:
      return append_uint_text (builder, column, text, length, error);
    default:
      return append_int_text (builder, column, text, length, error);
  }
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
  if (width == 0 || size % width != 0
      || size > G_MAXINT32 - (gsize) self->values->len) {
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

static gboolean
is_valid (const guint8 * validity, guint row)
{
  return !validity || (validity[row / 8] >> (row % 8) & 1);
}

static gboolean
append_fixed_column (GstTDengineRowsBuilder * self, guint column,
    const guint8 * values, gsize size, guint n_rows, const guint8 * validity,
    GError ** error)
{
  guint first = self->columns[column].n_rows;

  if (!gst_tdengine_rows_builder_append_values (self, column, values, size,
          error))
    return FALSE;
  for (guint row = 0; validity && row < n_rows; row++) {
    if (!is_valid (validity, row))
      block_bitmap_set (self->columns[column].head->data, first + row);
  }
  return TRUE;
}

/* offsets are Arrow's: of each value and of the end */
static gboolean
append_varying_value (GstTDengineRowsBuilder * self, guint column,
    const guint8 * values, gsize size, const guint8 * offset, GError ** error)
{
  guint32 start = GST_READ_UINT32_LE (offset);
  guint32 end = GST_READ_UINT32_LE (offset + 4);

  if (start > end || end > size)
    return refuse_value (&self->columns[column], error,
        "An offset beyond the values");
  return gst_tdengine_rows_builder_append_data (self, column, values + start,
      end - start, error);
}

static gboolean
append_varying_column (GstTDengineRowsBuilder * self, guint column,
    const guint8 * values, gsize size, const guint8 * offsets, guint n_rows,
    const guint8 * validity, GError ** error)
{
  guint n_before = self->columns[column].n_rows;

  for (guint row = 0; row < n_rows; row++) {
    if (!is_valid (validity, row)) {
      gst_tdengine_rows_builder_append_null (self, column);
    } else if (!append_varying_value (self, column, values, size,
            offsets + 4 * (gsize) row, error)) {
      truncate_column (&self->columns[column], n_before);
      return FALSE;
    }
  }
  return TRUE;
}

/* how many values there are; FALSE where the parts do not fit each other */
static gboolean
count_values (ColumnBuilder * self, GBytes * values, GBytes * offsets,
    GBytes * validity, guint * n_rows, GError ** error)
{
  guint width = gst_tdengine_type_get_width (self->info->type);
  gsize size = g_bytes_get_size (width > 0 || !offsets ? values : offsets);
  gsize n;

  if ((width == 0) != (offsets != NULL))
    return refuse_value (self, error, offsets ? "A column with offsets" :
        "A column without offsets");
  if (size % (width > 0 ? width : 4) != 0 || (width == 0 && size == 0))
    return refuse_value (self, error, "A part of a value");
  n = width > 0 ? size / width : size / 4 - 1;
  if (n > G_MAXINT32 - self->n_rows)
    return refuse_value (self, error, "A column this long");
  if (validity && g_bytes_get_size (validity) < block_bitmap_size (n))
    return refuse_value (self, error, "A validity shorter than the values");
  *n_rows = n;
  return TRUE;
}

/**
 * gst_tdengine_rows_builder_append_column:
 * @builder: a builder
 * @column: which column, from 0
 * @values: the values, one behind the other; numbers are little-endian and as
 *   wide as [func@GstTDengine.type_get_width] says
 * @offsets: (nullable): where each value begins in @values, and where the last
 *   one ends: 32 bits each, one more than there are values; %NULL where the
 *   type has a width
 * @validity: (nullable): a bit a value, the least significant first, 0 for a
 *   NULL; or %NULL where there is none
 * @error: (out) (optional): return location for an error
 *
 * Appends any number of values at once, in the layout of an Arrow array, which
 * is that of a numpy array where types have a width. A BOOL is a byte, though,
 * 0 or 1, and an NCHAR is UTF-8.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_INVALID_VALUE, and nothing
 *   appended, where the parts do not fit the column or each other
 */
gboolean
gst_tdengine_rows_builder_append_column (GstTDengineRowsBuilder * builder,
    guint column, GBytes * values, GBytes * offsets, GBytes * validity,
    GError ** error)
{
  ColumnBuilder *self = get_column (builder, column);
  gconstpointer valid = validity ? g_bytes_get_data (validity, NULL) : NULL;
  gsize size;
  gconstpointer data = g_bytes_get_data (values, &size);
  guint n_rows;

  if (!self || !count_values (self, values, offsets, validity, &n_rows, error))
    return FALSE;
  if (!offsets)
    return append_fixed_column (builder, column, data, size, n_rows, valid,
        error);
  return append_varying_column (builder, column, data, size,
      g_bytes_get_data (offsets, NULL), n_rows, valid, error);
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

/**
 * gst_tdengine_rows_builder_truncate:
 * @builder: a builder
 * @n_rows: how many rows to keep
 *
 * Takes back what any column has beyond a number of rows: a row, say, of which
 * one value turned out not to fit.
 */
void
gst_tdengine_rows_builder_truncate (GstTDengineRowsBuilder * builder,
    guint n_rows)
{
  for (guint i = 0; i < builder->n_columns; i++)
    truncate_column (&builder->columns[i], n_rows);
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
