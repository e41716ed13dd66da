/* tdengine target: the table that rows are meant for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdengineconnection.h"
#include "gsttdenginewriter.h"

/* which names the sub table of a row */
#define GST_TDENGINE_NAME_COLUMN "tbname"

typedef struct
{
  gchar *database;
  gchar *table;
  gboolean is_super;
  GstTDengineSchema *schema;    /* columns, then the tags of a super table */
  guint n_columns;              /* without the tags */

  /* for the rows at hand: where each column of schema is in them, or -1 */
  gint *sources;
  gint name_source;             /* where the sub table's name is, or -1 */
  guint n_bound_columns;
  guint n_bound_tags;
} GstTDengineTarget;

GstTDengineTarget * gst_tdengine_target_ask   (GstTDengineConnection *connection,
                                               const gchar *database,
                                               const gchar *table,
                                               gboolean is_super,
                                               GCancellable *cancellable,
                                               GError **error);
void                gst_tdengine_target_free  (GstTDengineTarget *target);
gboolean            gst_tdengine_target_map   (GstTDengineTarget *target,
                                               GstTDengineSchema *rows,
                                               GError **error);
gboolean            gst_tdengine_target_check (GstTDengineTarget *target,
                                               GstTDengineRows *rows,
                                               GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineTarget, gst_tdengine_target_free)
