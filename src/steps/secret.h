// SPDX-License-Identifier: Apache-2.0
// Secrets of the project file, fetched when a step needs them.
#ifndef WG_STEPS_SECRET_H
#define WG_STEPS_SECRET_H

#include "engine/graph.h"
#include "image/part/secret.h"

// A wg_secret_fetch of a wg_secret. A file's one line end at its end is left out. NOT_FOUND,
// naming the place in the project file: the variable is not set, the file not there, no terminal to
// ask at. UNSUPPORTED: a prompt that may not be asked.
wg_code wg_secret_fetch_bytes(const void *secret, bool may_ask, wg_buf *out, wg_error *err);

#endif
