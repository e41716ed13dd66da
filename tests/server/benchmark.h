/* test server: a database that costs the server nothing
 *
 * What is read from `bench.meters` is one block made once; what is written
 * into the database is checked and counted, and forgotten.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "session.h"

#define BENCHMARK_DATABASE "bench"

typedef struct _BenchmarkBlocks BenchmarkBlocks;

Benchmark *   benchmark_new       (guint64 n_rows, guint block_rows);
void          benchmark_free      (Benchmark *benchmark);
gboolean      benchmark_is_name   (const gchar *name);
gboolean      benchmark_prepare   (Benchmark *benchmark, Catalog *catalog,
                                   GError **error);
guint64       benchmark_get_n_blocks (Benchmark *benchmark);
GstTDengineRows *
              benchmark_get_rows  (Benchmark *benchmark, Table *table,
                                   GError **error);
void          benchmark_count     (Benchmark *benchmark, guint64 n_rows);
guint64       benchmark_get_count (Benchmark *benchmark);
gboolean      benchmark_is_source (Table *table);

/* ready-made messages: room for a head, then the block */
#define BENCHMARK_HEAD 55

BenchmarkBlocks * benchmark_blocks_new  (Benchmark *benchmark, Table *table,
                                         const gchar *const *names,
                                         gint64 limit, GError **error);
void              benchmark_blocks_free (BenchmarkBlocks *blocks);
guint8 *          benchmark_blocks_next (BenchmarkBlocks *blocks,
                                         gsize *size);
