/* tdengine reader: the splits of a query, over several connections
 *
 * For the elements, which find it in the library; not installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdengineconnection.h>
#include <gst/tdengine/gsttdenginereconnect.h>
#include <gst/tdengine/gsttdenginesplits.h>

typedef struct _GstTDengineReader GstTDengineReader;

/* The statement for a split, NULL where nothing of it is left to be read; or its
 * name. Called in any thread. */
typedef gchar * (*GstTDengineSplitFunc) (guint64 split, gpointer data);

/* The statement for what follows rows of a split, or NULL where their order does
 * not tell. */
typedef gchar * (*GstTDengineRestFunc) (guint64 split, GstTDengineRows *rows,
                                        gpointer data);

/* rows of a split, or NULL when all of them were given */
typedef struct
{
  guint64 split;
  GstTDengineRows *rows;
} GstTDengineRead;

GST_TDENGINE_API
GstTDengineReader * gst_tdengine_reader_new  (GstTDengineConnection *connection,
                                              const GstTDengineSettings *settings,
                                              guint64 n_splits,
                                              GstTDengineSplitFunc get_sql,
                                              GstTDengineSplitFunc get_name,
                                              GstTDengineRestFunc get_rest,
                                              GstTDengineReconnectFunc tell,
                                              gpointer data,
                                              guint parallelism,
                                              gboolean ordered);
GST_TDENGINE_API
void                gst_tdengine_reader_free (GstTDengineReader *reader);
GST_TDENGINE_API
gboolean            gst_tdengine_reader_next (GstTDengineReader *reader,
                                              GstTDengineRead *read,
                                              GCancellable *cancellable,
                                              GError **error);

GST_TDENGINE_API
GstTDengineConnection *
                    gst_tdengine_reader_get_connection (GstTDengineReader *reader);
GST_TDENGINE_API
GstTDengineSchema * gst_tdengine_reader_get_schema (GstTDengineReader *reader);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineReader, gst_tdengine_reader_free)
