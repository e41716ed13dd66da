/* tdengine state file: how far a source has come, for the next time
 *
 * For the elements, which find it in the library; not installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine-prelude.h>

/* A part is what is read in one go, such as a split of a query. */
typedef struct
{
  gboolean done;                /* nothing is left of it */
  gint64 position;              /* in it, such as the last row's time in ticks */
  guint64 n_rows;               /* that were read of it */
} GstTDengineStatePart;

typedef struct _GstTDengineState GstTDengineState;

GST_TDENGINE_API
gchar *                      gst_tdengine_state_make_fingerprint (const gchar *const *texts);
GST_TDENGINE_API
GstTDengineState *           gst_tdengine_state_load             (const gchar *path,
                                                                  const gchar *fingerprint,
                                                                  GError **error);
GST_TDENGINE_API
gboolean                     gst_tdengine_state_save             (GstTDengineState *self,
                                                                  GError **error);
GST_TDENGINE_API
void                         gst_tdengine_state_free             (GstTDengineState *self);
GST_TDENGINE_API
const GstTDengineStatePart * gst_tdengine_state_get              (GstTDengineState *self,
                                                                  const gchar *name);
GST_TDENGINE_API
void                         gst_tdengine_state_set              (GstTDengineState *self,
                                                                  const gchar *name,
                                                                  const GstTDengineStatePart *part);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineState, gst_tdengine_state_free)
