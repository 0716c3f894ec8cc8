// SPDX-License-Identifier: Apache-2.0
// The platforms that Go builds for.
#ifndef WG_PROJECT_PORTS_H
#define WG_PROJECT_PORTS_H

#include "config/key.h"

typedef struct wg_cfg_target {
  const char *os, *arch;  // Go's names: windows, amd64
  const char *variant;    // "" or the GOAMD64/GOARM/GO386/GOARM64... value: v3, 7
  const char *name;       // "windows/amd64" or "windows/amd64/v3"
  const char *slug;       // "windows-amd64-v3": safe in file names
  const wg_cfg_pair *env; // for this target alone, laid over the app's
  size_t n_env;
  wg_pos pos;
} wg_cfg_target;

// The type of a key that names one: os/arch[/variant], a wg_cfg_target.
extern const wg_key_kind wg_key_target;

#endif
