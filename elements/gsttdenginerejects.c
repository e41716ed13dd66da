/* tdengine rejects: rows that can't be written, out of a pad
 *
 * A thread of the pad's own pushes them. So that what is linked to it can
 * preroll, a gap goes before the first row: there may never be one, and the
 * element's own thread would wait there for the pipeline to play, which waits
 * for the element.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdengineelement.h"
#include "gsttdenginerejects.h"

/* from here on who rejects waits for who takes */
#define MAX_BYTES (4 * 1024 * 1024)

struct _GstTDengineRejects
{
  GstPad *pad;

  GMutex lock;
  GCond cond;                   /* something came, or went, or it is over */
  GQueue items;                 /* GstMiniObject, under lock */
  gsize n_bytes;                /* of buffers among them, under lock */
  gboolean flushing;            /* under lock */
  gboolean started;             /* under lock */
};

static void
clear_items_locked (GstTDengineRejects * self)
{
  g_queue_clear_full (&self->items, (GDestroyNotify) gst_mini_object_unref);
  self->n_bytes = 0;
  g_cond_broadcast (&self->cond);
}

static GstMiniObject *
take_item (GstTDengineRejects * self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GstMiniObject *item;

  while (g_queue_is_empty (&self->items) && !self->flushing)
    g_cond_wait (&self->cond, &self->lock);
  if (self->flushing)
    return NULL;
  item = g_queue_pop_head (&self->items);
  if (GST_IS_BUFFER (item))
    self->n_bytes -= gst_buffer_get_size (GST_BUFFER (item));
  g_cond_broadcast (&self->cond);
  return item;
}

/* What is downstream may be gone or full: that is no fault of the rows that can
 * be written. */
static void
push_items (gpointer data)
{
  GstTDengineRejects *self = data;
  GstMiniObject *item = take_item (self);

  if (!item)
    gst_pad_pause_task (self->pad);
  else if (GST_IS_EVENT (item))
    gst_pad_push_event (self->pad, GST_EVENT (item));
  else if (gst_pad_push (self->pad, GST_BUFFER (item)) != GST_FLOW_OK)
    GST_WARNING_OBJECT (self->pad, "Rows that were rejected went nowhere");
}

static gboolean
activate (GstPad * pad, GstObject * parent, GstPadMode mode, gboolean active)
{
  GstTDengineRejects *self = gst_pad_get_element_private (pad);

  g_mutex_lock (&self->lock);
  self->flushing = !active;
  self->started = FALSE;
  clear_items_locked (self);
  g_mutex_unlock (&self->lock);
  return active ? gst_pad_start_task (pad, push_items, self, NULL) :
      gst_pad_stop_task (pad);
}

/* The pad is not active yet, and lives longer. */
GstTDengineRejects *
gst_tdengine_rejects_new (GstPad * pad)
{
  GstTDengineRejects *self = g_new0 (GstTDengineRejects, 1);

  self->pad = gst_object_ref (pad);
  self->flushing = TRUE;
  g_mutex_init (&self->lock);
  g_cond_init (&self->cond);
  g_queue_init (&self->items);
  gst_pad_set_element_private (pad, self);
  gst_pad_set_activatemode_function (pad, activate);
  gst_pad_use_fixed_caps (pad);
  return self;
}

void
gst_tdengine_rejects_free (GstTDengineRejects * self)
{
  gst_pad_set_active (self->pad, FALSE);
  gst_pad_set_activatemode_function (self->pad, NULL);
  clear_items_locked (self);
  gst_object_unref (self->pad);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* takes the item */
static void
append_item_locked (GstTDengineRejects * self, gpointer item)
{
  while (self->n_bytes >= MAX_BYTES && !self->flushing)
    g_cond_wait (&self->cond, &self->lock);
  if (self->flushing) {
    gst_mini_object_unref (item);
    return;
  }
  g_queue_push_tail (&self->items, item);
  if (GST_IS_BUFFER (item))
    self->n_bytes += gst_buffer_get_size (item);
  g_cond_broadcast (&self->cond);
}

static GstEvent *
make_stream_start (GstTDengineRejects * self)
{
  g_autoptr (GstElement) element = gst_pad_get_parent_element (self->pad);
  g_autofree gchar *id =
      gst_pad_create_stream_id (self->pad, element, "rejects");

  return gst_event_new_stream_start (id);
}

/* the rejected rows are as those that come in */
void
gst_tdengine_rejects_set_caps (GstTDengineRejects * self, GstCaps * caps)
{
  GstEvent *stream_start = make_stream_start (self);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GstSegment segment;

  if (self->started) {
    gst_event_unref (stream_start);
    append_item_locked (self, gst_event_new_caps (caps));
    return;
  }
  self->started = TRUE;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  append_item_locked (self, stream_start);
  append_item_locked (self, gst_event_new_caps (caps));
  append_item_locked (self, gst_event_new_segment (&segment));
  append_item_locked (self, gst_event_new_gap (0, GST_CLOCK_TIME_NONE));
}

static gboolean
copy_field (GQuark name, const GValue * value, gpointer origin)
{
  gst_structure_id_set_value (origin, name, value);
  return TRUE;
}

/* Waits where too many have not been taken. */
void
gst_tdengine_rejects_push (GstTDengineRejects * self, GstTDengineRows * rows,
    const GError * error)
{
  GstBuffer *buffer = gst_buffer_copy (gst_tdengine_rows_get_buffer (rows));
  g_autoptr (GstStructure) details =
      gst_tdengine_element_describe_error (error);

  gst_structure_foreach (details, copy_field,
      gst_tdengine_element_add_origin (buffer));
  g_mutex_lock (&self->lock);
  append_item_locked (self, buffer);
  g_mutex_unlock (&self->lock);
}

/* takes the event, which stays behind the rows before it */
void
gst_tdengine_rejects_push_event (GstTDengineRejects * self, GstEvent * event)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  append_item_locked (self, event);
}
