/* tdengine geometry: well-known binary as well-known text
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

gboolean gst_tdengine_geometry_append (GString *text, const guint8 *data,
                                       gsize size);
