/* tdengine writer: rows into a table
 *
 * Rows are checked against the table, then each goes to the lane of its table,
 * which is always the same one, so that a table's rows stay in order. The rest
 * is up to the lanes.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineapply.h"
#include "gsttdenginecreate.h"
#include "gsttdengineerror-private.h"
#include "gsttdenginelane.h"
#include "gsttdenginemessages.h"
#include "gsttdenginetags.h"
#include "gsttdenginewriter.h"

/* a block of one table is worth a request of its own from here on; smaller
 * ones of several tables are faster bound together */
#define MIN_RAW_ROWS 1000

struct _GstTDengineWriter
{
  GObject parent_instance;

  GstTDengineConnection *connection;    /* the first lane's, to begin with */
  GstTDenginePlan plan;
  GPtrArray *lanes;             /* GstTDengineLane */
  GstTDengineTags *tags;        /* NULL where they may differ */
  GArray *parts;                /* Part, of the rows at hand */
};

/* rows that go the same way */
typedef struct
{
  GstTDengineRun run;
  GstTDengineLane *lane;        /* NULL: can't be written */
  gboolean goes_alone;
} Part;

enum
{
  SIGNAL_REJECTED,
  SIGNAL_TAGS_DIFFER,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (GstTDengineWriter, gst_tdengine_writer, G_TYPE_OBJECT);

static void
gst_tdengine_writer_init (GstTDengineWriter * self)
{
  g_mutex_init (&self->plan.lock);
  self->lanes =
      g_ptr_array_new_with_free_func ((GDestroyNotify) gst_tdengine_lane_free);
  self->parts = g_array_new (FALSE, FALSE, sizeof (Part));
}

static void
gst_tdengine_writer_finalize (GObject * object)
{
  GstTDengineWriter *self = GST_TDENGINE_WRITER (object);
  GstTDenginePlan *plan = &self->plan;

  g_ptr_array_unref (self->lanes);
  g_array_unref (self->parts);
  g_clear_object (&self->connection);
  g_clear_pointer (&self->tags, gst_tdengine_tags_free);
  g_clear_pointer (&plan->target, gst_tdengine_target_free);
  g_clear_pointer (&plan->schema, gst_tdengine_schema_unref);
  g_clear_object (&plan->settings);
  g_free (plan->database);
  g_mutex_clear (&plan->lock);
  G_OBJECT_CLASS (gst_tdengine_writer_parent_class)->finalize (object);
}

static void
gst_tdengine_writer_class_init (GstTDengineWriterClass * klass)
{
  G_OBJECT_CLASS (klass)->finalize = gst_tdengine_writer_finalize;

  /**
   * GstTDengineWriter::rejected:
   * @writer: the writer
   * @rows: rows that are not written
   * @error: why
   *
   * Some rows can't be written, and are left out. Emitted in the thread that
   * works with the writer, unless `on-error` is `fail`.
   */
  signals[SIGNAL_REJECTED] = g_signal_new ("rejected",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
      G_TYPE_NONE, 2, GST_TYPE_TDENGINE_ROWS, G_TYPE_ERROR);

  /**
   * GstTDengineWriter::tags-differ:
   * @writer: the writer
   * @table: the name of a sub table
   *
   * Rows carry other tags than their sub table has. Emitted in the thread that
   * works with the writer, unless `tag-updates` is `ignore`.
   */
  signals[SIGNAL_TAGS_DIFFER] = g_signal_new ("tags-differ",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL,
      G_TYPE_NONE, 1, G_TYPE_STRING);
}

static void
reject (gpointer owner, const GstTDengineRun * run, const GError * error)
{
  GstTDengineWriter *self = owner;
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_slice (run->rows, run->first, run->n_rows);

  g_mutex_lock (&self->plan.lock);
  self->plan.stats.n_rejected += run->n_rows;
  g_mutex_unlock (&self->plan.lock);
  g_signal_emit (self, signals[SIGNAL_REJECTED], 0, rows, error);
}

static void
count_tags (gpointer owner, const gchar * table)
{
  GstTDengineWriter *self = owner;

  g_mutex_lock (&self->plan.lock);
  self->plan.stats.n_tag_changes++;
  g_mutex_unlock (&self->plan.lock);
  g_signal_emit (self, signals[SIGNAL_TAGS_DIFFER], 0, table);
}

/**
 * gst_tdengine_writer_new:
 * @connection: an open connection, the writer's from now on
 * @database: a database, in its exact case
 * @settings: where rows go and how, which are valid; they are copied
 *
 * Makes a writer. Nothing is sent yet. Others connections are made like
 * @connection where the settings ask for more than one, and where one is lost.
 *
 * Returns: (transfer full): a writer
 */
GstTDengineWriter *
gst_tdengine_writer_new (GstTDengineConnection * connection,
    const gchar * database, GstTDengineWriteSettings * settings)
{
  GstTDengineWriter *self = g_object_new (GST_TYPE_TDENGINE_WRITER, NULL);
  GstTDenginePlan *plan = &self->plan;

  plan->database = g_strdup (database);
  plan->settings = gst_tdengine_write_settings_copy (settings);
  plan->reject = reject;
  plan->owner = self;
  self->connection = g_object_ref (connection);
  for (guint i = 0; i < plan->settings->parallelism; i++) {
    g_autoptr (GstTDengineConnection) own = i == 0 ?
        g_object_ref (connection) : gst_tdengine_connection_copy (connection);

    g_ptr_array_add (self->lanes, gst_tdengine_lane_new (plan, own));
  }
  if (plan->settings->tag_updates != GST_TDENGINE_TAG_UPDATES_IGNORE)
    self->tags = gst_tdengine_tags_new (count_tags, self);
  return self;
}

static GstTDengineLane *
get_lane (GstTDengineWriter * self, guint index)
{
  return g_ptr_array_index (self->lanes, index);
}

/**
 * gst_tdengine_writer_submit:
 * @writer: a writer
 * @cancellable: (nullable): to stop waiting; nothing is lost by it
 * @error: (out) (optional): return location for an error
 *
 * Sends the rows that are held back, waiting for the requests before them but
 * not for the last.
 *
 * Returns: %FALSE with an error, which may be that of an earlier request
 */
gboolean
gst_tdengine_writer_submit (GstTDengineWriter * writer,
    GCancellable * cancellable, GError ** error)
{
  for (guint i = 0; i < writer->lanes->len; i++) {
    if (!gst_tdengine_lane_submit (get_lane (writer, i), cancellable, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
settle (GstTDengineWriter * self, GCancellable * cancellable, GError ** error)
{
  for (guint i = 0; i < self->lanes->len; i++) {
    if (!gst_tdengine_lane_settle (get_lane (self, i), cancellable, error))
      return FALSE;
  }
  return TRUE;
}

/**
 * gst_tdengine_writer_flush:
 * @writer: a writer
 * @cancellable: (nullable): to stop waiting; nothing is lost by it
 * @error: (out) (optional): return location for an error
 *
 * Sends the rows that are held back and waits until the server has confirmed
 * every row.
 *
 * Returns: %FALSE with an error
 */
gboolean
gst_tdengine_writer_flush (GstTDengineWriter * writer,
    GCancellable * cancellable, GError ** error)
{
  return gst_tdengine_writer_submit (writer, cancellable, error)
      && settle (writer, cancellable, error);
}

/* the target */

static gboolean
has_type (GstTDengineSchema * schema, GstTDengineType type)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    if (gst_tdengine_schema_get_column (schema, i)->type == type)
      return TRUE;
  }
  return FALSE;
}

/* before any lane uses it */
static gboolean
create_database (GstTDengineWriter * self, GstTDengineSchema * schema,
    GCancellable * cancellable, GError ** error)
{
  return !(self->plan.settings->create & GST_TDENGINE_CREATE_DATABASE)
      || gst_tdengine_create_database (self->connection, self->plan.database,
      gst_tdengine_schema_get_precision (schema), cancellable, error);
}

static gboolean
create_target (GstTDengineWriter * self, GstTDengineConnection * connection,
    GstTDengineSchema * schema, GCancellable * cancellable, GError ** error)
{
  const GstTDengineCreateFlags flags =
      GST_TDENGINE_CREATE_SUPER_TABLE | GST_TDENGINE_CREATE_TABLE;

  return !(self->plan.settings->create & flags)
      || gst_tdengine_create_target (connection, self->plan.database,
      self->plan.settings, schema, cancellable, error);
}

static gboolean
ask_target (GstTDengineWriter * self, GstTDengineConnection * connection,
    GCancellable * cancellable, GError ** error)
{
  GstTDenginePlan *plan = &self->plan;

  g_clear_pointer (&plan->target, gst_tdengine_target_free);
  plan->target = gst_tdengine_target_ask (connection, plan->database,
      plan->settings, cancellable, error);
  return plan->target != NULL;
}

static gboolean
create_columns (GstTDengineWriter * self, GstTDengineConnection * connection,
    GstTDengineSchema * schema, GCancellable * cancellable, GError ** error)
{
  gboolean created;

  if (!gst_tdengine_write_settings_adds_columns (self->plan.settings))
    return TRUE;
  return gst_tdengine_create_columns (connection, self->plan.target, schema,
      &created, cancellable, error) && (!created
      || ask_target (self, connection, cancellable, error));
}

/* the target, as the rows need it */
static gboolean
find_target (GstTDengineWriter * self, GstTDengineSchema * schema,
    GCancellable * cancellable, GError ** error)
{
  gboolean is_new = self->plan.target == NULL;
  GstTDengineConnection *connection;

  if (is_new && !create_database (self, schema, cancellable, error))
    return FALSE;
  connection =
      gst_tdengine_lane_connect (get_lane (self, 0), cancellable, error);
  if (!connection)
    return FALSE;
  if (is_new && !(create_target (self, connection, schema, cancellable, error)
          && ask_target (self, connection, cancellable, error)))
    return FALSE;
  return create_columns (self, connection, schema, cancellable, error);
}

static gboolean
append_all (GstTDengineSchema * schema, GstTDengineSchema * from,
    GError ** error)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (from); i++) {
    if (!gst_tdengine_schema_append (schema,
            gst_tdengine_schema_get_column (from, i), error))
      return FALSE;
  }
  return TRUE;
}

/**
 * gst_tdengine_writer_ask_columns:
 * @writer: a writer
 * @cancellable: (nullable): to stop waiting
 * @error: (out) (optional): return location for an error
 *
 * Asks the server, the first time, what rows for the table may hold: its
 * columns; for a super table `tbname`, unless a template names its sub tables,
 * the columns and the tags.
 *
 * Returns: (transfer full): the columns, or %NULL with an error
 */
GstTDengineSchema *
gst_tdengine_writer_ask_columns (GstTDengineWriter * writer,
    GCancellable * cancellable, GError ** error)
{
  const GstTDengineColumn name = {
    .name = (gchar *) GST_TDENGINE_NAME_COLUMN,
    .type = GST_TDENGINE_TYPE_VARCHAR,
    .length = GST_TDENGINE_MAX_TABLE_NAME_BYTES,
  };

  GstTDengineConnection *connection =
      gst_tdengine_lane_connect (get_lane (writer, 0), cancellable, error);
  const GstTDengineTarget *target;

  if (!connection || (!writer->plan.target
          && !ask_target (writer, connection, cancellable, error)))
    return NULL;

  target = writer->plan.target;
  GstTDengineSchema *columns = target->schema;
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (gst_tdengine_schema_get_precision (columns));
  if ((target->is_super && !target->template
          && !gst_tdengine_schema_append (schema, &name, error))
      || !append_all (schema, columns, error))
    return NULL;
  return g_steal_pointer (&schema);
}

/**
 * gst_tdengine_writer_set_schema:
 * @writer: a writer
 * @schema: the columns of the rows to come
 * @cancellable: (nullable): to stop waiting; nothing is lost by it
 * @error: (out) (optional): return location for an error
 *
 * Asks the server for the table's columns and tags, the first time, creates
 * what the settings say, and finds the place of each column. Rows of the
 * columns before are sent first.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_SCHEMA where @schema does not fit
 *   the table: a column that it lacks, another type, no `tbname` for a super
 *   table, no time; or with another error
 */
gboolean
gst_tdengine_writer_set_schema (GstTDengineWriter * writer,
    GstTDengineSchema * schema, GCancellable * cancellable, GError ** error)
{
  GstTDenginePlan *plan = &writer->plan;

  if (plan->schema && gst_tdengine_schema_equal (plan->schema, schema))
    return TRUE;
  if (!gst_tdengine_writer_flush (writer, cancellable, error))
    return FALSE;
  g_clear_pointer (&plan->schema, gst_tdengine_schema_unref);
  if (!find_target (writer, schema, cancellable, error)
      || !gst_tdengine_target_map (plan->target, schema, error))
    return FALSE;
  for (guint i = 0; i < writer->lanes->len; i++)
    gst_tdengine_lane_set_target (get_lane (writer, i));
  if (writer->tags)
    gst_tdengine_tags_set_target (writer->tags, plan->target);
  plan->schema = gst_tdengine_schema_ref (schema);
  plan->has_blob = has_type (schema, GST_TDENGINE_TYPE_BLOB);
  plan->has_decimal = has_type (schema, GST_TDENGINE_TYPE_DECIMAL)
      || has_type (schema, GST_TDENGINE_TYPE_DECIMAL64);
  return TRUE;
}

/* changes of the target */

static void
count_changes (GstTDengineWriter * self, const GstTDengineApplied * applied)
{
  GstTDenginePlan *plan = &self->plan;

  g_mutex_lock (&plan->lock);
  plan->stats.n_changes += applied->n_applied;
  plan->stats.n_changes_ignored += applied->n_ignored;
  g_mutex_unlock (&plan->lock);
}

/**
 * gst_tdengine_writer_apply:
 * @writer: a writer
 * @change: what a topic tells of tables, as
 *   [method@GstTDengine.TopicMessage.get_meta] gives it
 * @n_ignored: (out) (optional): how many changes it tells of that the settings
 *   ignore
 * @cancellable: (nullable): to stop waiting; the change may then be applied
 *   again
 * @error: (out) (optional): return location for an error
 *
 * Does to the target what was done where the topic is, as `apply-meta` and
 * `apply-deletes` say. Rows before are sent first. A change that was applied
 * already does nothing.
 *
 * Returns: %FALSE with an error: %GST_TDENGINE_ERROR_SCHEMA for a change that
 *   can't be applied or may not come, or the server's
 */
gboolean
gst_tdengine_writer_apply (GstTDengineWriter * writer, const gchar * change,
    guint * n_ignored, GCancellable * cancellable, GError ** error)
{
  GstTDenginePlan *plan = &writer->plan;
  GstTDengineApplied applied = { 0 };
  GstTDengineConnection *connection;
  gboolean done;

  if (n_ignored)
    *n_ignored = 0;
  if (!gst_tdengine_writer_flush (writer, cancellable, error))
    return FALSE;
  connection =
      gst_tdengine_lane_connect (get_lane (writer, 0), cancellable, error);
  if (!connection)
    return FALSE;
  done = gst_tdengine_apply_change (connection, plan->database,
      plan->settings, change, &applied, cancellable, error);
  count_changes (writer, &applied);
  if (n_ignored)
    *n_ignored = applied.n_ignored;
  /* it is asked for again when there are rows */
  if (applied.altered) {
    g_clear_pointer (&plan->schema, gst_tdengine_schema_unref);
    g_clear_pointer (&plan->target, gst_tdengine_target_free);
  }
  return done;
}

/* the ways of rows */

static GstTDengineLane *
choose_lane (GstTDengineWriter * self, const GstTDengineRun * run, guint row)
{
  const guint8 *name = run->name;
  gsize size = run->name_size;

  if (self->lanes->len == 1)
    return get_lane (self, 0);
  if (!name)
    name = gst_tdengine_run_get_name (run, row, &size);
  return get_lane (self, gst_tdengine_hash_name (name, size) %
      self->lanes->len);
}

static void
add_part (GstTDengineWriter * self, const GstTDengineRun * run,
    GstTDengineLane * lane)
{
  gboolean goes_alone = lane
      && run->n_rows >= MIN (self->plan.settings->batch_size, MIN_RAW_ROWS)
      && gst_tdengine_lane_takes_raw (lane, run);
  const Part part = { *run, lane, goes_alone };

  g_array_append_val (self->parts, part);
}

/* row by row: bad ones alone, the others with those that go the same way */
static void
split_rows (GstTDengineWriter * self, const GstTDengineRun * run, gboolean fits)
{
  Part part = { {NULL} };

  for (guint row = run->first; row < run->first + run->n_rows; row++) {
    GstTDengineRun one = *run;
    GstTDengineLane *lane = NULL;

    one.first = row;
    one.n_rows = 1;
    if (run->names)
      one.name = gst_tdengine_run_get_name (run, row, &one.name_size);
    if (fits
        || gst_tdengine_target_check_row (self->plan.target, run, row, NULL))
      lane = choose_lane (self, &one, row);
    if (part.run.n_rows > 0 && lane && part.lane == lane) {
      part.run.n_rows++;
      part.run.name = gst_tdengine_same_name (part.run.name, part.run.name_size,
          one.name, one.name_size) ? part.run.name : NULL;
      continue;
    }
    if (part.run.n_rows > 0)
      add_part (self, &part.run, part.lane);
    part.run = one;
    part.lane = lane;
  }
  add_part (self, &part.run, part.lane);
}

/* mostly the block is one part */
static void
split (GstTDengineWriter * self, const GstTDengineRun * run, gboolean fits)
{
  g_array_set_size (self->parts, 0);
  if (fits && (run->name || self->lanes->len == 1))
    add_part (self, run, choose_lane (self, run, run->first));
  else
    split_rows (self, run, fits);
}

static gboolean
check_parts (GstTDengineConnection * connection, gpointer data,
    GCancellable * cancellable, GError ** error)
{
  GstTDengineWriter *self = data;

  for (guint i = 0; i < self->parts->len; i++) {
    const Part *part = &g_array_index (self->parts, Part, i);

    if (part->lane && !gst_tdengine_tags_check (self->tags, connection,
            &part->run, cancellable, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
check_tags (GstTDengineWriter * self, GCancellable * cancellable,
    GError ** error)
{
  if (!self->tags || self->plan.target->n_bound_tags == 0)
    return TRUE;
  /* what is under way may make the tables */
  return settle (self, cancellable, error)
      && gst_tdengine_lane_run (get_lane (self, 0), check_parts, self,
      cancellable, error);
}

/* Before rows are held, as what was held before keeps its place before a block
 * that goes alone; and behind it. */
static gboolean
submit_full (GstTDengineWriter * self, GCancellable * cancellable,
    GError ** error)
{
  for (guint i = 0; i < self->parts->len; i++) {
    const Part *part = &g_array_index (self->parts, Part, i);

    if (part->lane && (part->goes_alone
            || gst_tdengine_lane_is_full (part->lane))
        && !gst_tdengine_lane_submit (part->lane, cancellable, error))
      return FALSE;
  }
  return TRUE;
}

static void
take_part (GstTDengineWriter * self, const Part * part)
{
  g_autoptr (GError) error = NULL;

  if (part->lane) {
    gst_tdengine_lane_hold (part->lane, &part->run);
    return;
  }
  gst_tdengine_target_check_row (self->plan.target, &part->run, part->run.first,
      &error);
  reject (self, &part->run, error);
}

/* from here on the rows are taken: a cancelled wait goes on with the next */
static gboolean
take_parts (GstTDengineWriter * self, GCancellable * cancellable,
    GError ** error)
{
  g_autoptr (GError) local = NULL;

  for (guint i = 0; i < self->parts->len; i++)
    take_part (self, &g_array_index (self->parts, Part, i));
  if (submit_full (self, cancellable, &local)
      || g_error_matches (local, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&local));
  return FALSE;
}

static gboolean
check_rows (GstTDengineWriter * self, const GstTDengineRun * run,
    GError ** error)
{
  for (guint row = run->first; row < run->first + run->n_rows; row++) {
    if (!gst_tdengine_target_check_row (self->plan.target, run, row, error))
      return FALSE;
  }
  return TRUE;
}

static gboolean
write_run (GstTDengineWriter * self, const GstTDengineRun * run,
    GCancellable * cancellable, GError ** error)
{
  gboolean fits = gst_tdengine_target_fits (self->plan.target, run);

  if (!fits && self->plan.settings->on_error == GST_TDENGINE_ON_ERROR_FAIL)
    return check_rows (self, run, error);
  split (self, run, fits);
  return check_tags (self, cancellable, error)
      && submit_full (self, cancellable, error)
      && take_parts (self, cancellable, error);
}

/**
 * gst_tdengine_writer_write:
 * @writer: a writer
 * @rows: rows to write
 * @cancellable: (nullable): to stop waiting
 * @error: (out) (optional): return location for an error
 *
 * Takes rows, and sends them once there are enough. Where a row can't be
 * written and `on-error` is `fail`, nothing of @rows is.
 *
 * Returns: %TRUE where the rows were taken; %FALSE with an error otherwise:
 *   %GST_TDENGINE_ERROR_SCHEMA for a row without a time or a `tbname`, or with
 *   a value that is too long, an error of an earlier request, or
 *   %G_IO_ERROR_CANCELLED
 */
gboolean
gst_tdengine_writer_write (GstTDengineWriter * writer, GstTDengineRows * rows,
    GCancellable * cancellable, GError ** error)
{
  GstTDengineRun run;
  gboolean done;

  if (!gst_tdengine_writer_set_schema (writer,
          gst_tdengine_rows_get_schema (rows), cancellable, error))
    return FALSE;
  if (gst_tdengine_rows_get_n_rows (rows) == 0)
    return TRUE;
  if (!gst_tdengine_target_make_run (writer->plan.target, rows, &run, error))
    return FALSE;
  done = write_run (writer, &run, cancellable, error);
  gst_tdengine_run_clear (&run);
  return done;
}

/**
 * gst_tdengine_writer_get_n_held:
 * @writer: a writer
 *
 * Gets how many rows are held back.
 *
 * Returns: the number of rows
 */
guint
gst_tdengine_writer_get_n_held (GstTDengineWriter * writer)
{
  guint n_rows = 0;

  for (guint i = 0; i < writer->lanes->len; i++)
    n_rows += gst_tdengine_lane_get_n_held (get_lane (writer, i));
  return n_rows;
}

/**
 * gst_tdengine_writer_get_stats:
 * @writer: a writer
 *
 * Gets what was written so far. Any thread may ask.
 *
 * Returns: (transfer full): a structure with `rows` that the server has
 *   confirmed, `rejected` rows that can't be written, `raw-requests`,
 *   `bound-requests` and `sql-requests` that took, `retries`,
 *   `tag-changes`, how often rows carried other tags than their sub table had,
 *   and `changes` that were applied and `ignored-changes` that were not
 */
GstStructure *
gst_tdengine_writer_get_stats (GstTDengineWriter * writer)
{
  GstTDengineWriteStats stats;

  g_mutex_lock (&writer->plan.lock);
  stats = writer->plan.stats;
  g_mutex_unlock (&writer->plan.lock);
  return gst_structure_new ("tdenginesink-stats",
      "rows", G_TYPE_UINT64, stats.n_rows,
      "rejected", G_TYPE_UINT64, stats.n_rejected,
      "raw-requests", G_TYPE_UINT64, stats.n_requests[GST_TDENGINE_WAY_RAW],
      "bound-requests", G_TYPE_UINT64, stats.n_requests[GST_TDENGINE_WAY_BOUND],
      "sql-requests", G_TYPE_UINT64, stats.n_requests[GST_TDENGINE_WAY_SQL],
      "retries", G_TYPE_UINT64, stats.n_retries,
      "tag-changes", G_TYPE_UINT64, stats.n_tag_changes,
      "changes", G_TYPE_UINT64, stats.n_changes,
      "ignored-changes", G_TYPE_UINT64, stats.n_changes_ignored, NULL);
}

static void
write_in_thread (GTask * task, gpointer source, gpointer rows,
    GCancellable * cancellable)
{
  GError *error = NULL;

  if (gst_tdengine_writer_write (source, rows, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * gst_tdengine_writer_write_async:
 * @writer: a writer
 * @rows: rows to write
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called in the thread's main context when done
 * @user_data: for @callback
 *
 * [method@GstTDengine.Writer.write] without blocking.
 */
void
gst_tdengine_writer_write_async (GstTDengineWriter * writer,
    GstTDengineRows * rows, GCancellable * cancellable,
    GAsyncReadyCallback callback, gpointer user_data)
{
  g_autoptr (GTask) task =
      g_task_new (writer, cancellable, callback, user_data);

  g_task_set_source_tag (task, gst_tdengine_writer_write_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, gst_tdengine_rows_ref (rows),
      (GDestroyNotify) gst_tdengine_rows_unref);
  g_task_run_in_thread (task, write_in_thread);
}

/**
 * gst_tdengine_writer_write_finish:
 * @writer: a writer
 * @result: what the callback got
 * @error: (out) (optional): return location for an error
 *
 * Ends [method@GstTDengine.Writer.write_async].
 *
 * Returns: %FALSE with an error
 */
gboolean
gst_tdengine_writer_write_finish (GstTDengineWriter * writer,
    GAsyncResult * result, GError ** error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
flush_in_thread (GTask * task, gpointer source, gpointer data,
    GCancellable * cancellable)
{
  GError *error = NULL;

  if (gst_tdengine_writer_flush (source, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

/**
 * gst_tdengine_writer_flush_async:
 * @writer: a writer
 * @cancellable: (nullable): to stop waiting
 * @callback: (scope async): called in the thread's main context when done
 * @user_data: for @callback
 *
 * [method@GstTDengine.Writer.flush] without blocking.
 */
void
gst_tdengine_writer_flush_async (GstTDengineWriter * writer,
    GCancellable * cancellable, GAsyncReadyCallback callback,
    gpointer user_data)
{
  g_autoptr (GTask) task =
      g_task_new (writer, cancellable, callback, user_data);

  g_task_set_source_tag (task, gst_tdengine_writer_flush_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_run_in_thread (task, flush_in_thread);
}

/**
 * gst_tdengine_writer_flush_finish:
 * @writer: a writer
 * @result: what the callback got
 * @error: (out) (optional): return location for an error
 *
 * Ends [method@GstTDengine.Writer.flush_async].
 *
 * Returns: %FALSE with an error
 */
gboolean
gst_tdengine_writer_flush_finish (GstTDengineWriter * writer,
    GAsyncResult * result, GError ** error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}
