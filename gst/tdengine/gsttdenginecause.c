/* tdengine cause: what becomes of a write that failed
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#include "gsttdenginecause.h"
#include "gsttdengineerror.h"

#define PASSING GST_TDENGINE_CAUSE_PASSING
#define ROW GST_TDENGINE_CAUSE_ROW
#define TABLE GST_TDENGINE_CAUSE_TABLE

/* the low 16 bits of the server's codes; what is not here lasts */
static const struct
{
  gint code;
  GstTDengineCause cause;
} causes[] = {
  {0x000B, PASSING},            /* no network between adapter and server */
  {0x0018, PASSING},            /* the link broke */
  {0x0019, PASSING},            /* the server did not answer the adapter */
  {0x0020, PASSING},            /* some vgroup can't be reached */
  {0x0021, PASSING},            /* the link to some vgroup broke */
  {0x0022, PASSING},            /* too many sessions at a time */
  {0x0023, PASSING},            /* network error */
  {0x0024, PASSING},            /* network busy */
  {0x0026, PASSING},            /* the server is on its way down */
  {0x0027, PASSING},
  {0x0126, PASSING},            /* the server's queue is full */
  {0x012C, PASSING},            /* something took the server too long */
  {0x03A1, PASSING},            /* the mnode's leader is changing */
  {0x0412, PASSING},            /* the mnode has not caught up */
  {0x0503, PASSING},            /* the vgroup is moving: its place is stale */
  {0x0520, PASSING},            /* the vnode is not there yet */
  {0x0528, PASSING},            /* the vnode writes its memory to disk */
  {0x0529, PASSING},            /* the vnode is stopped, to be started */
  {0x0530, PASSING},            /* the same request is under way */
  {0x0531, PASSING},            /* busy */
  {0x0532, PASSING},            /* the vnode has not caught up */
  {0x0541, PASSING},            /* the vnode is offline */
  {0x061B, PASSING},            /* the adapter knew older columns: it asks */
  {0x0903, PASSING},            /* the replicas did not agree in time */
  {0x090C, PASSING},            /* not the leader: it is changing */
  {0x0911, PASSING},            /* the new leader is not ready */
  {0x0914, PASSING},            /* the leader is restoring */
  {0x0918, PASSING},            /* the replicas' queue is full */
  {0xFFFE, PASSING},            /* the adapter's own limit of requests */

  {0x0216, ROW},                /* a value that its type can't be made of */
  {0x022B, ROW},                /* a name that no table may have */
  {0x013D, ROW},                /* a decimal of more digits than there may be */
  {0x060B, ROW},                /* a time that the database does not keep */
  {0x2605, ROW},                /* a value of the wrong type */
  {0x2617, ROW},                /* a name with a point */
  {0x2653, ROW},                /* a value that is too long */
  {0x267B, ROW},                /* no time */

  {0x2602, TABLE},              /* a column is gone */
  {0x2603, TABLE},              /* the table is gone */
  {0x0526, TABLE},              /* a column is gone, as the vnode says */
  {0x0618, TABLE},              /* the table is gone, as the vnode says */
};

static GstTDengineCause
find_code (gint code)
{
  for (guint i = 0; i < G_N_ELEMENTS (causes); i++) {
    if (causes[i].code == code)
      return causes[i].cause;
  }
  return GST_TDENGINE_CAUSE_LASTING;
}

GstTDengineCause
gst_tdengine_cause_find (const GError * error)
{
  if (error->domain != GST_TDENGINE_ERROR)
    return PASSING;             /* of GIO: the connection */
  switch (error->code) {
    case GST_TDENGINE_ERROR_CLOSED:
    case GST_TDENGINE_ERROR_CONNECT:
    case GST_TDENGINE_ERROR_TIMEOUT:
    case GST_TDENGINE_ERROR_PROTOCOL:
      return PASSING;
    case GST_TDENGINE_ERROR_INVALID_VALUE:
      return ROW;
    case GST_TDENGINE_ERROR_SERVER:
      return find_code (gst_tdengine_error_get_server_code (error));
    default:
      return GST_TDENGINE_CAUSE_LASTING;
  }
}

gboolean
gst_tdengine_cause_missing_table (const GError * error)
{
  gint code = gst_tdengine_error_get_server_code (error);

  return code == 0x2603 || code == 0x0618;
}

/* of a block alone: its columns are no longer those of the table */
gboolean
gst_tdengine_cause_unfit_block (const GError * error)
{
  return gst_tdengine_error_get_server_code (error) == 0x0118;
}
