/* tdengine element: what the elements have in common
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>

#define GST_TDENGINE_ORIGIN_META "GstTDengineOriginMeta"

GstStructure *
              gst_tdengine_element_describe_error (const GError *error);
GstStructure *
              gst_tdengine_element_add_origin   (GstBuffer *buffer);
const GstStructure *
              gst_tdengine_element_get_origin   (GstBuffer *buffer);
GstFlowReturn gst_tdengine_element_post_error   (GstElement *element,
                                                 const GError *error);
void          gst_tdengine_element_post_progress (GstElement *element,
                                                 GstProgressType type,
                                                 const gchar *code,
                                                 const gchar *text);
GstTDengineSchema *
              gst_tdengine_element_read_caps    (GstElement *element,
                                                 const GstCaps *caps);
GstTDengineConnection *
              gst_tdengine_element_connect      (GstElement *element,
                                                 const GstTDengineSettings *settings,
                                                 GCancellable *cancellable,
                                                 GError **error);
void          gst_tdengine_element_init_uri_handler (gpointer iface,
                                                 gpointer data);
