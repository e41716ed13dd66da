/* test server: what a poll gives
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "topics.h"

typedef enum {
  MESSAGE_ROWS = 1,
  MESSAGE_CHANGE = 2,
  MESSAGE_ROWS_AND_TABLES = 3,
} MessageType;

/* rows of one table, or of a query */
typedef struct
{
  GstTDengineRows *rows;
  gchar *table_name;            /* empty for a query's */
  GArray *ids;                  /* guint, of the columns */
  guint first_added;            /* ids from here on came by alter */
} MessageBlock;

typedef struct
{
  guint64 id;                   /* of the connection that holds it */
  const Topic *topic;
  guint vgroup;
  MessageType type;
  gint64 begin;
  gint64 end;
  GPtrArray *blocks;            /* of MessageBlock */
  GPtrArray *changes;           /* of JSON text */
} Message;

Message *    message_read     (Server *server, const Topic *topic,
                               guint vgroup, gint64 *position, guint *n_read,
                               GError **error);
void         message_free     (Message *message);
gchar *      message_get_json (const Message *message);
GByteArray * message_get_raw  (const Message *message, guint16 *type);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Message, message_free)
