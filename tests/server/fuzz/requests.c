/* fuzz: requests in well-formed frames, to /ws by who is logged in there, and
 * then to /rest/tmq
 *
 * An input is a row of requests: kind (bit 0 for text, bit 1 for /rest/tmq),
 * length (16 bits, little endian), and as many bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "fuzz.h"

#include <gst/base/gstbytereader.h>
#include <string.h>

#define UPGRADE "GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n" \
    "Upgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" \
    "Sec-WebSocket-Version: 13\r\n\r\n"
#define LOGIN "{\"action\":\"conn\",\"args\":{\"req_id\":1," \
    "\"user\":\"root\",\"password\":\"taosdata\"}}"
#define TEXT 1
#define TOPICS 2

/* a mask of zeros leaves the data as they are */
static void
append_frame (GByteArray * bytes, gboolean is_text, const guint8 * data,
    guint16 size)
{
  guint8 head[8] = { is_text ? 0x81 : 0x82, 0x80 | 126 };

  GST_WRITE_UINT16_BE (head + 2, size);
  if (size < 126) {
    head[1] = 0x80 | size;
    g_byte_array_append (bytes, head, 2);
    g_byte_array_append (bytes, head + 4, 4);
  } else {
    g_byte_array_append (bytes, head, sizeof head);
  }
  g_byte_array_append (bytes, data, size);
}

static GByteArray *
open_connection (const gchar * path)
{
  g_autofree gchar *upgrade = g_strdup_printf (UPGRADE, path);
  GByteArray *bytes = g_byte_array_new ();

  return g_byte_array_append (bytes, (guint8 *) upgrade, strlen (upgrade));
}

int
LLVMFuzzerTestOneInput (const guint8 * data, gsize size)
{
  g_autoptr (Server) server = fuzz_server_new ();
  GByteArray *queries = open_connection ("/ws");
  GByteArray *topics = open_connection ("/rest/tmq");
  GstByteReader reader;
  guint8 kind;
  guint16 length;
  const guint8 *request;

  gst_byte_reader_init (&reader, data, size);
  append_frame (queries, TRUE, (const guint8 *) LOGIN, strlen (LOGIN));
  while (gst_byte_reader_get_uint8 (&reader, &kind)
      && gst_byte_reader_get_uint16_le (&reader, &length)
      && gst_byte_reader_get_data (&reader, length, &request))
    append_frame (kind & TOPICS ? topics : queries, kind & TEXT, request,
        length);
  g_autoptr (GBytes) first = g_byte_array_free_to_bytes (queries);
  fuzz_connect (server, first);
  g_autoptr (GBytes) second = g_byte_array_free_to_bytes (topics);
  fuzz_connect (server, second);
  return 0;
}
