// SPDX-License-Identifier: Apache-2.0
#include "driver/match/match.h"

#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "driver/match/pci.h"
#include "os/file.h"
#include "os/mem.h"

enum {
  MAX_CANDIDATES = 20000, // of one device
  MAX_DEPTH = 4,          // components that add components
  MAX_COMPONENTS = 256,
};

typedef struct mt_package { // of an index, decoded when first met
  bool known;
  wg_drv_info info;
  bool *chosen; // groups
  const char *path;
  wg_drv_signed is_signed;
  bool verified;
  const char *signer;
  uint32_t preference;
  wg_drv_fate barred; // WG_DRV_BASE: it is not
  uint32_t seen;      // number of the device that has a candidate of it
  uint32_t candidate; // which
} mt_package;

struct wg_drv_matcher {
  const wg_drv_repo *repos;
  uint32_t n_repos;
  const wg_drv_match_options *opt;
  wg_arena *arena;
  mt_package **packages; // of each repo
  uint32_t n_devices;    // numbers for seen
};

wg_code wg_drv_matcher_new(const wg_drv_repo *repos, uint32_t n_repos,
                           const wg_drv_match_options *opt, wg_arena *arena, wg_drv_matcher **out,
                           wg_error *err) {
  wg_drv_matcher *m = wg_arena_new(arena, wg_drv_matcher);
  if (m == NULL) {
    return wg_arena_fail(arena, err);
  }
  *m = (wg_drv_matcher){.repos = repos, .n_repos = n_repos, .opt = opt, .arena = arena};
  m->packages = wg_arena_new_array(arena, mt_package *, n_repos);
  for (uint32_t i = 0; m->packages != NULL && i < n_repos; i++) {
    m->packages[i] = wg_arena_new_array(arena, mt_package, repos[i].index->n_packages);
    if (m->packages[i] == NULL) {
      return wg_arena_fail(arena, err);
    }
  }
  if (m->packages == NULL) {
    return wg_arena_fail(arena, err);
  }
  *out = m;
  return WG_OK;
}

// --- a package, for a target

void wg_drv_choose_groups(const wg_drv_info *info, const wg_inf_target *t, bool *chosen) {
  uint32_t best = 0;
  wg_inf_decoration best_d = {0};
  bool any = false;
  for (uint32_t i = 0; i <= info->n_groups; i++) {
    bool next =
        i == info->n_groups || (i > 0 && info->groups[i].maker != info->groups[i - 1].maker);
    if (next && any) {
      chosen[best] = true;
      any = false;
    }
    if (i == info->n_groups) {
      return;
    }
    wg_inf_decoration d;
    chosen[i] = false;
    if (wg_inf_decoration_parse(info->groups[i].decoration, &d) && wg_inf_decoration_fits(&d, t) &&
        (!any || wg_inf_decoration_cmp(&d, &best_d) > 0)) {
      any = true;
      best = i;
      best_d = d;
    }
  }
}

const wg_drv_variant *wg_drv_choose_variant(const wg_drv_info *info, const wg_drv_model *m,
                                            wg_inf_arch arch) {
  const wg_drv_install *in = &info->installs[m->install];
  char own[16];
  (void)wg_format(own, sizeof(own), ".NT%s", wg_inf_arch_name(arch));
  const char *const order[] = {own, ".NT", ""};
  for (size_t k = 0; k < WG_ARRAY_LEN(order); k++) {
    for (uint32_t i = 0; i < in->n_variants; i++) {
      if (wg_str_eq_nocase(in->variants[i].suffix, order[k])) {
        return &in->variants[i];
      }
    }
  }
  return NULL;
}

static const char *z_of(wg_drv_matcher *m, wg_str s) {
  const char *z = wg_arena_strndup(m->arena, s.p, s.n);
  return z != NULL ? z : "";
}

static wg_drv_signed mt_signature(const wg_drv_package *p, const wg_drv_info *info,
                                  wg_inf_arch arch) {
  uint32_t cat = wg_drv_catalog_of(info, arch);
  if (cat == info->n_catalogs) {
    return wg_str_eq_nocase(info->provider, "Microsoft") ? WG_DRV_IN_BOX : WG_DRV_NOT_SIGNED;
  }
  return cat < 32 && (p->catalogs >> cat & 1) != 0 ? WG_DRV_NOT_VERIFIED : WG_DRV_NO_CATALOG;
}

// What the rules say of a package, whatever the device.
static void mt_rules(wg_drv_matcher *m, mt_package *x) {
  const wg_drv_rules *r = m->opt->rules;
  x->barred = WG_DRV_BASE;
  x->preference = UINT32_MAX;
  if (r == NULL) {
    return;
  }
  const wg_drv_facts f = {.path = x->path,
                          .provider = z_of(m, x->info.provider),
                          .class_name = z_of(m, x->info.class_name),
                          .version = x->info.version};
  int by_model = wg_drv_by_model(r, x->path);
  for (size_t i = r->n_prefers; i > 0; i--) {
    x->preference = wg_drv_which_is(&r->prefers[i - 1], &f) ? (uint32_t)i : x->preference;
  }
  x->preference = by_model > 0 ? 0 : x->preference;
  x->barred = by_model < 0 ? WG_DRV_OTHER_MODEL : WG_DRV_BASE;
  if (r->n_only > 0 && !wg_drv_is_named(r->only, r->n_only, wg_path_basename(x->path))) {
    x->barred = WG_DRV_EXCLUDED;
  }
  for (size_t i = 0; i < r->n_excludes; i++) {
    x->barred = wg_drv_which_is(&r->excludes[i], &f) ? WG_DRV_EXCLUDED : x->barred;
  }
}

static wg_code mt_decode(wg_drv_matcher *m, uint32_t repo, uint32_t number, mt_package **out,
                         wg_error *err) {
  mt_package *x = &m->packages[repo][number];
  const wg_drv_index *ix = m->repos[repo].index;
  const wg_drv_package *p = &ix->packages[number];
  *out = x;
  if (x->known) {
    return WG_OK;
  }
  if (wg_drv_unpack(p->packed, p->n_packed, false, m->arena, &x->info, err) != WG_OK) {
    return err->code;
  }
  wg_str path = ix->sources[p->source].path;
  x->chosen = wg_arena_new_array(m->arena, bool, x->info.n_groups);
  x->path = p->inner.n == 0
                ? wg_arena_strndup(m->arena, path.p, path.n)
                : wg_arena_printf(m->arena, "%.*s/%.*s", WG_STR_ARG(path), WG_STR_ARG(p->inner));
  if (x->chosen == NULL || x->path == NULL) {
    return wg_arena_fail(m->arena, err);
  }
  wg_drv_choose_groups(&x->info, &m->opt->target, x->chosen);
  x->is_signed = mt_signature(p, &x->info, m->opt->target.arch);
  mt_rules(m, x);
  x->known = true;
  return WG_OK;
}

// --- candidates

typedef struct mt_ref {
  mt_package *package;
} mt_ref;

typedef struct mt_list {
  wg_drv_candidate *v; // heap
  mt_ref *of;          // of each of v
  size_t n, cap, n_of, cap_of;
  uint32_t device; // its number
} mt_list;

static uint32_t group_of(const wg_drv_info *info, uint32_t model) {
  uint32_t low = 0, high = info->n_groups;
  while (low < high) { // the last that begins at or before it; empty ones may begin there, too
    uint32_t mid = low + (high - low) / 2;
    if (info->groups[mid].first_model <= model) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  while (low > 1 && info->groups[low - 1].n_models == 0) {
    low--;
  }
  return low - 1;
}

static uint8_t mt_signature_score(const wg_drv_matcher *m, wg_drv_signed s) {
  if (s == WG_DRV_NOT_SIGNED || s == WG_DRV_NO_CATALOG || s == WG_DRV_REFUSED) {
    return WG_DRV_UNSIGNED;
  }
  const wg_inf_target *t = &m->opt->target;
  bool equal = t->major > 6 || (t->major == 6 && t->minor >= 1);
  return equal ? WG_DRV_SIGNED : WG_DRV_MICROSOFT;
}

typedef struct mt_hit { // an id that a device and a package have
  uint32_t repo, package, id;
  bool device_compatible;
  uint32_t device_at;
} mt_hit;

static wg_drv_candidate mt_candidate(const wg_drv_matcher *m, const mt_package *x,
                                     const mt_hit *hit) {
  const wg_drv_repo *repo = &m->repos[hit->repo];
  const wg_drv_model *model = &x->info.models[x->info.id_models[hit->id]];
  uint32_t group = group_of(&x->info, x->info.id_models[hit->id]);
  wg_drv_candidate c = {.repo = repo,
                        .package = &repo->index->packages[hit->package],
                        .info = &x->info,
                        .path = x->path,
                        .fate = x->barred,
                        .is_signed = x->is_signed,
                        .preference = x->preference,
                        .model = model,
                        .group = &x->info.groups[group],
                        .id = x->info.ids[hit->id]};
  c.variant = wg_drv_choose_variant(&x->info, model, m->opt->target.arch);
  uint32_t at = hit->id - model->first_id;
  c.rank = (wg_drv_rank){.signature = mt_signature_score(m, x->is_signed),
                         .feature = c.variant != NULL ? c.variant->feature_score : 0xFF,
                         .device_compatible = hit->device_compatible,
                         .driver_compatible = at > 0,
                         .device_at = hit->device_at,
                         .driver_at = at > 0 ? at - 1 : 0};
  c.rank_value = wg_drv_rank_value(&c.rank);
  if (!x->chosen[group]) {
    c.fate = WG_DRV_OTHER_TARGET;
    c.rank_value = UINT32_MAX;
  }
  return c;
}

// The best line of a package is the one that counts.
static wg_code mt_take(mt_list *l, mt_package *x, const wg_drv_candidate *c, wg_error *err) {
  if (l->v != NULL && x->seen == l->device) {
    if (c->rank_value < l->v[x->candidate].rank_value) {
      l->v[x->candidate] = *c;
    }
    return WG_OK;
  }
  if (l->n >= MAX_CANDIDATES) {
    return wg_fail(err, WG_E_LIMIT, "more than %u packages fit one device", MAX_CANDIDATES);
  }
  x->seen = l->device;
  x->candidate = (uint32_t)l->n;
  wg_vec_push(&l->v, &l->n, &l->cap) = *c;
  wg_vec_push(&l->of, &l->n_of, &l->cap_of) = (mt_ref){x};
  return WG_OK;
}

static wg_code mt_add(wg_drv_matcher *m, mt_list *l, const mt_hit *hit, wg_str id, wg_error *err) {
  mt_package *x = NULL;
  if (mt_decode(m, hit->repo, hit->package, &x, err) != WG_OK) {
    return err->code;
  }
  if (hit->id >= x->info.n_ids) {
    return wg_fail(err, WG_E_FORMAT, "the index of drivers is damaged: it has an id too many");
  }
  wg_str known = x->info.ids[hit->id];
  if (known.n != id.n || wg_name_cmp_nocase(known, id) != 0) {
    return WG_OK; // the same hash
  }
  const wg_drv_candidate c = mt_candidate(m, x, hit);
  return mt_take(l, x, &c, err);
}

static wg_code mt_search(wg_drv_matcher *m, mt_list *l, const wg_str *ids, uint32_t n,
                         bool compatible, wg_error *err) {
  for (uint32_t i = 0; i < n; i++) {
    uint32_t hash = wg_drv_hash(ids[i]);
    for (uint32_t r = 0; r < m->n_repos; r++) {
      const wg_drv_index *ix = m->repos[r].index;
      uint32_t at = 0, to = 0;
      for (wg_drv_index_find(ix, hash, &at, &to); at < to; at++) {
        mt_hit hit = {.repo = r,
                      .package = wg_drv_posting_package(ix, at),
                      .id = wg_drv_posting_id(ix, at),
                      .device_compatible = compatible,
                      .device_at = i};
        if (hit.package >= ix->n_packages) {
          return wg_fail(err, WG_E_FORMAT, "the index of drivers is damaged: a package too many");
        }
        if (mt_add(m, l, &hit, ids[i], err) != WG_OK) {
          return err->code;
        }
      }
    }
  }
  return WG_OK;
}

// --- the choice

static bool is_extension(const wg_drv_candidate *c) {
  return wg_str_eq_nocase(c->info->class_name, "Extension") ||
         wg_str_eq_nocase(wg_str_of(c->info->guid_text), "{e2f84ce7-8efa-411c-aa69-97454ca4cb57}");
}

static int cmp_u32(uint32_t a, uint32_t b) {
  return a < b ? -1 : a > b;
}

static int date_cmp(const wg_drv_info *a, const wg_drv_info *b) {
  int c = cmp_u32(a->year, b->year);
  c = c != 0 ? c : cmp_u32(a->month, b->month);
  return c != 0 ? c : cmp_u32(a->day, b->day);
}

static int version_cmp(const wg_drv_info *a, const wg_drv_info *b) {
  int c = 0;
  for (size_t i = 0; i < 4 && c == 0; i++) {
    c = cmp_u32(a->version[i], b->version[i]);
  }
  return c;
}

// What can't be chosen comes last, by how near it came.
static uint32_t fate_order(const wg_drv_candidate *c) {
  return c->fate == WG_DRV_BASE ? 0 : c->fate == WG_DRV_OTHER_TARGET ? 2 : 1;
}

// The best first. Of extensions date and version decide, not the rank.
static int candidate_cmp(const void *a, const void *b, void *ctx) {
  const wg_drv_candidate *x = a, *y = b;
  (void)ctx;
  int c = cmp_u32(fate_order(x), fate_order(y));
  bool ext = is_extension(x);
  c = c != 0 ? c : (int)ext - (int)is_extension(y);
  c = c != 0 ? c : cmp_u32(x->preference, y->preference);
  c = c != 0 || ext ? c : cmp_u32(x->rank_value, y->rank_value);
  c = c != 0 ? c : -date_cmp(x->info, y->info);
  c = c != 0 ? c : -version_cmp(x->info, y->info);
  c = c != 0 ? c : cmp_u32(x->rank_value, y->rank_value);
  c = c != 0 ? c : cmp_u32((uint32_t)(x->repo > y->repo), (uint32_t)(y->repo > x->repo));
  return c != 0 ? c : strcmp(x->path, y->path);
}

static wg_drv_fate why_lost(const wg_drv_candidate *winner, const wg_drv_candidate *c) {
  return winner->preference != c->preference       ? WG_DRV_PREFERENCE
         : winner->rank_value != c->rank_value     ? WG_DRV_RANK
         : date_cmp(winner->info, c->info) != 0    ? WG_DRV_DATE
         : version_cmp(winner->info, c->info) != 0 ? WG_DRV_VERSION
                                                   : WG_DRV_EQUAL;
}

static bool same_extension(const wg_drv_candidate *a, const wg_drv_candidate *b) {
  return a->info->has_extension_id && b->info->has_extension_id &&
         memcmp(a->info->extension_id, b->info->extension_id, 16) == 0;
}

static bool matches_device(const char *pattern, const wg_hw_device *d) {
  bool is = d->instance.n > 0 && wg_drv_like(pattern, d->instance);
  for (uint32_t i = 0; i < d->n_hardware && !is; i++) {
    is = wg_drv_like(pattern, d->hardware_ids[i]);
  }
  for (uint32_t i = 0; i < d->n_compatible && !is; i++) {
    is = wg_drv_like(pattern, d->compatible_ids[i]);
  }
  return is;
}

// A device that a pin names takes what the pins of it name, and nothing else.
static void mt_pin(wg_drv_matcher *m, mt_list *l, const wg_hw_device *d) {
  const wg_drv_rules *r = m->opt->rules;
  bool pinned = false;
  for (size_t i = 0; r != NULL && i < r->n_pins; i++) {
    pinned = pinned || matches_device(r->pins[i].device, d);
  }
  for (size_t k = 0; pinned && k < l->n; k++) {
    wg_drv_candidate *c = &l->v[k];
    const wg_drv_facts f = {.path = c->path,
                            .provider = z_of(m, c->info->provider),
                            .class_name = z_of(m, c->info->class_name),
                            .version = c->info->version};
    bool named = false;
    for (size_t i = 0; i < r->n_pins; i++) {
      named =
          named || (matches_device(r->pins[i].device, d) && wg_drv_which_is(&r->pins[i].which, &f));
    }
    if (c->fate != WG_DRV_OTHER_TARGET) {
      c->fate = named ? WG_DRV_BASE : WG_DRV_NOT_PINNED;
    }
  }
}

static void mt_verify(wg_drv_matcher *m, mt_list *l) {
  for (size_t i = 0; m->opt->verify != NULL && i < l->n; i++) {
    wg_drv_candidate *c = &l->v[i];
    mt_package *x = l->of[i].package;
    if (c->fate != WG_DRV_BASE || (c->is_signed != WG_DRV_NOT_VERIFIED && !x->verified)) {
      continue;
    }
    if (!x->verified) {
      x->is_signed = m->opt->verify(m->opt->verify_ctx, c, &x->signer);
      x->verified = true;
    }
    c->is_signed = x->is_signed;
    c->signer = x->signer;
    c->rank.signature = mt_signature_score(m, x->is_signed);
    c->rank_value = wg_drv_rank_value(&c->rank);
  }
}

// Fates of what is sorted: bases, then extensions, then what can't be chosen.
static void mt_decide(mt_list *l, wg_drv_choice *out) {
  size_t n_base = 0, n_fit = 0;
  while (n_fit < l->n && l->v[n_fit].fate == WG_DRV_BASE) {
    n_base += !is_extension(&l->v[n_fit]);
    n_fit++;
  }
  for (size_t i = 1; i < n_base; i++) {
    l->v[i].fate = why_lost(&l->v[0], &l->v[i]);
  }
  for (size_t i = n_base; i < n_fit; i++) {
    l->v[i].fate = WG_DRV_EXTENSION;
    for (size_t k = n_base; k < i; k++) {
      if (l->v[k].fate == WG_DRV_EXTENSION && same_extension(&l->v[k], &l->v[i])) {
        l->v[i].fate = WG_DRV_OTHER_EXTENSION;
      }
    }
    out->n_extensions += l->v[i].fate == WG_DRV_EXTENSION;
  }
}

// Chosen extensions stand right behind the base.
static int fate_cmp(const void *a, const void *b, void *ctx) {
  const wg_drv_candidate *x = a, *y = b;
  int c = cmp_u32(x->fate > WG_DRV_EXTENSION, y->fate > WG_DRV_EXTENSION);
  return c != 0 ? c : candidate_cmp(a, b, ctx);
}

static wg_code mt_choose(wg_drv_matcher *m, const wg_hw_device *d, wg_drv_choice *out,
                         wg_error *err) {
  mt_list l = {.device = ++m->n_devices};
  wg_code code = mt_search(m, &l, d->hardware_ids, d->n_hardware, false, err);
  code = code == WG_OK ? mt_search(m, &l, d->compatible_ids, d->n_compatible, true, err) : code;
  if (code == WG_OK) {
    mt_pin(m, &l, d);
    mt_verify(m, &l);
    wg_sort(l.v, l.n, sizeof(*l.v), candidate_cmp, NULL);
    mt_decide(&l, out);
    wg_drv_candidate *v = wg_arena_new_array(m->arena, wg_drv_candidate, l.n);
    if (v == NULL) {
      code = wg_arena_fail(m->arena, err);
    } else if (l.n > 0) {
      memcpy(v, l.v, l.n * sizeof(*v));
      wg_sort(v, l.n, sizeof(*v), fate_cmp, NULL);
      out->v = v;
      out->n = (uint32_t)l.n;
      out->base = v[0].fate == WG_DRV_BASE ? v : NULL;
    }
  }
  wg_xfree(l.v);
  wg_xfree(l.of);
  return code;
}

static wg_code mt_device(wg_drv_matcher *m, const wg_hw_device *d, unsigned depth,
                         wg_drv_choice *out, wg_error *err);

static wg_code mt_component(wg_drv_matcher *m, wg_str id, unsigned depth, wg_drv_component *c,
                            wg_error *err) {
  wg_hw_device *d = wg_arena_new(m->arena, wg_hw_device);
  wg_str *ids = wg_arena_new_array(m->arena, wg_str, 1);
  wg_drv_choice *choice = wg_arena_new(m->arena, wg_drv_choice);
  const char *swc = wg_arena_printf(m->arena, "SWC\\%.*s", WG_STR_ARG(id));
  if (d == NULL || ids == NULL || choice == NULL || swc == NULL) {
    return wg_arena_fail(m->arena, err);
  }
  ids[0] = wg_str_of(swc);
  *d = (wg_hw_device){.hardware_ids = ids, .n_hardware = 1};
  c->id = ids[0];
  c->choice = choice;
  return mt_device(m, d, depth + 1, choice, err);
}

// What the base and the extensions add, each once.
static wg_code mt_components(wg_drv_matcher *m, unsigned depth, wg_drv_choice *out, wg_error *err) {
  wg_drv_component *v = NULL;
  uint32_t n_chosen = out->n_extensions + (out->base != NULL);
  for (uint32_t i = 0; i < n_chosen && out->base != NULL && depth < MAX_DEPTH; i++) {
    const wg_drv_variant *x = out->v[i].variant;
    for (uint32_t k = 0; x != NULL && k < x->n_components; k++) {
      if (v == NULL) {
        v = wg_arena_new_array(m->arena, wg_drv_component, MAX_COMPONENTS);
      }
      if (v == NULL) {
        return wg_arena_fail(m->arena, err);
      }
      out->components = v;
      if (out->n_components == MAX_COMPONENTS) {
        return WG_OK;
      }
      wg_drv_component *c = &v[out->n_components++];
      *c = (wg_drv_component){.by = &out->v[i]};
      if (mt_component(m, x->components[k], depth, c, err) != WG_OK) {
        return err->code;
      }
    }
  }
  return WG_OK;
}

static wg_code mt_device(wg_drv_matcher *m, const wg_hw_device *d, unsigned depth,
                         wg_drv_choice *out, wg_error *err) {
  *out = (wg_drv_choice){.device = d};
  return mt_choose(m, d, out, err) == WG_OK ? mt_components(m, depth, out, err) : err->code;
}

wg_code wg_drv_match(wg_drv_matcher *m, const wg_hw_device *d, wg_drv_choice *out, wg_error *err) {
  wg_hw_device *mine = wg_arena_new(m->arena, wg_hw_device);
  if (mine == NULL || !wg_drv_pci_as(d, m->opt->target.major >= 10, m->arena, mine)) {
    return wg_arena_fail(m->arena, err);
  }
  return mt_device(m, mine, 0, out, err);
}
