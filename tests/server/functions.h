/* test server: functions that SQLite lacks
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <sqlite3.h>

void functions_register (sqlite3 *db);
