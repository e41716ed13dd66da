/* tdengine write settings: where rows go, and how
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine-prelude.h>

G_BEGIN_DECLS

#define GST_TYPE_TDENGINE_WRITE_SETTINGS (gst_tdengine_write_settings_get_type ())
#define GST_TYPE_TDENGINE_UNKNOWN_COLUMNS (gst_tdengine_unknown_columns_get_type ())
#define GST_TYPE_TDENGINE_CREATE_FLAGS (gst_tdengine_create_flags_get_type ())
#define GST_TYPE_TDENGINE_TAG_UPDATES (gst_tdengine_tag_updates_get_type ())
#define GST_TYPE_TDENGINE_WRITE_MODE (gst_tdengine_write_mode_get_type ())
#define GST_TYPE_TDENGINE_ON_ERROR (gst_tdengine_on_error_get_type ())
#define GST_TYPE_TDENGINE_APPLY (gst_tdengine_apply_get_type ())

/**
 * GST_TDENGINE_DEFAULT_BATCH_SIZE:
 *
 * How many rows a writer holds back at most, unless told otherwise.
 */
#define GST_TDENGINE_DEFAULT_BATCH_SIZE 10000

/**
 * GstTDengineUnknownColumns:
 * @GST_TDENGINE_UNKNOWN_COLUMNS_ERROR: is an error
 * @GST_TDENGINE_UNKNOWN_COLUMNS_IGNORE: is left out
 * @GST_TDENGINE_UNKNOWN_COLUMNS_ADD: is added to the target
 *
 * What becomes of a column that the target lacks.
 */
typedef enum {
  GST_TDENGINE_UNKNOWN_COLUMNS_ERROR,
  GST_TDENGINE_UNKNOWN_COLUMNS_IGNORE,
  GST_TDENGINE_UNKNOWN_COLUMNS_ADD,
} GstTDengineUnknownColumns;

/**
 * GstTDengineCreateFlags:
 * @GST_TDENGINE_CREATE_DATABASE: the database
 * @GST_TDENGINE_CREATE_SUPER_TABLE: the super table
 * @GST_TDENGINE_CREATE_TABLE: the table
 * @GST_TDENGINE_CREATE_COLUMNS: columns and tags that the target lacks
 *
 * What may be created where it is missing.
 */
typedef enum {
  GST_TDENGINE_CREATE_DATABASE = 1 << 0,
  GST_TDENGINE_CREATE_SUPER_TABLE = 1 << 1,
  GST_TDENGINE_CREATE_TABLE = 1 << 2,
  GST_TDENGINE_CREATE_COLUMNS = 1 << 3,
} GstTDengineCreateFlags;

/**
 * GstTDengineTagUpdates:
 * @GST_TDENGINE_TAG_UPDATES_IGNORE: stay as they are
 * @GST_TDENGINE_TAG_UPDATES_WARN: stay as they are, and it is told
 * @GST_TDENGINE_TAG_UPDATES_APPLY: become those of the rows
 *
 * What becomes of the tags of a sub table that is there, where rows carry
 * others.
 */
typedef enum {
  GST_TDENGINE_TAG_UPDATES_IGNORE,
  GST_TDENGINE_TAG_UPDATES_WARN,
  GST_TDENGINE_TAG_UPDATES_APPLY,
} GstTDengineTagUpdates;

/**
 * GstTDengineWriteMode:
 * @GST_TDENGINE_WRITE_MODE_AUTO: what is fastest and stores rows as they are
 * @GST_TDENGINE_WRITE_MODE_RAW: a block of one table a request
 * @GST_TDENGINE_WRITE_MODE_BIND: values bound to a prepared statement
 * @GST_TDENGINE_WRITE_MODE_SQL: statements
 *
 * How rows leave.
 */
typedef enum {
  GST_TDENGINE_WRITE_MODE_AUTO,
  GST_TDENGINE_WRITE_MODE_RAW,
  GST_TDENGINE_WRITE_MODE_BIND,
  GST_TDENGINE_WRITE_MODE_SQL,
} GstTDengineWriteMode;

/**
 * GstTDengineOnError:
 * @GST_TDENGINE_ON_ERROR_FAIL: writing ends with an error
 * @GST_TDENGINE_ON_ERROR_SKIP: the row is left out
 * @GST_TDENGINE_ON_ERROR_REJECT: the row is handed back
 *
 * What becomes of a row that can't be written.
 */
typedef enum {
  GST_TDENGINE_ON_ERROR_FAIL,
  GST_TDENGINE_ON_ERROR_SKIP,
  GST_TDENGINE_ON_ERROR_REJECT,
} GstTDengineOnError;

/**
 * GstTDengineApply:
 * @GST_TDENGINE_APPLY_IGNORE: is counted, and no more
 * @GST_TDENGINE_APPLY_ERROR: is an error
 * @GST_TDENGINE_APPLY_APPLY: is done to the target
 *
 * What becomes of a change that a topic tells of.
 */
typedef enum {
  GST_TDENGINE_APPLY_IGNORE,
  GST_TDENGINE_APPLY_ERROR,
  GST_TDENGINE_APPLY_APPLY,
} GstTDengineApply;

GST_TDENGINE_API
GType gst_tdengine_unknown_columns_get_type (void);
GST_TDENGINE_API
GType gst_tdengine_create_flags_get_type    (void);
GST_TDENGINE_API
GType gst_tdengine_tag_updates_get_type     (void);
GST_TDENGINE_API
GType gst_tdengine_write_mode_get_type      (void);
GST_TDENGINE_API
GType gst_tdengine_on_error_get_type        (void);
GST_TDENGINE_API
GType gst_tdengine_apply_get_type           (void);

/**
 * GstTDengineWriteSettings:
 *
 * What a [class@GstTDengine.Writer] is told: where rows go, what it may create,
 * how and when it writes, and what becomes of what can't be written. They are
 * its properties, which `tdenginesink` has, too.
 *
 * Settings belong to one thread at a time.
 */
GST_TDENGINE_API
G_DECLARE_FINAL_TYPE (GstTDengineWriteSettings, gst_tdengine_write_settings,
    GST, TDENGINE_WRITE_SETTINGS, GObject)

GST_TDENGINE_API
GstTDengineWriteSettings *
         gst_tdengine_write_settings_new                (void);
GST_TDENGINE_API
GstTDengineWriteSettings *
         gst_tdengine_write_settings_copy               (GstTDengineWriteSettings *settings);
GST_TDENGINE_API
gboolean gst_tdengine_write_settings_validate           (GstTDengineWriteSettings *settings,
                                                         GError **error);
GST_TDENGINE_API
guint    gst_tdengine_write_settings_install_properties (GObjectClass *klass,
                                                         guint first_id);

G_END_DECLS
