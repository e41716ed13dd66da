/* test server: HTTP requests that go wrong
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>

#include "faults.h"

gboolean http_suffer_request (Faults *faults, SoupServerMessage *message,
                              const gchar *path, const gchar *action);
void     http_suffer_reply   (Faults *faults, SoupServerMessage *message,
                              const gchar *path, const gchar *action);
