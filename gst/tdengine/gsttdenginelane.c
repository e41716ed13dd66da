/* tdengine lane: rows on their way over one connection
 *
 * Rows are held until there is a batch of them. A batch is under way until the
 * server has confirmed it; one that fails for a time is tried again, one that
 * fails for some of its rows is cut in half until they are found. A wait that
 * was cancelled leaves everything as it is, to be taken up again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdenginebind.h"
#include "gsttdenginecarrier.h"
#include "gsttdenginecause.h"
#include "gsttdenginecreate.h"
#include "gsttdengineerror.h"
#include "gsttdenginelane.h"
#include "gsttdenginereconnect.h"
#include "gsttdenginewait.h"

/* a table that was forgotten is bound once more, no worse */
#define MAX_KNOWN_TABLES 65536

struct _GstTDengineLane
{
  GstTDenginePlan *plan;
  GstTDengineCarrier *carrier;
  GHashTable *known_tables;     /* sub tables that are there */

  GstTDengineBatch *held;
  GQueue blocks;                /* batches of one table each, before held */
  GstTDengineBatch *next;       /* made ready behind the one under way */
  GQueue under_way;             /* the first is; others are parts of it */
  guint n_tries;                /* of the first, so far */
  gint64 not_before;            /* when to try again: monotonic us */
};

GstTDengineLane *
gst_tdengine_lane_new (GstTDenginePlan * plan,
    GstTDengineConnection * connection)
{
  GstTDengineLane *self = g_new0 (GstTDengineLane, 1);

  self->plan = plan;
  self->carrier = gst_tdengine_carrier_new (connection, plan->database);
  self->known_tables =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
      (GDestroyNotify) g_bytes_unref, NULL);
  self->held = gst_tdengine_batch_new ();
  g_queue_init (&self->blocks);
  g_queue_init (&self->under_way);
  return self;
}

void
gst_tdengine_lane_free (GstTDengineLane * self)
{
  gst_tdengine_carrier_free (self->carrier);
  g_hash_table_unref (self->known_tables);
  gst_tdengine_batch_free (self->held);
  g_queue_clear_full (&self->blocks, (GDestroyNotify) gst_tdengine_batch_free);
  g_clear_pointer (&self->next, gst_tdengine_batch_free);
  g_queue_clear_full (&self->under_way,
      (GDestroyNotify) gst_tdengine_batch_free);
  g_free (self);
}

/* an open connection, within the database */
GstTDengineConnection *
gst_tdengine_lane_connect (GstTDengineLane * self, GCancellable * cancellable,
    GError ** error)
{
  return gst_tdengine_carrier_connect (self->carrier, cancellable, error);
}

/* when the plan has another target or schema; nothing may be on its way */
void
gst_tdengine_lane_set_target (GstTDengineLane * self)
{
  gst_tdengine_carrier_set_target (self->carrier, self->plan->target);
}

/* tables that are there */

static gboolean
is_known (GstTDengineLane * self, const guint8 * name, gsize size)
{
  g_autoptr (GBytes) key = g_bytes_new_static (name, size);

  return g_hash_table_contains (self->known_tables, key);
}

static void
remember_table (GstTDengineLane * self, const guint8 * name, gsize size)
{
  if (is_known (self, name, size))
    return;
  if (g_hash_table_size (self->known_tables) == MAX_KNOWN_TABLES)
    g_hash_table_remove_all (self->known_tables);
  g_hash_table_add (self->known_tables, g_bytes_new (name, size));
}

/* Of rows that mix tables none is remembered: that takes its time, and those
 * behind them will hardly be blocks of one table. */
static void
remember_tables (GstTDengineLane * self, const GstTDengineBatch * batch)
{
  if (!self->plan->target->is_super || batch->way == GST_TDENGINE_WAY_RAW)
    return;
  for (guint i = 0; i < batch->runs->len; i++) {
    const GstTDengineRun *run = gst_tdengine_batch_get (batch, i);

    if (run->name)
      remember_table (self, run->name, run->name_size);
  }
}

/* the ways to write */

static GstTDengineWay
choose_other_than_raw (GstTDengineLane * self)
{
  switch (self->plan->settings->write_mode) {
    case GST_TDENGINE_WRITE_MODE_SQL:
      return GST_TDENGINE_WAY_SQL;
    case GST_TDENGINE_WRITE_MODE_BIND:
      return GST_TDENGINE_WAY_BOUND;
    default:
      /* some servers store decimals that are bound wrongly */
      return self->plan->has_decimal ? GST_TDENGINE_WAY_SQL :
          GST_TDENGINE_WAY_BOUND;
  }
}

/* Raw blocks make no table: one that is not known to be there goes another way,
 * which makes it with its tags, if there are any. Nor can they carry a BLOB: the
 * server dies of it. */
static gboolean
may_go_raw (GstTDengineLane * self, const guint8 * name, gsize size)
{
  GstTDengineWriteMode mode = self->plan->settings->write_mode;

  if (!name || self->plan->has_blob)
    return FALSE;
  return mode == GST_TDENGINE_WRITE_MODE_RAW
      || (mode == GST_TDENGINE_WRITE_MODE_AUTO
      && (self->plan->target->n_bound_tags == 0
          || is_known (self, name, size)));
}

/* whether these rows of one table may go as they are */
gboolean
gst_tdengine_lane_takes_raw (GstTDengineLane * self, const GstTDengineRun * run)
{
  return may_go_raw (self, run->name, run->name_size);
}

static guint
get_max_rows (GstTDengineLane * self, GstTDengineWay way)
{
  guint rate = self->plan->settings->max_rows_per_second;
  guint max = way == GST_TDENGINE_WAY_BOUND ?
      GST_TDENGINE_MAX_BOUND_ROWS : G_MAXUINT;

  return rate > 0 ? MIN (rate, max) : max;
}

static void
hold_back (GstTDengineLane * self, GstTDengineBatch * rest)
{
  if (!rest)
    return;
  if (rest->way == GST_TDENGINE_WAY_RAW)
    g_queue_push_head (&self->blocks, rest);
  else
    gst_tdengine_batch_prepend (self->held, rest);
}

static GstTDengineWay
choose_way (GstTDengineLane * self, const GstTDengineBatch * batch)
{
  gsize size;
  const guint8 *name = gst_tdengine_batch_get_table (batch, &size);
  gboolean only_raw = !self->plan->has_blob
      && self->plan->settings->write_mode == GST_TDENGINE_WRITE_MODE_RAW;

  return only_raw || may_go_raw (self, name, size) ? GST_TDENGINE_WAY_RAW :
      choose_other_than_raw (self);
}

/* Takes what is held. Blocks are of one table, and a statement names a table
 * once: a server was seen to lose the case of one that came again. */
static GstTDengineBatch *
take_held (GstTDengineLane * self)
{
  GstTDengineBatch *batch = g_steal_pointer (&self->held);

  self->held = gst_tdengine_batch_new ();
  batch->way = choose_way (self, batch);
  if (batch->way != GST_TDENGINE_WAY_BOUND)
    batch = gst_tdengine_batch_group (batch);
  if (batch->way != GST_TDENGINE_WAY_RAW)
    return batch;
  gst_tdengine_batch_split (batch, &self->blocks);
  gst_tdengine_batch_free (batch);
  return g_queue_pop_head (&self->blocks);
}

/* as much as one request may have */
static void
make_next (GstTDengineLane * self)
{
  GstTDengineBatch *batch = g_queue_pop_head (&self->blocks);

  if (!batch)
    batch = take_held (self);
  hold_back (self, gst_tdengine_batch_cut (batch, get_max_rows (self,
              batch->way)));
  self->next = batch;
}

/* sending */

static gboolean
prepare (GstTDengineLane * self, GstTDengineBatch * batch,
    GstTDengineBatch ** rest, GCancellable * cancellable, GError ** error)
{
  guint n_rows = gst_tdengine_carrier_prepare (self->carrier, batch,
      cancellable, error);

  *rest = NULL;
  if (n_rows == 0)
    return FALSE;
  *rest = gst_tdengine_batch_cut (batch, n_rows);
  return TRUE;
}

/* Makes the next batch ready while the server works, where it takes no more
 * than that. What is wrong with it shows when it is its turn. */
static void
prepare_ahead (GstTDengineLane * self)
{
  GstTDengineBatch *rest;

  if (gst_tdengine_carrier_can_prepare (self->carrier, self->next)
      && prepare (self, self->next, &rest, NULL, NULL))
    hold_back (self, rest);
}

/* only where nothing but blocks may be written */
static gboolean
make_missing_table (GstTDengineLane * self, const GstTDengineBatch * batch,
    GCancellable * cancellable, GError ** error)
{
  GstTDenginePlan *plan = self->plan;
  const GstTDengineRun *run = gst_tdengine_batch_get (batch, 0);
  GstTDengineConnection *connection;

  if (batch->way != GST_TDENGINE_WAY_RAW || plan->target->n_bound_tags == 0
      || is_known (self, run->name, run->name_size))
    return TRUE;
  connection = gst_tdengine_lane_connect (self, cancellable, error);
  if (!connection || !gst_tdengine_create_sub_table (connection, plan->target,
          run, cancellable, error))
    return FALSE;
  remember_table (self, run->name, run->name_size);
  return TRUE;
}

/* so many rows a second, on average */
static void
take_turn (GstTDenginePlan * plan, guint n_rows)
{
  guint rate = plan->settings->max_rows_per_second;

  if (rate > 0)
    plan->next_turn = MAX (plan->next_turn, g_get_monotonic_time ()) +
        (gint64) n_rows *G_TIME_SPAN_SECOND / rate;
}

/* what does not fit into the request follows it */
static gboolean
start (GstTDengineLane * self, GCancellable * cancellable, GError ** error)
{
  GstTDengineBatch *batch = g_queue_peek_head (&self->under_way);
  GstTDengineBatch *rest;

  if (!gst_tdengine_wait_until (MAX (self->not_before, self->plan->next_turn),
          cancellable, error)
      || !gst_tdengine_lane_connect (self, cancellable, error)
      || !make_missing_table (self, batch, cancellable, error))
    return FALSE;
  if (!gst_tdengine_carrier_has (self->carrier, batch)) {
    if (!prepare (self, batch, &rest, cancellable, error))
      return FALSE;
    if (rest)
      g_queue_push_nth (&self->under_way, rest, 1);
  }
  take_turn (self->plan, batch->n_rows);
  if (!gst_tdengine_carrier_send (self->carrier, cancellable, error))
    return FALSE;
  remember_tables (self, batch);
  return TRUE;
}

/* what comes of it */

static void
finish_first (GstTDengineLane * self)
{
  gst_tdengine_batch_free (g_queue_pop_head (&self->under_way));
  self->n_tries = 0;
  self->not_before = 0;
}

static void
count_first (GstTDengineLane * self)
{
  const GstTDengineBatch *batch = g_queue_peek_head (&self->under_way);
  GstTDenginePlan *plan = self->plan;

  g_mutex_lock (&plan->lock);
  plan->stats.n_rows += batch->n_rows;
  plan->stats.n_requests[batch->way]++;
  g_mutex_unlock (&plan->lock);
}

/* waits twice as long each time */
static gboolean
try_again (GstTDengineLane * self)
{
  GstTDengineWriteSettings *settings = self->plan->settings;
  gint64 interval = settings->retry_interval * G_TIME_SPAN_MILLISECOND;

  if (self->n_tries == settings->retries)
    return FALSE;
  self->not_before = g_get_monotonic_time () +
      gst_tdengine_reconnect_get_pause (interval, self->n_tries);
  self->n_tries++;
  g_mutex_lock (&self->plan->lock);
  self->plan->stats.n_retries++;
  g_mutex_unlock (&self->plan->lock);
  return TRUE;
}

static gboolean
run_once (GstTDengineLane * self, GstTDengineLaneFunc func, gpointer data,
    GCancellable * cancellable, GError ** error)
{
  GstTDengineConnection *connection;

  if (!gst_tdengine_wait_until (self->not_before, cancellable, error))
    return FALSE;
  connection = gst_tdengine_lane_connect (self, cancellable, error);
  return connection && func (connection, data, cancellable, error);
}

/* What else there is to do over the connection, and again where that may help,
 * as a write is. Nothing may be under way. */
gboolean
gst_tdengine_lane_run (GstTDengineLane * self, GstTDengineLaneFunc func,
    gpointer data, GCancellable * cancellable, GError ** error)
{
  GError *reason = NULL;
  gboolean done;

  while (!(done = run_once (self, func, data, cancellable, &reason))
      && !g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      && gst_tdengine_cause_find (reason) == GST_TDENGINE_CAUSE_PASSING
      && try_again (self))
    g_clear_error (&reason);
  self->n_tries = 0;
  self->not_before = 0;
  if (!done)
    g_propagate_error (error, reason);
  return done;
}

static void
reject_first (GstTDengineLane * self, const GError * error)
{
  const GstTDengineBatch *batch = g_queue_peek_head (&self->under_way);

  for (guint i = 0; i < batch->runs->len; i++)
    self->plan->reject (self->plan->owner, gst_tdengine_batch_get (batch, i),
        error);
  finish_first (self);
}

/* one half, then the other: the rows at fault are found in the end */
static void
halve_first (GstTDengineLane * self)
{
  GstTDengineBatch *first = g_queue_peek_head (&self->under_way);

  g_queue_push_nth (&self->under_way,
      gst_tdengine_batch_cut (first, first->n_rows / 2), 1);
}

static guint
count_rows (const GList * batches)
{
  guint n_rows = 0;

  for (; batches; batches = batches->next)
    n_rows += ((GstTDengineBatch *) batches->data)->n_rows;
  return n_rows;
}

static void
give_up (GstTDengineLane * self, GError * reason, GError ** error)
{
  GstTDenginePlan *plan = self->plan;
  guint n_rows = count_rows (self->under_way.head);

  while (!g_queue_is_empty (&self->under_way))
    finish_first (self);
  g_propagate_prefixed_error (error, reason,
      "%s.%s: %u rows were not confirmed: ", plan->database,
      plan->target->table, n_rows);
}

/* A block makes no table, and says nothing of a column that is no longer as it
 * was. */
static gboolean
needs_another_way (GstTDengineLane * self, const GstTDengineBatch * batch,
    const GError * error)
{
  if (batch->way != GST_TDENGINE_WAY_RAW)
    return FALSE;
  return gst_tdengine_cause_unfit_block (error)
      || (self->plan->target->n_bound_tags > 0
      && gst_tdengine_cause_missing_table (error));
}

/* Takes the reason. TRUE where there is something left to try. */
static gboolean
judge (GstTDengineLane * self, GError * reason, GError ** error)
{
  g_autoptr (GError) owned = reason;
  GstTDengineBatch *batch = g_queue_peek_head (&self->under_way);
  GstTDengineCause cause = gst_tdengine_cause_find (owned);
  gsize name_size;

  /* nor are the tables there that a request was to make */
  g_hash_table_remove_all (self->known_tables);
  if (needs_another_way (self, batch, owned)) {
    batch->way = choose_other_than_raw (self);
    return TRUE;
  }
  if (cause == GST_TDENGINE_CAUSE_PASSING && try_again (self))
    return TRUE;
  if (self->plan->settings->on_error != GST_TDENGINE_ON_ERROR_FAIL
      && (cause == GST_TDENGINE_CAUSE_ROW
          || cause == GST_TDENGINE_CAUSE_TABLE)) {
    if (batch->n_rows > 1 && (cause == GST_TDENGINE_CAUSE_ROW
            || !gst_tdengine_batch_get_table (batch, &name_size)))
      halve_first (self);
    else
      reject_first (self, owned);
    return TRUE;
  }
  give_up (self, g_steal_pointer (&owned), error);
  return FALSE;
}

/* one step of the first that is under way; without patience it ends when the
 * server has it */
static gboolean
step (GstTDengineLane * self, gboolean patient, GCancellable * cancellable,
    GError ** error)
{
  if (!gst_tdengine_carrier_is_busy (self->carrier)
      && !start (self, cancellable, error))
    return FALSE;
  if (!patient && self->under_way.length == 1)
    return TRUE;
  if (!gst_tdengine_carrier_wait (self->carrier, cancellable, error))
    return FALSE;
  count_first (self);
  finish_first (self);
  return TRUE;
}

static gboolean
advance (GstTDengineLane * self, gboolean patient, GCancellable * cancellable,
    GError ** error)
{
  while (!g_queue_is_empty (&self->under_way)) {
    GError *reason = NULL;

    if (step (self, patient, cancellable, &reason)) {
      if (!patient && gst_tdengine_carrier_is_busy (self->carrier))
        return TRUE;
    } else if (g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
      g_propagate_error (error, reason);
      return FALSE;
    } else if (!judge (self, reason, error)) {
      return FALSE;
    }
  }
  return TRUE;
}

/* waits until the server has confirmed what was sent */
gboolean
gst_tdengine_lane_settle (GstTDengineLane * self, GCancellable * cancellable,
    GError ** error)
{
  return advance (self, TRUE, cancellable, error);
}

/* Sends what is held, waiting for what was sent before but not for the last. */
gboolean
gst_tdengine_lane_submit (GstTDengineLane * self, GCancellable * cancellable,
    GError ** error)
{
  while (self->next || !g_queue_is_empty (&self->blocks)
      || self->held->n_rows > 0) {
    if (!self->next) {
      make_next (self);
      prepare_ahead (self);
    }
    if (!gst_tdengine_lane_settle (self, cancellable, error))
      return FALSE;
    g_queue_push_tail (&self->under_way, g_steal_pointer (&self->next));
    if (!advance (self, FALSE, cancellable, error))
      return FALSE;
  }
  /* what a cancelled wait left to be sent */
  return advance (self, FALSE, cancellable, error);
}

/* what is held */

void
gst_tdengine_lane_hold (GstTDengineLane * self, const GstTDengineRun * run)
{
  gst_tdengine_batch_append (self->held, run);
}

/* rows that are not sent yet, or have to be once more */
guint
gst_tdengine_lane_get_n_held (GstTDengineLane * self)
{
  const GList *unsent = self->under_way.head;

  if (unsent && gst_tdengine_carrier_is_busy (self->carrier))
    unsent = unsent->next;
  return count_rows (unsent) + (self->next ? self->next->n_rows : 0)
      + count_rows (self->blocks.head) + self->held->n_rows;
}

gboolean
gst_tdengine_lane_is_full (GstTDengineLane * self)
{
  return self->held->n_rows >= self->plan->settings->batch_size
      || self->held->n_bytes >= self->plan->settings->batch_bytes;
}
