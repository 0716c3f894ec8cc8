// SPDX-License-Identifier: Apache-2.0
#include "driver/lint/lint.h"

#include <string.h>

#include "base/sort.h"
#include "driver/lint/int.h"

static const char *const lint_archs[LINT_ARCHS] = {"x86", "amd64", "arm", "arm64", "ia64"};

// --- findings

WG_PRINTF(5, 0)
static void lint_add(lint *l, unsigned code, uint32_t line, uint32_t column, const char *fmt,
                     va_list ap) {
  const wg_lint_code *c = wg_lint_code_of(code);
  wg_assert(c != NULL && c->checked);
  wg_lint_level level = c->levels[l->opt->mode];
  if (level == WG_LINT_NONE || l->findings.n >= WG_LINT_MAX_FINDINGS) {
    return;
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, l->arena->alloc, 1 << 20);
  wg_buf_vprintf(&b, fmt, ap);
  wg_lint_finding *f = wg_lint_push(l, &l->findings, sizeof(*f));
  char *text = wg_arena_strndup(l->arena, b.p, b.n);
  if (f == NULL || text == NULL || b.failed) {
    l->starved = true;
    return;
  }
  *f = (wg_lint_finding){
      .code = code, .level = level, .line = line, .column = column, .text = {text, b.n}};
}

void wg_lint_say_at(lint *l, unsigned code, uint32_t line, uint32_t column, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  lint_add(l, code, line, column, fmt, ap);
  va_end(ap);
}

void wg_lint_say(lint *l, unsigned code, const wg_inf_field *at, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  lint_add(l, code, at == NULL ? 1 : at->line, at == NULL ? 1 : at->column, fmt, ap);
  va_end(ap);
}

const char *wg_lint_z(lint *l, wg_str s) {
  const char *z = wg_arena_strndup(l->arena, s.n == 0 ? "" : s.p, s.n);
  l->starved = l->starved || z == NULL;
  return z == NULL ? "" : z;
}

wg_str wg_lint_printf(lint *l, const char *fmt, ...) {
  WG_AUTO(wg_buf) b = {0};
  va_list ap;
  wg_buf_init(&b, l->arena->alloc, 1 << 20);
  va_start(ap, fmt);
  wg_buf_vprintf(&b, fmt, ap);
  va_end(ap);
  char *text = wg_arena_strndup(l->arena, b.p, b.n);
  if (text == NULL || b.failed) {
    l->starved = true;
    return (wg_str){"", 0};
  }
  return (wg_str){text, b.n};
}

void *wg_lint_push(lint *l, lint_vec *v, size_t size) {
  if (v->n == v->cap) {
    uint32_t cap = v->cap == 0 ? 32 : v->cap * 2;
    void *grown = wg_arena_array(l->arena, cap, size);
    if (grown == NULL) {
      l->starved = true;
      return NULL;
    }
    if (v->n > 0) {
      memcpy(grown, v->v, v->n * size);
    }
    v->v = grown;
    v->cap = cap;
  }
  return (char *)v->v + v->n++ * size;
}

bool wg_lint_more(lint *l) {
  l->too_much = l->too_much || ++l->work > LINT_MAX_WORK;
  return !l->too_much && !l->starved;
}

// --- text of the inf

const wg_inf_field *wg_lint_head(const wg_inf_line *line) {
  return line->key != NULL ? line->key : line->n_fields > 0 ? &line->fields[0] : NULL;
}

wg_str wg_lint_text(const lint *l, const wg_inf_line *line, uint32_t i) {
  return wg_inf_field_text(l->inf, line, i);
}

wg_str wg_lint_key(const lint *l, const wg_inf_line *line) {
  return line->key == NULL ? (wg_str){"", 0} : wg_inf_expand(l->inf, line->key->text);
}

bool wg_lint_is(const lint *l, const wg_inf_line *line, const char *key) {
  return line->key != NULL && wg_str_eq_nocase(wg_lint_key(l, line), key);
}

bool wg_lint_number(const lint *l, const wg_inf_line *line, uint32_t field, uint32_t *out) {
  return wg_inf_number(wg_lint_text(l, line, field), out);
}

bool wg_lint_is_guid(wg_str s) {
  if (s.n != 38 || s.p[0] != '{' || s.p[37] != '}') {
    return false;
  }
  for (size_t i = 1; i < 37; i++) {
    bool dash = i == 9 || i == 14 || i == 19 || i == 24;
    uint64_t v = 0;
    if (dash ? s.p[i] != '-' : !wg_parse_hex64((wg_str){s.p + i, 1}, &v)) {
      return false;
    }
  }
  return true;
}

uint8_t wg_lint_arch_bit(uint32_t arch) {
  switch (arch) {
  case WG_INF_AMD64:
    return 2;
  case WG_INF_ARM:
    return 4;
  case WG_INF_ARM64:
    return 8;
  case LINT_IA64:
    return 16;
  default:
    return 1;
  }
}

bool wg_lint_is_wanted(const lint *l, uint8_t arch) {
  return l->opt->target == NULL || wg_lint_arch_bit((uint32_t)l->opt->target->arch) == arch;
}

const char *wg_lint_arch_name(uint8_t arch) {
  for (size_t i = 0; i < LINT_ARCHS; i++) {
    if (arch == 1U << i) {
      return lint_archs[i];
    }
  }
  return "";
}

// --- sections

const wg_inf_section *wg_lint_use(lint *l, wg_str name, lint_use use) {
  const wg_inf_section *s = wg_inf_section_of(l->inf, name);
  if (s != NULL && l->sections[s - l->inf->sections].use == LINT_UNUSED) {
    l->sections[s - l->inf->sections].use = use;
  }
  return s;
}

// 0: files, 1: registry, 2: anything else.
static unsigned lint_family(lint_use use) {
  return use <= LINT_REN ? 0 : use <= LINT_BITREG ? 1 : 2;
}

static const char *lint_use_name(lint_use use) {
  static const char *const names[] = {
      [LINT_COPY] = "CopyFiles",  [LINT_DEL] = "DelFiles",       [LINT_REN] = "RenFiles",
      [LINT_ADDREG] = "AddReg",   [LINT_DELREG] = "DelReg",      [LINT_BITREG] = "BitReg",
      [LINT_INSTALL] = "install", [LINT_SERVICE] = "AddService", [LINT_OTHER] = "another"};
  return names[use];
}

// Whether an INF that is included has the section.
static bool lint_is_included(lint *l, wg_str name) {
  if (l->opt->library == NULL || !l->has_includes) {
    return false;
  }
  for (uint32_t i = 0; i < l->inf->n_sections && wg_lint_more(l); i++) {
    const wg_inf_line *line = wg_inf_line_of(l->inf, &l->inf->sections[i], "Include");
    for (uint32_t f = 0; line != NULL && line->key != NULL && f < line->n_fields; f++) {
      const wg_inf *other = NULL;
      wg_error e = WG_ERROR_INIT;
      if (l->opt->library->open(l->opt->library->ctx, wg_lint_text(l, line, f), &other, &e) ==
              WG_OK &&
          wg_inf_section_of(other, name) != NULL) {
        return true;
      }
    }
  }
  return false;
}

const wg_inf_section *wg_lint_named(lint *l, const wg_inf_line *line, uint32_t field,
                                    lint_use use) {
  wg_str name = wg_lint_text(l, line, field);
  const wg_inf_field *at = &line->fields[field];
  const wg_inf_section *s = wg_inf_section_of(l->inf, name);
  if (s == NULL) {
    bool included = lint_is_included(l, name);
    wg_lint_say(l, included ? 1220 : 1203, at,
                included ? "section [%s] is in an included INF: name it with Needs"
                         : "there is no section [%s]",
                wg_lint_z(l, name));
    return NULL;
  }
  lint_section *mine = &l->sections[s - l->inf->sections];
  if (mine->use == LINT_UNUSED || mine->use == LINT_OTHER) {
    mine->use = use;
  } else if (mine->use != use) {
    bool kin = lint_family(mine->use) == lint_family(use) && lint_family(use) < 2;
    wg_lint_say(l, kin ? 1205 : 1206, at, "section [%s] is used by %s here, and by %s elsewhere",
                wg_lint_z(l, name), lint_use_name(use), lint_use_name(mine->use));
    return kin ? s : NULL;
  }
  return s;
}

bool wg_lint_first(lint *l, const wg_inf_section *s, uint8_t arch) {
  lint_section *mine = &l->sections[s - l->inf->sections];
  bool first = (mine->archs & arch) == 0;
  mine->archs |= arch;
  return first;
}

const wg_inf_section *wg_lint_actual(lint *l, wg_str name, uint8_t arch) {
  wg_str names[3] = {wg_lint_printf(l, "%s.NT%s", wg_lint_z(l, name), wg_lint_arch_name(arch)),
                     wg_lint_printf(l, "%s.NT", wg_lint_z(l, name)), name};
  for (size_t i = 0; i < 3; i++) {
    const wg_inf_section *s = wg_lint_use(l, names[i], LINT_INSTALL);
    if (s != NULL) {
      return s;
    }
  }
  return NULL;
}

// --- all of it

bool wg_lint_is_standard(wg_str name) {
  static const char *const known[] = {"Version",
                                      "Strings",
                                      "Manufacturer",
                                      "SourceDisksNames",
                                      "SourceDisksFiles",
                                      "DestinationDirs",
                                      "ControlFlags",
                                      "ClassInstall32",
                                      "InterfaceInstall32",
                                      "DeviceInstall32",
                                      "DefaultInstall",
                                      "DefaultUninstall",
                                      "SignatureAttributes",
                                      "IntegratorInfo",
                                      "WinPE",
                                      "PrinterPackageInstallation",
                                      "PreCopySection",
                                      "Optional Components"};
  for (size_t k = 0; k < sizeof(known) / sizeof(*known); k++) {
    size_t n = strlen(known[k]);
    if (name.n >= n && wg_str_eq_nocase((wg_str){name.p, n}, known[k]) &&
        (name.n == n || name.p[n] == '.')) {
      return true;
    }
  }
  return false;
}

static void lint_unused(lint *l) {
  for (uint32_t i = 0; i < l->inf->n_sections; i++) {
    const wg_inf_section *s = &l->inf->sections[i];
    if (l->sections[i].use == LINT_UNUSED && !wg_lint_is_standard(s->name)) {
      wg_lint_say_at(l, 2083, s->line, 1, "nothing names section [%s]", wg_lint_z(l, s->name));
    }
  }
}

static int lint_cmp(const void *a, const void *b, void *ctx) {
  const wg_lint_finding *x = a, *y = b;
  (void)ctx;
  if (x->line != y->line) {
    return x->line < y->line ? -1 : 1;
  }
  if (x->column != y->column) {
    return x->column < y->column ? -1 : 1;
  }
  return x->code == y->code ? wg_str_cmp(x->text, y->text) : x->code < y->code ? -1 : 1;
}

static void lint_finish(lint *l, wg_lint_result *out) {
  wg_lint_finding *f = l->findings.v;
  wg_lint_result r = {.findings = f};
  wg_sort(f, l->findings.n, sizeof(*f), lint_cmp, NULL);
  for (uint32_t i = 0; i < l->findings.n; i++) {
    if (i > 0 && lint_cmp(&f[r.n_findings - 1], &f[i], NULL) == 0) {
      continue;
    }
    f[r.n_findings++] = f[i];
    r.n_errors += f[i].level == WG_LINT_ERROR ? 1 : 0;
    r.n_warnings += f[i].level == WG_LINT_WARNING ? 1 : 0;
  }
  *out = r;
}

static void lint_target(lint *l) {
  wg_inf_package p;
  wg_error e = WG_ERROR_INIT;
  const wg_inf_target *t = l->opt->target;
  if (t == NULL || wg_inf_section_of(l->inf, WG_STR("Manufacturer")) == NULL) {
    return;
  }
  wg_code code = wg_inf_models(l->inf, t, l->arena, &p, &e);
  l->starved = l->starved || code == WG_E_NOMEM;
  if (code == WG_OK && p.n_models == 0) {
    const wg_inf_section *s = wg_inf_section_of(l->inf, WG_STR("Manufacturer"));
    wg_lint_say_at(l, 9003, s->line, 1, "nothing in it is for Windows %u.%u.%u on %s%s%s", t->major,
                   t->minor, t->build, wg_inf_arch_name(t->arch),
                   p.has_models_elsewhere ? "; it is for " : "", wg_lint_z(l, p.elsewhere));
  }
}

wg_code wg_lint_inf(const wg_inf *inf, const wg_lint_options *opt, wg_arena *arena,
                    wg_lint_result *out, wg_error *err) {
  lint l = {.inf = inf, .opt = opt, .arena = arena};
  l.sections = wg_arena_new_array(arena, lint_section, inf->n_sections);
  if (l.sections == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (uint32_t i = 0; i < inf->n_sections; i++) {
    l.has_includes = l.has_includes || wg_inf_line_of(inf, &inf->sections[i], "Include") != NULL;
  }
  wg_lint_version(&l);
  wg_lint_strings(&l);
  wg_lint_manufacturer(&l);
  wg_lint_source_disks(&l);
  wg_lint_end_files(&l);
  wg_lint_end_services(&l);
  wg_lint_end_registry(&l);
  lint_target(&l);
  lint_unused(&l);
  if (l.starved || wg_inf_starved(inf)) {
    return wg_fail(err, WG_E_NOMEM, "out of memory");
  }
  if (l.too_much) {
    return wg_fail(err, WG_E_LIMIT, "its sections name each other more often than is looked at");
  }
  lint_finish(&l, out);
  return WG_OK;
}

bool wg_lint_of_refusal(const wg_error *refusal, wg_lint_mode mode, wg_arena *arena,
                        wg_lint_finding *out) {
  wg_str text = wg_str_of(refusal->text);
  uint64_t line = 0;
  if (refusal->code != WG_E_FORMAT || !wg_str_starts(text, "line ")) {
    return false;
  }
  size_t colon = wg_str_find(text, ':');
  if (colon + 2 > text.n || !wg_parse_u64((wg_str){text.p + 5, colon - 5}, &line)) {
    return false;
  }
  wg_str rest = {text.p + colon + 2, text.n - colon - 2};
  bool version = memmem(rest.p, rest.n, "[Version]", 9) != NULL || wg_str_starts(rest, "Signature");
  unsigned code = version ? 1001 : 1002;
  const char *own = wg_arena_strndup(arena, rest.p, rest.n);
  *out = (wg_lint_finding){.code = code,
                           .level = wg_lint_code_of(code)->levels[mode],
                           .line = (uint32_t)line,
                           .column = 1,
                           .text = {own == NULL ? "" : own, own == NULL ? 0 : rest.n}};
  return true;
}
