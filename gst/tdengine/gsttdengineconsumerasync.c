/* tdengine consumer: the twins that do not block
 *
 * Each is the blocking call in a thread of GIO's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdengineconsumer.h"

/* what a call is made with */
typedef struct
{
  gchar **topics;
  GstStructure *options;
  guint timeout;
  gchar *topic;
  gint vgroup;
  gint64 position;
} Call;

static void
free_call (gpointer data)
{
  Call *call = data;

  g_strfreev (call->topics);
  g_clear_pointer (&call->options, gst_structure_free);
  g_free (call->topic);
  g_free (call);
}

static void
run (GstTDengineConsumer * self, gpointer tag, GTaskThreadFunc func,
    Call call, GCancellable * cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  g_autoptr (GTask) task = g_task_new (self, cancellable, callback, user_data);

  g_task_set_source_tag (task, tag);
  g_task_set_task_data (task, g_memdup2 (&call, sizeof call), free_call);
  g_task_run_in_thread (task, func);
}

static void
return_boolean (GTask * task, gboolean done, GError * error)
{
  if (done)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static void
return_pointer (GTask * task, gpointer result, GDestroyNotify destroy,
    GError * error)
{
  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, result, destroy);
}

static void
subscribe_in_thread (GTask * task, gpointer source, gpointer data,
    GCancellable * cancellable)
{
  const Call *call = data;
  GError *error = NULL;
  gboolean done = gst_tdengine_consumer_subscribe (source,
      (const gchar * const *) call->topics, call->options,
      cancellable, &error);

  return_boolean (task, done, error);
}

/**
 * gst_tdengine_consumer_subscribe_async:
 * @consumer: a consumer
 * @topics: (array zero-terminated=1): the topics to follow
 * @options: what the server is to know
 * @cancellable: (nullable): to give up waiting
 * @callback: (scope async): called in the thread's main context when done
 * @user_data: for @callback
 *
 * [method@GstTDengine.Consumer.subscribe] without blocking.
 */
void
gst_tdengine_consumer_subscribe_async (GstTDengineConsumer * consumer,
    const gchar * const *topics,
    const GstStructure * options,
    GCancellable * cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  const Call call = {.topics = g_strdupv ((gchar **) topics),.options =
        gst_structure_copy (options)
  };

  run (consumer, gst_tdengine_consumer_subscribe_async, subscribe_in_thread,
      call, cancellable, callback, user_data);
}

/**
 * gst_tdengine_consumer_subscribe_finish:
 * @consumer: a consumer
 * @result: what the callback got
 * @error: (out) (optional): return location for an error
 *
 * Ends [method@GstTDengine.Consumer.subscribe_async].
 *
 * Returns: %FALSE with an error
 */
gboolean
gst_tdengine_consumer_subscribe_finish (GstTDengineConsumer * consumer,
    GAsyncResult * result, GError ** error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
poll_in_thread (GTask * task, gpointer source, gpointer data,
    GCancellable * cancellable)
{
  const Call *call = data;
  GError *error = NULL;
  GstTDengineTopicMessage *result =
      gst_tdengine_consumer_poll (source, call->timeout,
      cancellable, &error);

  return_pointer (task, result,
      (GDestroyNotify) gst_tdengine_topic_message_unref, error);
}

/**
 * gst_tdengine_consumer_poll_async:
 * @consumer: a consumer
 * @timeout: how long the server may wait for a message, in ms
 * @cancellable: (nullable): to give up waiting
 * @callback: (scope async): called in the thread's main context when done
 * @user_data: for @callback
 *
 * [method@GstTDengine.Consumer.poll] without blocking.
 */
void
gst_tdengine_consumer_poll_async (GstTDengineConsumer * consumer,
    guint timeout,
    GCancellable * cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  const Call call = {.timeout = timeout };

  run (consumer, gst_tdengine_consumer_poll_async, poll_in_thread, call,
      cancellable, callback, user_data);
}

/**
 * gst_tdengine_consumer_poll_finish:
 * @consumer: a consumer
 * @result: what the callback got
 * @error: (out) (optional): return location for an error
 *
 * Ends [method@GstTDengine.Consumer.poll_async].
 *
 * Returns: (transfer full) (nullable): a message, or %NULL
 */
GstTDengineTopicMessage *
gst_tdengine_consumer_poll_finish (GstTDengineConsumer * consumer,
    GAsyncResult * result, GError ** error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
get_assignments_in_thread (GTask * task, gpointer source, gpointer data,
    GCancellable * cancellable)
{
  GError *error = NULL;
  GPtrArray *result = gst_tdengine_consumer_get_assignments (source,
      cancellable, &error);

  return_pointer (task, result, (GDestroyNotify) g_ptr_array_unref, error);
}

/**
 * gst_tdengine_consumer_get_assignments_async:
 * @consumer: a consumer
 * @cancellable: (nullable): to give up waiting
 * @callback: (scope async): called in the thread's main context when done
 * @user_data: for @callback
 *
 * [method@GstTDengine.Consumer.get_assignments] without blocking.
 */
void
gst_tdengine_consumer_get_assignments_async (GstTDengineConsumer * consumer,
    GCancellable * cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  const Call call = { 0 };

  run (consumer, gst_tdengine_consumer_get_assignments_async,
      get_assignments_in_thread, call, cancellable, callback, user_data);
}

/**
 * gst_tdengine_consumer_get_assignments_finish:
 * @consumer: a consumer
 * @result: what the callback got
 * @error: (out) (optional): return location for an error
 *
 * Ends [method@GstTDengine.Consumer.get_assignments_async].
 *
 * Returns: (transfer container) (element-type GstTDengineAssignment): the vgroups of
 *   all topics; %NULL with an error
 */
GPtrArray *
gst_tdengine_consumer_get_assignments_finish (GstTDengineConsumer * consumer,
    GAsyncResult * result, GError ** error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}

static void
seek_in_thread (GTask * task, gpointer source, gpointer data,
    GCancellable * cancellable)
{
  const Call *call = data;
  GError *error = NULL;
  gboolean done = gst_tdengine_consumer_seek (source, call->topic, call->vgroup,
      call->position,
      cancellable, &error);

  return_boolean (task, done, error);
}

/**
 * gst_tdengine_consumer_seek_async:
 * @consumer: a consumer
 * @topic: one of its topics
 * @vgroup: one of its vgroups
 * @position: where to go on reading
 * @cancellable: (nullable): to give up waiting
 * @callback: (scope async): called in the thread's main context when done
 * @user_data: for @callback
 *
 * [method@GstTDengine.Consumer.seek] without blocking.
 */
void
gst_tdengine_consumer_seek_async (GstTDengineConsumer * consumer,
    const gchar * topic,
    gint vgroup,
    gint64 position,
    GCancellable * cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  const Call call = {.topic = g_strdup (topic),.vgroup = vgroup,.position =
        position
  };

  run (consumer, gst_tdengine_consumer_seek_async, seek_in_thread, call,
      cancellable, callback, user_data);
}

/**
 * gst_tdengine_consumer_seek_finish:
 * @consumer: a consumer
 * @result: what the callback got
 * @error: (out) (optional): return location for an error
 *
 * Ends [method@GstTDengine.Consumer.seek_async].
 *
 * Returns: %FALSE with an error
 */
gboolean
gst_tdengine_consumer_seek_finish (GstTDengineConsumer * consumer,
    GAsyncResult * result, GError ** error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
commit_in_thread (GTask * task, gpointer source, gpointer data,
    GCancellable * cancellable)
{
  const Call *call = data;
  GError *error = NULL;
  gboolean done =
      gst_tdengine_consumer_commit (source, call->topic, call->vgroup,
      call->position,
      cancellable, &error);

  return_boolean (task, done, error);
}

/**
 * gst_tdengine_consumer_commit_async:
 * @consumer: a consumer
 * @topic: one of its topics
 * @vgroup: one of its vgroups
 * @position: where the group's next reader of the vgroup starts
 * @cancellable: (nullable): to give up waiting
 * @callback: (scope async): called in the thread's main context when done
 * @user_data: for @callback
 *
 * [method@GstTDengine.Consumer.commit] without blocking.
 */
void
gst_tdengine_consumer_commit_async (GstTDengineConsumer * consumer,
    const gchar * topic,
    gint vgroup,
    gint64 position,
    GCancellable * cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  const Call call = {.topic = g_strdup (topic),.vgroup = vgroup,.position =
        position
  };

  run (consumer, gst_tdengine_consumer_commit_async, commit_in_thread, call,
      cancellable, callback, user_data);
}

/**
 * gst_tdengine_consumer_commit_finish:
 * @consumer: a consumer
 * @result: what the callback got
 * @error: (out) (optional): return location for an error
 *
 * Ends [method@GstTDengine.Consumer.commit_async].
 *
 * Returns: %FALSE with an error
 */
gboolean
gst_tdengine_consumer_commit_finish (GstTDengineConsumer * consumer,
    GAsyncResult * result, GError ** error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
unsubscribe_in_thread (GTask * task, gpointer source, gpointer data,
    GCancellable * cancellable)
{
  GError *error = NULL;
  gboolean done = gst_tdengine_consumer_unsubscribe (source,
      cancellable, &error);

  return_boolean (task, done, error);
}

/**
 * gst_tdengine_consumer_unsubscribe_async:
 * @consumer: a consumer
 * @cancellable: (nullable): to give up waiting
 * @callback: (scope async): called in the thread's main context when done
 * @user_data: for @callback
 *
 * [method@GstTDengine.Consumer.unsubscribe] without blocking.
 */
void
gst_tdengine_consumer_unsubscribe_async (GstTDengineConsumer * consumer,
    GCancellable * cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  const Call call = { 0 };

  run (consumer, gst_tdengine_consumer_unsubscribe_async, unsubscribe_in_thread,
      call, cancellable, callback, user_data);
}

/**
 * gst_tdengine_consumer_unsubscribe_finish:
 * @consumer: a consumer
 * @result: what the callback got
 * @error: (out) (optional): return location for an error
 *
 * Ends [method@GstTDengine.Consumer.unsubscribe_async].
 *
 * Returns: %FALSE with an error
 */
gboolean
gst_tdengine_consumer_unsubscribe_finish (GstTDengineConsumer * consumer,
    GAsyncResult * result, GError ** error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
