/* tdengine query: made by a connection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdengineconnection.h"

GstTDengineQuery * gst_tdengine_query_new (GstTDengineConnection *connection,
                                           guint64 id,
                                           GstTDengineSchema *schema);
