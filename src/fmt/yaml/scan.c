// SPDX-License-Identifier: Apache-2.0
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

bool wg_yaml_scan(wg_str text, wg_arena *arena, wg_yaml_fault *out) {
  if (scan_is_wide(text)) {
    *out = (wg_yaml_fault){1, 1, "the file is not UTF-8 but UTF-16", "save it as UTF-8"};
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
