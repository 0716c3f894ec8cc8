// SPDX-License-Identifier: Apache-2.0
// Include and Needs.
#include <string.h>

#include "driver/lint/int.h"

static const char *needs_suffix(wg_str name) {
  size_t dot = name.n;
  while (dot > 0 && name.p[dot - 1] != '.') {
    dot--;
  }
  for (size_t i = 0; dot > 0 && wg_lint_suffixes[i] != NULL; i++) {
    if (wg_str_eq_nocase((wg_str){name.p + dot, name.n - dot}, wg_lint_suffixes[i])) {
      return wg_lint_suffixes[i];
    }
  }
  return "";
}

// The kind of a needed section is that of the one that needs it. first: the install section's own.
static void needs_kind(lint *l, const wg_inf_field *f, wg_str name, const wg_inf_section *parent,
                       bool first) {
  const char *mine = needs_suffix(parent->name);
  const char *other = needs_suffix(name);
  if (strcmp(mine, other) == 0) {
    return;
  }
  if (other[0] != '\0') {
    wg_lint_say(l, first ? 1310 : 1312, f, "needed section [%s] is of the kind .%s, [%s] is %s%s",
                wg_lint_z(l, name), other, wg_lint_z(l, parent->name),
                mine[0] == '\0' ? "an install section" : "of the kind .", mine);
  } else {
    wg_lint_say(l, first ? 1311 : 1313, f, "needed section [%s] must end with .%s as [%s] does",
                wg_lint_z(l, name), mine, wg_lint_z(l, parent->name));
  }
}

// The section in the INFs that this section includes (own), or that any section does; NULL: none.
static const wg_inf *needs_find(lint *l, const wg_inf_section *s, wg_str name, wg_str *out_inf) {
  for (uint32_t i = 0; i < s->n_lines && wg_lint_more(l); i++) {
    const wg_inf_line *line = &s->lines[i];
    for (uint32_t f = 0; wg_lint_is(l, line, "Include") && f < line->n_fields; f++) {
      const wg_inf *inf = NULL;
      wg_error e = WG_ERROR_INIT;
      *out_inf = wg_lint_text(l, line, f);
      if (l->opt->library->open(l->opt->library->ctx, *out_inf, &inf, &e) == WG_OK &&
          wg_inf_section_of(inf, name) != NULL) {
        return inf;
      }
    }
  }
  return NULL;
}

static bool needs_is_decorated(wg_str name) {
  for (size_t i = 0; i + 3 < name.n; i++) {
    if (name.p[i] == '.' && wg_str_eq_nocase((wg_str){name.p + i + 1, 2}, "NT")) {
      return true;
    }
  }
  return false;
}

static void needs_elsewhere(lint *l, const wg_inf_field *f, wg_str name, const wg_inf_section *s,
                            const lint_at *at) {
  wg_str inf = {0};
  if (needs_find(l, s, name, &inf) != NULL) {
    return;
  }
  if (needs_find(l, at->install, name, &inf) != NULL) {
    wg_lint_say(l, 1319, f, "[%s] needs [%s] and must include %s itself", wg_lint_z(l, s->name),
                wg_lint_z(l, name), wg_lint_z(l, inf));
    return;
  }
  for (uint32_t i = 0; l->has_includes && i < l->inf->n_sections && wg_lint_more(l); i++) {
    if (needs_find(l, &l->inf->sections[i], name, &inf) != NULL) {
      wg_lint_say(l, 1314, f, "needed section [%s] is in %s, which [%s] does not include",
                  wg_lint_z(l, name), wg_lint_z(l, inf), wg_lint_z(l, s->name));
      return;
    }
  }
  wg_lint_say(l, needs_is_decorated(name) ? 1316 : 1315, f, "there is no section [%s] to be needed",
              wg_lint_z(l, name));
}

static void needs_line(lint *l, const wg_inf_line *line, const wg_inf_section *s,
                       const lint_at *at) {
  for (uint32_t f = 0; f < line->n_fields && wg_lint_more(l); f++) {
    wg_str name = wg_lint_text(l, line, f);
    needs_kind(l, &line->fields[f], name, s, at->depth == 0);
    const wg_inf_section *own = wg_lint_use(l, name, LINT_INSTALL);
    if (own != NULL) {
      lint_at inner = *at;
      inner.depth++;
      (void)wg_lint_section_lines(l, own, &inner);
    } else if (l->opt->library != NULL) {
      needs_elsewhere(l, &line->fields[f], name, s, at);
    } else if (!l->has_includes) {
      wg_lint_say(l, 1315, &line->fields[f], "there is no section [%s] to be needed",
                  wg_lint_z(l, name));
    }
  }
}

static void needs_include(lint *l, const wg_inf_line *line) {
  for (uint32_t f = 0; l->opt->library != NULL && f < line->n_fields && wg_lint_more(l); f++) {
    const wg_inf *inf = NULL;
    wg_error e = WG_ERROR_INIT;
    wg_str name = wg_lint_text(l, line, f);
    if (l->opt->library->open(l->opt->library->ctx, name, &inf, &e) != WG_OK) {
      wg_lint_say(l, 1202, &line->fields[f], "%s is not among the INFs of Windows",
                  wg_lint_z(l, name));
      continue;
    }
    for (uint32_t i = 0; i < l->inf->n_sections && wg_lint_more(l); i++) {
      const wg_inf_section *s = &l->inf->sections[i];
      if (!wg_lint_is_standard(s->name) && wg_inf_section_of(inf, s->name) != NULL) {
        wg_lint_say_at(l, 2008, s->line, 1, "section [%s] is also in %s", wg_lint_z(l, s->name),
                       wg_lint_z(l, name));
      }
    }
  }
}

void wg_lint_needs(lint *l, const wg_inf_section *s, const lint_at *at) {
  for (uint32_t i = 0; i < s->n_lines && wg_lint_more(l); i++) {
    const wg_inf_line *line = &s->lines[i];
    if (wg_lint_is(l, line, "Needs")) {
      needs_line(l, line, s, at);
    } else if (wg_lint_is(l, line, "Include")) {
      needs_include(l, line);
    }
  }
}
