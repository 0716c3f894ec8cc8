#include "project/image.h"

#include "project/hostfile.h"
#include "project/regvalues.h"
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
     .check = wg_cfg_check_reg_key,
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
         "item.",
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
     .doc = "32 is the view of 32-bit programs (WOW6432Node).",
     .example = "32"},
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
  }
}

static void registry_files(wg_cfg *c, const wg_place *at) {
  const wg_cfg_registry *entries = at->self;
  const char *label = wg_cfg_printf(c, "%s.registry", at->path);
  wg_stat st;
  for (size_t i = 0; i < at->n; i++) {
    if (entries[i].file != NULL) {
      (void)wg_hostfile_stat(c, label, entries[i].file, entries[i].file_pos, WG_FT_FILE, &st);
    }
  }
}

const wg_section wg_section_registry = {
    .rows = rows, .rules = registry_rules, .files = registry_files};
