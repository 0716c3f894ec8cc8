// SPDX-License-Identifier: Apache-2.0
#include "project/image.h"

#include "fmt/regtext/regtext.h"
#include "image/reg/hives.h"
#include "os/file.h"
#include "os/proc.h"
#include "project/hostfile.h"
#include "project/regvalues.h"
#include "project/secret.h"
#include "project/values.h"

#define REGISTRY(field) WG_AT(wg_cfg_registry, field)
static const wg_choice views[] = {{"32", 32, false}, {"64", 64, false}, {NULL, 0, false}};
static const wg_key registry_keys[] = {
    {.name = "file",
     .type = WG_KEY_PATH,
     .flags = WG_KF_VAR,
     .group = 1,
     .at = REGISTRY(file),
     .pos_at = REGISTRY(file_pos),
     .check = wg_cfg_check_host_path,
     .doc = "Registry text (.reg), version 5 or REGEDIT4. A line that regedit would skip is an "
            "error.",
     .example = "tweaks/kiosk.reg"},
    {.name = "key",
     .type = WG_KEY_STRING,
     .group = 1,
     .at = REGISTRY(key),
     .pos_at = REGISTRY(key_pos),
     .check = wg_cfg_check_reg_key,
     .doc = "A key, made when it is not there: below HKLM\\SOFTWARE, HKLM\\SYSTEM, "
            "HKLM\\DRIVERS, HKCR, HKU\\.DEFAULT or HKCU (every new user). "
            "HKCU\\Software\\Classes is refused where the image's default user has no "
            "UsrClass.dat, as a fresh one has not. HKLM\\SYSTEM\\CurrentControlSet is the set that "
            "starts next.",
     .example = "'HKLM\\SOFTWARE\\Policies\\Kiosk'"},
    {.name = "delete_key",
     .type = WG_KEY_STRING,
     .group = 1,
     .at = REGISTRY(delete_key),
     .pos_at = REGISTRY(key_pos),
     .check = wg_cfg_check_reg_delete,
     .doc = "A key to delete with everything below; it need not be there.",
     .example = "'HKLM\\SOFTWARE\\Acme\\Old'"},
    {.name = "values",
     .type = WG_KEY_OWN,
     .kind = &wg_key_regvalues,
     .at = REGISTRY(values),
     .count_at = REGISTRY(n_values),
     .doc =
         "Values of the key; \"\" is the default value. Text is REG_SZ, a number REG_DWORD (or "
         "REG_QWORD when it is larger), true and false are 1 and 0, a list is REG_MULTI_SZ, null "
         "deletes. A value that is there keeps its type where the data fits it. {type: ..., "
         "value: ...} names the type: sz, expand_sz, multi_sz, dword, qword, binary (hex), none, "
         "or a number. {append: [...]} and {remove: [...]} change a list such as PATH, item by "
         "item. {secret: {env: NAME}} takes data that nobody may read (also {file: path} and "
         "{prompt: text}; type: sz, expand_sz or binary): no log, report or key has it, the image "
         "is for its owner only, and `publish:` refuses it without `allow_secrets: true`.",
     .example = "{Mode: single, Retries: 3, Servers: [a, b], Old: null}"},
    {.name = "expect",
     .type = WG_KEY_OWN,
     .kind = &wg_key_regvalues,
     .at = REGISTRY(expect),
     .count_at = REGISTRY(n_expect),
     .doc = "What values must be before the edit; null: not there. Anything else stops the build.",
     .example = "{Mode: multi}"},
    {.name = "view",
     .type = WG_KEY_ENUM,
     .choices = views,
     .at = REGISTRY(view),
     .doc = "32 is the view of 32-bit programs: WOW6432Node for what Windows redirects, the same "
            "key for what both views share (SOFTWARE\\Policies, HKCU\\Software, most of Classes, "
            "...). Windows of 32 bits (arch 386) has one view.",
     .example = "32"},
    {.name = "map",
     .type = WG_KEY_PAIRS,
     .at = REGISTRY(map),
     .count_at = REGISTRY(n_map),
     .doc = "Beside `file`: keys that the text has below a name of its own, as where a hive was "
            "loaded when it was exported, and the key they are below in the image.",
     .example = "{'HKLM\\OFFLINE': 'HKLM\\SOFTWARE'}"},
    {.name = NULL}};
static const wg_key registry_item[] = {
    {.name = "",
     .type = WG_KEY_MAP,
     .sub = registry_keys,
     .pos_at = REGISTRY(pos),
     .example = "{key: 'HKLM\\SOFTWARE\\Acme', values: {Mode: single}}"}};

static const wg_key rows[] = {
    {.name = "registry",
     .type = WG_KEY_LIST,
     .sub = registry_item,
     .at = WG_AT(wg_cfg_list, items),
     .count_at = WG_AT(wg_cfg_list, n),
     .size = sizeof(wg_cfg_registry),
     .doc = "Changes of the image's registry, in order. They are read back after the write.",
     .example = "[{file: tweaks/kiosk.reg}]"},
    {.name = NULL}};

static void registry_map(wg_cfg *c, const wg_place *at, const wg_cfg_registry *r) {
  if (r->n_map > 0 && r->file == NULL) {
    wg_cfg_error(c, r->pos, wg_cfg_printf(c, "%s.registry: 'map' belongs to 'file'", at->path),
                 "remove it");
  }
  for (size_t i = 0; i < r->n_map; i++) {
    const char *why = NULL, *hint = NULL;
    if (!wg_reg_map_rule(r->map[i].name, &why, &hint)) {
      wg_cfg_error(c, r->map[i].pos,
                   wg_cfg_printf(c, "%s.registry.map: '%s' %s", at->path, r->map[i].name, why),
                   hint);
    } else if (!wg_reg_key_rule(r->map[i].value, false, &why, &hint)) {
      wg_cfg_error(c, r->map[i].pos,
                   wg_cfg_printf(c, "%s.registry.map: '%s' %s", at->path, r->map[i].value, why),
                   hint);
    }
  }
}

// What belongs to a key stands beside one.
static void registry_rules(wg_cfg *c, const wg_place *at) {
  const wg_cfg_registry *entries = at->self;
  for (size_t i = 0; i < at->n; i++) {
    const wg_cfg_registry *r = &entries[i];
    const char *extra = r->n_values > 0   ? "values"
                        : r->n_expect > 0 ? "expect"
                        : r->view != 0    ? "view"
                                          : NULL;
    if (r->key == NULL && extra != NULL && (r->file != NULL || r->delete_key != NULL)) {
      wg_cfg_error(c, r->pos,
                   wg_cfg_printf(c, "%s.registry: '%s' belongs to 'key', not to '%s'", at->path,
                                 extra, r->file != NULL ? "file" : "delete_key"),
                   "make it two entries of the list");
    }
    registry_map(c, at, r);
  }
}

#define REGISTRY_TEXT_MAX ((uint64_t)256 << 20)
#define REGISTRY_MAX_FAULTS 20U

// "line 7: ..." as the reader of registry text says it: a place of that file.
static void registry_text_fault(wg_cfg *c, const char *file, const char *text) {
  uint64_t line = 0;
  wg_str s = wg_str_of(text);
  wg_pos pos = {file, 1, 1};
  if (wg_str_starts(s, "line ")) {
    s = (wg_str){s.p + 5, s.n - 5};
    size_t n = wg_str_find(s, ':');
    if (n + 2 < s.n && wg_parse_u64((wg_str){s.p, n}, &line)) {
      pos.line = (uint32_t)line;
      text = s.p + n + 2;
    }
  }
  wg_cfg_error(c, pos, wg_cfg_printf(c, "%s", text), NULL);
}

// Keys of the text that no image has, or that are not changed offline.
static void registry_text_keys(wg_cfg *c, const wg_cfg_registry *r, const wg_regtext *t) {
  WG_AUTO(wg_buf) key = {0};
  wg_reg_map *maps = wg_cfg_alloc(c, r->n_map + 1, sizeof(*maps));
  size_t n_faults = 0;
  wg_buf_init(&key, wg_heap(), 0);
  for (size_t i = 0; i < r->n_map; i++) {
    maps[i] = (wg_reg_map){r->map[i].name, r->map[i].value};
  }
  for (size_t i = 0; i < t->n_ops && n_faults < REGISTRY_MAX_FAULTS; i++) {
    const char *why = NULL, *hint = NULL;
    bool deletes = t->ops[i].kind == WG_REGOP_DELETE_KEY;
    bool names_key = deletes || t->ops[i].kind == WG_REGOP_KEY;
    wg_buf_clear(&key);
    wg_reg_map_key(maps, r->n_map, t->ops[i].key, &key);
    if (names_key && !wg_reg_key_rule(wg_buf_z(&key), deletes, &why, &hint)) {
      n_faults++;
      wg_cfg_error(c, (wg_pos){r->file, t->ops[i].line, 1},
                   wg_cfg_printf(c, "key '%s' %s", wg_buf_z(&key), why), hint);
    }
  }
}

static void registry_text(wg_cfg *c, const char *label, const wg_cfg_registry *r) {
  WG_AUTO(wg_cstr) path = wg_hostfile_path(c, r->file);
  WG_AUTO(wg_buf) bytes = {0};
  WG_AUTO(wg_arena) arena;
  wg_regtext t;
  wg_error err = WG_ERROR_INIT;
  wg_buf_init(&bytes, wg_heap(), 0);
  wg_arena_init(&arena, wg_heap(), 0);
  if (wg_os_read_file(WG_CWD, path, REGISTRY_TEXT_MAX, &bytes, &err) != WG_OK) {
    wg_cfg_error(c, r->file_pos, wg_cfg_printf(c, "%s: '%s': %s", label, r->file, err.text), NULL);
  } else if (wg_regtext_parse(bytes.p, bytes.n, NULL, &arena, &t, &err) != WG_OK) {
    registry_text_fault(c, r->file, err.text);
  } else {
    registry_text_keys(c, r, &t);
  }
}

// What a build would ask for is not asked for; what it would look up must be there.
static void registry_secret(wg_cfg *c, const char *label, const wg_cfg_regvalue *v) {
  const wg_secret *s = &v->secret;
  wg_stat st;
  if (s->kind == WG_SECRET_FILE) {
    (void)wg_hostfile_stat(c, label, s->name, s->pos, WG_FT_FILE, &st);
    return;
  }
  WG_AUTO(wg_cstr) why = NULL;
  WG_AUTO(wg_cstr) cure = NULL;
  if (s->kind == WG_SECRET_ENV && wg_secret_env_absent(s, wg_os_getenv(s->name), &why, &cure)) {
    wg_cfg_error(c, s->pos, wg_cfg_printf(c, "%s: %s", label, why), wg_cfg_printf(c, "%s", cure));
  }
}

static void registry_files(wg_cfg *c, const wg_place *at) {
  const wg_cfg_registry *entries = at->self;
  const char *label = wg_cfg_printf(c, "%s.registry", at->path);
  wg_stat st;
  for (size_t i = 0; i < at->n; i++) {
    if (entries[i].file != NULL) {
      if (wg_hostfile_stat(c, label, entries[i].file, entries[i].file_pos, WG_FT_FILE, &st)) {
        registry_text(c, label, &entries[i]);
      }
    }
    for (size_t k = 0; k < entries[i].n_values; k++) {
      registry_secret(c, label, &entries[i].values[k]);
    }
  }
}

const wg_section wg_section_registry = {
    .rows = rows, .rules = registry_rules, .files = registry_files};
