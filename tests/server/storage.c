/* test server: the SQLite database that everything lies in
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "storage.h"

#include "error.h"
#include "functions.h"

/* statements that are kept prepared; more only cost memory */
#define MAX_CACHED 256

struct _Storage
{
  sqlite3 *db;
  GHashTable *cached;           /* SQL → statement */
};

static void
finalize (gpointer stmt)
{
  sqlite3_finalize (stmt);
}

void
storage_free (Storage * storage)
{
  g_hash_table_unref (storage->cached);
  sqlite3_close_v2 (storage->db);
  g_free (storage);
}

/* without a file everything is in memory */
Storage *
storage_new (const gchar * file, GError ** error)
{
  g_autoptr (Storage) self = g_new0 (Storage, 1);

  self->cached = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      finalize);
  if (sqlite3_open (file ? file : ":memory:", &self->db) != SQLITE_OK)
    return storage_refuse (self, error), NULL;
  functions_register (self->db);
  /* data outlive the process, not a power failure */
  if (!storage_exec (self, error, "PRAGMA synchronous = OFF")
      || !storage_exec (self, error, "PRAGMA temp_store = MEMORY"))
    return NULL;
  return g_steal_pointer (&self);
}

sqlite3 *
storage_get (Storage * storage)
{
  return storage->db;
}

gboolean
storage_refuse (Storage * storage, GError ** error)
{
  return refuse (error, CODE_ADAPTER, "SQLite: %s",
      sqlite3_errmsg (storage->db));
}

sqlite3_stmt *
storage_prepare (Storage * storage, const gchar * sql, GError ** error)
{
  sqlite3_stmt *stmt;

  if (sqlite3_prepare_v2 (storage->db, sql, -1, &stmt, NULL) != SQLITE_OK)
    return storage_refuse (storage, error), NULL;
  return stmt;
}

/* a statement of the storage's own, reset and without bindings */
sqlite3_stmt *
storage_cached (Storage * storage, const gchar * sql, GError ** error)
{
  sqlite3_stmt *stmt = g_hash_table_lookup (storage->cached, sql);

  if (!stmt) {
    if (g_hash_table_size (storage->cached) >= MAX_CACHED)
      g_hash_table_remove_all (storage->cached);
    if (!(stmt = storage_prepare (storage, sql, error)))
      return NULL;
    g_hash_table_insert (storage->cached, g_strdup (sql), stmt);
  }
  sqlite3_reset (stmt);
  sqlite3_clear_bindings (stmt);
  return stmt;
}

/* for a statement without rows; it is left reset */
gboolean
storage_run (Storage * storage, sqlite3_stmt * stmt, GError ** error)
{
  gint status = sqlite3_step (stmt);

  while (status == SQLITE_ROW)
    status = sqlite3_step (stmt);
  if (status != SQLITE_DONE)
    storage_refuse (storage, error);
  sqlite3_reset (stmt);
  return status == SQLITE_DONE;
}

gboolean
storage_exec (Storage * storage, GError ** error, const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree gchar *sql = g_strdup_vprintf (format, args);
  va_end (args);
  if (sqlite3_exec (storage->db, sql, NULL, NULL, NULL) != SQLITE_OK)
    return storage_refuse (storage, error);
  return TRUE;
}

gboolean
storage_begin (Storage * storage, GError ** error)
{
  return storage_exec (storage, error, "BEGIN");
}

/* keeps or undoes all since the beginning */
gboolean
storage_end (Storage * storage, gboolean keep, GError ** error)
{
  if (keep && storage_exec (storage, error, "COMMIT"))
    return TRUE;
  storage_exec (storage, NULL, "ROLLBACK");
  return FALSE;
}
