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

// What is said of an environment variable that has no value (NULL, or ""): what is wrong, "the
// environment variable 'X', which has a secret, is not set", and the cure, "set X for wingo". False
// when it has one. Heap.
WG_MUST_CHECK bool wg_secret_env_absent(const wg_secret *s, const char *value, char **out_why,
                                        char **out_cure);

#endif
