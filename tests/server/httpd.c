/* test server: HTTP, and the way to WebSockets
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "httpd.h"

#include "rest.h"
#include "wsconnection.h"

/* the real one has no limit; this one is not to be filled by a lie */
#define MAX_MESSAGE (512 * 1024 * 1024)

static void
take_message (SoupWebsocketConnection * socket, gint type, GBytes * message,
    Connection * connection)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (message, &size);

  if (type == SOUP_WEBSOCKET_DATA_TEXT)
    connection_take_text (connection, data ? data : "", size);
  else
    connection_take_binary (connection, message);
}

static void
close_connection (SoupWebsocketConnection * socket, Connection * connection)
{
  g_signal_handlers_disconnect_by_data (socket, connection);
  connection_free (connection);
}

static void
open_connection (SoupServer * httpd, SoupServerMessage * message,
    const char *path, SoupWebsocketConnection * socket, gpointer data)
{
  Connection *connection = connection_new (data, socket);

  soup_websocket_connection_set_max_incoming_payload_size (socket, MAX_MESSAGE);
  g_signal_connect (socket, "message", G_CALLBACK (take_message), connection);
  g_signal_connect (socket, "closed", G_CALLBACK (close_connection),
      connection);
}

static void
take_ping (SoupServer * httpd, SoupServerMessage * message, const char *path,
    GHashTable * query, gpointer data)
{
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
}

static void
take_other (SoupServer * httpd, SoupServerMessage * message, const char *path,
    GHashTable * query, gpointer data)
{
  soup_server_message_set_status (message, SOUP_STATUS_NOT_FOUND, NULL);
}

/* on the loopback only, at any free port for 0 */
SoupServer *
httpd_new (Server * server, guint port, GError ** error)
{
  g_autoptr (SoupServer) httpd = soup_server_new ("server-header",
      "tdengine-test-server", NULL);

  soup_server_add_handler (httpd, NULL, take_other, NULL, NULL);
  soup_server_add_handler (httpd, "/-/ping", take_ping, NULL, NULL);
  soup_server_add_handler (httpd, "/rest/sql", rest_take, server, NULL);
  soup_server_add_websocket_handler (httpd, "/ws", NULL, NULL, open_connection,
      server, NULL);
  if (!soup_server_listen_local (httpd, port, SOUP_SERVER_LISTEN_IPV4_ONLY,
          error))
    return NULL;
  return g_steal_pointer (&httpd);
}

guint
httpd_port (SoupServer * httpd)
{
  GSList *uris = soup_server_get_uris (httpd);
  guint port = uris ? g_uri_get_port (uris->data) : 0;

  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  return port;
}
