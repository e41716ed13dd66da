/* tdengine types: the one table of column types that every other place asks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdenginetypes.h"

typedef struct
{
  const gchar *name;            /* as TDengine's SQL writes it */
  const gchar *row_type;        /* as Arrow names it */
  guint width;                  /* bytes a value, 0: varies */
  guint prefix;                 /* bytes of the length before a varying value */
  GType gtype;                  /* 0: G_TYPE_BYTES, which is no constant */
} TypeInfo;

static const TypeInfo types[] = {
  [GST_TDENGINE_TYPE_BOOL] = {"BOOL", "bool", 1, 0, G_TYPE_BOOLEAN},
  [GST_TDENGINE_TYPE_TINYINT] = {"TINYINT", "int8", 1, 0, G_TYPE_INT},
  [GST_TDENGINE_TYPE_SMALLINT] = {"SMALLINT", "int16", 2, 0, G_TYPE_INT},
  [GST_TDENGINE_TYPE_INT] = {"INT", "int32", 4, 0, G_TYPE_INT},
  [GST_TDENGINE_TYPE_BIGINT] = {"BIGINT", "int64", 8, 0, G_TYPE_INT64},
  [GST_TDENGINE_TYPE_FLOAT] = {"FLOAT", "float", 4, 0, G_TYPE_FLOAT},
  [GST_TDENGINE_TYPE_DOUBLE] = {"DOUBLE", "double", 8, 0, G_TYPE_DOUBLE},
  [GST_TDENGINE_TYPE_VARCHAR] = {"VARCHAR", "utf8", 0, 2, G_TYPE_STRING},
  [GST_TDENGINE_TYPE_TIMESTAMP] = {"TIMESTAMP", "timestamp", 8, 0,
      G_TYPE_INT64},
  [GST_TDENGINE_TYPE_NCHAR] = {"NCHAR", "utf8", 0, 2, G_TYPE_STRING},
  [GST_TDENGINE_TYPE_UTINYINT] = {"TINYINT UNSIGNED", "uint8", 1, 0,
      G_TYPE_UINT},
  [GST_TDENGINE_TYPE_USMALLINT] = {"SMALLINT UNSIGNED", "uint16", 2, 0,
      G_TYPE_UINT},
  [GST_TDENGINE_TYPE_UINT] = {"INT UNSIGNED", "uint32", 4, 0, G_TYPE_UINT},
  [GST_TDENGINE_TYPE_UBIGINT] = {"BIGINT UNSIGNED", "uint64", 8, 0,
      G_TYPE_UINT64},
  [GST_TDENGINE_TYPE_JSON] = {"JSON", "utf8", 0, 2, G_TYPE_STRING},
  [GST_TDENGINE_TYPE_VARBINARY] = {"VARBINARY", "binary", 0, 2, 0},
  [GST_TDENGINE_TYPE_DECIMAL] = {"DECIMAL", "decimal", 16, 0, G_TYPE_STRING},
  [GST_TDENGINE_TYPE_BLOB] = {"BLOB", "binary", 0, 4, 0},
  [GST_TDENGINE_TYPE_GEOMETRY] = {"GEOMETRY", "binary", 0, 2, 0},
  [GST_TDENGINE_TYPE_DECIMAL64] = {"DECIMAL", "decimal", 8, 0, G_TYPE_STRING},
};

static const TypeInfo *
find_type (GstTDengineType type)
{
  g_return_val_if_fail (gst_tdengine_type_is_known (type), NULL);
  return &types[type];
}

/**
 * gst_tdengine_type_is_known:
 * @type: a number, perhaps from the wire
 *
 * Tells whether a column can have this type.
 *
 * Returns: %TRUE for every member of #GstTDengineType but NULL
 */
gboolean
gst_tdengine_type_is_known (GstTDengineType type)
{
  return (guint) type < G_N_ELEMENTS (types) && types[type].name;
}

/**
 * gst_tdengine_type_get_name:
 * @type: a known type
 *
 * Gets the word that TDengine's SQL has for a type. Both decimal types are
 * `DECIMAL`.
 *
 * Returns: the name, in capitals
 */
const gchar *
gst_tdengine_type_get_name (GstTDengineType type)
{
  const TypeInfo *info = find_type (type);

  return info ? info->name : NULL;
}

/**
 * gst_tdengine_type_get_row_type:
 * @type: a known type
 *
 * Gets what a row holds of a column of this type, named as Arrow names it.
 *
 * Returns: `timestamp`, `bool`, `int8` … `uint64`, `float`, `double`, `utf8`,
 *   `binary` or `decimal`
 */
const gchar *
gst_tdengine_type_get_row_type (GstTDengineType type)
{
  const TypeInfo *info = find_type (type);

  return info ? info->row_type : NULL;
}

/**
 * gst_tdengine_type_get_width:
 * @type: a known type
 *
 * Gets the bytes that each value of a fixed-width type takes.
 *
 * Returns: 1, 2, 4, 8 or 16; 0 where values vary in length
 */
guint
gst_tdengine_type_get_width (GstTDengineType type)
{
  const TypeInfo *info = find_type (type);

  return info ? info->width : 0;
}

/**
 * gst_tdengine_type_get_prefix:
 * @type: a known type
 *
 * Gets the bytes of the little-endian length that stands before each value of
 * a type whose values vary in length.
 *
 * Returns: 2, or 4 for BLOB; 0 for fixed-width types
 */
guint
gst_tdengine_type_get_prefix (GstTDengineType type)
{
  const TypeInfo *info = find_type (type);

  return info ? info->prefix : 0;
}

/**
 * gst_tdengine_type_get_gtype:
 * @type: a known type
 *
 * Gets the GType in which a single value is handed over.
 *
 * Returns: a basic type, or %G_TYPE_BYTES for the binary types
 */
GType
gst_tdengine_type_get_gtype (GstTDengineType type)
{
  const TypeInfo *info = find_type (type);

  if (!info)
    return G_TYPE_INVALID;
  return info->gtype ? info->gtype : G_TYPE_BYTES;
}

/**
 * gst_tdengine_type_from_name:
 * @name: TDengine's word for a type, in any case; `BINARY` is VARCHAR
 * @digits: the digits of a decimal, which choose between its two types;
 *   otherwise unused
 *
 * Finds a type by its name.
 *
 * Returns: the type, or %GST_TDENGINE_TYPE_NULL where none has this name
 */
GstTDengineType
gst_tdengine_type_from_name (const gchar * name, guint digits)
{
  g_return_val_if_fail (name != NULL, GST_TDENGINE_TYPE_NULL);

  if (g_ascii_strcasecmp (name, "BINARY") == 0)
    return GST_TDENGINE_TYPE_VARCHAR;
  if (g_ascii_strcasecmp (name, "DECIMAL") == 0)
    return digits > 18 ? GST_TDENGINE_TYPE_DECIMAL :
        GST_TDENGINE_TYPE_DECIMAL64;
  for (guint i = 0; i < G_N_ELEMENTS (types); i++) {
    if (types[i].name && g_ascii_strcasecmp (name, types[i].name) == 0)
      return i;
  }
  return GST_TDENGINE_TYPE_NULL;
}

static const struct
{
  const gchar *name;
  gint64 unit;
} precisions[] = {
  [GST_TDENGINE_PRECISION_MS] = {"ms", GST_MSECOND},
  [GST_TDENGINE_PRECISION_US] = {"us", GST_USECOND},
  [GST_TDENGINE_PRECISION_NS] = {"ns", GST_NSECOND},
};

/**
 * gst_tdengine_precision_get_name:
 * @precision: a precision
 *
 * Gets TDengine's word for a precision.
 *
 * Returns: `ms`, `us` or `ns`
 */
const gchar *
gst_tdengine_precision_get_name (GstTDenginePrecision precision)
{
  g_return_val_if_fail ((guint) precision < G_N_ELEMENTS (precisions), NULL);
  return precisions[precision].name;
}

/**
 * gst_tdengine_precision_from_name:
 * @name: a word
 * @precision: (out): where to put the precision
 *
 * Finds a precision by its name.
 *
 * Returns: %FALSE where @name is none of `ms`, `us` and `ns`
 */
gboolean
gst_tdengine_precision_from_name (const gchar * name,
    GstTDenginePrecision * precision)
{
  g_return_val_if_fail (name != NULL, FALSE);

  for (guint i = 0; i < G_N_ELEMENTS (precisions); i++) {
    if (g_str_equal (name, precisions[i].name)) {
      *precision = i;
      return TRUE;
    }
  }
  return FALSE;
}

/**
 * gst_tdengine_precision_get_unit:
 * @precision: a precision
 *
 * Gets how long one tick of a TIMESTAMP is.
 *
 * Returns: nanoseconds: 1000000, 1000 or 1
 */
gint64
gst_tdengine_precision_get_unit (GstTDenginePrecision precision)
{
  g_return_val_if_fail ((guint) precision < G_N_ELEMENTS (precisions), 1);
  return precisions[precision].unit;
}
