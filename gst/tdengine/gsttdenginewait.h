/* tdengine wait: to wait for a time, and no longer than one has to
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>

gboolean gst_tdengine_wait_until (gint64 time, GCancellable *cancellable,
                                  GError **error);
