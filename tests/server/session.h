/* test server: what connections share, and what each has
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "catalog.h"
#include "log.h"

typedef struct _Benchmark Benchmark;
typedef struct _Topics Topics;

typedef struct
{
  Storage *storage;
  Catalog *catalog;
  Log *log;
  Topics *topics;
  Benchmark *benchmark;
  gchar *user;
  gchar *password;
  GPtrArray *open_results;      /* of Result: still reading SQLite */
  gboolean never_dies;          /* goes on where the real adapter crashes */
} Server;

typedef struct
{
  Server *server;
  gchar *db;                    /* the current one, NULL for none */
  GTimeZone *zone;
  gchar *zone_name;
  GTimeZone *print_zone;        /* REST: of times in replies */
} Session;

#define SERVER_VERSION "3.3.7.5"
#define SERVER_VERSION_LONG "3.3.7.5.alpha"

Server *   server_new           (const gchar *file, GError **error);
void       server_free          (Server *server);
gboolean   server_begin         (Server *server, GError **error);
gboolean   server_end           (Server *server, gboolean keep,
                                 GError **error);
void       session_init         (Session *session, Server *server);
void       session_clear        (Session *session);
void       session_set_zone     (Session *session, const gchar *name);
void       session_set_db       (Session *session, const gchar *name);
Database * session_get_database (Session *session, const gchar *name,
                                 GError **error);
Table *    session_find_table   (Session *session, const TableName *name,
                                 GError **error);
Table *    session_get_table    (Session *session, const TableName *name,
                                 GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Server, server_free)
