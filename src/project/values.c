// SPDX-License-Identifier: Apache-2.0
#include "project/values.h"

#include <string.h>

#include "base/near.h"
#include "image/tree/winpath.h"

const char wg_cfg_name_pattern[] = "^[a-z0-9]([a-z0-9._-]{0,62}[a-z0-9_-])?$";
const char wg_cfg_windows_path_pattern[] = "^[Cc]:[\\\\/]([^\\\\/<>:\"|?*]*[^\\\\/<>:\"|?*. "
                                           "][\\\\/])*([^\\\\/<>:\"|?*]*[^\\\\/<>:\"|?*. ])?$";

static bool value_bad(wg_cfg_text *t, const char *why, const char *hint) {
  t->why = why;
  t->hint = hint;
  return false;
}

static bool value_is_digit(char c) {
  return c >= '0' && c <= '9';
}

static bool value_is_alpha(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// What stands for c in a safe name; NUL when it is left out.
static char value_safe_char(char c, bool first) {
  c = wg_ascii_lower(c);
  if (value_is_digit(c) || value_is_alpha(c)) {
    return c;
  }
  if (first) {
    return '\0';
  }
  if (c == ' ' || c == '/') {
    return '-';
  }
  if (c == '.' || c == '_' || c == '-') {
    return c;
  }
  return '\0';
}

// A name that is made of what the user wrote, for the hint.
static const char *value_safe_name(wg_cfg_text *t) {
  char *s = wg_arena_strdup(t->arena, t->text);
  size_t n = 0;
  for (const char *p = t->text; s != NULL && *p != '\0'; p++) {
    s[n] = value_safe_char(*p, n == 0);
    n += s[n] != '\0' ? 1 : 0;
  }
  n = n > 64 ? 64 : n;
  while (s != NULL && n > 0 && (s[n - 1] == '.' || s[n - 1] == '-')) {
    n--;
  }
  if (s == NULL || n == 0) {
    return "such as 'kiosk' or 'shop-floor.2'";
  }
  s[n] = '\0';
  return wg_arena_printf(t->arena, "such as '%s'", s);
}

bool wg_cfg_check_name(wg_cfg_text *t) {
  size_t n = strlen(t->text);
  bool ok = n > 0;
  for (size_t i = 0; i < n; i++) {
    char c = t->text[i];
    bool plain = (c >= 'a' && c <= 'z') || value_is_digit(c);
    ok = ok && (plain || (i > 0 && (c == '.' || c == '_' || c == '-')));
  }
  if (!ok || t->text[n - 1] == '.') {
    return value_bad(t, "is not a safe name: it becomes a file's name",
                     wg_arena_printf(t->arena,
                                     "use lower-case letters, digits, '.', '_' and '-', a letter "
                                     "or digit first, %s",
                                     value_safe_name(t)));
  }
  if (n > 64) {
    return value_bad(t, "is longer than 64 characters", "choose a shorter name");
  }
  return true;
}

bool wg_cfg_check_app_name(wg_cfg_text *t) {
  if (!wg_cfg_check_name(t)) {
    return false;
  }
  if (wg_winpath_is_device(wg_str_of(t->text))) {
    return value_bad(t,
                     "is the name of a device on Windows: the program could not be written there",
                     "choose another name");
  }
  return true;
}

// Digits, dots and a tail: 1.4.0, 1.4.0-rc.1+build5, 2024.05.
bool wg_cfg_check_release(wg_cfg_text *t) {
  static const char hint[] = "write one to four numbers with dots between, and a tail if you like: "
                             "1.4.0, 1.4.0-rc.1";
  const char *s = t->text;
  if ((s[0] == 'v' || s[0] == 'V') && value_is_digit(s[1])) {
    t->value = ++s; // as tags are written
  }
  size_t i = 0;
  unsigned parts = 0;
  do {
    size_t start = i;
    while (value_is_digit(s[i])) {
      i++;
    }
    if (i == start || i - start > 9) {
      return value_bad(t, "is not a version number", hint);
    }
    parts++;
  } while (s[i] == '.' && i++ < SIZE_MAX);
  bool tail = s[i] == '-' || s[i] == '+';
  for (size_t k = i + 1; tail && s[k] != '\0'; k++) {
    tail = value_is_digit(s[k]) || value_is_alpha(s[k]) || strchr(".-+", s[k]) != NULL;
  }
  if (parts > 4 || (s[i] != '\0' && (!tail || s[i + 1] == '\0')) || strlen(s) > 64) {
    return value_bad(t, "is not a version number", hint);
  }
  return true;
}

bool wg_cfg_check_file_version(wg_cfg_text *t) {
  static const char hint[] = "Windows takes one to four numbers from 0 to 65535: 1.4.0.0";
  uint64_t v[4] = {0};
  wg_str s = wg_str_of(t->text);
  size_t n = 0;
  for (;;) {
    size_t dot = wg_str_find(s, '.');
    if (n == 4 || !wg_parse_u64((wg_str){s.p, dot}, &v[n])) {
      return value_bad(t, "is not a Windows file version", hint);
    }
    if (v[n++] > 65535) {
      return value_bad(t, "has a number above 65535", hint);
    }
    if (dot == s.n) {
      break;
    }
    s = (wg_str){s.p + dot + 1, s.n - dot - 1};
  }
  t->value = wg_arena_printf(t->arena, "%u.%u.%u.%u", (unsigned)v[0], (unsigned)v[1],
                             (unsigned)v[2], (unsigned)v[3]);
  return true;
}

static size_t value_number(const char *s, size_t at) {
  size_t start = at;
  while (value_is_digit(s[at])) {
    at++;
  }
  return at > start && at - start <= 6 ? at : 0;
}

bool wg_cfg_check_go(wg_cfg_text *t) {
  const char *s = t->text;
  static const char hint[] = "write '>=1.22' for a lower bound or '1.22.3' for that one exactly";
  size_t i = strncmp(s, ">=", 2) == 0 ? 2 : 0;
  if (strncmp(s + i, "go", 2) == 0 || strchr(s, ' ') != NULL || strchr("<=^~>v", s[i]) != NULL) {
    return value_bad(t, "is not a Go version", hint);
  }
  i = value_number(s, i);
  for (unsigned part = 1; i != 0 && s[i] == '.' && part < 3; part++) {
    i = value_number(s, i + 1);
  }
  if (i != 0 && strncmp(s + i, "rc", 2) == 0) {
    i = value_number(s, i + 2);
  } else if (i != 0 && strncmp(s + i, "beta", 4) == 0) {
    i = value_number(s, i + 4);
  }
  return i != 0 && s[i] == '\0' ? true : value_bad(t, "is not a Go version", hint);
}

bool wg_cfg_check_host_path(wg_cfg_text *t) {
  size_t n = strlen(t->text);
  if (n > 4000) {
    return value_bad(t, "is too long for a path", NULL);
  }
  bool drive = value_is_alpha(t->text[0]) && t->text[1] == ':';
  if (drive || (strchr(t->text, '\\') != NULL && strchr(t->text, '/') == NULL)) {
    return value_bad(t, "looks like a Windows path; this is a file on this machine",
                     "write it with '/', relative to the folder of wingo.yaml");
  }
  if (t->text[0] == '~') {
    return value_bad(t, "starts with '~', which only a shell understands",
                     "write a path relative to wingo.yaml, or from the root");
  }
  return true;
}

bool wg_cfg_check_main(wg_cfg_text *t) {
  const char *s = t->text;
  if (s[0] == '/' || strchr(s, '\\') != NULL) {
    return value_bad(t, "is not a package of the module",
                     "write it relative to 'dir': '.' or './cmd/agent'");
  }
  if (strstr(s, "...") != NULL) {
    return value_bad(t, "is a pattern; one app is one package",
                     "name the package that holds func main, and make an app for each");
  }
  if (wg_str_ends(wg_str_of(s), ".go")) {
    return value_bad(t, "is a file; a package is a folder",
                     "write the folder: '.' or './cmd/agent'");
  }
  for (const char *p = s; *p != '\0'; p++) {
    if (*p == ' ' || strchr("*?\"'<>|:@", *p) != NULL) {
      return value_bad(t, "is not a package path", "write it like './cmd/agent'");
    }
  }
  size_t first = wg_str_find(wg_str_of(s), '/');
  if (s[0] != '.' && memchr(s, '.', first) == NULL) {
    return value_bad(t, "is a package of Go's own library, not of the module",
                     wg_arena_printf(t->arena, "write './%s'", s));
  }
  return true;
}

bool wg_cfg_check_tag(wg_cfg_text *t) {
  for (const char *p = t->text; *p != '\0'; p++) {
    uint8_t c = (uint8_t)*p;
    if (c == ',' || c == ' ') {
      return value_bad(t, "holds more than one build tag", "give a list: [netgo, osusergo]");
    }
    if (!value_is_digit(*p) && !value_is_alpha(*p) && c != '_' && c != '.' && c < 0x80) {
      return value_bad(t, "is not a build tag", "letters, digits, '_' and '.' only");
    }
  }
  return true;
}

bool wg_cfg_check_ldflag(wg_cfg_text *t) {
  wg_str s = wg_str_of(t->text);
  if (wg_str_eqz(s, "-H") || wg_str_starts(s, "-H=") || wg_str_starts(s, "-H ") ||
      wg_str_starts(s, "-Hwindows")) {
    return value_bad(t, "sets the kind of program, which is windows.subsystem's",
                     "write 'windows: {subsystem: gui}' (or console) instead");
  }
  return true;
}

bool wg_cfg_check_env_name(wg_cfg_text *t) {
  static const char *const targets[] = {"GOOS",  "GOARCH", "GOARM",    "GOARM64", "GOAMD64",
                                        "GO386", "GOMIPS", "GOMIPS64", "GOPPC64", "GORISCV64"};
  const char *s = t->text;
  for (size_t i = 0; i < WG_ARRAY_LEN(targets); i++) {
    if (wg_str_eq_nocase(wg_str_of(s), targets[i])) {
      return value_bad(t, "belongs to 'targets', not to 'env'",
                       "write it as a target: windows/amd64, or windows/amd64/v3 with a variant");
    }
  }
  bool ok = s[0] != '\0' && !value_is_digit(s[0]);
  for (const char *p = s; *p != '\0'; p++) {
    ok = ok && (value_is_digit(*p) || value_is_alpha(*p) || *p == '_');
  }
  return ok ? true
            : value_bad(t, "is not the name of an environment variable",
                        "letters, digits and '_', no digit first: CGO_ENABLED");
}

bool wg_cfg_check_var_name(wg_cfg_text *t) {
  static const char hint[] = "write the package's path, a dot and the variable: main.version";
  const char *slash = strrchr(t->text, '/');
  const char *dot = strrchr(slash == NULL ? t->text : slash, '.');
  if (dot == NULL || dot == t->text || dot[-1] == '/' || dot[1] == '\0' || value_is_digit(dot[1])) {
    return value_bad(t, "is not package.variable", hint);
  }
  for (const char *p = t->text; *p != '\0'; p++) {
    bool ident = value_is_alpha(*p) || value_is_digit(*p) || *p == '_' || (uint8_t)*p >= 0x80;
    if (!ident && (p > dot || strchr("./-~", *p) == NULL)) {
      return value_bad(t, "is not package.variable", hint);
    }
  }
  return true;
}

bool wg_cfg_check_sha256(wg_cfg_text *t) {
  uint8_t digest[32];
  const char *s = strncmp(t->text, "sha256:", 7) == 0 ? t->text + 7 : t->text;
  if (!wg_parse_hex(wg_str_of(s), digest, sizeof(digest))) {
    return value_bad(
        t, wg_arena_printf(t->arena, "is not a SHA-256 digest (%zu characters)", strlen(s)),
        "it has 64 hex digits; 'sha256sum FILE' prints it");
  }
  char *lower = wg_arena_strdup(t->arena, s);
  for (char *p = lower; p != NULL && *p != '\0'; p++) {
    *p = wg_ascii_lower(*p);
  }
  t->value = lower;
  return true;
}

bool wg_cfg_check_base_image(wg_cfg_text *t) {
  bool digits = true;
  for (const char *p = t->text; *p != '\0'; p++) {
    digits = digits && (value_is_digit(*p) || (p == t->text && *p == '-'));
  }
  uint64_t v = 0;
  if (digits && (!wg_parse_u64(wg_str_of(t->text), &v) || v == 0 || v > 65535)) {
    return value_bad(t, "is not the number of an image", "images count from 1; or give its name");
  }
  return true;
}

bool wg_cfg_check_into(wg_cfg_text *t) {
  wg_str s = wg_str_of(t->text);
  if (!wg_cfg_check_name(t)) {
    return false;
  }
  if (s.n <= 4 || (!wg_str_ends(s, ".wim") && !wg_str_ends(s, ".esd"))) {
    return value_bad(t, "does not say what kind of file it is",
                     "end it in .wim or .esd: win11.wim");
  }
  return true;
}
