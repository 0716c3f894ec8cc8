// SPDX-License-Identifier: Apache-2.0
// Any bytes as a program with Go build info, and as the module text itself. What is accepted is
// printed, parsed again and compared, and its SBOM must be JSON.
#include "fmt/gobuildinfo/gobuildinfo.h"

#include "../fuzz.h"
#include "fmt/json/json.h"
#include "fmt/sbom/sbom.h"

static void check_same_module(const wg_go_module *a, const wg_go_module *b) {
  if (!wg_str_eq(a->path, b->path) || !wg_str_eq(a->version, b->version) ||
      (a->replace == NULL) != (b->replace == NULL)) {
    abort();
  }
  if (a->replace == NULL) {
    if (!wg_str_eq(a->sum, b->sum)) { // a replaced module's sum is not printed, as Go does not
      abort();
    }
    return;
  }
  check_same_module(a->replace, b->replace);
}

static void check_same(const wg_gobuildinfo *a, const wg_gobuildinfo *b) {
  if (!wg_str_eq(a->path, b->path) || a->has_main != b->has_main || a->n_deps != b->n_deps ||
      a->n_settings != b->n_settings) {
    abort();
  }
  check_same_module(&a->main, &b->main);
  for (size_t i = 0; i < a->n_deps; i++) {
    check_same_module(&a->deps[i], &b->deps[i]);
  }
  for (size_t i = 0; i < a->n_settings; i++) {
    if (!wg_str_eq(a->settings[i].key, b->settings[i].key) ||
        !wg_str_eq(a->settings[i].value, b->settings[i].value)) {
      abort();
    }
  }
}

static void check_sbom(const wg_gobuildinfo *info, const wg_alloc *alloc) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, alloc, 64u << 20);
  wg_digest digest = {{0}};
  wg_sbom_in in = {.info = info,
                   .file_name = WG_STR("f"),
                   .sha256 = &digest,
                   .tool_version = WG_STR("0"),
                   .has_time = true,
                   .time_s = (int64_t)info->text.n * 86399};
  if (wg_sbom_write(&in, &out, &err) != WG_OK) {
    return;
  }
  // NUL may stand in a name; the reader refuses it, and that is its rule, not the writer's.
  for (size_t i = 0; i + 5 < out.n; i++) {
    if (out.p[i] == '\\' && out.p[i + 1] == 'u' && out.p[i + 2] == '0' && out.p[i + 3] == '0' &&
        out.p[i + 4] == '0' && out.p[i + 5] == '0') {
      return;
    }
  }
  WG_AUTO_PTR(json_t) root = NULL;
  if (wg_json_parse(wg_buf_str(&out), NULL, &root, &err) != WG_OK) {
    abort();
  }
}

static void check(const wg_gobuildinfo *info, wg_arena *arena, const wg_alloc *alloc) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, alloc, 64u << 20);
  wg_gobuildinfo_print(info, &text);
  wg_gobuildinfo again = {0};
  if (wg_buf_check(&text, &err) == WG_OK) {
    wg_code code = wg_gobuildinfo_parse_text(wg_buf_str(&text), 0, arena, &again, &err);
    if (code == WG_OK) {
      check_same(info, &again);
    } else if (code != WG_E_NOMEM && code != WG_E_LIMIT) {
      abort();
    }
  }
  check_sbom(info, alloc);
}

static void body(const uint8_t *data, size_t size, const wg_alloc *alloc) {
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, alloc, 64u << 20);
  wg_reader file = wg_reader_of(data, size);
  wg_gobuildinfo info = {0};
  if (wg_gobuildinfo_of_file(&file, &arena, &info, &err) == WG_OK) {
    fuzz_touch_str(info.go_version);
    check(&info, &arena, alloc);
  }
  wg_gobuildinfo text = {0};
  wg_str all = {(const char *)data, size};
  wg_code code = wg_gobuildinfo_parse_text(all, 0, &arena, &text, &err);
  if (code == WG_OK) {
    check(&text, &arena, alloc);
  } else if (code == WG_E_FORMAT && err.off_bytes > size) {
    abort();
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  return fuzz_run(data, size, body);
}
