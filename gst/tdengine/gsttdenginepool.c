/* tdengine pool: memory that messages are received in, again and again
 *
 * Memory that was freed goes back to the kernel and comes as fresh pages, which
 * takes longer than to receive into it. What is kept is still in the cache.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include <string.h>

#include "gsttdenginepool.h"

/* what is smaller is not worth it */
#define MIN_KEPT_SIZE (16 * 1024)
#define MAX_KEPT 16
#define MAX_KEPT_BYTES (2 * 1024 * 1024)

struct _GstTDenginePool
{
  gatomicrefcount ref_count;    /* one by each memory that is out */
  GMutex lock;
  gpointer kept[MAX_KEPT];      /* Head, under lock */
  guint n_kept;                 /* under lock */
  gsize n_kept_bytes;           /* under lock */
};

/* before the memory itself, which stays aligned */
typedef struct
{
  GstTDenginePool *pool;
  gsize room;
} Head;

GstTDenginePool *
gst_tdengine_pool_new (void)
{
  GstTDenginePool *self = g_new0 (GstTDenginePool, 1);

  g_atomic_ref_count_init (&self->ref_count);
  g_mutex_init (&self->lock);
  return self;
}

void
gst_tdengine_pool_unref (GstTDenginePool * self)
{
  if (!g_atomic_ref_count_dec (&self->ref_count))
    return;
  for (guint i = 0; i < self->n_kept; i++)
    g_free (self->kept[i]);
  g_mutex_clear (&self->lock);
  g_free (self);
}

static Head *
get_head (const guint8 * memory)
{
  return (Head *) memory - 1;
}

gsize
gst_tdengine_pool_get_room (const guint8 * memory)
{
  return get_head (memory)->room;
}

static Head *
remove_locked (GstTDenginePool * self, guint index)
{
  Head *head = self->kept[index];

  self->n_kept--;
  memmove (&self->kept[index], &self->kept[index + 1],
      (self->n_kept - index) * sizeof self->kept[0]);
  self->n_kept_bytes -= head->room;
  return head;
}

/* the last that was kept, if it is large enough and not far too large */
static Head *
take_kept (GstTDenginePool * self, gsize size)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  for (guint i = self->n_kept; i-- > 0;) {
    const Head *head = self->kept[i];

    if (head->room >= size && head->room / 2 <= size)
      return remove_locked (self, i);
  }
  return NULL;
}

/* NULL where there is none */
guint8 *
gst_tdengine_pool_take (GstTDenginePool * self, gsize size)
{
  Head *head = take_kept (self, size);

  if (!head) {
    head = g_try_malloc (sizeof (Head) + size);
    if (!head)
      return NULL;
    *head = (Head) {
    self, size};
  }
  g_atomic_ref_count_inc (&self->ref_count);
  return (guint8 *) (head + 1);
}

/* NULL where there is none; memory is as it was then */
guint8 *
gst_tdengine_pool_grow (guint8 * memory, gsize size)
{
  Head *head = g_try_realloc (get_head (memory), sizeof (Head) + size);

  if (!head)
    return NULL;
  head->room = size;
  return (guint8 *) (head + 1);
}

/* in place of what has lain there longest */
static void
keep (GstTDenginePool * self, Head * head)
{
  g_autoptr (GMutexLocker) locker = g_mutex_locker_new (&self->lock);

  while (self->n_kept == MAX_KEPT || (self->n_kept > 0
          && self->n_kept_bytes + head->room > MAX_KEPT_BYTES))
    g_free (remove_locked (self, 0));
  self->kept[self->n_kept++] = head;
  self->n_kept_bytes += head->room;
}

/* any thread may; NULL is none */
void
gst_tdengine_pool_give_back (gpointer memory)
{
  Head *head = memory ? get_head (memory) : NULL;
  GstTDenginePool *self = head ? head->pool : NULL;

  if (!head)
    return;
  if (head->room >= MIN_KEPT_SIZE && head->room <= MAX_KEPT_BYTES)
    keep (self, head);
  else
    g_free (head);
  gst_tdengine_pool_unref (self);
}
