/* tdengine block: the layout of a raw block
 *
 * The header, then a type and a width for each column, then the length of each
 * column's data, then the columns, then one byte. Everything is little-endian
 * and nothing is aligned. A fixed-width column is a bitmap of nulls and the
 * values; any other is an offset a row and the values, each behind its length.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdengineschema.h"

#define BLOCK_HEADER_SIZE 28
#define BLOCK_COLUMN_SIZE 9     /* type, width, and length of the data */
#define BLOCK_TRAILER_SIZE 1
#define BLOCK_HAS_SCHEMA 0x80000000u

static inline gsize
block_bitmap_size (guint n_rows)
{
  return ((gsize) n_rows + 7) / 8;
}

/* the most significant bit is the first row's, 1 is null */
static inline gboolean
block_bitmap_get (const guint8 * bitmap, guint row)
{
  return (bitmap[row >> 3] >> (7 - (row & 7))) & 1;
}

static inline void
block_bitmap_set (guint8 * bitmap, guint row)
{
  bitmap[row >> 3] |= 0x80 >> (row & 7);
}

guint32 gst_tdengine_block_column_bytes (const GstTDengineColumn *column);
void    gst_tdengine_block_write_head   (guint8 *head, guint n_rows,
                                         gsize total_size, guint n_columns);
