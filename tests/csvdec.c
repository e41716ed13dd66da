/* csvdec: the element tdenginecsvdec, and what both decoders share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/check/gstcheck.h>
#include <string.h>

#include "decoder.h"
#include "sheet.h"

#define COLUMN(name, type) "[column,name=" name ",type=" type "]"
#define CAPS(columns) "application/x-tdengine-rows,precision=(string)ms," \
    "columns=(structure)<" columns ">"
#define V COLUMN ("v", "INT")
#define S COLUMN ("s", "VARCHAR")
#define TS COLUMN ("ts", "TIMESTAMP")

/* what stands in the text, and what rows it makes */
static const struct
{
  const gchar *element;
  const gchar *text;
  const gchar *expected;
} texts[] = {
  {"tdenginecsvdec", "v,s\n1,a\n2,b\n", "1|a;2|b;"},
  {"tdenginecsvdec", "v,s\r\n1,a\r\n2,b\r\n", "1|a;2|b;"},
  {"tdenginecsvdec", "v,s\n1,a\n2,b", "1|a;2|b;"},
  {"tdenginecsvdec", "v,s\n1,a\n2,\"b\"", "1|a;2|b;"},
  {"tdenginecsvdec", "v,s\n1,a\n\n\r\n2,b\n\n", "1|a;2|b;"},
  {"tdenginecsvdec", "\xef\xbb\xbfv,s\n1,a\n", "1|a;"},
  {"tdenginecsvdec", "\xef\xbb\xbf\"v\",\"s\"\n1,a\n", "1|a;"},
  {"tdenginecsvdec", "s,v\na,1\n", "1|a;"},
  {"tdenginecsvdec", "x,s,y,v\n9,a,,1\n", "1|a;"},
  {"tdenginecsvdec", "v,s\n,\n1,\"\"\n", "NULL|NULL;1|;"},
  {"tdenginecsvdec", "v,s\n1,\"a,b\"\n", "1|a,b;"},
  {"tdenginecsvdec", "v,s\n1,\"a\nb\r\nc\"\n2,b\n", "1|a\nb\r\nc;2|b;"},
  {"tdenginecsvdec", "v,s\n1,\"\"\"a\"\"\"\n", "1|\"a\";"},
  {"tdenginecsvdec", "v,s\n1,\"\"\"\"\n", "1|\";"},
  {"tdenginecsvdec", "v,s\n\"1\",5\" pipe\n", "1|5\" pipe;"},
  {"tdenginecsvdec", "v,s\n 1 , a \n", "1| a ;"},
  {"tdenginecsvdec", "v,s\n1,\rb\n", "1|\rb;"},
  {"tdenginecsvdec", "v,s\n", ""},
  {"tdenginecsvdec", "", ""},
  {"tdenginecsvdec delimiter=;", "v;s\n1;a,b\n", "1|a,b;"},
  {"tdenginecsvdec delimiter=\"\t\"", "v\ts\n1\ta\n", "1|a;"},
  {"tdenginecsvdec delimiter=1", "v1s\n\"1\"1a\n", "1|a;"},
  {"tdenginecsvdec header=false", "1,a\n2,b\n", "1|a;2|b;"},
  {"tdenginecsvdec header=false columns=s,v", "a,1\nb,2\n", "1|a;2|b;"},
  {"tdenginecsvdec columns=s,v", "some,words\na,1\n", "1|a;"},
  {"tdenginecsvdec null-text=\"\\\"NULL\\\"\"",
        "v,s\nNULL,NULL\n1,\"NULL\"\n2,\n",
      "NULL|NULL;1|NULL;2|;"},
  {"tdenginecsvdec null-text=\"\\\\N\"", "v,s\n\\N,\\N\n", "NULL|NULL;"},
  {"tdenginecsvdec on-error=skip", "v,s\n1\n2,a,b\nx,a\n3,a\n", "3|a;"},
  {"tdenginecsvdec on-error=skip", "v,s\n,\"a\"b\n3,a\n", "3|a;"},
  /* a quote that opens by mistake costs its own line, not those behind */
  {"tdenginecsvdec on-error=skip", "v,s\n1,\"a\n2,b\n3,c", "2|b;3|c;"},
  {"tdenginecsvdec on-error=skip", "v,s\n1,\"a\n2,b\n3,\"c\"\n4,d\n",
      "2|b;3|c;4|d;"},
};

GST_START_TEST (test_lines_become_rows)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    decoder_assert_rows (texts[i].element, CAPS (V "," S), texts[i].text,
        texts[i].expected);
}

GST_END_TEST;

GST_START_TEST (test_lines_come_in_any_parts)
{
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++) {
    for (gsize part = 1; part < 9; part = 2 * part + 1) {
      GstHarness *h = decoder_new (texts[i].element, CAPS (V "," S));

      fail_unless (decoder_push_in_parts (h, texts[i].text,
              strlen (texts[i].text), part), "%s", texts[i].text);
      g_autofree gchar *found = decoder_end (h);
      assert_equals_string (found, texts[i].expected);
      gst_harness_teardown (h);
    }
  }
}

GST_END_TEST;

GST_START_TEST (test_an_empty_line_of_one_column_is_a_null)
{
  decoder_assert_rows ("tdenginecsvdec", CAPS (V), "v\n1\n\n2\n", "1;NULL;2;");
  decoder_assert_rows ("tdenginecsvdec header=false", CAPS (V), "1\n\n2\n",
      "1;NULL;2;");
}

GST_END_TEST;

static const struct
{
  const gchar *element;
  const gchar *caps;
  const gchar *text;
  const gchar *words;
} errors[] = {
  {"tdenginecsvdec", CAPS (V "," S), "v,s\n1,a\n2\n",
      "Line 3: Expected 2 fields but there are 1"},
  {"tdenginecsvdec", CAPS (V "," S), "v,s\n1,a,b,c\n",
      "Line 2: Expected 2 fields but there are 4"},
  {"tdenginecsvdec", CAPS (V "," S), "v,s\n1,\"a\n\"\nx,b\n",
      "Line 4: \"x\" does not fit column \"v\" of type INT"},
  {"tdenginecsvdec", CAPS (V "," S), "v,s\n1,\"a\n", "Line 2: A quote has no"},
  {"tdenginecsvdec", CAPS (V "," S), "v,s\n1,\"a\" \n",
      "Line 2: Text follows the quote"},
  {"tdenginecsvdec", CAPS (V "," S), "v\n1\n",
      "The caps have a column \"s\", which the text lacks"},
  {"tdenginecsvdec", CAPS (V), "v,\n1,2\n",
      "Line 1: The name of column 2 is empty"},
  {"tdenginecsvdec", CAPS (V), "v,\xff\n1,2\n",
      "Line 1: The name of column 2 is not UTF-8"},
  {"tdenginecsvdec on-error=skip", CAPS (V), "\"v\n1\n", "Line 1: A quote has"},
  {"tdenginecsvdec", NULL, "v\n1\n", "Nobody says what the columns are"},
  {"tdenginecsvdec guess=true header=false", NULL, "1\n",
      "the columns property has to name them"},
  {"tdenginecsvdec max-line-size=8", CAPS (V "," S), "v,s\n1,aaaaaa\n",
      "Line 2: It has more than 8 bytes"},
};

GST_START_TEST (test_what_is_wrong_is_said)
{
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    decoder_assert_error (errors[i].element, errors[i].caps, errors[i].text,
        errors[i].words);
}

GST_END_TEST;

static const struct
{
  const gchar *properties;
  const gchar *words;
} settings[] = {
  {"delimiter=ab", "one ASCII character"},
  {"columns=a,,b", "The name of column 2 is empty"},
  {"timezone=Nowhere/Atall", "no time zone \"Nowhere/Atall\""},
  {"precision=s", "has to be ms, us or ns"},
  {"on-error=reject", "the pad rejects has to be linked"},
};

GST_START_TEST (test_settings_that_can_not_work_are_refused)
{
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++) {
    g_autofree gchar *line =
        g_strdup_printf ("tdenginecsvdec %s", settings[i].properties);
    g_autoptr (GstElement) element = gst_parse_launch (line, NULL);
    g_autoptr (GstBus) bus = gst_bus_new ();
    g_autoptr (GError) error = NULL;

    gst_object_ref_sink (element);
    gst_element_set_bus (element, bus);
    assert_equals_int (gst_element_set_state (element, GST_STATE_PAUSED),
        GST_STATE_CHANGE_FAILURE);
    g_autoptr (GstMessage) message =
        gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    fail_unless (message != NULL);
    gst_message_parse_error (message, &error, NULL);
    fail_unless (strstr (error->message, settings[i].words), "%s",
        error->message);
    gst_element_set_state (element, GST_STATE_NULL);
    gst_element_set_bus (element, NULL);
  }
}

GST_END_TEST;

GST_START_TEST (test_rows_before_a_bad_line_are_not_lost)
{
  GstHarness *h = decoder_new ("tdenginecsvdec", CAPS (V));

  assert_equals_int (decoder_push (h, "v\n1\n2\nx\n3\n", 10), GST_FLOW_ERROR);
  g_autofree gchar *found = decoder_pull_text (h);
  assert_equals_string (found, "1;2;");
  /* and no end that would make a part look whole */
  gst_harness_push_event (h, gst_event_new_eos ());
  fail_if (GST_PAD_IS_EOS (h->sinkpad));
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_caps_property_says_the_columns)
{
  GstHarness *h = gst_harness_new ("tdenginecsvdec");
  g_autoptr (GstCaps) caps = gst_caps_from_string (CAPS (V "," S));

  g_object_set (h->element, "caps", caps, NULL);
  gst_harness_set_src_caps_str (h, "text/csv");
  decoder_push (h, "s,v\na,1\n", 8);
  g_autofree gchar *found = decoder_end (h);
  assert_equals_string (found, "1|a;");
  gst_harness_teardown (h);
}

GST_END_TEST;

static const struct
{
  const gchar *element;
  const gchar *text;
  const gchar *columns;         /* name:type(length) */
  const gchar *rows;
} guesses[] = {
  {"tdenginecsvdec guess=true",
        "ts,i,d,b,s,t,n,m\n"
        "1734628365642,1,1,true,a,2024-12-19T17:12:45.642Z,,1\n"
        "1734628365643,-9223372036854775808,1.5,false,1,2024-12-19,,x\n",
        "ts:TIMESTAMP(0) i:BIGINT(0) d:DOUBLE(0) b:BOOL(0) s:VARCHAR(64) "
        "t:TIMESTAMP(0) n:VARCHAR(64) m:VARCHAR(64) ",
      "2024-12-19T17:12:45.642Z|1|1|true|a|2024-12-19T17:12:45.642Z|NULL|1;"
        "2024-12-19T17:12:45.643Z|-9223372036854775808|1.5|false|1|"
        "2024-12-19T00:00:00.000Z|NULL|x;"},
  {"tdenginecsvdec guess=true",
        "tbname,ts,big\nd1,2024-12-19T17:12:45.642Z,9223372036854775808\n",
        "tbname:VARCHAR(64) ts:TIMESTAMP(0) big:DOUBLE(0) ",
      "d1|2024-12-19T17:12:45.642Z|9.223372036854776e+18;"},
  {"tdenginecsvdec guess=true", "s\n01234567890123456789x\n",
      "s:VARCHAR(84) ", "01234567890123456789x;"},
  {"tdenginecsvdec guess=true precision=us", "ts\n1734628365642123\n",
      "ts:TIMESTAMP(0) ", "2024-12-19T17:12:45.642123Z;"},
  {"tdenginecsvdec guess=true header=false columns=a,b", "x,1\n",
      "a:VARCHAR(64) b:BIGINT(0) ", "x|1;"},
  {"tdenginecsvdec guess=true on-error=skip", "a,b\nx\ny,1\n",
      "a:VARCHAR(64) b:BIGINT(0) ", "y|1;"},
};

static gchar *
describe_columns (GstHarness * h)
{
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (h->sinkpad);
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new_from_caps (caps, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    const GstTDengineColumn *column =
        gst_tdengine_schema_get_column (schema, i);

    g_string_append_printf (text, "%s:%s(%u) ", column->name,
        gst_tdengine_type_get_name (column->type), column->length);
  }
  return g_string_free (text, FALSE);
}

GST_START_TEST (test_columns_are_guessed_when_told_so)
{
  for (guint i = 0; i < G_N_ELEMENTS (guesses); i++) {
    GstHarness *h = decoder_new (guesses[i].element, NULL);

    fail_unless (decoder_push_in_parts (h, guesses[i].text,
            strlen (guesses[i].text), 7));
    g_autofree gchar *rows = decoder_end (h);
    g_autofree gchar *columns = describe_columns (h);
    assert_equals_string (columns, guesses[i].columns);
    assert_equals_string (rows, guesses[i].rows);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

GST_START_TEST (test_a_guess_waits_for_no_more_than_it_needs)
{
  GstHarness *h = decoder_new ("tdenginecsvdec guess=true rows-per-buffer=1",
      NULL);
  g_autoptr (GString) text = g_string_new ("v\n");

  while (text->len < 64 * 1024)
    g_string_append (text, "1\n");
  decoder_push (h, text->str, text->len);
  assert_equals_int (gst_harness_buffers_in_queue (h), 0);
  decoder_push (h, "1\n", 2);
  fail_unless (gst_harness_buffers_in_queue (h) > 0);
  /* a value that the guess did not see coming is a bad one */
  assert_equals_int (decoder_push (h, "x\n", 2), GST_FLOW_ERROR);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_caps_go_before_a_guess)
{
  decoder_assert_rows ("tdenginecsvdec guess=true", CAPS (S), "s\n1\n", "1;");
}

GST_END_TEST;

GST_START_TEST (test_buffers_have_so_many_rows)
{
  static const guint n_rows[] = { 2, 2, 1 };
  GstHarness *h = decoder_new ("tdenginecsvdec rows-per-buffer=2", CAPS (V));

  decoder_push (h, "v\n1\n2\n3\n4\n5\n", 12);
  assert_equals_int (gst_harness_buffers_in_queue (h), 2);
  gst_harness_push_event (h, gst_event_new_eos ());
  for (guint i = 0; i < 3; i++) {
    g_autoptr (GstTDengineRows) rows = decoder_pull_rows (h);

    fail_unless (rows != NULL);
    assert_equals_int (gst_tdengine_rows_get_n_rows (rows), n_rows[i]);
  }
  gst_harness_teardown (h);
}

GST_END_TEST;

static void
assert_segment (GstHarness * h, guint64 start, guint64 base)
{
  g_autoptr (GstEvent) event =
      gst_pad_get_sticky_event (h->sinkpad, GST_EVENT_SEGMENT, 0);
  const GstSegment *segment;

  gst_event_parse_segment (event, &segment);
  assert_equals_int (segment->format, GST_FORMAT_TIME);
  assert_equals_uint64 (segment->start, start);
  assert_equals_uint64 (segment->time, 0);
  assert_equals_uint64 (segment->base, base);
}

static void
assert_stamps (GstHarness * h, guint64 pts, guint64 duration, guint64 offset)
{
  g_autoptr (GstBuffer) buffer = gst_harness_try_pull (h);

  fail_unless (buffer != NULL);
  assert_equals_uint64 (GST_BUFFER_PTS (buffer), pts);
  assert_equals_uint64 (GST_BUFFER_DURATION (buffer), duration);
  assert_equals_uint64 (GST_BUFFER_OFFSET (buffer), offset);
  assert_equals_int (GST_BUFFER_IS_DISCONT (buffer), offset == 0);
}

GST_START_TEST (test_buffers_have_the_times_of_their_rows)
{
  GstHarness *h = decoder_new ("tdenginecsvdec rows-per-buffer=2", CAPS (TS));

  decoder_push (h, "ts\n5000\n5010\n", 13);
  assert_stamps (h, 5000 * GST_MSECOND, 10 * GST_MSECOND, 0);
  assert_segment (h, 5000 * GST_MSECOND, 0);
  /* before the segment: another one, and running time goes on */
  decoder_push (h, "1000\n1020\n", 10);
  assert_stamps (h, 1000 * GST_MSECOND, 20 * GST_MSECOND, 2);
  assert_segment (h, 1000 * GST_MSECOND, 10 * GST_MSECOND);
  decoder_push (h, "-5\n3\n", 5);
  assert_stamps (h, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, 4);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_rows_without_times_have_a_segment)
{
  GstHarness *h = decoder_new ("tdenginecsvdec rows-per-buffer=1", CAPS (V));

  decoder_push (h, "v\n1\n", 4);
  assert_stamps (h, GST_CLOCK_TIME_NONE, GST_CLOCK_TIME_NONE, 0);
  assert_segment (h, 0, 0);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_no_rows_are_their_caps)
{
  GstHarness *h = decoder_new ("tdenginecsvdec", CAPS (V));

  decoder_push (h, "v\n", 2);
  gst_harness_push_event (h, gst_event_new_eos ());
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (h->sinkpad);
  fail_unless (caps != NULL);
  fail_unless (GST_PAD_IS_EOS (h->sinkpad));
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_a_flush_begins_anew)
{
  GstHarness *h = decoder_new ("tdenginecsvdec", CAPS (V));
  GstSegment segment;

  decoder_push (h, "v\n1\n2", 5);
  gst_harness_push_event (h, gst_event_new_flush_start ());
  gst_harness_push_event (h, gst_event_new_flush_stop (TRUE));
  gst_segment_init (&segment, GST_FORMAT_BYTES);
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  decoder_push (h, "v\n7\n", 4);
  g_autofree gchar *found = decoder_end (h);
  assert_equals_string (found, "7;");
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_a_restart_begins_anew)
{
  GstHarness *h = decoder_new ("tdenginecsvdec", CAPS (V));
  GstSegment segment;

  decoder_push (h, "v\n1\n2", 5);
  gst_element_set_state (h->element, GST_STATE_READY);
  gst_element_set_state (h->element, GST_STATE_PLAYING);
  gst_segment_init (&segment, GST_FORMAT_BYTES);
  gst_harness_push_event (h, gst_event_new_stream_start ("again"));
  gst_harness_push_event (h, gst_event_new_segment (&segment));
  decoder_push (h, "v\n7\n", 4);
  g_autofree gchar *found = decoder_end (h);
  assert_equals_string (found, "7;");
  assert_equals_uint64 (decoder_get_stat (h, "rows"), 1);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* The part of a line before a gap must not grow together with what follows. */
GST_START_TEST (test_a_gap_cuts_a_line)
{
  GstHarness *h = decoder_new ("tdenginecsvdec on-error=skip", CAPS (V));

  decoder_push (h, "v\n1\n2", 5);
  GstBuffer *buffer = gst_buffer_new_memdup ("3\n4\n", 4);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  gst_harness_push (h, buffer);
  g_autofree gchar *found = decoder_end (h);
  assert_equals_string (found, "1;3;4;");
  assert_equals_uint64 (decoder_get_stat (h, "bad-lines"), 1);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_a_gap_cuts_one_line_of_those_that_wait_for_a_guess)
{
  GstHarness *h = decoder_new ("tdenginecsvdec guess=true on-error=skip", NULL);

  decoder_push (h, "s,v\na,1\nb,2\nc", 13);
  GstBuffer *buffer = gst_buffer_new_memdup ("d,4\n", 4);
  GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  gst_harness_push (h, buffer);
  g_autofree gchar *found = decoder_end (h);
  assert_equals_string (found, "a|1;b|2;d|4;");
  assert_equals_uint64 (decoder_get_stat (h, "bad-lines"), 1);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_lines_that_are_too_long_are_bad_in_any_parts)
{
  static const gchar text[] =
      "v,s\n1,0123456789\n2,b\n3,\"0\n1,2\n4,d\n5,e\n6,0123456789";

  for (gsize part = 1; part < sizeof text; part++) {
    GstHarness *h =
        decoder_new ("tdenginecsvdec max-line-size=10 on-error=skip",
        CAPS (V "," S));

    fail_unless (decoder_push_in_parts (h, text, strlen (text), part));
    g_autofree gchar *found = decoder_end (h);
    assert_equals_string (found, "2|b;1|2;4|d;5|e;");
    assert_equals_uint64 (decoder_get_stat (h, "bad-lines"), 3);
    gst_harness_teardown (h);
  }
}

GST_END_TEST;

/* a checkpoint, say */
GST_START_TEST (test_rows_before_an_event_stay_before_it)
{
  GstHarness *h = decoder_new ("tdenginecsvdec", CAPS (V));

  decoder_push (h, "v\n1\n2", 5);
  gst_harness_push_event (h, gst_event_new_custom
      (GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty ("x")));
  g_autofree gchar *before = decoder_pull_text (h);
  assert_equals_string (before, "1;");
  g_autofree gchar *behind = decoder_end (h);
  assert_equals_string (behind, "2;");
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_stats_count)
{
  GstHarness *h = decoder_new ("tdenginecsvdec on-error=skip", CAPS (V));

  decoder_push (h, "v\n1\nx\n2\n", 8);
  gst_harness_push_event (h, gst_event_new_eos ());
  assert_equals_uint64 (decoder_get_stat (h, "lines"), 4);
  assert_equals_uint64 (decoder_get_stat (h, "rows"), 2);
  assert_equals_uint64 (decoder_get_stat (h, "bad-lines"), 1);
  assert_equals_uint64 (decoder_get_stat (h, "bytes"), 8);
  gst_harness_teardown (h);
}

GST_END_TEST;

static guint64
take_bad_lines (GstBus * bus, guint64 * line)
{
  g_autoptr (GstMessage) message =
      gst_bus_pop_filtered (bus, GST_MESSAGE_ELEMENT);
  const GstStructure *structure;
  guint64 n = 0;

  *line = 0;
  if (!message)
    return 0;
  structure = gst_message_get_structure (message);
  fail_unless (gst_structure_has_name (structure, "tdengine-bad-line"));
  gst_structure_get_uint64 (structure, "line", line);
  gst_structure_get_uint64 (structure, "bad-lines", &n);
  return n;
}

/* the first at once, and at the end how many there were */
GST_START_TEST (test_messages_do_not_drown_the_bus)
{
  GstHarness *h = decoder_new ("tdenginecsvdec on-error=skip", CAPS (V));
  g_autoptr (GstBus) bus = gst_bus_new ();
  g_autoptr (GString) text = g_string_new ("v\n1\n");
  guint64 line;

  gst_element_set_bus (h->element, bus);
  for (guint i = 0; i < 100; i++)
    g_string_append (text, "x\n");
  decoder_push (h, text->str, text->len);
  gst_harness_push_event (h, gst_event_new_eos ());
  assert_equals_uint64 (take_bad_lines (bus, &line), 1);
  assert_equals_uint64 (line, 3);
  guint64 last = 0, n;
  while ((n = take_bad_lines (bus, &line)) > 0)
    last = n;
  assert_equals_uint64 (last, 100);
  gst_element_set_bus (h->element, NULL);
  gst_harness_teardown (h);
}

GST_END_TEST;

static void
assert_reject (GstHarness * h, const gchar * text, guint64 line,
    const gchar * words)
{
  g_autoptr (GstBuffer) buffer = gst_harness_try_pull (h);
  GstCustomMeta *meta;
  guint64 number = 0;
  gint code = 0;

  fail_unless (buffer != NULL);
  assert_equals_int (gst_buffer_get_size (buffer), strlen (text));
  assert_equals_int (gst_buffer_memcmp (buffer, 0, text, strlen (text)), 0);
  meta = gst_buffer_get_custom_meta (buffer, "GstTDengineOriginMeta");
  fail_unless (meta != NULL);
  GstStructure *origin = gst_custom_meta_get_structure (meta);
  gst_structure_get_uint64 (origin, "line", &number);
  gst_structure_get_int (origin, "code", &code);
  assert_equals_uint64 (number, line);
  assert_equals_int (code, GST_TDENGINE_ERROR_INVALID_VALUE);
  fail_unless (strstr (gst_structure_get_string (origin, "reason"), words));
}

GST_START_TEST (test_rejects_come_out_of_their_pad)
{
  g_autoptr (GstElement) element =
      gst_element_factory_make ("tdenginecsvdec", NULL);
  gst_object_ref_sink (element);
  g_object_set (element, "max-line-size", 12, NULL);
  gst_util_set_object_arg (G_OBJECT (element), "on-error", "reject");
  GstHarness *rejects = gst_harness_new_with_element (element, NULL, "rejects");
  GstHarness *h = gst_harness_new_with_element (element, "sink", "src");
  gst_harness_set_sink_caps_str (h, CAPS (V "," S));
  gst_harness_set_src_caps_str (h, "text/csv");

  static const gchar text[] =
      "v,s\n1,a\nx,b\r\n2,\"a\nb\"\ny,\"\n\"\n3,01234567890123\n4";
  assert_equals_int (decoder_push (h, text, strlen (text)), GST_FLOW_OK);
  g_autofree gchar *found = decoder_end (h);
  assert_equals_string (found, "1|a;2|a\nb;");
  assert_reject (rejects, "x,b\n", 3, "\"x\" does not fit column \"v\"");
  assert_reject (rejects, "y,\"\n\"\n", 6, "\"y\" does not fit");
  assert_reject (rejects, "3,0123456789\n", 8, "more than 12 bytes");
  assert_reject (rejects, "4\n", 9, "Expected 2 fields");
  assert_equals_int (gst_harness_buffers_in_queue (rejects), 0);
  fail_unless (GST_PAD_IS_EOS (rejects->sinkpad));
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (rejects->sinkpad);
  fail_unless (gst_structure_has_name (gst_caps_get_structure (caps, 0),
          "text/csv"));
  gst_harness_teardown (rejects);
  gst_harness_teardown (h);
}

GST_END_TEST;

GST_START_TEST (test_the_pad_for_rejects_can_be_given_back)
{
  g_autoptr (GstElement) element =
      gst_element_factory_make ("tdenginecsvdec", NULL);
  gst_object_ref_sink (element);
  GstPad *pad = gst_element_request_pad_simple (element, "rejects");

  fail_unless (pad != NULL);
  gst_element_release_request_pad (element, pad);
  gst_object_unref (pad);
  pad = gst_element_request_pad_simple (element, "rejects");
  fail_unless (pad != NULL);
  gst_element_release_request_pad (element, pad);
  gst_object_unref (pad);
}

GST_END_TEST;

GST_START_TEST (test_times_without_a_zone_are_in_that_of_the_property)
{
  decoder_assert_rows ("tdenginecsvdec timezone=+02:00 precision=us",
      CAPS (TS), "ts\n2024-12-19 17:12:45\n1734628365642999\n",
      "2024-12-19T15:12:45.000Z;2024-12-19T17:12:45.642Z;");
}

GST_END_TEST;

GST_START_TEST (test_a_seek_is_refused)
{
  GstHarness *h = decoder_new ("tdenginecsvdec", CAPS (V));

  fail_if (gst_harness_push_upstream_event (h, gst_event_new_seek (1.0,
              GST_FORMAT_BYTES, 0, GST_SEEK_TYPE_SET, 0, GST_SEEK_TYPE_NONE,
              0)));
  gst_harness_teardown (h);
}

GST_END_TEST;

/* a block has at most 2 GiB, so a lot of text is more than one */
GST_START_TEST (test_a_lot_of_text_is_pushed_before_it_is_so_many_rows)
{
  GstHarness *h = decoder_new ("tdenginecsvdec rows-per-buffer=2147483647 "
      "header=false", CAPS (S));
  g_autofree gchar *line = g_strnfill (60000, 'a');
  gsize size = 0;

  line[59999] = '\n';
  while (gst_harness_buffers_in_queue (h) == 0 && size < 16 * 1024 * 1024) {
    decoder_push (h, line, 60000);
    size += 60000;
  }
  fail_unless (gst_harness_buffers_in_queue (h) == 1);
  fail_unless (size < 5 * 1024 * 1024);
  gst_harness_teardown (h);
}

GST_END_TEST;

/* of every type, with all that makes CSV hard in it */
GST_START_TEST (test_what_the_encoder_writes_comes_back)
{
  static const gchar *const lines[] = {
    "tdenginecsvenc ! tdenginecsvdec",
    "tdenginecsvenc delimiter=; header=false ! "
        "tdenginecsvdec delimiter=; header=false",
  };
  g_autoptr (GstTDengineRows) rows = sheet_make_rows ();
  g_autoptr (GstCaps) caps =
      gst_tdengine_schema_to_caps (gst_tdengine_rows_get_schema (rows));
  GstBuffer *expected = gst_tdengine_rows_get_buffer (rows);
  GstMapInfo map;

  gst_buffer_map (expected, &map, GST_MAP_READ);
  for (guint i = 0; i < G_N_ELEMENTS (lines); i++) {
    GstHarness *h = gst_harness_new_parse (lines[i]);

    gst_harness_set_sink_caps (h, gst_caps_ref (caps));
    gst_harness_set_src_caps (h, gst_caps_ref (caps));
    assert_equals_int (gst_harness_push (h, gst_buffer_ref (expected)),
        GST_FLOW_OK);
    gst_harness_push_event (h, gst_event_new_eos ());
    g_autoptr (GstBuffer) found = gst_harness_try_pull (h);
    fail_unless (found != NULL);
    assert_equals_int (gst_buffer_get_size (found), map.size);
    assert_equals_int (gst_buffer_memcmp (found, 0, map.data, map.size), 0);
    gst_harness_teardown (h);
  }
  gst_buffer_unmap (expected, &map);
}

GST_END_TEST;

/* Text that went wrong anywhere: whatever it is, the parts in which it comes
 * make no difference, and each line is a row, a bad one, or blank. */

static const gchar seed_text[] = "\xef\xbb\xbfts,v,\"s\"\r\n"
    "2024-12-19T17:12:45.642+02:00,1,\"a,\"\"b\"\"\nc\"\n"
    "1734628365642,-2,plain\n,,\n\n5,2147483648,\"\"\r\n6,7,\"x";

static void
mutate (GRand * rand, GString * text)
{
  static const gchar bytes[] = "\",\n\r\xff\0 0z";
  gint n = g_rand_int_range (rand, 1, 8);

  for (gint i = 0; i < n && text->len > 0; i++) {
    gsize at = g_rand_int_range (rand, 0, text->len);

    switch (g_rand_int_range (rand, 0, 4)) {
      case 0:
        g_string_erase (text, at, at + n < text->len ? n : 1);
        break;
      case 1:
        text->str[at] = g_rand_int_range (rand, 0, 256);
        break;
      default:
        g_string_insert_c (text, at, bytes[g_rand_int_range (rand, 0,
                    sizeof bytes - 1)]);
        break;
    }
  }
}

static gchar *
decode_in_parts (const gchar * element, const GString * text, GRand * rand)
{
  GstHarness *h =
      decoder_new (element, strstr (element, "guess") ? NULL :
      CAPS (TS "," V "," S));
  gsize part;

  for (gsize at = 0; at < text->len; at += part) {
    part = rand ? (gsize) g_rand_int_range (rand, 1, 20) : text->len;
    if (decoder_push (h, text->str + at, MIN (part, text->len - at)))
      break;
  }
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
    "tdenginecsvdec on-error=skip max-line-size=64",
    "tdenginecsvdec guess=true on-error=skip max-line-size=64",
  };
  const gchar *rounds = g_getenv ("FUZZ_ROUNDS");
  g_autoptr (GRand) rand = g_rand_new_with_seed (20241219);

  for (guint64 i = 0; i < (rounds ? g_ascii_strtoull (rounds, NULL, 10) : 200);
      i++) {
    g_autoptr (GString) text =
        g_string_new_len (seed_text, sizeof seed_text - 1);
    const gchar *element = elements[i % G_N_ELEMENTS (elements)];

    mutate (rand, text);
    g_autofree gchar *whole = decode_in_parts (element, text, NULL);
    g_autofree gchar *parts = decode_in_parts (element, text, rand);
    g_autofree gchar *shown = g_strescape (text->str, NULL);
    fail_unless (g_str_equal (whole, parts), "round %" G_GUINT64_FORMAT
        ": %s\n\"%s\"\n\"%s\"", i, shown, whole, parts);
  }
}

GST_END_TEST;

static Suite *
csvdec_suite (void)
{
  Suite *s = suite_create ("csvdec");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (s, tc);
  tcase_add_test (tc, test_lines_become_rows);
  tcase_add_test (tc, test_lines_come_in_any_parts);
  tcase_add_test (tc, test_an_empty_line_of_one_column_is_a_null);
  tcase_add_test (tc, test_what_is_wrong_is_said);
  tcase_add_test (tc, test_settings_that_can_not_work_are_refused);
  tcase_add_test (tc, test_rows_before_a_bad_line_are_not_lost);
  tcase_add_test (tc, test_caps_property_says_the_columns);
  tcase_add_test (tc, test_columns_are_guessed_when_told_so);
  tcase_add_test (tc, test_a_guess_waits_for_no_more_than_it_needs);
  tcase_add_test (tc, test_caps_go_before_a_guess);
  tcase_add_test (tc, test_buffers_have_so_many_rows);
  tcase_add_test (tc, test_buffers_have_the_times_of_their_rows);
  tcase_add_test (tc, test_rows_without_times_have_a_segment);
  tcase_add_test (tc, test_no_rows_are_their_caps);
  tcase_add_test (tc, test_a_flush_begins_anew);
  tcase_add_test (tc, test_a_restart_begins_anew);
  tcase_add_test (tc, test_a_gap_cuts_a_line);
  tcase_add_test (tc, test_a_gap_cuts_one_line_of_those_that_wait_for_a_guess);
  tcase_add_test (tc, test_lines_that_are_too_long_are_bad_in_any_parts);
  tcase_add_test (tc, test_rows_before_an_event_stay_before_it);
  tcase_add_test (tc, test_stats_count);
  tcase_add_test (tc, test_messages_do_not_drown_the_bus);
  tcase_add_test (tc, test_rejects_come_out_of_their_pad);
  tcase_add_test (tc, test_the_pad_for_rejects_can_be_given_back);
  tcase_add_test (tc, test_times_without_a_zone_are_in_that_of_the_property);
  tcase_add_test (tc, test_a_seek_is_refused);
  tcase_add_test (tc, test_a_lot_of_text_is_pushed_before_it_is_so_many_rows);
  tcase_add_test (tc, test_what_the_encoder_writes_comes_back);
  tcase_add_test (tc, test_broken_text_is_the_same_in_any_parts);
  return s;
}

GST_CHECK_MAIN (csvdec);
