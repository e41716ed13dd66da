/* scripted server: answers what the test tells it to, when the test does
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>
#include <gst/tdengine/tdengine.h>

typedef struct _ScriptedServer ScriptedServer;

typedef struct
{
  gchar *action;                /* "query", "fetch", "write", "bind", or a
                                 * text request's own word */
  guint64 req_id;
  guint64 id;                   /* of the result or statement it is about */
  GBytes *bytes;                /* all of it */
  SoupWebsocketConnection *peer;
} ScriptedRequest;

/* In the server's thread: whether it has dealt with the request. What it has
 * not is left for scripted_server_take(). */
typedef gboolean (*ScriptedAnswer) (ScriptedServer *self,
                                    const ScriptedRequest *request,
                                    gpointer data);

ScriptedServer *  scripted_server_new          (ScriptedAnswer answer,
                                                gpointer data);
void              scripted_server_free         (ScriptedServer *self);
SoupServer *      scripted_server_get_soup     (ScriptedServer *self);
gchar *           scripted_server_make_uri     (ScriptedServer *self);
GstTDengineConnection *
                  scripted_server_make_client  (ScriptedServer *self,
                                                const gchar *query);
GstTDengineConnection *
                  scripted_server_connect      (ScriptedServer *self,
                                                const gchar *query);

ScriptedRequest * scripted_server_take         (ScriptedServer *self,
                                                const gchar *action);
void              scripted_request_free        (ScriptedRequest *request);
gboolean          scripted_request_has         (const ScriptedRequest *request,
                                                const gchar *words);

/* any thread may */
void              scripted_server_send_text    (ScriptedServer *self,
                                                const ScriptedRequest *request,
                                                const gchar *format, ...)
                                                G_GNUC_PRINTF (3, 4);
void              scripted_server_send_binary  (ScriptedServer *self,
                                                const ScriptedRequest *request,
                                                gconstpointer data, gsize size);
void              scripted_server_send_done    (ScriptedServer *self,
                                                const ScriptedRequest *request,
                                                gint code, guint64 affected);
void              scripted_server_send_columns (ScriptedServer *self,
                                                const ScriptedRequest *request,
                                                guint64 id,
                                                GstTDengineSchema *schema);
void              scripted_server_send_rows    (ScriptedServer *self,
                                                const ScriptedRequest *request,
                                                GstTDengineRows *rows);
void              scripted_server_cut          (ScriptedServer *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ScriptedServer, scripted_server_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ScriptedRequest, scripted_request_free)
