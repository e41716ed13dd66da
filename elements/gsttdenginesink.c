/* tdenginesink: rows into a table
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-tdenginesink
 * @title: tdenginesink
 *
 * Writes rows into a table, or into the sub tables of a super table. EOS is
 * posted when the server has confirmed every row.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 tdenginesrc query="select tbname, * from power.meters" ! queue ! tdenginesink database=power_sink super-table=sink_meters
 * ]|
 * Copies a super table with its sub tables and their tags.
 *
 * Since: 0.1
 */
#include <gst/base/base.h>

#include "elements.h"
#include "gsttdengineelement.h"
#include "gsttdenginenotice.h"
#include "gsttdenginerejects.h"

GST_DEBUG_CATEGORY_STATIC (tdenginesink_debug);
#define GST_CAT_DEFAULT tdenginesink_debug

#define DEFAULT_BATCH_INTERVAL 1000

struct _GstTDengineSink
{
  GstBaseSink parent_instance;

  /* properties, under the object lock */
  GstTDengineSettings *settings;
  GstTDengineWriteSettings *write_settings;
  guint batch_interval;         /* ms, 0: none */

  GCancellable *cancellable;
  GstTDengineSchema *schema;    /* of the caps, of the streaming thread */

  GMutex lock;                  /* held while the writer works */
  GCond cond;                   /* rows are held back, or the sink stops */
  GstTDengineWriter *writer;    /* under lock; for stats also the object's */
  gint64 held_since;            /* monotonic us, 0: nothing held, under lock */
  gboolean failed;              /* under lock */
  gboolean stopping;            /* under lock */
  GstTDengineRejects *rejects;  /* NULL: no pad, under lock */
  GstTDengineNotice rejected;   /* under lock */
  GstTDengineNotice tags_differ;        /* under lock */
  GstTDengineNotice ignored;    /* changes, under lock */

  /* the last one of this stream, under the object lock */
  GstTDengineCheckpoint *checkpoint;

  GThread *timer;
  GCancellable *timer_cancellable;
  gboolean unlocked;            /* under the object lock */
};

enum
{
  PROP_0,
  PROP_BATCH_INTERVAL,
  PROP_STATS,
  PROP_WRITE_SETTINGS,          /* the first, then those of the connection */
};

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE ("sink",
    GST_PAD_SINK, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_TDENGINE_ROWS_MEDIA_TYPE));
static GstStaticPadTemplate rejects_template =
GST_STATIC_PAD_TEMPLATE ("rejects", GST_PAD_SRC, GST_PAD_REQUEST,
    GST_STATIC_CAPS (GST_TDENGINE_ROWS_MEDIA_TYPE));

G_DECLARE_FINAL_TYPE (GstTDengineSink, gst_tdengine_sink, GST, TDENGINE_SINK,
    GstBaseSink);
G_DEFINE_TYPE_WITH_CODE (GstTDengineSink, gst_tdengine_sink,
    GST_TYPE_BASE_SINK, G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER,
        gst_tdengine_element_init_uri_handler));
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (tdenginesink, "tdenginesink",
    GST_RANK_NONE, gst_tdengine_sink_get_type (),
    GST_DEBUG_CATEGORY_INIT (tdenginesink_debug, "tdenginesink", 0,
        "rows into a TDengine table"));

static void
gst_tdengine_sink_init (GstTDengineSink * self)
{
  self->settings = gst_tdengine_settings_new ();
  self->write_settings = gst_tdengine_write_settings_new ();
  self->batch_interval = DEFAULT_BATCH_INTERVAL;
  self->cancellable = g_cancellable_new ();
  self->timer_cancellable = g_cancellable_new ();
  self->rejected.name = "tdengine-rows-rejected";
  self->tags_differ.name = "tdengine-tags-differ";
  self->ignored.name = "tdengine-changes-ignored";
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  /* old times must not make anyone wait */
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
}

static void
gst_tdengine_sink_finalize (GObject * object)
{
  GstTDengineSink *self = GST_TDENGINE_SINK (object);

  gst_tdengine_settings_free (self->settings);
  g_object_unref (self->write_settings);
  gst_tdengine_notice_clear (&self->rejected);
  gst_tdengine_notice_clear (&self->tags_differ);
  gst_tdengine_notice_clear (&self->ignored);
  g_clear_pointer (&self->rejects, gst_tdengine_rejects_free);
  g_object_unref (self->cancellable);
  g_object_unref (self->timer_cancellable);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->lock);
  G_OBJECT_CLASS (gst_tdengine_sink_parent_class)->finalize (object);
}

static gboolean
is_write_setting (GstTDengineSink * self, GParamSpec * pspec)
{
  return g_object_class_find_property (G_OBJECT_GET_CLASS
      (self->write_settings), pspec->name) != NULL;
}

static void
gst_tdengine_sink_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstTDengineSink *self = GST_TDENGINE_SINK (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_BATCH_INTERVAL:
      self->batch_interval = g_value_get_uint (value);
      break;
    default:
      if (is_write_setting (self, pspec))
        g_object_set_property (G_OBJECT (self->write_settings), pspec->name,
            value);
      else if (!gst_tdengine_settings_set_property (self->settings, value,
              pspec))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static GstStructure *
make_stats_locked (GstTDengineSink * self)
{
  if (self->writer)
    return gst_tdengine_writer_get_stats (self->writer);
  return gst_structure_new_empty ("tdenginesink-stats");
}

static void
gst_tdengine_sink_get_property (GObject * object, guint id, GValue * value,
    GParamSpec * pspec)
{
  GstTDengineSink *self = GST_TDENGINE_SINK (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_BATCH_INTERVAL:
      g_value_set_uint (value, self->batch_interval);
      break;
    case PROP_STATS:
      g_value_take_boxed (value, make_stats_locked (self));
      break;
    default:
      if (is_write_setting (self, pspec))
        g_object_get_property (G_OBJECT (self->write_settings), pspec->name,
            value);
      else if (!gst_tdengine_settings_get_property (self->settings, value,
              pspec))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

static gboolean
check_settings_locked (GstTDengineSink * self, GError ** error)
{
  if (!gst_tdengine_settings_validate (self->settings, error)
      || !gst_tdengine_write_settings_validate (self->write_settings, error))
    return FALSE;
  if (gst_tdengine_settings_get_database (self->settings))
    return TRUE;
  g_set_error_literal (error, GST_TDENGINE_ERROR,
      GST_TDENGINE_ERROR_INVALID_VALUE,
      "There is no database: set the database property");
  return FALSE;
}

/* checkpoints */

/* NULL where no row can be lost any more */
static void
keep_checkpoint (GstTDengineSink * self, GstTDengineCheckpoint * checkpoint)
{
  g_autoptr (GstTDengineCheckpoint) last = NULL;

  GST_OBJECT_LOCK (self);
  last = self->checkpoint;
  self->checkpoint =
      checkpoint ? gst_tdengine_checkpoint_ref (checkpoint) : NULL;
  GST_OBJECT_UNLOCK (self);
}

/* A later checkpoint stands for the rows that are lost here, and may never come
 * here: so this is told of the last one that did. */
static void
fail_checkpoint (GstTDengineSink * self, const GError * error)
{
  g_autoptr (GstTDengineCheckpoint) last = NULL;

  GST_OBJECT_LOCK (self);
  last = g_steal_pointer (&self->checkpoint);
  GST_OBJECT_UNLOCK (self);
  if (last)
    gst_tdengine_checkpoint_fail (last, error);
}

static void
abandon_rows (GstTDengineSink * self, const gchar * why)
{
  g_autoptr (GError) error =
      g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, why);

  fail_checkpoint (self, error);
}

/* what was not told yet, as it came too soon behind the last */
static void
tell_rest_locked (GstTDengineSink * self)
{
  gst_tdengine_notice_tell (&self->rejected, GST_ELEMENT (self));
  gst_tdengine_notice_tell (&self->tags_differ, GST_ELEMENT (self));
  gst_tdengine_notice_tell (&self->ignored, GST_ELEMENT (self));
}

/* batches that wait too long */

static void
fail_locked (GstTDengineSink * self, const GError * error)
{
  self->failed = TRUE;
  fail_checkpoint (self, error);
  gst_tdengine_element_post_error (GST_ELEMENT (self), error);
}

/* the timer finds out by itself that nothing is held any more */
static void
note_held_locked (GstTDengineSink * self)
{
  if (gst_tdengine_writer_get_n_held (self->writer) == 0) {
    self->held_since = 0;
  } else if (self->held_since == 0) {
    self->held_since = g_get_monotonic_time ();
    g_cond_signal (&self->cond);
  }
}

/* Whoever unlocks the streaming thread unlocks the timer, too, as the one may
 * wait for the other. */
static gboolean
timer_may_work (GstTDengineSink * self)
{
  gboolean may;

  GST_OBJECT_LOCK (self);
  may = !self->unlocked;
  if (may)
    g_cancellable_reset (self->timer_cancellable);
  GST_OBJECT_UNLOCK (self);
  return may;
}

static void
submit_late_locked (GstTDengineSink * self)
{
  g_autoptr (GError) error = NULL;

  if (timer_may_work (self)
      && !gst_tdengine_writer_submit (self->writer, self->timer_cancellable,
          &error)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    fail_locked (self, error);
  /* what was interrupted waits another interval */
  self->held_since = 0;
  if (!self->failed)
    note_held_locked (self);
}

/* whether what is held has been so for the interval */
static gboolean
wait_for_interval_locked (GstTDengineSink * self, gint64 interval)
{
  if (self->held_since == 0)
    g_cond_wait (&self->cond, &self->lock);
  else
    g_cond_wait_until (&self->cond, &self->lock, self->held_since + interval);
  return self->held_since != 0
      && g_get_monotonic_time () >= self->held_since + interval;
}

static gpointer
watch_interval (gpointer data)
{
  GstTDengineSink *self = data;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gint64 interval;

  GST_OBJECT_LOCK (self);
  interval = self->batch_interval * G_TIME_SPAN_MILLISECOND;
  GST_OBJECT_UNLOCK (self);
  while (!self->stopping) {
    if (wait_for_interval_locked (self, interval) && !self->stopping
        && !self->failed)
      submit_late_locked (self);
  }
  return NULL;
}

/* connecting takes its time: the streaming thread does it */
static gboolean
gst_tdengine_sink_start (GstBaseSink * sink)
{
  GstTDengineSink *self = GST_TDENGINE_SINK (sink);
  g_autoptr (GError) error = NULL;
  gboolean wants_timer;

  GST_OBJECT_LOCK (self);
  check_settings_locked (self, &error);
  wants_timer = self->batch_interval > 0;
  GST_OBJECT_UNLOCK (self);
  if (error) {
    gst_tdengine_element_post_error (GST_ELEMENT (self), error);
    return FALSE;
  }
  self->failed = self->stopping = FALSE;
  gst_tdengine_notice_clear (&self->rejected);
  gst_tdengine_notice_clear (&self->tags_differ);
  gst_tdengine_notice_clear (&self->ignored);
  self->held_since = 0;
  if (wants_timer)
    self->timer = g_thread_new ("tdengine-batch", watch_interval, self);
  return TRUE;
}

static gboolean
gst_tdengine_sink_unlock (GstBaseSink * sink)
{
  GstTDengineSink *self = GST_TDENGINE_SINK (sink);

  GST_OBJECT_LOCK (self);
  self->unlocked = TRUE;
  GST_OBJECT_UNLOCK (self);
  g_cancellable_cancel (self->timer_cancellable);
  g_cancellable_cancel (self->cancellable);
  return TRUE;
}

static gboolean
gst_tdengine_sink_unlock_stop (GstBaseSink * sink)
{
  GstTDengineSink *self = GST_TDENGINE_SINK (sink);

  GST_OBJECT_LOCK (self);
  self->unlocked = FALSE;
  GST_OBJECT_UNLOCK (self);
  g_cancellable_reset (self->cancellable);
  return TRUE;
}

static void
stop_timer (GstTDengineSink * self)
{
  gst_tdengine_sink_unlock (GST_BASE_SINK (self));
  g_mutex_lock (&self->lock);
  self->stopping = TRUE;
  g_cond_signal (&self->cond);
  g_mutex_unlock (&self->lock);
  if (self->timer)
    g_thread_join (g_steal_pointer (&self->timer));
  gst_tdengine_sink_unlock_stop (GST_BASE_SINK (self));
}

/* Rows that were taken are written, even where no EOS came: only for them does
 * a stop wait for the server. */
static void
write_rest (GstTDengineSink * self)
{
  g_autoptr (GError) error = NULL;

  if (self->writer && !self->failed
      && !gst_tdengine_writer_flush (self->writer, NULL, &error))
    gst_tdengine_element_post_error (GST_ELEMENT (self), error);
  tell_rest_locked (self);
}

static gboolean
gst_tdengine_sink_stop (GstBaseSink * sink)
{
  GstTDengineSink *self = GST_TDENGINE_SINK (sink);
  GstTDengineWriter *writer;

  stop_timer (self);
  write_rest (self);
  abandon_rows (self, "The sink was stopped before EOS");
  GST_OBJECT_LOCK (self);
  writer = g_steal_pointer (&self->writer);
  GST_OBJECT_UNLOCK (self);
  g_clear_object (&writer);
  g_clear_pointer (&self->schema, gst_tdengine_schema_unref);
  return TRUE;
}

static gboolean
gst_tdengine_sink_set_caps (GstBaseSink * sink, GstCaps * caps)
{
  GstTDengineSink *self = GST_TDENGINE_SINK (sink);
  GstTDengineSchema *schema =
      gst_tdengine_element_read_caps (GST_ELEMENT (self), caps);

  if (!schema)
    return FALSE;
  g_clear_pointer (&self->schema, gst_tdengine_schema_unref);
  self->schema = schema;
  if (self->rejects)
    gst_tdengine_rejects_set_caps (self->rejects, caps);
  return TRUE;
}

/* rows that can't be written */

static void
on_rejected (GstTDengineWriter * writer, GstTDengineRows * rows,
    const GError * error, GstTDengineSink * self)
{
  GstTDengineOnError on_error;

  g_object_get (self->write_settings, "on-error", &on_error, NULL);
  if (self->rejects && on_error == GST_TDENGINE_ON_ERROR_REJECT)
    gst_tdengine_rejects_push (self->rejects, rows, error);
  gst_tdengine_notice_add (&self->rejected, GST_ELEMENT (self),
      gst_tdengine_rows_get_n_rows (rows),
      gst_tdengine_element_describe_error (error));
}

static void
on_tags_differ (GstTDengineWriter * writer, const gchar * table,
    GstTDengineSink * self)
{
  gst_tdengine_notice_add (&self->tags_differ, GST_ELEMENT (self), 1,
      gst_structure_new ("details", "table", G_TYPE_STRING, table, NULL));
}

static void
make_writer_locked (GstTDengineSink * self, GstTDengineConnection * connection)
{
  GST_OBJECT_LOCK (self);
  self->writer = gst_tdengine_writer_new (connection,
      gst_tdengine_settings_get_database (self->settings),
      self->write_settings);
  GST_OBJECT_UNLOCK (self);
  g_signal_connect (self->writer, "rejected", G_CALLBACK (on_rejected), self);
  g_signal_connect (self->writer, "tags-differ", G_CALLBACK (on_tags_differ),
      self);
}

/* The writer finds its way into the database, which may not be there yet. */
static gboolean
open_locked (GstTDengineSink * self, GError ** error)
{
  g_autoptr (GstTDengineConnection) connection = NULL;
  g_autoptr (GstTDengineSettings) settings = NULL;

  if (self->writer)
    return TRUE;
  GST_OBJECT_LOCK (self);
  settings = gst_tdengine_settings_copy (self->settings);
  GST_OBJECT_UNLOCK (self);
  gst_tdengine_settings_set (settings, "database", "", NULL);
  connection = gst_tdengine_element_connect (GST_ELEMENT (self), settings,
      self->cancellable, error);
  if (!connection)
    return FALSE;
  make_writer_locked (self, connection);
  return TRUE;
}

static gboolean
write_buffer_locked (GstTDengineSink * self, GstBuffer * buffer,
    GError ** error)
{
  g_autoptr (GstTDengineRows) rows =
      gst_tdengine_rows_new (self->schema, buffer, error);
  gboolean done;

  if (!rows || !open_locked (self, error))
    return FALSE;
  done = gst_tdengine_writer_write (self->writer, rows, self->cancellable,
      error);
  note_held_locked (self);
  return done;
}

/* the writer waits for the rows before */
static gboolean
apply_change_locked (GstTDengineSink * self, GstEvent * event, GError ** error)
{
  const GstStructure *change = gst_event_get_structure (event);
  const gchar *json = gst_structure_get_string (change, "json");
  guint n_ignored;
  gboolean done;

  if (!json || !open_locked (self, error))
    return json == NULL;
  done = gst_tdengine_writer_apply (self->writer, json, &n_ignored,
      self->cancellable, error);
  note_held_locked (self);
  if (n_ignored > 0)
    gst_tdengine_notice_add (&self->ignored, GST_ELEMENT (self), n_ignored,
        gst_structure_copy (change));
  return done;
}

/* A target that the rows do not fit is told even where there are none. */
static gboolean
flush_locked (GstTDengineSink * self, GError ** error)
{
  gboolean done;

  if (!self->schema)
    return TRUE;
  if (!open_locked (self, error))
    return FALSE;
  done = gst_tdengine_writer_set_schema (self->writer, self->schema,
      self->cancellable, error)
      && gst_tdengine_writer_flush (self->writer, self->cancellable, error);
  note_held_locked (self);
  tell_rest_locked (self);
  return done;
}

/* Rows that were taken before are not given up for the one that can't be. */
static void
give_up_locked (GstTDengineSink * self, const GError * error)
{
  g_autoptr (GError) rest_error = NULL;

  if (self->writer
      && g_error_matches (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_SCHEMA)
      && !gst_tdengine_writer_flush (self->writer, self->cancellable,
          &rest_error))
    GST_WARNING_OBJECT (self, "Rows before the error: %s", rest_error->message);
  fail_locked (self, error);
}

static gboolean
do_locked (GstTDengineSink * self, gpointer item, GError ** error)
{
  if (GST_IS_BUFFER (item))
    return write_buffer_locked (self, item, error);
  if (GST_IS_EVENT (item))
    return apply_change_locked (self, item, error);
  return flush_locked (self, error);
}

/* With the preroll lock: a buffer to write, the event of a change to apply, or
 * NULL for all that is left. */
static GstFlowReturn
work (GstTDengineSink * self, gpointer item)
{
  while (TRUE) {
    g_autoptr (GError) error = NULL;

    g_mutex_lock (&self->lock);
    gboolean done = !self->failed && do_locked (self, item, &error);
    gboolean cancelled =
        g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
    if (error && !cancelled)
      give_up_locked (self, error);
    g_mutex_unlock (&self->lock);

    if (done)
      return GST_FLOW_OK;
    if (!cancelled)
      return GST_FLOW_ERROR;
    /* paused, flushed or stopped; after a pause it goes on */
    GstFlowReturn flow = gst_base_sink_wait_preroll (GST_BASE_SINK (self));
    if (flow != GST_FLOW_OK)
      return flow;
  }
}

static GstFlowReturn
gst_tdengine_sink_render (GstBaseSink * sink, GstBuffer * buffer)
{
  GstTDengineSink *self = GST_TDENGINE_SINK (sink);

  if (!self->schema)
    return GST_FLOW_NOT_NEGOTIATED;
  return work (self, buffer);
}

/* EOS goes on, and a checkpoint is confirmed, when the server has confirmed
 * every row. The base class holds the preroll lock around serialized events. */
static GstFlowReturn
finish_rows (GstTDengineSink * self, GstTDengineCheckpoint * checkpoint)
{
  GstFlowReturn flow;

  if (checkpoint)
    keep_checkpoint (self, checkpoint);
  flow = work (self, NULL);
  if (flow != GST_FLOW_OK)
    return flow;
  if (checkpoint)
    gst_tdengine_checkpoint_confirm (checkpoint);
  else
    keep_checkpoint (self, NULL);
  return GST_FLOW_OK;
}

/* Rows that were taken are not those that are flushed: they are sent. The base
 * class lets the server be waited for again before. */
static void
send_flushed (GstTDengineSink * self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  g_autoptr (GError) error = NULL;

  if (!self->writer || self->failed)
    return;
  if (!gst_tdengine_writer_submit (self->writer, self->cancellable, &error)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    give_up_locked (self, error);
  note_held_locked (self);
}

static gboolean
is_change (GstEvent * event)
{
  return GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM
      && gst_event_has_name (event, GST_TDENGINE_CHANGE_EVENT);
}

static gboolean
gst_tdengine_sink_event (GstBaseSink * sink, GstEvent * event)
{
  GstTDengineSink *self = GST_TDENGINE_SINK (sink);
  g_autoptr (GstTDengineCheckpoint) checkpoint =
      gst_tdengine_checkpoint_claim (event);
  gboolean is_flushed = GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP;
  GstFlowReturn flow = GST_FLOW_OK;
  gboolean taken;

  if (checkpoint || GST_EVENT_TYPE (event) == GST_EVENT_EOS)
    flow = finish_rows (self, checkpoint);
  else if (is_change (event))
    flow = work (self, event);
  if (flow != GST_FLOW_OK) {
    gst_event_unref (event);
    return FALSE;
  }
  if (self->rejects && (checkpoint || GST_EVENT_TYPE (event) == GST_EVENT_EOS))
    gst_tdengine_rejects_push_event (self->rejects, gst_event_ref (event));
  taken = GST_BASE_SINK_CLASS (gst_tdengine_sink_parent_class)->event (sink,
      event);
  if (is_flushed) {
    abandon_rows (self, "Rows were flushed");
    send_flushed (self);
  }
  return taken;
}

/* the pad for rows that can't be written */

static GstPad *
gst_tdengine_sink_request_new_pad (GstElement * element,
    GstPadTemplate * template, const gchar * name, const GstCaps * caps)
{
  GstTDengineSink *self = GST_TDENGINE_SINK (element);
  g_autoptr (GstCaps) current = NULL;
  GstPad *pad;

  if (self->rejects)
    return NULL;
  pad = gst_pad_new_from_template (template, "rejects");
  self->rejects = gst_tdengine_rejects_new (pad);
  gst_element_add_pad (element, pad);
  if (GST_STATE (element) > GST_STATE_READY)
    gst_pad_set_active (pad, TRUE);
  current = gst_pad_get_current_caps (GST_BASE_SINK_PAD (self));
  if (current)
    gst_tdengine_rejects_set_caps (self->rejects, current);
  return pad;
}

static void
gst_tdengine_sink_release_pad (GstElement * element, GstPad * pad)
{
  GstTDengineSink *self = GST_TDENGINE_SINK (element);
  GstTDengineRejects *rejects;

  /* whoever waits for room there is woken up, and lets the lock go */
  gst_pad_set_active (pad, FALSE);
  g_mutex_lock (&self->lock);
  rejects = g_steal_pointer (&self->rejects);
  g_mutex_unlock (&self->lock);
  gst_element_remove_pad (element, pad);
  g_clear_pointer (&rejects, gst_tdengine_rejects_free);
}

/* A pause cancels, too, and only for a moment. */
static GstTDengineSchema *
ask_columns (GstTDengineSink * self, GError ** error)
{
  GstTDengineSchema *schema = NULL;

  do {
    g_clear_error (error);
    g_mutex_lock (&self->lock);
    if (open_locked (self, error))
      schema = gst_tdengine_writer_ask_columns (self->writer,
          self->cancellable, error);
    g_mutex_unlock (&self->lock);
  } while (!schema && g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_CANCELLED)
      && !GST_PAD_IS_FLUSHING (GST_BASE_SINK_PAD (self)));
  return schema;
}

/* Who asks is a streaming thread, which may wait. What goes wrong is for it to
 * post. */
static void
answer_columns (GstTDengineSink * self, GstStructure * answer)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (GstTDengineSchema) schema = ask_columns (self, &error);

  if (schema) {
    g_autoptr (GstCaps) caps = gst_tdengine_schema_to_caps (schema);

    gst_structure_set (answer, "caps", GST_TYPE_CAPS, caps, NULL);
  } else {
    gst_structure_set (answer, "error", G_TYPE_ERROR, error, NULL);
  }
}

static gboolean
gst_tdengine_sink_query (GstBaseSink * sink, GstQuery * query)
{
  const GstStructure *structure = gst_query_get_structure (query);

  if (GST_QUERY_TYPE (query) != GST_QUERY_CUSTOM
      || !gst_structure_has_name (structure, GST_TDENGINE_COLUMNS_QUERY))
    return GST_BASE_SINK_CLASS (gst_tdengine_sink_parent_class)->query (sink,
        query);
  if (GST_PAD_IS_FLUSHING (GST_BASE_SINK_PAD (sink)))
    return FALSE;
  answer_columns (GST_TDENGINE_SINK (sink),
      gst_query_writable_structure (query));
  return TRUE;
}

static void
gst_tdengine_sink_class_init (GstTDengineSinkClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSinkClass *sink_class = GST_BASE_SINK_CLASS (klass);
  const GParamFlags flags =
      G_PARAM_STATIC_STRINGS | G_PARAM_READWRITE | GST_PARAM_MUTABLE_READY;

  object_class->finalize = gst_tdengine_sink_finalize;
  object_class->set_property = gst_tdengine_sink_set_property;
  object_class->get_property = gst_tdengine_sink_get_property;

  g_object_class_install_property (object_class, PROP_BATCH_INTERVAL,
      g_param_spec_uint ("batch-interval", "Batch interval",
          "How long a row may wait for others before it is written, in ms "
          "(0: until there is a batch, or EOS)", 0, G_MAXINT,
          DEFAULT_BATCH_INTERVAL, flags));
  g_object_class_install_property (object_class, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Rows that the server has confirmed, and the requests that took",
          GST_TYPE_STRUCTURE, G_PARAM_STATIC_STRINGS | G_PARAM_READABLE));
  gst_tdengine_settings_install_properties (object_class,
      gst_tdengine_write_settings_install_properties (object_class,
          PROP_WRITE_SETTINGS));

  gst_element_class_set_static_metadata (element_class,
      "TDengine table sink", "Sink/Network",
      "Writes rows into a table of a TDengine server",
      "The gst-tdengine developers");
  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &rejects_template);
  element_class->request_new_pad = gst_tdengine_sink_request_new_pad;
  element_class->release_pad = gst_tdengine_sink_release_pad;

  sink_class->start = gst_tdengine_sink_start;
  sink_class->stop = gst_tdengine_sink_stop;
  sink_class->unlock = gst_tdengine_sink_unlock;
  sink_class->unlock_stop = gst_tdengine_sink_unlock_stop;
  sink_class->set_caps = gst_tdengine_sink_set_caps;
  sink_class->render = gst_tdengine_sink_render;
  sink_class->event = gst_tdengine_sink_event;
  sink_class->query = gst_tdengine_sink_query;
}
