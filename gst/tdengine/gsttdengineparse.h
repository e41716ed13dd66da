/* tdengine parse: single values out of text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginetypes.h"

gboolean gst_tdengine_parse_int    (const gchar *text, gsize size,
                                    gint64 *value);
gboolean gst_tdengine_parse_uint   (const gchar *text, gsize size,
                                    guint64 *value);
gboolean gst_tdengine_parse_bool   (const gchar *text, gsize size,
                                    gboolean *value);
gboolean gst_tdengine_parse_double (const gchar *text, gsize size,
                                    gdouble *value);
gboolean gst_tdengine_parse_time   (const gchar *text, gsize size,
                                    GTimeZone *zone,
                                    GstTDenginePrecision precision,
                                    gint64 *time);
gboolean gst_tdengine_parse_hex    (const gchar *text, gsize size,
                                    guint8 *data);
