/* tdengine batch: runs of rows that are written together
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <string.h>

#include "gsttdenginerows-private.h"

typedef struct
{
  GstTDengineRows *rows;
  guint first;
  guint n_rows;

  /* of the sub tables: those of rows or of others, row by row; NULL where all
   * rows are for the target itself */
  GstTDengineRows *name_rows;
  const GstTDengineColumnData *names;
  const guint8 *name;           /* of all rows; NULL: of several */
  gsize name_size;
} GstTDengineRun;

/* the ways to write */
typedef enum
{
  GST_TDENGINE_WAY_RAW,         /* the server stores a block */
  GST_TDENGINE_WAY_BOUND,       /* the server takes values, then stores them */
  GST_TDENGINE_WAY_SQL,
} GstTDengineWay;

#define GST_TDENGINE_N_WAYS 3

typedef struct
{
  GArray *runs;                 /* GstTDengineRun, which hold their rows */
  guint n_rows;
  gsize n_bytes;
  GstTDengineWay way;
} GstTDengineBatch;

void               gst_tdengine_run_clear       (GstTDengineRun *run);

GstTDengineBatch * gst_tdengine_batch_new       (void);
void               gst_tdengine_batch_free      (GstTDengineBatch *self);
void               gst_tdengine_batch_append    (GstTDengineBatch *self,
                                                 const GstTDengineRun *run);
GstTDengineBatch * gst_tdengine_batch_cut       (GstTDengineBatch *self,
                                                 guint n_rows);
void               gst_tdengine_batch_split     (const GstTDengineBatch *self,
                                                 GQueue *queue);
void               gst_tdengine_batch_prepend   (GstTDengineBatch *self,
                                                 GstTDengineBatch *before);
GstTDengineBatch * gst_tdengine_batch_group     (GstTDengineBatch *self);
const guint8 *     gst_tdengine_batch_get_table (const GstTDengineBatch *self,
                                                 gsize *size);

static inline const GstTDengineRun *
gst_tdengine_batch_get (const GstTDengineBatch *self, guint index)
{
  return &g_array_index (self->runs, GstTDengineRun, index);
}

static inline const guint8 *
gst_tdengine_run_get_name (const GstTDengineRun *run, guint row, gsize *size)
{
  return gst_tdengine_column_data_get (run->names, row, size);
}

static inline gboolean
gst_tdengine_same_name (const guint8 *a, gsize a_size, const guint8 *b,
    gsize b_size)
{
  return a && b && a_size == b_size && memcmp (a, b, a_size) == 0;
}

static inline guint
gst_tdengine_hash_name (const guint8 *name, gsize size)
{
  guint hash = 2166136261u;     /* FNV-1a */

  for (gsize i = 0; i < size; i++)
    hash = (hash ^ name[i]) * 16777619u;
  return hash;
}
