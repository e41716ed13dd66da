/* tdengine time: moments and spans out of text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdenginetypes.h>

gboolean gst_tdengine_time_parse          (const gchar *text,
                                           GstTDenginePrecision precision,
                                           const gchar *timezone,
                                           gint64 *ticks, GError **error);
gboolean gst_tdengine_time_parse_interval (const gchar *text,
                                           GstTDenginePrecision precision,
                                           gint64 *ticks, GError **error);
