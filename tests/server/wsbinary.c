/* test server: requests in binary frames
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/base/gstbytereader.h>

#include "error.h"
#include "parser.h"
#include "rawwrite.h"
#include "wire.h"
#include "wsconnection.h"

#define HEAD_SIZE 24
#define MIN_QUERY_SIZE 31

enum
{
  ACTION_BIND_BLOCK = 2,
  ACTION_WRITE_RAW_BLOCK = 4,
  ACTION_WRITE_RAW_BLOCK_WITH_FIELDS = 5,
  ACTION_QUERY = 6,
  ACTION_FETCH = 7,
  ACTION_BIND = 9,
  ACTION_VALIDATE = 10,
};

typedef struct
{
  Connection *connection;
  Request request;
  guint64 id;                   /* of a result or a statement */
  GBytes *message;
  GstByteReader reader;         /* behind the head */
} Frame;

static void
send_error (Frame * self, const GError * error)
{
  connection_send_text (self->connection, reply_error (&self->request, error));
}

static void
send_refusal (Frame * self, const gchar * message)
{
  connection_send_text (self->connection, reply_new (&self->request,
          CODE_ADAPTER, message));
}

/* version, length, SQL */
static gchar *
read_sql (Frame * self)
{
  const guint8 *sql;
  guint16 version = 0;
  guint32 size = 0;

  if (g_bytes_get_size (self->message) < MIN_QUERY_SIZE)
    return send_refusal (self, "message length is too short"), NULL;
  gst_byte_reader_get_uint16_le (&self->reader, &version);
  gst_byte_reader_get_uint32_le (&self->reader, &size);
  if (version != 1)
    return send_refusal (self, "unknown binary_query version"), NULL;
  if (!gst_byte_reader_get_data (&self->reader, size, &sql))
    return send_refusal (self, "uncompleted message"), NULL;
  return g_strndup ((const gchar *) sql, size);
}

static void
take_query (Frame * self)
{
  Connection *connection = self->connection;
  g_autofree gchar *sql = read_sql (self);
  g_autoptr (GError) error = NULL;
  Outcome outcome;

  if (!sql)
    return;
  if (!execute_sql (&connection->session, sql, &outcome, &error)) {
    send_error (self, error);
    return;
  }
  guint64 id = outcome.result ? connection_add_result (connection,
      outcome.result) : 0;
  GString *reply = reply_new (&self->request, 0, "");
  reply_add_query (reply, id, outcome.result, outcome.affected);
  connection_send_text (connection, reply);
}

static void
send_end (Frame * self, const GError * error)
{
  g_autoptr (GByteArray) reply = reply_fetch (&self->request, self->id, error);

  wire_send_binary (self->connection->socket, reply->data, reply->len);
  g_hash_table_remove (self->connection->results, &self->id);
}

/* libsoup copies what it sends, so that the one message serves again */
static void
fetch_benchmark (Frame * self, BenchmarkBlocks * blocks)
{
  gsize size;
  guint8 *message = benchmark_blocks_next (blocks, &size);

  if (!message) {
    send_end (self, NULL);
    return;
  }
  reply_fetch_head (message, &self->request, self->id, size - BENCHMARK_HEAD);
  wire_send_binary (self->connection->socket, message, size);
}

static void
take_fetch (Frame * self)
{
  g_autoptr (GError) error = NULL;
  Result *result = g_hash_table_lookup (self->connection->results, &self->id);

  if (!result) {
    refuse (&error, CODE_ADAPTER, "result is nil");
    send_end (self, error);
    return;
  }
  if (result_get_benchmark (result)) {
    fetch_benchmark (self, result_get_benchmark (result));
    return;
  }
  g_autoptr (GstTDengineRows) rows = result_next (result, &error);
  if (!rows) {
    send_end (self, error);
    return;
  }
  g_autoptr (GByteArray) reply = g_byte_array_new ();
  g_byte_array_set_size (reply, BENCHMARK_HEAD);
  reply_append_block (reply, rows);
  reply_fetch_head (reply->data, &self->request, self->id,
      reply->len - BENCHMARK_HEAD);
  wire_send_binary (self->connection->socket, reply->data, reply->len);
}

static void
take_write (Frame * self, gboolean with_fields)
{
  g_autoptr (GError) error = NULL;

  if (!raw_write (&self->connection->session, self->message, with_fields,
          &error)) {
    send_error (self, error);
    return;
  }
  connection_send_text (self->connection, reply_new (&self->request, 0, ""));
}

static void
send_bound (Frame * self, const GError * error)
{
  GString *reply = error ? reply_error (&self->request, error) :
      reply_new (&self->request, 0, "");

  reply_add_int (reply, "stmt_id", self->id);
  connection_send_text (self->connection, reply);
}

/* of the older kind of statements: the rest of the frame is a block */
static void
take_bind_block (Frame * self)
{
  Stmt *stmt = g_hash_table_lookup (self->connection->older_statements,
      &self->id);
  g_autoptr (GBytes) block = g_bytes_new_from_bytes (self->message, HEAD_SIZE,
      g_bytes_get_size (self->message) - HEAD_SIZE);
  g_autoptr (GError) error = NULL;

  if (!stmt)
    refuse (&error, CODE_ADAPTER, "stmt is nil");
  else
    stmt_bind (stmt, block, &error);
  send_bound (self, error);
}

static void
take_bind (Frame * self)
{
  Stmt2 *stmt = g_hash_table_lookup (self->connection->statements, &self->id);
  g_autoptr (GError) error = NULL;

  if (!stmt)
    refuse (&error, CODE_ADAPTER, "stmt is nil");
  else
    stmt2_bind (stmt, self->message, &error);
  send_bound (self, error);
}

/* the result code is the native one, with its sign */
static void
take_validate (Frame * self)
{
  g_autofree gchar *sql = read_sql (self);
  g_autoptr (Arena) arena = arena_new ();
  g_autoptr (GError) error = NULL;

  if (!sql)
    return;
  parse_statement (arena, sql, &error);
  GString *reply = reply_new (&self->request, 0, "");
  g_string_append_printf (reply, ",\"result_code\":%d",
      error ? (gint) (0x80000000u | (guint) error->code) : 0);
  connection_send_text (self->connection, reply);
}

static void
dispatch (Frame * self, guint64 action)
{
  switch (action) {
    case ACTION_WRITE_RAW_BLOCK:
      self->request.action = "write_raw_block";
      break;
    case ACTION_WRITE_RAW_BLOCK_WITH_FIELDS:
      self->request.action = "write_raw_block_with_fields";
      break;
    case ACTION_QUERY:
      self->request.action = "binary_query";
      break;
    case ACTION_BIND_BLOCK:
      self->request.action = "bind";
      break;
    case ACTION_BIND:
      self->request.action = "stmt2_bind";
      break;
    case ACTION_VALIDATE:
      self->request.action = "validate_sql";
      break;
    default:
      break;
  }
  if (!self->connection->is_logged_in) {
    send_refusal (self, "server not connected");
    return;
  }
  if (action == ACTION_QUERY)
    take_query (self);
  else if (action == ACTION_FETCH)
    take_fetch (self);
  else if (action == ACTION_BIND_BLOCK)
    take_bind_block (self);
  else if (action == ACTION_BIND)
    take_bind (self);
  else if (action == ACTION_VALIDATE)
    take_validate (self);
  else if (action == ACTION_WRITE_RAW_BLOCK
      || action == ACTION_WRITE_RAW_BLOCK_WITH_FIELDS)
    take_write (self, action == ACTION_WRITE_RAW_BLOCK_WITH_FIELDS);
  else {
    g_autofree gchar *message = g_strdup_printf ("unknown binary action %"
        G_GUINT64_FORMAT, action);

    send_refusal (self, message);
  }
}

/* The real adapter reads beyond a short frame; here it is refused. */
void
connection_take_binary (Connection * connection, GBytes * message)
{
  Frame self = {.connection = connection,.message = message,
    .request = {"unknown", 0, g_get_monotonic_time ()}
  };
  guint64 action = 0;
  gsize size;
  const guint8 *data = g_bytes_get_data (message, &size);

  gst_byte_reader_init (&self.reader, data, MIN (size, G_MAXUINT));
  if (size < HEAD_SIZE) {
    send_refusal (&self, "message length is too short");
    return;
  }
  gst_byte_reader_get_uint64_le (&self.reader, &self.request.req_id);
  gst_byte_reader_get_uint64_le (&self.reader, &self.id);
  gst_byte_reader_get_uint64_le (&self.reader, &action);
  dispatch (&self, action);
}
