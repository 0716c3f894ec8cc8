// SPDX-License-Identifier: Apache-2.0
// Inside of a plan; for plan.c, text.c and run.c.
#ifndef WG_IMAGE_PART_PLAN_INT_H
#define WG_IMAGE_PART_PLAN_INT_H

#include "image/part/plan.h"

typedef struct plan_part { // one whose turn it was
  const char *name;
  uint32_t version;
  int order;
  bool used; // it planned something
} plan_part;

typedef struct plan_item {
  wg_part_item item;
  int order; // of its part
} plan_item;

struct wg_part_plan {
  wg_arena arena;
  plan_part *parts;
  size_t n_parts, cap_parts;
  uint64_t *titles; // hashes of all titles, open-addressed; 0: free
  size_t n_titles, cap_titles;
  size_t turn; // of parts: whose items are added
  plan_item *items;
  size_t n_items, cap_items;
  wg_part_input *inputs;
  size_t n_inputs, cap_inputs;
  wg_part_secret *secrets;
  size_t n_secrets, cap_secrets;
};

// Whether a part of that name planned something.
bool wg_plan_used(const wg_part_plan *p, const char *part);
// A new item in its place, all zero but kind, part, title and origin.
wg_part_item *wg_plan_add(wg_part_plan *p, wg_part_item_kind kind, const char *title,
                          const char *origin);

#endif
