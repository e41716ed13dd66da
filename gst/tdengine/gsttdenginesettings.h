/* tdengine settings: where a server is and who asks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine-prelude.h>

G_BEGIN_DECLS

#define GST_TYPE_TDENGINE_SETTINGS (gst_tdengine_settings_get_type ())

/**
 * GstTDengineSettings:
 *
 * What it takes to connect: the server's address, the login, and how long to
 * wait. It is filled from a URI, from single settings, or from both; then a
 * single setting wins, whichever came first.
 *
 * Known URIs:
 *
 * - `taos+ws://user:password@host:port/database?key=value`, also with the
 *   schemes `taosws` and `ws`, and over TLS as `taos+wss`, `taoswss` and `wss`
 * - `jdbc:TAOS-WS://host:port/database?user=…&password=…&key=value`
 *
 * Several hosts stand in a row, `host:port,host:port`: a connection is made to one
 * of them, each to the next; one that does not answer is left alone for 10 s.
 *
 * Keys are the names of the single settings, in any case and with or without
 * `-`, beside `httpConnectTimeout`, `messageWaitTimeout` and `useSSL`. Where
 * nothing is said, the host is `localhost`, the port 6041, the user `root` and
 * the password `taosdata`.
 *
 * Settings belong to one thread at a time.
 */
typedef struct _GstTDengineSettings GstTDengineSettings;

GST_TDENGINE_API
GType                 gst_tdengine_settings_get_type            (void);
GST_TDENGINE_API
GstTDengineSettings * gst_tdengine_settings_new                 (void);
GST_TDENGINE_API
GstTDengineSettings * gst_tdengine_settings_new_from_uri        (const gchar *uri,
                                                                 GError **error);
GST_TDENGINE_API
GstTDengineSettings * gst_tdengine_settings_copy                (const GstTDengineSettings *settings);
GST_TDENGINE_API
void                  gst_tdengine_settings_free                (GstTDengineSettings *settings);
GST_TDENGINE_API
gboolean              gst_tdengine_settings_set_uri             (GstTDengineSettings *settings,
                                                                 const gchar *uri,
                                                                 GError **error);
GST_TDENGINE_API
gchar *               gst_tdengine_settings_get_uri             (const GstTDengineSettings *settings);
GST_TDENGINE_API
gboolean              gst_tdengine_settings_set                 (GstTDengineSettings *settings,
                                                                 const gchar *name,
                                                                 const gchar *value,
                                                                 GError **error);
GST_TDENGINE_API
const gchar *         gst_tdengine_settings_get_database        (const GstTDengineSettings *settings);
GST_TDENGINE_API
guint                 gst_tdengine_settings_get_message_timeout (const GstTDengineSettings *settings);
GST_TDENGINE_API
gboolean              gst_tdengine_settings_check_one_cluster   (const GstTDengineSettings *settings,
                                                                 const gchar *why,
                                                                 GError **error);
GST_TDENGINE_API
gboolean              gst_tdengine_settings_is_careless         (const GstTDengineSettings *settings);
GST_TDENGINE_API
gboolean              gst_tdengine_settings_validate            (const GstTDengineSettings *settings,
                                                                 GError **error);

GST_TDENGINE_API
const gchar * const * gst_tdengine_settings_get_protocols       (void);
GST_TDENGINE_API
void                  gst_tdengine_settings_install_properties  (GObjectClass *klass,
                                                                 guint first_id);
GST_TDENGINE_API
gboolean              gst_tdengine_settings_set_property        (GstTDengineSettings *settings,
                                                                 const GValue *value,
                                                                 GParamSpec *pspec);
GST_TDENGINE_API
gboolean              gst_tdengine_settings_get_property        (const GstTDengineSettings *settings,
                                                                 GValue *value,
                                                                 GParamSpec *pspec);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineSettings, gst_tdengine_settings_free)

G_END_DECLS
