// SPDX-License-Identifier: Apache-2.0
// What can be said of an app's sources before the toolchain is asked.
#ifndef WG_GOAPP_PRECHECK_H
#define WG_GOAPP_PRECHECK_H

#include "os/mem.h"

typedef enum wg_go_mistake {
  WG_GO_NOT_MAIN,     // the package is not "package main": detail is its name
  WG_GO_NO_VARIABLE,  // of vars: nothing of that name; detail is the nearest that there is, or NULL
  WG_GO_NOT_SETTABLE, // of vars: it is computed, so the linker's value would be overwritten
} wg_go_mistake;

typedef struct wg_go_finding {
  wg_go_mistake mistake;
  size_t var;         // which of vars
  const char *detail; // borrowed for the call
} wg_go_finding;
typedef void (*wg_go_on_finding)(void *ctx, const wg_go_finding *f);

// dir: the folder where go is run, inside of a module; main: "." or "./cmd/agent". vars: names as
// the linker's -X takes them ("main.version", "example.com/m/internal/build.Commit"); those of
// packages outside of the module are not looked for. Reads the package's own folder and those of
// the variables. What cannot be read, or has no Go file, is nobody's mistake here. FORMAT, IO
// never.
void wg_go_precheck(const char *dir, const char *main, const char *const *vars, size_t n_vars,
                    wg_go_on_finding on_finding, void *ctx);

// The folder, dir or one above it, that has a go.mod; heap. NULL when there is none.
char *wg_go_module_dir(const char *dir);

// The path that the go.mod in a folder names; heap. "" when it names none.
char *wg_go_module_path(const char *folder);

// Whether the folder holds a package main, whatever platform it is for.
bool wg_go_has_main(const char *folder);

// Whether a Go file in the folder has a "//go:generate" line.
bool wg_go_has_generate(const char *folder);

// Whether a toolchain with that GOROOT knows the platform: reads its own table. True when the table
// cannot be read (Go before 1.21 keeps it elsewhere).
bool wg_go_knows_platform(const char *goroot, const char *os, const char *arch);

#endif
