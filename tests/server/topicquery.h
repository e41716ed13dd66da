/* test server: what a topic's query or condition makes of rows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "topics.h"

GPtrArray * topic_query_run (Server *server, const Topic *topic, Table *table,
                             const LogEntry *entry, GstTDengineRows *rows,
                             GError **error);
