// SPDX-License-Identifier: Apache-2.0
// What the start may need of packages: services, and files where they run.
#include <string.h>

#include "base/civil.h"
#include "base/sort.h"
#include "driver/inject/add_int.h"

static void start_reflect_one(add_run *a, const add_candidate *c, const wg_inf_copy *copy) {
  WG_AUTO(wg_cstr) to = wg_driver_copy_target(copy);
  const wg_driver_file *f = copy->from != &c->p->inf ? NULL : wg_driver_package_file(c->p, copy);
  if (to != NULL && f != NULL && f->host != NULL && wg_driver_names_add(&a->in->places, to)) {
    wg_add_put(a, c, f->host, to);
  }
}

// Files of what can be needed for the start, where they run; each place once.
static void start_reflect(add_run *a, const add_candidate *c) {
  for (uint32_t i = 0; i < c->p->p.n_configs; i++) {
    for (uint32_t k = 0; k < c->p->p.configs[i].n_copies; k++) {
      start_reflect_one(a, c, &c->p->p.configs[i].copies[k]);
    }
  }
}

// Places that are put over and belong to somebody else, now and afterwards.
static size_t start_kept(add_run *a, const wg_driver_package *p, const char *const **out) {
  size_t n = 0, most = 0;
  for (uint32_t i = 0; i < p->p.n_configs; i++) {
    most += p->p.configs[i].n_copies;
  }
  const char **v = wg_arena_new_array(&a->arena, const char *, most + 1);
  wg_assert(v != NULL);
  for (uint32_t i = 0; i < p->p.n_configs; i++) {
    for (uint32_t k = 0; k < p->p.configs[i].n_copies; k++) {
      const wg_inf_copy *c = &p->p.configs[i].copies[k];
      WG_AUTO(wg_cstr) to = c->from == &p->inf ? wg_driver_copy_target(c) : NULL;
      if (to != NULL && wg_inject_is_theirs(a->in, to)) {
        v[n] = wg_arena_strdup(&a->arena, to);
        wg_assert(v[n] != NULL);
        n++;
      }
    }
  }
  *out = v;
  return n;
}

static int start_newer_first(const void *x, const void *y, void *ctx) {
  (void)ctx;
  const add_candidate *const *a = x;
  const add_candidate *const *b = y;
  const wg_inf_package *p = &(*a)->p->p, *q = &(*b)->p->p;
  uint32_t day_p = p->year * 512 + p->month * 32 + p->day;
  uint32_t day_q = q->year * 512 + q->month * 32 + q->day;
  if (day_p != day_q) {
    return day_p > day_q ? -1 : 1;
  }
  for (size_t i = 0; i < 4; i++) {
    if (p->version[i] != q->version[i]) {
      return p->version[i] > q->version[i] ? -1 : 1;
    }
  }
  return *a < *b ? -1 : *a > *b; // as they were found
}

// Whether the image has a newer version of the package.
static bool start_is_older(const add_run *a, const wg_driver_package *p) {
  for (size_t i = 0; !a->job->replace && i < a->in->db.n; i++) {
    const wg_db_package *d = &a->in->db.v[i];
    if (d->in_box || !d->active ||
        wg_name_cmp_nocase(wg_str_of(d->inf_name), wg_str_of(p->name)) != 0 ||
        wg_name_cmp_nocase(wg_str_of(d->provider), p->p.provider) != 0) {
      continue;
    }
    wg_civil day = wg_civil_of_filetime(d->date);
    int64_t theirs = day.year * 512 + (int64_t)day.month * 32 + (int64_t)day.day;
    int64_t ours = (int64_t)p->p.year * 512 + (int64_t)p->p.month * 32 + (int64_t)p->p.day;
    int by_version = 0;
    for (size_t k = 0; by_version == 0 && k < 4; k++) {
      by_version = (int)d->version[k] - (int)p->p.version[k];
    }
    if (theirs > ours || (theirs == ours && by_version > 0)) {
      return true;
    }
  }
  return false;
}

// Its services only get one more owner.
static void start_claim(add_run *a, const wg_inf_package *p) {
  for (uint32_t i = 0; i < p->n_configs; i++) {
    for (uint32_t k = 0; k < p->configs[i].n_services; k++) {
      wg_str name = p->configs[i].services[k].name;
      WG_AUTO(wg_cstr) z = wg_xstrndup(name.n == 0 ? "" : name.p, name.n);
      (void)wg_driver_names_add(&a->in->services, z);
    }
  }
}

void wg_add_start(add_run *a) {
  // NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers
  const add_candidate **v = wg_xarray(a->n + 1, sizeof(*v));
  size_t n = 0;
  for (size_t i = 0; i < a->n; i++) {
    if (a->v[i].critical) {
      v[n++] = &a->v[i];
    }
  }
  // NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers
  wg_sort(v, n, sizeof(*v), start_newer_first, NULL);
  for (size_t i = 0; i < n; i++) {
    const char *const *kept = NULL;
    size_t n_kept = start_kept(a, v[i]->p, &kept);
    const wg_driver_record r = {.windows = &a->in->w,
                                .package = v[i]->p,
                                .published = v[i]->published,
                                .label = v[i]->name,
                                .critical = true,
                                .time_s = a->in->run->time_s,
                                .origin = wg_add_origin(a, v[i]->p),
                                .kept = kept,
                                .n_kept = n_kept};
    bool older = start_is_older(a, v[i]->p);
    if (older) {
      start_claim(a, &v[i]->p->p);
    }
    wg_driver_service_edits(&r, &a->in->tags, &a->in->services, &a->in->edits);
    if (!older) {
      start_reflect(a, v[i]);
    }
  }
  wg_xfree(v);
}
