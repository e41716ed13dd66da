/* writesheet: the sheet through a pipeline into a file, for encoders.py
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/app.h>

#include "sheet.h"

static gint
wait_for_end (GstElement * pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
      30 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  if (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
    return 0;
  g_printerr ("no end of stream\n");
  return 1;
}

static gint
write_sheet (const gchar * encoder, const gchar * file)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *description =
      g_strdup_printf ("appsrc name=src format=time ! %s ! filesink name=sink",
      encoder);
  g_autoptr (GstElement) pipeline = gst_parse_launch (description, &error);
  if (!pipeline) {
    g_printerr ("%s\n", error->message);
    return 1;
  }

  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  g_autoptr (GstElement) sink =
      gst_bin_get_by_name (GST_BIN (pipeline), "sink");
  g_autoptr (GstTDengineRows) rows = sheet_make_rows ();
  g_autoptr (GstCaps) caps =
      gst_tdengine_schema_to_caps (gst_tdengine_rows_get_schema (rows));

  g_object_set (src, "caps", caps, NULL);
  g_object_set (sink, "location", file, NULL);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  gst_app_src_push_buffer (GST_APP_SRC (src),
      gst_buffer_ref (gst_tdengine_rows_get_buffer (rows)));
  gst_app_src_end_of_stream (GST_APP_SRC (src));
  gint status = wait_for_end (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return status;
}

gint
main (gint argc, gchar ** argv)
{
  gst_init (&argc, &argv);
  if (argc != 3) {
    g_printerr ("usage: %s ENCODER FILE\n", argv[0]);
    return 2;
  }

  gint status = write_sheet (argv[1], argv[2]);
  gst_deinit ();                /* for the leaks tracer to speak */
  return status;
}
