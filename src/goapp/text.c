// SPDX-License-Identifier: Apache-2.0
#include "goapp/text.h"

#include <string.h>

#include "os/file.h"

static bool text_has(wg_str s, const char *what) {
  size_t n = strlen(what);
  return n <= s.n && memmem(s.p, s.n, what, n) != NULL;
}

void wg_go_text_redact(wg_buf *out, wg_str text) {
  size_t from = 0;
  for (size_t i = 0; i + 3 <= text.n; i++) {
    if (memcmp(text.p + i, "://", 3) != 0) {
      continue;
    }
    size_t at = 0; // the last @ of the host part
    for (size_t j = i + 3; j < text.n; j++) {
      char c = text.p[j];
      if (c == '@') {
        at = j;
      }
      if (c == '/' || c == ' ' || c == '\n' || c == '"' || c == '\'' || c == ',' || c == '|') {
        break;
      }
    }
    if (at != 0) {
      wg_buf_add(out, text.p + from, i + 3 - from);
      wg_buf_add_z(out, "***");
      from = at;
      i = at;
    }
  }
  if (from < text.n) {
    wg_buf_add(out, text.p + from, text.n - from);
  }
}

static bool text_is_source(wg_str path) {
  static const char *const ends[] = {".go",  ".s", ".S", ".c",   ".h",   ".cc",   ".cpp",  ".cxx",
                                     ".hpp", ".m", ".f", ".mod", ".sum", ".work", ".swig", ".syso"};
  for (size_t i = 0; i < WG_ARRAY_LEN(ends); i++) {
    if (wg_str_ends(path, ends[i])) {
      return true;
    }
  }
  return false;
}

// Length of the path of "path:line" at the start of a line, 0 when there is none.
static size_t text_path_bytes(wg_str line) {
  size_t i = wg_str_find(line, ':');
  bool numbered = i + 1 < line.n && line.p[i + 1] >= '0' && line.p[i + 1] <= '9';
  return numbered && text_is_source((wg_str){line.p, i}) ? i : 0;
}

static void text_add_path(wg_buf *out, wg_str path, const char *dir, const char *project_dir) {
  WG_AUTO(wg_cstr) p = wg_xstrndup(path.p, path.n);
  WG_AUTO(wg_cstr) joined = wg_path_join(dir, p);
  WG_AUTO(wg_cstr) clean = wg_path_clean(joined);
  size_t n = strlen(project_dir);
  if (wg_path_is_below(clean, project_dir) && clean[n] == '/') {
    wg_buf_add_z(out, clean + n + 1);
  } else {
    wg_buf_add_z(out, clean);
  }
}

void wg_go_text_add(wg_buf *out, wg_str text, const char *dir, const char *project_dir) {
  WG_AUTO(wg_buf) clean = {0};
  wg_buf_init(&clean, wg_heap(), 0);
  wg_go_text_redact(&clean, text);
  wg_str left = wg_buf_str(&clean);
  while (left.n > 0) {
    size_t n = wg_str_find(left, '\n');
    wg_str line = {left.p, n};
    size_t skip = 0; // "\t./b.go:3:1: other declaration of x"
    while (skip < line.n && line.p[skip] == '\t') {
      skip++;
    }
    wg_buf_add(out, line.p, skip);
    line = (wg_str){line.p + skip, line.n - skip};
    size_t path = text_path_bytes(line);
    if (path > 0) {
      text_add_path(out, (wg_str){line.p, path}, dir, project_dir);
    }
    wg_buf_add(out, line.p + path, line.n - path);
    wg_buf_add_byte(out, '\n');
    size_t step = n < left.n ? n + 1 : n;
    left = (wg_str){left.p + step, left.n - step};
  }
}

static bool text_next_line(wg_str *text, wg_str *out) {
  if (text->n == 0) {
    return false;
  }
  size_t n = wg_str_find(*text, '\n');
  *out = (wg_str){text->p, n};
  size_t step = n < text->n ? n + 1 : n;
  *text = (wg_str){text->p + step, text->n - step};
  return true;
}

static bool text_is_progress(wg_str line) {
  return wg_str_starts(line, "go: downloading ") || wg_str_starts(line, "go: finding ") ||
         wg_str_starts(line, "go: extracting ");
}

void wg_go_text_complaints(wg_buf *out, wg_str text) {
  wg_str line;
  while (text_next_line(&text, &line)) {
    if (!text_is_progress(line)) {
      wg_buf_add_str(out, line);
      wg_buf_add_byte(out, '\n');
    }
  }
}

wg_str wg_go_text_first(wg_str text) {
  wg_str line, found = {"", 0};
  while (text_next_line(&text, &line)) {
    while (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t')) {
      line = (wg_str){line.p + 1, line.n - 1};
    }
    if (line.n == 0 || line.p[0] == '#' || text_is_progress(line)) {
      continue;
    }
    if (wg_str_starts(line, "go: ")) {
      line = (wg_str){line.p + 4, line.n - 4};
    }
    found = line;
    if (!wg_str_eqz(line, "errors parsing go.mod:") &&
        !wg_str_eqz(line, "updates to go.mod needed")) {
      break; // those two say nothing themselves
    }
  }
  const char *advice = found.n == 0 ? NULL : memmem(found.p, found.n, "; to add", 8);
  if (advice != NULL) {
    found.n =
        (size_t)(advice - found.p); // the command follows on lines of its own; the cure names it
  }
  while (found.n > 0 && (found.p[found.n - 1] == ':' || found.p[found.n - 1] == '\r')) {
    found.n--;
  }
  return found;
}

size_t wg_go_text_count(wg_str text) {
  size_t n = 0;
  wg_str line;
  while (text_next_line(&text, &line)) {
    n += line.n > 0 && line.p[0] != '\t' && text_path_bytes(line) > 0;
  }
  return n;
}

bool wg_go_text_wants_fetch(wg_str text) {
  return text_has(text, "disabled by GOPROXY=off");
}

// Something the network or the other side refused.
static bool text_is_unreachable(wg_str t) {
  static const char *const marks[] = {"dial tcp",
                                      "no such host",
                                      "connection refused",
                                      "i/o timeout",
                                      "TLS handshake",
                                      "network is unreachable",
                                      "connection reset",
                                      "x509: ",
                                      "proxyconnect",
                                      "server misbehaving",
                                      "502 ",
                                      "503 ",
                                      "504 "};
  for (size_t i = 0; i < WG_ARRAY_LEN(marks); i++) {
    if (text_has(t, marks[i])) {
      return true;
    }
  }
  return false;
}

static bool text_is_private(wg_str t) {
  static const char *const marks[] = {"terminal prompts disabled",
                                      "could not read Username",
                                      "401 Unauthorized",
                                      "403 Forbidden",
                                      "404 Not Found",
                                      "410 Gone",
                                      "reading file:",
                                      "Permission denied",
                                      "unrecognized import path"};
  for (size_t i = 0; i < WG_ARRAY_LEN(marks); i++) {
    if (text_has(t, marks[i])) {
      return true;
    }
  }
  return false;
}

// "...; to add it:\n\tgo get x" -> "go get x": the go command's own advice.
static wg_str text_advice(wg_str t) {
  wg_str line;
  while (text_next_line(&t, &line)) {
    while (line.n > 0 && (line.p[0] == ' ' || line.p[0] == '\t')) {
      line = (wg_str){line.p + 1, line.n - 1};
    }
    if (wg_str_starts(line, "go get ") || wg_str_starts(line, "go mod ") ||
        wg_str_starts(line, "go work ")) {
      return line;
    }
  }
  return (wg_str){"", 0};
}

typedef struct text_rule {
  const char *mark, *cure;
} text_rule;

static const text_rule text_rules[] = {
    {"SECURITY ERROR",
     "what was fetched is not what go.sum names: do not use it; if the module's author moved "
     "the tag, check why, then remove its lines from go.sum and run `go mod tidy`"},
    {"checksum mismatch",
     "what was fetched is not what go.sum names: do not use it before that is explained"},
    {"inconsistent vendoring", "vendor/ does not fit go.mod: run `go mod vendor`"},
    {"lookup disabled by -mod=vendor", "it is not in vendor/: run `go mod vendor`"},
    {"not marked as explicit in vendor", "vendor/ does not fit go.mod: run `go mod vendor`"},
    {"is explicitly required in go.mod", "vendor/ does not fit go.mod: run `go mod vendor`"},
    {"updates to go.mod needed",
     "go.mod is not complete and wingo never changes it: run `go mod tidy`"},
    {"updates to go.sum needed",
     "go.sum is not complete and wingo never changes it: run `go mod tidy`"},
    {"missing go.sum entry",
     "go.sum is not complete and wingo never changes it: run `go mod tidy`"},
    {"no required module provides package",
     "go.mod does not require it and wingo never changes go.mod: run `go mod tidy`"},
    {"go.mod file not found", "there is no go.mod: run `go mod init example.com/name`"},
    {"cannot find main module", "there is no go.mod: run `go mod init example.com/name`"},
    {"current directory is contained in a module that is not one of the workspace modules",
     "go.work does not list this module: run `go work use .`, or set env: {GOWORK: \"off\"}"},
    {"refusing to pass credentials to insecure URL",
     "GOPROXY names a password and is not https: use https, or keep credentials in NETRC"},
    {"directory not found", "main: names a folder that is not there"},
    {"no Go files in", "main: names a folder without Go files"},
    {"matched no packages", "main: names no package"},
};

static const char *text_rule_cure(wg_str t) {
  for (size_t i = 0; i < WG_ARRAY_LEN(text_rules); i++) {
    if (text_has(t, text_rules[i].mark)) {
      return text_rules[i].cure;
    }
  }
  return NULL;
}

void wg_go_text_cure(wg_buf *out, wg_str text, const char *dir, const char *target) {
  const char *cure = text_rule_cure(text);
  wg_str advice = text_advice(text);
  if (text_has(text, "build constraints exclude all Go files")) {
    wg_buf_printf(out,
                  "the package has no file for %s (a file that imports \"C\" counts only with env: "
                  "{CGO_ENABLED: "
                  "\"1\"}): add one, or drop the target",
                  target);
  } else if (cure != NULL && advice.n > 0 && text_has(text, "to add")) {
    const char *colon = strchr(cure, ':');
    wg_buf_printf(out, "%.*s: run `%.*s` in %s", (int)(colon - cure), cure, WG_STR_ARG(advice),
                  dir);
  } else if (cure != NULL) {
    wg_buf_printf(out, "%s (in %s)", cure, dir);
  } else if (text_has(text, "disabled by GOPROXY=off")) {
    wg_buf_printf(out, "it is not in the module cache, and GOPROXY=off forbids fetching it: set "
                       "GOPROXY, or run `go "
                       "mod vendor` where there is a network and keep vendor/");
  } else if (text_is_unreachable(text)) {
    wg_buf_printf(
        out, "the module proxy cannot be reached: check GOPROXY, HTTPS_PROXY and the network; or "
             "run `go mod vendor` where there is one and keep vendor/");
  } else if (text_is_private(text)) {
    wg_buf_printf(out,
                  "is the name right? If the module is private, set GOPRIVATE to its path prefix "
                  "and let git or NETRC hold the credentials, or name your proxy in GOPROXY");
  } else if (text_has(text, " is not in std") || text_has(text, " is not in GOROOT")) {
    wg_buf_printf(
        out, "this Go's standard library has no such package: check the name, or use a newer Go");
  }
}

wg_code wg_go_text_code(wg_str text) {
  if (text_has(text, "SECURITY ERROR") || text_has(text, "checksum mismatch")) {
    return WG_E_VERIFY;
  }
  if (text_is_unreachable(text) || text_is_private(text)) {
    return WG_E_IO;
  }
  if (text_rule_cure(text) != NULL || wg_go_text_wants_fetch(text)) {
    return WG_E_NOT_FOUND;
  }
  return WG_E_FAILED;
}
