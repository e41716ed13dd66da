/* tdengine JSON object: JSON from outside, which may be anything
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdenginejsonobject.h"

#define MAX_DEPTH 64

/* json-glib recurses, and overflows the stack when nested some 100,000 deep */
static gboolean
is_shallow (const gchar * text, gsize size)
{
  gboolean quoted = FALSE;
  guint depth = 0;

  for (gsize i = 0; i < size; i++) {
    if (quoted && text[i] == '\\')
      i++;
    else if (text[i] == '"')
      quoted = !quoted;
    else if (!quoted && (text[i] == '{' || text[i] == '[')
        && ++depth > MAX_DEPTH)
      return FALSE;
    else if (!quoted && (text[i] == '}' || text[i] == ']') && depth > 0)
      depth--;
  }
  return TRUE;
}

/* NULL where the text is no JSON object, with what is wrong of it */
JsonNode *
gst_tdengine_json_object_parse (const gchar * text, gsize size,
    const gchar ** what)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  JsonNode *root;

  if (!is_shallow (text, size)) {
    *what = "it is nested too deep";
    return NULL;
  }
  if (size == 0 || !g_utf8_validate_len (text, size, NULL)
      || !json_parser_load_from_data (parser, text, size, NULL)) {
    *what = "it is no JSON";
    return NULL;
  }
  root = json_parser_get_root (parser);
  if (root && JSON_NODE_HOLDS_OBJECT (root))
    return json_node_ref (root);
  *what = "it is no JSON object";
  return NULL;
}

/* a member that is a value of the type, or NULL */
JsonNode *
gst_tdengine_json_object_find (JsonObject * object, const gchar * name,
    GType type)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_VALUE (node)
      && json_node_get_value_type (node) == type ? node : NULL;
}
