/* test server: values from the text of statements
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "session.h"
#include "value.h"

gboolean literal_to_value (Session *session, const Literal *literal,
                           const Column *column,
                           GstTDenginePrecision precision, Value *value,
                           GError **error);
gboolean literal_parse_integer (const gchar *text, gsize size,
                                guint64 *magnitude);
