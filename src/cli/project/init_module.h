// SPDX-License-Identifier: Apache-2.0
// The Go module that a project is made in or below, and its programs.
#ifndef WG_CLI_PROJECT_INIT_MODULE_H
#define WG_CLI_PROJECT_INIT_MODULE_H

#include "os/file.h"

#define WG_INIT_NAME_MAX 63

typedef struct wg_init_main {
  char *name; // of the app
  char *main; // "." or "./cmd/agent", from the module on
} wg_init_main;

typedef struct wg_init_module {
  char *path; // "example.com/kiosk"; NULL: there is no module
  char *dir;  // from the project on: "." or "../.."
  wg_init_main *v;
  size_t n, cap;
} wg_init_module;
void wg_init_module_done(wg_init_module *m);
WG_DEFINE_AUTO(wg_init_module, wg_init_module_done);

// Looks for a go.mod in the folder and those above it, and for folders of the module with a package
// main; its own modules, vendor, testdata and names with '.' or '_' in front are passed over, as go
// does. Where the folder is a package main itself, it comes first. *out is zeroed by the caller.
void wg_init_module_find(const char *project_dir, wg_init_module *out);
// wingo.yaml with all the programs.
void wg_init_module_yaml(const wg_init_module *m, const char *name, wg_buf *out);

// A folder's name as the name of a project or an app: lower case, digits, '-'; heap, NULL when
// nothing is left.
char *wg_init_name(const char *folder);

#endif
