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

// The innermost bracket that is open where the text could not be read on.
typedef struct yaml_open {
  char bracket; // '[' or '{'; 0: none
  uint32_t line, col;
  size_t line_off; // byte where its line begins
} yaml_open;

// A change of the text after which it may be read on, in the same lines.
typedef struct yaml_mend {
  bool has;
  size_t off, n_del;
  const char *put; // static or in the arena
} yaml_mend;

// The mistake that is known to lie behind libfyaml's msg at (line, col) of *f: *f says it, and *m
// the change that was probably meant, if there is one. False when none is known.
bool wg_yaml_mend(wg_str text, const char *msg, const yaml_open *open, wg_arena *arena,
                  wg_yaml_fault *f, yaml_mend *m);

// The text with the change made, in the arena; false when there is no memory.
bool wg_yaml_mended(wg_arena *arena, const yaml_mend *m, wg_str *text);
// A mistake in a line that was changed already.
bool wg_yaml_is_again(const wg_yaml_fault *made, size_t n, const wg_yaml_fault *f);

// The | or > whose content starts at pos; pos when it can't be made out.
size_t wg_yaml_block_header(wg_str t, size_t pos);
// Bytes of the escape that begins with the backslash at s.p[at]; 0 when it is none: \\W, or \\U
// without its eight digits.
size_t wg_yaml_escape_bytes(wg_str s, size_t at);
// What a tag of the core schema ("str") does to a node; false for another one.
bool wg_yaml_core_tag(wg_str name, wg_yaml_node *n);

// Makes the parser's message about (line, col) clear: looks at the text around it for the mistakes
// people make. msg is libfyaml's; *out's line and col are set on entry and may be moved.
void wg_yaml_clarify(wg_str text, const char *msg, wg_arena *arena, wg_yaml_fault *out);

#endif
