/* tdengine stamp: the times of buffers of rows, and the segment around them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdenginestamp.h"

void
gst_tdengine_stamp_init (GstTDengineStamp * self)
{
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  self->origin = GST_CLOCK_TIME_NONE;
  self->time_column = -1;
  self->n_rows = 0;
}

void
gst_tdengine_stamp_set_schema (GstTDengineStamp * self,
    GstTDengineSchema * schema)
{
  self->time_column = -1;
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    if (gst_tdengine_schema_get_column (schema, i)->type ==
        GST_TDENGINE_TYPE_TIMESTAMP) {
      self->time_column = i;
      return;
    }
  }
}

/* nanoseconds since 1970, or none where that can't be said */
static GstClockTime
get_time (GstTDengineStamp * self, GstTDengineRows * rows, guint row)
{
  GstTDenginePrecision precision =
      gst_tdengine_schema_get_precision (gst_tdengine_rows_get_schema (rows));
  guint64 unit = gst_tdengine_precision_get_unit (precision);
  gint64 ticks;

  if (self->time_column < 0
      || gst_tdengine_rows_is_null (rows, self->time_column, row))
    return GST_CLOCK_TIME_NONE;
  ticks = gst_tdengine_rows_get_int64 (rows, self->time_column, row);
  if (ticks < 0 || (guint64) ticks > G_MAXINT64 / unit)
    return GST_CLOCK_TIME_NONE;
  return ticks * unit;
}

/* A segment begins at its first time, which has stream time 0, or after a seek
 * what it is from there. Rows of the next sub table may lie before it: they get
 * a segment of their own, as sinks drop what lies outside. */
static gboolean
cover_time (GstTDengineStamp * self, GstClockTime pts)
{
  GstSegment *segment = &self->segment;
  guint64 base = 0;

  if (segment->format == GST_FORMAT_TIME) {
    if (pts >= segment->start)
      return FALSE;
    base = gst_segment_to_running_time (segment, GST_FORMAT_TIME,
        segment->position);
  }
  if (!GST_CLOCK_TIME_IS_VALID (self->origin))
    self->origin = pts;
  segment->format = GST_FORMAT_TIME;
  segment->start = segment->position = pts;
  segment->time = pts > self->origin ? pts - self->origin : 0;
  segment->base = base;
  return TRUE;
}

/* Gives a buffer its times and row numbers. TRUE where a new segment begins
 * with it. */
gboolean
gst_tdengine_stamp_buffer (GstTDengineStamp * self, GstTDengineRows * rows,
    GstBuffer * buffer)
{
  guint n_rows = gst_tdengine_rows_get_n_rows (rows);
  GstClockTime first = get_time (self, rows, 0);
  GstClockTime last = get_time (self, rows, n_rows - 1);
  gboolean is_new = FALSE;

  GST_BUFFER_PTS (buffer) = first;
  if (GST_CLOCK_TIME_IS_VALID (first)) {
    is_new = cover_time (self, first);
    self->segment.position = MAX (self->segment.position, first);
  }
  if (GST_CLOCK_TIME_IS_VALID (first) && GST_CLOCK_TIME_IS_VALID (last)
      && last >= first) {
    GST_BUFFER_DURATION (buffer) = last - first;
    self->segment.position = MAX (self->segment.position, last);
  }
  GST_BUFFER_OFFSET (buffer) = self->n_rows;
  self->n_rows += n_rows;
  GST_BUFFER_OFFSET_END (buffer) = self->n_rows;
  return is_new;
}

/* from the first time of the segment to the last, 0 where there are none */
GstClockTime
gst_tdengine_stamp_get_data_time (const GstTDengineStamp * self)
{
  if (self->segment.format != GST_FORMAT_TIME)
    return 0;
  return gst_segment_to_stream_time (&self->segment, GST_FORMAT_TIME,
      self->segment.position);
}
