/* test server: calls of functions
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "error.h"
#include "scope.h"
#include "timetext.h"

typedef enum
{
  GIVES_BIGINT,
  GIVES_DOUBLE,
  GIVES_FIRST,                  /* what the first argument is */
  GIVES_SUM,
} Gives;

typedef enum
{
  TAKES_ANY,
  TAKES_NUMBERS,
  TAKES_TEXT,
} Takes;

/* %1 to %3 are the arguments, %t is the rows' time */
typedef struct
{
  const gchar *name;
  guint min_args;
  guint max_args;
  Takes takes;
  Gives gives;
  gboolean is_aggregate;
  const gchar *sql;
} Function;

static const Function functions[] = {
  {"avg", 1, 1, TAKES_NUMBERS, GIVES_DOUBLE, TRUE, "avg(%1)"},
  {"min", 1, 1, TAKES_NUMBERS, GIVES_FIRST, TRUE, "min(%1)"},
  {"max", 1, 1, TAKES_NUMBERS, GIVES_FIRST, TRUE, "max(%1)"},
  {"sum", 1, 1, TAKES_NUMBERS, GIVES_SUM, TRUE, "sum(%1)"},
  {"spread", 1, 1, TAKES_NUMBERS, GIVES_DOUBLE, TRUE,
      "CAST(max(%1) - min(%1) AS REAL)"},
  {"stddev", 1, 1, TAKES_NUMBERS, GIVES_DOUBLE, TRUE,
      "sqrt(max(avg(%1 * %1) - avg(%1) * avg(%1), 0))"},
  {"first", 1, 1, TAKES_ANY, GIVES_FIRST, TRUE, "td_first(%1, %t)"},
  {"last", 1, 1, TAKES_ANY, GIVES_FIRST, TRUE, "td_last(%1, %t)"},
  {"last_row", 1, 1, TAKES_ANY, GIVES_FIRST, TRUE, "td_last_row(%1, %t)"},
  {"abs", 1, 1, TAKES_NUMBERS, GIVES_FIRST, FALSE, "abs(%1)"},
  {"ceil", 1, 1, TAKES_NUMBERS, GIVES_FIRST, FALSE, "ceil(%1)"},
  {"floor", 1, 1, TAKES_NUMBERS, GIVES_FIRST, FALSE, "floor(%1)"},
  {"round", 1, 2, TAKES_NUMBERS, GIVES_FIRST, FALSE, "round(%1, %2)"},
  {"sqrt", 1, 1, TAKES_NUMBERS, GIVES_DOUBLE, FALSE, "sqrt(%1)"},
  {"pow", 2, 2, TAKES_NUMBERS, GIVES_DOUBLE, FALSE, "pow(%1, %2)"},
  {"sin", 1, 1, TAKES_NUMBERS, GIVES_DOUBLE, FALSE, "sin(%1)"},
  {"cos", 1, 1, TAKES_NUMBERS, GIVES_DOUBLE, FALSE, "cos(%1)"},
  {"length", 1, 1, TAKES_TEXT, GIVES_BIGINT, FALSE,
      "length(CAST(%1 AS BLOB))"},
  {"char_length", 1, 1, TAKES_TEXT, GIVES_BIGINT, FALSE, "length(%1)"},
  {"lower", 1, 1, TAKES_TEXT, GIVES_FIRST, FALSE, "lower(%1)"},
  {"upper", 1, 1, TAKES_TEXT, GIVES_FIRST, FALSE, "upper(%1)"},
  {"ltrim", 1, 1, TAKES_TEXT, GIVES_FIRST, FALSE, "ltrim(%1)"},
  {"rtrim", 1, 1, TAKES_TEXT, GIVES_FIRST, FALSE, "rtrim(%1)"},
  {"trim", 1, 1, TAKES_TEXT, GIVES_FIRST, FALSE, "trim(%1)"},
  {"ifnull", 2, 2, TAKES_ANY, GIVES_FIRST, FALSE, "ifnull(%1, %2)"},
  {"nvl", 2, 2, TAKES_ANY, GIVES_FIRST, FALSE, "ifnull(%1, %2)"},
  {"substr", 2, 3, TAKES_ANY, GIVES_FIRST, FALSE, "substr(%1, %2, %3)"},
  {"substring", 2, 3, TAKES_ANY, GIVES_FIRST, FALSE, "substr(%1, %2, %3)"},
};

#define MAX_ARGS 3

typedef struct
{
  gchar *sql[MAX_ARGS];
  TypeSpec types[MAX_ARGS];
  guint n;
} Args;

static void
args_clear (Args * args)
{
  for (guint i = 0; i < args->n; i++)
    g_free (args->sql[i]);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Args, args_clear)
     static gboolean refuse_type (const Expr * expr, GError ** error)
{
  return refuse (error, CODE_FUNCTION_TYPE, "Invalid parameter data type : %s",
      expr->name);
}

static gboolean
refuse_count (const Expr * expr, GError ** error)
{
  return refuse (error, CODE_FUNCTION_PARAMETERS,
      "Invalid number of parameters : %s", expr->name);
}

static guint
n_args (const Expr * expr)
{
  return expr->args ? expr->args->len : 0;
}

static gboolean
accepts (Takes takes, const TypeSpec * type)
{
  switch (takes) {
    case TAKES_NUMBERS:
      return type_is_number (type);
    case TAKES_TEXT:
      return type_is_text (type);
    default:
      return TRUE;
  }
}

static gboolean
translate_args (Scope * scope, const Expr * expr, Takes takes, Args * args,
    GError ** error)
{
  for (guint i = 0; i < n_args (expr); i++) {
    g_autoptr (GString) sql = g_string_new (NULL);

    if (!expr_translate (scope, g_ptr_array_index (expr->args, i), sql,
            &args->types[i], error))
      return FALSE;
    if (!accepts (takes, &args->types[i]))
      return refuse_type (expr, error);
    args->sql[args->n++] = g_string_free (g_steal_pointer (&sql), FALSE);
  }
  return TRUE;
}

/* values are kept as they are where the result has their type */
static void
append_arg (const Function * function, const Args * args, guint i,
    GString * out)
{
  if (i >= args->n) {
    g_string_append (out, strstr (function->sql, "round") ? "0" : "2147483647");
    return;
  }
  if (function->gives == GIVES_FIRST)
    g_string_append (out, args->sql[i]);
  else
    expr_append_number (out, args->sql[i], &args->types[i]);
}

static void
append_template (Scope * scope, const Function * function, const Args * args,
    GString * out)
{
  for (const gchar * p = function->sql; *p; p++) {
    if (*p != '%')
      g_string_append_c (out, *p);
    else if (*++p == 't')
      g_string_append (out, scope->time);
    else
      append_arg (function, args, *p - '1', out);
  }
}

static gboolean
give_sum (const Args * args, GString * out, TypeSpec * type)
{
  const TypeSpec *from = &args->types[0];

  *type = type_simple (GST_TDENGINE_TYPE_DOUBLE);
  if (from->digits > 0) {
    type->type = GST_TDENGINE_TYPE_DECIMAL;
    type->digits = 38;
    type->scale = from->scale;
    g_string_append_printf (out, "td_decimal_sum(%s)", args->sql[0]);
    return TRUE;
  }
  if (from->type >= GST_TDENGINE_TYPE_UTINYINT
      && from->type <= GST_TDENGINE_TYPE_UBIGINT) {
    type->type = GST_TDENGINE_TYPE_UBIGINT;
    g_string_append_printf (out, "td_unsigned_sum(%s, %d)", args->sql[0],
        from->type == GST_TDENGINE_TYPE_UBIGINT);
    return TRUE;
  }
  if (type_is_integer (from) || from->type == GST_TDENGINE_TYPE_BOOL)
    type->type = GST_TDENGINE_TYPE_BIGINT;
  g_string_append_printf (out, "sum(%s)", args->sql[0]);
  return TRUE;
}

static gboolean
give (Scope * scope, const Function * function, const Expr * expr,
    const Args * args, GString * out, TypeSpec * type, GError ** error)
{
  if (strstr (function->sql, "%t") && !scope->time)
    return refuse_unsupported (error, "%s of a sub select", expr->name);
  if (function->gives == GIVES_SUM)
    return give_sum (args, out, type);
  *type = args->types[0];
  if (function->gives == GIVES_DOUBLE)
    *type = type_simple (GST_TDENGINE_TYPE_DOUBLE);
  else if (function->gives == GIVES_BIGINT)
    *type = type_simple (GST_TDENGINE_TYPE_BIGINT);
  else if (!function->is_aggregate && function->takes == TAKES_NUMBERS
      && (type->digits > 0 || type->type == GST_TDENGINE_TYPE_UBIGINT))
    return refuse_unsupported (error, "%s of such a number", expr->name);
  append_template (scope, function, args, out);
  return TRUE;
}

static gboolean
call_function (Scope * scope, const Function * function, const Expr * expr,
    GString * out, TypeSpec * type, GError ** error)
{
  g_auto (Args) args = { 0 };
  gboolean was_in_aggregate = scope->in_aggregate;

  if (n_args (expr) < function->min_args || n_args (expr) > function->max_args)
    return refuse_count (expr, error);
  if (expr->distinct)
    return refuse_unsupported (error, "%s (distinct ...)", expr->name);
  if (function->is_aggregate) {
    scope->n_aggregates++;
    scope->uses_rows = TRUE;
    scope->in_aggregate = TRUE;
  }
  gboolean done = translate_args (scope, expr, function->takes, &args, error)
      && give (scope, function, expr, &args, out, type, error);
  scope->in_aggregate = was_in_aggregate;
  return done;
}

static gboolean
call_count (Scope * scope, const Expr * expr, GString * out, TypeSpec * type,
    GError ** error)
{
  gboolean was_in_aggregate = scope->in_aggregate;

  if (n_args (expr) != 1)
    return refuse_count (expr, error);
  scope->n_aggregates++;
  scope->uses_rows = TRUE;
  scope->in_aggregate = TRUE;

  const Expr *arg = g_ptr_array_index (expr->args, 0);
  gboolean done = TRUE;
  g_string_append (out, expr->distinct ? "count(DISTINCT " : "count(");
  if (arg->kind == EXPR_STAR)
    g_string_append_c (out, '*');
  else
    done = expr_translate (scope, arg, out, type, error);
  g_string_append_c (out, ')');
  scope->in_aggregate = was_in_aggregate;
  *type = type_simple (GST_TDENGINE_TYPE_BIGINT);
  return done;
}

/* each argument brings its length and the two bytes that say it */
static gboolean
call_concat (Scope * scope, const Expr * expr, GString * out, TypeSpec * type,
    GError ** error)
{
  *type = type_simple (GST_TDENGINE_TYPE_VARCHAR);
  if (n_args (expr) < 2 || n_args (expr) > 8)
    return refuse_count (expr, error);
  g_string_append_c (out, '(');
  for (guint i = 0; i < expr->args->len; i++) {
    TypeSpec part;

    if (i > 0)
      g_string_append (out, " || ");
    if (!expr_translate (scope, g_ptr_array_index (expr->args, i), out, &part,
            error))
      return FALSE;
    if (!type_is_text (&part))
      return refuse_type (expr, error);
    if (part.type == GST_TDENGINE_TYPE_NCHAR)
      type->type = GST_TDENGINE_TYPE_NCHAR;
    type->length += part.length + 2;
  }
  type->length -= 2;
  g_string_append_c (out, ')');
  return TRUE;
}

static gboolean
call_to_iso8601 (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  g_autofree gchar *zone = scope_zone (scope);

  if (n_args (expr) != 1)
    return refuse_count (expr, error);
  g_string_append (out, "td_iso8601(");
  if (!expr_translate (scope, g_ptr_array_index (expr->args, 0), out, type,
          error))
    return FALSE;
  if (type->type != GST_TDENGINE_TYPE_TIMESTAMP && !type_is_integer (type))
    return refuse_type (expr, error);
  g_string_append_printf (out, ", %d, %s)", scope->precision, zone);
  *type = type_varying (GST_TDENGINE_TYPE_VARCHAR, 62);
  return TRUE;
}

static gchar *
describe_zone (Scope * scope)
{
  g_autoptr (GDateTime) now = g_date_time_new_now (scope->session->zone);
  g_autofree gchar *tail = g_date_time_format (now, "%Z, %z");

  return g_strdup_printf ("%s (%s)", scope->session->zone_name, tail);
}

static gboolean
call_text (const gchar * text, GString * out, TypeSpec * type)
{
  append_quoted (out, text);
  *type = type_varying (GST_TDENGINE_TYPE_VARCHAR, strlen (text));
  return TRUE;
}

static gboolean
call_without_args (Scope * scope, const Expr * expr, GString * out,
    TypeSpec * type, GError ** error)
{
  Session *session = scope->session;

  if (g_str_equal (expr->name, "server_version"))
    return call_text (SERVER_VERSION_LONG, out, type);
  if (g_str_equal (expr->name, "client_version"))
    return call_text (SERVER_VERSION_LONG, out, type);
  if (g_str_equal (expr->name, "timezone")) {
    g_autofree gchar *zone = describe_zone (scope);

    return call_text (zone, out, type);
  }
  if (g_str_equal (expr->name, "database")) {
    *type = type_varying (GST_TDENGINE_TYPE_VARCHAR, 64);
    if (session->db)
      append_quoted (out, session->db);
    else
      g_string_append (out, "NULL");
    return TRUE;
  }
  if (g_str_equal (expr->name, "server_status")) {
    *type = type_simple (GST_TDENGINE_TYPE_INT);
    g_string_append_c (out, '1');
    return TRUE;
  }
  *type = type_simple (GST_TDENGINE_TYPE_TIMESTAMP);
  if (g_str_equal (expr->name, "now"))
    g_string_append_printf (out, "%" G_GINT64_FORMAT,
        time_now (scope->precision));
  else if (g_str_equal (expr->name, "today"))
    g_string_append_printf (out, "%" G_GINT64_FORMAT,
        time_today (session->zone, scope->precision));
  else
    return refuse_unsupported (error, "The function %s", expr->name);
  return TRUE;
}

gboolean
expr_call (Scope * scope, const Expr * expr, GString * out, TypeSpec * type,
    GError ** error)
{
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    if (g_str_equal (functions[i].name, expr->name))
      return call_function (scope, &functions[i], expr, out, type, error);
  if (g_str_equal (expr->name, "count"))
    return call_count (scope, expr, out, type, error);
  if (g_str_equal (expr->name, "concat"))
    return call_concat (scope, expr, out, type, error);
  if (g_str_equal (expr->name, "to_iso8601"))
    return call_to_iso8601 (scope, expr, out, type, error);
  if (n_args (expr) == 0)
    return call_without_args (scope, expr, out, type, error);
  return refuse_unsupported (error, "The function %s", expr->name);
}
