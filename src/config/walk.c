// SPDX-License-Identifier: Apache-2.0
#include "config/walk.h"

#include <string.h>

#include "base/near.h"
#include "config/section.h"

static void walk_value(wg_walk *w, const wg_key *row, const wg_yaml_node *key,
                       const wg_yaml_node *v, void *out);

// Appends ".name"; returns what walk_leave takes to undo it.
static size_t walk_enter(wg_walk *w, const char *name) {
  size_t before = w->path_n;
  size_t room = WG_WALK_PATH_BYTES - before;
  size_t n = wg_format(w->path + before, room, "%s%s", before == 0 ? "" : ".", name);
  w->path_n = n < room ? before + n : WG_WALK_PATH_BYTES - 1;
  return before;
}

static void walk_leave(wg_walk *w, size_t before) {
  w->path_n = before;
  w->path[before] = '\0';
}

static bool walk_given(const wg_yaml_node *map, const char *name) {
  return wg_yaml_get(map, name) != NULL;
}

// "a, b and c" of the rows of a group.
static const char *walk_group_names(wg_walk *w, const wg_key *map, int group) {
  const char *list = "";
  for (wg_key_iter it = wg_key_iter_of(w->c->lang, map); wg_key_next(&it);) {
    const wg_key *r = it.key;
    if (r->group == group && (r->flags & WG_KF_FOR_GROUP) == 0) {
      list = wg_cfg_printf(w->c, "%s%s'%s'", list, list[0] == '\0' ? "" : " and ", r->name);
    }
  }
  return list;
}

// True for the first row of its group, which stands for all.
static bool walk_leads_group(wg_walk *w, const wg_key *map, const wg_key *row) {
  for (wg_key_iter it = wg_key_iter_of(w->c->lang, map); wg_key_next(&it) && it.key != row;) {
    if (it.key->group == row->group) {
      return false;
    }
  }
  return row->group != 0;
}

static void walk_check_group(wg_walk *w, const wg_key *row, int group, const wg_yaml_node *at,
                             const wg_yaml_node *map, bool excused) {
  unsigned n = 0;
  bool stands_for = false;
  const wg_yaml_node *last = NULL;
  const char *example = NULL;
  for (wg_key_iter it = wg_key_iter_of(w->c->lang, row); wg_key_next(&it);) {
    const wg_key *r = it.key;
    if (r->group != group) {
      continue;
    }
    if ((r->flags & WG_KF_FOR_GROUP) != 0) {
      stands_for = stands_for || walk_given(map, r->name);
      continue;
    }
    example = example == NULL ? wg_cfg_printf(w->c, "add '%s: %s'", r->name, r->example) : example;
    for (size_t i = 0; i < map->n; i++) {
      if (strcmp(map->pairs[i].key->text, r->name) == 0) {
        n++;
        last = map->pairs[i].key;
      }
    }
  }
  const char *names = walk_group_names(w, row, group);
  if (n == 0 && !excused && !stands_for) {
    wg_walk_error(
        w, at, wg_cfg_printf(w->c, "%s of %s is needed", group > 0 ? "one" : "at least one", names),
        example);
  } else if (n > 1 && group > 0) {
    wg_walk_error(w, last, wg_cfg_printf(w->c, "only one of %s can be given", names),
                  "remove one of them");
  }
}

// Faulty keys of a map, so that what they stand for isn't called missing as well.
typedef struct walk_seen {
  bool *meant;  // by the number of the key: an unknown one is near to it
  bool any;     // one of them is set
  bool planned; // a key that is not built yet
} walk_seen;

static void walk_missing(wg_walk *w, const wg_key *row, const wg_yaml_node *at,
                         const wg_yaml_node *map, const walk_seen *seen) {
  for (wg_key_iter it = wg_key_iter_of(w->c->lang, row); wg_key_next(&it);) {
    const wg_key *r = it.key;
    if ((r->flags & WG_KF_REQUIRED) != 0 && !seen->meant[it.n - 1] && !walk_given(map, r->name)) {
      wg_walk_error(w, at, wg_cfg_printf(w->c, "'%s' is missing", r->name),
                    wg_cfg_printf(w->c, "add '%s: %s'", r->name, r->example));
    }
    if (walk_leads_group(w, row, r)) {
      walk_check_group(w, row, r->group, at, map, seen->planned || seen->any);
    }
  }
}

// Finds another place of the table that has a key of this name.
static const char *walk_elsewhere(wg_walk *w, const wg_key *row, const char *name,
                                  const char *path) {
  for (wg_key_iter it = wg_key_iter_of(w->c->lang, row); wg_key_next(&it);) {
    const wg_key *r = it.key;
    const char *sub = path[0] == '\0' ? r->name : wg_cfg_printf(w->c, "%s.%s", path, r->name);
    if (strcmp(r->name, name) == 0 && (r->flags & WG_KF_PLANNED) == 0) {
      return sub;
    }
    const wg_key *map = r;
    if (r->type == WG_KEY_NAMED || r->type == WG_KEY_LIST) {
      map = &r->sub[0];
      sub = wg_cfg_printf(w->c, "%s%s", sub, r->type == WG_KEY_LIST ? "[]" : ".<name>");
    }
    const char *found = map->type == WG_KEY_MAP ? walk_elsewhere(w, map, name, sub) : NULL;
    if (found != NULL) {
      return found;
    }
  }
  return NULL;
}

static size_t walk_count_keys(wg_walk *w, const wg_key *row) {
  size_t n = 0;
  for (wg_key_iter it = wg_key_iter_of(w->c->lang, row); wg_key_next(&it);) {
    n++;
  }
  return n;
}

static bool walk_has_key(wg_walk *w, const wg_key *row, const char *name) {
  for (wg_key_iter it = wg_key_iter_of(w->c->lang, row); wg_key_next(&it);) {
    if (strcmp(it.key->name, name) == 0) {
      return true;
    }
  }
  return false;
}

// What a key that there is not looks like.
static const char *walk_looks_like(wg_walk *w, const wg_key *row, const char *name) {
  size_t n = strcspn(name, " {['\"");
  const char *word = wg_cfg_printf(w->c, "%.*s", (int)(n > 100 ? 100 : n), name);
  if (strncmp(name, "\xC2\xA0", 2) == 0 || strncmp(name, "\xE3\x80\x80", 3) == 0) {
    return "the line begins with a space that is no ordinary one (U+00A0 or U+3000), as web pages "
           "have them: indent with spaces";
  }
  if (name[n] != '\0' && walk_has_key(w, row, word)) {
    return wg_cfg_printf(w->c, "a ':' is missing behind '%s'", word);
  }
  size_t colon = strcspn(name, ":");
  const char *key = wg_cfg_printf(w->c, "%.*s", (int)(colon > 100 ? 100 : colon), name);
  if (name[colon] == ':' && walk_has_key(w, row, key)) {
    return wg_cfg_printf(w->c, "a space is missing behind '%s:'", key);
  }
  if (name[0] == '+' && walk_has_key(w, row, name + 1)) {
    return wg_cfg_printf(w->c,
                         "'+' adds to a list of wingo.yaml from an overlay or --set; here it is "
                         "'%s'",
                         name + 1);
  }
  return NULL;
}

// Reports the key; the number of the one that it is near to, counted from 1, 0 when it is near to
// none.
static size_t walk_unknown(wg_walk *w, const wg_key *row, const wg_yaml_node *key) {
  if (w->c->n_faults > WG_CFG_MAX_FAULTS) { // nobody will see it
    wg_walk_error(w, key, "unknown key", NULL);
    return 0;
  }
  size_t n = 0;
  const char **names = wg_cfg_alloc(w->c, walk_count_keys(w, row), sizeof(*names));
  const char *list = "";
  for (wg_key_iter it = wg_key_iter_of(w->c->lang, row); wg_key_next(&it);) {
    const wg_key *r = it.key;
    if ((r->flags & WG_KF_PLANNED) == 0) {
      names[n++] = r->name;
      list = wg_cfg_printf(w->c, "%s%s%s", list, list[0] == '\0' ? "" : ", ", r->name);
    }
  }
  const char *near = wg_nearest(key->text, names, n);
  const char *elsewhere = walk_elsewhere(w, w->c->lang->root, key->text, "");
  const char *hint = wg_cfg_printf(w->c, "known here: %s", list);
  const char *looks = walk_looks_like(w, row, key->text);
  if (looks != NULL) {
    hint = looks;
  } else if (near != NULL) {
    hint = wg_cfg_printf(w->c, "did you mean '%s'?", near);
  } else if (elsewhere != NULL) {
    hint = wg_cfg_printf(w->c, "it belongs to %s", elsewhere);
  }
  wg_walk_error(w, key, wg_cfg_printf(w->c, "unknown key '%.*s'", WG_STR_ARG(wg_str_of(key->text))),
                hint);
  for (wg_key_iter it = wg_key_iter_of(w->c->lang, row); near != NULL && wg_key_next(&it);) {
    if (strcmp(it.key->name, near) == 0) {
      return it.n;
    }
  }
  return 0;
}

// The values of the keys of a map that are not given; map is NULL when none is.
static void walk_defaults(wg_walk *w, const wg_key *row, const wg_yaml_node *map, char *self) {
  for (wg_key_iter it = wg_key_iter_of(w->c->lang, row); wg_key_next(&it);) {
    const wg_key *r = it.key;
    char *out = self + it.shift;
    if (map != NULL && walk_given(map, r->name)) {
      continue;
    }
    if (r->type == WG_KEY_MAP) {
      walk_defaults(w, r, NULL, r->at == 0 ? out : wg_key_field(out, r->at));
    }
    if (r->def == NULL || r->at == 0) {
      continue;
    }
    if (r->def[0] == '\0') {
      *(const char **)wg_key_field(out, r->at) = "";
      continue;
    }
    bool quoted = r->type == WG_KEY_STRING || r->type == WG_KEY_PATH || r->type == WG_KEY_WINPATH;
    const wg_yaml_node v = {.kind = WG_YAML_SCALAR,
                            .style = quoted ? WG_YAML_SINGLE : WG_YAML_PLAIN,
                            .text = r->def,
                            .n = strlen(r->def)};
    wg_walk_scalar(w, r, &v, out); // a default is always a scalar
  }
}

// A key that is not built yet, or that cannot be.
static void walk_not_here(wg_walk *w, const wg_key *row, const wg_yaml_node *key) {
  if (row->refused == NULL) {
    wg_walk_planned(w, key, row->name);
    return;
  }
  wg_walk_error(w, key,
                row->doc == NULL ? wg_cfg_printf(w->c, "unknown key '%s'", row->name)
                                 : wg_cfg_printf(w->c, "'%s' cannot be done in an image file: %s",
                                                 row->name, row->doc),
                row->refused);
}

static void walk_map(wg_walk *w, const wg_key *row, const wg_yaml_node *key, const wg_yaml_node *v,
                     void *out) {
  char *inner = row->at == 0 ? out : wg_key_field(out, row->at);
  walk_seen seen = {.meant = wg_cfg_alloc(w->c, walk_count_keys(w, row), sizeof(*seen.meant))};
  for (size_t i = 0; i < v->n; i++) {
    const wg_yaml_node *k = v->pairs[i].key;
    wg_key_iter it = wg_key_iter_of(w->c->lang, row);
    bool known = false;
    while (!known && wg_key_next(&it)) {
      known = strcmp(it.key->name, k->text) == 0;
    }
    const wg_key *r = it.key;
    if (!known) {
      size_t meant = walk_unknown(w, row, k);
      if (meant > 0) {
        seen.meant[meant - 1] = seen.any = true;
      }
    } else if ((r->flags & WG_KF_PLANNED) != 0) {
      seen.planned = true;
      walk_not_here(w, r, k);
    } else {
      size_t before = walk_enter(w, r->name);
      walk_value(w, r, k, v->pairs[i].value, inner + it.shift);
      walk_leave(w, before);
    }
  }
  walk_missing(w, row, key == NULL ? v : key, v, &seen);
  walk_defaults(w, row, v, inner);
}

static bool walk_check_key_name(wg_walk *w, const wg_key *row, const wg_yaml_node *key) {
  wg_cfg_text t = {.arena = &w->c->arena, .text = key->text, .value = key->text};
  if (strstr(key->text, "${") != NULL) {
    wg_walk_error(w, key, wg_cfg_printf(w->c, "the name '%s' has a ${} variable", key->text),
                  "variables are for values only");
    return false;
  }
  if (row->check_name != NULL && !row->check_name(&t)) {
    wg_walk_check_failed(w, key, &t);
    return false;
  }
  return true;
}

static void walk_empty(wg_walk *w, const wg_key *row, const wg_yaml_node *key,
                       const wg_yaml_node *v) {
  wg_walk_error(w, key == NULL ? v : key, "is empty", wg_walk_example(w, row));
}

// A name that only an overlay or --set has, and that is nothing whole: what is a slip more often
// than not. True after adding a fault.
static bool walk_unknown_name(wg_walk *w, const wg_key *row, const wg_yaml_node *map,
                              const wg_yaml_pair *p) {
  const wg_key *item = &row->sub[0];
  const char *missing = NULL;
  if (p->key->source == 0 || item->type != WG_KEY_MAP || p->value->kind != WG_YAML_MAP) {
    return false;
  }
  for (wg_key_iter it = wg_key_iter_of(w->c->lang, item); missing == NULL && wg_key_next(&it);) {
    bool needed = (it.key->flags & WG_KF_REQUIRED) != 0 && !walk_given(p->value, it.key->name);
    missing = needed ? it.key->name : NULL;
  }
  if (missing == NULL) {
    return false;
  }
  const char **names = wg_cfg_alloc(w->c, map->n, sizeof(*names));
  const char *list = "";
  size_t n = 0;
  for (size_t i = 0; i < map->n; i++) {
    const wg_yaml_node *k = map->pairs[i].key;
    if (k->source == 0) {
      list = wg_cfg_printf(w->c, "%s%s%s", list, n == 0 ? "" : ", ", k->text);
      names[n++] = k->text;
    }
  }
  const char *near = wg_nearest(p->key->text, names, n);
  wg_walk_error(w, p->key,
                wg_cfg_printf(w->c, "%s has no '%s', and for a new one '%s' is missing",
                              w->c->sources[0], p->key->text, missing),
                near != NULL ? wg_cfg_printf(w->c, "did you mean '%s'?", near)
                : n > 0      ? wg_cfg_printf(w->c, "there are: %s", list)
                             : NULL);
  return true;
}

static void walk_named(wg_walk *w, const wg_key *row, const wg_yaml_node *key,
                       const wg_yaml_node *v, void *out) {
  char *items = wg_cfg_alloc(w->c, v->n, row->size);
  if (v->n == 0) {
    walk_empty(w, row, key, v);
  }
  for (size_t i = 0; i < v->n; i++) {
    const wg_yaml_node *k = v->pairs[i].key;
    (void)walk_check_key_name(w, row, k);
    char *item = items + i * row->size;
    *(const char **)wg_key_field(item, row->name_at) = k->text;
    if (walk_unknown_name(w, row, v, &v->pairs[i])) {
      continue;
    }
    size_t before = walk_enter(w, k->text);
    walk_value(w, &row->sub[0], k, v->pairs[i].value, item);
    walk_leave(w, before);
  }
  memcpy(wg_key_field(out, row->at), &items, sizeof(items));
  memcpy(wg_key_field(out, row->count_at), &v->n, sizeof(v->n));
}

static void walk_pairs(wg_walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  wg_cfg_pair *items = wg_cfg_alloc(w->c, v->n, sizeof(*items));
  size_t n = 0;
  wg_key text_row = {.name = "", .type = WG_KEY_STRING, .flags = row->flags, .check = row->check};
  for (size_t i = 0; i < v->n; i++) {
    const wg_yaml_node *k = v->pairs[i].key;
    const wg_yaml_node *value = v->pairs[i].value;
    bool name_ok = walk_check_key_name(w, row, k);
    size_t before = walk_enter(w, k->text);
    const char *text = NULL;
    if (value->kind != WG_YAML_SCALAR) {
      wg_walk_wrong_type(w, &text_row, value);
    } else {
      text = wg_walk_checked_text(w, &text_row, value);
    }
    walk_leave(w, before);
    if (name_ok && text != NULL) {
      items[n++] = (wg_cfg_pair){k->text, text, wg_cfg_pos(w->c, k)};
    }
  }
  *(wg_cfg_pair **)wg_key_field(out, row->at) = items;
  *(size_t *)wg_key_field(out, row->count_at) = n;
}

static void walk_unique(wg_walk *w, const wg_yaml_node *list) {
  for (size_t i = 1; i < list->n; i++) {
    const wg_yaml_node *v = list->items[i];
    for (size_t k = 0; k < i && k < 1000 && v->kind == WG_YAML_SCALAR; k++) {
      const wg_yaml_node *u = list->items[k];
      if (u->kind == WG_YAML_SCALAR && strcmp(u->text, v->text) == 0) {
        wg_walk_error(w, v, wg_cfg_printf(w->c, "'%s' is in the list twice", v->text),
                      "remove one of the two");
        break;
      }
    }
  }
}

static void walk_list(wg_walk *w, const wg_key *row, const wg_yaml_node *key, const wg_yaml_node *v,
                      void *out) {
  char *items = wg_cfg_alloc(w->c, v->n, row->size);
  if (v->n == 0 && (row->flags & WG_KF_EMPTY) == 0) {
    walk_empty(w, row, key, v);
  }
  for (size_t i = 0; i < v->n; i++) {
    walk_value(w, &row->sub[0], NULL, v->items[i], items + i * row->size);
  }
  if ((row->flags & WG_KF_UNIQUE) != 0) {
    walk_unique(w, v);
  }
  memcpy(wg_key_field(out, row->at), &items, sizeof(items));
  memcpy(wg_key_field(out, row->count_at), &v->n, sizeof(v->n));
}

// Checks v against row; the row's fields lie in the struct at out. key is NULL for items of lists.
static void walk_value(wg_walk *w, const wg_key *row, const wg_yaml_node *key,
                       const wg_yaml_node *v, void *out) {
  if (row->pos_at != 0) {
    bool of_key = (row->flags & WG_KF_POSITION_OF_KEY) != 0 && key != NULL;
    *(wg_pos *)wg_key_field(out, row->pos_at) = wg_cfg_pos(w->c, of_key ? key : v);
  }
  if (row->mark_at != 0) {
    memcpy(wg_key_field(out, row->mark_at), &row->mark, sizeof(row->mark));
  }
  if (v->kind == WG_YAML_MAP && row->map_form != NULL) {
    walk_value(w, row->map_form, key, v, out);
    return;
  }
  if (v->kind != wg_walk_kind(row)) {
    wg_walk_wrong_type(w, row, v);
    return;
  }
  if (row->present_at != 0) {
    *(bool *)wg_key_field(out, row->present_at) = true;
  }
  if (row->type == WG_KEY_OWN) {
    row->kind->read(w, row, v, out);
    return;
  }
  switch (v->kind) {
  case WG_YAML_LIST:
    walk_list(w, row, key, v, out);
    break;
  case WG_YAML_MAP:
    if (row->type == WG_KEY_MAP) {
      walk_map(w, row, key, v, out);
    } else if (row->type == WG_KEY_NAMED) {
      walk_named(w, row, key, v, out);
    } else {
      walk_pairs(w, row, v, out);
    }
    break;
  case WG_YAML_SCALAR:
    wg_walk_scalar(w, row, v, out);
    break;
  }
}

void wg_cfg_walk(wg_cfg *c, const wg_key *row, const wg_yaml_node *root, void *out) {
  wg_walk w = {.c = c};
  walk_value(&w, row, NULL, root, out);
}
