// SPDX-License-Identifier: Apache-2.0
// The registry of an image: edits mapped to the hives they live in, the new hives staged.
#ifndef WG_IMAGE_REG_REGISTRY_H
#define WG_IMAGE_REG_REGISTRY_H

#include "image/reg/edits.h"
#include "image/reg/target.h"

typedef struct wg_reg_hive_result { // a hive file to be put into the image
  char *to;                         // Windows path
  char *staged;                     // host path of the new bytes
  bool is_log;                      // a transaction log, now empty
} wg_reg_hive_result;

typedef struct wg_reg_result {
  wg_reg_hive_result *files;
  size_t n_files, cap_files;
  char **warnings;
  size_t n_warnings, cap_warnings;
  uint64_t n_set, n_deleted, n_absent, n_keys_made;
  uint64_t n_values_deleted, n_keys_deleted; // n_deleted, apart
} wg_reg_result;
void wg_reg_result_done(wg_reg_result *r);
WG_DEFINE_AUTO(wg_reg_result, wg_reg_result_done);

// What a target's edits did, moved out of it.
void wg_reg_take_result(wg_reg_target *t, wg_reg_result *out);

typedef struct wg_reg_options {
  const char *tmp_dir; // new hives are staged here as "hive-N"
  int64_t time_s;      // last-written time of what changes, since 1970
  const wg_reg_map *maps;
  size_t n_maps;
  bool must_exist; // what is deleted must be there
} wg_reg_options;

// Applies all edits, in order, to the hives that the source has; each changed hive is written,
// parsed again and every edit read back. Errors as wg_reg_apply and wg_reg_write.
wg_code wg_reg_run(wg_reg_source source, const wg_reg_edit *edits, size_t n_edits,
                   const wg_reg_options *opt, wg_reg_result *out, wg_error *err);

// Tries all edits in memory: what one is refused for goes to refused, with its origin in front, and
// the next is tried. Nothing is written. NOMEM.
wg_code wg_reg_try(wg_reg_source source, const wg_reg_edit *edits, size_t n_edits,
                   void (*refused)(void *ctx, const wg_reg_edit *e, const char *text), void *ctx,
                   wg_error *err);

typedef struct wg_image_hive { // one hive of an image, opened to be read
  const char *file;            // Windows path, static
  const char *prefix;          // what its root is: "HKEY_LOCAL_MACHINE\\SOFTWARE"; static
  wg_buf bytes;                // the hive borrows from it
  wg_hive *hive;
  char *path; // where the key is below the root
  wg_hive_replay replay;
} wg_image_hive;
void wg_image_hive_done(wg_image_hive *h);
WG_DEFINE_AUTO(wg_image_hive, wg_image_hive_done);
// Opens the hive that a key is in, named as in edits; SAM, SECURITY and COMPONENTS can be read,
// too. The key itself need not be there. USAGE: in no hive of an image. NOT_FOUND, FORMAT.
wg_code wg_reg_open(wg_reg_source source, const char *key, bool force_dirty, const wg_reg_map *maps,
                    size_t n_maps, wg_image_hive *out, wg_error *err);

#endif
