/* tdengine checkpoint: what a source may take for written
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <gst/tdengine/tdengine-prelude.h>

G_BEGIN_DECLS

/**
 * GST_TDENGINE_CHECKPOINT_EVENT:
 *
 * The name of the structure of a checkpoint's event, for who wants to see one
 * pass. Its field `position` is what the source said.
 */
#define GST_TDENGINE_CHECKPOINT_EVENT "GstTDengineCheckpoint"

#define GST_TYPE_TDENGINE_PROGRESS   (gst_tdengine_progress_get_type ())
#define GST_TYPE_TDENGINE_CHECKPOINT (gst_tdengine_checkpoint_get_type ())

/**
 * GstTDengineProgress:
 *
 * What a source learns of the checkpoints it sent.
 *
 * A *checkpoint* is a serialized event that follows rows downstream. `queue`
 * keeps it in its place, `tee` sends it down each branch. Whoever stores rows
 * claims it with [func@GstTDengine.Checkpoint.claim] and confirms it when the
 * rows before it are safe. When the last reference to the event is gone it is
 * *settled*: confirmed where at least one end claimed it and every one that did
 * confirmed it.
 *
 * An end that loses rows fails the progress, once and for all: no later
 * checkpoint is confirmed, as it would stand for those rows, too. So a source
 * makes a new progress when it starts and after a flush. It sends the first
 * checkpoint before the first row: who has seen one can fail.
 *
 * Any thread may call its functions.
 */
typedef struct _GstTDengineProgress GstTDengineProgress;

/**
 * GstTDengineCheckpoint:
 *
 * One end's part in a checkpoint, see [struct@GstTDengine.Progress].
 *
 * It is not the event: to confirm it is enough, however long references to it
 * are kept. References to the event, however, keep the checkpoint open.
 *
 * Any thread may call its functions.
 */
typedef struct _GstTDengineCheckpoint GstTDengineCheckpoint;

/**
 * GstTDengineProgressFunc:
 * @position: (nullable): what the checkpoint was made with
 * @error: (nullable): why it is not confirmed,
 *   %GST_TDENGINE_ERROR_NOT_SUPPORTED where no one took it; %NULL where it is
 * @user_data: what [ctor@GstTDengine.Progress.new] got
 *
 * Tells what became of a checkpoint.
 *
 * It is called in whichever thread gave the last reference back, which may hold
 * locks of the pipeline, but one at a time for a progress. So it notes what it
 * is told and wakes someone: it neither waits, nor calls an element, nor drops
 * an event.
 */
typedef void (*GstTDengineProgressFunc) (const GstStructure *position,
                                         const GError *error,
                                         gpointer user_data);

GST_TDENGINE_API
GType                   gst_tdengine_progress_get_type        (void);
GST_TDENGINE_API
GstTDengineProgress *   gst_tdengine_progress_new             (GstTDengineProgressFunc settled,
                                                               gpointer user_data,
                                                               GDestroyNotify destroy);
GST_TDENGINE_API
GstTDengineProgress *   gst_tdengine_progress_ref             (GstTDengineProgress *progress);
GST_TDENGINE_API
void                    gst_tdengine_progress_unref           (GstTDengineProgress *progress);
GST_TDENGINE_API
GstEvent *              gst_tdengine_progress_make_checkpoint (GstTDengineProgress *progress,
                                                               GstStructure *position);

GST_TDENGINE_API
GType                   gst_tdengine_checkpoint_get_type      (void);
GST_TDENGINE_API
GstTDengineCheckpoint * gst_tdengine_checkpoint_claim         (GstEvent *event);
GST_TDENGINE_API
GstTDengineCheckpoint * gst_tdengine_checkpoint_pull          (GstElement *app_sink,
                                                               GstClockTime timeout,
                                                               GstSample **sample);
GST_TDENGINE_API
GstTDengineCheckpoint * gst_tdengine_checkpoint_ref           (GstTDengineCheckpoint *checkpoint);
GST_TDENGINE_API
void                    gst_tdengine_checkpoint_unref         (GstTDengineCheckpoint *checkpoint);
GST_TDENGINE_API
const GstStructure *    gst_tdengine_checkpoint_get_position  (GstTDengineCheckpoint *checkpoint);
GST_TDENGINE_API
void                    gst_tdengine_checkpoint_confirm       (GstTDengineCheckpoint *checkpoint);
GST_TDENGINE_API
void                    gst_tdengine_checkpoint_fail          (GstTDengineCheckpoint *checkpoint,
                                                               const GError *error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineProgress, gst_tdengine_progress_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (GstTDengineCheckpoint,
    gst_tdengine_checkpoint_unref)

G_END_DECLS
