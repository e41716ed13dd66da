/* tdengine target: the table that rows are meant for
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginebatch.h"
#include "gsttdengineconnection.h"
#include "gsttdenginetemplate.h"
#include "gsttdenginewritesettings-private.h"

/* which names the sub table of a row */
#define GST_TDENGINE_NAME_COLUMN "tbname"

typedef struct
{
  GstTDengineWriteSettings *settings;
  gchar *database;
  const gchar *table;           /* of the settings */
  gboolean is_super;
  GstTDengineSchema *schema;    /* columns, then the tags of a super table */
  guint n_columns;              /* without the tags */

  /* for the rows at hand: where each column of schema is in them, or -1 */
  gint *sources;
  gint name_source;             /* where the sub table's name is, or -1 */
  GstTDengineTemplate *template;        /* of names that are not in the rows */
  guint n_bound_columns;
  guint n_bound_tags;
} GstTDengineTarget;

GstTDengineTarget * gst_tdengine_target_ask       (GstTDengineConnection *connection,
                                                   const gchar *database,
                                                   GstTDengineWriteSettings *settings,
                                                   GCancellable *cancellable,
                                                   GError **error);
void                gst_tdengine_target_free      (GstTDengineTarget *target);
gboolean            gst_tdengine_target_lacks     (GstTDengineTarget *target,
                                                   GstTDengineSchema *rows,
                                                   guint source);
gboolean            gst_tdengine_target_map       (GstTDengineTarget *target,
                                                   GstTDengineSchema *rows,
                                                   GError **error);
gboolean            gst_tdengine_target_make_run  (GstTDengineTarget *target,
                                                   GstTDengineRows *rows,
                                                   GstTDengineRun *run,
                                                   GError **error);
gboolean            gst_tdengine_target_fits      (GstTDengineTarget *target,
                                                   const GstTDengineRun *run);
gboolean            gst_tdengine_target_check_row (GstTDengineTarget *target,
                                                   const GstTDengineRun *run,
                                                   guint row, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineTarget, gst_tdengine_target_free)
