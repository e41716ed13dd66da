/* tdengine plugin: rows of TDengine in GStreamer pipelines
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "elements.h"

static gboolean
plugin_init (GstPlugin * plugin)
{
  gboolean any = FALSE;

  any |= GST_ELEMENT_REGISTER (tdenginecdcsrc, plugin);
  any |= GST_ELEMENT_REGISTER (tdenginecsvdec, plugin);
  any |= GST_ELEMENT_REGISTER (tdenginecsvenc, plugin);
  any |= GST_ELEMENT_REGISTER (tdenginejsondec, plugin);
  any |= GST_ELEMENT_REGISTER (tdenginejsonenc, plugin);
  any |= GST_ELEMENT_REGISTER (tdenginesink, plugin);
  any |= GST_ELEMENT_REGISTER (tdenginesrc, plugin);
  any |= GST_ELEMENT_REGISTER (tdenginetestsrc, plugin);
  return any;
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, tdengine,
    "Rows of TDengine in pipelines", plugin_init, PACKAGE_VERSION, "LGPL",
    GST_PACKAGE_NAME, GST_PACKAGE_ORIGIN)
