/* tdengine write settings: where rows go, and how
 *
 * The properties are installed here for the settings themselves and for an
 * element that has them as its own.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <gst/gst.h>

#include "gsttdengineerror-private.h"
#include "gsttdenginetemplate.h"
#include "gsttdenginewritesettings-private.h"

#define refuse(error, ...) \
  gst_tdengine_error_refuse (error, GST_TDENGINE_ERROR_INVALID_VALUE, \
      "", __VA_ARGS__)

#define DEFAULT_BATCH_BYTES (8 * 1024 * 1024)
#define MAX_BATCH_BYTES (64 * 1024 * 1024)
#define DEFAULT_RETRIES 5
#define DEFAULT_RETRY_INTERVAL 500
#define MAX_PARALLELISM 64

G_DEFINE_ENUM_TYPE (GstTDengineUnknownColumns, gst_tdengine_unknown_columns,
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_UNKNOWN_COLUMNS_ERROR, "error"),
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_UNKNOWN_COLUMNS_IGNORE, "ignore"),
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_UNKNOWN_COLUMNS_ADD, "add"));
G_DEFINE_FLAGS_TYPE (GstTDengineCreateFlags, gst_tdengine_create_flags,
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_CREATE_DATABASE, "database"),
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_CREATE_SUPER_TABLE, "super-table"),
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_CREATE_TABLE, "table"),
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_CREATE_COLUMNS, "columns"));
G_DEFINE_ENUM_TYPE (GstTDengineTagUpdates, gst_tdengine_tag_updates,
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_TAG_UPDATES_IGNORE, "ignore"),
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_TAG_UPDATES_WARN, "warn"),
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_TAG_UPDATES_APPLY, "apply"));
G_DEFINE_ENUM_TYPE (GstTDengineWriteMode, gst_tdengine_write_mode,
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_WRITE_MODE_AUTO, "auto"),
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_WRITE_MODE_RAW, "raw"),
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_WRITE_MODE_BIND, "bind"),
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_WRITE_MODE_SQL, "sql"));
G_DEFINE_ENUM_TYPE (GstTDengineOnError, gst_tdengine_on_error,
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_ON_ERROR_FAIL, "fail"),
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_ON_ERROR_SKIP, "skip"),
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_ON_ERROR_REJECT, "reject"));

G_DEFINE_ENUM_TYPE (GstTDengineApply, gst_tdengine_apply,
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_APPLY_IGNORE, "ignore"),
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_APPLY_ERROR, "error"),
    G_DEFINE_ENUM_VALUE (GST_TDENGINE_APPLY_APPLY, "apply"));

G_DEFINE_FINAL_TYPE (GstTDengineWriteSettings, gst_tdengine_write_settings,
    G_TYPE_OBJECT);

static const struct
{
  const gchar *name;
  gsize offset;
} fields[] = {
#define FIELD(name, field) \
  {name, G_STRUCT_OFFSET (GstTDengineWriteSettings, field)}
  FIELD ("super-table", super_table),
  FIELD ("table", table),
  FIELD ("table-template", table_template),
  FIELD ("column-map", column_map),
  FIELD ("unknown-columns", unknown_columns),
  FIELD ("create", create),
  FIELD ("tags", tags),
  FIELD ("tag-updates", tag_updates),
  FIELD ("apply-meta", apply_meta),
  FIELD ("apply-deletes", apply_deletes),
  FIELD ("source-table", source_table),
  FIELD ("write-mode", write_mode),
  FIELD ("batch-size", batch_size),
  FIELD ("batch-bytes", batch_bytes),
  FIELD ("retries", retries),
  FIELD ("retry-interval", retry_interval),
  FIELD ("on-error", on_error),
  FIELD ("parallelism", parallelism),
  FIELD ("max-rows-per-second", max_rows_per_second),
#undef FIELD
};

static gpointer
find_field (GObject * self, GParamSpec * pspec)
{
  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    if (g_str_equal (fields[i].name, pspec->name))
      return G_STRUCT_MEMBER_P (self, fields[i].offset);
  }
  g_return_val_if_reached (NULL);
}

static void
gst_tdengine_write_settings_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  gpointer field = find_field (object, pspec);

  if (G_IS_PARAM_SPEC_STRING (pspec)) {
    g_free (*(gchar **) field);
    *(gchar **) field = g_value_dup_string (value);
  } else if (G_IS_PARAM_SPEC_BOXED (pspec)) {
    g_clear_pointer ((GstStructure **) field, gst_structure_free);
    *(GstStructure **) field = g_value_dup_boxed (value);
  } else if (G_IS_PARAM_SPEC_ENUM (pspec)) {
    *(gint *) field = g_value_get_enum (value);
  } else if (G_IS_PARAM_SPEC_FLAGS (pspec)) {
    *(guint *) field = g_value_get_flags (value);
  } else {
    *(guint *) field = g_value_get_uint (value);
  }
}

static void
gst_tdengine_write_settings_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  gpointer field = find_field (object, pspec);

  if (G_IS_PARAM_SPEC_STRING (pspec))
    g_value_set_string (value, *(gchar **) field);
  else if (G_IS_PARAM_SPEC_BOXED (pspec))
    g_value_set_boxed (value, *(GstStructure **) field);
  else if (G_IS_PARAM_SPEC_ENUM (pspec))
    g_value_set_enum (value, *(gint *) field);
  else if (G_IS_PARAM_SPEC_FLAGS (pspec))
    g_value_set_flags (value, *(guint *) field);
  else
    g_value_set_uint (value, *(guint *) field);
}

static void
gst_tdengine_write_settings_finalize (GObject * object)
{
  GstTDengineWriteSettings *self = GST_TDENGINE_WRITE_SETTINGS (object);

  g_free (self->super_table);
  g_free (self->table);
  g_free (self->table_template);
  g_clear_pointer (&self->column_map, gst_structure_free);
  g_free (self->tags);
  g_free (self->source_table);
  G_OBJECT_CLASS (gst_tdengine_write_settings_parent_class)->finalize (object);
}

static void
gst_tdengine_write_settings_init (GstTDengineWriteSettings * self)
{
  self->batch_size = GST_TDENGINE_DEFAULT_BATCH_SIZE;
  self->batch_bytes = DEFAULT_BATCH_BYTES;
  self->retries = DEFAULT_RETRIES;
  self->retry_interval = DEFAULT_RETRY_INTERVAL;
  self->parallelism = 1;
}

static void
gst_tdengine_write_settings_class_init (GstTDengineWriteSettingsClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = gst_tdengine_write_settings_finalize;
  object_class->set_property = gst_tdengine_write_settings_set_property;
  object_class->get_property = gst_tdengine_write_settings_get_property;
  gst_tdengine_write_settings_install_properties (object_class, 1);
}

/**
 * gst_tdengine_write_settings_new:
 *
 * Makes settings that name no target yet.
 *
 * Returns: (transfer full): settings
 */
GstTDengineWriteSettings *
gst_tdengine_write_settings_new (void)
{
  return g_object_new (GST_TYPE_TDENGINE_WRITE_SETTINGS, NULL);
}

/**
 * gst_tdengine_write_settings_copy:
 * @settings: settings
 *
 * Copies settings.
 *
 * Returns: (transfer full): a copy
 */
GstTDengineWriteSettings *
gst_tdengine_write_settings_copy (GstTDengineWriteSettings * settings)
{
  GstTDengineWriteSettings *copy = gst_tdengine_write_settings_new ();

  for (guint i = 0; i < G_N_ELEMENTS (fields); i++) {
    g_auto (GValue) value = G_VALUE_INIT;

    g_object_get_property (G_OBJECT (settings), fields[i].name, &value);
    g_object_set_property (G_OBJECT (copy), fields[i].name, &value);
  }
  return copy;
}

/**
 * gst_tdengine_write_settings_install_properties: (skip)
 * @klass: a class that has the settings as its properties
 * @first_id: the number of the first
 *
 * Gives a class a property for each setting.
 *
 * Returns: the number behind the last
 */
guint
gst_tdengine_write_settings_install_properties (GObjectClass * klass,
    guint first_id)
{
  const GParamFlags flags = G_PARAM_STATIC_STRINGS | G_PARAM_READWRITE |
      GST_PARAM_MUTABLE_READY;
  GParamSpec *const pspecs[] = {
    g_param_spec_string ("super-table", "Super table",
        "Super table whose sub tables are written; the rows' column tbname or "
        "table-template says which", NULL, flags),
    g_param_spec_string ("table", "Table",
        "Table to write, in place of super-table", NULL, flags),
    g_param_spec_string ("table-template", "Table template",
        "Name of the sub table that a row is for, where {column} stands for "
        "its value and {{ and }} for braces; in place of the rows' tbname",
        NULL, flags),
    g_param_spec_boxed ("column-map", "Column map",
        "What columns of the rows are called in the target: "
        "map,name=target-name", GST_TYPE_STRUCTURE, flags),
    g_param_spec_enum ("unknown-columns", "Unknown columns",
        "What becomes of a column that the target lacks",
        GST_TYPE_TDENGINE_UNKNOWN_COLUMNS, GST_TDENGINE_UNKNOWN_COLUMNS_ERROR,
        flags),
    g_param_spec_flags ("create", "Create",
        "What is created where it is missing, as the rows need it",
        GST_TYPE_TDENGINE_CREATE_FLAGS, 0, flags),
    g_param_spec_string ("tags", "Tags",
        "Columns that become tags where a super table is created or tags are "
        "added, with commas between", NULL, flags),
    g_param_spec_enum ("tag-updates", "Tag updates",
        "What becomes of the tags of a sub table that is there, where rows "
        "carry others", GST_TYPE_TDENGINE_TAG_UPDATES,
        GST_TDENGINE_TAG_UPDATES_IGNORE, flags),
    g_param_spec_enum ("apply-meta", "Apply meta",
        "What becomes of tables that a topic tells to be created, altered or "
        "dropped", GST_TYPE_TDENGINE_APPLY, GST_TDENGINE_APPLY_IGNORE, flags),
    g_param_spec_enum ("apply-deletes", "Apply deletes",
        "What becomes of rows that a topic tells to be deleted",
        GST_TYPE_TDENGINE_APPLY, GST_TDENGINE_APPLY_IGNORE, flags),
    g_param_spec_string ("source-table", "Source table",
        "What the target is called where the topic is; unset: as it is here",
        NULL, flags),
    g_param_spec_enum ("write-mode", "Write mode",
        "How rows leave", GST_TYPE_TDENGINE_WRITE_MODE,
        GST_TDENGINE_WRITE_MODE_AUTO, flags),
    g_param_spec_uint ("batch-size", "Batch size",
        "How many rows to collect before they are written", 1, G_MAXINT,
        GST_TDENGINE_DEFAULT_BATCH_SIZE, flags),
    g_param_spec_uint ("batch-bytes", "Batch bytes",
        "How many bytes of rows to collect before they are written", 1,
        MAX_BATCH_BYTES, DEFAULT_BATCH_BYTES, flags),
    g_param_spec_uint ("retries", "Retries",
        "How often a write that may pass is tried again", 0, G_MAXINT,
        DEFAULT_RETRIES, flags),
    g_param_spec_uint ("retry-interval", "Retry interval",
        "How long to wait before the first retry, in ms; before each further "
        "one twice as long, at most 30 s", 0, G_MAXINT, DEFAULT_RETRY_INTERVAL,
        flags),
    g_param_spec_enum ("on-error", "On error",
        "What becomes of a row that can't be written",
        GST_TYPE_TDENGINE_ON_ERROR, GST_TDENGINE_ON_ERROR_FAIL, flags),
    g_param_spec_uint ("parallelism", "Parallelism",
        "How many connections to write over; a table is always on the same",
        1, MAX_PARALLELISM, 1, flags),
    g_param_spec_uint ("max-rows-per-second", "Rows per second",
        "How many rows to write a second at most, on average (0: any)", 0,
        G_MAXINT, 0, flags),
  };

  for (guint i = 0; i < G_N_ELEMENTS (pspecs); i++)
    g_object_class_install_property (klass, first_id + i, pspecs[i]);
  return first_id + G_N_ELEMENTS (pspecs);
}

static gboolean
is_set (const gchar * text)
{
  return text && *text;
}

static gboolean
is_text (GQuark name, const GValue * value, gpointer data)
{
  return G_VALUE_HOLDS_STRING (value) && is_set (g_value_get_string (value));
}

static gboolean
check_names (GstTDengineWriteSettings * self, GError ** error)
{
  g_autoptr (GstTDengineTemplate) template = NULL;

  if (self->column_map
      && !gst_structure_foreach (self->column_map, is_text, NULL))
    return refuse (error, "The column-map property gives a column no name: "
        "expected map,name=target-name");
  if (!is_set (self->table_template))
    return TRUE;
  template = gst_tdengine_template_new (self->table_template, error);
  return template != NULL;
}

/**
 * gst_tdengine_write_settings_validate:
 * @settings: settings
 * @error: (out) (optional): return location for an error
 *
 * Checks whether the settings can be written with, as far as that can be told
 * without a server and without rows.
 *
 * Returns: %FALSE with %GST_TDENGINE_ERROR_INVALID_VALUE, whose message says
 *   which setting and why
 */
gboolean
gst_tdengine_write_settings_validate (GstTDengineWriteSettings * settings,
    GError ** error)
{
  gboolean is_super = is_set (settings->super_table);

  if (is_super && is_set (settings->table))
    return refuse (error,
        "There are two targets: set one of super-table and table");
  if (!is_super && !is_set (settings->table))
    return refuse (error,
        "There is no target: set the super-table or the table property");
  if (is_set (settings->table_template) && !is_super)
    return refuse (error, "The table-template property names sub tables: set "
        "super-table in place of table");
  if (settings->create & GST_TDENGINE_CREATE_SUPER_TABLE
      && !(is_super && is_set (settings->tags)))
    return refuse (error, "To create a super table, set the super-table "
        "property to its name and the tags property to the columns that "
        "become tags");
  if (settings->create & GST_TDENGINE_CREATE_TABLE && is_super)
    return refuse (error, "To create a table, set the table property in place "
        "of super-table: sub tables come into being without");
  if (settings->create & GST_TDENGINE_CREATE_COLUMNS
      && settings->unknown_columns == GST_TDENGINE_UNKNOWN_COLUMNS_IGNORE)
    return refuse (error, "Columns that the target lacks are either created or "
        "left out: set one of create=columns and unknown-columns=ignore");
  if (settings->tag_updates != GST_TDENGINE_TAG_UPDATES_IGNORE && !is_super)
    return refuse (error, "The tag-updates property is for sub tables: set "
        "super-table in place of table");
  return check_names (settings, error);
}

/* what a column of the rows is called in the target */
const gchar *
gst_tdengine_write_settings_map_column (GstTDengineWriteSettings * self,
    const gchar * name)
{
  const gchar *target_name = self->column_map ?
      gst_structure_get_string (self->column_map, name) : NULL;

  return target_name ? target_name : name;
}

const gchar *
gst_tdengine_write_settings_get_target (GstTDengineWriteSettings * self)
{
  return is_set (self->super_table) ? self->super_table : self->table;
}

/* what the target is called where changes come from */
const gchar *
gst_tdengine_write_settings_get_source (GstTDengineWriteSettings * self)
{
  return is_set (self->source_table) ? self->source_table :
      gst_tdengine_write_settings_get_target (self);
}

gboolean
gst_tdengine_write_settings_is_super (GstTDengineWriteSettings * self)
{
  return is_set (self->super_table);
}

/* whether the tags property lists this name of the target's */
gboolean
gst_tdengine_write_settings_is_tag (GstTDengineWriteSettings * self,
    const gchar * name)
{
  g_auto (GStrv) tags = g_strsplit (self->tags ? self->tags : "", ",", -1);

  for (guint i = 0; tags[i]; i++) {
    if (g_str_equal (g_strstrip (tags[i]), name))
      return TRUE;
  }
  return FALSE;
}

gboolean
gst_tdengine_write_settings_adds_columns (GstTDengineWriteSettings * self)
{
  return self->unknown_columns == GST_TDENGINE_UNKNOWN_COLUMNS_ADD
      || self->create & GST_TDENGINE_CREATE_COLUMNS;
}
