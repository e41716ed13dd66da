/* scripted table: a super table of a scripted server, to write to
 *
 * What a writer asks before it writes is answered; what it writes is left for
 * the test. Rows without a tag go raw, those with one are bound.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>

#include "scriptedtable.h"

/* 2024-12-19 19:12:45.642 UTC */
#define TIME G_GINT64_CONSTANT (1734635565642)

/* results */
#define COLUMNS_ID 1
#define DESCRIPTION_ID 2

static void
append_column (GstTDengineSchema * schema, const gchar * name,
    GstTDengineType type, guint length)
{
  const GstTDengineColumn column = { (gchar *) name, type, length, 0, 0 };

  g_assert_true (gst_tdengine_schema_append (schema, &column, NULL));
}

/* of SELECT * */
static GstTDengineSchema *
make_table (void)
{
  GstTDengineSchema *schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);

  append_column (schema, "ts", GST_TDENGINE_TYPE_TIMESTAMP, 0);
  append_column (schema, "v", GST_TDENGINE_TYPE_INT, 0);
  append_column (schema, "g", GST_TDENGINE_TYPE_INT, 0);
  return schema;
}

/* of DESCRIBE */
static GstTDengineRows *
make_description (void)
{
  static const gchar *const rows[][4] = {
    {"ts", "TIMESTAMP", "8", ""}, {"v", "INT", "4", ""},
    {"g", "INT", "4", "TAG"},
  };
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);

  append_column (schema, "field", GST_TDENGINE_TYPE_VARCHAR, 64);
  append_column (schema, "type", GST_TDENGINE_TYPE_VARCHAR, 20);
  append_column (schema, "length", GST_TDENGINE_TYPE_INT, 0);
  append_column (schema, "note", GST_TDENGINE_TYPE_VARCHAR, 16);
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);
  for (guint row = 0; row < G_N_ELEMENTS (rows); row++) {
    for (guint column = 0; column < 4; column++) {
      if (column == 2)
        gst_tdengine_rows_builder_append_int64 (builder, column,
            g_ascii_strtoll (rows[row][column], NULL, 10), NULL);
      else
        gst_tdengine_rows_builder_append_string (builder, column,
            rows[row][column], NULL);
    }
  }
  return gst_tdengine_rows_builder_end (builder, NULL);
}

static void
answer_query (ScriptedServer * server, const ScriptedRequest * request)
{
  g_autoptr (GstTDengineSchema) table = make_table ();
  g_autoptr (GstTDengineRows) description = make_description ();

  if (scripted_request_has (request, "USE "))
    scripted_server_send_done (server, request, 0, 0);
  else if (scripted_request_has (request, "DESCRIBE "))
    scripted_server_send_columns (server, request, DESCRIPTION_ID,
        gst_tdengine_rows_get_schema (description));
  else
    scripted_server_send_columns (server, request, COLUMNS_ID, table);
}

static void
answer_fetch (ScriptedServer * server, const ScriptedRequest * request,
    ScriptedTable * table)
{
  g_autoptr (GstTDengineRows) description = make_description ();

  g_assert_cmpuint (request->id, ==, DESCRIPTION_ID);
  scripted_server_send_rows (server, request,
      table->described ? NULL : description);
  table->described = !table->described;
}

gboolean
scripted_table_answer (ScriptedServer * server, const ScriptedRequest * request,
    gpointer table)
{
  if (g_str_equal (request->action, "query"))
    answer_query (server, request);
  else if (g_str_equal (request->action, "fetch"))
    answer_fetch (server, request, table);
  else if (g_str_equal (request->action, "stmt2_init")
      || g_str_equal (request->action, "stmt2_prepare"))
    scripted_server_send_done (server, request, 0, 0);
  else
    return g_str_equal (request->action, "free_result");
  return TRUE;
}

/* a writer that holds back so many rows at most, and tries nothing twice */
GstTDengineWriter *
scripted_table_make_writer (GstTDengineConnection * connection, guint n_rows)
{
  g_autoptr (GstTDengineWriteSettings) settings =
      gst_tdengine_write_settings_new ();

  g_object_set (settings, "super-table", "meters", "batch-size", n_rows,
      "retries", 0, NULL);
  return gst_tdengine_writer_new (connection, "power", settings);
}

static GstTDengineRows *
make_row (gint value, gboolean tagged)
{
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);

  append_column (schema, "tbname", GST_TDENGINE_TYPE_VARCHAR, 192);
  append_column (schema, "ts", GST_TDENGINE_TYPE_TIMESTAMP, 0);
  append_column (schema, "v", GST_TDENGINE_TYPE_INT, 0);
  if (tagged)
    append_column (schema, "g", GST_TDENGINE_TYPE_INT, 0);
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);
  gst_tdengine_rows_builder_append_string (builder, 0, "d1", NULL);
  gst_tdengine_rows_builder_append_int64 (builder, 1, TIME + value, NULL);
  gst_tdengine_rows_builder_append_int64 (builder, 2, value, NULL);
  if (tagged)
    gst_tdengine_rows_builder_append_int64 (builder, 3, 1, NULL);
  return gst_tdengine_rows_builder_end (builder, NULL);
}

GstTDengineRows *
scripted_table_make_row (gint value)
{
  return make_row (value, FALSE);
}

GstTDengineRows *
scripted_table_make_tagged_row (gint value)
{
  return make_row (value, TRUE);
}

/* the last value of a raw block; a byte lies behind it */
gint
scripted_table_get_value (const ScriptedRequest * write)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (write->bytes, &size);

  return GST_READ_UINT32_LE (data + size - 5);
}
