/* test server: single values, as SQLite keeps them
 *
 * Integers, times and DECIMALs of 64 bits are SQLite's integers; BIGINT
 * UNSIGNED is one with its highest bit turned over and a DECIMAL of 128 bits a
 * blob likewise, so that both keep their order. Text is text, whatever its
 * bytes. A NaN, which SQLite would make NULL, is a blob of its 8 bytes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdenginerowsbuilder.h>
#include <sqlite3.h>

#include "catalog.h"

typedef enum {
  VALUE_NONE,                   /* leave what is there */
  VALUE_NULL,
  VALUE_INTEGER,
  VALUE_REAL,
  VALUE_TEXT,
  VALUE_BLOB,
} ValueKind;

typedef struct
{
  ValueKind kind;
  gint64 integer;
  gdouble real;
  const guint8 *data;           /* not owned, but for what `owned` holds */
  gsize size;
  gpointer owned;
} Value;

void     value_clear        (Value *value);
void     value_free_array   (Value *values, guint n);
void     value_set_fixed    (Value *value, GstTDengineType type,
                             const guint8 *data);
gboolean value_set_varying  (Value *value, const Column *column,
                             const guint8 *data, gsize size, GError **error);
void     value_set_decimal  (Value *value, GstTDengineType type,
                             __int128 decimal);
gboolean value_parse_decimal (Value *value, const Column *column,
                             const gchar *text, gsize size, GError **error);
void     value_set_real     (Value *value, gdouble real);
gboolean value_set_ucs4     (Value *value, const Column *column,
                             const guint8 *data, gsize size, GError **error);
gboolean value_read         (Value *value, const Column *column,
                             GstTDengineRows *rows, guint from, guint row,
                             GError **error);
gboolean value_bind         (const Value *value, sqlite3_stmt *stmt, gint at);
gboolean value_append       (GstTDengineRowsBuilder *builder, guint column,
                             const GstTDengineColumn *info,
                             sqlite3_value *value, GError **error);
gint64   value_flip         (guint64 value);
__int128 value_get_decimal  (sqlite3_value *value);
