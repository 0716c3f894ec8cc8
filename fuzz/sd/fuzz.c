// SPDX-License-Identifier: Apache-2.0
// Options: 1 SDDL text, else bytes. What was read is written, read again, compared.
#include <string.h>

#include "../fuzz.h"
#include "fmt/sd/sd.h"

static void again(const wg_sd *sd, wg_arena *arena, const wg_alloc *alloc, const fuzz_heap *heap) {
  wg_buf a, b, text;
  wg_sd back, child;
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(&a, alloc, 0);
  wg_buf_init(&b, alloc, 0);
  wg_buf_init(&text, alloc, 0);
  wg_sd_write(sd, &a);
  if (!a.failed) {
    if (wg_sd_parse(a.p, a.n, arena, &back, &err) == WG_OK) {
      wg_sd_write(&back, &b);
      wg_assert(b.failed || (a.n == b.n && memcmp(a.p, b.p, a.n) == 0));
    } else {
      wg_assert(heap->fail_at != 0);
    }
  }
  wg_sddl_write(sd, &text);
  wg_str sid = sd->owner;
  if (sid.n > 0 &&
      wg_sd_inherit(sd, (heap->n_calls & 1) != 0, sid, sid, arena, &child, &err) == WG_OK) {
    wg_sddl_write(&child, &text);
  }
  wg_buf_done(&a);
  wg_buf_done(&b);
  wg_buf_done(&text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  fuzz_begin(&in, data, size);
  wg_arena arena;
  wg_arena_init(&arena, &in.alloc, 16U << 20);
  wg_sd sd;
  wg_error err = WG_ERROR_INIT;
  wg_code code = (in.options & 1) != 0
                     ? wg_sddl_parse((wg_str){(const char *)in.p, in.n}, &arena, &sd, &err)
                     : wg_sd_parse(in.p, in.n, &arena, &sd, &err);
  if (code == WG_OK) {
    again(&sd, &arena, &in.alloc, &in.heap);
  }
  wg_arena_done(&arena);
  fuzz_end(&in);
  return 0;
}
