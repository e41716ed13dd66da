/* tdengine decimal: unscaled 128-bit integers to and from text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

typedef __int128 GstTDengineDecimal;

GstTDengineDecimal gst_tdengine_decimal_read   (const guint8 *data, gsize size);
void               gst_tdengine_decimal_write  (GstTDengineDecimal value,
                                                guint8 *data, gsize size);
void               gst_tdengine_decimal_append (GString *text,
                                                GstTDengineDecimal value,
                                                guint scale);
gboolean           gst_tdengine_decimal_parse  (const gchar *text, gsize size,
                                                guint digits, guint scale,
                                                GstTDengineDecimal *value);
