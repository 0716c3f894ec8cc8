// SPDX-License-Identifier: Apache-2.0
// A UDF volume in short form (tests/tools/udfgen.py): size in blocks (4 bytes; top bit: put the
// checksums of descriptor tags right), then blocks: number (4), bytes that follow (2), bytes. What
// is not there is zeros. Opens it, lists the root and "sources", and maps every file found.
#include <string.h>

#include "../fuzz.h"
#include "fmt/udf/udf.h"
#include "os/mem.h"
#include "os/proc.h"

#define FUZZ_MAX_BLOCKS (1u << 20)

typedef struct fuzz_volume {
  const uint8_t *p;
  size_t n;
  uint64_t size_bytes;
  bool repair;
} fuzz_volume;

static void fuzz_block(const fuzz_volume *v, uint64_t lba, uint8_t out[WG_UDF_BLOCK_BYTES]) {
  memset(out, 0, WG_UDF_BLOCK_BYTES);
  for (size_t at = 4; v->n >= 6 && at <= v->n - 6;) {
    size_t n = wg_le16(v->p + at + 4), left = v->n - at - 6;
    n = n < left ? n : left;
    if (wg_le32(v->p + at) == lba) {
      memcpy(out, v->p + at + 6, n < WG_UDF_BLOCK_BYTES ? n : WG_UDF_BLOCK_BYTES);
      break;
    }
    at += 6 + n;
  }
  if (v->repair && wg_le16(out) <= 266 && wg_le16(out) > 0) {
    uint8_t check = 0;
    for (size_t i = 0; i < 16; i++) {
      check = (uint8_t)(check + (i == 4 ? 0 : out[i]));
    }
    out[4] = check;
  }
}

static wg_code fuzz_read(void *ctx, uint64_t off, void *p, size_t n, wg_error *err) {
  const fuzz_volume *v = ctx;
  uint8_t block[WG_UDF_BLOCK_BYTES];
  (void)err;
  wg_assert(off <= v->size_bytes && n <= v->size_bytes - off);
  wg_assert(off % WG_UDF_BLOCK_BYTES == 0 && n <= WG_UDF_BLOCK_BYTES);
  fuzz_block(v, off / WG_UDF_BLOCK_BYTES, block);
  memcpy(p, block, n);
  return WG_OK;
}

static void fuzz_folder(const fuzz_volume *v, wg_udf *u, const wg_alloc *alloc, const char *path) {
  WG_AUTO(wg_arena) arena = {0};
  wg_error err = WG_ERROR_INIT;
  wg_udf_entry *list = NULL;
  size_t n = 0;
  wg_arena_init(&arena, alloc, (size_t)256 << 20);
  if (wg_udf_list(u, path, &arena, &list, &n, &err) != WG_OK) {
    return;
  }
  for (size_t i = 0; i < n; i++) {
    wg_udf_extent *x = NULL;
    size_t n_x = 0;
    const char *full =
        wg_arena_printf(&arena, "%s%s%s", path, path[0] == '\0' ? "" : "/", list[i].name);
    fuzz_touch_str(wg_str_of(list[i].name));
    if (full == NULL || wg_udf_extents(u, full, &arena, &x, &n_x, &err) != WG_OK) {
      continue;
    }
    for (size_t k = 0; k < n_x; k++) {
      wg_assert(x[k].n_bytes > 0 && x[k].off_bytes <= v->size_bytes &&
                x[k].n_bytes <= v->size_bytes - x[k].off_bytes);
    }
  }
}

static void fuzz_udf(const uint8_t *data, size_t size, const wg_alloc *alloc) {
  if (size < 4) {
    return;
  }
  uint32_t blocks = wg_le32(data);
  fuzz_volume v = {.p = data, .n = size, .repair = (blocks & 0x80000000u) != 0};
  v.size_bytes = (uint64_t)(blocks % FUZZ_MAX_BLOCKS) * WG_UDF_BLOCK_BYTES;
  wg_udf_source src = {.read = fuzz_read, .ctx = &v, .size_bytes = v.size_bytes};
  wg_udf_kind kind = WG_UDF_NONE;
  wg_error err = WG_ERROR_INIT;
  if (wg_udf_detect(&src, &kind, &err) == WG_OK) {
    fuzz_touch(&kind, sizeof(kind));
  }
  WG_AUTO_PTR(wg_udf) u = NULL;
  wg_os_mute_stdio(true);
  if (wg_udf_open(&src, alloc, &u, &err) == WG_OK) {
    fuzz_touch_str(wg_str_of(wg_udf_label(u)));
    fuzz_folder(&v, u, alloc, "");
    fuzz_folder(&v, u, alloc, "sources");
  }
  wg_os_mute_stdio(false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_run(data, size, fuzz_udf);
}
