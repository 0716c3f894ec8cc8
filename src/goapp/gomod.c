// SPDX-License-Identifier: Apache-2.0
#include "goapp/gomod.h"

#include <string.h>

#define GOMOD_MAX_PATHS 10000

typedef struct gomod_scan {
  wg_arena *arena;
  const char **v;
  size_t n, cap;
} gomod_scan;

// The next token of a line: a word, a quoted string (without its quotes) or "=>"; empty at the end
// or at a comment.
static wg_str gomod_token(wg_str *line) {
  while (line->n > 0 && (line->p[0] == ' ' || line->p[0] == '\t' || line->p[0] == '\r')) {
    *line = (wg_str){line->p + 1, line->n - 1};
  }
  if (line->n == 0 || (line->n > 1 && line->p[0] == '/' && line->p[1] == '/')) {
    return (wg_str){"", 0};
  }
  char quote = '\0';
  if (line->p[0] == '"' || line->p[0] == '`') {
    quote = line->p[0];
  }
  size_t from = quote != '\0' ? 1 : 0;
  size_t i = from;
  while (i < line->n &&
         (quote != '\0' ? line->p[i] != quote
                        : line->p[i] != ' ' && line->p[i] != '\t' && line->p[i] != '\r')) {
    i++;
  }
  wg_str token = {line->p + from, i - from};
  size_t step = quote != '\0' && i < line->n ? i + 1 : i;
  *line = (wg_str){line->p + step, line->n - step};
  return token;
}

static bool gomod_is_local(wg_str s) {
  return wg_str_starts(s, "./") || wg_str_starts(s, "../") || wg_str_starts(s, "/") ||
         wg_str_eqz(s, ".") || wg_str_eqz(s, "..");
}

static wg_code gomod_keep(gomod_scan *g, wg_str path, wg_error *err) {
  if (g->n >= GOMOD_MAX_PATHS) {
    return wg_fail(err, WG_E_LIMIT, "more than %u local paths", (unsigned)GOMOD_MAX_PATHS);
  }
  char *z = wg_arena_strndup(g->arena, path.p, path.n);
  if (z == NULL) {
    return wg_arena_fail(g->arena, err);
  }
  wg_vec_push(&g->v, &g->n, &g->cap) = z;
  return WG_OK;
}

// One `use` or `replace` entry, without the word itself.
static wg_code gomod_entry(gomod_scan *g, wg_str word, wg_str line, wg_error *err) {
  bool use = wg_str_eqz(word, "use");
  bool right = use;
  for (;;) {
    wg_str t = gomod_token(&line);
    if (t.n == 0) {
      return WG_OK;
    }
    if (right) {
      return use || gomod_is_local(t) ? gomod_keep(g, t, err) : WG_OK;
    }
    right = wg_str_eqz(t, "=>");
  }
}

wg_code wg_go_mod_local_paths(wg_str text, wg_arena *arena, wg_go_strs *out, wg_error *err) {
  gomod_scan g = {.arena = arena};
  wg_str block = {"", 0}; // the word of the ( ) block we are in
  wg_code c = WG_OK;
  while (text.n > 0 && c == WG_OK) {
    size_t n = wg_str_find(text, '\n');
    wg_str line = {text.p, n};
    size_t step = n < text.n ? n + 1 : n;
    text = (wg_str){text.p + step, text.n - step};
    wg_str rest = line;
    wg_str first = gomod_token(&rest);
    wg_str peek = rest;
    if (block.n > 0) {
      if (wg_str_eqz(first, ")")) {
        block = (wg_str){"", 0};
      } else if (wg_str_eqz(block, "use") || wg_str_eqz(block, "replace")) {
        c = gomod_entry(&g, block, line, err);
      }
    } else if (wg_str_eqz(gomod_token(&peek), "(")) {
      block = first;
    } else if (wg_str_eqz(first, "use") || wg_str_eqz(first, "replace")) {
      c = gomod_entry(&g, first, rest, err);
    }
  }
  const char **v = c == WG_OK ? wg_arena_new_array(arena, const char *, g.n) : NULL;
  if (v != NULL) {
    if (g.n > 0) {
      memcpy(v, g.v, g.n * sizeof(*v));
    }
    *out = (wg_go_strs){v, g.n};
  } else if (c == WG_OK) {
    c = wg_arena_fail(arena, err);
  }
  wg_xfree(g.v);
  return c;
}

static bool gomod_serves(wg_str module, wg_str import_path) {
  return module.n > 0 && module.n <= import_path.n &&
         memcmp(module.p, import_path.p, module.n) == 0 &&
         (module.n == import_path.n || import_path.p[module.n] == '/');
}

void wg_go_mod_requires(wg_str text, const char *import_path, wg_str *out_module,
                        wg_str *out_version) {
  *out_module = *out_version = (wg_str){"", 0};
  bool in_block = false;
  while (text.n > 0) {
    size_t n = wg_str_find(text, '\n');
    wg_str line = {text.p, n};
    size_t step = n < text.n ? n + 1 : n;
    text = (wg_str){text.p + step, text.n - step};
    wg_str module = gomod_token(&line);
    if (!in_block && wg_str_eqz(module, "require")) {
      module = gomod_token(&line);
      if (wg_str_eqz(module, "(")) {
        in_block = true;
        continue;
      }
    } else if (in_block && wg_str_eqz(module, ")")) {
      in_block = false;
    } else if (!in_block) {
      continue;
    }
    if (gomod_serves(module, wg_str_of(import_path)) && module.n > out_module->n) {
      *out_module = module;
      *out_version = gomod_token(&line);
    }
  }
}
