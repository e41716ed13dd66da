/* tdengine insert: rows as SQL
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginebatch.h"
#include "gsttdenginetarget.h"

gboolean gst_tdengine_insert_append_value (GString *sql, GstTDengineRows *rows,
                                           guint column, guint row,
                                           GError **error);
gboolean gst_tdengine_insert_append_tags  (GString *sql,
                                           const GstTDengineTarget *target,
                                           GstTDengineRows *rows, guint row,
                                           GError **error);
guint    gst_tdengine_insert_build        (GString *sql,
                                           const GstTDengineTarget *target,
                                           const GstTDengineBatch *batch,
                                           GError **error);
