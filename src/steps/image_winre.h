// SPDX-License-Identifier: Apache-2.0
// The steps that change the recovery environment of an image, a WIM in it:
//
//   image/<name>/winre/base   Winre.wim, taken out of the base
//   image/<name>/winre        the same with the project's changes
//
// With indexes each has its own, image/<name>/winre/<index>; equal ones have equal keys, so that
// the work is done once.
#ifndef WG_STEPS_IMAGE_WINRE_H
#define WG_STEPS_IMAGE_WINRE_H

#include "engine/graph.h"
#include "project/project.h"

typedef struct wg_image_winre_plan {
  const wg_project *project;
  const wg_cfg_image *image; // of wg_cfg_image.serviced
  const char *base_image;    // which image of the base, NULL: it has just one
  const char *arch;
  wg_step *base_step; // whose output base_output is the base; NULL: it is the host's
  const char *base_output;
  wg_arena *memory; // keeps what the steps need to know; as all else it outlives the graph
} wg_image_winre_plan;

// *out has the output "image".
wg_code wg_image_winre_step(wg_graph *g, const wg_image_winre_plan *plan, wg_step **out,
                            wg_error *err);

#endif
