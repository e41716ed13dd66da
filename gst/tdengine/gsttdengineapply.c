/* tdengine apply: what a topic tells of tables, done to the target
 *
 * Changes come more than once: a super table's from each vgroup, and all of
 * them again after a crash. So what is done already is not done again.
 *
 * A topic on a database tells of all its tables. Those that are the target's
 * are its source table, the sub tables of that, and those with the names of
 * sub tables that the target has; others are passed by.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineapply.h"
#include "gsttdengineask.h"
#include "gsttdenginecreate.h"
#include "gsttdengineerror-private.h"
#include "gsttdenginejsonobject.h"
#include "gsttdenginesql.h"
#include "gsttdenginetarget.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_SCHEMA, \
      "Could not apply a change: ", __VA_ARGS__)

/* as snprintf writes it, which escapes nothing: the last ` where ` counts */
#define DELETE_PATTERN \
  "^delete from `(.+)` where `(.+)` >= (-?[0-9]+) and `\\2` <= (-?[0-9]+)$"
#define MAX_LENGTH 65535

/* TDengine's numbers */
typedef enum
{
  ALTER_ADD_TAG = 1,
  ALTER_DROP_TAG = 2,
  ALTER_RENAME_TAG = 3,
  ALTER_SET_TAG = 4,
  ALTER_ADD_COLUMN = 5,
  ALTER_DROP_COLUMN = 6,
  ALTER_MODIFY_COLUMN = 7,
  ALTER_MODIFY_TAG = 8,
  ALTER_RENAME_COLUMN = 10,
  ALTER_SET_TAGS = 15,
} Alteration;

typedef struct
{
  GstTDengineConnection *connection;
  const gchar *database;
  GstTDengineWriteSettings *settings;
  const gchar *target;
  gboolean is_super;
  GstTDengineApplied *applied;
  GCancellable *cancellable;
} Apply;

/* JSON, which may be anything */

static const gchar *
get_text (JsonObject * object, const gchar * name)
{
  JsonNode *node = gst_tdengine_json_object_find (object, name, G_TYPE_STRING);

  return node ? json_node_get_string (node) : NULL;
}

static gint64
get_number (JsonObject * object, const gchar * name)
{
  JsonNode *node = gst_tdengine_json_object_find (object, name, G_TYPE_INT64);

  return node ? json_node_get_int (node) : 0;
}

static JsonArray *
get_array (JsonObject * object, const gchar * name)
{
  JsonNode *node = json_object_get_member (object, name);

  return node && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) :
      NULL;
}

static guint
get_n_elements (JsonArray * array)
{
  return array ? json_array_get_length (array) : 0;
}

static JsonObject *
get_element (JsonArray * array, guint index)
{
  JsonNode *node = json_array_get_element (array, index);

  return JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : NULL;
}

static const gchar *
get_text_element (JsonArray * array, guint index)
{
  JsonNode *node = json_array_get_element (array, index);

  return JSON_NODE_HOLDS_VALUE (node)
      && json_node_get_value_type (node) == G_TYPE_STRING ?
      json_node_get_string (node) : NULL;
}

static gboolean
is_text (const gchar * text, const gchar * expected)
{
  return g_strcmp0 (text, expected) == 0;
}

static gboolean
not_understood (GError ** error)
{
  return refuse (error, "what the topic told is not understood");
}

/* statements */

static GString *
begin_for_table (Apply * self, const gchar * words, const gchar * table)
{
  GString *sql = g_string_new (words);

  gst_tdengine_sql_append_table (sql, self->database, table);
  return sql;
}

static void
append_column_name (Apply * self, GString * sql, const gchar * name)
{
  gst_tdengine_sql_append_name (sql,
      gst_tdengine_write_settings_map_column (self->settings, name));
}

static gboolean
execute (Apply * self, const GString * sql, GError ** error)
{
  if (gst_tdengine_connection_execute (self->connection, sql->str,
          self->cancellable, error) < 0) {
    g_prefix_error (error, "Could not apply a change: ");
    return FALSE;
  }
  self->applied->n_applied++;
  return TRUE;
}

/* whose table it is */

static gboolean
is_source (Apply * self, const gchar * name)
{
  return is_text (name,
      gst_tdengine_write_settings_get_source (self->settings));
}

static gboolean
count_rows (GstTDengineRows * rows, gpointer n_rows, GError ** error)
{
  *(guint *) n_rows += gst_tdengine_rows_get_n_rows (rows);
  return TRUE;
}

/* -1 with an error */
static gint
has_sub_table (Apply * self, const gchar * name, GError ** error)
{
  g_autoptr (GString) sql = g_string_new ("SELECT table_name FROM "
      "information_schema.ins_tables WHERE db_name = ");
  g_autoptr (GstTDengineSchema) answer = NULL;
  guint n_rows = 0;

  gst_tdengine_sql_append_text (sql, self->database, -1);
  g_string_append (sql, " AND stable_name = ");
  gst_tdengine_sql_append_text (sql, self->target, -1);
  g_string_append (sql, " AND table_name = ");
  gst_tdengine_sql_append_text (sql, name, -1);
  answer = gst_tdengine_ask (self->connection, sql->str, count_rows, &n_rows,
      self->cancellable, error);
  return answer ? n_rows > 0 : -1;
}

/* 1 where it stands for the name, 0 for none of the target's, -1 with an error */
static gint
find_table (Apply * self, const gchar * name, const gchar ** table,
    GError ** error)
{
  *table = self->is_super ? name : self->target;
  return self->is_super ? has_sub_table (self, name, error) :
      is_source (self, name);
}

/* creating */

static gboolean
read_column (const gchar * name, gint64 type, gint64 length,
    GstTDengineColumn * column, GError ** error)
{
  if (!name || type < 0 || type > G_MAXUINT8
      || !gst_tdengine_type_is_known (type) || length < 0
      || length > MAX_LENGTH)
    return not_understood (error);
  if (type == GST_TDENGINE_TYPE_DECIMAL || type == GST_TDENGINE_TYPE_DECIMAL64)
    return refuse (error, "the topic does not tell how many digits the decimal "
        "\"%s\" has: create it by hand, or with the create property", name);
  column->type = type;
  column->length = length;
  return TRUE;
}

static gboolean
append_columns (Apply * self, GString * sql, JsonArray * columns,
    GError ** error)
{
  for (guint i = 0; i < get_n_elements (columns); i++) {
    JsonObject *object = get_element (columns, i);
    const gchar *name = object ? get_text (object, "name") : NULL;
    GstTDengineColumn column = { NULL };

    if (!object || !read_column (name, get_number (object, "type"),
            get_number (object, "length"), &column, error))
      return object ? FALSE : not_understood (error);
    g_string_append_c (sql, i > 0 ? ',' : '(');
    gst_tdengine_create_append_column (sql,
        gst_tdengine_write_settings_map_column (self->settings, name), &column);
    if (json_object_get_boolean_member_with_default (object, "isPrimarykey",
            FALSE))
      g_string_append (sql, " PRIMARY KEY");
  }
  g_string_append_c (sql, ')');
  return TRUE;
}

static gboolean
create_target (Apply * self, JsonObject * change, GError ** error)
{
  g_autoptr (GString) sql = begin_for_table (self, self->is_super ?
      "CREATE STABLE IF NOT EXISTS " : "CREATE TABLE IF NOT EXISTS ",
      self->target);

  if (get_n_elements (get_array (change, "columns")) == 0
      || (get_n_elements (get_array (change, "tags")) == 0) == self->is_super)
    return not_understood (error);
  if (!append_columns (self, sql, get_array (change, "columns"), error))
    return FALSE;
  if (self->is_super) {
    g_string_append (sql, " TAGS ");
    if (!append_columns (self, sql, get_array (change, "tags"), error))
      return FALSE;
  }
  self->applied->altered = TRUE;
  return execute (self, sql, error);
}

/* The server says text in quotes, and escapes nothing in it. */
static gboolean
append_quoted (GString * sql, GstTDengineType type, const gchar * text,
    GError ** error)
{
  gsize size = strlen (text);

  if (type == GST_TDENGINE_TYPE_JSON) {
    gst_tdengine_sql_append_text (sql, text, size);
    return TRUE;
  }
  if (size < 2 || text[0] != '"' || text[size - 1] != '"')
    return not_understood (error);
  text++;
  size -= 2;
  if (type != GST_TDENGINE_TYPE_VARBINARY) {
    gst_tdengine_sql_append_text (sql, text, size);
    return TRUE;
  }
  if (size < 2 || text[0] != '\\' || text[1] != 'x'
      || strspn (text + 2, "0123456789abcdefABCDEF") != size - 2)
    return not_understood (error);
  g_string_append_printf (sql, "'%.*s'", (gint) size, text);
  return TRUE;
}

/* a number, as text */
static gboolean
append_digits (GString * sql, const gchar * text, GError ** error)
{
  if (!*text || strspn (text, "0123456789+-.eE") != strlen (text)) {
    if (!is_text (text, "true") && !is_text (text, "false"))
      return not_understood (error);
  }
  g_string_append (sql, text);
  return TRUE;
}

/* node may be a number, or the text of one */
static gboolean
append_value (GString * sql, GstTDengineType type, JsonNode * node,
    GError ** error)
{
  gchar digits[G_ASCII_DTOSTR_BUF_SIZE];

  if (!node || !JSON_NODE_HOLDS_VALUE (node))
    return not_understood (error);
  if (type == GST_TDENGINE_TYPE_GEOMETRY)
    return refuse (error, "the topic tells the bytes of a GEOMETRY tag, which "
        "JSON can't hold");
  if (gst_tdengine_type_get_width (type) == 0)
    return json_node_get_value_type (node) == G_TYPE_STRING ?
        append_quoted (sql, type, json_node_get_string (node), error) :
        not_understood (error);
  if (json_node_get_value_type (node) == G_TYPE_STRING)
    return append_digits (sql, json_node_get_string (node), error);
  if (json_node_get_value_type (node) == G_TYPE_INT64)
    g_string_append_printf (sql, "%" G_GINT64_FORMAT, json_node_get_int (node));
  else
    g_string_append (sql, g_ascii_formatd (digits, sizeof digits,
            type == GST_TDENGINE_TYPE_FLOAT || type == GST_TDENGINE_TYPE_DOUBLE
            ? "%.17g" : "%.0f", json_node_get_double (node)));
  return TRUE;
}

/* Those that are not told are NULL. */
static gboolean
append_tags (Apply * self, GString * sql, JsonArray * tags, GError ** error)
{
  g_autoptr (GString) values = g_string_new (NULL);

  for (guint i = 0; i < get_n_elements (tags); i++) {
    JsonObject *tag = get_element (tags, i);
    const gchar *name = tag ? get_text (tag, "name") : NULL;
    gint64 type = tag ? get_number (tag, "type") : -1;

    if (!name || type < 0 || type > G_MAXUINT8
        || !gst_tdengine_type_is_known (type))
      return not_understood (error);
    g_string_append_c (sql, i > 0 ? ',' : '(');
    append_column_name (self, sql, name);
    g_string_append_c (values, i > 0 ? ',' : '(');
    if (!append_value (values, type, json_object_get_member (tag, "value"),
            error))
      return FALSE;
  }
  g_string_append_printf (sql, ") TAGS %s)", values->str);
  return TRUE;
}

/* there has to be one */
static gboolean
append_no_tags (Apply * self, GString * sql, GError ** error)
{
  g_autoptr (GstTDengineTarget) target =
      gst_tdengine_target_ask (self->connection, self->database,
      self->settings, self->cancellable, error);

  if (!target)
    return FALSE;
  g_string_append_c (sql, '(');
  gst_tdengine_sql_append_name (sql, gst_tdengine_schema_get_column
      (target->schema, target->n_columns)->name);
  g_string_append (sql, ") TAGS (NULL)");
  return TRUE;
}

/* One that is there is not made again: its tags may be called otherwise now. */
static gboolean
create_sub_table (Apply * self, JsonObject * table, GError ** error)
{
  const gchar *name = get_text (table, "tableName");
  JsonArray *tags = get_array (table, "tags");
  g_autoptr (GString) sql = NULL;
  gint found;

  if (!is_source (self, get_text (table, "using")))
    return TRUE;
  if (!name || !tags)
    return not_understood (error);
  found = has_sub_table (self, name, error);
  if (found != 0)
    return found > 0;
  sql = begin_for_table (self, "CREATE TABLE IF NOT EXISTS ", name);
  g_string_append (sql, " USING ");
  gst_tdengine_sql_append_table (sql, self->database, self->target);
  g_string_append_c (sql, ' ');
  return (get_n_elements (tags) > 0 ? append_tags (self, sql, tags, error) :
      append_no_tags (self, sql, error)) && execute (self, sql, error);
}

static gboolean
create_sub_tables (Apply * self, JsonObject * change, GError ** error)
{
  JsonArray *list = get_array (change, "createList");

  if (get_n_elements (list) == 0)
    return create_sub_table (self, change, error);
  for (guint i = 0; i < get_n_elements (list); i++) {
    JsonObject *table = get_element (list, i);

    if (!table)
      return not_understood (error);
    if (!create_sub_table (self, table, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
create (Apply * self, JsonObject * change, GError ** error)
{
  const gchar *type = get_text (change, "tableType");

  if (is_text (type, "child"))
    return !self->is_super || create_sub_tables (self, change, error);
  if (is_text (type, self->is_super ? "super" : "normal")
      && is_source (self, get_text (change, "tableName")))
    return create_target (self, change, error);
  return TRUE;
}

/* altering */

static gint
find_column (GstTDengineTarget * target, const gchar * name)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (target->schema); i++)
    if (is_text (gst_tdengine_schema_get_column (target->schema, i)->name,
            name))
      return i;
  return -1;
}

static gboolean
add_column (Apply * self, GString * sql, const gchar * words,
    JsonObject * change, GError ** error)
{
  const gchar *name = get_text (change, "colName");
  GstTDengineColumn column = { NULL };

  if (!read_column (name, get_number (change, "colType"),
          get_number (change, "colLength"), &column, error))
    return FALSE;
  g_string_append (sql, words);
  gst_tdengine_create_append_column (sql,
      gst_tdengine_write_settings_map_column (self->settings, name), &column);
  return execute (self, sql, error);
}

static gboolean
change_length (Apply * self, GString * sql, const gchar * words,
    GstTDengineTarget * target, gint index, JsonObject * change,
    GError ** error)
{
  const GstTDengineColumn *column =
      gst_tdengine_schema_get_column (target->schema, index);

  if (get_number (change, "colLength") <= column->length)
    return TRUE;
  return add_column (self, sql, words, change, error);
}

static gboolean
drop_column (Apply * self, GString * sql, const gchar * words,
    const gchar * name, GError ** error)
{
  g_string_append (sql, words);
  gst_tdengine_sql_append_name (sql, name);
  return execute (self, sql, error);
}

static gboolean
rename_column (Apply * self, GString * sql, const gchar * words,
    const gchar * name, JsonObject * change, GError ** error)
{
  const gchar *new_name = get_text (change, "colNewName");

  if (!new_name)
    return not_understood (error);
  g_string_append (sql, words);
  gst_tdengine_sql_append_name (sql, name);
  g_string_append_c (sql, ' ');
  append_column_name (self, sql, new_name);
  return execute (self, sql, error);
}

/* What is altered already is left as it is, as is what is no matter of rows. */
static gboolean
alter_columns (Apply * self, JsonObject * change, GError ** error)
{
  const gchar *told = get_text (change, "colName");
  const gchar *name = told ?
      gst_tdengine_write_settings_map_column (self->settings, told) : NULL;
  g_autoptr (GString) sql =
      begin_for_table (self, "ALTER TABLE ", self->target);
  g_autoptr (GstTDengineTarget) target =
      gst_tdengine_target_ask (self->connection, self->database,
      self->settings, self->cancellable, error);
  gint index = target && name ? find_column (target, name) : -1;

  if (!target)
    return FALSE;
  self->applied->altered = TRUE;
  switch ((Alteration) get_number (change, "alterType")) {
    case ALTER_ADD_TAG:
      return index >= 0 || add_column (self, sql, " ADD TAG ", change, error);
    case ALTER_ADD_COLUMN:
      return index >= 0
          || add_column (self, sql, " ADD COLUMN ", change, error);
    case ALTER_DROP_TAG:
      return index < 0 || drop_column (self, sql, " DROP TAG ", name, error);
    case ALTER_DROP_COLUMN:
      return index < 0 || drop_column (self, sql, " DROP COLUMN ", name, error);
    case ALTER_MODIFY_TAG:
      return index < 0 || change_length (self, sql, " MODIFY TAG ", target,
          index, change, error);
    case ALTER_MODIFY_COLUMN:
      return index < 0 || change_length (self, sql, " MODIFY COLUMN ", target,
          index, change, error);
    case ALTER_RENAME_TAG:
      return index < 0
          || rename_column (self, sql, " RENAME TAG ", name, change, error);
    case ALTER_RENAME_COLUMN:
      return index < 0
          || rename_column (self, sql, " RENAME COLUMN ", name, change, error);
    default:
      return TRUE;
  }
}

static gboolean
set_tag (Apply * self, GstTDengineTarget * target, const gchar * table,
    JsonObject * change, GError ** error)
{
  const gchar *told = get_text (change, "colName");
  const gchar *name = told ?
      gst_tdengine_write_settings_map_column (self->settings, told) : NULL;
  g_autoptr (GString) sql = begin_for_table (self, "ALTER TABLE ", table);
  gint index = name ? find_column (target, name) : -1;

  if (index < 0)
    return told ? refuse (error, "%s.%s has no tag \"%s\"", self->database,
        self->target, name) : not_understood (error);
  g_string_append (sql, " SET TAG ");
  gst_tdengine_sql_append_name (sql, name);
  g_string_append (sql, " = ");
  if (json_object_get_boolean_member_with_default (change, "colValueNull",
          FALSE))
    g_string_append (sql, "NULL");
  else if (!append_value (sql,
          gst_tdengine_schema_get_column (target->schema, index)->type,
          json_object_get_member (change, "colValue"), error))
    return FALSE;
  return execute (self, sql, error);
}

static gboolean
set_tags (Apply * self, JsonObject * change, GError ** error)
{
  const gchar *name = get_text (change, "tableName");
  JsonArray *tags = get_array (change, "tags");
  g_autoptr (GstTDengineTarget) target = NULL;
  gint found = name ? has_sub_table (self, name, error) : 0;

  if (found <= 0)
    return found == 0;
  target = gst_tdengine_target_ask (self->connection, self->database,
      self->settings, self->cancellable, error);
  if (!target)
    return FALSE;
  if (!tags)
    return set_tag (self, target, name, change, error);
  for (guint i = 0; i < get_n_elements (tags); i++) {
    JsonObject *tag = get_element (tags, i);

    if (!tag)
      return not_understood (error);
    if (!set_tag (self, target, name, tag, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
alter (Apply * self, JsonObject * change, GError ** error)
{
  gint64 type = get_number (change, "alterType");

  if (type == ALTER_SET_TAG || type == ALTER_SET_TAGS)
    return !self->is_super || set_tags (self, change, error);
  return !is_source (self, get_text (change, "tableName"))
      || alter_columns (self, change, error);
}

/* dropping and deleting */

static gboolean
drop_table (Apply * self, const gchar * table, GError ** error)
{
  g_autoptr (GString) sql =
      begin_for_table (self, "DROP TABLE IF EXISTS ", table);

  self->applied->altered |= is_text (table, self->target);
  return execute (self, sql, error);
}

static gboolean
drop_tables (Apply * self, JsonArray * names, GError ** error)
{
  for (guint i = 0; i < get_n_elements (names); i++) {
    const gchar *name = get_text_element (names, i);
    const gchar *table;
    gint found = name ? find_table (self, name, &table, error) : 0;

    if (found < 0 || (found > 0 && !drop_table (self, table, error)))
      return FALSE;
  }
  return TRUE;
}

static gboolean
drop (Apply * self, JsonObject * change, GError ** error)
{
  if (!is_text (get_text (change, "tableType"), "super"))
    return drop_tables (self, get_array (change, "tableNameList"), error);
  return !self->is_super || !is_source (self, get_text (change, "tableName"))
      || drop_table (self, self->target, error);
}

/* The times are in the precision of the database, as those of rows are. */
static gboolean
delete_rows (Apply * self, JsonObject * change, GError ** error)
{
  const gchar *told = get_text (change, "sql");
  g_autoptr (GRegex) pattern =
      g_regex_new (DELETE_PATTERN, G_REGEX_DOTALL, 0, NULL);
  g_autoptr (GMatchInfo) match = NULL;
  g_autoptr (GString) sql = NULL;
  const gchar *table;

  if (!told || !g_regex_match (pattern, told, 0, &match))
    return not_understood (error);
  g_autofree gchar *name = g_match_info_fetch (match, 1);
  g_autofree gchar *time = g_match_info_fetch (match, 2);
  g_autofree gchar *first = g_match_info_fetch (match, 3);
  g_autofree gchar *last = g_match_info_fetch (match, 4);
  gint found = find_table (self, name, &table, error);
  if (found <= 0)
    return found == 0;
  sql = begin_for_table (self, "DELETE FROM ", table);
  g_string_append (sql, " WHERE ");
  append_column_name (self, sql, time);
  g_string_append_printf (sql, " >= %s AND ", first);
  append_column_name (self, sql, time);
  g_string_append_printf (sql, " <= %s", last);
  return execute (self, sql, error);
}

/* changes */

/* whether it is to be applied; FALSE with an error where it may not come */
static gboolean
is_wanted (Apply * self, gboolean is_delete, GError ** error)
{
  GstTDengineApply mode = is_delete ? self->settings->apply_deletes :
      self->settings->apply_meta;

  if (mode == GST_TDENGINE_APPLY_IGNORE)
    self->applied->n_ignored++;
  if (mode == GST_TDENGINE_APPLY_ERROR)
    return gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_SCHEMA, "",
        is_delete ? "The topic tells of deleted rows, which the apply-deletes "
        "property makes an error" : "The topic tells of a table that was "
        "changed, which the apply-meta property makes an error");
  return mode == GST_TDENGINE_APPLY_APPLY;
}

/* with a template the sub tables have other names */
static gboolean
check_names (Apply * self, GError ** error)
{
  const gchar *template = self->settings->table_template;

  if (!template || !*template)
    return TRUE;
  return refuse (error, "sub tables that table-template names are not those of "
      "the topic");
}

static gboolean
apply_one (Apply * self, JsonObject * change, GError ** error)
{
  static const struct
  {
    const gchar *type;
      gboolean (*apply) (Apply *, JsonObject *, GError **);
  } kinds[] = {
    {"create", create}, {"alter", alter}, {"drop", drop},
    {"delete", delete_rows},
  };
  const gchar *type = get_text (change, "type");
  g_autoptr (GError) local = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (kinds); i++) {
    if (!is_text (type, kinds[i].type))
      continue;
    if (is_wanted (self, kinds[i].apply == delete_rows, &local))
      return check_names (self, error) && kinds[i].apply (self, change, error);
    if (local)
      g_propagate_error (error, g_steal_pointer (&local));
    return !local;
  }
  return not_understood (error);
}

/* what happened at a time is told at a time, where the consumer asks for that */
static gboolean
apply_all (Apply * self, JsonObject * change, GError ** error)
{
  JsonArray *several = get_array (change, "metas");

  if (!several)
    return apply_one (self, change, error);
  for (guint i = 0; i < get_n_elements (several); i++) {
    JsonObject *one = get_element (several, i);

    if (!one)
      return not_understood (error);
    if (!apply_one (self, one, error))
      return FALSE;
  }
  return TRUE;
}

/* The change is what fetch_json_meta tells. One that was not applied to its end
 * may be applied again. */
gboolean
gst_tdengine_apply_change (GstTDengineConnection * connection,
    const gchar * database, GstTDengineWriteSettings * settings,
    const gchar * json, GstTDengineApplied * applied,
    GCancellable * cancellable, GError ** error)
{
  Apply self = { connection, database, settings,
    gst_tdengine_write_settings_get_target (settings),
    gst_tdengine_write_settings_is_super (settings), applied, cancellable
  };
  const gchar *what;
  g_autoptr (JsonNode) root =
      gst_tdengine_json_object_parse (json, strlen (json), &what);

  if (!root)
    return not_understood (error);
  return apply_all (&self, json_node_get_object (root), error);
}
