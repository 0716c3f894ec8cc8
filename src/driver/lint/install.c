// SPDX-License-Identifier: Apache-2.0
// Install sections: their directives, whose fields are sections, and the sections beside them that
// say what else is done.
#include <string.h>

#include "driver/lint/int.h"

typedef struct install_list {
  const char *name;
  lint_use use;
  unsigned legacy; // what is said of it; 0: nothing
} install_list;

static const install_list install_lists[] = {
    {"CopyFiles", LINT_COPY, 0},         {"AddReg", LINT_ADDREG, 0},
    {"DelFiles", LINT_DEL, 1308},        {"RenFiles", LINT_REN, 1308},
    {"DelReg", LINT_DELREG, 1308},       {"BitReg", LINT_BITREG, 1308},
    {"AddProperty", LINT_OTHER, 0},      {"DelProperty", LINT_OTHER, 1308},
    {"LogConfig", LINT_OTHER, 1307},     {"ProfileItems", LINT_OTHER, 1301},
    {"UpdateInis", LINT_OTHER, 1301},    {"UpdateIniFields", LINT_OTHER, 1301},
    {"Ini2Reg", LINT_OTHER, 1301},       {"RegisterDlls", LINT_OTHER, 1301},
    {"UnregisterDlls", LINT_OTHER, 1301}};

// What else names sections, wherever: they are used.
static void install_others(lint *l, const wg_inf_section *s, unsigned depth) {
  for (uint32_t i = 0; i < s->n_lines && wg_lint_more(l); i++) {
    for (uint32_t f = 0; f < s->lines[i].n_fields; f++) {
      const wg_inf_section *named = wg_inf_section_of(l->inf, wg_lint_text(l, &s->lines[i], f));
      if (named != NULL && l->sections[named - l->inf->sections].use == LINT_UNUSED) {
        l->sections[named - l->inf->sections].use = LINT_OTHER;
        if (depth > 0) {
          install_others(l, named, depth - 1);
        }
      }
    }
  }
}

static void install_sections(lint *l, const wg_inf_line *line) {
  for (uint32_t f = 0; f < line->n_fields; f++) {
    bool empty = wg_lint_text(l, line, f).n == 0;
    const wg_inf_section *s = empty ? NULL : wg_lint_named(l, line, f, LINT_OTHER);
    if (s != NULL) {
      install_others(l, s, 8);
    }
  }
}

bool wg_lint_directive(lint *l, const wg_inf_line *line, const lint_at *at) {
  size_t n = sizeof(install_lists) / sizeof(*install_lists);
  size_t i = 0;
  while (i < n && !wg_lint_is(l, line, install_lists[i].name)) {
    i++;
  }
  if (i == n) {
    return false;
  }
  const install_list *d = &install_lists[i];
  if (d->legacy != 0) {
    wg_lint_say(l, d->legacy, line->key, "%s is of old: %s", d->name,
                d->legacy == 1308   ? "a driver adds, and Windows takes away"
                : d->legacy == 1307 ? "desktop Windows alone knows it"
                                    : "Windows no longer wants it of drivers");
  }
  if (lint_is_files(d->use)) {
    wg_lint_files(l, line, d->use, at);
  } else if (d->use != LINT_OTHER) {
    wg_lint_registry(l, line, d->use, at);
  } else {
    install_sections(l, line);
  }
  return true;
}

static void install_score(lint *l, const wg_inf_line *line) {
  uint32_t v = 0;
  wg_str text = wg_lint_text(l, line, 0);
  uint64_t hex = 0;
  bool good =
      wg_inf_number(text, &v) ? text.n > 0 && v <= 0xFF : wg_parse_hex64(text, &hex) && hex <= 0xFF;
  if (!good) {
    wg_lint_say(l, 1245, line->n_fields > 0 ? &line->fields[0] : line->key,
                "FeatureScore '%s' is no byte (00 to FF)", wg_lint_z(l, text));
  }
}

static void install_copy_inf(lint *l, const wg_inf_line *line) {
  for (uint32_t f = 0; f < line->n_fields; f++) {
    wg_str name = wg_lint_text(l, line, f);
    if (name.n == 0 || name.p[0] == '@') {
      continue;
    }
    if (name.n < 5 || !wg_str_eq_nocase((wg_str){name.p + name.n - 4, 4}, ".inf")) {
      wg_lint_say(l, 1110, &line->fields[f], "CopyINF names '%s', which is no INF",
                  wg_lint_z(l, name));
    }
  }
}

// A directive that may stand once.
static void install_once(lint *l, const wg_inf_section *s, const wg_inf_line *line,
                         const char *key) {
  const wg_inf_line *first = wg_inf_line_of(l->inf, s, key);
  if (first != NULL && first != line) {
    wg_lint_say(l, 1088, line->key, "%s stands in [%s] already, in line %u", key,
                wg_lint_z(l, s->name), first->line);
  }
}

static void install_line(lint *l, const wg_inf_section *s, const wg_inf_line *line,
                         const lint_at *at) {
  if (wg_lint_is(l, line, "FeatureScore")) {
    install_score(l, line);
    install_once(l, s, line, "FeatureScore");
  } else if (wg_lint_is(l, line, "DriverVer")) {
    install_once(l, s, line, "DriverVer");
  } else if (wg_lint_is(l, line, "CopyINF")) {
    install_copy_inf(l, line);
  } else if (!wg_lint_is(l, line, "Include") && !wg_lint_is(l, line, "Needs") &&
             !wg_lint_directive(l, line, at) && !wg_lint_suffix_line(l, s, line, at)) {
    for (uint32_t f = 0; f < line->n_fields; f++) {
      wg_str name = wg_lint_text(l, line, f);
      const wg_inf_section *named = wg_inf_section_of(l->inf, name);
      if (named != NULL && l->sections[named - l->inf->sections].use == LINT_UNUSED) {
        l->sections[named - l->inf->sections].use = LINT_OTHER;
        install_others(l, named, 8);
      }
    }
  }
}

bool wg_lint_section_lines(lint *l, const wg_inf_section *s, const lint_at *at) {
  if (at->depth > LINT_MAX_DEPTH || !wg_lint_first(l, s, at->arch)) {
    return false;
  }
  if (strcmp(at->suffix, "Services") == 0) {
    wg_lint_services(l, s, at);
  }
  for (uint32_t i = 0; i < s->n_lines && wg_lint_more(l); i++) {
    install_line(l, s, &s->lines[i], at);
  }
  wg_lint_needs(l, s, at);
  return true;
}

void wg_lint_install(lint *l, const wg_inf_section *s, uint8_t arch) {
  lint_at at = {.install = s, .suffix = "", .arch = arch};
  if (!wg_lint_section_lines(l, s, &at)) {
    return;
  }
  for (size_t i = 0; wg_lint_suffixes[i] != NULL; i++) {
    at.suffix = wg_lint_suffixes[i];
    const wg_inf_section *sub =
        wg_lint_use(l, wg_lint_printf(l, "%s.%s", wg_lint_z(l, s->name), at.suffix), LINT_INSTALL);
    if (sub == NULL) {
      continue;
    }
    bool old = strcmp(at.suffix, "LogConfigOverride") == 0 || strcmp(at.suffix, "FactDef") == 0;
    if (old) {
      wg_lint_say_at(l, 1307, sub->line, 1, "[%s] is of old: desktop Windows alone knows it",
                     wg_lint_z(l, sub->name));
    }
    if (l->is_extension && (old || strcmp(at.suffix, "CoInstallers") == 0)) {
      wg_lint_say_at(l, 1382, sub->line, 1, "an extension may not have [%s]",
                     wg_lint_z(l, sub->name));
    }
    (void)wg_lint_section_lines(l, sub, &at);
  }
}
