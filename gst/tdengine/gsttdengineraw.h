/* tdengine raw: rows of one table as the block that the server stores
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginebatch.h"
#include "gsttdengineconnection-private.h"
#include "gsttdenginetarget.h"

gboolean gst_tdengine_raw_prepare (GstTDengineConnection *connection,
                                   GByteArray *frame, guint64 req_id,
                                   const GstTDengineTarget *target,
                                   const GstTDengineBatch *batch,
                                   GError **error);
