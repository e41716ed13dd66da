/* tdengine text: single values as text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdenginetext.h"

/* RFC 3339 in UTC; a time beyond the years 1 to 9999 stays a number */
void
gst_tdengine_text_append_time (GString * text, gint64 time,
    GstTDenginePrecision precision)
{
  static const gint n_digits[] = { 3, 6, 9 };
  gint64 per_second = GST_SECOND / gst_tdengine_precision_get_unit (precision);
  gint64 second = time / per_second;
  gint64 fraction = time % per_second;

  if (fraction < 0) {
    fraction += per_second;
    second--;
  }

  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (second);
  if (!date) {
    g_string_append_printf (text, "%" G_GINT64_FORMAT, time);
    return;
  }
  g_string_append_printf (text, "%04d-%02d-%02dT%02d:%02d:%02d.%0*"
      G_GINT64_FORMAT "Z", g_date_time_get_year (date),
      g_date_time_get_month (date), g_date_time_get_day_of_month (date),
      g_date_time_get_hour (date), g_date_time_get_minute (date),
      g_date_time_get_second (date), n_digits[precision], fraction);
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
