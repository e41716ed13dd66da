/* tdengine writer: rows into a table
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdengineconnection.h>
#include <gst/tdengine/gsttdenginewritesettings.h>

G_BEGIN_DECLS

#define GST_TYPE_TDENGINE_WRITER (gst_tdengine_writer_get_type ())

/**
 * GstTDengineWriter:
 *
 * Writes rows into a table, or into the sub tables of a super table.
 *
 * [class@GstTDengine.WriteSettings] say where rows go and how. Columns are
 * matched by name. Rows for a super table say in their column `tbname` which
 * sub table they are for; one that is not there yet comes into being with the
 * tags the rows carry.
 *
 * Small blocks are held back until there is a batch of them. A block of one
 * table goes to the server as it is, rows of several tables are bound to a
 * prepared statement. A table's rows go one request after the other, so they
 * stay in order; [method@GstTDengine.Writer.flush] waits for the last.
 *
 * A write that is lost is sent again: as a row replaces that of the same table
 * and time, it may be stored twice, but is there once.
 *
 * A writer belongs to one thread at a time.
 */
GST_TDENGINE_API
G_DECLARE_FINAL_TYPE (GstTDengineWriter, gst_tdengine_writer, GST,
    TDENGINE_WRITER, GObject)

GST_TDENGINE_API
GstTDengineWriter * gst_tdengine_writer_new            (GstTDengineConnection *connection,
                                                        const gchar *database,
                                                        GstTDengineWriteSettings *settings);
GST_TDENGINE_API
GstTDengineSchema * gst_tdengine_writer_ask_columns    (GstTDengineWriter *writer,
                                                        GCancellable *cancellable,
                                                        GError **error);
GST_TDENGINE_API
gboolean            gst_tdengine_writer_set_schema     (GstTDengineWriter *writer,
                                                        GstTDengineSchema *schema,
                                                        GCancellable *cancellable,
                                                        GError **error);
GST_TDENGINE_API
gboolean            gst_tdengine_writer_write          (GstTDengineWriter *writer,
                                                        GstTDengineRows *rows,
                                                        GCancellable *cancellable,
                                                        GError **error);
GST_TDENGINE_API
gboolean            gst_tdengine_writer_submit         (GstTDengineWriter *writer,
                                                        GCancellable *cancellable,
                                                        GError **error);
GST_TDENGINE_API
gboolean            gst_tdengine_writer_flush          (GstTDengineWriter *writer,
                                                        GCancellable *cancellable,
                                                        GError **error);
GST_TDENGINE_API
gboolean            gst_tdengine_writer_apply          (GstTDengineWriter *writer,
                                                        const gchar *change,
                                                        guint *n_ignored,
                                                        GCancellable *cancellable,
                                                        GError **error);
GST_TDENGINE_API
guint               gst_tdengine_writer_get_n_held     (GstTDengineWriter *writer);
GST_TDENGINE_API
GstStructure *      gst_tdengine_writer_get_stats      (GstTDengineWriter *writer);

GST_TDENGINE_API
void                gst_tdengine_writer_write_async    (GstTDengineWriter *writer,
                                                        GstTDengineRows *rows,
                                                        GCancellable *cancellable,
                                                        GAsyncReadyCallback callback,
                                                        gpointer user_data);
GST_TDENGINE_API
gboolean            gst_tdengine_writer_write_finish   (GstTDengineWriter *writer,
                                                        GAsyncResult *result,
                                                        GError **error);
GST_TDENGINE_API
void                gst_tdengine_writer_flush_async    (GstTDengineWriter *writer,
                                                        GCancellable *cancellable,
                                                        GAsyncReadyCallback callback,
                                                        gpointer user_data);
GST_TDENGINE_API
gboolean            gst_tdengine_writer_flush_finish   (GstTDengineWriter *writer,
                                                        GAsyncResult *result,
                                                        GError **error);

G_END_DECLS
