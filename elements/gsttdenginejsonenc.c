/* tdenginejsonenc: rows to lines of JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-tdenginejsonenc
 * @title: tdenginejsonenc
 * @short_description: writes rows as a JSON object a line
 *
 * Writes each row as a JSON object on a line of its own, the columns' names as
 * keys. Values are as TDengine's REST interface writes them:
 *
 * | column | JSON |
 * |---|---|
 * | NULL, and NaN and infinities, which JSON lacks | `null` |
 * | BOOL | `true`, `false` |
 * | integers, of 64 bits too | a number |
 * | FLOAT, DOUBLE | a number of as few digits as read back the same |
 * | TIMESTAMP | a string: RFC 3339 in UTC with the digits of the precision; beyond the years 1 to 9999, the number in quotes |
 * | DECIMAL | a string of its exact digits |
 * | VARCHAR, NCHAR | a string; bytes that are not UTF-8 become U+FFFD |
 * | VARBINARY, GEOMETRY, BLOB | a string of lower-case hex |
 * | JSON | the value itself, or a string where it is not valid JSON |
 *
 * Columns may share a name, keys had better not: where a name came before, the
 * first of `name_1`, `name_2` … that is no other key takes its place.
 *
 * With `origin=true` a last member `origin` holds what is known of where the
 * rows come from, or why `tdenginesink` rejected them: `reason`, `code` and,
 * where a server gave one, `server-code`.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -q tdenginesrc uri=taos+ws://localhost:6041/power query="select * from meters" ! tdenginejsonenc ! fdsink
 * ]| Shows a table.
 *
 * Since: 0.1
 */
#include <math.h>
#include <string.h>

#include "elements.h"
#include "gsttdengineelement.h"
#include "gsttdenginejson.h"
#include "gsttdenginetextenc.h"

GST_DEBUG_CATEGORY_STATIC (json_enc_debug);
#define GST_CAT_DEFAULT json_enc_debug

#define ORIGIN_KEY "origin"

typedef struct
{
  GstTDengineTextEnc parent;

  GPtrArray *keys;              /* what stands before each value: `{"a":` */
  GString *scratch;             /* a value before it is escaped */
  gchar *origin_key;            /* what stands before the origin */
  GString *origin;              /* of the rows at hand, with its key */
  gboolean with_origin;         /* property, atomic */
} GstTDengineJsonEnc;

enum
{
  PROP_0,
  PROP_ORIGIN,
};

typedef GstTDengineTextEncClass GstTDengineJsonEncClass;

GType gst_tdengine_json_enc_get_type (void);
G_DEFINE_TYPE_WITH_CODE (GstTDengineJsonEnc, gst_tdengine_json_enc,
    GST_TYPE_TDENGINE_TEXT_ENC,
    GST_DEBUG_CATEGORY_INIT (json_enc_debug, "tdenginejsonenc", 0,
        "TDengine rows to JSON"));
GST_ELEMENT_REGISTER_DEFINE (tdenginejsonenc, "tdenginejsonenc", GST_RANK_NONE,
    gst_tdengine_json_enc_get_type ());

static GstTDengineJsonEnc *
get_self (gpointer object)
{
  return (GstTDengineJsonEnc *) object;
}

static void
gst_tdengine_json_enc_init (GstTDengineJsonEnc * self)
{
  self->keys = g_ptr_array_new_with_free_func (g_free);
  self->scratch = g_string_new (NULL);
  self->origin = g_string_new (NULL);
}

static void
gst_tdengine_json_enc_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  if (id == PROP_ORIGIN)
    g_atomic_int_set (&get_self (object)->with_origin,
        g_value_get_boolean (value));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_tdengine_json_enc_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  if (id == PROP_ORIGIN)
    g_value_set_boolean (value,
        g_atomic_int_get (&get_self (object)->with_origin));
  else
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_tdengine_json_enc_finalize (GObject * object)
{
  GstTDengineJsonEnc *self = get_self (object);

  g_ptr_array_unref (self->keys);
  g_string_free (self->scratch, TRUE);
  g_string_free (self->origin, TRUE);
  g_free (self->origin_key);
  G_OBJECT_CLASS (gst_tdengine_json_enc_parent_class)->finalize (object);
}

static gchar *
make_key (const gchar * name, gboolean first)
{
  GString *key = g_string_new (first ? "{" : ",");

  gst_tdengine_json_append_string (key, name, strlen (name));
  g_string_append_c (key, ':');
  return g_string_free (key, FALSE);
}

/* `origin`, or with as many underscores in front as make it no other key */
static gchar *
make_origin_key (GPtrArray * names)
{
  g_autoptr (GString) name = g_string_new (ORIGIN_KEY);

  while (g_ptr_array_find_with_equal_func (names, name->str, g_str_equal, NULL))
    g_string_prepend_c (name, '_');
  return make_key (name->str, FALSE);
}

static void
gst_tdengine_json_enc_set_schema (GstTDengineTextEnc * enc,
    GstTDengineSchema * schema, GString * head)
{
  GstTDengineJsonEnc *self = get_self (enc);
  g_autoptr (GPtrArray) names = gst_tdengine_json_make_names (schema);

  g_ptr_array_set_size (self->keys, 0);
  for (guint i = 0; i < names->len; i++)
    g_ptr_array_add (self->keys, make_key (g_ptr_array_index (names, i),
            i == 0));
  g_free (self->origin_key);
  self->origin_key = make_origin_key (names);
}

/* numbers and text */
static gboolean
append_member (GQuark name, const GValue * value, gpointer data)
{
  GString *text = data;
  g_auto (GValue) as_text = G_VALUE_INIT;
  const gchar *key = g_quark_to_string (name);

  g_value_init (&as_text, G_TYPE_STRING);
  if (!g_value_transform (value, &as_text) || !g_value_get_string (&as_text))
    return TRUE;
  if (text->str[text->len - 1] != '{')
    g_string_append_c (text, ',');
  gst_tdengine_json_append_string (text, key, strlen (key));
  g_string_append_c (text, ':');
  if (G_VALUE_HOLDS_STRING (value))
    gst_tdengine_json_append_string (text, g_value_get_string (value),
        strlen (g_value_get_string (value)));
  else
    g_string_append (text, g_value_get_string (&as_text));
  return TRUE;
}

static void
write_origin (GstTDengineJsonEnc * self, GstTDengineRows * rows)
{
  const GstStructure *origin = g_atomic_int_get (&self->with_origin) ?
      gst_tdengine_rows_get_origin (rows) : NULL;

  g_string_truncate (self->origin, 0);
  if (!origin)
    return;
  g_string_append (self->origin, self->origin_key);
  g_string_append_c (self->origin, '{');
  gst_structure_foreach (origin, append_member, self->origin);
  g_string_append_c (self->origin, '}');
}

static void
write_quoted (GstTDengineRows * rows, guint column, guint row, GString * text)
{
  g_string_append_c (text, '"');
  gst_tdengine_rows_append_text (rows, column, row, text);
  g_string_append_c (text, '"');
}

/* FALSE where some of the text was not UTF-8 */
static gboolean
write_value (GstTDengineJsonEnc * self, GstTDengineRows * rows, guint column,
    GstTDengineType type, guint row, GString * text)
{
  gsize size;
  const guint8 *data = gst_tdengine_rows_get_data (rows, column, row, &size);

  if (!data) {
    g_string_append (text, "null");
    return TRUE;
  }
  switch (type) {
    case GST_TDENGINE_TYPE_FLOAT:
    case GST_TDENGINE_TYPE_DOUBLE:
      if (isfinite (gst_tdengine_rows_get_double (rows, column, row)))
        gst_tdengine_rows_append_text (rows, column, row, text);
      else
        g_string_append (text, "null");
      return TRUE;
    case GST_TDENGINE_TYPE_VARCHAR:
      return gst_tdengine_json_append_string (text, (const gchar *) data, size);
    case GST_TDENGINE_TYPE_NCHAR:
      g_string_truncate (self->scratch, 0);
      gst_tdengine_rows_append_text (rows, column, row, self->scratch);
      return gst_tdengine_json_append_string (text, self->scratch->str,
          self->scratch->len);
    case GST_TDENGINE_TYPE_JSON:
      if (gst_tdengine_json_append_json (text, (const gchar *) data, size))
        return TRUE;
      return gst_tdengine_json_append_string (text, (const gchar *) data, size);
    case GST_TDENGINE_TYPE_TIMESTAMP:
    case GST_TDENGINE_TYPE_DECIMAL:
    case GST_TDENGINE_TYPE_DECIMAL64:
    case GST_TDENGINE_TYPE_VARBINARY:
    case GST_TDENGINE_TYPE_GEOMETRY:
    case GST_TDENGINE_TYPE_BLOB:
      write_quoted (rows, column, row, text);
      return TRUE;
    default:
      gst_tdengine_rows_append_text (rows, column, row, text);
      return TRUE;
  }
}

static void
gst_tdengine_json_enc_write_rows (GstTDengineTextEnc * enc,
    GstTDengineRows * rows, GString * text)
{
  GstTDengineJsonEnc *self = get_self (enc);
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (rows);
  guint n_rows = gst_tdengine_rows_get_n_rows (rows);
  gboolean all_valid = TRUE;

  write_origin (self, rows);
  for (guint row = 0; row < n_rows; row++) {
    for (guint column = 0; column < self->keys->len; column++) {
      GstTDengineType type =
          gst_tdengine_schema_get_column (schema, column)->type;

      g_string_append (text, g_ptr_array_index (self->keys, column));
      all_valid &= write_value (self, rows, column, type, row, text);
    }
    g_string_append_len (text, self->origin->str, self->origin->len);
    g_string_append (text, "}\n");
  }
  if (!all_valid)
    GST_WARNING_OBJECT (self, "some text was not UTF-8: U+FFFD stands in for "
        "each byte that was not");
}

static void
gst_tdengine_json_enc_class_init (GstTDengineJsonEncClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("application/x-ndjson");

  object_class->finalize = gst_tdengine_json_enc_finalize;
  object_class->set_property = gst_tdengine_json_enc_set_property;
  object_class->get_property = gst_tdengine_json_enc_get_property;
  g_object_class_install_property (object_class, PROP_ORIGIN,
      g_param_spec_boolean ("origin", "Origin",
          "Whether a last member says where the rows come from, or why they "
          "were rejected", FALSE, G_PARAM_STATIC_STRINGS | G_PARAM_READWRITE |
          GST_PARAM_MUTABLE_PLAYING));
  klass->set_schema = gst_tdengine_json_enc_set_schema;
  klass->write_rows = gst_tdengine_json_enc_write_rows;

  gst_element_class_add_pad_template (element_class,
      gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
  gst_element_class_set_static_metadata (element_class,
      "TDengine JSON encoder", "Codec/Encoder/Text",
      "Writes rows as a JSON object a line", "gst-tdengine developers");
}
