/* tdengine socket: WebSocket messages over a stream
 *
 * libsoup opens the door: name, proxy, TLS, HTTP and the 101 are its work.
 * The frames behind it are read and written here, as its own reader takes a
 * KiB at a time and needs ten times the processor for it. A large message is
 * mostly read at once, into the memory that a buffer will own: what comes goes
 * into as much as the one before took. Where no TLS lies
 * between, the calls go to the kernel itself: GIO would make three of each.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE             /* ppoll() */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <libsoup/soup.h>

#include "gsttdengineerror-private.h"
#include "gsttdenginepool.h"
#include "gsttdenginesettings-private.h"
#include "gsttdenginesocket.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_PROTOCOL, \
      "The server sent a broken WebSocket frame: ", __VA_ARGS__)

#define MIN_INCOMING_SIZE 4096
/* memory is taken for what has arrived, not for what was announced */
#define GROWTH_SIZE (1024 * 1024)
#define MAX_CONTROL_SIZE 125
#define MAX_HEAD_SIZE 14
/* so many are asked of the kernel at once */
#define N_KEYS 64

struct _GstTDengineSocket
{
  GIOStream *stream;
  SoupWebsocketConnection *websocket;   /* owns the stream's HTTP side */
  gint fd;                      /* of a plain connection, blocking, or -1 */
  GCancellable *closing;

  /* of the reading thread */
  GstTDenginePool *pool;
  guint8 *incoming;             /* of the pool; becomes the next message's */
  gsize incoming_from;
  gsize incoming_to;

  GMutex send_lock;
  GByteArray *outgoing;         /* a masked frame, under send_lock */
  guint32 keys[N_KEYS];         /* under send_lock */
  guint n_keys;                 /* not used yet, under send_lock */
};

typedef struct
{
  gboolean fin;
  GstTDengineOpcode opcode;
  guint64 size;
} FrameHead;

/* the connection under what libsoup wraps it in */
static GIOStream *
unwrap (GIOStream * stream)
{
  GIOStream *base = NULL;

  if (!g_object_class_find_property (G_OBJECT_GET_CLASS (stream),
          "base-iostream"))
    return g_object_ref (stream);
  g_object_get (stream, "base-iostream", &base, NULL);
  return base;
}

/* -1 where only the stream itself can read and write */
static gint
take_fd (GIOStream * stream)
{
  g_autoptr (GIOStream) base = unwrap (stream);
  gint fd, flags;

  if (!G_IS_SOCKET_CONNECTION (base))
    return -1;
  fd = g_socket_get_fd (g_socket_connection_get_socket (G_SOCKET_CONNECTION
          (base)));
  flags = fcntl (fd, F_GETFL);
  return flags >= 0 && fcntl (fd, F_SETFL, flags & ~O_NONBLOCK) == 0 ? fd : -1;
}

/* libsoup may have read further than the end of HTTP's part */
static void
take_leftover (GstTDengineSocket * self)
{
  GInputStream *stream = g_io_stream_get_input_stream (self->stream);

  if (G_IS_POLLABLE_INPUT_STREAM (stream))
    self->incoming_to =
        MAX (g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM
            (stream), self->incoming, MIN_INCOMING_SIZE, NULL, NULL), 0);
}

GstTDengineSocket *
gst_tdengine_socket_new (GIOStream * stream)
{
  GstTDengineSocket *self = g_new0 (GstTDengineSocket, 1);

  self->stream = g_object_ref (stream);
  self->pool = gst_tdengine_pool_new ();
  self->incoming = gst_tdengine_pool_take (self->pool, MIN_INCOMING_SIZE);
  take_leftover (self);
  self->fd = take_fd (stream);
  self->closing = g_cancellable_new ();
  self->outgoing = g_byte_array_new ();
  g_mutex_init (&self->send_lock);
  return self;
}

void
gst_tdengine_socket_free (GstTDengineSocket * self)
{
  gst_tdengine_socket_close (self);
  g_io_stream_close (self->stream, NULL, NULL);
  g_object_unref (self->stream);
  g_clear_object (&self->websocket);
  g_object_unref (self->closing);
  g_byte_array_unref (self->outgoing);
  gst_tdengine_pool_give_back (self->incoming);
  gst_tdengine_pool_unref (self->pool);
  g_mutex_clear (&self->send_lock);
  g_free (self);
}

void
gst_tdengine_message_clear (GstTDengineMessage * message)
{
  g_clear_pointer (&message->memory, gst_tdengine_pool_give_back);
  message->data = NULL;
  message->size = 0;
}

/* opening the door */

typedef struct
{
  GMainLoop *loop;
  SoupMessage *request;
  GCancellable *cancellable;    /* of this attempt alone */
  gboolean timed_out;
  SoupWebsocketConnection *websocket;
  GError *error;
} Attempt;

static void
on_connected (GObject * session, GAsyncResult * result, gpointer data)
{
  Attempt *attempt = data;

  attempt->websocket =
      soup_session_websocket_connect_finish (SOUP_SESSION (session), result,
      &attempt->error);
  g_main_loop_quit (attempt->loop);
}

static gboolean
on_time_out (gpointer data)
{
  Attempt *attempt = data;

  attempt->timed_out = TRUE;
  g_cancellable_cancel (attempt->cancellable);
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable * cancellable, gpointer attempt_cancellable)
{
  g_cancellable_cancel (attempt_cancellable);
}

static void
run_attempt (Attempt * attempt, SoupSession * session,
    GMainContext * context, guint timeout)
{
  g_autoptr (GSource) timer = g_timeout_source_new (timeout);

  g_source_set_callback (timer, on_time_out, attempt, NULL);
  g_source_attach (timer, context);
  soup_session_websocket_connect_async (session, attempt->request, NULL, NULL,
      G_PRIORITY_DEFAULT, attempt->cancellable, on_connected, attempt);
  g_main_loop_run (attempt->loop);
  g_source_destroy (timer);
}

static void
tell_why (const GstTDengineSettings * settings, Attempt * attempt,
    GCancellable * cancellable, GError ** error)
{
  guint status = soup_message_get_status (attempt->request);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return;
  if (attempt->timed_out)
    g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_TIMEOUT,
        "Connecting to %s:%u took longer than %u ms", settings->host,
        settings->port, settings->connect_timeout);
  else if (status != 0 && status != SOUP_STATUS_SWITCHING_PROTOCOLS)
    g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_CONNECT,
        "%s:%u is no taosAdapter: it answered HTTP %u %s", settings->host,
        settings->port, status, soup_status_get_phrase (status));
  else
    g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_CONNECT,
        "No connection to %s:%u: %s", settings->host, settings->port,
        attempt->error->message);
}

static SoupMessage *
make_request (const GstTDengineSettings * settings, const gchar * path)
{
  g_autoptr (GUri) uri = g_uri_build (SOUP_HTTP_URI_FLAGS,
      settings->tls ? "wss" : "ws", NULL, settings->host, settings->port, path,
      NULL, NULL);

  return soup_message_new_from_uri (SOUP_METHOD_GET, uri);
}

/* The context is not iterated any more once this returns, so that libsoup's
 * own reader never runs. */
GstTDengineSocket *
gst_tdengine_socket_connect (const GstTDengineSettings * settings,
    const gchar * path, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  g_autoptr (GCancellable) own = g_cancellable_new ();
  g_autoptr (SoupMessage) request = make_request (settings, path);
  Attempt attempt = {.loop = loop,.request = request,.cancellable = own };
  gulong id = 0;

  g_main_context_push_thread_default (context);
  g_autoptr (SoupSession) session = soup_session_new ();
  if (cancellable)
    id = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), own,
        NULL);
  run_attempt (&attempt, session, context, settings->connect_timeout);
  g_cancellable_disconnect (cancellable, id);
  g_main_context_pop_thread_default (context);

  if (!attempt.websocket) {
    tell_why (settings, &attempt, cancellable, error);
    g_clear_error (&attempt.error);
    return NULL;
  }

  GstTDengineSocket *self = gst_tdengine_socket_new
      (soup_websocket_connection_get_io_stream (attempt.websocket));
  self->websocket = attempt.websocket;
  return self;
}

/* reading */

static gboolean
lost (GError ** error, const gchar * why)
{
  g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_CLOSED,
      "The connection was lost: %s", why);
  return FALSE;
}

/* at least one byte */
static gssize
read_some (GstTDengineSocket * self, guint8 * to, gsize size, GError ** error)
{
  g_autoptr (GError) local = NULL;
  gssize n;

  if (self->fd < 0) {
    n = g_input_stream_read (g_io_stream_get_input_stream (self->stream), to,
        size, self->closing, &local);
  } else {
    do
      n = recv (self->fd, to, size, 0);
    while (n < 0 && errno == EINTR);
  }
  if (n > 0)
    return n;
  lost (error, n == 0 ? "the server closed it" :
      local ? local->message : g_strerror (errno));
  return -1;
}

/* Whether something comes within so many microseconds. Behind TLS that can't be
 * told without reading it: FALSE. */
gboolean
gst_tdengine_socket_wait (GstTDengineSocket * self, guint timeout)
{
  const struct timespec limit = { 0, timeout * 1000L };
  struct pollfd poll = {.fd = self->fd,.events = POLLIN };

  if (self->incoming_to > self->incoming_from)
    return TRUE;
  return self->fd >= 0 && ppoll (&poll, 1, &limit, NULL) > 0;
}

static gboolean
no_memory (gsize size, GError ** error)
{
  g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_PROTOCOL,
      "There is no memory for a message of %" G_GSIZE_FORMAT " bytes", size);
  return FALSE;
}

static gsize
count_incoming (GstTDengineSocket * self)
{
  return self->incoming_to - self->incoming_from;
}

/* room for so many bytes from incoming_from on, some of which are there */
static gboolean
make_room (GstTDengineSocket * self, gsize size, GError ** error)
{
  guint8 *larger;

  if (self->incoming_from + size <= gst_tdengine_pool_get_room (self->incoming))
    return TRUE;
  if (size <= gst_tdengine_pool_get_room (self->incoming)) {
    memmove (self->incoming, self->incoming + self->incoming_from,
        count_incoming (self));
    self->incoming_to -= self->incoming_from;
    self->incoming_from = 0;
    return TRUE;
  }
  larger = gst_tdengine_pool_grow (self->incoming, self->incoming_from + size);
  if (!larger)
    return no_memory (size, error);
  self->incoming = larger;
  return TRUE;
}

/* until so many bytes are there; of many, memory for what is there is doubled */
static gboolean
fill_incoming (GstTDengineSocket * self, gsize needed, GError ** error)
{
  if (count_incoming (self) == 0)
    self->incoming_from = self->incoming_to = 0;
  while (count_incoming (self) < needed) {
    gsize part = MAX (2 * count_incoming (self), GROWTH_SIZE);

    if (!make_room (self, MIN (needed, part), error))
      return FALSE;
    gssize n = read_some (self, self->incoming + self->incoming_to,
        gst_tdengine_pool_get_room (self->incoming) - self->incoming_to,
        error);
    if (n < 0)
      return FALSE;
    self->incoming_to += n;
  }
  return TRUE;
}

static gboolean
read_size (GstTDengineSocket * self, guint8 code, guint64 * size,
    GError ** error)
{
  guint n_bytes = code == 126 ? 2 : 8;
  const guint8 *bytes;

  *size = code;
  if (code < 126)
    return TRUE;
  if (!fill_incoming (self, n_bytes, error))
    return FALSE;
  bytes = self->incoming + self->incoming_from;
  self->incoming_from += n_bytes;
  *size = code == 126 ? GST_READ_UINT16_BE (bytes) : GST_READ_UINT64_BE (bytes);
  if (*size < (code == 126 ? 126 : 0x10000))
    return refuse (error, "its length is not in the shortest form");
  return TRUE;
}

static gboolean
read_head (GstTDengineSocket * self, FrameHead * head, GError ** error)
{
  guint8 first, second;

  if (!fill_incoming (self, 2, error))
    return FALSE;
  first = self->incoming[self->incoming_from++];
  second = self->incoming[self->incoming_from++];
  head->fin = first >> 7;
  head->opcode = first & 0xf;
  if (first & 0x70)
    return refuse (error, "reserved bits are set");
  if (second & 0x80)
    return refuse (error, "a server's frame must not be masked");
  if (!read_size (self, second & 0x7f, &head->size, error))
    return FALSE;
  if (head->opcode >= GST_TDENGINE_OPCODE_CLOSE
      && (!head->fin || head->size > MAX_CONTROL_SIZE))
    return refuse (error, "a control frame is in parts or longer than %d bytes",
        MAX_CONTROL_SIZE);
  return TRUE;
}

static gboolean
handle_control (GstTDengineSocket * self, const FrameHead * head,
    GError ** error)
{
  if (!fill_incoming (self, head->size, error))
    return FALSE;
  GOutputVector part = { self->incoming + self->incoming_from, head->size };
  self->incoming_from += head->size;
  switch (head->opcode) {
    case GST_TDENGINE_OPCODE_PING:
      return gst_tdengine_socket_send (self, GST_TDENGINE_OPCODE_PONG, &part, 1,
          error);
    case GST_TDENGINE_OPCODE_PONG:
      return TRUE;
    case GST_TDENGINE_OPCODE_CLOSE:
      gst_tdengine_socket_send (self, GST_TDENGINE_OPCODE_CLOSE, &part, 1,
          NULL);
      return lost (error, "the server closed it");
    default:
      return refuse (error, "its kind is %d, which is not known", head->opcode);
  }
}

/* Of its own, or more of it. */
static gboolean
copy_payload (GstTDengineSocket * self, gsize size,
    GstTDengineMessage * message, GError ** error)
{
  gsize end = message->size + size;
  guint8 *memory = message->memory ?
      gst_tdengine_pool_grow (message->memory, end) :
      gst_tdengine_pool_take (self->pool, end);

  if (!memory)
    return no_memory (end, error);
  memcpy (memory + message->size, self->incoming + self->incoming_from, size);
  self->incoming_from += size;
  message->memory = message->data = memory;
  message->size = end;
  return TRUE;
}

/* The message takes the memory that it lies in. The next one, which begins with
 * what was read behind it, is expected to need a little more at most. */
static gboolean
hand_over (GstTDengineSocket * self, gsize size, GstTDengineMessage * message,
    GError ** error)
{
  gsize end = self->incoming_from + size;
  gsize rest = self->incoming_to - end;
  guint8 *next = gst_tdengine_pool_take (self->pool,
      MAX (MIN (end + end / 8, GROWTH_SIZE), MAX (rest, MIN_INCOMING_SIZE)));

  if (!next)
    return no_memory (end, error);
  memcpy (next, self->incoming + end, rest);
  message->memory = self->incoming;
  message->data = self->incoming + self->incoming_from;
  message->size = size;
  self->incoming = next;
  self->incoming_from = 0;
  self->incoming_to = rest;
  return TRUE;
}

/* A small message must not hold much memory. */
static gboolean
read_payload (GstTDengineSocket * self, const FrameHead * head,
    GstTDengineMessage * message, GError ** error)
{
  if (head->size > GST_TDENGINE_MAX_MESSAGE_SIZE - message->size)
    return refuse (error, "a message is longer than %u bytes",
        GST_TDENGINE_MAX_MESSAGE_SIZE);
  if (!fill_incoming (self, head->size, error))
    return FALSE;
  if (message->memory || !head->fin
      || head->size < gst_tdengine_pool_get_room (self->incoming) / 2)
    return copy_payload (self, head->size, message, error);
  return hand_over (self, head->size, message, error);
}

static gboolean
check_sequence (const FrameHead * head, gboolean started, GError ** error)
{
  if (head->opcode == GST_TDENGINE_OPCODE_CONTINUATION)
    return started || refuse (error, "it continues nothing");
  if (head->opcode > GST_TDENGINE_OPCODE_BINARY)
    return refuse (error, "its kind is %d, which is not known", head->opcode);
  return !started || refuse (error, "a message begins within another");
}

/* One message, whole. Pings are answered on the way. An error leaves nothing
 * in the message, and the socket of no more use. */
gboolean
gst_tdengine_socket_receive (GstTDengineSocket * self,
    GstTDengineMessage * message, GError ** error)
{
  g_auto (GstTDengineMessage) whole = { 0 };
  gboolean started = FALSE;
  FrameHead head = { 0 };

  do {
    if (!read_head (self, &head, error))
      return FALSE;
    if (head.opcode >= GST_TDENGINE_OPCODE_CLOSE) {
      if (!handle_control (self, &head, error))
        return FALSE;
      continue;
    }
    if (!check_sequence (&head, started, error)
        || !read_payload (self, &head, &whole, error))
      return FALSE;
    if (!started)
      whole.opcode = head.opcode;
    started = TRUE;
  } while (!started || !head.fin || head.opcode >= GST_TDENGINE_OPCODE_CLOSE);

  *message = whole;
  whole.memory = NULL;
  return TRUE;
}

/* writing */

static gsize
write_head (guint8 * head, GstTDengineOpcode opcode, gsize size, guint32 key)
{
  gsize n = 2;

  head[0] = 0x80 | opcode;
  if (size < 126) {
    head[1] = 0x80 | size;
  } else if (size <= G_MAXUINT16) {
    head[1] = 0x80 | 126;
    GST_WRITE_UINT16_BE (head + n, size);
    n += 2;
  } else {
    head[1] = 0x80 | 127;
    GST_WRITE_UINT64_BE (head + n, size);
    n += 8;
  }
  memcpy (head + n, &key, 4);
  return n + 4;
}

/* position is that of the first byte in the whole payload */
static void
mask (guint8 * to, const guint8 * from, gsize size, guint32 key, gsize position)
{
  guint8 turned[8];
  guint64 word, wide;
  gsize i = 0;

  for (guint k = 0; k < 8; k++)
    turned[k] = ((const guint8 *) &key)[(position + k) % 4];
  memcpy (&wide, turned, 8);
  for (; i + 8 <= size; i += 8) {
    memcpy (&word, from + i, 8);
    word ^= wide;
    memcpy (to + i, &word, 8);
  }
  for (; i < size; i++)
    to[i] = from[i] ^ turned[i % 8];
}

static guint32
next_key (GstTDengineSocket * self)
{
  if (self->n_keys == 0) {
    /* without the kernel's randomness GLib's has to do */
    if (getrandom (self->keys, sizeof self->keys, GRND_NONBLOCK) !=
        sizeof self->keys)
      return g_random_int ();
    self->n_keys = N_KEYS;
  }
  return self->keys[--self->n_keys];
}

/* the frame leaves in one write: two small ones would wait for each other */
static void
build_frame (GstTDengineSocket * self, GstTDengineOpcode opcode,
    const GOutputVector * parts, guint n_parts)
{
  GByteArray *frame = self->outgoing;
  guint32 key = next_key (self);
  gsize size = 0, position = 0, head_size;
  guint8 head[MAX_HEAD_SIZE];

  for (guint i = 0; i < n_parts; i++)
    size += parts[i].size;
  head_size = write_head (head, opcode, size, key);
  g_byte_array_set_size (frame, head_size + size);
  memcpy (frame->data, head, head_size);
  for (guint i = 0; i < n_parts; i++) {
    mask (frame->data + head_size + position, parts[i].buffer, parts[i].size,
        key, position);
    position += parts[i].size;
  }
}

static gboolean
write_frame (GstTDengineSocket * self, GError ** error)
{
  const GByteArray *frame = self->outgoing;
  g_autoptr (GError) local = NULL;
  gsize sent = 0;

  if (self->fd < 0) {
    if (g_output_stream_write_all (g_io_stream_get_output_stream (self->stream),
            frame->data, frame->len, NULL, self->closing, &local))
      return TRUE;
    return lost (error, local->message);
  }
  while (sent < frame->len) {
    gssize n =
        send (self->fd, frame->data + sent, frame->len - sent, MSG_NOSIGNAL);

    if (n < 0 && errno != EINTR)
      return lost (error, g_strerror (errno));
    sent += MAX (n, 0);
  }
  return TRUE;
}

/* Sends one message, gathered from parts. Any thread may. */
gboolean
gst_tdengine_socket_send (GstTDengineSocket * self, GstTDengineOpcode opcode,
    const GOutputVector * parts, guint n_parts, GError ** error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->send_lock);

  build_frame (self, opcode, parts, n_parts);
  return write_frame (self, error);
}

/* what can be written at once */
static void
try_frame (GstTDengineSocket * self)
{
  GOutputStream *stream = g_io_stream_get_output_stream (self->stream);

  if (self->fd >= 0)
    send (self->fd, self->outgoing->data, self->outgoing->len,
        MSG_DONTWAIT | MSG_NOSIGNAL);
  else if (G_IS_POLLABLE_OUTPUT_STREAM (stream))
    g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM
        (stream), self->outgoing->data, self->outgoing->len, NULL, NULL);
}

/* what the peer gets of it is up to the moment: nothing here may block */
static void
say_goodbye (GstTDengineSocket * self)
{
  static const guint8 normal_closure[] = { 0x03, 0xe8 };
  GOutputVector part = { normal_closure, sizeof normal_closure };

  if (!g_mutex_trylock (&self->send_lock))
    return;
  build_frame (self, GST_TDENGINE_OPCODE_CLOSE, &part, 1);
  try_frame (self);
  g_mutex_unlock (&self->send_lock);
}

/* Wakes whoever reads or writes; both fail from now on. */
void
gst_tdengine_socket_close (GstTDengineSocket * self)
{
  if (g_cancellable_is_cancelled (self->closing))
    return;
  say_goodbye (self);
  g_cancellable_cancel (self->closing);
  if (self->fd >= 0)
    shutdown (self->fd, SHUT_RDWR);
}
