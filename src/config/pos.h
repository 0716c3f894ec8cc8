// Places in the project file, and what the structs of its sections are made of.
#ifndef WG_CONFIG_POS_H
#define WG_CONFIG_POS_H

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
