/* test server: blocks that come from the network
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "block.h"

#include <gst/base/gstbytereader.h>
#include <gst/tdengine/gsttdengineblock.h>
#include <string.h>

#include "error.h"

#define N_COLUMNS_AT 12

static gboolean
refuse_block (GError ** error)
{
  return refuse (error, CODE_ADAPTER, "uncompleted message");
}

/* what the block says of its own column */
static gboolean
read_column (GstByteReader * reader, GstTDengineColumn * column)
{
  guint8 type;
  guint32 bytes;

  if (!gst_byte_reader_get_uint8 (reader, &type)
      || !gst_byte_reader_get_uint32_le (reader, &bytes))
    return FALSE;
  memset (column, 0, sizeof *column);
  column->name = (gchar *) "";
  column->type = type;
  if (!gst_tdengine_type_is_known (type))
    return FALSE;
  if (type == GST_TDENGINE_TYPE_DECIMAL || type == GST_TDENGINE_TYPE_DECIMAL64) {
    column->digits = bytes >> 8 & 0xff;
    column->scale = bytes & 0xff;
  } else if (gst_tdengine_type_get_width (type) == 0) {
    column->length = bytes;
  }
  return TRUE;
}

/* the columns after the head */
static GstTDengineSchema *
read_schema (const guint8 * block, gsize size, GstTDenginePrecision precision,
    GError ** error)
{
  g_autoptr (GstTDengineSchema) schema = gst_tdengine_schema_new (precision);
  GstByteReader reader;
  guint32 n_columns;

  gst_byte_reader_init (&reader, block, size);
  if (!gst_byte_reader_set_pos (&reader, N_COLUMNS_AT)
      || !gst_byte_reader_get_uint32_le (&reader, &n_columns)
      || !gst_byte_reader_set_pos (&reader, BLOCK_HEADER_SIZE))
    return refuse_block (error), NULL;
  for (guint i = 0; i < n_columns; i++) {
    GstTDengineColumn column;

    if (!read_column (&reader, &column)
        || !gst_tdengine_schema_append (schema, &column, NULL))
      return refuse_block (error), NULL;
  }
  return g_steal_pointer (&schema);
}

/* as its head says, which is held against its length */
GstTDengineRows *
block_read (GBytes * block, GstTDenginePrecision precision, GError ** error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (block, &size);
  g_autoptr (GError) own_error = NULL;
  g_autoptr (GstTDengineSchema) schema = read_schema (data, size, precision,
      error);

  if (!schema)
    return NULL;
  GstTDengineRows *rows = gst_tdengine_rows_new_from_bytes (schema, block,
      &own_error);
  if (!rows)
    refuse (error, CODE_ADAPTER, "bad block: %s", own_error->message);
  return rows;
}
