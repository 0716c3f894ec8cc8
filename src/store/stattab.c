// SPDX-License-Identifier: Apache-2.0
#include "store/stattab.h"

#include <string.h>

typedef struct wg_stat_slot {
  const char *path; // NULL: free
  uint32_t path_n;
  uint32_t used_day;
  uint64_t hash;
  uint8_t kind;
  bool own;  // put by this process
  bool heap; // path is ours to free
  wg_stat_id id;
  wg_digest digest;
} wg_stat_slot;

// Eight bytes at a time, multiply and mix. Only spreads: nobody gains by making paths collide.
static uint64_t stattab_hash(wg_stat_kind kind, wg_str path) {
  uint64_t h = 0x9E3779B97F4A7C15U ^ (uint64_t)kind ^ path.n << 8;
  size_t i = 0;
  for (; path.n - i >= 8; i += 8) {
    h = (h ^ wg_le64((const uint8_t *)path.p + i)) * 0xFF51AFD7ED558CCDU;
    h ^= h >> 32;
  }
  for (; i < path.n; i++) {
    h = (h ^ (uint8_t)path.p[i]) * 0xC4CEB9FE1A85EC53U;
    h ^= h >> 29;
  }
  return h;
}

void wg_stattab_init(wg_stattab *t, uint32_t today) {
  for (size_t i = 0; i < WG_STATTAB_SHARDS; i++) {
    t->shards[i] = (wg_stattab_shard){0};
    wg_mutex_init(&t->shards[i].m);
  }
  t->today = today;
  atomic_init(&t->dirty, false);
}

void wg_stattab_done(wg_stattab *t) {
  for (size_t i = 0; i < WG_STATTAB_SHARDS; i++) {
    wg_stattab_shard *sh = &t->shards[i];
    for (size_t k = 0; k < sh->cap; k++) {
      if (sh->slots[k].heap) {
        wg_xfree((void *)(uintptr_t)sh->slots[k].path);
      }
    }
    wg_xfree(sh->slots);
    wg_mutex_done(&sh->m);
  }
}

// The slot of that path, or the free one where it belongs. cap > n.
static wg_stat_slot *stattab_slot(wg_stattab_shard *sh, uint64_t hash, wg_stat_kind kind,
                                  wg_str path) {
  for (size_t i = (size_t)hash & (sh->cap - 1);; i = (i + 1) & (sh->cap - 1)) {
    wg_stat_slot *s = &sh->slots[i];
    if (s->path == NULL || (s->hash == hash && s->kind == (uint8_t)kind && s->path_n == path.n &&
                            memcmp(s->path, path.p, path.n) == 0)) {
      return s;
    }
  }
}

static void stattab_grow(wg_stattab_shard *sh) {
  wg_stat_slot *old = sh->slots;
  size_t old_cap = sh->cap;
  sh->cap = old_cap == 0 ? 64 : old_cap * 2;
  sh->slots = wg_xarray(sh->cap, sizeof(*sh->slots));
  for (size_t i = 0; i < old_cap; i++) {
    if (old[i].path != NULL) {
      *stattab_slot(sh, old[i].hash, (wg_stat_kind)old[i].kind,
                    (wg_str){old[i].path, old[i].path_n}) = old[i];
    }
  }
  wg_xfree(old);
}

static wg_stattab_shard *stattab_shard(wg_stattab *t, uint64_t hash) {
  return &t->shards[hash >> 59];
}
_Static_assert(WG_STATTAB_SHARDS == 32, "the top five bits choose the shard");

static bool stattab_id_eq(const wg_stat_id *a, const wg_stat_id *b) {
  return a->size_bytes == b->size_bytes && a->mtime_ns == b->mtime_ns &&
         a->ctime_ns == b->ctime_ns && a->ino == b->ino && a->dev == b->dev;
}

bool wg_stattab_find(wg_stattab *t, wg_stat_kind kind, wg_str path, const wg_stat_id *id,
                     wg_digest *out) {
  uint64_t hash = stattab_hash(kind, path);
  wg_stattab_shard *sh = stattab_shard(t, hash);
  bool found = false;
  wg_mutex_lock(&sh->m);
  if (sh->cap > 0) {
    wg_stat_slot *s = stattab_slot(sh, hash, kind, path);
    if (s->path != NULL && stattab_id_eq(&s->id, id)) {
      *out = s->digest;
      found = true;
      if (s->used_day != t->today) { // once a day is enough to keep it
        s->used_day = t->today;
        atomic_store(&t->dirty, true);
      }
    }
  }
  wg_mutex_unlock(&sh->m);
  return found;
}

// Under the shard's mutex. own: this process says so, the path is copied.
static void stattab_set(wg_stattab_shard *sh, uint64_t hash, const wg_stat_row *row, bool own) {
  if ((sh->n + 1) * 3 > sh->cap * 2) {
    stattab_grow(sh);
  }
  wg_stat_slot *s = stattab_slot(sh, hash, row->kind, row->path);
  if (s->path == NULL) {
    s->path = own ? wg_xstrndup(row->path.p, row->path.n) : row->path.p;
    s->path_n = (uint32_t)row->path.n;
    s->heap = own;
    s->hash = hash;
    s->kind = (uint8_t)row->kind;
    sh->n++;
  } else if (s->own && !own) {
    return; // what we saw ourselves is newer than what a file says
  }
  s->own = own;
  s->used_day = own || row->used_day > s->used_day ? row->used_day : s->used_day;
  s->id = row->id;
  s->digest = row->digest;
}

void wg_stattab_put(wg_stattab *t, wg_stat_kind kind, wg_str path, const wg_stat_id *id,
                    const wg_digest *digest) {
  if (path.n == 0 || path.n > WG_STAT_PATH_MAX) {
    return;
  }
  wg_stat_row row = {
      .path = path, .kind = kind, .used_day = t->today, .id = *id, .digest = *digest};
  uint64_t hash = stattab_hash(kind, path);
  wg_stattab_shard *sh = stattab_shard(t, hash);
  wg_mutex_lock(&sh->m);
  stattab_set(sh, hash, &row, true);
  wg_mutex_unlock(&sh->m);
  atomic_store(&t->dirty, true);
}

void wg_stattab_merge(wg_stattab *t, wg_str payload) {
  wg_reader r = wg_reader_of(payload.p, payload.n);
  wg_stat_row row;
  while (wg_stat_row_read(&r, &row)) {
    uint64_t hash = stattab_hash(row.kind, row.path);
    wg_stattab_shard *sh = stattab_shard(t, hash);
    wg_mutex_lock(&sh->m);
    stattab_set(sh, hash, &row, false);
    wg_mutex_unlock(&sh->m);
  }
}

size_t wg_stattab_count(wg_stattab *t) {
  size_t n = 0;
  for (size_t i = 0; i < WG_STATTAB_SHARDS; i++) {
    wg_mutex_lock(&t->shards[i].m);
    n += t->shards[i].n;
    wg_mutex_unlock(&t->shards[i].m);
  }
  return n;
}

static bool stattab_keep(const wg_stattab *t, const wg_stat_slot *s, uint32_t max_age_days) {
  // A day in the future comes from a wrong clock: it would never grow old.
  return s->path != NULL && s->used_day <= t->today && t->today - s->used_day <= max_age_days;
}

// The largest age in days whose rows, with all younger ones, number at most max_rows.
static uint32_t stattab_age_for(wg_stattab *t, uint32_t max_age_days, size_t max_rows) {
  size_t *by_age = wg_xarray((size_t)max_age_days + 1, sizeof(*by_age));
  for (size_t i = 0; i < WG_STATTAB_SHARDS; i++) {
    wg_stattab_shard *sh = &t->shards[i];
    wg_mutex_lock(&sh->m);
    for (size_t k = 0; k < sh->cap; k++) {
      if (stattab_keep(t, &sh->slots[k], max_age_days)) {
        by_age[t->today - sh->slots[k].used_day]++;
      }
    }
    wg_mutex_unlock(&sh->m);
  }
  uint32_t age = 0;
  size_t total = by_age[0];
  while (age < max_age_days && total + by_age[age + 1] <= max_rows) {
    total += by_age[++age];
  }
  wg_xfree(by_age);
  return age;
}

void wg_stattab_write(wg_stattab *t, uint32_t max_age_days, size_t max_rows, wg_buf *out) {
  uint32_t age = stattab_age_for(t, max_age_days, max_rows);
  size_t n = 0;
  for (size_t i = 0; i < WG_STATTAB_SHARDS; i++) {
    wg_stattab_shard *sh = &t->shards[i];
    wg_mutex_lock(&sh->m);
    for (size_t k = 0; k < sh->cap && n < max_rows; k++) {
      const wg_stat_slot *s = &sh->slots[k];
      if (stattab_keep(t, s, age)) {
        wg_stat_row row = {.path = {s->path, s->path_n},
                           .kind = (wg_stat_kind)s->kind,
                           .used_day = s->used_day,
                           .id = s->id,
                           .digest = s->digest};
        wg_stat_row_put(out, &row);
        n++;
      }
    }
    wg_mutex_unlock(&sh->m);
  }
}
