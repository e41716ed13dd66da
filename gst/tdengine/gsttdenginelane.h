/* tdengine lane: rows on their way over one connection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginebatch.h"
#include "gsttdengineconnection.h"
#include "gsttdenginetarget.h"

typedef struct
{
  guint64 n_rows;               /* that the server confirmed */
  guint64 n_rejected;           /* rows */
  guint64 n_requests[GST_TDENGINE_N_WAYS];
  guint64 n_retries;
  guint64 n_tag_changes;        /* tables whose tags were others */
  guint64 n_changes;            /* that were applied */
  guint64 n_changes_ignored;
} GstTDengineWriteStats;

/* what the lanes of a writer have in common */
typedef struct
{
  GstTDengineWriteSettings *settings;
  gchar *database;
  GstTDengineTarget *target;    /* NULL until asked for */
  GstTDengineSchema *schema;    /* that target is mapped to */
  gboolean has_blob;            /* schema has */
  gboolean has_decimal;

  gint64 next_turn;             /* when rows may be sent again: monotonic us */
  GMutex lock;
  GstTDengineWriteStats stats;  /* under lock */

  /* says that these rows are not written, and why */
  void (*reject) (gpointer owner, const GstTDengineRun *run,
      const GError *error);
  gpointer owner;
} GstTDenginePlan;

typedef struct _GstTDengineLane GstTDengineLane;

/* what does no harm when it is done again */
typedef gboolean (*GstTDengineLaneFunc) (GstTDengineConnection *connection,
                                         gpointer data,
                                         GCancellable *cancellable,
                                         GError **error);

GstTDengineLane *   gst_tdengine_lane_new        (GstTDenginePlan *plan,
                                                  GstTDengineConnection *connection);
void                gst_tdengine_lane_free       (GstTDengineLane *self);
GstTDengineConnection *
                    gst_tdengine_lane_connect    (GstTDengineLane *self,
                                                  GCancellable *cancellable,
                                                  GError **error);
gboolean            gst_tdengine_lane_run        (GstTDengineLane *self,
                                                  GstTDengineLaneFunc func,
                                                  gpointer data,
                                                  GCancellable *cancellable,
                                                  GError **error);
void                gst_tdengine_lane_set_target (GstTDengineLane *self);
gboolean            gst_tdengine_lane_takes_raw  (GstTDengineLane *self,
                                                  const GstTDengineRun *run);
void                gst_tdengine_lane_hold       (GstTDengineLane *self,
                                                  const GstTDengineRun *run);
guint               gst_tdengine_lane_get_n_held (GstTDengineLane *self);
gboolean            gst_tdengine_lane_is_full    (GstTDengineLane *self);
gboolean            gst_tdengine_lane_submit     (GstTDengineLane *self,
                                                  GCancellable *cancellable,
                                                  GError **error);
gboolean            gst_tdengine_lane_settle     (GstTDengineLane *self,
                                                  GCancellable *cancellable,
                                                  GError **error);
