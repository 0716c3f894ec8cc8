// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "bad.h"
#include "fmt/plan/answer.h"
#include "fmt/plan/task.h"

static const char *const needs[] = {"run/time", "driver/net"};
static const char *const payloads[] = {"file/join.ps1"};
static const char *const args[] = {"-Name", "a b\n2:c", ""};
static const char *const secrets[] = {"join"};
static const uint32_t ok_codes[] = {0, 3010}, reboot_codes[] = {1641};
static const wg_task full = {.kind = WG_TASK_POWERSHELL,
                             .identity = "run/join",
                             .needs = needs,
                             .n_needs = 2,
                             .payloads = payloads,
                             .n_payloads = 1,
                             .args = args,
                             .n_args = 3,
                             .detect = {.kind = WG_DETECT_REGISTRY,
                                        .path = "HKLM\\SOFTWARE\\Example",
                                        .name = "",
                                        .version = "2"},
                             .limit_s = 600,
                             .retries = 3,
                             .backoff_s = 10,
                             .on_interrupt = WG_TASK_INTERRUPT_RERUN,
                             .on_failure = WG_TASK_FAILURE_CONTINUE,
                             .ok_codes = ok_codes,
                             .n_ok_codes = 2,
                             .reboot_codes = reboot_codes,
                             .n_reboot_codes = 1,
                             .secrets = secrets,
                             .n_secrets = 1};
static const wg_answer_setting answer = {.pass = WG_PASS_OOBE_SYSTEM,
                                         .component = "Microsoft-Windows-Shell-Setup",
                                         .path = "OOBE/HideEULAPage",
                                         .value = "true",
                                         .origin = "wingo.yaml:12:5"};

static wg_code first_record(wg_str text, wg_arena *arena, wg_record *out, wg_error *err) {
  wg_reader r = wg_reader_of(text.p, text.n);
  bool any = false;
  if (wg_record_next(&r, arena, out, &any, err) != WG_OK) {
    return err->code;
  }
  assert_true(any);
  return WG_OK;
}

static void lists_same(const char *const *a, size_t n, const char *const *b, size_t m) {
  assert_int_equal(n, m);
  for (size_t i = 0; i < n; i++) {
    assert_string_equal(a[i], b[i]);
  }
}

static void a_task_comes_back(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_buf) again = {0};
  wg_record rec;
  wg_task t;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_init(&again, wg_heap(), 0);
  assert_ok(wg_task_check(&full, &err), &err);
  wg_task_write(&full, WG_STR("Join the domain"), &b);
  assert_ok(first_record(wg_buf_str(&b), &arena, &rec, &err), &err);
  assert_ok(wg_task_parse(&rec, &t, &err), &err);
  assert_int_equal(t.kind, full.kind);
  assert_string_equal(t.identity, full.identity);
  lists_same(t.needs, t.n_needs, needs, 2);
  lists_same(t.payloads, t.n_payloads, payloads, 1);
  lists_same(t.args, t.n_args, args, 3);
  lists_same(t.secrets, t.n_secrets, secrets, 1);
  assert_int_equal(t.detect.kind, WG_DETECT_REGISTRY);
  assert_string_equal(t.detect.path, full.detect.path);
  assert_string_equal(t.detect.name, "");
  assert_string_equal(t.detect.version, "2");
  assert_int_equal(t.limit_s, 600);
  assert_int_equal(t.retries, 3);
  assert_int_equal(t.backoff_s, 10);
  assert_int_equal(t.on_interrupt, WG_TASK_INTERRUPT_RERUN);
  assert_int_equal(t.on_failure, WG_TASK_FAILURE_CONTINUE);
  assert_int_equal(t.n_ok_codes, 2);
  assert_int_equal(t.ok_codes[0], 0);
  assert_int_equal(t.ok_codes[1], 3010);
  assert_int_equal(t.n_reboot_codes, 1);
  wg_task_write(&t, rec.title, &again);
  assert_true(wg_str_eq(wg_buf_str(&again), wg_buf_str(&b)));
}

static void an_answer_comes_back(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) b = {0};
  wg_record rec;
  wg_answer_setting s;
  wg_arena_init(&arena, wg_heap(), 0);
  wg_buf_init(&b, wg_heap(), 0);
  wg_answer_write(&answer, WG_STR("answer[0]"), true, &b);
  assert_ok(first_record(wg_buf_str(&b), &arena, &rec, &err), &err);
  assert_ok(wg_answer_parse(&rec, &s, &err), &err);
  assert_int_equal(s.pass, answer.pass);
  assert_string_equal(s.component, answer.component);
  assert_string_equal(s.path, answer.path);
  assert_string_equal(s.value, answer.value);
  assert_string_equal(s.origin, answer.origin);
  assert_null(s.secret);
}

// Fields that join to one text are still two texts.
static void no_two_models_share_a_text(void **state) {
  (void)state;
  static const struct {
    const char *component, *path;
  } pairs[][2] = {{{"A|B", "C"}, {"A", "B|C"}},
                  {{"A", "B\n value 1:x"}, {"A\n path 1:B", "x"}},
                  {{"A ", "B"}, {"A", " B"}}};
  for (size_t i = 0; i < WG_ARRAY_LEN(pairs); i++) {
    WG_AUTO(wg_buf) a = {0};
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&a, wg_heap(), 0);
    wg_buf_init(&b, wg_heap(), 0);
    wg_answer_setting s = {.component = pairs[i][0].component, .path = pairs[i][0].path};
    wg_answer_write(&s, WG_STR("t"), false, &a);
    s.component = pairs[i][1].component;
    s.path = pairs[i][1].path;
    wg_answer_write(&s, WG_STR("t"), false, &b);
    assert_false(wg_str_eq(wg_buf_str(&a), wg_buf_str(&b)));
  }
}

static void two_wishes_for_one_place_name_both_origins(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  wg_answer_setting other = answer;
  other.origin = "wingo.yaml:40:7";
  assert_ok(wg_answer_agree(&answer, &other, &err), &err); // the same wish twice
  other.value = "false";
  other.component = "microsoft-windows-shell-setup";
  assert_int_equal(wg_answer_agree(&answer, &other, &err), WG_E_CONFLICT);
  assert_non_null(strstr(err.text, "wingo.yaml:12:5"));
  assert_non_null(strstr(err.text, "wingo.yaml:40:7"));
  other.pass = WG_PASS_SPECIALIZE;
  assert_ok(wg_answer_agree(&answer, &other, &err), &err);
}

static void any_allocation_may_fail(void **state) {
  (void)state;
  for (unsigned long at = 1;; at++) {
    failing_heap heap = {.fail_at = at};
    wg_alloc alloc = failing_heap_alloc(&heap);
    wg_error err = WG_ERROR_INIT;
    wg_arena arena;
    wg_buf b;
    wg_record rec;
    wg_task t;
    wg_arena_init(&arena, &alloc, 0);
    wg_buf_init(&b, &alloc, 0);
    wg_task_write(&full, WG_STR("Join the domain"), &b);
    wg_code code = wg_buf_check(&b, &err);
    if (code == WG_OK) {
      code = first_record(wg_buf_str(&b), &arena, &rec, &err);
    }
    if (code == WG_OK) {
      code = wg_task_parse(&rec, &t, &err);
    }
    wg_buf_done(&b);
    wg_arena_done(&arena);
    assert_int_equal(heap.n_live, 0);
    if (code == WG_OK) {
      assert_true(at > 3);
      return;
    }
    assert_int_equal(code, WG_E_NOMEM);
  }
}

static wg_code parse_all(const void *p, size_t n, const char *rest, wg_error *err) {
  (void)rest;
  WG_AUTO(wg_arena) arena = {0};
  wg_arena_init(&arena, wg_heap(), 0);
  wg_reader r = wg_reader_of(p, n);
  wg_record rec;
  bool any = true;
  wg_task t;
  wg_answer_setting s;
  while (wg_record_next(&r, &arena, &rec, &any, err) == WG_OK && any) {
    wg_code code = wg_str_eqz(rec.kind, "answer") ? wg_answer_parse(&rec, &s, err)
                                                  : wg_task_parse(&rec, &t, err);
    if (code != WG_OK) {
      return code;
    }
  }
  return any ? err->code : WG_OK;
}

static void every_bad_file_is_refused(void **state) {
  (void)state;
  bad_all("plan", 20, parse_all);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_task_comes_back),
      cmocka_unit_test(an_answer_comes_back),
      cmocka_unit_test(no_two_models_share_a_text),
      cmocka_unit_test(two_wishes_for_one_place_name_both_origins),
      cmocka_unit_test(any_allocation_may_fail),
      cmocka_unit_test(every_bad_file_is_refused),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
