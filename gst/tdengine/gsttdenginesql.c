/* tdengine sql: names and text in statements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdenginesql.h"

/* in back-quotes, which double inside */
void
gst_tdengine_sql_append_name (GString * sql, const gchar * name)
{
  g_string_append_c (sql, '`');
  for (; *name; name++) {
    if (*name == '`')
      g_string_append_c (sql, '`');
    g_string_append_c (sql, *name);
  }
  g_string_append_c (sql, '`');
}

void
gst_tdengine_sql_append_table (GString * sql, const gchar * database,
    const gchar * table)
{
  gst_tdengine_sql_append_name (sql, database);
  g_string_append_c (sql, '.');
  gst_tdengine_sql_append_name (sql, table);
}

/* in quotes; a size of -1 ends with a NUL */
void
gst_tdengine_sql_append_text (GString * sql, const gchar * text, gssize size)
{
  gsize length = size < 0 ? strlen (text) : (gsize) size;

  g_string_append_c (sql, '\'');
  for (gsize i = 0; i < length; i++) {
    if (text[i] == '\'' || text[i] == '\\')
      g_string_append_c (sql, '\\');
    g_string_append_c (sql, text[i]);
  }
  g_string_append_c (sql, '\'');
}
