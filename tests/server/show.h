/* test server: show and describe
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "result.h"

Result * show_execute     (Session *session, const Statement *statement,
                           GError **error);
Result * show_create      (Session *session, const Statement *statement,
                           GError **error);
Result * describe_execute (Session *session, const Statement *statement,
                           GError **error);
