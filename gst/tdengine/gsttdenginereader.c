/* tdengine reader: the splits of a query, over several connections
 *
 * One connection is read by whoever asks for rows. With several, each has a
 * thread, which takes the next split when it is done with one: a slow split
 * delays no other. What a thread has read waits, up to a number of bytes for
 * each split, and for all before another one is begun. In the order of the
 * splits that of the first one is taken first, which always has room to go on.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdengineerror.h"
#include "gsttdenginereader.h"

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

struct _GstTDengineReader
{
  GstTDengineConnection *connection;    /* the first one */
  GstTDengineSettings *settings;        /* of the others */
  guint64 n_splits;
  GstTDengineSplitFunc get_sql;
  GstTDengineSplitFunc get_name;
  gpointer data;
  guint parallelism;
  gboolean ordered;

  /* one connection: of who asks for rows */
  GstTDengineQuery *query;
  guint64 split;                /* of the query */

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
    gpointer data, guint parallelism, gboolean ordered)
{
  GstTDengineReader *self = g_new0 (GstTDengineReader, 1);

  self->connection = g_object_ref (connection);
  self->settings = gst_tdengine_settings_copy (settings);
  self->n_splits = n_splits;
  self->get_sql = get_sql;
  self->get_name = get_name;
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
  g_clear_object (&self->query);
  g_object_unref (self->connection);
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

static GstTDengineQuery *
open_split (GstTDengineReader * self, GstTDengineConnection * connection,
    guint64 split, const gchar * sql, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GstTDengineQuery) query =
      gst_tdengine_connection_query (connection, sql, cancellable, error);

  if (query && check_schema (self, query, error))
    return g_steal_pointer (&query);
  if (self->n_splits > 1) {
    g_autofree gchar *name = self->get_name (split, self->data);

    g_prefix_error (error, "Split \"%s\": ", name);
  }
  return NULL;
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
      self->split = self->next_split;
      self->query = open_split (self, self->connection, self->split, sql,
          cancellable, error);
      /* a cancelled call asks again */
      self->next_split += self->query != NULL;
      return self->query != NULL;
    }
    self->next_split++;
  }
  return FALSE;
}

static gboolean
read_here (GstTDengineReader * self, GstTDengineRead * read,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GError) local = NULL;

  if (!self->query && !open_next (self, cancellable, error))
    return FALSE;
  read->split = self->split;
  read->rows = gst_tdengine_query_next (self->query, cancellable, &local);
  if (local) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  if (!read->rows)
    g_clear_object (&self->query);
  return TRUE;
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
read_split (GstTDengineReader * self, GstTDengineConnection * connection,
    const gchar * sql, Part * part, GError ** error)
{
  g_autoptr (GstTDengineQuery) query =
      open_split (self, connection, part->split, sql, self->stopped, error);
  g_autoptr (GError) local = NULL;
  GstTDengineRows *rows;

  if (!query)
    return FALSE;
  while ((rows = gst_tdengine_query_next (query, self->stopped, &local)))
    if (!give_rows (self, part, rows))
      return FALSE;
  if (local) {
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }
  g_mutex_lock (&self->lock);
  part->finished = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gboolean
read_splits (GstTDengineReader * self, GstTDengineConnection * connection,
    GError ** error)
{
  Part *part;
  gchar *taken;

  while ((taken = take_split (self, &part))) {
    g_autofree gchar *sql = taken;

    if (!read_split (self, connection, sql, part, error))
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

  read_splits (self, self->connection, &error);
  end_thread (self, error);
  return NULL;
}

static gpointer
read_more (gpointer data)
{
  GstTDengineReader *self = data;
  g_autoptr (GstTDengineConnection) connection =
      gst_tdengine_connection_new (self->settings);
  g_autoptr (GError) error = NULL;

  if (gst_tdengine_connection_open (connection, self->stopped, &error))
    read_splits (self, connection, &error);
  gst_tdengine_connection_close (connection);
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
