/* tdengine json: reading and writing JSON
 *
 * JSON is taken as RFC 8259 has it, to the letter. A parser library would take
 * more than that (comments, a name before the value), round what numbers have
 * beyond 63 bits or a double, and build a tree a row.
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

static gchar
peek (GstTDengineJsonReader * reader)
{
  return reader->at < reader->end ? *reader->at : 0;
}

static void
take (GstTDengineJsonReader * reader)
{
  if (reader->out)
    g_string_append_c (reader->out, *reader->at);
  reader->at++;
}

static gboolean
take_if (GstTDengineJsonReader * reader, gchar c)
{
  if (peek (reader) != c)
    return FALSE;
  take (reader);
  return TRUE;
}

static void
skip_space (GstTDengineJsonReader * reader)
{
  while (peek (reader) == ' ' || peek (reader) == '\t'
      || peek (reader) == '\n' || peek (reader) == '\r')
    reader->at++;
}

static gboolean
take_word (GstTDengineJsonReader * reader, const gchar * word)
{
  for (; *word; word++) {
    if (!take_if (reader, *word))
      return FALSE;
  }
  return TRUE;
}

static gboolean
take_digits (GstTDengineJsonReader * reader)
{
  if (!g_ascii_isdigit (peek (reader)))
    return FALSE;
  while (g_ascii_isdigit (peek (reader)))
    take (reader);
  return TRUE;
}

static gboolean
take_number (GstTDengineJsonReader * reader)
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
take_escape (GstTDengineJsonReader * reader)
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
take_string (GstTDengineJsonReader * reader)
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

static gboolean take_value (GstTDengineJsonReader * reader, guint depth);

static gboolean
take_member (GstTDengineJsonReader * reader, guint depth)
{
  skip_space (reader);
  if (!take_string (reader))
    return FALSE;
  skip_space (reader);
  return take_if (reader, ':') && take_value (reader, depth);
}

static gboolean
take_list (GstTDengineJsonReader * reader, guint depth, gchar close,
    gboolean (*take_one) (GstTDengineJsonReader *, guint))
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
take_bare_value (GstTDengineJsonReader * reader, guint depth)
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
take_value (GstTDengineJsonReader * reader, guint depth)
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
  GstTDengineJsonReader reader = { text, text + size, out };
  gsize start = out->len;

  if (g_utf8_validate_len (text, size, NULL) && take_value (&reader, 0)
      && reader.at == reader.end)
    return TRUE;
  g_string_truncate (out, start);
  return FALSE;
}

/* FALSE where the text is no object in UTF-8 */
gboolean
gst_tdengine_json_begin_object (GstTDengineJsonReader * reader)
{
  if (!g_utf8_validate_len (reader->at, reader->end - reader->at, NULL))
    return FALSE;
  skip_space (reader);
  return peek (reader) == '{';
}

static GstTDengineJsonStep
end_object (GstTDengineJsonReader * reader)
{
  take (reader);
  skip_space (reader);
  return reader->at == reader->end ? GST_TDENGINE_JSON_END :
      GST_TDENGINE_JSON_ERROR;
}

/* The name comes without its quotes, a string as a value with them. Behind the
 * end there may be nothing. */
GstTDengineJsonStep
gst_tdengine_json_next_member (GstTDengineJsonReader * reader,
    GstTDengineJsonPart * name, GstTDengineJsonPart * value)
{
  gboolean is_first = peek (reader) == '{';

  if (!is_first && peek (reader) == '}')
    return end_object (reader);
  if (!is_first && peek (reader) != ',')
    return GST_TDENGINE_JSON_ERROR;
  take (reader);
  skip_space (reader);
  if (is_first && peek (reader) == '}')
    return end_object (reader);

  name->text = reader->at + 1;
  if (!take_string (reader))
    return GST_TDENGINE_JSON_ERROR;
  name->size = reader->at - 1 - name->text;
  skip_space (reader);
  if (!take_if (reader, ':'))
    return GST_TDENGINE_JSON_ERROR;
  skip_space (reader);
  value->text = reader->at;
  if (!take_bare_value (reader, 1))
    return GST_TDENGINE_JSON_ERROR;
  value->size = reader->at - value->text;
  skip_space (reader);
  return GST_TDENGINE_JSON_MEMBER;
}

static guint
read_hex (const gchar * text)
{
  guint value = 0;

  for (guint i = 0; i < 4; i++)
    value = value << 4 | g_ascii_xdigit_value (text[i]);
  return value;
}

/* behind `\u`; 0xD800 and above, below 0xE000: half of a pair, alone */
static gunichar
read_unicode (const gchar ** at, const gchar * end)
{
  gunichar c = read_hex (*at);
  gunichar low;

  *at += 4;
  if (c < 0xd800 || c >= 0xdc00 || end - *at < 6 || (*at)[0] != '\\'
      || (*at)[1] != 'u')
    return c;
  low = read_hex (*at + 2);
  if (low < 0xdc00 || low >= 0xe000)
    return c;
  *at += 6;
  return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

/* Reads what a string holds that was taken, without its quotes. Where it has
 * escapes, out gets the text, which is not longer, and the part is that.
 * Returns FALSE for half a surrogate pair, which is no character. */
gboolean
gst_tdengine_json_unescape (GstTDengineJsonPart * part, gchar * out)
{
  static const gchar named[] = {
    ['b'] = '\b',['t'] = '\t',['n'] = '\n',['f'] = '\f',['r'] = '\r',
    ['"'] = '"',['\\'] = '\\',['/'] = '/',
  };
  const gchar *at = part->text, *end = at + part->size;
  const gchar *next = memchr (at, '\\', part->size);
  gchar *to = out;

  if (!next)
    return TRUE;
  for (; next; next = memchr (at, '\\', end - at)) {
    memcpy (to, at, next - at);
    to += next - at;
    at = next + 2;
    if (next[1] != 'u') {
      *to++ = named[(guint8) next[1]];
      continue;
    }
    gunichar c = read_unicode (&at, end);
    if (c >= 0xd800 && c < 0xe000)
      return FALSE;
    to += g_unichar_to_utf8 (c, to);
  }
  memcpy (to, at, end - at);
  part->text = out;
  part->size = to - out + (end - at);
  return TRUE;
}

/* names */

/* The names of a schema are unique: given is every column's name, and every
 * name that was made up before. */
static gchar *
make_name (GHashTable * taken, const gchar * name)
{
  g_autofree gchar *other = NULL;

  for (guint i = 1; !other || g_hash_table_contains (taken, other); i++) {
    g_free (other);
    other = g_strdup_printf ("%s_%u", name, i);
  }
  return g_steal_pointer (&other);
}

/* what each column is called in an object: columns may share a name, members
 * had better not */
GPtrArray *
gst_tdengine_json_make_names (GstTDengineSchema * schema)
{
  guint n_columns = gst_tdengine_schema_get_n_columns (schema);
  GPtrArray *names = g_ptr_array_new_with_free_func (g_free);
  g_autoptr (GHashTable) taken = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < n_columns; i++)
    g_hash_table_add (taken, gst_tdengine_schema_get_column (schema, i)->name);
  for (guint i = 0; i < n_columns; i++) {
    const gchar *name = gst_tdengine_schema_get_column (schema, i)->name;
    gchar *unique = gst_tdengine_schema_find (schema, name) == (gint) i ?
        g_strdup (name) : make_name (taken, name);

    g_hash_table_add (taken, unique);
    g_ptr_array_add (names, unique);
  }
  return names;
}
