/* tdengine error: making errors that carry a server's code
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdengineerror.h"

void     gst_tdengine_error_set_server (GError **error, gint server_code,
                                        const gchar *message);
gboolean gst_tdengine_error_refuse     (GError **error, GstTDengineError code,
                                        const gchar *prefix,
                                        const gchar *format, ...)
                                        G_GNUC_PRINTF (4, 5);
