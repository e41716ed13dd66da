/* test server: expressions of TDengine as expressions of SQLite
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "error.h"
#include "literal.h"
#include "scope.h"
#include "timetext.h"

/* chains of operators nest to the left as deep as they are long */
#define MAX_DEPTH 2000
#define TBNAME_LENGTH 270

static const TypeSpec bool_type = { GST_TDENGINE_TYPE_BOOL };
static const TypeSpec bigint_type = { GST_TDENGINE_TYPE_BIGINT };
static const TypeSpec double_type = { GST_TDENGINE_TYPE_DOUBLE };
static const TypeSpec time_type = { GST_TDENGINE_TYPE_TIMESTAMP };

/* a number as SQLite can reckon with it */
void
expr_append_number (GString * out, const gchar * sql, const TypeSpec * type)
{
  if (type->type == GST_TDENGINE_TYPE_UBIGINT)
    g_string_append_printf (out, "td_unsigned(%s)", sql);
  else if (type->digits > 0)
    g_string_append_printf (out, "td_decimal(%s, %u)", sql, type->scale);
  else if (type->type == GST_TDENGINE_TYPE_JSON)
    g_string_append_printf (out, "td_json_value(%s)", sql);
  else
    g_string_append (out, sql);
}

static gboolean
translate_integer (const Expr * expr, GString * out, TypeSpec * type,
    GError ** error)
{
  guint64 magnitude;

  if (!literal_parse_integer (expr->text, expr->size, &magnitude))
    return refuse (error, CODE_WRONG_VALUE, "Invalid value type: %s",
        expr->text);
  *type = bigint_type;
  if (magnitude > G_MAXINT64)
    type->type = GST_TDENGINE_TYPE_UBIGINT;
  g_string_append_printf (out, "%" G_GINT64_FORMAT,
      magnitude > G_MAXINT64 ? value_flip (magnitude) : (gint64) magnitude);
  return TRUE;
}

static gboolean
translate_time_literal (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  gint64 time = expr->value;

  *type = time_type;
  if (expr->text && !time_parse (expr->text, scope->session->zone,
          scope->precision, &time))
    return refuse (error, CODE_WRONG_VALUE, "Invalid value type: %s",
        expr->text);
  g_string_append_printf (out, "%" G_GINT64_FORMAT, time);
  return TRUE;
}

static gboolean
translate_string (const Expr * expr, GString * out, TypeSpec * type)
{
  append_quoted (out, expr->text);
  *type = type_varying (GST_TDENGINE_TYPE_VARCHAR, expr->size);
  return TRUE;
}

static gboolean
translate_window (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  const Duration *width = &scope->select->interval;
  g_autofree gchar *zone = scope_zone (scope);
  g_autofree gchar *end = NULL;

  if (!scope->window)
    return refuse (error, CODE_NO_COLUMN, "Invalid column name: %s",
        expr->name);
  end = g_strdup_printf ("td_shift(%s, %" G_GINT64_FORMAT ", %"
      G_GINT64_FORMAT ", %d, %s)", scope->window, width->months, width->ns,
      scope->precision, zone);
  *type = time_type;
  if (g_str_equal (expr->name, "_wstart")) {
    g_string_append (out, scope->window);
  } else if (g_str_equal (expr->name, "_wend")) {
    g_string_append (out, end);
  } else {
    g_string_append_printf (out, "(%s - %s)", end, scope->window);
    *type = bigint_type;
  }
  return TRUE;
}

/* back-quoted, a name is that of a column and of nothing else */
static gboolean
is_quoted (const Expr * expr)
{
  return expr->length > 0 && expr->start[expr->length - 1] == '`';
}

static gboolean
translate_pseudo (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  if (is_quoted (expr))
    return refuse (error, CODE_NO_COLUMN, "Invalid column name: %s",
        expr->name);
  if (g_str_equal (expr->name, "tbname") && scope->tbname) {
    g_string_append (out, scope->tbname);
    *type = type_varying (GST_TDENGINE_TYPE_VARCHAR, TBNAME_LENGTH);
    if (!scope->in_aggregate)
      scope->n_bare++;
    return TRUE;
  }
  if (g_str_has_prefix (expr->name, "_w"))
    return translate_window (scope, expr, out, type, error);
  if ((g_str_equal (expr->name, "_rowts") || g_str_equal (expr->name, "_c0"))
      && scope->time) {
    scope->uses_rows = TRUE;
    scope->n_bare += !scope->in_aggregate;
    g_string_append (out, scope->time);
    *type = time_type;
    return TRUE;
  }
  return refuse (error, CODE_NO_COLUMN, "Invalid column name: %s", expr->name);
}

static gboolean
translate_column (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  GError *own_error = NULL;
  ScopeColumn *column = scope_find (scope, expr, &own_error);

  if (own_error) {
    g_propagate_error (error, own_error);
    return FALSE;
  }
  if (!column)
    return translate_pseudo (scope, expr, out, type, error);
  if (!column->is_tag)
    scope->uses_rows = TRUE;
  if (!scope->in_aggregate)
    scope->n_bare++;
  g_string_append (out, column->sql);
  *type = column->type;
  return TRUE;
}

static gchar *
translate_alone (Scope * scope, const Expr * expr, TypeSpec * type,
    GError ** error)
{
  g_autoptr (GString) sql = g_string_new (NULL);

  if (!expr_translate (scope, expr, sql, type, error))
    return NULL;
  return g_string_free (g_steal_pointer (&sql), FALSE);
}

/* [-] literal */
static const Expr *
get_literal (const Expr * expr, gboolean * negative)
{
  *negative = FALSE;
  if (expr->kind == EXPR_UNARY && g_str_equal (expr->name, "-")) {
    *negative = TRUE;
    expr = g_ptr_array_index (expr->args, 0);
    if (expr->kind == EXPR_STRING)
      return NULL;
  }
  return expr->kind == EXPR_INTEGER || expr->kind == EXPR_FLOAT
      || expr->kind == EXPR_STRING ? expr : NULL;
}

static void
append_value (GString * out, const Value * value)
{
  switch (value->kind) {
    case VALUE_INTEGER:
      g_string_append_printf (out, "%" G_GINT64_FORMAT, value->integer);
      break;
    case VALUE_REAL:{
      gchar digits[G_ASCII_DTOSTR_BUF_SIZE];

      g_string_append_printf (out, "CAST(%s AS REAL)",
          g_ascii_dtostr (digits, sizeof digits, value->real));
      break;
    }
    case VALUE_BLOB:
      g_string_append (out, "x'");
      for (gsize i = 0; i < value->size; i++)
        g_string_append_printf (out, "%02x", value->data[i]);
      g_string_append (out, "'");
      break;
    default:
      g_string_append (out, "NULL");
      break;
  }
}

/* whether literals beside such a value are read as values of its type */
static gboolean
rules_literals (const TypeSpec * type, const Expr * literal)
{
  switch (type->type) {
    case GST_TDENGINE_TYPE_TIMESTAMP:
    case GST_TDENGINE_TYPE_VARBINARY:
    case GST_TDENGINE_TYPE_GEOMETRY:
    case GST_TDENGINE_TYPE_BLOB:
      return literal->kind == EXPR_STRING;
    case GST_TDENGINE_TYPE_UBIGINT:
    case GST_TDENGINE_TYPE_DECIMAL:
    case GST_TDENGINE_TYPE_DECIMAL64:
      return TRUE;
    default:
      return FALSE;
  }
}

/* FALSE where the literal is no value of the type */
static gboolean
convert_literal (Scope * scope, const Expr * expr, gboolean negative,
    const TypeSpec * type, GString * out)
{
  Literal literal = {
    .kind = expr->kind == EXPR_STRING ? LITERAL_STRING : LITERAL_NUMBER,
    .token = lexer_next (expr->start),.start = expr->start,
    .negative = negative
  };
  Column column = {.info = {(gchar *) "", type->type,
          type->length ? type->length : G_MAXUINT16, type->digits,
      type->scale}
  };
  Value value;

  if (!literal_to_value (scope->session, &literal, &column, scope->precision,
          &value, NULL))
    return FALSE;
  append_value (out, &value);
  value_clear (&value);
  return TRUE;
}

/* one side of a comparison, where the other is of type `other` */
static gchar *
translate_side (Scope * scope, const Expr * expr, const TypeSpec * other,
    TypeSpec * type, GError ** error)
{
  gboolean negative;
  const Expr *literal = get_literal (expr, &negative);
  g_autoptr (GString) sql = g_string_new (NULL);

  if (literal && other && rules_literals (other, literal)
      && convert_literal (scope, literal, negative, other, sql)) {
    *type = *other;
    return g_string_free (g_steal_pointer (&sql), FALSE);
  }
  if (literal && literal->kind == EXPR_STRING && other
      && type_is_number (other)) {
    gchar digits[G_ASCII_DTOSTR_BUF_SIZE];

    *type = double_type;
    return g_strdup (g_ascii_dtostr (digits, sizeof digits,
            g_ascii_strtod (literal->text, NULL)));
  }
  if (literal && literal->kind == EXPR_STRING && other
      && other->type == GST_TDENGINE_TYPE_TIMESTAMP)
    return refuse (error, CODE_WRONG_VALUE, "Invalid value type: %s",
        literal->text), NULL;
  return translate_alone (scope, expr, type, error);
}

static gboolean
same_form (const TypeSpec * a, const TypeSpec * b)
{
  return a->type == b->type && a->scale == b->scale
      && a->type != GST_TDENGINE_TYPE_JSON;
}

static gboolean
is_literal (const Expr * expr)
{
  gboolean negative;

  return get_literal (expr, &negative) != NULL;
}

/* both sides in a form in which SQLite compares them rightly */
static gboolean
translate_pair (Scope * scope, const Expr * left, const Expr * right,
    GString * left_sql, GString * right_sql, GError ** error)
{
  gboolean swapped = is_literal (left);
  const Expr *first = swapped ? right : left;
  const Expr *second = swapped ? left : right;
  TypeSpec a, b;
  g_autofree gchar *a_sql = translate_alone (scope, first, &a, error);
  g_autofree gchar *b_sql = a_sql ? translate_side (scope, second, &a, &b,
      error) : NULL;

  if (!b_sql)
    return FALSE;
  GString *a_out = swapped ? right_sql : left_sql;
  GString *b_out = swapped ? left_sql : right_sql;
  if (same_form (&a, &b)) {
    g_string_append (a_out, a_sql);
    g_string_append (b_out, b_sql);
    return TRUE;
  }
  expr_append_number (a_out, a_sql, &a);
  expr_append_number (b_out, b_sql, &b);
  return TRUE;
}

static gboolean
translate_comparison (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  g_autoptr (GString) left = g_string_new (NULL);
  g_autoptr (GString) right = g_string_new (NULL);

  *type = bool_type;
  if (!translate_pair (scope, g_ptr_array_index (expr->args, 0),
          g_ptr_array_index (expr->args, 1), left, right, error))
    return FALSE;
  g_string_append_printf (out, "(%s %s %s)", left->str, expr->name, right->str);
  return TRUE;
}

static gboolean
translate_pattern (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  TypeSpec a, b;
  g_autofree gchar *left = translate_alone (scope,
      g_ptr_array_index (expr->args, 0), &a, error);
  g_autofree gchar *right = left ? translate_alone (scope,
      g_ptr_array_index (expr->args, 1), &b, error) : NULL;

  if (!right)
    return FALSE;
  *type = bool_type;
  if (g_str_has_suffix (expr->name, "like"))
    g_string_append_printf (out, "(%s %s %s ESCAPE '\\')", left, expr->name,
        right);
  else if (g_str_equal (expr->name, "contains"))
    return refuse_unsupported (error, "contains");
  else
    g_string_append_printf (out, "(%s td_match(%s, %s))",
        g_str_equal (expr->name, "nmatch") ? "NOT" : "", left, right);
  return TRUE;
}

static gboolean
translate_logic (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  g_string_append_c (out, '(');
  if (!expr_translate (scope, g_ptr_array_index (expr->args, 0), out, type,
          error))
    return FALSE;
  g_string_append_printf (out, " %s ", expr->name);
  if (!expr_translate (scope, g_ptr_array_index (expr->args, 1), out, type,
          error))
    return FALSE;
  g_string_append_c (out, ')');
  *type = bool_type;
  return TRUE;
}

static gboolean
translate_arrow (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  const Expr *key = g_ptr_array_index (expr->args, 1);

  g_string_append (out, "td_json(");
  if (!expr_translate (scope, g_ptr_array_index (expr->args, 0), out, type,
          error))
    return FALSE;
  if (type->type != GST_TDENGINE_TYPE_JSON)
    return refuse (error, CODE_WRONG_VALUE, "Invalid value type: %.*s",
        (gint) expr->length, expr->start);
  g_string_append (out, ", ");
  append_quoted (out, key->text);
  g_string_append_c (out, ')');
  return TRUE;
}

static gboolean
is_duration (const Expr * expr)
{
  return expr->kind == EXPR_DURATION;
}

static gboolean
translate_shift (Scope * scope, const gchar * time, const Duration * duration,
    gboolean back, GString * out, TypeSpec * type)
{
  g_autofree gchar *zone = scope_zone (scope);
  gint sign = back ? -1 : 1;

  g_string_append_printf (out, "td_shift(%s, %" G_GINT64_FORMAT ", %"
      G_GINT64_FORMAT ", %d, %s)", time, sign * duration->months,
      sign * duration->ns, scope->precision, zone);
  *type = time_type;
  return TRUE;
}

/* anything reckoned is a DOUBLE, but for times */
static gboolean
translate_arithmetic (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  const Expr *first = g_ptr_array_index (expr->args, 0);
  const Expr *second = g_ptr_array_index (expr->args, 1);
  gboolean is_sum = strchr ("+-", *expr->name) != NULL;
  TypeSpec a, b = bigint_type;
  g_autofree gchar *left = translate_alone (scope, first, &a, error);
  if (!left)
    return FALSE;
  if (is_sum && is_duration (second)
      && a.type == GST_TDENGINE_TYPE_TIMESTAMP)
    return translate_shift (scope, left, &second->duration, *expr->name == '-',
        out, type);

  g_autofree gchar *right = translate_alone (scope, second, &b, error);
  if (!right)
    return FALSE;
  g_autoptr (GString) x = g_string_new (NULL);
  g_autoptr (GString) y = g_string_new (NULL);
  expr_append_number (x, left, &a);
  expr_append_number (y, right, &b);
  if (is_sum && (a.type == GST_TDENGINE_TYPE_TIMESTAMP
          || b.type == GST_TDENGINE_TYPE_TIMESTAMP)) {
    *type = a.type == b.type ? bigint_type : time_type;
    g_string_append_printf (out, "(%s %s %s)", x->str, expr->name, y->str);
    return TRUE;
  }
  if (strchr ("&|", *expr->name)) {
    *type = bigint_type;
    g_string_append_printf (out, "(%s %s %s)", x->str, expr->name, y->str);
    return TRUE;
  }
  *type = double_type;
  if (*expr->name == '%')
    g_string_append_printf (out, "mod(%s, %s)", x->str, y->str);
  else
    g_string_append_printf (out, "(CAST(%s AS REAL) %s %s)", x->str,
        expr->name, y->str);
  return TRUE;
}

static gboolean
translate_binary (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  if (g_str_equal (expr->name, "and") || g_str_equal (expr->name, "or"))
    return translate_logic (scope, expr, out, type, error);
  if (g_str_equal (expr->name, "->"))
    return translate_arrow (scope, expr, out, type, error);
  if (strchr ("=<>!", *expr->name))
    return translate_comparison (scope, expr, out, type, error);
  if (g_ascii_isalpha (*expr->name))
    return translate_pattern (scope, expr, out, type, error);
  return translate_arithmetic (scope, expr, out, type, error);
}

static gboolean
translate_unary (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  const Expr *arg = g_ptr_array_index (expr->args, 0);
  g_autofree gchar *sql = translate_alone (scope, arg, type, error);
  g_autoptr (GString) number = g_string_new (NULL);

  if (!sql)
    return FALSE;
  expr_append_number (number, sql, type);
  g_string_append_printf (out, "(%s %s)", expr->name, number->str);
  if (g_str_equal (expr->name, "not"))
    *type = bool_type;
  else if (arg->kind != EXPR_INTEGER)
    *type = double_type;
  else
    *type = bigint_type;
  return TRUE;
}

static gboolean
translate_is_null (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  g_string_append_c (out, '(');
  if (!expr_translate (scope, g_ptr_array_index (expr->args, 0), out, type,
          error))
    return FALSE;
  g_string_append (out, expr->negated ? " IS NOT NULL)" : " IS NULL)");
  *type = bool_type;
  return TRUE;
}

static gboolean
translate_in (Scope * scope, const Expr * expr, GString * out, TypeSpec * type,
    GError ** error)
{
  const gchar *operator = expr->negated ? "<>" : "=";

  g_string_append_c (out, '(');
  for (guint i = 1; i < expr->args->len; i++) {
    g_autoptr (GString) left = g_string_new (NULL);
    g_autoptr (GString) right = g_string_new (NULL);

    if (!translate_pair (scope, g_ptr_array_index (expr->args, 0),
            g_ptr_array_index (expr->args, i), left, right, error))
      return FALSE;
    if (i > 1)
      g_string_append (out, expr->negated ? " AND " : " OR ");
    g_string_append_printf (out, "%s %s %s", left->str, operator, right->str);
  }
  g_string_append_c (out, ')');
  *type = bool_type;
  return TRUE;
}

static gboolean
translate_between (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  g_autoptr (GString) left = g_string_new (NULL);
  g_autoptr (GString) low = g_string_new (NULL);
  g_autoptr (GString) again = g_string_new (NULL);
  g_autoptr (GString) high = g_string_new (NULL);
  const Expr *value = g_ptr_array_index (expr->args, 0);

  if (!translate_pair (scope, value, g_ptr_array_index (expr->args, 1), left,
          low, error)
      || !translate_pair (scope, value, g_ptr_array_index (expr->args, 2),
          again, high, error))
    return FALSE;
  g_string_append_printf (out, "(%s(%s >= %s AND %s <= %s))",
      expr->negated ? "NOT " : "", left->str, low->str, again->str, high->str);
  *type = bool_type;
  return TRUE;
}

/* [operand] (when, then)* [else] */
static gboolean
translate_case (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  guint n = expr->args->len;
  guint at = 0;
  TypeSpec part;

  *type = type_simple (GST_TDENGINE_TYPE_NULL);
  g_string_append (out, "CASE ");
  if (expr->has_operand && !expr_translate (scope,
          g_ptr_array_index (expr->args, at++), out, &part, error))
    return FALSE;
  for (; at < n; at++) {
    gboolean is_else = expr->has_else && at + 1 == n;

    g_string_append (out, is_else ? " ELSE " : " WHEN ");
    if (!is_else) {
      if (!expr_translate (scope, g_ptr_array_index (expr->args, at++), out,
              &part, error))
        return FALSE;
      g_string_append (out, " THEN ");
    }
    if (!expr_translate (scope, g_ptr_array_index (expr->args, at), out, &part,
            error))
      return FALSE;
    if (type->type == GST_TDENGINE_TYPE_NULL)
      *type = part;
    else if (type->type == part.type)
      type->length = MAX (type->length, part.length);
  }
  g_string_append (out, " END");
  return TRUE;
}

static gboolean
cast_to_integer (const Expr * expr, const gchar * sql, const TypeSpec * from,
    GString * out)
{
  g_autoptr (GString) number = g_string_new (NULL);

  expr_append_number (number, sql, from);
  g_string_append_printf (out, "td_wrap(CAST(%s AS INTEGER), %u)", number->str,
      expr->type.type);
  return TRUE;
}

static gboolean
cast_to_text (const Expr * expr, const gchar * sql, const TypeSpec * from,
    GString * out, TypeSpec * type)
{
  g_autoptr (GString) text = g_string_new (NULL);

  if (type->length == 0)
    type->length = from->length > 0 ? from->length : 64;
  expr_append_number (text, sql, from);
  if (from->type == GST_TDENGINE_TYPE_FLOAT
      || from->type == GST_TDENGINE_TYPE_DOUBLE)
    g_string_append_printf (out, "td_cut(printf('%%f', %s), %u, %u)",
        text->str, type->length, type->type);
  else if (from->type == GST_TDENGINE_TYPE_BOOL)
    g_string_append_printf (out, "CASE %s WHEN 0 THEN 'false' WHEN 1 THEN "
        "'true' END", text->str);
  else
    g_string_append_printf (out, "td_cut(%s, %u, %u)", text->str, type->length,
        type->type);
  return TRUE;
}

static gboolean
translate_cast (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  TypeSpec from;
  g_autofree gchar *sql = translate_alone (scope,
      g_ptr_array_index (expr->args, 0), &from, error);
  g_autofree gchar *zone = scope_zone (scope);

  if (!sql)
    return FALSE;
  *type = expr->type;
  if (type_is_integer (type))
    return cast_to_integer (expr, sql, &from, out);
  switch (type->type) {
    case GST_TDENGINE_TYPE_TIMESTAMP:
      g_string_append_printf (out, "td_time(%s, %d, %s)", sql,
          scope->precision, zone);
      return TRUE;
    case GST_TDENGINE_TYPE_BOOL:
      g_string_append_printf (out, "td_bool(%s)", sql);
      return TRUE;
    case GST_TDENGINE_TYPE_FLOAT:
    case GST_TDENGINE_TYPE_DOUBLE:
      g_string_append (out, "CAST(");
      expr_append_number (out, sql, &from);
      g_string_append (out, " AS REAL)");
      return TRUE;
    case GST_TDENGINE_TYPE_VARCHAR:
    case GST_TDENGINE_TYPE_NCHAR:
      return cast_to_text (expr, sql, &from, out, type);
    default:
      return refuse_unsupported (error, "A cast to %s",
          gst_tdengine_type_get_name (type->type));
  }
}

static gboolean
translate_kind (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  switch (expr->kind) {
    case EXPR_NULL:
      g_string_append (out, "NULL");
      *type = type_simple (GST_TDENGINE_TYPE_NULL);
      return TRUE;
    case EXPR_BOOL:
      g_string_append (out, expr->value ? "1" : "0");
      *type = bool_type;
      return TRUE;
    case EXPR_INTEGER:
      return translate_integer (expr, out, type, error);
    case EXPR_FLOAT:
      g_string_append_printf (out, "CAST(%s AS REAL)", expr->text);
      *type = double_type;
      return TRUE;
    case EXPR_STRING:
      return translate_string (expr, out, type);
    case EXPR_TIMESTAMP:
      return translate_time_literal (scope, expr, out, type, error);
    case EXPR_COLUMN:
      return translate_column (scope, expr, out, type, error);
    case EXPR_CALL:
      return expr_call (scope, expr, out, type, error);
    case EXPR_CAST:
      return translate_cast (scope, expr, out, type, error);
    case EXPR_UNARY:
      return translate_unary (scope, expr, out, type, error);
    case EXPR_BINARY:
      return translate_binary (scope, expr, out, type, error);
    case EXPR_IS_NULL:
      return translate_is_null (scope, expr, out, type, error);
    case EXPR_IN:
      return translate_in (scope, expr, out, type, error);
    case EXPR_BETWEEN:
      return translate_between (scope, expr, out, type, error);
    case EXPR_CASE:
      return translate_case (scope, expr, out, type, error);
    case EXPR_DURATION:
    case EXPR_STAR:
    case EXPR_PLACEHOLDER:
      break;
  }
  return refuse (error, CODE_SYNTAX, "syntax error near \"%.*s\"",
      (gint) expr->length, expr->start);
}

gboolean
expr_translate (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  if (++scope->depth > MAX_DEPTH)
    return refuse_unsupported (error, "An expression this deep");
  gboolean done = translate_kind (scope, expr, out, type, error);
  scope->depth--;
  return done;
}
