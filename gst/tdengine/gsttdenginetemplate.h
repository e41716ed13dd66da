/* tdengine template: names of sub tables, made from the rows
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginerows.h"

typedef struct _GstTDengineTemplate GstTDengineTemplate;

GstTDengineTemplate * gst_tdengine_template_new        (const gchar *text,
                                                        GError **error);
GstTDengineTemplate * gst_tdengine_template_new_name   (const gchar *name);
void                  gst_tdengine_template_free       (GstTDengineTemplate *self);
gboolean              gst_tdengine_template_set_schema (GstTDengineTemplate *self,
                                                        GstTDengineSchema *schema,
                                                        GError **error);
gboolean              gst_tdengine_template_uses       (GstTDengineTemplate *self,
                                                        const gchar *column);
GstTDengineRows *     gst_tdengine_template_make_names (GstTDengineTemplate *self,
                                                        GstTDengineRows *rows,
                                                        GError **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineTemplate, gst_tdengine_template_free)
