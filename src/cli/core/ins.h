// SPDX-License-Identifier: Apache-2.0
// What a parsed file is, said as text or as JSON from the same calls.
#ifndef WG_CLI_CORE_INS_H
#define WG_CLI_CORE_INS_H

#include "fmt/json/jsonw.h"
#include "os/file.h"

typedef struct wg_ins {
  const char *path; // as given
  int fd;           // borrowed, open for reading
  uint64_t n_bytes; // of the file
  wg_reader file;   // the whole file; for a format without needs_all, only its first bytes
  wg_arena *arena;  // for parses
  bool verbose;     // -v: long lists in full
  wg_jsonw *json;   // NULL: text
  wg_buf *out;
  unsigned depth; // text: groups that are open
} wg_ins;

// A field: key for JSON, label for text. Text escapes what a terminal would act on.
void wg_ins_str(wg_ins *i, const char *key, const char *label, wg_str v);
void wg_ins_z(wg_ins *i, const char *key, const char *label, const char *v); // NULL: ""
void wg_ins_u64(wg_ins *i, const char *key, const char *label, uint64_t v);
void wg_ins_bytes(wg_ins *i, const char *key, const char *label, uint64_t n_bytes); // a size
void wg_ins_addr(wg_ins *i, const char *key, const char *label, uint64_t v); // "0x..." in both
void wg_ins_bool(wg_ins *i, const char *key, const char *label, bool v);
void wg_ins_digits(wg_ins *i, const char *key, const char *label, const void *p, size_t n_bytes);
void wg_ins_printf(wg_ins *i, const char *key, const char *label, const char *fmt, ...)
    WG_PRINTF(4, 5);
// A name for a number that may have none: text "name" or "0x2A"; JSON always has <key> (the name or
// the hex number) as a string.
void wg_ins_named(wg_ins *i, const char *key, const char *label, const char *name, uint64_t number);
// A list of strings; text shows one a line. Nothing is written for an empty list in text.
void wg_ins_strs(wg_ins *i, const char *key, const char *label, const wg_str *v, size_t n);

// A group of fields: an object under key, an indented block under title. In a list of groups (see
// below) key is NULL.
void wg_ins_begin(wg_ins *i, const char *key, const char *title);
void wg_ins_end(wg_ins *i);
// A list of groups or, for JSON, of anything.
void wg_ins_begin_list(wg_ins *i, const char *key);
void wg_ins_end_list(wg_ins *i);

// A table: in JSON a list of objects. All rows are given before wg_ins_table writes it.
typedef struct wg_ins_col {
  const char *key, *title;
  enum {
    WG_COL_STR,
    WG_COL_U64,
    WG_COL_ADDR,
    WG_COL_BOOL
  } kind;
} wg_ins_col;
typedef struct wg_ins_cell {
  wg_str s;
  uint64_t v;
} wg_ins_cell;
// rows: n_rows * n_cols cells, row by row. Text writes nothing when there are no rows.
void wg_ins_table(wg_ins *i, const char *key, const char *title, const wg_ins_col *cols,
                  size_t n_cols, const wg_ins_cell *rows, size_t n_rows);

// s with control characters, bytes that are not UTF-8 and direction marks escaped, for terminals.
void wg_ins_add_plain(wg_buf *out, wg_str s);

#endif
