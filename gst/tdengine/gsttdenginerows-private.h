/* tdengine rows: the parts of a checked block, for code that moves columns
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginerows.h"

typedef struct
{
  const guint8 *start;          /* bitmap or offsets, with the values behind */
  const guint8 *values;
  gsize size;                   /* bytes of values */
  gsize longest;                /* bytes of the longest value that varies */
} GstTDengineColumnData;

const GstTDengineColumnData *
         gst_tdengine_rows_get_column_data (GstTDengineRows *rows, guint column);
gint     gst_tdengine_rows_find_null       (GstTDengineRows *rows, guint column);
