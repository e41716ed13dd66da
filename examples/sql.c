/* sql: runs statements, one an argument
 *
 * TDENGINE_URI says where the server is.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/tdengine/tdengine.h>

static GstTDengineConnection *
connect_to (const gchar * uri, GError ** error)
{
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri (uri, error);
  if (!settings)
    return NULL;

  g_autoptr (GstTDengineConnection) connection =
      gst_tdengine_connection_new (settings);
  if (!gst_tdengine_connection_open (connection, NULL, error))
    return NULL;
  return g_steal_pointer (&connection);
}

static gboolean
run (const gchar * uri, gchar ** statements, GError ** error)
{
  g_autoptr (GstTDengineConnection) connection = connect_to (uri, error);
  if (!connection)
    return FALSE;

  for (; *statements; statements++) {
    if (gst_tdengine_connection_execute (connection, *statements, NULL,
            error) < 0)
      return FALSE;
  }
  gst_tdengine_connection_close (connection);
  return TRUE;
}

int
main (int argc, char **argv)
{
  const gchar *uri = g_getenv ("TDENGINE_URI");
  g_autoptr (GError) error = NULL;

  gst_init (NULL, NULL);
  if (run (uri ? uri : "taos+ws://localhost:6041", argv + 1, &error))
    return 0;
  g_printerr ("sql: %s\n", error->message);
  return 1;
}
