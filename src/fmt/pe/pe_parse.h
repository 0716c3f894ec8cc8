// SPDX-License-Identifier: Apache-2.0
// Shared by the files of fmt/pe; not for others.
#ifndef WG_FMT_PE_PE_PARSE_H
#define WG_FMT_PE_PE_PARSE_H

#include "fmt/pe/pe.h"

typedef struct pe_parser {
  wg_pe *pe;
  wg_arena *arena;
  wg_reader file;
  uint64_t names_left_bytes; // of limits.all_names_bytes
} pe_parser;

// File offset of a directory entry, for messages.
static inline uint64_t wg_pe_dir_off(const wg_pe *pe, uint32_t index) {
  return pe->dirs_off + (uint64_t)WG_PE_DIR_BYTES * index;
}

// A NUL-terminated name at an address; borrowed from the file. what names it in messages, from_off
// is the file offset of the field that holds the address. FORMAT, LIMIT.
wg_code wg_pe_name_at(pe_parser *ps, uint32_t rva, const char *what, uint64_t from_off, wg_str *out,
                      wg_error *err);

wg_code wg_pe_parse_imports(pe_parser *ps, wg_error *err);
wg_code wg_pe_parse_exports(pe_parser *ps, wg_error *err);
wg_code wg_pe_parse_debug(pe_parser *ps, wg_error *err);
wg_code wg_pe_parse_resources(pe_parser *ps, wg_error *err);
wg_code wg_pe_parse_certs(pe_parser *ps, wg_error *err);

#endif
