/* tdengine block: writing the head of a raw block
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdengineblock.h"

/* what the schema of a block says of a column's width, which is a number of
 * its own for each family of types */
guint32
gst_tdengine_block_column_bytes (const GstTDengineColumn * column)
{
  guint width = gst_tdengine_type_get_width (column->type);

  switch (column->type) {
    case GST_TDENGINE_TYPE_DECIMAL:
    case GST_TDENGINE_TYPE_DECIMAL64:
      return (guint32) width << 24 | column->digits << 8 | column->scale;
    case GST_TDENGINE_TYPE_NCHAR:
      return 4 * column->length + 2;
    case GST_TDENGINE_TYPE_JSON:
      return 16384;
    case GST_TDENGINE_TYPE_BLOB:
      return 5;
    default:
      return width > 0 ? width : column->length + 2;
  }
}

void
gst_tdengine_block_write_head (guint8 * head, guint n_rows, gsize total_size,
    guint n_columns)
{
  GST_WRITE_UINT32_LE (head, 1);        /* version */
  GST_WRITE_UINT32_LE (head + 4, total_size);
  GST_WRITE_UINT32_LE (head + 8, n_rows);
  GST_WRITE_UINT32_LE (head + 12, n_columns);
  GST_WRITE_UINT32_LE (head + 16, BLOCK_HAS_SCHEMA);
  GST_WRITE_UINT64_LE (head + 20, 0);   /* group id */
}
