/* tdengine notice: what happens often, told now and then
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

typedef struct
{
  const gchar *name;            /* of the message */
  guint64 n_untold;
  guint64 n_told;
  gint64 told_at;               /* monotonic us */
  GstStructure *details;        /* of the last that is untold */
} GstTDengineNotice;

void gst_tdengine_notice_add   (GstTDengineNotice *self, GstElement *element,
                               guint n, GstStructure *details);
void gst_tdengine_notice_tell  (GstTDengineNotice *self, GstElement *element);
void gst_tdengine_notice_clear (GstTDengineNotice *self);
