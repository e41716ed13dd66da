/* jsonenc: the element tdenginejsonenc
 *
 * What its output is to other programs is for encoders.py to say.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>
#include <string.h>

#include "sheet.h"
#include "transcript.h"

static GstHarness *
new_harness (GstTDengineRows * rows)
{
  GstHarness *h = gst_harness_new ("tdenginejsonenc");

  gst_harness_set_sink_caps_str (h, "application/x-ndjson");
  gst_harness_set_src_caps (h,
      gst_tdengine_schema_to_caps (gst_tdengine_rows_get_schema (rows)));
  return h;
}

static gchar *
pull_text (GstHarness * h)
{
  g_autoptr (GstBuffer) buffer = gst_harness_try_pull (h);
  gpointer data;
  gsize size;

  fail_unless (buffer != NULL);
  gst_buffer_extract_dup (buffer, 0, -1, &data, &size);
  g_autofree gchar *bytes = data;
  return g_strndup (bytes, size);
}

static gchar *
encode (GstTDengineRows * rows)
{
  GstHarness *h = new_harness (rows);

  assert_equals_int (gst_harness_push (h,
          gst_buffer_ref (gst_tdengine_rows_get_buffer (rows))), GST_FLOW_OK);
  gchar *text = pull_text (h);
  gst_harness_teardown (h);
  return text;
}

/* a row's value where the only column is v */
static void
assert_value (GstTDengineType type, const gchar * value, const gchar * json)
{
  const gchar *values[] = { value, "end" };
  g_autoptr (GstTDengineRows) rows = sheet_make_column (type, "v", values);
  g_autofree gchar *text = encode (rows);
  g_autofree gchar *expected = g_strdup_printf ("{\"v\":%s}\n", json);

  assert_equals_string (text, expected);
}

static const struct
{
  const gchar *value, *json;
} strings[] = {
  {NULL, "null"},
  {"", "\"\""},
  {"a\"b\\c/d", "\"a\\\"b\\\\c/d\""},
  {"\b\t\n\f\r", "\"\\b\\t\\n\\f\\r\""},
  {"\x01\x1f\x7f", "\"\\u0001\\u001f\x7f\""},
  {"é😀\u2028", "\"é😀\u2028\""},
  {"null", "\"null\""},
};

GST_START_TEST (test_text_is_escaped)
{
  for (guint i = 0; i < G_N_ELEMENTS (strings); i++) {
    assert_value (GST_TDENGINE_TYPE_VARCHAR, strings[i].value, strings[i].json);
    assert_value (GST_TDENGINE_TYPE_NCHAR, strings[i].value, strings[i].json);
  }
}

GST_END_TEST;

#define U "\357\277\275"
GST_START_TEST (test_bytes_that_are_not_utf8_are_replaced)
{
  assert_value (GST_TDENGINE_TYPE_VARCHAR, "a\xff" "b", "\"a" U "b\"");
  assert_value (GST_TDENGINE_TYPE_VARCHAR, "\xc3", "\"" U "\"");
  assert_value (GST_TDENGINE_TYPE_VARCHAR, "\xed\xa0\x80\n",
      "\"" U U U "\\n\"");
  assert_value (GST_TDENGINE_TYPE_JSON, "\"\xff\"", "\"\\\"" U "\\\"\"");
}

GST_END_TEST;

GST_START_TEST (test_a_zero_byte_is_escaped)
{
  GstTDengineColumn column = { (gchar *) "v", GST_TDENGINE_TYPE_VARCHAR, 9 };
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);
  gst_tdengine_schema_append (schema, &column, NULL);
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);

  gst_tdengine_rows_builder_append_data (builder, 0,
      (const guint8 *) "a\0b\0", 4, NULL);
  g_autoptr (GstTDengineRows) rows = gst_tdengine_rows_builder_end (builder,
      NULL);
  g_autofree gchar *text = encode (rows);
  assert_equals_string (text, "{\"v\":\"a\\u0000b\\u0000\"}\n");
}

GST_END_TEST;

static const struct
{
  const gchar *value, *json;    /* no json: not valid, so a string */
} documents[] = {
  {"{}", "{}"},
  {"[]", "[]"},
  {" { \"a\" : [ 1 , \"b c\" ] , \"d\" : null }\n",
      "{\"a\":[1,\"b c\"],\"d\":null}"},
  {"-0.5e+10", "-0.5e+10"},
  {"18446744073709551616", "18446744073709551616"},
  {"0", "0"},
  {"true", "true"},
  {"\"\\u00e9\\n\"", "\"\\u00e9\\n\""},
  {"", NULL},
  {" ", NULL},
  {"{", NULL},
  {"}", NULL},
  {"{\"a\"}", NULL},
  {"{\"a\":}", NULL},
  {"{\"a\":1,}", NULL},
  {"{a:1}", NULL},
  {"{'a':1}", NULL},
  {"[1 2]", NULL},
  {"[1,]", NULL},
  {"1 2", NULL},
  {"01", NULL},
  {"1.", NULL},
  {".5", NULL},
  {"+1", NULL},
  {"-", NULL},
  {"1e", NULL},
  {"NaN", NULL},
  {"tru", NULL},
  {"nulll", NULL},
  {"\"a", NULL},
  {"\"\\x\"", NULL},
  {"\"\\u12g4\"", NULL},
  {"\"a\nb\"", NULL},
  {"/* c */ 1", NULL},
  {"var a = 1;", NULL},
};

GST_START_TEST (test_json_stays_json_and_on_one_line)
{
  for (guint i = 0; i < G_N_ELEMENTS (documents); i++) {
    const gchar *values[] = { documents[i].value, "end" };
    g_autoptr (GstTDengineRows) rows =
        sheet_make_column (GST_TDENGINE_TYPE_VARCHAR, "v", values);
    g_autofree gchar *as_text = encode (rows);

    if (documents[i].json) {
      assert_value (GST_TDENGINE_TYPE_JSON, documents[i].value,
          documents[i].json);
      continue;
    }
    /* a string, as a VARCHAR would be */
    as_text[strlen (as_text) - 2] = 0;
    assert_value (GST_TDENGINE_TYPE_JSON, documents[i].value,
        as_text + strlen ("{\"v\":"));
  }
}

GST_END_TEST;

static gchar *
nest (guint depth)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append_c (text, '[');
  for (guint i = 0; i < depth; i++)
    g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

GST_START_TEST (test_json_nested_without_end_is_a_string)
{
  g_autofree gchar *deep = nest (64);
  g_autofree gchar *too_deep = nest (65);
  g_autofree gchar *absurd = nest (30000);
  g_autofree gchar *quoted = g_strdup_printf ("\"%s\"", too_deep);
  g_autofree gchar *absurd_quoted = g_strdup_printf ("\"%s\"", absurd);

  assert_value (GST_TDENGINE_TYPE_JSON, deep, deep);
  assert_value (GST_TDENGINE_TYPE_JSON, too_deep, quoted);
  assert_value (GST_TDENGINE_TYPE_JSON, absurd, absurd_quoted);
}

GST_END_TEST;

GST_START_TEST (test_numbers_are_bare_but_what_json_lacks_is_null)
{
  assert_value (GST_TDENGINE_TYPE_BIGINT, "-9223372036854775808",
      "-9223372036854775808");
  assert_value (GST_TDENGINE_TYPE_UBIGINT, "18446744073709551615",
      "18446744073709551615");
  assert_value (GST_TDENGINE_TYPE_BOOL, "1", "true");
  assert_value (GST_TDENGINE_TYPE_FLOAT, "50.3", "50.3");
  assert_value (GST_TDENGINE_TYPE_FLOAT, "nan", "null");
  assert_value (GST_TDENGINE_TYPE_DOUBLE, "inf", "null");
  assert_value (GST_TDENGINE_TYPE_DOUBLE, "-inf", "null");
  assert_value (GST_TDENGINE_TYPE_DOUBLE, "-0.0", "-0");
}

GST_END_TEST;

GST_START_TEST (test_times_and_binary_are_strings)
{
  assert_value (GST_TDENGINE_TYPE_TIMESTAMP, "1734635565642",
      "\"2024-12-19T19:12:45.642Z\"");
  assert_value (GST_TDENGINE_TYPE_TIMESTAMP, "9223372036854775807",
      "\"9223372036854775807\"");
  assert_value (GST_TDENGINE_TYPE_VARBINARY, "\x01\xff", "\"01ff\"");
  assert_value (GST_TDENGINE_TYPE_BLOB, "", "\"\"");
}

GST_END_TEST;

GST_START_TEST (test_keys_are_unique_and_escaped)
{
  static const gchar *const names[] =
      { "a", "a_1", "a", "a", "b\"\n", "", "b\"\n", "a_1" };
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++) {
    GstTDengineColumn column = { (gchar *) names[i], GST_TDENGINE_TYPE_INT };
    gst_tdengine_schema_append (schema, &column, NULL);
  }
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    gst_tdengine_rows_builder_append_int64 (builder, i, i, NULL);
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_builder_end (builder, NULL);
  g_autofree gchar *text = encode (rows);
  assert_equals_string (text, "{\"a\":0,\"a_1\":1,\"a_2\":2,\"a_3\":3,"
      "\"b\\\"\\n\":4,\"\":5,\"b\\\"\\n_1\":6,\"a_1_1\":7}\n");
}

GST_END_TEST;

/* rest.jsonl's reply to the same statement, with keys; its data are another
 * writing of the same rows by the server itself */
GST_START_TEST (test_recorded_rows_are_as_the_rest_interface_writes_them)
{
  static const gchar *const lines[] = {
    "{\"ts\":\"2024-12-19T19:12:45.642123456Z\",\"c_bool\":true,\"c_tiny\":-1,"
        "\"c_small\":-2,\"c_int\":-3,\"c_big\":-4,\"c_utiny\":250,"
        "\"c_usmall\":65000,\"c_uint\":4000000000,"
        "\"c_ubig\":18000000000000000000,\"c_float\":1.5,\"c_double\":-2.25,"
        "\"c_bin\":\"hello\",\"c_nchar\":\"你好😀\",\"c_varb\":\"0102ff\","
        "\"c_geo\":\"0101000000000000000000f03f0000000000000040\","
        "\"c_dec64\":\"123.45\","
        "\"c_dec128\":\"12345678901234567890.0123456789\","
        "\"t_json\":{\"k\":\"v\",\"n\":1}}",
    "{\"ts\":\"2024-12-19T19:12:46.000000000Z\",\"c_bool\":null,"
        "\"c_tiny\":null,\"c_small\":null,\"c_int\":null,\"c_big\":null,"
        "\"c_utiny\":null,\"c_usmall\":null,\"c_uint\":null,\"c_ubig\":null,"
        "\"c_float\":null,\"c_double\":null,\"c_bin\":null,\"c_nchar\":null,"
        "\"c_varb\":null,\"c_geo\":null,\"c_dec64\":null,\"c_dec128\":null,"
        "\"t_json\":{\"k\":\"v\",\"n\":1}}",
    "{\"ts\":\"2024-12-19T19:12:47.000000000Z\",\"c_bool\":false,"
        "\"c_tiny\":127,\"c_small\":32767,\"c_int\":2147483647,"
        "\"c_big\":9223372036854775807,\"c_utiny\":0,\"c_usmall\":0,"
        "\"c_uint\":0,\"c_ubig\":0,\"c_float\":-3.4e+38,"
        "\"c_double\":1.7e+308,\"c_bin\":\"\",\"c_nchar\":\"\","
        "\"c_varb\":\"\",\"c_geo\":\"01020000000200000000000000000000000000000"
        "000000000000000000000f03f000000000000f03f\","
        "\"c_dec64\":\"-99999999.99\",\"c_dec128\":\"-0.0000000001\","
        "\"t_json\":{\"k\":\"v\",\"n\":1}}",
  };
  g_autoptr (GPtrArray) blocks = transcript_load_blocks ("types.jsonl");
  const TranscriptBlock *block =
      transcript_find_block (blocks, "select * from st order by ts");
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_new_from_bytes (block->schema, block->block, NULL);

  g_autofree gchar *text = encode (rows);
  g_auto (GStrv) found = g_strsplit (text, "\n", -1);
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++)
    assert_equals_string (found[i], lines[i]);
}

GST_END_TEST;

GST_START_TEST (test_no_rows_are_nothing)
{
  g_autoptr (GstTDengineRows) rows = sheet_make_rows ();
  GstHarness *h = new_harness (rows);

  gst_harness_push_event (h, gst_event_new_eos ());
  assert_equals_int (gst_harness_buffers_in_queue (h), 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_keys_change_with_the_columns)
{
  static const gchar *const values[] = { "1", "end" };
  g_autoptr (GstTDengineRows) before =
      sheet_make_column (GST_TDENGINE_TYPE_INT, "v", values);
  g_autoptr (GstTDengineRows) after =
      sheet_make_column (GST_TDENGINE_TYPE_VARCHAR, "w", values);
  GstHarness *h = new_harness (before);

  gst_harness_push (h, gst_buffer_ref (gst_tdengine_rows_get_buffer (before)));
  gst_harness_set_src_caps (h,
      gst_tdengine_schema_to_caps (gst_tdengine_rows_get_schema (after)));
  gst_harness_push (h, gst_buffer_ref (gst_tdengine_rows_get_buffer (after)));
  g_autofree gchar *before_text = pull_text (h);
  g_autofree gchar *after_text = pull_text (h);
  assert_equals_string (before_text, "{\"v\":1}\n");
  assert_equals_string (after_text, "{\"w\":\"1\"}\n");
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
jsonenc_suite (void)
{
  Suite *suite = suite_create ("jsonenc");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_text_is_escaped);
  tcase_add_test (tests, test_bytes_that_are_not_utf8_are_replaced);
  tcase_add_test (tests, test_a_zero_byte_is_escaped);
  tcase_add_test (tests, test_json_stays_json_and_on_one_line);
  tcase_add_test (tests, test_json_nested_without_end_is_a_string);
  tcase_add_test (tests, test_numbers_are_bare_but_what_json_lacks_is_null);
  tcase_add_test (tests, test_times_and_binary_are_strings);
  tcase_add_test (tests, test_keys_are_unique_and_escaped);
  tcase_add_test (tests,
      test_recorded_rows_are_as_the_rest_interface_writes_them);
  tcase_add_test (tests, test_no_rows_are_nothing);
  tcase_add_test (tests, test_keys_change_with_the_columns);
  return suite;
}

GST_CHECK_MAIN (jsonenc);
