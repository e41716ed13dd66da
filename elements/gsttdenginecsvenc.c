/* tdenginecsvenc: rows to CSV
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-tdenginecsvenc
 * @title: tdenginecsvenc
 * @short_description: writes rows as comma-separated values
 *
 * Writes each buffer of rows as lines of CSV, as RFC 4180 describes it but for
 * the end of a line, which is a newline alone. The first line names the
 * columns, even where no rows follow; where rows with other columns come, or a
 * flush may have thrown the first line away, there is such a line again.
 *
 * A NULL is an empty field, an empty string a quoted empty field (`""`); so a
 * row whose only column is NULL is an empty line. A field is quoted where it
 * holds the delimiter, a quote or an end of line, or begins or ends with a
 * space. Times are RFC 3339 in UTC with the digits of their precision (a time
 * beyond the years 1 to 9999 is a number), floats have as few digits as read
 * back the same, decimals are exact, binary is in lower-case hex. The bytes of
 * a VARCHAR go out as they are, even where they are not UTF-8.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 tdenginesrc uri=taos+ws://localhost:6041/power query="select * from meters" ! tdenginecsvenc ! filesink location=meters.csv
 * ]| Writes a table to a file.
 *
 * Since: 0.1
 */
#include <string.h>

#include "elements.h"
#include "gsttdengineelement.h"
#include "gsttdenginetextenc.h"

#define DEFAULT_HEADER TRUE
#define DEFAULT_DELIMITER ","

enum
{
  PROP_0,
  PROP_HEADER,
  PROP_DELIMITER,
};

typedef struct
{
  GstTDengineTextEnc parent;

  gboolean header;              /* properties, under the object lock */
  gchar *delimiter;

  gchar separator;              /* the properties' values while running */
  gboolean has_header;
  gboolean quotable[256];       /* bytes that a bare field can't hold */
} GstTDengineCsvEnc;

typedef GstTDengineTextEncClass GstTDengineCsvEncClass;

GType gst_tdengine_csv_enc_get_type (void);
G_DEFINE_TYPE (GstTDengineCsvEnc, gst_tdengine_csv_enc,
    GST_TYPE_TDENGINE_TEXT_ENC);
GST_ELEMENT_REGISTER_DEFINE (tdenginecsvenc, "tdenginecsvenc", GST_RANK_NONE,
    gst_tdengine_csv_enc_get_type ());

static GstTDengineCsvEnc *
get_self (gpointer object)
{
  return (GstTDengineCsvEnc *) object;
}

static void
gst_tdengine_csv_enc_init (GstTDengineCsvEnc * self)
{
  self->header = DEFAULT_HEADER;
  self->delimiter = g_strdup (DEFAULT_DELIMITER);
}

static void
gst_tdengine_csv_enc_finalize (GObject * object)
{
  g_free (get_self (object)->delimiter);
  G_OBJECT_CLASS (gst_tdengine_csv_enc_parent_class)->finalize (object);
}

static void
gst_tdengine_csv_enc_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstTDengineCsvEnc *self = get_self (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_HEADER:
      self->header = g_value_get_boolean (value);
      break;
    case PROP_DELIMITER:
      g_free (self->delimiter);
      self->delimiter = g_value_dup_string (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_tdengine_csv_enc_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstTDengineCsvEnc *self = get_self (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_HEADER:
      g_value_set_boolean (value, self->header);
      break;
    case PROP_DELIMITER:
      g_value_set_string (value, self->delimiter);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static gboolean
gst_tdengine_csv_enc_start (GstBaseTransform * trans)
{
  GstTDengineCsvEnc *self = get_self (trans);
  g_autofree gchar *delimiter = NULL;

  g_object_get (self, "delimiter", &delimiter, "header", &self->has_header,
      NULL);
  if (!gst_tdengine_element_check_delimiter (GST_ELEMENT (self), delimiter))
    return FALSE;

  self->separator = delimiter[0];
  memset (self->quotable, 0, sizeof self->quotable);
  self->quotable['"'] = TRUE;
  self->quotable['\r'] = TRUE;
  self->quotable['\n'] = TRUE;
  self->quotable[(guint8) self->separator] = TRUE;
  return TRUE;
}

/* Puts quotes around the end of a text, in place: from its last byte to its
 * first, so that no byte is overwritten before it has moved. */
static void
quote (GString * text, gsize start, gsize n_quotes)
{
  gsize from = text->len;

  g_string_set_size (text, text->len + n_quotes + 2);
  gsize to = text->len;
  text->str[--to] = '"';
  while (from > start) {
    gchar c = text->str[--from];

    text->str[--to] = c;
    if (c == '"')
      text->str[--to] = '"';
  }
  text->str[--to] = '"';
}

/* what a field holds is at the end of the text, from start on */
static void
finish_field (GstTDengineCsvEnc * self, GString * text, gsize start)
{
  gboolean needs_quotes = text->len == start || text->str[start] == ' '
      || text->str[text->len - 1] == ' ';
  gsize n_quotes = 0;

  for (gsize i = start; i < text->len; i++) {
    needs_quotes |= self->quotable[(guint8) text->str[i]];
    n_quotes += text->str[i] == '"';
  }
  if (needs_quotes)
    quote (text, start, n_quotes);
}

static void
gst_tdengine_csv_enc_set_schema (GstTDengineTextEnc * enc,
    GstTDengineSchema * schema, GString * head)
{
  GstTDengineCsvEnc *self = get_self (enc);

  if (!self->has_header)
    return;
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    if (i > 0)
      g_string_append_c (head, self->separator);
    gsize start = head->len;
    g_string_append (head, gst_tdengine_schema_get_column (schema, i)->name);
    finish_field (self, head, start);
  }
  g_string_append_c (head, '\n');
}

static void
write_field (GstTDengineCsvEnc * self, GstTDengineRows * rows, guint column,
    guint row, GString * text)
{
  gsize start = text->len;

  if (gst_tdengine_rows_is_null (rows, column, row))
    return;
  gst_tdengine_rows_append_text (rows, column, row, text);
  finish_field (self, text, start);
}

static void
gst_tdengine_csv_enc_write_rows (GstTDengineTextEnc * enc,
    GstTDengineRows * rows, GString * text)
{
  GstTDengineCsvEnc *self = get_self (enc);
  guint n_rows = gst_tdengine_rows_get_n_rows (rows);
  guint n_columns =
      gst_tdengine_schema_get_n_columns (gst_tdengine_rows_get_schema (rows));

  for (guint row = 0; row < n_rows; row++) {
    for (guint column = 0; column < n_columns; column++) {
      if (column > 0)
        g_string_append_c (text, self->separator);
      write_field (self, rows, column, row, text);
    }
    g_string_append_c (text, '\n');
  }
}

static void
gst_tdengine_csv_enc_class_init (GstTDengineCsvEncClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("text/csv");

  object_class->finalize = gst_tdengine_csv_enc_finalize;
  object_class->set_property = gst_tdengine_csv_enc_set_property;
  object_class->get_property = gst_tdengine_csv_enc_get_property;
  GST_BASE_TRANSFORM_CLASS (klass)->start = gst_tdengine_csv_enc_start;
  klass->set_schema = gst_tdengine_csv_enc_set_schema;
  klass->write_rows = gst_tdengine_csv_enc_write_rows;

  /**
   * tdenginecsvenc:header:
   *
   * Whether a line with the names of the columns comes before the rows.
   */
  g_object_class_install_property (object_class, PROP_HEADER,
      g_param_spec_boolean ("header", "Header",
          "Write a line with the names of the columns before the rows",
          DEFAULT_HEADER, G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
          GST_PARAM_MUTABLE_READY));
  /**
   * tdenginecsvenc:delimiter:
   *
   * What stands between two fields.
   */
  g_object_class_install_property (object_class, PROP_DELIMITER,
      g_param_spec_string ("delimiter", "Delimiter",
          "What stands between two fields: one printable ASCII character "
          "other than a quote, or a tab", DEFAULT_DELIMITER,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
          GST_PARAM_MUTABLE_READY));

  gst_element_class_add_pad_template (element_class,
      gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
  gst_element_class_set_static_metadata (element_class,
      "TDengine CSV encoder", "Codec/Encoder/Text",
      "Writes rows as comma-separated values", "gst-tdengine developers");
}
