// SPDX-License-Identifier: Apache-2.0
// Text to sections, lines and fields. The lexer walks the text once and writes what a field is
// over what it was (it never gets longer), so that most fields are no copies. Lines are gathered in
// the order of the file, then laid out section by section.
#include <string.h>

#include "base/sort.h"
#include "fmt/inf/int.h"

#define PARSE_CTRL_Z 0x1A
#define PARSE_POOL 512U // fields that are had at once
#define PARSE_NO_SECTION UINT32_MAX

typedef struct parse_line {
  wg_inf_line line;
  uint32_t section;
} parse_line;

typedef struct parse_ctx {
  wg_arena *arena, *tmp;
  wg_inf_options opt;
  wg_inf *inf;
  char *text;
  size_t n, pos;
  uint32_t line;
  size_t col_pos; // up to here the columns of the line are counted
  uint32_t col;
  // the field that is made: what is written of it, and what is read and not written
  size_t start, to, from, end;
  uint32_t field_line, field_col;
  bool quoted;
  bool no_key; // the line has its key, or can have none
  // fields of the line stand at the end of a pool
  wg_inf_field *pool;
  uint32_t n_pool, cap_pool, n_fields;
  bool has_key;
  uint32_t line_line;
  parse_line *lines;
  uint32_t n_lines, cap_lines;
  wg_inf_section *sections;
  uint32_t n_sections, cap_sections, section;
  uint32_t before_line; // of text before the first section; 0: none
  wg_inf_oddity *odds;
  uint32_t n_odds;
} parse_ctx;

static void parse_odd(parse_ctx *c, wg_inf_oddity_kind kind, uint32_t line, uint32_t column) {
  if (c->n_odds < INF_MAX_ODDITIES) {
    c->odds[c->n_odds++] = (wg_inf_oddity){kind, line, column};
  }
}

// Bytes of the space at pos; 0: none stands there. Windows' spaces are also those beyond ASCII.
static size_t parse_space(const parse_ctx *c, size_t pos) {
  char ch = pos < c->n ? c->text[pos] : 'x';
  if (ch == ' ' || (ch >= '\t' && ch <= '\r' && ch != '\n')) {
    return 1;
  }
  uint32_t cp = 0;
  size_t end = pos;
  if ((uint8_t)ch < 0xC2 || !wg_utf8_next((wg_str){c->text, c->n}, &end, &cp)) {
    return 0;
  }
  bool space = cp == 0x85 || cp == 0xA0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) ||
               cp == 0x2028 || cp == 0x2029 || cp == 0x202F || cp == 0x205F || cp == 0x3000;
  return space ? end - pos : 0;
}

static bool parse_at_eol(const parse_ctx *c) {
  return c->pos >= c->n || c->text[c->pos] == '\n';
}

static void parse_spaces(parse_ctx *c) {
  for (size_t n = 0; (n = parse_space(c, c->pos)) > 0;) {
    c->pos += n;
  }
}

static void parse_to_eol(parse_ctx *c) {
  const char *nl = c->pos < c->n ? memchr(c->text + c->pos, '\n', c->n - c->pos) : NULL;
  c->pos = nl == NULL ? c->n : (size_t)(nl - c->text);
}

// Behind the '\n' that stands at pos.
static void parse_next_line(parse_ctx *c) {
  c->pos++;
  c->line++;
  c->col_pos = c->pos;
  c->col = 1;
}

// The column of a place of the line that is not before one asked for earlier.
static uint32_t parse_column(parse_ctx *c, size_t pos) {
  for (; c->col_pos < pos; c->col_pos++) {
    c->col += (c->text[c->col_pos] & 0xC0) != 0x80 ? 1 : 0;
  }
  return c->col;
}

// Makes room for one more element. False when there is no memory.
static bool parse_grow(wg_arena *arena, void **v, uint32_t n, uint32_t *cap, size_t size_bytes) {
  if (n < *cap) {
    return true;
  }
  uint32_t more = *cap == 0 ? 64 : *cap * 2;
  void *grown = wg_arena_array_raw(arena, more, size_bytes);
  if (grown == NULL) {
    return false;
  }
  if (n > 0) {
    memcpy(grown, *v, n * size_bytes);
  }
  *v = grown;
  *cap = more;
  return true;
}

static void parse_begin_field(parse_ctx *c) {
  c->start = c->to = c->from = c->end = c->pos;
  c->field_line = c->line;
  c->field_col = parse_column(c, c->pos);
  c->quoted = false;
}

// Takes the text from c->from up to `upto` into the field.
static void parse_push(parse_ctx *c, size_t upto) {
  size_t n = upto - c->from;
  if (c->to != c->from && n > 0) {
    (void)parse_column(c, upto); // it is gone then
    memmove(c->text + c->to, c->text + c->from, n);
  }
  c->to += n;
}

static void parse_go_on_at(parse_ctx *c, size_t pos) {
  c->pos = c->from = c->end = pos;
}

static wg_code parse_end_field(parse_ctx *c, wg_error *err) {
  parse_push(c, c->end);
  wg_str text = {c->text + c->start, c->to - c->start};
  size_t cut = wg_inf_cut(text, INF_MAX_FIELD_CHARS16);
  if (cut < text.n) {
    parse_odd(c, WG_INF_ODD_LONG, c->field_line, c->field_col);
    text.n = cut;
  }
  if (c->n_fields - (c->has_key ? 1 : 0) >= c->opt.max_fields) {
    return wg_fail(err, WG_E_LIMIT, "line %u: more than %u fields", c->line, c->opt.max_fields);
  }
  if (c->n_pool == c->cap_pool) { // the fields of this line move to a new one
    uint32_t cap = c->n_fields * 2 > PARSE_POOL ? c->n_fields * 2 : PARSE_POOL;
    wg_inf_field *pool = wg_arena_raw_array(c->arena, wg_inf_field, cap);
    if (pool == NULL) {
      return wg_arena_fail(c->arena, err);
    }
    if (c->n_fields > 0) {
      memcpy(pool, c->pool + c->n_pool - c->n_fields, c->n_fields * sizeof(*pool));
    }
    c->pool = pool;
    c->n_pool = c->n_fields;
    c->cap_pool = cap;
  }
  c->pool[c->n_pool++] = (wg_inf_field){
      .text = text, .line = c->field_line, .column = c->field_col, .quoted = c->quoted};
  c->n_fields++;
  return WG_OK;
}

static wg_code parse_end_line(parse_ctx *c, wg_error *err) {
  const wg_inf_field *f = c->pool + c->n_pool - c->n_fields;
  wg_inf_line line = {.key = c->has_key ? f : NULL,
                      .fields = c->has_key ? f + 1 : f,
                      .n_fields = c->n_fields - (c->has_key ? 1 : 0),
                      .line = c->line_line};
  uint32_t n_fields = c->n_fields;
  c->n_fields = 0;
  if (c->section == PARSE_NO_SECTION) {
    c->n_pool -= n_fields;
    return WG_OK;
  }
  if (c->n_lines >= c->opt.max_lines) {
    return wg_fail(err, WG_E_LIMIT, "line %u: more than %u lines of text", c->line,
                   c->opt.max_lines);
  }
  void *v = c->lines;
  if (!parse_grow(c->tmp, &v, c->n_lines, &c->cap_lines, sizeof(*c->lines))) {
    return wg_arena_fail(c->tmp, err);
  }
  c->lines = v;
  c->lines[c->n_lines++] = (parse_line){.line = line, .section = c->section};
  c->sections[c->section].n_lines++;
  return WG_OK;
}

// A backslash, outside quotes. Before the end of a line or a comment it takes the next line in; at
// the end of the file it is nothing; else it and those behind it are text.
static void parse_backslash(parse_ctx *c) {
  size_t upto = c->end;
  for (size_t n = 1; n > 0; c->pos += n) {
    n = c->pos < c->n && c->text[c->pos] == '\\' ? 1 : parse_space(c, c->pos);
  }
  if (c->pos < c->n && c->text[c->pos] == ';') {
    parse_to_eol(c);
  }
  if (!parse_at_eol(c)) {
    c->end = c->pos;
    return;
  }
  parse_push(c, upto);
  if (c->pos < c->n) {
    parse_next_line(c);
    parse_spaces(c);
  }
  if (c->to == c->start && !c->quoted) {
    parse_begin_field(c);
  }
  parse_go_on_at(c, c->pos);
}

// From a quote to the one that closes it, or to the end of the line.
static void parse_quotes(parse_ctx *c) {
  uint32_t column = parse_column(c, c->pos);
  parse_push(c, c->pos);
  c->quoted = true;
  c->from = ++c->pos;
  for (; !parse_at_eol(c); c->pos++) {
    if (c->text[c->pos] != '"') {
      continue;
    }
    bool twice = c->pos + 1 < c->n && c->text[c->pos + 1] == '"';
    parse_push(c, c->pos + (twice ? 1 : 0));
    parse_go_on_at(c, c->pos + (twice ? 2 : 1));
    if (!twice) {
      return;
    }
    c->pos--;
  }
  parse_odd(c, WG_INF_ODD_QUOTE, c->line, column);
  c->end = c->pos > c->from && c->text[c->pos - 1] == '\r' ? c->pos - 1 : c->pos;
}

// At the '=' or ',' that ends a field: on to the next one.
static wg_code parse_separator(parse_ctx *c, wg_error *err) {
  bool key = c->text[c->pos] == '=';
  if (parse_end_field(c, err) != WG_OK) {
    return err->code;
  }
  c->has_key = c->has_key || key;
  c->no_key = true;
  c->pos++;
  parse_spaces(c);
  parse_begin_field(c);
  return WG_OK;
}

static void parse_begin_line(parse_ctx *c) {
  c->line_line = c->line;
  c->no_key = c->has_key = false;
  if (c->section == PARSE_NO_SECTION && c->before_line == 0) {
    c->before_line = c->line;
    parse_odd(c, WG_INF_ODD_BEFORE_SECTION, c->line, parse_column(c, c->pos));
  }
  parse_begin_field(c);
}

static wg_code parse_entry(parse_ctx *c, wg_error *err) {
  parse_begin_line(c);
  while (!parse_at_eol(c) && c->text[c->pos] != ';') {
    char ch = c->text[c->pos];
    if (ch == '"') {
      parse_quotes(c);
    } else if (ch == '\\') {
      parse_backslash(c);
    } else if (ch == ',' || (ch == '=' && !c->no_key)) {
      if (parse_separator(c, err) != WG_OK) {
        return err->code;
      }
    } else {
      size_t n = parse_space(c, c->pos);
      c->pos += n > 0 ? n : 1;
      c->end = n > 0 ? c->end : c->pos;
    }
  }
  if (parse_end_field(c, err) != WG_OK) {
    return err->code;
  }
  parse_to_eol(c);
  return parse_end_line(c, err);
}

// The number of the section of that name, which is made if there is none.
static wg_code parse_section_named(parse_ctx *c, wg_str name, wg_error *err) {
  struct wg_inf_index *x = c->inf->index;
  uint64_t h = wg_inf_hash(x->seed, name);
  for (; x->slots[h & x->mask] != 0; h++) {
    uint32_t i = x->slots[h & x->mask] - 1;
    if (wg_name_cmp_nocase(c->sections[i].name, name) == 0) {
      c->sections[i].n_parts++;
      c->section = i;
      return WG_OK;
    }
  }
  void *v = c->sections;
  if (!parse_grow(c->tmp, &v, c->n_sections, &c->cap_sections, sizeof(*c->sections))) {
    return wg_arena_fail(c->tmp, err);
  }
  c->sections = v;
  c->section = c->n_sections++;
  c->sections[c->section] = (wg_inf_section){.name = name, .line = c->line, .n_parts = 1};
  x->slots[h & x->mask] = c->section + 1;
  if (c->n_sections <= x->mask / 2) {
    return WG_OK;
  }
  uint32_t mask = wg_inf_mask(c->n_sections * 2);
  uint32_t *slots = wg_arena_new_array(c->arena, uint32_t, (size_t)mask + 1);
  if (slots == NULL) {
    return wg_arena_fail(c->arena, err);
  }
  for (uint32_t i = 0; i < c->n_sections; i++) {
    for (h = wg_inf_hash(x->seed, c->sections[i].name); slots[h & mask] != 0; h++) {
    }
    slots[h & mask] = i + 1;
  }
  x->slots = slots;
  x->mask = mask;
  return WG_OK;
}

static wg_code parse_header(parse_ctx *c, wg_error *err) {
  size_t open = ++c->pos;
  while (!parse_at_eol(c) && c->text[c->pos] != ']') {
    c->pos++;
  }
  if (parse_at_eol(c)) {
    return wg_fail(err, WG_E_FORMAT, "line %u: the ']' of the section's name is missing", c->line);
  }
  wg_str name = {c->text + open, c->pos - open};
  if (wg_inf_cut(name, INF_MAX_NAME_CHARS16) < name.n) {
    return wg_fail(err, WG_E_FORMAT, "line %u: a section's name has at most %u characters", c->line,
                   INF_MAX_NAME_CHARS16);
  }
  c->pos++;
  parse_spaces(c);
  if (!parse_at_eol(c) && c->text[c->pos] != ';') {
    parse_odd(c, WG_INF_ODD_AFTER_HEADER, c->line, parse_column(c, c->pos));
  }
  parse_to_eol(c);
  return parse_section_named(c, name, err);
}

static wg_code parse_text(parse_ctx *c, wg_error *err) {
  while (c->pos < c->n) {
    parse_spaces(c);
    if (parse_at_eol(c)) {
      if (c->pos < c->n) {
        parse_next_line(c);
      }
      continue;
    }
    char ch = c->text[c->pos];
    if (ch == ';') {
      parse_to_eol(c);
    } else if ((ch == '[' ? parse_header(c, err) : parse_entry(c, err)) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// Lines of one section stand together, in the order of the file.
static wg_code parse_lay_out(parse_ctx *c, wg_error *err) {
  wg_inf *inf = c->inf;
  wg_inf_section *sections = wg_arena_raw_array(c->arena, wg_inf_section, c->n_sections);
  wg_inf_line *lines = wg_arena_raw_array(c->arena, wg_inf_line, c->n_lines);
  inf->index->keys = wg_arena_new_array(c->arena, inf_keys, c->n_sections);
  uint32_t *at = wg_arena_raw_array(c->tmp, uint32_t, c->n_sections);
  if (sections == NULL || lines == NULL || inf->index->keys == NULL) {
    return wg_arena_fail(c->arena, err);
  }
  if (at == NULL) {
    return wg_arena_fail(c->tmp, err);
  }
  uint32_t n = 0;
  for (uint32_t i = 0; i < c->n_sections; i++) {
    sections[i] = c->sections[i];
    sections[i].lines = lines + n;
    at[i] = n;
    n += sections[i].n_lines;
  }
  for (uint32_t i = 0; i < c->n_lines; i++) {
    lines[at[c->lines[i].section]++] = c->lines[i].line;
  }
  inf->sections = sections;
  inf->n_sections = c->n_sections;
  inf->n_lines = c->n_lines;
  return WG_OK;
}

// Where in the text the decoder found something: told before the lexer writes over it.
static void parse_decoder_odds(parse_ctx *c, const inf_odds *odds) {
  uint32_t line = 1;
  uint32_t col = 1;
  size_t pos = 0;
  for (uint32_t i = 0; i < odds->n; i++) {
    for (; pos < odds->v[i].off; pos++) {
      char ch = c->text[pos];
      line += ch == '\n' ? 1 : 0;
      col = ch == '\n' ? 1 : col + ((ch & 0xC0) != 0x80 ? 1 : 0);
    }
    parse_odd(c, odds->v[i].kind, line, col);
  }
}

// What stands behind a Ctrl-Z is no part of the file.
static void parse_cut_at_ctrl_z(parse_ctx *c, inf_odds *odds) {
  const char *z = c->n > 0 ? memchr(c->text, PARSE_CTRL_Z, c->n) : NULL;
  if (z == NULL) {
    return;
  }
  size_t at = (size_t)(z - c->text);
  size_t rest = at;
  for (size_t n = 1; n > 0; rest += n) {
    bool none = rest < c->n && (c->text[rest] == PARSE_CTRL_Z || c->text[rest] == '\n');
    n = none ? 1 : parse_space(c, rest);
  }
  while (odds->n > 0 && odds->v[odds->n - 1].off >= at) {
    odds->n--;
  }
  if (rest < c->n && odds->n < INF_MAX_ODDITIES) {
    odds->v[odds->n++] = (inf_odd){WG_INF_ODD_CTRL_Z, at};
  }
  c->n = at;
}

static int parse_cmp_odds(const void *a, const void *b, void *ctx) {
  const wg_inf_oddity *x = a, *y = b;
  (void)ctx;
  if (x->line != y->line) {
    return x->line < y->line ? -1 : 1;
  }
  return x->column == y->column ? (int)x->kind - (int)y->kind : x->column < y->column ? -1 : 1;
}

static wg_code parse_check_signature(const wg_inf *inf, wg_error *err) {
  static const char *const known[] = {"$Chicago$", "$Windows NT$", "$Windows 95$"};
  const wg_inf_section *version = wg_inf_section_of(inf, WG_STR("Version"));
  if (version == NULL) {
    return wg_fail(err, WG_E_FORMAT, "line 1: no INF file of Windows: it has no section [Version]");
  }
  const wg_inf_line *line = wg_inf_line_of(inf, version, "Signature");
  if (line == NULL) {
    return wg_fail(err, WG_E_FORMAT, "line %u: [Version] has no Signature", version->line);
  }
  for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
    if (line->n_fields > 0 && wg_str_eq_nocase(line->fields[0].text, known[i])) {
      return WG_OK;
    }
  }
  return wg_fail(err, WG_E_FORMAT,
                 "line %u: Signature is '%.*s', not \"$Windows NT$\" or \"$Chicago$\"", line->line,
                 WG_STR_ARG(line->n_fields > 0 ? line->fields[0].text : WG_STR("")));
}

static wg_code parse_check(const parse_ctx *c, wg_error *err) {
  if (c->before_line > 0 && c->n_sections > 0 &&
      wg_inf_section_of(c->inf, WG_STR("Strings")) == NULL) {
    return wg_fail(err, WG_E_FORMAT, "line %u: text before the first section", c->before_line);
  }
  return parse_check_signature(c->inf, err);
}

WG_WRAPS static uint64_t parse_seed(const char *p, size_t n) {
  uint64_t h = n;
  size_t i = 0;
  for (; n - i >= 8; i += 8) {
    h = (h ^ wg_le64((const uint8_t *)p + i)) * 0x9E3779B97F4A7C15U;
    h ^= h >> 29;
  }
  for (; i < n; i++) {
    h = (h ^ (uint8_t)p[i]) * 0x100000001B3U;
  }
  return h;
}

static wg_code parse_all(parse_ctx *c, const void *p, size_t n_bytes, wg_error *err) {
  inf_odds odds = {.n = 0};
  inf_text text = {0};
  if (wg_inf_decode(p, n_bytes, c->opt.code_page, c->arena, &odds, &text, err) != WG_OK) {
    return err->code;
  }
  c->text = text.p;
  c->n = text.n;
  c->inf->encoding = text.encoding;
  c->inf->has_mark = text.has_mark;
  c->odds = wg_arena_raw_array(c->arena, wg_inf_oddity, INF_MAX_ODDITIES);
  struct wg_inf_index *x = wg_arena_new(c->arena, struct wg_inf_index);
  c->inf->index = x;
  if (x != NULL) {
    x->mask = wg_inf_mask(32);
    x->slots = wg_arena_new_array(c->arena, uint32_t, (size_t)x->mask + 1);
    x->seed = parse_seed(c->text, c->n);
  }
  if (c->odds == NULL || x == NULL || x->slots == NULL) {
    return wg_arena_fail(c->arena, err);
  }
  parse_cut_at_ctrl_z(c, &odds);
  parse_decoder_odds(c, &odds);
  if (parse_text(c, err) != WG_OK || parse_lay_out(c, err) != WG_OK) {
    return err->code;
  }
  wg_sort(c->odds, c->n_odds, sizeof(*c->odds), parse_cmp_odds, NULL);
  c->inf->oddities = c->odds;
  c->inf->n_oddities = c->n_odds;
  wg_inf_choose_strings(c->inf, c->opt.language);
  return parse_check(c, err);
}

wg_code wg_inf_parse(const void *p, size_t n_bytes, const wg_inf_options *opt, wg_arena *arena,
                     wg_inf *out, wg_error *err) {
  wg_inf_options o = opt != NULL ? *opt : (wg_inf_options){0};
  o.language = o.language == 0 ? 0x0409 : o.language;
  o.max_bytes = o.max_bytes == 0 ? (uint64_t)128 << 20 : o.max_bytes;
  o.max_lines = o.max_lines == 0 ? 2000000 : o.max_lines;
  o.max_fields = o.max_fields == 0 ? 65536 : o.max_fields;
  if (n_bytes > o.max_bytes) {
    return wg_fail(err, WG_E_LIMIT, "the file has %zu bytes; at most %llu are read", n_bytes,
                   (unsigned long long)o.max_bytes);
  }
  wg_inf inf = {.n_bytes = n_bytes, .arena = arena};
  WG_AUTO(wg_arena) tmp = {0};
  wg_arena_init(&tmp, arena->alloc, 0);
  parse_ctx c = {.arena = arena,
                 .tmp = &tmp,
                 .opt = o,
                 .inf = &inf,
                 .line = 1,
                 .col = 1,
                 .section = PARSE_NO_SECTION};
  wg_code code = parse_all(&c, p, n_bytes, err);
  if (code == WG_OK) {
    *out = inf;
  }
  return code;
}
