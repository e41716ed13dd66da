/* test server: a server to test against, and a database on it
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>

const gchar *           test_server_uri  (void);
void                    test_server_stop (void);

/* of the test server only */
gboolean                test_server_has_faults   (void);
void                    test_server_set_faults   (const gchar *rules);
gchar *                 test_server_clear_faults (void);
void                    test_server_set_options  (const gchar * const *more);
void                    test_server_keep_data    (void);
gint                    test_server_restart      (void);

GstTDengineConnection * test_connect     (void);
void                    test_execute     (GstTDengineConnection *connection,
                                          const gchar *format, ...)
                                          G_GNUC_PRINTF (2, 3);
gchar *                 test_query_text  (GstTDengineConnection *connection,
                                          const gchar *format, ...)
                                          G_GNUC_PRINTF (2, 3);
