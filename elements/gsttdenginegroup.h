/* tdengine group: the consumers that work for one element
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>
#include <gst/tdengine/gsttdenginestatefile.h>

typedef enum
{
  GST_TDENGINE_GROUP_MESSAGE,
  GST_TDENGINE_GROUP_QUIET,
  GST_TDENGINE_GROUP_WOKEN,
  GST_TDENGINE_GROUP_END,
  GST_TDENGINE_GROUP_ERROR,
} GstTDengineGroupResult;

typedef struct
{
  guint n_consumers;
  guint poll_interval;          /* ms */
  gboolean ends;                /* at what there is at the start */
  gboolean pins;                /* commits where it starts where nothing is */
} GstTDengineGroupPlan;

typedef struct _GstTDengineGroup GstTDengineGroup;

GstTDengineGroup * gst_tdengine_group_new       (GstElement *element,
                                                 const GstTDengineSettings *settings,
                                                 const gchar *const *topics,
                                                 const GstStructure *options,
                                                 const GstStructure *start_positions,
                                                 GstTDengineState *state,
                                                 const GstTDengineGroupPlan *plan);
GstTDengineGroup * gst_tdengine_group_ref       (GstTDengineGroup *group);
void               gst_tdengine_group_unref     (GstTDengineGroup *group);
void               gst_tdengine_group_start     (GstTDengineGroup *group);
void               gst_tdengine_group_stop      (GstTDengineGroup *group);

GstTDengineGroupResult
                   gst_tdengine_group_next      (GstTDengineGroup *group,
                                                 gint64 patience,
                                                 GstTDengineTopicMessage **message,
                                                 GError **error);
void               gst_tdengine_group_wake      (GstTDengineGroup *group,
                                                 gboolean stay_awake);
void               gst_tdengine_group_commit    (GstTDengineGroup *group,
                                                 const GstStructure *positions);
gboolean           gst_tdengine_group_make_safe (GstTDengineGroup *group,
                                                 GstStructure *positions);
void               gst_tdengine_group_add_stats (GstTDengineGroup *group,
                                                 GstStructure *stats);

gchar *            gst_tdengine_group_get_key   (const gchar *topic, gint vgroup);
