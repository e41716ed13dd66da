/* tdengine topic message: what a consumer got from a topic
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdenginerows.h>

G_BEGIN_DECLS

#define GST_TYPE_TDENGINE_TOPIC_MESSAGE (gst_tdengine_topic_message_get_type ())

/**
 * GstTDengineTopicMessage:
 *
 * What a consumer got from one vgroup of a topic: blocks of rows, each with
 * columns of its own, or the change of a table, or both.
 *
 * It does not change: any number of threads may read it.
 */
typedef struct _GstTDengineTopicMessage GstTDengineTopicMessage;

GST_TDENGINE_API
GType                     gst_tdengine_topic_message_get_type     (void);
GST_TDENGINE_API
GstTDengineTopicMessage * gst_tdengine_topic_message_ref          (GstTDengineTopicMessage *message);
GST_TDENGINE_API
void                      gst_tdengine_topic_message_unref        (GstTDengineTopicMessage *message);
GST_TDENGINE_API
const gchar *             gst_tdengine_topic_message_get_topic    (GstTDengineTopicMessage *message);
GST_TDENGINE_API
const gchar *             gst_tdengine_topic_message_get_database (GstTDengineTopicMessage *message);
GST_TDENGINE_API
gint                      gst_tdengine_topic_message_get_vgroup   (GstTDengineTopicMessage *message);
GST_TDENGINE_API
gint64                    gst_tdengine_topic_message_get_offset   (GstTDengineTopicMessage *message);
GST_TDENGINE_API
gint64                    gst_tdengine_topic_message_get_position (GstTDengineTopicMessage *message);
GST_TDENGINE_API
gboolean                  gst_tdengine_topic_message_is_whole     (GstTDengineTopicMessage *message);
GST_TDENGINE_API
gsize                     gst_tdengine_topic_message_get_size     (GstTDengineTopicMessage *message);
GST_TDENGINE_API
const gchar *             gst_tdengine_topic_message_get_meta     (GstTDengineTopicMessage *message);
GST_TDENGINE_API
const gchar *             gst_tdengine_topic_message_get_change   (GstTDengineTopicMessage *message);
GST_TDENGINE_API
guint                     gst_tdengine_topic_message_get_n_blocks (GstTDengineTopicMessage *message);
GST_TDENGINE_API
const gchar *             gst_tdengine_topic_message_get_table    (GstTDengineTopicMessage *message,
                                                                   guint index);
GST_TDENGINE_API
GstTDengineRows *         gst_tdengine_topic_message_get_rows     (GstTDengineTopicMessage *message,
                                                                   guint index,
                                                                   GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineTopicMessage,
    gst_tdengine_topic_message_unref)

G_END_DECLS
