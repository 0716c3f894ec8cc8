// SPDX-License-Identifier: Apache-2.0
// Packages taken out by the image's own record of them.
#include <string.h>

#include "base/near.h"
#include "driver/inject/inject.h"
#include "fmt/regf/regf.h"

static void remove_key(wg_inject *in, const char *key) {
  (void)wg_reg_edits_new(&in->edits, in->origin, WG_REG_DELETE_KEY, key, "");
}

static void remove_value(wg_inject *in, const char *key, const char *name) {
  (void)wg_reg_edits_new(&in->edits, in->origin, WG_REG_DELETE_VALUE, key, name);
}

static void remove_owner(wg_inject *in, const char *key, const char *published) {
  const char *const owner[1] = {published};
  wg_reg_edit *e = wg_reg_edits_new(&in->edits, in->origin, WG_REG_REMOVE, key, "Owners");
  e->type = WG_REG_MULTI_SZ;
  wg_reg_edits_items(&in->edits, e, owner, 1);
}

static void remove_path(wg_inject *in, const char *path) {
  WG_AUTO(wg_cstr) to = wg_xprintf("C:\\%s", path);
  const wg_image_change c = {.op = WG_IMAGE_DELETE, .to = to, .flags = WG_IMAGE_IF_PRESENT};
  const wg_src none = {0};
  wg_inject_change(in, &c, &none);
}

typedef struct remove_seen { // below a key of DeviceIds
  bool had;                  // a value of the package
  bool gone;                 // nothing else: the key goes
} remove_seen;

// Values of the package at an id and below it, with the keys that would be empty then.
static remove_seen remove_ids(wg_inject *in, const wg_regkey *k, const char *key,
                              const char *published) {
  size_t n = wg_regkey_n_values(k);
  bool own = wg_regkey_value(k, wg_str_of(published)) != NULL;
  remove_seen seen = {.had = own, .gone = n == (own ? 1U : 0U)};
  for (size_t i = 0; i < wg_regkey_n_children(k); i++) {
    const wg_regkey *child = wg_regkey_child_at(k, i);
    WG_AUTO(wg_buf) path = {0};
    wg_buf_init(&path, wg_heap(), 0);
    wg_buf_printf(&path, "%s\\", key);
    wg_regkey_add_name(child, &path);
    remove_seen below = remove_ids(in, child, wg_buf_z(&path), published);
    seen.had = seen.had || below.had;
    seen.gone = seen.gone && below.gone;
    if (below.gone) {
      remove_key(in, wg_buf_z(&path));
    }
  }
  seen.gone = seen.gone && seen.had;
  if (own && !seen.gone) {
    remove_value(in, key, published);
  }
  return seen;
}

static void remove_record(wg_inject *in, const wg_db_package *p) {
  const wg_regkey *database = p->in_drivers ? in->w.in_drivers : in->w.in_system;
  WG_AUTO(wg_cstr)
  root = wg_xprintf("HKLM\\%s\\DriverDatabase", p->in_drivers ? "DRIVERS" : "SYSTEM");
  WG_AUTO(wg_cstr) package = wg_xprintf("%s\\DriverPackages\\%s", root, p->label);
  WG_AUTO(wg_cstr) inf = wg_xprintf("%s\\DriverInfFiles\\%s", root, p->published);
  const wg_regkey *ids = wg_driver_reg_below(database, "DeviceIds");
  if (ids != NULL) {
    WG_AUTO(wg_cstr) key = wg_xprintf("%s\\DeviceIds", root);
    (void)remove_ids(in, ids, key, p->published);
  }
  remove_key(in, package);
  remove_key(in, inf);
  in->in_system = in->in_system || !p->in_drivers;
  in->in_drivers = in->in_drivers || p->in_drivers;
}

static void remove_service(wg_inject *in, const wg_db_package *p, const wg_db_service *s) {
  WG_AUTO(wg_cstr) key = wg_xprintf("HKLM\\SYSTEM\\CurrentControlSet\\Services\\%s", s->name);
  if (s->others) {
    remove_owner(in, key, p->published);
    return;
  }
  remove_key(in, key);
  WG_AUTO(wg_cstr)
  events = wg_xprintf("%s\\Services\\EventLog\\System\\%s", in->w.control_set, s->name);
  if (wg_hive_find(in->w.system.hive, wg_str_of(events)) != NULL) {
    WG_AUTO(wg_cstr)
    full = wg_xprintf("HKLM\\SYSTEM\\CurrentControlSet\\Services\\EventLog\\System\\%s", s->name);
    remove_key(in, full);
  }
}

// A file that the package owns. Whoever wrote the record: a folder does not go as one.
static void remove_owned(wg_inject *in, const char *path) {
  WG_AUTO(wg_cstr) at = wg_xprintf("\\%s", path);
  WG_AUTO(wg_buf) bytes = {0};
  wg_error e = WG_ERROR_INIT;
  wg_buf_init(&bytes, wg_heap(), 0);
  wg_code code = wg_image_reader_file(in->base, at, 0, &bytes, &e);
  if (code == WG_OK || code == WG_E_LIMIT) {
    remove_path(in, path);
  }
}

static void remove_file(wg_inject *in, const wg_db_package *p, const wg_db_file *f) {
  WG_AUTO(wg_cstr) key = wg_xprintf(WG_DRIVER_LOCKDOWN "\\%s", f->key);
  if (f->others) {
    remove_owner(in, key, p->published);
  } else {
    remove_key(in, key);
    remove_owned(in, f->path);
  }
}

static bool remove_shares(const wg_db_package *p, const wg_db_package *other) {
  return p != other && p->in_drivers == other->in_drivers &&
         wg_name_cmp_nocase(wg_str_of(p->published), wg_str_of(other->published)) == 0;
}

// One that is published under a name that another package has now: the name stays the other's.
static bool remove_is_shadowed(const wg_inject *in, const wg_db_package *p) {
  for (size_t i = 0; !p->active && i < in->db.n; i++) {
    if (in->db.v[i].active && remove_shares(p, &in->db.v[i])) {
      return true;
    }
  }
  return false;
}

static void remove_shadowed(wg_inject *in, const wg_db_package *p) {
  WG_AUTO(wg_arena) arena = {0};
  const char *const label[1] = {p->label};
  const char *const *labels = NULL;
  const char *hive = p->in_drivers ? "DRIVERS" : "SYSTEM";
  WG_AUTO(wg_cstr) below = wg_xprintf("DriverInfFiles\\%s", p->published);
  WG_AUTO(wg_cstr) inf = wg_xprintf("HKLM\\%s\\DriverDatabase\\%s", hive, below);
  WG_AUTO(wg_cstr)
  package = wg_xprintf("HKLM\\%s\\DriverDatabase\\DriverPackages\\%s", hive, p->label);
  const wg_regkey *k =
      wg_driver_reg_below(p->in_drivers ? in->w.in_drivers : in->w.in_system, below);
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_driver_reg_list(k, "", &arena, &labels) > 0) {
    wg_reg_edit *e = wg_reg_edits_new(&in->edits, in->origin, WG_REG_REMOVE, inf, "");
    e->type = WG_REG_MULTI_SZ;
    wg_reg_edits_items(&in->edits, e, label, 1);
  }
  remove_key(in, package);
  in->in_system = in->in_system || !p->in_drivers;
  in->in_drivers = in->in_drivers || p->in_drivers;
}

static void remove_published(wg_inject *in, const wg_db_package *p) {
  int number = wg_driver_oem_number(p->published);
  size_t stem = strlen(p->published) - 4;
  WG_AUTO(wg_cstr) inf = wg_xprintf("Windows\\INF\\%s", p->published);
  WG_AUTO(wg_cstr) pnf = wg_xprintf("Windows\\INF\\%.*s.PNF", (int)stem, p->published);
  WG_AUTO(wg_cstr) cat = wg_xprintf(WG_DRIVER_CATROOT "\\%.*s.cat", (int)stem, p->published);
  remove_record(in, p);
  for (size_t i = 0; i < p->n_services; i++) {
    remove_service(in, p, &p->services[i]);
  }
  for (size_t i = 0; i < p->n_files; i++) {
    remove_file(in, p, &p->files[i]);
  }
  remove_path(in, inf);
  remove_path(in, pnf);
  remove_path(in, cat);
  if (number >= 0) {
    in->freed[number / 8] |= (uint8_t)(0x80U >> (unsigned)(number % 8));
  }
}

void wg_inject_drop(wg_inject *in, const wg_db_package *p) {
  WG_AUTO(wg_cstr) store = wg_xprintf(WG_DRIVER_STORE "\\%s", p->label);
  WG_AUTO(wg_cstr) version = wg_inject_version(p->version);
  if (remove_is_shadowed(in, p)) {
    remove_shadowed(in, p);
  } else {
    remove_published(in, p);
  }
  remove_path(in, store);
  in->n_removed++;
  wg_inject_did(in,
                &(wg_driver_did){.label = p->label, .published = p->published, .removed = true});
  wg_inject_row(in, "removed", p->published, p->inf_name, version, p->class_name,
                p->in_drivers ? "DRIVERS" : "SYSTEM", "", "");
}

// An id of the package that nothing else of the image is a driver for.
static const char *remove_last_match(const wg_inject *in, const wg_db_package *p) {
  for (size_t i = 0; i < p->n_ids; i++) {
    bool other = false;
    for (size_t k = 0; k < in->db.n && !other; k++) {
      const wg_db_package *d = &in->db.v[k];
      for (size_t j = 0; d != p && d->active && j < d->n_ids && !other; j++) {
        other = wg_name_cmp_nocase(wg_str_of(d->ids[j].id), wg_str_of(p->ids[i].id)) == 0;
      }
    }
    if (!other) {
      return p->ids[i].id;
    }
  }
  return NULL;
}

static bool remove_is(const wg_db_package *p, const char *name) {
  return wg_name_cmp_nocase(wg_str_of(p->published), wg_str_of(name)) == 0 ||
         wg_name_cmp_nocase(wg_str_of(p->inf_name), wg_str_of(name)) == 0;
}

static wg_code remove_may(const wg_inject *in, const wg_db_package *p, bool force, wg_error *err) {
  if (p->in_box || wg_driver_oem_number(p->published) < 0) {
    return wg_fail(err, WG_E_CONFLICT,
                   "'%s' is a driver of Windows itself, which Windows servicing looks after",
                   p->published);
  }
  const char *id = p->critical && !force ? remove_last_match(in, p) : NULL;
  if (id != NULL) {
    return wg_fail(
        err, WG_E_CONFLICT,
        "'%s' (%s) starts with the machine, and nothing else drives '%s': a machine with "
        "that would not start; --force removes it",
        p->published, p->inf_name, id);
  }
  return WG_OK;
}

static wg_code remove_none(const wg_inject *in, const char *name, wg_error *err) {
  const char **names = wg_xarray(2 * in->db.n + 1, sizeof(*names));
  size_t n = 0;
  for (size_t i = 0; i < in->db.n; i++) {
    if (!in->db.v[i].in_box) {
      names[n++] = in->db.v[i].published;
      names[n++] = in->db.v[i].inf_name;
    }
  }
  WG_AUTO(wg_cstr) inf = wg_xprintf("%s.inf", name);
  const char *near = wg_nearest(name, names, n);
  near = near == NULL ? wg_nearest(inf, names, n) : near;
  WG_AUTO(wg_cstr) meant = near == NULL ? NULL : wg_xprintf("did you mean '%s'? ", near);
  wg_xfree(names);
  return wg_fail(err, WG_E_NOT_FOUND,
                 "no driver '%s' is in the image; %s'wingo driver list' shows those that are", name,
                 meant == NULL ? "" : meant);
}

// With a package that has its published name go those that had it before.
static void remove_mark(const wg_inject *in, size_t at, bool *drop) {
  drop[at] = true;
  for (size_t i = 0; in->db.v[at].active && i < in->db.n; i++) {
    drop[i] = drop[i] || (!in->db.v[i].in_box && remove_shares(&in->db.v[at], &in->db.v[i]));
  }
}

wg_code wg_inject_remove(wg_inject *in, const wg_driver_remove *job, wg_error *err) {
  bool *drop = wg_xarray(in->db.n + 1, sizeof(*drop));
  wg_code code = WG_OK;
  for (size_t i = 0; code == WG_OK && i < job->n_names; i++) {
    bool any = false;
    for (size_t k = 0; code == WG_OK && k < in->db.n; k++) {
      const wg_db_package *p = &in->db.v[k];
      if (remove_is(p, job->names[i])) {
        any = true;
        remove_mark(in, k, drop);
        code = remove_may(in, p, job->force, err);
      }
    }
    if (code == WG_OK && !any) {
      code = remove_none(in, job->names[i], err);
    }
  }
  for (size_t k = 0; code == WG_OK && k < in->db.n; k++) {
    if (drop[k]) {
      wg_inject_drop(in, &in->db.v[k]);
    }
  }
  wg_xfree(drop);
  return code;
}
