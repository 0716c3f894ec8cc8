// SPDX-License-Identifier: Apache-2.0
#include "base/error.h"

#include <errno.h>
#include <string.h>

#include "support.h"

static void wrap_puts_the_object_in_front(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_fail_at(&err, WG_E_FORMAT, 0x40, "items: %u do not fit", 7U), WG_E_FORMAT);
  assert_string_equal(err.text, "offset 0x40: items: 7 do not fit");
  assert_int_equal(wg_wrap(&err, "image '%s'", "x"), WG_E_FORMAT);
  assert_string_equal(err.text, "image 'x': offset 0x40: items: 7 do not fit");
  assert_true(err.off_bytes == 0x40);
}

static void long_text_is_cut_with_a_mark(void **state) {
  (void)state;
  char big[2000];
  memset(big, 'a', sizeof(big) - 1);
  big[sizeof(big) - 1] = '\0';
  wg_error err = WG_ERROR_INIT;
  (void)!wg_fail(&err, WG_E_IO, "%s", big);
  assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
  assert_string_equal(err.text + sizeof(err.text) - 4, "...");
  (void)!wg_wrap(&err, "%s", big);
  assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
  assert_string_equal(err.text + sizeof(err.text) - 4, "...");
}

static void errno_picks_the_code(void **state) {
  (void)state;
  wg_error err = WG_ERROR_INIT;
  assert_int_equal(wg_fail_errno(&err, ENOENT, "cannot open 'x'"), WG_E_NOT_FOUND);
  assert_string_equal(err.text, "cannot open 'x': No such file or directory");
  assert_int_equal(wg_fail_errno(&err, EEXIST, "x"), WG_E_CONFLICT);
  assert_int_equal(wg_fail_errno(&err, ENOSPC, "x"), WG_E_IO);
  assert_string_equal(err.text, "x: No space left on device");
  assert_int_equal(err.saved_errno, ENOSPC);
}

#ifdef __GLIBC__
// The table says what the system says.
static void errno_has_the_text_of_the_system(void **state) {
  (void)state;
  for (int e = 1; e < 140; e++) {
    const char *ours = wg_errno_text(e);
    if (strcmp(ours, "unknown error") != 0) {
      assert_string_equal(ours, strerrordesc_np(e));
    }
  }
}
#endif

static void every_code_has_a_name(void **state) {
  (void)state;
  for (int c = WG_OK; c <= WG_E_BUG; c++) {
    assert_non_null(wg_code_name((wg_code)c));
    assert_string_not_equal(wg_code_name((wg_code)c), "?");
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(wrap_puts_the_object_in_front),
      cmocka_unit_test(long_text_is_cut_with_a_mark),
      cmocka_unit_test(errno_picks_the_code),
#ifdef __GLIBC__
      cmocka_unit_test(errno_has_the_text_of_the_system),
#endif
      cmocka_unit_test(every_code_has_a_name),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
