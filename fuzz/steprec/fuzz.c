// SPDX-License-Identifier: Apache-2.0
// What is written down about steps. Options: 0 a result, 1 a discovery, 2 a state, 3 a state whose
// digest is made right. What was read is written the same.
#include "../fuzz.h"
#include "engine/int.h"

static void same(const fuzz_input *in, const wg_buf *b) {
  wg_assert(b->n == in->n && memcmp(b->p, in->p, in->n) == 0);
}

static wg_code state(fuzz_input *in, wg_arena *arena, wg_buf *b, wg_error *err) {
  rec_state r;
  wg_digest sum;
  if ((in->options & 3) == 3 && in->n > sizeof(sum.b)) {
    sum = wg_sha256(in->p, in->n - sizeof(sum.b));
    memcpy(in->p + in->n - sizeof(sum.b), sum.b, sizeof(sum.b));
  }
  if (wg_build_parse_state(in->p, in->n, arena, &r, err) == WG_OK) {
    wg_build_put_state(b, &r);
  }
  return err->code;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) b = {0};
  wg_error err = WG_ERROR_INIT;
  rec_result result;
  rec_discovery discovery;
  fuzz_begin(&in, data, size);
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&b, wg_heap(), 0);
  if ((in.options & 2) != 0) {
    (void)state(&in, &arena, &b, &err);
  } else if (in.options == 1) {
    if (wg_build_parse_discovery(in.p, in.n, &arena, &discovery, &err) == WG_OK) {
      wg_build_put_discovery(&b, &discovery);
    }
  } else if (wg_build_parse_result(in.p, in.n, &arena, &result, &err) == WG_OK) {
    wg_build_put_result(&b, &result);
  }
  wg_assert((err.code == WG_OK) == (b.n > 0));
  if (err.code == WG_OK) {
    same(&in, &b);
  }
  fuzz_end(&in);
  return 0;
}
