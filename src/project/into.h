// SPDX-License-Identifier: Apache-2.0
// Images of the project that end in one file.
#ifndef WG_PROJECT_INTO_H
#define WG_PROJECT_INTO_H

#include "config/cfg.h"
#include "project/project.h"

// Tells files whose name is taken, and names that two images of one file would have.
void wg_into_rules(wg_cfg *c, const wg_project *p);
// The same of names that come from bases, which were looked at.
void wg_into_files(wg_cfg *c, const wg_project *p);

#endif
