/* test server: the bytes below a WebSocket, where they can go wrong
 *
 * libsoup writes no wrong frame. So it is given an empty binary message, which
 * the server never sends otherwise, to hold the place of one; here that gives
 * way to the bytes planned for it.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "wirestream.h"

#include <string.h>
#include <unistd.h>

static const guint8 place_holder[] = { 0x82, 0 };

typedef struct
{
  GBytes *frame;
  gsize n_written;
  WireEnd end;
  gint status;
} Plan;

struct _WireStream
{
  GIOStream parent;
  GIOStream *base;
  GSocket *socket;              /* NULL where base has none */
  GInputStream *input;
  GOutputStream *output;
  GQueue plans;                 /* of Plan */
  gint64 paused_until;          /* monotonic, µs */
  gboolean is_cut;
};

#define WIRE_TYPE_INPUT (wire_input_get_type ())
G_DECLARE_FINAL_TYPE (WireInput, wire_input, WIRE, INPUT, GInputStream);

struct _WireInput
{
  GInputStream parent;
  WireStream *stream;           /* which owns this */
};

#define WIRE_TYPE_OUTPUT (wire_output_get_type ())
G_DECLARE_FINAL_TYPE (WireOutput, wire_output, WIRE, OUTPUT, GOutputStream);

struct _WireOutput
{
  GOutputStream parent;
  WireStream *stream;           /* which owns this */
};

static void wire_input_pollable (GPollableInputStreamInterface * iface);
static void wire_output_pollable (GPollableOutputStreamInterface * iface);

G_DEFINE_TYPE (WireStream, wire_stream, G_TYPE_IO_STREAM);
G_DEFINE_TYPE_WITH_CODE (WireInput, wire_input, G_TYPE_INPUT_STREAM,
    G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_INPUT_STREAM, wire_input_pollable));
G_DEFINE_TYPE_WITH_CODE (WireOutput, wire_output, G_TYPE_OUTPUT_STREAM,
    G_IMPLEMENT_INTERFACE (G_TYPE_POLLABLE_OUTPUT_STREAM,
        wire_output_pollable));

static void
plan_free (Plan * plan)
{
  g_bytes_unref (plan->frame);
  g_free (plan);
}

static gint64
get_pause (WireStream * self)
{
  return MAX (self->paused_until - g_get_monotonic_time (), 0);
}

static gboolean
refuse_for_now (GError ** error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "not now");
  return FALSE;
}

/* ready with the stream below, but not before a pause is over */
static GSource *
create_source (WireStream * self, gpointer pollable, GSource * base,
    GCancellable * cancellable)
{
  gint64 pause = get_pause (self);
  g_autoptr (GSource) child = pause > 0 ?
      g_timeout_source_new (pause / 1000 + 1) : g_source_ref (base);

  g_source_unref (base);
  return g_pollable_source_new_full (pollable, child, cancellable);
}

static gboolean
wire_input_is_readable (GPollableInputStream * pollable)
{
  WireStream *stream = WIRE_INPUT (pollable)->stream;

  return get_pause (stream) == 0
      && g_pollable_input_stream_is_readable (G_POLLABLE_INPUT_STREAM
      (g_io_stream_get_input_stream (stream->base)));
}

static GSource *
wire_input_create_source (GPollableInputStream * pollable,
    GCancellable * cancellable)
{
  WireStream *stream = WIRE_INPUT (pollable)->stream;

  return create_source (stream, pollable,
      g_pollable_input_stream_create_source (G_POLLABLE_INPUT_STREAM
          (g_io_stream_get_input_stream (stream->base)), NULL), cancellable);
}

static gssize
wire_input_read_nonblocking (GPollableInputStream * pollable, void *buffer,
    gsize count, GError ** error)
{
  WireStream *stream = WIRE_INPUT (pollable)->stream;

  if (stream->is_cut)
    return 0;
  if (get_pause (stream) > 0)
    return refuse_for_now (error), -1;
  return g_pollable_input_stream_read_nonblocking (G_POLLABLE_INPUT_STREAM
      (g_io_stream_get_input_stream (stream->base)), buffer, count, NULL,
      error);
}

static gboolean
wire_output_is_writable (GPollableOutputStream * pollable)
{
  WireStream *stream = WIRE_OUTPUT (pollable)->stream;

  return get_pause (stream) == 0
      && g_pollable_output_stream_is_writable (G_POLLABLE_OUTPUT_STREAM
      (g_io_stream_get_output_stream (stream->base)));
}

static GSource *
wire_output_create_source (GPollableOutputStream * pollable,
    GCancellable * cancellable)
{
  WireStream *stream = WIRE_OUTPUT (pollable)->stream;

  return create_source (stream, pollable,
      g_pollable_output_stream_create_source (G_POLLABLE_OUTPUT_STREAM
          (g_io_stream_get_output_stream (stream->base)), NULL), cancellable);
}

static gssize
write_below (WireStream * self, gconstpointer data, gsize size, GError ** error)
{
  return g_pollable_output_stream_write_nonblocking (G_POLLABLE_OUTPUT_STREAM
      (g_io_stream_get_output_stream (self->base)), data, size, NULL, error);
}

static gboolean
write_plan (WireStream * self, Plan * plan, GError ** error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (plan->frame, &size);

  while (plan->n_written < size) {
    gssize n = write_below (self, data + plan->n_written,
        size - plan->n_written, error);

    if (n < 0)
      return FALSE;
    plan->n_written += n;
  }
  return TRUE;
}

static gssize
write_planned (WireStream * self, GError ** error)
{
  Plan *plan = g_queue_peek_head (&self->plans);

  if (!write_plan (self, plan, error))
    return -1;
  if (plan->end == WIRE_EXITS)
    _exit (plan->status);
  if (plan->end == WIRE_IS_CUT)
    wire_stream_cut (self);
  plan_free (g_queue_pop_head (&self->plans));
  return sizeof place_holder;
}

static gboolean
is_place_holder (WireStream * self, gconstpointer buffer, gsize count)
{
  return self->plans.length > 0 && count == sizeof place_holder
      && memcmp (buffer, place_holder, count) == 0;
}

static gssize
wire_output_write_nonblocking (GPollableOutputStream * pollable,
    const void *buffer, gsize count, GError ** error)
{
  WireStream *stream = WIRE_OUTPUT (pollable)->stream;

  if (stream->is_cut) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "cut");
    return -1;
  }
  if (get_pause (stream) > 0)
    return refuse_for_now (error), -1;
  if (is_place_holder (stream, buffer, count))
    return write_planned (stream, error);
  return write_below (stream, buffer, count, error);
}

static void
wire_input_pollable (GPollableInputStreamInterface * iface)
{
  iface->is_readable = wire_input_is_readable;
  iface->create_source = wire_input_create_source;
  iface->read_nonblocking = wire_input_read_nonblocking;
}

static void
wire_output_pollable (GPollableOutputStreamInterface * iface)
{
  iface->is_writable = wire_output_is_writable;
  iface->create_source = wire_output_create_source;
  iface->write_nonblocking = wire_output_write_nonblocking;
}

static void
wire_input_class_init (WireInputClass * klass)
{
}

static void
wire_input_init (WireInput * self)
{
}

static void
wire_output_class_init (WireOutputClass * klass)
{
}

static void
wire_output_init (WireOutput * self)
{
}

static GInputStream *
wire_stream_get_input_stream (GIOStream * stream)
{
  return WIRE_STREAM (stream)->input;
}

static GOutputStream *
wire_stream_get_output_stream (GIOStream * stream)
{
  return WIRE_STREAM (stream)->output;
}

static gboolean
wire_stream_close (GIOStream * stream, GCancellable * cancellable,
    GError ** error)
{
  return g_io_stream_close (WIRE_STREAM (stream)->base, cancellable, error);
}

/* at once: the base's own would be left to a thread */
static void
wire_stream_close_async (GIOStream * stream, int priority,
    GCancellable * cancellable, GAsyncReadyCallback callback, gpointer data)
{
  g_autoptr (GTask) task = g_task_new (stream, cancellable, callback, data);
  GError *error = NULL;

  if (wire_stream_close (stream, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

static gboolean
wire_stream_close_finish (GIOStream * stream, GAsyncResult * result,
    GError ** error)
{
  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
wire_stream_finalize (GObject * object)
{
  WireStream *self = WIRE_STREAM (object);

  g_queue_clear_full (&self->plans, (GDestroyNotify) plan_free);
  g_object_unref (self->output);
  g_object_unref (self->input);
  g_clear_object (&self->socket);
  g_object_unref (self->base);
  G_OBJECT_CLASS (wire_stream_parent_class)->finalize (object);
}

static void
wire_stream_class_init (WireStreamClass * klass)
{
  GIOStreamClass *stream_class = G_IO_STREAM_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = wire_stream_finalize;
  stream_class->get_input_stream = wire_stream_get_input_stream;
  stream_class->get_output_stream = wire_stream_get_output_stream;
  stream_class->close_fn = wire_stream_close;
  stream_class->close_async = wire_stream_close_async;
  stream_class->close_finish = wire_stream_close_finish;
}

static void
wire_stream_init (WireStream * self)
{
  WireInput *input = g_object_new (WIRE_TYPE_INPUT, NULL);
  WireOutput *output = g_object_new (WIRE_TYPE_OUTPUT, NULL);

  input->stream = self;
  output->stream = self;
  self->input = G_INPUT_STREAM (input);
  self->output = G_OUTPUT_STREAM (output);
}

WireStream *
wire_stream_new (GIOStream * base, GSocket * socket)
{
  WireStream *self = g_object_new (WIRE_TYPE_STREAM, NULL);

  self->base = g_object_ref (base);
  self->socket = socket ? g_object_ref (socket) : NULL;
  return self;
}

/* what the next place holder becomes, and what follows it */
void
wire_stream_plan (WireStream * stream, GBytes * frame, WireEnd end, gint status)
{
  Plan *plan = g_new0 (Plan, 1);

  plan->frame = g_bytes_ref (frame);
  plan->end = end;
  plan->status = status;
  g_queue_push_tail (&stream->plans, plan);
}

/* without a closing frame; libsoup notices an end of the input */
void
wire_stream_cut (WireStream * stream)
{
  stream->is_cut = TRUE;
  if (stream->socket)
    g_socket_shutdown (stream->socket, TRUE, TRUE, NULL);
}

/* neither reads nor writes, so that pings too have to wait */
void
wire_stream_pause (WireStream * stream, guint ms)
{
  stream->paused_until =
      g_get_monotonic_time () + ms * G_GINT64_CONSTANT (1000);
}
