// SPDX-License-Identifier: Apache-2.0
#include "config/print.h"

#include <string.h>

#include "os/mem.h"

#define PRINT_MAX_PLAIN_KEY 64U
#define PRINT_MAX_SIMPLE_KEY 800U // longer ones stand behind '?': YAML looks only so far for a ':'

static bool print_is_word(const char *s) {
  static const char *const words[] = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"};
  bool plain = (s[0] >= 'a' && s[0] <= 'z') || (s[0] >= 'A' && s[0] <= 'Z');
  size_t n = 0;
  for (; plain && s[n] != '\0'; n++) {
    char l = s[n];
    bool ok = (l >= 'a' && l <= 'z') || (l >= 'A' && l <= 'Z') || (l >= '0' && l <= '9') ||
              l == '_' || l == '-' || l == '.';
    plain = ok && n < PRINT_MAX_PLAIN_KEY;
  }
  for (size_t i = 0; plain && i < WG_ARRAY_LEN(words); i++) { // what others take for no text
    plain = !wg_str_eq_nocase(wg_str_of(s), words[i]);
  }
  return plain;
}

// Line ends of YAML 1.1, which some readers still take as such: U+0085, U+2028, U+2029. How many
// bytes; 0: none here.
static size_t print_line_end(const char *p, const char **out_escape) {
  static const struct {
    const char *bytes, *escape;
  } ends[] = {{"\xC2\x85", "\\u0085"}, {"\xE2\x80\xA8", "\\u2028"}, {"\xE2\x80\xA9", "\\u2029"}};
  for (size_t i = 0; i < WG_ARRAY_LEN(ends); i++) {
    size_t n = strlen(ends[i].bytes);
    if (strncmp(p, ends[i].bytes, n) == 0) {
      *out_escape = ends[i].escape;
      return n;
    }
  }
  return 0;
}

static bool print_has_line_end(const char *s) {
  const char *escape = NULL;
  for (; *s != '\0'; s++) {
    if (*s == '\n' || print_line_end(s, &escape) > 0) {
      return true;
    }
  }
  return false;
}

// JSON's strings are YAML's, in double quotes.
static void print_json(wg_buf *b, const char *s) {
  WG_AUTO(wg_buf) json = {0};
  wg_buf_init(&json, wg_heap(), 0);
  wg_json_quote(&json, wg_str_of(s));
  const char *escape = NULL;
  for (const char *p = wg_buf_z(&json); *p != '\0';) {
    size_t n = print_line_end(p, &escape);
    wg_buf_add(b, n > 0 ? escape : p, n > 0 ? strlen(escape) : 1);
    p += n > 0 ? n : 1;
  }
}

// Text in quotes; on one line, whatever it holds.
static void print_quoted(wg_buf *b, const char *s) {
  bool plain = true;
  for (const char *p = s; *p != '\0'; p++) {
    plain = plain && (uint8_t)*p >= 0x20 && (uint8_t)*p < 0x7F;
  }
  if (!plain) {
    print_json(b, s);
    return;
  }
  wg_buf_add_byte(b, '\'');
  for (const char *p = s; *p != '\0'; p++) {
    wg_buf_add_z(b, *p == '\'' ? "''" : (const char[]){*p, '\0'});
  }
  wg_buf_add_byte(b, '\'');
}

static void print_scalar(wg_buf *b, const wg_yaml_node *v) {
  if (wg_yaml_is_null(v)) {
    wg_buf_add_z(b, "null");
  } else if (v->style == WG_YAML_PLAIN && !print_has_line_end(v->text)) {
    wg_buf_add_z(b, v->text); // it was plain, perhaps where fewer characters may be
  } else {
    print_quoted(b, v->text);
  }
}

static void print_indent(wg_buf *b, unsigned depth) {
  for (unsigned i = 0; i < depth; i++) {
    wg_buf_add_z(b, "  ");
  }
}

// Ends the line: where the value comes from.
static void print_origin(const wg_cfg *c, wg_buf *b, const wg_yaml_node *v) {
  wg_pos pos = wg_cfg_pos(c, v);
  wg_buf_add_z(b, "  # ");
  for (const char *p = pos.file; *p != '\0'; p++) {
    wg_buf_add_byte(b, (uint8_t)*p < 0x20 || *p == 0x7F ? '?' : (uint8_t)*p);
  }
  if (strcmp(pos.file, "--set") != 0) {
    wg_buf_printf(b, ":%u", (unsigned)pos.line);
  }
  wg_buf_add_byte(b, '\n');
}

static void print_key(wg_buf *b, const wg_yaml_node *key, unsigned depth) {
  bool simple = key->n <= PRINT_MAX_SIMPLE_KEY;
  wg_buf_add_z(b, simple ? "" : "? ");
  if (print_is_word(key->text)) {
    wg_buf_add_z(b, key->text);
  } else {
    print_quoted(b, key->text);
  }
  if (!simple) {
    wg_buf_add_byte(b, '\n');
    print_indent(b, depth);
  }
  wg_buf_add_byte(b, ':');
}

static void print_map(const wg_cfg *c, wg_buf *b, const wg_yaml_node *map, unsigned depth,
                      bool begun);

// What stands behind "key:" or "-", with its line's end. depth is that of what it holds.
static void print_value(const wg_cfg *c, wg_buf *b, const wg_yaml_node *v, unsigned depth,
                        bool of_list) {
  if (v->kind == WG_YAML_SCALAR || v->n == 0) {
    wg_buf_add_byte(b, ' ');
    if (v->kind == WG_YAML_SCALAR) {
      print_scalar(b, v);
    } else {
      wg_buf_add_z(b, v->kind == WG_YAML_MAP ? "{}" : "[]");
    }
    print_origin(c, b, v);
    return;
  }
  if (v->kind == WG_YAML_MAP && of_list) { // "- from: x", its other keys below
    wg_buf_add_byte(b, ' ');
    print_map(c, b, v, depth, true);
    return;
  }
  wg_buf_add_byte(b, '\n');
  if (v->kind == WG_YAML_MAP) {
    print_map(c, b, v, depth, false);
    return;
  }
  for (size_t i = 0; i < v->n; i++) {
    print_indent(b, depth);
    wg_buf_add_byte(b, '-');
    print_value(c, b, v->items[i], depth + 1, true);
  }
}

// begun: the first key stands where a line has begun already.
static void print_map(const wg_cfg *c, wg_buf *b, const wg_yaml_node *map, unsigned depth,
                      bool begun) {
  for (size_t i = 0; i < map->n; i++) {
    if (i > 0 || !begun) {
      print_indent(b, depth);
    }
    print_key(b, map->pairs[i].key, depth);
    print_value(c, b, map->pairs[i].value, depth + 1, false);
  }
}

void wg_cfg_write_yaml(const wg_cfg *c, wg_buf *out) {
  print_map(c, out, c->root, 0, false);
}

// --- JSON

// The text of a JSON number that is the very text of the scalar.
static bool print_json_integer(const wg_yaml_node *v, uint64_t *out) {
  bool canonical = v->text[0] != '0' || v->text[1] == '\0';
  return wg_yaml_is_number(v) && canonical && wg_parse_u64(wg_str_of(v->text), out) &&
         *out <= INT64_MAX;
}

static void print_json_scalar(wg_jsonw *w, const wg_yaml_node *v) {
  bool b = false;
  uint64_t n = 0;
  if (wg_yaml_is_null(v)) {
    wg_jsonw_null(w);
  } else if (wg_yaml_is_bool(v, &b)) {
    wg_jsonw_bool(w, b);
  } else if (print_json_integer(v, &n)) {
    wg_jsonw_u64(w, n);
  } else {
    wg_jsonw_str_z(w, v->text);
  }
}

static void print_json_tree(wg_jsonw *w, const wg_yaml_node *v) {
  switch (v->kind) {
  case WG_YAML_SCALAR:
    print_json_scalar(w, v);
    return;
  case WG_YAML_LIST:
    wg_jsonw_begin_array(w);
    for (size_t i = 0; i < v->n; i++) {
      print_json_tree(w, v->items[i]);
    }
    wg_jsonw_end_array(w);
    return;
  case WG_YAML_MAP:
    break;
  }
  wg_jsonw_begin_object(w);
  for (size_t i = 0; i < v->n; i++) {
    wg_jsonw_key_z(w, v->pairs[i].key->text);
    print_json_tree(w, v->pairs[i].value);
  }
  wg_jsonw_end_object(w);
}

static void print_json_origin(const wg_cfg *c, wg_jsonw *w, const wg_yaml_node *v,
                              const wg_buf *pointer) {
  wg_pos pos = wg_cfg_pos(c, v);
  wg_jsonw_key(w, wg_buf_str(pointer));
  wg_jsonw_begin_object(w);
  wg_jsonw_kv_z(w, "file", pos.file);
  wg_jsonw_kv_u64(w, "line", pos.line);
  wg_jsonw_kv_u64(w, "column", pos.col);
  wg_jsonw_end_object(w);
}

static void print_pointer_part(wg_buf *p, const char *text) {
  wg_buf_add_byte(p, '/');
  for (; *text != '\0'; text++) {
    wg_buf_add_z(p, *text == '~' ? "~0" : *text == '/' ? "~1" : (const char[]){*text, '\0'});
  }
}

static void print_json_origins(const wg_cfg *c, wg_jsonw *w, const wg_yaml_node *v,
                               wg_buf *pointer) {
  if (v->kind == WG_YAML_SCALAR || v->n == 0) {
    print_json_origin(c, w, v, pointer);
    return;
  }
  size_t before = pointer->n;
  for (size_t i = 0; i < v->n; i++) {
    if (v->kind == WG_YAML_LIST) {
      wg_buf_printf(pointer, "/%zu", i);
      print_json_origins(c, w, v->items[i], pointer);
    } else {
      print_pointer_part(pointer, v->pairs[i].key->text);
      print_json_origins(c, w, v->pairs[i].value, pointer);
    }
    pointer->n = before;
  }
}

void wg_cfg_write_json(const wg_cfg *c, wg_jsonw *w) {
  WG_AUTO(wg_buf) pointer = {0};
  wg_buf_init(&pointer, wg_heap(), 0);
  wg_jsonw_key_z(w, "project");
  print_json_tree(w, c->root);
  wg_jsonw_key_z(w, "origins");
  wg_jsonw_begin_object(w);
  print_json_origins(c, w, c->root, &pointer);
  wg_jsonw_end_object(w);
}
