// SPDX-License-Identifier: Apache-2.0
// The parts of an image: the one table, above all domains, and a plan of them as a step of the
// graph.
#ifndef WG_STEPS_PARTS_H
#define WG_STEPS_PARTS_H

#include "engine/graph.h"
#include "image/part/part.h"

extern const wg_part_table wg_image_parts;

// What all parts plan; the graph keeps it. Errors as wg_part_plan_all.
wg_code wg_parts_plan(wg_graph *g, const wg_part_in *in, const wg_part_plan **out, wg_error *err);
// Makes the plan's text and inputs those of the step: each entry is a record of its key. of tells
// the plans of one step apart and goes before their names: "index 2: "; "" for the only one.
void wg_parts_add_to_step(wg_graph *g, wg_step *step, const wg_part_plan *plan, const char *of);
// The text for the worker, with the inputs as the step has them. out is initialised.
wg_code wg_parts_job(wg_step_ctx *c, const wg_part_plan *plan, const char *of, wg_buf *out,
                     wg_error *err);

#endif
