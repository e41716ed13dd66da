/* tdengine batch: runs of rows that are written together
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdenginebatch.h"

void
gst_tdengine_run_clear (GstTDengineRun * run)
{
  gst_tdengine_rows_unref (run->rows);
  g_clear_pointer (&run->name_rows, gst_tdengine_rows_unref);
}

GstTDengineBatch *
gst_tdengine_batch_new (void)
{
  GstTDengineBatch *self = g_new0 (GstTDengineBatch, 1);

  self->runs = g_array_new (FALSE, FALSE, sizeof (GstTDengineRun));
  g_array_set_clear_func (self->runs, (GDestroyNotify) gst_tdengine_run_clear);
  return self;
}

void
gst_tdengine_batch_free (GstTDengineBatch * self)
{
  g_array_unref (self->runs);
  g_free (self);
}

/* of the block's bytes, as many as it has of its rows */
static gsize
run_bytes (const GstTDengineRun * run)
{
  gsize size = gst_buffer_get_size (gst_tdengine_rows_get_buffer (run->rows));

  return size * run->n_rows / gst_tdengine_rows_get_n_rows (run->rows);
}

void
gst_tdengine_batch_append (GstTDengineBatch * self, const GstTDengineRun * run)
{
  gst_tdengine_rows_ref (run->rows);
  if (run->name_rows)
    gst_tdengine_rows_ref (run->name_rows);
  g_array_append_val (self->runs, *run);
  self->n_rows += run->n_rows;
  self->n_bytes += run_bytes (run);
}

/* from a run on, and of that one from a row on */
static GstTDengineBatch *
cut_at (GstTDengineBatch * self, guint index, guint n_kept)
{
  GstTDengineBatch *rest = gst_tdengine_batch_new ();

  rest->way = self->way;
  for (guint i = index; i < self->runs->len; i++) {
    GstTDengineRun run = *gst_tdengine_batch_get (self, i);

    if (i == index) {
      run.first += n_kept;
      run.n_rows -= n_kept;
    }
    gst_tdengine_batch_append (rest, &run);
  }
  if (n_kept > 0) {
    g_array_index (self->runs, GstTDengineRun, index).n_rows = n_kept;
    index++;
  }
  g_array_set_size (self->runs, index);
  self->n_rows -= rest->n_rows;
  self->n_bytes -= MIN (rest->n_bytes, self->n_bytes);
  return rest;
}

/* Keeps so many rows, and gives the rest: NULL where there is none. */
GstTDengineBatch *
gst_tdengine_batch_cut (GstTDengineBatch * self, guint n_rows)
{
  guint index = 0;

  if (n_rows >= self->n_rows)
    return NULL;
  while (gst_tdengine_batch_get (self, index)->n_rows <= n_rows)
    n_rows -= gst_tdengine_batch_get (self, index++)->n_rows;
  return cut_at (self, index, n_rows);
}

/* a batch for each row of runs of one table, at the end of the queue */
void
gst_tdengine_batch_split (const GstTDengineBatch * self, GQueue * queue)
{
  const GstTDengineRun *last = NULL;
  GstTDengineBatch *batch = NULL;

  for (guint i = 0; i < self->runs->len; i++) {
    const GstTDengineRun *run = gst_tdengine_batch_get (self, i);

    if (!last || !gst_tdengine_same_name (last->name, last->name_size,
            run->name, run->name_size)) {
      batch = gst_tdengine_batch_new ();
      batch->way = self->way;
      g_queue_push_tail (queue, batch);
    }
    gst_tdengine_batch_append (batch, run);
    last = run;
  }
}

/* takes what comes before */
void
gst_tdengine_batch_prepend (GstTDengineBatch * self, GstTDengineBatch * before)
{
  for (guint i = 0; i < self->runs->len; i++)
    gst_tdengine_batch_append (before, gst_tdengine_batch_get (self, i));
  GstTDengineBatch swapped = *self;
  *self = *before;
  *before = swapped;
  gst_tdengine_batch_free (before);
}

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  const GstTDengineRun *left = a, *right = b;
  gint order = memcmp (left->name, right->name,
      MIN (left->name_size, right->name_size));

  return order ? order : (left->name_size > right->name_size) -
      (left->name_size < right->name_size);
}

/* cut where the table changes */
static void
append_by_table (GstTDengineBatch * self, const GstTDengineRun * run)
{
  GstTDengineRun part = *run;

  part.n_rows = 0;
  for (guint row = run->first; row < run->first + run->n_rows; row++) {
    gsize size;
    const guint8 *name = gst_tdengine_run_get_name (run, row, &size);

    if (part.n_rows > 0
        && !gst_tdengine_same_name (name, size, part.name, part.name_size)) {
      gst_tdengine_batch_append (self, &part);
      part.first = row;
      part.n_rows = 0;
    }
    part.name = name;
    part.name_size = size;
    part.n_rows++;
  }
  gst_tdengine_batch_append (self, &part);
}

/* Takes the batch, and gives its rows one table after the other. A table's rows
 * stay in order, as the sort is a stable one. */
GstTDengineBatch *
gst_tdengine_batch_group (GstTDengineBatch * self)
{
  GstTDengineBatch *grouped;
  gsize size;

  if (gst_tdengine_batch_get_table (self, &size))
    return self;
  grouped = gst_tdengine_batch_new ();
  grouped->way = self->way;
  for (guint i = 0; i < self->runs->len; i++)
    append_by_table (grouped, gst_tdengine_batch_get (self, i));
  g_array_sort (grouped->runs, compare_names);
  gst_tdengine_batch_free (self);
  return grouped;
}

/* the one table that all rows are for, or NULL */
const guint8 *
gst_tdengine_batch_get_table (const GstTDengineBatch * self, gsize * size)
{
  const GstTDengineRun *first = gst_tdengine_batch_get (self, 0);

  *size = first->name_size;
  for (guint i = 1; i < self->runs->len; i++) {
    const GstTDengineRun *run = gst_tdengine_batch_get (self, i);

    if (!gst_tdengine_same_name (first->name, first->name_size, run->name,
            run->name_size))
      return NULL;
  }
  return first->name;
}
