// The parts of the table of keys, for keys.c which puts them together.
#ifndef WG_CONFIG_KEYS_H
#define WG_CONFIG_KEYS_H

#include "config/key.h"

extern const char wg_cfg_windows_path_pattern[];
extern const wg_key wg_cfg_image_file_keys[];
extern const wg_key wg_cfg_shortcut_map;

#endif
