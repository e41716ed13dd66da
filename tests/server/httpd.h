/* test server: HTTP, and the way to WebSockets
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "session.h"

typedef struct _Httpd Httpd;

Httpd * httpd_new      (Server *server, guint port, GError **error);
void    httpd_free     (Httpd *httpd);
guint   httpd_get_port (Httpd *httpd);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Httpd, httpd_free)
