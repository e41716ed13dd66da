/* test server: one connection to /ws
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wsconnection.h"

#include "error.h"
#include "wire.h"

Connection *
connection_new (Server * server, SoupWebsocketConnection * socket)
{
  Connection *self = g_new0 (Connection, 1);

  session_init (&self->session, server);
  self->socket = g_object_ref (socket);
  self->next_result = 1;
  self->next_statement = 1;
  self->next_older_statement = 1;
  self->results = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
      (GDestroyNotify) result_free);
  self->statements = g_hash_table_new_full (g_int64_hash, g_int64_equal,
      g_free, (GDestroyNotify) stmt2_free);
  self->older_statements = g_hash_table_new_full (g_int64_hash, g_int64_equal,
      g_free, (GDestroyNotify) stmt_free);
  self->fetched = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free,
      (GDestroyNotify) gst_tdengine_rows_unref);
  self->frees = g_array_new (FALSE, FALSE, sizeof (guint64));
  return self;
}

void
connection_free (Connection * connection)
{
  g_array_unref (connection->frees);
  g_hash_table_unref (connection->fetched);
  g_hash_table_unref (connection->older_statements);
  g_hash_table_unref (connection->statements);
  g_hash_table_unref (connection->results);
  session_clear (&connection->session);
  g_object_unref (connection->socket);
  g_free (connection);
}

/* The adapter frees results in a thread of its own: the request right behind
 * still finds its result. So the first n go when that was taken. */
void
connection_free_results (Connection * connection, guint n)
{
  for (guint i = 0; i < n; i++) {
    const guint64 *id = &g_array_index (connection->frees, guint64, i);

    g_hash_table_remove (connection->fetched, id);
    g_hash_table_remove (connection->results, id);
  }
  g_array_remove_range (connection->frees, 0, n);
}

/* closes the object and sends it */
void
connection_send_text (Connection * connection, GString * reply)
{
  g_string_append_c (reply, '}');
  wire_send_text (connection->socket, reply->str);
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
