// SPDX-License-Identifier: Apache-2.0
// What a project changes in an image, in words, for the report.
#ifndef WG_STEPS_IMAGE_CHANGES_H
#define WG_STEPS_IMAGE_CHANGES_H

#include "engine/graph.h"
#include "image/part/plan.h"

// Tells a table "changes": what is done to what, by which entry, where that stands. Values of the
// registry are not told: they may be secrets.
void wg_image_tell_changes(wg_step_ctx *c, const wg_part_plan *plan);

#endif
