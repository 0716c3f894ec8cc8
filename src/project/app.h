// SPDX-License-Identifier: Apache-2.0
// The section apps: the Go programs.
#ifndef WG_PROJECT_APP_H
#define WG_PROJECT_APP_H

#include "project/archive.h"
#include "project/ports.h"
#include "project/windows.h"

typedef struct wg_cfg_app {
  const char *name;
  wg_pos pos;
  const char *dir; // the module's folder as given
  wg_pos dir_pos;
  const char *main; // package path as `go build` takes it: "." or "./cmd/agent"
  wg_pos main_pos;
  const wg_cfg_target *targets;
  size_t n_targets;
  const wg_cfg_pair *env; // for the go command: CGO_ENABLED, GOPROXY, GOPRIVATE, GOFLAGS, ...
  size_t n_env;
  const wg_cfg_str *ldflags, *gcflags, *tags;
  size_t n_ldflags, n_gcflags, n_tags;
  const wg_cfg_pair *vars; // -X import/path.name=value
  size_t n_vars;
  const char *mod; // "" (Go's default), "readonly", "vendor"
  const char *go;  // "" or ">=1.22" or "1.26.8"
  wg_pos go_pos;
  const char *revision; // "" or what the source is: goes into SBOM and version info
  wg_cfg_windows windows;
  wg_cfg_archive archive;
} wg_cfg_app;

extern const wg_section wg_section_apps;

#endif
