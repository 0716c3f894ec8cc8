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
      if (strchr("0abt\tnvfre \"/\\N_LPxuU", line.p[i + 1]) == NULL) {
        return true;
      }
      i++;
    }
  }
  return false;
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
  out->text = wg_arena_printf(arena, "not YAML: %s", msg == NULL ? "it can't be read here" : msg);
  if (clarify_has_bad_escape(line)) {
    out->hint = "in double quotes a backslash starts an escape: write Windows paths in single "
                "quotes, 'C:\\Program Files'";
  }
}
