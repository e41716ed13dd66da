/* tdengine pool: memory that messages are received in, again and again
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

typedef struct _GstTDenginePool GstTDenginePool;

GstTDenginePool * gst_tdengine_pool_new       (void);
void              gst_tdengine_pool_unref     (GstTDenginePool *pool);
guint8 *          gst_tdengine_pool_take      (GstTDenginePool *pool,
                                               gsize size);
guint8 *          gst_tdengine_pool_grow      (guint8 *memory, gsize size);
gsize             gst_tdengine_pool_get_room  (const guint8 *memory);
void              gst_tdengine_pool_give_back (gpointer memory);
