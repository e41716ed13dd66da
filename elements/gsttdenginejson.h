/* tdengine json: reading and writing JSON
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>

/* Where a text is read; with out, what is read is appended to it, without the
 * space between tokens. */
typedef struct
{
  const gchar *at;
  const gchar *end;
  GString *out;
} GstTDengineJsonReader;

/* a part of a text */
typedef struct
{
  const gchar *text;
  gsize size;
} GstTDengineJsonPart;

typedef enum
{
  GST_TDENGINE_JSON_ERROR,
  GST_TDENGINE_JSON_MEMBER,
  GST_TDENGINE_JSON_END,
} GstTDengineJsonStep;

gboolean gst_tdengine_json_append_string (GString *out, const gchar *text,
                                          gsize size);
gboolean gst_tdengine_json_append_json   (GString *out, const gchar *text,
                                          gsize size);
GPtrArray *
         gst_tdengine_json_make_names    (GstTDengineSchema *schema);
gboolean gst_tdengine_json_begin_object  (GstTDengineJsonReader *reader);
GstTDengineJsonStep
         gst_tdengine_json_next_member   (GstTDengineJsonReader *reader,
                                          GstTDengineJsonPart *name,
                                          GstTDengineJsonPart *value);
gboolean gst_tdengine_json_unescape      (GstTDengineJsonPart *part,
                                          gchar *out);
