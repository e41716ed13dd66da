/* test server: words of SQL
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "lexer.h"

#include <string.h>

static const gchar *const symbols[] = {
  "->", "<=", ">=", "<>", "!=", "<<", ">>", "||", "&&",
  "(", ")", ",", ".", ";", "*", "+", "-", "/", "%", "=", "<", ">", "?", "&",
  "|", "~", "!", "{", "}", "[", "]", ":", "@",
};

static Token
make_token (TokenType type, const gchar * start, gsize length)
{
  Token token = { type, start, length };

  return token;
}

static gboolean
is_word_start (gchar c)
{
  return g_ascii_isalpha (c) || c == '_' || (guchar) c >= 0x80;
}

static gboolean
is_word (gchar c)
{
  return is_word_start (c) || g_ascii_isdigit (c) || c == '$';
}

static const gchar *
skip_space (const gchar * p)
{
  while (TRUE) {
    if (g_ascii_isspace (*p)) {
      p++;
    } else if (p[0] == '-' && p[1] == '-') {
      p += strcspn (p, "\n");
    } else if (p[0] == '/' && p[1] == '*') {
      const gchar *end = strstr (p + 2, "*/");
      p = end ? end + 2 : p + strlen (p);
    } else {
      return p;
    }
  }
}

/* the end of a quoted piece, NULL where it has none */
static const gchar *
skip_quoted (const gchar * p)
{
  gchar quote = *p++;

  for (; *p; p++) {
    if (*p == '\\' && quote != '`' && p[1]) {
      p++;
    } else if (*p == quote) {
      if (p[1] != quote)
        return p + 1;
      p++;
    }
  }
  return NULL;
}

static const gchar *
skip_digits (const gchar * p)
{
  while (g_ascii_isdigit (*p))
    p++;
  return p;
}

static const gchar *
skip_based (const gchar * p)
{
  p += 2;
  while (g_ascii_isxdigit (*p))
    p++;
  return p;
}

static Token
take_number (const gchar * start)
{
  const gchar *p = start;
  TokenType type = TOKEN_INTEGER;

  if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X') && g_ascii_isxdigit (p[2])) {
    p = skip_based (p);
    return make_token (type, start, p - start);
  }
  if (p[0] == '0' && (p[1] == 'b' || p[1] == 'B') && (p[2] == '0'
          || p[2] == '1')) {
    p = skip_digits (p + 2);
    return make_token (type, start, p - start);
  }
  p = skip_digits (p);
  if (*p == '.') {
    type = TOKEN_FLOAT;
    p = skip_digits (p + 1);
  }
  if (*p == 'e' || *p == 'E') {
    const gchar *exponent = p + 1;

    if (*exponent == '+' || *exponent == '-')
      exponent++;
    if (g_ascii_isdigit (*exponent)) {
      type = TOKEN_FLOAT;
      p = skip_digits (exponent);
    }
  }
  if (type == TOKEN_INTEGER && *p && strchr ("bunasmhdwyBUNASMHDWY", *p)
      && !is_word (p[1]))
    return make_token (TOKEN_DURATION, start, p + 1 - start);
  /* a name may begin with a digit, as in p1.2d */
  if (type == TOKEN_INTEGER && is_word (*p)) {
    while (is_word (*p))
      p++;
    return make_token (TOKEN_WORD, start, p - start);
  }
  return make_token (type, start, p - start);
}

Token
lexer_next (const gchar * from)
{
  const gchar *p = skip_space (from);
  const gchar *start = p;

  if (!*p)
    return make_token (TOKEN_END, p, 0);
  if (*p == '\'' || *p == '"' || *p == '`') {
    const gchar *end = skip_quoted (p);
    TokenType type = *p == '`' ? TOKEN_NAME : TOKEN_STRING;

    if (!end)
      return make_token (TOKEN_BAD, p, strlen (p));
    return make_token (type, p, end - p);
  }
  if (g_ascii_isdigit (*p) || (*p == '.' && g_ascii_isdigit (p[1])))
    return take_number (p);
  if (is_word_start (*p)) {
    while (is_word (*p))
      p++;
    return make_token (TOKEN_WORD, start, p - start);
  }
  for (guint i = 0; i < G_N_ELEMENTS (symbols); i++) {
    gsize length = strlen (symbols[i]);

    if (strncmp (p, symbols[i], length) == 0)
      return make_token (TOKEN_SYMBOL, p, length);
  }
  return make_token (TOKEN_BAD, p, 1);
}

gboolean
token_is_word (const Token * token, const gchar * word)
{
  return token->type == TOKEN_WORD && strlen (word) == token->length
      && g_ascii_strncasecmp (token->start, word, token->length) == 0;
}

gboolean
token_is (const Token * token, const gchar * symbol)
{
  return token->type == TOKEN_SYMBOL && strlen (symbol) == token->length
      && strncmp (token->start, symbol, token->length) == 0;
}

/* what a name means: plain ones are folded, those in back quotes are not */
gchar *
token_get_name (const Token * token)
{
  if (token->type != TOKEN_NAME)
    return g_ascii_strdown (token->start, token->length);

  GString *name = g_string_new (NULL);
  for (gsize i = 1; i + 1 < token->length; i++) {
    g_string_append_c (name, token->start[i]);
    if (token->start[i] == '`')
      i++;
  }
  return g_string_free (name, FALSE);
}

static gchar
unescape (gchar c)
{
  switch (c) {
    case 'n':
      return '\n';
    case 'r':
      return '\r';
    case 't':
      return '\t';
    default:
      return c;
  }
}

/* the bytes of a string; `\x` stays, as it begins hexadecimal digits, and so
 * do `\%` and `\_`, which patterns know */
gchar *
token_get_string (const Token * token, gsize * size)
{
  GString *string = g_string_sized_new (token->length);
  gchar quote = token->start[0];

  for (gsize i = 1; i + 1 < token->length; i++) {
    gchar c = token->start[i];

    if (c == quote) {
      i++;
    } else if (c == '\\' && i + 2 < token->length) {
      gchar next = token->start[i + 1];

      if (!strchr ("xX%_", next)) {
        c = unescape (next);
        i++;
      }
    }
    g_string_append_c (string, c);
  }
  if (size)
    *size = string->len;
  return g_string_free (string, FALSE);
}
