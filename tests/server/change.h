/* test server: what statements change, as the JSON that topics tell it in
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "session.h"

gchar * change_create     (Server *server, Table *table, GError **error);
gchar * change_alter      (Table *table, const Statement *statement,
                           const Column *column);
gchar * change_drop_super (Table *table);
gchar * change_drop       (GPtrArray *names);
gchar * change_delete     (Table *table, gint64 first, gint64 last);
gchar * change_merge      (GPtrArray *changes);
void    change_get_storage (GstTDengineType type, const gchar **encode,
                           const gchar **compress);
