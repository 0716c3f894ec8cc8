// SPDX-License-Identifier: Apache-2.0
// For fuzzers whose input reaches libfyaml: what LeakSanitizer finds of the library's own.
#ifndef WG_FUZZ_LIBFYAML_H
#define WG_FUZZ_LIBFYAML_H

const char *__lsan_default_suppressions(void);

// libfyaml 0.7.12 loses a buffer of its own when a long quoted text is not closed: nothing that it
// hands out refers to it, so nobody outside can free it. What it loses when it is used wrongly, the
// unit tests and the program's tests find: they run without this.
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void) {
  return "leak:libfyaml.so";
}

#endif
