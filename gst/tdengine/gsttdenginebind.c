/* tdengine bind: rows of many tables as one bound message
 *
 * The message holds the names of the tables, then each table's tags, then each
 * table's columns. So rows are grouped by table first: rows of a table that
 * follow each other stay one run, which is copied at once; nothing is
 * allocated for a single row.
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
#define NO_RUN G_MAXUINT

typedef struct
{
  const guint8 *name;           /* in the block of its first row */
  gsize size;
  guint n_rows;
  guint tag_run;                /* of one row, whose tags are the table's */
  guint first_run;
  guint last_run;
} Table;

typedef struct
{
  GstTDengineRun run;
  guint next;                   /* of the same table */
} LinkedRun;

typedef struct
{
  const GstTDengineTarget *target;
  GByteArray *out;
  GString *text;                /* what one value needs */
  GPtrArray *tables;            /* Table */
  GHashTable *by_name;
  GArray *runs;                 /* LinkedRun */
} Bind;

static guint
hash_name (gconstpointer key)
{
  const Table *table = key;
  guint hash = 2166136261u;     /* FNV-1a */

  for (gsize i = 0; i < table->size; i++)
    hash = (hash ^ table->name[i]) * 16777619u;
  return hash;
}

static gboolean
equal_name (gconstpointer a, gconstpointer b)
{
  const Table *left = a, *right = b;

  return left->size == right->size
      && memcmp (left->name, right->name, left->size) == 0;
}

static guint
append_run (Bind * self, GstTDengineRows * rows, guint row)
{
  const LinkedRun fresh = { {rows, row, 1}, NO_RUN };

  g_array_append_val (self->runs, fresh);
  return self->runs->len - 1;
}

static Table *
find_table (Bind * self, GstTDengineRows * rows, guint row, Table * previous)
{
  Table key = {.first_run = NO_RUN,.last_run = NO_RUN };
  Table *table;

  if (self->target->name_source >= 0)
    key.name = gst_tdengine_rows_get_data (rows, self->target->name_source,
        row, &key.size);
  if (previous && equal_name (&key, previous))
    return previous;
  table = g_hash_table_lookup (self->by_name, &key);
  if (table)
    return table;
  table = g_memdup2 (&key, sizeof key);
  table->tag_run = append_run (self, rows, row);
  g_ptr_array_add (self->tables, table);
  g_hash_table_add (self->by_name, table);
  return table;
}

static LinkedRun *
get_run (Bind * self, guint index)
{
  return index == NO_RUN ? NULL : &g_array_index (self->runs, LinkedRun, index);
}

static void
add_row (Bind * self, Table * table, GstTDengineRows * rows, guint row)
{
  LinkedRun *last = get_run (self, table->last_run);
  guint fresh;

  table->n_rows++;
  if (last && last->run.rows == rows
      && last->run.first + last->run.n_rows == row) {
    last->run.n_rows++;
    return;
  }
  fresh = append_run (self, rows, row);
  if (table->last_run == NO_RUN)
    table->first_run = fresh;
  else
    get_run (self, table->last_run)->next = fresh;
  table->last_run = fresh;
}

static void
group_rows (Bind * self, const GstTDengineRun * runs, guint n_runs)
{
  Table *table = NULL;

  for (guint i = 0; i < n_runs; i++) {
    for (guint row = 0; row < runs[i].n_rows; row++) {
      table = find_table (self, runs[i].rows, runs[i].first + row, table);
      add_row (self, table, runs[i].rows, runs[i].first + row);
    }
  }
}

/* room at the end of the message */
static guint8 *
extend (Bind * self, gsize size)
{
  gsize length = self->out->len;

  g_byte_array_set_size (self->out, length + size);
  return self->out->data + length;
}

static void
append_uint32 (Bind * self, guint32 value)
{
  guint8 *to = extend (self, 4);

  GST_WRITE_UINT32_LE (to, value);
}

static void
set_uint32 (Bind * self, gsize position, guint32 value)
{
  GST_WRITE_UINT32_LE (self->out->data + position, value);
}

/* one byte a row, 1 for NULL */
static void
append_nulls (Bind * self, const GstTDengineRun * run, guint source)
{
  guint8 *to = extend (self, run->n_rows);

  for (guint i = 0; i < run->n_rows; i++)
    to[i] = gst_tdengine_rows_is_null (run->rows, source, run->first + i);
}

static void
append_fixed (Bind * self, const GstTDengineRun * run, guint source,
    guint width)
{
  const GstTDengineColumnData *data =
      gst_tdengine_rows_get_column_data (run->rows, source);

  g_byte_array_append (self->out, data->values + (gsize) run->first * width,
      run->n_rows * width);
}

/* NCHAR is bound as UTF-8, a decimal as text, the rest as its own bytes */
static gsize
append_value (Bind * self, const GstTDengineColumn * column,
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
append_varying (Bind * self, const GstTDengineRun * run, guint source,
    const GstTDengineColumn * column, gsize * lengths)
{
  for (guint i = 0; i < run->n_rows; i++) {
    gsize size = append_value (self, column, run->rows, source, run->first + i);

    set_uint32 (self, *lengths, size);
    *lengths += 4;
  }
}

/* a column record: its length, type, rows, nulls, lengths where they vary, and
 * the values */
static void
append_record (Bind * self, guint index, guint first_run, guint n_rows)
{
  const GstTDengineColumn *column =
      gst_tdengine_schema_get_column (self->target->schema, index);
  guint source = self->target->sources[index];
  /* a decimal goes as text */
  guint width =
      column->digits > 0 ? 0 : gst_tdengine_type_get_width (column->type);
  gsize start = self->out->len, lengths, size_field;
  const LinkedRun *run;

  append_uint32 (self, 0);
  append_uint32 (self, column->type);
  append_uint32 (self, n_rows);
  for (run = get_run (self, first_run); run; run = get_run (self, run->next))
    append_nulls (self, &run->run, source);
  *extend (self, 1) = width == 0;
  lengths = self->out->len;
  if (width == 0)
    extend (self, 4 * (gsize) n_rows);
  size_field = self->out->len;
  append_uint32 (self, 0);
  for (run = get_run (self, first_run); run; run = get_run (self, run->next)) {
    if (width > 0)
      append_fixed (self, &run->run, source, width);
    else
      append_varying (self, &run->run, source, column, &lengths);
  }
  /* the server takes values without a single byte for no values at all */
  if (self->out->len == size_field + 4)
    *extend (self, 1) = 0;
  set_uint32 (self, size_field, self->out->len - size_field - 4);
  set_uint32 (self, start, self->out->len - start);
}

static void
append_names (Bind * self)
{
  for (guint i = 0; i < self->tables->len; i++) {
    const Table *table = g_ptr_array_index (self->tables, i);
    guint8 *to = extend (self, 2);

    GST_WRITE_UINT16_LE (to, table->size + 1);
  }
  for (guint i = 0; i < self->tables->len; i++) {
    const Table *table = g_ptr_array_index (self->tables, i);

    g_byte_array_append (self->out, table->name, table->size);
    *extend (self, 1) = 0;
  }
}

static void
append_table (Bind * self, const Table * table, gboolean tags)
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
append_section (Bind * self, gboolean tags)
{
  gsize sizes = self->out->len;

  extend (self, 4 * (gsize) self->tables->len);
  for (guint i = 0; i < self->tables->len; i++) {
    gsize start = self->out->len;

    append_table (self, g_ptr_array_index (self->tables, i), tags);
    set_uint32 (self, sizes + 4 * i, self->out->len - start);
  }
}

static void
append_data (Bind * self)
{
  const GstTDengineTarget *target = self->target;
  gsize data = self->out->len;

  memset (extend (self, DATA_HEAD_SIZE), 0, DATA_HEAD_SIZE);
  set_uint32 (self, data + 4, self->tables->len);
  set_uint32 (self, data + 8, target->n_bound_tags);
  set_uint32 (self, data + 12, target->n_bound_columns);
  if (target->name_source >= 0) {
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
gst_tdengine_bind_build (GByteArray * message, guint64 req_id,
    guint64 stmt_id, const GstTDengineTarget * target,
    const GstTDengineRun * runs, guint n_runs)
{
  g_autoptr (GString) text = g_string_new (NULL);
  g_autoptr (GPtrArray) tables = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) by_name = g_hash_table_new (hash_name, equal_name);
  g_autoptr (GArray) linked = g_array_new (FALSE, FALSE, sizeof (LinkedRun));
  Bind self = { target, message, text, tables, by_name, linked };

  g_byte_array_set_size (message, GST_TDENGINE_BIND_HEAD_SIZE);
  gst_tdengine_messages_write_bind_head (message->data, req_id, stmt_id);
  group_rows (&self, runs, n_runs);
  append_data (&self);
}
