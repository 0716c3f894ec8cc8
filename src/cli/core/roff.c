// SPDX-License-Identifier: Apache-2.0
#include "cli/core/roff.h"

#include <string.h>

void wg_roff_text(wg_buf *out, const char *s, size_t n, bool at_start) {
  if (at_start && n > 0 && (s[0] == '.' || s[0] == '\'')) {
    wg_buf_add_z(out, "\\&");
  }
  for (size_t i = 0; i < n; i++) {
    if (s[i] == '\\') {
      wg_buf_add_z(out, "\\e");
    } else if (s[i] == '-') {
      wg_buf_add_z(out, "\\-");
    } else {
      wg_buf_add_byte(out, (uint8_t)s[i]);
    }
  }
}

typedef struct roff_state {
  wg_buf *out;
  bool code; // inside a fence
  bool gap;  // a blank line stands before
  bool bold, fixed;
} roff_state;

static void roff_font(roff_state *r) {
  wg_buf_add_z(r->out, r->fixed || r->bold ? "\\fB" : "\\fR");
}

// A line of running text: `code` and **bold** are set in bold, as manual pages have it.
static void roff_inline(roff_state *r, wg_str line) {
  size_t from = 0;
  for (size_t i = 0; i < line.n; i++) {
    bool mark = line.p[i] == '`';
    bool strong = !r->fixed && line.p[i] == '*' && i + 1 < line.n && line.p[i + 1] == '*';
    if (!mark && !strong) {
      continue;
    }
    wg_roff_text(r->out, line.p + from, i - from, from == 0);
    r->fixed ^= mark;
    r->bold ^= strong;
    roff_font(r);
    i += strong;
    from = i + 1;
  }
  wg_roff_text(r->out, line.p + from, line.n - from, from == 0);
  wg_buf_add_byte(r->out, '\n');
}

static bool roff_starts(wg_str line, const char *with) {
  size_t n = strlen(with);
  return line.n >= n && memcmp(line.p, with, n) == 0;
}

static void roff_fence(roff_state *r) {
  wg_buf_add_z(r->out, r->code ? ".EE\n.RE\n" : ".PP\n.RS 4\n.EX\n");
  r->code = !r->code;
}

static void roff_heading(roff_state *r, wg_str line) {
  size_t level = 0;
  while (level < line.n && line.p[level] == '#') {
    level++;
  }
  if (level >= 2) {
    wg_str text = {line.p + level + 1, line.n - level - 1};
    wg_buf_add_z(r->out, level == 2 ? ".SH " : ".SS ");
    for (size_t i = 0; i < text.n; i++) {
      if (text.p[i] != '`') {
        wg_roff_text(r->out, &text.p[i], 1, false);
      }
    }
    wg_buf_add_byte(r->out, '\n');
  }
}

static void roff_line(roff_state *r, wg_str line) {
  if (roff_starts(line, "```")) {
    roff_fence(r);
  } else if (r->code) {
    wg_roff_text(r->out, line.p, line.n, true);
    wg_buf_add_byte(r->out, '\n');
  } else if (roff_starts(line, "#")) {
    roff_heading(r, line);
  } else if (line.n == 0 || roff_starts(line, "<!--")) {
    r->gap = true;
    return;
  } else if (roff_starts(line, "- ")) {
    wg_buf_add_z(r->out, ".IP \\(bu 2\n");
    roff_inline(r, (wg_str){line.p + 2, line.n - 2});
  } else {
    size_t n_indent = 0;
    while (n_indent < line.n && line.p[n_indent] == ' ') {
      n_indent++;
    }
    wg_buf_add_z(r->out, r->gap ? ".PP\n" : "");
    roff_inline(r, (wg_str){line.p + n_indent, line.n - n_indent});
  }
  r->gap = false;
}

void wg_roff_markdown(wg_buf *out, wg_str markdown) {
  roff_state r = {.out = out};
  while (markdown.n > 0) {
    size_t n = wg_str_find(markdown, '\n');
    roff_line(&r, (wg_str){markdown.p, n});
    n += n < markdown.n;
    markdown = (wg_str){markdown.p + n, markdown.n - n};
  }
}
