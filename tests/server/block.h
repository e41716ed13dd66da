/* test server: blocks that come from the network
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdenginerows.h>

GstTDengineRows * block_read (GBytes *block, GstTDenginePrecision precision,
                              GError **error);
