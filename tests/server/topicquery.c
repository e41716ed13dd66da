/* test server: what a topic's query or condition makes of rows
 *
 * The rows of the log go into a table of their own, which the select reads in
 * place of the real one.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "topicquery.h"

#include "error.h"
#include "parser.h"
#include "select.h"
#include "value.h"

/* rows to read */

static gchar *
name_rows (Table * owner)
{
  return g_strdup_printf ("temp.topic_%" G_GINT64_FORMAT "_%u", owner->id,
      owner->next_column);
}

static gboolean
make_rows_table (Server * server, Table * owner, const gchar * name,
    GError ** error)
{
  g_autoptr (GString) columns = g_string_new ("tid");

  for (guint i = 0; i < owner->next_column; i++)
    g_string_append_printf (columns, ", c%u", i);
  return storage_exec (server->storage, error, "CREATE TABLE IF NOT EXISTS %s "
      "(%s); DELETE FROM %s", name, columns->str, name);
}

static Column *
find_column (Table * table, guint id)
{
  for (guint i = 0; i < table->columns->len; i++) {
    Column *column = g_ptr_array_index (table->columns, i);

    if (column->id == id)
      return column;
  }
  return NULL;
}

static gboolean
bind_row (sqlite3_stmt * stmt, GPtrArray * columns, GstTDengineRows * rows,
    guint row, Value * values, GError ** error)
{
  gint at = 2;

  for (guint i = 0; i < columns->len; i++) {
    const Column *column = g_ptr_array_index (columns, i);

    if (!column)
      continue;
    if (!value_read (&values[i], column, rows, i, row, error))
      return FALSE;
    value_bind (&values[i], stmt, at++);
  }
  return TRUE;
}

/* for the columns that the table still has; the others are NULL */
static sqlite3_stmt *
prepare_insert (Server * server, const gchar * name, GPtrArray * columns,
    GError ** error)
{
  g_autoptr (GString) sql = g_string_new ("INSERT INTO ");
  g_autoptr (GString) marks = g_string_new ("?");

  g_string_append_printf (sql, "%s (tid", name);
  for (guint i = 0; i < columns->len; i++) {
    const Column *column = g_ptr_array_index (columns, i);

    if (!column)
      continue;
    g_string_append_printf (sql, ", c%u", column->id);
    g_string_append (marks, ", ?");
  }
  g_string_append_printf (sql, ") VALUES (%s)", marks->str);
  return storage_prepare (server->storage, sql->str, error);
}

static gboolean
insert_rows (Server * server, Table * table, const gchar * name,
    GPtrArray * columns, GstTDengineRows * rows, GError ** error)
{
  sqlite3_stmt *stmt = prepare_insert (server, name, columns, error);
  g_autofree Value *values = g_new0 (Value, columns->len);
  gboolean done = stmt != NULL;

  for (guint row = 0; done && row < gst_tdengine_rows_get_n_rows (rows); row++) {
    sqlite3_bind_int64 (stmt, 1, table->id);
    done = bind_row (stmt, columns, rows, row, values, error)
        && storage_run (server->storage, stmt, error);
    for (guint i = 0; i < columns->len; i++)
      value_clear (&values[i]);
  }
  sqlite3_finalize (stmt);
  return done;
}

static GPtrArray *
match_columns (Table * table, const LogEntry * entry)
{
  GPtrArray *columns = g_ptr_array_new ();
  GVariantIter iter;
  guint id;

  g_variant_iter_init (&iter, entry->columns);
  while (g_variant_iter_next (&iter, "(u^&ayuuuu)", &id, NULL, NULL, NULL, NULL,
          NULL))
    g_ptr_array_add (columns, find_column (table, id));
  return columns;
}

/* the select */

/* a topic's condition picks rows, with the columns that were written */
static gchar *
make_sql (const Topic * topic, GstTDengineRows * rows)
{
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (rows);
  GString *sql = g_string_new ("SELECT ");

  if (topic->kind == TOPIC_OF_QUERY) {
    g_string_assign (sql, topic->sql);
    return g_string_free (sql, FALSE);
  }
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++)
    g_string_append_printf (sql, "%s`%s`", i ? ", " : "",
        gst_tdengine_schema_get_column (schema, i)->name);
  g_string_append_printf (sql, " FROM `%s` WHERE %s", topic->table, topic->sql);
  return g_string_free (sql, FALSE);
}

static GPtrArray *
read_all (Result * result, GError ** error)
{
  g_autoptr (GPtrArray) all =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_tdengine_rows_unref);
  g_autoptr (GError) local = NULL;
  GstTDengineRows *rows;

  while ((rows = result_next (result, &local)))
    g_ptr_array_add (all, rows);
  if (!local)
    return g_steal_pointer (&all);
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

static GPtrArray *
run_select (Server * server, const Topic * topic, const gchar * sql,
    const gchar * name, GError ** error)
{
  g_autoptr (Arena) arena = arena_new ();
  Statement *statement = parse_statement (arena, sql, error);
  g_autoptr (Result) result = NULL;
  Session session;

  if (!statement)
    return NULL;
  session_init (&session, server);
  session_set_db (&session, topic->database);
  result = select_execute_on (&session, statement->select, name, error);
  session_clear (&session);
  return result ? read_all (result, error) : NULL;
}

/* of GstTDengineRows: what the topic gives of the rows of a log's entry */
GPtrArray *
topic_query_run (Server * server, const Topic * topic, Table * table,
    const LogEntry * entry, GstTDengineRows * rows, GError ** error)
{
  Table *owner = table_owner (table);
  g_autofree gchar *name = name_rows (owner);
  g_autofree gchar *sql = make_sql (topic, rows);
  g_autoptr (GPtrArray) columns = match_columns (owner, entry);

  if (!make_rows_table (server, owner, name, error)
      || !insert_rows (server, table, name, columns, rows, error))
    return NULL;
  return run_select (server, topic, sql, name, error);
}
