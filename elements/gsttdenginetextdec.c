/* tdengine text decoder: what the elements that read rows from text share
 *
 * Bytes become lines, however they come in; lines become rows, and rows blocks.
 * What the columns are is said by caps or, where that is allowed, guessed from
 * the first lines. A line that is no row is counted and does not get lost: it
 * ends the stream, or it goes where such lines are wanted.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>
#include <gst/base/base.h>

#include "gsttdengineelement.h"
#include "gsttdenginestamp.h"
#include "gsttdenginetextdec.h"

GST_DEBUG_CATEGORY_STATIC (text_dec_debug);
#define GST_CAT_DEFAULT text_dec_debug

#define DEFAULT_GUESS FALSE
#define DEFAULT_ON_ERROR GST_TDENGINE_ON_ERROR_FAIL
#define DEFAULT_ROWS_PER_BUFFER 4096
#define DEFAULT_MAX_LINE_SIZE (1024 * 1024)

#define SLICE_SIZE (64 * 1024)  /* of a buffer, however large */
#define GUESS_SIZE (64 * 1024)  /* of the text a guess is made from */
#define MAX_BLOCK_TEXT (4 * 1024 * 1024)        /* that one block is made of */
#define MESSAGE_INTERVAL G_TIME_SPAN_SECOND

enum
{
  PROP_0,
  PROP_CAPS,
  PROP_GUESS,
  PROP_TIMEZONE,
  PROP_PRECISION,
  PROP_ON_ERROR,
  PROP_ROWS_PER_BUFFER,
  PROP_MAX_LINE_SIZE,
  PROP_STATS,
};

typedef struct
{
  guint64 lines;
  guint64 rows;
  guint64 bad_lines;
  guint64 bytes;
} Stats;

typedef struct
{
  GstPad *sinkpad;
  GstPad *srcpad;
  GstPad *rejects;              /* or NULL, under the object lock */

  /* properties, under the object lock; but for the counts they do not change
   * while lines are read */
  GstCaps *caps;
  gboolean guess;
  gchar *timezone;
  gchar *precision;
  GstTDengineOnError on_error;
  guint rows_per_buffer;
  guint max_line_size;
  Stats stats;

  /* of the streaming thread, or before it starts */
  GTimeZone *zone;
  gboolean has_unit;
  GstTDenginePrecision unit;    /* of times that are numbers */
  gboolean has_head;

  GstTDengineLines lines;
  gboolean head_due;
  gboolean discont;
  GstFlowReturn flow;           /* of the last buffer */

  GstTDengineSchema *schema;
  GstTDengineRowsBuilder *builder;
  GstTDengineField *fields;
  guint n_rows;                 /* in the builder */
  gsize n_bytes;                /* of the text they are from */

  GstTDengineStamp stamp;
  gboolean has_segment;         /* one was sent */
  Stats counted;                /* since the start */
  gint64 last_message;          /* monotonic us, 0: none */
  guint64 reported;             /* bad lines at that time */
} GstTDengineTextDecPrivate;

G_DEFINE_ABSTRACT_TYPE_WITH_CODE (GstTDengineTextDec, gst_tdengine_text_dec,
    GST_TYPE_ELEMENT, G_ADD_PRIVATE (GstTDengineTextDec)
    GST_DEBUG_CATEGORY_INIT (text_dec_debug, "tdenginetextdec", 0,
        "text to TDengine rows"));

static GstTDengineTextDecPrivate *
get_private (gpointer self)
{
  return gst_tdengine_text_dec_get_instance_private (self);
}

static void
forget_schema (GstTDengineTextDecPrivate * priv)
{
  g_clear_pointer (&priv->schema, gst_tdengine_schema_unref);
  g_clear_pointer (&priv->builder, gst_tdengine_rows_builder_unref);
  g_clear_pointer (&priv->fields, g_free);
  priv->n_rows = 0;
  priv->n_bytes = 0;
}

/* what comes next is a beginning */
static void
reset (GstTDengineTextDecPrivate * priv)
{
  forget_schema (priv);
  gst_tdengine_lines_reset (&priv->lines, priv->max_line_size);
  priv->head_due = priv->has_head;
  priv->discont = TRUE;
  priv->flow = GST_FLOW_OK;
  gst_tdengine_stamp_init (&priv->stamp);
  priv->has_segment = FALSE;
}

/* settings */

static void
set_caps_property (GstTDengineTextDecPrivate * priv, const GValue * value)
{
  const GstCaps *caps = gst_value_get_caps (value);

  gst_clear_caps (&priv->caps);
  if (caps)
    priv->caps = gst_caps_copy (caps);
}

static void
gst_tdengine_text_dec_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstTDengineTextDecPrivate *priv = get_private (object);

  GST_OBJECT_LOCK (object);
  switch (id) {
    case PROP_CAPS:
      set_caps_property (priv, value);
      break;
    case PROP_GUESS:
      priv->guess = g_value_get_boolean (value);
      break;
    case PROP_TIMEZONE:
      g_free (priv->timezone);
      priv->timezone = g_value_dup_string (value);
      break;
    case PROP_PRECISION:
      g_free (priv->precision);
      priv->precision = g_value_dup_string (value);
      break;
    case PROP_ON_ERROR:
      priv->on_error = g_value_get_enum (value);
      break;
    case PROP_ROWS_PER_BUFFER:
      priv->rows_per_buffer = g_value_get_uint (value);
      break;
    case PROP_MAX_LINE_SIZE:
      priv->max_line_size = g_value_get_uint (value);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (object);
}

static GstStructure *
make_stats_locked (GstTDengineTextDecPrivate * priv)
{
  return gst_structure_new ("tdengine-decoder-stats",
      "lines", G_TYPE_UINT64, priv->stats.lines,
      "rows", G_TYPE_UINT64, priv->stats.rows,
      "bad-lines", G_TYPE_UINT64, priv->stats.bad_lines,
      "bytes", G_TYPE_UINT64, priv->stats.bytes, NULL);
}

static void
gst_tdengine_text_dec_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  GstTDengineTextDecPrivate *priv = get_private (object);

  GST_OBJECT_LOCK (object);
  switch (id) {
    case PROP_CAPS:
      gst_value_set_caps (value, priv->caps);
      break;
    case PROP_GUESS:
      g_value_set_boolean (value, priv->guess);
      break;
    case PROP_TIMEZONE:
      g_value_set_string (value, priv->timezone);
      break;
    case PROP_PRECISION:
      g_value_set_string (value, priv->precision);
      break;
    case PROP_ON_ERROR:
      g_value_set_enum (value, priv->on_error);
      break;
    case PROP_ROWS_PER_BUFFER:
      g_value_set_uint (value, priv->rows_per_buffer);
      break;
    case PROP_MAX_LINE_SIZE:
      g_value_set_uint (value, priv->max_line_size);
      break;
    case PROP_STATS:
      g_value_take_boxed (value, make_stats_locked (priv));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (object);
}

static gchar *
take_zone_locked (GstTDengineTextDecPrivate * priv)
{
  g_clear_pointer (&priv->zone, g_time_zone_unref);
  if (!priv->timezone || !*priv->timezone)
    return NULL;
  priv->zone = g_time_zone_new_identifier (priv->timezone);
  return priv->zone ? NULL :
      g_strdup_printf ("There is no time zone \"%s\": set the timezone "
      "property to a name such as Europe/Oslo or an offset such as +02:00.",
      priv->timezone);
}

static gchar *
take_unit_locked (GstTDengineTextDecPrivate * priv)
{
  priv->has_unit = priv->precision && *priv->precision;
  priv->unit = GST_TDENGINE_PRECISION_MS;
  if (!priv->has_unit || gst_tdengine_precision_from_name (priv->precision,
          &priv->unit))
    return NULL;
  return g_strdup_printf ("The precision has to be ms, us or ns, but it is "
      "\"%s\".", priv->precision);
}

static gchar *
take_settings_locked (GstTDengineTextDecPrivate * priv)
{
  gchar *what = take_zone_locked (priv);

  if (!what)
    what = take_unit_locked (priv);
  if (!what && priv->on_error == GST_TDENGINE_ON_ERROR_REJECT
      && !(priv->rejects && gst_pad_is_linked (priv->rejects)))
    what = g_strdup ("With on-error=reject the pad rejects has to be linked, "
        "or bad lines would be lost.");
  memset (&priv->counted, 0, sizeof priv->counted);
  priv->stats = priv->counted;
  return what;
}

static gboolean
start (GstTDengineTextDec * self)
{
  GstTDengineTextDecPrivate *priv = get_private (self);

  GST_OBJECT_LOCK (self);
  g_autofree gchar *what = take_settings_locked (priv);
  GST_OBJECT_UNLOCK (self);
  if (what) {
    GST_ELEMENT_ERROR (self, LIBRARY, SETTINGS, ("%s", what), (NULL));
    return FALSE;
  }
  if (!GST_TDENGINE_TEXT_DEC_GET_CLASS (self)->start (self, &priv->has_head))
    return FALSE;
  priv->last_message = 0;
  priv->reported = 0;
  reset (priv);
  return TRUE;
}

static GstStateChangeReturn
gst_tdengine_text_dec_change_state (GstElement * element,
    GstStateChange transition)
{
  GstStateChangeReturn result;

  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED
      && !start (GST_TDENGINE_TEXT_DEC (element)))
    return GST_STATE_CHANGE_FAILURE;
  result = GST_ELEMENT_CLASS (gst_tdengine_text_dec_parent_class)->change_state
      (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY)
    reset (get_private (element));
  return result;
}

/* rows downstream */

/* rows without times need a segment, too */
static void
push_segment (GstTDengineTextDecPrivate * priv)
{
  GstSegment segment = priv->stamp.segment;

  if (segment.format == GST_FORMAT_UNDEFINED)
    gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (priv->srcpad, gst_event_new_segment (&segment));
  priv->has_segment = TRUE;
}

static GstFlowReturn
push_rows (GstTDengineTextDec * self)
{
  GstTDengineTextDecPrivate *priv = get_private (self);
  g_autoptr (GError) error = NULL;

  if (priv->n_rows == 0)
    return GST_FLOW_OK;
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_builder_end (priv->builder, &error);
  if (!rows)
    return gst_tdengine_element_post_error (GST_ELEMENT (self), error);
  priv->counted.rows += priv->n_rows;
  priv->n_rows = 0;
  priv->n_bytes = 0;

  /* the memory is shared, only what is said of it is the copy's own */
  GstBuffer *buffer = gst_buffer_copy (gst_tdengine_rows_get_buffer (rows));
  if (gst_tdengine_stamp_buffer (&priv->stamp, rows, buffer)
      || !priv->has_segment)
    push_segment (priv);
  if (priv->discont)
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
  priv->discont = FALSE;
  GST_LOG_OBJECT (self, "%u rows as %" GST_PTR_FORMAT,
      gst_tdengine_rows_get_n_rows (rows), buffer);
  return gst_pad_push (priv->srcpad, buffer);
}

/* lines that are no rows */

static GstPad *
get_rejects (GstTDengineTextDec * self)
{
  GstTDengineTextDecPrivate *priv = get_private (self);
  GstPad *pad;

  GST_OBJECT_LOCK (self);
  pad = priv->rejects ? gst_object_ref (priv->rejects) : NULL;
  GST_OBJECT_UNLOCK (self);
  return pad;
}

static void
begin_rejects (GstTDengineTextDec * self, GstPad * pad)
{
  g_autoptr (GstEvent) begun =
      gst_pad_get_sticky_event (pad, GST_EVENT_SEGMENT, 0);
  g_autofree gchar *id = NULL;
  g_autoptr (GstCaps) caps = NULL;
  GstSegment segment;

  if (begun)
    return;
  id = gst_pad_create_stream_id (pad, GST_ELEMENT (self), "rejects");
  caps = gst_pad_get_pad_template_caps (pad);
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (pad, gst_event_new_stream_start (id));
  gst_pad_push_event (pad, gst_event_new_caps (caps));
  gst_pad_push_event (pad, gst_event_new_segment (&segment));
}

/* with a plain end, so that lines stay lines whichever are left out */
static GstBuffer *
wrap_line (GstTDengineTextDecPrivate * priv, const GstTDengineLine * line)
{
  gsize size = MIN (line->size, priv->max_line_size);
  GstBuffer *buffer = gst_buffer_new_allocate (NULL, size + 1, NULL);

  gst_buffer_fill (buffer, 0, line->text, size);
  gst_buffer_memset (buffer, size, '\n', 1);
  return buffer;
}

static GstFlowReturn
push_reject (GstTDengineTextDec * self, const GstTDengineLine * line,
    const GError * reason)
{
  g_autoptr (GstPad) pad = get_rejects (self);

  if (!pad)
    return GST_FLOW_OK;

  GstBuffer *buffer = wrap_line (get_private (self), line);
  gst_structure_set (gst_tdengine_element_add_origin (buffer),
      "line", G_TYPE_UINT64, line->number,
      "reason", G_TYPE_STRING, reason->message,
      "code", G_TYPE_INT, reason->code, NULL);
  begin_rejects (self, pad);
  GstFlowReturn flow = gst_pad_push (pad, buffer);
  return flow == GST_FLOW_NOT_LINKED || flow == GST_FLOW_EOS ?
      GST_FLOW_OK : flow;
}

/* often enough to be seen, seldom enough not to drown the rest */
static void
post_bad_line (GstTDengineTextDec * self, guint64 number, const GError * reason)
{
  GstTDengineTextDecPrivate *priv = get_private (self);
  gint64 now = g_get_monotonic_time ();

  if (priv->last_message != 0 && now - priv->last_message < MESSAGE_INTERVAL)
    return;
  priv->last_message = now;
  priv->reported = priv->counted.bad_lines;
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("tdengine-bad-line",
              "line", G_TYPE_UINT64, number,
              "reason", G_TYPE_STRING, reason->message,
              "bad-lines", G_TYPE_UINT64, priv->counted.bad_lines, NULL)));
}

/* those that came too soon behind the last message */
static void
post_bad_lines (GstTDengineTextDec * self)
{
  GstTDengineTextDecPrivate *priv = get_private (self);

  if (priv->reported == priv->counted.bad_lines)
    return;
  priv->reported = priv->counted.bad_lines;
  gst_element_post_message (GST_ELEMENT (self),
      gst_message_new_element (GST_OBJECT (self),
          gst_structure_new ("tdengine-bad-line",
              "bad-lines", G_TYPE_UINT64, priv->counted.bad_lines, NULL)));
}

/* Rows before it are not given up for a line that is none. */
static GstFlowReturn
fail (GstTDengineTextDec * self, guint64 number, const GError * error)
{
  if (push_rows (self) == GST_FLOW_FLUSHING)
    return GST_FLOW_FLUSHING;
  GST_ELEMENT_ERROR_WITH_DETAILS (self, STREAM, DECODE,
      ("Line %" G_GUINT64_FORMAT ": %s", number, error->message), (NULL),
      ("line", G_TYPE_UINT64, number, "tdengine-code", G_TYPE_INT, error->code,
          NULL));
  return GST_FLOW_ERROR;
}

static GstFlowReturn
handle_bad_line (GstTDengineTextDec * self, const GstTDengineLine * line,
    const GError * reason)
{
  GstTDengineTextDecPrivate *priv = get_private (self);

  GST_DEBUG_OBJECT (self, "line %" G_GUINT64_FORMAT ": %s", line->number,
      reason->message);
  priv->counted.bad_lines++;
  if (priv->on_error == GST_TDENGINE_ON_ERROR_FAIL)
    return fail (self, line->number, reason);
  post_bad_line (self, line->number, reason);
  if (priv->on_error == GST_TDENGINE_ON_ERROR_SKIP)
    return GST_FLOW_OK;
  return push_reject (self, line, reason);
}

/* columns */

/* what downstream, within the caps property, says that rows are; NULL after
 * an error on the bus */
static GstCaps *
ask_caps (GstTDengineTextDec * self)
{
  GstTDengineTextDecPrivate *priv = get_private (self);
  g_autoptr (GstCaps) filter = priv->caps ? gst_caps_ref (priv->caps) :
      gst_pad_get_pad_template_caps (priv->srcpad);
  g_autoptr (GstCaps) caps = gst_pad_peer_query_caps (priv->srcpad, filter);
  if (!gst_caps_is_empty (caps))
    return gst_caps_fixate (g_steal_pointer (&caps));
  GST_ELEMENT_ERROR (self, CORE, NEGOTIATION,
      ("Downstream does not take rows of these columns."),
      ("%" GST_PTR_FORMAT, filter));
  return NULL;
}

static gboolean
name_columns (const GstCaps * caps)
{
  return gst_structure_has_field (gst_caps_get_structure (caps, 0), "columns");
}

/* error on the bus: lines that can't be read for want of columns */
static gboolean
refuse_columns (GstTDengineTextDec * self, const GError * error)
{
  GST_ELEMENT_ERROR_WITH_DETAILS (self, CORE, NEGOTIATION,
      ("The columns are not clear: %s", error->message), (NULL),
      ("tdengine-code", G_TYPE_INT, error->code, NULL));
  return FALSE;
}

static gboolean
use_schema (GstTDengineTextDec * self, GstTDengineSchema * schema,
    GstCaps * caps)
{
  GstTDengineTextDecPrivate *priv = get_private (self);
  g_autoptr (GError) error = NULL;

  if (!GST_TDENGINE_TEXT_DEC_GET_CLASS (self)->set_schema (self, schema,
          &error))
    return refuse_columns (self, error);
  priv->schema = gst_tdengine_schema_ref (schema);
  priv->builder = gst_tdengine_rows_builder_new (schema);
  gst_tdengine_rows_builder_set_times (priv->builder, priv->zone,
      priv->has_unit ? priv->unit : gst_tdengine_schema_get_precision (schema));
  priv->fields = g_new (GstTDengineField,
      gst_tdengine_schema_get_n_columns (schema));
  gst_tdengine_stamp_set_schema (&priv->stamp, schema);
  GST_DEBUG_OBJECT (self, "rows are %" GST_PTR_FORMAT, caps);
  /* where they are refused, the first buffer is told so */
  gst_pad_push_event (priv->srcpad, gst_event_new_caps (caps));
  return TRUE;
}

static gboolean
use_caps (GstTDengineTextDec * self, GstCaps * caps)
{
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_element_read_caps (GST_ELEMENT (self), caps);

  return schema && use_schema (self, schema, caps);
}

/* A sink behind may say what its table has. NULL where none does, or with an
 * error. */
static GstTDengineSchema *
ask_table (GstTDengineTextDec * self, GError ** error)
{
  g_autoptr (GstQuery) query = gst_query_new_custom (GST_QUERY_CUSTOM,
      gst_structure_new_empty (GST_TDENGINE_COLUMNS_QUERY));
  g_autoptr (GstCaps) caps = NULL;

  if (!gst_pad_peer_query (get_private (self)->srcpad, query))
    return NULL;
  const GstStructure *answer = gst_query_get_structure (query);
  if (gst_structure_get (answer, "caps", GST_TYPE_CAPS, &caps, NULL))
    return gst_tdengine_schema_new_from_caps (caps, error);
  gst_structure_get (answer, "error", G_TYPE_ERROR, error, NULL);
  return NULL;
}

static gboolean
use_table (GstTDengineTextDec * self, GstTDengineSchema * table)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineSchema) schema =
      GST_TDENGINE_TEXT_DEC_GET_CLASS (self)->pick_columns (self, table,
      &error);

  if (!schema)
    return refuse_columns (self, error);
  g_autoptr (GstCaps) caps = gst_tdengine_schema_to_caps (schema);
  return use_schema (self, schema, caps);
}

/* lines */

static gsize
find_end (gpointer self, const gchar * text, gsize size, GstTDengineScan * scan)
{
  return GST_TDENGINE_TEXT_DEC_GET_CLASS (self)->find_end (self, text, size,
      scan);
}

static gboolean
is_blank (GstTDengineTextDec * self, const GstTDengineLine * line)
{
  return GST_TDENGINE_TEXT_DEC_GET_CLASS (self)->is_blank (self, line->text,
      line->size);
}

/* guessing */

typedef struct
{
  guint good;
  guint too_long;
} Seen;

static gboolean
guess_lines (GstTDengineTextDec * self, gboolean at_end,
    GstTDengineGuess * guess, Seen * seen, GError ** error)
{
  GstTDengineLine line;

  while (gst_tdengine_lines_next (&get_private (self)->lines, at_end, &line)) {
    seen->too_long += line.too_long;
    if (line.too_long || is_blank (self, &line))
      continue;
    seen->good++;
    if (!GST_TDENGINE_TEXT_DEC_GET_CLASS (self)->guess_line (self, line.text,
            line.size, guess, error))
      return FALSE;
  }
  return TRUE;
}

/* The lines are looked at, not taken: where they are none yet, only the search
 * for an end goes on. */
static gboolean
guess_columns (GstTDengineTextDec * self, gboolean at_end)
{
  GstTDengineTextDecPrivate *priv = get_private (self);
  g_autoptr (GstTDengineGuess) guess = gst_tdengine_guess_new ();
  g_autoptr (GstTDengineSchema) schema = NULL;
  g_autoptr (GError) error = NULL;
  GstTDenginePlace place = priv->lines.place;
  Seen seen = { 0 };

  gboolean guessed = guess_lines (self, at_end, guess, &seen, &error);
  if (seen.good == 0 && seen.too_long == 0)
    return TRUE;
  priv->lines.place = place;
  if (guessed)
    schema = gst_tdengine_guess_make_schema (guess, priv->unit, &error);
  if (!schema)
    return refuse_columns (self, error);
  g_autoptr (GstCaps) caps = gst_tdengine_schema_to_caps (schema);
  return use_schema (self, schema, caps);
}

static GstFlowReturn
refuse_to_guess (GstTDengineTextDec * self)
{
  GST_ELEMENT_ERROR (self, CORE, NEGOTIATION,
      ("Nobody says what the columns are: set the caps property, put a "
          "capsfilter or a tdenginesink behind, or set guess=true."), (NULL));
  return GST_FLOW_ERROR;
}

/* Without a schema afterwards more text is needed, for a guess. */
static GstFlowReturn
find_columns (GstTDengineTextDec * self, gboolean at_end)
{
  GstTDengineTextDecPrivate *priv = get_private (self);
  gsize size = gst_tdengine_lines_get_size (&priv->lines);
  g_autoptr (GstCaps) caps = ask_caps (self);
  g_autoptr (GError) error = NULL;

  if (!caps)
    return GST_FLOW_ERROR;
  if (name_columns (caps))
    return use_caps (self, caps) ? GST_FLOW_OK : GST_FLOW_ERROR;
  g_autoptr (GstTDengineSchema) table = ask_table (self, &error);
  if (error)
    return gst_tdengine_element_post_error (GST_ELEMENT (self), error);
  if (table)
    return use_table (self, table) ? GST_FLOW_OK : GST_FLOW_ERROR;
  if (size == 0)
    return GST_FLOW_OK;
  if (!priv->guess)
    return refuse_to_guess (self);
  if (size < GUESS_SIZE && !at_end)
    return GST_FLOW_OK;
  return guess_columns (self, at_end) ? GST_FLOW_OK : GST_FLOW_ERROR;
}

/* lines to rows */

static gboolean
append_row (GstTDengineTextDecPrivate * priv, GError ** error)
{
  guint n_columns = gst_tdengine_schema_get_n_columns (priv->schema);

  for (guint i = 0; i < n_columns; i++) {
    const GstTDengineField *field = &priv->fields[i];

    if (!field->text) {
      gst_tdengine_rows_builder_append_null (priv->builder, i);
    } else if (!gst_tdengine_rows_builder_append_text (priv->builder, i,
            field->text, field->size, error)) {
      gst_tdengine_rows_builder_truncate (priv->builder, priv->n_rows);
      return FALSE;
    }
  }
  priv->n_rows++;
  return TRUE;
}

static gboolean
read_row (GstTDengineTextDec * self, const GstTDengineLine * line,
    GError ** error)
{
  GstTDengineTextDecPrivate *priv = get_private (self);

  memset (priv->fields, 0, sizeof (GstTDengineField) *
      gst_tdengine_schema_get_n_columns (priv->schema));
  return GST_TDENGINE_TEXT_DEC_GET_CLASS (self)->read_line (self, line->text,
      line->size, priv->fields, error)
      && append_row (priv, error);
}

static GstFlowReturn
take_row (GstTDengineTextDec * self, const GstTDengineLine * line)
{
  GstTDengineTextDecPrivate *priv = get_private (self);
  g_autoptr (GError) error = NULL;

  if (line->too_long)
    g_set_error (&error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE,
        "It has more than %u bytes, which is what max-line-size allows",
        priv->max_line_size);
  if (line->too_long || !read_row (self, line, &error))
    return handle_bad_line (self, line, error);
  priv->n_bytes += line->size + 1;
  if (priv->n_rows < priv->rows_per_buffer && priv->n_bytes < MAX_BLOCK_TEXT)
    return GST_FLOW_OK;
  return push_rows (self);
}

/* without it nothing that follows can be read, whatever on-error says */
static GstFlowReturn
take_head (GstTDengineTextDec * self, const GstTDengineLine * line)
{
  GstTDengineTextDecPrivate *priv = get_private (self);
  g_autoptr (GError) error = NULL;

  if (!GST_TDENGINE_TEXT_DEC_GET_CLASS (self)->read_head (self, line->text,
          line->size, &error))
    return fail (self, line->number, error);
  priv->head_due = FALSE;
  return GST_FLOW_OK;
}

static GstFlowReturn
take_line (GstTDengineTextDec * self, const GstTDengineLine * line)
{
  GstTDengineTextDecPrivate *priv = get_private (self);

  priv->counted.lines++;
  if (is_blank (self, line))
    return GST_FLOW_OK;
  if (priv->head_due)
    return take_head (self, line);
  return take_row (self, line);
}

static GstFlowReturn
take_lines (GstTDengineTextDec * self, gboolean at_end)
{
  GstTDengineTextDecPrivate *priv = get_private (self);
  GstFlowReturn flow = GST_FLOW_OK;
  GstTDengineLine line;

  if (!gst_tdengine_lines_begin (&priv->lines, at_end))
    return GST_FLOW_OK;
  while (flow == GST_FLOW_OK) {
    if (!priv->schema && !priv->head_due) {
      flow = find_columns (self, at_end);
      if (!priv->schema)
        break;
    }
    if (flow != GST_FLOW_OK
        || !gst_tdengine_lines_next (&priv->lines, at_end, &line))
      break;
    flow = take_line (self, &line);
  }
  gst_tdengine_lines_drop (&priv->lines);
  return flow;
}

/* Lines that wait for a guess are whole but for the last, which is no line. */
static GstFlowReturn
take_gap (GstTDengineTextDec * self)
{
  GstTDengineTextDecPrivate *priv = get_private (self);
  g_autoptr (GError) error = g_error_new_literal (GST_TDENGINE_ERROR,
      GST_TDENGINE_ERROR_INVALID_VALUE, "It is cut off: the stream has a gap");
  GstFlowReturn flow = GST_FLOW_OK;
  GstTDengineLine line;

  priv->discont = TRUE;
  if (gst_tdengine_lines_get_size (&priv->lines) > 0 && !priv->schema
      && !priv->head_due)
    flow = find_columns (self, TRUE);
  if (flow == GST_FLOW_OK && priv->schema)
    flow = take_lines (self, FALSE);
  if (flow == GST_FLOW_OK && gst_tdengine_lines_cut (&priv->lines, &line))
    flow = handle_bad_line (self, &line, error);
  gst_tdengine_lines_drop (&priv->lines);
  return flow;
}

static void
publish_stats (GstTDengineTextDec * self)
{
  GstTDengineTextDecPrivate *priv = get_private (self);

  GST_OBJECT_LOCK (self);
  priv->stats = priv->counted;
  GST_OBJECT_UNLOCK (self);
}

static GstFlowReturn
take_bytes (GstTDengineTextDec * self, GstBuffer * buffer)
{
  GstTDengineTextDecPrivate *priv = get_private (self);
  gsize size = gst_buffer_get_size (buffer);
  GstFlowReturn flow = GST_FLOW_OK;

  for (gsize at = 0; at < size && flow == GST_FLOW_OK; at += SLICE_SIZE) {
    gsize n = MIN (SLICE_SIZE, size - at);

    gst_tdengine_lines_append (&priv->lines, buffer, at, n);
    priv->counted.bytes += n;
    flow = take_lines (self, FALSE);
  }
  return flow;
}

static GstFlowReturn
gst_tdengine_text_dec_chain (GstPad * pad, GstObject * parent,
    GstBuffer * input)
{
  GstTDengineTextDec *self = GST_TDENGINE_TEXT_DEC (parent);
  GstTDengineTextDecPrivate *priv = get_private (self);
  g_autoptr (GstBuffer) buffer = input;
  GstFlowReturn flow = GST_FLOW_OK;

  if (GST_BUFFER_IS_DISCONT (buffer))
    flow = take_gap (self);
  if (flow == GST_FLOW_OK)
    flow = take_bytes (self, buffer);
  publish_stats (self);
  priv->flow = flow;
  return flow;
}

/* events */

static gboolean
push_to_rejects (GstTDengineTextDec * self, GstEvent * event)
{
  g_autoptr (GstPad) pad = get_rejects (self);

  if (!pad) {
    gst_event_unref (event);
    return TRUE;
  }
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS)
    begin_rejects (self, pad);
  return gst_pad_push_event (pad, event);
}

static gboolean
push_to_all (GstTDengineTextDec * self, GstEvent * event)
{
  push_to_rejects (self, gst_event_ref (event));
  return gst_pad_push_event (get_private (self)->srcpad, event);
}

/* rows that came before an event stay before it */
static void
settle (GstTDengineTextDec * self)
{
  g_autoptr (GstPad) rejects = get_rejects (self);

  push_rows (self);
  if (rejects)
    begin_rejects (self, rejects);
}

/* After an error there is no end that would make a part look whole. */
static gboolean
end (GstTDengineTextDec * self, GstEvent * event)
{
  GstTDengineTextDecPrivate *priv = get_private (self);
  GstFlowReturn flow = priv->flow;

  if (flow == GST_FLOW_OK)
    flow = take_lines (self, TRUE);
  if (flow == GST_FLOW_OK)
    flow = push_rows (self);
  post_bad_lines (self);
  publish_stats (self);
  if (flow == GST_FLOW_OK || flow == GST_FLOW_EOS
      || flow == GST_FLOW_NOT_LINKED)
    return push_to_all (self, event);
  gst_event_unref (event);
  return FALSE;
}

static gboolean
gst_tdengine_text_dec_sink_event (GstPad * pad, GstObject * parent,
    GstEvent * event)
{
  GstTDengineTextDec *self = GST_TDENGINE_TEXT_DEC (parent);

  switch (GST_EVENT_TYPE (event)) {
    case GST_EVENT_STREAM_START:
      return gst_pad_push_event (get_private (self)->srcpad, event);
    case GST_EVENT_CAPS:
    case GST_EVENT_SEGMENT:
    case GST_EVENT_GAP:
      /* of the text: rows have their own */
      gst_event_unref (event);
      return TRUE;
    case GST_EVENT_EOS:
      return end (self, event);
    case GST_EVENT_FLUSH_START:
      return push_to_all (self, event);
    case GST_EVENT_FLUSH_STOP:
      reset (get_private (self));
      return push_to_all (self, event);
    default:
      if (GST_EVENT_IS_SERIALIZED (event))
        settle (self);
      return gst_pad_event_default (pad, parent, event);
  }
}

/* where in the text a row is nobody knows */
static gboolean
gst_tdengine_text_dec_src_event (GstPad * pad, GstObject * parent,
    GstEvent * event)
{
  if (GST_EVENT_TYPE (event) != GST_EVENT_SEEK)
    return gst_pad_event_default (pad, parent, event);
  gst_event_unref (event);
  return FALSE;
}

/* pads */

static GstPad *
gst_tdengine_text_dec_request_new_pad (GstElement * element,
    GstPadTemplate * template, const gchar * name, const GstCaps * caps)
{
  GstTDengineTextDecPrivate *priv = get_private (element);
  GstPad *pad;

  GST_OBJECT_LOCK (element);
  if (priv->rejects) {
    GST_OBJECT_UNLOCK (element);
    return NULL;
  }
  pad = gst_pad_new_from_template (template, "rejects");
  priv->rejects = gst_object_ref_sink (pad);
  GST_OBJECT_UNLOCK (element);
  gst_pad_set_event_function (pad, gst_tdengine_text_dec_src_event);
  gst_pad_use_fixed_caps (pad);
  if (GST_STATE (element) > GST_STATE_READY)
    gst_pad_set_active (pad, TRUE);
  gst_element_add_pad (element, pad);
  return pad;
}

static void
gst_tdengine_text_dec_release_pad (GstElement * element, GstPad * pad)
{
  GstTDengineTextDecPrivate *priv = get_private (element);

  GST_OBJECT_LOCK (element);
  gst_clear_object (&priv->rejects);
  GST_OBJECT_UNLOCK (element);
  gst_pad_set_active (pad, FALSE);
  gst_element_remove_pad (element, pad);
}

static GstPad *
make_pad (GstElement * self, const gchar * name)
{
  return gst_pad_new_from_template (gst_element_class_get_pad_template
      (GST_ELEMENT_GET_CLASS (self), name), name);
}

/* the templates are the subclass's */
static void
gst_tdengine_text_dec_constructed (GObject * object)
{
  GstTDengineTextDecPrivate *priv = get_private (object);
  GstElement *self = GST_ELEMENT (object);

  G_OBJECT_CLASS (gst_tdengine_text_dec_parent_class)->constructed (object);
  priv->sinkpad = make_pad (self, "sink");
  gst_pad_set_chain_function (priv->sinkpad, gst_tdengine_text_dec_chain);
  gst_pad_set_event_function (priv->sinkpad, gst_tdengine_text_dec_sink_event);
  gst_element_add_pad (self, priv->sinkpad);
  priv->srcpad = make_pad (self, "src");
  gst_pad_set_event_function (priv->srcpad, gst_tdengine_text_dec_src_event);
  gst_element_add_pad (self, priv->srcpad);
}

static void
gst_tdengine_text_dec_init (GstTDengineTextDec * self)
{
  GstTDengineTextDecPrivate *priv = get_private (self);

  priv->guess = DEFAULT_GUESS;
  priv->on_error = DEFAULT_ON_ERROR;
  priv->rows_per_buffer = DEFAULT_ROWS_PER_BUFFER;
  priv->max_line_size = DEFAULT_MAX_LINE_SIZE;
  gst_tdengine_lines_init (&priv->lines, find_end, self);
  reset (priv);
}

static void
gst_tdengine_text_dec_finalize (GObject * object)
{
  GstTDengineTextDecPrivate *priv = get_private (object);

  forget_schema (priv);
  gst_clear_caps (&priv->caps);
  gst_clear_object (&priv->rejects);
  g_free (priv->timezone);
  g_free (priv->precision);
  g_clear_pointer (&priv->zone, g_time_zone_unref);
  gst_tdengine_lines_clear (&priv->lines);
  G_OBJECT_CLASS (gst_tdengine_text_dec_parent_class)->finalize (object);
}

/* what the text is called; to be set by each subclass */
void
gst_tdengine_text_dec_class_set_media_type (GstTDengineTextDecClass * klass,
    const gchar * media_type)
{
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple (media_type);

  gst_element_class_add_pad_template (element_class,
      gst_pad_template_new ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps));
  gst_element_class_add_pad_template (element_class,
      gst_pad_template_new ("rejects", GST_PAD_SRC, GST_PAD_REQUEST, caps));
}

static void
install_properties (GObjectClass * object_class)
{
  const GParamFlags flags =
      G_PARAM_STATIC_STRINGS | G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (object_class, PROP_CAPS,
      g_param_spec_boxed ("caps", "Caps",
          "Caps of the rows, with their columns; unset, a capsfilter behind "
          "the element says them", GST_TYPE_CAPS, flags));
  g_object_class_install_property (object_class, PROP_GUESS,
      g_param_spec_boolean ("guess", "Guess",
          "Guess the columns' types from the first 64 KiB where no caps say "
          "them", DEFAULT_GUESS, flags));
  g_object_class_install_property (object_class, PROP_TIMEZONE,
      g_param_spec_string ("timezone", "Time zone",
          "Zone of times that name none, such as Europe/Oslo or +02:00; unset, "
          "UTC", NULL, flags));
  g_object_class_install_property (object_class, PROP_PRECISION,
      g_param_spec_string ("precision", "Precision",
          "Unit of times that are numbers: ms, us or ns; unset, that of the "
          "caps. Also the precision of guessed columns; unset, ms", NULL,
          flags));
  g_object_class_install_property (object_class, PROP_ON_ERROR,
      g_param_spec_enum ("on-error", "On error",
          "What becomes of a line that is no row",
          gst_tdengine_on_error_get_type (), DEFAULT_ON_ERROR, flags));
  g_object_class_install_property (object_class, PROP_ROWS_PER_BUFFER,
      g_param_spec_uint ("rows-per-buffer", "Rows per buffer",
          "How many rows to collect for a buffer (1: each goes on at once)",
          1, G_MAXINT, DEFAULT_ROWS_PER_BUFFER, flags));
  g_object_class_install_property (object_class, PROP_MAX_LINE_SIZE,
      g_param_spec_uint ("max-line-size", "Longest line",
          "Most bytes that a line may have, its end included", 1,
          64 * 1024 * 1024, DEFAULT_MAX_LINE_SIZE, flags));
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Lines and bytes read, rows made of them, lines that were none, "
          "since the start", GST_TYPE_STRUCTURE,
          G_PARAM_STATIC_STRINGS | G_PARAM_READABLE));
}

static void
gst_tdengine_text_dec_class_init (GstTDengineTextDecClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  g_autoptr (GstCaps) caps =
      gst_caps_new_empty_simple (GST_TDENGINE_ROWS_MEDIA_TYPE);

  object_class->constructed = gst_tdengine_text_dec_constructed;
  object_class->finalize = gst_tdengine_text_dec_finalize;
  object_class->set_property = gst_tdengine_text_dec_set_property;
  object_class->get_property = gst_tdengine_text_dec_get_property;
  install_properties (object_class);

  element_class->change_state = gst_tdengine_text_dec_change_state;
  element_class->request_new_pad = gst_tdengine_text_dec_request_new_pad;
  element_class->release_pad = gst_tdengine_text_dec_release_pad;
  gst_element_class_add_pad_template (element_class,
      gst_pad_template_new ("src", GST_PAD_SRC, GST_PAD_ALWAYS, caps));
  gst_type_mark_as_plugin_api (GST_TYPE_TDENGINE_TEXT_DEC, 0);
  gst_type_mark_as_plugin_api (gst_tdengine_on_error_get_type (), 0);
}
