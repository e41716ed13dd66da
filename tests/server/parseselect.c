/* test server: SQL to trees: select
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "parser.h"

static gboolean
is_clause (Parser * self)
{
  static const gchar *const words[] = {
    "from", "where", "partition", "group", "order", "limit", "slimit",
    "interval", "having", "union", "session", "state_window", "event_window",
    "count_window", "fill", "sliding", "offset", "soffset", "join", "inner",
    "left", "right", "full", "on", "range", "every", "nulls", "asc", "desc",
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (parser_peek_word (self, words[i]))
      return TRUE;
  return FALSE;
}

static gboolean
parse_alias (Parser * self, const gchar ** alias)
{
  if (parser_accept_word (self, "as"))
    return (*alias = parser_name (self)) != NULL;
  if (self->token.type == TOKEN_NAME
      || (self->token.type == TOKEN_WORD && !is_clause (self)))
    return (*alias = parser_name (self)) != NULL;
  return TRUE;
}

static SelectItem *
parse_item (Parser * self)
{
  SelectItem *item = arena_alloc (self->arena, sizeof *item);

  if (token_is (&self->token, "*")) {
    item->expr = arena_alloc (self->arena, sizeof (Expr));
    item->expr->kind = EXPR_STAR;
    item->expr->start = self->token.start;
    item->expr->length = 1;
    parser_advance (self);
    return item;
  }
  item->expr = parser_expr (self);
  if (!item->expr || !parse_alias (self, &item->alias))
    return NULL;
  return item;
}

static GPtrArray *
parse_items (Parser * self)
{
  GPtrArray *items = arena_pointers (self->arena);

  do {
    SelectItem *item = parse_item (self);
    if (!item)
      return NULL;
    g_ptr_array_add (items, item);
  } while (parser_accept (self, ","));
  return items;
}

static Source *
parse_source (Parser * self)
{
  Source *source = arena_alloc (self->arena, sizeof *source);

  if (parser_accept (self, "(")) {
    source->select = parser_select (self);
    if (!source->select || !parser_expect (self, ")"))
      return NULL;
  } else if (!parser_table_name (self, &source->table)) {
    return NULL;
  }
  if (!parse_alias (self, &source->alias))
    return NULL;
  if (token_is (&self->token, ",") || parser_peek_word (self, "join")
      || parser_peek_word (self, "inner") || parser_peek_word (self, "left")
      || parser_peek_word (self, "right") || parser_peek_word (self, "full"))
    return parser_unsupported (self, "A join"), NULL;
  return source;
}

static gboolean
parse_interval (Parser * self, Select * select)
{
  select->has_interval = TRUE;
  if (!parser_expect (self, "(") || !parser_duration (self, &select->interval))
    return FALSE;
  if (parser_accept (self, ",")
      && !parser_duration (self, &select->interval_offset))
    return FALSE;
  if (!parser_expect (self, ")"))
    return FALSE;
  if (parser_peek_word (self, "sliding") || parser_peek_word (self, "fill"))
    return parser_unsupported (self, "sliding and fill");
  return TRUE;
}

static gboolean
refuse_other_windows (Parser * self)
{
  static const gchar *const words[] = {
    "session", "state_window", "event_window", "count_window", "range",
    "every", "slimit", "soffset", "union",
  };

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if (parser_peek_word (self, words[i]))
      return parser_unsupported (self, words[i]);
  return TRUE;
}

static GPtrArray *
parse_group (Parser * self)
{
  GPtrArray *group = arena_pointers (self->arena);

  do {
    Expr *expr = parser_expr (self);
    if (!expr)
      return NULL;
    g_ptr_array_add (group, expr);
  } while (parser_accept (self, ","));
  return group;
}

static gboolean
parse_nulls (Parser * self, OrderItem * item)
{
  if (!parser_accept_word (self, "nulls"))
    return TRUE;
  if (parser_accept_word (self, "first"))
    item->nulls = -1;
  else if (parser_accept_word (self, "last"))
    item->nulls = 1;
  else
    return parser_fail (self);
  return TRUE;
}

static GPtrArray *
parse_order (Parser * self)
{
  GPtrArray *order = arena_pointers (self->arena);

  do {
    OrderItem *item = arena_alloc (self->arena, sizeof *item);

    if (!(item->expr = parser_expr (self)))
      return NULL;
    item->descending = parser_accept_word (self, "desc");
    if (!item->descending)
      parser_accept_word (self, "asc");
    if (!parse_nulls (self, item))
      return NULL;
    g_ptr_array_add (order, item);
  } while (parser_accept (self, ","));
  return order;
}

/* limit n, limit n offset m, limit m, n */
static gboolean
parse_limit (Parser * self, Select * select)
{
  if (!parser_unsigned (self, &select->limit))
    return FALSE;
  if (parser_accept_word (self, "offset"))
    return parser_unsigned (self, &select->offset);
  if (parser_accept (self, ",")) {
    select->offset = select->limit;
    return parser_unsigned (self, &select->limit);
  }
  return TRUE;
}

static gboolean
parse_tail (Parser * self, Select * select)
{
  if (parser_accept_word (self, "where")
      && !(select->where = parser_expr (self)))
    return FALSE;
  if (parser_accept_word (self, "partition")
      && (!parser_expect_word (self, "by")
          || !(select->partition = parse_items (self))))
    return FALSE;
  if (!refuse_other_windows (self))
    return FALSE;
  if (parser_accept_word (self, "interval") && !parse_interval (self, select))
    return FALSE;
  if (parser_accept_word (self, "group")
      && (!parser_expect_word (self, "by")
          || !(select->group = parse_group (self))))
    return FALSE;
  if (parser_accept_word (self, "having")
      && !(select->having = parser_expr (self)))
    return FALSE;
  if (parser_accept_word (self, "order")
      && (!parser_expect_word (self, "by")
          || !(select->order = parse_order (self))))
    return FALSE;
  if (!refuse_other_windows (self))
    return FALSE;
  return !parser_accept_word (self, "limit") || parse_limit (self, select);
}

Select *
parser_select (Parser * self)
{
  Select *select = arena_alloc (self->arena, sizeof *select);

  select->limit = -1;
  if (++self->depth > 50)
    return parser_unsupported (self, "A select this deep"), NULL;
  if (!parser_expect_word (self, "select"))
    return NULL;
  select->distinct = parser_accept_word (self, "distinct");
  if (parser_peek_word (self, "tags")) {
    parser_advance (self);
    select->tags_only = TRUE;
  }
  if (!(select->items = parse_items (self)))
    return NULL;
  if (parser_accept_word (self, "from")
      && !(select->source = parse_source (self)))
    return NULL;
  if (!parse_tail (self, select))
    return NULL;
  self->depth--;
  return select;
}
