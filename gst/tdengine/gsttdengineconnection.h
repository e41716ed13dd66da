/* tdengine connection: one connection to a server
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdenginequery.h>
#include <gst/tdengine/gsttdenginesettings.h>

G_BEGIN_DECLS

#define GST_TYPE_TDENGINE_CONNECTION (gst_tdengine_connection_get_type ())

/**
 * GstTDengineConnection:
 *
 * A connection to a TDengine server by way of taosAdapter.
 *
 * Any number of threads may use it at the same time. A thread of its own reads
 * what the server sends, answers its pings, and fails every call under way at
 * once when the connection goes.
 */
GST_TDENGINE_API
G_DECLARE_FINAL_TYPE (GstTDengineConnection, gst_tdengine_connection, GST,
    TDENGINE_CONNECTION, GObject)

GST_TDENGINE_API
GstTDengineConnection * gst_tdengine_connection_new            (const GstTDengineSettings *settings);
GST_TDENGINE_API
GstTDengineConnection * gst_tdengine_connection_copy           (GstTDengineConnection *connection);
GST_TDENGINE_API
gboolean                gst_tdengine_connection_open           (GstTDengineConnection *connection,
                                                                GCancellable *cancellable,
                                                                GError **error);
GST_TDENGINE_API
void                    gst_tdengine_connection_open_async     (GstTDengineConnection *connection,
                                                                GCancellable *cancellable,
                                                                GAsyncReadyCallback callback,
                                                                gpointer user_data);
GST_TDENGINE_API
gboolean                gst_tdengine_connection_open_finish    (GstTDengineConnection *connection,
                                                                GAsyncResult *result,
                                                                GError **error);
GST_TDENGINE_API
void                    gst_tdengine_connection_close          (GstTDengineConnection *connection);
GST_TDENGINE_API
gboolean                gst_tdengine_connection_is_open        (GstTDengineConnection *connection);
GST_TDENGINE_API
const gchar *           gst_tdengine_connection_get_server_version (GstTDengineConnection *connection);

GST_TDENGINE_API
gint64                  gst_tdengine_connection_execute        (GstTDengineConnection *connection,
                                                                const gchar *sql,
                                                                GCancellable *cancellable,
                                                                GError **error);
GST_TDENGINE_API
void                    gst_tdengine_connection_execute_async  (GstTDengineConnection *connection,
                                                                const gchar *sql,
                                                                GCancellable *cancellable,
                                                                GAsyncReadyCallback callback,
                                                                gpointer user_data);
GST_TDENGINE_API
gint64                  gst_tdengine_connection_execute_finish (GstTDengineConnection *connection,
                                                                GAsyncResult *result,
                                                                GError **error);

GST_TDENGINE_API
GstTDengineQuery *      gst_tdengine_connection_query          (GstTDengineConnection *connection,
                                                                const gchar *sql,
                                                                GCancellable *cancellable,
                                                                GError **error);
GST_TDENGINE_API
void                    gst_tdengine_connection_query_async    (GstTDengineConnection *connection,
                                                                const gchar *sql,
                                                                GCancellable *cancellable,
                                                                GAsyncReadyCallback callback,
                                                                gpointer user_data);
GST_TDENGINE_API
GstTDengineQuery *      gst_tdengine_connection_query_finish   (GstTDengineConnection *connection,
                                                                GAsyncResult *result,
                                                                GError **error);

G_END_DECLS
