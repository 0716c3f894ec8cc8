// SPDX-License-Identifier: Apache-2.0
// Drivers put into the image that is being made, and taken out of it; for the part. In the worker.
#ifndef WG_DRIVER_INJECT_INJECT_H
#define WG_DRIVER_INJECT_INJECT_H

#include "driver/db/db.h"
#include "driver/db/record.h"
#include "driver/inject/job.h"
#include "image/part/part.h"

typedef struct wg_inject { // of one image
  const wg_part_run *run;
  wg_image_reader *base;
  wg_part_plan *plan;
  const char *origin; // of what is done now
  wg_driver_windows w;
  wg_driver_library library;
  wg_driver_db db;
  uint8_t taken[1250]; // numbers of published INFs; what is removed is given to nobody in this run
  uint8_t freed[1250]; // of taken
  wg_driver_tags tags;
  wg_driver_names services, places; // that packages of this run have set and put
  wg_reg_edits edits;               // all of them, in order
  size_t n_titles;
  bool in_system, in_drivers; // what has a record there was changed
  uint64_t n_added, n_present, n_skipped, n_removed;
} wg_inject;
void wg_inject_done(wg_inject *in);
WG_DEFINE_AUTO(wg_inject, wg_inject_done);
// in is zeroed but for run, base and plan.
wg_code wg_inject_open(wg_inject *in, wg_error *err);
// Packages of the job's folders. VERIFY: some are refused; all of them are named, nothing is
// planned.
wg_code wg_inject_add(wg_inject *in, const wg_driver_add *job, wg_error *err);
// NOT_FOUND: none has that name. CONFLICT: of Windows itself, or the start needs it.
wg_code wg_inject_remove(wg_inject *in, const wg_driver_remove *job, wg_error *err);
// A package of the database goes, whatever needs it.
void wg_inject_drop(wg_inject *in, const wg_db_package *p);
// What all of it is in the plan: edits, and the values of the databases' roots.
void wg_inject_finish(wg_inject *in);

// --- for the files of this
// Row of the table "drivers": what happened ("added", "present", "skipped", "removed"), the
// published name, the INF's, its version, class, hive, signature, and a note.
void wg_inject_row(wg_inject *in, const char *what, const char *published, const char *inf,
                   const char *version, const char *class_name, const char *hive,
                   const char *signature, const char *note);
char *wg_inject_version(const uint16_t v[4]); // "1.2.3.4", heap
void wg_inject_change(wg_inject *in, const wg_image_change *c, const wg_src *src);
void wg_inject_did(wg_inject *in, const wg_driver_did *did);

extern const wg_image_part wg_part_drivers;

#endif
