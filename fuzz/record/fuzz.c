// SPDX-License-Identifier: Apache-2.0
// The store's own files: frames, and the rows of the stat table and of big outputs. Options 0: a
// file as it is; else the kind of frame that the input is a payload of, so that fuzzing gets past
// the checksum.
#include "../fuzz.h"
#include "os/mem.h"
#include "store/stattab.h"

static const wg_digest key; // all zero

static volatile uint8_t sink;
static void touch(wg_str s) {
  for (size_t i = 0; i < s.n; i++) {
    sink = (uint8_t)(sink ^ (uint8_t)s.p[i]);
  }
}

// Writing what was read gives the same bytes.
static void check_rows(wg_str payload) {
  WG_AUTO(wg_buf) again = {0};
  wg_buf_init(&again, wg_heap(), 0);
  wg_reader r = wg_reader_of(payload.p, payload.n);
  wg_stat_row row;
  size_t n = 0;
  while (wg_stat_row_read(&r, &row)) {
    touch(row.path);
    wg_stat_row_put(&again, &row);
    n++;
  }
  wg_assert(again.n == r.pos && (r.pos == 0 || memcmp(again.p, payload.p, again.n) == 0));
  static wg_stattab t, u;
  wg_stattab_init(&t, 20000);
  wg_stattab_init(&u, 20000);
  wg_stattab_merge(&t, payload);
  wg_assert(wg_stattab_count(&t) <= n);
  wg_buf_clear(&again);
  wg_stattab_write(&t, 60, 1000000, &again);
  wg_stattab_merge(&u, wg_buf_str(&again));
  size_t kept = wg_stattab_count(&u);
  wg_assert(kept <= wg_stattab_count(&t));
  wg_reader s = wg_reader_of(again.p, again.n);
  while (wg_stat_row_read(&s, &row)) {
    wg_digest d;
    wg_assert(row.used_day <= 20000 && row.used_day >= 20000 - 60);
    wg_assert(wg_stattab_find(&t, row.kind, row.path, &row.id, &d) &&
              wg_digest_eq(&d, &row.digest));
    kept--;
  }
  wg_assert(kept == 0 && wg_reader_left(&s) == 0);
  wg_stattab_done(&t);
  wg_stattab_done(&u);
}

static void check_big(wg_str payload) {
  WG_AUTO(wg_buf) again = {0};
  wg_buf_init(&again, wg_heap(), 0);
  wg_reader r = wg_reader_of(payload.p, payload.n);
  wg_big_path b;
  while (wg_big_path_read(&r, &b)) {
    touch(b.path);
    wg_big_path_put(&again, &b);
  }
  wg_assert(again.n == r.pos && (r.pos == 0 || memcmp(again.p, payload.p, again.n) == 0));
}

static void check_frame(const uint8_t *data, size_t size, wg_frame_kind kind) {
  wg_error err = WG_ERROR_INIT;
  wg_str body;
  if (wg_frame_parse(data, size, kind, &key, &body, &err) != WG_OK) {
    wg_assert(err.code == WG_E_FORMAT && err.off_bytes != WG_NO_OFFSET && err.text[0] != '\0');
    return;
  }
  touch(body);
  WG_AUTO(wg_buf) again = {0};
  wg_buf_init(&again, wg_heap(), 0);
  wg_frame_put(&again, kind, &key, body.p, body.n);
  wg_assert(again.n == size && memcmp(again.p, data, size) == 0);
  if (kind == WG_FRAME_STAT) {
    check_rows(body);
  } else if (kind == WG_FRAME_BIG) {
    check_big(body);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  fuzz_begin(&in, data, size);
  if (in.options == 0) {
    check_frame(in.p, in.n, WG_FRAME_RECORD);
    check_frame(in.p, in.n, WG_FRAME_STAT);
  } else {
    wg_frame_kind kind = (wg_frame_kind)(1 + (in.options - 1) % 4);
    WG_AUTO(wg_buf) framed = {0};
    wg_buf_init(&framed, wg_heap(), 0);
    wg_frame_put(&framed, kind, &key, in.p, in.n);
    uint8_t *exact = malloc(framed.n);
    wg_assert(exact != NULL);
    memcpy(exact, framed.p, framed.n);
    check_frame(exact, framed.n, kind);
    free(exact);
  }
  fuzz_end(&in);
  return 0;
}
