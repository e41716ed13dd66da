/* tdengine test rows: rows out of nothing but their number
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>

typedef enum
{
  GST_TDENGINE_TEST_METERS,
  GST_TDENGINE_TEST_SINE,
  GST_TDENGINE_TEST_RANDOM_WALK,
  GST_TDENGINE_TEST_ALL_TYPES,
  GST_TDENGINE_TEST_NULLS,
} GstTDengineTestPattern;

typedef struct
{
  GstTDengineTestPattern pattern;
  guint64 seed;
  guint n_tables;
  GstTDenginePrecision precision;
  gint64 start;                 /* in ticks of precision, since 1970 */
  gint64 interval;              /* in ticks, from a table's row to its next */
} GstTDengineTestShape;

typedef struct _GstTDengineTestRows GstTDengineTestRows;

GstTDengineTestRows * gst_tdengine_test_rows_new        (const GstTDengineTestShape *shape);
void                  gst_tdengine_test_rows_free       (GstTDengineTestRows *self);
GstTDengineSchema *   gst_tdengine_test_rows_get_schema (GstTDengineTestRows *self);
GstTDengineRows *     gst_tdengine_test_rows_make       (GstTDengineTestRows *self,
                                                         guint64 first, guint n_rows);
