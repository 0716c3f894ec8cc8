// SPDX-License-Identifier: Apache-2.0
// Packages on their way into an image; for add.c and start.c.
#ifndef WG_DRIVER_INJECT_ADD_INT_H
#define WG_DRIVER_INJECT_ADD_INT_H

#include "driver/inject/guard.h"
#include "driver/match/rules.h"

typedef struct add_candidate {
  wg_driver_package *p;
  const char *label;      // of the input
  char *below;            // the package's folder below it, "" for itself
  char *why;              // it was chosen among several; NULL
  bool out;               // not added
  char *published, *name; // once it is added: "oem3.inf", and its label
  bool critical;          // its services and files are put where they run
} add_candidate;

typedef struct add_run {
  wg_inject *in;
  const wg_driver_add *job;
  add_candidate *v;
  size_t n, cap;
  wg_drv_which *excludes; // one for each of the job
  bool *hits;             // of excludes: it keeps something out
  wg_arena arena;
  wg_buf faults;
  size_t n_faults;
  wg_error first;           // of a package that can't be read
  size_t n_malformed;       // of n_faults
  const add_candidate *now; // whose faults are told
} add_run;

// A file of the package (a host path below its folder) goes to a Windows path without drive.
void wg_add_put(add_run *a, const add_candidate *c, const char *host, const char *to);
// What messages of its edits begin with. In the arena of the edits.
const char *wg_add_origin(const add_run *a, const wg_driver_package *p);
// Services and files that the start may need, of all candidates that are critical. Where two
// packages have one, it is the newer's.
void wg_add_start(add_run *a);

#endif
