/* tdengine text: single values as text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdenginetext.h"

#define DAY (24 * 60 * 60)
#define FIRST_SECOND G_GINT64_CONSTANT (-62135596800)   /* year 1 */
#define LAST_SECOND G_GINT64_CONSTANT (253402300799)    /* end of year 9999 */

/* with zeros in front up to a width; printf would allocate for each value */
static void
append_digits (GString * text, guint64 value, guint width)
{
  gchar digits[20];
  guint i = sizeof digits;

  do {
    digits[--i] = '0' + value % 10;
    value /= 10;
  } while (value > 0 || sizeof digits - i < width);
  g_string_append_len (text, digits + i, sizeof digits - i);
}

void
gst_tdengine_text_append_uint (GString * text, guint64 value)
{
  append_digits (text, value, 1);
}

void
gst_tdengine_text_append_int (GString * text, gint64 value)
{
  if (value < 0)
    g_string_append_c (text, '-');
  append_digits (text, value < 0 ? -(guint64) value : (guint64) value, 1);
}

/* A year here begins in March, so that a leap day is its last, and 400 years
 * are always 146097 days. */
static void
append_date (GString * text, gint64 days_since_1970)
{
  guint days = days_since_1970 + 719468;        /* since March of year 0 */
  guint of_era = days % 146097;
  guint year_of_era = (of_era - of_era / 1460 + of_era / 36524 -
      of_era / 146096) / 365;
  guint of_year = of_era - (365 * year_of_era + year_of_era / 4 -
      year_of_era / 100);
  guint month = (5 * of_year + 2) / 153;        /* from March, which is 0 */
  guint year = days / 146097 * 400 + year_of_era + (month >= 10);

  append_digits (text, year, 4);
  g_string_append_c (text, '-');
  append_digits (text, month < 10 ? month + 3 : month - 9, 2);
  g_string_append_c (text, '-');
  append_digits (text, of_year - (153 * month + 2) / 5 + 1, 2);
}

/* RFC 3339 in UTC; a time beyond the years 1 to 9999 stays a number */
void
gst_tdengine_text_append_time (GString * text, gint64 time,
    GstTDenginePrecision precision)
{
  static const guint n_digits[] = { 3, 6, 9 };
  gint64 per_second = GST_SECOND / gst_tdengine_precision_get_unit (precision);
  gint64 second = time / per_second;
  gint64 fraction = time % per_second;

  if (fraction < 0) {
    fraction += per_second;
    second--;
  }
  if (second < FIRST_SECOND || second > LAST_SECOND) {
    gst_tdengine_text_append_int (text, time);
    return;
  }

  gint64 day = (second - FIRST_SECOND) / DAY + FIRST_SECOND / DAY;
  guint of_day = second - day * DAY;
  append_date (text, day);
  g_string_append_c (text, 'T');
  append_digits (text, of_day / 3600, 2);
  g_string_append_c (text, ':');
  append_digits (text, of_day / 60 % 60, 2);
  g_string_append_c (text, ':');
  append_digits (text, of_day % 60, 2);
  g_string_append_c (text, '.');
  append_digits (text, fraction, n_digits[precision]);
  g_string_append_c (text, 'Z');
}

/* the fewest digits that read back as the same float: 6 to 9 */
void
gst_tdengine_text_append_float (GString * text, gfloat value)
{
  gchar digits[G_ASCII_DTOSTR_BUF_SIZE];

  for (gint n = 6; n <= 9; n++) {
    const gchar format[] = { '%', '.', '0' + n, 'g', 0 };

    g_ascii_formatd (digits, sizeof digits, format, value);
    if ((gfloat) g_ascii_strtod (digits, NULL) == value)
      break;
  }
  g_string_append (text, digits);
}

/* likewise for a double: 15 to 17 */
void
gst_tdengine_text_append_double (GString * text, gdouble value)
{
  gchar digits[G_ASCII_DTOSTR_BUF_SIZE];
  static const gchar *const formats[] = { "%.15g", "%.16g", "%.17g" };

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++) {
    g_ascii_formatd (digits, sizeof digits, formats[i], value);
    if (g_ascii_strtod (digits, NULL) == value)
      break;
  }
  g_string_append (text, digits);
}

void
gst_tdengine_text_append_hex (GString * text, const guint8 * data, gsize size)
{
  static const gchar hex[] = "0123456789abcdef";
  gsize length = text->len;

  g_string_set_size (text, length + 2 * size);
  for (gsize i = 0; i < size; i++) {
    text->str[length + 2 * i] = hex[data[i] >> 4];
    text->str[length + 2 * i + 1] = hex[data[i] & 15];
  }
}

/* little-endian, not aligned, checked before */
void
gst_tdengine_text_append_ucs4 (GString * text, const guint8 * data, gsize size)
{
  gsize length = text->len;

  /* room for the longest; cut to what was used */
  g_string_set_size (text, length + size);
  gchar *end = text->str + length;
  for (gsize i = 0; i < size; i += 4) {
    guint32 c = GST_READ_UINT32_LE (data + i);

    if (c < 0x80)
      *end++ = c;
    else
      end += g_unichar_to_utf8 (c, end);
  }
  g_string_set_size (text, end - text->str);
}
