/* tdengine text encoder: what the elements that write rows as text share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/base/base.h>
#include <gst/tdengine/tdengine.h>

G_BEGIN_DECLS

#define GST_TYPE_TDENGINE_TEXT_ENC (gst_tdengine_text_enc_get_type ())
G_DECLARE_DERIVABLE_TYPE (GstTDengineTextEnc, gst_tdengine_text_enc,
    GST, TDENGINE_TEXT_ENC, GstBaseTransform)

/**
 * GstTDengineTextEncClass:
 * @set_schema: the columns of the rows to come; writes what stands before
 *   them, if anything, to @head
 * @write_rows: appends all rows of a block to @text
 *
 * A subclass says how rows look; this class takes care of caps, buffers and
 * errors. All functions are called from the streaming thread.
 */
struct _GstTDengineTextEncClass
{
  GstBaseTransformClass parent_class;

  void (*set_schema) (GstTDengineTextEnc *enc, GstTDengineSchema *schema,
                      GString *head);
  void (*write_rows) (GstTDengineTextEnc *enc, GstTDengineRows *rows,
                      GString *text);
};

G_END_DECLS
