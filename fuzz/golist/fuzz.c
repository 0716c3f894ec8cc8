// SPDX-License-Identifier: Apache-2.0
// The output of `go list`, and the two text formats that goapp scans itself. Options: 1 picks
// the texts, the others are the size of the pieces.
#include "../fuzz.h"
#include "goapp/flags.h"
#include "goapp/gomod.h"
#include "goapp/list.h"
#include "goapp/scan.h"
#include "goapp/text.h"
#include "goapp/version.h"

static void touch(const char *s) {
  volatile size_t sum = s != NULL ? strlen(s) : 0;
  (void)sum;
}

static void fuzz_list(const char *p, size_t n, size_t piece) {
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), (size_t)64 << 20);
  WG_AUTO_PTR(wg_go_list) l = wg_go_list_new(&arena);
  wg_error err = WG_ERROR_INIT;
  for (size_t i = 0; i < n; i += piece) {
    if (wg_go_list_feed(l, p + i, piece < n - i ? piece : n - i, &err) != WG_OK) {
      return;
    }
  }
  const wg_go_package *const *v;
  size_t n_packages;
  if (wg_go_list_end(l, &v, &n_packages, &err) != WG_OK) {
    return;
  }
  for (size_t i = 0; i < n_packages; i++) {
    const wg_go_strs *lists[] = {&v[i]->src, &v[i]->syso, &v[i]->ignored, &v[i]->embed,
                                 &v[i]->embed_patterns};
    for (size_t k = 0; k < WG_ARRAY_LEN(lists); k++) {
      for (size_t j = 0; j < lists[k]->n; j++) {
        touch(lists[k]->v[j]);
      }
    }
    touch(v[i]->import_path);
    touch(v[i]->dir);
    touch(v[i]->error);
    if (v[i]->module != NULL) {
      touch(v[i]->module->path);
      touch(v[i]->module->new_path);
    }
  }
}

static void fuzz_on_var(void *ctx, wg_str name, bool settable) {
  volatile size_t *sum = ctx;
  for (size_t i = 0; i < name.n; i++) {
    *sum += (unsigned char)name.p[i];
  }
  *sum += settable;
}

// A Go file, and a flag; neither can fail for what is in it.
static void fuzz_source(wg_str s) {
  volatile size_t sum = 0;
  wg_go_scan scan;
  wg_go_scan_file(s, fuzz_on_var, (void *)(uintptr_t)&sum, &scan);
  fuzz_on_var((void *)(uintptr_t)&sum, scan.package, scan.ignored);
  fuzz_on_var((void *)(uintptr_t)&sum, wg_go_mod_module(s), true);
  char flag[256];
  size_t n = s.n < sizeof(flag) ? s.n : sizeof(flag) - 1;
  memcpy(flag, s.p, n);
  flag[n] = '\0';
  WG_AUTO(wg_buf) b = {0};
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(&b, wg_heap(), 0);
  (void)!wg_go_flags_add(&b, flag, &err);
}

static void fuzz_texts(wg_str s) {
  fuzz_source(s);
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), (size_t)64 << 20);
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_error err = WG_ERROR_INIT;
  wg_go_strs paths;
  (void)!wg_go_mod_local_paths(s, &arena, &paths, &err);
  wg_str go, toolchain;
  wg_go_mod_requires(s, "a.b/c/d", &go, &toolchain);
  wg_go_mod_scan(s, &go, &toolchain);
  wg_go_version v;
  (void)wg_go_version_parse(s, &v);
  wg_go_text_add(&b, s, "/p/sub", "/p");
  wg_go_text_cure(&b, s, ".", "a/b");
  (void)wg_go_text_first(s);
  (void)!wg_go_text_code(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  fuzz_begin(&in, data, size);
  if ((in.options & 1) == 0) {
    fuzz_list((const char *)in.p, in.n, (in.options >> 1) % 128 + 1);
  } else {
    fuzz_texts((wg_str){(const char *)in.p, in.n});
  }
  fuzz_end(&in);
  return 0;
}
