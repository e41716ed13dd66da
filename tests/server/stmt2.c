/* test server: prepared statements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "stmt2.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "benchmark.h"
#include "binds.h"
#include "error.h"
#include "execute.h"
#include "insert.h"
#include "json.h"
#include "parser.h"
#include "rowwriter.h"

/* how the process ends where the real adapter crashes */
#define EXIT_CRASHED 86
#define TBNAME_BYTES 271

typedef enum
{
  FIELD_COLUMN = 1,
  FIELD_TAG = 2,
  FIELD_TBNAME = 4,
} FieldKind;

/* what a `?` stands for; the table may change after it was prepared */
typedef struct
{
  FieldKind kind;
  gchar *name;
  GstTDengineColumn info;       /* its name is `name` */
} Field;

/* rows of one table, to be written by the next exec */
typedef struct
{
  TableName table;              /* names of its own */
  Value *tags;                  /* NULL for none */
  guint n_tags;
  Value *rows;
  guint n_rows;
  guint n_columns;
  GBytes *message;              /* which the values point into */
} Pending;

struct _Stmt2
{
  Session *session;
  gboolean interlaced;
  Arena *arena;
  gchar *sql;
  Statement *statement;         /* NULL before a good prepare */
  GArray *fields;               /* of Field, in the order of the `?` */
  GstTDenginePrecision precision;
  GPtrArray *pending;           /* of Pending */
  Binds *params;                /* of a query */
  GBytes *params_message;
  GError *failed;               /* of a bind: it sticks */
  gboolean was_executed;
  Result *result;
};

static void
field_clear (Field * field)
{
  g_free (field->name);
}

static void
pending_free (Pending * pending)
{
  value_free_array (pending->tags, pending->n_tags);
  value_free_array (pending->rows, pending->n_rows * pending->n_columns);
  g_free ((gchar *) pending->table.db);
  g_free ((gchar *) pending->table.name);
  g_bytes_unref (pending->message);
  g_free (pending);
}

Stmt2 *
stmt2_new (Session * session, gboolean interlaced)
{
  Stmt2 *self = g_new0 (Stmt2, 1);

  self->session = session;
  self->interlaced = interlaced;
  self->fields = g_array_new (FALSE, TRUE, sizeof (Field));
  g_array_set_clear_func (self->fields, (GDestroyNotify) field_clear);
  self->pending =
      g_ptr_array_new_with_free_func ((GDestroyNotify) pending_free);
  return self;
}

static void
forget_binds (Stmt2 * self)
{
  g_ptr_array_set_size (self->pending, 0);
  g_clear_pointer (&self->params, binds_free);
  g_clear_pointer (&self->params_message, g_bytes_unref);
}

static void
reset (Stmt2 * self)
{
  forget_binds (self);
  g_array_set_size (self->fields, 0);
  g_clear_error (&self->failed);
  g_clear_pointer (&self->result, result_free);
  g_clear_pointer (&self->arena, arena_free);
  g_clear_pointer (&self->sql, g_free);
  self->statement = NULL;
  self->was_executed = FALSE;
}

void
stmt2_free (Stmt2 * stmt)
{
  reset (stmt);
  g_array_unref (stmt->fields);
  g_ptr_array_unref (stmt->pending);
  g_free (stmt);
}

static void
add_field (Stmt2 * self, FieldKind kind, const Column * column)
{
  Field field = {.kind = kind };

  field.name = g_strdup (column ? column->info.name : "tbname");
  if (column)
    field.info = column->info;
  field.info.name = field.name;
  g_array_append_val (self->fields, field);
}

static gboolean
refuse_missing (GError ** error)
{
  return refuse (error, CODE_STMT_TABLE, "Table does not exist");
}

static Table *
find_table (Stmt2 * self, const TableName * name, GError ** error)
{
  Table *table = session_find_table (self->session, name, NULL);

  if (!table || table->kind == TABLE_SYSTEM)
    return refuse_missing (error), NULL;
  self->precision = table->db->precision;
  return table;
}

static gboolean
add_named (Stmt2 * self, FieldKind kind, GPtrArray * columns,
    GPtrArray * names, GError ** error)
{
  g_autoptr (GArray) indexes = g_array_new (FALSE, FALSE, sizeof (gint));

  if (!insert_map_columns (columns, names, indexes, error))
    return FALSE;
  for (guint i = 0; i < indexes->len; i++)
    add_field (self, kind, g_ptr_array_index (columns, g_array_index (indexes,
                gint, i)));
  return TRUE;
}

/* insert into a_super_table (tbname, tag, ts, ...): any order */
static gboolean
add_super_fields (Stmt2 * self, Table * table, GPtrArray * names,
    GError ** error)
{
  if (!names)
    return refuse (error, CODE_INVALID_OPERATION,
        "insert data into super table is not supported");
  for (guint i = 0; i < names->len; i++) {
    const gchar *name = g_ptr_array_index (names, i);
    Column *tag = columns_find (table->tags, name);
    Column *column = columns_find (table->columns, name);

    if (g_str_equal (name, "tbname"))
      add_field (self, FIELD_TBNAME, NULL);
    else if (tag)
      add_field (self, FIELD_TAG, tag);
    else if (column)
      add_field (self, FIELD_COLUMN, column);
    else
      return refuse (error, CODE_NO_COLUMN, "Invalid column name: %s", name);
  }
  return TRUE;
}

static gboolean
add_using_fields (Stmt2 * self, const InsertClause * clause, GError ** error)
{
  Table *super = find_table (self, &clause->using, error);

  if (!super)
    return FALSE;
  if (super->kind != TABLE_SUPER)
    return refuse_missing (error);
  if (!clause->table.name)
    add_field (self, FIELD_TBNAME, NULL);
  return add_named (self, FIELD_TAG, super->tags, clause->tag_names, error)
      && add_named (self, FIELD_COLUMN, super->columns, clause->columns, error);
}

static gboolean
only_placeholders (GArray * literals)
{
  for (guint i = 0; literals && i < literals->len; i++)
    if (g_array_index (literals, Literal, i).kind != LITERAL_PLACEHOLDER)
      return FALSE;
  return TRUE;
}

static guint
count_fields (Stmt2 * self, FieldKind kind)
{
  guint n = 0;

  for (guint i = 0; i < self->fields->len; i++)
    n += g_array_index (self->fields, Field, i).kind == kind;
  return n;
}

static gboolean
add_fields (Stmt2 * self, const InsertClause * clause, GError ** error)
{
  if (clause->has_using)
    return add_using_fields (self, clause, error);
  if (!clause->table.name) {
    add_field (self, FIELD_TBNAME, NULL);
    return TRUE;
  }
  Table *table = find_table (self, &clause->table, error);
  if (!table)
    return FALSE;
  if (table->kind == TABLE_SUPER)
    return add_super_fields (self, table, clause->columns, error);
  return add_named (self, FIELD_COLUMN, table->columns, clause->columns, error);
}

static gboolean
prepare_insert (Stmt2 * self, GError ** error)
{
  InsertClause *clause = g_ptr_array_index (self->statement->clauses, 0);

  if (!add_fields (self, clause, error))
    return FALSE;
  if (self->statement->clauses->len > 1 || clause->row_ends->len > 1
      || !only_placeholders (clause->values)
      || !only_placeholders (clause->tags))
    return refuse_unsupported (error, "A prepared insert with more than ?");
  if (self->fields->len > 1
      && self->statement->n_placeholders != self->fields->len)
    return refuse (error, CODE_INSERT_SYNTAX,
        "syntax error near '?' (expected %u ? but there are %u)",
        self->fields->len, self->statement->n_placeholders);
  return TRUE;
}

gboolean
stmt2_prepare (Stmt2 * stmt, const gchar * sql, GError ** error)
{
  gboolean done = TRUE;

  reset (stmt);
  stmt->arena = arena_new ();
  stmt->sql = g_strdup (sql);
  stmt->statement = parse_statement (stmt->arena, stmt->sql, error);
  if (!stmt->statement)
    return FALSE;
  if (stmt->statement->kind == STATEMENT_INSERT)
    done = prepare_insert (stmt, error);
  else if (stmt->statement->kind != STATEMENT_SELECT)
    done = refuse_unsupported (error, "To prepare this");
  if (!done)
    stmt->statement = NULL;
  return done;
}

gboolean
stmt2_is_insert (Stmt2 * stmt)
{
  return stmt->statement && stmt->statement->kind == STATEMENT_INSERT;
}

/* without a table there are no columns to tell of, though binding works */
gboolean
stmt2_can_list (Stmt2 * stmt, GError ** error)
{
  InsertClause *clause;

  if (!stmt2_is_insert (stmt))
    return TRUE;
  clause = g_ptr_array_index (stmt->statement->clauses, 0);
  return clause->table.name || clause->has_using || refuse_missing (error);
}

guint
stmt2_n_fields (Stmt2 * stmt)
{
  return stmt2_is_insert (stmt) ? stmt->fields->len :
      stmt->statement->n_placeholders;
}

static guint
field_bytes (const Field * field)
{
  if (field->kind == FIELD_TBNAME)
    return TBNAME_BYTES;
  if (gst_tdengine_type_get_width (field->info.type) > 0)
    return gst_tdengine_type_get_width (field->info.type);
  if (field->info.type == GST_TDENGINE_TYPE_NCHAR)
    return 4 * field->info.length + 2;
  return field->info.type == GST_TDENGINE_TYPE_JSON ? 16384 :
      field->info.length + 2;
}

void
stmt2_add_fields (Stmt2 * stmt, GString * reply)
{
  if (stmt->fields->len == 0) {
    g_string_append (reply, ",\"fields\":null");
    return;
  }
  g_string_append (reply, ",\"fields\":[");
  for (guint i = 0; i < stmt->fields->len; i++) {
    Field *field = &g_array_index (stmt->fields, Field, i);
    gboolean is_time = field->info.type == GST_TDENGINE_TYPE_TIMESTAMP;

    g_string_append (reply, i ? ",{\"name\":" : "{\"name\":");
    json_append_string (reply, field->name, -1, TRUE);
    g_string_append_printf (reply, ",\"field_type\":%u,\"precision\":%u,"
        "\"scale\":%u,\"bytes\":%u,\"bind_type\":%u}",
        field->kind == FIELD_TBNAME ? GST_TDENGINE_TYPE_VARCHAR :
        field->info.type, is_time ? stmt->precision : field->info.digits,
        field->info.scale, field_bytes (field), field->kind);
  }
  g_string_append_c (reply, ']');
}

/* `name`, db.name, or name with whatever is in it */
static gboolean
split_name (const gchar * text, TableName * name, GError ** error)
{
  Token first = lexer_next (text);
  Token dot = lexer_next (first.start + first.length);
  Token second = lexer_next (dot.start + dot.length);

  if (!*text)
    return refuse (error, CODE_STMT_TABLE, "Table name is empty");
  if (first.type == TOKEN_NAME && dot.type == TOKEN_END) {
    name->name = token_get_name (&first);
  } else if (token_is (&dot, ".") && second.type != TOKEN_END) {
    name->db = token_get_name (&first);
    name->name = second.type == TOKEN_NAME ? token_get_name (&second) :
        g_strdup (second.start);
  } else {
    name->name = g_strdup (text);
  }
  return TRUE;
}

/* the table that columns and tags are those of */
static Table *
get_shape (Stmt2 * self, const InsertClause * clause, const TableName * bound,
    GError ** error)
{
  const TableName *name = clause->has_using ? &clause->using :
      clause->table.name ? &clause->table : bound;
  g_autoptr (GError) own_error = NULL;
  Table *table = session_get_table (self->session, name, error);

  if (!table)
    return NULL;
  if (!clause->table.name && !clause->has_using && self->fields->len == 1
      && !add_named (self, FIELD_COLUMN, table->columns, clause->columns,
          error))
    return NULL;
  return table;
}

static gboolean
name_pending (Pending * pending, const InsertClause * clause,
    const BindTable * bind, Table * shape, GError ** error)
{
  if (bind->name && !split_name (bind->name, &pending->table, error))
    return FALSE;
  if (!pending->table.name)
    pending->table.name = g_strdup (clause->table.name);
  if (!pending->table.db)
    pending->table.db = g_strdup (clause->table.db ? clause->table.db :
        clause->has_using ? NULL : shape->db->name);
  return pending->table.name || refuse (error, CODE_STMT_TABLE,
      "Table name is missing");
}

static gboolean
refuse_changed (GError ** error)
{
  return refuse (error, CODE_INSERT_SYNTAX, "The table has changed since the "
      "statement was prepared");
}

/* fields of one kind, in their order, into the table's columns */
static gboolean
read_fields (Stmt2 * self, FieldKind kind, GPtrArray * columns,
    const BindColumn * binds, guint n_binds, Value * values, GError ** error)
{
  guint at = 0;

  if (count_fields (self, kind) != n_binds)
    return refuse (error, CODE_ADAPTER, "expected %u %s but %u are bound",
        count_fields (self, kind), kind == FIELD_TAG ? "tags" : "columns",
        n_binds);
  for (guint i = 0; i < self->fields->len; i++) {
    Field *field = &g_array_index (self->fields, Field, i);
    gint index = columns_index (columns, field->name);

    if (field->kind != kind)
      continue;
    if (index < 0)
      return refuse_changed (error);
    if (binds[at].n_rows != binds[0].n_rows)
      return refuse (error, CODE_STMT_ROWS,
          "bind number out of range or not match");
    if (!bind_column_read (&binds[at++], g_ptr_array_index (columns, index),
            &values[index], columns->len, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_keys (const Pending * self, GError ** error)
{
  for (guint i = 0; i < self->n_rows; i++)
    if (self->rows[i * self->n_columns].kind != VALUE_INTEGER)
      return refuse (error, CODE_TIME_NULL, "Timestamp column value is null");
  return TRUE;
}

static gboolean
bind_table (Stmt2 * self, const InsertClause * clause, const Binds * binds,
    const BindTable * bind, GBytes * message, GError ** error)
{
  Pending *pending = g_new0 (Pending, 1);
  TableName bound = { NULL, NULL };

  pending->message = g_bytes_ref (message);
  g_ptr_array_add (self->pending, pending);
  if (count_fields (self, FIELD_TBNAME) > 0 && !bind->name)
    return refuse (error, CODE_STMT_TABLE, "Table name is missing");
  if (bind->name && !split_name (bind->name, &bound, error))
    return FALSE;
  Table *shape = get_shape (self, clause, &bound, error);
  g_free ((gchar *) bound.db);
  g_free ((gchar *) bound.name);
  if (!shape || !name_pending (pending, clause, bind, shape, error))
    return FALSE;
  if (binds->n_columns == 0)
    return refuse (error, CODE_ADAPTER, "no columns are bound");

  pending->n_columns = shape->columns->len;
  pending->n_rows = bind->columns[0].n_rows;
  pending->rows = g_new0 (Value, pending->n_columns * pending->n_rows);
  if (binds->n_tags > 0) {
    pending->n_tags = shape->tags->len;
    pending->tags = g_new0 (Value, pending->n_tags);
    if (bind->tags[0].n_rows != 1)
      return refuse (error, CODE_STMT_ROWS,
          "bind number out of range or not match");
  }
  return read_fields (self, FIELD_TAG, shape->tags, bind->tags, binds->n_tags,
      pending->tags, error)
      && read_fields (self, FIELD_COLUMN, shape->columns, bind->columns,
      binds->n_columns, pending->rows, error)
      && check_keys (pending, error);
}

static gboolean
bind_insert (Stmt2 * self, const Binds * binds, GBytes * message,
    GError ** error)
{
  InsertClause *clause = g_ptr_array_index (self->statement->clauses, 0);

  for (guint i = 0; i < binds->n_tables; i++)
    if (!bind_table (self, clause, binds, &binds->tables[i], message, error))
      return FALSE;
  return TRUE;
}

static gboolean
bind_query (Stmt2 * self, Binds * binds, GBytes * message, GError ** error)
{
  g_clear_pointer (&self->params, binds_free);
  g_clear_pointer (&self->params_message, g_bytes_unref);
  if (binds->n_columns != self->statement->n_placeholders) {
    refuse (error, CODE_ADAPTER, "expected %u parameters but %u are bound",
        self->statement->n_placeholders, binds->n_columns);
    binds_free (binds);
    return FALSE;
  }
  self->params = binds;
  self->params_message = g_bytes_ref (message);
  return TRUE;
}

/* the columns or tags that a `?` stands for, in their order */
const GstTDengineColumn *
stmt2_get_field (Stmt2 * stmt, gboolean is_tag, guint index)
{
  for (guint i = 0; i < stmt->fields->len; i++) {
    const Field *field = &g_array_index (stmt->fields, Field, i);

    if (field->kind == (is_tag ? FIELD_TAG : FIELD_COLUMN) && index-- == 0)
      return &field->info;
  }
  return NULL;
}

static gboolean
bind (Stmt2 * self, GBytes * message, GError ** error)
{
  if (!self->statement)
    return refuse (error, CODE_STMT_ORDER, "Stmt API usage error");

  g_autoptr (Binds) binds = binds_parse (message, error);
  if (!binds)
    return FALSE;
  if (stmt2_is_insert (self))
    return bind_insert (self, binds, message, error);
  return bind_query (self, g_steal_pointer (&binds), message, error);
}

static gboolean
repeat_failure (Stmt2 * self, GError ** error)
{
  g_propagate_error (error, g_error_copy (self->failed));
  return FALSE;
}

static gboolean
end_bind (Stmt2 * self, gboolean done, GError ** error)
{
  if (done)
    return TRUE;
  forget_binds (self);
  return repeat_failure (self, error);
}

gboolean
stmt2_bind (Stmt2 * stmt, GBytes * message, GError ** error)
{
  if (stmt->failed)
    return repeat_failure (stmt, error);
  return end_bind (stmt, bind (stmt, message, &stmt->failed), error);
}

/* of an insert; the message is what the values lie in */
gboolean
stmt2_add (Stmt2 * stmt, const Binds * binds, GBytes * message, GError ** error)
{
  if (stmt->failed)
    return repeat_failure (stmt, error);
  if (!stmt2_is_insert (stmt))
    return refuse (error, CODE_STMT_ORDER, "Stmt API usage error");
  return end_bind (stmt, bind_insert (stmt, binds, message, &stmt->failed),
      error);
}

static Table *
open_table (Stmt2 * self, Pending * pending, GError ** error)
{
  InsertClause *clause = g_ptr_array_index (self->statement->clauses, 0);
  const TableName *shape_name = clause->has_using ? &clause->using :
      &clause->table;
  Database *db = session_get_database (self->session, pending->table.db, error);
  Table *table = db ? database_find (db, pending->table.name) : NULL;

  if (table || !db)
    return table;
  /* what the text should say is lost on its way */
  if (!pending->tags)
    return refuse (error, CODE_NO_TABLE, "success"), NULL;
  Table *super = session_get_table (self->session, shape_name, error);
  if (!super)
    return NULL;
  if (super->tags->len != pending->n_tags)
    return refuse_changed (error), NULL;
  return insert_sub_table (self->session, db, pending->table.name, super,
      pending->tags, error);
}

/* what is bound has the same columns in each row */
static gboolean
leaves_columns (const Pending * pending)
{
  for (guint i = 0; i < pending->n_columns; i++)
    if (pending->rows[i].kind == VALUE_NONE)
      return TRUE;
  return FALSE;
}

static gboolean
write_pending (Stmt2 * self, Pending * pending, GError ** error)
{
  Server *server = self->session->server;
  Table *table = open_table (self, pending, error);

  if (!table)
    return FALSE;
  if (table->kind == TABLE_SUPER || table->kind == TABLE_SYSTEM)
    return refuse (error, CODE_NO_TABLE, "Table does not exist");
  if (table->columns->len != pending->n_columns)
    return refuse_changed (error);
  if (table->db->is_benchmark) {
    benchmark_count (server->benchmark, pending->n_rows);
    return TRUE;
  }
  g_autoptr (RowWriter) writer = row_writer_new (server, table);
  if (pending->n_rows > 0 && leaves_columns (pending))
    row_writer_keep_apart (writer);
  for (guint i = 0; i < pending->n_rows; i++)
    if (!row_writer_add (writer, &pending->rows[i * pending->n_columns], error))
      return FALSE;
  return row_writer_end (writer, error);
}

static gboolean
write_all (Stmt2 * self, gint64 * affected, GError ** error)
{
  for (guint i = 0; i < self->pending->len; i++) {
    Pending *pending = g_ptr_array_index (self->pending, i);

    if (!write_pending (self, pending, error))
      return FALSE;
    *affected += pending->n_rows;
  }
  return TRUE;
}

/* The real adapter's process ends here, for everyone connected to it. */
static void
crash (void)
{
  fputs ("tdengine-test-server: stmt2_exec without an accepted bind, which "
      "kills the real adapter\n", stderr);
  exit (EXIT_CRASHED);
}

static gboolean
exec_insert (Stmt2 * self, gint64 * affected, GError ** error)
{
  Server *server = self->session->server;
  gboolean done;

  if (!self->session->server->never_dies && !self->interlaced && (self->failed
          || (self->pending->len == 0 && !self->was_executed)))
    crash ();
  if (self->failed)
    return repeat_failure (self, error);
  if (self->pending->len == 0 && self->was_executed)
    return refuse (error, CODE_STMT_ORDER, "Stmt API usage error");
  if (self->pending->len == 0)
    return refuse (error, CODE_INVALID_INPUT, "Invalid input");

  if (!server_begin (server, error))
    return FALSE;
  done = write_all (self, affected, error);
  done = server_end (server, done, error);
  forget_binds (self);
  self->was_executed = TRUE;
  return done;
}

static void
append_text (GString * sql, const guint8 * data, gsize size)
{
  g_string_append_c (sql, '\'');
  for (gsize i = 0; i < size; i++) {
    if (data[i] == '\'' || data[i] == '\\')
      g_string_append_c (sql, '\\');
    g_string_append_c (sql, data[i]);
  }
  g_string_append_c (sql, '\'');
}

/* a parameter as the statement would have it written out */
static gchar *
write_out (const BindColumn * bind, const Value * value)
{
  g_autoptr (GString) sql = g_string_new (NULL);
  gchar digits[G_ASCII_DTOSTR_BUF_SIZE];

  switch (value->kind) {
    case VALUE_INTEGER:
      if (bind->type == GST_TDENGINE_TYPE_UBIGINT)
        g_string_append_printf (sql, "%" G_GUINT64_FORMAT,
            (guint64) value_flip ((guint64) value->integer));
      else
        g_string_append_printf (sql, "%" G_GINT64_FORMAT, value->integer);
      break;
    case VALUE_REAL:
      g_string_append (sql, g_ascii_dtostr (digits, sizeof digits,
              value->real));
      break;
    case VALUE_TEXT:
      append_text (sql, value->data, value->size);
      break;
    default:
      g_string_append (sql, "null");
      break;
  }
  return g_string_free (g_steal_pointer (&sql), FALSE);
}

static gboolean
fill_param (Arena * arena, Expr * expr, const BindColumn * bind,
    GError ** error)
{
  Column column = {
    .info = {(gchar *) "?", bind->type, G_MAXINT32, 38, 10}
  };
  Value value = { 0 };

  if (bind->n_rows != 1)
    return refuse (error, CODE_STMT_ROWS,
        "bind number out of range or not match");
  if (gst_tdengine_type_get_width (bind->type) > 0
      && bind->type != GST_TDENGINE_TYPE_DECIMAL
      && bind->type != GST_TDENGINE_TYPE_DECIMAL64)
    column.info.digits = 0;
  else if (bind->type == GST_TDENGINE_TYPE_VARCHAR
      || bind->type == GST_TDENGINE_TYPE_NCHAR)
    column.info.digits = 0;
  else
    return refuse_unsupported (error, "A parameter of this type");
  if (!bind_column_read (bind, &column, &value, 1, error))
    return FALSE;
  if (bind->type == GST_TDENGINE_TYPE_TIMESTAMP && value.kind == VALUE_INTEGER) {
    expr->kind = EXPR_TIMESTAMP;
    expr->value = value.integer;
    return TRUE;
  }
  gchar *text = arena_take (arena, write_out (bind, &value));
  Expr *literal = parse_expression (arena, text, error);
  if (literal)
    *expr = *literal;
  value_clear (&value);
  return literal != NULL;
}

static gboolean
exec_query (Stmt2 * self, GError ** error)
{
  g_autoptr (Arena) arena = arena_new ();
  Statement *statement = parse_statement (arena, self->sql, error);
  Outcome outcome = { 0 };

  if (!statement)
    return FALSE;
  if (!self->params && statement->n_placeholders > 0)
    return refuse (error, CODE_STMT_ORDER, "Stmt API usage error");
  for (guint i = 0; i < statement->placeholders->len; i++)
    if (!fill_param (arena, g_ptr_array_index (statement->placeholders, i),
            &self->params->tables[0].columns[i], error))
      return FALSE;
  if (!execute_statement (self->session, statement, &outcome, error))
    return FALSE;
  g_clear_pointer (&self->result, result_free);
  self->result = outcome.result;
  self->was_executed = TRUE;
  return TRUE;
}

gboolean
stmt2_exec (Stmt2 * stmt, gint64 * affected, GError ** error)
{
  if (stmt2_is_insert (stmt))
    return exec_insert (stmt, affected, error);
  if (!stmt->statement)
    return refuse (error, CODE_STMT_ORDER, "Stmt API usage error");
  if (stmt->failed)
    return repeat_failure (stmt, error);
  return exec_query (stmt, error);
}

/* of the last exec of a query */
Result *
stmt2_take_result (Stmt2 * stmt, GError ** error)
{
  if (!stmt->result)
    refuse (error, CODE_ADAPTER, "stmt has no result");
  return g_steal_pointer (&stmt->result);
}
