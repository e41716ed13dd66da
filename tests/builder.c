/* builder: values and columns into blocks, and the text they are read from
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include <gst/tdengine/tdengine.h>

typedef struct
{
  GstTDengineType type;
  guint length, digits, scale;
  const gchar *text;
  const gchar *expected;        /* NULL: it is refused */
} Case;

#define T(type) GST_TDENGINE_TYPE_##type

static const Case cases[] = {
  {T (BOOL), 0, 0, 0, "true", "true"},
  {T (BOOL), 0, 0, 0, "FALSE", "false"},
  {T (BOOL), 0, 0, 0, "1", "true"},
  {T (BOOL), 0, 0, 0, "0", "false"},
  {T (BOOL), 0, 0, 0, "2", NULL},
  {T (BOOL), 0, 0, 0, "yes", NULL},
  {T (TINYINT), 0, 0, 0, "-128", "-128"},
  {T (TINYINT), 0, 0, 0, "-129", NULL},
  {T (TINYINT), 0, 0, 0, "128", NULL},
  {T (TINYINT), 0, 0, 0, "+7", "7"},
  {T (TINYINT), 0, 0, 0, "  7 ", "7"},
  {T (TINYINT), 0, 0, 0, "007", "7"},
  {T (TINYINT), 0, 0, 0, "", NULL},
  {T (TINYINT), 0, 0, 0, " ", NULL},
  {T (TINYINT), 0, 0, 0, "-", NULL},
  {T (TINYINT), 0, 0, 0, "--7", NULL},
  {T (TINYINT), 0, 0, 0, "7.0", NULL},
  {T (TINYINT), 0, 0, 0, "0x7", NULL},
  {T (INT), 0, 0, 0, "2147483648", NULL},
  {T (BIGINT), 0, 0, 0, "9223372036854775807", "9223372036854775807"},
  {T (BIGINT), 0, 0, 0, "-9223372036854775808", "-9223372036854775808"},
  {T (BIGINT), 0, 0, 0, "9223372036854775808", NULL},
  {T (BIGINT), 0, 0, 0, "-9223372036854775809", NULL},
  {T (BIGINT), 0, 0, 0, "18446744073709551617", NULL},
  {T (UTINYINT), 0, 0, 0, "255", "255"},
  {T (UTINYINT), 0, 0, 0, "256", NULL},
  {T (UTINYINT), 0, 0, 0, "-1", NULL},
  {T (UBIGINT), 0, 0, 0, "18446744073709551615", "18446744073709551615"},
  {T (UBIGINT), 0, 0, 0, "18446744073709551616", NULL},
  {T (UBIGINT), 0, 0, 0, "-1", NULL},
  {T (FLOAT), 0, 0, 0, "50.3", "50.3"},
  {T (FLOAT), 0, 0, 0, "3.4028235e+38", "3.4028235e+38"},
  {T (FLOAT), 0, 0, 0, "1e39", NULL},
  {T (FLOAT), 0, 0, 0, "-inf", "-inf"},
  {T (DOUBLE), 0, 0, 0, "1.7976931348623157e308", "1.7976931348623157e+308"},
  {T (DOUBLE), 0, 0, 0, "0.1", "0.1"},
  {T (DOUBLE), 0, 0, 0, ".5", "0.5"},
  {T (DOUBLE), 0, 0, 0, "NaN", "nan"},
  {T (DOUBLE), 0, 0, 0, "Infinity", "inf"},
  {T (DOUBLE), 0, 0, 0, "1e309", NULL},
  {T (DOUBLE), 0, 0, 0, "0x10", NULL},
  {T (DOUBLE), 0, 0, 0, "nan(1)", NULL},
  {T (DOUBLE), 0, 0, 0, "1,5", NULL},
  {T (DOUBLE), 0, 0, 0, "1e", NULL},
  {T (DOUBLE), 0, 0, 0, "infinite", NULL},
  /* 70 digits do not fit a buffer of 64 */
  {T (DOUBLE), 0, 0, 0, "0.0000000000000000000000000000000000000000000000"
        "0000000000000000000000125", "1.25e-69"},
  {T (DECIMAL64), 0, 10, 2, "123.45", "123.45"},
  {T (DECIMAL64), 0, 10, 2, "-0.5", "-0.50"},
  {T (DECIMAL64), 0, 10, 2, "1.230", "1.23"},
  {T (DECIMAL64), 0, 10, 2, "1.234", NULL},
  {T (DECIMAL64), 0, 10, 2, "123456789.00", NULL},
  {T (DECIMAL64), 0, 10, 2, "1e3", NULL},
  {T (DECIMAL), 0, 38, 10, "1234567890123456789012345678.0123456789",
      "1234567890123456789012345678.0123456789"},
  {T (VARCHAR), 3, 0, 0, "abc", "abc"},
  {T (VARCHAR), 3, 0, 0, "", ""},
  {T (VARCHAR), 3, 0, 0, " a ", " a "},
  {T (VARCHAR), 3, 0, 0, "abcd", NULL},
  /* get_text() has to show something */
  {T (VARCHAR), 3, 0, 0, "\xff", "\357\277\275"},
  {T (VARCHAR), 0, 0, 0, "of any length", "of any length"},
  {T (NCHAR), 3, 0, 0, "你好😀", "你好😀"},
  {T (NCHAR), 3, 0, 0, "你好😀!", NULL},
  {T (NCHAR), 3, 0, 0, "\xff", NULL},
  {T (JSON), 99, 0, 0, "{\"a\": 1}", "{\"a\": 1}"},
  {T (VARBINARY), 2, 0, 0, "00fF", "00ff"},
  {T (VARBINARY), 2, 0, 0, "", ""},
  {T (VARBINARY), 2, 0, 0, "000000", NULL},
  {T (VARBINARY), 2, 0, 0, "0", NULL},
  {T (VARBINARY), 2, 0, 0, "0g", NULL},
  {T (GEOMETRY), 0, 0, 0, "0101", "0101"},
  {T (BLOB), 0, 0, 0, "626c6f62", "626c6f62"},
};

/* what a column of one row is, or NULL where the text is refused */
static gchar *
read_text (const Case * c, GstTDenginePrecision precision, GTimeZone * zone,
    GstTDenginePrecision unit)
{
  GstTDengineColumn column =
      { (gchar *) "v", c->type, c->length, c->digits, c->scale };
  g_autoptr (GstTDengineSchema) schema = gst_tdengine_schema_new (precision);
  g_autoptr (GError) error = NULL;

  gst_tdengine_schema_append (schema, &column, NULL);
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);
  gst_tdengine_rows_builder_set_times (builder, zone, unit);
  if (!gst_tdengine_rows_builder_append_text (builder, 0, c->text, -1, &error)) {
    fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
            GST_TDENGINE_ERROR_INVALID_VALUE));
    fail_unless (strstr (error->message, "column \"v\""));
    assert_equals_int (gst_tdengine_rows_builder_get_n_rows (builder), 0);
    return NULL;
  }
  g_assert_no_error (error);
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_builder_end (builder, NULL);
  return gst_tdengine_rows_get_text (rows, 0, 0);
}

GST_START_TEST (test_text_is_read_as_it_is_written)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++) {
    g_autofree gchar *found = read_text (&cases[i], GST_TDENGINE_PRECISION_MS,
        NULL, GST_TDENGINE_PRECISION_MS);

    fail_unless (g_strcmp0 (found, cases[i].expected) == 0,
        "%s \"%s\": expected %s but it is %s",
        gst_tdengine_type_get_name (cases[i].type), cases[i].text,
        cases[i].expected, found);
  }
}

GST_END_TEST;

/* Python's datetime says the same of all of them */
static const struct
{
  GstTDenginePrecision precision;
  const gchar *zone;
  const gchar *text;
  const gchar *expected;        /* NULL: it is refused */
} times[] = {
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-12-19T17:12:45.642Z",
      "2024-12-19T17:12:45.642Z"},
  {GST_TDENGINE_PRECISION_NS, NULL, "2024-12-19 17:12:45.642123456z",
      "2024-12-19T17:12:45.642123456Z"},
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-12-19T17:12:45,6",
      "2024-12-19T17:12:45.600Z"},
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-12-19T17:12:45.6429999999999Z",
      "2024-12-19T17:12:45.642Z"},
  {GST_TDENGINE_PRECISION_MS, NULL, "1969-12-31T23:59:59.9999Z",
      "1969-12-31T23:59:59.999Z"},
  {GST_TDENGINE_PRECISION_US, NULL, "2024-12-19T17:12",
      "2024-12-19T17:12:00.000000Z"},
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-02-29", "2024-02-29T00:00:00.000Z"},
  {GST_TDENGINE_PRECISION_MS, NULL, "2023-02-29", NULL},
  {GST_TDENGINE_PRECISION_MS, NULL, "2000-02-29", "2000-02-29T00:00:00.000Z"},
  {GST_TDENGINE_PRECISION_MS, NULL, "1900-02-29", NULL},
  {GST_TDENGINE_PRECISION_MS, NULL, "0001-01-01", "0001-01-01T00:00:00.000Z"},
  {GST_TDENGINE_PRECISION_MS, NULL, "9999-12-31T23:59:59.999Z",
      "9999-12-31T23:59:59.999Z"},
  {GST_TDENGINE_PRECISION_MS, NULL, "0000-01-01", NULL},
  {GST_TDENGINE_PRECISION_NS, NULL, "2262-04-11T23:47:16.854775807Z",
      "2262-04-11T23:47:16.854775807Z"},
  {GST_TDENGINE_PRECISION_NS, NULL, "2262-04-11T23:47:16.854775808Z", NULL},
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-12-19T17:12:45+02:00",
      "2024-12-19T15:12:45.000Z"},
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-12-19T17:12:45-0530",
      "2024-12-19T22:42:45.000Z"},
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-12-19T17:12:45+02",
      "2024-12-19T15:12:45.000Z"},
  {GST_TDENGINE_PRECISION_MS, "Europe/Oslo", "2024-12-19T17:12:45",
      "2024-12-19T16:12:45.000Z"},
  {GST_TDENGINE_PRECISION_MS, "Europe/Oslo", "2024-07-19 17:12:45",
      "2024-07-19T15:12:45.000Z"},
  {GST_TDENGINE_PRECISION_MS, "Europe/Oslo", "2024-12-19T17:12:45Z",
      "2024-12-19T17:12:45.000Z"},
  /* twice on the clock: the second is meant */
  {GST_TDENGINE_PRECISION_MS, "Europe/Oslo", "2024-10-27T02:30:00",
      "2024-10-27T01:30:00.000Z"},
  {GST_TDENGINE_PRECISION_MS, NULL, "1734628365642",
      "2024-12-19T17:12:45.642Z"},
  {GST_TDENGINE_PRECISION_MS, NULL, "-1", "1969-12-31T23:59:59.999Z"},
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-13-01", NULL},
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-12-19T24:00:00Z", NULL},
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-12-19T17:60:00Z", NULL},
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-12-19T17:12:45.Z", NULL},
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-12-19T17:12:45Zx", NULL},
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-12-19T17:12:45+", NULL},
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-12-19T17:12:45+02:", NULL},
  {GST_TDENGINE_PRECISION_MS, NULL, "2024-12-19T", NULL},
  {GST_TDENGINE_PRECISION_MS, NULL, "24-12-19", NULL},
  {GST_TDENGINE_PRECISION_MS, NULL, "19.12.2024", NULL},
};

GST_START_TEST (test_times_are_read_in_their_zone)
{
  for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
    const Case c = { T (TIMESTAMP), 0, 0, 0, times[i].text };
    g_autoptr (GTimeZone) zone =
        times[i].zone ? g_time_zone_new_identifier (times[i].zone) : NULL;
    g_autofree gchar *found =
        read_text (&c, times[i].precision, zone, times[i].precision);

    fail_unless (g_strcmp0 (found, times[i].expected) == 0,
        "\"%s\": expected %s but it is %s", times[i].text, times[i].expected,
        found);
  }
}

GST_END_TEST;

static const struct
{
  GstTDenginePrecision unit, precision;
  const gchar *text;
  const gchar *expected;
} numbers[] = {
  {GST_TDENGINE_PRECISION_MS, GST_TDENGINE_PRECISION_NS, "1734628365642",
      "2024-12-19T17:12:45.642000000Z"},
  {GST_TDENGINE_PRECISION_NS, GST_TDENGINE_PRECISION_MS, "1734628365642999999",
      "2024-12-19T17:12:45.642Z"},
  {GST_TDENGINE_PRECISION_NS, GST_TDENGINE_PRECISION_MS, "-1",
      "1969-12-31T23:59:59.999Z"},
  {GST_TDENGINE_PRECISION_NS, GST_TDENGINE_PRECISION_MS, "-1000000",
      "1969-12-31T23:59:59.999Z"},
  {GST_TDENGINE_PRECISION_MS, GST_TDENGINE_PRECISION_NS,
      "9223372036854775807", NULL},
};

GST_START_TEST (test_times_that_are_numbers_have_a_unit)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++) {
    const Case c = { T (TIMESTAMP), 0, 0, 0, numbers[i].text };
    g_autofree gchar *found =
        read_text (&c, numbers[i].precision, NULL, numbers[i].unit);

    assert_equals_string (found, numbers[i].expected);
  }
}

GST_END_TEST;

static GstTDengineSchema *
make_schema (void)
{
  static const GstTDengineColumn columns[] = {
    {(gchar *) "ts", GST_TDENGINE_TYPE_TIMESTAMP},
    {(gchar *) "v", GST_TDENGINE_TYPE_INT},
    {(gchar *) "b", GST_TDENGINE_TYPE_BOOL},
    {(gchar *) "s", GST_TDENGINE_TYPE_VARCHAR, 9},
    {(gchar *) "n", GST_TDENGINE_TYPE_NCHAR, 9},
  };
  GstTDengineSchema *schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    gst_tdengine_schema_append (schema, &columns[i], NULL);
  return schema;
}

static void
append_row (GstTDengineRowsBuilder * builder, const gchar * const *texts)
{
  for (guint i = 0; i < 5; i++) {
    if (texts[i])
      fail_unless (gst_tdengine_rows_builder_append_text (builder, i, texts[i],
              -1, NULL));
    else
      gst_tdengine_rows_builder_append_null (builder, i);
  }
}

static void
assert_block_equal (GstTDengineRows * a, GstTDengineRows * b)
{
  gpointer data;
  gsize size;

  gst_buffer_extract_dup (gst_tdengine_rows_get_buffer (a), 0, -1, &data,
      &size);
  g_autofree guint8 *bytes = data;
  assert_equals_int (gst_buffer_get_size (gst_tdengine_rows_get_buffer (b)),
      size);
  assert_equals_int (gst_buffer_memcmp (gst_tdengine_rows_get_buffer (b), 0,
          bytes, size), 0);
}

static const gchar *const row[] = { "1", "2", "true", "a", "é" };
static const gchar *const nulls[] = { "2", NULL, NULL, NULL, NULL };

/* at any place within a byte of the bitmap, also where the last value is NULL */
GST_START_TEST (test_rows_are_taken_back_without_a_trace)
{
  g_autoptr (GstTDengineSchema) schema = make_schema ();

  for (guint n = 1; n < 20; n++) {
    g_autoptr (GstTDengineRowsBuilder) plain =
        gst_tdengine_rows_builder_new (schema);
    g_autoptr (GstTDengineRowsBuilder) builder =
        gst_tdengine_rows_builder_new (schema);

    for (guint i = 0; i < n; i++) {
      append_row (plain, i % 3 ? row : nulls);
      append_row (builder, i % 3 ? row : nulls);
    }
    append_row (builder, nulls);
    append_row (builder, row);
    append_row (builder, nulls);
    gst_tdengine_rows_builder_truncate (builder, n);
    assert_equals_int (gst_tdengine_rows_builder_get_n_rows (builder), n);
    append_row (plain, row);
    append_row (builder, row);
    g_autoptr (GstTDengineRows) a = gst_tdengine_rows_builder_end (plain, NULL);
    g_autoptr (GstTDengineRows) b =
        gst_tdengine_rows_builder_end (builder, NULL);
    assert_block_equal (a, b);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_row_that_is_not_whole_is_taken_back)
{
  g_autoptr (GstTDengineSchema) schema = make_schema ();
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);

  append_row (builder, row);
  gst_tdengine_rows_builder_append_text (builder, 0, "5", -1, NULL);
  gst_tdengine_rows_builder_append_text (builder, 1, "6", -1, NULL);
  fail_if (gst_tdengine_rows_builder_append_text (builder, 2, "7", -1, NULL));
  gst_tdengine_rows_builder_truncate (builder, 1);
  gst_tdengine_rows_builder_truncate (builder, 9);
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_builder_end (builder, NULL);
  assert_equals_int (gst_tdengine_rows_get_n_rows (rows), 1);
}

GST_END_TEST;

static gboolean
append_column (GstTDengineRowsBuilder * builder, guint column,
    gconstpointer values, gsize size, gconstpointer offsets,
    gsize offsets_size, gconstpointer validity, gsize validity_size)
{
  g_autoptr (GBytes) values_bytes = g_bytes_new_static (values, size);
  g_autoptr (GBytes) offsets_bytes = offsets ?
      g_bytes_new_static (offsets, offsets_size) : NULL;
  g_autoptr (GBytes) validity_bytes = validity ?
      g_bytes_new_static (validity, validity_size) : NULL;
  g_autoptr (GError) error = NULL;
  gboolean done = gst_tdengine_rows_builder_append_column (builder, column,
      values_bytes, offsets_bytes, validity_bytes, &error);

  fail_unless (done || g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_INVALID_VALUE));
  return done;
}

/* little-endian numbers, as Arrow's format has them */
static const guint8 arrow_times[] = { 1, 0, 0, 0, 0, 0, 0, 0,
  2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0
};
static const guint8 arrow_ints[] = { 2, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0 };
static const guint8 arrow_bools[] = { 1, 0, 1 };

static const guint8 arrow_offsets[] =
    { 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0 };
static const guint8 arrow_nchar_offsets[] =
    { 0, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 4, 0, 0, 0 };
static const guint8 arrow_validity[] = { 0x05 };        /* not the second */

GST_START_TEST (test_whole_columns_make_the_same_block)
{
  g_autoptr (GstTDengineSchema) schema = make_schema ();
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);
  g_autoptr (GstTDengineRowsBuilder) plain =
      gst_tdengine_rows_builder_new (schema);

  for (guint i = 0; i < 7; i++) {       /* the bitmap's bits wander */
    append_row (plain, row);
    append_row (plain, nulls);
    append_row (plain, row);
    fail_unless (append_column (builder, 0, arrow_times, 24, NULL, 0, NULL, 0));
    fail_unless (append_column (builder, 1, arrow_ints, 12, NULL, 0,
            arrow_validity, 1));
    fail_unless (append_column (builder, 2, arrow_bools, 3, NULL, 0,
            arrow_validity, 1));
    fail_unless (append_column (builder, 3, "aa", 2, arrow_offsets, 16,
            arrow_validity, 1));
    fail_unless (append_column (builder, 4, "éé", 4, arrow_nchar_offsets, 16,
            arrow_validity, 1));
  }
  g_autoptr (GstTDengineRows) a = gst_tdengine_rows_builder_end (plain, NULL);
  g_autoptr (GstTDengineRows) b = gst_tdengine_rows_builder_end (builder, NULL);
  assert_block_equal (a, b);
}

GST_END_TEST;

GST_START_TEST (test_columns_that_do_not_fit_leave_nothing_behind)
{
  static const guint8 back[] = { 0, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0 };
  static const guint8 beyond[] = { 0, 0, 0, 0, 1, 0, 0, 0, 3, 0, 0, 0 };
  static const guint8 negative[] = { 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff };
  g_autoptr (GstTDengineSchema) schema = make_schema ();
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);

  fail_if (append_column (builder, 0, arrow_times, 23, NULL, 0, NULL, 0));
  fail_if (append_column (builder, 0, arrow_times, 24, arrow_offsets, 16,
          NULL, 0));
  fail_if (append_column (builder, 0, arrow_times, 24, NULL, 0, "", 0));
  fail_if (append_column (builder, 3, "aa", 2, NULL, 0, NULL, 0));
  fail_if (append_column (builder, 3, "aa", 2, "", 0, NULL, 0));
  fail_if (append_column (builder, 3, "aa", 2, arrow_offsets, 15, NULL, 0));
  fail_if (append_column (builder, 3, "aa", 2, back, 12, NULL, 0));
  fail_if (append_column (builder, 3, "aa", 2, beyond, 12, NULL, 0));
  fail_if (append_column (builder, 3, "aa", 2, negative, 8, NULL, 0));
  fail_if (append_column (builder, 4, "a\xff", 2, arrow_offsets, 16, NULL, 0));
  append_row (builder, row);
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_builder_end (builder, NULL);
  fail_unless (rows != NULL);
  assert_equals_int (gst_tdengine_rows_get_n_rows (rows), 1);
}

GST_END_TEST;

GST_START_TEST (test_nchar_keeps_zero_characters)
{
  static const guint8 expected[] = { 'a', 0, 0, 0, 0, 0, 0, 0, 'b', 0, 0, 0 };
  GstTDengineColumn column = { (gchar *) "n", GST_TDENGINE_TYPE_NCHAR, 9 };
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);
  gst_tdengine_schema_append (schema, &column, NULL);
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);
  gsize size;

  fail_unless (gst_tdengine_rows_builder_append_text (builder, 0, "a\0b", 3,
          NULL));
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_builder_end (builder, NULL);
  const guint8 *data = gst_tdengine_rows_get_data (rows, 0, 0, &size);
  assert_equals_int (size, sizeof expected);
  assert_equals_int (memcmp (data, expected, size), 0);
}

GST_END_TEST;

static Suite *
builder_suite (void)
{
  Suite *s = suite_create ("builder");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_text_is_read_as_it_is_written);
  tcase_add_test (tc, test_times_are_read_in_their_zone);
  tcase_add_test (tc, test_times_that_are_numbers_have_a_unit);
  tcase_add_test (tc, test_rows_are_taken_back_without_a_trace);
  tcase_add_test (tc, test_a_row_that_is_not_whole_is_taken_back);
  tcase_add_test (tc, test_whole_columns_make_the_same_block);
  tcase_add_test (tc, test_columns_that_do_not_fit_leave_nothing_behind);
  tcase_add_test (tc, test_nchar_keeps_zero_characters);
  return s;
}

GST_CHECK_MAIN (builder);
