/* embed: an application that takes rows out of a pipeline
 *
 * Usage: embed [QUERY]. TDENGINE_URI says where the server is.
 *
 * The appsink hands over samples in a thread of the pipeline; the bus tells
 * the main loop of the end, or of an error.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/app.h>
#include <gst/tdengine/tdengine.h>

typedef struct
{
  GMainLoop *loop;
  guint64 n_rows;               /* of the appsink's thread, until the end */
  gboolean failed;
} App;

static void
print_row (GstTDengineRows * rows, guint row)
{
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (rows);

  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    g_autofree gchar *text = gst_tdengine_rows_get_text (rows, i, row);

    g_print ("%s%s=%s", i > 0 ? " " : "",
        gst_tdengine_schema_get_column (schema, i)->name, text ? text : "NULL");
  }
  g_print ("\n");
}

static GstFlowReturn
take_sample (GstAppSink * sink, gpointer data)
{
  App *app = data;
  g_autoptr (GError) error = NULL;

  g_autoptr (GstSample) sample = gst_app_sink_pull_sample (sink);
  if (!sample)
    return GST_FLOW_EOS;
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_new_from_sample (sample, &error);
  if (!rows) {
    GST_ELEMENT_ERROR (sink, STREAM, DECODE, ("%s", error->message), (NULL));
    return GST_FLOW_ERROR;
  }

  for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++)
    print_row (rows, row);
  app->n_rows += gst_tdengine_rows_get_n_rows (rows);
  return GST_FLOW_OK;
}

static void
print_error (GstMessage * message)
{
  g_autoptr (GError) error = NULL;
  const GstStructure *details = NULL;
  gint code;

  gst_message_parse_error (message, &error, NULL);
  g_printerr ("embed: %s\n", error->message);
  gst_message_parse_error_details (message, &details);
  if (details && gst_structure_get_int (details, "server-code", &code))
    g_printerr ("embed: the server's code is 0x%04x\n", code);
}

static gboolean
take_message (GstBus * bus, GstMessage * message, gpointer data)
{
  App *app = data;

  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    print_error (message);
    app->failed = TRUE;
  }
  if (app->failed || GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
    g_main_loop_quit (app->loop);
  return G_SOURCE_CONTINUE;
}

static GstElement *
make_pipeline (App * app, const gchar * uri, const gchar * query)
{
  GstAppSinkCallbacks callbacks = {.new_sample = take_sample };
  GstElement *pipeline = gst_pipeline_new (NULL);
  GstElement *source = gst_element_factory_make_full ("tdenginesrc",
      "uri", uri, "query", query, NULL);
  GstElement *sink = gst_element_factory_make_full ("appsink",
      "sync", FALSE, "max-buffers", 4, NULL);

  if (!source || !sink) {
    g_printerr ("embed: there is no %s\n", source ? "appsink" : "tdenginesrc");
    return NULL;
  }
  gst_app_sink_set_callbacks (GST_APP_SINK (sink), &callbacks, app, NULL);
  gst_bin_add_many (GST_BIN (pipeline), source, sink, NULL);
  gst_element_link (source, sink);
  return pipeline;
}

static void
run (App * app, GstElement * pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  app->loop = g_main_loop_new (NULL, FALSE);
  gst_bus_add_watch (bus, take_message, app);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_main_loop_run (app->loop);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_bus_remove_watch (bus);
  g_main_loop_unref (app->loop);
}

int
main (int argc, char **argv)
{
  const gchar *uri = g_getenv ("TDENGINE_URI");
  App app = { NULL };

  gst_init (&argc, &argv);
  g_autoptr (GstElement) pipeline = make_pipeline (&app,
      uri ? uri : "taos+ws://localhost:6041",
      argc > 1 ? argv[1] : "select tbname, * from power.meters");
  if (!pipeline)
    return 1;
  run (&app, pipeline);
  if (app.failed)
    return 1;
  g_print ("%" G_GUINT64_FORMAT " rows\n", app.n_rows);
  return 0;
}
