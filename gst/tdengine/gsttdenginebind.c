/* tdengine bind: rows of many tables as one bound message
 *
 * The message holds the names of the tables, then each table's tags, then each
 * table's columns. So rows are grouped by table first: rows of a table that
 * follow each other stay one run, which is copied at once; nothing is
 * allocated for a single row, and what grouping needs is kept from one message
 * to the next.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdenginebind.h"
#include "gsttdengineblock.h"
#include "gsttdenginedecimal.h"
#include "gsttdenginemessages.h"
#include "gsttdenginerows-private.h"
#include "gsttdenginetext.h"

#define DATA_HEAD_SIZE 28
#define RECORD_HEAD_SIZE 17     /* of a column that does not vary */
#define NO_RUN G_MAXUINT
#define NO_TABLE G_MAXUINT
/* a power of two, twice as many as a message may have tables */
#define MAX_BUCKETS 65536
G_STATIC_ASSERT (MAX_BUCKETS > 2 * GST_TDENGINE_MAX_BOUND_ROWS);

typedef struct
{
  const guint8 *name;           /* in the block of its first row */
  gsize size;
  guint n_rows;
  guint tag_run;                /* of one row, whose tags are the table's */
  guint first_run;
  guint last_run;
  guint successor;              /* whose row came after one of this table */
} Table;

typedef struct
{
  GstTDengineRows *rows;
  guint first;
  guint n_rows;
  guint next;                   /* of the same table */
} TableRun;

struct _GstTDengineBind
{
  const GstTDengineTarget *target;
  GByteArray *out;
  GString *text;                /* what one value needs */
  GArray *tables;               /* Table */
  GArray *runs;                 /* TableRun */
  guint n_buckets;              /* a power of two */
  guint16 buckets[MAX_BUCKETS]; /* by name: index of a table + 1, 0: none */
};

GstTDengineBind *
gst_tdengine_bind_new (void)
{
  GstTDengineBind *self = g_new (GstTDengineBind, 1);

  self->text = g_string_new (NULL);
  self->tables = g_array_new (FALSE, FALSE, sizeof (Table));
  self->runs = g_array_new (FALSE, FALSE, sizeof (TableRun));
  return self;
}

void
gst_tdengine_bind_free (GstTDengineBind * self)
{
  g_string_free (self->text, TRUE);
  g_array_unref (self->tables);
  g_array_unref (self->runs);
  g_free (self);
}

static inline Table *
get_table (GstTDengineBind * self, guint index)
{
  return &g_array_index (self->tables, Table, index);
}

static inline TableRun *
get_run (GstTDengineBind * self, guint index)
{
  return index == NO_RUN ? NULL : &g_array_index (self->runs, TableRun, index);
}

static inline gboolean
has_name (GstTDengineBind * self, guint index, const guint8 * name, gsize size)
{
  const Table *table = index == NO_TABLE ? NULL : get_table (self, index);

  /* rows for a single table have no name */
  return table && table->size == size
      && (size == 0 || memcmp (table->name, name, size) == 0);
}

static guint
append_run (GstTDengineBind * self, GstTDengineRows * rows, guint row)
{
  const TableRun fresh = { rows, row, 1, NO_RUN };

  g_array_append_val (self->runs, fresh);
  return self->runs->len - 1;
}

static guint
append_table (GstTDengineBind * self, const guint8 * name, gsize size,
    guint tag_run)
{
  const Table fresh = { name, size, 0, tag_run, NO_RUN, NO_RUN, NO_TABLE };

  g_array_append_val (self->tables, fresh);
  return self->tables->len - 1;
}

static guint
find_table (GstTDengineBind * self, GstTDengineRows * rows, guint row,
    const guint8 * name, gsize size)
{
  guint bucket = gst_tdengine_hash_name (name, size);

  for (;; bucket++) {
    guint16 *held = &self->buckets[bucket & (self->n_buckets - 1)];

    if (*held == 0)
      *held = append_table (self, name, size, append_run (self, rows, row)) + 1;
    if (has_name (self, *held - 1, name, size))
      return *held - 1;
  }
}

static inline void
add_row (GstTDengineBind * self, Table * table, GstTDengineRows * rows,
    guint row)
{
  TableRun *last = get_run (self, table->last_run);
  guint fresh;

  table->n_rows++;
  if (last && last->rows == rows && last->first + last->n_rows == row) {
    last->n_rows++;
    return;
  }
  fresh = append_run (self, rows, row);
  if (table->last_run == NO_RUN)
    table->first_run = fresh;
  else
    get_run (self, table->last_run)->next = fresh;
  table->last_run = fresh;
}

/* Rows mostly come as they came before: a row is for the table of the row
 * before it, or for the one that followed that last time. */
static guint
group_run (GstTDengineBind * self, const GstTDengineRun * run, guint previous)
{
  for (guint row = run->first; row < run->first + run->n_rows; row++) {
    const guint8 *name = NULL;
    gsize size = 0;

    if (run->names)
      name = gst_tdengine_run_get_name (run, row, &size);
    if (!has_name (self, previous, name, size)) {
      guint table = previous == NO_TABLE ? NO_TABLE :
          get_table (self, previous)->successor;

      if (!has_name (self, table, name, size))
        table = find_table (self, run->rows, row, name, size);
      if (previous != NO_TABLE)
        get_table (self, previous)->successor = table;
      previous = table;
    }
    add_row (self, get_table (self, previous), run->rows, row);
  }
  return previous;
}

static void
group_rows (GstTDengineBind * self, const GstTDengineBatch * batch)
{
  guint previous = NO_TABLE;

  for (self->n_buckets = 16; self->n_buckets < 2 * batch->n_rows;)
    self->n_buckets *= 2;
  memset (self->buckets, 0, self->n_buckets * sizeof *self->buckets);
  g_array_set_size (self->tables, 0);
  g_array_set_size (self->runs, 0);
  for (guint i = 0; i < batch->runs->len; i++)
    previous = group_run (self, gst_tdengine_batch_get (batch, i), previous);
}

/* room at the end of the message */
static guint8 *
extend (GstTDengineBind * self, gsize size)
{
  gsize length = self->out->len;

  g_byte_array_set_size (self->out, length + size);
  return self->out->data + length;
}

static void
append_uint32 (GstTDengineBind * self, guint32 value)
{
  guint8 *to = extend (self, 4);

  GST_WRITE_UINT32_LE (to, value);
}

static void
set_uint32 (GstTDengineBind * self, gsize position, guint32 value)
{
  GST_WRITE_UINT32_LE (self->out->data + position, value);
}

/* one byte a row, 1 for NULL */
static void
write_nulls (guint8 * to, const TableRun * run, guint source)
{
  const GstTDengineColumnData *data =
      gst_tdengine_rows_get_column_data (run->rows, source);

  for (guint i = 0; i < run->n_rows; i++)
    to[i] = gst_tdengine_column_data_is_null (data, run->first + i);
}

/* a column record: its length, type, rows, nulls, no lengths, and the values */
static void
append_fixed (GstTDengineBind * self, GstTDengineType type, guint width,
    guint source, guint first_run, guint n_rows)
{
  gsize size = (gsize) n_rows * width;
  gsize record_size = RECORD_HEAD_SIZE + n_rows + size;
  guint8 *record = extend (self, record_size);
  guint8 *nulls = record + 12, *values = record + RECORD_HEAD_SIZE + n_rows;
  const TableRun *run;

  GST_WRITE_UINT32_LE (record, record_size);
  GST_WRITE_UINT32_LE (record + 4, type);
  GST_WRITE_UINT32_LE (record + 8, n_rows);
  nulls[n_rows] = 0;
  GST_WRITE_UINT32_LE (values - 4, size);
  for (run = get_run (self, first_run); run; run = get_run (self, run->next)) {
    const GstTDengineColumnData *data =
        gst_tdengine_rows_get_column_data (run->rows, source);

    write_nulls (nulls, run, source);
    memcpy (values, data->values + (gsize) run->first * width,
        (gsize) run->n_rows * width);
    nulls += run->n_rows;
    values += (gsize) run->n_rows * width;
  }
}

/* NCHAR is bound as UTF-8, a decimal as text, the rest as its own bytes */
static gsize
append_value (GstTDengineBind * self, const GstTDengineColumn * column,
    GstTDengineRows * rows, guint source, guint row)
{
  gsize size;
  const guint8 *data = gst_tdengine_rows_get_data (rows, source, row, &size);

  if (!data)
    return 0;
  if (column->type != GST_TDENGINE_TYPE_NCHAR && column->digits == 0) {
    g_byte_array_append (self->out, data, size);
    return size;
  }
  g_string_truncate (self->text, 0);
  if (column->digits > 0)
    gst_tdengine_decimal_append (self->text,
        gst_tdengine_decimal_read (data, size), column->scale);
  else
    gst_tdengine_text_append_ucs4 (self->text, data, size);
  g_byte_array_append (self->out, (const guint8 *) self->text->str,
      self->text->len);
  return self->text->len;
}

static void
append_varying (GstTDengineBind * self, const TableRun * run,
    guint source, const GstTDengineColumn * column, gsize * lengths)
{
  for (guint i = 0; i < run->n_rows; i++) {
    gsize size = append_value (self, column, run->rows, source, run->first + i);

    set_uint32 (self, *lengths, size);
    *lengths += 4;
  }
}

/* the same with lengths before the values */
static void
append_varied (GstTDengineBind * self, const GstTDengineColumn * column,
    guint source, guint first_run, guint n_rows)
{
  gsize start = self->out->len, lengths, size_field;
  const TableRun *run;

  append_uint32 (self, 0);
  append_uint32 (self, column->type);
  append_uint32 (self, n_rows);
  for (run = get_run (self, first_run); run; run = get_run (self, run->next))
    write_nulls (extend (self, run->n_rows), run, source);
  *extend (self, 1) = 1;
  lengths = self->out->len;
  extend (self, 4 * (gsize) n_rows);
  size_field = self->out->len;
  append_uint32 (self, 0);
  for (run = get_run (self, first_run); run; run = get_run (self, run->next))
    append_varying (self, run, source, column, &lengths);
  /* the server takes values without a single byte for no values at all */
  if (self->out->len == size_field + 4)
    *extend (self, 1) = 0;
  set_uint32 (self, size_field, self->out->len - size_field - 4);
  set_uint32 (self, start, self->out->len - start);
}

static void
append_record (GstTDengineBind * self, guint index, guint first_run,
    guint n_rows)
{
  const GstTDengineColumn *column =
      gst_tdengine_schema_get_column (self->target->schema, index);
  guint source = self->target->sources[index];
  guint width = gst_tdengine_type_get_width (column->type);

  /* a decimal goes as text */
  if (width > 0 && column->digits == 0)
    append_fixed (self, column->type, width, source, first_run, n_rows);
  else
    append_varied (self, column, source, first_run, n_rows);
}

static void
append_names (GstTDengineBind * self)
{
  for (guint i = 0; i < self->tables->len; i++) {
    const Table *table = get_table (self, i);
    guint8 *to = extend (self, 2);

    GST_WRITE_UINT16_LE (to, table->size + 1);
  }
  for (guint i = 0; i < self->tables->len; i++) {
    const Table *table = get_table (self, i);

    g_byte_array_append (self->out, table->name, table->size);
    *extend (self, 1) = 0;
  }
}

static void
append_values (GstTDengineBind * self, const Table * table, gboolean tags)
{
  const GstTDengineTarget *target = self->target;
  guint first = tags ? target->n_columns : 0;
  guint end = tags ? gst_tdengine_schema_get_n_columns (target->schema) :
      target->n_columns;

  for (guint index = first; index < end; index++) {
    if (target->sources[index] < 0)
      continue;
    if (tags)
      append_record (self, index, table->tag_run, 1);
    else
      append_record (self, index, table->first_run, table->n_rows);
  }
}

/* the lengths of all tables' records, then the records */
static void
append_section (GstTDengineBind * self, gboolean tags)
{
  gsize sizes = self->out->len;

  extend (self, 4 * (gsize) self->tables->len);
  for (guint i = 0; i < self->tables->len; i++) {
    gsize start = self->out->len;

    append_values (self, get_table (self, i), tags);
    set_uint32 (self, sizes + 4 * i, self->out->len - start);
  }
}

static void
append_data (GstTDengineBind * self)
{
  const GstTDengineTarget *target = self->target;
  gsize data = self->out->len;

  memset (extend (self, DATA_HEAD_SIZE), 0, DATA_HEAD_SIZE);
  set_uint32 (self, data + 4, self->tables->len);
  set_uint32 (self, data + 8, target->n_bound_tags);
  set_uint32 (self, data + 12, target->n_bound_columns);
  if (target->is_super) {
    set_uint32 (self, data + 16, self->out->len - data);
    append_names (self);
  }
  if (target->n_bound_tags > 0) {
    set_uint32 (self, data + 20, self->out->len - data);
    append_section (self, TRUE);
  }
  set_uint32 (self, data + 24, self->out->len - data);
  append_section (self, FALSE);
  set_uint32 (self, data, self->out->len - data);
}

/* Writes a whole request over what the array held. The rows were checked
 * against the target, and are no more than GST_TDENGINE_MAX_BOUND_ROWS. */
void
gst_tdengine_bind_build (GstTDengineBind * self, GByteArray * message,
    guint64 req_id, guint64 stmt_id, const GstTDengineTarget * target,
    const GstTDengineBatch * batch)
{
  self->target = target;
  self->out = message;
  g_byte_array_set_size (message, GST_TDENGINE_BIND_HEAD_SIZE);
  gst_tdengine_messages_write_bind_head (message->data, req_id, stmt_id);
  group_rows (self, batch);
  append_data (self);
}
