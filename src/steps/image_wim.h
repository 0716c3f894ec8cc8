// SPDX-License-Identifier: Apache-2.0
// The steps that make a Windows image: a thin binding of src/image to the graph.
//
//   base/<file>/<format>   the unchanged base, packed once (image_base.h)
//   image/<name>/<format>  the base with the project's changes: out/<name>.wim or .esd
//   image/<name>/swm       the WIM in parts (image_split.h)
//   image/<name>/winre     the recovery environment in it (image_winre.h)
#ifndef WG_STEPS_IMAGE_WIM_H
#define WG_STEPS_IMAGE_WIM_H

#include "steps/image_plan.h"

// Adds the steps of all outputs of an image. IO, NOT_FOUND, FORMAT for a base that can't be read.
wg_code wg_image_add_steps(wg_graph *g, const wg_image_plan *plan, wg_error *err);

#endif
