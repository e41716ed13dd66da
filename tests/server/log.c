/* test server: what changed, vgroup by vgroup, for topics
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "log.h"

#include <string.h>

#include "error.h"

#define MAX_BYTES (64 * 1024 * 1024)
/* numbers of vgroups are far enough apart for the most that a database has */
#define MAX_VGROUPS 1024
#define HASH_SEED 0x12345678u

static const gchar make_tables[] =
    "CREATE TABLE IF NOT EXISTS log (id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " vgroup INTEGER, version INTEGER, kind INTEGER, table_id INTEGER,"
    " owner_id INTEGER, table_name TEXT, change TEXT, block BLOB,"
    " columns BLOB);"
    "CREATE INDEX IF NOT EXISTS log_versions ON log (vgroup, version, id)";

struct _Log
{
  Storage *storage;
  GHashTable *versions;         /* vgroup → that of what is being written */
  gsize n_bytes;                /* of blocks */
  guint pretended;              /* vgroup that has no entries, or 0 */
  gint64 pretended_end;
};

Log *
log_new (Storage * storage, GError ** error)
{
  g_autoptr (Log) self = g_new0 (Log, 1);

  self->storage = storage;
  self->versions = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  if (!storage_exec (storage, error, "%s", make_tables))
    return NULL;
  sqlite3_stmt *stmt =
      storage_cached (storage, "SELECT sum(length(block)) FROM log", error);
  if (!stmt)
    return NULL;
  if (sqlite3_step (stmt) == SQLITE_ROW)
    self->n_bytes = sqlite3_column_int64 (stmt, 0);
  sqlite3_reset (stmt);
  return g_steal_pointer (&self);
}

void
log_free (Log * log)
{
  g_hash_table_unref (log->versions);
  g_free (log);
}

/* where a table lies */

static guint32
rotate (guint32 value, guint n)
{
  return value << n | value >> (32 - n);
}

static guint32
mix (guint32 word)
{
  return rotate (word * 0xcc9e2d51u, 15) * 0x1b873593u;
}

/* MurmurHash3, x86, 32 bits */
static guint32
hash (const gchar * key, gsize size)
{
  guint32 result = HASH_SEED, rest = 0;
  gsize i = 0;

  for (; i + 4 <= size; i += 4)
    result = rotate (result ^ mix (GST_READ_UINT32_LE (key + i)), 13) * 5 +
        0xe6546b64u;
  for (gsize k = size; k > i; k--)
    rest = rest << 8 | (guint8) key[k - 1];
  result ^= mix (rest);
  result ^= size;
  result = (result ^ result >> 16) * 0x85ebca6bu;
  result = (result ^ result >> 13) * 0xc2b2ae35u;
  return result ^ result >> 16;
}

guint
log_first_vgroup (const Database * db)
{
  return db->id * MAX_VGROUPS + 2;
}

guint
log_vgroup (const Database * db, const gchar * table_name)
{
  g_autofree gchar *key = g_strdup_printf ("1.%s.%s", db->name, table_name);
  guint64 place = (guint64) hash (key, strlen (key)) * db->vgroups >> 32;

  return log_first_vgroup (db) + place;
}

/* writing */

static gint64
ask_number (Log * self, const gchar * sql, guint vgroup)
{
  sqlite3_stmt *stmt = storage_cached (self->storage, sql, NULL);
  gint64 number = 0;

  if (!stmt)
    return 0;
  sqlite3_bind_int64 (stmt, 1, vgroup);
  if (sqlite3_step (stmt) == SQLITE_ROW)
    number = sqlite3_column_int64 (stmt, 0);
  sqlite3_reset (stmt);
  return number;
}

/* what is read of this vgroup is made elsewhere */
void
log_pretend (Log * log, guint vgroup, gint64 end)
{
  log->pretended = vgroup;
  log->pretended_end = end;
}

gint64
log_get_end (Log * log, guint vgroup)
{
  if (vgroup == log->pretended)
    return log->pretended_end;
  return ask_number (log,
      "SELECT coalesce(max(version) + 1, 0) FROM log WHERE vgroup = ?", vgroup);
}

gint64
log_get_begin (Log * log, guint vgroup)
{
  return ask_number (log,
      "SELECT coalesce(min(version), 0) FROM log WHERE vgroup = ?", vgroup);
}

/* what is written together has one version */
static gint64
take_version (Log * self, guint vgroup)
{
  gpointer key = GUINT_TO_POINTER (vgroup);
  gint64 *version = g_hash_table_lookup (self->versions, key);

  if (!version) {
    version = g_new (gint64, 1);
    *version = log_get_end (self, vgroup);
    g_hash_table_insert (self->versions, key, version);
  }
  return *version;
}

/* the newest entry of a vgroup stays: it tells where the log ends */
static gboolean
forget_oldest (Log * self, GError ** error)
{
  if (self->n_bytes <= MAX_BYTES)
    return TRUE;
  if (!storage_exec (self->storage, error, "DELETE FROM log WHERE id <= "
          "(SELECT (min(id) + max(id)) / 2 FROM log) AND id NOT IN "
          "(SELECT max(id) FROM log GROUP BY vgroup)"))
    return FALSE;
  self->n_bytes = ask_number (self, "SELECT sum(length(block)) FROM log "
      "WHERE 0 <= ?", 0);
  return TRUE;
}

static void
bind_bytes (sqlite3_stmt * stmt, gint at, GBytes * bytes)
{
  gsize size;
  gconstpointer data = bytes ? g_bytes_get_data (bytes, &size) : NULL;

  if (data)
    sqlite3_bind_blob64 (stmt, at, data, size, SQLITE_STATIC);
}

static gboolean
append (Log * self, guint vgroup, const LogEntry * entry, GError ** error)
{
  g_autoptr (GBytes) columns =
      entry->columns ? g_variant_get_data_as_bytes (entry->columns) : NULL;
  sqlite3_stmt *stmt = storage_cached (self->storage,
      "INSERT INTO log (vgroup, version, kind, table_id, owner_id, table_name,"
      " change, block, columns) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", error);

  if (!stmt)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, vgroup);
  sqlite3_bind_int64 (stmt, 2, take_version (self, vgroup));
  sqlite3_bind_int64 (stmt, 3, entry->kind);
  sqlite3_bind_int64 (stmt, 4, entry->table_id);
  sqlite3_bind_int64 (stmt, 5, entry->owner_id);
  sqlite3_bind_text (stmt, 6, entry->table_name, -1, SQLITE_STATIC);
  sqlite3_bind_text (stmt, 7, entry->change, -1, SQLITE_STATIC);
  bind_bytes (stmt, 8, entry->block);
  bind_bytes (stmt, 9, columns);
  gboolean done = storage_run (self->storage, stmt, error);
  sqlite3_clear_bindings (stmt);
  if (entry->block)
    self->n_bytes += g_bytes_get_size (entry->block);
  return done && forget_oldest (self, error);
}

static LogEntry
make_entry (LogKind kind, Table * table, const gchar * change)
{
  const LogEntry entry = {.kind = kind,.table_id = table->id,.owner_id =
        table_owner (table)->id,.table_name = table->name,.change = change
  };

  return entry;
}

static GVariant *
describe_columns (GPtrArray * columns)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE (LOG_COLUMNS_TYPE));
  for (guint i = 0; i < columns->len; i++) {
    const Column *column = g_ptr_array_index (columns, i);

    g_variant_builder_add (&builder, "(u^ayuuuu)", column->id,
        column->info.name, column->info.type, column->info.length,
        column->info.digits, column->info.scale);
  }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

static GBytes *
copy_block (GstTDengineRows * rows)
{
  GstBuffer *buffer = gst_tdengine_rows_get_buffer (rows);
  gsize size = gst_buffer_get_size (buffer);
  gpointer copy = g_malloc (size);

  gst_buffer_extract (buffer, 0, copy, size);
  return g_bytes_new_take (copy, size);
}

/* rows of a table, which have these of its columns */
gboolean
log_rows (Log * log, Table * table, GPtrArray * columns,
    GstTDengineRows * rows, gboolean lone, GError ** error)
{
  g_autoptr (GBytes) block = copy_block (rows);
  g_autoptr (GVariant) described = describe_columns (columns);
  LogEntry entry = make_entry (lone ? LOG_LONE_ROWS : LOG_ROWS, table, NULL);

  entry.block = block;
  entry.columns = described;
  return append (log, log_vgroup (table->db, table->name), &entry, error);
}

gboolean
log_made (Log * log, Table * table, const gchar * change, GError ** error)
{
  LogEntry entry = make_entry (LOG_MADE, table, change);

  return append (log, log_vgroup (table->db, table->name), &entry, error);
}

/* each vgroup is told of a change of a super table */
gboolean
log_change (Log * log, Table * table, const gchar * change, GError ** error)
{
  LogEntry entry = make_entry (LOG_CHANGE, table, change);

  if (table->db->is_benchmark)
    return TRUE;
  if (table->kind != TABLE_SUPER)
    return append (log, log_vgroup (table->db, table->name), &entry, error);
  for (guint i = 0; i < table->db->vgroups; i++)
    if (!append (log, log_first_vgroup (table->db) + i, &entry, error))
      return FALSE;
  return TRUE;
}

/* what follows is another version, whether this was kept or not */
void
log_end (Log * log)
{
  g_hash_table_remove_all (log->versions);
}

gboolean
log_drop_database (Log * log, const Database * db, GError ** error)
{
  guint first = log_first_vgroup (db);

  return storage_exec (log->storage, error,
      "DELETE FROM log WHERE vgroup BETWEEN %u AND %u", first,
      first + db->vgroups - 1);
}

/* reading */

static GBytes *
read_bytes (sqlite3_stmt * stmt, gint at)
{
  if (sqlite3_column_type (stmt, at) == SQLITE_NULL)
    return NULL;
  return g_bytes_new (sqlite3_column_blob (stmt, at),
      sqlite3_column_bytes (stmt, at));
}

static gboolean
tell_entry (sqlite3_stmt * stmt, LogFunc func, gpointer data)
{
  g_autoptr (GBytes) block = read_bytes (stmt, 6);
  g_autoptr (GBytes) bytes = read_bytes (stmt, 7);
  g_autoptr (GVariant) columns = bytes ?
      g_variant_ref_sink (g_variant_new_from_bytes (G_VARIANT_TYPE
          (LOG_COLUMNS_TYPE), bytes, TRUE)) : NULL;
  const LogEntry entry = {
    .version = sqlite3_column_int64 (stmt, 0),
    .kind = sqlite3_column_int (stmt, 1),
    .table_id = sqlite3_column_int64 (stmt, 2),
    .owner_id = sqlite3_column_int64 (stmt, 3),
    .table_name = (const gchar *) sqlite3_column_text (stmt, 4),
    .change = (const gchar *) sqlite3_column_text (stmt, 5),
    .block = block,
    .columns = columns,
  };

  return func (&entry, data);
}

/* the entries of a vgroup from a version on; the function may run statements */
gboolean
log_read (Log * log, guint vgroup, gint64 from, LogFunc func, gpointer data,
    GError ** error)
{
  sqlite3_stmt *stmt = storage_prepare (log->storage,
      "SELECT version, kind, table_id, owner_id, table_name, change, block,"
      " columns FROM log WHERE vgroup = ? AND version >= ? "
      "ORDER BY version, id", error);
  gint status;

  if (!stmt)
    return FALSE;
  sqlite3_bind_int64 (stmt, 1, vgroup);
  sqlite3_bind_int64 (stmt, 2, from);
  while ((status = sqlite3_step (stmt)) == SQLITE_ROW
      && tell_entry (stmt, func, data));
  sqlite3_finalize (stmt);
  return status == SQLITE_ROW || status == SQLITE_DONE
      || storage_refuse (log->storage, error);
}

GstTDengineSchema *
log_get_schema (const LogEntry * entry, GstTDenginePrecision precision)
{
  GstTDengineSchema *schema = gst_tdengine_schema_new (precision);
  GstTDengineColumn column;
  GVariantIter iter;
  guint id, type;

  g_variant_iter_init (&iter, entry->columns);
  while (g_variant_iter_next (&iter, "(u^&ayuuuu)", &id, &column.name, &type,
          &column.length, &column.digits, &column.scale)) {
    column.type = type;
    gst_tdengine_schema_append (schema, &column, NULL);
  }
  return schema;
}
