// SPDX-License-Identifier: Apache-2.0
#include "driver/db/db.h"

#include <string.h>

#include "base/sort.h"
#include "driver/db/record.h"
#include "fmt/regf/regf.h"
#include "image/reg/target.h"

#define DB_MAX_PACKAGES 100000U
#define DB_MAX_OEM 10000

void wg_driver_db_done(wg_driver_db *db) {
  wg_xfree(db->v);
  wg_arena_done(&db->arena);
  *db = (wg_driver_db){0};
}

typedef struct db_id_node { // of one published INF
  wg_db_id id;
  struct db_id_node *next;
} db_id_node;
typedef struct db_ids { // of one published INF in one hive
  const char *published;
  db_id_node *first;
  size_t n;
} db_ids;
typedef struct db_read {
  const wg_driver_windows *w;
  wg_driver_db *db;
  size_t cap;
  db_ids *ids;
  size_t n_ids, cap_ids;
  const char **dangling;
  size_t cap_dangling;
} db_read;

static const char *db_str(db_read *r, const char *s) {
  const char *own = s == NULL ? "" : wg_arena_strdup(&r->db->arena, s);
  wg_assert(own != NULL);
  return own;
}

static const char *db_name(db_read *r, wg_str name16) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  return wg_utf16le_to_utf8((const uint8_t *)name16.p, name16.n, &b) ? db_str(r, wg_buf_z(&b)) : "";
}

static const char *db_key_name(db_read *r, const wg_regkey *k) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_regkey_add_name(k, &b);
  return db_str(r, wg_buf_z(&b));
}

static const char *db_text(db_read *r, const wg_regkey *k, const char *name) {
  WG_AUTO(wg_cstr) text = wg_driver_reg_text(k, name);
  return db_str(r, text);
}

const char *wg_db_arch_name(uint32_t arch) {
  return arch == WG_INF_X86     ? "x86"
         : arch == WG_INF_ARM   ? "arm"
         : arch == WG_INF_AMD64 ? "amd64"
         : arch == WG_INF_ARM64 ? "arm64"
                                : "";
}

int wg_driver_oem_number(const char *name) {
  uint64_t n = 0;
  size_t len = strlen(name);
  if (len < 8 || len > 11 || !wg_str_eq_nocase((wg_str){name, 3}, "oem") ||
      !wg_str_eq_nocase(wg_str_of(name + len - 4), ".inf") ||
      !wg_parse_u64((wg_str){name + 3, len - 7}, &n) || n >= DB_MAX_OEM ||
      (name[3] == '0' && len > 8)) {
    return -1;
  }
  return (int)n;
}

// --- ids

static db_ids *db_ids_of(db_read *r, const char *published) {
  for (size_t i = r->n_ids; i > 0; i--) { // values of one INF stand together
    if (wg_name_cmp_nocase(wg_str_of(r->ids[i - 1].published), wg_str_of(published)) == 0) {
      return &r->ids[i - 1];
    }
  }
  db_ids *made = &wg_vec_push(&r->ids, &r->n_ids, &r->cap_ids);
  *made = (db_ids){.published = published};
  return made;
}

static void db_id_values(db_read *r, const wg_regkey *k, const char *path) {
  for (size_t i = 0; i < wg_regkey_n_values(k); i++) {
    const wg_regvalue *v = wg_regkey_value_at(k, i);
    if (v->n_bytes != 4) {
      continue; // of a class: no data
    }
    db_ids *ids = db_ids_of(r, db_name(r, v->name16));
    db_id_node *node = wg_arena_new(&r->db->arena, db_id_node);
    wg_assert(node != NULL);
    node->id = (wg_db_id){.id = path,
                          .hardware = (v->data[0] & 1U) != 0,
                          .compatible = (v->data[0] & 2U) != 0,
                          .score = v->data[1],
                          .place = wg_le16(v->data + 2)};
    node->next = ids->first;
    ids->first = node;
    ids->n++;
  }
}

static void db_ids_below(db_read *r, const wg_regkey *k, const char *path, unsigned depth) {
  for (size_t i = 0; depth < 16 && i < wg_regkey_n_children(k); i++) {
    const wg_regkey *child = wg_regkey_child_at(k, i);
    const char *name = db_key_name(r, child);
    const char *full =
        path[0] == '\0' ? name : wg_arena_printf(&r->db->arena, "%s\\%s", path, name);
    wg_assert(full != NULL);
    db_id_values(r, child, full);
    db_ids_below(r, child, full, depth + 1);
  }
}

static int db_id_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const wg_db_id *x = a;
  const wg_db_id *y = b;
  return wg_name_cmp_nocase(wg_str_of(x->id), wg_str_of(y->id));
}

static void db_give_ids(db_read *r, wg_db_package *p) {
  for (size_t i = 0; i < r->n_ids; i++) {
    if (wg_name_cmp_nocase(wg_str_of(r->ids[i].published), wg_str_of(p->published)) != 0) {
      continue;
    }
    wg_db_id *v = wg_arena_new_array(&r->db->arena, wg_db_id, r->ids[i].n);
    wg_assert(v != NULL);
    size_t n = 0;
    for (const db_id_node *node = r->ids[i].first; node != NULL; node = node->next) {
      v[n++] = node->id;
    }
    wg_sort(v, n, sizeof(*v), db_id_cmp, NULL);
    p->ids = v;
    p->n_ids = n;
    return;
  }
}

// --- packages

static void db_version(db_read *r, const wg_regkey *k, wg_db_package *p) {
  const wg_regvalue *v = wg_regkey_value(k, WG_STR("Version"));
  if (v == NULL || v->n_bytes < 40) {
    return;
  }
  const uint8_t *g = v->data + 8;
  p->in_box = v->data[0] == 0xFF;
  p->arch = wg_le16(v->data + 2);
  p->date = wg_le64(v->data + 24);
  for (size_t i = 0; i < 4; i++) {
    p->version[i] = wg_le16(v->data + 32 + 2 * (3 - i));
  }
  p->class_guid =
      wg_arena_printf(&r->db->arena, "{%08x-%04x-%04x-%02x%02x-%02x%02x%02x%02x%02x%02x}",
                      wg_le32(g), (unsigned)wg_le16(g + 4), (unsigned)wg_le16(g + 6),
                      (unsigned)g[8], (unsigned)g[9], (unsigned)g[10], (unsigned)g[11],
                      (unsigned)g[12], (unsigned)g[13], (unsigned)g[14], (unsigned)g[15]);
  wg_assert(p->class_guid != NULL);
  WG_AUTO(wg_cstr)
  path = wg_xprintf("%s\\Control\\Class\\%s", r->w->control_set, p->class_guid);
  p->class_name = db_text(r, wg_hive_find(r->w->system.hive, wg_str_of(path)), "Class");
}

static bool db_is_active(db_read *r, const wg_regkey *database, const wg_db_package *p) {
  WG_AUTO(wg_cstr) path = wg_xprintf("DriverInfFiles\\%s", p->published);
  WG_AUTO(wg_cstr) active = wg_driver_reg_text(wg_driver_reg_below(database, path), "Active");
  (void)r;
  return active != NULL && wg_name_cmp_nocase(wg_str_of(active), wg_str_of(p->label)) == 0;
}

static void db_package(db_read *r, const wg_regkey *database, const wg_regkey *k, bool in_drivers) {
  wg_db_package *p = &wg_vec_push(&r->db->v, &r->db->n, &r->cap);
  *p = (wg_db_package){.label = db_key_name(r, k),
                       .published = db_text(r, k, ""),
                       .inf_name = db_text(r, k, "InfName"),
                       .provider = db_text(r, k, "Provider"),
                       .catalog = db_text(r, k, "Catalog"),
                       .signer = db_text(r, k, "SignerName"),
                       .class_guid = "",
                       .class_name = "",
                       .in_drivers = in_drivers,
                       .score = wg_driver_reg_dword(k, "SignerScore", 0),
                       .status = wg_driver_reg_dword(k, "StatusFlags", 0)};
  if (p->inf_name[0] == '\0') {
    p->inf_name = p->published;
  }
  db_version(r, k, p);
  p->active = db_is_active(r, database, p);
  const wg_regkey *configs = wg_driver_reg_below(k, "Configurations");
  p->n_configs = configs == NULL ? 0 : wg_regkey_n_children(configs);
  const char **names = wg_arena_new_array(&r->db->arena, const char *, p->n_configs + 1);
  wg_assert(names != NULL);
  for (size_t i = 0; i < p->n_configs; i++) {
    names[i] = db_key_name(r, wg_regkey_child_at(configs, i));
  }
  p->configs = names;
}

static void db_dangling(db_read *r, const char *text) {
  wg_vec_push(&r->dangling, &r->db->n_dangling, &r->cap_dangling) = db_str(r, text);
}

static bool db_has_label(const db_read *r, const char *label, bool in_drivers) {
  for (size_t i = 0; i < r->db->n; i++) {
    if (r->db->v[i].in_drivers == in_drivers &&
        wg_name_cmp_nocase(wg_str_of(r->db->v[i].label), wg_str_of(label)) == 0) {
      return true;
    }
  }
  return false;
}

static void db_inf_files(db_read *r, const wg_regkey *database, bool in_drivers) {
  const wg_regkey *infs = wg_driver_reg_below(database, "DriverInfFiles");
  for (size_t i = 0; infs != NULL && i < wg_regkey_n_children(infs); i++) {
    const wg_regkey *k = wg_regkey_child_at(infs, i);
    WG_AUTO(wg_cstr) active = wg_driver_reg_text(k, "Active");
    if (active != NULL && !db_has_label(r, active, in_drivers)) {
      WG_AUTO(wg_cstr)
      text = wg_xprintf("%s names the package %s, which is not in DriverPackages",
                        db_key_name(r, k), active);
      db_dangling(r, text);
    }
  }
}

static wg_code db_hive(db_read *r, const wg_regkey *database, bool in_drivers, wg_error *err) {
  const wg_regkey *packages = wg_driver_reg_below(database, "DriverPackages");
  size_t first = r->db->n;
  if (packages != NULL && wg_regkey_n_children(packages) > DB_MAX_PACKAGES) {
    return wg_fail(err, WG_E_LIMIT, "DriverPackages has more than %u packages", DB_MAX_PACKAGES);
  }
  for (size_t i = 0; packages != NULL && i < wg_regkey_n_children(packages); i++) {
    db_package(r, database, wg_regkey_child_at(packages, i), in_drivers);
  }
  r->n_ids = 0;
  const wg_regkey *ids = wg_driver_reg_below(database, "DeviceIds");
  if (ids != NULL) {
    db_ids_below(r, ids, "", 0);
  }
  for (size_t i = first; i < r->db->n; i++) {
    if (r->db->v[i].active) {
      db_give_ids(r, &r->db->v[i]);
    }
  }
  db_inf_files(r, database, in_drivers);
  return WG_OK;
}

// --- what has owners

static bool db_owned(const wg_regkey *k, const char *published, wg_arena *arena, bool *others) {
  const char *const *owners = NULL;
  size_t n = wg_driver_reg_list(k, "Owners", arena, &owners);
  bool mine = false;
  *others = false;
  for (size_t i = 0; i < n; i++) {
    bool same = wg_name_cmp_nocase(wg_str_of(owners[i]), wg_str_of(published)) == 0;
    mine = mine || same;
    *others = *others || (!same && owners[i][0] != '!'); // '!': a package that was replaced
  }
  return mine;
}

static void db_services(db_read *r, wg_db_package *p) {
  WG_AUTO(wg_cstr) path = wg_xprintf("%s\\Services", r->w->control_set);
  const wg_regkey *all = wg_hive_find(r->w->system.hive, wg_str_of(path));
  wg_db_service *v = NULL;
  size_t n = 0, cap = 0;
  for (size_t i = 0; all != NULL && i < wg_regkey_n_children(all); i++) {
    const wg_regkey *k = wg_regkey_child_at(all, i);
    bool others = false;
    if (wg_regkey_value(k, WG_STR("Owners")) == NULL ||
        !db_owned(k, p->published, &r->db->arena, &others)) {
      continue;
    }
    wg_vec_push(&v, &n, &cap) = (wg_db_service){.name = db_key_name(r, k),
                                                .binary = db_text(r, k, "ImagePath"),
                                                .type = wg_driver_reg_dword(k, "Type", 0),
                                                .start = wg_driver_reg_dword(k, "Start", 3),
                                                .others = others};
    p->critical = p->critical || v[n - 1].start == 0;
  }
  if (n > 0) {
    wg_db_service *own = wg_arena_new_array(&r->db->arena, wg_db_service, n);
    wg_assert(own != NULL);
    memcpy(own, v, n * sizeof(*v));
    p->services = own;
    p->n_services = n;
  }
  wg_xfree(v);
}

static const char *db_file_path(db_read *r, const char *key) {
  static const char root[] = "%SystemRoot%/";
  bool windows = wg_str_starts(wg_str_of(key), root);
  char *path = wg_arena_printf(&r->db->arena, "%s%s", windows ? "Windows/" : "",
                               windows ? key + sizeof(root) - 1 : key);
  wg_assert(path != NULL);
  for (char *c = path; *c != '\0'; c++) {
    *c = *c == '/' ? '\\' : *c;
  }
  return path;
}

static void db_files(db_read *r, wg_db_package *p) {
  if (r->w->software.hive == NULL) {
    return;
  }
  const wg_regkey *all =
      wg_driver_reg_below(wg_hive_root(r->w->software.hive),
                          "Microsoft\\Windows\\CurrentVersion\\Setup\\PnpLockdownFiles");
  wg_db_file *v = NULL;
  size_t n = 0, cap = 0;
  for (size_t i = 0; all != NULL && i < wg_regkey_n_children(all); i++) {
    const wg_regkey *k = wg_regkey_child_at(all, i);
    bool others = false;
    if (db_owned(k, p->published, &r->db->arena, &others)) {
      const char *key = db_key_name(r, k);
      wg_vec_push(&v, &n, &cap) =
          (wg_db_file){.key = key, .path = db_file_path(r, key), .others = others};
    }
  }
  if (n > 0) {
    wg_db_file *own = wg_arena_new_array(&r->db->arena, wg_db_file, n);
    wg_assert(own != NULL);
    memcpy(own, v, n * sizeof(*v));
    p->files = own;
    p->n_files = n;
  }
  wg_xfree(v);
}

static int db_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const wg_db_package *x = a;
  const wg_db_package *y = b;
  int nx = wg_driver_oem_number(x->published), ny = wg_driver_oem_number(y->published);
  if (nx != ny) {
    return nx < 0 ? 1 : ny < 0 ? -1 : nx < ny ? -1 : 1;
  }
  int by_name = wg_name_cmp_nocase(wg_str_of(x->published), wg_str_of(y->published));
  if (by_name != 0) {
    return by_name;
  }
  int by_label = wg_name_cmp_nocase(wg_str_of(x->label), wg_str_of(y->label));
  return by_label != 0 ? by_label : (int)x->in_drivers - (int)y->in_drivers;
}

wg_code wg_driver_db_read(const wg_driver_windows *w, wg_driver_db *out, wg_error *err) {
  db_read r = {.w = w, .db = out};
  wg_arena_init(&out->arena, wg_heap(), 0);
  wg_code code = w->in_system == NULL ? WG_OK : db_hive(&r, w->in_system, false, err);
  if (code == WG_OK && w->in_drivers != NULL) {
    code = db_hive(&r, w->in_drivers, true, err);
  }
  for (size_t i = 0; code == WG_OK && i < out->n; i++) {
    if (!out->v[i].in_box && out->v[i].active) {
      db_services(&r, &out->v[i]);
      db_files(&r, &out->v[i]);
    }
  }
  if (out->n > 0) {
    wg_sort(out->v, out->n, sizeof(*out->v), db_cmp, NULL);
  }
  const char **dangling = wg_arena_new_array(&out->arena, const char *, out->n_dangling + 1);
  wg_assert(dangling != NULL);
  for (size_t i = 0; r.dangling != NULL && i < out->n_dangling; i++) {
    dangling[i] = r.dangling[i];
  }
  out->dangling = dangling;
  wg_xfree(r.dangling);
  wg_xfree(r.ids);
  return code;
}

wg_code wg_driver_db_of_hive(wg_hive *h, wg_driver_db *out, wg_error *err) {
  wg_driver_windows w = {.system = {.hive = h}, .is_borrowed = true};
  w.in_system = wg_hive_find(h, WG_STR("DriverDatabase"));
  (void)!wg_reg_control_set(h, w.control_set); // of DRIVERS: none
  if (w.in_system == NULL) {
    return wg_fail(err, WG_E_NOT_FOUND, "the hive has no DriverDatabase");
  }
  return wg_driver_db_read(&w, out, err);
}

// --- numbers of published INFs

static void oem_take(uint8_t *taken, int n) {
  if (n >= 0) {
    taken[n / 8] |= (uint8_t)(0x80U >> (unsigned)(n % 8));
  }
}

static void oem_of_database(const wg_regkey *database, uint8_t *taken) {
  const wg_regvalue *map = database == NULL ? NULL : wg_regkey_value(database, WG_STR("OemInfMap"));
  const wg_regkey *infs = wg_driver_reg_below(database, "DriverInfFiles");
  for (uint32_t i = 0; map != NULL && i < map->n_bytes && i < DB_MAX_OEM / 8; i++) {
    taken[i] |= map->data[i];
  }
  for (size_t i = 0; infs != NULL && i < wg_regkey_n_children(infs); i++) {
    WG_AUTO(wg_buf) name = {0};
    wg_buf_init(&name, wg_heap(), 0);
    wg_regkey_add_name(wg_regkey_child_at(infs, i), &name);
    oem_take(taken, wg_driver_oem_number(wg_buf_z(&name)));
  }
}

void wg_driver_oem_taken(const wg_driver_windows *w, uint8_t map[1250]) {
  oem_of_database(w->in_system, map);
  oem_of_database(w->in_drivers, map);
}

int wg_driver_oem_next(uint8_t map[1250]) {
  for (int n = 0; n < DB_MAX_OEM; n++) {
    if ((map[n / 8] & (0x80U >> (unsigned)(n % 8))) == 0) {
      oem_take(map, n);
      return n;
    }
  }
  return -1;
}

// --- what is broken

static wg_code db_need(wg_image_reader *image, const char *path, const char *what,
                       void (*told)(void *ctx, const char *text), void *ctx, wg_error *err) {
  bool there = image == NULL;
  wg_error e = WG_ERROR_INIT;
  if (image != NULL && wg_image_reader_exists(image, path, &there, &e) != WG_OK &&
      e.code != WG_E_FORMAT) { // a path that can't be
    *err = e;
    return err->code;
  }
  if (!there) {
    WG_AUTO(wg_cstr) text = wg_xprintf("%s is missing: %s", what, path);
    told(ctx, text);
  }
  return WG_OK;
}

static wg_code db_check_published(const wg_db_package *p, wg_image_reader *image,
                                  void (*told)(void *ctx, const char *text), void *ctx,
                                  wg_error *err) {
  WG_AUTO(wg_cstr) store = wg_xprintf("\\" WG_DRIVER_STORE "\\%s", p->label);
  WG_AUTO(wg_cstr) inf = wg_xprintf("%s\\%s", store, p->inf_name);
  WG_AUTO(wg_cstr) published = wg_xprintf("\\Windows\\INF\\%s", p->published);
  if (db_need(image, inf, "the INF in the driver store", told, ctx, err) != WG_OK ||
      db_need(image, published, "the published INF", told, ctx, err) != WG_OK) {
    return err->code;
  }
  if (p->catalog[0] == '\0') {
    return WG_OK;
  }
  WG_AUTO(wg_cstr) catalog = wg_xprintf("%s\\%s", store, p->catalog);
  WG_AUTO(wg_cstr)
  root = wg_xprintf("\\" WG_DRIVER_CATROOT "\\%.*s.cat", (int)(strlen(p->published) - 4),
                    p->published);
  return db_need(image, catalog, "the catalogue in the driver store", told, ctx, err) == WG_OK &&
                 db_need(image, root, "the catalogue in CatRoot", told, ctx, err) == WG_OK
             ? WG_OK
             : err->code;
}

// Where ImagePath leads, as a Windows path; NULL: to no file of the image.
static char *db_binary_path(const char *binary) {
  static const char *const roots[] = {"\\SystemRoot\\", "%SystemRoot%\\", "System32\\"};
  for (size_t i = 0; i < WG_ARRAY_LEN(roots); i++) {
    size_t n = strlen(roots[i]);
    if (strlen(binary) >= n && wg_str_eq_nocase((wg_str){binary, n}, roots[i])) {
      return wg_xprintf("\\Windows\\%s", i == 2 ? binary : binary + n);
    }
  }
  return NULL;
}

wg_code wg_driver_db_check(const wg_db_package *p, wg_image_reader *image,
                           void (*told)(void *ctx, const char *text), void *ctx, wg_error *err) {
  if (p->in_box || p->published[0] == '\0' || strlen(p->published) < 5) {
    return WG_OK;
  }
  if (!p->active) {
    WG_AUTO(wg_cstr)
    text = wg_xprintf("%s is published, but another package is active or none", p->published);
    told(ctx, text);
    return WG_OK;
  }
  if (p->n_configs > 0 && p->n_ids == 0) {
    told(ctx, "no device is indexed for it (DeviceIds)");
  }
  if (db_check_published(p, image, told, ctx, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < p->n_services; i++) {
    WG_AUTO(wg_cstr) path = db_binary_path(p->services[i].binary);
    WG_AUTO(wg_cstr) what = wg_xprintf("the program of service %s", p->services[i].name);
    if (path != NULL && db_need(image, path, what, told, ctx, err) != WG_OK) {
      return err->code;
    }
  }
  for (size_t i = 0; i < p->n_files; i++) {
    WG_AUTO(wg_cstr) path = wg_xprintf("\\%s", p->files[i].path);
    if (db_need(image, path, "a file of it", told, ctx, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}
