/* tdengine splits: a query in parts
 *
 * For the elements, which find it in the library; not installed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdenginetypes.h>

typedef enum
{
  GST_TDENGINE_SPLIT_NONE,
  GST_TDENGINE_SPLIT_TIME,
  GST_TDENGINE_SPLIT_TAG,
  GST_TDENGINE_SPLIT_TABLE,
  GST_TDENGINE_SPLIT_VGROUP,
} GstTDengineSplitBy;

/* What is asked for, as an application says it; NULL or 0 where it does not. It
 * owns what it points to. */
typedef struct
{
  gchar *query;                 /* or what it is assembled from: */
  gchar *select;
  gchar *table;                 /* with or without a database and back-quotes */
  gchar *where;
  gchar *other;                 /* whatever follows */
  gchar *columns;               /* names with commas between */
  gchar *kept;                  /* likewise, of what was selected */
  guint64 limit;

  GstTDengineSplitBy by;
  gchar *column;                /* a time's */
  gchar *start;
  gchar *end;
  gchar *interval;
  gchar **conditions;
  gchar **tables;
  guint count;                  /* parts that share the splits, 0: the environment's */
  gint index;                   /* of them, -1: the environment's */
  gchar *timezone;              /* for times without one */
} GstTDengineRequestedSplits;

/* a sub table and where it lies */
typedef struct
{
  gchar *name;
  gint vgroup;
} GstTDengineSubTable;

/* what only the server knows */
typedef struct
{
  GstTDenginePrecision precision;
  gboolean is_super;            /* table is */
  gchar *time_column;           /* of table, NULL without one */
  GArray *sub_tables;           /* GstTDengineSubTable, by name */
  gboolean has_rows;
  gint64 first, last;           /* times there are, where one was asked for */
} GstTDengineSplitFacts;

typedef struct _GstTDengineSplits GstTDengineSplits;

GST_TDENGINE_API
void        gst_tdengine_requested_splits_clear (GstTDengineRequestedSplits *self);
GST_TDENGINE_API
void        gst_tdengine_requested_splits_copy  (const GstTDengineRequestedSplits *from,
                                                 GstTDengineRequestedSplits *to);
GST_TDENGINE_API
gboolean    gst_tdengine_requested_splits_check (const GstTDengineRequestedSplits *self,
                                                 GError **error);
GST_TDENGINE_API
gchar *     gst_tdengine_requested_splits_make_sql
                                                (const GstTDengineRequestedSplits *self);
GST_TDENGINE_API
gchar *     gst_tdengine_requested_splits_describe
                                                (const GstTDengineRequestedSplits *self);
GST_TDENGINE_API
gchar *     gst_tdengine_requested_splits_quote_table
                                                (const GstTDengineRequestedSplits *self,
                                                 gchar **database,
                                                 gchar **table);

GST_TDENGINE_API
void        gst_tdengine_split_facts_init       (GstTDengineSplitFacts *facts);
GST_TDENGINE_API
void        gst_tdengine_split_facts_clear      (GstTDengineSplitFacts *facts);
GST_TDENGINE_API
void        gst_tdengine_split_facts_add_table  (GstTDengineSplitFacts *facts,
                                                 const gchar *name,
                                                 gint vgroup);

GST_TDENGINE_API
GstTDengineSplits *
            gst_tdengine_splits_new             (const GstTDengineRequestedSplits *requested,
                                                 const GstTDengineSplitFacts *facts,
                                                 GError **error);
GST_TDENGINE_API
void        gst_tdengine_splits_free            (GstTDengineSplits *self);
GST_TDENGINE_API
guint64     gst_tdengine_splits_get_n           (const GstTDengineSplits *self);
GST_TDENGINE_API
gchar *     gst_tdengine_splits_get_name        (const GstTDengineSplits *self,
                                                 guint64 index);
GST_TDENGINE_API
gchar *     gst_tdengine_splits_get_sql         (const GstTDengineSplits *self,
                                                 guint64 index);
GST_TDENGINE_API
gboolean    gst_tdengine_splits_is_ordered      (const GstTDengineSplits *self);
GST_TDENGINE_API
GstTDenginePrecision
            gst_tdengine_splits_get_precision   (const GstTDengineSplits *self);
GST_TDENGINE_API
const gchar * gst_tdengine_splits_get_time_column (const GstTDengineSplits *self);
GST_TDENGINE_API
gchar *     gst_tdengine_splits_get_rest_sql    (const GstTDengineSplits *self,
                                                 guint64 index,
                                                 gint64 from);
GST_TDENGINE_API
gchar *     gst_tdengine_splits_get_last_sql    (const GstTDengineSplits *self,
                                                 guint64 index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineSplits, gst_tdengine_splits_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GstTDengineRequestedSplits,
    gst_tdengine_requested_splits_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (GstTDengineSplitFacts,
    gst_tdengine_split_facts_clear)
