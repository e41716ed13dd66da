/* tdengine socket: WebSocket messages over a stream
 *
 * libsoup opens the door: name, proxy, TLS, HTTP and the 101 are its work.
 * The frames behind it are read and written here, as its own reader takes a
 * KiB at a time and needs ten times the processor for it. A large message is
 * mostly read at once, into the memory that a buffer will own: what comes goes
 * into as much as the one before took. Where no TLS lies
 * between, the calls go to the kernel itself: GIO would make three of each.
 *
 * Reading can pause anywhere, even within a frame: what has come stays here,
 * and whoever reads next goes on with it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE             /* ppoll() */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>
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
  gint pause_fd;                /* readable: the reading thread is to pause */
  GCancellable *closing;

  /* of the reading thread */
  GstTDenginePool *pool;
  guint8 *incoming;             /* of the pool; becomes the next message's */
  gsize incoming_from;
  gsize incoming_to;
  GstTDengineMessage partial;   /* the fragments that have come */
  gboolean started;             /* partial is */

  GMutex send_lock;
  GByteArray *outgoing;         /* a masked frame, under send_lock */
  guint32 keys[N_KEYS];         /* under send_lock */
  guint n_keys;                 /* not used yet, under send_lock */
};

typedef struct
{
  gboolean fin;
  GstTDengineOpcode opcode;
  gsize head_size;
  guint64 size;                 /* of the payload */
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
  self->pause_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
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
  gst_tdengine_message_clear (&self->partial);
  gst_tdengine_pool_give_back (self->incoming);
  if (self->pause_fd >= 0)
    close (self->pause_fd);
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

/* a server that takes nothing must not hold who sends for ever */
static void
limit_sending (GstTDengineSocket * self, guint timeout)
{
  const struct timeval limit = { timeout / 1000, timeout % 1000 * 1000 };

  if (self->fd >= 0)
    setsockopt (self->fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
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
  limit_sending (self, settings->message_timeout);
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

/* Whether reading can pause. Behind TLS it can't: bytes may be there that no
 * poll tells of. */
gboolean
gst_tdengine_socket_can_pause (GstTDengineSocket * self)
{
  return self->fd >= 0 && self->pause_fd >= 0;
}

/* Makes who reads until a deadline pause. Any thread may. */
void
gst_tdengine_socket_pause (GstTDengineSocket * self)
{
  eventfd_write (self->pause_fd, 1);
}

static gboolean
paused (GError ** error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK,
      "Reading has paused");
  return FALSE;
}

static gboolean
wait_for_bytes (GstTDengineSocket * self, gint64 deadline, GError ** error)
{
  gint64 left = MAX (deadline - g_get_monotonic_time (), 0);
  const struct timespec limit = { left / G_USEC_PER_SEC,
    left % G_USEC_PER_SEC * 1000
  };
  struct pollfd polls[] = { {self->fd, POLLIN}, {self->pause_fd, POLLIN} };
  eventfd_t count;
  gint n = ppoll (polls, G_N_ELEMENTS (polls), &limit, NULL);

  if (n < 0 && errno != EINTR)
    return lost (error, g_strerror (errno));
  if (n > 0 && !polls[1].revents)
    return TRUE;
  if (n > 0)
    eventfd_read (self->pause_fd, &count);
  return paused (error);
}

/* at least one byte */
static gssize
read_some (GstTDengineSocket * self, guint8 * to, gsize size, gint64 deadline,
    GError ** error)
{
  g_autoptr (GError) local = NULL;
  gssize n;

  if (self->fd < 0) {
    n = g_input_stream_read (g_io_stream_get_input_stream (self->stream), to,
        size, self->closing, &local);
  } else {
    if (deadline != GST_TDENGINE_NO_DEADLINE
        && !wait_for_bytes (self, deadline, error))
      return -1;
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
fill_incoming (GstTDengineSocket * self, gsize needed, gint64 deadline,
    GError ** error)
{
  if (count_incoming (self) == 0)
    self->incoming_from = self->incoming_to = 0;
  while (count_incoming (self) < needed) {
    gsize part = MAX (2 * count_incoming (self), GROWTH_SIZE);

    if (!make_room (self, MIN (needed, part), error))
      return FALSE;
    gssize n = read_some (self, self->incoming + self->incoming_to,
        gst_tdengine_pool_get_room (self->incoming) - self->incoming_to,
        deadline, error);
    if (n < 0)
      return FALSE;
    self->incoming_to += n;
  }
  return TRUE;
}

static gboolean
read_size (GstTDengineSocket * self, FrameHead * head, gint64 deadline,
    GError ** error)
{
  guint8 code = self->incoming[self->incoming_from + 1] & 0x7f;
  const guint8 *bytes;

  head->head_size = 2;
  head->size = code;
  if (code < 126)
    return TRUE;
  head->head_size += code == 126 ? 2 : 8;
  if (!fill_incoming (self, head->head_size, deadline, error))
    return FALSE;
  bytes = self->incoming + self->incoming_from + 2;
  head->size =
      code == 126 ? GST_READ_UINT16_BE (bytes) : GST_READ_UINT64_BE (bytes);
  if (head->size < (code == 126 ? 126 : 0x10000))
    return refuse (error, "its length is not in the shortest form");
  return TRUE;
}

/* the head stays where it lies until the frame is whole */
static gboolean
read_head (GstTDengineSocket * self, FrameHead * head, gint64 deadline,
    GError ** error)
{
  guint8 first, second;

  if (!fill_incoming (self, 2, deadline, error))
    return FALSE;
  first = self->incoming[self->incoming_from];
  second = self->incoming[self->incoming_from + 1];
  head->fin = first >> 7;
  head->opcode = first & 0xf;
  if (first & 0x70)
    return refuse (error, "reserved bits are set");
  if (second & 0x80)
    return refuse (error, "a server's frame must not be masked");
  return read_size (self, head, deadline, error);
}

static gboolean
check_control (const FrameHead * head, GError ** error)
{
  if (!head->fin || head->size > MAX_CONTROL_SIZE)
    return refuse (error, "a control frame is in parts or longer than %d bytes",
        MAX_CONTROL_SIZE);
  return TRUE;
}

static gboolean
check_data (GstTDengineSocket * self, const FrameHead * head, GError ** error)
{
  gboolean continues = head->opcode == GST_TDENGINE_OPCODE_CONTINUATION;

  if (head->opcode > GST_TDENGINE_OPCODE_BINARY)
    return refuse (error, "its kind is %d, which is not known", head->opcode);
  if (continues && !self->started)
    return refuse (error, "it continues nothing");
  if (!continues && self->started)
    return refuse (error, "a message begins within another");
  if (head->size > GST_TDENGINE_MAX_MESSAGE_SIZE - self->partial.size)
    return refuse (error, "a message is longer than %u bytes",
        GST_TDENGINE_MAX_MESSAGE_SIZE);
  return TRUE;
}

static gboolean
handle_control (GstTDengineSocket * self, const FrameHead * head,
    GError ** error)
{
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
copy_payload (GstTDengineSocket * self, gsize size, GError ** error)
{
  GstTDengineMessage *message = &self->partial;
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
hand_over (GstTDengineSocket * self, gsize size, GError ** error)
{
  GstTDengineMessage *message = &self->partial;
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
take_payload (GstTDengineSocket * self, const FrameHead * head, GError ** error)
{
  if (!self->started)
    self->partial.opcode = head->opcode;
  if (self->started || !head->fin
      || head->size < gst_tdengine_pool_get_room (self->incoming) / 2)
    return copy_payload (self, head->size, error);
  return hand_over (self, head->size, error);
}

/* one frame, taken from what has come once it is whole */
static gboolean
receive_frame (GstTDengineSocket * self, FrameHead * head, gint64 deadline,
    GError ** error)
{
  gboolean is_control;

  if (!read_head (self, head, deadline, error))
    return FALSE;
  is_control = head->opcode >= GST_TDENGINE_OPCODE_CLOSE;
  if (!(is_control ? check_control (head, error)
          : check_data (self, head, error))
      || !fill_incoming (self, head->head_size + head->size, deadline, error))
    return FALSE;
  self->incoming_from += head->head_size;
  if (is_control)
    return handle_control (self, head, error);
  if (!take_payload (self, head, error))
    return FALSE;
  self->started = TRUE;
  return TRUE;
}

/* One message, whole. Pings are answered on the way. Where reading can pause it
 * does at the deadline, or when told to: that is G_IO_ERROR_WOULD_BLOCK, and the
 * next call goes on. Any other error leaves the socket of no more use. */
gboolean
gst_tdengine_socket_receive (GstTDengineSocket * self, gint64 deadline,
    GstTDengineMessage * message, GError ** error)
{
  FrameHead head = { 0 };

  do {
    if (!receive_frame (self, &head, deadline, error))
      return FALSE;
  } while (head.opcode >= GST_TDENGINE_OPCODE_CLOSE || !head.fin);

  *message = self->partial;
  memset (&self->partial, 0, sizeof self->partial);
  self->started = FALSE;
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

/* so many bytes are masked by one instruction where the machine has it */
typedef guint8 Wide __attribute__((vector_size (16)));

/* position is that of the first byte in the whole payload */
static void
mask (guint8 * to, const guint8 * from, gsize size, guint32 key, gsize position)
{
  Wide word, turned;
  gsize i = 0;

  for (guint k = 0; k < sizeof turned; k++)
    turned[k] = ((const guint8 *) &key)[(position + k) % 4];
  for (; i + sizeof word <= size; i += sizeof word) {
    memcpy (&word, from + i, sizeof word);
    word ^= turned;
    memcpy (to + i, &word, sizeof word);
  }
  for (; i < size; i++)
    to[i] = from[i] ^ turned[i % 4];
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
build_frame (GByteArray * frame, GstTDengineOpcode opcode,
    const GOutputVector * parts, guint n_parts, guint32 key)
{
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

/* behind a part of a frame nothing else can be sent: whoever reads is told */
static gboolean
stop_sending (GstTDengineSocket * self, GError ** error)
{
  if (errno == EAGAIN)
    g_set_error_literal (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_TIMEOUT,
        "The server took nothing for longer than the message time-out");
  else
    lost (error, g_strerror (errno));
  shutdown (self->fd, SHUT_RDWR);
  return FALSE;
}

static gboolean
write_frame (GstTDengineSocket * self, const GByteArray * frame,
    GError ** error)
{
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
      return stop_sending (self, error);
    sent += MAX (n, 0);
  }
  return TRUE;
}

/* Makes a message, gathered from parts, ready to be sent: to do it while the
 * server works on the one before saves the time of masking. Any thread may. */
void
gst_tdengine_socket_prepare (GstTDengineSocket * self, GByteArray * frame,
    GstTDengineOpcode opcode, const GOutputVector * parts, guint n_parts)
{
  guint32 key;

  g_mutex_lock (&self->send_lock);
  key = next_key (self);
  g_mutex_unlock (&self->send_lock);
  build_frame (frame, opcode, parts, n_parts, key);
}

/* Sends what was prepared. Any thread may. */
gboolean
gst_tdengine_socket_send_prepared (GstTDengineSocket * self,
    const GByteArray * frame, GError ** error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->send_lock);

  return write_frame (self, frame, error);
}

/* Sends one message, gathered from parts. Any thread may. */
gboolean
gst_tdengine_socket_send (GstTDengineSocket * self, GstTDengineOpcode opcode,
    const GOutputVector * parts, guint n_parts, GError ** error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->send_lock);

  build_frame (self->outgoing, opcode, parts, n_parts, next_key (self));
  return write_frame (self, self->outgoing, error);
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
  build_frame (self->outgoing, GST_TDENGINE_OPCODE_CLOSE, &part, 1,
      next_key (self));
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
