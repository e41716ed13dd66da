/* tdengine stamp: the times of buffers of rows, and the segment around them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>

typedef struct
{
  GstSegment segment;           /* undefined before the first time */
  GstClockTime origin;          /* the first row's, which has stream time 0 */
  gint time_column;             /* whose times are those of the buffers, or -1 */
  guint64 n_rows;
} GstTDengineStamp;

void         gst_tdengine_stamp_init          (GstTDengineStamp *stamp);
void         gst_tdengine_stamp_set_schema    (GstTDengineStamp *stamp,
                                               GstTDengineSchema *schema);
gboolean     gst_tdengine_stamp_buffer        (GstTDengineStamp *stamp,
                                               GstTDengineRows *rows,
                                               GstBuffer *buffer);
GstClockTime gst_tdengine_stamp_get_data_time (const GstTDengineStamp *stamp);
