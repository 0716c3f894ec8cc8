// SPDX-License-Identifier: Apache-2.0
// The module text: the lines that runtime/debug.BuildInfo.String writes and ParseBuildInfo reads.
#include "fmt/gobuildinfo/go_quote.h"
#include "fmt/gobuildinfo/gobuildinfo.h"

typedef struct modinfo {
  wg_gobuildinfo *info;
  wg_arena *arena;
  wg_go_module *last; // what a "=>" line would replace
  unsigned long line;
  uint64_t off; // of this line in the whole input
} modinfo;

// At most 3 columns between tabs; the number of them, or 4 when there are more.
static size_t modinfo_columns(wg_str s, wg_str out[3]) {
  size_t n = 0;
  for (;;) {
    size_t tab = wg_str_find(s, '\t');
    if (n == 3) {
      return 4;
    }
    out[n++] = (wg_str){s.p, tab};
    if (tab == s.n) {
      return n;
    }
    s = (wg_str){s.p + tab + 1, s.n - tab - 1};
  }
}

static wg_code modinfo_module(const modinfo *m, wg_str s, wg_go_module *out, wg_error *err) {
  wg_str col[3] = {{0}, {0}, {0}};
  size_t n = modinfo_columns(s, col);
  if (n != 2 && n != 3) {
    return wg_fail_at(err, WG_E_FORMAT, m->off,
                      "Go build info: line %lu: a module has 2 or 3 columns", m->line);
  }
  *out = (wg_go_module){.path = col[0], .version = col[1], .sum = col[2]};
  return WG_OK;
}

static wg_code modinfo_replace(modinfo *m, wg_str s, wg_error *err) {
  wg_str col[3] = {{0}, {0}, {0}};
  if (modinfo_columns(s, col) != 3) {
    return wg_fail_at(err, WG_E_FORMAT, m->off,
                      "Go build info: line %lu: a replacement has 3 columns", m->line);
  }
  if (m->last == NULL) {
    return wg_fail_at(err, WG_E_FORMAT, m->off,
                      "Go build info: line %lu: a replacement with no module before it", m->line);
  }
  wg_go_module *r = wg_arena_new(m->arena, wg_go_module);
  if (r == NULL) {
    return wg_arena_fail(m->arena, err);
  }
  *r = (wg_go_module){.path = col[0], .version = col[1], .sum = col[2]};
  m->last->replace = r;
  m->last = NULL;
  return WG_OK;
}

static bool modinfo_has_any(wg_str s, const char *set) {
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] != '\0' && wg_str_find(wg_str_of(set), s.p[i]) < wg_str_of(set).n) {
      return true;
    }
  }
  return false;
}

static wg_code modinfo_bad_setting(const modinfo *m, const char *what, wg_error *err) {
  return wg_fail_at(err, WG_E_FORMAT, m->off, "Go build info: line %lu: %s", m->line, what);
}

// Splits "key=value"; the key may be a quoted literal. *out_value is what stands behind the '='.
static wg_code modinfo_key(const modinfo *m, wg_str kv, wg_str *out_key, wg_str *out_value,
                           wg_error *err) {
  if (kv.n == 0 || kv.p[0] == '=') {
    return modinfo_bad_setting(m, "a build setting without a key", err);
  }
  size_t key_n = wg_str_find(kv, '=');
  *out_key = (wg_str){kv.p, key_n};
  if (kv.p[0] == '"' || kv.p[0] == '`') {
    bool no_memory = false;
    key_n = wg_go_quoted_prefix(kv);
    if (key_n == 0 || !wg_go_unquote((wg_str){kv.p, key_n}, m->arena, out_key, &no_memory)) {
      return no_memory ? wg_arena_fail(m->arena, err)
                       : modinfo_bad_setting(m, "the key's quotes are wrong", err);
    }
  } else if (modinfo_has_any(*out_key, " \t\r\n\"`")) {
    return modinfo_bad_setting(m, "the key must be quoted", err);
  }
  if (key_n >= kv.n || kv.p[key_n] != '=') {
    return modinfo_bad_setting(m, "a build setting without '=' behind its key", err);
  }
  *out_value = (wg_str){kv.p + key_n + 1, kv.n - key_n - 1};
  return WG_OK;
}

static wg_code modinfo_setting(modinfo *m, wg_str kv, wg_error *err) {
  wg_go_setting s = {0};
  wg_str raw = {0};
  if (modinfo_key(m, kv, &s.key, &raw, err) != WG_OK) {
    return err->code;
  }
  s.value = raw;
  if (raw.n != 0 && (raw.p[0] == '"' || raw.p[0] == '`')) {
    bool no_memory = false;
    if (!wg_go_unquote(raw, m->arena, &s.value, &no_memory)) {
      return no_memory ? wg_arena_fail(m->arena, err)
                       : modinfo_bad_setting(m, "the value's quotes are wrong", err);
    }
  } else if (modinfo_has_any(raw, " \t\r\n\"`")) {
    return modinfo_bad_setting(m, "the value must be quoted", err);
  }
  m->info->settings[m->info->n_settings++] = s;
  return WG_OK;
}

static wg_str modinfo_rest(wg_str line, size_t skip) {
  return (wg_str){line.p + skip, line.n - skip};
}

// Lines that start otherwise are left for a later Go's meaning, as Go itself does.
static wg_code modinfo_line(modinfo *m, wg_str line, wg_error *err) {
  wg_gobuildinfo *info = m->info;
  if (wg_str_starts(line, "path\t")) {
    info->path = modinfo_rest(line, 5);
    return WG_OK;
  }
  if (wg_str_starts(line, "mod\t")) {
    m->last = &info->main;
    info->has_main = true;
    return modinfo_module(m, modinfo_rest(line, 4), m->last, err);
  }
  if (wg_str_starts(line, "dep\t")) {
    m->last = &info->deps[info->n_deps++];
    return modinfo_module(m, modinfo_rest(line, 4), m->last, err);
  }
  if (wg_str_starts(line, "=>\t")) {
    return modinfo_replace(m, modinfo_rest(line, 3), err);
  }
  if (wg_str_starts(line, "build\t")) {
    return modinfo_setting(m, modinfo_rest(line, 6), err);
  }
  return WG_OK;
}

// The next line without its newline; false when no whole line is left (a last line that does not
// end is not read, as Go does not).
static bool modinfo_next_line(wg_str *text, wg_str *line) {
  size_t n = wg_str_find(*text, '\n');
  if (n == text->n) {
    return false;
  }
  *line = (wg_str){text->p, n};
  *text = (wg_str){text->p + n + 1, text->n - n - 1};
  return true;
}

wg_code wg_gobuildinfo_parse_text(wg_str text, uint64_t text_off, wg_arena *arena,
                                  wg_gobuildinfo *out, wg_error *err) {
  size_t n_deps = 0, n_settings = 0;
  wg_str rest = text, line = {0};
  while (modinfo_next_line(&rest, &line)) {
    n_deps += wg_str_starts(line, "dep\t") ? 1 : 0;
    n_settings += wg_str_starts(line, "build\t") ? 1 : 0;
  }
  out->text = text;
  out->deps = wg_arena_new_array(arena, wg_go_module, n_deps);
  out->settings = wg_arena_new_array(arena, wg_go_setting, n_settings);
  if (out->deps == NULL || out->settings == NULL) {
    return wg_arena_fail(arena, err);
  }
  modinfo m = {.info = out, .arena = arena, .line = 1};
  rest = text;
  for (size_t at = 0; modinfo_next_line(&rest, &line); at += line.n + 1, m.line++) {
    m.off = text_off + at;
    if (modinfo_line(&m, line, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_str wg_gobuildinfo_setting(const wg_gobuildinfo *info, const char *key) {
  for (size_t i = 0; i < info->n_settings; i++) {
    if (wg_str_eqz(info->settings[i].key, key)) {
      return info->settings[i].value;
    }
  }
  return (wg_str){0};
}

static void modinfo_print_module(wg_buf *out, const char *word, const wg_go_module *m) {
  wg_buf_add_z(out, word);
  wg_buf_add_byte(out, '\t');
  wg_buf_add_str(out, m->path);
  wg_buf_add_byte(out, '\t');
  wg_buf_add_str(out, m->version);
  if (m->replace == NULL) {
    wg_buf_add_byte(out, '\t');
    wg_buf_add_str(out, m->sum);
    wg_buf_add_byte(out, '\n');
    return;
  }
  wg_buf_add_z(out, "\n=>\t");
  wg_buf_add_str(out, m->replace->path);
  wg_buf_add_byte(out, '\t');
  wg_buf_add_str(out, m->replace->version);
  wg_buf_add_byte(out, '\t');
  wg_buf_add_str(out, m->replace->sum);
  wg_buf_add_z(out, "\n\n"); // the second one is Go's own: the module's line ends too
}

static void modinfo_print_text(wg_buf *out, wg_str s, bool quoted) {
  if (quoted) {
    wg_go_quote(out, s);
  } else {
    wg_buf_add_str(out, s);
  }
}

void wg_gobuildinfo_print(const wg_gobuildinfo *info, wg_buf *out) {
  if (info->path.n != 0) {
    wg_buf_add_z(out, "path\t");
    wg_buf_add_str(out, info->path);
    wg_buf_add_byte(out, '\n');
  }
  if (info->has_main) {
    modinfo_print_module(out, "mod", &info->main);
  }
  for (size_t i = 0; i < info->n_deps; i++) {
    modinfo_print_module(out, "dep", &info->deps[i]);
  }
  for (size_t i = 0; i < info->n_settings; i++) {
    const wg_go_setting *s = &info->settings[i];
    wg_buf_add_z(out, "build\t");
    modinfo_print_text(out, s->key, s->key.n == 0 || modinfo_has_any(s->key, "= \t\r\n\"`"));
    wg_buf_add_byte(out, '=');
    modinfo_print_text(out, s->value, modinfo_has_any(s->value, " \t\r\n\"`"));
    wg_buf_add_byte(out, '\n');
  }
}
