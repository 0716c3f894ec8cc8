// SPDX-License-Identifier: Apache-2.0
// Any bytes as registry text; bytes 0-1: which allocation fails. What was read is written, read
// again, compared.
#include <string.h>

#include "../fuzz.h"
#include "fmt/regtext/regtext.h"

static void compare(const wg_regtext *a, const wg_regtext *b) {
  wg_assert(a->n_ops == b->n_ops);
  for (size_t i = 0; i < a->n_ops; i++) {
    const wg_regop *x = &a->ops[i], *y = &b->ops[i];
    wg_assert(x->kind == y->kind && wg_str_eq(x->key, y->key) && wg_str_eq(x->name, y->name));
    wg_assert(x->type == y->type && x->n_bytes == y->n_bytes);
    wg_assert(x->n_bytes == 0 || memcmp(x->data, y->data, x->n_bytes) == 0);
  }
}

static void write_again(const wg_regtext *t, wg_buf *out) {
  wg_regtext_begin(out);
  for (size_t i = 0; i < t->n_ops; i++) {
    const wg_regop *op = &t->ops[i];
    if (op->kind == WG_REGOP_KEY || op->kind == WG_REGOP_DELETE_KEY) {
      wg_regtext_put_key(out, op->key, op->kind == WG_REGOP_DELETE_KEY);
    } else if (op->kind == WG_REGOP_DELETE_VALUE) {
      wg_regtext_put_delete_value(out, op->name);
    } else {
      wg_regtext_put_value(out, op->name, op->type, op->data, op->n_bytes);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  fuzz_begin(&in, data, size);
  wg_arena arena;
  wg_arena_init(&arena, &in.alloc, 64U << 20);
  wg_error err = WG_ERROR_INIT;
  wg_regtext t, again;
  wg_buf text, wide;
  wg_buf_init(&text, &in.alloc, 0);
  wg_buf_init(&wide, &in.alloc, 0);
  if (wg_regtext_parse(in.p, in.n, NULL, &arena, &t, &err) == WG_OK) {
    write_again(&t, &text);
    if (!text.failed && wg_regtext_finish(wg_buf_str(&text), &wide, &err) == WG_OK) {
      wg_code c = wg_regtext_parse(wide.p, wide.n, NULL, &arena, &again, &err);
      wg_assert(c == WG_OK || c == WG_E_NOMEM || c == WG_E_LIMIT);
      if (c == WG_OK) {
        compare(&t, &again);
      }
    }
  }
  wg_buf_done(&text);
  wg_buf_done(&wide);
  wg_arena_done(&arena);
  fuzz_end(&in);
  return 0;
}
