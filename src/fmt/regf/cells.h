// SPDX-License-Identifier: Apache-2.0
// The bins of a hive as cells: where each one starts, which are taken. Private to src/fmt/regf.
#ifndef WG_FMT_REGF_CELLS_H
#define WG_FMT_REGF_CELLS_H

#include "fmt/regf/int.h"

#define CELLS_FREE 8U
#define CELLS_FREE_BYTES 256U // the least that is remembered
typedef struct regf_free_cell {
  uint32_t off, n_bytes; // with size fields
} regf_free_cell;

typedef struct regf_cells {
  const uint8_t *bins; // first byte after the base block
  uint32_t n_bytes;    // multiple of 4,096
  uint8_t *starts;     // bit per 8 bytes: an allocated cell starts here
  uint8_t *claimed;    // bit per 8 bytes: a structure has taken this cell
  uint64_t n_cells, allocated_bytes, claimed_cells, claimed_bytes;
  bool again;                      // read a second time: nothing is claimed
  regf_free_cell free[CELLS_FREE]; // neighbours taken together, those nearest to the end; a ring
  uint32_t n_free;                 // how many were seen
} regf_cells;

// Walks all bins once, always forward. FORMAT with the offset in the file.
wg_code wg_regf_cells_map(wg_arena *arena, const uint8_t *bins, uint32_t n_bytes, regf_cells *out,
                          wg_error *err);
// The cells of one bin of bin_bytes at off, which must tile it, added to what is known.
wg_code wg_regf_cells_bin(regf_cells *c, uint32_t off, uint32_t bin_bytes, wg_error *err);
// The bin at off: its size, checked against where it is and what is left.
wg_code wg_regf_bin_size(const regf_cells *c, uint32_t off, uint32_t *out, wg_error *err);
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
  bool check_only;    // names and data of values are looked at, not kept
  bool lazy;          // values are only checked, and read when they are asked for
} regf_parse;

typedef struct regf_nk { // of a key's cell, what the model has in another form
  uint32_t n_subkeys, subkeys_off, n_values, values_off, parent_off;
} regf_nk;
typedef struct regf_children {
  uint32_t *offs;
  uint64_t *hashes; // when lint is asked for: hash << 1, bit 0: the list has one
} regf_children;
// The key in the cell at off, with its values.
wg_code wg_regf_parse_key(regf_parse *c, uint32_t off, wg_regkey *k, regf_nk *nk, wg_error *err);
// All n child offsets of a key, in order.
wg_code wg_regf_parse_children(regf_parse *c, uint32_t list_off, uint32_t n, regf_children *out,
                               wg_error *err);
// Latin-1 (compressed) or UTF-16LE name of n stored bytes.
wg_code wg_regf_parse_name(regf_parse *c, wg_reader *r, uint32_t n, bool compressed, wg_str *out,
                           wg_error *err);
// Index of the descriptor in the sk cell at off, REGF_NIL for none.
wg_code wg_regf_parse_sd(regf_parse *c, uint32_t off, uint32_t *out, wg_error *err);
// The value in the vk cell at off, with its data.
wg_code wg_regf_parse_value(regf_parse *c, uint32_t off, regf_value *out, wg_error *err);

#endif
