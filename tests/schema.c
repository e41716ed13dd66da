/* schema: columns to caps and back
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gst/tdengine/gsttdengineerror.h>
#include <gst/tdengine/gsttdengineschema.h>

/* taos.h, and what a row holds */
static const struct
{
  guint type;
  const gchar *name, *row_type;
  guint width, prefix;
  guint digits;
} every_type[] = {
  {1, "BOOL", "bool", 1, 0, 0},
  {2, "TINYINT", "int8", 1, 0, 0},
  {3, "SMALLINT", "int16", 2, 0, 0},
  {4, "INT", "int32", 4, 0, 0},
  {5, "BIGINT", "int64", 8, 0, 0},
  {6, "FLOAT", "float", 4, 0, 0},
  {7, "DOUBLE", "double", 8, 0, 0},
  {8, "VARCHAR", "utf8", 0, 2, 0},
  {9, "TIMESTAMP", "timestamp", 8, 0, 0},
  {10, "NCHAR", "utf8", 0, 2, 0},
  {11, "TINYINT UNSIGNED", "uint8", 1, 0, 0},
  {12, "SMALLINT UNSIGNED", "uint16", 2, 0, 0},
  {13, "INT UNSIGNED", "uint32", 4, 0, 0},
  {14, "BIGINT UNSIGNED", "uint64", 8, 0, 0},
  {15, "JSON", "utf8", 0, 2, 0},
  {16, "VARBINARY", "binary", 0, 2, 0},
  {17, "DECIMAL", "decimal", 16, 0, 38},
  {18, "BLOB", "binary", 0, 4, 0},
  {20, "GEOMETRY", "binary", 0, 2, 0},
  {21, "DECIMAL", "decimal", 8, 0, 18},
};

GST_START_TEST (test_every_type_is_as_the_server_numbers_it)
{
  for (guint i = 0; i < G_N_ELEMENTS (every_type); i++) {
    GstTDengineType type = every_type[i].type;

    fail_unless (gst_tdengine_type_is_known (type));
    assert_equals_string (gst_tdengine_type_get_name (type),
        every_type[i].name);
    assert_equals_string (gst_tdengine_type_get_row_type (type),
        every_type[i].row_type);
    assert_equals_int (gst_tdengine_type_get_width (type), every_type[i].width);
    assert_equals_int (gst_tdengine_type_get_prefix (type),
        every_type[i].prefix);
    assert_equals_int (gst_tdengine_type_from_name (every_type[i].name,
            every_type[i].digits), type);
  }
}

GST_END_TEST;

GST_START_TEST (test_other_numbers_and_names_are_no_type)
{
  static const gint unknown[] = { 0, 19, 22, 255, -1, G_MAXINT };

  for (guint i = 0; i < G_N_ELEMENTS (unknown); i++)
    fail_if (gst_tdengine_type_is_known (unknown[i]));
  assert_equals_int (gst_tdengine_type_from_name ("STRING", 0), 0);
  assert_equals_int (gst_tdengine_type_from_name ("", 0), 0);
  assert_equals_int (gst_tdengine_type_from_name ("binary", 0),
      GST_TDENGINE_TYPE_VARCHAR);
  assert_equals_int (gst_tdengine_type_from_name ("int unsigned", 0),
      GST_TDENGINE_TYPE_UINT);
}

GST_END_TEST;

static void
append (GstTDengineSchema * schema, const gchar * name, GstTDengineType type,
    guint length, guint digits, guint scale)
{
  GstTDengineColumn column = { (gchar *) name, type, length, digits, scale };

  fail_unless (gst_tdengine_schema_append (schema, &column, NULL));
}

/* to caps, to text, to caps, to a schema */
static void
assert_survives_caps (GstTDengineSchema * schema)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstCaps) caps = gst_tdengine_schema_to_caps (schema);
  fail_unless (gst_caps_is_fixed (caps));

  g_autofree gchar *text = gst_caps_to_string (caps);
  g_autoptr (GstCaps) parsed = gst_caps_from_string (text);
  fail_unless (parsed != NULL, "no caps: %s", text);
  fail_unless (gst_caps_is_equal (caps, parsed));

  g_autoptr (GstTDengineSchema) back =
      gst_tdengine_schema_new_from_caps (parsed, &error);
  g_assert_no_error (error);
  fail_unless (gst_tdengine_schema_equal (schema, back), "differs: %s", text);
}

GST_START_TEST (test_every_type_survives_caps)
{
  for (guint precision = 0; precision < 3; precision++) {
    g_autoptr (GstTDengineSchema) schema = gst_tdengine_schema_new (precision);

    for (guint i = 0; i < G_N_ELEMENTS (every_type); i++)
      append (schema, every_type[i].row_type, every_type[i].type,
          every_type[i].width ? 0 : 10 + i, every_type[i].digits,
          every_type[i].digits / 2);
    assert_survives_caps (schema);
  }
}

GST_END_TEST;

GST_START_TEST (test_odd_names_survive_caps)
{
  static const gchar *const names[] = {
    "", " ", "a b", "\"quoted\"", "it's", "back\\slash", "`tick`", "温度",
    "température", "😀", "a,b;c", "<[(x)]>", "count(*)", "t_json->'k'",
    "name=(int)5", "(string)x", "tab\there", "line\nbreak", "true", "5", "{1}",
    "0x10", "NULL", "$1",
  };
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    append (schema, names[i], GST_TDENGINE_TYPE_INT, 0, 0, 0);
  assert_survives_caps (schema);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    assert_equals_int (gst_tdengine_schema_find (schema, names[i]), i);
  assert_equals_int (gst_tdengine_schema_find (schema, "A B"), -1);
}

GST_END_TEST;

GST_START_TEST (test_caps_are_as_documented)
{
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_US);
  append (schema, "ts", GST_TDENGINE_TYPE_TIMESTAMP, 0, 0, 0);
  append (schema, "location", GST_TDENGINE_TYPE_VARCHAR, 64, 0, 0);
  append (schema, "price", GST_TDENGINE_TYPE_DECIMAL, 0, 20, 4);

  g_autoptr (GstCaps) caps = gst_tdengine_schema_to_caps (schema);
  g_autoptr (GstCaps) expected =
      gst_caps_from_string ("application/x-tdengine-rows, "
      "precision=(string)us, columns=(structure)<"
      "[column, name=(string)ts, type=(string)TIMESTAMP, "
      "row-type=(string)timestamp], "
      "[column, name=(string)location, type=(string)VARCHAR, "
      "row-type=(string)utf8, length=(int)64], "
      "[column, name=(string)price, type=(string)DECIMAL, "
      "row-type=(string)decimal, digits=(int)20, scale=(int)4]>");
  fail_unless (gst_caps_is_equal (caps, expected));
}

GST_END_TEST;

GST_START_TEST (test_digits_choose_between_the_decimals)
{
  static const struct
  {
    GstTDengineType type;
    guint digits, scale;
    gboolean fits;
  } decimals[] = {
    {GST_TDENGINE_TYPE_DECIMAL64, 1, 0, TRUE},
    {GST_TDENGINE_TYPE_DECIMAL64, 18, 18, TRUE},
    {GST_TDENGINE_TYPE_DECIMAL, 19, 0, TRUE},
    {GST_TDENGINE_TYPE_DECIMAL, 38, 38, TRUE},
    {GST_TDENGINE_TYPE_DECIMAL64, 0, 0, FALSE},
    {GST_TDENGINE_TYPE_DECIMAL64, 19, 0, FALSE},
    {GST_TDENGINE_TYPE_DECIMAL64, 10, 11, FALSE},
    {GST_TDENGINE_TYPE_DECIMAL, 0, 0, FALSE},
    {GST_TDENGINE_TYPE_DECIMAL, 18, 0, FALSE},
    {GST_TDENGINE_TYPE_DECIMAL, 39, 0, FALSE},
    {GST_TDENGINE_TYPE_DECIMAL, 38, 39, FALSE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (decimals); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GstTDengineSchema) schema =
        gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);
    GstTDengineColumn column = { (gchar *) "d", decimals[i].type, 0,
      decimals[i].digits, decimals[i].scale
    };

    assert_equals_int (gst_tdengine_schema_append (schema, &column, &error),
        decimals[i].fits);
    if (decimals[i].fits)
      assert_survives_caps (schema);
    else
      g_assert_error (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_INVALID_VALUE);
  }
}

GST_END_TEST;

GST_START_TEST (test_digits_of_no_decimal_are_dropped)
{
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);

  append (schema, "v", GST_TDENGINE_TYPE_VARCHAR, 8, 10, 2);
  assert_equals_int (gst_tdengine_schema_get_column (schema, 0)->digits, 0);
  assert_equals_int (gst_tdengine_schema_get_column (schema, 0)->scale, 0);
}

GST_END_TEST;

GST_START_TEST (test_caps_of_other_things_are_refused)
{
#define COLUMNS(columns) "application/x-tdengine-rows, precision=ms, columns=" \
    columns
  static const struct
  {
    const gchar *caps;
    gint code;
  } bad[] = {
    {"EMPTY", GST_TDENGINE_ERROR_INVALID_VALUE},
    {"ANY", GST_TDENGINE_ERROR_INVALID_VALUE},
    {"video/x-raw", GST_TDENGINE_ERROR_INVALID_VALUE},
    {"application/x-tdengine-rows", GST_TDENGINE_ERROR_INVALID_VALUE},
    {"application/x-tdengine-rows, precision=ms",
        GST_TDENGINE_ERROR_INVALID_VALUE},
    {"application/x-tdengine-rows, precision=s, columns=(structure)<"
          "[column, name=a, type=INT]>", GST_TDENGINE_ERROR_INVALID_VALUE},
    {"application/x-tdengine-rows, precision=5, columns=(structure)<"
          "[column, name=a, type=INT]>", GST_TDENGINE_ERROR_INVALID_VALUE},
    {"application/x-tdengine-rows, columns=(structure)<"
          "[column, name=a, type=INT]>", GST_TDENGINE_ERROR_INVALID_VALUE},
    {COLUMNS ("(structure)[column, name=a, type=INT]"),
        GST_TDENGINE_ERROR_INVALID_VALUE},
    {COLUMNS ("<>"), GST_TDENGINE_ERROR_INVALID_VALUE},
    {COLUMNS ("<1, 2>"), GST_TDENGINE_ERROR_INVALID_VALUE},
    {COLUMNS ("(structure)<[column, type=INT]>"),
        GST_TDENGINE_ERROR_INVALID_VALUE},
    {COLUMNS ("(structure)<[column, name=a]>"),
        GST_TDENGINE_ERROR_INVALID_VALUE},
    {COLUMNS ("(structure)<[column, name=(int)5, type=INT]>"),
        GST_TDENGINE_ERROR_INVALID_VALUE},
    {COLUMNS ("(structure)<[column, name=a, type=DECIMAL]>"),
        GST_TDENGINE_ERROR_INVALID_VALUE},
    {COLUMNS ("(structure)<[column, name=a, type=DECIMAL, digits=(int)-1]>"),
        GST_TDENGINE_ERROR_INVALID_VALUE},
    {COLUMNS ("(structure)<[column, name=a, type=STRING]>"),
        GST_TDENGINE_ERROR_UNKNOWN_TYPE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (bad); i++) {
    g_autoptr (GError) error = NULL;
    g_autoptr (GstCaps) caps = gst_caps_from_string (bad[i].caps);
    fail_unless (caps != NULL, "no caps: %s", bad[i].caps);

    fail_if (gst_tdengine_schema_new_from_caps (caps, &error), "taken: %s",
        bad[i].caps);
    g_assert_error (error, GST_TDENGINE_ERROR, bad[i].code);
  }
}

GST_END_TEST;

GST_START_TEST (test_4096_columns_are_the_most)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_NS);
  GstTDengineColumn one_more = { (gchar *) "x", GST_TDENGINE_TYPE_INT };

  for (guint i = 0; i < 4096; i++) {
    g_autofree gchar *name = g_strdup_printf ("c%u", i);
    append (schema, name, every_type[i % 15].type, 0, 0, 0);
  }
  assert_survives_caps (schema);
  fail_if (gst_tdengine_schema_append (schema, &one_more, &error));
  g_assert_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE);
  assert_equals_int (gst_tdengine_schema_get_n_columns (schema), 4096);
}

GST_END_TEST;

GST_START_TEST (test_schemas_differ_in_each_of_their_parts)
{
  static const struct
  {
    GstTDenginePrecision precision;
    GstTDengineColumn column;
  } others[] = {
    {0, {(gchar *) "d", GST_TDENGINE_TYPE_DECIMAL64, 0, 10, 2}},
    {1, {(gchar *) "d", GST_TDENGINE_TYPE_DECIMAL64, 0, 10, 2}},
    {0, {(gchar *) "e", GST_TDENGINE_TYPE_DECIMAL64, 0, 10, 2}},
    {0, {(gchar *) "d", GST_TDENGINE_TYPE_DECIMAL64, 0, 11, 2}},
    {0, {(gchar *) "d", GST_TDENGINE_TYPE_DECIMAL64, 0, 10, 3}},
    {0, {(gchar *) "d", GST_TDENGINE_TYPE_VARCHAR, 5, 0, 0}},
    {0, {(gchar *) "d", GST_TDENGINE_TYPE_VARCHAR, 6, 0, 0}},
  };

  for (guint i = 0; i < G_N_ELEMENTS (others); i++) {
    for (guint j = 0; j < G_N_ELEMENTS (others); j++) {
      g_autoptr (GstTDengineSchema) a =
          gst_tdengine_schema_new (others[i].precision);
      g_autoptr (GstTDengineSchema) b =
          gst_tdengine_schema_new (others[j].precision);

      fail_unless (gst_tdengine_schema_append (a, &others[i].column, NULL));
      fail_if (gst_tdengine_schema_equal (a, b));
      fail_unless (gst_tdengine_schema_append (b, &others[j].column, NULL));
      assert_equals_int (gst_tdengine_schema_equal (a, b), i == j);
    }
  }
}

GST_END_TEST;

static Suite *
schema_suite (void)
{
  Suite *suite = suite_create ("schema");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_every_type_is_as_the_server_numbers_it);
  tcase_add_test (tests, test_other_numbers_and_names_are_no_type);
  tcase_add_test (tests, test_every_type_survives_caps);
  tcase_add_test (tests, test_odd_names_survive_caps);
  tcase_add_test (tests, test_caps_are_as_documented);
  tcase_add_test (tests, test_digits_choose_between_the_decimals);
  tcase_add_test (tests, test_digits_of_no_decimal_are_dropped);
  tcase_add_test (tests, test_caps_of_other_things_are_refused);
  tcase_add_test (tests, test_4096_columns_are_the_most);
  tcase_add_test (tests, test_schemas_differ_in_each_of_their_parts);
  return suite;
}

GST_CHECK_MAIN (schema);
