// SPDX-License-Identifier: Apache-2.0
// The tree of a synthetic base, from data/synthetic/tree.txt.
#include <string.h>

#include "base/utf.h"
#include "fmt/sd/sd.h"
#include "image/synthetic/syn.h"

#define TREE_MAX_DESCRIPTORS 64u
#define TREE_TAG_JUNCTION 0xA0000003u
#define TREE_TAG_SYMLINK 0xA000000Cu

typedef struct tree_sd { // "sd NAME SDDL"
  wg_str name;
  uint32_t id;
} tree_sd;

typedef struct tree_inherit {
  uint32_t from, id;
  bool is_dir;
} tree_inherit;

typedef struct tree_maker {
  wg_syn_env *env;
  wg_syn_blobs *blobs;
  wg_syn_tree *out;
  wg_wim_tree *t; // &out->tree
  tree_sd sds[TREE_MAX_DESCRIPTORS];
  size_t n_sds;
  tree_inherit *inherited;
  size_t n_inherited, cap_inherited;
  uint64_t time, n_links;
} tree_maker;

static void tree_maker_done(tree_maker *m) {
  wg_xfree(m->inherited);
}
WG_DEFINE_AUTO(tree_maker, tree_maker_done);

// A line: KIND ATTRIBUTES DESCRIPTOR [~SHORT] PATH [< SOURCE] [> TARGET]
typedef struct tree_line {
  wg_str kind, attributes, sd, short_name, path, source, target;
} tree_line;

static wg_str tree_word(wg_str *rest) {
  size_t n = wg_str_find(*rest, ' ');
  wg_str word = {rest->p, n};
  size_t skip = n < rest->n ? n + 1 : n;
  *rest = (wg_str){rest->p + skip, rest->n - skip};
  return word;
}

// Splits at " < " or " > ".
static wg_str tree_behind(wg_str *s, const char *mark) {
  const char *at = memmem(s->p, s->n, mark, strlen(mark));
  if (at == NULL) {
    return WG_STR("");
  }
  wg_str behind = {at + strlen(mark), s->n - (size_t)(at - s->p) - strlen(mark)};
  s->n = (size_t)(at - s->p);
  return behind;
}

static bool tree_split(wg_str line, tree_line *out) {
  wg_str rest = line;
  *out = (tree_line){.kind = tree_word(&rest)};
  if (wg_str_eqz(out->kind, "hard")) {
    out->target = tree_behind(&rest, " > ");
    out->path = rest;
    return out->target.n > 0;
  }
  out->attributes = tree_word(&rest);
  out->sd = tree_word(&rest);
  if (wg_str_starts(rest, "~")) {
    out->short_name = tree_word(&rest);
    out->short_name = (wg_str){out->short_name.p + 1, out->short_name.n - 1};
  }
  out->source = tree_behind(&rest, " < ");
  out->target = tree_behind(&rest, " > ");
  out->path = rest;
  return wg_str_starts(rest, "\\");
}

static wg_code tree_utf16(const tree_maker *m, wg_str s, wg_str *out, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  if (!wg_utf8_to_utf16le(s, &b)) {
    return wg_fail(err, WG_E_BUG, "not text");
  }
  *out = (wg_str){wg_arena_strndup(m->env->arena, wg_buf_z(&b), b.n), b.n};
  return out->p != NULL ? WG_OK : wg_arena_fail(m->env->arena, err);
}

static wg_code tree_descriptor(tree_maker *m, const wg_sd *sd, uint32_t *out, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_sd_write(sd, &b);
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  wg_str bytes = {wg_arena_strndup(m->env->arena, b.p, b.n), b.n};
  return bytes.p == NULL ? wg_arena_fail(m->env->arena, err)
                         : wg_wim_tree_descriptor(m->t, bytes, out, err);
}

static wg_code tree_add_sd(tree_maker *m, wg_str rest, wg_error *err) {
  wg_sd sd;
  wg_assert(m->n_sds < TREE_MAX_DESCRIPTORS);
  tree_sd *d = &m->sds[m->n_sds];
  d->name = tree_word(&rest);
  if (wg_sddl_parse(rest, m->env->arena, &sd, err) != WG_OK ||
      tree_descriptor(m, &sd, &d->id, err) != WG_OK) {
    return err->code;
  }
  m->n_sds++;
  return WG_OK;
}

// What Windows gives below a folder with descriptor `from`, owned as that one is.
static wg_code tree_inherit_sd(tree_maker *m, uint32_t from, bool is_dir, uint32_t *out,
                               wg_error *err) {
  wg_sd parent, made;
  for (size_t i = 0; i < m->n_inherited; i++) {
    if (m->inherited[i].from == from && m->inherited[i].is_dir == is_dir) {
      *out = m->inherited[i].id;
      return WG_OK;
    }
  }
  wg_assert(m->t->descriptors != NULL && from < m->t->n_descriptors);
  wg_str was = m->t->descriptors[from];
  if (wg_sd_parse(was.p, was.n, m->env->arena, &parent, err) != WG_OK ||
      wg_sd_inherit(&parent, is_dir, parent.owner, parent.group, m->env->arena, &made, err) !=
          WG_OK ||
      tree_descriptor(m, &made, out, err) != WG_OK) {
    return err->code;
  }
  wg_vec_push(&m->inherited, &m->n_inherited, &m->cap_inherited) =
      (tree_inherit){.from = from, .id = *out, .is_dir = is_dir};
  return WG_OK;
}

static wg_code tree_security(tree_maker *m, const tree_line *l, wg_wim_entry *e, wg_error *err) {
  if (wg_str_eqz(l->sd, ".")) {
    bool is_dir = (e->attributes & WG_WIM_ATTR_DIRECTORY) != 0;
    return tree_inherit_sd(m, m->t->entries[e->parent].security, is_dir, &e->security, err);
  }
  for (size_t i = 0; i < m->n_sds; i++) {
    if (wg_str_eq(m->sds[i].name, l->sd)) {
      e->security = m->sds[i].id;
      return WG_OK;
    }
  }
  return wg_fail(err, WG_E_BUG, "no descriptor '%.*s'", WG_STR_ARG(l->sd));
}

static wg_code tree_attributes(wg_str letters, uint32_t *out, wg_error *err) {
  static const struct {
    char letter;
    uint32_t bit;
  } known[] = {{'r', WG_WIM_ATTR_READONLY}, {'h', 0x2},    {'s', 0x4},
               {'a', WG_WIM_ATTR_ARCHIVE},  {'i', 0x2000}, {'-', 0}};
  for (size_t i = 0; i < letters.n; i++) {
    bool found = false;
    for (size_t k = 0; k < WG_ARRAY_LEN(known); k++) {
      if (known[k].letter == letters.p[i]) {
        *out |= known[k].bit;
        found = true;
      }
    }
    if (!found) {
      return wg_fail(err, WG_E_BUG, "no attribute '%c'", letters.p[i]);
    }
  }
  return WG_OK;
}

// The entry at a path; its parent and last name when it is not there (*out WG_WIM_NO_ENTRY).
static wg_code tree_walk(tree_maker *m, wg_str path, uint32_t *out, uint32_t *out_parent,
                         wg_str *out_name16, wg_error *err) {
  *out = 0;
  wg_str rest = {path.p + 1, path.n - 1};
  while (rest.n > 0) {
    size_t n = wg_str_find(rest, '\\');
    bool last = n == rest.n;
    *out_parent = *out;
    if (tree_utf16(m, (wg_str){rest.p, n}, out_name16, err) != WG_OK ||
        wg_wim_tree_find(m->t, *out_parent, *out_name16, out, err) != WG_OK) {
      return err->code;
    }
    if (*out == WG_WIM_NO_ENTRY && !last) {
      return wg_fail(err, WG_E_BUG, "no folder for '%.*s'", WG_STR_ARG(path));
    }
    size_t skip = last ? n : n + 1;
    rest = (wg_str){rest.p + skip, rest.n - skip};
  }
  return WG_OK;
}

static void tree_content(tree_maker *m, wg_wim_entry *e, wg_str bytes) {
  if (bytes.n == 0) {
    return;
  }
  e->hash = wg_sha1_of(bytes.p, bytes.n);
  m->out->total_bytes += bytes.n;
  for (size_t i = 0; i < m->blobs->n; i++) {
    if (memcmp(&m->blobs->v[i].hash, &e->hash, sizeof(e->hash)) == 0) {
      m->blobs->v[i].refcount++;
      return;
    }
  }
  wg_vec_push(&m->blobs->v, &m->blobs->n, &m->blobs->cap) =
      (wg_syn_blob){.hash = e->hash, .bytes = bytes, .refcount = 1};
}

// A reparse point's data as a WIM has it: without tag and length (MS-FSCC 2.1.2.4 and 2.1.2.5).
static wg_code tree_reparse(tree_maker *m, const tree_line *l, wg_wim_entry *e, wg_error *err) {
  bool junction = wg_str_eqz(l->kind, "junction");
  WG_AUTO(wg_buf) b = {0};
  wg_str print, bytes;
  wg_buf_init(&b, wg_heap(), 0);
  if (tree_utf16(m, l->target, &print, err) != WG_OK) {
    return err->code;
  }
  size_t n_nt = print.n + 8; // "\??\" in front
  wg_buf_add_le16(&b, 0);
  wg_buf_add_le16(&b, (uint16_t)n_nt);
  wg_buf_add_le16(&b, (uint16_t)(n_nt + 2));
  wg_buf_add_le16(&b, (uint16_t)print.n);
  if (!junction) {
    wg_buf_add_le32(&b, 0); // absolute
  }
  wg_buf_add(&b, "\\\0?\0?\0\\\0", 8);
  wg_buf_add_str(&b, print);
  wg_buf_add_le16(&b, 0);
  wg_buf_add_str(&b, print);
  wg_buf_add_le16(&b, 0);
  bytes = (wg_str){wg_arena_strndup(m->env->arena, wg_buf_z(&b), b.n), b.n};
  if (bytes.p == NULL) {
    return wg_arena_fail(m->env->arena, err);
  }
  e->attributes |= WG_WIM_ATTR_REPARSE | WG_WIM_ATTR_DIRECTORY;
  e->link_or_reparse = junction ? TREE_TAG_JUNCTION : TREE_TAG_SYMLINK;
  tree_content(m, e, bytes);
  return WG_OK;
}

static wg_code tree_source(tree_maker *m, const tree_line *l, wg_wim_entry *e, wg_error *err) {
  wg_str bytes = WG_STR("");
  if (wg_syn_content(m->env, l->kind, l->source, l->path, &bytes, err) != WG_OK) {
    return err->code;
  }
  tree_content(m, e, bytes);
  return WG_OK;
}

static wg_code tree_hard_link(tree_maker *m, const tree_line *l, uint32_t entry, wg_error *err) {
  uint32_t to = 0, parent = 0;
  wg_str name16;
  if (tree_walk(m, l->target, &to, &parent, &name16, err) != WG_OK) {
    return err->code;
  }
  if (to == WG_WIM_NO_ENTRY) {
    return wg_fail(err, WG_E_BUG, "nothing is at '%.*s'", WG_STR_ARG(l->target));
  }
  wg_wim_entry *old = &m->t->entries[to], *e = &m->t->entries[entry];
  if (old->link_or_reparse == 0) {
    old->link_or_reparse = ++m->n_links;
  }
  e->link_or_reparse = old->link_or_reparse;
  e->attributes = old->attributes;
  e->security = old->security;
  e->hash = old->hash;
  for (size_t i = 0; i < m->blobs->n; i++) {
    if (memcmp(&m->blobs->v[i].hash, &e->hash, sizeof(e->hash)) == 0) {
      m->blobs->v[i].refcount++;
      m->out->total_bytes += m->blobs->v[i].bytes.n;
      m->out->hard_link_bytes += m->blobs->v[i].bytes.n;
    }
  }
  return WG_OK;
}

static wg_code tree_entry(tree_maker *m, const tree_line *l, wg_error *err) {
  uint32_t i = 0, parent = 0;
  wg_str name16 = {NULL, 0};
  if (tree_walk(m, l->path, &i, &parent, &name16, err) != WG_OK) {
    return err->code;
  }
  bool is_root = name16.n == 0;
  if (!is_root && i != WG_WIM_NO_ENTRY) {
    return wg_fail(err, WG_E_BUG, "'%.*s' is there twice", WG_STR_ARG(l->path));
  }
  if (!is_root && wg_wim_tree_add(m->t, parent, name16, m->time, &i, err) != WG_OK) {
    return err->code;
  }
  wg_wim_entry *e = &m->t->entries[i];
  if (wg_str_eqz(l->kind, "hard")) {
    m->out->n_files++;
    return tree_hard_link(m, l, i, err);
  }
  bool is_dir = wg_str_eqz(l->kind, "dir");
  bool reparse = wg_str_eqz(l->kind, "junction") || wg_str_eqz(l->kind, "symlink");
  e->attributes = is_dir ? WG_WIM_ATTR_DIRECTORY : 0;
  if (tree_attributes(l->attributes, &e->attributes, err) != WG_OK ||
      (l->short_name.n > 0 && tree_utf16(m, l->short_name, &e->short16, err) != WG_OK) ||
      (reparse && tree_reparse(m, l, e, err) != WG_OK) ||
      (!reparse && !is_dir && tree_source(m, l, e, err) != WG_OK)) {
    return err->code;
  }
  m->out->n_dirs += is_dir;
  m->out->n_files += !is_dir; // a junction is no folder, as libwim counts
  // A folder has a list of children, be it empty; a reparse point has none.
  e->has_list = e->has_list || is_dir;
  return tree_security(m, l, e, err);
}

// An empty tree with room for n entries.
static wg_code tree_begin(tree_maker *m, size_t n, wg_error *err) {
  wg_wim_tree *t = m->t;
  // The root is a list of one: eight zero bytes end it.
  *t = (wg_wim_tree){
      .arena = m->env->arena, .n = 1, .cap = n, .security_bytes = 8, .root_gap_bytes = 8};
  t->entries = wg_arena_new_array(t->arena, wg_wim_entry, n);
  if (t->entries == NULL) {
    return wg_arena_fail(t->arena, err);
  }
  t->entries[0] = (wg_wim_entry){.create_time = m->time,
                                 .access_time = m->time,
                                 .write_time = m->time,
                                 .list_off = UINT64_MAX,
                                 .security = WG_WIM_NO_SECURITY,
                                 .parent = WG_WIM_NO_ENTRY,
                                 .first_child = WG_WIM_NO_ENTRY,
                                 .last_child = WG_WIM_NO_ENTRY,
                                 .next = WG_WIM_NO_ENTRY,
                                 .has_list = true};
  return WG_OK;
}

// "NAME VALUE"
static wg_code tree_set(tree_maker *m, wg_str rest, wg_error *err) {
  wg_str word = tree_word(&rest);
  const char *name = wg_arena_strndup(m->env->arena, word.p, word.n);
  const char *value = wg_arena_strndup(m->env->arena, rest.p, rest.n);
  if (name == NULL || value == NULL) {
    return wg_arena_fail(m->env->arena, err);
  }
  wg_syn_set(m->env, name, value);
  return WG_OK;
}

static wg_code tree_line_do(tree_maker *m, wg_str line, wg_error *err) {
  static const char *const kinds[] = {"dir",  "file", "text",     "inf",     "wim", "empty",
                                      "hive", "hard", "junction", "symlink", NULL};
  tree_line l;
  if (line.n == 0 || line.p[0] == ';') {
    return WG_OK;
  }
  if (wg_str_starts(line, "sd ")) {
    return tree_add_sd(m, (wg_str){line.p + 3, line.n - 3}, err);
  }
  if (wg_str_starts(line, "set ")) {
    return tree_set(m, (wg_str){line.p + 4, line.n - 4}, err);
  }
  if (!tree_split(line, &l)) {
    return wg_fail(err, WG_E_BUG, "a line is KIND ATTRIBUTES DESCRIPTOR [~SHORT] PATH");
  }
  for (size_t i = 0; kinds[i] != NULL; i++) {
    if (wg_str_eqz(l.kind, kinds[i])) {
      return tree_entry(m, &l, err);
    }
  }
  return wg_fail(err, WG_E_BUG, "no kind '%.*s'", WG_STR_ARG(l.kind));
}

wg_code wg_syn_tree_make(wg_syn_env *e, wg_syn_blobs *blobs, wg_syn_tree *out, wg_error *err) {
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(tree_maker) m = {.env = e, .blobs = blobs, .out = out, .t = &out->tree};
  const char *file = wg_syn_is_pe(e) ? "pe.txt" : "tree.txt";
  uint64_t time_s = 0;
  wg_buf_init(&text, wg_heap(), 0);
  *out = (wg_syn_tree){.n_dirs = 0};
  if (!wg_parse_u64(wg_str_of(wg_syn_value(e, "time")), &time_s)) {
    return wg_fail(err, WG_E_BUG, "'time' of %s is no number", e->product);
  }
  m.time = wg_wim_time((int64_t)time_s);
  if (wg_syn_text(e, file, false, &text, err) != WG_OK) {
    return err->code;
  }
  size_t n_lines = 1;
  for (size_t i = 0; i < text.n; i++) {
    n_lines += text.p[i] == '\n';
  }
  if (tree_begin(&m, n_lines, err) != WG_OK) {
    return err->code;
  }
  wg_str rest = wg_buf_str(&text), line;
  for (unsigned n = 1; wg_syn_line(&rest, &line); n++) {
    if (tree_line_do(&m, line, err) != WG_OK) {
      return wg_wrap(err, "data/synthetic/%s line %u", file, n);
    }
  }
  return WG_OK;
}
