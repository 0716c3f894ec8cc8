// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "fmt/meta/fields.h"
#include "fmt/meta/rules.h"

#define PARSE_MAX_NAME_BYTES 65534u // of UTF-16LE

typedef struct meta_parse {
  const char *name;
  wg_arena *arena;
  wg_str rest; // of the text
  uint32_t line;
  wg_meta m;
  wg_meta_stream *streams; // room for all of them
  size_t n_streams;
  unsigned version;
  bool ended;
} meta_parse;

#define parse_fail(p, ...) parse_at((p), (p)->line, wg_fail(err, WG_E_FORMAT, __VA_ARGS__), err)

static wg_code parse_at(const meta_parse *p, uint32_t line, wg_code code, wg_error *err) {
  (void)code;
  return wg_wrap(err, "%s:%u", p->name, (unsigned)line);
}

// The next line without its end; false when what is left has none.
static bool parse_line(meta_parse *p, wg_str *out) {
  size_t n = wg_str_find(p->rest, '\n');
  if (n == p->rest.n) {
    return false;
  }
  *out = (wg_str){p->rest.p, n};
  p->rest = (wg_str){p->rest.p + n + 1, p->rest.n - n - 1};
  p->line++;
  return true;
}

// The next word of a line; words have one space between them.
static wg_str parse_word(wg_str *line) {
  size_t n = wg_str_find(*line, ' ');
  wg_str word = {line->p, n};
  size_t skip = n < line->n ? n + 1 : n;
  *line = (wg_str){line->p + skip, line->n - skip};
  return word;
}

static bool parse_hex_digit(char c, uint8_t *out) {
  *out = (uint8_t)(c >= '0' && c <= '9' ? c - '0' : c >= 'A' && c <= 'F' ? c - 'A' + 10 : 16);
  return *out < 16;
}

// A word (with spaces: a line's rest) with its escapes undone, in the arena; NULL in out->p when
// there is no memory.
static wg_code parse_text(meta_parse *p, wg_str word, bool spaces, wg_str *out, wg_error *err) {
  char *to = wg_arena_get(p->arena, word.n + 1);
  size_t n = 0;
  if (to == NULL) {
    return wg_arena_fail(p->arena, err);
  }
  for (size_t i = 0; i < word.n; i++) {
    uint8_t high = 0, low = 0;
    if (word.p[i] != '%') {
      if ((uint8_t)word.p[i] < 0x20 || (word.p[i] == ' ' && !spaces) || word.p[i] == 0x7F) {
        return parse_fail(p, "a control character, which stands as %%XX here");
      }
      to[n++] = word.p[i];
      continue;
    }
    if (word.n - i < 3 || !parse_hex_digit(word.p[i + 1], &high) ||
        !parse_hex_digit(word.p[i + 2], &low)) {
      return parse_fail(p, "'%%' without two hex digits (0-9, A-F)");
    }
    to[n++] = (char)(high * 16 + low);
    i += 2;
  }
  *out = (wg_str){to, n};
  return WG_OK;
}

static wg_code parse_text16(meta_parse *p, wg_str word, wg_str *out, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_str text = {NULL, 0};
  wg_buf_init(&b, p->arena->alloc, 0);
  if (parse_text(p, word, false, &text, err) != WG_OK) {
    return err->code;
  }
  if (!wg_utf8_to_utf16le(text, &b)) {
    return parse_fail(p, "a name that is no text");
  }
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  const uint8_t *q = b.p;
  for (size_t i = 0; i < b.n; i += 2) {
    if (wg_le16(q + i) == 0) {
      return parse_fail(p, "a name with a NUL");
    }
  }
  if (b.n == 0 || b.n > PARSE_MAX_NAME_BYTES) {
    return parse_fail(p, b.n == 0 ? "an empty name" : "a name that is too long");
  }
  *out = (wg_str){wg_arena_strndup(p->arena, b.p, b.n), b.n};
  return out->p == NULL ? wg_arena_fail(p->arena, err) : WG_OK;
}

static wg_code parse_short(meta_parse *p, wg_str word, wg_str *out, wg_error *err) {
  if (parse_text16(p, word, out, err) != WG_OK) {
    return err->code;
  }
  return wg_meta_is_short(*out)
             ? WG_OK
             : parse_fail(p,
                          "the short name '%.*s' is no name of a file in 8.3 form: 8 characters, a "
                          "dot and 3 more at most, none of them \"*+,/:;<=>?[\\]|",
                          (int)(word.n < 40 ? word.n : 40), word.p);
}

static wg_code parse_bytes(meta_parse *p, wg_str word, wg_str *out, wg_error *err) {
  uint8_t *to = wg_arena_get(p->arena, word.n / 2 + 1);
  if (to == NULL) {
    return wg_arena_fail(p->arena, err);
  }
  if (word.n % 2 != 0 || !wg_parse_hex(word, to, word.n / 2)) {
    return parse_fail(p, "bytes that are no pairs of hex digits");
  }
  *out = (wg_str){(const char *)to, word.n / 2};
  return WG_OK;
}

// Below the top folder, and in one way of writing it.
static wg_code parse_path(meta_parse *p, wg_str word, const char **out, wg_error *err) {
  wg_str s = WG_STR("");
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, p->arena->alloc, 0);
  if (parse_text(p, word, false, &s, err) != WG_OK) {
    return err->code;
  }
  if (wg_str_eqz(s, ".")) {
    *out = "";
    return WG_OK;
  }
  if (memchr(s.p, 0, s.n) != NULL || !wg_utf8_to_utf16le(s, &b)) {
    return parse_fail(p, "a path that is no text");
  }
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  for (wg_str left = s; left.p != NULL;) {
    size_t n = wg_str_find(left, '/');
    wg_str name = {left.p, n};
    if (n == 0 || wg_str_eqz(name, ".") || wg_str_eqz(name, "..")) {
      return parse_fail(p, "the path '%.*s' is not one below the folder", WG_STR_ARG(word));
    }
    left = n == left.n ? (wg_str){NULL, 0} : (wg_str){left.p + n + 1, left.n - n - 1};
  }
  *out = s.p; // the arena's zeros end it
  return WG_OK;
}

static wg_code parse_number(meta_parse *p, wg_str word, bool hex, uint64_t max, uint64_t *out,
                            wg_error *err) {
  bool good =
      hex ? wg_str_starts(word, "0x") && wg_parse_hex64((wg_str){word.p + 2, word.n - 2}, out)
          : wg_parse_u64(word, out);
  return good && *out <= max
             ? WG_OK
             : parse_fail(p, "'%.*s' is not a number that can stand here", WG_STR_ARG(word));
}

static wg_code parse_field(meta_parse *p, wg_meta_entry *e, const meta_field *f, wg_str value,
                           wg_error *err) {
  void *at = (char *)e + f->at;
  bool hex = f->kind == META_HEX32 || f->kind == META_HEX64;
  bool narrow = f->kind == META_HEX32 || f->kind == META_NUMBER32;
  uint64_t v = 0;
  e->has |= f->flag;
  switch (f->kind) {
  case META_TEXT:
    return parse_text(p, value, false, at, err);
  case META_TEXT16:
    return parse_short(p, value, at, err);
  case META_BYTES:
    return parse_bytes(p, value, at, err);
  case META_HEX32:
  case META_HEX64:
  case META_NUMBER32:
  case META_NUMBER64:
    break;
  }
  if (parse_number(p, value, hex, narrow ? UINT32_MAX : UINT64_MAX, &v, err) != WG_OK) {
    return err->code;
  }
  if (narrow) {
    *(uint32_t *)at = (uint32_t)v;
  } else {
    *(uint64_t *)at = v;
  }
  return WG_OK;
}

// Fields stand in their order, each at most once.
static wg_code parse_fields(meta_parse *p, wg_meta_entry *e, wg_str line, wg_error *err) {
  size_t next = 0;
  while (line.n > 0) {
    wg_str word = parse_word(&line);
    size_t n = wg_str_find(word, '=');
    size_t k = 0;
    while (k < META_N_FIELDS && !wg_str_eqz((wg_str){word.p, n}, wg_meta_fields[k].name)) {
      k++;
    }
    if (n == word.n || k == META_N_FIELDS) {
      return parse_fail(p, "'%.*s' is no field of an entry", (int)(n < 40 ? n : 40), word.p);
    }
    if (k < next) {
      return parse_fail(p, "the field '%s' stands twice or behind another one that follows it",
                        wg_meta_fields[k].name);
    }
    next = k + 1;
    if (parse_field(p, e, &wg_meta_fields[k], (wg_str){word.p + n + 1, word.n - n - 1}, err) !=
        WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code parse_entry(meta_parse *p, wg_str line, wg_error *err) {
  wg_meta_entry *e = &p->m.entries[p->m.n];
  wg_str path = parse_word(&line);
  *e = (wg_meta_entry){.line = p->line, .streams = p->streams + p->n_streams};
  if (parse_path(p, path, &e->path, err) != WG_OK || parse_fields(p, e, line, err) != WG_OK) {
    return err->code;
  }
  if ((e->has & WG_META_DESCRIPTOR) != 0 && e->descriptor >= p->m.n_descriptors) {
    return parse_fail(p, "there is no descriptor %u above", (unsigned)e->descriptor);
  }
  if (wg_meta_check_fields(e, p->arena->alloc, err) != WG_OK) {
    return parse_at(p, p->line, wg_wrap(err, "'%s'", e->path[0] == '\0' ? "." : e->path), err);
  }
  p->m.n++;
  return WG_OK;
}

static wg_code parse_stream(meta_parse *p, wg_str line, wg_error *err) {
  wg_str name = parse_word(&line);
  wg_meta_stream *s = &p->streams[p->n_streams];
  if (p->m.n == 0) {
    return parse_fail(p, "a stream before the first entry");
  }
  if (line.n == 0 || line.p[0] != '=') {
    return parse_fail(p, "a stream is 'stream NAME =BYTES'");
  }
  s->line = p->line;
  if (parse_text16(p, name, &s->name16, err) != WG_OK ||
      parse_bytes(p, (wg_str){line.p + 1, line.n - 1}, &s->data, err) != WG_OK) {
    return err->code;
  }
  if (wg_meta_check_stream(s->name16, err) != WG_OK) {
    return parse_at(p, p->line, err->code, err);
  }
  wg_meta_entry *e = &p->m.entries[p->m.n - 1];
  if (e->n_streams == UINT16_MAX - 2) {
    return parse_fail(p, "more than %zu streams of one file", e->n_streams);
  }
  e->n_streams++;
  p->n_streams++;
  return WG_OK;
}

// The entry before, of which no more streams follow.
static wg_code parse_entry_ends(const meta_parse *p, wg_error *err) {
  const wg_meta_entry *e = p->m.n > 0 ? &p->m.entries[p->m.n - 1] : NULL;
  size_t second = 0;
  return e == NULL || wg_meta_check_streams(e, p->arena->alloc, &second, err) == WG_OK
             ? WG_OK
             : parse_at(p, e->streams[second].line, err->code, err);
}

static wg_code parse_descriptor(meta_parse *p, wg_str line, wg_error *err) {
  wg_str *sd = &p->m.descriptors[p->m.n_descriptors++];
  if (parse_bytes(p, line, sd, err) != WG_OK) {
    return err->code;
  }
  return wg_meta_check_descriptor(*sd, p->arena->alloc, err) == WG_OK
             ? WG_OK
             : parse_at(p, p->line, err->code, err);
}

static wg_code parse_image(meta_parse *p, wg_str line, wg_error *err) {
  wg_str text = {NULL, 0};
  WG_AUTO(wg_buf) wide = {0};
  wg_buf_init(&wide, p->arena->alloc, 0);
  if (p->version < 2) {
    return parse_fail(p, "'image' is of version 2: the first line must be 'wingo-meta 2'");
  }
  if (parse_text(p, line, true, &text, err) != WG_OK) {
    return err->code;
  }
  if (memchr(text.p, 0, text.n) != NULL || !wg_utf8_to_utf16le(text, &wide)) {
    return parse_fail(p, "what is no text");
  }
  if (wg_buf_check(&wide, err) != WG_OK) {
    return err->code;
  }
  if (wg_meta_check_image(text, p->m.image, p->m.n_image, err) != WG_OK) {
    return parse_at(p, p->line, err->code, err);
  }
  p->m.image[p->m.n_image++] = text;
  return WG_OK;
}

static wg_code parse_one(meta_parse *p, wg_str line, wg_error *err) {
  wg_str word = parse_word(&line);
  if (p->ended) {
    return parse_fail(p, "text behind the end");
  }
  if (wg_str_eqz(word, "entry")) {
    return parse_entry_ends(p, err) == WG_OK ? parse_entry(p, line, err) : err->code;
  }
  if (wg_str_eqz(word, "stream")) {
    return parse_stream(p, line, err);
  }
  if (wg_str_eqz(word, "descriptor")) {
    return parse_descriptor(p, line, err);
  }
  if (wg_str_eqz(word, "image")) {
    return parse_image(p, line, err);
  }
  p->ended = wg_str_eqz(word, "end") && line.n == 0;
  return p->ended ? WG_OK
                  : parse_fail(
                        p, "a line begins with 'image', 'descriptor', 'entry', 'stream' or 'end'");
}

static wg_code parse_head(meta_parse *p, wg_error *err) {
  wg_str line = {NULL, 0};
  if (!parse_line(p, &line) || !wg_str_starts(line, "wingo-meta ")) {
    p->line = 1;
    return parse_fail(p, "the first line is not 'wingo-meta 2': this is no file of wingo's");
  }
  p->version = wg_str_eqz(line, "wingo-meta 1") ? 1 : wg_str_eqz(line, "wingo-meta 2") ? 2 : 0;
  if (p->version == 0) {
    return parse_at(p, p->line,
                    wg_fail(err, WG_E_UNSUPPORTED,
                            "it is of a newer wingo: only versions 1 and 2 are known to this one"),
                    err);
  }
  return WG_OK;
}

// At most as many of each as there are lines that begin so.
static wg_code parse_room(meta_parse *p, wg_error *err) {
  size_t n_entries = 0, n_streams = 0, n_descriptors = 0, n_image = 0;
  for (wg_str s = p->rest; s.n > 0;) {
    n_entries += wg_str_starts(s, "entry") ? 1u : 0u;
    n_streams += wg_str_starts(s, "stream") ? 1u : 0u;
    n_descriptors += wg_str_starts(s, "descriptor") ? 1u : 0u;
    n_image += wg_str_starts(s, "image") ? 1u : 0u;
    size_t n = wg_str_find(s, '\n');
    n += n < s.n ? 1 : 0;
    s = (wg_str){s.p + n, s.n - n};
  }
  p->m.entries = wg_arena_new_array(p->arena, wg_meta_entry, n_entries);
  p->m.descriptors = wg_arena_new_array(p->arena, wg_str, n_descriptors);
  p->m.image = wg_arena_new_array(p->arena, wg_str, n_image);
  p->streams = wg_arena_new_array(p->arena, wg_meta_stream, n_streams);
  return p->m.entries == NULL || p->m.descriptors == NULL || p->m.image == NULL ||
                 p->streams == NULL
             ? wg_arena_fail(p->arena, err)
             : WG_OK;
}

static int parse_path_cmp(const void *a, const void *b, void *ctx) {
  const wg_meta_entry *entries = ctx;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  int c = strcmp(entries[x].path, entries[y].path);
  return c != 0 ? c : (x > y) - (x < y);
}

wg_code wg_meta_sort(wg_meta *m, const char *name, wg_arena *arena, wg_error *err) {
  m->by_path = wg_arena_new_array(arena, uint32_t, m->n);
  if (m->by_path == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (size_t i = 0; i < m->n; i++) {
    m->by_path[i] = (uint32_t)i;
  }
  if (m->n > 1) {
    wg_sort(m->by_path, m->n, sizeof(m->by_path[0]), parse_path_cmp, m->entries);
  }
  for (size_t i = 1; i < m->n; i++) {
    const wg_meta_entry *a = &m->entries[m->by_path[i - 1]], *b = &m->entries[m->by_path[i]];
    if (strcmp(a->path, b->path) == 0) {
      return wg_fail(err, WG_E_FORMAT, "%s:%u: '%s' stands twice: the first is in line %u", name,
                     (unsigned)b->line, b->path[0] == '\0' ? "." : b->path, (unsigned)a->line);
    }
  }
  return WG_OK;
}

wg_meta_entry *wg_meta_find(const wg_meta *m, const char *path) {
  size_t lo = 0, hi = m->n;
  while (lo < hi) {
    size_t mid = lo + (hi - lo) / 2;
    wg_meta_entry *e = &m->entries[m->by_path[mid]];
    int c = strcmp(path, e->path);
    if (c == 0) {
      return e;
    }
    if (c < 0) {
      hi = mid;
    } else {
      lo = mid + 1;
    }
  }
  return NULL;
}

wg_code wg_meta_parse(wg_str text, const char *name, wg_arena *arena, wg_meta *out, wg_error *err) {
  meta_parse p = {.name = name, .arena = arena, .rest = text};
  wg_str line = {NULL, 0};
  if (text.n > WG_META_MAX_BYTES) {
    return wg_fail(err, WG_E_LIMIT, "%s: more than %llu bytes", name,
                   (unsigned long long)WG_META_MAX_BYTES);
  }
  if (parse_head(&p, err) != WG_OK || parse_room(&p, err) != WG_OK) {
    return err->code;
  }
  while (parse_line(&p, &line)) {
    if (parse_one(&p, line, err) != WG_OK) {
      return err->code;
    }
  }
  if (!p.ended || p.rest.n > 0) {
    p.line++;
    return parse_fail(&p, "there is no line 'end': the file was cut off");
  }
  if (parse_entry_ends(&p, err) != WG_OK || wg_meta_sort(&p.m, name, arena, err) != WG_OK) {
    return err->code;
  }
  *out = p.m;
  return WG_OK;
}
