// SPDX-License-Identifier: Apache-2.0
// The bins of a hive as cells: where each one starts, which are taken. Private to src/fmt/regf.
#ifndef WG_FMT_REGF_CELLS_H
#define WG_FMT_REGF_CELLS_H

#include "fmt/regf/int.h"

typedef struct regf_cells {
  const uint8_t *bins; // first byte after the base block
  uint32_t n_bytes;    // multiple of 4,096
  uint8_t *starts;     // bit per 8 bytes: an allocated cell starts here
  uint8_t *claimed;    // bit per 8 bytes: a structure has taken this cell
  uint64_t n_cells, allocated_bytes, claimed_cells, claimed_bytes;
} regf_cells;

// Walks all bins once, always forward. FORMAT with the offset in the file.
wg_code wg_regf_cells_map(wg_arena *arena, const uint8_t *bins, uint32_t n_bytes, regf_cells *out,
                          wg_error *err);
// The body of the allocated cell at off (relative to the bins), for the structure `what`. claim: it
// may be taken once only.
wg_code wg_regf_cell_body(regf_cells *c, uint32_t off, bool claim, const char *what, wg_reader *out,
                          wg_error *err);

// --- what parse.c and salvage.c share: structures that stand in one cell
typedef struct regf_parse {
  wg_hive *h;
  regf_cells cells;
  uint32_t *sd_at; // open-addressed map: sk cell offset, descriptor index + 1, keys that name it
  size_t sd_at_cap, n_sd_at;
  wg_regf_lint *lint; // NULL: not asked for
} regf_parse;
// Latin-1 (compressed) or UTF-16LE name of n stored bytes.
wg_code wg_regf_parse_name(regf_parse *c, wg_reader *r, uint32_t n, bool compressed, wg_str *out,
                           wg_error *err);
// Index of the descriptor in the sk cell at off, REGF_NIL for none.
wg_code wg_regf_parse_sd(regf_parse *c, uint32_t off, uint32_t *out, wg_error *err);
// The value in the vk cell at off, with its data.
wg_code wg_regf_parse_value(regf_parse *c, uint32_t off, regf_value *out, wg_error *err);

#endif
