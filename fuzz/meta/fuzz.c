// SPDX-License-Identifier: Apache-2.0
// Sidecars: what is accepted is written and read again, and is then the same text. What begins with
// another letter is an extended attribute: its name, a NUL, its bytes.
#include <string.h>

#include "../fuzz.h"
#include "fmt/meta/xattr.h"

static void touch_entry(const wg_meta *m, const wg_meta_entry *e) {
  fuzz_touch(e->path, strlen(e->path));
  wg_assert(strncmp(e->path, "../", 3) != 0 && strstr(e->path, "/../") == NULL);
  fuzz_touch_str(e->reparse_data);
  fuzz_touch_str(e->target);
  fuzz_touch_str(e->short16);
  fuzz_touch_str(e->efs);
  fuzz_touch_str(e->items);
  for (size_t k = 0; k < e->n_streams; k++) {
    wg_assert(e->streams[k].name16.n > 0);
    fuzz_touch_str(e->streams[k].name16);
    fuzz_touch_str(e->streams[k].data);
  }
  if ((e->has & WG_META_DESCRIPTOR) != 0) {
    fuzz_touch_str(m->descriptors[e->descriptor]);
  }
}

static void touch(const wg_meta *m) {
  for (size_t i = 0; i < m->n_image; i++) {
    wg_assert(m->image[i].n > 3); // <a/>
    fuzz_touch_str(m->image[i]);
  }
  for (size_t i = 0; i < m->n; i++) {
    touch_entry(m, &m->entries[i]);
    wg_assert(wg_meta_find(m, m->entries[i].path) == &m->entries[i]);
  }
}

static void body(const uint8_t *data, size_t size, const wg_alloc *alloc) {
  WG_AUTO(wg_arena) arena;
  WG_AUTO(wg_buf) once = {0};
  WG_AUTO(wg_buf) twice = {0};
  wg_error err = WG_ERROR_INIT;
  wg_meta m, again;
  wg_arena_init(&arena, alloc, (size_t)64 << 20);
  wg_buf_init(&once, alloc, 0);
  wg_buf_init(&twice, alloc, 0);
  if (wg_meta_parse((wg_str){(const char *)data, size}, "x", &arena, &m, &err) != WG_OK) {
    wg_assert(err.text[0] != '\0');
    return;
  }
  touch(&m);
  wg_meta_write(&m, &once);
  if (once.failed) {
    return;
  }
  if (wg_meta_parse(wg_buf_str(&once), "x", &arena, &again, &err) != WG_OK) {
    wg_assert(err.code == WG_E_NOMEM || err.code == WG_E_LIMIT);
    return;
  }
  wg_assert(again.n_image == m.n_image && again.n == m.n && again.n_descriptors == m.n_descriptors);
  wg_meta_write(&again, &twice);
  wg_assert(twice.failed || wg_str_eq(wg_buf_str(&once), wg_buf_str(&twice)));
}

static void attribute(const uint8_t *data, size_t size, const wg_alloc *alloc) {
  WG_AUTO(wg_arena) arena;
  wg_str s = {(const char *)data, size}, descriptor = {NULL, 0};
  size_t n = wg_str_find(s, '\0');
  wg_arena_init(&arena, alloc, (size_t)16 << 20);
  for (int ntfs = 0; ntfs < 2 && n < size; ntfs++) {
    wg_meta_entry e = {.path = "a"};
    wg_error err = WG_ERROR_INIT;
    bool known = false;
    if (wg_meta_take_xattr(&e, &descriptor, ntfs == 1, s.p, (wg_str){s.p + n + 1, size - n - 1},
                           &arena, &known, &err) != WG_OK) {
      wg_assert(err.text[0] != '\0');
      continue;
    }
    const wg_meta m = {.entries = &e, .n = 1};
    touch_entry(&m, &e);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_run(data, size, size > 0 && data[0] != 'w' ? attribute : body);
}
