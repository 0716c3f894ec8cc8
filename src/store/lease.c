// SPDX-License-Identifier: Apache-2.0
// Leases: which processes have the store open, since when; and what dead ones left behind.
#include <string.h>

#include "store/priv.h"

static wg_store_path lease_path(const char *id) {
  wg_store_path p;
  (void)wg_format(p.s, sizeof(p.s), "leases/%s", id);
  return p;
}

static bool lease_is_name(const char *name) {
  uint8_t id[8];
  return wg_parse_hex(wg_str_of(name), id, sizeof(id));
}

wg_code wg_store_lease(wg_store *s, wg_error *err) {
  uint64_t r = 0;
  wg_os_random(&r, sizeof(r));
  (void)wg_format(s->lease, sizeof(s->lease), "%016llx", (unsigned long long)r);
  wg_store_path path = lease_path(s->lease);
  // A sweeper holds gc exclusively: it never sees a lease that is made but not locked yet.
  WG_AUTO(wg_fd) gc = -1;
  if (wg_os_lock(s->v1_fd, "gc", false, false, NULL, &gc, err) != WG_OK ||
      wg_os_lock(s->v1_fd, path.s, true, true, NULL, &s->lease_fd, err) != WG_OK) {
    return err->code;
  }
  return wg_os_set_mtime(s->v1_fd, path.s, wg_os_wall_ns(), err);
}

void wg_store_unlease(wg_store *s) {
  if (s->lease_fd >= 0) {
    wg_error ignored = WG_ERROR_INIT;
    (void)!wg_os_unlink(s->v1_fd, lease_path(s->lease).s, &ignored);
    wg_fd_done(&s->lease_fd);
  }
}

wg_code wg_store_protected_since(wg_store *s, int64_t *out_ns, wg_error *err) {
  WG_AUTO(wg_arena) a = {0};
  wg_arena_init(&a, wg_heap(), 0);
  wg_dirent *list = NULL;
  size_t n = 0;
  int64_t since = INT64_MAX;
  if (wg_os_list_dir(s->v1_fd, "leases", &a, &list, &n, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < n; i++) {
    bool own = strcmp(list[i].name, s->lease) == 0;
    if (!lease_is_name(list[i].name) || (own && !atomic_load(&s->used_any))) {
      continue;
    }
    wg_store_path path = lease_path(list[i].name);
    WG_AUTO(wg_fd) fd = -1;
    wg_stat st;
    if (!own && wg_os_lock(s->v1_fd, path.s, true, true, NULL, &fd, err) == WG_OK) {
      continue; // its owner is gone
    }
    if (!own && err->code != WG_E_CONFLICT) {
      return err->code;
    }
    if (wg_os_stat(s->v1_fd, path.s, false, &st, err) != WG_OK) {
      if (err->code == WG_E_NOT_FOUND) {
        continue; // closed this moment
      }
      return err->code;
    }
    since = st.mtime_ns < since ? st.mtime_ns : since;
  }
  *out_ns = since == INT64_MAX ? since : since - s->stamp_ns;
  return WG_OK;
}

typedef struct lease_dead {
  char id[17];
  wg_fd fd; // its lock, ours now
} lease_dead;

typedef struct lease_scan {
  wg_arena arena;
  wg_dirent *tmp, *leases;
  size_t n_tmp, n_leases;
  lease_dead *dead;
  size_t n_dead, cap_dead;
} lease_scan;

static void lease_scan_done(lease_scan *c) {
  for (size_t i = 0; i < c->n_dead; i++) {
    wg_fd_done(&c->dead[i].fd);
  }
  wg_xfree(c->dead);
  wg_arena_done(&c->arena);
}
WG_DEFINE_AUTO(lease_scan, lease_scan_done);

// Takes the locks of leases whose owner is gone.
static wg_code lease_find_dead(wg_store *s, lease_scan *c, wg_error *err) {
  WG_AUTO(wg_fd) gc = -1;
  if (wg_os_lock(s->v1_fd, "gc", true, true, NULL, &gc, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < c->n_leases; i++) {
    const char *id = c->leases[i].name;
    WG_AUTO(wg_fd) fd = -1;
    if (lease_is_name(id) && strcmp(id, s->lease) != 0 &&
        wg_os_exists(s->v1_fd, lease_path(id).s) &&
        wg_os_lock(s->v1_fd, lease_path(id).s, true, true, NULL, &fd, err) == WG_OK) {
      lease_dead *d = &wg_vec_push(&c->dead, &c->n_dead, &c->cap_dead);
      memcpy(d->id, id, sizeof(d->id));
      d->fd = wg_fd_take(&fd);
    }
  }
  return WG_OK;
}

// A name in tmp whose lease is in the list of dead ones, or has no lease file at all.
static bool lease_owner_gone(wg_store *s, const lease_scan *c, const char *tmp_name) {
  char id[17];
  if (strlen(tmp_name) < 17 || tmp_name[16] != '-') {
    return false; // not ours to judge
  }
  memcpy(id, tmp_name, 16);
  id[16] = '\0';
  for (size_t i = 0; i < c->n_dead; i++) {
    if (strcmp(c->dead[i].id, id) == 0) {
      return true;
    }
  }
  return lease_is_name(id) && !wg_os_exists(s->v1_fd, lease_path(id).s);
}

void wg_store_sweep(wg_store *s) {
  wg_error ignored = WG_ERROR_INIT;
  WG_AUTO(lease_scan) c = {0};
  wg_arena_init(&c.arena, wg_heap(), 0);
  // tmp first: what is in that list had its lease before.
  if (wg_os_list_dir(s->v1_fd, "tmp", &c.arena, &c.tmp, &c.n_tmp, &ignored) != WG_OK ||
      wg_os_list_dir(s->v1_fd, "leases", &c.arena, &c.leases, &c.n_leases, &ignored) != WG_OK ||
      (c.n_tmp == 0 && c.n_leases <= 1) || lease_find_dead(s, &c, &ignored) != WG_OK) {
    return; // nothing there, or somebody else is at it
  }
  for (size_t i = 0; i < c.n_tmp; i++) {
    if (strncmp(c.tmp[i].name, s->lease, 16) != 0 && lease_owner_gone(s, &c, c.tmp[i].name)) {
      wg_store_path path;
      (void)wg_format(path.s, sizeof(path.s), "tmp/%s", c.tmp[i].name);
      (void)!wg_os_rmtree(s->v1_fd, path.s, &ignored);
    }
  }
  for (size_t i = 0; i < c.n_dead; i++) {
    (void)!wg_os_unlink(s->v1_fd, lease_path(c.dead[i].id).s, &ignored);
  }
}
