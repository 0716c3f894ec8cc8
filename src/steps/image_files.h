// The files of an image as the project asks for them: files:, and the shortcuts of its apps.
#ifndef WG_STEPS_IMAGE_FILES_H
#define WG_STEPS_IMAGE_FILES_H

#include "engine/graph.h"
#include "image/tree/change.h"
#include "project/project.h"

// Parameters and inputs ("file/N") that decide the changes. NOT_FOUND, IO, wrapped with the place.
wg_code wg_image_files_inputs(wg_step *step, const wg_project *project, const wg_cfg_image *image,
                              wg_error *err);
// All entries of files: as changes, in order. Errors as wg_image_changes_add_tree.
wg_code wg_image_files_changes(const wg_project *project, const wg_cfg_image *image,
                               wg_image_changes *out, wg_error *err);
// Start-menu shortcuts of the image's apps: the .lnk files are written into tmp_dir and put by
// changes. Parameters that decide them are part of wg_image_files_inputs. FORMAT, LIMIT: what no
// shortcut can be.
wg_code wg_image_shortcuts(const wg_cfg_image *image, const char *tmp_dir, wg_image_changes *out,
                           wg_error *err);

#endif
