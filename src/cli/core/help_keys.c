// SPDX-License-Identifier: Apache-2.0
// `wingo help keys`: the reference of wingo.yaml, from the same rows as the manual page.
#include <string.h>

#include "base/near.h"
#include "base/select.h"
#include "cli/core/internal.h"
#include "config/reference.h"
#include "project/sections.h"

#define KEYS_MAX_PARTS 16
#define KEYS_COLUMN 24
#define KEYS_WIDTH 88

typedef struct keys_parts { // "images.<name>.files[].from" without dots and brackets
  char *v[KEYS_MAX_PARTS];
  size_t n;
} keys_parts;

typedef struct keys_key {
  wg_key_doc doc;
  keys_parts parts;
} keys_key;

typedef struct keys_list {
  wg_arena arena;
  keys_key *v;
  size_t n, cap;
} keys_list;

static void keys_list_done(keys_list *l) {
  wg_xfree(l->v);
  wg_arena_done(&l->arena);
}
WG_DEFINE_AUTO(keys_list, keys_list_done);

static char *keys_copy(wg_arena *a, const char *s, size_t n) {
  char *copy = wg_arena_strndup(a, s, n);
  wg_assert(copy != NULL);
  return copy;
}

static const char *keys_dup(wg_arena *a, const char *s) {
  return s == NULL ? NULL : keys_copy(a, s, strlen(s));
}

// A '+' in front adds to a list in overlays; "[]" and "[0]" stand for any item.
static keys_parts keys_split(wg_arena *a, const char *path) {
  keys_parts parts = {.n = 0};
  while (*path != '\0' && parts.n < KEYS_MAX_PARTS) {
    size_t n = strcspn(path, ".");
    size_t skip = path[0] == '+' ? 1 : 0;
    size_t name = strcspn(path + skip, ".[");
    parts.v[parts.n++] = keys_copy(a, path + skip, name);
    path += n + (path[n] == '.' ? 1 : 0);
  }
  return parts;
}

static void keys_visit(void *ctx, const wg_key_doc *key) {
  keys_list *l = ctx;
  wg_arena *a = &l->arena;
  keys_key copy = {.doc = *key, .parts = keys_split(a, key->path)};
  copy.doc.path = keys_dup(a, key->path);
  copy.doc.same_as = keys_dup(a, key->same_as);
  copy.doc.type = keys_dup(a, key->type);
  copy.doc.need = keys_dup(a, key->need);
  wg_vec_push(&l->v, &l->n, &l->cap) = copy;
}

// --- finding

static bool keys_part_fits(const char *asked, const char *part) {
  return part[0] == '<' || wg_glob_match(asked, part);
}

// Whether the first n parts of the key are those that were asked for.
static bool keys_begins(const keys_key *k, const keys_parts *asked, size_t n) {
  if (k->parts.n < n) {
    return false;
  }
  for (size_t i = 0; i < n; i++) {
    if (!keys_part_fits(asked->v[i], k->parts.v[i])) {
      return false;
    }
  }
  return true;
}

typedef enum keys_how {
  KEYS_EXACT,  // the path itself
  KEYS_BELOW,  // one part more: what a place holds that is no key itself, "images.kiosk"
  KEYS_SHORT,  // the path without the names: "images.files"
  KEYS_CALLED, // a word alone: every key of that name, where it stands first
} keys_how;

// Whether the key's parts that are no names ("<name>") are those that were asked for.
static bool keys_short(const keys_key *k, const keys_parts *asked) {
  size_t n = 0;
  for (size_t i = 0; i < k->parts.n; i++) {
    if (k->parts.v[i][0] != '<') {
      if (n == asked->n || strcmp(asked->v[n], k->parts.v[i]) != 0) {
        return false;
      }
      n++;
    }
  }
  return n == asked->n;
}

static bool keys_fits(const keys_key *k, const keys_parts *asked, keys_how how) {
  if (how == KEYS_CALLED) {
    return asked->n == 1 && k->doc.same_as == NULL && keys_part_fits(asked->v[0], k->doc.name);
  }
  if (how == KEYS_SHORT) {
    return keys_short(k, asked);
  }
  return k->parts.n == asked->n + (how == KEYS_BELOW ? 1 : 0) && keys_begins(k, asked, asked->n);
}

static size_t keys_gather(const keys_list *l, const keys_parts *asked, keys_how how,
                          const keys_key **out) {
  size_t n = 0;
  for (size_t i = 0; i < l->n; i++) {
    if (keys_fits(&l->v[i], asked, how)) {
      out[n++] = &l->v[i];
    }
  }
  return n;
}

// How many parts, from the first, are those of a key.
static size_t keys_right(const keys_list *l, const keys_parts *asked) {
  for (size_t n = asked->n; n > 0; n--) {
    for (size_t i = 0; i < l->n; i++) {
      if (keys_begins(&l->v[i], asked, n)) {
        return n;
      }
    }
  }
  return 0;
}

// What is nearest to the first part that is wrong; NULL when nothing is.
static const char *keys_near(const keys_list *l, const keys_parts *asked, size_t right) {
  const char **names = wg_xarray(l->n + 1, sizeof(*names));
  size_t n = 0;
  for (size_t i = 0; i < l->n; i++) {
    if (l->v[i].parts.n > right && keys_begins(&l->v[i], asked, right)) {
      names[n++] = l->v[i].parts.v[right];
    }
  }
  const char *near = wg_nearest(asked->v[right], names, n);
  if (near == NULL && right == 0) { // a word of any depth
    for (n = 0; n < l->n; n++) {
      names[n] = l->v[n].doc.name;
    }
    near = wg_nearest(asked->v[right], names, n);
  }
  wg_xfree(names);
  return near;
}

// The path with the first part that is wrong replaced by the nearest that there is; NULL when none
// is near.
static char *keys_nearest(const keys_list *l, const keys_parts *asked) {
  size_t right = keys_right(l, asked);
  const char *near = keys_near(l, asked, right);
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  size_t n_parts = near == NULL ? right : asked->n; // nothing near: what is right of it
  for (size_t i = 0; i < n_parts; i++) {
    wg_buf_printf(&out, "%s%s", i > 0 ? "." : "", i == right ? near : asked->v[i]);
  }
  return n_parts == 0 ? NULL : wg_xstrdup(wg_buf_z(&out));
}

// --- showing

// The first sentence, cut to what is left of a line.
static void keys_row(wg_buf *out, const char *name, const char *doc) {
  size_t n = strlen(doc);
  const char *end = strstr(doc, ". ");
  n = end != NULL ? (size_t)(end - doc) + 1 : n;
  size_t used = strlen(name) + 4 > KEYS_COLUMN ? strlen(name) + 4 : KEYS_COLUMN;
  size_t room = used + 20 < KEYS_WIDTH ? KEYS_WIDTH - used : 20;
  wg_buf_printf(out, "  %s", name);
  for (size_t i = strlen(name) + 2; i < used; i++) {
    wg_buf_add_byte(out, ' ');
  }
  if (n <= room) {
    wg_buf_printf(out, "%.*s\n", (int)n, doc);
    return;
  }
  size_t cut = room - 3;
  while (cut > 0 && doc[cut] != ' ') {
    cut--;
  }
  wg_buf_printf(out, "%.*s...\n", (int)cut, doc);
}

static void keys_below(wg_buf *out, const keys_list *l, const keys_parts *of) {
  // NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers
  const keys_key **below = wg_xarray(l->n + 1, sizeof(*below));
  size_t n = 0;
  for (size_t i = 0; i < l->n; i++) { // a name or an index may stand between
    const keys_parts *p = &l->v[i].parts;
    bool named = p->n == of->n + 2 && p->v[of->n][0] == '<';
    if ((p->n == of->n + 1 || named) && keys_begins(&l->v[i], of, of->n)) {
      below[n++] = &l->v[i];
    }
  }
  if (n > 0) {
    wg_buf_add_z(out, "\nKeys below it:\n");
  }
  for (size_t i = 0; i < n; i++) {
    keys_row(out, below[i]->doc.name, below[i]->doc.doc);
  }
  wg_xfree(below);
}

static void keys_show(wg_buf *out, const keys_list *l, const keys_key *k) {
  const wg_key_doc *d = &k->doc;
  wg_buf_printf(out, "%s\n\n", d->path);
  wg_cli_help_text(out, d->doc);
  wg_buf_printf(out, "\nType: %s; %s.", d->type, d->need);
  if (d->def != NULL) {
    wg_buf_printf(out, " Default: %s.", d->def);
  }
  wg_buf_printf(out, "%s%s Since %s.\n", d->takes_variables ? " Takes ${NAME}." : "",
                d->is_unique ? " No item twice." : "", d->since);
  if (d->example != NULL) {
    wg_buf_printf(out, "\nExample:\n  %s: %s\n", d->name, d->example);
  }
  for (size_t i = 0; i < l->n; i++) {
    const wg_key_doc *other = &l->v[i].doc;
    if (other->same_as != NULL && strcmp(other->same_as, d->path) == 0) {
      wg_buf_printf(out, "\nAlso, for that place alone: %s\n", other->path);
    }
  }
  keys_below(out, l, &k->parts);
}

static void keys_json_key(wg_jsonw *j, const wg_key_doc *d) {
  wg_jsonw_begin_object(j);
  wg_jsonw_kv_z(j, "key", d->path);
  wg_jsonw_kv_z(j, "doc", d->doc);
  wg_jsonw_kv_z(j, "type", d->type);
  wg_jsonw_kv_z(j, "need", d->need);
  wg_jsonw_kv_z(j, "default", d->def);
  wg_jsonw_kv_z(j, "example", d->example);
  wg_jsonw_kv_z(j, "since", d->since);
  wg_jsonw_end_object(j);
}

static int keys_json(const wg_cli *c, const keys_key *const *hits, size_t n) {
  WG_AUTO(wg_buf) out = {0};
  wg_jsonw j;
  wg_buf_init(&out, wg_heap(), 0);
  wg_jsonw_init(&j, &out, 2);
  wg_jsonw_begin_object(&j);
  wg_jsonw_key_z(&j, "keys");
  wg_jsonw_begin_array(&j);
  for (size_t i = 0; i < n; i++) {
    keys_json_key(&j, &hits[i]->doc);
  }
  wg_jsonw_end_array(&j);
  wg_jsonw_end_object(&j);
  return wg_cli_end_json(c, &j, &out);
}

static int keys_print(const wg_cli *c, const keys_list *l, const keys_key *const *hits, size_t n,
                      const char *title) {
  WG_AUTO(wg_buf) out = {0};
  wg_buf_init(&out, wg_heap(), 0);
  if (c->json) {
    return keys_json(c, hits, n);
  }
  if (n == 1 && title == NULL) {
    keys_show(&out, l, hits[0]);
  } else {
    wg_buf_printf(&out, "%s:\n", title == NULL ? "Several keys" : title);
    for (size_t i = 0; i < n; i++) {
      keys_row(&out, title == NULL ? hits[i]->doc.path : hits[i]->doc.name, hits[i]->doc.doc);
    }
    wg_buf_add_z(&out, "\n'wingo help keys KEY' explains one, as 'wingo help keys images.*.files' "
                       "does.\n");
  }
  wg_out_bytes(out.p, out.n);
  return 0;
}

static int keys_unknown(const wg_cli *c, const keys_list *l, const keys_parts *asked,
                        const char *word) {
  WG_AUTO(wg_cstr) near = asked->n == 0 ? NULL : keys_nearest(l, asked);
  if (near == NULL) {
    return wg_cli_usage(c, "no key '%s'; 'wingo help keys' lists them", word);
  }
  return wg_cli_usage(c, "no key '%s'; did you mean '%s'?", word, near);
}

int wg_cli_help_keys(const wg_cli *c, const char *word) {
  WG_AUTO(keys_list) l = {0};
  wg_arena_init(&l.arena, wg_heap(), 0);
  wg_cfg_each_key(&wg_project_lang, keys_visit, &l);
  // NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers
  const keys_key **hits = wg_xarray(l.n + 1, sizeof(*hits));
  const keys_parts asked = keys_split(&l.arena, word == NULL ? "" : word);
  WG_AUTO(wg_cstr) title = NULL;
  size_t n = 0;
  if (word == NULL) {
    title = wg_xstrdup("Keys of wingo.yaml");
    n = keys_gather(&l, &asked, KEYS_BELOW, hits);
  } else if (asked.n > 0 && (n = keys_gather(&l, &asked, KEYS_EXACT, hits)) == 0) {
    n = keys_gather(&l, &asked, KEYS_SHORT, hits);
  }
  if (word != NULL && asked.n > 0 && n == 0) {
    n = keys_gather(&l, &asked, KEYS_BELOW, hits);
    title = n > 0 ? wg_xprintf("Keys of %s", word) : NULL;
    n = n > 0 ? n : keys_gather(&l, &asked, KEYS_CALLED, hits);
  }
  int code = n > 0 ? keys_print(c, &l, hits, n, title) : keys_unknown(c, &l, &asked, word);
  wg_xfree(hits);
  return code;
}

void wg_cli_help_key_names(wg_buf *out) {
  WG_AUTO(keys_list) l = {0};
  wg_arena_init(&l.arena, wg_heap(), 0);
  wg_cfg_each_key(&wg_project_lang, keys_visit, &l);
  for (size_t i = 0; i < l.n; i++) {
    const keys_parts *p = &l.v[i].parts;
    for (size_t k = 0; k < p->n; k++) {
      wg_buf_printf(out, "%s%s", k > 0 ? "." : "", p->v[k][0] == '<' ? "*" : p->v[k]);
    }
    wg_buf_add_byte(out, '\n');
  }
}
