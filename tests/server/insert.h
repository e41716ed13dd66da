/* test server: insert statements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "session.h"
#include "value.h"

gboolean insert_execute    (Session *session, const Statement *statement,
                            gint64 *affected, GError **error);
Table *  insert_sub_table  (Session *session, Database *db,
                            const gchar *name, Table *super,
                            const Value *tags, GError **error);
Table *  insert_new_table  (Session *session, Database *db,
                            const gchar *name, Table *super,
                            const Value *tags, GError **error);
Value *  insert_read_tags  (Session *session, Table *super,
                            GPtrArray *names, GArray *literals,
                            GError **error);
gboolean insert_map_columns (GPtrArray *columns, GPtrArray *names,
                            GArray *indexes, GError **error);
