// SPDX-License-Identifier: Apache-2.0
#include "project/ports.h"

#include <string.h>

#include "base/near.h"
#include "config/walk.h"
#include "os/mem.h"

// What `go tool dist list` prints, of Go 1.19 to 1.26 together.
static const char *const ports_known[] = {"aix/ppc64",       "android/386",     "android/amd64",
                                          "android/arm",     "android/arm64",   "darwin/amd64",
                                          "darwin/arm64",    "dragonfly/amd64", "freebsd/386",
                                          "freebsd/amd64",   "freebsd/arm",     "freebsd/arm64",
                                          "freebsd/riscv64", "illumos/amd64",   "ios/amd64",
                                          "ios/arm64",       "js/wasm",         "linux/386",
                                          "linux/amd64",     "linux/arm",       "linux/arm64",
                                          "linux/loong64",   "linux/mips",      "linux/mips64",
                                          "linux/mips64le",  "linux/mipsle",    "linux/ppc64",
                                          "linux/ppc64le",   "linux/riscv64",   "linux/s390x",
                                          "netbsd/386",      "netbsd/amd64",    "netbsd/arm",
                                          "netbsd/arm64",    "openbsd/386",     "openbsd/amd64",
                                          "openbsd/arm",     "openbsd/arm64",   "openbsd/mips64",
                                          "openbsd/ppc64",   "openbsd/riscv64", "plan9/386",
                                          "plan9/amd64",     "plan9/arm",       "solaris/amd64",
                                          "wasip1/wasm",     "windows/386",     "windows/amd64",
                                          "windows/arm",     "windows/arm64",   NULL};

// What other tools call them.
static const char *const os_aliases[][2] = {{"macos", "darwin"},  {"osx", "darwin"},
                                            {"mac", "darwin"},    {"win", "windows"},
                                            {"win32", "windows"}, {"win64", "windows"}};
static const char *const arch_aliases[][2] = {
    {"x86_64", "amd64"}, {"x64", "amd64"},   {"x86-64", "amd64"}, {"aarch64", "arm64"},
    {"armv8", "arm64"},  {"x86", "386"},     {"i386", "386"},     {"i686", "386"},
    {"armv7", "arm/7"},  {"armhf", "arm/7"}, {"armv6", "arm/6"}};

// Values of GOAMD64, GOARM, ...: `go help environment`.
static const struct {
  const char *arch;
  const char *variants; // "|v1|v2|"
} port_variants[] = {
    {"amd64", "|v1|v2|v3|v4|"},
    {"arm", "|5|6|7|"},
    {"arm64", "|v8.0|v8.1|v8.2|v8.3|v8.4|v8.5|v8.6|v8.7|v8.8|v8.9|v9.0|v9.1|v9.2|v9.3|v9.4|v9.5|"},
    {"386", "|sse2|softfloat|"},
    {"mips", "|hardfloat|softfloat|"},
    {"mipsle", "|hardfloat|softfloat|"},
    {"mips64", "|hardfloat|softfloat|"},
    {"mips64le", "|hardfloat|softfloat|"},
    {"ppc64", "|power8|power9|power10|"},
    {"ppc64le", "|power8|power9|power10|"},
    {"riscv64", "|rva20u64|rva22u64|rva23u64|"},
};

static const char *port_alias(const char *const (*aliases)[2], size_t n, const char *word) {
  for (size_t i = 0; i < n; i++) {
    if (wg_str_eq_nocase(wg_str_of(word), aliases[i][0])) {
      return aliases[i][1];
    }
  }
  return word;
}

static bool port_is_known(const char *pair) {
  for (size_t i = 0; ports_known[i] != NULL; i++) {
    if (strcmp(ports_known[i], pair) == 0) {
      return true;
    }
  }
  return false;
}

static void port_hint_unknown(wg_cfg_text *t, const char *os, const char *arch) {
  const char *better =
      wg_arena_printf(t->arena, "%s/%s", port_alias(os_aliases, WG_ARRAY_LEN(os_aliases), os),
                      port_alias(arch_aliases, WG_ARRAY_LEN(arch_aliases), arch));
  t->why = "is not a platform that Go builds for";
  if (better == NULL) {
    return;
  }
  char *slash = strchr(better, '/');
  const char *variant = slash == NULL ? NULL : strchr(slash + 1, '/');
  const char *pair =
      variant == NULL ? better : wg_arena_strndup(t->arena, better, (size_t)(variant - better));
  if (pair != NULL && !port_is_known(pair)) {
    better = wg_nearest(pair, ports_known, WG_ARRAY_LEN(ports_known) - 1);
  }
  t->hint = better == NULL
                ? "write os/arch with Go's names, such as windows/amd64; 'go tool dist list' "
                  "prints them all"
                : wg_arena_printf(t->arena, "did you mean '%s'?", better);
}

// The variants of an architecture, as "|v1|v2|"; NULL when it has none.
static const char *port_variants_of(const char *arch) {
  for (size_t i = 0; i < WG_ARRAY_LEN(port_variants); i++) {
    if (strcmp(port_variants[i].arch, arch) == 0) {
      return port_variants[i].variants;
    }
  }
  return NULL;
}

static bool port_check_variant(wg_cfg_text *t, const char *arch, const char *variant) {
  const char *known = port_variants_of(arch);
  if (known == NULL) {
    t->why = wg_arena_printf(t->arena, "has a variant, and %s has none", arch);
    t->hint = "write os/arch only";
    return false;
  }
  const char *needle = wg_arena_printf(t->arena, "|%s|", variant);
  if (needle != NULL && variant[0] != '\0' && strchr(variant, '|') == NULL &&
      strstr(known, needle) != NULL) {
    return true;
  }
  wg_str list = {known + 1, strlen(known) - 2};
  char *text = wg_arena_strndup(t->arena, list.p, list.n);
  for (char *p = text; p != NULL && (p = strchr(p, '|')) != NULL;) {
    *p = ' ';
  }
  t->why = wg_arena_printf(t->arena, "has a variant that %s doesn't have", arch);
  t->hint = wg_arena_printf(t->arena, "allowed: %s", text == NULL ? "" : text);
  return false;
}

static bool ports_parse(wg_cfg_text *t, wg_cfg_target *out) {
  const char *slash = strchr(t->text, '/');
  if (slash == NULL) {
    const char *os = port_alias(os_aliases, WG_ARRAY_LEN(os_aliases), t->text);
    t->why = "is not os/arch";
    t->hint =
        wg_arena_printf(t->arena, "write it like '%s/amd64'",
                        strcmp(os, "darwin") == 0 || strcmp(os, "linux") == 0 ? os : "windows");
    return false;
  }
  const char *second = strchr(slash + 1, '/');
  size_t arch_n = second == NULL ? strlen(slash + 1) : (size_t)(second - slash - 1);
  const char *os = wg_arena_strndup(t->arena, t->text, (size_t)(slash - t->text));
  const char *arch = wg_arena_strndup(t->arena, slash + 1, arch_n);
  const char *pair = wg_arena_strndup(t->arena, t->text, (size_t)(slash - t->text) + 1 + arch_n);
  if (os == NULL || arch == NULL || pair == NULL) {
    t->why = "is too long";
    return false;
  }
  if (!port_is_known(pair)) {
    port_hint_unknown(t, os, arch);
    return false;
  }
  if (second != NULL && !port_check_variant(t, arch, second + 1)) {
    return false;
  }
  char *slug = wg_arena_strdup(t->arena, t->text);
  for (char *p = slug; p != NULL && (p = strchr(p, '/')) != NULL;) {
    *p = '-';
  }
  out->os = os;
  out->arch = arch;
  out->variant = second == NULL ? "" : wg_arena_strdup(t->arena, second + 1);
  out->name = wg_arena_strdup(t->arena, t->text);
  out->slug = slug;
  return true;
}

static void target_read(wg_walk *w, const wg_key *row, const wg_yaml_node *v, void *out) {
  const char *text = wg_walk_checked_text(w, row, v);
  if (text == NULL) {
    return;
  }
  wg_cfg_text t = {.arena = &w->c->arena, .text = text, .value = text};
  wg_cfg_target *target = wg_key_field(out, row->at);
  wg_cfg_target parsed = {.os = NULL};
  if (!ports_parse(&t, &parsed)) {
    wg_walk_check_failed(w, v, &t);
    return;
  }
  target->os = parsed.os; // and not what other keys say of it
  target->arch = parsed.arch;
  target->variant = parsed.variant;
  target->name = parsed.name;
  target->slug = parsed.slug;
}

static void target_variant_patterns(wg_jsonw *w) {
  static const char *const arches[] = {"386",      "amd64",  "arm",   "arm64",   "mips",   "mips64",
                                       "mips64le", "mipsle", "ppc64", "ppc64le", "riscv64"};
  for (size_t i = 0; i < WG_ARRAY_LEN(arches); i++) {
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, wg_heap(), 0);
    for (size_t k = 0; ports_known[k] != NULL; k++) {
      wg_str port = wg_str_of(ports_known[k]);
      size_t slash = wg_str_find(port, '/');
      if (strcmp(port.p + slash + 1, arches[i]) == 0) {
        wg_buf_printf(&b, "%s%.*s", b.n == 0 ? "^(" : "|", (int)slash, port.p);
      }
    }
    const char *v = port_variants_of(arches[i]);
    wg_buf_printf(&b, ")/%s/(", arches[i]);
    for (const char *p = v + 1; p[0] != '\0' && p[1] != '\0'; p++) {
      if (*p == '.') {
        wg_buf_add_z(&b, "\\.");
      } else {
        wg_buf_add_byte(&b, (uint8_t)*p);
      }
    }
    WG_AUTO(wg_cstr) last = wg_xprintf("%s)$", wg_buf_z(&b));
    wg_jsonw_begin_object(w);
    wg_jsonw_key_z(w, "pattern");
    wg_jsonw_str_z(w, last);
    wg_jsonw_end_object(w);
  }
}

static void target_schema(wg_jsonw *w) {
  wg_jsonw_key_z(w, "type");
  wg_jsonw_str_z(w, "string");
  wg_jsonw_key_z(w, "anyOf");
  wg_jsonw_begin_array(w);
  wg_jsonw_begin_object(w);
  wg_jsonw_key_z(w, "enum");
  wg_jsonw_begin_array(w);
  for (size_t i = 0; ports_known[i] != NULL; i++) {
    wg_jsonw_str_z(w, ports_known[i]);
  }
  wg_jsonw_end_array(w);
  wg_jsonw_end_object(w);
  target_variant_patterns(w);
  wg_jsonw_end_array(w);
}

const wg_key_kind wg_key_target = {.node = WG_YAML_SCALAR,
                                   .wanted = "a target",
                                   .type = "target",
                                   .read = target_read,
                                   .schema = target_schema};
