// SPDX-License-Identifier: Apache-2.0
// What was read from a project file, whatever its keys are: its faults and their places.
#ifndef WG_CONFIG_CONFIG_H
#define WG_CONFIG_CONFIG_H

#include "base/mask.h"
#include "base/pos.h"
#include "os/walk.h"

typedef struct wg_cfg_options {
  const char *file;        // NULL: wingo.yaml in the working directory or the nearest parent
  const char *env_name;    // overlay config/<env>.yaml, NULL for none
  const char *const *sets; // "a.b=c", in order
  size_t n_sets;
  wg_mask *mask;              // notes what variables gave; NULL: nobody asks
  const wg_walk_watch *watch; // of walks through folders that the file names; NULL, or outlives all
} wg_cfg_options;

typedef enum wg_severity {
  WG_FAULT_ERROR,
  WG_FAULT_WARNING
} wg_severity;

typedef struct wg_cfg_fault {
  wg_severity severity;
  wg_pos pos;
  const char *text; // "unknown key 'imagess'"
  const char *hint; // "did you mean 'images'?"; NULL when there is none
} wg_cfg_fault;

typedef struct wg_cfg wg_cfg;
void wg_cfg_free(wg_cfg *c);
WG_DEFINE_AUTO_PTR(wg_cfg, wg_cfg_free);
const wg_cfg_fault *wg_cfg_faults(const wg_cfg *c, size_t *out_n); // borrowed
const char *
wg_cfg_file(const wg_cfg *c); // as the user would name it; borrowed; "" when none was read
const char *wg_cfg_overlay(const wg_cfg *c); // the same of the overlay, "" without one; borrowed
// *err of a faulty load without the first fault's text, for who has shown them all.
void wg_cfg_fault_count(const wg_cfg *c, wg_error *err);

#endif
