/* tdengine raw: rows of one table as the block that the server stores
 *
 * A whole block goes as it is; runs are put together in a block of their own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdengineblock.h"
#include "gsttdenginemessages.h"
#include "gsttdengineraw.h"
#include "gsttdenginerowsbuilder.h"

typedef struct
{
  guint index;                  /* in the target */
  guint source;                 /* in the rows */
} Picked;

static guint
pick_columns (const GstTDengineTarget * target, Picked * picked)
{
  guint n = 0;

  for (guint i = 0; i < target->n_columns; i++) {
    if (target->sources[i] < 0)
      continue;
    picked[n].index = i;
    picked[n++].source = target->sources[i];
  }
  return n;
}

static gsize
column_size (GstTDengineRows * rows, guint source)
{
  const GstTDengineColumnData *data =
      gst_tdengine_rows_get_column_data (rows, source);

  return data->values - data->start + data->size;
}

/* The head of a block that has the picked columns, as wide as the target's: the
 * server compares them with its own. */
static void
write_block_head (const GstTDengineTarget * target, GstTDengineRows * rows,
    guint8 * head, const Picked * picked, guint n)
{
  guint8 *types = head + BLOCK_HEADER_SIZE;
  guint8 *lengths = types + 5 * n;
  gsize size = BLOCK_HEADER_SIZE + n * BLOCK_COLUMN_SIZE + BLOCK_TRAILER_SIZE;

  for (guint i = 0; i < n; i++) {
    const GstTDengineColumn *column =
        gst_tdengine_schema_get_column (target->schema, picked[i].index);

    types[5 * i] = column->type;
    GST_WRITE_UINT32_LE (types + 5 * i + 1,
        gst_tdengine_block_column_bytes (column));
    GST_WRITE_UINT32_LE (lengths + 4 * i,
        gst_tdengine_rows_get_column_data (rows, picked[i].source)->size);
    size += column_size (rows, picked[i].source);
  }
  gst_tdengine_block_write_head (head, gst_tdengine_rows_get_n_rows (rows),
      size, n);
}

static GOutputVector
make_part (gconstpointer data, gsize size)
{
  const GOutputVector part = { data, size };

  return part;
}

/* The columns are taken from where they lie. With all of the target's columns
 * their places say which they are, otherwise their names do. */
static void
prepare_rows (GstTDengineConnection * connection, GByteArray * frame,
    guint64 req_id, const GstTDengineTarget * target, GstTDengineRows * rows,
    const guint8 * name, gsize name_size)
{
  static const guint8 trailer[BLOCK_TRAILER_SIZE];
  g_autofree Picked *picked = g_new (Picked, target->n_columns);
  guint n = pick_columns (target, picked);
  gboolean all = n == target->n_columns;
  gsize head_size = BLOCK_HEADER_SIZE + n * BLOCK_COLUMN_SIZE;
  g_autofree guint8 *head = g_malloc (head_size);
  g_autofree guint8 *fields = g_malloc (n * GST_TDENGINE_FIELD_SIZE);
  g_autofree GOutputVector *parts = g_new (GOutputVector, n + 5);
  guint8 request_head[GST_TDENGINE_WRITE_RAW_HEAD_SIZE];
  guint n_parts = 0;

  gst_tdengine_messages_write_raw_head (request_head, req_id,
      all ? GST_TDENGINE_ACTION_WRITE_RAW_BLOCK :
      GST_TDENGINE_ACTION_WRITE_RAW_BLOCK_WITH_FIELDS,
      gst_tdengine_rows_get_n_rows (rows), name_size);
  write_block_head (target, rows, head, picked, n);
  parts[n_parts++] = make_part (request_head, sizeof request_head);
  parts[n_parts++] = make_part (name, name_size);
  parts[n_parts++] = make_part (head, head_size);
  for (guint i = 0; i < n; i++) {
    parts[n_parts++] =
        make_part (gst_tdengine_rows_get_column_data (rows,
            picked[i].source)->start, column_size (rows, picked[i].source));
    gst_tdengine_messages_write_field (fields + i * GST_TDENGINE_FIELD_SIZE,
        gst_tdengine_schema_get_column (target->schema, picked[i].index));
  }
  parts[n_parts++] = make_part (trailer, sizeof trailer);
  if (!all)
    parts[n_parts++] = make_part (fields, n * GST_TDENGINE_FIELD_SIZE);
  gst_tdengine_connection_prepare (connection, frame, parts, n_parts);
}

static GstTDengineRows *
merge (const GstTDengineBatch * batch, GError ** error)
{
  const GstTDengineRun *first = gst_tdengine_batch_get (batch, 0);
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (first->rows);

  if (batch->runs->len == 1
      && first->n_rows == gst_tdengine_rows_get_n_rows (first->rows))
    return gst_tdengine_rows_ref (first->rows);

  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);
  for (guint i = 0; i < batch->runs->len; i++) {
    const GstTDengineRun *run = gst_tdengine_batch_get (batch, i);

    for (guint k = 0; k < gst_tdengine_schema_get_n_columns (schema); k++)
      gst_tdengine_rows_builder_append_run (builder, k, run->rows, k,
          run->first, run->n_rows);
  }
  return gst_tdengine_rows_builder_end (builder, error);
}

/* The batch is of one table. */
gboolean
gst_tdengine_raw_prepare (GstTDengineConnection * connection,
    GByteArray * frame, guint64 req_id, const GstTDengineTarget * target,
    const GstTDengineBatch * batch, GError ** error)
{
  g_autoptr (GstTDengineRows) rows = merge (batch, error);
  const GstTDengineRun *first = gst_tdengine_batch_get (batch, 0);

  if (!rows)
    return FALSE;
  prepare_rows (connection, frame, req_id, target, rows, first->name,
      first->name_size);
  return TRUE;
}
