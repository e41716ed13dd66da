/* test server: how a test sets the faults it wants
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "sidedoor.h"

#include "faults.h"

static gboolean
set_rules (SoupServerMessage * message, Faults * faults)
{
  g_autoptr (GBytes) body = soup_message_body_flatten
      (soup_server_message_get_request_body (message));
  g_autoptr (GError) error = NULL;
  gsize size;
  const gchar *json = g_bytes_get_data (body, &size);

  if (faults_set (faults, json ? json : "", size, &error))
    return TRUE;
  soup_server_message_set_status (message, SOUP_STATUS_BAD_REQUEST, NULL);
  soup_server_message_set_response (message, "text/plain", SOUP_MEMORY_COPY,
      error->message, strlen (error->message));
  return FALSE;
}

/* POST sets the rules, DELETE takes them away; each tells, as GET does, how
 * it stands with those that are there, or were */
void
sidedoor_take (SoupServer * soup, SoupServerMessage * message,
    const char *path, GHashTable * query, gpointer faults)
{
  const gchar *method = soup_server_message_get_method (message);

  if (g_str_equal (method, "POST") && !set_rules (message, faults))
    return;
  gchar *json = faults_to_json (faults);
  if (g_str_equal (method, "DELETE"))
    faults_clear (faults);
  soup_server_message_set_status (message, SOUP_STATUS_OK, NULL);
  soup_server_message_set_response (message, "application/json",
      SOUP_MEMORY_TAKE, json, strlen (json));
}
