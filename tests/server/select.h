/* test server: selects, which SQLite runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "result.h"

Result * select_execute (Session *session, const Select *select,
                         GError **error);
Result * select_execute_on (Session *session, const Select *select,
                         const gchar *rows, GError **error);
gboolean select_is_by_row (Session *session, const Select *select,
                         gboolean *is_by_row, GError **error);
gboolean select_filter  (Session *session, Table *table, Expr *where,
                         GString *sql, GError **error);
