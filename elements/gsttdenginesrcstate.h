/* tdenginesrc state: which rows are safely downstream, in a file
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>
#include <gst/tdengine/gsttdenginesplits.h>

typedef struct _GstTDengineSrcState GstTDengineSrcState;

GstTDengineSrcState *
         gst_tdengine_src_state_new             (const gchar *path,
                                                 GstTDengineSplits *splits,
                                                 const gchar *const *texts,
                                                 GError **error);
void     gst_tdengine_src_state_free            (GstTDengineSrcState *self);
void     gst_tdengine_src_state_set_splits      (GstTDengineSrcState *self,
                                                 GstTDengineSplits *splits);
gchar *  gst_tdengine_src_state_get_sql         (GstTDengineSrcState *self,
                                                 guint64 split);
void     gst_tdengine_src_state_note_rows       (GstTDengineSrcState *self,
                                                 guint64 split,
                                                 gint64 last_time,
                                                 guint n_rows);
void     gst_tdengine_src_state_note_done       (GstTDengineSrcState *self,
                                                 guint64 split);
GstEvent *
         gst_tdengine_src_state_make_checkpoint (GstTDengineSrcState *self);
gboolean gst_tdengine_src_state_save            (GstTDengineSrcState *self,
                                                 GError **error);
gboolean gst_tdengine_src_state_finish          (GstTDengineSrcState *self,
                                                 guint timeout,
                                                 GCancellable *cancellable,
                                                 GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineSrcState, gst_tdengine_src_state_free)
