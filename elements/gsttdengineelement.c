/* tdengine element: what the elements have in common
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <gst/base/base.h>

#include "gsttdengineelement.h"

/* the server's codes that GStreamer has a word for */
static const struct
{
  gint server_code;
  GstResourceError code;
} server_codes[] = {
  {0x0303, GST_RESOURCE_ERROR_NOT_AUTHORIZED},  /* no rights */
  {0x0351, GST_RESOURCE_ERROR_NOT_AUTHORIZED},  /* unknown user */
  {0x0357, GST_RESOURCE_ERROR_NOT_AUTHORIZED},  /* wrong password */
  {0x0358, GST_RESOURCE_ERROR_NOT_AUTHORIZED},  /* user unavailable */
  {0x2644, GST_RESOURCE_ERROR_NOT_AUTHORIZED},  /* permission denied */
  {0x0388, GST_RESOURCE_ERROR_NOT_FOUND},       /* no such database */
  {0x2603, GST_RESOURCE_ERROR_NOT_FOUND},       /* no such table */
  {0x012B, GST_RESOURCE_ERROR_NO_SPACE_LEFT},
  {0x0022, GST_RESOURCE_ERROR_BUSY},    /* too many sessions */
  {0x2600, GST_RESOURCE_ERROR_SETTINGS},        /* syntax error */
  {0x2602, GST_RESOURCE_ERROR_SETTINGS},        /* no such column */
};

static gboolean
is_sink (GstElement * element)
{
  return GST_OBJECT_FLAG_IS_SET (element, GST_ELEMENT_FLAG_SINK);
}

static GstResourceError
map_server_code (GstElement * element, const GError * error)
{
  gint server_code = gst_tdengine_error_get_server_code (error);

  for (guint i = 0; i < G_N_ELEMENTS (server_codes); i++) {
    if (server_codes[i].server_code == server_code)
      return server_codes[i].code;
  }
  return is_sink (element) ? GST_RESOURCE_ERROR_WRITE : GST_RESOURCE_ERROR_READ;
}

static void
map_code (GstElement * element, const GError * error, GQuark * domain,
    gint * code)
{
  *domain = GST_RESOURCE_ERROR;
  *code = map_server_code (element, error);
  if (error->domain != GST_TDENGINE_ERROR)
    return;
  switch (error->code) {
    case GST_TDENGINE_ERROR_CONNECT:
      *code = is_sink (element) ? GST_RESOURCE_ERROR_OPEN_WRITE :
          GST_RESOURCE_ERROR_OPEN_READ;
      break;
    case GST_TDENGINE_ERROR_INVALID_VALUE:
    case GST_TDENGINE_ERROR_NOT_SUPPORTED:
    case GST_TDENGINE_ERROR_TOO_OLD:
    case GST_TDENGINE_ERROR_USER_REQUIRED:
    case GST_TDENGINE_ERROR_PASSWORD_REQUIRED:
    case GST_TDENGINE_ERROR_EMPTY_SQL:
      *code = GST_RESOURCE_ERROR_SETTINGS;
      break;
    case GST_TDENGINE_ERROR_BLOCK:
      *domain = GST_STREAM_ERROR;
      *code = GST_STREAM_ERROR_DECODE;
      break;
    case GST_TDENGINE_ERROR_UNKNOWN_TYPE:
    case GST_TDENGINE_ERROR_SCHEMA:
      *domain = GST_STREAM_ERROR;
      *code = GST_STREAM_ERROR_FORMAT;
      break;
    default:
      break;
  }
}

/* Posts an error on the bus, with `tdengine-code` and, where a server gave
 * one, `server-code` in its details. A cancellation is none. */
GstFlowReturn
gst_tdengine_element_post_error (GstElement * element, const GError * error)
{
  GstStructure *details;
  GQuark domain;
  gint code;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return GST_FLOW_FLUSHING;

  map_code (element, error, &domain, &code);
  details = gst_structure_new ("details",
      "tdengine-code", G_TYPE_INT, error->code, NULL);
  if (gst_tdengine_error_get_server_code (error) != 0)
    gst_structure_set (details, "server-code", G_TYPE_INT,
        gst_tdengine_error_get_server_code (error), NULL);
  gst_element_message_full_with_details (element, GST_MESSAGE_ERROR, domain,
      code, g_strdup (error->message), g_strdup_printf ("%s %d",
          g_quark_to_string (error->domain), error->code), __FILE__,
      GST_FUNCTION, __LINE__, details);
  return GST_FLOW_ERROR;
}

/* What an error is, for a message or an origin. */
GstStructure *
gst_tdengine_element_describe_error (const GError * error)
{
  GstStructure *details = gst_structure_new ("details",
      "reason", G_TYPE_STRING, error->message,
      "code", G_TYPE_INT, error->code, NULL);
  gint code = gst_tdengine_error_get_server_code (error);

  if (code != 0)
    gst_structure_set (details, "server-code", G_TYPE_INT, code, NULL);
  return details;
}

void
gst_tdengine_element_post_progress (GstElement * element,
    GstProgressType type, const gchar * code, const gchar * text)
{
  gst_element_post_message (element,
      gst_message_new_progress (GST_OBJECT (element), type, code, text));
}

/* An element message: that it is tried, and why; or that it was done. */
void
gst_tdengine_element_post_reconnect (GstElement * element, guint n_tries,
    const GError * reason)
{
  GstStructure *details = reason ?
      gst_tdengine_element_describe_error (reason) :
      gst_structure_new_empty ("details");

  gst_structure_set_name (details, reason ? "tdengine-retrying" :
      "tdengine-reconnected");
  gst_structure_set (details, "tries", G_TYPE_UINT, n_tries, NULL);
  gst_element_post_message (element,
      gst_message_new_element (GST_OBJECT (element), details));
}

/* The columns that caps promise; NULL after an error on the bus. */
GstTDengineSchema *
gst_tdengine_element_read_caps (GstElement * element, const GstCaps * caps)
{
  g_autoptr (GError) error = NULL;
  GstTDengineSchema *schema = gst_tdengine_schema_new_from_caps (caps, &error);

  if (!schema)
    GST_ELEMENT_ERROR_WITH_DETAILS (element, CORE, NEGOTIATION,
        ("The caps do not say what the rows hold: %s", error->message),
        ("%" GST_PTR_FORMAT, caps), ("tdengine-code", G_TYPE_INT, error->code,
            NULL));
  return schema;
}

/* of CSV; FALSE after an error on the bus */
gboolean
gst_tdengine_element_check_delimiter (GstElement * element,
    const gchar * delimiter)
{
  if (delimiter && strlen (delimiter) == 1 && delimiter[0] != '"'
      && (g_ascii_isprint (delimiter[0]) || delimiter[0] == '\t'))
    return TRUE;
  GST_ELEMENT_ERROR (element, LIBRARY, SETTINGS,
      ("The delimiter has to be one ASCII character other than a quote, but it "
          "is \"%s\".", delimiter ? delimiter : ""), (NULL));
  return FALSE;
}

/* The type, which the first call registers; values stay the caller's. */
GType
gst_tdengine_element_register_enum (GType * type, const gchar * name,
    const GEnumValue * values)
{
  if (g_once_init_enter (type))
    g_once_init_leave (type, g_enum_register_static (name, values));
  return *type;
}

/* what says where a buffer is from, or why it is not where it should be: to be
 * filled in */
GstStructure *
gst_tdengine_element_add_origin (GstBuffer * buffer)
{
  static const gchar *tags[] = { NULL };
  static gsize registered = 0;

  if (g_once_init_enter (&registered)) {
    gst_meta_register_custom (GST_TDENGINE_ORIGIN_META, tags, NULL, NULL, NULL);
    g_once_init_leave (&registered, 1);
  }
  return gst_custom_meta_get_structure (gst_buffer_add_custom_meta (buffer,
          GST_TDENGINE_ORIGIN_META));
}

/* each time, as it may be forgotten */
void
gst_tdengine_element_warn_careless (GstElement * element)
{
  GST_ELEMENT_WARNING (element, RESOURCE, SETTINGS,
      ("The server's certificate is not checked: anyone may be at the other "
          "end."), ("ssl-strict=false"));
}

/* Connects and says so on the bus. The settings are the element's, which its
 * lock guards. */
GstTDengineConnection *
gst_tdengine_element_connect (GstElement * element,
    const GstTDengineSettings * settings, GCancellable * cancellable,
    GError ** error)
{
  GST_OBJECT_LOCK (element);
  g_autoptr (GstTDengineConnection) connection =
      gst_tdengine_connection_new (settings);
  gboolean careless = gst_tdengine_settings_is_careless (settings);
  gboolean fine = !is_sink (element)
      || gst_tdengine_settings_check_one_cluster (settings,
      "another cluster would get some of the rows", error);
  GST_OBJECT_UNLOCK (element);
  if (!fine)
    return NULL;
  if (careless)
    gst_tdengine_element_warn_careless (element);
  gst_tdengine_element_post_progress (element, GST_PROGRESS_TYPE_START,
      "connect", "Connecting");
  if (!gst_tdengine_connection_open (connection, cancellable, error)) {
    gst_tdengine_element_post_progress (element, GST_PROGRESS_TYPE_ERROR,
        "connect", "Could not connect");
    return NULL;
  }
  gst_tdengine_element_post_progress (element, GST_PROGRESS_TYPE_COMPLETE,
      "connect", "Connected");
  return g_steal_pointer (&connection);
}

/* GstURIHandler, by way of the property of that name */

static GstURIType
get_uri_type (GType type)
{
  return g_type_is_a (type, GST_TYPE_BASE_SINK) ? GST_URI_SINK : GST_URI_SRC;
}

static const gchar *const *
get_protocols (GType type)
{
  return gst_tdengine_settings_get_protocols ();
}

static gchar *
get_uri (GstURIHandler * handler)
{
  gchar *uri;

  g_object_get (handler, "uri", &uri, NULL);
  return uri;
}

static gboolean
set_uri (GstURIHandler * handler, const gchar * uri, GError ** error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GstTDengineSettings) settings =
      gst_tdengine_settings_new_from_uri (uri, &local);

  if (!settings) {
    g_set_error_literal (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI,
        local->message);
    return FALSE;
  }
  g_object_set (handler, "uri", uri, NULL);
  return TRUE;
}

void
gst_tdengine_element_init_uri_handler (gpointer iface, gpointer data)
{
  GstURIHandlerInterface *handler = iface;

  handler->get_type = get_uri_type;
  handler->get_protocols = get_protocols;
  handler->get_uri = get_uri;
  handler->set_uri = set_uri;
}
