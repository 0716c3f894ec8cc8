// SPDX-License-Identifier: Apache-2.0
// The step that cuts a WIM into the parts of a split one.
#ifndef WG_STEPS_IMAGE_SPLIT_H
#define WG_STEPS_IMAGE_SPLIT_H

#include "steps/image_plan.h"

// Adds "image/<name>/swm": out/<name>.swm, out/<name>2.swm, ... of the output "image" of wim.
wg_code wg_image_split_step(wg_graph *g, const wg_image_plan *plan, const wg_cfg_output *output,
                            wg_step *wim, wg_step **out, wg_error *err);

#endif
