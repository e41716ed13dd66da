/* socket: WebSocket frames, good and bad
 *
 * Frames are written by hand, as RFC 6455 has them: a byte of flags and kind, a
 * byte of mask and length, then 2 or 8 bytes more of length where it is 126 or
 * 127, then the payload.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gio/gio.h>
#include <string.h>

#include "gsttdengineerror.h"
#include "gsttdenginesocket.h"

/* a stream that gives at most `step` bytes a read */

typedef struct
{
  GInputStream parent_instance;
  const guint8 *data;
  gsize size;
  gsize step;
} DripStream;

typedef GInputStreamClass DripStreamClass;

static GType drip_stream_get_type (void);
static void drip_stream_pollable (GPollableInputStreamInterface * iface);
G_DEFINE_TYPE_WITH_CODE (DripStream, drip_stream, G_TYPE_INPUT_STREAM,
    G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, drip_stream_pollable));

static gboolean
drip_stream_is_readable (GPollableInputStream * stream)
{
  return TRUE;
}

static void
drip_stream_pollable (GPollableInputStreamInterface * iface)
{
  iface->is_readable = drip_stream_is_readable;
}

static gssize
drip_stream_read (GInputStream * stream, void *buffer, gsize size,
    GCancellable * cancellable, GError ** error)
{
  DripStream *self = (DripStream *) stream;
  gsize n = MIN (MIN (size, self->step), self->size);

  if (n > 0)
    memcpy (buffer, self->data, n);
  self->data += n;
  self->size -= n;
  return n;
}

static void
drip_stream_class_init (DripStreamClass * klass)
{
  klass->read_fn = drip_stream_read;
}

static void
drip_stream_init (DripStream * self)
{
}

typedef struct
{
  GOutputStream *sent;
  GstTDengineSocket *socket;
} Peer;

/* as it is configured behind taosAdapter's answer */
static SoupWebsocketExtension *
make_deflate (SoupWebsocketConnectionType type)
{
  SoupWebsocketExtension *deflate =
      g_object_new (SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE, NULL);
  g_autoptr (GHashTable) params = g_hash_table_new (g_str_hash, g_str_equal);

  g_hash_table_insert (params, (gpointer) "server_no_context_takeover", NULL);
  g_hash_table_insert (params, (gpointer) "client_no_context_takeover", NULL);
  fail_unless (soup_websocket_extension_configure (deflate, type, params,
          NULL));
  return deflate;
}

static void
peer_init_full (Peer * peer, gconstpointer received, gsize size, gsize step,
    SoupWebsocketExtension * deflate)
{
  g_autoptr (GInputStream) in = g_object_new (drip_stream_get_type (), NULL);
  g_autoptr (GIOStream) stream = NULL;

  ((DripStream *) in)->data = received;
  ((DripStream *) in)->size = size;
  ((DripStream *) in)->step = step;
  peer->sent = g_memory_output_stream_new_resizable ();
  stream = g_simple_io_stream_new (in, peer->sent);
  peer->socket = gst_tdengine_socket_new (stream, deflate);
}

static void
peer_init (Peer * peer, gconstpointer received, gsize size, gsize step)
{
  peer_init_full (peer, received, size, step, NULL);
}

static void
peer_clear (Peer * peer)
{
  gst_tdengine_socket_free (peer->socket);
  g_object_unref (peer->sent);
}

static GByteArray *
make_frame (guint8 first, gsize size)
{
  GByteArray *frame = g_byte_array_new ();
  guint8 head[10] = { first };
  gsize n = 2;

  if (size < 126) {
    head[1] = size;
  } else if (size < 0x10000) {
    head[1] = 126;
    GST_WRITE_UINT16_BE (head + 2, size);
    n = 4;
  } else {
    head[1] = 127;
    GST_WRITE_UINT64_BE (head + 2, size);
    n = 10;
  }
  g_byte_array_append (frame, head, n);
  for (gsize i = 0; i < size; i++) {
    const guint8 byte = i * 7;

    g_byte_array_append (frame, &byte, 1);
  }
  return frame;
}

static const gsize sizes[] =
    { 0, 1, 125, 126, 65535, 65536, 1024 * 1024 + 1, 5 * 1024 * 1024 };

GST_START_TEST (test_messages_of_every_size_arrive)
{
  static const gsize steps[] = { 1000, 4096, G_MAXSIZE };

  for (guint i = 0; i < G_N_ELEMENTS (steps); i++) {
    g_autoptr (GByteArray) frame = make_frame (0x82, sizes[__i__]);
    g_auto (GstTDengineMessage) message = { 0 };
    g_autoptr (GError) error = NULL;
    Peer peer;

    peer_init (&peer, frame->data, frame->len, steps[i]);
    gst_tdengine_socket_receive (peer.socket,
        GST_TDENGINE_NO_DEADLINE, &message, &error);
    g_assert_no_error (error);
    fail_unless_equals_int (message.opcode, GST_TDENGINE_OPCODE_BINARY);
    fail_unless_equals_uint64 (message.size, sizes[__i__]);
    fail_unless (message.size == 0 || memcmp (message.data,
            frame->data + frame->len - message.size, message.size) == 0);
    peer_clear (&peer);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_message_in_parts_arrives_whole)
{
  /* "ab", a ping "p", "c", a pong, "" and the end "d" */
  static const gchar frames[] = "\x01\x02" "ab" "\x89\x01" "p" "\x00\x01" "c"
      "\x8a\x00" "\x00\x00" "\x80\x01" "d";
  g_auto (GstTDengineMessage) message = { 0 };
  g_autoptr (GError) error = NULL;
  const guint8 *pong;
  Peer peer;

  peer_init (&peer, frames, sizeof frames - 1, 1);
  gst_tdengine_socket_receive (peer.socket,
      GST_TDENGINE_NO_DEADLINE, &message, &error);
  g_assert_no_error (error);
  fail_unless_equals_int (message.opcode, GST_TDENGINE_OPCODE_TEXT);
  fail_unless_equals_uint64 (message.size, 4);
  fail_unless (memcmp (message.data, "abcd", 4) == 0);

  /* the ping is answered: a masked pong of one byte */
  GMemoryOutputStream *sent = G_MEMORY_OUTPUT_STREAM (peer.sent);
  fail_unless_equals_uint64 (g_memory_output_stream_get_data_size (sent), 7);
  pong = g_memory_output_stream_get_data (sent);
  fail_unless_equals_int (pong[0], 0x8a);
  fail_unless_equals_int (pong[1], 0x81);
  fail_unless_equals_int (pong[6] ^ pong[2], 'p');
  peer_clear (&peer);
}

GST_END_TEST;

static const struct
{
  const gchar *bytes;
  gsize size;
  gint code;
  const gchar *words;
} broken[] = {
#define FRAME(bytes) bytes, sizeof bytes - 1
  {FRAME ("\xc2\x01x"), GST_TDENGINE_ERROR_PROTOCOL, "reserved"},
  {FRAME ("\xa2\x01x"), GST_TDENGINE_ERROR_PROTOCOL, "reserved"},
  {FRAME ("\x92\x01x"), GST_TDENGINE_ERROR_PROTOCOL, "reserved"},
  {FRAME ("\x82\x81\0\0\0\0x"), GST_TDENGINE_ERROR_PROTOCOL, "masked"},
  {FRAME ("\x83\x00"), GST_TDENGINE_ERROR_PROTOCOL, "kind"},
  {FRAME ("\x8b\x00"), GST_TDENGINE_ERROR_PROTOCOL, "kind"},
  {FRAME ("\x09\x00"), GST_TDENGINE_ERROR_PROTOCOL, "control"},
  {FRAME ("\x89\x7e\x00\x7e"), GST_TDENGINE_ERROR_PROTOCOL, "control"},
  {FRAME ("\x80\x01x"), GST_TDENGINE_ERROR_PROTOCOL, "continues nothing"},
  {FRAME ("\x01\x01x\x81\x01y"), GST_TDENGINE_ERROR_PROTOCOL, "within"},
  {FRAME ("\x82\x7e\x00\x7d"), GST_TDENGINE_ERROR_PROTOCOL, "shortest"},
  {FRAME ("\x82\x7f\0\0\0\0\0\0\xff\xff"), GST_TDENGINE_ERROR_PROTOCOL,
      "shortest"},
  {FRAME ("\x82\x7f\x80\0\0\0\0\0\0\0"), GST_TDENGINE_ERROR_PROTOCOL,
      "longer"},
  {FRAME ("\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff"),
      GST_TDENGINE_ERROR_PROTOCOL, "longer"},
  /* 100 MiB and a byte */
  {FRAME ("\x82\x7f\0\0\0\0\x06\x40\0\x01"), GST_TDENGINE_ERROR_PROTOCOL,
      "longer"},
  /* the second part makes it too long: 1 + 100 MiB */
  {FRAME ("\x02\x01x\x80\x7f\0\0\0\0\x06\x40\0\0"),
      GST_TDENGINE_ERROR_PROTOCOL, "longer"},
  {FRAME (""), GST_TDENGINE_ERROR_CLOSED, "closed"},
  {FRAME ("\x82"), GST_TDENGINE_ERROR_CLOSED, "closed"},
  {FRAME ("\x82\x7e\x01"), GST_TDENGINE_ERROR_CLOSED, "closed"},
  {FRAME ("\x82\x05" "1234"), GST_TDENGINE_ERROR_CLOSED, "closed"},
  {FRAME ("\x02\x01x"), GST_TDENGINE_ERROR_CLOSED, "closed"},
  {FRAME ("\x88\x02\x03\xe8"), GST_TDENGINE_ERROR_CLOSED, "closed"},
};

/* at its exact size, so that a read behind it is found */
GST_START_TEST (test_a_broken_frame_is_refused)
{
  g_autofree guint8 *bytes = g_memdup2 (broken[__i__].bytes,
      broken[__i__].size);
  g_auto (GstTDengineMessage) message = { 0 };
  g_autoptr (GError) error = NULL;
  Peer peer;

  peer_init (&peer, bytes, broken[__i__].size, G_MAXSIZE);
  fail_if (gst_tdengine_socket_receive (peer.socket,
          GST_TDENGINE_NO_DEADLINE, &message, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          broken[__i__].code), "%s", error->message);
  fail_unless (strstr (error->message, broken[__i__].words),
      "\"%s\" lacks \"%s\"", error->message, broken[__i__].words);
  fail_if (message.data);
  peer_clear (&peer);
}

GST_END_TEST;

static gsize
unmask (const guint8 * frame, gsize size, GByteArray * payload)
{
  gsize at = 2, length = frame[1] & 0x7f;
  const guint8 *key;

  fail_unless (frame[1] & 0x80, "a client's frame is masked");
  if (length == 126) {
    length = GST_READ_UINT16_BE (frame + 2);
    at = 4;
  } else if (length == 127) {
    length = GST_READ_UINT64_BE (frame + 2);
    at = 10;
  }
  key = frame + at;
  at += 4;
  fail_unless_equals_uint64 (at + length, size);
  for (gsize i = 0; i < length; i++) {
    const guint8 byte = frame[at + i] ^ key[i % 4];

    g_byte_array_append (payload, &byte, 1);
  }
  return length;
}

GST_START_TEST (test_what_is_sent_is_masked_and_whole)
{
  g_autoptr (GByteArray) all = make_frame (0x82, sizes[__i__]);
  gsize size = sizes[__i__];
  const guint8 *data = all->data + all->len - size;
  /* parts of odd lengths, one of them empty */
  gsize first = MIN (size, 3), second = MIN (size - first, 1001);
  const GOutputVector parts[] = {
    {data, first}, {NULL, 0}, {data + first, second},
    {data + first + second, size - first - second},
  };
  g_autoptr (GByteArray) payload = g_byte_array_new ();
  g_autoptr (GError) error = NULL;
  Peer peer;

  peer_init (&peer, NULL, 0, 1);
  gst_tdengine_socket_send (peer.socket, GST_TDENGINE_OPCODE_BINARY, parts,
      G_N_ELEMENTS (parts), NULL, &error);
  g_assert_no_error (error);
  GMemoryOutputStream *sent = G_MEMORY_OUTPUT_STREAM (peer.sent);
  const guint8 *frame = g_memory_output_stream_get_data (sent);
  fail_unless_equals_int (frame[0], 0x82);
  unmask (frame, g_memory_output_stream_get_data_size (sent), payload);
  fail_unless_equals_uint64 (payload->len, size);
  fail_unless (size == 0 || memcmp (payload->data, data, size) == 0);
  peer_clear (&peer);
}

GST_END_TEST;

/* compression */

/* lines that differ, as rows do */
static GBytes *
make_text (guint n_lines)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < n_lines; i++)
    g_string_append_printf (text, "%u,%u\n", i, i * i);
  return g_string_free_to_bytes (text);
}

/* a message in frames of so many bytes of what it is compressed to */
static GByteArray *
make_compressed (GBytes * text, gsize step)
{
  g_autoptr (SoupWebsocketExtension) deflate =
      make_deflate (SOUP_WEBSOCKET_CONNECTION_SERVER);
  GByteArray *frames = g_byte_array_new ();
  guint8 flags = 0x82;
  g_autoptr (GBytes) packed = soup_websocket_extension_process_outgoing_message
      (deflate, &flags, g_bytes_ref (text), NULL);
  gsize size;
  const guint8 *data = g_bytes_get_data (packed, &size);

  fail_unless_equals_int (flags, 0xc2);
  for (gsize at = 0; at < size; at += step) {
    gsize n = MIN (step, size - at);
    g_autoptr (GByteArray) frame = make_frame ((at == 0 ? 0x42 : 0) |
        (at + n == size ? 0x80 : 0), n);

    memcpy (frame->data + frame->len - n, data + at, n);
    g_byte_array_append (frames, frame->data, frame->len);
  }
  return frames;
}

static const gsize compressed_steps[] = { 1, 7, 4096, 1024 * 1024 };

GST_START_TEST (test_compressed_messages_arrive)
{
  g_autoptr (GBytes) text = make_text (20000);
  g_autoptr (GByteArray) frames =
      make_compressed (text, compressed_steps[__i__]);
  g_autoptr (SoupWebsocketExtension) deflate =
      make_deflate (SOUP_WEBSOCKET_CONNECTION_CLIENT);
  g_autoptr (GError) error = NULL;
  Peer peer;

  /* two of them, then one that is not compressed */
  g_autoptr (GByteArray) all = g_byte_array_new ();
  g_byte_array_append (all, frames->data, frames->len);
  g_byte_array_append (all, frames->data, frames->len);
  g_byte_array_append (all, (const guint8 *) "\x81\x02" "ab", 4);
  peer_init_full (&peer, all->data, all->len, G_MAXSIZE, deflate);
  for (guint i = 0; i < 3; i++) {
    g_auto (GstTDengineMessage) message = { 0 };

    gst_tdengine_socket_receive (peer.socket, GST_TDENGINE_NO_DEADLINE,
        &message, &error);
    g_assert_no_error (error);
    g_autoptr (GBytes) got = g_bytes_new (message.data, message.size);
    g_autoptr (GBytes) plain = g_bytes_new_static ("ab", 2);
    fail_unless (g_bytes_equal (got, i < 2 ? text : plain));
  }
  peer_clear (&peer);
}

GST_END_TEST;

GST_START_TEST (test_messages_leave_compressed)
{
  g_autoptr (GBytes) text = make_text (20000);
  g_autoptr (SoupWebsocketExtension) client =
      make_deflate (SOUP_WEBSOCKET_CONNECTION_CLIENT);
  g_autoptr (SoupWebsocketExtension) server =
      make_deflate (SOUP_WEBSOCKET_CONNECTION_SERVER);
  gsize size;
  gconstpointer data = g_bytes_get_data (text, &size);
  const GOutputVector parts[] = { {data, 10}, {(guint8 *) data + 10, size - 10}
  };
  g_autoptr (GError) error = NULL;
  Peer peer;

  peer_init_full (&peer, "", 0, 1, client);
  fail_unless (gst_tdengine_socket_send (peer.socket,
          GST_TDENGINE_OPCODE_BINARY, parts, 2, NULL, &error));
  GMemoryOutputStream *sent = G_MEMORY_OUTPUT_STREAM (peer.sent);
  gsize n_sent = g_memory_output_stream_get_data_size (sent);
  guint8 *frame = g_memory_output_stream_get_data (sent);
  /* a flag, a masked length in 8 bytes, the key */
  fail_unless (n_sent < size / 2);
  fail_unless_equals_int (frame[0], 0xc2);
  fail_unless_equals_int (frame[1], 0x80 | 127);
  for (gsize i = 14; i < n_sent; i++)
    frame[i] ^= frame[10 + (i - 14) % 4];
  guint8 flags = frame[0];
  g_autoptr (GBytes) got = soup_websocket_extension_process_incoming_message
      (server, &flags, g_bytes_new (frame + 14, n_sent - 14), &error);
  g_assert_no_error (error);
  fail_unless (g_bytes_equal (got, text));
  peer_clear (&peer);
}

GST_END_TEST;

static void
assert_refused (const GByteArray * frames, const gchar * words)
{
  g_autoptr (SoupWebsocketExtension) deflate =
      make_deflate (SOUP_WEBSOCKET_CONNECTION_CLIENT);
  g_auto (GstTDengineMessage) message = { 0 };
  g_autoptr (GError) error = NULL;
  Peer peer;

  peer_init_full (&peer, frames->data, frames->len, G_MAXSIZE, deflate);
  fail_if (gst_tdengine_socket_receive (peer.socket, GST_TDENGINE_NO_DEADLINE,
          &message, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_PROTOCOL));
  fail_unless (strstr (error->message, words), "%s", error->message);
  peer_clear (&peer);
}

GST_START_TEST (test_a_message_that_swells_is_refused)
{
  gsize size = GST_TDENGINE_MAX_MESSAGE_SIZE + 1;
  g_autoptr (GBytes) zeros = g_bytes_new_take (g_malloc0 (size), size);
  g_autoptr (GByteArray) frames = make_compressed (zeros, G_MAXSIZE / 2);

  /* 100 MiB in 102 KiB */
  fail_unless (frames->len < 110000);
  assert_refused (frames, "longer");
}

GST_END_TEST;

static const struct
{
  const gchar *bytes;
  gsize size;
  const gchar *words;
} badly_compressed[] = {
  /* a block type that deflate does not have */
  {FRAME ("\xc2\x02\x07\xff"), "decompressed"},
  /* a flag in the middle, and on a ping */
  {FRAME ("\x42\x01\x00\xc0\x01\x00"), "reserved"},
  {FRAME ("\xc9\x00"), "reserved"},
  {FRAME ("\xe2\x01x"), "reserved"},
};

GST_START_TEST (test_what_is_badly_compressed_is_refused)
{
  g_autoptr (GByteArray) frames = g_byte_array_new ();

  g_byte_array_append (frames, (const guint8 *) badly_compressed[__i__].bytes,
      badly_compressed[__i__].size);
  assert_refused (frames, badly_compressed[__i__].words);
}

GST_END_TEST;

static Suite *
socket_suite (void)
{
  Suite *suite = suite_create ("socket");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_loop_test (tc, test_messages_of_every_size_arrive, 0,
      G_N_ELEMENTS (sizes));
  tcase_add_test (tc, test_a_message_in_parts_arrives_whole);
  tcase_add_loop_test (tc, test_a_broken_frame_is_refused, 0,
      G_N_ELEMENTS (broken));
  tcase_add_loop_test (tc, test_what_is_sent_is_masked_and_whole, 0,
      G_N_ELEMENTS (sizes));
  tcase_add_loop_test (tc, test_compressed_messages_arrive, 0,
      G_N_ELEMENTS (compressed_steps));
  tcase_add_test (tc, test_messages_leave_compressed);
  tcase_add_test (tc, test_a_message_that_swells_is_refused);
  tcase_add_loop_test (tc, test_what_is_badly_compressed_is_refused, 0,
      G_N_ELEMENTS (badly_compressed));
  return suite;
}

GST_CHECK_MAIN (socket);
