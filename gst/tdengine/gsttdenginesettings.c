/* tdengine settings: where a server is and who asks
 *
 * One table lists the settings. The keys of a URI, the properties of the
 * elements and the checks all read it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineerror-private.h"
#include "gsttdenginesettings-private.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_INVALID_VALUE, \
      "", __VA_ARGS__)

#define DEFAULT_HOST "localhost"
#define DEFAULT_PORT 6041
#define DEFAULT_PASSWORD "taosdata"
#define MAX_DATABASE_BYTES 64
#define MAX_APP_BYTES 23

typedef enum
{
  KIND_TEXT,
  KIND_SECRET,                  /* text that never comes out again */
  KIND_NUMBER,                  /* of at least min */
  KIND_BOOLEAN,
} Kind;

typedef struct
{
  const gchar *name;
  const gchar *alias;           /* what TDengine's connectors call it in a URL */
  Kind kind;
  guint min;
  gsize offset;
  const gchar *initial;
  const gchar *nick;
  const gchar *blurb;
} Setting;

#define FIELD(name) G_STRUCT_OFFSET (GstTDengineSettings, name)

static const Setting table[] = {
  {"user", NULL, KIND_TEXT, 0, FIELD (user), "root", "User",
      "User name to log in with"},
  {"password", NULL, KIND_SECRET, 0, FIELD (password), NULL, "Password",
      "Password to log in with (write-only; default: of password-file, else of "
        "the environment's TDENGINE_PASSWORD, else taosdata)"},
  {"password-file", NULL, KIND_TEXT, 0, FIELD (password_file), NULL,
      "Password file", "File whose first line is the password"},
  {"totp-code", NULL, KIND_SECRET, 0, FIELD (totp_code), NULL, "TOTP code",
      "One-time password to log in with besides (write-only)"},
  {"bearer-token", NULL, KIND_SECRET, 0, FIELD (bearer_token), NULL,
        "Bearer token",
      "Token to log in with in place of user and password (write-only)"},
  {"token", NULL, KIND_SECRET, 0, FIELD (token), NULL, "Cloud token",
      "Token of TDengine Cloud (write-only)"},
  {"database", NULL, KIND_TEXT, 0, FIELD (database), NULL, "Database",
      "Database that table names without one belong to, in its exact case"},
  {"fallback-uri", NULL, KIND_SECRET, 0, FIELD (fallback_uri), NULL,
        "Fall-back URI",
      "Address of a second cluster, for queries that no host of the first one "
        "takes (write-only)"},
  {"timezone", NULL, KIND_TEXT, 0, FIELD (timezone), NULL, "Time zone",
      "Time zone for times without one in SQL, as an IANA name such as "
        "Europe/Oslo (default: the server's)"},
  {"app-name", NULL, KIND_TEXT, 0, FIELD (app_name), NULL, "Application name",
      "What SHOW CONNECTIONS calls this application, in 23 bytes (default: the "
        "program's name)"},
  {"app-ip", NULL, KIND_TEXT, 0, FIELD (app_ip), NULL, "Application address",
      "The address that SHOW CONNECTIONS shows for this application (default: "
        "the one that the connection comes from)"},
  {"connect-timeout", "httpConnectTimeout", KIND_NUMBER, 1,
        FIELD (connect_timeout), "60000", "Connect time-out",
      "How long connecting and logging in may take, in ms"},
  {"message-timeout", "messageWaitTimeout", KIND_NUMBER, 1,
        FIELD (message_timeout), "60000", "Message time-out",
      "How long the answer to one request may take, in ms"},
  {"keepalive-interval", NULL, KIND_NUMBER, 0, FIELD (keepalive_interval),
        "60000", "Keep-alive interval",
      "How long a server may be silent before it is taken for dead, in ms; after "
        "half of it, it is asked for a sign of life (0 = for ever)"},
  {"auto-reconnect", "enableAutoReconnect", KIND_BOOLEAN, 0,
        FIELD (auto_reconnect), "false", "Reconnect",
      "Whether a query goes on over another connection where one is lost"},
  {"reconnect-retries", "reconnectRetryCount", KIND_NUMBER, 0,
        FIELD (reconnect_retries), "3", "Retries",
      "How often to try to connect again"},
  {"reconnect-interval", "reconnectIntervalMs", KIND_NUMBER, 0,
        FIELD (reconnect_interval), "2000", "Interval",
      "How long to wait before that, in ms; each time twice as long as before"},
  {"enable-compression", NULL, KIND_BOOLEAN, 0, FIELD (enable_compression),
        "false", "Enable compression",
      "Whether messages are compressed, which takes processor time on both sides: "
        "for slow networks"},
  {"tls-ca-file", NULL, KIND_TEXT, 0, FIELD (tls_ca_file), NULL, "TLS CA file",
      "PEM file of the authorities to trust in place of the system's"},
  {"tls-certificate-file", NULL, KIND_TEXT, 0, FIELD (tls_certificate_file),
        NULL, "TLS certificate file",
      "PEM file of the certificate to show to the server, with its key unless "
        "tls-key-file has that"},
  {"tls-key-file", NULL, KIND_TEXT, 0, FIELD (tls_key_file), NULL,
      "TLS key file", "PEM file of the key to tls-certificate-file"},
  {"ssl-strict", NULL, KIND_BOOLEAN, 0, FIELD (ssl_strict), "true",
        "SSL strict",
      "Whether the server's certificate is checked; without, anyone in between "
        "can read along, the password too"},
};

static const struct
{
  const gchar *scheme;
  gboolean tls;
} schemes[] = {
  {"taos+ws", FALSE},
  {"taos+wss", TRUE},
  {"taosws", FALSE},
  {"taoswss", TRUE},
  {"ws", FALSE},
  {"wss", TRUE},
  {"taos-ws", FALSE},           /* behind jdbc: only */
};

G_DEFINE_BOXED_TYPE (GstTDengineSettings, gst_tdengine_settings,
    gst_tdengine_settings_copy, gst_tdengine_settings_free);

static gpointer
field (const GstTDengineSettings * self, const Setting * setting)
{
  return G_STRUCT_MEMBER_P (self, setting->offset);
}

static gboolean
holds_text (const Setting * setting)
{
  return setting->kind == KIND_TEXT || setting->kind == KIND_SECRET;
}

static gboolean
parse_boolean (const gchar * name, const gchar * text, gboolean * value,
    GError ** error)
{
  *value = text && g_ascii_strcasecmp (text, "true") == 0;
  return *value || (text && g_ascii_strcasecmp (text, "false") == 0)
      || refuse (error, "%s takes true or false", name);
}

static gboolean
assign (GstTDengineSettings * self, const Setting * setting,
    const gchar * value, GError ** error)
{
  guint64 number;

  switch (setting->kind) {
    case KIND_NUMBER:
      if (!value || !g_ascii_string_to_unsigned (value, 10, setting->min,
              G_MAXINT, &number, NULL))
        return refuse (error, "%s takes %u to %d", setting->name, setting->min,
            G_MAXINT);
      *(guint *) field (self, setting) = number;
      return TRUE;
    case KIND_BOOLEAN:
      return parse_boolean (setting->name, value, field (self, setting), error);
    default:
      g_free (*(gchar **) field (self, setting));
      *(gchar **) field (self, setting) = g_strdup (value);
      return TRUE;
  }
}

/**
 * gst_tdengine_settings_new:
 *
 * Makes settings for a server on this machine.
 *
 * Returns: (transfer full): settings
 */
GstTDengineSettings *
gst_tdengine_settings_new (void)
{
  GstTDengineSettings *self = g_new0 (GstTDengineSettings, 1);

  self->hosts = gst_tdengine_hosts_new ();
  gst_tdengine_hosts_add (self->hosts, DEFAULT_HOST, DEFAULT_PORT);
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    assign (self, &table[i], table[i].initial, NULL);
  return self;
}

static void
copy_setting (const GstTDengineSettings * from, GstTDengineSettings * to,
    const Setting * setting)
{
  if (!holds_text (setting)) {
    *(guint *) field (to, setting) = *(guint *) field (from, setting);
    return;
  }
  g_free (*(gchar **) field (to, setting));
  *(gchar **) field (to, setting) =
      g_strdup (*(gchar **) field (from, setting));
}

/**
 * gst_tdengine_settings_copy:
 * @settings: settings
 *
 * Copies settings.
 *
 * Returns: (transfer full): a copy
 */
GstTDengineSettings *
gst_tdengine_settings_copy (const GstTDengineSettings * settings)
{
  GstTDengineSettings *copy = g_new0 (GstTDengineSettings, 1);

  copy->tls = settings->tls;
  copy->hosts = gst_tdengine_hosts_copy (settings->hosts);
  copy->single = settings->single;
  copy->uri_error =
      settings->uri_error ? g_error_copy (settings->uri_error) : NULL;
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    copy_setting (settings, copy, &table[i]);
  return copy;
}

/**
 * gst_tdengine_settings_free:
 * @settings: (transfer full): settings
 *
 * Frees settings.
 */
void
gst_tdengine_settings_free (GstTDengineSettings * settings)
{
  g_array_unref (settings->hosts);
  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    if (holds_text (&table[i]))
      g_free (*(gchar **) field (settings, &table[i]));
  }
  g_clear_error (&settings->uri_error);
  g_free (settings);
}

/**
 * gst_tdengine_settings_new_from_uri:
 * @uri: a URI
 * @error: (out) (optional): return location for an error
 *
 * Makes settings out of a URI.
 *
 * Returns: (transfer full): settings; or %NULL with
 *   %GST_TDENGINE_ERROR_INVALID_VALUE where @uri is not understood. The error
 *   repeats nothing of @uri that may be secret
 */
GstTDengineSettings *
gst_tdengine_settings_new_from_uri (const gchar * uri, GError ** error)
{
  g_autoptr (GstTDengineSettings) self = gst_tdengine_settings_new ();

  if (!gst_tdengine_settings_set_uri (self, uri, error))
    return NULL;
  return g_steal_pointer (&self);
}

static const Setting *
find_setting (const gchar * name)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    if (g_str_equal (name, table[i].name))
      return &table[i];
  }
  return NULL;
}

/* keys of a URI come in several spellings: message-timeout, messageTimeout */
static gboolean
key_matches (const gchar * key, const gchar * name)
{
  for (; *key && *name; key++, name++) {
    while (*key == '-' || *key == '_')
      key++;
    while (*name == '-')
      name++;
    if (g_ascii_tolower (*key) != g_ascii_tolower (*name))
      return FALSE;
  }
  return !*key && !*name;
}

static const Setting *
find_key (const gchar * key)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    if (key_matches (key, table[i].name)
        || (table[i].alias && key_matches (key, table[i].alias)))
      return &table[i];
  }
  return NULL;
}

static gboolean
parse_scheme (GstTDengineSettings * self, const gchar * scheme, gboolean jdbc,
    GError ** error)
{
  for (guint i = 0; i < G_N_ELEMENTS (schemes); i++) {
    if (g_ascii_strcasecmp (scheme, schemes[i].scheme) == 0
        && jdbc == g_str_equal (schemes[i].scheme, "taos-ws")) {
      self->tls = schemes[i].tls;
      return TRUE;
    }
  }
  return refuse (error, "The URI's scheme is %s%s: expected taos+ws, taos+wss "
      "or jdbc:TAOS-WS", jdbc ? "jdbc:" : "", scheme);
}

static gboolean
parse_query (GstTDengineSettings * self, const gchar * query, GError ** error)
{
  GUriParamsIter iter;
  gchar *name, *content;
  g_autoptr (GError) local = NULL;

  g_uri_params_iter_init (&iter, query, -1, "&", G_URI_PARAMS_NONE);
  while (g_uri_params_iter_next (&iter, &name, &content, &local)) {
    g_autofree gchar *key = name;
    g_autofree gchar *value = content;
    const Setting *setting = find_key (key);

    if (key_matches (key, "useSSL"))
      self->tls = g_ascii_strcasecmp (value, "true") == 0;
    else if (key_matches (key, "disableSSLCertValidation"))
      self->ssl_strict = g_ascii_strcasecmp (value, "true") != 0;
    else if (!setting)
      return refuse (error, "The URI has a key that is not known: %s", key);
    else if (!assign (self, setting, value, error))
      return FALSE;
  }
  if (local)
    return refuse (error, "The URI's keys and values can't be read");
  return TRUE;
}

static gboolean
parse_database (GstTDengineSettings * self, const gchar * path, GError ** error)
{
  path += strspn (path, "/");
  if (strchr (path, '/'))
    return refuse (error, "The URI's path is expected to be a database");
  if (*path)
    return assign (self, find_setting ("database"), path, error);
  return TRUE;
}

static void
add_host (GstTDengineSettings * self, GUri * uri)
{
  const gchar *name = g_uri_get_host (uri);
  gint port = g_uri_get_port (uri);

  gst_tdengine_hosts_add (self->hosts, name && *name ? name : DEFAULT_HOST,
      port != -1 ? port : DEFAULT_PORT);
}

/* each behind a comma */
static gboolean
add_more_hosts (GstTDengineSettings * self, const gchar * list, GError ** error)
{
  g_auto (GStrv) names = g_strsplit (list + 1, ",", -1);

  for (guint i = 0; names[i]; i++) {
    g_autofree gchar *text = g_strconcat ("host://", names[i], NULL);
    g_autoptr (GUri) uri = g_uri_parse (text, G_URI_FLAGS_NONE, NULL);

    if (!uri || !*g_uri_get_host (uri))
      return refuse (error, "The URI's host %u can't be read", i + 2);
    add_host (self, uri);
  }
  return TRUE;
}

/* The hosts behind the first, which is all that GLib knows of: from the first
 * comma on, taken out of the URI. NULL where there are none. */
static gchar *
take_more_hosts (gchar * uri)
{
  gchar *from = strstr (uri, "://");
  gchar *end = from ? from + 3 + strcspn (from + 3, "/?#") : NULL;
  gchar *user = end ? g_strrstr_len (from, end - from, "@") : NULL;
  gchar *comma = end ? memchr (user ? user : from, ',',
      end - (user ? user : from)) : NULL;
  gchar *list;

  if (!comma)
    return NULL;
  list = g_strndup (comma, end - comma);
  memmove (comma, end, strlen (end) + 1);
  return list;
}

static gboolean
parse_uri (GstTDengineSettings * self, const gchar * uri, GError ** error)
{
  gboolean jdbc = g_ascii_strncasecmp (uri, "jdbc:", 5) == 0;
  g_autofree gchar *single =
      g_strdup (jdbc ? uri + 5 + strspn (uri + 5, " ") : uri);
  g_autofree gchar *more_hosts = take_more_hosts (single);
  /* GLib's own message may quote the URI, and with it a password */
  g_autoptr (GUri) parsed = g_uri_parse (single,
      G_URI_FLAGS_HAS_PASSWORD | G_URI_FLAGS_ENCODED_QUERY, NULL);
  if (!parsed)
    return refuse (error, "The URI can't be read: expected "
        "taos+ws://user@host:port/database");
  if (!parse_scheme (self, g_uri_get_scheme (parsed), jdbc, error))
    return FALSE;
  g_array_set_size (self->hosts, 0);
  add_host (self, parsed);
  if (more_hosts && !add_more_hosts (self, more_hosts, error))
    return FALSE;
  if (g_uri_get_user (parsed) && *g_uri_get_user (parsed))
    assign (self, find_setting ("user"), g_uri_get_user (parsed), NULL);
  if (g_uri_get_password (parsed))
    assign (self, find_setting ("password"), g_uri_get_password (parsed), NULL);
  if (!parse_database (self, g_uri_get_path (parsed), error))
    return FALSE;
  return !g_uri_get_query (parsed)
      || parse_query (self, g_uri_get_query (parsed), error);
}

/**
 * gst_tdengine_settings_set_uri:
 * @settings: settings
 * @uri: (nullable): a URI, or %NULL for none
 * @error: (out) (optional): return location for an error
 *
 * Takes a URI in place of the one before. What was set on its own stays.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_INVALID_VALUE where @uri is not
 *   understood; then [method@GstTDengine.Settings.validate] fails, too
 */
gboolean
gst_tdengine_settings_set_uri (GstTDengineSettings * settings,
    const gchar * uri, GError ** error)
{
  GstTDengineSettings *fresh = gst_tdengine_settings_new ();
  g_autoptr (GError) local = NULL;

  if (uri && !parse_uri (fresh, uri, &local))
    fresh->uri_error = g_error_copy (local);
  fresh->single = settings->single;
  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    if (settings->single & (1u << i))
      copy_setting (settings, fresh, &table[i]);
  }

  GstTDengineSettings old = *settings;
  *settings = *fresh;
  *fresh = old;
  gst_tdengine_settings_free (fresh);
  if (local)
    g_propagate_error (error, g_steal_pointer (&local));
  return settings->uri_error == NULL;
}

/**
 * gst_tdengine_settings_get_uri:
 * @settings: settings
 *
 * Writes the settings as a URI, but for the password.
 *
 * Returns: (transfer full): a URI that is safe to show
 */
gchar *
gst_tdengine_settings_get_uri (const GstTDengineSettings * settings)
{
  GString *uri = g_string_new (settings->tls ? "taos+wss://" : "taos+ws://");

  if (settings->user) {
    g_string_append_uri_escaped (uri, settings->user, NULL, FALSE);
    g_string_append_c (uri, '@');
  }
  gst_tdengine_hosts_print (settings->hosts, uri);
  g_string_append_c (uri, '/');
  if (settings->database)
    g_string_append_uri_escaped (uri, settings->database, NULL, FALSE);
  return g_string_free (uri, FALSE);
}

/**
 * gst_tdengine_settings_set:
 * @settings: settings
 * @name: the setting, as the elements' property of that name: `user`,
 *   `password`, `database`, `message-timeout` and so on
 * @value: (nullable): the value, as text; %NULL for none
 * @error: (out) (optional): return location for an error
 *
 * Sets one setting, whatever a URI says of it.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_INVALID_VALUE where @name is not
 *   known or @value out of its range
 */
gboolean
gst_tdengine_settings_set (GstTDengineSettings * settings, const gchar * name,
    const gchar * value, GError ** error)
{
  const Setting *setting = find_setting (name);

  if (!setting)
    return refuse (error, "There is no setting %s", name);
  if (!assign (settings, setting, value, error))
    return FALSE;
  settings->single |= 1u << (setting - table);
  return TRUE;
}

/**
 * gst_tdengine_settings_get_database:
 * @settings: settings
 *
 * Gets the database.
 *
 * Returns: (nullable): its name
 */
const gchar *
gst_tdengine_settings_get_database (const GstTDengineSettings * settings)
{
  return settings->database && *settings->database ? settings->database : NULL;
}

/**
 * gst_tdengine_settings_get_message_timeout:
 * @settings: settings
 *
 * Gets how long the answer to one request may take.
 *
 * Returns: ms
 */
guint
gst_tdengine_settings_get_message_timeout (const GstTDengineSettings * settings)
{
  return settings->message_timeout;
}

static gchar *
read_password_file (const gchar * file, GError ** error)
{
  g_autoptr (GError) local = NULL;
  gchar *password;

  if (!g_file_get_contents (file, &password, NULL, &local)) {
    refuse (error, "password-file can't be read: %s", local->message);
    return NULL;
  }
  password[strcspn (password, "\r\n")] = '\0';
  return password;
}

/* From the closest place that has one; NULL with an error. It is looked for
 * each time, as a file's may have changed. */
gchar *
gst_tdengine_settings_find_password (const GstTDengineSettings * settings,
    GError ** error)
{
  const gchar *environment = g_getenv ("TDENGINE_PASSWORD");
  g_autofree gchar *password = settings->password ?
      g_strdup (settings->password) : settings->password_file ?
      read_password_file (settings->password_file, error) :
      g_strdup (environment ? environment : DEFAULT_PASSWORD);

  if (password && !*password) {
    g_set_error_literal (error, GST_TDENGINE_ERROR,
        GST_TDENGINE_ERROR_PASSWORD_REQUIRED, "The password is empty");
    return NULL;
  }
  return g_steal_pointer (&password);
}

/* for a message */
const gchar *
gst_tdengine_settings_describe_user (const GstTDengineSettings * settings)
{
  return settings->bearer_token ? "the owner of bearer-token" : settings->user;
}

static gboolean
check_login (const GstTDengineSettings * settings, GError ** error)
{
  g_autofree gchar *password = NULL;

  if (settings->bearer_token)
    return TRUE;
  if (!settings->user || !*settings->user) {
    g_set_error_literal (error, GST_TDENGINE_ERROR,
        GST_TDENGINE_ERROR_USER_REQUIRED, "The user name is empty");
    return FALSE;
  }
  password = gst_tdengine_settings_find_password (settings, error);
  return password != NULL;
}

/**
 * gst_tdengine_settings_check_one_cluster: (skip)
 * @settings: settings
 * @why: what is wrong with another cluster
 * @error: return location for an error
 *
 * Checks that no second cluster is a last resort: it is one for queries only.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_NOT_SUPPORTED
 */
gboolean
gst_tdengine_settings_check_one_cluster (const GstTDengineSettings * settings,
    const gchar * why, GError ** error)
{
  return !settings->fallback_uri || gst_tdengine_error_refuse (error,
      GST_TDENGINE_ERROR_NOT_SUPPORTED, "", "fallback-uri is for queries: %s",
      why);
}

/**
 * gst_tdengine_settings_is_careless:
 * @settings: settings
 *
 * Tells whether anyone may be at the other end of a connection over TLS, as
 * nobody checks the certificate.
 *
 * Returns: %TRUE where `ssl-strict` is off
 */
gboolean
gst_tdengine_settings_is_careless (const GstTDengineSettings * settings)
{
  return settings->tls && !settings->ssl_strict;
}

/**
 * gst_tdengine_settings_validate:
 * @settings: settings
 * @error: (out) (optional): return location for an error
 *
 * Checks everything that can be checked before anything is sent. A time zone
 * has to be known here, as a server takes any word for one.
 *
 * Returns: %FALSE with an error that names the setting
 */
gboolean
gst_tdengine_settings_validate (const GstTDengineSettings * settings,
    GError ** error)
{
  if (settings->uri_error) {
    g_propagate_error (error, g_error_copy (settings->uri_error));
    return FALSE;
  }
  for (guint i = 0; i < settings->hosts->len; i++) {
    guint port = g_array_index (settings->hosts, GstTDengineHost, i).port;

    if (port < 1 || port > G_MAXUINT16)
      return refuse (error, "Port %u is not in 1 to 65535", port);
  }
  if (!check_login (settings, error))
    return FALSE;
  if (settings->app_name && strlen (settings->app_name) > MAX_APP_BYTES)
    return refuse (error, "app-name is longer than %d bytes", MAX_APP_BYTES);
  if (settings->database && strlen (settings->database) > MAX_DATABASE_BYTES)
    return refuse (error, "The database's name is longer than %d bytes",
        MAX_DATABASE_BYTES);
  if (settings->timezone) {
    g_autoptr (GTimeZone) zone =
        g_time_zone_new_identifier (settings->timezone);

    if (!zone)
      return refuse (error, "The time zone \"%s\" is not known: expected an "
          "IANA name such as Europe/Oslo", settings->timezone);
  }
  return TRUE;
}

/**
 * gst_tdengine_settings_get_protocols: (skip)
 *
 * Gets the schemes of URIs that can be read, for a #GstURIHandler.
 *
 * Returns: (transfer none) (array zero-terminated=1): the schemes
 */
const gchar *const *
gst_tdengine_settings_get_protocols (void)
{
  static const gchar *const protocols[] = {
    "taos+ws", "taos+wss", "taosws", "taoswss", "ws", "wss", "jdbc", NULL
  };

  return protocols;
}

static GParamSpec *
make_property (const Setting * setting, GParamFlags flags)
{
  switch (setting->kind) {
    case KIND_NUMBER:
      return g_param_spec_uint (setting->name, setting->nick, setting->blurb,
          setting->min, G_MAXINT, atoi (setting->initial),
          flags | G_PARAM_READWRITE);
    case KIND_BOOLEAN:
      return g_param_spec_boolean (setting->name, setting->nick,
          setting->blurb, g_str_equal (setting->initial, "true"),
          flags | G_PARAM_READWRITE);
    case KIND_SECRET:
      return g_param_spec_string (setting->name, setting->nick,
          setting->blurb, NULL, flags | G_PARAM_WRITABLE);
    default:
      return g_param_spec_string (setting->name, setting->nick,
          setting->blurb, setting->initial, flags | G_PARAM_READWRITE);
  }
}

/**
 * gst_tdengine_settings_install_properties: (skip)
 * @klass: the class of an element
 * @first_id: the first of the properties' numbers, which are the last ones of
 *   the class
 *
 * Gives an element the properties of a connection: `uri` and one for each
 * setting.
 */
void
gst_tdengine_settings_install_properties (GObjectClass * klass, guint first_id)
{
  const GParamFlags flags = G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (klass, first_id++,
      g_param_spec_string ("uri", "URI",
          "Address of taosAdapter, taos+ws://user@host:port/database; what "
          "other properties say wins (reads back without the password)",
          "taos+ws://root@localhost:6041/", flags | G_PARAM_READWRITE));
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    g_object_class_install_property (klass, first_id++,
        make_property (&table[i], flags));
}

/**
 * gst_tdengine_settings_set_property: (skip)
 * @settings: settings
 * @value: a property's value
 * @pspec: a property
 *
 * Sets one of the properties of a connection. What is wrong with a URI is told
 * by [method@GstTDengine.Settings.validate].
 *
 * Returns: %FALSE where @pspec is none of them
 */
gboolean
gst_tdengine_settings_set_property (GstTDengineSettings * settings,
    const GValue * value, GParamSpec * pspec)
{
  const Setting *setting = find_setting (pspec->name);

  if (g_str_equal (pspec->name, "uri")) {
    gst_tdengine_settings_set_uri (settings, g_value_get_string (value), NULL);
    return TRUE;
  }
  if (!setting)
    return FALSE;
  settings->single |= 1u << (setting - table);
  if (setting->kind == KIND_NUMBER)
    *(guint *) field (settings, setting) = g_value_get_uint (value);
  else if (setting->kind == KIND_BOOLEAN)
    *(gboolean *) field (settings, setting) = g_value_get_boolean (value);
  else
    assign (settings, setting, g_value_get_string (value), NULL);
  return TRUE;
}

/**
 * gst_tdengine_settings_get_property: (skip)
 * @settings: settings
 * @value: where to put the property's value
 * @pspec: a property
 *
 * Gets one of the properties of a connection.
 *
 * Returns: %FALSE where @pspec is none of them
 */
gboolean
gst_tdengine_settings_get_property (const GstTDengineSettings * settings,
    GValue * value, GParamSpec * pspec)
{
  const Setting *setting = find_setting (pspec->name);

  if (g_str_equal (pspec->name, "uri"))
    g_value_take_string (value, gst_tdengine_settings_get_uri (settings));
  else if (!setting)
    return FALSE;
  else if (setting->kind == KIND_NUMBER)
    g_value_set_uint (value, *(guint *) field (settings, setting));
  else if (setting->kind == KIND_BOOLEAN)
    g_value_set_boolean (value, *(gboolean *) field (settings, setting));
  else
    g_value_set_string (value, *(gchar **) field (settings, setting));
  return TRUE;
}
