/* test server: times from text and to text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "timetext.h"

#include <stdio.h>
#include <string.h>

#define NS_PER_DAY G_GINT64_CONSTANT (86400000000000)

gint64
time_per_second (GstTDenginePrecision precision)
{
  return G_GINT64_CONSTANT (1000000000) /
      gst_tdengine_precision_get_unit (precision);
}

static gint64
floor_div (gint64 a, gint64 b)
{
  return a / b - (a % b < 0);
}

/* up to nine digits behind the point, as nanoseconds */
static const gchar *
take_fraction (const gchar * p, gint64 * ns)
{
  gint64 unit = 100000000;

  *ns = 0;
  for (; g_ascii_isdigit (*p); p++) {
    *ns += (*p - '0') * unit;
    unit /= 10;
  }
  return p;
}

/* Z, +8, +08, +0800, +08:00 */
static gboolean
take_offset (const gchar * p, gint64 * seconds)
{
  gint hours = 0, minutes = 0, used = 0;

  if ((*p == 'Z' || *p == 'z') && !p[1]) {
    *seconds = 0;
    return TRUE;
  }
  if (*p != '+' && *p != '-')
    return FALSE;

  gint64 sign = *p++ == '-' ? -1 : 1;
  if (!g_ascii_isdigit (*p))
    return FALSE;
  if (strchr (p, ':') ? sscanf (p, "%2d:%2d%n", &hours, &minutes, &used) < 2 :
      sscanf (p, "%2d%n%2d%n", &hours, &used, &minutes, &used) < 1)
    return FALSE;
  if (p[used] || hours > 14 || minutes > 59 || minutes < 0)
    return FALSE;
  *seconds = sign * (hours * 3600 + minutes * 60);
  return TRUE;
}

static gboolean
scale_time (gint64 seconds, gint64 ns, GstTDenginePrecision precision,
    gint64 * time)
{
  gint64 per_second = time_per_second (precision);

  return !__builtin_mul_overflow (seconds, per_second, time)
      && !__builtin_add_overflow (*time,
      ns / gst_tdengine_precision_get_unit (precision), time);
}

/* 2024-12-19[{ |T}19:12[:45[.642]][offset]]; without an offset in `zone` */
gboolean
time_parse (const gchar * text, GTimeZone * zone,
    GstTDenginePrecision precision, gint64 * time)
{
  gint year, month, day, hour = 0, minute = 0, second = 0, used = 0;
  gint64 ns = 0, offset;

  if (!g_ascii_isdigit (*text)
      || sscanf (text, "%4d-%2d-%2d%n", &year, &month, &day, &used) < 3)
    return FALSE;
  text += used;
  if (*text == ' ' || *text == 'T' || *text == 't') {
    if (sscanf (++text, "%2d:%2d%n", &hour, &minute, &used) < 2)
      return FALSE;
    text += used;
    if (*text == ':') {
      if (sscanf (text, ":%2d%n", &second, &used) < 1)
        return FALSE;
      text += used;
      if (*text == '.')
        text = take_fraction (text + 1, &ns);
    }
  }

  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  gboolean is_local = !*text;
  if (!is_local && !take_offset (text, &offset))
    return FALSE;
  g_autoptr (GDateTime) moment = g_date_time_new (is_local ? zone : utc, year,
      month, day, hour, minute, second);
  if (!moment)
    return FALSE;

  gint64 seconds = g_date_time_to_unix (moment);
  return scale_time (is_local ? seconds : seconds - offset, ns, precision,
      time);
}

gint64
time_now (GstTDenginePrecision precision)
{
  return time_convert (g_get_real_time (), GST_TDENGINE_PRECISION_US,
      precision);
}

gint64
time_convert (gint64 time, GstTDenginePrecision from, GstTDenginePrecision to)
{
  gint64 a = time_per_second (from), b = time_per_second (to);
  gint64 converted;

  if (a >= b)
    return floor_div (time, a / b);
  if (__builtin_mul_overflow (time, b / a, &converted))
    return time < 0 ? G_MININT64 : G_MAXINT64;
  return converted;
}

static GDateTime *
to_date_time (gint64 time, GTimeZone * zone, GstTDenginePrecision precision)
{
  g_autoptr (GDateTime) utc =
      g_date_time_new_from_unix_utc (floor_div (time,
          time_per_second (precision)));

  return utc ? g_date_time_to_timezone (utc, zone) : NULL;
}

static gint64
local_offset (gint64 time, GTimeZone * zone, GstTDenginePrecision precision)
{
  g_autoptr (GDateTime) moment = to_date_time (time, zone, precision);

  if (!moment)
    return 0;
  return g_date_time_get_utc_offset (moment) / 1000000 *
      time_per_second (precision);
}

gint64
time_today (GTimeZone * zone, GstTDenginePrecision precision)
{
  return time_floor (time_now (precision), 0, NS_PER_DAY, zone, precision);
}

gint64
time_shift (gint64 time, gint64 months, gint64 ns, GTimeZone * zone,
    GstTDenginePrecision precision)
{
  gint64 unit = gst_tdengine_precision_get_unit (precision);

  time += ns / unit;
  if (months == 0)
    return time;

  g_autoptr (GDateTime) from = to_date_time (time, zone, precision);
  g_autoptr (GDateTime) to = from && ABS (months) < 120000 ?
      g_date_time_add_months (from, months) : NULL;
  if (!to)
    return time;
  return time + (g_date_time_to_unix (to) - g_date_time_to_unix (from)) *
      time_per_second (precision);
}

static gint64
floor_months (gint64 time, gint64 months, GTimeZone * zone,
    GstTDenginePrecision precision)
{
  g_autoptr (GDateTime) moment = to_date_time (time, zone, precision);

  if (!moment)
    return time;
  gint64 month = g_date_time_get_year (moment) * 12 +
      g_date_time_get_month (moment) - 1;
  month -= month % months;
  g_autoptr (GDateTime) start = g_date_time_new (zone, month / 12,
      month % 12 + 1, 1, 0, 0, 0);
  return start ? g_date_time_to_unix (start) * time_per_second (precision) :
      time;
}

/* the start of the window that a time lies in; days and weeks begin at
 * midnight of the zone */
gint64
time_floor (gint64 time, gint64 months, gint64 ns, GTimeZone * zone,
    GstTDenginePrecision precision)
{
  gint64 width = ns / gst_tdengine_precision_get_unit (precision);

  if (months > 0)
    return floor_months (time, months, zone, precision);
  if (width <= 0)
    return time;
  gint64 offset = ns % NS_PER_DAY == 0 ?
      local_offset (time, zone, precision) : 0;
  return floor_div (time + offset, width) * width - offset;
}

/* 2024-12-19T19:12:45.642+0000; with `colon` +00:00, with `z` Z for it */
gchar *
time_to_iso (gint64 time, GTimeZone * zone, GstTDenginePrecision precision,
    gboolean colon, gboolean z)
{
  gint64 per_second = time_per_second (precision);
  g_autoptr (GDateTime) moment = to_date_time (time, zone, precision);

  if (!moment)
    return g_strdup_printf ("%" G_GINT64_FORMAT, time);
  gint digits = precision == GST_TDENGINE_PRECISION_MS ? 3 :
      precision == GST_TDENGINE_PRECISION_US ? 6 : 9;
  g_autofree gchar *start = g_date_time_format (moment, "%Y-%m-%dT%H:%M:%S");
  g_autofree gchar *offset = z && g_date_time_get_utc_offset (moment) == 0 ?
      g_strdup ("Z") : g_date_time_format (moment, colon ? "%:z" : "%z");
  return g_strdup_printf ("%s.%0*" G_GINT64_FORMAT "%s", start, digits,
      time - floor_div (time, per_second) * per_second, offset);
}
