// SPDX-License-Identifier: Apache-2.0
// publish: of wingo.yaml.
#ifndef WG_PROJECT_PUBLISH_H
#define WG_PROJECT_PUBLISH_H

#include "config/section.h"

typedef enum wg_publish_pointer {
  WG_PUBLISH_LINK,
  WG_PUBLISH_FILE,
  WG_PUBLISH_NONE
} wg_publish_pointer;

typedef struct wg_cfg_publish {
  const char *name;
  wg_pos pos;
  const char *to; // a folder, relative to the project folder or absolute
  wg_pos to_pos;
  const wg_cfg_str *outputs; // targets; none: everything
  size_t n_outputs;
  unsigned keep; // releases that stay, 0: all
  bool replace, allow_secrets;
  unsigned pointer; // wg_publish_pointer
} wg_cfg_publish;

extern const wg_section wg_section_publish;

#endif
