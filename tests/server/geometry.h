/* test server: geometries from text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

GByteArray * geometry_from_text (const gchar *text);
gboolean     geometry_is_valid  (const guint8 *wkb, gsize size);
