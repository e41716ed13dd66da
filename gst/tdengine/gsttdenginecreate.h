/* tdengine create: what the rows need and the server lacks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginebatch.h"
#include "gsttdengineconnection.h"
#include "gsttdenginetarget.h"

gboolean gst_tdengine_create_database  (GstTDengineConnection *connection,
                                        const gchar *database,
                                        GstTDenginePrecision precision,
                                        GCancellable *cancellable,
                                        GError **error);
gboolean gst_tdengine_create_target    (GstTDengineConnection *connection,
                                        const gchar *database,
                                        GstTDengineWriteSettings *settings,
                                        GstTDengineSchema *rows,
                                        GCancellable *cancellable,
                                        GError **error);
gboolean gst_tdengine_create_columns   (GstTDengineConnection *connection,
                                        GstTDengineTarget *target,
                                        GstTDengineSchema *rows,
                                        gboolean *created,
                                        GCancellable *cancellable,
                                        GError **error);
void     gst_tdengine_create_append_column (GString *sql, const gchar *name,
                                        const GstTDengineColumn *column);
gboolean gst_tdengine_create_sub_table (GstTDengineConnection *connection,
                                        const GstTDengineTarget *target,
                                        const GstTDengineRun *run,
                                        GCancellable *cancellable,
                                        GError **error);
