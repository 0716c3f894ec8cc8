// SPDX-License-Identifier: Apache-2.0
#include "config/overlay.h"

#include <string.h>

#include "base/near.h"

static const wg_yaml_node *overlay_map(wg_cfg *c, const wg_yaml_node *base, wg_yaml_pair *pairs,
                                       size_t n) {
  wg_yaml_node *m = wg_cfg_alloc(c, 1, sizeof(*m));
  *m = *base;
  m->kind = WG_YAML_MAP;
  m->pairs = pairs;
  m->n = n;
  return m;
}

static size_t overlay_find(const wg_yaml_pair *pairs, size_t n, const char *key) {
  size_t i = 0;
  while (i < n && strcmp(pairs[i].key->text, key) != 0) {
    i++;
  }
  return i;
}

static void overlay_nothing_to_delete(wg_cfg *c, const wg_yaml_pair *pairs, size_t n,
                                      const wg_yaml_node *key) {
  const char **names = wg_cfg_alloc(c, n, sizeof(*names));
  for (size_t i = 0; i < n; i++) {
    names[i] = pairs[i].key->text;
  }
  const char *near = wg_nearest(key->text, names, n);
  wg_cfg_add_fault(
      c, WG_FAULT_WARNING, wg_cfg_pos(c, key),
      wg_cfg_printf(c, "'%s' is null, which deletes a key, and there is none to delete", key->text),
      near != NULL ? wg_cfg_printf(c, "did you mean '%s'?", near)
                   : "check the spelling, or remove the line");
}

static const char *overlay_kind(const wg_yaml_node *v) {
  return v->kind == WG_YAML_MAP ? "a map" : v->kind == WG_YAML_LIST ? "a list" : "a single value";
}

// "+key: [...]": the key without its sign; NULL for any other.
static const char *overlay_added_key(const wg_yaml_node *key) {
  return key->text[0] == '+' && key->text[1] != '\0' ? key->text + 1 : NULL;
}

// The items of base (a list, or NULL) with those of p behind them; NULL after adding a fault.
static const wg_yaml_node *overlay_add_items(wg_cfg *c, const wg_yaml_node *base, wg_yaml_pair p) {
  const char *name = overlay_added_key(p.key);
  if (p.value->kind != WG_YAML_LIST) {
    wg_cfg_error(
        c, wg_cfg_pos(c, p.value),
        wg_cfg_printf(c, "'+%s' adds to a list, and this is %s", name, overlay_kind(p.value)),
        wg_cfg_printf(c, "write it as a list: '+%s: [...]'", name));
    return NULL;
  }
  if (base == NULL || wg_yaml_is_null(base)) {
    return p.value;
  }
  if (base->kind != WG_YAML_LIST) {
    wg_pos pos = wg_cfg_pos(c, base);
    wg_cfg_error(c, wg_cfg_pos(c, p.key),
                 wg_cfg_printf(c, "'+%s' adds to a list, and '%s' (%s:%u) is %s", name, name,
                               pos.file, (unsigned)pos.line, overlay_kind(base)),
                 base->kind == WG_YAML_MAP ? "maps merge as they are: leave out the '+'"
                                           : "leave out the '+' to replace the value");
    return NULL;
  }
  // NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers
  const wg_yaml_node **items = wg_cfg_alloc(c, base->n + p.value->n, sizeof(*items));
  for (size_t i = 0; i < base->n + p.value->n; i++) {
    items[i] = i < base->n ? base->items[i] : p.value->items[i - base->n];
  }
  wg_yaml_node *list = wg_cfg_alloc(c, 1, sizeof(*list));
  *list = *base;
  list->items = items;
  list->n = base->n + p.value->n;
  return list;
}

// --set into something that has no keys.
static void overlay_no_map(wg_cfg *c, const wg_yaml_node *base, const wg_yaml_node *key) {
  bool list = base->kind == WG_YAML_LIST;
  wg_cfg_add_fault(c, WG_FAULT_ERROR, wg_cfg_pos(c, key),
                   wg_cfg_printf(c, "--set goes into '%s' of something that is %s", key->text,
                                 list ? "a list" : "a single value"),
                   list ? "set the whole list: --set 'key=[a, b]'" : "set the value itself");
}

// Lays "+key: [...]" over the n pairs that there are (with room for one more).
static size_t overlay_added(wg_cfg *c, wg_yaml_pair *pairs, size_t n, wg_yaml_pair p) {
  size_t at = overlay_find(pairs, n, overlay_added_key(p.key));
  const wg_yaml_node *list = overlay_add_items(c, at < n ? pairs[at].value : NULL, p);
  if (list == NULL) {
    return n;
  }
  wg_yaml_node *key = wg_cfg_alloc(c, 1, sizeof(*key));
  *key = *p.key;
  key->text++;
  key->n--;
  pairs[at] = (wg_yaml_pair){at < n ? pairs[at].key : key, list};
  return at < n ? n : n + 1;
}

// Lays one pair of an overlay over the n pairs that there are (with room for one more).
static size_t overlay_pair(wg_cfg *c, wg_yaml_pair *pairs, size_t n, wg_yaml_pair p, bool is_set) {
  if (overlay_added_key(p.key) != NULL) {
    return overlay_added(c, pairs, n, p);
  }
  size_t at = overlay_find(pairs, n, p.key->text);
  if (!wg_yaml_is_null(p.value)) {
    const wg_yaml_node *old = at < n ? pairs[at].value : NULL;
    const wg_yaml_node *merged = wg_cfg_merge(c, old, p.value, is_set);
    pairs[at] = (wg_yaml_pair){at < n ? pairs[at].key : p.key, merged}; // the key keeps its place
    return at < n ? n : n + 1;
  }
  if (at == n) {
    overlay_nothing_to_delete(c, pairs, n, p.key);
    return n;
  }
  memmove(&pairs[at], &pairs[at + 1], (n - at - 1) * sizeof(*pairs));
  return n - 1;
}

const wg_yaml_node *wg_cfg_merge(wg_cfg *c, const wg_yaml_node *base, const wg_yaml_node *over,
                                 bool is_set) {
  if (over->kind != WG_YAML_MAP) {
    return over;
  }
  bool base_is_map = base != NULL && base->kind == WG_YAML_MAP;
  bool in_the_way = base != NULL && !base_is_map && !wg_yaml_is_null(base);
  if (is_set && in_the_way && over->n > 0) {
    overlay_no_map(c, base, over->pairs[0].key);
    return base;
  }
  size_t n = base_is_map ? base->n : 0;
  wg_yaml_pair *pairs = wg_cfg_alloc(c, n + over->n, sizeof(*pairs));
  if (n > 0) {
    memcpy(pairs, base->pairs, n * sizeof(*pairs));
  }
  for (size_t i = 0; i < over->n; i++) {
    const char *added = overlay_added_key(over->pairs[i].key);
    if (added != NULL && wg_yaml_get(over, added) != NULL) {
      wg_cfg_error(c, wg_cfg_pos(c, over->pairs[i].key),
                   wg_cfg_printf(c, "'%s' replaces the list that '+%s' adds to", added, added),
                   "write one of the two");
      continue;
    }
    n = overlay_pair(c, pairs, n, over->pairs[i], is_set);
  }
  return overlay_map(c, base_is_map ? base : over, pairs, n);
}

static wg_yaml_node *overlay_key(wg_cfg *c, const char *set, size_t from, size_t to,
                                 uint32_t source) {
  wg_yaml_node *k = wg_cfg_alloc(c, 1, sizeof(*k));
  *k = (wg_yaml_node){.kind = WG_YAML_SCALAR,
                      .style = WG_YAML_DOUBLE,
                      .source = source,
                      .line = 1,
                      .col = (uint32_t)from + 1,
                      .weight = 1,
                      .text = wg_cfg_printf(c, "%.*s", (int)(to - from), set + from),
                      .n = to - from};
  return k;
}

#define SET_MAX_DEPTH 16
#define SET_MAX_BYTES 65536

static const wg_yaml_node *overlay_set_fault(wg_cfg *c, uint32_t source, const char *text) {
  wg_cfg_add_fault(c, WG_FAULT_ERROR, (wg_pos){c->sources[source], 1, 1}, text,
                   "write it like --set apps.agent.mod=vendor; a name with a dot in quotes: "
                   "apps.\"a.b\".mod");
  return NULL;
}

// Splits the part before '='. Segments are apart by dots; one in double quotes may have dots.
static const wg_yaml_node *overlay_set_keys(wg_cfg *c, const char *set, size_t eq, uint32_t source,
                                            wg_yaml_node **keys, size_t *out_n) {
  size_t at = 0, n = 0;
  for (;;) {
    bool quoted = set[at] == '"';
    size_t from = at + (quoted ? 1 : 0);
    size_t to = from;
    while (to < eq && set[to] != (quoted ? '"' : '.')) {
      to++;
    }
    at = to + (quoted ? 1 : 0);
    if (to == from || n == SET_MAX_DEPTH || at > eq || (at < eq && set[at] != '.')) {
      return overlay_set_fault(c, source,
                               wg_cfg_printf(c, "--set %.100s: not a path of keys", set));
    }
    keys[n++] = overlay_key(c, set, from, to, source);
    if (at == eq) {
      break;
    }
    at++;
  }
  *out_n = n;
  return keys[0];
}

const wg_yaml_node *wg_cfg_parse_set(wg_cfg *c, const char *set, uint32_t source) {
  size_t len = strlen(set);
  size_t eq = wg_str_find(wg_str_of(set), '=');
  wg_yaml_node *keys[SET_MAX_DEPTH];
  size_t n = 0;
  if (eq == len || len > SET_MAX_BYTES) {
    return overlay_set_fault(c, source, wg_cfg_printf(c, "--set %.100s: there is no '='", set));
  }
  if (overlay_set_keys(c, set, eq, source, keys, &n) == NULL) {
    return NULL;
  }
  // Spaces in place of the path keep the columns right.
  char *text = wg_cfg_alloc(c, len + 1, 1);
  memset(text, ' ', eq + 1);
  memcpy(text + eq + 1, set + eq + 1, len - eq - 1);
  wg_yaml_limits limits = WG_YAML_DEFAULT_LIMITS;
  wg_yaml_doc doc;
  wg_error err = WG_ERROR_INIT;
  (void)!wg_yaml_parse((wg_str){text, len}, &limits, source, &c->arena, &doc, &err);
  for (size_t i = 0; i < doc.n_faults; i++) {
    const wg_yaml_fault *f = &doc.faults[i];
    wg_cfg_add_fault(c, WG_FAULT_ERROR, (wg_pos){c->sources[source], f->line, f->col},
                     wg_cfg_printf(c, "--set %.*s: %s", (int)eq, set, f->text), f->hint);
  }
  if (doc.root == NULL) {
    if (doc.n_faults == 0) {
      (void)overlay_set_fault(
          c, source,
          wg_cfg_printf(c, "--set %.*s: no value; null deletes the key, '' is empty text", (int)eq,
                        set));
    }
    return NULL;
  }
  const wg_yaml_node *value = doc.root;
  while (n-- > 0) {
    wg_yaml_pair *pair = wg_cfg_alloc(c, 1, sizeof(*pair));
    *pair = (wg_yaml_pair){keys[n], value};
    value = overlay_map(c, keys[n], pair, 1);
  }
  return value;
}
