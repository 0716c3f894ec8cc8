// SPDX-License-Identifier: Apache-2.0
#include "image/synthetic/synthetic.h"

#include <string.h>

#include "support.h"

static void names_what_there_is(void **state) {
  (void)state;
  static const struct {
    const char *product, *arch, *image, *want; // want NULL: not there
  } rows[] = {
      {"windows-11", NULL, NULL, "Windows 11 Pro"},
      {"windows-11", "arm64", "1", "Windows 11 Home"},
      {"windows-10", "386", "windows 10 pro", "Windows 10 Pro"},
      {"windows-7", "amd64", "Ultimate", "Windows 7 Ultimate"},
      {"server-2022", "amd64", "ServerStandardCore", "Windows Server 2022 Standard"},
      {"server-2025", NULL, NULL, "Windows Server 2025 Standard (Desktop Experience)"},
      {"windows-11-setup", NULL, NULL, "Microsoft Windows Setup (amd64)"},
      {"windows-10-setup", NULL, "1", "Microsoft Windows PE (x64)"},
      {"windows-7-setup", "386", "2", "Microsoft Windows Setup (x86)"},
      {"windows-11-setup", NULL, "Windows 11 Pro", NULL},
      {"windows-11-setup", "386", NULL, NULL},
      {"-setup", NULL, NULL, NULL},
      {"windows-11-setup-setup", NULL, NULL, NULL},
      {"windows-11", "386", NULL, NULL},
      {"windows-11", "amd", NULL, NULL},
      {"windows-1", NULL, NULL, NULL},
      {"", NULL, NULL, NULL},
      {"windows-11", NULL, "0", NULL},
      {"windows-11", NULL, "4", NULL},
      {"windows-11", NULL, "", NULL},
      {"windows-11", NULL, "Windows 10 Pro", NULL},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(rows); i++) {
    wg_error err = WG_ERROR_INIT;
    char *image = NULL;
    wg_code code =
        wg_synthetic_check(rows[i].product, rows[i].arch, NULL, rows[i].image, &image, &err);
    if (rows[i].want == NULL) {
      assert_int_equal(code, WG_E_NOT_FOUND);
      assert_null(image);
    } else {
      assert_ok(code, &err);
      assert_string_equal(image, rows[i].want);
    }
    wg_xfree(image);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(names_what_there_is)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
