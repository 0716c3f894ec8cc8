// SPDX-License-Identifier: Apache-2.0
// Indexed trees of driver packages, for the commands that take DIR...
#ifndef WG_CLI_DRIVER_REPO_H
#define WG_CLI_DRIVER_REPO_H

#include "cli/core/cli.h"
#include "driver/match/match.h"
#include "driver/match/scan.h"

typedef struct wg_driver_tree {
  char *root; // absolute
  wg_buf bytes;
  wg_drv_index index;
  wg_drv_scan_stats stats;
} wg_driver_tree;
typedef struct wg_driver_trees {
  wg_arena arena;
  wg_driver_tree *v;
  wg_drv_repo *repos;
  size_t n;
} wg_driver_trees;
void wg_driver_trees_done(wg_driver_trees *t);
WG_DEFINE_AUTO(wg_driver_trees, wg_driver_trees_done);

// At most one more can be added (wg_driver_trees_image). Scans each folder, with the indexes that
// the store keeps (not with --no-cache); what is new is kept there.
wg_code wg_driver_trees_open(const wg_cli *c, const char *const *dirs, size_t n,
                             wg_driver_trees *out, wg_error *err);
// The path of a package for people: "ROOT/path", in an archive "ROOT/x.zip!/a/b.inf".
void wg_driver_add_path(const wg_drv_repo *repo, const wg_drv_package *p, wg_buf *out);
// "2023-04-12 22.220.1.2".
void wg_driver_add_version(const wg_drv_info *i, wg_buf *out);

#define WG_DRIVER_NO_CACHE_OPT                                                                     \
  { .name = "no-cache", .help = "read everything anew; keep no index" }
#define WG_DRIVER_AS_INDEXED_OPT                                                                   \
  { .name = "as-indexed", .help = "take the last index as it is: DIR is not looked through" }

// --for, --arch and --product of a command. has_image: *out is that of an image, of which they
// change parts. USAGE.
wg_code wg_driver_target(const wg_cli *c, bool has_image, wg_inf_target *out, wg_error *err);
// Adds the packages that the image has, and gives its Windows. FORMAT, UNSUPPORTED: it is no image
// of one.
wg_code wg_driver_trees_image(const char *arg, wg_driver_trees *t, wg_inf_target *out_target,
                              wg_error *err);
// --pin, --exclude and --prefer. USAGE.
wg_code wg_driver_rules(const wg_cli *c, const wg_hw_profile *p, wg_arena *arena, wg_drv_rules *out,
                        wg_error *err);
// What --verify makes of a package: its files and catalogue are read.
typedef struct wg_driver_verify {
  const wg_inf_target *target;
  wg_arena *arena;
  const wg_cancel *cancel;
  int64_t now_s;
} wg_driver_verify;
// SOURCE_DATE_EPOCH, else now, for the expiry of what has no time stamp. USAGE.
wg_code wg_driver_verify_now(wg_driver_verify *v, wg_error *err);
// A wg_drv_match_options.verify; ctx is a wg_driver_verify.
wg_drv_signed wg_driver_verify_one(void *ctx, const wg_drv_candidate *c, const char **out_signer);

#define WG_DRIVER_TARGET_OPTS                                                                      \
  {.name = "for", .arg = "VERSION", .help = "the Windows that they are for: 10.0.26100"},          \
      {.name = "arch",                                                                             \
       .arg = "ARCH",                                                                              \
       .help = "its architecture (default: amd64)",                                                \
       .complete = "amd64 arm64 x86 arm"},                                                         \
  {                                                                                                \
    .name = "product", .arg = "KIND", .help = "workstation or server (default: either)",           \
    .complete = "workstation server"                                                               \
  }
#define WG_DRIVER_RULE_OPTS                                                                        \
  {.name = "pin",                                                                                  \
   .arg = "DEVICE=DRIVERS",                                                                        \
   .many = true,                                                                                   \
   .help = "such a device gets one of these or none"},                                             \
      {.name = "exclude", .arg = "DRIVERS", .many = true, .help = "are not looked at"}, {          \
    .name = "prefer", .arg = "DRIVERS", .many = true,                                              \
    .help = "come before all others that fit, the first such option first"                         \
  }
#define WG_DRIVER_RULE_TEXT                                                                        \
  "DRIVERS is a folder or INF file below DIR (with * and ?), or path=, provider=, class= and "     \
  "version=1.0..2.5 with commas between, all of which must hold. DEVICE is an id or an instance "  \
  "path, with * and ?. What is below a folder byModel/VENDOR/MODEL is for that machine alone, "    \
  "and "                                                                                           \
  "comes first there.\n\n"

// "date" and "version" of an object that is open; "" where the INF says none.
void wg_driver_json_release(wg_jsonw *j, const wg_drv_info *i);

#endif
