/* test server: databases, tables and their columns
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "catalog.h"

#include <string.h>

#include "error.h"
#include "timetext.h"
#include "value.h"

struct _Catalog
{
  Storage *storage;
  GHashTable *databases;        /* name → Database */
  gint64 next_id;
  GPtrArray *added;             /* of Table: since the transaction began */
};

static const gchar tables_sql[] =
    "CREATE TABLE IF NOT EXISTS databases (id INTEGER PRIMARY KEY, name TEXT,"
    " precision INTEGER, vgroups INTEGER, keep_days INTEGER, created INTEGER);"
    "CREATE TABLE IF NOT EXISTS tables (id INTEGER PRIMARY KEY, db INTEGER,"
    " name TEXT, kind INTEGER, super INTEGER, created INTEGER);"
    "CREATE TABLE IF NOT EXISTS columns (of INTEGER, id INTEGER,"
    " is_tag INTEGER, name TEXT, type INTEGER, length INTEGER, digits INTEGER,"
    " scale INTEGER, is_key INTEGER, PRIMARY KEY (of, id));";

static void
column_free (Column * column)
{
  g_free (column->info.name);
  g_free (column);
}

static GPtrArray *
new_columns (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify) column_free);
}

static void
table_free (Table * table)
{
  g_ptr_array_unref (table->columns);
  g_ptr_array_unref (table->tags);
  g_free (table->name);
  g_free (table);
}

static void
database_free (Database * db)
{
  g_hash_table_unref (db->tables);
  g_free (db->name);
  g_free (db);
}

void
catalog_free (Catalog * catalog)
{
  g_hash_table_unref (catalog->databases);
  g_ptr_array_unref (catalog->added);
  g_free (catalog);
}

gboolean
catalog_begin (Catalog * catalog, GError ** error)
{
  g_ptr_array_set_size (catalog->added, 0);
  return storage_begin (catalog->storage, error);
}

/* Keeps or undoes all since the beginning; FALSE where it is undone. Of what
 * is in memory only new tables are undone: nothing else is changed before all
 * that may fail has been done. */
gboolean
catalog_end (Catalog * catalog, gboolean keep, GError ** error)
{
  if (storage_end (catalog->storage, keep, keep ? error : NULL))
    return TRUE;
  for (guint i = catalog->added->len; i > 0; i--) {
    Table *table = g_ptr_array_index (catalog->added, i - 1);

    g_hash_table_remove (table->db->tables, table->name);
  }
  return FALSE;
}

/* the table that rows and columns belong to */
Table *
table_owner (Table * table)
{
  return table->super ? table->super : table;
}

gint
columns_index (GPtrArray * columns, const gchar * name)
{
  for (guint i = 0; i < columns->len; i++) {
    Column *column = g_ptr_array_index (columns, i);

    if (g_str_equal (column->info.name, name))
      return i;
  }
  return -1;
}

Column *
columns_find (GPtrArray * columns, const gchar * name)
{
  gint index = columns_index (columns, name);

  return index < 0 ? NULL : g_ptr_array_index (columns, index);
}

static gint
compare_databases (gconstpointer a, gconstpointer b)
{
  const Database *first = *(Database **) a;
  const Database *second = *(Database **) b;

  return (first->id > second->id) - (first->id < second->id);
}

static gint
compare_tables (gconstpointer a, gconstpointer b)
{
  const Table *first = *(Table **) a;
  const Table *second = *(Table **) b;

  return (first->id > second->id) - (first->id < second->id);
}

static GPtrArray *
list_values (GHashTable * table, GCompareFunc compare)
{
  GPtrArray *list = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, table);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    g_ptr_array_add (list, value);
  g_ptr_array_sort (list, compare);
  return list;
}

/* in the order in which they came into being */
GPtrArray *
catalog_list (Catalog * catalog)
{
  return list_values (catalog->databases, compare_databases);
}

GPtrArray *
database_list (Database * db)
{
  return list_values (db->tables, compare_tables);
}

Database *
catalog_find_database (Catalog * catalog, const gchar * name)
{
  return g_hash_table_lookup (catalog->databases, name);
}

Database *
catalog_get_database (Catalog * catalog, const gchar * name, GError ** error)
{
  Database *db = catalog_find_database (catalog, name);

  if (!db)
    refuse (error, CODE_NO_DATABASE, "Database not exist");
  return db;
}

Table *
database_find (Database * db, const gchar * name)
{
  return g_hash_table_lookup (db->tables, name);
}

static Database *
insert_database (Catalog * self, gint64 id, const gchar * name,
    GstTDenginePrecision precision, guint vgroups, guint keep_days,
    gint64 created)
{
  Database *db = g_new0 (Database, 1);

  db->id = id;
  db->name = g_strdup (name);
  db->precision = precision;
  db->vgroups = vgroups;
  db->keep_days = keep_days;
  db->created = created;
  db->tables = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      (GDestroyNotify) table_free);
  g_hash_table_insert (self->databases, db->name, db);
  self->next_id = MAX (self->next_id, id + 1);
  return db;
}

static Table *
insert_table (Catalog * self, Database * db, gint64 id, const gchar * name,
    TableKind kind, Table * super, gint64 created)
{
  Table *table = g_new0 (Table, 1);

  table->id = id;
  table->name = g_strdup (name);
  table->db = db;
  table->kind = kind;
  table->super = super;
  table->created = created;
  table->columns = super ? g_ptr_array_ref (super->columns) : new_columns ();
  table->tags = super ? g_ptr_array_ref (super->tags) : new_columns ();
  g_hash_table_insert (db->tables, table->name, table);
  if (kind != TABLE_SYSTEM && !db->is_benchmark)
    g_ptr_array_add (self->added, table);
  self->next_id = MAX (self->next_id, id + 1);
  return table;
}

static void
forget_table (Catalog * self, Table * table)
{
  g_ptr_array_remove (self->added, table);
  g_hash_table_remove (table->db->tables, table->name);
}

static Column *
insert_column (Table * table, gboolean is_tag, guint id, const gchar * name,
    const TypeSpec * type, gboolean is_key)
{
  Column *column = g_new0 (Column, 1);

  column->info.name = g_strdup (name);
  column->info.type = type->type;
  column->info.length = type->length;
  column->info.digits = type->digits;
  column->info.scale = type->scale;
  column->id = id;
  column->is_key = is_key;
  g_ptr_array_add (is_tag ? table->tags : table->columns, column);
  table->next_column = MAX (table->next_column, id + 1);
  return column;
}

/* binds what the letters of `format` say: i gint64, s text */
static gboolean
run (Catalog * self, GError ** error, const gchar * sql,
    const gchar * format, ...)
{
  sqlite3_stmt *stmt = storage_cached (self->storage, sql, error);
  va_list args;

  if (!stmt)
    return FALSE;
  va_start (args, format);
  for (gint i = 0; format[i]; i++) {
    if (format[i] == 'i')
      sqlite3_bind_int64 (stmt, i + 1, va_arg (args, gint64));
    else
      sqlite3_bind_text (stmt, i + 1, va_arg (args, const gchar *), -1,
          SQLITE_TRANSIENT);
  }
  va_end (args);
  return storage_run (self->storage, stmt, error);
}

static void
load_databases (Catalog * self)
{
  sqlite3_stmt *stmt = storage_prepare (self->storage,
      "SELECT id, name, precision, vgroups, keep_days, created FROM databases",
      NULL);

  while (stmt && sqlite3_step (stmt) == SQLITE_ROW)
    insert_database (self, sqlite3_column_int64 (stmt, 0),
        (const gchar *) sqlite3_column_text (stmt, 1),
        sqlite3_column_int (stmt, 2), sqlite3_column_int (stmt, 3),
        sqlite3_column_int (stmt, 4), sqlite3_column_int64 (stmt, 5));
  sqlite3_finalize (stmt);
}

static Database *
find_by_id (Catalog * self, gint64 id)
{
  GHashTableIter iter;
  gpointer db;

  g_hash_table_iter_init (&iter, self->databases);
  while (g_hash_table_iter_next (&iter, NULL, &db))
    if (((Database *) db)->id == id)
      return db;
  return NULL;
}

/* super tables come before their sub tables, as ids rise */
static void
load_tables (Catalog * self, GHashTable * by_id)
{
  sqlite3_stmt *stmt = storage_prepare (self->storage,
      "SELECT id, db, name, kind, super, created FROM tables ORDER BY id",
      NULL);

  while (stmt && sqlite3_step (stmt) == SQLITE_ROW) {
    Database *db = find_by_id (self, sqlite3_column_int64 (stmt, 1));
    gint64 super = sqlite3_column_int64 (stmt, 4);

    if (!db)
      continue;
    Table *table = insert_table (self, db, sqlite3_column_int64 (stmt, 0),
        (const gchar *) sqlite3_column_text (stmt, 2),
        sqlite3_column_int (stmt, 3), g_hash_table_lookup (by_id, &super),
        sqlite3_column_int64 (stmt, 5));
    g_hash_table_insert (by_id, &table->id, table);
  }
  sqlite3_finalize (stmt);
}

static void
load_columns (Catalog * self, GHashTable * by_id)
{
  sqlite3_stmt *stmt = storage_prepare (self->storage,
      "SELECT of, id, is_tag, name, type, length, digits, scale, is_key"
      " FROM columns ORDER BY of, id", NULL);

  while (stmt && sqlite3_step (stmt) == SQLITE_ROW) {
    gint64 of = sqlite3_column_int64 (stmt, 0);
    Table *table = g_hash_table_lookup (by_id, &of);
    TypeSpec type = {
      sqlite3_column_int (stmt, 4), sqlite3_column_int (stmt, 5),
      sqlite3_column_int (stmt, 6), sqlite3_column_int (stmt, 7)
    };

    if (table)
      insert_column (table, sqlite3_column_int (stmt, 2),
          sqlite3_column_int (stmt, 1),
          (const gchar *) sqlite3_column_text (stmt, 3), &type,
          sqlite3_column_int (stmt, 8));
  }
  sqlite3_finalize (stmt);
}

Catalog *
catalog_new (Storage * storage, GError ** error)
{
  g_autoptr (Catalog) self = g_new0 (Catalog, 1);
  g_autoptr (GHashTable) by_id = g_hash_table_new (g_int64_hash, g_int64_equal);

  self->storage = storage;
  self->added = g_ptr_array_new ();
  self->next_id = 1;
  self->databases = g_hash_table_new_full (g_str_hash, g_str_equal, NULL,
      (GDestroyNotify) database_free);
  if (!storage_exec (storage, error, "%s", tables_sql))
    return NULL;
  load_databases (self);
  load_tables (self, by_id);
  load_columns (self, by_id);
  return g_steal_pointer (&self);
}

Database *
catalog_add_database (Catalog * catalog, const gchar * name,
    GstTDenginePrecision precision, guint vgroups, guint keep_days,
    GError ** error)
{
  gint64 id = catalog->next_id;
  gint64 created = time_now (GST_TDENGINE_PRECISION_MS);

  if (!run (catalog, error, "INSERT INTO databases VALUES (?, ?, ?, ?, ?, ?)",
          "isiiii", id, name, (gint64) precision, (gint64) vgroups,
          (gint64) keep_days, created))
    return NULL;
  return insert_database (catalog, id, name, precision, vgroups, keep_days,
      created);
}

/* it has no place in storage */
Database *
catalog_add_system_database (Catalog * catalog, const gchar * name)
{
  Database *db = insert_database (catalog, catalog->next_id, name,
      GST_TDENGINE_PRECISION_MS, 0, 0, time_now (GST_TDENGINE_PRECISION_MS));

  db->is_system = TRUE;
  return db;
}

static gboolean
drop_stored (Catalog * self, Table * table, GError ** error)
{
  Storage *storage = self->storage;

  if (table->kind == TABLE_SYSTEM || table->db->is_benchmark)
    return TRUE;
  if (!run (self, error, "DELETE FROM tables WHERE id = ? OR super = ?", "ii",
          table->id, table->id)
      || !run (self, error, "DELETE FROM columns WHERE of = ?", "i", table->id))
    return FALSE;
  if (table->kind == TABLE_SUB)
    return storage_exec (storage, error, "DELETE FROM rows_%" G_GINT64_FORMAT
        " WHERE tid = %" G_GINT64_FORMAT, table->super->id, table->id)
        && storage_exec (storage, error, "DELETE FROM tags_%" G_GINT64_FORMAT
        " WHERE tid = %" G_GINT64_FORMAT, table->super->id, table->id);
  return storage_exec (storage, error, "DROP TABLE rows_%" G_GINT64_FORMAT,
      table->id) && (table->kind != TABLE_SUPER
      || storage_exec (storage, error, "DROP TABLE tags_%" G_GINT64_FORMAT,
          table->id));
}

gboolean
catalog_drop_database (Catalog * catalog, Database * db, GError ** error)
{
  g_autoptr (GPtrArray) tables = database_list (db);

  for (guint i = 0; i < tables->len; i++) {
    Table *table = g_ptr_array_index (tables, i);

    if (table->kind != TABLE_SUB && !drop_stored (catalog, table, error))
      return FALSE;
  }
  if (!run (catalog, error, "DELETE FROM databases WHERE id = ?", "i", db->id))
    return FALSE;
  g_ptr_array_set_size (catalog->added, 0);
  g_hash_table_remove (catalog->databases, db->name);
  return TRUE;
}

static gboolean
store_table (Catalog * self, Table * table, GError ** error)
{
  if (table->db->is_benchmark)
    return TRUE;
  return run (self, error, "INSERT INTO tables VALUES (?, ?, ?, ?, ?, ?)",
      "iisiii", table->id, table->db->id, table->name, (gint64) table->kind,
      table->super ? table->super->id : (gint64) 0, table->created);
}

static gboolean
store_column (Catalog * self, Table * table, gboolean is_tag, Column * column,
    GError ** error)
{
  const GstTDengineColumn *info = &column->info;

  if (table->db->is_benchmark)
    return TRUE;
  return run (self, error,
      "INSERT OR REPLACE INTO columns VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
      "iiisiiiii", table->id, (gint64) column->id, (gint64) is_tag, info->name,
      (gint64) info->type, (gint64) info->length, (gint64) info->digits,
      (gint64) info->scale, (gint64) column->is_key);
}

static gboolean
store_columns (Catalog * self, Table * table, gboolean is_tag,
    GPtrArray * columns, GError ** error)
{
  for (guint i = 0; i < columns->len; i++)
    if (!store_column (self, table, is_tag, g_ptr_array_index (columns, i),
            error))
      return FALSE;
  return TRUE;
}

static gboolean
make_rows (Catalog * self, Table * table, GError ** error)
{
  g_autoptr (GString) sql = g_string_new (NULL);
  g_autoptr (GString) key = g_string_new (NULL);

  if (table->db->is_benchmark)
    return TRUE;
  g_string_printf (sql, "CREATE TABLE rows_%" G_GINT64_FORMAT
      " (tid INTEGER NOT NULL", table->id);
  for (guint i = 0; i < table->columns->len; i++) {
    Column *column = g_ptr_array_index (table->columns, i);

    g_string_append_printf (sql, ", c%u", column->id);
    if (i == 0 || column->is_key)
      g_string_append_printf (key, ", c%u", column->id);
  }
  g_string_append_printf (sql, ", PRIMARY KEY (tid%s)) WITHOUT ROWID",
      key->str);
  return storage_exec (self->storage, error, "%s", sql->str);
}

static gboolean
make_tags (Catalog * self, Table * table, GError ** error)
{
  g_autoptr (GString) sql = g_string_new (NULL);

  if (table->kind != TABLE_SUPER || table->db->is_benchmark)
    return TRUE;
  g_string_printf (sql, "CREATE TABLE tags_%" G_GINT64_FORMAT
      " (tid INTEGER PRIMARY KEY, tbname TEXT", table->id);
  for (guint i = 0; i < table->tags->len; i++) {
    Column *column = g_ptr_array_index (table->tags, i);

    g_string_append_printf (sql, ", c%u", column->id);
  }
  return storage_exec (self->storage, error, "%s)", sql->str);
}

static void
insert_columns (Table * table, gboolean is_tag, GArray * specs)
{
  for (guint i = 0; specs && i < specs->len; i++) {
    ColumnSpec *spec = &g_array_index (specs, ColumnSpec, i);

    insert_column (table, is_tag, table->next_column, spec->name, &spec->type,
        spec->is_key);
  }
}

/* a super table where there are tags, a normal one otherwise */
Table *
catalog_add_table (Catalog * catalog, Database * db, const gchar * name,
    GArray * columns, GArray * tags, GError ** error)
{
  Table *table = insert_table (catalog, db, catalog->next_id, name,
      tags ? TABLE_SUPER : TABLE_NORMAL, NULL,
      time_now (GST_TDENGINE_PRECISION_MS));

  insert_columns (table, FALSE, columns);
  insert_columns (table, TRUE, tags);
  if (store_table (catalog, table, error)
      && store_columns (catalog, table, FALSE, table->columns, error)
      && store_columns (catalog, table, TRUE, table->tags, error)
      && make_rows (catalog, table, error)
      && make_tags (catalog, table, error))
    return table;
  forget_table (catalog, table);
  return NULL;
}

static gboolean
store_tags (Catalog * self, Table * table, const Value * tags, GError ** error)
{
  g_autoptr (GString) sql = g_string_new (NULL);
  guint n_tags = table->tags->len;

  if (table->db->is_benchmark)
    return TRUE;
  g_string_printf (sql, "INSERT INTO tags_%" G_GINT64_FORMAT " VALUES (?, ?",
      table->super->id);
  for (guint i = 0; i < n_tags; i++)
    g_string_append (sql, ", ?");
  g_string_append (sql, ")");

  sqlite3_stmt *stmt = storage_cached (self->storage, sql->str, error);
  if (!stmt)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, table->id);
  sqlite3_bind_text (stmt, 2, table->name, -1, SQLITE_TRANSIENT);
  for (guint i = 0; i < n_tags; i++)
    value_bind (&tags[i], stmt, i + 3);
  gboolean done = storage_run (self->storage, stmt, error);
  sqlite3_clear_bindings (stmt);
  return done;
}

/* `tags` is a Value for each tag of the super table */
Table *
catalog_add_sub_table (Catalog * catalog, Database * db, const gchar * name,
    Table * super, gpointer tags, GError ** error)
{
  Table *table = insert_table (catalog, db, catalog->next_id, name, TABLE_SUB,
      super, time_now (GST_TDENGINE_PRECISION_MS));

  if (store_table (catalog, table, error)
      && store_tags (catalog, table, tags, error))
    return table;
  forget_table (catalog, table);
  return NULL;
}

/* its columns are of the caller, and nothing of it is kept */
Table *
catalog_add_system (Catalog * catalog, Database * db, const gchar * name,
    const SystemTable * system)
{
  Table *table = insert_table (catalog, db, catalog->next_id, name,
      TABLE_SYSTEM, NULL, time_now (GST_TDENGINE_PRECISION_MS));

  table->system = system;
  return table;
}

static gboolean
is_sub_table_of (gpointer key, gpointer table, gpointer super)
{
  return ((Table *) table)->super == super;
}

gboolean
catalog_drop_table (Catalog * catalog, Table * table, GError ** error)
{
  if (!drop_stored (catalog, table, error))
    return FALSE;
  g_ptr_array_set_size (catalog->added, 0);
  if (table->kind == TABLE_SUPER)
    g_hash_table_foreach_remove (table->db->tables, is_sub_table_of, table);
  g_hash_table_remove (table->db->tables, table->name);
  return TRUE;
}

static const gchar *
stored_prefix (gboolean is_tag)
{
  return is_tag ? "tags" : "rows";
}

Column *
catalog_add_column (Catalog * catalog, Table * table, gboolean is_tag,
    const gchar * name, const TypeSpec * type, GError ** error)
{
  if (!storage_exec (catalog->storage, error, "ALTER TABLE %s_%"
          G_GINT64_FORMAT " ADD COLUMN c%u", stored_prefix (is_tag), table->id,
          table->next_column))
    return NULL;
  Column *column = insert_column (table, is_tag, table->next_column, name,
      type, FALSE);
  return store_column (catalog, table, is_tag, column, error) ? column : NULL;
}

gboolean
catalog_drop_column (Catalog * catalog, Table * table, gboolean is_tag,
    Column * column, GError ** error)
{
  if (!storage_exec (catalog->storage, error, "ALTER TABLE %s_%"
          G_GINT64_FORMAT " DROP COLUMN c%u", stored_prefix (is_tag),
          table->id, column->id)
      || !run (catalog, error, "DELETE FROM columns WHERE of = ? AND id = ?",
          "ii", table->id, (gint64) column->id))
    return FALSE;
  g_ptr_array_remove (is_tag ? table->tags : table->columns, column);
  return TRUE;
}

gboolean
catalog_update_column (Catalog * catalog, Table * table, Column * column,
    const gchar * name, guint length, GError ** error)
{
  gboolean is_tag = g_ptr_array_find (table->tags, column, NULL);
  gchar *new_name = g_strdup (name);

  g_free (column->info.name);
  column->info.name = new_name;
  column->info.length = length;
  return store_column (catalog, table, is_tag, column, error);
}
