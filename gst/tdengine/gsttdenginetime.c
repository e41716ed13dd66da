/* tdengine time: moments and spans out of text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineerror-private.h"
#include "gsttdenginetime.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_INVALID_VALUE, \
      "", __VA_ARGS__)

#define NS_PER_SECOND G_GINT64_CONSTANT (1000000000)

/* TDengine's units of fixed length; n and y are calendar's */
static const struct
{
  gchar unit;
  gint64 ns;
} units[] = {
  {'b', 1},
  {'u', 1000},
  {'a', 1000000},
  {'s', NS_PER_SECOND},
  {'m', 60 * NS_PER_SECOND},
  {'h', 3600 * NS_PER_SECOND},
  {'d', 86400 * NS_PER_SECOND},
  {'w', 7 * 86400 * NS_PER_SECOND},
};

/* ns of the digits behind a point, which GLib's time would cut at six; text
 * loses them */
static gboolean
take_fraction (gchar * text, gint64 * ns)
{
  gchar *point = strpbrk (text, ".,");
  gint64 unit = NS_PER_SECOND;
  gchar *digit;

  *ns = 0;
  if (!point)
    return TRUE;
  for (digit = point + 1; g_ascii_isdigit (*digit); digit++) {
    unit /= 10;
    *ns += (*digit - '0') * unit;
  }
  memmove (point, digit, strlen (digit) + 1);
  return digit > point + 1 && digit <= point + 10;
}

static gboolean
to_ticks (gint64 seconds, gint64 ns, GstTDenginePrecision precision,
    gint64 * ticks, const gchar * text, GError ** error)
{
  gint64 unit = gst_tdengine_precision_get_unit (precision);

  if (ns % unit != 0)
    return refuse (error, "\"%s\" is finer than the database's %s", text,
        gst_tdengine_precision_get_name (precision));
  if (__builtin_mul_overflow (seconds, NS_PER_SECOND / unit, ticks)
      || __builtin_add_overflow (*ticks, ns / unit, ticks))
    return refuse (error, "\"%s\" is a time too far away", text);
  return TRUE;
}

static GDateTime *
parse_date_time (const gchar * text, const gchar * timezone)
{
  g_autoptr (GTimeZone) zone =
      timezone ? g_time_zone_new_identifier (timezone) : NULL;

  return g_date_time_new_from_iso8601 (text, zone);
}

/* ISO 8601, or an epoch in the precision */
gboolean
gst_tdengine_time_parse (const gchar * text, GstTDenginePrecision precision,
    const gchar * timezone, gint64 * ticks, GError ** error)
{
  g_autofree gchar *copy = g_strdelimit (g_strdup (text), " ", 'T');
  g_autoptr (GDateTime) time = NULL;
  gint64 ns;

  if (g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, ticks, NULL))
    return TRUE;
  if (take_fraction (copy, &ns))
    time = parse_date_time (copy, timezone);
  if (!time)
    return refuse (error, "\"%s\" is no time: expected ISO 8601 with a zone, "
        "such as 2024-12-19T19:12:45+08:00, or a number of the database's "
        "%s since 1970", text, gst_tdengine_precision_get_name (precision));
  return to_ticks (g_date_time_to_unix (time), ns, precision, ticks, text,
      error);
}

/* TDengine's notation: 500a, 1h */
gboolean
gst_tdengine_time_parse_interval (const gchar * text,
    GstTDenginePrecision precision, gint64 * ticks, GError ** error)
{
  gint64 unit = gst_tdengine_precision_get_unit (precision);
  gsize size = strlen (text);
  g_autofree gchar *number = g_strndup (text, MAX (size, 1) - 1);
  gint64 count, ns;

  for (guint i = 0; i < G_N_ELEMENTS (units); i++) {
    if (size < 2 || text[size - 1] != units[i].unit
        || !g_ascii_string_to_signed (number, 10, 1, G_MAXINT64, &count, NULL))
      continue;
    if (__builtin_mul_overflow (count, units[i].ns, &ns))
      return refuse (error, "The interval %s is too long", text);
    if (ns % unit != 0)
      return refuse (error, "The interval %s is finer than the database's %s",
          text, gst_tdengine_precision_get_name (precision));
    *ticks = ns / unit;
    return TRUE;
  }
  return refuse (error, "\"%s\" is no interval: expected a number and one of "
      "b (ns), u (us), a (ms), s, m, h, d and w, such as 1h", text);
}
