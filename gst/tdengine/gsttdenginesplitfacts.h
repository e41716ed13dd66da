/* tdengine split facts: what only the server knows of a query's parts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdengineconnection.h>
#include <gst/tdengine/gsttdenginesplits.h>

GST_TDENGINE_API
gboolean gst_tdengine_split_facts_ask (GstTDengineSplitFacts *facts,
                                       GstTDengineConnection *connection,
                                       const GstTDengineRequestedSplits *requested,
                                       const gchar *database,
                                       GCancellable *cancellable,
                                       GError **error);
