// SPDX-License-Identifier: Apache-2.0
// The project as the rest of the program sees it: wingo.yaml plus overlays, validated. Everything
// lives in the project's arena and is immutable after loading. Strings are NUL-terminated, "" or
// NULL when absent as each field says.
#ifndef WG_PROJECT_PROJECT_H
#define WG_PROJECT_PROJECT_H

#include "project/app.h"
#include "project/image.h"
#include "project/publish.h"

typedef struct wg_project {
  const char *dir;     // absolute folder of wingo.yaml
  const char *out_dir; // absolute folder of what is made: dir/out, with --env dir/out/<env>
  const char *file;    // as the user would name it
  const char *name;    // project name
  const char *release; // "" or "1.4.0"
  wg_pos release_pos;
  int64_t
      time_s; // time for everything written, since 1970: SOURCE_DATE_EPOCH, time:, or 2020-01-01
  const char *env_name;       // --env, "" for none
  const wg_mask *mask;        // what is told by name only
  const wg_walk_watch *watch; // of walks through folders that it names; may be NULL
  const wg_cfg_app *apps;
  size_t n_apps;
  const wg_cfg_image *images;
  size_t n_images;
  const wg_cfg_publish *publish;
  size_t n_publish;
} wg_project;

extern const wg_section wg_section_project; // version, name, release, time
extern const wg_section wg_section_later;   // keys of the file that are not built yet

#endif
