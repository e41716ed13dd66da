/* test server: SQL to trees: insert
 *
 * TDengine reads inserts with a parser of its own, whose errors have a code and
 * a wording of their own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "parser.h"

#include <string.h>

#include "error.h"

static gboolean
fail (Parser * self, const gchar * hint)
{
  if (self->error && *self->error)
    return FALSE;
  return refuse (self->error, CODE_INSERT_SYNTAX,
      "syntax error near '%.63s' (%s)", self->token.start, hint);
}

static gboolean
parse_shift (Parser * self, Literal * literal)
{
  while (token_is (&self->token, "+") || token_is (&self->token, "-")) {
    gint64 sign = token_is (&self->token, "-") ? -1 : 1;
    Duration shift = { 0 };

    parser_advance (self);
    if (!parser_duration (self, &shift))
      return FALSE;
    literal->shift.months += sign * shift.months;
    literal->shift.ns += sign * shift.ns;
  }
  return TRUE;
}

static gboolean
parse_now (Parser * self, Literal * literal, LiteralKind kind)
{
  literal->kind = kind;
  parser_advance (self);
  if (parser_accept (self, "(") && !parser_expect (self, ")"))
    return FALSE;
  return parse_shift (self, literal);
}

static gboolean
parse_literal (Parser * self, Literal * literal)
{
  memset (literal, 0, sizeof *literal);
  literal->start = self->token.start;
  literal->token = self->token;
  if (parser_peek_word (self, "now"))
    return parse_now (self, literal, LITERAL_NOW);
  if (parser_peek_word (self, "today"))
    return parse_now (self, literal, LITERAL_TODAY);
  literal->negative = parser_accept (self, "-");
  if (!literal->negative)
    parser_accept (self, "+");

  literal->token = self->token;
  if (token_is (&self->token, "?")) {
    literal->kind = LITERAL_PLACEHOLDER;
    self->n_placeholders++;
  } else if (self->token.type == TOKEN_INTEGER
      || self->token.type == TOKEN_FLOAT)
    literal->kind = LITERAL_NUMBER;
  else if (self->token.type == TOKEN_STRING)
    literal->kind = LITERAL_STRING;
  else if (parser_peek_word (self, "null"))
    literal->kind = LITERAL_NULL;
  else if (parser_peek_word (self, "true")
      || parser_peek_word (self, "false"))
    literal->kind = LITERAL_BOOL;
  else
    return fail (self, "invalid data or symbol");
  literal->truth = parser_peek_word (self, "true");
  parser_advance (self);
  return TRUE;
}

/* (1, 'a', null), or one without parentheses */
gboolean
parser_literals (Parser * self, GArray * literals)
{
  gboolean is_list = parser_accept (self, "(");
  Literal literal;

  do {
    if (!parse_literal (self, &literal))
      return FALSE;
    g_array_append_val (literals, literal);
  } while (is_list && parser_accept (self, ","));
  if (is_list && !parser_accept (self, ")"))
    return fail (self, ") expected");
  return TRUE;
}

static gboolean
parse_using (Parser * self, InsertClause * clause)
{
  clause->has_using = TRUE;
  if (!parser_table_name (self, &clause->using))
    return FALSE;
  if (parser_accept (self, "(") && !parser_names (self, &clause->tag_names))
    return FALSE;
  if (!parser_accept_word (self, "tags"))
    return fail (self, "TAGS is expected");
  if (!token_is (&self->token, "("))
    return fail (self, "( is expected");
  clause->tags = arena_array (self->arena, sizeof (Literal));
  return parser_literals (self, clause->tags);
}

static gboolean
parse_rows (Parser * self, InsertClause * clause)
{
  clause->values = arena_array (self->arena, sizeof (Literal));
  clause->row_ends = arena_array (self->arena, sizeof (guint));
  while (token_is (&self->token, "(")) {
    if (!parser_literals (self, clause->values))
      return FALSE;
    g_array_append_val (clause->row_ends, clause->values->len);
    parser_accept (self, ",");
  }
  return clause->row_ends->len > 0 || fail (self, "no any data points");
}

static gboolean
parse_clause (Parser * self, InsertClause * clause)
{
  if (token_is (&self->token, "?")) {
    parser_advance (self);
    self->n_placeholders++;
  } else if (!parser_table_name (self, &clause->table)) {
    return FALSE;
  }
  /* the columns may stand on either side of using */
  if (parser_accept (self, "(") && !parser_names (self, &clause->columns))
    return FALSE;
  if (parser_accept_word (self, "using") && !parse_using (self, clause))
    return FALSE;
  if (!clause->columns && parser_accept (self, "(")
      && !parser_names (self, &clause->columns))
    return FALSE;
  if (parser_peek_word (self, "file") || parser_peek_word (self, "select"))
    return parser_unsupported (self, "To insert from elsewhere");
  if (!parser_accept_word (self, "values"))
    return fail (self, "keyword VALUES or FILE is expected");
  return parse_rows (self, clause);
}

gboolean
parser_insert (Parser * self, Statement * statement)
{
  statement->kind = STATEMENT_INSERT;
  if (!parser_accept_word (self, "into"))
    return fail (self, "keyword INTO is expected");
  statement->clauses = arena_pointers (self->arena);
  do {
    InsertClause *clause = arena_alloc (self->arena, sizeof *clause);

    if (!parse_clause (self, clause))
      return FALSE;
    g_ptr_array_add (statement->clauses, clause);
  } while (self->token.type != TOKEN_END && !token_is (&self->token, ";"));
  return TRUE;
}
