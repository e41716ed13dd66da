/* test server: SQL to trees: expressions
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "parser.h"

#include <string.h>

#include "error.h"

/* the network decides how deep a statement nests, the stack how deep it may */
#define MAX_DEPTH 200

static Expr *parse_or (Parser * self);

static Expr *
new_expr (Parser * self, ExprKind kind, const gchar * start)
{
  Expr *expr = arena_alloc (self->arena, sizeof *expr);

  expr->kind = kind;
  expr->start = start;
  return expr;
}

static void
add_arg (Parser * self, Expr * expr, Expr * arg)
{
  if (!expr->args)
    expr->args = arena_pointers (self->arena);
  g_ptr_array_add (expr->args, arg);
}

static Expr *
end_expr (Parser * self, Expr * expr)
{
  expr->length = self->last_end - expr->start;
  return expr;
}

static Expr *
parse_string (Parser * self)
{
  Expr *expr = new_expr (self, EXPR_STRING, self->token.start);

  expr->text = arena_take (self->arena,
      token_get_string (&self->token, &expr->size));
  parser_advance (self);
  return end_expr (self, expr);
}

static Expr *
parse_number (Parser * self, ExprKind kind)
{
  Expr *expr = new_expr (self, kind, self->token.start);

  expr->size = self->token.length;
  expr->text = arena_take (self->arena,
      g_strndup (self->token.start, self->token.length));
  parser_advance (self);
  return end_expr (self, expr);
}

static Expr *
parse_duration_expr (Parser * self)
{
  Expr *expr = new_expr (self, EXPR_DURATION, self->token.start);

  if (!parser_duration (self, &expr->duration))
    return NULL;
  return end_expr (self, expr);
}

static Expr *
parse_cast (Parser * self, const gchar * start)
{
  Expr *expr = new_expr (self, EXPR_CAST, start);
  Expr *arg = parser_expr (self);

  if (!arg)
    return NULL;
  add_arg (self, expr, arg);
  if (!parser_expect_word (self, "as") || !parser_type (self, &expr->type)
      || !parser_expect (self, ")"))
    return NULL;
  return end_expr (self, expr);
}

static Expr *
parse_star (Parser * self, const gchar * start, const gchar * qualifier)
{
  Expr *expr = new_expr (self, EXPR_STAR, start);

  expr->qualifier = qualifier;
  parser_advance (self);
  return end_expr (self, expr);
}

static Expr *
parse_call (Parser * self, const gchar * start, const gchar * name)
{
  if (g_str_equal (name, "cast"))
    return parse_cast (self, start);

  Expr *expr = new_expr (self, EXPR_CALL, start);
  expr->name = name;
  expr->distinct = parser_accept_word (self, "distinct");
  while (!token_is (&self->token, ")")) {
    Expr *arg = token_is (&self->token, "*") ?
        parse_star (self, self->token.start, NULL) : parser_expr (self);

    if (!arg)
      return NULL;
    add_arg (self, expr, arg);
    if (!parser_accept (self, ","))
      break;
  }
  if (!parser_expect (self, ")"))
    return NULL;
  return end_expr (self, expr);
}

/* what may follow a name in a list, and so is no name there without quotes */
static gboolean
is_reserved (const Token * token)
{
  static const gchar *const words[] = {
    "select", "from", "where", "group", "order", "partition", "by", "limit",
    "and", "or", "not", "between", "in", "is", "union", "having", "slimit",
    "set", "values", "using", "tags", "into", "as", "case", "when", "then",
    "else", "like", "interval", "distinct", "desc", "asc", "insert", "create",
    "drop", "describe", "show", "delete", "alter",
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (token_is_word (token, words[i]))
      return TRUE;
  return FALSE;
}

static Expr *
parse_name_expr (Parser * self)
{
  const gchar *start = self->token.start;
  gboolean is_plain = self->token.type == TOKEN_WORD;

  if (is_plain && is_reserved (&self->token))
    return parser_fail (self), NULL;

  const gchar *name = parser_name (self);
  if (is_plain && parser_accept (self, "("))
    return parse_call (self, start, name);

  const gchar *qualifier = NULL;
  if (parser_accept (self, ".")) {
    if (token_is (&self->token, "*"))
      return parse_star (self, start, name);
    qualifier = name;
    if (!(name = parser_name (self)))
      return NULL;
  }
  Expr *expr = new_expr (self, EXPR_COLUMN, start);
  expr->qualifier = qualifier;
  expr->name = name;
  return end_expr (self, expr);
}

static Expr *
parse_case (Parser * self)
{
  Expr *expr = new_expr (self, EXPR_CASE, self->token.start);

  parser_advance (self);
  if (!parser_peek_word (self, "when")) {
    Expr *operand = parser_expr (self);
    if (!operand)
      return NULL;
    expr->has_operand = TRUE;
    add_arg (self, expr, operand);
  }
  while (parser_accept_word (self, "when")) {
    Expr *when = parser_expr (self);
    if (!when || !parser_expect_word (self, "then"))
      return NULL;
    Expr *then = parser_expr (self);
    if (!then)
      return NULL;
    add_arg (self, expr, when);
    add_arg (self, expr, then);
  }
  if (parser_accept_word (self, "else")) {
    Expr *otherwise = parser_expr (self);
    if (!otherwise)
      return NULL;
    expr->has_else = TRUE;
    add_arg (self, expr, otherwise);
  }
  if (!parser_expect_word (self, "end"))
    return NULL;
  return end_expr (self, expr);
}

static Expr *
parse_constant (Parser * self, ExprKind kind, gint64 value)
{
  Expr *expr = new_expr (self, kind, self->token.start);

  expr->value = value;
  parser_advance (self);
  return end_expr (self, expr);
}

static Expr *
parse_word (Parser * self)
{
  if (parser_peek_word (self, "null"))
    return parse_constant (self, EXPR_NULL, 0);
  if (parser_peek_word (self, "true"))
    return parse_constant (self, EXPR_BOOL, 1);
  if (parser_peek_word (self, "false"))
    return parse_constant (self, EXPR_BOOL, 0);
  if (parser_peek_word (self, "case"))
    return parse_case (self);
  if (parser_peek_word (self, "now")) {
    const gchar *start = self->token.start;
    Expr *now = new_expr (self, EXPR_CALL, start);

    now->name = "now";
    parser_advance (self);
    if (parser_accept (self, "(") && !parser_expect (self, ")"))
      return NULL;
    return end_expr (self, now);
  }
  if (parser_peek_word (self, "timestamp")) {
    Token ahead = lexer_next (self->token.start + self->token.length);

    if (ahead.type == TOKEN_STRING) {
      const gchar *start = self->token.start;

      parser_advance (self);
      Expr *expr = parse_string (self);
      expr->kind = EXPR_TIMESTAMP;
      expr->start = start;
      return end_expr (self, expr);
    }
  }
  return parse_name_expr (self);
}

static Expr *
parse_placeholder (Parser * self)
{
  Expr *expr = parse_constant (self, EXPR_PLACEHOLDER, self->n_placeholders++);

  g_ptr_array_add (self->placeholders, expr);
  return expr;
}

static Expr *
parse_primary (Parser * self)
{
  switch (self->token.type) {
    case TOKEN_STRING:
      return parse_string (self);
    case TOKEN_INTEGER:
      return parse_number (self, EXPR_INTEGER);
    case TOKEN_FLOAT:
      return parse_number (self, EXPR_FLOAT);
    case TOKEN_DURATION:
      return parse_duration_expr (self);
    case TOKEN_WORD:
      return parse_word (self);
    case TOKEN_NAME:
      return parse_name_expr (self);
    default:
      break;
  }
  if (token_is (&self->token, "?"))
    return parse_placeholder (self);
  if (!token_is (&self->token, "("))
    return parser_fail (self), NULL;

  const gchar *start = self->token.start;
  parser_advance (self);
  Expr *expr = parser_expr (self);
  if (!expr || !parser_expect (self, ")"))
    return NULL;
  expr->start = start;
  return end_expr (self, expr);
}

static Expr *
new_binary (Parser * self, const gchar * name, Expr * left, Expr * right)
{
  Expr *expr = new_expr (self, EXPR_BINARY, left->start);

  expr->name = name;
  add_arg (self, expr, left);
  add_arg (self, expr, right);
  return end_expr (self, expr);
}

static Expr *
new_unary (Parser * self, const gchar * name, const gchar * start, Expr * arg)
{
  Expr *expr = new_expr (self, EXPR_UNARY, start);

  expr->name = name;
  add_arg (self, expr, arg);
  return end_expr (self, expr);
}

static Expr *
parse_postfix (Parser * self)
{
  Expr *expr = parse_primary (self);

  while (expr && parser_accept (self, "->")) {
    if (self->token.type != TOKEN_STRING)
      return parser_fail (self), NULL;
    expr = new_binary (self, "->", expr, parse_string (self));
  }
  return expr;
}

static Expr *
parse_sign (Parser * self)
{
  const gchar *start = self->token.start;

  if (parser_accept (self, "+"))
    return parse_sign (self);
  if (!parser_accept (self, "-"))
    return parse_postfix (self);
  if (++self->depth > MAX_DEPTH)
    return parser_unsupported (self, "An expression this deep"), NULL;
  Expr *arg = parse_sign (self);
  self->depth--;
  return arg ? new_unary (self, "-", start, arg) : NULL;
}

static Expr *
parse_level (Parser * self, const gchar * const *operators,
    Expr * (*parse_next) (Parser *))
{
  Expr *left = parse_next (self);

  while (left) {
    const gchar *name = NULL;

    for (guint i = 0; operators[i] && !name; i++)
      if (parser_accept (self, operators[i]))
        name = operators[i];
    if (!name)
      return left;
    Expr *right = parse_next (self);
    left = right ? new_binary (self, name, left, right) : NULL;
  }
  return NULL;
}

static Expr *
parse_product (Parser * self)
{
  static const gchar *const operators[] = { "*", "/", "%", NULL };

  return parse_level (self, operators, parse_sign);
}

static Expr *
parse_sum (Parser * self)
{
  static const gchar *const operators[] = { "+", "-", NULL };

  return parse_level (self, operators, parse_product);
}

static Expr *
parse_bits (Parser * self)
{
  static const gchar *const operators[] = { "&", "|", NULL };

  return parse_level (self, operators, parse_sum);
}

static Expr *
parse_in (Parser * self, Expr * left, gboolean negated)
{
  Expr *expr = new_expr (self, EXPR_IN, left->start);

  expr->negated = negated;
  add_arg (self, expr, left);
  if (!parser_expect (self, "("))
    return NULL;
  do {
    Expr *item = parser_expr (self);
    if (!item)
      return NULL;
    add_arg (self, expr, item);
  } while (parser_accept (self, ","));
  if (!parser_expect (self, ")"))
    return NULL;
  return end_expr (self, expr);
}

static Expr *
parse_between (Parser * self, Expr * left, gboolean negated)
{
  Expr *expr = new_expr (self, EXPR_BETWEEN, left->start);
  Expr *low = parse_bits (self);

  if (!low || !parser_expect_word (self, "and"))
    return NULL;
  Expr *high = parse_bits (self);
  if (!high)
    return NULL;
  expr->negated = negated;
  add_arg (self, expr, left);
  add_arg (self, expr, low);
  add_arg (self, expr, high);
  return end_expr (self, expr);
}

static Expr *
parse_is_null (Parser * self, Expr * left)
{
  Expr *expr = new_expr (self, EXPR_IS_NULL, left->start);

  expr->negated = parser_accept_word (self, "not");
  if (!parser_expect_word (self, "null"))
    return NULL;
  add_arg (self, expr, left);
  return end_expr (self, expr);
}

static const gchar *
accept_comparison (Parser * self)
{
  static const gchar *const operators[] =
      { "=", "<>", "!=", "<=", ">=", "<", ">" };
  static const gchar *const words[] = { "match", "nmatch", "contains" };

  for (guint i = 0; i < G_N_ELEMENTS (operators); i++)
    if (parser_accept (self, operators[i]))
      return operators[i];
  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (parser_accept_word (self, words[i]))
      return words[i];
  return NULL;
}

static Expr *
parse_comparison (Parser * self)
{
  Expr *left = parse_bits (self);

  while (left) {
    const gchar *name = accept_comparison (self);
    if (name) {
      Expr *right = parse_bits (self);
      left = right ? new_binary (self, name, left, right) : NULL;
      continue;
    }
    if (parser_accept_word (self, "is")) {
      left = parse_is_null (self, left);
      continue;
    }
    gboolean negated = parser_accept_word (self, "not");
    if (parser_accept_word (self, "in")) {
      left = parse_in (self, left, negated);
    } else if (parser_accept_word (self, "between")) {
      left = parse_between (self, left, negated);
    } else if (parser_accept_word (self, "like")) {
      Expr *right = parse_bits (self);
      left = right ? new_binary (self, negated ? "not like" : "like", left,
          right) : NULL;
    } else if (negated) {
      return parser_fail (self), NULL;
    } else {
      return left;
    }
  }
  return NULL;
}

static Expr *
parse_not (Parser * self)
{
  const gchar *start = self->token.start;

  if (!parser_accept_word (self, "not"))
    return parse_comparison (self);
  if (++self->depth > MAX_DEPTH)
    return parser_unsupported (self, "An expression this deep"), NULL;
  Expr *arg = parse_not (self);
  self->depth--;
  return arg ? new_unary (self, "not", start, arg) : NULL;
}

static Expr *
parse_and (Parser * self)
{
  Expr *left = parse_not (self);

  while (left && parser_accept_word (self, "and")) {
    Expr *right = parse_not (self);
    left = right ? new_binary (self, "and", left, right) : NULL;
  }
  return left;
}

static Expr *
parse_or (Parser * self)
{
  Expr *left = parse_and (self);

  while (left && parser_accept_word (self, "or")) {
    Expr *right = parse_and (self);
    left = right ? new_binary (self, "or", left, right) : NULL;
  }
  return left;
}

Expr *
parser_expr (Parser * self)
{
  if (++self->depth > MAX_DEPTH)
    return parser_unsupported (self, "An expression this deep"), NULL;
  Expr *expr = parse_or (self);
  self->depth--;
  return expr;
}
