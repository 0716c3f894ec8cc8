// SPDX-License-Identifier: Apache-2.0
// Text rules of keys: each sets why and hint on failure.
#ifndef WG_PROJECT_VALUES_H
#define WG_PROJECT_VALUES_H

#include "config/key.h"

// Patterns of some of them, for editors.
extern const char wg_cfg_name_pattern[];
extern const char wg_cfg_windows_path_pattern[];

bool wg_cfg_check_name(wg_cfg_text *t);
bool wg_cfg_check_app_name(wg_cfg_text *t); // also a file name on Windows
bool wg_cfg_check_release(wg_cfg_text *t);
bool wg_cfg_check_file_version(wg_cfg_text *t); // value: four numbers
bool wg_cfg_check_go(wg_cfg_text *t);
bool wg_cfg_check_main(wg_cfg_text *t);
bool wg_cfg_check_tag(wg_cfg_text *t);
bool wg_cfg_check_ldflag(wg_cfg_text *t);
bool wg_cfg_check_env_name(wg_cfg_text *t);
bool wg_cfg_check_var_name(wg_cfg_text *t);
bool wg_cfg_check_sha256(wg_cfg_text *t); // value: lower case
bool wg_cfg_check_base_image(wg_cfg_text *t);
bool wg_cfg_check_into(wg_cfg_text *t); // a safe name that ends in .wim or .esd
bool wg_cfg_check_host_path(wg_cfg_text *t);
bool wg_cfg_check_reg_key(wg_cfg_text *t);
bool wg_cfg_check_reg_delete(wg_cfg_text *t);
bool wg_cfg_check_service_name(wg_cfg_text *t);
bool wg_cfg_check_ports(wg_cfg_text *t);
bool wg_cfg_check_firewall_name(wg_cfg_text *t);
bool wg_cfg_check_reg_env(wg_cfg_text *t); // name of an environment variable of a service
bool wg_cfg_check_windows_path(wg_cfg_text *t);
bool wg_cfg_check_owner(wg_cfg_text *t);
bool wg_cfg_check_sddl(wg_cfg_text *t);
bool wg_cfg_check_windows_name(wg_cfg_text *t);  // one component of a path
bool wg_cfg_check_shortcut_path(wg_cfg_text *t); // C:\... or %VARIABLE%\...

#endif
