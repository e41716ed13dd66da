/* test server: a server to test against, and a database on it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>

const gchar *           test_server_uri  (void);
void                    test_server_stop (void);

GstTDengineConnection * test_connect     (void);
void                    test_execute     (GstTDengineConnection *connection,
                                          const gchar *format, ...)
                                          G_GNUC_PRINTF (2, 3);
gchar *                 test_query_text  (GstTDengineConnection *connection,
                                          const gchar *format, ...)
                                          G_GNUC_PRINTF (2, 3);
