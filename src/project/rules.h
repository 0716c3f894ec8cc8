// What one key alone can't tell.
#ifndef WG_PROJECT_RULES_H
#define WG_PROJECT_RULES_H

#include "config/cfg.h"
#include "project/project.h"

// The project as far as it is understood.
static inline wg_project *wg_project_model(const wg_cfg *c) {
  return c->model;
}

void wg_cfg_rules(wg_cfg *c, wg_project *p);
// Entries of an image's files: keys that don't belong together, what projects may not touch.
void wg_cfg_rules_files(wg_cfg *c, const wg_cfg_image *img);

#endif
