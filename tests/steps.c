/* steps: each fault at each step of a query and of a topic
 *
 * Which steps there are shows in a run without a fault. After that each kind of
 * request has each fault, the first time and the last, with and without
 * reconnection. What comes out is a beginning of the rows, and all of them where the
 * pipeline ends well. Only what no one answers waits for a time-out.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <gst/check/gstcheck.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "testserver.h"

/* three blocks, or messages */
#define N_ROWS 9000
#define N_MESSAGES 3
#define TIMEOUT 200             /* ms, of what is to run into it */
#define SOON (8 * G_TIME_SPAN_SECOND)

static const gchar *const actions[] = {
  "upgrade", "conn", "version", "binary_query", "fetch_raw_block",
  "free_result", "subscribe", "assignment", "committed", "position", "seek",
  "commit_offset", "poll", "fetch_raw_data", "unsubscribe"
};

typedef enum
{
  HARMLESS,
  PASSES,                       /* another connection helps */
  BREAKS,                       /* likewise, but a consumer takes it for what the
                                 * server has stored */
  LASTS,
} Kind;

static const struct
{
  const gchar *rule;
  Kind kind;
  gboolean silent;              /* nobody answers: there is a time-out */
  gboolean of_frames;           /* none of HTTP's */
} faults[] = {
  {"\"fault\": \"delay\", \"ms\": 20", HARMLESS, FALSE, FALSE},
  {"\"fault\": \"cut\", \"on\": \"request\"", PASSES, FALSE, FALSE},
  {"\"fault\": \"cut\", \"on\": \"reply\"", PASSES, FALSE, FALSE},
  {"\"fault\": \"cut\", \"on\": \"reply\", \"bytes\": 7", PASSES, FALSE, TRUE},
  {"\"fault\": \"ignore\"", PASSES, TRUE, FALSE},
  {"\"fault\": \"lose\"", PASSES, TRUE, FALSE},
  {"\"fault\": \"truncate\", \"bytes\": 9", BREAKS, FALSE, TRUE},
  {"\"fault\": \"patch\", \"at\": 0, \"hex\": \"f0f1f2f3f4f5f6f7f8\"", BREAKS,
      FALSE, TRUE},
  {"\"fault\": \"opcode\", \"value\": 3", BREAKS, FALSE, TRUE},
  {"\"fault\": \"length\", \"value\": 90000000", PASSES, TRUE, TRUE},
  {"\"fault\": \"length\", \"value\": 900000000", BREAKS, FALSE, TRUE},
  /* no network between adapter and server, a syntax error */
  {"\"fault\": \"error\", \"code\": 11", PASSES, FALSE, TRUE},
  {"\"fault\": \"error\", \"code\": 9728", LASTS, FALSE, TRUE},
};

typedef struct
{
  const gchar *source;
  const gchar *resumes;         /* what makes it go on, or NULL: always */
  const gchar *needed[3];       /* steps behind the first rows */
} Story;

static const Story stories[] = {
  {"tdenginesrc database=s table=m columns=ts,v", "auto-reconnect=true "
        "reconnect-interval=1", {"binary_query", "fetch_raw_block"}},
  {"tdenginecdcsrc topic=t end=latest poll-interval=50 offset-reset=earliest",
      NULL, {"poll", "fetch_raw_data"}},
};

static gchar *folder;
static gchar *expected;
static guint n_runs;

#define FIRST_TIME 1700000000

static void
append_line (GString * text, guint row)
{
  g_autoptr (GDateTime) time =
      g_date_time_new_from_unix_utc (FIRST_TIME + row / 1000);
  g_autofree gchar *seconds = g_date_time_format (time, "%FT%T");

  g_string_append_printf (text, "%s.%03uZ,%u\n", seconds, row % 1000, row);
}

static void
setup (void)
{
  g_autoptr (GString) text = g_string_new (NULL);
  guint row = 0;

  folder = g_dir_make_tmp ("tdengine-steps-XXXXXX", NULL);
  if (!test_server_has_faults ())
    return;
  g_autoptr (GstTDengineConnection) connection = test_connect ();
  test_execute (connection, "create database s vgroups 1 "
      "wal_retention_period 3600");
  test_execute (connection, "create table s.m (ts timestamp, v int)");
  test_execute (connection, "create topic t as database s");
  for (guint i = 0; i < N_MESSAGES; i++) {
    g_autoptr (GString) sql = g_string_new ("insert into s.m values");

    for (guint end = row + N_ROWS / N_MESSAGES; row < end; row++) {
      g_string_append_printf (sql, "(%" G_GINT64_FORMAT ",%u)",
          G_GINT64_CONSTANT (1000) * FIRST_TIME + row, row);
      append_line (text, row);
    }
    test_execute (connection, "%s", sql->str);
  }
  expected = g_string_free (g_steal_pointer (&text), FALSE);
}

static void
teardown (void)
{
  g_rmdir (folder);
  g_clear_pointer (&folder, g_free);
  g_clear_pointer (&expected, g_free);
  test_server_stop ();
}

/* whether it ended well; what came out is checked */
static gboolean
run (const Story * story, const gchar * properties)
{
  g_autofree gchar *file = g_build_filename (folder, "rows", NULL);
  g_autofree gchar *group = strstr (story->source, "topic") ?
      g_strdup_printf ("group-id=g%u", n_runs++) : g_strdup ("");
  g_autofree gchar *line = g_strdup_printf ("%s %s uri=%s %s ! "
      "tdenginecsvenc header=false ! filesink location=%s", story->source,
      group, test_server_uri (), properties, file);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_autofree gchar *rows = NULL;

  g_assert_no_error (error);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  gint64 start = g_get_monotonic_time ();
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
      20 * GST_SECOND, GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  fail_unless (message != NULL, "%s: hangs", line);
  fail_unless (g_get_monotonic_time () - start < SOON, "%s: took %"
      G_GINT64_FORMAT " us", line, g_get_monotonic_time () - start);
  gboolean well = GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS;
  g_file_get_contents (file, &rows, NULL, NULL);
  g_remove (file);
  if (well)
    fail_unless (g_strcmp0 (rows, expected) == 0, "%s: other rows", line);
  else
    fail_unless (!rows || g_str_has_prefix (expected, rows), "%s: other rows",
        line);
  return well;
}

/* how often each action comes, when all is well */
static void
count_steps (const Story * story, guint * counts)
{
  g_autoptr (GString) rules = g_string_new ("[");
  g_autofree gchar *seen = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    g_string_append_printf (rules, "%s{\"action\": \"%s\", \"nth\": 1000000, "
        "\"fault\": \"cut\", \"on\": \"request\"}", i ? "," : "", actions[i]);
  g_string_append_c (rules, ']');
  test_server_set_faults (rules->str);
  fail_unless (run (story, ""));
  seen = test_server_clear_faults ();
  g_autoptr (JsonNode) root = json_from_string (seen, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    counts[i] = json_object_get_int_member (json_array_get_object_element
        (json_node_get_array (root), i), "seen");
}

static gboolean
is_needed (const Story * story, const gchar * action)
{
  return g_strv_contains (story->needed, action);
}

/* a query that is off goes on nowhere, a first connection is made once */
static void
judge (const Story * story, const gchar * action, guint fault, gboolean resumes,
    gboolean well)
{
  gboolean needed = is_needed (story, action);
  Kind kind = faults[fault].kind;
  gboolean helps = kind == PASSES || (kind == BREAKS && story->resumes);
  gboolean has_to = kind == HARMLESS || (helps && resumes && needed);
  gboolean may_not = helps && !resumes && needed;

  fail_unless (well || !has_to, "%s, %s of %s: no end that is good",
      story->source, faults[fault].rule, action);
  fail_unless (!well || !may_not, "%s, %s of %s: how could it go on?",
      story->source, faults[fault].rule, action);
}

static void
try_step (const Story * story, const gchar * action, guint nth, guint fault,
    gboolean resumes)
{
  g_autofree gchar *rule = g_strdup_printf ("[{\"action\": \"%s\", "
      "\"nth\": %u, %s}]", action, nth, faults[fault].rule);
  g_autofree gchar *properties = faults[fault].silent ?
      g_strdup_printf ("connect-timeout=%u message-timeout=%u %s", TIMEOUT,
      TIMEOUT, resumes && story->resumes ? story->resumes : "") :
      g_strdup (resumes && story->resumes ? story->resumes : "");

  test_server_set_faults (rule);
  judge (story, action, fault, resumes, run (story, properties));
  g_free (test_server_clear_faults ());
}

GST_START_TEST (test_each_fault_at_each_step)
{
  const Story *story = &stories[__i__ / G_N_ELEMENTS (faults)];
  guint fault = __i__ % G_N_ELEMENTS (faults);
  guint counts[G_N_ELEMENTS (actions)];

  if (!test_server_has_faults ())
    return;
  count_steps (story, counts);
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++) {
    if (counts[i] == 0 || (i == 0 && faults[fault].of_frames))
      continue;
    try_step (story, actions[i], 1, fault, TRUE);
    if (counts[i] > 1)
      try_step (story, actions[i], counts[i], fault, TRUE);
    if (story->resumes)
      try_step (story, actions[i], counts[i], fault, FALSE);
  }
}

GST_END_TEST;

static Suite *
steps_suite (void)
{
  Suite *s = suite_create ("steps");
  TCase *tc = tcase_create ("steps");

  suite_add_tcase (s, tc);
  tcase_set_timeout (tc, 120);
  tcase_add_unchecked_fixture (tc, setup, teardown);
  tcase_add_loop_test (tc, test_each_fault_at_each_step, 0,
      G_N_ELEMENTS (stories) * G_N_ELEMENTS (faults));
  return s;
}

GST_CHECK_MAIN (steps);
