/* test server: /rest/sql
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>

void rest_take   (SoupServer *httpd, SoupServerMessage *message,
                  const char *path, GHashTable *query, gpointer server);
void rest_refuse (SoupServerMessage *message, const GError *error);
