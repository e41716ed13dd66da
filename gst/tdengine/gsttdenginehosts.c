/* tdengine hosts: which of several is next
 *
 * Each connection of this process begins with another, so that they share the
 * work. One that was found dead is left alone for a while, by all.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdenginehosts.h"

#define REST (10 * G_TIME_SPAN_SECOND)

static GMutex lock;
static GHashTable *resting;     /* name:port → until when, under lock */
static guint next;              /* under lock */

static void
clear_host (gpointer data)
{
  g_free (((GstTDengineHost *) data)->name);
}

GArray *
gst_tdengine_hosts_new (void)
{
  GArray *hosts = g_array_new (FALSE, FALSE, sizeof (GstTDengineHost));

  g_array_set_clear_func (hosts, clear_host);
  return hosts;
}

void
gst_tdengine_hosts_add (GArray * hosts, const gchar * name, guint port)
{
  const GstTDengineHost host = { g_strdup (name), port };

  g_array_append_val (hosts, host);
}

static const GstTDengineHost *
get_host (const GArray * hosts, guint index)
{
  return &g_array_index (hosts, GstTDengineHost, index);
}

GArray *
gst_tdengine_hosts_copy (const GArray * hosts)
{
  GArray *copy = gst_tdengine_hosts_new ();

  for (guint i = 0; i < hosts->len; i++)
    gst_tdengine_hosts_add (copy, get_host (hosts, i)->name,
        get_host (hosts, i)->port);
  return copy;
}

/* as a URI has them */
void
gst_tdengine_hosts_print (const GArray * hosts, GString * text)
{
  for (guint i = 0; i < hosts->len; i++) {
    const GstTDengineHost *host = get_host (hosts, i);

    g_string_append_printf (text, strchr (host->name, ':') ?
        "%s[%s]:%u" : "%s%s:%u", i > 0 ? "," : "", host->name, host->port);
  }
}

static gchar *
make_key (const GstTDengineHost * host)
{
  return g_strdup_printf ("%s:%u", host->name, host->port);
}

static gboolean
rests_locked (const GstTDengineHost * host, gint64 now)
{
  g_autofree gchar *key = make_key (host);
  const gint64 *until = resting ? g_hash_table_lookup (resting, key) : NULL;

  return until && *until > now;
}

/* Who rests comes last. order has room for all. */
void
gst_tdengine_hosts_order (const GArray * hosts, guint * order)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);
  gint64 now = g_get_monotonic_time ();
  guint first = next++, n = 0;

  for (gboolean rests = FALSE; rests <= TRUE; rests++) {
    for (guint i = 0; i < hosts->len; i++) {
      guint index = (first + i) % hosts->len;

      if (rests_locked (get_host (hosts, index), now) == rests)
        order[n++] = index;
    }
  }
}

void
gst_tdengine_hosts_note (const GstTDengineHost * host, gboolean alive)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&lock);
  const gint64 until = g_get_monotonic_time () + REST;
  g_autofree gchar *key = make_key (host);

  if (!resting)
    resting = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  if (alive)
    g_hash_table_remove (resting, key);
  else
    g_hash_table_insert (resting, g_steal_pointer (&key),
        g_memdup2 (&until, sizeof until));
}
