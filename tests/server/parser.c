/* test server: SQL to trees: statements, but for selects and inserts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "parser.h"

#include <string.h>

#include "error.h"

#define MAX_VARYING 65517
#define MAX_NUMBER_LENGTH 9

void
parser_advance (Parser * self)
{
  self->last_end = self->token.start + self->token.length;
  self->token = lexer_next (self->last_end);
}

/* the message goes on to the statement's end, like the real one's */
gboolean
parser_fail (Parser * self)
{
  if (self->error && *self->error)
    return FALSE;
  if (self->token.type == TOKEN_END)
    return refuse (self->error, CODE_INCOMPLETE_SQL,
        "Incomplete SQL statement");
  return refuse (self->error, CODE_SYNTAX, "syntax error near \"%s\"",
      self->token.start);
}

gboolean
parser_unsupported (Parser * self, const gchar * what)
{
  if (self->error && *self->error)
    return FALSE;
  return refuse_unsupported (self->error, "%s", what);
}

gboolean
parser_peek_word (Parser * self, const gchar * word)
{
  return token_is_word (&self->token, word);
}

gboolean
parser_accept_word (Parser * self, const gchar * word)
{
  if (!token_is_word (&self->token, word))
    return FALSE;
  parser_advance (self);
  return TRUE;
}

gboolean
parser_accept (Parser * self, const gchar * symbol)
{
  if (!token_is (&self->token, symbol))
    return FALSE;
  parser_advance (self);
  return TRUE;
}

gboolean
parser_expect_word (Parser * self, const gchar * word)
{
  return parser_accept_word (self, word) || parser_fail (self);
}

gboolean
parser_expect (Parser * self, const gchar * symbol)
{
  return parser_accept (self, symbol) || parser_fail (self);
}

const gchar *
parser_name (Parser * self)
{
  if (self->token.type != TOKEN_WORD && self->token.type != TOKEN_NAME)
    return parser_fail (self), NULL;
  const gchar *name = arena_take (self->arena, token_get_name (&self->token));
  parser_advance (self);
  return name;
}

gboolean
parser_table_name (Parser * self, TableName * name)
{
  name->db = NULL;
  if (!(name->name = parser_name (self)))
    return FALSE;
  if (!parser_accept (self, "."))
    return TRUE;
  name->db = name->name;
  return (name->name = parser_name (self)) != NULL;
}

gboolean
parser_unsigned (Parser * self, gint64 * value)
{
  if (self->token.type != TOKEN_INTEGER
      || self->token.length > MAX_NUMBER_LENGTH)
    return parser_fail (self);
  *value = g_ascii_strtoll (self->token.start, NULL, 10);
  parser_advance (self);
  return TRUE;
}

gboolean
parser_duration (Parser * self, Duration * duration)
{
  static const struct
  {
    gchar unit;
    gint64 ns;
    gint64 months;
  } units[] = {
    {'b', 1, 0}, {'u', 1000, 0}, {'a', 1000000, 0},
    {'s', G_GINT64_CONSTANT (1000000000), 0},
    {'m', G_GINT64_CONSTANT (60000000000), 0},
    {'h', G_GINT64_CONSTANT (3600000000000), 0},
    {'d', G_GINT64_CONSTANT (86400000000000), 0},
    {'w', G_GINT64_CONSTANT (604800000000000), 0},
    {'n', 0, 1}, {'y', 0, 12},
  };

  if (self->token.type != TOKEN_DURATION || self->token.length > 11)
    return parser_fail (self);

  gint64 amount = g_ascii_strtoll (self->token.start, NULL, 10);
  gchar unit = g_ascii_tolower (self->token.start[self->token.length - 1]);
  for (guint i = 0; i < G_N_ELEMENTS (units); i++) {
    if (units[i].unit != unit)
      continue;
    duration->months = amount * units[i].months;
    if (!g_uint64_checked_mul ((guint64 *) & duration->ns, amount, units[i].ns)
        || duration->ns < 0)
      return parser_fail (self);
    parser_advance (self);
    return TRUE;
  }
  return parser_fail (self);
}

static gboolean
parse_length (Parser * self, gint64 * length, gint64 max)
{
  return parser_expect (self, "(") && parser_unsigned (self, length)
      && (*length <= max || parser_fail (self)) && parser_expect (self, ")");
}

static gboolean
parse_decimal (Parser * self, TypeSpec * type)
{
  gint64 digits, scale = 0;

  if (!parser_expect (self, "(") || !parser_unsigned (self, &digits)
      || (parser_accept (self, ",") && !parser_unsigned (self, &scale))
      || !parser_expect (self, ")"))
    return FALSE;
  if (digits < 1 || digits > 38 || scale > digits)
    return parser_fail (self);
  type->digits = digits;
  type->scale = scale;
  type->type = gst_tdengine_type_from_name ("DECIMAL", digits);
  return TRUE;
}

static gboolean
is_integer (GstTDengineType type)
{
  return type >= GST_TDENGINE_TYPE_TINYINT && type <= GST_TDENGINE_TYPE_BIGINT;
}

/* casts may leave the length out, columns may not */
static gboolean
parse_varying (Parser * self, TypeSpec * type)
{
  gint64 length = 0;

  if (type->type == GST_TDENGINE_TYPE_JSON) {
    type->length = 4095;
    return TRUE;
  }
  if (type->type == GST_TDENGINE_TYPE_BLOB) {
    type->length = 4 * 1024 * 1024;
    return TRUE;
  }
  if (token_is (&self->token, "(") && !parse_length (self, &length,
          type->type ==
          GST_TDENGINE_TYPE_NCHAR ? MAX_VARYING / 4 : MAX_VARYING))
    return FALSE;
  type->length = length;
  return TRUE;
}

gboolean
parser_type (Parser * self, TypeSpec * type)
{
  if (self->token.type != TOKEN_WORD)
    return parser_fail (self);

  g_autofree gchar *word = g_ascii_strup (self->token.start,
      self->token.length);
  *type = type_simple (GST_TDENGINE_TYPE_NULL);
  if (g_str_equal (word, "DECIMAL")) {
    parser_advance (self);
    return parse_decimal (self, type);
  }
  if (g_str_equal (word, "INTEGER"))
    type->type = GST_TDENGINE_TYPE_INT;
  else
    type->type = gst_tdengine_type_from_name (word, 0);
  if (type->type == GST_TDENGINE_TYPE_NULL)
    return parser_fail (self);

  parser_advance (self);
  if (is_integer (type->type) && parser_accept_word (self, "unsigned"))
    type->type += GST_TDENGINE_TYPE_UTINYINT - GST_TDENGINE_TYPE_TINYINT;
  if (gst_tdengine_type_get_width (type->type) > 0)
    return TRUE;
  return parse_varying (self, type);
}

gboolean
parser_names (Parser * self, GPtrArray ** names)
{
  *names = arena_pointers (self->arena);
  do {
    const gchar *name = parser_name (self);
    if (!name)
      return FALSE;
    g_ptr_array_add (*names, (gpointer) name);
  } while (parser_accept (self, ","));
  return parser_expect (self, ")");
}

static gboolean
accept_not_exists (Parser * self, gboolean * found)
{
  *found = parser_accept_word (self, "if");
  return !*found || (parser_expect_word (self, "not")
      && parser_expect_word (self, "exists"));
}

static gboolean
accept_exists (Parser * self, gboolean * found)
{
  *found = parser_accept_word (self, "if");
  return !*found || parser_expect_word (self, "exists");
}

static gboolean
parse_precision (Parser * self, Statement * statement)
{
  if (self->token.type != TOKEN_STRING)
    return parser_fail (self);

  g_autofree gchar *name = token_get_string (&self->token, NULL);
  if (!gst_tdengine_precision_from_name (name, &statement->precision))
    return parser_fail (self);
  statement->has_precision = TRUE;
  parser_advance (self);
  return TRUE;
}

/* 3650, 3650d, or three of them of which the last rules */
static gboolean
parse_keep (Parser * self, Statement * statement)
{
  do {
    Duration duration = { 0 };
    gint64 days = 0;

    if (self->token.type == TOKEN_STRING) {
      g_autofree gchar *text = token_get_string (&self->token, NULL);

      days = g_ascii_strtoll (text, NULL, 10);
      parser_advance (self);
    } else if (self->token.type == TOKEN_DURATION) {
      if (!parser_duration (self, &duration))
        return FALSE;
      days = duration.ns / G_GINT64_CONSTANT (86400000000000);
    } else if (!parser_unsigned (self, &days)) {
      return FALSE;
    }
    statement->keep_days = CLAMP (days, 1, 365000);
  } while (parser_accept (self, ","));
  return TRUE;
}

static gboolean
parse_option (Parser * self, Statement * statement)
{
  gint64 number;

  if (parser_accept_word (self, "precision"))
    return parse_precision (self, statement);
  if (parser_accept_word (self, "keep"))
    return parse_keep (self, statement);
  if (parser_accept_word (self, "vgroups")) {
    if (!parser_unsigned (self, &number))
      return FALSE;
    statement->vgroups = number;
    return TRUE;
  }
  /* the rest is about storage, which is another here */
  if (self->token.type != TOKEN_WORD)
    return parser_fail (self);
  do {
    parser_advance (self);
    parser_accept (self, "-");
    if (self->token.type != TOKEN_INTEGER && self->token.type != TOKEN_STRING
        && self->token.type != TOKEN_DURATION && self->token.type != TOKEN_WORD
        && self->token.type != TOKEN_FLOAT)
      return parser_fail (self);
    parser_advance (self);
  } while (token_is (&self->token, ","));
  return TRUE;
}

static gboolean
at_end (Parser * self)
{
  return self->token.type == TOKEN_END || token_is (&self->token, ";");
}

static gboolean
parse_options (Parser * self, Statement * statement)
{
  while (!at_end (self))
    if (!parse_option (self, statement))
      return FALSE;
  return TRUE;
}

static gboolean
parse_database (Parser * self, Statement * statement, StatementKind kind)
{
  statement->kind = kind;
  if (kind == STATEMENT_CREATE_DATABASE
      && !accept_not_exists (self, &statement->if_exists))
    return FALSE;
  if (kind == STATEMENT_DROP_DATABASE
      && !accept_exists (self, &statement->if_exists))
    return FALSE;
  return (statement->table.db = parser_name (self))
      && parse_options (self, statement);
}

static gboolean
parse_column (Parser * self, ColumnSpec * column)
{
  static const gchar *const options[] =
      { "encode", "compress", "level", "comment" };

  memset (column, 0, sizeof *column);
  if (!(column->name = parser_name (self))
      || !parser_type (self, &column->type))
    return FALSE;
  if (parser_accept_word (self, "primary")
      || parser_accept_word (self, "composite")) {
    if (!parser_expect_word (self, "key"))
      return FALSE;
    column->is_key = TRUE;
  }
  for (guint i = 0; i < G_N_ELEMENTS (options); i++)
    if (parser_accept_word (self, options[i])) {
      if (self->token.type != TOKEN_STRING)
        return parser_fail (self);
      parser_advance (self);
    }
  return TRUE;
}

static gboolean
parse_columns (Parser * self, GArray ** columns)
{
  *columns = arena_array (self->arena, sizeof (ColumnSpec));
  do {
    ColumnSpec column;

    if (!parse_column (self, &column))
      return FALSE;
    g_array_append_val (*columns, column);
  } while (parser_accept (self, ","));
  return parser_expect (self, ")");
}

static gboolean
parse_sub_table (Parser * self, SubTableSpec * spec)
{
  if (!parser_expect_word (self, "using")
      || !parser_table_name (self, &spec->using))
    return FALSE;
  if (parser_accept (self, "(") && !parser_names (self, &spec->tag_names))
    return FALSE;
  spec->tags = arena_array (self->arena, sizeof (Literal));
  return parser_expect_word (self, "tags")
      && parser_literals (self, spec->tags);
}

/* create table a using s tags (1) b using s tags (2) ... */
static gboolean
parse_sub_tables (Parser * self, Statement * statement)
{
  SubTableSpec spec = {.table = statement->table,
    .if_not_exists = statement->if_exists
  };

  statement->kind = STATEMENT_CREATE_SUB_TABLES;
  statement->sub_tables = arena_array (self->arena, sizeof (SubTableSpec));
  while (TRUE) {
    if (!parse_sub_table (self, &spec))
      return FALSE;
    g_array_append_val (statement->sub_tables, spec);
    /* options such as a comment or a lifetime change nothing here */
    while (parser_accept_word (self, "comment")
        || parser_accept_word (self, "ttl"))
      parser_advance (self);
    if (at_end (self))
      return TRUE;
    memset (&spec, 0, sizeof spec);
    if (!accept_not_exists (self, &spec.if_not_exists)
        || !parser_table_name (self, &spec.table))
      return FALSE;
  }
}

static gboolean
parse_create_table (Parser * self, Statement * statement)
{
  statement->kind = STATEMENT_CREATE_TABLE;
  if (!accept_not_exists (self, &statement->if_exists)
      || !parser_table_name (self, &statement->table))
    return FALSE;
  if (parser_peek_word (self, "using"))
    return parse_sub_tables (self, statement);
  if (!parser_expect (self, "(") || !parse_columns (self, &statement->columns))
    return FALSE;
  if (parser_accept_word (self, "tags") && (!parser_expect (self, "(")
          || !parse_columns (self, &statement->tags)))
    return FALSE;
  if (statement->is_super && !statement->tags)
    return parser_fail (self);
  return parse_options (self, statement);
}

static gboolean
parse_topic_query (Parser * self, Statement * statement)
{
  statement->topic_kind = TOPIC_OF_QUERY;
  statement->topic_sql = self->token.start;
  return (statement->select = parser_select (self)) != NULL;
}

static gboolean
parse_topic_table (Parser * self, Statement * statement)
{
  statement->topic_kind = TOPIC_OF_SUPER_TABLE;
  if (!parser_table_name (self, &statement->table))
    return FALSE;
  if (!parser_accept_word (self, "where"))
    return TRUE;
  statement->topic_sql = self->token.start;
  return (statement->where = parser_expr (self)) != NULL;
}

/* create topic [if not exists] name [with meta] as ... */
static gboolean
parse_create_topic (Parser * self, Statement * statement)
{
  statement->kind = STATEMENT_CREATE_TOPIC;
  if (!accept_exists (self, &statement->if_exists)
      || !(statement->topic = parser_name (self)))
    return FALSE;
  statement->with_meta = parser_accept_word (self, "with");
  if ((statement->with_meta && !parser_expect_word (self, "meta"))
      || !parser_expect_word (self, "as"))
    return FALSE;
  if (parser_accept_word (self, "stable"))
    return parse_topic_table (self, statement);
  if (!parser_accept_word (self, "database"))
    return parse_topic_query (self, statement);
  statement->topic_kind = TOPIC_OF_DATABASE;
  return (statement->table.db = parser_name (self)) != NULL;
}

static gboolean
parse_create (Parser * self, Statement * statement)
{
  if (parser_accept_word (self, "database"))
    return parse_database (self, statement, STATEMENT_CREATE_DATABASE);
  statement->is_super = parser_accept_word (self, "stable");
  if (statement->is_super || parser_accept_word (self, "table"))
    return parse_create_table (self, statement);
  if (parser_accept_word (self, "topic"))
    return parse_create_topic (self, statement);
  if (self->token.type == TOKEN_WORD)
    return parser_unsupported (self, "To create this");
  return parser_fail (self);
}

static gboolean
parse_drop_tables (Parser * self, Statement * statement)
{
  statement->kind = STATEMENT_DROP_TABLES;
  statement->drops = arena_array (self->arena, sizeof (DropSpec));
  do {
    DropSpec drop;

    if (!accept_exists (self, &drop.if_exists)
        || !parser_table_name (self, &drop.table))
      return FALSE;
    g_array_append_val (statement->drops, drop);
  } while (parser_accept (self, ","));
  return TRUE;
}

static gboolean
parse_drop (Parser * self, Statement * statement)
{
  if (parser_accept_word (self, "database"))
    return parse_database (self, statement, STATEMENT_DROP_DATABASE);
  statement->is_super = parser_accept_word (self, "stable");
  if (statement->is_super || parser_accept_word (self, "table"))
    return parse_drop_tables (self, statement);
  if (parser_accept_word (self, "topic")) {
    statement->kind = STATEMENT_DROP_TOPIC;
    return accept_exists (self, &statement->if_exists)
        && (statement->topic = parser_name (self));
  }
  if (self->token.type == TOKEN_WORD)
    return parser_unsupported (self, "To drop this");
  return parser_fail (self);
}

static gboolean
parse_set_tag (Parser * self, Statement * statement)
{
  statement->alter = ALTER_SET_TAG;
  if (!(statement->column.name = parser_name (self))
      || !parser_expect (self, "="))
    return FALSE;

  GArray *literals = arena_array (self->arena, sizeof (Literal));
  if (!parser_literals (self, literals))
    return FALSE;
  statement->literal = g_array_index (literals, Literal, 0);
  return !token_is (&self->token, ",")
      || parser_unsupported (self, "To set several tags at once");
}

static gboolean
parse_alter_table (Parser * self, Statement * statement)
{
  static const gchar *const kinds[] = { "add", "drop", "modify", "rename" };

  statement->kind = STATEMENT_ALTER_TABLE;
  if (!parser_table_name (self, &statement->table))
    return FALSE;
  if (parser_accept_word (self, "set"))
    return parser_expect_word (self, "tag") && parse_set_tag (self, statement);
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (!parser_accept_word (self, kinds[i]))
      continue;
    statement->alter = i;
    statement->alters_tag = parser_accept_word (self, "tag");
    if (!statement->alters_tag && !parser_expect_word (self, "column"))
      return FALSE;
    if (i == ALTER_ADD || i == ALTER_MODIFY)
      return parse_column (self, &statement->column);
    if (!(statement->column.name = parser_name (self)))
      return FALSE;
    return i == ALTER_DROP || (statement->new_name = parser_name (self));
  }
  return parser_unsupported (self, "To alter a table so");
}

static gboolean
parse_alter (Parser * self, Statement * statement)
{
  if (parser_accept_word (self, "database"))
    return parse_database (self, statement, STATEMENT_ALTER_DATABASE);
  statement->is_super = parser_accept_word (self, "stable");
  if (statement->is_super || parser_accept_word (self, "table"))
    return parse_alter_table (self, statement);
  if (self->token.type == TOKEN_WORD)
    return parser_unsupported (self, "To alter this");
  return parser_fail (self);
}

static gboolean
parse_delete (Parser * self, Statement * statement)
{
  statement->kind = STATEMENT_DELETE;
  if (!parser_expect_word (self, "from")
      || !parser_table_name (self, &statement->table))
    return FALSE;
  return !parser_accept_word (self, "where")
      || (statement->where = parser_expr (self));
}

static gboolean
parse_show_target (Parser * self, Statement * statement)
{
  if ((parser_accept_word (self, "from") || parser_accept_word (self, "in"))
      && !parser_table_name (self, &statement->table))
    return FALSE;
  if (!parser_accept_word (self, "like"))
    return TRUE;
  if (self->token.type != TOKEN_STRING)
    return parser_fail (self);
  statement->like = arena_take (self->arena,
      token_get_string (&self->token, NULL));
  parser_advance (self);
  return TRUE;
}

/* show [db.]tables, show table tags from t, show create table t */
static gboolean
parse_show (Parser * self, Statement * statement)
{
  statement->kind = STATEMENT_SHOW;
  if (parser_accept_word (self, "create")) {
    statement->kind = STATEMENT_SHOW_CREATE;
    statement->what = parser_name (self);
    if (g_strcmp0 (statement->what, "database") == 0)
      return (statement->table.db = parser_name (self)) != NULL;
    return statement->what && parser_table_name (self, &statement->table);
  }
  if (parser_accept_word (self, "table"))
    statement->what = "table tags";
  else if (parser_peek_word (self, "normal")
      || parser_peek_word (self, "child") || parser_peek_word (self, "user")
      || parser_peek_word (self, "system") || parser_peek_word (self, "cluster")
      || parser_peek_word (self, "local"))
    return parser_unsupported (self, "To show this");
  if (statement->what)
    return parser_expect_word (self, "tags")
        && parse_show_target (self, statement);

  TableName name;
  if (!parser_table_name (self, &name))
    return FALSE;
  statement->what = name.name;
  statement->table.db = name.db;
  return parse_show_target (self, statement);
}

static gboolean
parse_describe (Parser * self, Statement * statement)
{
  statement->kind = STATEMENT_DESCRIBE;
  return parser_table_name (self, &statement->table);
}

static gboolean
parse_use (Parser * self, Statement * statement)
{
  statement->kind = STATEMENT_USE;
  return (statement->table.db = parser_name (self)) != NULL;
}

static gboolean
parse_ignored (Parser * self, Statement * statement)
{
  statement->kind = STATEMENT_NOTHING;
  while (!at_end (self))
    parser_advance (self);
  return TRUE;
}

static gboolean
parse_any (Parser * self, Statement * statement)
{
  static const struct
  {
    const gchar *word;
      gboolean (*parse) (Parser * self, Statement * statement);
  } statements[] = {
    {"use", parse_use}, {"create", parse_create}, {"drop", parse_drop},
    {"alter", parse_alter}, {"insert", parser_insert},
    {"import", parser_insert}, {"delete", parse_delete}, {"show", parse_show},
    {"describe", parse_describe}, {"desc", parse_describe},
    {"flush", parse_ignored}, {"reset", parse_ignored},
  };
  static const gchar *const others[] = {
    "explain", "kill", "grant", "revoke", "compact", "balance", "merge",
    "redistribute", "split", "trim", "pause", "resume", "recover", "restore",
  };

  if (parser_peek_word (self, "select")) {
    statement->kind = STATEMENT_SELECT;
    return (statement->select = parser_select (self)) != NULL;
  }
  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    if (parser_peek_word (self, others[i]))
      return parser_unsupported (self, others[i]);
  for (guint i = 0; i < G_N_ELEMENTS (statements); i++)
    if (parser_accept_word (self, statements[i].word))
      return statements[i].parse (self, statement);
  return parser_fail (self);
}

/* The tree points into `sql` and lives as long as the arena. */
Statement *
parse_statement (Arena * arena, const gchar * sql, GError ** error)
{
  GError *own_error = NULL;
  Parser self = {.sql = sql,.arena = arena,.last_end = sql,
    .token = lexer_next (sql),.error = &own_error,
    .placeholders = arena_pointers (arena)
  };
  Statement *statement = arena_alloc (arena, sizeof *statement);

  statement->sql = sql;
  if (parse_any (&self, statement)) {
    statement->n_placeholders = self.n_placeholders;
    statement->placeholders = self.placeholders;
    while (parser_accept (&self, ";"));
    if (self.token.type == TOKEN_END)
      return statement;
    parser_fail (&self);
  }
  g_propagate_error (error, own_error);
  return NULL;
}

/* one expression and nothing behind it */
Expr *
parse_expression (Arena * arena, const gchar * sql, GError ** error)
{
  GError *own_error = NULL;
  Parser self = {.sql = sql,.arena = arena,.last_end = sql,
    .token = lexer_next (sql),.error = &own_error,
    .placeholders = arena_pointers (arena)
  };
  Expr *expr = parser_expr (&self);

  if (expr && self.token.type != TOKEN_END)
    parser_fail (&self);
  if (!own_error)
    return expr;
  g_propagate_error (error, own_error);
  return NULL;
}
