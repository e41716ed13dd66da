/* test server: what comes and goes, with the faults a test asked for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>

#include "faults.h"

void wire_add_websocket (SoupServer *soup, const gchar *path, Faults *faults,
                         SoupServerWebsocketCallback callback, gpointer data);
void wire_send_text     (SoupWebsocketConnection *socket, const gchar *text);
void wire_send_binary   (SoupWebsocketConnection *socket, gconstpointer data,
                         gsize size);
