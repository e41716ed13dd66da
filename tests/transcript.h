/* transcript: frames and blocks out of the record of a real server
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/gsttdengineschema.h>

typedef struct
{
  guint line;                   /* in the file, from 1 */
  gchar *note;                  /* only here, or on a line of its own */
  gboolean sent;                /* by the client */
  gchar *text;                  /* one of these two */
  GBytes *bytes;
} TranscriptFrame;

typedef struct
{
  guint line;                   /* of the reply that brought the block */
  gchar *sql;                   /* that asked for it, where a query did */
  GstTDengineSchema *schema;
  GBytes *block;
} TranscriptBlock;

GPtrArray *             transcript_load        (const gchar *name);
GPtrArray *             transcript_load_blocks (const gchar *name);
const TranscriptBlock * transcript_find_block  (GPtrArray *blocks,
                                                const gchar *sql);
GBytes *                transcript_unhex       (const gchar *hex);
