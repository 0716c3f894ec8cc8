// SPDX-License-Identifier: Apache-2.0
// YAML checked against rows: walk.c has the collections, scalar.c the values.
#ifndef WG_CONFIG_WALK_H
#define WG_CONFIG_WALK_H

#include "config/key.h"

#define WG_WALK_PATH_BYTES 200

typedef struct wg_walk {
  wg_cfg *c;
  char path[WG_WALK_PATH_BYTES]; // "apps.agent.targets", for messages
  size_t path_n;
} wg_walk;

// Adds an error at a node, with the path in front.
void wg_walk_error(wg_walk *w, const wg_yaml_node *at, const char *text, const char *hint);
// v is of a kind that the row doesn't take, or has no value.
void wg_walk_wrong_type(wg_walk *w, const wg_key *row, const wg_yaml_node *v);
// t has failed its check: its why and hint at a node.
void wg_walk_check_failed(wg_walk *w, const wg_yaml_node *at, const wg_cfg_text *t);
// A key or value that is not built yet.
void wg_walk_planned(wg_walk *w, const wg_yaml_node *at, const char *name);
// A hint that shows the row's example; NULL when it has none.
const char *wg_walk_example(wg_walk *w, const wg_key *row);
// The kind of node that the row takes.
wg_yaml_kind wg_walk_kind(const wg_key *row);
// Text that has passed the row's check, in its normal form; NULL after adding a fault.
const char *wg_walk_checked_text(wg_walk *w, const wg_key *row, const wg_yaml_node *v);
// Checks a scalar and stores it in the struct at out.
void wg_walk_scalar(wg_walk *w, const wg_key *row, const wg_yaml_node *v, void *out);

// Checks root against the row (a MAP) and fills the struct at out.
void wg_cfg_walk(wg_cfg *c, const wg_key *row, const wg_yaml_node *root, void *out);

#endif
