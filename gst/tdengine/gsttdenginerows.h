/* tdengine rows: typed view over one block of rows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdengineschema.h>

G_BEGIN_DECLS

#define GST_TYPE_TDENGINE_ROWS (gst_tdengine_rows_get_type ())

/**
 * GST_TDENGINE_ORIGIN_META:
 *
 * Name of the #GstCustomMeta that says where the rows of a buffer come from:
 * for those of a topic `topic`, `database`, `table`, `vgroup`, `offset` and
 * `operation`; for those that could not be written `reason` and `code`.
 */
#define GST_TDENGINE_ORIGIN_META "GstTDengineOriginMeta"

/**
 * GstTDengineRows:
 *
 * A buffer of rows mapped with its schema, as #GstVideoFrame is for a picture.
 *
 * The buffer holds one *raw block*, TDengine's own columnar layout. Making a
 * [struct@GstTDengine.Rows] checks it once, so that no accessor can leave it,
 * whatever its bytes say. It does not change any more: any number of threads
 * may read it.
 */
typedef struct _GstTDengineRows GstTDengineRows;

GST_TDENGINE_API
GType               gst_tdengine_rows_get_type        (void);
GST_TDENGINE_API
GstTDengineRows *   gst_tdengine_rows_new             (GstTDengineSchema *schema,
                                                       GstBuffer *buffer,
                                                       GError **error);
GST_TDENGINE_API
GstTDengineRows *   gst_tdengine_rows_new_from_bytes  (GstTDengineSchema *schema,
                                                       GBytes *block,
                                                       GError **error);
GST_TDENGINE_API
GstTDengineRows *   gst_tdengine_rows_new_from_sample (GstSample *sample,
                                                       GError **error);
GST_TDENGINE_API
GstTDengineRows *   gst_tdengine_rows_ref             (GstTDengineRows *rows);
GST_TDENGINE_API
void                gst_tdengine_rows_unref           (GstTDengineRows *rows);
GST_TDENGINE_API
GstTDengineSchema * gst_tdengine_rows_get_schema      (GstTDengineRows *rows);
GST_TDENGINE_API
const GstStructure *
                    gst_tdengine_rows_get_origin      (GstTDengineRows *rows);
GST_TDENGINE_API
GstBuffer *         gst_tdengine_rows_get_buffer      (GstTDengineRows *rows);
GST_TDENGINE_API
guint               gst_tdengine_rows_get_n_rows      (GstTDengineRows *rows);

GST_TDENGINE_API
gboolean            gst_tdengine_rows_is_null         (GstTDengineRows *rows,
                                                       guint column,
                                                       guint row);
GST_TDENGINE_API
gint64              gst_tdengine_rows_get_int64       (GstTDengineRows *rows,
                                                       guint column,
                                                       guint row);
GST_TDENGINE_API
guint64             gst_tdengine_rows_get_uint64      (GstTDengineRows *rows,
                                                       guint column,
                                                       guint row);
GST_TDENGINE_API
gdouble             gst_tdengine_rows_get_double      (GstTDengineRows *rows,
                                                       guint column,
                                                       guint row);
GST_TDENGINE_API
const guint8 *      gst_tdengine_rows_get_data        (GstTDengineRows *rows,
                                                       guint column,
                                                       guint row,
                                                       gsize *size);
GST_TDENGINE_API
gboolean            gst_tdengine_rows_get_value       (GstTDengineRows *rows,
                                                       guint column,
                                                       guint row,
                                                       GValue *value);
GST_TDENGINE_API
gchar *             gst_tdengine_rows_get_text        (GstTDengineRows *rows,
                                                       guint column,
                                                       guint row);
GST_TDENGINE_API
void                gst_tdengine_rows_append_text     (GstTDengineRows *rows,
                                                       guint column,
                                                       guint row,
                                                       GString *text);

GST_TDENGINE_API
GBytes *            gst_tdengine_rows_get_column      (GstTDengineRows *rows,
                                                       guint column);
GST_TDENGINE_API
GBytes *            gst_tdengine_rows_get_nulls       (GstTDengineRows *rows,
                                                       guint column);
GST_TDENGINE_API
GBytes *            gst_tdengine_rows_get_offsets     (GstTDengineRows *rows,
                                                       guint column);
GST_TDENGINE_API
GstTDengineRows *   gst_tdengine_rows_slice           (GstTDengineRows *rows,
                                                       guint first,
                                                       guint n_rows);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineRows, gst_tdengine_rows_unref)

G_END_DECLS
