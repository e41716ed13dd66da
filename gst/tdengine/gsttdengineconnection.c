/* tdengine connection: one connection to a server
 *
 * Who waits for a reply reads the socket itself, and matches what comes to the
 * requests of all: a hand-over between threads takes longer than to receive a
 * block. While nobody waits the reader thread does it, so that pings are
 * answered and results are asked for however slow the pipeline is. When a
 * block of a result has come and there is room for another, that is asked for
 * before anyone decodes the first. There is never more than one fetch under way
 * on a result, as the server would mix up their blocks.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <stdio.h>
#include <string.h>

#include "gsttdenginecause.h"
#include "gsttdengineconnection-private.h"
#include "gsttdengineerror.h"
#include "gsttdengineerror-private.h"
#include "gsttdenginequery-private.h"
#include "gsttdenginesettings-private.h"

/* After so long without a waiting thread the reader thread takes its place:
 * soon where it was just there, later where it has been waiting itself */
#define MIN_PATIENCE (1 * G_TIME_SPAN_MILLISECOND)
#define MAX_PATIENCE (32 * G_TIME_SPAN_MILLISECOND)

#define MIN_VERSION_TEXT "3.3.5.0"
static const gint min_version[] = { 3, 3, 5, 0 };

struct _GstTDengineConnection
{
  GObject parent_instance;

  GstTDengineSettings *settings;
  GstTDengineSettings *fallback;        /* made when it is needed */
  const GstTDengineSettings *used;      /* one of them, from open on */
  const GstTDengineHost *host;  /* of used */
  GstTDengineSocket *socket;    /* from open to finalize */
  GCancellable *closing;        /* also of connecting */
  GThread *reader;              /* under lock */
  gchar *server_version;

  GMutex lock;
  GCond cond;                   /* a reply, an error or a cancellation */
  guint n_sleeping;             /* on cond, under lock */
  GCond idle;                   /* the reader thread's */
  gboolean reading;             /* some thread is, under lock */
  gboolean led;                 /* by one that waits, lately; under lock */
  GHashTable *waiting;          /* request id → Request, under lock */
  GError *broken;               /* why there is no connection, under lock */
  guint64 last_id;              /* under lock */
};

G_DEFINE_FINAL_TYPE (GstTDengineConnection, gst_tdengine_connection,
    G_TYPE_OBJECT);

static void
gst_tdengine_connection_init (GstTDengineConnection * self)
{
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_cond_init (&self->idle);
  self->closing = g_cancellable_new ();
  self->waiting = g_hash_table_new (g_int64_hash, g_int64_equal);
  /* ids of several processes meet in the server's log: start anywhere, and
   * stay within what every JSON parser can count to */
  self->last_id = (guint64) (g_random_int () & 0xfffff) << 32;
  self->broken = g_error_new_literal (GST_TDENGINE_ERROR,
      GST_TDENGINE_ERROR_CLOSED, "The connection is not open");
}

static void
gst_tdengine_connection_finalize (GObject * object)
{
  GstTDengineConnection *self = GST_TDENGINE_CONNECTION (object);

  gst_tdengine_connection_close (self);
  g_clear_pointer (&self->socket, gst_tdengine_socket_free);
  g_object_unref (self->closing);
  g_hash_table_unref (self->waiting);
  g_clear_error (&self->broken);
  g_free (self->server_version);
  gst_tdengine_settings_free (self->settings);
  g_clear_pointer (&self->fallback, gst_tdengine_settings_free);
  g_cond_clear (&self->cond);
  g_cond_clear (&self->idle);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_tdengine_connection_parent_class)->finalize (object);
}

static void
gst_tdengine_connection_class_init (GstTDengineConnectionClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_tdengine_connection_finalize;
}

/**
 * gst_tdengine_connection_new:
 * @settings: where the server is and who asks; they are copied
 *
 * Makes a connection that is not open yet.
 *
 * Returns: (transfer full): a connection
 */
GstTDengineConnection *
gst_tdengine_connection_new (const GstTDengineSettings * settings)
{
  GstTDengineConnection *self = g_object_new (GST_TYPE_TDENGINE_CONNECTION,
      NULL);

  self->settings = gst_tdengine_settings_copy (settings);
  return self;
}

/**
 * gst_tdengine_connection_copy:
 * @connection: a connection, open or not
 *
 * Makes another connection to the same server for the same user, which is not
 * open yet: one more, or one in place of a connection that was lost.
 *
 * Returns: (transfer full): a connection
 */
GstTDengineConnection *
gst_tdengine_connection_copy (GstTDengineConnection * connection)
{
  return gst_tdengine_connection_new (connection->settings);
}

const GstTDengineSettings *
gst_tdengine_connection_get_settings (GstTDengineConnection * self)
{
  return self->settings;
}

/* requests under way */

static guint64
next_id_locked (GstTDengineConnection * self)
{
  return ++self->last_id;
}

guint64
gst_tdengine_connection_next_id (GstTDengineConnection * self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  return next_id_locked (self);
}

void
gst_tdengine_connection_lock (GstTDengineConnection * self)
{
  g_mutex_lock (&self->lock);
}

void
gst_tdengine_connection_unlock (GstTDengineConnection * self)
{
  g_mutex_unlock (&self->lock);
}

static void
clear_answer (GstTDengineRequest * request)
{
  gst_tdengine_reply_clear (&request->reply);
  gst_tdengine_message_clear (&request->message);
  request->done = FALSE;
}

static void
register_locked (GstTDengineConnection * self, GstTDengineRequest * request,
    guint64 req_id)
{
  clear_answer (request);
  request->req_id = req_id;
  request->under_way = TRUE;
  request->deadline = g_get_monotonic_time () +
      (self->settings->message_timeout + (gint64) request->patience) *
      G_TIME_SPAN_MILLISECOND;
  g_hash_table_insert (self->waiting, &request->req_id, request);
}

static void
unregister_locked (GstTDengineConnection * self, GstTDengineRequest * request)
{
  if (request->under_way)
    g_hash_table_remove (self->waiting, &request->req_id);
  request->under_way = FALSE;
}

/* after this no reply touches the request any more */
void
gst_tdengine_connection_forget (GstTDengineConnection * self,
    GstTDengineRequest * request)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  unregister_locked (self, request);
  clear_answer (request);
}

static gboolean
copy_broken (GstTDengineConnection * self, GError ** error)
{
  if (self->broken)
    g_propagate_error (error, g_error_copy (self->broken));
  else
    g_set_error_literal (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_CLOSED,
        "The request is not under way");
  return FALSE;
}

static gboolean
start_request (GstTDengineConnection * self, GstTDengineRequest * request,
    guint64 req_id, GError ** error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (self->broken)
    return copy_broken (self, error);
  register_locked (self, request, req_id);
  /* what is to follow the reply must not wait until someone waits for it */
  if (request->on_reply) {
    self->led = FALSE;
    g_cond_signal (&self->idle);
  }
  return TRUE;
}

static gboolean
send_request (GstTDengineConnection * self, GstTDengineRequest * request,
    guint64 req_id, GstTDengineOpcode opcode, const GOutputVector * parts,
    guint n_parts, GCancellable * cancellable, GError ** error)
{
  if (!start_request (self, request, req_id, error))
    return FALSE;
  if (gst_tdengine_socket_send (self->socket, opcode, parts, n_parts,
          cancellable, error))
    return TRUE;
  gst_tdengine_connection_forget (self, request);
  return FALSE;
}

/* a binary request; wait for it, or forget it, before it goes */
gboolean
gst_tdengine_connection_send (GstTDengineConnection * self,
    GstTDengineRequest * request, guint64 req_id, const GOutputVector * parts,
    guint n_parts, GCancellable * cancellable, GError ** error)
{
  return send_request (self, request, req_id, GST_TDENGINE_OPCODE_BINARY, parts,
      n_parts, cancellable, error);
}

/* a binary request for gst_tdengine_connection_send_prepared() */
void
gst_tdengine_connection_prepare (GstTDengineConnection * self,
    GByteArray * frame, const GOutputVector * parts, guint n_parts)
{
  gst_tdengine_socket_prepare (self->socket, frame, GST_TDENGINE_OPCODE_BINARY,
      parts, n_parts);
}

gboolean
gst_tdengine_connection_send_prepared (GstTDengineConnection * self,
    GstTDengineRequest * request, guint64 req_id, const GByteArray * frame,
    GCancellable * cancellable, GError ** error)
{
  if (!start_request (self, request, req_id, error))
    return FALSE;
  if (gst_tdengine_socket_send_prepared (self->socket, frame, cancellable,
          error))
    return TRUE;
  gst_tdengine_connection_forget (self, request);
  return FALSE;
}

/* a text request; takes the text */
gboolean
gst_tdengine_connection_send_text (GstTDengineConnection * self,
    GstTDengineRequest * request, guint64 req_id, gchar * text,
    GCancellable * cancellable, GError ** error)
{
  g_autofree gchar *owned = text;
  GOutputVector part = { owned, strlen (owned) };

  return send_request (self, request, req_id, GST_TDENGINE_OPCODE_TEXT, &part,
      1, cancellable, error);
}

/* a text request that no one answers; takes the text */
void
gst_tdengine_connection_post_text (GstTDengineConnection * self, gchar * text)
{
  g_autofree gchar *owned = text;
  GOutputVector part = { owned, strlen (owned) };

  gst_tdengine_socket_send (self->socket, GST_TDENGINE_OPCODE_TEXT, &part, 1,
      NULL, NULL);
}

static gboolean
send_fetch (GstTDengineConnection * self, guint64 req_id, guint64 result_id,
    GError ** error)
{
  guint8 bytes[GST_TDENGINE_FETCH_SIZE];
  GOutputVector part = { bytes, sizeof bytes };

  gst_tdengine_messages_write_fetch (bytes, req_id, result_id);
  return gst_tdengine_socket_send (self->socket, GST_TDENGINE_OPCODE_BINARY,
      &part, 1, NULL, error);
}

/* asks for a result's next block; without the lock */
gboolean
gst_tdengine_connection_fetch (GstTDengineConnection * self,
    GstTDengineRequest * request, GError ** error)
{
  guint64 req_id = gst_tdengine_connection_next_id (self);

  return start_request (self, request, req_id, error)
      && send_fetch (self, req_id, request->resource_id, error);
}

/* reading */

/* a failure here is one of reading, too, and told there */
static void
send_next (GstTDengineConnection * self, GstTDengineNext next, guint64 req_id,
    guint64 resource_id, guint patience)
{
  switch (next) {
    case GST_TDENGINE_NEXT_NOTHING:
      break;
    case GST_TDENGINE_NEXT_FETCH:
      send_fetch (self, req_id, resource_id, NULL);
      break;
    case GST_TDENGINE_NEXT_EXEC:
      gst_tdengine_connection_post_text (self,
          gst_tdengine_messages_stmt2_exec (req_id, resource_id));
      break;
    case GST_TDENGINE_NEXT_POLL:
      gst_tdengine_connection_post_text (self,
          gst_tdengine_messages_poll (req_id, patience, resource_id));
      break;
    case GST_TDENGINE_NEXT_FETCH_META:
      gst_tdengine_connection_post_text (self,
          gst_tdengine_messages_fetch_meta (req_id, resource_id));
      break;
    case GST_TDENGINE_NEXT_FETCH_DATA:
      gst_tdengine_connection_post_text (self,
          gst_tdengine_messages_fetch_data (req_id, resource_id));
      break;
  }
}

/* Nobody waits any more for what the server has made: it would keep it for as
 * long as the connection is there. */
static void
free_unwanted (GstTDengineConnection * self, const GstTDengineReply * reply)
{
  if (reply->schema)
    gst_tdengine_connection_post_text (self,
        gst_tdengine_messages_free_result (gst_tdengine_connection_next_id
            (self), reply->id));
  else if (reply->code == 0 && g_strcmp0 (reply->action, "stmt2_init") == 0)
    gst_tdengine_connection_post_text (self,
        gst_tdengine_messages_stmt2_close (gst_tdengine_connection_next_id
            (self), reply->stmt_id));
}

static void
take_reply (GstTDengineConnection * self, GstTDengineMessage * message,
    GstTDengineReply * reply)
{
  GstTDengineNext next = GST_TDENGINE_NEXT_NOTHING;
  guint64 next_id = 0, resource_id = 0;
  guint patience = 0;

  g_mutex_lock (&self->lock);
  GstTDengineRequest *request =
      g_hash_table_lookup (self->waiting, &reply->req_id);
  if (request) {
    unregister_locked (self, request);
    request->reply = *reply;
    request->message = *message;
    request->done = TRUE;
    memset (reply, 0, sizeof *reply);
    message->memory = NULL;
    if (request->on_reply)
      next = request->on_reply (request);
    if (next != GST_TDENGINE_NEXT_NOTHING) {
      next_id = next_id_locked (self);
      resource_id = request->resource_id;
      patience = request->patience;
      register_locked (self, request, next_id);
    }
  }
  g_mutex_unlock (&self->lock);

  if (request)
    send_next (self, next, next_id, resource_id, patience);
  else
    free_unwanted (self, reply);
}

static void
fail_all_locked (GstTDengineConnection * self, GError * error)
{
  GHashTableIter iter;
  gpointer request;

  if (!self->broken) {
    self->broken = g_error_copy (error);
    gst_tdengine_hosts_note (self->host, FALSE);
  }
  g_hash_table_iter_init (&iter, self->waiting);
  while (g_hash_table_iter_next (&iter, NULL, &request))
    ((GstTDengineRequest *) request)->under_way = FALSE;
  g_hash_table_remove_all (self->waiting);
  g_cond_signal (&self->idle);
}

/* One message, or a pause. Nobody else may be reading. Behind it those who sleep
 * see what came, and one of them may read in turn. */
static void
read_one_locked (GstTDengineConnection * self, gint64 deadline)
{
  g_auto (GstTDengineMessage) message = { 0 };
  g_auto (GstTDengineReply) reply = { 0 };
  g_autoptr (GError) error = NULL;

  self->reading = TRUE;
  g_mutex_unlock (&self->lock);
  if (gst_tdengine_socket_receive (self->socket, deadline, &message, &error)
      && gst_tdengine_messages_parse (&message, &reply, &error))
    take_reply (self, &message, &reply);
  g_mutex_lock (&self->lock);
  self->reading = FALSE;
  if (error && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
    fail_all_locked (self, error);
  if (self->n_sleeping > 0)
    g_cond_broadcast (&self->cond);
}

/* the reader thread: reads while no one waits */
static gpointer
read_replies (gpointer data)
{
  GstTDengineConnection *self = data;
  gint64 patience = MIN_PATIENCE;

  g_mutex_lock (&self->lock);
  while (!self->broken) {
    if (self->reading || self->led) {
      patience = self->led ? MIN_PATIENCE : MIN (2 * patience, MAX_PATIENCE);
      self->led = FALSE;
      g_cond_wait_until (&self->idle, &self->lock,
          g_get_monotonic_time () + patience);
    } else {
      read_one_locked (self, GST_TDENGINE_NO_DEADLINE);
      /* to whoever sleeps, what comes next */
      self->led = self->n_sleeping > 0;
    }
  }
  g_mutex_unlock (&self->lock);
  return NULL;
}

/* waiting */

static void
wake_up (GCancellable * cancellable, gpointer data)
{
  GstTDengineConnection *self = data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_cond_broadcast (&self->cond);
  if (self->reading)
    gst_tdengine_socket_pause (self->socket);
}

/* to be undone by g_cancellable_disconnect(), both without the lock */
gulong
gst_tdengine_connection_watch (GstTDengineConnection * self,
    GCancellable * cancellable)
{
  return cancellable ? g_cancellable_connect (cancellable,
      G_CALLBACK (wake_up), self, NULL) : 0;
}

/* returns when something has come, for the request or for another */
static void
read_or_sleep_locked (GstTDengineConnection * self, gint64 deadline)
{
  if (!self->reading) {
    self->led = TRUE;
    read_one_locked (self, deadline);
  } else {
    self->n_sleeping++;
    g_cond_wait_until (&self->cond, &self->lock, deadline);
    self->n_sleeping--;
  }
}

/* FALSE with an error where no reply came; a request that was cancelled can be
 * waited for again */
gboolean
gst_tdengine_connection_wait_locked (GstTDengineConnection * self,
    GstTDengineRequest * request, GCancellable * cancellable, GError ** error)
{
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (!request->under_way)
    return copy_broken (self, error);
  read_or_sleep_locked (self, request->deadline);
  if (request->done || request->deadline > g_get_monotonic_time ())
    return TRUE;
  unregister_locked (self, request);
  g_set_error_literal (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_TIMEOUT,
      "The server did not answer in time");
  return FALSE;
}

static gboolean
check_code (const GstTDengineReply * reply, GError ** error)
{
  if (reply->code == 0)
    return TRUE;
  gst_tdengine_error_set_server (error, reply->code,
      reply->text ? reply->text : "The server refused");
  return FALSE;
}

/* Waits for the reply, which stays in the request. */
gboolean
gst_tdengine_connection_wait (GstTDengineConnection * self,
    GstTDengineRequest * request, GCancellable * cancellable, GError ** error)
{
  gulong id = gst_tdengine_connection_watch (self, cancellable);
  gboolean waited = TRUE;

  g_mutex_lock (&self->lock);
  while (waited && !request->done)
    waited = gst_tdengine_connection_wait_locked (self, request, cancellable,
        error);
  g_mutex_unlock (&self->lock);
  g_cancellable_disconnect (cancellable, id);
  return waited && check_code (&request->reply, error);
}

/* opening and closing */

static gboolean
tell_closed (GError ** error)
{
  g_set_error_literal (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_CLOSED,
      "The connection was closed");
  return FALSE;
}

static void
cancel_other (GCancellable * cancellable, gpointer other)
{
  g_cancellable_cancel (other);
}

/* until it is there, cancelled, or closed by another thread */
static gboolean
open_socket (GstTDengineConnection * self, const gchar * path,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GCancellable) either = g_cancellable_new ();
  gulong closing_id = g_cancellable_connect (self->closing,
      G_CALLBACK (cancel_other), either, NULL);
  gulong id = cancellable ? g_cancellable_connect (cancellable,
      G_CALLBACK (cancel_other), either, NULL) : 0;

  self->socket = gst_tdengine_socket_connect (self->used, self->host, path,
      either, error);
  g_cancellable_disconnect (cancellable, id);
  g_cancellable_disconnect (self->closing, closing_id);
  return self->socket != NULL;
}

static void
start_reading (GstTDengineConnection * self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (g_cancellable_is_cancelled (self->closing))
    return;
  g_clear_error (&self->broken);
  self->reader = g_thread_new ("tdengine-reader", read_replies, self);
}

static void
stop_reading (GstTDengineConnection * self)
{
  GThread *reader;

  g_mutex_lock (&self->lock);
  reader = g_steal_pointer (&self->reader);
  if (!self->broken)
    tell_closed (&self->broken);
  g_cond_signal (&self->idle);
  g_mutex_unlock (&self->lock);
  if (!reader)
    return;
  gst_tdengine_socket_close (self->socket);
  g_thread_join (reader);
}

/* without a greeting that was taken a connection is none */
static gboolean
open_host (GstTDengineConnection * self, const gchar * path,
    GstTDengineGreeting greet, gpointer data, GCancellable * cancellable,
    GError ** error)
{
  gint64 deadline = g_get_monotonic_time () +
      self->used->connect_timeout * G_TIME_SPAN_MILLISECOND;

  if (!open_socket (self, path, cancellable, error))
    return FALSE;
  start_reading (self);
  if (greet (self, data, deadline, cancellable, error))
    return TRUE;
  stop_reading (self);
  g_clear_pointer (&self->socket, gst_tdengine_socket_free);
  return FALSE;
}

/* whether another host may do better */
static gboolean
is_hosts_fault (const GError * error)
{
  return !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      && gst_tdengine_cause_find (error) == GST_TDENGINE_CAUSE_PASSING;
}

static gboolean
open_any (GstTDengineConnection * self, const GstTDengineSettings * settings,
    const gchar * path, GstTDengineGreeting greet, gpointer data,
    GCancellable * cancellable, GError ** error)
{
  g_autofree guint *order = g_new (guint, settings->hosts->len);

  self->used = settings;
  gst_tdengine_hosts_order (settings->hosts, order);
  for (guint i = 0; i < settings->hosts->len; i++) {
    g_autoptr (GError) local = NULL;

    self->host = &g_array_index (settings->hosts, GstTDengineHost, order[i]);
    if (open_host (self, path, greet, data, cancellable, &local)) {
      gst_tdengine_hosts_note (self->host, TRUE);
      return TRUE;
    }
    if (g_cancellable_is_cancelled (self->closing))
      return tell_closed (error);
    if (is_hosts_fault (local))
      gst_tdengine_hosts_note (self->host, FALSE);
    if (i + 1 == settings->hosts->len || !is_hosts_fault (local)) {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  }
  return FALSE;
}

/* what was set on its own is so for the other cluster, too */
static gboolean
open_fallback (GstTDengineConnection * self, const gchar * path,
    GstTDengineGreeting greet, gpointer data, GCancellable * cancellable,
    GError ** error)
{
  g_clear_pointer (&self->fallback, gst_tdengine_settings_free);
  self->fallback = gst_tdengine_settings_copy (self->settings);
  return gst_tdengine_settings_set_uri (self->fallback,
      self->settings->fallback_uri, error)
      && open_any (self, self->fallback, path, greet, data, cancellable, error);
}

/* Connects to the first host that takes the greeting. */
gboolean
gst_tdengine_connection_open_path (GstTDengineConnection * self,
    const gchar * path, GstTDengineGreeting greet, gpointer data,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GError) local = NULL;

  g_return_val_if_fail (self->socket == NULL, FALSE);

  if (!gst_tdengine_settings_validate (self->settings, error))
    return FALSE;
  if (open_any (self, self->settings, path, greet, data, cancellable, &local))
    return TRUE;
  if (self->settings->fallback_uri && is_hosts_fault (local)
      && !g_cancellable_is_cancelled (self->closing))
    return open_fallback (self, path, greet, data, cancellable, error);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* what a greeting was to do, and where */
void
gst_tdengine_connection_prefix_error (GstTDengineConnection * self,
    const gchar * what, GError ** error)
{
  g_prefix_error (error, "Could not %s at %s:%u as %s: ", what,
      self->host->name, self->host->port,
      gst_tdengine_settings_describe_user (self->used));
}

static void
take_version (GstTDengineConnection * self, gchar * version)
{
  g_free (self->server_version);
  self->server_version = version;
}

/* Takes the text. The version is kept, where the reply tells it. */
static gboolean
introduce (GstTDengineConnection * self, guint64 req_id, gchar * text,
    gint64 deadline, GCancellable * cancellable, GError ** error)
{
  GstTDengineRequest request = { 0 };
  gboolean done = gst_tdengine_connection_send_text (self, &request, req_id,
      text, cancellable, error);

  /* one time-out for all of connecting */
  request.deadline = deadline;
  done = done
      && gst_tdengine_connection_wait (self, &request, cancellable, error);
  if (done)
    take_version (self, g_steal_pointer (&request.reply.version));
  gst_tdengine_connection_forget (self, &request);
  return done;
}

/* A server that is too old for all that is asked of it later. */
gboolean
gst_tdengine_connection_check_version (const gchar * version, GError ** error)
{
  gint numbers[4] = { 0 };

  if (!version || sscanf (version, "%d.%d.%d.%d", &numbers[0], &numbers[1],
          &numbers[2], &numbers[3]) < 2)
    return gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_TOO_OLD, "",
        "The server does not tell its version: expected " MIN_VERSION_TEXT
        " or later");
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    if (numbers[i] > min_version[i])
      return TRUE;
    if (numbers[i] < min_version[i])
      return gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_TOO_OLD, "",
          "The server's version is %s: expected " MIN_VERSION_TEXT " or later",
          version);
  }
  return TRUE;
}

/* servers before 3.3.6.19 do not tell it at the login */
static gboolean
learn_version (GstTDengineConnection * self, gint64 deadline,
    GCancellable * cancellable, GError ** error)
{
  guint64 req_id = gst_tdengine_connection_next_id (self);

  return (self->server_version || introduce (self, req_id,
          gst_tdengine_messages_version (req_id), deadline, cancellable, error))
      && gst_tdengine_connection_check_version (self->server_version, error);
}

static gboolean
log_in (GstTDengineConnection * self, gpointer data, gint64 deadline,
    GCancellable * cancellable, GError ** error)
{
  guint64 req_id = gst_tdengine_connection_next_id (self);
  g_autofree gchar *password =
      gst_tdengine_settings_find_password (self->used, error);

  if (password && introduce (self, req_id, gst_tdengine_messages_conn (req_id,
              self->used, password), deadline, cancellable, error)
      && learn_version (self, deadline, cancellable, error))
    return TRUE;
  gst_tdengine_connection_prefix_error (self, "log in", error);
  return FALSE;
}

/**
 * gst_tdengine_connection_open:
 * @connection: a connection that was not open yet
 * @cancellable: (nullable): to give up early
 * @error: (out) (optional): return location for an error
 *
 * Connects and logs in. Blocks for the connect time-out at most, with each host.
 *
 * Returns: %FALSE with an error: %GST_TDENGINE_ERROR_CONNECT,
 *   %GST_TDENGINE_ERROR_TIMEOUT, %GST_TDENGINE_ERROR_SERVER (855 for a wrong
 *   password, 904 for a database that is not there),
 *   %GST_TDENGINE_ERROR_TOO_OLD or one of the settings'
 */
gboolean
gst_tdengine_connection_open (GstTDengineConnection * connection,
    GCancellable * cancellable, GError ** error)
{
  return gst_tdengine_connection_open_path (connection, "/ws", log_in, NULL,
      cancellable, error);
}

/**
 * gst_tdengine_connection_close:
 * @connection: a connection
 *
 * Closes the connection without waiting for the server. Any thread may, also
 * while another opens it. Every call under way fails with
 * %GST_TDENGINE_ERROR_CLOSED. It can't be opened again.
 */
void
gst_tdengine_connection_close (GstTDengineConnection * connection)
{
  g_cancellable_cancel (connection->closing);
  stop_reading (connection);
}

/**
 * gst_tdengine_connection_is_open:
 * @connection: a connection
 *
 * Tells whether requests can be sent, as far as it is known: that a server is
 * gone shows when it is to answer. Any thread may ask.
 *
 * Returns: %FALSE before it was opened, and when it was closed or lost
 */
gboolean
gst_tdengine_connection_is_open (GstTDengineConnection * connection)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&connection->lock);

  return connection->broken == NULL;
}

/**
 * gst_tdengine_connection_get_server_version:
 * @connection: a connection
 *
 * Gets the version that the server told at login.
 *
 * Returns: (transfer none) (nullable): such as `3.3.7.5`; %NULL before login
 *   and from servers that do not tell
 */
const gchar *
gst_tdengine_connection_get_server_version (GstTDengineConnection * connection)
{
  return connection->server_version;
}

/* statements */

static gboolean
run_statement (GstTDengineConnection * self, const gchar * sql,
    GstTDengineRequest * request, GCancellable * cancellable, GError ** error)
{
  guint8 head[GST_TDENGINE_QUERY_HEAD_SIZE];
  GOutputVector parts[] = { {head, sizeof head}, {sql, strlen (sql)}
  };
  guint64 req_id = gst_tdengine_connection_next_id (self);

  if (parts[1].size == 0) {
    g_set_error_literal (error, GST_TDENGINE_ERROR,
        GST_TDENGINE_ERROR_EMPTY_SQL, "The statement is empty");
    return FALSE;
  }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  gst_tdengine_messages_write_query_head (head, req_id, parts[1].size);
  return gst_tdengine_connection_send (self, request, req_id, parts, 2,
      cancellable, error)
      && gst_tdengine_connection_wait (self, request, cancellable, error);
}

/**
 * gst_tdengine_connection_execute:
 * @connection: an open connection
 * @sql: one statement
 * @cancellable: (nullable): to give up waiting; the statement may still run
 * @error: (out) (optional): return location for an error
 *
 * Runs a statement and drops the rows it may have.
 *
 * Returns: the rows that were affected, or -1 with an error
 */
gint64
gst_tdengine_connection_execute (GstTDengineConnection * connection,
    const gchar * sql, GCancellable * cancellable, GError ** error)
{
  GstTDengineRequest request = { 0 };
  gint64 affected_rows = -1;

  if (run_statement (connection, sql, &request, cancellable, error)) {
    affected_rows = request.reply.affected_rows;
    if (request.reply.id != 0)
      gst_tdengine_connection_post_text (connection,
          gst_tdengine_messages_free_result
          (gst_tdengine_connection_next_id (connection), request.reply.id));
  }
  gst_tdengine_connection_forget (connection, &request);
  return affected_rows;
}

/**
 * gst_tdengine_connection_query:
 * @connection: an open connection
 * @sql: one statement that has rows
 * @cancellable: (nullable): to give up waiting
 * @error: (out) (optional): return location for an error
 *
 * Runs a statement and returns once the server knows its columns.
 *
 * Returns: (transfer full): the result; or %NULL with an error:
 *   %GST_TDENGINE_ERROR_NOT_SUPPORTED where the statement was run but has no
 *   rows
 */
GstTDengineQuery *
gst_tdengine_connection_query (GstTDengineConnection * connection,
    const gchar * sql, GCancellable * cancellable, GError ** error)
{
  GstTDengineRequest request = { 0 };
  GstTDengineQuery *query = NULL;

  if (run_statement (connection, sql, &request, cancellable, error)) {
    if (request.reply.schema)
      query = gst_tdengine_query_new (connection, request.reply.id,
          request.reply.schema);
    else
      g_set_error_literal (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_NOT_SUPPORTED,
          "The statement has no rows: expected a query");
  }
  gst_tdengine_connection_forget (connection, &request);
  return query;
}

/* The twins that do not block: the blocking call in a thread of GIO's. What it
 * has done counts, also where it was cancelled before anyone asked. */

static void
open_in_thread (GTask * task, gpointer source, gpointer data,
    GCancellable * cancellable)
{
  GError *error = NULL;

  if (gst_tdengine_connection_open (source, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * gst_tdengine_connection_open_async:
 * @connection: a connection that was not open yet
 * @cancellable: (nullable): to give up early
 * @callback: (scope async): called in the thread's main context when done
 * @user_data: for @callback
 *
 * [method@GstTDengine.Connection.open] without blocking.
 */
void
gst_tdengine_connection_open_async (GstTDengineConnection * connection,
    GCancellable * cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  g_autoptr (GTask) task =
      g_task_new (connection, cancellable, callback, user_data);

  g_task_set_source_tag (task, gst_tdengine_connection_open_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_run_in_thread (task, open_in_thread);
}

/**
 * gst_tdengine_connection_open_finish:
 * @connection: a connection
 * @result: what the callback got
 * @error: (out) (optional): return location for an error
 *
 * Ends [method@GstTDengine.Connection.open_async].
 *
 * Returns: %FALSE with an error
 */
gboolean
gst_tdengine_connection_open_finish (GstTDengineConnection * connection,
    GAsyncResult * result, GError ** error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
execute_in_thread (GTask * task, gpointer source, gpointer sql,
    GCancellable * cancellable)
{
  GError *error = NULL;
  gint64 affected_rows =
      gst_tdengine_connection_execute (source, sql, cancellable, &error);

  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_int (task, affected_rows);
}

/**
 * gst_tdengine_connection_execute_async:
 * @connection: an open connection
 * @sql: one statement
 * @cancellable: (nullable): to give up waiting
 * @callback: (scope async): called in the thread's main context when done
 * @user_data: for @callback
 *
 * [method@GstTDengine.Connection.execute] without blocking.
 */
void
gst_tdengine_connection_execute_async (GstTDengineConnection * connection,
    const gchar * sql, GCancellable * cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task =
      g_task_new (connection, cancellable, callback, user_data);

  g_task_set_source_tag (task, gst_tdengine_connection_execute_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, g_strdup (sql), g_free);
  g_task_run_in_thread (task, execute_in_thread);
}

/**
 * gst_tdengine_connection_execute_finish:
 * @connection: a connection
 * @result: what the callback got
 * @error: (out) (optional): return location for an error
 *
 * Ends [method@GstTDengine.Connection.execute_async].
 *
 * Returns: the rows that were affected, or -1 with an error
 */
gint64
gst_tdengine_connection_execute_finish (GstTDengineConnection * connection,
    GAsyncResult * result, GError ** error)
{
  return g_task_propagate_int (G_TASK (result), error);
}

static void
query_in_thread (GTask * task, gpointer source, gpointer sql,
    GCancellable * cancellable)
{
  GError *error = NULL;
  GstTDengineQuery *query =
      gst_tdengine_connection_query (source, sql, cancellable, &error);

  if (error)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, query, g_object_unref);
}

/**
 * gst_tdengine_connection_query_async:
 * @connection: an open connection
 * @sql: one statement that has rows
 * @cancellable: (nullable): to give up waiting
 * @callback: (scope async): called in the thread's main context when done
 * @user_data: for @callback
 *
 * [method@GstTDengine.Connection.query] without blocking.
 */
void
gst_tdengine_connection_query_async (GstTDengineConnection * connection,
    const gchar * sql, GCancellable * cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task =
      g_task_new (connection, cancellable, callback, user_data);

  g_task_set_source_tag (task, gst_tdengine_connection_query_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, g_strdup (sql), g_free);
  g_task_run_in_thread (task, query_in_thread);
}

/**
 * gst_tdengine_connection_query_finish:
 * @connection: a connection
 * @result: what the callback got
 * @error: (out) (optional): return location for an error
 *
 * Ends [method@GstTDengine.Connection.query_async].
 *
 * Returns: (transfer full): the result, or %NULL with an error
 */
GstTDengineQuery *
gst_tdengine_connection_query_finish (GstTDengineConnection * connection,
    GAsyncResult * result, GError ** error)
{
  return g_task_propagate_pointer (G_TASK (result), error);
}
