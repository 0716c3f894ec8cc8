// SPDX-License-Identifier: Apache-2.0
// What people want of the choice beside Windows' ranks.
#ifndef WG_DRIVER_MATCH_RULES_H
#define WG_DRIVER_MATCH_RULES_H

#include "base/bytes.h"

// Which packages: all that is said of one must hold.
typedef struct wg_drv_which {
  const char *path;       // a pattern of its INF, or of a folder it is in; NULL
  const char *provider;   // a pattern; NULL
  const char *class_name; // a pattern; NULL
  bool has_min, has_max;
  uint16_t min[4], max[4]; // versions, both included; of the maximum unsaid parts are the highest
} wg_drv_which;

typedef struct wg_drv_pin {
  const char *device; // a pattern of one of its ids, or of its instance path
  wg_drv_which which;
} wg_drv_pin;

typedef struct wg_drv_rules {
  const wg_drv_pin *pins; // such a device gets of these or none
  size_t n_pins;
  const wg_drv_which *excludes; // are not looked at
  size_t n_excludes;
  const char *const *only; // names of INF files: none but these is looked at; none: all
  size_t n_only;
  const wg_drv_which *prefers; // come before all others that fit, the first rule first
  size_t n_prefers;
  // The machine: what is below a folder byModel/<vendor>/<model> is for that one alone and comes
  // first; "" when it is not known, then none of these is looked at.
  wg_str vendor, model;
} wg_drv_rules;

typedef struct wg_drv_facts { // of a package, for rules
  const char *path;           // of its INF, below the root, '/' between names
  const char *provider, *class_name;
  const uint16_t *version; // four parts
} wg_drv_facts;

// "net/intel", "provider=Intel*,version=20.0..21.9", "class=Net,path=old/**". The texts are cut out
// of a copy in the arena. USAGE with the cause.
wg_code wg_drv_which_parse(const char *text, wg_arena *arena, wg_drv_which *out, wg_error *err);
// "DEVICE=DRIVERS": the device up to the first '='.
wg_code wg_drv_pin_parse(const char *text, wg_arena *arena, wg_drv_pin *out, wg_error *err);
bool wg_drv_which_is(const wg_drv_which *w, const wg_drv_facts *f);
// Whether it is one of the names, whatever the letter case.
bool wg_drv_is_named(const char *const *names, size_t n, const char *inf);
// 0: no folder byModel is in the path; 1: that of the machine; -1: another's.
int wg_drv_by_model(const wg_drv_rules *rules, const char *path);
// A pattern with '*' and '?', where '*' is any text, separators too; letter case ignored.
bool wg_drv_like(const char *pattern, wg_str text);

#endif
