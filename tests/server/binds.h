/* test server: the values of a stmt2_bind
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "value.h"

typedef struct
{
  GstTDengineType type;
  guint32 n_rows;
  const guint8 *states;         /* a row: 0 value, 1 null, 2 none */
  const guint8 *lengths;        /* a gint32 a row, NULL for none */
  const guint8 *buffer;
  guint32 size;
} BindColumn;

typedef struct
{
  gchar *name;                  /* NULL for none */
  BindColumn *tags;
  BindColumn *columns;
} BindTable;

typedef struct
{
  guint32 n_tables;
  guint32 n_tags;
  guint32 n_columns;
  BindTable *tables;
} Binds;

Binds *  binds_parse      (GBytes *message, GError **error);
void     binds_free       (Binds *binds);
gboolean bind_column_read (const BindColumn *bind, const Column *column,
                           Value *values, guint stride, GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Binds, binds_free)
