/* test server: rows into SQLite
 *
 * A row whose key is there already changes the columns that it has values or
 * NULL for and leaves the others. Among the rows of one message only a value
 * replaces, NULL does not.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rowwriter.h"

#include "benchmark.h"
#include "error.h"
#include "log.h"
#include "result.h"
#include "timetext.h"

struct _RowWriter
{
  Server *server;
  Table *table;
  guint n_columns;
  gint64 oldest;                /* what the database still keeps */
  GHashTable *seen;             /* times of this message */
  GString *sql;                 /* of `stmt` */
  sqlite3_stmt *stmt;
  gboolean merges;              /* what `sql` was made for */
  GByteArray *shape;            /* likewise: which columns are there */
  GPtrArray *logged;            /* of Column: those of the block */
  GString *echo;                /* SQL that gives their values back */
  gboolean keeps_apart;         /* topics tell the rows one by one */
  GstTDengineRowsBuilder *block;        /* rows not logged yet */
};

RowWriter *
row_writer_new (Server * server, Table * table)
{
  RowWriter *self = g_new0 (RowWriter, 1);
  Database *db = table->db;
  gint64 kept = (gint64) db->keep_days * 86400;
  gint64 oldest = g_get_real_time () / G_USEC_PER_SEC - kept;

  self->server = server;
  self->table = table;
  self->n_columns = table->columns->len;
  if (__builtin_mul_overflow (oldest, time_per_second (db->precision),
          &self->oldest))
    self->oldest = G_MININT64;
  self->seen = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
      NULL);
  self->sql = g_string_new (NULL);
  self->shape = g_byte_array_new ();
  self->logged = g_ptr_array_new ();
  self->echo = g_string_new (NULL);
  results_settle (server, table_owner (table)->id);
  return self;
}

void
row_writer_free (RowWriter * writer)
{
  g_hash_table_unref (writer->seen);
  g_string_free (writer->sql, TRUE);
  g_byte_array_unref (writer->shape);
  g_ptr_array_unref (writer->logged);
  g_string_free (writer->echo, TRUE);
  g_clear_pointer (&writer->block, gst_tdengine_rows_builder_unref);
  g_free (writer);
}

static Column *
get_column (RowWriter * self, guint index)
{
  return g_ptr_array_index (self->table->columns, index);
}

static gboolean
same_shape (RowWriter * self, const Value * values)
{
  if (self->shape->len == 0)
    return FALSE;
  for (guint i = 0; i < self->n_columns; i++)
    if (self->shape->data[i] != (values[i].kind != VALUE_NONE))
      return FALSE;
  return TRUE;
}

static void
append_update (RowWriter * self, guint index, gboolean merges)
{
  guint id = get_column (self, index)->id;

  if (merges)
    g_string_append_printf (self->sql, "c%u = coalesce(excluded.c%u, c%u)", id,
        id, id);
  else
    g_string_append_printf (self->sql, "c%u = excluded.c%u", id, id);
}

static void
make_sql (RowWriter * self, gboolean merges)
{
  g_autoptr (GString) marks = g_string_new ("?");
  g_autoptr (GString) key = g_string_new ("tid");
  gboolean is_first = TRUE;

  g_string_printf (self->sql, "INSERT INTO rows_%" G_GINT64_FORMAT " (tid",
      table_owner (self->table)->id);
  for (guint i = 0; i < self->n_columns; i++) {
    Column *column = get_column (self, i);

    if (i == 0 || column->is_key)
      g_string_append_printf (key, ", c%u", column->id);
    if (!self->shape->data[i])
      continue;
    g_string_append_printf (self->sql, ", c%u", column->id);
    g_string_append (marks, ", ?");
  }
  g_string_append_printf (self->sql, ") VALUES (%s) ON CONFLICT (%s) DO ",
      marks->str, key->str);
  for (guint i = 1; i < self->n_columns; i++) {
    if (!self->shape->data[i] || get_column (self, i)->is_key)
      continue;
    g_string_append (self->sql, is_first ? "UPDATE SET " : ", ");
    append_update (self, i, merges);
    is_first = FALSE;
  }
  if (is_first)
    g_string_append (self->sql, "NOTHING");
}

/* what is logged together has the same columns */
static void
begin_block (RowWriter * self)
{
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (self->table->db->precision);

  g_ptr_array_set_size (self->logged, 0);
  g_string_assign (self->echo, "SELECT ");
  for (guint i = 0; i < self->n_columns; i++) {
    if (!self->shape->data[i])
      continue;
    g_string_append (self->echo, self->logged->len ? ", ?" : "?");
    g_ptr_array_add (self->logged, get_column (self, i));
    gst_tdengine_schema_append (schema, &get_column (self, i)->info, NULL);
  }
  self->block = gst_tdengine_rows_builder_new (schema);
}

/* logs what was added; to be called at the end */
gboolean
row_writer_end (RowWriter * writer, GError ** error)
{
  g_autoptr (GstTDengineRowsBuilder) builder = g_steal_pointer (&writer->block);
  g_autoptr (GstTDengineRows) rows = NULL;

  if (!builder)
    return TRUE;
  rows = gst_tdengine_rows_builder_end (builder, error);
  return rows && log_rows (writer->server->log, writer->table, writer->logged,
      rows, writer->keeps_apart, error);
}

/* as the real server does with rows bound to some of the columns only */
void
row_writer_keep_apart (RowWriter * writer)
{
  writer->keeps_apart = TRUE;
}

/* SQLite turns values into its own, which is what a block is made from */
static gboolean
log_row (RowWriter * self, const Value * values, GError ** error)
{
  sqlite3_stmt *stmt;
  guint n = 0;
  gboolean done = TRUE;

  if (!self->block)
    begin_block (self);
  stmt = storage_cached (self->server->storage, self->echo->str, error);
  if (!stmt)
    return FALSE;
  for (guint i = 0; i < self->n_columns; i++)
    if (values[i].kind != VALUE_NONE)
      value_bind (&values[i], stmt, ++n);
  if (sqlite3_step (stmt) != SQLITE_ROW)
    return storage_refuse (self->server->storage, error);
  for (guint i = 0; done && i < n; i++) {
    const Column *column = g_ptr_array_index (self->logged, i);

    done = value_append (self->block, i, &column->info,
        sqlite3_column_value (stmt, i), error);
  }
  sqlite3_reset (stmt);
  sqlite3_clear_bindings (stmt);
  return done;
}

static gboolean
take_shape (RowWriter * self, const Value * values, GError ** error)
{
  if (same_shape (self, values))
    return TRUE;
  if (!row_writer_end (self, error))
    return FALSE;
  g_byte_array_set_size (self->shape, self->n_columns);
  for (guint i = 0; i < self->n_columns; i++)
    self->shape->data[i] = values[i].kind != VALUE_NONE;
  g_string_truncate (self->sql, 0);
  return TRUE;
}

static gboolean
prepare (RowWriter * self, gboolean merges, GError ** error)
{
  if (self->sql->len == 0 || self->merges != merges)
    make_sql (self, merges);
  self->merges = merges;
  self->stmt = storage_cached (self->server->storage, self->sql->str, error);
  return self->stmt != NULL;
}

static gboolean
check_key (RowWriter * self, const Value * values, GError ** error)
{
  if (values[0].kind != VALUE_INTEGER)
    return refuse (error, CODE_TIME_NULL, "Timestamp column value is null");
  for (guint i = 1; i < self->n_columns; i++)
    if (get_column (self, i)->is_key && values[i].kind <= VALUE_NULL)
      return refuse (error, CODE_TIME_NULL,
          "Primary key column should not be null");
  if (values[0].integer < self->oldest)
    return refuse (error, CODE_TIME_OUT_OF_RANGE,
        "Timestamp data out of range");
  return TRUE;
}

/* a Value for each column of the table; what it points to must stay only
 * until the return */
gboolean
row_writer_add (RowWriter * writer, const Value * values, GError ** error)
{
  if (!check_key (writer, values, error))
    return FALSE;
  if (writer->table->db->is_benchmark) {
    benchmark_count (writer->server->benchmark, 1);
    return TRUE;
  }

  gboolean merges = g_hash_table_contains (writer->seen, &values[0].integer);
  if (!merges)
    g_hash_table_add (writer->seen, g_memdup2 (&values[0].integer,
            sizeof (gint64)));
  if (!take_shape (writer, values, error) || !prepare (writer, merges, error))
    return FALSE;

  gint at = 1;
  sqlite3_bind_int64 (writer->stmt, at++, writer->table->id);
  for (guint i = 0; i < writer->n_columns; i++)
    if (values[i].kind != VALUE_NONE)
      value_bind (&values[i], writer->stmt, at++);
  return storage_run (writer->server->storage, writer->stmt, error)
      && log_row (writer, values, error);
}
