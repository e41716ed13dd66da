/* tdengine reader: the splits of a query, over several connections
 *
 * One connection is read by whoever asks for rows. With several, each has a
 * thread, which takes the next split when it is done with one: a slow split
 * delays no other. What a thread has read waits, up to a number of bytes for
 * each split, and for all before another one is begun. In the order of the
 * splits that of the first one is taken first, which always has room to go on.
 *
 * Where a connection is lost, a split goes on over another behind the last rows
 * that have come, if their order tells where that is.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdengineerror.h"
#include "gsttdenginereader.h"
#include "gsttdenginesettings-private.h"

/* of one split, and of all before another one is begun */
#define MAX_WAITING_BYTES (2 * 1024 * 1024)
#define MAX_TOTAL_BYTES (8 * 1024 * 1024)

/* a split that is being read, or waits to be taken */
typedef struct
{
  guint64 split;
  GQueue rows;                  /* GstTDengineRows */
  gsize n_bytes;
  gboolean finished;            /* nothing comes any more */
} Part;

/* a split on its way */
typedef struct
{
  GstTDengineConnection *connection;
  guint64 split;
  GstTDengineQuery *query;
  GstTDengineRows *last;        /* the last rows of it that have come */
  guint n_losses;               /* of the connection, since then */
} Stream;

struct _GstTDengineReader
{
  GstTDengineSettings *settings;        /* of the others */
  guint64 n_splits;
  GstTDengineSplitFunc get_sql;
  GstTDengineSplitFunc get_name;
  GstTDengineRestFunc get_rest;
  GstTDengineReconnectFunc tell;
  gpointer data;
  guint parallelism;
  gboolean ordered;

  Stream first;                 /* of who asks for rows, or the first thread */

  GPtrArray *threads;           /* GThread, once there are any */
  GCancellable *stopped;        /* no one asks any more */

  GMutex lock;
  GCond changed;
  guint64 next_split;           /* under lock */
  GPtrArray *parts;             /* Part, in the order of splits, under lock */
  gsize n_bytes;                /* of all parts, under lock */
  guint n_running;              /* threads, under lock */
  GstTDengineSchema *schema;    /* of all splits, under lock */
  GError *failed;               /* under lock */
};

static gsize
count_bytes (GstTDengineRows * rows)
{
  return gst_buffer_get_size (gst_tdengine_rows_get_buffer (rows));
}

static void
part_free (gpointer data)
{
  Part *part = data;

  g_queue_clear_full (&part->rows, (GDestroyNotify) gst_tdengine_rows_unref);
  g_free (part);
}

/* settings are copied; data has to stay as long as the reader */
GstTDengineReader *
gst_tdengine_reader_new (GstTDengineConnection * connection,
    const GstTDengineSettings * settings, guint64 n_splits,
    GstTDengineSplitFunc get_sql, GstTDengineSplitFunc get_name,
    GstTDengineRestFunc get_rest, GstTDengineReconnectFunc tell,
    gpointer data, guint parallelism, gboolean ordered)
{
  GstTDengineReader *self = g_new0 (GstTDengineReader, 1);

  self->first.connection = g_object_ref (connection);
  self->settings = gst_tdengine_settings_copy (settings);
  self->n_splits = n_splits;
  self->get_sql = get_sql;
  self->get_name = get_name;
  self->get_rest = get_rest;
  self->tell = tell;
  self->data = data;
  self->parallelism = MIN (parallelism, n_splits);
  self->ordered = ordered;
  self->threads = g_ptr_array_new ();
  self->stopped = g_cancellable_new ();
  self->parts = g_ptr_array_new_with_free_func (part_free);
  g_mutex_init (&self->lock);
  g_cond_init (&self->changed);
  return self;
}

static void
stream_end (Stream * stream)
{
  g_clear_object (&stream->query);
  g_clear_pointer (&stream->last, gst_tdengine_rows_unref);
  stream->n_losses = 0;
}

static void
stream_clear (Stream * stream)
{
  stream_end (stream);
  g_clear_object (&stream->connection);
}

static void
wake_up (GCancellable * cancellable, gpointer data)
{
  GstTDengineReader *self = data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_cond_broadcast (&self->changed);
}

/* waits for no server */
void
gst_tdengine_reader_free (GstTDengineReader * self)
{
  g_cancellable_cancel (self->stopped);
  wake_up (NULL, self);
  for (guint i = 0; i < self->threads->len; i++)
    g_thread_join (g_ptr_array_index (self->threads, i));
  g_ptr_array_unref (self->threads);
  stream_clear (&self->first);
  gst_tdengine_settings_free (self->settings);
  g_object_unref (self->stopped);
  g_ptr_array_unref (self->parts);
  g_clear_pointer (&self->schema, gst_tdengine_schema_unref);
  g_clear_error (&self->failed);
  g_cond_clear (&self->changed);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* buffers of one stream have the same columns */
static gboolean
check_schema (GstTDengineReader * self, GstTDengineQuery * query,
    GError ** error)
{
  GstTDengineSchema *schema = gst_tdengine_query_get_schema (query);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (!self->schema)
    self->schema = gst_tdengine_schema_ref (schema);
  if (gst_tdengine_schema_equal (self->schema, schema))
    return TRUE;
  g_set_error_literal (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_SCHEMA,
      "Its columns are not those of the first one");
  return FALSE;
}

static gboolean
open_query (GstTDengineReader * self, Stream * stream, const gchar * sql,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GstTDengineQuery) query =
      gst_tdengine_connection_query (stream->connection, sql, cancellable,
      error);

  if (!query || !check_schema (self, query, error))
    return FALSE;
  g_set_object (&stream->query, query);
  return TRUE;
}

/* the statement for what is missing, or NULL with an error */
static gchar *
make_rest (GstTDengineReader * self, Stream * stream, const GError * reason,
    GError ** error)
{
  gchar *sql = stream->last ?
      self->get_rest (stream->split, stream->last, self->data) :
      self->get_sql (stream->split, self->data);

  if (!sql)
    g_set_error (error, reason->domain, reason->code, "%s (there is no going "
        "on: which rows have come does not show by their times)",
        reason->message);
  return sql;
}

/* Takes the reason. FALSE with it, or another, where reading can't go on. */
static gboolean
resume (GstTDengineReader * self, Stream * stream, GError * reason,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GError) owned = reason;

  while (owned) {
    g_autoptr (GError) local = NULL;
    g_autofree gchar *sql = NULL;

    g_clear_object (&stream->query);
    if (!gst_tdengine_reconnect (&stream->connection, owned,
            stream->n_losses++, self->tell, self->data, cancellable, error))
      return FALSE;
    sql = make_rest (self, stream, owned, error);
    if (!sql)
      return FALSE;
    open_query (self, stream, sql, cancellable, &local);
    g_clear_error (&owned);
    owned = g_steal_pointer (&local);
  }
  return TRUE;
}

static gboolean
open_split (GstTDengineReader * self, Stream * stream, const gchar * sql,
    GCancellable * cancellable, GError ** error)
{
  GError *local = NULL;

  if (open_query (self, stream, sql, cancellable, &local)
      || resume (self, stream, local, cancellable, error))
    return TRUE;
  if (self->n_splits > 1) {
    g_autofree gchar *name = self->get_name (stream->split, self->data);

    g_prefix_error (error, "Split \"%s\": ", name);
  }
  return FALSE;
}

/* FALSE with an error; rows are NULL at the split's end */
static gboolean
read_rows (GstTDengineReader * self, Stream * stream, GstTDengineRows ** rows,
    GCancellable * cancellable, GError ** error)
{
  GError *local = NULL;

  while (!(*rows = gst_tdengine_query_next (stream->query, cancellable,
              &local)) && local) {
    if (!resume (self, stream, g_steal_pointer (&local), cancellable, error))
      return FALSE;
  }
  g_clear_pointer (&stream->last, gst_tdengine_rows_unref);
  stream->n_losses = 0;
  if (!*rows)
    stream_end (stream);
  else if (self->settings->auto_reconnect)
    stream->last = gst_tdengine_rows_ref (*rows);
  return TRUE;
}

/* the first one, or what has come in its place; while no thread reads */
GstTDengineConnection *
gst_tdengine_reader_get_connection (GstTDengineReader * self)
{
  return self->first.connection;
}

/* the columns, or NULL before any split was opened; owned by the reader */
GstTDengineSchema *
gst_tdengine_reader_get_schema (GstTDengineReader * self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return self->schema;
}

/* one connection */

/* FALSE at the end, or with an error */
static gboolean
open_next (GstTDengineReader * self, GCancellable * cancellable,
    GError ** error)
{
  while (self->next_split < self->n_splits) {
    g_autofree gchar *sql = self->get_sql (self->next_split, self->data);

    if (sql) {
      gboolean opened;

      self->first.split = self->next_split;
      opened = open_split (self, &self->first, sql, cancellable, error);
      /* a cancelled call asks again */
      self->next_split += opened;
      return opened;
    }
    self->next_split++;
  }
  return FALSE;
}

static gboolean
read_here (GstTDengineReader * self, GstTDengineRead * read,
    GCancellable * cancellable, GError ** error)
{
  if (!self->first.query && !open_next (self, cancellable, error))
    return FALSE;
  read->split = self->first.split;
  return read_rows (self, &self->first, &read->rows, cancellable, error);
}

/* several */

/* the statement for the next split that has one, and where its rows go */
static gchar *
take_split (GstTDengineReader * self, Part ** part)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  while (self->n_bytes >= MAX_TOTAL_BYTES
      && !g_cancellable_is_cancelled (self->stopped))
    g_cond_wait (&self->changed, &self->lock);
  while (self->next_split < self->n_splits && !self->failed) {
    guint64 split = self->next_split++;
    gchar *sql = self->get_sql (split, self->data);

    if (!sql)
      continue;
    *part = g_new0 (Part, 1);
    (*part)->split = split;
    g_queue_init (&(*part)->rows);
    g_ptr_array_add (self->parts, *part);
    return sql;
  }
  return NULL;
}

static gboolean
give_rows (GstTDengineReader * self, Part * part, GstTDengineRows * rows)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  while (part->n_bytes >= MAX_WAITING_BYTES
      && !g_cancellable_is_cancelled (self->stopped))
    g_cond_wait (&self->changed, &self->lock);
  part->n_bytes += count_bytes (rows);
  self->n_bytes += count_bytes (rows);
  g_queue_push_tail (&part->rows, rows);
  g_cond_broadcast (&self->changed);
  return !self->failed && !g_cancellable_is_cancelled (self->stopped);
}

static gboolean
read_split (GstTDengineReader * self, Stream * stream, const gchar * sql,
    Part * part, GError ** error)
{
  GstTDengineRows *rows;

  stream->split = part->split;
  if (!open_split (self, stream, sql, self->stopped, error))
    return FALSE;
  while (TRUE) {
    if (!read_rows (self, stream, &rows, self->stopped, error)
        || (rows && !give_rows (self, part, rows)))
      return FALSE;
    if (!rows)
      break;
  }
  g_mutex_lock (&self->lock);
  part->finished = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gboolean
read_splits (GstTDengineReader * self, Stream * stream, GError ** error)
{
  Part *part;
  gchar *taken;

  while ((taken = take_split (self, &part))) {
    g_autofree gchar *sql = taken;

    if (!read_split (self, stream, sql, part, error))
      return FALSE;
  }
  return TRUE;
}

static void
end_thread (GstTDengineReader * self, GError * error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->n_running--;
  if (error && !self->failed)
    self->failed = g_error_copy (error);
  g_cond_broadcast (&self->changed);
}

static gpointer
read_first (gpointer data)
{
  GstTDengineReader *self = data;
  g_autoptr (GError) error = NULL;

  read_splits (self, &self->first, &error);
  end_thread (self, error);
  return NULL;
}

static gpointer
read_more (gpointer data)
{
  GstTDengineReader *self = data;
  Stream stream = { gst_tdengine_connection_new (self->settings) };
  g_autoptr (GError) error = NULL;

  if (gst_tdengine_connection_open (stream.connection, self->stopped, &error))
    read_splits (self, &stream, &error);
  stream_clear (&stream);
  end_thread (self, error);
  return NULL;
}

static void
start_threads (GstTDengineReader * self)
{
  self->n_running = self->parallelism;
  for (guint i = 0; i < self->parallelism; i++)
    g_ptr_array_add (self->threads, g_thread_new ("tdengine-split",
            i == 0 ? read_first : read_more, self));
}

/* rows of a part, or its end; FALSE where there is neither, yet */
static gboolean
take_from_locked (GstTDengineReader * self, guint index, GstTDengineRead * read)
{
  Part *part = g_ptr_array_index (self->parts, index);

  read->split = part->split;
  read->rows = g_queue_pop_head (&part->rows);
  if (!read->rows && !part->finished)
    return FALSE;
  if (read->rows) {
    part->n_bytes -= count_bytes (read->rows);
    self->n_bytes -= count_bytes (read->rows);
  } else {
    g_ptr_array_remove_index (self->parts, index);
  }
  g_cond_broadcast (&self->changed);
  return TRUE;
}

static gboolean
take_locked (GstTDengineReader * self, GstTDengineRead * read)
{
  guint n = self->ordered ? MIN (self->parts->len, 1) : self->parts->len;

  for (guint i = 0; i < n; i++) {
    if (take_from_locked (self, i, read))
      return TRUE;
  }
  return FALSE;
}

static gboolean
wait_for_rows (GstTDengineReader * self, GstTDengineRead * read,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  while (!self->failed) {
    if (g_cancellable_set_error_if_cancelled (cancellable, error))
      return FALSE;
    if (take_locked (self, read))
      return TRUE;
    if (self->n_running == 0)
      return FALSE;
    g_cond_wait (&self->changed, &self->lock);
  }
  g_propagate_error (error, g_error_copy (self->failed));
  return FALSE;
}

/* The next rows. FALSE without an error when there are no more, and with one
 * otherwise; a call that was cancelled can be made again. */
gboolean
gst_tdengine_reader_next (GstTDengineReader * self, GstTDengineRead * read,
    GCancellable * cancellable, GError ** error)
{
  gulong id;
  gboolean done;

  if (self->parallelism <= 1)
    return read_here (self, read, cancellable, error);
  if (self->threads->len == 0)
    start_threads (self);
  id = cancellable ? g_cancellable_connect (cancellable,
      G_CALLBACK (wake_up), self, NULL) : 0;
  done = wait_for_rows (self, read, cancellable, error);
  g_cancellable_disconnect (cancellable, id);
  return done;
}
