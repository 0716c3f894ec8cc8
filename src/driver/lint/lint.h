// SPDX-License-Identifier: Apache-2.0
// Whether an INF file is any good: InfVerif's checks with its numbers and levels, and a look at the
// files that it names. Nothing here looks at a disk: who calls says what is there.
#ifndef WG_DRIVER_LINT_LINT_H
#define WG_DRIVER_LINT_LINT_H

#include "fmt/inf/driver.h"

typedef enum wg_lint_mode { // InfVerif's /k, /u, /w
  WG_LINT_BASIC,
  WG_LINT_UNIVERSAL,
  WG_LINT_WINDOWS,
} wg_lint_mode;
#define WG_LINT_MODES 3U

typedef enum wg_lint_level {
  WG_LINT_NONE,
  WG_LINT_WARNING,
  WG_LINT_ERROR,
} wg_lint_level;

typedef struct wg_lint_code {
  unsigned code;
  wg_lint_level levels[WG_LINT_MODES];
  bool checked;
  const char *words;
} wg_lint_code;
// All, sorted by code. Static.
const wg_lint_code *wg_lint_codes(size_t *out_n);
const wg_lint_code *wg_lint_code_of(unsigned code); // NULL: there is none

typedef struct wg_lint_finding {
  unsigned code;
  wg_lint_level level;
  uint32_t line, column;
  wg_str text;
} wg_lint_finding;

typedef struct wg_lint_options {
  wg_lint_mode mode;
  const wg_inf_target *target;   // NULL: all that the INF is for
  const wg_inf_library *library; // INFs of Windows; NULL: what Include names is not looked into
  // Whether the package has that file, by its path below the INF's folder with '/'; NULL: files are
  // not looked for. With a target only those of its architecture are.
  bool (*has_file)(void *ctx, wg_str path);
  void *ctx;
} wg_lint_options;

typedef struct wg_lint_result {
  const wg_lint_finding *findings; // by line and column; each once
  uint32_t n_findings;
  uint32_t n_errors, n_warnings;
} wg_lint_result;

#define WG_LINT_MAX_FINDINGS 10000U // of one file; what is more is not told

// Everything lives in the arena. NOMEM, LIMIT.
wg_code wg_lint_inf(const wg_inf *inf, const wg_lint_options *opt, wg_arena *arena,
                    wg_lint_result *out, wg_error *err);
// What wg_inf_parse refused, as finding 1001 or 1002. False: it is no fault of the file's content.
WG_MUST_CHECK bool wg_lint_of_refusal(const wg_error *refusal, wg_lint_mode mode, wg_arena *arena,
                                      wg_lint_finding *out);

#endif
