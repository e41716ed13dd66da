/* tdengine messages: the requests and replies of taosAdapter
 *
 * Bytes and JSON to structs and back. Nothing here waits, sends or knows a
 * connection.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdengineschema.h"
#include "gsttdenginesettings.h"
#include "gsttdenginesocket.h"

typedef enum
{
  GST_TDENGINE_ACTION_WRITE_RAW_BLOCK = 4,
  GST_TDENGINE_ACTION_WRITE_RAW_BLOCK_WITH_FIELDS = 5,
  GST_TDENGINE_ACTION_QUERY = 6,
  GST_TDENGINE_ACTION_FETCH_RAW_BLOCK = 7,
  GST_TDENGINE_ACTION_FETCH_RAW_DATA = 8,
  GST_TDENGINE_ACTION_STMT2_BIND = 9,
} GstTDengineAction;

#define GST_TDENGINE_QUERY_HEAD_SIZE 30
#define GST_TDENGINE_FETCH_SIZE 26
#define GST_TDENGINE_WRITE_RAW_HEAD_SIZE 30
#define GST_TDENGINE_BIND_HEAD_SIZE 30
#define GST_TDENGINE_FIELD_SIZE 72
#define GST_TDENGINE_MAX_NAME_BYTES 64          /* of a column */
#define GST_TDENGINE_MAX_TABLE_NAME_BYTES 192

/* what a message of a topic holds */
typedef enum
{
  GST_TDENGINE_TOPIC_NOTHING = 0,
  GST_TDENGINE_TOPIC_DATA = 1,
  GST_TDENGINE_TOPIC_META = 2,
  GST_TDENGINE_TOPIC_DATA_AND_META = 3, /* rows, and tables made with them */
} GstTDengineTopicKind;

typedef struct
{
  GstTDengineTopicKind kind;    /* NOTHING: there is no message */
  gchar *topic;
  gchar *database;
  gint vgroup;
  guint64 message_id;
  gint64 offset;                /* of DATA where it begins, of META behind it */
} GstTDenginePoll;

/* of a vgroup's log */
typedef struct
{
  gint vgroup;
  gint64 begin;
  gint64 end;
} GstTDengineRange;

/* where nothing was committed the server says so with an error for an offset */
#define GST_TDENGINE_NO_OFFSET -1

/* what any request may be answered with */
typedef struct
{
  guint64 req_id;
  gint code;
  gchar *text;                  /* the server's words where code is not 0 */
  gchar *action;

  gchar *version;               /* conn */
  guint64 id;                   /* query: the result, 0: none */
  gint64 affected_rows;         /* query, stmt2_exec */
  GstTDengineSchema *schema;    /* query: the result's columns */
  guint64 stmt_id;              /* stmt2_* */

  /* fetch, fetch_raw_data: where in the message the block, or the data, lies */
  gboolean finished;
  gsize block_offset;
  gsize block_size;

  GstTDenginePoll poll;
  gchar *meta;                  /* fetch_json_meta: JSON */
  gchar *change;                /* fetch_json_meta: its kind, NULL for several */
  guint raw_type;               /* fetch_raw_data */
  GArray *assignment;           /* assignment: GstTDengineRange */
  GArray *offsets;              /* position, committed: gint64 */
} GstTDengineReply;

gchar *  gst_tdengine_messages_conn         (guint64 req_id,
                                             const GstTDengineSettings *settings,
                                             const gchar *password);
gchar *  gst_tdengine_messages_version      (guint64 req_id);
gchar *  gst_tdengine_messages_free_result  (guint64 req_id, guint64 id);
gchar *  gst_tdengine_messages_stmt2_init   (guint64 req_id);
gchar *  gst_tdengine_messages_stmt2_prepare (guint64 req_id, guint64 stmt_id,
                                             const gchar *sql);
gchar *  gst_tdengine_messages_stmt2_exec   (guint64 req_id, guint64 stmt_id);
gchar *  gst_tdengine_messages_stmt2_close  (guint64 req_id, guint64 stmt_id);

void     gst_tdengine_messages_write_query_head (guint8 *head, guint64 req_id,
                                             gsize sql_size);
void     gst_tdengine_messages_write_fetch  (guint8 *request, guint64 req_id,
                                             guint64 id);
void     gst_tdengine_messages_write_raw_head (guint8 *head, guint64 req_id,
                                             GstTDengineAction action,
                                             guint n_rows, gsize name_size);
void     gst_tdengine_messages_write_field  (guint8 *field,
                                             const GstTDengineColumn *column);
void     gst_tdengine_messages_write_bind_head (guint8 *head, guint64 req_id,
                                             guint64 stmt_id);

gchar *  gst_tdengine_messages_subscribe    (guint64 req_id,
                                             const GstTDengineSettings *settings,
                                             const gchar *password,
                                             const gchar *const *topics,
                                             const GstStructure *options);
gchar *  gst_tdengine_messages_unsubscribe  (guint64 req_id);
gchar *  gst_tdengine_messages_poll         (guint64 req_id, guint timeout,
                                             guint64 message_id);
gchar *  gst_tdengine_messages_fetch_data   (guint64 req_id, guint64 message_id);
gchar *  gst_tdengine_messages_fetch_meta   (guint64 req_id, guint64 message_id);
gchar *  gst_tdengine_messages_assignment   (guint64 req_id, const gchar *topic);
gchar *  gst_tdengine_messages_offsets      (guint64 req_id, const gchar *action,
                                             const gchar *topic,
                                             const GArray *assignment);
gchar *  gst_tdengine_messages_set_offset   (guint64 req_id, const gchar *action,
                                             const gchar *topic, gint vgroup,
                                             gint64 offset);

gboolean gst_tdengine_messages_parse        (const GstTDengineMessage *message,
                                             GstTDengineReply *reply,
                                             GError **error);
void     gst_tdengine_reply_clear           (GstTDengineReply *reply);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GstTDengineReply, gst_tdengine_reply_clear)
