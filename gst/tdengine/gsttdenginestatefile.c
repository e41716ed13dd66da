/* tdengine state file: how far a source has come, for the next time
 *
 * JSON that people can read. It is written beside the file and put in its place
 * when it is on the disk, so that there is always a whole one. A part that was
 * not begun is not in it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <json-glib/json-glib.h>

#include "gsttdengineerror-private.h"
#include "gsttdenginejsonobject.h"
#include "gsttdenginestatefile.h"

#define FORMAT "gst-tdengine state 1"

struct _GstTDengineState
{
  gchar *path;
  gchar *fingerprint;
  GHashTable *parts;            /* name → GstTDengineStatePart */
};

static GstTDengineState *
state_new (const gchar * path, const gchar * fingerprint)
{
  GstTDengineState *self = g_new0 (GstTDengineState, 1);

  self->path = g_strdup (path);
  self->fingerprint = g_strdup (fingerprint);
  self->parts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
gst_tdengine_state_free (GstTDengineState * self)
{
  g_free (self->path);
  g_free (self->fingerprint);
  g_hash_table_unref (self->parts);
  g_free (self);
}

/* Of what the state stands for: the query, its splits. Another order of the
 * same texts, or another division, is something else. */
gchar *
gst_tdengine_state_make_fingerprint (const gchar * const *texts)
{
  g_autoptr (GChecksum) checksum = g_checksum_new (G_CHECKSUM_SHA256);

  for (guint i = 0; texts[i]; i++)
    g_checksum_update (checksum, (const guchar *) texts[i],
        strlen (texts[i]) + 1);
  return g_strdup (g_checksum_get_string (checksum));
}

/* NULL: not begun */
const GstTDengineStatePart *
gst_tdengine_state_get (GstTDengineState * self, const gchar * name)
{
  return g_hash_table_lookup (self->parts, name);
}

void
gst_tdengine_state_set (GstTDengineState * self, const gchar * name,
    const GstTDengineStatePart * part)
{
  g_hash_table_replace (self->parts, g_strdup (name),
      g_memdup2 (part, sizeof *part));
}

/* reading */

static gboolean
refuse (GstTDengineState * self, const gchar * what, GError ** error)
{
  g_autofree gchar *prefix =
      g_strdup_printf ("The state file %s is broken: ", self->path);

  return gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_INVALID_VALUE,
      prefix, "%s; remove it to begin anew", what);
}

static gboolean
read_part (GstTDengineState * self, const gchar * name, JsonNode * node,
    GError ** error)
{
  GstTDengineStatePart part;
  JsonObject *object;

  if (!JSON_NODE_HOLDS_OBJECT (node))
    return refuse (self, "a part is no object", error);
  object = json_node_get_object (node);
  JsonNode *done =
      gst_tdengine_json_object_find (object, "done", G_TYPE_BOOLEAN);
  JsonNode *position =
      gst_tdengine_json_object_find (object, "position", G_TYPE_INT64);
  JsonNode *rows = gst_tdengine_json_object_find (object, "rows", G_TYPE_INT64);
  if (!done || !position || !rows || json_node_get_int (rows) < 0)
    return refuse (self, "expected done, position and rows of each part",
        error);
  part.done = json_node_get_boolean (done);
  part.position = json_node_get_int (position);
  part.n_rows = json_node_get_int (rows);
  gst_tdengine_state_set (self, name, &part);
  return TRUE;
}

static gboolean
read_parts (GstTDengineState * self, JsonObject * root, GError ** error)
{
  JsonNode *node = json_object_get_member (root, "parts");
  JsonObjectIter iter;
  const gchar *name;
  JsonNode *part;

  if (!node || !JSON_NODE_HOLDS_OBJECT (node))
    return refuse (self, "expected parts", error);
  json_object_iter_init (&iter, json_node_get_object (node));
  while (json_object_iter_next (&iter, &name, &part)) {
    if (!read_part (self, name, part, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_text (GstTDengineState * self, const gchar * text, gsize size,
    GError ** error)
{
  const gchar *what = NULL;
  g_autoptr (JsonNode) root = gst_tdengine_json_object_parse (text, size,
      &what);
  JsonObject *object;

  if (!root)
    return refuse (self, what, error);
  object = json_node_get_object (root);
  JsonNode *format =
      gst_tdengine_json_object_find (object, "format", G_TYPE_STRING);
  JsonNode *fingerprint =
      gst_tdengine_json_object_find (object, "fingerprint", G_TYPE_STRING);
  if (!format || !g_str_equal (json_node_get_string (format), FORMAT))
    return refuse (self, "expected the format \"" FORMAT "\"", error);
  if (!fingerprint)
    return refuse (self, "expected a fingerprint", error);
  if (!g_str_equal (json_node_get_string (fingerprint), self->fingerprint)) {
    g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE,
        "The state file %s is of another query, or of other splits: use "
        "another file, or remove it to begin anew", self->path);
    return FALSE;
  }
  return read_parts (self, object, error);
}

/* Where there is no such file, nothing was done yet. NULL with
 * GST_TDENGINE_ERROR_INVALID_VALUE for a file that is broken or of another
 * fingerprint, or with a G_FILE_ERROR. */
GstTDengineState *
gst_tdengine_state_load (const gchar * path, const gchar * fingerprint,
    GError ** error)
{
  g_autoptr (GstTDengineState) self = state_new (path, fingerprint);
  g_autoptr (GError) local = NULL;
  g_autofree gchar *text = NULL;
  gsize size;

  if (!g_file_get_contents (path, &text, &size, &local)) {
    if (g_error_matches (local, G_FILE_ERROR, G_FILE_ERROR_NOENT))
      return g_steal_pointer (&self);
    g_propagate_error (error, g_steal_pointer (&local));
    return NULL;
  }
  if (!read_text (self, text, size, error))
    return NULL;
  return g_steal_pointer (&self);
}

/* writing */

static void
write_part (JsonBuilder * builder, const gchar * name,
    const GstTDengineStatePart * part)
{
  json_builder_set_member_name (builder, name);
  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "done");
  json_builder_add_boolean_value (builder, part->done);
  json_builder_set_member_name (builder, "position");
  json_builder_add_int_value (builder, part->position);
  json_builder_set_member_name (builder, "rows");
  json_builder_add_int_value (builder, part->n_rows);
  json_builder_end_object (builder);
}

static void
write_parts (GstTDengineState * self, JsonBuilder * builder)
{
  g_autoptr (GList) names =
      g_list_sort (g_hash_table_get_keys (self->parts), (GCompareFunc) strcmp);

  json_builder_set_member_name (builder, "parts");
  json_builder_begin_object (builder);
  for (GList * name = names; name; name = name->next)
    write_part (builder, name->data, gst_tdengine_state_get (self, name->data));
  json_builder_end_object (builder);
}

static gchar *
write_text (GstTDengineState * self)
{
  g_autoptr (JsonBuilder) builder = json_builder_new_immutable ();
  g_autoptr (JsonNode) root = NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "format");
  json_builder_add_string_value (builder, FORMAT);
  json_builder_set_member_name (builder, "fingerprint");
  json_builder_add_string_value (builder, self->fingerprint);
  write_parts (self, builder);
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);
  return json_to_string (root, TRUE);
}

/* Returns when it is on the disk: not for a thread that others wait for. */
gboolean
gst_tdengine_state_save (GstTDengineState * self, GError ** error)
{
  g_autofree gchar *text = write_text (self);

  return g_file_set_contents_full (self->path, text, -1,
      G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0666,
      error);
}
