/* test server: prepared statements of the older kind
 *
 * These name a table, give its tags and bind its columns one after the other;
 * what a batch has collected goes the way of stmt2.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stmt.h"

#include <gst/tdengine/gsttdengineblock.h>
#include <string.h>

#include "block.h"
#include "error.h"

/* what a block says of each column: type and width, and how long it is */
#define COLUMN_SIZE 5
#define LENGTH_SIZE 4

struct _Stmt
{
  Session *session;
  Stmt2 *stmt2;
  gchar *name;                  /* NULL for none, as the next two */
  JsonArray *tags;
  GstTDengineRows *rows;
};

static void
forget (Stmt * self)
{
  g_clear_pointer (&self->name, g_free);
  g_clear_pointer (&self->tags, json_array_unref);
  g_clear_pointer (&self->rows, gst_tdengine_rows_unref);
}

Stmt *
stmt_new (Session * session)
{
  Stmt *self = g_new0 (Stmt, 1);

  self->session = session;
  /* this kind kills no adapter */
  self->stmt2 = stmt2_new (session, TRUE);
  return self;
}

void
stmt_free (Stmt * stmt)
{
  forget (stmt);
  stmt2_free (stmt->stmt2);
  g_free (stmt);
}

gboolean
stmt_prepare (Stmt * stmt, const gchar * sql, GError ** error)
{
  forget (stmt);
  if (!stmt2_prepare (stmt->stmt2, sql, error))
    return FALSE;
  return stmt2_is_insert (stmt->stmt2)
      || refuse_unsupported (error, "A query as a statement of this kind");
}

/* the tags stay until there are others */
void
stmt_set_name (Stmt * stmt, const gchar * name)
{
  g_free (stmt->name);
  stmt->name = g_strdup (name);
}

gboolean
stmt_set_tags (Stmt * stmt, JsonArray * tags, GError ** error)
{
  if (!stmt2_get_field (stmt->stmt2, TRUE, 0))
    return refuse (error, CODE_STMT_ORDER, "Stmt API usage error");
  g_clear_pointer (&stmt->tags, json_array_unref);
  stmt->tags = json_array_ref (tags);
  return TRUE;
}

/* where the columns end, as their lengths have it; 0 for nowhere */
static guint64
find_end (GBytes * block)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (block, &size);
  guint64 n_rows = size < BLOCK_HEADER_SIZE ? 0 : GST_READ_UINT32_LE (data + 8);
  guint64 n = size < BLOCK_HEADER_SIZE ? 0 : GST_READ_UINT32_LE (data + 12);
  guint64 end = BLOCK_HEADER_SIZE + (COLUMN_SIZE + LENGTH_SIZE) * n;

  if (n == 0 || end > size)
    return 0;
  const guint8 *types = data + BLOCK_HEADER_SIZE;
  const guint8 *lengths = types + COLUMN_SIZE * n;
  for (guint64 i = 0; i < n; i++) {
    GstTDengineType type = types[COLUMN_SIZE * i];

    if (!gst_tdengine_type_is_known (type))
      return 0;
    end += gst_tdengine_type_get_width (type) > 0 ?
        (n_rows + 7) / 8 : 4 * n_rows;
    end += GST_READ_UINT32_LE (lengths + LENGTH_SIZE * i);
  }
  return end;
}

/* The adapter does not look at the byte behind the columns, and the Rust client
 * sends none. */
static GBytes *
add_end (GBytes * block)
{
  GByteArray *whole = g_bytes_unref_to_array (g_bytes_ref (block));

  if (whole->len == find_end (block)) {
    g_byte_array_append (whole, (const guint8 *) "", 1);
    GST_WRITE_UINT32_LE (whole->data + 4, whole->len);
  }
  return g_byte_array_free_to_bytes (whole);
}

gboolean
stmt_bind (Stmt * stmt, GBytes * block, GError ** error)
{
  g_autoptr (GBytes) whole = add_end (block);

  g_clear_pointer (&stmt->rows, gst_tdengine_rows_unref);
  stmt->rows = block_read (whole, GST_TDENGINE_PRECISION_MS, error);
  return stmt->rows != NULL;
}

static BindColumn *
new_columns (Arena * arena, guint n)
{
  return arena_alloc (arena, MAX (n, 1) * sizeof (BindColumn));
}

static void
set_values (Arena * arena, BindColumn * column, GstTDengineType type,
    guint n_rows)
{
  column->type = type;
  column->n_rows = n_rows;
  column->states = arena_alloc (arena, n_rows);
  if (gst_tdengine_type_get_width (type) == 0)
    column->lengths = arena_alloc (arena, n_rows * sizeof (gint32));
}

/* as the connector's JSON has it: text as text, all else as a number */
static gboolean
read_tag (Arena * arena, BindColumn * column, const GstTDengineColumn * info,
    JsonNode * node, GError ** error)
{
  guint width = gst_tdengine_type_get_width (info->type);
  guint64 number;

  set_values (arena, column, info->type, 1);
  if (JSON_NODE_HOLDS_NULL (node)) {
    ((guint8 *) column->states)[0] = 1;
    column->buffer = arena_alloc (arena, column->size = width);
    return TRUE;
  }
  if (!JSON_NODE_HOLDS_VALUE (node))
    return refuse (error, CODE_ADAPTER, "a tag is no value");
  if (width == 0) {
    const gchar *text = json_node_get_string (node);

    column->size = text ? strlen (text) : 0;
    column->buffer = (guint8 *) arena_take (arena, g_strdup (text ? text : ""));
    GST_WRITE_UINT32_LE ((guint8 *) column->lengths, column->size);
    return TRUE;
  }
  if (info->digits > 0 || info->type == GST_TDENGINE_TYPE_TIMESTAMP)
    return refuse_unsupported (error, "A tag of this type in JSON");
  column->buffer = arena_alloc (arena, sizeof number);
  column->size = width;
  if (info->type == GST_TDENGINE_TYPE_FLOAT)
    GST_WRITE_FLOAT_LE ((guint8 *) column->buffer, json_node_get_double (node));
  else if (info->type == GST_TDENGINE_TYPE_DOUBLE)
    GST_WRITE_DOUBLE_LE ((guint8 *) column->buffer,
        json_node_get_double (node));
  else {
    number = json_node_get_value_type (node) == G_TYPE_BOOLEAN ?
        (guint64) json_node_get_boolean (node) :
        (guint64) json_node_get_int (node);
    GST_WRITE_UINT64_LE ((guint8 *) column->buffer, number);
  }
  return TRUE;
}

static gboolean
read_tags (Stmt * self, Arena * arena, Binds * binds, GError ** error)
{
  binds->n_tags = self->tags ? json_array_get_length (self->tags) : 0;
  binds->tables->tags = new_columns (arena, binds->n_tags);
  for (guint i = 0; i < binds->n_tags; i++) {
    const GstTDengineColumn *info = stmt2_get_field (self->stmt2, TRUE, i);

    if (!info)
      return refuse (error, CODE_ADAPTER, "more tags than the table has");
    if (!read_tag (arena, &binds->tables->tags[i], info,
            json_array_get_element (self->tags, i), error))
      return FALSE;
  }
  return TRUE;
}

static void
append_value (GByteArray * buffer, GstTDengineRows * rows,
    GstTDengineType type, guint column, guint row)
{
  gsize size;
  const guint8 *data = gst_tdengine_rows_get_data (rows, column, row, &size);

  if (data && type == GST_TDENGINE_TYPE_NCHAR) {
    g_autofree gchar *text = gst_tdengine_rows_get_text (rows, column, row);

    g_byte_array_append (buffer, (guint8 *) text, strlen (text));
  } else if (data) {
    g_byte_array_append (buffer, data, size);
  } else {
    /* what is fixed has a place even where it is NULL */
    g_byte_array_set_size (buffer, buffer->len
        + gst_tdengine_type_get_width (type));
  }
}

static void
read_column (Arena * arena, BindColumn * bind, GstTDengineRows * rows,
    guint column)
{
  GstTDengineType type = gst_tdengine_schema_get_column
      (gst_tdengine_rows_get_schema (rows), column)->type;
  guint n_rows = gst_tdengine_rows_get_n_rows (rows);
  GByteArray *buffer = g_byte_array_new ();

  set_values (arena, bind, type, n_rows);
  for (guint row = 0; row < n_rows; row++) {
    gsize start = buffer->len;

    ((guint8 *) bind->states)[row] =
        gst_tdengine_rows_is_null (rows, column, row);
    append_value (buffer, rows, type, column, row);
    if (bind->lengths)
      GST_WRITE_UINT32_LE ((guint8 *) bind->lengths + 4 * row,
          buffer->len - start);
  }
  bind->size = buffer->len;
  bind->buffer = (guint8 *) arena_take (arena,
      (gchar *) g_byte_array_free (buffer, FALSE));
}

static void
read_columns (Stmt * self, Arena * arena, Binds * binds)
{
  binds->n_columns = gst_tdengine_schema_get_n_columns
      (gst_tdengine_rows_get_schema (self->rows));
  binds->tables->columns = new_columns (arena, binds->n_columns);
  for (guint i = 0; i < binds->n_columns; i++)
    read_column (arena, &binds->tables->columns[i], self->rows, i);
}

/* the rows that were bound, for the table that was named */
gboolean
stmt_add_batch (Stmt * stmt, GError ** error)
{
  Arena *arena = arena_new ();
  g_autoptr (GBytes) memory = g_bytes_new_with_free_func ("", 0,
      (GDestroyNotify) arena_free, arena);
  BindTable table = {.name = stmt->name };
  Binds binds = {.n_tables = 1,.tables = &table };

  if (!stmt->rows)
    return refuse (error, CODE_STMT_ORDER, "Stmt API usage error");
  read_columns (stmt, arena, &binds);
  g_clear_pointer (&stmt->rows, gst_tdengine_rows_unref);
  return read_tags (stmt, arena, &binds, error)
      && stmt2_add (stmt->stmt2, &binds, memory, error);
}

gboolean
stmt_exec (Stmt * stmt, gint64 * affected, GError ** error)
{
  return stmt2_exec (stmt->stmt2, affected, error);
}
