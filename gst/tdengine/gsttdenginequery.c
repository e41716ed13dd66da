/* tdengine query: the rows of a statement
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdengineconnection-private.h"
#include "gsttdengineerror-private.h"
#include "gsttdenginepool.h"
#include "gsttdenginequery-private.h"

/* how much may wait for its reader; one block more may be under way */
#define MAX_QUEUED_BYTES (4 * 1024 * 1024)

struct _GstTDengineQuery
{
  GObject parent_instance;

  GstTDengineConnection *connection;
  GstTDengineSchema *schema;

  /* under the connection's lock */
  GstTDengineRequest fetch;
  GQueue blocks;                /* GstBuffer */
  gsize queued_bytes;
  gboolean finished;            /* or failed: the server has freed the result */
  gint code;
  gchar *text;

  GError *failed;               /* of the reading thread */
};

G_DEFINE_FINAL_TYPE (GstTDengineQuery, gst_tdengine_query, G_TYPE_OBJECT);

static void
gst_tdengine_query_init (GstTDengineQuery * self)
{
  g_queue_init (&self->blocks);
}

static void
gst_tdengine_query_finalize (GObject * object)
{
  GstTDengineQuery *self = GST_TDENGINE_QUERY (object);

  gst_tdengine_connection_forget (self->connection, &self->fetch);
  if (!self->finished)
    gst_tdengine_connection_post_text (self->connection,
        gst_tdengine_messages_free_result (gst_tdengine_connection_next_id
            (self->connection), self->fetch.resource_id));
  g_queue_clear_full (&self->blocks, (GDestroyNotify) gst_buffer_unref);
  g_free (self->text);
  g_clear_error (&self->failed);
  gst_tdengine_schema_unref (self->schema);
  g_object_unref (self->connection);
  G_OBJECT_CLASS (gst_tdengine_query_parent_class)->finalize (object);
}

static void
gst_tdengine_query_class_init (GstTDengineQueryClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_tdengine_query_finalize;
}

/* the block keeps the memory that it was received in */
static GstBuffer *
take_block (GstTDengineRequest * request)
{
  guint8 *memory = g_steal_pointer (&request->message.memory);
  gsize before = request->message.data - memory;

  return gst_buffer_new_wrapped_full (0, memory,
      before + request->message.size, before + request->reply.block_offset,
      request->reply.block_size, memory, gst_tdengine_pool_give_back);
}

static GstTDengineNext
on_block (GstTDengineRequest * request)
{
  GstTDengineQuery *self =
      (GstTDengineQuery *) ((guint8 *) request -
      G_STRUCT_OFFSET (GstTDengineQuery, fetch));

  /* an error also says that it is finished: the code comes first */
  self->code = request->reply.code;
  if (self->code != 0)
    self->text = g_strdup (request->reply.text);
  self->finished = self->code != 0 || request->reply.finished;
  if (self->finished)
    return GST_TDENGINE_NEXT_NOTHING;
  self->queued_bytes += request->reply.block_size;
  g_queue_push_tail (&self->blocks, take_block (request));
  return self->queued_bytes < MAX_QUEUED_BYTES ?
      GST_TDENGINE_NEXT_FETCH : GST_TDENGINE_NEXT_NOTHING;
}

GstTDengineQuery *
gst_tdengine_query_new (GstTDengineConnection * connection, guint64 id,
    GstTDengineSchema * schema)
{
  GstTDengineQuery *self = g_object_new (GST_TYPE_TDENGINE_QUERY, NULL);

  self->connection = g_object_ref (connection);
  self->schema = gst_tdengine_schema_ref (schema);
  self->fetch.resource_id = id;
  self->fetch.on_reply = on_block;
  return self;
}

/**
 * gst_tdengine_query_get_schema:
 * @query: a query
 *
 * Gets the columns of the rows.
 *
 * Returns: (transfer none): the schema
 */
GstTDengineSchema *
gst_tdengine_query_get_schema (GstTDengineQuery * query)
{
  return query->schema;
}

static GstBuffer *
pop_locked (GstTDengineQuery * self)
{
  GstBuffer *block = g_queue_pop_head (&self->blocks);

  if (block)
    self->queued_bytes -= gst_buffer_get_size (block);
  return block;
}

/* a block that has come, and whether another one is to be asked for, which
 * after a pause nobody has done */
static GstBuffer *
take_queued (GstTDengineQuery * self, gboolean * wanted)
{
  GstBuffer *block;

  gst_tdengine_connection_lock (self->connection);
  block = pop_locked (self);
  *wanted = !self->finished && !self->fetch.under_way
      && self->queued_bytes < MAX_QUEUED_BYTES;
  gst_tdengine_connection_unlock (self->connection);
  return block;
}

/* the next block, or NULL at the end or with an error */
static GstBuffer *
wait_for_block (GstTDengineQuery * self, GCancellable * cancellable,
    GError ** error)
{
  gulong id = gst_tdengine_connection_watch (self->connection, cancellable);
  GstBuffer *block = NULL;

  gst_tdengine_connection_lock (self->connection);
  while (!(block = pop_locked (self)) && !self->finished
      && gst_tdengine_connection_wait_locked (self->connection, &self->fetch,
          cancellable, error));
  if (!block && self->code != 0)
    gst_tdengine_error_set_server (error, self->code, self->text);
  gst_tdengine_connection_unlock (self->connection);
  g_cancellable_disconnect (cancellable, id);
  return block;
}

static GstTDengineRows *
read_block (GstTDengineQuery * self, GCancellable * cancellable,
    GError ** error)
{
  gboolean wanted;
  g_autoptr (GstBuffer) block = take_queued (self, &wanted);

  /* blocks that came before the connection went are handed out first */
  if (wanted
      && !gst_tdengine_connection_fetch (self->connection, &self->fetch,
          block ? NULL : error) && !block)
    return NULL;
  if (!block)
    block = wait_for_block (self, cancellable, error);
  return block ? gst_tdengine_rows_new (self->schema, block, error) : NULL;
}

/**
 * gst_tdengine_query_next:
 * @query: a query
 * @cancellable: (nullable): to stop waiting; no row is lost by it
 * @error: (out) (optional): return location for an error
 *
 * Reads the next block of rows, waiting for it where it has to.
 *
 * Returns: (transfer full) (nullable): rows; %NULL without an error after the
 *   last ones, %NULL with one otherwise
 */
GstTDengineRows *
gst_tdengine_query_next (GstTDengineQuery * query, GCancellable * cancellable,
    GError ** error)
{
  GstTDengineRows *rows = NULL;
  g_autoptr (GError) local = NULL;

  if (!query->failed)
    rows = read_block (query, cancellable, &local);
  /* there is no going on behind a block that is missing */
  if (local && !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    query->failed = g_steal_pointer (&local);
  if (query->failed)
    g_propagate_error (error, g_error_copy (query->failed));
  else if (local)
    g_propagate_error (error, g_steal_pointer (&local));
  return rows;
}

static void
next_in_thread (GTask * task, gpointer source, gpointer data,
    GCancellable * cancellable)
{
  GError *error = NULL;
  GstTDengineRows *rows = gst_tdengine_query_next (source, cancellable, &error);

  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, rows,
        (GDestroyNotify) gst_tdengine_rows_unref);
}

/**
 * gst_tdengine_query_next_async:
 * @query: a query
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called in the thread's main context when done
 * @user_data: for @callback
 *
 * [method@GstTDengine.Query.next] without blocking.
 */
void
gst_tdengine_query_next_async (GstTDengineQuery * query,
    GCancellable * cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (query, cancellable, callback, user_data);

  g_task_set_source_tag (task, gst_tdengine_query_next_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_run_in_thread (task, next_in_thread);
}

/**
 * gst_tdengine_query_next_finish:
 * @query: a query
 * @result: what the callback got
 * @error: (out) (optional): return location for an error
 *
 * Ends [method@GstTDengine.Query.next_async].
 *
 * Returns: (transfer full) (nullable): rows; %NULL without an error after the
 *   last ones
 */
GstTDengineRows *
gst_tdengine_query_next_finish (GstTDengineQuery * query,
    GAsyncResult * result, GError ** error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
