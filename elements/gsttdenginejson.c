/* tdengine json: writing JSON
 *
 * Values that are JSON already are checked against RFC 8259 to the letter. A
 * parser library would take more than that for JSON (comments, a name before
 * the value), and build a tree a row.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdenginejson.h"

#define MAX_DEPTH 64
#define REPLACEMENT "\357\277\275"      /* U+FFFD */

static void
append_escaped (GString * out, gchar c)
{
  static const gchar hex[] = "0123456789abcdef";
  static const gchar short_names[] = {
    ['\b'] = 'b',['\t'] = 't',['\n'] = 'n',['\f'] = 'f',['\r'] = 'r',
    ['"'] = '"',['\\'] = '\\',
  };

  g_string_append_c (out, '\\');
  if (short_names[(guint8) c]) {
    g_string_append_c (out, short_names[(guint8) c]);
    return;
  }
  g_string_append_len (out, "u00", 3);
  g_string_append_c (out, hex[c >> 4]);
  g_string_append_c (out, hex[c & 15]);
}

static gboolean
needs_escape (gchar c)
{
  return (guint8) c < 0x20 || c == '"' || c == '\\';
}

static void
append_valid (GString * out, const gchar * text, const gchar * end)
{
  const gchar *run = text;

  for (; text < end; text++) {
    if (!needs_escape (*text))
      continue;
    g_string_append_len (out, run, text - run);
    append_escaped (out, *text);
    run = text + 1;
  }
  g_string_append_len (out, run, end - run);
}

/* Appends text in quotes, U+FFFD for each byte that is not UTF-8. Returns
 * FALSE where there were such. */
gboolean
gst_tdengine_json_append_string (GString * out, const gchar * text, gsize size)
{
  const gchar *end = text + size, *valid_end;
  gboolean all_valid = TRUE;

  g_string_append_c (out, '"');
  while (!g_utf8_validate_len (text, end - text, &valid_end)) {
    append_valid (out, text, valid_end);
    if (*valid_end == 0) {      /* which is UTF-8 but ends GLib's strings */
      append_escaped (out, 0);
    } else {
      g_string_append (out, REPLACEMENT);
      all_valid = FALSE;
    }
    text = valid_end + 1;
  }
  append_valid (out, text, end);
  g_string_append_c (out, '"');
  return all_valid;
}

typedef struct
{
  const gchar *at;
  const gchar *end;
  GString *out;
} Reader;

static gchar
peek (Reader * reader)
{
  return reader->at < reader->end ? *reader->at : 0;
}

static void
take (Reader * reader)
{
  g_string_append_c (reader->out, *reader->at++);
}

static gboolean
take_if (Reader * reader, gchar c)
{
  if (peek (reader) != c)
    return FALSE;
  take (reader);
  return TRUE;
}

static void
skip_space (Reader * reader)
{
  while (peek (reader) == ' ' || peek (reader) == '\t'
      || peek (reader) == '\n' || peek (reader) == '\r')
    reader->at++;
}

static gboolean
take_word (Reader * reader, const gchar * word)
{
  for (; *word; word++) {
    if (!take_if (reader, *word))
      return FALSE;
  }
  return TRUE;
}

static gboolean
take_digits (Reader * reader)
{
  if (!g_ascii_isdigit (peek (reader)))
    return FALSE;
  while (g_ascii_isdigit (peek (reader)))
    take (reader);
  return TRUE;
}

static gboolean
take_number (Reader * reader)
{
  take_if (reader, '-');
  if (!take_if (reader, '0') && !take_digits (reader))
    return FALSE;
  if (take_if (reader, '.') && !take_digits (reader))
    return FALSE;
  if (take_if (reader, 'e') || take_if (reader, 'E')) {
    if (!take_if (reader, '+'))
      take_if (reader, '-');
    return take_digits (reader);
  }
  return TRUE;
}

static gboolean
take_escape (Reader * reader)
{
  gchar c = peek (reader);

  if (c == 0 || !strchr ("\"\\/bfnrtu", c))
    return FALSE;
  take (reader);
  if (c != 'u')
    return TRUE;
  for (guint i = 0; i < 4; i++) {
    if (!g_ascii_isxdigit (peek (reader)))
      return FALSE;
    take (reader);
  }
  return TRUE;
}

static gboolean
take_string (Reader * reader)
{
  if (!take_if (reader, '"'))
    return FALSE;
  while (!take_if (reader, '"')) {
    if ((guint8) peek (reader) < 0x20)  /* the end is 0 */
      return FALSE;
    if (take_if (reader, '\\')) {
      if (!take_escape (reader))
        return FALSE;
    } else {
      take (reader);
    }
  }
  return TRUE;
}

static gboolean take_value (Reader * reader, guint depth);

static gboolean
take_member (Reader * reader, guint depth)
{
  skip_space (reader);
  if (!take_string (reader))
    return FALSE;
  skip_space (reader);
  return take_if (reader, ':') && take_value (reader, depth);
}

static gboolean
take_list (Reader * reader, guint depth, gchar close,
    gboolean (*take_one) (Reader *, guint))
{
  take (reader);
  skip_space (reader);
  if (take_if (reader, close))
    return TRUE;
  do {
    if (!take_one (reader, depth))
      return FALSE;
  } while (take_if (reader, ','));
  return take_if (reader, close);
}

static gboolean
take_bare_value (Reader * reader, guint depth)
{
  switch (peek (reader)) {
    case '{':
      return depth < MAX_DEPTH && take_list (reader, depth + 1, '}',
          take_member);
    case '[':
      return depth < MAX_DEPTH && take_list (reader, depth + 1, ']',
          take_value);
    case '"':
      return take_string (reader);
    case 't':
      return take_word (reader, "true");
    case 'f':
      return take_word (reader, "false");
    case 'n':
      return take_word (reader, "null");
    default:
      return take_number (reader);
  }
}

static gboolean
take_value (Reader * reader, guint depth)
{
  skip_space (reader);
  if (!take_bare_value (reader, depth))
    return FALSE;
  skip_space (reader);
  return TRUE;
}

/* Appends a JSON text without the space between its tokens, so that it stays
 * on one line. Returns FALSE, and appends nothing, where it is not valid or
 * nested more than 64 deep. */
gboolean
gst_tdengine_json_append_json (GString * out, const gchar * text, gsize size)
{
  Reader reader = { text, text + size, out };
  gsize start = out->len;

  if (g_utf8_validate_len (text, size, NULL) && take_value (&reader, 0)
      && reader.at == reader.end)
    return TRUE;
  g_string_truncate (out, start);
  return FALSE;
}
