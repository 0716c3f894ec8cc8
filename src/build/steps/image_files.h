// The files of an image as the project asks for them: files:, and the shortcuts of its apps.
#ifndef WG_BUILD_STEPS_IMAGE_FILES_H
#define WG_BUILD_STEPS_IMAGE_FILES_H

#include "build/graph.h"
#include "config/project.h"
#include "image/image.h"

// Parameters and inputs ("file/N") that decide the changes. NOT_FOUND, IO, wrapped with the place.
wg_code wg_image_files_inputs(wg_step *step, const wg_project *project, const wg_cfg_image *image,
                              wg_error *err);
// All entries of files: as changes, in order. Errors as wg_image_changes_add_tree.
wg_code wg_image_files_changes(const wg_project *project, const wg_cfg_image *image,
                               wg_image_changes *out, wg_error *err);

#endif
