/* test server: times from text and to text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdenginetypes.h>

gboolean time_parse      (const gchar *text, GTimeZone *zone,
                          GstTDenginePrecision precision, gint64 *time);
gint64   time_now        (GstTDenginePrecision precision);
gint64   time_today      (GTimeZone *zone, GstTDenginePrecision precision);
gint64   time_shift      (gint64 time, gint64 months, gint64 ns,
                          GTimeZone *zone, GstTDenginePrecision precision);
gint64   time_floor      (gint64 time, gint64 months, gint64 ns,
                          GTimeZone *zone, GstTDenginePrecision precision);
gint64   time_convert    (gint64 time, GstTDenginePrecision from,
                          GstTDenginePrecision to);
gint64   time_per_second (GstTDenginePrecision precision);
gchar *  time_to_iso     (gint64 time, GTimeZone *zone,
                          GstTDenginePrecision precision, gboolean colon,
                          gboolean z);
