/* test server: replies, byte by byte as the adapter makes them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "reply.h"

#include <gst/tdengine/gsttdengineblock.h>
#include <string.h>

#include "json.h"

/* before the message of a fetch's reply, and behind it */
#define FETCH_HEAD 42
#define FETCH_TAIL 9

gint64
request_get_timing (const Request * request)
{
  return (g_get_monotonic_time () - request->start) * 1000;
}

/* an object without its closing brace: whoever sends it closes it */
GString *
reply_new (const Request * request, gint code, const gchar * message)
{
  GString *reply = g_string_sized_new (256);

  g_string_append_printf (reply, "{\"code\":%d,\"message\":", code);
  json_append_string (reply, message, -1, TRUE);
  g_string_append (reply, ",\"action\":");
  json_append_string (reply, request->action, -1, TRUE);
  g_string_append_printf (reply, ",\"req_id\":%" G_GUINT64_FORMAT
      ",\"timing\":%" G_GINT64_FORMAT, request->req_id,
      request_get_timing (request));
  return reply;
}

GString *
reply_error (const Request * request, const GError * error)
{
  return reply_new (request, error->code & 0xffff, error->message);
}

void
reply_add_int (GString * reply, const gchar * name, guint64 value)
{
  g_string_append_printf (reply, ",\"%s\":%" G_GUINT64_FORMAT, name, value);
}

void
reply_add_bool (GString * reply, const gchar * name, gboolean value)
{
  g_string_append_printf (reply, ",\"%s\":%s", name, value ? "true" : "false");
}

void
reply_add_string (GString * reply, const gchar * name, const gchar * value)
{
  g_string_append_printf (reply, ",\"%s\":", name);
  json_append_string (reply, value, -1, TRUE);
}

typedef guint (*GetNumber) (const GstTDengineColumn * column);

static guint
get_type (const GstTDengineColumn * column)
{
  return column->type;
}

static guint
get_length (const GstTDengineColumn * column)
{
  guint width = gst_tdengine_type_get_width (column->type);

  return width > 0 ? width : column->length;
}

static guint
get_digits (const GstTDengineColumn * column)
{
  return column->digits;
}

static guint
get_scale (const GstTDengineColumn * column)
{
  return column->scale;
}

static guint
get_bytes (const GstTDengineColumn * column)
{
  return gst_tdengine_block_column_bytes (column);
}

/* an empty array is null to the adapter */
static void
add_numbers (GString * reply, const gchar * name, Result * result,
    GetNumber get)
{
  guint n = result ? result_n_columns (result) : 0;

  if (n == 0) {
    g_string_append_printf (reply, ",\"%s\":null", name);
    return;
  }
  g_string_append_printf (reply, ",\"%s\":", name);
  for (guint i = 0; i < n; i++)
    g_string_append_printf (reply, "%c%u", i ? ',' : '[',
        get (result_get_column (result, i)));
  g_string_append_c (reply, ']');
}

static void
add_names (GString * reply, Result * result)
{
  if (!result) {
    g_string_append (reply, ",\"fields_names\":null");
    return;
  }
  g_string_append (reply, ",\"fields_names\":[");
  for (guint i = 0; i < result_n_columns (result); i++) {
    if (i > 0)
      g_string_append_c (reply, ',');
    json_append_string (reply, result_get_column (result, i)->name, -1, TRUE);
  }
  g_string_append_c (reply, ']');
}

/* NULL for what is no result */
void
reply_add_fields (GString * reply, Result * result)
{
  reply_add_int (reply, "fields_count", result ? result_n_columns (result) : 0);
  add_names (reply, result);
  add_numbers (reply, "fields_types", result, get_type);
  add_numbers (reply, "fields_lengths", result, get_length);
  reply_add_int (reply, "precision", result ? result_get_precision (result) :
      0);
  add_numbers (reply, "fields_precisions", result, get_digits);
  add_numbers (reply, "fields_scales", result, get_scale);
}

void
reply_add_query (GString * reply, guint64 id, Result * result, gint64 affected)
{
  reply_add_int (reply, "id", id);
  reply_add_bool (reply, "is_update", !result);
  reply_add_int (reply, "affected_rows", affected);
  reply_add_fields (reply, result);
}

void
reply_add_lengths (GString * reply, Result * result)
{
  add_numbers (reply, "lengths", result, get_bytes);
}

static void
write_fetch_head (guint8 * head, const Request * request, gint code,
    gsize message_size)
{
  GST_WRITE_UINT64_LE (head, G_MAXUINT64);
  GST_WRITE_UINT64_LE (head + 8, REPLY_ACTION_FETCH);
  GST_WRITE_UINT16_LE (head + 16, 1);   /* version */
  GST_WRITE_UINT64_LE (head + 18, request_get_timing (request));
  GST_WRITE_UINT64_LE (head + 26, request->req_id);
  GST_WRITE_UINT32_LE (head + 34, code);
  GST_WRITE_UINT32_LE (head + 38, message_size);
}

/* the end of a result, or an error; neither says a block's length */
GByteArray *
reply_fetch (const Request * request, guint64 id, const GError * error)
{
  const gchar *message = error ? error->message : "";
  guint8 head[FETCH_HEAD], tail[FETCH_TAIL];
  GByteArray *reply = g_byte_array_new ();

  write_fetch_head (head, request, error ? error->code & 0xffff : 0,
      strlen (message));
  GST_WRITE_UINT64_LE (tail, id);
  tail[8] = 1;                  /* finished */
  g_byte_array_append (reply, head, sizeof head);
  g_byte_array_append (reply, (const guint8 *) message, strlen (message));
  return g_byte_array_append (reply, tail, sizeof tail);
}

/* the 55 bytes before a block */
void
reply_fetch_head (guint8 * head, const Request * request, guint64 id,
    gsize block_size)
{
  write_fetch_head (head, request, 0, 0);
  GST_WRITE_UINT64_LE (head + FETCH_HEAD, id);
  head[FETCH_HEAD + 8] = 0;
  GST_WRITE_UINT32_LE (head + FETCH_HEAD + FETCH_TAIL, block_size);
}

void
reply_append_block (GByteArray * reply, GstTDengineRows * rows)
{
  GstBuffer *buffer = gst_tdengine_rows_get_buffer (rows);
  GstMapInfo map;

  if (!gst_buffer_map (buffer, &map, GST_MAP_READ))
    return;
  g_byte_array_append (reply, map.data, map.size);
  gst_buffer_unmap (buffer, &map);
}
