/* test server: how a test sets the faults it wants
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>

#define SIDE_DOOR "/-/fault"

void sidedoor_take (SoupServer *soup, SoupServerMessage *message,
                    const char *path, GHashTable *query, gpointer faults);
