/* test server: prepared statements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "binds.h"
#include "result.h"

typedef struct _Stmt2 Stmt2;

Stmt2 *  stmt2_new         (Session *session, gboolean interlaced);
void     stmt2_free        (Stmt2 *stmt);
gboolean stmt2_prepare     (Stmt2 *stmt, const gchar *sql, GError **error);
gboolean stmt2_is_insert   (Stmt2 *stmt);
gboolean stmt2_can_list    (Stmt2 *stmt, GError **error);
guint    stmt2_n_fields    (Stmt2 *stmt);
void     stmt2_add_fields  (Stmt2 *stmt, GString *reply);
gboolean stmt2_bind        (Stmt2 *stmt, GBytes *message, GError **error);
gboolean stmt2_add         (Stmt2 *stmt, const Binds *binds, GBytes *message,
                            GError **error);
const GstTDengineColumn * stmt2_get_field (Stmt2 *stmt, gboolean is_tag,
                                           guint index);
gboolean stmt2_exec        (Stmt2 *stmt, gint64 *affected, GError **error);
Result * stmt2_take_result (Stmt2 *stmt, GError **error);
