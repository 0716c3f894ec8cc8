// SPDX-License-Identifier: Apache-2.0
// Bytes -> YAML tree. Every node is touched; limits hold; places lie inside the text.
#include "../fuzz.h"
#include "../libfyaml.h"
#include "fmt/yaml/yaml.h"

static uint64_t fuzz_weight(const wg_yaml_node *n, const wg_yaml_limits *limits, unsigned depth,
                            size_t n_bytes) {
  wg_assert(depth <= limits->max_depth);
  wg_assert(n->line >= 1 && n->col >= 1 && n->line <= n_bytes + 1 && n->col <= n_bytes + 1);
  uint64_t weight = 1;
  if (n->kind == WG_YAML_SCALAR) {
    wg_assert(strlen(n->text) == n->n);
    bool b = false;
    wg_assert(!(wg_yaml_is_bool(n, &b) && wg_yaml_is_number(n)));
    wg_assert(!(wg_yaml_is_null(n) && wg_yaml_is_number(n)));
  } else if (n->kind == WG_YAML_LIST) {
    for (size_t i = 0; i < n->n; i++) {
      weight += fuzz_weight(n->items[i], limits, depth + 1, n_bytes);
    }
  } else {
    for (size_t i = 0; i < n->n; i++) {
      wg_assert(n->pairs[i].key->kind == WG_YAML_SCALAR);
      wg_assert(wg_yaml_get(n, n->pairs[i].key->text) == n->pairs[i].value); // keys are unique
      weight += fuzz_weight(n->pairs[i].key, limits, depth + 1, n_bytes) +
                fuzz_weight(n->pairs[i].value, limits, depth + 1, n_bytes);
    }
  }
  wg_assert(weight == n->weight);
  return weight;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  fuzz_input in;
  fuzz_begin(&in, data, size);
  wg_arena arena;
  wg_arena_init(&arena, &in.alloc, (size_t)64 << 20);
  wg_yaml_limits limits = {.max_bytes = 1U << 20, .max_depth = 20, .max_nodes = 2000};
  wg_yaml_doc doc;
  wg_error err = WG_ERROR_INIT;
  wg_code code = wg_yaml_parse((wg_str){(const char *)in.p, in.n}, &limits, 7, &arena, &doc, &err);
  wg_assert(code == WG_OK || code == WG_E_FORMAT || code == WG_E_LIMIT || code == WG_E_NOMEM);
  wg_assert(code == WG_OK || code == WG_E_FORMAT || doc.root == NULL);
  wg_assert(code != WG_E_FORMAT || doc.n_faults > 0);
  for (size_t i = 0; i < doc.n_faults; i++) {
    wg_assert(doc.faults[i].line >= 1 && doc.faults[i].col >= 1 && doc.faults[i].text[0] != '\0');
  }
  if (doc.root != NULL) {
    // What was probably meant is a little longer than what is there.
    uint64_t weight = fuzz_weight(doc.root, &limits, 0, code == WG_OK ? in.n : 2 * in.n + 4096);
    wg_assert(weight <= 2 * (uint64_t)limits.max_nodes);
  }
  wg_arena_done(&arena);
  fuzz_end(&in);
  return 0;
}
