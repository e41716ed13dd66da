/* tdengine bind: rows of many tables as one bound message
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginetarget.h"

/* what one message may have of a table */
#define GST_TDENGINE_MAX_BOUND_ROWS 32767

typedef struct
{
  GstTDengineRows *rows;
  guint first;
  guint n_rows;
} GstTDengineRun;

void gst_tdengine_bind_build (GByteArray *message, guint64 req_id,
                              guint64 stmt_id, const GstTDengineTarget *target,
                              const GstTDengineRun *runs, guint n_runs);
