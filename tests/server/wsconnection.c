/* test server: one connection to /ws
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wsconnection.h"

#include "error.h"

Connection *
connection_new (Server * server, SoupWebsocketConnection * socket)
{
  Connection *self = g_new0 (Connection, 1);

  session_init (&self->session, server);
  self->socket = g_object_ref (socket);
  self->next_result = 1;
  self->next_statement = 1;
  self->results = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
      (GDestroyNotify) result_free);
  self->statements = g_hash_table_new_full (g_int64_hash, g_int64_equal,
      g_free, (GDestroyNotify) stmt2_free);
  self->fetched = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
      (GDestroyNotify) gst_tdengine_rows_unref);
  self->frees = g_hash_table_new (NULL, NULL);
  return self;
}

void
connection_free (Connection * connection)
{
  GHashTableIter iter;
  gpointer source;

  g_hash_table_iter_init (&iter, connection->frees);
  while (g_hash_table_iter_next (&iter, &source, NULL))
    g_source_remove (GPOINTER_TO_UINT (source));
  g_hash_table_unref (connection->frees);
  g_hash_table_unref (connection->fetched);
  g_hash_table_unref (connection->statements);
  g_hash_table_unref (connection->results);
  session_clear (&connection->session);
  g_object_unref (connection->socket);
  g_free (connection);
}

/* closes the object and sends it */
void
connection_send_text (Connection * connection, GString * reply)
{
  g_string_append_c (reply, '}');
  if (soup_websocket_connection_get_state (connection->socket) ==
      SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_text (connection->socket, reply->str);
  g_string_free (reply, TRUE);
}

/* takes the result */
guint64
connection_add_result (Connection * connection, Result * result)
{
  guint64 id = connection->next_result++;

  g_hash_table_insert (connection->results, g_memdup2 (&id, sizeof id), result);
  return id;
}

gboolean
connection_login (Server * server, const gchar * user, const gchar * password,
    GError ** error)
{
  if (g_strcmp0 (user, server->user) == 0
      && g_strcmp0 (password, server->password) == 0)
    return TRUE;
  return refuse (error, CODE_AUTHENTICATION, "Authentication failure");
}
