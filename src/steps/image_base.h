// SPDX-License-Identifier: Apache-2.0
// The step that packs an image's unmodified base in the format of an output, once for each base and
// format: a change of the project then costs only what changed.
#ifndef WG_STEPS_IMAGE_BASE_H
#define WG_STEPS_IMAGE_BASE_H

#include "engine/graph.h"
#include "image/file/base.h"
#include "project/project.h"

// Absolute path of a path in the project file; heap.
char *wg_image_host_path(const wg_project *p, const char *given);
// The base for src/image; path is borrowed.
wg_image_base wg_image_base_of(const wg_cfg_base *b, const char *path);
// Makes the base's file or tree an input named "base", and the other parts of a split WIM "base/2",
// ... Errors as wg_image_base_files.
wg_code wg_image_base_input(wg_step *step, const wg_project *project, const wg_cfg_base *base,
                            wg_error *err);
// The pin of the project file against the input "base". VERIFY.
wg_code wg_image_check_pin(wg_step_ctx *c, const wg_cfg_base *base, wg_error *err);
// Says in the step's facts what the base is: its path, which image of it, and of a file whose bytes
// are the step's input "base" (is_input) its SHA-256.
void wg_image_base_tell(wg_step_ctx *c, const wg_cfg_base *base, bool is_input);
// What writing an image of that format takes.
void wg_image_step_need(wg_step *step, wg_image_format format);
// How far work on an image is, as on_progress of src/image; ctx: the wg_step_ctx.
void wg_image_step_progress(void *ctx, const char *stage, uint64_t done, uint64_t total,
                            const char *unit);
// The step that comes before the image's own, shared by the images that need it. Where the base
// has not the format yet (has_format, of wg_image_looks_at): "base/<file>/<format>" with the
// output "base". Where it has, and is taken as it is: "base/<file>/verify" with the output
// "verified", which reads all of it once.
wg_code wg_image_base_step(wg_graph *g, const wg_project *project, const wg_cfg_image *image,
                           wg_image_format format, bool has_format, wg_arena *memory, wg_step **out,
                           wg_error *err);

#endif
