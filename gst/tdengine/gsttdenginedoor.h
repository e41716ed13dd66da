/* tdengine door: the way to a WebSocket
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <libsoup/soup.h>

#include "gsttdenginehosts.h"
#include "gsttdenginesettings.h"

SoupWebsocketConnection * gst_tdengine_door_open (const GstTDengineSettings *settings,
                                                  const GstTDengineHost *host,
                                                  const gchar *path,
                                                  GCancellable *cancellable,
                                                  GError **error);
