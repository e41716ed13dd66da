/* test server: JSON from the network, and JSON in tags
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "json.h"

#include <string.h>

/* json-glib recurses, so that its caller has to say how deep it may */
#define MAX_DEPTH 64

static gboolean
is_shallow (const gchar * text, gsize size)
{
  gboolean in_string = FALSE;
  guint depth = 0;

  for (gsize i = 0; i < size; i++) {
    gchar c = text[i];

    if (in_string && c == '\\')
      i++;
    else if (c == '"')
      in_string = !in_string;
    else if (in_string)
      continue;
    else if (c == '{' || c == '[')
      depth++;
    else if ((c == '}' || c == ']') && depth > 0)
      depth--;
    if (depth > MAX_DEPTH)
      return FALSE;
  }
  return TRUE;
}

/* NULL for what is no JSON, or nests too deep to be meant well */
JsonNode *
json_parse (const gchar * text, gsize size)
{
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();

  if (!is_shallow (text, size)
      || !json_parser_load_from_data (parser, text, size, NULL))
    return NULL;
  return json_parser_steal_root (parser);
}

/* The adapter does not mind the case of names. An object that a request does not
 * have is one without members. */
JsonNode *
json_find (JsonObject * object, const gchar * name)
{
  JsonObjectIter iter;
  const gchar *member;
  JsonNode *node;

  if (!object)
    return NULL;
  node = json_object_get_member (object, name);
  if (node)
    return node;
  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &member, &node))
    if (g_ascii_strcasecmp (member, name) == 0)
      return node;
  return NULL;
}

static gchar *
number_to_text (JsonNode * node)
{
  return g_strdup_printf ("%.9f", json_node_get_double (node));
}

static gchar *
string_to_text (JsonNode * node)
{
  return g_strdup_printf ("\"%s\"", json_node_get_string (node));
}

/* a member of a JSON tag, in the words of TDengine */
gchar *
json_get_member_text (const gchar * text, const gchar * key)
{
  g_autoptr (JsonNode) root = json_parse (text, strlen (text));

  if (!root || !JSON_NODE_HOLDS_OBJECT (root))
    return NULL;
  JsonNode *node = json_object_get_member (json_node_get_object (root), key);
  if (!node || !JSON_NODE_HOLDS_VALUE (node))
    return NULL;
  switch (json_node_get_value_type (node)) {
    case G_TYPE_STRING:
      return string_to_text (node);
    case G_TYPE_BOOLEAN:
      return g_strdup (json_node_get_boolean (node) ? "true" : "false");
    default:
      return number_to_text (node);
  }
}

static void
append_escape (GString * json, gunichar c)
{
  switch (c) {
    case '"':
    case '\\':
      g_string_append_printf (json, "\\%c", (gchar) c);
      break;
    case '\n':
      g_string_append (json, "\\n");
      break;
    case '\r':
      g_string_append (json, "\\r");
      break;
    case '\t':
      g_string_append (json, "\\t");
      break;
    default:
      g_string_append_printf (json, "\\u%04x", c);
      break;
  }
}

static gboolean
needs_escape (gunichar c, gboolean escape_html)
{
  return c < 0x20 || c == '"' || c == '\\' || c == 0x2028 || c == 0x2029
      || (escape_html && (c == '<' || c == '>' || c == '&'));
}

/* with quotes; bytes that are no UTF-8 become U+FFFD */
void
json_append_string (GString * json, const gchar * text, gssize size,
    gboolean escape_html)
{
  const gchar *end = text + (size < 0 ? (gssize) strlen (text) : size);

  g_string_append_c (json, '"');
  while (text < end) {
    gunichar c = g_utf8_get_char_validated (text, end - text);

    if (c == (gunichar) - 1 || c == (gunichar) - 2) {
      g_string_append (json, "\xef\xbf\xbd");
      text++;
      continue;
    }
    if (needs_escape (c, escape_html))
      append_escape (json, c);
    else
      g_string_append_unichar (json, c);
    text = g_utf8_next_char (text);
  }
  g_string_append_c (json, '"');
}
