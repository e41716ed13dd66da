/* tdengine group: the consumers that work for one element
 *
 * Each consumer has a thread that polls and puts messages into one queue, which
 * is bounded in bytes: while downstream takes none, none are polled for. One more
 * thread commits. A consumer that is lost, or that the server has given up, joins
 * again; what comes twice by that is dropped here.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdengineelement.h"
#include "gsttdenginegroup.h"

#define MAX_QUEUED_BYTES (4 * 1024 * 1024)
/* how often the server is asked for its side of things */
#define LOOK_INTERVAL G_TIME_SPAN_SECOND
/* between attempts to join again, doubled from the first to the second */
#define MIN_PAUSE (100 * G_TIME_SPAN_MILLISECOND)
#define MAX_PAUSE (5 * G_TIME_SPAN_SECOND)

/* what the server may take to give a vgroup to another consumer */
#define GRACE (3 * G_TIME_SPAN_SECOND)

/* a poll that brings nothing tells the end: it is not to take long */
#define END_POLL_INTERVAL 10    /* ms */

/* how long a log has to be quiet to have no more: where its end is reached, and
 * where it is not, which is longer than the server works on a poll */
#define MIN_QUIET (100 * G_TIME_SPAN_MILLISECOND)
#define MAX_QUIET (1500 * G_TIME_SPAN_MILLISECOND)

#define NOT_OURS 0x4008         /* the vgroup is another consumer's */
#define NOTHING -1

typedef struct
{
  GstTDengineGroup *group;
  guint index;
  GThread *thread;
  GstTDengineConsumer *consumer;        /* under the group's lock */
  gboolean joined;              /* once at least */
  gboolean placed;              /* knows its first vgroups, under the lock */
  gint64 last_look;
  gint64 quiet_since;           /* monotonic, us */
} Member;

/* of a topic: how far it is, under the group's lock */
typedef struct
{
  gchar *topic;
  gint number;
  Member *owner;                /* who reads it, as far as is known */
  gint64 queued;                /* behind what came */
  gboolean splits;              /* messages may end within what was written */
  gint64 whole;                 /* queued, when no more of it was to come */
  gint64 confirmed;             /* to be committed */
  gint64 tried;                 /* what the committer has dealt with */
  gint64 committed;
  gint64 position;              /* as the server saw it last */
  gint64 end;                   /* of the log, likewise */
  gint64 target;                /* where the element ends, or NOTHING */
  gboolean at_target;
  gint64 left_at;               /* when it had its last owner */
} VGroup;

struct _GstTDengineGroup
{
  gatomicrefcount ref_count;
  GstElement *element;          /* outlives start and stop */
  GstTDengineSettings *settings;
  gchar **topics;
  GstStructure *options;
  GstStructure *start_positions;
  GstTDengineGroupPlan plan;
  /* what is confirmed, for the next time, or NULL; only the committer changes
   * it, under lock */
  GstTDengineState *state;

  Member *members;
  GThread *committer;
  GCancellable *stopping;       /* polls */
  GCancellable *giving_up;      /* commits */

  GMutex lock;
  GCond arrived;                /* what the streaming thread waits for */
  GCond room;                   /* in the queue; what a consumer waits for */
  GCond committing;             /* what there is to commit, and what was */
  GQueue messages;              /* under lock */
  gsize queued_bytes;           /* under lock */
  GHashTable *vgroups;          /* key → VGroup, under lock */
  GError *error;                /* that ends it, under lock */
  gboolean stopped;             /* under lock */
  gboolean woken;               /* under lock */
  guint n_committing;           /* under lock */
  guint64 n_commits;            /* under lock */
  guint64 n_rebalances;         /* under lock */
  guint64 n_rejoins;            /* under lock */
};

/* codes of a server that will say the same again */
static const gint final_codes[] = {
  0x0303, 0x0351, 0x0357, 0x0358, 0x2644,       /* who may do what */
  0x0388, 0x038C, 0x03E1,       /* no such database, no log, no such topic */
  0x4006, 0x4007,               /* where to start */
};

gchar *
gst_tdengine_group_get_key (const gchar * topic, gint vgroup)
{
  return g_strdup_printf ("%s/%d", topic, vgroup);
}

static void
free_vgroup (gpointer data)
{
  g_free (((VGroup *) data)->topic);
  g_free (data);
}

/* takes the state, which may be NULL */
GstTDengineGroup *
gst_tdengine_group_new (GstElement * element,
    const GstTDengineSettings * settings, const gchar * const *topics,
    const GstStructure * options, const GstStructure * start_positions,
    GstTDengineState * state, const GstTDengineGroupPlan * plan)
{
  GstTDengineGroup *self = g_new0 (GstTDengineGroup, 1);

  g_atomic_ref_count_init (&self->ref_count);
  self->element = element;
  self->settings = gst_tdengine_settings_copy (settings);
  self->topics = g_strdupv ((gchar **) topics);
  self->options = gst_structure_copy (options);
  self->start_positions =
      start_positions ? gst_structure_copy (start_positions) : NULL;
  self->plan = *plan;
  self->state = state;
  self->members = g_new0 (Member, plan->n_consumers);
  self->stopping = g_cancellable_new ();
  self->giving_up = g_cancellable_new ();
  self->vgroups = g_hash_table_new_full (g_str_hash, g_str_equal, g_free,
      free_vgroup);
  g_queue_init (&self->messages);
  g_mutex_init (&self->lock);
  g_cond_init (&self->arrived);
  g_cond_init (&self->room);
  g_cond_init (&self->committing);
  return self;
}

GstTDengineGroup *
gst_tdengine_group_ref (GstTDengineGroup * self)
{
  g_atomic_ref_count_inc (&self->ref_count);
  return self;
}

void
gst_tdengine_group_unref (GstTDengineGroup * self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  g_queue_clear_full (&self->messages,
      (GDestroyNotify) gst_tdengine_topic_message_unref);
  g_hash_table_unref (self->vgroups);
  g_clear_error (&self->error);
  g_object_unref (self->stopping);
  g_object_unref (self->giving_up);
  g_free (self->members);
  g_strfreev (self->topics);
  gst_structure_free (self->options);
  g_clear_pointer (&self->start_positions, gst_structure_free);
  g_clear_pointer (&self->state, gst_tdengine_state_free);
  gst_tdengine_settings_free (self->settings);
  g_cond_clear (&self->arrived);
  g_cond_clear (&self->room);
  g_cond_clear (&self->committing);
  g_mutex_clear (&self->lock);
  g_free (self);
}

/* vgroups */

static VGroup *
find_vgroup_locked (GstTDengineGroup * self, const gchar * topic, gint number)
{
  g_autofree gchar *key = gst_tdengine_group_get_key (topic, number);
  VGroup *vgroup = g_hash_table_lookup (self->vgroups, key);

  if (vgroup)
    return vgroup;
  vgroup = g_new0 (VGroup, 1);
  vgroup->topic = g_strdup (topic);
  vgroup->number = number;
  vgroup->queued = vgroup->confirmed = vgroup->tried = vgroup->committed =
      vgroup->position = vgroup->end = vgroup->target = NOTHING;
  vgroup->whole = NOTHING;
  g_hash_table_insert (self->vgroups, g_steal_pointer (&key), vgroup);
  return vgroup;
}

static void
own_locked (Member * member, VGroup * vgroup)
{
  if (vgroup->owner == member)
    return;
  /* at the start the server shares out what nobody had */
  if (vgroup->owner || member->placed)
    member->group->n_rebalances++;
  vgroup->owner = member;
  vgroup->tried = vgroup->committed;
}

static void
note_assignment_locked (Member * member, const GstTDengineAssignment * a)
{
  GstTDengineGroup *self = member->group;
  VGroup *vgroup = find_vgroup_locked (self, a->topic, a->vgroup);

  own_locked (member, vgroup);
  vgroup->committed = MAX (vgroup->committed, a->committed);
  vgroup->position = a->position;
  vgroup->end = a->end;
  if (self->plan.ends && vgroup->target == NOTHING)
    vgroup->target = a->end;
}

/* what is assigned to others now is no one's here */
static void
disown_locked (Member * member, GPtrArray * assignments)
{
  GHashTableIter iter;
  VGroup *vgroup;

  g_hash_table_iter_init (&iter, member->group->vgroups);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) & vgroup)) {
    gboolean found = FALSE;

    for (guint i = 0; i < assignments->len && !found; i++) {
      const GstTDengineAssignment *a = assignments->pdata[i];

      found = a->vgroup == vgroup->number
          && g_str_equal (a->topic, vgroup->topic);
    }
    if (vgroup->owner == member && !found) {
      vgroup->owner = NULL;
      vgroup->left_at = g_get_monotonic_time ();
      member->group->n_rebalances++;
    }
  }
}

/* Where nothing is lost by going on: what was written at once, and may have come
 * in part, comes again from its beginning. */
static gint64
get_safe_locked (const VGroup * vgroup, gint64 position)
{
  return vgroup->splits && position != vgroup->whole ? position - 1 : position;
}

/* joining */

/* resumes: what came before is downstream, or was confirmed by who read it since */
static gint64
find_start (GstTDengineGroup * self, const GstTDengineAssignment * a,
    gboolean * resumes)
{
  g_autofree gchar *key = gst_tdengine_group_get_key (a->topic, a->vgroup);
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  VGroup *vgroup = find_vgroup_locked (self, a->topic, a->vgroup);
  const GstTDengineStatePart *known =
      self->state ? gst_tdengine_state_get (self->state, key) : NULL;
  gint64 start;

  *resumes = vgroup->queued != NOTHING;
  if (*resumes)
    return MAX (get_safe_locked (vgroup, vgroup->queued), a->committed);
  if (known)
    return known->position;
  if (self->start_positions
      && gst_structure_get_int64 (self->start_positions, key, &start))
    return start;
  return a->committed != NOTHING ? a->committed : a->position;
}

/* Reading starts at a place that is known, and stays so: the end of a log is not
 * fixed before the first poll, and where nothing is committed each new reader
 * would choose anew. */
static gboolean
start_at (Member * member, GstTDengineConsumer * consumer,
    const GstTDengineAssignment * a, gint64 start, gboolean resumes,
    GError ** error)
{
  GstTDengineGroup *self = member->group;

  if (start == a->committed)
    return TRUE;
  if (!gst_tdengine_consumer_seek (consumer, a->topic, a->vgroup, start,
          self->stopping, error))
    return FALSE;
  return resumes || !self->plan.pins
      || gst_tdengine_consumer_commit (consumer, a->topic, a->vgroup, start,
      self->stopping, error);
}

static gboolean
place (Member * member, GstTDengineConsumer * consumer,
    const GstTDengineAssignment * a, GError ** error)
{
  gboolean resumes;
  gint64 start = find_start (member->group, a, &resumes);
  g_autoptr (GError) local = NULL;

  if (start != NOTHING
      && !start_at (member, consumer, a, start, resumes, &local)) {
    /* it may be on its way to another consumer already */
    if (gst_tdengine_error_get_server_code (local) == NOT_OURS)
      return TRUE;
    g_propagate_error (error, g_steal_pointer (&local));
    return FALSE;
  }

  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&member->group->lock);
  VGroup *vgroup = find_vgroup_locked (member->group, a->topic, a->vgroup);
  note_assignment_locked (member, a);
  vgroup->position = MAX (vgroup->position, start);
  if (start != NOTHING)
    vgroup->queued = start;
  vgroup->tried = NOTHING;
  if (!resumes)
    vgroup->committed = start;
  vgroup->at_target = vgroup->target != NOTHING && start >= vgroup->target;
  return TRUE;
}

static gboolean
reads_older_rows (GstTDengineGroup * self)
{
  gboolean snapshot = FALSE;
  const gchar *text;

  text = gst_structure_get_string (self->options,
      "experimental.snapshot.enable");
  gst_structure_get_boolean (self->options, "experimental.snapshot.enable",
      &snapshot);
  return snapshot || g_strcmp0 (text, "true") == 0;
}

/* FALSE where the group stops meanwhile */
static gboolean
rest (GstTDengineGroup * self, gint64 pause)
{
  gint64 deadline = g_get_monotonic_time () + pause;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  while (!self->stopped
      && g_cond_wait_until (&self->room, &self->lock, deadline));
  return !self->stopped;
}

/* While vgroups are shared out anew, what is asked of one may not be known. */
static GPtrArray *
get_assignments (GstTDengineGroup * self, GstTDengineConsumer * consumer,
    GError ** error)
{
  gint64 deadline = g_get_monotonic_time () + GRACE;

  while (TRUE) {
    g_autoptr (GError) local = NULL;
    GPtrArray *assignments = gst_tdengine_consumer_get_assignments (consumer,
        self->stopping, &local);

    if (assignments)
      return assignments;
    if (gst_tdengine_error_get_server_code (local) != NOT_OURS
        || g_get_monotonic_time () > deadline || !rest (self, MIN_PAUSE)) {
      g_propagate_error (error, g_steal_pointer (&local));
      return NULL;
    }
  }
}

static gboolean
place_all (Member * member, GstTDengineConsumer * consumer, GError ** error)
{
  GstTDengineGroup *self = member->group;
  g_autoptr (GPtrArray) assignments = get_assignments (self, consumer, error);

  if (!assignments)
    return FALSE;
  /* older rows have no place in the log */
  for (guint i = 0; i < assignments->len && !reads_older_rows (self); i++) {
    if (!place (member, consumer, assignments->pdata[i], error))
      return FALSE;
  }
  g_mutex_lock (&self->lock);
  disown_locked (member, assignments);
  member->placed = TRUE;
  g_cond_signal (&self->arrived);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

/* consumers of one element tell themselves apart in what the server shows */
static GstStructure *
make_options (Member * member)
{
  GstStructure *options = gst_structure_copy (member->group->options);
  const gchar *name = gst_structure_get_string (options, "client.id");

  if (name && member->group->plan.n_consumers > 1) {
    g_autofree gchar *own = g_strdup_printf ("%s-%u", name, member->index);

    gst_structure_set (options, "client.id", G_TYPE_STRING, own, NULL);
  }
  return options;
}

static void
set_consumer (Member * member, GstTDengineConsumer * consumer)
{
  GstTDengineGroup *self = member->group;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  g_set_object (&member->consumer, consumer);
  g_cond_broadcast (&self->committing);
}

static gboolean
join (Member * member, GError ** error)
{
  GstTDengineGroup *self = member->group;
  g_autoptr (GstStructure) options = make_options (member);
  g_autoptr (GstTDengineConsumer) consumer =
      gst_tdengine_consumer_new (self->settings);

  if (!gst_tdengine_consumer_subscribe (consumer,
          (const gchar * const *) self->topics, options, self->stopping, error)
      || !place_all (member, consumer, error))
    return FALSE;
  set_consumer (member, consumer);
  return TRUE;
}

/* following */

/* Whether anything of it is new: after a consumer has joined again, and when a
 * vgroup goes from one consumer to another, messages come twice. */
static gboolean
is_new_locked (const VGroup * vgroup, gint64 position)
{
  if (vgroup->at_target)
    return FALSE;
  return position > vgroup->queued || (position == vgroup->queued
      && get_safe_locked (vgroup, position) != position);
}

/* what may have more to come is not the end yet */
static gboolean
reaches_target (const VGroup * vgroup, gint64 position)
{
  if (vgroup->target == NOTHING)
    return FALSE;
  return vgroup->splits ? position > vgroup->target :
      position >= vgroup->target;
}

static gboolean
take_note_locked (Member * member, GstTDengineTopicMessage * message)
{
  VGroup *vgroup = find_vgroup_locked (member->group,
      gst_tdengine_topic_message_get_topic (message),
      gst_tdengine_topic_message_get_vgroup (message));
  gint64 position = gst_tdengine_topic_message_get_position (message);
  gboolean wanted;

  own_locked (member, vgroup);
  if (position == NOTHING)
    return TRUE;
  vgroup->splits |= !gst_tdengine_topic_message_is_whole (message);
  wanted = is_new_locked (vgroup, position);
  vgroup->queued = MAX (vgroup->queued, position);
  vgroup->position = MAX (vgroup->position, position);
  vgroup->whole = NOTHING;
  vgroup->at_target = reaches_target (vgroup, position);
  return wanted;
}

/* waits while there is no room: FALSE where the group stops */
static gboolean
put (Member * member, GstTDengineTopicMessage * message)
{
  GstTDengineGroup *self = member->group;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  while (!self->stopped && self->queued_bytes >= MAX_QUEUED_BYTES)
    g_cond_wait (&self->room, &self->lock);
  if (self->stopped)
    return FALSE;
  if (take_note_locked (member, message)) {
    self->queued_bytes += gst_tdengine_topic_message_get_size (message);
    g_queue_push_tail (&self->messages,
        gst_tdengine_topic_message_ref (message));
  }
  g_cond_signal (&self->arrived);
  return TRUE;
}

/* Whether all has come that the log has. The server's place mostly goes on over
 * what is no row when there is no more; at the end, and before what no poll looks
 * at, it stays. That it found nothing in the time of one poll may only mean that
 * it is slow. */
static gboolean
is_exhausted_locked (Member * member, const VGroup * vgroup,
    const GstTDengineAssignment * a)
{
  gint64 quiet = g_get_monotonic_time () - member->quiet_since;

  return a->position > vgroup->queued || quiet > MAX_QUIET
      || (a->position >= a->end && quiet > MIN_QUIET);
}

/* what the server says of all that was assigned; quiet: a poll brought nothing */
static gboolean
look (Member * member, gboolean quiet, GError ** error)
{
  GstTDengineGroup *self = member->group;
  g_autoptr (GPtrArray) assignments =
      get_assignments (self, member->consumer, error);

  if (!assignments)
    return FALSE;
  member->last_look = g_get_monotonic_time ();
  g_mutex_lock (&self->lock);
  for (guint i = 0; i < assignments->len; i++) {
    const GstTDengineAssignment *a = assignments->pdata[i];
    VGroup *vgroup = find_vgroup_locked (self, a->topic, a->vgroup);

    note_assignment_locked (member, a);
    if (quiet && is_exhausted_locked (member, vgroup, a))
      vgroup->whole = vgroup->queued;
    if (quiet && vgroup->target != NOTHING && a->position >= vgroup->target
        && get_safe_locked (vgroup, vgroup->queued) == vgroup->queued)
      vgroup->at_target = TRUE;
  }
  disown_locked (member, assignments);
  g_cond_signal (&self->arrived);
  g_mutex_unlock (&self->lock);
  return TRUE;
}

static gboolean
is_time_to_look (Member * member, gboolean quiet)
{
  if (reads_older_rows (member->group))
    return FALSE;
  return (quiet && member->group->plan.ends)
      || g_get_monotonic_time () - member->last_look > LOOK_INTERVAL;
}

/* until an error, or until the group stops */
static void
follow (Member * member, GError ** error)
{
  GstTDengineGroup *self = member->group;
  guint timeout = self->plan.ends ?
      MIN (self->plan.poll_interval, END_POLL_INTERVAL) :
      self->plan.poll_interval;

  while (TRUE) {
    g_autoptr (GError) local = NULL;
    g_autoptr (GstTDengineTopicMessage) message =
        gst_tdengine_consumer_poll (member->consumer, timeout, self->stopping,
        &local);

    if (local) {
      g_propagate_error (error, g_steal_pointer (&local));
      return;
    }
    if (message)
      member->quiet_since = G_MAXINT64;
    else if (member->quiet_since == G_MAXINT64)
      member->quiet_since = g_get_monotonic_time ();
    if (message && !put (member, message))
      return;
    if (is_time_to_look (member, !message) && !look (member, !message, error))
      return;
  }
}

static gboolean
is_final (const GError * error)
{
  gint code = gst_tdengine_error_get_server_code (error);

  for (guint i = 0; i < G_N_ELEMENTS (final_codes); i++) {
    if (code == final_codes[i])
      return TRUE;
  }
  /* the same bytes would come again */
  return g_error_matches (error, GST_TDENGINE_ERROR,
      GST_TDENGINE_ERROR_PROTOCOL)
      || g_error_matches (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_BLOCK)
      || g_error_matches (error, GST_TDENGINE_ERROR,
      GST_TDENGINE_ERROR_UNKNOWN_TYPE)
      || g_error_matches (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_SCHEMA);
}

static void
fail (GstTDengineGroup * self, GError * error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  if (!self->error)
    self->error = g_error_copy (error);
  g_cond_signal (&self->arrived);
}

static void
post_progress (Member * member, GstProgressType type, const gchar * text)
{
  if (member->index == 0)
    gst_tdengine_element_post_progress (member->group->element, type,
        "subscribe", text);
}

static gboolean
join_first (Member * member, GError ** error)
{
  post_progress (member, GST_PROGRESS_TYPE_START, "Subscribing");
  if (member->index == 0
      && gst_tdengine_settings_is_careless (member->group->settings))
    gst_tdengine_element_warn_careless (member->group->element);
  member->joined = join (member, error);
  post_progress (member, member->joined ? GST_PROGRESS_TYPE_COMPLETE :
      GST_PROGRESS_TYPE_ERROR, member->joined ? "Subscribed" :
      "Could not subscribe");
  return member->joined;
}

/* A server may need a while to come back, or to let go of what was lost. */
static gboolean
join_again (Member * member, GError ** error)
{
  GstTDengineGroup *self = member->group;
  gint64 deadline = g_get_monotonic_time () +
      gst_tdengine_settings_get_message_timeout (self->settings) *
      G_TIME_SPAN_MILLISECOND;
  gint64 pause = MIN_PAUSE;
  guint n_tries = 0;

  while (rest (self, pause)) {
    g_autoptr (GError) local = NULL;

    n_tries++;
    if (join (member, &local)) {
      gst_tdengine_element_post_reconnect (self->element, n_tries, NULL);
      g_mutex_lock (&self->lock);
      self->n_rejoins++;
      g_mutex_unlock (&self->lock);
      return TRUE;
    }
    pause = MIN (2 * pause, MAX_PAUSE);
    if (is_final (local) || g_get_monotonic_time () > deadline) {
      g_propagate_error (error, g_steal_pointer (&local));
      return FALSE;
    }
  }
  return FALSE;
}

static gpointer
run_member (gpointer data)
{
  Member *member = data;
  GstTDengineGroup *self = member->group;
  g_autoptr (GError) error = NULL;

  while (member->joined ? join_again (member, &error)
      : join_first (member, &error)) {
    follow (member, &error);
    if (!error || is_final (error)
        || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
      break;
    gst_element_message_full (self->element, GST_MESSAGE_WARNING,
        GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ,
        g_strdup_printf ("A consumer joins its group again: %s",
            error->message), NULL, __FILE__, GST_FUNCTION, __LINE__);
    gst_tdengine_element_post_reconnect (self->element, 1, error);
    gst_tdengine_consumer_close (member->consumer);
    set_consumer (member, NULL);
    g_clear_error (&error);
  }
  if (error && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    fail (self, error);
  return NULL;
}

/* committing */

static VGroup *
find_uncommitted_locked (GstTDengineGroup * self)
{
  GHashTableIter iter;
  VGroup *vgroup;

  g_hash_table_iter_init (&iter, self->vgroups);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) & vgroup)) {
    if (vgroup->confirmed > MAX (vgroup->tried, vgroup->committed)
        && vgroup->owner && vgroup->owner->consumer)
      return vgroup;
  }
  return NULL;
}

static void
note_state_locked (GstTDengineGroup * self, VGroup * vgroup, gint64 position)
{
  const GstTDengineStatePart part = {.position = position };
  g_autofree gchar *key =
      gst_tdengine_group_get_key (vgroup->topic, vgroup->number);

  if (self->state)
    gst_tdengine_state_set (self->state, key, &part);
}

/* A vgroup that went elsewhere is no fault: what is not committed comes again
 * there. What could not be said is said again when there is more to say, or to
 * another connection. */
static void
commit_locked (GstTDengineGroup * self, VGroup * vgroup)
{
  g_autoptr (GstTDengineConsumer) consumer =
      g_object_ref (vgroup->owner->consumer);
  gint64 position = vgroup->confirmed;
  g_autoptr (GError) error = NULL;

  vgroup->tried = position;
  note_state_locked (self, vgroup, position);
  self->n_committing++;
  g_mutex_unlock (&self->lock);
  if (self->state && !gst_tdengine_state_save (self->state, &error))
    gst_tdengine_element_post_error (self->element, error);
  else
    gst_tdengine_consumer_commit (consumer, vgroup->topic, vgroup->number,
        position, self->giving_up, &error);
  g_mutex_lock (&self->lock);
  self->n_committing--;
  if (!error) {
    vgroup->committed = MAX (vgroup->committed, position);
    self->n_commits++;
  } else if (gst_tdengine_error_get_server_code (error) == NOT_OURS) {
    vgroup->owner = NULL;
    vgroup->left_at = g_get_monotonic_time ();
  } else if (!vgroup->owner || vgroup->owner->consumer != consumer) {
    vgroup->tried = NOTHING;
  } else {
    GST_WARNING_OBJECT (self->element, "%s/%d is not committed: %s",
        vgroup->topic, vgroup->number, error->message);
  }
  g_cond_broadcast (&self->committing);
}

static gpointer
run_committer (gpointer data)
{
  GstTDengineGroup *self = data;
  VGroup *vgroup;
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  /* what is confirmed by the time it stops is committed first */
  while ((vgroup = find_uncommitted_locked (self)) || !self->stopped) {
    if (g_cancellable_is_cancelled (self->giving_up))
      break;
    if (vgroup)
      commit_locked (self, vgroup);
    else
      g_cond_wait (&self->committing, &self->lock);
  }
  return NULL;
}

static gboolean
note_confirmed (GQuark field, const GValue * value, gpointer data)
{
  GstTDengineGroup *self = data;
  VGroup *vgroup =
      g_hash_table_lookup (self->vgroups, g_quark_to_string (field));

  if (vgroup)
    vgroup->confirmed = MAX (vgroup->confirmed, g_value_get_int64 (value));
  return TRUE;
}

/* Has positions committed, without waiting for it. Any thread may. */
void
gst_tdengine_group_commit (GstTDengineGroup * self,
    const GstStructure * positions)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  gst_structure_foreach (positions, note_confirmed, self);
  g_cond_broadcast (&self->committing);
}

typedef struct
{
  GstTDengineGroup *group;
  gboolean changed;
} Safe;

static gboolean
make_safe (GQuark field, GValue * value, gpointer data)
{
  Safe *self = data;
  const VGroup *vgroup =
      g_hash_table_lookup (self->group->vgroups, g_quark_to_string (field));
  gint64 position = g_value_get_int64 (value);

  if (vgroup)
    g_value_set_int64 (value, get_safe_locked (vgroup, position));
  self->changed |= g_value_get_int64 (value) != position;
  return TRUE;
}

/* Makes positions behind what was pushed those to go on from. FALSE where one was
 * changed: it may become what it was when there is nothing more to come. */
gboolean
gst_tdengine_group_make_safe (GstTDengineGroup * self, GstStructure * positions)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  Safe safe = { self };

  gst_structure_map_in_place (positions, make_safe, &safe);
  return !safe.changed;
}

/* the element's side */

void
gst_tdengine_group_start (GstTDengineGroup * self)
{
  for (guint i = 0; i < self->plan.n_consumers; i++) {
    Member *member = &self->members[i];

    member->group = self;
    member->index = i;
    member->thread = g_thread_new ("tdengine-poll", run_member, member);
  }
  self->committer = g_thread_new ("tdengine-commit", run_committer, self);
}

static void
stop_polling (GstTDengineGroup * self)
{
  g_mutex_lock (&self->lock);
  self->stopped = TRUE;
  g_cond_broadcast (&self->room);
  g_mutex_unlock (&self->lock);
  g_cancellable_cancel (self->stopping);
  for (guint i = 0; i < self->plan.n_consumers; i++)
    g_thread_join (self->members[i].thread);
}

/* for no longer than one request may take */
static void
finish_commits (GstTDengineGroup * self)
{
  gint64 deadline = g_get_monotonic_time () +
      gst_tdengine_settings_get_message_timeout (self->settings) *
      G_TIME_SPAN_MILLISECOND;
  gboolean in_time = TRUE;

  g_mutex_lock (&self->lock);
  while (in_time && (self->n_committing > 0 || find_uncommitted_locked (self)))
    in_time = g_cond_wait_until (&self->committing, &self->lock, deadline);
  g_cond_broadcast (&self->committing);
  g_mutex_unlock (&self->lock);
  if (!in_time)
    g_cancellable_cancel (self->giving_up);
  g_thread_join (self->committer);
}

/* Commits what is confirmed, and leaves. */
void
gst_tdengine_group_stop (GstTDengineGroup * self)
{
  stop_polling (self);
  finish_commits (self);
  for (guint i = 0; i < self->plan.n_consumers; i++) {
    Member *member = &self->members[i];

    if (member->consumer)
      gst_tdengine_consumer_close (member->consumer);
    set_consumer (member, NULL);
  }
}

static gboolean
is_placed_locked (GstTDengineGroup * self)
{
  for (guint i = 0; i < self->plan.n_consumers; i++) {
    if (!self->members[i].placed)
      return FALSE;
  }
  return TRUE;
}

/* all that was there when it was first looked for */
static gboolean
is_at_end_locked (GstTDengineGroup * self)
{
  GHashTableIter iter;
  VGroup *vgroup;

  if (!self->plan.ends || !is_placed_locked (self))
    return FALSE;
  g_hash_table_iter_init (&iter, self->vgroups);
  while (g_hash_table_iter_next (&iter, NULL, (gpointer *) & vgroup)) {
    if (!vgroup->at_target && (vgroup->owner
            || g_get_monotonic_time () - vgroup->left_at < GRACE))
      return FALSE;
  }
  return TRUE;
}

/* The next message, or what there is instead of one. Patience, in us, is for
 * when all consumers have joined. */
GstTDengineGroupResult
gst_tdengine_group_next (GstTDengineGroup * self, gint64 patience,
    GstTDengineTopicMessage ** message, GError ** error)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  gint64 deadline = g_get_monotonic_time () + patience;
  gboolean in_time = TRUE, was_full;

  while (!self->woken && !(*message = g_queue_pop_head (&self->messages))) {
    if (self->error) {
      g_propagate_error (error, g_error_copy (self->error));
      return GST_TDENGINE_GROUP_ERROR;
    }
    if (is_at_end_locked (self))
      return GST_TDENGINE_GROUP_END;
    if (!in_time)
      return GST_TDENGINE_GROUP_QUIET;
    if (is_placed_locked (self))
      in_time = g_cond_wait_until (&self->arrived, &self->lock, deadline);
    else
      g_cond_wait (&self->arrived, &self->lock);
  }
  if (self->woken)
    return GST_TDENGINE_GROUP_WOKEN;
  was_full = self->queued_bytes >= MAX_QUEUED_BYTES;
  self->queued_bytes -= gst_tdengine_topic_message_get_size (*message);
  if (was_full)
    g_cond_broadcast (&self->room);
  return GST_TDENGINE_GROUP_MESSAGE;
}

/* Any thread may. */
void
gst_tdengine_group_wake (GstTDengineGroup * self, gboolean stay_awake)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  self->woken = stay_awake;
  g_cond_signal (&self->arrived);
}

/* how far behind the end of its log each vgroup is, and what happened */
void
gst_tdengine_group_add_stats (GstTDengineGroup * self, GstStructure * stats)
{
  g_autoptr (GstStructure) lags = gst_structure_new_empty ("lag");
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);
  GHashTableIter iter;
  const gchar *key;
  VGroup *vgroup;

  g_hash_table_iter_init (&iter, self->vgroups);
  while (g_hash_table_iter_next (&iter, (gpointer *) & key,
          (gpointer *) & vgroup)) {
    if (vgroup->owner)
      gst_structure_set (lags, key, G_TYPE_INT64,
          MAX (vgroup->end - MAX (vgroup->position, vgroup->queued), 0), NULL);
  }
  gst_structure_set (stats, "lag", GST_TYPE_STRUCTURE, lags,
      "commits", G_TYPE_UINT64, self->n_commits,
      "rebalances", G_TYPE_UINT64, self->n_rebalances,
      "reconnections", G_TYPE_UINT64, self->n_rejoins, NULL);
}
