/* tdengine checkpoint: what a source may take for written
 *
 * The event's structure and every claim that is neither confirmed nor given up
 * hold a token. Who lets go of the last one settles the checkpoint: so no one
 * has to know how many ends there are.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdenginecheckpoint.h"
#include "gsttdengineerror.h"

#define MAX_WAIT (20 * G_TIME_SPAN_MILLISECOND)

struct _GstTDengineProgress
{
  gatomicrefcount ref_count;
  GstTDengineProgressFunc settled;
  gpointer user_data;
  GDestroyNotify destroy;

  GMutex lock;                  /* also held while settled is called */
  guint64 n_made;               /* under lock */
  guint64 newest;               /* the last one confirmed, under lock */
  GError *failure;              /* under lock */
};

typedef struct
{
  gatomicrefcount ref_count;
  GstTDengineProgress *progress;
  guint64 number;               /* from 1, in the order they were made */
  GstStructure *position;
  gint n_confirmed;             /* atomic */
  gint n_given_up;              /* atomic */
} GstTDengineToken;

struct _GstTDengineCheckpoint
{
  gatomicrefcount ref_count;
  GstTDengineProgress *progress;
  GstStructure *position;
  GstTDengineToken *token;      /* until confirmed or failed, atomic */
};

static GstTDengineToken *token_ref (GstTDengineToken * token);
static void token_unref (GstTDengineToken * token);
static GType gst_tdengine_token_get_type (void);

G_DEFINE_BOXED_TYPE (GstTDengineProgress, gst_tdengine_progress,
    gst_tdengine_progress_ref, gst_tdengine_progress_unref);
G_DEFINE_BOXED_TYPE (GstTDengineCheckpoint, gst_tdengine_checkpoint,
    gst_tdengine_checkpoint_ref, gst_tdengine_checkpoint_unref);
G_DEFINE_BOXED_TYPE (GstTDengineToken, gst_tdengine_token,
    token_ref, token_unref);

static GstStructure *
copy_position (const GstStructure * position)
{
  return position ? gst_structure_copy (position) : NULL;
}

/* tokens */

static GError *
judge_locked (GstTDengineProgress * self, GstTDengineToken * token)
{
  const gchar *why = NULL;

  if (self->failure)
    return g_error_copy (self->failure);
  if (token->n_given_up == 0 && token->n_confirmed == 0)
    return g_error_new_literal (GST_TDENGINE_ERROR,
        GST_TDENGINE_ERROR_NOT_SUPPORTED,
        "No element downstream confirms checkpoints");
  if (token->n_given_up > 0)
    why = "An element that took the checkpoint did not confirm it";
  else if (token->number < self->newest)
    why = "A later checkpoint was confirmed before";
  if (why)
    return g_error_new_literal (GST_TDENGINE_ERROR,
        GST_TDENGINE_ERROR_NOT_CONFIRMED, why);
  self->newest = token->number;
  return NULL;
}

static void
settle (GstTDengineToken * token)
{
  GstTDengineProgress *progress = token->progress;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&progress->lock);
  g_autoptr (GError) error = judge_locked (progress, token);

  progress->settled (token->position, error, progress->user_data);
}

static GstTDengineToken *
token_new (GstTDengineProgress * progress, const GstStructure * position)
{
  GstTDengineToken *token = g_new0 (GstTDengineToken, 1);

  g_atomic_ref_count_init (&token->ref_count);
  token->progress = gst_tdengine_progress_ref (progress);
  token->position = copy_position (position);
  g_mutex_lock (&progress->lock);
  token->number = ++progress->n_made;
  g_mutex_unlock (&progress->lock);
  return token;
}

static GstTDengineToken *
token_ref (GstTDengineToken * token)
{
  g_atomic_ref_count_inc (&token->ref_count);
  return token;
}

static void
token_unref (GstTDengineToken * token)
{
  if (!g_atomic_ref_count_dec (&token->ref_count))
    return;
  settle (token);
  g_clear_pointer (&token->position, gst_structure_free);
  gst_tdengine_progress_unref (token->progress);
  g_free (token);
}

/* a source's side */

/**
 * gst_tdengine_progress_new:
 * @settled: (scope notified): called once for each checkpoint
 * @user_data: for @settled
 * @destroy: (nullable): frees @user_data, which a checkpoint that is on its way
 *   keeps
 *
 * Makes a progress, of which nothing was sent yet.
 *
 * Returns: (transfer full): a progress
 */
GstTDengineProgress *
gst_tdengine_progress_new (GstTDengineProgressFunc settled, gpointer user_data,
    GDestroyNotify destroy)
{
  GstTDengineProgress *self = g_new0 (GstTDengineProgress, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->settled = settled;
  self->user_data = user_data;
  self->destroy = destroy;
  g_mutex_init (&self->lock);
  return self;
}

/**
 * gst_tdengine_progress_ref:
 * @progress: a progress
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @progress
 */
GstTDengineProgress *
gst_tdengine_progress_ref (GstTDengineProgress * progress)
{
  g_atomic_ref_count_inc (&progress->ref_count);
  return progress;
}

/**
 * gst_tdengine_progress_unref:
 * @progress: (transfer full): a progress
 *
 * Gives a reference back. Checkpoints that are on their way are still told of.
 */
void
gst_tdengine_progress_unref (GstTDengineProgress * progress)
{
  if (!g_atomic_ref_count_dec (&progress->ref_count))
    return;
  if (progress->destroy)
    progress->destroy (progress->user_data);
  g_clear_error (&progress->failure);
  g_mutex_clear (&progress->lock);
  g_free (progress);
}

/**
 * gst_tdengine_progress_make_checkpoint:
 * @progress: a progress
 * @position: (nullable) (transfer full): what to remember when the rows sent
 *   before are safe
 *
 * Makes a checkpoint, for a source to push behind the rows that @position
 * stands for.
 *
 * Returns: (transfer full): a serialized downstream event
 */
GstEvent *
gst_tdengine_progress_make_checkpoint (GstTDengineProgress * progress,
    GstStructure * position)
{
  GstStructure *structure =
      gst_structure_new_empty (GST_TDENGINE_CHECKPOINT_EVENT);
  GValue value = G_VALUE_INIT;

  g_value_init (&value, gst_tdengine_token_get_type ());
  g_value_take_boxed (&value, token_new (progress, position));
  gst_structure_take_value (structure, "token", &value);
  if (position) {
    gst_structure_set (structure, "position", GST_TYPE_STRUCTURE, position,
        NULL);
    gst_structure_free (position);
  }
  return gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM, structure);
}

/* an end's side */

static GstTDengineToken *
find_token (GstEvent * event)
{
  const GValue *value;

  if (GST_EVENT_TYPE (event) != GST_EVENT_CUSTOM_DOWNSTREAM
      || !gst_event_has_name (event, GST_TDENGINE_CHECKPOINT_EVENT))
    return NULL;
  value = gst_structure_get_value (gst_event_get_structure (event), "token");
  if (!value || !G_VALUE_HOLDS (value, gst_tdengine_token_get_type ()))
    return NULL;
  return g_value_get_boxed (value);
}

/**
 * gst_tdengine_checkpoint_claim:
 * @event: an event that came from upstream
 *
 * Takes part in a checkpoint: it will not be confirmed unless
 * [method@GstTDengine.Checkpoint.confirm] is called on what this returns. The
 * event may go on downstream, where others may claim it, too. It is open until
 * the last reference to the event is gone.
 *
 * Returns: (transfer full) (nullable): a claim of its own; %NULL where @event
 *   is no checkpoint
 */
GstTDengineCheckpoint *
gst_tdengine_checkpoint_claim (GstEvent * event)
{
  GstTDengineToken *token = find_token (event);
  GstTDengineCheckpoint *self;

  if (!token)
    return NULL;
  self = g_new0 (GstTDengineCheckpoint, 1);
  g_atomic_ref_count_init (&self->ref_count);
  self->progress = gst_tdengine_progress_ref (token->progress);
  self->position = copy_position (token->position);
  self->token = token_ref (token);
  return self;
}

/* up to a poll's interval: the appsink of GStreamer 1.22 does not wake who waits
 * when an event comes */
static GstClockTime
time_to_wait (gint64 deadline)
{
  gint64 left = deadline - g_get_monotonic_time ();

  return CLAMP (left, 0, MAX_WAIT) * GST_USECOND;
}

static gboolean
is_at_end (GstElement * app_sink)
{
  gboolean eos;

  g_object_get (app_sink, "eos", &eos, NULL);
  return eos;
}

/**
 * gst_tdengine_checkpoint_pull:
 * @app_sink: an `appsink`
 * @timeout: how long to wait, in ns, or %GST_CLOCK_TIME_NONE
 * @sample: (out) (transfer full) (nullable): return location for rows
 *
 * Gets what comes next out of an `appsink`: rows, or a checkpoint, claimed.
 *
 * This is gst_app_sink_try_pull_object() for languages that can't tell events
 * from samples, and for GStreamer 1.22, where that function does not wake up for
 * an event. It keeps no reference to the event.
 *
 * Returns: (transfer full) (nullable): a checkpoint; %NULL where there are rows
 *   in @sample, and also where there is neither, at EOS or after @timeout
 */
GstTDengineCheckpoint *
gst_tdengine_checkpoint_pull (GstElement * app_sink, GstClockTime timeout,
    GstSample ** sample)
{
  gint64 deadline = GST_CLOCK_TIME_IS_VALID (timeout) ?
      g_get_monotonic_time () + timeout / GST_USECOND : G_MAXINT64;

  *sample = NULL;
  while (TRUE) {
    GstTDengineCheckpoint *checkpoint;
    GstClockTime wait = time_to_wait (deadline);
    /* something may come between a pull in vain and this question */
    gboolean is_last = wait == 0 || is_at_end (app_sink);
    GstMiniObject *object;

    g_signal_emit_by_name (app_sink, "try-pull-object", wait, &object);
    if (GST_IS_SAMPLE (object)) {
      *sample = GST_SAMPLE (object);
      return NULL;
    }
    if (!object && is_last)
      return NULL;
    if (!object)
      continue;
    /* all else is an event */
    checkpoint = gst_tdengine_checkpoint_claim (GST_EVENT (object));
    gst_mini_object_unref (object);
    if (checkpoint)
      return checkpoint;
  }
}

/**
 * gst_tdengine_checkpoint_ref:
 * @checkpoint: a checkpoint
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @checkpoint
 */
GstTDengineCheckpoint *
gst_tdengine_checkpoint_ref (GstTDengineCheckpoint * checkpoint)
{
  g_atomic_ref_count_inc (&checkpoint->ref_count);
  return checkpoint;
}

static GstTDengineToken *
steal_token (GstTDengineCheckpoint * self)
{
  return g_atomic_pointer_exchange (&self->token, NULL);
}

/**
 * gst_tdengine_checkpoint_unref:
 * @checkpoint: (transfer full): a checkpoint
 *
 * Gives a reference back. With the last one a checkpoint is given up that was
 * neither confirmed nor failed: this one is not confirmed then, a later one may
 * be.
 */
void
gst_tdengine_checkpoint_unref (GstTDengineCheckpoint * checkpoint)
{
  GstTDengineToken *token;

  if (!g_atomic_ref_count_dec (&checkpoint->ref_count))
    return;
  token = steal_token (checkpoint);
  if (token) {
    g_atomic_int_inc (&token->n_given_up);
    token_unref (token);
  }
  g_clear_pointer (&checkpoint->position, gst_structure_free);
  gst_tdengine_progress_unref (checkpoint->progress);
  g_free (checkpoint);
}

/**
 * gst_tdengine_checkpoint_get_position:
 * @checkpoint: a checkpoint
 *
 * Gets what the source will remember, for who would rather store it along with
 * the rows.
 *
 * Returns: (transfer none) (nullable): the source's position behind the rows
 */
const GstStructure *
gst_tdengine_checkpoint_get_position (GstTDengineCheckpoint * checkpoint)
{
  return checkpoint->position;
}

/**
 * gst_tdengine_checkpoint_confirm:
 * @checkpoint: a checkpoint
 *
 * Says that all rows that came before the checkpoint are safe. What follows
 * does not depend on @checkpoint any more.
 */
void
gst_tdengine_checkpoint_confirm (GstTDengineCheckpoint * checkpoint)
{
  GstTDengineToken *token = steal_token (checkpoint);

  if (!token)
    return;
  g_atomic_int_inc (&token->n_confirmed);
  token_unref (token);
}

/**
 * gst_tdengine_checkpoint_fail:
 * @checkpoint: a checkpoint, which may have been confirmed
 * @error: what happened
 *
 * Says that rows are lost, whether they came before or after the checkpoint: no
 * checkpoint of the same progress that is still open will be confirmed, nor any
 * later one. An end that may lose rows keeps its last checkpoint to do so, and
 * also does so when it stops before EOS, as there may be rows on their way to
 * it.
 */
void
gst_tdengine_checkpoint_fail (GstTDengineCheckpoint * checkpoint,
    const GError * error)
{
  GstTDengineProgress *progress = checkpoint->progress;
  GstTDengineToken *token = steal_token (checkpoint);

  g_mutex_lock (&progress->lock);
  if (!progress->failure)
    progress->failure = g_error_copy (error);
  g_mutex_unlock (&progress->lock);
  if (token)
    token_unref (token);
}
