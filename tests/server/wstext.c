/* test server: requests in text frames
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "error.h"
#include "json.h"
#include "wire.h"
#include "wsconnection.h"

enum
{
  OPTION_CLEAR = -1,
  OPTION_ZONE = 1,
  OPTION_LAST = 4,
};

typedef struct
{
  Connection *connection;
  Request request;
  JsonObject *args;             /* NULL for none */
} Call;

static void
send_error (Call * self, const GError * error)
{
  connection_send_text (self->connection, reply_error (&self->request, error));
}

static void
send_refusal (Call * self, const gchar * message)
{
  connection_send_text (self->connection, reply_new (&self->request,
          CODE_ADAPTER, message));
}

static GString *
new_reply (Call * self)
{
  return reply_new (&self->request, 0, "");
}

static void
send_reply (Call * self, GString * reply)
{
  connection_send_text (self->connection, reply);
}

/* what is missing is empty, what is of another type is an error */
static gboolean
get_string (Call * self, const gchar * name, const gchar ** value)
{
  JsonNode *node = self->args ? json_find (self->args, name) : NULL;

  *value = "";
  if (!node || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_STRING)
    return FALSE;
  *value = json_node_get_string (node);
  return TRUE;
}

/* json-glib keeps numbers from 2^63 on as negative ones, with the same bits;
 * so truly negative ones, which the adapter refuses, pass too */
static gboolean
get_id (JsonObject * args, const gchar * name, guint64 * value)
{
  JsonNode *node = args ? json_find (args, name) : NULL;

  *value = 0;
  if (!node || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_INT64)
    return FALSE;
  *value = (guint64) json_node_get_int (node);
  return TRUE;
}

static gboolean
get_bool (Call * self, const gchar * name, gboolean * value)
{
  JsonNode *node = self->args ? json_find (self->args, name) : NULL;

  *value = FALSE;
  if (!node || JSON_NODE_HOLDS_NULL (node))
    return TRUE;
  if (!JSON_NODE_HOLDS_VALUE (node)
      || json_node_get_value_type (node) != G_TYPE_BOOLEAN)
    return FALSE;
  *value = json_node_get_boolean (node);
  return TRUE;
}

static gboolean
take_version (Call * self)
{
  GString *reply = new_reply (self);

  reply_add_string (reply, "version", SERVER_VERSION);
  send_reply (self, reply);
  return TRUE;
}

static gboolean
log_in (Call * self, const gchar * user, const gchar * password,
    const gchar * db, const gchar * zone, GError ** error)
{
  Session *session = &self->connection->session;

  if (!connection_login (session->server, user, password, error)
      || (*db && !session_get_database (session, db, error)))
    return FALSE;
  if (*db)
    session_set_db (session, db);
  if (*zone)
    session_set_zone (session, zone);
  self->connection->is_logged_in = TRUE;
  return TRUE;
}

static gboolean
take_conn (Call * self)
{
  const gchar *user, *password, *db, *zone, *app;
  g_autoptr (GError) error = NULL;
  guint64 mode;

  if (!get_string (self, "user", &user)
      || !get_string (self, "password", &password)
      || !get_string (self, "db", &db) || !get_string (self, "tz", &zone)
      || !get_string (self, "app", &app) || !get_id (self->args, "mode", &mode))
    return FALSE;
  if (self->connection->is_logged_in) {
    send_refusal (self, "duplicate connections");
    return TRUE;
  }
  if (mode != 0) {
    g_autofree gchar *message = g_strdup_printf ("unexpected mode:%"
        G_GUINT64_FORMAT, mode);

    send_refusal (self, message);
    return TRUE;
  }
  if (!log_in (self, user, password, db, zone, &error)) {
    send_error (self, error);
    return TRUE;
  }
  return take_version (self);
}

static gboolean
take_query (Call * self)
{
  Connection *connection = self->connection;
  const gchar *sql;
  g_autoptr (GError) error = NULL;
  Outcome outcome;

  if (!get_string (self, "sql", &sql))
    return FALSE;
  if (!execute_sql (&connection->session, sql, &outcome, &error)) {
    send_error (self, error);
    return TRUE;
  }
  guint64 id = outcome.result ? connection_add_result (connection,
      outcome.result) : 0;
  GString *reply = new_reply (self);
  reply_add_query (reply, id, outcome.result, outcome.affected);
  send_reply (self, reply);
  return TRUE;
}

static Result *
find_result (Call * self, guint64 id)
{
  Result *result = g_hash_table_lookup (self->connection->results, &id);

  if (!result)
    send_refusal (self, "result is nil");
  return result;
}

static GstTDengineRows *
next_rows (Result * result, GError ** error)
{
  if (!result_get_benchmark (result))
    return result_next (result, error);
  refuse_unsupported (error, "fetch of the benchmark table in text");
  return NULL;
}

static gboolean
take_fetch (Call * self)
{
  Connection *connection = self->connection;
  g_autoptr (GError) error = NULL;
  guint64 id;

  if (!get_id (self->args, "id", &id))
    return FALSE;
  Result *result = find_result (self, id);
  if (!result)
    return TRUE;

  GstTDengineRows *rows = next_rows (result, &error);
  if (error) {
    send_error (self, error);
    g_hash_table_remove (connection->results, &id);
    return TRUE;
  }
  GString *reply = new_reply (self);
  reply_add_int (reply, "id", id);
  reply_add_bool (reply, "completed", !rows);
  if (rows)
    reply_add_lengths (reply, result);
  else
    g_string_append (reply, ",\"lengths\":null");
  reply_add_int (reply, "rows", rows ? gst_tdengine_rows_get_n_rows (rows) : 0);
  send_reply (self, reply);
  if (rows)
    g_hash_table_insert (connection->fetched, g_memdup2 (&id, sizeof id), rows);
  else
    g_hash_table_remove (connection->results, &id);
  return TRUE;
}

/* the block of the last fetch: time, id, block */
static gboolean
take_fetch_block (Call * self)
{
  Connection *connection = self->connection;
  guint64 id;
  guint8 head[16];

  if (!get_id (self->args, "id", &id))
    return FALSE;
  Result *result = find_result (self, id);
  GstTDengineRows *rows = g_hash_table_lookup (connection->fetched, &id);
  if (!result)
    return TRUE;
  if (!rows) {
    send_refusal (self, "block is nil");
    return TRUE;
  }
  g_autoptr (GByteArray) reply = g_byte_array_new ();
  GST_WRITE_UINT64_LE (head, request_get_timing (&self->request));
  GST_WRITE_UINT64_LE (head + 8, id);
  g_byte_array_append (reply, head, sizeof head);
  reply_append_block (reply, rows);
  wire_send_binary (connection->socket, reply->data, reply->len);
  return TRUE;
}

/* never answered */
static gboolean
take_free_result (Call * self)
{
  guint64 id;

  if (get_id (self->args, "id", &id))
    g_array_append_val (self->connection->frees, id);
  return TRUE;
}

static gboolean
take_num_fields (Call * self)
{
  guint64 id;

  if (!get_id (self->args, "result_id", &id))
    return FALSE;
  Result *result = find_result (self, id);
  if (!result)
    return TRUE;
  GString *reply = new_reply (self);
  reply_add_int (reply, "num_fields", result_n_columns (result));
  send_reply (self, reply);
  return TRUE;
}

static gboolean
take_get_current_db (Call * self)
{
  const gchar *db = self->connection->session.db;
  GString *reply = new_reply (self);

  reply_add_string (reply, "db", db ? db : "");
  send_reply (self, reply);
  return TRUE;
}

static gboolean
take_get_server_info (Call * self)
{
  GString *reply = new_reply (self);

  reply_add_string (reply, "info", "ver:" SERVER_VERSION_LONG
      "\nbuild:tdengine-test-server\ngitinfo:no git commit id");
  send_reply (self, reply);
  return TRUE;
}

static gboolean
set_option (Session * session, JsonNode * node)
{
  JsonObject *option = JSON_NODE_HOLDS_OBJECT (node) ?
      json_node_get_object (node) : NULL;
  gint64 number = option ?
      json_object_get_int_member_with_default (option, "option", -2) : -2;
  const gchar *value = option && json_object_has_member (option, "value") ?
      json_node_get_string (json_object_get_member (option, "value")) : NULL;

  if (number < OPTION_CLEAR || number > OPTION_LAST)
    return FALSE;
  if (number == OPTION_CLEAR || number == OPTION_ZONE)
    session_set_zone (session, value && number == OPTION_ZONE ? value : "UTC");
  return TRUE;
}

static gboolean
take_options (Call * self)
{
  JsonNode *node = self->args ? json_find (self->args, "options") : NULL;
  JsonArray *options;

  if (!node || !JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;
  options = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (options); i++)
    if (!set_option (&self->connection->session,
            json_array_get_element (options, i))) {
      connection_send_text (self->connection, reply_new (&self->request,
              CODE_INVALID_PARAMETERS, "Invalid parameters"));
      return TRUE;
    }
  send_reply (self, new_reply (self));
  return TRUE;
}

static gboolean
take_check_server_status (Call * self)
{
  GString *reply = new_reply (self);

  reply_add_int (reply, "status", 2);
  reply_add_string (reply, "details", "");
  send_reply (self, reply);
  return TRUE;
}

static void
send_statement (Call * self, guint64 id, const GError * error)
{
  GString *reply = error ? reply_error (&self->request, error) :
      new_reply (self);

  reply_add_int (reply, "stmt_id", id);
  send_reply (self, reply);
}

static gboolean
take_stmt2_init (Call * self)
{
  Connection *connection = self->connection;
  gboolean one_super, once;

  if (!get_bool (self, "single_stb_insert", &one_super)
      || !get_bool (self, "single_table_bind_once", &once))
    return FALSE;
  guint64 id = connection->next_statement++;
  g_hash_table_insert (connection->statements, g_memdup2 (&id, sizeof id),
      stmt2_new (&connection->session, one_super && once));
  send_statement (self, id, NULL);
  return TRUE;
}

static Stmt2 *
find_statement (Call * self, guint64 id)
{
  Stmt2 *stmt = g_hash_table_lookup (self->connection->statements, &id);
  g_autoptr (GError) error = NULL;

  if (stmt)
    return stmt;
  refuse (&error, CODE_ADAPTER, "stmt is nil");
  send_statement (self, id, error);
  return NULL;
}

static gboolean
take_stmt2_prepare (Call * self)
{
  g_autoptr (GError) error = NULL;
  gboolean get_fields;
  const gchar *sql;
  guint64 id;

  if (!get_id (self->args, "stmt_id", &id) || !get_string (self, "sql", &sql)
      || !get_bool (self, "get_fields", &get_fields))
    return FALSE;
  Stmt2 *stmt = find_statement (self, id);
  if (!stmt)
    return TRUE;
  if (!stmt2_prepare (stmt, sql, &error)
      || (get_fields && !stmt2_can_list (stmt, &error))) {
    send_statement (self, id, error);
    return TRUE;
  }
  GString *reply = new_reply (self);
  reply_add_int (reply, "stmt_id", id);
  reply_add_bool (reply, "is_insert", stmt2_is_insert (stmt));
  if (get_fields) {
    stmt2_add_fields (stmt, reply);
    reply_add_int (reply, "fields_count", stmt2_n_fields (stmt));
  } else {
    g_string_append (reply, ",\"fields\":null,\"fields_count\":0");
  }
  send_reply (self, reply);
  return TRUE;
}

static gboolean
take_stmt2_exec (Call * self)
{
  g_autoptr (GError) error = NULL;
  gint64 affected = 0;
  guint64 id;

  if (!get_id (self->args, "stmt_id", &id))
    return FALSE;
  Stmt2 *stmt = find_statement (self, id);
  if (!stmt)
    return TRUE;
  if (!stmt2_exec (stmt, &affected, &error)) {
    send_statement (self, id, error);
    return TRUE;
  }
  GString *reply = new_reply (self);
  reply_add_int (reply, "stmt_id", id);
  reply_add_int (reply, "affected", affected);
  send_reply (self, reply);
  return TRUE;
}

static gboolean
take_stmt2_result (Call * self)
{
  g_autoptr (GError) error = NULL;
  guint64 id;

  if (!get_id (self->args, "stmt_id", &id))
    return FALSE;
  Stmt2 *stmt = find_statement (self, id);
  if (!stmt)
    return TRUE;
  Result *result = stmt2_take_result (stmt, &error);
  if (!result) {
    send_statement (self, id, error);
    return TRUE;
  }
  GString *reply = new_reply (self);
  reply_add_int (reply, "stmt_id", id);
  reply_add_int (reply, "id", connection_add_result (self->connection, result));
  reply_add_fields (reply, result);
  send_reply (self, reply);
  return TRUE;
}

static gboolean
take_stmt2_close (Call * self)
{
  guint64 id;

  if (!get_id (self->args, "stmt_id", &id))
    return FALSE;
  g_hash_table_remove (self->connection->statements, &id);
  send_statement (self, id, NULL);
  return TRUE;
}

static gboolean
take_init (Call * self)
{
  Connection *connection = self->connection;
  guint64 id = connection->next_older_statement++;

  g_hash_table_insert (connection->older_statements, g_memdup2 (&id,
          sizeof id), stmt_new (&connection->session));
  send_statement (self, id, NULL);
  return TRUE;
}

/* the error, where there is one, is sent */
static Stmt *
find_older (Call * self, guint64 id)
{
  Stmt *stmt = g_hash_table_lookup (self->connection->older_statements, &id);
  g_autoptr (GError) error = NULL;

  if (stmt)
    return stmt;
  refuse (&error, CODE_ADAPTER, "stmt is nil");
  send_statement (self, id, error);
  return NULL;
}

static gboolean
take_prepare (Call * self)
{
  g_autoptr (GError) error = NULL;
  const gchar *sql;
  guint64 id;

  if (!get_id (self->args, "stmt_id", &id) || !get_string (self, "sql", &sql))
    return FALSE;
  Stmt *stmt = find_older (self, id);
  if (!stmt)
    return TRUE;
  if (!stmt_prepare (stmt, sql, &error)) {
    send_statement (self, id, error);
    return TRUE;
  }
  GString *reply = new_reply (self);
  reply_add_int (reply, "stmt_id", id);
  reply_add_bool (reply, "is_insert", TRUE);
  send_reply (self, reply);
  return TRUE;
}

static gboolean
take_set_table_name (Call * self)
{
  const gchar *name;
  guint64 id;

  if (!get_id (self->args, "stmt_id", &id)
      || !get_string (self, "name", &name))
    return FALSE;
  Stmt *stmt = find_older (self, id);
  if (!stmt)
    return TRUE;
  stmt_set_name (stmt, name);
  send_statement (self, id, NULL);
  return TRUE;
}

static gboolean
take_set_tags (Call * self)
{
  JsonNode *node = self->args ? json_find (self->args, "tags") : NULL;
  g_autoptr (GError) error = NULL;
  guint64 id;

  if (!get_id (self->args, "stmt_id", &id) || !node
      || !JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;
  Stmt *stmt = find_older (self, id);
  if (!stmt)
    return TRUE;
  stmt_set_tags (stmt, json_node_get_array (node), &error);
  send_statement (self, id, error);
  return TRUE;
}

static gboolean
take_add_batch (Call * self)
{
  g_autoptr (GError) error = NULL;
  guint64 id;

  if (!get_id (self->args, "stmt_id", &id))
    return FALSE;
  Stmt *stmt = find_older (self, id);
  if (!stmt)
    return TRUE;
  stmt_add_batch (stmt, &error);
  send_statement (self, id, error);
  return TRUE;
}

static gboolean
take_exec (Call * self)
{
  g_autoptr (GError) error = NULL;
  gint64 affected = 0;
  guint64 id;

  if (!get_id (self->args, "stmt_id", &id))
    return FALSE;
  Stmt *stmt = find_older (self, id);
  if (!stmt)
    return TRUE;
  if (!stmt_exec (stmt, &affected, &error)) {
    send_statement (self, id, error);
    return TRUE;
  }
  GString *reply = new_reply (self);
  reply_add_int (reply, "stmt_id", id);
  reply_add_int (reply, "affected", affected);
  send_reply (self, reply);
  return TRUE;
}

/* never answered */
static gboolean
take_close (Call * self)
{
  guint64 id;

  if (get_id (self->args, "stmt_id", &id))
    g_hash_table_remove (self->connection->older_statements, &id);
  return TRUE;
}

/* a handler gives FALSE where the arguments are not of their types */
static const struct
{
  const gchar *action;
  const gchar *what;            /* in the words of the adapter's error */
  gboolean needs_login;
    gboolean (*take) (Call * call);
} actions[] = {
  {"version", "version", FALSE, take_version},
  {"conn", "connect", FALSE, take_conn},
  {"check_server_status", "check_server_status", FALSE,
      take_check_server_status},
  {"query", "query", TRUE, take_query},
  {"fetch", "fetch", TRUE, take_fetch},
  {"fetch_block", "fetch_block", TRUE, take_fetch_block},
  {"free_result", "free_result", TRUE, take_free_result},
  {"num_fields", "num_fields", TRUE, take_num_fields},
  {"get_current_db", "get_current_db", TRUE, take_get_current_db},
  {"get_server_info", "get_server_info", TRUE, take_get_server_info},
  {"options_connection", "options_connection", TRUE, take_options},
  {"init", "init", TRUE, take_init},
  {"prepare", "prepare", TRUE, take_prepare},
  {"set_table_name", "set table name", TRUE, take_set_table_name},
  {"set_tags", "set tags", TRUE, take_set_tags},
  {"add_batch", "add batch", TRUE, take_add_batch},
  {"exec", "exec", TRUE, take_exec},
  {"close", "close", TRUE, take_close},
  {"stmt2_init", "stmt2_init", TRUE, take_stmt2_init},
  {"stmt2_prepare", "stmt2_prepare", TRUE, take_stmt2_prepare},
  {"stmt2_exec", "stmt2_exec", TRUE, take_stmt2_exec},
  {"stmt2_result", "stmt2_result", TRUE, take_stmt2_result},
  {"stmt2_close", "stmt2_close", TRUE, take_stmt2_close},
};

static gint
find_action (const gchar * action)
{
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    if (g_str_equal (actions[i].action, action))
      return i;
  return -1;
}

static void
dispatch (Call * self)
{
  gint index = find_action (self->request.action);

  if ((index < 0 || actions[index].needs_login)
      && !self->connection->is_logged_in) {
    send_refusal (self, "server not connected");
    return;
  }
  if (index < 0) {
    g_autofree gchar *message = g_strdup_printf ("unknown action %s",
        self->request.action);

    send_refusal (self, message);
    return;
  }
  if (actions[index].take (self))
    return;
  g_autofree gchar *message = g_strdup_printf ("unmarshal %s request error",
      actions[index].what);
  send_refusal (self, message);
}

static gboolean
read_call (Call * self, JsonNode * root)
{
  JsonObject *object = root && JSON_NODE_HOLDS_OBJECT (root) ?
      json_node_get_object (root) : NULL;
  JsonNode *action = object ? json_find (object, "action") : NULL;
  JsonNode *args = object ? json_find (object, "args") : NULL;

  if (!object || (action && (!JSON_NODE_HOLDS_VALUE (action)
              || json_node_get_value_type (action) != G_TYPE_STRING)))
    return FALSE;
  if (action)
    self->request.action = json_node_get_string (action);
  if (args && JSON_NODE_HOLDS_OBJECT (args))
    self->args = json_node_get_object (args);
  return TRUE;
}

void
connection_take_text (Connection * connection, const gchar * text, gsize size)
{
  g_autoptr (JsonNode) root = json_parse (text, size);
  Call self = {.connection = connection,
    .request = {"", 0, g_get_monotonic_time ()}
  };

  if (!read_call (&self, root)) {
    send_refusal (&self, "unmarshal request error");
    return;
  }
  gboolean has_id = get_id (self.args, "req_id", &self.request.req_id);
  if (!*self.request.action) {
    send_refusal (&self, "request no action");
    return;
  }
  if (!has_id) {
    g_autofree gchar *message = g_strdup_printf ("unmarshal %s request error",
        self.request.action);

    send_refusal (&self, message);
    return;
  }
  dispatch (&self);
}
