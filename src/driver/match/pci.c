// SPDX-License-Identifier: Apache-2.0
#include "driver/match/pci.h"

#include <string.h>

// "PCI\VEN_8086&DEV_15D7" or with "&REV_21" behind it.
static bool is_plain(wg_str id) {
  static const char form[] = "PCI\\VEN_????&DEV_????&REV_??";
  size_t n = sizeof("PCI\\VEN_????&DEV_????") - 1;
  if (id.n != n && id.n != sizeof(form) - 1) {
    return false;
  }
  for (size_t i = 0; i < id.n; i++) {
    char c = id.p[i] >= 'a' && id.p[i] <= 'z' ? (char)(id.p[i] - 'a' + 'A') : id.p[i];
    if (form[i] != '?' && form[i] != c) {
      return false;
    }
  }
  return true;
}

static bool has_subsystem(wg_str id) {
  for (size_t i = 0; i + 7 <= id.n; i++) {
    if (wg_str_eq_nocase((wg_str){id.p + i, 7}, "&SUBSYS")) {
      return true;
    }
  }
  return false;
}

typedef struct pc_list {
  wg_str *v;
  uint32_t n;
} pc_list;

// Takes those of a list that are plain, or that are not.
static void pc_take(pc_list *to, const wg_str *from, uint32_t n, bool plain) {
  for (uint32_t i = 0; i < n; i++) {
    if (is_plain(from[i]) == plain) {
      to->v[to->n++] = from[i];
    }
  }
}

bool wg_drv_pci_as(const wg_hw_device *d, bool windows10, wg_arena *arena, wg_hw_device *out) {
  uint32_t misplaced = 0, subsystems = 0;
  const wg_str *wrong = windows10 ? d->hardware_ids : d->compatible_ids;
  uint32_t n_wrong = windows10 ? d->n_hardware : d->n_compatible;
  *out = *d;
  for (uint32_t i = 0; i < n_wrong; i++) {
    misplaced += is_plain(wrong[i]);
  }
  while (subsystems < d->n_hardware && has_subsystem(d->hardware_ids[subsystems])) {
    subsystems++;
  }
  // A lone id that somebody wrote down is what was said: only whole lists are set in order.
  if (misplaced == 0 || subsystems == 0) {
    return true;
  }
  size_t room = (size_t)d->n_hardware + d->n_compatible;
  pc_list hw = {.v = wg_arena_new_array(arena, wg_str, room)};
  pc_list co = {.v = wg_arena_new_array(arena, wg_str, room)};
  if (hw.v == NULL || co.v == NULL) {
    return false;
  }
  if (windows10) {
    pc_take(&hw, d->hardware_ids, d->n_hardware, false);
    pc_take(&co, d->hardware_ids, d->n_hardware, true);
    pc_take(&co, d->compatible_ids, d->n_compatible, true);
    pc_take(&co, d->compatible_ids, d->n_compatible, false);
  } else {
    memcpy(hw.v, d->hardware_ids, subsystems * sizeof(*hw.v));
    hw.n = subsystems;
    pc_take(&hw, d->hardware_ids, d->n_hardware, true);
    pc_take(&hw, d->compatible_ids, d->n_compatible, true);
    pc_take(&hw, d->hardware_ids + subsystems, d->n_hardware - subsystems, false);
    pc_take(&co, d->compatible_ids, d->n_compatible, false);
  }
  out->hardware_ids = hw.v;
  out->n_hardware = hw.n;
  out->compatible_ids = co.v;
  out->n_compatible = co.n;
  return true;
}
