// SPDX-License-Identifier: Apache-2.0
// What the steps of one image are made from.
#ifndef WG_STEPS_IMAGE_PLAN_H
#define WG_STEPS_IMAGE_PLAN_H

#include "engine/graph.h"
#include "image/file/base.h"
#include "project/project.h"

typedef struct wg_image_one { // an image of the base, and what is done to it
  const wg_cfg_image *image;  // of wg_cfg_image.serviced
  // Identity of the go.build step of each entry of image->apps, in order.
  const char *const *app_steps;
  const char *arch;         // Go's name, "" when neither project nor base says
  const char *base_image;   // which one, as the base knows it; NULL: it has just one
  wg_image_base_facts base; // of a file or folder; not of another base
} wg_image_one;

typedef struct wg_image_plan {
  const wg_project *project; // project, image and memory outlive the graph
  const wg_cfg_image *image;
  const wg_image_one *ones; // by image->serviced; outlive the graph
  size_t n_ones;
  bool alias;       // the bare name is a target
  wg_arena *memory; // keeps what the steps need to know
} wg_image_plan;

#endif
