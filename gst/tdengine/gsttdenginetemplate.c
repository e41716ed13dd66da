/* tdengine template: names of sub tables, made from the rows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineerror-private.h"
#include "gsttdenginemessages.h"
#include "gsttdenginerowsbuilder.h"
#include "gsttdenginetemplate.h"

#define refuse(error, code, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_ ## code, "", \
      __VA_ARGS__)

typedef struct
{
  gchar *text;                  /* as it is, or the name of a column */
  gboolean is_column;
  guint index;                  /* of the column in the rows at hand */
} Part;

struct _GstTDengineTemplate
{
  GArray *parts;                /* Part */
  GstTDengineSchema *names;     /* one column */
  GString *name;
};

static void
clear_part (gpointer part)
{
  g_free (((Part *) part)->text);
}

void
gst_tdengine_template_free (GstTDengineTemplate * self)
{
  g_array_unref (self->parts);
  gst_tdengine_schema_unref (self->names);
  g_string_free (self->name, TRUE);
  g_free (self);
}

static void
append_part (GstTDengineTemplate * self, GString * text, gboolean is_column)
{
  Part part = { NULL, is_column };

  if (text->len == 0)
    return;
  part.text = g_strndup (text->str, text->len);
  g_array_append_val (self->parts, part);
  g_string_truncate (text, 0);
}

/* from behind the brace to behind its partner */
static const gchar *
take_column (GstTDengineTemplate * self, const gchar * from, GString * text,
    GError ** error)
{
  const gchar *end = strchr (from, '}');

  if (!end || end == from) {
    refuse (error, INVALID_VALUE, "The table-template property %s: expected "
        "{column}, or {{ for a brace", end ? "has braces around nothing" :
        "has a brace that is not closed");
    return NULL;
  }
  g_string_append_len (text, from, end - from);
  append_part (self, text, TRUE);
  return end + 1;
}

static gboolean
parse (GstTDengineTemplate * self, const gchar * template, GError ** error)
{
  g_autoptr (GString) text = g_string_new (NULL);

  for (const gchar * c = template; *c;) {
    if (c[0] == '.')
      return refuse (error, INVALID_VALUE, "The table-template property has a "
          "point, which no name of a table may have");
    if (c[0] == '}' && c[1] != '}')
      return refuse (error, INVALID_VALUE, "The table-template property has a "
          "brace that was not opened: expected {column}, or }} for a brace");
    if (c[0] == '{' && c[1] != '{') {
      append_part (self, text, FALSE);
      c = take_column (self, c + 1, text, error);
      if (!c)
        return FALSE;
    } else {
      g_string_append_c (text, *c);
      c += c[0] == '{' || c[0] == '}' ? 2 : 1;
    }
  }
  append_part (self, text, FALSE);
  return TRUE;
}

static GstTDengineTemplate *
make_empty (void)
{
  GstTDengineTemplate *self = g_new0 (GstTDengineTemplate, 1);
  const GstTDengineColumn column = { (gchar *) "tbname",
    GST_TDENGINE_TYPE_VARCHAR, GST_TDENGINE_MAX_TABLE_NAME_BYTES
  };

  self->parts = g_array_new (FALSE, FALSE, sizeof (Part));
  g_array_set_clear_func (self->parts, clear_part);
  self->name = g_string_new (NULL);
  self->names = gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);
  gst_tdengine_schema_append (self->names, &column, NULL);
  return self;
}

GstTDengineTemplate *
gst_tdengine_template_new (const gchar * text, GError ** error)
{
  g_autoptr (GstTDengineTemplate) self = make_empty ();

  return parse (self, text, error) ? g_steal_pointer (&self) : NULL;
}

/* the name itself, for all rows */
GstTDengineTemplate *
gst_tdengine_template_new_name (const gchar * name)
{
  GstTDengineTemplate *self = make_empty ();
  const Part part = { g_strdup (name) };

  g_array_append_val (self->parts, part);
  return self;
}

/* finds the columns; to be repeated when the rows change */
gboolean
gst_tdengine_template_set_schema (GstTDengineTemplate * self,
    GstTDengineSchema * schema, GError ** error)
{
  for (guint i = 0; i < self->parts->len; i++) {
    Part *part = &g_array_index (self->parts, Part, i);
    gint index;

    if (!part->is_column)
      continue;
    index = gst_tdengine_schema_find (schema, part->text);
    if (index < 0)
      return refuse (error, SCHEMA, "The rows have no column \"%s\", which "
          "table-template names", part->text);
    part->index = index;
  }
  return TRUE;
}

gboolean
gst_tdengine_template_uses (GstTDengineTemplate * self, const gchar * column)
{
  for (guint i = 0; i < self->parts->len; i++) {
    const Part *part = &g_array_index (self->parts, Part, i);

    if (part->is_column && g_str_equal (part->text, column))
      return TRUE;
  }
  return FALSE;
}

/* no name of a table may have a point */
static void
replace_points (GString * text, gsize from)
{
  for (gchar * c = text->str + from; (c = strchr (c, '.'));)
    *c = '_';
}

/* FALSE where a value is NULL */
static gboolean
make_name (GstTDengineTemplate * self, GstTDengineRows * rows, guint row)
{
  g_string_truncate (self->name, 0);
  for (guint i = 0; i < self->parts->len; i++) {
    const Part *part = &g_array_index (self->parts, Part, i);
    gsize length = self->name->len;

    if (!part->is_column) {
      g_string_append (self->name, part->text);
      continue;
    }
    if (gst_tdengine_rows_is_null (rows, part->index, row))
      return FALSE;
    gst_tdengine_rows_append_text (rows, part->index, row, self->name);
    replace_points (self->name, length);
  }
  return TRUE;
}

/* Rows of one column, NULL where there can be no name. One that is too long
 * is cut, but so that it still is. */
GstTDengineRows *
gst_tdengine_template_make_names (GstTDengineTemplate * self,
    GstTDengineRows * rows, GError ** error)
{
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (self->names);

  for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++) {
    if (make_name (self, rows, row))
      gst_tdengine_rows_builder_append_data (builder, 0,
          (const guint8 *) self->name->str,
          MIN (self->name->len, GST_TDENGINE_MAX_TABLE_NAME_BYTES + 1), NULL);
    else
      gst_tdengine_rows_builder_append_null (builder, 0);
  }
  return gst_tdengine_rows_builder_end (builder, error);
}
