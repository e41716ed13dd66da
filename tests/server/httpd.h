/* test server: HTTP, and the way to WebSockets
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>

#include "session.h"

SoupServer * httpd_new  (Server *server, guint port, GError **error);
guint        httpd_port (SoupServer *httpd);
