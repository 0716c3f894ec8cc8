// SPDX-License-Identifier: Apache-2.0
// Any bytes as an INF file. Options: bits 0-1 the code page, bit 2 small limits, bits 3-4 the mode
// of the linter, which looks at what was read, bits 5-6 for which Windows and with which INFs
// beside it it is taken as a driver's. That is also written down as an INF file of its own, read
// again and compared.
#include "../fuzz.h"
#include "driver/lint/lint.h"
#include "fmt/inf/driver.h"

static void put_quoted(wg_buf *b, wg_str s) {
  wg_buf_add_byte(b, '"');
  for (size_t i = 0; i < s.n; i++) {
    wg_buf_add(b, s.p[i] == '"' ? "\"\"" : &s.p[i], s.p[i] == '"' ? 2 : 1);
  }
  wg_buf_add_byte(b, '"');
}

static void put_line(wg_buf *b, const wg_inf_line *l) {
  if (l->key != NULL) {
    put_quoted(b, l->key->text);
    wg_buf_add_byte(b, '=');
  }
  for (uint32_t i = 0; i < l->n_fields; i++) {
    wg_buf_add_z(b, i > 0 ? "," : "");
    put_quoted(b, l->fields[i].text);
  }
  wg_buf_add_byte(b, '\n');
}

// UTF-16, which has room for halves of pairs.
static void write_again(const wg_inf *inf, wg_buf *b) {
  for (uint32_t i = 0; i < inf->n_sections; i++) {
    const wg_inf_section *s = &inf->sections[i];
    wg_buf_printf(b, "[");
    wg_buf_add_str(b, s->name);
    wg_buf_add_z(b, "]\n");
    for (uint32_t k = 0; k < s->n_lines; k++) {
      put_line(b, &s->lines[k]);
    }
  }
}

static void same_text(wg_str a, wg_str b, wg_buf *x) { // two halves may have become a pair
  wg_buf_clear(x);
  wg_assert(wg_utf8_to_utf16le(a, x));
  size_t n = x->n;
  wg_assert(wg_utf8_to_utf16le(b, x));
  wg_assert(x->failed || (x->n == n * 2 && (n == 0 || memcmp(x->p, x->p + n, n) == 0)));
}

static void compare(const wg_inf *a, const wg_inf *b, wg_buf *x) {
  wg_assert(a->n_sections == b->n_sections && a->n_lines == b->n_lines);
  for (uint32_t i = 0; i < a->n_sections; i++) {
    const wg_inf_section *s = &a->sections[i], *t = &b->sections[i];
    wg_assert(s->n_lines == t->n_lines);
    same_text(s->name, t->name, x);
    for (uint32_t k = 0; k < s->n_lines; k++) {
      const wg_inf_line *l = &s->lines[k], *m = &t->lines[k];
      wg_assert(l->n_fields == m->n_fields && (l->key == NULL) == (m->key == NULL));
      if (l->key != NULL) {
        same_text(l->key->text, m->key->text, x);
      }
      for (uint32_t f = 0; f < l->n_fields; f++) {
        same_text(l->fields[f].text, m->fields[f].text, x);
      }
    }
  }
}

static void ask(const wg_inf *inf) {
  for (uint32_t i = 0; i < inf->n_oddities; i++) {
    wg_assert(inf->oddities[i].line > 0 && inf->oddities[i].column > 0);
  }
  for (uint32_t i = 0; i < inf->n_sections; i++) {
    const wg_inf_section *s = &inf->sections[i];
    wg_assert(wg_inf_section_of(inf, s->name) == s && s->n_parts > 0);
    for (uint32_t k = 0; k < s->n_lines && k < 200; k++) {
      const wg_inf_line *l = &s->lines[k];
      wg_assert(l->line >= s->line);
      if (l->key != NULL && memchr(l->key->text.p, 0, l->key->text.n) == NULL) {
        wg_str key = wg_inf_expand(inf, l->key->text);
        char *z = wg_arena_strndup(inf->arena, key.p, key.n);
        wg_assert(z == NULL || wg_inf_starved(inf) || wg_inf_line_of(inf, s, z) != NULL ||
                  wg_inf_starved(inf) || memchr(key.p, '%', key.n) != NULL ||
                  wg_str_starts(s->name, "S") || wg_str_starts(s->name, "s"));
      }
      for (uint32_t f = 0; f < l->n_fields && f < 50; f++) {
        uint32_t v = 0;
        wg_str t = wg_inf_field_text(inf, l, f);
        fuzz_touch_str(t);
        wg_assert(l->fields[f].line >= l->line && l->fields[f].column > 0);
        fuzz_sum = fuzz_sum + (wg_inf_number(t, &v) ? v : 1);
      }
    }
  }
}

static bool has_file(void *ctx, wg_str path) {
  (void)ctx;
  fuzz_touch_str(path);
  return path.n % 2 == 0;
}

static wg_code include_itself(void *ctx, wg_str name, const wg_inf **out, wg_error *err) {
  *out = ctx;
  return name.n % 2 == 0 ? WG_OK : wg_fail(err, WG_E_NOT_FOUND, "not there");
}

static void lint(wg_inf *inf, unsigned mode, wg_arena *arena) {
  const wg_inf_target target = {.arch = WG_INF_AMD64, .major = 10, .build = 26100};
  const wg_inf_library library = {.open = include_itself, .ctx = inf};
  const wg_lint_options opt = {.mode = (wg_lint_mode)(mode % WG_LINT_MODES),
                               .target = mode == 3 ? NULL : &target,
                               .library = mode == 0 ? NULL : &library,
                               .has_file = has_file};
  wg_error err = WG_ERROR_INIT;
  wg_lint_result r;
  wg_code code = wg_lint_inf(inf, &opt, arena, &r, &err);
  wg_assert(code == WG_OK || code == WG_E_NOMEM || code == WG_E_LIMIT);
  for (uint32_t i = 0; code == WG_OK && i < r.n_findings; i++) {
    wg_assert(r.findings[i].line > 0 && r.findings[i].column > 0);
    fuzz_touch_str(r.findings[i].text);
  }
}

static void touch_regs(wg_inf_regs regs) {
  for (uint32_t i = 0; i < regs.n; i++) {
    fuzz_touch(regs.v[i].data, regs.v[i].n_bytes);
    fuzz_touch_str(regs.v[i].key);
    fuzz_touch_str(regs.v[i].name);
  }
}

// What it says of a package, with itself as what it includes.
static void compile(wg_inf *inf, unsigned options, wg_arena *arena) {
  static const wg_inf_target targets[] = {
      {.arch = WG_INF_AMD64, .major = 10, .build = 26100, .product_type = 1},
      {.arch = WG_INF_X86, .major = 6, .minor = 1, .build = 7601, .product_type = 3}};
  const wg_inf_library library = {.open = include_itself, .ctx = inf};
  wg_error err = WG_ERROR_INIT;
  wg_inf_package p;
  wg_code code = wg_inf_compile(inf, &targets[options & 1], (options & 2) != 0 ? &library : NULL,
                                arena, &p, &err);
  wg_assert(code == WG_OK || code == WG_E_NOMEM || code == WG_E_LIMIT || code == WG_E_FORMAT);
  for (uint32_t i = 0; code == WG_OK && i < p.n_models; i++) {
    wg_assert(p.models[i].config < p.n_configs);
    fuzz_touch_str(p.models[i].description);
  }
  for (uint32_t i = 0; code == WG_OK && i < p.n_configs; i++) {
    const wg_inf_config *c = &p.configs[i];
    touch_regs(c->driver_regs);
    touch_regs(c->device_regs);
    for (uint32_t k = 0; k < c->n_services; k++) {
      touch_regs(c->services[k].regs);
      fuzz_touch_str(c->services[k].binary);
    }
    for (uint32_t k = 0; k < c->n_copies; k++) {
      fuzz_touch_str(c->copies[k].folder);
    }
  }
  for (uint32_t i = 1; code == WG_OK && i < p.n_files; i++) {
    wg_assert(wg_name_cmp_nocase(p.files[i - 1].path, p.files[i].path) < 0);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static const unsigned pages[] = {0, 1252, 1251, 932};
  fuzz_input in;
  fuzz_begin(&in, data, size);
  wg_arena arena;
  wg_arena_init(&arena, &in.alloc, 64U << 20);
  wg_error err = WG_ERROR_INIT;
  wg_inf inf, again;
  wg_buf text, wide;
  wg_buf_init(&text, &in.alloc, 16U << 20);
  wg_buf_init(&wide, &in.alloc, 32U << 20);
  wg_inf_options opt = {.code_page = pages[in.options & 3]};
  if ((in.options & 4) != 0) {
    opt.max_fields = 3;
    opt.max_lines = 5;
  }
  if (wg_inf_parse(in.p, in.n, &opt, &arena, &inf, &err) == WG_OK) {
    ask(&inf);
    lint(&inf, in.options >> 3 & 3, &arena);
    compile(&inf, in.options >> 5 & 3, &arena);
    write_again(&inf, &text);
    wg_buf_add(&wide, "\xFF\xFE", 2);
    // What was cut off in the midst of a character is no text.
    wg_assert(text.failed || wg_utf8_to_utf16le(wg_buf_str(&text), &wide));
    if (!text.failed && !wide.failed) {
      wg_code c = wg_inf_parse(wide.p, wide.n, &opt, &arena, &again, &err);
      wg_assert(c == WG_OK || c == WG_E_NOMEM || c == WG_E_LIMIT);
      if (c == WG_OK) {
        compare(&inf, &again, &text);
      }
    }
  }
  wg_buf_done(&wide);
  wg_buf_done(&text);
  wg_arena_done(&arena);
  fuzz_end(&in);
  return 0;
}
