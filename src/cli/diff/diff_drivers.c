// SPDX-License-Identifier: Apache-2.0
// Driver packages that are in one of two images only.
#include <string.h>

#include "cli/diff/diff.h"
#include "driver/db/db.h"

static const char *drivers_str(diff_report *r, const char *s) {
  const char *own = wg_arena_strdup(&r->arena, s);
  wg_assert(own != NULL);
  return own;
}

static bool drivers_has(const wg_driver_db *db, const wg_db_package *p) {
  for (size_t i = 0; i < db->n; i++) {
    if (strcmp(db->v[i].label, p->label) == 0 && strcmp(db->v[i].published, p->published) == 0) {
      return true;
    }
  }
  return false;
}

// What `of` has and the other does not.
static void drivers_only(diff_report *r, const wg_driver_db *of, const wg_driver_db *other,
                         bool added) {
  for (size_t i = 0; i < of->n; i++) {
    const wg_db_package *p = &of->v[i];
    if (drivers_has(other, p)) {
      continue;
    }
    WG_AUTO(wg_cstr)
    version = wg_xprintf("%u.%u.%u.%u", (unsigned)p->version[0], (unsigned)p->version[1],
                         (unsigned)p->version[2], (unsigned)p->version[3]);
    wg_vec_push(&r->drivers, &r->n_drivers, &r->cap_drivers) =
        (diff_driver){.added = added,
                      .published = drivers_str(r, p->published),
                      .inf = drivers_str(r, p->inf_name),
                      .label = drivers_str(r, p->label),
                      .version = drivers_str(r, version),
                      .class_name = drivers_str(r, p->class_name),
                      .provider = drivers_str(r, p->provider)};
  }
}

void wg_diff_drivers(diff_report *r, wg_hive *a, wg_hive *b) {
  WG_AUTO(wg_driver_db) x = {0};
  WG_AUTO(wg_driver_db) y = {0};
  wg_error ignored = WG_ERROR_INIT; // a hive of something else
  if (wg_driver_db_of_hive(a, &x, &ignored) == WG_OK &&
      wg_driver_db_of_hive(b, &y, &ignored) == WG_OK) {
    drivers_only(r, &x, &y, false);
    drivers_only(r, &y, &x, true);
  }
}

static void drivers_json(const diff_report *r, const diff_driver *d) {
  wg_jsonw_begin_object(r->json);
  wg_jsonw_kv_z(r->json, "change", d->added ? "added" : "removed");
  wg_jsonw_kv_z(r->json, "published", d->published);
  wg_jsonw_kv_z(r->json, "inf", d->inf);
  wg_jsonw_kv_z(r->json, "package", d->label);
  wg_jsonw_kv_z(r->json, "version", d->version);
  wg_jsonw_kv_z(r->json, "class", d->class_name);
  wg_jsonw_kv_z(r->json, "provider", d->provider);
  wg_jsonw_end_object(r->json);
}

void wg_diff_print_drivers(const diff_report *r, uint64_t counts[3]) {
  if (r->json != NULL) {
    wg_jsonw_key_z(r->json, "drivers");
    wg_jsonw_begin_array(r->json);
  } else if (r->n_drivers > 0) {
    wg_buf_add_z(r->out, "Drivers\n");
  }
  for (size_t i = 0; i < r->n_drivers; i++) {
    const diff_driver *d = &r->drivers[i];
    counts[d->added ? 0 : 1]++;
    if (r->json != NULL) {
      drivers_json(r, d);
    } else {
      wg_buf_printf(r->out, "  %c %s  %s %s  (%s%s%s)\n", d->added ? '+' : '-', d->published,
                    d->inf, d->version, d->class_name, d->class_name[0] == '\0' ? "" : ", ",
                    d->provider);
    }
  }
  if (r->json != NULL) {
    wg_jsonw_end_array(r->json);
  } else if (r->n_drivers > 0) {
    wg_buf_add_byte(r->out, '\n');
  }
}
