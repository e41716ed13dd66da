/* feed: a pipeline into tdenginesink that is fed by hand
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>

/* 2024-12-19 19:12:45.642 UTC */
#define TIME G_GINT64_CONSTANT (1734635565642)

typedef struct
{
  const gchar *name;
  GstTDengineType type;
  guint length;
  guint digits;
  guint scale;
} Column;

#define N_METER_COLUMNS 7
#define N_PLAIN_COLUMNS 4

/* tbname, ts, current, voltage, note, location, groupid */
extern const Column meter_columns[N_METER_COLUMNS];
/* without the table's name and without tags */
extern const Column *const plain_columns;

typedef struct
{
  GstElement *pipeline;
  GstElement *src;
  GstElement *sink;
} Feed;

/* a database of the story's own, with meters and plain in it */
extern GstTDengineConnection *feed_connection;
extern gchar *feed_database;

void              feed_set_up     (const gchar *name);
void              feed_tear_down  (void);

/* a line a row, fields between bars; NULL is NULL, bytes are hex */
GstTDengineRows * make_rows_of    (GstTDenginePrecision precision,
                                   const Column *columns, guint n_columns,
                                   const gchar *text);
GstTDengineRows * make_rows       (const Column *columns, guint n_columns,
                                   const gchar *text);
GstTDengineRows * make_meters     (const gchar *text);
GstTDengineRows * make_plain      (const gchar *text);

void              feed_init       (Feed *feed, const gchar *properties);
void              feed_init_text  (Feed *feed, const gchar *decoder,
                                   const gchar *properties);
void              feed_push_text  (Feed *feed, const gchar *text);
void              feed_push       (Feed *feed, GstTDengineRows *rows);
GstMessage *      feed_wait       (Feed *feed);
void              feed_wait_taken (Feed *feed);
void              feed_end        (Feed *feed);
GError *          feed_fail       (Feed *feed);
void              feed_clear      (Feed *feed);
guint64           get_stat        (Feed *feed, const gchar *name);

/* %s in the query is the database */
void              assert_content  (const gchar *query, const gchar *expected);
