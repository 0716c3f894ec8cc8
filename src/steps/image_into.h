// SPDX-License-Identifier: Apache-2.0
// The step that puts several images of the project into one file: image/<file>.
#ifndef WG_STEPS_IMAGE_INTO_H
#define WG_STEPS_IMAGE_INTO_H

#include "steps/image_plan.h"

// Which image of its step's output it is: by the name or number that it has there. In memory, or
// borrowed from one; NULL when memory is full.
const char *wg_image_in_output(const wg_image_one *one, wg_arena *memory);

// Adds the steps of all files that images of the project say they go into. ones: by image of the
// project, and what those are made of has its steps already. alias: by image, whether the bare name
// is a target. What is handed in outlives the graph, but for alias.
wg_code wg_image_into_steps(wg_graph *g, const wg_project *project, const wg_image_one *const *ones,
                            const bool *alias, wg_arena *memory, wg_error *err);

#endif
