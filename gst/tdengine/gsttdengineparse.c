/* tdengine parse: single values out of text
 *
 * Reads what gsttdenginetext writes, and what other programs write of the same
 * kind. A value that can't be held exactly is refused, but for the digits of a
 * floating-point number and those of a time beyond its precision.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>
#include <string.h>

#include <gst/gst.h>

#include "gsttdengineparse.h"

#define DAY (24 * 60 * 60)

gboolean
gst_tdengine_parse_uint (const gchar * text, gsize size, guint64 * value)
{
  guint64 sum = 0;

  if (size == 0)
    return FALSE;
  for (gsize i = 0; i < size; i++) {
    if (!g_ascii_isdigit (text[i]) || !g_uint64_checked_mul (&sum, sum, 10)
        || !g_uint64_checked_add (&sum, sum, text[i] - '0'))
      return FALSE;
  }
  *value = sum;
  return TRUE;
}

gboolean
gst_tdengine_parse_int (const gchar * text, gsize size, gint64 * value)
{
  gboolean negative = size > 0 && text[0] == '-';
  gsize n_signs = size > 0 && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  guint64 sum;

  if (!gst_tdengine_parse_uint (text + n_signs, size - n_signs, &sum)
      || sum > (guint64) G_MAXINT64 + negative)
    return FALSE;
  *value = (gint64) (negative ? -sum : sum);
  return TRUE;
}

static gboolean
is_word (const gchar * text, gsize size, const gchar * word)
{
  return size == strlen (word) && g_ascii_strncasecmp (text, word, size) == 0;
}

gboolean
gst_tdengine_parse_bool (const gchar * text, gsize size, gboolean * value)
{
  *value = is_word (text, size, "true") || is_word (text, size, "1");
  return *value || is_word (text, size, "false") || is_word (text, size, "0");
}

/* without hexadecimal digits and what else strtod() takes: those of a number,
 * of nan, inf and infinity */
static gboolean
may_be_double (const gchar * text, gsize size)
{
  for (gsize i = 0; i < size; i++) {
    if (!g_ascii_isdigit (text[i])
        && (text[i] == 0 || !strchr ("+-.eEnNaAiIfFtTyY", text[i])))
      return FALSE;
  }
  return size > 0;
}

static gboolean
convert_double (const gchar * text, gsize size, gdouble * value)
{
  gchar *end;

  *value = g_ascii_strtod (text, &end);
  /* not where digits that are too many became one */
  return end == text + size && !(isinf (*value)
      && g_ascii_isdigit (end[-1]));
}

gboolean
gst_tdengine_parse_double (const gchar * text, gsize size, gdouble * value)
{
  gchar digits[64];

  if (!may_be_double (text, size))
    return FALSE;
  if (size >= sizeof digits) {
    g_autofree gchar *copy = g_strndup (text, size);

    return convert_double (copy, size, value);
  }
  memcpy (digits, text, size);
  digits[size] = 0;
  return convert_double (digits, size, value);
}

/* times */

typedef struct
{
  const gchar *at;
  const gchar *end;
} Cursor;

static gchar
peek (Cursor * cursor)
{
  return cursor->at < cursor->end ? *cursor->at : 0;
}

static gboolean
take_if (Cursor * cursor, gchar c)
{
  if (peek (cursor) != c)
    return FALSE;
  cursor->at++;
  return TRUE;
}

/* a number of so many digits, within its range */
static gboolean
take_number (Cursor * cursor, guint n_digits, guint min, guint max,
    guint * value)
{
  *value = 0;
  for (guint i = 0; i < n_digits; i++) {
    if (!g_ascii_isdigit (peek (cursor)))
      return FALSE;
    *value = *value * 10 + (*cursor->at++ - '0');
  }
  return *value >= min && *value <= max;
}

/* As where dates are written, a year here begins in March: a leap day is its
 * last. */
static gint64
count_days (guint year, guint month, guint day)
{
  guint y = month > 2 ? year : year - 1;
  guint of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

  return (gint64) 365 *y + y / 4 - y / 100 + y / 400 + of_year - 719468;
}

static gboolean
take_date (Cursor * cursor, gint64 * days)
{
  guint year, month, day;

  if (!take_number (cursor, 4, 1, 9999, &year) || !take_if (cursor, '-')
      || !take_number (cursor, 2, 1, 12, &month) || !take_if (cursor, '-')
      || !take_number (cursor, 2, 1, 31, &day)
      || !g_date_valid_dmy (day, month, year))
    return FALSE;
  *days = count_days (year, month, day);
  return TRUE;
}

static gboolean
take_clock (Cursor * cursor, guint * seconds)
{
  guint hour, minute, second = 0;

  if (!take_number (cursor, 2, 0, 23, &hour) || !take_if (cursor, ':')
      || !take_number (cursor, 2, 0, 59, &minute))
    return FALSE;
  if (take_if (cursor, ':') && !take_number (cursor, 2, 0, 59, &second))
    return FALSE;
  *seconds = (hour * 60 + minute) * 60 + second;
  return TRUE;
}

/* in ticks; digits beyond are cut off, as TDengine does */
static gboolean
take_fraction (Cursor * cursor, gint64 per_second, gint64 * ticks)
{
  *ticks = 0;
  if (!take_if (cursor, '.') && !take_if (cursor, ','))
    return TRUE;
  if (!g_ascii_isdigit (peek (cursor)))
    return FALSE;
  while (g_ascii_isdigit (peek (cursor))) {
    per_second /= 10;
    *ticks += (*cursor->at++ - '0') * per_second;
  }
  return TRUE;
}

/* `Z`, `+02`, `+0200` or `+02:00` */
static gboolean
take_offset (Cursor * cursor, gint64 * offset)
{
  gboolean negative = peek (cursor) == '-';
  guint hours, minutes = 0;

  *offset = 0;
  if (take_if (cursor, 'Z') || take_if (cursor, 'z'))
    return TRUE;
  if (!take_if (cursor, '+') && !take_if (cursor, '-'))
    return FALSE;
  if (!take_number (cursor, 2, 0, 23, &hours))
    return FALSE;
  if ((take_if (cursor, ':') || cursor->at < cursor->end)
      && !take_number (cursor, 2, 0, 59, &minutes))
    return FALSE;
  *offset = (gint64) (hours * 60 + minutes) * 60 * (negative ? -1 : 1);
  return TRUE;
}

/* Of an hour that a clock shows twice the second is meant. One that is left out
 * is the end of the gap. */
static gint64
to_utc (GTimeZone * zone, gint64 seconds)
{
  gint interval;

  if (!zone)
    return seconds;
  interval = g_time_zone_adjust_time (zone, G_TIME_TYPE_STANDARD, &seconds);
  return seconds - g_time_zone_get_offset (zone, interval);
}

/* Reads ISO 8601: a date, perhaps with a clock time behind `T` or a space,
 * perhaps with an offset. Without one it is the time of the zone, NULL: UTC. */
gboolean
gst_tdengine_parse_time (const gchar * text, gsize size, GTimeZone * zone,
    GstTDenginePrecision precision, gint64 * time)
{
  Cursor cursor = { text, text + size };
  gint64 per_second = GST_SECOND / gst_tdengine_precision_get_unit (precision);
  gint64 days, seconds, fraction = 0, offset;
  guint clock = 0;

  if (!take_date (&cursor, &days))
    return FALSE;
  if ((take_if (&cursor, 'T') || take_if (&cursor, 't')
          || take_if (&cursor, ' ')) && (!take_clock (&cursor, &clock)
          || !take_fraction (&cursor, per_second, &fraction)))
    return FALSE;
  seconds = days * DAY + clock;
  if (cursor.at == cursor.end)
    seconds = to_utc (zone, seconds);
  else if (take_offset (&cursor, &offset) && cursor.at == cursor.end)
    seconds -= offset;
  else
    return FALSE;
  return !__builtin_mul_overflow (seconds, per_second, time)
      && !__builtin_add_overflow (*time, fraction, time);
}

/* into half as many bytes */
gboolean
gst_tdengine_parse_hex (const gchar * text, gsize size, guint8 * data)
{
  if (size % 2 != 0)
    return FALSE;
  for (gsize i = 0; i < size; i += 2) {
    gint high = g_ascii_xdigit_value (text[i]);
    gint low = g_ascii_xdigit_value (text[i + 1]);

    if (high < 0 || low < 0)
      return FALSE;
    data[i / 2] = high << 4 | low;
  }
  return TRUE;
}
