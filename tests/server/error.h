/* test server: errors as the real server numbers and words them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

#define SERVER_ERROR (server_error_quark ())

/* The low 16 bits of TDengine's own codes, and the adapter's. */
enum
{
  CODE_INVALID_PARAMETERS = 280,
  CODE_DECIMAL_OVERFLOW = 317,
  CODE_INVALID_OPERATION = 512,
  CODE_INSERT_SYNTAX = 534,
  CODE_STMT_ORDER = 554,
  CODE_STMT_TABLE = 555,
  CODE_STMT_ROWS = 566,
  CODE_AUTHENTICATION = 855,
  CODE_SUPER_TABLE_EXISTS = 864,
  CODE_NO_SUPER_TABLE = 866,
  CODE_DATABASE_EXISTS = 897,

  CODE_NO_DATABASE = 904,
  CODE_TOPIC_EXISTS = 992,
  CODE_NO_TOPIC = 993,
  CODE_NO_CONSUMER = 998,
  CODE_TOPIC_SUBSCRIBED = 1003,
  CODE_DATABASE_HAS_TOPICS = 1005,
  CODE_TABLE_EXISTS = 1539,
  CODE_TIME_OUT_OF_RANGE = 1547,
  CODE_INVALID_INPUT = 1807,
  CODE_RAW_INTO_SUPER_TABLE = 9479,
  CODE_SYNTAX = 9728,
  CODE_INCOMPLETE_SQL = 9729,
  CODE_NO_COLUMN = 9730,
  CODE_NO_TABLE = 9731,
  CODE_WRONG_VALUE = 9732,
  CODE_NOT_SINGLE_GROUP = 9734,
  CODE_DATABASE_NOT_SPECIFIED = 9750,
  CODE_DUPLICATE_COLUMN = 9754,
  CODE_COLUMNS_NUMBER = 9755,
  CODE_FIRST_COLUMN = 9756,
  CODE_INVALID_TOPIC_QUERY = 9785,
  CODE_VALUE_TOO_LONG = 9811,
  CODE_TIME_NULL = 9851,
  CODE_FUNCTION_PARAMETERS = 10241,
  CODE_FUNCTION_TYPE = 10242,
  CODE_FUNCTION_VALUE = 10243,
  CODE_OFFSET_RANGE = 16391,
  CODE_NOT_OUR_VGROUP = 16392,
  CODE_NOT_OUR_TOPIC = 16393,
  CODE_ADAPTER = 65535,
};

GQuark   server_error_quark (void);
gboolean refuse             (GError **error, gint code,
                             const gchar *format, ...) G_GNUC_PRINTF (3, 4);
gboolean refuse_unsupported (GError **error,
                             const gchar *format, ...) G_GNUC_PRINTF (2, 3);
