/* test server: rules that say which frames go wrong, and how
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

typedef struct _Faults Faults;

typedef enum
{
  FAULT_CUT,
  FAULT_DELAY,
  FAULT_ERROR,
  FAULT_EXIT,
  FAULT_IGNORE,
  FAULT_LENGTH,
  FAULT_LOSE,
  FAULT_OPCODE,
  FAULT_PATCH,
  FAULT_PAUSE,
  FAULT_STATUS,
  FAULT_TRUNCATE,
} FaultKind;

/* a request, or a reply; a whole HTTP request or reply counts as one frame */
typedef struct
{
  const gchar *path;
  const gchar *action;
  gboolean is_reply;
  gboolean is_text;
} FaultFrame;

/* of these, what the kind needs */
typedef struct
{
  FaultKind kind;
  gint code;                    /* of an error; status of HTTP or exit */
  gchar *message;
  guint ms;
  guint64 at;                   /* where to patch */
  guint64 bytes;                /* how many leave */
  guint64 value;
  GByteArray *patch;
} Fault;

Faults *      faults_new      (void);
void          faults_free     (Faults *faults);
gboolean      faults_set      (Faults *faults, const gchar *json, gsize size,
                               GError **error);
void          faults_clear    (Faults *faults);
gchar *       faults_to_json  (Faults *faults);
gboolean      faults_is_empty (Faults *faults);
const Fault * faults_next     (Faults *faults, const FaultFrame *frame,
                               guint *position);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Faults, faults_free)
