/* tdengine wait: to wait for a time, and no longer than one has to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdenginewait.h"

/* monotonic, us; FALSE with an error where it was cancelled */
gboolean
gst_tdengine_wait_until (gint64 time, GCancellable * cancellable,
    GError ** error)
{
  GPollFD fd;
  gboolean has_fd;
  gint64 left;

  if (time <= g_get_monotonic_time ())
    return TRUE;
  has_fd = g_cancellable_make_pollfd (cancellable, &fd);
  while (!g_cancellable_is_cancelled (cancellable)
      && (left = time - g_get_monotonic_time ()) > 0)
    g_poll (&fd, has_fd, MIN (left / 1000 + 1, G_MAXINT));
  if (has_fd)
    g_cancellable_release_fd (cancellable);
  return !g_cancellable_set_error_if_cancelled (cancellable, error);
}
