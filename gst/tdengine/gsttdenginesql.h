/* tdengine sql: names and text in statements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

void gst_tdengine_sql_append_name  (GString *sql, const gchar *name);
void gst_tdengine_sql_append_table (GString *sql, const gchar *database,
                                    const gchar *table);
void gst_tdengine_sql_append_text  (GString *sql, const gchar *text,
                                    gssize size);
