/* test server: statements as trees
 *
 * A tree and all that it points to lives in an arena, which goes as a whole.
 * It also points into the statement's text, which must outlive it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdenginetypes.h>

#include "lexer.h"

typedef struct _Arena Arena;
typedef struct _Expr Expr;
typedef struct _Select Select;

Arena *     arena_new       (void);
void        arena_free      (Arena *arena);
gpointer    arena_alloc     (Arena *arena, gsize size);
gchar *     arena_take      (Arena *arena, gchar *string);
GPtrArray * arena_pointers  (Arena *arena);
GArray *    arena_array     (Arena *arena, gsize element_size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Arena, arena_free)

typedef struct
{
  const gchar *db;              /* NULL: the current one */
  const gchar *name;            /* NULL: bound by `?` */
} TableName;

/* months and years have no fixed length */
typedef struct
{
  gint64 months;
  gint64 ns;
} Duration;

typedef struct
{
  GstTDengineType type;
  guint length;
  guint digits;
  guint scale;
} TypeSpec;

static inline TypeSpec
type_simple (GstTDengineType type)
{
  TypeSpec spec = { type, 0, 0, 0 };

  return spec;
}

static inline TypeSpec
type_varying (GstTDengineType type, guint length)
{
  TypeSpec spec = { type, length, 0, 0 };

  return spec;
}

typedef enum {
  EXPR_NULL,
  EXPR_BOOL,
  EXPR_INTEGER,
  EXPR_FLOAT,
  EXPR_STRING,
  EXPR_TIMESTAMP,               /* timestamp '...', or a bound time */
  EXPR_DURATION,
  EXPR_PLACEHOLDER,
  EXPR_COLUMN,
  EXPR_STAR,
  EXPR_CALL,
  EXPR_CAST,
  EXPR_UNARY,                   /* -, not */
  EXPR_BINARY,
  EXPR_IS_NULL,
  EXPR_IN,                      /* args[0] in the rest */
  EXPR_BETWEEN,
  EXPR_CASE,                    /* [operand] (when, then)* [else] */
} ExprKind;

struct _Expr
{
  ExprKind kind;
  const gchar *start;           /* the text that it was made from */
  gsize length;
  const gchar *qualifier;       /* of a column or a star */
  const gchar *name;            /* of a column or function; an operator */
  const gchar *text;            /* a string's bytes, a number's digits */
  gsize size;
  gint64 value;                 /* bound time, truth, number of a `?` */
  Duration duration;
  TypeSpec type;                /* of a cast */
  gboolean negated;             /* not in, not between, is not null */
  gboolean distinct;
  gboolean has_operand;         /* of a case */
  gboolean has_else;
  GPtrArray *args;              /* of Expr, NULL for none */
};

typedef struct
{
  Expr *expr;
  const gchar *alias;
} SelectItem;

typedef struct
{
  Expr *expr;
  gboolean descending;
  gint nulls;                   /* -1 first, 1 last, 0 not said */
} OrderItem;

typedef struct
{
  TableName table;
  Select *select;               /* instead of a table */
  const gchar *alias;
} Source;

struct _Select
{
  gboolean distinct;
  gboolean tags_only;           /* select tags */
  GPtrArray *items;             /* of SelectItem */
  Source *source;               /* NULL without from */
  Expr *where;
  GPtrArray *partition;         /* of SelectItem, NULL for none */
  GPtrArray *group;             /* of Expr, NULL for none */
  gboolean has_interval;
  Duration interval;
  Duration interval_offset;
  Expr *having;
  GPtrArray *order;             /* of OrderItem, NULL for none */
  gint64 limit;                 /* -1 for none */
  gint64 offset;
};

typedef enum {
  LITERAL_NULL,
  LITERAL_BOOL,
  LITERAL_NUMBER,
  LITERAL_STRING,
  LITERAL_NOW,
  LITERAL_TODAY,
  LITERAL_PLACEHOLDER,
} LiteralKind;

/* a value of an insert, whose meaning its column decides */
typedef struct
{
  LiteralKind kind;
  Token token;                  /* without a sign */
  const gchar *start;           /* with it */
  gboolean negative;
  gboolean truth;
  Duration shift;               /* now + 1d */
} Literal;

typedef struct
{
  TableName table;
  gboolean has_using;
  TableName using;
  GPtrArray *tag_names;         /* of char, NULL: all */
  GArray *tags;                 /* of Literal */
  GPtrArray *columns;           /* of char, NULL: all */
  GArray *values;               /* of Literal, row by row */
  GArray *row_ends;             /* of guint: values up to the row's end */
} InsertClause;

typedef struct
{
  const gchar *name;
  TypeSpec type;
  gboolean is_key;              /* second part of a composite key */
} ColumnSpec;

typedef struct
{
  TableName table;
  TableName using;
  GPtrArray *tag_names;         /* of char, NULL: all */
  GArray *tags;                 /* of Literal */
  gboolean if_not_exists;
} SubTableSpec;

typedef struct
{
  TableName table;
  gboolean if_exists;
} DropSpec;

typedef enum {
  STATEMENT_USE,
  STATEMENT_CREATE_DATABASE,
  STATEMENT_DROP_DATABASE,
  STATEMENT_ALTER_DATABASE,
  STATEMENT_CREATE_TABLE,
  STATEMENT_CREATE_SUB_TABLES,
  STATEMENT_DROP_TABLES,
  STATEMENT_ALTER_TABLE,
  STATEMENT_CREATE_TOPIC,
  STATEMENT_DROP_TOPIC,
  STATEMENT_INSERT,
  STATEMENT_DELETE,
  STATEMENT_SELECT,
  STATEMENT_DESCRIBE,
  STATEMENT_SHOW,
  STATEMENT_SHOW_CREATE,
  STATEMENT_NOTHING,            /* flush, reset query cache */
} StatementKind;

typedef enum {
  ALTER_ADD,
  ALTER_DROP,
  ALTER_MODIFY,
  ALTER_RENAME,
  ALTER_SET_TAG,
} AlterKind;

typedef enum {
  TOPIC_OF_QUERY,
  TOPIC_OF_SUPER_TABLE,
  TOPIC_OF_DATABASE,
} TopicKind;

typedef struct
{
  StatementKind kind;
  const gchar *sql;
  TableName table;              /* or a database's, in `db` */
  const gchar *topic;
  TopicKind topic_kind;
  gboolean with_meta;
  const gchar *topic_sql;       /* the query, or a super table's condition */
  gboolean if_exists;           /* or if not exists */
  gboolean is_super;            /* create stable, drop stable */
  gboolean has_precision;
  GstTDenginePrecision precision;
  guint vgroups;
  guint keep_days;
  GArray *columns;              /* of ColumnSpec */
  GArray *tags;                 /* of ColumnSpec, NULL for none */
  GArray *sub_tables;           /* of SubTableSpec */
  GArray *drops;                /* of DropSpec */
  AlterKind alter;
  gboolean alters_tag;
  ColumnSpec column;
  const gchar *new_name;
  Literal literal;
  GPtrArray *clauses;           /* of InsertClause */
  Expr *where;                  /* of delete */
  Select *select;
  const gchar *what;            /* show ... */
  const gchar *like;
  guint n_placeholders;
  GPtrArray *placeholders;      /* of Expr, but not those of an insert */
} Statement;
