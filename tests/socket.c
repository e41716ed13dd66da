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

static void
peer_init (Peer * peer, gconstpointer received, gsize size, gsize step)
{
  g_autoptr (GInputStream) in = g_object_new (drip_stream_get_type (), NULL);
  g_autoptr (GIOStream) stream = NULL;

  ((DripStream *) in)->data = received;
  ((DripStream *) in)->size = size;
  ((DripStream *) in)->step = step;
  peer->sent = g_memory_output_stream_new_resizable ();
  stream = g_simple_io_stream_new (in, peer->sent);
  peer->socket = gst_tdengine_socket_new (stream);
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
#undef FRAME
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
  return suite;
}

GST_CHECK_MAIN (socket);
