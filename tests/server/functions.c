/* test server: functions that SQLite lacks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "functions.h"

#include <gst/gst.h>
#include <string.h>

#include "json.h"
#include "timetext.h"
#include "value.h"

static const gchar *
get_text (sqlite3_value * value)
{
  return (const gchar *) sqlite3_value_text (value);
}

static gboolean
is_null (sqlite3_value * value)
{
  return sqlite3_value_type (value) == SQLITE_NULL;
}

/* the zone of argument `index`, looked up once a statement */
static GTimeZone *
get_zone (sqlite3_context * context, sqlite3_value ** args, gint index)
{
  GTimeZone *zone = sqlite3_get_auxdata (context, index);

  if (zone)
    return g_time_zone_ref (zone);
  zone = g_time_zone_new_identifier (get_text (args[index]));
  if (!zone)
    zone = g_time_zone_new_utc ();
  sqlite3_set_auxdata (context, index, g_time_zone_ref (zone),
      (void (*)(void *)) g_time_zone_unref);
  return zone;
}

static guint64
get_unsigned (sqlite3_value * value)
{
  return (guint64) value_flip ((guint64) sqlite3_value_int64 (value));
}

/* td_unsigned (stored BIGINT UNSIGNED): a number, exact below 2^63 */
static void
call_unsigned (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  if (is_null (args[0]))
    return;
  guint64 value = get_unsigned (args[0]);
  if (value > G_MAXINT64)
    sqlite3_result_double (context, value);
  else
    sqlite3_result_int64 (context, value);
}

typedef struct
{
  gboolean is_set;
  guint64 sum;
} UnsignedSum;

/* td_unsigned_sum (number or stored BIGINT UNSIGNED, whether it is that) */
static void
step_unsigned_sum (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  UnsignedSum *self = sqlite3_aggregate_context (context, sizeof *self);

  if (is_null (args[0]))
    return;
  self->sum += sqlite3_value_int (args[1]) ? get_unsigned (args[0]) :
      (guint64) sqlite3_value_int64 (args[0]);
  self->is_set = TRUE;
}

static void
finish_unsigned_sum (sqlite3_context * context)
{
  UnsignedSum *self = sqlite3_aggregate_context (context, 0);

  if (self && self->is_set)
    sqlite3_result_int64 (context, value_flip (self->sum));
}

/* td_decimal (stored decimal, scale): a number, rounded */
static void
call_decimal (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  if (is_null (args[0]))
    return;
  gdouble value = value_get_decimal (args[0]);
  for (gint i = sqlite3_value_int (args[1]); i > 0; i--)
    value /= 10;
  sqlite3_result_double (context, value);
}

typedef struct
{
  gboolean is_set;
  __int128 sum;
} DecimalSum;

static void
step_decimal_sum (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  DecimalSum *self = sqlite3_aggregate_context (context, sizeof *self);
  __int128 sum, value = value_get_decimal (args[0]);

  if (is_null (args[0]))
    return;
  /* SQLite aligns to 8 bytes only */
  memcpy (&sum, &self->sum, sizeof sum);
  sum = (__int128) ((unsigned __int128) sum + (unsigned __int128) value);
  memcpy (&self->sum, &sum, sizeof sum);
  self->is_set = TRUE;
}

static void
finish_decimal_sum (sqlite3_context * context)
{
  DecimalSum *self = sqlite3_aggregate_context (context, 0);
  __int128 sum;
  Value value = { 0 };

  if (!self || !self->is_set)
    return;
  memcpy (&sum, &self->sum, sizeof sum);
  value_set_decimal (&value, GST_TDENGINE_TYPE_DECIMAL, sum);
  sqlite3_result_blob (context, value.data, value.size, SQLITE_TRANSIENT);
  value_clear (&value);
}

typedef struct
{
  sqlite3_value *value;
  gint64 time;
} Pick;

/* the value of the earliest or latest row */
static void
step_pick (sqlite3_context * context, sqlite3_value ** args, gboolean last,
    gboolean with_null)
{
  Pick *self = sqlite3_aggregate_context (context, sizeof *self);
  gint64 time = sqlite3_value_int64 (args[1]);

  if (!with_null && is_null (args[0]))
    return;
  if (self->value && (last ? time < self->time : time >= self->time))
    return;
  sqlite3_value_free (self->value);
  self->value = sqlite3_value_dup (args[0]);
  self->time = time;
}

static void
step_first (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  step_pick (context, args, FALSE, FALSE);
}

static void
step_last (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  step_pick (context, args, TRUE, FALSE);
}

static void
step_last_row (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  step_pick (context, args, TRUE, TRUE);
}

static void
finish_pick (sqlite3_context * context)
{
  Pick *self = sqlite3_aggregate_context (context, 0);

  if (!self || !self->value)
    return;
  sqlite3_result_value (context, self->value);
  sqlite3_value_free (self->value);
}

/* td_floor (time, months, ns, precision, zone) */
static void
call_floor (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  g_autoptr (GTimeZone) zone = get_zone (context, args, 4);

  sqlite3_result_int64 (context, time_floor (sqlite3_value_int64 (args[0]),
          sqlite3_value_int64 (args[1]), sqlite3_value_int64 (args[2]), zone,
          sqlite3_value_int (args[3])));
}

/* td_shift (time, months, ns, precision, zone) */
static void
call_shift (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  g_autoptr (GTimeZone) zone = get_zone (context, args, 4);

  if (is_null (args[0]))
    return;
  sqlite3_result_int64 (context, time_shift (sqlite3_value_int64 (args[0]),
          sqlite3_value_int64 (args[1]), sqlite3_value_int64 (args[2]), zone,
          sqlite3_value_int (args[3])));
}

/* td_iso8601 (time, precision, zone) */
static void
call_iso8601 (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  g_autoptr (GTimeZone) zone = get_zone (context, args, 2);

  if (is_null (args[0]))
    return;
  sqlite3_result_text (context, time_to_iso (sqlite3_value_int64 (args[0]),
          zone, sqlite3_value_int (args[1]), FALSE, FALSE), -1, g_free);
}

/* td_time (text or number, precision, zone) */
static void
call_time (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  g_autoptr (GTimeZone) zone = get_zone (context, args, 2);
  gint64 time;

  if (is_null (args[0]))
    return;
  if (sqlite3_value_type (args[0]) != SQLITE_TEXT)
    sqlite3_result_int64 (context, sqlite3_value_int64 (args[0]));
  else if (time_parse (get_text (args[0]), zone, sqlite3_value_int (args[1]),
          &time))
    sqlite3_result_int64 (context, time);
}

/* td_bool (anything) */
static void
call_bool (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  if (is_null (args[0]))
    return;
  if (sqlite3_value_type (args[0]) == SQLITE_TEXT
      && g_ascii_strcasecmp (get_text (args[0]), "true") == 0)
    sqlite3_result_int (context, 1);
  else
    sqlite3_result_int (context, sqlite3_value_double (args[0]) != 0);
}

/* td_wrap (number, type): what is left of it in the type's bits */
static void
call_wrap (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  GstTDengineType type = sqlite3_value_int (args[1]);
  guint8 bytes[8];
  Value value = { 0 };

  if (is_null (args[0]))
    return;
  GST_WRITE_UINT64_LE (bytes, (guint64) sqlite3_value_int64 (args[0]));
  value_set_fixed (&value, type, bytes);
  sqlite3_result_int64 (context, value.integer);
}

/* td_cut (text, length, type): bytes of VARCHAR, characters of NCHAR */
static void
call_cut (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  const gchar *text = get_text (args[0]);
  gint size = sqlite3_value_bytes (args[0]);
  gint length = sqlite3_value_int (args[1]);

  if (!text)
    return;
  if (sqlite3_value_int (args[2]) == GST_TDENGINE_TYPE_NCHAR
      && g_utf8_validate (text, size, NULL))
    length = g_utf8_strlen (text, size) <= length ? size :
        g_utf8_offset_to_pointer (text, length) - text;
  sqlite3_result_text (context, text, MIN (size, length), SQLITE_TRANSIENT);
}

/* td_match (text, regular expression) */
static void
call_match (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  if (is_null (args[0]) || is_null (args[1]))
    return;
  sqlite3_result_int (context, g_regex_match_simple (get_text (args[1]),
          get_text (args[0]), 0, 0));
}

/* td_json (text, key): a member, as JSON */
static void
call_json (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  const gchar *text = get_text (args[0]);
  gchar *member = text ? json_get_member_text (text, get_text (args[1])) : NULL;

  if (member)
    sqlite3_result_text (context, member, -1, g_free);
}

/* td_json_value (JSON): a text without its quotes, or a number */
static void
call_json_value (sqlite3_context * context, gint n, sqlite3_value ** args)
{
  const gchar *text = get_text (args[0]);
  gint size = sqlite3_value_bytes (args[0]);

  if (!text)
    return;
  if (text[0] == '"' && size >= 2)
    sqlite3_result_text (context, text + 1, size - 2, SQLITE_TRANSIENT);
  else if (g_ascii_isdigit (text[0]) || text[0] == '-')
    sqlite3_result_double (context, g_ascii_strtod (text, NULL));
  else
    sqlite3_result_text (context, text, size, SQLITE_TRANSIENT);
}

void
functions_register (sqlite3 * db)
{
  static const struct
  {
    const gchar *name;
    gint n_args;
    void (*call) (sqlite3_context *, int, sqlite3_value **);
  } functions[] = {
    {"td_unsigned", 1, call_unsigned},
    {"td_decimal", 2, call_decimal}, {"td_floor", 5, call_floor},
    {"td_shift", 5, call_shift}, {"td_iso8601", 3, call_iso8601},
    {"td_time", 3, call_time}, {"td_bool", 1, call_bool},
    {"td_wrap", 2, call_wrap}, {"td_cut", 3, call_cut},
    {"td_match", 2, call_match}, {"td_json", 2, call_json},
    {"td_json_value", 1, call_json_value},
  };
  static const struct
  {
    const gchar *name;
    gint n_args;
    void (*step) (sqlite3_context *, int, sqlite3_value **);
    void (*finish) (sqlite3_context *);
  } aggregates[] = {
    {"td_unsigned_sum", 2, step_unsigned_sum, finish_unsigned_sum},
    {"td_decimal_sum", 1, step_decimal_sum, finish_decimal_sum},
    {"td_first", 2, step_first, finish_pick},
    {"td_last", 2, step_last, finish_pick},
    {"td_last_row", 2, step_last_row, finish_pick},
  };
  gint flags = SQLITE_UTF8 | SQLITE_DETERMINISTIC;

  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    sqlite3_create_function (db, functions[i].name, functions[i].n_args, flags,
        NULL, functions[i].call, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (aggregates); i++)
    sqlite3_create_function (db, aggregates[i].name, aggregates[i].n_args,
        flags, NULL, NULL, aggregates[i].step, aggregates[i].finish);
  sqlite3_exec (db, "PRAGMA case_sensitive_like = ON", NULL, NULL, NULL);
}
