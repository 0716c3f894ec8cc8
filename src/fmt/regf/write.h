// SPDX-License-Identifier: Apache-2.0
// Cells written: what write.c, which makes a whole hive, and patch.c, which changes one, share.
// Private to src/fmt/regf.
#ifndef WG_FMT_REGF_WRITE_H
#define WG_FMT_REGF_WRITE_H

#include "fmt/regf/int.h"

#define WRITE_OPEN_BINS 8U

typedef struct open_bin {
  uint32_t free_off, free_bytes; // the gap at its end, offset relative to the bins
} open_bin;

typedef struct regf_write {
  const wg_hive *h;
  wg_buf *out;
  size_t bins_at; // where the bins start in out
  open_bin open[WRITE_OPEN_BINS];
  uint32_t *sd_off; // by descriptor: offset of its cell, 0 when not written
  uint32_t *sd_refs;
  uint32_t *sd_order; // descriptors in order of first use
  uint32_t n_sds;
  uint8_t *touched; // when bins that are there are changed: bit per 4,096 bytes; out stays in place
  bool no_room;     // for another bin in out
} regf_write;

// The byte at off of the bins, to be written to; good until the next cell is made.
uint8_t *wg_regf_write_at(regf_write *w, uint32_t off);
// An allocated cell of n body bytes (zeroed); its offset relative to the bins.
wg_code wg_regf_write_cell(regf_write *w, uint64_t n, uint32_t *out_off, wg_error *err);
wg_code wg_regf_write_bytes(regf_write *w, const void *p, uint32_t n, uint32_t *out_off,
                            wg_error *err);
wg_code wg_regf_write_value(regf_write *w, const regf_value *v, uint32_t *out_off, wg_error *err);
// The list of a key's n > 0 children, whose cells are at offs.
wg_code wg_regf_write_children(regf_write *w, const wg_regkey *k, const uint32_t *offs,
                               uint32_t *out_off, wg_error *err);
// Each unit is below 256: then names are stored as Latin-1.
bool wg_regf_is_latin1(wg_str name16);
void wg_regf_write_name(uint8_t *at, wg_str name16, bool latin1);
void wg_regf_write_base(const wg_hive *h, const wg_hive_write_options *opt, uint8_t *base,
                        uint32_t root_off, uint32_t bins_bytes);

typedef struct regf_maxima { // of children's names and classes, values' names and data
  uint32_t name, cls, value_name, value_data;
} regf_maxima;
regf_maxima wg_regf_maxima(const wg_regkey *k);

#endif
