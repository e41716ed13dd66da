/* tdengine element: what the elements have in common
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>

/* A query that a sink answers with the `caps` of rows with all columns that its
 * target has, or with an `error`. */
#define GST_TDENGINE_COLUMNS_QUERY "tdengine-columns"
/* an event that says what happened to the tables of a topic */
#define GST_TDENGINE_CHANGE_EVENT "GstTDengineChange"

GstStructure *
              gst_tdengine_element_describe_error (const GError *error);
GType         gst_tdengine_element_register_enum (GType *type, const gchar *name,
                                                 const GEnumValue *values);
GstFlowReturn gst_tdengine_element_post_error   (GstElement *element,
                                                 const GError *error);
void          gst_tdengine_element_post_progress (GstElement *element,
                                                 GstProgressType type,
                                                 const gchar *code,
                                                 const gchar *text);
void          gst_tdengine_element_post_reconnect (GstElement *element,
                                                 guint n_tries,
                                                 const GError *reason);
GstTDengineSchema *
              gst_tdengine_element_read_caps    (GstElement *element,
                                                 const GstCaps *caps);
gboolean      gst_tdengine_element_check_delimiter (GstElement *element,
                                                 const gchar *delimiter);
GstStructure *
              gst_tdengine_element_add_origin (GstBuffer *buffer);
void          gst_tdengine_element_warn_careless (GstElement *element);
GstTDengineConnection *
              gst_tdengine_element_connect      (GstElement *element,
                                                 const GstTDengineSettings *settings,
                                                 GCancellable *cancellable,
                                                 GError **error);
void          gst_tdengine_element_init_uri_handler (gpointer iface,
                                                 gpointer data);
