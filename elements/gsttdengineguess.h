/* tdengine guess: the types of columns, from values that were seen
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>

typedef struct _GstTDengineGuess GstTDengineGuess;

GstTDengineGuess *  gst_tdengine_guess_new         (void);
void                gst_tdengine_guess_free        (GstTDengineGuess *guess);
guint               gst_tdengine_guess_get_n_columns (GstTDengineGuess *guess);
guint               gst_tdengine_guess_add_column  (GstTDengineGuess *guess,
                                                    const gchar *name);
gint                gst_tdengine_guess_find_column (GstTDengineGuess *guess,
                                                    const gchar *name);
void                gst_tdengine_guess_add_value   (GstTDengineGuess *guess,
                                                    guint column,
                                                    const gchar *text,
                                                    gsize size,
                                                    gboolean is_string);
GstTDengineSchema * gst_tdengine_guess_make_schema (GstTDengineGuess *guess,
                                                    GstTDenginePrecision precision,
                                                    GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineGuess, gst_tdengine_guess_free)
