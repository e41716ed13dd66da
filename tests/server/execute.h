/* test server: statements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "result.h"

/* what a statement came to */
typedef struct
{
  Result *result;               /* NULL for an update */
  gint64 affected;
} Outcome;

gboolean execute_sql       (Session *session, const gchar *sql,
                            Outcome *outcome, GError **error);
gboolean execute_statement (Session *session, const Statement *statement,
                            Outcome *outcome, GError **error);
