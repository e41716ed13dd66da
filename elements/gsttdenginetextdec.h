/* tdengine text decoder: what the elements that read rows from text share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>

#include "gsttdengineguess.h"
#include "gsttdenginelines.h"

G_BEGIN_DECLS

/**
 * GstTDengineField:
 * @text: what a line says of a column, or NULL
 * @size: bytes of @text
 */
typedef struct
{
  const gchar *text;
  gsize size;
} GstTDengineField;

#define GST_TYPE_TDENGINE_TEXT_DEC (gst_tdengine_text_dec_get_type ())
G_DECLARE_DERIVABLE_TYPE (GstTDengineTextDec, gst_tdengine_text_dec,
    GST, TDENGINE_TEXT_DEC, GstElement)

/**
 * GstTDengineTextDecClass:
 * @start: checks the settings; FALSE after an error on the bus. Whether the
 *   first line is a head is what it says in @has_head
 * @find_end: the size of the first line, see #GstTDengineFindEnd
 * @is_blank: whether a line is none that counts
 * @read_head: takes the first line
 * @pick_columns: of what a table has, what lines may have; NULL where they have
 *   others
 * @set_schema: the columns of the rows to come; FALSE where the lines can't
 *   have them
 * @guess_line: adds what a line holds to a guess
 * @read_line: fills in a field for each column of the schema, all of which are
 *   NULL before. Their text may be the line's, or the subclass's own until the
 *   next line
 *
 * A subclass says how lines look; this class takes care of bytes, caps, rows
 * and errors. Lines come without their ends. All functions but @start are
 * called from the streaming thread.
 */
struct _GstTDengineTextDecClass
{
  GstElementClass parent_class;

  gboolean (*start)      (GstTDengineTextDec *dec, gboolean *has_head);
  gsize    (*find_end)   (GstTDengineTextDec *dec, const gchar *text,
                          gsize size, GstTDengineScan *scan);
  gboolean (*is_blank)   (GstTDengineTextDec *dec, const gchar *line,
                          gsize size);
  gboolean (*read_head)  (GstTDengineTextDec *dec, const gchar *line,
                          gsize size, GError **error);
  GstTDengineSchema *
           (*pick_columns) (GstTDengineTextDec *dec, GstTDengineSchema *table,
                          GError **error);
  gboolean (*set_schema) (GstTDengineTextDec *dec, GstTDengineSchema *schema,
                          GError **error);
  gboolean (*guess_line) (GstTDengineTextDec *dec, const gchar *line,
                          gsize size, GstTDengineGuess *guess, GError **error);
  gboolean (*read_line)  (GstTDengineTextDec *dec, const gchar *line,
                          gsize size, GstTDengineField *fields,
                          GError **error);
};

void gst_tdengine_text_dec_class_set_media_type (GstTDengineTextDecClass *klass,
                                                 const gchar *media_type);

G_END_DECLS
