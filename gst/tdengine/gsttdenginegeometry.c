/* tdengine geometry: well-known binary as well-known text
 *
 * SQL takes a geometry only as text. Numbers have the digits that read back
 * the same.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/base/gstbytereader.h>

#include "gsttdenginegeometry.h"
#include "gsttdenginetext.h"

#define MAX_DEPTH 32
#define POINT 1
#define HAS_Z 0x80000000u
#define HAS_M 0x40000000u
#define HAS_SRID 0x20000000u

typedef struct
{
  const gchar *name;
  guint depth;                  /* of brackets around points, 0: members */
  gboolean names_members;
} Kind;

static const Kind kinds[] = {
  [POINT] = {"POINT", 1},
  [2] = {"LINESTRING", 1},
  [3] = {"POLYGON", 2},
  [4] = {"MULTIPOINT", 0, FALSE},
  [5] = {"MULTILINESTRING", 0, FALSE},
  [6] = {"MULTIPOLYGON", 0, FALSE},
  [7] = {"GEOMETRYCOLLECTION", 0, TRUE},
};

typedef struct
{
  GstByteReader reader;
  GString *text;
  gboolean big_endian;          /* of the geometry at hand */
} Writer;

static gboolean append_geometry (Writer * self, gboolean with_name,
    guint depth);

static gboolean
take_uint32 (Writer * self, guint32 * value)
{
  return self->big_endian ?
      gst_byte_reader_get_uint32_be (&self->reader, value) :
      gst_byte_reader_get_uint32_le (&self->reader, value);
}

static gboolean
append_number (Writer * self)
{
  gdouble value;

  if (!(self->big_endian ?
          gst_byte_reader_get_float64_be (&self->reader, &value) :
          gst_byte_reader_get_float64_le (&self->reader, &value)))
    return FALSE;
  gst_tdengine_text_append_double (self->text, value);
  return TRUE;
}

static gboolean
append_point (Writer * self, guint n_dimensions)
{
  for (guint i = 0; i < n_dimensions; i++) {
    if (i > 0)
      g_string_append_c (self->text, ' ');
    if (!append_number (self))
      return FALSE;
  }
  return TRUE;
}

static gboolean
append_points (Writer * self, guint levels, guint n_dimensions)
{
  guint32 n;

  if (!take_uint32 (self, &n))
    return FALSE;
  if (n == 0)
    g_string_append (self->text, "EMPTY");
  for (guint i = 0; i < n; i++) {
    g_string_append (self->text, i > 0 ? ", " : "(");
    if (!(levels > 1 ? append_points (self, levels - 1, n_dimensions) :
            append_point (self, n_dimensions)))
      return FALSE;
  }
  if (n > 0)
    g_string_append_c (self->text, ')');
  return TRUE;
}

static gboolean
append_members (Writer * self, gboolean with_names, guint depth)
{
  gboolean big_endian = self->big_endian;
  guint32 n;

  if (!take_uint32 (self, &n))
    return FALSE;
  if (n == 0)
    g_string_append (self->text, "EMPTY");
  for (guint i = 0; i < n; i++) {
    g_string_append (self->text, i > 0 ? ", " : "(");
    if (!append_geometry (self, with_names, depth + 1))
      return FALSE;
    self->big_endian = big_endian;
  }
  if (n > 0)
    g_string_append_c (self->text, ')');
  return TRUE;
}

static gboolean
append_lone_point (Writer * self, guint n_dimensions)
{
  g_string_append_c (self->text, '(');
  if (!append_point (self, n_dimensions))
    return FALSE;
  g_string_append_c (self->text, ')');
  return TRUE;
}

/* dimensions are said by flags, or by thousands of the type */
static gboolean
take_type (Writer * self, guint32 * type, gboolean * has_z, gboolean * has_m)
{
  guint8 order;
  guint32 word, srid;

  if (!gst_byte_reader_get_uint8 (&self->reader, &order) || order > 1)
    return FALSE;
  self->big_endian = order == 0;
  if (!take_uint32 (self, &word)
      || (word & HAS_SRID && !take_uint32 (self, &srid)))
    return FALSE;
  *has_z = (word & HAS_Z) != 0;
  *has_m = (word & HAS_M) != 0;
  word &= ~(HAS_Z | HAS_M | HAS_SRID);
  *has_z |= word / 1000 == 1 || word / 1000 == 3;
  *has_m |= word / 1000 == 2 || word / 1000 == 3;
  *type = word % 1000;
  return word / 1000 <= 3 && *type >= POINT && *type < G_N_ELEMENTS (kinds);
}

static gboolean
append_geometry (Writer * self, gboolean with_name, guint depth)
{
  guint32 type;
  gboolean has_z, has_m;

  if (depth > MAX_DEPTH || !take_type (self, &type, &has_z, &has_m))
    return FALSE;
  if (with_name)
    g_string_append_printf (self->text, "%s %s", kinds[type].name,
        has_z && has_m ? "ZM " : has_z ? "Z " : has_m ? "M " : "");
  if (type == POINT)
    return append_lone_point (self, 2 + has_z + has_m);
  if (kinds[type].depth > 0)
    return append_points (self, kinds[type].depth, 2 + has_z + has_m);
  return append_members (self, kinds[type].names_members, depth);
}

/* FALSE where it is no geometry: text has a part of it then */
gboolean
gst_tdengine_geometry_append (GString * text, const guint8 * data, gsize size)
{
  Writer self = { GST_BYTE_READER_INIT (data, size), text, FALSE };

  return append_geometry (&self, TRUE, 0)
      && gst_byte_reader_get_remaining (&self.reader) == 0;
}
