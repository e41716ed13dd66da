/* feed: a pipeline into tdenginesink that is fed by hand
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/app.h>
#include <gst/check/gstcheck.h>
#include <string.h>

#include "feed.h"
#include "testserver.h"

GstTDengineConnection *feed_connection;
gchar *feed_database;

void
feed_set_up (const gchar * name)
{
  feed_connection = test_connect ();
  feed_database = g_strdup_printf ("test_%s_%d", name, (gint) getpid ());
  test_execute (feed_connection, "drop database if exists %s", feed_database);
  test_execute (feed_connection, "create database %s vgroups 1", feed_database);
  test_execute (feed_connection, "create table %s.meters (ts timestamp, "
      "current float, voltage int, note nchar(8)) "
      "tags (location varchar(64), groupid int)", feed_database);
  test_execute (feed_connection, "create table %s.plain (ts timestamp, "
      "current float, voltage int, note nchar(8))", feed_database);
}

void
feed_tear_down (void)
{
  test_execute (feed_connection, "drop database if exists %s", feed_database);
  g_clear_object (&feed_connection);
  g_clear_pointer (&feed_database, g_free);
}

const Column meter_columns[N_METER_COLUMNS] = {
  {"tbname", GST_TDENGINE_TYPE_VARCHAR, 192},
  {"ts", GST_TDENGINE_TYPE_TIMESTAMP, 0},
  {"current", GST_TDENGINE_TYPE_FLOAT, 0},
  {"voltage", GST_TDENGINE_TYPE_INT, 0},
  {"note", GST_TDENGINE_TYPE_NCHAR, 16},
  {"location", GST_TDENGINE_TYPE_VARCHAR, 80},
  {"groupid", GST_TDENGINE_TYPE_INT, 0},
};

const Column *const plain_columns = &meter_columns[1];

static void
append_hex (GstTDengineRowsBuilder * builder, guint column,
    const gchar * field, GError ** error)
{
  guint8 bytes[256];
  gsize size = strlen (field) / 2;

  g_assert_cmpuint (size, <=, sizeof bytes);
  for (gsize i = 0; i < size; i++)
    bytes[i] = g_ascii_xdigit_value (field[2 * i]) << 4 |
        g_ascii_xdigit_value (field[2 * i + 1]);
  gst_tdengine_rows_builder_append_data (builder, column, bytes, size, error);
}

static void
append_field (GstTDengineRowsBuilder * builder, guint column,
    GstTDengineType type, const gchar * field)
{
  g_autoptr (GError) error = NULL;

  if (g_str_equal (field, "NULL"))
    gst_tdengine_rows_builder_append_null (builder, column);
  else if (type == GST_TDENGINE_TYPE_BOOL)
    gst_tdengine_rows_builder_append_int64 (builder, column,
        g_str_equal (field, "true"), &error);
  else if (type == GST_TDENGINE_TYPE_FLOAT || type == GST_TDENGINE_TYPE_DOUBLE)
    gst_tdengine_rows_builder_append_double (builder, column,
        g_ascii_strtod (field, NULL), &error);
  else if (type == GST_TDENGINE_TYPE_UBIGINT)
    gst_tdengine_rows_builder_append_uint64 (builder, column,
        g_ascii_strtoull (field, NULL, 10), &error);
  else if (type == GST_TDENGINE_TYPE_VARBINARY
      || type == GST_TDENGINE_TYPE_GEOMETRY || type == GST_TDENGINE_TYPE_BLOB)
    append_hex (builder, column, field, &error);
  else if (gst_tdengine_type_get_width (type) > 0
      && type != GST_TDENGINE_TYPE_DECIMAL
      && type != GST_TDENGINE_TYPE_DECIMAL64)
    gst_tdengine_rows_builder_append_int64 (builder, column,
        g_ascii_strtoll (field, NULL, 10), &error);
  else
    gst_tdengine_rows_builder_append_string (builder, column, field, &error);
  g_assert_no_error (error);
}

GstTDengineRows *
make_rows_of (GstTDenginePrecision precision, const Column * columns,
    guint n_columns, const gchar * text)
{
  g_autoptr (GstTDengineSchema) schema = gst_tdengine_schema_new (precision);
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; i < n_columns; i++) {
    GstTDengineColumn column = { (gchar *) columns[i].name, columns[i].type,
      columns[i].length, columns[i].digits, columns[i].scale
    };
    g_assert_true (gst_tdengine_schema_append (schema, &column, NULL));
  }
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);
  for (guint i = 0; lines[i]; i++) {
    g_auto (GStrv) fields = g_strsplit (lines[i], "|", -1);

    g_assert_cmpuint (g_strv_length (fields), ==, n_columns);
    for (guint k = 0; k < n_columns; k++)
      append_field (builder, k, columns[k].type, fields[k]);
  }
  return gst_tdengine_rows_builder_end (builder, NULL);
}

GstTDengineRows *
make_rows (const Column * columns, guint n_columns, const gchar * text)
{
  return make_rows_of (GST_TDENGINE_PRECISION_MS, columns, n_columns, text);
}

GstTDengineRows *
make_meters (const gchar * text)
{
  return make_rows (meter_columns, N_METER_COLUMNS, text);
}

GstTDengineRows *
make_plain (const gchar * text)
{
  return make_rows (plain_columns, N_PLAIN_COLUMNS, text);
}

/* decoder: with what connects it to the sink */
void
feed_init_text (Feed * feed, const gchar * decoder, const gchar * properties)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *line = g_strdup_printf ("appsrc name=src format=time ! "
      "%s tdenginesink name=sink database=%s %s", decoder, feed_database,
      properties);

  feed->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  feed->src = gst_bin_get_by_name (GST_BIN (feed->pipeline), "src");
  feed->sink = gst_bin_get_by_name (GST_BIN (feed->pipeline), "sink");
  g_object_set (feed->sink, "uri", test_server_uri (), NULL);
  gst_element_set_state (feed->pipeline, GST_STATE_PLAYING);
}

void
feed_init (Feed * feed, const gchar * properties)
{
  feed_init_text (feed, "", properties);
}

void
feed_push_text (Feed * feed, const gchar * text)
{
  gst_app_src_push_buffer (GST_APP_SRC (feed->src),
      gst_buffer_new_memdup (text, strlen (text)));
}

void
feed_push (Feed * feed, GstTDengineRows * rows)
{
  g_autoptr (GstCaps) caps =
      gst_tdengine_schema_to_caps (gst_tdengine_rows_get_schema (rows));
  g_autoptr (GstSample) sample =
      gst_sample_new (gst_tdengine_rows_get_buffer (rows), caps, NULL, NULL);

  gst_app_src_push_sample (GST_APP_SRC (feed->src), sample);
  gst_tdengine_rows_unref (rows);
}

GstMessage *
feed_wait (Feed * feed)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (feed->pipeline);
  GstMessage *message = gst_bus_timed_pop_filtered (bus, 60 * GST_SECOND,
      GST_MESSAGE_EOS | GST_MESSAGE_ERROR);

  fail_unless (message != NULL, "neither EOS nor an error");
  return message;
}

static GstPadProbeReturn
note_mark (GstPad * pad, GstPadProbeInfo * info, gpointer seen)
{
  if (gst_event_has_name (GST_PAD_PROBE_INFO_EVENT (info), "mark"))
    g_atomic_int_set ((gint *) seen, TRUE);
  return GST_PAD_PROBE_OK;
}

/* Returns when the sink has taken every row: an event stays behind them. */
void
feed_wait_taken (Feed * feed)
{
  g_autoptr (GstPad) pad = gst_element_get_static_pad (feed->sink, "sink");
  gint seen = FALSE;
  gulong id = gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM,
      note_mark, &seen, NULL);

  gst_element_send_event (feed->src,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
          gst_structure_new_empty ("mark")));
  while (!g_atomic_int_get (&seen))
    g_thread_yield ();
  gst_pad_remove_probe (pad, id);
}

/* the error that it ends with */
GError *
feed_fail (Feed * feed)
{
  g_autoptr (GstMessage) message = feed_wait (feed);
  GError *error = NULL;

  fail_unless (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR,
      "EOS in place of an error");
  gst_message_parse_error (message, &error, NULL);
  return error;
}

void
feed_clear (Feed * feed)
{
  gst_element_set_state (feed->pipeline, GST_STATE_NULL);
  gst_object_unref (feed->src);
  gst_object_unref (feed->sink);
  gst_object_unref (feed->pipeline);
}

void
feed_end (Feed * feed)
{
  gst_app_src_end_of_stream (GST_APP_SRC (feed->src));
  g_autoptr (GstMessage) message = feed_wait (feed);
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_ERROR) {
    g_autoptr (GError) error = NULL;

    gst_message_parse_error (message, &error, NULL);
    g_assert_no_error (error);
  }
}

void
assert_content (const gchar * query, const gchar * expected)
{
  g_autofree gchar *sql = g_strdup_printf (query, feed_database);
  g_autofree gchar *content = test_query_text (feed_connection, "%s", sql);

  fail_unless_equals_string (content, expected);
}

guint64
get_stat (Feed * feed, const gchar * name)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 value = 0;

  g_object_get (feed->sink, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, name, &value);
  return value;
}
