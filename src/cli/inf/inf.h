// SPDX-License-Identifier: Apache-2.0
// Shared by the `wingo inf` commands.
#ifndef WG_CLI_INF_INF_H
#define WG_CLI_INF_INF_H

#include "cli/core/cli.h"
#include "fmt/inf/driver.h"
#include "os/file.h"

#define WG_INF_OPT_FOR                                                                             \
  { .name = "for", .arg = "VERSION", .help = "the Windows that it is for: 10.0.26100, 10.0, 26100" }
#define WG_INF_OPT_ARCH                                                                            \
  {                                                                                                \
    .name = "arch", .arg = "ARCH", .help = "its architecture: amd64, arm64, x86, arm",             \
    .complete = "amd64 arm64 x86 arm"                                                              \
  }
#define WG_INF_OPT_INCLUDE                                                                         \
  {                                                                                                \
    .name = "include", .arg = "DIR",                                                               \
    .help = "INF files of Windows that Include names: \\Windows\\INF of an image"                  \
  }
#define WG_INF_OPT_CODE_PAGE                                                                       \
  { .name = "code-page", .arg = "N", .help = "of text that is not Unicode (default: 1252)" }
#define WG_INF_OPT_LANGUAGE                                                                        \
  { .name = "language", .arg = "LANGID", .help = "of [Strings.LANGID], in hex (default: 0409)" }

// How the files are read: --code-page, --language. 0, or an exit code after saying what is wrong.
int wg_inf_cli_options(const wg_cli *c, wg_inf_options *out);
// --for and --arch, which have defaults. The same.
int wg_inf_cli_target(const wg_cli *c, wg_inf_target *out);

// One file, in the arena. Errors name the path.
wg_code wg_inf_cli_read(const char *path, const wg_inf_options *opt, wg_arena *arena, wg_inf *out,
                        wg_error *err);

// The INF files of a folder, for Include; each is read once.
typedef struct wg_inf_folder {
  const char *path;
  wg_arena arena;
  wg_dirent *v;
  size_t n;
  const wg_inf **infs; // beside v; NULL: not read yet
  wg_inf_options opt;
  wg_inf_library library; // to be handed on
} wg_inf_folder;
void wg_inf_folder_done(wg_inf_folder *f);
WG_DEFINE_AUTO(wg_inf_folder, wg_inf_folder_done);
// --include; *out_library is NULL without it. *out is zeroed and stays where it is.
wg_code wg_inf_cli_folder(const wg_cli *c, const wg_inf_options *opt, wg_inf_folder *out,
                          const wg_inf_library **out_library, wg_error *err);

// A package for people, and for programs.
void wg_inf_show_text(const wg_inf_package *p, const char *path, wg_buf *out);
void wg_inf_show_json(const wg_inf_package *p, wg_jsonw *j);

// What service types, starts and where files go are called; "" when they have no name.
const char *wg_inf_service_type(uint32_t type);
const char *wg_inf_service_start(uint32_t start);

#endif
