/* test server: JSON from the network, and JSON in tags
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

JsonNode *   json_parse           (const gchar *text, gsize size);
JsonNode *   json_find            (JsonObject *object, const gchar *name);
gchar *      json_get_member_text (const gchar *text, const gchar *key);
void         json_append_string   (GString *json, const gchar *text,
                                   gssize size, gboolean escape_html);
