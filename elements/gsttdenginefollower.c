/* tdengine follower: rows that come after those that were read
 *
 * Of each table the last time is known, and what is later is asked for, again
 * and again. A row that comes later with an earlier time is not seen: a topic
 * tells of those.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdenginefollower.h"

struct _GstTDengineFollower
{
  GMutex lock;
  GHashTable *last_times;       /* name of a split → gint64, under lock */
};

GstTDengineFollower *
gst_tdengine_follower_new (void)
{
  GstTDengineFollower *self = g_new0 (GstTDengineFollower, 1);

  g_mutex_init (&self->lock);
  self->last_times =
      g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  return self;
}

void
gst_tdengine_follower_free (GstTDengineFollower * self)
{
  g_hash_table_unref (self->last_times);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static void
set_last (GstTDengineFollower * self, gchar * name, gint64 last)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_hash_table_replace (self->last_times, name, g_memdup2 (&last, sizeof last));
}

/* rows of a split were pushed, up to this time */
void
gst_tdengine_follower_note (GstTDengineFollower * self,
    GstTDengineSplits * splits, guint64 split, gint64 last)
{
  set_last (self, gst_tdengine_splits_get_name (splits, split), last);
}

/* FALSE with an error; a split without rows keeps none */
static gboolean
ask_last (GstTDengineConnection * connection, const gchar * sql,
    gint64 * last, gboolean * found, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GstTDengineQuery) query =
      gst_tdengine_connection_query (connection, sql, cancellable, error);
  g_autoptr (GstTDengineRows) rows = NULL;
  g_autoptr (GError) local = NULL;

  *found = FALSE;
  if (!query)
    return FALSE;
  rows = gst_tdengine_query_next (query, cancellable, &local);
  if (local) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  *found = rows && gst_tdengine_rows_get_n_rows (rows) > 0
      && !gst_tdengine_rows_is_null (rows, 0, 0);
  if (*found)
    *last = gst_tdengine_rows_get_int64 (rows, 0, 0);
  return TRUE;
}

/* What is there already is not wanted. */
gboolean
gst_tdengine_follower_skip (GstTDengineFollower * self,
    GstTDengineConnection * connection, GstTDengineSplits * splits,
    GCancellable * cancellable, GError ** error)
{
  for (guint64 i = 0; i < gst_tdengine_splits_get_n (splits); i++) {
    g_autofree gchar *sql = gst_tdengine_splits_get_last_sql (splits, i);
    gboolean found;
    gint64 last;

    if (!ask_last (connection, sql, &last, &found, cancellable, error))
      return FALSE;
    if (found)
      gst_tdengine_follower_note (self, splits, i, last);
  }
  return TRUE;
}

static gboolean
find_last (GstTDengineFollower * self, GstTDengineSplits * splits,
    guint64 split, gint64 * last)
{
  g_autofree gchar *name = gst_tdengine_splits_get_name (splits, split);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  const gint64 *found = g_hash_table_lookup (self->last_times, name);

  if (found)
    *last = *found;
  return found != NULL;
}

gboolean
gst_tdengine_follower_knows (GstTDengineFollower * self,
    GstTDengineSplits * splits, guint64 split)
{
  gint64 last;

  return find_last (self, splits, split, &last);
}

/* what is later, of a split that is known */
gchar *
gst_tdengine_follower_get_sql (GstTDengineFollower * self,
    GstTDengineSplits * splits, guint64 split)
{
  gint64 last = 0;

  find_last (self, splits, split, &last);
  return gst_tdengine_splits_get_rest_sql (splits, split, last + 1);
}

/* so many ms; FALSE when cancelled */
gboolean
gst_tdengine_follower_wait (guint interval, GCancellable * cancellable,
    GError ** error)
{
  GPollFD poll;

  if (g_cancellable_make_pollfd (cancellable, &poll)) {
    g_poll (&poll, 1, interval);
    g_cancellable_release_fd (cancellable);
  }
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}
