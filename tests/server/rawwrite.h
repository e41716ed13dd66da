/* test server: blocks as they are, into tables
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "session.h"

gboolean raw_write (Session *session, GBytes *message, gboolean with_fields,
                    GError **error);
