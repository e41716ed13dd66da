/* test server: blocks as raw messages have them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdenginerows.h>

void tmq_block_append (GByteArray *out, GstTDengineRows *rows);
