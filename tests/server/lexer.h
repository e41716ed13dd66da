/* test server: words of SQL
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

typedef enum {
  TOKEN_END,
  TOKEN_WORD,                   /* keyword or plain name */
  TOKEN_NAME,                   /* name in back quotes */
  TOKEN_STRING,
  TOKEN_INTEGER,
  TOKEN_FLOAT,
  TOKEN_DURATION,               /* 10s, 1d */
  TOKEN_SYMBOL,
  TOKEN_BAD,
} TokenType;

typedef struct
{
  TokenType type;
  const gchar *start;           /* in the statement */
  gsize length;
} Token;

Token    lexer_next     (const gchar *from);
gboolean token_is_word  (const Token *token, const gchar *word);
gboolean token_is       (const Token *token, const gchar *symbol);
gchar *  token_get_name (const Token *token);
gchar *  token_get_string (const Token *token, gsize *size);
