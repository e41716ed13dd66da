/* ledger: what a source was told of its checkpoints
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine.h>

typedef struct
{
  GstTDengineProgress *progress;
  gint n_destroyed;

  GMutex lock;
  GCond cond;
  GString *told;                /* "1+" is confirmed, "1-" is not; under lock */
  guint n_told;                 /* under lock */
  GError *last_error;           /* under lock */
} Ledger;

void       ledger_init  (Ledger *ledger);
void       ledger_clear (Ledger *ledger);
GstEvent * ledger_make  (Ledger *ledger, gint number);
void       ledger_wait  (Ledger *ledger, guint n);
