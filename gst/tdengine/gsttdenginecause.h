/* tdengine cause: what becomes of a write that failed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

typedef enum
{
  GST_TDENGINE_CAUSE_LASTING,   /* nothing helps */
  GST_TDENGINE_CAUSE_PASSING,   /* the same may be taken later */
  GST_TDENGINE_CAUSE_ROW,       /* rows among others that may be taken */
  GST_TDENGINE_CAUSE_TABLE,     /* no row of this table is taken */
} GstTDengineCause;

GstTDengineCause gst_tdengine_cause_find          (const GError *error);
gboolean         gst_tdengine_cause_missing_table (const GError *error);
gboolean         gst_tdengine_cause_unfit_block   (const GError *error);
