/* test server: prepared statements of the older kind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <json-glib/json-glib.h>

#include "stmt2.h"

typedef struct _Stmt Stmt;

Stmt *   stmt_new       (Session *session);
void     stmt_free      (Stmt *stmt);
gboolean stmt_prepare   (Stmt *stmt, const gchar *sql, GError **error);
void     stmt_set_name  (Stmt *stmt, const gchar *name);
gboolean stmt_set_tags  (Stmt *stmt, JsonArray *tags, GError **error);
gboolean stmt_bind      (Stmt *stmt, GBytes *block, GError **error);
gboolean stmt_add_batch (Stmt *stmt, GError **error);
gboolean stmt_exec      (Stmt *stmt, gint64 *affected, GError **error);
