// SPDX-License-Identifier: Apache-2.0
#include "base/mask.h"

#include <string.h>

#include "os/mem.h"
#include "support.h"

static void assert_masked(const wg_mask *m, const char *text, const char *want) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_mask_add_text(m, wg_str_of(text), &b);
  assert_string_equal(wg_buf_z(&b), want);
}

static void nothing_noted_changes_nothing(void **state) {
  (void)state;
  WG_AUTO(wg_mask) m = {0};
  wg_mask_init(&m, wg_heap());
  assert_false(wg_mask_any(&m));
  assert_false(wg_mask_any(NULL));
  assert_masked(&m, "as it is", "as it is");
  assert_masked(NULL, "as it is", "as it is");
  wg_mask_note(&m, "", "${EMPTY}");
  assert_false(wg_mask_any(&m));
}

static void values_are_replaced_wherever_they_stand(void **state) {
  (void)state;
  WG_AUTO(wg_mask) m = {0};
  wg_mask_init(&m, wg_heap());
  wg_mask_note(&m, "hunter2x", "${PW}");
  wg_mask_note(&m, "C:\\Secret\\\"x\"", "${DIR}");
  wg_mask_note(&m, "first line\nsecond", "${TEXT}");
  wg_mask_note(&m, "-flag some-longer-word", "${FLAGS}");
  assert_true(wg_mask_any(&m));
  assert_masked(&m, "hunter2x", "${PW}");
  assert_masked(&m, "ahunter2xb HUNTER2X hunter2", "a${PW}b ${PW} hunter2");
  assert_masked(&m, "C:\\Secret\\\"x\" and \"C:\\\\Secret\\\\\\\"x\\\"\"", "${DIR} and \"${DIR}\"");
  assert_masked(&m, "c:/secret/\"X\"", "${DIR}");
  assert_masked(&m, "first line\\nsecond; second; first line!", "${TEXT}; ${TEXT}; ${TEXT}!");
  assert_masked(&m, "unknown some-longer-word, -flag", "unknown ${FLAGS}, -flag");
  assert_masked(&m, "it is hunt... and hunte\xE2\x80\xA6 and hunter",
                "it is ${PW}... and ${PW}\xE2\x80\xA6 and hunter");
}

static void parts_of_values_are_replaced(void **state) {
  (void)state;
  WG_AUTO(wg_mask) m = {0};
  wg_mask_init(&m, wg_heap());
  wg_mask_note(&m, "-X main.token=s3kr1t-of-ours -s", "${LDFLAGS}");
  wg_mask_note(&m, "https://somebody:hunter2hunter2@git.example.com/x", "${URL}");
  assert_masked(&m, "bad value s3kr1t-of-ours", "bad value ${LDFLAGS}");
  assert_masked(&m, "auth of somebody with hunter2hunter2 at git.example.com failed, -s",
                "auth of ${URL} with ${URL} at ${URL} failed, -s");
}

static void short_values_are_words_or_alone(void **state) {
  (void)state;
  WG_AUTO(wg_mask) m = {0};
  wg_mask_init(&m, wg_heap());
  wg_mask_note(&m, "8080", "${PORT}");
  wg_mask_note(&m, "1", "${N}");
  wg_mask_note(&m, "x9z", "${PIN}");
  wg_mask_note(&m, "no", "${NO}");
  assert_masked(&m, "bad x9z, not x9zz; there is no 'no'",
                "bad ${PIN}, not x9zz; there is no '${NO}'");
  wg_mask_note_text(&m, "dir-1-x", "dir-${N}-x");
  assert_masked(&m, "port 8080, not 18080 or 8080x", "port ${PORT}, not 18080 or 8080x");
  assert_masked(&m, "line 1: 1 error, was '1', n=1, n=12",
                "line 1: 1 error, was '${N}', n=${N}, n=12");
  assert_masked(&m, "no dir-1-x", "no dir-${N}-x");
  assert_masked(&m, "1", "${N}");
}

static void the_longest_goes_first(void **state) {
  (void)state;
  WG_AUTO(wg_mask) m = {0};
  wg_mask_init(&m, wg_heap());
  wg_mask_note(&m, "secret", "${A}");
  wg_mask_note(&m, "secret-and-more", "${B}");
  wg_mask_note_text(&m, "x=secret-and-more;", "x=${B};");
  wg_mask_note(&m, "secret", "${C}"); // by the name it had first
  assert_masked(&m, "secret secret-and-more x=secret-and-more;", "${A} ${B} x=${B};");
  assert_string_equal(wg_mask_whole(&m, "secret"), "${A}");
  assert_string_equal(wg_mask_whole(&m, "secrets"), "secrets");
}

static void errors_are_masked_in_place(void **state) {
  (void)state;
  WG_AUTO(wg_mask) m = {0};
  wg_mask_init(&m, wg_heap());
  wg_mask_note(&m, "secret", "${A_MUCH_LONGER_NAME}");
  wg_error err = WG_ERROR_INIT;
  wg_mask_error(&m, &err);
  assert_int_equal(err.code, WG_OK);
  (void)!wg_fail(&err, WG_E_IO, "cannot open 'secret'");
  wg_mask_error(&m, &err);
  assert_int_equal(err.code, WG_E_IO);
  assert_string_equal(err.text, "cannot open '${A_MUCH_LONGER_NAME}'");
  char long_text[2000];
  memset(long_text, 'x', sizeof(long_text));
  for (size_t i = 0; i + 7 < sizeof(long_text); i += 7) {
    memcpy(long_text + i, "secret ", 7);
  }
  long_text[sizeof(long_text) - 1] = '\0';
  (void)!wg_fail(&err, WG_E_IO, "%s", long_text);
  wg_mask_error(&m, &err);
  assert_null(strstr(err.text, "secret"));
  wg_error_wrap(&err, "%s", long_text);
  wg_mask_error(&m, &err);
  assert_null(strstr(err.text, "secret"));
  assert_null(strstr(err.text, "secre:"));
}

typedef struct failing {
  size_t left;
} failing;

static void *failing_fn(void *ctx, void *p, size_t n) {
  failing *f = ctx;
  if (n > 0 && f->left == 0) {
    return NULL;
  }
  f->left -= n > 0 ? 1 : 0;
  return wg_heap()->fn(wg_heap()->ctx, p, n);
}

static void without_memory_nothing_is_told(void **state) {
  (void)state;
  for (size_t n = 0; n < 40; n++) {
    failing f = {n};
    const wg_alloc a = {failing_fn, &f};
    WG_AUTO(wg_mask) m = {0};
    wg_mask_init(&m, &a);
    wg_mask_note(&m, "hunter2x \"quoted\"", "${PW}");
    wg_mask_note(&m, "another-value\nof two lines", "${B}");
    f.left = SIZE_MAX;
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, wg_heap(), 0);
    wg_mask_add_text(&m, wg_str_of("it is hunter2x \"quoted\" or another-value"), &b);
    assert_null(strstr(wg_buf_z(&b), "hunter2x"));
    assert_null(strstr(wg_buf_z(&b), "another-value"));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_noted_changes_nothing),
      cmocka_unit_test(values_are_replaced_wherever_they_stand),
      cmocka_unit_test(parts_of_values_are_replaced),
      cmocka_unit_test(short_values_are_words_or_alone),
      cmocka_unit_test(the_longest_goes_first),
      cmocka_unit_test(errors_are_masked_in_place),
      cmocka_unit_test(without_memory_nothing_is_told),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
