// SPDX-License-Identifier: Apache-2.0
// What every line may have wrong: tokens that are not there, $ARCH$, the encoding, what Windows
// reads otherwise than it looks.
#include <string.h>

#include "driver/lint/int.h"

static bool text_is_strings(const wg_inf_section *s) {
  return s->name.n >= 7 && wg_str_eq_nocase((wg_str){s->name.p, 7}, "Strings") &&
         (s->name.n == 7 || s->name.p[7] == '.');
}

static void text_tokens(lint *l, const wg_inf_field *f) {
  wg_str t = f->text;
  for (size_t i = 0; i < t.n; i++) {
    if (t.p[i] != '%') {
      continue;
    }
    size_t n = wg_str_find((wg_str){t.p + i + 1, t.n - i - 1}, '%');
    if (n == t.n - i - 1) {
      break; // one percent sign alone
    }
    wg_str token = {t.p + i + 1, n};
    wg_str value = {0};
    uint32_t dirid = 0;
    if (n > 0 && !wg_inf_string(l->inf, token, &value) && !wg_inf_number(token, &dirid)) {
      wg_lint_say(l, 1235, f, "%%%s%% is not in [Strings]; '%%%%' stands for a percent sign",
                  wg_lint_z(l, token));
    }
    i += n + 1;
  }
}

static void text_field(lint *l, const wg_inf_field *f) {
  if (f->text.n > 0 && memchr(f->text.p, '%', f->text.n) != NULL) {
    text_tokens(l, f);
  }
  if (f->text.n >= 6 && memmem(f->text.p, f->text.n, "$ARCH$", 6) != NULL) {
    wg_lint_say(l, 1274, f, "$ARCH$ in '%s': stampinf puts the architecture there",
                wg_lint_z(l, f->text));
  }
}

static void text_twice(lint *l, const wg_inf_section *s) {
  for (uint32_t i = 0; i < s->n_lines; i++) {
    const wg_inf_field *key = wg_lint_head(&s->lines[i]);
    wg_str name = key == NULL ? (wg_str){"", 0} : key->text;
    WG_AUTO(wg_buf) z = {0};
    wg_buf_init(&z, l->arena->alloc, 1 << 20);
    wg_buf_add_str(&z, name);
    const wg_inf_line *first = name.n == 0 ? NULL : wg_inf_line_of(l->inf, s, wg_buf_z(&z));
    if (first != NULL && first != &s->lines[i] && wg_lint_head(first) != NULL &&
        wg_name_cmp_nocase(wg_lint_head(first)->text, name) == 0) {
      wg_lint_say(l, 1294, key, "'%s' stands in [%s] already, in line %u", wg_lint_z(l, name),
                  wg_lint_z(l, s->name), first->line);
    }
  }
}

static void text_oddities(lint *l) {
  static const struct {
    unsigned code;
    const char *text;
  } told[] = {
      [WG_INF_ODD_BEFORE_SECTION] = {9004, "text before the first section is not read"},
      [WG_INF_ODD_AFTER_HEADER] = {9004, "text behind the name of a section is not read"},
      [WG_INF_ODD_QUOTE] = {9004, "a quote that is not closed ends with its line"},
      [WG_INF_ODD_CTRL_Z] = {9005, "a Ctrl-Z: what follows is not read"},
      [WG_INF_ODD_BYTES] = {9005, "bytes that are no character of the encoding"},
      [WG_INF_ODD_NUL] = {9005, "a NUL, which is read as a space"},
      [WG_INF_ODD_LONG] = {9004, "a field of more than 4096 characters: the rest is not read"}};
  uint32_t n[sizeof(told) / sizeof(*told)] = {0};
  for (uint32_t i = 0; i < l->inf->n_oddities; i++) {
    n[l->inf->oddities[i].kind]++;
  }
  for (uint32_t i = 0; i < l->inf->n_oddities; i++) { // the first of each kind
    const wg_inf_oddity *o = &l->inf->oddities[i];
    uint32_t more = n[o->kind] == 0 ? 0 : n[o->kind] - 1;
    if (n[o->kind] > 0) {
      wg_lint_say_at(l, told[o->kind].code, o->line, o->column, more > 0 ? "%s; %u more" : "%s",
                     told[o->kind].text, more);
    }
    n[o->kind] = 0;
  }
}

static void text_languages(lint *l) {
  const wg_inf_section *first = NULL;
  for (uint32_t i = 0; i < l->inf->n_sections; i++) {
    const wg_inf_section *s = &l->inf->sections[i];
    if (!text_is_strings(s)) {
      continue;
    }
    l->sections[i].use = LINT_OTHER;
    text_twice(l, s);
    if (first != NULL && first->n_lines != s->n_lines) {
      wg_lint_say_at(l, 1295, s->line, 1, "[%s] has %u strings, [%s] has %u", wg_lint_z(l, s->name),
                     s->n_lines, wg_lint_z(l, first->name), first->n_lines);
    }
    first = first == NULL ? s : first;
  }
}

void wg_lint_strings(lint *l) {
  wg_inf_encoding e = l->inf->encoding;
  if (e == WG_INF_UTF8 && !l->inf->has_mark) {
    wg_lint_say_at(l, 9005, 1, 1, "the text is UTF-8, which Windows reads in its code page");
  } else if (e != WG_INF_ANSI && e != WG_INF_UTF16LE) {
    wg_lint_say_at(l, 1003, 1, 1, "the text is %s; Windows wants a code page or UTF-16 LE",
                   wg_inf_encoding_name(e));
  }
  text_oddities(l);
  text_languages(l);
  for (uint32_t i = 0; i < l->inf->n_sections; i++) {
    const wg_inf_section *s = &l->inf->sections[i];
    if (s->n_parts > 1) {
      wg_lint_say_at(l, 1209, s->line, 1, "section [%s] stands in %u places", wg_lint_z(l, s->name),
                     s->n_parts);
    }
    if (memmem(s->name.p, s->name.n, "$ARCH$", 6) != NULL) {
      wg_lint_say_at(l, 1274, s->line, 1, "$ARCH$ in [%s]: stampinf puts the architecture there",
                     wg_lint_z(l, s->name));
    }
    for (uint32_t k = 0; k < s->n_lines && !text_is_strings(s); k++) {
      const wg_inf_line *line = &s->lines[k];
      if (line->key != NULL) {
        text_field(l, line->key);
      }
      for (uint32_t f = 0; f < line->n_fields; f++) {
        text_field(l, &line->fields[f]);
      }
    }
  }
}
