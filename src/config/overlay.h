// SPDX-License-Identifier: Apache-2.0
// One tree of YAML laid over another.
#ifndef WG_CONFIG_OVERLAY_H
#define WG_CONFIG_OVERLAY_H

#include "config/cfg.h"

// over laid on base; null in over deletes, "+key: [...]" adds to the list of that key. base may be
// NULL.
const wg_yaml_node *wg_cfg_merge(wg_cfg *c, const wg_yaml_node *base, const wg_yaml_node *over,
                                 bool is_set);
// The tree that "a.b.c=value" stands for; NULL after adding a fault.
const wg_yaml_node *wg_cfg_parse_set(wg_cfg *c, const char *set, uint32_t source);

#endif
