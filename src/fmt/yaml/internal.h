// SPDX-License-Identifier: Apache-2.0
// Shared by the files of this folder only.
#ifndef WG_FMT_YAML_INTERNAL_H
#define WG_FMT_YAML_INTERNAL_H

#include "fmt/yaml/yaml.h"

// A place in the text that only ever moves forward cheaply.
typedef struct yaml_cursor {
  wg_str text;
  size_t pos;
  uint32_t line, col; // of pos, 1-based
} yaml_cursor;

// Moves to byte offset pos (cut to the text's end); going back starts over from the beginning.
void wg_yaml_cursor_seek(yaml_cursor *c, size_t pos);

// Checks that text is UTF-8 of characters that YAML allows (1.2.2, 5.1 c-printable). On a fault,
// fills *out (text and hint are static or in the arena) and returns false.
bool wg_yaml_scan(wg_str text, wg_arena *arena, wg_yaml_fault *out);

// Makes the parser's message about (line, col) clear: looks at the text around it for the mistakes
// people make. msg is libfyaml's; *out's line and col are set on entry and may be moved.
void wg_yaml_clarify(wg_str text, const char *msg, wg_arena *arena, wg_yaml_fault *out);

#endif
