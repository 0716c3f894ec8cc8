// Rules that take in more than one section.
#ifndef WG_PROJECT_ACROSS_H
#define WG_PROJECT_ACROSS_H

#include "config/cfg.h"
#include "project/project.h"

void wg_project_across(wg_cfg *c, wg_project *p);

#endif
