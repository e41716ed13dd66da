/* test server: /rest/sql
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "rest.h"

#include <math.h>
#include <string.h>

#include "error.h"
#include "execute.h"
#include "json.h"
#include "system.h"
#include "timetext.h"
#include "wsconnection.h"

#define CODE_NO_AUTHORIZATION 4357
#define CODE_BAD_AUTHORIZATION 4389
#define PREFIX "/rest/sql/"

typedef struct
{
  SoupServerMessage *message;
  Session session;
  gint64 start;
} Exchange;

static void
respond (Exchange * self, guint status, GString * body)
{
  soup_server_message_set_status (self->message, status, NULL);
  soup_server_message_set_response (self->message,
      "application/json; charset=utf-8", SOUP_MEMORY_COPY, body->str,
      body->len);
}

static void
respond_error (Exchange * self, guint status, gint code, const gchar * message)
{
  g_autoptr (GString) body = g_string_new (NULL);

  g_string_printf (body, "{\"code\":%d,\"desc\":", code & 0xffff);
  json_append_string (body, message, -1, TRUE);
  g_string_append_printf (body, ",\"timing\":%" G_GINT64_FORMAT "}",
      (g_get_monotonic_time () - self->start) * 1000);
  respond (self, status, body);
}

void
rest_refuse (SoupServerMessage * message, const GError * error)
{
  Exchange self = {.message = message,.start = g_get_monotonic_time () };

  respond_error (&self, SOUP_STATUS_OK, error->code, error->message);
}

/* the words of REST: no lengths, but decimals have digits and scale */
static gchar *
name_type (const GstTDengineColumn * column)
{
  return column->digits > 0 ? type_to_sql (column) :
      g_strdup (gst_tdengine_type_get_name (column->type));
}

static void
append_columns (GString * body, Result * result)
{
  g_string_append (body, "\"column_meta\":[");
  for (guint i = 0; i < result_n_columns (result); i++) {
    const GstTDengineColumn *column = result_get_column (result, i);
    g_autofree gchar *type = name_type (column);
    guint width = gst_tdengine_type_get_width (column->type);

    g_string_append (body, i ? ",[" : "[");
    json_append_string (body, column->name, -1, TRUE);
    g_string_append_printf (body, ",\"%s\",%u]", type,
        width > 0 ? width : column->length);
  }
  g_string_append (body, "]");
}

static gboolean
is_finite (GstTDengineRows * rows, guint column, guint row)
{
  return isfinite (gst_tdengine_rows_get_double (rows, column, row));
}

static void
append_value (Exchange * self, GString * body, GstTDengineRows * rows,
    const GstTDengineColumn * info, guint column, guint row)
{
  g_autofree gchar *text = NULL;
  GTimeZone *zone = self->session.print_zone;

  if (gst_tdengine_rows_is_null (rows, column, row)) {
    g_string_append (body, "null");
    return;
  }
  text = gst_tdengine_rows_get_text (rows, column, row);
  switch (info->type) {
    case GST_TDENGINE_TYPE_TIMESTAMP:{
      g_autofree gchar *time = time_to_iso (gst_tdengine_rows_get_int64 (rows,
              column, row), zone, gst_tdengine_schema_get_precision
          (gst_tdengine_rows_get_schema (rows)), TRUE, TRUE);

      json_append_string (body, time, -1, TRUE);
      return;
    }
    case GST_TDENGINE_TYPE_FLOAT:
    case GST_TDENGINE_TYPE_DOUBLE:
      g_string_append (body, is_finite (rows, column, row) ? text : "null");
      return;
    case GST_TDENGINE_TYPE_VARCHAR:
    case GST_TDENGINE_TYPE_NCHAR:
    case GST_TDENGINE_TYPE_VARBINARY:
    case GST_TDENGINE_TYPE_GEOMETRY:
    case GST_TDENGINE_TYPE_BLOB:
    case GST_TDENGINE_TYPE_DECIMAL:
    case GST_TDENGINE_TYPE_DECIMAL64:
      json_append_string (body, text, -1, TRUE);
      return;
    default:
      g_string_append (body, text);
      return;
  }
}

static void
append_row (Exchange * self, GString * body, Result * result,
    GstTDengineRows * rows, guint row)
{
  for (guint i = 0; i < result_n_columns (result); i++) {
    g_string_append_c (body, i ? ',' : '[');
    append_value (self, body, rows, result_get_column (result, i), i, row);
  }
  g_string_append_c (body, ']');
}

/* An error in the middle ends the rows, as it does in the real one. */
static guint64
append_rows (Exchange * self, GString * body, Result * result)
{
  guint64 n = 0;

  while (TRUE) {
    g_autoptr (GstTDengineRows) rows = result_next (result, NULL);

    if (!rows)
      return n;
    for (guint i = 0; i < gst_tdengine_rows_get_n_rows (rows); i++) {
      if (n++ > 0)
        g_string_append_c (body, ',');
      append_row (self, body, result, rows, i);
    }
  }
}

static void
respond_outcome (Exchange * self, Outcome * outcome)
{
  g_autoptr (GString) body = g_string_new ("{\"code\":0,");
  guint64 n_rows;

  if (!outcome->result) {
    g_string_append_printf (body, "\"column_meta\":[[\"affected_rows\",\"INT\","
        "4]],\"data\":[[%" G_GINT64_FORMAT "]],\"rows\":1}", outcome->affected);
    respond (self, SOUP_STATUS_OK, body);
    return;
  }
  append_columns (body, outcome->result);
  g_string_append (body, ",\"data\":[");
  n_rows = append_rows (self, body, outcome->result);
  g_string_append_printf (body, "],\"rows\":%" G_GUINT64_FORMAT "}", n_rows);
  respond (self, SOUP_STATUS_OK, body);
}

/* Basic user:password */
static gboolean
check_authorization (Exchange * self)
{
  const gchar *header = soup_message_headers_get_one
      (soup_server_message_get_request_headers (self->message),
      "Authorization");
  g_autoptr (GError) error = NULL;
  gsize size;

  if (!header) {
    respond_error (self, SOUP_STATUS_UNAUTHORIZED, CODE_NO_AUTHORIZATION,
        "no auth info input");
    return FALSE;
  }
  g_autofree guchar *decoded = g_str_has_prefix (header, "Basic ") ?
      g_base64_decode (header + strlen ("Basic "), &size) : NULL;
  g_autofree gchar *pair = decoded ? g_strndup ((gchar *) decoded, size) : NULL;
  gchar *colon = pair ? strchr (pair, ':') : NULL;
  if (!colon) {
    respond_error (self, SOUP_STATUS_UNAUTHORIZED, CODE_BAD_AUTHORIZATION,
        "unknown auth type");
    return FALSE;
  }
  *colon = 0;
  if (connection_login (self->session.server, pair, colon + 1, &error))
    return TRUE;
  respond_error (self, SOUP_STATUS_OK, error->code, error->message);
  return FALSE;
}

static gboolean
open_session (Exchange * self, const gchar * path, GHashTable * query,
    GError ** error)
{
  const gchar *print = query ? g_hash_table_lookup (query, "tz") : NULL;
  const gchar *zone = query ? g_hash_table_lookup (query, "conn_tz") : NULL;

  if (zone)
    session_set_zone (&self->session, zone);
  if (!print)
    print = zone ? zone : "UTC";
  self->session.print_zone = g_time_zone_new_identifier (print);
  if (!self->session.print_zone)
    self->session.print_zone = g_time_zone_new_utc ();
  if (!g_str_has_prefix (path, PREFIX) || !path[strlen (PREFIX)])
    return TRUE;
  if (!session_get_database (&self->session, path + strlen (PREFIX), error))
    return FALSE;
  session_set_db (&self->session, path + strlen (PREFIX));
  return TRUE;
}

static void
run (Exchange * self, const gchar * path, GHashTable * query)
{
  SoupMessageBody *body = soup_server_message_get_request_body (self->message);
  g_autoptr (GBytes) bytes = soup_message_body_flatten (body);
  gsize size;
  gconstpointer data = g_bytes_get_data (bytes, &size);
  g_autofree gchar *sql = g_strndup (data ? data : "", size);
  g_autoptr (GError) error = NULL;
  Outcome outcome = { 0 };

  if (size == 0) {
    respond_error (self, SOUP_STATUS_BAD_REQUEST, CODE_ADAPTER, "empty sql");
    return;
  }
  if (!open_session (self, path, query, &error)
      || !execute_sql (&self->session, sql, &outcome, &error)) {
    respond_error (self, SOUP_STATUS_OK, error->code, error->message);
    return;
  }
  if (outcome.result && result_get_benchmark (outcome.result))
    respond_error (self, SOUP_STATUS_OK, CODE_ADAPTER,
        "The benchmark table in REST: not supported by the test server");
  else
    respond_outcome (self, &outcome);
  g_clear_pointer (&outcome.result, result_free);
}

void
rest_take (SoupServer * httpd, SoupServerMessage * message, const char *path,
    GHashTable * query, gpointer server)
{
  Exchange self = {.message = message,.start = g_get_monotonic_time () };

  if (!g_str_equal (soup_server_message_get_method (message), "POST")) {
    soup_server_message_set_status (message, SOUP_STATUS_METHOD_NOT_ALLOWED,
        NULL);
    return;
  }
  session_init (&self.session, server);
  if (check_authorization (&self))
    run (&self, path, query);
  session_clear (&self.session);
}
