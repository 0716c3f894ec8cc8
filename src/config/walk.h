// What the two halves of the walk share: walk.c has the collections, scalar.c the values.
#ifndef WG_CONFIG_WALK_H
#define WG_CONFIG_WALK_H

#include "config/internal.h"

#define WALK_PATH_BYTES 200

typedef struct walk {
  wg_cfg *c;
  char path[WALK_PATH_BYTES]; // "apps.agent.targets", for messages
  size_t path_n;
} walk;

// The field that lies at `at` (WG_AT) of the struct at base.
static inline void *walk_field(void *base, size_t at) {
  return (char *)base + (at - 1);
}

// Adds an error at a node, with the path in front.
void wg_walk_error(walk *w, const wg_yaml_node *at, const char *text, const char *hint);
// v is of a kind that the row doesn't take, or has no value.
void wg_walk_wrong_type(walk *w, const wg_key *row, const wg_yaml_node *v);
// t has failed its check: its why and hint at a node.
void wg_walk_check_failed(walk *w, const wg_yaml_node *at, const wg_cfg_text *t);
// A key or value that is not built yet.
void wg_walk_planned(walk *w, const wg_yaml_node *at, const char *name);
// A hint that shows the row's example; NULL when it has none.
const char *wg_walk_example(walk *w, const wg_key *row);
// The kind of node that the row takes.
wg_yaml_kind wg_walk_kind(const wg_key *row);
// Text that has passed the row's check, in its normal form; NULL after adding a fault.
const char *wg_walk_checked_text(walk *w, const wg_key *row, const wg_yaml_node *v);
// Checks a scalar and stores it in the struct at out.
void wg_walk_scalar(walk *w, const wg_key *row, const wg_yaml_node *v, void *out);

#endif
