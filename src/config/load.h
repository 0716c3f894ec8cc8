// SPDX-License-Identifier: Apache-2.0
// From files to a model: the table of keys comes from above (src/project).
#ifndef WG_CONFIG_LOAD_H
#define WG_CONFIG_LOAD_H

#include "config/section.h"

struct wg_cfg_input {
  const char *file; // name for messages
  wg_str bytes;
  const char *overlay; // name for messages, NULL for none
  wg_str overlay_bytes;
  const char *const *sets;
  size_t n_sets;
  const char *dir; // absolute folder of the file
  const char *env_name;
  wg_cfg_world world;
  wg_mask *mask;              // NULL: the wg_cfg's own
  const wg_walk_watch *watch; // may be NULL
};

// Reads the file, its overlay and --set values, and validates. *out is made even when the file is
// faulty. WG_E_CONFIG when there is no file, or it has errors.
wg_code wg_cfg_load(const wg_cfg_lang *lang, const wg_cfg_options *opt, wg_cfg **out,
                    wg_error *err);
// As wg_cfg_load, from memory. Borrows nothing after the call.
wg_code wg_cfg_load_bytes(const wg_cfg_lang *lang, const wg_cfg_input *in, wg_cfg **out,
                          wg_error *err);

#endif
