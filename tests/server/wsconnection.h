/* test server: one connection to /ws
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>

#include "reply.h"
#include "stmt.h"

typedef struct _Connection Connection;

struct _Connection
{
  Session session;
  SoupWebsocketConnection *socket;
  gboolean is_logged_in;
  GHashTable *results;          /* id → Result */
  guint64 next_result;
  GHashTable *statements;       /* id → Stmt2 */
  guint64 next_statement;
  GHashTable *older_statements; /* id → Stmt */
  guint64 next_older_statement;
  GHashTable *fetched;          /* id → rows that fetch_block is to give */
  GArray *frees;                /* guint64, of results about to be freed */
};

Connection * connection_new        (Server *server,
                                    SoupWebsocketConnection *socket);
void         connection_free       (Connection *connection);
void         connection_free_results (Connection *connection, guint n);
void         connection_send_text  (Connection *connection, GString *reply);
guint64      connection_add_result (Connection *connection, Result *result);
gboolean     connection_login      (Server *server, const gchar *user,
                                    const gchar *password, GError **error);
void         connection_take_text  (Connection *connection,
                                    const gchar *text, gsize size);
void         connection_take_binary (Connection *connection, GBytes *message);
