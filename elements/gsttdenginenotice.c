/* tdengine notice: what happens often, told now and then
 *
 * An element message at once, and then one a second at most, each with how often
 * it happened since the one before.
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdenginenotice.h"

#define INTERVAL G_TIME_SPAN_SECOND

void
gst_tdengine_notice_clear (GstTDengineNotice * self)
{
  g_clear_pointer (&self->details, gst_structure_free);
  self->n_untold = self->n_told = 0;
  self->told_at = 0;
}

/* what is left to tell */
void
gst_tdengine_notice_tell (GstTDengineNotice * self, GstElement * element)
{
  GstStructure *details = g_steal_pointer (&self->details);

  if (!details)
    return;
  self->n_told += self->n_untold;
  gst_structure_set_name (details, self->name);
  gst_structure_set (details, "count", G_TYPE_UINT64, self->n_untold,
      "total", G_TYPE_UINT64, self->n_told, NULL);
  self->n_untold = 0;
  self->told_at = g_get_monotonic_time ();
  gst_element_post_message (element,
      gst_message_new_element (GST_OBJECT (element), details));
}

/* takes the details */
void
gst_tdengine_notice_add (GstTDengineNotice * self, GstElement * element,
    guint n, GstStructure * details)
{
  g_clear_pointer (&self->details, gst_structure_free);
  self->details = details;
  self->n_untold += n;
  if (self->told_at == 0 || g_get_monotonic_time () >= self->told_at + INTERVAL)
    gst_tdengine_notice_tell (self, element);
}
