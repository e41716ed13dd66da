/* test server: SQL to trees, by recursive descent
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "ast.h"

typedef struct
{
  const gchar *sql;
  Arena *arena;
  Token token;                  /* the one to look at */
  const gchar *last_end;        /* where the one before ended */
  guint depth;
  guint n_placeholders;
  GPtrArray *placeholders;      /* of Expr */
  GError **error;
} Parser;

Statement * parse_statement  (Arena *arena, const gchar *sql, GError **error);
Expr *      parse_expression (Arena *arena, const gchar *sql, GError **error);

/* the pieces that the parser's files share */
void          parser_advance          (Parser *self);
gboolean      parser_fail             (Parser *self);
gboolean      parser_unsupported      (Parser *self, const gchar *what);
gboolean      parser_peek_word        (Parser *self, const gchar *word);
gboolean      parser_accept_word      (Parser *self, const gchar *word);
gboolean      parser_accept           (Parser *self, const gchar *symbol);
gboolean      parser_expect_word      (Parser *self, const gchar *word);
gboolean      parser_expect           (Parser *self, const gchar *symbol);
const gchar * parser_name             (Parser *self);
gboolean      parser_table_name       (Parser *self, TableName *name);
gboolean      parser_duration         (Parser *self, Duration *duration);
gboolean      parser_type             (Parser *self, TypeSpec *type);
gboolean      parser_unsigned         (Parser *self, gint64 *value);
gboolean      parser_names            (Parser *self, GPtrArray **names);
gboolean      parser_literals         (Parser *self, GArray *literals);
Expr *        parser_expr             (Parser *self);
Select *      parser_select           (Parser *self);
gboolean      parser_insert           (Parser *self, Statement *statement);
