/* tdengine writer: rows into a table
 *
 * At any time one request is under way. While the server works on it, the next
 * one is collected and made ready; before that is sent, the one before is waited
 * for. A wait that was cancelled leaves everything as it is, to be taken up
 * again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdenginebind.h"
#include "gsttdengineblock.h"
#include "gsttdengineconnection-private.h"
#include "gsttdengineerror.h"
#include "gsttdenginerows-private.h"
#include "gsttdenginerowsbuilder.h"
#include "gsttdenginesql.h"
#include "gsttdenginetarget.h"
#include "gsttdenginewriter.h"

/* a block of one table is worth a request of its own from here on; smaller
 * ones of several tables are faster bound together */
#define MIN_RAW_ROWS 1000
#define MAX_HELD_BYTES (8 * 1024 * 1024)
/* a table that was forgotten is bound once more, no worse */
#define MAX_KNOWN_TABLES 65536

typedef enum
{
  NOTHING,
  RAW_BLOCK,                    /* the server stores a block */
  BOUND,                        /* the server takes values, then stores them */
} UnderWay;

typedef struct
{
  GstTDengineRun run;
  const guint8 *name;           /* of the table it is for; NULL: of several */
  gsize name_size;
} Held;

struct _GstTDengineWriter
{
  GObject parent_instance;

  GstTDengineConnection *connection;
  gchar *database;
  gchar *table;
  gboolean is_super;
  guint batch_size;

  GstTDengineTarget *target;    /* NULL until asked for */
  GstTDengineSchema *schema;    /* that target is mapped to */
  gboolean has_blob;            /* schema has */
  guint64 stmt_id;              /* 0: none prepared for schema */
  GHashTable *known_tables;     /* sub tables that are there */

  GArray *held;                 /* Held, not sent yet */
  guint n_held_rows;
  gsize n_held_bytes;

  UnderWay under_way;
  GstTDengineRequest request;
  guint n_rows_under_way;
  GstTDengineBind *bind;
  GByteArray *message;          /* both kept from one to the next */
  GByteArray *frame;

  GMutex lock;
  guint64 n_rows;               /* that the server confirmed, under lock */
  guint64 n_raw;                /* requests, under lock */
  guint64 n_bound;              /* requests, under lock */
};

G_DEFINE_FINAL_TYPE (GstTDengineWriter, gst_tdengine_writer, G_TYPE_OBJECT);

static void
clear_held (gpointer held)
{
  gst_tdengine_rows_unref (((Held *) held)->run.rows);
}

static void
gst_tdengine_writer_init (GstTDengineWriter * self)
{
  self->batch_size = GST_TDENGINE_DEFAULT_BATCH_SIZE;
  self->known_tables =
      g_hash_table_new_full (g_bytes_hash, g_bytes_equal,
      (GDestroyNotify) g_bytes_unref, NULL);
  self->held = g_array_new (FALSE, FALSE, sizeof (Held));
  g_array_set_clear_func (self->held, clear_held);
  self->bind = gst_tdengine_bind_new ();
  self->message = g_byte_array_new ();
  self->frame = g_byte_array_new ();
  g_mutex_init (&self->lock);
}

static void
gst_tdengine_writer_finalize (GObject * object)
{
  GstTDengineWriter *self = GST_TDENGINE_WRITER (object);

  gst_tdengine_connection_forget (self->connection, &self->request);
  g_array_unref (self->held);
  g_byte_array_unref (self->message);
  g_byte_array_unref (self->frame);
  gst_tdengine_bind_free (self->bind);
  g_hash_table_unref (self->known_tables);
  g_clear_pointer (&self->target, gst_tdengine_target_free);
  g_clear_pointer (&self->schema, gst_tdengine_schema_unref);
  g_free (self->database);
  g_free (self->table);
  g_object_unref (self->connection);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_tdengine_writer_parent_class)->finalize (object);
}

static void
gst_tdengine_writer_class_init (GstTDengineWriterClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_tdengine_writer_finalize;
}

/**
 * gst_tdengine_writer_new:
 * @connection: an open connection; its current database becomes @database
 * @database: a database, in its exact case
 * @table: a table of it
 * @is_super_table: whether @table is a super table
 *
 * Makes a writer. Nothing is sent yet.
 *
 * Returns: (transfer full): a writer
 */
GstTDengineWriter *
gst_tdengine_writer_new (GstTDengineConnection * connection,
    const gchar * database, const gchar * table, gboolean is_super_table)
{
  GstTDengineWriter *self = g_object_new (GST_TYPE_TDENGINE_WRITER, NULL);

  self->connection = g_object_ref (connection);
  self->database = g_strdup (database);
  self->table = g_strdup (table);
  self->is_super = is_super_table;
  return self;
}

/**
 * gst_tdengine_writer_set_batch_size:
 * @writer: a writer
 * @n_rows: at least 1
 *
 * Sets how many rows may be held back.
 */
void
gst_tdengine_writer_set_batch_size (GstTDengineWriter * writer, guint n_rows)
{
  writer->batch_size = MAX (n_rows, 1);
}

/* what is under way */

static gboolean
send_text (GstTDengineWriter * self, guint64 req_id, gchar * text,
    GError ** error)
{
  return gst_tdengine_connection_send_text (self->connection, &self->request,
      req_id, text, error);
}

static guint64
next_id (GstTDengineWriter * self)
{
  return gst_tdengine_connection_next_id (self->connection);
}

static void
drop_statement (GstTDengineWriter * self)
{
  if (self->stmt_id == 0)
    return;
  gst_tdengine_connection_post_text (self->connection,
      gst_tdengine_messages_stmt2_close (next_id (self), self->stmt_id));
  self->stmt_id = 0;
}

static void
forget_request (GstTDengineWriter * self)
{
  gst_tdengine_connection_forget (self->connection, &self->request);
  self->request.on_reply = NULL;
}

/* FALSE leaves what was cancelled under way, and nothing else */
static gboolean
wait_for_reply (GstTDengineWriter * self, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GError) local = NULL;

  if (gst_tdengine_connection_wait (self->connection, &self->request,
          cancellable, &local))
    return TRUE;
  if (!g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED)) {
    forget_request (self);
    self->under_way = NOTHING;
    /* a statement that failed repeats its error for ever */
    drop_statement (self);
    /* nor are the tables there that it was to make */
    g_hash_table_remove_all (self->known_tables);
    g_prefix_error (&local, "%s.%s: %u rows were not confirmed: ",
        self->database, self->table, self->n_rows_under_way);
  }
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static void
count_rows (GstTDengineWriter * self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->n_rows += self->n_rows_under_way;
  if (self->under_way == RAW_BLOCK)
    self->n_raw++;
  else
    self->n_bound++;
}

static gboolean
confirm (GstTDengineWriter * self, GCancellable * cancellable, GError ** error)
{
  if (self->under_way == NOTHING)
    return TRUE;
  if (!wait_for_reply (self, cancellable, error))
    return FALSE;
  count_rows (self);
  forget_request (self);
  self->under_way = NOTHING;
  return TRUE;
}

/* raw blocks */

typedef struct
{
  guint index;                  /* in the target */
  guint source;                 /* in the rows */
} Picked;

static guint
pick_columns (GstTDengineWriter * self, Picked * picked)
{
  guint n = 0;

  for (guint i = 0; i < self->target->n_columns; i++) {
    if (self->target->sources[i] < 0)
      continue;
    picked[n].index = i;
    picked[n++].source = self->target->sources[i];
  }
  return n;
}

static gsize
column_size (GstTDengineRows * rows, guint source)
{
  const GstTDengineColumnData *data =
      gst_tdengine_rows_get_column_data (rows, source);

  return data->values - data->start + data->size;
}

static const GstTDengineColumn *
target_column (GstTDengineWriter * self, guint index)
{
  return gst_tdengine_schema_get_column (self->target->schema, index);
}

/* The head of a block that has the picked columns, as wide as the target's: the
 * server compares them with its own. */
static void
write_block_head (GstTDengineWriter * self, GstTDengineRows * rows,
    guint8 * head, const Picked * picked, guint n)
{
  guint8 *types = head + BLOCK_HEADER_SIZE;
  guint8 *lengths = types + 5 * n;
  gsize size = BLOCK_HEADER_SIZE + n * BLOCK_COLUMN_SIZE + BLOCK_TRAILER_SIZE;

  for (guint i = 0; i < n; i++) {
    const GstTDengineColumn *column = target_column (self, picked[i].index);

    types[5 * i] = column->type;
    GST_WRITE_UINT32_LE (types + 5 * i + 1,
        gst_tdengine_block_column_bytes (column));
    GST_WRITE_UINT32_LE (lengths + 4 * i,
        gst_tdengine_rows_get_column_data (rows, picked[i].source)->size);
    size += column_size (rows, picked[i].source);
  }
  gst_tdengine_block_write_head (head, gst_tdengine_rows_get_n_rows (rows),
      size, n);
}

static GOutputVector
make_part (gconstpointer data, gsize size)
{
  const GOutputVector part = { data, size };

  return part;
}

/* The columns are taken from where they lie. With all of the target's columns
 * their places say which they are, otherwise their names do. */
static void
prepare_raw (GstTDengineWriter * self, GstTDengineRows * rows, guint64 req_id,
    const guint8 * name, gsize name_size)
{
  static const guint8 trailer[BLOCK_TRAILER_SIZE];
  g_autofree Picked *picked = g_new (Picked, self->target->n_columns);
  guint n = pick_columns (self, picked);
  gboolean all = n == self->target->n_columns;
  gsize head_size = BLOCK_HEADER_SIZE + n * BLOCK_COLUMN_SIZE;
  g_autofree guint8 *head = g_malloc (head_size);
  g_autofree guint8 *fields = g_malloc (n * GST_TDENGINE_FIELD_SIZE);
  g_autofree GOutputVector *parts = g_new (GOutputVector, n + 5);
  guint8 request_head[GST_TDENGINE_WRITE_RAW_HEAD_SIZE];
  guint n_parts = 0;

  gst_tdengine_messages_write_raw_head (request_head, req_id,
      all ? GST_TDENGINE_ACTION_WRITE_RAW_BLOCK :
      GST_TDENGINE_ACTION_WRITE_RAW_BLOCK_WITH_FIELDS,
      gst_tdengine_rows_get_n_rows (rows), name_size);
  write_block_head (self, rows, head, picked, n);
  parts[n_parts++] = make_part (request_head, sizeof request_head);
  parts[n_parts++] = make_part (name, name_size);
  parts[n_parts++] = make_part (head, head_size);
  for (guint i = 0; i < n; i++) {
    parts[n_parts++] =
        make_part (gst_tdengine_rows_get_column_data (rows,
            picked[i].source)->start, column_size (rows, picked[i].source));
    gst_tdengine_messages_write_field (fields + i * GST_TDENGINE_FIELD_SIZE,
        target_column (self, picked[i].index));
  }
  parts[n_parts++] = make_part (trailer, sizeof trailer);
  if (!all)
    parts[n_parts++] = make_part (fields, n * GST_TDENGINE_FIELD_SIZE);
  gst_tdengine_connection_prepare (self->connection, self->frame, parts,
      n_parts);
}

/* bound rows */

static void
append_bound_names (GstTDengineWriter * self, GString * sql, guint first,
    guint end)
{
  for (guint i = first; i < end; i++) {
    if (self->target->sources[i] < 0)
      continue;
    gst_tdengine_sql_append_name (sql, target_column (self, i)->name);
    g_string_append_c (sql, ',');
  }
}

/* the sub table's name, its tags, then its columns: the order of binding */
static gchar *
make_insert (GstTDengineWriter * self)
{
  GstTDengineTarget *target = self->target;
  GString *sql = g_string_new ("INSERT INTO ");
  guint n = target->n_bound_tags + target->n_bound_columns + self->is_super;

  gst_tdengine_sql_append_table (sql, self->database, self->table);
  g_string_append (sql, self->is_super ? " (tbname," : " (");
  append_bound_names (self, sql, target->n_columns,
      gst_tdengine_schema_get_n_columns (target->schema));
  append_bound_names (self, sql, 0, target->n_columns);
  /* the last comma becomes the bracket */
  sql->str[sql->len - 1] = ')';
  g_string_append (sql, " VALUES (");
  for (guint i = 0; i < n; i++)
    g_string_append (sql, "?,");
  sql->str[sql->len - 1] = ')';
  return g_string_free (sql, FALSE);
}

static gboolean
call (GstTDengineWriter * self, guint64 req_id, gchar * text,
    GCancellable * cancellable, GError ** error)
{
  return send_text (self, req_id, text, error)
      && gst_tdengine_connection_wait (self->connection, &self->request,
      cancellable, error);
}

static gboolean
prepare_statement (GstTDengineWriter * self, GCancellable * cancellable,
    GError ** error)
{
  g_autofree gchar *sql = make_insert (self);
  guint64 req_id = next_id (self);
  gboolean done;

  done = call (self, req_id, gst_tdengine_messages_stmt2_init (req_id),
      cancellable, error);
  if (done) {
    self->stmt_id = self->request.reply.stmt_id;
    req_id = next_id (self);
    done = call (self, req_id, gst_tdengine_messages_stmt2_prepare (req_id,
            self->stmt_id, sql), cancellable, error);
  }
  forget_request (self);
  if (done)
    return TRUE;
  drop_statement (self);
  g_prefix_error (error, "%s.%s: ", self->database, self->table);
  return FALSE;
}

/* The exec follows at once where the values were taken: the server dies of an
 * exec whose bind it refused. The next answer is the exec's own. */
static GstTDengineNext
on_bound (GstTDengineRequest * request)
{
  request->on_reply = NULL;
  return request->reply.code == 0 ? GST_TDENGINE_NEXT_EXEC :
      GST_TDENGINE_NEXT_NOTHING;
}

/* The message is put together while the server works on the one before. */
static gboolean
send_bound (GstTDengineWriter * self, const GstTDengineRun * runs, guint n_runs,
    guint n_rows, GCancellable * cancellable, GError ** error)
{
  guint64 req_id = next_id (self);

  if (self->stmt_id == 0 && !(confirm (self, cancellable, error)
          && prepare_statement (self, cancellable, error)))
    return FALSE;
  gst_tdengine_bind_build (self->bind, self->message, req_id, self->stmt_id,
      self->target, runs, n_runs);
  GOutputVector part = { self->message->data, self->message->len };
  gst_tdengine_connection_prepare (self->connection, self->frame, &part, 1);
  if (!confirm (self, cancellable, error))
    return FALSE;
  self->request.on_reply = on_bound;
  self->request.resource_id = self->stmt_id;
  if (!gst_tdengine_connection_send_prepared (self->connection, &self->request,
          req_id, self->frame, error)) {
    forget_request (self);
    return FALSE;
  }
  self->n_rows_under_way = n_rows;
  self->under_way = BOUND;
  return TRUE;
}

/* what is held back */

static gboolean
same_name (const Held * a, const Held * b)
{
  return a->name && b->name && a->name_size == b->name_size
      && memcmp (a->name, b->name, a->name_size) == 0;
}

static gboolean
held_is_one_table (GstTDengineWriter * self)
{
  const Held *first = &g_array_index (self->held, Held, 0);

  for (guint i = 0; i < self->held->len; i++) {
    if (!same_name (first, &g_array_index (self->held, Held, i)))
      return FALSE;
  }
  return TRUE;
}

/* Raw blocks make no table: one that is not known to be there is bound, which
 * makes it with its tags. Nor can they carry a BLOB: the server dies of it. */
static gboolean
may_go_raw (GstTDengineWriter * self, const Held * held)
{
  g_autoptr (GBytes) key = NULL;

  if (!held->name || self->has_blob)
    return FALSE;
  if (self->target->n_bound_tags == 0)
    return TRUE;
  key = g_bytes_new_static (held->name, held->name_size);
  return g_hash_table_contains (self->known_tables, key);
}

static void
remember_tables (GstTDengineWriter * self, const GstTDengineRun * run)
{
  const GstTDengineColumnData *names =
      gst_tdengine_rows_get_column_data (run->rows, self->target->name_source);
  const guint8 *last = NULL;
  gsize last_size = 0, size;

  for (guint row = run->first; row < run->first + run->n_rows; row++) {
    const guint8 *name = gst_tdengine_column_data_get (names, row, &size);

    if (last && last_size == size && memcmp (last, name, size) == 0)
      continue;
    last = name;
    last_size = size;
    g_autoptr (GBytes) key = g_bytes_new_static (name, size);
    if (g_hash_table_contains (self->known_tables, key))
      continue;
    if (g_hash_table_size (self->known_tables) == MAX_KNOWN_TABLES)
      g_hash_table_remove_all (self->known_tables);
    g_hash_table_add (self->known_tables, g_bytes_new (name, size));
  }
}

static void
release_held (GstTDengineWriter * self, guint n_items)
{
  g_array_remove_range (self->held, 0, n_items);
  self->n_held_rows = 0;
  self->n_held_bytes = 0;
  for (guint i = 0; i < self->held->len; i++) {
    const Held *held = &g_array_index (self->held, Held, i);

    self->n_held_rows += held->run.n_rows;
    self->n_held_bytes +=
        gst_buffer_get_size (gst_tdengine_rows_get_buffer (held->run.rows));
  }
}

static GstTDengineRows *
merge_held (GstTDengineWriter * self, GError ** error)
{
  const Held *first = &g_array_index (self->held, Held, 0);

  if (self->held->len == 1
      && first->run.n_rows == gst_tdengine_rows_get_n_rows (first->run.rows))
    return gst_tdengine_rows_ref (first->run.rows);

  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (self->schema);
  for (guint i = 0; i < self->held->len; i++) {
    const GstTDengineRun *run = &g_array_index (self->held, Held, i).run;

    for (guint k = 0; k < gst_tdengine_schema_get_n_columns (self->schema); k++)
      gst_tdengine_rows_builder_append_run (builder, k, run->rows, k,
          run->first, run->n_rows);
  }
  return gst_tdengine_rows_builder_end (builder, error);
}

static gboolean
submit_raw (GstTDengineWriter * self, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GstTDengineRows) rows = merge_held (self, error);
  const Held *held = &g_array_index (self->held, Held, 0);
  guint64 req_id = next_id (self);

  if (!rows)
    return FALSE;
  prepare_raw (self, rows, req_id, held->name, held->name_size);
  if (!confirm (self, cancellable, error)
      || !gst_tdengine_connection_send_prepared (self->connection,
          &self->request, req_id, self->frame, error))
    return FALSE;
  self->n_rows_under_way = gst_tdengine_rows_get_n_rows (rows);
  self->under_way = RAW_BLOCK;
  release_held (self, self->held->len);
  return TRUE;
}

/* as much as one message may have */
static gboolean
submit_bound (GstTDengineWriter * self, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GArray) runs = g_array_new (FALSE, FALSE, sizeof (GstTDengineRun));
  guint n_rows = 0, n_whole = 0;

  while (n_whole < self->held->len && n_rows < GST_TDENGINE_MAX_BOUND_ROWS) {
    GstTDengineRun run = g_array_index (self->held, Held, n_whole).run;
    guint room = GST_TDENGINE_MAX_BOUND_ROWS - n_rows;

    n_whole += run.n_rows <= room;
    run.n_rows = MIN (run.n_rows, room);
    n_rows += run.n_rows;
    g_array_append_val (runs, run);
  }
  if (!send_bound (self, (const GstTDengineRun *) runs->data, runs->len, n_rows,
          cancellable, error))
    return FALSE;

  if (self->target->n_bound_tags > 0) {
    for (guint i = 0; i < runs->len; i++)
      remember_tables (self, &g_array_index (runs, GstTDengineRun, i));
  }
  if (n_whole < runs->len) {
    /* the last one was cut */
    GstTDengineRun *rest = &g_array_index (self->held, Held, n_whole).run;
    guint n_cut = g_array_index (runs, GstTDengineRun, n_whole).n_rows;

    rest->first += n_cut;
    rest->n_rows -= n_cut;
  }
  release_held (self, n_whole);
  return TRUE;
}

/**
 * gst_tdengine_writer_submit:
 * @writer: a writer
 * @cancellable: (nullable): to stop waiting; nothing is lost by it
 * @error: (out) (optional): return location for an error
 *
 * Sends the rows that are held back, waiting for the requests before them but
 * not for the last.
 *
 * Returns: %FALSE with an error, which may be that of an earlier request
 */
gboolean
gst_tdengine_writer_submit (GstTDengineWriter * writer,
    GCancellable * cancellable, GError ** error)
{
  while (writer->held->len > 0) {
    gboolean raw = held_is_one_table (writer)
        && may_go_raw (writer, &g_array_index (writer->held, Held, 0));

    if (!(raw ? submit_raw : submit_bound) (writer, cancellable, error))
      return FALSE;
  }
  return TRUE;
}

/**
 * gst_tdengine_writer_flush:
 * @writer: a writer
 * @cancellable: (nullable): to stop waiting; nothing is lost by it
 * @error: (out) (optional): return location for an error
 *
 * Sends the rows that are held back and waits until the server has confirmed
 * every row.
 *
 * Returns: %FALSE with an error
 */
gboolean
gst_tdengine_writer_flush (GstTDengineWriter * writer,
    GCancellable * cancellable, GError ** error)
{
  return gst_tdengine_writer_submit (writer, cancellable, error)
      && confirm (writer, cancellable, error);
}

static gboolean
has_blob (GstTDengineSchema * schema)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    if (gst_tdengine_schema_get_column (schema, i)->type ==
        GST_TDENGINE_TYPE_BLOB)
      return TRUE;
  }
  return FALSE;
}

static gboolean
ask_target (GstTDengineWriter * self, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GString) use = g_string_new ("USE ");

  if (self->target)
    return TRUE;
  /* a raw block is for a table of the current database */
  gst_tdengine_sql_append_name (use, self->database);
  if (gst_tdengine_connection_execute (self->connection, use->str, cancellable,
          error) < 0) {
    g_prefix_error (error, "%s: ", self->database);
    return FALSE;
  }
  self->target = gst_tdengine_target_ask (self->connection, self->database,
      self->table, self->is_super, cancellable, error);
  return self->target != NULL;
}

static gboolean
append_all (GstTDengineSchema * schema, GstTDengineSchema * from,
    GError ** error)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (from); i++) {
    if (!gst_tdengine_schema_append (schema,
            gst_tdengine_schema_get_column (from, i), error))
      return FALSE;
  }
  return TRUE;
}

/**
 * gst_tdengine_writer_ask_columns:
 * @writer: a writer
 * @cancellable: (nullable): to stop waiting
 * @error: (out) (optional): return location for an error
 *
 * Asks the server, the first time, what rows for the table may hold: its
 * columns; for a super table `tbname`, the columns and the tags.
 *
 * Returns: (transfer full): the columns, or %NULL with an error
 */
GstTDengineSchema *
gst_tdengine_writer_ask_columns (GstTDengineWriter * writer,
    GCancellable * cancellable, GError ** error)
{
  const GstTDengineColumn name = {
    .name = (gchar *) GST_TDENGINE_NAME_COLUMN,
    .type = GST_TDENGINE_TYPE_VARCHAR,
    .length = GST_TDENGINE_MAX_TABLE_NAME_BYTES,
  };

  if (!ask_target (writer, cancellable, error))
    return NULL;

  GstTDengineSchema *columns = writer->target->schema;
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (gst_tdengine_schema_get_precision (columns));
  if ((writer->is_super && !gst_tdengine_schema_append (schema, &name, error))
      || !append_all (schema, columns, error))
    return NULL;
  return g_steal_pointer (&schema);
}

/**
 * gst_tdengine_writer_set_schema:
 * @writer: a writer
 * @schema: the columns of the rows to come
 * @cancellable: (nullable): to stop waiting; nothing is lost by it
 * @error: (out) (optional): return location for an error
 *
 * Asks the server for the table's columns and tags, the first time, and finds
 * the place of each column. Rows of the columns before are sent first.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_SCHEMA where @schema does not fit
 *   the table: a column that it lacks, another type, no `tbname` for a super
 *   table, no time; or with another error
 */
gboolean
gst_tdengine_writer_set_schema (GstTDengineWriter * writer,
    GstTDengineSchema * schema, GCancellable * cancellable, GError ** error)
{
  if (writer->schema && gst_tdengine_schema_equal (writer->schema, schema))
    return TRUE;
  if (!gst_tdengine_writer_flush (writer, cancellable, error)
      || !ask_target (writer, cancellable, error))
    return FALSE;
  drop_statement (writer);
  g_clear_pointer (&writer->schema, gst_tdengine_schema_unref);
  if (!gst_tdengine_target_map (writer->target, schema, error))
    return FALSE;
  writer->schema = gst_tdengine_schema_ref (schema);
  writer->has_blob = has_blob (schema);
  return TRUE;
}

/* the one table that all rows are for, or none */
static void
name_table (GstTDengineWriter * self, Held * held)
{
  gint source = self->target->name_source;
  const GstTDengineColumnData *names;
  const guint8 *name;
  gsize size;

  if (source < 0) {
    held->name = (const guint8 *) self->table;
    held->name_size = strlen (self->table);
    return;
  }
  names = gst_tdengine_rows_get_column_data (held->run.rows, source);
  held->name = gst_tdengine_column_data_get (names, 0, &held->name_size);
  for (guint row = 1; row < held->run.n_rows; row++) {
    name = gst_tdengine_column_data_get (names, row, &size);
    if (size != held->name_size || memcmp (name, held->name, size) != 0) {
      held->name = NULL;
      return;
    }
  }
}

static gboolean
goes_alone (GstTDengineWriter * self, const Held * held)
{
  return held->run.n_rows >= MIN (self->batch_size, MIN_RAW_ROWS)
      && may_go_raw (self, held);
}

static gboolean
is_full (GstTDengineWriter * self)
{
  return self->n_held_rows >= self->batch_size
      || self->n_held_bytes >= MAX_HELD_BYTES;
}

static void
hold (GstTDengineWriter * self, const Held * held)
{
  gst_tdengine_rows_ref (held->run.rows);
  g_array_append_val (self->held, *held);
  self->n_held_rows += held->run.n_rows;
  self->n_held_bytes +=
      gst_buffer_get_size (gst_tdengine_rows_get_buffer (held->run.rows));
}

/**
 * gst_tdengine_writer_write:
 * @writer: a writer
 * @rows: rows to write
 * @cancellable: (nullable): to stop waiting
 * @error: (out) (optional): return location for an error
 *
 * Takes rows, and sends them once there are enough. Of rows that do not fit
 * the table nothing is written.
 *
 * Returns: %TRUE where the rows were taken; %FALSE with an error otherwise:
 *   %GST_TDENGINE_ERROR_SCHEMA for a row without a time or a `tbname`, or with
 *   a value that is too long, an error of an earlier request, or
 *   %G_IO_ERROR_CANCELLED
 */
gboolean
gst_tdengine_writer_write (GstTDengineWriter * writer, GstTDengineRows * rows,
    GCancellable * cancellable, GError ** error)
{
  Held held = { {rows, 0, gst_tdengine_rows_get_n_rows (rows)} };
  g_autoptr (GError) local = NULL;

  if (!gst_tdengine_writer_set_schema (writer,
          gst_tdengine_rows_get_schema (rows), cancellable, error))
    return FALSE;
  if (held.run.n_rows == 0)
    return TRUE;
  if (!gst_tdengine_target_check (writer->target, rows, error))
    return FALSE;
  name_table (writer, &held);
  /* what was held before keeps its place before a block that goes alone */
  if ((is_full (writer) || goes_alone (writer, &held))
      && !gst_tdengine_writer_submit (writer, cancellable, error))
    return FALSE;

  gboolean alone = goes_alone (writer, &held);
  hold (writer, &held);
  if (!alone && !is_full (writer))
    return TRUE;
  /* from here on the rows are taken: a cancelled wait goes on with the next */
  if (gst_tdengine_writer_submit (writer, cancellable, &local)
      || g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/**
 * gst_tdengine_writer_get_n_held:
 * @writer: a writer
 *
 * Gets how many rows are held back.
 *
 * Returns: the number of rows
 */
guint
gst_tdengine_writer_get_n_held (GstTDengineWriter * writer)
{
  return writer->n_held_rows;
}

/**
 * gst_tdengine_writer_get_stats:
 * @writer: a writer
 *
 * Gets what was written so far. Any thread may ask.
 *
 * Returns: (transfer full): a structure with `rows` that the server has
 *   confirmed, and `raw-requests` and `bound-requests` that took
 */
GstStructure *
gst_tdengine_writer_get_stats (GstTDengineWriter * writer)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&writer->lock);

  return gst_structure_new ("tdenginesink-stats",
      "rows", G_TYPE_UINT64, writer->n_rows,
      "raw-requests", G_TYPE_UINT64, writer->n_raw,
      "bound-requests", G_TYPE_UINT64, writer->n_bound, NULL);
}

static void
write_in_thread (GTask * task, gpointer source, gpointer rows,
    GCancellable * cancellable)
{
  GError *error = NULL;

  if (gst_tdengine_writer_write (source, rows, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * gst_tdengine_writer_write_async:
 * @writer: a writer
 * @rows: rows to write
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called in the thread's main context when done
 * @user_data: for @callback
 *
 * [method@GstTDengine.Writer.write] without blocking.
 */
void
gst_tdengine_writer_write_async (GstTDengineWriter * writer,
    GstTDengineRows * rows, GCancellable * cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task =
      g_task_new (writer, cancellable, callback, user_data);

  g_task_set_source_tag (task, gst_tdengine_writer_write_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, gst_tdengine_rows_ref (rows),
      (GDestroyNotify) gst_tdengine_rows_unref);
  g_task_run_in_thread (task, write_in_thread);
}

/**
 * gst_tdengine_writer_write_finish:
 * @writer: a writer
 * @result: what the callback got
 * @error: (out) (optional): return location for an error
 *
 * Ends [method@GstTDengine.Writer.write_async].
 *
 * Returns: %FALSE with an error
 */
gboolean
gst_tdengine_writer_write_finish (GstTDengineWriter * writer,
    GAsyncResult * result, GError ** error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
flush_in_thread (GTask * task, gpointer source, gpointer data,
    GCancellable * cancellable)
{
  GError *error = NULL;

  if (gst_tdengine_writer_flush (source, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * gst_tdengine_writer_flush_async:
 * @writer: a writer
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called in the thread's main context when done
 * @user_data: for @callback
 *
 * [method@GstTDengine.Writer.flush] without blocking.
 */
void
gst_tdengine_writer_flush_async (GstTDengineWriter * writer,
    GCancellable * cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  g_autoptr (GTask) task =
      g_task_new (writer, cancellable, callback, user_data);

  g_task_set_source_tag (task, gst_tdengine_writer_flush_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_run_in_thread (task, flush_in_thread);
}

/**
 * gst_tdengine_writer_flush_finish:
 * @writer: a writer
 * @result: what the callback got
 * @error: (out) (optional): return location for an error
 *
 * Ends [method@GstTDengine.Writer.flush_async].
 *
 * Returns: %FALSE with an error
 */
gboolean
gst_tdengine_writer_flush_finish (GstTDengineWriter * writer,
    GAsyncResult * result, GError ** error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
