/* tdengine decimal: unscaled 128-bit integers to and from text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/gst.h>

#include "gsttdenginedecimal.h"

/* size is 8 or 16, little-endian two's complement */
GstTDengineDecimal
gst_tdengine_decimal_read (const guint8 * data, gsize size)
{
  if (size == 8)
    return (gint64) GST_READ_UINT64_LE (data);
  return (GstTDengineDecimal) (((unsigned __int128)
          GST_READ_UINT64_LE (data + 8) << 64) | GST_READ_UINT64_LE (data));
}

void
gst_tdengine_decimal_write (GstTDengineDecimal value, guint8 * data, gsize size)
{
  GST_WRITE_UINT64_LE (data, (guint64) value);
  if (size == 16)
    GST_WRITE_UINT64_LE (data + 8, (guint64) (value >> 64));
}

void
gst_tdengine_decimal_append (GString * text, GstTDengineDecimal value,
    guint scale)
{
  gchar digits[48];
  guint n = 0;
  unsigned __int128 rest =
      value < 0 ? -(unsigned __int128) value : (unsigned __int128) value;

  /* from the last digit on, one before the point at least */
  while (rest > 0 || n <= scale) {
    digits[n++] = '0' + (gint) (rest % 10);
    rest /= 10;
  }
  if (value < 0)
    g_string_append_c (text, '-');
  while (n > 0) {
    g_string_append_c (text, digits[--n]);
    if (n == scale && scale > 0)
      g_string_append_c (text, '.');
  }
}

/* Reads `[+-]digits[.digits]` exactly: more digits than there is room for are
 * refused, not rounded. */
gboolean
gst_tdengine_decimal_parse (const gchar * text, gsize size, guint digits,
    guint scale, GstTDengineDecimal * value)
{
  gboolean negative = size > 0 && text[0] == '-';
  gsize i = size > 0 && (text[0] == '-' || text[0] == '+') ? 1 : 0;
  guint n_before = 0, n_behind = 0, n_seen = 0;
  gboolean behind = FALSE;
  GstTDengineDecimal unscaled = 0;

  for (; i < size; i++) {
    if (text[i] == '.' && !behind) {
      behind = TRUE;
      continue;
    }
    if (!g_ascii_isdigit (text[i]))
      return FALSE;
    n_seen++;
    if (behind && n_behind == scale) {
      if (text[i] != '0')
        return FALSE;
      continue;
    }
    if (behind)
      n_behind++;
    else if (n_before > 0 || text[i] != '0')
      n_before++;
    if (n_before > digits - scale)
      return FALSE;
    unscaled = unscaled * 10 + (text[i] - '0');
  }
  if (n_seen == 0)
    return FALSE;
  for (; n_behind < scale; n_behind++)
    unscaled *= 10;
  *value = negative ? -unscaled : unscaled;
  return TRUE;
}
