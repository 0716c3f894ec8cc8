// SPDX-License-Identifier: Apache-2.0
// Registry text (".reg"): what regedit exports and imports. Version 5 (UTF-16LE, or UTF-8) and
// REGEDIT4 (a code page). Text is WTF-8 at this interface.
//
// regedit skips lines that it does not understand; here they are errors, with the line.
#ifndef WG_FMT_REGTEXT_H
#define WG_FMT_REGTEXT_H

#include "base/utf.h"

typedef enum wg_regop_kind {
  WG_REGOP_KEY,          // [key]: make it
  WG_REGOP_DELETE_KEY,   // [-key]: with everything below
  WG_REGOP_VALUE,        // set
  WG_REGOP_DELETE_VALUE, // "name"=-
} wg_regop_kind;

typedef struct wg_regop {
  wg_regop_kind kind;
  wg_str key;          // whole path as written: HKEY_LOCAL_MACHINE\SOFTWARE\X
  wg_str name;         // "" is the default value (@)
  uint32_t type;       // REG_* number
  const uint8_t *data; // as the registry holds it: strings are UTF-16LE with their NUL
  uint32_t n_bytes;
  uint32_t line; // 1-based
} wg_regop;

typedef struct wg_regtext {
  const wg_regop *ops; // in the order of the file
  size_t n_ops;
  bool version4;
} wg_regtext;

typedef struct wg_regtext_options {
  unsigned code_page; // of REGEDIT4 text; 0: 1252
  size_t max_ops;     // 0: 4 million
  uint32_t max_line;  // longest logical line in bytes of UTF-8; 0: 64 MiB
} wg_regtext_options;

// Everything is in the arena. FORMAT names the line in its text ("line 7: ..."); LIMIT, NOMEM.
wg_code wg_regtext_parse(const void *p, size_t n_bytes, const wg_regtext_options *opt,
                         wg_arena *arena, wg_regtext *out, wg_error *err);

// Writing, version 5: CRLF, UTF-8 into `out`; wg_regtext_finish turns it into UTF-16LE with a mark.
void wg_regtext_begin(wg_buf *out);
void wg_regtext_put_key(wg_buf *out, wg_str key, bool delete_it);
void wg_regtext_put_value(wg_buf *out, wg_str name, uint32_t type, const void *data,
                          uint32_t n_bytes);
void wg_regtext_put_delete_value(wg_buf *out, wg_str name);
// utf8_text: what the calls above appended to a buffer. FORMAT never; NOMEM, LIMIT.
wg_code wg_regtext_finish(wg_str utf8_text, wg_buf *out, wg_error *err);

#endif
