// SPDX-License-Identifier: Apache-2.0
#include "image/tree/result.h"

#include <string.h>

void wg_image_result_done(wg_image_result *r) {
  for (size_t i = 0; i < r->n_warnings; i++) {
    wg_xfree(r->warnings[i]);
  }
  for (size_t i = 0; i < r->n_folders; i++) {
    wg_xfree(r->folders[i].top);
    wg_xfree(r->folders[i].below);
  }
  for (size_t i = 0; i < r->n_facts; i++) {
    wg_xfree(r->facts[i].name);
  }
  wg_xfree(r->warnings);
  wg_xfree(r->folders);
  wg_xfree(r->facts);
  r->warnings = NULL;
  r->folders = NULL;
  r->facts = NULL;
  r->n_warnings = r->cap_warnings = r->n_folders = r->cap_folders = r->n_facts = r->cap_facts = 0;
}

void wg_image_result_warn(wg_image_result *r, const char *text) {
  for (size_t i = 0; i < r->n_warnings; i++) {
    if (strcmp(r->warnings[i], text) == 0) {
      return;
    }
  }
  wg_vec_push(&r->warnings, &r->n_warnings, &r->cap_warnings) = wg_xstrdup(text);
}

void wg_image_result_fact(wg_image_result *r, const char *name, uint64_t v) {
  wg_vec_push(&r->facts, &r->n_facts, &r->cap_facts) =
      (wg_image_fact){.name = wg_xstrdup(name), .v = v};
}

void wg_image_result_folder(wg_image_result *r, wg_str top, wg_str below, uint64_t n_bytes,
                            uint64_t n_added) {
  wg_vec_push(&r->folders, &r->n_folders, &r->cap_folders) =
      (wg_image_folder){.top = wg_xstrndup(top.p, top.n),
                        .below = wg_xstrndup(below.p, below.n),
                        .n_bytes = n_bytes,
                        .n_added = n_added};
}
