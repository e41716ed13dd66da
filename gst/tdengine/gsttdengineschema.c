/* tdengine schema: the columns of a row, to and from caps
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdengineschema.h"
#include "gsttdengineerror.h"

#define MAX_COLUMNS 4096
#define MAX_DECIMAL64_DIGITS 18
#define MAX_DECIMAL_DIGITS 38

struct _GstTDengineSchema
{
  gatomicrefcount ref_count;
  GstTDenginePrecision precision;
  GArray *columns;              /* GstTDengineColumn */
};

static GstTDengineColumn *
gst_tdengine_column_copy (const GstTDengineColumn * column)
{
  GstTDengineColumn *copy = g_new (GstTDengineColumn, 1);

  *copy = *column;
  copy->name = g_strdup (column->name);
  return copy;
}

static void
gst_tdengine_column_free (GstTDengineColumn * column)
{
  g_free (column->name);
  g_free (column);
}

static void
clear_column (gpointer column)
{
  g_free (((GstTDengineColumn *) column)->name);
}

G_DEFINE_BOXED_TYPE (GstTDengineColumn, gst_tdengine_column,
    gst_tdengine_column_copy, gst_tdengine_column_free);
G_DEFINE_BOXED_TYPE (GstTDengineSchema, gst_tdengine_schema,
    gst_tdengine_schema_ref, gst_tdengine_schema_unref);

/**
 * gst_tdengine_schema_new:
 * @precision: the unit of every TIMESTAMP
 *
 * Makes a schema without columns.
 *
 * Returns: (transfer full): a schema, to be filled with
 *   [method@GstTDengine.Schema.append]
 */
GstTDengineSchema *
gst_tdengine_schema_new (GstTDenginePrecision precision)
{
  GstTDengineSchema *self = g_new (GstTDengineSchema, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->precision = precision;
  self->columns = g_array_new (FALSE, FALSE, sizeof (GstTDengineColumn));
  g_array_set_clear_func (self->columns, clear_column);
  return self;
}

/**
 * gst_tdengine_schema_ref:
 * @schema: a schema
 *
 * Takes a reference. Any thread may.
 *
 * Returns: (transfer full): @schema
 */
GstTDengineSchema *
gst_tdengine_schema_ref (GstTDengineSchema * schema)
{
  g_atomic_ref_count_inc (&schema->ref_count);
  return schema;
}

/**
 * gst_tdengine_schema_unref:
 * @schema: (transfer full): a schema
 *
 * Gives a reference back. Any thread may.
 */
void
gst_tdengine_schema_unref (GstTDengineSchema * schema)
{
  if (!g_atomic_ref_count_dec (&schema->ref_count))
    return;
  g_array_unref (schema->columns);
  g_free (schema);
}

static gboolean
is_decimal (const GstTDengineColumn * column)
{
  return column->type == GST_TDENGINE_TYPE_DECIMAL
      || column->type == GST_TDENGINE_TYPE_DECIMAL64;
}

/* the digits alone tell the two decimal types apart in caps and in SQL */
static gboolean
check_decimal (const GstTDengineColumn * column, GError ** error)
{
  gboolean is_short = column->type == GST_TDENGINE_TYPE_DECIMAL64;
  guint min = is_short ? 1 : MAX_DECIMAL64_DIGITS + 1;
  guint max = is_short ? MAX_DECIMAL64_DIGITS : MAX_DECIMAL_DIGITS;

  if (column->digits >= min && column->digits <= max
      && column->scale <= column->digits)
    return TRUE;
  g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE,
      "Column \"%s\" is DECIMAL(%u,%u): expected %u to %u digits and at most "
      "as many behind the point", column->name, column->digits, column->scale,
      min, max);
  return FALSE;
}

static gboolean
check_column (const GstTDengineColumn * column, GError ** error)
{
  if (!gst_tdengine_type_is_known (column->type)) {
    g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_UNKNOWN_TYPE,
        "Column \"%s\" has type %d, which is not known", column->name,
        column->type);
    return FALSE;
  }
  if (is_decimal (column))
    return check_decimal (column, error);
  return TRUE;
}

/**
 * gst_tdengine_schema_append:
 * @schema: a schema that no one else has seen yet
 * @column: (transfer none): what to append; it is copied
 * @error: (out) (optional): return location for an error
 *
 * Appends a column.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_UNKNOWN_TYPE or
 *   %GST_TDENGINE_ERROR_INVALID_VALUE where no column can be so
 */
gboolean
gst_tdengine_schema_append (GstTDengineSchema * schema,
    const GstTDengineColumn * column, GError ** error)
{
  g_return_val_if_fail (column->name != NULL, FALSE);

  if (!check_column (column, error))
    return FALSE;
  if (schema->columns->len == MAX_COLUMNS) {
    g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE,
        "More than %d columns", MAX_COLUMNS);
    return FALSE;
  }

  GstTDengineColumn copy = *column;
  copy.name = g_strdup (column->name);
  if (!is_decimal (column))
    copy.digits = copy.scale = 0;
  g_array_append_val (schema->columns, copy);
  return TRUE;
}

static guint
get_uint (const GstStructure * structure, const gchar * field)
{
  gint value = 0;

  gst_structure_get_int (structure, field, &value);
  return MAX (value, 0);
}

static gboolean
append_structure (GstTDengineSchema * schema, const GValue * value,
    GError ** error)
{
  const GstStructure *structure =
      GST_VALUE_HOLDS_STRUCTURE (value) ? gst_value_get_structure (value) :
      NULL;
  const gchar *name =
      structure ? gst_structure_get_string (structure, "name") : NULL;
  const gchar *type =
      structure ? gst_structure_get_string (structure, "type") : NULL;

  if (!name || !type) {
    g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE,
        "Column %u of the caps has no name or no type",
        gst_tdengine_schema_get_n_columns (schema));
    return FALSE;
  }

  GstTDengineColumn column = {
    .name = (gchar *) name,
    .length = get_uint (structure, "length"),
    .digits = get_uint (structure, "digits"),
    .scale = get_uint (structure, "scale"),
  };
  column.type = gst_tdengine_type_from_name (type, column.digits);
  if (column.type == GST_TDENGINE_TYPE_NULL) {
    g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_UNKNOWN_TYPE,
        "Column \"%s\" of the caps has the unknown type \"%s\"", name, type);
    return FALSE;
  }
  return gst_tdengine_schema_append (schema, &column, error);
}

/**
 * gst_tdengine_schema_new_from_caps:
 * @caps: fixed caps of rows
 * @error: (out) (optional): return location for an error
 *
 * Reads a schema out of caps.
 *
 * Returns: (transfer full): the schema, or %NULL with an error where @caps are
 *   not those of rows
 */
GstTDengineSchema *
gst_tdengine_schema_new_from_caps (const GstCaps * caps, GError ** error)
{
  const GstStructure *structure =
      gst_caps_get_size (caps) == 1 ? gst_caps_get_structure (caps, 0) : NULL;

  if (!structure
      || !gst_structure_has_name (structure, GST_TDENGINE_ROWS_MEDIA_TYPE)) {
    g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE,
        "Expected caps of " GST_TDENGINE_ROWS_MEDIA_TYPE);
    return NULL;
  }

  const gchar *precision = gst_structure_get_string (structure, "precision");
  const GValue *columns = gst_structure_get_value (structure, "columns");
  GstTDenginePrecision unit;

  if (!precision || !gst_tdengine_precision_from_name (precision, &unit)
      || !columns || !GST_VALUE_HOLDS_ARRAY (columns)
      || gst_value_array_get_size (columns) == 0) {
    g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE,
        "Caps of rows need precision=ms, us or ns, and columns=<…>");
    return NULL;
  }

  g_autoptr (GstTDengineSchema) schema = gst_tdengine_schema_new (unit);
  for (guint i = 0; i < gst_value_array_get_size (columns); i++) {
    if (!append_structure (schema, gst_value_array_get_value (columns, i),
            error))
      return NULL;
  }
  return g_steal_pointer (&schema);
}

static GstStructure *
column_to_structure (const GstTDengineColumn * column)
{
  GstStructure *structure = gst_structure_new ("column",
      "name", G_TYPE_STRING, column->name,
      "type", G_TYPE_STRING, gst_tdengine_type_get_name (column->type),
      "row-type", G_TYPE_STRING, gst_tdengine_type_get_row_type (column->type),
      NULL);

  if (column->length > 0)
    gst_structure_set (structure, "length", G_TYPE_INT, column->length, NULL);
  if (column->digits > 0)
    gst_structure_set (structure, "digits", G_TYPE_INT, column->digits,
        "scale", G_TYPE_INT, column->scale, NULL);
  return structure;
}

/**
 * gst_tdengine_schema_to_caps:
 * @schema: a schema
 *
 * Writes a schema as caps: `precision`, and `columns` as an array of
 * structures with `name`, `type` (TDengine's word), `row-type` (Arrow's) and,
 * where they say something, `length`, `digits` and `scale`.
 *
 * Returns: (transfer full): fixed caps
 */
GstCaps *
gst_tdengine_schema_to_caps (GstTDengineSchema * schema)
{
  g_auto (GValue) columns = G_VALUE_INIT;

  gst_value_array_init (&columns, schema->columns->len);
  for (guint i = 0; i < schema->columns->len; i++) {
    GValue value = G_VALUE_INIT;

    g_value_init (&value, GST_TYPE_STRUCTURE);
    g_value_take_boxed (&value,
        column_to_structure (gst_tdengine_schema_get_column (schema, i)));
    gst_value_array_append_and_take_value (&columns, &value);
  }

  GstCaps *caps = gst_caps_new_simple (GST_TDENGINE_ROWS_MEDIA_TYPE,
      "precision", G_TYPE_STRING,
      gst_tdengine_precision_get_name (schema->precision), NULL);
  gst_caps_set_value (caps, "columns", &columns);
  return caps;
}

/**
 * gst_tdengine_schema_get_precision:
 * @schema: a schema
 *
 * Gets the unit of every TIMESTAMP.
 *
 * Returns: the precision
 */
GstTDenginePrecision
gst_tdengine_schema_get_precision (GstTDengineSchema * schema)
{
  return schema->precision;
}

/**
 * gst_tdengine_schema_get_n_columns:
 * @schema: a schema
 *
 * Gets the number of columns.
 *
 * Returns: 0 to 4096
 */
guint
gst_tdengine_schema_get_n_columns (GstTDengineSchema * schema)
{
  return schema->columns->len;
}

/**
 * gst_tdengine_schema_get_column:
 * @schema: a schema
 * @index: which column, from 0
 *
 * Gets a column.
 *
 * Returns: (transfer none): the column, valid as long as @schema
 */
const GstTDengineColumn *
gst_tdengine_schema_get_column (GstTDengineSchema * schema, guint index)
{
  g_return_val_if_fail (index < schema->columns->len, NULL);
  return &g_array_index (schema->columns, GstTDengineColumn, index);
}

/**
 * gst_tdengine_schema_find:
 * @schema: a schema
 * @name: a name, in the case that TDengine has
 *
 * Finds the first column of a name.
 *
 * Returns: its index, or -1
 */
gint
gst_tdengine_schema_find (GstTDengineSchema * schema, const gchar * name)
{
  for (guint i = 0; i < schema->columns->len; i++) {
    if (g_str_equal (gst_tdengine_schema_get_column (schema, i)->name, name))
      return i;
  }
  return -1;
}

static gboolean
columns_equal (const GstTDengineColumn * a, const GstTDengineColumn * b)
{
  return a->type == b->type && a->length == b->length
      && a->digits == b->digits && a->scale == b->scale
      && g_str_equal (a->name, b->name);
}

/**
 * gst_tdengine_schema_equal:
 * @a: a schema
 * @b: another
 *
 * Compares two schemas.
 *
 * Returns: %TRUE where precision and all columns are the same
 */
gboolean
gst_tdengine_schema_equal (GstTDengineSchema * a, GstTDengineSchema * b)
{
  if (a == b)
    return TRUE;
  if (a->precision != b->precision || a->columns->len != b->columns->len)
    return FALSE;
  for (guint i = 0; i < a->columns->len; i++) {
    if (!columns_equal (gst_tdengine_schema_get_column (a, i),
            gst_tdengine_schema_get_column (b, i)))
      return FALSE;
  }
  return TRUE;
}
