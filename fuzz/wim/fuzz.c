// SPDX-License-Identifier: Apache-2.0
// Any bytes as a WIM file, as raw metadata, or as XML. Options: 0 a WIM, 1 metadata, 2 UTF-8 XML, 3
// a split WIM of two parts, the second from where a header stands again. After a good parse: touch
// everything, write, parse again, compare.
#include <string.h>

#include "../fuzz.h"
#include "fmt/wim/wim.h"

#define FUZZ_MAX_READ ((uint64_t)8 << 20)

static const wg_wim_limits fuzz_limits = {.max_images = 16,
                                          .max_table_bytes = 1 << 20,
                                          .max_xml_bytes = 1 << 20,
                                          .max_metadata_bytes = 4 << 20,
                                          .max_depth = 200,
                                          .max_chunk_bytes = 1 << 20};

static volatile uint64_t sum; // so that reads are not left out

static void touch_str(wg_str s) {
  for (size_t i = 0; i < s.n; i++) {
    sum += (uint8_t)s.p[i];
  }
}

static void touch_tree(wg_wim_tree *t, wg_error *err) {
  for (uint32_t i = 0; i < t->n; i++) {
    const wg_wim_entry *e = &t->entries[i];
    touch_str(e->name16);
    touch_str(e->short16);
    touch_str(e->tail);
    wg_wim_roles r = wg_wim_entry_roles(e);
    sum += (uint64_t)r.data + r.reparse + r.efs + wg_wim_entry_data(e).b[0];
    for (size_t k = 0; k < e->n_streams; k++) {
      touch_str(e->streams[k].name16);
      touch_str(e->streams[k].tail);
    }
    uint32_t at = 0;
    if (i > 0 && wg_wim_tree_find(t, e->parent, e->name16, &at, err) == WG_OK) {
      wg_assert(at != WG_WIM_NO_ENTRY && t->entries[at].parent == e->parent);
    }
  }
  for (uint32_t i = 0; i < t->n_descriptors; i++) {
    touch_str(t->descriptors[i]);
  }
}

// One entry moves, another goes with all below: what is written has all the others.
static void check_changes(wg_wim_tree *t, uint32_t file, uint32_t victim, const wg_alloc *alloc,
                          unsigned fail_at) {
  WG_AUTO(wg_buf) out = {0};
  wg_error err = WG_ERROR_INIT;
  wg_wim_tree u;
  wg_str name = {"m\0o\0v\0e\0d\0!\0", 12};
  uint32_t *number = NULL;
  size_t n_gone = 0, was = t->n;
  wg_buf_init(&out, alloc, 0);
  for (uint32_t i = victim; victim != 0 && i != WG_WIM_NO_ENTRY;
       i = wg_wim_tree_walk(t, victim, i)) {
    n_gone++;
  }
  if (wg_wim_tree_move(t, file, 0, name, &err) != WG_OK ||
      (victim != 0 && wg_wim_tree_remove(t, victim, &err) != WG_OK) ||
      wg_wim_tree_compact(t, &number, &err) != WG_OK || wg_wim_tree_write(t, &out, &err) != WG_OK ||
      wg_wim_tree_parse(out.p, out.n, t->arena, &fuzz_limits, 0, &u, &err) != WG_OK) {
    wg_assert(fail_at != 0);
    return;
  }
  wg_assert(u.n == was - n_gone && t->n == u.n && number[file] < u.n);
  touch_tree(&u, &err);
}

static void check_tree(const uint8_t *p, size_t n, const wg_alloc *alloc, unsigned fail_at) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) once = {0};
  WG_AUTO(wg_buf) twice = {0};
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&arena, alloc, (size_t)256 << 20);
  wg_buf_init(&once, alloc, 0);
  wg_buf_init(&twice, alloc, 0);
  wg_wim_tree t, u;
  if (wg_wim_tree_parse(p, n, &arena, &fuzz_limits, 2, &t, &err) != WG_OK) {
    return;
  }
  size_t was = t.n;
  touch_tree(&t, &err);
  if (wg_wim_tree_write(&t, &once, &err) != WG_OK) {
    wg_assert(fail_at != 0);
    return;
  }
  if (wg_wim_tree_parse(once.p, once.n, &arena, &fuzz_limits, 0, &u, &err) != WG_OK ||
      wg_wim_tree_write(&u, &twice, &err) != WG_OK) {
    wg_assert(fail_at != 0);
    return;
  }
  wg_assert(u.n == was && once.n == twice.n && memcmp(once.p, twice.p, once.n) == 0);
  // A new file in a new folder is found again in what is written.
  uint32_t dir = 0, file = 0;
  wg_str name = {"n\0e\0w\0!\0", 8};
  if (wg_wim_tree_add(&t, 0, name, 1, &dir, &err) != WG_OK) {
    return;
  }
  t.entries[dir].attributes = WG_WIM_ATTR_DIRECTORY;
  if (wg_wim_tree_add(&t, dir, name, 1, &file, &err) != WG_OK) {
    return;
  }
  wg_buf_clear(&once);
  if (wg_wim_tree_write(&t, &once, &err) != WG_OK ||
      wg_wim_tree_parse(once.p, once.n, &arena, &fuzz_limits, 0, &u, &err) != WG_OK) {
    wg_assert(fail_at != 0);
    return;
  }
  wg_assert(u.n == was + 2);
  check_changes(&t, file, (uint32_t)(was / 2), alloc, fail_at);
}

// What is in an image, taken out, looked at and put back.
static void check_elements(wg_str xml, uint32_t image, const wg_alloc *alloc, unsigned fail_at) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_error err = WG_ERROR_INIT;
  wg_wim_xml_element *v = NULL, one;
  size_t n = 0, n_good = 0;
  wg_wim_facts f[2];
  bool encrypted = false;
  wg_arena_init(&arena, alloc, (size_t)64 << 20);
  wg_buf_init(&out, alloc, 0);
  wg_str *good = NULL;
  if (wg_wim_xml_elements(xml, image, &arena, &v, &n, &err) != WG_OK || n == 0 ||
      (good = wg_arena_new_array(&arena, wg_str, n)) == NULL) {
    return;
  }
  for (size_t i = 0; i < n; i++) {
    wg_error ignored = WG_ERROR_INIT;
    touch_str(v[i].text);
    if (wg_wim_xml_element_of(v[i].text, &one, &ignored) == WG_OK) {
      wg_assert(wg_str_eq(one.name, v[i].name));
      good[n_good++] = v[i].text;
    }
  }
  if (wg_wim_xml_set_elements(xml, image, good, n_good, &out, &err) == WG_OK &&
      wg_wim_xml_facts(wg_buf_str(&out), &arena, f, 2, &encrypted, &err) != WG_OK) {
    wg_assert(fail_at != 0 || err.code == WG_E_LIMIT);
  }
}

static void check_xml(wg_str xml, const wg_alloc *alloc, unsigned fail_at) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) out = {0};
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&arena, alloc, (size_t)64 << 20);
  wg_buf_init(&out, alloc, 0);
  wg_wim_facts f[2], g[2];
  bool encrypted = false;
  if (wg_wim_xml_facts(xml, &arena, f, 2, &encrypted, &err) != WG_OK) {
    return;
  }
  touch_str(wg_str_of(f[0].name));
  touch_str(wg_str_of(f[1].arch));
  for (uint32_t i = 0; i < 3; i++) {
    wg_wim_xml_image at;
    check_elements(xml, i, alloc, fail_at);
    if (wg_wim_xml_find_image(xml, i, &at, &err) == WG_OK) {
      wg_assert(at.from <= at.index_from && at.index_from <= at.index_to && at.index_to <= at.to &&
                at.to <= xml.n);
    }
  }
  if (wg_wim_xml_put(xml, 1, "WINDOWS/ARCH", "a<&>b", &out, &err) != WG_OK) {
    return;
  }
  if (wg_wim_xml_facts(wg_buf_str(&out), &arena, g, 2, &encrypted, &err) != WG_OK) {
    wg_assert(fail_at != 0 || err.code == WG_E_LIMIT);
    return;
  }
  wg_assert(strcmp(g[0].name, f[0].name) == 0 && strcmp(g[1].arch, f[1].arch) == 0);
}

typedef struct fuzz_file {
  const uint8_t *p;
  size_t n;
} fuzz_file;

static wg_code fuzz_read(void *ctx, uint64_t off, void *p, size_t n, wg_error *err) {
  const fuzz_file *f = ctx;
  (void)err;
  wg_assert(off <= f->n && n <= f->n - off); // the reader promises not to ask for more
  if (n > 0) {
    memcpy(p, f->p + off, n);
  }
  return WG_OK;
}

static wg_code fuzz_sink(void *ctx, const uint8_t *p, size_t n, wg_error *err) {
  uint64_t *left = ctx;
  if (n > *left) {
    return wg_fail(err, WG_E_LIMIT, "enough");
  }
  *left -= n;
  touch_str((wg_str){(const char *)p, n});
  return WG_OK;
}

// cut: 0, or where part 2 of a split WIM begins.
static void check_wim(const uint8_t *p, size_t n, size_t cut, const wg_alloc *alloc,
                      unsigned fail_at) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO_PTR(wg_wim_decoder) d = NULL;
  wg_error err = WG_ERROR_INIT;
  wg_arena_init(&arena, alloc, (size_t)64 << 20);
  fuzz_file file = {p, n};
  wg_wim_source src = {.read = fuzz_read, .ctx = &file, .size_bytes = n};
  wg_wim_part parts[2] = {{.n_bytes = cut == 0 ? n : cut}, {.off_bytes = cut, .n_bytes = n - cut}};
  wg_wim w;
  if (wg_wim_open_parts(&src, parts, cut == 0 ? 1 : 2, &arena, &fuzz_limits, &w, &err) != WG_OK ||
      wg_wim_decoder_new(alloc, &d, &err) != WG_OK) {
    return;
  }
  uint64_t left = FUZZ_MAX_READ;
  for (uint32_t i = 0; i < w.n_blobs; i++) {
    uint32_t found = 0;
    if (wg_wim_find_blob(&w, &w.blobs[i].hash, &found)) {
      wg_assert(memcmp(&w.blobs[found].hash, &w.blobs[i].hash, sizeof(wg_sha1)) == 0);
    }
    (void)!wg_wim_read_blob(&w, d, i, fuzz_sink, &left, &err);
  }
  for (uint32_t i = 0; i < w.n_images; i++) {
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, alloc, 0);
    touch_str(wg_str_of(w.facts[i].name));
    // A hash that does not match is no reason to keep the bytes from the next parser.
    wg_code code = wg_wim_load_blob(&w, d, w.metadata[i], 1 << 20, &b, &err);
    if ((code == WG_OK || code == WG_E_VERIFY) && !b.failed) {
      check_tree(b.p, b.n, alloc, fail_at);
    }
  }
}

// Where the second header stands; 0 when there is none.
static size_t second_part(const uint8_t *p, size_t n) {
  const uint8_t *at = n > 8 ? memmem(p + 8, n - 8, "MSWIM\0\0", 8) : NULL;
  return at == NULL ? 0 : (size_t)(at - p);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  fuzz_begin(&in, data, size);
  switch (in.options & 3) {
  case 0:
    check_wim(in.p, in.n, 0, &in.alloc, in.heap.fail_at);
    break;
  case 1:
    check_tree(in.p, in.n, &in.alloc, in.heap.fail_at);
    break;
  case 2:
    check_xml((wg_str){(const char *)in.p, in.n}, &in.alloc, in.heap.fail_at);
    break;
  default:
    check_wim(in.p, in.n, second_part(in.p, in.n), &in.alloc, in.heap.fail_at);
    break;
  }
  fuzz_end(&in);
  return 0;
}
