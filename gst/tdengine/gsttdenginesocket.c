/* tdengine socket: WebSocket messages over a stream
 *
 * Frames are read and written here, as libsoup's own reader takes a KiB at a
 * time and needs ten times the processor for it. A large message is
 * mostly read at once, into the memory that a buffer will own: what comes goes
 * into as much as the one before took. Where no TLS lies
 * between, the calls go to the kernel itself: GIO would make three of each.
 * Through TLS there may be bytes that no poll tells of, so it is tried first and
 * polled for only where nothing is there.
 *
 * Reading can pause anywhere, even within a frame: what has come stays here,
 * and whoever reads next goes on with it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#define _GNU_SOURCE             /* ppoll() */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "gsttdenginedoor.h"
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
#define FLAG_FIN 0x80
#define FLAG_COMPRESSED 0x40
#define FLAGS_UNKNOWN 0x30
/* Compressed bytes that are looked at at once. They become 4 MiB at most, and
 * the limit on a message is checked behind them. */
#define SLICE_SIZE 4096
/* so many are asked of the kernel at once */
#define N_KEYS 64

struct _GstTDengineSocket
{
  GIOStream *stream;
  SoupWebsocketConnection *websocket;   /* owns the stream's HTTP side */
  SoupWebsocketExtension *deflate;      /* NULL: nothing is compressed */
  gboolean deflates;            /* what is sent, too */
  gint fd;                      /* of the kernel's socket, or -1 */
  gboolean plain;               /* nothing lies above that */
  gint pause_fd;                /* readable: the reading thread is to pause */
  gint closed;                  /* atomic */

  /* of the reading thread */
  GstTDenginePool *pool;
  guint8 *incoming;             /* of the pool; becomes the next message's */
  gsize incoming_from;
  gsize incoming_to;
  GstTDengineMessage partial;   /* the fragments that have come */
  gboolean started;             /* partial is */
  gboolean compressed;          /* partial comes so */

  gint64 heard_at;              /* when something came last: monotonic us */
  gboolean asked;               /* for a sign of life, since then */
  gint64 keepalive;             /* how long it may be silent, us; 0: for ever */

  gint64 send_timeout;          /* us */
  GMutex send_lock;
  GByteArray *outgoing;         /* a masked frame, under send_lock */
  guint32 keys[N_KEYS];         /* under send_lock */
  guint n_keys;                 /* not used yet, under send_lock */
};

typedef struct
{
  gboolean fin;
  gboolean compressed;          /* the message that begins with it */
  GstTDengineOpcode opcode;
  gsize head_size;
  guint64 size;                 /* of the payload */
} FrameHead;

/* the connection under a layer, such as libsoup's or TLS */
static GIOStream *
unwrap (GIOStream * stream, const gchar * property)
{
  GIOStream *base = NULL;

  if (!g_object_class_find_property (G_OBJECT_GET_CLASS (stream), property))
    return g_object_ref (stream);
  g_object_get (stream, property, &base, NULL);
  return base;
}

static void
take_fd (GstTDengineSocket * self)
{
  g_autoptr (GIOStream) inner = unwrap (self->stream, "base-iostream");
  g_autoptr (GIOStream) base = unwrap (inner, "base-io-stream");

  self->fd = -1;
  if (!G_IS_SOCKET_CONNECTION (base))
    return;
  self->fd = g_socket_get_fd (g_socket_connection_get_socket
      (G_SOCKET_CONNECTION (base)));
  self->plain = inner == base;
}

static GPollableInputStream *
get_input (GstTDengineSocket * self)
{
  return G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (self->stream));
}

static GPollableOutputStream *
get_output (GstTDengineSocket * self)
{
  return G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream
      (self->stream));
}

/* libsoup may have read further than the end of HTTP's part */
static void
take_leftover (GstTDengineSocket * self)
{
  gssize n = g_pollable_input_stream_read_nonblocking (get_input (self),
      self->incoming, MIN_INCOMING_SIZE, NULL, NULL);

  self->incoming_to = MAX (n, 0);
}

/* Where a message may refer to the one before, it has to be compressed when it
 * is sent; ours are made ready before, and not all are. taosAdapter lets no
 * message refer to another. */
static gboolean
forgets_context (SoupWebsocketExtension * deflate)
{
  g_autofree gchar *params = deflate ?
      soup_websocket_extension_get_response_params (deflate) : NULL;

  return params && strstr (params, "client_no_context_takeover");
}

/* both ways of the stream have to be pollable; without deflate nothing may come
 * compressed */
GstTDengineSocket *
gst_tdengine_socket_new (GIOStream * stream, SoupWebsocketExtension * deflate)
{
  GstTDengineSocket *self = g_new0 (GstTDengineSocket, 1);

  self->stream = g_object_ref (stream);
  g_set_object (&self->deflate, deflate);
  self->deflates = forgets_context (deflate);
  self->pool = gst_tdengine_pool_new ();
  self->incoming = gst_tdengine_pool_take (self->pool, MIN_INCOMING_SIZE);
  take_leftover (self);
  take_fd (self);
  self->pause_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  self->heard_at = g_get_monotonic_time ();
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
  g_clear_object (&self->deflate);
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

static void
set_limits (GstTDengineSocket * self, const GstTDengineSettings * settings)
{
  self->keepalive = settings->keepalive_interval * G_TIME_SPAN_MILLISECOND;
  self->send_timeout = settings->message_timeout * G_TIME_SPAN_MILLISECOND;
}

GstTDengineSocket *
gst_tdengine_socket_connect (const GstTDengineSettings * settings,
    const GstTDengineHost * host, const gchar * path,
    GCancellable * cancellable, GError ** error)
{
  SoupWebsocketConnection *websocket =
      gst_tdengine_door_open (settings, host, path, cancellable, error);
  GstTDengineSocket *self;
  GList *extensions;

  if (!websocket)
    return NULL;
  /* no other is offered */
  extensions = soup_websocket_connection_get_extensions (websocket);
  self = gst_tdengine_socket_new (soup_websocket_connection_get_io_stream
      (websocket), extensions ? extensions->data : NULL);
  self->websocket = websocket;
  set_limits (self, settings);
  if (self->pause_fd >= 0)
    return self;
  g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_CONNECT,
      "No connection to %s:%u: there are too many open files", host->name,
      host->port);
  gst_tdengine_socket_free (self);
  return NULL;
}

/* reading */

static void say_at_once (GstTDengineSocket * self, GstTDengineOpcode opcode,
    const GOutputVector * part);

static gboolean
lost (GError ** error, const gchar * why)
{
  g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_CLOSED,
      "The connection was lost: %s", why);
  return FALSE;
}

static void
set_errno (GError ** error)
{
  g_set_error_literal (error, G_IO_ERROR, g_io_error_from_errno (errno),
      g_strerror (errno));
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

/* the next moment to look whether the peer lives */
static gint64
get_due (GstTDengineSocket * self)
{
  if (self->keepalive == 0)
    return G_MAXINT64;
  return self->heard_at + (self->asked ? self->keepalive : self->keepalive / 2);
}

/* asks for a sign of life, and gives up where that has not come */
static gboolean
check_alive (GstTDengineSocket * self, GError ** error)
{
  if (g_get_monotonic_time () < get_due (self))
    return TRUE;
  if (self->asked)
    return lost (error, "the server gave no sign of life for as long as "
        "keepalive-interval allows");
  self->asked = TRUE;
  say_at_once (self, GST_TDENGINE_OPCODE_PING, NULL);
  return TRUE;
}

/* FALSE with an error also where it is time to pause */
static gboolean
wait_for_bytes (GstTDengineSocket * self, gint64 deadline, GError ** error)
{
  gint64 now = g_get_monotonic_time ();
  gint64 left = MAX (MIN (deadline, get_due (self)) - now, 0);
  const struct timespec limit = { left / G_USEC_PER_SEC,
    left % G_USEC_PER_SEC * 1000
  };
  struct pollfd polls[] = { {self->fd, POLLIN}, {self->pause_fd, POLLIN} };
  eventfd_t count;
  gint n = ppoll (polls, deadline == GST_TDENGINE_NO_DEADLINE ? 1 : 2, &limit,
      NULL);

  if (n < 0 && errno != EINTR)
    return lost (error, g_strerror (errno));
  if (polls[1].revents) {
    eventfd_read (self->pause_fd, &count);
    return paused (error);
  }
  if (n > 0)
    return TRUE;
  return g_get_monotonic_time () >= deadline ? paused (error) :
      check_alive (self, error);
}

static gssize
read_now (GstTDengineSocket * self, guint8 * to, gsize size, GError ** error)
{
  gssize n;

  if (!self->plain)
    return g_pollable_input_stream_read_nonblocking (get_input (self), to, size,
        NULL, error);
  do
    n = recv (self->fd, to, size, MSG_DONTWAIT);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    set_errno (error);
  return n;
}

/* at least one byte */
static gssize
read_some (GstTDengineSocket * self, guint8 * to, gsize size, gint64 deadline,
    GError ** error)
{
  gboolean ready = !self->plain;

  while (TRUE) {
    g_autoptr (GError) local = NULL;

    if (!ready && !wait_for_bytes (self, deadline, error))
      return -1;
    gssize n = read_now (self, to, size, &local);
    ready = FALSE;
    if (n > 0) {
      self->heard_at = g_get_monotonic_time ();
      self->asked = FALSE;
      return n;
    }
    if (n == 0 || !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      lost (error, n == 0 ? "the server closed it" : local->message);
      return -1;
    }
  }
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
  head->compressed = (first & FLAG_COMPRESSED) != 0;
  if (first & FLAGS_UNKNOWN || (head->compressed && (!self->deflate
              || head->opcode == GST_TDENGINE_OPCODE_CONTINUATION
              || head->opcode > GST_TDENGINE_OPCODE_BINARY)))
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
          NULL, error);
    case GST_TDENGINE_OPCODE_PONG:
      return TRUE;
    case GST_TDENGINE_OPCODE_CLOSE:
      say_at_once (self, GST_TDENGINE_OPCODE_CLOSE, &part);
      return lost (error, "the server closed it");
    default:
      return refuse (error, "its kind is %d, which is not known", head->opcode);
  }
}

/* more of what a message has, twice as much at least: parts may be small */
static guint8 *
grow_memory (guint8 * memory, gsize size)
{
  gsize room = gst_tdengine_pool_get_room (memory);

  return size <= room ? memory : gst_tdengine_pool_grow (memory,
      MAX (size, MIN (2 * room, GST_TDENGINE_MAX_MESSAGE_SIZE)));
}

/* Of its own, or more of it. */
static gboolean
append_payload (GstTDengineSocket * self, const guint8 * from, gsize size,
    GError ** error)
{
  GstTDengineMessage *message = &self->partial;
  gsize end = message->size + size;
  guint8 *memory = message->memory ? grow_memory (message->memory, end) :
      gst_tdengine_pool_take (self->pool, end);

  if (!memory)
    return no_memory (end, error);
  memcpy (memory + message->size, from, size);
  message->memory = message->data = memory;
  message->size = end;
  return TRUE;
}

static gboolean
copy_payload (GstTDengineSocket * self, gsize size, GError ** error)
{
  const guint8 *from = self->incoming + self->incoming_from;

  self->incoming_from += size;
  return append_payload (self, from, size, error);
}

static gboolean
inflate_slice (GstTDengineSocket * self, guint8 flags, gsize size,
    GError ** error)
{
  g_autoptr (GBytes) bytes = soup_websocket_extension_process_incoming_message
      (self->deflate, &flags, g_bytes_new_static (self->incoming +
          self->incoming_from, size), NULL);

  if (!bytes)
    return refuse (error, "what it holds can't be decompressed");
  if (g_bytes_get_size (bytes) > GST_TDENGINE_MAX_MESSAGE_SIZE -
      self->partial.size)
    return refuse (error, "a message is longer than %u bytes",
        GST_TDENGINE_MAX_MESSAGE_SIZE);
  self->incoming_from += size;
  return append_payload (self, g_bytes_get_data (bytes, NULL),
      g_bytes_get_size (bytes), error);
}

/* To the inflater slices are fragments, of which the first has the flag. */
static gboolean
inflate_payload (GstTDengineSocket * self, const FrameHead * head,
    GError ** error)
{
  guint8 flags = self->started ? 0 : FLAG_COMPRESSED | head->opcode;
  gsize left = head->size;

  do {
    gsize size = MIN (left, SLICE_SIZE);

    left -= size;
    if (head->fin && left == 0)
      flags |= FLAG_FIN;
    if (!inflate_slice (self, flags, size, error))
      return FALSE;
    flags = 0;
  } while (left > 0);
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
  if (!self->started) {
    self->partial.opcode = head->opcode;
    self->compressed = head->compressed;
  }
  if (self->compressed)
    return inflate_payload (self, head, error);
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

/* One message, whole. Pings are answered on the way. Reading with a deadline
 * pauses then, or when told to: that is G_IO_ERROR_WOULD_BLOCK, and the
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
write_head (guint8 * head, guint8 first, gsize size, guint32 key)
{
  gsize n = 2;

  head[0] = first;
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
build_frame (GByteArray * frame, guint8 first,
    const GOutputVector * parts, guint n_parts, guint32 key)
{
  gsize size = 0, position = 0, head_size;
  guint8 head[MAX_HEAD_SIZE];

  for (guint i = 0; i < n_parts; i++)
    size += parts[i].size;
  head_size = write_head (head, first, size, key);
  g_byte_array_set_size (frame, head_size + size);
  memcpy (frame->data, head, head_size);
  for (guint i = 0; i < n_parts; i++) {
    mask (frame->data + head_size + position, parts[i].buffer, parts[i].size,
        key, position);
    position += parts[i].size;
  }
}

static gssize
write_now (GstTDengineSocket * self, const guint8 * from, gsize size,
    GError ** error)
{
  gssize n;

  if (!self->plain)
    return g_pollable_output_stream_write_nonblocking (get_output (self), from,
        size, NULL, error);
  do
    n = send (self->fd, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (n < 0 && errno == EINTR);
  if (n < 0)
    set_errno (error);
  return n;
}

/* a server that takes nothing must not hold who sends for ever */
static gboolean
wait_for_room (GstTDengineSocket * self, GCancellable * cancellable,
    GError ** error)
{
  GPollFD wake = {.fd = -1 };
  gboolean watched = g_cancellable_make_pollfd (cancellable, &wake);
  const struct timespec limit = { self->send_timeout / G_USEC_PER_SEC,
    self->send_timeout % G_USEC_PER_SEC * 1000
  };
  struct pollfd polls[] = { {self->fd, POLLOUT}, {wake.fd, POLLIN} };
  gint n = ppoll (polls, G_N_ELEMENTS (polls), &limit, NULL);

  if (watched)
    g_cancellable_release_fd (cancellable);
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (n == 0)
    g_set_error_literal (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_TIMEOUT,
        "The server took nothing for longer than the message time-out");
  return n != 0;
}

static gboolean
write_all (GstTDengineSocket * self, const GByteArray * frame, gsize * sent,
    GCancellable * cancellable, GError ** error)
{
  for (*sent = 0; *sent < frame->len;) {
    g_autoptr (GError) local = NULL;
    gssize n = write_now (self, frame->data + *sent, frame->len - *sent,
        &local);

    if (n >= 0)
      *sent += n;
    else if (!g_error_matches (local, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
      return lost (error, local->message);
    else if (!wait_for_room (self, cancellable, error))
      return FALSE;
  }
  return TRUE;
}

/* Behind a part of a frame nothing else can be sent: whoever reads is told. */
static gboolean
write_frame (GstTDengineSocket * self, const GByteArray * frame,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GError) local = NULL;
  gsize sent;

  if (write_all (self, frame, &sent, cancellable, &local))
    return TRUE;
  if (sent > 0 || !g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    shutdown (self->fd, SHUT_RDWR);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* Changes the first byte where it did. */
static GBytes *
deflate_parts_locked (GstTDengineSocket * self, guint8 * first,
    const GOutputVector * parts, guint n_parts)
{
  GByteArray *whole = g_byte_array_new ();
  guint8 flags = *first;
  GBytes *packed;

  for (guint i = 0; i < n_parts; i++)
    g_byte_array_append (whole, parts[i].buffer, parts[i].size);
  packed = soup_websocket_extension_process_outgoing_message (self->deflate,
      &flags, g_byte_array_free_to_bytes (whole), NULL);
  if (packed)
    *first = flags;
  return packed;
}

static void
build_locked (GstTDengineSocket * self, GByteArray * frame,
    GstTDengineOpcode opcode, const GOutputVector * parts, guint n_parts)
{
  guint8 first = FLAG_FIN | opcode;
  g_autoptr (GBytes) packed = self->deflates
      && opcode <= GST_TDENGINE_OPCODE_BINARY ?
      deflate_parts_locked (self, &first, parts, n_parts) : NULL;

  if (packed) {
    gsize size;
    gconstpointer data = g_bytes_get_data (packed, &size);
    const GOutputVector part = { data, size };

    build_frame (frame, first, &part, 1, next_key (self));
  } else {
    build_frame (frame, first, parts, n_parts, next_key (self));
  }
}

/* Makes a message, gathered from parts, ready to be sent: to do it while the
 * server works on the one before saves the time of masking. Any thread may. */
void
gst_tdengine_socket_prepare (GstTDengineSocket * self, GByteArray * frame,
    GstTDengineOpcode opcode, const GOutputVector * parts, guint n_parts)
{
  guint32 key = 0;

  g_mutex_lock (&self->send_lock);
  if (self->deflates)
    build_locked (self, frame, opcode, parts, n_parts);
  else
    key = next_key (self);
  g_mutex_unlock (&self->send_lock);
  /* to mask takes longest, and needs no lock */
  if (!self->deflates)
    build_frame (frame, FLAG_FIN | opcode, parts, n_parts, key);
}

/* Sends what was prepared. Any thread may. One that is cancelled while the
 * server takes nothing has sent nothing, or leaves the socket of no more use. */
gboolean
gst_tdengine_socket_send_prepared (GstTDengineSocket * self,
    const GByteArray * frame, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->send_lock);

  return write_frame (self, frame, cancellable, error);
}

/* Sends one message, gathered from parts. Any thread may. */
gboolean
gst_tdengine_socket_send (GstTDengineSocket * self, GstTDengineOpcode opcode,
    const GOutputVector * parts, guint n_parts, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->send_lock);

  build_locked (self, self->outgoing, opcode, parts, n_parts);
  return write_frame (self, self->outgoing, cancellable, error);
}

/* Nothing here may block: what the peer gets of it is up to the moment. */
static void
say_at_once (GstTDengineSocket * self, GstTDengineOpcode opcode,
    const GOutputVector * part)
{
  gssize n;

  if (!g_mutex_trylock (&self->send_lock))
    return;
  build_locked (self, self->outgoing, opcode, part, part ? 1 : 0);
  n = write_now (self, self->outgoing->data, self->outgoing->len, NULL);
  if (n > 0 && n < self->outgoing->len)
    shutdown (self->fd, SHUT_RDWR);
  g_mutex_unlock (&self->send_lock);
}

/* Wakes whoever reads or writes; both fail from now on. */
void
gst_tdengine_socket_close (GstTDengineSocket * self)
{
  static const guint8 normal_closure[] = { 0x03, 0xe8 };
  const GOutputVector part = { normal_closure, sizeof normal_closure };

  if (!g_atomic_int_compare_and_exchange (&self->closed, FALSE, TRUE))
    return;
  say_at_once (self, GST_TDENGINE_OPCODE_CLOSE, &part);
  shutdown (self->fd, SHUT_RDWR);
}
