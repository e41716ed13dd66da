/* state file: what is kept of a source from one run to the next
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <string.h>

#include "gsttdengineerror.h"
#include "gsttdenginestatefile.h"

/* sha256sum of "select * from meters", a NUL, "ts < 5", a NUL */
#define FINGERPRINT \
  "aec7da5db9c31fddc13b75816f8819defdb19d1ed3fd0c69c8b1d398866d6945"

#define WHOLE \
  "{\n" \
  "  \"format\" : \"gst-tdengine state 1\",\n" \
  "  \"fingerprint\" : \"" FINGERPRINT "\",\n" \
  "  \"parts\" : {\n" \
  "    \"0\" : {\n" \
  "      \"done\" : true,\n" \
  "      \"position\" : 1734635565642,\n" \
  "      \"rows\" : 12\n" \
  "    },\n" \
  "    \"ts \\\"a\\\" < 5\" : {\n" \
  "      \"done\" : false,\n" \
  "      \"position\" : -9223372036854775808,\n" \
  "      \"rows\" : 9223372036854775807\n" \
  "    }\n" \
  "  }\n" \
  "}"

static gchar *directory;
static gchar *path;

static void
set_up (void)
{
  directory = g_dir_make_tmp ("state-XXXXXX", NULL);
  path = g_build_filename (directory, "state.json", NULL);
}

static void
tear_down (void)
{
  g_unlink (path);
  g_rmdir (directory);
  g_clear_pointer (&path, g_free);
  g_clear_pointer (&directory, g_free);
}

static void
write_file (const gchar * text, gssize size)
{
  g_autoptr (GError) error = NULL;

  g_file_set_contents_full (path, text, size, G_FILE_SET_CONTENTS_NONE, 0600,
      &error);
  g_assert_no_error (error);
}

static void
assert_part (GstTDengineState * state, const gchar * name, gboolean done,
    gint64 position, guint64 n_rows)
{
  const GstTDengineStatePart *part = gst_tdengine_state_get (state, name);

  fail_unless (part);
  fail_unless_equals_int (part->done, done);
  fail_unless_equals_int64 (part->position, position);
  fail_unless_equals_uint64 (part->n_rows, n_rows);
}

GST_START_TEST (test_what_is_saved_is_loaded)
{
  const GstTDengineStatePart first = { FALSE, 5, 1 };
  const GstTDengineStatePart done = { TRUE, 1734635565642, 12 };
  const GstTDengineStatePart extreme = { FALSE, G_MININT64, G_MAXINT64 };
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineState) state =
      gst_tdengine_state_load (path, FINGERPRINT, &error);

  g_assert_no_error (error);
  fail_if (gst_tdengine_state_get (state, "0"));
  gst_tdengine_state_set (state, "0", &first);
  gst_tdengine_state_save (state, &error);
  g_assert_no_error (error);
  gst_tdengine_state_set (state, "ts \"a\" < 5", &extreme);
  gst_tdengine_state_set (state, "0", &done);
  gst_tdengine_state_save (state, &error);
  g_assert_no_error (error);

  g_autofree gchar *text = NULL;
  g_file_get_contents (path, &text, NULL, NULL);
  fail_unless_equals_string (text, WHOLE);
  g_autoptr (GstTDengineState) loaded =
      gst_tdengine_state_load (path, FINGERPRINT, &error);
  g_assert_no_error (error);
  assert_part (loaded, "0", TRUE, 1734635565642, 12);
  assert_part (loaded, "ts \"a\" < 5", FALSE, G_MININT64, G_MAXINT64);
  fail_if (gst_tdengine_state_get (loaded, "1"));
}

GST_END_TEST;

GST_START_TEST (test_a_fingerprint_is_of_texts_and_their_order)
{
  static const gchar *const texts[] =
      { "select * from meters", "ts < 5", NULL };
  static const gchar *const joined[] = { "select * from metersts < 5", NULL };
  static const gchar *const turned[] = { "ts < 5", "select * from meters",
    NULL
  };
  g_autofree gchar *right = gst_tdengine_state_make_fingerprint (texts);
  g_autofree gchar *one = gst_tdengine_state_make_fingerprint (joined);
  g_autofree gchar *other = gst_tdengine_state_make_fingerprint (turned);

  fail_unless_equals_string (right, FINGERPRINT);
  fail_if (g_str_equal (one, FINGERPRINT));
  fail_if (g_str_equal (other, FINGERPRINT));
}

GST_END_TEST;

static void
assert_refused (const gchar * fingerprint, const gchar * words)
{
  g_autoptr (GError) error = NULL;

  fail_if (gst_tdengine_state_load (path, fingerprint, &error));
  fail_unless (g_error_matches (error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_INVALID_VALUE));
  fail_unless (strstr (error->message, path), "%s", error->message);
  fail_unless (strstr (error->message, words), "\"%s\" lacks \"%s\"",
      error->message, words);
}

GST_START_TEST (test_a_file_of_another_query_is_refused)
{
  write_file (WHOLE, -1);
  assert_refused ("another", "of another query");
}

GST_END_TEST;

GST_START_TEST (test_a_file_that_was_cut_is_refused)
{
  for (gsize size = 0; size < strlen (WHOLE); size++) {
    write_file (WHOLE, size);
    assert_refused (FINGERPRINT, "is broken: it is no JSON");
  }
}

GST_END_TEST;

GST_START_TEST (test_a_file_that_is_nested_too_deep_is_refused)
{
  g_autofree gchar *arrays = g_strnfill (1000000, '[');

  write_file (arrays, -1);
  assert_refused (FINGERPRINT, "nested too deep");
}

GST_END_TEST;

#define BEGIN "{\"format\": \"gst-tdengine state 1\", \"fingerprint\": \"" \
  FINGERPRINT "\", "

static const struct
{
  const gchar *text;
  const gchar *words;
} broken[] = {
  {"[1, 2]", "no JSON object"},
  {"\xff\xfe", "no JSON"},
  {"{\"name\": \"gst\", \"version\": \"1.0\"}", "expected the format"},
  {"{\"format\": \"gst-tdengine state 2\"}", "expected the format"},
  {"{\"format\": \"gst-tdengine state 1\"}", "expected a fingerprint"},
  {"{\"format\": \"gst-tdengine state 1\", \"fingerprint\": 5}",
      "expected a fingerprint"},
  {BEGIN "\"part\": {}}", "expected parts"},
  {BEGIN "\"parts\": []}", "expected parts"},
  {BEGIN "\"parts\": {\"0\": true}}", "a part is no object"},
  {BEGIN "\"parts\": {\"0\": {\"done\": true, \"position\": 1}}}",
      "expected done, position and rows"},
  {BEGIN "\"parts\": {\"0\": {\"done\": 1, \"position\": 1, \"rows\": 1}}}",
      "expected done, position and rows"},
  {BEGIN "\"parts\": {\"0\": {\"done\": true, \"position\": 1.5, "
        "\"rows\": 1}}}", "expected done, position and rows"},
  {BEGIN "\"parts\": {\"0\": {\"done\": true, \"position\": 1, "
        "\"rows\": -1}}}", "expected done, position and rows"},
};

GST_START_TEST (test_a_broken_file_is_refused)
{
  write_file (broken[__i__].text, -1);
  assert_refused (FINGERPRINT, broken[__i__].words);
}

GST_END_TEST;

GST_START_TEST (test_what_can_not_be_opened_is_told)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *below = g_build_filename (path, "below", NULL);

  /* no directory, nor one to make a file in */
  write_file (WHOLE, -1);
  fail_if (gst_tdengine_state_load (below, FINGERPRINT, &error));
  fail_unless (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOTDIR));
  g_clear_error (&error);
  g_unlink (path);
  g_autoptr (GstTDengineState) state =
      gst_tdengine_state_load (below, FINGERPRINT, &error);
  g_assert_no_error (error);
  fail_if (gst_tdengine_state_save (state, &error));
  fail_unless (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT));
}

GST_END_TEST;

/* who reads the old one meanwhile reads all of it, as would the next start */
GST_START_TEST (test_a_save_puts_another_file_in_its_place)
{
  const GstTDengineStatePart part = { TRUE, 1, 1 };
  g_autoptr (GError) error = NULL;
  gchar text[sizeof WHOLE] = "";

  write_file (WHOLE, -1);
  FILE *old = g_fopen (path, "r");
  g_autoptr (GstTDengineState) state =
      gst_tdengine_state_load (path, FINGERPRINT, NULL);
  gst_tdengine_state_set (state, "1", &part);
  gst_tdengine_state_save (state, &error);
  g_assert_no_error (error);
  fail_unless_equals_int (fread (text, 1, sizeof text, old), strlen (WHOLE));
  fail_unless_equals_string (text, WHOLE);
  fclose (old);
  g_autoptr (GstTDengineState) loaded =
      gst_tdengine_state_load (path, FINGERPRINT, NULL);
  assert_part (loaded, "0", TRUE, 1734635565642, 12);
  assert_part (loaded, "1", TRUE, 1, 1);
}

GST_END_TEST;

static Suite *
statefile_suite (void)
{
  Suite *suite = suite_create ("state file");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_test (tc, test_what_is_saved_is_loaded);
  tcase_add_test (tc, test_a_fingerprint_is_of_texts_and_their_order);
  tcase_add_test (tc, test_a_file_of_another_query_is_refused);
  tcase_add_test (tc, test_a_file_that_was_cut_is_refused);
  tcase_add_test (tc, test_a_file_that_is_nested_too_deep_is_refused);
  tcase_add_loop_test (tc, test_a_broken_file_is_refused, 0,
      G_N_ELEMENTS (broken));
  tcase_add_test (tc, test_what_can_not_be_opened_is_told);
  tcase_add_test (tc, test_a_save_puts_another_file_in_its_place);
  return suite;
}

GST_CHECK_MAIN (statefile);
