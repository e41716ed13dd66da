/* tdengine lines: bytes to lines
 *
 * However the bytes come in, the lines are the same. What is held is at most a
 * line of the longest size and what was appended last.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdenginelines.h"

#define BYTE_ORDER_MARK "\357\273\277"

void
gst_tdengine_lines_init (GstTDengineLines * self, GstTDengineFindEnd find_end,
    gpointer data)
{
  memset (self, 0, sizeof *self);
  self->bytes = g_byte_array_new ();
  self->find_end = find_end;
  self->data = data;
}

void
gst_tdengine_lines_clear (GstTDengineLines * self)
{
  g_byte_array_unref (self->bytes);
}

/* what comes next is a beginning */
void
gst_tdengine_lines_reset (GstTDengineLines * self, gsize limit)
{
  g_byte_array_set_size (self->bytes, 0);
  memset (&self->place, 0, sizeof self->place);
  self->place.line = 1;
  self->begun = FALSE;
  self->limit = limit;
}

void
gst_tdengine_lines_append (GstTDengineLines * self, GstBuffer * buffer,
    gsize at, gsize size)
{
  gsize length = self->bytes->len;

  g_byte_array_set_size (self->bytes, length + size);
  gst_buffer_extract (buffer, at, self->bytes->data + length, size);
}

/* of what is not taken yet */
gsize
gst_tdengine_lines_get_size (const GstTDengineLines * self)
{
  return self->bytes->len - self->place.taken;
}

/* Skips a byte order mark. FALSE where more bytes are needed to tell. */
gboolean
gst_tdengine_lines_begin (GstTDengineLines * self, gboolean at_end)
{
  gsize size = MIN (self->bytes->len, strlen (BYTE_ORDER_MARK));

  if (self->begun)
    return TRUE;
  if (size > 0 && memcmp (self->bytes->data, BYTE_ORDER_MARK, size) == 0) {
    if (size < strlen (BYTE_ORDER_MARK) && !at_end)
      return FALSE;
    if (size == strlen (BYTE_ORDER_MARK))
      self->place.taken = size;
  }
  self->begun = self->bytes->len > 0;
  return TRUE;
}

static gsize
find_newline (const gchar * text, gsize size)
{
  const gchar *newline = memchr (text, '\n', size);

  return newline ? newline + 1 - text : 0;
}

static guint64
count_newlines (const gchar * text, gsize size)
{
  guint64 n = 0;

  for (gsize found; (found = find_newline (text, size)) > 0; n++) {
    text += found;
    size -= found;
  }
  return n;
}

/* FALSE: it goes on in bytes that are yet to come */
static gboolean
skip_rest (GstTDengineLines * self)
{
  const gchar *text = (gchar *) self->bytes->data + self->place.taken;
  gsize size = gst_tdengine_lines_get_size (self);
  gsize found = find_newline (text, size);

  self->place.taken += found > 0 ? found : size;
  self->place.line += found > 0;
  self->place.skipping = found == 0;
  return found > 0;
}

/* A line's size with its end, 0 where that is yet to come. A field in quotes
 * may go over several lines; where that gets too long, or has no end, the
 * first of them is one that is bad, and the next a new beginning. */
static gsize
measure (GstTDengineLines * self, const gchar * text, gsize size,
    gboolean at_end, gboolean * too_long)
{
  gsize found = self->find_end (self->data, text, size, &self->place.scan);

  *too_long = found > self->limit || (found == 0 && size > self->limit);
  if (!*too_long && (found > 0 || !at_end))
    return found;
  found = find_newline (text, size);
  if (found > 0)
    return found;
  self->place.skipping = !at_end;
  return size;
}

static gsize
measure_content (const gchar * text, gsize size)
{
  if (size > 0 && text[size - 1] == '\n')
    size--;
  if (size > 0 && text[size - 1] == '\r')
    size--;
  return size;
}

/* FALSE where there is no whole line; at the end the last one needs none */
gboolean
gst_tdengine_lines_next (GstTDengineLines * self, gboolean at_end,
    GstTDengineLine * line)
{
  GstTDenginePlace *place = &self->place;
  gsize size, found;

  if (place->skipping && !skip_rest (self))
    return FALSE;
  size = gst_tdengine_lines_get_size (self);
  if (size == 0)
    return FALSE;
  line->text = (gchar *) self->bytes->data + place->taken;
  line->number = place->line;
  found = measure (self, line->text, size, at_end, &line->too_long);
  if (found == 0)
    return FALSE;
  line->size = measure_content (line->text, found);
  place->taken += found;
  place->line += count_newlines (line->text, found);
  memset (&place->scan, 0, sizeof place->scan);
  return TRUE;
}

/* Gives up the part of a line that is left, as its rest will not come. FALSE
 * where there is none. */
gboolean
gst_tdengine_lines_cut (GstTDengineLines * self, GstTDengineLine * line)
{
  line->text = (gchar *) self->bytes->data + self->place.taken;
  line->size = gst_tdengine_lines_get_size (self);
  line->number = self->place.line;
  line->too_long = FALSE;
  self->place.taken += line->size;
  memset (&self->place.scan, 0, sizeof self->place.scan);
  return line->size > 0;
}

/* Forgets what was taken; lines that were given are no longer valid. */
void
gst_tdengine_lines_drop (GstTDengineLines * self)
{
  if (self->place.taken > 0)
    g_byte_array_remove_range (self->bytes, 0, self->place.taken);
  self->place.taken = 0;
}
