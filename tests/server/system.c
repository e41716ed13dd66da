/* test server: the tables of information_schema
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "system.h"

#include <string.h>

#include "benchmark.h"
#include "error.h"
#include "result.h"
#include "timetext.h"
#include "topics.h"
#include "value.h"

/* a value a letter: t text of the length, b BIGINT, i INT, s SMALLINT,
 * T timestamp, B bool */
typedef struct
{
  const gchar *name;
  gchar type;
  guint length;
} SystemColumn;

typedef struct
{
  Server *server;
  sqlite3_stmt *stmt;
  gint at;
  gboolean failed;
  GError **error;
} Filler;

struct _SystemTable
{
  const gchar *db;
  const gchar *name;
  void (*fill) (Filler * filler);
  SystemColumn columns[16];
};

static void
put_text (Filler * self, const gchar * text)
{
  if (text)
    sqlite3_bind_text (self->stmt, ++self->at, text, -1, SQLITE_TRANSIENT);
  else
    sqlite3_bind_null (self->stmt, ++self->at);
}

static void
put_integer (Filler * self, gint64 value)
{
  sqlite3_bind_int64 (self->stmt, ++self->at, value);
}

static void
put_null (Filler * self)
{
  sqlite3_bind_null (self->stmt, ++self->at);
}

static void
end_row (Filler * self)
{
  if (!self->failed && !storage_run (self->server->storage, self->stmt,
          self->error))
    self->failed = TRUE;
  self->at = 0;
}

/* VARCHAR(64), DECIMAL(10,2), INT UNSIGNED */
gchar *
type_to_sql (const GstTDengineColumn * column)
{
  const gchar *name = gst_tdengine_type_get_name (column->type);

  if (column->digits > 0)
    return g_strdup_printf ("DECIMAL(%u,%u)", column->digits, column->scale);
  if (gst_tdengine_type_get_width (column->type) > 0
      || column->type == GST_TDENGINE_TYPE_JSON
      || column->type == GST_TDENGINE_TYPE_BLOB)
    return g_strdup (name);
  return g_strdup_printf ("%s(%u)", name, column->length);
}

static void
for_each_table (Filler * self, void (*call) (Filler * filler, Table * table))
{
  g_autoptr (GPtrArray) databases = catalog_list (self->server->catalog);

  for (guint i = 0; i < databases->len; i++) {
    g_autoptr (GPtrArray) tables =
        database_list (g_ptr_array_index (databases, i));

    for (guint j = 0; j < tables->len; j++)
      call (self, g_ptr_array_index (tables, j));
  }
}

static guint
count_tables (Database * db)
{
  g_autoptr (GPtrArray) tables = database_list (db);
  guint n = 0;

  for (guint i = 0; i < tables->len; i++) {
    Table *table = g_ptr_array_index (tables, i);

    n += table->kind == TABLE_SUB || table->kind == TABLE_NORMAL;
  }
  return n;
}

static void
fill_databases (Filler * self)
{
  g_autoptr (GPtrArray) databases = catalog_list (self->server->catalog);

  for (guint i = 0; i < databases->len; i++) {
    Database *db = g_ptr_array_index (databases, i);
    g_autofree gchar *keep = g_strdup_printf ("%ud,%ud,%ud", db->keep_days,
        db->keep_days, db->keep_days);

    put_text (self, db->name);
    if (db->is_system) {
      for (guint j = 0; j < 4; j++)
        put_null (self);
      put_text (self, NULL);
      put_text (self, NULL);
      put_text (self, "ready");
    } else {
      put_integer (self, db->created);
      put_integer (self, db->vgroups);
      put_integer (self, count_tables (db));
      put_integer (self, 1);
      put_text (self, keep);
      put_text (self, gst_tdengine_precision_get_name (db->precision));
      put_text (self, "ready");
    }
    end_row (self);
  }
}

static void
put_super_table (Filler * self, Table * table)
{
  if (table->kind != TABLE_SUPER)
    return;
  put_text (self, table->name);
  put_text (self, table->db->name);
  put_integer (self, table->created);
  put_integer (self, table->columns->len);
  put_integer (self, table->tags->len);
  put_integer (self, table->created);
  put_null (self);
  end_row (self);
}

static void
fill_super_tables (Filler * self)
{
  for_each_table (self, put_super_table);
}

static const gchar *
kind_name (Table * table)
{
  switch (table->kind) {
    case TABLE_SUPER:
      return "SUPER_TABLE";
    case TABLE_SUB:
      return "CHILD_TABLE";
    case TABLE_NORMAL:
      return "NORMAL_TABLE";
    default:
      return "SYSTEM_TABLE";
  }
}

static void
put_table (Filler * self, Table * table)
{
  if (table->kind == TABLE_SUPER)
    return;
  put_text (self, table->name);
  put_text (self, table->db->name);
  put_integer (self, table->created);
  put_integer (self, table->columns->len);
  put_text (self, table->super ? table->super->name : NULL);
  put_integer (self, table->id);
  put_integer (self, log_vgroup (table->db, table->name));
  put_integer (self, 0);
  put_null (self);
  put_text (self, kind_name (table));
  end_row (self);
}

static void
fill_tables (Filler * self)
{
  for_each_table (self, put_table);
}

/* NCHAR counts four bytes a character there, and the length's two */
static guint
stored_length (const GstTDengineColumn * column)
{
  guint width = gst_tdengine_type_get_width (column->type);

  if (width > 0)
    return width;
  return column->type == GST_TDENGINE_TYPE_NCHAR ? column->length * 4 + 2 :
      column->length + 2;
}

static void
put_columns (Filler * self, Table * table)
{
  for (guint i = 0; i < table->columns->len; i++) {
    Column *column = g_ptr_array_index (table->columns, i);
    g_autofree gchar *type = type_to_sql (&column->info);

    put_text (self, table->name);
    put_text (self, table->db->name);
    put_text (self, kind_name (table));
    put_text (self, column->info.name);
    put_text (self, type);
    put_integer (self, stored_length (&column->info));
    for (guint j = 0; j < 4; j++)
      put_null (self);
    put_integer (self, i + 1);
    end_row (self);
  }
}

static void
fill_columns (Filler * self)
{
  for_each_table (self, put_columns);
}

static gchar *
tag_to_text (const GstTDengineColumn * column, sqlite3_stmt * stmt, gint at)
{
  if (sqlite3_column_type (stmt, at) == SQLITE_NULL)
    return NULL;
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);
  gst_tdengine_schema_append (schema, column, NULL);
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);
  if (!value_append (builder, 0, column, sqlite3_column_value (stmt, at), NULL))
    return NULL;
  g_autoptr (GstTDengineRows) rows = gst_tdengine_rows_builder_end (builder,
      NULL);
  return rows ? gst_tdengine_rows_get_text (rows, 0, 0) : NULL;
}

static void
put_tags (Filler * self, Table * table)
{
  if (table->kind != TABLE_SUB)
    return;

  Table *super = table->super;
  g_autofree gchar *sql = g_strdup_printf ("SELECT * FROM tags_%"
      G_GINT64_FORMAT " WHERE tid = %" G_GINT64_FORMAT, super->id, table->id);
  sqlite3_stmt *stmt = storage_prepare (self->server->storage, sql, NULL);
  if (!stmt || sqlite3_step (stmt) != SQLITE_ROW) {
    sqlite3_finalize (stmt);
    return;
  }
  for (guint i = 0; i < super->tags->len; i++) {
    Column *tag = g_ptr_array_index (super->tags, i);
    g_autofree gchar *type = type_to_sql (&tag->info);
    g_autofree gchar *text = tag_to_text (&tag->info, stmt, i + 2);

    put_text (self, table->name);
    put_text (self, table->db->name);
    put_text (self, super->name);
    put_text (self, tag->info.name);
    put_text (self, type);
    put_text (self, text);
    end_row (self);
  }
  sqlite3_finalize (stmt);
}

static void
fill_tags (Filler * self)
{
  for_each_table (self, put_tags);
}

static void
fill_topics (Filler * self)
{
  static const gchar *const kinds[] = { "column", "stable", "db" };
  GPtrArray *topics = topics_list (self->server->topics);

  for (guint i = 0; i < topics->len; i++) {
    const Topic *topic = g_ptr_array_index (topics, i);

    put_text (self, topic->name);
    put_text (self, topic->database);
    put_integer (self, topic->created);
    put_text (self, topic->statement);
    put_text (self, "NULL");
    put_text (self, topic->with_meta ? "yes" : "no");
    put_text (self, kinds[topic->kind]);
    end_row (self);
  }
}

static void
fill_written (Filler * self)
{
  put_integer (self, time_now (GST_TDENGINE_PRECISION_MS));
  put_integer (self, benchmark_get_count (self->server->benchmark));
  end_row (self);
}

static const SystemTable tables[] = {
  {"information_schema", "ins_databases", fill_databases, {
              {"name", 't', 64}, {"create_time", 'T', 0}, {"vgroups", 's', 0},
              {"ntables", 'b', 0}, {"replica", 's', 0}, {"keep", 't', 32},
          {"precision", 't', 2}, {"status", 't', 10}}},
  {"information_schema", "ins_stables", fill_super_tables, {
              {"stable_name", 't', 192}, {"db_name", 't', 64}, {"create_time",
                  'T', 0},
              {"columns", 'i', 0}, {"tags", 'i', 0}, {"last_update", 'T', 0},
          {"table_comment", 't', 1024}}},
  {"information_schema", "ins_tables", fill_tables, {
              {"table_name", 't', 192}, {"db_name", 't', 64}, {"create_time",
                  'T', 0},
              {"columns", 'i', 0}, {"stable_name", 't', 192}, {"uid", 'b', 0},
              {"vgroup_id", 'i', 0}, {"ttl", 'i', 0}, {"table_comment", 't',
                  1024},
          {"type", 't', 21}}},
  {"information_schema", "ins_columns", fill_columns, {
              {"table_name", 't', 192}, {"db_name", 't', 64}, {"table_type",
                  't', 21},
              {"col_name", 't', 64}, {"col_type", 't', 32}, {"col_length", 'i',
                  0},
              {"col_precision", 'i', 0}, {"col_scale", 'i', 0},
              {"col_nullable", 'i', 0}, {"col_source", 't', 258},
          {"col_id", 's', 0}}},
  {"information_schema", "ins_tags", fill_tags, {
              {"table_name", 't', 192}, {"db_name", 't', 64},
              {"stable_name", 't', 192}, {"tag_name", 't', 64}, {"tag_type",
                  't', 32},
          {"tag_value", 't', 16384}}},
  {"information_schema", "ins_topics", fill_topics, {
              {"topic_name", 't', 192}, {"db_name", 't', 64},
              {"create_time", 'T', 0}, {"sql", 't', 2048},
              {"schema", 't', 65517}, {"meta", 't', 4},
          {"type", 't', 8}}},
  {BENCHMARK_DATABASE, "written", fill_written, {
          {"ts", 'T', 0}, {"n_rows", 'b', 0}}},
};

static TypeSpec
get_type (const SystemColumn * column)
{
  switch (column->type) {
    case 't':
      return type_varying (GST_TDENGINE_TYPE_VARCHAR, column->length);
    case 'b':
      return type_simple (GST_TDENGINE_TYPE_BIGINT);
    case 'i':
      return type_simple (GST_TDENGINE_TYPE_INT);
    case 's':
      return type_simple (GST_TDENGINE_TYPE_SMALLINT);
    default:
      return type_simple (GST_TDENGINE_TYPE_TIMESTAMP);
  }
}

static void
add_columns (Table * table, const SystemTable * system)
{
  for (const SystemColumn * info = system->columns; info->name; info++) {
    TypeSpec type = get_type (info);
    Column *column = g_new0 (Column, 1);

    column->info.name = g_strdup (info->name);
    column->info.type = type.type;
    column->info.length = type.length;
    column->id = table->next_column++;
    g_ptr_array_add (table->columns, column);
  }
}

void
system_add_database (Catalog * catalog, Database * db)
{
  for (guint i = 0; i < G_N_ELEMENTS (tables); i++)
    if (g_str_equal (tables[i].db, db->name))
      add_columns (catalog_add_system (catalog, db, tables[i].name, &tables[i]),
          &tables[i]);
}

void
system_add_tables (Catalog * catalog)
{
  system_add_database (catalog,
      catalog_add_system_database (catalog, "information_schema"));
  system_add_database (catalog,
      catalog_add_system_database (catalog, "performance_schema"));
}

static gchar *
make_insert (Table * table)
{
  GString *sql = g_string_new (NULL);

  g_string_printf (sql, "INSERT INTO temp.system_%" G_GINT64_FORMAT
      " VALUES (", table->id);
  for (guint i = 0; i < table->columns->len; i++)
    g_string_append (sql, i ? ", ?" : "?");
  g_string_append_c (sql, ')');
  return g_string_free (sql, FALSE);
}

static gboolean
make_table (Server * server, Table * table, GError ** error)
{
  g_autoptr (GString) columns = g_string_new (NULL);

  for (guint i = 0; i < table->columns->len; i++) {
    Column *column = g_ptr_array_index (table->columns, i);

    g_string_append_printf (columns, "%sc%u", i ? ", " : "", column->id);
  }
  return storage_exec (server->storage, error, "CREATE TEMP TABLE IF NOT "
      "EXISTS system_%" G_GINT64_FORMAT " (%s); DELETE FROM temp.system_%"
      G_GINT64_FORMAT, table->id, columns->str, table->id);
}

gboolean
system_fill (Server * server, Table * table, GError ** error)
{
  Filler filler = {.server = server,.error = error };
  g_autofree gchar *sql = make_insert (table);

  results_settle (server, table->id);
  if (!make_table (server, table, error))
    return FALSE;
  filler.stmt = storage_prepare (server->storage, sql, error);
  if (!filler.stmt)
    return FALSE;
  table->system->fill (&filler);
  sqlite3_finalize (filler.stmt);
  return !filler.failed;
}
