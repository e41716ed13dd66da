/* tdengine socket: WebSocket messages over a stream
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>

#include "gsttdenginehosts.h"
#include "gsttdenginesettings.h"

#define GST_TDENGINE_MAX_MESSAGE_SIZE (100u * 1024 * 1024)
#define GST_TDENGINE_NO_DEADLINE G_MAXINT64

typedef enum
{
  GST_TDENGINE_OPCODE_CONTINUATION = 0x0,
  GST_TDENGINE_OPCODE_TEXT = 0x1,
  GST_TDENGINE_OPCODE_BINARY = 0x2,
  GST_TDENGINE_OPCODE_CLOSE = 0x8,
  GST_TDENGINE_OPCODE_PING = 0x9,
  GST_TDENGINE_OPCODE_PONG = 0xA,
} GstTDengineOpcode;

/* a whole message */
typedef struct
{
  GstTDengineOpcode opcode;
  guint8 *memory;               /* of a pool; data lies in it */
  guint8 *data;
  gsize size;
} GstTDengineMessage;

typedef struct _GstTDengineSocket GstTDengineSocket;

GstTDengineSocket * gst_tdengine_socket_connect (const GstTDengineSettings *settings,
                                                 const GstTDengineHost *host,
                                                 const gchar *path,
                                                 GCancellable *cancellable,
                                                 GError **error);
GstTDengineSocket * gst_tdengine_socket_new     (GIOStream *stream,
                                                 SoupWebsocketExtension *deflate);
void                gst_tdengine_socket_free    (GstTDengineSocket *socket);
void                gst_tdengine_socket_close   (GstTDengineSocket *socket);
gboolean            gst_tdengine_socket_send    (GstTDengineSocket *socket,
                                                 GstTDengineOpcode opcode,
                                                 const GOutputVector *parts,
                                                 guint n_parts,
                                                 GCancellable *cancellable,
                                                 GError **error);
void                gst_tdengine_socket_prepare (GstTDengineSocket *socket,
                                                 GByteArray *frame,
                                                 GstTDengineOpcode opcode,
                                                 const GOutputVector *parts,
                                                 guint n_parts);
gboolean            gst_tdengine_socket_send_prepared (GstTDengineSocket *socket,
                                                       const GByteArray *frame,
                                                       GCancellable *cancellable,
                                                       GError **error);
gboolean            gst_tdengine_socket_receive (GstTDengineSocket *socket,
                                                 gint64 deadline,
                                                 GstTDengineMessage *message,
                                                 GError **error);
void                gst_tdengine_socket_pause   (GstTDengineSocket *socket);

void                gst_tdengine_message_clear  (GstTDengineMessage *message);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineSocket, gst_tdengine_socket_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GstTDengineMessage, gst_tdengine_message_clear)
