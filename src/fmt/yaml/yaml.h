// SPDX-License-Identifier: Apache-2.0
// YAML text to a tree of our own nodes, each with its line and column. Over libfyaml's event
// parser; libfyaml never prints. Aliases share nodes: the size of the tree with all aliases written
// out is what the node budget counts, so a walk of the tree is bounded by it. Source of the format:
// YAML 1.2.2; merge keys: yaml.org/type/merge.html.
#ifndef WG_FMT_YAML_H
#define WG_FMT_YAML_H

#include "base/bytes.h"

typedef enum wg_yaml_kind {
  WG_YAML_SCALAR,
  WG_YAML_LIST,
  WG_YAML_MAP
} wg_yaml_kind;

typedef enum wg_yaml_style { // of a scalar; flow or block of a collection is not kept
  WG_YAML_PLAIN,
  WG_YAML_SINGLE, // 'x'
  WG_YAML_DOUBLE, // "x"
  WG_YAML_BLOCK   // | or >
} wg_yaml_style;

typedef struct wg_yaml_node wg_yaml_node;

typedef struct wg_yaml_pair {
  const wg_yaml_node *key; // always a scalar
  const wg_yaml_node *value;
} wg_yaml_pair;

struct wg_yaml_node {
  wg_yaml_kind kind;
  wg_yaml_style style; // a plain scalar with the tag !!str counts as WG_YAML_SINGLE
  uint32_t source;     // as given to wg_yaml_parse
  uint32_t line, col;  // 1-based; columns count characters
  uint32_t weight;     // nodes of this subtree, aliases written out
  const char *text;    // scalar: content, NUL-terminated, never with a NUL inside; else NULL
  size_t n;            // scalar: bytes of text; list: items; map: pairs
  const wg_yaml_node *const *items;
  const wg_yaml_pair *pairs; // in file order, keys unique; merged-in pairs (<<) last
};

typedef struct wg_yaml_fault {
  uint32_t line, col;
  const char *text; // one line, without the position
  const char *hint; // NULL when there is none
} wg_yaml_fault;

typedef struct wg_yaml_limits {
  uint32_t max_bytes; // of the text
  uint32_t max_depth; // of nested collections, 1..60
  uint32_t max_nodes; // with all aliases written out
} wg_yaml_limits;

#define WG_YAML_DEFAULT_LIMITS                                                                     \
  { .max_bytes = 1U << 20, .max_depth = 40, .max_nodes = 50000 }

typedef struct wg_yaml_doc {
  const wg_yaml_node *root; // NULL when the text has no document, or when it can't be read
  const wg_yaml_fault *faults;
  size_t n_faults;
} wg_yaml_doc;

// Parses one document. Everything in *out lives in arena; bytes need not outlive the call.
// source is copied to every node. Text that is no YAML gives FORMAT (a limit: LIMIT) and the faults
// that were found, the first of which *err has too; root is NULL, or where each is a mistake that
// people make, what was probably meant: good for finding more faults. Faults that leave the tree
// usable (a key twice: the first one stays; a tag nobody knows; an alias of nothing; a merge of
// something that is no map) give WG_OK with n_faults > 0. NOMEM, and LIMIT for the arena's ceiling,
// leave *out empty.
wg_code wg_yaml_parse(wg_str bytes, const wg_yaml_limits *limits, uint32_t source, wg_arena *arena,
                      wg_yaml_doc *out, wg_error *err);

// The value of key in a map; NULL when absent or not a map.
const wg_yaml_node *wg_yaml_get(const wg_yaml_node *map, const char *key);
// A plain null, ~ or nothing.
bool wg_yaml_is_null(const wg_yaml_node *n);
// A plain scalar of YAML 1.2's core schema: true/True/TRUE or false/...
bool wg_yaml_is_bool(const wg_yaml_node *n, bool *out);
// A plain scalar that is an integer or a float in the core schema.
bool wg_yaml_is_number(const wg_yaml_node *n);

#endif
