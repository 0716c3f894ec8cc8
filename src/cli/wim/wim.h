// SPDX-License-Identifier: Apache-2.0
// What the commands of `wingo wim` share.
#ifndef WG_CLI_WIM_WIM_H
#define WG_CLI_WIM_WIM_H

#include "cli/core/cli.h"
#include "image/file/file.h"

// A file with images and one image of it, opened.
typedef struct wg_cli_image {
  wg_image_file file;
  uint32_t image; // 0-based
  wg_arena arena;
  wg_buf bytes; // the tree borrows from it
  wg_wim_tree tree;
} wg_cli_image;
void wg_cli_image_done(wg_cli_image *i);
WG_DEFINE_AUTO(wg_cli_image, wg_cli_image_done);
// which as in wg_image_file_find. i is zero before; must not move afterwards.
wg_code wg_cli_image_open(wg_cli_image *i, const char *path, const char *which, wg_error *err);
// The entry at a Windows path ("" and "\" are the root). NOT_FOUND names the nearest folder that is
// there, and a name in it that was perhaps meant.
wg_code wg_cli_image_find(wg_cli_image *i, const char *path, uint32_t *out, wg_error *err);

// A line of progress on stderr, where that is a terminal; a wg_image_progress.
typedef struct wg_cli_progress {
  const wg_cli *cli;
  bool shown;
  uint64_t last_ns;
} wg_cli_progress;
void wg_cli_progress_show(void *progress, const char *stage, uint64_t done, uint64_t total,
                          const char *unit);
void wg_cli_progress_end(wg_cli_progress *p); // the line is gone

// A folder that is removed with all in it, unless its path was taken.
typedef struct wg_cli_tmp {
  char *path;
  wg_fd fd;
} wg_cli_tmp;
#define WG_CLI_TMP_INIT                                                                            \
  { .fd = -1 }
// Makes "<dir>/.wgtmp-xxxxxxxxxxxx" (os/temp.h), after removing what killed runs left in dir.
wg_code wg_cli_tmp_make(wg_cli_tmp *t, const char *dir, wg_error *err);
void wg_cli_tmp_done(wg_cli_tmp *t);
WG_DEFINE_AUTO(wg_cli_tmp, wg_cli_tmp_done);

// Whether --esd, --solid, --lzx or the name of a new file ask for a solid one.
bool wg_cli_wants_esd(const wg_cli *c, const char *path);

// --threads, else what the machine has; false after a usage error.
bool wg_cli_threads(const wg_cli *c, unsigned *out);
// "2026-01-31T12:00:00.1234567Z" of 100 ns since 1601.
void wg_cli_add_filetime(wg_buf *out, uint64_t filetime);

#define WG_CLI_THREADS_OPT                                                                         \
  { .name = "threads", .letter = 'j', .arg = "N", .help = "threads (default: all processors)" }

#endif
