// SPDX-License-Identifier: Apache-2.0
// What one Go file says at its top level, without a toolchain: the package clause, constraints that
// leave it out always, and variables. Enough to find a mistake early; the compiler has the last
// word.
#ifndef WG_GOAPP_SCAN_H
#define WG_GOAPP_SCAN_H

#include "base/bytes.h"

typedef struct wg_go_scan {
  wg_str package; // "main"; empty when there is no package clause
  bool ignored;   // "//go:build ignore": in no build
  bool generates; // has a "//go:generate" line
} wg_go_scan;

// on_var gets each variable of the package: name borrowed from text; text_value: it is declared
// without a value or with a plain text, so that the linker's -X can set it. Comments, texts and
// function bodies are skipped. text is untrusted: anything is taken, nothing fails.
typedef void (*wg_go_scan_var)(void *ctx, wg_str name, bool settable);
void wg_go_scan_file(wg_str text, wg_go_scan_var on_var, void *ctx, wg_go_scan *out);

#endif
