/* tdenginetestsrc: rows for tests and demonstrations
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-tdenginetestsrc
 * @title: tdenginetestsrc
 *
 * Makes rows, as videotestsrc makes pictures. The same seed makes the same rows
 * on every machine.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 -q tdenginetestsrc tables=2 rows=6 ! tdenginecsvenc ! fdsink
 * ]|
 * Shows rows of two meters as CSV.
 *
 * Since: 0.1
 */
#include <gst/base/base.h>

#include "elements.h"
#include "gsttdengineelement.h"
#include "gsttdenginetestrows.h"

GST_DEBUG_CATEGORY_STATIC (tdenginetestsrc_debug);
#define GST_CAT_DEFAULT tdenginetestsrc_debug

#define DEFAULT_PATTERN GST_TDENGINE_TEST_METERS
#define DEFAULT_TABLES 1
#define DEFAULT_ROWS 0
#define DEFAULT_ROWS_PER_BUFFER 1000
#define DEFAULT_INTERVAL GST_SECOND
#define DEFAULT_START_TIME "2024-01-01T00:00:00Z"
#define DEFAULT_PRECISION GST_TDENGINE_PRECISION_MS
#define DEFAULT_SEED 0
#define DEFAULT_IS_LIVE FALSE
#define MAX_TABLES 1000000
#define MAX_ROWS_PER_BUFFER 1000000

struct _GstTDengineTestSrc
{
  GstPushSrc parent_instance;

  /* properties, under the object lock */
  GstTDengineTestPattern pattern;
  guint n_tables;
  guint64 n_rows;               /* 0: no end */
  guint rows_per_buffer;
  GstClockTime interval;
  gchar *start_time;
  GstTDenginePrecision precision;
  guint64 seed;

  /* what they came to at the start */
  GstTDengineTestRows *rows;
  GstTDengineTestShape shape;
  GstClockTime first_time;      /* since 1970 */
  guint64 end;                  /* the row behind the last one */

  guint64 next;                 /* row; others read it under the object lock */
  GstClockID wait;              /* under the object lock */
  gboolean unlocked;            /* under the object lock */
};

enum
{
  PROP_0,
  PROP_PATTERN,
  PROP_TABLES,
  PROP_ROWS,
  PROP_ROWS_PER_BUFFER,
  PROP_INTERVAL,
  PROP_START_TIME,
  PROP_PRECISION,
  PROP_SEED,
  PROP_IS_LIVE,
};

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_TDENGINE_ROWS_MEDIA_TYPE));

#define GST_TYPE_TDENGINE_TEST_PATTERN (gst_tdengine_test_pattern_get_type ())
static GType
gst_tdengine_test_pattern_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_TDENGINE_TEST_METERS, "Electricity meters of TDengine's examples",
        "meters"},
    {GST_TDENGINE_TEST_SINE, "A sine of 100 rows", "sine"},
    {GST_TDENGINE_TEST_RANDOM_WALK, "A random walk that forgets its steps "
          "after 64 rows", "random-walk"},
    {GST_TDENGINE_TEST_ALL_TYPES, "A column of each type", "all-types"},
    {GST_TDENGINE_TEST_NULLS, "A column of each type, a third of them NULL",
        "nulls"},
    {0, NULL, NULL},
  };
  static GType type;

  return gst_tdengine_element_register_enum (&type, "GstTDengineTestPattern",
      values);
}

#define GST_TYPE_TDENGINE_TEST_PRECISION \
  (gst_tdengine_test_precision_get_type ())
static GType
gst_tdengine_test_precision_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_TDENGINE_PRECISION_MS, "Milliseconds", "ms"},
    {GST_TDENGINE_PRECISION_US, "Microseconds", "us"},
    {GST_TDENGINE_PRECISION_NS, "Nanoseconds", "ns"},
    {0, NULL, NULL},
  };
  static GType type;

  return gst_tdengine_element_register_enum (&type, "GstTDengineTestPrecision",
      values);
}

G_DECLARE_FINAL_TYPE (GstTDengineTestSrc, gst_tdengine_test_src, GST,
    TDENGINE_TEST_SRC, GstPushSrc);
G_DEFINE_TYPE (GstTDengineTestSrc, gst_tdengine_test_src, GST_TYPE_PUSH_SRC);
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (tdenginetestsrc, "tdenginetestsrc",
    GST_RANK_NONE, gst_tdengine_test_src_get_type (),
    GST_DEBUG_CATEGORY_INIT (tdenginetestsrc_debug, "tdenginetestsrc", 0,
        "rows for tests"));

static void
gst_tdengine_test_src_init (GstTDengineTestSrc * self)
{
  self->pattern = DEFAULT_PATTERN;
  self->n_tables = DEFAULT_TABLES;
  self->n_rows = DEFAULT_ROWS;
  self->rows_per_buffer = DEFAULT_ROWS_PER_BUFFER;
  self->interval = DEFAULT_INTERVAL;
  self->start_time = g_strdup (DEFAULT_START_TIME);
  self->precision = DEFAULT_PRECISION;
  self->seed = DEFAULT_SEED;
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}

static void
gst_tdengine_test_src_finalize (GObject * object)
{
  g_free (GST_TDENGINE_TEST_SRC (object)->start_time);
  G_OBJECT_CLASS (gst_tdengine_test_src_parent_class)->finalize (object);
}

static void
gst_tdengine_test_src_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstTDengineTestSrc *self = GST_TDENGINE_TEST_SRC (object);

  if (id == PROP_IS_LIVE) {
    gst_base_src_set_live (GST_BASE_SRC (self), g_value_get_boolean (value));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_PATTERN:
      self->pattern = g_value_get_enum (value);
      break;
    case PROP_TABLES:
      self->n_tables = g_value_get_uint (value);
      break;
    case PROP_ROWS:
      self->n_rows = g_value_get_uint64 (value);
      break;
    case PROP_ROWS_PER_BUFFER:
      self->rows_per_buffer = g_value_get_uint (value);
      break;
    case PROP_INTERVAL:
      self->interval = g_value_get_uint64 (value);
      break;
    case PROP_START_TIME:
      g_free (self->start_time);
      self->start_time = g_value_dup_string (value);
      break;
    case PROP_PRECISION:
      self->precision = g_value_get_enum (value);
      break;
    case PROP_SEED:
      self->seed = g_value_get_uint64 (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static void
gst_tdengine_test_src_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstTDengineTestSrc *self = GST_TDENGINE_TEST_SRC (object);

  if (id == PROP_IS_LIVE) {
    g_value_set_boolean (value, gst_base_src_is_live (GST_BASE_SRC (self)));
    return;
  }
  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_PATTERN:
      g_value_set_enum (value, self->pattern);
      break;
    case PROP_TABLES:
      g_value_set_uint (value, self->n_tables);
      break;
    case PROP_ROWS:
      g_value_set_uint64 (value, self->n_rows);
      break;
    case PROP_ROWS_PER_BUFFER:
      g_value_set_uint (value, self->rows_per_buffer);
      break;
    case PROP_INTERVAL:
      g_value_set_uint64 (value, self->interval);
      break;
    case PROP_START_TIME:
      g_value_set_string (value, self->start_time);
      break;
    case PROP_PRECISION:
      g_value_set_enum (value, self->precision);
      break;
    case PROP_SEED:
      g_value_set_uint64 (value, self->seed);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/* settings */

static gboolean
refuse (GError ** error, const gchar * format, ...)
{
  va_list args;

  va_start (args, format);
  g_autofree gchar *message = g_strdup_vprintf (format, args);
  va_end (args);
  g_set_error_literal (error, GST_TDENGINE_ERROR,
      GST_TDENGINE_ERROR_INVALID_VALUE, message);
  return FALSE;
}

/* in us, which is all that GDateTime has */
static gboolean
parse_start_time (const gchar * text, gint64 * time, GError ** error)
{
  g_autoptr (GDateTime) date = NULL;

  if (g_strcmp0 (text, "now") == 0) {
    *time = g_get_real_time ();
    return TRUE;
  }
  date = text ? g_date_time_new_from_iso8601 (text, NULL) : NULL;
  if (!date)
    return refuse (error, "start-time is \"%s\": expected now or a time with a "
        "zone, such as " DEFAULT_START_TIME, text ? text : "");
  *time = g_date_time_to_unix (date) * G_TIME_SPAN_SECOND +
      g_date_time_get_microsecond (date);
  if (*time < 0)
    return refuse (error, "start-time is %s: expected 1970 or later", text);
  return TRUE;
}

static gboolean
read_settings_locked (GstTDengineTestSrc * self, GError ** error)
{
  gint64 unit = gst_tdengine_precision_get_unit (self->precision);
  gint64 start = 0;
  guint64 most;

  if (self->interval % unit != 0)
    return refuse (error,
        "interval is %" G_GUINT64_FORMAT " ns: expected whole "
        "%s, the precision of the rows", self->interval,
        gst_tdengine_precision_get_name (self->precision));
  if (!parse_start_time (self->start_time, &start, error))
    return FALSE;
  if (start > G_MAXINT64 / GST_USECOND)
    return refuse (error, "start-time is %s: expected a time before 2262",
        self->start_time);

  self->shape.pattern = self->pattern;
  self->shape.seed = self->seed;
  self->shape.n_tables = self->n_tables;
  self->shape.precision = self->precision;
  self->shape.start = start * (gint64) GST_USECOND / unit;
  self->shape.interval = self->interval / unit;
  self->first_time = self->shape.start * unit;
  /* no later than there are times */
  most = (G_MAXINT64 - self->first_time) / self->interval * self->n_tables;
  self->end = self->n_rows > 0 ? MIN (self->n_rows, most) : most;
  self->next = 0;
  return TRUE;
}

static gboolean
gst_tdengine_test_src_start (GstBaseSrc * src)
{
  GstTDengineTestSrc *self = GST_TDENGINE_TEST_SRC (src);
  g_autoptr (GError) error = NULL;

  GST_OBJECT_LOCK (self);
  read_settings_locked (self, &error);
  GST_OBJECT_UNLOCK (self);
  if (error) {
    gst_tdengine_element_post_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  self->rows = gst_tdengine_test_rows_new (&self->shape);
  return TRUE;
}

static gboolean
gst_tdengine_test_src_stop (GstBaseSrc * src)
{
  GstTDengineTestSrc *self = GST_TDENGINE_TEST_SRC (src);

  g_clear_pointer (&self->rows, gst_tdengine_test_rows_free);
  return TRUE;
}

static gboolean
gst_tdengine_test_src_negotiate (GstBaseSrc * src)
{
  GstTDengineTestSrc *self = GST_TDENGINE_TEST_SRC (src);
  g_autoptr (GstCaps) caps = gst_tdengine_schema_to_caps
      (gst_tdengine_test_rows_get_schema (self->rows));

  return gst_base_src_set_caps (src, caps);
}

/* times */

static GstClockTime
get_interval (GstTDengineTestSrc * self)
{
  return self->shape.interval *
      gst_tdengine_precision_get_unit (self->shape.precision);
}

static GstClockTime
get_row_time (GstTDengineTestSrc * self, guint64 row)
{
  return self->first_time + row / self->shape.n_tables * get_interval (self);
}

/* the first row that is not before a time */
static guint64
find_row (GstTDengineTestSrc * self, GstClockTime time)
{
  GstClockTime interval = get_interval (self);
  guint64 step = (time - self->first_time) / interval;

  if ((time - self->first_time) % interval != 0)
    step++;
  return step >= self->end / self->shape.n_tables + 1 ? self->end :
      MIN (step * self->shape.n_tables, self->end);
}

static gboolean
gst_tdengine_test_src_is_seekable (GstBaseSrc * src)
{
  return !gst_base_src_is_live (src);
}

/* A seek is in stream time, which is 0 at the first row; the base class takes it
 * for the segment's, which is since 1970. */
static GstEvent *
shift_seek (GstTDengineTestSrc * self, GstEvent * seek)
{
  GstSeekType start_type, stop_type;
  GstSeekFlags flags;
  GstFormat format;
  GstEvent *shifted;
  gint64 start, stop;
  gdouble rate;

  gst_event_parse_seek (seek, &rate, &format, &flags, &start_type, &start,
      &stop_type, &stop);
  if (format != GST_FORMAT_TIME || rate <= 0
      || start_type == GST_SEEK_TYPE_END || stop_type == GST_SEEK_TYPE_END)
    return NULL;
  if (start_type == GST_SEEK_TYPE_SET)
    start += self->first_time;
  if (stop_type == GST_SEEK_TYPE_SET && stop != -1)
    stop += self->first_time;
  shifted = gst_event_new_seek (rate, format, flags, start_type, start,
      stop_type, stop);
  gst_event_set_seqnum (shifted, gst_event_get_seqnum (seek));
  return shifted;
}

static gboolean
gst_tdengine_test_src_event (GstBaseSrc * src, GstEvent * event)
{
  GstBaseSrcClass *parent =
      GST_BASE_SRC_CLASS (gst_tdengine_test_src_parent_class);
  g_autoptr (GstEvent) shifted = NULL;

  if (GST_EVENT_TYPE (event) != GST_EVENT_SEEK)
    return parent->event (src, event);
  shifted = shift_seek (GST_TDENGINE_TEST_SRC (src), event);
  return shifted && parent->event (src, shifted);
}

static gboolean
gst_tdengine_test_src_do_seek (GstBaseSrc * src, GstSegment * segment)
{
  GstTDengineTestSrc *self = GST_TDENGINE_TEST_SRC (src);

  segment->start = MAX (segment->start, self->first_time);
  segment->position = segment->start;
  segment->time = segment->start - self->first_time;
  GST_OBJECT_LOCK (self);
  self->next = find_row (self, segment->start);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

/* live */

/* Not the base class's own wait, which would make running time of pts. */
static gboolean
wait_for_time (GstTDengineTestSrc * self, GstClockTime time)
{
  GstClockReturn waited = GST_CLOCK_UNSCHEDULED;

  GST_OBJECT_LOCK (self);
  if (!GST_ELEMENT_CLOCK (self)) {
    waited = GST_CLOCK_OK;
  } else if (!self->unlocked) {
    self->wait = gst_clock_new_single_shot_id (GST_ELEMENT_CLOCK (self),
        GST_ELEMENT (self)->base_time + time - self->first_time);
    GST_OBJECT_UNLOCK (self);
    waited = gst_clock_id_wait (self->wait, NULL);
    GST_OBJECT_LOCK (self);
    g_clear_pointer (&self->wait, gst_clock_id_unref);
  }
  GST_OBJECT_UNLOCK (self);
  return waited != GST_CLOCK_UNSCHEDULED;
}

static gboolean
gst_tdengine_test_src_unlock (GstBaseSrc * src)
{
  GstTDengineTestSrc *self = GST_TDENGINE_TEST_SRC (src);

  GST_OBJECT_LOCK (self);
  self->unlocked = TRUE;
  if (self->wait)
    gst_clock_id_unschedule (self->wait);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
gst_tdengine_test_src_unlock_stop (GstBaseSrc * src)
{
  GstTDengineTestSrc *self = GST_TDENGINE_TEST_SRC (src);

  GST_OBJECT_LOCK (self);
  self->unlocked = FALSE;
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

/* rows */

static GstFlowReturn
gst_tdengine_test_src_create (GstPushSrc * src, GstBuffer ** buffer)
{
  GstTDengineTestSrc *self = GST_TDENGINE_TEST_SRC (src);
  guint64 first = self->next;
  guint n_rows = MIN (self->rows_per_buffer, self->end - first);

  if (n_rows == 0)
    return GST_FLOW_EOS;
  if (gst_base_src_is_live (GST_BASE_SRC (src))
      && !wait_for_time (self, get_row_time (self, first)))
    return GST_FLOW_FLUSHING;

  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_test_rows_make (self->rows, first, n_rows);
  *buffer = gst_buffer_copy (gst_tdengine_rows_get_buffer (rows));
  GST_BUFFER_PTS (*buffer) = get_row_time (self, first);
  GST_BUFFER_DURATION (*buffer) = get_row_time (self, first + n_rows - 1) -
      GST_BUFFER_PTS (*buffer);
  GST_BUFFER_OFFSET (*buffer) = first;
  GST_BUFFER_OFFSET_END (*buffer) = first + n_rows;
  GST_OBJECT_LOCK (self);
  self->next = first + n_rows;
  GST_OBJECT_UNLOCK (self);
  return GST_FLOW_OK;
}

/* in rows; the base class knows the position in time */
static gboolean
answer_position (GstTDengineTestSrc * self, GstQuery * query)
{
  GstFormat format;

  gst_query_parse_position (query, &format, NULL);
  if (format != GST_FORMAT_DEFAULT)
    return FALSE;
  GST_OBJECT_LOCK (self);
  gst_query_set_position (query, format, self->next);
  GST_OBJECT_UNLOCK (self);
  return TRUE;
}

static gboolean
answer_duration (GstTDengineTestSrc * self, GstQuery * query)
{
  GstFormat format;

  gst_query_parse_duration (query, &format, NULL);
  if (!self->rows || self->n_rows == 0)
    return FALSE;
  if (format == GST_FORMAT_DEFAULT)
    gst_query_set_duration (query, format, self->end);
  else if (format == GST_FORMAT_TIME)
    gst_query_set_duration (query, format,
        get_row_time (self, self->end - 1) - self->first_time);
  else
    return FALSE;
  return TRUE;
}

static gboolean
gst_tdengine_test_src_query (GstBaseSrc * src, GstQuery * query)
{
  GstTDengineTestSrc *self = GST_TDENGINE_TEST_SRC (src);

  if (GST_QUERY_TYPE (query) == GST_QUERY_POSITION
      && answer_position (self, query))
    return TRUE;
  if (GST_QUERY_TYPE (query) == GST_QUERY_DURATION)
    return answer_duration (self, query);
  return GST_BASE_SRC_CLASS (gst_tdengine_test_src_parent_class)->query (src,
      query);
}

static void
install_properties (GObjectClass * object_class)
{
  const GParamFlags flags =
      G_PARAM_STATIC_STRINGS | G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (object_class, PROP_PATTERN,
      g_param_spec_enum ("pattern", "Pattern", "What the rows hold",
          GST_TYPE_TDENGINE_TEST_PATTERN, DEFAULT_PATTERN, flags));
  g_object_class_install_property (object_class, PROP_TABLES,
      g_param_spec_uint ("tables", "Tables",
          "How many sub tables take turns", 1, MAX_TABLES, DEFAULT_TABLES,
          flags));
  g_object_class_install_property (object_class, PROP_ROWS,
      g_param_spec_uint64 ("rows", "Rows",
          "How many rows to make in all (0: no end)", 0, G_MAXUINT64,
          DEFAULT_ROWS, flags));
  g_object_class_install_property (object_class, PROP_ROWS_PER_BUFFER,
      g_param_spec_uint ("rows-per-buffer", "Rows per buffer",
          "How many rows a buffer has", 1, MAX_ROWS_PER_BUFFER,
          DEFAULT_ROWS_PER_BUFFER, flags));
  g_object_class_install_property (object_class, PROP_INTERVAL,
      g_param_spec_uint64 ("interval", "Interval",
          "From a row of a table to its next, in ns, whole units of the "
          "precision", 1, G_MAXINT64, DEFAULT_INTERVAL, flags));
  g_object_class_install_property (object_class, PROP_START_TIME,
      g_param_spec_string ("start-time", "Start time",
          "The first row's time, in ISO 8601 with a zone, or now",
          DEFAULT_START_TIME, flags));
  g_object_class_install_property (object_class, PROP_PRECISION,
      g_param_spec_enum ("precision", "Precision", "The unit of times",
          GST_TYPE_TDENGINE_TEST_PRECISION, DEFAULT_PRECISION, flags));
  g_object_class_install_property (object_class, PROP_SEED,
      g_param_spec_uint64 ("seed", "Seed",
          "Where chance begins: the same seed makes the same rows", 0,
          G_MAXUINT64, DEFAULT_SEED, flags));
  g_object_class_install_property (object_class, PROP_IS_LIVE,
      g_param_spec_boolean ("is-live", "Is live",
          "Whether a buffer waits for the time of its first row, counted from "
          "the start", DEFAULT_IS_LIVE, flags));
}

static void
gst_tdengine_test_src_class_init (GstTDengineTestSrcClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *src_class = GST_BASE_SRC_CLASS (klass);

  object_class->finalize = gst_tdengine_test_src_finalize;
  object_class->set_property = gst_tdengine_test_src_set_property;
  object_class->get_property = gst_tdengine_test_src_get_property;
  install_properties (object_class);

  gst_element_class_set_static_metadata (element_class,
      "TDengine test source", "Source",
      "Makes rows as they come from a TDengine server",
      "The gst-tdengine developers");
  gst_element_class_add_static_pad_template (element_class, &src_template);

  src_class->start = gst_tdengine_test_src_start;
  src_class->stop = gst_tdengine_test_src_stop;
  src_class->negotiate = gst_tdengine_test_src_negotiate;
  src_class->is_seekable = gst_tdengine_test_src_is_seekable;
  src_class->event = gst_tdengine_test_src_event;
  src_class->do_seek = gst_tdengine_test_src_do_seek;
  src_class->unlock = gst_tdengine_test_src_unlock;
  src_class->unlock_stop = gst_tdengine_test_src_unlock_stop;
  src_class->query = gst_tdengine_test_src_query;
  GST_PUSH_SRC_CLASS (klass)->create = gst_tdengine_test_src_create;

  gst_type_mark_as_plugin_api (GST_TYPE_TDENGINE_TEST_PATTERN, 0);
  gst_type_mark_as_plugin_api (GST_TYPE_TDENGINE_TEST_PRECISION, 0);
}
