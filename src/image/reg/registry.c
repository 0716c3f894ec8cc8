#include "image/reg/registry.h"

#include <string.h>

#include "image/reg/hivefile.h"

#define REGISTRY_MAX_HIVE ((uint64_t)1 << 30)
#define REGISTRY_MAX_HIVES 8U

typedef struct open_hive {
  const char *file; // Windows path, static
  wg_buf bytes;
  wg_hive *hive;
  bool changed;
  uint32_t n_replayed;
} open_hive;

typedef struct registry {
  wg_image_reader *image;
  const wg_reg_options *opt;
  wg_reg_result *out;
  uint64_t filetime;
  open_hive hives[REGISTRY_MAX_HIVES];
  size_t n_hives;
  bool force_dirty;
  char control_set[32]; // "ControlSet001" once known
} registry;

static void registry_done(registry *r) {
  for (size_t i = 0; i < r->n_hives; i++) {
    wg_hive_free(r->hives[i].hive);
    wg_buf_done(&r->hives[i].bytes);
  }
}
WG_DEFINE_AUTO(registry, registry_done);

void wg_reg_result_done(wg_reg_result *r) {
  for (size_t i = 0; i < r->n_files; i++) {
    wg_xfree(r->files[i].to);
    wg_xfree(r->files[i].staged);
  }
  for (size_t i = 0; i < r->n_warnings; i++) {
    wg_xfree(r->warnings[i]);
  }
  wg_xfree(r->files);
  wg_xfree(r->warnings);
  *r = (wg_reg_result){0};
}

// Where keys live. below: what stands between the hive's root and the rest of the path.
typedef struct hive_place {
  const char *prefix; // as Windows names it, long form
  const char *file;   // Windows path, NULL: in no file of an image
  const char *below;
  const char *why; // not NULL: why it is not to be changed
} hive_place;

#define USRCLASS "\\Users\\Default\\AppData\\Local\\Microsoft\\Windows\\UsrClass.dat"
#define CONFIG_DIR "\\Windows\\System32\\config\\"

// The first prefix that fits wins: longer ones stand first.
static const hive_place hive_places[] = {
    {"HKEY_LOCAL_MACHINE\\SOFTWARE", CONFIG_DIR "SOFTWARE", "", NULL},
    {"HKEY_LOCAL_MACHINE\\SYSTEM", CONFIG_DIR "SYSTEM", "", NULL},
    {"HKEY_LOCAL_MACHINE\\DRIVERS", CONFIG_DIR "DRIVERS", "", NULL},
    {"HKEY_LOCAL_MACHINE\\SAM", CONFIG_DIR "SAM", "",
     "accounts are made at setup (answer file), not by editing their database"},
    {"HKEY_LOCAL_MACHINE\\SECURITY", CONFIG_DIR "SECURITY", "",
     "it holds the machine's secrets, sealed with keys that setup makes"},
    {"HKEY_LOCAL_MACHINE\\COMPONENTS", CONFIG_DIR "COMPONENTS", "",
     "it belongs to Windows servicing; a change breaks updates"},
    {"HKEY_LOCAL_MACHINE\\HARDWARE", NULL, NULL, "it is made anew at every start and on no disk"},
    {"HKEY_LOCAL_MACHINE\\BCD00000000", NULL, NULL,
     "the boot configuration is no part of the image"},
    {"HKEY_CLASSES_ROOT", CONFIG_DIR "SOFTWARE", "Classes", NULL},
    {"HKEY_USERS\\.DEFAULT", CONFIG_DIR "DEFAULT", "", NULL},
    {"HKEY_USERS\\S-1-5-18", CONFIG_DIR "DEFAULT", "", NULL},
    {"HKEY_CURRENT_USER\\Software\\Classes", USRCLASS, "", NULL},
    {"HKEY_CURRENT_USER", "\\Users\\Default\\NTUSER.DAT", "", NULL},
    {"HKEY_CURRENT_CONFIG", NULL, NULL, "it is made anew at every start; use HKLM\\SYSTEM"},
};

static wg_code registry_place(const wg_reg_edit *e, const hive_place **out, wg_str *out_rest,
                              wg_error *err) {
  for (size_t i = 0; i < WG_ARRAY_LEN(hive_places); i++) {
    if (wg_hive_strip_prefix(wg_str_of(e->key), hive_places[i].prefix, out_rest)) {
      if (hive_places[i].why != NULL) {
        return wg_fail(err, WG_E_USAGE, "%s: '%s' cannot be changed offline: %s", e->origin, e->key,
                       hive_places[i].why);
      }
      *out = &hive_places[i];
      return WG_OK;
    }
  }
  return wg_fail(err, WG_E_USAGE,
                 "%s: '%s' is in no hive of an image; keys begin with HKLM\\SOFTWARE, "
                 "HKLM\\SYSTEM, HKCR, HKU\\.DEFAULT or HKCU (the default user)",
                 e->origin, e->key);
}

typedef struct hive_beside { // a hive of the image whose logs are asked for
  wg_image_reader *image;
  const char *file;
} hive_beside;

// The bytes of a log beside the hive; absent ones are empty.
static wg_code registry_log(void *ctx, const char *end, wg_buf *out, wg_error *err) {
  const hive_beside *h = ctx;
  WG_AUTO(wg_cstr) path = wg_xprintf("%s%s", h->file, end);
  wg_code code = wg_image_reader_file(h->image, path, REGISTRY_MAX_HIVE, out, err);
  return code == WG_E_NOT_FOUND ? WG_OK : code;
}

// Windows makes this hive for each user at the first logon, and the default user of a fresh image
// has none. One of ours is not put there: that Windows then gives the user rights in it is known
// from no source, and without them the user could save no class.
static wg_code registry_no_classes(wg_error *err) {
  return wg_fail(err, WG_E_NOT_FOUND,
                 "the default user of this image has no UsrClass.dat for HKCU\\Software\\Classes: "
                 "Windows makes one for each user at the first logon; write classes for all users "
                 "to HKLM\\SOFTWARE\\Classes");
}

static wg_code registry_open(registry *r, const char *file, open_hive **out, wg_error *err) {
  for (size_t i = 0; i < r->n_hives; i++) {
    if (strcmp(r->hives[i].file, file) == 0) {
      *out = &r->hives[i];
      return WG_OK;
    }
  }
  wg_assert(r->n_hives < REGISTRY_MAX_HIVES);
  open_hive *h = &r->hives[r->n_hives];
  *h = (open_hive){.file = file};
  wg_buf_init(&h->bytes, wg_heap(), REGISTRY_MAX_HIVE);
  r->n_hives++;
  if (wg_image_reader_file(r->image, file, REGISTRY_MAX_HIVE, &h->bytes, err) != WG_OK) {
    if (err->code == WG_E_NOT_FOUND && strcmp(file, USRCLASS) == 0) {
      return registry_no_classes(err);
    }
    return err->code;
  }
  hive_beside beside = {r->image, file};
  if (wg_hive_open_bytes(&h->bytes, registry_log, &beside, r->force_dirty, &h->hive, &h->n_replayed,
                         err) != WG_OK) {
    return wg_wrap(err, "hive '%s'", file);
  }
  *out = h;
  return WG_OK;
}

// A DWORD of SYSTEM\Select, 0 when absent.
static uint32_t registry_select(const wg_hive *h, const char *name) {
  const wg_regkey *k = wg_hive_find(h, WG_STR("Select"));
  const wg_regvalue *v = k == NULL ? NULL : wg_regkey_value(k, wg_str_of(name));
  return v != NULL && v->n_bytes == 4 ? wg_le32(v->data) : 0;
}

static void registry_warn(registry *r, const char *text) {
  for (size_t i = 0; i < r->out->n_warnings; i++) {
    if (strcmp(r->out->warnings[i], text) == 0) {
      return;
    }
  }
  wg_vec_push(&r->out->warnings, &r->out->n_warnings, &r->out->cap_warnings) = wg_xstrdup(text);
}

// What CurrentControlSet will be at the next start: Select\Default.
static wg_code registry_control_set(registry *r, const open_hive *system, wg_error *err) {
  if (r->control_set[0] != '\0') {
    return WG_OK;
  }
  wg_assert(system != NULL); // registry_open gave it
  uint32_t next = registry_select(system->hive, "Default");
  uint32_t current = registry_select(system->hive, "Current");
  if (next == 0 || next > 999) {
    return wg_fail(err, WG_E_FORMAT,
                   "hive '%s': Select\\Default does not say which control set starts next",
                   system->file);
  }
  (void)wg_format(r->control_set, sizeof(r->control_set), "ControlSet%03u", next);
  if (wg_hive_find(system->hive, wg_str_of(r->control_set)) == NULL) {
    return wg_fail(err, WG_E_FORMAT, "hive '%s': Select\\Default names %s, which is not there",
                   system->file, r->control_set);
  }
  if (current != 0 && current != next) {
    WG_AUTO(wg_cstr)
    text = wg_xprintf(
        "CurrentControlSet: Select\\Default is %u and Select\\Current is %u; edits go to "
        "%s, which starts next",
        next, current, r->control_set);
    registry_warn(r, text);
  }
  return WG_OK;
}

// Takes word (without case) and a separator or the end off the front of *path.
static bool registry_take(wg_str *path, const char *word) {
  size_t n = wg_str_find(*path, '\\');
  if (wg_name_cmp_nocase((wg_str){path->p, n}, wg_str_of(word)) != 0) {
    return false;
  }
  size_t skip = n < path->n ? n + 1 : n;
  *path = (wg_str){path->p + skip, path->n - skip};
  return true;
}

// The path inside the hive, heap.
static wg_code registry_path(registry *r, const wg_reg_edit *e, const open_hive *h,
                             const hive_place *place, wg_str rest, char **out, wg_error *err) {
  const char *below = place->below;
  bool software = strcmp(place->file, CONFIG_DIR "SOFTWARE") == 0;
  bool user = strcmp(place->file, "\\Users\\Default\\NTUSER.DAT") == 0;
  if (strcmp(place->file, CONFIG_DIR "SYSTEM") == 0 && registry_take(&rest, "CurrentControlSet")) {
    if (registry_control_set(r, h, err) != WG_OK) {
      return err->code;
    }
    below = r->control_set;
  }
  const char *view = "";
  if (e->view32) {
    // HKLM\SOFTWARE\X is SOFTWARE\WOW6432Node\X; classes have theirs below Classes.
    if (software && below[0] == '\0' && registry_take(&rest, "Classes")) {
      below = "Classes";
    }
    if (!software && !(user && registry_take(&rest, "Software"))) {
      return wg_fail(err, WG_E_USAGE,
                     "%s: '%s' has no 32-bit view; only SOFTWARE and Classes have one", e->origin,
                     e->key);
    }
    below = user ? "Software" : below;
    view = "WOW6432Node";
  }
  *out = wg_xprintf("%s%s%s%s%.*s", below,
                    below[0] != '\0' && (view[0] != '\0' || rest.n > 0) ? "\\" : "", view,
                    view[0] != '\0' && rest.n > 0 ? "\\" : "", (int)rest.n, rest.p);
  return WG_OK;
}

static wg_code registry_expect(const wg_reg_edit *e, const wg_regkey *k, wg_error *err) {
  const wg_regvalue *v = k == NULL ? NULL : wg_regkey_value(k, wg_str_of(e->name));
  if (!e->has_expect) {
    return WG_OK;
  }
  if (e->expect_absent ? v != NULL : v == NULL) {
    return wg_fail(err, WG_E_VERIFY, "%s: '%s': value '%s' is %s, against what 'expect' says",
                   e->origin, e->key, e->name, v == NULL ? "not there" : "there");
  }
  if (v != NULL && (v->type != e->expect_type || v->n_bytes != e->n_expect ||
                    (e->n_expect > 0 && memcmp(v->data, e->expect, e->n_expect) != 0))) {
    return wg_fail(
        err, WG_E_VERIFY,
        "%s: '%s': value '%s' is not what 'expect' says (type %u, %u bytes in the image)",
        e->origin, e->key, e->name, v->type, v->n_bytes);
  }
  return WG_OK;
}

// Types whose data is the same bytes: a value keeps its own among these.
static bool registry_same_form(uint32_t a, uint32_t b) {
  bool text_a = a == WG_REG_SZ || a == WG_REG_EXPAND_SZ,
       text_b = b == WG_REG_SZ || b == WG_REG_EXPAND_SZ;
  return a == b || (text_a && text_b);
}

static wg_code registry_set(const registry *r, const wg_reg_edit *e, wg_hive *h, wg_regkey *k,
                            wg_error *err) {
  const wg_regvalue *old = wg_regkey_value(k, wg_str_of(e->name));
  uint32_t type = e->type;
  if (old != NULL && e->keep_type && old->type != e->type) {
    if (!registry_same_form(old->type, e->type)) {
      return wg_fail(err, WG_E_CONFLICT,
                     "%s: '%s': value '%s' has type %u in the image and would get type %u; write "
                     "{type: ..., value: ...} if that is meant",
                     e->origin, e->key, e->name, old->type, e->type);
    }
    type = old->type;
  }
  return wg_regkey_set(h, k, wg_str_of(e->name), type, e->data, e->n_bytes, r->filetime, err);
}

// --- lists: MULTI_SZ, or text separated by ';' (PATH)

static bool list_item_at(const uint8_t *p, uint32_t n, bool multi, uint32_t *pos, wg_str *out) {
  uint16_t sep = multi ? 0 : ';';
  if (*pos + 1 >= n) {
    return false;
  }
  uint32_t start = *pos;
  while (*pos + 1 < n && wg_le16(p + *pos) != sep && wg_le16(p + *pos) != 0) {
    *pos += 2;
  }
  *out = (wg_str){(const char *)p + start, *pos - start};
  *pos += 2;
  return true;
}

static bool list_has(const wg_buf *list, bool multi, wg_str item16) {
  uint32_t pos = 0;
  wg_str at;
  while (list_item_at(list->p, (uint32_t)list->n, multi, &pos, &at)) {
    if (wg_name16_cmp_nocase((const uint8_t *)at.p, at.n, (const uint8_t *)item16.p, item16.n) ==
        0) {
      return true;
    }
  }
  return false;
}

static void list_add(wg_buf *list, bool multi, wg_str item16) {
  if (!multi && list->n > 0) {
    wg_buf_add_le16(list, ';');
  }
  wg_buf_add_str(list, item16);
  if (multi) {
    wg_buf_add_le16(list, 0);
  }
}

// One item as UTF-16; it must not contain the separator.
static wg_code list_item16(const wg_reg_edit *e, const char *item, bool multi, wg_buf *out,
                           wg_error *err) {
  wg_buf_clear(out);
  if (item[0] == '\0' || (!multi && strchr(item, ';') != NULL) ||
      !wg_utf8_to_utf16le(wg_str_of(item), out)) {
    return wg_fail(err, WG_E_USAGE, "%s: '%s' cannot be an item of this list", e->origin, item);
  }
  return wg_buf_check(out, err);
}

// The old list without what REMOVE names, then what APPEND adds. Everything else keeps its form:
// variables such as %SystemRoot% are never expanded.
// NOLINTNEXTLINE(readability-function-cognitive-complexity): old items, then new ones
static wg_code registry_list(const registry *r, const wg_reg_edit *e, wg_hive *h, wg_regkey *k,
                             wg_error *err) {
  const wg_regvalue *old = wg_regkey_value(k, wg_str_of(e->name));
  uint32_t type = old != NULL ? old->type : e->type;
  bool multi = type == WG_REG_MULTI_SZ;
  if (!multi && type != WG_REG_SZ && type != WG_REG_EXPAND_SZ) {
    return wg_fail(err, WG_E_CONFLICT, "%s: '%s': value '%s' (type %u) is no list", e->origin,
                   e->key, e->name, type);
  }
  WG_AUTO(wg_buf) list = {0};
  WG_AUTO(wg_buf) item = {0};
  WG_AUTO(wg_buf) drop = {0}; // of REMOVE, as a MULTI_SZ
  wg_buf_init(&list, wg_heap(), 0);
  wg_buf_init(&item, wg_heap(), 0);
  wg_buf_init(&drop, wg_heap(), 0);
  for (size_t i = 0; e->op == WG_REG_REMOVE && i < e->n_items; i++) {
    if (list_item16(e, e->items[i], multi, &item, err) != WG_OK) {
      return err->code;
    }
    list_add(&drop, true, wg_buf_str(&item));
  }
  uint32_t pos = 0;
  wg_str at;
  while (old != NULL && list_item_at(old->data, old->n_bytes, multi, &pos, &at)) {
    bool ends = at.n == 0 && pos >= old->n_bytes;
    if (!ends && !(at.n == 0 && multi) && !(at.n > 0 && list_has(&drop, true, at))) {
      list_add(&list, multi, at);
    }
  }
  for (size_t i = 0; e->op == WG_REG_APPEND && i < e->n_items; i++) {
    if (list_item16(e, e->items[i], multi, &item, err) != WG_OK) {
      return err->code;
    }
    if (!list_has(&list, multi, wg_buf_str(&item))) {
      list_add(&list, multi, wg_buf_str(&item));
    }
  }
  wg_buf_add_le16(&list, 0);
  if (wg_buf_check(&list, err) != WG_OK) {
    return err->code;
  }
  if (old != NULL && old->n_bytes == list.n && memcmp(old->data, list.p, list.n) == 0) {
    return WG_OK; // nothing to do: no time moves
  }
  return wg_regkey_set(h, k, wg_str_of(e->name), type, list.p, (uint32_t)list.n, r->filetime, err);
}

static wg_code registry_delete(registry *r, const wg_reg_edit *e, wg_hive *h, wg_regkey *k,
                               wg_error *err) {
  bool value = e->op == WG_REG_DELETE_VALUE;
  if (k == NULL || (value && wg_regkey_value(k, wg_str_of(e->name)) == NULL)) {
    r->out->n_absent++;
    return WG_OK;
  }
  r->out->n_deleted++;
  return value ? wg_regkey_unset(h, k, wg_str_of(e->name), r->filetime, err)
               : wg_regkey_delete(h, k, r->filetime, err);
}

static wg_code registry_apply(registry *r, const wg_reg_edit *e, open_hive *h, const char *path,
                              wg_error *err) {
  wg_assert(h != NULL); // registry_open gave it
  wg_regkey *k = wg_hive_find(h->hive, wg_str_of(path));
  bool made = false;
  if (registry_expect(e, k, err) != WG_OK) {
    return err->code;
  }
  if (e->op == WG_REG_EXPECT) {
    return WG_OK;
  }
  h->changed = true;
  if (e->op == WG_REG_DELETE_KEY || e->op == WG_REG_DELETE_VALUE) {
    return registry_delete(r, e, h->hive, k, err);
  }
  if (wg_regkey_create(h->hive, wg_hive_root(h->hive), wg_str_of(path), r->filetime, &k, &made,
                       err) != WG_OK) {
    return wg_wrap(err, "%s: '%s'", e->origin, e->key);
  }
  r->out->n_keys_made += made ? 1 : 0;
  if (e->op == WG_REG_MAKE_KEY) {
    return WG_OK;
  }
  r->out->n_set++;
  return e->op == WG_REG_SET ? registry_set(r, e, h->hive, k, err)
                             : registry_list(r, e, h->hive, k, err);
}

// An edit with its place, kept for the read-back.
typedef struct applied_edit {
  const wg_reg_edit *e;
  size_t hive;
  char *path;
} applied_edit;

typedef struct applied_list {
  applied_edit *v;
  size_t n, cap;
} applied_list;

static void applied_list_done(applied_list *l) {
  for (size_t i = 0; i < l->n; i++) {
    wg_xfree(l->v[i].path);
  }
  wg_xfree(l->v);
}
WG_DEFINE_AUTO(applied_list, applied_list_done);

// The model that was written against the model that was read back, for one edited place.
static wg_code registry_same(const applied_edit *a, const wg_hive *want, const wg_hive *got,
                             wg_error *err) {
  const wg_regkey *w = wg_hive_find(want, wg_str_of(a->path)),
                  *g = wg_hive_find(got, wg_str_of(a->path));
  const char *name = a->e->name != NULL ? a->e->name : "";
  const wg_regvalue *wv = w == NULL ? NULL : wg_regkey_value(w, wg_str_of(name));
  const wg_regvalue *gv = g == NULL ? NULL : wg_regkey_value(g, wg_str_of(name));
  bool same = (w == NULL) == (g == NULL) && (wv == NULL) == (gv == NULL);
  if (same && wv != NULL) {
    same = wv->type == gv->type && wv->n_bytes == gv->n_bytes &&
           (wv->n_bytes == 0 || memcmp(wv->data, gv->data, wv->n_bytes) == 0);
  }
  if (!same) {
    return wg_fail(err, WG_E_VERIFY, "%s: '%s' reads back otherwise than it was set", a->e->origin,
                   a->e->key);
  }
  return WG_OK;
}

static wg_code registry_stage(registry *r, const char *to, const void *p, size_t n, bool is_log,
                              wg_error *err) {
  WG_AUTO(wg_cstr) staged = wg_xprintf("%s/hive-%zu", r->opt->tmp_dir, r->out->n_files);
  if (wg_os_write_file(WG_CWD, staged, p, n, 0600, false, err) != WG_OK) {
    return err->code;
  }
  wg_vec_push(&r->out->files, &r->out->n_files, &r->out->cap_files) =
      (wg_reg_hive_result){.to = wg_xstrdup(to), .staged = wg_take(&staged), .is_log = is_log};
  return WG_OK;
}

// Logs beside a hive that was rewritten are emptied in the same change.
static wg_code registry_empty_logs(registry *r, const open_hive *h, wg_error *err) {
  for (size_t i = 0; i < WG_HIVE_N_LOG_ENDS; i++) {
    WG_AUTO(wg_cstr) path = wg_xprintf("%s%s", h->file, wg_hive_log_ends[i]);
    WG_AUTO(wg_buf) log = {0};
    wg_buf_init(&log, wg_heap(), REGISTRY_MAX_HIVE);
    wg_code code = wg_image_reader_file(r->image, path, REGISTRY_MAX_HIVE, &log, err);
    if (code == WG_E_NOT_FOUND || (code == WG_OK && log.n == 0)) {
      continue;
    }
    if (code != WG_OK || registry_stage(r, path, "", 0, true, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code registry_finish_hive(registry *r, size_t index, const applied_list *applied,
                                    wg_error *err) {
  open_hive *h = &r->hives[index];
  WG_AUTO(wg_buf) out = {0};
  WG_AUTO_PTR(wg_hive) back = NULL;
  wg_buf_init(&out, wg_heap(), 2 * REGISTRY_MAX_HIVE);
  wg_hive_write_options opt = {.filetime = r->filetime, .bump_sequence = true};
  if (wg_hive_write(h->hive, &opt, &out, err) != WG_OK ||
      wg_hive_parse(out.p, out.n, NULL, false, wg_heap(), &back, err) != WG_OK) {
    return wg_wrap(err, "hive '%s'", h->file);
  }
  for (size_t i = 0; i < applied->n; i++) {
    if (applied->v[i].hive == index && registry_same(&applied->v[i], h->hive, back, err) != WG_OK) {
      return err->code;
    }
  }
  if (registry_stage(r, h->file, out.p, out.n, false, err) != WG_OK) {
    return err->code;
  }
  return registry_empty_logs(r, h, err);
}

static wg_code registry_edit(registry *r, const wg_reg_edit *e, applied_list *applied,
                             wg_error *err) {
  const hive_place *place = NULL;
  open_hive *h = NULL;
  wg_str rest;
  WG_AUTO(wg_cstr) path = NULL;
  if (registry_place(e, &place, &rest, err) != WG_OK) {
    return err->code;
  }
  if (registry_open(r, place->file, &h, err) != WG_OK) {
    return wg_wrap(err, "%s: '%s'", e->origin, e->key);
  }
  if (registry_path(r, e, h, place, rest, &path, err) != WG_OK ||
      registry_apply(r, e, h, path, err) != WG_OK) {
    return err->code;
  }
  wg_vec_push(&applied->v, &applied->n, &applied->cap) =
      (applied_edit){.e = e, .hive = (size_t)(h - r->hives), .path = wg_take(&path)};
  return WG_OK;
}

wg_code wg_image_registry(wg_image_reader *image, const wg_reg_edit *edits, size_t n_edits,
                          const wg_reg_options *opt, wg_reg_result *out, wg_error *err) {
  WG_AUTO(registry)
  r = {.image = image, .opt = opt, .out = out, .filetime = wg_filetime_of(opt->time_s)};
  WG_AUTO(applied_list) applied = {0};
  *out = (wg_reg_result){0};
  for (size_t i = 0; i < n_edits; i++) {
    if (registry_edit(&r, &edits[i], &applied, err) != WG_OK) {
      return err->code;
    }
  }
  for (size_t i = 0; i < r.n_hives; i++) {
    if (r.hives[i].changed && registry_finish_hive(&r, i, &applied, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

void wg_image_hive_done(wg_image_hive *h) {
  wg_hive_free(h->hive);
  wg_buf_done(&h->bytes);
  wg_xfree(h->path);
  *h = (wg_image_hive){0};
}

// The place that is the root of the same hive.
static const hive_place *hive_place_root(const hive_place *place) {
  wg_assert(place->file != NULL);
  for (size_t i = 0; i < WG_ARRAY_LEN(hive_places); i++) {
    const hive_place *p = &hive_places[i];
    if (p->file != NULL && p->below[0] == '\0' && strcmp(p->file, place->file) == 0) {
      return p;
    }
  }
  return place;
}

const char *wg_image_hive_root(size_t n) {
  for (size_t i = 0; i < WG_ARRAY_LEN(hive_places); i++) {
    const hive_place *p = &hive_places[i];
    if (p->file != NULL && hive_place_root(p) == p && n-- == 0) {
      return p->prefix;
    }
  }
  return NULL;
}

wg_code wg_image_hive_open(wg_image_reader *image, const char *key, bool force_dirty,
                           wg_image_hive *out, wg_error *err) {
  WG_AUTO(registry) r = {.image = image, .force_dirty = force_dirty};
  WG_AUTO(wg_reg_result) result = {0};
  const hive_place *place = NULL;
  open_hive *h = NULL;
  wg_str rest = {0};
  r.out = &result;
  for (size_t i = 0; i < WG_ARRAY_LEN(hive_places) && place == NULL; i++) {
    if (wg_hive_strip_prefix(wg_str_of(key), hive_places[i].prefix, &rest)) {
      place = &hive_places[i];
    }
  }
  if (place == NULL || place->file == NULL) {
    return wg_fail(err, WG_E_USAGE,
                   "'%s' is in no hive of an image; keys are full paths: HKLM\\SOFTWARE\\..., "
                   "HKLM\\SYSTEM\\..., HKCR, HKU\\.DEFAULT, HKCU (the default user)",
                   key);
  }
  wg_reg_edit e = {.key = key, .origin = "key"};
  char *path = NULL;
  if (registry_open(&r, place->file, &h, err) != WG_OK ||
      registry_path(&r, &e, h, place, rest, &path, err) != WG_OK) {
    return err->code;
  }
  wg_assert(h != NULL); // registry_open gave it
  *out = (wg_image_hive){.file = place->file,
                         .prefix = hive_place_root(place)->prefix,
                         .bytes = h->bytes,
                         .hive = h->hive,
                         .path = path,
                         .n_replayed = h->n_replayed};
  h->bytes = (wg_buf){0};
  h->hive = NULL;
  return WG_OK;
}
