/* tdenginejsondec: lines of JSON to rows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-tdenginejsondec
 * @title: tdenginejsondec
 * @short_description: reads rows from a JSON object a line
 *
 * Makes a row of each line, which is a JSON object with the columns' names as
 * keys, however the bytes come in: what `tdenginejsonenc` writes comes back as
 * it was, but for NaN, infinities and bytes that are not UTF-8, which JSON
 * lacks. A key that is missing is NULL, one that no column has is left out.
 *
 * What the columns are is said by the `caps` property or a capsfilter behind
 * the element. Otherwise a `tdenginesink` behind it is asked for the columns of
 * its table, all of which are written. With `guess=true` and neither of them, types are guessed from the
 * first 64 KiB: a column whose every value is an integer is BIGINT, a number
 * DOUBLE, `true` or `false` BOOL, a string with a time in ISO 8601 TIMESTAMP,
 * anything else VARCHAR, four times as long as the longest value seen. Integers
 * in the first column are a TIMESTAMP.
 *
 * A string may stand where a number is expected, as decimals do; integers and
 * decimals are exact in either form. A JSON column gets its value as it is
 * written, a VARCHAR or an NCHAR one that is no string, too.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=meters.jsonl ! tdenginejsondec guess=true ! tdenginecsvenc ! fdsink
 * ]| Shows a file as CSV.
 *
 * Since: 0.1
 */
#include <string.h>

#include "elements.h"
#include "gsttdenginejson.h"
#include "gsttdenginetextdec.h"

typedef struct
{
  GstTDengineTextDec parent;

  GstTDengineSchema *schema;
  GPtrArray *names;             /* of its columns, as keys */
  guint next;                   /* the column that probably comes next */
  GByteArray *scratch;          /* strings without their escapes */
  gsize n_scratch;              /* bytes used */
} GstTDengineJsonDec;

typedef GstTDengineTextDecClass GstTDengineJsonDecClass;

GType gst_tdengine_json_dec_get_type (void);
G_DEFINE_TYPE (GstTDengineJsonDec, gst_tdengine_json_dec,
    GST_TYPE_TDENGINE_TEXT_DEC);
GST_ELEMENT_REGISTER_DEFINE (tdenginejsondec, "tdenginejsondec", GST_RANK_NONE,
    gst_tdengine_json_dec_get_type ());

static GstTDengineJsonDec *
get_self (gpointer object)
{
  return (GstTDengineJsonDec *) object;
}

static void
gst_tdengine_json_dec_init (GstTDengineJsonDec * self)
{
  self->scratch = g_byte_array_new ();
}

static void
forget_schema (GstTDengineJsonDec * self)
{
  g_clear_pointer (&self->schema, gst_tdengine_schema_unref);
  g_clear_pointer (&self->names, g_ptr_array_unref);
  self->next = 0;
}

static void
gst_tdengine_json_dec_finalize (GObject * object)
{
  GstTDengineJsonDec *self = get_self (object);

  forget_schema (self);
  g_byte_array_unref (self->scratch);
  G_OBJECT_CLASS (gst_tdengine_json_dec_parent_class)->finalize (object);
}

static gboolean
gst_tdengine_json_dec_start (GstTDengineTextDec * dec, gboolean * has_head)
{
  *has_head = FALSE;
  return TRUE;
}

/* a string has its newlines escaped */
static gsize
gst_tdengine_json_dec_find_end (GstTDengineTextDec * dec, const gchar * text,
    gsize size, GstTDengineScan * scan)
{
  const gchar *newline = memchr (text + scan->at, '\n', size - scan->at);

  scan->at = size;
  return newline ? newline + 1 - text : 0;
}

static gboolean
gst_tdengine_json_dec_is_blank (GstTDengineTextDec * dec, const gchar * line,
    gsize size)
{
  for (gsize i = 0; i < size; i++) {
    if (line[i] != ' ' && line[i] != '\t' && line[i] != '\r')
      return FALSE;
  }
  return TRUE;
}

/* which members lines have is not known before they all are read */
static GstTDengineSchema *
gst_tdengine_json_dec_pick_columns (GstTDengineTextDec * dec,
    GstTDengineSchema * table, GError ** error)
{
  return gst_tdengine_schema_ref (table);
}

static gboolean
gst_tdengine_json_dec_set_schema (GstTDengineTextDec * dec,
    GstTDengineSchema * schema, GError ** error)
{
  GstTDengineJsonDec *self = get_self (dec);

  forget_schema (self);
  self->schema = gst_tdengine_schema_ref (schema);
  self->names = gst_tdengine_json_make_names (schema);
  return TRUE;
}

/* members */

static gboolean
refuse (GError ** error, const gchar * what)
{
  g_set_error_literal (error, GST_TDENGINE_ERROR,
      GST_TDENGINE_ERROR_INVALID_VALUE, what);
  return FALSE;
}

static gboolean
refuse_place (GError ** error, const GstTDengineJsonReader * reader,
    const gchar * line)
{
  g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE,
      "It is not valid JSON from byte %" G_GSIZE_FORMAT " on",
      reader->at - line);
  return FALSE;
}

/* no string is longer in scratch than it is in the line */
static gboolean
begin_line (GstTDengineJsonDec * self, GstTDengineJsonReader * reader,
    GError ** error)
{
  gsize size = reader->end - reader->at;

  if (self->scratch->len < size)
    g_byte_array_set_size (self->scratch, size);
  self->n_scratch = 0;
  return gst_tdengine_json_begin_object (reader)
      || refuse (error, "It is no JSON object in UTF-8");
}

static gboolean
unescape (GstTDengineJsonDec * self, GstTDengineJsonPart * part,
    GError ** error)
{
  gchar *out = (gchar *) self->scratch->data + self->n_scratch;

  if (!gst_tdengine_json_unescape (part, out))
    return refuse (error, "It holds half a surrogate pair, which is no "
        "character");
  if (part->text == out)
    self->n_scratch += part->size;
  return TRUE;
}

static gboolean
is_string (const GstTDengineJsonPart * value)
{
  return value->text[0] == '"';
}

static gboolean
is_null (const GstTDengineJsonPart * value)
{
  return value->text[0] == 'n';
}

static gboolean
unquote (GstTDengineJsonDec * self, GstTDengineJsonPart * value,
    GError ** error)
{
  value->text++;
  value->size -= 2;
  return unescape (self, value, error);
}

static gboolean
is_name (GstTDengineJsonDec * self, guint column,
    const GstTDengineJsonPart * name)
{
  const gchar *other = g_ptr_array_index (self->names, column);

  return strncmp (other, name->text, name->size) == 0 && other[name->size] == 0;
}

/* mostly members are in the order of the columns; -1: it is none of them */
static gint
find_column (GstTDengineJsonDec * self, const GstTDengineJsonPart * name)
{
  guint n_columns = self->names->len;

  for (guint i = 0; i < n_columns; i++) {
    guint column = (self->next + i) % n_columns;

    if (is_name (self, column, name)) {
      self->next = column + 1;
      return column;
    }
  }
  return -1;
}

static gboolean
take_member (GstTDengineJsonDec * self, GstTDengineJsonPart * name,
    GstTDengineJsonPart * value, GstTDengineField * fields, GError ** error)
{
  gint column;

  if (!unescape (self, name, error))
    return FALSE;
  column = find_column (self, name);
  if (column < 0)
    return TRUE;
  fields[column].text = NULL;   /* a name that came before does not count */
  if (is_null (value))
    return TRUE;
  if (is_string (value)
      && gst_tdengine_schema_get_column (self->schema, column)->type !=
      GST_TDENGINE_TYPE_JSON && !unquote (self, value, error))
    return FALSE;
  fields[column].text = value->text;
  fields[column].size = value->size;
  return TRUE;
}

static gboolean
gst_tdengine_json_dec_read_line (GstTDengineTextDec * dec, const gchar * line,
    gsize size, GstTDengineField * fields, GError ** error)
{
  GstTDengineJsonDec *self = get_self (dec);
  GstTDengineJsonReader reader = { line, line + size };
  GstTDengineJsonPart name, value;
  GstTDengineJsonStep step;

  self->next = 0;
  if (!begin_line (self, &reader, error))
    return FALSE;
  while ((step = gst_tdengine_json_next_member (&reader, &name, &value))
      == GST_TDENGINE_JSON_MEMBER) {
    if (!take_member (self, &name, &value, fields, error))
      return FALSE;
  }
  return step == GST_TDENGINE_JSON_END || refuse_place (error, &reader, line);
}

static gboolean
guess_member (GstTDengineJsonDec * self, GstTDengineJsonPart * name,
    GstTDengineJsonPart * value, GstTDengineGuess * guess)
{
  gboolean quoted = is_string (value);

  if (!unescape (self, name, NULL) || (quoted && !unquote (self, value, NULL)))
    return FALSE;

  g_autofree gchar *key = g_strndup (name->text, name->size);
  gint column = gst_tdengine_guess_find_column (guess, key);
  if (column < 0)
    column = gst_tdengine_guess_add_column (guess, key);
  if (quoted || !is_null (value))
    gst_tdengine_guess_add_value (guess, column, value->text, value->size,
        quoted);
  return TRUE;
}

/* what is wrong with a line is said when it is read */
static gboolean
gst_tdengine_json_dec_guess_line (GstTDengineTextDec * dec, const gchar * line,
    gsize size, GstTDengineGuess * guess, GError ** error)
{
  GstTDengineJsonDec *self = get_self (dec);
  GstTDengineJsonReader reader = { line, line + size };
  GstTDengineJsonPart name, value;

  if (!begin_line (self, &reader, NULL))
    return TRUE;
  while (gst_tdengine_json_next_member (&reader, &name, &value)
      == GST_TDENGINE_JSON_MEMBER && guess_member (self, &name, &value, guess));
  return TRUE;
}

static void
gst_tdengine_json_dec_class_init (GstTDengineJsonDecClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_tdengine_json_dec_finalize;
  klass->start = gst_tdengine_json_dec_start;
  klass->find_end = gst_tdengine_json_dec_find_end;
  klass->is_blank = gst_tdengine_json_dec_is_blank;
  klass->pick_columns = gst_tdengine_json_dec_pick_columns;
  klass->set_schema = gst_tdengine_json_dec_set_schema;
  klass->guess_line = gst_tdengine_json_dec_guess_line;
  klass->read_line = gst_tdengine_json_dec_read_line;

  gst_tdengine_text_dec_class_set_media_type (klass, "application/x-ndjson");
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "TDengine JSON decoder", "Codec/Decoder/Text",
      "Reads rows from a JSON object a line", "gst-tdengine developers");
}
