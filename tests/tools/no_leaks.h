// SPDX-License-Identifier: Apache-2.0
// For test tools that leave what they hold to the end of the process: LeakSanitizer asks this
// function, where a program has it, whether it should look.
#ifndef WG_TESTS_TOOLS_NO_LEAKS_H
#define WG_TESTS_TOOLS_NO_LEAKS_H

__attribute__((visibility("default"))) int __lsan_is_turned_off(void); // NOLINT: its name
int __lsan_is_turned_off(void) {                                       // NOLINT
  return 1;
}

#endif
