/* test server: HTTP requests that go wrong
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "httpfaults.h"

#include <unistd.h>

#include "error.h"
#include "rest.h"

static void
cut (SoupServerMessage * message)
{
  GSocket *socket = soup_server_message_get_socket (message);

  if (socket)
    g_socket_shutdown (socket, TRUE, TRUE, NULL);
}

static gboolean
go_on (gpointer message)
{
  soup_server_message_unpause (message);
  return G_SOURCE_REMOVE;
}

static void
delay (SoupServerMessage * message, guint ms)
{
  soup_server_message_pause (message);
  g_timeout_add_full (G_PRIORITY_DEFAULT, ms, go_on, g_object_ref (message),
      g_object_unref);
}

static void
truncate_body (SoupServerMessage * message, guint64 size)
{
  SoupMessageBody *body = soup_server_message_get_response_body (message);
  g_autoptr (GBytes) all = soup_message_body_flatten (body);
  g_autoptr (GBytes) part = g_bytes_new_from_bytes (all, 0,
      MIN (size, g_bytes_get_size (all)));

  soup_message_body_truncate (body);
  soup_message_body_append_bytes (body, part);
}

static void
refuse_sql (SoupServerMessage * message, const Fault * fault)
{
  g_autoptr (GError) error = g_error_new_literal (SERVER_ERROR, fault->code,
      fault->message ? fault->message : "");

  rest_refuse (message, error);
}

/* FALSE where the request is not to be served */
static gboolean
suffer (SoupServerMessage * message, const Fault * fault)
{
  switch (fault->kind) {
    case FAULT_STATUS:
      soup_server_message_set_status (message, fault->code, fault->message);
      return FALSE;
    case FAULT_ERROR:
      refuse_sql (message, fault);
      return FALSE;
    case FAULT_CUT:
      cut (message);
      return FALSE;
    case FAULT_IGNORE:
      soup_server_message_pause (message);
      return FALSE;
    case FAULT_EXIT:
      _exit (fault->code);
    default:
      return TRUE;
  }
}

static void
alter (SoupServerMessage * message, const Fault * fault)
{
  switch (fault->kind) {
    case FAULT_DELAY:
      delay (message, fault->ms);
      break;
    case FAULT_LOSE:
      soup_server_message_pause (message);
      break;
    case FAULT_TRUNCATE:
      truncate_body (message, fault->bytes);
      break;
    case FAULT_CUT:
      cut (message);
      break;
    case FAULT_EXIT:
      _exit (fault->code);
    default:
      break;
  }
}

/* FALSE where the request is not to be served */
gboolean
http_suffer_request (Faults * faults, SoupServerMessage * message,
    const gchar * path, const gchar * action)
{
  FaultFrame frame = { path, action, FALSE, TRUE };
  gboolean is_served = TRUE;
  guint position = 0;
  const Fault *fault;

  while ((fault = faults_next (faults, &frame, &position)))
    is_served &= suffer (message, fault);
  return is_served;
}

void
http_suffer_reply (Faults * faults, SoupServerMessage * message,
    const gchar * path, const gchar * action)
{
  FaultFrame frame = { path, action, TRUE, TRUE };
  guint position = 0;
  const Fault *fault;

  while ((fault = faults_next (faults, &frame, &position)))
    alter (message, fault);
}
