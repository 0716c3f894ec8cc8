// SPDX-License-Identifier: Apache-2.0
// What is to be done to the drivers of an image, as the part plans it and its fill reads it.
#ifndef WG_DRIVER_INJECT_JOB_H
#define WG_DRIVER_INJECT_JOB_H

#include "driver/package/package.h"
#include "fmt/plan/record.h"

typedef enum wg_driver_stage {
  WG_DRIVER_STAGE_STORE,     // put into the image's driver store
  WG_DRIVER_STAGE_SETUP,     // $WinPEDriver$ on the medium
  WG_DRIVER_STAGE_FIRSTBOOT, // installed by the first start
} wg_driver_stage;

typedef struct wg_driver_add {
  const char *const *labels; // of inputs that are folders
  size_t n_labels;
  const char *const *only;     // INF names; none: all
  const char *const *exclude;  // wg_drv_which: these stay out
  const char *const *boot;     // INF names that count as needed for the start
  const char *const *hardware; // labels of inputs that are profiles of machines; none: all packages
  const char *const *pins, *const *prefers; // rules of driver/match
  size_t n_only, n_exclude, n_boot, n_hardware, n_pins, n_prefers;
  uint32_t allow;     // bits 1 << wg_driver_fault
  bool no_recurse;    // of each folder only what lies in it itself
  bool setup_network; // Net into Windows PE, too
  bool everything;    // every class into Windows PE
  bool replace;       // another version of the same INF goes
} wg_driver_add;

typedef struct wg_driver_remove {
  const char *const *names; // "oem3.inf", or an INF's own name
  size_t n_names;
  bool force; // also what the start needs
} wg_driver_remove;

typedef struct wg_driver_did { // what fill did, for the read-back
  const char *label, *published;
  uint64_t n_ids;
  bool recorded; // in a driver database
  bool removed;
} wg_driver_did;

typedef enum wg_driver_job_kind {
  WG_DRIVER_JOB_ADD,
  WG_DRIVER_JOB_REMOVE,
  WG_DRIVER_JOB_DID,
} wg_driver_job_kind;
typedef struct wg_driver_job { // one of the three
  wg_driver_job_kind kind;
  wg_driver_add add;
  wg_driver_remove remove;
  wg_driver_did did;
} wg_driver_job;

void wg_driver_job_write(const wg_driver_job *j, wg_buf *out);
// Everything is in the arena. FORMAT.
wg_code wg_driver_job_parse(wg_str text, wg_arena *arena, wg_driver_job *out, wg_error *err);

#endif
