/* test server: what changed, vgroup by vgroup, for topics
 *
 * Each database has its vgroups, and each table lies in one of them, by the
 * hash that the real server takes. What one statement or message changes in a
 * vgroup is one version of its log, in one or several entries. The oldest go
 * when there is too much of it. The benchmark's database has no log.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdenginerows.h>

#include "catalog.h"

typedef struct _Log Log;

typedef enum {
  LOG_ROWS,
  LOG_LONE_ROWS,                /* that are told one by one, but by a query */
  LOG_MADE,                     /* a sub table, on the way to its first rows */
  LOG_CHANGE,                   /* a statement's: of tables, or rows deleted */
} LogKind;

typedef struct
{
  gint64 version;
  LogKind kind;
  gint64 table_id;              /* 0: of no single table */
  gint64 owner_id;              /* that the table's columns belong to */
  const gchar *table_name;
  const gchar *change;          /* as JSON, but for rows */
  GBytes *block;
  GVariant *columns;            /* of the block: LOG_COLUMNS_TYPE */
} LogEntry;

/* number, name, type, length, digits, scale */
#define LOG_COLUMNS_TYPE "a(uayuuuu)"

/* FALSE stops the reading */
typedef gboolean (*LogFunc) (const LogEntry *entry, gpointer data);

Log *    log_new            (Storage *storage, GError **error);
void     log_free           (Log *log);
guint    log_first_vgroup   (const Database *db);
guint    log_vgroup         (const Database *db, const gchar *table_name);
gboolean log_rows           (Log *log, Table *table, GPtrArray *columns,
                             GstTDengineRows *rows, gboolean lone,
                             GError **error);
gboolean log_made           (Log *log, Table *table, const gchar *change,
                             GError **error);
gboolean log_change         (Log *log, Table *table, const gchar *change,
                             GError **error);
void     log_end            (Log *log);
gboolean log_drop_database  (Log *log, const Database *db, GError **error);
gint64   log_get_begin      (Log *log, guint vgroup);
gint64   log_get_end        (Log *log, guint vgroup);
void     log_pretend        (Log *log, guint vgroup, gint64 end);
gboolean log_read           (Log *log, guint vgroup, gint64 from,
                             LogFunc func, gpointer data, GError **error);
GstTDengineSchema * log_get_schema (const LogEntry *entry,
                             GstTDenginePrecision precision);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Log, log_free)
