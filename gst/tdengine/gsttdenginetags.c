/* tdengine tags: those of sub tables that are there, against those of the rows
 *
 * The server leaves the tags of a sub table that is there as they are,
 * whatever rows carry. So it is asked once for those of each sub table, and
 * what rows carry is compared with them.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineask.h"
#include "gsttdenginecause.h"
#include "gsttdenginecreate.h"
#include "gsttdengineinsert.h"
#include "gsttdenginesql.h"
#include "gsttdenginetags.h"

/* what is forgotten is asked for once more */
#define MAX_TABLES 65536
#define MAX_STATEMENT_BYTES (256 * 1024)

struct _GstTDengineTags
{
  GstTDengineTagsFunc differ;
  gpointer user_data;
  const GstTDengineTarget *target;
  GHashTable *tags;             /* name → its bound tags, as in SQL */
  GString *name;                /* of the row at hand */
  GString *text;                /* its tags */
};

GstTDengineTags *
gst_tdengine_tags_new (GstTDengineTagsFunc differ, gpointer user_data)
{
  GstTDengineTags *self = g_new0 (GstTDengineTags, 1);

  self->differ = differ;
  self->user_data = user_data;
  self->tags = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->name = g_string_new (NULL);
  self->text = g_string_new (NULL);
  return self;
}

void
gst_tdengine_tags_free (GstTDengineTags * self)
{
  g_hash_table_unref (self->tags);
  g_string_free (self->name, TRUE);
  g_string_free (self->text, TRUE);
  g_free (self);
}

/* to be repeated when it was mapped anew */
void
gst_tdengine_tags_set_target (GstTDengineTags * self,
    const GstTDengineTarget * target)
{
  self->target = target;
  g_hash_table_remove_all (self->tags);
}

static const gchar *
get_tag_name (GstTDengineTags * self, guint index)
{
  return gst_tdengine_schema_get_column (self->target->schema, index)->name;
}

static void
read_name (GstTDengineTags * self, const GstTDengineRun * run, guint row)
{
  gsize size;
  const guint8 *name = gst_tdengine_run_get_name (run, row, &size);

  g_string_truncate (self->name, 0);
  g_string_append_len (self->name, (const gchar *) name, size);
}

/* The tags of a row, so that they can be compared. An answer has them behind the
 * name. */
static gboolean
append_tags (GstTDengineTags * self, GString * text, GstTDengineRows * rows,
    guint row, gboolean is_answer, GError ** error)
{
  guint end = gst_tdengine_schema_get_n_columns (self->target->schema);
  guint n = 0;

  for (guint i = self->target->n_columns; i < end; i++) {
    gint source = self->target->sources[i];

    if (source < 0)
      continue;
    n++;
    if (!gst_tdengine_insert_append_value (text, rows, is_answer ? n :
            (guint) source, row, error))
      return FALSE;
    g_string_append_c (text, ',');
  }
  return TRUE;
}

/* asking */

static gboolean
read_answer (GstTDengineRows * rows, gpointer data, GError ** error)
{
  GstTDengineTags *self = data;

  for (guint row = 0; row < gst_tdengine_rows_get_n_rows (rows); row++) {
    g_autoptr (GString) text = g_string_new (NULL);

    if (!append_tags (self, text, rows, row, TRUE, error))
      return FALSE;
    g_hash_table_replace (self->tags, gst_tdengine_rows_get_text (rows, 0, row),
        g_strdup (text->str));
  }
  return TRUE;
}

static gboolean
ask (GstTDengineTags * self, GstTDengineConnection * connection,
    const gchar * sql, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GstTDengineSchema) answer = gst_tdengine_ask (connection, sql,
      read_answer, self, cancellable, error);

  return answer != NULL;
}

static void
begin_question (GstTDengineTags * self, GString * sql)
{
  g_string_assign (sql, "SELECT DISTINCT tbname");
  for (guint i = self->target->n_columns;
      i < gst_tdengine_schema_get_n_columns (self->target->schema); i++) {
    if (self->target->sources[i] < 0)
      continue;
    g_string_append_c (sql, ',');
    gst_tdengine_sql_append_name (sql, get_tag_name (self, i));
  }
  g_string_append (sql, " FROM ");
  gst_tdengine_sql_append_table (sql, self->target->database,
      self->target->table);
  g_string_append (sql, " WHERE tbname IN (");
}

/* A table that is asked for and not there has no tags yet: NULL. */
static void
add_to_question (GstTDengineTags * self, GString * sql)
{
  if (g_hash_table_contains (self->tags, self->name->str))
    return;
  if (sql->len == 0)
    begin_question (self, sql);
  else
    g_string_append_c (sql, ',');
  gst_tdengine_sql_append_text (sql, self->name->str, self->name->len);
  g_hash_table_insert (self->tags, g_strdup (self->name->str), NULL);
}

static gboolean
end_question (GstTDengineTags * self, GstTDengineConnection * connection,
    GString * sql, GCancellable * cancellable, GError ** error)
{
  gboolean done;

  if (sql->len == 0)
    return TRUE;
  g_string_append_c (sql, ')');
  done = ask (self, connection, sql->str, cancellable, error);
  if (!done)
    g_hash_table_remove_all (self->tags);
  g_string_truncate (sql, 0);
  return done;
}

static gboolean
ask_for_run (GstTDengineTags * self, GstTDengineConnection * connection,
    const GstTDengineRun * run, GCancellable * cancellable, GError ** error)
{
  g_autoptr (GString) sql = g_string_new (NULL);

  if (g_hash_table_size (self->tags) >= MAX_TABLES)
    g_hash_table_remove_all (self->tags);
  for (guint row = run->first; row < run->first + run->n_rows; row++) {
    read_name (self, run, row);
    add_to_question (self, sql);
    if (sql->len > MAX_STATEMENT_BYTES
        && !end_question (self, connection, sql, cancellable, error))
      return FALSE;
  }
  return end_question (self, connection, sql, cancellable, error);
}

/* comparing */

/* a table that its rows are yet to make is made now */
static gboolean
make_table (GstTDengineTags * self, GstTDengineConnection * connection,
    const GstTDengineRun * run, guint row, GCancellable * cancellable,
    GError ** error)
{
  GstTDengineRun one = *run;

  one.first = row;
  one.n_rows = 1;
  one.name = gst_tdengine_run_get_name (run, row, &one.name_size);
  return gst_tdengine_create_sub_table (connection, self->target, &one,
      cancellable, error);
}

/* one after the other, as older servers set no more at once */
static gboolean
set_tag (GstTDengineTags * self, GstTDengineConnection * connection,
    const GstTDengineRun * run, guint row, guint index,
    GCancellable * cancellable, GError ** error)
{
  g_autoptr (GString) sql = g_string_new ("ALTER TABLE ");

  gst_tdengine_sql_append_table (sql, self->target->database, self->name->str);
  g_string_append (sql, " SET TAG ");
  gst_tdengine_sql_append_name (sql, get_tag_name (self, index));
  g_string_append_c (sql, '=');
  return gst_tdengine_insert_append_value (sql, run->rows,
      self->target->sources[index], row, error)
      && gst_tdengine_connection_execute (connection, sql->str, cancellable,
      error) >= 0;
}

static gboolean
apply (GstTDengineTags * self, GstTDengineConnection * connection,
    const GstTDengineRun * run, guint row, GCancellable * cancellable,
    GError ** error)
{
  guint end = gst_tdengine_schema_get_n_columns (self->target->schema);
  g_autoptr (GError) local = NULL;

  for (guint i = self->target->n_columns; i < end && !local; i++) {
    if (self->target->sources[i] >= 0)
      set_tag (self, connection, run, row, i, cancellable, &local);
  }
  if (!local)
    return TRUE;
  if (gst_tdengine_cause_missing_table (local))
    return make_table (self, connection, run, row, cancellable, error);
  g_propagate_prefixed_error (error, g_steal_pointer (&local),
      "Could not set the tags of %s: ", self->name->str);
  return FALSE;
}

static gboolean
compare_row (GstTDengineTags * self, GstTDengineConnection * connection,
    const GstTDengineRun * run, guint row, GCancellable * cancellable,
    GError ** error)
{
  const gchar *known;

  read_name (self, run, row);
  g_string_truncate (self->text, 0);
  if (!append_tags (self, self->text, run->rows, row, FALSE, error))
    return FALSE;
  known = g_hash_table_lookup (self->tags, self->name->str);
  if (g_strcmp0 (known, self->text->str) == 0)
    return TRUE;
  if (known) {
    if (self->target->settings->tag_updates == GST_TDENGINE_TAG_UPDATES_APPLY
        && !apply (self, connection, run, row, cancellable, error))
      return FALSE;
    self->differ (self->user_data, self->name->str);
  }
  /* told and set once */
  g_hash_table_replace (self->tags, g_strdup (self->name->str),
      g_strdup (self->text->str));
  return TRUE;
}

/* Of rows that were checked against the target; nothing may be under way that
 * could make their tables. */
gboolean
gst_tdengine_tags_check (GstTDengineTags * self,
    GstTDengineConnection * connection, const GstTDengineRun * run,
    GCancellable * cancellable, GError ** error)
{
  if (!ask_for_run (self, connection, run, cancellable, error))
    return FALSE;
  for (guint row = run->first; row < run->first + run->n_rows; row++) {
    if (!compare_row (self, connection, run, row, cancellable, error))
      return FALSE;
  }
  return TRUE;
}
