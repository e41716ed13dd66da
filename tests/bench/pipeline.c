/* pipeline: what the elements do, to be measured against a bare socket
 *
 *   pipeline read SQL
 *   pipeline read-tables DATABASE TABLES CONNECTIONS
 *   pipeline copy SQL DATABASE SUPER-TABLE
 *   pipeline follow TOPIC ROWS [CHECKPOINT-INTERVAL]
 *   pipeline write-raw DATABASE TABLE ROWS BLOCKS
 *   pipeline write-bound DATABASE SUPER-TABLE TABLES ROWS BLOCKS
 *   pipeline write-mixed DATABASE SUPER-TABLE TABLES ROWS BLOCKS
 *
 * What is written is one block, pushed again and again: bound has the ROWS of a
 * table behind each other, mixed has each row for another table than the last.
 * The server is TDENGINE_TEST_URI. The clock runs from after the login. Memory
 * is counted above what a pipeline without our elements takes in this process.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <gst/app/app.h>

#include <gst/tdengine/tdengine.h>

#define FIRST_TIME G_GINT64_CONSTANT (1700000000000)

typedef struct
{
  gint64 started;               /* monotonic, us */
  struct rusage usage;

  GstBuffer *block;             /* to be pushed */
  guint n_left;                 /* how often */
} Run;

/* the peak, in KiB */
static guint
read_memory (void)
{
  g_autofree gchar *status = NULL;
  const gchar *line;

  if (!g_file_get_contents ("/proc/self/status", &status, NULL, NULL))
    return 0;
  line = strstr (status, "VmHWM:");
  return line ? strtoul (line + strlen ("VmHWM:"), NULL, 10) : 0;
}

static gdouble
seconds (struct timeval a, struct timeval b)
{
  return (b.tv_sec - a.tv_sec) + (b.tv_usec - a.tv_usec) / 1e6;
}

static void
start_clock (Run * run)
{
  getrusage (RUSAGE_SELF, &run->usage);
  run->started = g_get_monotonic_time ();
}

static void
tell (const Run * run, guint64 n_rows, guint64 n_bytes, guint idle_memory)
{
  gint64 now = g_get_monotonic_time ();
  struct rusage usage;

  getrusage (RUSAGE_SELF, &usage);
  g_print ("wall=%.6f cpu=%.6f rows=%" G_GUINT64_FORMAT " bytes=%"
      G_GUINT64_FORMAT " memory=%u\n", (now - run->started) / 1e6,
      seconds (run->usage.ru_utime, usage.ru_utime)
      + seconds (run->usage.ru_stime, usage.ru_stime), n_rows, n_bytes,
      read_memory () - idle_memory);
}

/* in the thread that connects: it is done with it then */
static GstBusSyncReply
on_message (GstBus * bus, GstMessage * message, gpointer run)
{
  GstProgressType type;
  g_autofree gchar *code = NULL;

  if (GST_MESSAGE_TYPE (message) != GST_MESSAGE_PROGRESS)
    return GST_BUS_PASS;
  gst_message_parse_progress (message, &type, &code, NULL);
  if (type == GST_PROGRESS_TYPE_COMPLETE && (g_str_equal (code, "connect")
          || g_str_equal (code, "subscribe")))
    start_clock (run);
  return GST_BUS_PASS;
}

static gboolean
play (GstElement * pipeline)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstMessage) message = NULL;

  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  message = gst_bus_timed_pop_filtered (bus, GST_CLOCK_TIME_NONE,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
    return TRUE;
  gst_message_parse_error (message, &error, NULL);
  g_printerr ("%s\n", error->message);
  return FALSE;
}

static guint
measure_idle (void)
{
  g_autoptr (GstElement) pipeline =
      gst_parse_launch ("fakesrc num-buffers=1 ! fakesink", NULL);

  play (pipeline);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return read_memory ();
}

static GstElement *
make_pipeline (const gchar * line, Run * run)
{
  g_autoptr (GError) error = NULL;
  GstElement *pipeline = gst_parse_launch (line, &error);

  if (!pipeline || error) {
    g_printerr ("%s\n", error->message);
    exit (1);
  }
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gst_bus_set_sync_handler (bus, on_message, run, NULL);
  return pipeline;
}

static GstElement *
get_element (GstElement * pipeline, const gchar * name)
{
  GstElement *element = gst_bin_get_by_name (GST_BIN (pipeline), name);
  const gchar *uri = g_getenv ("TDENGINE_TEST_URI");

  if (uri)
    g_object_set (element, "uri", uri, NULL);
  return element;
}

/* plays it and tells what it took, by the rows and bytes in its stats */
static gboolean
measure (GstElement * pipeline, GstElement * element, Run * run,
    guint64 n_bytes, guint idle_memory)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 n_rows = 0;
  gboolean done = play (pipeline);

  g_object_get (element, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, "rows", &n_rows);
  gst_structure_get_uint64 (stats, "bytes", &n_bytes);
  if (done)
    tell (run, n_rows, n_bytes, idle_memory);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return done;
}

static gboolean
read_rows (const gchar * sql, guint idle_memory)
{
  Run run = { 0 };
  g_autoptr (GstElement) pipeline =
      make_pipeline ("tdenginesrc name=src ! fakesink", &run);
  g_autoptr (GstElement) src = get_element (pipeline, "src");

  g_object_set (src, "query", sql, NULL);
  return measure (pipeline, src, &run, 0, idle_memory);
}

static gboolean
read_tables (gchar ** words, guint idle_memory)
{
  Run run = { 0 };
  g_autoptr (GstElement) pipeline = make_pipeline ("tdenginesrc name=src "
      "select=\"ts, current, voltage, phase\" split-by=table "
      "! fakesink", &run);
  g_autoptr (GstElement) src = get_element (pipeline, "src");

  g_object_set (src, "database", words[0], "split-tables", words[1],
      "parallelism", (guint) g_ascii_strtoull (words[2], NULL, 10), NULL);
  return measure (pipeline, src, &run, 0, idle_memory);
}

static gboolean
copy_rows (gchar ** words, guint idle_memory)
{
  Run run = { 0 };
  g_autoptr (GstElement) pipeline = make_pipeline ("tdenginesrc name=src "
      "! queue ! tdenginesink name=sink", &run);
  g_autoptr (GstElement) src = get_element (pipeline, "src");
  g_autoptr (GstElement) sink = get_element (pipeline, "sink");

  g_object_set (src, "query", words[0], NULL);
  g_object_set (sink, "database", words[1], "super-table", words[2], NULL);
  return measure (pipeline, sink, &run, 0, idle_memory);
}

/* confirms checkpoints where there are any, as fakesink does not */
static GstPadProbeReturn
confirm (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  g_autoptr (GstTDengineCheckpoint) checkpoint =
      gst_tdengine_checkpoint_claim (GST_PAD_PROBE_INFO_EVENT (info));

  if (checkpoint)
    gst_tdengine_checkpoint_confirm (checkpoint);
  return GST_PAD_PROBE_OK;
}

static gboolean
follow (const gchar * topic, guint64 n_rows, const gchar * interval,
    guint idle_memory)
{
  Run run = { 0 };
  g_autofree gchar *line = g_strdup_printf ("tdenginecdcsrc name=src "
      "topic=%s group-id=ours_%d offset-reset=earliest end=latest "
      "commit-mode=%s checkpoint-interval=%s ! fakesink name=sink", topic,
      (gint) getpid (), interval ? "checkpoint" : "manual",
      interval ? interval : "1");
  g_autoptr (GstElement) pipeline = make_pipeline (line, &run);
  g_autoptr (GstElement) src = get_element (pipeline, "src");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (src, "src");
  g_autoptr (GstStructure) stats = NULL;
  guint64 n_pushed = 0;

  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, confirm, NULL,
      NULL);
  if (!measure (pipeline, src, &run, 0, idle_memory))
    return FALSE;
  g_object_get (src, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, "rows", &n_pushed);
  if (n_pushed == n_rows)
    return TRUE;
  g_printerr ("%" G_GUINT64_FORMAT " rows came\n", n_pushed);
  return FALSE;
}

/* rows to write */

static void
append_column (GstTDengineSchema * schema, const gchar * name,
    GstTDengineType type, guint length)
{
  const GstTDengineColumn column = { (gchar *) name, type, length };

  gst_tdengine_schema_append (schema, &column, NULL);
}

static GstTDengineSchema *
make_schema (gboolean with_name)
{
  GstTDengineSchema *schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);

  append_column (schema, "ts", GST_TDENGINE_TYPE_TIMESTAMP, 0);
  append_column (schema, "current", GST_TDENGINE_TYPE_FLOAT, 0);
  append_column (schema, "voltage", GST_TDENGINE_TYPE_INT, 0);
  append_column (schema, "phase", GST_TDENGINE_TYPE_FLOAT, 0);
  if (with_name)
    append_column (schema, "tbname", GST_TDENGINE_TYPE_VARCHAR, 192);
  return schema;
}

static void
append_row (GstTDengineRowsBuilder * builder, guint table, guint row,
    gboolean with_name)
{
  g_autofree gchar *name = g_strdup_printf ("d%u", table);
  gdouble value = 10 + row % 100 / 10.0;

  gst_tdengine_rows_builder_append_int64 (builder, 0, FIRST_TIME + row, NULL);
  gst_tdengine_rows_builder_append_double (builder, 1, value, NULL);
  gst_tdengine_rows_builder_append_int64 (builder, 2, 200 + row % 50, NULL);
  gst_tdengine_rows_builder_append_double (builder, 3, value, NULL);
  if (with_name)
    gst_tdengine_rows_builder_append_string (builder, 4, name, NULL);
}

static GstBuffer *
make_block (GstTDengineSchema * schema, gboolean with_name, gboolean mixed,
    guint n_tables, guint n_rows)
{
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);
  g_autoptr (GstTDengineRows) rows = NULL;

  for (guint i = 0; i < n_tables * n_rows; i++) {
    if (mixed)
      append_row (builder, i % n_tables, i / n_tables, with_name);
    else
      append_row (builder, i / n_rows, i % n_rows, with_name);
  }
  rows = gst_tdengine_rows_builder_end (builder, NULL);
  return gst_buffer_ref (gst_tdengine_rows_get_buffer (rows));
}

static void
on_need_data (GstAppSrc * src, guint size, gpointer data)
{
  Run *run = data;

  if (run->n_left-- > 0)
    gst_app_src_push_buffer (src, gst_buffer_ref (run->block));
  else
    gst_app_src_end_of_stream (src);
}

static void
feed (GstElement * pipeline, GstTDengineSchema * schema, Run * run)
{
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  g_autoptr (GstCaps) caps = gst_tdengine_schema_to_caps (schema);
  GstAppSrcCallbacks callbacks = {.need_data = on_need_data };

  gst_app_src_set_caps (GST_APP_SRC (src), caps);
  gst_app_src_set_callbacks (GST_APP_SRC (src), &callbacks, run, NULL);
}

static gboolean
write_rows (gchar ** words, gboolean is_super, gboolean mixed, guint n_tables,
    guint n_rows, guint n_blocks, guint idle_memory)
{
  Run run = {.n_left = n_blocks };
  g_autoptr (GstTDengineSchema) schema = make_schema (is_super);
  g_autoptr (GstBuffer) block =
      make_block (schema, is_super, mixed, n_tables, n_rows);
  g_autoptr (GstElement) pipeline =
      make_pipeline ("appsrc name=src format=time ! tdenginesink name=sink",
      &run);
  g_autoptr (GstElement) sink = get_element (pipeline, "sink");

  run.block = block;
  feed (pipeline, schema, &run);
  g_object_set (sink, "database", words[0],
      is_super ? "super-table" : "table", words[1], NULL);
  return measure (pipeline, sink, &run,
      gst_buffer_get_size (block) * n_blocks, idle_memory);
}

static guint
number (const gchar * word)
{
  return g_ascii_strtoull (word, NULL, 10);
}

int
main (int argc, char **argv)
{
  gboolean done = FALSE;
  const gchar *what;

  gst_init (&argc, &argv);
  what = argc > 1 ? argv[1] : "";
  guint idle_memory = measure_idle ();
  if (argc == 3 && g_str_equal (what, "read"))
    done = read_rows (argv[2], idle_memory);
  else if (argc == 5 && g_str_equal (what, "read-tables"))
    done = read_tables (argv + 2, idle_memory);
  else if (argc == 5 && g_str_equal (what, "copy"))
    done = copy_rows (argv + 2, idle_memory);
  else if ((argc == 4 || argc == 5) && g_str_equal (what, "follow"))
    done = follow (argv[2], g_ascii_strtoull (argv[3], NULL, 10), argv[4],
        idle_memory);
  else if (argc == 6 && g_str_equal (what, "write-raw"))
    done = write_rows (argv + 2, FALSE, FALSE, 1, number (argv[4]),
        number (argv[5]), idle_memory);
  else if (argc == 7 && (g_str_equal (what, "write-bound")
          || g_str_equal (what, "write-mixed")))
    done = write_rows (argv + 2, TRUE, g_str_equal (what, "write-mixed"),
        number (argv[4]), number (argv[5]), number (argv[6]), idle_memory);
  else
    g_printerr ("usage: pipeline read SQL\n"
        "       pipeline read-tables DATABASE TABLES CONNECTIONS\n"
        "       pipeline copy SQL DATABASE SUPER-TABLE\n"
        "       pipeline follow TOPIC ROWS [CHECKPOINT-INTERVAL]\n"
        "       pipeline write-raw DATABASE TABLE ROWS BLOCKS\n"
        "       pipeline write-bound|write-mixed DATABASE SUPER-TABLE TABLES "
        "ROWS BLOCKS\n");
  return done ? 0 : 1;
}
