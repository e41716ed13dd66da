/* tdengine ask: questions whose answers are read to their end
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdengineask.h"
#include "gsttdengineerror-private.h"
#include "gsttdenginerows.h"

/* the column of a DESCRIBE that says TAG */
#define DESCRIBE_NOTE 3

/* Hands over the rows, if anyone wants them. Returns their columns, NULL with an
 * error. */
GstTDengineSchema *
gst_tdengine_ask (GstTDengineConnection * connection, const gchar * sql,
    GstTDengineRowsFunc func, gpointer data, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GstTDengineQuery) query =
      gst_tdengine_connection_query (connection, sql, cancellable, error);
  g_autoptr (GError) local = NULL;
  gboolean more = func != NULL;

  if (!query)
    return NULL;
  while (more) {
    g_autoptr (GstTDengineRows) rows =
        gst_tdengine_query_next (query, cancellable, &local);

    more = rows && func (rows, data, &local);
  }
  if (!local)
    return gst_tdengine_schema_ref (gst_tdengine_query_get_schema (query));
  g_propagate_error (error, g_steal_pointer (&local));
  return NULL;
}

/* tables */

typedef struct
{
  guint n_fields, n_tags;
} Description;

/* DESCRIBE lists the tags last, those of a sub table, too */
static gboolean
count_fields (GstTDengineRows * rows, gpointer data, GError ** error)
{
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (rows);
  Description *description = data;

  if (gst_tdengine_schema_get_n_columns (schema) <= DESCRIBE_NOTE)
    return gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_PROTOCOL, "",
        "The server's description of a table is not understood");
  for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++) {
    g_autofree gchar *note =
        gst_tdengine_rows_get_text (rows, DESCRIBE_NOTE, row);

    description->n_fields++;
    description->n_tags += g_strcmp0 (note, "TAG") == 0;
  }
  return TRUE;
}

/* The table as SQL names it. A query that gives no row tells types, digits and
 * precision in one answer, and only of a super table does it give the tags. */
gboolean
gst_tdengine_ask_table (GstTDengineConnection * connection,
    const gchar * table, GstTDengineTableFacts * facts,
    GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *select = g_strdup_printf ("SELECT * FROM %s LIMIT 0",
      table);
  g_autofree gchar *describe = g_strdup_printf ("DESCRIBE %s", table);
  g_autoptr (GstTDengineSchema) schema = NULL;
  g_autoptr (GstTDengineSchema) described = NULL;
  Description description = { 0 };

  if (!(schema = gst_tdengine_ask (connection, select, NULL, NULL, cancellable,
              error))
      || !(described = gst_tdengine_ask (connection, describe, count_fields,
              &description, cancellable, error)))
    return FALSE;
  facts->n_tags = description.n_tags;
  facts->is_super = description.n_tags > 0
      && gst_tdengine_schema_get_n_columns (schema) == description.n_fields;
  facts->schema = g_steal_pointer (&schema);
  return TRUE;
}
