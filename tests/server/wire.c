/* test server: what comes and goes, with the faults a test asked for
 *
 * All messages of a WebSocket pass here, on their way in before anyone else
 * sees them and on their way out as the last, so that faults need no one's
 * help and know no more than a message's action.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wire.h"

#include <string.h>
#include <unistd.h>

#include "error.h"
#include "httpfaults.h"
#include "json.h"
#include "reply.h"
#include "wirestream.h"

#define KEY "tdengine-wire"
#define UPGRADE "upgrade"

#define ACTION_AT 16
#define HEAD_SIZE 24

#define OPCODE_TEXT 1
#define OPCODE_BINARY 2

/* one for each path */
typedef struct
{
  SoupServer *soup;             /* which owns this */
  gchar *path;
  Faults *faults;
  GPtrArray *extensions;        /* classes that a client may ask for */
  SoupServerWebsocketCallback callback;
  gpointer data;
} Endpoint;

/* one for each WebSocket */
typedef struct
{
  Endpoint *endpoint;
  SoupWebsocketConnection *socket;      /* which owns this */
  WireStream *stream;
  gchar *serving;               /* the action of the request at hand */
} Wire;

/* what will leave */
typedef struct
{
  SoupWebsocketConnection *socket;
  guint8 opcode;
  GByteArray *payload;
  guint64 length;               /* as the frame's head says it */
  guint64 n_bytes;              /* of the whole frame */
  WireEnd end;
  gint status;
  guint ms;
} Outgoing;

static const gchar *const binary_actions[] = {
  NULL, "set_tags", "bind", "write_raw", "write_raw_block",
  "write_raw_block_with_fields", "binary_query", "fetch_raw_block", NULL,
  "stmt2_bind", "validate_sql"
};

static Wire *
get_wire (SoupWebsocketConnection * socket)
{
  return g_object_get_data (G_OBJECT (socket), KEY);
}

static void
outgoing_free (Outgoing * outgoing)
{
  g_byte_array_unref (outgoing->payload);
  g_object_unref (outgoing->socket);
  g_free (outgoing);
}

static void
append_head (GByteArray * frame, guint8 opcode, guint64 length)
{
  guint8 head[10] = { 0x80 | opcode, length };
  guint size = 2;

  if (length > G_MAXUINT16) {
    head[1] = 127;
    GST_WRITE_UINT64_BE (head + 2, length);
    size = 10;
  } else if (length > 125) {
    head[1] = 126;
    GST_WRITE_UINT16_BE (head + 2, length);
    size = 4;
  }
  g_byte_array_append (frame, head, size);
}

/* takes it */
static gboolean
deliver (gpointer data)
{
  Outgoing *outgoing = data;
  SoupWebsocketConnection *socket = outgoing->socket;

  if (soup_websocket_connection_get_state (socket) == SOUP_WEBSOCKET_STATE_OPEN) {
    GByteArray *frame = g_byte_array_new ();

    append_head (frame, outgoing->opcode, outgoing->length);
    g_byte_array_append (frame, outgoing->payload->data,
        outgoing->payload->len);
    g_byte_array_set_size (frame, MIN (frame->len, outgoing->n_bytes));
    g_autoptr (GBytes) bytes = g_byte_array_free_to_bytes (frame);
    wire_stream_plan (get_wire (socket)->stream, bytes, outgoing->end,
        outgoing->status);
    soup_websocket_connection_send_binary (socket, "", 0);
  }
  outgoing_free (outgoing);
  return G_SOURCE_REMOVE;
}

static void
truncate_payload (Outgoing * outgoing, guint64 size)
{
  g_byte_array_set_size (outgoing->payload, MIN (outgoing->payload->len, size));
  outgoing->length = outgoing->payload->len;
}

static void
patch_payload (Outgoing * outgoing, const Fault * fault)
{
  GByteArray *payload = outgoing->payload;

  if (fault->at < payload->len)
    memcpy (payload->data + fault->at, fault->patch->data,
        MIN (payload->len - fault->at, fault->patch->len));
}

static void
end_frame (Outgoing * outgoing, const Fault * fault, WireEnd end)
{
  outgoing->n_bytes = fault->bytes;
  outgoing->end = end;
  outgoing->status = fault->code;
}

/* FALSE for what never leaves */
static gboolean
alter (Outgoing * outgoing, const Fault * fault)
{
  switch (fault->kind) {
    case FAULT_LOSE:
      return FALSE;
    case FAULT_DELAY:
      outgoing->ms += fault->ms;
      break;
    case FAULT_TRUNCATE:
      truncate_payload (outgoing, fault->bytes);
      break;
    case FAULT_LENGTH:
      outgoing->length = fault->value;
      break;
    case FAULT_OPCODE:
      outgoing->opcode = fault->value & 0xf;
      break;
    case FAULT_PATCH:
      patch_payload (outgoing, fault);
      break;
    case FAULT_CUT:
      end_frame (outgoing, fault, WIRE_IS_CUT);
      break;
    case FAULT_EXIT:
      end_frame (outgoing, fault, WIRE_EXITS);
      break;
    default:
      break;
  }
  return TRUE;
}

static Outgoing *
outgoing_new (Wire * self, guint8 opcode, gconstpointer data, gsize size)
{
  Outgoing *outgoing = g_new0 (Outgoing, 1);

  outgoing->socket = g_object_ref (self->socket);
  outgoing->opcode = opcode;
  outgoing->payload = g_byte_array_append (g_byte_array_new (), data, size);
  outgoing->length = size;
  outgoing->n_bytes = G_MAXUINT64;
  return outgoing;
}

/* FALSE where nothing is wrong with the reply */
static gboolean
send_wrongly (Wire * self, guint8 opcode, const FaultFrame * frame,
    gconstpointer data, gsize size)
{
  Faults *faults = self->endpoint->faults;
  guint position = 0;
  const Fault *fault = faults_next (faults, frame, &position);
  gboolean leaves = TRUE;

  if (!fault)
    return FALSE;
  Outgoing *outgoing = outgoing_new (self, opcode, data, size);
  for (; fault; fault = faults_next (faults, frame, &position))
    leaves &= alter (outgoing, fault);
  if (!leaves)
    outgoing_free (outgoing);
  else if (outgoing->ms > 0)
    g_timeout_add (outgoing->ms, deliver, outgoing);
  else
    deliver (outgoing);
  return TRUE;
}

static gchar *
read_action (const gchar * text, gsize size, guint64 * req_id)
{
  g_autoptr (JsonNode) root = json_parse (text, size);
  JsonObject *object = root && JSON_NODE_HOLDS_OBJECT (root) ?
      json_node_get_object (root) : NULL;
  JsonNode *args = object ? json_object_get_member (object, "args") : NULL;

  const gchar *action = object ?
      json_object_get_string_member_with_default (object, "action", NULL) :
      NULL;

  *req_id = 0;
  if (args && JSON_NODE_HOLDS_OBJECT (args))
    *req_id = json_object_get_int_member_with_default
        (json_node_get_object (args), "req_id", 0);
  return g_strdup (action ? action : "unknown");
}

static gchar *
read_binary_action (const guint8 * data, gsize size, guint64 * req_id)
{
  guint64 number = size < HEAD_SIZE ? 0 : GST_READ_UINT64_LE (data + ACTION_AT);

  *req_id = size < HEAD_SIZE ? 0 : GST_READ_UINT64_LE (data);
  return g_strdup (number < G_N_ELEMENTS (binary_actions)
      && binary_actions[number] ? binary_actions[number] : "unknown");
}

/* A text says what it answers, which need not be the latest request; a block
 * is always sent at once. */
void
wire_send_text (SoupWebsocketConnection * socket, const gchar * text)
{
  Wire *self = get_wire (socket);
  guint64 req_id;

  if (soup_websocket_connection_get_state (socket) != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  if (!faults_is_empty (self->endpoint->faults)) {
    g_autofree gchar *action = read_action (text, strlen (text), &req_id);
    FaultFrame frame = { self->endpoint->path, action, TRUE, TRUE };

    if (send_wrongly (self, OPCODE_TEXT, &frame, text, strlen (text)))
      return;
  }
  soup_websocket_connection_send_text (socket, text);
}

void
wire_send_binary (SoupWebsocketConnection * socket, gconstpointer data,
    gsize size)
{
  Wire *self = get_wire (socket);
  FaultFrame frame = { self->endpoint->path, self->serving, TRUE, FALSE };

  if (soup_websocket_connection_get_state (socket) != SOUP_WEBSOCKET_STATE_OPEN)
    return;
  if (!faults_is_empty (self->endpoint->faults)
      && send_wrongly (self, OPCODE_BINARY, &frame, data, size))
    return;
  soup_websocket_connection_send_binary (socket, data, size);
}

static void
send_error (Wire * self, const Fault * fault, guint64 req_id,
    const guint8 * data, gsize size)
{
  Request request = { self->serving, req_id, g_get_monotonic_time () };
  g_autoptr (GError) error = g_error_new_literal (SERVER_ERROR, fault->code,
      fault->message ? fault->message : "");

  if (g_strcmp0 (self->serving, "fetch_raw_block") == 0) {
    g_autoptr (GByteArray) reply = reply_fetch (&request,
        GST_READ_UINT64_LE (data + 8), error);

    soup_websocket_connection_send_binary (self->socket, reply->data,
        reply->len);
    return;
  }
  g_autoptr (GString) reply = reply_error (&request, error);
  g_string_append_c (reply, '}');
  soup_websocket_connection_send_text (self->socket, reply->str);
}

/* FALSE where the request is not to be served */
static gboolean
suffer (Wire * self, const Fault * fault, guint64 req_id, const guint8 * data,
    gsize size)
{
  switch (fault->kind) {
    case FAULT_PAUSE:
      wire_stream_pause (self->stream, fault->ms);
      return TRUE;
    case FAULT_ERROR:
      send_error (self, fault, req_id, data, size);
      return FALSE;
    case FAULT_CUT:
      wire_stream_cut (self->stream);
      return FALSE;
    case FAULT_EXIT:
      _exit (fault->code);
    case FAULT_IGNORE:
      return FALSE;
    default:
      return TRUE;
  }
}

/* before anyone else gets the message */
static void
take_message (SoupWebsocketConnection * socket, gint type, GBytes * message,
    Wire * self)
{
  Faults *faults = self->endpoint->faults;
  gboolean is_text = type == SOUP_WEBSOCKET_DATA_TEXT;
  gboolean is_served = TRUE;
  guint64 req_id;
  guint position = 0;
  const Fault *fault;
  gsize size;
  const guint8 *data = g_bytes_get_data (message, &size);

  if (faults_is_empty (faults))
    return;
  g_free (self->serving);
  self->serving = is_text ? read_action ((const gchar *) data, size, &req_id) :
      read_binary_action (data, size, &req_id);
  FaultFrame frame = { self->endpoint->path, self->serving, FALSE, is_text };
  while ((fault = faults_next (faults, &frame, &position)))
    is_served &= suffer (self, fault, req_id, data, size);
  if (!is_served)
    g_signal_stop_emission_by_name (socket, "message");
}

static void
wire_free (Wire * wire)
{
  g_object_unref (wire->stream);
  g_free (wire->serving);
  g_free (wire);
}

static void
wire_attach (Endpoint * endpoint, SoupWebsocketConnection * socket,
    WireStream * stream)
{
  Wire *self = g_new0 (Wire, 1);

  self->endpoint = endpoint;
  self->socket = socket;
  self->stream = g_object_ref (stream);
  self->serving = g_strdup ("unknown");
  g_object_set_data_full (G_OBJECT (socket), KEY, self,
      (GDestroyNotify) wire_free);
  g_signal_connect (socket, "message", G_CALLBACK (take_message), self);
}

/* as libsoup does for its own WebSocket handlers, but for the stream */
static void
complete_upgrade (SoupServerMessage * message, Endpoint * endpoint)
{
  GSocket *tcp = soup_server_message_get_socket (message);

  g_object_ref (message);
  g_autoptr (GIOStream) base = soup_server_message_steal_connection (message);
  g_autoptr (WireStream) stream = wire_stream_new (base, tcp);
  g_autoptr (SoupWebsocketConnection) socket =
      soup_websocket_connection_new (G_IO_STREAM (stream),
      soup_server_message_get_uri (message),
      SOUP_WEBSOCKET_CONNECTION_SERVER, NULL, NULL,
      g_object_steal_data (G_OBJECT (message), KEY));
  wire_attach (endpoint, socket, stream);
  endpoint->callback (endpoint->soup, message, endpoint->path, socket,
      endpoint->data);
  g_object_unref (message);
}

/* the real one grants compression so, whatever a client says of it */
static void
forget_wishes (SoupServerMessage * message)
{
  SoupMessageHeaders *headers =
      soup_server_message_get_request_headers (message);
  const gchar *offer =
      soup_message_headers_get_list (headers, "Sec-WebSocket-Extensions");

  if (offer && strstr (offer, "permessage-deflate"))
    soup_message_headers_replace (headers, "Sec-WebSocket-Extensions",
        "permessage-deflate; server_no_context_takeover; "
        "client_no_context_takeover");
}

static void
upgrade (SoupServer * soup, SoupServerMessage * message, const char *path,
    GHashTable * query, gpointer data)
{
  Endpoint *self = data;
  GList *extensions = NULL;

  if (!http_suffer_request (self->faults, message, self->path, UPGRADE))
    return;
  forget_wishes (message);
  if (soup_websocket_server_process_handshake (message, NULL, NULL,
          self->extensions, &extensions)) {
    g_object_set_data (G_OBJECT (message), KEY, extensions);
    g_signal_connect (message, "wrote-informational",
        G_CALLBACK (complete_upgrade), self);
  }
  http_suffer_reply (self->faults, message, self->path, UPGRADE);
}

static void
endpoint_free (Endpoint * endpoint)
{
  g_ptr_array_unref (endpoint->extensions);
  g_free (endpoint->path);
  g_free (endpoint);
}

/* the faults have to outlive the server */
void
wire_add_websocket (SoupServer * soup, const gchar * path, Faults * faults,
    SoupServerWebsocketCallback callback, gpointer data)
{
  Endpoint *self = g_new0 (Endpoint, 1);

  self->soup = soup;
  self->path = g_strdup (path);
  self->faults = faults;
  self->callback = callback;
  self->data = data;
  self->extensions = g_ptr_array_new_with_free_func (g_type_class_unref);
  g_ptr_array_add (self->extensions,
      g_type_class_ref (SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE));
  soup_server_add_handler (soup, path, upgrade, self,
      (GDestroyNotify) endpoint_free);
}
