/* test server: the values of a stmt2_bind
 *
 * The real adapter trusts most of this; here every length is held against the
 * frame's.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "binds.h"

#include <gst/base/gstbytereader.h>

#include "error.h"

#define FRAME_HEAD 30           /* ids, action, version, column index */
#define DATA_HEAD 28
#define MAX_ROWS 32767

enum
{
  STATE_VALUE,
  STATE_NULL,
  STATE_NONE,
};

static gboolean
refuse_data (GError ** error, const gchar * what)
{
  return refuse (error, CODE_ADAPTER, "bind data: %s", what);
}

void
binds_free (Binds * binds)
{
  for (guint i = 0; i < binds->n_tables; i++) {
    g_free (binds->tables[i].name);
    g_free (binds->tables[i].tags);
    g_free (binds->tables[i].columns);
  }
  g_free (binds->tables);
  g_free (binds);
}

/* one column: length, type, rows, states, lengths, buffer */
static gboolean
parse_column (GstByteReader * reader, BindColumn * column, GError ** error)
{
  guint start = gst_byte_reader_get_pos (reader);
  guint32 total, type;
  guint8 has_lengths;

  if (!gst_byte_reader_get_uint32_le (reader, &total)
      || !gst_byte_reader_get_uint32_le (reader, &type)
      || !gst_byte_reader_get_uint32_le (reader, &column->n_rows))
    return refuse_data (error, "a column is cut off");
  if (column->n_rows < 1 || column->n_rows > MAX_ROWS)
    return refuse (error, CODE_STMT_ROWS, "bind number out of range or not "
        "match");
  if (!gst_byte_reader_get_data (reader, column->n_rows, &column->states)
      || !gst_byte_reader_get_uint8 (reader, &has_lengths)
      || (has_lengths && !gst_byte_reader_get_data (reader,
              4 * column->n_rows, &column->lengths))
      || !gst_byte_reader_get_uint32_le (reader, &column->size)
      || !gst_byte_reader_get_data (reader, column->size, &column->buffer))
    return refuse_data (error, "a column is cut off");
  if (gst_byte_reader_get_pos (reader) - start != total)
    return refuse_data (error, "a column's length is not its length");
  column->type = type;
  return TRUE;
}

/* the blocks of all tables: their lengths, then the blocks */
static gboolean
parse_section (Binds * self, const guint8 * data, guint32 size, guint32 offset,
    guint32 n, gboolean is_tags, GError ** error)
{
  GstByteReader lengths, reader;

  if (n == 0)
    return TRUE;
  if (offset < DATA_HEAD || offset >= size
      || self->n_tables > (size - offset) / 4)
    return refuse_data (error, "a section lies outside");
  gst_byte_reader_init (&lengths, data + offset, 4 * self->n_tables);
  gst_byte_reader_init (&reader, data, size);
  gst_byte_reader_set_pos (&reader, offset + 4 * self->n_tables);
  for (guint i = 0; i < self->n_tables; i++) {
    guint start = gst_byte_reader_get_pos (&reader);
    guint32 length = gst_byte_reader_get_uint32_le_unchecked (&lengths);
    BindColumn *columns;

    /* the smallest record of a column says how many there may be */
    if (n > length / 18)
      return refuse_data (error, "too many columns");
    columns = g_new0 (BindColumn, n);
    if (is_tags)
      self->tables[i].tags = columns;
    else
      self->tables[i].columns = columns;
    for (guint j = 0; j < n; j++)
      if (!parse_column (&reader, &columns[j], error))
        return FALSE;
    if (gst_byte_reader_get_pos (&reader) - start != length)
      return refuse_data (error, "a table's length is not its length");
  }
  return TRUE;
}

/* lengths that count the NUL, then the names */
static gboolean
parse_names (Binds * self, const guint8 * data, guint32 size, guint32 offset,
    GError ** error)
{
  GstByteReader lengths, reader;

  if (offset == 0)
    return TRUE;
  if (offset < DATA_HEAD || offset >= size
      || self->n_tables > (size - offset) / 2)
    return refuse_data (error, "a section lies outside");
  gst_byte_reader_init (&lengths, data + offset, 2 * self->n_tables);
  gst_byte_reader_init (&reader, data, size);
  gst_byte_reader_set_pos (&reader, offset + 2 * self->n_tables);
  for (guint i = 0; i < self->n_tables; i++) {
    guint16 length = gst_byte_reader_get_uint16_le_unchecked (&lengths);
    const guint8 *name;

    if (length < 1 || !gst_byte_reader_get_data (&reader, length, &name)
        || name[length - 1] != 0)
      return refuse_data (error, "a table name has no end");
    self->tables[i].name = g_strdup ((const gchar *) name);
  }
  return TRUE;
}

static gboolean
parse_data (Binds * self, const guint8 * data, guint32 size, GError ** error)
{
  guint32 names = GST_READ_UINT32_LE (data + 16);
  guint32 tags = GST_READ_UINT32_LE (data + 20);
  guint32 columns = GST_READ_UINT32_LE (data + 24);
  guint32 n_tables = GST_READ_UINT32_LE (data + 4);

  self->n_tags = GST_READ_UINT32_LE (data + 8);
  self->n_columns = GST_READ_UINT32_LE (data + 12);
  if (GST_READ_UINT32_LE (data) != size)
    return refuse_data (error, "its length is not its length");
  if (n_tables < 1 || n_tables > size / 2)
    return refuse_data (error, "too many tables, or none");
  self->n_tables = n_tables;
  self->tables = g_new0 (BindTable, n_tables);
  return parse_names (self, data, size, names, error)
      && parse_section (self, data, size, tags, self->n_tags, TRUE, error)
      && parse_section (self, data, size, columns, self->n_columns, FALSE,
      error);
}

/* the whole frame; what comes of it points into it */
Binds *
binds_parse (GBytes * message, GError ** error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (message, &size);
  g_autoptr (Binds) self = NULL;

  if (size < FRAME_HEAD + DATA_HEAD)
    return refuse (error, CODE_ADAPTER, "message length is too short"), NULL;
  if (GST_READ_UINT16_LE (data + 24) != 1)
    return refuse (error, CODE_ADAPTER, "unknown stmt2_bind version"), NULL;
  if (GST_READ_UINT32_LE (data + 26) != G_MAXUINT32)
    return refuse_unsupported (error, "To bind single columns"), NULL;
  self = g_new0 (Binds, 1);
  if (!parse_data (self, data + FRAME_HEAD, size - FRAME_HEAD, error))
    return NULL;
  return g_steal_pointer (&self);
}

static gboolean
read_value (const Column * column, Value * value, const guint8 * data,
    gsize size, GError ** error)
{
  if (column->info.digits > 0)
    return value_parse_decimal (value, column, (const gchar *) data, size,
        error);
  if (gst_tdengine_type_get_width (column->info.type) > 0) {
    value_set_fixed (value, column->info.type, data);
    return TRUE;
  }
  return value_set_varying (value, column, data, size, error);
}

/* where row `row` lies; fixed values have a place even where they are NULL */
static gboolean
find_value (const BindColumn * bind, guint width, guint row, guint32 * at,
    guint32 * size, GError ** error)
{
  if (width > 0) {
    *at = row * width;
    *size = width;
  } else {
    if (!bind->lengths)
      return refuse_data (error, "a column without lengths");
    *size = GST_READ_UINT32_LE (bind->lengths + 4 * row);
  }
  if (*at > bind->size || *size > bind->size - *at)
    return refuse_data (error, "a value lies outside");
  return TRUE;
}

/* the values of all rows, `stride` apart */
gboolean
bind_column_read (const BindColumn * bind, const Column * column,
    Value * values, guint stride, GError ** error)
{
  guint width = column->info.digits > 0 ? 0 :
      gst_tdengine_type_get_width (column->info.type);
  guint32 at = 0, size = 0;

  if (bind->type != column->info.type)
    return refuse (error, CODE_INVALID_OPERATION,
        "column type mis-match with buffer type");
  for (guint row = 0; row < bind->n_rows; row++) {
    Value *value = &values[row * stride];

    value->kind = VALUE_NULL;
    if (bind->states[row] == STATE_NONE)
      value->kind = VALUE_NONE;
    if (bind->states[row] != STATE_VALUE)
      continue;
    if (!find_value (bind, width, row, &at, &size, error)
        || !read_value (column, value, bind->buffer + at, size, error))
      return FALSE;
    if (width == 0)
      at += size;
  }
  return TRUE;
}
