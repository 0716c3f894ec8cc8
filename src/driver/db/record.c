// SPDX-License-Identifier: Apache-2.0
#include "driver/db/record.h"

#include <string.h>

#include "base/sort.h"
#include "fmt/regf/regf.h"
#include "fmt/sd/sd.h"
#include "image/reg/value.h"

// The upper half of a type says what is done with a value that is there.
#define KEEP_FLAG 0x20000U   // AddReg's NOCLOBBER
#define APPEND_FLAG 0x40000U // AddReg's APPEND
#define DROP_KEY 0x100000U   // DelReg of a key
#define DROP_VALUE 0x200000U // DelReg of a value
#define DEVPROP 0xFFFF0000U  // or'd with a DEVPROP_TYPE
#define DEVPROP_UINT32 0x07U
#define DEVPROP_STRING 0x12U
#define DEVPROP_SD 0x13U

#define STATUS_BASE 0x12U
#define STATUS_INCLUDES 0x100U
#define STATUS_COINSTALLERS 0x08U
#define CONFIGFLAG_FINISH_INSTALL 0x400U

#define KEY_MAX 1024

// --- small things

// FILETIME of 0:00 UTC of a day.
static uint64_t record_filetime(uint32_t year, uint32_t month, uint32_t day) {
  // Days since 1601-01-01, by whole years and the days before a month.
  static const uint16_t before[12] = {0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};
  uint64_t y = year < 1601 ? 1601 : year;
  uint64_t past = y - 1601;
  uint64_t days = past * 365 + past / 4 - past / 100 + past / 400;
  bool leap = (y % 4 == 0 && y % 100 != 0) || y % 400 == 0;
  days += before[(month - 1) % 12] + (leap && month > 2 ? 1U : 0U) + day - 1;
  return days * 86400U * 10000000U;
}

static void record_z(wg_reg_edits *e, const wg_driver_record *r, const char *key, const char *name,
                     wg_str text) {
  WG_AUTO(wg_cstr) z = wg_xstrndup(text.n == 0 ? "" : text.p, text.n);
  wg_reg_edits_text(e, r->origin, key, name, WG_REG_SZ, z);
}

static void record_key(wg_reg_edits *e, const wg_driver_record *r, const char *key) {
  (void)wg_reg_edits_new(e, r->origin, WG_REG_MAKE_KEY, key, "");
}

static char *record_root(const wg_driver_record *r) {
  return wg_xprintf("HKLM\\%s\\DriverDatabase", r->in_drivers ? "DRIVERS" : "SYSTEM");
}

// Classes that the SYSTEM hive of Windows 10 has.
static const char *const record_system_classes[] = {"1394",
                                                    "Battery",
                                                    "CDROM",
                                                    "Computer",
                                                    "DiskDrive",
                                                    "EhStorSilo",
                                                    "Extension",
                                                    "FDC",
                                                    "Firmware",
                                                    "FloppyDisk",
                                                    "HDC",
                                                    "HIDClass",
                                                    "Keyboard",
                                                    "Memory",
                                                    "Mouse",
                                                    "PCMCIA",
                                                    "Ports",
                                                    "Processor",
                                                    "SBP2",
                                                    "SCSIAdapter",
                                                    "ScmDisk",
                                                    "ScmVolume",
                                                    "SDHost",
                                                    "SecurityDevices",
                                                    "SmrDisk",
                                                    "SmrVolume",
                                                    "System",
                                                    "UCM",
                                                    "USB",
                                                    "USBDevice",
                                                    "USBFunctionController",
                                                    "Volume",
                                                    "VolumeSnapshot"};

bool wg_driver_class_in_system(const wg_driver_windows *w, const wg_inf_package *p) {
  WG_AUTO(wg_cstr)
  property =
      wg_xprintf("Control\\Class\\%s\\Properties\\{6a3433f4-5626-40e8-a9b9-dbd9ecd2884b}\\0003",
                 p->class_guid_text);
  const wg_regkey *set = wg_hive_find(w->system.hive, wg_str_of(w->control_set));
  const wg_regkey *critical = wg_driver_reg_below(set, property);
  const wg_regvalue *v = critical == NULL ? NULL : wg_regkey_value(critical, WG_STR(""));
  WG_AUTO(wg_cstr) ids = wg_xprintf("DeviceIds\\%s", p->class_guid_text);
  if ((v != NULL && v->n_bytes >= 1 && v->data[0] != 0) ||
      wg_driver_reg_below(w->in_system, ids) != NULL) {
    return true;
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(record_system_classes); i++) {
    if (wg_str_eq_nocase(p->class_name, record_system_classes[i])) {
      return true;
    }
  }
  return false;
}

char *wg_driver_copy_target(const wg_inf_copy *c) {
  const char *folder = wg_inf_dirid_path(c->dirid);
  if (folder == NULL || c->dirid == 13 || c->dirid == 1) {
    return NULL;
  }
  return wg_xprintf("%s%s%.*s%s%.*s", folder, c->subdir.n > 0 && folder[0] != '\0' ? "\\" : "",
                    WG_STR_ARG(c->subdir), folder[0] == '\0' && c->subdir.n == 0 ? "" : "\\",
                    WG_STR_ARG(c->name));
}

// --- registry of AddReg and DelReg, as the record keeps it

// Names of a hardware key that are properties of the device, and their numbers below
// {a45c254e-df1c-4efd-8020-67d146a850e0}.
static const struct {
  const char *name;
  const char *id;
  bool is_sd;
} record_properties[] = {{"Security", "0019", true},
                         {"DeviceType", "001A", false},
                         {"Exclusive", "001C", false},
                         {"DeviceCharacteristics", "001D", false}};

static bool record_property(const wg_driver_record *r, const char *config, const wg_inf_reg *g,
                            wg_reg_edits *out) {
  for (size_t i = 0; i < WG_ARRAY_LEN(record_properties); i++) {
    if (g->key.n > 0 || g->op != WG_INF_REG_ADD ||
        !wg_str_eq_nocase(g->name, record_properties[i].name)) {
      continue;
    }
    WG_AUTO(wg_cstr)
    key = wg_xprintf("%s\\Properties\\{a45c254e-df1c-4efd-8020-67d146a850e0}\\%s", config,
                     record_properties[i].id);
    if (!record_properties[i].is_sd) {
      wg_reg_edits_bytes(out, r->origin, key, "", DEVPROP | DEVPROP_UINT32, g->data, g->n_bytes);
      return true;
    }
    WG_AUTO(wg_arena) arena = {0};
    WG_AUTO(wg_buf) text = {0};
    WG_AUTO(wg_buf) bytes = {0};
    wg_sd sd;
    wg_error e = WG_ERROR_INIT;
    wg_arena_init(&arena, wg_heap(), 0);
    wg_buf_init(&text, wg_heap(), 0);
    wg_buf_init(&bytes, wg_heap(), 0);
    size_t n = g->n_bytes >= 2 ? g->n_bytes - 2 : 0;
    if (!wg_utf16le_to_utf8(g->data, n, &text) ||
        wg_sddl_parse(wg_buf_str(&text), &arena, &sd, &e) != WG_OK) {
      return false; // kept as text
    }
    wg_sd_write(&sd, &bytes);
    wg_reg_edits_bytes(out, r->origin, key, "", DEVPROP | DEVPROP_SD, bytes.p, bytes.n);
    return true;
  }
  return false;
}

static uint32_t record_type(const wg_inf_reg *g) {
  return g->type | ((g->flags & WG_INF_NOCLOBBER) != 0 ? KEEP_FLAG : 0) |
         ((g->flags & WG_INF_APPEND) != 0 ? APPEND_FLAG : 0);
}

// One line below the key that stands for HKR.
static void record_reg(const wg_driver_record *r, const char *hkr, const wg_inf_reg *g,
                       wg_reg_edits *out) {
  if (!wg_str_eqz(g->root, "HKR") || g->op == WG_INF_REG_BIT) {
    return; // Windows does that when the device starts
  }
  WG_AUTO(wg_cstr)
  key = g->key.n == 0 ? wg_xstrdup(hkr) : wg_xprintf("%s\\%.*s", hkr, WG_STR_ARG(g->key));
  WG_AUTO(wg_cstr) name = wg_xstrndup(g->name.n == 0 ? "" : g->name.p, g->name.n);
  if (g->op == WG_INF_REG_DEL && g->name.n == 0) { // a value of that name in the key above
    char *last = strrchr(key, '\\');
    WG_AUTO(wg_cstr) gone = wg_xstrdup(last + 1);
    *last = '\0';
    wg_reg_edits_bytes(out, r->origin, key, gone, DROP_KEY, "", 0);
  } else if (g->op == WG_INF_REG_DEL || (g->flags & WG_INF_DELVAL) != 0) {
    wg_reg_edits_bytes(out, r->origin, key, name, DROP_VALUE, "", 0);
  } else if ((g->flags & (WG_INF_KEYONLY | WG_INF_KEYONLY_COMMON)) != 0) {
    record_key(out, r, key);
  } else {
    wg_reg_edits_bytes(out, r->origin, key, name, record_type(g), g->data, g->n_bytes);
  }
}

static void record_regs(const wg_driver_record *r, const char *hkr, wg_inf_regs regs,
                        wg_reg_edits *out) {
  for (uint32_t i = 0; i < regs.n; i++) {
    record_reg(r, hkr, &regs.v[i], out);
  }
}

// Filters stand beside the service, whatever section names them.
static bool record_filter(const wg_driver_record *r, const char *config, const wg_inf_reg *g,
                          wg_reg_edits *out) {
  bool upper = wg_str_eq_nocase(g->name, "UpperFilters");
  if (g->op != WG_INF_REG_ADD || g->key.n > 0 ||
      (!upper && !wg_str_eq_nocase(g->name, "LowerFilters"))) {
    return false;
  }
  wg_reg_edits_bytes(out, r->origin, config, upper ? "UpperFilters" : "LowerFilters",
                     WG_REG_MULTI_SZ, g->data, g->n_bytes);
  return true;
}

// --- a configuration

static bool record_has_hkr(wg_inf_regs regs) {
  for (uint32_t i = 0; i < regs.n; i++) {
    if (wg_str_eqz(regs.v[i].root, "HKR")) {
      return true;
    }
  }
  return false;
}

static const wg_inf_service *record_function(const wg_inf_config *c) {
  const wg_inf_service *found = NULL;
  for (uint32_t i = 0; i < c->n_services; i++) {
    if (!c->services[i].deletes && (c->services[i].flags & 2U) != 0) {
      found = &c->services[i];
    }
  }
  return found;
}

static void record_names(const wg_driver_record *r, const char *key, const char *name,
                         const wg_str *v, uint32_t n, wg_reg_edits *out) {
  const char **items = wg_xarray(n + 1U, sizeof(*items));
  for (uint32_t i = 0; i < n; i++) {
    items[i] = wg_xstrndup(v[i].p, v[i].n);
  }
  wg_reg_edits_list(out, r->origin, key, name, items, n);
  for (uint32_t i = 0; i < n; i++) {
    wg_xfree((void *)(uintptr_t)items[i]);
  }
  wg_xfree(items);
}

static void record_services_of(const wg_driver_record *r, const char *config,
                               const wg_inf_config *c, wg_reg_edits *out) {
  for (uint32_t i = 0; i < c->n_services; i++) {
    const wg_inf_service *s = &c->services[i];
    if (!s->deletes && s->name.n > 0 && record_has_hkr(s->regs)) {
      WG_AUTO(wg_cstr) key = wg_xprintf("%s\\Services\\%.*s", config, WG_STR_ARG(s->name));
      record_key(out, r, key);
      record_regs(r, key, s->regs, out);
    }
  }
}

// Properties that the INF gives a device by their numbers.
static void record_device_properties(const wg_driver_record *r, const char *config,
                                     const wg_inf_config *c, wg_reg_edits *out) {
  for (uint32_t i = 0; i < c->n_properties; i++) {
    const wg_inf_property *p = &c->properties[i];
    if (p->has_name || p->guid.n != 38 || p->type == 0 || p->type > 0xFFF) {
      continue; // what the names of others mean is for Windows
    }
    WG_AUTO(wg_cstr)
    key = wg_xprintf("%s\\Properties\\%.*s\\%04X", config, WG_STR_ARG(p->guid), p->id);
    wg_reg_edits_bytes(out, r->origin, key, "", DEVPROP | p->type, p->data, p->n_bytes);
  }
}

static void record_config(const wg_driver_record *r, const char *package, const wg_inf_config *c,
                          wg_reg_edits *out) {
  WG_AUTO(wg_cstr) key = wg_xprintf("%s\\Configurations\\%.*s", package, WG_STR_ARG(c->section));
  WG_AUTO(wg_cstr) device = wg_xprintf("%s\\Device", key);
  WG_AUTO(wg_cstr) driver = wg_xprintf("%s\\Driver", key);
  const wg_inf_service *function = record_function(c);
  record_key(out, r, key);
  if (function != NULL) {
    record_z(out, r, key, "Service", function->name);
  }
  if (r->windows->target.major >= 10) {
    wg_reg_edits_dword(out, r->origin, key, "ConfigScope", c->sections & 0xFFFU);
  }
  wg_reg_edits_dword(out, r->origin, key, "ConfigFlags",
                     (c->sections & WG_INF_HAS_COINSTALLERS) != 0 ? CONFIGFLAG_FINISH_INSTALL : 0);
  if (c->n_includes > 0) {
    record_names(r, key, "IncludedInfs", c->includes, c->n_includes, out);
  }
  if (c->n_exclude_ids > 0) {
    record_names(r, key, "ExcludeIds", c->exclude_ids, c->n_exclude_ids, out);
  }
  if (c->reboot) {
    wg_reg_edits_dword(out, r->origin, key, "Reboot", 1);
  }
  for (uint32_t i = 0; i < c->device_regs.n; i++) {
    const wg_inf_reg *g = &c->device_regs.v[i];
    if (!wg_str_eqz(g->root, "HKR") ||
        (!record_filter(r, key, g, out) && !record_property(r, key, g, out))) {
      record_reg(r, device, g, out);
    }
  }
  record_regs(r, driver, c->driver_regs, out);
  record_device_properties(r, key, c, out);
  record_services_of(r, key, c, out);
}

// --- ids

typedef struct record_id {
  wg_str id;
  const wg_inf_model *model; // the first line that has it
  uint8_t kinds;             // 1 hardware id, 2 compatible id
  uint32_t score, place;
  size_t at; // among all, as the INF has them
} record_id;
typedef struct record_ids {
  record_id *v;
  size_t n, cap;
} record_ids;

static int record_id_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const record_id *x = a;
  const record_id *y = b;
  int by_name = wg_name_cmp_nocase(x->id, y->id);
  return by_name != 0 ? by_name : x->at < y->at ? -1 : x->at > y->at;
}

static void record_model_ids(const wg_inf_package *p, const wg_inf_model *m, record_ids *ids) {
  for (uint32_t k = 0; k < m->n_ids; k++) {
    const record_id id = {.id = m->ids[k],
                          .model = m,
                          .kinds = k == 0 ? 1U : 2U,
                          .score = p->configs[m->config].feature_score,
                          .place = k == 0 ? UINT32_MAX : k - 1,
                          .at = ids->n};
    if (id.id.n > 0) {
      wg_vec_push(&ids->v, &ids->n, &ids->cap) = id;
    }
  }
}

static void record_join(record_id *one, const record_id *id) {
  one->kinds |= id->kinds;
  one->score = id->score < one->score ? id->score : one->score;
  one->place = id->place < one->place ? id->place : one->place;
}

// Each id of each line, then those of one name as one: the first line's words count.
static record_ids record_ids_of(const wg_inf_package *p) {
  record_ids ids = {0};
  size_t n = 0;
  for (uint32_t i = 0; i < p->n_models; i++) {
    record_model_ids(p, &p->models[i], &ids);
  }
  wg_sort(ids.v, ids.n, sizeof(*ids.v), record_id_cmp, NULL);
  for (size_t i = 0; i < ids.n; i++) {
    if (n > 0 && wg_name_cmp_nocase(ids.v[n - 1].id, ids.v[i].id) == 0) {
      record_join(&ids.v[n - 1], &ids.v[i]);
    } else {
      ids.v[n++] = ids.v[i];
    }
  }
  ids.n = n;
  return ids;
}

// A string of the package that Descriptors name by its token.
static void record_string(const wg_driver_record *r, const char *package, wg_str token, wg_str text,
                          wg_reg_edits *out) {
  WG_AUTO(wg_cstr) key = wg_xprintf("%s\\Strings", package);
  WG_AUTO(wg_cstr) name = wg_xstrndup(token.p + 1, token.n - 2);
  record_z(out, r, key, name, text);
}

static void record_ids_edits(const wg_driver_record *r, const char *root, const char *package,
                             wg_reg_edits *out) {
  const wg_inf_package *p = &r->package->p;
  record_ids ids = record_ids_of(p);
  for (size_t i = 0; i < ids.n; i++) {
    const record_id *id = &ids.v[i];
    const wg_inf_model *m = id->model;
    uint32_t place = id->place == UINT32_MAX ? 0 : id->place;
    const uint8_t data[4] = {id->kinds, (uint8_t)id->score, (uint8_t)(place & 0xFF),
                             (uint8_t)(place >> 8)};
    WG_AUTO(wg_cstr) key = wg_xprintf("%s\\DeviceIds\\%.*s", root, WG_STR_ARG(id->id));
    WG_AUTO(wg_cstr) about = wg_xprintf("%s\\Descriptors\\%.*s", package, WG_STR_ARG(id->id));
    wg_reg_edits_bytes(out, r->origin, key, r->published, WG_REG_BINARY, data, sizeof(data));
    record_z(out, r, about, "Configuration", p->configs[m->config].section);
    record_z(out, r, about, "Manufacturer",
             m->manufacturer_token.n > 0 ? m->manufacturer_token : m->manufacturer);
    record_z(out, r, about, "Description",
             m->description_token.n > 0 ? m->description_token : m->description);
    if (m->manufacturer_token.n > 0) {
      record_string(r, package, m->manufacturer_token, m->manufacturer, out);
    }
    if (m->description_token.n > 0) {
      record_string(r, package, m->description_token, m->description, out);
    }
  }
  wg_xfree(ids.v);
  if (p->has_class_guid) {
    WG_AUTO(wg_cstr) key = wg_xprintf("%s\\DeviceIds\\%s", root, p->class_guid_text);
    wg_reg_edits_bytes(out, r->origin, key, r->published, WG_REG_NONE, "", 0);
  }
}

// --- the package

static void record_version(const wg_driver_record *r, uint8_t out[48]) {
  const wg_inf_package *p = &r->package->p;
  memset(out, 0, 48);
  out[1] = 0xFF; // 00 FF: not of Windows itself
  wg_put_le16(out + 2, (uint16_t)r->windows->target.arch);
  memcpy(out + 8, p->class_guid, 16);
  if (p->has_version) {
    wg_put_le64(out + 24, record_filetime(p->year, p->month, p->day));
    for (size_t i = 0; i < 4; i++) {
      wg_put_le16(out + 32 + 2 * i, p->version[3 - i]);
    }
  }
}

static uint32_t record_status(const wg_inf_package *p) {
  uint32_t status = STATUS_BASE;
  for (uint32_t i = 0; i < p->n_configs; i++) {
    status |= p->configs[i].n_includes > 0 ? STATUS_INCLUDES : 0;
    status |= (p->configs[i].sections & WG_INF_HAS_COINSTALLERS) != 0 ? STATUS_COINSTALLERS : 0;
  }
  return status;
}

static void record_package(const wg_driver_record *r, const char *key, wg_reg_edits *out) {
  const wg_driver_package *d = r->package;
  const wg_inf_package *p = &d->p;
  const wg_driver_signature *s = &d->signature;
  uint8_t version[48], date[8], size[8];
  wg_reg_edits_text(out, r->origin, key, "", WG_REG_SZ, r->published);
  record_version(r, version);
  wg_reg_edits_bytes(out, r->origin, key, "Version", WG_REG_BINARY, version, sizeof(version));
  record_z(out, r, key, "Provider", p->provider);
  wg_reg_edits_text(out, r->origin, key, "InfName", WG_REG_SZ, d->name);
  if (d->catalog != NULL) {
    record_z(out, r, key, "Catalog", p->catalog);
  }
  if (s->signer != NULL) {
    wg_reg_edits_text(out, r->origin, key, "SignerName", WG_REG_SZ, s->signer);
  }
  wg_reg_edits_dword(out, r->origin, key, "SignerScore", s->score);
  if (p->n_models > 0) {
    wg_reg_edits_dword(out, r->origin, key, "StatusFlags", record_status(p));
  }
  wg_put_le64(date, wg_filetime_of(r->time_s));
  wg_reg_edits_bytes(out, r->origin, key, "ImportDate", WG_REG_BINARY, date, sizeof(date));
  if (r->windows->target.build >= 19041) { // not yet in a hive of 1903
    wg_put_le64(size, d->n_bytes);
    wg_reg_edits_bytes(out, r->origin, key, "FileSize", WG_REG_QWORD, size, sizeof(size));
  }
  if (p->has_extension_id) {
    wg_reg_edits_bytes(out, r->origin, key, "ExtensionId", WG_REG_BINARY, p->extension_id, 16);
  }
  if (s->submission_ids != NULL) {
    WG_AUTO(wg_buf) text = {0};
    WG_AUTO(wg_cstr)
    property = wg_xprintf("%s\\Properties\\{4da162c1-5eb1-4140-a444-5064c9814e76}\\0009", key);
    wg_buf_init(&text, wg_heap(), 0);
    if (wg_utf8_to_utf16le(wg_str_of(s->submission_ids), &text)) {
      wg_buf_add_le16(&text, 0);
      wg_reg_edits_bytes(out, r->origin, property, "", DEVPROP | DEVPROP_STRING, text.p, text.n);
    }
  }
}

static void record_inf_file(const wg_driver_record *r, const char *root, wg_reg_edits *out) {
  const wg_inf_package *p = &r->package->p;
  WG_AUTO(wg_cstr) key = wg_xprintf("%s\\DriverInfFiles\\%s", root, r->published);
  const char *const labels[1] = {r->label};
  wg_reg_edits_list(out, r->origin, key, "", labels, 1);
  wg_reg_edits_text(out, r->origin, key, "Active", WG_REG_SZ, r->label);
  if (p->n_configs > 0) {
    wg_str *names = wg_xarray(p->n_configs, sizeof(*names));
    for (uint32_t i = 0; i < p->n_configs; i++) {
      names[i] = p->configs[i].section;
    }
    record_names(r, key, "Configurations", names, p->n_configs, out);
    wg_xfree(names);
  }
}

// A text with one character for another.
static char *record_with(wg_str text, char from, char to) {
  char *z = wg_xstrndup(text.n == 0 ? "" : text.p, text.n);
  for (char *c = z; *c != '\0'; c++) {
    *c = *c == from ? to : *c;
  }
  return z;
}

static void record_critical_id(const wg_driver_record *r, const wg_inf_service *s, wg_str id,
                               wg_reg_edits *out) {
  WG_AUTO(wg_cstr) name = record_with(id, '\\', '#');
  WG_AUTO(wg_cstr) guid = wg_xstrdup(r->package->p.class_guid_text);
  WG_AUTO(wg_cstr)
  key = wg_xprintf("HKLM\\SYSTEM\\CurrentControlSet\\Control\\CriticalDeviceDatabase\\%s", name);
  for (char *c = guid; *c != '\0'; c++) {
    *c = *c >= 'a' && *c <= 'f' ? (char)(*c - ('a' - 'A')) : *c;
  }
  record_z(out, r, key, "Service", s->name);
  wg_reg_edits_text(out, r->origin, key, "ClassGUID", WG_REG_SZ, guid);
}

// Before Windows 8: the ids of what can be needed for the start, '\' as '#'.
static void record_critical(const wg_driver_record *r, wg_reg_edits *out) {
  const wg_inf_package *p = &r->package->p;
  for (uint32_t i = 0; i < p->n_models; i++) {
    const wg_inf_model *m = &p->models[i];
    const wg_inf_service *s = record_function(&p->configs[m->config]);
    for (uint32_t k = 0; s != NULL && s->name.n > 0 && k < m->n_ids; k++) {
      if (m->ids[k].n > 0) {
        record_critical_id(r, s, m->ids[k], out);
      }
    }
  }
}

void wg_driver_record_edits(const wg_driver_record *r, wg_reg_edits *out) {
  const wg_inf_package *p = &r->package->p;
  if (!r->windows->has_database) {
    if (r->critical) {
      record_critical(r, out);
    }
    return;
  }
  WG_AUTO(wg_cstr) root = record_root(r);
  WG_AUTO(wg_cstr) package = wg_xprintf("%s\\DriverPackages\\%s", root, r->label);
  record_package(r, package, out);
  for (uint32_t i = 0; i < p->n_configs; i++) {
    record_config(r, package, &p->configs[i], out);
  }
  record_ids_edits(r, root, package, out);
  record_inf_file(r, root, out);
}
