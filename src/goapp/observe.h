// SPDX-License-Identifier: Apache-2.0
// Turns a package list into observations and key inputs.
#ifndef WG_GOAPP_OBSERVE_H
#define WG_GOAPP_OBSERVE_H

#include "goapp/list.h"
#include "goapp/tool.h"

#define WG_GO_MAX_GOMOD ((uint64_t)16 << 20)

typedef struct wg_go_found {
  wg_go_tool tool;
  const char *mod_flag;    // "-mod=readonly", "-mod=vendor" or "": Go's own rule
  const char *import_path; // of the main package
  const char *module;      // path of its module
  size_t n_packages;
} wg_go_found;

typedef struct wg_go_input {
  char *label; // heap
  wg_digest digest;
} wg_go_input;

typedef struct wg_go_observe_job {
  const wg_go_spec *spec;
  const wg_go_found *found;
  const wg_go_env *env;
  const wg_go_observer *obs;
  wg_arena *arena;
  const wg_go_package *const *packages;
  size_t n_packages;
  wg_go_input *inputs; // found so far: the work of wg_go_observe, empty before
  size_t n_inputs, cap_inputs;
} wg_go_observe_job;

// Reports all observations, then the inputs, each label once and in order. I/O errors; NOT_FOUND
// for a file that went away meanwhile; BUG for two inputs of one label that differ.
wg_code wg_go_observe(wg_go_observe_job *job, wg_error *err);

// True when a file's name alone keeps it out of a build for os/arch: "x_windows.go" for linux,
// "x_test.go",
// "_x.go", ".x.go". Then nothing in it can matter.
bool wg_go_name_excluded(const char *file, const char *os, const char *arch);

#endif
