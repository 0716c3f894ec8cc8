// SPDX-License-Identifier: Apache-2.0
// The reader. One pass over the text as UTF-8; a logical line ends at a line break outside quotes
// and not after a backslash in hex data.
#include <iconv.h>
#include <string.h>

#include "fmt/regtext/regtext.h"

typedef struct parse_ctx {
  wg_arena *arena;
  const wg_alloc *alloc;
  const wg_regtext_options *opt;
  wg_str text; // UTF-8
  size_t pos;
  uint32_t line;
  bool version4;
  wg_str key; // of the values that follow; n 0: none yet
  bool key_deleted;
  wg_regop *ops;
  size_t n_ops, cap_ops, max_ops;
  iconv_t to_utf16; // REGEDIT4's hex(1), hex(2), hex(7) are in the code page
} parse_ctx;

#define PARSE_FAIL(c, ...) parse_fail((c), err, __VA_ARGS__)

static wg_code parse_fail(const parse_ctx *c, wg_error *err, const char *fmt, ...) WG_PRINTF(3, 4);
static wg_code parse_fail(const parse_ctx *c, wg_error *err, const char *fmt, ...) {
  char text[256];
  va_list ap;
  va_start(ap, fmt);
  (void)wg_vformat(text, sizeof(text), fmt, ap);
  va_end(ap);
  return wg_fail(err, WG_E_FORMAT, "line %u: %s", c->line, text);
}

static int parse_peek(const parse_ctx *c) {
  return c->pos < c->text.n ? (unsigned char)c->text.p[c->pos] : -1;
}

static bool parse_at_eol(const parse_ctx *c) {
  int ch = parse_peek(c);
  return ch < 0 || ch == '\r' || ch == '\n';
}

static void parse_spaces(parse_ctx *c) {
  while (parse_peek(c) == ' ' || parse_peek(c) == '\t') {
    c->pos++;
  }
}

// Over one line break (CRLF, LF, or CR alone).
static void parse_break(parse_ctx *c) {
  if (parse_peek(c) == '\r') {
    c->pos++;
    if (parse_peek(c) == '\n') {
      c->pos++;
    }
    c->line++;
  } else if (parse_peek(c) == '\n') {
    c->pos++;
    c->line++;
  }
}

static void parse_to_eol(parse_ctx *c) {
  while (!parse_at_eol(c)) {
    c->pos++;
  }
}

// Nothing but spaces and perhaps a comment may stand before the end of the line.
static wg_code parse_end_of_line(parse_ctx *c, wg_error *err) {
  parse_spaces(c);
  if (parse_peek(c) == ';') {
    parse_to_eol(c);
  }
  if (!parse_at_eol(c)) {
    size_t start = c->pos;
    parse_to_eol(c);
    wg_str rest = {c->text.p + start, c->pos - start > 40 ? 40 : c->pos - start};
    if (rest.p[0] == '#' || wg_str_starts(rest, "//")) {
      return PARSE_FAIL(c, "a comment begins with ';' in registry text, not with '%s'",
                        rest.p[0] == '#' ? "#" : "//");
    }
    return PARSE_FAIL(c, "unexpected text '%.*s'", WG_STR_ARG(rest));
  }
  parse_break(c);
  return WG_OK;
}

static wg_code parse_add(parse_ctx *c, wg_regop op, wg_error *err) {
  if (c->n_ops >= c->max_ops) {
    return wg_fail(err, WG_E_LIMIT, "line %u: more than %zu entries", c->line, c->max_ops);
  }
  if (c->n_ops == c->cap_ops) {
    size_t cap = c->cap_ops == 0 ? 64 : c->cap_ops * 2;
    wg_regop *ops = wg_arena_new_array(c->arena, wg_regop, cap);
    if (ops == NULL) {
      return wg_arena_fail(c->arena, err);
    }
    if (c->n_ops > 0) {
      memcpy(ops, c->ops, c->n_ops * sizeof(*ops));
    }
    c->ops = ops;
    c->cap_ops = cap;
  }
  c->ops[c->n_ops++] = op;
  return WG_OK;
}

// [key] or [-key]. A ']' may be part of a name: the last one of the line ends it.
static wg_code parse_key(parse_ctx *c, wg_error *err) {
  uint32_t line = c->line;
  size_t start = ++c->pos;
  parse_to_eol(c);
  size_t end = c->pos;
  while (end > start && c->text.p[end - 1] != ']') {
    end--;
  }
  if (end == start) {
    return PARSE_FAIL(c, "the key's ']' is missing");
  }
  for (size_t i = end; i < c->pos && c->text.p[i] != ';'; i++) {
    if (c->text.p[i] != ' ' && c->text.p[i] != '\t') {
      return PARSE_FAIL(c, "unexpected text after the key's ']'");
    }
  }
  wg_str key = {c->text.p + start, end - 1 - start};
  bool del = key.n > 0 && key.p[0] == '-';
  if (del) {
    key.p++;
    key.n--;
  }
  while (key.n > 0 && key.p[key.n - 1] == '\\') {
    key.n--;
  }
  if (key.n == 0) {
    return PARSE_FAIL(c, "the key has no name");
  }
  parse_break(c);
  c->key = key;
  c->key_deleted = del;
  return parse_add(
      c, (wg_regop){.kind = del ? WG_REGOP_DELETE_KEY : WG_REGOP_KEY, .key = key, .line = line},
      err);
}

// A quoted string at the current '"', unescaped into the arena. It may run over line breaks.
// NOLINTNEXTLINE(readability-function-cognitive-complexity): find the end, then unescape
static wg_code parse_quoted(parse_ctx *c, wg_str *out, wg_error *err) {
  uint32_t line = c->line;
  size_t start = ++c->pos;
  size_t end = start;
  bool escape = false;
  for (; end < c->text.n && (escape || c->text.p[end] != '"'); end++) {
    escape = !escape && c->text.p[end] == '\\';
    c->line += c->text.p[end] == '\n' ? 1 : 0;
  }
  if (end >= c->text.n) {
    c->line = line;
    return PARSE_FAIL(c, "the string that begins here has no closing '\"'");
  }
  char *s = wg_arena_get(c->arena, end - start);
  if (s == NULL) {
    return wg_arena_fail(c->arena, err);
  }
  size_t n = 0;
  for (size_t i = start; i < end; i++) {
    char ch = c->text.p[i];
    if (ch == '\\') { // the loop above made sure that a character follows
      ch = c->text.p[++i];
      ch = ch == 'n' ? '\n' : ch == 'r' ? '\r' : ch == '0' ? '\0' : ch;
    }
    s[n++] = ch;
  }
  c->pos = end + 1;
  *out = (wg_str){s, n};
  return WG_OK;
}

// Bytes of a string value: UTF-16LE with a NUL.
static wg_code parse_string_data(parse_ctx *c, wg_str s, wg_regop *op, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, c->alloc, UINT32_MAX / 2);
  bool text = wg_utf8_to_utf16le(s, &b);
  wg_buf_add_le16(&b, 0);
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  if (!text) {
    return PARSE_FAIL(c, "the string is not text");
  }
  op->data = (const uint8_t *)wg_arena_strndup(c->arena, b.p, b.n);
  op->n_bytes = (uint32_t)b.n;
  return op->data == NULL ? wg_arena_fail(c->arena, err) : WG_OK;
}

static int parse_hex_digit(int ch) {
  if (ch >= '0' && ch <= '9') {
    return ch - '0';
  }
  if (ch >= 'a' && ch <= 'f') {
    return ch - 'a' + 10;
  }
  return ch >= 'A' && ch <= 'F' ? ch - 'A' + 10 : -1;
}

// Up to 8 hex digits; false when there is none or too many.
static bool parse_hex_number(parse_ctx *c, unsigned max_digits, uint32_t *out) {
  uint32_t v = 0;
  unsigned n = 0;
  for (int d; (d = parse_hex_digit(parse_peek(c))) >= 0; n++) {
    if (n == max_digits) {
      return false;
    }
    v = v << 4 | (uint32_t)d;
    c->pos++;
  }
  *out = v;
  return n > 0;
}

// After a byte or comma: over spaces, and over a backslash at the end of the line with what
// follows.
static wg_code parse_hex_gap(parse_ctx *c, wg_error *err) {
  for (;;) {
    parse_spaces(c);
    if (parse_peek(c) != '\\') {
      return WG_OK;
    }
    c->pos++;
    parse_spaces(c);
    if (parse_peek(c) == ';') {
      parse_to_eol(c);
    }
    if (!parse_at_eol(c)) {
      return PARSE_FAIL(c, "text after the '\\' that continues the line");
    }
    parse_break(c);
    // Comment and empty lines may stand between.
    parse_spaces(c);
    while (parse_peek(c) == ';' || parse_peek(c) == '\r' || parse_peek(c) == '\n') {
      parse_to_eol(c);
      parse_break(c);
      parse_spaces(c);
    }
  }
}

static wg_code parse_hex_bytes(parse_ctx *c, wg_buf *out, wg_error *err) {
  if (parse_hex_gap(c, err) != WG_OK) {
    return err->code;
  }
  while (!parse_at_eol(c) && parse_peek(c) != ';') {
    uint32_t v = 0;
    if (!parse_hex_number(c, 2, &v)) {
      return PARSE_FAIL(c, "a byte is written as two hex digits, separated by commas");
    }
    wg_buf_add_byte(out, (uint8_t)v);
    if (parse_hex_gap(c, err) != WG_OK) {
      return err->code;
    }
    if (parse_peek(c) != ',') {
      break;
    }
    c->pos++;
    if (parse_hex_gap(c, err) != WG_OK) {
      return err->code;
    }
  }
  return wg_buf_check(out, err);
}

// Bytes in the code page to UTF-16LE.
static wg_code parse_from_code_page(parse_ctx *c, wg_str in, wg_buf *out, wg_error *err) {
  char chunk[512];
  union {
    const char *in;
    char *out;
  } from = {.in = in.p};
  size_t left = in.n;
  (void)iconv(c->to_utf16, NULL, NULL, NULL, NULL);
  while (left > 0) {
    char *to = chunk;
    size_t room = sizeof(chunk);
    size_t before = left;
    (void)iconv(c->to_utf16, &from.out, &left, &to, &room);
    wg_buf_add(out, chunk, sizeof(chunk) - room);
    if (left == before && room == sizeof(chunk)) {
      return PARSE_FAIL(c, "byte 0x%02x is no character in code page %u",
                        (unsigned)(unsigned char)*from.in, c->opt->code_page);
    }
  }
  return wg_buf_check(out, err);
}

static wg_code parse_hex(parse_ctx *c, wg_regop *op, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_buf) wide = {0};
  wg_buf_init(&b, c->alloc, UINT32_MAX / 4);
  wg_buf_init(&wide, c->alloc, UINT32_MAX / 2);
  if (parse_hex_bytes(c, &b, err) != WG_OK) {
    return err->code;
  }
  const wg_buf *data = &b;
  if (c->version4 && (op->type == 1 || op->type == 2 || op->type == 7)) {
    if (parse_from_code_page(c, wg_buf_str(&b), &wide, err) != WG_OK) {
      return err->code;
    }
    data = &wide;
  }
  op->data = (const uint8_t *)wg_arena_strndup(c->arena, data->p, data->n);
  op->n_bytes = (uint32_t)data->n;
  return op->data == NULL ? wg_arena_fail(c->arena, err) : WG_OK;
}

// Takes a word (without case) when it stands here.
static bool parse_word(parse_ctx *c, const char *word) {
  size_t n = strlen(word);
  if (c->text.n - c->pos < n || !wg_str_eq_nocase((wg_str){c->text.p + c->pos, n}, word)) {
    return false;
  }
  c->pos += n;
  return true;
}

static wg_code parse_typed(parse_ctx *c, wg_regop *op, wg_error *err) {
  bool str = parse_word(c, "str(");
  op->type = 3;
  if (str || parse_word(c, "hex(")) {
    if (!parse_hex_number(c, 8, &op->type) || !parse_word(c, "):")) {
      return PARSE_FAIL(c, "a type is written as %s(N): with N in hex digits", str ? "str" : "hex");
    }
  } else if (!parse_word(c, "hex:")) {
    return PARSE_FAIL(c, "data must be \"text\", dword:, hex:, hex(N): or - (delete)");
  }
  if (!str) {
    return parse_hex(c, op, err);
  }
  wg_str s = {0};
  if (parse_peek(c) != '"') {
    return PARSE_FAIL(c, "str(N): must be followed by \"text\"");
  }
  return parse_quoted(c, &s, err) != WG_OK ? err->code : parse_string_data(c, s, op, err);
}

static wg_code parse_data(parse_ctx *c, wg_regop *op, wg_error *err) {
  if (parse_peek(c) == '-') {
    c->pos++;
    op->kind = WG_REGOP_DELETE_VALUE;
    return WG_OK;
  }
  if (parse_peek(c) == '"') {
    wg_str s = {0};
    op->type = 1;
    return parse_quoted(c, &s, err) != WG_OK ? err->code : parse_string_data(c, s, op, err);
  }
  if (!parse_word(c, "dword:")) {
    return parse_typed(c, op, err);
  }
  uint32_t v = 0;
  parse_spaces(c);
  if (!parse_hex_number(c, 8, &v)) {
    return PARSE_FAIL(c, "dword: takes 1 to 8 hex digits");
  }
  uint8_t *p = wg_arena_get(c->arena, 4);
  if (p == NULL) {
    return wg_arena_fail(c->arena, err);
  }
  wg_put_le32(p, v);
  op->type = 4;
  op->data = p;
  op->n_bytes = 4;
  return WG_OK;
}

static wg_code parse_value(parse_ctx *c, wg_error *err) {
  wg_regop op = {.kind = WG_REGOP_VALUE, .key = c->key, .line = c->line};
  if (c->key.n == 0) {
    return PARSE_FAIL(c, "a value stands before the first [key]");
  }
  if (c->key_deleted) {
    return PARSE_FAIL(c, "a value stands under a key that is deleted ([-...])");
  }
  if (parse_peek(c) == '@') {
    c->pos++;
  } else if (parse_quoted(c, &op.name, err) != WG_OK) {
    return err->code;
  }
  if (op.name.n > 0 && memchr(op.name.p, 0, op.name.n) != NULL) {
    return PARSE_FAIL(c,
                      "a value's name has a NUL character (\\0), which registry text cannot say");
  }
  parse_spaces(c);
  if (parse_peek(c) != '=') {
    return PARSE_FAIL(c, "'=' is missing after the value's name");
  }
  c->pos++;
  parse_spaces(c);
  if (parse_data(c, &op, err) != WG_OK || parse_add(c, op, err) != WG_OK) {
    return err->code;
  }
  return parse_end_of_line(c, err);
}

static wg_code parse_body(parse_ctx *c, wg_error *err) {
  while (c->pos < c->text.n) {
    parse_spaces(c);
    int ch = parse_peek(c);
    wg_code code = WG_OK;
    if (ch == '[') {
      code = parse_key(c, err);
    } else if (ch == '"' || ch == '@') {
      code = parse_value(c, err);
    } else {
      code = parse_end_of_line(c, err); // empty, comment, or an error
    }
    if (code != WG_OK) {
      return code;
    }
  }
  return WG_OK;
}

static wg_code parse_header(parse_ctx *c, wg_error *err) {
  if (wg_str_starts(c->text, "version https://git-lfs.")) {
    return PARSE_FAIL(c, "this is a Git LFS pointer, not the file: fetch it with 'git lfs pull'");
  }
  if (wg_str_starts(c->text, "regf")) {
    return PARSE_FAIL(c, "this is a registry hive, not registry text ('Windows Registry Editor "
                         "Version 5.00'); 'wingo reg export' makes some of it");
  }
  // Empty lines may stand before it, nothing else.
  parse_spaces(c);
  while (c->pos < c->text.n && parse_at_eol(c)) {
    parse_break(c);
    parse_spaces(c);
  }
  if (parse_word(c, "Windows Registry Editor Version 5.00")) {
    c->version4 = false;
  } else if (parse_word(c, "REGEDIT4")) {
    c->version4 = true;
  } else {
    return PARSE_FAIL(c, "not registry text: the first line must be 'Windows Registry Editor "
                         "Version 5.00' or 'REGEDIT4'");
  }
  parse_spaces(c);
  if (!parse_at_eol(c)) {
    return PARSE_FAIL(c, "unexpected text after the header");
  }
  parse_break(c);
  return WG_OK;
}

// Raw bytes to UTF-8 text, by byte order mark, else by what the header can only be.
static wg_code parse_decode(parse_ctx *c, const uint8_t *p, size_t n, wg_buf *text, wg_error *err) {
  c->line = 1;
  if (n >= 2 && p[0] == 0xFF && p[1] == 0xFE) {
    if (!wg_utf16le_to_utf8(p + 2, n - 2, text)) {
      return wg_fail_at(err, WG_E_FORMAT, n, "UTF-16 text of an odd number of bytes");
    }
    return wg_buf_check(text, err);
  }
  if (n >= 2 && p[0] == 0xFE && p[1] == 0xFF) {
    return wg_fail_at(err, WG_E_FORMAT, 0, "UTF-16 in big-endian order; save it as UTF-16LE");
  }
  if (n >= 4 && ((p[0] != 0 && p[1] == 0 && p[3] == 0) || (p[0] == 0 && p[1] != 0 && p[2] == 0))) {
    return wg_fail_at(err, WG_E_FORMAT, 0,
                      "UTF-16 without a byte order mark; save it with one (UTF-16LE), or as UTF-8");
  }
  if (n >= 3 && p[0] == 0xEF && p[1] == 0xBB && p[2] == 0xBF) {
    p += 3;
    n -= 3;
  }
  wg_str raw = {(const char *)p, n};
  if (wg_utf8_valid(raw)) {
    wg_buf_add_str(text, raw);
    return wg_buf_check(text, err);
  }
  c->text = raw;
  if (parse_header(c, err) != WG_OK) {
    return err->code;
  }
  if (!c->version4) {
    return wg_fail(err, WG_E_FORMAT,
                   "version 5 text must be UTF-16LE with a byte order mark, or UTF-8");
  }
  c->pos = 0;
  c->line = 1;
  WG_AUTO(wg_buf) wide = {0};
  wg_buf_init(&wide, c->alloc, 0);
  if (parse_from_code_page(c, raw, &wide, err) != WG_OK) {
    return err->code;
  }
  if (!wg_utf16le_to_utf8(wide.p, wide.n, text)) {
    return wg_fail(err, WG_E_BUG, "an odd number of UTF-16 bytes from a code page");
  }
  return wg_buf_check(text, err);
}

// Editors of DOS end a text with Ctrl+Z.
static size_t parse_end(wg_str text) {
  size_t end = text.n;
  while (end > 0 && strchr(" \t\r\n\x1a", text.p[end - 1]) != NULL && text.p[end - 1] != '\0') {
    end--;
    if (text.p[end] == '\x1a') {
      text.n = end;
    }
  }
  return text.n;
}

static wg_code parse_all(parse_ctx *c, const void *p, size_t n_bytes, wg_regtext *out,
                         wg_error *err) {
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, c->alloc, 0);
  if (parse_decode(c, p, n_bytes, &text, err) != WG_OK) {
    return err->code;
  }
  // Keys and names point into the text: it moves to the arena.
  const char *own = wg_arena_strndup(c->arena, text.p, text.n);
  if (own == NULL) {
    return wg_arena_fail(c->arena, err);
  }
  c->text = (wg_str){own, parse_end((wg_str){own, text.n})};
  c->pos = 0;
  c->line = 1;
  wg_buf_done(&text);
  if (parse_header(c, err) != WG_OK || parse_body(c, err) != WG_OK) {
    return err->code;
  }
  *out = (wg_regtext){.ops = c->ops, .n_ops = c->n_ops, .version4 = c->version4};
  return WG_OK;
}

wg_code wg_regtext_parse(const void *p, size_t n_bytes, const wg_regtext_options *opt,
                         wg_arena *arena, wg_regtext *out, wg_error *err) {
  wg_regtext_options o = opt != NULL ? *opt : (wg_regtext_options){0};
  o.code_page = o.code_page == 0 ? 1252 : o.code_page;
  parse_ctx c = {.arena = arena,
                 .alloc = arena->alloc,
                 .opt = &o,
                 .max_ops = o.max_ops == 0 ? (size_t)4 << 20 : o.max_ops};
  char name[32];
  (void)wg_format(name, sizeof(name), "CP%u", o.code_page);
  c.to_utf16 = iconv_open("UTF-16LE", name);
  if (c.to_utf16 == (iconv_t)-1) { // NOLINT(performance-no-int-to-ptr): iconv's own error value
    return wg_fail(err, WG_E_USAGE, "code page %u is not known", o.code_page);
  }
  wg_code code = parse_all(&c, p, n_bytes, out, err);
  (void)iconv_close(c.to_utf16);
  return code;
}
