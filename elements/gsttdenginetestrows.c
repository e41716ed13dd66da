/* tdengine test rows: rows out of nothing but their number
 *
 * Row n belongs to table n % n_tables and is that table's row n / n_tables, its
 * step. What it holds follows from the seed, the table and the step alone, with
 * integers and single divisions, so that it is the same on every machine.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>
#include <string.h>

#include "gsttdenginetestrows.h"

#define GOLDEN G_GUINT64_CONSTANT (0x9e3779b97f4a7c15)
#define SINE_PERIOD 100
/* a step is forgotten after so many: so the walk can begin anywhere */
#define WALK_MEMORY 64
#define WALK_UNIT 1000
#define MIN_TABLE_ROWS 1024

#define COL_TABLE 0
#define COL_TIME 1
#define FIRST_VALUE 2

struct _GstTDengineTestRows
{
  GstTDengineTestShape shape;
  guint n_values;               /* columns behind the time; then there are tags */
  GstTDengineSchema *schema;
  GstTDengineRowsBuilder *builder;

  /* names and tags of one table after the other, some whole rounds of them */
  GstTDengineRows *tables;

  /* of the rows that are being made */
  guint64 first;
  guint n_rows;
  guint64 *random;
  guint8 *values;
};

/* patterns */

static const GstTDengineColumn meters_columns[] = {
  {(gchar *) "tbname", GST_TDENGINE_TYPE_VARCHAR, 192},
  {(gchar *) "ts", GST_TDENGINE_TYPE_TIMESTAMP},
  {(gchar *) "current", GST_TDENGINE_TYPE_FLOAT},
  {(gchar *) "voltage", GST_TDENGINE_TYPE_INT},
  {(gchar *) "phase", GST_TDENGINE_TYPE_FLOAT},
  {(gchar *) "location", GST_TDENGINE_TYPE_VARCHAR, 64},
  {(gchar *) "groupid", GST_TDENGINE_TYPE_INT},
};

static const GstTDengineColumn wave_columns[] = {
  {(gchar *) "tbname", GST_TDENGINE_TYPE_VARCHAR, 192},
  {(gchar *) "ts", GST_TDENGINE_TYPE_TIMESTAMP},
  {(gchar *) "reading", GST_TDENGINE_TYPE_DOUBLE},
  {(gchar *) "groupid", GST_TDENGINE_TYPE_INT},
};

static const GstTDengineColumn all_columns[] = {
  {(gchar *) "tbname", GST_TDENGINE_TYPE_VARCHAR, 192},
  {(gchar *) "ts", GST_TDENGINE_TYPE_TIMESTAMP},
  {(gchar *) "c_bool", GST_TDENGINE_TYPE_BOOL},
  {(gchar *) "c_tinyint", GST_TDENGINE_TYPE_TINYINT},
  {(gchar *) "c_smallint", GST_TDENGINE_TYPE_SMALLINT},
  {(gchar *) "c_int", GST_TDENGINE_TYPE_INT},
  {(gchar *) "c_bigint", GST_TDENGINE_TYPE_BIGINT},
  {(gchar *) "c_utinyint", GST_TDENGINE_TYPE_UTINYINT},
  {(gchar *) "c_usmallint", GST_TDENGINE_TYPE_USMALLINT},
  {(gchar *) "c_uint", GST_TDENGINE_TYPE_UINT},
  {(gchar *) "c_ubigint", GST_TDENGINE_TYPE_UBIGINT},
  {(gchar *) "c_float", GST_TDENGINE_TYPE_FLOAT},
  {(gchar *) "c_double", GST_TDENGINE_TYPE_DOUBLE},
  {(gchar *) "c_varchar", GST_TDENGINE_TYPE_VARCHAR, 16},
  {(gchar *) "c_nchar", GST_TDENGINE_TYPE_NCHAR, 8},
  {(gchar *) "c_varbinary", GST_TDENGINE_TYPE_VARBINARY, 8},
  {(gchar *) "c_geometry", GST_TDENGINE_TYPE_GEOMETRY, 21},
  {(gchar *) "c_decimal64", GST_TDENGINE_TYPE_DECIMAL64, 0, 18, 4},
  {(gchar *) "c_decimal", GST_TDENGINE_TYPE_DECIMAL, 0, 38, 10},
  {(gchar *) "c_blob", GST_TDENGINE_TYPE_BLOB},
  {(gchar *) "info", GST_TDENGINE_TYPE_JSON, 4095},
};

static const struct
{
  const gchar *table;           /* what its tables' names begin with */
  const GstTDengineColumn *columns;
  guint n_columns;
  guint n_tags;                 /* the last ones */
} patterns[] = {
  [GST_TDENGINE_TEST_METERS] = {
      "d", meters_columns, G_N_ELEMENTS (meters_columns), 2},
  [GST_TDENGINE_TEST_SINE] =
      {"sine", wave_columns, G_N_ELEMENTS (wave_columns), 1},
  [GST_TDENGINE_TEST_RANDOM_WALK] = {
      "walk", wave_columns, G_N_ELEMENTS (wave_columns), 1},
  [GST_TDENGINE_TEST_ALL_TYPES] =
      {"all", all_columns, G_N_ELEMENTS (all_columns), 1},
  [GST_TDENGINE_TEST_NULLS] =
      {"nulls", all_columns, G_N_ELEMENTS (all_columns), 1},
};

static const gchar *const locations[] = {
  "California.SanFrancisco", "California.LosAngeles", "California.SanDiego",
  "California.SanJose", "California.PaloAlto", "California.Campbell",
  "California.MountainView", "California.Sunnyvale", "California.SantaClara",
  "California.Cupertino",
};

/* chance: each table has a splitmix64 generator of its own */

static guint64
mix (guint64 z)
{
  z = (z ^ (z >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);
  return z ^ (z >> 31);
}

static guint64
get_random (const GstTDengineTestShape * shape, guint table, guint64 step)
{
  return mix (mix (shape->seed + table * GOLDEN) + (step + 1) * GOLDEN);
}

static void
fill_random (GstTDengineTestRows * self)
{
  guint table = self->first % self->shape.n_tables;
  guint64 step = self->first / self->shape.n_tables;

  for (guint i = 0; i < self->n_rows; i++) {
    self->random[i] = get_random (&self->shape, table, step);
    if (++table == self->shape.n_tables) {
      table = 0;
      step++;
    }
  }
}

/* names and tags */

static void
append_tag (GstTDengineRowsBuilder * builder, guint column,
    const GstTDengineColumn * info, guint table)
{
  guint group = table % G_N_ELEMENTS (locations);
  gchar json[40];

  switch (info->type) {
    case GST_TDENGINE_TYPE_INT:
      gst_tdengine_rows_builder_append_int64 (builder, column, group + 1, NULL);
      break;
    case GST_TDENGINE_TYPE_JSON:
      g_snprintf (json, sizeof json, "{\"groupid\":%u}", group + 1);
      gst_tdengine_rows_builder_append_string (builder, column, json, NULL);
      break;
    default:
      gst_tdengine_rows_builder_append_string (builder, column,
          locations[group], NULL);
      break;
  }
}

static GstTDengineRows *
make_tables (GstTDengineTestRows * self)
{
  guint n_tables = self->shape.n_tables;
  guint n_rows = n_tables * ((MIN_TABLE_ROWS + n_tables - 1) / n_tables);
  const GstTDengineColumn *columns = patterns[self->shape.pattern].columns;
  guint n_tags = patterns[self->shape.pattern].n_tags;
  guint first_tag = FIRST_VALUE + self->n_values;
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (self->shape.precision);

  gst_tdengine_schema_append (schema, &columns[COL_TABLE], NULL);
  for (guint i = 0; i < n_tags; i++)
    gst_tdengine_schema_append (schema, &columns[first_tag + i], NULL);
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);
  for (guint row = 0; row < n_rows; row++) {
    gchar name[16];

    g_snprintf (name, sizeof name, "%s%u",
        patterns[self->shape.pattern].table, row % n_tables);
    gst_tdengine_rows_builder_append_string (builder, 0, name, NULL);
    for (guint i = 0; i < n_tags; i++)
      append_tag (builder, 1 + i, &columns[first_tag + i], row % n_tables);
  }
  return gst_tdengine_rows_builder_end (builder, NULL);
}

static void
append_of_tables (GstTDengineTestRows * self, guint column, guint from)
{
  guint n_there = gst_tdengine_rows_get_n_rows (self->tables);
  guint row = self->first % self->shape.n_tables;
  guint left = self->n_rows;

  while (left > 0) {
    guint n = MIN (left, n_there - row);

    gst_tdengine_rows_builder_append_run (self->builder, column, self->tables,
        from, row, n);
    left -= n;
    row = 0;
  }
}

/* values */

static void
fill_times (GstTDengineTestRows * self)
{
  guint table = self->first % self->shape.n_tables;
  gint64 ticks = self->shape.start +
      self->first / self->shape.n_tables * self->shape.interval;

  for (guint i = 0; i < self->n_rows; i++) {
    GST_WRITE_UINT64_LE (self->values + 8 * i, ticks);
    if (++table == self->shape.n_tables) {
      table = 0;
      ticks += self->shape.interval;
    }
  }
}

static void
fill_meters (GstTDengineTestRows * self, guint column)
{
  for (guint i = 0; i < self->n_rows; i++) {
    guint64 random = self->random[i] >> (16 * (column - FIRST_VALUE)) & 0xffff;
    guint8 *value = self->values + 4 * i;

    switch (column - FIRST_VALUE) {
      case 0:
        GST_WRITE_FLOAT_LE (value, (9000 + random % 4001) / 1000.0);
        break;
      case 1:
        GST_WRITE_UINT32_LE (value, 215 + random % 11);
        break;
      default:
        GST_WRITE_FLOAT_LE (value, (300 + random % 101) / 1000.0);
        break;
    }
  }
}

/* millionths, as the last bits of sin() are not the same everywhere */
static void
fill_sine (GstTDengineTestRows * self)
{
  gdouble period[SINE_PERIOD];

  for (guint i = 0; i < SINE_PERIOD; i++)
    period[i] = rint (1e6 * sin (2 * G_PI * i / SINE_PERIOD)) / 1e6;
  for (guint i = 0; i < self->n_rows; i++) {
    guint64 row = self->first + i;
    guint table = row % self->shape.n_tables;
    guint64 step = row / self->shape.n_tables;
    guint64 shift = mix (self->shape.seed + table * GOLDEN);

    GST_WRITE_DOUBLE_LE (self->values + 8 * i,
        period[(step % SINE_PERIOD + shift % SINE_PERIOD) % SINE_PERIOD]);
  }
}

static gint
get_walk_step (const GstTDengineTestShape * shape, guint table, guint64 step)
{
  return (gint) (get_random (shape, table, step) % (2 * WALK_UNIT + 1)) -
      WALK_UNIT;
}

/* the sum of the last steps, those before the first row included */
static gint
get_walk (const GstTDengineTestShape * shape, guint table, guint64 step)
{
  gint sum = 0;

  for (guint i = 0; i < WALK_MEMORY; i++)
    sum += get_walk_step (shape, table, step - i);
  return sum;
}

static void
fill_walk (GstTDengineTestRows * self)
{
  guint n_tables = self->shape.n_tables;
  gint *sums = g_new (gint, MIN (n_tables, self->n_rows));

  for (guint i = 0; i < self->n_rows; i++) {
    guint64 row = self->first + i;
    guint table = row % n_tables;
    guint64 step = row / n_tables;
    gint *sum = &sums[i % n_tables];

    if (i < n_tables)
      *sum = get_walk (&self->shape, table, step);
    else
      *sum += get_walk_step (&self->shape, table, step) -
          get_walk_step (&self->shape, table, step - WALK_MEMORY);
    GST_WRITE_DOUBLE_LE (self->values + 8 * i, *sum / (gdouble) WALK_UNIT);
  }
  g_free (sums);
}

static void
write_fixed (guint8 * value, GstTDengineType type, guint64 random)
{
  const gint64 max_decimal64 = G_GINT64_CONSTANT (1000000000000000000);

  switch (type) {
    case GST_TDENGINE_TYPE_BOOL:
      *value = random & 1;
      break;
    case GST_TDENGINE_TYPE_FLOAT:
      GST_WRITE_FLOAT_LE (value, (gint32) random / 256.0);
      break;
    case GST_TDENGINE_TYPE_DOUBLE:
      GST_WRITE_DOUBLE_LE (value, (gint64) random / 65536.0);
      break;
    case GST_TDENGINE_TYPE_DECIMAL64:
      GST_WRITE_UINT64_LE (value, (gint64) random % max_decimal64);
      break;
    case GST_TDENGINE_TYPE_DECIMAL:
      GST_WRITE_UINT64_LE (value, random);
      memset (value + 8, (gint64) random < 0 ? 0xff : 0, 8);
      break;
    default:
    {
      guint8 bytes[8];

      GST_WRITE_UINT64_LE (bytes, random);
      memcpy (value, bytes, gst_tdengine_type_get_width (type));
      break;
    }
  }
}

/* returns its length */
static gsize
write_varying (guint8 * value, GstTDengineType type, guint64 random)
{
  static const gchar *const words[] = { "é", "水", "😀", "" };

  switch (type) {
    case GST_TDENGINE_TYPE_VARCHAR:
      return g_snprintf ((gchar *) value, 17, "%016" G_GINT64_MODIFIER "x",
          random);
    case GST_TDENGINE_TYPE_NCHAR:
      return g_snprintf ((gchar *) value, 12, "%s%u", words[random % 4],
          (guint) (random >> 32) % 1000);
    case GST_TDENGINE_TYPE_GEOMETRY:
      /* POINT, little-endian */
      memcpy (value, "\1\1\0\0\0", 5);
      GST_WRITE_DOUBLE_LE (value + 5, (gint32) random / 65536.0);
      GST_WRITE_DOUBLE_LE (value + 13, (gint32) (random >> 32) / 65536.0);
      return 21;
    default:
      GST_WRITE_UINT64_LE (value, random);
      return 8;
  }
}

static gboolean
is_null (GstTDengineTestRows * self, guint column, guint row)
{
  return self->shape.pattern == GST_TDENGINE_TEST_NULLS
      && (self->first + row + column) % 3 == 0;
}

static void
append_value_of_all (GstTDengineTestRows * self, guint column, guint row)
{
  GstTDengineType type = all_columns[column].type;
  guint width = gst_tdengine_type_get_width (type);
  /* columns are not copies of each other */
  guint64 random = self->random[row] ^ mix (column);
  guint8 value[24];

  if (is_null (self, column, row)) {
    gst_tdengine_rows_builder_append_null (self->builder, column);
  } else if (width > 0) {
    write_fixed (value, type, random);
    gst_tdengine_rows_builder_append_values (self->builder, column, value,
        width, NULL);
  } else {
    gst_tdengine_rows_builder_append_data (self->builder, column, value,
        write_varying (value, type, random), NULL);
  }
}

static void
append_filled (GstTDengineTestRows * self, guint column)
{
  const GstTDengineColumn *info =
      &patterns[self->shape.pattern].columns[column];

  gst_tdengine_rows_builder_append_values (self->builder, column, self->values,
      (gsize) self->n_rows * gst_tdengine_type_get_width (info->type), NULL);
}

static void
append_value_column (GstTDengineTestRows * self, guint column)
{
  switch (self->shape.pattern) {
    case GST_TDENGINE_TEST_METERS:
      fill_meters (self, column);
      append_filled (self, column);
      break;
    case GST_TDENGINE_TEST_SINE:
      fill_sine (self);
      append_filled (self, column);
      break;
    case GST_TDENGINE_TEST_RANDOM_WALK:
      fill_walk (self);
      append_filled (self, column);
      break;
    default:
      for (guint row = 0; row < self->n_rows; row++)
        append_value_of_all (self, column, row);
      break;
  }
}

static void
make_room (GstTDengineTestRows * self, guint n_rows)
{
  if (n_rows > self->n_rows) {
    self->random = g_renew (guint64, self->random, n_rows);
    self->values = g_realloc_n (self->values, n_rows, 8);
  }
  self->n_rows = n_rows;
}

/* Rows first to first + n_rows - 1, n_rows at least 1. */
GstTDengineRows *
gst_tdengine_test_rows_make (GstTDengineTestRows * self, guint64 first,
    guint n_rows)
{
  make_room (self, n_rows);
  self->first = first;
  fill_random (self);
  append_of_tables (self, COL_TABLE, 0);
  fill_times (self);
  append_filled (self, COL_TIME);
  for (guint i = 0; i < self->n_values; i++)
    append_value_column (self, FIRST_VALUE + i);
  for (guint i = 0; i < patterns[self->shape.pattern].n_tags; i++)
    append_of_tables (self, FIRST_VALUE + self->n_values + i, 1 + i);
  return gst_tdengine_rows_builder_end (self->builder, NULL);
}

GstTDengineSchema *
gst_tdengine_test_rows_get_schema (GstTDengineTestRows * self)
{
  return self->schema;
}

GstTDengineTestRows *
gst_tdengine_test_rows_new (const GstTDengineTestShape * shape)
{
  GstTDengineTestRows *self = g_new0 (GstTDengineTestRows, 1);
  guint n_columns = patterns[shape->pattern].n_columns;

  self->shape = *shape;
  self->n_values = n_columns - FIRST_VALUE - patterns[shape->pattern].n_tags;
  self->schema = gst_tdengine_schema_new (shape->precision);
  for (guint i = 0; i < n_columns; i++)
    gst_tdengine_schema_append (self->schema,
        &patterns[shape->pattern].columns[i], NULL);
  self->builder = gst_tdengine_rows_builder_new (self->schema);
  self->tables = make_tables (self);
  return self;
}

void
gst_tdengine_test_rows_free (GstTDengineTestRows * self)
{
  gst_tdengine_schema_unref (self->schema);
  gst_tdengine_rows_builder_unref (self->builder);
  gst_tdengine_rows_unref (self->tables);
  g_free (self->random);
  g_free (self->values);
  g_free (self);
}
