/* test server: the tables of information_schema
 *
 * Their rows are made when they are asked for.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "session.h"

void     system_add_tables (Catalog *catalog);
gboolean system_fill       (Server *server, Table *table, GError **error);
void     system_add_database (Catalog *catalog, Database *db);
gchar *  type_to_sql       (const GstTDengineColumn *column);
