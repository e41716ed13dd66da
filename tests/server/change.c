/* test server: what statements change, as the JSON that topics tell it in
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "change.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "json.h"
#include "value.h"

/* the numbers that the real server has for its alterations */
enum
{
  ALTER_CODE_ADD_TAG = 1,
  ALTER_CODE_DROP_TAG = 2,
  ALTER_CODE_RENAME_TAG = 3,
  ALTER_CODE_SET_TAG = 4,
  ALTER_CODE_ADD_COLUMN = 5,
  ALTER_CODE_DROP_COLUMN = 6,
  ALTER_CODE_MODIFY_COLUMN = 7,
  ALTER_CODE_MODIFY_TAG = 8,
  ALTER_CODE_RENAME_COLUMN = 10,
};

static void
add_text (GString * json, const gchar * name, const gchar * text)
{
  g_string_append_printf (json, "%s\"%s\":", json->len > 1 ? "," : "", name);
  json_append_string (json, text, -1, TRUE);
}

static void
add_number (GString * json, const gchar * name, gint64 number)
{
  g_string_append_printf (json, ",\"%s\":%" G_GINT64_FORMAT, name, number);
}

static GString *
begin (const gchar * type, const gchar * table_type, const gchar * name)
{
  GString *json = g_string_new ("{");

  add_text (json, "type", type);
  if (table_type)
    add_text (json, "tableType", table_type);
  if (name)
    add_text (json, "tableName", name);
  return json;
}

static gchar *
end (GString * json)
{
  g_string_append_c (json, '}');
  return g_string_free (json, FALSE);
}

/* how TDengine would store a type: encoding and compression */
void
change_get_storage (GstTDengineType type, const gchar ** encode,
    const gchar ** compress)
{
  gboolean has_width = gst_tdengine_type_get_width (type) > 0;

  *encode = has_width ? "simple8b" : "disabled";
  *compress = has_width ? "lz4" : "zstd";
  switch (type) {
    case GST_TDENGINE_TYPE_TIMESTAMP:
      *encode = "delta-i";
      break;
    case GST_TDENGINE_TYPE_FLOAT:
    case GST_TDENGINE_TYPE_DOUBLE:
      *encode = "bss";
      break;
    case GST_TDENGINE_TYPE_BOOL:
      *encode = "bit-packing";
      *compress = "zstd";
      break;
    case GST_TDENGINE_TYPE_TINYINT:
    case GST_TDENGINE_TYPE_SMALLINT:
    case GST_TDENGINE_TYPE_UTINYINT:
    case GST_TDENGINE_TYPE_USMALLINT:
      *compress = "zlib";
      break;
    case GST_TDENGINE_TYPE_DECIMAL:
    case GST_TDENGINE_TYPE_DECIMAL64:
      *encode = "disabled";
      *compress = "zstd";
      break;
    case GST_TDENGINE_TYPE_GEOMETRY:
    case GST_TDENGINE_TYPE_BLOB:
      *compress = "lz4";
      break;
    default:
      break;
  }
}

static gboolean
is_varying (GstTDengineType type)
{
  return gst_tdengine_type_get_width (type) == 0
      && type != GST_TDENGINE_TYPE_JSON;
}

static void
append_column (GString * json, const Column * column, gboolean is_tag)
{
  GstTDengineType type = column->info.type;
  g_autoptr (GString) object = g_string_new ("{");
  const gchar *encode, *compress;

  add_text (object, "name", column->info.name);
  add_number (object, "type", type);
  if (is_varying (type))
    add_number (object, "length", column->info.length);
  if (!is_tag) {
    change_get_storage (type, &encode, &compress);
    g_string_append_printf (object, ",\"isPrimarykey\":%s",
        column->is_key ? "true" : "false");
    add_text (object, "encode", encode);
    add_text (object, "compress", compress);
    add_text (object, "level", "medium");
  }
  g_string_append_printf (json, "%s%s}", json->str[json->len - 1] == '['
      ? "" : ",", object->str);
}

static void
append_columns (GString * json, Table * table)
{
  g_string_append (json, ",\"columns\":[");
  for (guint i = 0; i < table->columns->len; i++)
    append_column (json, g_ptr_array_index (table->columns, i), FALSE);
  g_string_append (json, "],\"tags\":[");
  for (guint i = 0; i < table->tags->len; i++)
    append_column (json, g_ptr_array_index (table->tags, i), TRUE);
  g_string_append_c (json, ']');
}

/* text keeps quotes of its own, as in SQL; the real server escapes nothing */
static void
append_quoted_value (GString * json, const GString * text)
{
  g_autoptr (GString) quoted = g_string_new ("\"");

  g_string_append_len (quoted, text->str, text->len);
  g_string_append_c (quoted, '"');
  json_append_string (json, quoted->str, quoted->len, TRUE);
}

static void
append_bytes (GString * json, sqlite3_value * value)
{
  const guint8 *bytes = sqlite3_value_blob (value);
  g_autoptr (GString) hex = g_string_new ("\\x");

  for (gint i = 0; i < sqlite3_value_bytes (value); i++)
    g_string_append_printf (hex, "%02X", bytes[i]);
  append_quoted_value (json, hex);
}

static void
append_text (GString * json, const Column * tag, sqlite3_value * value)
{
  const gchar *text = (const gchar *) sqlite3_value_text (value);
  g_autoptr (GString) copy = g_string_new_len (text,
      sqlite3_value_bytes (value));

  if (tag->info.type == GST_TDENGINE_TYPE_JSON)
    json_append_string (json, copy->str, copy->len, TRUE);
  else
    append_quoted_value (json, copy);
}

/* Every number is a double there, told with 15 digits where these come within a
 * hair of it. */
static void
append_number (GString * json, const Column * tag, sqlite3_value * value)
{
  gdouble number = tag->info.type == GST_TDENGINE_TYPE_UBIGINT ?
      (gdouble) (guint64) value_flip (sqlite3_value_int64 (value)) :
      sqlite3_value_double (value);
  gchar text[G_ASCII_DTOSTR_BUF_SIZE];
  gdouble told;

  g_ascii_formatd (text, sizeof text, "%.15g", number);
  told = g_ascii_strtod (text, NULL);
  if (fabs (told - number) > MAX (fabs (told), fabs (number)) * DBL_EPSILON)
    g_ascii_formatd (text, sizeof text, "%.17g", number);
  g_string_append (json, text);
}

static void
append_value (GString * json, const Column * tag, sqlite3_value * value)
{
  if (gst_tdengine_type_get_width (tag->info.type) > 0)
    append_number (json, tag, value);
  else if (sqlite3_value_type (value) == SQLITE_BLOB)
    append_bytes (json, value);
  else
    append_text (json, tag, value);
}

static void
append_tag (GString * json, const Column * tag, sqlite3_value * value)
{
  if (sqlite3_value_type (value) == SQLITE_NULL)
    return;
  if (json->str[json->len - 1] != '[')
    g_string_append_c (json, ',');
  g_string_append (json, "{\"name\":");
  json_append_string (json, tag->info.name, -1, TRUE);
  add_number (json, "type", tag->info.type);
  g_string_append (json, ",\"value\":");
  append_value (json, tag, value);
  g_string_append_c (json, '}');
}

static sqlite3_stmt *
find_tags (Server * server, Table * table, GError ** error)
{
  g_autoptr (GString) sql = g_string_new ("SELECT ");

  for (guint i = 0; i < table->super->tags->len; i++) {
    const Column *tag = g_ptr_array_index (table->super->tags, i);

    g_string_append_printf (sql, "%sc%u", i ? ", " : "", tag->id);
  }
  g_string_append_printf (sql, " FROM tags_%" G_GINT64_FORMAT " WHERE tid = %"
      G_GINT64_FORMAT, table->super->id, table->id);
  return storage_prepare (server->storage, sql->str, error);
}

static gboolean
append_tags (Server * server, Table * table, GString * json, GError ** error)
{
  GPtrArray *tags = table->super->tags;
  sqlite3_stmt *stmt = find_tags (server, table, error);

  if (!stmt)
    return FALSE;
  add_text (json, "using", table->super->name);
  add_number (json, "tagNum", tags->len);
  g_string_append (json, ",\"tags\":[");
  if (sqlite3_step (stmt) == SQLITE_ROW)
    for (guint i = 0; i < tags->len; i++)
      append_tag (json, g_ptr_array_index (tags, i),
          sqlite3_column_value (stmt, i));
  sqlite3_finalize (stmt);
  g_string_append (json, "],\"createList\":[]");
  return TRUE;
}

gchar *
change_create (Server * server, Table * table, GError ** error)
{
  GString *json = begin ("create", table->kind == TABLE_SUPER ? "super" :
      table->kind == TABLE_SUB ? "child" : "normal", table->name);

  if (table->kind != TABLE_SUB) {
    append_columns (json, table);
  } else if (!append_tags (server, table, json, error)) {
    g_string_free (json, TRUE);
    return NULL;
  }
  return end (json);
}

static gint
get_code (const Statement * statement)
{
  gboolean is_tag = statement->alters_tag;

  switch (statement->alter) {
    case ALTER_ADD:
      return is_tag ? ALTER_CODE_ADD_TAG : ALTER_CODE_ADD_COLUMN;
    case ALTER_DROP:
      return is_tag ? ALTER_CODE_DROP_TAG : ALTER_CODE_DROP_COLUMN;
    case ALTER_MODIFY:
      return is_tag ? ALTER_CODE_MODIFY_TAG : ALTER_CODE_MODIFY_COLUMN;
    case ALTER_RENAME:
      return is_tag ? ALTER_CODE_RENAME_TAG : ALTER_CODE_RENAME_COLUMN;
    default:
      return ALTER_CODE_SET_TAG;
  }
}

static void
add_tag_value (GString * json, const Statement * statement)
{
  const Literal *literal = &statement->literal;
  gboolean is_null = literal->kind == LITERAL_NULL;

  if (literal->kind == LITERAL_STRING) {
    g_autofree gchar *text = token_get_string (&literal->token, NULL);
    g_autofree gchar *quoted = g_strdup_printf ("\"%s\"", text);

    add_text (json, "colValue", quoted);
  } else if (!is_null) {
    g_autofree gchar *text = g_strndup (literal->start,
        literal->token.start + literal->token.length - literal->start);

    add_text (json, "colValue", text);
  }
  g_string_append_printf (json, ",\"colValueNull\":%s",
      is_null ? "true" : "false");
}

/* column is what the statement names, for what has a type */
gchar *
change_alter (Table * table, const Statement * statement, const Column * column)
{
  GString *json = begin ("alter", table->kind == TABLE_SUPER ? "super" :
      table->kind == TABLE_SUB ? "child" : "normal", table->name);

  add_number (json, "alterType", get_code (statement));
  add_text (json, "colName", statement->column.name);
  if (statement->alter == ALTER_ADD || statement->alter == ALTER_MODIFY) {
    add_number (json, "colType", column->info.type);
    if (is_varying (column->info.type))
      add_number (json, "colLength", column->info.length);
  } else if (statement->alter == ALTER_RENAME) {
    add_text (json, "colNewName", statement->new_name);
  } else if (statement->alter == ALTER_SET_TAG) {
    add_tag_value (json, statement);
  }
  return end (json);
}

gchar *
change_drop_super (Table * table)
{
  return end (begin ("drop", "super", table->name));
}

gchar *
change_drop (GPtrArray * names)
{
  GString *json = begin ("drop", NULL, NULL);

  g_string_append (json, ",\"tableNameList\":[");
  for (guint i = 0; i < names->len; i++) {
    if (i > 0)
      g_string_append_c (json, ',');
    json_append_string (json, g_ptr_array_index (names, i), -1, TRUE);
  }
  g_string_append_c (json, ']');
  return end (json);
}

static void
append_name (GString * sql, const gchar * name)
{
  g_auto (GStrv) parts = g_strsplit (name, "`", -1);
  g_autofree gchar *escaped = g_strjoinv ("``", parts);

  g_string_append_printf (sql, "`%s`", escaped);
}

gchar *
change_delete (Table * table, gint64 first, gint64 last)
{
  GString *json = begin ("delete", NULL, NULL);
  const Column *time = g_ptr_array_index (table->columns, 0);
  g_autoptr (GString) sql = g_string_new ("delete from ");

  append_name (sql, table->name);
  g_string_append (sql, " where ");
  append_name (sql, time->info.name);
  g_string_append_printf (sql, " >= %" G_GINT64_FORMAT " and ", first);
  append_name (sql, time->info.name);
  g_string_append_printf (sql, " <= %" G_GINT64_FORMAT, last);
  add_text (json, "sql", sql->str);
  return end (json);
}

/* the first of several sub tables made at once, with all of them in its list */
gchar *
change_merge (GPtrArray * changes)
{
  static const gchar empty_list[] = ",\"createList\":[]}";
  static const gchar type[] = "\"type\":\"create\",\"tableType\":\"child\",";
  const gchar *first = g_ptr_array_index (changes, 0);
  gsize size = strlen (first) - strlen (empty_list);
  GString *json;

  if (changes->len == 1)
    return g_strdup (first);
  json = g_string_new_len (first, size);
  g_string_append (json, ",\"createList\":[");
  for (guint i = 0; i < changes->len; i++) {
    const gchar *change = g_ptr_array_index (changes, i);

    g_string_append_printf (json, "%s{%.*s}", i ? "," : "",
        (gint) (strlen (change) - strlen (empty_list) - strlen (type) - 1),
        change + 1 + strlen (type));
  }
  g_string_append_c (json, ']');
  return end (json);
}
