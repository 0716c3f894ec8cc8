// SPDX-License-Identifier: Apache-2.0
// Two entries of an image that cannot both be done. A pure rule over what a project wants, for the
// project file's checks and for plans.
#ifndef WG_IMAGE_PART_CLASH_H
#define WG_IMAGE_PART_CLASH_H

#include "image/file/base.h"
#include "image/part/want.h"
#include "os/file.h"
#include "os/walk.h"

typedef enum wg_part_look { // how much of this machine's files is looked at
  WG_PART_LOOK_NOT,         // what `from` names may be a file or a folder: passed over
  WG_PART_LOOK_KIND,        // files; a folder's content is not listed
  WG_PART_LOOK_ALL,
} wg_part_look;

// Called for each fault: where, and what is wrong; hint may be NULL. Texts live for the call.
typedef void (*wg_part_fault)(void *ctx, wg_pos pos, const char *text, const char *hint);

// Tells every conflict (wg_image_changes_conflicts) of files:, programs of apps, their
// shortcuts and winre. With LOOK_ALL also all that cannot be put: names that Windows refuses,
// links. label begins each text ("images.kiosk"). NULL fields of the image are passed over.
// project_dir: what `from` is relative to. What is not there on this machine is passed over.
// base: NULL, or the image of a WIM that all of it is to be done to: what that one would refuse is
// told, too, where nothing else is wrong; a base that can't be read is told elsewhere.
// That is done in a child where there is a watch, else in this process.
// watch (may be NULL) is of the walks of LOOK_ALL; one that was stopped tells nothing.
void wg_part_find_clashes(const wg_cfg_image *image, const char *label, const char *project_dir,
                          wg_part_look look, const wg_image_base *base, const wg_walk_watch *watch,
                          wg_part_fault fault, void *ctx);

#endif
