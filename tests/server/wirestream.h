/* test server: the bytes below a WebSocket, where they can go wrong
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

#define WIRE_TYPE_STREAM (wire_stream_get_type ())
G_DECLARE_FINAL_TYPE (WireStream, wire_stream, WIRE, STREAM, GIOStream);

/* what follows a frame */
typedef enum
{
  WIRE_GOES_ON,
  WIRE_IS_CUT,
  WIRE_EXITS,
} WireEnd;

WireStream * wire_stream_new   (GIOStream *base, GSocket *socket);
void         wire_stream_plan  (WireStream *stream, GBytes *frame,
                                WireEnd end, gint status);
void         wire_stream_cut   (WireStream *stream);
void         wire_stream_pause (WireStream *stream, guint ms);
