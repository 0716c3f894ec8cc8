// SPDX-License-Identifier: Apache-2.0
#include "base/select.h"

#include <string.h>

#include "base/utf.h"

// Bytes before the first wildcard; all of them when there is none.
static size_t select_plain(const char *text) {
  size_t n = 0;
  while (text[n] != '\0' && text[n] != '*' && text[n] != '?') {
    n++;
  }
  return n;
}

bool wg_glob_is(const char *text) {
  return text[select_plain(text)] != '\0';
}

size_t wg_glob_fixed(const char *pattern) {
  size_t end = select_plain(pattern);
  while (end > 0 && pattern[end - 1] != '/') {
    end--;
  }
  return end;
}

// The first name of a path, and what is behind it.
static wg_str select_name(wg_str *rest) {
  size_t n = 0;
  while (n < rest->n && rest->p[n] != '/') {
    n++;
  }
  wg_str name = {rest->p, n};
  n += n < rest->n ? 1 : 0;
  *rest = (wg_str){rest->p + n, rest->n - n};
  return name;
}

// One character, as it is compared.
static uint32_t select_next(wg_str s, size_t *at) {
  uint32_t cp = 0;
  if (!wg_utf8_next(s, at, &cp)) {
    return 0x110000U + (uint8_t)s.p[(*at)++]; // no UTF-8: itself alone
  }
  return cp < 0x10000 ? wg_upcase16((uint16_t)cp) : cp;
}

// One name against one name of a pattern: the last `*` takes more until the rest fits.
static bool select_name_fits(wg_str pattern, wg_str name) {
  size_t p = 0, n = 0, star = SIZE_MAX, taken = 0;
  while (n < name.n) {
    size_t p_next = p, n_next = n;
    bool more = p < pattern.n;
    uint32_t c = select_next(name, &n_next);
    if (more && pattern.p[p] == '*') {
      star = ++p;
      taken = n;
    } else if (more && (select_next(pattern, &p_next) == c || pattern.p[p] == '?')) {
      p = p_next;
      n = n_next;
    } else if (star != SIZE_MAX) {
      p = star;
      (void)select_next(name, &taken);
      n = taken;
    } else {
      return false;
    }
  }
  while (p < pattern.n && pattern.p[p] == '*') {
    p++;
  }
  return p == pattern.n;
}

// As select_name_fits with names for characters, and `**` for `*`. At the end of a pattern `**` is
// at least one name.
static bool select_path_fits(wg_str pattern, wg_str path) {
  wg_str star = {NULL, 0}, taken = {NULL, 0};
  bool has_star = false;
  while (path.n > 0) {
    wg_str p = pattern, n = path;
    wg_str want = select_name(&p), name = select_name(&n);
    if (pattern.n > 0 && wg_str_eqz(want, "**")) {
      if (p.n == 0) {
        return true;
      }
      has_star = true;
      star = pattern = p;
      taken = path;
    } else if (pattern.n > 0 && select_name_fits(want, name)) {
      pattern = p;
      path = n;
    } else if (has_star) {
      pattern = star;
      (void)select_name(&taken);
      path = taken;
    } else {
      return false;
    }
  }
  return pattern.n == 0;
}

bool wg_glob_match(const char *pattern, const char *path) {
  return select_path_fits(wg_str_of(pattern), wg_str_of(path));
}

// Whether a path below the folder can match.
static bool select_leads_to(const char *pattern, const char *folder) {
  wg_str p = wg_str_of(pattern), f = wg_str_of(folder);
  while (f.n > 0) {
    wg_str want = select_name(&p);
    if (wg_str_eqz(want, "**")) {
      return true;
    }
    if (!select_name_fits(want, select_name(&f))) {
      return false;
    }
  }
  return p.n > 0;
}

static bool select_rule_fits(wg_str rule, const char *path, bool is_folder) {
  if (rule.n > 0 && rule.p[rule.n - 1] == '/') {
    rule.n--;
    if (!is_folder) {
      return false;
    }
  }
  bool anchored = wg_str_find(rule, '/') < rule.n;
  if (rule.n > 0 && rule.p[0] == '/') {
    rule = (wg_str){rule.p + 1, rule.n - 1};
  }
  const char *name = path;
  for (const char *slash; (slash = strchr(name, '/')) != NULL;) {
    name = slash + 1;
  }
  return anchored ? select_path_fits(rule, wg_str_of(path))
                  : select_name_fits(rule, wg_str_of(name));
}

bool wg_select_rule_fits(const char *rule, const char *path, bool is_folder) {
  return select_rule_fits(wg_str_of(rule[0] == '!' ? rule + 1 : rule), path, is_folder);
}

static bool select_is_out(const wg_select *s, const char *path, bool is_folder) {
  bool out = false;
  for (size_t i = 0; i < s->n_exclude; i++) {
    if (wg_select_rule_fits(s->exclude[i], path, is_folder)) {
      out = s->exclude[i][0] != '!';
    }
  }
  return out;
}

bool wg_select_file(const wg_select *s, const char *path) {
  return s == NULL ||
         ((s->only == NULL || wg_glob_match(s->only, path)) && !select_is_out(s, path, false));
}

bool wg_select_folder(const wg_select *s, const char *path) {
  return s == NULL ||
         ((s->only == NULL || select_leads_to(s->only, path)) && !select_is_out(s, path, true));
}
