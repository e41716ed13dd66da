/* tdengine topic message: made by a consumer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginemessages.h"
#include "gsttdenginetopicmessage.h"

/* what has come of a message */
typedef struct
{
  GstTDenginePoll poll;
  gchar *meta;
  gchar *change;
  GstTDengineMessage message;   /* holds the data */
  gsize data_offset;
  gsize data_size;
  guint raw_type;
} GstTDengineReceived;

void                      gst_tdengine_received_free     (GstTDengineReceived *received);
GstTDengineTopicMessage * gst_tdengine_topic_message_new (GstTDengineReceived *received,
                                                          GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineReceived, gst_tdengine_received_free)
