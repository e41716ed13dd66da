/* tdengine rows builder: blocks from values
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdenginerows.h>

G_BEGIN_DECLS

#define GST_TYPE_TDENGINE_ROWS_BUILDER (gst_tdengine_rows_builder_get_type ())

/**
 * GstTDengineRowsBuilder:
 *
 * Makes blocks of rows out of values, column by column. Each column takes a
 * value a row; the order in which columns are filled does not matter.
 *
 * A builder belongs to one thread at a time.
 */
typedef struct _GstTDengineRowsBuilder GstTDengineRowsBuilder;

GST_TDENGINE_API
GType                    gst_tdengine_rows_builder_get_type       (void);
GST_TDENGINE_API
GstTDengineRowsBuilder * gst_tdengine_rows_builder_new            (GstTDengineSchema *schema);
GST_TDENGINE_API
GstTDengineRowsBuilder * gst_tdengine_rows_builder_ref            (GstTDengineRowsBuilder *builder);
GST_TDENGINE_API
void                     gst_tdengine_rows_builder_unref          (GstTDengineRowsBuilder *builder);
GST_TDENGINE_API
void                     gst_tdengine_rows_builder_append_null    (GstTDengineRowsBuilder *builder,
                                                                   guint column);
GST_TDENGINE_API
gboolean                 gst_tdengine_rows_builder_append_int64   (GstTDengineRowsBuilder *builder,
                                                                   guint column,
                                                                   gint64 value,
                                                                   GError **error);
GST_TDENGINE_API
gboolean                 gst_tdengine_rows_builder_append_uint64  (GstTDengineRowsBuilder *builder,
                                                                   guint column,
                                                                   guint64 value,
                                                                   GError **error);
GST_TDENGINE_API
gboolean                 gst_tdengine_rows_builder_append_double  (GstTDengineRowsBuilder *builder,
                                                                   guint column,
                                                                   gdouble value,
                                                                   GError **error);
GST_TDENGINE_API
gboolean                 gst_tdengine_rows_builder_append_string  (GstTDengineRowsBuilder *builder,
                                                                   guint column,
                                                                   const gchar *value,
                                                                   GError **error);
GST_TDENGINE_API
gboolean                 gst_tdengine_rows_builder_append_data    (GstTDengineRowsBuilder *builder,
                                                                   guint column,
                                                                   const guint8 *value,
                                                                   gsize size,
                                                                   GError **error);
GST_TDENGINE_API
gboolean                 gst_tdengine_rows_builder_append_value   (GstTDengineRowsBuilder *builder,
                                                                   guint column,
                                                                   const GValue *value,
                                                                   GError **error);
GST_TDENGINE_API
gboolean                 gst_tdengine_rows_builder_append_values  (GstTDengineRowsBuilder *builder,
                                                                   guint column,
                                                                   const guint8 *values,
                                                                   gsize size,
                                                                   GError **error);
GST_TDENGINE_API
void                     gst_tdengine_rows_builder_set_times      (GstTDengineRowsBuilder *builder,
                                                                   GTimeZone *zone,
                                                                   GstTDenginePrecision unit);
GST_TDENGINE_API
gboolean                 gst_tdengine_rows_builder_append_text    (GstTDengineRowsBuilder *builder,
                                                                   guint column,
                                                                   const gchar *text,
                                                                   gssize size,
                                                                   GError **error);
GST_TDENGINE_API
gboolean                 gst_tdengine_rows_builder_append_column  (GstTDengineRowsBuilder *builder,
                                                                   guint column,
                                                                   GBytes *values,
                                                                   GBytes *offsets,
                                                                   GBytes *validity,
                                                                   GError **error);
GST_TDENGINE_API
void                     gst_tdengine_rows_builder_append_run     (GstTDengineRowsBuilder *builder,
                                                                   guint column,
                                                                   GstTDengineRows *rows,
                                                                   guint from_column,
                                                                   guint first,
                                                                   guint n_rows);
GST_TDENGINE_API
guint                    gst_tdengine_rows_builder_get_n_rows     (GstTDengineRowsBuilder *builder);
GST_TDENGINE_API
void                     gst_tdengine_rows_builder_truncate       (GstTDengineRowsBuilder *builder,
                                                                   guint n_rows);
GST_TDENGINE_API
GstTDengineRows *        gst_tdengine_rows_builder_end            (GstTDengineRowsBuilder *builder,
                                                                   GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineRowsBuilder,
    gst_tdengine_rows_builder_unref)

G_END_DECLS
