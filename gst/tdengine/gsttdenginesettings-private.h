/* tdengine settings: the fields, for the connection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginehosts.h"
#include "gsttdenginesettings.h"

struct _GstTDengineSettings
{
  gboolean tls;
  GArray *hosts;                /* of GstTDengineHost, one at least */
  gchar *fallback_uri;          /* another cluster's */
  gchar *user;
  gchar *password;              /* NULL: from elsewhere */
  gchar *password_file;
  gchar *totp_code;
  gchar *bearer_token;
  gchar *token;
  gchar *app_name;
  gchar *app_ip;
  gchar *database;
  gchar *timezone;
  guint connect_timeout;        /* ms */
  guint message_timeout;        /* ms */
  guint keepalive_interval;     /* ms, 0: none */
  gboolean auto_reconnect;
  guint reconnect_retries;
  guint reconnect_interval;     /* ms */
  gboolean enable_compression;
  gchar *tls_ca_file;           /* NULL: the system's store */
  gchar *tls_certificate_file;
  gchar *tls_key_file;
  gboolean ssl_strict;

  guint single;                 /* a bit for each setting set on its own */
  GError *uri_error;            /* what is wrong with the URI, told later */
};

gchar *       gst_tdengine_settings_find_password (const GstTDengineSettings *settings,
                                                   GError **error);
const gchar * gst_tdengine_settings_describe_user (const GstTDengineSettings *settings);
