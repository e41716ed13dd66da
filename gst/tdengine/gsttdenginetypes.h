/* tdengine types: the column types of TDengine and what a row holds of them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine-prelude.h>

G_BEGIN_DECLS

/**
 * GstTDengineType:
 * @GST_TDENGINE_TYPE_NULL: no type: not used for columns
 * @GST_TDENGINE_TYPE_BOOL: one byte, 0 or 1
 * @GST_TDENGINE_TYPE_TINYINT: 8 bits, signed
 * @GST_TDENGINE_TYPE_SMALLINT: 16 bits, signed
 * @GST_TDENGINE_TYPE_INT: 32 bits, signed
 * @GST_TDENGINE_TYPE_BIGINT: 64 bits, signed
 * @GST_TDENGINE_TYPE_FLOAT: IEEE 754, 32 bits
 * @GST_TDENGINE_TYPE_DOUBLE: IEEE 754, 64 bits
 * @GST_TDENGINE_TYPE_VARCHAR: bytes, UTF-8 by convention (also called BINARY)
 * @GST_TDENGINE_TYPE_TIMESTAMP: 64 bits, since 1970 UTC in the rows' precision
 * @GST_TDENGINE_TYPE_NCHAR: text, UCS-4 on the wire
 * @GST_TDENGINE_TYPE_UTINYINT: 8 bits, unsigned
 * @GST_TDENGINE_TYPE_USMALLINT: 16 bits, unsigned
 * @GST_TDENGINE_TYPE_UINT: 32 bits, unsigned
 * @GST_TDENGINE_TYPE_UBIGINT: 64 bits, unsigned
 * @GST_TDENGINE_TYPE_JSON: JSON text (tags only)
 * @GST_TDENGINE_TYPE_VARBINARY: bytes
 * @GST_TDENGINE_TYPE_DECIMAL: decimal of 19 to 38 digits, 128 bits
 * @GST_TDENGINE_TYPE_BLOB: bytes, up to 4 MiB
 * @GST_TDENGINE_TYPE_GEOMETRY: well-known binary (WKB)
 * @GST_TDENGINE_TYPE_DECIMAL64: decimal of 1 to 18 digits, 64 bits
 *
 * The column types, with the numbers that TDengine gives them on the wire.
 */
typedef enum {
  GST_TDENGINE_TYPE_NULL = 0,
  GST_TDENGINE_TYPE_BOOL = 1,
  GST_TDENGINE_TYPE_TINYINT = 2,
  GST_TDENGINE_TYPE_SMALLINT = 3,
  GST_TDENGINE_TYPE_INT = 4,
  GST_TDENGINE_TYPE_BIGINT = 5,
  GST_TDENGINE_TYPE_FLOAT = 6,
  GST_TDENGINE_TYPE_DOUBLE = 7,
  GST_TDENGINE_TYPE_VARCHAR = 8,
  GST_TDENGINE_TYPE_TIMESTAMP = 9,
  GST_TDENGINE_TYPE_NCHAR = 10,
  GST_TDENGINE_TYPE_UTINYINT = 11,
  GST_TDENGINE_TYPE_USMALLINT = 12,
  GST_TDENGINE_TYPE_UINT = 13,
  GST_TDENGINE_TYPE_UBIGINT = 14,
  GST_TDENGINE_TYPE_JSON = 15,
  GST_TDENGINE_TYPE_VARBINARY = 16,
  GST_TDENGINE_TYPE_DECIMAL = 17,
  GST_TDENGINE_TYPE_BLOB = 18,
  GST_TDENGINE_TYPE_GEOMETRY = 20,
  GST_TDENGINE_TYPE_DECIMAL64 = 21,
} GstTDengineType;

/**
 * GstTDenginePrecision:
 * @GST_TDENGINE_PRECISION_MS: milliseconds
 * @GST_TDENGINE_PRECISION_US: microseconds
 * @GST_TDENGINE_PRECISION_NS: nanoseconds
 *
 * The unit of a TIMESTAMP. One holds for all columns of a row.
 */
typedef enum {
  GST_TDENGINE_PRECISION_MS = 0,
  GST_TDENGINE_PRECISION_US = 1,
  GST_TDENGINE_PRECISION_NS = 2,
} GstTDenginePrecision;

GST_TDENGINE_API
gboolean        gst_tdengine_type_is_known         (GstTDengineType type);
GST_TDENGINE_API
const gchar *   gst_tdengine_type_get_name         (GstTDengineType type);
GST_TDENGINE_API
const gchar *   gst_tdengine_type_get_row_type     (GstTDengineType type);
GST_TDENGINE_API
guint           gst_tdengine_type_get_width        (GstTDengineType type);
GST_TDENGINE_API
guint           gst_tdengine_type_get_prefix       (GstTDengineType type);
GST_TDENGINE_API
GType           gst_tdengine_type_get_gtype        (GstTDengineType type);
GST_TDENGINE_API
GstTDengineType gst_tdengine_type_from_name        (const gchar *name, guint digits);

GST_TDENGINE_API
const gchar *   gst_tdengine_precision_get_name    (GstTDenginePrecision precision);
GST_TDENGINE_API
gboolean        gst_tdengine_precision_from_name   (const gchar *name,
                                                    GstTDenginePrecision *precision);
GST_TDENGINE_API
gint64          gst_tdengine_precision_get_unit    (GstTDenginePrecision precision);

G_END_DECLS
