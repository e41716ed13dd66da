/* test server: values from the text of statements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "literal.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "error.h"
#include "geometry.h"
#include "timetext.h"

typedef struct
{
  Session *session;
  const Literal *literal;
  const Column *column;
  GstTDenginePrecision precision;
  gchar *text;                  /* a string's bytes, a number's digits */
  gsize size;
  GError **error;
} Reader;

static gboolean
fail (Reader * self, const gchar * hint)
{
  const gchar *near = self->literal->kind == LITERAL_STRING ? self->text :
      self->literal->token.start;

  return refuse (self->error, CODE_INSERT_SYNTAX,
      "syntax error near '%.63s' (%s)", near, hint);
}

/* decimal, 0x and 0b digits that fit 64 bits */
gboolean
literal_parse_integer (const gchar * text, gsize size, guint64 * magnitude)
{
  guint base = 10;
  gchar *end;

  if (size > 2 && text[0] == '0' && g_ascii_tolower (text[1]) == 'x')
    base = 16;
  else if (size > 2 && text[0] == '0' && g_ascii_tolower (text[1]) == 'b')
    base = 2;
  if (!g_ascii_isalnum (*text))
    return FALSE;
  errno = 0;
  *magnitude = g_ascii_strtoull (base == 2 ? text + 2 : text, &end, base);
  return errno == 0 && end == text + size;
}

static gboolean
set_integer (Value * value, gint64 integer)
{
  value->kind = VALUE_INTEGER;
  value->integer = integer;
  return TRUE;
}

static gboolean
get_real (Reader * self, gdouble * real)
{
  gchar *end;

  *real = g_ascii_strtod (self->text, &end);
  if (end == self->text || *end)
    return FALSE;
  if (self->literal->negative)
    *real = -*real;
  return TRUE;
}

/* with a hint that has the type's name in it */
static gboolean
fail_as (Reader * self, const gchar * format)
{
  g_autofree gchar *name = g_ascii_strdown (gst_tdengine_type_get_name
      (self->column->info.type), -1);
  g_autofree gchar *hint = g_strdup_printf (format, name);

  return fail (self, hint);
}

static gboolean
overflow (Reader * self)
{
  return fail_as (self, "%s data overflow");
}

static gboolean
store_magnitude (Reader * self, Value * value, gboolean negative,
    guint64 magnitude)
{
  guint bits = 8 * gst_tdengine_type_get_width (self->column->info.type);
  gboolean is_unsigned = self->column->info.type >= GST_TDENGINE_TYPE_UTINYINT
      && self->column->info.type <= GST_TDENGINE_TYPE_UBIGINT;

  if (is_unsigned) {
    if ((negative && magnitude > 0) || (bits < 64 && magnitude >> bits))
      return overflow (self);
    return set_integer (value, bits == 64 ? value_flip (magnitude) :
        (gint64) magnitude);
  }
  if (magnitude > (G_GUINT64_CONSTANT (1) << (bits - 1)) - !negative)
    return overflow (self);
  return set_integer (value, negative ? (gint64) (0 - magnitude) :
      (gint64) magnitude);
}

static gboolean
read_integer (Reader * self, Value * value)
{
  gboolean negative = self->literal->negative;
  const gchar *text = self->text;
  guint64 magnitude;
  gdouble real;

  if (self->literal->kind == LITERAL_BOOL)
    return set_integer (value, self->literal->truth);
  if (*text == '-' || *text == '+')
    negative ^= *text++ == '-';
  if (literal_parse_integer (text, strlen (text), &magnitude))
    return store_magnitude (self, value, negative, magnitude);
  if (!get_real (self, &real))
    return fail_as (self, "invalid %s data");
  if (!(fabs (real) < 18446744073709551616.0))
    return overflow (self);
  return store_magnitude (self, value, real < 0, (guint64) fabs (real));
}

static gboolean
read_bool (Reader * self, Value * value)
{
  gdouble real;

  if (self->literal->kind == LITERAL_BOOL)
    return set_integer (value, self->literal->truth);
  if (g_ascii_strcasecmp (self->text, "true") == 0)
    return set_integer (value, 1);
  if (g_ascii_strcasecmp (self->text, "false") == 0)
    return set_integer (value, 0);
  return get_real (self, &real) ? set_integer (value, real != 0) :
      fail (self, "invalid bool data");
}

static gboolean
read_real (Reader * self, Value * value)
{
  gboolean is_float = self->column->info.type == GST_TDENGINE_TYPE_FLOAT;
  gdouble real = self->literal->truth;

  if (self->literal->kind != LITERAL_BOOL && !get_real (self, &real))
    return fail (self, is_float ? "illegal float data" : "illegal double data");
  if (isinf (real) || (is_float && fabs (real) > G_MAXFLOAT))
    return fail (self, is_float ? "illegal float data" : "illegal double data");
  value_set_real (value, is_float ? (gfloat) real : real);
  return TRUE;
}

static gboolean
read_time (Reader * self, Value * value)
{
  const Literal *literal = self->literal;
  gint64 time;
  guint64 magnitude;

  if (literal->kind == LITERAL_NOW)
    time = time_now (self->precision);
  else if (literal->kind == LITERAL_TODAY)
    time = time_today (self->session->zone, self->precision);
  else if (literal_parse_integer (self->text, self->size, &magnitude)
      && magnitude <= G_MAXINT64)
    time = literal->negative ? -(gint64) magnitude : (gint64) magnitude;
  else if (literal->kind != LITERAL_STRING
      || !time_parse (self->text, self->session->zone, self->precision, &time))
    return fail (self, "invalid timestamp");
  return set_integer (value, time_shift (time, literal->shift.months,
          literal->shift.ns, self->session->zone, self->precision));
}

/* '\x0102ff' is three bytes, anything else is itself */
static gboolean
read_bytes (Reader * self, Value * value)
{
  if (self->size < 2 || self->text[0] != '\\'
      || g_ascii_tolower (self->text[1]) != 'x')
    return value_set_varying (value, self->column, (guint8 *) self->text,
        self->size, self->error);

  gsize size = (self->size - 2) / 2;
  if (self->size % 2 != 0)
    return fail (self, "invalid varbinary data");
  for (gsize i = 0; i < size; i++) {
    gint high = g_ascii_xdigit_value (self->text[2 + 2 * i]);
    gint low = g_ascii_xdigit_value (self->text[3 + 2 * i]);

    if (high < 0 || low < 0)
      return fail (self, "invalid varbinary data");
    self->text[i] = high << 4 | low;
  }
  return value_set_varying (value, self->column, (guint8 *) self->text, size,
      self->error);
}

static gboolean
read_geometry (Reader * self, Value * value)
{
  g_autoptr (GByteArray) wkb = geometry_from_text (self->text);

  if (!wkb)
    return fail (self, "Invalid function para value");
  g_free (self->text);
  self->size = wkb->len;
  self->text = (gchar *) g_byte_array_free (g_steal_pointer (&wkb), FALSE);
  return value_set_varying (value, self->column, (guint8 *) self->text,
      self->size, self->error);
}

static gboolean
read_decimal (Reader * self, Value * value)
{
  g_autofree gchar *text = g_strconcat (self->literal->negative ? "-" : "",
      self->text, NULL);

  return value_parse_decimal (value, self->column, text, strlen (text),
      self->error);
}

static gboolean
read_text (Reader * self, Value * value)
{
  if (self->literal->negative) {
    gchar *text = g_strconcat ("-", self->text, NULL);

    g_free (self->text);
    self->text = text;
    self->size++;
  }
  if (self->column->info.type == GST_TDENGINE_TYPE_JSON && self->size == 0)
    return TRUE;
  return value_set_varying (value, self->column, (guint8 *) self->text,
      self->size, self->error);
}

static gboolean
read_value (Reader * self, Value * value)
{
  switch (self->column->info.type) {
    case GST_TDENGINE_TYPE_TIMESTAMP:
      return read_time (self, value);
    case GST_TDENGINE_TYPE_BOOL:
      return read_bool (self, value);
    case GST_TDENGINE_TYPE_FLOAT:
    case GST_TDENGINE_TYPE_DOUBLE:
      return read_real (self, value);
    case GST_TDENGINE_TYPE_DECIMAL:
    case GST_TDENGINE_TYPE_DECIMAL64:
      return read_decimal (self, value);
    case GST_TDENGINE_TYPE_GEOMETRY:
      return read_geometry (self, value);
    case GST_TDENGINE_TYPE_VARBINARY:
    case GST_TDENGINE_TYPE_BLOB:
      return read_bytes (self, value);
    case GST_TDENGINE_TYPE_VARCHAR:
    case GST_TDENGINE_TYPE_NCHAR:
    case GST_TDENGINE_TYPE_JSON:
      return read_text (self, value);
    default:
      return read_integer (self, value);
  }
}

/* the value keeps its bytes itself */
gboolean
literal_to_value (Session * session, const Literal * literal,
    const Column * column, GstTDenginePrecision precision, Value * value,
    GError ** error)
{
  Reader self = { session, literal, column, precision, NULL, 0, error };

  memset (value, 0, sizeof *value);
  value->kind = VALUE_NULL;
  if (literal->kind == LITERAL_NULL)
    return TRUE;
  if (literal->kind == LITERAL_PLACEHOLDER)
    return fail (&self, "? is for prepared statements");
  if (literal->kind == LITERAL_NOW
      && column->info.type != GST_TDENGINE_TYPE_TIMESTAMP)
    return fail (&self, "invalid numeric data");
  if (literal->token.type == TOKEN_STRING) {
    self.text = token_get_string (&literal->token, &self.size);
  } else {
    self.text = g_strndup (literal->token.start, literal->token.length);
    self.size = literal->token.length;
  }
  if (!read_value (&self, value)) {
    value_clear (value);
    g_free (self.text);
    return FALSE;
  }
  if (value->data && !value->owned)
    value->owned = self.text;
  else
    g_free (self.text);
  return TRUE;
}
