/* tdengine write settings: the fields, for the writer
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginewritesettings.h"

struct _GstTDengineWriteSettings
{
  GObject parent_instance;

  gchar *super_table;
  gchar *table;
  gchar *table_template;
  GstStructure *column_map;
  GstTDengineUnknownColumns unknown_columns;
  GstTDengineCreateFlags create;
  gchar *tags;
  GstTDengineTagUpdates tag_updates;
  GstTDengineApply apply_meta;
  GstTDengineApply apply_deletes;
  gchar *source_table;
  GstTDengineWriteMode write_mode;
  guint batch_size;             /* rows */
  guint batch_bytes;
  guint retries;
  guint retry_interval;         /* ms */
  GstTDengineOnError on_error;
  guint parallelism;
  guint max_rows_per_second;    /* 0: any */
};

const gchar * gst_tdengine_write_settings_map_column   (GstTDengineWriteSettings *self,
                                                        const gchar *name);
const gchar * gst_tdengine_write_settings_get_target   (GstTDengineWriteSettings *self);
const gchar * gst_tdengine_write_settings_get_source   (GstTDengineWriteSettings *self);
gboolean      gst_tdengine_write_settings_is_super     (GstTDengineWriteSettings *self);
gboolean      gst_tdengine_write_settings_is_tag       (GstTDengineWriteSettings *self,
                                                        const gchar *name);
gboolean      gst_tdengine_write_settings_adds_columns (GstTDengineWriteSettings *self);
