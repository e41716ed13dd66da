/* tdengine target: the table that rows are meant for
 *
 * The server says what columns and tags it has; rows are mapped to them by
 * name. What does not fit is said here, before anything is written: the server
 * itself would take a column that it lacks for the next one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineerror-private.h"
#include "gsttdenginemessages.h"
#include "gsttdenginerows-private.h"
#include "gsttdenginesql.h"
#include "gsttdenginetarget.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_SCHEMA, \
      "", __VA_ARGS__)

/* the column of a DESCRIBE that says TAG */
#define DESCRIBE_NOTE 3

void
gst_tdengine_target_free (GstTDengineTarget * self)
{
  g_free (self->database);
  g_free (self->table);
  g_clear_pointer (&self->schema, gst_tdengine_schema_unref);
  g_free (self->sources);
  g_free (self);
}

static GstTDengineQuery *
run_query (GstTDengineTarget * self, GstTDengineConnection * connection,
    const gchar * before, const gchar * behind, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GString) sql = g_string_new (before);
  GstTDengineQuery *query;

  gst_tdengine_sql_append_table (sql, self->database, self->table);
  g_string_append (sql, behind);
  query = gst_tdengine_connection_query (connection, sql->str, cancellable,
      error);
  if (!query)
    g_prefix_error (error, "%s.%s: ", self->database, self->table);
  return query;
}

/* a query that gives no row tells types, digits and precision in one answer */
static gboolean
ask_columns (GstTDengineTarget * self, GstTDengineConnection * connection,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GstTDengineQuery) query = run_query (self, connection,
      "SELECT * FROM ", " LIMIT 0", cancellable, error);

  if (!query)
    return FALSE;
  self->schema =
      gst_tdengine_schema_ref (gst_tdengine_query_get_schema (query));
  return TRUE;
}

static guint
count_tags (GstTDengineRows * rows)
{
  guint n_tags = 0;

  for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++) {
    g_autofree gchar *note =
        gst_tdengine_rows_get_text (rows, DESCRIBE_NOTE, row);

    n_tags += g_strcmp0 (note, "TAG") == 0;
  }
  return n_tags;
}

/* DESCRIBE lists the tags last, those of a sub table, too */
static gboolean
ask_tags (GstTDengineTarget * self, GstTDengineConnection * connection,
    guint * n_fields, guint * n_tags, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GstTDengineQuery) query =
      run_query (self, connection, "DESCRIBE ", "", cancellable, error);
  g_autoptr (GError) local = NULL;

  *n_fields = *n_tags = 0;
  if (!query)
    return FALSE;
  if (gst_tdengine_schema_get_n_columns (gst_tdengine_query_get_schema (query))
      <= DESCRIBE_NOTE) {
    g_set_error_literal (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_PROTOCOL,
        "The server's description of a table is not understood");
    return FALSE;
  }
  while (TRUE) {
    g_autoptr (GstTDengineRows) rows =
        gst_tdengine_query_next (query, cancellable, &local);

    if (!rows)
      break;
    *n_fields += gst_tdengine_rows_get_n_rows (rows);
    *n_tags += count_tags (rows);
  }
  if (!local)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
check_kind (GstTDengineTarget * self, guint n_fields, guint n_tags,
    GError ** error)
{
  guint n_columns = gst_tdengine_schema_get_n_columns (self->schema);
  /* only of a super table does SELECT * give the tags */
  gboolean is_super = n_tags > 0 && n_columns == n_fields;

  if (is_super && !self->is_super)
    return refuse (error, "%s.%s is a super table: set super-table in place of "
        "table", self->database, self->table);
  if (!is_super && self->is_super)
    return refuse (error, "%s.%s is no super table: set table in place of "
        "super-table", self->database, self->table);
  self->n_columns = is_super ? n_columns - n_tags : n_columns;
  return TRUE;
}

GstTDengineTarget *
gst_tdengine_target_ask (GstTDengineConnection * connection,
    const gchar * database, const gchar * table, gboolean is_super,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GstTDengineTarget) self = g_new0 (GstTDengineTarget, 1);
  guint n_fields, n_tags;

  self->database = g_strdup (database);
  self->table = g_strdup (table);
  self->is_super = is_super;
  if (!ask_columns (self, connection, cancellable, error)
      || !ask_tags (self, connection, &n_fields, &n_tags, cancellable, error)
      || !check_kind (self, n_fields, n_tags, error))
    return NULL;
  self->sources = g_new (gint, gst_tdengine_schema_get_n_columns
      (self->schema));
  return g_steal_pointer (&self);
}

static gchar *
describe_type (const GstTDengineColumn * column)
{
  if (column->digits > 0)
    return g_strdup_printf ("DECIMAL(%u,%u)", column->digits, column->scale);
  return g_strdup (gst_tdengine_type_get_name (column->type));
}

static gboolean
check_types (GstTDengineTarget * self, const GstTDengineColumn * from,
    const GstTDengineColumn * to, GError ** error)
{
  if (from->type == to->type && from->digits == to->digits
      && from->scale == to->scale)
    return TRUE;

  g_autofree gchar *from_type = describe_type (from);
  g_autofree gchar *to_type = describe_type (to);
  return refuse (error, "Column \"%s\" is %s, but %s in %s.%s", from->name,
      from_type, to_type, self->database, self->table);
}

static gboolean
map_column (GstTDengineTarget * self, GstTDengineSchema * rows, guint source,
    GError ** error)
{
  const GstTDengineColumn *from = gst_tdengine_schema_get_column (rows, source);
  gint index;

  if (self->is_super && g_str_equal (from->name, GST_TDENGINE_NAME_COLUMN)) {
    if (from->type != GST_TDENGINE_TYPE_VARCHAR)
      return refuse (error,
          "The column " GST_TDENGINE_NAME_COLUMN " is %s: expected VARCHAR",
          gst_tdengine_type_get_name (from->type));
    self->name_source = source;
    return TRUE;
  }
  index = gst_tdengine_schema_find (self->schema, from->name);
  if (index < 0)
    return refuse (error, "%s.%s has no column \"%s\"", self->database,
        self->table, from->name);
  if (self->sources[index] != -1)
    return refuse (error, "The rows have two columns \"%s\"", from->name);
  self->sources[index] = source;
  if (index < (gint) self->n_columns)
    self->n_bound_columns++;
  else
    self->n_bound_tags++;
  return check_types (self, from,
      gst_tdengine_schema_get_column (self->schema, index), error);
}

static gboolean
map_all (GstTDengineTarget * self, GstTDengineSchema * rows, GError ** error)
{
  GstTDenginePrecision from = gst_tdengine_schema_get_precision (rows);
  GstTDenginePrecision to = gst_tdengine_schema_get_precision (self->schema);

  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (rows); i++) {
    if (!map_column (self, rows, i, error))
      return FALSE;
  }
  if (self->is_super && self->name_source < 0)
    return refuse (error,
        "The rows have no column " GST_TDENGINE_NAME_COLUMN ", which "
        "names the sub table of %s.%s", self->database, self->table);
  if (self->sources[0] < 0)
    return refuse (error, "The rows have no column \"%s\", which is the time "
        "of %s.%s", gst_tdengine_schema_get_column (self->schema, 0)->name,
        self->database, self->table);
  if (from != to)
    return refuse (error, "The times are in %s, but those of the database %s "
        "in %s", gst_tdengine_precision_get_name (from), self->database,
        gst_tdengine_precision_get_name (to));
  return TRUE;
}

/* finds the place of each column; to be repeated when the rows change */
gboolean
gst_tdengine_target_map (GstTDengineTarget * self, GstTDengineSchema * rows,
    GError ** error)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (self->schema); i++)
    self->sources[i] = -1;
  self->name_source = -1;
  self->n_bound_columns = self->n_bound_tags = 0;
  return map_all (self, rows, error);
}

/* A bound name is read as SQL reads it: a point would lead into another
 * database, and a back-quote in front would be taken for a quote. */
static gboolean
is_table_name (const guint8 * name, gsize size)
{
  return size <= GST_TDENGINE_MAX_TABLE_NAME_BYTES && name[0] != '`'
      && !memchr (name, 0, size) && !memchr (name, '.', size);
}

static gboolean
check_names (GstTDengineTarget * self, GstTDengineRows * rows, GError ** error)
{
  const GstTDengineColumnData *names =
      gst_tdengine_rows_get_column_data (rows, self->name_source);
  guint n_rows = gst_tdengine_rows_get_n_rows (rows);
  const guint8 *last = NULL;
  gsize last_size = 0, size;

  for (guint row = 0; row < n_rows; row++) {
    const guint8 *name = gst_tdengine_column_data_get (names, row, &size);

    /* mostly that of the row before */
    if (last && size == last_size && memcmp (name, last, size) == 0)
      continue;
    last = name;
    last_size = size;
    if (!name || size == 0)
      return refuse (error, "Row %u has no " GST_TDENGINE_NAME_COLUMN, row);
    if (!is_table_name (name, size))
      return refuse (error,
          "The " GST_TDENGINE_NAME_COLUMN " of row %u is no name of a "
          "table: expected 1 to %d bytes, none of them a point", row,
          GST_TDENGINE_MAX_TABLE_NAME_BYTES);
  }
  return TRUE;
}

static gboolean
refuse_long (GstTDengineTarget * self, GstTDengineRows * rows,
    const GstTDengineColumn * column, gint source, gsize limit, GError ** error)
{
  guint row = 0;
  gsize size;

  while (gst_tdengine_rows_get_data (rows, source, row, &size) == NULL
      || size <= limit)
    row++;
  if (column->type == GST_TDENGINE_TYPE_NCHAR)
    return refuse (error, "Row %u of column \"%s\" has %" G_GSIZE_FORMAT
        " characters, but %s.%s has room for %u", row, column->name, size / 4,
        self->database, self->table, column->length);
  return refuse (error, "Row %u of column \"%s\" has %" G_GSIZE_FORMAT
      " bytes, but %s.%s has room for %u", row, column->name, size,
      self->database, self->table, column->length);
}

static gboolean
check_lengths (GstTDengineTarget * self, GstTDengineRows * rows,
    GError ** error)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (self->schema); i++) {
    const GstTDengineColumn *column =
        gst_tdengine_schema_get_column (self->schema, i);
    gsize limit = column->type == GST_TDENGINE_TYPE_NCHAR ?
        4 * (gsize) column->length : column->length;
    gint source = self->sources[i];

    if (source < 0 || gst_tdengine_type_get_width (column->type) > 0)
      continue;
    if (gst_tdengine_rows_get_column_data (rows, source)->longest > limit)
      return refuse_long (self, rows, column, source, limit, error);
  }
  return TRUE;
}

/* looks at what only the rows themselves can tell */
gboolean
gst_tdengine_target_check (GstTDengineTarget * self, GstTDengineRows * rows,
    GError ** error)
{
  gint row = gst_tdengine_rows_find_null (rows, self->sources[0]);

  if (row >= 0)
    return refuse (error, "Row %d has no time: its column \"%s\" is NULL", row,
        gst_tdengine_schema_get_column (self->schema, 0)->name);
  if (self->is_super && !check_names (self, rows, error))
    return FALSE;
  return check_lengths (self, rows, error);
}
