/* test server: HTTP, and the way to WebSockets
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

#include "session.h"

typedef struct _Httpd Httpd;

Httpd *  httpd_new      (Server *server);
void     httpd_free     (Httpd *httpd);
gboolean httpd_use_tls  (Httpd *httpd, const gchar *certificate,
                         const gchar *client_ca, GError **error);
gboolean httpd_listen   (Httpd *httpd, guint port, GError **error);
guint    httpd_get_port (Httpd *httpd);
gboolean httpd_accept   (Httpd *httpd, GIOStream *stream, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Httpd, httpd_free)
