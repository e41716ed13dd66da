/* test server: what connections share, and what each has
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "session.h"

#include <string.h>

#include "benchmark.h"
#include "error.h"
#include "system.h"
#include "topics.h"

Server *
server_new (const gchar * file, GError ** error)
{
  g_autoptr (Server) self = g_new0 (Server, 1);

  self->open_results = g_ptr_array_new ();
  if (!(self->storage = storage_new (file, error))
      || !(self->catalog = catalog_new (self->storage, error))
      || !(self->log = log_new (self->storage, error))
      || !(self->topics = topics_new (self, error)))
    return NULL;
  system_add_tables (self->catalog);
  return g_steal_pointer (&self);
}

void
server_free (Server * server)
{
  g_clear_pointer (&server->benchmark, benchmark_free);
  g_clear_pointer (&server->topics, topics_free);
  g_clear_pointer (&server->log, log_free);
  g_clear_pointer (&server->catalog, catalog_free);
  g_clear_pointer (&server->storage, storage_free);
  g_ptr_array_unref (server->open_results);
  g_free (server->user);
  g_free (server->password);
  g_free (server);
}

/* around all that changes something */
gboolean
server_begin (Server * server, GError ** error)
{
  return catalog_begin (server->catalog, error);
}

gboolean
server_end (Server * server, gboolean keep, GError ** error)
{
  gboolean kept = catalog_end (server->catalog, keep, error);

  log_end (server->log);
  if (kept)
    topics_wake (server->topics);
  return kept;
}

void
session_init (Session * session, Server * server)
{
  memset (session, 0, sizeof *session);
  session->server = server;
  session_set_zone (session, "UTC");
}

void
session_clear (Session * session)
{
  g_clear_pointer (&session->db, g_free);
  g_clear_pointer (&session->zone, g_time_zone_unref);
  g_clear_pointer (&session->zone_name, g_free);
  g_clear_pointer (&session->print_zone, g_time_zone_unref);
}

/* as the real one does, a name that no one knows is taken for UTC */
void
session_set_zone (Session * session, const gchar * name)
{
  GTimeZone *zone = g_time_zone_new_identifier (name);

  g_clear_pointer (&session->zone, g_time_zone_unref);
  session->zone = zone ? zone : g_time_zone_new_utc ();
  g_free (session->zone_name);
  session->zone_name = g_strdup (name);
}

void
session_set_db (Session * session, const gchar * name)
{
  g_free (session->db);
  session->db = g_strdup (name);
}

/* the named database, or the current one for NULL */
Database *
session_get_database (Session * session, const gchar * name, GError ** error)
{
  Server *server = session->server;

  if (!name)
    name = session->db;
  if (!name || !*name)
    return refuse (error, CODE_DATABASE_NOT_SPECIFIED,
        "Database not specified"), NULL;
  if (server->benchmark && benchmark_is_name (name)
      && !benchmark_prepare (server->benchmark, server->catalog, error))
    return NULL;
  return catalog_get_database (server->catalog, name, error);
}

/* NULL without an error where there is no such table */
Table *
session_find_table (Session * session, const TableName * name, GError ** error)
{
  Database *db = session_get_database (session, name->db, error);

  return db ? database_find (db, name->name) : NULL;
}

Table *
session_get_table (Session * session, const TableName * name, GError ** error)
{
  GError *own_error = NULL;
  Table *table = session_find_table (session, name, &own_error);

  if (!table && !own_error)
    refuse (&own_error, CODE_NO_TABLE, "Table does not exist");
  if (own_error)
    g_propagate_error (error, own_error);
  return table;
}
