/* tdengine target: the table that rows are meant for
 *
 * The server says what columns and tags it has; rows are mapped to them by
 * name. What does not fit is said here, before anything is written: the server
 * itself would take a column that it lacks for the next one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineask.h"
#include "gsttdengineerror-private.h"
#include "gsttdenginemessages.h"
#include "gsttdenginerows-private.h"
#include "gsttdenginesql.h"
#include "gsttdenginetarget.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_SCHEMA, \
      "", __VA_ARGS__)

void
gst_tdengine_target_free (GstTDengineTarget * self)
{
  g_free (self->database);
  g_clear_object (&self->settings);
  g_clear_pointer (&self->template, gst_tdengine_template_free);
  g_clear_pointer (&self->schema, gst_tdengine_schema_unref);
  g_free (self->sources);
  g_free (self);
}

static gboolean
ask_table (GstTDengineTarget * self, GstTDengineConnection * connection,
    GstTDengineTableFacts * facts, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GString) table = g_string_new (NULL);

  gst_tdengine_sql_append_table (table, self->database, self->table);
  if (gst_tdengine_ask_table (connection, table->str, facts, cancellable,
          error))
    return TRUE;
  g_prefix_error (error, "%s.%s: ", self->database, self->table);
  return FALSE;
}

/* takes the schema of the facts */
static gboolean
take_facts (GstTDengineTarget * self, const GstTDengineTableFacts * facts,
    GError ** error)
{
  guint n_columns = gst_tdengine_schema_get_n_columns (facts->schema);

  self->schema = facts->schema;
  self->n_columns = facts->is_super ? n_columns - facts->n_tags : n_columns;
  if (facts->is_super && !self->is_super)
    return refuse (error, "%s.%s is a super table: set super-table in place of "
        "table", self->database, self->table);
  if (!facts->is_super && self->is_super)
    return refuse (error, "%s.%s is no super table: set table in place of "
        "super-table", self->database, self->table);
  return TRUE;
}

GstTDengineTarget *
gst_tdengine_target_ask (GstTDengineConnection * connection,
    const gchar * database, GstTDengineWriteSettings * settings,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GstTDengineTarget) self = g_new0 (GstTDengineTarget, 1);
  const gchar *template = settings->table_template;
  GstTDengineTableFacts facts = { NULL };

  self->settings = g_object_ref (settings);
  self->database = g_strdup (database);
  self->table = gst_tdengine_write_settings_get_target (settings);
  self->is_super = gst_tdengine_write_settings_is_super (settings);
  if (template && *template
      && !(self->template = gst_tdengine_template_new (template, error)))
    return NULL;
  if (!ask_table (self, connection, &facts, cancellable, error)
      || !take_facts (self, &facts, error))
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

/* what names the sub table, or a template, is no column of the target's */
static gboolean
is_for_name (GstTDengineTarget * self, const gchar * source_name,
    const gchar * name)
{
  if (self->template)
    return gst_tdengine_template_uses (self->template, source_name);
  return self->is_super && g_str_equal (name, GST_TDENGINE_NAME_COLUMN);
}

/* a column that the target lacks, and that has no other use */
gboolean
gst_tdengine_target_lacks (GstTDengineTarget * self, GstTDengineSchema * rows,
    guint source)
{
  const GstTDengineColumn *from = gst_tdengine_schema_get_column (rows, source);
  const gchar *name =
      gst_tdengine_write_settings_map_column (self->settings, from->name);

  return gst_tdengine_schema_find (self->schema, name) < 0
      && !is_for_name (self, from->name, name);
}

static gboolean
map_name (GstTDengineTarget * self, const GstTDengineColumn * from,
    guint source, GError ** error)
{
  if (self->template)
    return TRUE;
  if (from->type != GST_TDENGINE_TYPE_VARCHAR)
    return refuse (error,
        "The column " GST_TDENGINE_NAME_COLUMN " is %s: expected VARCHAR",
        gst_tdengine_type_get_name (from->type));
  self->name_source = source;
  return TRUE;
}

static gboolean
map_column (GstTDengineTarget * self, GstTDengineSchema * rows, guint source,
    GError ** error)
{
  const GstTDengineColumn *from = gst_tdengine_schema_get_column (rows, source);
  const gchar *name =
      gst_tdengine_write_settings_map_column (self->settings, from->name);
  gint index = gst_tdengine_schema_find (self->schema, name);

  if (index < 0 && is_for_name (self, from->name, name))
    return map_name (self, from, source, error);
  if (index < 0)
    return self->settings->unknown_columns ==
        GST_TDENGINE_UNKNOWN_COLUMNS_IGNORE || refuse (error,
        "%s.%s has no column \"%s\"", self->database, self->table, name);
  if (self->sources[index] != -1)
    return refuse (error, "The rows have two columns \"%s\"", name);
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
  if (self->template
      && !gst_tdengine_template_set_schema (self->template, rows, error))
    return FALSE;
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

/* whether each row is for one and the same table */
static void
find_one_name (GstTDengineRun * run)
{
  run->name = gst_tdengine_run_get_name (run, run->first, &run->name_size);
  for (guint row = run->first + 1; run->name && row < run->first + run->n_rows;
      row++) {
    gsize size;
    const guint8 *name = gst_tdengine_run_get_name (run, row, &size);

    if (!gst_tdengine_same_name (name, size, run->name, run->name_size))
      run->name = NULL;
  }
}

/* of rows without a column for it, that of the table they come from */
static GstTDengineRows *
make_names_by_origin (GstTDengineTarget * self, GstTDengineRows * rows,
    GError ** error)
{
  const GstStructure *origin = gst_tdengine_rows_get_origin (rows);
  const gchar *name =
      origin ? gst_structure_get_string (origin, "table") : NULL;
  g_autoptr (GstTDengineTemplate) all = NULL;

  if (!name)
    return refuse (error,
        "The rows have no column " GST_TDENGINE_NAME_COLUMN ", which "
        "names the sub table of %s.%s", self->database, self->table), NULL;
  all = gst_tdengine_template_new_name (name);
  return gst_tdengine_template_make_names (all, rows, error);
}

static GstTDengineRows *
make_names (GstTDengineTarget * self, GstTDengineRows * rows, GError ** error)
{
  if (self->template)
    return gst_tdengine_template_make_names (self->template, rows, error);
  if (self->name_source < 0)
    return make_names_by_origin (self, rows, error);
  return gst_tdengine_rows_ref (rows);
}

/* The rows as one run, which holds them and their names; to be cleared. */
gboolean
gst_tdengine_target_make_run (GstTDengineTarget * self, GstTDengineRows * rows,
    GstTDengineRun * run, GError ** error)
{
  memset (run, 0, sizeof *run);
  run->n_rows = gst_tdengine_rows_get_n_rows (rows);
  if (!self->is_super) {
    run->name = (const guint8 *) self->table;
    run->name_size = strlen (self->table);
  } else {
    run->name_rows = make_names (self, rows, error);
    if (!run->name_rows)
      return FALSE;
    run->names = gst_tdengine_rows_get_column_data (run->name_rows,
        run->name_rows == rows ? (guint) self->name_source : 0);
  }
  run->rows = gst_tdengine_rows_ref (rows);
  if (run->names)
    find_one_name (run);
  return TRUE;
}

/* A bound name is read as SQL reads it: a point would lead into another
 * database, and a back-quote in front would be taken for a quote. */
static gboolean
is_table_name (const guint8 * name, gsize size)
{
  return size > 0 && size <= GST_TDENGINE_MAX_TABLE_NAME_BYTES
      && name[0] != '`' && !memchr (name, 0, size) && !memchr (name, '.', size);
}

static gboolean
has_names (const GstTDengineRun * run)
{
  const guint8 *last = NULL;
  gsize last_size = 0, size;

  for (guint row = run->first; row < run->first + run->n_rows; row++) {
    const guint8 *name = gst_tdengine_run_get_name (run, row, &size);

    /* mostly that of the row before */
    if (gst_tdengine_same_name (name, size, last, last_size))
      continue;
    if (!name || !is_table_name (name, size))
      return FALSE;
    last = name;
    last_size = size;
  }
  return TRUE;
}

static gsize
column_limit (const GstTDengineColumn * column)
{
  return column->type == GST_TDENGINE_TYPE_NCHAR ?
      4 * (gsize) column->length : column->length;
}

/* whether a column of the target takes from the rows what varies in length */
static gboolean
varies (GstTDengineTarget * self, guint index)
{
  return self->sources[index] >= 0 && gst_tdengine_type_get_width
      (gst_tdengine_schema_get_column (self->schema, index)->type) == 0;
}

/* Whether each row of a whole block can be written, as far as it can be told
 * here. */
gboolean
gst_tdengine_target_fits (GstTDengineTarget * self, const GstTDengineRun * run)
{
  if (gst_tdengine_rows_find_null (run->rows, self->sources[0]) >= 0
      || (run->names && !has_names (run)))
    return FALSE;
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (self->schema); i++) {
    if (varies (self, i)
        && gst_tdengine_rows_get_column_data (run->rows,
            self->sources[i])->longest >
        column_limit (gst_tdengine_schema_get_column (self->schema, i)))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_name (GstTDengineTarget * self, const GstTDengineRun * run, guint row,
    GError ** error)
{
  gsize size;
  const guint8 *name = gst_tdengine_run_get_name (run, row, &size);

  if (!name && self->template)
    return refuse (error, "Row %u has no name of a table: a column that "
        "table-template names is NULL", row);
  if (!name || size == 0)
    return refuse (error, "Row %u has no " GST_TDENGINE_NAME_COLUMN, row);
  return is_table_name (name, size) || refuse (error,
      "The %s of row %u is no name of a table: expected 1 to %d bytes, none of "
      "them a point", self->template ? "name that table-template makes" :
      GST_TDENGINE_NAME_COLUMN, row, GST_TDENGINE_MAX_TABLE_NAME_BYTES);
}

static gboolean
check_length (GstTDengineTarget * self, const GstTDengineRun * run, guint row,
    guint index, GError ** error)
{
  const GstTDengineColumn *column =
      gst_tdengine_schema_get_column (self->schema, index);
  gboolean is_nchar = column->type == GST_TDENGINE_TYPE_NCHAR;
  gsize size;

  gst_tdengine_rows_get_data (run->rows, self->sources[index], row, &size);
  return size <= column_limit (column) || refuse (error,
      "Row %u of column \"%s\" has %" G_GSIZE_FORMAT " %s, but %s.%s has room "
      "for %u", row, column->name, is_nchar ? size / 4 : size,
      is_nchar ? "characters" : "bytes", self->database, self->table,
      column->length);
}

/* says what is wrong with a row */
gboolean
gst_tdengine_target_check_row (GstTDengineTarget * self,
    const GstTDengineRun * run, guint row, GError ** error)
{
  if (gst_tdengine_rows_is_null (run->rows, self->sources[0], row))
    return refuse (error, "Row %u has no time: its column \"%s\" is NULL", row,
        gst_tdengine_schema_get_column (self->schema, 0)->name);
  if (run->names && !check_name (self, run, row, error))
    return FALSE;
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (self->schema); i++) {
    if (varies (self, i) && !check_length (self, run, row, i, error))
      return FALSE;
  }
  return TRUE;
}
