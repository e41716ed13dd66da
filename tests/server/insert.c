/* test server: insert statements
 *
 * All values are read before anything is written, so that a statement with an
 * error leaves nothing behind, not even a sub table.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "insert.h"

#include "change.h"
#include "error.h"
#include "literal.h"
#include "log.h"
#include "result.h"
#include "rowwriter.h"

/* rows for one table, which may not be there yet */
typedef struct
{
  Table *table;                 /* NULL: to be made */
  Database *db;
  gchar *name;
  Table *super;
  Value *tags;
  guint n_tags;
  guint n_columns;
  GPtrArray *rows;              /* of Value[n_columns] */
} Batch;

static void
batch_free (Batch * batch)
{
  for (guint i = 0; i < batch->rows->len; i++)
    value_free_array (g_ptr_array_index (batch->rows, i), batch->n_columns);
  g_ptr_array_unref (batch->rows);
  value_free_array (batch->tags, batch->n_tags);
  g_free (batch->name);
  g_free (batch);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Batch, batch_free)
     static Batch *batch_new (Database * db, const gchar * name, Table * super)
{
  Batch *batch = g_new0 (Batch, 1);

  batch->db = db;
  batch->name = g_strdup (name);
  batch->super = super;
  batch->table = database_find (db, name);
  batch->n_columns = (batch->table ? batch->table : super)->columns->len;
  batch->rows = g_ptr_array_new ();
  return batch;
}

static gboolean
refuse_column (const gchar * name, GError ** error)
{
  return refuse (error, CODE_NO_COLUMN, "Invalid column name: %s", name);
}

/* where the named columns stand; all of them for NULL */
gboolean
insert_map_columns (GPtrArray * columns, GPtrArray * names, GArray * indexes,
    GError ** error)
{
  for (guint i = 0; !names && i < columns->len; i++)
    g_array_append_val (indexes, i);
  for (guint i = 0; names && i < names->len; i++) {
    const gchar *name = g_ptr_array_index (names, i);
    gint index = columns_index (columns, name);

    if (index < 0)
      return refuse_column (name, error);
    for (guint j = 0; j < i; j++)
      if (g_array_index (indexes, gint, j) == index)
        return refuse (error, CODE_INSERT_SYNTAX,
            "syntax error near '%s' (duplicated column name)", name);
    g_array_append_val (indexes, index);
  }
  return TRUE;
}

/* a Value for each tag; those that are not named are NULL */
Value *
insert_read_tags (Session * session, Table * super, GPtrArray * names,
    GArray * literals, GError ** error)
{
  g_autoptr (GArray) indexes = g_array_new (FALSE, FALSE, sizeof (gint));
  guint n_tags = super->tags->len;

  if (!insert_map_columns (super->tags, names, indexes, error))
    return NULL;
  if (indexes->len != literals->len)
    return refuse (error, CODE_INVALID_OPERATION,
        "Tags number not matched"), NULL;

  Value *tags = g_new0 (Value, n_tags);
  for (guint i = 0; i < n_tags; i++)
    tags[i].kind = VALUE_NULL;
  for (guint i = 0; i < indexes->len; i++) {
    gint index = g_array_index (indexes, gint, i);

    if (!literal_to_value (session, &g_array_index (literals, Literal, i),
            g_ptr_array_index (super->tags, index), super->db->precision,
            &tags[index], error)) {
      value_free_array (tags, n_tags);
      return NULL;
    }
  }
  return tags;
}

/* the sub table, made where it is missing */
Table *
insert_sub_table (Session * session, Database * db, const gchar * name,
    Table * super, const Value * tags, GError ** error)
{
  Table *table = database_find (db, name);

  if (table)
    return table;
  table = insert_new_table (session, db, name, super, tags, error);
  if (!table || db->is_benchmark)
    return table;
  g_autofree gchar *change = change_create (session->server, table, error);
  return change && log_made (session->server->log, table, change, error) ?
      table : NULL;
}

Table *
insert_new_table (Session * session, Database * db, const gchar * name,
    Table * super, const Value * tags, GError ** error)
{
  results_settle (session->server, super->id);
  return catalog_add_sub_table (session->server->catalog, db, name, super,
      (gpointer) tags, error);
}

static gboolean
check_count (const InsertClause * clause, guint first, guint end,
    guint expected, GError ** error)
{
  if (end - first > expected)
    return refuse (error, CODE_VALUES_NUMBER, "Illegal number of columns");
  if (end - first == expected)
    return TRUE;

  Literal *literal = &g_array_index (clause->values, Literal, end - 1);
  return refuse (error, CODE_INSERT_SYNTAX, "syntax error near '%.63s' (%s)",
      literal->start, ", expected");
}

static gboolean
read_row (Session * session, Batch * batch, GPtrArray * columns,
    GArray * indexes, const Literal * literals, GError ** error)
{
  Value *values = g_new0 (Value, batch->n_columns);

  g_ptr_array_add (batch->rows, values);
  for (guint i = 0; i < indexes->len; i++) {
    gint index = g_array_index (indexes, gint, i);

    if (!literal_to_value (session, &literals[i],
            g_ptr_array_index (columns, index), batch->db->precision,
            &values[index], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_rows (Session * session, const InsertClause * clause, Batch * batch,
    GError ** error)
{
  g_autoptr (GArray) indexes = g_array_new (FALSE, FALSE, sizeof (gint));
  GPtrArray *columns = (batch->table ? batch->table : batch->super)->columns;
  guint first = 0;

  if (!insert_map_columns (columns, clause->columns, indexes, error))
    return FALSE;
  for (guint i = 0; i < clause->row_ends->len; i++) {
    guint end = g_array_index (clause->row_ends, guint, i);

    if (!check_count (clause, first, end, indexes->len, error)
        || !read_row (session, batch, columns, indexes,
            &g_array_index (clause->values, Literal, first), error))
      return FALSE;
    first = end;
  }
  return TRUE;
}

static gboolean
read_using (Session * session, const InsertClause * clause, GPtrArray * batches,
    GError ** error)
{
  Database *db = session_get_database (session, clause->table.db, error);
  Table *super = db ? session_get_table (session, &clause->using, error) : NULL;

  if (!super)
    return FALSE;
  if (super->kind != TABLE_SUPER)
    return refuse (error, CODE_NO_TABLE, "Table does not exist");

  Batch *batch = batch_new (db, clause->table.name, super);
  g_ptr_array_add (batches, batch);
  batch->n_tags = super->tags->len;
  batch->tags = insert_read_tags (session, super, clause->tag_names,
      clause->tags, error);
  if (!batch->tags) {
    batch->n_tags = 0;
    return FALSE;
  }
  if (batch->table && batch->table->super != super)
    return refuse (error, CODE_NO_TABLE, "Table does not exist");
  return read_rows (session, clause, batch, error);
}

/* the named columns of a super table: the table's name, tags, columns */
typedef struct
{
  gint tbname;
  GArray *tag_at;               /* where each tag stands, -1 for nowhere */
  GArray *column_at;
} SuperColumns;

static gboolean
map_super (Table * super, GPtrArray * names, SuperColumns * map,
    GError ** error)
{
  gint none = -1;

  map->tbname = -1;
  for (guint i = 0; i < super->tags->len; i++)
    g_array_append_val (map->tag_at, none);
  for (guint i = 0; i < super->columns->len; i++)
    g_array_append_val (map->column_at, none);
  for (gint i = 0; i < (gint) names->len; i++) {
    const gchar *name = g_ptr_array_index (names, i);
    gint tag = columns_index (super->tags, name);
    gint column = columns_index (super->columns, name);

    if (g_str_equal (name, "tbname"))
      map->tbname = i;
    else if (tag >= 0)
      g_array_index (map->tag_at, gint, tag) = i;
    else if (column >= 0)
      g_array_index (map->column_at, gint, column) = i;
    else
      return refuse_column (name, error);
  }
  return map->tbname >= 0 || refuse (error, CODE_INSERT_SYNTAX,
      "tbname column is expected");
}

static gboolean
read_mapped (Session * session, GPtrArray * columns, GArray * at,
    const Literal * literals, ValueKind missing, Database * db, Value * values,
    GError ** error)
{
  for (guint i = 0; i < columns->len; i++) {
    gint index = g_array_index (at, gint, i);

    values[i].kind = missing;
    if (index >= 0 && !literal_to_value (session, &literals[index],
            g_ptr_array_index (columns, i), db->precision, &values[i], error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
read_super_row (Session * session, Table * super, const SuperColumns * map,
    const Literal * literals, GPtrArray * batches, GError ** error)
{
  const Literal *name = &literals[map->tbname];

  if (name->kind != LITERAL_STRING)
    return refuse (error, CODE_INSERT_SYNTAX,
        "syntax error near '%.63s' (not allowed tbname)", name->start);

  g_autofree gchar *text = token_get_string (&name->token, NULL);
  Batch *batch = batch_new (super->db, text, super);
  Value *values = g_new0 (Value, batch->n_columns);
  g_ptr_array_add (batches, batch);
  g_ptr_array_add (batch->rows, values);
  batch->n_tags = super->tags->len;
  batch->tags = g_new0 (Value, batch->n_tags);
  if (batch->table && batch->table->super != super)
    return refuse (error, CODE_NO_TABLE, "Table does not exist");
  return read_mapped (session, super->tags, map->tag_at, literals, VALUE_NULL,
      super->db, batch->tags, error)
      && read_mapped (session, super->columns, map->column_at, literals,
      VALUE_NONE, super->db, values, error);
}

/* insert into a_super_table (tbname, tag, ts, ...) values ('d1', 1, now, ...) */
static gboolean
read_super (Session * session, const InsertClause * clause, Table * super,
    GPtrArray * batches, GError ** error)
{
  g_autoptr (GArray) tag_at = g_array_new (FALSE, FALSE, sizeof (gint));
  g_autoptr (GArray) column_at = g_array_new (FALSE, FALSE, sizeof (gint));
  SuperColumns map = { -1, tag_at, column_at };
  guint first = 0;

  if (!clause->columns)
    return refuse (error, CODE_INSERT_SYNTAX, "syntax error near ' values' "
        "((...tbname, ts...) bounded cols is expected for supertable "
        "insertion)");
  if (!map_super (super, clause->columns, &map, error))
    return FALSE;
  for (guint i = 0; i < clause->row_ends->len; i++) {
    guint end = g_array_index (clause->row_ends, guint, i);

    if (!check_count (clause, first, end, clause->columns->len, error)
        || !read_super_row (session, super, &map,
            &g_array_index (clause->values, Literal, first), batches, error))
      return FALSE;
    first = end;
  }
  return TRUE;
}

static gboolean
read_clause (Session * session, const InsertClause * clause,
    GPtrArray * batches, GError ** error)
{
  if (!clause->table.name)
    return refuse (error, CODE_INSERT_SYNTAX,
        "syntax error near '?' (? is for prepared statements)");
  if (clause->has_using)
    return read_using (session, clause, batches, error);

  Table *table = session_get_table (session, &clause->table, error);
  if (!table)
    return FALSE;
  if (table->kind == TABLE_SYSTEM)
    return refuse (error, CODE_INVALID_OPERATION, "Cannot insert into a system "
        "table");
  if (table->kind == TABLE_SUPER)
    return read_super (session, clause, table, batches, error);

  Batch *batch = batch_new (table->db, table->name, NULL);
  g_ptr_array_add (batches, batch);
  return read_rows (session, clause, batch, error);
}

static gboolean
write_batch (Session * session, Batch * batch, GError ** error)
{
  if (!batch->table)
    batch->table = insert_sub_table (session, batch->db, batch->name,
        batch->super, batch->tags, error);
  if (!batch->table)
    return FALSE;

  g_autoptr (RowWriter) writer = row_writer_new (session->server, batch->table);
  for (guint i = 0; i < batch->rows->len; i++)
    if (!row_writer_add (writer, g_ptr_array_index (batch->rows, i), error))
      return FALSE;
  return row_writer_end (writer, error);
}

gboolean
insert_execute (Session * session, const Statement * statement,
    gint64 * affected, GError ** error)
{
  g_autoptr (GPtrArray) batches =
      g_ptr_array_new_with_free_func ((GDestroyNotify) batch_free);

  for (guint i = 0; i < statement->clauses->len; i++)
    if (!read_clause (session, g_ptr_array_index (statement->clauses, i),
            batches, error))
      return FALSE;
  for (guint i = 0; i < batches->len; i++) {
    Batch *batch = g_ptr_array_index (batches, i);

    if (!write_batch (session, batch, error))
      return FALSE;
    *affected += batch->rows->len;
  }
  return TRUE;
}
