// SPDX-License-Identifier: Apache-2.0
#include "driver/package/windows.h"

#include <string.h>

#include "image/reg/target.h"

#define LIBRARY_MAX_INF_BYTES ((uint64_t)64 << 20)
#define LIBRARY_MAX_INFS 2000U

// --- values

wg_regkey *wg_driver_reg_below(const wg_regkey *key, const char *path) {
  wg_str rest = wg_str_of(path);
  wg_regkey *k = NULL;
  for (const wg_regkey *at = key; at != NULL && rest.n > 0; at = k) {
    size_t n = wg_str_find(rest, '\\');
    k = wg_regkey_child(at, (wg_str){rest.p, n});
    rest = n < rest.n ? (wg_str){rest.p + n + 1, rest.n - n - 1} : (wg_str){"", 0};
    if (k == NULL) {
      return NULL;
    }
  }
  return k;
}

// Text from UTF-16 up to its first NUL; *used: bytes with that NUL. Heap.
static char *reg_text_at(const uint8_t *p, size_t n_bytes, size_t *used) {
  size_t n = 0;
  WG_AUTO(wg_buf) text = {0};
  while (n + 1 < n_bytes && (p[n] != 0 || p[n + 1] != 0)) {
    n += 2;
  }
  *used = n + 2 <= n_bytes ? n + 2 : n_bytes;
  wg_buf_init(&text, wg_heap(), 0);
  return wg_utf16le_to_utf8(p, n, &text) ? wg_xstrdup(wg_buf_z(&text)) : wg_xstrdup("");
}

char *wg_driver_reg_text(const wg_regkey *key, const char *name) {
  const wg_regvalue *v = key == NULL ? NULL : wg_regkey_value(key, wg_str_of(name));
  size_t used = 0;
  if (v == NULL ||
      (v->type != WG_REG_SZ && v->type != WG_REG_EXPAND_SZ && v->type != WG_REG_MULTI_SZ)) {
    return NULL;
  }
  return reg_text_at(v->data, v->n_bytes, &used);
}

size_t wg_driver_reg_list(const wg_regkey *key, const char *name, wg_arena *arena,
                          const char *const **out) {
  const wg_regvalue *v = key == NULL ? NULL : wg_regkey_value(key, wg_str_of(name));
  size_t n = 0;
  *out = NULL;
  if (v == NULL || v->type != WG_REG_MULTI_SZ) {
    return 0;
  }
  const char **items = wg_arena_new_array(arena, const char *, v->n_bytes / 2 + 1);
  wg_assert(items != NULL);
  for (size_t at = 0; at + 1 < v->n_bytes;) {
    size_t used = 0;
    WG_AUTO(wg_cstr) text = reg_text_at(v->data + at, v->n_bytes - at, &used);
    at += used;
    if (text[0] == '\0') {
      break;
    }
    items[n] = wg_arena_strdup(arena, text);
    wg_assert(items[n] != NULL);
    n++;
  }
  *out = items;
  return n;
}

uint32_t wg_driver_reg_dword(const wg_regkey *key, const char *name, uint32_t otherwise) {
  const wg_regvalue *v = key == NULL ? NULL : wg_regkey_value(key, wg_str_of(name));
  return v != NULL && v->type == WG_REG_DWORD && v->n_bytes == 4 ? wg_le32(v->data) : otherwise;
}

// --- which Windows

void wg_driver_windows_done(wg_driver_windows *w) {
  if (w->is_borrowed) {
    w->system.hive = NULL;
  }
  wg_image_hive_done(&w->system);
  wg_image_hive_done(&w->software);
  wg_image_hive_done(&w->drivers);
  *w = (wg_driver_windows){0};
}

static bool windows_number(const char *text, uint32_t *out) {
  uint64_t v = 0;
  if (text == NULL || !wg_parse_u64(wg_str_of(text), &v) || v > UINT32_MAX) {
    return false;
  }
  *out = (uint32_t)v;
  return true;
}

static bool windows_version(const wg_regkey *root, wg_inf_target *t) {
  const wg_regkey *k = wg_driver_reg_below(root, "Microsoft\\Windows NT\\CurrentVersion");
  WG_AUTO(wg_cstr) build = wg_driver_reg_text(k, "CurrentBuildNumber");
  WG_AUTO(wg_cstr) build_too = wg_driver_reg_text(k, "CurrentBuild");
  WG_AUTO(wg_cstr) version = wg_driver_reg_text(k, "CurrentVersion");
  t->major = wg_driver_reg_dword(k, "CurrentMajorVersionNumber", 0);
  t->minor = wg_driver_reg_dword(k, "CurrentMinorVersionNumber", 0);
  if (!windows_number(build, &t->build) && !windows_number(build_too, &t->build)) {
    return false;
  }
  if (t->major == 0 && version != NULL) { // before Windows 10: "6.1"
    wg_str v = wg_str_of(version);
    size_t dot = wg_str_find(v, '.');
    WG_AUTO(wg_cstr) major = wg_xstrndup(v.p, dot);
    return windows_number(major, &t->major) && dot < v.n &&
           windows_number(version + dot + 1, &t->minor);
  }
  return t->major != 0;
}

static bool windows_arch(const wg_regkey *set, const wg_regkey *database, wg_inf_target *t) {
  const wg_regkey *k = wg_driver_reg_below(set, "Control\\Session Manager\\Environment");
  WG_AUTO(wg_cstr) arch = wg_driver_reg_text(k, "PROCESSOR_ARCHITECTURE");
  uint32_t number = wg_driver_reg_dword(database, "Architecture", UINT32_MAX);
  if (arch != NULL && wg_inf_arch_of(wg_str_of(arch), &t->arch)) {
    return true;
  }
  if (number == WG_INF_X86 || number == WG_INF_AMD64 || number == WG_INF_ARM64) {
    t->arch = (wg_inf_arch)number;
    return true;
  }
  return false;
}

static uint32_t windows_product(const wg_regkey *set) {
  WG_AUTO(wg_cstr)
  type = wg_driver_reg_text(wg_driver_reg_below(set, "Control\\ProductOptions"), "ProductType");
  return type == NULL                                    ? 1
         : wg_str_eq_nocase(wg_str_of(type), "LanmanNT") ? 2
         : wg_str_eq_nocase(wg_str_of(type), "ServerNT") ? 3
                                                         : 1;
}

static wg_code windows_open(wg_image_reader *image, const char *key, wg_image_hive *out,
                            wg_error *err) {
  wg_code code = wg_image_hive_open(image, key, false, NULL, 0, out, err);
  if (code == WG_E_NOT_FOUND) {
    return wg_fail(err, WG_E_UNSUPPORTED, "the image has no hive %s: it is no Windows", key);
  }
  return code;
}

static wg_code windows_drivers(wg_image_reader *image, wg_driver_windows *w, wg_error *err) {
  wg_error e = WG_ERROR_INIT;
  wg_code code = wg_image_hive_open(image, "HKLM\\DRIVERS", false, NULL, 0, &w->drivers, &e);
  if (code == WG_OK) {
    w->has_drivers = true;
    w->in_drivers = wg_hive_find(w->drivers.hive, WG_STR("DriverDatabase"));
  } else if (code != WG_E_NOT_FOUND) {
    *err = e;
    return code;
  }
  return WG_OK;
}

wg_code wg_driver_windows_of(wg_image_reader *image, wg_driver_windows *out, wg_error *err) {
  wg_driver_windows *w = out;
  if (windows_open(image, "HKLM\\SYSTEM", &w->system, err) != WG_OK ||
      windows_open(image, "HKLM\\SOFTWARE", &w->software, err) != WG_OK ||
      windows_drivers(image, w, err) != WG_OK) {
    return err->code;
  }
  w->in_system = wg_hive_find(w->system.hive, WG_STR("DriverDatabase"));
  w->has_database = w->in_system != NULL;
  if (!wg_reg_control_set(w->system.hive, w->control_set)) {
    return wg_fail(err, WG_E_UNSUPPORTED, "SYSTEM: Select names no control set that starts next");
  }
  const wg_regkey *set = wg_hive_find(w->system.hive, wg_str_of(w->control_set));
  if (!windows_version(wg_hive_root(w->software.hive), &w->target)) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "SOFTWARE: Microsoft\\Windows NT\\CurrentVersion says no version and build");
  }
  if (!windows_arch(set, w->in_system, &w->target)) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "SYSTEM: Control\\Session Manager\\Environment says no PROCESSOR_ARCHITECTURE "
                   "that drivers are for");
  }
  w->target.product_type = windows_product(set);
  w->is_pe = wg_driver_reg_below(wg_hive_root(w->software.hive),
                                 "Microsoft\\Windows NT\\CurrentVersion\\WinPE") != NULL;
  return WG_OK;
}

wg_code wg_driver_windows_of_hive(wg_hive *system, wg_driver_windows *out, wg_error *err) {
  if (!wg_reg_control_set(system, out->control_set)) {
    return wg_fail(err, WG_E_UNSUPPORTED, "it is no SYSTEM hive: Select names no control set");
  }
  out->system.hive = system;
  out->is_borrowed = true;
  out->in_system = wg_hive_find(system, WG_STR("DriverDatabase"));
  out->has_database = out->in_system != NULL;
  (void)windows_arch(wg_hive_find(system, wg_str_of(out->control_set)), out->in_system,
                     &out->target);
  return WG_OK;
}

char *wg_driver_windows_text(const wg_driver_windows *w) {
  if (w->target.major == 0) { // a hive alone says no more
    return wg_xstrdup(wg_inf_arch_name(w->target.arch));
  }
  return wg_xprintf("%u.%u.%u %s", w->target.major, w->target.minor, w->target.build,
                    wg_inf_arch_name(w->target.arch));
}

bool wg_driver_target_of(const char *version, const char *arch, wg_inf_target *out) {
  wg_inf_target t = {0};
  uint32_t v[4] = {0}; // the fourth, as 'wingo wim info' shows it, chooses nothing
  size_t n = 0;
  wg_str rest = wg_str_of(version);
  for (; n < 4 && rest.n > 0; n++) {
    size_t dot = wg_str_find(rest, '.');
    WG_AUTO(wg_cstr) part = wg_xstrndup(rest.p, dot);
    if (!windows_number(part, &v[n])) {
      return false;
    }
    rest = dot < rest.n ? (wg_str){rest.p + dot + 1, rest.n - dot - 1} : (wg_str){"", 0};
  }
  if (n == 0 || rest.n > 0 || !wg_inf_arch_of(wg_str_of(arch), &t.arch)) {
    return false;
  }
  bool build_alone = n == 1 && v[0] >= 10240; // Windows 10's first
  t.major = build_alone ? 10 : v[0];
  t.minor = build_alone ? 0 : v[1];
  t.build = build_alone ? v[0] : v[2];
  if ((t.major < 5 || t.major > 6) && t.major != 10) { // "11" is a name, not a version
    return false;
  }
  *out = t;
  return true;
}

// --- INF files of the image

typedef struct driver_library_inf {
  char *name;
  wg_inf *inf; // NULL: not there, or none
} driver_library_inf;

static wg_code library_read(wg_driver_library *l, wg_str name, wg_inf **out, wg_error *err) {
  WG_AUTO(wg_buf) bytes = {0};
  WG_AUTO(wg_cstr) path = wg_xprintf("\\Windows\\INF\\%.*s", WG_STR_ARG(name));
  wg_buf_init(&bytes, wg_heap(), 0);
  if (wg_image_reader_file(l->image, path, LIBRARY_MAX_INF_BYTES, &bytes, err) != WG_OK) {
    return err->code;
  }
  wg_inf *inf = wg_arena_new(&l->arena, wg_inf);
  if (inf == NULL) {
    return wg_arena_fail(&l->arena, err);
  }
  if (wg_inf_parse(bytes.p, bytes.n, NULL, &l->arena, inf, err) != WG_OK) {
    return wg_wrap(err, "'%s' of the image", path);
  }
  *out = inf;
  return WG_OK;
}

static wg_code library_open(void *ctx, wg_str name, const wg_inf **out, wg_error *err) {
  wg_driver_library *l = ctx;
  for (size_t i = 0; i < l->n; i++) {
    if (wg_name_cmp_nocase(wg_str_of(l->v[i].name), name) == 0) {
      *out = l->v[i].inf;
      return *out != NULL ? WG_OK : wg_fail(err, WG_E_NOT_FOUND, "'%s'", l->v[i].name);
    }
  }
  bool is_name = name.n > 0 && name.n < 256 && wg_str_find(name, '\\') == name.n &&
                 wg_str_find(name, '/') == name.n;
  if (l->image == NULL || !is_name || l->n >= LIBRARY_MAX_INFS) {
    return wg_fail(err, WG_E_NOT_FOUND, "'%.*s'", WG_STR_ARG(name));
  }
  driver_library_inf one = {.name = wg_xstrndup(name.p, name.n)};
  wg_code code = library_read(l, name, &one.inf, err);
  wg_vec_push(&l->v, &l->n, &l->cap) = one;
  *out = one.inf;
  return code;
}

void wg_driver_library_init(wg_driver_library *l, wg_image_reader *image) {
  *l = (wg_driver_library){.image = image, .library = {library_open, l}};
  wg_arena_init(&l->arena, wg_heap(), 0);
}

void wg_driver_library_done(wg_driver_library *l) {
  for (size_t i = 0; i < l->n; i++) {
    wg_xfree(l->v[i].name);
  }
  wg_xfree(l->v);
  wg_arena_done(&l->arena);
  *l = (wg_driver_library){0};
}
