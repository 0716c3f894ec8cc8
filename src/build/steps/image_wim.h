// The step that writes a Windows image: a thin binding of src/image to the graph.
#ifndef WG_BUILD_STEPS_IMAGE_WIM_H
#define WG_BUILD_STEPS_IMAGE_WIM_H

#include "build/graph.h"
#include "config/project.h"

// Adds "image.wim" step "image/<name>" with the output "wim", which lives in
// <project>/out/<name>.wim. app_steps: the go.build step of each entry of image->apps, in order.
// arch: Go's name, "" when neither project nor base says. *out is owned by the graph. project and
// image outlive the graph, and so does memory, which keeps what the step needs to know.
wg_code wg_image_add_step(wg_graph *g, const wg_project *project, const wg_cfg_image *image,
                          wg_step *const *app_steps, const char *arch, wg_arena *memory,
                          wg_step **out, wg_error *err);

#endif
