/* tdengine insert: rows as SQL
 *
 * Every value is a literal that reads back as the very same: times are the
 * number that they are, numbers have the digits it takes, bytes are in hex.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>
#include <string.h>

#include "gsttdengineerror-private.h"
#include "gsttdenginegeometry.h"
#include "gsttdengineinsert.h"
#include "gsttdenginesql.h"
#include "gsttdenginetext.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_INVALID_VALUE, \
      "", __VA_ARGS__)

/* what a server reads unless it is told otherwise */
#define MAX_STATEMENT_BYTES (1024 * 1024)

static gboolean
append_float (GString * sql, gdouble value, gboolean is_float,
    const gchar * column, GError ** error)
{
  if (!isfinite (value))
    return refuse (error, "Column \"%s\" is no finite number, which SQL can't "
        "say", column);
  if (is_float)
    gst_tdengine_text_append_float (sql, value);
  else
    gst_tdengine_text_append_double (sql, value);
  return TRUE;
}

static gboolean
append_text (GString * sql, GstTDengineRows * rows, guint column, guint row,
    GError ** error)
{
  const gchar *name = gst_tdengine_schema_get_column
      (gst_tdengine_rows_get_schema (rows), column)->name;
  g_autoptr (GString) text = g_string_new (NULL);

  gst_tdengine_rows_append_text (rows, column, row, text);
  if (memchr (text->str, 0, text->len))
    return refuse (error, "Column \"%s\" has a NUL, which SQL can't say", name);
  gst_tdengine_sql_append_text (sql, text->str, text->len);
  return TRUE;
}

static gboolean
append_geometry (GString * sql, const guint8 * data, gsize size,
    const gchar * column, GError ** error)
{
  g_string_append_c (sql, '\'');
  if (!gst_tdengine_geometry_append (sql, data, size))
    return refuse (error, "Column \"%s\" is no geometry", column);
  g_string_append_c (sql, '\'');
  return TRUE;
}

/* FALSE with an error where SQL has no literal for the value; part of one is
 * there then */
gboolean
gst_tdengine_insert_append_value (GString * sql, GstTDengineRows * rows,
    guint column, guint row, GError ** error)
{
  const GstTDengineColumn *info = gst_tdengine_schema_get_column
      (gst_tdengine_rows_get_schema (rows), column);
  gsize size;
  const guint8 *data = gst_tdengine_rows_get_data (rows, column, row, &size);

  if (!data) {
    g_string_append (sql, "NULL");
    return TRUE;
  }
  switch (info->type) {
    case GST_TDENGINE_TYPE_TIMESTAMP:
      gst_tdengine_text_append_int (sql,
          gst_tdengine_rows_get_int64 (rows, column, row));
      return TRUE;
    case GST_TDENGINE_TYPE_FLOAT:
    case GST_TDENGINE_TYPE_DOUBLE:
      return append_float (sql, gst_tdengine_rows_get_double (rows, column,
              row), info->type == GST_TDENGINE_TYPE_FLOAT, info->name, error);
    case GST_TDENGINE_TYPE_VARCHAR:
    case GST_TDENGINE_TYPE_NCHAR:
    case GST_TDENGINE_TYPE_JSON:
      return append_text (sql, rows, column, row, error);
    case GST_TDENGINE_TYPE_GEOMETRY:
      return append_geometry (sql, data, size, info->name, error);
    case GST_TDENGINE_TYPE_VARBINARY:
    case GST_TDENGINE_TYPE_BLOB:
      g_string_append (sql, "'\\x");
      gst_tdengine_text_append_hex (sql, data, size);
      g_string_append_c (sql, '\'');
      return TRUE;
    default:
      gst_tdengine_rows_append_text (rows, column, row, sql);
      return TRUE;
  }
}

/* (…), in the order of the target; tags that the rows lack are NULL, too */
gboolean
gst_tdengine_insert_append_tags (GString * sql,
    const GstTDengineTarget * target, GstTDengineRows * rows, guint row,
    GError ** error)
{
  guint end = gst_tdengine_schema_get_n_columns (target->schema);

  for (guint i = target->n_columns; i < end; i++) {
    g_string_append_c (sql, i > target->n_columns ? ',' : '(');
    if (target->sources[i] < 0)
      g_string_append (sql, "NULL");
    else if (!gst_tdengine_insert_append_value (sql, rows, target->sources[i],
            row, error))
      return FALSE;
  }
  g_string_append_c (sql, ')');
  return TRUE;
}

static void
append_columns (GString * sql, const GstTDengineTarget * target)
{
  gchar separator = '(';

  for (guint i = 0; i < target->n_columns; i++) {
    if (target->sources[i] < 0)
      continue;
    g_string_append_c (sql, separator);
    gst_tdengine_sql_append_name (sql,
        gst_tdengine_schema_get_column (target->schema, i)->name);
    separator = ',';
  }
  g_string_append_c (sql, ')');
}

/* what stands before the rows of a table */
static gboolean
append_clause (GString * sql, const GstTDengineTarget * target,
    const GstTDengineRun * run, guint row, GError ** error)
{
  const guint8 *data = run->name;
  gsize size = run->name_size;

  if (run->names)
    data = gst_tdengine_run_get_name (run, row, &size);
  g_autofree gchar *name = g_strndup ((const gchar *) data, size);

  g_string_append_c (sql, ' ');
  gst_tdengine_sql_append_table (sql, target->database, name);
  if (target->n_bound_tags > 0) {
    g_string_append (sql, " USING ");
    gst_tdengine_sql_append_table (sql, target->database, target->table);
    g_string_append (sql, " TAGS ");
    if (!gst_tdengine_insert_append_tags (sql, target, run->rows, row, error))
      return FALSE;
  }
  append_columns (sql, target);
  g_string_append (sql, " VALUES ");
  return TRUE;
}

static gboolean
append_row (GString * sql, const GstTDengineTarget * target,
    GstTDengineRows * rows, guint row, GError ** error)
{
  gchar separator = '(';

  for (guint i = 0; i < target->n_columns; i++) {
    if (target->sources[i] < 0)
      continue;
    g_string_append_c (sql, separator);
    if (!gst_tdengine_insert_append_value (sql, rows, target->sources[i], row,
            error))
      return FALSE;
    separator = ',';
  }
  g_string_append_c (sql, ')');
  return TRUE;
}

typedef struct
{
  GString *sql;
  const GstTDengineTarget *target;
  const guint8 *name;           /* of the clause at the end */
  gsize name_size;
} Statement;

/* FALSE without an error where there is no room for the row */
static gboolean
add_row (Statement * self, const GstTDengineRun * run, guint row,
    gboolean is_first, GError ** error)
{
  gsize length = self->sql->len, size = run->name_size;
  const guint8 *name = run->name;

  if (!name)
    name = gst_tdengine_run_get_name (run, row, &size);
  if (!gst_tdengine_same_name (name, size, self->name, self->name_size)
      && !append_clause (self->sql, self->target, run, row, error))
    return FALSE;
  if (!append_row (self->sql, self->target, run->rows, row, error))
    return FALSE;
  self->name = name;
  self->name_size = size;
  if (self->sql->len <= MAX_STATEMENT_BYTES)
    return TRUE;
  if (is_first)
    return refuse (error, "A row takes a statement of %" G_GSIZE_FORMAT
        " bytes: expected %d at most", self->sql->len, MAX_STATEMENT_BYTES);
  g_string_truncate (self->sql, length);
  return FALSE;
}

/* A statement of as many rows from the first as it may have: their number, or
 * 0 with an error. */
guint
gst_tdengine_insert_build (GString * sql, const GstTDengineTarget * target,
    const GstTDengineBatch * batch, GError ** error)
{
  Statement statement = { sql, target };
  g_autoptr (GError) local = NULL;
  guint n = 0;

  g_string_assign (sql, "INSERT INTO");
  for (guint i = 0; i < batch->runs->len; i++) {
    const GstTDengineRun *run = gst_tdengine_batch_get (batch, i);

    for (guint row = run->first; row < run->first + run->n_rows; row++, n++) {
      if (add_row (&statement, run, row, n == 0, &local))
        continue;
      if (!local)
        return n;
      g_propagate_error (error, g_steal_pointer (&local));
      return 0;
    }
  }
  return n;
}
