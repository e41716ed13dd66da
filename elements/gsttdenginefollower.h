/* tdengine follower: rows that come after those that were read
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>
#include <gst/tdengine/gsttdenginesplits.h>

typedef struct _GstTDengineFollower GstTDengineFollower;

GstTDengineFollower *
         gst_tdengine_follower_new     (void);
void     gst_tdengine_follower_free    (GstTDengineFollower *self);
gboolean gst_tdengine_follower_skip    (GstTDengineFollower *self,
                                        GstTDengineConnection *connection,
                                        GstTDengineSplits *splits,
                                        GCancellable *cancellable,
                                        GError **error);
gboolean gst_tdengine_follower_knows   (GstTDengineFollower *self,
                                        GstTDengineSplits *splits,
                                        guint64 split);
gchar *  gst_tdengine_follower_get_sql (GstTDengineFollower *self,
                                        GstTDengineSplits *splits,
                                        guint64 split);
void     gst_tdengine_follower_note    (GstTDengineFollower *self,
                                        GstTDengineSplits *splits,
                                        guint64 split, gint64 last);
gboolean gst_tdengine_follower_wait    (guint interval,
                                        GCancellable *cancellable,
                                        GError **error);
