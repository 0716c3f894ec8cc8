// SPDX-License-Identifier: Apache-2.0
// A secret of the project file: {env: NAME}, {file: path}, {prompt: text} or {plain: text}. Known
// by its label everywhere; its bytes are fetched when a step runs (and, but for a prompt, for the
// step's key, where a keyed hash of them stands), go to the worker by its pipe, and to no text, log
// or report.
#ifndef WG_IMAGE_PART_SECRET_H
#define WG_IMAGE_PART_SECRET_H

#include "base/pos.h"

typedef enum wg_secret_kind {
  WG_SECRET_NONE, // not given
  WG_SECRET_ENV,
  WG_SECRET_FILE,
  WG_SECRET_PROMPT,
  WG_SECRET_PLAIN,
} wg_secret_kind;

typedef struct wg_secret {
  wg_secret_kind kind;
  const char *label;  // what parts and messages call it: "answer.users[0].password"
  const char *name;   // of the variable, absolute path, text of the question, or the value itself
  wg_pos pos;         // of that
  const char *origin; // where it stands: "wingo.yaml:12:5"
} wg_secret;

#endif
