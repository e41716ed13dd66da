/* rows: blocks read, refused and built
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <float.h>
#include <gst/check/gstcheck.h>
#include <math.h>
#include <string.h>

#include <gst/tdengine/gsttdengineerror.h>
#include <gst/tdengine/gsttdenginerowsbuilder.h>

#include "transcript.h"

/* Three rows written by hand, which a real server took and gave back the same
 * to the last byte. */
static const gchar example_hex[] =
    "01000000 9b000000 03000000 05000000 00000080 0000000000000000"
    "09 08000000 04 04000000 08 0a000000 0a 12000000 01 01000000"
    "18000000 0c000000 07000000 08000000 03000000"
    "00 0068e5cf8b010000 0168e5cf8b010000 0268e5cf8b010000"
    "40 07000000 00000000 feffffff"
    "00000000 ffffffff 04000000 0200 6162 0100 63"
    "00000000 06000000 ffffffff 0400 e9000000 0000" "20 01 00 00" "00";

static GstTDengineSchema *
make_schema (GstTDenginePrecision precision, const GstTDengineColumn * columns,
    guint n_columns)
{
  GstTDengineSchema *schema = gst_tdengine_schema_new (precision);

  for (guint i = 0; i < n_columns; i++)
    fail_unless (gst_tdengine_schema_append (schema, &columns[i], NULL));
  return schema;
}

static GstTDengineSchema *
make_example_schema (void)
{
  static const GstTDengineColumn columns[] = {
    {(gchar *) "ts", GST_TDENGINE_TYPE_TIMESTAMP},
    {(gchar *) "v", GST_TDENGINE_TYPE_INT},
    {(gchar *) "s", GST_TDENGINE_TYPE_VARCHAR, 8},
    {(gchar *) "n", GST_TDENGINE_TYPE_NCHAR, 4},
    {(gchar *) "b", GST_TDENGINE_TYPE_BOOL},
  };

  return make_schema (GST_TDENGINE_PRECISION_MS, columns,
      G_N_ELEMENTS (columns));
}

static GstTDengineRowsBuilder *
make_builder (GstTDengineType type, guint digits, guint scale)
{
  GstTDengineColumn column = { (gchar *) "x", type, 0, digits, scale };
  g_autoptr (GstTDengineSchema) schema =
      make_schema (GST_TDENGINE_PRECISION_NS, &column, 1);

  return gst_tdengine_rows_builder_new (schema);
}

static GstTDengineRows *
parse (GstTDengineSchema * schema, GBytes * block)
{
  g_autoptr (GError) error = NULL;
  GstTDengineRows *rows =
      gst_tdengine_rows_new_from_bytes (schema, block, &error);

  g_assert_no_error (error);
  return rows;
}

static GstTDengineRows *
end (GstTDengineRowsBuilder * builder)
{
  g_autoptr (GError) error = NULL;
  GstTDengineRows *rows = gst_tdengine_rows_builder_end (builder, &error);

  g_assert_no_error (error);
  return rows;
}

static void
assert_text (GstTDengineRows * rows, guint column, guint row,
    const gchar * expected)
{
  g_autofree gchar *text = gst_tdengine_rows_get_text (rows, column, row);

  assert_equals_int (gst_tdengine_rows_is_null (rows, column, row),
      expected == NULL);
  fail_unless (g_strcmp0 (text, expected) == 0,
      "row %u of column %u: expected %s but it is %s", row, column,
      expected ? expected : "NULL", text ? text : "NULL");
}

static GBytes *
get_block (GstTDengineRows * rows)
{
  gpointer data;
  gsize size;

  gst_buffer_extract_dup (gst_tdengine_rows_get_buffer (rows), 0, -1, &data,
      &size);
  return g_bytes_new_take (data, size);
}

/* the same values, whatever their layout */
static void
assert_same_rows (GstTDengineRows * a, guint first, GstTDengineRows * b)
{
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (a);

  fail_unless (gst_tdengine_schema_equal (schema,
          gst_tdengine_rows_get_schema (b)));
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    for (guint row = 0; row < gst_tdengine_rows_get_n_rows (b); row++) {
      gsize size_a, size_b;
      const guint8 *data_a =
          gst_tdengine_rows_get_data (a, i, first + row, &size_a);
      const guint8 *data_b = gst_tdengine_rows_get_data (b, i, row, &size_b);

      assert_equals_int (data_a == NULL, data_b == NULL);
      assert_equals_uint64 (size_a, size_b);
      fail_unless (!data_a || memcmp (data_a, data_b, size_a) == 0,
          "row %u of column %u differs", row, i);
    }
  }
}

GST_START_TEST (test_a_block_is_read_as_it_was_written)
{
  g_autoptr (GstTDengineSchema) schema = make_example_schema ();
  g_autoptr (GBytes) block = transcript_unhex (example_hex);
  assert_equals_uint64 (g_bytes_get_size (block), 155);
  g_autoptr (GstTDengineRows) rows = parse (schema, block);

  assert_equals_int (gst_tdengine_rows_get_n_rows (rows), 3);
  for (guint i = 0; i < 3; i++)
    assert_equals_int64 (gst_tdengine_rows_get_int64 (rows, 0, i),
        G_GINT64_CONSTANT (1700000000000) + i);
  assert_equals_int64 (gst_tdengine_rows_get_int64 (rows, 1, 0), 7);
  fail_unless (gst_tdengine_rows_is_null (rows, 1, 1));
  assert_equals_int64 (gst_tdengine_rows_get_int64 (rows, 1, 2), -2);
  assert_text (rows, 2, 0, "ab");
  assert_text (rows, 2, 1, NULL);
  assert_text (rows, 2, 2, "c");
  assert_text (rows, 3, 0, "é");
  assert_text (rows, 3, 1, "");
  assert_text (rows, 3, 2, NULL);
  assert_text (rows, 4, 0, "true");
  assert_text (rows, 4, 1, "false");
  assert_text (rows, 4, 2, NULL);
}

GST_END_TEST;

GST_START_TEST (test_whole_columns_are_what_lies_in_the_block)
{
  g_autoptr (GstTDengineSchema) schema = make_example_schema ();
  g_autoptr (GBytes) block = transcript_unhex (example_hex);
  GstTDengineRows *rows = parse (schema, block);
  g_autoptr (GBytes) v = gst_tdengine_rows_get_column (rows, 1);
  g_autoptr (GBytes) v_nulls = gst_tdengine_rows_get_nulls (rows, 1);
  g_autoptr (GBytes) s = gst_tdengine_rows_get_column (rows, 2);
  g_autoptr (GBytes) s_offsets = gst_tdengine_rows_get_offsets (rows, 2);
  g_autoptr (GBytes) expected_v = transcript_unhex ("07000000 00000000"
      "feffffff");
  g_autoptr (GBytes) expected_nulls = transcript_unhex ("40");
  g_autoptr (GBytes) expected_s = transcript_unhex ("0200 6162 0100 63");
  g_autoptr (GBytes) expected_offsets = transcript_unhex ("00000000 ffffffff"
      "04000000");

  fail_unless (gst_tdengine_rows_get_offsets (rows, 1) == NULL);
  fail_unless (gst_tdengine_rows_get_nulls (rows, 2) == NULL);
  /* they keep alive what they lie in */
  gst_tdengine_rows_unref (rows);
  fail_unless (g_bytes_equal (v, expected_v));
  fail_unless (g_bytes_equal (v_nulls, expected_nulls));
  fail_unless (g_bytes_equal (s, expected_s));
  fail_unless (g_bytes_equal (s_offsets, expected_offsets));
}

GST_END_TEST;

GST_START_TEST (test_the_builder_writes_the_same_bytes)
{
  g_autoptr (GstTDengineSchema) schema = make_example_schema ();
  g_autoptr (GBytes) expected = transcript_unhex (example_hex);
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);

  /* twice: a builder that made a block is as good as new */
  for (guint i = 0; i < 2; i++) {
    for (guint row = 0; row < 3; row++)
      fail_unless (gst_tdengine_rows_builder_append_int64 (builder, 0,
              G_GINT64_CONSTANT (1700000000000) + row, NULL));
    gst_tdengine_rows_builder_append_int64 (builder, 1, 7, NULL);
    gst_tdengine_rows_builder_append_null (builder, 1);
    gst_tdengine_rows_builder_append_int64 (builder, 1, -2, NULL);
    gst_tdengine_rows_builder_append_string (builder, 2, "ab", NULL);
    gst_tdengine_rows_builder_append_null (builder, 2);
    gst_tdengine_rows_builder_append_string (builder, 2, "c", NULL);
    gst_tdengine_rows_builder_append_string (builder, 3, "é", NULL);
    gst_tdengine_rows_builder_append_string (builder, 3, "", NULL);
    gst_tdengine_rows_builder_append_null (builder, 3);
    gst_tdengine_rows_builder_append_int64 (builder, 4, 1, NULL);
    gst_tdengine_rows_builder_append_int64 (builder, 4, 0, NULL);
    gst_tdengine_rows_builder_append_null (builder, 4);

    g_autoptr (GstTDengineRows) rows = end (builder);
    g_autoptr (GBytes) block = get_block (rows);
    fail_unless (g_bytes_equal (block, expected));
  }
}

GST_END_TEST;

/* types.jsonl's `select * from st`: what setup.jsonl inserted, and as
 * rest.jsonl's reply to the same statement writes it */
#define TIME "2024-12-19T19:12:4"
static const gchar *const st[][19] = {
  {TIME "5.642123456Z", "true", "-1", "-2", "-3", "-4", "250", "65000",
        "4000000000", "18000000000000000000", "1.5", "-2.25", "hello",
        "你好😀", "0102ff", "0101000000000000000000f03f0000000000000040",
      "123.45", "12345678901234567890.0123456789", "{\"k\":\"v\",\"n\":1}"},
  {TIME "6.000000000Z", NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
        NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
      "{\"k\":\"v\",\"n\":1}"},
  {TIME "7.000000000Z", "false", "127", "32767", "2147483647",
        "9223372036854775807", "0", "0", "0", "0", "-3.4e+38", "1.7e+308", "",
        "", "", "0102000000020000000000000000000000000000000000000000000000"
        "0000f03f000000000000f03f", "-99999999.99", "-0.0000000001",
      "{\"k\":\"v\",\"n\":1}"},
  {TIME "8.000000000Z", "false", "-127", "-32767", "-2147483647",
        "-9223372036854775807", "255", "65535", "4294967295",
        "18446744073709551615", "0", "0", "x", "y", "7a",
      "010300000001000000040000000000000000000000000000000000000000000000"
        "0000f03f0000000000000000000000000000f03f000000000000f03f0000000000"
        "0000000000000000000000", "0.00", "0.0000000000", NULL},
};

/* types.jsonl's `select * from tagged`: what setup.jsonl inserted */
static const gchar *const tagged[] = {
  TIME "5.642123456Z", "1", TIME "5.642123456Z", "true", "-1", "-2", "-3",
  "-4", "1", "2", "3", "4", "1.5", "2.5", "bin", "你好", "01ff",
  "010100000000000000000008400000000000001040",
};

/* query.jsonl's `select tbname, * from meters`: what setup.jsonl inserted */
static const gchar *const meters[][7] = {
  {"d1001", TIME "5.642Z", "50.3", "201", "0.31", "California.SanFrancisco",
      "1"},
  {"d1002", TIME "5.642Z", "50.3", "204", "0.25", "Alabama.Montgomery", "2"},
  {"d1001", TIME "6.642Z", "82.6", "202", "0.33", "California.SanFrancisco",
      "1"},
  {"d1002", TIME "6.642Z", "62.6", "205", NULL, "Alabama.Montgomery", "2"},
  {"d1001", TIME "7.642Z", "92.3", "203", "0.31", "California.SanFrancisco",
      "1"},
};

static GstTDengineRows *
parse_recorded (const gchar * file, const gchar * sql)
{
  g_autoptr (GPtrArray) blocks = transcript_load_blocks (file);
  const TranscriptBlock *block = transcript_find_block (blocks, sql);

  return parse (block->schema, block->block);
}

static void
assert_texts (GstTDengineRows * rows, const gchar * const *expected,
    guint n_rows, guint n_columns)
{
  assert_equals_int (gst_tdengine_rows_get_n_rows (rows), n_rows);
  assert_equals_int (gst_tdengine_schema_get_n_columns
      (gst_tdengine_rows_get_schema (rows)), n_columns);
  for (guint row = 0; row < n_rows; row++) {
    for (guint column = 0; column < n_columns; column++)
      assert_text (rows, column, row, expected[row * n_columns + column]);
  }
}

GST_START_TEST (test_recorded_rows_hold_what_was_inserted)
{
  g_autoptr (GstTDengineRows) st_rows =
      parse_recorded ("types.jsonl", "select * from st order by ts");
  g_autoptr (GstTDengineRows) tagged_rows =
      parse_recorded ("types.jsonl", "select * from tagged order by ts");
  g_autoptr (GstTDengineRows) meters_rows = parse_recorded ("query.jsonl",
      "select tbname, * from meters order by ts, groupid");

  assert_texts (st_rows, st[0], G_N_ELEMENTS (st), G_N_ELEMENTS (st[0]));
  assert_texts (tagged_rows, tagged, 1, G_N_ELEMENTS (tagged));
  assert_texts (meters_rows, meters[0], G_N_ELEMENTS (meters),
      G_N_ELEMENTS (meters[0]));
}

GST_END_TEST;

GST_START_TEST (test_recorded_blobs_and_json_members_are_read)
{
  static const gchar *const blobs[] = { TIME "5.000000000Z", "616263", "1" };
  static const gchar *const members[] = { "\"v\"", "1" };
  g_autoptr (GstTDengineRows) blob_rows =
      parse_recorded ("types.jsonl", "select * from blobs order by ts");
  g_autoptr (GstTDengineRows) member_rows = parse_recorded ("types.jsonl",
      "select t_json->'k', t_json->'n' from st limit 1");

  assert_texts (blob_rows, blobs, 1, 3);
  assert_text (member_rows, 0, 0, members[0]);
  g_autofree gchar *n = gst_tdengine_rows_get_text (member_rows, 1, 0);
  fail_unless (g_str_has_prefix (n, members[1]), "%s", n);
}

GST_END_TEST;

GST_START_TEST (test_recorded_values_come_typed)
{
  g_autoptr (GstTDengineRows) rows =
      parse_recorded ("types.jsonl", "select * from st order by ts");
  GValue value = G_VALUE_INIT;

  /* 2024-12-19 19:12:45.642123456 UTC */
  assert_equals_int64 (gst_tdengine_rows_get_int64 (rows, 0, 0),
      G_GINT64_CONSTANT (1734635565642123456));
  assert_equals_uint64 (gst_tdengine_rows_get_uint64 (rows, 9, 0),
      G_GUINT64_CONSTANT (18000000000000000000));
  assert_equals_uint64 (gst_tdengine_rows_get_uint64 (rows, 9, 3), G_MAXUINT64);
  assert_equals_uint64 (gst_tdengine_rows_get_uint64 (rows, 6, 3), 255);
  assert_equals_int64 (gst_tdengine_rows_get_int64 (rows, 5, 2), G_MAXINT64);
  fail_unless (gst_tdengine_rows_get_double (rows, 10, 2) == -3.4e38f);
  fail_unless (gst_tdengine_rows_get_double (rows, 11, 2) == 1.7e308);

  fail_unless (gst_tdengine_rows_get_value (rows, 1, 0, &value));
  fail_unless (g_value_get_boolean (&value));
  g_value_unset (&value);
  fail_unless (gst_tdengine_rows_get_value (rows, 13, 0, &value));
  assert_equals_string (g_value_get_string (&value), "你好😀");
  g_value_unset (&value);
  fail_unless (gst_tdengine_rows_get_value (rows, 17, 0, &value));
  assert_equals_string (g_value_get_string (&value),
      "12345678901234567890.0123456789");
  g_value_unset (&value);
  fail_unless (gst_tdengine_rows_get_value (rows, 14, 0, &value));
  assert_equals_uint64 (g_bytes_get_size (g_value_get_boxed (&value)), 3);
  g_value_unset (&value);
  fail_if (gst_tdengine_rows_get_value (rows, 1, 1, &value));
  fail_unless (G_VALUE_HOLDS_STRING (&value));
  fail_if (g_value_get_string (&value));
  g_value_unset (&value);
}

GST_END_TEST;

static void
append_cell (GstTDengineRowsBuilder * builder, GstTDengineRows * rows,
    guint column, guint row)
{
  GstTDengineType type = gst_tdengine_schema_get_column
      (gst_tdengine_rows_get_schema (rows), column)->type;
  g_autofree gchar *text = gst_tdengine_rows_get_text (rows, column, row);
  g_autoptr (GError) error = NULL;
  gsize size;
  const guint8 *data = gst_tdengine_rows_get_data (rows, column, row, &size);

  if (!data) {
    gst_tdengine_rows_builder_append_null (builder, column);
    return;
  }
  switch (type) {
    case GST_TDENGINE_TYPE_NCHAR:
    case GST_TDENGINE_TYPE_DECIMAL:
    case GST_TDENGINE_TYPE_DECIMAL64:
      gst_tdengine_rows_builder_append_string (builder, column, text, &error);
      break;
    case GST_TDENGINE_TYPE_FLOAT:
    case GST_TDENGINE_TYPE_DOUBLE:
      gst_tdengine_rows_builder_append_double (builder, column,
          gst_tdengine_rows_get_double (rows, column, row), &error);
      break;
    case GST_TDENGINE_TYPE_UBIGINT:
      gst_tdengine_rows_builder_append_uint64 (builder, column,
          gst_tdengine_rows_get_uint64 (rows, column, row), &error);
      break;
    default:
      if (gst_tdengine_type_get_width (type) > 0)
        gst_tdengine_rows_builder_append_int64 (builder, column,
            gst_tdengine_rows_get_int64 (rows, column, row), &error);
      else
        gst_tdengine_rows_builder_append_data (builder, column, data, size,
            &error);
      break;
  }
  g_assert_no_error (error);
}

static GstTDengineRows *
rebuild (GstTDengineRows * rows)
{
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (rows);
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);

  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++)
      append_cell (builder, rows, i, row);
  }
  return end (builder);
}

static GstTDengineRows *
rebuild_from_gvalues (GstTDengineRows * rows)
{
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (rows);
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);

  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++) {
      g_autoptr (GError) error = NULL;
      GValue value = G_VALUE_INIT;

      if (gst_tdengine_rows_get_value (rows, i, row, &value)) {
        gst_tdengine_rows_builder_append_value (builder, i, &value, &error);
        g_assert_no_error (error);
        g_value_unset (&value);
      } else {
        gst_tdengine_rows_builder_append_null (builder, i);
      }
    }
  }
  return end (builder);
}

static void
assert_block (GstTDengineRows * rows, GBytes * expected)
{
  g_autoptr (GBytes) block = get_block (rows);

  fail_unless (g_bytes_equal (block, expected));
}

/* to the last byte: the builder lays blocks out as the server does */
static void
assert_is_built_again (const TranscriptBlock * block)
{
  g_autoptr (GstTDengineRows) rows = parse (block->schema, block->block);
  guint n_rows = gst_tdengine_rows_get_n_rows (rows);
  guint middle = n_rows / 2;

  g_autoptr (GstTDengineRows) by_type = rebuild (rows);
  assert_same_rows (rows, 0, by_type);
  assert_block (by_type, block->block);

  g_autoptr (GstTDengineRows) by_value = rebuild_from_gvalues (rows);
  assert_same_rows (rows, 0, by_value);
  assert_block (by_value, block->block);

  g_autoptr (GstTDengineRows) all = gst_tdengine_rows_slice (rows, 0, n_rows);
  assert_block (all, block->block);
  g_autoptr (GstTDengineRows) rest =
      gst_tdengine_rows_slice (rows, middle, n_rows - middle);
  assert_same_rows (rows, middle, rest);
}

static const struct
{
  const gchar *file;
  guint n_blocks;
} recorded[] = {
  {"types.jsonl", 11},
  {"query.jsonl", 16},
  {"session.jsonl", 1},
  {"large.jsonl", 3},
  {"write_raw.jsonl", 4},
  {"stmt2.jsonl", 4},
};

GST_START_TEST (test_every_recorded_block_is_read_and_built_again)
{
  for (guint i = 0; i < G_N_ELEMENTS (recorded); i++) {
    g_autoptr (GPtrArray) blocks = transcript_load_blocks (recorded[i].file);

    assert_equals_int (blocks->len, recorded[i].n_blocks);
    for (guint j = 0; j < blocks->len; j++)
      assert_is_built_again (g_ptr_array_index (blocks, j));
  }
}

GST_END_TEST;

GST_START_TEST (test_large_result_is_complete)
{
  g_autoptr (GPtrArray) blocks = transcript_load_blocks ("large.jsonl");
  guint n = 0;

  for (guint i = 0; i < blocks->len; i++) {
    const TranscriptBlock *block = g_ptr_array_index (blocks, i);
    g_autoptr (GstTDengineRows) rows = parse (block->schema, block->block);

    for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++, n++) {
      g_autofree gchar *expected = g_strdup_printf ("row %u", n);

      assert_equals_int64 (gst_tdengine_rows_get_int64 (rows, 0, row),
          G_GINT64_CONSTANT (1734600000000) + n);
      assert_equals_int64 (gst_tdengine_rows_get_int64 (rows, 1, row), n);
      assert_text (rows, 2, row, expected);
    }
  }
  assert_equals_int (n, 10000);
}

GST_END_TEST;

/* where things lie in the example */
#define AT_TOTAL 4
#define AT_TYPES 28
#define AT_LENGTHS 53
#define AT_VARCHAR_OFFSETS 111
#define AT_VARCHAR 123
#define AT_NCHAR_OFFSETS 130
#define AT_NCHAR 142

static const struct
{
  const gchar *what;
  guint at, size;
  guint32 value;
} lies[] = {
  {"version 0", 0, 4, 0},
  {"version 3", 0, 4, 3},
  {"negative version", 0, 4, 0xffffffff},
  {"total of none", AT_TOTAL, 4, 0},
  {"total too small", AT_TOTAL, 4, 154},
  {"total too large", AT_TOTAL, 4, 156},
  {"total negative", AT_TOTAL, 4, 0xffffffff},
  {"no rows", 8, 4, 0},
  {"a row too few", 8, 4, 2},
  {"a row too many", 8, 4, 4},
  {"huge number of rows", 8, 4, 0x7fffffff},
  {"number of rows that wraps around", 8, 4, 0x40000000},
  {"negative number of rows", 8, 4, 0xffffffff},
  {"no columns", 12, 4, 0},
  {"a column too few", 12, 4, 4},
  {"a column too many", 12, 4, 6},
  {"huge number of columns", 12, 4, 0xffffffff},
  {"no types", 16, 4, 0},
  {"types of another kind", 16, 4, 0x7fffffff},
  {"another type", AT_TYPES, 1, 5},
  {"no type", AT_TYPES + 5, 1, 0},
  {"unknown type", AT_TYPES + 10, 1, 200},
  {"another type of the same layout", AT_TYPES + 15, 1, 8},
  {"times too short", AT_LENGTHS, 4, 23},
  {"times too long", AT_LENGTHS, 4, 25},
  {"times without values", AT_LENGTHS, 4, 0},
  {"times of negative length", AT_LENGTHS, 4, 0xffffffff},
  {"integers too short", AT_LENGTHS + 4, 4, 8},
  {"text too short", AT_LENGTHS + 8, 4, 6},
  {"text too long", AT_LENGTHS + 8, 4, 8},
  {"text without values", AT_LENGTHS + 8, 4, 0},
  {"text of huge length", AT_LENGTHS + 8, 4, 0x7fffffff},
  {"wide text too long", AT_LENGTHS + 12, 4, 9},
  {"wide text of negative length", AT_LENGTHS + 12, 4, 0x80000000},
  {"last column too short", AT_LENGTHS + 16, 4, 2},
  {"last column too long", AT_LENGTHS + 16, 4, 4},
  {"offset of -2", AT_VARCHAR_OFFSETS, 4, 0xfffffffe},
  {"most negative offset", AT_VARCHAR_OFFSETS, 4, 0x80000000},
  {"offset at the end", AT_VARCHAR_OFFSETS, 4, 7},
  {"offset of half a length", AT_VARCHAR_OFFSETS, 4, 6},
  {"offset beyond the end", AT_VARCHAR_OFFSETS + 8, 4, 8},
  {"largest offset", AT_VARCHAR_OFFSETS + 8, 4, 0x7fffffff},
  {"value beyond the end", AT_VARCHAR + 4, 2, 2},
  {"first value beyond the end", AT_VARCHAR, 2, 6},
  {"longest value", AT_VARCHAR, 2, 0xffff},
  {"wide value beyond the end", AT_NCHAR, 2, 8},
  {"one byte of a character", AT_NCHAR, 2, 1},
  {"three bytes of a character", AT_NCHAR, 2, 3},
  {"wide offset at the end", AT_NCHAR_OFFSETS + 4, 4, 8},
  {"code point beyond Unicode", AT_NCHAR + 2, 4, 0x110000},
  {"negative code point", AT_NCHAR + 2, 4, 0xffffffff},
  {"first surrogate", AT_NCHAR + 2, 4, 0xd800},
  {"last surrogate", AT_NCHAR + 2, 4, 0xdfff},
};

/* exactly as long as the block, so that a byte behind it is noticed */
static GBytes *
copy_with (GBytes * block, guint at, guint size, guint32 value)
{
  gsize block_size;
  gconstpointer data = g_bytes_get_data (block, &block_size);
  guint8 *copy = g_memdup2 (data, block_size);
  guint8 bytes[4];

  GST_WRITE_UINT32_LE (bytes, value);
  memcpy (copy + at, bytes, size);
  return g_bytes_new_take (copy, block_size);
}

static void
assert_refused (GstTDengineSchema * schema, GBytes * block, const gchar * what)
{
  g_autoptr (GError) error = NULL;
  GstTDengineRows *rows =
      gst_tdengine_rows_new_from_bytes (schema, block, &error);

  fail_unless (rows == NULL, "%s was taken", what);
  g_assert_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_BLOCK);
  fail_unless (g_str_has_prefix (error->message,
          "The block of rows is broken: "));
}

GST_START_TEST (test_blocks_that_lie_are_refused)
{
  g_autoptr (GstTDengineSchema) schema = make_example_schema ();
  g_autoptr (GBytes) good = transcript_unhex (example_hex);

  for (guint i = 0; i < G_N_ELEMENTS (lies); i++) {
    g_autoptr (GBytes) bad =
        copy_with (good, lies[i].at, lies[i].size, lies[i].value);

    assert_refused (schema, bad, lies[i].what);
  }
}

GST_END_TEST;

static const struct
{
  const gchar *what;
  guint at, size;
  guint32 value;
} oddities[] = {
  {"version 2, of a subscription", 0, 4, 2},
  {"group", 20, 4, 0x12345678},
  {"other width of text", AT_TYPES + 11, 4, 0xffff},
  {"spare bits of nulls", 98, 1, 0x5f},
  {"value in a null's slot", 103, 4, 0xffffffff},
  {"two rows of one value", AT_VARCHAR_OFFSETS + 8, 4, 0},
  {"values in another order", AT_VARCHAR_OFFSETS, 4, 4},
  {"last character before surrogates", AT_NCHAR + 2, 4, 0xd7ff},
  {"first character behind surrogates", AT_NCHAR + 2, 4, 0xe000},
  {"last character of all", AT_NCHAR + 2, 4, 0x10ffff},
  {"character zero", AT_NCHAR + 2, 4, 0},
  {"truth of 2", 151, 1, 2},
  {"last byte", 154, 1, 1},
};

static void
read_everything (GstTDengineRows * rows)
{
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (rows);
  guint n_rows = gst_tdengine_rows_get_n_rows (rows);

  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    g_autoptr (GBytes) column = gst_tdengine_rows_get_column (rows, i);
    g_autoptr (GBytes) nulls = gst_tdengine_rows_get_nulls (rows, i);
    g_autoptr (GBytes) offsets = gst_tdengine_rows_get_offsets (rows, i);
    guint sum = g_bytes_hash (column) + (nulls ? g_bytes_hash (nulls) : 0) +
        (offsets ? g_bytes_hash (offsets) : 0);

    for (guint row = 0; row < n_rows; row++) {
      g_autofree gchar *text = gst_tdengine_rows_get_text (rows, i, row);
      GValue value = G_VALUE_INIT;
      gsize size;
      const guint8 *data = gst_tdengine_rows_get_data (rows, i, row, &size);

      for (gsize j = 0; data && j < size; j++)
        sum += data[j];
      assert_equals_int (text == NULL, data == NULL);
      fail_unless (!text || g_utf8_validate (text, -1, NULL));
      if (gst_tdengine_rows_get_value (rows, i, row, &value))
        g_value_unset (&value);
    }
    g_log (NULL, G_LOG_LEVEL_DEBUG, "%u", sum);
  }
  if (n_rows > 0) {
    g_autoptr (GstTDengineRows) half =
        gst_tdengine_rows_slice (rows, n_rows / 2, n_rows - n_rows / 2);
    assert_same_rows (rows, n_rows / 2, half);
  }
}

GST_START_TEST (test_odd_but_honest_blocks_are_read)
{
  g_autoptr (GstTDengineSchema) schema = make_example_schema ();
  g_autoptr (GBytes) good = transcript_unhex (example_hex);

  for (guint i = 0; i < G_N_ELEMENTS (oddities); i++) {
    g_autoptr (GBytes) odd =
        copy_with (good, oddities[i].at, oddities[i].size, oddities[i].value);
    g_autoptr (GstTDengineRows) rows = parse (schema, odd);

    read_everything (rows);
  }
}

GST_END_TEST;

static GBytes *
resize (GBytes * block, gsize size, gboolean say_so)
{
  guint8 *copy = g_malloc0 (size);

  if (size > 0)
    memcpy (copy, g_bytes_get_data (block, NULL), MIN (size,
            g_bytes_get_size (block)));
  if (say_so && size >= AT_TOTAL + 4)
    GST_WRITE_UINT32_LE (copy + AT_TOTAL, size);
  return g_bytes_new_take (copy, size);
}

GST_START_TEST (test_blocks_cut_anywhere_are_refused)
{
  g_autoptr (GPtrArray) blocks = transcript_load_blocks ("types.jsonl");

  for (guint i = 0; i < blocks->len; i++) {
    const TranscriptBlock *good = g_ptr_array_index (blocks, i);
    gsize full = g_bytes_get_size (good->block);

    for (gsize size = 0; size <= full + 1; size++) {
      g_autoptr (GBytes) silent = resize (good->block, size, FALSE);
      g_autoptr (GBytes) adjusted = resize (good->block, size, TRUE);

      if (size == full)
        continue;
      assert_refused (good->schema, silent, "a cut block");
      assert_refused (good->schema, adjusted, "a cut block that says so");
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_rows_of_no_columns_are_refused)
{
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);
  g_autoptr (GBytes) block = transcript_unhex ("01000000 1d000000 ffffff7f"
      "00000000 00000080 0000000000000000 00");

  assert_refused (schema, block, "rows of no columns");
}

GST_END_TEST;

GST_START_TEST (test_a_block_of_another_schema_is_refused)
{
  static const GstTDengineColumn other_digits[] =
      { {(gchar *) "d", GST_TDENGINE_TYPE_DECIMAL64, 0, 10, 3} };
  g_autoptr (GstTDengineRowsBuilder) builder =
      make_builder (GST_TDENGINE_TYPE_DECIMAL64, 10, 2);
  g_autoptr (GstTDengineSchema) other =
      make_schema (GST_TDENGINE_PRECISION_MS, other_digits, 1);

  gst_tdengine_rows_builder_append_string (builder, 0, "1.5", NULL);
  g_autoptr (GstTDengineRows) rows = end (builder);
  g_autoptr (GBytes) block = get_block (rows);
  assert_refused (other, block, "a decimal with other digits");
}

GST_END_TEST;

GST_START_TEST (test_random_damage_never_leaves_the_block)
{
  static const gchar *const statements[] = {
    "select * from st order by ts", "select * from tagged order by ts",
    "select * from blobs order by ts",
  };
  g_autoptr (GPtrArray) blocks = transcript_load_blocks ("types.jsonl");
  g_autoptr (GRand) random = g_rand_new_with_seed (20241219);
  guint n_taken = 0;

  for (guint i = 0; i < 100000; i++) {
    const TranscriptBlock *good =
        transcript_find_block (blocks, statements[i % 3]);
    gsize size = g_bytes_get_size (good->block);
    guint8 *copy = g_memdup2 (g_bytes_get_data (good->block, NULL), size);
    g_autoptr (GBytes) bad = g_bytes_new_take (copy, size);

    for (gint flips = g_rand_int_range (random, 1, 5); flips > 0; flips--)
      copy[g_rand_int_range (random, 0, size)] ^=
          1 << g_rand_int_range (random, 0, 8);

    g_autoptr (GError) error = NULL;
    g_autoptr (GstTDengineRows) rows =
        gst_tdengine_rows_new_from_bytes (good->schema, bad, &error);
    if (rows) {
      n_taken++;
      read_everything (rows);
    } else {
      g_assert_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_BLOCK);
    }
  }
  /* most bits are those of values, and any value of a number is fine */
  fail_unless (n_taken > 10000 && n_taken < 90000, "%u", n_taken);
}

GST_END_TEST;

static const struct
{
  GstTDengineType type;
  gint64 min, max;
} ranges[] = {
  {GST_TDENGINE_TYPE_BOOL, 0, 1},
  {GST_TDENGINE_TYPE_TINYINT, -128, 127},
  {GST_TDENGINE_TYPE_SMALLINT, -32768, 32767},
  {GST_TDENGINE_TYPE_INT, -2147483647 - 1, 2147483647},
  {GST_TDENGINE_TYPE_BIGINT, G_MININT64, G_MAXINT64},
  {GST_TDENGINE_TYPE_TIMESTAMP, G_MININT64, G_MAXINT64},
  {GST_TDENGINE_TYPE_UTINYINT, 0, 255},
  {GST_TDENGINE_TYPE_USMALLINT, 0, 65535},
  {GST_TDENGINE_TYPE_UINT, 0, 4294967295},
  {GST_TDENGINE_TYPE_UBIGINT, 0, G_MAXINT64},
};

static void
assert_int_refused (GstTDengineRowsBuilder * builder, gint64 value)
{
  g_autoptr (GError) error = NULL;
  guint before = gst_tdengine_rows_builder_get_n_rows (builder);

  fail_if (gst_tdengine_rows_builder_append_int64 (builder, 0, value, &error));
  g_assert_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE);
  assert_equals_int (gst_tdengine_rows_builder_get_n_rows (builder), before);
}

GST_START_TEST (test_integers_keep_to_the_range_of_their_type)
{
  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++) {
    g_autoptr (GstTDengineRowsBuilder) builder =
        make_builder (ranges[i].type, 0, 0);

    if (ranges[i].min > G_MININT64)
      assert_int_refused (builder, ranges[i].min - 1);
    if (ranges[i].max < G_MAXINT64)
      assert_int_refused (builder, ranges[i].max + 1);
    fail_unless (gst_tdengine_rows_builder_append_int64 (builder, 0,
            ranges[i].min, NULL));
    fail_unless (gst_tdengine_rows_builder_append_uint64 (builder, 0,
            ranges[i].max, NULL));

    g_autoptr (GstTDengineRows) rows = end (builder);
    assert_equals_int (gst_tdengine_rows_get_n_rows (rows), 2);
    if (ranges[i].type == GST_TDENGINE_TYPE_UBIGINT) {
      assert_equals_uint64 (gst_tdengine_rows_get_uint64 (rows, 0, 1),
          ranges[i].max);
      continue;
    }
    assert_equals_int64 (gst_tdengine_rows_get_int64 (rows, 0, 0),
        ranges[i].min);
    assert_equals_int64 (gst_tdengine_rows_get_int64 (rows, 0, 1),
        ranges[i].max);
  }
}

GST_END_TEST;

GST_START_TEST (test_largest_unsigned_fits_only_where_it_can)
{
  for (guint i = 0; i < G_N_ELEMENTS (ranges); i++) {
    g_autoptr (GstTDengineRowsBuilder) builder =
        make_builder (ranges[i].type, 0, 0);

    assert_equals_int (gst_tdengine_rows_builder_append_uint64 (builder, 0,
            G_MAXUINT64, NULL), ranges[i].type == GST_TDENGINE_TYPE_UBIGINT);
  }
}

GST_END_TEST;

GST_START_TEST (test_values_of_another_kind_are_refused)
{
  g_autoptr (GstTDengineRowsBuilder) text =
      make_builder (GST_TDENGINE_TYPE_VARCHAR, 0, 0);
  g_autoptr (GstTDengineRowsBuilder) wide =
      make_builder (GST_TDENGINE_TYPE_NCHAR, 0, 0);
  g_autoptr (GstTDengineRowsBuilder) number =
      make_builder (GST_TDENGINE_TYPE_INT, 0, 0);
  g_autofree gchar *long_text = g_strnfill (65536, 'x');
  GValue half = G_VALUE_INIT;

  g_value_init (&half, G_TYPE_DOUBLE);
  g_value_set_double (&half, 0.5);
  assert_int_refused (text, 5);
  fail_if (gst_tdengine_rows_builder_append_double (text, 0, 5, NULL));
  fail_if (gst_tdengine_rows_builder_append_double (number, 0, 5, NULL));
  fail_if (gst_tdengine_rows_builder_append_value (number, 0, &half, NULL));
  fail_if (gst_tdengine_rows_builder_append_string (number, 0, "5", NULL));
  fail_if (gst_tdengine_rows_builder_append_string (text, 0, long_text, NULL));
  fail_if (gst_tdengine_rows_builder_append_string (wide, 0, "\xff", NULL));
  long_text[16384] = 0;
  fail_if (gst_tdengine_rows_builder_append_string (wide, 0, long_text, NULL));
  long_text[16383] = 0;
  fail_unless (gst_tdengine_rows_builder_append_string (wide, 0, long_text,
          NULL));
  assert_equals_int (gst_tdengine_rows_builder_get_n_rows (text), 0);
  assert_equals_int (gst_tdengine_rows_builder_get_n_rows (number), 0);
  assert_equals_int (gst_tdengine_rows_builder_get_n_rows (wide), 1);
}

GST_END_TEST;

GST_START_TEST (test_columns_of_unequal_length_make_no_block)
{
  g_autoptr (GstTDengineSchema) schema = make_example_schema ();
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);
  g_autoptr (GError) none = NULL;
  g_autoptr (GError) unequal = NULL;

  fail_if (gst_tdengine_rows_builder_end (builder, &none));
  g_assert_error (none, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE);
  gst_tdengine_rows_builder_append_null (builder, 0);
  fail_if (gst_tdengine_rows_builder_end (builder, &unequal));
  g_assert_error (unequal, GST_TDENGINE_ERROR,
      GST_TDENGINE_ERROR_INVALID_VALUE);
}

GST_END_TEST;

/* NULL in some rows: none, all, or each third */
static void
fill (GstTDengineRowsBuilder * builder, guint n_rows, guint nulls)
{
  for (guint row = 0; row < n_rows; row++) {
    gboolean is_null = nulls == 1 || (nulls == 2 && row % 3 == 1);

    for (guint column = 0; column < 5; column++) {
      g_autofree gchar *text = g_strdup_printf ("%u", row % 1000);

      if (is_null)
        gst_tdengine_rows_builder_append_null (builder, column);
      else if (column == 2 || column == 3)
        gst_tdengine_rows_builder_append_string (builder, column, text, NULL);
      else
        gst_tdengine_rows_builder_append_int64 (builder, column,
            column == 4 ? row % 2 : row, NULL);
    }
  }
}

static void
assert_filled (GstTDengineRows * rows, guint first, guint nulls)
{
  for (guint i = 0; i < gst_tdengine_rows_get_n_rows (rows); i++) {
    guint row = first + i;
    gboolean is_null = nulls == 1 || (nulls == 2 && row % 3 == 1);
    g_autofree gchar *text = g_strdup_printf ("%u", row % 1000);

    for (guint column = 0; column < 5; column++)
      fail_unless (gst_tdengine_rows_is_null (rows, column, i) == is_null);
    if (is_null)
      continue;
    fail_unless (gst_tdengine_rows_get_int64 (rows, 0, i) == row);
    fail_unless (gst_tdengine_rows_get_int64 (rows, 1, i) == row);
    fail_unless (gst_tdengine_rows_get_int64 (rows, 4, i) == row % 2);
    assert_text (rows, 2, i, text);
    assert_text (rows, 3, i, text);
  }
}

GST_START_TEST (test_any_number_of_rows_with_nulls_anywhere)
{
  static const guint sizes[] = { 1, 7, 8, 9, 4096, 65536 };
  g_autoptr (GstTDengineSchema) schema = make_example_schema ();
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++) {
    for (guint nulls = 0; nulls < 3; nulls++) {
      fill (builder, sizes[i], nulls);
      g_autoptr (GstTDengineRows) rows = end (builder);
      assert_equals_int (gst_tdengine_rows_get_n_rows (rows), sizes[i]);
      assert_filled (rows, 0, nulls);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_slices_begin_and_end_at_any_row)
{
  g_autoptr (GstTDengineSchema) schema = make_example_schema ();
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);

  fill (builder, 40, 2);
  g_autoptr (GstTDengineRows) rows = end (builder);
  for (guint first = 0; first < 40; first++) {
    for (guint n_rows = 1; first + n_rows <= 40; n_rows++) {
      g_autoptr (GstTDengineRows) slice =
          gst_tdengine_rows_slice (rows, first, n_rows);
      assert_equals_int (gst_tdengine_rows_get_n_rows (slice), n_rows);
      assert_filled (slice, first, 2);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_runs_join_at_any_row)
{
  g_autoptr (GstTDengineSchema) schema = make_example_schema ();
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);
  g_autoptr (GstTDengineRowsBuilder) joined =
      gst_tdengine_rows_builder_new (schema);

  fill (builder, 200, 2);
  g_autoptr (GstTDengineRows) rows = end (builder);
  for (guint first = 0, n = 1; first < 200; first += n, n = MIN (n + 1,
          200 - first)) {
    for (guint column = 0; column < 5; column++)
      gst_tdengine_rows_builder_append_run (joined, column, rows, column,
          first, n);
    if (first + n == 200)
      break;
  }
  g_autoptr (GstTDengineRows) all = end (joined);
  assert_equals_int (gst_tdengine_rows_get_n_rows (all), 200);
  assert_filled (all, 0, 2);
  assert_same_rows (rows, 0, all);
}

GST_END_TEST;

#define NINES_19 "9999999999999999999"
static const struct
{
  guint digits, scale;
  const gchar *in, *out;        /* no out: refused */
} decimals[] = {
  {38, 0, NINES_19 NINES_19, NINES_19 NINES_19},
  {38, 0, "-" NINES_19 NINES_19, "-" NINES_19 NINES_19},
  {38, 19, NINES_19 "." NINES_19, NINES_19 "." NINES_19},
  {38, 38, "-0." NINES_19 NINES_19, "-0." NINES_19 NINES_19},
  {38, 0, "1" NINES_19 NINES_19, NULL},
  {38, 37, "10", NULL},
  {38, 10, "-0.0000000001", "-0.0000000001"},
  {18, 0, "999999999999999999", "999999999999999999"},
  {18, 18, "-.999999999999999999", "-0.999999999999999999"},
  {18, 0, "1000000000000000000", NULL},
  {10, 2, "99999999.99", "99999999.99"},
  {10, 2, "-99999999.99", "-99999999.99"},
  {10, 2, "100000000", NULL},
  {10, 2, "0.005", NULL},
  {10, 2, "0.990", "0.99"},
  {10, 2, "000000000001.5", "1.50"},
  {10, 2, "+1.5", "1.50"},
  {10, 2, "-.5", "-0.50"},
  {10, 2, "5.", "5.00"},
  {10, 2, "-0", "0.00"},
  {10, 2, "12", "12.00"},
  {10, 0, "12.0", "12"},
  {10, 0, "12.5", NULL},
  {10, 2, "", NULL},
  {10, 2, ".", NULL},
  {10, 2, "-", NULL},
  {10, 2, "+-1", NULL},
  {10, 2, "1e5", NULL},
  {10, 2, "1,5", NULL},
  {10, 2, "1.2.3", NULL},
  {10, 2, " 1", NULL},
  {10, 2, "1 ", NULL},
  {10, 2, "0x1", NULL},
  {10, 2, "nan", NULL},
  {10, 2, "١", NULL},
};

GST_START_TEST (test_decimals_are_exact_or_refused)
{
  for (guint i = 0; i < G_N_ELEMENTS (decimals); i++) {
    g_autoptr (GstTDengineRowsBuilder) builder =
        make_builder (decimals[i].digits > 18 ? GST_TDENGINE_TYPE_DECIMAL :
        GST_TDENGINE_TYPE_DECIMAL64, decimals[i].digits, decimals[i].scale);
    g_autoptr (GError) error = NULL;

    gst_tdengine_rows_builder_append_string (builder, 0, decimals[i].in,
        &error);
    if (!decimals[i].out) {
      g_assert_error (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_INVALID_VALUE);
      assert_equals_int (gst_tdengine_rows_builder_get_n_rows (builder), 0);
      continue;
    }
    g_assert_no_error (error);
    g_autoptr (GstTDengineRows) rows = end (builder);
    assert_text (rows, 0, 0, decimals[i].out);
  }
}

GST_END_TEST;

GST_START_TEST (test_any_bits_of_a_decimal_are_readable)
{
  static const GstTDengineColumn columns[] = {
    {(gchar *) "l", GST_TDENGINE_TYPE_DECIMAL, 0, 38, 0},
    {(gchar *) "s", GST_TDENGINE_TYPE_DECIMAL64, 0, 18, 18},
  };
  g_autoptr (GstTDengineSchema) schema =
      make_schema (GST_TDENGINE_PRECISION_MS, columns, 2);
  /* the most negative integer of either width */
  g_autoptr (GBytes) block = transcript_unhex ("01000000 49000000 01000000"
      "02000000 00000080 0000000000000000 11 00260010 15 12120008"
      "10000000 08000000 00 00000000000000000000000000000080"
      "00 0000000000000080 00");
  g_autoptr (GstTDengineRows) rows = parse (schema, block);

  assert_text (rows, 0, 0, "-170141183460469231731687303715884105728");
  assert_text (rows, 1, 0, "-9.223372036854775808");
}

GST_END_TEST;

GST_START_TEST (test_floats_keep_every_bit)
{
  static const guint64 doubles[] = {
    0, G_GUINT64_CONSTANT (0x8000000000000000),
    G_GUINT64_CONSTANT (0x7ff0000000000000),
    G_GUINT64_CONSTANT (0xfff0000000000000),
    G_GUINT64_CONSTANT (0x7ff8000000000000),
    G_GUINT64_CONSTANT (0xfff8000000000123), 1,
    G_GUINT64_CONSTANT (0x7fefffffffffffff),
  };
  g_autoptr (GstTDengineRowsBuilder) builder =
      make_builder (GST_TDENGINE_TYPE_DOUBLE, 0, 0);

  for (guint i = 0; i < G_N_ELEMENTS (doubles); i++) {
    gdouble value;

    memcpy (&value, &doubles[i], sizeof value);
    gst_tdengine_rows_builder_append_double (builder, 0, value, NULL);
  }
  g_autoptr (GstTDengineRows) rows = end (builder);
  for (guint i = 0; i < G_N_ELEMENTS (doubles); i++) {
    gdouble value = gst_tdengine_rows_get_double (rows, 0, i);

    fail_unless (memcmp (&value, &doubles[i], sizeof value) == 0, "%u", i);
  }
}

GST_END_TEST;

static const struct
{
  GstTDengineType type;
  gdouble value;
  const gchar *text;
} floats[] = {
  {GST_TDENGINE_TYPE_FLOAT, 50.3f, "50.3"},
  {GST_TDENGINE_TYPE_FLOAT, 0.1f, "0.1"},
  {GST_TDENGINE_TYPE_FLOAT, -3.4e38f, "-3.4e+38"},
  {GST_TDENGINE_TYPE_FLOAT, 16777216, "16777216"},
  {GST_TDENGINE_TYPE_FLOAT, 1.0f / 3, "0.33333334"},
  {GST_TDENGINE_TYPE_FLOAT, FLT_MAX, "3.4028235e+38"},
  {GST_TDENGINE_TYPE_FLOAT, -0.0, "-0"},
  {GST_TDENGINE_TYPE_FLOAT, INFINITY, "inf"},
  {GST_TDENGINE_TYPE_FLOAT, -INFINITY, "-inf"},
  {GST_TDENGINE_TYPE_FLOAT, NAN, "nan"},
  {GST_TDENGINE_TYPE_DOUBLE, 50.3, "50.3"},
  {GST_TDENGINE_TYPE_DOUBLE, 0.1 + 0.2, "0.30000000000000004"},
  {GST_TDENGINE_TYPE_DOUBLE, 1.7e308, "1.7e+308"},
  {GST_TDENGINE_TYPE_DOUBLE, DBL_MAX, "1.7976931348623157e+308"},
  {GST_TDENGINE_TYPE_DOUBLE, 9007199254740993.0, "9007199254740992"},
  {GST_TDENGINE_TYPE_DOUBLE, -INFINITY, "-inf"},
};

GST_START_TEST (test_floats_have_as_few_digits_as_will_do)
{
  for (guint i = 0; i < G_N_ELEMENTS (floats); i++) {
    g_autoptr (GstTDengineRowsBuilder) builder =
        make_builder (floats[i].type, 0, 0);

    gst_tdengine_rows_builder_append_double (builder, 0, floats[i].value, NULL);
    g_autoptr (GstTDengineRows) rows = end (builder);
    assert_text (rows, 0, 0, floats[i].text);
  }
}

GST_END_TEST;

GST_START_TEST (test_text_of_random_floats_reads_back)
{
  g_autoptr (GRand) random = g_rand_new_with_seed (503);
  g_autoptr (GstTDengineRowsBuilder) floats_builder =
      make_builder (GST_TDENGINE_TYPE_FLOAT, 0, 0);
  g_autoptr (GstTDengineRowsBuilder) doubles_builder =
      make_builder (GST_TDENGINE_TYPE_DOUBLE, 0, 0);

  for (guint i = 0; i < 20000; i++) {
    guint64 bits = (guint64) g_rand_int (random) << 32 | g_rand_int (random);
    guint32 low = bits;
    gdouble value;
    gfloat short_value;

    memcpy (&value, &bits, sizeof value);
    memcpy (&short_value, &low, sizeof short_value);
    gst_tdengine_rows_builder_append_double (doubles_builder, 0,
        isnan (value) ? 0 : value, NULL);
    gst_tdengine_rows_builder_append_double (floats_builder, 0,
        isnan (short_value) ? 0 : short_value, NULL);
  }
  g_autoptr (GstTDengineRows) float_rows = end (floats_builder);
  g_autoptr (GstTDengineRows) double_rows = end (doubles_builder);
  for (guint i = 0; i < 20000; i++) {
    g_autofree gchar *f = gst_tdengine_rows_get_text (float_rows, 0, i);
    g_autofree gchar *d = gst_tdengine_rows_get_text (double_rows, 0, i);

    fail_unless (strtof (f, NULL) == (gfloat)
        gst_tdengine_rows_get_double (float_rows, 0, i), "%s", f);
    fail_unless (strtod (d, NULL) ==
        gst_tdengine_rows_get_double (double_rows, 0, i), "%s", d);
  }
}

GST_END_TEST;

static const struct
{
  GstTDenginePrecision precision;
  gint64 time;
  const gchar *text;
} times[] = {
  {GST_TDENGINE_PRECISION_MS, 0, "1970-01-01T00:00:00.000Z"},
  {GST_TDENGINE_PRECISION_US, 0, "1970-01-01T00:00:00.000000Z"},
  {GST_TDENGINE_PRECISION_NS, 0, "1970-01-01T00:00:00.000000000Z"},
  {GST_TDENGINE_PRECISION_MS, -1, "1969-12-31T23:59:59.999Z"},
  {GST_TDENGINE_PRECISION_US, -1, "1969-12-31T23:59:59.999999Z"},
  {GST_TDENGINE_PRECISION_NS, -1, "1969-12-31T23:59:59.999999999Z"},
  {GST_TDENGINE_PRECISION_MS, -1000, "1969-12-31T23:59:59.000Z"},
  {GST_TDENGINE_PRECISION_MS, -86400001, "1969-12-30T23:59:59.999Z"},
  {GST_TDENGINE_PRECISION_MS, 1734635565642, "2024-12-19T19:12:45.642Z"},
  {GST_TDENGINE_PRECISION_US, 1734635565642123, "2024-12-19T19:12:45.642123Z"},
  {GST_TDENGINE_PRECISION_NS, 1734635565642123456,
      "2024-12-19T19:12:45.642123456Z"},
  {GST_TDENGINE_PRECISION_MS, 951782400000, "2000-02-29T00:00:00.000Z"},
  {GST_TDENGINE_PRECISION_MS, 4107542399999, "2100-02-28T23:59:59.999Z"},
  {GST_TDENGINE_PRECISION_MS, 4107542400000, "2100-03-01T00:00:00.000Z"},
  {GST_TDENGINE_PRECISION_MS, 253402300799999, "9999-12-31T23:59:59.999Z"},
  {GST_TDENGINE_PRECISION_US, 253402300799999999,
      "9999-12-31T23:59:59.999999Z"},
  {GST_TDENGINE_PRECISION_MS, -62135596800000, "0001-01-01T00:00:00.000Z"},
  {GST_TDENGINE_PRECISION_MS, 253402300800000, "253402300800000"},
  {GST_TDENGINE_PRECISION_MS, -62135596800001, "-62135596800001"},
  {GST_TDENGINE_PRECISION_MS, G_MAXINT64, "9223372036854775807"},
  {GST_TDENGINE_PRECISION_MS, G_MININT64, "-9223372036854775808"},
  {GST_TDENGINE_PRECISION_US, G_MININT64, "-9223372036854775808"},
  {GST_TDENGINE_PRECISION_NS, G_MAXINT64, "2262-04-11T23:47:16.854775807Z"},
  {GST_TDENGINE_PRECISION_NS, G_MININT64, "1677-09-21T00:12:43.145224192Z"},
};

static gchar *
time_to_text (GstTDenginePrecision precision, gint64 time)
{
  static const GstTDengineColumn column =
      { (gchar *) "ts", GST_TDENGINE_TYPE_TIMESTAMP };
  g_autoptr (GstTDengineSchema) schema = make_schema (precision, &column, 1);
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);

  gst_tdengine_rows_builder_append_int64 (builder, 0, time, NULL);
  g_autoptr (GstTDengineRows) rows = end (builder);
  return gst_tdengine_rows_get_text (rows, 0, 0);
}

GST_START_TEST (test_times_are_text_in_utc)
{
  for (guint i = 0; i < G_N_ELEMENTS (times); i++) {
    g_autofree gchar *text = time_to_text (times[i].precision, times[i].time);

    assert_equals_string (text, times[i].text);
  }
}

GST_END_TEST;

/* a day of every month of every year, against GLib's calendar */
GST_START_TEST (test_the_calendar_is_glibs)
{
  g_autoptr (GDateTime) first = g_date_time_new_utc (1, 1, 1, 23, 59, 59);

  for (guint month = 0; month < 9999 * 12; month += 7) {
    g_autoptr (GDateTime) whole = g_date_time_add_months (first, month);
    g_autoptr (GDateTime) date = g_date_time_add_days (whole, month % 60);
    if (!date)                  /* the year 10000 */
      break;
    g_autofree gchar *text = time_to_text (GST_TDENGINE_PRECISION_MS,
        g_date_time_to_unix (date) * 1000 + 7);
    g_autofree gchar *expected =
        g_strdup_printf ("%04d-%02d-%02dT23:59:59.007Z",
        g_date_time_get_year (date), g_date_time_get_month (date),
        g_date_time_get_day_of_month (date));

    assert_equals_string (text, expected);
  }
}

GST_END_TEST;

GST_START_TEST (test_bytes_that_are_not_utf8_stay_bytes)
{
  g_autoptr (GstTDengineRowsBuilder) builder =
      make_builder (GST_TDENGINE_TYPE_VARCHAR, 0, 0);
  g_autoptr (GString) raw = g_string_new (NULL);
  GValue value = G_VALUE_INIT;

  gst_tdengine_rows_builder_append_string (builder, 0, "a\xff" "b", NULL);
  gst_tdengine_rows_builder_append_string (builder, 0, "", NULL);
  gst_tdengine_rows_builder_append_null (builder, 0);
  g_autoptr (GstTDengineRows) rows = end (builder);

  assert_text (rows, 0, 0, "a\357\277\275b");
  assert_text (rows, 0, 1, "");
  assert_text (rows, 0, 2, NULL);
  gst_tdengine_rows_append_text (rows, 0, 0, raw);
  assert_equals_string (raw->str, "a\xff" "b");
  fail_unless (gst_tdengine_rows_get_value (rows, 0, 0, &value));
  fail_unless (G_VALUE_HOLDS (&value, G_TYPE_BYTES));
  g_value_unset (&value);
}

GST_END_TEST;

GST_START_TEST (test_asking_outside_of_the_rows_is_a_programming_error)
{
  g_autoptr (GstTDengineSchema) schema = make_example_schema ();
  g_autoptr (GBytes) block = transcript_unhex (example_hex);
  g_autoptr (GstTDengineRows) rows = parse (schema, block);

  ASSERT_CRITICAL (gst_tdengine_rows_get_int64 (rows, 0, 3));
  ASSERT_CRITICAL (gst_tdengine_rows_get_int64 (rows, 5, 0));
  ASSERT_CRITICAL (gst_tdengine_rows_get_int64 (rows, 2, 0));
  ASSERT_CRITICAL (gst_tdengine_rows_get_double (rows, 0, 0));
  ASSERT_CRITICAL (gst_tdengine_rows_slice (rows, 0, 4));
  ASSERT_CRITICAL (gst_tdengine_rows_slice (rows, 3, 1));
  ASSERT_CRITICAL (gst_tdengine_rows_slice (rows, 1, G_MAXUINT));
  ASSERT_CRITICAL (gst_tdengine_rows_slice (rows, 0, 0));
}

GST_END_TEST;

GST_START_TEST (test_a_sample_brings_its_schema)
{
  g_autoptr (GstTDengineSchema) schema = make_example_schema ();
  g_autoptr (GstCaps) caps = gst_tdengine_schema_to_caps (schema);
  g_autoptr (GBytes) block = transcript_unhex (example_hex);
  g_autoptr (GstBuffer) buffer = gst_buffer_new_wrapped_bytes (block);
  g_autoptr (GstSample) sample = gst_sample_new (buffer, caps, NULL, NULL);
  g_autoptr (GstSample) bare = gst_sample_new (buffer, NULL, NULL, NULL);
  g_autoptr (GError) error = NULL;

  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_new_from_sample (sample, NULL);
  assert_equals_int64 (gst_tdengine_rows_get_int64 (rows, 1, 2), -2);
  fail_if (gst_tdengine_rows_new_from_sample (bare, &error));
  g_assert_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE);
}

GST_END_TEST;

static Suite *
rows_suite (void)
{
  Suite *suite = suite_create ("rows");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_set_timeout (tests, 120);
  tcase_add_test (tests, test_a_block_is_read_as_it_was_written);
  tcase_add_test (tests, test_whole_columns_are_what_lies_in_the_block);
  tcase_add_test (tests, test_the_builder_writes_the_same_bytes);
  tcase_add_test (tests, test_recorded_rows_hold_what_was_inserted);
  tcase_add_test (tests, test_recorded_blobs_and_json_members_are_read);
  tcase_add_test (tests, test_recorded_values_come_typed);
  tcase_add_test (tests, test_every_recorded_block_is_read_and_built_again);
  tcase_add_test (tests, test_large_result_is_complete);
  tcase_add_test (tests, test_blocks_that_lie_are_refused);
  tcase_add_test (tests, test_odd_but_honest_blocks_are_read);
  tcase_add_test (tests, test_blocks_cut_anywhere_are_refused);
  tcase_add_test (tests, test_rows_of_no_columns_are_refused);
  tcase_add_test (tests, test_a_block_of_another_schema_is_refused);
  tcase_add_test (tests, test_random_damage_never_leaves_the_block);
  tcase_add_test (tests, test_integers_keep_to_the_range_of_their_type);
  tcase_add_test (tests, test_largest_unsigned_fits_only_where_it_can);
  tcase_add_test (tests, test_values_of_another_kind_are_refused);
  tcase_add_test (tests, test_columns_of_unequal_length_make_no_block);
  tcase_add_test (tests, test_any_number_of_rows_with_nulls_anywhere);
  tcase_add_test (tests, test_slices_begin_and_end_at_any_row);
  tcase_add_test (tests, test_runs_join_at_any_row);
  tcase_add_test (tests, test_decimals_are_exact_or_refused);
  tcase_add_test (tests, test_any_bits_of_a_decimal_are_readable);
  tcase_add_test (tests, test_floats_keep_every_bit);
  tcase_add_test (tests, test_floats_have_as_few_digits_as_will_do);
  tcase_add_test (tests, test_text_of_random_floats_reads_back);
  tcase_add_test (tests, test_times_are_text_in_utc);
  tcase_add_test (tests, test_the_calendar_is_glibs);
  tcase_add_test (tests, test_bytes_that_are_not_utf8_stay_bytes);
  tcase_add_test (tests,
      test_asking_outside_of_the_rows_is_a_programming_error);
  tcase_add_test (tests, test_a_sample_brings_its_schema);
  return suite;
}

GST_CHECK_MAIN (rows);
