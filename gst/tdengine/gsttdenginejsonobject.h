/* tdengine JSON object: JSON from outside, which may be anything
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>
#include <json-glib/json-glib.h>

JsonNode * gst_tdengine_json_object_parse (const gchar *text, gsize size,
                                           const gchar **what);
JsonNode * gst_tdengine_json_object_find  (JsonObject *object,
                                           const gchar *name, GType type);
