/* tdengine bind: rows of many tables as one bound message
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginebatch.h"
#include "gsttdenginetarget.h"

/* what one message may have of a table */
#define GST_TDENGINE_MAX_BOUND_ROWS 32767

typedef struct _GstTDengineBind GstTDengineBind;

GstTDengineBind * gst_tdengine_bind_new   (void);
void              gst_tdengine_bind_free  (GstTDengineBind *bind);
void              gst_tdengine_bind_build (GstTDengineBind *bind,
                                           GByteArray *message, guint64 req_id,
                                           guint64 stmt_id,
                                           const GstTDengineTarget *target,
                                           const GstTDengineBatch *batch);
