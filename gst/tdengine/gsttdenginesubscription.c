/* tdengine subscription: what a consumer can be told
 *
 * One table lists the keys that are known. Others may be known to a newer server
 * and are sent as they are.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineerror-private.h"
#include "gsttdenginesubscription.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_INVALID_VALUE, \
      "", __VA_ARGS__)

typedef enum
{
  KIND_TEXT,                    /* of so many bytes */
  KIND_NUMBER,
  KIND_BOOLEAN,                 /* true or false on the wire */
  KIND_FLAG,                    /* 1 or 0 on the wire */
  KIND_RESET,
  KIND_REFUSED,
} Kind;

static const struct
{
  const gchar *key;
  const gchar *arg;             /* of the request to subscribe; NULL: in its config */
  Kind kind;
  gint64 min, max;
  gint64 initial;               /* the server's own */
} table[] = {
  {"group.id", "group_id", KIND_TEXT, 1, 192},
  {"client.id", "client_id", KIND_TEXT, 0, 255},
  {"auto.offset.reset", "offset_reset", KIND_RESET},
  {"session.timeout.ms", "session_timeout_ms", KIND_NUMBER, 6000, 1800000,
      12000},
  {"max.poll.interval.ms", "max_poll_interval_ms", KIND_NUMBER, 1000,
      G_MAXINT32, 300000},
  {"heartbeat.interval.ms", NULL, KIND_NUMBER, 1000, 1799999, 3000},
  {"fetch.max.wait.ms", NULL, KIND_NUMBER, 1, G_MAXINT32, 1000},
  {"min.poll.rows", NULL, KIND_NUMBER, 1, G_MAXINT32, 4096},
  {"experimental.snapshot.enable", "snapshot_enable", KIND_BOOLEAN},
  {"enable.replay", NULL, KIND_BOOLEAN},
  {"msg.with.table.name", "with_table_name", KIND_BOOLEAN},
  {"msg.enable.batchmeta", "enable_batch_meta", KIND_FLAG},
  {"msg.consume.excluded", "msg_consume_excluded", KIND_FLAG},
  /* what only another server can read */
  {"msg.consume.rawdata", NULL, KIND_REFUSED},
  /* would commit what nobody has confirmed */
  {"enable.auto.commit", NULL, KIND_REFUSED},
  {"auto.commit.interval.ms", NULL, KIND_REFUSED},
  /* the connection's settings say it */
  {"td.connect.ip", NULL, KIND_REFUSED},
  {"td.connect.port", NULL, KIND_REFUSED},
  {"td.connect.user", NULL, KIND_REFUSED},
  {"td.connect.pass", NULL, KIND_REFUSED},
  {"td.connect.db", NULL, KIND_REFUSED},
};

static gint
find_key (const gchar * key)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    if (g_str_equal (key, table[i].key))
      return i;
  }
  return -1;
}

/* the argument that a key has in the request to subscribe, or NULL */
const gchar *
gst_tdengine_subscription_get_arg (const gchar * key)
{
  gint index = find_key (key);

  return index >= 0 ? table[index].arg : NULL;
}

/* all values are text on the wire */
gchar *
gst_tdengine_subscription_get_text (const gchar * key, const GValue * value)
{
  gint index = find_key (key);

  if (G_VALUE_HOLDS_STRING (value))
    return g_value_dup_string (value);
  if (G_VALUE_HOLDS_BOOLEAN (value) && index >= 0
      && table[index].kind == KIND_FLAG)
    return g_strdup (g_value_get_boolean (value) ? "1" : "0");
  return gst_value_serialize (value);
}

/* of a number that is known; what it is where nothing is said */
gint64
gst_tdengine_subscription_get_int (const GstStructure * options,
    const gchar * key)
{
  const GValue *value = gst_structure_get_value (options, key);
  g_autofree gchar *text =
      value ? gst_tdengine_subscription_get_text (key, value) : NULL;

  return text ? g_ascii_strtoll (text, NULL, 10) :
      table[find_key (key)].initial;
}

static gboolean
is_one_of (const gchar * text, const gchar * const *words)
{
  return g_strv_contains (words, text);
}

static gboolean
check_option (guint index, const gchar * text, GError ** error)
{
  static const gchar *const booleans[] = { "true", "false", NULL };
  static const gchar *const flags[] = { "1", "0", NULL };
  static const gchar *const resets[] = { "latest", "earliest", NULL };
  const gchar *key = table[index].key;
  gint64 number;

  switch (table[index].kind) {
    case KIND_TEXT:
      number = strlen (text);
      if (number < table[index].min || number > table[index].max)
        return refuse (error, "%s has %" G_GINT64_FORMAT " bytes: expected %"
            G_GINT64_FORMAT " to %" G_GINT64_FORMAT, key, number,
            table[index].min, table[index].max);
      return TRUE;
    case KIND_NUMBER:
      if (!g_ascii_string_to_signed (text, 10, table[index].min,
              table[index].max, &number, NULL))
        return refuse (error, "%s is %s: expected %" G_GINT64_FORMAT " to %"
            G_GINT64_FORMAT, key, text, table[index].min, table[index].max);
      return TRUE;
    case KIND_BOOLEAN:
      return is_one_of (text, booleans)
          || refuse (error, "%s is %s: expected true or false", key, text);
    case KIND_FLAG:
      return is_one_of (text, flags)
          || refuse (error, "%s is %s: expected 1 or 0", key, text);
    case KIND_RESET:
      return is_one_of (text, resets)
          || refuse (error, "%s is %s: expected latest or earliest", key, text);
    default:
      return refuse (error, "%s is not for a consumer's options", key);
  }
}

typedef struct
{
  gboolean fine;
  GError **error;
} Check;

static gboolean
check_field (GQuark field, const GValue * value, gpointer data)
{
  Check *check = data;
  const gchar *key = g_quark_to_string (field);
  g_autofree gchar *text = gst_tdengine_subscription_get_text (key, value);
  gint index = find_key (key);

  check->fine = text ? index < 0 || check_option (index, text, check->error) :
      refuse (check->error, "%s has no value", key);
  return check->fine;
}

static gboolean
check_topics (const gchar * const *topics, GError ** error)
{
  if (!topics || !*topics)
    return refuse (error, "There is no topic to follow");
  for (; *topics; topics++) {
    if (!**topics || strlen (*topics) > 192)
      return refuse (error, "The topic \"%s\" is empty or longer than 192 "
          "bytes", *topics);
  }
  return TRUE;
}

/* everything that can be checked before anything is sent */
gboolean
gst_tdengine_subscription_check (const gchar * const *topics,
    const GstStructure * options, GError ** error)
{
  const gchar *group = gst_structure_get_string (options, "group.id");
  Check check = { TRUE, error };

  if (!check_topics (topics, error))
    return FALSE;
  if (!group || !*group)
    return refuse (error, "There is no group to consume with");
  if (strchr (group, ':'))
    return refuse (error, "The group \"%s\" has a colon in it", group);
  gst_structure_foreach (options, check_field, &check);
  if (check.fine && gst_tdengine_subscription_get_int (options,
          "heartbeat.interval.ms") >=
      gst_tdengine_subscription_get_int (options, "session.timeout.ms"))
    return refuse (error, "heartbeat.interval.ms is not below "
        "session.timeout.ms");
  return check.fine;
}

/* NULL where there are none */
gchar *
gst_tdengine_subscription_list_unknown (const GstStructure * options)
{
  g_autoptr (GString) list = g_string_new (NULL);

  for (gint i = 0; i < gst_structure_n_fields (options); i++) {
    const gchar *key = gst_structure_nth_field_name (options, i);

    if (find_key (key) < 0)
      g_string_append_printf (list, "%s%s", list->len > 0 ? ", " : "", key);
  }
  return list->len > 0 ? g_string_free (g_steal_pointer (&list), FALSE) : NULL;
}
