/* tdengine topic message: what a consumer got from a topic
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineerror-private.h"
#include "gsttdenginepool.h"
#include "gsttdenginetopicdata.h"
#include "gsttdenginetopicmessage-private.h"

/* of rows; what tables are made with them follows in the other one */
#define RAW_DATA 2
#define RAW_DATA_AND_META 4

struct _GstTDengineTopicMessage
{
  gatomicrefcount ref_count;
  GstTDengineReceived *received;
  GstTDengineTopicData data;
  GstMemory *memory;            /* of the data, shared by the blocks */
};

G_DEFINE_BOXED_TYPE (GstTDengineTopicMessage, gst_tdengine_topic_message,
    gst_tdengine_topic_message_ref, gst_tdengine_topic_message_unref);

void
gst_tdengine_received_free (GstTDengineReceived * received)
{
  g_free (received->poll.topic);
  g_free (received->poll.database);
  g_free (received->meta);
  g_free (received->change);
  gst_tdengine_message_clear (&received->message);
  g_free (received);
}

static gboolean
parse_data (GstTDengineTopicMessage * self, GError ** error)
{
  GstTDengineReceived *received = self->received;
  guint8 *memory = received->message.memory;
  const guint8 *data = received->message.data + received->data_offset;

  if (received->raw_type != RAW_DATA && received->raw_type != RAW_DATA_AND_META)
    return gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_PROTOCOL, "",
        "The server sent data of kind %u where rows were expected",
        received->raw_type);
  if (!gst_tdengine_topic_data_parse (&self->data, data, received->data_size,
          error))
    return FALSE;
  /* the blocks keep what they were received in */
  received->message.memory = NULL;
  self->memory = gst_memory_new_wrapped (0, memory,
      data - memory + received->data_size, data - memory, received->data_size,
      memory, gst_tdengine_pool_give_back);
  return TRUE;
}

/* takes what was received; NULL where the data are not understood */
GstTDengineTopicMessage *
gst_tdengine_topic_message_new (GstTDengineReceived * received, GError ** error)
{
  g_autoptr (GstTDengineTopicMessage) self =
      g_new0 (GstTDengineTopicMessage, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->received = received;
  /* of a change the offset is that behind it */
  self->data.position = received->poll.offset;
  if (received->poll.kind != GST_TDENGINE_TOPIC_META
      && !parse_data (self, error))
    return NULL;
  return g_steal_pointer (&self);
}

/**
 * gst_tdengine_topic_message_ref:
 * @message: a message
 *
 * Takes a reference.
 *
 * Returns: (transfer full): @message
 */
GstTDengineTopicMessage *
gst_tdengine_topic_message_ref (GstTDengineTopicMessage * message)
{
  g_atomic_ref_count_inc (&message->ref_count);
  return message;
}

/**
 * gst_tdengine_topic_message_unref:
 * @message: (transfer full): a message
 *
 * Gives a reference back.
 */
void
gst_tdengine_topic_message_unref (GstTDengineTopicMessage * message)
{
  if (!g_atomic_ref_count_dec (&message->ref_count))
    return;
  gst_tdengine_topic_data_clear (&message->data);
  g_clear_pointer (&message->memory, gst_memory_unref);
  gst_tdengine_received_free (message->received);
  g_free (message);
}

/**
 * gst_tdengine_topic_message_get_topic:
 * @message: a message
 *
 * Gets the topic.
 *
 * Returns: (transfer none): its name
 */
const gchar *
gst_tdengine_topic_message_get_topic (GstTDengineTopicMessage * message)
{
  return message->received->poll.topic;
}

/**
 * gst_tdengine_topic_message_get_database:
 * @message: a message
 *
 * Gets the database that the topic is of.
 *
 * Returns: (transfer none): its name
 */
const gchar *
gst_tdengine_topic_message_get_database (GstTDengineTopicMessage * message)
{
  return message->received->poll.database;
}

/**
 * gst_tdengine_topic_message_get_vgroup:
 * @message: a message
 *
 * Gets the vgroup. Messages of one come in the order of its log.
 *
 * Returns: its number
 */
gint
gst_tdengine_topic_message_get_vgroup (GstTDengineTopicMessage * message)
{
  return message->received->poll.vgroup;
}

/**
 * gst_tdengine_topic_message_get_offset:
 * @message: a message
 *
 * Gets the offset in the vgroup's log that the server gave with the message:
 * where rows begin, or what lies behind a change of a table.
 *
 * Returns: an offset; below 0 where it is no place in the log
 */
gint64
gst_tdengine_topic_message_get_offset (GstTDengineTopicMessage * message)
{
  return message->received->poll.offset;
}

/**
 * gst_tdengine_topic_message_get_position:
 * @message: a message
 *
 * Gets the position behind the message: what to commit when it is dealt with,
 * if [method@GstTDengine.TopicMessage.is_whole].
 *
 * Returns: an offset; -1 where the message does not come out of the log, as in
 *   the first phase of a topic that is read with its older rows
 */
gint64
gst_tdengine_topic_message_get_position (GstTDengineTopicMessage * message)
{
  return MAX (message->data.position, GST_TDENGINE_NO_OFFSET);
}

/**
 * gst_tdengine_topic_message_is_whole:
 * @message: a message
 *
 * Tells whether the message ends where something that was written at once ends.
 * Of a topic on a query the server sends only so many rows at a time, whatever
 * they were written with: the position behind such a message may be reached by
 * more messages, and who goes on from there without them has lost rows. One
 * below it is safe, and so is the position itself once a poll brought nothing
 * and the position of the vgroup has gone on.
 *
 * Returns: %FALSE where the message may be followed by rows from before its
 *   position
 *
 * Since: 0.1
 */
gboolean
gst_tdengine_topic_message_is_whole (GstTDengineTopicMessage * message)
{
  return gst_tdengine_topic_message_get_n_blocks (message) == 0
      || gst_tdengine_topic_message_get_table (message, 0) != NULL;
}

/**
 * gst_tdengine_topic_message_get_size:
 * @message: a message
 *
 * Gets how much memory the message keeps.
 *
 * Returns: bytes
 */
gsize
gst_tdengine_topic_message_get_size (GstTDengineTopicMessage * message)
{
  const GstTDengineReceived *received = message->received;

  return received->data_size + (received->meta ? strlen (received->meta) : 0);
}

/**
 * gst_tdengine_topic_message_get_meta:
 * @message: a message
 *
 * Gets the change of a table, or the tables that were made with the rows.
 *
 * Returns: (transfer none) (nullable): JSON, an object as TDengine writes it;
 *   %NULL where the message is of rows alone
 */
const gchar *
gst_tdengine_topic_message_get_meta (GstTDengineTopicMessage * message)
{
  return message->received->meta;
}

/**
 * gst_tdengine_topic_message_get_change:
 * @message: a message
 *
 * Gets what kind of change [method@GstTDengine.TopicMessage.get_meta] tells.
 *
 * Returns: (transfer none) (nullable): `create`, `alter`, `drop` or `delete`;
 *   %NULL where there is none, or several at once
 */
const gchar *
gst_tdengine_topic_message_get_change (GstTDengineTopicMessage * message)
{
  return message->received->change;
}

/**
 * gst_tdengine_topic_message_get_n_blocks:
 * @message: a message
 *
 * Counts the blocks of rows.
 *
 * Returns: how many there are
 */
guint
gst_tdengine_topic_message_get_n_blocks (GstTDengineTopicMessage * message)
{
  return message->data.blocks ? message->data.blocks->len : 0;
}

static const GstTDengineTopicBlock *
get_block (GstTDengineTopicMessage * message, guint index)
{
  g_return_val_if_fail (index <
      gst_tdengine_topic_message_get_n_blocks (message), NULL);

  return &g_array_index (message->data.blocks, GstTDengineTopicBlock, index);
}

/**
 * gst_tdengine_topic_message_get_table:
 * @message: a message
 * @index: which block, from 0
 *
 * Gets the table that the rows of a block were written to.
 *
 * Returns: (transfer none) (nullable): its name; %NULL in a topic on a query
 */
const gchar *
gst_tdengine_topic_message_get_table (GstTDengineTopicMessage * message,
    guint index)
{
  return get_block (message, index)->table;
}

/* of a message the server sends its own form of it, not the text */
static gboolean
check_columns (GstTDengineSchema * schema, GError ** error)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    const GstTDengineColumn *column =
        gst_tdengine_schema_get_column (schema, i);

    if (column->type == GST_TDENGINE_TYPE_JSON)
      return gst_tdengine_error_refuse (error,
          GST_TDENGINE_ERROR_NOT_SUPPORTED, "", "The topic has the JSON column "
          "\"%s\", which can't be read: select its members", column->name);
  }
  return TRUE;
}

/**
 * gst_tdengine_topic_message_get_rows:
 * @message: a message
 * @index: which block, from 0
 * @error: (out) (optional): return location for an error
 *
 * Gets the rows of a block. A topic on a super table or a database has in each
 * block the columns that were written, so they change from one to the next.
 *
 * Returns: (transfer full): rows that share the message's memory; or %NULL with
 *   %GST_TDENGINE_ERROR_BLOCK, or %GST_TDENGINE_ERROR_NOT_SUPPORTED where a
 *   column has JSON
 */
GstTDengineRows *
gst_tdengine_topic_message_get_rows (GstTDengineTopicMessage * message,
    guint index, GError ** error)
{
  const GstTDengineTopicBlock *block = get_block (message, index);
  g_autoptr (GstBuffer) buffer = gst_buffer_new ();

  if (!check_columns (block->schema, error))
    return NULL;
  gst_buffer_append_memory (buffer, gst_memory_share (message->memory,
          block->offset, block->size));
  return gst_tdengine_rows_new (block->schema, buffer, error);
}
