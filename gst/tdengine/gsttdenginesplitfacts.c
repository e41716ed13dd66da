/* tdengine split facts: what only the server knows of a query's parts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineask.h"
#include "gsttdengineerror-private.h"
#include "gsttdenginerows.h"
#include "gsttdenginesplitfacts.h"
#include "gsttdenginesql.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_INVALID_VALUE, \
      "", __VA_ARGS__)

/* the table */

static gboolean
ask_table (GstTDengineConnection * connection, const gchar * table,
    GstTDengineSplitFacts * facts, GCancellable * cancellable, GError ** error)
{
  GstTDengineTableFacts told = { NULL };
  g_autoptr (GstTDengineSchema) schema = NULL;

  if (!gst_tdengine_ask_table (connection, table, &told, cancellable, error)) {
    g_prefix_error (error, "%s: ", table);
    return FALSE;
  }
  schema = told.schema;
  facts->precision = gst_tdengine_schema_get_precision (schema);
  facts->is_super = told.is_super;
  facts->time_column =
      g_strdup (gst_tdengine_schema_get_column (schema, 0)->name);
  return TRUE;
}

static gboolean
take_sub_tables (GstTDengineRows * rows, gpointer facts, GError ** error)
{
  for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++) {
    g_autofree gchar *name = gst_tdengine_rows_get_text (rows, 0, row);

    gst_tdengine_split_facts_add_table (facts, name,
        gst_tdengine_rows_is_null (rows, 1, row) ? 0 :
        gst_tdengine_rows_get_int64 (rows, 1, row));
  }
  return TRUE;
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (((const GstTDengineSubTable *) a)->name,
      ((const GstTDengineSubTable *) b)->name);
}

/* by name, so that everyone who asks has the same list */
static gboolean
ask_sub_tables (GstTDengineConnection * connection, const gchar * database,
    const gchar * table, GstTDengineSplitFacts * facts,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GString) sql = g_string_new ("SELECT table_name, vgroup_id FROM "
      "information_schema.ins_tables WHERE db_name = ");
  g_autoptr (GstTDengineSchema) schema = NULL;

  gst_tdengine_sql_append_text (sql, database, -1);
  g_string_append (sql, " AND stable_name = ");
  gst_tdengine_sql_append_text (sql, table, -1);
  schema =
      gst_tdengine_ask (connection, sql->str, take_sub_tables, facts,
      cancellable, error);
  g_array_sort (facts->sub_tables, compare_names);
  return schema != NULL;
}

/* times */

static gboolean
check_time_column (GstTDengineSchema * schema, const gchar * name,
    GError ** error)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    const GstTDengineColumn *column =
        gst_tdengine_schema_get_column (schema, i);

    if (!g_str_equal (column->name, name))
      continue;
    return column->type == GST_TDENGINE_TYPE_TIMESTAMP
        || refuse (error, "Column \"%s\" is %s: splits by time need a "
        "TIMESTAMP", name, gst_tdengine_type_get_name (column->type));
  }
  return refuse (error, "There is no column \"%s\" to split by", name);
}

static gboolean
take_bounds (GstTDengineRows * rows, gpointer data, GError ** error)
{
  GstTDengineSplitFacts *facts = data;

  if (gst_tdengine_rows_get_n_rows (rows) == 0
      || gst_tdengine_rows_is_null (rows, 0, 0)
      || gst_tdengine_rows_is_null (rows, 1, 0))
    return TRUE;
  facts->has_rows = TRUE;
  facts->first = gst_tdengine_rows_get_int64 (rows, 0, 0);
  facts->last = gst_tdengine_rows_get_int64 (rows, 1, 0);
  return TRUE;
}

static gboolean
ask_times (GstTDengineConnection * connection,
    const GstTDengineRequestedSplits * requested, const gchar * query,
    GstTDengineSplitFacts * facts, GCancellable * cancellable, GError ** error)
{
  const gchar *column = requested->column && *requested->column ?
      requested->column : facts->time_column;
  g_autofree gchar *shape = g_strdup_printf ("SELECT * FROM (%s) LIMIT 0",
      query);
  g_autoptr (GstTDengineSchema) schema = NULL;
  g_autoptr (GstTDengineSchema) bounds = NULL;
  g_autoptr (GString) sql = g_string_new ("SELECT FIRST(");

  if (!(schema =
          gst_tdengine_ask (connection, shape, NULL, NULL, cancellable, error))
      || !check_time_column (schema, column, error))
    return FALSE;
  facts->precision = gst_tdengine_schema_get_precision (schema);
  if (requested->start && *requested->start && requested->end
      && *requested->end)
    return TRUE;
  gst_tdengine_sql_append_name (sql, column);
  g_string_append (sql, "), LAST(");
  gst_tdengine_sql_append_name (sql, column);
  g_string_append_printf (sql, ") FROM (%s)", query);
  bounds =
      gst_tdengine_ask (connection, sql->str, take_bounds, facts, cancellable,
      error);
  return bounds != NULL;
}

/* Asks for what a plan of these splits needs. database is where a table without
 * one lies, or NULL. */
gboolean
gst_tdengine_split_facts_ask (GstTDengineSplitFacts * facts,
    GstTDengineConnection * connection,
    const GstTDengineRequestedSplits * requested, const gchar * database,
    GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *sql = gst_tdengine_requested_splits_make_sql (requested);
  gboolean by_time = requested->by == GST_TDENGINE_SPLIT_TIME;
  gboolean by_tables = requested->by == GST_TDENGINE_SPLIT_TABLE
      || requested->by == GST_TDENGINE_SPLIT_VGROUP;
  g_autofree gchar *own = NULL;
  g_autofree gchar *name = NULL;
  g_autofree gchar *table = NULL;

  if (requested->by == GST_TDENGINE_SPLIT_TAG)
    return TRUE;
  if (!requested->table || !*requested->table)
    return !by_time || ask_times (connection, requested, sql, facts,
        cancellable, error);
  table = gst_tdengine_requested_splits_quote_table (requested, &own, &name);
  if (by_tables && !own && !database)
    return refuse (error, "Which database is %s in? Set the database property",
        table);
  if (!ask_table (connection, table, facts, cancellable, error)
      || (by_time && !ask_times (connection, requested, sql, facts,
              cancellable, error)))
    return FALSE;
  return !facts->is_super || !by_tables
      || ask_sub_tables (connection, own ? own : database, name, facts,
      cancellable, error);
}
