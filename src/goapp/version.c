// SPDX-License-Identifier: Apache-2.0
#include "goapp/version.h"

#include <string.h>

static bool version_number(wg_str s, size_t *pos, uint32_t *out) {
  size_t i = *pos;
  uint32_t v = 0;
  while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9') {
    if (v > 99999) {
      return false;
    }
    v = v * 10 + (uint32_t)(s.p[i] - '0');
    i++;
  }
  if (i == *pos) {
    return false;
  }
  *pos = i;
  *out = v;
  return true;
}

static bool version_word(wg_str s, size_t *pos, const char *word) {
  size_t n = strlen(word);
  if (s.n - *pos < n || memcmp(s.p + *pos, word, n) != 0) {
    return false;
  }
  *pos += n;
  return true;
}

bool wg_go_version_parse(wg_str s, wg_go_version *out) {
  wg_go_version v = {0};
  size_t pos = 0;
  (void)version_word(s, &pos, "devel ");
  (void)version_word(s, &pos, "go");
  if (!version_number(s, &pos, &v.major)) {
    return false;
  }
  if (pos + 1 < s.n && s.p[pos] == '.') {
    pos++;
    if (!version_number(s, &pos, &v.minor)) {
      return false;
    }
  }
  size_t before = pos;
  if (version_word(s, &pos, "beta") && version_number(s, &pos, &v.pre)) {
    v.stage = 1;
  } else if (((void)(pos = before), version_word(s, &pos, "rc")) &&
             version_number(s, &pos, &v.pre)) {
    v.stage = 2;
  } else if (((void)(pos = before), version_word(s, &pos, ".")) &&
             version_number(s, &pos, &v.patch)) {
    v.stage = 3;
  }
  *out = v;
  return true;
}

bool wg_go_version_installed(wg_str s, wg_go_version *out) {
  if (!wg_go_version_parse(s, out)) {
    return false;
  }
  if (out->stage == 0) {
    out->stage = 3;
  }
  return true;
}

static int version_cmp_u32(uint32_t a, uint32_t b) {
  return a < b ? -1 : a > b;
}

int wg_go_version_cmp(const wg_go_version *a, const wg_go_version *b) {
  const uint32_t pa[] = {a->major, a->minor, a->stage, a->pre, a->patch};
  const uint32_t pb[] = {b->major, b->minor, b->stage, b->pre, b->patch};
  for (size_t i = 0; i < WG_ARRAY_LEN(pa); i++) {
    int c = version_cmp_u32(pa[i], pb[i]);
    if (c != 0) {
      return c;
    }
  }
  return 0;
}

// How to get `want`, given what is there: wingo itself fetches no toolchain.
static void version_cure(wg_str want, const wg_go_version *have, char *out, size_t cap) {
  wg_go_version w;
  bool full = wg_go_version_parse(want, &w) && w.stage != 0;
  const wg_go_version switching = {.major = 1, .minor = 21};
  if (wg_go_version_cmp(have, &switching) < 0) {
    (void)wg_format(out, cap,
                    "install Go %.*s and put its bin folder first in PATH (this Go does not know "
                    "GOTOOLCHAIN, so it cannot fetch one either)",
                    WG_STR_ARG(want));
    return;
  }
  const char *tail = full ? "" : ".0";
  (void)wg_format(out, cap,
                  "install it and put its bin folder first in PATH; or let Go download it once: "
                  "PATH=\"$(GOTOOLCHAIN=go%.*s%s go env GOROOT)/bin:$PATH\" (wingo runs go with "
                  "GOTOOLCHAIN=local and fetches none by itself)",
                  WG_STR_ARG(want), tail);
}

wg_code wg_go_version_require(const char *wanted, const char *installed, const char *go_path,
                              wg_error *err) {
  wg_str want = wg_str_of(wanted);
  if (want.n == 0) {
    return WG_OK;
  }
  bool least = wg_str_starts(want, ">=");
  if (least) {
    want = (wg_str){want.p + 2, want.n - 2};
    while (want.n > 0 && want.p[0] == ' ') {
      want = (wg_str){want.p + 1, want.n - 1};
    }
  }
  wg_go_version w, have;
  if (want.n == 0 || want.p[0] < '0' || want.p[0] > '9' || !wg_go_version_parse(want, &w)) {
    return wg_fail(err, WG_E_CONFIG, "go: \"%s\" is not a version; write \">=1.22\" or \"1.26.8\"",
                   wanted);
  }
  if (!wg_go_version_installed(wg_str_of(installed), &have)) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "the project asks for Go %s, but what %s calls its version, \"%s\", cannot be "
                   "compared; install a released Go",
                   wanted, go_path, installed);
  }
  bool same_minor = have.major == w.major && have.minor == w.minor;
  bool ok = least          ? wg_go_version_cmp(&have, &w) >= 0
            : w.stage == 0 ? same_minor
                           : wg_go_version_cmp(&have, &w) == 0;
  if (ok) {
    return WG_OK;
  }
  char cure[512];
  version_cure(want, &have, cure, sizeof(cure));
  return wg_fail(err, WG_E_UNSUPPORTED, "the project asks for Go %s, installed is %s (%s): %s",
                 wanted, installed, go_path, cure);
}

static wg_str mod_trim(wg_str s) {
  while (s.n > 0 && (s.p[0] == ' ' || s.p[0] == '\t')) {
    s = (wg_str){s.p + 1, s.n - 1};
  }
  for (size_t i = 0; i + 1 < s.n; i++) {
    if (s.p[i] == '/' && s.p[i + 1] == '/') {
      s.n = i;
      break;
    }
  }
  while (s.n > 0 && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t' || s.p[s.n - 1] == '\r')) {
    s.n--;
  }
  return s;
}

static bool mod_directive(wg_str line, const char *word, wg_str *out) {
  size_t n = strlen(word);
  if (!wg_str_starts(line, word) || line.n <= n || (line.p[n] != ' ' && line.p[n] != '\t')) {
    return false;
  }
  *out = mod_trim((wg_str){line.p + n, line.n - n});
  return true;
}

void wg_go_mod_scan(wg_str text, wg_str *out_go, wg_str *out_toolchain) {
  *out_go = *out_toolchain = (wg_str){"", 0};
  bool in_block = false; // go and toolchain never stand in a ( ) block
  while (text.n > 0) {
    size_t n = wg_str_find(text, '\n');
    wg_str line = mod_trim((wg_str){text.p, n});
    size_t step = n < text.n ? n + 1 : n;
    text = (wg_str){text.p + step, text.n - step};
    if (in_block) {
      in_block = !wg_str_eqz(line, ")");
      continue;
    }
    in_block = wg_str_ends(line, "(");
    wg_str v;
    if (mod_directive(line, "go", &v)) {
      *out_go = v;
    } else if (mod_directive(line, "toolchain", &v)) {
      *out_toolchain = v;
    }
  }
}

wg_str wg_go_mod_module(wg_str text) {
  while (text.n > 0) {
    size_t n = wg_str_find(text, '\n');
    wg_str path;
    if (mod_directive(mod_trim((wg_str){text.p, n}), "module", &path)) {
      bool quoted =
          path.n > 1 && (path.p[0] == '"' || path.p[0] == '`') && path.p[path.n - 1] == path.p[0];
      return quoted ? (wg_str){path.p + 1, path.n - 2} : path;
    }
    n += n < text.n;
    text = (wg_str){text.p + n, text.n - n};
  }
  return (wg_str){"", 0};
}

wg_code wg_go_mod_require(wg_str go_line, const char *gomod, const char *installed,
                          const char *go_path, wg_error *err) {
  wg_go_version want, have;
  if (go_line.n == 0 || !wg_go_version_parse(go_line, &want) ||
      !wg_go_version_installed(wg_str_of(installed), &have) ||
      wg_go_version_cmp(&have, &want) >= 0) {
    return WG_OK; // what is no version at all is the go command's to report
  }
  char cure[512];
  version_cure(go_line, &have, cure, sizeof(cure));
  return wg_fail(err, WG_E_UNSUPPORTED, "%s asks for Go %.*s, installed is %s (%s): %s", gomod,
                 WG_STR_ARG(go_line), installed, go_path, cure);
}
