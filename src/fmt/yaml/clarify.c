// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "fmt/yaml/internal.h"

// Line number `line` (1-based) of text, without its end.
static wg_str clarify_line(wg_str text, uint32_t line) {
  size_t pos = 0;
  for (uint32_t i = 1; i < line && pos < text.n; i++) {
    while (pos < text.n && text.p[pos] != '\n') {
      pos++;
    }
    pos += pos < text.n ? 1 : 0;
  }
  size_t end = pos;
  while (end < text.n && text.p[end] != '\n' && text.p[end] != '\r') {
    end++;
  }
  return (wg_str){text.p + pos, end - pos};
}

// Column (1-based) of a tab among the spaces that begin the line; 0 when there is none.
static uint32_t clarify_tab(wg_str line) {
  for (size_t i = 0; i < line.n && (line.p[i] == ' ' || line.p[i] == '\t'); i++) {
    if (line.p[i] == '\t') {
      return (uint32_t)i + 1;
    }
  }
  return 0;
}

static bool clarify_has_bad_escape(wg_str line) {
  size_t quote = wg_str_find(line, '"');
  for (size_t i = quote; i + 1 < line.n; i++) {
    if (line.p[i] == '\\') {
      size_t n = wg_yaml_escape_bytes(line, i);
      if (n == 0) {
        return true;
      }
      i += n - 1;
    }
  }
  return false;
}

// What libfyaml says of the mistakes that people make, and plainer words for it.
typedef struct clarify_known {
  const char *part; // of libfyaml's message
  const char *text; // NULL: its message will do
  const char *hint;
} clarify_known;

static const clarify_known *clarify_find(const char *msg) {
  static const clarify_known known[] = {
      {"ouble-quoted", "a double quote that opens here is not closed", "close it on the same line"},
      {"ingle-quoted", "a single quote that opens here is not closed",
       "close it on the same line; inside single quotes a quote is written twice: 'it''s'"},
      {"nested block mapping on the same line", "a second ': ' on one line",
       "put text that has a colon and a space in it into quotes"},
      {"indentation in mapping", "a key that stands in no column of the keys above",
       "start the keys of one map in the same column"},
      {"indentation in sequence", "an item that stands in no column of the items above",
       "start the items of one list in the same column"},
      {"plain scalar cannot start with", NULL, "put the text into quotes"},
      {"alias detected", "a '*' that names no anchor", "put text that starts with '*' into quotes"},
      {"invalid anchor", "a '&' that names nothing", "put text that starts with '&' into quotes"},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(known); i++) {
    if (strstr(msg, known[i].part) != NULL && strstr(msg, "escape") == NULL) {
      return &known[i];
    }
  }
  return NULL;
}

void wg_yaml_clarify(wg_str text, const char *msg, wg_arena *arena, wg_yaml_fault *out) {
  wg_str line = clarify_line(text, out->line);
  uint32_t tab = clarify_tab(line);
  uint32_t above = 0;
  if (tab == 0 && out->line > 1) {
    above = clarify_tab(clarify_line(text, out->line - 1));
  }
  if (tab != 0 || above != 0) {
    out->line -= tab != 0 ? 0 : 1;
    out->col = tab != 0 ? tab : above;
    out->text = "a tab in the indentation";
    out->hint = "YAML takes spaces only: indent with two spaces";
    return;
  }
  const clarify_known *k = clarify_find(msg == NULL ? "" : msg);
  if (k != NULL && k->text != NULL) {
    out->text = k->text;
  } else {
    out->text = wg_arena_printf(arena, "not YAML: %s", msg == NULL ? "it can't be read here" : msg);
  }
  out->hint = k == NULL ? NULL : k->hint;
  if (out->col > 1 && out->col - 2 < line.n && line.p[out->col - 2] == '*') {
    out->col--; // the star itself
  }
  if (clarify_has_bad_escape(line)) {
    out->hint = "in double quotes a backslash starts an escape: write Windows paths in single "
                "quotes, 'C:\\Program Files'";
  }
}
