// SPDX-License-Identifier: Apache-2.0
// Any bytes as a hive. Options: 1 repair checksum and sequence numbers, 2 treat the second half as
// a log, 4 salvage, 8 patch. After a good parse: touch everything, write, parse again, compare.
#include <string.h>

#include "../fuzz.h"
#include "fmt/regf/cells.h"
#include "os/mem.h"

static const wg_regf_limits fuzz_limits = {.max_memory_bytes = 64U << 20,
                                           .max_depth = 64,
                                           .max_keys = 20000,
                                           .max_values = 20000,
                                           .max_value_bytes = 1U << 20};

WG_WRAPS static uint64_t touch(const wg_hive *h, const wg_regkey *k, unsigned depth) {
  uint64_t sum = wg_regkey_time(k) + wg_regkey_flags(k);
  wg_str parts[] = {wg_regkey_name16(k), wg_regkey_class(k), wg_regkey_sd(h, k)};
  for (size_t i = 0; i < WG_ARRAY_LEN(parts); i++) {
    for (size_t j = 0; j < parts[i].n; j++) {
      sum = sum * 31 + (uint8_t)parts[i].p[j];
    }
  }
  for (size_t i = 0; i < wg_regkey_n_values(k); i++) {
    const wg_regvalue *v = wg_regkey_value_at(k, i);
    sum = sum * 31 + v->type + v->n_bytes;
    for (uint32_t j = 0; j < v->n_bytes; j++) {
      sum = sum * 31 + v->data[j];
    }
    for (size_t j = 0; j < v->name16.n; j++) {
      sum = sum * 31 + (uint8_t)v->name16.p[j];
    }
  }
  for (size_t i = 0; depth < 600 && i < wg_regkey_n_children(k); i++) {
    sum = sum * 31 + touch(h, wg_regkey_child_at(k, i), depth + 1);
  }
  return sum;
}

static void check(const uint8_t *p, size_t n, const wg_alloc *alloc, fuzz_heap *heap) {
  wg_regf_limits limits = fuzz_limits;
  wg_error err = WG_ERROR_INIT;
  wg_hive *h = NULL;
  wg_regf_lint lint;
  const wg_regf_lint clean = {0};
  if (wg_hive_parse_lint(p, n, &limits, true, alloc, &h, &lint, &err) != WG_OK) {
    return;
  }
  uint64_t sum = touch(h, wg_hive_root(h), 0);
  wg_buf out, again;
  wg_buf_init(&out, alloc, 0);
  wg_buf_init(&again, alloc, 0);
  wg_hive_write_options opt = {0};
  wg_hive *h2 = NULL;
  if (wg_hive_write(h, &opt, &out, &err) == WG_OK) {
    if (wg_hive_parse_lint(out.p, out.n, &limits, false, alloc, &h2, &lint, &err) == WG_OK) {
      wg_assert(touch(h2, wg_hive_root(h2), 0) == sum);
      wg_assert(wg_hive_info(h2).n_lost_cells == 0);
      wg_assert(memcmp(&lint, &clean, sizeof(lint)) == 0); // what is written is right
      if (wg_hive_write(h2, &opt, &again, &err) == WG_OK) {
        wg_assert(out.n == again.n && memcmp(out.p, again.p, out.n) == 0);
      }
    } else {
      wg_assert(heap->fail_at != 0);
    }
  }
  wg_buf_done(&out);
  wg_buf_done(&again);
  wg_hive_free(h2);
  wg_hive_free(h);
}

// Whatever is recovered is a hive that the strict parser takes.
static void salvage(const uint8_t *p, size_t n, const wg_alloc *alloc, const fuzz_heap *heap) {
  wg_regf_limits limits = fuzz_limits;
  wg_error err = WG_ERROR_INIT;
  wg_hive *h = NULL, *h2 = NULL;
  wg_regf_salvage *report = malloc(sizeof(*report));
  wg_buf out;
  wg_buf_init(&out, alloc, 0);
  wg_hive_write_options opt = {0};
  if (wg_hive_salvage(p, n, &limits, alloc, &h, report, &err) == WG_OK &&
      wg_hive_write(h, &opt, &out, &err) == WG_OK) {
    uint64_t sum = touch(h, wg_hive_root(h), 0);
    limits.max_depth = 80;
    if (wg_hive_parse(out.p, out.n, &limits, false, alloc, &h2, &err) == WG_OK) {
      wg_assert(touch(h2, wg_hive_root(h2), 0) == sum);
      wg_assert(wg_hive_info(h2).n_keys == report->n_keys);
    } else {
      wg_assert(heap->fail_at != 0 || err.code == WG_E_LIMIT);
    }
  }
  wg_buf_done(&out);
  wg_hive_free(h);
  wg_hive_free(h2);
  free(report);
}

// A few changes that the input chooses: `what` a byte each.
static wg_code change(wg_hive *h, const uint8_t *what, size_t n, wg_error *err) {
  wg_regkey *k = wg_hive_root(h);
  for (size_t i = 0; i < n; i++) {
    size_t n_children = wg_regkey_n_children(k), n_values = wg_regkey_n_values(k);
    char name[8];
    wg_code code = WG_OK;
    (void)wg_format(name, sizeof(name), "%u", what[i] & 15U);
    if (what[i] >> 4 < 6 && n_children > 0) {
      k = wg_regkey_child_at(k, what[i] % n_children);
    } else if (what[i] >> 4 < 8) {
      code = wg_regkey_create(h, k, wg_str_of(name), what[i], &k, NULL, err);
    } else if (what[i] >> 4 == 8 && wg_regkey_parent(k) != NULL) {
      wg_regkey *up = wg_regkey_parent(k);
      code = wg_regkey_delete(h, k, what[i], err);
      k = up;
    } else if (what[i] >> 4 == 9) {
      code = wg_regkey_set_class(h, k, what, what[i] & 6U, err);
    } else if (what[i] >> 4 == 10 && n_values > 0) {
      wg_buf old;
      wg_buf_init(&old, wg_heap(), 0);
      wg_regvalue_add_name(wg_regkey_value_at(k, what[i] % n_values), &old);
      code = wg_regkey_unset(h, k, wg_buf_str(&old), what[i], err);
      wg_buf_done(&old);
    } else if (what[i] >> 4 == 11) {
      code = wg_regkey_set_sd(h, k, what, what[i] & 7U, what[i], err);
    } else {
      static const uint8_t data[20000];
      static const uint32_t sizes[] = {0, 3, 9, 20000};
      code = wg_regkey_set(h, k, wg_str_of(name), what[i], data, sizes[what[i] & 3], what[i], err);
    }
    if (code != WG_OK) {
      return code;
    }
  }
  return WG_OK;
}

// Free cells that stand behind another in their bin, of bytes that were read.
static size_t free_neighbours(const uint8_t *p, size_t n) {
  size_t sum = 0;
  for (size_t bin = REGF_BASE_BYTES; bin < n; bin += wg_le32(p + bin + 8)) {
    bool before = false;
    for (size_t at = bin + 32, size; at < bin + wg_le32(p + bin + 8); at += size) {
      uint32_t raw = wg_le32(p + at);
      bool taken = raw >> 31 != 0;
      size = taken ? wg_regf_negative(raw) : raw;
      sum += before && !taken;
      before = !taken;
    }
  }
  return sum;
}

// What is changed where it stands says what the same changes say that are written compact, has
// nothing that is to be mended, loses nothing, and leaves no more free cells side by side.
static void patch(const uint8_t *p, size_t n, const wg_alloc *alloc, const fuzz_heap *heap) {
  wg_regf_limits limits = fuzz_limits;
  static const wg_regf_lint clean;
  wg_error err = WG_ERROR_INIT;
  size_t n_what = n < 8 ? 0 : p[n - 1] & 7U;
  const uint8_t *what = p + n - 8;
  wg_hive *h = NULL, *h2 = NULL, *h3 = NULL;
  wg_regf_lint lint;
  wg_hive_write_options opt = {0};
  bool done = false;
  wg_buf own;
  wg_buf_init(&own, wg_heap(), 0);
  wg_assert(wg_buf_room(&own, n + 65536) != NULL);
  wg_buf_add(&own, p, n);
  if (wg_hive_parse_edit(own.p, own.n, &limits, true, alloc, &h, &err) == WG_OK &&
      change(h, what, n_what, &err) == WG_OK &&
      wg_hive_patch(h, &opt, &own, &done, &err) == WG_OK && done) {
    uint64_t sum = touch(h, wg_hive_root(h), 0);
    size_t n_was = REGF_BASE_BYTES + (size_t)h->source->cells.n_bytes;
    wg_assert(wg_hive_parse(p, n, &limits, true, wg_heap(), &h2, &err) == WG_OK);
    wg_code code = change(h2, what, n_what, &err);
    wg_assert(code == WG_OK || err.code == WG_E_LIMIT); // which keeps more in memory
    wg_assert(code != WG_OK || wg_hive_starved(h) || touch(h2, wg_hive_root(h2), 0) == sum);
    uint64_t n_lost = wg_hive_info(h2).n_lost_cells;
    code = wg_hive_parse_lint(own.p, own.n, NULL, false, wg_heap(), &h3, &lint, &err);
    lint.order = clean.order; // of names whose order is in doubt it may be as it was
    wg_assert(code == WG_OK && memcmp(&lint, &clean, sizeof(lint)) == 0);
    wg_assert(wg_hive_info(h3).n_lost_cells == n_lost);
    wg_assert(free_neighbours(own.p, own.n) <= free_neighbours(p, n_was));
    wg_assert(wg_hive_starved(h) || touch(h3, wg_hive_root(h3), 0) == sum);
  } else {
    wg_assert(err.code != WG_E_VERIFY && (err.code != WG_E_NOMEM || heap->fail_at != 0));
  }
  wg_buf_done(&own);
  wg_hive_free(h);
  wg_hive_free(h2);
  wg_hive_free(h3);
}

static void repair(uint8_t *p, size_t n) {
  if (n >= REGF_BASE_BYTES) {
    memcpy(p + 8, p + 4, 4);
    wg_put_le32(p + 508, wg_regf_checksum(p));
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  fuzz_begin(&in, data, size);
  uint8_t *copy = in.p;
  size_t n = in.n;
  if ((in.options & 2) != 0) {
    size_t half = n / 2;
    wg_buf out;
    uint32_t n_applied = 0;
    wg_error err = WG_ERROR_INIT;
    wg_buf_init(&out, &in.alloc, 64U << 20);
    if (wg_regf_recover(copy, half, copy + half, n - half, NULL, 0, &out, &n_applied, &err) ==
        WG_OK) {
      check(out.p, out.n, &in.alloc, &in.heap);
    }
    wg_buf_done(&out);
  } else {
    if ((in.options & 1) != 0) {
      repair(copy, n);
    }
    if ((in.options & 4) != 0) {
      salvage(copy, n, &in.alloc, &in.heap);
    } else if ((in.options & 8) != 0) {
      patch(copy, n, &in.alloc, &in.heap);
    } else {
      check(copy, n, &in.alloc, &in.heap);
    }
  }
  fuzz_end(&in);
  return 0;
}
