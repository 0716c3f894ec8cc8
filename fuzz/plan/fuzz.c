// SPDX-License-Identifier: Apache-2.0
// Records, and the tasks and answer settings among them: what is accepted is what the writer makes.
#include <string.h>

#include "../fuzz.h"
#include "fmt/plan/answer.h"
#include "fmt/plan/task.h"

static void touch_z(const char *z) {
  fuzz_touch(z == NULL ? "" : z, z == NULL ? 0 : strlen(z));
}

static void same(wg_buf *b, wg_str want) {
  if (!b->failed) {
    wg_assert(wg_str_eq(wg_buf_str(b), want));
  }
}

static void check_task(wg_record *r, wg_buf *b) {
  wg_error err = WG_ERROR_INIT;
  wg_task t;
  if (wg_task_parse(r, &t, &err) != WG_OK) {
    wg_assert(err.text[0] != '\0');
    return;
  }
  touch_z(t.identity);
  for (size_t i = 0; i < t.n_needs; i++) {
    touch_z(t.needs[i]);
  }
  wg_task_write(&t, r->title, b);
  same(b, r->text);
}

static void check_answer(wg_record *r, wg_buf *b) {
  wg_error err = WG_ERROR_INIT;
  wg_answer_setting s;
  if (wg_answer_parse(r, &s, &err) != WG_OK) {
    wg_assert(err.text[0] != '\0');
    return;
  }
  touch_z(s.value);
  wg_answer_write(&s, r->title, true, b);
  same(b, r->text);
}

// Any record, field by field.
static void check_record(wg_record rec, wg_buf *b) {
  wg_record_begin(b, "x", rec.title);
  wg_reader at = rec.rest;
  while (wg_reader_left(&at) > 1) {
    const uint8_t *p = at.p + at.pos + 1;
    char field[WG_RECORD_MAX_WORD_BYTES + 1];
    size_t n = wg_str_find((wg_str){(const char *)p, (size_t)wg_reader_left(&at) - 1}, ' ');
    wg_assert(n <= WG_RECORD_MAX_WORD_BYTES);
    memcpy(field, p, n);
    field[n] = '\0';
    wg_str v;
    wg_assert(wg_record_take(&rec, field, &v));
    fuzz_touch_str(v);
    wg_record_str(b, field, v);
    at = rec.rest;
  }
  wg_record_end(b);
  if (!b->failed) {
    wg_assert(b->n == rec.text.n - rec.kind.n + 1 &&
              memcmp(b->p + 1, rec.text.p + rec.kind.n, b->n - 1) == 0);
  }
}

static void body(const uint8_t *data, size_t size, const wg_alloc *alloc) {
  WG_AUTO(wg_arena) arena;
  wg_arena_init(&arena, alloc, (size_t)16 << 20);
  wg_reader r = wg_reader_of(data, size);
  wg_record rec;
  bool any = false;
  wg_error err = WG_ERROR_INIT;
  while (wg_record_next(&r, &arena, &rec, &any, &err) == WG_OK && any) {
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, alloc, 0);
    wg_record copy = rec;
    check_record(rec, &b);
    wg_buf_clear(&b);
    if (wg_str_eqz(rec.kind, "task")) {
      check_task(&copy, &b);
    } else if (wg_str_eqz(rec.kind, "answer")) {
      check_answer(&copy, &b);
    }
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_run(data, size, body);
}
