// SPDX-License-Identifier: Apache-2.0
// The mistakes that people make in YAML: what is wrong, where, and the small change of the text
// that was probably meant. With that change the parse goes on, so that one run tells all of them.
#include <string.h>

#include "fmt/yaml/internal.h"

typedef struct mend_line {
  wg_str s;    // without its end
  size_t off;  // of its first byte in the text
  uint32_t no; // 1-based; 0: there is none
  size_t indent;
} mend_line;

typedef struct mend {
  wg_str text;
  const char *msg; // libfyaml's
  wg_arena *arena;
  mend_line at, above, below; // the line of the error, the nearest ones that say something
  yaml_open open;
  wg_yaml_fault *f;
  yaml_mend *m;
} mend;

static mend_line mend_line_at(wg_str t, size_t off, uint32_t no) {
  size_t n = 0, indent = 0;
  while (off + n < t.n && t.p[off + n] != '\n') {
    n++;
  }
  n -= n > 0 && t.p[off + n - 1] == '\r' ? 1 : 0;
  while (indent < n && t.p[off + indent] == ' ') {
    indent++;
  }
  return (mend_line){{t.p + off, n}, off, no, indent};
}

static bool mend_says_nothing(const mend_line *l) {
  size_t i = 0;
  while (i < l->s.n && (l->s.p[i] == ' ' || l->s.p[i] == '\t')) {
    i++;
  }
  return i == l->s.n || l->s.p[i] == '#';
}

// The line of the error and its neighbours.
static void mend_find_lines(mend *d) {
  size_t off = 0;
  mend_line none = {0};
  d->at = d->above = d->below = none;
  for (uint32_t no = 1; off < d->text.n; no++) {
    mend_line l = mend_line_at(d->text, off, no);
    if (no == d->f->line) {
      d->at = l;
    } else if (no < d->f->line && !mend_says_nothing(&l)) {
      d->above = l;
    } else if (no > d->f->line && !mend_says_nothing(&l)) {
      d->below = l;
      return;
    }
    off += l.s.n;
    while (off < d->text.n && d->text.p[off] != '\n') {
      off++;
    }
    off++;
  }
}

static bool mend_is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-' || c == '.' || c == '+';
}

// Bytes of a key's word at i.
static size_t mend_word(wg_str s, size_t i) {
  size_t n = 0;
  while (i + n < s.n && mend_is_word(s.p[i + n])) {
    n++;
  }
  return n;
}

// Behind the indentation and the dashes of a list.
static size_t mend_begin(const mend_line *l) {
  size_t i = l->indent;
  while (i + 1 < l->s.n && l->s.p[i] == '-' && l->s.p[i + 1] == ' ') {
    i += 2;
    while (i < l->s.n && l->s.p[i] == ' ') {
      i++;
    }
  }
  return i;
}

static uint32_t mend_col(const mend_line *l, size_t i) {
  uint32_t col = 1;
  for (size_t k = 0; k < i && k < l->s.n; k++) {
    col += ((uint8_t)l->s.p[k] & 0xC0) != 0x80 ? 1 : 0;
  }
  return col;
}

// Says what is wrong at byte i of the line, and that n_del bytes at byte `where` become `put`.
static bool mend_say(mend *d, const mend_line *l, size_t i, const char *text, const char *hint) {
  d->f->line = l->no;
  d->f->col = mend_col(l, i);
  d->f->text = text;
  d->f->hint = hint;
  return true;
}

static void mend_with(mend *d, const mend_line *l, size_t where, size_t n_del, const char *put) {
  *d->m = (yaml_mend){.has = true, .off = l->off + where, .n_del = n_del, .put = put};
}

// --- one mistake each; true when it is the one

static bool mend_tab_on(mend *d, const mend_line *l) {
  size_t n = 0, tabs = 0, tab = SIZE_MAX;
  while (n < l->s.n && (l->s.p[n] == ' ' || l->s.p[n] == '\t')) {
    tab = l->s.p[n] == '\t' && tab == SIZE_MAX ? n : tab;
    tabs += l->s.p[n] == '\t' ? 1 : 0;
    n++;
  }
  if (l->no == 0 || tab == SIZE_MAX) {
    return false;
  }
  char *spaces = wg_arena_array(d->arena, n + tabs + 1, 1); // two for each tab
  if (spaces != NULL) {
    memset(spaces, ' ', n + tabs);
  }
  mend_with(d, l, 0, n, spaces);
  return mend_say(d, l, tab, "a tab in the indentation",
                  "YAML takes spaces only: indent with two spaces");
}

static bool mend_tab(mend *d) {
  return mend_tab_on(d, &d->at) || mend_tab_on(d, &d->above);
}

static bool mend_conflict_on(mend *d, const mend_line *l) {
  static const char *const marks[] = {"<<<<<<< ", "=======", ">>>>>>> "};
  for (size_t i = 0; l->no != 0 && i < WG_ARRAY_LEN(marks); i++) {
    if (wg_str_starts(l->s, marks[i])) {
      mend_with(d, l, 0, l->s.n, "");
      return mend_say(d, l, 0, "a merge conflict that is not resolved",
                      "keep one of the two sides, and remove the lines with <<<, === and >>>");
    }
  }
  return false;
}

static bool mend_conflict(mend *d) {
  return mend_conflict_on(d, &d->at) || mend_conflict_on(d, &d->above) ||
         mend_conflict_on(d, &d->below);
}

static bool mend_dash_on(mend *d, const mend_line *l) {
  size_t i = l->no == 0 ? 0 : mend_begin(l);
  if (l->no == 0 || i + 1 >= l->s.n || l->s.p[i] != '-' || strchr("- \t.", l->s.p[i + 1]) != NULL ||
      (l->s.p[i + 1] >= '0' && l->s.p[i + 1] <= '9')) {
    return false;
  }
  mend_with(d, l, i + 1, 0, " ");
  return mend_say(d, l, i, "a '-' without a space behind it",
                  "write '- ', one space, then the item");
}

static bool mend_dash(mend *d) {
  return mend_dash_on(d, &d->at) || mend_dash_on(d, &d->above);
}

static bool mend_colon_on(mend *d, const mend_line *l) {
  size_t i = l->no == 0 ? 0 : mend_begin(l);
  size_t n = mend_word(l->s, i), colon = i + n;
  bool tight = l->no != 0 && n > 1 && colon + 1 < l->s.n && l->s.p[colon] == ':' &&
               strchr(" \t:/\\", l->s.p[colon + 1]) == NULL;
  if (!tight) {
    return false;
  }
  mend_with(d, l, colon + 1, 0, " ");
  return mend_say(d, l, colon,
                  wg_arena_printf(d->arena, "a ':' without a space behind it, after '%.*s'",
                                  (int)(n > 40 ? 40 : n), l->s.p + i),
                  "write 'key: value', with a space behind the colon");
}

static bool mend_colon(mend *d) {
  return mend_colon_on(d, &d->at) || mend_colon_on(d, &d->above);
}

// A word alone on its line, or with a value and no colon between.
static bool mend_no_colon_on(mend *d, const mend_line *l) {
  size_t i = l->no == 0 ? 0 : mend_begin(l);
  size_t n = mend_word(l->s, i), rest = i + n;
  while (rest < l->s.n && l->s.p[rest] == ' ') {
    rest++;
  }
  bool alone = rest == l->s.n || l->s.p[rest] == '#';
  bool valued = !alone && rest > i + n && l->s.p[rest] != ':' &&
                memmem(l->s.p + rest, l->s.n - rest, ": ", 2) == NULL && l->s.p[l->s.n - 1] != ':';
  if (l->no == 0 || n == 0 || (!alone && !valued)) {
    return false;
  }
  int shown = (int)(n > 40 ? 40 : n);
  mend_with(d, l, i + n, 0, ":");
  return mend_say(
      d, l, i, wg_arena_printf(d->arena, "no ': ' behind '%.*s'", shown, l->s.p + i),
      wg_arena_printf(d->arena, alone ? "write '%.*s:'" : "write '%.*s: ...'", shown, l->s.p + i));
}

static bool mend_no_colon(mend *d) {
  static const char *const parts[] = {"expected ':'", "multiline plain key", "after mapping",
                                      "invalid value", "invalid block mapping"};
  for (size_t i = 0; i < WG_ARRAY_LEN(parts); i++) {
    if (strstr(d->msg, parts[i]) != NULL) {
      return mend_no_colon_on(d, &d->at) || mend_no_colon_on(d, &d->above);
    }
  }
  return false;
}

static bool mend_has_key(const mend_line *l) {
  size_t i = mend_begin(l), n = mend_word(l->s, i), at = i + n;
  return l->no != 0 && n > 0 && at < l->s.n && l->s.p[at] == ':' &&
         (at + 1 == l->s.n || l->s.p[at + 1] == ' ');
}

static bool mend_deeper(mend *d, const mend_line *first, const mend_line *second) {
  if (!mend_has_key(first) || !mend_has_key(second) || first->s.p[first->s.n - 1] == ':' ||
      second->indent <= first->indent || strchr("|>", first->s.p[first->s.n - 1]) != NULL ||
      d->open.bracket != 0) {
    return false;
  }
  size_t keys = mend_begin(first); // behind a dash, if there is one
  char *spaces = wg_arena_strndup(d->arena, first->s.p, keys);
  if (spaces != NULL) {
    memset(spaces, ' ', keys);
  }
  bool ended = strchr("]}", first->s.p[first->s.n - 1]) != NULL; // it was meant to be in there
  mend_with(d, second, 0, ended ? second->s.n : second->indent, ended ? "" : spaces);
  return mend_say(d, second, second->indent,
                  "a key that is indented more than the one above, which has a value already",
                  "start the keys of one map in the same column");
}

// A line that stands in no column of those above goes to that of the nearest.
static bool mend_column(mend *d) {
  bool in_list = strstr(d->msg, "ndation in sequence") != NULL;
  bool known = in_list || strstr(d->msg, "ndentation in") != NULL;
  const mend_line *l = &d->at, *a = &d->above;
  if (!known || l->no == 0 || a->no == 0 || d->open.bracket != 0) {
    return false;
  }
  bool alike = (l->s.p[l->indent] == '-') == (a->s.p[a->indent] == '-');
  if (alike && a->indent > l->indent) {
    char *spaces = wg_arena_strndup(d->arena, a->s.p, a->indent);
    if (spaces != NULL) {
      memset(spaces, ' ', a->indent);
    }
    mend_with(d, l, 0, l->indent, spaces);
  }
  return in_list || l->s.p[l->indent] == '-'
             ? mend_say(d, l, l->indent, "an item that stands in no column of the items above",
                        "start the items of one list in the same column")
             : mend_say(d, l, l->indent, "a key that stands in no column of the keys above",
                        "start the keys of one map in the same column");
}

static bool mend_indent(mend *d) {
  return mend_deeper(d, &d->at, &d->below) || mend_deeper(d, &d->above, &d->at);
}

// From one quote to the one that was meant to close it: what stands behind a value follows it.
static size_t mend_closing(wg_str s, size_t open) {
  size_t last = SIZE_MAX;
  for (size_t i = open + 1; i < s.n; i++) {
    if (s.p[i] == '"' && (i + 1 == s.n || strchr(" ,]}#:", s.p[i + 1]) != NULL)) {
      return i;
    }
  }
  return last;
}

static bool mend_escape(mend *d) {
  const wg_str s = d->at.s;
  size_t open = wg_str_find(s, '"');
  while (d->at.no != 0 && open < s.n) {
    size_t close = mend_closing(s, open);
    size_t bad = open + 1;
    while (bad + 1 < s.n && bad < close && (s.p[bad] != '\\' || wg_yaml_escape_bytes(s, bad) > 0)) {
      bad += s.p[bad] == '\\' ? wg_yaml_escape_bytes(s, bad) : 1;
    }
    if (bad + 1 < s.n && bad < close) {
      if (close != SIZE_MAX) {
        mend_with(d, &d->at, open, close + 1 - open,
                  wg_arena_printf(d->arena, "'%.*s'", (int)(close - open - 1), s.p + open + 1));
      }
      return mend_say(
          d, &d->at, bad,
          wg_arena_printf(d->arena, "'\\%c' in double quotes is no escape", s.p[bad + 1]),
          "in double quotes a backslash starts an escape: write Windows paths in single "
          "quotes, 'C:\\Program Files'");
    }
    if (close == SIZE_MAX) {
      return false;
    }
    open = close + 1 + wg_str_find((wg_str){s.p + close + 1, s.n - close - 1}, '"');
  }
  return false;
}

// Where the value ends that begins at i: before a comment, or in brackets before what ends an item.
static size_t mend_value_end(wg_str s, size_t i, bool in_brackets) {
  size_t end = i;
  while (end < s.n && !(in_brackets && strchr(",]}", s.p[end]) != NULL) &&
         !(s.p[end] == ' ' && end + 1 < s.n && s.p[end + 1] == '#')) {
    end++;
  }
  while (end > i && s.p[end - 1] == ' ') {
    end--;
  }
  return end;
}

static bool mend_quote(mend *d, const mend_line *l, size_t i, bool in_brackets, const char *text) {
  size_t end = mend_value_end(l->s, i, in_brackets);
  wg_str v = {l->s.p + i, end - i};
  if (wg_str_find(v, '\'') == v.n && v.n > 0) {
    mend_with(d, l, i, v.n, wg_arena_printf(d->arena, "'%.*s'", WG_STR_ARG(v)));
  }
  int shown = (int)(v.n > 40 ? 40 : v.n);
  return mend_say(
      d, l, i, text,
      wg_arena_printf(d->arena, "put it into quotes: '%.*s%s'", shown, v.p, v.n > 40 ? "..." : ""));
}

// A value that begins with a character that means something to YAML.
static bool mend_start(mend *d) {
  const mend_line *l = &d->at;
  bool cannot = strstr(d->msg, "cannot start with") != NULL;
  size_t begin = l->no == 0 ? 0 : mend_begin(l);
  bool flow = d->open.bracket != 0;
  for (size_t i = begin; l->no != 0 && i < l->s.n; i++) {
    bool starts = i == begin || (i >= 2 && l->s.p[i - 1] == ' ' && strchr(":-,", l->s.p[i - 2])) ||
                  strchr("[{,", l->s.p[i - 1]) != NULL;
    bool mark = strchr(cannot ? "%@`" : "!&*>|", l->s.p[i]) != NULL && l->s.p[i] != '\0';
    bool empty = i + 1 == l->s.n || l->s.p[i + 1] == ' ';
    bool block = strchr(">|", l->s.p[i]) != NULL && (flow || empty);
    if (starts && mark && !block) {
      bool inner = flow || memchr(l->s.p, '[', i) != NULL || memchr(l->s.p, '{', i) != NULL;
      bool is_key = i == begin && cannot && mend_value_end(l->s, i, false) > i &&
                    memmem(l->s.p + i, l->s.n - i, ": ", 2) != NULL;
      if (is_key) {
        return mend_say(d, l, i,
                        wg_arena_printf(d->arena, "a key that begins with '%c'", l->s.p[i]),
                        "put the key into quotes");
      }
      return mend_quote(
          d, l, i, inner,
          wg_arena_printf(d->arena, "text that begins with '%c' without quotes", l->s.p[i]));
    }
  }
  return false;
}

// A quote that is not closed on its line.
static bool mend_unclosed(mend *d) {
  bool is_double = strstr(d->msg, "ouble-quoted") != NULL;
  bool known = (is_double || strstr(d->msg, "ingle-quoted") != NULL) && d->at.no != 0;
  char quote = is_double ? '"' : '\'';
  size_t i = 0;
  while (known && i < d->at.s.n && mend_col(&d->at, i) < d->f->col) {
    i++;
  }
  if (known && strstr(d->msg, "escape") == NULL && i > 0 && i < d->at.s.n &&
      memchr(d->at.s.p, quote, i) != NULL && d->at.s.p[i] != quote) {
    return mend_say(d, &d->at, i, "text behind a quote that is closed",
                    "put all of it into one pair of quotes, or remove what is too much");
  }
  if (!known || strstr(d->msg, "escape") != NULL || i >= d->at.s.n || d->at.s.p[i] != quote ||
      memchr(d->at.s.p + i + 1, quote, d->at.s.n - i - 1) != NULL) {
    return false;
  }
  size_t end = mend_value_end(d->at.s, i, d->open.bracket != 0);
  if (d->below.no == 0 || mend_has_key(&d->below) || d->below.s.p[d->below.indent] == '-') {
    mend_with(d, &d->at, end, 0, is_double ? "\"" : "'");
  }
  return mend_say(d, &d->at, i,
                  is_double ? "a double quote that opens here is not closed"
                            : "a single quote that opens here is not closed",
                  is_double ? "close it on the same line"
                            : "close it on the same line; inside single quotes a quote is written "
                              "twice: 'it''s'");
}

static bool mend_second_colon(mend *d) {
  const mend_line *l = &d->at;
  size_t i = l->no == 0 ? 0 : mend_begin(l);
  size_t n = mend_word(l->s, i), value = i + n + 2;
  bool again = strstr(d->msg, "nested block mapping on the same line") != NULL;
  if (!again || n == 0 || value >= l->s.n || l->s.p[i + n] != ':') {
    return false;
  }
  uint32_t col = d->f->col;
  (void)mend_quote(d, l, value, false, "a second ': ' on one line");
  d->f->col = col;
  return true;
}

// A bracket that was meant to be closed on its own line: what follows is a key of the block.
static bool mend_bracket(mend *d) {
  if (d->open.bracket == 0) {
    return false;
  }
  mend_line l = mend_line_at(d->text, d->open.line_off, d->open.line);
  bool at_end = d->at.no == 0 || mend_says_nothing(&d->at);
  bool out =
      at_end || (d->f->line > d->open.line && d->at.indent <= l.indent && mend_has_key(&d->at));
  if (!out) {
    return false;
  }
  char close = d->open.bracket == '[' ? ']' : '}';
  mend_with(d, &l, mend_value_end(l.s, 0, false), 0, wg_arena_printf(d->arena, "%c", close));
  d->f->line = d->open.line;
  d->f->col = d->open.col;
  d->f->text = wg_arena_printf(d->arena, "a '%c' that is never closed", d->open.bracket);
  d->f->hint = wg_arena_printf(d->arena, "close it with '%c'", close);
  return true;
}

// One that closes another kind than the one that is open.
static bool mend_mismatch(mend *d) {
  if (strstr(d->msg, "mismatched flow") == NULL || d->open.bracket == 0 || d->at.no == 0) {
    return false;
  }
  size_t i = 0;
  while (i < d->at.s.n && mend_col(&d->at, i) < d->f->col) {
    i++;
  }
  char wrong = d->open.bracket == '[' ? '}' : ']';
  if (i == d->at.s.n || d->at.s.p[i] != wrong) {
    return false;
  }
  return mend_say(d, &d->at, i,
                  wg_arena_printf(d->arena, "a '%c' while the '%c' on line %u, column %u is open",
                                  wrong, d->open.bracket, (unsigned)d->open.line,
                                  (unsigned)d->open.col),
                  wg_arena_printf(d->arena, "close that one with '%c' first",
                                  d->open.bracket == '[' ? ']' : '}'));
}

// One that closes nothing on a line that opened all the others itself.
static bool mend_too_many(mend *d) {
  int depth = 0;
  char quote = 0;
  const wg_str s = d->at.s;
  for (size_t i = 0; d->at.no != 0 && d->open.bracket == 0 && i < s.n; i++) {
    char c = s.p[i];
    if (quote != 0) {
      quote = c == quote ? 0 : quote;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '[' || c == '{') {
      depth++;
    } else if ((c == ']' || c == '}') && --depth < 0) {
      mend_with(d, &d->at, i, 1, "");
      return mend_say(d, &d->at, i, wg_arena_printf(d->arena, "a '%c' that closes nothing", c),
                      "remove it, or look for one too many before it");
    }
  }
  return false;
}

static bool mend_comma(mend *d) {
  if (strstr(d->msg, "missing comma") == NULL || d->at.no == 0 || d->f->col == 0) {
    return false;
  }
  size_t i = 0;
  while (i < d->at.s.n && mend_col(&d->at, i) < d->f->col) {
    i++;
  }
  size_t before = i;
  while (before > 0 && d->at.s.p[before - 1] == ' ') {
    before--;
  }
  if (before == 0) {
    return false;
  }
  mend_with(d, &d->at, before, 0, ",");
  return mend_say(d, &d->at, i, "a ',' is missing before this",
                  wg_arena_printf(d->arena,
                                  "put commas between the items of the '%c' on line %u, column %u",
                                  d->open.bracket == 0 ? '{' : d->open.bracket,
                                  (unsigned)d->open.line, (unsigned)d->open.col));
}

bool wg_yaml_mend(wg_str text, const char *msg, const yaml_open *open, wg_arena *arena,
                  wg_yaml_fault *f, yaml_mend *m) {
  static bool (*const mistakes[])(mend * d) = {
      mend_conflict,     mend_tab,     mend_dash,     mend_escape, mend_unclosed,
      mend_second_colon, mend_bracket, mend_comma,    mend_colon,  mend_no_colon,
      mend_too_many,     mend_start,   mend_mismatch, mend_indent, mend_column};
  mend d = {
      .text = text, .msg = msg == NULL ? "" : msg, .arena = arena, .open = *open, .f = f, .m = m};
  mend_find_lines(&d);
  for (size_t i = 0; i < WG_ARRAY_LEN(mistakes); i++) {
    *m = (yaml_mend){0};
    if (mistakes[i](&d)) {
      m->has = m->has && m->put != NULL;
      return true;
    }
  }
  return false;
}

bool wg_yaml_mended(wg_arena *arena, const yaml_mend *m, wg_str *text) {
  size_t put = strlen(m->put), n = text->n - m->n_del + put;
  char *copy = wg_arena_array(arena, n + 1, 1);
  if (copy == NULL || m->off + m->n_del > text->n) {
    return false;
  }
  memcpy(copy, text->p, m->off);
  memcpy(copy + m->off, m->put, put);
  memcpy(copy + m->off + put, text->p + m->off + m->n_del, text->n - m->off - m->n_del);
  *text = (wg_str){copy, n};
  return true;
}

bool wg_yaml_is_again(const wg_yaml_fault *made, size_t n, const wg_yaml_fault *f) {
  for (size_t i = 0; i < n; i++) {
    bool same = made[i].col == f->col && strcmp(made[i].text, f->text) == 0;
    if (made[i].line == f->line && (same || wg_str_starts(wg_str_of(f->text), "not YAML"))) {
      return true;
    }
  }
  return false;
}
