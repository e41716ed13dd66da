/* tdengine rows: the parts of a checked block, for code that moves columns
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdengineblock.h"
#include "gsttdenginerows.h"

typedef struct
{
  const guint8 *start;          /* bitmap or offsets, with the values behind */
  const guint8 *values;
  gsize size;                   /* bytes of values */
  gsize longest;                /* bytes of the longest value that varies */
  guint width;                  /* of each value, 0: they vary */
  guint prefix;                 /* bytes of the length before one that varies */
} GstTDengineColumnData;

static inline gint32
gst_tdengine_column_data_get_offset (const GstTDengineColumnData *data,
    guint row)
{
  return (gint32) GST_READ_UINT32_LE (data->start + 4 * (gsize) row);
}

static inline gboolean
gst_tdengine_column_data_is_null (const GstTDengineColumnData *data, guint row)
{
  return data->width > 0 ? block_bitmap_get (data->start, row) :
      gst_tdengine_column_data_get_offset (data, row) == -1;
}

static inline const guint8 *
gst_tdengine_column_data_get (const GstTDengineColumnData *data, guint row,
    gsize *size)
{
  const guint8 *value;

  *size = 0;
  if (gst_tdengine_column_data_is_null (data, row))
    return NULL;
  if (data->width > 0) {
    *size = data->width;
    return data->values + (gsize) row * data->width;
  }
  value = data->values + gst_tdengine_column_data_get_offset (data, row);
  *size = data->prefix == 2 ? GST_READ_UINT16_LE (value) :
      GST_READ_UINT32_LE (value);
  return value + data->prefix;
}

const GstTDengineColumnData *
         gst_tdengine_rows_get_column_data (GstTDengineRows *rows, guint column);
gint     gst_tdengine_rows_find_null       (GstTDengineRows *rows, guint column);
