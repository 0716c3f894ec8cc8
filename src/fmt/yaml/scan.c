// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/utf.h"
#include "fmt/yaml/internal.h"

void wg_yaml_cursor_seek(yaml_cursor *c, size_t pos) {
  if (pos > c->text.n) {
    pos = c->text.n;
  }
  if (pos < c->pos) {
    c->pos = 0;
    c->line = 1;
    c->col = 1;
  }
  while (c->pos < pos) {
    uint8_t b = (uint8_t)c->text.p[c->pos];
    bool crlf = b == '\r' && c->pos + 1 < c->text.n && c->text.p[c->pos + 1] == '\n';
    if (b == '\n' || (b == '\r' && !crlf)) {
      c->line++;
      c->col = 1;
    } else if ((b & 0xC0) != 0x80 && !crlf) { // continuation bytes are no column of their own
      c->col++;
    }
    c->pos++;
  }
}

static bool scan_is_printable(uint32_t cp) {
  return cp == '\t' || cp == '\n' || cp == '\r' || (cp >= 0x20 && cp <= 0x7E) || cp == 0x85 ||
         (cp >= 0xA0 && cp <= 0xD7FF) || (cp >= 0xE000 && cp <= 0xFFFD) || cp >= 0x10000;
}

// UTF-16 and UTF-32 are YAML too, but nobody writes a project file so on purpose.
static bool scan_is_wide(wg_str t) {
  return wg_str_starts(t, "\xFF\xFE") || wg_str_starts(t, "\xFE\xFF") ||
         (t.n >= 4 && t.p[0] != 0 && t.p[1] == 0 && t.p[2] != 0 && t.p[3] == 0) ||
         (t.n >= 4 && t.p[0] == 0 && t.p[1] != 0 && t.p[2] == 0 && t.p[3] != 0);
}

// What begins with '%' in front of the document is an instruction to YAML, and would be passed
// over.
static bool scan_directives(wg_str t, wg_yaml_fault *out) {
  uint32_t line = 1;
  for (size_t at = 0; at < t.n; line++) {
    wg_str rest = {t.p + at, t.n - at};
    size_t n = wg_str_find(rest, '\n');
    bool passes = rest.p[0] == '#' || rest.p[0] == '\r' || n == 0;
    if (rest.p[0] == '%' && !wg_str_starts(rest, "%YAML ") && !wg_str_starts(rest, "%TAG ")) {
      *out =
          (wg_yaml_fault){line, 1, "a line that begins with '%', which is an instruction to YAML",
                          "put the key into quotes"};
      return false;
    }
    if (!passes && rest.p[0] != '%') {
      return true;
    }
    at += n + 1;
  }
  return true;
}

bool wg_yaml_scan(wg_str text, wg_arena *arena, wg_yaml_fault *out) {
  if (scan_is_wide(text)) {
    bool is_32 = wg_str_starts((wg_str){text.p + 2, text.n - 2}, "\xFF\xFE") ||
                 (text.n >= 4 && text.p[2] == 0 && text.p[3] == 0);
    *out = (wg_yaml_fault){
        1, 1, is_32 ? "the file is not UTF-8 but UTF-32" : "the file is not UTF-8 but UTF-16",
        "save it as UTF-8"};
    return false;
  }
  if (!scan_directives(text, out)) {
    return false;
  }
  size_t pos = 0;
  while (pos < text.n) {
    uint8_t b = (uint8_t)text.p[pos];
    if (b == '\t' || b == '\n' || b == '\r' || (b >= 0x20 && b < 0x7F)) { // the usual
      pos++;
      continue;
    }
    size_t at = pos;
    uint32_t cp = 0;
    bool decoded = wg_utf8_next(text, &pos, &cp);
    if (decoded && scan_is_printable(cp)) {
      continue;
    }
    yaml_cursor c = {.text = text, .line = 1, .col = 1};
    wg_yaml_cursor_seek(&c, at);
    out->line = c.line;
    out->col = c.col;
    if (!decoded) {
      out->text = wg_arena_printf(arena, "byte 0x%02x is not UTF-8", (unsigned)b);
      out->hint = "save the file as UTF-8";
    } else if (cp == 0) {
      out->text = "the file has a NUL byte";
      out->hint = "a text file has none: is this the right file, and whole?";
    } else {
      out->text = wg_arena_printf(arena, "control character U+%04X is not allowed", (unsigned)cp);
      out->hint = "remove it, or write it as an escape such as \"\\x1b\" in double quotes";
    }
    return false;
  }
  return true;
}

size_t wg_yaml_escape_bytes(wg_str s, size_t at) {
  char c = at + 1 < s.n ? s.p[at + 1] : '\0';
  size_t n_hex = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
  if (c == '\0' || strchr("0abt\tnvfre \"/\\N_LPxuU", c) == NULL || at + 2 + n_hex > s.n) {
    return 0;
  }
  for (size_t i = 0; i < n_hex; i++) {
    char h = s.p[at + 2 + i];
    bool is_hex = (h >= '0' && h <= '9') || (h >= 'a' && h <= 'f') || (h >= 'A' && h <= 'F');
    if (!is_hex) {
      return 0;
    }
  }
  return 2 + n_hex;
}

size_t wg_yaml_block_header(wg_str t, size_t pos) {
  size_t end = pos;
  while (end > 0 && strchr(" \t\r\n", t.p[end - 1]) != NULL) {
    end--;
  }
  size_t start = end;
  while (start > 0 && t.p[start - 1] != '\n') {
    start--;
  }
  for (size_t i = start; i < end; i++) {
    bool opens = (t.p[i] == '|' || t.p[i] == '>') && (i == start || strchr(" \t-:", t.p[i - 1]));
    size_t k = i + 1;
    while (opens && k < end && strchr("0123456789+-", t.p[k]) != NULL) {
      k++;
    }
    while (opens && k < end && (t.p[k] == ' ' || t.p[k] == '\t')) {
      k++;
    }
    if (opens && (k == end || t.p[k] == '#')) {
      return i;
    }
  }
  return pos;
}
