/* tdengine hosts: which of several is next
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

typedef struct
{
  gchar *name;
  guint port;
} GstTDengineHost;

GArray * gst_tdengine_hosts_new   (void);
GArray * gst_tdengine_hosts_copy  (const GArray *hosts);
void     gst_tdengine_hosts_add   (GArray *hosts, const gchar *name,
                                   guint port);
void     gst_tdengine_hosts_print (const GArray *hosts, GString *text);
void     gst_tdengine_hosts_order (const GArray *hosts, guint *order);
void     gst_tdengine_hosts_note  (const GstTDengineHost *host,
                                   gboolean alive);
