/* tdengine consumer: follows topics as a member of a group
 *
 * A message is asked for in two or three steps, each sent by who has read the
 * reply to the one before: poll, what has changed, rows. Behind the last step the
 * next message is polled for. That is safe: the server frees a message when it is
 * polled for the next, and by then it has come; and what is committed is said
 * for each vgroup, so that what was polled does not matter.
 *
 * Where a reply is lost, its request is sent again. A poll tells the last message
 * that came, so that one that was lost comes again.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineconnection-private.h"
#include "gsttdengineconsumer.h"
#include "gsttdengineerror-private.h"
#include "gsttdenginesettings-private.h"
#include "gsttdenginesubscription.h"
#include "gsttdenginetopicmessage-private.h"

/* how much may wait for who polls; one message more may be under way */
#define MAX_QUEUED_BYTES (4 * 1024 * 1024)

/* the server's word for what is committed already */
#define SAME_OFFSET 0x4012
/* of taosAdapter, where it says nothing more */
#define OBJECTION 0xFFFF
#define OBJECTION_TO_OPTION 0xFFFE

typedef enum
{
  STEP_POLL,
  STEP_META,
  STEP_DATA,
} Step;

struct _GstTDengineConsumer
{
  GObject parent_instance;

  GstTDengineSettings *settings;
  GstTDengineConnection *connection;    /* from subscribe to finalize */
  gchar **topics;
  gint64 max_poll_interval;     /* us */

  /* under the connection's lock */
  GstTDengineRequest request;   /* of the next message */
  Step step;                    /* that the request is for */
  GstTDengineReceived *coming;
  guint64 last_id;              /* of the message that came last */
  GQueue received;              /* GstTDengineReceived */
  gsize received_bytes;
  gint64 last_poll;             /* monotonic, us */
  gboolean held;                /* nothing is asked for on its own */
  gboolean quiet;               /* a poll brought nothing */
  gint code;
  gchar *text;

  GError *failed;               /* of the polling thread */
};

G_DEFINE_FINAL_TYPE (GstTDengineConsumer, gst_tdengine_consumer, G_TYPE_OBJECT);
G_DEFINE_BOXED_TYPE (GstTDengineAssignment, gst_tdengine_assignment,
    gst_tdengine_assignment_copy, gst_tdengine_assignment_free);

/**
 * gst_tdengine_assignment_copy:
 * @assignment: an assignment
 *
 * Copies an assignment.
 *
 * Returns: (transfer full): a copy
 */
GstTDengineAssignment *
gst_tdengine_assignment_copy (const GstTDengineAssignment * assignment)
{
  GstTDengineAssignment *copy = g_memdup2 (assignment, sizeof *assignment);

  copy->topic = g_strdup (assignment->topic);
  return copy;
}

/**
 * gst_tdengine_assignment_free:
 * @assignment: (transfer full): an assignment
 *
 * Frees an assignment.
 */
void
gst_tdengine_assignment_free (GstTDengineAssignment * assignment)
{
  g_free (assignment->topic);
  g_free (assignment);
}

static GstTDengineNext on_reply (GstTDengineRequest * request);

static void
gst_tdengine_consumer_init (GstTDengineConsumer * self)
{
  g_queue_init (&self->received);
  self->request.on_reply = on_reply;
}

static void
gst_tdengine_consumer_finalize (GObject * object)
{
  GstTDengineConsumer *self = GST_TDENGINE_CONSUMER (object);

  if (self->connection) {
    gst_tdengine_connection_close (self->connection);
    gst_tdengine_connection_forget (self->connection, &self->request);
  }
  g_clear_object (&self->connection);
  g_queue_clear_full (&self->received,
      (GDestroyNotify) gst_tdengine_received_free);
  g_clear_pointer (&self->coming, gst_tdengine_received_free);
  g_strfreev (self->topics);
  g_free (self->text);
  g_clear_error (&self->failed);
  gst_tdengine_settings_free (self->settings);
  G_OBJECT_CLASS (gst_tdengine_consumer_parent_class)->finalize (object);
}

static void
gst_tdengine_consumer_class_init (GstTDengineConsumerClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_tdengine_consumer_finalize;
}

/**
 * gst_tdengine_consumer_new:
 * @settings: where the server is and who asks; they are copied
 *
 * Makes a consumer that follows nothing yet.
 *
 * Returns: (transfer full): a consumer
 */
GstTDengineConsumer *
gst_tdengine_consumer_new (const GstTDengineSettings * settings)
{
  GstTDengineConsumer *self = g_object_new (GST_TYPE_TDENGINE_CONSUMER, NULL);

  self->settings = gst_tdengine_settings_copy (settings);
  return self;
}

/* what comes */

static gsize
count_bytes (const GstTDengineReceived * received)
{
  return received->data_size + (received->meta ? strlen (received->meta) : 0);
}

static void
step_to_locked (GstTDengineConsumer * self, Step step)
{
  self->step = step;
  self->request.resource_id = step == STEP_POLL ? self->last_id :
      self->coming->poll.message_id;
  if (step == STEP_POLL)
    self->last_poll = g_get_monotonic_time ();
}

static GstTDengineNext
message_is_whole_locked (GstTDengineConsumer * self)
{
  self->last_id = self->coming->poll.message_id;
  self->received_bytes += count_bytes (self->coming);
  g_queue_push_tail (&self->received, g_steal_pointer (&self->coming));
  if (self->held || self->received_bytes >= MAX_QUEUED_BYTES) {
    self->step = STEP_POLL;
    return GST_TDENGINE_NEXT_NOTHING;
  }
  step_to_locked (self, STEP_POLL);
  return GST_TDENGINE_NEXT_POLL;
}

static GstTDengineNext
on_polled_locked (GstTDengineConsumer * self, GstTDengineReply * reply)
{
  if (reply->poll.kind == GST_TDENGINE_TOPIC_NOTHING) {
    self->quiet = TRUE;
    return GST_TDENGINE_NEXT_NOTHING;
  }
  self->coming = g_new0 (GstTDengineReceived, 1);
  self->coming->poll = reply->poll;
  memset (&reply->poll, 0, sizeof reply->poll);
  if (self->coming->poll.kind == GST_TDENGINE_TOPIC_DATA) {
    step_to_locked (self, STEP_DATA);
    return GST_TDENGINE_NEXT_FETCH_DATA;
  }
  step_to_locked (self, STEP_META);
  return GST_TDENGINE_NEXT_FETCH_META;
}

static GstTDengineNext
on_meta_locked (GstTDengineConsumer * self, GstTDengineReply * reply)
{
  self->coming->meta = g_steal_pointer (&reply->meta);
  self->coming->change = g_steal_pointer (&reply->change);
  if (self->coming->poll.kind == GST_TDENGINE_TOPIC_META)
    return message_is_whole_locked (self);
  step_to_locked (self, STEP_DATA);
  return GST_TDENGINE_NEXT_FETCH_DATA;
}

static GstTDengineNext
on_data_locked (GstTDengineConsumer * self, GstTDengineRequest * request)
{
  self->coming->message = request->message;
  memset (&request->message, 0, sizeof request->message);
  self->coming->data_offset = request->reply.block_offset;
  self->coming->data_size = request->reply.block_size;
  self->coming->raw_type = request->reply.raw_type;
  return message_is_whole_locked (self);
}

/* whether the reply is to the step it is taken for: each has a form of its own */
static gboolean
fits_step (Step step, const GstTDengineReply * reply)
{
  static const gchar *const actions[] = {
    "poll", "fetch_json_meta", "fetch_raw_data"
  };

  return g_strcmp0 (reply->action, actions[step]) == 0;
}

static GstTDengineNext
on_reply (GstTDengineRequest * request)
{
  GstTDengineConsumer *self =
      (GstTDengineConsumer *) ((guint8 *) request -
      G_STRUCT_OFFSET (GstTDengineConsumer, request));
  GstTDengineReply *reply = &request->reply;

  if (reply->code != 0 || !fits_step (self->step, reply)) {
    self->code = reply->code ? reply->code : OBJECTION;
    self->text = g_strdup (reply->text);
    return GST_TDENGINE_NEXT_NOTHING;
  }
  switch (self->step) {
    case STEP_POLL:
      return on_polled_locked (self, reply);
    case STEP_META:
      return on_meta_locked (self, reply);
    default:
      return on_data_locked (self, request);
  }
}

/* asking */

/* of the step that is due; without the lock */
static gboolean
send_step (GstTDengineConsumer * self, GError ** error)
{
  guint64 req_id = gst_tdengine_connection_next_id (self->connection);
  guint64 id = self->request.resource_id;
  gchar *text;

  switch (self->step) {
    case STEP_POLL:
      text = gst_tdengine_messages_poll (req_id, self->request.patience, id);
      break;
    case STEP_META:
      text = gst_tdengine_messages_fetch_meta (req_id, id);
      break;
    default:
      text = gst_tdengine_messages_fetch_data (req_id, id);
      break;
  }
  return gst_tdengine_connection_send_text (self->connection, &self->request,
      req_id, text, NULL, error);
}

static GstTDengineReceived *
pop_locked (GstTDengineConsumer * self)
{
  GstTDengineReceived *received = g_queue_pop_head (&self->received);

  if (received)
    self->received_bytes -= count_bytes (received);
  return received;
}

/* a message that has come, and whether one has to be asked for */
static GstTDengineReceived *
take_received (GstTDengineConsumer * self, guint timeout, gboolean * wanted)
{
  GstTDengineReceived *received;

  gst_tdengine_connection_lock (self->connection);
  received = pop_locked (self);
  *wanted = !self->request.under_way && self->code == 0
      && self->received_bytes < MAX_QUEUED_BYTES;
  if (*wanted)
    step_to_locked (self, STEP_POLL);
  self->quiet = FALSE;
  self->request.patience = timeout;
  gst_tdengine_connection_unlock (self->connection);
  return received;
}

/* until there is a message, or none, or no hope of one */
static GstTDengineReceived *
wait_for_message (GstTDengineConsumer * self, GCancellable * cancellable,
    GError ** error)
{
  gulong id = gst_tdengine_connection_watch (self->connection, cancellable);
  GstTDengineReceived *received = NULL;

  gst_tdengine_connection_lock (self->connection);
  while (!(received = pop_locked (self)) && !self->quiet && self->code == 0
      && gst_tdengine_connection_wait_locked (self->connection, &self->request,
          cancellable, error));
  if (!received && self->code != 0)
    gst_tdengine_error_set_server (error, self->code,
        self->text && *self->text ? self->text : "The server refused");
  gst_tdengine_connection_unlock (self->connection);
  g_cancellable_disconnect (cancellable, id);
  return received;
}

/* a reply that does not come is asked for once more */
static GstTDengineReceived *
wait_twice (GstTDengineConsumer * self, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GError) local = NULL;
  GstTDengineReceived *received = wait_for_message (self, cancellable, &local);

  if (g_error_matches (local, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_TIMEOUT)) {
    if (!send_step (self, error))
      return NULL;
    return wait_for_message (self, cancellable, error);
  }
  if (local)
    g_propagate_error (error, g_steal_pointer (&local));
  return received;
}

static GstTDengineTopicMessage *
read_message (GstTDengineConsumer * self, guint timeout,
    GCancellable * cancellable, GError ** error)
{
  gboolean wanted;
  GstTDengineReceived *received = take_received (self, timeout, &wanted);

  /* what came before the connection went is handed out first */
  if (wanted && !send_step (self, received ? NULL : error) && !received)
    return NULL;
  if (!received)
    received = wait_twice (self, cancellable, error);
  return received ? gst_tdengine_topic_message_new (received, error) : NULL;
}

/**
 * gst_tdengine_consumer_poll:
 * @consumer: a consumer that has subscribed
 * @timeout: how long the server may wait for a message, in ms
 * @cancellable: (nullable): to stop waiting; no message is lost by it
 * @error: (out) (optional): return location for an error
 *
 * Gets the next message.
 *
 * The server takes vgroups away from a consumer that has not polled for
 * `max.poll.interval.ms`, and gives them to others. A consumer whose messages
 * are not taken stops asking for more, so that this holds for it, too: it
 * notices with its next poll.
 *
 * Returns: (transfer full) (nullable): a message; %NULL without an error where
 *   there is none, and with one otherwise. After an error of a server's (such as
 *   998, where it has given the consumer up) only a new consumer goes on
 */
GstTDengineTopicMessage *
gst_tdengine_consumer_poll (GstTDengineConsumer * consumer, guint timeout,
    GCancellable * cancellable, GError ** error)
{
  GstTDengineTopicMessage *message = NULL;
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (consumer->connection != NULL, NULL);

  if (!consumer->failed)
    message = read_message (consumer, timeout, cancellable, &local);
  /* there is no going on behind a message that is missing */
  if (local && !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    consumer->failed = g_steal_pointer (&local);
  if (consumer->failed)
    g_propagate_error (error, g_error_copy (consumer->failed));
  else if (local)
    g_propagate_error (error, g_steal_pointer (&local));
  return message;
}

/* other requests */

/* takes the text; the reply stays in the request */
static gboolean
ask (GstTDengineConsumer * self, GstTDengineRequest * request, guint64 req_id,
    gchar * text, GCancellable * cancellable, GError ** error)
{
  /* the server lets a poll that is under way end first */
  gst_tdengine_connection_lock (self->connection);
  request->patience = self->request.patience;
  gst_tdengine_connection_unlock (self->connection);
  return gst_tdengine_connection_send_text (self->connection, request, req_id,
      text, cancellable, error)
      && gst_tdengine_connection_wait (self->connection, request, cancellable,
      error);
}

/* what is wrong is hardly ever said: a password and an option are refused with
 * the same words */
static void
explain_refusal (GstTDengineConsumer * self, const GstStructure * options,
    GError ** error)
{
  g_autofree gchar *unknown = gst_tdengine_subscription_list_unknown (options);
  gint code = error ? gst_tdengine_error_get_server_code (*error) : 0;
  g_autofree gchar *hint = NULL;

  if (!error)
    return;
  if (unknown && (code == OBJECTION_TO_OPTION || code == OBJECTION
          || code == 0x0118))
    hint = g_strdup_printf ("; is it an option? These are not known here: %s",
        unknown);
  else if (code == OBJECTION)
    hint = g_strdup ("; is it the user or the password?");
  if (hint) {
    g_autofree gchar *message = g_steal_pointer (&(*error)->message);

    (*error)->message = g_strconcat (message, hint, NULL);
  }
  gst_tdengine_connection_prefix_error (self->connection, "subscribe", error);
}

typedef struct
{
  GstTDengineConsumer *consumer;
  const gchar *const *topics;
  const GstStructure *options;
} Subscription;

/* a server takes longer for it than for a login */
static gboolean
join (GstTDengineConnection * connection, gpointer data, gint64 deadline,
    GCancellable * cancellable, GError ** error)
{
  const Subscription *subscription = data;
  GstTDengineConsumer *self = subscription->consumer;
  GstTDengineRequest request = { 0 };
  guint64 req_id = gst_tdengine_connection_next_id (connection);
  g_autofree gchar *password =
      gst_tdengine_settings_find_password (self->settings, error);
  gboolean done = password && ask (self, &request, req_id,
      gst_tdengine_messages_subscribe (req_id, self->settings, password,
          subscription->topics, subscription->options), cancellable, error);

  /* servers before 3.3.6.19 do not tell it here */
  done = done && (!request.reply.version
      || gst_tdengine_connection_check_version (request.reply.version, error));
  if (!done)
    explain_refusal (self, subscription->options, error);
  gst_tdengine_connection_forget (connection, &request);
  return done;
}

/**
 * gst_tdengine_consumer_check:
 * @topics: (array zero-terminated=1): the topics
 * @options: the options
 * @error: (out) (optional): return location for an error
 *
 * Checks everything about a subscription that can be checked before anything is
 * sent.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_INVALID_VALUE and the option's name
 */
gboolean
gst_tdengine_consumer_check (const gchar * const *topics,
    const GstStructure * options, GError ** error)
{
  return gst_tdengine_subscription_check (topics, options, error);
}

/**
 * gst_tdengine_consumer_subscribe:
 * @consumer: a new consumer
 * @topics: (array zero-terminated=1): the topics to follow
 * @options: what the server is to know, each under TDengine's own name:
 *   `group.id` has to be there; `client.id`, `auto.offset.reset` (`latest` or
 *   `earliest`), `session.timeout.ms`, `max.poll.interval.ms`, `min.poll.rows`
 *   and others may be. Values are text, numbers or booleans
 * @cancellable: (nullable): to give up early
 * @error: (out) (optional): return location for an error
 *
 * Connects and joins the group, which takes a server a second or two.
 *
 * Returns: %FALSE with an error: %GST_TDENGINE_ERROR_INVALID_VALUE before
 *   anything is sent, %GST_TDENGINE_ERROR_CONNECT,
 *   %GST_TDENGINE_ERROR_TIMEOUT or %GST_TDENGINE_ERROR_SERVER (993 for a topic
 *   that is not there). Then only a new consumer can try again
 */
gboolean
gst_tdengine_consumer_subscribe (GstTDengineConsumer * consumer,
    const gchar * const *topics, const GstStructure * options,
    GCancellable * cancellable, GError ** error)
{
  Subscription subscription = { consumer, topics, options };

  g_return_val_if_fail (consumer->connection == NULL, FALSE);

  if (!gst_tdengine_subscription_check (topics, options, error))
    return FALSE;
  if (!gst_tdengine_settings_check_one_cluster (consumer->settings,
          "another cluster has other positions", error))
    return FALSE;
  consumer->topics = g_strdupv ((gchar **) topics);
  consumer->max_poll_interval = G_TIME_SPAN_MILLISECOND *
      gst_tdengine_subscription_get_int (options, "max.poll.interval.ms");
  consumer->connection = gst_tdengine_connection_new (consumer->settings);
  if (!gst_tdengine_connection_open_path (consumer->connection, "/rest/tmq",
          join, &subscription, cancellable, error))
    return FALSE;
  consumer->last_poll = g_get_monotonic_time ();
  return TRUE;
}

static gboolean
ask_for_offsets (GstTDengineConsumer * self, const gchar * action,
    const gchar * topic, const GArray * ranges, GArray ** offsets,
    GCancellable * cancellable, GError ** error)
{
  GstTDengineRequest request = { 0 };
  guint64 req_id = gst_tdengine_connection_next_id (self->connection);
  gboolean done = ask (self, &request, req_id,
      gst_tdengine_messages_offsets (req_id, action, topic, ranges),
      cancellable, error);

  if (done) {
    *offsets = g_steal_pointer (&request.reply.offsets);
    if (!*offsets || (*offsets)->len != ranges->len)
      done = gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_PROTOCOL, "",
          "The server told a %s of another number of vgroups", action);
  }
  gst_tdengine_connection_forget (self->connection, &request);
  return done;
}

static gboolean
ask_for_ranges (GstTDengineConsumer * self, const gchar * topic,
    GArray ** ranges, GCancellable * cancellable, GError ** error)
{
  GstTDengineRequest request = { 0 };
  guint64 req_id = gst_tdengine_connection_next_id (self->connection);
  gboolean done = ask (self, &request, req_id,
      gst_tdengine_messages_assignment (req_id, topic), cancellable, error);

  if (done) {
    *ranges = g_steal_pointer (&request.reply.assignment);
    if (!*ranges)
      done = gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_PROTOCOL, "",
          "The server told no assignment");
  }
  gst_tdengine_connection_forget (self->connection, &request);
  return done;
}

static gboolean
append_assignments (GstTDengineConsumer * self, const gchar * topic,
    GPtrArray * assignments, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GArray) ranges = NULL, positions = NULL, committed = NULL;

  if (!ask_for_ranges (self, topic, &ranges, cancellable, error))
    return FALSE;
  if (ranges->len == 0)
    return TRUE;
  if (!ask_for_offsets (self, "position", topic, ranges, &positions,
          cancellable, error)
      || !ask_for_offsets (self, "committed", topic, ranges, &committed,
          cancellable, error))
    return FALSE;
  for (guint i = 0; i < ranges->len; i++) {
    const GstTDengineRange *range =
        &g_array_index (ranges, GstTDengineRange, i);
    const GstTDengineAssignment assignment = {
      .topic = (gchar *) topic,.vgroup = range->vgroup,
      .begin = range->begin,.end = range->end,
      .position = g_array_index (positions, gint64, i),
      .committed = g_array_index (committed, gint64, i),
    };

    g_ptr_array_add (assignments, gst_tdengine_assignment_copy (&assignment));
  }
  return TRUE;
}

/**
 * gst_tdengine_consumer_get_assignments:
 * @consumer: a consumer that has subscribed
 * @cancellable: (nullable): to give up waiting
 * @error: (out) (optional): return location for an error
 *
 * Asks which vgroups this consumer reads, and how far. The server waits until a
 * poll that is under way ends.
 *
 * Returns: (transfer container) (element-type GstTDengineAssignment): the vgroups of
 *   all topics, none where the group has more consumers than vgroups; %NULL with
 *   an error
 */
GPtrArray *
gst_tdengine_consumer_get_assignments (GstTDengineConsumer * consumer,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GPtrArray) assignments =
      g_ptr_array_new_with_free_func ((GDestroyNotify)
      gst_tdengine_assignment_free);

  g_return_val_if_fail (consumer->connection != NULL, NULL);

  for (guint i = 0; consumer->topics[i]; i++) {
    if (!append_assignments (consumer, consumer->topics[i], assignments,
            cancellable, error))
      return NULL;
  }
  return g_steal_pointer (&assignments);
}

static gboolean
set_offset (GstTDengineConsumer * self, const gchar * action,
    const gchar * topic, gint vgroup, gint64 position,
    GCancellable * cancellable, GError ** error)
{
  GstTDengineRequest request = { 0 };
  guint64 req_id = gst_tdengine_connection_next_id (self->connection);
  gboolean done = ask (self, &request, req_id,
      gst_tdengine_messages_set_offset (req_id, action, topic, vgroup,
          position), cancellable, error);

  gst_tdengine_connection_forget (self->connection, &request);
  return done;
}

static gboolean
is_of (const GstTDengineReceived * received, const gchar * topic, gint vgroup)
{
  return received->poll.vgroup == vgroup
      && g_str_equal (received->poll.topic, topic);
}

static void
drop_received_locked (GstTDengineConsumer * self, const gchar * topic,
    gint vgroup)
{
  GList *link = self->received.head;

  while (link) {
    GList *next = link->next;
    GstTDengineReceived *received = link->data;

    if (is_of (received, topic, vgroup)) {
      self->received_bytes -= count_bytes (received);
      gst_tdengine_received_free (received);
      g_queue_delete_link (&self->received, link);
    }
    link = next;
  }
}

/* until nothing is under way: a poll may bring what lies before the seek */
static gboolean
hold (GstTDengineConsumer * self, GCancellable * cancellable, GError ** error)
{
  gulong id = gst_tdengine_connection_watch (self->connection, cancellable);
  gboolean waited = TRUE;

  gst_tdengine_connection_lock (self->connection);
  self->held = TRUE;
  while (waited && self->request.under_way)
    waited = gst_tdengine_connection_wait_locked (self->connection,
        &self->request, cancellable, error);
  gst_tdengine_connection_unlock (self->connection);
  g_cancellable_disconnect (cancellable, id);
  return waited;
}

/**
 * gst_tdengine_consumer_seek:
 * @consumer: a consumer that has subscribed
 * @topic: one of its topics
 * @vgroup: one of its vgroups
 * @position: where to go on reading
 * @cancellable: (nullable): to give up waiting
 * @error: (out) (optional): return location for an error
 *
 * Goes on reading a vgroup elsewhere. What is committed stays as it is.
 *
 * Returns: %FALSE with an error: %GST_TDENGINE_ERROR_SERVER with the server's
 *   code 0x4007 where the log does not have @position, 0x4008 where @vgroup is
 *   another consumer's
 */
gboolean
gst_tdengine_consumer_seek (GstTDengineConsumer * consumer,
    const gchar * topic, gint vgroup, gint64 position,
    GCancellable * cancellable, GError ** error)
{
  gboolean done;

  g_return_val_if_fail (consumer->connection != NULL, FALSE);

  done = hold (consumer, cancellable, error)
      && set_offset (consumer, "seek", topic, vgroup, position, cancellable,
      error);
  gst_tdengine_connection_lock (consumer->connection);
  if (done)
    drop_received_locked (consumer, topic, vgroup);
  consumer->held = FALSE;
  gst_tdengine_connection_unlock (consumer->connection);
  return done;
}

/* A server takes the word of a consumer that it has given up, too, and may so
 * set back the one that reads now. */
static gboolean
check_in_group (GstTDengineConsumer * self, GError ** error)
{
  gboolean in_group;

  gst_tdengine_connection_lock (self->connection);
  in_group = self->code == 0 && g_get_monotonic_time () - self->last_poll <
      self->max_poll_interval;
  gst_tdengine_connection_unlock (self->connection);
  if (!in_group)
    g_set_error_literal (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_CLOSED,
        "The consumer has not polled for so long that it is no member of its "
        "group any more");
  return in_group;
}

/**
 * gst_tdengine_consumer_commit:
 * @consumer: a consumer that has subscribed
 * @topic: one of its topics
 * @vgroup: one of its vgroups
 * @position: where the group's next reader of the vgroup starts:
 *   [method@GstTDengine.TopicMessage.get_position] of the last message that is
 *   dealt with
 * @cancellable: (nullable): to give up waiting
 * @error: (out) (optional): return location for an error
 *
 * Commits how far the group is with a vgroup. The server waits until a poll that
 * is under way ends.
 *
 * Returns: %FALSE with an error: %GST_TDENGINE_ERROR_SERVER with the server's
 *   code 0x4008 where the vgroup was given to another consumer,
 *   %GST_TDENGINE_ERROR_CLOSED where all of them were, as nothing was polled for
 *   `max.poll.interval.ms`. Either way what was not committed comes again there
 */
gboolean
gst_tdengine_consumer_commit (GstTDengineConsumer * consumer,
    const gchar * topic, gint vgroup, gint64 position,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (consumer->connection != NULL, FALSE);

  if (!check_in_group (consumer, error))
    return FALSE;
  if (set_offset (consumer, "commit_offset", topic, vgroup, position,
          cancellable, &local)
      || gst_tdengine_error_get_server_code (local) == SAME_OFFSET)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/**
 * gst_tdengine_consumer_unsubscribe:
 * @consumer: a consumer that has subscribed
 * @cancellable: (nullable): to give up waiting
 * @error: (out) (optional): return location for an error
 *
 * Leaves the group, which takes a server a second or two, so that others get the
 * vgroups. Nothing is committed by it. A consumer that is closed without it
 * leaves, too.
 *
 * Returns: %FALSE with an error
 */
gboolean
gst_tdengine_consumer_unsubscribe (GstTDengineConsumer * consumer,
    GCancellable * cancellable, GError ** error)
{
  GstTDengineRequest request = { 0 };
  guint64 req_id;
  gboolean done;

  g_return_val_if_fail (consumer->connection != NULL, FALSE);

  req_id = gst_tdengine_connection_next_id (consumer->connection);
  done = ask (consumer, &request, req_id,
      gst_tdengine_messages_unsubscribe (req_id), cancellable, error);
  gst_tdengine_connection_forget (consumer->connection, &request);
  return done;
}

/**
 * gst_tdengine_consumer_close:
 * @consumer: a consumer
 *
 * Closes the connection without waiting for the server. Every call under way
 * fails with %GST_TDENGINE_ERROR_CLOSED.
 */
void
gst_tdengine_consumer_close (GstTDengineConsumer * consumer)
{
  if (consumer->connection)
    gst_tdengine_connection_close (consumer->connection);
}
