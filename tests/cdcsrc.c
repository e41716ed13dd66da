/* tdenginecdcsrc: stories of a pipeline that follows topics
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <glib/gstdio.h>
#include <gst/app/app.h>
#include <gst/check/gstcheck.h>

#include "testserver.h"

/* 2024-12-19 17:12:45.642 UTC */
#define FIRST_TIME G_GINT64_CONSTANT (1734628365642)
#define HOUR G_GINT64_CONSTANT (3600000)
#define TIMEOUT (30 * GST_SECOND)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstMiniObject, gst_mini_object_unref)
     static GstTDengineConnection *connection;
     static gchar *database;

     static void insert (const gchar * table, gint64 ts, gint voltage)
{
  test_execute (connection, "insert into %s.%s (ts, voltage) values (%"
      G_GINT64_FORMAT ", %d)", database, table, ts, voltage);
}

/* d1001 has 201 to 203 at each of three hours, d1002 has 204 to 206 */
static void
insert_meters (void)
{
  for (guint hour = 0; hour < 3; hour++) {
    for (guint i = 0; i < 6; i++)
      insert (i < 3 ? "d1001" : "d1002", FIRST_TIME + hour * HOUR + i % 3 *
          1000, 201 + i);
  }
}

/* a topic on a query, one on a super table, and one that tells of changes; their
 * names are not of a database, and the server's for all */
static void
set_up (void)
{
  connection = test_connect ();
  database = g_strdup_printf ("test_cdc_%d", (gint) getpid ());
  test_execute (connection, "create database %s vgroups 2", database);
  test_execute (connection, "create table %s.meters (ts timestamp, "
      "current float, voltage int) tags (groupid int)", database);
  test_execute (connection, "create table %s.d1001 using %s.meters tags (1)",
      database, database);
  test_execute (connection, "create table %s.d1002 using %s.meters tags (2)",
      database, database);
  test_execute (connection, "create topic %s_query as select tbname, ts, "
      "voltage from %s.meters", database, database);
  test_execute (connection, "create topic %s_super as stable %s.meters",
      database, database);
  test_execute (connection, "create topic %s_changes with meta as database %s",
      database, database);
  insert_meters ();
}

/* a server takes a while to notice that a consumer has gone */
static void
drop_topic (const gchar * name)
{
  g_autofree gchar *sql =
      g_strdup_printf ("drop topic if exists %s_%s", database, name);
  gint64 deadline = g_get_monotonic_time () + 30 * G_TIME_SPAN_SECOND;

  while (TRUE) {
    g_autoptr (GError) error = NULL;

    if (gst_tdengine_connection_execute (connection, sql, NULL, &error) >= 0)
      return;
    fail_unless (g_get_monotonic_time () < deadline, "%s: %s", sql,
        error->message);
    g_usleep (100 * G_TIME_SPAN_MILLISECOND);
  }
}

static void
tear_down (void)
{
  static const gchar *const topics[] = { "query", "super", "changes", "json" };

  for (guint i = 0; i < G_N_ELEMENTS (topics); i++)
    drop_topic (topics[i]);
  test_execute (connection, "drop database if exists %s", database);
  g_clear_object (&connection);
  g_clear_pointer (&database, g_free);
}

/* a pipeline to look into */
typedef struct
{
  GstElement *pipeline;
  GstElement *src;
  GstElement *sink;
} Run;

static void
run_make (Run * run, const gchar * topic, const gchar * group,
    const gchar * more)
{
  g_autoptr (GError) error = NULL;
  g_autofree gchar *line = g_strdup_printf ("tdenginecdcsrc name=src "
      "topic=%s_%s group-id=%s poll-interval=100 %s ! appsink name=sink "
      "sync=false async=false", database, topic, group, more);

  run->pipeline = gst_parse_launch (line, &error);
  g_assert_no_error (error);
  run->src = gst_bin_get_by_name (GST_BIN (run->pipeline), "src");
  run->sink = gst_bin_get_by_name (GST_BIN (run->pipeline), "sink");
  g_object_set (run->src, "uri", test_server_uri (), NULL);
}

static void
run_play (Run * run)
{
  gst_element_set_state (run->pipeline, GST_STATE_PLAYING);
}

static void
run_start (Run * run, const gchar * topic, const gchar * group,
    const gchar * more)
{
  run_make (run, topic, group, more);
  run_play (run);
}

static void
run_stop (Run * run)
{
  gst_element_set_state (run->pipeline, GST_STATE_NULL);
  gst_object_unref (run->src);
  gst_object_unref (run->sink);
  gst_object_unref (run->pipeline);
}

static GstMiniObject *
run_pull (Run * run)
{
  GstMiniObject *object = NULL;

  g_signal_emit_by_name (run->sink, "try-pull-object", TIMEOUT, &object);
  return object;
}

static gint64
sum_of (GstSample * sample, const gchar * column, guint * n_rows)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_new_from_sample (sample, &error);
  gint64 sum = 0;

  g_assert_no_error (error);
  gint index =
      gst_tdengine_schema_find (gst_tdengine_rows_get_schema (rows), column);
  fail_unless (index >= 0);
  for (guint i = 0; i < gst_tdengine_rows_get_n_rows (rows); i++) {
    if (!gst_tdengine_rows_is_null (rows, index, i))
      sum += gst_tdengine_rows_get_int64 (rows, index, i);
  }
  *n_rows += gst_tdengine_rows_get_n_rows (rows);
  return sum;
}

typedef enum
{
  CONFIRM,
  IGNORE,
} Checkpoints;

/* what comes until EOS, or until there are so many rows; sums voltage */
static gint64
run_read (Run * run, guint limit, Checkpoints checkpoints, guint * n_rows)
{
  gint64 sum = 0;

  *n_rows = 0;
  while (limit == 0 || *n_rows < limit) {
    g_autoptr (GstMiniObject) object = run_pull (run);

    if (!object) {
      fail_unless (gst_app_sink_is_eos (GST_APP_SINK (run->sink)));
      break;
    }
    if (GST_IS_SAMPLE (object)) {
      sum += sum_of (GST_SAMPLE (object), "voltage", n_rows);
      continue;
    }
    g_autoptr (GstTDengineCheckpoint) checkpoint =
        gst_tdengine_checkpoint_claim (GST_EVENT (object));
    if (checkpoint && checkpoints == CONFIRM)
      gst_tdengine_checkpoint_confirm (checkpoint);
  }
  return sum;
}

/* a whole run over what there is */
static gint64
read_all (const gchar * topic, const gchar * group, const gchar * more,
    Checkpoints checkpoints, guint * n_rows)
{
  g_autofree gchar *all =
      g_strconcat ("offset-reset=earliest end=latest ", more, NULL);
  gint64 sum;
  Run run;

  run_start (&run, topic, group, all);
  sum = run_read (&run, 0, checkpoints, n_rows);
  run_stop (&run);
  return sum;
}

static const gchar *const ways[] = {
  "", "parallelism=2", "rows-per-buffer=1", "commit-mode=auto",
  "options=options,min.poll.rows=1",
};

/* rows of several tables in one statement, too many for one message */
static void
insert_at_once (guint n_tables, guint n_rows)
{
  g_autoptr (GString) sql = g_string_new ("insert into");

  for (guint table = 0; table < n_tables; table++) {
    g_string_append_printf (sql, " %s.m%u using %s.meters tags (%u) "
        "(ts, voltage) values", database, table, database, table);
    for (guint row = 0; row < n_rows; row++)
      g_string_append_printf (sql, " (%" G_GINT64_FORMAT ",%u)",
          FIRST_TIME + row, table + 1);
  }
  test_execute (connection, "%s", sql->str);
}

GST_START_TEST (test_what_was_written_at_once_may_come_in_parts)
{
  static const gchar *const topics[] = { "query", "super" };
  guint n_rows;

  insert_at_once (5, 5000);
  /* 3663, and 5000 rows of each of 1 to 5 */
  fail_unless_equals_int64 (read_all (topics[__i__], "parts", "", CONFIRM,
          &n_rows), 3663 + 5000 * 15);
  fail_unless_equals_int (n_rows, 18 + 5 * 5000);
}

GST_END_TEST;

static guint
collect (GstSample * sample, GHashTable * seen)
{
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_new_from_sample (sample, NULL);
  GstTDengineSchema *schema = gst_tdengine_rows_get_schema (rows);
  guint n_rows = gst_tdengine_rows_get_n_rows (rows);

  for (guint row = 0; row < n_rows; row++) {
    g_autofree gchar *time = gst_tdengine_rows_get_text (rows,
        gst_tdengine_schema_find (schema, "ts"), row);
    g_autofree gchar *voltage = gst_tdengine_rows_get_text (rows,
        gst_tdengine_schema_find (schema, "voltage"), row);

    g_hash_table_add (seen, g_strconcat (time, " ", voltage, NULL));
  }
  return n_rows;
}

/* Confirms what comes until EOS, or until that is so many rows, which are added
 * to those that were seen. */
static guint
run_collect (Run * run, guint limit, GHashTable * seen)
{
  guint n_rows = 0;

  while (TRUE) {
    g_autoptr (GstMiniObject) object = run_pull (run);
    g_autoptr (GstTDengineCheckpoint) checkpoint = GST_IS_EVENT (object) ?
        gst_tdengine_checkpoint_claim (GST_EVENT (object)) : NULL;

    if (GST_IS_SAMPLE (object))
      n_rows += collect (GST_SAMPLE (object), seen);
    if (checkpoint)
      gst_tdengine_checkpoint_confirm (checkpoint);
    if (!object || (checkpoint && limit > 0 && n_rows >= limit))
      return n_rows;
  }
}

static GHashTable *
make_seen (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
}

/* it is committed as a whole */
GST_START_TEST (test_a_part_of_what_was_written_at_once_is_not_lost)
{
  g_autofree gchar *group = g_strdup_printf ("half%d", __i__);
  g_autoptr (GHashTable) seen = make_seen ();
  guint n_rows;
  Run run;

  insert_at_once (5, 5000);
  run_start (&run, "query", group,
      "offset-reset=earliest checkpoint-interval=1");
  run_collect (&run, 18 + 5000 * __i__, seen);
  run_stop (&run);
  run_start (&run, "query", group, "end=latest");
  run_collect (&run, 0, seen);
  run_stop (&run);
  fail_unless_equals_int (g_hash_table_size (seen), 18 + 5 * 5000);
  read_all ("query", group, "", CONFIRM, &n_rows);
  fail_unless_equals_int (n_rows, 0);
}

GST_END_TEST;

/* the sum that the reference's own tests have for these rows */
GST_START_TEST (test_every_row_comes_once)
{
  guint n_rows;

  fail_unless_equals_int64 (read_all ("super", "once", ways[__i__], IGNORE,
          &n_rows), 3663);
  fail_unless_equals_int (n_rows, 18);
}

GST_END_TEST;

/* the last ones twice, where a vgroup goes from one consumer to another */
GST_START_TEST (test_every_row_of_a_query_comes)
{
  g_autofree gchar *more =
      g_strconcat ("offset-reset=earliest end=latest ", ways[__i__], NULL);
  g_autoptr (GHashTable) seen = make_seen ();
  guint n_rows;
  Run run;

  run_start (&run, "query", "each", more);
  n_rows = run_collect (&run, 0, seen);
  run_stop (&run);
  fail_unless_equals_int (g_hash_table_size (seen), 18);
  fail_unless (n_rows == 18 || strstr (ways[__i__], "parallelism"), "%u rows",
      n_rows);
}

GST_END_TEST;

static const GstStructure *
get_origin (GstSample * sample)
{
  GstCustomMeta *meta = gst_buffer_get_custom_meta (gst_sample_get_buffer
      (sample), "GstTDengineOriginMeta");

  fail_unless (meta);
  return gst_custom_meta_get_structure (meta);
}

GST_START_TEST (test_buffers_tell_where_they_come_from)
{
  g_autofree gchar *topic = g_strconcat (database, "_super", NULL);
  guint n_tables[2] = { 0, 0 };
  gint vgroup;
  gint64 offset;
  Run run;

  run_start (&run, "super", "origin", "offset-reset=earliest end=latest");
  while (TRUE) {
    g_autoptr (GstMiniObject) object = run_pull (&run);

    if (!object)
      break;
    if (!GST_IS_SAMPLE (object))
      continue;
    const GstStructure *origin = get_origin (GST_SAMPLE (object));
    const gchar *table = gst_structure_get_string (origin, "table");
    fail_unless_equals_string (gst_structure_get_string (origin, "topic"),
        topic);
    fail_unless_equals_string (gst_structure_get_string (origin, "database"),
        database);
    fail_unless_equals_string (gst_structure_get_string (origin, "operation"),
        "insert");
    fail_unless (gst_structure_get_int (origin, "vgroup", &vgroup));
    fail_unless (gst_structure_get_int64 (origin, "offset", &offset));
    fail_unless (vgroup > 0 && offset >= 0);
    /* d1001 has what is up to 203 */
    guint n_rows = 0;
    gint64 sum = sum_of (GST_SAMPLE (object), "voltage", &n_rows);
    gboolean is_first = sum <= 203 * (gint64) n_rows;
    fail_unless_equals_string (table, is_first ? "d1001" : "d1002");
    n_tables[is_first] += n_rows;
  }
  fail_unless_equals_int (n_tables[0], 9);
  fail_unless_equals_int (n_tables[1], 9);
  run_stop (&run);
}

GST_END_TEST;

GST_START_TEST (test_a_new_column_brings_new_caps)
{
  gint64 extra = 0;
  guint n_rows;
  Run run;

  run_start (&run, "super", "column", "offset-reset=earliest");
  fail_unless_equals_int64 (run_read (&run, 18, IGNORE, &n_rows), 3663);
  test_execute (connection, "alter table %s.meters add column extra int",
      database);
  test_execute (connection, "insert into %s.d1001 (ts, voltage, extra) "
      "values (%" G_GINT64_FORMAT ", 1, 5)", database, FIRST_TIME - 1);
  while (extra == 0) {
    g_autoptr (GstMiniObject) object = run_pull (&run);

    fail_unless (object);
    if (GST_IS_SAMPLE (object))
      extra = sum_of (GST_SAMPLE (object), "extra", &n_rows);
  }
  fail_unless_equals_int64 (extra, 5);
  run_stop (&run);
}

GST_END_TEST;

/* appsink gives no event before the next buffer: these are seen on their way */
static GstPadProbeReturn
take_change (GstPad * pad, GstPadProbeInfo * info, gpointer changes)
{
  GstEvent *event = GST_PAD_PROBE_INFO_EVENT (info);

  if (gst_event_has_name (event, "GstTDengineChange"))
    g_async_queue_push (changes, gst_event_ref (event));
  return GST_PAD_PROBE_OK;
}

/* waits for a change of that kind, past others */
static void
check_change (GAsyncQueue * changes, const gchar * operation,
    const gchar * json)
{
  while (TRUE) {
    g_autoptr (GstEvent) event = g_async_queue_timeout_pop (changes,
        GST_TIME_AS_USECONDS (TIMEOUT));

    fail_unless (event, "there was no change %s", operation);
    const GstStructure *structure = gst_event_get_structure (event);
    if (!g_str_equal (gst_structure_get_string (structure, "operation"),
            operation))
      continue;
    fail_unless (GST_EVENT_IS_SERIALIZED (event));
    fail_unless (strstr (gst_structure_get_string (structure, "json"), json),
        "%s is not in %s", json, gst_structure_get_string (structure, "json"));
    fail_unless_equals_string (gst_structure_get_string (structure,
            "database"), database);
    return;
  }
}

GST_START_TEST (test_what_happens_to_tables_comes_as_events)
{
  g_autoptr (GAsyncQueue) changes =
      g_async_queue_new_full ((GDestroyNotify) gst_event_unref);
  Run run;

  run_make (&run, "changes", "changes", "offset-reset=earliest");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (run.src, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, take_change,
      changes, NULL);
  run_play (&run);
  check_change (changes, "create", "\"tableName\":\"meters\"");
  test_execute (connection, "alter table %s.meters add column extra int",
      database);
  check_change (changes, "alter", "\"colName\":\"extra\"");
  test_execute (connection, "delete from %s.d1001 where ts = %"
      G_GINT64_FORMAT, database, FIRST_TIME);
  check_change (changes, "delete", "delete from `d1001`");
  test_execute (connection, "drop table %s.d1002", database);
  check_change (changes, "drop", "d1002");
  run_stop (&run);
}

GST_END_TEST;

/* committing: what a group finds when it comes back */

GST_START_TEST (test_what_is_confirmed_does_not_come_again)
{
  guint n_rows;

  read_all ("query", "confirmed", "", CONFIRM, &n_rows);
  fail_unless_equals_int (n_rows, 18);
  insert ("d1001", FIRST_TIME - 1, 7);
  fail_unless_equals_int64 (read_all ("query", "confirmed", "", CONFIRM,
          &n_rows), 7);
  fail_unless_equals_int (n_rows, 1);
}

GST_END_TEST;

GST_START_TEST (test_what_is_not_confirmed_comes_again)
{
  guint n_rows;

  read_all ("query", "ignored", "", IGNORE, &n_rows);
  fail_unless_equals_int (n_rows, 18);
  fail_unless_equals_int64 (read_all ("query", "ignored", "", IGNORE, &n_rows),
      3663);
}

GST_END_TEST;

GST_START_TEST (test_automatic_commits_need_no_checkpoint)
{
  guint n_rows;

  read_all ("query", "auto", "commit-mode=auto", IGNORE, &n_rows);
  fail_unless_equals_int (n_rows, 18);
  read_all ("query", "auto", "commit-mode=auto", IGNORE, &n_rows);
  fail_unless_equals_int (n_rows, 0);
}

GST_END_TEST;

GST_START_TEST (test_manual_commits_wait_for_the_signal)
{
  static const gchar *const more =
      "commit-mode=manual offset-reset=earliest end=latest";
  guint n_rows;
  Run run;

  read_all ("query", "manual", "commit-mode=manual", IGNORE, &n_rows);
  fail_unless_equals_int (n_rows, 18);
  run_start (&run, "query", "manual", more);
  run_read (&run, 0, IGNORE, &n_rows);
  fail_unless_equals_int (n_rows, 18);
  g_signal_emit_by_name (run.src, "commit");
  run_stop (&run);
  read_all ("query", "manual", "commit-mode=manual", IGNORE, &n_rows);
  fail_unless_equals_int (n_rows, 0);
}

GST_END_TEST;

/* the positions that a checkpoint has are those to begin with */
GST_START_TEST (test_positions_of_a_checkpoint_can_be_gone_back_to)
{
  g_autoptr (GstStructure) positions = NULL;
  guint n_rows;
  Run run;

  run_start (&run, "query", "positions", "offset-reset=earliest end=latest");
  while (TRUE) {
    g_autoptr (GstMiniObject) object = run_pull (&run);

    if (!object)
      break;
    if (!GST_IS_EVENT (object))
      continue;
    g_autoptr (GstTDengineCheckpoint) checkpoint =
        gst_tdengine_checkpoint_claim (GST_EVENT (object));
    if (!checkpoint)
      continue;
    g_clear_pointer (&positions, gst_structure_free);
    positions = gst_structure_copy (gst_tdengine_checkpoint_get_position
        (checkpoint));
    gst_tdengine_checkpoint_confirm (checkpoint);
  }
  run_stop (&run);
  fail_unless (gst_structure_n_fields (positions) > 0);

  insert ("d1001", FIRST_TIME - 1, 7);
  insert ("d1002", FIRST_TIME - 1, 8);
  read_all ("query", "positions", "", CONFIRM, &n_rows);
  fail_unless_equals_int (n_rows, 2);
  /* all is confirmed: but for these positions nothing would come */
  run_make (&run, "query", "positions", "end=latest");
  g_object_set (run.src, "start-positions", positions, NULL);
  run_play (&run);
  fail_unless_equals_int64 (run_read (&run, 0, IGNORE, &n_rows), 15);
  run_stop (&run);
}

GST_END_TEST;

/* a file stands in for what the server knows of a group */
GST_START_TEST (test_a_state_file_tells_where_to_go_on)
{
  g_autofree gchar *folder = g_dir_make_tmp ("cdcsrc-XXXXXX", NULL);
  g_autofree gchar *path = g_build_filename (folder, "state", NULL);
  g_autofree gchar *more = g_strdup_printf ("state-file=%s", path);
  g_autoptr (GError) error = NULL;
  guint n_rows;
  Run run;

  read_all ("query", "before", more, IGNORE, &n_rows);
  fail_unless_equals_int64 (read_all ("query", "before", more, CONFIRM,
          &n_rows), 3663);
  fail_unless_equals_int (n_rows, 18);
  insert ("d1001", FIRST_TIME - 1, 7);
  fail_unless_equals_int64 (read_all ("query", "behind", more, CONFIRM,
          &n_rows), 7);
  fail_unless_equals_int (n_rows, 1);

  run_make (&run, "super", "other", more);
  fail_unless (gst_element_set_state (run.pipeline, GST_STATE_PLAYING) ==
      GST_STATE_CHANGE_FAILURE);
  run_stop (&run);
  fail_unless_equals_int (g_unlink (path), 0);

  /* where it can't be written nothing is committed */
  fail_unless_equals_int (g_rmdir (folder), 0);
  run_start (&run, "query", "unwritten",
      "offset-reset=earliest end=latest state-file=/nosuch/folder/state");
  run_read (&run, 0, CONFIRM, &n_rows);
  g_autoptr (GstBus) bus = gst_element_get_bus (run.pipeline);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, TIMEOUT, GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, "/nosuch/folder"), "%s", error->message);
  run_stop (&run);
  read_all ("query", "unwritten", "", IGNORE, &n_rows);
  fail_unless_equals_int (n_rows, 19);
}

GST_END_TEST;

/* what a flush drops was not confirmed */
GST_START_TEST (test_after_a_flush_rows_come_again)
{
  guint n_rows;
  Run run;

  run_start (&run, "query", "flush", "offset-reset=earliest "
      "checkpoint-interval=50");
  run_read (&run, 18, IGNORE, &n_rows);
  gst_element_send_event (run.src, gst_event_new_flush_start ());
  gst_element_send_event (run.src, gst_event_new_flush_stop (TRUE));
  fail_unless_equals_int64 (run_read (&run, 18, IGNORE, &n_rows), 3663);
  run_stop (&run);
}

GST_END_TEST;

/* starting, ending, stopping */

GST_START_TEST (test_latest_is_from_the_subscription_on)
{
  guint n_rows;
  Run run;

  run_start (&run, "query", "latest", "");
  g_autoptr (GstBus) bus = gst_element_get_bus (run.pipeline);
  while (TRUE) {
    g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (bus, TIMEOUT,
        GST_MESSAGE_PROGRESS);
    GstProgressType type;

    fail_unless (message);
    gst_message_parse_progress (message, &type, NULL, NULL);
    if (type == GST_PROGRESS_TYPE_COMPLETE)
      break;
  }
  insert ("d1001", FIRST_TIME - 1, 7);
  fail_unless_equals_int64 (run_read (&run, 1, IGNORE, &n_rows), 7);
  run_stop (&run);
}

GST_END_TEST;

GST_START_TEST (test_it_ends_when_nothing_comes)
{
  guint n_rows;
  Run run;

  run_start (&run, "query", "idle",
      "offset-reset=earliest end=idle idle-time=300");
  fail_unless_equals_int64 (run_read (&run, 0, IGNORE, &n_rows), 3663);
  run_stop (&run);
}

GST_END_TEST;

/* so that who loses rows can say so */
static GstPadProbeReturn
note_first (GstPad * pad, GstPadProbeInfo * info, gpointer seen)
{
  const gchar *name = GST_IS_BUFFER (info->data) ? "rows" :
      GST_EVENT_TYPE (info->data) == GST_EVENT_CUSTOM_DOWNSTREAM ?
      gst_structure_get_name (gst_event_get_structure (info->data)) : NULL;

  if (name)
    g_atomic_pointer_compare_and_exchange ((const gchar **) seen, NULL, name);
  return GST_PAD_PROBE_OK;
}

GST_START_TEST (test_a_checkpoint_goes_before_the_rows)
{
  const gchar *seen = NULL;
  guint n_rows;
  Run run;

  run_make (&run, "query", "first", "offset-reset=earliest end=latest");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (run.src, "src");
  fail_unless (gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM |
          GST_PAD_PROBE_TYPE_BUFFER, note_first, &seen, NULL));
  run_play (&run);
  run_read (&run, 0, IGNORE, &n_rows);
  fail_unless_equals_string (seen, GST_TDENGINE_CHECKPOINT_EVENT);
  run_stop (&run);
}

GST_END_TEST;

GST_START_TEST (test_a_last_checkpoint_comes_before_eos)
{
  gboolean confirmed = FALSE;
  guint n_rows;
  Run run;

  run_start (&run, "super", "eos", "offset-reset=earliest");
  run_read (&run, 18, IGNORE, &n_rows);
  /* also where it was told while it paused */
  if (__i__ == 1)
    gst_element_set_state (run.pipeline, GST_STATE_PAUSED);
  gst_element_send_event (run.pipeline, gst_event_new_eos ());
  run_play (&run);
  while (TRUE) {
    g_autoptr (GstMiniObject) object = run_pull (&run);

    if (!object)
      break;
    g_autoptr (GstTDengineCheckpoint) checkpoint = GST_IS_EVENT (object) ?
        gst_tdengine_checkpoint_claim (GST_EVENT (object)) : NULL;
    if (!checkpoint)
      continue;
    gst_tdengine_checkpoint_confirm (checkpoint);
    confirmed = TRUE;
  }
  fail_unless (gst_app_sink_is_eos (GST_APP_SINK (run.sink)));
  fail_unless (confirmed);
  run_stop (&run);
  read_all ("super", "eos", "", IGNORE, &n_rows);
  fail_unless_equals_int (n_rows, 0);
}

GST_END_TEST;

typedef struct
{
  GMutex lock;
  GCond cond;
  guint n;                      /* under lock */
} Gaps;

static GstPadProbeReturn
count_gap (GstPad * pad, GstPadProbeInfo * info, gpointer data)
{
  Gaps *gaps = data;

  g_mutex_lock (&gaps->lock);
  gaps->n += GST_EVENT_TYPE (GST_PAD_PROBE_INFO_EVENT (info)) == GST_EVENT_GAP;
  g_cond_signal (&gaps->cond);
  g_mutex_unlock (&gaps->lock);
  return GST_PAD_PROBE_OK;
}

GST_START_TEST (test_it_is_live_and_says_when_nothing_comes)
{
  gboolean live = FALSE;
  GstClockTime min, max;
  guint n_rows;
  Gaps gaps = { 0 };
  Run run;

  run_make (&run, "query", "live", "offset-reset=earliest");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (run.src, "src");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_EVENT_DOWNSTREAM, count_gap, &gaps,
      NULL);
  run_play (&run);
  run_read (&run, 18, IGNORE, &n_rows);
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  fail_unless (gst_element_query (run.src, query));
  gst_query_parse_latency (query, &live, &min, &max);
  fail_unless (live);
  g_mutex_lock (&gaps.lock);
  while (gaps.n < 2)
    g_cond_wait (&gaps.cond, &gaps.lock);
  g_mutex_unlock (&gaps.lock);
  run_stop (&run);
}

GST_END_TEST;

GST_START_TEST (test_stats_tell_rows_commits_and_lag)
{
  g_autoptr (GstStructure) stats = NULL;
  const GValue *lag;
  guint64 rows, commits;
  guint n_rows;
  Run run;

  run_start (&run, "query", "stats", "offset-reset=earliest end=latest");
  run_read (&run, 0, CONFIRM, &n_rows);
  g_object_get (run.src, "stats", &stats, NULL);
  fail_unless (gst_structure_get_uint64 (stats, "rows", &rows));
  fail_unless_equals_uint64 (rows, 18);
  fail_unless (gst_structure_get_uint64 (stats, "commits", &commits));
  lag = gst_structure_get_value (stats, "lag");
  fail_unless_equals_int (gst_structure_n_fields (gst_value_get_structure
          (lag)), 2);
  run_stop (&run);
}

GST_END_TEST;

/* faults: whatever happens to a consumer, each row comes, and once where messages
 * end with what was written at once */

static const gchar *const faults[] = {
  "\"action\":\"poll\",\"nth\":2,\"fault\":\"lose\"",
  "\"action\":\"poll\",\"nth\":2,\"fault\":\"ignore\"",
  "\"action\":\"fetch_raw_data\",\"nth\":1,\"fault\":\"lose\"",
  "\"action\":\"poll\",\"nth\":2,\"fault\":\"cut\",\"bytes\":0",
  "\"action\":\"fetch_raw_data\",\"nth\":1,\"fault\":\"cut\",\"bytes\":60",
  "\"action\":\"assignment\",\"nth\":2,\"fault\":\"cut\",\"bytes\":0",
  "\"action\":\"position\",\"nth\":2,\"fault\":\"error\",\"code\":16392",
  "\"action\":\"commit_offset\",\"nth\":3,\"fault\":\"lose\"",
  "\"action\":\"commit_offset\",\"nth\":3,\"fault\":\"error\",\"code\":16392",
  "\"action\":\"commit_offset\",\"nth\":3,\"fault\":\"cut\",\"bytes\":0",
  /* the consumer is given up, is not the right one, is closed, is not ready */
  "\"action\":\"poll\",\"nth\":2,\"fault\":\"error\",\"code\":998",
  "\"action\":\"poll\",\"nth\":2,\"fault\":\"error\",\"code\":16385",
  "\"action\":\"poll\",\"nth\":2,\"fault\":\"error\",\"code\":16386",
  "\"action\":\"poll\",\"nth\":2,\"fault\":\"error\",\"code\":1002",
  /* and can't join again at once */
  "\"action\":\"poll\",\"nth\":2,\"fault\":\"error\",\"code\":998},"
      "{\"action\":\"subscribe\",\"nth\":2,\"fault\":\"error\",\"code\":11",
};

GST_START_TEST (test_a_fault_loses_no_row)
{
  const gboolean is_query = __i__ % 2;
  g_autofree gchar *rules = g_strdup_printf ("[{%s}]", faults[__i__ / 2]);
  g_autoptr (GHashTable) seen = make_seen ();
  guint n_rows;
  Run run;

  if (!test_server_has_faults ())
    return;
  test_server_set_faults (rules);
  run_start (&run, is_query ? "query" : "super", "faults",
      "message-timeout=300 "
      "offset-reset=earliest end=latest checkpoint-interval=1 "
      "options=\"o,min.poll.rows=1\"");
  n_rows = run_collect (&run, 0, seen);
  run_stop (&run);
  g_autofree gchar *fired = test_server_clear_faults ();
  fail_unless_equals_int (g_hash_table_size (seen), 18);
  fail_unless (is_query ? n_rows >= 18 : n_rows == 18, "%u rows", n_rows);
  fail_if (strstr (fired, "\"fired\":0"), "%s", fired);
}

GST_END_TEST;

/* what is wrong is said before anything is sent: nothing listens there */
static const struct
{
  const gchar *more;
  const gchar *words;
} refused[] = {
  {"topic=\"\"", "no topic"},
  {"topic=a,,b", "topic \"\""},
  {"group-id=\"\"", "no group"},
  {"group-id=a:b", "colon"},
  {"options=\"o,msg.consume.rawdata=1\"", "msg.consume.rawdata"},
  {"options=\"o,enable.auto.commit=true\"", "enable.auto.commit"},
  {"options=\"o,min.poll.rows=0\"", "min.poll.rows"},
  {"options=\"o,min.poll.rows=many\"", "min.poll.rows"},
  {"session-timeout=6000 options=\"o,heartbeat.interval.ms=6000\"",
      "heartbeat.interval.ms"},
  {"max-poll-interval=1000 poll-interval=1000", "poll-interval"},
  {"start-positions=\"p,topic=(gint64)1\"", "start-positions"},
  {"start-positions=\"p,topic/1=(gint64)-1\"", "start-positions"},
  {"start-positions=\"p,topic/1=(gint64)1\" state-file=f", "state-file"},
};

GST_START_TEST (test_settings_are_checked_first)
{
  g_autofree gchar *line = g_strdup_printf ("tdenginecdcsrc "
      "uri=ws://127.0.0.1:1 topic=a group-id=b %s ! fakesink",
      refused[__i__].more);
  g_autoptr (GError) error = NULL;
  g_autoptr (GstElement) pipeline = gst_parse_launch (line, &error);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);

  g_assert_no_error (error);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, TIMEOUT, GST_MESSAGE_ERROR);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (g_error_matches (error, GST_RESOURCE_ERROR,
          GST_RESOURCE_ERROR_SETTINGS));
  fail_unless (strstr (error->message, refused[__i__].words),
      "\"%s\" lacks \"%s\"", error->message, refused[__i__].words);
  gst_element_set_state (pipeline, GST_STATE_NULL);
}

GST_END_TEST;

static const struct
{
  const gchar *more;
  const gchar *words;
} refused_by_server[] = {
  {"topic=nosuch", "Topic not exist"},
  {"options=\"o,no.such.key=1\"", "no.such.key"},
  {"password=hunter2", "password"},
};

GST_START_TEST (test_what_the_server_refuses_is_told)
{
  g_autoptr (GError) error = NULL;
  Run run;

  run_make (&run, "query", "refused", refused_by_server[__i__].more);
  g_autoptr (GstBus) bus = gst_element_get_bus (run.pipeline);
  run_play (&run);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, TIMEOUT, GST_MESSAGE_ERROR);
  fail_unless (message);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, refused_by_server[__i__].words),
      "\"%s\" lacks \"%s\"", error->message, refused_by_server[__i__].words);
  fail_if (strstr (error->message, "hunter2"));
  run_stop (&run);
}

GST_END_TEST;

/* its bytes are not the text that rows have */
GST_START_TEST (test_a_json_tag_is_refused)
{
  g_autoptr (GError) error = NULL;
  Run run;

  test_execute (connection, "create table %s.j (ts timestamp, voltage int) "
      "tags (info json)", database);
  test_execute (connection, "create table %s.j1 using %s.j tags "
      "('{\"a\": 1}')", database, database);
  test_execute (connection, "create topic %s_json as select ts, voltage, info "
      "from %s.j", database, database);
  insert ("j1", FIRST_TIME, 1);
  run_make (&run, "json", "json", "offset-reset=earliest");
  g_autoptr (GstBus) bus = gst_element_get_bus (run.pipeline);
  run_play (&run);
  g_autoptr (GstMessage) message =
      gst_bus_timed_pop_filtered (bus, TIMEOUT, GST_MESSAGE_ERROR);
  fail_unless (message);
  gst_message_parse_error (message, &error, NULL);
  fail_unless (strstr (error->message, "\"info\""));
  run_stop (&run);
}

GST_END_TEST;

/* at whatever moment: while it connects, subscribes, waits */
GST_START_TEST (test_it_stops_while_it_waits)
{
  Run run;

  run_start (&run, "query", "stop", "offset-reset=earliest poll-interval=8000");
  for (gint i = 0; i < __i__; i++) {
    g_autoptr (GstMiniObject) object = run_pull (&run);
  }
  gint64 before = g_get_monotonic_time ();
  run_stop (&run);
  fail_unless (g_get_monotonic_time () - before < 4 * G_TIME_SPAN_SECOND);
}

GST_END_TEST;

static Suite *
cdcsrc_suite (void)
{
  Suite *suite = suite_create ("tdenginecdcsrc");
  TCase *tc = tcase_create ("general");
  TCase *offline = tcase_create ("offline");

  suite_add_tcase (suite, tc);
  tcase_set_timeout (tc, 60);
  tcase_add_checked_fixture (tc, set_up, tear_down);
  tcase_add_unchecked_fixture (tc, NULL, test_server_stop);
  tcase_add_loop_test (tc, test_every_row_comes_once, 0, G_N_ELEMENTS (ways));
  tcase_add_loop_test (tc, test_every_row_of_a_query_comes, 0,
      G_N_ELEMENTS (ways));
  tcase_add_loop_test (tc, test_what_was_written_at_once_may_come_in_parts, 0,
      2);
  tcase_add_loop_test (tc,
      test_a_part_of_what_was_written_at_once_is_not_lost, 0, 5);
  tcase_add_test (tc, test_buffers_tell_where_they_come_from);
  tcase_add_test (tc, test_a_new_column_brings_new_caps);
  tcase_add_test (tc, test_what_happens_to_tables_comes_as_events);
  tcase_add_test (tc, test_what_is_confirmed_does_not_come_again);
  tcase_add_test (tc, test_what_is_not_confirmed_comes_again);
  tcase_add_test (tc, test_automatic_commits_need_no_checkpoint);
  tcase_add_test (tc, test_manual_commits_wait_for_the_signal);
  tcase_add_test (tc, test_positions_of_a_checkpoint_can_be_gone_back_to);
  tcase_add_test (tc, test_a_state_file_tells_where_to_go_on);
  tcase_add_test (tc, test_after_a_flush_rows_come_again);
  tcase_add_test (tc, test_latest_is_from_the_subscription_on);
  tcase_add_test (tc, test_it_ends_when_nothing_comes);
  tcase_add_test (tc, test_a_checkpoint_goes_before_the_rows);
  tcase_add_loop_test (tc, test_a_last_checkpoint_comes_before_eos, 0, 2);
  tcase_add_test (tc, test_it_is_live_and_says_when_nothing_comes);
  tcase_add_test (tc, test_stats_tell_rows_commits_and_lag);
  tcase_add_loop_test (tc, test_what_the_server_refuses_is_told, 0,
      G_N_ELEMENTS (refused_by_server));
  tcase_add_test (tc, test_a_json_tag_is_refused);
  tcase_add_loop_test (tc, test_it_stops_while_it_waits, 0, 2);

  tcase_add_loop_test (tc, test_a_fault_loses_no_row, 0,
      2 * G_N_ELEMENTS (faults));

  suite_add_tcase (suite, offline);
  tcase_add_loop_test (offline, test_settings_are_checked_first, 0,
      G_N_ELEMENTS (refused));
  return suite;
}

GST_CHECK_MAIN (cdcsrc);
