/* tdengine consumer: follows topics as a member of a group
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gio/gio.h>
#include <gst/tdengine/gsttdenginesettings.h>
#include <gst/tdengine/gsttdenginetopicmessage.h>

G_BEGIN_DECLS

#define GST_TYPE_TDENGINE_ASSIGNMENT (gst_tdengine_assignment_get_type ())
#define GST_TYPE_TDENGINE_CONSUMER   (gst_tdengine_consumer_get_type ())

/**
 * GstTDengineAssignment:
 * @topic: the topic
 * @vgroup: the number of the vgroup
 * @begin: the first offset that its log still has
 * @end: the one behind the last that the server has told of
 * @position: where the server goes on reading for this consumer
 * @committed: what the group has committed, or -1 where it has not
 *
 * A vgroup that a consumer reads, and how far.
 */
typedef struct {
  gchar *topic;
  gint vgroup;
  gint64 begin;
  gint64 end;
  gint64 position;
  gint64 committed;
} GstTDengineAssignment;

/**
 * GstTDengineConsumer:
 *
 * Follows topics as a member of a group: the server shares the vgroups of a
 * topic out among the consumers of a group, and shares anew when one comes or
 * goes. It keeps, for each group, what was committed, and starts a vgroup's next
 * reader there.
 *
 * A consumer asks for the next message as soon as it has one, up to a few MiB
 * ahead of who polls, and never commits anything on its own.
 *
 * One thread at a time polls and seeks; any thread may call the rest.
 */
GST_TDENGINE_API
G_DECLARE_FINAL_TYPE (GstTDengineConsumer, gst_tdengine_consumer, GST,
    TDENGINE_CONSUMER, GObject)

GST_TDENGINE_API
GType                     gst_tdengine_assignment_get_type             (void);
GST_TDENGINE_API
GstTDengineAssignment *   gst_tdengine_assignment_copy                 (const GstTDengineAssignment *assignment);
GST_TDENGINE_API
void                      gst_tdengine_assignment_free                 (GstTDengineAssignment *assignment);

GST_TDENGINE_API
GstTDengineConsumer *     gst_tdengine_consumer_new                    (const GstTDengineSettings *settings);
GST_TDENGINE_API
gboolean                  gst_tdengine_consumer_check                  (const gchar * const *topics,
                                                                        const GstStructure *options,
                                                                        GError **error);
GST_TDENGINE_API
gboolean                  gst_tdengine_consumer_subscribe              (GstTDengineConsumer *consumer,
                                                                        const gchar * const *topics,
                                                                        const GstStructure *options,
                                                                        GCancellable *cancellable,
                                                                        GError **error);
GST_TDENGINE_API
void                      gst_tdengine_consumer_subscribe_async        (GstTDengineConsumer *consumer,
                                                                        const gchar * const *topics,
                                                                        const GstStructure *options,
                                                                        GCancellable *cancellable,
                                                                        GAsyncReadyCallback callback,
                                                                        gpointer user_data);
GST_TDENGINE_API
gboolean                  gst_tdengine_consumer_subscribe_finish       (GstTDengineConsumer *consumer,
                                                                        GAsyncResult *result,
                                                                        GError **error);
GST_TDENGINE_API
GstTDengineTopicMessage * gst_tdengine_consumer_poll                   (GstTDengineConsumer *consumer,
                                                                        guint timeout,
                                                                        GCancellable *cancellable,
                                                                        GError **error);
GST_TDENGINE_API
void                      gst_tdengine_consumer_poll_async             (GstTDengineConsumer *consumer,
                                                                        guint timeout,
                                                                        GCancellable *cancellable,
                                                                        GAsyncReadyCallback callback,
                                                                        gpointer user_data);
GST_TDENGINE_API
GstTDengineTopicMessage * gst_tdengine_consumer_poll_finish            (GstTDengineConsumer *consumer,
                                                                        GAsyncResult *result,
                                                                        GError **error);
GST_TDENGINE_API
GPtrArray *               gst_tdengine_consumer_get_assignments        (GstTDengineConsumer *consumer,
                                                                        GCancellable *cancellable,
                                                                        GError **error);
GST_TDENGINE_API
void                      gst_tdengine_consumer_get_assignments_async  (GstTDengineConsumer *consumer,
                                                                        GCancellable *cancellable,
                                                                        GAsyncReadyCallback callback,
                                                                        gpointer user_data);
GST_TDENGINE_API
GPtrArray *               gst_tdengine_consumer_get_assignments_finish (GstTDengineConsumer *consumer,
                                                                        GAsyncResult *result,
                                                                        GError **error);
GST_TDENGINE_API
gboolean                  gst_tdengine_consumer_seek                   (GstTDengineConsumer *consumer,
                                                                        const gchar *topic,
                                                                        gint vgroup,
                                                                        gint64 position,
                                                                        GCancellable *cancellable,
                                                                        GError **error);
GST_TDENGINE_API
void                      gst_tdengine_consumer_seek_async             (GstTDengineConsumer *consumer,
                                                                        const gchar *topic,
                                                                        gint vgroup,
                                                                        gint64 position,
                                                                        GCancellable *cancellable,
                                                                        GAsyncReadyCallback callback,
                                                                        gpointer user_data);
GST_TDENGINE_API
gboolean                  gst_tdengine_consumer_seek_finish            (GstTDengineConsumer *consumer,
                                                                        GAsyncResult *result,
                                                                        GError **error);
GST_TDENGINE_API
gboolean                  gst_tdengine_consumer_commit                 (GstTDengineConsumer *consumer,
                                                                        const gchar *topic,
                                                                        gint vgroup,
                                                                        gint64 position,
                                                                        GCancellable *cancellable,
                                                                        GError **error);
GST_TDENGINE_API
void                      gst_tdengine_consumer_commit_async           (GstTDengineConsumer *consumer,
                                                                        const gchar *topic,
                                                                        gint vgroup,
                                                                        gint64 position,
                                                                        GCancellable *cancellable,
                                                                        GAsyncReadyCallback callback,
                                                                        gpointer user_data);
GST_TDENGINE_API
gboolean                  gst_tdengine_consumer_commit_finish          (GstTDengineConsumer *consumer,
                                                                        GAsyncResult *result,
                                                                        GError **error);
GST_TDENGINE_API
gboolean                  gst_tdengine_consumer_unsubscribe            (GstTDengineConsumer *consumer,
                                                                        GCancellable *cancellable,
                                                                        GError **error);
GST_TDENGINE_API
void                      gst_tdengine_consumer_unsubscribe_async      (GstTDengineConsumer *consumer,
                                                                        GCancellable *cancellable,
                                                                        GAsyncReadyCallback callback,
                                                                        gpointer user_data);
GST_TDENGINE_API
gboolean                  gst_tdengine_consumer_unsubscribe_finish     (GstTDengineConsumer *consumer,
                                                                        GAsyncResult *result,
                                                                        GError **error);
GST_TDENGINE_API
void                      gst_tdengine_consumer_close                  (GstTDengineConsumer *consumer);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineAssignment,
    gst_tdengine_assignment_free)

G_END_DECLS
