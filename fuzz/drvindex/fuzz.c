// SPDX-License-Identifier: Apache-2.0
// No options. Of an index every record is read and every id looked up; what is not one is taken for
// an INF file, packed, read back and put into an index, which is read.
#include <string.h>

#include "../fuzz.h"
#include "driver/match/index.h"
#include "driver/match/match.h"

static void touch_info(const wg_drv_info *i) {
  const wg_inf_target t = {.arch = WG_INF_AMD64, .major = 10, .build = 26100};
  bool chosen[64];
  fuzz_touch_str(i->class_name);
  for (uint32_t k = 0; k < i->n_models; k++) {
    const wg_drv_model *m = &i->models[k];
    wg_assert(m->install < i->n_installs && m->first_id + m->n_ids <= i->n_ids);
    (void)wg_drv_choose_variant(i, m, t.arch);
    fuzz_touch_str(m->description);
  }
  for (uint32_t k = 0; k < i->n_ids; k++) {
    wg_assert(i->id_models[k] < i->n_models);
    fuzz_touch_str(i->ids[k]);
  }
  for (uint32_t k = 0; k < i->n_groups; k++) {
    wg_assert(i->groups[k].first_model + i->groups[k].n_models <= i->n_models);
  }
  if (i->n_groups <= 64) {
    wg_drv_choose_groups(i, &t, chosen);
  }
  (void)wg_drv_catalog_of(i, t.arch);
}

static void read_index(const void *p, size_t n, const wg_alloc *alloc) {
  wg_arena arena;
  wg_drv_index x;
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&arena, alloc, 64U << 20);
  if (wg_drv_index_open(p, n, &arena, &x, &err) == WG_OK) {
    for (uint32_t i = 0; i < x.n_packages; i++) {
      wg_drv_info info;
      fuzz_touch_str(x.packages[i].inner);
      if (wg_drv_unpack(x.packages[i].packed, x.packages[i].n_packed, false, &arena, &info, &err) ==
          WG_OK) {
        touch_info(&info);
        for (uint32_t k = 0; k < info.n_ids && k < 100; k++) {
          uint32_t from = 0, to = 0;
          wg_drv_index_find(&x, wg_drv_hash(info.ids[k]), &from, &to);
          wg_assert(from <= to && to <= x.n_postings);
        }
      }
    }
  }
  wg_arena_done(&arena);
}

static void pack_inf(const void *p, size_t n, const wg_alloc *alloc) {
  wg_arena arena;
  wg_buf packed, index;
  wg_inf inf;
  wg_error err = WG_ERROR_INIT;
  wg_drv_info info;
  wg_arena_init(&arena, alloc, 64U << 20);
  wg_buf_init(&packed, alloc, 0);
  wg_buf_init(&index, alloc, 0);
  if (wg_inf_parse(p, n, NULL, &arena, &inf, &err) == WG_OK &&
      wg_drv_pack(&inf, &arena, &packed, &err) == WG_OK) {
    const wg_drv_source s = {.path = WG_STR("x.inf"), .n_packages = 1};
    const wg_drv_package k = {.packed = packed.p, .n_packed = (uint32_t)packed.n};
    wg_code code = wg_drv_unpack(packed.p, packed.n, false, &arena, &info, &err);
    wg_assert(code == WG_OK || code == WG_E_NOMEM || code == WG_E_LIMIT);
    if (code == WG_OK) {
      touch_info(&info);
    }
    if (wg_drv_index_write(&s, 1, &k, 1, &arena, &index, &err) == WG_OK) {
      read_index(index.p, index.n, alloc);
    }
  }
  wg_buf_done(&packed);
  wg_buf_done(&index);
  wg_arena_done(&arena);
}

static void body(const uint8_t *data, size_t size, const wg_alloc *alloc) {
  if (size > 4 && memcmp(data, "WGDR", 4) == 0) {
    read_index(data, size, alloc);
  } else {
    pack_inf(data, size, alloc);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_run(data, size, body);
}
