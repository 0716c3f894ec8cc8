// SPDX-License-Identifier: Apache-2.0
// What the parts of `wingo diff` share.
#ifndef WG_CLI_DIFF_DIFF_H
#define WG_CLI_DIFF_DIFF_H

#include "cli/core/cli.h"
#include "fmt/json/jsonw.h"
#include "image/diff/diff.h"
#include "image/reg/regdiff.h"

typedef struct diff_driver { // a package that one side has
  bool added;                // else removed
  const char *published, *inf, *label, *version, *class_name, *provider;
} diff_driver;

typedef struct diff_report {
  const wg_cli *cli;
  wg_buf *out;    // text, or what json writes to
  wg_jsonw *json; // NULL: text; an object is open
  bool times, force;
  wg_arena arena;
  const wg_diff_side *a, *b; // NULL when no trees are compared
  uint64_t by_change[4];     // files by wg_diff_change, those below lone folders included
  uint64_t reg_added, reg_removed, reg_changed, n_hives;
  wg_service_change *services;
  size_t n_services, cap_services;
  diff_driver *drivers; // texts are in the arena
  size_t n_drivers, cap_drivers;
} diff_report;
static inline void diff_report_done(diff_report *r) {
  wg_arena_done(&r->arena);
  wg_xfree(r->services);
  wg_xfree(r->drivers);
}
WG_DEFINE_AUTO(diff_report, diff_report_done);

// Files, as text or as objects of an open array.
void wg_diff_print_files(diff_report *r, const wg_diff_list *list);
// Driver packages that one of two hives knows and the other does not.
void wg_diff_drivers(diff_report *r, wg_hive *a, wg_hive *b);
// Drivers as text or JSON.
void wg_diff_print_drivers(const diff_report *r, uint64_t counts[3]);
// Services, drivers and the summary. The number of all differences.
uint64_t wg_diff_print_rest(diff_report *r);

#endif
