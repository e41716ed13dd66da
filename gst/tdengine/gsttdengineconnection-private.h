/* tdengine connection: requests under way, for what works over a connection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdengineconnection.h"
#include "gsttdenginemessages.h"

typedef struct _GstTDengineRequest GstTDengineRequest;

/* what is sent as soon as a reply is there */
typedef enum
{
  GST_TDENGINE_NEXT_NOTHING,
  GST_TDENGINE_NEXT_FETCH,      /* of the result's next block */
  GST_TDENGINE_NEXT_EXEC,       /* of the statement */
  GST_TDENGINE_NEXT_POLL,       /* behind the message */
  GST_TDENGINE_NEXT_FETCH_META, /* of the message */
  GST_TDENGINE_NEXT_FETCH_DATA, /* of the message */
} GstTDengineNext;

/* Called in whichever thread reads, under the connection's lock, when a reply is
 * there. */
typedef GstTDengineNext (*GstTDengineReplyFunc) (GstTDengineRequest *request);

struct _GstTDengineRequest
{
  guint64 req_id;
  gint64 deadline;              /* monotonic, us */
  gboolean under_way;
  gboolean done;
  GstTDengineReply reply;
  GstTDengineMessage message;   /* holds a fetched block */

  GstTDengineReplyFunc on_reply;
  guint64 resource_id;          /* what what is next is of */
  guint patience;               /* ms that the server may wait before it answers */
};

/* what is to be said before anything else; where that is refused for a while,
 * another host is tried */
typedef gboolean (*GstTDengineGreeting) (GstTDengineConnection *self,
                                         gpointer data, gint64 deadline,
                                         GCancellable *cancellable,
                                         GError **error);

gboolean gst_tdengine_connection_open_path   (GstTDengineConnection *self,
                                              const gchar *path,
                                              GstTDengineGreeting greet,
                                              gpointer data,
                                              GCancellable *cancellable,
                                              GError **error);
const GstTDengineSettings *
         gst_tdengine_connection_get_settings (GstTDengineConnection *self);
void     gst_tdengine_connection_prefix_error (GstTDengineConnection *self,
                                               const gchar *what,
                                               GError **error);
gboolean gst_tdengine_connection_check_version (const gchar *version,
                                                GError **error);
guint64  gst_tdengine_connection_next_id     (GstTDengineConnection *self);
gboolean gst_tdengine_connection_send        (GstTDengineConnection *self,
                                              GstTDengineRequest *request,
                                              guint64 req_id,
                                              const GOutputVector *parts,
                                              guint n_parts,
                                              GCancellable *cancellable,
                                              GError **error);
void     gst_tdengine_connection_prepare     (GstTDengineConnection *self,
                                              GByteArray *frame,
                                              const GOutputVector *parts,
                                              guint n_parts);
gboolean gst_tdengine_connection_send_prepared (GstTDengineConnection *self,
                                                GstTDengineRequest *request,
                                                guint64 req_id,
                                                const GByteArray *frame,
                                                GCancellable *cancellable,
                                                GError **error);
gboolean gst_tdengine_connection_send_text   (GstTDengineConnection *self,
                                              GstTDengineRequest *request,
                                              guint64 req_id, gchar *text,
                                              GCancellable *cancellable,
                                              GError **error);
gboolean gst_tdengine_connection_wait        (GstTDengineConnection *self,
                                              GstTDengineRequest *request,
                                              GCancellable *cancellable,
                                              GError **error);
void     gst_tdengine_connection_forget      (GstTDengineConnection *self,
                                              GstTDengineRequest *request);
void     gst_tdengine_connection_post_text   (GstTDengineConnection *self,
                                              gchar *text);

/* what on_reply touches is under this lock */
void     gst_tdengine_connection_lock        (GstTDengineConnection *self);
void     gst_tdengine_connection_unlock      (GstTDengineConnection *self);
gboolean gst_tdengine_connection_fetch       (GstTDengineConnection *self,
                                              GstTDengineRequest *request,
                                              GError **error);
gboolean gst_tdengine_connection_wait_locked (GstTDengineConnection *self,
                                              GstTDengineRequest *request,
                                              GCancellable *cancellable,
                                              GError **error);
gulong   gst_tdengine_connection_watch       (GstTDengineConnection *self,
                                              GCancellable *cancellable);
