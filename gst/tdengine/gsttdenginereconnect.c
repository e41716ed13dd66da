/* tdengine reconnect: another connection in place of one that was lost
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdenginecause.h"
#include "gsttdengineconnection-private.h"
#include "gsttdenginereconnect.h"
#include "gsttdenginesettings-private.h"
#include "gsttdenginewait.h"

#define MAX_PAUSE (30 * G_TIME_SPAN_SECOND)

/* Twice as long each time, and up to a quarter less, so that those who lost
 * their connections together do not come back together. All in us. */
gint64
gst_tdengine_reconnect_get_pause (gint64 interval, guint n_tries)
{
  gint64 pause = MIN (interval << MIN (n_tries, 16), MAX_PAUSE);

  return pause - g_random_double () * pause / 4;
}

/* where there is another host, it need not wait for this one */
static gint64
get_pause (const GstTDengineSettings * settings, guint n_tries)
{
  if (n_tries == 0 && settings->hosts->len > 1)
    return 0;
  return gst_tdengine_reconnect_get_pause (settings->reconnect_interval *
      G_TIME_SPAN_MILLISECOND, n_tries);
}

static gboolean
may_pass (const GError * reason)
{
  return !g_error_matches (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      && gst_tdengine_cause_find (reason) == GST_TDENGINE_CAUSE_PASSING;
}

/* Puts an open connection in the place of one that was lost, where the settings
 * want that and the reason is one that may pass. Tries as often as they say,
 * connections that were lost before they were of use included. */
gboolean
gst_tdengine_reconnect (GstTDengineConnection ** connection,
    const GError * reason, guint n_losses, GstTDengineReconnectFunc tell,
    gpointer data, GCancellable * cancellable, GError ** error)
{
  const GstTDengineSettings *settings =
      gst_tdengine_connection_get_settings (*connection);
  g_autoptr (GError) last = g_error_copy (reason);

  for (guint n = n_losses; settings->auto_reconnect && may_pass (last)
      && n < settings->reconnect_retries; n++) {
    g_autoptr (GstTDengineConnection) fresh =
        gst_tdengine_connection_copy (*connection);

    tell (n + 1, last, data);
    g_clear_error (&last);
    if (gst_tdengine_wait_until (g_get_monotonic_time () +
            get_pause (settings, n), cancellable, &last)
        && gst_tdengine_connection_open (fresh, cancellable, &last)) {
      tell (n + 1, NULL, data);
      g_set_object (connection, fresh);
      return TRUE;
    }
  }
  g_propagate_error (error, g_steal_pointer (&last));
  return FALSE;
}
