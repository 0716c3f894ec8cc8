// The registry of an image as the project asks for it: registry:, and what its apps need.
#ifndef WG_STEPS_IMAGE_REGISTRY_H
#define WG_STEPS_IMAGE_REGISTRY_H

#include "engine/graph.h"
#include "image/reg/service.h"
#include "project/project.h"

// Parameters and inputs (.reg files, labelled "registry/N") that decide the edits. CONFIG for what
// an app's service cannot be.
wg_code wg_image_registry_inputs(wg_step *step, const wg_project *project,
                                 const wg_cfg_image *image, wg_error *err);
// All edits in order: apps' first, then registry:. Reads the .reg files. out is initialised.
wg_code wg_image_registry_edits(const wg_project *project, const wg_cfg_image *image,
                                wg_reg_edits *out, wg_error *err);
// Windows path of an app's program in the image; heap.
char *wg_image_app_program(const wg_cfg_image_app *a);

#endif
