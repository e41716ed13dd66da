/* certificates: for a server and for clients, good and bad
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include <glib.h>

typedef struct
{
  const gchar *name;            /* also that of the file, without .pem */
  const gchar *issuer;          /* the name of another, or NULL: itself */
  const gchar *host;            /* such as IP:127.0.0.1, or NULL: an authority */
  gint from, to;                /* when it is valid: days from now */
} Certificate;

void          certificates_make   (const Certificate *list, guint n);
const gchar * certificates_find   (const gchar *name);
void          certificates_remove (void);
