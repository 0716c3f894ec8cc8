// SPDX-License-Identifier: Apache-2.0
// The output of `go list -deps -e -json=...`: JSON objects one after another, as they come from the
// pipe.
#ifndef WG_GOAPP_LIST_H
#define WG_GOAPP_LIST_H

#include "os/mem.h"

// The fields asked for; old and new toolchains (1.19 on) know them all.
#define WG_GO_LIST_FIELDS                                                                          \
  "Dir,ImportPath,Name,Standard,DepOnly,Module,GoFiles,CgoFiles,CFiles,CXXFiles,MFiles,HFiles,"    \
  "FFiles,SFiles,SwigFiles,SwigCXXFiles,SysoFiles,IgnoredGoFiles,IgnoredOtherFiles,EmbedPatterns," \
  "EmbedFiles,Error"

typedef struct wg_go_strs {
  const char *const *v;
  size_t n;
} wg_go_strs;

typedef struct wg_go_list_module {
  const char *path, *version, *dir, *gomod; // "" when not known
  bool main;
  bool replaced;
  const char *new_path, *new_version; // of the replacement
} wg_go_list_module;

typedef struct wg_go_package {
  const char *dir, *import_path, *name;
  const wg_go_list_module *module; // NULL for the standard library
  bool standard, dep_only, cgo;
  wg_go_strs src;     // all that the compiler, assembler or linker reads, but not the embedded ones
  wg_go_strs syso;    // those of src that are .syso
  wg_go_strs ignored; // left out by build constraints
  wg_go_strs embed, embed_patterns;
  const char *error, *error_pos; // NULL when there is none
} wg_go_package;

typedef struct wg_go_list wg_go_list;
// arena: takes what is kept; outlives the list and its packages.
wg_go_list *wg_go_list_new(wg_arena *arena);
void wg_go_list_free(wg_go_list *l);
WG_DEFINE_AUTO_PTR(wg_go_list, wg_go_list_free);
// Bytes as they come, in pieces of any size. FORMAT on what is not a row of JSON objects (with the
// offset), LIMIT on an object over 32 MiB or more than 200,000 packages. After a failure the list
// must only be freed.
wg_code wg_go_list_feed(wg_go_list *l, const char *p, size_t n_bytes, wg_error *err);
// At the end of input: FORMAT when an object is unfinished. The packages are borrowed from the
// arena, dependencies first.
wg_code wg_go_list_end(wg_go_list *l, const wg_go_package *const **out, size_t *out_n,
                       wg_error *err);

#endif
