/* tdengine split properties: what is asked for, and in which parts
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/gst.h>
#include <gst/tdengine/gsttdenginesplits.h>

#define GST_TDENGINE_N_SPLIT_PROPERTIES 16

void     gst_tdengine_split_properties_install (GObjectClass *klass,
                                                guint first_id);
gboolean gst_tdengine_split_properties_set     (GstTDengineRequestedSplits *requested,
                                                const GValue *value,
                                                GParamSpec *pspec);
gboolean gst_tdengine_split_properties_get     (const GstTDengineRequestedSplits *requested,
                                                GValue *value,
                                                GParamSpec *pspec);
