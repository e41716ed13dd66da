/* tdengine error: the library's error domain
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine-prelude.h>

G_BEGIN_DECLS

/**
 * GST_TDENGINE_ERROR:
 *
 * The domain of every error of this library, but for cancellation, which is
 * %G_IO_ERROR_CANCELLED.
 */
#define GST_TDENGINE_ERROR (gst_tdengine_error_quark ())

/**
 * GstTDengineError:
 * @GST_TDENGINE_ERROR_CLOSED: the connection is closed or was lost
 * @GST_TDENGINE_ERROR_NOT_SUPPORTED: the server, or this library, has no such
 *   thing
 * @GST_TDENGINE_ERROR_INVALID_VALUE: a setting or a value is out of its range
 * @GST_TDENGINE_ERROR_UNKNOWN_TYPE: a column type that this library does not
 *   know
 * @GST_TDENGINE_ERROR_USER_REQUIRED: the user name is empty
 * @GST_TDENGINE_ERROR_PASSWORD_REQUIRED: the password is empty
 * @GST_TDENGINE_ERROR_CONNECT: no connection could be made
 * @GST_TDENGINE_ERROR_TIMEOUT: an answer did not come in time
 * @GST_TDENGINE_ERROR_TOO_OLD: the server's version is below 3.3.5.0
 * @GST_TDENGINE_ERROR_EMPTY_SQL: the statement is empty
 * @GST_TDENGINE_ERROR_SERVER: the server refused: its words are the message,
 *   its code is [func@GstTDengine.error_get_server_code]
 * @GST_TDENGINE_ERROR_PROTOCOL: the peer sent what the protocol does not allow
 * @GST_TDENGINE_ERROR_BLOCK: a block of rows contradicts itself or its schema
 * @GST_TDENGINE_ERROR_SCHEMA: rows do not fit the table they are meant for
 * @GST_TDENGINE_ERROR_NOT_CONFIRMED: no one said that the rows before a
 *   checkpoint are safe
 *
 * What can go wrong. The first ones carry the codes that TDengine's own
 * connectors use for the same situation.
 */
typedef enum {
  GST_TDENGINE_ERROR_CLOSED = 0x2301,
  GST_TDENGINE_ERROR_NOT_SUPPORTED = 0x2302,
  GST_TDENGINE_ERROR_INVALID_VALUE = 0x2303,
  GST_TDENGINE_ERROR_UNKNOWN_TYPE = 0x230f,
  GST_TDENGINE_ERROR_USER_REQUIRED = 0x2319,
  GST_TDENGINE_ERROR_PASSWORD_REQUIRED = 0x231a,
  GST_TDENGINE_ERROR_CONNECT = 0x231d,
  GST_TDENGINE_ERROR_TIMEOUT = 0x231e,
  GST_TDENGINE_ERROR_TOO_OLD = 0x2321,
  GST_TDENGINE_ERROR_EMPTY_SQL = 0x2357,
  GST_TDENGINE_ERROR_SERVER = 0x10000,
  GST_TDENGINE_ERROR_PROTOCOL = 0x10001,
  GST_TDENGINE_ERROR_BLOCK = 0x10002,
  GST_TDENGINE_ERROR_SCHEMA = 0x10003,
  GST_TDENGINE_ERROR_NOT_CONFIRMED = 0x10004,
} GstTDengineError;

GST_TDENGINE_API
GQuark gst_tdengine_error_quark           (void);
GST_TDENGINE_API
gint   gst_tdengine_error_get_server_code (const GError *error);

G_END_DECLS
