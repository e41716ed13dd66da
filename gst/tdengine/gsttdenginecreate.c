/* tdengine create: what the rows need and the server lacks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdenginecreate.h"
#include "gsttdengineerror-private.h"
#include "gsttdengineinsert.h"
#include "gsttdenginesql.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_SCHEMA, \
      "", __VA_ARGS__)

/* of a column that does not say how long its values may be */
#define DEFAULT_LENGTH 255

static gboolean
execute (GstTDengineConnection * connection, const GString * sql,
    const gchar * what, GCancellable * cancellable, GError ** error)
{
  if (gst_tdengine_connection_execute (connection, sql->str, cancellable,
          error) >= 0)
    return TRUE;
  g_prefix_error (error, "Could not create %s: ", what);
  return FALSE;
}

gboolean
gst_tdengine_create_database (GstTDengineConnection * connection,
    const gchar * database, GstTDenginePrecision precision,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GString) sql = g_string_new ("CREATE DATABASE IF NOT EXISTS ");

  gst_tdengine_sql_append_name (sql, database);
  g_string_append_printf (sql, " PRECISION '%s'",
      gst_tdengine_precision_get_name (precision));
  return execute (connection, sql, database, cancellable, error);
}

/* columns */

static gboolean
has_length (GstTDengineType type)
{
  return gst_tdengine_type_get_width (type) == 0
      && type != GST_TDENGINE_TYPE_JSON && type != GST_TDENGINE_TYPE_BLOB;
}

/* as a definition has it */
void
gst_tdengine_create_append_column (GString * sql, const gchar * name,
    const GstTDengineColumn * column)
{
  gst_tdengine_sql_append_name (sql, name);
  g_string_append_c (sql, ' ');
  g_string_append (sql, gst_tdengine_type_get_name (column->type));
  if (column->digits > 0)
    g_string_append_printf (sql, "(%u,%u)", column->digits, column->scale);
  else if (has_length (column->type))
    g_string_append_printf (sql, "(%u)",
        column->length > 0 ? column->length : DEFAULT_LENGTH);
}

typedef struct
{
  GstTDengineWriteSettings *settings;
  GstTDengineSchema *rows;
  GString *sql;
  guint n;                      /* in the list at hand */
} Definition;

static const gchar *
get_name (Definition * self, guint index)
{
  return gst_tdengine_write_settings_map_column (self->settings,
      gst_tdengine_schema_get_column (self->rows, index)->name);
}

/* what only names the sub table is not stored */
static gboolean
is_stored (Definition * self, guint index, gboolean as_tag)
{
  const gchar *name = get_name (self, index);

  if (!gst_tdengine_write_settings_is_super (self->settings))
    return !as_tag;
  return !g_str_equal (name, GST_TDENGINE_NAME_COLUMN)
      && gst_tdengine_write_settings_is_tag (self->settings, name) == as_tag;
}

static void
append_item (Definition * self, guint index)
{
  g_string_append_c (self->sql, self->n++ > 0 ? ',' : '(');
  gst_tdengine_create_append_column (self->sql, get_name (self, index),
      gst_tdengine_schema_get_column (self->rows, index));
}

/* the first column that is a time, or -1 */
static gint
find_time (Definition * self)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (self->rows); i++) {
    if (is_stored (self, i, FALSE)
        && gst_tdengine_schema_get_column (self->rows, i)->type ==
        GST_TDENGINE_TYPE_TIMESTAMP)
      return i;
  }
  return -1;
}

/* what comes first, then the others */
static void
append_list (Definition * self, gint first, gboolean as_tags)
{
  self->n = 0;
  if (first >= 0)
    append_item (self, first);
  for (gint i = 0; i < (gint) gst_tdengine_schema_get_n_columns (self->rows);
      i++) {
    if (i != first && is_stored (self, i, as_tags))
      append_item (self, i);
  }
  g_string_append_c (self->sql, ')');
}

/* The target, where it is not there, with the columns of the rows. */
gboolean
gst_tdengine_create_target (GstTDengineConnection * connection,
    const gchar * database, GstTDengineWriteSettings * settings,
    GstTDengineSchema * rows, GCancellable * cancellable, GError ** error)
{
  gboolean is_super = gst_tdengine_write_settings_is_super (settings);
  const gchar *name = gst_tdengine_write_settings_get_target (settings);
  g_autoptr (GString) sql = g_string_new ("CREATE ");
  Definition definition = { settings, rows, sql };
  gint time = find_time (&definition);

  if (time < 0)
    return refuse (error, "Could not create %s.%s: the rows have no column "
        "that is a TIMESTAMP", database, name);
  g_string_append (sql, is_super ? "STABLE" : "TABLE");
  g_string_append (sql, " IF NOT EXISTS ");
  gst_tdengine_sql_append_table (sql, database, name);
  append_list (&definition, time, FALSE);
  if (is_super) {
    g_string_append (sql, " TAGS ");
    append_list (&definition, -1, TRUE);
    if (definition.n == 0)
      return refuse (error, "Could not create %s.%s: the rows have none of the "
          "columns that the tags property lists", database, name);
  }
  return execute (connection, sql, name, cancellable, error);
}

static gboolean
add_column (GstTDengineConnection * connection, GstTDengineTarget * target,
    const GstTDengineColumn * column, GCancellable * cancellable,
    GError ** error)
{
  const gchar *name = gst_tdengine_write_settings_map_column (target->settings,
      column->name);
  gboolean is_tag = target->is_super
      && gst_tdengine_write_settings_is_tag (target->settings, name);
  g_autoptr (GString) sql = g_string_new ("ALTER TABLE ");

  gst_tdengine_sql_append_table (sql, target->database, target->table);
  g_string_append (sql, is_tag ? " ADD TAG " : " ADD COLUMN ");
  gst_tdengine_create_append_column (sql, name, column);
  return execute (connection, sql, name, cancellable, error);
}

/* Columns and tags that the target lacks. Where any was created, it is to be
 * asked for again. */
gboolean
gst_tdengine_create_columns (GstTDengineConnection * connection,
    GstTDengineTarget * target, GstTDengineSchema * rows, gboolean * created,
    GCancellable * cancellable, GError ** error)
{
  *created = FALSE;
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (rows); i++) {
    if (!gst_tdengine_target_lacks (target, rows, i))
      continue;
    if (!add_column (connection, target,
            gst_tdengine_schema_get_column (rows, i), cancellable, error))
      return FALSE;
    *created = TRUE;
  }
  return TRUE;
}

/* The sub table that a run is for, with the tags of its first row. */
gboolean
gst_tdengine_create_sub_table (GstTDengineConnection * connection,
    const GstTDengineTarget * target, const GstTDengineRun * run,
    GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *name =
      g_strndup ((const gchar *) run->name, run->name_size);
  g_autoptr (GString) sql = g_string_new ("CREATE TABLE IF NOT EXISTS ");

  gst_tdengine_sql_append_table (sql, target->database, name);
  g_string_append (sql, " USING ");
  gst_tdengine_sql_append_table (sql, target->database, target->table);
  g_string_append (sql, " TAGS ");
  return gst_tdengine_insert_append_tags (sql, target, run->rows, run->first,
      error) && execute (connection, sql, name, cancellable, error);
}
