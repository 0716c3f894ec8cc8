// The small language of data/synthetic: conditions, variables, and registry types in plain text.
#include <string.h>

#include "base/utf.h"
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

// Is every word of a condition true? A word is a product, an architecture, a family or "64bit".
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
              (wg_str_eqz(word, "64bit") && strcmp(e->arch, "386") != 0);
    if (is != want) {
      return false;
    }
  }
  return true;
}

// ${name}, or ${name:x} as eight hexadecimal digits.
static wg_code text_variable(const wg_syn_env *e, wg_str name, wg_buf *out, wg_error *err) {
  bool hex = wg_str_ends(name, ":x");
  if (hex) {
    name.n -= 2;
  }
  for (size_t i = 0; i < e->n_vars; i++) {
    uint64_t v = 0;
    if (!wg_str_eqz(name, e->vars[i].name)) {
      continue;
    }
    if (!hex) {
      wg_buf_add_z(out, e->vars[i].value);
      return WG_OK;
    }
    if (wg_parse_u64(wg_str_of(e->vars[i].value), &v)) {
      wg_buf_printf(out, "%08x", (unsigned)v);
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

wg_code wg_syn_text(const wg_syn_env *e, const char *name, bool registry, wg_buf *out,
                    wg_error *err) {
  wg_str rest, line;
  text_state t = {.depth = 0};
  WG_AUTO(wg_buf) filled = {0};
  wg_buf_init(&filled, wg_heap(), 0);
  if (wg_syn_file(name, &rest, err) != WG_OK) {
    return err->code;
  }
  for (unsigned n = 1; wg_syn_line(&rest, &line); n++) {
    bool shown = false;
    wg_buf_clear(&filled);
    if (text_condition(e, &t, line, &shown, err) != WG_OK ||
        (shown && text_fill(e, line, &filled, err) != WG_OK) ||
        (shown && registry && text_types(wg_buf_str(&filled), out, err) != WG_OK)) {
      return wg_wrap(err, "data/synthetic/%s line %u", name, n);
    }
    if (shown && !registry) {
      wg_buf_add_str(out, wg_buf_str(&filled));
    }
    wg_buf_add_byte(out, '\n');
  }
  if (t.depth != 0) {
    return wg_fail(err, WG_E_BUG, "data/synthetic/%s: ';if' without ';end'", name);
  }
  return wg_buf_check(out, err);
}
