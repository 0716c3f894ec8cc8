// SPDX-License-Identifier: Apache-2.0
// No options. What was read is written, where it can be, read again, and
// says the same; written once more it is the same bytes.
#include <string.h>

#include "../fuzz.h"
#include "fmt/lnk/lnk.h"

static void same(const char *a, const char *b) {
  wg_assert((a == NULL) == (b == NULL) && (a == NULL || strcmp(a, b) == 0));
}

static void again(const wg_lnk *l, wg_arena *arena, const wg_alloc *alloc, const fuzz_heap *heap) {
  wg_buf a, b;
  wg_lnk back;
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(&a, alloc, 0);
  wg_buf_init(&b, alloc, 0);
  if (wg_lnk_write(l, &a, &err) == WG_OK) {
    if (wg_lnk_parse(a.p, a.n, arena, &back, &err) == WG_OK) {
      same(l->path, back.path);
      same(l->path, back.id_path);
      same(l->name, back.name);
      same(l->args, back.args);
      same(l->working_dir, back.working_dir);
      if (wg_lnk_write(&back, &b, &err) == WG_OK) {
        wg_assert(a.n == b.n && memcmp(a.p, b.p, a.n) == 0);
      } else {
        wg_assert(heap->fail_at != 0);
      }
    } else {
      wg_assert(heap->fail_at != 0);
    }
  }
  wg_buf_done(&a);
  wg_buf_done(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  fuzz_begin(&in, data, size);
  wg_arena arena;
  wg_arena_init(&arena, &in.alloc, 16U << 20);
  wg_lnk l;
  wg_error err = WG_ERROR_INIT;
  if (wg_lnk_parse(in.p, in.n, &arena, &l, &err) == WG_OK) {
    again(&l, &arena, &in.alloc, &in.heap);
  }
  wg_arena_done(&arena);
  fuzz_end(&in);
  return 0;
}
