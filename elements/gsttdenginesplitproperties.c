/* tdengine split properties: what is asked for, and in which parts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineelement.h"
#include "gsttdenginesplitproperties.h"

typedef enum
{
  KIND_TEXT,
  KIND_LIST,                    /* with commas between */
  KIND_CONDITIONS,              /* with semicolons between, as SQL has commas */
  KIND_LIMIT,
  KIND_SPLIT_BY,
  KIND_INDEX,
  KIND_COUNT,
} Kind;

typedef struct
{
  const gchar *name;
  Kind kind;
  gsize offset;
  const gchar *nick;
  const gchar *blurb;
} Property;

#define FIELD(name) G_STRUCT_OFFSET (GstTDengineRequestedSplits, name)

static const Property table[] = {
  {"query", KIND_TEXT, FIELD (query), "Query",
      "Statement whose rows are wanted, in TDengine's SQL"},
  {"select", KIND_TEXT, FIELD (select), "Select",
      "What to select from the table, in TDengine's SQL (default: *)"},
  {"table", KIND_TEXT, FIELD (table), "Table",
      "Table to read in place of a query, in its exact case, with or without "
        "its database; names with points in them in back-quotes"},
  {"where", KIND_TEXT, FIELD (where), "Where",
      "Condition that rows have to meet, in TDengine's SQL"},
  {"other", KIND_TEXT, FIELD (other), "Other",
      "What follows in the statement, such as order by ts"},
  {"columns", KIND_TEXT, FIELD (columns), "Columns",
      "Names of the columns wanted, with commas between (default: all)"},
  {"limit", KIND_LIMIT, FIELD (limit), "Limit",
      "Most rows to read, of all splits together (0: all)"},
  {"split-by", KIND_SPLIT_BY, FIELD (by), "Split by",
      "What the rows are read in parts by"},
  {"split-column", KIND_TEXT, FIELD (column), "Split column",
      "TIMESTAMP to split by (default: the first one of the table)"},
  {"split-start", KIND_TEXT, FIELD (start), "Split start",
      "First time of a split by time, ISO 8601 with a zone or an epoch in the "
        "database's precision (default: that of the first row)"},
  {"split-end", KIND_TEXT, FIELD (end), "Split end",
      "Time before which a split by time ends (default: after the last row)"},
  {"split-interval", KIND_TEXT, FIELD (interval), "Split interval",
      "Length of a split by time, such as 1h, 500a (ms) or 10u (us) "
        "(default: all at once)"},
  {"split-conditions", KIND_CONDITIONS, FIELD (conditions), "Split conditions",
      "Conditions on tags with semicolons between, one for each split; no row "
        "may meet two"},
  {"split-tables", KIND_LIST, FIELD (tables), "Split tables",
      "Tables to read with commas between, one for each split (default: the sub "
        "tables of table)"},
  {"split-index", KIND_INDEX, FIELD (index), "Split index",
      "Which of the parts that share the splits this is (-1: what "
        "TDENGINE_SPLIT_INDEX or JOB_COMPLETION_INDEX in the environment says)"},
  {"split-count", KIND_COUNT, FIELD (count), "Split count",
      "How many parts share the splits, in several elements or processes (0: "
        "what TDENGINE_SPLIT_COUNT in the environment says, or 1)"},
};

#define GST_TYPE_TDENGINE_SPLIT_BY (gst_tdengine_split_by_get_type ())
static GType
gst_tdengine_split_by_get_type (void)
{
  static const GEnumValue values[] = {
    {GST_TDENGINE_SPLIT_NONE, "All rows in one query", "none"},
    {GST_TDENGINE_SPLIT_TIME, "An interval of time each", "time"},
    {GST_TDENGINE_SPLIT_TAG, "A condition on tags each", "tag"},
    {GST_TDENGINE_SPLIT_TABLE, "A table each", "table"},
    {GST_TDENGINE_SPLIT_VGROUP, "The tables of a storage node each", "vgroup"},
    {0, NULL, NULL},
  };
  static GType type;

  return gst_tdengine_element_register_enum (&type, "GstTDengineSplitBy",
      values);
}

static GParamSpec *
make_spec (const Property * property)
{
  const GParamFlags flags = G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY
      | G_PARAM_READWRITE;
  const gchar *name = property->name, *nick = property->nick;
  const gchar *blurb = property->blurb;

  switch (property->kind) {
    case KIND_LIMIT:
      return g_param_spec_uint64 (name, nick, blurb, 0, G_MAXINT64, 0, flags);
    case KIND_SPLIT_BY:
      return g_param_spec_enum (name, nick, blurb, GST_TYPE_TDENGINE_SPLIT_BY,
          GST_TDENGINE_SPLIT_NONE, flags);
    case KIND_INDEX:
      return g_param_spec_int (name, nick, blurb, -1, G_MAXINT, -1, flags);
    case KIND_COUNT:
      return g_param_spec_uint (name, nick, blurb, 0, G_MAXINT, 0, flags);
    default:
      return g_param_spec_string (name, nick, blurb, NULL, flags);
  }
}

void
gst_tdengine_split_properties_install (GObjectClass * klass, guint first_id)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++)
    g_object_class_install_property (klass, first_id + i,
        make_spec (&table[i]));
  gst_type_mark_as_plugin_api (GST_TYPE_TDENGINE_SPLIT_BY, 0);
}

static const Property *
find_property (const gchar * name)
{
  for (guint i = 0; i < G_N_ELEMENTS (table); i++) {
    if (g_str_equal (name, table[i].name))
      return &table[i];
  }
  return NULL;
}

/* what separates parts, but not within these quotes */
typedef struct
{
  gchar separator;
  const gchar *quotes;
} Syntax;

static const Syntax names = { ',', "`" };
static const Syntax conditions = { ';', "'\"`" };

static const gchar *
find_separator (const gchar * text, const Syntax * syntax)
{
  gchar quote = 0;

  for (; *text && (quote || *text != syntax->separator); text++) {
    if (quote ? *text == quote : strchr (syntax->quotes, *text) != NULL)
      quote = quote ? 0 : *text;
  }
  return text;
}

static gchar **
split_text (const gchar * text, const Syntax * syntax)
{
  GPtrArray *parts = g_ptr_array_new ();

  while (text && *text) {
    const gchar *end = find_separator (text, syntax);

    g_ptr_array_add (parts, g_strstrip (g_strndup (text, end - text)));
    text = end + (*end != 0);
  }
  g_ptr_array_add (parts, NULL);
  return (gchar **) g_ptr_array_free (parts, FALSE);
}

static void
set_list (gpointer field, const GValue * value, const Syntax * syntax)
{
  g_strfreev (*(gchar ***) field);
  *(gchar ***) field = split_text (g_value_get_string (value), syntax);
}

static void
get_list (gconstpointer field, GValue * value, const Syntax * syntax)
{
  const gchar separator[] = { syntax->separator, 0 };
  gchar **list = *(gchar ** const *) field;

  if (list)
    g_value_take_string (value, g_strjoinv (separator, list));
}

/* FALSE where pspec is none of them */
gboolean
gst_tdengine_split_properties_set (GstTDengineRequestedSplits * requested,
    const GValue * value, GParamSpec * pspec)
{
  const Property *property = find_property (pspec->name);
  gpointer field =
      property ? G_STRUCT_MEMBER_P (requested, property->offset) : NULL;

  if (!property)
    return FALSE;
  switch (property->kind) {
    case KIND_TEXT:
      g_free (*(gchar **) field);
      *(gchar **) field = g_value_dup_string (value);
      break;
    case KIND_LIST:
      set_list (field, value, &names);
      break;
    case KIND_CONDITIONS:
      set_list (field, value, &conditions);
      break;
    case KIND_LIMIT:
      *(guint64 *) field = g_value_get_uint64 (value);
      break;
    case KIND_SPLIT_BY:
      *(GstTDengineSplitBy *) field = g_value_get_enum (value);
      break;
    case KIND_INDEX:
      *(gint *) field = g_value_get_int (value);
      break;
    case KIND_COUNT:
      *(guint *) field = g_value_get_uint (value);
      break;
  }
  return TRUE;
}

gboolean
gst_tdengine_split_properties_get (const GstTDengineRequestedSplits * requested,
    GValue * value, GParamSpec * pspec)
{
  const Property *property = find_property (pspec->name);
  gconstpointer field =
      property ? G_STRUCT_MEMBER_P (requested, property->offset) : NULL;

  if (!property)
    return FALSE;
  switch (property->kind) {
    case KIND_TEXT:
      g_value_set_string (value, *(gchar * const *) field);
      break;
    case KIND_LIST:
      get_list (field, value, &names);
      break;
    case KIND_CONDITIONS:
      get_list (field, value, &conditions);
      break;
    case KIND_LIMIT:
      g_value_set_uint64 (value, *(const guint64 *) field);
      break;
    case KIND_SPLIT_BY:
      g_value_set_enum (value, *(const GstTDengineSplitBy *) field);
      break;
    case KIND_INDEX:
      g_value_set_int (value, *(const gint *) field);
      break;
    case KIND_COUNT:
      g_value_set_uint (value, *(const guint *) field);
      break;
  }
  return TRUE;
}
