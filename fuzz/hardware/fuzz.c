// SPDX-License-Identifier: Apache-2.0
// No options. What was read is written in our own form, read again, and says the same; written once
// more it is the same bytes. A hive goes the way of hives.
#include <string.h>

#include "../fuzz.h"
#include "../libfyaml.h"
#include "driver/hardware/hardware.h"

static void same(const wg_str *a, uint32_t n_a, const wg_str *b, uint32_t n_b) {
  wg_assert(n_a == n_b);
  for (uint32_t i = 0; i < n_a; i++) {
    wg_assert(wg_str_eq(a[i], b[i]));
  }
}

static void again(const wg_hw_profile *p, wg_arena *arena, const fuzz_input *in) {
  wg_buf a, b;
  wg_hw_profile back;
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(&a, &in->alloc, 0);
  wg_buf_init(&b, &in->alloc, 0);
  wg_hw_write_yaml(p, &a);
  if (wg_buf_check(&a, &err) == WG_OK) {
    if (wg_hw_parse(wg_buf_str(&a), arena, &back, &err) == WG_OK) {
      wg_assert(back.kind == WG_HW_YAML && back.n_devices == p->n_devices);
      for (uint32_t i = 0; i < p->n_devices; i++) {
        const wg_hw_device *d = &p->devices[i], *e = &back.devices[i];
        same(d->hardware_ids, d->n_hardware, e->hardware_ids, e->n_hardware);
        same(d->compatible_ids, d->n_compatible, e->compatible_ids, e->n_compatible);
      }
      wg_hw_write_yaml(&back, &b);
      wg_assert(b.failed || (a.n == b.n && memcmp(a.p, b.p, a.n) == 0));
    } else {
      wg_assert(in->heap.fail_at != 0 || err.code == WG_E_LIMIT);
    }
  }
  wg_buf_done(&a);
  wg_buf_done(&b);
}

static wg_code read_any(const fuzz_input *in, wg_arena *arena, wg_hw_profile *out, wg_error *err) {
  if (in->n < 4 || memcmp(in->p, "regf", 4) != 0) {
    return wg_hw_parse((wg_str){(const char *)in->p, in->n}, arena, out, err);
  }
  wg_hive *h = NULL;
  wg_code code = wg_hive_parse(in->p, in->n, NULL, true, &in->alloc, &h, err);
  if (code == WG_OK) {
    code = wg_hw_of_hive(h, arena, out, err);
    wg_hive_free(h);
  }
  return code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  fuzz_begin(&in, data, size);
  wg_arena arena;
  wg_arena_init(&arena, &in.alloc, 64U << 20);
  wg_hw_profile p;
  wg_error err = WG_ERROR_INIT;
  if (read_any(&in, &arena, &p, &err) == WG_OK) {
    wg_assert(p.n_devices > 0);
    for (uint32_t i = 0; i < p.n_devices; i++) {
      fuzz_touch_str(wg_hw_label(&p.devices[i]));
    }
    again(&p, &arena, &in);
  }
  wg_arena_done(&arena);
  fuzz_end(&in);
  return 0;
}
