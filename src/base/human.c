// SPDX-License-Identifier: Apache-2.0
#include "base/human.h"

#include "base/utf.h"

void wg_text_add_size(wg_buf *b, uint64_t n_bytes) {
  static const char *const units[] = {"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (n_bytes < 1024) {
    wg_buf_printf(b, "%llu B", (unsigned long long)n_bytes);
    return;
  }
  unsigned u = 0;
  uint64_t whole = n_bytes;
  uint64_t rest = 0; // of 1,024
  while (u < WG_ARRAY_LEN(units)) {
    rest = whole % 1024;
    whole /= 1024;
    if (whole < 1024) {
      break;
    }
    u++;
  }
  uint64_t tenths = whole * 10 + rest * 10 / 1024;
  wg_buf_printf(b, "%llu.%llu %s", (unsigned long long)(tenths / 10),
                (unsigned long long)(tenths % 10), units[u]);
}

void wg_text_add_duration(wg_buf *b, uint64_t ns) {
  uint64_t ms = ns / 1000000;
  if (ms < 1000) {
    wg_buf_printf(b, "0.%02llu s", (unsigned long long)(ms / 10));
  } else if (ms < 60000) {
    wg_buf_printf(b, "%llu.%llu s", (unsigned long long)(ms / 1000),
                  (unsigned long long)(ms % 1000 / 100));
  } else if (ms < 3600000) {
    wg_buf_printf(b, "%llu min %02llu s", (unsigned long long)(ms / 60000),
                  (unsigned long long)(ms / 1000 % 60));
  } else {
    wg_buf_printf(b, "%llu h %02llu min", (unsigned long long)(ms / 3600000),
                  (unsigned long long)(ms / 60000 % 60));
  }
}

void wg_text_add_clock(wg_buf *b, uint64_t seconds) {
  if (seconds >= 3600) {
    wg_buf_printf(b, "%llu:%02llu:%02llu", (unsigned long long)(seconds / 3600),
                  (unsigned long long)(seconds / 60 % 60), (unsigned long long)(seconds % 60));
  } else {
    wg_buf_printf(b, "%llu:%02llu", (unsigned long long)(seconds / 60),
                  (unsigned long long)(seconds % 60));
  }
}

// Columns of one character: combining marks 0, East Asian wide and emoji 2 (the common ranges).
static unsigned text_char_columns(uint32_t cp) {
  if ((cp >= 0x300 && cp <= 0x36F) || (cp >= 0x200B && cp <= 0x200F) ||
      (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x2069) ||
      (cp >= 0xFE00 && cp <= 0xFE0F) || (cp >= 0x20D0 && cp <= 0x20FF) || cp == 0xFEFF) {
    return 0;
  }
  bool wide = (cp >= 0x1100 && cp <= 0x115F) || (cp >= 0x2E80 && cp <= 0xA4CF) ||
              (cp >= 0xAC00 && cp <= 0xD7A3) || (cp >= 0xF900 && cp <= 0xFAFF) ||
              (cp >= 0xFE30 && cp <= 0xFE6F) || (cp >= 0xFF00 && cp <= 0xFF60) ||
              (cp >= 0xFFE0 && cp <= 0xFFE6) || (cp >= 0x1F300 && cp <= 0x1FAFF) ||
              (cp >= 0x20000 && cp <= 0x3FFFD);
  return wide ? 2 : 1;
}

// The next character as it may be shown; '?' for what may not.
static uint32_t text_next(wg_str s, size_t *pos) {
  uint32_t cp = 0;
  if (!wg_utf8_next(s, pos, &cp)) {
    (*pos)++;
    return '?';
  }
  bool control = cp < 0x20 || (cp >= 0x7F && cp < 0xA0);
  bool turns = (cp >= 0x202A && cp <= 0x202E) || (cp >= 0x2066 && cp <= 0x2069); // bidi controls
  return control || turns ? '?' : cp;
}

unsigned wg_text_columns(wg_str s) {
  unsigned n = 0;
  size_t pos = 0;
  while (pos < s.n) {
    n += text_char_columns(text_next(s, &pos));
  }
  return n;
}

unsigned wg_text_add_fit(wg_buf *b, wg_str s, unsigned max_cols, bool ascii) {
  bool cut = wg_text_columns(s) > max_cols;
  unsigned mark = !cut ? 0 : ascii ? 3 : 1;
  if (mark > max_cols) {
    return 0;
  }
  unsigned n = 0;
  size_t pos = 0;
  while (pos < s.n) {
    uint32_t cp = text_next(s, &pos);
    cp = ascii && cp > 0x7E ? '?' : cp;
    unsigned cols = text_char_columns(cp);
    if (n + cols > max_cols - mark) {
      break;
    }
    wg_utf8_add(b, cp);
    n += cols;
  }
  if (cut) {
    wg_buf_add_z(b, ascii ? "..." : "\xE2\x80\xA6");
  }
  return n + mark;
}

void wg_text_add_clean(wg_buf *b, wg_str s) {
  size_t pos = 0;
  while (pos < s.n) {
    char c = s.p[pos];
    if (c == '\n' || c == '\t') {
      wg_buf_add_byte(b, (uint8_t)c);
      pos++;
    } else if (c == '\r' && pos + 1 < s.n && s.p[pos + 1] == '\n') {
      pos++;
    } else {
      wg_utf8_add(b, text_next(s, &pos));
    }
  }
}

wg_civil wg_text_utc(int64_t wall_ns) {
  return wg_civil_of(wall_ns / 1000000000 - (wall_ns % 1000000000 < 0 ? 1 : 0));
}

void wg_text_add_utc(wg_buf *b, int64_t wall_ns) {
  wg_civil t = wg_text_utc(wall_ns);
  int64_t ms = wall_ns / 1000000 % 1000;
  wg_buf_printf(b, "%04lld-%02u-%02uT%02u:%02u:%02u.%03uZ", (long long)t.year, t.month, t.day,
                t.hour, t.minute, t.second, (unsigned)(ms < 0 ? ms + 1000 : ms));
}

void wg_text_add_html(wg_buf *b, wg_str s) {
  size_t pos = 0;
  while (pos < s.n) {
    uint32_t cp = 0;
    if (!wg_utf8_next(s, &pos, &cp)) {
      pos++;
      cp = 0xFFFD;
    }
    if (cp == '<') {
      wg_buf_add_z(b, "&lt;");
    } else if (cp == '>') {
      wg_buf_add_z(b, "&gt;");
    } else if (cp == '&') {
      wg_buf_add_z(b, "&amp;");
    } else if (cp == '"') {
      wg_buf_add_z(b, "&quot;");
    } else if (cp == '\'') {
      wg_buf_add_z(b, "&#39;");
    } else if ((cp < 0x20 && cp != '\n' && cp != '\t') || cp == 0x7F) {
      wg_utf8_add(b, 0xFFFD);
    } else {
      wg_utf8_add(b, cp);
    }
  }
}

void wg_text_add_count(wg_buf *b, uint64_t n, const char *one, const char *many) {
  wg_buf_printf(b, "%llu %s", (unsigned long long)n, n == 1 ? one : many);
}
