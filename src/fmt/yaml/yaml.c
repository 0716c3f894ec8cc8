// SPDX-License-Identifier: Apache-2.0
#include "fmt/yaml/yaml.h"

#include <libfyaml.h>
#include <string.h>

#include "base/sort.h"
#include "fmt/yaml/internal.h"

// A collection that is being filled.
typedef struct yaml_frame {
  wg_yaml_node *node;
  const char *anchor;      // NULL when it has none
  const wg_yaml_node *key; // map: a key that waits for its value
  const wg_yaml_node **items;
  wg_yaml_pair *pairs;
  size_t cap;
  size_t pos; // byte offset of its start
} yaml_frame;

typedef struct yaml_anchor {
  const char *name;
  const wg_yaml_node *node;
  struct yaml_anchor *next; // older; the newest of a name counts
} yaml_anchor;

#define YAML_MAX_DEPTH 60

typedef struct yaml_parse {
  struct fy_parser *fy;
  wg_arena *arena;
  wg_yaml_limits limits;
  uint32_t source;
  yaml_cursor cursor;
  const wg_yaml_node *root;
  yaml_frame stack[YAML_MAX_DEPTH + 1]; // [1..depth]
  size_t depth;
  yaml_anchor *anchors;
  uint64_t n_nodes; // aliases written out
  wg_yaml_fault *faults;
  size_t n_faults, cap_faults;
  bool no_memory;
  yaml_mend mend; // of a text that could not be read
} yaml_parse;

#define YAML_MAX_FAULTS 200

// Adds a fault; beyond YAML_MAX_FAULTS they are dropped.
static void yaml_fault(yaml_parse *p, uint32_t line, uint32_t col, const char *text,
                       const char *hint) {
  if (text == NULL) {
    p->no_memory = true;
    return;
  }
  if (p->n_faults >= YAML_MAX_FAULTS) {
    return;
  }
  if (p->n_faults == p->cap_faults) {
    size_t cap = p->cap_faults == 0 ? 4 : p->cap_faults * 2;
    wg_yaml_fault *grown = wg_arena_new_array(p->arena, wg_yaml_fault, cap);
    if (grown == NULL) {
      p->no_memory = true;
      return;
    }
    if (p->n_faults > 0) {
      memcpy(grown, p->faults, p->n_faults * sizeof(*grown));
    }
    p->faults = grown;
    p->cap_faults = cap;
  }
  p->faults[p->n_faults++] = (wg_yaml_fault){line, col, text, hint};
}

// Ends the parse: this fault replaces all others.
static wg_code yaml_stop(yaml_parse *p, wg_code code, wg_yaml_fault f, wg_error *err) {
  p->n_faults = 0;
  p->root = NULL;
  yaml_fault(p, f.line, f.col, f.text, f.hint);
  if (p->no_memory) {
    return wg_arena_fail(p->arena, err);
  }
  wg_error_set(err, code, 0, WG_NO_OFFSET, "line %u, column %u: %s", (unsigned)f.line,
               (unsigned)f.col, f.text);
  return code;
}

static void yaml_seek_mark(yaml_parse *p, const struct fy_mark *m) {
  if (m != NULL) {
    wg_yaml_cursor_seek(&p->cursor, m->input_pos);
  }
}

// Where the event's node starts for a reader: libfyaml's marks lie behind quotes, stars and |.
static void yaml_seek_event(yaml_parse *p, struct fy_event *e) {
  const struct fy_mark *m = fy_event_start_mark(e);
  wg_str t = p->cursor.text;
  if (m == NULL || m->input_pos > t.n) {
    return;
  }
  size_t pos = m->input_pos;
  bool first = pos == 0;
  wg_str before = {first ? "" : t.p + pos - 1, first ? 0 : 1};
  if (e->type == FYET_ALIAS && wg_str_eqz(before, "*")) {
    pos--;
  } else if (e->type == FYET_SCALAR && e->scalar.value != NULL) {
    switch (fy_token_scalar_style(e->scalar.value)) {
    case FYSS_SINGLE_QUOTED:
    case FYSS_DOUBLE_QUOTED:
      pos -= wg_str_eqz(before, "\"") || wg_str_eqz(before, "'") ? 1 : 0;
      break;
    case FYSS_LITERAL:
    case FYSS_FOLDED:
      pos = wg_yaml_block_header(t, pos);
      break;
    case FYSS_ANY:
    case FYSS_PLAIN:
    case FYSS_MAX:
      break;
    }
  }
  wg_yaml_cursor_seek(&p->cursor, pos);
}

// The text of a token in the arena; NULL when there is no memory.
static char *yaml_token_text(yaml_parse *p, struct fy_token *t, size_t *out_n) {
  size_t n = 0;
  const char *s = t == NULL ? "" : fy_token_get_text(t, &n);
  if (s == NULL) {
    return NULL;
  }
  *out_n = n;
  return wg_arena_strndup(p->arena, s, n);
}

// An array of twice the room in the arena, with the n_used elements of old; NULL on failure.
static void *yaml_grow(yaml_parse *p, const void *old, size_t n_used, size_t *cap, size_t each) {
  size_t more = *cap == 0 ? 4 : *cap * 2;
  void *grown = wg_arena_array(p->arena, more, each);
  if (grown != NULL) {
    if (n_used > 0) {
      memcpy(grown, old, n_used * each);
    }
    *cap = more;
  }
  return grown;
}

static wg_code yaml_push_pair(yaml_parse *p, yaml_frame *f, const wg_yaml_node *n, wg_error *err) {
  if (f->key == NULL) {
    f->key = n;
    return WG_OK;
  }
  if (f->node->n == f->cap) {
    wg_yaml_pair *grown = yaml_grow(p, f->pairs, f->node->n, &f->cap, sizeof(*grown));
    if (grown == NULL) {
      return wg_arena_fail(p->arena, err);
    }
    f->pairs = grown;
  }
  f->pairs[f->node->n++] = (wg_yaml_pair){f->key, n};
  f->key = NULL;
  return WG_OK;
}

// A finished node goes to the collection that is open, or becomes the root.
static wg_code yaml_push_item(yaml_parse *p, const wg_yaml_node *n, wg_error *err) {
  yaml_frame *f = &p->stack[p->depth];
  if (p->depth == 0) {
    p->root = n;
    return WG_OK;
  }
  if (f->node->kind == WG_YAML_MAP) {
    return yaml_push_pair(p, f, n, err);
  }
  if (f->node->n == f->cap) {
    const wg_yaml_node **grown =
        yaml_grow(p, f->items, f->node->n, &f->cap, sizeof(const wg_yaml_node *));
    if (grown == NULL) {
      return wg_arena_fail(p->arena, err);
    }
    f->items = grown;
  }
  f->items[f->node->n++] = n;
  return WG_OK;
}

static wg_code yaml_count(yaml_parse *p, uint64_t n, wg_error *err) {
  p->n_nodes += n;
  if (p->n_nodes <= p->limits.max_nodes) {
    return WG_OK;
  }
  wg_yaml_fault f = {p->cursor.line, p->cursor.col,
                     wg_arena_printf(p->arena, "more than %u nodes, with all aliases written out",
                                     (unsigned)p->limits.max_nodes),
                     "use fewer aliases, or a smaller file"};
  return yaml_stop(p, WG_E_LIMIT, f, err);
}

static wg_code yaml_remember(yaml_parse *p, const char *name, const wg_yaml_node *n,
                             wg_error *err) {
  yaml_anchor *a = wg_arena_new(p->arena, yaml_anchor);
  if (a == NULL) {
    return wg_arena_fail(p->arena, err);
  }
  *a = (yaml_anchor){name, n, p->anchors};
  p->anchors = a;
  return WG_OK;
}

static void yaml_apply_tag(yaml_parse *p, struct fy_token *tag, wg_yaml_node *n) {
  static const char core[] = "tag:yaml.org,2002:";
  size_t len = 0;
  const char *s = tag == NULL ? NULL : fy_token_get_text(tag, &len);
  if (s == NULL) {
    return;
  }
  wg_str t = {s, len};
  wg_str name = wg_str_eqz(t, "!") ? WG_STR("str") : (wg_str){0}; // "!" alone: not plain
  if (wg_str_starts(t, core)) {
    name = (wg_str){t.p + sizeof(core) - 1, t.n - (sizeof(core) - 1)};
  }
  if (!wg_yaml_core_tag(name, n)) {
    yaml_fault(p, n->line, n->col,
               wg_arena_printf(p->arena, "tag '%.*s' is not known", WG_STR_ARG(t)),
               "remove it: the value's place says its type");
  }
}

static wg_yaml_style yaml_style(enum fy_scalar_style s) {
  bool block = s == FYSS_LITERAL || s == FYSS_FOLDED;
  return s == FYSS_SINGLE_QUOTED   ? WG_YAML_SINGLE
         : s == FYSS_DOUBLE_QUOTED ? WG_YAML_DOUBLE
         : block                   ? WG_YAML_BLOCK
                                   : WG_YAML_PLAIN;
}

static wg_yaml_node *yaml_new_node(yaml_parse *p, wg_yaml_kind kind) {
  wg_yaml_node *n = wg_arena_new(p->arena, wg_yaml_node);
  if (n != NULL) {
    *n = (wg_yaml_node){.kind = kind,
                        .source = p->source,
                        .line = p->cursor.line,
                        .col = p->cursor.col,
                        .weight = 1};
  }
  return n;
}

static wg_code yaml_on_scalar(yaml_parse *p, struct fy_event *e, wg_error *err) {
  if (yaml_count(p, 1, err) != WG_OK) {
    return err->code;
  }
  wg_yaml_node *n = yaml_new_node(p, WG_YAML_SCALAR);
  if (n == NULL) {
    return wg_arena_fail(p->arena, err);
  }
  struct fy_token *t = e->scalar.value;
  n->text = yaml_token_text(p, t, &n->n);
  if (n->text == NULL) {
    return wg_arena_fail(p->arena, err);
  }
  n->style = t == NULL ? WG_YAML_PLAIN : yaml_style(fy_token_scalar_style(t));
  if (memchr(n->text, 0, n->n) != NULL) {
    wg_yaml_fault f = {n->line, n->col, "text with a NUL character (\\0)", "remove it"};
    return yaml_stop(p, WG_E_FORMAT, f, err);
  }
  yaml_apply_tag(p, e->scalar.tag, n);
  if (e->scalar.anchor != NULL) {
    size_t len = 0;
    const char *name = yaml_token_text(p, e->scalar.anchor, &len);
    if (name == NULL) {
      return wg_arena_fail(p->arena, err);
    }
    if (n->n == 0 && n->style == WG_YAML_PLAIN) {
      yaml_fault(
          p, n->line, n->col, wg_arena_printf(p->arena, "an anchor '&%s' on nothing", name),
          wg_arena_printf(p->arena, "put text that begins with '&' into quotes: '&%s'", name));
    }
    if (yaml_remember(p, name, n, err) != WG_OK) {
      return err->code;
    }
  }
  return yaml_push_item(p, n, err);
}

static wg_code yaml_on_start(yaml_parse *p, wg_yaml_kind kind, struct fy_token *anchor,
                             struct fy_token *tag, wg_error *err) {
  if (yaml_count(p, 1, err) != WG_OK) {
    return err->code;
  }
  if (p->depth >= p->limits.max_depth) {
    wg_yaml_fault f = {
        p->cursor.line, p->cursor.col,
        wg_arena_printf(p->arena, "nested deeper than %u levels", (unsigned)p->limits.max_depth),
        NULL};
    return yaml_stop(p, WG_E_LIMIT, f, err);
  }
  wg_yaml_node *n = yaml_new_node(p, kind);
  size_t len = 0;
  const char *name = anchor == NULL ? NULL : yaml_token_text(p, anchor, &len);
  if (n == NULL || (anchor != NULL && name == NULL)) {
    return wg_arena_fail(p->arena, err);
  }
  yaml_apply_tag(p, tag, n);
  p->depth++;
  p->stack[p->depth] = (yaml_frame){.node = n, .anchor = name, .pos = p->cursor.pos};
  return WG_OK;
}

// The text is taken as what it was probably meant to be.
static wg_code yaml_no_anchor(yaml_parse *p, const char *name, wg_error *err) {
  wg_yaml_node *n = yaml_new_node(p, WG_YAML_SCALAR);
  n = n != NULL && yaml_count(p, 1, err) != WG_OK ? NULL : n;
  const char *text = wg_arena_printf(p->arena, "*%s", name);
  if (n == NULL || text == NULL) {
    return err->code != WG_OK ? err->code : wg_arena_fail(p->arena, err);
  }
  n->style = WG_YAML_SINGLE;
  n->text = text;
  n->n = strlen(text);
  yaml_fault(p, n->line, n->col,
             wg_arena_printf(p->arena, "alias '*%s' has no anchor before it", name),
             wg_arena_printf(p->arena,
                             "put text that begins with '*' into quotes: '*%s'; or define the "
                             "value before with '&%s'",
                             name, name));
  return yaml_push_item(p, n, err);
}

static wg_code yaml_on_alias(yaml_parse *p, struct fy_event *e, wg_error *err) {
  size_t len = 0;
  const char *name = yaml_token_text(p, e->alias.anchor, &len);
  if (name == NULL) {
    return wg_arena_fail(p->arena, err);
  }
  for (size_t i = 1; i <= p->depth; i++) {
    if (p->stack[i].anchor != NULL && strcmp(p->stack[i].anchor, name) == 0) {
      wg_yaml_fault f = {
          p->cursor.line, p->cursor.col,
          wg_arena_printf(p->arena, "alias '*%s' stands inside its own anchor", name),
          "a value can't contain itself"};
      return yaml_stop(p, WG_E_FORMAT, f, err);
    }
  }
  const yaml_anchor *a = p->anchors;
  while (a != NULL && strcmp(a->name, name) != 0) {
    a = a->next;
  }
  if (a == NULL) {
    return yaml_no_anchor(p, name, err);
  }
  if (yaml_count(p, a->node->weight, err) != WG_OK) {
    return err->code;
  }
  wg_yaml_node *n = yaml_new_node(p, a->node->kind);
  if (n == NULL) {
    return wg_arena_fail(p->arena, err);
  }
  uint32_t line = n->line, col = n->col;
  *n = *a->node; // content is shared, the place is the alias's
  n->line = line;
  n->col = col;
  return yaml_push_item(p, n, err);
}

typedef struct yaml_order {
  const char *text;
  size_t index;
} yaml_order;

static int yaml_order_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const yaml_order *x = a;
  const yaml_order *y = b;
  int c = strcmp(x->text, y->text);
  return c != 0 ? c : x->index < y->index ? -1 : x->index > y->index;
}

// Pairs to look at in one go: the map's own, then those that << brings in.
typedef struct yaml_pairs {
  wg_yaml_pair *v;
  size_t n, n_own, cap;
} yaml_pairs;

static wg_code yaml_pairs_add(yaml_parse *p, yaml_pairs *l, wg_yaml_pair pair, wg_error *err) {
  if (l->n == l->cap) {
    size_t cap = l->cap == 0 ? 8 : l->cap * 2;
    wg_yaml_pair *grown = wg_arena_new_array(p->arena, wg_yaml_pair, cap);
    if (grown == NULL) {
      return wg_arena_fail(p->arena, err);
    }
    if (l->n > 0) {
      memcpy(grown, l->v, l->n * sizeof(*grown));
    }
    l->v = grown;
    l->cap = cap;
  }
  l->v[l->n++] = pair;
  return WG_OK;
}

// Appends the pairs of one merged map: the value of << or an item of its list.
static wg_code yaml_merge_one(yaml_parse *p, yaml_pairs *l, const wg_yaml_node *from,
                              wg_error *err) {
  if (from->kind != WG_YAML_MAP) {
    yaml_fault(p, from->line, from->col, "'<<' merges maps, and this is none",
               "write '<<: *anchor', the anchor being on a map");
    return WG_OK;
  }
  if (yaml_count(p, from->weight, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < from->n; i++) {
    if (yaml_pairs_add(p, l, from->pairs[i], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static bool yaml_is_merge(const wg_yaml_pair *pair) {
  return pair->key->style == WG_YAML_PLAIN && strcmp(pair->key->text, "<<") == 0;
}

// Appends what the value of one << brings in: a map, or a list of maps.
static wg_code yaml_merge_value(yaml_parse *p, yaml_pairs *l, const wg_yaml_node *v,
                                wg_error *err) {
  if (v->kind != WG_YAML_LIST) {
    return yaml_merge_one(p, l, v, err);
  }
  for (size_t k = 0; k < v->n; k++) {
    if (yaml_merge_one(p, l, v->items[k], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code yaml_merge(yaml_parse *p, const yaml_frame *f, yaml_pairs *l, wg_error *err) {
  for (size_t i = 0; i < f->node->n; i++) {
    const wg_yaml_pair *pair = &f->pairs[i];
    bool own = pair->key->kind == WG_YAML_SCALAR && !yaml_is_merge(pair);
    if (own && yaml_pairs_add(p, l, *pair, err) != WG_OK) {
      return err->code;
    }
  }
  l->n_own = l->n;
  for (size_t i = 0; i < f->node->n; i++) {
    const wg_yaml_pair *pair = &f->pairs[i];
    bool merge = pair->key->kind == WG_YAML_SCALAR && yaml_is_merge(pair);
    if (merge && yaml_merge_value(p, l, pair->value, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static void yaml_twice(yaml_parse *p, const wg_yaml_node *first, const wg_yaml_node *again) {
  yaml_fault(p, again->line, again->col,
             wg_arena_printf(p->arena, "key '%s' appears twice in the same map", again->text),
             wg_arena_printf(p->arena, "it is on line %u already: keep one of the two",
                             (unsigned)first->line));
}

// Keeps the first pair of each key; a key of the map's own that comes again is a fault, a merged
// one gives way in silence.
static wg_code yaml_unique(yaml_parse *p, yaml_pairs *l, wg_error *err) {
  yaml_order *order = wg_arena_new_array(p->arena, yaml_order, l->n);
  bool *drop = wg_arena_new_array(p->arena, bool, l->n);
  if (order == NULL || drop == NULL) {
    return wg_arena_fail(p->arena, err);
  }
  for (size_t i = 0; i < l->n; i++) {
    order[i] = (yaml_order){l->v[i].key->text, i};
  }
  wg_sort(order, l->n, sizeof(*order), yaml_order_cmp, NULL);
  size_t first = 0;
  for (size_t i = 1; i < l->n; i++) {
    if (strcmp(order[first].text, order[i].text) != 0) {
      first = i;
      continue;
    }
    drop[order[i].index] = true;
    if (order[i].index < l->n_own) {
      yaml_twice(p, l->v[order[first].index].key, l->v[order[i].index].key);
    }
  }
  size_t kept = 0;
  for (size_t i = 0; i < l->n; i++) {
    if (!drop[i]) {
      l->v[kept++] = l->v[i];
    }
  }
  l->n = kept;
  return WG_OK;
}

static wg_code yaml_end_map(yaml_parse *p, const yaml_frame *f, wg_error *err) {
  yaml_pairs l = {0};
  for (size_t i = 0; i < f->node->n; i++) {
    const wg_yaml_node *k = f->pairs[i].key;
    if (k->kind != WG_YAML_SCALAR) {
      yaml_fault(p, k->line, k->col, "a key must be text, not a list or a map",
                 "quote it if the brackets are part of the name");
    }
  }
  if (yaml_merge(p, f, &l, err) != WG_OK) {
    return err->code;
  }
  if (l.n > 0 && yaml_unique(p, &l, err) != WG_OK) {
    return err->code;
  }
  f->node->pairs = l.v;
  f->node->n = l.n;
  uint64_t weight = 1;
  for (size_t i = 0; i < l.n; i++) {
    weight += (uint64_t)l.v[i].key->weight + l.v[i].value->weight;
  }
  f->node->weight = (uint32_t)weight; // bounded by max_nodes
  return WG_OK;
}

static wg_code yaml_on_end(yaml_parse *p, wg_error *err) {
  yaml_frame f = p->stack[p->depth];
  wg_assert(f.node != NULL); // libfyaml ends only what it began
  if (f.node->kind == WG_YAML_MAP) {
    if (yaml_end_map(p, &f, err) != WG_OK) {
      return err->code;
    }
  } else {
    f.node->items = f.items;
    uint64_t weight = 1;
    for (size_t i = 0; i < f.node->n; i++) {
      weight += f.items[i]->weight;
    }
    f.node->weight = (uint32_t)weight;
  }
  p->depth--;
  if (f.anchor != NULL && yaml_remember(p, f.anchor, f.node, err) != WG_OK) {
    return err->code;
  }
  return yaml_push_item(p, f.node, err);
}

// Names the bracket that is open where the text could not be read on. At the end of the text, that
// bracket is the fault.
static void yaml_blame_bracket(yaml_parse *p, wg_yaml_fault *fault) {
  const yaml_frame *f = &p->stack[p->depth];
  wg_str t = p->cursor.text;
  if (p->depth == 0 || f->pos >= t.n || (t.p[f->pos] != '[' && t.p[f->pos] != '{')) {
    return;
  }
  char c = t.p[f->pos];
  int closing = c == '[' ? ']' : '}';
  size_t end = t.n;
  while (end > 0 && strchr(" \t\r\n", t.p[end - 1]) != NULL) {
    end--;
  }
  if (p->cursor.pos >= end) {
    fault->line = f->node->line;
    fault->col = f->node->col;
    fault->text = wg_arena_printf(p->arena, "a '%c' that is never closed", c);
    fault->hint = wg_arena_printf(p->arena, "close it with '%c'", closing);
  } else if (fault->hint == NULL) {
    fault->hint =
        wg_arena_printf(p->arena,
                        "the '%c' on line %u, column %u is still open: close it with '%c', "
                        "and put commas between its items",
                        c, (unsigned)f->node->line, (unsigned)f->node->col, closing);
  }
}

static yaml_open yaml_innermost(const yaml_parse *p) {
  wg_str t = p->cursor.text;
  size_t depth = p->depth; // a pair in a list is a map without a bracket
  while (depth > 0 && (p->stack[depth].pos >= t.n ||
                       (t.p[p->stack[depth].pos] != '[' && t.p[p->stack[depth].pos] != '{'))) {
    depth--;
  }
  if (depth == 0) {
    return (yaml_open){0};
  }
  const yaml_frame *f = &p->stack[depth];
  size_t off = f->pos;
  while (off > 0 && t.p[off - 1] != '\n') {
    off--;
  }
  return (yaml_open){t.p[f->pos], f->node->line, f->node->col, off};
}

// What libfyaml collected; the first error is the cause.
static wg_code yaml_syntax(yaml_parse *p, wg_error *err) {
  wg_yaml_fault f = {p->cursor.line, p->cursor.col, NULL, NULL};
  const char *msg = NULL;
  void *iter = NULL;
  struct fy_diag *diag = fy_parser_get_diag(p->fy);
  for (const struct fy_diag_error *d; (d = fy_diag_errors_iterate(diag, &iter)) != NULL;) {
    if (d->type == FYET_ERROR && d->msg != NULL) {
      const struct fy_mark *m = d->fyt == NULL ? NULL : fy_token_start_mark(d->fyt);
      if (m != NULL) {
        yaml_seek_mark(p, m);
        f.line = p->cursor.line;
        f.col = p->cursor.col;
      } else if (d->line >= 0 && d->column >= 0) {
        f.line = (uint32_t)d->line + 1;
        f.col = (uint32_t)d->column + 1;
      }
      msg = d->msg;
      break;
    }
  }
  const yaml_open open = yaml_innermost(p);
  if (!wg_yaml_mend(p->cursor.text, msg, &open, p->arena, &f, &p->mend)) {
    wg_yaml_clarify(p->cursor.text, msg, p->arena, &f);
    yaml_blame_bracket(p, &f);
  }
  fy_diag_unref(diag);
  return yaml_stop(p, WG_E_FORMAT, f, err);
}

static wg_code yaml_on_event(yaml_parse *p, struct fy_event *e, size_t *n_docs, wg_error *err) {
  yaml_seek_event(p, e);
  switch (e->type) {
  case FYET_DOCUMENT_START:
    if ((*n_docs)++ > 0) {
      wg_yaml_fault f = {p->cursor.line, p->cursor.col, "a second document starts here",
                         "one file holds one document: remove the '---' and what follows"};
      return yaml_stop(p, WG_E_FORMAT, f, err);
    }
    return WG_OK;
  case FYET_MAPPING_START:
    return yaml_on_start(p, WG_YAML_MAP, e->mapping_start.anchor, e->mapping_start.tag, err);
  case FYET_SEQUENCE_START:
    return yaml_on_start(p, WG_YAML_LIST, e->sequence_start.anchor, e->sequence_start.tag, err);
  case FYET_MAPPING_END:
  case FYET_SEQUENCE_END:
    return yaml_on_end(p, err);
  case FYET_SCALAR:
    return yaml_on_scalar(p, e, err);
  case FYET_ALIAS:
    return yaml_on_alias(p, e, err);
  case FYET_NONE:
  case FYET_STREAM_START:
  case FYET_STREAM_END:
  case FYET_DOCUMENT_END:
    break;
  }
  return WG_OK;
}

static wg_code yaml_run(yaml_parse *p, wg_error *err) {
  size_t n_docs = 0;
  for (;;) {
    struct fy_event *e = fy_parser_parse(p->fy);
    if (e == NULL) {
      return fy_parser_get_stream_error(p->fy) ? yaml_syntax(p, err) : WG_OK;
    }
    wg_code code = yaml_on_event(p, e, &n_docs, err);
    fy_parser_event_free(p->fy, e);
    if (code != WG_OK) {
      return code;
    }
    if (p->no_memory) {
      return wg_arena_fail(p->arena, err);
    }
  }
}

static void yaml_silent(struct fy_diag *diag, void *user, const char *buf, size_t len) {
  (void)diag;
  (void)user;
  (void)buf;
  (void)len;
}

static wg_code yaml_with_parser(yaml_parse *p, wg_error *err) {
  struct fy_diag_cfg dcfg;
  fy_diag_cfg_default(&dcfg);
  dcfg.fp = NULL;
  dcfg.output_fn = yaml_silent;
  dcfg.colorize = false;
  struct fy_diag *diag = fy_diag_create(&dcfg);
  if (diag == NULL) {
    return wg_fail(err, WG_E_NOMEM, "out of memory");
  }
  fy_diag_set_collect_errors(diag, true);
  unsigned flags = FYPCF_QUIET | FYPCF_COLLECT_DIAG | FYPCF_DEFAULT_VERSION_1_2 | FYPCF_JSON_NONE |
                   FYPCF_DISABLE_DEPTH_LIMIT;
  struct fy_parse_cfg cfg = {.flags = (enum fy_parse_cfg_flags)flags, .diag = diag};
  p->fy = fy_parser_create(&cfg);
  wg_code code = WG_OK;
  if (p->fy == NULL || fy_parser_set_string(p->fy, p->cursor.text.p, p->cursor.text.n) != 0) {
    code = wg_fail(err, WG_E_NOMEM, "out of memory");
  } else {
    code = yaml_run(p, err);
  }
  fy_diag_reset_error(diag); // or the collected errors, and the tokens they hold, would leak
  if (p->fy != NULL) {
    fy_parser_destroy(p->fy);
  }
  fy_diag_unref(diag);
  return code;
}

#define YAML_MAX_MENDS 20U
#define YAML_MEND_BYTES 262144U // a longer text is not copied again and again

static yaml_parse *yaml_new_parse(wg_str bytes, const wg_yaml_limits *limits, uint32_t source,
                                  wg_arena *arena) {
  yaml_parse *p = wg_arena_new(arena, yaml_parse);
  if (p != NULL) {
    *p = (yaml_parse){.arena = arena,
                      .limits = *limits,
                      .source = source,
                      .cursor = {.text = bytes, .line = 1, .col = 1}};
    p->limits.max_depth = limits->max_depth > YAML_MAX_DEPTH ? YAML_MAX_DEPTH : limits->max_depth;
  }
  return p;
}

// Reads the text; where it can't be read on for a mistake that is known, as if it had not been
// made, so that all are found. *out_p has the last reading and, first, the mistakes.
static wg_code yaml_read(wg_str bytes, yaml_parse **out_p, wg_error *err) {
  yaml_parse *p = *out_p;
  wg_yaml_fault made[YAML_MAX_MENDS];
  size_t n_made = 0;
  wg_error first = WG_ERROR_INIT;
  wg_code code = yaml_with_parser(p, err);
  while (code == WG_E_FORMAT && p->mend.has && n_made < YAML_MAX_MENDS &&
         bytes.n <= YAML_MEND_BYTES && p->n_faults == 1 &&
         !wg_yaml_is_again(made, n_made, &p->faults[0])) {
    const yaml_mend m = p->mend;
    first = n_made == 0 ? *err : first;
    made[n_made++] = p->faults[0];
    p = yaml_new_parse(bytes, &p->limits, p->source, p->arena);
    if (p == NULL || !wg_yaml_mended(p->arena, &m, &p->cursor.text)) {
      return wg_arena_fail((*out_p)->arena, err);
    }
    *out_p = p;
    bytes = p->cursor.text;
    code = yaml_with_parser(p, err);
  }
  if (n_made == 0 || p->no_memory || code == WG_E_NOMEM) {
    return code;
  }
  const wg_yaml_fault *rest = p->faults;
  size_t n_rest = p->n_faults;
  if (code != WG_OK && n_rest == 1 && wg_yaml_is_again(made, n_made, rest)) {
    n_rest = 0; // what the change of that line left
  }
  p->faults = NULL;
  p->n_faults = p->cap_faults = 0;
  for (size_t i = 0; i < n_made + n_rest; i++) {
    const wg_yaml_fault *f = i < n_made ? &made[i] : &rest[i - n_made];
    yaml_fault(p, f->line, f->col, f->text, f->hint);
  }
  p->root = code == WG_OK ? p->root : NULL;
  *err = first;
  return first.code;
}

wg_code wg_yaml_parse(wg_str bytes, const wg_yaml_limits *limits, uint32_t source, wg_arena *arena,
                      wg_yaml_doc *out, wg_error *err) {
  *out = (wg_yaml_doc){0};
  if (wg_str_starts(bytes, "\xEF\xBB\xBF")) { // a byte order mark is no character of the text
    bytes = (wg_str){bytes.p + 3, bytes.n - 3};
  }
  yaml_parse *p = yaml_new_parse(bytes, limits, source, arena);
  if (p == NULL) {
    return wg_arena_fail(arena, err);
  }
  wg_code code = WG_OK;
  wg_yaml_fault f = {1, 1, NULL, NULL};
  if (bytes.n > limits->max_bytes) {
    f.text =
        wg_arena_printf(arena, "the text is longer than %u bytes", (unsigned)limits->max_bytes);
    code = yaml_stop(p, WG_E_LIMIT, f, err);
  } else if (!wg_yaml_scan(bytes, arena, &f)) {
    code = yaml_stop(p, WG_E_FORMAT, f, err);
  } else if (bytes.n > 0) {
    code = yaml_read(bytes, &p, err);
  }
  if (p->no_memory || code == WG_E_NOMEM) {
    return code == WG_OK ? wg_arena_fail(arena, err) : code;
  }
  out->faults = p->faults;
  out->n_faults = p->n_faults;
  if (code == WG_OK || code == WG_E_FORMAT) {
    out->root = p->root;
  }
  return code;
}
