// SPDX-License-Identifier: Apache-2.0
#include "image/reg/hives.h"

#include <string.h>

#include "base/utf.h"

#define CONFIG_DIR "\\Windows\\System32\\config\\"
#define DEFAULT_USER "\\Users\\Default\\"
#define NO_WRITES "it is a hive of the registry; change it with 'registry'"
#define NO_WRITES_ACCOUNTS                                                                         \
  "it holds accounts and secrets that Windows makes at setup; use the answer file of Windows "     \
  "Setup"

static const wg_hive_facts hives[] = {
    [WG_HIVE_SOFTWARE] = {"SOFTWARE", "HKEY_LOCAL_MACHINE\\SOFTWARE", CONFIG_DIR "SOFTWARE", NULL,
                          NO_WRITES},
    [WG_HIVE_SYSTEM] = {"SYSTEM", "HKEY_LOCAL_MACHINE\\SYSTEM", CONFIG_DIR "SYSTEM", NULL,
                        NO_WRITES},
    [WG_HIVE_DRIVERS] = {"DRIVERS", "HKEY_LOCAL_MACHINE\\DRIVERS", CONFIG_DIR "DRIVERS", NULL,
                         NO_WRITES},
    [WG_HIVE_SAM] = {"SAM", "HKEY_LOCAL_MACHINE\\SAM", CONFIG_DIR "SAM",
                     "accounts are made at setup (answer file), not by editing their database",
                     NO_WRITES_ACCOUNTS},
    [WG_HIVE_SECURITY] = {"SECURITY", "HKEY_LOCAL_MACHINE\\SECURITY", CONFIG_DIR "SECURITY",
                          "it holds the machine's secrets, sealed with keys that setup makes",
                          NO_WRITES_ACCOUNTS},
    [WG_HIVE_COMPONENTS] = {"COMPONENTS", "HKEY_LOCAL_MACHINE\\COMPONENTS", CONFIG_DIR "COMPONENTS",
                            "it belongs to Windows servicing; a change breaks updates",
                            "it is the database of Windows servicing, and a change breaks updates; "
                            "updates and features are installed at the first start"},
    [WG_HIVE_BCD] = {"BCD", "HKEY_LOCAL_MACHINE\\BCD00000000", NULL, NULL, NULL},
    [WG_HIVE_DEFAULT] = {"DEFAULT", "HKEY_USERS\\.DEFAULT", CONFIG_DIR "DEFAULT", NULL, NO_WRITES},
    [WG_HIVE_NTUSER] = {"NTUSER.DAT", "HKEY_CURRENT_USER", DEFAULT_USER "NTUSER.DAT", NULL,
                        NO_WRITES},
    [WG_HIVE_USRCLASS] = {"UsrClass.dat", "HKEY_CURRENT_USER\\Software\\Classes",
                          DEFAULT_USER "AppData\\Local\\Microsoft\\Windows\\UsrClass.dat", NULL,
                          NO_WRITES},
};

// The first prefix that fits wins: longer ones stand first.
static const wg_hive_place hive_places[] = {
    {"HKEY_LOCAL_MACHINE\\SOFTWARE", WG_HIVE_SOFTWARE, "", NULL},
    {"HKEY_LOCAL_MACHINE\\SYSTEM", WG_HIVE_SYSTEM, "", NULL},
    {"HKEY_LOCAL_MACHINE\\DRIVERS", WG_HIVE_DRIVERS, "", NULL},
    {"HKEY_LOCAL_MACHINE\\SAM", WG_HIVE_SAM, "", NULL},
    {"HKEY_LOCAL_MACHINE\\SECURITY", WG_HIVE_SECURITY, "", NULL},
    {"HKEY_LOCAL_MACHINE\\COMPONENTS", WG_HIVE_COMPONENTS, "", NULL},
    {"HKEY_LOCAL_MACHINE\\BCD00000000", WG_HIVE_BCD, "", NULL},
    {"HKEY_LOCAL_MACHINE\\HARDWARE", WG_HIVE_NONE, NULL,
     "it is made anew at every start and on no disk"},
    {"HKEY_CLASSES_ROOT", WG_HIVE_SOFTWARE, "Classes", NULL},
    {"HKEY_USERS\\.DEFAULT", WG_HIVE_DEFAULT, "", NULL},
    {"HKEY_USERS\\S-1-5-18", WG_HIVE_DEFAULT, "", NULL},
    {"HKEY_CURRENT_USER\\Software\\Classes", WG_HIVE_USRCLASS, "", NULL},
    {"HKEY_CURRENT_USER", WG_HIVE_NTUSER, "", NULL},
    {"HKEY_CURRENT_CONFIG", WG_HIVE_NONE, NULL, "it is made anew at every start; use HKLM\\SYSTEM"},
};

static const char *const hive_roots[][2] = {
    {"HKLM", "HKEY_LOCAL_MACHINE"}, {"HKCU", "HKEY_CURRENT_USER"},   {"HKU", "HKEY_USERS"},
    {"HKCR", "HKEY_CLASSES_ROOT"},  {"HKCC", "HKEY_CURRENT_CONFIG"},
};

const wg_hive_facts *wg_hive_facts_of(wg_hive_id id) {
  return &hives[id];
}

// The long name of a root key, however it is written; else the text itself.
static wg_str hive_long_root(wg_str root) {
  for (size_t i = 0; i < WG_ARRAY_LEN(hive_roots); i++) {
    if (wg_str_eq_nocase(root, hive_roots[i][0])) {
      return wg_str_of(hive_roots[i][1]);
    }
  }
  return root;
}

// Takes the first component of a backslash path.
static wg_str hive_take_part(wg_str *path) {
  size_t n = wg_str_find(*path, '\\');
  wg_str part = {path->p, n};
  size_t skip = n < path->n ? n + 1 : n;
  *path = (wg_str){path->p + skip, path->n - skip};
  return part;
}

bool wg_hive_has_root(wg_str key) {
  wg_str root = hive_long_root(hive_take_part(&key));
  for (size_t i = 0; i < WG_ARRAY_LEN(hive_roots); i++) {
    if (wg_str_eq_nocase(root, hive_roots[i][1])) {
      return true;
    }
  }
  return false;
}

bool wg_hive_strip_prefix(wg_str key, const char *prefix, wg_str *out) {
  wg_str p = wg_str_of(prefix), k = key;
  for (bool first = true; p.n > 0; first = false) {
    wg_str want = hive_take_part(&p), have = hive_take_part(&k);
    if (first) {
      want = hive_long_root(want);
      have = hive_long_root(have);
    }
    if (wg_name_cmp_nocase(want, have) != 0) {
      return false;
    }
  }
  *out = k;
  return true;
}

const wg_hive_place *wg_hive_place_of(wg_str key, wg_str *out_rest) {
  for (size_t i = 0; i < WG_ARRAY_LEN(hive_places); i++) {
    if (wg_hive_strip_prefix(key, hive_places[i].prefix, out_rest)) {
      return &hive_places[i];
    }
  }
  return NULL;
}

// The hive that a file of that name is (any case, with or without folders); NONE: the name says
// nothing.
static wg_hive_id hive_of_name(const char *path) {
  const char *slash = strrchr(path, '/');
  wg_str name = wg_str_of(slash != NULL ? slash + 1 : path);
  for (unsigned i = 0; i < WG_HIVE_N; i++) {
    if (wg_str_eq_nocase(name, hives[i].name)) {
      return (wg_hive_id)i;
    }
  }
  return wg_str_eq_nocase(name, "BCD-Template") ? WG_HIVE_BCD : WG_HIVE_NONE;
}

const char *wg_hive_prefix_of(const char *path) {
  wg_hive_id id = hive_of_name(path);
  return id == WG_HIVE_NONE ? NULL : hives[id].prefix;
}

void wg_reg_map_key(const wg_reg_map *maps, size_t n_maps, wg_str key, wg_buf *out) {
  wg_str rest;
  for (size_t i = 0; i < n_maps; i++) {
    if (wg_hive_strip_prefix(key, maps[i].from, &rest)) {
      wg_buf_printf(out, "%s%s", maps[i].to, rest.n > 0 ? "\\" : "");
      wg_buf_add_str(out, rest);
      return;
    }
  }
  wg_buf_add_str(out, key);
}

// --- rules

static bool rule_parts(wg_str rest, const char **why) {
  while (rest.n > 0) {
    size_t n = wg_str_find(rest, '\\'), n_units = 0;
    for (size_t i = 0; i < n; i++) { // UTF-16 units of UTF-8 text
      uint8_t c = (uint8_t)rest.p[i];
      n_units += (c & 0xC0) == 0x80 ? 0 : c >= 0xF0 ? 2 : 1;
    }
    if (n == 0 || n + 1 == rest.n) {
      *why = "has an empty part";
      return false;
    }
    if (n_units > 255) {
      *why = "has a part of more than 255 characters";
      return false;
    }
    size_t skip = n < rest.n ? n + 1 : n;
    rest = (wg_str){rest.p + skip, rest.n - skip};
  }
  return true;
}

static bool rule_root(const char *key, const char **why, const char **hint) {
  wg_str s = wg_str_of(key);
  *hint = "write it like 'HKLM\\SOFTWARE\\Acme', in single quotes";
  if (!wg_hive_has_root(s)) {
    *why = strchr(key, '/') != NULL ? "separates its parts with '/', not '\\'"
                                    : "does not begin with HKLM, HKCR, HKU or HKCU";
    return false;
  }
  size_t n = wg_str_find(s, '\\');
  if (n + 1 == s.n) {
    *why = "has an empty part";
    return false;
  }
  return n >= s.n || rule_parts((wg_str){s.p + n + 1, s.n - n - 1}, why);
}

bool wg_reg_map_rule(const char *key, const char **why, const char **hint) {
  if (!rule_root(key, why, hint)) {
    return false;
  }
  *why = "names no key below a root";
  return strchr(key, '\\') != NULL ||
         wg_str_eq_nocase(hive_long_root(wg_str_of(key)), "HKEY_CURRENT_USER");
}

bool wg_reg_key_rule(const char *key, bool deletes, const char **why, const char **hint) {
  wg_str rest;
  if (!rule_root(key, why, hint)) {
    return false;
  }
  const wg_hive_place *place = wg_hive_place_of(wg_str_of(key), &rest);
  if (place == NULL) {
    *why = "is in no hive of an image";
    *hint = "keys begin with HKLM\\SOFTWARE, HKLM\\SYSTEM, HKLM\\DRIVERS, HKCR, HKU\\.DEFAULT or "
            "HKCU (the default user)";
    return false;
  }
  const char *no = place->why;
  if (place->hive != WG_HIVE_NONE) {
    const wg_hive_facts *h = &hives[place->hive];
    no = h->file == NULL ? "the boot configuration is no part of the image" : h->no_edit;
  }
  *hint = no;
  *why = "cannot be changed offline";
  if (no != NULL) {
    return false;
  }
  *hint = "name a key below it";
  if (deletes && place->hive == WG_HIVE_SYSTEM && wg_str_eq_nocase(rest, "CurrentControlSet")) {
    *why = "is all of the control set that starts next, without which no Windows starts";
    return false;
  }
  *why = "is the root of a hive, which cannot be deleted";
  return !deletes || rest.n > 0 || place->below[0] != '\0';
}
