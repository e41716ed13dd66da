/* tdengine subscription: what a consumer can be told
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine-prelude.h>

gboolean      gst_tdengine_subscription_check    (const gchar *const *topics,
                                                  const GstStructure *options,
                                                  GError **error);
const gchar * gst_tdengine_subscription_get_arg  (const gchar *key);
gchar *       gst_tdengine_subscription_get_text (const gchar *key,
                                                  const GValue *value);
gint64        gst_tdengine_subscription_get_int  (const GstStructure *options,
                                                  const gchar *key);
gchar *       gst_tdengine_subscription_list_unknown (const GstStructure *options);
