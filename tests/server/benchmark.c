/* test server: a database that costs the server nothing
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "benchmark.h"

#include <string.h>

#include "error.h"
#include "result.h"
#include "system.h"

#define N_SUB_TABLES 1000
#define FIRST_TIME G_GINT64_CONSTANT (1700000000000)

struct _Benchmark
{
  guint64 n_rows;
  guint block_rows;
  guint64 n_written;
  GstTDengineRows *rows;        /* a block for topics, once one was asked for */
};

struct _BenchmarkBlocks
{
  guint64 left;
  guint block_rows;
  guint8 *message;              /* of block_rows rows */
  gsize size;
  guint last_rows;
  guint8 *last;                 /* of what is left over */
  gsize last_size;
};

Benchmark *
benchmark_new (guint64 n_rows, guint block_rows)
{
  Benchmark *self = g_new0 (Benchmark, 1);

  self->n_rows = n_rows;
  self->block_rows = block_rows;
  return self;
}

void
benchmark_free (Benchmark * benchmark)
{
  g_clear_pointer (&benchmark->rows, gst_tdengine_rows_unref);
  g_free (benchmark);
}

gboolean
benchmark_is_name (const gchar * name)
{
  return g_str_equal (name, BENCHMARK_DATABASE);
}

/* Only known to the writers of rows, which hand over what they checked. */
void
benchmark_count (Benchmark * benchmark, guint64 n_rows)
{
  benchmark->n_written += n_rows;
}

guint64
benchmark_get_count (Benchmark * benchmark)
{
  return benchmark->n_written;
}

gboolean
benchmark_is_source (Table * table)
{
  return table->db->is_benchmark && table->kind != TABLE_SYSTEM;
}

static void
add_column (GArray * columns, const gchar * name, GstTDengineType type,
    guint length)
{
  ColumnSpec column = {.name = name,.type = {type, length} };

  g_array_append_val (columns, column);
}

static Table *
add_meters (Catalog * catalog, Database * db, GError ** error)
{
  g_autoptr (GArray) columns = g_array_new (FALSE, FALSE, sizeof (ColumnSpec));
  g_autoptr (GArray) tags = g_array_new (FALSE, FALSE, sizeof (ColumnSpec));

  add_column (columns, "ts", GST_TDENGINE_TYPE_TIMESTAMP, 0);
  add_column (columns, "current", GST_TDENGINE_TYPE_FLOAT, 0);
  add_column (columns, "voltage", GST_TDENGINE_TYPE_INT, 0);
  add_column (columns, "phase", GST_TDENGINE_TYPE_FLOAT, 0);
  add_column (tags, "location", GST_TDENGINE_TYPE_VARCHAR, 64);
  add_column (tags, "groupid", GST_TDENGINE_TYPE_INT, 0);
  return catalog_add_table (catalog, db, "meters", columns, tags, error);
}

/* comes into being when it is first named */
gboolean
benchmark_prepare (Benchmark * benchmark, Catalog * catalog, GError ** error)
{
  if (catalog_find_database (catalog, BENCHMARK_DATABASE))
    return TRUE;

  Database *db = catalog_add_system_database (catalog, BENCHMARK_DATABASE);
  db->is_system = FALSE;
  db->is_benchmark = TRUE;
  db->vgroups = 1;
  db->keep_days = 36500;
  system_add_database (catalog, db);
  Table *meters = add_meters (catalog, db, error);
  for (guint i = 0; meters && i < N_SUB_TABLES; i++) {
    g_autofree gchar *name = g_strdup_printf ("d%u", i);

    if (!catalog_add_sub_table (catalog, db, name, meters, NULL, error))
      return FALSE;
  }
  return meters != NULL;
}

static gboolean
append_value (GstTDengineRowsBuilder * builder, guint column,
    const GstTDengineColumn * info, guint row, GError ** error)
{
  switch (info->type) {
    case GST_TDENGINE_TYPE_TIMESTAMP:
      return gst_tdengine_rows_builder_append_int64 (builder, column,
          FIRST_TIME + row, error);
    case GST_TDENGINE_TYPE_FLOAT:
      return gst_tdengine_rows_builder_append_double (builder, column,
          10 + row % 100 / 10.0, error);
    case GST_TDENGINE_TYPE_INT:
      return gst_tdengine_rows_builder_append_int64 (builder, column,
          200 + row % 50, error);
    case GST_TDENGINE_TYPE_VARCHAR:
      return gst_tdengine_rows_builder_append_string (builder, column,
          g_str_equal (info->name, "tbname") ? "d0" :
          "California.SanFrancisco", error);
    default:
      gst_tdengine_rows_builder_append_null (builder, column);
      return TRUE;
  }
}

static GstTDengineSchema *
make_schema (Table * table, const gchar * const *names, GError ** error)
{
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (table->db->precision);
  static const GstTDengineColumn tbname = {
    (gchar *) "tbname", GST_TDENGINE_TYPE_VARCHAR, 270
  };

  for (; *names; names++) {
    Column *column = columns_find (table->columns, *names);

    if (!column)
      column = columns_find (table->tags, *names);
    if (!column && !g_str_equal (*names, "tbname"))
      return refuse_unsupported (error, "More than columns of the benchmark "
          "table"), NULL;
    if (!gst_tdengine_schema_append (schema, column ? &column->info : &tbname,
            error))
      return NULL;
  }
  return g_steal_pointer (&schema);
}

static GstTDengineRows *
make_rows (GstTDengineSchema * schema, guint n_rows, GError ** error)
{
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);

  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++)
    for (guint row = 0; row < n_rows; row++)
      if (!append_value (builder, i, gst_tdengine_schema_get_column (schema,
                  i), row, error))
        return NULL;
  return gst_tdengine_rows_builder_end (builder, error);
}

/* room for the reply's head, then the block */
static guint8 *
make_message (GstTDengineSchema * schema, guint n_rows, gsize * size,
    GError ** error)
{
  g_autoptr (GstTDengineRows) rows = make_rows (schema, n_rows, error);
  GstMapInfo map;

  if (!rows)
    return NULL;

  GstBuffer *buffer = gst_tdengine_rows_get_buffer (rows);
  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return NULL;
  guint8 *message = g_malloc (BENCHMARK_HEAD + map.size);
  memcpy (message + BENCHMARK_HEAD, map.data, map.size);
  *size = BENCHMARK_HEAD + map.size;
  gst_buffer_unmap (buffer, &map);
  return message;
}

/* whole blocks of the super table */
guint64
benchmark_get_n_blocks (Benchmark * benchmark)
{
  return benchmark->n_rows / benchmark->block_rows;
}

/* one of them, without tags, as topics have them; NULL with an error */
GstTDengineRows *
benchmark_get_rows (Benchmark * benchmark, Table * table, GError ** error)
{
  static const gchar *const names[] =
      { "ts", "current", "voltage", "phase", NULL };

  if (!benchmark->rows) {
    g_autoptr (GstTDengineSchema) schema = make_schema (table, names, error);

    if (schema)
      benchmark->rows = make_rows (schema, benchmark->block_rows, error);
  }
  return benchmark->rows;
}

static guint64
count_rows (Benchmark * self, Table * table, gint64 limit)
{
  guint64 n_rows = 0;

  if (g_str_equal (table_owner (table)->name, "meters"))
    n_rows = table->super ? self->n_rows / N_SUB_TABLES : self->n_rows;
  return limit < 0 ? n_rows : MIN (n_rows, (guint64) limit);
}

BenchmarkBlocks *
benchmark_blocks_new (Benchmark * benchmark, Table * table,
    const gchar * const *names, gint64 limit, GError ** error)
{
  g_autoptr (GstTDengineSchema) schema = make_schema (table, names, error);

  if (!schema)
    return NULL;

  BenchmarkBlocks *self = g_new0 (BenchmarkBlocks, 1);
  self->left = count_rows (benchmark, table, limit);
  self->block_rows = benchmark->block_rows;
  self->last_rows = self->left % self->block_rows;
  if (self->left >= self->block_rows)
    self->message = make_message (schema, self->block_rows, &self->size, error);
  if (self->last_rows > 0)
    self->last = make_message (schema, self->last_rows, &self->last_size,
        error);
  return self;
}

void
benchmark_blocks_free (BenchmarkBlocks * blocks)
{
  g_free (blocks->message);
  g_free (blocks->last);
  g_free (blocks);
}

/* the next message, whose head the caller writes; NULL at the end */
guint8 *
benchmark_blocks_next (BenchmarkBlocks * blocks, gsize * size)
{
  if (blocks->left >= blocks->block_rows) {
    blocks->left -= blocks->block_rows;
    *size = blocks->size;
    return blocks->message;
  }
  if (blocks->left == 0)
    return NULL;
  blocks->left = 0;
  *size = blocks->last_size;
  return blocks->last;
}
