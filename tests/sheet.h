/* sheet: rows of all types for the tests of what encodes them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>

GstTDengineSchema * sheet_make_schema (void);
GstTDengineRows *   sheet_make_rows   (void);
GstTDengineRows *   sheet_make_column (GstTDengineType type, const gchar *name,
                                       const gchar *const *values);
