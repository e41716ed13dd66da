/* tdengine guess: the types of columns, from values that were seen
 *
 * A type stays in question as long as it takes every value of the column.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdengineguess.h"

#define MIN_LENGTH 64
#define MAX_LENGTH 65517        /* of a VARCHAR in TDengine */

enum
{
  TIME,
  INTEGER,
  NUMBER,
  TRUTH,
  N_CANDIDATES
};

/* in the order in which they are preferred, but for the time, see below */
static const GstTDengineType candidates[N_CANDIDATES] = {
  [TIME] = GST_TDENGINE_TYPE_TIMESTAMP,
  [INTEGER] = GST_TDENGINE_TYPE_BIGINT,
  [NUMBER] = GST_TDENGINE_TYPE_DOUBLE,
  [TRUTH] = GST_TDENGINE_TYPE_BOOL,
};

typedef struct
{
  gchar *name;
  gboolean any;                 /* there was a value */
  gboolean possible[N_CANDIDATES];
  gsize longest;
} ColumnGuess;

struct _GstTDengineGuess
{
  GArray *columns;              /* ColumnGuess */
  GstTDengineRowsBuilder *probe;        /* a column a candidate */
};

static void
clear_column (gpointer column)
{
  g_free (((ColumnGuess *) column)->name);
}

GstTDengineGuess *
gst_tdengine_guess_new (void)
{
  GstTDengineGuess *self = g_new (GstTDengineGuess, 1);
  g_autoptr (GstTDengineSchema) schema =
      gst_tdengine_schema_new (GST_TDENGINE_PRECISION_MS);

  for (guint i = 0; i < N_CANDIDATES; i++) {
    GstTDengineColumn column = { (gchar *) "probe", candidates[i] };

    gst_tdengine_schema_append (schema, &column, NULL);
  }
  self->columns = g_array_new (FALSE, TRUE, sizeof (ColumnGuess));
  g_array_set_clear_func (self->columns, clear_column);
  self->probe = gst_tdengine_rows_builder_new (schema);
  return self;
}

void
gst_tdengine_guess_free (GstTDengineGuess * self)
{
  g_array_unref (self->columns);
  gst_tdengine_rows_builder_unref (self->probe);
  g_free (self);
}

guint
gst_tdengine_guess_get_n_columns (GstTDengineGuess * self)
{
  return self->columns->len;
}

guint
gst_tdengine_guess_add_column (GstTDengineGuess * self, const gchar * name)
{
  ColumnGuess column = {.name = g_strdup (name) };

  for (guint i = 0; i < N_CANDIDATES; i++)
    column.possible[i] = TRUE;
  g_array_append_val (self->columns, column);
  return self->columns->len - 1;
}

/* -1: none has this name */
gint
gst_tdengine_guess_find_column (GstTDengineGuess * self, const gchar * name)
{
  for (guint i = 0; i < self->columns->len; i++) {
    if (g_str_equal (g_array_index (self->columns, ColumnGuess, i).name, name))
      return i;
  }
  return -1;
}

/* is_string: it is in quotes, where numbers would not be */
void
gst_tdengine_guess_add_value (GstTDengineGuess * self, guint column,
    const gchar * text, gsize size, gboolean is_string)
{
  ColumnGuess *guess = &g_array_index (self->columns, ColumnGuess, column);
  gboolean fits[N_CANDIDATES];

  for (guint i = 0; i < N_CANDIDATES; i++)
    fits[i] = gst_tdengine_rows_builder_append_text (self->probe, i, text, size,
        NULL);
  gst_tdengine_rows_builder_truncate (self->probe, 0);
  if (is_string) {
    fits[TIME] &= !fits[INTEGER];
    fits[INTEGER] = fits[NUMBER] = fits[TRUTH] = FALSE;
  }
  for (guint i = 0; i < N_CANDIDATES; i++)
    guess->possible[i] &= fits[i];
  guess->longest = MAX (guess->longest, size);
  guess->any = TRUE;
}

/* What is a number may be a time, too: in the first column it is one. */
static GstTDengineType
choose_type (ColumnGuess * guess, gboolean is_first)
{
  if (!guess->any)
    return GST_TDENGINE_TYPE_VARCHAR;
  for (guint i = is_first ? TIME : INTEGER; i < N_CANDIDATES; i++) {
    if (guess->possible[i])
      return candidates[i];
  }
  return guess->possible[TIME] ? GST_TDENGINE_TYPE_TIMESTAMP :
      GST_TDENGINE_TYPE_VARCHAR;
}

GstTDengineSchema *
gst_tdengine_guess_make_schema (GstTDengineGuess * self,
    GstTDenginePrecision precision, GError ** error)
{
  g_autoptr (GstTDengineSchema) schema = gst_tdengine_schema_new (precision);

  if (self->columns->len == 0) {
    g_set_error_literal (error, GST_TDENGINE_ERROR,
        GST_TDENGINE_ERROR_INVALID_VALUE, "No line names any");
    return NULL;
  }
  for (guint i = 0; i < self->columns->len; i++) {
    ColumnGuess *guess = &g_array_index (self->columns, ColumnGuess, i);
    GstTDengineColumn column = {
      .name = guess->name,
      .type = choose_type (guess, i == 0),
    };

    if (column.type == GST_TDENGINE_TYPE_VARCHAR)
      column.length = CLAMP (4 * guess->longest, MIN_LENGTH, MAX_LENGTH);
    if (!gst_tdengine_schema_append (schema, &column, error))
      return NULL;
  }
  return g_steal_pointer (&schema);
}
