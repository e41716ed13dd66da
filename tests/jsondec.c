/* jsondec: the element tdenginejsondec
 *
 * What it shares with the other decoder is in csvdec.c.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "decoder.h"
#include "sheet.h"

#define CAPS "application/x-tdengine-rows,precision=(string)ms," \
    "columns=(structure)<[column,name=v,type=INT],[column,name=s,type=VARCHAR]>"
#define CAPS_OF(type) "application/x-tdengine-rows,precision=(string)ms," \
    "columns=(structure)<[column,name=v,type=" type "]>"

static const struct
{
  const gchar *text;
  const gchar *expected;
} texts[] = {
  {"{\"v\":1,\"s\":\"a\"}\n{\"v\":2,\"s\":\"b\"}\n", "1|a;2|b;"},
  {"{\"v\":1,\"s\":\"a\"}\r\n{\"v\":2,\"s\":\"b\"}", "1|a;2|b;"},
  {"\xef\xbb\xbf{\"v\":1}\n", "1|NULL;"},
  {"\n  \n\t{ \"s\" : \"a\" , \"v\" : 1 } \n\n", "1|a;"},
  {"{\"x\":[1,{\"v\":2}],\"v\":1,\"y\":\"\\ud800\"}\n", "1|NULL;"},
  {"{}\n", "NULL|NULL;"},
  {"{\"v\":null,\"s\":\"null\"}\n", "NULL|null;"},
  {"{\"v\":\"1\",\"s\":\"\"}\n", "1|;"},
  {"{\"v\":1,\"v\":2}\n", "2|NULL;"},
  {"{\"v\":1,\"v\":null}\n", "NULL|NULL;"},
  {"{\"\\u0076\":1,\"\\u0073\":\"a\"}\n", "1|a;"},
  {"{\"s\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e9\\ud83d\\ude00z\"}\n",
      "NULL|\"\\/\b\f\n\r\té😀z;"},
  {"{\"s\":12.50}\n{\"s\":true}\n{\"s\":{\"a\": [1]}}\n",
      "NULL|12.50;NULL|true;NULL|{\"a\": [1]};"},
};

GST_START_TEST (test_lines_become_rows_in_any_parts)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    for (gsize part = 1; part < 80; part = 2 * part + 1) {
      GstHarness *h = decoder_new ("tdenginejsondec", CAPS);

      fail_unless (decoder_push_in_parts (h, texts[i].text,
              strlen (texts[i].text), part), "%s", texts[i].text);
      g_autofree gchar *found = decoder_end (h);
      assert_equals_string (found, texts[i].expected);
      gst_harness_teardown (h);
    }
  }
}

GST_END_TEST;

static const struct
{
  const gchar *text;
  const gchar *words;
} errors[] = {
  {"{\"v\":1}\n{\"v\":x}\n", "Line 2: It is not valid JSON from byte 5 on"},
  {"{\"v\":1", "Line 1: It is not valid JSON from byte 6 on"},
  {"{\"v\":1,}", "not valid JSON"},
  {"{,}", "not valid JSON"},
  {"{\"v\" 1}", "not valid JSON"},
  {"{\"v\":}", "not valid JSON"},
  {"{v:1}", "not valid JSON"},
  {"{\"v\":1}}", "not valid JSON"},
  {"{\"v\":1} x", "not valid JSON"},
  {"{\"v\":01}", "not valid JSON"},
  {"{\"v\":+1}", "not valid JSON"},
  {"{\"v\":NaN}", "not valid JSON"},
  {"{\"s\":\"\\x\"}", "not valid JSON"},
  {"{\"s\":\"\\u12g4\"}", "not valid JSON"},
  {"{\"s\":\"a\tb\"}", "not valid JSON"},
  {"{\"s\":\"\xff\"}", "no JSON object in UTF-8"},
  {"[1]", "no JSON object"},
  {"1", "no JSON object"},
  {"{\"s\":\"\\ud800\"}", "half a surrogate pair"},
  {"{\"s\":\"\\ude00\\ud800\"}", "half a surrogate pair"},
  {"{\"s\":\"\\ud800\\u0041\"}", "half a surrogate pair"},
  {"{\"v\":1.5}", "\"1.5\" does not fit column \"v\" of type INT"},
  {"{\"v\":true}", "\"true\" does not fit"},
  {"{\"v\":{}}", "\"{}\" does not fit"},
  {"{\"v\":\"\"}", "\"\" does not fit"},
};

GST_START_TEST (test_what_is_wrong_is_said)
{
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    decoder_assert_error ("tdenginejsondec", CAPS, errors[i].text,
        errors[i].words);
}

GST_END_TEST;

/* 64 levels are taken, and no number of them is too much for the stack */
GST_START_TEST (test_depth_is_bounded)
{
  static const guint depths[] = { 63, 64, 100000 };

  for (guint i = 0; i < G_N_ELEMENTS (depths); i++) {
    g_autofree gchar *open = g_strnfill (depths[i], '[');
    g_autofree gchar *close = g_strnfill (depths[i], ']');
    g_autofree gchar *text =
        g_strdup_printf ("{\"x\":%s%s,\"v\":1}\n{\"v\":2}\n", open, close);

    decoder_assert_rows ("tdenginejsondec on-error=skip", CAPS, text,
        depths[i] < 64 ? "1|NULL;2|NULL;" : "2|NULL;");
  }
}

GST_END_TEST;

GST_START_TEST (test_numbers_are_exact)
{
  decoder_assert_rows ("tdenginejsondec", CAPS_OF ("\"BIGINT UNSIGNED\""),
      "{\"v\":18446744073709551615}\n", "18446744073709551615;");
  decoder_assert_rows ("tdenginejsondec", CAPS_OF ("BIGINT"),
      "{\"v\":-9223372036854775808}\n", "-9223372036854775808;");
  decoder_assert_rows ("tdenginejsondec",
      CAPS_OF ("DECIMAL,digits=38,scale=10"),
      "{\"v\":1234567890123456789012345678.0123456789}\n"
      "{\"v\":\"-0.0000000001\"}\n",
      "1234567890123456789012345678.0123456789;-0.0000000001;");
}

GST_END_TEST;

GST_START_TEST (test_json_columns_have_the_value_itself)
{
  decoder_assert_rows ("tdenginejsondec", CAPS_OF ("JSON"),
      "{\"v\":{\"a\":[1,\"b\"]}}\n{\"v\":\"\\u00e9\"}\n{\"v\":null}\n",
      "{\"a\":[1,\"b\"]};\"\\u00e9\";NULL;");
}

GST_END_TEST;

GST_START_TEST (test_columns_are_guessed_when_told_so)
{
  GstHarness *h = decoder_new ("tdenginejsondec guess=true", NULL);
  static const gchar text[] =
      "{\"ts\":1734628365642,\"i\":1,\"d\":2,\"b\":true,\"n\":null}\n"
      "{\"ts\":\"2024-12-19\",\"d\":2.5,\"s\":\"12\",\"o\":{\"a\":1}}\n";

  decoder_push (h, text, strlen (text));
  g_autofree gchar *rows = decoder_end (h);
  assert_equals_string (rows,
      "2024-12-19T17:12:45.642Z|1|2|true|NULL|NULL|NULL;"
      "2024-12-19T00:00:00.000Z|NULL|2.5|NULL|NULL|12|{\"a\":1};");
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (h->sinkpad);
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new_from_caps (caps, NULL);
  static const GstTDengineType types[] = {
    GST_TDENGINE_TYPE_TIMESTAMP, GST_TDENGINE_TYPE_BIGINT,
    GST_TDENGINE_TYPE_DOUBLE, GST_TDENGINE_TYPE_BOOL,
    GST_TDENGINE_TYPE_VARCHAR, GST_TDENGINE_TYPE_VARCHAR,
    GST_TDENGINE_TYPE_VARCHAR,
  };
  assert_equals_int (gst_tdengine_schema_get_n_columns (schema),
      G_N_ELEMENTS (types));
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    assert_equals_int (gst_tdengine_schema_get_column (schema, i)->type,
        types[i]);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_nothing_to_guess_from_is_nothing)
{
  decoder_assert_rows ("tdenginejsondec guess=true", NULL, " \n\n", "");
  decoder_assert_error ("tdenginejsondec guess=true", NULL, "{}\n",
      "The columns are not clear: No line names any");
}

GST_END_TEST;

/* Of every type. JSON has no word for NaN and infinities, and the encoder
 * writes JSON columns without the space between tokens. */
GST_START_TEST (test_what_the_encoder_writes_comes_back)
{
  g_autoptr (GstTDengineRows) rows = sheet_make_rows ();
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_ref (gst_tdengine_rows_get_schema (rows));
  g_autoptr (GstCaps) caps = gst_tdengine_schema_to_caps (schema);
  GstHarness *h = gst_harness_new_parse ("tdenginejsonenc ! tdenginejsondec");
  guint n_columns = gst_tdengine_schema_get_n_columns (schema);
  guint n_same = 0;

  gst_harness_set_sink_caps (h, gst_caps_ref (caps));
  gst_harness_set_src_caps (h, gst_caps_ref (caps));
  gst_harness_push (h, gst_buffer_ref (gst_tdengine_rows_get_buffer (rows)));
  gst_harness_push_event (h, gst_event_new_eos ());
  g_autoptr (GstTDengineRows) found = decoder_pull_rows (h);
  fail_unless (found != NULL);
  assert_equals_int (gst_tdengine_rows_get_n_rows (found),
      gst_tdengine_rows_get_n_rows (rows));
  for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++) {
    for (guint i = 0; i < n_columns; i++) {
      GstTDengineType type = gst_tdengine_schema_get_column (schema, i)->type;
      g_autofree gchar *a = gst_tdengine_rows_get_text (rows, i, row);
      g_autofree gchar *b = gst_tdengine_rows_get_text (found, i, row);
      gsize a_size, b_size;
      const guint8 *a_data = gst_tdengine_rows_get_data (rows, i, row, &a_size);
      const guint8 *b_data =
          gst_tdengine_rows_get_data (found, i, row, &b_size);

      if (type == GST_TDENGINE_TYPE_JSON || g_strcmp0 (a, "inf") == 0
          || g_strcmp0 (a, "nan") == 0)
        continue;
      assert_equals_string (a, b);
      assert_equals_int (a_size, b_size);
      fail_unless (a_size == 0 || memcmp (a_data, b_data, a_size) == 0);
      n_same++;
    }
  }
  assert_equals_int (n_same, 5 * (n_columns - 1) - 2);
  gst_harness_teardown (h);
}

GST_END_TEST;

static const gchar seed_text[] = "\xef\xbb\xbf{\"ts\":1,\"v\":-2.5e3}\r\n"
    "{\"v\":\"\\ud83d\\ude00\\n\",\"s\":[1,{\"a\":null}]}\n\n"
    "{ \"s\" : true , \"\\u0076\" : 7 }\n{\"v\":18446744073709551616}";

static void
mutate (GRand * rand, GString * text)
{
  static const gchar bytes[] = "\"\\{}[]:,\n\r\xff\0u0ed8-.tfn";
  gint n = g_rand_int_range (rand, 1, 6);

  for (gint i = 0; i < n && text->len > 0; i++) {
    gsize at = g_rand_int_range (rand, 0, text->len);

    switch (g_rand_int_range (rand, 0, 3)) {
      case 0:
        g_string_erase (text, at, at + n < text->len ? n : 1);
        break;
      case 1:
        text->str[at] = bytes[g_rand_int_range (rand, 0, sizeof bytes - 1)];
        break;
      default:
        g_string_insert_c (text, at, bytes[g_rand_int_range (rand, 0,
                    sizeof bytes - 1)]);
        break;
    }
  }
}

static gchar *
decode_in_parts (const gchar * element, const GString * text, gsize part)
{
  GstHarness *h =
      decoder_new (element, strstr (element, "guess") ? NULL : CAPS);

  decoder_push_in_parts (h, text->str, text->len, part);
  g_autofree gchar *rows = decoder_end (h);
  gchar *result = g_strdup_printf ("%s %" G_GUINT64_FORMAT " %"
      G_GUINT64_FORMAT " %" G_GUINT64_FORMAT, rows,
      decoder_get_stat (h, "lines"), decoder_get_stat (h, "rows"),
      decoder_get_stat (h, "bad-lines"));
  gst_harness_teardown (h);
  return result;
}

GST_START_TEST (test_broken_text_is_the_same_in_any_parts)
{
  static const gchar *const elements[] = {
    "tdenginejsondec on-error=skip max-line-size=50",
    "tdenginejsondec guess=true on-error=skip max-line-size=50",
  };
  const gchar *rounds = g_getenv ("FUZZ_ROUNDS");
  g_autoptr (GRand) rand = g_rand_new_with_seed (20241219);

  for (guint64 i = 0; i < (rounds ? g_ascii_strtoull (rounds, NULL, 10) : 200);
      i++) {
    g_autoptr (GString) text =
        g_string_new_len (seed_text, sizeof seed_text - 1);
    const gchar *element = elements[i % G_N_ELEMENTS (elements)];

    mutate (rand, text);
    g_autofree gchar *whole = decode_in_parts (element, text, 1000);
    g_autofree gchar *parts = decode_in_parts (element, text,
        g_rand_int_range (rand, 1, 20));
    fail_unless (g_str_equal (whole, parts), "round %" G_GUINT64_FORMAT
        ": \"%s\"\n\"%s\"", i, whole, parts);
  }
}

GST_END_TEST;

static Suite *
jsondec_suite (void)
{
  Suite *s = suite_create ("jsondec");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_lines_become_rows_in_any_parts);
  tcase_add_test (tc, test_what_is_wrong_is_said);
  tcase_add_test (tc, test_depth_is_bounded);
  tcase_add_test (tc, test_numbers_are_exact);
  tcase_add_test (tc, test_json_columns_have_the_value_itself);
  tcase_add_test (tc, test_columns_are_guessed_when_told_so);
  tcase_add_test (tc, test_nothing_to_guess_from_is_nothing);
  tcase_add_test (tc, test_what_the_encoder_writes_comes_back);
  tcase_add_test (tc, test_broken_text_is_the_same_in_any_parts);
  return s;
}

GST_CHECK_MAIN (jsondec);
