// SPDX-License-Identifier: Apache-2.0
// The merged tree as text: what a project file says with its overlay and --set values laid over it.
#ifndef WG_CONFIG_PRINT_H
#define WG_CONFIG_PRINT_H

#include "config/cfg.h"
#include "fmt/json/jsonw.h"

// YAML that reads back as the same tree, a line for each value with a comment that says where it
// comes from ("# config/production.yaml:3"). Variables are not filled in. c has a root.
void wg_cfg_write_yaml(const wg_cfg *c, wg_buf *out);
// The same as two members of an open JSON object: "project", the tree, and "origins", for each
// value a JSON pointer (RFC 6901) with "file", "line" and "column".
void wg_cfg_write_json(const wg_cfg *c, wg_jsonw *w);

#endif
