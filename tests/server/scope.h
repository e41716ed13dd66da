/* test server: what names mean in a select
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "session.h"

typedef struct
{
  gchar *name;
  gchar *sql;                   /* what stands for it in SQLite's SQL */
  TypeSpec type;
  gboolean is_tag;
} ScopeColumn;

typedef struct
{
  Session *session;
  const Select *select;
  Table *table;                 /* NULL for a sub select, or without from */
  const gchar *alias;
  GPtrArray *columns;           /* of ScopeColumn */
  GstTDenginePrecision precision;
  gchar *time;                  /* SQL of the leading time, NULL for none */
  gchar *tbname;                /* SQL of the table's name, NULL for none */
  gchar *window;                /* SQL of a window's start, NULL for none */
  gboolean uses_rows;           /* more than tags */
  guint n_aggregates;
  gboolean in_aggregate;
  guint n_bare;                 /* columns outside of aggregates */
  guint depth;
} Scope;

Scope *       scope_new        (Session *session, const Select *select);
void          scope_free       (Scope *scope);
void          scope_add_table  (Scope *scope, Table *table,
                                const gchar *alias);
void          scope_add_column (Scope *scope, const gchar *name,
                                const gchar *sql, const TypeSpec *type,
                                gboolean is_tag);
ScopeColumn * scope_find       (Scope *scope, const Expr *expr,
                                GError **error);
gchar *       scope_zone       (Scope *scope);
void          append_quoted    (GString *sql, const gchar *text);

/* expressions: SQL appended to `out` and the type of what comes of it */
gboolean      expr_translate   (Scope *scope, const Expr *expr, GString *out,
                                TypeSpec *type, GError **error);
gboolean      expr_call        (Scope *scope, const Expr *expr, GString *out,
                                TypeSpec *type, GError **error);
void          expr_append_number (GString *out, const gchar *sql,
                                const TypeSpec *type);
gboolean      type_is_number   (const TypeSpec *type);
gboolean      type_is_integer  (const TypeSpec *type);
gboolean      type_is_text     (const TypeSpec *type);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Scope, scope_free)
