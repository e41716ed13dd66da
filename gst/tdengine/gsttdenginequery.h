/* tdengine query: the rows of a statement
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>
#include <gst/tdengine/gsttdenginerows.h>

G_BEGIN_DECLS

#define GST_TYPE_TDENGINE_QUERY (gst_tdengine_query_get_type ())

/**
 * GstTDengineQuery:
 *
 * The result of a statement, read block by block. While one block is handled
 * the next ones come in, up to a few MiB.
 *
 * A query belongs to one thread at a time. Freeing it frees what is left of
 * the result on the server.
 */
GST_TDENGINE_API
G_DECLARE_FINAL_TYPE (GstTDengineQuery, gst_tdengine_query, GST,
    TDENGINE_QUERY, GObject)

GST_TDENGINE_API
GstTDengineSchema * gst_tdengine_query_get_schema  (GstTDengineQuery *query);
GST_TDENGINE_API
GstTDengineRows *   gst_tdengine_query_next        (GstTDengineQuery *query,
                                                    GCancellable *cancellable,
                                                    GError **error);
GST_TDENGINE_API
void                gst_tdengine_query_next_async  (GstTDengineQuery *query,
                                                    GCancellable *cancellable,
                                                    GAsyncReadyCallback callback,
                                                    gpointer user_data);
GST_TDENGINE_API
GstTDengineRows *   gst_tdengine_query_next_finish (GstTDengineQuery *query,
                                                    GAsyncResult *result,
                                                    GError **error);

G_END_DECLS
