// SPDX-License-Identifier: Apache-2.0
#include "image/part/plan.h"

#include <string.h>

#include "image/part/plan_int.h"

wg_part_plan *wg_part_plan_new(void) {
  wg_part_plan *p = wg_xalloc(sizeof(*p));
  wg_arena_init(&p->arena, wg_heap(), 0);
  return p;
}

void wg_part_plan_free(wg_part_plan *p) {
  if (p != NULL) {
    wg_arena_done(&p->arena);
    wg_xfree(p->parts);
    wg_xfree(p->items);
    wg_xfree(p->titles);
    wg_xfree(p->inputs);
    wg_xfree(p->secrets);
    wg_xfree(p);
  }
}

static void *plan_bytes(wg_part_plan *p, const void *from, size_t n) {
  char *copy = wg_arena_strndup(&p->arena, n == 0 ? "" : from, n);
  wg_assert(copy != NULL);
  return copy;
}

// Copies into the arena; out of memory ends the program, as everywhere above fmt.
static const char *plan_dup(wg_part_plan *p, const char *s) {
  return s == NULL ? NULL : plan_bytes(p, s, strlen(s));
}

static const char *const *plan_dup_list(wg_part_plan *p, const char *const *v, size_t n) {
  const char **copy = (const char **)wg_arena_new_array(&p->arena, const char *, n);
  wg_assert(copy != NULL);
  for (size_t i = 0; i < n; i++) {
    copy[i] = plan_dup(p, v[i]);
  }
  return copy;
}

void wg_part_plan_turn(wg_part_plan *p, const char *part, int order, uint32_t version) {
  for (size_t i = 0; i < p->n_parts; i++) {
    if (strcmp(p->parts[i].name, part) == 0) {
      p->turn = i;
      return;
    }
  }
  p->turn = p->n_parts;
  wg_vec_push(&p->parts, &p->n_parts, &p->cap_parts) =
      (plan_part){.name = plan_dup(p, part), .version = version, .order = order};
}

bool wg_plan_used(const wg_part_plan *p, const char *part) {
  for (size_t i = 0; i < p->n_parts; i++) {
    if (p->parts[i].used && strcmp(p->parts[i].name, part) == 0) {
      return true;
    }
  }
  return false;
}

static plan_part *plan_use(wg_part_plan *p) {
  wg_assert(p->n_parts > 0); // wg_part_plan_turn says whose turn it is
  p->parts[p->turn].used = true;
  return &p->parts[p->turn];
}

// --- inputs and secrets

static wg_part_input *plan_new_input(wg_part_plan *p, wg_part_input_kind kind, const char *label) {
  (void)plan_use(p);
  for (size_t i = 0; i < p->n_inputs; i++) {
    if (strcmp(p->inputs[i].label, label) == 0) {
      return NULL;
    }
  }
  wg_part_input *in = &wg_vec_push(&p->inputs, &p->n_inputs, &p->cap_inputs);
  *in = (wg_part_input){.kind = kind, .label = plan_dup(p, label)};
  return in;
}

static void plan_input_path(wg_part_plan *p, wg_part_input_kind kind, const char *label,
                            const char *path) {
  wg_part_input *in = plan_new_input(p, kind, label);
  if (in != NULL) {
    in->path = plan_dup(p, path);
  }
}

void wg_part_plan_input_file(wg_part_plan *p, const char *label, const char *host_path) {
  plan_input_path(p, WG_PART_INPUT_FILE, label, host_path);
}

void wg_part_plan_input_tree(wg_part_plan *p, const char *label, const char *host_path) {
  plan_input_path(p, WG_PART_INPUT_TREE, label, host_path);
}

static wg_select plan_select(wg_part_plan *p, const wg_select *s) {
  return (wg_select){.only = plan_dup(p, s->only),
                     .exclude = plan_dup_list(p, s->exclude, s->n_exclude),
                     .n_exclude = s->n_exclude};
}

void wg_part_plan_input_selected(wg_part_plan *p, const char *label, const char *host_path,
                                 const wg_select *select) {
  wg_part_input *in = plan_new_input(p, WG_PART_INPUT_TREE, label);
  wg_select *copy = wg_arena_new(&p->arena, wg_select);
  wg_assert(copy != NULL);
  *copy = plan_select(p, select);
  if (in != NULL) {
    in->path = plan_dup(p, host_path);
    in->select = copy;
  }
}

void wg_part_plan_input_step(wg_part_plan *p, const char *label, const char *identity,
                             const char *output) {
  wg_part_input *in = plan_new_input(p, WG_PART_INPUT_STEP, label);
  if (in != NULL) {
    in->identity = plan_dup(p, identity);
    in->output = plan_dup(p, output);
  }
}

void wg_part_plan_secret(wg_part_plan *p, const wg_secret *secret) {
  (void)plan_use(p);
  for (size_t i = 0; i < p->n_secrets; i++) {
    if (strcmp(p->secrets[i].secret.label, secret->label) == 0) {
      return;
    }
  }
  wg_part_secret *s = &wg_vec_push(&p->secrets, &p->n_secrets, &p->cap_secrets);
  *s = (wg_part_secret){.secret = *secret};
  s->secret.label = plan_dup(p, secret->label);
  s->secret.name = plan_dup(p, secret->name);
  s->secret.origin = plan_dup(p, secret->origin);
}

size_t wg_part_plan_n_inputs(const wg_part_plan *p) {
  return p->n_inputs;
}

const wg_part_input *wg_part_plan_input(const wg_part_plan *p, size_t i) {
  return &p->inputs[i];
}

size_t wg_part_plan_n_secrets(const wg_part_plan *p) {
  return p->n_secrets;
}

const wg_part_secret *wg_part_plan_secret_at(const wg_part_plan *p, size_t i) {
  return &p->secrets[i];
}

// --- items

static uint64_t plan_hash(const char *s) { // FNV-1a
  uint64_t h = 0xCBF29CE484222325U;
  for (; *s != '\0'; s++) {
    h = (h ^ (uint8_t)*s) * 0x100000001B3U;
  }
  return h == 0 ? 1 : h;
}

// Where the hash is among those of titles, or would be.
static size_t plan_title_at(const uint64_t *v, size_t cap, uint64_t hash) {
  size_t at = (size_t)(hash & (cap - 1));
  while (v[at] != 0 && v[at] != hash) {
    at = (at + 1) & (cap - 1);
  }
  return at;
}

static bool plan_has_title(const wg_part_plan *p, const char *title) {
  // Two titles of one hash: the second gets a number, which hurts nobody.
  return p->cap_titles > 0 &&
         p->titles[plan_title_at(p->titles, p->cap_titles, plan_hash(title))] != 0;
}

static void plan_note_title(wg_part_plan *p, const char *title) {
  if (p->n_titles * 2 >= p->cap_titles) {
    size_t cap = p->cap_titles == 0 ? 64 : p->cap_titles * 2;
    uint64_t *v = wg_xarray(cap, sizeof(*v));
    for (size_t i = 0; i < p->cap_titles; i++) {
      if (p->titles[i] != 0) {
        v[plan_title_at(v, cap, p->titles[i])] = p->titles[i];
      }
    }
    wg_xfree(p->titles);
    p->titles = v;
    p->cap_titles = cap;
  }
  uint64_t hash = plan_hash(title);
  size_t at = plan_title_at(p->titles, p->cap_titles, hash);
  p->n_titles += p->titles[at] == 0 ? 1 : 0;
  p->titles[at] = hash;
}

// The title, with a number behind it when another item has it already.
static const char *plan_title(wg_part_plan *p, const char *title) {
  if (!plan_has_title(p, title)) {
    return plan_dup(p, title);
  }
  for (size_t n = 2;; n++) {
    WG_AUTO(wg_cstr) other = wg_xprintf("%s (%zu)", title, n);
    if (!plan_has_title(p, other)) {
      return plan_dup(p, other);
    }
  }
}

wg_part_item *wg_plan_add(wg_part_plan *p, wg_part_item_kind kind, const char *title,
                          const char *origin) {
  const plan_part *part = plan_use(p);
  plan_item added = {.item = {.kind = kind,
                              .part = part->name,
                              .title = plan_title(p, title),
                              .origin = plan_dup(p, origin == NULL ? "" : origin)},
                     .order = part->order};
  plan_note_title(p, added.item.title);
  (void)(wg_vec_push(&p->items, &p->n_items, &p->cap_items) = added);
  size_t at = p->n_items - 1;
  for (; at > 0 && p->items[at - 1].order > added.order; at--) {
    p->items[at] = p->items[at - 1];
  }
  p->items[at] = added;
  return &p->items[at].item;
}

size_t wg_part_plan_n_versions(const wg_part_plan *p) {
  return p->n_parts;
}

bool wg_part_plan_version(const wg_part_plan *p, size_t i, const char **out_part,
                          uint32_t *out_version) {
  *out_part = p->parts[i].name;
  *out_version = p->parts[i].version;
  return p->parts[i].used;
}

size_t wg_part_plan_count(const wg_part_plan *p) {
  return p->n_items;
}

const wg_part_item *wg_part_plan_item(const wg_part_plan *p, size_t i) {
  return &p->items[i].item;
}

static wg_src plan_src(wg_part_plan *p, wg_src src) {
  wg_src copy = {.kind = src.kind, .label = plan_dup(p, src.label)};
  copy.below = plan_dup(p, src.below);
  copy.select = plan_select(p, &src.select);
  copy.bytes = (wg_str){plan_bytes(p, src.bytes.p, src.bytes.n), src.bytes.n};
  return copy;
}

void wg_part_plan_change(wg_part_plan *p, wg_part_who who, const wg_image_change *c, wg_src src) {
  wg_part_item *i = wg_plan_add(p, WG_PART_CHANGE, who.title, who.origin);
  i->change = *c;
  i->change.to = plan_dup(p, c->to);
  i->change.from = c->op == WG_IMAGE_RENAME ? plan_dup(p, c->from) : NULL;
  i->change.owner = plan_dup(p, c->owner);
  i->change.sddl = plan_dup(p, c->sddl);
  i->src = plan_src(p, src);
}

void wg_part_plan_reg(wg_part_plan *p, wg_part_who who, const wg_reg_edit *e) {
  wg_part_item *i = wg_plan_add(p, WG_PART_REG, who.title, who.origin);
  i->reg = *e;
  i->reg.key = plan_dup(p, e->key);
  i->reg.name = plan_dup(p, e->name);
  i->reg.data = plan_bytes(p, e->data, e->n_bytes);
  i->reg.items = plan_dup_list(p, e->items, e->n_items);
  i->reg.expect = plan_bytes(p, e->expect, e->n_expect);
  i->reg.origin = i->origin;
}

void wg_part_plan_reg_secret(wg_part_plan *p, wg_part_who who, const wg_reg_edit *e,
                             const char *label) {
  wg_assert(e->op == WG_REG_SET);
  wg_part_plan_reg(p, who, e);
  p->items[p->n_items - 1].item.src = (wg_src){.kind = WG_SRC_SECRET, .label = plan_dup(p, label)};
}

void wg_part_plan_reg_file(wg_part_plan *p, wg_part_who who, const char *label, const char *shown,
                           const char *const *maps, size_t n_maps) {
  wg_part_item *i = wg_plan_add(p, WG_PART_REG_FILE, who.title, who.origin);
  i->src = (wg_src){.kind = WG_SRC_INPUT, .label = plan_dup(p, label)};
  i->shown = plan_dup(p, shown);
  i->reg.items = plan_dup_list(p, maps, n_maps * 2);
  i->reg.n_items = n_maps * 2;
}

void wg_part_plan_own(wg_part_plan *p, wg_part_who who, const char *text) {
  wg_part_item *i = wg_plan_add(p, WG_PART_OWN, who.title, who.origin);
  i->own = plan_dup(p, text);
}

wg_code wg_part_plan_task(wg_part_plan *p, wg_part_who who, const wg_task *t, wg_error *err) {
  if (wg_task_check(t, err) != WG_OK) {
    return wg_wrap(err, "%s", who.origin);
  }
  for (size_t k = 0; k < p->n_items; k++) {
    const wg_part_item *i = &p->items[k].item;
    if (i->kind == WG_PART_TASK && strcmp(i->task.identity, t->identity) == 0) {
      return wg_fail(err, WG_E_CONFLICT, "%s: task '%s' is there already: see %s", who.origin,
                     t->identity, i->origin);
    }
  }
  wg_part_item *i = wg_plan_add(p, WG_PART_TASK, who.title, who.origin);
  wg_task *copy = &i->task;
  *copy = *t;
  copy->identity = plan_dup(p, t->identity);
  copy->needs = plan_dup_list(p, t->needs, t->n_needs);
  copy->payloads = plan_dup_list(p, t->payloads, t->n_payloads);
  copy->args = plan_dup_list(p, t->args, t->n_args);
  copy->secrets = plan_dup_list(p, t->secrets, t->n_secrets);
  copy->detect.path = plan_dup(p, t->detect.path);
  copy->detect.name = plan_dup(p, t->detect.name);
  copy->detect.version = plan_dup(p, t->detect.version);
  copy->ok_codes = plan_bytes(p, t->ok_codes, t->n_ok_codes * sizeof(uint32_t));
  copy->reboot_codes = plan_bytes(p, t->reboot_codes, t->n_reboot_codes * sizeof(uint32_t));
  return WG_OK;
}

wg_code wg_part_plan_answer(wg_part_plan *p, wg_part_who who, const wg_answer_setting *s,
                            wg_error *err) {
  wg_answer_setting mine = *s;
  mine.origin = who.origin;
  if (wg_answer_check(s, err) != WG_OK) {
    return wg_wrap(err, "%s", who.origin);
  }
  for (size_t k = 0; k < p->n_items; k++) {
    const wg_part_item *i = &p->items[k].item;
    if (i->kind == WG_PART_ANSWER && wg_answer_same_place(&i->answer, s)) {
      return wg_answer_agree(&i->answer, &mine, err);
    }
  }
  wg_part_item *i = wg_plan_add(p, WG_PART_ANSWER, who.title, who.origin);
  i->answer = (wg_answer_setting){.pass = s->pass,
                                  .component = plan_dup(p, s->component),
                                  .path = plan_dup(p, s->path),
                                  .value = plan_dup(p, s->value),
                                  .secret = plan_dup(p, s->secret),
                                  .origin = i->origin};
  return WG_OK;
}
