// SPDX-License-Identifier: Apache-2.0
#include "driver/match/rules.h"

#include <string.h>

#include "base/near.h"
#include "base/select.h"
#include "base/utf.h"

bool wg_drv_like(const char *pattern, wg_str text) {
  const char *star = NULL;
  size_t at = 0, from = 0;
  while (at < text.n) {
    if (*pattern == '*') {
      star = pattern++;
      from = at;
    } else if (*pattern != '\0' &&
               (*pattern == '?' || wg_ascii_lower(*pattern) == wg_ascii_lower(text.p[at]))) {
      pattern++;
      at++;
    } else if (star != NULL) {
      pattern = star + 1;
      at = ++from;
    } else {
      return false;
    }
  }
  while (*pattern == '*') {
    pattern++;
  }
  return *pattern == '\0';
}

// "20.1": unsaid parts are fill.
static bool version_of(wg_str s, uint16_t fill, uint16_t out[4]) {
  for (size_t i = 0; i < 4; i++) {
    uint64_t v = fill;
    size_t n = wg_str_find(s, '.');
    if ((i == 0 || s.n > 0) && (!wg_parse_u64((wg_str){s.p, n}, &v) || v > 0xFFFF)) {
      return false;
    }
    out[i] = (uint16_t)v;
    s = n < s.n ? (wg_str){s.p + n + 1, s.n - n - 1} : (wg_str){0};
  }
  return s.n == 0;
}

static bool version_range(const char *text, wg_drv_which *w) {
  const char *dots = strstr(text, "..");
  wg_str all = wg_str_of(text), from = all, to = all;
  if (dots != NULL) {
    from = (wg_str){text, (size_t)(dots - text)};
    to = wg_str_of(dots + 2);
  }
  w->has_min = from.n > 0;
  w->has_max = to.n > 0;
  return (w->has_min || w->has_max) && (!w->has_min || version_of(from, 0, w->min)) &&
         (!w->has_max || version_of(to, 0xFFFF, w->max));
}

static bool which_part(char *part, wg_drv_which *w) {
  char *value = strchr(part, '=');
  if (value == NULL) {
    w->path = part;
    return true;
  }
  *value++ = '\0';
  if (*value == '\0') {
    return false;
  }
  if (strcmp(part, "path") == 0) {
    w->path = value;
  } else if (strcmp(part, "provider") == 0) {
    w->provider = value;
  } else if (strcmp(part, "class") == 0) {
    w->class_name = value;
  } else {
    return strcmp(part, "version") == 0 && version_range(value, w);
  }
  return true;
}

wg_code wg_drv_which_parse(const char *text, wg_arena *arena, wg_drv_which *out, wg_error *err) {
  wg_drv_which w = {0};
  char *copy = wg_arena_strdup(arena, text);
  if (copy == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (char *part = copy; part != NULL;) {
    char *comma = strchr(part, ',');
    if (comma != NULL) {
      *comma = '\0';
    }
    if (*part == '\0' || !which_part(part, &w)) {
      return wg_fail(err, WG_E_USAGE,
                     "'%s' does not say which drivers: a folder or file, or path=, provider=, "
                     "class= and version=1.0..2.5, with commas between",
                     text);
    }
    part = comma != NULL ? comma + 1 : NULL;
  }
  *out = w;
  return WG_OK;
}

wg_code wg_drv_pin_parse(const char *text, wg_arena *arena, wg_drv_pin *out, wg_error *err) {
  const char *eq = strchr(text, '=');
  if (eq == NULL || eq == text) {
    return wg_fail(err, WG_E_USAGE,
                   "'%s' is no pin: DEVICE=DRIVERS, such as 'PCI\\VEN_8086*=net/intel'", text);
  }
  out->device = wg_arena_strndup(arena, text, (size_t)(eq - text));
  return out->device == NULL ? wg_arena_fail(arena, err)
                             : wg_drv_which_parse(eq + 1, arena, &out->which, err);
}

// The INF by its path or name, or a folder it is in.
static bool path_is(const char *pattern, const char *path) {
  if (wg_select_rule_fits(pattern, path, false)) {
    return true;
  }
  for (const char *slash = strchr(path, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
    char part[2048];
    size_t n = (size_t)(slash - path);
    if (n >= sizeof(part)) {
      return false;
    }
    memcpy(part, path, n);
    part[n] = '\0';
    if (wg_select_rule_fits(pattern, part, true)) {
      return true;
    }
  }
  return false;
}

static int version_cmp(const uint16_t *a, const uint16_t *b) {
  for (size_t i = 0; i < 4; i++) {
    if (a[i] != b[i]) {
      return a[i] < b[i] ? -1 : 1;
    }
  }
  return 0;
}

bool wg_drv_which_is(const wg_drv_which *w, const wg_drv_facts *f) {
  return (w->path == NULL || path_is(w->path, f->path)) &&
         (w->provider == NULL || wg_drv_like(w->provider, wg_str_of(f->provider))) &&
         (w->class_name == NULL || wg_drv_like(w->class_name, wg_str_of(f->class_name))) &&
         (!w->has_min || version_cmp(f->version, w->min) >= 0) &&
         (!w->has_max || version_cmp(f->version, w->max) <= 0);
}

bool wg_drv_is_named(const char *const *names, size_t n, const char *inf) {
  for (size_t i = 0; i < n; i++) {
    if (wg_name_cmp_nocase(wg_str_of(names[i]), wg_str_of(inf)) == 0) {
      return true;
    }
  }
  return false;
}

// A folder's name stands for a vendor or model when it is that, or that with what no folder's name
// may have replaced by '_', as opsi does.
static bool folder_is(wg_str folder, wg_str name) {
  if (folder.n != name.n || name.n == 0) {
    return false;
  }
  for (size_t i = 0; i < name.n; i++) {
    char c = name.p[i];
    bool cannot = strchr("<>?\":|\\/*", c) != NULL;
    if (wg_ascii_lower(folder.p[i]) != wg_ascii_lower(c) && !(cannot && folder.p[i] == '_')) {
      return false;
    }
  }
  return true;
}

static wg_str next_folder(const char **at) {
  const char *slash = strchr(*at, '/');
  wg_str s = {*at, slash == NULL ? 0 : (size_t)(slash - *at)};
  *at = slash == NULL ? *at + strlen(*at) : slash + 1;
  return s;
}

int wg_drv_by_model(const wg_drv_rules *rules, const char *path) {
  const char *at = path;
  for (wg_str s = next_folder(&at); s.n > 0; s = next_folder(&at)) {
    if (wg_str_eq_nocase(s, "byModel") || wg_str_eq_nocase(s, "byAudit")) {
      wg_str vendor = next_folder(&at), model = next_folder(&at);
      return folder_is(vendor, rules->vendor) && folder_is(model, rules->model) ? 1 : -1;
    }
  }
  return 0;
}
