// SPDX-License-Identifier: Apache-2.0
// Places in a text file, and what the structs of a project file's sections are made of.
#ifndef WG_BASE_POS_H
#define WG_BASE_POS_H

#include "base/bytes.h"

// Where a value stands in a file, for messages. line 0: it is a default.
typedef struct wg_pos {
  const char *file;   // as the user would name it
  uint32_t line, col; // 1-based
} wg_pos;

typedef struct wg_cfg_str {
  const char *s;
  wg_pos pos;
} wg_cfg_str;

typedef struct wg_cfg_pair { // env:, vars:
  const char *name, *value;
  wg_pos pos;
} wg_cfg_pair;

#endif
