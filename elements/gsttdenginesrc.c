/* tdenginesrc: the rows of a query
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-tdenginesrc
 * @title: tdenginesrc
 *
 * Runs a query on a TDengine server and pushes its rows, block by block and
 * unchanged, then EOS. The query may be read in splits, over several
 * connections, and what is safely downstream be kept in a file to go on from.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 tdenginesrc query="select * from power.meters" ! tdenginecsvenc ! fdsink
 * ]|
 * Shows a table as CSV.
 *
 * Since: 0.1
 */
#include <string.h>
#include <gst/base/base.h>
#include <gst/tdengine/gsttdengineblock.h>
#include <gst/tdengine/gsttdenginereader.h>
#include <gst/tdengine/gsttdenginesplitfacts.h>

#include "elements.h"
#include "gsttdengineelement.h"
#include "gsttdenginefollower.h"
#include "gsttdenginesplitproperties.h"
#include "gsttdenginesrcstate.h"
#include "gsttdenginestamp.h"

#define DEFAULT_CHECKPOINT_INTERVAL 5000
#define DEFAULT_POLL_INTERVAL 500
#define MAX_PARALLELISM 64

GST_DEBUG_CATEGORY_STATIC (tdenginesrc_debug);
#define GST_CAT_DEFAULT tdenginesrc_debug

typedef enum
{
  ORDER_ANY,
  ORDER_SPLIT,
} Order;

typedef enum
{
  MODE_BATCH,
  MODE_FOLLOW,
  MODE_BOTH,
} Mode;

typedef enum
{
  VARCHAR_AS_UTF8,
  VARCHAR_AS_BINARY,
} VarcharAs;

struct _GstTDengineSrc
{
  GstPushSrc parent_instance;

  /* properties, under the object lock */
  GstTDengineSettings *settings;
  GstTDengineRequestedSplits requested;
  guint rows_per_buffer;
  guint parallelism;
  gboolean ordered;
  Mode mode;
  guint poll_interval;          /* ms */
  VarcharAs varchar_as;
  gchar *state_file;
  guint checkpoint_interval;    /* ms */

  GCancellable *cancellable;

  /* of the streaming thread */
  GstTDengineConnection *connection;
  GstTDengineSplits *splits;
  GstTDengineSrcState *state;   /* NULL without a file */
  GstTDengineReader *reader;
  GstTDengineFollower *follower;        /* NULL where only history is read */
  GstTDengineSchema *schema;    /* of the rows as they leave */
  gint64 next_checkpoint;       /* monotonic, us */
  guint64 rows_left;            /* of the limit */
  GstTDengineRows *rows;        /* a block that is not pushed whole yet */
  guint64 split;                /* that it is of */
  guint next_row;               /* the first one of it that is not */
  gboolean has_caps;
  GstTDengineStamp stamp;
  GstClockTime seek_time;       /* where reading begins, or none */

  /* under the object lock */
  guint64 n_rows;
  guint64 n_bytes;
  guint64 n_buffers;
  GstClockTime data_time;       /* from the first time to the last */
  gboolean complete;            /* these are all there are */
};

enum
{
  PROP_0,
  PROP_ROWS_PER_BUFFER,
  PROP_PARALLELISM,
  PROP_ORDER,
  PROP_MODE,
  PROP_POLL_INTERVAL,
  PROP_VARCHAR_AS,
  PROP_STATE_FILE,
  PROP_CHECKPOINT_INTERVAL,
  PROP_STATS,
  PROP_SPLITS,                  /* the first of what is asked for */
  PROP_SETTINGS = PROP_SPLITS + GST_TDENGINE_N_SPLIT_PROPERTIES,
};

#define GST_TYPE_TDENGINE_ORDER (gst_tdengine_order_get_type ())
static GType
gst_tdengine_order_get_type (void)
{
  static const GEnumValue values[] = {
    {ORDER_ANY, "As they come", "any"},
    {ORDER_SPLIT, "Split by split", "split"},
    {0, NULL, NULL},
  };
  static GType type;

  return gst_tdengine_element_register_enum (&type, "GstTDengineOrder", values);
}

#define GST_TYPE_TDENGINE_MODE (gst_tdengine_mode_get_type ())
static GType
gst_tdengine_mode_get_type (void)
{
  static const GEnumValue values[] = {
    {MODE_BATCH, "The rows that are there, then EOS", "batch"},
    {MODE_FOLLOW, "Rows that come from now on", "follow"},
    {MODE_BOTH, "The rows that are there, then those that come", "both"},
    {0, NULL, NULL},
  };
  static GType type;

  return gst_tdengine_element_register_enum (&type, "GstTDengineMode", values);
}

#define GST_TYPE_TDENGINE_VARCHAR_AS (gst_tdengine_varchar_as_get_type ())
static GType
gst_tdengine_varchar_as_get_type (void)
{
  static const GEnumValue values[] = {
    {VARCHAR_AS_UTF8, "VARCHAR, which is text", "utf8"},
    {VARCHAR_AS_BINARY, "VARBINARY, which is bytes", "binary"},
    {0, NULL, NULL},
  };
  static GType type;

  return gst_tdengine_element_register_enum (&type, "GstTDengineVarcharAs",
      values);
}

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_TDENGINE_ROWS_MEDIA_TYPE));

G_DECLARE_FINAL_TYPE (GstTDengineSrc, gst_tdengine_src, GST, TDENGINE_SRC,
    GstPushSrc);
G_DEFINE_TYPE_WITH_CODE (GstTDengineSrc, gst_tdengine_src, GST_TYPE_PUSH_SRC,
    G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER,
        gst_tdengine_element_init_uri_handler));
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (tdenginesrc, "tdenginesrc",
    GST_RANK_NONE, gst_tdengine_src_get_type (),
    GST_DEBUG_CATEGORY_INIT (tdenginesrc_debug, "tdenginesrc", 0,
        "rows of a TDengine query"));

static void
gst_tdengine_src_init (GstTDengineSrc * self)
{
  self->settings = gst_tdengine_settings_new ();
  self->requested.index = -1;
  self->seek_time = GST_CLOCK_TIME_NONE;
  self->cancellable = g_cancellable_new ();
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}

static void
gst_tdengine_src_finalize (GObject * object)
{
  GstTDengineSrc *self = GST_TDENGINE_SRC (object);

  gst_tdengine_settings_free (self->settings);
  gst_tdengine_requested_splits_clear (&self->requested);
  g_free (self->state_file);
  g_object_unref (self->cancellable);
  G_OBJECT_CLASS (gst_tdengine_src_parent_class)->finalize (object);
}

static void
gst_tdengine_src_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstTDengineSrc *self = GST_TDENGINE_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_ROWS_PER_BUFFER:
      self->rows_per_buffer = g_value_get_uint (value);
      break;
    case PROP_PARALLELISM:
      self->parallelism = g_value_get_uint (value);
      break;
    case PROP_ORDER:
      self->ordered = g_value_get_enum (value) == ORDER_SPLIT;
      break;
    case PROP_MODE:
      self->mode = g_value_get_enum (value);
      break;
    case PROP_POLL_INTERVAL:
      self->poll_interval = g_value_get_uint (value);
      break;
    case PROP_VARCHAR_AS:
      self->varchar_as = g_value_get_enum (value);
      break;
    case PROP_STATE_FILE:
      g_free (self->state_file);
      self->state_file = g_value_dup_string (value);
      break;
    case PROP_CHECKPOINT_INTERVAL:
      self->checkpoint_interval = g_value_get_uint (value);
      break;
    default:
      if (!gst_tdengine_split_properties_set (&self->requested, value, pspec)
          && !gst_tdengine_settings_set_property (self->settings, value, pspec))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static GstStructure *
make_stats_locked (GstTDengineSrc * self)
{
  return gst_structure_new ("tdenginesrc-stats",
      "rows", G_TYPE_UINT64, self->n_rows,
      "bytes", G_TYPE_UINT64, self->n_bytes,
      "buffers", G_TYPE_UINT64, self->n_buffers, NULL);
}

static void
gst_tdengine_src_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstTDengineSrc *self = GST_TDENGINE_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_ROWS_PER_BUFFER:
      g_value_set_uint (value, self->rows_per_buffer);
      break;
    case PROP_PARALLELISM:
      g_value_set_uint (value, self->parallelism);
      break;
    case PROP_ORDER:
      g_value_set_enum (value, self->ordered ? ORDER_SPLIT : ORDER_ANY);
      break;
    case PROP_MODE:
      g_value_set_enum (value, self->mode);
      break;
    case PROP_POLL_INTERVAL:
      g_value_set_uint (value, self->poll_interval);
      break;
    case PROP_VARCHAR_AS:
      g_value_set_enum (value, self->varchar_as);
      break;
    case PROP_STATE_FILE:
      g_value_set_string (value, self->state_file);
      break;
    case PROP_CHECKPOINT_INTERVAL:
      g_value_set_uint (value, self->checkpoint_interval);
      break;
    case PROP_STATS:
      g_value_take_boxed (value, make_stats_locked (self));
      break;
    default:
      if (!gst_tdengine_split_properties_get (&self->requested, value, pspec)
          && !gst_tdengine_settings_get_property (self->settings, value, pspec))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/* connecting takes its time: the streaming thread does it */
static gboolean
gst_tdengine_src_start (GstBaseSrc * src)
{
  GstTDengineSrc *self = GST_TDENGINE_SRC (src);
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  if (gst_tdengine_settings_validate (self->settings, &error))
    gst_tdengine_requested_splits_check (&self->requested, &error);
  self->n_rows = self->n_bytes = self->n_buffers = self->data_time = 0;
  self->complete = FALSE;
  self->rows_left = self->requested.limit ? self->requested.limit : G_MAXUINT64;
  GST_OBJECT_UNLOCK (self);
  self->has_caps = FALSE;
  self->next_checkpoint = 0;
  self->seek_time = GST_CLOCK_TIME_NONE;
  gst_tdengine_stamp_init (&self->stamp);
  if (error)
    gst_tdengine_element_post_error (GST_ELEMENT (self), error);
  return error == NULL;
}

static void
close_reader (GstTDengineSrc * self)
{
  g_clear_pointer (&self->rows, gst_tdengine_rows_unref);
  g_clear_pointer (&self->reader, gst_tdengine_reader_free);
}

/* what was confirmed since the last checkpoint is worth a write */
static gboolean
gst_tdengine_src_stop (GstBaseSrc * src)
{
  GstTDengineSrc *self = GST_TDENGINE_SRC (src);
  g_autoptr (GError) error = NULL;

  if (self->state && !gst_tdengine_src_state_save (self->state, &error))
    GST_WARNING_OBJECT (self, "%s", error->message);
  close_reader (self);
  g_clear_pointer (&self->follower, gst_tdengine_follower_free);
  g_clear_pointer (&self->schema, gst_tdengine_schema_unref);
  if (self->connection)
    gst_tdengine_connection_close (self->connection);
  g_clear_pointer (&self->state, gst_tdengine_src_state_free);
  g_clear_pointer (&self->splits, gst_tdengine_splits_free);
  g_clear_object (&self->connection);
  return TRUE;
}

/* the caps come with the query's columns */
static gboolean
gst_tdengine_src_negotiate (GstBaseSrc * src)
{
  return TRUE;
}

static gboolean
gst_tdengine_src_unlock (GstBaseSrc * src)
{
  g_cancellable_cancel (GST_TDENGINE_SRC (src)->cancellable);
  return TRUE;
}

static gboolean
gst_tdengine_src_unlock_stop (GstBaseSrc * src)
{
  g_cancellable_reset (GST_TDENGINE_SRC (src)->cancellable);
  return TRUE;
}

static gboolean
open_connection (GstTDengineSrc * self, GError ** error)
{
  self->connection = gst_tdengine_element_connect (GST_ELEMENT (self),
      self->settings, self->cancellable, error);
  return self->connection != NULL;
}

/* only the columns that downstream takes are asked for */
static void
push_down (GstTDengineSrc * self, GstTDengineRequestedSplits * requested)
{
  g_autoptr (GstCaps) caps =
      gst_pad_peer_query_caps (GST_BASE_SRC_PAD (self), NULL);
  g_autoptr (GstTDengineSchema) schema = caps && gst_caps_is_fixed (caps) ?
      gst_tdengine_schema_new_from_caps (caps, NULL) : NULL;
  GString *names;

  if (!schema)
    return;
  names = g_string_new (NULL);
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++)
    g_string_append_printf (names, "%s%s", i ? "," : "",
        gst_tdengine_schema_get_column (schema, i)->name);
  if (requested->select || requested->columns)
    requested->kept = g_string_free (names, FALSE);
  else
    requested->columns = g_string_free (names, FALSE);
}

static void
copy_requested (GstTDengineSrc * self, GstTDengineRequestedSplits * requested,
    gchar ** database)
{
  GST_OBJECT_LOCK (self);
  gst_tdengine_requested_splits_copy (&self->requested, requested);
  *database = g_strdup (gst_tdengine_settings_get_database (self->settings));
  GST_OBJECT_UNLOCK (self);
  push_down (self, requested);
}

static void
tell_reconnect (guint n_tries, const GError * reason, gpointer data)
{
  gst_tdengine_element_post_reconnect (GST_ELEMENT (data), n_tries, reason);
}

static gboolean
ask_for_splits (GstTDengineSrc * self, GError ** error)
{
  g_auto (GstTDengineRequestedSplits) requested = { 0 };
  g_auto (GstTDengineSplitFacts) facts = { 0 };
  g_autofree gchar *database = NULL;

  copy_requested (self, &requested, &database);
  gst_tdengine_split_facts_init (&facts);
  if (!gst_tdengine_split_facts_ask (&facts, self->connection, &requested,
          database, self->cancellable, error))
    return FALSE;
  g_clear_pointer (&self->splits, gst_tdengine_splits_free);
  self->splits = gst_tdengine_splits_new (&requested, &facts, error);
  return self->splits != NULL;
}

/* where the connection is lost, over another */
static gboolean
open_splits (GstTDengineSrc * self, GError ** error)
{
  for (guint n_losses = 0;; n_losses++) {
    g_autoptr (GError) local = NULL;

    if (ask_for_splits (self, &local))
      return TRUE;
    if (!gst_tdengine_reconnect (&self->connection, local, n_losses,
            tell_reconnect, self, self->cancellable, error))
      return FALSE;
  }
}

static gboolean
open_follower (GstTDengineSrc * self, GError ** error)
{
  if (self->mode == MODE_BATCH)
    return TRUE;
  if (!gst_tdengine_splits_is_ordered (self->splits)) {
    g_set_error_literal (error, GST_TDENGINE_ERROR,
        GST_TDENGINE_ERROR_INVALID_VALUE, "Rows can be followed table by table "
        "only, by their times: set the table property, and split-by=table for "
        "a super table");
    return FALSE;
  }
  self->follower = gst_tdengine_follower_new ();
  return self->mode == MODE_BOTH
      || gst_tdengine_follower_skip (self->follower, self->connection,
      self->splits, self->cancellable, error);
}

/* a file stands for the statement, how it is split, and which part this is */
static gboolean
open_state (GstTDengineSrc * self, GError ** error)
{
  g_autofree gchar *path = NULL;
  g_autofree gchar *statement = NULL;
  g_autofree gchar *division = NULL;

  GST_OBJECT_LOCK (self);
  path = g_strdup (self->state_file);
  statement = gst_tdengine_requested_splits_make_sql (&self->requested);
  division = gst_tdengine_requested_splits_describe (&self->requested);
  GST_OBJECT_UNLOCK (self);
  if (!path || !*path)
    return TRUE;
  const gchar *texts[] = { division, statement, NULL };
  self->state = gst_tdengine_src_state_new (path, self->splits, texts, error);
  return self->state != NULL;
}

/* what is to be read of a split; NULL for nothing */
static gchar *
get_sql (guint64 split, gpointer data)
{
  GstTDengineSrc *self = data;
  GstClockTime unit;

  if (self->follower && gst_tdengine_follower_knows (self->follower,
          self->splits, split))
    return gst_tdengine_follower_get_sql (self->follower, self->splits, split);
  if (self->state)
    return gst_tdengine_src_state_get_sql (self->state, split);
  if (!GST_CLOCK_TIME_IS_VALID (self->seek_time))
    return gst_tdengine_splits_get_sql (self->splits, split);
  unit =
      gst_tdengine_precision_get_unit (gst_tdengine_splits_get_precision
      (self->splits));
  return gst_tdengine_splits_get_rest_sql (self->splits, split,
      (self->seek_time + unit - 1) / unit);
}

static gchar *
get_name (guint64 split, gpointer data)
{
  return gst_tdengine_splits_get_name (GST_TDENGINE_SRC (data)->splits, split);
}

/* in a thread of the reader, perhaps; what rows are of is known by then */
static gchar *
get_rest (guint64 split, GstTDengineRows * rows, gpointer data)
{
  GstTDengineSrc *self = data;
  const gchar *name = gst_tdengine_splits_get_time_column (self->splits);
  gint column = name && gst_tdengine_splits_is_ordered (self->splits) ?
      gst_tdengine_schema_find (gst_tdengine_rows_get_schema (rows), name) : -1;
  guint last = gst_tdengine_rows_get_n_rows (rows) - 1;

  if (column < 0 || gst_tdengine_rows_is_null (rows, column, last))
    return NULL;
  return gst_tdengine_splits_get_rest_sql (self->splits, split,
      gst_tdengine_rows_get_int64 (rows, column, last) + 1);
}

static void
open_reader (GstTDengineSrc * self)
{
  GST_OBJECT_LOCK (self);
  self->reader = gst_tdengine_reader_new (self->connection, self->settings,
      gst_tdengine_splits_get_n (self->splits), get_sql, get_name,
      get_rest, tell_reconnect, self, self->parallelism, self->ordered);
  GST_OBJECT_UNLOCK (self);
}

/* a table's name stays one: it is what sinks go by */
static gboolean
is_varchar (GstTDengineSchema * schema, guint index)
{
  const GstTDengineColumn *column =
      gst_tdengine_schema_get_column (schema, index);

  return column->type == GST_TDENGINE_TYPE_VARCHAR
      && !g_str_equal (column->name, "tbname");
}

/* the columns as they leave */
static GstTDengineSchema *
make_schema (GstTDengineSrc * self, GstTDengineSchema * from)
{
  GstTDengineSchema *schema;

  if (self->varchar_as == VARCHAR_AS_UTF8)
    return gst_tdengine_schema_ref (from);
  schema = gst_tdengine_schema_new (gst_tdengine_schema_get_precision (from));
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (from); i++) {
    GstTDengineColumn column = *gst_tdengine_schema_get_column (from, i);

    if (is_varchar (from, i))
      column.type = GST_TDENGINE_TYPE_VARBINARY;
    gst_tdengine_schema_append (schema, &column, NULL);
  }
  return schema;
}

static gboolean
set_caps (GstTDengineSrc * self, GstTDengineSchema * from, GError ** error)
{
  GstTDengineSchema *schema = self->schema = make_schema (self, from);
  g_autoptr (GstCaps) caps = gst_tdengine_schema_to_caps (schema);

  self->has_caps = TRUE;
  gst_tdengine_stamp_set_schema (&self->stamp, schema);
  if (gst_base_src_set_caps (GST_BASE_SRC (self), caps))
    return TRUE;
  g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_SCHEMA,
      "Downstream does not take the columns of the query");
  return FALSE;
}

static void
stamp_buffer (GstTDengineSrc * self, GstTDengineRows * rows, GstBuffer * buffer)
{
  if (gst_tdengine_stamp_buffer (&self->stamp, rows, buffer))
    gst_base_src_new_segment (GST_BASE_SRC (self), &self->stamp.segment);

  GST_OBJECT_LOCK (self);
  self->n_rows = self->stamp.n_rows;
  self->n_bytes += gst_buffer_get_size (buffer);
  self->n_buffers++;
  self->data_time = gst_tdengine_stamp_get_data_time (&self->stamp);
  GST_OBJECT_UNLOCK (self);
}

static void
post_query_progress (GstTDengineSrc * self, GstProgressType type,
    const gchar * text)
{
  gst_tdengine_element_post_progress (GST_ELEMENT (self), type, "query", text);
}

/* both types lie alike in a block, but for what its head calls them */
static GstTDengineRows *
rename_varchar (GstTDengineSrc * self, GstTDengineRows * rows, GError ** error)
{
  GstTDengineSchema *from = gst_tdengine_rows_get_schema (rows);
  g_autoptr (GstTDengineRows) owned = rows;
  g_autoptr (GstBuffer) buffer =
      gst_buffer_copy_deep (gst_tdengine_rows_get_buffer (rows));
  static const guint8 type = GST_TDENGINE_TYPE_VARBINARY;

  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (from); i++) {
    if (is_varchar (from, i))
      gst_buffer_fill (buffer, BLOCK_HEADER_SIZE + 5 * i, &type, 1);
  }
  return gst_tdengine_rows_new (self->schema, buffer, error);
}

/* the first answer tells the columns, with or without rows */
static gboolean
take_read (GstTDengineSrc * self, GstTDengineRead * read, GError ** error)
{
  if (!self->has_caps) {
    /* reading is no progress in this sense: gst-launch plays when all is done */
    post_query_progress (self, GST_PROGRESS_TYPE_COMPLETE, "Rows are coming");
    if (!set_caps (self, gst_tdengine_reader_get_schema (self->reader), error)) {
      g_clear_pointer (&read->rows, gst_tdengine_rows_unref);
      return FALSE;
    }
  }
  self->split = read->split;
  if (!read->rows && self->state && !self->follower)
    gst_tdengine_src_state_note_done (self->state, read->split);
  self->rows = read->rows && self->varchar_as == VARCHAR_AS_BINARY ?
      rename_varchar (self, read->rows, error) : read->rows;
  return self->rows || !read->rows;
}

static void
push_gap (GstTDengineSrc * self)
{
  if (self->stamp.segment.format == GST_FORMAT_TIME)
    gst_pad_push_event (GST_BASE_SRC_PAD (self),
        gst_event_new_gap (self->stamp.segment.position, 0));
}

/* asks again, which finds tables that are new, too */
static gboolean
ask_again (GstTDengineSrc * self, GError ** error)
{
  guint interval;

  push_gap (self);
  /* a lost one may have been replaced */
  if (self->reader)
    g_set_object (&self->connection,
        gst_tdengine_reader_get_connection (self->reader));
  close_reader (self);
  GST_OBJECT_LOCK (self);
  interval = self->poll_interval;
  GST_OBJECT_UNLOCK (self);
  if (!gst_tdengine_follower_wait (interval, self->cancellable, error)
      || !open_splits (self, error))
    return FALSE;
  if (self->state)
    gst_tdengine_src_state_set_splits (self->state, self->splits);
  open_reader (self);
  return TRUE;
}

/* FALSE at the end, or with an error */
static gboolean
next_read (GstTDengineSrc * self, GstTDengineRead * read, GError ** error)
{
  g_autoptr (GError) local = NULL;

  /* after a cancelled wait there is no reader */
  while (!self->reader || !gst_tdengine_reader_next (self->reader, read,
          self->cancellable, &local)) {
    if (local) {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
    if (!self->follower || !ask_again (self, error))
      return FALSE;
  }
  return TRUE;
}

/* FALSE at the end, or with an error */
static gboolean
next_block (GstTDengineSrc * self, GError ** error)
{
  GstTDengineRead read;

  self->next_row = 0;
  do {
    g_clear_pointer (&self->rows, gst_tdengine_rows_unref);
    if (!next_read (self, &read, error) || !take_read (self, &read, error))
      return FALSE;
  } while (!self->rows || gst_tdengine_rows_get_n_rows (self->rows) == 0);
  return TRUE;
}

/* the block, or the next few rows of it; NULL at the end or with an error */
static GstTDengineRows *
next_rows (GstTDengineSrc * self, guint limit, GError ** error)
{
  guint left, n_rows;

  if (self->rows_left == 0 || (!self->rows && !next_block (self, error)))
    return NULL;
  left = gst_tdengine_rows_get_n_rows (self->rows) - self->next_row;
  n_rows = MIN (limit == 0 ? left : MIN (left, limit), self->rows_left);
  self->rows_left -= n_rows;
  if (self->next_row == 0 && n_rows == left)
    return g_steal_pointer (&self->rows);

  GstTDengineRows *slice =
      gst_tdengine_rows_slice (self->rows, self->next_row, n_rows);
  self->next_row += n_rows;
  if (n_rows == left)
    g_clear_pointer (&self->rows, gst_tdengine_rows_unref);
  return slice;
}

/* checkpoints */

static void
push_checkpoint (GstTDengineSrc * self)
{
  gst_pad_push_event (GST_BASE_SRC_PAD (self),
      gst_tdengine_src_state_make_checkpoint (self->state));
}

/* one before the first row, and now and then */
static gboolean
checkpoint_in_time (GstTDengineSrc * self, GError ** error)
{
  gint64 now = g_get_monotonic_time ();

  if (!self->state || now < self->next_checkpoint)
    return TRUE;
  push_checkpoint (self);
  GST_OBJECT_LOCK (self);
  self->next_checkpoint =
      now + self->checkpoint_interval * G_TIME_SPAN_MILLISECOND;
  GST_OBJECT_UNLOCK (self);
  return gst_tdengine_src_state_save (self->state, error);
}

static void
note_rows (GstTDengineSrc * self, GstTDengineRows * rows)
{
  guint n_rows = gst_tdengine_rows_get_n_rows (rows);
  gint64 last;

  if (self->stamp.time_column < 0
      || gst_tdengine_rows_is_null (rows, self->stamp.time_column, n_rows - 1))
    return;
  last =
      gst_tdengine_rows_get_int64 (rows, self->stamp.time_column, n_rows - 1);
  if (self->state)
    gst_tdengine_src_state_note_rows (self->state, self->split, last, n_rows);
  if (self->follower)
    gst_tdengine_follower_note (self->follower, self->splits, self->split,
        last);
}

static gboolean
finish_state (GstTDengineSrc * self, GError ** error)
{
  guint timeout;

  if (!self->state)
    return TRUE;
  push_checkpoint (self);
  g_object_get (self, "message-timeout", &timeout, NULL);
  return gst_tdengine_src_state_finish (self->state, timeout,
      self->cancellable, error);
}

static GstFlowReturn
end_of_rows (GstTDengineSrc * self)
{
  g_autoptr (GError) error = NULL;

  if (!self->has_caps)
    post_query_progress (self, GST_PROGRESS_TYPE_COMPLETE, "No split is left");
  if (!finish_state (self, &error))
    return gst_tdengine_element_post_error (GST_ELEMENT (self), error);
  GST_OBJECT_LOCK (self);
  self->complete = TRUE;
  GST_OBJECT_UNLOCK (self);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_duration_changed (GST_OBJECT (self)));
  return GST_FLOW_EOS;
}

static gboolean
open_all (GstTDengineSrc * self, GError ** error)
{
  if (self->reader || (self->follower && self->has_caps))
    return TRUE;
  if (!self->connection && !open_connection (self, error))
    return FALSE;
  if (!self->has_caps)
    post_query_progress (self, GST_PROGRESS_TYPE_START, "Running the query");
  if (!self->splits && !(open_splits (self, error) && open_state (self, error)
          && open_follower (self, error))) {
    g_clear_pointer (&self->splits, gst_tdengine_splits_free);
    return FALSE;
  }
  open_reader (self);
  return TRUE;
}

static GstFlowReturn
fail (GstTDengineSrc * self, const GError * error)
{
  if (self->connection && !self->has_caps)
    post_query_progress (self, GST_PROGRESS_TYPE_ERROR,
        "Could not run the query");
  return gst_tdengine_element_post_error (GST_ELEMENT (self), error);
}

static GstFlowReturn
gst_tdengine_src_create (GstPushSrc * src, GstBuffer ** buffer)
{
  GstTDengineSrc *self = GST_TDENGINE_SRC (src);
  g_autoptr (GError) error = NULL;
  guint limit;

  if (!open_all (self, &error) || !checkpoint_in_time (self, &error))
    return fail (self, error);

  GST_OBJECT_LOCK (self);
  limit = self->rows_per_buffer;
  GST_OBJECT_UNLOCK (self);
  g_autoptr (GstTDengineRows) rows = next_rows (self, limit, &error);
  if (error)
    return fail (self, error);
  if (!rows)
    return end_of_rows (self);

  /* the memory is shared, only what is said of it is the copy's own */
  *buffer = gst_buffer_copy (gst_tdengine_rows_get_buffer (rows));
  stamp_buffer (self, rows, *buffer);
  note_rows (self, rows);
  return GST_FLOW_OK;
}

/* seeking */

/* by asking again, from another time on */
static gboolean
gst_tdengine_src_is_seekable (GstBaseSrc * src)
{
  GstTDengineSrc *self = GST_TDENGINE_SRC (src);

  return !self->state && !self->follower && self->splits
      && gst_tdengine_splits_get_time_column (self->splits)
      && GST_CLOCK_TIME_IS_VALID (self->stamp.origin);
}

/* A seek is in stream time, which is 0 at the first row; the base class takes it
 * for that of the buffers. */
static GstEvent *
shift_seek (GstTDengineSrc * self, GstEvent * seek)
{
  gdouble rate;
  GstFormat format;
  GstSeekFlags flags;
  GstSeekType start_type, stop_type;
  gint64 start, stop;
  GstEvent *shifted;

  gst_event_parse_seek (seek, &rate, &format, &flags, &start_type, &start,
      &stop_type, &stop);
  if (format != GST_FORMAT_TIME || rate <= 0
      || start_type == GST_SEEK_TYPE_END || stop_type == GST_SEEK_TYPE_END)
    return NULL;
  if (start_type == GST_SEEK_TYPE_SET)
    start += self->stamp.origin;
  if (stop_type == GST_SEEK_TYPE_SET && stop != -1)
    stop += self->stamp.origin;
  shifted = gst_event_new_seek (rate, format, flags, start_type, start,
      stop_type, stop);
  gst_event_set_seqnum (shifted, gst_event_get_seqnum (seek));
  return shifted;
}

static gboolean
gst_tdengine_src_event (GstBaseSrc * src, GstEvent * event)
{
  GstBaseSrcClass *parent_class =
      GST_BASE_SRC_CLASS (gst_tdengine_src_parent_class);
  g_autoptr (GstEvent) shifted = NULL;

  if (GST_EVENT_TYPE (event) != GST_EVENT_SEEK
      || !gst_tdengine_src_is_seekable (src))
    return parent_class->event (src, event);
  shifted = shift_seek (GST_TDENGINE_SRC (src), event);
  return shifted && parent_class->event (src, shifted);
}

/* the rows from there on are asked for when the next buffer is */
static gboolean
gst_tdengine_src_do_seek (GstBaseSrc * src, GstSegment * segment)
{
  GstTDengineSrc *self = GST_TDENGINE_SRC (src);

  if (!gst_tdengine_src_is_seekable (src))
    return segment->start == 0;
  close_reader (self);
  self->seek_time = segment->start;
  segment->time = segment->start > self->stamp.origin ?
      segment->start - self->stamp.origin : 0;
  self->stamp.segment = *segment;
  GST_OBJECT_LOCK (self);
  self->complete = FALSE;
  self->rows_left = self->requested.limit ? self->requested.limit : G_MAXUINT64;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

/* queries */

/* in rows; the base class knows the position in time */
static gboolean
answer_position_locked (GstTDengineSrc * self, GstQuery * query)
{
  GstFormat format;

  gst_query_parse_position (query, &format, NULL);
  if (format != GST_FORMAT_DEFAULT)
    return FALSE;
  gst_query_set_position (query, format, self->n_rows);
  return TRUE;
}

/* how much a query has is known at its end */
static gboolean
answer_duration_locked (GstTDengineSrc * self, GstQuery * query)
{
  GstFormat format;

  gst_query_parse_duration (query, &format, NULL);
  if (!self->complete)
    return FALSE;
  if (format != GST_FORMAT_DEFAULT && format != GST_FORMAT_TIME)
    return FALSE;
  gst_query_set_duration (query, format,
      format == GST_FORMAT_TIME ? self->data_time : self->n_rows);
  return TRUE;
}

static gboolean
gst_tdengine_src_query (GstBaseSrc * src, GstQuery * query)
{
  GstTDengineSrc *self = GST_TDENGINE_SRC (src);
  gboolean answered = FALSE;

  GST_OBJECT_LOCK (self);
  if (GST_QUERY_TYPE (query) == GST_QUERY_POSITION)
    answered = answer_position_locked (self, query);
  else if (GST_QUERY_TYPE (query) == GST_QUERY_DURATION)
    answered = answer_duration_locked (self, query);
  GST_OBJECT_UNLOCK (self);
  return answered
      || GST_BASE_SRC_CLASS (gst_tdengine_src_parent_class)->query (src, query);
}

static void
gst_tdengine_src_class_init (GstTDengineSrcClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *src_class = GST_BASE_SRC_CLASS (klass);
  const GParamFlags flags = G_PARAM_STATIC_STRINGS;

  object_class->finalize = gst_tdengine_src_finalize;
  object_class->set_property = gst_tdengine_src_set_property;
  object_class->get_property = gst_tdengine_src_get_property;

  g_object_class_install_property (object_class, PROP_ROWS_PER_BUFFER,
      g_param_spec_uint ("rows-per-buffer", "Rows per buffer",
          "Most rows in a buffer (0: blocks as the server sends them, "
          "1: a row a buffer)", 0, G_MAXINT, 0,
          flags | G_PARAM_READWRITE | GST_PARAM_MUTABLE_PLAYING));
  g_object_class_install_property (object_class, PROP_PARALLELISM,
      g_param_spec_uint ("parallelism", "Parallelism",
          "Most connections to read splits over", 1, MAX_PARALLELISM, 1,
          flags | G_PARAM_READWRITE | G_PARAM_CONSTRUCT |
          GST_PARAM_MUTABLE_READY));
  g_object_class_install_property (object_class, PROP_ORDER,
      g_param_spec_enum ("order", "Order",
          "How the buffers of several splits leave", GST_TYPE_TDENGINE_ORDER,
          ORDER_ANY, flags | G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY));
  g_object_class_install_property (object_class, PROP_MODE,
      g_param_spec_enum ("mode", "Mode",
          "Whether rows that come later are waited for; of a super table that "
          "takes split-by=table", GST_TYPE_TDENGINE_MODE, MODE_BATCH,
          flags | G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY));
  g_object_class_install_property (object_class, PROP_POLL_INTERVAL,
      g_param_spec_uint ("poll-interval", "Poll interval",
          "How long to wait before later rows are asked for again, in ms", 1,
          G_MAXINT, DEFAULT_POLL_INTERVAL,
          flags | G_PARAM_READWRITE | G_PARAM_CONSTRUCT |
          GST_PARAM_MUTABLE_PLAYING));
  g_object_class_install_property (object_class, PROP_VARCHAR_AS,
      g_param_spec_enum ("varchar-as", "VARCHAR as",
          "What VARCHAR columns leave as", GST_TYPE_TDENGINE_VARCHAR_AS,
          VARCHAR_AS_UTF8,
          flags | G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY));
  g_object_class_install_property (object_class, PROP_STATE_FILE,
      g_param_spec_string ("state-file", "State file",
          "File that keeps which rows are safely downstream, to go on from "
          "there the next time", NULL,
          flags | G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY));
  g_object_class_install_property (object_class, PROP_CHECKPOINT_INTERVAL,
      g_param_spec_uint ("checkpoint-interval", "Checkpoint interval",
          "How often downstream is asked what is safe, with a state file, in ms",
          1, G_MAXINT, DEFAULT_CHECKPOINT_INTERVAL,
          flags | G_PARAM_READWRITE | G_PARAM_CONSTRUCT |
          GST_PARAM_MUTABLE_PLAYING));
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Rows, bytes and buffers pushed since the start",
          GST_TYPE_STRUCTURE, flags | G_PARAM_READABLE));
  gst_tdengine_split_properties_install (object_class, PROP_SPLITS);
  gst_tdengine_settings_install_properties (object_class, PROP_SETTINGS);
  gst_type_mark_as_plugin_api (GST_TYPE_TDENGINE_ORDER, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_TDENGINE_MODE, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_TDENGINE_VARCHAR_AS, 0);

  gst_element_class_set_static_metadata (element_class,
      "TDengine query source", "Source/Network",
      "Pushes the rows of a query to a TDengine server",
      "The gst-tdengine developers");
  gst_element_class_add_static_pad_template (element_class, &src_template);

  src_class->start = gst_tdengine_src_start;
  src_class->stop = gst_tdengine_src_stop;
  src_class->negotiate = gst_tdengine_src_negotiate;
  src_class->unlock = gst_tdengine_src_unlock;
  src_class->unlock_stop = gst_tdengine_src_unlock_stop;
  src_class->query = gst_tdengine_src_query;
  src_class->event = gst_tdengine_src_event;
  src_class->is_seekable = gst_tdengine_src_is_seekable;
  src_class->do_seek = gst_tdengine_src_do_seek;
  GST_PUSH_SRC_CLASS (klass)->create = gst_tdengine_src_create;
}
