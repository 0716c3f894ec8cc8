// SPDX-License-Identifier: Apache-2.0
// Go versions ("go1.26.8", "1.22", "1.22rc1"), what a project demands, and go.mod's own lines.
#ifndef WG_GOAPP_VERSION_H
#define WG_GOAPP_VERSION_H

#include "base/bytes.h"

// As go.dev/doc/toolchain#version orders them: 1.22 < 1.22rc1 < 1.22.0 < 1.22.1.
typedef struct wg_go_version {
  uint32_t major, minor, patch;
  uint32_t pre;  // N of betaN or rcN
  uint8_t stage; // 0 language version (no patch), 1 beta, 2 rc, 3 release
} wg_go_version;

// Accepts an optional leading "go" and anything after the number that is not part of it ("-fips", "
// X:..."). False when there is no number.
bool wg_go_version_parse(wg_str s, wg_go_version *out);
// Negative, 0, positive. A release named without a patch by an old toolchain ("go1.19") counts
// as 1.19.0 when it is an installed one: see wg_go_version_installed.
int wg_go_version_cmp(const wg_go_version *a, const wg_go_version *b);
// As parse, for a toolchain's own name: before 1.21 the first release was called "go1.19".
bool wg_go_version_installed(wg_str s, wg_go_version *out);

// wanted: "" (anything), ">=1.22" (at least), "1.26.8" (exactly) or "1.26" (any 1.26.x). CONFIG
// when it is none of them; UNSUPPORTED when installed does not meet it. go_path: for the message.
wg_code wg_go_version_require(const char *wanted, const char *installed, const char *go_path,
                              wg_error *err);

// The `go` and `toolchain` lines of a go.mod, "" when there is none. text is untrusted; the results
// are borrowed from it.
void wg_go_mod_scan(wg_str text, wg_str *out_go, wg_str *out_toolchain);
// The path in the `module` line of a go.mod, "" when there is none. Borrowed from text, which is
// untrusted.
wg_str wg_go_mod_module(wg_str text);
// UNSUPPORTED when the `go` line of a go.mod asks for more than what is installed.
wg_code wg_go_mod_require(wg_str go_line, const char *gomod, const char *installed,
                          const char *go_path, wg_error *err);

#endif
