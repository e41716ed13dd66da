/* tdengine reconnect: another connection in place of one that was lost
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdengineconnection.h>

/* What is told of it: which try comes now and why; or, without a reason, that
 * it was the last. In the thread that reconnects. */
typedef void (*GstTDengineReconnectFunc) (guint n_tries, const GError *reason,
                                          gpointer data);

gint64   gst_tdengine_reconnect_get_pause (gint64 interval, guint n_tries);
GST_TDENGINE_API
gboolean gst_tdengine_reconnect           (GstTDengineConnection **connection,
                                           const GError *reason,
                                           guint n_losses,
                                           GstTDengineReconnectFunc tell,
                                           gpointer data,
                                           GCancellable *cancellable,
                                           GError **error);
