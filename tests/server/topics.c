/* test server: topics, and the groups of consumers that share them
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "topics.h"

#include "benchmark.h"
#include "error.h"
#include "log.h"
#include "select.h"

struct _Group
{
  gchar *id;
  Topic *topic;
  GPtrArray *members;           /* of Consumer, in the order they came */
};

typedef struct
{
  TopicsFunc func;
  gpointer data;
} Watch;

struct _Topics
{
  Server *server;
  GPtrArray *topics;            /* of Topic */
  GArray *watches;              /* of Watch */
  guint waking;                 /* idle source, or 0 */
};

static const gchar make_tables[] =
    "CREATE TABLE IF NOT EXISTS topics (name TEXT PRIMARY KEY, db TEXT,"
    " kind INTEGER, with_meta INTEGER, of_table TEXT, sql TEXT,"
    " statement TEXT, created INTEGER);"
    "CREATE TABLE IF NOT EXISTS commits (group_id TEXT, topic TEXT,"
    " vgroup INTEGER, at INTEGER, PRIMARY KEY (group_id, topic, vgroup))";

/* topics */

static void
group_free (Group * group)
{
  g_free (group->id);
  g_ptr_array_unref (group->members);
  g_free (group);
}

static void
topic_free (Topic * topic)
{
  g_free (topic->name);
  g_free (topic->database);
  g_free (topic->table);
  g_free (topic->sql);
  g_free (topic->statement);
  g_ptr_array_unref (topic->groups);
  g_free (topic);
}

/* takes what it points to */
static Topic *
add_topic (Topics * self, const Topic * values)
{
  Topic *topic = g_memdup2 (values, sizeof *values);

  topic->groups = g_ptr_array_new_with_free_func ((GDestroyNotify) group_free);
  g_ptr_array_add (self->topics, topic);
  return topic;
}

static gchar *
get_text (sqlite3_stmt * stmt, gint at)
{
  return g_strdup ((const gchar *) sqlite3_column_text (stmt, at));
}

static gboolean
load (Topics * self, GError ** error)
{
  Storage *storage = self->server->storage;
  sqlite3_stmt *stmt = storage_prepare (storage, "SELECT name, db, kind, "
      "with_meta, of_table, sql, statement, created FROM topics", error);
  gint status;

  if (!stmt)
    return FALSE;
  while ((status = sqlite3_step (stmt)) == SQLITE_ROW) {
    const Topic topic = {
      .name = get_text (stmt, 0),
      .database = get_text (stmt, 1),
      .kind = sqlite3_column_int (stmt, 2),
      .with_meta = sqlite3_column_int (stmt, 3),
      .table = get_text (stmt, 4),
      .sql = get_text (stmt, 5),
      .statement = get_text (stmt, 6),
      .created = sqlite3_column_int64 (stmt, 7),
    };

    add_topic (self, &topic);
  }
  sqlite3_finalize (stmt);
  return status == SQLITE_DONE || storage_refuse (storage, error);
}

Topics *
topics_new (Server * server, GError ** error)
{
  Topics *self = g_new0 (Topics, 1);

  self->server = server;
  self->topics = g_ptr_array_new_with_free_func ((GDestroyNotify) topic_free);
  self->watches = g_array_new (FALSE, FALSE, sizeof (Watch));
  if (storage_exec (server->storage, error, "%s", make_tables)
      && load (self, error))
    return self;
  topics_free (self);
  return NULL;
}

void
topics_free (Topics * topics)
{
  if (topics->waking)
    g_source_remove (topics->waking);
  g_array_unref (topics->watches);
  g_ptr_array_unref (topics->topics);
  g_free (topics);
}

Topic *
topics_find (Topics * topics, const gchar * name)
{
  for (guint i = 0; i < topics->topics->len; i++) {
    Topic *topic = g_ptr_array_index (topics->topics, i);

    if (g_str_equal (topic->name, name))
      return topic;
  }
  return NULL;
}

/* of Topic */
GPtrArray *
topics_list (Topics * topics)
{
  return topics->topics;
}

/* whether there is one of the database */
gboolean
topics_use (Topics * topics, const Database * db)
{
  for (guint i = 0; i < topics->topics->len; i++) {
    Topic *topic = g_ptr_array_index (topics->topics, i);

    if (g_str_equal (topic->database, db->name))
      return TRUE;
  }
  return FALSE;
}

/* a query gives the rows of one table, one by one */
static gboolean
check_query (Session * session, const Statement * statement, GError ** error)
{
  const Select *select = statement->select;
  gboolean is_plain = select->source && !select->source->select
      && !select->partition && !select->order && !select->distinct
      && select->limit < 0;

  if (statement->with_meta)
    return refuse (error, CODE_SYNTAX, "syntax error near \"%s\"",
        statement->topic_sql);
  if (is_plain && !select_is_by_row (session, select, &is_plain, error))
    return FALSE;
  return is_plain || refuse (error, CODE_INVALID_TOPIC_QUERY,
      "Invalid topic query");
}

static Table *
check_super_table (Session * session, const TableName * name, GError ** error)
{
  g_autoptr (GError) local = NULL;
  Table *table = session_find_table (session, name, &local);

  if (table && table->kind == TABLE_SUPER)
    return table;
  if (local)
    g_propagate_error (error, g_steal_pointer (&local));
  else
    refuse (error, CODE_NO_SUPER_TABLE, "STable not exist");
  return NULL;
}

/* the database and table that a topic is of; NULL with an error */
static Database *
check_source (Session * session, const Statement * statement, Table ** table,
    GError ** error)
{
  if (statement->topic_kind == TOPIC_OF_DATABASE)
    return session_get_database (session, statement->table.db, error);
  if (statement->topic_kind == TOPIC_OF_SUPER_TABLE)
    *table = check_super_table (session, &statement->table, error);
  else if (check_query (session, statement, error))
    *table = session_get_table (session, &statement->select->source->table,
        error);
  return *table ? (*table)->db : NULL;
}

static gboolean
store_topic (Topics * self, const Topic * topic, GError ** error)
{
  sqlite3_stmt *stmt = storage_cached (self->server->storage,
      "INSERT INTO topics VALUES (?, ?, ?, ?, ?, ?, ?, ?)", error);

  if (!stmt)
    return FALSE;
  sqlite3_bind_text (stmt, 1, topic->name, -1, SQLITE_STATIC);
  sqlite3_bind_text (stmt, 2, topic->database, -1, SQLITE_STATIC);
  sqlite3_bind_int (stmt, 3, topic->kind);
  sqlite3_bind_int (stmt, 4, topic->with_meta);
  sqlite3_bind_text (stmt, 5, topic->table, -1, SQLITE_STATIC);
  sqlite3_bind_text (stmt, 6, topic->sql, -1, SQLITE_STATIC);
  sqlite3_bind_text (stmt, 7, topic->statement, -1, SQLITE_STATIC);
  sqlite3_bind_int64 (stmt, 8, topic->created);
  gboolean done = storage_run (self->server->storage, stmt, error);
  sqlite3_clear_bindings (stmt);
  return done;
}

gboolean
topics_create (Session * session, const Statement * statement, GError ** error)
{
  Topics *self = session->server->topics;
  Table *table = NULL;

  if (topics_find (self, statement->topic))
    return statement->if_exists || refuse (error, CODE_TOPIC_EXISTS,
        "Topic already exists");
  Database *db = check_source (session, statement, &table, error);
  if (!db)
    return FALSE;
  if (db->is_benchmark) {
    if (statement->topic_kind != TOPIC_OF_SUPER_TABLE)
      return refuse_unsupported (error,
          "More than a topic on the super table of " "the benchmark");
    log_pretend (self->server->log, log_first_vgroup (db),
        benchmark_get_n_blocks (self->server->benchmark));
  }
  const Topic values = {
    .name = g_strdup (statement->topic),
    .database = g_strdup (db->name),
    .kind = statement->topic_kind,
    .with_meta = statement->with_meta,
    .table = table ? g_strdup (table->name) : NULL,
    .sql = g_strdup (statement->topic_sql),
    .statement = g_strdup (statement->sql),
    .created = g_get_real_time () / 1000,
  };
  Topic *topic = add_topic (self, &values);
  if (store_topic (self, topic, error))
    return TRUE;
  g_ptr_array_remove (self->topics, topic);
  return FALSE;
}

static gboolean
is_subscribed (const Topic * topic)
{
  for (guint i = 0; i < topic->groups->len; i++) {
    Group *group = g_ptr_array_index (topic->groups, i);

    if (group->members->len > 0)
      return TRUE;
  }
  return FALSE;
}

static gboolean
forget_topic (Topics * self, const gchar * name, GError ** error)
{
  static const gchar *const forget[] = {
    "DELETE FROM topics WHERE name = ?", "DELETE FROM commits WHERE topic = ?"
  };

  for (guint i = 0; i < G_N_ELEMENTS (forget); i++) {
    sqlite3_stmt *stmt =
        storage_cached (self->server->storage, forget[i], error);

    if (!stmt)
      return FALSE;
    sqlite3_bind_text (stmt, 1, name, -1, SQLITE_TRANSIENT);
    if (!storage_run (self->server->storage, stmt, error))
      return FALSE;
  }
  return TRUE;
}

gboolean
topics_drop (Session * session, const Statement * statement, GError ** error)
{
  Topics *self = session->server->topics;
  Topic *topic = topics_find (self, statement->topic);

  if (!topic)
    return statement->if_exists || refuse (error, CODE_NO_TOPIC,
        "Topic not exist");
  if (is_subscribed (topic))
    return refuse (error, CODE_TOPIC_SUBSCRIBED,
        "Topic subscribed cannot be dropped");
  if (!forget_topic (self, topic->name, error))
    return FALSE;
  g_ptr_array_remove (self->topics, topic);
  return TRUE;
}

/* who waits for changes */

static gboolean
tell_watches (gpointer data)
{
  Topics *self = data;
  g_autoptr (GArray) copy = g_array_copy (self->watches);

  self->waking = 0;
  for (guint i = 0; i < copy->len; i++) {
    const Watch *watch = &g_array_index (copy, Watch, i);

    watch->func (watch->data);
  }
  return G_SOURCE_REMOVE;
}

/* soon, when the request that changed something has been answered */
void
topics_wake (Topics * topics)
{
  if (topics->waking == 0 && topics->watches->len > 0)
    topics->waking = g_idle_add (tell_watches, topics);
}

/* the function may not unwatch another */
void
topics_watch (Topics * topics, TopicsFunc func, gpointer data)
{
  const Watch watch = { func, data };

  g_array_append_val (topics->watches, watch);
}

void
topics_unwatch (Topics * topics, gpointer data)
{
  for (guint i = 0; i < topics->watches->len; i++) {
    if (g_array_index (topics->watches, Watch, i).data == data) {
      g_array_remove_index (topics->watches, i);
      return;
    }
  }
}

/* commits */

gint64
topics_committed (Topics * topics, const gchar * group_id,
    const Topic * topic, guint vgroup)
{
  sqlite3_stmt *stmt = storage_cached (topics->server->storage,
      "SELECT at FROM commits WHERE group_id = ? AND topic = ? AND vgroup = ?",
      NULL);
  gint64 at = COMMITTED_NONE;

  if (!stmt)
    return at;
  sqlite3_bind_text (stmt, 1, group_id, -1, SQLITE_TRANSIENT);
  sqlite3_bind_text (stmt, 2, topic->name, -1, SQLITE_TRANSIENT);
  sqlite3_bind_int64 (stmt, 3, vgroup);
  if (sqlite3_step (stmt) == SQLITE_ROW)
    at = sqlite3_column_int64 (stmt, 0);
  sqlite3_reset (stmt);
  return at;
}

gboolean
topics_commit (Topics * topics, const gchar * group_id, const Share * share,
    gint64 offset, GError ** error)
{
  sqlite3_stmt *stmt = storage_cached (topics->server->storage,
      "INSERT OR REPLACE INTO commits VALUES (?, ?, ?, ?)", error);

  if (!stmt)
    return FALSE;
  sqlite3_bind_text (stmt, 1, group_id, -1, SQLITE_TRANSIENT);
  sqlite3_bind_text (stmt, 2, share->topic->name, -1, SQLITE_TRANSIENT);
  sqlite3_bind_int64 (stmt, 3, share->vgroup);
  sqlite3_bind_int64 (stmt, 4, offset);
  return storage_run (topics->server->storage, stmt, error);
}

/* groups */

static Group *
get_group (Topic * topic, const gchar * id)
{
  Group *group;

  for (guint i = 0; i < topic->groups->len; i++) {
    group = g_ptr_array_index (topic->groups, i);
    if (g_str_equal (group->id, id))
      return group;
  }
  group = g_new0 (Group, 1);
  group->id = g_strdup (id);
  group->topic = topic;
  group->members = g_ptr_array_new ();
  g_ptr_array_add (topic->groups, group);
  return group;
}

static gint
find_share (Consumer * consumer, const Topic * topic, guint vgroup)
{
  for (guint i = 0; i < consumer->shares->len; i++) {
    const Share *share = &g_array_index (consumer->shares, Share, i);

    if (share->topic == topic && share->vgroup == vgroup)
      return i;
  }
  return -1;
}

static guint
count_shares (Consumer * consumer, const Topic * topic)
{
  guint n = 0;

  for (guint i = 0; i < consumer->shares->len; i++)
    n += g_array_index (consumer->shares, Share, i).topic == topic;
  return n;
}

static gint64
find_start (Consumer * consumer, const Topic * topic, guint vgroup)
{
  Log *log = consumer->topics->server->log;
  gint64 committed =
      topics_committed (consumer->topics, consumer->group_id, topic, vgroup);

  if (committed != COMMITTED_NONE)
    return committed;
  return consumer->reset == RESET_EARLIEST ? log_get_begin (log, vgroup) :
      log_get_end (log, vgroup);
}

static void
take_share (Consumer * consumer, Topic * topic, guint vgroup)
{
  gint64 start = find_start (consumer, topic, vgroup);
  const Share share = { topic, vgroup, start, start };

  g_array_append_val (consumer->shares, share);
}

/* whoever has the fewest; of several the one that came first */
static Consumer *
find_poorest (Group * group)
{
  Consumer *poorest = NULL;

  for (guint i = 0; i < group->members->len; i++) {
    Consumer *member = g_ptr_array_index (group->members, i);

    if (!poorest || count_shares (member, group->topic) <
        count_shares (poorest, group->topic))
      poorest = member;
  }
  return poorest;
}

static Consumer *
find_owner (Group * group, guint vgroup)
{
  for (guint i = 0; i < group->members->len; i++) {
    Consumer *member = g_ptr_array_index (group->members, i);

    if (find_share (member, group->topic, vgroup) >= 0)
      return member;
  }
  return NULL;
}

static void
take_surplus (Group * group, Consumer * member, guint most)
{
  for (guint i = member->shares->len; i > 0; i--) {
    if (count_shares (member, group->topic) <= most)
      return;
    if (g_array_index (member->shares, Share, i - 1).topic == group->topic)
      g_array_remove_index (member->shares, i - 1);
  }
}

/* members keep what they have, up to their part of all */
static void
rebalance (Topics * self, Group * group)
{
  Database *db =
      catalog_find_database (self->server->catalog, group->topic->database);
  guint first = log_first_vgroup (db), n = group->members->len;

  if (n == 0)
    return;
  for (guint i = 0; i < n; i++)
    take_surplus (group, g_ptr_array_index (group->members, i),
        (db->vgroups + n - 1) / n);
  for (guint i = first; i < first + db->vgroups; i++)
    if (!find_owner (group, i))
      take_share (find_poorest (group), group->topic, i);
  topics_wake (self);
}

/* consumers */

Consumer *
consumer_new (Topics * topics, const gchar * group_id, OffsetReset reset)
{
  Consumer *self = g_new0 (Consumer, 1);

  self->topics = topics;
  self->group_id = g_strdup (group_id);
  self->reset = reset;
  self->groups = g_ptr_array_new ();
  self->shares = g_array_new (FALSE, FALSE, sizeof (Share));
  return self;
}

void
consumer_free (Consumer * consumer)
{
  consumer_leave (consumer);
  g_free (consumer->group_id);
  g_ptr_array_unref (consumer->groups);
  g_array_unref (consumer->shares);
  g_free (consumer);
}

/* topics is of Topic */
void
consumer_join (Consumer * consumer, GPtrArray * topics)
{
  for (guint i = 0; i < topics->len; i++) {
    Group *group =
        get_group (g_ptr_array_index (topics, i), consumer->group_id);

    g_ptr_array_add (consumer->groups, group);
    g_ptr_array_add (group->members, consumer);
    rebalance (consumer->topics, group);
  }
}

void
consumer_leave (Consumer * consumer)
{
  g_array_set_size (consumer->shares, 0);
  for (guint i = 0; i < consumer->groups->len; i++) {
    Group *group = g_ptr_array_index (consumer->groups, i);

    g_ptr_array_remove (group->members, consumer);
    rebalance (consumer->topics, group);
  }
  g_ptr_array_set_size (consumer->groups, 0);
}

Topic *
consumer_get_topic (Consumer * consumer, const gchar * name, GError ** error)
{
  for (guint i = 0; i < consumer->groups->len; i++) {
    Group *group = g_ptr_array_index (consumer->groups, i);

    if (g_str_equal (group->topic->name, name))
      return group->topic;
  }
  refuse (error, CODE_NOT_OUR_TOPIC, "Topic does not belong to this consumer");
  return NULL;
}

Share *
consumer_get_share (Consumer * consumer, const gchar * name, guint vgroup,
    GError ** error)
{
  Topic *topic = consumer_get_topic (consumer, name, error);
  gint index = topic ? find_share (consumer, topic, vgroup) : -1;

  if (index >= 0)
    return &g_array_index (consumer->shares, Share, index);
  if (topic)
    refuse (error, CODE_NOT_OUR_VGROUP,
        "VgId does not belong to this consumer");
  return NULL;
}

/* everything that was delivered */
gboolean
consumer_commit (Consumer * consumer, GError ** error)
{
  for (guint i = 0; i < consumer->shares->len; i++) {
    const Share *share = &g_array_index (consumer->shares, Share, i);

    if (!topics_commit (consumer->topics, consumer->group_id, share,
            share->position, error))
      return FALSE;
  }
  return TRUE;
}
