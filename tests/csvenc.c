/* csvenc: the element tdenginecsvenc
 *
 * What its output is to other programs is for encoders.py to say.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

#include "sheet.h"

static GstHarness *
new_harness (const gchar * launch)
{
  GstHarness *h = gst_harness_new_parse (launch);

  gst_harness_set_sink_caps_str (h, "text/csv");
  return h;
}

static void
set_caps_of (GstHarness * h, GstTDengineRows * rows)
{
  gst_harness_set_src_caps (h,
      gst_tdengine_schema_to_caps (gst_tdengine_rows_get_schema (rows)));
}

static GstFlowReturn
push (GstHarness * h, GstTDengineRows * rows)
{
  return gst_harness_push (h,
      gst_buffer_ref (gst_tdengine_rows_get_buffer (rows)));
}

static void
assert_buffer (GstHarness * h, const gchar * expected)
{
  g_autoptr (GstBuffer) buffer = gst_harness_try_pull (h);
  GstMapInfo map;

  fail_unless (buffer != NULL, "no buffer where %s was expected", expected);
  gst_buffer_map (buffer, &map, GST_MAP_READ);
  g_autofree gchar *text = g_strndup ((gchar *) map.data, map.size);
  gst_buffer_unmap (buffer, &map);
  assert_equals_string (text, expected);
}

static GstTDengineRows *
make_numbers (const gchar * name)
{
  static const gchar *const numbers[] = { "1", NULL, "3", "end" };

  return sheet_make_column (GST_TDENGINE_TYPE_INT, name, numbers);
}

GST_START_TEST (test_header_comes_once)
{
  g_autoptr (GstTDengineRows) rows = make_numbers ("v");
  GstHarness *h = new_harness ("tdenginecsvenc");

  set_caps_of (h, rows);
  assert_equals_int (push (h, rows), GST_FLOW_OK);
  assert_equals_int (push (h, rows), GST_FLOW_OK);
  assert_buffer (h, "v\n1\n\n3\n");
  assert_buffer (h, "1\n\n3\n");
  gst_harness_push_event (h, gst_event_new_eos ());
  assert_equals_int (gst_harness_buffers_in_queue (h), 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_header_can_be_left_out)
{
  g_autoptr (GstTDengineRows) rows = make_numbers ("v");
  GstHarness *h = new_harness ("tdenginecsvenc header=false");

  set_caps_of (h, rows);
  push (h, rows);
  assert_buffer (h, "1\n\n3\n");
  gst_harness_push_event (h, gst_event_new_eos ());
  assert_equals_int (gst_harness_buffers_in_queue (h), 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_no_rows_are_a_header)
{
  g_autoptr (GstTDengineRows) rows = make_numbers ("v");
  GstHarness *h = new_harness ("tdenginecsvenc");

  set_caps_of (h, rows);
  gst_harness_push_event (h, gst_event_new_eos ());
  assert_buffer (h, "v\n");
  gst_harness_teardown (h);
}

GST_END_TEST;

/* as a source does that ends before its first buffer */
GST_START_TEST (test_no_rows_without_a_segment_are_a_header)
{
  g_autoptr (GstTDengineRows) rows = make_numbers ("v");
  g_autoptr (GstCaps) caps =
      gst_tdengine_schema_to_caps (gst_tdengine_rows_get_schema (rows));
  GstHarness *h = new_harness ("tdenginecsvenc");

  gst_harness_push_event (h, gst_event_new_stream_start ("id"));
  gst_harness_push_event (h, gst_event_new_caps (caps));
  gst_harness_push_event (h, gst_event_new_eos ());
  assert_buffer (h, "v\n");
  g_autoptr (GstEvent) segment =
      gst_pad_get_sticky_event (h->sinkpad, GST_EVENT_SEGMENT, 0);
  fail_unless (segment != NULL);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_other_columns_bring_another_header)
{
  static const gchar *const text[] = { "x", "end" };
  g_autoptr (GstTDengineRows) before = make_numbers ("v");
  g_autoptr (GstTDengineRows) after = make_numbers ("w");
  g_autoptr (GstTDengineRows) same_name =
      sheet_make_column (GST_TDENGINE_TYPE_VARCHAR, "w", text);
  GstHarness *h = new_harness ("tdenginecsvenc");

  set_caps_of (h, before);
  push (h, before);
  set_caps_of (h, after);
  push (h, after);
  set_caps_of (h, same_name);
  push (h, same_name);
  assert_buffer (h, "v\n1\n\n3\n");
  assert_buffer (h, "w\n1\n\n3\n");
  assert_buffer (h, "x\n");
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_header_comes_again_after_a_flush)
{
  g_autoptr (GstTDengineRows) rows = make_numbers ("v");
  GstHarness *h = new_harness ("tdenginecsvenc");
  GstSegment segment;

  set_caps_of (h, rows);
  push (h, rows);
  assert_buffer (h, "v\n1\n\n3\n");
  gst_harness_push_event (h, gst_event_new_flush_start ());
  assert_equals_int (push (h, rows), GST_FLOW_FLUSHING);
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  push (h, rows);
  assert_buffer (h, "v\n1\n\n3\n");
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_header_comes_again_after_a_restart)
{
  g_autoptr (GstTDengineRows) rows = make_numbers ("v");
  GstHarness *h = new_harness ("tdenginecsvenc");

  for (guint i = 0; i < 2; i++) {
    GstSegment segment;

    set_caps_of (h, rows);
    gst_segment_init (&segment, GST_FORMAT_TIME);
    gst_harness_push_event (h, gst_event_new_segment (&segment));
    push (h, rows);
    assert_buffer (h, "v\n1\n\n3\n");
    gst_element_set_state (h->element, GST_STATE_NULL);
    gst_element_set_state (h->element, GST_STATE_PLAYING);
    gst_harness_push_event (h, gst_event_new_stream_start ("again"));
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_what_a_buffer_says_of_itself_stays)
{
  static const gchar *tags[] = { NULL };
  g_autoptr (GstTDengineRows) rows = make_numbers ("v");
  GstHarness *h = new_harness ("tdenginecsvenc");
  g_autoptr (GstBuffer) in =
      gst_buffer_copy_deep (gst_tdengine_rows_get_buffer (rows));

  gst_meta_register_custom ("TestOriginMeta", tags, NULL, NULL, NULL);
  gst_structure_set (gst_custom_meta_get_structure (gst_buffer_add_custom_meta
          (in, "TestOriginMeta")), "table", G_TYPE_STRING, "d1001", NULL);
  GST_BUFFER_PTS (in) = 5 * GST_SECOND;
  GST_BUFFER_DURATION (in) = 2 * GST_SECOND;
  GST_BUFFER_OFFSET (in) = 10;
  GST_BUFFER_OFFSET_END (in) = 13;
  GST_BUFFER_FLAG_SET (in, GST_BUFFER_FLAG_DISCONT);

  set_caps_of (h, rows);
  gst_harness_push (h, g_steal_pointer (&in));
  g_autoptr (GstBuffer) out = gst_harness_pull (h);
  assert_equals_uint64 (GST_BUFFER_PTS (out), 5 * GST_SECOND);
  assert_equals_uint64 (GST_BUFFER_DURATION (out), 2 * GST_SECOND);
  assert_equals_uint64 (GST_BUFFER_OFFSET (out), 10);
  assert_equals_uint64 (GST_BUFFER_OFFSET_END (out), 13);
  fail_unless (GST_BUFFER_IS_DISCONT (out));
  GstCustomMeta *meta = gst_buffer_get_custom_meta (out, "TestOriginMeta");
  fail_unless (meta != NULL);
  assert_equals_string (gst_structure_get_string
      (gst_custom_meta_get_structure (meta), "table"), "d1001");
  gst_harness_teardown (h);
}

GST_END_TEST;

static const struct
{
  const gchar *value, *field;
} fields[] = {
  {NULL, ""},
  {"", "\"\""},
  {"a", "a"},
  {" ", "\" \""},
  {"a b", "a b"},
  {" a", "\" a\""},
  {"a ", "\"a \""},
  {"a,b", "\"a,b\""},
  {"\"", "\"\"\"\""},
  {"a\"\"b", "\"a\"\"\"\"b\""},
  {"a\nb", "\"a\nb\""},
  {"a\rb", "\"a\rb\""},
  {"a;b\tc", "a;b\tc"},
  {"\xff\xfe", "\xff\xfe"},
};

GST_START_TEST (test_fields_are_quoted_where_they_must_be)
{
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    const gchar *values[] = { fields[i].value, "end" };
    g_autoptr (GstTDengineRows) rows =
        sheet_make_column (GST_TDENGINE_TYPE_VARCHAR, "v", values);
    g_autofree gchar *line = g_strdup_printf ("%s\n", fields[i].field);
    GstHarness *h = new_harness ("tdenginecsvenc header=false");

    set_caps_of (h, rows);
    push (h, rows);
    assert_buffer (h, line);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (test_delimiters_that_can_not_work_are_refused)
{
  static const struct
  {
    const gchar *delimiter;
    gboolean works;
  } delimiters[] = {
    {";", TRUE}, {"\t", TRUE}, {" ", TRUE}, {"|", TRUE}, {NULL, FALSE},
    {"", FALSE}, {",,", FALSE}, {"\"", FALSE}, {"\n", FALSE}, {"é", FALSE},
  };

  for (guint i = 0; i < G_N_ELEMENTS (delimiters); i++) {
    g_autoptr (GstElement) enc =
        gst_object_ref_sink (gst_element_factory_make ("tdenginecsvenc", NULL));
    g_autoptr (GstBus) bus = gst_bus_new ();

    gst_element_set_bus (enc, bus);
    g_object_set (enc, "delimiter", delimiters[i].delimiter, NULL);
    assert_equals_int (gst_element_set_state (enc, GST_STATE_PAUSED) ==
        GST_STATE_CHANGE_SUCCESS, delimiters[i].works);
    g_autoptr (GstMessage) message =
        gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    assert_equals_int (message == NULL, delimiters[i].works);
    gst_element_set_state (enc, GST_STATE_NULL);
    gst_element_set_bus (enc, NULL);
  }
}

GST_END_TEST;

static gint
pop_error_code (GstBus * bus, GQuark domain, gint code)
{
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  g_autoptr (GError) error = NULL;
  const GstStructure *details;
  gint tdengine_code = 0;

  fail_unless (message != NULL);
  gst_message_parse_error (message, &error, NULL);
  g_assert_error (error, domain, code);
  gst_message_parse_error_details (message, &details);
  fail_unless (gst_structure_get_int (details, "tdengine-code",
          &tdengine_code));
  return tdengine_code;
}

GST_START_TEST (test_a_broken_block_is_an_error)
{
  g_autoptr (GstTDengineRows) rows = make_numbers ("v");
  GstHarness *h = new_harness ("tdenginecsvenc");
  g_autoptr (GstBus) bus = gst_bus_new ();

  gst_element_set_bus (h->element, bus);
  set_caps_of (h, rows);
  assert_equals_int (gst_harness_push (h,
          gst_buffer_copy_region (gst_tdengine_rows_get_buffer (rows),
              GST_BUFFER_COPY_ALL, 0, 40)), GST_FLOW_ERROR);
  assert_equals_int (pop_error_code (bus, GST_STREAM_ERROR,
          GST_STREAM_ERROR_DECODE), GST_TDENGINE_ERROR_BLOCK);
  assert_equals_int (gst_harness_buffers_in_queue (h), 0);
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_caps_without_columns_are_an_error)
{
  g_autoptr (GstTDengineRows) rows = make_numbers ("v");
  GstHarness *h = new_harness ("tdenginecsvenc");
  g_autoptr (GstBus) bus = gst_bus_new ();

  gst_element_set_bus (h->element, bus);
  gst_harness_set_src_caps_str (h, "application/x-tdengine-rows, precision=ms");
  assert_equals_int (pop_error_code (bus, GST_CORE_ERROR,
          GST_CORE_ERROR_NEGOTIATION), GST_TDENGINE_ERROR_INVALID_VALUE);
  assert_equals_int (push (h, rows), GST_FLOW_NOT_NEGOTIATED);
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_rows_without_caps_are_not_negotiated)
{
  g_autoptr (GstTDengineRows) rows = make_numbers ("v");
  GstHarness *h = new_harness ("tdenginecsvenc");
  GstSegment segment;

  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_harness_push_event (h, gst_event_new_stream_start ("rows"));
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  assert_equals_int (push (h, rows), GST_FLOW_NOT_NEGOTIATED);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_downstream_that_wants_no_csv_is_not_negotiated)
{
  g_autoptr (GstTDengineRows) rows = make_numbers ("v");
  GstHarness *h = new_harness ("tdenginecsvenc");

  gst_harness_set_sink_caps_str (h, "text/plain");
  set_caps_of (h, rows);
  assert_equals_int (push (h, rows), GST_FLOW_NOT_NEGOTIATED);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_events_pass_and_no_latency_is_added)
{
  g_autoptr (GstTDengineRows) rows = make_numbers ("v");
  GstHarness *h = new_harness ("tdenginecsvenc");
  GstSegment segment;

  set_caps_of (h, rows);
  push (h, rows);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  segment.start = segment.time = 7 * GST_SECOND;
  fail_unless (gst_harness_push_event (h, gst_event_new_segment (&segment)));
  fail_unless (gst_harness_push_event (h,
          gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
              gst_structure_new_empty ("tdengine-test"))));
  gboolean seen = FALSE, moved = FALSE;
  for (GstEvent * event; (event = gst_harness_try_pull_event (h));
      gst_event_unref (event)) {
    const GstSegment *passed;

    seen |= gst_event_has_name (event, "tdengine-test");
    if (GST_EVENT_TYPE (event) != GST_EVENT_SEGMENT)
      continue;
    gst_event_parse_segment (event, &passed);
    moved |= passed->start == 7 * GST_SECOND;
  }
  fail_unless (seen);
  fail_unless (moved);
  gst_harness_set_upstream_latency (h, 3 * GST_SECOND);
  assert_equals_uint64 (gst_harness_query_latency (h), 3 * GST_SECOND);
  gst_harness_teardown (h);
}

GST_END_TEST;

static Suite *
csvenc_suite (void)
{
  Suite *suite = suite_create ("csvenc");
  TCase *tests = tcase_create ("general");

  suite_add_tcase (suite, tests);
  tcase_add_test (tests, test_header_comes_once);
  tcase_add_test (tests, test_header_can_be_left_out);
  tcase_add_test (tests, test_no_rows_are_a_header);
  tcase_add_test (tests, test_no_rows_without_a_segment_are_a_header);
  tcase_add_test (tests, test_other_columns_bring_another_header);
  tcase_add_test (tests, test_header_comes_again_after_a_flush);
  tcase_add_test (tests, test_header_comes_again_after_a_restart);
  tcase_add_test (tests, test_what_a_buffer_says_of_itself_stays);
  tcase_add_test (tests, test_fields_are_quoted_where_they_must_be);
  tcase_add_test (tests, test_delimiters_that_can_not_work_are_refused);
  tcase_add_test (tests, test_a_broken_block_is_an_error);
  tcase_add_test (tests, test_caps_without_columns_are_an_error);
  tcase_add_test (tests, test_rows_without_caps_are_not_negotiated);
  tcase_add_test (tests, test_downstream_that_wants_no_csv_is_not_negotiated);
  tcase_add_test (tests, test_events_pass_and_no_latency_is_added);
  return suite;
}

GST_CHECK_MAIN (csvenc);
