/* test server: what a query gives
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdenginerowsbuilder.h>
#include <sqlite3.h>

#include "benchmark.h"
#include "session.h"

/* rows a block, as the real server cuts them */
#define RESULT_BLOCK_ROWS 4096

typedef struct _Result Result;

Result *        result_new          (Server *server,
                                     GstTDenginePrecision precision);
void            result_free         (Result *result);
void            result_add_column   (Result *result, const gchar *name,
                                     const TypeSpec *type);
void            result_set_statement (Result *result, sqlite3_stmt *stmt,
                                     gboolean by_table, gint64 table_id);
void            result_set_benchmark (Result *result, BenchmarkBlocks *blocks);
gboolean        result_add_row      (Result *result, GError **error, ...);
guint           result_n_columns    (Result *result);
const GstTDengineColumn * result_get_column (Result *result, guint index);
GstTDenginePrecision result_get_precision (Result *result);
GstTDengineRows * result_next       (Result *result, GError **error);
BenchmarkBlocks * result_get_benchmark (Result *result);
void            results_settle      (Server *server, gint64 table_id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Result, result_free)
