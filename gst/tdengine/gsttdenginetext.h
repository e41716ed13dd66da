/* tdengine text: single values as text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginetypes.h"

void     gst_tdengine_text_append_uint   (GString *text, guint64 value);
void     gst_tdengine_text_append_int    (GString *text, gint64 value);
void     gst_tdengine_text_append_time   (GString *text, gint64 time,
                                          GstTDenginePrecision precision);
void     gst_tdengine_text_append_float  (GString *text, gfloat value);
void     gst_tdengine_text_append_double (GString *text, gdouble value);
void     gst_tdengine_text_append_hex    (GString *text, const guint8 *data,
                                          gsize size);
void     gst_tdengine_text_append_ucs4   (GString *text, const guint8 *data,
                                          gsize size);
