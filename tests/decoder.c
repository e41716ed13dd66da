/* decoder: text through a decoder, for the tests of both
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "decoder.h"

/* element: its name and properties; caps: of the rows, or NULL */
GstHarness *
decoder_new (const gchar * element, const gchar * caps)
{
  GstHarness *h = gst_harness_new_parse (element);
  gboolean is_csv = g_str_has_prefix (element, "tdenginecsvdec");

  gst_harness_set_sink_caps_str (h, caps ? caps : GST_TDENGINE_ROWS_MEDIA_TYPE);
  gst_harness_set_src_caps_str (h, is_csv ? "text/csv" :
      "application/x-ndjson");
  return h;
}

GstFlowReturn
decoder_push (GstHarness * h, const gchar * text, gsize size)
{
  return gst_harness_push (h, size > 0 ? gst_buffer_new_memdup (text, size) :
      gst_buffer_new ());
}

/* FALSE after an error */
gboolean
decoder_push_in_parts (GstHarness * h, const gchar * text, gsize size,
    gsize part)
{
  for (gsize at = 0; at < size; at += part) {
    if (decoder_push (h, text + at, MIN (part, size - at)) != GST_FLOW_OK)
      return FALSE;
  }
  return TRUE;
}

GstTDengineRows *
decoder_pull_rows (GstHarness * h)
{
  g_autoptr (GstBuffer) buffer = gst_harness_try_pull (h);
  g_autoptr (GError) error = NULL;

  if (!buffer)
    return NULL;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (h->sinkpad);
  fail_unless (caps != NULL);
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new_from_caps (caps, &error);
  g_assert_no_error (error);
  GstTDengineRows *rows = gst_tdengine_rows_new (schema, buffer, &error);
  g_assert_no_error (error);
  return rows;
}

static void
append_rows (GString * text, GstTDengineRows * rows)
{
  guint n_columns =
      gst_tdengine_schema_get_n_columns (gst_tdengine_rows_get_schema (rows));

  for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++) {
    for (guint i = 0; i < n_columns; i++) {
      g_string_append (text, i > 0 ? "|" : "");
      if (gst_tdengine_rows_is_null (rows, i, row))
        g_string_append (text, "NULL");
      else
        gst_tdengine_rows_append_text (rows, i, row, text);
    }
    g_string_append_c (text, ';');
  }
}

/* `1|NULL;2|b;` */
gchar *
decoder_to_text (GstTDengineRows * rows)
{
  GString *text = g_string_new (NULL);

  append_rows (text, rows);
  return g_string_free (text, FALSE);
}

/* all rows so far */
gchar *
decoder_pull_text (GstHarness * h)
{
  GString *text = g_string_new (NULL);
  GstTDengineRows *rows;

  while ((rows = decoder_pull_rows (h))) {
    append_rows (text, rows);
    gst_tdengine_rows_unref (rows);
  }
  return g_string_free (text, FALSE);
}

gchar *
decoder_end (GstHarness * h)
{
  gst_harness_push_event (h, gst_event_new_eos ());
  return decoder_pull_text (h);
}

static GstElement *
get_decoder (GstHarness * h)
{
  GstElement *decoder = gst_harness_find_element (h, "tdenginecsvdec");

  return decoder ? decoder : gst_harness_find_element (h, "tdenginejsondec");
}

guint64
decoder_get_stat (GstHarness * h, const gchar * name)
{
  g_autoptr (GstElement) decoder = get_decoder (h);
  g_autoptr (GstStructure) stats = NULL;
  guint64 value;

  g_object_get (decoder, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, name, &value));
  return value;
}

void
decoder_assert_rows (const gchar * element, const gchar * caps,
    const gchar * text, const gchar * expected)
{
  GstHarness *h = decoder_new (element, caps);

  assert_equals_int (decoder_push (h, text, strlen (text)), GST_FLOW_OK);
  g_autofree gchar *found = decoder_end (h);
  assert_equals_string (found, expected);
  gst_harness_teardown (h);
}

/* the words of the next error on the bus, or NULL */
gchar *
decoder_take_error (GstHarness * h)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (h->element);
  g_autoptr (GstMessage) message =
      bus ? gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR) : NULL;
  g_autoptr (GError) error = NULL;

  if (!message)
    return NULL;
  gst_message_parse_error (message, &error, NULL);
  return g_strdup (error->message);
}

void
decoder_assert_error (const gchar * element, const gchar * caps,
    const gchar * text, const gchar * words)
{
  GstHarness *h = decoder_new (element, caps);
  g_autoptr (GstBus) bus = gst_bus_new ();

  gst_element_set_bus (h->element, bus);
  decoder_push (h, text, strlen (text));
  gst_harness_push_event (h, gst_event_new_eos ());
  g_autofree gchar *error = decoder_take_error (h);
  fail_unless (error && strstr (error, words), "expected \"%s\" but it is %s",
      words, error);
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}
