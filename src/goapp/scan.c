// SPDX-License-Identifier: Apache-2.0
#include "goapp/scan.h"

#include <string.h>

typedef enum scan_kind {
  SCAN_END,
  SCAN_WORD,
  SCAN_TEXT,  // a literal in quotes
  SCAN_LINE,  // the end of a line or ';'
  SCAN_OTHER, // one character
} scan_kind;

typedef struct scan {
  wg_str rest;
  wg_str token;
  scan_kind kind;
  wg_go_scan *out;
} scan;

static bool scan_is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         ((unsigned char)c & 0x80U) != 0;
}

static void scan_skip(scan *s, size_t n) {
  n = n < s->rest.n ? n : s->rest.n;
  s->rest = (wg_str){s->rest.p + n, s->rest.n - n};
}

static void scan_comment(scan *s) {
  size_t n = wg_str_find(s->rest, '\n');
  wg_str line = {s->rest.p, n};
  s->out->generates = s->out->generates || wg_str_starts(line, "//go:generate ");
  s->out->ignored = s->out->ignored || wg_str_eqz(line, "//go:build ignore") ||
                    wg_str_eqz(line, "// +build ignore");
  scan_skip(s, n);
}

// True when the comment had a line end in it.
static bool scan_block_comment(scan *s) {
  const char *end = s->rest.n < 4 ? NULL : memmem(s->rest.p + 2, s->rest.n - 2, "*/", 2);
  size_t n = end == NULL ? s->rest.n : (size_t)(end - s->rest.p) + 2;
  bool lines = memchr(s->rest.p, '\n', n) != NULL;
  scan_skip(s, n);
  return lines;
}

// Bytes of the literal that begins here.
static size_t scan_text_bytes(wg_str s) {
  char quote = s.p[0];
  for (size_t i = 1; i < s.n; i++) {
    if (s.p[i] == '\\' && quote != '`') {
      i++;
    } else if (s.p[i] == quote) {
      return i + 1;
    } else if (s.p[i] == '\n' && quote != '`') {
      return i;
    }
  }
  return s.n;
}

static void scan_take(scan *s, scan_kind kind, size_t n) {
  s->kind = kind;
  s->token = (wg_str){s->rest.p, n};
  scan_skip(s, n);
}

// Skips blanks and comments. True when it took a line end with them, which is the token then.
static bool scan_blank(scan *s) {
  for (;;) {
    if (wg_str_starts(s->rest, " ") || wg_str_starts(s->rest, "\t") ||
        wg_str_starts(s->rest, "\r")) {
      scan_skip(s, 1);
    } else if (wg_str_starts(s->rest, "//")) {
      scan_comment(s);
    } else if (wg_str_starts(s->rest, "/*")) {
      if (scan_block_comment(s)) {
        scan_take(s, SCAN_LINE, 0);
        return true;
      }
    } else {
      return false;
    }
  }
}

static size_t scan_word_bytes(wg_str s) {
  size_t n = 0;
  while (n < s.n && scan_is_word(s.p[n])) {
    n++;
  }
  return n;
}

static void scan_next(scan *s) {
  if (scan_blank(s)) {
    return;
  }
  if (s->rest.n == 0) {
    s->kind = SCAN_END;
    s->token = (wg_str){"", 0};
    return;
  }
  char c = s->rest.p[0];
  if (c == '"' || c == '`' || c == '\'') {
    scan_take(s, SCAN_TEXT, scan_text_bytes(s->rest));
  } else if (scan_is_word(c)) {
    scan_take(s, SCAN_WORD, scan_word_bytes(s->rest));
  } else {
    scan_take(s, c == '\n' || c == ';' ? SCAN_LINE : SCAN_OTHER, 1);
  }
}

static bool scan_at(const scan *s, char c) {
  return s->kind == SCAN_OTHER && s->token.p[0] == c;
}

static int scan_depth(const scan *s) {
  if (s->kind != SCAN_OTHER) {
    return 0;
  }
  char c = s->token.p[0];
  return c == '(' || c == '{' || c == '[' ? 1 : c == ')' || c == '}' || c == ']' ? -1 : 0;
}

// To the end of this declaration: a line end outside of all brackets, or the bracket that closes
// the group. *out_values counts what is not a single text behind '='.
static void scan_declaration(scan *s, bool *out_settable) {
  int64_t depth = 0;
  size_t n_behind = 0, n_texts = 0;
  bool has_value = false, only_texts = true;
  for (; s->kind != SCAN_END; scan_next(s)) {
    if (depth == 0 && (s->kind == SCAN_LINE || scan_at(s, ')'))) {
      break;
    }
    depth += scan_depth(s);
    if (has_value && s->kind != SCAN_LINE) {
      n_behind++;
      n_texts += s->kind == SCAN_TEXT;
      only_texts = only_texts && (s->kind == SCAN_TEXT || scan_at(s, '+') || scan_at(s, ','));
    }
    has_value = has_value || (depth == 0 && scan_at(s, '='));
  }
  *out_settable = !has_value || (only_texts && n_texts > 0 && n_behind > 0);
}

#define SCAN_MAX_NAMES 32

// "a, b string = "x", "y"", up to the end of the line.
static void scan_var(scan *s, wg_go_scan_var on_var, void *ctx) {
  wg_str names[SCAN_MAX_NAMES];
  size_t n = 0;
  while (s->kind == SCAN_WORD) {
    wg_str name = s->token;
    scan_next(s);
    if (n < SCAN_MAX_NAMES) {
      names[n++] = name;
    } else if (on_var != NULL) {
      on_var(ctx, name, true); // whatever: a list this long is nobody's version
    }
    if (!scan_at(s, ',')) {
      break;
    }
    scan_next(s);
    while (s->kind == SCAN_LINE) {
      scan_next(s);
    }
  }
  bool settable = false;
  scan_declaration(s, &settable);
  for (size_t i = 0; i < n && on_var != NULL; i++) {
    on_var(ctx, names[i], settable);
  }
}

static void scan_vars(scan *s, wg_go_scan_var on_var, void *ctx) {
  scan_next(s);
  if (!scan_at(s, '(')) {
    scan_var(s, on_var, ctx);
    return;
  }
  scan_next(s);
  while (s->kind != SCAN_END && !scan_at(s, ')')) {
    if (s->kind == SCAN_WORD) {
      scan_var(s, on_var, ctx);
    } else {
      scan_next(s);
    }
  }
}

void wg_go_scan_file(wg_str text, wg_go_scan_var on_var, void *ctx, wg_go_scan *out) {
  *out = (wg_go_scan){.package = {"", 0}};
  scan s = {.rest = text, .out = out, .kind = SCAN_LINE};
  int64_t depth = 0;
  bool at_start = true; // of a declaration
  while (s.kind != SCAN_END) {
    scan_next(&s);
    if (s.kind == SCAN_LINE) {
      at_start = depth == 0;
      continue;
    }
    if (at_start && wg_str_eqz(s.token, "package") && out->package.n == 0) {
      scan_next(&s);
      out->package = s.kind == SCAN_WORD ? s.token : out->package;
    } else if (at_start && s.kind == SCAN_WORD && wg_str_eqz(s.token, "var")) {
      scan_vars(&s, on_var, ctx);
      at_start = s.kind == SCAN_LINE;
      continue;
    }
    at_start = false;
    depth += scan_depth(&s);
    depth = depth < 0 ? 0 : depth;
  }
}
