// SPDX-License-Identifier: Apache-2.0
// The table of sections of the project file.
#ifndef WG_PROJECT_SECTIONS_H
#define WG_PROJECT_SECTIONS_H

#include "config/load.h"
#include "project/project.h"

extern const wg_cfg_lang wg_project_lang;

#endif
