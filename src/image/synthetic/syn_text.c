// SPDX-License-Identifier: Apache-2.0
// The small language of data/synthetic: conditions, variables, and registry types in plain text.
#include <string.h>

#include "base/utf.h"
#include "image/reg/hivefile.h"
#include "image/synthetic/syn.h"
#include "image/synthetic/synthetic.h"
#include "image/synthetic/synthetic_data.h"

wg_code wg_syn_file(const char *name, wg_str *out, wg_error *err) {
  for (size_t i = 0; i < WG_ARRAY_LEN(synthetic_files); i++) {
    if (strcmp(synthetic_files[i].path, name) == 0) {
      *out = (wg_str){(const char *)synthetic_files[i].data, synthetic_files[i].n_bytes};
      return WG_OK;
    }
  }
  return wg_fail(err, WG_E_BUG, "data/synthetic/%s is not in the program", name);
}

wg_digest wg_synthetic_digest(void) {
  WG_AUTO(wg_buf) all = {0};
  wg_buf_init(&all, wg_heap(), 0);
  for (size_t i = 0; i < WG_ARRAY_LEN(synthetic_files); i++) {
    wg_digest d = wg_sha256(synthetic_files[i].data, synthetic_files[i].n_bytes);
    wg_buf_printf(&all, "%s %s\n", wg_digest_hex(&d).s, synthetic_files[i].path);
  }
  return wg_sha256(all.p, all.n);
}

bool wg_syn_line(wg_str *rest, wg_str *out) {
  if (rest->n == 0) {
    return false;
  }
  size_t n = wg_str_find(*rest, '\n');
  size_t skip = n < rest->n ? n + 1 : n;
  *out = (wg_str){rest->p, n};
  *rest = (wg_str){rest->p + skip, rest->n - skip};
  return true;
}

wg_str wg_syn_trim(wg_str s) {
  while (s.n > 0 && s.p[0] == ' ') {
    s = (wg_str){s.p + 1, s.n - 1};
  }
  while (s.n > 0 && s.p[s.n - 1] == ' ') {
    s.n--;
  }
  return s;
}

const char *wg_syn_value(const wg_syn_env *e, const char *name) {
  for (size_t i = 0; i < e->n_vars; i++) {
    if (strcmp(e->vars[i].name, name) == 0) {
      return e->vars[i].value;
    }
  }
  return "";
}

void wg_syn_set(wg_syn_env *e, const char *name, const char *value) {
  for (size_t i = 0; i < e->n_vars; i++) {
    if (strcmp(e->vars[i].name, name) == 0) {
      e->vars[i].value = value;
      return;
    }
  }
  wg_assert(e->n_vars < WG_SYN_MAX_VARS);
  e->vars[e->n_vars++] = (wg_syn_var){name, value};
}

// Is every word of a condition true? A word is a product, an architecture, a family, a state, a
// kind of image ("install", "pe", "setup", "winre"), "winpe" or "64bit".
static bool text_holds(const wg_syn_env *e, wg_str words) {
  while (words.n > 0) {
    size_t n = wg_str_find(words, ' ');
    wg_str word = {words.p, n};
    size_t skip = n < words.n ? n + 1 : n;
    words = (wg_str){words.p + skip, words.n - skip};
    bool want = !wg_str_starts(word, "!");
    if (!want) {
      word = (wg_str){word.p + 1, word.n - 1};
    }
    bool is = wg_str_eqz(word, e->product) || wg_str_eqz(word, e->arch) ||
              wg_str_eqz(word, wg_syn_value(e, "family")) ||
              wg_str_eqz(word, wg_syn_value(e, "state")) ||
              wg_str_eqz(word, wg_syn_value(e, "word")) ||
              (wg_str_eqz(word, "winpe") && wg_syn_is_pe(e)) ||
              (wg_str_eqz(word, "64bit") && strcmp(e->arch, "386") != 0);
    if (is != want) {
      return false;
    }
  }
  return true;
}

static void text_le_bytes(uint64_t v, unsigned n_bytes, wg_buf *out) {
  for (unsigned i = 0; i < n_bytes; i++) {
    wg_buf_printf(out, "%s%02x", i > 0 ? "," : "", (unsigned)(v >> (8 * i) & 0xFF));
  }
}

// A value in one of the forms of numbers; false when it is none.
static bool text_number(wg_str form, const char *value, wg_buf *out) {
  uint64_t v = 0;
  if (!wg_parse_u64(wg_str_of(value), &v)) {
    return false;
  }
  if (wg_str_eqz(form, "x")) {
    wg_buf_printf(out, "%08x", (unsigned)v);
  } else if (wg_str_eqz(form, "le16")) {
    text_le_bytes(v, 2, out);
  } else if (wg_str_eqz(form, "filetime")) {
    text_le_bytes(wg_filetime_of((int64_t)v), 8, out);
  } else {
    return false;
  }
  return true;
}

// ${name}; ${name:x} is eight hexadecimal digits, for dword:; ${name:le16} two bytes and
// ${name:filetime} a time of eight bytes, both for hex:.
static wg_code text_variable(const wg_syn_env *e, wg_str name, wg_buf *out, wg_error *err) {
  size_t colon = wg_str_find(name, ':');
  wg_str form = colon < name.n ? (wg_str){name.p + colon + 1, name.n - colon - 1} : WG_STR("");
  name.n = colon;
  for (size_t i = 0; i < e->n_vars; i++) {
    if (!wg_str_eqz(name, e->vars[i].name)) {
      continue;
    }
    if (form.n == 0) {
      wg_buf_add_z(out, e->vars[i].value);
      return WG_OK;
    }
    if (text_number(form, e->vars[i].value, out)) {
      return WG_OK;
    }
  }
  return wg_fail(err, WG_E_BUG, "no variable ${%.*s}", WG_STR_ARG(name));
}

static wg_code text_fill(const wg_syn_env *e, wg_str line, wg_buf *out, wg_error *err) {
  for (size_t i = 0; i < line.n; i++) {
    wg_str rest = {line.p + i, line.n - i};
    if (!wg_str_starts(rest, "${")) {
      wg_buf_add_byte(out, (uint8_t)line.p[i]);
      continue;
    }
    size_t end = wg_str_find(rest, '}');
    if (end == rest.n) {
      return wg_fail(err, WG_E_BUG, "'${' without '}'");
    }
    if (text_variable(e, (wg_str){rest.p + 2, end - 2}, out, err) != WG_OK) {
      return err->code;
    }
    i += end;
  }
  return WG_OK;
}

// Reads "text" with its escapes at *s as UTF-16 with a NUL.
static bool text_quoted(wg_str *s, wg_buf *out16) {
  WG_AUTO(wg_buf) plain = {0};
  wg_buf_init(&plain, wg_heap(), 0);
  if (!wg_str_starts(*s, "\"")) {
    return false;
  }
  for (size_t i = 1; i < s->n; i++) {
    if (s->p[i] == '"') {
      *s = (wg_str){s->p + i + 1, s->n - i - 1};
      bool ok = wg_utf8_to_utf16le(wg_buf_str(&plain), out16);
      wg_buf_add_le16(out16, 0);
      return ok;
    }
    i += s->p[i] == '\\' && i + 1 < s->n ? 1 : 0;
    wg_buf_add_byte(&plain, (uint8_t)s->p[i]);
  }
  return false;
}

// Turns  "Name"=expand:"a"  and  "Name"=multi:"a","b"  into what .reg files say.
static wg_code text_types(wg_str line, wg_buf *out, wg_error *err) {
  static const struct {
    const char *mark, *as;
  } forms[] = {{"=expand:", "=hex(2):"}, {"=multi:", "=hex(7):"}};
  for (size_t f = 0; f < WG_ARRAY_LEN(forms); f++) {
    size_t n_mark = strlen(forms[f].mark);
    const char *at = memmem(line.p, line.n, forms[f].mark, n_mark);
    if (at == NULL) {
      continue;
    }
    WG_AUTO(wg_buf) data = {0};
    wg_buf_init(&data, wg_heap(), 0);
    wg_str rest = {at + n_mark, line.n - (size_t)(at - line.p) - n_mark};
    do {
      rest = wg_str_starts(rest, ",") ? (wg_str){rest.p + 1, rest.n - 1} : rest;
      if (!text_quoted(&rest, &data)) {
        return wg_fail(err, WG_E_BUG, "'%s' wants quoted text", forms[f].mark);
      }
    } while (wg_str_starts(rest, ","));
    if (f == 1) {
      wg_buf_add_le16(&data, 0);
    }
    wg_buf_add_str(out, (wg_str){line.p, (size_t)(at - line.p)});
    wg_buf_add_z(out, forms[f].as);
    for (size_t i = 0; i < data.n; i++) {
      wg_buf_printf(out, "%s%02x", i > 0 ? "," : "", (unsigned)data.p[i]);
    }
    return WG_OK;
  }
  wg_buf_add_str(out, line);
  return WG_OK;
}

#define TEXT_DEPTH 8u

typedef struct text_state {
  bool shown[TEXT_DEPTH]; // by ";if" around the line
  size_t depth;
  unsigned includes; // files around this one
  bool registry;
  wg_buf *out;
} text_state;

// Takes ";if" and ";end"; *out_shown: is the line to go on?
static wg_code text_condition(const wg_syn_env *e, text_state *t, wg_str line, bool *out_shown,
                              wg_error *err) {
  bool shown = t->depth == 0 || t->shown[t->depth - 1];
  *out_shown = false;
  if (wg_str_starts(line, ";if ")) {
    if (t->depth == TEXT_DEPTH) {
      return wg_fail(err, WG_E_BUG, "';if' too deep");
    }
    t->shown[t->depth++] = shown && text_holds(e, (wg_str){line.p + 4, line.n - 4});
  } else if (wg_str_eqz(line, ";end")) {
    if (t->depth == 0) {
      return wg_fail(err, WG_E_BUG, "';end' without ';if'");
    }
    t->depth--;
  } else {
    *out_shown = shown;
  }
  return WG_OK;
}

static wg_code text_file(const wg_syn_env *e, const char *name, text_state *t, wg_error *err);

// What ";include FILE" names. Conditions do not reach over the border of a file.
static wg_code text_include(const wg_syn_env *e, const text_state *t, wg_str name, wg_error *err) {
  text_state inner = {
      .depth = 0, .includes = t->includes + 1, .registry = t->registry, .out = t->out};
  WG_AUTO(wg_cstr) file = wg_xprintf("%.*s", WG_STR_ARG(name));
  if (inner.includes == TEXT_DEPTH) {
    return wg_fail(err, WG_E_BUG, "';include' too deep");
  }
  return text_file(e, file, &inner, err);
}

static wg_code text_line(const wg_syn_env *e, text_state *t, wg_str line, wg_buf *filled,
                         wg_error *err) {
  static const char mark[] = ";include ";
  bool shown = false;
  wg_buf_clear(filled);
  if (text_condition(e, t, line, &shown, err) != WG_OK) {
    return err->code;
  }
  if (shown && wg_str_starts(line, mark)) {
    size_t skip = strlen(mark);
    return text_include(e, t, (wg_str){line.p + skip, line.n - skip}, err);
  }
  if (shown && (text_fill(e, line, filled, err) != WG_OK ||
                (t->registry && text_types(wg_buf_str(filled), t->out, err) != WG_OK))) {
    return err->code;
  }
  if (shown && !t->registry) {
    wg_buf_add_str(t->out, wg_buf_str(filled));
  }
  wg_buf_add_byte(t->out, '\n');
  return WG_OK;
}

static wg_code text_file(const wg_syn_env *e, const char *name, text_state *t, wg_error *err) {
  wg_str rest, line;
  WG_AUTO(wg_buf) filled = {0};
  wg_buf_init(&filled, wg_heap(), 0);
  if (wg_syn_file(name, &rest, err) != WG_OK) {
    return err->code;
  }
  for (unsigned n = 1; wg_syn_line(&rest, &line); n++) {
    if (text_line(e, t, line, &filled, err) != WG_OK) {
      return wg_wrap(err, "data/synthetic/%s line %u", name, n);
    }
  }
  if (t->depth != 0) {
    return wg_fail(err, WG_E_BUG, "data/synthetic/%s: ';if' without ';end'", name);
  }
  return wg_buf_check(t->out, err);
}

wg_code wg_syn_text(const wg_syn_env *e, const char *name, bool registry, wg_buf *out,
                    wg_error *err) {
  text_state t = {.registry = registry, .out = out};
  return text_file(e, name, &t, err);
}

static wg_code text_crlf(wg_str plain, bool utf16, wg_buf *out, wg_error *err) {
  WG_AUTO(wg_buf) lines = {0};
  wg_str line;
  wg_buf_init(&lines, wg_heap(), 0);
  while (wg_syn_line(&plain, &line)) {
    wg_buf_add_str(&lines, line);
    wg_buf_add_z(&lines, "\r\n");
  }
  if (!utf16) {
    wg_buf_add_str(out, wg_buf_str(&lines));
    return wg_buf_check(out, err);
  }
  wg_buf_add_le16(out, 0xFEFF);
  if (!wg_utf8_to_utf16le(wg_buf_str(&lines), out)) {
    return wg_fail(err, WG_E_BUG, "not text");
  }
  return wg_buf_check(out, err);
}

wg_code wg_syn_text_file(const wg_syn_env *e, const char *name, bool utf16, wg_str *out,
                         wg_error *err) {
  WG_AUTO(wg_buf) plain = {0};
  WG_AUTO(wg_buf) bytes = {0};
  wg_buf_init(&plain, wg_heap(), 0);
  wg_buf_init(&bytes, wg_heap(), 0);
  if (wg_syn_text(e, name, false, &plain, err) != WG_OK ||
      text_crlf(wg_buf_str(&plain), utf16, &bytes, err) != WG_OK) {
    return err->code;
  }
  *out = (wg_str){wg_arena_strndup(e->arena, wg_buf_z(&bytes), bytes.n), bytes.n};
  return out->p != NULL ? WG_OK : wg_arena_fail(e->arena, err);
}
