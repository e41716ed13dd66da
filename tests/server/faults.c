/* test server: rules that say which frames go wrong, and how
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "faults.h"

#include <json-glib/json-glib.h>
#include <string.h>

#include "error.h"
#include "json.h"

#define ENDLESS 0

typedef struct
{
  Fault fault;
  const gchar *name;
  gboolean on_reply;
  gchar *path;                  /* NULL for any, as the next two */
  gchar *action;
  gchar *frame;
  guint64 nth;
  guint64 count;
  gdouble probability;
  GRand *random;
  guint64 n_seen;
  guint64 n_fired;
} Rule;

struct _Faults
{
  GPtrArray *rules;
};

typedef enum
{
  REQUEST = 1,
  REPLY = 2,
} Moment;

/* the first moment is what is meant where a rule does not say */
static const struct
{
  const gchar *name;
  FaultKind kind;
  Moment meant;
  Moment allowed;
  const gchar *needs;
} kinds[] = {
  {"cut", FAULT_CUT, REPLY, REQUEST | REPLY, NULL},
  {"delay", FAULT_DELAY, REPLY, REPLY, "ms"},
  {"error", FAULT_ERROR, REQUEST, REQUEST, "code"},
  {"exit", FAULT_EXIT, REPLY, REQUEST | REPLY, "code"},
  {"ignore", FAULT_IGNORE, REQUEST, REQUEST, NULL},
  {"length", FAULT_LENGTH, REPLY, REPLY, "value"},
  {"lose", FAULT_LOSE, REPLY, REPLY, NULL},
  {"opcode", FAULT_OPCODE, REPLY, REPLY, "value"},
  {"patch", FAULT_PATCH, REPLY, REPLY, "hex"},
  {"pause", FAULT_PAUSE, REQUEST, REQUEST, "ms"},
  {"status", FAULT_STATUS, REQUEST, REQUEST, "code"},
  {"truncate", FAULT_TRUNCATE, REPLY, REPLY, "bytes"},
};

static const gchar *const members[] = {
  "action", "at", "bytes", "code", "count", "fault", "frame", "hex", "message",
  "ms", "nth", "on", "path", "probability", "seed", "value", NULL
};

static void
rule_free (Rule * rule)
{
  g_clear_pointer (&rule->random, g_rand_free);
  g_clear_pointer (&rule->fault.patch, g_byte_array_unref);
  g_free (rule->fault.message);
  g_free (rule->frame);
  g_free (rule->action);
  g_free (rule->path);
  g_free (rule);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rule, rule_free);

Faults *
faults_new (void)
{
  Faults *self = g_new0 (Faults, 1);

  self->rules = g_ptr_array_new_with_free_func ((GDestroyNotify) rule_free);
  return self;
}

void
faults_free (Faults * faults)
{
  g_ptr_array_unref (faults->rules);
  g_free (faults);
}

void
faults_clear (Faults * faults)
{
  g_ptr_array_set_size (faults->rules, 0);
}

gboolean
faults_is_empty (Faults * faults)
{
  return faults->rules->len == 0;
}

static gboolean
check_members (JsonObject * object, GError ** error)
{
  JsonObjectIter iter;
  const gchar *name;
  JsonNode *node;

  json_object_iter_init (&iter, object);
  while (json_object_iter_next (&iter, &name, &node)) {
    if (!g_strv_contains (members, name))
      return refuse (error, CODE_ADAPTER, "no rule has \"%s\"", name);
    if (!JSON_NODE_HOLDS_VALUE (node))
      return refuse (error, CODE_ADAPTER, "\"%s\" is no value", name);
  }
  return TRUE;
}

static gchar *
get_text (JsonObject * object, const gchar * name)
{
  return g_strdup (json_object_get_string_member_with_default (object, name,
          NULL));
}

static guint64
get_number (JsonObject * object, const gchar * name, gint64 otherwise)
{
  return json_object_get_int_member_with_default (object, name, otherwise);
}

static GByteArray *
decode_hex (const gchar * hex)
{
  g_autoptr (GByteArray) bytes = g_byte_array_new ();

  for (; g_ascii_isxdigit (hex[0]) && g_ascii_isxdigit (hex[1]); hex += 2) {
    guint8 byte = g_ascii_xdigit_value (hex[0]) << 4 |
        g_ascii_xdigit_value (hex[1]);

    g_byte_array_append (bytes, &byte, 1);
  }
  return *hex ? NULL : g_steal_pointer (&bytes);
}

static gint
find_kind (const gchar * name)
{
  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (g_strcmp0 (kinds[i].name, name) == 0)
      return i;
  return -1;
}

static gboolean
read_kind (Rule * self, JsonObject * object, GError ** error)
{
  g_autofree gchar *name = get_text (object, "fault");
  g_autofree gchar *on = get_text (object, "on");
  gint index = find_kind (name);

  if (index < 0)
    return refuse (error, CODE_ADAPTER, "no fault is called \"%s\"", name);
  Moment moment = !on ? kinds[index].meant :
      g_str_equal (on, "request") ? REQUEST :
      g_str_equal (on, "reply") ? REPLY : 0;
  if (!(moment & kinds[index].allowed))
    return refuse (error, CODE_ADAPTER, "no %s on \"%s\"", name, on);
  if (kinds[index].needs
      && !json_object_has_member (object, kinds[index].needs))
    return refuse (error, CODE_ADAPTER, "%s needs \"%s\"", name,
        kinds[index].needs);
  self->name = kinds[index].name;
  self->fault.kind = kinds[index].kind;
  self->on_reply = moment == REPLY;
  return TRUE;
}

static gboolean
read_details (Fault * self, JsonObject * object, GError ** error)
{
  g_autofree gchar *hex = get_text (object, "hex");

  self->code = get_number (object, "code", 0);
  self->message = get_text (object, "message");
  self->ms = get_number (object, "ms", 0);
  self->at = get_number (object, "at", 0);
  self->bytes = get_number (object, "bytes", 0);
  self->value = get_number (object, "value", 0);
  if (!(self->patch = decode_hex (hex ? hex : "")))
    return refuse (error, CODE_ADAPTER, "\"%s\" is no hex", hex);
  return TRUE;
}

static Rule *
read_rule (JsonNode * node, GError ** error)
{
  g_autoptr (Rule) self = g_new0 (Rule, 1);
  JsonObject *object = JSON_NODE_HOLDS_OBJECT (node) ?
      json_node_get_object (node) : NULL;

  if (!object)
    return refuse (error, CODE_ADAPTER, "a rule is an object"), NULL;
  if (!check_members (object, error) || !read_kind (self, object, error)
      || !read_details (&self->fault, object, error))
    return NULL;
  self->path = get_text (object, "path");
  self->action = get_text (object, "action");
  self->frame = get_text (object, "frame");
  self->nth = get_number (object, "nth", 1);
  self->count = get_number (object, "count", 1);
  self->probability = json_object_get_double_member_with_default (object,
      "probability", 1);
  self->random = g_rand_new_with_seed (get_number (object, "seed", 0));
  return g_steal_pointer (&self);
}

/* in place of the rules there were; these stay where one of the new is wrong */
gboolean
faults_set (Faults * faults, const gchar * json, gsize size, GError ** error)
{
  g_autoptr (JsonNode) root = json_parse (json, size);
  g_autoptr (GPtrArray) rules =
      g_ptr_array_new_with_free_func ((GDestroyNotify) rule_free);

  if (!root || !JSON_NODE_HOLDS_ARRAY (root))
    return refuse (error, CODE_ADAPTER, "expected an array of rules");
  JsonArray *array = json_node_get_array (root);
  for (guint i = 0; i < json_array_get_length (array); i++) {
    Rule *rule = read_rule (json_array_get_element (array, i), error);

    if (!rule)
      return FALSE;
    g_ptr_array_add (rules, rule);
  }
  g_ptr_array_unref (faults->rules);
  faults->rules = g_steal_pointer (&rules);
  return TRUE;
}

/* for each rule what came by, and how often it went wrong */
gchar *
faults_to_json (Faults * faults)
{
  GString *json = g_string_new ("[");

  for (guint i = 0; i < faults->rules->len; i++) {
    const Rule *rule = g_ptr_array_index (faults->rules, i);

    g_string_append_printf (json, "%s{\"fault\":\"%s\",\"seen\":%"
        G_GUINT64_FORMAT ",\"fired\":%" G_GUINT64_FORMAT "}", i ? "," : "",
        rule->name, rule->n_seen, rule->n_fired);
  }
  g_string_append_c (json, ']');
  return g_string_free (json, FALSE);
}

static gboolean
rule_is_about (const Rule * rule, const FaultFrame * frame)
{
  return rule->on_reply == frame->is_reply
      && (!rule->path || g_str_equal (rule->path, frame->path))
      && (!rule->action || g_str_equal (rule->action, frame->action))
      && (!rule->frame
      || g_str_equal (rule->frame, frame->is_text ? "text" : "binary"));
}

/* The random number is drawn for each frame, so that a seed stands for the
 * same frames whatever else happens. */
static gboolean
rule_fires (Rule * rule, const FaultFrame * frame)
{
  if (!rule_is_about (rule, frame))
    return FALSE;
  gboolean is_drawn = g_rand_double (rule->random) < rule->probability;
  rule->n_seen++;
  if (rule->n_seen < rule->nth || !is_drawn
      || (rule->count != ENDLESS && rule->n_fired >= rule->count))
    return FALSE;
  rule->n_fired++;
  return TRUE;
}

/* what goes wrong with a frame, one after the other; position begins at 0 */
const Fault *
faults_next (Faults * faults, const FaultFrame * frame, guint * position)
{
  while (*position < faults->rules->len) {
    Rule *rule = g_ptr_array_index (faults->rules, (*position)++);

    if (rule_fires (rule, frame))
      return &rule->fault;
  }
  return NULL;
}
