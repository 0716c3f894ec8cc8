// SPDX-License-Identifier: Apache-2.0
// The linter without a disk: limits, and each allocation failing. What it finds is tested through
// the program (tests/cli/test_inf_check.py).
#include "driver/lint/lint.h"

#include <string.h>

#include "os/file.h"
#include "os/proc.h"
#include "support.h"

#define HEAD "[Version]\nSignature=\"$Windows NT$\"\n"

static wg_code lint(const wg_alloc *alloc, const void *p, size_t n, wg_lint_result *out,
                    wg_arena *arena, wg_error *err) {
  wg_inf inf;
  const wg_inf_target target = {.arch = WG_INF_AMD64, .major = 10, .build = 26100};
  const wg_lint_options opt = {.mode = WG_LINT_WINDOWS, .target = &target};
  wg_arena_init(arena, alloc, 0);
  wg_code code = wg_inf_parse(p, n, NULL, arena, &inf, err);
  return code != WG_OK ? code : wg_lint_inf(&inf, &opt, arena, out, err);
}

static bool has(const wg_lint_result *r, unsigned code) {
  for (uint32_t i = 0; i < r->n_findings; i++) {
    if (r->findings[i].code == code) {
      return true;
    }
  }
  return false;
}

static void running_out_of_memory_is_an_error(void **state) {
  (void)state;
  static const char *const files[] = {"net.inf", "odd.inf", "wide.inf"};
  for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
    WG_AUTO(wg_cstr)
    path = wg_xprintf("%s/fuzz/inf/corpus/%s", wg_os_getenv("WG_SOURCE_ROOT"), files[i]);
    WG_AUTO(wg_buf) b = {0};
    wg_error err = WG_ERROR_INIT;
    wg_buf_init(&b, wg_heap(), 0);
    assert_ok(wg_os_read_file(WG_CWD, path, 1 << 20, &b, &err), &err);
    wg_code code = WG_E_NOMEM;
    for (unsigned long at = 1; code != WG_OK; at++) {
      failing_heap heap = {.fail_at = at};
      wg_alloc alloc = failing_heap_alloc(&heap);
      wg_arena arena;
      wg_lint_result r;
      code = lint(&alloc, b.p, b.n, &r, &arena, &err);
      assert_true(code == WG_OK || code == WG_E_NOMEM);
      wg_arena_done(&arena);
      assert_int_equal(heap.n_live, 0);
      assert_true(at < 20000);
    }
  }
}

// Sections that need each other in a ring, and in a chain longer than any stack.
static void rings_and_chains_end(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_z(&b, HEAD "[Manufacturer]\na=M,NTamd64\n[M.NTamd64]\nd=I,PCI\\X\n[I]\nNeeds=N0\n"
                        "[I.Services]\nNeeds=A.Services\n[A.Services]\nNeeds=B.Services\n"
                        "[B.Services]\nNeeds=A.Services\n");
  for (unsigned i = 0; i < 50000; i++) {
    wg_buf_printf(&b, "[N%u]\nNeeds=N%u\nAddInterface={},,N%u\n", i, i + 1, i);
  }
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena;
  wg_lint_result r;
  assert_ok(lint(wg_heap(), b.p, b.n, &r, &arena, &err), &err);
  assert_true(has(&r, 1296));
  assert_true(r.n_findings <= WG_LINT_MAX_FINDINGS);
}

static void work_has_a_limit(void **state) {
  (void)state;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_add_z(&b, HEAD "[Manufacturer]\na=M,NTamd64\n[M.NTamd64]\n");
  for (unsigned i = 0; i < 4000; i++) {
    wg_buf_printf(&b, "d=I%u,PCI\\X\n", i);
  }
  for (unsigned i = 0; i < 4000; i++) {
    wg_buf_printf(&b, "[I%u]\nAddReg=R\n", i);
  }
  wg_buf_add_z(&b, "[R]\n");
  for (unsigned i = 0; i < 4000; i++) {
    wg_buf_add_z(&b, "HKR,,x\n");
  }
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena;
  wg_lint_result r;
  assert_int_equal(lint(wg_heap(), b.p, b.n, &r, &arena, &err), WG_E_LIMIT);
}

static void a_refusal_is_a_finding(void **state) {
  (void)state;
  WG_AUTO(wg_arena) arena;
  wg_lint_finding f;
  wg_lint_result r;
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(lint(wg_heap(), HEAD "[x\n", sizeof(HEAD) + 2, &r, &arena, &err), WG_E_FORMAT);
  assert_true(wg_lint_of_refusal(&err, WG_LINT_BASIC, &arena, &f));
  assert_int_equal(f.code, 1002);
  assert_int_equal(f.line, 3);
  err.code = WG_E_LIMIT;
  assert_false(wg_lint_of_refusal(&err, WG_LINT_BASIC, &arena, &f));
}

static void the_codes_are_in_order(void **state) {
  (void)state;
  size_t n = 0;
  const wg_lint_code *v = wg_lint_codes(&n);
  for (size_t i = 0; i < n; i++) {
    assert_true(i == 0 || v[i - 1].code < v[i].code);
    assert_ptr_equal(wg_lint_code_of(v[i].code), &v[i]);
    assert_true(strlen(v[i].words) > 0);
  }
  assert_null(wg_lint_code_of(1));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(running_out_of_memory_is_an_error),
      cmocka_unit_test(rings_and_chains_end),
      cmocka_unit_test(work_has_a_limit),
      cmocka_unit_test(a_refusal_is_a_finding),
      cmocka_unit_test(the_codes_are_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
