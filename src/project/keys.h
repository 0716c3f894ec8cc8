// The table of keys.
#ifndef WG_PROJECT_KEYS_H
#define WG_PROJECT_KEYS_H

#include "config/load.h"
#include "project/project.h"

// The row of the whole file: a MAP whose struct is wg_project.
extern const wg_key wg_project_root_key;
// The project file, for the loader.
extern const wg_cfg_lang wg_project_lang;

// The parts of the table, for keys.c which puts them together.
extern const char wg_cfg_windows_path_pattern[];
extern const wg_key wg_cfg_image_file_keys[];
extern const wg_key wg_cfg_shortcut_map;
// Registry value's name -> data: wg_cfg_regvalue.
extern const wg_key_kind wg_key_regvalues;

#endif
