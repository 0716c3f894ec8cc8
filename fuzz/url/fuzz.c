// SPDX-License-Identifier: Apache-2.0
// A URL, and a reference behind a line end: what is taken parses again to the same, whatever it
// leads to is a URL.
#include <string.h>

#include "../fuzz.h"
#include "net/url.h"

static void fuzz_same(const wg_url *u) {
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_buf) again = {0};
  WG_AUTO(wg_arena) arena;
  wg_url v;
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_init(&again, wg_heap(), 0);
  wg_url_text(u, &text);
  if (wg_url_parse(wg_buf_str(&text), &arena, &v, &err) != WG_OK) {
    wg_assert(text.n > 8192); // only what the port's digits made too long
    return;
  }
  wg_url_text(&v, &again);
  wg_assert(text.n == again.n && memcmp(text.p, again.p, text.n) == 0);
  wg_assert(wg_url_same_origin(u, &v) && v.user == NULL);
}

static void fuzz_url(const uint8_t *data, size_t size, const wg_alloc *alloc) {
  WG_AUTO(wg_arena) arena;
  WG_AUTO(wg_buf) out = {0};
  wg_url u;
  wg_error err = WG_ERROR_INIT;
  wg_str all = {(const char *)data, size};
  size_t n = wg_str_find(all, '\n');
  wg_arena_init(&arena, alloc, 0);
  wg_buf_init(&out, wg_heap(), 0);
  if (wg_url_parse((wg_str){all.p, n}, &arena, &u, &err) != WG_OK) {
    fuzz_touch_str(wg_str_of(err.text));
    return;
  }
  fuzz_same(&u);
  n += n < all.n;
  if (wg_url_resolve(&u, (wg_str){all.p + n, all.n - n}, &out, &err) == WG_OK) {
    WG_AUTO(wg_arena) more;
    wg_url v;
    wg_arena_init(&more, wg_heap(), 0);
    wg_assert(out.n > 8192 || wg_url_parse(wg_buf_str(&out), &more, &v, &err) == WG_OK);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_run(data, size, fuzz_url);
}
