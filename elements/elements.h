/* tdengine elements: what the plugin registers
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

GST_ELEMENT_REGISTER_DECLARE (tdenginecdcsrc);
GST_ELEMENT_REGISTER_DECLARE (tdenginecsvdec);
GST_ELEMENT_REGISTER_DECLARE (tdenginecsvenc);
GST_ELEMENT_REGISTER_DECLARE (tdenginejsondec);
GST_ELEMENT_REGISTER_DECLARE (tdenginejsonenc);
GST_ELEMENT_REGISTER_DECLARE (tdenginesink);
GST_ELEMENT_REGISTER_DECLARE (tdenginesrc);
GST_ELEMENT_REGISTER_DECLARE (tdenginetestsrc);
