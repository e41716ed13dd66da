/* fuzz: what the targets share
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */
#pragma once

#include "../session.h"

/* called by the fuzzer */
int LLVMFuzzerInitialize   (int *argc, char ***argv);
int LLVMFuzzerTestOneInput (const guint8 *data, gsize size);

Server * fuzz_server_new (void);
void     fuzz_connect    (Server *server, GBytes *bytes);
