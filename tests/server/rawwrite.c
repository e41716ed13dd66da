/* test server: blocks as they are, into tables
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rawwrite.h"

#include <gst/base/gstbytereader.h>
#include <gst/tdengine/gsttdengineblock.h>
#include <gst/tdengine/gsttdenginerows.h>
#include <string.h>

#include "benchmark.h"
#include "block.h"
#include "error.h"
#include "rowwriter.h"

#define HEAD_SIZE 24
#define FIELD_SIZE 72
#define FIELD_NAME_SIZE 65

typedef struct
{
  Session *session;
  GBytes *message;
  GstByteReader reader;
  Table *table;
  GstTDengineRows *rows;
  guint n_columns;              /* of the block */
  const guint8 *fields;         /* FIELD_SIZE each, NULL for none */
  GArray *map;                  /* column of the table → of the block, or -1 */
} RawWrite;

static gboolean
refuse_parameters (GError ** error)
{
  return refuse (error, CODE_INVALID_PARAMETERS, "Invalid parameters");
}

static gboolean
refuse_frame (GError ** error)
{
  return refuse (error, CODE_ADAPTER, "uncompleted message");
}

/* the name as it is: no database before it, no quotes */
static gboolean
open_table (RawWrite * self, const gchar * name, GError ** error)
{
  Database *db = session_get_database (self->session, NULL, error);

  if (!db)
    return FALSE;
  self->table = database_find (db, name);
  if (!self->table || self->table->kind == TABLE_SYSTEM)
    return refuse (error, CODE_NO_TABLE, "Table does not exist");
  if (self->table->kind == TABLE_SUPER)
    return refuse (error, CODE_RAW_INTO_SUPER_TABLE,
        "No valid endpoint for the super table");
  return TRUE;
}

/* Action 5 finds its fields by the length in the block's head, action 4 takes
 * the block to the frame's end whatever its head says. */
static gboolean
read_block (RawWrite * self, gboolean with_fields, GError ** error)
{
  guint start = gst_byte_reader_get_pos (&self->reader);
  gsize size = gst_byte_reader_get_remaining (&self->reader);
  const guint8 *block;

  if (size < BLOCK_HEADER_SIZE)
    return refuse_frame (error);
  block = gst_byte_reader_peek_data_unchecked (&self->reader);
  gsize block_size = with_fields ? GST_READ_UINT32_LE (block + 4) : size;
  if (block_size > size)
    return refuse_frame (error);

  g_autoptr (GBytes) bytes = g_bytes_new_from_bytes (self->message, start,
      block_size);
  self->rows = block_read (bytes, self->table->db->precision, error);
  if (!self->rows)
    return FALSE;
  self->n_columns = gst_tdengine_schema_get_n_columns
      (gst_tdengine_rows_get_schema (self->rows));
  if (with_fields) {
    if ((size - block_size) / FIELD_SIZE < self->n_columns)
      return refuse_frame (error);
    self->fields = block + block_size;
  }
  return TRUE;
}

static gboolean
has_field (RawWrite * self, guint index, const gchar * name)
{
  const gchar *field = (const gchar *) self->fields + index * FIELD_SIZE;

  return strncmp (field, name, FIELD_NAME_SIZE) == 0;
}

/* An unknown name is skipped as the real server skips it: the next known one
 * takes the column at its place, not at its own. */
static gboolean
map_fields (RawWrite * self, GError ** error)
{
  GPtrArray *columns = self->table->columns;
  guint at = 0;

  for (guint i = 0; i < self->n_columns; i++)
    for (guint j = 0; j < columns->len; j++) {
      Column *column = g_ptr_array_index (columns, j);

      if (has_field (self, i, column->info.name)) {
        g_array_index (self->map, gint, j) = at++;
        break;
      }
    }
  return g_array_index (self->map, gint, 0) >= 0 || refuse_parameters (error);
}

static gboolean
map_columns (RawWrite * self, GError ** error)
{
  gint none = -1;
  guint n = self->table->columns->len;

  for (guint i = 0; i < n; i++)
    g_array_append_val (self->map, none);
  if (self->fields)
    return map_fields (self, error);
  for (guint i = 0; i < MIN (n, self->n_columns); i++)
    g_array_index (self->map, gint, i) = i;
  return TRUE;
}

static gboolean
check_types (RawWrite * self, GError ** error)
{
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (self->rows);

  for (guint i = 0; i < self->map->len; i++) {
    Column *column = g_ptr_array_index (self->table->columns, i);
    gint from = g_array_index (self->map, gint, i);

    if (from < 0)
      continue;
    const GstTDengineColumn *have = gst_tdengine_schema_get_column (schema,
        from);
    if (have->type != column->info.type || have->digits != column->info.digits
        || have->scale != column->info.scale)
      return refuse_parameters (error);
    /* a BLOB says 5 and no length of its own */
    if (have->type != GST_TDENGINE_TYPE_BLOB
        && have->length > gst_tdengine_block_column_bytes (&column->info))
      return refuse_parameters (error);
  }
  return TRUE;
}

static gboolean
read_value (RawWrite * self, guint row, guint index, Value * value,
    GError ** error)
{
  gint from = g_array_index (self->map, gint, index);

  value->kind = VALUE_NONE;
  return from < 0 || value_read (value,
      g_ptr_array_index (self->table->columns, index), self->rows, from, row,
      error);
}

static gboolean
write_rows (RawWrite * self, GError ** error)
{
  guint n_columns = self->table->columns->len;
  guint n_rows = gst_tdengine_rows_get_n_rows (self->rows);
  g_autofree Value *values = g_new0 (Value, n_columns);
  g_autoptr (RowWriter) writer = row_writer_new (self->session->server,
      self->table);
  gboolean done = TRUE;

  for (guint row = 0; done && row < n_rows; row++) {
    for (guint i = 0; done && i < n_columns; i++)
      done = read_value (self, row, i, &values[i], error);
    done = done && row_writer_add (writer, values, error);
    for (guint i = 0; i < n_columns; i++)
      value_clear (&values[i]);
  }
  return done && row_writer_end (writer, error);
}

static gboolean
store (RawWrite * self, GError ** error)
{
  Server *server = self->session->server;

  if (self->table->db->is_benchmark) {
    benchmark_count (server->benchmark,
        gst_tdengine_rows_get_n_rows (self->rows));
    return TRUE;
  }
  if (!server_begin (server, error))
    return FALSE;
  gboolean done = write_rows (self, error);
  return server_end (server, done, error);
}

static gboolean
run (RawWrite * self, gboolean with_fields, GError ** error)
{
  guint32 n_rows;
  guint16 size;
  const guint8 *name;

  if (!gst_byte_reader_get_uint32_le (&self->reader, &n_rows)
      || !gst_byte_reader_get_uint16_le (&self->reader, &size)
      || !gst_byte_reader_get_data (&self->reader, size, &name))
    return refuse_frame (error);
  g_autofree gchar *text = g_strndup ((const gchar *) name, size);
  return open_table (self, text, error)
      && read_block (self, with_fields, error) && map_columns (self, error)
      && check_types (self, error) && store (self, error);
}

/* the frame of action 4, or with fields of action 5 */
gboolean
raw_write (Session * session, GBytes * message, gboolean with_fields,
    GError ** error)
{
  RawWrite self = {.session = session,.message = message };
  gsize size;
  const guint8 *data = g_bytes_get_data (message, &size);

  gst_byte_reader_init (&self.reader, data, MIN (size, G_MAXUINT));
  gst_byte_reader_skip (&self.reader, HEAD_SIZE);
  self.map = g_array_new (FALSE, FALSE, sizeof (gint));
  gboolean done = run (&self, with_fields, error);
  g_array_unref (self.map);
  g_clear_pointer (&self.rows, gst_tdengine_rows_unref);
  return done;
}
