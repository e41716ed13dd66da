/* test server: single values, as SQLite keeps them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "value.h"

#include <gst/tdengine/gsttdenginedecimal.h>
#include <math.h>
#include <string.h>

#include "error.h"
#include "geometry.h"

#define TOP_BIT (G_GUINT64_CONSTANT (1) << 63)

void
value_clear (Value * value)
{
  g_free (value->owned);
  memset (value, 0, sizeof *value);
}

void
value_free_array (Value * values, guint n)
{
  for (guint i = 0; i < n; i++)
    g_free (values[i].owned);
  g_free (values);
}

/* signed order for unsigned numbers, and back */
gint64
value_flip (guint64 value)
{
  return (gint64) (value ^ TOP_BIT);
}

static void
set_integer (Value * value, gint64 integer)
{
  value->kind = VALUE_INTEGER;
  value->integer = integer;
}

void
value_set_real (Value * value, gdouble real)
{
  if (!isnan (real)) {
    value->kind = VALUE_REAL;
    value->real = real;
    return;
  }
  value->owned = g_malloc (8);
  GST_WRITE_DOUBLE_LE (value->owned, real);
  value->kind = VALUE_BLOB;
  value->data = value->owned;
  value->size = 8;
}

void
value_set_decimal (Value * value, GstTDengineType type, __int128 decimal)
{
  if (type == GST_TDENGINE_TYPE_DECIMAL64) {
    set_integer (value, (gint64) decimal);
    return;
  }
  guint8 *blob = g_malloc (16);
  GST_WRITE_UINT64_BE (blob, (guint64) (decimal >> 64) ^ TOP_BIT);
  GST_WRITE_UINT64_BE (blob + 8, (guint64) decimal);
  value->kind = VALUE_BLOB;
  value->data = value->owned = blob;
  value->size = 16;
}

/* a value of fixed width, little-endian */
void
value_set_fixed (Value * value, GstTDengineType type, const guint8 * data)
{
  switch (type) {
    case GST_TDENGINE_TYPE_BOOL:
      set_integer (value, data[0] != 0);
      break;
    case GST_TDENGINE_TYPE_TINYINT:
      set_integer (value, (gint8) data[0]);
      break;
    case GST_TDENGINE_TYPE_UTINYINT:
      set_integer (value, data[0]);
      break;
    case GST_TDENGINE_TYPE_SMALLINT:
      set_integer (value, (gint16) GST_READ_UINT16_LE (data));
      break;
    case GST_TDENGINE_TYPE_USMALLINT:
      set_integer (value, GST_READ_UINT16_LE (data));
      break;
    case GST_TDENGINE_TYPE_INT:
      set_integer (value, (gint32) GST_READ_UINT32_LE (data));
      break;
    case GST_TDENGINE_TYPE_UINT:
      set_integer (value, GST_READ_UINT32_LE (data));
      break;
    case GST_TDENGINE_TYPE_UBIGINT:
      set_integer (value, value_flip (GST_READ_UINT64_LE (data)));
      break;
    case GST_TDENGINE_TYPE_FLOAT:
      value_set_real (value, GST_READ_FLOAT_LE (data));
      break;
    case GST_TDENGINE_TYPE_DOUBLE:
      value_set_real (value, GST_READ_DOUBLE_LE (data));
      break;
    case GST_TDENGINE_TYPE_DECIMAL:
    case GST_TDENGINE_TYPE_DECIMAL64:
      value_set_decimal (value, type, gst_tdengine_decimal_read (data,
              gst_tdengine_type_get_width (type)));
      break;
    default:
      set_integer (value, (gint64) GST_READ_UINT64_LE (data));
      break;
  }
}

gboolean
value_parse_decimal (Value * value, const Column * column, const gchar * text,
    gsize size, GError ** error)
{
  GstTDengineDecimal decimal;

  if (!gst_tdengine_decimal_parse (text, size, column->info.digits,
          column->info.scale, &decimal))
    return refuse (error, CODE_DECIMAL_OVERFLOW, "Decimal value overflow");
  value_set_decimal (value, column->info.type, decimal);
  return TRUE;
}

static gboolean
refuse_long (const Column * column, GError ** error)
{
  return refuse (error, CODE_VALUE_TOO_LONG,
      "Value too long for column/tag: %s", column->info.name);
}

/* text (UTF-8 for NCHAR) or bytes */
gboolean
value_set_varying (Value * value, const Column * column, const guint8 * data,
    gsize size, GError ** error)
{
  gsize length = size;

  if (column->info.type == GST_TDENGINE_TYPE_NCHAR) {
    if (!g_utf8_validate_len ((const gchar *) data, size, NULL))
      return refuse (error, CODE_INVALID_PARAMETERS, "Invalid UTF-8 for "
          "column/tag: %s", column->info.name);
    length = g_utf8_strlen ((const gchar *) data, size);
  }
  if (length > column->info.length)
    return refuse_long (column, error);
  if (column->info.type == GST_TDENGINE_TYPE_GEOMETRY && size > 0
      && !geometry_is_valid (data, size))
    return refuse (error, CODE_FUNCTION_VALUE, "Invalid function para value");

  value->kind = column->info.type == GST_TDENGINE_TYPE_VARBINARY
      || column->info.type == GST_TDENGINE_TYPE_GEOMETRY
      || column->info.type == GST_TDENGINE_TYPE_BLOB ? VALUE_BLOB : VALUE_TEXT;
  value->data = data;
  value->size = size;
  return TRUE;
}

/* NCHAR as blocks hold it */
gboolean
value_set_ucs4 (Value * value, const Column * column, const guint8 * data,
    gsize size, GError ** error)
{
  g_autoptr (GString) text = g_string_sized_new (size);

  if (size / 4 > column->info.length)
    return refuse_long (column, error);
  for (gsize i = 0; i + 4 <= size; i += 4)
    g_string_append_unichar (text, GST_READ_UINT32_LE (data + i));
  value->kind = VALUE_TEXT;
  value->size = text->len;
  value->owned = g_string_free (g_steal_pointer (&text), FALSE);
  value->data = value->owned;
  return TRUE;
}

/* a block's */
gboolean
value_read (Value * value, const Column * column, GstTDengineRows * rows,
    guint from, guint row, GError ** error)
{
  gsize size;
  const guint8 *data = gst_tdengine_rows_get_data (rows, from, row, &size);

  if (!data) {
    value->kind = VALUE_NULL;
    return TRUE;
  }
  if (gst_tdengine_type_get_width (column->info.type) > 0) {
    value_set_fixed (value, column->info.type, data);
    return TRUE;
  }
  if (column->info.type == GST_TDENGINE_TYPE_NCHAR)
    return value_set_ucs4 (value, column, data, size, error);
  return value_set_varying (value, column, data, size, error);
}

/* the bytes must stay until the statement is reset */
gboolean
value_bind (const Value * value, sqlite3_stmt * stmt, gint at)
{
  const gchar *data = value->data ? (const gchar *) value->data : "";

  switch (value->kind) {
    case VALUE_INTEGER:
      return sqlite3_bind_int64 (stmt, at, value->integer) == SQLITE_OK;
    case VALUE_REAL:
      return sqlite3_bind_double (stmt, at, value->real) == SQLITE_OK;
    case VALUE_TEXT:
      return sqlite3_bind_text64 (stmt, at, data, value->size, SQLITE_STATIC,
          SQLITE_UTF8) == SQLITE_OK;
    case VALUE_BLOB:
      return sqlite3_bind_blob64 (stmt, at, data, value->size,
          SQLITE_STATIC) == SQLITE_OK;
    default:
      return sqlite3_bind_null (stmt, at) == SQLITE_OK;
  }
}

static gdouble
read_real (sqlite3_value * value)
{
  if (sqlite3_value_type (value) == SQLITE_BLOB
      && sqlite3_value_bytes (value) == 8)
    return GST_READ_DOUBLE_LE (sqlite3_value_blob (value));
  return sqlite3_value_double (value);
}

/* of either width, as it is kept */
__int128
value_get_decimal (sqlite3_value * value)
{
  if (sqlite3_value_type (value) != SQLITE_BLOB
      || sqlite3_value_bytes (value) != 16)
    return sqlite3_value_int64 (value);

  const guint8 *blob = sqlite3_value_blob (value);
  guint64 high = GST_READ_UINT64_BE (blob) ^ TOP_BIT;
  return (__int128) ((unsigned __int128) high << 64 |
      GST_READ_UINT64_BE (blob + 8));
}

/* builders take decimals as text only */
static gboolean
append_decimal (GstTDengineRowsBuilder * builder, guint column,
    const GstTDengineColumn * info, sqlite3_value * value, GError ** error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  gst_tdengine_decimal_append (text, value_get_decimal (value), info->scale);
  return gst_tdengine_rows_builder_append_string (builder, column, text->str,
      error);
}

/* a value of a result as one of a block */
gboolean
value_append (GstTDengineRowsBuilder * builder, guint column,
    const GstTDengineColumn * info, sqlite3_value * value, GError ** error)
{
  if (sqlite3_value_type (value) == SQLITE_NULL) {
    gst_tdengine_rows_builder_append_null (builder, column);
    return TRUE;
  }
  if (info->digits > 0)
    return append_decimal (builder, column, info, value, error);
  switch (info->type) {
    case GST_TDENGINE_TYPE_FLOAT:
    case GST_TDENGINE_TYPE_DOUBLE:
      return gst_tdengine_rows_builder_append_double (builder, column,
          read_real (value), error);
    case GST_TDENGINE_TYPE_UBIGINT:
      return gst_tdengine_rows_builder_append_uint64 (builder, column,
          (guint64) sqlite3_value_int64 (value) ^ TOP_BIT, error);
    default:
      break;
  }
  if (gst_tdengine_type_get_width (info->type) > 0)
    return gst_tdengine_rows_builder_append_int64 (builder, column,
        sqlite3_value_int64 (value), error);

  /* the bytes first: asking for them as text may move them */
  const guint8 *data = sqlite3_value_type (value) == SQLITE_BLOB ?
      sqlite3_value_blob (value) : sqlite3_value_text (value);
  return gst_tdengine_rows_builder_append_data (builder, column,
      data ? data : (const guint8 *) "", sqlite3_value_bytes (value), error);
}
