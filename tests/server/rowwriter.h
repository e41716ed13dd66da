/* test server: rows into SQLite
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "session.h"
#include "value.h"

typedef struct _RowWriter RowWriter;

RowWriter * row_writer_new  (Server *server, Table *table);
void        row_writer_free (RowWriter *writer);
void        row_writer_keep_apart (RowWriter *writer);
gboolean    row_writer_add  (RowWriter *writer, const Value *values,
                             GError **error);
gboolean    row_writer_end  (RowWriter *writer, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (RowWriter, row_writer_free)
