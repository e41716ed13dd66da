/* launch: runs a pipeline whose description comes on the standard input
 *
 * As gst-launch-1.0 does, but what is secret in the description is on no
 * command line, which every user of a machine can read.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/gst.h>
#include <stdio.h>

static GstElement *
read_pipeline (GError ** error)
{
  g_autoptr (GIOChannel) input = g_io_channel_unix_new (fileno (stdin));
  g_autofree gchar *description = NULL;

  if (g_io_channel_read_to_end (input, &description, NULL,
          error) != G_IO_STATUS_NORMAL)
    return NULL;
  return gst_parse_launch_full (description, NULL, GST_PARSE_FLAG_FATAL_ERRORS,
      error);
}

static gboolean
run (GstElement * pipeline, GError ** error)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
      GST_CLOCK_TIME_NONE, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR)
    gst_message_parse_error (message, error, NULL);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;

  gst_init (&argc, &argv);
  g_autoptr (GstElement) pipeline = read_pipeline (&error);
  if (pipeline && run (pipeline, &error))
    return 0;
  g_printerr ("launch: %s\n", error ? error->message : "no pipeline");
  return 1;
}
