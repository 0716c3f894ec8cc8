// SPDX-License-Identifier: Apache-2.0
// Rules that take in more than one section.
#ifndef WG_PROJECT_ACROSS_H
#define WG_PROJECT_ACROSS_H

#include "config/cfg.h"
#include "project/project.h"

void wg_project_across(wg_cfg *c, wg_project *p);
// After the file checks of all sections: what a base said.
void wg_project_across_files(wg_cfg *c, const wg_project *p);

#endif
