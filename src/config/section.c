// SPDX-License-Identifier: Apache-2.0
#include "config/section.h"

#include <string.h>

wg_key_iter wg_key_iter_of(const wg_cfg_lang *lang, const wg_key *map) {
  return (wg_key_iter){.lang = lang, .map = map, .next = map->sub, .below = lang->sections};
}

bool wg_key_next(wg_key_iter *it) {
  while (it->next == NULL || it->next->name == NULL) {
    if (it->map->under == NULL || it->below == NULL) {
      return false;
    }
    while (it->below->section != NULL && strcmp(it->below->under, it->map->under) != 0) {
      it->below++;
    }
    if (it->below->section == NULL) {
      return false;
    }
    it->shift = it->below->at - 1;
    it->next = it->below->section->rows;
    it->below++;
  }
  it->key = it->next++;
  it->n++;
  return true;
}

typedef void (*section_check)(wg_cfg *c, const wg_place *at);
typedef struct section_visit {
  wg_cfg *c;
  bool files;
} section_visit;

static void section_visit_row(const section_visit *k, const wg_key *row, char *out,
                              const char *path);

// The sections that stand in a map, then what is below each key.
static void section_visit_map(const section_visit *k, const wg_key *map, char *self, wg_pos pos,
                              const char *path) {
  const wg_section_at *s = map->under == NULL ? NULL : k->c->lang->sections;
  for (; s != NULL && s->section != NULL; s++) {
    section_check check = k->files ? s->section->files : s->section->rules;
    if (check == NULL || strcmp(s->under, map->under) != 0) {
      continue;
    }
    wg_place at = {.self = self + s->at - 1, .path = path, .pos = pos};
    wg_key_type type = s->section->rows[0].type;
    if (type == WG_KEY_LIST || type == WG_KEY_NAMED) {
      const wg_cfg_list *list = at.self;
      at.n = list->n;
      at.self = list->items;
    }
    check(k->c, &at);
  }
  for (wg_key_iter it = wg_key_iter_of(k->c->lang, map); wg_key_next(&it);) {
    const wg_key *r = it.key;
    section_visit_row(k, r, self + it.shift,
                      wg_cfg_printf(k->c, "%s%s%s", path, path[0] == '\0' ? "" : ".", r->name));
  }
}

static void section_visit_row(const section_visit *k, const wg_key *row, char *out,
                              const char *path) {
  if (row->type == WG_KEY_MAP) {
    if (row->present_at == 0 || *(const bool *)wg_key_field(out, row->present_at)) {
      wg_pos pos = {0};
      if (row->pos_at != 0) {
        pos = *(const wg_pos *)wg_key_field(out, row->pos_at);
      }
      section_visit_map(k, row, row->at == 0 ? out : wg_key_field(out, row->at), pos, path);
    }
    return;
  }
  bool holds_maps = (row->type == WG_KEY_NAMED || row->type == WG_KEY_LIST) &&
                    row->sub[0].type == WG_KEY_MAP && row->at != 0;
  if (!holds_maps) {
    return;
  }
  char *items = NULL;
  size_t n = 0;
  memcpy(&items, wg_key_field(out, row->at), sizeof(items));
  memcpy(&n, wg_key_field(out, row->count_at), sizeof(n));
  for (size_t i = 0; i < n; i++) {
    char *item = items + i * row->size;
    const char *item_path = path; // lists: the line says which item
    if (row->type == WG_KEY_NAMED) {
      const char *name = *(const char **)wg_key_field(item, row->name_at);
      item_path = wg_cfg_printf(k->c, "%s.%s", path, name);
    }
    section_visit_row(k, &row->sub[0], item, item_path);
  }
}

void wg_sections_rules(wg_cfg *c) {
  const section_visit k = {.c = c, .files = false};
  section_visit_map(&k, c->lang->root, c->model, (wg_pos){0}, "");
}

void wg_sections_files(wg_cfg *c) {
  const section_visit k = {.c = c, .files = true};
  section_visit_map(&k, c->lang->root, c->model, (wg_pos){0}, "");
}
