/* test server: blocks as raw messages have them
 *
 * Their version is 2, and JSON is not text but what TDengine keeps of it, without
 * a length before.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "tmqblock.h"

#include <gst/tdengine/gsttdenginerows-private.h>
#include <string.h>

#include "json.h"

#define VERSION 2

static gint
compare_texts (gconstpointer a, gconstpointer b)
{
  return strcmp (a, b);
}

static void
put_text (GByteArray * out, const gchar * text)
{
  guint8 size = strlen (text) + 1;

  g_byte_array_append (out, &size, 1);
  g_byte_array_append (out, (const guint8 *) text, size);
}

static void
put_ucs4 (GByteArray * out, const gchar * text)
{
  glong n;
  g_autofree gunichar *characters = g_utf8_to_ucs4_fast (text, -1, &n);
  guint size = 4 * n;

  for (; size >= 0x80; size >>= 7) {
    guint8 byte = size | 0x80;

    g_byte_array_append (out, &byte, 1);
  }
  g_byte_array_append (out, (const guint8 *) &(guint8) {
      size}
      , 1);
  g_byte_array_append (out, (const guint8 *) characters, 4 * n);
}

static void
put_type (GByteArray * out, guint8 type)
{
  g_byte_array_append (out, &type, 1);
}

static void
put_member (GByteArray * out, const gchar * key, JsonNode * node)
{
  GType type = JSON_NODE_HOLDS_VALUE (node) ?
      json_node_get_value_type (node) : G_TYPE_NONE;

  put_text (out, key);
  if (type == G_TYPE_STRING) {
    put_type (out, GST_TDENGINE_TYPE_NCHAR);
    put_ucs4 (out, json_node_get_string (node));
  } else if (type == G_TYPE_BOOLEAN) {
    put_type (out, GST_TDENGINE_TYPE_BOOL);
    put_type (out, json_node_get_boolean (node));
  } else if (type == G_TYPE_NONE) {
    put_type (out, GST_TDENGINE_TYPE_NULL);
  } else {
    guint8 bytes[8];

    GST_WRITE_DOUBLE_LE (bytes, json_node_get_double (node));
    put_type (out, GST_TDENGINE_TYPE_DOUBLE);
    g_byte_array_append (out, bytes, sizeof bytes);
  }
}

/* flags, size, number of members, version, where each begins; the members */
static GByteArray *
encode_json (const gchar * text, gsize size)
{
  g_autoptr (JsonNode) root = json_parse (text, size);
  g_autoptr (GByteArray) members = g_byte_array_new ();
  g_autoptr (GArray) places = g_array_new (FALSE, FALSE, sizeof (guint16));
  GByteArray *out = g_byte_array_new ();
  GList *keys = root && JSON_NODE_HOLDS_OBJECT (root) ?
      json_object_get_members (json_node_get_object (root)) : NULL;
  guint8 head[9];

  keys = g_list_sort (keys, compare_texts);
  for (GList * key = keys; key; key = key->next) {
    guint16 place = members->len;

    g_array_append_val (places, place);
    put_member (members, key->data,
        json_object_get_member (json_node_get_object (root), key->data));
  }
  g_list_free (keys);

  gboolean is_large = members->len > G_MAXINT8;
  head[0] = is_large ? 0x60 : 0x40;
  GST_WRITE_UINT16_LE (head + 1, sizeof head + places->len * (is_large ? 2 : 1)
      + members->len);
  GST_WRITE_UINT16_LE (head + 3, places->len);
  GST_WRITE_UINT32_LE (head + 5, 1);
  g_byte_array_append (out, head, sizeof head);
  for (guint i = 0; i < places->len; i++)
    g_byte_array_append (out, (guint8 *) & g_array_index (places, guint16, i),
        is_large ? 2 : 1);
  g_byte_array_append (out, members->data, members->len);
  return out;
}

/* blocks */

static gboolean
is_json (GstTDengineRows * rows, guint column)
{
  return gst_tdengine_schema_get_column (gst_tdengine_rows_get_schema (rows),
      column)->type == GST_TDENGINE_TYPE_JSON;
}

/* offsets, then values; the size of these */
static gsize
append_json (GByteArray * out, GstTDengineRows * rows, guint column)
{
  const GstTDengineColumnData *data =
      gst_tdengine_rows_get_column_data (rows, column);
  guint n_rows = gst_tdengine_rows_get_n_rows (rows);
  g_autoptr (GByteArray) values = g_byte_array_new ();

  for (guint row = 0; row < n_rows; row++) {
    guint8 offset[4];
    gsize size;
    const guint8 *text = gst_tdengine_column_data_get (data, row, &size);

    GST_WRITE_UINT32_LE (offset, text ? values->len : G_MAXUINT32);
    g_byte_array_append (out, offset, sizeof offset);
    if (!text)
      continue;
    g_autoptr (GByteArray) value = encode_json ((const gchar *) text, size);
    g_byte_array_append (values, value->data, value->len);
  }
  g_byte_array_append (out, values->data, values->len);
  return values->len;
}

static gsize
append_column (GByteArray * out, GstTDengineRows * rows, guint column)
{
  const GstTDengineColumnData *data =
      gst_tdengine_rows_get_column_data (rows, column);

  if (is_json (rows, column))
    return append_json (out, rows, column);
  g_byte_array_append (out, data->start,
      data->values - data->start + data->size);
  return data->size;
}

void
tmq_block_append (GByteArray * out, GstTDengineRows * rows)
{
  guint n = gst_tdengine_schema_get_n_columns (gst_tdengine_rows_get_schema
      (rows));
  GstBuffer *buffer = gst_tdengine_rows_get_buffer (rows);
  gsize start = out->len, lengths = BLOCK_HEADER_SIZE + 5 * n;
  static const guint8 trailer[BLOCK_TRAILER_SIZE];

  g_byte_array_set_size (out,
      start + BLOCK_HEADER_SIZE + n * BLOCK_COLUMN_SIZE);
  gst_buffer_extract (buffer, 0, out->data + start, lengths);
  for (guint i = 0; i < n; i++) {
    gsize size = append_column (out, rows, i);

    GST_WRITE_UINT32_LE (out->data + start + lengths + 4 * i, size);
  }
  g_byte_array_append (out, trailer, sizeof trailer);
  GST_WRITE_UINT32_LE (out->data + start, VERSION);
  GST_WRITE_UINT32_LE (out->data + start + 4, out->len - start);
}
