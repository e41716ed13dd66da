/* test server: topics, and the groups of consumers that share them
 *
 * Topics and committed offsets are kept in SQLite. A consumer belongs to a
 * connection; its group hands each vgroup to one of its members, and what a
 * member loses begins for the next at the offset that was committed.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "session.h"

#define COMMITTED_NONE (-2147467247)

typedef struct
{
  gchar *name;
  gchar *database;
  TopicKind kind;
  gboolean with_meta;
  gchar *table;                 /* of a super table or a query */
  gchar *sql;                   /* the query, or the condition */
  gchar *statement;             /* that made it */
  gint64 created;               /* ms */
  GPtrArray *groups;            /* of Group */
} Topic;

typedef struct _Group Group;
typedef struct _Consumer Consumer;

/* a vgroup of a topic, in the hands of a consumer */
typedef struct
{
  Topic *topic;
  guint vgroup;
  gint64 begin;                 /* where the last message began */
  gint64 position;              /* what is to be read next */
  guint n_read;                 /* entries of the version before it, which has
                                 * more; 0: it was read */
} Share;

typedef enum {
  RESET_LATEST,
  RESET_EARLIEST,
  RESET_NONE,
} OffsetReset;

struct _Consumer
{
  Topics *topics;
  gchar *group_id;
  OffsetReset reset;
  GPtrArray *groups;            /* of Group, one for each topic */
  GArray *shares;               /* of Share */
  guint next_share;             /* whose turn it is */
  gboolean expelled;
};

typedef void (*TopicsFunc) (gpointer data);

Topics *   topics_new       (Server *server, GError **error);
void       topics_free      (Topics *topics);
gboolean   topics_create    (Session *session, const Statement *statement,
                             GError **error);
gboolean   topics_drop      (Session *session, const Statement *statement,
                             GError **error);
gboolean   topics_use       (Topics *topics, const Database *db);
Topic *    topics_find      (Topics *topics, const gchar *name);
GPtrArray * topics_list     (Topics *topics);
void       topics_wake      (Topics *topics);
void       topics_watch     (Topics *topics, TopicsFunc func, gpointer data);
void       topics_unwatch   (Topics *topics, gpointer data);
gint64     topics_committed (Topics *topics, const gchar *group_id,
                             const Topic *topic, guint vgroup);
gboolean   topics_commit    (Topics *topics, const gchar *group_id,
                             const Share *share, gint64 offset,
                             GError **error);

Consumer * consumer_new     (Topics *topics, const gchar *group_id,
                             OffsetReset reset);
void       consumer_free    (Consumer *consumer);
void       consumer_join    (Consumer *consumer, GPtrArray *topics);
void       consumer_leave   (Consumer *consumer);
Topic *    consumer_get_topic (Consumer *consumer, const gchar *name,
                             GError **error);
Share *    consumer_get_share (Consumer *consumer, const gchar *name,
                             guint vgroup, GError **error);
gboolean   consumer_commit  (Consumer *consumer, GError **error);
