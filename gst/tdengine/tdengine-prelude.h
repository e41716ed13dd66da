/* tdengine prelude: what every public header needs
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>

#ifndef GST_TDENGINE_API
#ifdef BUILDING_GST_TDENGINE
#define GST_TDENGINE_API __attribute__ ((visibility ("default"))) extern
#else
#define GST_TDENGINE_API extern
#endif
#endif
