// SPDX-License-Identifier: Apache-2.0
// What differs between two hives: keys, values, descriptors, classes; and what that means for
// services.
#ifndef WG_IMAGE_REG_REGDIFF_H
#define WG_IMAGE_REG_REGDIFF_H

#include "fmt/regf/regf.h"
#include "image/reg/value.h"

typedef enum wg_regdiff_what {
  WG_REGDIFF_KEY, // only one side has it, with all below
  WG_REGDIFF_VALUE,
  WG_REGDIFF_DESCRIPTOR,
  WG_REGDIFF_CLASS,
  WG_REGDIFF_FLAGS, // symbolic link or not, layer semantics
  WG_REGDIFF_TIME,
} wg_regdiff_what;

typedef struct wg_regdiff_item {
  wg_regdiff_what what;
  const wg_regkey *a, *b;     // NULL: that side has no such key
  const wg_regvalue *va, *vb; // VALUE; NULL: that side has no such value
} wg_regdiff_item;

typedef struct wg_regdiff {
  const wg_hive *a, *b;
  bool times;                                           // last-written times count, too
  void (*sink)(void *ctx, const wg_regdiff_item *item); // NULL: only counted
  void *ctx;
  uint64_t n_added, n_removed, n_changed; // counted by the calls below, from what they held
} wg_regdiff;

// Gives each difference of the two hives to sink, parents first, by name.
void wg_regdiff_hives(wg_regdiff *d);
// The same of two keys, one of each hive, and all below them.
void wg_regdiff_keys(wg_regdiff *d, const wg_regkey *a, const wg_regkey *b);

// --- services of a SYSTEM hive, of the control set that starts next
typedef struct wg_service_field {
  const char *name;                // "start", "account", "command", or a value's own name
  const char *old_text, *new_text; // NULL: not there
} wg_service_field;
typedef struct wg_service_change {
  const char *name;
  bool added, removed; // neither: changed
  bool driver;
  const wg_service_field *fields; // of an added or removed one: all that are known
  size_t n_fields;
} wg_service_change;
// False when a hive has no Select\Default and ControlSetNNN\Services: it is not SYSTEM. In the
// order of names; everything lives in the arena.
bool wg_services_diff(const wg_hive *a, const wg_hive *b, wg_arena *arena, wg_service_change **out,
                      size_t *out_n);

#endif
