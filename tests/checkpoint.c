/* checkpoint: stories of events that sinks confirm, or don't
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/app.h>
#include <gst/check/gstcheck.h>
#include <gst/check/gstharness.h>

#include "ledger.h"

/* what can be told without a pipeline */

GST_START_TEST (test_it_is_open_until_the_event_is_gone)
{
  Ledger ledger;
  GstEvent *event;

  ledger_init (&ledger);
  event = ledger_make (&ledger, 1);
  fail_unless (GST_EVENT_IS_SERIALIZED (event));
  fail_unless (GST_EVENT_IS_DOWNSTREAM (event));
  g_autoptr (GstTDengineCheckpoint) claim =
      gst_tdengine_checkpoint_claim (event);
  gst_tdengine_checkpoint_confirm (claim);
  fail_unless_equals_string (ledger.told->str, "");
  gst_event_unref (event);
  /* the claim is still there */
  fail_unless_equals_string (ledger.told->str, "1+");
  g_clear_pointer (&claim, gst_tdengine_checkpoint_unref);
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_it_is_open_until_every_claim_is_confirmed)
{
  Ledger ledger;
  GstEvent *event;

  ledger_init (&ledger);
  event = ledger_make (&ledger, 1);
  g_autoptr (GstTDengineCheckpoint) first =
      gst_tdengine_checkpoint_claim (event);
  g_autoptr (GstTDengineCheckpoint) second =
      gst_tdengine_checkpoint_claim (event);
  gst_event_unref (event);
  gst_tdengine_checkpoint_confirm (first);
  gst_tdengine_checkpoint_confirm (first);
  fail_unless_equals_string (ledger.told->str, "");
  gst_tdengine_checkpoint_confirm (second);
  fail_unless_equals_string (ledger.told->str, "1+");
  g_clear_pointer (&first, gst_tdengine_checkpoint_unref);
  g_clear_pointer (&second, gst_tdengine_checkpoint_unref);
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_one_that_gives_up_is_enough)
{
  Ledger ledger;
  GstEvent *event;

  ledger_init (&ledger);
  event = ledger_make (&ledger, 1);
  g_autoptr (GstTDengineCheckpoint) first =
      gst_tdengine_checkpoint_claim (event);
  gst_tdengine_checkpoint_unref (gst_tdengine_checkpoint_claim (event));
  gst_event_unref (event);
  gst_tdengine_checkpoint_confirm (first);
  fail_unless_equals_string (ledger.told->str, "1-");
  fail_unless (g_error_matches (ledger.last_error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_NOT_CONFIRMED));
  g_clear_pointer (&first, gst_tdengine_checkpoint_unref);

  /* the next one stands for its rows, too */
  event = ledger_make (&ledger, 2);
  first = gst_tdengine_checkpoint_claim (event);
  gst_event_unref (event);
  gst_tdengine_checkpoint_confirm (first);
  fail_unless_equals_string (ledger.told->str, "1-2+");
  g_clear_pointer (&first, gst_tdengine_checkpoint_unref);
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_without_a_claim_nothing_is_confirmed)
{
  Ledger ledger;

  ledger_init (&ledger);
  gst_event_unref (ledger_make (&ledger, 1));
  fail_unless_equals_string (ledger.told->str, "1-");
  fail_unless (g_error_matches (ledger.last_error, GST_TDENGINE_ERROR,
          GST_TDENGINE_ERROR_NOT_SUPPORTED));
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_a_failure_is_for_ever)
{
  Ledger ledger;
  GstEvent *event;
  g_autoptr (GError) error =
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "no space");

  ledger_init (&ledger);
  event = ledger_make (&ledger, 1);
  g_autoptr (GstTDengineCheckpoint) first =
      gst_tdengine_checkpoint_claim (event);
  gst_event_unref (event);
  gst_tdengine_checkpoint_confirm (first);
  event = ledger_make (&ledger, 2);
  g_autoptr (GstTDengineCheckpoint) second =
      gst_tdengine_checkpoint_claim (event);
  gst_event_unref (event);

  /* who confirmed the first lost rows, and never sees the second */
  gst_tdengine_checkpoint_fail (first, error);
  gst_tdengine_checkpoint_confirm (second);
  gst_tdengine_checkpoint_confirm (first);
  fail_unless_equals_string (ledger.told->str, "1+2-");
  fail_unless (g_error_matches (ledger.last_error, G_IO_ERROR,
          G_IO_ERROR_NO_SPACE));
  g_clear_pointer (&first, gst_tdengine_checkpoint_unref);
  g_clear_pointer (&second, gst_tdengine_checkpoint_unref);

  event = ledger_make (&ledger, 3);
  first = gst_tdengine_checkpoint_claim (event);
  gst_event_unref (event);
  gst_tdengine_checkpoint_confirm (first);
  fail_unless_equals_string (ledger.told->str, "1+2-3-");
  g_clear_pointer (&first, gst_tdengine_checkpoint_unref);
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_a_position_never_goes_back)
{
  Ledger ledger;
  GstEvent *events[3];

  ledger_init (&ledger);
  for (gint i = 0; i < 3; i++) {
    events[i] = ledger_make (&ledger, i + 1);
    g_autoptr (GstTDengineCheckpoint) claim =
        gst_tdengine_checkpoint_claim (events[i]);
    gst_tdengine_checkpoint_confirm (claim);
  }
  gst_event_unref (events[1]);
  gst_event_unref (events[0]);
  gst_event_unref (events[2]);
  fail_unless_equals_string (ledger.told->str, "2+1-3+");
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_a_claim_knows_the_position)
{
  Ledger ledger;
  GstEvent *event;
  gint number = 0;

  ledger_init (&ledger);
  event = ledger_make (&ledger, 7);
  g_autoptr (GstTDengineCheckpoint) claim =
      gst_tdengine_checkpoint_claim (event);
  /* a copy is as good as the original, and seen by who just looks */
  GstEvent *copy = gst_event_copy (event);
  gst_event_unref (event);
  gst_tdengine_checkpoint_confirm (claim);
  fail_unless_equals_string (ledger.told->str, "");
  g_autoptr (GstStructure) position = NULL;
  gst_structure_get (gst_event_get_structure (copy), "position",
      GST_TYPE_STRUCTURE, &position, NULL);
  gst_structure_get_int (position, "number", &number);
  fail_unless_equals_int (number, 7);
  gst_event_unref (copy);
  fail_unless_equals_string (ledger.told->str, "7+");
  number = 0;
  gst_structure_get_int (gst_tdengine_checkpoint_get_position (claim), "number",
      &number);
  fail_unless_equals_int (number, 7);
  g_clear_pointer (&claim, gst_tdengine_checkpoint_unref);
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_other_events_are_no_checkpoints)
{
  GstEvent *events[] = {
    gst_event_new_eos (),
    gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
        gst_structure_new_empty ("other")),
    gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
        gst_structure_new (GST_TDENGINE_CHECKPOINT_EVENT, "token", G_TYPE_INT,
            1, NULL)),
    gst_event_new_custom (GST_EVENT_CUSTOM_UPSTREAM,
        gst_structure_new_empty (GST_TDENGINE_CHECKPOINT_EVENT)),
  };

  for (guint i = 0; i < G_N_ELEMENTS (events); i++) {
    fail_if (gst_tdengine_checkpoint_claim (events[i]));
    gst_event_unref (events[i]);
  }
}

GST_END_TEST;

#define N_THREADS 4
#define N_EVENTS 2000

static gpointer
claim_all (gpointer data)
{
  GstEvent **events = data;

  for (guint i = 0; i < N_EVENTS; i++) {
    g_autoptr (GstTDengineCheckpoint) claim =
        gst_tdengine_checkpoint_claim (events[i]);
    gst_event_unref (events[i]);
    gst_tdengine_checkpoint_confirm (claim);
  }
  return NULL;
}

GST_START_TEST (test_threads_settle_each_once)
{
  Ledger ledger;
  static GstEvent *events[N_EVENTS];
  GThread *threads[N_THREADS];

  ledger_init (&ledger);
  for (guint i = 0; i < N_EVENTS; i++) {
    events[i] = ledger_make (&ledger, i + 1);
    for (guint k = 1; k < N_THREADS; k++)
      gst_event_ref (events[i]);
  }
  for (guint k = 0; k < N_THREADS; k++)
    threads[k] = g_thread_new ("claim", claim_all, events);
  for (guint k = 0; k < N_THREADS; k++)
    g_thread_join (threads[k]);
  fail_unless_equals_int (ledger.n_told, N_EVENTS);
  ledger_clear (&ledger);
}

GST_END_TEST;

/* pipelines */

#define END "appsink sync=false async=false max-buffers=1 name="

typedef struct
{
  GstHarness *harness;
  GstAppSink *ends[2];          /* "a" and "b", where there are */
} Pipeline;

static GstAppSink *
find_end (GstHarness * harness, const gchar * name)
{
  GstElement *end = gst_bin_get_by_name (GST_BIN (harness->element), name);

  return end ? GST_APP_SINK (end) : NULL;
}

static void
pipeline_init (Pipeline * self, const gchar * line)
{
  self->harness = gst_harness_new_parse (line);
  gst_harness_set_src_caps_str (self->harness, "test/rows");
  self->ends[0] = find_end (self->harness, "a");
  self->ends[1] = find_end (self->harness, "b");
}

static void
pipeline_clear (Pipeline * self)
{
  g_clear_object (&self->ends[0]);
  g_clear_object (&self->ends[1]);
  gst_harness_teardown (self->harness);
}

static void
pipeline_push (Pipeline * self)
{
  fail_unless_equals_int (gst_harness_push (self->harness,
          gst_harness_create_buffer (self->harness, 1)), GST_FLOW_OK);
}

/* again and again: 1.22 does not wake up for an event */
static GstMiniObject *
pull (GstAppSink * end)
{
  gint64 deadline = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;
  GstMiniObject *object = NULL;

  while (!object && g_get_monotonic_time () < deadline)
    object = gst_app_sink_try_pull_object (end, GST_MSECOND);
  fail_unless (object);
  return object;
}

static void
pull_rows (GstAppSink * end)
{
  gboolean is_sample;

  do {
    GstMiniObject *object = pull (end);

    is_sample = GST_IS_SAMPLE (object);
    gst_mini_object_unref (object);
  } while (!is_sample);
}

static GstTDengineCheckpoint *
pull_checkpoint (GstAppSink * end)
{
  GstMiniObject *object = pull (end);
  GstTDengineCheckpoint *checkpoint;

  fail_unless (GST_IS_EVENT (object));
  checkpoint = gst_tdengine_checkpoint_claim (GST_EVENT (object));
  gst_mini_object_unref (object);
  return checkpoint;
}

static void
pull_and_confirm (GstAppSink * end)
{
  g_autoptr (GstTDengineCheckpoint) checkpoint = NULL;

  pull_rows (end);
  checkpoint = pull_checkpoint (end);
  fail_unless (checkpoint);
  gst_tdengine_checkpoint_confirm (checkpoint);
}

GST_START_TEST (test_an_application_confirms_behind_the_rows)
{
  Ledger ledger;
  Pipeline pipeline;

  ledger_init (&ledger);
  pipeline_init (&pipeline, "queue ! " END "a");
  pipeline_push (&pipeline);
  gst_harness_push_event (pipeline.harness, ledger_make (&ledger, 1));
  pull_and_confirm (pipeline.ends[0]);
  ledger_wait (&ledger, 1);
  fail_unless_equals_string (ledger.told->str, "1+");
  pipeline_clear (&pipeline);
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_both_branches_have_to_confirm)
{
  Ledger ledger;
  Pipeline pipeline;

  ledger_init (&ledger);
  pipeline_init (&pipeline, "tee name=t ! queue ! " END "a t. ! queue ! " END
      "b");
  pipeline_push (&pipeline);
  gst_harness_push_event (pipeline.harness, ledger_make (&ledger, 1));
  pull_and_confirm (pipeline.ends[0]);
  fail_unless_equals_string (ledger.told->str, "");
  pull_and_confirm (pipeline.ends[1]);
  ledger_wait (&ledger, 1);
  fail_unless_equals_string (ledger.told->str, "1+");

  /* one of them does not */
  pipeline_push (&pipeline);
  gst_harness_push_event (pipeline.harness, ledger_make (&ledger, 2));
  pull_and_confirm (pipeline.ends[0]);
  pull_rows (pipeline.ends[1]);
  gst_tdengine_checkpoint_unref (pull_checkpoint (pipeline.ends[1]));
  ledger_wait (&ledger, 2);
  fail_unless_equals_string (ledger.told->str, "1+2-");
  pipeline_clear (&pipeline);
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_a_sink_that_knows_no_checkpoints_has_no_say)
{
  Ledger ledger;
  Pipeline pipeline;

  ledger_init (&ledger);
  pipeline_init (&pipeline, "tee name=t ! queue ! " END "a t. ! queue ! "
      "fakesink async=false");
  pipeline_push (&pipeline);
  gst_harness_push_event (pipeline.harness, ledger_make (&ledger, 1));
  pull_and_confirm (pipeline.ends[0]);
  ledger_wait (&ledger, 1);
  fail_unless_equals_string (ledger.told->str, "1+");
  pipeline_clear (&pipeline);

  pipeline_init (&pipeline, "queue ! fakesink async=false");
  gst_harness_push_event (pipeline.harness, ledger_make (&ledger, 2));
  ledger_wait (&ledger, 2);
  fail_unless_equals_string (ledger.told->str, "1+2-");
  pipeline_clear (&pipeline);
  ledger_clear (&ledger);
}

GST_END_TEST;

static GstPadProbeReturn
drop_checkpoints (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  return gst_event_has_name (GST_PAD_PROBE_INFO_EVENT (info),
      GST_TDENGINE_CHECKPOINT_EVENT) ? GST_PAD_PROBE_DROP : GST_PAD_PROBE_OK;
}

GST_START_TEST (test_what_is_dropped_on_the_way_is_not_confirmed)
{
  Ledger ledger;
  Pipeline pipeline;

  ledger_init (&ledger);
  pipeline_init (&pipeline, "identity name=drop ! " END "a");
  g_autoptr (GstElement) drop =
      gst_bin_get_by_name (GST_BIN (pipeline.harness->element), "drop");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (drop, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, drop_checkpoints,
      NULL, NULL);
  gst_harness_push_event (pipeline.harness, ledger_make (&ledger, 1));
  fail_unless_equals_string (ledger.told->str, "1-");
  pipeline_clear (&pipeline);
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_what_is_flushed_is_not_confirmed)
{
  Ledger ledger;
  Pipeline pipeline;

  ledger_init (&ledger);
  pipeline_init (&pipeline, "queue ! " END "a");
  /* the first fills the end, the second waits before it */
  pipeline_push (&pipeline);
  pipeline_push (&pipeline);
  gst_harness_push_event (pipeline.harness, ledger_make (&ledger, 1));
  gst_harness_push_event (pipeline.harness, gst_event_new_flush_start ());
  gst_harness_push_event (pipeline.harness, gst_event_new_flush_stop (TRUE));
  ledger_wait (&ledger, 1);
  fail_unless_equals_string (ledger.told->str, "1-");
  pipeline_clear (&pipeline);
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_a_stop_settles_what_waits)
{
  Ledger ledger;
  Pipeline pipeline;

  ledger_init (&ledger);
  pipeline_init (&pipeline, "queue ! " END "a");
  pipeline_push (&pipeline);
  pipeline_push (&pipeline);
  gst_harness_push_event (pipeline.harness, ledger_make (&ledger, 1));
  fail_unless_equals_string (ledger.told->str, "");
  pipeline_clear (&pipeline);
  fail_unless_equals_string (ledger.told->str, "1-");
  ledger_clear (&ledger);
}

GST_END_TEST;

GST_START_TEST (test_rows_and_checkpoints_are_pulled_in_order)
{
  Ledger ledger;
  Pipeline pipeline;
  g_autoptr (GstTDengineCheckpoint) checkpoint = NULL;
  g_autoptr (GstSample) sample = NULL;

  ledger_init (&ledger);
  pipeline_init (&pipeline, "queue ! " END "a");
  GstElement *end = GST_ELEMENT (pipeline.ends[0]);
  pipeline_push (&pipeline);
  gst_harness_push_event (pipeline.harness, ledger_make (&ledger, 1));
  fail_if (gst_tdengine_checkpoint_pull (end, GST_CLOCK_TIME_NONE, &sample));
  fail_unless_equals_int (gst_buffer_get_size (gst_sample_get_buffer (sample)),
      1);
  g_clear_pointer (&sample, gst_sample_unref);
  checkpoint = gst_tdengine_checkpoint_pull (end, 30 * GST_SECOND, &sample);
  fail_unless (checkpoint);
  fail_if (sample);
  gst_tdengine_checkpoint_confirm (checkpoint);
  ledger_wait (&ledger, 1);
  fail_unless_equals_string (ledger.told->str, "1+");
  g_clear_pointer (&checkpoint, gst_tdengine_checkpoint_unref);

  /* nothing there, then nothing more to come */
  fail_if (gst_tdengine_checkpoint_pull (end, 0, &sample));
  fail_if (sample);
  gst_harness_push_event (pipeline.harness, gst_event_new_eos ());
  fail_if (gst_tdengine_checkpoint_pull (end, GST_CLOCK_TIME_NONE, &sample));
  fail_if (sample);
  pipeline_clear (&pipeline);
  ledger_clear (&ledger);
}

GST_END_TEST;

static Suite *
checkpoint_suite (void)
{
  Suite *suite = suite_create ("checkpoint");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_add_test (tc, test_it_is_open_until_the_event_is_gone);
  tcase_add_test (tc, test_it_is_open_until_every_claim_is_confirmed);
  tcase_add_test (tc, test_one_that_gives_up_is_enough);
  tcase_add_test (tc, test_without_a_claim_nothing_is_confirmed);
  tcase_add_test (tc, test_a_failure_is_for_ever);
  tcase_add_test (tc, test_a_position_never_goes_back);
  tcase_add_test (tc, test_a_claim_knows_the_position);
  tcase_add_test (tc, test_other_events_are_no_checkpoints);
  tcase_add_test (tc, test_threads_settle_each_once);
  tcase_add_test (tc, test_an_application_confirms_behind_the_rows);
  tcase_add_test (tc, test_both_branches_have_to_confirm);
  tcase_add_test (tc, test_a_sink_that_knows_no_checkpoints_has_no_say);
  tcase_add_test (tc, test_what_is_dropped_on_the_way_is_not_confirmed);
  tcase_add_test (tc, test_what_is_flushed_is_not_confirmed);
  tcase_add_test (tc, test_a_stop_settles_what_waits);
  tcase_add_test (tc, test_rows_and_checkpoints_are_pulled_in_order);
  return suite;
}

GST_CHECK_MAIN (checkpoint);
