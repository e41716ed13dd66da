/* test server: databases, tables and their columns
 *
 * They are held in memory and kept in SQLite. The rows of a super table and all
 * its sub tables are one SQLite table, `rows_<id>`, whose key is the sub table
 * and the time; their tags are another, `tags_<id>`. A normal table has only
 * rows. Columns are called by number, `c<id>`, so that names may be anything.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdengineschema.h>

#include "ast.h"
#include "storage.h"

typedef struct _Catalog Catalog;
typedef struct _Table Table;
typedef struct _SystemTable SystemTable;

typedef struct
{
  GstTDengineColumn info;
  guint id;
  gboolean is_key;              /* with the time */
} Column;

typedef struct
{
  gint64 id;
  gchar *name;
  GstTDenginePrecision precision;
  guint vgroups;
  guint keep_days;
  gint64 created;               /* ms */
  gboolean is_benchmark;        /* what is written is counted, not kept */
  gboolean is_system;
  GHashTable *tables;           /* name → Table, which it owns */
} Database;

typedef enum {
  TABLE_SUPER,
  TABLE_SUB,
  TABLE_NORMAL,
  TABLE_SYSTEM,
} TableKind;

struct _Table
{
  gint64 id;
  gchar *name;
  Database *db;
  TableKind kind;
  Table *super;                 /* of a sub table */
  GPtrArray *columns;           /* of Column; a sub table's are its super's */
  GPtrArray *tags;
  guint next_column;
  gint64 created;               /* ms */
  const SystemTable *system;
};

Catalog *  catalog_new            (Storage *storage, GError **error);
void       catalog_free           (Catalog *catalog);
GPtrArray * catalog_list          (Catalog *catalog);
GPtrArray * database_list         (Database *db);
Database * catalog_find_database  (Catalog *catalog, const gchar *name);
Database * catalog_get_database   (Catalog *catalog, const gchar *name,
                                   GError **error);
Database * catalog_add_database   (Catalog *catalog, const gchar *name,
                                   GstTDenginePrecision precision,
                                   guint vgroups, guint keep_days,
                                   GError **error);
Database * catalog_add_system_database (Catalog *catalog,
                                   const gchar *name);
gboolean   catalog_drop_database  (Catalog *catalog, Database *db,
                                   GError **error);
Table *    database_find          (Database *db, const gchar *name);
Table *    catalog_add_table      (Catalog *catalog, Database *db,
                                   const gchar *name, GArray *columns,
                                   GArray *tags, GError **error);
Table *    catalog_add_sub_table  (Catalog *catalog, Database *db,
                                   const gchar *name, Table *super,
                                   gpointer tags, GError **error);
Table *    catalog_add_system     (Catalog *catalog, Database *db,
                                   const gchar *name,
                                   const SystemTable *system);
gboolean   catalog_drop_table     (Catalog *catalog, Table *table,
                                   GError **error);
Column *   catalog_add_column     (Catalog *catalog, Table *table,
                                   gboolean is_tag, const gchar *name,
                                   const TypeSpec *type, GError **error);
gboolean   catalog_drop_column    (Catalog *catalog, Table *table,
                                   gboolean is_tag, Column *column,
                                   GError **error);
gboolean   catalog_update_column  (Catalog *catalog, Table *table,
                                   Column *column, const gchar *name,
                                   guint length, GError **error);
gboolean   catalog_begin          (Catalog *catalog, GError **error);
gboolean   catalog_end            (Catalog *catalog, gboolean keep,
                                   GError **error);
Table *    table_owner            (Table *table);
Column *   columns_find           (GPtrArray *columns, const gchar *name);
gint       columns_index          (GPtrArray *columns, const gchar *name);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Catalog, catalog_free)
