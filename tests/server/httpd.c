/* test server: HTTP, and the way to WebSockets
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "httpd.h"

#include <libsoup/soup.h>

#include "httpfaults.h"
#include "rest.h"
#include "sidedoor.h"
#include "tmqconnection.h"
#include "wire.h"
#include "wsconnection.h"

#define REST "/rest/sql"

/* the real one has no limit; this one is not to be filled by a lie */
#define MAX_MESSAGE (512 * 1024 * 1024)
#define PING_INTERVAL 54        /* seconds, as the real one's */

struct _Httpd
{
  Server *server;
  SoupServer *soup;
  Faults *faults;
  GHashTable *connections;      /* socket → Connection */
  GHashTable *consumers;        /* socket → TmqConnection */
};

static void
take_message (SoupWebsocketConnection * socket, gint type, GBytes * message,
    Connection * connection)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (message, &size);
  guint n_frees = connection->frees->len;

  if (type == SOUP_WEBSOCKET_DATA_TEXT)
    connection_take_text (connection, data ? data : "", size);
  else
    connection_take_binary (connection, message);
  connection_free_results (connection, n_frees);
}

static void
close_connection (SoupWebsocketConnection * socket, Httpd * self)
{
  g_hash_table_remove (self->connections, socket);
  g_hash_table_remove (self->consumers, socket);
}

static void
take_tmq_message (SoupWebsocketConnection * socket, gint type,
    GBytes * message, TmqConnection * connection)
{
  gsize size;
  gconstpointer data = g_bytes_get_data (message, &size);

  if (type == SOUP_WEBSOCKET_DATA_TEXT)
    tmq_connection_take_text (connection, data ? data : "", size);
}

static void
open_tmq_connection (SoupServer * soup, SoupServerMessage * message,
    const char *path, SoupWebsocketConnection * socket, gpointer data)
{
  Httpd *self = data;
  TmqConnection *connection = tmq_connection_new (self->server, socket);

  g_hash_table_insert (self->consumers, socket, connection);
  soup_websocket_connection_set_keepalive_interval (socket, PING_INTERVAL);
  g_signal_connect (socket, "message", G_CALLBACK (take_tmq_message),
      connection);
  g_signal_connect (socket, "closed", G_CALLBACK (close_connection), self);
}

static void
open_connection (SoupServer * soup, SoupServerMessage * message,
    const char *path, SoupWebsocketConnection * socket, gpointer data)
{
  Httpd *self = data;
  Connection *connection = connection_new (self->server, socket);

  g_hash_table_insert (self->connections, socket, connection);
  soup_websocket_connection_set_max_incoming_payload_size (socket, MAX_MESSAGE);
  soup_websocket_connection_set_keepalive_interval (socket, PING_INTERVAL);
  g_signal_connect (socket, "message", G_CALLBACK (take_message), connection);
  g_signal_connect (socket, "closed", G_CALLBACK (close_connection), self);
}

static void
drop_connection (Connection * connection)
{
  g_signal_handlers_disconnect_by_func (connection->socket, take_message,
      connection);
  connection_free (connection);
}

static void
take_sql (SoupServer * soup, SoupServerMessage * message, const char *path,
    GHashTable * query, gpointer data)
{
  Httpd *self = data;

  if (!http_suffer_request (self->faults, message, REST, "sql"))
    return;
  rest_take (soup, message, path, query, self->server);
  http_suffer_reply (self->faults, message, REST, "sql");
}

static void
take_ping (SoupServer * soup, SoupServerMessage * message, const char *path,
    GHashTable * query, gpointer data)
{
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
}

static void
take_other (SoupServer * soup, SoupServerMessage * message, const char *path,
    GHashTable * query, gpointer data)
{
  soup_server_message_set_status (message, SOUP_STATUS_NOT_FOUND, NULL);
}

void
httpd_free (Httpd * httpd)
{
  GHashTableIter iter;
  gpointer socket;

  soup_server_disconnect (httpd->soup);
  g_hash_table_iter_init (&iter, httpd->connections);
  while (g_hash_table_iter_next (&iter, &socket, NULL))
    g_signal_handlers_disconnect_by_func (socket, close_connection, httpd);
  g_hash_table_iter_init (&iter, httpd->consumers);
  while (g_hash_table_iter_next (&iter, &socket, NULL))
    g_signal_handlers_disconnect_by_func (socket, close_connection, httpd);
  g_hash_table_unref (httpd->connections);
  g_hash_table_unref (httpd->consumers);
  g_object_unref (httpd->soup);
  faults_free (httpd->faults);
  g_free (httpd);
}

Httpd *
httpd_new (Server * server)
{
  Httpd *self = g_new0 (Httpd, 1);

  self->server = server;
  self->soup = soup_server_new ("server-header", "tdengine-test-server", NULL);
  self->faults = faults_new ();
  self->connections = g_hash_table_new_full (NULL, NULL, NULL,
      (GDestroyNotify) drop_connection);
  self->consumers = g_hash_table_new_full (NULL, NULL, NULL,
      (GDestroyNotify) tmq_connection_free);
  soup_server_add_handler (self->soup, NULL, take_other, NULL, NULL);
  soup_server_add_handler (self->soup, "/-/ping", take_ping, NULL, NULL);
  soup_server_add_handler (self->soup, REST, take_sql, self, NULL);
  soup_server_add_handler (self->soup, SIDE_DOOR, sidedoor_take, self->faults,
      NULL);
  wire_add_websocket (self->soup, "/ws", self->faults, open_connection, self);
  wire_add_websocket (self->soup, "/rest/tmq", self->faults,
      open_tmq_connection, self);
  return self;
}

/* libsoup asks about every certificate, good or not */
static gboolean
judge_client (SoupServerMessage * message, GTlsCertificate * certificate,
    GTlsCertificateFlags faults, gpointer data)
{
  return faults == 0;
}

static void
watch_client (SoupServer * soup, SoupServerMessage * message, gpointer data)
{
  g_signal_connect (message, "accept-certificate", G_CALLBACK (judge_client),
      NULL);
}

/* client_ca may be NULL: then no client is asked for a certificate */
gboolean
httpd_use_tls (Httpd * httpd, const gchar * certificate,
    const gchar * client_ca, GError ** error)
{
  g_autoptr (GTlsCertificate) own =
      g_tls_certificate_new_from_file (certificate, error);
  g_autoptr (GTlsDatabase) database = NULL;

  if (!own)
    return FALSE;
  soup_server_set_tls_certificate (httpd->soup, own);
  if (!client_ca)
    return TRUE;
  database = g_tls_file_database_new (client_ca, error);
  if (!database)
    return FALSE;
  soup_server_set_tls_database (httpd->soup, database);
  soup_server_set_tls_auth_mode (httpd->soup, G_TLS_AUTHENTICATION_REQUIRED);
  g_signal_connect (httpd->soup, "request-started", G_CALLBACK (watch_client),
      NULL);
  return TRUE;
}

/* on the loopback only, at any free port for 0 */
gboolean
httpd_listen (Httpd * httpd, guint port, GError ** error)
{
  gboolean tls = soup_server_get_tls_certificate (httpd->soup) != NULL;

  return soup_server_listen_local (httpd->soup, port,
      SOUP_SERVER_LISTEN_IPV4_ONLY | (tls ? SOUP_SERVER_LISTEN_HTTPS : 0),
      error);
}

guint
httpd_get_port (Httpd * httpd)
{
  GSList *uris = soup_server_get_uris (httpd->soup);
  guint port = uris ? g_uri_get_port (uris->data) : 0;

  g_slist_free_full (uris, (GDestroyNotify) g_uri_unref);
  return port;
}

/* a connection that does not come from the network */
gboolean
httpd_accept (Httpd * httpd, GIOStream * stream, GError ** error)
{
  g_autoptr (GSocketAddress) nowhere =
      g_inet_socket_address_new_from_string ("127.0.0.1", 0);

  return soup_server_accept_iostream (httpd->soup, stream, nowhere, nowhere,
      error);
}
