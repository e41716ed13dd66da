/* test server: show and describe
 *
 * Most of show is a select from information_schema, as it is in TDengine.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "show.h"

#include "change.h"
#include <string.h>

#include "error.h"
#include "parser.h"
#include "scope.h"
#include "select.h"
#include "system.h"

static Result *
run_select (Session * session, const gchar * sql, GError ** error)
{
  g_autoptr (Arena) arena = arena_new ();
  Statement *statement = parse_statement (arena, sql, error);

  return statement ? select_execute (session, statement->select, error) : NULL;
}

static void
append_name (GString * sql, const gchar * name)
{
  g_string_append_c (sql, '`');
  for (; *name; name++) {
    g_string_append_c (sql, *name);
    if (*name == '`')
      g_string_append_c (sql, '`');
  }
  g_string_append_c (sql, '`');
}

static void
append_string (GString * sql, const gchar * text)
{
  g_string_append_c (sql, '\'');
  for (; *text; text++) {
    if (*text == '\'' || *text == '\\')
      g_string_append_c (sql, '\\');
    g_string_append_c (sql, *text);
  }
  g_string_append_c (sql, '\'');
}

static void
append_condition (GString * sql, const gchar * column, const gchar * operator,
    const gchar * value)
{
  g_string_append_printf (sql, " %s %s %s ",
      strstr (sql->str, " where ") ? "and" : "where", column, operator);
  append_string (sql, value);
}

static Result *
show_tags_of_super (Session * session, Table * table, GError ** error)
{
  g_autoptr (GString) sql = g_string_new ("select distinct tbname");

  for (guint i = 0; i < table->tags->len; i++) {
    Column *tag = g_ptr_array_index (table->tags, i);

    g_string_append (sql, ", ");
    append_name (sql, tag->info.name);
  }
  g_string_append (sql, " from ");
  append_name (sql, table->db->name);
  g_string_append_c (sql, '.');
  append_name (sql, table->name);
  return run_select (session, sql->str, error);
}

static Result *
show_table_tags (Session * session, const Statement * statement,
    GError ** error)
{
  Table *table = statement->table.name ? session_get_table (session,
      &statement->table, error) : NULL;

  if (!statement->table.name)
    return refuse (error, CODE_INCOMPLETE_SQL, "Incomplete SQL statement"),
        NULL;
  if (!table)
    return NULL;
  if (table->kind != TABLE_SUPER)
    return refuse_unsupported (error, "show table tags of what is no super "
        "table"), NULL;
  return show_tags_of_super (session, table, error);
}

static Result *
show_tags (Session * session, const Statement * statement, GError ** error)
{
  g_autoptr (GString) sql =
      g_string_new ("select * from information_schema.ins_tags");
  Table *table = statement->table.name ? session_get_table (session,
      &statement->table, error) : NULL;

  if (!table)
    return refuse_unsupported (error, "show tags without a table"), NULL;
  append_condition (sql, "db_name", "=", table->db->name);
  append_condition (sql, "table_name", "=", table->name);
  return run_select (session, sql->str, error);
}

/* which column of which table is shown */
static const struct
{
  const gchar *what;
  const gchar *column;
  const gchar *table;
  gboolean of_database;
} lists[] = {
  {"databases", "name", "ins_databases", FALSE},
  {"stables", "stable_name", "ins_stables", TRUE},
  {"tables", "table_name", "ins_tables", TRUE},
  {"topics", "topic_name", "ins_topics", FALSE},
};

static Result *
show_list (Session * session, const Statement * statement, guint index,
    GError ** error)
{
  g_autoptr (GString) sql = g_string_new (NULL);

  g_string_printf (sql, "select %s from information_schema.%s",
      lists[index].column, lists[index].table);
  if (lists[index].of_database) {
    const gchar *name = statement->table.db ? statement->table.db :
        statement->table.name;
    Database *db = session_get_database (session, name, error);

    if (!db)
      return NULL;
    append_condition (sql, "db_name", "=", db->name);
  }
  if (statement->like)
    append_condition (sql, lists[index].column, "like", statement->like);
  return run_select (session, sql->str, error);
}

Result *
show_execute (Session * session, const Statement * statement, GError ** error)
{
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    if (g_str_equal (lists[i].what, statement->what))
      return show_list (session, statement, i, error);
  if (g_str_equal (statement->what, "tags"))
    return show_tags (session, statement, error);
  if (g_str_equal (statement->what, "table tags"))
    return show_table_tags (session, statement, error);
  return refuse_unsupported (error, "show %s", statement->what), NULL;
}

static void
append_columns (GString * sql, GPtrArray * columns)
{
  g_string_append (sql, " (");
  for (guint i = 0; i < columns->len; i++) {
    Column *column = g_ptr_array_index (columns, i);
    g_autofree gchar *type = type_to_sql (&column->info);

    g_string_append (sql, i ? ", " : "");
    append_name (sql, column->info.name);
    g_string_append_printf (sql, " %s%s", type,
        column->is_key ? " COMPOSITE KEY" : "");
  }
  g_string_append_c (sql, ')');
}

static void
append_tag_values (Session * session, GString * sql, Table * table)
{
  g_autoptr (GString) select = g_string_new (NULL);
  g_autoptr (Result) result = NULL;
  g_autoptr (GstTDengineRows) rows = NULL;

  g_string_append (select, "select tag_value from information_schema.ins_tags");
  append_condition (select, "db_name", "=", table->db->name);
  append_condition (select, "table_name", "=", table->name);
  result = run_select (session, select->str, NULL);
  rows = result ? result_next (result, NULL) : NULL;
  for (guint i = 0; rows && i < table->tags->len; i++) {
    Column *tag = g_ptr_array_index (table->tags, i);
    g_autofree gchar *text = gst_tdengine_rows_get_text (rows, 0, i);
    gboolean is_number = gst_tdengine_type_get_width (tag->info.type) > 0;

    g_string_append_printf (sql, is_number || !text ? "%s%s" : "%s\"%s\"",
        i ? ", " : "", text ? text : "NULL");
  }
}

static gchar *
create_sql (Session * session, Table * table)
{
  GString *sql = g_string_new (table->kind == TABLE_SUPER ?
      "CREATE STABLE " : "CREATE TABLE ");

  append_name (sql, table->name);
  if (table->kind == TABLE_SUB) {
    g_string_append (sql, " USING ");
    append_name (sql, table->super->name);
    for (guint i = 0; i < table->tags->len; i++) {
      Column *tag = g_ptr_array_index (table->tags, i);

      g_string_append (sql, i ? ", " : " (");
      append_name (sql, tag->info.name);
    }
    g_string_append (sql, ") TAGS (");
    append_tag_values (session, sql, table);
    g_string_append_c (sql, ')');
    return g_string_free (sql, FALSE);
  }
  append_columns (sql, table->columns);
  if (table->kind == TABLE_SUPER) {
    g_string_append (sql, " TAGS");
    append_columns (sql, table->tags);
  }
  return g_string_free (sql, FALSE);
}

static void
add_text_column (Result * result, const gchar * name, guint length)
{
  TypeSpec type = { GST_TDENGINE_TYPE_VARCHAR, length };

  result_add_column (result, name, &type);
}

Result *
show_create (Session * session, const Statement * statement, GError ** error)
{
  if (g_strcmp0 (statement->what, "table") != 0
      && g_strcmp0 (statement->what, "stable") != 0)
    return refuse_unsupported (error, "show create %s", statement->what), NULL;

  Table *table = session_get_table (session, &statement->table, error);
  if (!table)
    return NULL;
  g_autofree gchar *sql = create_sql (session, table);
  g_autoptr (Result) result = result_new (session->server,
      GST_TDENGINE_PRECISION_MS);
  add_text_column (result, "Table", 193);
  add_text_column (result, "Create Table", 3145726);
  if (!result_add_row (result, error, table->name, sql))
    return NULL;
  return g_steal_pointer (&result);
}

static gboolean
add_description (Result * result, const Column * column, gboolean is_tag,
    GError ** error)
{
  g_autofree gchar *type = column->info.digits > 0 ?
      type_to_sql (&column->info) :
      g_strdup (gst_tdengine_type_get_name (column->info.type));
  guint length = gst_tdengine_type_get_width (column->info.type);
  const gchar *encode, *compress;

  change_get_storage (column->info.type, &encode, &compress);
  if (length == 0)
    length = column->info.length;
  return result_add_row (result, error, column->info.name, type, (gint) length,
      is_tag ? "TAG" : column->is_key ? "COMPOSITE KEY" : "",
      is_tag ? "disabled" : encode, is_tag ? "disabled" : compress,
      is_tag ? "disabled" : "medium");
}

Result *
describe_execute (Session * session, const Statement * statement,
    GError ** error)
{
  static const TypeSpec integer = { GST_TDENGINE_TYPE_INT };
  Table *table = session_get_table (session, &statement->table, error);

  if (!table)
    return NULL;
  g_autoptr (Result) result = result_new (session->server,
      GST_TDENGINE_PRECISION_MS);
  add_text_column (result, "field", 325);
  add_text_column (result, "type", 20);
  result_add_column (result, "length", &integer);
  add_text_column (result, "note", 16);
  add_text_column (result, "encode", 12);
  add_text_column (result, "compress", 12);
  add_text_column (result, "level", 12);
  for (guint i = 0; i < table->columns->len; i++)
    if (!add_description (result, g_ptr_array_index (table->columns, i), FALSE,
            error))
      return NULL;
  for (guint i = 0; i < table->tags->len; i++)
    if (!add_description (result, g_ptr_array_index (table->tags, i), TRUE,
            error))
      return NULL;
  return g_steal_pointer (&result);
}
