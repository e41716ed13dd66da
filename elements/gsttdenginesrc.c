/* tdenginesrc: the rows of a query
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-tdenginesrc
 * @title: tdenginesrc
 *
 * Runs a query on a TDengine server and pushes its rows, block by block and
 * unchanged, then EOS.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 tdenginesrc query="select * from power.meters" ! tdenginecsvenc ! fdsink
 * ]|
 * Shows a table as CSV.
 *
 * Since: 0.1
 */
#include <gst/base/base.h>

#include "elements.h"
#include "gsttdengineelement.h"

GST_DEBUG_CATEGORY_STATIC (tdenginesrc_debug);
#define GST_CAT_DEFAULT tdenginesrc_debug

struct _GstTDengineSrc
{
  GstPushSrc parent_instance;

  /* properties, under the object lock */
  GstTDengineSettings *settings;
  gchar *sql;
  guint rows_per_buffer;

  GCancellable *cancellable;

  /* of the streaming thread */
  GstTDengineConnection *connection;
  GstTDengineQuery *query;
  GstTDengineRows *rows;        /* a block that is not pushed whole yet */
  guint next_row;               /* the first one of it that is not */
  gint time_column;             /* whose times are those of the buffers, or -1 */
  GstSegment segment;

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
  PROP_QUERY,
  PROP_ROWS_PER_BUFFER,
  PROP_STATS,
  PROP_SETTINGS,                /* the first of the connection's */
};

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
  self->cancellable = g_cancellable_new ();
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}

static void
gst_tdengine_src_finalize (GObject * object)
{
  GstTDengineSrc *self = GST_TDENGINE_SRC (object);

  gst_tdengine_settings_free (self->settings);
  g_free (self->sql);
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
    case PROP_QUERY:
      g_free (self->sql);
      self->sql = g_value_dup_string (value);
      break;
    case PROP_ROWS_PER_BUFFER:
      self->rows_per_buffer = g_value_get_uint (value);
      break;
    default:
      if (!gst_tdengine_settings_set_property (self->settings, value, pspec))
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
    case PROP_QUERY:
      g_value_set_string (value, self->sql);
      break;
    case PROP_ROWS_PER_BUFFER:
      g_value_set_uint (value, self->rows_per_buffer);
      break;
    case PROP_STATS:
      g_value_take_boxed (value, make_stats_locked (self));
      break;
    default:
      if (!gst_tdengine_settings_get_property (self->settings, value, pspec))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static gboolean
check_settings_locked (GstTDengineSrc * self, GError ** error)
{
  if (!gst_tdengine_settings_validate (self->settings, error))
    return FALSE;
  if (self->sql && *self->sql)
    return TRUE;
  g_set_error_literal (error, GST_TDENGINE_ERROR,
      GST_TDENGINE_ERROR_INVALID_VALUE, "There is nothing to ask for: set the "
      "query property");
  return FALSE;
}

/* connecting takes its time: the streaming thread does it */
static gboolean
gst_tdengine_src_start (GstBaseSrc * src)
{
  GstTDengineSrc *self = GST_TDENGINE_SRC (src);
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  check_settings_locked (self, &error);
  self->n_rows = self->n_bytes = self->n_buffers = self->data_time = 0;
  self->complete = FALSE;
  GST_OBJECT_UNLOCK (self);
  if (error)
    gst_tdengine_element_post_error (GST_ELEMENT (self), error);
  return error == NULL;
}

static gboolean
gst_tdengine_src_stop (GstBaseSrc * src)
{
  GstTDengineSrc *self = GST_TDENGINE_SRC (src);

  if (self->connection)
    gst_tdengine_connection_close (self->connection);
  g_clear_pointer (&self->rows, gst_tdengine_rows_unref);
  g_clear_object (&self->query);
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

static gint
find_time_column (GstTDengineSchema * schema)
{
  for (guint i = 0; i < gst_tdengine_schema_get_n_columns (schema); i++) {
    if (gst_tdengine_schema_get_column (schema, i)->type ==
        GST_TDENGINE_TYPE_TIMESTAMP)
      return i;
  }
  return -1;
}

static gboolean
open_query (GstTDengineSrc * self, GError ** error)
{
  GstElement *element = GST_ELEMENT (self);

  GST_OBJECT_LOCK (self);
  g_autofree gchar *sql = g_strdup (self->sql);
  GST_OBJECT_UNLOCK (self);
  gst_tdengine_element_post_progress (element, GST_PROGRESS_TYPE_START,
      "query", "Running the query");
  self->query = gst_tdengine_connection_query (self->connection, sql,
      self->cancellable, error);
  if (!self->query) {
    gst_tdengine_element_post_progress (element, GST_PROGRESS_TYPE_ERROR,
        "query", "Could not run the query");
    return FALSE;
  }
  /* reading is no progress in this sense: gst-launch plays when all is done */
  gst_tdengine_element_post_progress (element, GST_PROGRESS_TYPE_COMPLETE,
      "query", "Rows are coming");

  GstTDengineSchema *schema = gst_tdengine_query_get_schema (self->query);
  g_autoptr (GstCaps) caps = gst_tdengine_schema_to_caps (schema);
  self->time_column = find_time_column (schema);
  gst_segment_init (&self->segment, GST_FORMAT_UNDEFINED);
  if (gst_base_src_set_caps (GST_BASE_SRC (self), caps))
    return TRUE;
  g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_SCHEMA,
      "Downstream does not take the columns of the query");
  return FALSE;
}

/* nanoseconds since 1970, or none where that can't be said */
static GstClockTime
get_time (GstTDengineSrc * self, GstTDengineRows * rows, guint row)
{
  GstTDenginePrecision precision =
      gst_tdengine_schema_get_precision (gst_tdengine_rows_get_schema (rows));
  guint64 unit = gst_tdengine_precision_get_unit (precision);
  gint64 ticks;

  if (self->time_column < 0
      || gst_tdengine_rows_is_null (rows, self->time_column, row))
    return GST_CLOCK_TIME_NONE;
  ticks = gst_tdengine_rows_get_int64 (rows, self->time_column, row);
  if (ticks < 0 || (guint64) ticks > G_MAXINT64 / unit)
    return GST_CLOCK_TIME_NONE;
  return ticks * unit;
}

/* A segment begins at its first time, which has stream time 0. Rows of the next
 * sub table may lie before it: they get a segment of their own, as sinks drop
 * what lies outside. */
static void
cover_time (GstTDengineSrc * self, GstClockTime pts)
{
  GstSegment *segment = &self->segment;
  guint64 base = 0;

  if (segment->format == GST_FORMAT_TIME) {
    if (pts >= segment->start)
      return;
    base = gst_segment_to_running_time (segment, GST_FORMAT_TIME,
        segment->position);
  }
  gst_segment_init (segment, GST_FORMAT_TIME);
  segment->start = segment->position = pts;
  segment->time = 0;
  segment->base = base;
  gst_base_src_new_segment (GST_BASE_SRC (self), segment);
}

static void
stamp_buffer (GstTDengineSrc * self, GstTDengineRows * rows, GstBuffer * buffer)
{
  guint n_rows = gst_tdengine_rows_get_n_rows (rows);
  GstClockTime first = get_time (self, rows, 0);
  GstClockTime last = get_time (self, rows, n_rows - 1);

  GST_BUFFER_PTS (buffer) = first;
  if (GST_CLOCK_TIME_IS_VALID (first)) {
    cover_time (self, first);
    self->segment.position = MAX (self->segment.position, first);
  }
  if (GST_CLOCK_TIME_IS_VALID (first) && GST_CLOCK_TIME_IS_VALID (last)
      && last >= first) {
    GST_BUFFER_DURATION (buffer) = last - first;
    self->segment.position = MAX (self->segment.position, last);
  }

  GST_OBJECT_LOCK (self);
  GST_BUFFER_OFFSET (buffer) = self->n_rows;
  self->n_rows += n_rows;
  GST_BUFFER_OFFSET_END (buffer) = self->n_rows;
  self->n_bytes += gst_buffer_get_size (buffer);
  self->n_buffers++;
  if (self->segment.format == GST_FORMAT_TIME)
    self->data_time = gst_segment_to_stream_time (&self->segment,
        GST_FORMAT_TIME, self->segment.position);
  GST_OBJECT_UNLOCK (self);
}

static gboolean
next_block (GstTDengineSrc * self, GError ** error)
{
  self->next_row = 0;
  do {
    g_clear_pointer (&self->rows, gst_tdengine_rows_unref);
    self->rows = gst_tdengine_query_next (self->query, self->cancellable,
        error);
  } while (self->rows && gst_tdengine_rows_get_n_rows (self->rows) == 0);
  return self->rows != NULL;
}

/* the block, or the next few rows of it; NULL at the end or with an error */
static GstTDengineRows *
next_rows (GstTDengineSrc * self, guint limit, GError ** error)
{
  if (!self->rows && !next_block (self, error))
    return NULL;

  guint left = gst_tdengine_rows_get_n_rows (self->rows) - self->next_row;
  if (limit == 0 || (self->next_row == 0 && left <= limit))
    return g_steal_pointer (&self->rows);

  guint n_rows = MIN (left, limit);
  GstTDengineRows *slice =
      gst_tdengine_rows_slice (self->rows, self->next_row, n_rows);
  self->next_row += n_rows;
  if (n_rows == left)
    g_clear_pointer (&self->rows, gst_tdengine_rows_unref);
  return slice;
}

static GstFlowReturn
end_of_rows (GstTDengineSrc * self)
{
  GST_OBJECT_LOCK (self);
  self->complete = TRUE;
  GST_OBJECT_UNLOCK (self);
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_duration_changed (GST_OBJECT (self)));
  return GST_FLOW_EOS;
}

static GstFlowReturn
gst_tdengine_src_create (GstPushSrc * src, GstBuffer ** buffer)
{
  GstTDengineSrc *self = GST_TDENGINE_SRC (src);
  g_autoptr (GError) error = NULL;
  guint limit;

  if ((!self->connection && !open_connection (self, &error))
      || (!self->query && !open_query (self, &error)))
    return gst_tdengine_element_post_error (GST_ELEMENT (self), error);

  GST_OBJECT_LOCK (self);
  limit = self->rows_per_buffer;
  GST_OBJECT_UNLOCK (self);
  g_autoptr (GstTDengineRows) rows = next_rows (self, limit, &error);
  if (error)
    return gst_tdengine_element_post_error (GST_ELEMENT (self), error);
  if (!rows)
    return end_of_rows (self);

  /* the memory is shared, only what is said of it is the copy's own */
  *buffer = gst_buffer_copy (gst_tdengine_rows_get_buffer (rows));
  stamp_buffer (self, rows, *buffer);
  return GST_FLOW_OK;
}

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

  g_object_class_install_property (object_class, PROP_QUERY,
      g_param_spec_string ("query", "Query",
          "Statement whose rows are wanted, in TDengine's SQL", NULL,
          flags | G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY));
  g_object_class_install_property (object_class, PROP_ROWS_PER_BUFFER,
      g_param_spec_uint ("rows-per-buffer", "Rows per buffer",
          "Most rows in a buffer (0: blocks as the server sends them, "
          "1: a row a buffer)", 0, G_MAXINT, 0,
          flags | G_PARAM_READWRITE | GST_PARAM_MUTABLE_PLAYING));
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Rows, bytes and buffers pushed since the start",
          GST_TYPE_STRUCTURE, flags | G_PARAM_READABLE));
  gst_tdengine_settings_install_properties (object_class, PROP_SETTINGS);

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
  GST_PUSH_SRC_CLASS (klass)->create = gst_tdengine_src_create;
}
