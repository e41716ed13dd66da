/* tdengine apply: what a topic tells of tables, done to the target
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdengineconnection.h"
#include "gsttdenginewritesettings.h"

typedef struct
{
  guint n_applied;
  guint n_ignored;
  gboolean altered;             /* the target is another, or gone */
} GstTDengineApplied;

gboolean gst_tdengine_apply_change (GstTDengineConnection *connection,
                                    const gchar *database,
                                    GstTDengineWriteSettings *settings,
                                    const gchar *json,
                                    GstTDengineApplied *applied,
                                    GCancellable *cancellable,
                                    GError **error);
