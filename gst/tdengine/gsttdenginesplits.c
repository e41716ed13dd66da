/* tdengine splits: a query in parts
 *
 * What is asked for and what the server knows make a plan. It is a function of
 * both and nothing else, so that several processes that make the same plan each
 * take their part of it. A split's statement is made when it is wanted: there
 * may be millions.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineerror-private.h"
#include "gsttdenginesplits.h"
#include "gsttdenginesql.h"
#include "gsttdenginetime.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_INVALID_VALUE, \
      "", __VA_ARGS__)

#define COUNT_VARIABLE "TDENGINE_SPLIT_COUNT"
#define INDEX_VARIABLE "TDENGINE_SPLIT_INDEX"
/* what Kubernetes tells each pod of an indexed job */
#define JOB_INDEX_VARIABLE "JOB_COMPLETION_INDEX"
/* a statement may have 1 MiB; a list of names leaves room for the rest */
#define MAX_LIST_BYTES (256 * 1024)

/* tables of one vgroup, as many as a statement may name */
typedef struct
{
  gint vgroup;
  guint first, end;             /* in by_vgroup */
} TableList;

struct _GstTDengineSplits
{
  GstTDengineRequestedSplits requested;
  gchar *sql;                   /* of all rows */
  GstTDenginePrecision precision;       /* of the time */
  gchar *time_column;           /* that all rows have, or NULL */
  gboolean is_ordered;          /* a split's rows come by it */
  guint64 n;                    /* of all parts */
  guint64 first_number;         /* what the first split counts as */
  guint index, count;           /* our part */

  gchar *column;                /* of a split by time */
  gboolean open_start, open_end;
  gint64 start, end, interval;  /* ticks */

  GPtrArray *tables;            /* names, one for each split by table */
  GArray *lists;                /* TableList */
  GPtrArray *by_vgroup;         /* names */
};

/* what is asked for */

void
gst_tdengine_requested_splits_clear (GstTDengineRequestedSplits * self)
{
  g_free (self->query);
  g_free (self->select);
  g_free (self->table);
  g_free (self->where);
  g_free (self->other);
  g_free (self->columns);
  g_free (self->kept);
  g_free (self->column);
  g_free (self->start);
  g_free (self->end);
  g_free (self->interval);
  g_strfreev (self->conditions);
  g_strfreev (self->tables);
  g_free (self->timezone);
  memset (self, 0, sizeof *self);
}

void
gst_tdengine_requested_splits_copy (const GstTDengineRequestedSplits * from,
    GstTDengineRequestedSplits * to)
{
  *to = *from;
  to->query = g_strdup (from->query);
  to->select = g_strdup (from->select);
  to->table = g_strdup (from->table);
  to->where = g_strdup (from->where);
  to->other = g_strdup (from->other);
  to->columns = g_strdup (from->columns);
  to->kept = g_strdup (from->kept);
  to->column = g_strdup (from->column);
  to->start = g_strdup (from->start);
  to->end = g_strdup (from->end);
  to->interval = g_strdup (from->interval);
  to->conditions = g_strdupv (from->conditions);
  to->tables = g_strdupv (from->tables);
  to->timezone = g_strdup (from->timezone);
}

static gboolean
is_set (const gchar * text)
{
  return text && *text;
}

static gboolean
has_any (gchar ** texts)
{
  return texts && *texts;
}

static gboolean
check_statement (const GstTDengineRequestedSplits * self, GError ** error)
{
  gboolean by_names = self->by == GST_TDENGINE_SPLIT_TABLE
      && has_any (self->tables);

  if (!is_set (self->query) && !is_set (self->table) && !by_names)
    return refuse (error, "There is nothing to ask for: set the query or the "
        "table property");
  if (is_set (self->query) && (is_set (self->table) || is_set (self->select)
          || is_set (self->other)))
    return refuse (error, "The query property takes no table, select or other "
        "beside it");
  if (is_set (self->select) && is_set (self->columns))
    return refuse (error, "Set either select or columns");
  return TRUE;
}

static gboolean
check_unique (gchar ** texts, const gchar * what, GError ** error)
{
  g_autoptr (GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (; texts && *texts; texts++) {
    if (!**texts)
      return refuse (error, "%s has an empty one", what);
    if (!g_hash_table_add (seen, *texts))
      return refuse (error, "%s has \"%s\" twice: its rows would come twice",
          what, *texts);
  }
  return TRUE;
}

static gboolean
check_kind (const GstTDengineRequestedSplits * self, GError ** error)
{
  switch (self->by) {
    case GST_TDENGINE_SPLIT_TIME:
      return is_set (self->column) || is_set (self->table)
          || refuse (error, "A split by time needs the split-column property");
    case GST_TDENGINE_SPLIT_TAG:
      if (!has_any (self->conditions))
        return refuse (error,
            "A split by tag needs the split-conditions property");
      return check_unique (self->conditions, "split-conditions", error);
    case GST_TDENGINE_SPLIT_TABLE:
      if (is_set (self->query))
        return refuse (error, "A split by table takes the table or the "
            "split-tables property, not a query");
      if (is_set (self->table) && has_any (self->tables))
        return refuse (error, "Set either table or split-tables");
      return check_unique (self->tables, "split-tables", error);
    case GST_TDENGINE_SPLIT_VGROUP:
      return is_set (self->table)
          || refuse (error, "A split by vgroup needs the table property");
    default:
      return TRUE;
  }
}

static gboolean
read_variable (const gchar * name, guint64 * number)
{
  const gchar *text = g_getenv (name);

  return text && g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT, number,
      NULL);
}

/* what is not said is the environment's affair */
static gboolean
get_share (const GstTDengineRequestedSplits * self, guint * index,
    guint * count, GError ** error)
{
  guint64 n = self->count, i = MAX (self->index, 0);

  if (n == 0 && !read_variable (COUNT_VARIABLE, &n))
    n = 1;
  if (n > 1 && self->index < 0 && !read_variable (INDEX_VARIABLE, &i)
      && !read_variable (JOB_INDEX_VARIABLE, &i))
    return refuse (error,
        "Of which of %" G_GUINT64_FORMAT " parts is this? Set "
        "split-index, or %s or %s in the environment", n, INDEX_VARIABLE,
        JOB_INDEX_VARIABLE);
  if (n == 0 || i >= n)
    return refuse (error, "Part %" G_GUINT64_FORMAT " is none of %"
        G_GUINT64_FORMAT, i, n);
  if (n > 1 && self->by == GST_TDENGINE_SPLIT_NONE)
    return refuse (error, "What is not split can't be shared: set split-by");
  *index = i;
  *count = n;
  return TRUE;
}

/* What can be checked before the server is asked for anything. */
gboolean
gst_tdengine_requested_splits_check (const GstTDengineRequestedSplits * self,
    GError ** error)
{
  guint index, count;
  gint64 ticks;

  /* the finest precision takes whatever any takes */
  return check_statement (self, error) && check_kind (self, error)
      && get_share (self, &index, &count, error)
      && (!is_set (self->interval)
      || gst_tdengine_time_parse_interval (self->interval,
          GST_TDENGINE_PRECISION_NS, &ticks, error))
      && (!is_set (self->start) || gst_tdengine_time_parse (self->start,
          GST_TDENGINE_PRECISION_NS, self->timezone, &ticks, error))
      && (!is_set (self->end) || gst_tdengine_time_parse (self->end,
          GST_TDENGINE_PRECISION_NS, self->timezone, &ticks, error));
}

/* statements */

/* `a``b` → a`b; NULL where there is no closing one */
static gchar *
take_quoted (const gchar ** text)
{
  g_autoptr (GString) name = g_string_new (NULL);
  const gchar *at = *text + 1;

  for (; *at; at++) {
    if (*at == '`' && at[1] != '`') {
      *text = at + 1;
      return g_string_free (g_steal_pointer (&name), FALSE);
    }
    at += *at == '`';
    g_string_append_c (name, *at);
  }
  return NULL;
}

static gchar *
take_name (const gchar ** text)
{
  g_autofree gchar *quoted = **text == '`' ? take_quoted (text) : NULL;
  gsize size = strcspn (*text, ".");
  gchar *name;

  if (quoted)
    return g_steal_pointer (&quoted);
  name = g_strndup (*text, size);
  *text += size;
  return name;
}

/* A table in back-quotes, and its parts; database is NULL without one. */
static gchar *
quote_table (const gchar * text, gchar ** database, gchar ** table)
{
  g_autofree gchar *first = take_name (&text);
  GString *sql = g_string_new (NULL);

  *database = NULL;
  if (*text == '.') {
    text++;
    *table = take_name (&text);
    *database = g_steal_pointer (&first);
    gst_tdengine_sql_append_table (sql, *database, *table);
  } else {
    *table = g_steal_pointer (&first);
    gst_tdengine_sql_append_name (sql, *table);
  }
  return g_string_free (sql, FALSE);
}

gchar *
gst_tdengine_requested_splits_quote_table (const GstTDengineRequestedSplits *
    self, gchar ** database, gchar ** table)
{
  return quote_table (self->table, database, table);
}

/* a table's name is no column: in quotes it is not known */
static void
append_names (GString * sql, const gchar * text)
{
  g_auto (GStrv) names = g_strsplit (text, ",", -1);

  for (guint i = 0; names[i]; i++) {
    g_string_append (sql, i ? ", " : "");
    if (g_str_equal (g_strstrip (names[i]), "tbname"))
      g_string_append (sql, "tbname");
    else
      gst_tdengine_sql_append_name (sql, names[i]);
  }
}

static void
append_columns (GString * sql, const GstTDengineRequestedSplits * self)
{
  if (is_set (self->select))
    g_string_append (sql, self->select);
  else if (is_set (self->columns))
    append_names (sql, self->columns);
  else
    g_string_append_c (sql, '*');
}

/* rows of a table that is quoted already, and of those what the condition says */
static gchar *
assemble (const GstTDengineRequestedSplits * self, const gchar * table,
    const gchar * condition)
{
  GString *sql = g_string_new ("select ");

  append_columns (sql, self);
  g_string_append_printf (sql, " from %s", table);
  if (condition && is_set (self->where))
    g_string_append_printf (sql, " where %s and (%s)", condition, self->where);
  else if (condition || is_set (self->where))
    g_string_append_printf (sql, " where %s", condition ? condition :
        self->where);
  if (is_set (self->other))
    g_string_append_printf (sql, " %s", self->other);
  return g_string_free (sql, FALSE);
}

/* of all rows; NULL where each split has a table of its own */
gchar *
gst_tdengine_requested_splits_make_sql (const GstTDengineRequestedSplits * self)
{
  g_autofree gchar *database = NULL;
  g_autofree gchar *name = NULL;
  g_autofree gchar *table = NULL;

  if (is_set (self->query)) {
    if (!is_set (self->columns) && !is_set (self->where))
      return g_strdup (self->query);
    table = g_strdup_printf ("(%s)", self->query);
  } else if (is_set (self->table)) {
    table = gst_tdengine_requested_splits_quote_table (self, &database, &name);
  }
  return table ? assemble (self, table, NULL) : NULL;
}

/* how the rows are divided; the same text is the same division */
gchar *
gst_tdengine_requested_splits_describe (const GstTDengineRequestedSplits * self)
{
  g_autofree gchar *conditions =
      self->conditions ? g_strjoinv ("\n", self->conditions) : NULL;
  g_autofree gchar *tables =
      self->tables ? g_strjoinv ("\n", self->tables) : NULL;

  return g_strdup_printf ("by %d column %s start %s end %s interval %s limit %"
      G_GUINT64_FORMAT " part %d of %u conditions %s tables %s", self->by,
      self->column, self->start, self->end, self->interval, self->limit,
      self->index, self->count, conditions, tables);
}

/* what the server knows */

static void
clear_sub_table (gpointer table)
{
  g_free (((GstTDengineSubTable *) table)->name);
}

void
gst_tdengine_split_facts_init (GstTDengineSplitFacts * facts)
{
  memset (facts, 0, sizeof *facts);
  facts->sub_tables = g_array_new (FALSE, FALSE, sizeof (GstTDengineSubTable));
  g_array_set_clear_func (facts->sub_tables, clear_sub_table);
}

void
gst_tdengine_split_facts_clear (GstTDengineSplitFacts * facts)
{
  g_free (facts->time_column);
  g_clear_pointer (&facts->sub_tables, g_array_unref);
}

void
gst_tdengine_split_facts_add_table (GstTDengineSplitFacts * facts,
    const gchar * name, gint vgroup)
{
  const GstTDengineSubTable table = { g_strdup (name), vgroup };

  g_array_append_val (facts->sub_tables, table);
}

/* the plan */

/* what is not said is where the rows begin or end, and left open */
static gboolean
read_bounds (GstTDengineSplits * self, const GstTDengineSplitFacts * facts,
    GError ** error)
{
  const GstTDengineRequestedSplits *requested = &self->requested;

  self->open_start = !is_set (requested->start);
  self->open_end = !is_set (requested->end);
  self->start = facts->first;
  self->end = facts->last < G_MAXINT64 ? facts->last + 1 : facts->last;
  return (self->open_start || gst_tdengine_time_parse (requested->start,
          facts->precision, requested->timezone, &self->start, error))
      && (self->open_end || gst_tdengine_time_parse (requested->end,
          facts->precision, requested->timezone, &self->end, error));
}

/* Intervals begin at multiples of their length and are numbered from 1970 on:
 * rows that come later change nobody's part. */
static void
align_start (GstTDengineSplits * self)
{
  gint64 number = self->start / self->interval;

  if (self->start < 0 && self->start % self->interval != 0)
    number--;
  self->start = number * self->interval;
  self->first_number = MAX (number, 0);
}

static gboolean
plan_time (GstTDengineSplits * self, const GstTDengineSplitFacts * facts,
    GError ** error)
{
  const GstTDengineRequestedSplits *requested = &self->requested;
  guint64 span;

  self->column =
      g_strdup (is_set (requested->column) ? requested->column :
      facts->time_column);
  if (!self->column)
    return refuse (error, "A split by time needs the split-column property");
  if (!read_bounds (self, facts, error))
    return FALSE;
  if (self->end <= self->start && !self->open_start && !self->open_end)
    return refuse (error, "split-end has to be after split-start");
  self->interval = G_MAXINT64;
  if (is_set (requested->interval)
      && !gst_tdengine_time_parse_interval (requested->interval,
          facts->precision, &self->interval, error))
    return FALSE;
  if (self->open_start)
    align_start (self);
  span = self->end > self->start ? (guint64) self->end - self->start : 1;
  /* without rows there is no telling where they end */
  self->n = !facts->has_rows && (self->open_start || self->open_end) ? 1 :
      (span - 1) / self->interval + 1;
  return TRUE;
}

static gboolean
plan_tables (GstTDengineSplits * self, const GstTDengineSplitFacts * facts)
{
  for (gchar ** name = self->requested.tables; name && *name; name++)
    g_ptr_array_add (self->tables, g_strdup (*name));
  for (guint i = 0; i < facts->sub_tables->len; i++)
    g_ptr_array_add (self->tables, g_strdup (g_array_index (facts->sub_tables,
                GstTDengineSubTable, i).name));
  self->n = self->tables->len;
  /* a table without sub tables is its own and only split */
  if (self->n == 0 && !facts->is_super)
    self->n = 1;
  return TRUE;
}

static gint
compare_vgroups (gconstpointer a, gconstpointer b)
{
  const GstTDengineSubTable *first = a, *second = b;

  if (first->vgroup != second->vgroup)
    return first->vgroup < second->vgroup ? -1 : 1;
  return strcmp (first->name, second->name);
}

static gboolean
plan_vgroups (GstTDengineSplits * self, const GstTDengineSplitFacts * facts)
{
  g_autoptr (GArray) tables = g_array_copy (facts->sub_tables);
  gsize n_bytes = 0;

  g_array_set_clear_func (tables, NULL);
  g_array_sort (tables, compare_vgroups);
  for (guint i = 0; i < tables->len; i++) {
    const GstTDengineSubTable *table =
        &g_array_index (tables, GstTDengineSubTable, i);
    TableList *last = self->lists->len == 0 ? NULL :
        &g_array_index (self->lists, TableList, self->lists->len - 1);

    n_bytes += 2 * strlen (table->name) + 4;
    if (!last || last->vgroup != table->vgroup || n_bytes > MAX_LIST_BYTES) {
      const TableList list = { table->vgroup, i, i };

      g_array_append_val (self->lists, list);
      last = &g_array_index (self->lists, TableList, self->lists->len - 1);
      n_bytes = 0;
    }
    last->end = i + 1;
    g_ptr_array_add (self->by_vgroup, g_strdup (table->name));
  }
  self->n = facts->is_super ? self->lists->len : 1;
  return TRUE;
}

static gboolean
make_plan (GstTDengineSplits * self, const GstTDengineSplitFacts * facts,
    GError ** error)
{
  switch (self->requested.by) {
    case GST_TDENGINE_SPLIT_TIME:
      return plan_time (self, facts, error);
    case GST_TDENGINE_SPLIT_TAG:
      self->n = g_strv_length (self->requested.conditions);
      return TRUE;
    case GST_TDENGINE_SPLIT_TABLE:
      return plan_tables (self, facts);
    case GST_TDENGINE_SPLIT_VGROUP:
      return plan_vgroups (self, facts);
    default:
      self->n = 1;
      return TRUE;
  }
}

static gboolean
selects (const GstTDengineRequestedSplits * requested, const gchar * column)
{
  g_auto (GStrv) names = NULL;

  if (is_set (requested->select) || is_set (requested->other))
    return FALSE;
  if (!is_set (requested->columns))
    return TRUE;
  names = g_strsplit (requested->columns, ",", -1);
  for (guint i = 0; names[i]; i++)
    g_strstrip (names[i]);
  return g_strv_contains ((const gchar * const *) names, column);
}

/* rows of one table come by its time */
static void
find_order (GstTDengineSplits * self, const GstTDengineSplitFacts * facts)
{
  const GstTDengineRequestedSplits *requested = &self->requested;

  if (facts->time_column && selects (requested, facts->time_column)) {
    self->time_column = g_strdup (facts->time_column);
    self->is_ordered = requested->by == GST_TDENGINE_SPLIT_TABLE
        || !facts->is_super;
  } else if (self->column) {
    self->time_column = g_strdup (self->column);
  }
}

GstTDengineSplits *
gst_tdengine_splits_new (const GstTDengineRequestedSplits * requested,
    const GstTDengineSplitFacts * facts, GError ** error)
{
  g_autoptr (GstTDengineSplits) self = g_new0 (GstTDengineSplits, 1);

  gst_tdengine_requested_splits_copy (requested, &self->requested);
  self->tables = g_ptr_array_new_with_free_func (g_free);
  self->lists = g_array_new (FALSE, FALSE, sizeof (TableList));
  self->by_vgroup = g_ptr_array_new_with_free_func (g_free);
  self->precision = facts->precision;
  self->sql = gst_tdengine_requested_splits_make_sql (requested);
  if (!gst_tdengine_requested_splits_check (requested, error)
      || !get_share (requested, &self->index, &self->count, error)
      || !make_plan (self, facts, error))
    return NULL;
  find_order (self, facts);
  return g_steal_pointer (&self);
}

void
gst_tdengine_splits_free (GstTDengineSplits * self)
{
  gst_tdengine_requested_splits_clear (&self->requested);
  g_free (self->sql);
  g_free (self->time_column);
  g_free (self->column);
  g_ptr_array_unref (self->tables);
  g_array_unref (self->lists);
  g_ptr_array_unref (self->by_vgroup);
  g_free (self);
}

/* the parts take turns, which one begins is up to what the first counts as */
static guint64
get_first_place (const GstTDengineSplits * self)
{
  return (self->index + self->count -
      self->first_number % self->count) % self->count;
}

/* how many are our part */
guint64
gst_tdengine_splits_get_n (const GstTDengineSplits * self)
{
  guint64 first = get_first_place (self);

  return self->n <= first ? 0 : (self->n - first - 1) / self->count + 1;
}

static guint64
get_place (const GstTDengineSplits * self, guint64 index)
{
  return get_first_place (self) + index * self->count;
}

static gchar *
make_time_condition (const GstTDengineSplits * self, guint64 place)
{
  GString *sql = g_string_new (NULL);
  gint64 start = self->start + place * self->interval;
  gint64 end = self->n == 1 || place == self->n - 1 ? self->end :
      start + self->interval;
  gboolean has_start = place > 0 || !self->open_start;
  gboolean has_end = place < self->n - 1 || !self->open_end;

  if (has_start) {
    gst_tdengine_sql_append_name (sql, self->column);
    g_string_append_printf (sql, " >= %" G_GINT64_FORMAT, start);
  }
  if (has_end) {
    g_string_append (sql, has_start ? " and " : "");
    gst_tdengine_sql_append_name (sql, self->column);
    g_string_append_printf (sql, " < %" G_GINT64_FORMAT, end);
  }
  return g_string_free (sql, FALSE);
}

static gchar *
make_list_condition (const GstTDengineSplits * self, const TableList * list)
{
  GString *sql = g_string_new ("tbname in (");

  for (guint i = list->first; i < list->end; i++) {
    g_string_append (sql, i > list->first ? ", " : "");
    gst_tdengine_sql_append_text (sql, g_ptr_array_index (self->by_vgroup, i),
        -1);
  }
  g_string_append_c (sql, ')');
  return g_string_free (sql, FALSE);
}

static gchar *
make_table_condition (const GstTDengineSplits * self, guint64 place)
{
  GString *sql = g_string_new ("tbname = ");

  gst_tdengine_sql_append_text (sql, g_ptr_array_index (self->tables, place),
      -1);
  return g_string_free (sql, FALSE);
}

static gchar *
make_table_sql (const GstTDengineSplits * self, guint64 place)
{
  g_autofree gchar *database = NULL;
  g_autofree gchar *name = NULL;
  g_autofree gchar *table =
      quote_table (g_ptr_array_index (self->tables, place), &database, &name);

  return assemble (&self->requested, table, NULL);
}

static gchar *
make_filtered_sql (const GstTDengineSplits * self, const gchar * condition)
{
  g_autofree gchar *database = NULL;
  g_autofree gchar *name = NULL;
  g_autofree gchar *table =
      gst_tdengine_requested_splits_quote_table (&self->requested, &database,
      &name);

  return assemble (&self->requested, table, condition);
}

static gchar *
make_outer_sql (const gchar * sql, const gchar * condition)
{
  if (!*condition)
    return g_strdup (sql);
  return g_strdup_printf ("select * from (%s) where %s", sql, condition);
}

static gchar *
make_split_sql (const GstTDengineSplits * self, guint64 place)
{
  g_autofree gchar *condition = NULL;

  switch (self->requested.by) {
    case GST_TDENGINE_SPLIT_TIME:
      condition = make_time_condition (self, place);
      return make_outer_sql (self->sql, condition);
    case GST_TDENGINE_SPLIT_TAG:
      return make_outer_sql (self->sql, self->requested.conditions[place]);
    case GST_TDENGINE_SPLIT_TABLE:
      if (has_any (self->requested.tables))
        return make_table_sql (self, place);
      if (self->tables->len == 0)
        return g_strdup (self->sql);
      condition = make_table_condition (self, place);
      return make_filtered_sql (self, condition);
    case GST_TDENGINE_SPLIT_VGROUP:
      if (self->lists->len == 0)
        return g_strdup (self->sql);
      condition = make_list_condition (self,
          &g_array_index (self->lists, TableList, place));
      return make_filtered_sql (self, condition);
    default:
      return g_strdup (self->sql);
  }
}

static gchar *
keep_columns (const GstTDengineSplits * self, gchar * sql)
{
  g_autofree gchar *owned = sql;
  GString *outer;

  if (!is_set (self->requested.kept))
    return g_steal_pointer (&owned);
  outer = g_string_new ("select ");
  append_names (outer, self->requested.kept);
  g_string_append_printf (outer, " from (%s)", owned);
  return g_string_free (outer, FALSE);
}

static gchar *
finish_sql (const GstTDengineSplits * self, gchar * sql)
{
  g_autofree gchar *kept = keep_columns (self, sql);

  if (self->requested.limit == 0)
    return g_steal_pointer (&kept);
  return g_strdup_printf ("%s limit %" G_GUINT64_FORMAT, kept,
      self->requested.limit);
}

gchar *
gst_tdengine_splits_get_sql (const GstTDengineSplits * self, guint64 index)
{
  return finish_sql (self, make_split_sql (self, get_place (self, index)));
}

GstTDenginePrecision
gst_tdengine_splits_get_precision (const GstTDengineSplits * self)
{
  return self->precision;
}

/* the one that rows are asked for by */
const gchar *
gst_tdengine_splits_get_time_column (const GstTDengineSplits * self)
{
  return self->time_column;
}

/* whether the rows of each split come by that time */
gboolean
gst_tdengine_splits_is_ordered (const GstTDengineSplits * self)
{
  return self->is_ordered;
}

/* What a split has from a time on; NULL where no time is known. */
gchar *
gst_tdengine_splits_get_rest_sql (const GstTDengineSplits * self, guint64 index,
    gint64 from)
{
  g_autofree gchar *sql = make_split_sql (self, get_place (self, index));
  g_autoptr (GString) condition = g_string_new (NULL);

  if (!self->time_column)
    return NULL;
  gst_tdengine_sql_append_name (condition, self->time_column);
  g_string_append_printf (condition, " >= %" G_GINT64_FORMAT, from);
  return finish_sql (self, make_outer_sql (sql, condition->str));
}

/* The last time that a split has; NULL where no time is known. */
gchar *
gst_tdengine_splits_get_last_sql (const GstTDengineSplits * self, guint64 index)
{
  g_autofree gchar *sql = make_split_sql (self, get_place (self, index));
  GString *last = g_string_new ("SELECT LAST(");

  if (!self->time_column)
    return g_string_free (last, TRUE);
  gst_tdengine_sql_append_name (last, self->time_column);
  g_string_append_printf (last, ") FROM (%s)", sql);
  return g_string_free (last, FALSE);
}

/* for people, and for the state file: the same in each plan that has it */
gchar *
gst_tdengine_splits_get_name (const GstTDengineSplits * self, guint64 index)
{
  guint64 place = get_place (self, index);
  const TableList *list;

  switch (self->requested.by) {
    case GST_TDENGINE_SPLIT_TIME:
      return make_time_condition (self, place);
    case GST_TDENGINE_SPLIT_TAG:
      return g_strdup (self->requested.conditions[place]);
    case GST_TDENGINE_SPLIT_TABLE:
      return g_strdup (self->tables->len == 0 ? self->requested.table :
          g_ptr_array_index (self->tables, place));
    case GST_TDENGINE_SPLIT_VGROUP:
      if (self->lists->len == 0)
        return g_strdup (self->requested.table);
      list = &g_array_index (self->lists, TableList, place);
      return g_strdup_printf ("vgroup %d from %s", list->vgroup,
          (gchar *) g_ptr_array_index (self->by_vgroup, list->first));
    default:
      return g_strdup ("all");
  }
}
