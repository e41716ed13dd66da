/* outages: what the source and the sink make of a server that fails
 *
 * The test server fails on demand; a real one does not, so these stories are
 * about the test server only. TDENGINE_TEST_CUTS=200 gives each way to write
 * 200 rounds of random cuts, which the suite gives 50.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/app/app.h>
#include <gst/check/gstcheck.h>
#include <json-glib/json-glib.h>
#include <string.h>

#include "testserver.h"

#define TIME G_GINT64_CONSTANT (1734635565642)
#define N_TABLES 3
#define N_ROWS 5                /* a table */

/* what the stories allow an answer, and how much longer an error may take */
#define TIMEOUT_MS 500
#define SLACK_MS 5000

#define N_ROUNDS 20
#define N_QUERIES 3             /* of a sink before its first row */
#define N_CUT_ROUNDS 50         /* of each way to write */

#define ONCE "retries=0"
#define AGAIN "retries=20 retry-interval=1"

static gboolean has_faults;

static void
set_up (void)
{
  test_server_keep_data ();
  has_faults = test_server_has_faults ();
}

static void
set_up_table (void)
{
  g_autoptr (GstTDengineConnection) connection = test_connect ();

  test_execute (connection, "drop database if exists outages");
  test_execute (connection, "create database outages");
  test_execute (connection, "create table outages.meters (ts timestamp, "
      "v int) tags (site int)");
  test_execute (connection, "create table outages.copy (ts timestamp, v int)");
}

static void
fill_table (void)
{
  g_autoptr (GstTDengineConnection) connection = test_connect ();

  for (guint i = 0; i < N_TABLES; i++)
    for (guint row = 0; row < N_ROWS; row++)
      test_execute (connection, "insert into outages.d%u using outages.meters "
          "tags (%u) values (%" G_GINT64_FORMAT ", %u)", i, i, TIME + row, row);
}

static guint
count_rows (const gchar * table)
{
  g_autoptr (GstTDengineConnection) connection = test_connect ();
  g_autofree gchar *text = test_query_text (connection,
      "select count(*) from outages.%s", table);

  return atoi (text);
}

/* each row once, with its value and its tag: 3 × (0 + … + 4), 5 × (0 + 1 + 2) */
static void
check_content (void)
{
  g_autoptr (GstTDengineConnection) connection = test_connect ();
  g_autofree gchar *text = test_query_text (connection,
      "select count(*), sum(v), sum(site) from outages.meters");

  fail_unless_equals_string (text, "15|30|15\n");
}

/* a row of each table */
static GstTDengineRows *
make_rows (guint row)
{
  static const GstTDengineColumn columns[] = {
    {(gchar *) "tbname", GST_TDENGINE_TYPE_VARCHAR, 192},
    {(gchar *) "ts", GST_TDENGINE_TYPE_TIMESTAMP},
    {(gchar *) "v", GST_TDENGINE_TYPE_INT},
    {(gchar *) "site", GST_TDENGINE_TYPE_INT},
  };
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);

  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    gst_tdengine_schema_append (schema, &columns[i], NULL);
  g_autoptr (GstTDengineRowsBuilder) builder =
      gst_tdengine_rows_builder_new (schema);
  for (guint table = 0; table < N_TABLES; table++) {
    g_autofree gchar *name = g_strdup_printf ("d%u", table);

    gst_tdengine_rows_builder_append_string (builder, 0, name, NULL);
    gst_tdengine_rows_builder_append_int64 (builder, 1, TIME + row, NULL);
    gst_tdengine_rows_builder_append_int64 (builder, 2, row, NULL);
    gst_tdengine_rows_builder_append_int64 (builder, 3, table, NULL);
  }
  return gst_tdengine_rows_builder_end (builder, NULL);
}

/* a pipeline that reads all rows, or writes them */

typedef struct
{
  GstElement *pipeline;
  GstElement *element;          /* the one that talks to the server */
} Job;

static void
job_init (Job * job, const gchar * line)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *uri = g_strdup_printf ("%s/?message-timeout=%u"
      "&connect-timeout=%u", test_server_uri (), TIMEOUT_MS, TIMEOUT_MS);
  g_auto (GStrv) parts = g_strsplit (line, "URI", -1);
  g_autofree gchar *with_uri = g_strjoinv (uri, parts);

  job->pipeline = gst_parse_launch (with_uri, &error);
  g_assert_no_error (error);
  job->element = gst_bin_get_by_name (GST_BIN (job->pipeline), "element");
  gst_element_set_state (job->pipeline, GST_STATE_PLAYING);
}

static void
job_read (Job * job)
{
  job_init (job, "tdenginesrc name=element uri=URI "
      "query=\"select * from outages.meters\" ! fakesink");
}

static void
push_rows (GstElement * src, guint row)
{
  g_autoptr (GstTDengineRows) rows = make_rows (row);
  g_autoptr (GstCaps) caps =
      gst_tdengine_schema_to_caps (gst_tdengine_rows_get_schema (rows));
  g_autoptr (GstSample) sample =
      gst_sample_new (gst_tdengine_rows_get_buffer (rows), caps, NULL, NULL);

  gst_app_src_push_sample (GST_APP_SRC (src), sample);
}

/* each buffer is a request of its own */
static void
job_write (Job * job, const gchar * settings)
{
  g_autofree gchar *line = g_strdup_printf ("appsrc name=src format=time ! "
      "tdenginesink name=element uri=URI database=outages super-table=meters "
      "batch-size=3 %s", settings);

  job_init (job, line);
  g_autoptr (GstElement) src =
      gst_bin_get_by_name (GST_BIN (job->pipeline), "src");

  for (guint row = 0; row < N_ROWS; row++)
    push_rows (src, row);
  gst_app_src_end_of_stream (GST_APP_SRC (src));
}

/* a block of one table goes as it is */
static void
job_copy (Job * job, const gchar * settings)
{
  g_autofree gchar *line = g_strdup_printf ("tdenginesrc uri=URI "
      "query=\"select ts, v from outages.d0\" ! tdenginesink name=element "
      "uri=URI database=outages table=copy batch-size=1 %s", settings);

  job_init (job, line);
}

/* NULL at EOS; what takes longer than it may fails */
static GError *
job_wait (Job * job, gint * code)
{
  g_autoptr (GstBus) bus = gst_element_get_bus (job->pipeline);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus,
      (2 * TIMEOUT_MS + SLACK_MS) * GST_MSECOND,
      GST_MESSAGE_ERROR | GST_MESSAGE_EOS);
  const GstStructure *details = NULL;
  GError *error = NULL;

  fail_unless (message != NULL, "neither EOS nor an error");
  if (GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS)
    return NULL;
  gst_message_parse_error (message, &error, NULL);
  gst_message_parse_error_details (message, &details);
  gst_structure_get_int (details, "tdengine-code", code);
  return error;
}

/* rows that were pushed, or that the server has confirmed */
static guint64
job_count (Job * job)
{
  g_autoptr (GstStructure) stats = NULL;
  guint64 rows = 0;

  g_object_get (job->element, "stats", &stats, NULL);
  gst_structure_get_uint64 (stats, "rows", &rows);
  return rows;
}

static void
job_clear (Job * job)
{
  gst_element_set_state (job->pipeline, GST_STATE_NULL);
  gst_object_unref (job->element);
  gst_object_unref (job->pipeline);
}

static void
set_faults (const gchar * rules)
{
  g_autofree gchar *json = g_strdelimit (g_strdup_printf ("[{%s}]", rules),
      "'", '"');

  test_server_set_faults (json);
}

typedef struct
{
  const gchar *rule;
  gint code;                    /* 0 for EOS */
    GQuark (*domain) (void);
  gint domain_code;
} Story;

#define READ gst_resource_error_quark, GST_RESOURCE_ERROR_READ
#define WRITE gst_resource_error_quark, GST_RESOURCE_ERROR_WRITE
#define RESOURCE(code) gst_resource_error_quark, GST_RESOURCE_ERROR_ ## code
#define STREAM(code) gst_stream_error_quark, GST_STREAM_ERROR_ ## code

static void
check_outcome (const Story * story, Job * job)
{
  gint code = 0;
  g_autoptr (GError) error = job_wait (job, &code);
  g_autofree gchar *state = NULL;

  if (story->code == 0) {
    fail_unless (error == NULL, "%s: %s", story->rule,
        error ? error->message : "");
  } else {
    fail_unless (error != NULL, "%s: EOS", story->rule);
    fail_unless (code == story->code, "%s: code %x: %s", story->rule, code,
        error->message);
    fail_unless (g_error_matches (error, story->domain (), story->domain_code),
        "%s: %s %d: %s", story->rule, g_quark_to_string (error->domain),
        error->code, error->message);
  }
  state = test_server_clear_faults ();
  fail_unless (!strstr (state, "\"fired\":0"), "%s: %s", story->rule, state);
}

static const Story read_stories[] = {
  {"'action':'upgrade','fault':'status','code':401",
      GST_TDENGINE_ERROR_CONNECT, RESOURCE (OPEN_READ)},
  {"'action':'upgrade','fault':'status','code':503",
      GST_TDENGINE_ERROR_CONNECT, RESOURCE (OPEN_READ)},
  {"'action':'upgrade','fault':'ignore'", GST_TDENGINE_ERROR_TIMEOUT, READ},
  {"'action':'upgrade','fault':'cut'", GST_TDENGINE_ERROR_CONNECT,
      RESOURCE (OPEN_READ)},
  {"'action':'conn','fault':'error','code':855", GST_TDENGINE_ERROR_SERVER,
      RESOURCE (NOT_AUTHORIZED)},
  {"'action':'conn','fault':'lose'", GST_TDENGINE_ERROR_TIMEOUT, READ},
  {"'action':'conn','fault':'cut'", GST_TDENGINE_ERROR_CLOSED, READ},
  {"'action':'conn','fault':'delay','ms':100", 0},

  {"'action':'binary_query','fault':'error','code':34",
      GST_TDENGINE_ERROR_SERVER, RESOURCE (BUSY)},
  {"'action':'binary_query','fault':'ignore'", GST_TDENGINE_ERROR_TIMEOUT,
      READ},
  {"'action':'binary_query','fault':'cut','on':'request'",
      GST_TDENGINE_ERROR_CLOSED, READ},
  {"'action':'binary_query','fault':'cut','bytes':10",
      GST_TDENGINE_ERROR_CLOSED, READ},
  {"'action':'binary_query','fault':'truncate','bytes':50",
      GST_TDENGINE_ERROR_PROTOCOL, READ},
  {"'action':'binary_query','fault':'patch','hex':'3c'",
      GST_TDENGINE_ERROR_PROTOCOL, READ},
  {"'action':'binary_query','fault':'length','value':4611686018427387904",
      GST_TDENGINE_ERROR_PROTOCOL, READ},
  {"'action':'binary_query','fault':'opcode','value':2",
      GST_TDENGINE_ERROR_PROTOCOL, READ},
  {"'action':'binary_query','fault':'opcode','value':3",
      GST_TDENGINE_ERROR_PROTOCOL, READ},
  {"'action':'binary_query','fault':'pause','ms':60000",
      GST_TDENGINE_ERROR_TIMEOUT, READ},
  {"'action':'binary_query','fault':'pause','ms':100", 0},

  {"'action':'fetch_raw_block','nth':2,'fault':'error','code':905",
      GST_TDENGINE_ERROR_SERVER, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'lose'",
      GST_TDENGINE_ERROR_TIMEOUT, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'delay','ms':100", 0},
  {"'action':'fetch_raw_block','nth':2,'fault':'cut'",
      GST_TDENGINE_ERROR_CLOSED, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'cut','bytes':1",
      GST_TDENGINE_ERROR_CLOSED, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'cut','bytes':30",
      GST_TDENGINE_ERROR_CLOSED, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'cut','bytes':100",
      GST_TDENGINE_ERROR_CLOSED, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'cut','bytes':100000",
      GST_TDENGINE_ERROR_CLOSED, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'truncate','bytes':20",
      GST_TDENGINE_ERROR_PROTOCOL, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'truncate','bytes':90",
      GST_TDENGINE_ERROR_PROTOCOL, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'length','value':90",
      GST_TDENGINE_ERROR_PROTOCOL, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'length',"
        "'value':4611686018427387904", GST_TDENGINE_ERROR_PROTOCOL, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'length','value':1000000",
      GST_TDENGINE_ERROR_TIMEOUT, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'patch','at':51,"
        "'hex':'ffffff7f'", GST_TDENGINE_ERROR_PROTOCOL, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'patch','at':59,"
        "'hex':'ffffff7f'", GST_TDENGINE_ERROR_BLOCK, STREAM (DECODE)},
  {"'action':'fetch_raw_block','nth':2,'fault':'patch','at':63,"
        "'hex':'ffffff7f'", GST_TDENGINE_ERROR_BLOCK, STREAM (DECODE)},
  {"'action':'fetch_raw_block','nth':2,'fault':'patch','at':83,'hex':'06'",
      GST_TDENGINE_ERROR_BLOCK, STREAM (DECODE)},
  {"'action':'fetch_raw_block','nth':2,'fault':'patch','at':8,'hex':'08'",
      GST_TDENGINE_ERROR_PROTOCOL, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'opcode','value':1",
      GST_TDENGINE_ERROR_PROTOCOL, READ},
  {"'action':'fetch_raw_block','nth':2,'fault':'pause','ms':60000",
      GST_TDENGINE_ERROR_TIMEOUT, READ},
};

GST_START_TEST (test_reading_ends_well_or_with_an_error)
{
  const Story *story = &read_stories[__i__];
  Job job;

  if (!has_faults)
    return;
  set_up_table ();
  fill_table ();
  set_faults (story->rule);
  job_read (&job);
  check_outcome (story, &job);
  fail_unless (job_count (&job) % N_ROWS == 0, "%s: part of a block",
      story->rule);
  if (story->code == 0)
    fail_unless_equals_uint64 (job_count (&job), N_TABLES * N_ROWS);
  job_clear (&job);
}

GST_END_TEST;

static const Story write_stories[] = {
  {"'action':'upgrade','fault':'status','code':503",
      GST_TDENGINE_ERROR_CONNECT, RESOURCE (OPEN_WRITE)},
  {"'action':'conn','fault':'error','code':855", GST_TDENGINE_ERROR_SERVER,
      RESOURCE (NOT_AUTHORIZED)},
  {"'action':'binary_query','fault':'cut'", GST_TDENGINE_ERROR_CLOSED, WRITE},
  {"'action':'binary_query','fault':'lose'", GST_TDENGINE_ERROR_TIMEOUT, WRITE},

  {"'action':'stmt2_init','fault':'error','code':905",
      GST_TDENGINE_ERROR_SERVER, WRITE},
  {"'action':'stmt2_init','fault':'lose'", GST_TDENGINE_ERROR_TIMEOUT, WRITE},
  {"'action':'stmt2_init','fault':'cut'", GST_TDENGINE_ERROR_CLOSED, WRITE},
  {"'action':'stmt2_prepare','fault':'error','code':905",
      GST_TDENGINE_ERROR_SERVER, WRITE},
  {"'action':'stmt2_prepare','fault':'lose'", GST_TDENGINE_ERROR_TIMEOUT,
      WRITE},
  {"'action':'stmt2_prepare','fault':'opcode','value':2",
      GST_TDENGINE_ERROR_PROTOCOL, WRITE},
  {"'action':'stmt2_prepare','fault':'truncate','bytes':30",
      GST_TDENGINE_ERROR_PROTOCOL, WRITE},

  {"'action':'stmt2_bind','nth':2,'fault':'error','code':905",
      GST_TDENGINE_ERROR_SERVER, WRITE},
  {"'action':'stmt2_bind','nth':2,'fault':'ignore'", GST_TDENGINE_ERROR_TIMEOUT,
      WRITE},
  {"'action':'stmt2_bind','nth':2,'fault':'lose'", GST_TDENGINE_ERROR_TIMEOUT,
      WRITE},
  {"'action':'stmt2_bind','nth':2,'fault':'delay','ms':100", 0},
  {"'action':'stmt2_bind','nth':2,'fault':'cut','on':'request'",
      GST_TDENGINE_ERROR_CLOSED, WRITE},
  {"'action':'stmt2_bind','nth':2,'fault':'cut','bytes':20",
      GST_TDENGINE_ERROR_CLOSED, WRITE},
  {"'action':'stmt2_bind','nth':2,'fault':'pause','ms':60000",
      GST_TDENGINE_ERROR_TIMEOUT, WRITE},
  {"'action':'stmt2_bind','nth':2,'fault':'pause','ms':100", 0},

  {"'action':'stmt2_exec','nth':3,'fault':'error','code':905",
      GST_TDENGINE_ERROR_SERVER, WRITE},
  {"'action':'stmt2_exec','nth':3,'fault':'lose'", GST_TDENGINE_ERROR_TIMEOUT,
      WRITE},
  {"'action':'stmt2_exec','nth':3,'fault':'cut','on':'request'",
      GST_TDENGINE_ERROR_CLOSED, WRITE},
  {"'action':'stmt2_exec','nth':3,'fault':'cut'", GST_TDENGINE_ERROR_CLOSED,
      WRITE},
  {"'action':'stmt2_exec','nth':3,'fault':'cut','bytes':40",
      GST_TDENGINE_ERROR_CLOSED, WRITE},
  {"'action':'stmt2_exec','nth':3,'fault':'truncate','bytes':40",
      GST_TDENGINE_ERROR_PROTOCOL, WRITE},
  {"'action':'stmt2_exec','nth':3,'fault':'length',"
        "'value':4611686018427387904", GST_TDENGINE_ERROR_PROTOCOL, WRITE},
  {"'action':'stmt2_exec','nth':3,'fault':'opcode','value':2",
      GST_TDENGINE_ERROR_PROTOCOL, WRITE},
};

static const Story copy_stories[] = {
  {"'action':'write_raw_block','fault':'error','code':905",
        GST_TDENGINE_ERROR_SERVER,
      WRITE},
  {"'action':'write_raw_block','fault':'ignore'",
      GST_TDENGINE_ERROR_TIMEOUT, WRITE},
  {"'action':'write_raw_block','fault':'lose'",
      GST_TDENGINE_ERROR_TIMEOUT, WRITE},
  {"'action':'write_raw_block','fault':'delay','ms':100", 0},
  {"'action':'write_raw_block','fault':'cut','on':'request'",
        GST_TDENGINE_ERROR_CLOSED,
      WRITE},
  {"'action':'write_raw_block','fault':'cut','bytes':20",
        GST_TDENGINE_ERROR_CLOSED,
      WRITE},
  {"'action':'write_raw_block','fault':'truncate','bytes':20",
      GST_TDENGINE_ERROR_PROTOCOL, WRITE},
  {"'action':'write_raw_block','fault':'opcode','value':2",
        GST_TDENGINE_ERROR_PROTOCOL,
      WRITE},
  {"'action':'write_raw_block','fault':'pause','ms':60000",
        GST_TDENGINE_ERROR_TIMEOUT,
      WRITE},
};

static void
check_rows (const Story * story, Job * job, const gchar * table, guint n_rows)
{
  guint n_stored = count_rows (table);

  fail_unless (job_count (job) <= n_stored, "%s: %" G_GUINT64_FORMAT
      " confirmed, %u stored", story->rule, job_count (job), n_stored);
  if (story->code == 0)
    fail_unless_equals_uint64 (n_stored, n_rows);
}

GST_START_TEST (test_no_bound_row_is_confirmed_that_is_not_stored)
{
  const Story *story = &write_stories[__i__];
  Job job;

  if (!has_faults)
    return;
  set_up_table ();
  set_faults (story->rule);
  job_write (&job, ONCE);
  check_outcome (story, &job);
  check_rows (story, &job, "meters", N_TABLES * N_ROWS);
  job_clear (&job);
}

GST_END_TEST;

GST_START_TEST (test_no_row_of_a_block_is_confirmed_that_is_not_stored)
{
  const Story *story = &copy_stories[__i__];
  Job job;

  if (!has_faults)
    return;
  set_up_table ();
  fill_table ();
  set_faults (story->rule);
  job_copy (&job, ONCE);
  check_outcome (story, &job);
  check_rows (story, &job, "copy", N_ROWS);
  job_clear (&job);
}

GST_END_TEST;

/* once the sink has rows, what may pass does */
static gboolean
passes (const Story * story)
{
  return story->code != GST_TDENGINE_ERROR_SERVER
      && (strstr (story->rule, "stmt2") || strstr (story->rule, "write_raw"));
}

static void
check_retried (const Story * story, Job * job, const gchar * table,
    guint n_rows)
{
  gint code;
  g_autoptr (GError) error = job_wait (job, &code);
  g_autofree gchar *state = test_server_clear_faults ();

  fail_unless (error == NULL, "%s: %s", story->rule,
      error ? error->message : "");
  fail_unless (!strstr (state, "\"fired\":0"), "%s: %s", story->rule, state);
  fail_unless_equals_uint64 (job_count (job), n_rows);
  fail_unless_equals_uint64 (count_rows (table), n_rows);
}

GST_START_TEST (test_bound_rows_are_sent_again)
{
  const Story *story = &write_stories[__i__];
  Job job;

  if (!has_faults || !passes (story))
    return;
  set_up_table ();
  set_faults (story->rule);
  job_write (&job, AGAIN);
  check_retried (story, &job, "meters", N_TABLES * N_ROWS);
  job_clear (&job);
}

GST_END_TEST;

GST_START_TEST (test_blocks_are_sent_again)
{
  const Story *story = &copy_stories[__i__];
  Job job;

  if (!has_faults || !passes (story))
    return;
  set_up_table ();
  fill_table ();
  set_faults (story->rule);
  job_copy (&job, AGAIN);
  check_retried (story, &job, "copy", N_ROWS);
  job_clear (&job);
}

GST_END_TEST;

/* codes that may pass, and one that does not */
static const Story code_stories[] = {
  {"'action':'stmt2_exec','fault':'error','count':2,'code':11"},
  {"'action':'stmt2_exec','fault':'error','count':2,'code':32"},
  {"'action':'stmt2_exec','fault':'error','count':2,'code':2316"},
  {"'action':'stmt2_bind','fault':'error','count':2,'code':65534"},
  {"'action':'stmt2_exec','fault':'error','count':2,'code':299",
      GST_TDENGINE_ERROR_SERVER, RESOURCE (NO_SPACE_LEFT)},
};

GST_START_TEST (test_what_may_pass_is_told_by_its_code)
{
  const Story *story = &code_stories[__i__];
  Job job;

  if (!has_faults)
    return;
  set_up_table ();
  set_faults (story->rule);
  job_write (&job, AGAIN);
  check_outcome (story, &job);
  check_rows (story, &job, "meters", N_TABLES * N_ROWS);
  job_clear (&job);
}

GST_END_TEST;

/* Random cuts at each step of writing and of connecting again, before the
 * server has worked or while it answers. What comes before the first row is not
 * tried again: connecting, and the queries that ask for the target. */

typedef struct
{
  const gchar *action;
  guint nth;                    /* the first that may be cut */
} Step;

#define MAX_STEPS 6
#define CONNECT {"upgrade", 2}, {"conn", 2}

static const struct
{
  const gchar *settings;
  Step steps[MAX_STEPS + 1];
} cut_stories[] = {
  {"write-mode=bind", {{"stmt2_init", 1}, {"stmt2_prepare", 1},
          {"stmt2_bind", 1}, {"stmt2_exec", 1}, CONNECT}},
  {"write-mode=raw", {{"write_raw_block", 1}, {"binary_query", N_QUERIES + 1},
          CONNECT}},
  {"write-mode=sql", {{"binary_query", N_QUERIES + 1}, CONNECT}},
  {"tag-updates=apply", {{"binary_query", N_QUERIES + 1}}},
  {"parallelism=3 batch-size=1", {{"stmt2_bind", 1}, {"stmt2_exec", 1},
          {"write_raw_block", 1}, {"binary_query", N_QUERIES + 1}, CONNECT}},
};

static gchar *
make_cuts (const Step * steps, guint seed)
{
  GString *rules = g_string_new (NULL);

  for (; steps->action; steps++, seed++)
    g_string_append_printf (rules, "%s'action':'%s','nth':%u,'fault':'cut',"
        "'on':'%s','bytes':%u,'count':0,'probability':0.1,'seed':%u",
        rules->len > 0 ? "},{" : "", steps->action, steps->nth,
        seed % 2 ? "request" : "reply", 7 * (seed % 11), seed);
  return g_string_free (rules, FALSE);
}

/* adds up how often each step was cut */
static void
count_cuts (guint * n_cuts)
{
  g_autofree gchar *state = test_server_clear_faults ();
  g_autoptr (JsonNode) root = json_from_string (state, NULL);
  JsonArray *rules = json_node_get_array (root);

  for (guint i = 0; i < json_array_get_length (rules); i++)
    n_cuts[i] += json_object_get_int_member (json_array_get_object_element
        (rules, i), "fired");
}

static guint
get_n_cut_rounds (void)
{
  const gchar *rounds = g_getenv ("TDENGINE_TEST_CUTS");

  return rounds ? atoi (rounds) : N_CUT_ROUNDS;
}

GST_START_TEST (test_random_cuts_lose_nothing)
{
  const Step *steps = cut_stories[__i__].steps;
  g_autofree gchar *settings =
      g_strdup_printf (AGAIN " %s", cut_stories[__i__].settings);
  guint n_cuts[MAX_STEPS] = { 0 };

  if (!has_faults)
    return;
  for (guint seed = 0; seed < get_n_cut_rounds (); seed++) {
    g_autofree gchar *rules = make_cuts (steps, seed);
    gint code;
    Job job;

    set_up_table ();
    set_faults (rules);
    job_write (&job, settings);
    g_autoptr (GError) error = job_wait (&job, &code);
    fail_unless (!error, "seed %u: %s", seed, error ? error->message : "");
    count_cuts (n_cuts);
    fail_unless_equals_uint64 (job_count (&job), N_TABLES * N_ROWS);
    check_content ();
    job_clear (&job);
  }
  for (guint i = 0; steps[i].action; i++)
    fail_unless (n_cuts[i] > 0, "%s was never cut", steps[i].action);
}

GST_END_TEST;

GST_START_TEST (test_a_server_that_comes_back_gets_the_rest)
{
  gint code;
  Job job;

  if (!has_faults)
    return;
  set_up_table ();
  set_faults ("'action':'stmt2_exec','nth':3,'fault':'exit','code':9");
  job_write (&job, "retries=1000 retry-interval=1");
  fail_unless_equals_int (test_server_restart (), 9);
  g_autoptr (GError) error = job_wait (&job, &code);
  g_assert_no_error (error);
  fail_unless_equals_uint64 (job_count (&job), N_TABLES * N_ROWS);
  fail_unless_equals_uint64 (count_rows ("meters"), N_TABLES * N_ROWS);
  job_clear (&job);
}

GST_END_TEST;

/* what the sink has taken and the server has not confirmed: a batch under way,
 * one made ready, and one on its way in */
#define MAX_UNCONFIRMED 3

GST_START_TEST (test_a_slow_server_slows_the_pipeline_down)
{
  enum
  { N_BUFFERS = 30 };
  guint64 level = N_BUFFERS, n_confirmed = 0;
  GstFlowReturn flow;
  gint code;
  Job job;

  if (!has_faults)
    return;
  set_up_table ();
  set_faults ("'action':'stmt2_exec','fault':'delay','ms':10,'count':0");
  job_init (&job, "appsrc name=src format=time max-bytes=0 ! tdenginesink "
      "name=element uri=URI database=outages super-table=meters batch-size=3");
  g_autoptr (GstElement) src =
      gst_bin_get_by_name (GST_BIN (job.pipeline), "src");
  for (guint row = 0; row < N_BUFFERS; row++)
    push_rows (src, row);
  while (n_confirmed < N_BUFFERS - MAX_UNCONFIRMED) {
    g_object_get (src, "current-level-buffers", &level, NULL);
    /* asked for later, so there are no fewer */
    n_confirmed = job_count (&job) / N_TABLES;
    fail_unless (N_BUFFERS - level <= n_confirmed + MAX_UNCONFIRMED,
        "%u taken, %u confirmed", N_BUFFERS - (guint) level,
        (guint) n_confirmed);
  }
  /* the last ones may not have left their source yet */
  g_signal_emit_by_name (src, "end-of-stream", &flow);
  g_autoptr (GError) error = job_wait (&job, &code);
  g_assert_no_error (error);
  job_clear (&job);
  g_free (test_server_clear_faults ());
  fail_unless_equals_uint64 (count_rows ("meters"), N_TABLES * N_BUFFERS);
}

GST_END_TEST;

GST_START_TEST (test_rows_go_over_several_connections)
{
  gint code;
  Job job;

  if (!has_faults)
    return;
  set_up_table ();
  set_faults ("'action':'conn','fault':'delay','ms':1,'count':0");
  job_write (&job, "parallelism=2");
  g_autoptr (GError) error = job_wait (&job, &code);
  g_assert_no_error (error);
  job_clear (&job);
  g_autofree gchar *state = test_server_clear_faults ();
  fail_unless (strstr (state, "\"fired\":2"), "%s", state);
  fail_unless_equals_uint64 (count_rows ("meters"), N_TABLES * N_ROWS);
}

GST_END_TEST;

/* as a user does who starts a pipeline again until it comes to its end */
static guint
write_until_eos (void)
{
  for (guint n = 0;; n++) {
    gint code = 0;
    Job job;

    job_write (&job, ONCE);
    g_autoptr (GError) error = job_wait (&job, &code);
    job_clear (&job);
    if (!error)
      return n;
    fail_unless (code == GST_TDENGINE_ERROR_CLOSED
        || code == GST_TDENGINE_ERROR_CONNECT, "%x: %s", code, error->message);
  }
}

GST_START_TEST (test_nothing_is_missing_after_random_cuts)
{
  guint n_errors = 0;

  if (!has_faults)
    return;
  for (guint seed = 0; seed < N_ROUNDS; seed++) {
    g_autofree gchar *rule = g_strdup_printf ("'path':'/ws','fault':'cut',"
        "'bytes':%u,'count':0,'probability':0.03,'seed':%u", 7 * seed, seed);

    set_up_table ();
    set_faults (rule);
    n_errors += write_until_eos ();
    g_free (test_server_clear_faults ());
    fail_unless_equals_uint64 (count_rows ("meters"), N_TABLES * N_ROWS);
  }
  /* of 20 rounds of some 18 requests, 0.03 of which are cut */
  fail_unless (n_errors > 0);
}

GST_END_TEST;

GST_START_TEST (test_a_server_that_ends_keeps_what_it_confirmed)
{
  gint code = 0;
  Job job;

  if (!has_faults)
    return;
  set_up_table ();
  set_faults ("'action':'stmt2_exec','nth':3,'fault':'exit','code':9");
  job_write (&job, ONCE);
  g_autoptr (GError) error = job_wait (&job, &code);
  fail_unless_equals_int (code, GST_TDENGINE_ERROR_CLOSED);
  fail_unless_equals_int (test_server_restart (), 9);
  fail_unless (job_count (&job) <= count_rows ("meters"));
  job_clear (&job);
  fail_unless_equals_int (write_until_eos (), 0);
  fail_unless_equals_uint64 (count_rows ("meters"), N_TABLES * N_ROWS);
}

GST_END_TEST;

static Suite *
outages_suite (void)
{
  Suite *suite = suite_create ("outages");
  TCase *tc = tcase_create ("general");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_unchecked_fixture (tc, set_up, test_server_stop);
  tcase_add_loop_test (tc, test_reading_ends_well_or_with_an_error, 0,
      G_N_ELEMENTS (read_stories));
  tcase_add_loop_test (tc, test_no_bound_row_is_confirmed_that_is_not_stored, 0,
      G_N_ELEMENTS (write_stories));
  tcase_add_loop_test (tc,
      test_no_row_of_a_block_is_confirmed_that_is_not_stored, 0,
      G_N_ELEMENTS (copy_stories));
  tcase_add_loop_test (tc, test_bound_rows_are_sent_again, 0,
      G_N_ELEMENTS (write_stories));
  tcase_add_loop_test (tc, test_blocks_are_sent_again, 0,
      G_N_ELEMENTS (copy_stories));
  tcase_add_loop_test (tc, test_what_may_pass_is_told_by_its_code, 0,
      G_N_ELEMENTS (code_stories));
  tcase_add_loop_test (tc, test_random_cuts_lose_nothing, 0,
      G_N_ELEMENTS (cut_stories));
  tcase_add_test (tc, test_a_server_that_comes_back_gets_the_rest);
  tcase_add_test (tc, test_a_slow_server_slows_the_pipeline_down);
  tcase_add_test (tc, test_rows_go_over_several_connections);
  tcase_add_test (tc, test_nothing_is_missing_after_random_cuts);
  tcase_add_test (tc, test_a_server_that_ends_keeps_what_it_confirmed);
  return suite;
}

GST_CHECK_MAIN (outages);
