/* test server: geometries from text
 *
 * Well-known text to well-known binary, for the kinds that TDengine names:
 * points, lines, polygons and collections of them, in two dimensions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "geometry.h"

#include <gst/base/gstbytereader.h>
#include <gst/gst.h>
#include <string.h>

enum
{
  WKB_POINT = 1,
  WKB_LINE = 2,
  WKB_POLYGON = 3,
  WKB_MULTI_POINT = 4,
  WKB_MULTI_LINE = 5,
  WKB_MULTI_POLYGON = 6,
  WKB_COLLECTION = 7,
};

#define MAX_DEPTH 16

static gboolean take_geometry (const gchar ** p, GByteArray * out, guint depth);

static void
append_uint32 (GByteArray * out, guint32 value)
{
  guint8 bytes[4];

  GST_WRITE_UINT32_LE (bytes, value);
  g_byte_array_append (out, bytes, sizeof bytes);
}

static void
append_head (GByteArray * out, guint32 kind)
{
  g_byte_array_append (out, (const guint8 *) "\1", 1);  /* little-endian */
  append_uint32 (out, kind);
}

static gboolean
accept (const gchar ** p, const gchar * word)
{
  while (g_ascii_isspace (**p))
    (*p)++;
  if (g_ascii_strncasecmp (*p, word, strlen (word)) != 0)
    return FALSE;
  *p += strlen (word);
  return TRUE;
}

static gboolean
take_point (const gchar ** p, GByteArray * out)
{
  for (gint i = 0; i < 2; i++) {
    gchar *end;
    guint8 bytes[8];
    gdouble value = g_ascii_strtod (*p, &end);

    if (end == *p)
      return FALSE;
    GST_WRITE_DOUBLE_LE (bytes, value);
    g_byte_array_append (out, bytes, sizeof bytes);
    *p = end;
  }
  return TRUE;
}

/* (item, item, ...) with the number of items before them */
static gboolean
take_list (const gchar ** p, GByteArray * out,
    gboolean (*take_item) (const gchar ** p, GByteArray * out))
{
  guint at = out->len;
  guint32 count = 0;

  append_uint32 (out, 0);
  if (!accept (p, "("))
    return FALSE;
  do {
    if (!take_item (p, out))
      return FALSE;
    count++;
  } while (accept (p, ","));
  GST_WRITE_UINT32_LE (out->data + at, count);
  return accept (p, ")");
}

static gboolean
take_line (const gchar ** p, GByteArray * out)
{
  return take_list (p, out, take_point);
}

static gboolean
take_polygon (const gchar ** p, GByteArray * out)
{
  return take_list (p, out, take_line);
}

static gboolean
take_point_member (const gchar ** p, GByteArray * out)
{
  gboolean is_wrapped = accept (p, "(");

  append_head (out, WKB_POINT);
  return take_point (p, out) && (!is_wrapped || accept (p, ")"));
}

static gboolean
take_line_member (const gchar ** p, GByteArray * out)
{
  append_head (out, WKB_LINE);
  return take_line (p, out);
}

static gboolean
take_polygon_member (const gchar ** p, GByteArray * out)
{
  append_head (out, WKB_POLYGON);
  return take_polygon (p, out);
}

static gboolean
take_collection (const gchar ** p, GByteArray * out, guint depth)
{
  guint at = out->len;
  guint32 count = 0;

  append_uint32 (out, 0);
  if (!accept (p, "("))
    return FALSE;
  do {
    if (!take_geometry (p, out, depth + 1))
      return FALSE;
    count++;
  } while (accept (p, ","));
  GST_WRITE_UINT32_LE (out->data + at, count);
  return accept (p, ")");
}

static gboolean
take_geometry (const gchar ** p, GByteArray * out, guint depth)
{
  static const struct
  {
    const gchar *word;
    guint32 kind;
      gboolean (*take_member) (const gchar ** p, GByteArray * out);
  } multis[] = {
    {"MULTIPOINT", WKB_MULTI_POINT, take_point_member},
    {"MULTILINESTRING", WKB_MULTI_LINE, take_line_member},
    {"MULTIPOLYGON", WKB_MULTI_POLYGON, take_polygon_member},
  };

  if (depth > MAX_DEPTH)
    return FALSE;
  for (guint i = 0; i < G_N_ELEMENTS (multis); i++)
    if (accept (p, multis[i].word)) {
      append_head (out, multis[i].kind);
      return take_list (p, out, multis[i].take_member);
    }
  if (accept (p, "POINT")) {
    append_head (out, WKB_POINT);
    return accept (p, "(") && take_point (p, out) && accept (p, ")");
  }
  if (accept (p, "LINESTRING")) {
    append_head (out, WKB_LINE);
    return take_line (p, out);
  }
  if (accept (p, "POLYGON")) {
    append_head (out, WKB_POLYGON);
    return take_polygon (p, out);
  }
  if (accept (p, "GEOMETRYCOLLECTION")) {
    append_head (out, WKB_COLLECTION);
    return take_collection (p, out, depth);
  }
  return FALSE;
}

/* the binary form, NULL where the text is no geometry */
GByteArray *
geometry_from_text (const gchar * text)
{
  g_autoptr (GByteArray) out = g_byte_array_new ();

  if (!take_geometry (&text, out, 0))
    return NULL;
  while (g_ascii_isspace (*text))
    text++;
  return *text ? NULL : g_steal_pointer (&out);
}

static gboolean check_geometry (GstByteReader * reader, guint depth);

static gboolean
skip_points (GstByteReader * reader)
{
  guint32 count;

  return gst_byte_reader_get_uint32_le (reader, &count)
      && count <= gst_byte_reader_get_remaining (reader) / 16
      && gst_byte_reader_skip (reader, count * 16);
}

static gboolean
skip_rings (GstByteReader * reader)
{
  guint32 count;

  if (!gst_byte_reader_get_uint32_le (reader, &count))
    return FALSE;
  while (count-- > 0)
    if (!skip_points (reader))
      return FALSE;
  return TRUE;
}

static gboolean
skip_members (GstByteReader * reader, guint depth)
{
  guint32 count;

  if (!gst_byte_reader_get_uint32_le (reader, &count))
    return FALSE;
  while (count-- > 0)
    if (!check_geometry (reader, depth + 1))
      return FALSE;
  return TRUE;
}

static gboolean
check_geometry (GstByteReader * reader, guint depth)
{
  guint8 order;
  guint32 kind;

  if (depth > MAX_DEPTH || !gst_byte_reader_get_uint8 (reader, &order)
      || order != 1 || !gst_byte_reader_get_uint32_le (reader, &kind))
    return FALSE;
  switch (kind) {
    case WKB_POINT:
      return gst_byte_reader_skip (reader, 16);
    case WKB_LINE:
      return skip_points (reader);
    case WKB_POLYGON:
      return skip_rings (reader);
    case WKB_MULTI_POINT:
    case WKB_MULTI_LINE:
    case WKB_MULTI_POLYGON:
    case WKB_COLLECTION:
      return skip_members (reader, depth);
    default:
      return FALSE;
  }
}

gboolean
geometry_is_valid (const guint8 * wkb, gsize size)
{
  GstByteReader reader;

  if (size > G_MAXUINT16)
    return FALSE;
  gst_byte_reader_init (&reader, wkb, size);
  return check_geometry (&reader, 0)
      && gst_byte_reader_get_remaining (&reader) == 0;
}
