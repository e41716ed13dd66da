/* test server: errors as the real server numbers and words them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "error.h"

GQuark
server_error_quark (void)
{
  return g_quark_from_static_string ("tdengine-test-server-error");
}

/* always FALSE, to be returned */
gboolean
refuse (GError ** error, gint code, const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  if (error)
    *error = g_error_new_valist (SERVER_ERROR, code, format, args);
  va_end (args);
  return FALSE;
}

/* What the real server may well do but this one does not, said in words that
 * can't be mistaken for the real server's. */
gboolean
refuse_unsupported (GError ** error, const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree gchar *what = g_strdup_vprintf (format, args);
  va_end (args);
  return refuse (error, CODE_ADAPTER, "%s: not supported by the test server",
      what);
}
