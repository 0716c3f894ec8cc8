// SPDX-License-Identifier: Apache-2.0
// Whether the catalogue of a package covers its files: findings 9006 beside those of the linter.
#include "cli/inf/catalogue.h"

#include <string.h>

#include "driver/package/signature.h"

#define CATALOGUE_CODE 9006U

typedef struct catalogue_ctx {
  const wg_inf_package *p;
  wg_lint_mode mode;
  wg_arena *arena;
  wg_lint_result *found;
} catalogue_ctx;

// One finding more, in its place by line.
static void catalogue_say(catalogue_ctx *c, uint32_t line, const char *text) {
  wg_lint_result *r = c->found;
  wg_lint_finding *v = wg_arena_new_array(c->arena, wg_lint_finding, r->n_findings + 1U);
  const char *own = wg_arena_strdup(c->arena, text);
  wg_assert(v != NULL && own != NULL);
  uint32_t at = 0;
  while (at < r->n_findings && r->findings[at].line <= line) {
    at++;
  }
  if (r->n_findings > 0) {
    memcpy(v, r->findings, at * sizeof(*v));
    memcpy(v + at + 1, r->findings + at, (r->n_findings - at) * sizeof(*v));
  }
  v[at] = (wg_lint_finding){.code = CATALOGUE_CODE,
                            .level = wg_lint_code_of(CATALOGUE_CODE)->levels[c->mode],
                            .line = line,
                            .column = 1,
                            .text = wg_str_of(own)};
  r->findings = v;
  r->n_findings++;
  r->n_errors++;
}

// Where the INF says its catalogue.
static uint32_t catalogue_line(const wg_inf *inf) {
  const wg_inf_section *s = wg_inf_section_of(inf, WG_STR("Version"));
  for (uint32_t i = 0; s != NULL && i < s->n_lines; i++) {
    const wg_inf_field *key = s->lines[i].key;
    if (key != NULL && key->text.n >= 11 &&
        wg_str_eq_nocase((wg_str){key->text.p, 11}, "CatalogFile")) {
      return s->lines[i].line;
    }
  }
  return 1;
}

static void catalogue_files(catalogue_ctx *c, const wg_driver_signature *s, uint32_t line) {
  for (uint32_t i = 0; i < s->n_files; i++) {
    const char *problem = wg_sig_file_problem(s, &s->files[i], c->arena);
    if (problem != NULL && s->files[i].cover != WG_SIG_ABSENT) {
      catalogue_say(c, i == 0 ? line : c->p->files[i - 1].line, problem);
    }
  }
}

void wg_inf_check_catalogue(const wg_inf_catalogue *k, wg_arena *arena, wg_lint_result *found) {
  WG_AUTO(wg_fd) dir = -1;
  wg_error err = WG_ERROR_INIT;
  wg_inf_package p;
  if (wg_inf_compile(k->inf, k->target, NULL, arena, &p, &err) != WG_OK || p.catalog.n == 0 ||
      wg_os_open_dir(WG_CWD, k->folder, &dir, &err) != WG_OK) {
    return; // the linter has said what is wrong
  }
  wg_str *names = wg_arena_new_array(arena, wg_str, p.n_files + 1U);
  wg_assert(names != NULL);
  names[0] = wg_str_of(k->name);
  for (uint32_t i = 0; i < p.n_files; i++) {
    names[i + 1] = p.files[i].path;
  }
  const wg_sig_want want = {.dir = dir,
                            .shown = k->folder,
                            .files = names,
                            .n_files = p.n_files + 1,
                            .catalog = p.catalog,
                            .now_s = k->now_s};
  wg_driver_signature s;
  catalogue_ctx c = {.p = &p, .mode = k->mode, .arena = arena, .found = found};
  if (wg_driver_signature_of(&want, k->cancel, arena, &s, &err) == WG_E_FORMAT) {
    catalogue_say(&c, catalogue_line(k->inf), err.text);
  } else if (err.code == WG_OK && s.catalog_path != NULL) {
    catalogue_files(&c, &s, catalogue_line(k->inf));
  }
}
