/* tdengine door: the way to a WebSocket
 *
 * Name, proxy, TLS, HTTP and the 101 are libsoup's work. Nothing of ours is
 * sent before the server's certificate was found good.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/gst.h>

#include "gsttdenginedoor.h"
#include "gsttdengineerror-private.h"
#include "gsttdenginesettings-private.h"

GST_DEBUG_CATEGORY_STATIC (door_debug);
#define GST_CAT_DEFAULT door_debug

#define refuse(error, code, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_##code, "", __VA_ARGS__)

typedef struct
{
  const GstTDengineSettings *settings;
  const GstTDengineHost *host;
  GMainLoop *loop;
  SoupMessage *request;
  GCancellable *cancellable;    /* of this attempt alone */
  gboolean timed_out;
  SoupWebsocketConnection *websocket;
  GError *error;
} Attempt;

static void
on_connected (GObject * session, GAsyncResult * result, gpointer data)
{
  Attempt *attempt = data;

  attempt->websocket =
      soup_session_websocket_connect_finish (SOUP_SESSION (session), result,
      &attempt->error);
  g_main_loop_quit (attempt->loop);
}

static gboolean
on_time_out (gpointer data)
{
  Attempt *attempt = data;

  attempt->timed_out = TRUE;
  g_cancellable_cancel (attempt->cancellable);
  return G_SOURCE_REMOVE;
}

static void
on_cancelled (GCancellable * cancellable, gpointer attempt_cancellable)
{
  g_cancellable_cancel (attempt_cancellable);
}

/* TLS */

static const struct
{
  GTlsCertificateFlags flag;
  const gchar *words;
} faults[] = {
  {G_TLS_CERTIFICATE_UNKNOWN_CA, "no authority that is trusted has signed it"},
  {G_TLS_CERTIFICATE_BAD_IDENTITY, "it is for another host"},
  {G_TLS_CERTIFICATE_NOT_ACTIVATED, "it is not valid yet"},
  {G_TLS_CERTIFICATE_EXPIRED, "it has expired"},
  {G_TLS_CERTIFICATE_REVOKED, "it was revoked"},
  {G_TLS_CERTIFICATE_INSECURE, "its algorithm is not secure"},
};

static gchar *
describe_faults (GTlsCertificateFlags flags)
{
  GString *words = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++) {
    if (flags & faults[i].flag)
      g_string_append_printf (words, "%s%s", words->len > 0 ? ", and " : "",
          faults[i].words);
  }
  if (words->len == 0)
    g_string_append (words, "it can't be read");
  return g_string_free (words, FALSE);
}

/* asked only about a certificate that is not good */
static gboolean
on_bad_certificate (SoupMessage * request, GTlsCertificate * certificate,
    GTlsCertificateFlags flags, const Attempt * attempt)
{
  const GstTDengineHost *host = attempt->host;
  g_autofree gchar *words = describe_faults (flags);

  if (attempt->settings->ssl_strict)
    return FALSE;
  GST_WARNING ("The certificate of %s:%u is not good (%s), which ssl-strict="
      "false overlooks: anyone may be at the other end", host->name,
      host->port, words);
  return TRUE;
}

static gboolean
trust_authorities (SoupSession * session, const GstTDengineSettings * settings,
    GError ** error)
{
  g_autoptr (GError) local = NULL;
  g_autoptr (GTlsDatabase) database = NULL;

  if (!settings->tls_ca_file)
    return TRUE;
  database = g_tls_file_database_new (settings->tls_ca_file, &local);
  if (!database)
    return refuse (error, INVALID_VALUE, "tls-ca-file %s can't be used: %s",
        settings->tls_ca_file, local->message);
  soup_session_set_tls_database (session, database);
  return TRUE;
}

static gboolean
show_certificate (SoupMessage * request, const GstTDengineSettings * settings,
    GError ** error)
{
  const gchar *file = settings->tls_certificate_file;
  const gchar *key = settings->tls_key_file;
  g_autoptr (GError) local = NULL;
  g_autoptr (GTlsCertificate) certificate = NULL;

  if (!file)
    return !key || refuse (error, INVALID_VALUE,
        "tls-key-file is of no use without tls-certificate-file");
  certificate = g_tls_certificate_new_from_files (file, key ? key : file,
      &local);
  if (!certificate)
    return refuse (error, INVALID_VALUE,
        "tls-certificate-file %s can't be used: %s", file, local->message);
  soup_message_set_tls_client_certificate (request, certificate);
  return TRUE;
}

static gboolean
prepare_tls (Attempt * attempt, SoupSession * session, GError ** error)
{
  if (!attempt->settings->tls)
    return TRUE;
  g_signal_connect (attempt->request, "accept-certificate",
      G_CALLBACK (on_bad_certificate), attempt);
  return trust_authorities (session, attempt->settings, error)
      && show_certificate (attempt->request, attempt->settings, error);
}

/* one attempt */

static void
run (Attempt * attempt, SoupSession * session, GMainContext * context)
{
  g_autoptr (GSource) timer =
      g_timeout_source_new (attempt->settings->connect_timeout);

  g_source_set_callback (timer, on_time_out, attempt, NULL);
  g_source_attach (timer, context);
  soup_session_websocket_connect_async (session, attempt->request, NULL, NULL,
      G_PRIORITY_DEFAULT, attempt->cancellable, on_connected, attempt);
  g_main_loop_run (attempt->loop);
  g_source_destroy (timer);
}

static gboolean
tell_why (Attempt * attempt, GCancellable * cancellable, GError ** error)
{
  const gchar *host = attempt->host->name;
  guint port = attempt->host->port;
  guint status = soup_message_get_status (attempt->request);
  GTlsCertificateFlags flags =
      soup_message_get_tls_peer_certificate_errors (attempt->request);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  if (attempt->timed_out)
    return refuse (error, TIMEOUT, "Connecting to %s:%u took longer than %u ms",
        host, port, attempt->settings->connect_timeout);
  if (status != 0 && status != SOUP_STATUS_SWITCHING_PROTOCOLS)
    return refuse (error, CONNECT,
        "%s:%u is no taosAdapter: it answered HTTP %u %s", host, port, status,
        soup_status_get_phrase (status));
  if (flags != 0) {
    g_autofree gchar *words = describe_faults (flags);

    return refuse (error, CONNECT, "The certificate of %s:%u is not good: %s",
        host, port, words);
  }
  return refuse (error, CONNECT, "No connection to %s:%u: %s", host, port,
      attempt->error->message);
}

static SoupMessage *
make_request (const GstTDengineSettings * settings,
    const GstTDengineHost * host, const gchar * path)
{
  g_autofree gchar *token = settings->token ?
      g_uri_escape_string (settings->token, NULL, FALSE) : NULL;
  g_autofree gchar *query = token ? g_strconcat ("token=", token, NULL) : NULL;
  g_autoptr (GUri) uri = g_uri_build (SOUP_HTTP_URI_FLAGS,
      settings->tls ? "wss" : "ws", NULL, host->name, host->port, path,
      query, NULL);
  SoupMessage *request = soup_message_new_from_uri (SOUP_METHOD_GET, uri);

  /* whoever answers with another place is not who was asked for */
  soup_message_add_flags (request, SOUP_MESSAGE_NO_REDIRECT);
  return request;
}

static void
init_debug (void)
{
  static gsize done = 0;

  if (g_once_init_enter (&done)) {
    GST_DEBUG_CATEGORY_INIT (door_debug, "tdengine", 0, "TDengine's library");
    g_once_init_leave (&done, 1);
  }
}

/* The context is not iterated any more once this returns, so that libsoup's
 * own reader never runs. */
SoupWebsocketConnection *
gst_tdengine_door_open (const GstTDengineSettings * settings,
    const GstTDengineHost * host, const gchar * path,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GMainContext) context = g_main_context_new ();
  g_autoptr (GMainLoop) loop = g_main_loop_new (context, FALSE);
  g_autoptr (GCancellable) own = g_cancellable_new ();
  g_autoptr (SoupMessage) request = make_request (settings, host, path);
  Attempt attempt = { settings, host, loop, request, own };
  gulong id = 0;

  init_debug ();
  g_main_context_push_thread_default (context);
  g_autoptr (SoupSession) session = soup_session_new ();
  if (settings->enable_compression)
    soup_session_add_feature_by_type (session,
        SOUP_TYPE_WEBSOCKET_EXTENSION_MANAGER);
  if (prepare_tls (&attempt, session, error)) {
    if (cancellable)
      id = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), own,
          NULL);
    run (&attempt, session, context);
    g_cancellable_disconnect (cancellable, id);
    if (!attempt.websocket)
      tell_why (&attempt, cancellable, error);
  }
  g_main_context_pop_thread_default (context);
  g_clear_error (&attempt.error);
  return attempt.websocket;
}
