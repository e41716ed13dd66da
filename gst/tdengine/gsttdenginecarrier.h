/* tdengine carrier: one batch at a time over a connection
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "gsttdenginebatch.h"
#include "gsttdengineconnection.h"
#include "gsttdenginetarget.h"

typedef struct _GstTDengineCarrier GstTDengineCarrier;

GstTDengineCarrier * gst_tdengine_carrier_new         (GstTDengineConnection *connection,
                                                       const gchar *database);
void                 gst_tdengine_carrier_free        (GstTDengineCarrier *self);
void                 gst_tdengine_carrier_set_target  (GstTDengineCarrier *self,
                                                       const GstTDengineTarget *target);
GstTDengineConnection *
                     gst_tdengine_carrier_connect     (GstTDengineCarrier *self,
                                                       GCancellable *cancellable,
                                                       GError **error);
gboolean             gst_tdengine_carrier_can_prepare (GstTDengineCarrier *self,
                                                       const GstTDengineBatch *batch);
gboolean             gst_tdengine_carrier_has         (GstTDengineCarrier *self,
                                                       const GstTDengineBatch *batch);
guint                gst_tdengine_carrier_prepare     (GstTDengineCarrier *self,
                                                       const GstTDengineBatch *batch,
                                                       GCancellable *cancellable,
                                                       GError **error);
gboolean             gst_tdengine_carrier_send        (GstTDengineCarrier *self,
                                                       GCancellable *cancellable,
                                                       GError **error);
gboolean             gst_tdengine_carrier_is_busy     (GstTDengineCarrier *self);
gboolean             gst_tdengine_carrier_wait        (GstTDengineCarrier *self,
                                                       GCancellable *cancellable,
                                                       GError **error);
