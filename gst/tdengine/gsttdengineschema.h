/* tdengine schema: the columns of a row
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdenginetypes.h>

G_BEGIN_DECLS

/**
 * GST_TDENGINE_ROWS_MEDIA_TYPE:
 *
 * The media type of rows.
 */
#define GST_TDENGINE_ROWS_MEDIA_TYPE "application/x-tdengine-rows"

#define GST_TYPE_TDENGINE_COLUMN (gst_tdengine_column_get_type ())
#define GST_TYPE_TDENGINE_SCHEMA (gst_tdengine_schema_get_type ())

/**
 * GstTDengineColumn:
 * @name: the column's name, as TDengine has it
 * @type: its type
 * @length: the longest value: bytes of a VARCHAR, VARBINARY, GEOMETRY, BLOB or
 *   JSON, characters of an NCHAR; 0 where it is not known or does not vary
 * @digits: the digits of a decimal, 1 to 38; otherwise 0
 * @scale: how many of @digits stand behind the point; otherwise 0
 *
 * One column of a [struct@GstTDengine.Schema].
 */
typedef struct {
  gchar *name;
  GstTDengineType type;
  guint length;
  guint digits;
  guint scale;
} GstTDengineColumn;

/**
 * GstTDengineSchema:
 *
 * The columns of a row, in order, and the precision of its times. It says what
 * the caps of a pad say, as a reference-counted value. Once other code has
 * seen it, it does not change any more.
 */
typedef struct _GstTDengineSchema GstTDengineSchema;

GST_TDENGINE_API
GType                     gst_tdengine_column_get_type       (void);

GST_TDENGINE_API
GType                     gst_tdengine_schema_get_type       (void);
GST_TDENGINE_API
GstTDengineSchema *       gst_tdengine_schema_new            (GstTDenginePrecision precision);
GST_TDENGINE_API
GstTDengineSchema *       gst_tdengine_schema_new_from_caps  (const GstCaps *caps,
                                                              GError **error);
GST_TDENGINE_API
GstTDengineSchema *       gst_tdengine_schema_ref            (GstTDengineSchema *schema);
GST_TDENGINE_API
void                      gst_tdengine_schema_unref          (GstTDengineSchema *schema);
GST_TDENGINE_API
gboolean                  gst_tdengine_schema_append         (GstTDengineSchema *schema,
                                                              const GstTDengineColumn *column,
                                                              GError **error);
GST_TDENGINE_API
GstCaps *                 gst_tdengine_schema_to_caps        (GstTDengineSchema *schema);
GST_TDENGINE_API
GstTDenginePrecision      gst_tdengine_schema_get_precision  (GstTDengineSchema *schema);
GST_TDENGINE_API
guint                     gst_tdengine_schema_get_n_columns  (GstTDengineSchema *schema);
GST_TDENGINE_API
const GstTDengineColumn * gst_tdengine_schema_get_column     (GstTDengineSchema *schema,
                                                              guint index);
GST_TDENGINE_API
gint                      gst_tdengine_schema_find           (GstTDengineSchema *schema,
                                                              const gchar *name);
GST_TDENGINE_API
gboolean                  gst_tdengine_schema_equal          (GstTDengineSchema *a,
                                                              GstTDengineSchema *b);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineSchema, gst_tdengine_schema_unref)

G_END_DECLS
