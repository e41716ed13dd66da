/* sheet: rows of all types for the tests of what encodes them
 *
 * encoders.py knows the same values.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <math.h>
#include <string.h>

#include "sheet.h"

static const GstTDengineColumn columns[] = {
  {(gchar *) "ts", GST_TDENGINE_TYPE_TIMESTAMP},
  {(gchar *) "a bool", GST_TDENGINE_TYPE_BOOL},
  {(gchar *) "tiny", GST_TDENGINE_TYPE_TINYINT},
  {(gchar *) "small", GST_TDENGINE_TYPE_SMALLINT},
  {(gchar *) "int", GST_TDENGINE_TYPE_INT},
  {(gchar *) "big", GST_TDENGINE_TYPE_BIGINT},
  {(gchar *) "utiny", GST_TDENGINE_TYPE_UTINYINT},
  {(gchar *) "usmall", GST_TDENGINE_TYPE_USMALLINT},
  {(gchar *) "uint", GST_TDENGINE_TYPE_UINT},
  {(gchar *) "ubig", GST_TDENGINE_TYPE_UBIGINT},
  {(gchar *) "float", GST_TDENGINE_TYPE_FLOAT},
  {(gchar *) "double", GST_TDENGINE_TYPE_DOUBLE},
  {(gchar *) "text, \"quoted\"", GST_TDENGINE_TYPE_VARCHAR, 64},
  {(gchar *) "温度", GST_TDENGINE_TYPE_NCHAR, 64},
  {(gchar *) "varb", GST_TDENGINE_TYPE_VARBINARY, 64},
  {(gchar *) "geo", GST_TDENGINE_TYPE_GEOMETRY, 64},
  {(gchar *) "blob", GST_TDENGINE_TYPE_BLOB},
  {(gchar *) "dec64", GST_TDENGINE_TYPE_DECIMAL64, 0, 10, 2},
  {(gchar *) "dec128", GST_TDENGINE_TYPE_DECIMAL, 0, 38, 10},
  {(gchar *) "json", GST_TDENGINE_TYPE_JSON, 4095},
  {(gchar *) "tiny", GST_TDENGINE_TYPE_INT},
};

#define N_COLUMNS G_N_ELEMENTS (columns)

static const gchar *const values[][N_COLUMNS] = {
  {"1734635565642123456", "1", "-128", "-32768", "-2147483648",
        "-9223372036854775808", "0", "0", "0", "0", "50.3", "-2.25",
        "plain", "你好😀", "\x01\x02\xff", "POINT", "blob",
        "123.45", "12345678901234567890.0123456789",
      "{\"k\": \"v\",\n \"n\": [1, 2.50, true]}", "1"},
  {NULL},
  {"-1", "0", "127", "32767", "2147483647", "9223372036854775807", "255",
        "65535", "4294967295", "18446744073709551615", "-3.4e38", "1.7e308",
      "", "", "", "", "", "-99999999.99", "-0.0000000001", "null", "2"},
  {"0", "1", "1", "2", "3", "4", "5", "6", "7", "8", "0.1", "5e-324",
        "a,b;\"c\"\r\nd\te\\f/\x01\x7f", " \"in\", quotes\n\u2028\302\205 ",
      "\"", ",", "\n", "0", "-0.5", "not json", "3"},
  {"0", "1", "1", "2", "3", "4", "5", "6", "7", "8", "inf", "nan",
      " leads", "trails ", "x", "y", "z", "0.01", "1", "\"\\u00e9\"", "4"},
};

static void
append (GstTDengineRowsBuilder * builder, guint column, GstTDengineType type,
    const gchar * value)
{
  g_autoptr (GError) error = NULL;

  if (!value)
    gst_tdengine_rows_builder_append_null (builder, column);
  else if (type == GST_TDENGINE_TYPE_FLOAT || type == GST_TDENGINE_TYPE_DOUBLE)
    gst_tdengine_rows_builder_append_double (builder, column,
        g_ascii_strtod (value, NULL), &error);
  else if (type == GST_TDENGINE_TYPE_UBIGINT)
    gst_tdengine_rows_builder_append_uint64 (builder, column,
        g_ascii_strtoull (value, NULL, 10), &error);
  else if (gst_tdengine_type_get_width (type) > 0
      && strcmp (gst_tdengine_type_get_name (type), "DECIMAL") != 0)
    gst_tdengine_rows_builder_append_int64 (builder, column,
        g_ascii_strtoll (value, NULL, 10), &error);
  else
    gst_tdengine_rows_builder_append_string (builder, column, value, &error);
  g_assert_no_error (error);
}

GstTDengineSchema *
sheet_make_schema (void)
{
  GstTDengineSchema *schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_NS);

  for (guint i = 0; i < N_COLUMNS; i++)
    g_assert_true (gst_tdengine_schema_append (schema, &columns[i], NULL));
  return schema;
}

GstTDengineRows *
sheet_make_rows (void)
{
  g_autoptr (GstTDengineSchema) schema = sheet_make_schema ();
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);

  for (guint row = 0; row < G_N_ELEMENTS (values); row++) {
    for (guint column = 0; column < N_COLUMNS; column++)
      append (builder, column, columns[column].type, values[row][column]);
  }
  return gst_tdengine_rows_builder_end (builder, NULL);
}

/* rows of one column; values end with "end" */
GstTDengineRows *
sheet_make_column (GstTDengineType type, const gchar * name,
    const gchar * const *values)
{
  GstTDengineColumn column = { (gchar *) name, type };
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);
  gst_tdengine_schema_append (schema, &column, NULL);
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);

  for (; g_strcmp0 (*values, "end") != 0; values++)
    append (builder, 0, type, *values);
  return gst_tdengine_rows_builder_end (builder, NULL);
}
