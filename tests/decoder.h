/* decoder: text through a decoder, for the tests of both
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/check/gstharness.h>
#include <gst/tdengine/tdengine.h>

GstHarness *      decoder_new         (const gchar *element, const gchar *caps);
GstFlowReturn     decoder_push        (GstHarness *h, const gchar *text,
                                       gsize size);
gboolean          decoder_push_in_parts (GstHarness *h, const gchar *text,
                                       gsize size, gsize part);
gchar *           decoder_end         (GstHarness *h);
gchar *           decoder_pull_text   (GstHarness *h);
GstTDengineRows * decoder_pull_rows   (GstHarness *h);
gchar *           decoder_to_text     (GstTDengineRows *rows);
guint64           decoder_get_stat    (GstHarness *h, const gchar *name);
void              decoder_assert_rows (const gchar *element, const gchar *caps,
                                       const gchar *text,
                                       const gchar *expected);
void              decoder_assert_error (const gchar *element,
                                       const gchar *caps, const gchar *text,
                                       const gchar *words);
gchar *           decoder_take_error  (GstHarness *h);
