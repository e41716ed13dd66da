/* test server: what a poll gives
 *
 * A message is made of the log from an offset on: rows up to a number, or one
 * change. Rows of tables that are gone are left out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tmqmessage.h"

#include <gst/tdengine/gsttdengineblock.h>
#include <string.h>

#include "benchmark.h"
#include "change.h"
#include "log.h"
#include "tmqblock.h"
#include "topicquery.h"

/* enough for one message */
#define MIN_ROWS 4096
/* some 10,000 rows a message */
#define BENCHMARK_BLOCKS 3

typedef struct
{
  Server *server;
  Database *db;
  Message *message;
  gint64 next;                  /* version that was not taken */
  gint64 version;               /* of the last entry */
  guint n_read;                 /* entries of that version, with those that */
  guint n_before;               /* an earlier message had of the first one */
  gboolean full;                /* there may be more of that version */
  guint n_rows;
  GError *error;
} Reader;

static void
block_free (MessageBlock * block)
{
  gst_tdengine_rows_unref (block->rows);
  g_free (block->table_name);
  g_array_unref (block->ids);
  g_free (block);
}

static Message *
message_new (const Topic * topic, guint vgroup)
{
  Message *self = g_new0 (Message, 1);

  self->topic = topic;
  self->vgroup = vgroup;
  self->blocks = g_ptr_array_new_with_free_func ((GDestroyNotify) block_free);
  self->changes = g_ptr_array_new_with_free_func (g_free);
  return self;
}

void
message_free (Message * message)
{
  g_ptr_array_unref (message->blocks);
  g_ptr_array_unref (message->changes);
  g_free (message);
}

/* reading the log */

/* the table of an entry, if it is still there and the topic is of it */
static Table *
find_table (Reader * self, const LogEntry * entry)
{
  const Topic *topic = self->message->topic;
  Table *table = database_find (self->db, entry->table_name);
  Table *source = topic->table ? database_find (self->db, topic->table) : NULL;

  if (!table || table->id != entry->table_id)
    return NULL;
  if (topic->kind == TOPIC_OF_DATABASE || table == source
      || (table->super && table->super == source))
    return table;
  return NULL;
}

/* a change may be of a table that is gone */
static gboolean
wants_change (Reader * self, const LogEntry * entry)
{
  const Topic *topic = self->message->topic;
  Table *source = topic->table ? database_find (self->db, topic->table) : NULL;

  if (!topic->with_meta)
    return FALSE;
  return topic->kind == TOPIC_OF_DATABASE
      || (source && entry->owner_id == source->id);
}

static guint
find_first_added (Table * table)
{
  Table *owner = table_owner (table);
  const Column *last = owner->tags->len == 0 ? NULL :
      g_ptr_array_index (owner->tags, owner->tags->len - 1);

  return last ? last->id + 1 : G_MAXUINT;
}

static GArray *
read_ids (const LogEntry * entry)
{
  GArray *ids = g_array_new (FALSE, FALSE, sizeof (guint));
  GVariantIter iter;
  guint id;

  g_variant_iter_init (&iter, entry->columns);
  while (g_variant_iter_next (&iter, "(u^&ayuuuu)", &id, NULL, NULL, NULL, NULL,
          NULL))
    g_array_append_val (ids, id);
  return ids;
}

static void
add_block (Reader * self, Table * table, const LogEntry * entry,
    GstTDengineRows * rows)
{
  MessageBlock *block = g_new0 (MessageBlock, 1);

  block->rows = gst_tdengine_rows_ref (rows);
  block->table_name = g_strdup (table->name);
  block->ids = read_ids (entry);
  block->first_added = find_first_added (table);
  g_ptr_array_add (self->message->blocks, block);
  self->n_rows += gst_tdengine_rows_get_n_rows (rows);
}

static void
add_blocks (Reader * self, Table * table, const LogEntry * entry,
    GstTDengineRows * rows)
{
  if (entry->kind == LOG_ROWS) {
    add_block (self, table, entry, rows);
    return;
  }
  for (guint i = 0; i < gst_tdengine_rows_get_n_rows (rows); i++) {
    g_autoptr (GstTDengineRows) row = gst_tdengine_rows_slice (rows, i, 1);

    add_block (self, table, entry, row);
  }
}

/* a query's columns are numbered anew */
static void
add_query_block (Reader * self, GstTDengineRows * rows)
{
  MessageBlock *block = g_new0 (MessageBlock, 1);
  guint n = gst_tdengine_schema_get_n_columns (gst_tdengine_rows_get_schema
      (rows));

  block->rows = gst_tdengine_rows_ref (rows);
  block->table_name = g_strdup ("");
  block->ids = g_array_new (FALSE, FALSE, sizeof (guint));
  block->first_added = 0;
  for (guint i = 0; i < n; i++)
    g_array_append_val (block->ids, i);
  g_ptr_array_add (self->message->blocks, block);
  self->n_rows += gst_tdengine_rows_get_n_rows (rows);
}

static gboolean
take_rows (Reader * self, const LogEntry * entry)
{
  const Topic *topic = self->message->topic;
  Table *table = find_table (self, entry);
  g_autoptr (GstTDengineSchema) schema = NULL;
  g_autoptr (GstTDengineRows) rows = NULL;

  if (!table)
    return TRUE;
  schema = log_get_schema (entry, self->db->precision);
  rows = gst_tdengine_rows_new_from_bytes (schema, entry->block, &self->error);
  if (!rows)
    return FALSE;
  if (!topic->sql) {
    add_blocks (self, table, entry, rows);
    return TRUE;
  }
  g_autoptr (GPtrArray) picked = topic_query_run (self->server, topic, table,
      entry, rows, &self->error);
  for (guint i = 0; picked && i < picked->len; i++) {
    if (topic->kind == TOPIC_OF_QUERY)
      add_query_block (self, g_ptr_array_index (picked, i));
    else
      add_blocks (self, table, entry, g_ptr_array_index (picked, i));
  }
  return picked != NULL;
}

static void
add_change (Reader * self, const LogEntry * entry)
{
  g_ptr_array_add (self->message->changes, g_strdup (entry->change));
}

/* Whether what comes at a new version belongs to another message: a change
 * stands alone, with all that its statement changed. */
static gboolean
is_complete (Reader * self, const LogEntry * entry)
{
  Message *message = self->message;

  if (message->type == 0 || entry->version < self->next)
    return FALSE;
  return message->type == MESSAGE_CHANGE || self->n_rows >= MIN_ROWS
      || (entry->kind == LOG_CHANGE && wants_change (self, entry));
}

/* A query's rows are counted block by block, and its message ends behind the
 * version that the last block is of, whether that has more or not: who seeks
 * there does not get it. Other topics count when a version is read. */
static gboolean
is_full (Reader * self)
{
  self->full = self->message->topic->kind == TOPIC_OF_QUERY
      && self->n_rows >= MIN_ROWS;
  return self->full;
}

static gboolean
take_entry (const LogEntry * entry, gpointer data)
{
  Reader *self = data;
  Message *message = self->message;

  if (is_complete (self, entry))
    return FALSE;
  self->n_read = entry->version == self->version ? self->n_read + 1 : 1;
  self->version = entry->version;
  self->next = entry->version + 1;
  if (entry->version < message->begin && self->n_read <= self->n_before)
    return TRUE;
  if (entry->block) {
    if (!take_rows (self, entry))
      return FALSE;
    if (message->blocks->len > 0 && message->type == 0)
      message->type = MESSAGE_ROWS;
    return !is_full (self);
  } else if (wants_change (self, entry)) {
    if (entry->kind == LOG_MADE && !find_table (self, entry))
      return TRUE;
    add_change (self, entry);
    message->type = entry->kind == LOG_MADE ? MESSAGE_ROWS_AND_TABLES :
        MESSAGE_CHANGE;
  }
  return TRUE;
}

/* of the benchmark's database: entry n holds one more of the same blocks */
static gboolean
take_ready (Reader * self, Table * table)
{
  Benchmark *benchmark = self->server->benchmark;
  GstTDengineRows *rows = benchmark_get_rows (benchmark, table, &self->error);
  gint64 end = benchmark_get_n_blocks (benchmark);

  while (rows && self->next < end
      && self->message->blocks->len < BENCHMARK_BLOCKS) {
    MessageBlock *block = g_new0 (MessageBlock, 1);

    block->rows = gst_tdengine_rows_ref (rows);
    block->table_name = g_strdup ("d0");
    block->ids = g_array_new (FALSE, FALSE, sizeof (guint));
    for (guint i = 0; i < table->columns->len; i++)
      g_array_append_val (block->ids, ((Column *) g_ptr_array_index
              (table->columns, i))->id);
    block->first_added = G_MAXUINT;
    g_ptr_array_add (self->message->blocks, block);
    self->message->type = MESSAGE_ROWS;
    self->next++;
  }
  return rows != NULL;
}

static gboolean
take_entries (Reader * self, guint vgroup, gint64 from, GError ** error)
{
  if (self->db->is_benchmark)
    return take_ready (self, database_find (self->db,
            self->message->topic->table));
  return log_read (self->server->log, vgroup, from, take_entry, self, error);
}

/* From the position on, and what is left of the version before it where so many of
 * its entries were read; both go to where the next message begins. NULL without
 * an error where there is nothing, yet. */
Message *
message_read (Server * server, const Topic * topic, guint vgroup,
    gint64 * position, guint * n_read, GError ** error)
{
  g_autoptr (Message) message = message_new (topic, vgroup);
  Reader self = {.server = server,.message = message,.next = *position,
    .version = -1,.n_before = *n_read
  };

  self.db = catalog_find_database (server->catalog, topic->database);
  message->begin = *position;
  if (!self.db || (!take_entries (&self, vgroup, *position - (*n_read > 0),
              error) && !self.error))
    return NULL;
  if (self.error) {
    g_propagate_error (error, self.error);
    return NULL;
  }
  *position = message->end = self.next;
  *n_read = self.full ? self.n_read : 0;
  return message->type == 0 ? NULL : g_steal_pointer (&message);
}

gchar *
message_get_json (const Message * message)
{
  return change_merge (message->changes);
}

/* the message as bytes */

static void
put (GByteArray * out, gconstpointer data, gsize size)
{
  g_byte_array_append (out, data, size);
}

static void
put_byte (GByteArray * out, guint8 byte)
{
  put (out, &byte, 1);
}

static void
put_int32 (GByteArray * out, gint32 value)
{
  guint8 bytes[4];

  GST_WRITE_UINT32_LE (bytes, value);
  put (out, bytes, sizeof bytes);
}

static void
put_int64 (GByteArray * out, gint64 value)
{
  guint8 bytes[8];

  GST_WRITE_UINT64_LE (bytes, value);
  put (out, bytes, sizeof bytes);
}

/* 7 bits a byte, the lowest first */
static void
put_varying (GByteArray * out, guint32 value)
{
  for (; value >= 0x80; value >>= 7)
    put_byte (out, value | 0x80);
  put_byte (out, value);
}

/* signed numbers, as those of a schema are */
static void
put_zigzag (GByteArray * out, guint32 value)
{
  put_varying (out, value << 1);
}

static void
put_text (GByteArray * out, const gchar * text)
{
  put_varying (out, strlen (text) + 1);
  put (out, text, strlen (text) + 1);
}

static void
put_offset (GByteArray * out, gint64 version)
{
  put_byte (out, 0x11);         /* of the log */
  put_int64 (out, version);
}

static void
put_record (GByteArray * out, const MessageBlock * block)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();
  guint8 n_rows[8];

  tmq_block_append (bytes, block->rows);
  put_varying (out, 18 + bytes->len);
  put_int64 (out, 1);
  GST_WRITE_UINT64_BE (n_rows, gst_tdengine_rows_get_n_rows (block->rows));
  put (out, n_rows, sizeof n_rows);
  put_byte (out, 0);            /* not compressed */
  put_byte (out, gst_tdengine_schema_get_precision (gst_tdengine_rows_get_schema
          (block->rows)));
  put (out, bytes->data, bytes->len);
}

static guint
get_bytes (const GstTDengineColumn * column)
{
  guint width = gst_tdengine_type_get_width (column->type);

  return width > 0 ? width : gst_tdengine_block_column_bytes (column);
}

static void
put_schema (GByteArray * out, const MessageBlock * block)
{
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (block->rows);

  put_zigzag (out, block->ids->len);
  put_zigzag (out, 0);          /* the schema's version */
  for (guint i = 0; i < block->ids->len; i++) {
    const GstTDengineColumn *column =
        gst_tdengine_schema_get_column (schema, i);
    guint id = g_array_index (block->ids, guint, i);

    put_byte (out, column->type);
    put_byte (out, *block->table_name == 0 ? 0 :
        id >= block->first_added ? 0x80 : 1);
    put_zigzag (out, get_bytes (column));
    put_zigzag (out, id + 1);
    put_text (out, column->name);
  }
}

/* The requests to make tables are the real server's own affair: none is told,
 * as JSON tells the same. */
GByteArray *
message_get_raw (const Message * message, guint16 * type)
{
  GByteArray *out = g_byte_array_new ();
  gboolean with_name = message->topic->kind != TOPIC_OF_QUERY;

  *type = message->type == MESSAGE_ROWS ? 2 : 4;
  put_byte (out, 100);
  put_int32 (out, 18);          /* bytes of both offsets */
  put_offset (out, message->begin);
  put_offset (out, message->end);
  put_int32 (out, message->blocks->len);
  if (message->blocks->len > 0) {
    put_byte (out, with_name);
    put_byte (out, 1);          /* with a schema */
  }
  for (guint i = 0; i < message->blocks->len; i++) {
    const MessageBlock *block = g_ptr_array_index (message->blocks, i);

    put_record (out, block);
    put_schema (out, block);
    if (with_name)
      put_text (out, block->table_name);
  }
  if (message->type == MESSAGE_ROWS)
    put_int64 (out, 0);         /* how long to sleep */
  else
    put_int32 (out, 0);
  return out;
}
