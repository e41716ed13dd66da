/* tdengine json: writing JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

gboolean gst_tdengine_json_append_string (GString *out, const gchar *text,
                                          gsize size);
gboolean gst_tdengine_json_append_json   (GString *out, const gchar *text,
                                          gsize size);
