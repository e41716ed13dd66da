/* test server: replies, byte by byte as the adapter makes them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "execute.h"

#define REPLY_ACTION_FETCH 7

/* what a reply tells of the request it answers */
typedef struct
{
  const gchar *action;
  guint64 req_id;
  gint64 start;                 /* monotonic time, µs */
} Request;

GString * reply_new          (const Request *request, gint code,
                              const gchar *message);
GString * reply_error        (const Request *request, const GError *error);
void      reply_add_int      (GString *reply, const gchar *name,
                              guint64 value);
void      reply_add_bool     (GString *reply, const gchar *name,
                              gboolean value);
void      reply_add_string   (GString *reply, const gchar *name,
                              const gchar *value);
void      reply_add_fields   (GString *reply, Result *result);
void      reply_add_query    (GString *reply, guint64 id, Result *result,
                              gint64 affected);
void      reply_add_lengths  (GString *reply, Result *result);
GByteArray * reply_fetch     (const Request *request, guint64 id,
                              const GError *error);
void      reply_fetch_head   (guint8 *head, const Request *request,
                              guint64 id, gsize block_size);
void      reply_append_block (GByteArray *reply, GstTDengineRows *rows);
gint64    request_get_timing (const Request *request);
