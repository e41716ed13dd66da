/* tdengine carrier: one batch at a time over a connection
 *
 * While the server works on one batch, the next is made ready. What fails
 * leaves nothing under way and no statement prepared, and what was lost with
 * the connection is made anew over another.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdenginebind.h"
#include "gsttdenginecarrier.h"
#include "gsttdengineconnection-private.h"
#include "gsttdengineerror.h"
#include "gsttdengineinsert.h"
#include "gsttdengineraw.h"
#include "gsttdenginesql.h"

struct _GstTDengineCarrier
{
  GstTDengineConnection *connection;
  gboolean in_use;              /* the database is the connection's */
  gchar *database;
  const GstTDengineTarget *target;
  guint64 stmt_id;              /* 0: none prepared for target */

  GstTDengineRequest request;
  gboolean is_busy;

  const GstTDengineBatch *prepared;     /* what frame holds, or NULL */
  guint64 req_id;               /* of frame */
  GByteArray *frame;            /* these are kept from one to the next */
  GByteArray *message;
  GString *sql;
  GstTDengineBind *bind;
};

/* A connection that is not open is replaced by one that is when it is needed. */
GstTDengineCarrier *
gst_tdengine_carrier_new (GstTDengineConnection * connection,
    const gchar * database)
{
  GstTDengineCarrier *self = g_new0 (GstTDengineCarrier, 1);

  self->connection = g_object_ref (connection);
  self->database = g_strdup (database);
  self->frame = g_byte_array_new ();
  self->message = g_byte_array_new ();
  self->sql = g_string_new (NULL);
  self->bind = gst_tdengine_bind_new ();
  return self;
}

static guint64
next_id (GstTDengineCarrier * self)
{
  return gst_tdengine_connection_next_id (self->connection);
}

static void
forget_request (GstTDengineCarrier * self)
{
  gst_tdengine_connection_forget (self->connection, &self->request);
  self->request.on_reply = NULL;
  self->is_busy = FALSE;
}

static void
drop_statement (GstTDengineCarrier * self)
{
  if (self->stmt_id == 0)
    return;
  gst_tdengine_connection_post_text (self->connection,
      gst_tdengine_messages_stmt2_close (next_id (self), self->stmt_id));
  self->stmt_id = 0;
}

void
gst_tdengine_carrier_free (GstTDengineCarrier * self)
{
  forget_request (self);
  g_object_unref (self->connection);
  g_free (self->database);
  g_byte_array_unref (self->frame);
  g_byte_array_unref (self->message);
  g_string_free (self->sql, TRUE);
  gst_tdengine_bind_free (self->bind);
  g_free (self);
}

/* to be repeated when it was mapped anew; nothing may be under way */
void
gst_tdengine_carrier_set_target (GstTDengineCarrier * self,
    const GstTDengineTarget * target)
{
  drop_statement (self);
  self->prepared = NULL;
  self->target = target;
}

static gboolean
is_cancelled (const GError * error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* After this a statement and what was prepared are of no use: the server says
 * no to the one for ever, and the other may be bound to it. Where an answer did
 * not come the connection has to go: it may still be on its way. */
static gboolean
fail (GstTDengineCarrier * self, const GError * error)
{
  forget_request (self);
  if (is_cancelled (error)
      || g_error_matches (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_SERVER))
    drop_statement (self);
  else
    gst_tdengine_connection_close (self->connection);
  self->stmt_id = 0;
  self->prepared = NULL;
  return FALSE;
}

/* a raw block is for a table of the current database */
static gboolean
use_database (GstTDengineCarrier * self, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GString) use = g_string_new ("USE ");

  gst_tdengine_sql_append_name (use, self->database);
  self->in_use = gst_tdengine_connection_execute (self->connection, use->str,
      cancellable, error) >= 0;
  if (!self->in_use)
    g_prefix_error (error, "%s: ", self->database);
  return self->in_use;
}

static gboolean
reconnect (GstTDengineCarrier * self, GCancellable * cancellable,
    GError ** error)
{
  GstTDengineConnection *fresh =
      gst_tdengine_connection_copy (self->connection);

  g_object_unref (self->connection);
  self->connection = fresh;
  self->in_use = FALSE;
  self->stmt_id = 0;
  self->prepared = NULL;
  return gst_tdengine_connection_open (fresh, cancellable, error);
}

/* An open connection, within the database; a new one where the last was lost.
 * It belongs to the carrier. */
GstTDengineConnection *
gst_tdengine_carrier_connect (GstTDengineCarrier * self,
    GCancellable * cancellable, GError ** error)
{
  if (!gst_tdengine_connection_is_open (self->connection)
      && !reconnect (self, cancellable, error))
    return NULL;
  if (!self->in_use && !use_database (self, cancellable, error))
    return NULL;
  return self->connection;
}

/* bound rows */

static void
append_bound_names (const GstTDengineTarget * target, GString * sql,
    guint first, guint end)
{
  for (guint i = first; i < end; i++) {
    if (target->sources[i] < 0)
      continue;
    gst_tdengine_sql_append_name (sql,
        gst_tdengine_schema_get_column (target->schema, i)->name);
    g_string_append_c (sql, ',');
  }
}

/* the sub table's name, its tags, then its columns: the order of binding */
static gchar *
make_insert (const GstTDengineTarget * target)
{
  GString *sql = g_string_new ("INSERT INTO ");
  guint n = target->n_bound_tags + target->n_bound_columns + target->is_super;

  gst_tdengine_sql_append_table (sql, target->database, target->table);
  g_string_append (sql, target->is_super ? " (tbname," : " (");
  append_bound_names (target, sql, target->n_columns,
      gst_tdengine_schema_get_n_columns (target->schema));
  append_bound_names (target, sql, 0, target->n_columns);
  /* the last comma becomes the bracket */
  sql->str[sql->len - 1] = ')';
  g_string_append (sql, " VALUES (");
  for (guint i = 0; i < n; i++)
    g_string_append (sql, "?,");
  sql->str[sql->len - 1] = ')';
  return g_string_free (sql, FALSE);
}

static gboolean
call (GstTDengineCarrier * self, guint64 req_id, gchar * text,
    GCancellable * cancellable, GError ** error)
{
  return gst_tdengine_connection_send_text (self->connection, &self->request,
      req_id, text, cancellable, error)
      && gst_tdengine_connection_wait (self->connection, &self->request,
      cancellable, error);
}

static gboolean
prepare_statement (GstTDengineCarrier * self, GCancellable * cancellable,
    GError ** error)
{
  g_autofree gchar *sql = make_insert (self->target);
  guint64 req_id = next_id (self);

  if (!call (self, req_id, gst_tdengine_messages_stmt2_init (req_id),
          cancellable, error))
    return FALSE;
  self->stmt_id = self->request.reply.stmt_id;
  req_id = next_id (self);
  return call (self, req_id, gst_tdengine_messages_stmt2_prepare (req_id,
          self->stmt_id, sql), cancellable, error);
}

static gboolean
ensure_statement (GstTDengineCarrier * self, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GError) local = NULL;

  if (self->stmt_id != 0)
    return TRUE;
  if (prepare_statement (self, cancellable, &local)) {
    forget_request (self);
    return TRUE;
  }
  fail (self, local);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

/* The exec follows at once where the values were taken: the server dies of an
 * exec whose bind it refused. The next answer is the exec's own. */
static GstTDengineNext
on_bound (GstTDengineRequest * request)
{
  request->on_reply = NULL;
  return request->reply.code == 0 ? GST_TDENGINE_NEXT_EXEC :
      GST_TDENGINE_NEXT_NOTHING;
}

static guint
prepare_bound (GstTDengineCarrier * self, const GstTDengineBatch * batch,
    GCancellable * cancellable, GError ** error)
{
  if (!ensure_statement (self, cancellable, error))
    return 0;
  gst_tdengine_bind_build (self->bind, self->message, self->req_id,
      self->stmt_id, self->target, batch);
  GOutputVector part = { self->message->data, self->message->len };
  gst_tdengine_connection_prepare (self->connection, self->frame, &part, 1);
  return batch->n_rows;
}

/* SQL */

static guint
prepare_sql (GstTDengineCarrier * self, const GstTDengineBatch * batch,
    GError ** error)
{
  guint8 head[GST_TDENGINE_QUERY_HEAD_SIZE];
  guint n_rows =
      gst_tdengine_insert_build (self->sql, self->target, batch, error);
  GOutputVector parts[] = { {head, sizeof head},
  {self->sql->str, self->sql->len}
  };

  if (n_rows == 0)
    return 0;
  gst_tdengine_messages_write_query_head (head, self->req_id, self->sql->len);
  gst_tdengine_connection_prepare (self->connection, self->frame, parts, 2);
  return n_rows;
}

/* one after the other */

/* whether it takes no answer of the server, which may be at work */
gboolean
gst_tdengine_carrier_can_prepare (GstTDengineCarrier * self,
    const GstTDengineBatch * batch)
{
  return gst_tdengine_connection_is_open (self->connection)
      && (batch->way != GST_TDENGINE_WAY_BOUND || self->stmt_id != 0);
}

/* whether this is what was made ready */
gboolean
gst_tdengine_carrier_has (GstTDengineCarrier * self,
    const GstTDengineBatch * batch)
{
  return self->prepared == batch;
}

/* Makes a batch ready, the way it says. How many rows from its first that are,
 * or 0 with an error; the others have to go. */
guint
gst_tdengine_carrier_prepare (GstTDengineCarrier * self,
    const GstTDengineBatch * batch, GCancellable * cancellable, GError ** error)
{
  guint n_rows = 0;

  self->req_id = next_id (self);
  switch (batch->way) {
    case GST_TDENGINE_WAY_RAW:
      n_rows = gst_tdengine_raw_prepare (self->connection, self->frame,
          self->req_id, self->target, batch, error) ? batch->n_rows : 0;
      break;
    case GST_TDENGINE_WAY_BOUND:
      n_rows = prepare_bound (self, batch, cancellable, error);
      break;
    case GST_TDENGINE_WAY_SQL:
      n_rows = prepare_sql (self, batch, error);
      break;
  }
  self->prepared = n_rows > 0 ? batch : NULL;
  return n_rows;
}

/* sends what was made ready */
gboolean
gst_tdengine_carrier_send (GstTDengineCarrier * self,
    GCancellable * cancellable, GError ** error)
{
  gboolean is_bound = self->prepared->way == GST_TDENGINE_WAY_BOUND;
  g_autoptr (GError) local = NULL;

  self->prepared = NULL;
  self->request.on_reply = is_bound ? on_bound : NULL;
  self->request.resource_id = self->stmt_id;
  self->is_busy = gst_tdengine_connection_send_prepared (self->connection,
      &self->request, self->req_id, self->frame, cancellable, &local);
  if (self->is_busy)
    return TRUE;
  fail (self, local);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

gboolean
gst_tdengine_carrier_is_busy (GstTDengineCarrier * self)
{
  return self->is_busy;
}

/* FALSE leaves what was cancelled under way, and nothing else */
gboolean
gst_tdengine_carrier_wait (GstTDengineCarrier * self,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GError) local = NULL;

  if (gst_tdengine_connection_wait (self->connection, &self->request,
          cancellable, &local)) {
    forget_request (self);
    return TRUE;
  }
  if (!is_cancelled (local))
    fail (self, local);
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}
