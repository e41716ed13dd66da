/* scripted table: a super table of a scripted server, to write to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "scriptedserver.h"

/* of the server's thread */
typedef struct
{
  gboolean described;           /* its columns have been fetched */
} ScriptedTable;

gboolean            scripted_table_answer      (ScriptedServer *server,
                                                const ScriptedRequest *request,
                                                gpointer table);
GstTDengineWriter * scripted_table_make_writer (GstTDengineConnection *connection,
                                                 guint n_rows);
GstTDengineRows *   scripted_table_make_row    (gint value);
GstTDengineRows *   scripted_table_make_tagged_row (gint value);
gint                scripted_table_get_value   (const ScriptedRequest *write);
