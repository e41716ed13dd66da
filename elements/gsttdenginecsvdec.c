/* tdenginecsvdec: CSV to rows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-tdenginecsvdec
 * @title: tdenginecsvdec
 * @short_description: reads rows from comma-separated values
 *
 * Makes rows of lines of CSV, however the bytes come in: what `tdenginecsvenc`
 * writes comes back as it was. Lines end with a newline, or a carriage return
 * and a newline; a field in quotes may hold ends of lines. The last line needs
 * no end.
 *
 * What the columns are is said by the `caps` property or a capsfilter behind
 * the element; columns of the file that the caps lack are left out. Otherwise
 * a `tdenginesink` behind it is asked for the columns of its table, which has
 * to have all of the file's. With `guess=true` and neither of them, types are guessed from the first 64 KiB: a
 * column whose every value is an integer is BIGINT, a number DOUBLE, `true` or
 * `false` BOOL, a time in ISO 8601 TIMESTAMP, anything else VARCHAR, four times
 * as long as the longest value seen. Integers in the first column are a
 * TIMESTAMP.
 *
 * Values have the form in which the encoder writes them, and some more, see
 * gst_tdengine_rows_builder_append_text(). A field that is `null-text`, without
 * quotes, is NULL.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 filesrc location=meters.csv ! tdenginecsvdec guess=true ! tdenginejsonenc ! fdsink
 * ]| Shows a file as JSON.
 *
 * Since: 0.1
 */
#include <string.h>

#include "elements.h"
#include "gsttdengineelement.h"
#include "gsttdenginetextdec.h"

GST_DEBUG_CATEGORY_STATIC (csv_dec_debug);
#define GST_CAT_DEFAULT csv_dec_debug

#define DEFAULT_HEADER TRUE
#define DEFAULT_DELIMITER ","
#define DEFAULT_NULL_TEXT ""

#define refuse(error, ...) \
  (g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE, \
      __VA_ARGS__), FALSE)

enum
{
  PROP_0,
  PROP_HEADER,
  PROP_DELIMITER,
  PROP_COLUMNS,
  PROP_NULL_TEXT,
};

typedef struct
{
  GstTDengineTextDec parent;

  gboolean header;              /* properties, under the object lock */
  gchar *delimiter;
  gchar *columns;
  gchar *null_text;

  gchar separator;              /* the properties' values while running */
  gchar *null;
  gsize null_size;

  GPtrArray *names;             /* of the file's columns, NULL: not known */
  GArray *places;               /* gint: which of the schema's each is, or -1 */
  GByteArray *scratch;          /* fields without their doubled quotes */
} GstTDengineCsvDec;

typedef GstTDengineTextDecClass GstTDengineCsvDecClass;

GType gst_tdengine_csv_dec_get_type (void);
G_DEFINE_TYPE_WITH_CODE (GstTDengineCsvDec, gst_tdengine_csv_dec,
    GST_TYPE_TDENGINE_TEXT_DEC,
    GST_DEBUG_CATEGORY_INIT (csv_dec_debug, "tdenginecsvdec", 0,
        "CSV to TDengine rows"));
GST_ELEMENT_REGISTER_DEFINE (tdenginecsvdec, "tdenginecsvdec", GST_RANK_NONE,
    gst_tdengine_csv_dec_get_type ());

static GstTDengineCsvDec *
get_self (gpointer object)
{
  return (GstTDengineCsvDec *) object;
}

static void
gst_tdengine_csv_dec_init (GstTDengineCsvDec * self)
{
  self->header = DEFAULT_HEADER;
  self->delimiter = g_strdup (DEFAULT_DELIMITER);
  self->null_text = g_strdup (DEFAULT_NULL_TEXT);
  self->places = g_array_new (FALSE, FALSE, sizeof (gint));
  self->scratch = g_byte_array_new ();
}

static void
gst_tdengine_csv_dec_finalize (GObject * object)
{
  GstTDengineCsvDec *self = get_self (object);

  g_free (self->delimiter);
  g_free (self->columns);
  g_free (self->null_text);
  g_free (self->null);
  g_clear_pointer (&self->names, g_ptr_array_unref);
  g_array_unref (self->places);
  g_byte_array_unref (self->scratch);
  G_OBJECT_CLASS (gst_tdengine_csv_dec_parent_class)->finalize (object);
}

static void
replace (gchar ** text, const GValue * value)
{
  g_free (*text);
  *text = g_value_dup_string (value);
}

static void
gst_tdengine_csv_dec_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstTDengineCsvDec *self = get_self (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_HEADER:
      self->header = g_value_get_boolean (value);
      break;
    case PROP_DELIMITER:
      replace (&self->delimiter, value);
      break;
    case PROP_COLUMNS:
      replace (&self->columns, value);
      break;
    case PROP_NULL_TEXT:
      replace (&self->null_text, value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_tdengine_csv_dec_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstTDengineCsvDec *self = get_self (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_HEADER:
      g_value_set_boolean (value, self->header);
      break;
    case PROP_DELIMITER:
      g_value_set_string (value, self->delimiter);
      break;
    case PROP_COLUMNS:
      g_value_set_string (value, self->columns);
      break;
    case PROP_NULL_TEXT:
      g_value_set_string (value, self->null_text);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/* lines */

enum
{
  FIELD_BEGINS,
  FIELD_IS_BARE,
  FIELD_IS_QUOTED,
  QUOTE_IN_QUOTES,              /* the end of the field, or the first of two */
};

static guint
step (GstTDengineCsvDec * self, guint state, gchar c)
{
  switch (state) {
    case FIELD_IS_QUOTED:
      return c == '"' ? QUOTE_IN_QUOTES : FIELD_IS_QUOTED;
    case QUOTE_IN_QUOTES:
      if (c == '"')
        return FIELD_IS_QUOTED;
      break;
    case FIELD_BEGINS:
      if (c == '"')
        return FIELD_IS_QUOTED;
      break;
    default:
      break;
  }
  return c == self->separator ? FIELD_BEGINS : FIELD_IS_BARE;
}

/* what may stand behind the quote that ends a field */
static gboolean
may_end_field (GstTDengineCsvDec * self, gchar c)
{
  return c == self->separator || c == '"' || c == '\r' || c == '\n';
}

/* Where a quoted field is followed by what can't follow one, some quote before
 * was none: the line ends where it does without quotes. */
static gsize
find_end_of_quotes (GstTDengineCsvDec * self, const gchar * text, gsize size,
    GstTDengineScan * scan)
{
  for (; scan->at < size; scan->at++) {
    gchar c = text[scan->at];

    if (c == '\n' && scan->state != FIELD_IS_QUOTED)
      return scan->at + 1;
    if (scan->state == QUOTE_IN_QUOTES && !may_end_field (self, c)) {
      const gchar *newline = memchr (text, '\n', scan->at);

      if (newline)
        return newline + 1 - text;
    }
    scan->state = step (self, scan->state, c);
  }
  return 0;
}

/* lines with no quote in them, which are most, need no look at each byte */
static gsize
gst_tdengine_csv_dec_find_end (GstTDengineTextDec * dec, const gchar * text,
    gsize size, GstTDengineScan * scan)
{
  const gchar *newline = NULL;

  if (scan->at == 0) {
    newline = memchr (text, '\n', size);
    if (newline && !memchr (text, '"', newline - text))
      return newline + 1 - text;
  }
  return find_end_of_quotes (get_self (dec), text, size, scan);
}

/* an empty line is a row where a column is all it has */
static gboolean
gst_tdengine_csv_dec_is_blank (GstTDengineTextDec * dec, const gchar * line,
    gsize size)
{
  GstTDengineCsvDec *self = get_self (dec);

  return size == 0 && !(self->names ? self->names->len == 1 :
      self->places->len == 1);
}

/* fields */

typedef struct
{
  const gchar *at;
  const gchar *end;             /* NULL behind the last field */
  gsize n_scratch;              /* bytes used */
} Cursor;

/* no field is longer in scratch than it is in the line */
static Cursor
begin_line (GstTDengineCsvDec * self, const gchar * line, gsize size)
{
  if (self->scratch->len < size)
    g_byte_array_set_size (self->scratch, size);
  Cursor cursor = { line, line + size };
  return cursor;
}

static void
next_bare (GstTDengineCsvDec * self, Cursor * cursor, GstTDengineField * field)
{
  const gchar *end = memchr (cursor->at, self->separator,
      cursor->end - cursor->at);

  field->text = cursor->at;
  field->size = (end ? end : cursor->end) - cursor->at;
  if (field->size == self->null_size
      && memcmp (field->text, self->null, field->size) == 0)
    field->text = NULL;
  cursor->at += field->size;
}

/* to where fields without their doubled quotes are kept */
static void
keep (GstTDengineCsvDec * self, Cursor * cursor, const gchar * text, gsize size)
{
  memcpy (self->scratch->data + cursor->n_scratch, text, size);
  cursor->n_scratch += size;
}

static gboolean
next_quoted (GstTDengineCsvDec * self, Cursor * cursor,
    GstTDengineField * field, GError ** error)
{
  const gchar *run = ++cursor->at, *quote;
  gsize start = cursor->n_scratch;

  while (TRUE) {
    quote = memchr (cursor->at, '"', cursor->end - cursor->at);
    if (!quote)
      return refuse (error, "A quote has no other that ends the field");
    cursor->at = quote + 1;
    if (cursor->at == cursor->end || *cursor->at != '"')
      break;
    keep (self, cursor, run, cursor->at - run);
    run = ++cursor->at;
  }
  if (cursor->at < cursor->end && *cursor->at != self->separator)
    return refuse (error, "Text follows the quote that ends a field");
  if (cursor->n_scratch == start) {
    field->text = run;
    field->size = quote - run;
    return TRUE;
  }
  keep (self, cursor, run, quote - run);
  field->text = (gchar *) self->scratch->data + start;
  field->size = cursor->n_scratch - start;
  return TRUE;
}

/* FALSE with an error, or behind the last field */
static gboolean
next_field (GstTDengineCsvDec * self, Cursor * cursor,
    GstTDengineField * field, GError ** error)
{
  if (!cursor->end)
    return FALSE;
  if (cursor->at == cursor->end || *cursor->at != '"')
    next_bare (self, cursor, field);
  else if (!next_quoted (self, cursor, field, error))
    return FALSE;
  if (cursor->at == cursor->end)
    cursor->end = NULL;
  else
    cursor->at++;
  return TRUE;
}

/* columns */

static gboolean
take_names (GstTDengineCsvDec * self, const gchar * line, gsize size,
    GError ** error)
{
  g_autoptr (GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  Cursor cursor = begin_line (self, line, size);
  g_autoptr (GError) local = NULL;
  GstTDengineField field;

  while (next_field (self, &cursor, &field, &local)) {
    if (!field.text || field.size == 0)
      return refuse (error, "The name of column %u is empty", names->len + 1);
    if (!g_utf8_validate_len (field.text, field.size, NULL))
      return refuse (error, "The name of column %u is not UTF-8",
          names->len + 1);
    g_ptr_array_add (names, g_strndup (field.text, field.size));
  }
  if (local) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  g_clear_pointer (&self->names, g_ptr_array_unref);
  self->names = g_steal_pointer (&names);
  return TRUE;
}

static gboolean
gst_tdengine_csv_dec_start (GstTDengineTextDec * dec, gboolean * has_head)
{
  GstTDengineCsvDec *self = get_self (dec);
  g_autofree gchar *delimiter = NULL, *columns = NULL;
  g_autoptr (GError) error = NULL;

  g_clear_pointer (&self->null, g_free);
  g_clear_pointer (&self->names, g_ptr_array_unref);
  g_array_set_size (self->places, 0);
  g_object_get (self, "delimiter", &delimiter, "header", has_head,
      "columns", &columns, "null-text", &self->null, NULL);
  if (!gst_tdengine_element_check_delimiter (GST_ELEMENT (self), delimiter))
    return FALSE;
  self->separator = delimiter[0];
  if (!self->null)
    self->null = g_strdup ("");
  self->null_size = strlen (self->null);
  if (!columns || take_names (self, columns, strlen (columns), &error))
    return TRUE;
  GST_ELEMENT_ERROR (self, LIBRARY, SETTINGS,
      ("The columns property is no line of names: %s.", error->message),
      (NULL));
  return FALSE;
}

/* the names that the columns property gives go before */
static gboolean
gst_tdengine_csv_dec_read_head (GstTDengineTextDec * dec, const gchar * line,
    gsize size, GError ** error)
{
  GstTDengineCsvDec *self = get_self (dec);

  GST_OBJECT_LOCK (self);
  gboolean is_named = self->columns != NULL;
  GST_OBJECT_UNLOCK (self);
  return is_named || take_names (self, line, size, error);
}

/* Of columns that share a name the first is the first, and so on. */
static gint
find_place (GstTDengineSchema * schema, const gchar * name, gboolean * taken)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    if (!taken[i]
        && g_str_equal (gst_tdengine_schema_get_column (schema, i)->name, name)) {
      taken[i] = TRUE;
      return i;
    }
  }
  return -1;
}

static gboolean
check_all_taken (GstTDengineSchema * schema, const gboolean * taken,
    GError ** error)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    if (!taken[i])
      return refuse (error, "The caps have a column \"%s\", which the text "
          "lacks", gst_tdengine_schema_get_column (schema, i)->name);
  }
  return TRUE;
}

static GstTDengineSchema *
gst_tdengine_csv_dec_pick_columns (GstTDengineTextDec * dec,
    GstTDengineSchema * table, GError ** error)
{
  GPtrArray *names = get_self (dec)->names;

  if (!names)
    return gst_tdengine_schema_ref (table);
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (gst_tdengine_schema_get_precision (table));
  for (guint i = 0; i < names->len; i++) {
    const gchar *name = g_ptr_array_index (names, i);
    gint index = gst_tdengine_schema_find (table, name);

    if (index < 0) {
      g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_SCHEMA,
          "The table has no column \"%s\"", name);
      return NULL;
    }
    if (!gst_tdengine_schema_append (schema,
            gst_tdengine_schema_get_column (table, index), error))
      return NULL;
  }
  return g_steal_pointer (&schema);
}

static gboolean
gst_tdengine_csv_dec_set_schema (GstTDengineTextDec * dec,
    GstTDengineSchema * schema, GError ** error)
{
  GstTDengineCsvDec *self = get_self (dec);
  guint n_columns = gst_tdengine_schema_get_n_columns (schema);
  g_autofree gboolean *taken = g_new0 (gboolean, n_columns);

  g_array_set_size (self->places, 0);
  if (!self->names) {
    for (gint i = 0; i < (gint) n_columns; i++)
      g_array_append_val (self->places, i);
    return TRUE;
  }
  for (guint i = 0; i < self->names->len; i++) {
    const gchar *name = g_ptr_array_index (self->names, i);
    gint place = find_place (schema, name, taken);

    if (place < 0)
      GST_INFO_OBJECT (self, "column \"%s\" is left out", name);
    g_array_append_val (self->places, place);
  }
  return check_all_taken (schema, taken, error);
}

static void
add_column (gpointer name, gpointer guess)
{
  gst_tdengine_guess_add_column (guess, name);
}

static gboolean
gst_tdengine_csv_dec_guess_line (GstTDengineTextDec * dec, const gchar * line,
    gsize size, GstTDengineGuess * guess, GError ** error)
{
  GstTDengineCsvDec *self = get_self (dec);
  Cursor cursor = begin_line (self, line, size);
  GstTDengineField field;

  if (!self->names)
    return refuse (error, "Without a header the columns property has to name "
        "them");
  if (gst_tdengine_guess_get_n_columns (guess) == 0)
    g_ptr_array_foreach (self->names, add_column, guess);
  /* what is wrong with a line is said when it is read */
  for (guint i = 0; i < self->names->len
      && next_field (self, &cursor, &field, NULL); i++) {
    if (field.text)
      gst_tdengine_guess_add_value (guess, i, field.text, field.size, FALSE);
  }
  return TRUE;
}

static guint
count_left (GstTDengineCsvDec * self, Cursor * cursor)
{
  GstTDengineField field;
  guint n = 0;

  while (next_field (self, cursor, &field, NULL))
    n++;
  return n;
}

static gboolean
gst_tdengine_csv_dec_read_line (GstTDengineTextDec * dec, const gchar * line,
    gsize size, GstTDengineField * fields, GError ** error)
{
  GstTDengineCsvDec *self = get_self (dec);
  Cursor cursor = begin_line (self, line, size);
  g_autoptr (GError) local = NULL;

  for (guint i = 0; i < self->places->len; i++) {
    gint place = g_array_index (self->places, gint, i);
    GstTDengineField field;

    if (!next_field (self, &cursor, &field, &local)) {
      if (!local)
        return refuse (error, "Expected %u fields but there are %u",
            self->places->len, i);
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
    if (place >= 0)
      fields[place] = field;
  }
  if (cursor.end)
    return refuse (error, "Expected %u fields but there are %u",
        self->places->len, self->places->len + count_left (self, &cursor));
  return TRUE;
}

static void
gst_tdengine_csv_dec_class_init (GstTDengineCsvDecClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  const GParamFlags flags =
      G_PARAM_STATIC_STRINGS | G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY;

  object_class->finalize = gst_tdengine_csv_dec_finalize;
  object_class->set_property = gst_tdengine_csv_dec_set_property;
  object_class->get_property = gst_tdengine_csv_dec_get_property;
  klass->start = gst_tdengine_csv_dec_start;
  klass->find_end = gst_tdengine_csv_dec_find_end;
  klass->is_blank = gst_tdengine_csv_dec_is_blank;
  klass->read_head = gst_tdengine_csv_dec_read_head;
  klass->pick_columns = gst_tdengine_csv_dec_pick_columns;
  klass->set_schema = gst_tdengine_csv_dec_set_schema;
  klass->guess_line = gst_tdengine_csv_dec_guess_line;
  klass->read_line = gst_tdengine_csv_dec_read_line;

  g_object_class_install_property (object_class, PROP_HEADER,
      g_param_spec_boolean ("header", "Header",
          "The first line names the columns", DEFAULT_HEADER, flags));
  g_object_class_install_property (object_class, PROP_DELIMITER,
      g_param_spec_string ("delimiter", "Delimiter",
          "What stands between two fields: one printable ASCII character "
          "other than a quote, or a tab", DEFAULT_DELIMITER, flags));
  g_object_class_install_property (object_class, PROP_COLUMNS,
      g_param_spec_string ("columns", "Columns",
          "Names of the columns, written as in a header, in place of one; "
          "unset, without a header those of the caps", NULL, flags));
  g_object_class_install_property (object_class, PROP_NULL_TEXT,
      g_param_spec_string ("null-text", "NULL text",
          "What a field without quotes holds where it is NULL",
          DEFAULT_NULL_TEXT, flags));

  gst_tdengine_text_dec_class_set_media_type (klass, "text/csv");
  gst_element_class_set_static_metadata (GST_ELEMENT_CLASS (klass),
      "TDengine CSV decoder", "Codec/Decoder/Text",
      "Reads rows from comma-separated values", "gst-tdengine developers");
}
