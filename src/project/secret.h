// SPDX-License-Identifier: Apache-2.0
// Secrets in the project file.
#ifndef WG_PROJECT_SECRET_H
#define WG_PROJECT_SECRET_H

#include "config/key.h"
#include "image/part/secret.h"

// The type of a key that takes a secret: exactly one of {env: NAME}, {file: path}, {prompt: text}
// and {plain: text}, a wg_secret at `at`. A plain value is an error. Nothing is fetched: its label
// is the key's path, its origin the place. A row of this type has `example` = WG_SECRET_EXAMPLE.
extern const wg_key_kind wg_key_secret;
#define WG_SECRET_EXAMPLE "{env: KIOSK_PASSWORD}"

#endif
