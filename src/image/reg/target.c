// SPDX-License-Identifier: Apache-2.0
#include "image/reg/target.h"

#include <string.h>

#include "fmt/sd/sd.h"
#include "image/reg/hivefile.h"
#include "image/reg/wow64.h"

void wg_reg_target_done(wg_reg_target *t) {
  for (size_t i = 0; i < t->n_hives; i++) {
    if (!t->hives[i].borrowed) {
      wg_hive_free(t->hives[i].hive);
    }
    wg_buf_done(&t->hives[i].bytes);
  }
  for (size_t i = 0; i < t->n_applied; i++) {
    wg_xfree(t->applied[i].shared ? NULL : t->applied[i].path);
  }
  for (size_t i = 0; i < t->n_warnings; i++) {
    wg_xfree(t->warnings[i]);
  }
  wg_xfree(t->applied);
  wg_xfree(t->warnings);
  *t = (wg_reg_target){0};
}

// What a hive without a telling file name is: by its control sets, or by the name that Windows
// wrote into it.
static const char *target_guess(const wg_hive *h) {
  char set[16];
  WG_AUTO(wg_buf) name = {0};
  wg_buf_init(&name, wg_heap(), 0);
  if (wg_reg_control_set(h, set)) {
    return wg_hive_facts_of(WG_HIVE_SYSTEM)->prefix;
  }
  wg_hive_add_file_name(h, &name);
  const char *path = wg_buf_z(&name), *slash = strrchr(path, '\\');
  return wg_hive_prefix_of(slash != NULL ? slash + 1 : path);
}

void wg_reg_target_hive(wg_reg_target *t, wg_hive *h, const char *label, const char *prefix) {
  wg_str rest = {0};
  prefix = prefix != NULL ? prefix : target_guess(h);
  const wg_hive_place *p = prefix == NULL ? NULL : wg_hive_place_of(wg_str_of(prefix), &rest);
  bool root = p != NULL && rest.n == 0 && p->hive != WG_HIVE_NONE && p->below[0] == '\0';
  t->prefix = prefix;
  t->hives[0] = (wg_reg_hive){
      .id = root ? p->hive : WG_HIVE_NONE, .file = label, .hive = h, .borrowed = true};
  t->n_hives = 1;
}

// Once for each text.
static void reg_warn(wg_reg_target *t, const char *text) {
  for (size_t i = 0; i < t->n_warnings; i++) {
    if (strcmp(t->warnings[i], text) == 0) {
      return;
    }
  }
  wg_vec_push(&t->warnings, &t->n_warnings, &t->cap_warnings) = wg_xstrdup(text);
}

// What Windows gives a key that an administrator makes: the entries its parent hands on; the owner
// is Administrators, the group SYSTEM. A parent's descriptor that is none is copied.
static wg_code target_inherit(wg_str parent, wg_buf *out, wg_error *err) {
  WG_AUTO(wg_arena) arena;
  wg_sd from, sd;
  wg_str owner, group;
  wg_error none = WG_ERROR_INIT;
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_sd_parse(parent.p, parent.n, &arena, &from, &none) != WG_OK) {
    wg_buf_add_str(out, parent);
    return WG_OK;
  }
  if (wg_sid_parse(WG_STR("BA"), &arena, &owner, err) != WG_OK ||
      wg_sid_parse(WG_STR("SY"), &arena, &group, err) != WG_OK ||
      wg_sd_inherit_key(&from, owner, group, &arena, &sd, err) != WG_OK) {
    return err->code;
  }
  wg_sd_write(&sd, out);
  return WG_OK;
}

void wg_reg_target_inherits(wg_reg_target *t) {
  wg_hive_set_inherit(t->hives[0].hive, target_inherit);
}

// --- hives of an image

typedef struct hive_beside { // a hive whose logs are asked for
  const wg_reg_source *source;
  const char *file;
} hive_beside;

// The bytes of a log beside the hive; absent ones are empty.
static wg_code target_log(void *ctx, const char *end, wg_buf *out, wg_error *err) {
  const hive_beside *h = ctx;
  WG_AUTO(wg_cstr) path = wg_xprintf("%s%s", h->file, end);
  wg_code code = h->source->read(h->source->ctx, path, WG_REG_MAX_HIVE_BYTES, out, err);
  return code == WG_E_NOT_FOUND ? WG_OK : code;
}

// Windows makes this hive for each user at the first logon, and the default user of a fresh image
// has none. One of ours is not put there: that Windows then gives the user rights in it is known
// from no source, and without them the user could save no class.
static wg_code target_no_classes(wg_error *err) {
  return wg_fail(err, WG_E_NOT_FOUND,
                 "the default user of this image has no UsrClass.dat for HKCU\\Software\\Classes: "
                 "Windows makes one for each user at the first logon; write classes for all users "
                 "to HKLM\\SOFTWARE\\Classes");
}

static wg_code target_open(wg_reg_target *t, wg_hive_id id, wg_reg_hive **out, wg_error *err) {
  for (size_t i = 0; i < t->n_hives; i++) {
    if (t->hives[i].id == id) {
      *out = &t->hives[i];
      return WG_OK;
    }
  }
  wg_assert(t->n_hives < WG_HIVE_N);
  wg_reg_hive *h = &t->hives[t->n_hives];
  *h = (wg_reg_hive){.id = id, .file = wg_hive_facts_of(id)->file};
  wg_buf_init(&h->bytes, wg_heap(), WG_REG_MAX_HIVE_BYTES + WG_REG_MAX_HIVE_BYTES / 32);
  t->n_hives++;
  if (t->source.read(t->source.ctx, h->file, WG_REG_MAX_HIVE_BYTES, &h->bytes, err) != WG_OK) {
    return err->code == WG_E_NOT_FOUND && id == WG_HIVE_USRCLASS ? target_no_classes(err)
                                                                 : err->code;
  }
  hive_beside beside = {&t->source, h->file};
  if (wg_hive_open_bytes(&h->bytes, target_log, &beside, t->force_dirty, !t->reads_only, &h->hive,
                         &h->replay, err) != WG_OK) {
    return wg_wrap(err, "hive '%s'", h->file);
  }
  wg_hive_set_inherit(h->hive, target_inherit);
  *out = h;
  return WG_OK;
}

// "wingo.yaml:12:5: " or nothing.
static const char *target_colon(const char *origin) {
  return origin[0] == '\0' ? "" : ": ";
}

// Why what is at a place cannot be had; NULL: it can.
static const char *target_refusal(const wg_reg_target *t, const wg_hive_place *place) {
  if (place->hive == WG_HIVE_NONE) {
    return place->why;
  }
  const wg_hive_facts *f = wg_hive_facts_of(place->hive);
  if (f->file == NULL) {
    return "the boot configuration is no part of the image";
  }
  return t->reads_only ? NULL : f->no_edit;
}

static wg_code target_of_image(wg_reg_target *t, wg_str key, const char *origin, wg_reg_hive **out,
                               const char **below, wg_str *rest, wg_error *err) {
  const wg_hive_place *place = wg_hive_place_of(key, rest);
  if (place == NULL || (t->reads_only && place->hive == WG_HIVE_NONE)) {
    return wg_fail(err, WG_E_USAGE,
                   "%s%s'%.*s' is in no hive of an image; keys are full paths that begin with "
                   "HKLM\\SOFTWARE, HKLM\\SYSTEM, HKCR, HKU\\.DEFAULT or HKCU (the default user)",
                   origin, target_colon(origin), WG_STR_ARG(key));
  }
  const char *why = target_refusal(t, place);
  if (why != NULL) {
    return wg_fail(err, WG_E_USAGE, "%s%s'%.*s' cannot be %s offline: %s", origin,
                   target_colon(origin), WG_STR_ARG(key), t->reads_only ? "read" : "changed", why);
  }
  *below = place->below;
  wg_code code = target_open(t, place->hive, out, err);
  bool told = code == WG_OK || origin[0] == '\0';
  return told ? code : wg_wrap(err, "%s: '%.*s'", origin, WG_STR_ARG(key));
}

// --- one hive file

static wg_str target_first_part(wg_str path) {
  return (wg_str){path.p, wg_str_find(path, '\\')};
}

static wg_code target_not_here(const wg_reg_target *t, wg_str key, const char *origin,
                               wg_error *err) {
  const wg_reg_hive *h = &t->hives[0];
  if (t->prefix == NULL) {
    return wg_fail(err, WG_E_USAGE,
                   "%s%s'%.*s': the name '%s' does not say which keys the hive holds; name the key "
                   "below the hive's root, or give --prefix, such as --prefix='HKLM\\SOFTWARE'",
                   origin, target_colon(origin), WG_STR_ARG(key), h->file);
  }
  wg_str two = target_first_part(key);
  wg_str after = {key.p + two.n, key.n - two.n};
  two.n += after.n == 0 ? 0 : 1 + target_first_part((wg_str){after.p + 1, after.n - 1}).n;
  return wg_fail(err, WG_E_USAGE,
                 "%s%skey '%.*s' is not below '%s', which hive '%s' holds; if that is where it was "
                 "loaded, give --map='%.*s=%s'",
                 origin, target_colon(origin), WG_STR_ARG(key), t->prefix, h->file, WG_STR_ARG(two),
                 t->prefix);
}

// A full path is taken below the hive's root; any other is a path below it already.
static wg_code target_of_file(wg_reg_target *t, wg_str key, const char *origin, wg_reg_hive **out,
                              const char **below, wg_str *rest, wg_error *err) {
  wg_reg_hive *h = &t->hives[0];
  *out = h;
  *below = "";
  if (t->prefix != NULL && wg_hive_strip_prefix(key, t->prefix, rest)) {
    return WG_OK;
  }
  const wg_hive_place *place = wg_hive_place_of(key, rest);
  if (place != NULL && place->hive == h->id && h->id != WG_HIVE_NONE) {
    *below = place->below;
    return WG_OK;
  }
  *rest = key;
  // A key of the hive that happens to be called so.
  bool literal = wg_regkey_child(wg_hive_root(h->hive), target_first_part(key)) != NULL;
  return !wg_hive_has_root(key) || literal ? WG_OK : target_not_here(t, key, origin, err);
}

// --- CurrentControlSet

// A DWORD of SYSTEM\Select, 0 when absent.
static uint32_t target_select(const wg_hive *h, const char *name) {
  const wg_regkey *k = wg_hive_find(h, WG_STR("Select"));
  const wg_regvalue *v = k == NULL ? NULL : wg_regkey_value(k, wg_str_of(name));
  return v != NULL && v->n_bytes == 4 ? wg_le32(v->data) : 0;
}

bool wg_reg_control_set(const wg_hive *h, char out[16]) {
  uint32_t next = target_select(h, "Default");
  if (next == 0 || next > 999) {
    return false;
  }
  (void)wg_format(out, 16, "ControlSet%03u", next);
  return wg_hive_find(h, wg_str_of(out)) != NULL;
}

// What CurrentControlSet will be at the next start: Select\Default.
static wg_code target_control_set(wg_reg_target *t, wg_reg_hive *h, wg_error *err) {
  uint32_t next = target_select(h->hive, "Default");
  uint32_t current = target_select(h->hive, "Current");
  if (h->control_set[0] != '\0') {
    return WG_OK;
  }
  char name[sizeof(h->control_set)] = "";
  if (!wg_reg_control_set(h->hive, name)) {
    return wg_fail(err, WG_E_FORMAT,
                   "hive '%s': Select\\Default does not say which control set CurrentControlSet is "
                   "at the next start%s%s; name the set itself: ControlSet001",
                   h->file, name[0] != '\0' ? ": there is no " : "", name);
  }
  memcpy(h->control_set, name, sizeof(name));
  if (current != 0 && current != next) {
    WG_AUTO(wg_cstr)
    text = wg_xprintf(
        "CurrentControlSet: Select\\Default is %u and Select\\Current is %u; edits go to "
        "%s, which starts next",
        next, current, h->control_set);
    reg_warn(t, text);
  }
  return WG_OK;
}

// Whether the path begins with CurrentControlSet and that is not a key of this hive but the name of
// a control set: in SYSTEM, and in a hive file that has a Select or a control set.
static bool target_is_current(const wg_reg_target *t, const wg_reg_hive *h, wg_str path) {
  if (wg_name_cmp_nocase(target_first_part(path), WG_STR("CurrentControlSet")) != 0) {
    return false;
  }
  if (t->source.read != NULL || h->id == WG_HIVE_SYSTEM) {
    return h->id == WG_HIVE_SYSTEM;
  }
  return h->id == WG_HIVE_NONE && (wg_hive_find(h->hive, WG_STR("Select")) != NULL ||
                                   wg_hive_find(h->hive, WG_STR("ControlSet001")) != NULL);
}

// The key's place without regard to links.
static wg_code target_place(wg_reg_target *t, const char *key, bool view32, const char *origin,
                            wg_reg_hive **out, char **out_path, wg_error *err) {
  WG_AUTO(wg_buf) mapped = {0};
  WG_AUTO(wg_buf) path = {0};
  WG_AUTO(wg_buf) view = {0};
  wg_reg_hive *h = NULL;
  const char *below = "";
  wg_str rest = {0};
  wg_buf_init(&mapped, wg_heap(), 0);
  wg_buf_init(&path, wg_heap(), 0);
  wg_buf_init(&view, wg_heap(), 0);
  wg_reg_map_key(t->maps, t->n_maps, wg_str_of(key), &mapped);
  wg_code code = t->source.read != NULL
                     ? target_of_image(t, wg_buf_str(&mapped), origin, &h, &below, &rest, err)
                     : target_of_file(t, wg_buf_str(&mapped), origin, &h, &below, &rest, err);
  if (code != WG_OK) {
    return code;
  }
  wg_assert(h != NULL);
  if (below[0] == '\0' && target_is_current(t, h, rest)) {
    if (target_control_set(t, h, err) != WG_OK) {
      return origin[0] == '\0' ? err->code : wg_wrap(err, "%s: '%s'", origin, key);
    }
    below = h->control_set;
    size_t n = target_first_part(rest).n;
    rest = n < rest.n ? (wg_str){rest.p + n + 1, rest.n - n - 1} : (wg_str){rest.p + n, 0};
  }
  wg_buf_printf(&path, "%s%s", below, below[0] != '\0' && rest.n > 0 ? "\\" : "");
  wg_buf_add_str(&path, rest);
  if (view32) {
    wg_reg_wow64(h->id, wg_buf_str(&path), &view);
  }
  *out = h;
  *out_path = wg_xstrdup(wg_buf_z(view32 ? &view : &path));
  return WG_OK;
}

// --- symbolic links

#define TARGET_MAX_LINKS 8U

// Where a link leads, as a full key; false when it is none that can be followed here.
static bool target_link(const wg_regkey *k, wg_buf *out) {
  static const char *const roots[][2] = {{"\\Registry\\Machine\\", "HKEY_LOCAL_MACHINE\\"},
                                         {"\\Registry\\User\\", "HKEY_USERS\\"}};
  const wg_regvalue *v = wg_regkey_value(k, WG_STR("SymbolicLinkValue"));
  WG_AUTO(wg_buf) to = {0};
  wg_buf_init(&to, wg_heap(), 0);
  if (!wg_regkey_is_link(k) || v == NULL || v->type != WG_REG_LINK ||
      !wg_utf16le_to_utf8(v->data, v->n_bytes & ~1U, &to)) {
    return false;
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(roots); i++) {
    wg_str root = wg_str_of(roots[i][0]);
    if (to.n > root.n && wg_name_cmp_nocase((wg_str){(const char *)to.p, root.n}, root) == 0) {
      wg_buf_add_z(out, roots[i][1]);
      wg_buf_add(out, to.p + root.n, to.n - root.n);
      return true;
    }
  }
  return false;
}

// The full key that path means when a link is on its way; false: none is.
static bool target_through_link(const wg_hive *h, wg_str path, bool follow, wg_buf *out) {
  const wg_regkey *k = wg_hive_root(h);
  while (path.n > 0) {
    wg_str part = target_first_part(path);
    size_t skip = part.n < path.n ? part.n + 1 : part.n;
    path = (wg_str){path.p + skip, path.n - skip};
    k = part.n == 0 ? k : wg_regkey_child(k, part);
    if (k == NULL) {
      return false;
    }
    if ((path.n > 0 || follow) && target_link(k, out)) {
      wg_buf_printf(out, "%s", path.n > 0 ? "\\" : "");
      wg_buf_add_str(out, path);
      return true;
    }
  }
  return false;
}

wg_code wg_reg_resolve(wg_reg_target *t, const char *key, bool view32, bool follow,
                       const char *origin, wg_reg_hive **out, char **out_path, wg_error *err) {
  WG_AUTO(wg_cstr) path = NULL;
  WG_AUTO(wg_cstr) at = wg_xstrdup(key);
  for (unsigned n = 0; n <= TARGET_MAX_LINKS; n++) {
    WG_AUTO(wg_buf) next = {0};
    wg_buf_init(&next, wg_heap(), 0);
    wg_xfree(wg_take(&path));
    if (target_place(t, at, view32 && n == 0, origin, out, &path, err) != WG_OK) {
      return err->code;
    }
    if (!target_through_link((*out)->hive, wg_str_of(path), follow, &next)) {
      *out_path = wg_take(&path);
      return WG_OK;
    }
    wg_xfree(wg_take(&at));
    at = wg_xstrndup((const char *)next.p, next.n);
  }
  return wg_fail(err, WG_E_FORMAT, "%s%s'%s': symbolic links lead in a circle", origin,
                 target_colon(origin), key);
}
