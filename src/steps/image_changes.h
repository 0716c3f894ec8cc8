// SPDX-License-Identifier: Apache-2.0
// What a project changes in an image and what came of it, in words and numbers, for the report.
#ifndef WG_STEPS_IMAGE_CHANGES_H
#define WG_STEPS_IMAGE_CHANGES_H

#include "engine/graph.h"
#include "image/part/plan.h"
#include "image/tree/result.h"

typedef struct wg_image_told_plan {
  const wg_part_plan *plan;
  const char *of; // goes before its entries: "index 2: "; "" for the only one
} wg_image_told_plan;

// Tells a table "changes": what is done to what, by which entry, where that stands. Values of the
// registry are not told: they may be secrets.
void wg_image_tell_changes(wg_step_ctx *c, const wg_image_told_plan *plans, size_t n);
// Tells numbers, what takes the room, and warnings.
void wg_image_tell_result(wg_step_ctx *c, const wg_image_result *r);

#endif
