/* test server: the SQLite database that everything lies in
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>
#include <sqlite3.h>

typedef struct _Storage Storage;

Storage *      storage_new      (const gchar *file, GError **error);
void           storage_free     (Storage *storage);
sqlite3 *      storage_get      (Storage *storage);
sqlite3_stmt * storage_prepare  (Storage *storage, const gchar *sql,
                                 GError **error);
sqlite3_stmt * storage_cached   (Storage *storage, const gchar *sql,
                                 GError **error);
gboolean       storage_run      (Storage *storage, sqlite3_stmt *stmt,
                                 GError **error);
gboolean       storage_exec     (Storage *storage, GError **error,
                                 const gchar *format, ...)
                                 G_GNUC_PRINTF (3, 4);
gboolean       storage_refuse   (Storage *storage, GError **error);
gboolean       storage_begin    (Storage *storage, GError **error);
gboolean       storage_end      (Storage *storage, gboolean keep,
                                 GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Storage, storage_free)
