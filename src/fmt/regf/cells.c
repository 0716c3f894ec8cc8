// SPDX-License-Identifier: Apache-2.0
#include "fmt/regf/cells.h"

#include <string.h>

static void bit_set(uint8_t *bits, uint32_t off) {
  bits[off >> 6] = (uint8_t)(bits[off >> 6] | 1U << ((off >> 3) & 7));
}

static bool bit_get(const uint8_t *bits, uint32_t off) {
  return (bits[off >> 6] >> ((off >> 3) & 7) & 1) != 0;
}

static void cells_see_free(regf_cells *c, uint32_t off, uint32_t n_bytes) {
  if (n_bytes >= CELLS_FREE_BYTES) {
    c->free[c->n_free++ % CELLS_FREE] = (regf_free_cell){off, n_bytes};
  }
}

wg_code wg_regf_cells_bin(regf_cells *c, uint32_t off, uint32_t bin_bytes, wg_error *err) {
  uint32_t at = off + REGF_BIN_HEADER;
  uint32_t end = off + bin_bytes, n_free = 0; // bytes of the free cells just before at
  while (at < end) {
    uint32_t raw = wg_le32(c->bins + at);
    // Negative: allocated. 0x80000000 has no positive counterpart and fails the size test.
    bool allocated = raw >> 31 != 0;
    uint32_t size = allocated ? wg_regf_negative(raw) : raw;
    if (size < 8 || size % 8 != 0 || size > end - at) {
      return wg_fail_at(err, WG_E_FORMAT, (uint64_t)REGF_BASE_BYTES + at,
                        "cell size 0x%x is not possible here (%u bytes are left in the bin)", raw,
                        end - at);
    }
    if (allocated) {
      bit_set(c->starts, at);
      c->n_cells++;
      c->allocated_bytes += size;
      cells_see_free(c, at - n_free, n_free);
    }
    n_free = allocated ? 0 : n_free + size;
    at += size;
  }
  cells_see_free(c, at - n_free, n_free);
  return WG_OK;
}

wg_code wg_regf_bin_size(const regf_cells *c, uint32_t off, uint32_t *out, wg_error *err) {
  // The bytes and every bin size are multiples of 4,096: a whole header is there.
  uint64_t file_off = (uint64_t)REGF_BASE_BYTES + off;
  const uint8_t *p = c->bins + off;
  if (memcmp(p, "hbin", 4) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, file_off, "no hive bin here");
  }
  uint32_t says_off = wg_le32(p + 4), size = wg_le32(p + 8);
  if (says_off != off) {
    return wg_fail_at(err, WG_E_FORMAT, file_off + 4, "bin says it is at 0x%x, it is at 0x%x",
                      says_off, off);
  }
  if (size == 0 || size % 4096 != 0 || size > c->n_bytes - off) {
    return wg_fail_at(err, WG_E_FORMAT, file_off + 8,
                      "bin size 0x%x is not possible here (0x%x bytes are left)", size,
                      c->n_bytes - off);
  }
  *out = size;
  return WG_OK;
}

wg_code wg_regf_cells_map(wg_arena *arena, const uint8_t *bins, uint32_t n_bytes, regf_cells *out,
                          wg_error *err) {
  *out = (regf_cells){.bins = bins, .n_bytes = n_bytes};
  out->starts = wg_arena_get(arena, n_bytes / 64 + 1);
  out->claimed = wg_arena_get(arena, n_bytes / 64 + 1);
  if (out->starts == NULL || out->claimed == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (uint32_t off = 0, size = 0; off < n_bytes; off += size) {
    if (wg_regf_bin_size(out, off, &size, err) != WG_OK ||
        wg_regf_cells_bin(out, off, size, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_regf_cell_body(regf_cells *c, uint32_t off, bool claim, const char *what, wg_reader *out,
                          wg_error *err) {
  if (off % 8 != 0 || off >= c->n_bytes || !bit_get(c->starts, off)) {
    return wg_fail(err, WG_E_FORMAT, "%s: cell offset 0x%x is not the start of an allocated cell",
                   what, off);
  }
  uint32_t size = wg_regf_negative(wg_le32(c->bins + off));
  if (claim && !c->again && bit_get(c->claimed, off)) {
    return wg_fail_at(err, WG_E_FORMAT, (uint64_t)REGF_BASE_BYTES + off,
                      "%s: this cell is used twice", what);
  }
  if (!c->again && !bit_get(c->claimed, off)) {
    bit_set(c->claimed, off);
    c->claimed_cells++;
    c->claimed_bytes += size;
  }
  *out = (wg_reader){
      .p = c->bins + off + 4, .n_bytes = size - 4, .base_off = (uint64_t)REGF_BASE_BYTES + off + 4};
  return WG_OK;
}
