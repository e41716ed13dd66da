/* tdenginecdcsrc: the rows that are written, as they are
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

/**
 * SECTION:element-tdenginecdcsrc
 * @title: tdenginecdcsrc
 *
 * Follows topics of a TDengine server as a member of a consumer group, and
 * pushes the rows that are written, with what happens to tables as events.
 *
 * Checkpoints go along with the rows. What the sinks confirm is committed, so that
 * after a crash everything that was not comes again.
 *
 * ## Example launch line
 * |[
 * gst-launch-1.0 tdenginecdcsrc topic=topic_meters group-id=demo offset-reset=earliest end=latest commit-mode=auto ! tdenginecsvenc ! fdsink
 * ]|
 * Shows the rows that a topic has.
 *
 * Since: 0.1
 */
#include <gst/base/base.h>
#include <string.h>

#include "elements.h"
#include "gsttdengineelement.h"
#include "gsttdenginegroup.h"
#include "gsttdenginestamp.h"

GST_DEBUG_CATEGORY_STATIC (tdenginecdcsrc_debug);
#define GST_CAT_DEFAULT tdenginecdcsrc_debug

#define POSITIONS "GstTDenginePositions"

#define DEFAULT_POLL_INTERVAL 500
#define DEFAULT_SESSION_TIMEOUT 12000
#define DEFAULT_MAX_POLL_INTERVAL 300000
#define DEFAULT_COMMIT_INTERVAL 5000
#define DEFAULT_IDLE_TIME 5000

typedef enum
{
  RESET_LATEST,
  RESET_EARLIEST,
} OffsetReset;

typedef enum
{
  COMMIT_CHECKPOINT,
  COMMIT_AUTO,
  COMMIT_MANUAL,
} CommitMode;

typedef enum
{
  END_NEVER,
  END_LATEST,
  END_IDLE,
} End;

struct _GstTDengineCdcSrc
{
  GstPushSrc parent_instance;

  /* properties, under the object lock */
  GstTDengineSettings *settings;
  gchar *topic;
  gchar *group_id;
  gchar *client_id;
  OffsetReset offset_reset;
  guint poll_interval;          /* ms */
  guint session_timeout;        /* ms */
  guint max_poll_interval;      /* ms */
  CommitMode commit_mode;
  guint auto_commit_interval;   /* ms */
  guint checkpoint_interval;    /* ms */
  guint parallelism;
  guint rows_per_buffer;
  GstStructure *options;
  GstStructure *start_positions;
  gchar *state_file;
  End end;
  guint idle_time;              /* ms */

  GstTDengineGroup *group;      /* under the object lock */
  gboolean rewinds;             /* after a flush, under the object lock */
  gboolean ends;                /* was told to, under the object lock */
  gboolean unlocked;            /* under the object lock */

  /* of the streaming thread */
  GstTDengineProgress *progress;
  GstTDengineTopicMessage *message;     /* is not pushed whole yet */
  guint next_block;
  GstTDengineRows *rows;        /* a block that is not pushed whole yet */
  guint next_row;
  GstTDengineSchema *schema;    /* that downstream was told */
  gint64 last_message;          /* or when it joined, monotonic, us */
  gint64 last_commit;           /* or checkpoint, monotonic, us */
  gboolean has_news;            /* since then */
  gboolean has_more;            /* that may become safe without */

  GstTDengineStamp stamp;

  /* under the object lock */
  GstStructure *reached;        /* what is pushed */
  guint64 n_rows;
  guint64 n_bytes;
  guint64 n_buffers;
  guint64 n_messages;
  guint64 n_checkpoints;        /* sent */
};

enum
{
  PROP_0,
  PROP_TOPIC,
  PROP_GROUP_ID,
  PROP_CLIENT_ID,
  PROP_OFFSET_RESET,
  PROP_POLL_INTERVAL,
  PROP_SESSION_TIMEOUT,
  PROP_MAX_POLL_INTERVAL,
  PROP_COMMIT_MODE,
  PROP_AUTO_COMMIT_INTERVAL,
  PROP_CHECKPOINT_INTERVAL,
  PROP_PARALLELISM,
  PROP_ROWS_PER_BUFFER,
  PROP_OPTIONS,
  PROP_START_POSITIONS,
  PROP_STATE_FILE,
  PROP_END,
  PROP_IDLE_TIME,
  PROP_STATS,
  PROP_SETTINGS,                /* the first of the connection's */
};

enum
{
  SIGNAL_COMMIT,
  N_SIGNALS,
};

static guint signals[N_SIGNALS];

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE ("src",
    GST_PAD_SRC, GST_PAD_ALWAYS,
    GST_STATIC_CAPS (GST_TDENGINE_ROWS_MEDIA_TYPE));

static GType
gst_tdengine_offset_reset_get_type (void)
{
  static const GEnumValue values[] = {
    {RESET_LATEST, "What is written from now on", "latest"},
    {RESET_EARLIEST, "All that the log still has", "earliest"},
    {0, NULL, NULL},
  };
  static GType type;

  return gst_tdengine_element_register_enum (&type, "GstTDengineOffsetReset",
      values);
}

static GType
gst_tdengine_commit_mode_get_type (void)
{
  static const GEnumValue values[] = {
    {COMMIT_CHECKPOINT, "What the sinks have confirmed", "checkpoint"},
    {COMMIT_AUTO, "What was pushed", "auto"},
    {COMMIT_MANUAL, "What was pushed, when the commit signal says so",
        "manual"},
    {0, NULL, NULL},
  };
  static GType type;

  return gst_tdengine_element_register_enum (&type, "GstTDengineCommitMode",
      values);
}

static GType
gst_tdengine_end_get_type (void)
{
  static const GEnumValue values[] = {
    {END_NEVER, "Never", "never"},
    {END_LATEST, "Behind what was there at the start", "latest"},
    {END_IDLE, "When nothing has come for idle-time", "idle"},
    {0, NULL, NULL},
  };
  static GType type;

  return gst_tdengine_element_register_enum (&type, "GstTDengineEnd", values);
}

G_DECLARE_FINAL_TYPE (GstTDengineCdcSrc, gst_tdengine_cdc_src, GST,
    TDENGINE_CDC_SRC, GstPushSrc);
G_DEFINE_TYPE_WITH_CODE (GstTDengineCdcSrc, gst_tdengine_cdc_src,
    GST_TYPE_PUSH_SRC, G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER,
        gst_tdengine_element_init_uri_handler));
GST_ELEMENT_REGISTER_DEFINE_WITH_CODE (tdenginecdcsrc, "tdenginecdcsrc",
    GST_RANK_NONE, gst_tdengine_cdc_src_get_type (),
    GST_DEBUG_CATEGORY_INIT (tdenginecdcsrc_debug, "tdenginecdcsrc", 0,
        "rows of TDengine topics"));

static void
gst_tdengine_cdc_src_init (GstTDengineCdcSrc * self)
{
  self->settings = gst_tdengine_settings_new ();
  self->poll_interval = DEFAULT_POLL_INTERVAL;
  self->session_timeout = DEFAULT_SESSION_TIMEOUT;
  self->max_poll_interval = DEFAULT_MAX_POLL_INTERVAL;
  self->auto_commit_interval = DEFAULT_COMMIT_INTERVAL;
  self->checkpoint_interval = DEFAULT_COMMIT_INTERVAL;
  self->parallelism = 1;
  self->idle_time = DEFAULT_IDLE_TIME;
  self->reached = gst_structure_new_empty (POSITIONS);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
}

static void
gst_tdengine_cdc_src_finalize (GObject * object)
{
  GstTDengineCdcSrc *self = GST_TDENGINE_CDC_SRC (object);

  gst_tdengine_settings_free (self->settings);
  g_free (self->topic);
  g_free (self->group_id);
  g_free (self->client_id);
  g_free (self->state_file);
  g_clear_pointer (&self->options, gst_structure_free);
  g_clear_pointer (&self->start_positions, gst_structure_free);
  gst_structure_free (self->reached);
  G_OBJECT_CLASS (gst_tdengine_cdc_src_parent_class)->finalize (object);
}

static void
take_string (gchar ** field, const GValue * value)
{
  g_free (*field);
  *field = g_value_dup_string (value);
}

static void
take_structure (GstStructure ** field, const GValue * value)
{
  g_clear_pointer (field, gst_structure_free);
  *field = g_value_dup_boxed (value);
}

static void
gst_tdengine_cdc_src_set_property (GObject * object, guint id,
    const GValue * value, GParamSpec * pspec)
{
  GstTDengineCdcSrc *self = GST_TDENGINE_CDC_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_TOPIC:
      take_string (&self->topic, value);
      break;
    case PROP_GROUP_ID:
      take_string (&self->group_id, value);
      break;
    case PROP_CLIENT_ID:
      take_string (&self->client_id, value);
      break;
    case PROP_OFFSET_RESET:
      self->offset_reset = g_value_get_enum (value);
      break;
    case PROP_POLL_INTERVAL:
      self->poll_interval = g_value_get_uint (value);
      break;
    case PROP_SESSION_TIMEOUT:
      self->session_timeout = g_value_get_uint (value);
      break;
    case PROP_MAX_POLL_INTERVAL:
      self->max_poll_interval = g_value_get_uint (value);
      break;
    case PROP_COMMIT_MODE:
      self->commit_mode = g_value_get_enum (value);
      break;
    case PROP_AUTO_COMMIT_INTERVAL:
      self->auto_commit_interval = g_value_get_uint (value);
      break;
    case PROP_CHECKPOINT_INTERVAL:
      self->checkpoint_interval = g_value_get_uint (value);
      break;
    case PROP_PARALLELISM:
      self->parallelism = g_value_get_uint (value);
      break;
    case PROP_ROWS_PER_BUFFER:
      self->rows_per_buffer = g_value_get_uint (value);
      break;
    case PROP_OPTIONS:
      take_structure (&self->options, value);
      break;
    case PROP_START_POSITIONS:
      take_structure (&self->start_positions, value);
      break;
    case PROP_STATE_FILE:
      take_string (&self->state_file, value);
      break;
    case PROP_END:
      self->end = g_value_get_enum (value);
      break;
    case PROP_IDLE_TIME:
      self->idle_time = g_value_get_uint (value);
      break;
    default:
      if (!gst_tdengine_settings_set_property (self->settings, value, pspec))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/* where to go on behind what is pushed */
static GstStructure *
copy_reached_locked (GstTDengineCdcSrc * self, gboolean * all)
{
  g_autoptr (GstStructure) copy = gst_structure_copy (self->reached);

  *all = !self->group || gst_tdengine_group_make_safe (self->group, copy);
  return g_steal_pointer (&copy);
}

static GstStructure *
make_stats_locked (GstTDengineCdcSrc * self)
{
  gboolean all;
  g_autoptr (GstStructure) reached = copy_reached_locked (self, &all);
  GstStructure *stats = gst_structure_new ("tdenginecdcsrc-stats",
      "rows", G_TYPE_UINT64, self->n_rows,
      "bytes", G_TYPE_UINT64, self->n_bytes,
      "buffers", G_TYPE_UINT64, self->n_buffers,
      "messages", G_TYPE_UINT64, self->n_messages,
      "checkpoints", G_TYPE_UINT64, self->n_checkpoints,
      "positions", GST_TYPE_STRUCTURE, reached, NULL);

  if (self->group)
    gst_tdengine_group_add_stats (self->group, stats);
  return stats;
}

static void
gst_tdengine_cdc_src_get_property (GObject * object, guint id,
    GValue * value, GParamSpec * pspec)
{
  GstTDengineCdcSrc *self = GST_TDENGINE_CDC_SRC (object);

  GST_OBJECT_LOCK (self);
  switch (id) {
    case PROP_TOPIC:
      g_value_set_string (value, self->topic);
      break;
    case PROP_GROUP_ID:
      g_value_set_string (value, self->group_id);
      break;
    case PROP_CLIENT_ID:
      g_value_set_string (value, self->client_id);
      break;
    case PROP_OFFSET_RESET:
      g_value_set_enum (value, self->offset_reset);
      break;
    case PROP_POLL_INTERVAL:
      g_value_set_uint (value, self->poll_interval);
      break;
    case PROP_SESSION_TIMEOUT:
      g_value_set_uint (value, self->session_timeout);
      break;
    case PROP_MAX_POLL_INTERVAL:
      g_value_set_uint (value, self->max_poll_interval);
      break;
    case PROP_COMMIT_MODE:
      g_value_set_enum (value, self->commit_mode);
      break;
    case PROP_AUTO_COMMIT_INTERVAL:
      g_value_set_uint (value, self->auto_commit_interval);
      break;
    case PROP_CHECKPOINT_INTERVAL:
      g_value_set_uint (value, self->checkpoint_interval);
      break;
    case PROP_PARALLELISM:
      g_value_set_uint (value, self->parallelism);
      break;
    case PROP_ROWS_PER_BUFFER:
      g_value_set_uint (value, self->rows_per_buffer);
      break;
    case PROP_OPTIONS:
      g_value_set_boxed (value, self->options);
      break;
    case PROP_START_POSITIONS:
      g_value_set_boxed (value, self->start_positions);
      break;
    case PROP_STATE_FILE:
      g_value_set_string (value, self->state_file);
      break;
    case PROP_END:
      g_value_set_enum (value, self->end);
      break;
    case PROP_IDLE_TIME:
      g_value_set_uint (value, self->idle_time);
      break;
    case PROP_STATS:
      g_value_take_boxed (value, make_stats_locked (self));
      break;
    default:
      if (!gst_tdengine_settings_get_property (self->settings, value, pspec))
        G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
      break;
  }
  GST_OBJECT_UNLOCK (self);
}

/* starting and stopping */

/* what the server is told, under its own names */
static GstStructure *
make_options_locked (GstTDengineCdcSrc * self)
{
  GstStructure *options = self->options ? gst_structure_copy (self->options) :
      gst_structure_new_empty ("options");

  gst_structure_set (options,
      "group.id", G_TYPE_STRING, self->group_id ? self->group_id : "",
      "auto.offset.reset", G_TYPE_STRING,
      self->offset_reset == RESET_EARLIEST ? "earliest" : "latest",
      "session.timeout.ms", G_TYPE_UINT, self->session_timeout,
      "max.poll.interval.ms", G_TYPE_UINT, self->max_poll_interval, NULL);
  if (self->client_id && *self->client_id)
    gst_structure_set (options, "client.id", G_TYPE_STRING, self->client_id,
        NULL);
  return options;
}

static gchar **
split_topics_locked (GstTDengineCdcSrc * self)
{
  gchar **topics = g_strsplit (self->topic ? self->topic : "", ",", -1);

  for (guint i = 0; topics[i]; i++)
    g_strstrip (topics[i]);
  return topics;
}

static gboolean
has_state_file_locked (GstTDengineCdcSrc * self)
{
  return self->state_file && *self->state_file;
}

static gboolean
refuse (GError ** error, const gchar * what)
{
  g_set_error_literal (error, GST_TDENGINE_ERROR,
      GST_TDENGINE_ERROR_INVALID_VALUE, what);
  return FALSE;
}

static gboolean
check_position (GQuark field, const GValue * value, gpointer error)
{
  const gchar *key = g_quark_to_string (field);
  gint64 number;

  if (G_VALUE_HOLDS_INT64 (value) && g_value_get_int64 (value) >= 0
      && strrchr (key, '/') && g_ascii_string_to_signed (strrchr (key,
              '/') + 1, 10, 0, G_MAXINT32, &number, NULL))
    return TRUE;
  g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_INVALID_VALUE,
      "start-positions has \"%s\": expected topic/vgroup=(gint64)position",
      key);
  return FALSE;
}

static gboolean
check_settings_locked (GstTDengineCdcSrc * self, const gchar * const *topics,
    const GstStructure * options, GError ** error)
{
  if (!gst_tdengine_settings_validate (self->settings, error)
      || !gst_tdengine_consumer_check (topics, options, error))
    return FALSE;
  if (self->poll_interval >= self->max_poll_interval)
    return refuse (error, "poll-interval is not below max-poll-interval");
  if (self->start_positions && has_state_file_locked (self))
    return refuse (error, "There are two places to start from: set one of "
        "start-positions and state-file");
  return !self->start_positions
      || gst_structure_foreach (self->start_positions, check_position, error);
}

/* FALSE with an error; a NULL state where there is to be none */
static gboolean
load_state_locked (GstTDengineCdcSrc * self, const gchar * const *topics,
    GstTDengineState ** state, GError ** error)
{
  g_autofree gchar *fingerprint = NULL;

  *state = NULL;
  if (!has_state_file_locked (self))
    return TRUE;
  fingerprint = gst_tdengine_state_make_fingerprint (topics);
  *state = gst_tdengine_state_load (self->state_file, fingerprint, error);
  return *state != NULL;
}

static GstTDengineGroup *
make_group_locked (GstTDengineCdcSrc * self, gboolean again, GError ** error)
{
  g_auto (GStrv) topics = split_topics_locked (self);
  g_autoptr (GstStructure) options = make_options_locked (self);
  const GstTDengineGroupPlan plan = {
    .n_consumers = self->parallelism,
    .poll_interval = self->poll_interval,
    .ends = self->end == END_LATEST,
    .pins = self->commit_mode != COMMIT_MANUAL,
  };

  GstTDengineState *state;

  if (!check_settings_locked (self, (const gchar * const *) topics, options,
          error)
      || !load_state_locked (self, (const gchar * const *) topics, &state,
          error))
    return NULL;
  return gst_tdengine_group_new (GST_ELEMENT (self), self->settings,
      (const gchar * const *) topics, options,
      again ? NULL : self->start_positions, state, &plan);
}

/* as the last reference to a checkpoint goes, anywhere */
static void
on_settled (const GstStructure * positions, const GError * error,
    gpointer group)
{
  if (!error)
    gst_tdengine_group_commit (group, positions);
  else
    GST_CAT_INFO (GST_CAT_DEFAULT, "a checkpoint is not confirmed: %s",
        error->message);
}

static void
clear_message (GstTDengineCdcSrc * self)
{
  g_clear_pointer (&self->message, gst_tdengine_topic_message_unref);
  g_clear_pointer (&self->rows, gst_tdengine_rows_unref);
  self->next_block = self->next_row = 0;
}

/* takes the group; the consumers connect in threads of their own */
static void
start_group (GstTDengineCdcSrc * self, GstTDengineGroup * group)
{
  self->progress = gst_tdengine_progress_new (on_settled,
      gst_tdengine_group_ref (group),
      (GDestroyNotify) gst_tdengine_group_unref);
  self->last_message = 0;
  /* who has seen a checkpoint can say that rows are lost: so one goes first */
  self->last_commit = G_MININT64 / 2;
  self->has_news = TRUE;
  gst_tdengine_group_start (group);
  GST_OBJECT_LOCK (self);
  self->group = group;
  gst_tdengine_group_wake (group, self->unlocked || self->ends);
  GST_OBJECT_UNLOCK (self);
}

static void
stop_group (GstTDengineCdcSrc * self)
{
  GstTDengineGroup *group = self->group;

  clear_message (self);
  if (!group)
    return;
  gst_tdengine_group_stop (group);
  GST_OBJECT_LOCK (self);
  self->group = NULL;
  GST_OBJECT_UNLOCK (self);
  g_clear_pointer (&self->progress, gst_tdengine_progress_unref);
  gst_tdengine_group_unref (group);
}

static gboolean
gst_tdengine_cdc_src_start (GstBaseSrc * src)
{
  GstTDengineCdcSrc *self = GST_TDENGINE_CDC_SRC (src);
  g_autoptr (GError) error = NULL;
  GstTDengineGroup *group;

  GST_OBJECT_LOCK (self);
  group = make_group_locked (self, FALSE, &error);
  gst_tdengine_stamp_init (&self->stamp);
  gst_structure_remove_all_fields (self->reached);
  self->n_rows = self->n_bytes = self->n_buffers = 0;
  self->n_messages = self->n_checkpoints = 0;
  self->rewinds = self->ends = FALSE;
  GST_OBJECT_UNLOCK (self);
  if (group)
    start_group (self, group);
  else
    gst_tdengine_element_post_error (GST_ELEMENT (self), error);
  return group != NULL;
}

static gboolean
gst_tdengine_cdc_src_stop (GstBaseSrc * src)
{
  GstTDengineCdcSrc *self = GST_TDENGINE_CDC_SRC (src);

  stop_group (self);
  g_clear_pointer (&self->schema, gst_tdengine_schema_unref);
  return TRUE;
}

/* the caps come with the rows */
static gboolean
gst_tdengine_cdc_src_negotiate (GstBaseSrc * src)
{
  return TRUE;
}

static void
set_unlocked (GstTDengineCdcSrc * self, gboolean unlocked)
{
  GST_OBJECT_LOCK (self);
  self->unlocked = unlocked;
  if (self->group)
    gst_tdengine_group_wake (self->group, unlocked || self->ends);
  GST_OBJECT_UNLOCK (self);
}

static gboolean
gst_tdengine_cdc_src_unlock (GstBaseSrc * src)
{
  set_unlocked (GST_TDENGINE_CDC_SRC (src), TRUE);
  return TRUE;
}

static gboolean
gst_tdengine_cdc_src_unlock_stop (GstBaseSrc * src)
{
  set_unlocked (GST_TDENGINE_CDC_SRC (src), FALSE);
  return TRUE;
}

/* EOS comes behind a last checkpoint, which the streaming thread makes. What a
 * flush drops was not confirmed, and has to come again. */
static gboolean
gst_tdengine_cdc_src_send_event (GstElement * element, GstEvent * event)
{
  GstTDengineCdcSrc *self = GST_TDENGINE_CDC_SRC (element);
  gboolean is_eos = GST_EVENT_TYPE (event) == GST_EVENT_EOS;

  GST_OBJECT_LOCK (self);
  if (is_eos && self->group) {
    self->ends = TRUE;
    gst_tdengine_group_wake (self->group, TRUE);
  }
  if (GST_EVENT_TYPE (event) == GST_EVENT_FLUSH_STOP)
    self->rewinds = TRUE;
  GST_OBJECT_UNLOCK (self);
  if (!is_eos)
    return GST_ELEMENT_CLASS (gst_tdengine_cdc_src_parent_class)->send_event
        (element, event);
  gst_event_unref (event);
  return TRUE;
}

static void
rewind_to_committed (GstTDengineCdcSrc * self, GError ** error)
{
  GstTDengineGroup *group;

  stop_group (self);
  GST_OBJECT_LOCK (self);
  self->rewinds = FALSE;
  group = make_group_locked (self, TRUE, error);
  gst_structure_remove_all_fields (self->reached);
  GST_OBJECT_UNLOCK (self);
  if (group)
    start_group (self, group);
}

/* committing */

static GstStructure *
copy_reached (GstTDengineCdcSrc * self)
{
  g_autoptr (GstStructure) copy = NULL;
  gboolean all;

  GST_OBJECT_LOCK (self);
  copy = copy_reached_locked (self, &all);
  GST_OBJECT_UNLOCK (self);
  self->has_more = !all;
  return g_steal_pointer (&copy);
}

static void
push_checkpoint (GstTDengineCdcSrc * self)
{
  gst_pad_push_event (GST_BASE_SRC_PAD (self),
      gst_tdengine_progress_make_checkpoint (self->progress,
          copy_reached (self)));
  GST_OBJECT_LOCK (self);
  self->n_checkpoints++;
  GST_OBJECT_UNLOCK (self);
}

static gint64
get_commit_interval_locked (GstTDengineCdcSrc * self)
{
  return G_TIME_SPAN_MILLISECOND * (self->commit_mode == COMMIT_AUTO ?
      self->auto_commit_interval : self->checkpoint_interval);
}

/* Has committed what is pushed, each way in its own time. */
static void
commit_if_due (GstTDengineCdcSrc * self, gboolean at_once)
{
  gint64 now = g_get_monotonic_time ();
  gint64 interval;
  CommitMode mode;

  GST_OBJECT_LOCK (self);
  mode = self->commit_mode;
  interval = get_commit_interval_locked (self);
  GST_OBJECT_UNLOCK (self);
  if (mode == COMMIT_MANUAL || !(self->has_news || self->has_more)
      || (!at_once && now - self->last_commit < interval))
    return;
  self->last_commit = now;
  self->has_news = FALSE;
  if (mode == COMMIT_AUTO) {
    g_autoptr (GstStructure) reached = copy_reached (self);

    gst_tdengine_group_commit (self->group, reached);
  } else {
    push_checkpoint (self);
  }
}

/* the action signal; any thread may */
static void
gst_tdengine_cdc_src_commit (GstTDengineCdcSrc * self)
{
  GST_OBJECT_LOCK (self);
  if (self->group) {
    gboolean all;
    g_autoptr (GstStructure) reached = copy_reached_locked (self, &all);

    gst_tdengine_group_commit (self->group, reached);
  }
  GST_OBJECT_UNLOCK (self);
}

/* pushing */

/* all of the message is downstream */
static void
finish_message (GstTDengineCdcSrc * self)
{
  gint64 position = gst_tdengine_topic_message_get_position (self->message);

  GST_OBJECT_LOCK (self);
  if (position >= 0) {
    g_autofree gchar *key = gst_tdengine_group_get_key
        (gst_tdengine_topic_message_get_topic (self->message),
        gst_tdengine_topic_message_get_vgroup (self->message));

    gst_structure_set (self->reached, key, G_TYPE_INT64, position, NULL);
  }
  self->n_messages++;
  GST_OBJECT_UNLOCK (self);
  self->has_news = TRUE;
  clear_message (self);
}

/* what is told of a message by a buffer and by an event */
static void
set_origin (GstTDengineTopicMessage * message, GstStructure * origin,
    const gchar * operation)
{
  gst_structure_set (origin,
      "topic", G_TYPE_STRING, gst_tdengine_topic_message_get_topic (message),
      "database", G_TYPE_STRING,
      gst_tdengine_topic_message_get_database (message),
      "vgroup", G_TYPE_INT, gst_tdengine_topic_message_get_vgroup (message),
      "offset", G_TYPE_INT64, gst_tdengine_topic_message_get_offset (message),
      "operation", G_TYPE_STRING, operation, NULL);
}

/* tables that are made with rows come before them */
static void
push_change (GstTDengineCdcSrc * self)
{
  const gchar *meta = gst_tdengine_topic_message_get_meta (self->message);
  const gchar *change = gst_tdengine_topic_message_get_change (self->message);
  GstStructure *structure;

  if (!meta)
    return;
  structure =
      gst_structure_new (GST_TDENGINE_CHANGE_EVENT, "json", G_TYPE_STRING, meta,
      NULL);
  set_origin (self->message, structure, change ? change : "several");
  gst_pad_push_event (GST_BASE_SRC_PAD (self),
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM, structure));
}

static gboolean
next_block (GstTDengineCdcSrc * self, GError ** error)
{
  if (self->next_block ==
      gst_tdengine_topic_message_get_n_blocks (self->message))
    return FALSE;
  self->rows = gst_tdengine_topic_message_get_rows (self->message,
      self->next_block++, error);
  self->next_row = 0;
  return self->rows != NULL;
}

/* the block, or the next few rows of it; NULL behind the last, or with an error */
static GstTDengineRows *
next_rows (GstTDengineCdcSrc * self, guint limit, GError ** error)
{
  if (!self->rows && !next_block (self, error))
    return NULL;

  guint left = gst_tdengine_rows_get_n_rows (self->rows) - self->next_row;
  if (limit == 0 || (self->next_row == 0 && left <= limit))
    return g_steal_pointer (&self->rows);

  guint n_rows = MIN (left, limit);
  GstTDengineRows *slice =
      gst_tdengine_rows_slice (self->rows, self->next_row, n_rows);
  self->next_row += n_rows;
  if (n_rows == left)
    g_clear_pointer (&self->rows, gst_tdengine_rows_unref);
  return slice;
}

static gboolean
update_caps (GstTDengineCdcSrc * self, GstTDengineSchema * schema,
    GError ** error)
{
  g_autoptr (GstCaps) caps = NULL;

  if (self->schema == schema
      || (self->schema && gst_tdengine_schema_equal (self->schema, schema)))
    return TRUE;
  caps = gst_tdengine_schema_to_caps (schema);
  if (!gst_base_src_set_caps (GST_BASE_SRC (self), caps)) {
    g_set_error (error, GST_TDENGINE_ERROR, GST_TDENGINE_ERROR_SCHEMA,
        "Downstream does not take the columns of a message of topic %s",
        gst_tdengine_topic_message_get_topic (self->message));
    return FALSE;
  }
  g_clear_pointer (&self->schema, gst_tdengine_schema_unref);
  self->schema = gst_tdengine_schema_ref (schema);
  gst_tdengine_stamp_set_schema (&self->stamp, schema);
  return TRUE;
}

static void
add_origin (GstTDengineCdcSrc * self, GstBuffer * buffer)
{
  GstStructure *origin = gst_tdengine_element_add_origin (buffer);
  /* slices come while their block is still the last that was begun */
  const gchar *table = gst_tdengine_topic_message_get_table (self->message,
      self->next_block - 1);

  set_origin (self->message, origin, "insert");
  if (table)
    gst_structure_set (origin, "table", G_TYPE_STRING, table, NULL);
}

/* rows of a live source come now, whatever their time */
static void
begin_segment (GstTDengineCdcSrc * self)
{
  GstClockTime now = gst_element_get_current_running_time (GST_ELEMENT (self));
  GstSegment *segment = &self->stamp.segment;

  if (GST_CLOCK_TIME_IS_VALID (now))
    segment->base = MAX (segment->base, now);
  gst_base_src_new_segment (GST_BASE_SRC (self), segment);
}

static void
stamp_buffer (GstTDengineCdcSrc * self, GstTDengineRows * rows,
    GstBuffer * buffer)
{
  if (gst_tdengine_stamp_buffer (&self->stamp, rows, buffer))
    begin_segment (self);

  GST_OBJECT_LOCK (self);
  self->n_rows = self->stamp.n_rows;
  self->n_bytes += gst_buffer_get_size (buffer);
  self->n_buffers++;
  GST_OBJECT_UNLOCK (self);
}

static GstBuffer *
make_buffer (GstTDengineCdcSrc * self, GstTDengineRows * rows)
{
  /* the memory is shared, only what is said of it is the copy's own */
  GstBuffer *buffer = gst_buffer_copy (gst_tdengine_rows_get_buffer (rows));

  stamp_buffer (self, rows, buffer);
  add_origin (self, buffer);
  return buffer;
}

/* of the message, or NULL where all of it is downstream */
static GstBuffer *
next_buffer (GstTDengineCdcSrc * self, GError ** error)
{
  guint limit;

  GST_OBJECT_LOCK (self);
  limit = self->rows_per_buffer;
  GST_OBJECT_UNLOCK (self);
  g_autoptr (GstTDengineRows) rows = next_rows (self, limit, error);
  if (!rows || !update_caps (self, gst_tdengine_rows_get_schema (rows), error))
    return NULL;
  return make_buffer (self, rows);
}

static void
push_gap (GstTDengineCdcSrc * self)
{
  const GstSegment *segment = &self->stamp.segment;

  /* before the first rows there is nothing to be late for */
  if (segment->format == GST_FORMAT_TIME)
    gst_pad_push_event (GST_BASE_SRC_PAD (self),
        gst_event_new_gap (segment->position, GST_CLOCK_TIME_NONE));
}

static gboolean
is_idle (GstTDengineCdcSrc * self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (GST_OBJECT_GET_LOCK
      (self));

  return self->end == END_IDLE && g_get_monotonic_time () -
      self->last_message > self->idle_time * G_TIME_SPAN_MILLISECOND;
}

static GstFlowReturn
end_of_rows (GstTDengineCdcSrc * self)
{
  commit_if_due (self, TRUE);
  return GST_FLOW_EOS;
}

/* how long there is time to wait: for a gap, or a checkpoint that is due */
static gint64
get_patience (GstTDengineCdcSrc * self)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (GST_OBJECT_GET_LOCK
      (self));
  gint64 gap = self->poll_interval * G_TIME_SPAN_MILLISECOND;
  gint64 commit = self->last_commit + get_commit_interval_locked (self) -
      g_get_monotonic_time ();

  if (!self->has_news || self->commit_mode == COMMIT_MANUAL)
    return gap;
  return CLAMP (commit, 0, gap);
}

/* OK: there is a message, or there may be with the next call */
static GstFlowReturn
next_message (GstTDengineCdcSrc * self, GError ** error)
{
  switch (gst_tdengine_group_next (self->group, get_patience (self),
          &self->message, error)) {
    case GST_TDENGINE_GROUP_MESSAGE:
      self->last_message = g_get_monotonic_time ();
      push_change (self);
      return GST_FLOW_OK;
    case GST_TDENGINE_GROUP_QUIET:
      if (self->last_message == 0)
        self->last_message = g_get_monotonic_time ();
      push_gap (self);
      return is_idle (self) ? end_of_rows (self) : GST_FLOW_OK;
    case GST_TDENGINE_GROUP_END:
      return end_of_rows (self);
    case GST_TDENGINE_GROUP_WOKEN:
      return GST_FLOW_FLUSHING;
    default:
      return GST_FLOW_ERROR;
  }
}

static gboolean
take_flag (GstTDengineCdcSrc * self, gboolean * flag)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (GST_OBJECT_GET_LOCK
      (self));
  gboolean value = *flag;

  *flag = FALSE;
  return value;
}

static GstFlowReturn
gst_tdengine_cdc_src_create (GstPushSrc * src, GstBuffer ** buffer)
{
  GstTDengineCdcSrc *self = GST_TDENGINE_CDC_SRC (src);
  g_autoptr (GError) error = NULL;
  GstFlowReturn flow = GST_FLOW_OK;

  if (take_flag (self, &self->rewinds))
    rewind_to_committed (self, &error);
  while (!error && flow == GST_FLOW_OK) {
    /* what the last call returned was pushed before this one */
    if (self->message && (*buffer = next_buffer (self, &error)))
      return GST_FLOW_OK;
    if (self->message && !error)
      finish_message (self);
    if (!error) {
      commit_if_due (self, FALSE);
      flow = next_message (self, &error);
    }
    if (flow == GST_FLOW_FLUSHING && take_flag (self, &self->ends))
      flow = end_of_rows (self);
  }
  return error ? gst_tdengine_element_post_error (GST_ELEMENT (self), error) :
      flow;
}

static void
install_uint (GObjectClass * klass, guint id, const gchar * name,
    const gchar * nick, const gchar * blurb, guint min, guint max,
    guint initial)
{
  g_object_class_install_property (klass, id, g_param_spec_uint (name, nick,
          blurb, min, max, initial, G_PARAM_READWRITE |
          G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY));
}

static void
install_properties (GObjectClass * klass)
{
  const GParamFlags flags = G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
      GST_PARAM_MUTABLE_READY;

  g_object_class_install_property (klass, PROP_TOPIC,
      g_param_spec_string ("topic", "Topic",
          "Topic to follow; several with commas between", NULL, flags));
  g_object_class_install_property (klass, PROP_GROUP_ID,
      g_param_spec_string ("group-id", "Group",
          "Group to consume as a member of, up to 192 bytes without a colon: "
          "the server keeps what is committed for each", NULL, flags));
  g_object_class_install_property (klass, PROP_CLIENT_ID,
      g_param_spec_string ("client-id", "Client",
          "What the server shows this client as, up to 255 bytes", NULL,
          flags));
  g_object_class_install_property (klass, PROP_OFFSET_RESET,
      g_param_spec_enum ("offset-reset", "Offset reset",
          "Where a group that has committed nothing begins",
          gst_tdengine_offset_reset_get_type (), RESET_LATEST, flags));
  install_uint (klass, PROP_POLL_INTERVAL, "poll-interval", "Poll interval",
      "How long the server may wait for rows before it says that there are "
      "none, in ms", 1, G_MAXINT, DEFAULT_POLL_INTERVAL);
  install_uint (klass, PROP_SESSION_TIMEOUT, "session-timeout",
      "Session time-out", "After how long the server gives up a consumer that "
      "it does not hear of, in ms", 6000, 1800000, DEFAULT_SESSION_TIMEOUT);
  install_uint (klass, PROP_MAX_POLL_INTERVAL, "max-poll-interval",
      "Maximum poll interval", "For how long downstream may take no rows "
      "before the server gives the vgroups to others, in ms", 1000, G_MAXINT,
      DEFAULT_MAX_POLL_INTERVAL);
  g_object_class_install_property (klass, PROP_COMMIT_MODE,
      g_param_spec_enum ("commit-mode", "Commit mode", "What is committed",
          gst_tdengine_commit_mode_get_type (), COMMIT_CHECKPOINT, flags));
  install_uint (klass, PROP_AUTO_COMMIT_INTERVAL, "auto-commit-interval",
      "Automatic commit interval", "Time between commits, in ms "
      "(commit-mode=auto)", 1, G_MAXINT, DEFAULT_COMMIT_INTERVAL);
  install_uint (klass, PROP_CHECKPOINT_INTERVAL, "checkpoint-interval",
      "Checkpoint interval", "Time between checkpoints, in ms "
      "(commit-mode=checkpoint)", 1, G_MAXINT, DEFAULT_COMMIT_INTERVAL);
  install_uint (klass, PROP_PARALLELISM, "parallelism", "Parallelism",
      "How many consumers of the group work in this element; more than the "
      "topic has vgroups have nothing to do", 1, 64, 1);
  g_object_class_install_property (klass, PROP_ROWS_PER_BUFFER,
      g_param_spec_uint ("rows-per-buffer", "Rows per buffer",
          "Most rows in a buffer (0: blocks as the server sends them, "
          "1: a row a buffer)", 0, G_MAXINT, 0,
          G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS |
          GST_PARAM_MUTABLE_PLAYING));
  g_object_class_install_property (klass, PROP_OPTIONS,
      g_param_spec_boxed ("options", "Options",
          "Further options of a consumer under TDengine's own names, such as "
          "options,min.poll.rows=1000", GST_TYPE_STRUCTURE, flags));
  g_object_class_install_property (klass, PROP_START_POSITIONS,
      g_param_spec_boxed ("start-positions", "Start positions",
          "Where to begin, whatever is committed: topic/vgroup=(gint64)position "
          "for each, as checkpoints and stats have them", GST_TYPE_STRUCTURE,
          flags));
  g_object_class_install_property (klass, PROP_STATE_FILE,
      g_param_spec_string ("state-file", "State file",
          "File that keeps what is confirmed, for the next start to go on from, "
          "whatever is committed", NULL, flags));
  g_object_class_install_property (klass, PROP_END,
      g_param_spec_enum ("end", "End", "When to end",
          gst_tdengine_end_get_type (), END_NEVER, flags));
  install_uint (klass, PROP_IDLE_TIME, "idle-time", "Idle time",
      "How long nothing may come before the end, in ms (end=idle)", 1, G_MAXINT,
      DEFAULT_IDLE_TIME);
  g_object_class_install_property (klass, PROP_STATS,
      g_param_spec_boxed ("stats", "Statistics",
          "Rows, bytes, buffers, messages and checkpoints pushed, commits, "
          "rebalances and reconnections since the start, and for each vgroup "
          "its position and its lag, in entries of its log",
          GST_TYPE_STRUCTURE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  gst_tdengine_settings_install_properties (klass, PROP_SETTINGS);
}

static void
gst_tdengine_cdc_src_class_init (GstTDengineCdcSrcClass * klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GstElementClass *element_class = GST_ELEMENT_CLASS (klass);
  GstBaseSrcClass *src_class = GST_BASE_SRC_CLASS (klass);

  object_class->finalize = gst_tdengine_cdc_src_finalize;
  object_class->set_property = gst_tdengine_cdc_src_set_property;
  object_class->get_property = gst_tdengine_cdc_src_get_property;
  install_properties (object_class);

  /**
   * GstTDengineCdcSrc::commit:
   * @src: the element
   *
   * Has committed what was pushed downstream so far, for commit-mode=manual. It
   * does not wait for it.
   */
  signals[SIGNAL_COMMIT] = g_signal_new_class_handler ("commit",
      G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION,
      G_CALLBACK (gst_tdengine_cdc_src_commit), NULL, NULL, NULL, G_TYPE_NONE,
      0);

  element_class->send_event = gst_tdengine_cdc_src_send_event;
  gst_element_class_set_static_metadata (element_class,
      "TDengine topic source", "Source/Network",
      "Pushes the rows that are written to topics of a TDengine server",
      "The gst-tdengine developers");
  gst_element_class_add_static_pad_template (element_class, &src_template);

  src_class->start = gst_tdengine_cdc_src_start;
  src_class->stop = gst_tdengine_cdc_src_stop;
  src_class->negotiate = gst_tdengine_cdc_src_negotiate;
  src_class->unlock = gst_tdengine_cdc_src_unlock;
  src_class->unlock_stop = gst_tdengine_cdc_src_unlock_stop;
  GST_PUSH_SRC_CLASS (klass)->create = gst_tdengine_cdc_src_create;

  gst_type_mark_as_plugin_api (gst_tdengine_offset_reset_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_tdengine_commit_mode_get_type (), 0);
  gst_type_mark_as_plugin_api (gst_tdengine_end_get_type (), 0);
}
