/* tdengine topic data: the rows that a message of a topic holds
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdengineschema.h"

/* where a block lies in the data, and what it holds */
typedef struct
{
  gsize offset;
  gsize size;
  GstTDengineSchema *schema;
  gchar *table;                 /* NULL where the topic does not say */
} GstTDengineTopicBlock;

typedef struct
{
  gint64 position;              /* behind the message, or NO_OFFSET */
  GArray *blocks;               /* GstTDengineTopicBlock */

  /* the columns of the last block, which those of the next mostly are, too */
  const guint8 *columns;
  gsize columns_size;
} GstTDengineTopicData;

gboolean gst_tdengine_topic_data_parse (GstTDengineTopicData *self,
                                        const guint8 *data, gsize size,
                                        GError **error);
void     gst_tdengine_topic_data_clear (GstTDengineTopicData *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GstTDengineTopicData,
    gst_tdengine_topic_data_clear)
