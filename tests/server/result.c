/* test server: what a query gives
 *
 * A result steps its SQLite statement as blocks are asked for. Before anything
 * changes what it reads, it is settled: read to its end into memory, so that
 * it shows what was there when it was asked for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "result.h"

#include "error.h"
#include "value.h"

struct _Result
{
  Server *server;
  GstTDengineSchema *schema;
  guint n_columns;
  sqlite3_stmt *stmt;
  gboolean by_table;            /* a last column says where blocks are cut */
  gboolean has_row;             /* stepped to, not taken yet */
  gint64 table_id;              /* whose rows it reads, 0: of no one table */
  GQueue blocks;                /* of GstTDengineRows */
  GstTDengineRowsBuilder *made; /* rows that were added one by one */
  GError *failed;
  BenchmarkBlocks *benchmark;
};

Result *
result_new (Server * server, GstTDenginePrecision precision)
{
  Result *self = g_new0 (Result, 1);

  self->server = server;
  self->schema = gst_tdengine_schema_new (precision);
  g_queue_init (&self->blocks);
  return self;
}

static void
close_statement (Result * self)
{
  g_ptr_array_remove (self->server->open_results, self);
  g_clear_pointer (&self->stmt, sqlite3_finalize);
}

void
result_free (Result * result)
{
  close_statement (result);
  gst_tdengine_schema_unref (result->schema);
  g_clear_pointer (&result->made, gst_tdengine_rows_builder_unref);
  g_clear_pointer (&result->benchmark, benchmark_blocks_free);
  g_clear_error (&result->failed);
  g_queue_clear_full (&result->blocks,
      (GDestroyNotify) gst_tdengine_rows_unref);
  g_free (result);
}

void
result_add_column (Result * result, const gchar * name, const TypeSpec * type)
{
  GstTDengineColumn column = {
    (gchar *) name, type->type, type->length, type->digits, type->scale
  };

  /* NULL alone has no type and leaves as text without length */
  if (column.type == GST_TDENGINE_TYPE_NULL)
    column.type = GST_TDENGINE_TYPE_VARCHAR;
  if (gst_tdengine_schema_append (result->schema, &column, NULL))
    result->n_columns++;
}

/* takes the statement */
void
result_set_statement (Result * result, sqlite3_stmt * stmt, gboolean by_table,
    gint64 table_id)
{
  result->stmt = stmt;
  result->by_table = by_table;
  result->table_id = table_id;
  g_ptr_array_add (result->server->open_results, result);
}

void
result_set_benchmark (Result * result, BenchmarkBlocks * blocks)
{
  result->benchmark = blocks;
}

BenchmarkBlocks *
result_get_benchmark (Result * result)
{
  return result->benchmark;
}

guint
result_n_columns (Result * result)
{
  return result->n_columns;
}

const GstTDengineColumn *
result_get_column (Result * result, guint index)
{
  return gst_tdengine_schema_get_column (result->schema, index);
}

GstTDenginePrecision
result_get_precision (Result * result)
{
  return gst_tdengine_schema_get_precision (result->schema);
}

/* a row of texts, or of gint for integer columns; NULL text is NULL */
gboolean
result_add_row (Result * result, GError ** error, ...)
{
  gboolean done = TRUE;
  va_list args;

  if (!result->made)
    result->made = gst_tdengine_rows_builder_new (result->schema);
  va_start (args, error);
  for (guint i = 0; done && i < result->n_columns; i++) {
    if (gst_tdengine_type_get_width (result_get_column (result, i)->type) > 0) {
      done = gst_tdengine_rows_builder_append_int64 (result->made, i,
          va_arg (args, gint), error);
      continue;
    }
    const gchar *text = va_arg (args, const gchar *);
    if (text)
      done = gst_tdengine_rows_builder_append_string (result->made, i, text,
          error);
    else
      gst_tdengine_rows_builder_append_null (result->made, i);
  }
  va_end (args);
  return done;
}

static gboolean
step (Result * self, GError ** error)
{
  gint status = sqlite3_step (self->stmt);

  if (status == SQLITE_ROW) {
    self->has_row = TRUE;
    return TRUE;
  }
  self->has_row = FALSE;
  if (status != SQLITE_DONE)
    storage_refuse (self->server->storage, error);
  close_statement (self);
  return status == SQLITE_DONE;
}

static gboolean
take_row (Result * self, GstTDengineRowsBuilder * builder, GError ** error)
{
  for (guint i = 0; i < self->n_columns; i++)
    if (!value_append (builder, i, result_get_column (self, i),
            sqlite3_column_value (self->stmt, i), error))
      return FALSE;
  return TRUE;
}

static gint64
get_table (Result * self)
{
  return self->by_table ? sqlite3_column_int64 (self->stmt,
      self->n_columns) : 0;
}

/* NULL without an error at the end */
static GstTDengineRows *
read_block (Result * self, GError ** error)
{
  g_autoptr (GstTDengineRowsBuilder) builder = NULL;

  if (!self->has_row && !step (self, error))
    return NULL;
  if (!self->has_row)
    return NULL;

  gint64 table = get_table (self);
  builder = gst_tdengine_rows_builder_new (self->schema);
  for (guint i = 0; i < RESULT_BLOCK_ROWS && self->has_row
      && get_table (self) == table; i++)
    if (!take_row (self, builder, error) || !step (self, error))
      return NULL;
  return gst_tdengine_rows_builder_end (builder, error);
}

static void
settle (Result * self)
{
  while (self->stmt && !self->failed) {
    GstTDengineRows *rows = read_block (self, &self->failed);

    if (rows)
      g_queue_push_tail (&self->blocks, rows);
  }
  close_statement (self);
}

static gboolean
settle_made (Result * self, GError ** error)
{
  if (!self->made)
    return TRUE;
  GstTDengineRows *rows = gst_tdengine_rows_builder_end (self->made, error);
  g_clear_pointer (&self->made, gst_tdengine_rows_builder_unref);
  if (rows)
    g_queue_push_tail (&self->blocks, rows);
  return rows != NULL;
}

/* the next block; NULL without an error when there is none left */
GstTDengineRows *
result_next (Result * result, GError ** error)
{
  if (!settle_made (result, error))
    return NULL;
  if (!g_queue_is_empty (&result->blocks))
    return g_queue_pop_head (&result->blocks);
  if (result->failed) {
    g_propagate_error (error, g_steal_pointer (&result->failed));
    return NULL;
  }
  return result->stmt ? read_block (result, error) : NULL;
}

/* before rows of a table change, or anything at all for 0 */
void
results_settle (Server * server, gint64 table_id)
{
  for (guint i = server->open_results->len; i > 0; i--) {
    Result *result = g_ptr_array_index (server->open_results, i - 1);

    if (table_id == 0 || result->table_id == 0 || result->table_id == table_id)
      settle (result);
  }
}
