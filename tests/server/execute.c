/* test server: statements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "execute.h"

#include <string.h>

#include "change.h"
#include "error.h"
#include "insert.h"
#include "literal.h"
#include "log.h"
#include "parser.h"
#include "scope.h"
#include "select.h"
#include "show.h"
#include "topics.h"

#define DEFAULT_VGROUPS 2
#define DEFAULT_KEEP_DAYS 3650
#define MAX_DATABASE_NAME 64
#define MAX_TABLE_NAME 192
#define MAX_COLUMN_NAME 64

static gboolean
check_name (const gchar * name, gsize max, GError ** error)
{
  if (*name && strlen (name) <= max)
    return TRUE;
  return refuse (error, CODE_SYNTAX, "syntax error near \"%s\"", name);
}

static gboolean
create_database (Session * session, const Statement * statement,
    GError ** error)
{
  Catalog *catalog = session->server->catalog;

  if (!check_name (statement->table.db, MAX_DATABASE_NAME, error))
    return FALSE;
  if (catalog_find_database (catalog, statement->table.db))
    return statement->if_exists || refuse (error, CODE_DATABASE_EXISTS,
        "Database already exists");
  return catalog_add_database (catalog, statement->table.db,
      statement->precision,
      statement->vgroups ? statement->vgroups : DEFAULT_VGROUPS,
      statement->keep_days ? statement->keep_days : DEFAULT_KEEP_DAYS,
      error) != NULL;
}

static gboolean
drop_database (Session * session, const Statement * statement, GError ** error)
{
  Catalog *catalog = session->server->catalog;
  Database *db = catalog_find_database (catalog, statement->table.db);

  if (!db)
    return statement->if_exists || refuse (error, CODE_NO_DATABASE,
        "Database not exist");
  if (db->is_system)
    return refuse (error, CODE_INVALID_OPERATION, "Cannot drop a system "
        "database");
  if (topics_use (session->server->topics, db))
    return refuse (error, CODE_DATABASE_HAS_TOPICS,
        "Topic must be dropped first");
  results_settle (session->server, 0);
  return log_drop_database (session->server->log, db, error)
      && catalog_drop_database (catalog, db, error);
}

static gboolean
use_database (Session * session, const Statement * statement, GError ** error)
{
  if (!session_get_database (session, statement->table.db, error))
    return FALSE;
  session_set_db (session, statement->table.db);
  return TRUE;
}

static gboolean
check_columns (GArray * columns, GArray * other, GError ** error)
{
  for (guint i = 0; columns && i < columns->len; i++) {
    ColumnSpec *column = &g_array_index (columns, ColumnSpec, i);

    if (!check_name (column->name, MAX_COLUMN_NAME, error))
      return FALSE;
    for (guint j = 0; j < i; j++)
      if (g_str_equal (g_array_index (columns, ColumnSpec, j).name,
              column->name))
        return refuse (error, CODE_DUPLICATE_COLUMN, "Duplicated column names");
    for (guint j = 0; other && j < other->len; j++)
      if (g_str_equal (g_array_index (other, ColumnSpec, j).name, column->name))
        return refuse (error, CODE_DUPLICATE_COLUMN, "Duplicated column names");
  }
  return TRUE;
}

static gboolean
check_table (const Statement * statement, GError ** error)
{
  ColumnSpec *first = &g_array_index (statement->columns, ColumnSpec, 0);

  if (first->type.type != GST_TDENGINE_TYPE_TIMESTAMP)
    return refuse (error, CODE_FIRST_COLUMN, "First column must be timestamp");
  if (statement->columns->len < 2)
    return refuse (error, CODE_COLUMNS_NUMBER, "Invalid number of columns");
  return check_name (statement->table.name, MAX_TABLE_NAME, error)
      && check_columns (statement->columns, statement->tags, error)
      && check_columns (statement->tags, NULL, error);
}

static gboolean
log_new_table (Session * session, Table * table, GError ** error)
{
  g_autofree gchar *change =
      table ? change_create (session->server, table, error) : NULL;

  return change && log_change (session->server->log, table, change, error);
}

static gboolean
create_table (Session * session, const Statement * statement, GError ** error)
{
  Database *db = session_get_database (session, statement->table.db, error);

  if (!db)
    return FALSE;
  Table *present = database_find (db, statement->table.name);

  if (present && statement->if_exists)
    return TRUE;
  if (present && statement->tags && present->kind == TABLE_SUPER)
    return refuse (error, CODE_SUPER_TABLE_EXISTS, "STable already exists");
  if (present)
    return refuse (error, CODE_TABLE_EXISTS, "Table already exists");
  return check_table (statement, error)
      && log_new_table (session, catalog_add_table (session->server->catalog,
          db, statement->table.name, statement->columns, statement->tags,
          error), error);
}

static gboolean
create_sub_table (Session * session, const SubTableSpec * spec, GError ** error)
{
  Database *db = session_get_database (session, spec->table.db, error);
  Table *super = db ? session_get_table (session, &spec->using, error) : NULL;

  if (!super || !check_name (spec->table.name, MAX_TABLE_NAME, error))
    return FALSE;
  if (super->kind != TABLE_SUPER)
    return refuse (error, CODE_NO_TABLE, "Table does not exist");
  Table *present = database_find (db, spec->table.name);

  if (present && present->super != super)
    return refuse (error, CODE_TABLE_ELSEWHERE,
        "Table already exists in other stables");
  if (present)
    return spec->if_not_exists || refuse (error, CODE_TABLE_EXISTS,
        "Table already exists");

  Value *tags = insert_read_tags (session, super, spec->tag_names, spec->tags,
      error);
  if (!tags)
    return FALSE;
  gboolean done = log_new_table (session, insert_new_table (session, db,
          spec->table.name, super, tags, error), error);
  value_free_array (tags, super->tags->len);
  return done;
}

static gboolean
create_sub_tables (Session * session, const Statement * statement,
    GError ** error)
{
  for (guint i = 0; i < statement->sub_tables->len; i++)
    if (!create_sub_table (session, &g_array_index (statement->sub_tables,
                SubTableSpec, i), error))
      return FALSE;
  return TRUE;
}

/* NULL without an error where there is none, and none is needed */
static Table *
find_drop (Session * session, const DropSpec * drop, gboolean is_super,
    GError ** error)
{
  g_autoptr (GError) own_error = NULL;
  Table *table = session_find_table (session, &drop->table, &own_error);

  if (!table && drop->if_exists)
    return NULL;
  if (own_error)
    g_propagate_error (error, g_steal_pointer (&own_error));
  else if (!table && is_super)
    refuse (error, CODE_NO_SUPER_TABLE, "STable not exist");
  else if (!table)
    refuse (error, CODE_NO_TABLE, "Table does not exist");
  else if (table->kind == TABLE_SYSTEM)
    refuse (error, CODE_INVALID_OPERATION, "Cannot drop a system table");
  return table;
}

/* names of one vgroup's tables are told together */
static gboolean
log_drop (Session * session, Table * table, GPtrArray * names, Table * next,
    GError ** error)
{
  g_ptr_array_add (names, table->name);
  if (next && next->kind != TABLE_SUPER
      && log_vgroup (next->db, next->name) == log_vgroup (table->db,
          table->name))
    return TRUE;
  g_autofree gchar *change = table->kind == TABLE_SUPER ?
      change_drop_super (table) : change_drop (names);
  g_ptr_array_set_size (names, 0);
  return log_change (session->server->log, table, change, error);
}

static gboolean
log_drops (Session * session, const Statement * statement, GError ** error)
{
  g_autoptr (GPtrArray) tables = g_ptr_array_new ();
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  for (guint i = 0; i < statement->drops->len; i++) {
    Table *table = find_drop (session, &g_array_index (statement->drops,
            DropSpec, i), statement->is_super, NULL);

    if (table)
      g_ptr_array_add (tables, table);
  }
  for (guint i = 0; i < tables->len; i++)
    if (!log_drop (session, g_ptr_array_index (tables, i), names,
            i + 1 < tables->len ? g_ptr_array_index (tables, i + 1) : NULL,
            error))
      return FALSE;
  return TRUE;
}

static gboolean
drop_found (Session * session, const Statement * statement, GError ** error)
{
  for (guint i = 0; i < statement->drops->len; i++) {
    /* one of them may have gone with its super table */
    Table *table = find_drop (session, &g_array_index (statement->drops,
            DropSpec, i), statement->is_super, NULL);

    if (table && !catalog_drop_table (session->server->catalog, table, error))
      return FALSE;
  }
  return TRUE;
}

/* all of them or none */
static gboolean
drop_tables (Session * session, const Statement * statement, GError ** error)
{
  GArray *drops = statement->drops;
  GError *own_error = NULL;

  for (guint i = 0; i < drops->len; i++) {
    find_drop (session, &g_array_index (drops, DropSpec, i),
        statement->is_super, &own_error);
    if (own_error)
      return g_propagate_error (error, own_error), FALSE;
  }
  results_settle (session->server, 0);
  return log_drops (session, statement, error)
      && drop_found (session, statement, error);
}

static gboolean
set_tag (Session * session, Table * table, const Statement * statement,
    GError ** error)
{
  Column *tag = columns_find (table->tags, statement->column.name);
  Value value;

  if (table->kind != TABLE_SUB)
    return refuse (error, CODE_NO_TABLE, "Table does not exist");
  if (!tag)
    return refuse (error, CODE_NO_COLUMN, "Invalid column name: %s",
        statement->column.name);
  if (!literal_to_value (session, &statement->literal, tag,
          table->db->precision, &value, error))
    return FALSE;

  g_autofree gchar *sql = g_strdup_printf ("UPDATE tags_%" G_GINT64_FORMAT
      " SET c%u = ? WHERE tid = %" G_GINT64_FORMAT, table->super->id, tag->id,
      table->id);
  sqlite3_stmt *stmt = storage_cached (session->server->storage, sql, error);
  gboolean done = stmt && value_bind (&value, stmt, 1)
      && storage_run (session->server->storage, stmt, error);
  value_clear (&value);
  return done;
}

static gboolean
add_column (Session * session, Table * table, const Statement * statement,
    GError ** error)
{
  const ColumnSpec *column = &statement->column;

  if (!check_name (column->name, MAX_COLUMN_NAME, error))
    return FALSE;
  if (columns_find (table->columns, column->name)
      || columns_find (table->tags, column->name))
    return refuse (error, CODE_DUPLICATE_COLUMN, "Duplicated column names");
  return catalog_add_column (session->server->catalog, table,
      statement->alters_tag, column->name, &column->type, error) != NULL;
}

static gboolean
change_column (Session * session, Table * table, const Statement * statement,
    GError ** error)
{
  Catalog *catalog = session->server->catalog;
  GPtrArray *columns = statement->alters_tag ? table->tags : table->columns;
  Column *column = columns_find (columns, statement->column.name);

  if (!column)
    return refuse (error, CODE_NO_COLUMN, "Invalid column name: %s",
        statement->column.name);
  switch (statement->alter) {
    case ALTER_DROP:
      if (columns->len == 1 || column == g_ptr_array_index (table->columns, 0))
        return refuse (error, CODE_INVALID_OPERATION,
            "Invalid operation: this column can't be dropped");
      return catalog_drop_column (catalog, table, statement->alters_tag,
          column, error);
    case ALTER_RENAME:
      return catalog_update_column (catalog, table, column,
          statement->new_name, column->info.length, error);
    default:
      if (statement->column.type.type != column->info.type
          || statement->column.type.length < column->info.length)
        return refuse (error, CODE_INVALID_OPERATION,
            "Only varbinary/binary/nchar/geometry column length could be "
            "modified, and the length can only be increased, not decreased");
      return catalog_update_column (catalog, table, column,
          column->info.name, statement->column.type.length, error);
  }
}

static gboolean
apply_alter (Session * session, Table * table, const Statement * statement,
    GError ** error)
{
  if (statement->alter == ALTER_SET_TAG)
    return set_tag (session, table, statement, error);
  if (table->kind != TABLE_SUPER && table->kind != TABLE_NORMAL)
    return refuse (error, CODE_INVALID_OPERATION, "Invalid operation: a sub "
        "table's columns are its super table's");
  if (statement->alter == ALTER_ADD)
    return add_column (session, table, statement, error);
  return change_column (session, table, statement, error);
}

static gboolean
alter_table (Session * session, const Statement * statement, GError ** error)
{
  Table *table = session_get_table (session, &statement->table, error);

  if (!table)
    return FALSE;
  results_settle (session->server, 0);
  if (!apply_alter (session, table, statement, error))
    return FALSE;
  g_autofree gchar *change = change_alter (table, statement,
      columns_find (statement->alters_tag ? table->tags : table->columns,
          statement->column.name));
  return log_change (session->server->log, table, change, error);
}

/* rows of a table by conditions on its rows; `tid` is what finds them */
static gboolean
find_rows (Session * session, const Statement * statement, Table * table,
    GString * where, GError ** error)
{
  if (table->kind != TABLE_SUPER)
    g_string_append_printf (where, "r.tid = %" G_GINT64_FORMAT " AND ",
        table->id);
  if (table->kind != TABLE_NORMAL)
    g_string_append_printf (where, "EXISTS (SELECT 1 FROM tags_%"
        G_GINT64_FORMAT " t WHERE t.tid = r.tid AND ", table_owner (table)->id);
  if (!statement->where)
    g_string_append (where, "1");
  else if (!select_filter (session, table, statement->where, where, error))
    return FALSE;
  if (table->kind != TABLE_NORMAL)
    g_string_append_c (where, ')');
  return TRUE;
}

/* the times that go are told, whatever the condition was */
static gboolean
log_delete (Session * session, Table * table, const gchar * where,
    GError ** error)
{
  const Column *time = g_ptr_array_index (table->columns, 0);
  g_autofree gchar *sql = g_strdup_printf ("SELECT min(r.c%u), max(r.c%u) FROM "
      "rows_%" G_GINT64_FORMAT " r WHERE %s", time->id, time->id,
      table_owner (table)->id, where);
  sqlite3_stmt *stmt = storage_prepare (session->server->storage, sql, error);
  g_autofree gchar *change = NULL;

  if (!stmt)
    return FALSE;
  if (sqlite3_step (stmt) == SQLITE_ROW
      && sqlite3_column_type (stmt, 0) != SQLITE_NULL)
    change = change_delete (table, sqlite3_column_int64 (stmt, 0),
        sqlite3_column_int64 (stmt, 1));
  sqlite3_finalize (stmt);
  return !change || log_change (session->server->log, table, change, error);
}

static gboolean
delete_rows (Session * session, const Statement * statement, gint64 * affected,
    GError ** error)
{
  Server *server = session->server;
  Table *table = session_get_table (session, &statement->table, error);
  g_autoptr (GString) where = g_string_new (NULL);
  gint64 id;

  if (!table)
    return FALSE;
  if (table->kind == TABLE_SYSTEM)
    return refuse (error, CODE_INVALID_OPERATION, "Cannot delete from a system "
        "table");
  id = table_owner (table)->id;
  results_settle (server, id);
  if (!find_rows (session, statement, table, where, error)
      || !log_delete (session, table, where->str, error)
      || !storage_exec (server->storage, error, "DELETE FROM rows_%"
          G_GINT64_FORMAT " AS r WHERE %s", id, where->str))
    return FALSE;
  *affected = sqlite3_changes (storage_get (server->storage));
  return TRUE;
}

/* statements that change something, in a transaction */
static gboolean
change (Session * session, const Statement * statement, gint64 * affected,
    GError ** error)
{
  switch (statement->kind) {
    case STATEMENT_CREATE_DATABASE:
      return create_database (session, statement, error);
    case STATEMENT_DROP_DATABASE:
      return drop_database (session, statement, error);
    case STATEMENT_CREATE_TABLE:
      return create_table (session, statement, error);
    case STATEMENT_CREATE_SUB_TABLES:
      return create_sub_tables (session, statement, error);
    case STATEMENT_DROP_TABLES:
      return drop_tables (session, statement, error);
    case STATEMENT_ALTER_TABLE:
      return alter_table (session, statement, error);
    case STATEMENT_INSERT:
      return insert_execute (session, statement, affected, error);
    case STATEMENT_CREATE_TOPIC:
      return topics_create (session, statement, error);
    case STATEMENT_DROP_TOPIC:
      return topics_drop (session, statement, error);
    case STATEMENT_DELETE:
      return delete_rows (session, statement, affected, error);
    default:
      return refuse_unsupported (error, "This statement");
  }
}

static gboolean
change_in_transaction (Session * session, const Statement * statement,
    gint64 * affected, GError ** error)
{
  Server *server = session->server;

  if (!server_begin (server, error))
    return FALSE;
  gboolean done = change (session, statement, affected, error);
  return server_end (server, done, error);
}

static gboolean
give_result (Outcome * outcome, Result * result)
{
  outcome->result = result;
  return result != NULL;
}

gboolean
execute_statement (Session * session, const Statement * statement,
    Outcome * outcome, GError ** error)
{
  switch (statement->kind) {
    case STATEMENT_SELECT:
      return give_result (outcome, select_execute (session, statement->select,
              error));
    case STATEMENT_SHOW:
      return give_result (outcome, show_execute (session, statement, error));
    case STATEMENT_SHOW_CREATE:
      return give_result (outcome, show_create (session, statement, error));
    case STATEMENT_DESCRIBE:
      return give_result (outcome, describe_execute (session, statement,
              error));
    case STATEMENT_USE:
      return use_database (session, statement, error);
    case STATEMENT_ALTER_DATABASE:
      return session_get_database (session, statement->table.db, error) != NULL;
    case STATEMENT_NOTHING:
      return TRUE;
    default:
      return change_in_transaction (session, statement, &outcome->affected,
          error);
  }
}

gboolean
execute_sql (Session * session, const gchar * sql, Outcome * outcome,
    GError ** error)
{
  g_autoptr (Arena) arena = arena_new ();
  Statement *statement = parse_statement (arena, sql, error);

  outcome->result = NULL;
  outcome->affected = 0;
  return statement && execute_statement (session, statement, outcome, error);
}
