/* tdengine ask: questions whose answers are read to their end
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdengineconnection.h"

/* FALSE with an error ends the reading */
typedef gboolean (*GstTDengineRowsFunc) (GstTDengineRows *rows, gpointer data,
    GError **error);

typedef struct
{
  GstTDengineSchema *schema;    /* columns, then the tags of a super table */
  guint n_tags;                 /* of a sub table, too */
  gboolean is_super;
} GstTDengineTableFacts;

GstTDengineSchema * gst_tdengine_ask       (GstTDengineConnection *connection,
                                            const gchar *sql,
                                            GstTDengineRowsFunc func,
                                            gpointer data,
                                            GCancellable *cancellable,
                                            GError **error);
gboolean            gst_tdengine_ask_table (GstTDengineConnection *connection,
                                            const gchar *table,
                                            GstTDengineTableFacts *facts,
                                            GCancellable *cancellable,
                                            GError **error);
