/* tdenginesrc state: which rows are safely downstream, in a file
 *
 * What was pushed is noted split by split. A checkpoint takes the notes since
 * the one before with it; when it is confirmed they go into the file, and with
 * them those of the checkpoints before.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/tdengine/gsttdenginestatefile.h>

#include "gsttdenginesrcstate.h"

/* what became of the checkpoints; they may outlive the element */
typedef struct
{
  gatomicrefcount ref_count;
  GMutex lock;
  GCond settled;
  guint64 n_settled;            /* the newest one, under lock */
  guint64 n_confirmed;          /* likewise */
  gboolean unwanted;            /* no element downstream confirms */
  GError *error;                /* of the newest, under lock */
} Outcome;

/* the notes of a checkpoint */
typedef struct
{
  guint64 number;
  GHashTable *parts;            /* name → GstTDengineStatePart */
} Batch;

struct _GstTDengineSrcState
{
  GstTDengineSplits *splits;    /* of the element */
  GstTDengineProgress *progress;
  Outcome *outcome;
  guint64 n_checkpoints;

  GMutex lock;
  GstTDengineState *state;      /* what is known to be safe, under lock */
  GHashTable *notes;            /* name → GstTDengineStatePart */
  GQueue batches;               /* Batch, not confirmed yet */
};

static Outcome *
outcome_ref (Outcome * outcome)
{
  g_atomic_ref_count_inc (&outcome->ref_count);
  return outcome;
}

static void
outcome_unref (gpointer data)
{
  Outcome *outcome = data;

  if (!g_atomic_ref_count_dec (&outcome->ref_count))
    return;
  g_clear_error (&outcome->error);
  g_cond_clear (&outcome->settled);
  g_mutex_clear (&outcome->lock);
  g_free (outcome);
}

static void
on_settled (const GstStructure * position, const GError * error, gpointer data)
{
  Outcome *outcome = data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&outcome->lock);
  guint64 number = 0;

  gst_structure_get_uint64 (position, "number", &number);
  if (number > outcome->n_settled) {
    outcome->n_settled = number;
    outcome->unwanted = g_error_matches (error, GST_TDENGINE_ERROR,
        GST_TDENGINE_ERROR_NOT_SUPPORTED);
    g_clear_error (&outcome->error);
    outcome->error = error ? g_error_copy (error) : NULL;
  }
  if (!error)
    outcome->n_confirmed = MAX (outcome->n_confirmed, number);
  g_cond_broadcast (&outcome->settled);
}

static GHashTable *
make_notes (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

static void
batch_free (Batch * batch)
{
  g_hash_table_unref (batch->parts);
  g_free (batch);
}

/* texts are what the plan depends on */
GstTDengineSrcState *
gst_tdengine_src_state_new (const gchar * path, GstTDengineSplits * splits,
    const gchar * const *texts, GError ** error)
{
  g_autofree gchar *fingerprint = gst_tdengine_state_make_fingerprint (texts);
  GstTDengineState *state = gst_tdengine_state_load (path, fingerprint, error);
  GstTDengineSrcState *self;

  if (!state)
    return NULL;
  self = g_new0 (GstTDengineSrcState, 1);
  self->splits = splits;
  self->state = state;
  self->notes = make_notes ();
  g_queue_init (&self->batches);
  g_mutex_init (&self->lock);
  self->outcome = g_new0 (Outcome, 1);
  g_atomic_ref_count_init (&self->outcome->ref_count);
  g_mutex_init (&self->outcome->lock);
  g_cond_init (&self->outcome->settled);
  self->progress = gst_tdengine_progress_new (on_settled,
      outcome_ref (self->outcome), outcome_unref);
  return self;
}

void
gst_tdengine_src_state_free (GstTDengineSrcState * self)
{
  gst_tdengine_progress_unref (self->progress);
  outcome_unref (self->outcome);
  gst_tdengine_state_free (self->state);
  g_hash_table_unref (self->notes);
  g_queue_clear_full (&self->batches, (GDestroyNotify) batch_free);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* another plan for the same statement */
void
gst_tdengine_src_state_set_splits (GstTDengineSrcState * self,
    GstTDengineSplits * splits)
{
  self->splits = splits;
}

/* What is left of a split, NULL for nothing. Any thread may ask. */
gchar *
gst_tdengine_src_state_get_sql (GstTDengineSrcState * self, guint64 split)
{
  g_autofree gchar *name = gst_tdengine_splits_get_name (self->splits, split);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  const GstTDengineStatePart *part = gst_tdengine_state_get (self->state, name);
  gchar *sql = NULL;

  if (part && part->done)
    return NULL;
  /* the last time comes again: there may be more rows of it */
  if (part && gst_tdengine_splits_is_ordered (self->splits))
    sql = gst_tdengine_splits_get_rest_sql (self->splits, split,
        part->position);
  return sql ? sql : gst_tdengine_splits_get_sql (self->splits, split);
}

static GstTDengineStatePart *
get_note (GstTDengineSrcState * self, guint64 split)
{
  g_autofree gchar *name = gst_tdengine_splits_get_name (self->splits, split);
  GstTDengineStatePart *part = g_hash_table_lookup (self->notes, name);

  if (!part) {
    const GstTDengineStatePart *known;

    part = g_new0 (GstTDengineStatePart, 1);
    g_mutex_lock (&self->lock);
    known = gst_tdengine_state_get (self->state, name);
    if (known)
      *part = *known;
    g_mutex_unlock (&self->lock);
    g_hash_table_insert (self->notes, g_steal_pointer (&name), part);
  }
  return part;
}

/* rows that were pushed */
void
gst_tdengine_src_state_note_rows (GstTDengineSrcState * self, guint64 split,
    gint64 last_time, guint n_rows)
{
  GstTDengineStatePart *part;

  /* without an order a position means nothing */
  if (!gst_tdengine_splits_is_ordered (self->splits))
    return;
  part = get_note (self, split);
  part->position = last_time;
  part->n_rows += n_rows;
}

/* all of a split's rows were pushed */
void
gst_tdengine_src_state_note_done (GstTDengineSrcState * self, guint64 split)
{
  get_note (self, split)->done = TRUE;
}

/* behind all that was noted */
GstEvent *
gst_tdengine_src_state_make_checkpoint (GstTDengineSrcState * self)
{
  Batch *batch = g_new0 (Batch, 1);

  batch->number = ++self->n_checkpoints;
  batch->parts = self->notes;
  self->notes = make_notes ();
  g_queue_push_tail (&self->batches, batch);
  return gst_tdengine_progress_make_checkpoint (self->progress,
      gst_structure_new ("GstTDengineSrcPosition", "number", G_TYPE_UINT64,
          batch->number, NULL));
}

static void
apply_batch (GstTDengineSrcState * self, Batch * batch)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GHashTableIter iter;
  gpointer name, part;

  g_hash_table_iter_init (&iter, batch->parts);
  while (g_hash_table_iter_next (&iter, &name, &part))
    gst_tdengine_state_set (self->state, name, part);
}

static gboolean
save_until (GstTDengineSrcState * self, guint64 number, GError ** error)
{
  gboolean changed = FALSE;
  Batch *batch;

  while ((batch = g_queue_peek_head (&self->batches))
      && batch->number <= number) {
    changed |= g_hash_table_size (batch->parts) > 0;
    apply_batch (self, batch);
    batch_free (g_queue_pop_head (&self->batches));
  }
  return !changed || gst_tdengine_state_save (self->state, error);
}

/* writes what has been confirmed */
gboolean
gst_tdengine_src_state_save (GstTDengineSrcState * self, GError ** error)
{
  guint64 number;

  g_mutex_lock (&self->outcome->lock);
  number = self->outcome->n_confirmed;
  g_mutex_unlock (&self->outcome->lock);
  return save_until (self, number, error);
}

static void
wake_up (GCancellable * cancellable, gpointer data)
{
  Outcome *outcome = data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&outcome->lock);

  g_cond_broadcast (&outcome->settled);
}

/* Waits for the last checkpoint, for so many ms at most. Where no element
 * downstream confirms, what was pushed counts as safe. */
gboolean
gst_tdengine_src_state_finish (GstTDengineSrcState * self, guint timeout,
    GCancellable * cancellable, GError ** error)
{
  Outcome *outcome = self->outcome;
  gint64 deadline = g_get_monotonic_time () + timeout * G_TIME_SPAN_MILLISECOND;
  gulong id = g_cancellable_connect (cancellable, G_CALLBACK (wake_up), outcome,
      NULL);
  gboolean unwanted;

  g_mutex_lock (&outcome->lock);
  while (outcome->n_settled < self->n_checkpoints
      && !g_cancellable_is_cancelled (cancellable)
      && g_cond_wait_until (&outcome->settled, &outcome->lock, deadline));
  unwanted = outcome->unwanted && outcome->n_settled == self->n_checkpoints;
  g_mutex_unlock (&outcome->lock);
  g_cancellable_disconnect (cancellable, id);
  return unwanted ? save_until (self, self->n_checkpoints, error) :
      gst_tdengine_src_state_save (self, error);
}
