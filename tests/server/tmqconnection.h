/* test server: one connection to /rest/tmq
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>

#include "session.h"

typedef struct _TmqConnection TmqConnection;

TmqConnection * tmq_connection_new       (Server *server,
                                          SoupWebsocketConnection *socket);
void            tmq_connection_free      (TmqConnection *connection);
void            tmq_connection_take_text (TmqConnection *connection,
                                          const gchar *text, gsize size);
