/* test server: selects, which SQLite runs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "select.h"

#include <string.h>

#include "error.h"
#include "scope.h"
#include "system.h"

#define MAX_DEPTH 20
#define NAME_LENGTH 64          /* of a column of a result */

/* what a select came to */
typedef struct
{
  GString *sql;
  GPtrArray *columns;           /* of ScopeColumn, but for their SQL */
  GstTDenginePrecision precision;
  gboolean by_table;            /* a last column tells sub tables apart */
  gint64 table_id;
  const gchar *rows;            /* read these instead of the table's own */
  guint depth;
} Translation;

static gboolean translate (Session * session, const Select * select,
    Translation * out, GError ** error);

static void
free_column (ScopeColumn * column)
{
  g_free (column->name);
  g_free (column);
}

static void
add_column (Translation * out, gchar * name, const TypeSpec * type)
{
  ScopeColumn *column = g_new0 (ScopeColumn, 1);

  column->name = name;
  column->type = *type;
  g_ptr_array_add (out->columns, column);
}

static void
translation_init (Translation * self, guint depth)
{
  memset (self, 0, sizeof *self);
  self->sql = g_string_new (NULL);
  self->columns = g_ptr_array_new_with_free_func ((GDestroyNotify) free_column);
  self->depth = depth;
}

static void
translation_clear (Translation * self)
{
  g_string_free (self->sql, TRUE);
  g_ptr_array_unref (self->columns);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Translation, translation_clear)
/* the pieces of one select */
     typedef struct
     {
       GString *items;
       GString *from;
       GString *where;
       GString *group;
       GString *having;
       GString *order;
     } Parts;

     static void parts_clear (Parts * parts)
{
  g_string_free (parts->items, TRUE);
  g_string_free (parts->from, TRUE);
  g_string_free (parts->where, TRUE);
  g_string_free (parts->group, TRUE);
  g_string_free (parts->having, TRUE);
  g_string_free (parts->order, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Parts, parts_clear)
     static void parts_init (Parts * parts)
{
  parts->items = g_string_new (NULL);
  parts->from = g_string_new (NULL);
  parts->where = g_string_new (NULL);
  parts->group = g_string_new (NULL);
  parts->having = g_string_new (NULL);
  parts->order = g_string_new (NULL);
}

/* the columns of the select in parentheses, as `q` */
static gboolean
open_sub_select (Scope * scope, const Source * source, GString * from,
    Translation * out, GError ** error)
{
  g_auto (Translation) inner = { 0 };

  translation_init (&inner, out->depth + 1);
  if (!translate (scope->session, source->select, &inner, error))
    return FALSE;
  scope->alias = source->alias;
  scope->precision = inner.precision;
  out->table_id = inner.table_id;
  for (guint i = 0; i < inner.columns->len; i++) {
    ScopeColumn *column = g_ptr_array_index (inner.columns, i);
    g_autofree gchar *sql = g_strdup_printf ("q.k%u", i);

    scope_add_column (scope, column->name, sql, &column->type, FALSE);
    if (!scope->time && column->type.type == GST_TDENGINE_TYPE_TIMESTAMP)
      scope->time = g_strdup (sql);
  }
  g_string_append_printf (from, "(%s) q", inner.sql->str);
  return TRUE;
}

static gboolean
open_source (Scope * scope, GString * from, Translation * out, GError ** error)
{
  const Source *source = scope->select->source;

  if (!source)
    return TRUE;
  if (source->select)
    return open_sub_select (scope, source, from, out, error);

  Table *table = session_get_table (scope->session, &source->table, error);
  if (!table)
    return FALSE;
  scope_add_table (scope, table, source->alias);
  out->table_id = table_owner (table)->id;
  if (table->kind != TABLE_SYSTEM)
    return TRUE;
  if (!system_fill (scope->session->server, table, error))
    return FALSE;
  g_string_append_printf (from, "temp.system_%" G_GINT64_FORMAT " r",
      table->id);
  return TRUE;
}

/* What is read is only known when it is known whether rows are needed, or tags
 * alone. The order of a cross join is kept, so that tables come one by one; a
 * table's number is said outright, so that rows come in order unsorted. */
static void
append_table (Scope * scope, Parts * parts, gboolean tags_alone,
    const gchar * other_rows)
{
  Table *table = scope->table;
  gint64 id = table_owner (table)->id;
  g_autofree gchar *rows = other_rows ? g_strdup (other_rows) :
      g_strdup_printf ("rows_%" G_GINT64_FORMAT, id);
  g_autofree gchar *condition = table->kind == TABLE_SUPER ? NULL :
      g_strdup_printf ("%c.tid = %" G_GINT64_FORMAT "%s",
      tags_alone ? 't' : 'r', table->id, parts->where->len ? " AND " : "");

  if (table->kind == TABLE_NORMAL)
    g_string_append_printf (parts->from, "%s r", rows);
  else
    g_string_append_printf (parts->from, "tags_%" G_GINT64_FORMAT " t", id);
  if (table->kind != TABLE_NORMAL && !tags_alone)
    g_string_append_printf (parts->from, " CROSS JOIN %s r ON r.tid = t.tid",
        rows);
  if (table->kind == TABLE_SUB && !tags_alone)
    g_string_append_printf (parts->from, " AND t.tid = %" G_GINT64_FORMAT,
        table->id);
  if (condition)
    g_string_prepend (parts->where, condition);
}

/* a column is called by its name, anything else by its text */
static gchar *
name_item (const SelectItem * item)
{
  const Expr *expr = item->expr;

  if (item->alias)
    return g_strdup (item->alias);
  if (expr->kind == EXPR_COLUMN)
    return g_strdup (expr->name);
  gsize length = MIN (expr->length, NAME_LENGTH);
  while (length > 0 && length < expr->length
      && ((guchar) expr->start[length] & 0xc0) == 0x80)
    length--;
  return g_strndup (expr->start, length);
}

static void
append_item (Translation * out, GString * items, const gchar * sql)
{
  g_string_append_printf (items, "%s%s AS k%u", items->len ? ", " : "", sql,
      out->columns->len);
}

static gboolean
append_star (Scope * scope, const Expr * star, Translation * out,
    GString * items, GError ** error)
{
  gboolean with_tags = !scope->table || scope->table->kind != TABLE_SUB;

  if (!scope->select->source)
    return refuse (error, CODE_SYNTAX, "syntax error near \"%s\"", star->start);
  if (star->qualifier && g_strcmp0 (star->qualifier, scope->alias) != 0)
    return refuse (error, CODE_NO_TABLE, "Table does not exist");
  for (guint i = 0; i < scope->columns->len; i++) {
    ScopeColumn *column = g_ptr_array_index (scope->columns, i);

    if (column->is_tag && !with_tags)
      continue;
    append_item (out, items, column->sql);
    add_column (out, g_strdup (column->name), &column->type);
    scope->uses_rows |= !column->is_tag;
  }
  scope->n_bare++;
  return TRUE;
}

static gboolean
append_items (Scope * scope, Translation * out, GString * items,
    GError ** error)
{
  GPtrArray *list = scope->select->items;

  for (guint i = 0; i < list->len; i++) {
    SelectItem *item = g_ptr_array_index (list, i);
    g_autoptr (GString) sql = g_string_new (NULL);
    TypeSpec type;

    if (item->expr->kind == EXPR_STAR) {
      if (!append_star (scope, item->expr, out, items, error))
        return FALSE;
      continue;
    }
    if (!expr_translate (scope, item->expr, sql, &type, error))
      return FALSE;
    append_item (out, items, sql->str);
    add_column (out, name_item (item), &type);
  }
  return TRUE;
}

static void
append_key (GString * group, const gchar * sql)
{
  g_string_append_printf (group, "%s%s", group->len ? ", " : "", sql);
}

static gboolean
append_keys (Scope * scope, GString * group, GError ** error)
{
  const Select *select = scope->select;
  TypeSpec type;

  for (guint i = 0; select->partition && i < select->partition->len; i++) {
    SelectItem *item = g_ptr_array_index (select->partition, i);
    g_autoptr (GString) sql = g_string_new (NULL);

    if (!expr_translate (scope, item->expr, sql, &type, error))
      return FALSE;
    append_key (group, sql->str);
  }
  for (guint i = 0; select->group && i < select->group->len; i++) {
    g_autoptr (GString) sql = g_string_new (NULL);

    if (!expr_translate (scope, g_ptr_array_index (select->group, i), sql,
            &type, error))
      return FALSE;
    append_key (group, sql->str);
  }
  if (scope->window)
    append_key (group, scope->window);
  return TRUE;
}

static gboolean
open_window (Scope * scope, GError ** error)
{
  const Select *select = scope->select;
  g_autofree gchar *zone = scope_zone (scope);

  if (!select->has_interval)
    return TRUE;
  if (!scope->time)
    return refuse_unsupported (error, "A window without a time");
  if (select->interval.months == 0 && select->interval.ns == 0)
    return refuse (error, CODE_SYNTAX, "syntax error near \"interval\"");
  if (select->interval_offset.ns || select->interval_offset.months)
    return refuse_unsupported (error, "The offset of a window");
  scope->uses_rows = TRUE;
  scope->window = g_strdup_printf ("td_floor(%s, %" G_GINT64_FORMAT ", %"
      G_GINT64_FORMAT ", %d, %s)", scope->time, select->interval.months,
      select->interval.ns, scope->precision, zone);
  return TRUE;
}

/* an alias, a column's place, or any expression */
static gboolean
translate_order_key (Scope * scope, const Expr * expr, Translation * out,
    GString * sql, GError ** error)
{
  GPtrArray *items = scope->select->items;
  TypeSpec type;

  if (expr->kind == EXPR_INTEGER) {
    guint64 place = g_ascii_strtoull (expr->text, NULL, 10);

    if (place < 1 || place > out->columns->len)
      return refuse (error, CODE_WRONG_VALUE, "Invalid value type: %s",
          expr->text);
    g_string_append_printf (sql, "k%u", (guint) place - 1);
    return TRUE;
  }
  for (guint i = 0; expr->kind == EXPR_COLUMN && !expr->qualifier
      && i < items->len; i++) {
    SelectItem *item = g_ptr_array_index (items, i);

    if (g_strcmp0 (item->alias, expr->name) == 0)
      return expr_translate (scope, item->expr, sql, &type, error);
  }
  return expr_translate (scope, expr, sql, &type, error);
}

static gboolean
append_order (Scope * scope, Translation * out, GString * order,
    GError ** error)
{
  GPtrArray *list = scope->select->order;

  for (guint i = 0; list && i < list->len; i++) {
    OrderItem *item = g_ptr_array_index (list, i);
    g_autoptr (GString) sql = g_string_new (NULL);

    if (!translate_order_key (scope, item->expr, out, sql, error))
      return FALSE;
    g_string_append_printf (order, "%s%s%s%s", order->len ? ", " : "", sql->str,
        item->descending ? " DESC" : "",
        item->nulls < 0 ? " NULLS FIRST" : item->nulls > 0 ? " NULLS LAST" :
        "");
  }
  return TRUE;
}

static gboolean
is_grouped (const Scope * scope)
{
  return scope->n_aggregates > 0 || scope->select->group
      || scope->select->has_interval;
}

static gboolean
check_grouping (const Scope * scope, guint n_bare, GError ** error)
{
  const Select *select = scope->select;

  if (select->has_interval && scope->n_aggregates == 0)
    return refuse_unsupported (error, "A window without an aggregate");
  if (select->partition && select->limit >= 0)
    return refuse_unsupported (error, "A limit for each partition");
  if (scope->n_aggregates > 0 && n_bare > 0 && !select->group
      && !select->partition)
    return refuse (error, CODE_NOT_SINGLE_GROUP,
        "Not a single-group group function");
  return TRUE;
}

static gboolean
has_count (const Select * select)
{
  for (guint i = 0; i < select->items->len; i++) {
    SelectItem *item = g_ptr_array_index (select->items, i);

    if (item->expr->kind == EXPR_CALL
        && g_str_equal (item->expr->name, "count"))
      return TRUE;
  }
  return FALSE;
}

static void
append_clause (GString * sql, const gchar * word, const GString * text)
{
  if (text->len > 0)
    g_string_append_printf (sql, " %s %s", word, text->str);
}

static gboolean
translate_parts (Scope * scope, Parts * parts, Translation * out,
    GError ** error)
{
  const Select *select = scope->select;
  TypeSpec type;
  guint n_bare;

  if (!open_source (scope, parts->from, out, error)
      || !open_window (scope, error)
      || !append_items (scope, out, parts->items, error))
    return FALSE;
  n_bare = scope->n_bare;
  if (select->where && !expr_translate (scope, select->where, parts->where,
          &type, error))
    return FALSE;
  if (!append_keys (scope, parts->group, error))
    return FALSE;
  if (select->having && !expr_translate (scope, select->having, parts->having,
          &type, error))
    return FALSE;
  return check_grouping (scope, n_bare, error)
      && append_order (scope, out, parts->order, error);
}

static void
assemble (Scope * scope, Parts * parts, Translation * out)
{
  const Select *select = scope->select;
  gboolean grouped = is_grouped (scope);
  gboolean tags_alone = !scope->uses_rows && (select->distinct
      || select->tags_only || select->group || select->partition);
  gboolean is_stored = scope->table && scope->table->kind != TABLE_SYSTEM;

  /* a normal table has no tags, but may be asked for its name alone */
  tags_alone = tags_alone && is_stored && scope->table->kind != TABLE_NORMAL;
  if (is_stored)
    append_table (scope, parts, tags_alone, out->rows);
  if (!grouped && !select->distinct && is_stored && !tags_alone
      && !select->order) {
    gboolean is_super = scope->table->kind == TABLE_SUPER;

    out->by_table = is_super && out->depth == 0;
    if (out->by_table)
      g_string_append (parts->items, ", t.tid");
    g_string_append_printf (parts->order, "%s%s", is_super ? "t.tid, " : "",
        scope->time);
  }
  if (grouped && scope->window && parts->order->len == 0)
    g_string_append (parts->order, parts->group->str);
  /* without rows there is no sum of them, but there is a count */
  if (grouped && parts->group->len == 0 && parts->having->len == 0
      && !has_count (select))
    g_string_append (parts->having, "count(*) > 0");

  g_string_append_printf (out->sql, "SELECT %s%s",
      select->distinct ? "DISTINCT " : "", parts->items->str);
  append_clause (out->sql, "FROM", parts->from);
  append_clause (out->sql, "WHERE", parts->where);
  if (grouped)
    append_clause (out->sql, "GROUP BY", parts->group);
  append_clause (out->sql, "HAVING", parts->having);
  append_clause (out->sql, "ORDER BY", parts->order);
  if (select->limit >= 0)
    g_string_append_printf (out->sql, " LIMIT %" G_GINT64_FORMAT " OFFSET %"
        G_GINT64_FORMAT, select->limit, select->offset);
}

static gboolean
translate (Session * session, const Select * select, Translation * out,
    GError ** error)
{
  g_autoptr (Scope) scope = scope_new (session, select);
  g_auto (Parts) parts = { 0 };

  parts_init (&parts);
  if (out->depth > MAX_DEPTH)
    return refuse_unsupported (error, "A select this deep");
  if (!translate_parts (scope, &parts, out, error))
    return FALSE;
  out->precision = scope->precision;
  assemble (scope, &parts, out);
  return TRUE;
}

/* bench.meters is no table but ready-made blocks: columns only, and a limit */
static Result *
select_benchmark (Session * session, const Select * select, Table * table,
    GError ** error)
{
  g_autoptr (Scope) scope = scope_new (session, select);
  g_auto (Translation) out = { 0 };
  g_autoptr (GString) items = g_string_new (NULL);
  g_autoptr (GPtrArray) names = g_ptr_array_new ();

  translation_init (&out, 0);
  scope_add_table (scope, table, select->source->alias);
  if (!append_items (scope, &out, items, error))
    return NULL;
  if (select->where || select->order || select->partition || select->offset
      || select->distinct || is_grouped (scope))
    return refuse_unsupported (error, "More than columns and a limit for the "
        "benchmark table"), NULL;

  g_autoptr (Result) result = result_new (session->server, scope->precision);
  for (guint i = 0; i < out.columns->len; i++) {
    ScopeColumn *column = g_ptr_array_index (out.columns, i);

    result_add_column (result, column->name, &column->type);
    g_ptr_array_add (names, column->name);
  }
  g_ptr_array_add (names, NULL);
  BenchmarkBlocks *blocks = benchmark_blocks_new (session->server->benchmark,
      table, (const gchar * const *) names->pdata, select->limit, error);
  if (!blocks)
    return NULL;
  result_set_benchmark (result, blocks);
  return g_steal_pointer (&result);
}

static gboolean
find_benchmark (Session * session, const Select * select, Table ** table)
{
  if (!select->source || select->source->select)
    return FALSE;
  *table = session_find_table (session, &select->source->table, NULL);
  return *table && benchmark_is_source (*table);
}

static Result *
run_translation (Session * session, const Translation * out, GError ** error)
{
  sqlite3_stmt *stmt = storage_prepare (session->server->storage,
      out->sql->str, error);

  if (!stmt)
    return NULL;
  Result *result = result_new (session->server, out->precision);
  for (guint i = 0; i < out->columns->len; i++) {
    ScopeColumn *column = g_ptr_array_index (out->columns, i);

    result_add_column (result, column->name, &column->type);
  }
  result_set_statement (result, stmt, out->by_table, out->table_id);
  return result;
}

Result *
select_execute (Session * session, const Select * select, GError ** error)
{
  Table *table;

  if (find_benchmark (session, select, &table))
    return select_benchmark (session, select, table, error);
  return select_execute_on (session, select, NULL, error);
}

/* rows is what SQLite reads in place of the table's rows, NULL for these */
Result *
select_execute_on (Session * session, const Select * select,
    const gchar * rows, GError ** error)
{
  g_auto (Translation) out = { 0 };

  translation_init (&out, 0);
  out.rows = rows;
  if (!translate (session, select, &out, error))
    return NULL;
  return run_translation (session, &out, error);
}

/* whether it gives no more than a row for each that it reads */
gboolean
select_is_by_row (Session * session, const Select * select,
    gboolean * is_by_row, GError ** error)
{
  g_autoptr (Scope) scope = scope_new (session, select);
  g_auto (Translation) out = { 0 };
  g_auto (Parts) parts = { 0 };

  translation_init (&out, 0);
  parts_init (&parts);
  if (!translate_parts (scope, &parts, &out, error))
    return FALSE;
  *is_by_row = !is_grouped (scope);
  return TRUE;
}

/* the SQL of a condition on a table's rows, whose columns are `r` and `t` */
gboolean
select_filter (Session * session, Table * table, Expr * where, GString * sql,
    GError ** error)
{
  Select select = {.limit = -1 };
  g_autoptr (Scope) scope = scope_new (session, &select);
  TypeSpec type;

  scope_add_table (scope, table, NULL);
  return expr_translate (scope, where, sql, &type, error);
}
