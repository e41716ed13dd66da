/* tdengine error: the library's error domain
 *
 * An error keeps the server's code beside its own, as GLib's extended error
 * domains allow, so that it survives copies and prefixes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdengineerror-private.h"

typedef struct
{
  gint server_code;
} GstTDengineErrorPrivate;

static void
gst_tdengine_error_private_init (GstTDengineErrorPrivate * priv)
{
  priv->server_code = 0;
}

static void
gst_tdengine_error_private_copy (const GstTDengineErrorPrivate * from,
    GstTDengineErrorPrivate * to)
{
  *to = *from;
}

static void
gst_tdengine_error_private_clear (GstTDengineErrorPrivate * priv)
{
}

G_DEFINE_EXTENDED_ERROR (GstTDengineError, gst_tdengine_error);

/**
 * gst_tdengine_error_get_server_code:
 * @error: any error
 *
 * Gets the code that the server gave, as its documentation lists it: 9731
 * (0x2603) is a table that does not exist, 65535 (0xFFFF) an objection of
 * taosAdapter itself.
 *
 * Returns: the code, or 0 where @error does not come from a server
 */
gint
gst_tdengine_error_get_server_code (const GError * error)
{
  g_return_val_if_fail (error != NULL, 0);

  if (error->domain != GST_TDENGINE_ERROR)
    return 0;
  return gst_tdengine_error_get_private (error)->server_code;
}

void
gst_tdengine_error_set_server (GError ** error, gint server_code,
    const gchar * message)
{
  if (!error)
    return;
  /* what a bound row that is refused may be told by */
  if (g_str_equal (message, "success"))
    message = "The server gave no reason";
  *error = g_error_new (GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_SERVER,
      "%s (0x%04X)", message, server_code);
  gst_tdengine_error_get_private (*error)->server_code = server_code;
}

/* FALSE, so that a check can end with it */
gboolean
gst_tdengine_error_refuse (GError ** error, GstTDengineError code,
    const gchar * prefix, const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree gchar *what = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error (error, GST_TDENGINE_ERROR, code, "%s%s", prefix, what);
  return FALSE;
}
