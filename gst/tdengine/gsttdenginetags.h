/* tdengine tags: those of sub tables that are there, against those of the rows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginebatch.h"
#include "gsttdengineconnection.h"
#include "gsttdenginetarget.h"

typedef struct _GstTDengineTags GstTDengineTags;

/* called for each sub table whose tags are others */
typedef void (*GstTDengineTagsFunc) (gpointer user_data, const gchar *table);

GstTDengineTags * gst_tdengine_tags_new        (GstTDengineTagsFunc differ,
                                                gpointer user_data);
void              gst_tdengine_tags_free       (GstTDengineTags *self);
void              gst_tdengine_tags_set_target (GstTDengineTags *self,
                                                const GstTDengineTarget *target);
gboolean          gst_tdengine_tags_check      (GstTDengineTags *self,
                                                GstTDengineConnection *connection,
                                                const GstTDengineRun *run,
                                                GCancellable *cancellable,
                                                GError **error);
