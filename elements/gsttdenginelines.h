/* tdengine lines: bytes to lines
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

/* how far the search for a line's end has come; all zero at its beginning */
typedef struct
{
  gsize at;                     /* bytes that were looked at */
  guint state;                  /* what the search needs to go on */
} GstTDengineScan;

/* The size of the first line, with its end; 0 where the text has none. The text
 * grows, and the scan is as it was left, until one is found. */
typedef gsize (*GstTDengineFindEnd) (gpointer data, const gchar *text,
                                     gsize size, GstTDengineScan *scan);

/* valid until more bytes come */
typedef struct
{
  const gchar *text;
  gsize size;                   /* without its end */
  guint64 number;               /* from 1 */
  gboolean too_long;
} GstTDengineLine;

/* where reading stands; who keeps one can go back to it */
typedef struct
{
  gsize taken;                  /* bytes that are done with */
  GstTDengineScan scan;         /* of the line behind them */
  guint64 line;                 /* its number */
  gboolean skipping;            /* the rest of a line that was too long */
} GstTDenginePlace;

typedef struct
{
  GByteArray *bytes;
  GstTDenginePlace place;
  gboolean begun;               /* behind a byte order mark */
  gsize limit;                  /* most bytes of a line, with its end */
  GstTDengineFindEnd find_end;
  gpointer data;
} GstTDengineLines;

void     gst_tdengine_lines_init     (GstTDengineLines *lines,
                                      GstTDengineFindEnd find_end,
                                      gpointer data);
void     gst_tdengine_lines_clear    (GstTDengineLines *lines);
void     gst_tdengine_lines_reset    (GstTDengineLines *lines, gsize limit);
void     gst_tdengine_lines_append   (GstTDengineLines *lines,
                                      GstBuffer *buffer, gsize at, gsize size);
gsize    gst_tdengine_lines_get_size (const GstTDengineLines *lines);
gboolean gst_tdengine_lines_begin    (GstTDengineLines *lines, gboolean at_end);
gboolean gst_tdengine_lines_next     (GstTDengineLines *lines, gboolean at_end,
                                      GstTDengineLine *line);
gboolean gst_tdengine_lines_cut      (GstTDengineLines *lines,
                                      GstTDengineLine *line);
void     gst_tdengine_lines_drop     (GstTDengineLines *lines);
