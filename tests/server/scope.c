/* test server: what names mean in a select
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "scope.h"

#include "error.h"

static void
column_free (ScopeColumn * column)
{
  g_free (column->name);
  g_free (column->sql);
  g_free (column);
}

Scope *
scope_new (Session * session, const Select * select)
{
  Scope *self = g_new0 (Scope, 1);

  self->session = session;
  self->select = select;
  self->columns = g_ptr_array_new_with_free_func ((GDestroyNotify) column_free);
  return self;
}

void
scope_free (Scope * scope)
{
  g_ptr_array_unref (scope->columns);
  g_free (scope->time);
  g_free (scope->tbname);
  g_free (scope->window);
  g_free (scope);
}

void
append_quoted (GString * sql, const gchar * text)
{
  g_string_append_c (sql, '\'');
  for (; *text; text++) {
    g_string_append_c (sql, *text);
    if (*text == '\'')
      g_string_append_c (sql, '\'');
  }
  g_string_append_c (sql, '\'');
}

void
scope_add_column (Scope * scope, const gchar * name, const gchar * sql,
    const TypeSpec * type, gboolean is_tag)
{
  ScopeColumn *column = g_new0 (ScopeColumn, 1);

  column->name = g_strdup (name);
  column->sql = g_strdup (sql);
  column->type = *type;
  column->is_tag = is_tag;
  g_ptr_array_add (scope->columns, column);
}

static void
add_columns (Scope * self, GPtrArray * columns, gchar letter)
{
  for (guint i = 0; i < columns->len; i++) {
    Column *column = g_ptr_array_index (columns, i);
    TypeSpec type = { column->info.type, column->info.length,
      column->info.digits, column->info.scale
    };
    g_autofree gchar *sql = g_strdup_printf ("%c.c%u", letter, column->id);

    scope_add_column (self, column->info.name, sql, &type, letter == 't');
  }
}

/* rows are `r` and tags `t`, wherever both are read */
void
scope_add_table (Scope * scope, Table * table, const gchar * alias)
{
  Column *first = g_ptr_array_index (table->columns, 0);

  scope->table = table;
  scope->alias = alias ? alias : table->name;
  scope->precision = table->db->precision;
  add_columns (scope, table->columns, 'r');
  add_columns (scope, table->tags, 't');
  if (table->kind == TABLE_SYSTEM)
    return;
  scope->time = g_strdup_printf ("r.c%u", first->id);
  if (table->kind != TABLE_NORMAL) {
    scope->tbname = g_strdup ("t.tbname");
    return;
  }
  g_autoptr (GString) name = g_string_new (NULL);
  append_quoted (name, table->name);
  scope->tbname = g_string_free (g_steal_pointer (&name), FALSE);
}

static gboolean
matches_qualifier (Scope * self, const gchar * qualifier)
{
  return !qualifier || g_strcmp0 (qualifier, self->alias) == 0
      || (self->table && g_str_equal (qualifier, self->table->name));
}

ScopeColumn *
scope_find (Scope * scope, const Expr * expr, GError ** error)
{
  if (!matches_qualifier (scope, expr->qualifier))
    return refuse (error, CODE_NO_TABLE, "Table does not exist"), NULL;
  for (guint i = 0; i < scope->columns->len; i++) {
    ScopeColumn *column = g_ptr_array_index (scope->columns, i);

    if (g_str_equal (column->name, expr->name))
      return column;
  }
  return NULL;
}

gchar *
scope_zone (Scope * scope)
{
  g_autoptr (GString) quoted = g_string_new (NULL);

  append_quoted (quoted, scope->session->zone_name);
  return g_string_free (g_steal_pointer (&quoted), FALSE);
}

gboolean
type_is_integer (const TypeSpec * type)
{
  return (type->type >= GST_TDENGINE_TYPE_TINYINT
      && type->type <= GST_TDENGINE_TYPE_BIGINT)
      || (type->type >= GST_TDENGINE_TYPE_UTINYINT
      && type->type <= GST_TDENGINE_TYPE_UBIGINT);
}

gboolean
type_is_number (const TypeSpec * type)
{
  return type_is_integer (type) || type->digits > 0
      || type->type == GST_TDENGINE_TYPE_FLOAT
      || type->type == GST_TDENGINE_TYPE_DOUBLE
      || type->type == GST_TDENGINE_TYPE_BOOL
      || type->type == GST_TDENGINE_TYPE_NULL;
}

gboolean
type_is_text (const TypeSpec * type)
{
  return type->type == GST_TDENGINE_TYPE_VARCHAR
      || type->type == GST_TDENGINE_TYPE_NCHAR
      || type->type == GST_TDENGINE_TYPE_NULL;
}
