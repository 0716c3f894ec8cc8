// Rules that take in more than one section.
#ifndef WG_PROJECT_ACROSS_H
#define WG_PROJECT_ACROSS_H

#include "config/cfg.h"
#include "project/project.h"

void wg_project_across(wg_cfg *c, wg_project *p);
// After the file checks of all sections: what takes the contents of folders, or what a base said.
void wg_project_across_files(wg_cfg *c, const wg_project *p);

// For across_files.c: whether each app of the image has a target of that architecture.
void wg_across_targets(wg_cfg *c, const wg_project *p, const wg_cfg_image *img, const char *arch);

#endif
