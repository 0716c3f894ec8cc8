// SPDX-License-Identifier: Apache-2.0
// What edits are applied to: the hives of an image, or one hive file. The same keys mean the same
// things in both: CurrentControlSet is the control set that starts next, HKCR is in SOFTWARE, names
// of other mounts are mapped.
#ifndef WG_IMAGE_REG_TARGET_H
#define WG_IMAGE_REG_TARGET_H

#include "image/reg/edits.h"
#include "image/reg/hivefile.h"

#define WG_REG_MAX_HIVE_BYTES ((uint64_t)1 << 30)

// Reads the file at a Windows path of an image into out (initialised). NOT_FOUND: nothing is there.
typedef struct wg_reg_source {
  wg_code (*read)(void *ctx, const char *file, uint64_t max_bytes, wg_buf *out, wg_error *err);
  void *ctx;
} wg_reg_source;

typedef struct wg_reg_hive { // one that is open
  wg_hive_id id;             // NONE: a hive file of which it is not known
  bool borrowed;
  bool changed;
  const char *file; // as messages name it; borrowed
  wg_buf bytes;     // the hive borrows from it; empty when the hive is borrowed
  wg_hive *hive;
  wg_hive_replay replay;
  char control_set[16]; // "ControlSet001" once known
} wg_reg_hive;

typedef struct wg_reg_applied { // an edit with its place, for the read-back
  const wg_reg_edit *e;
  wg_reg_hive *hive;
  char *path;  // shared with the edit before when that is of the same key
  bool shared; // path is
} wg_reg_applied;

typedef struct wg_reg_target {
  wg_reg_source source; // of an image; read NULL: a hive file
  const char *prefix;   // of a hive file: what its root is; NULL: not known
  const wg_reg_map *maps;
  size_t n_maps;
  bool force_dirty;
  bool must_exist; // what is deleted must be there
  bool reads_only; // hives whose keys are not to be changed can be opened, too
  // Not NULL: what an edit is refused for is told, and the next one is tried; then nothing is to be
  // written. text begins with the edit's origin, where it has one.
  void (*refused)(void *ctx, const wg_reg_edit *e, const char *text);
  void *refused_ctx;
  uint64_t filetime;
  wg_reg_hive hives[WG_HIVE_N];
  size_t n_hives;
  wg_reg_applied *applied;
  size_t n_applied, cap_applied;
  char **warnings;
  size_t n_warnings, cap_warnings;
  uint64_t n_set, n_values_deleted, n_keys_deleted, n_absent, n_keys_made;
} wg_reg_target;
void wg_reg_target_done(wg_reg_target *t);
WG_DEFINE_AUTO(wg_reg_target, wg_reg_target_done);
// A target of one hive, which is borrowed. label: for messages. prefix: NULL when not known; then
// what is in the hive may say it.
void wg_reg_target_hive(wg_reg_target *t, wg_hive *h, const char *label, const char *prefix);

// New keys of the one hive get the descriptor that Windows would give them, as those of an image
// do; without this call a copy of their parent's.
void wg_reg_target_inherits(wg_reg_target *t);

// The hive a key is in (opened when it is not yet) and the key's path below its root (heap). origin
// begins messages; "" for none. USAGE: in no hive that can be changed (read, with reads_only), with
// the reason. NOT_FOUND: there is no such hive. FORMAT: a damaged one.
// Symbolic links on the way are followed, as Windows does; the last name's only with follow.
wg_code wg_reg_resolve(wg_reg_target *t, const char *key, bool view32, bool follow,
                       const char *origin, wg_reg_hive **out, char **out_path, wg_error *err);
// The name of the control set that starts next (Select\Default); false when this is no SYSTEM hive,
// or has no such set.
WG_MUST_CHECK bool wg_reg_control_set(const wg_hive *h, char out[16]);

#endif
