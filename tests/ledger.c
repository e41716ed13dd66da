/* ledger: what a source was told of its checkpoints
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "ledger.h"

static void
on_settled (const GstStructure * position, const GError * error, gpointer data)
{
  Ledger *self = data;
  gint number = 0;

  g_mutex_lock (&self->lock);
  gst_structure_get_int (position, "number", &number);
  g_string_append_printf (self->told, "%d%c", number, error ? '-' : '+');
  self->n_told++;
  g_clear_error (&self->last_error);
  self->last_error = error ? g_error_copy (error) : NULL;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
}

static void
on_destroyed (gpointer data)
{
  ((Ledger *) data)->n_destroyed++;
}

void
ledger_init (Ledger * self)
{
  memset (self, 0, sizeof *self);
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  self->told = g_string_new (NULL);
  self->progress = gst_tdengine_progress_new (on_settled, self, on_destroyed);
}

/* nothing holds the progress any more */
void
ledger_clear (Ledger * self)
{
  gst_tdengine_progress_unref (self->progress);
  g_assert_cmpint (self->n_destroyed, ==, 1);
  g_string_free (self->told, TRUE);
  g_clear_error (&self->last_error);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->lock);
}

GstEvent *
ledger_make (Ledger * self, gint number)
{
  return gst_tdengine_progress_make_checkpoint (self->progress,
      gst_structure_new ("rows", "number", G_TYPE_INT, number, NULL));
}

void
ledger_wait (Ledger * self, guint n)
{
  gint64 deadline = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;

  g_mutex_lock (&self->lock);
  while (self->n_told < n) {
    if (!g_cond_wait_until (&self->cond, &self->lock, deadline))
      g_error ("%u of %u checkpoints are settled", self->n_told, n);
  }
  g_mutex_unlock (&self->lock);
}
