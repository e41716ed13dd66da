/* tdengine rejects: rows that can't be written, out of a pad
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>

typedef struct _GstTDengineRejects GstTDengineRejects;

GstTDengineRejects * gst_tdengine_rejects_new        (GstPad *pad);
void                 gst_tdengine_rejects_free       (GstTDengineRejects *self);
void                 gst_tdengine_rejects_set_caps   (GstTDengineRejects *self,
                                                      GstCaps *caps);
void                 gst_tdengine_rejects_push       (GstTDengineRejects *self,
                                                      GstTDengineRows *rows,
                                                      const GError *error);
void                 gst_tdengine_rejects_push_event (GstTDengineRejects *self,
                                                      GstEvent *event);
