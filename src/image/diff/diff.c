// SPDX-License-Identifier: Apache-2.0
#include "image/diff/diff.h"

#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "image/diff/diffint.h"

const char *const wg_diff_aspects[11] = {"kind",       "content",
                                         "attributes", "security descriptor",
                                         "streams",    "reparse point",
                                         "links",      "short name",
                                         "name case",  "object id or extended attributes",
                                         "times"};

void wg_diff_list_done(wg_diff_list *l) {
  wg_xfree(l->v);
  *l = (wg_diff_list){0};
}

typedef struct diff_pair {
  uint32_t a, b;
} diff_pair;

typedef struct diff_pairs {
  diff_pair *v;
  size_t n, cap;
} diff_pairs;

typedef struct diff_run {
  wg_diff_side *a, *b;
  const wg_diff_options *opt;
  wg_diff_list *out;
  diff_pairs stack; // folders that both have
  uint32_t seq;     // numbers pairs and lone nodes
} diff_run;

static wg_diff_item *diff_add(const diff_run *r, wg_diff_change change, uint32_t a, uint32_t b) {
  wg_diff_list *l = r->out;
  wg_diff_item *item = &wg_vec_push(&l->v, &l->n, &l->cap);
  *item = (wg_diff_item){.change = change, .a = a, .b = b};
  return item;
}

typedef struct node_stack {
  uint32_t *v;
  size_t n, cap;
} node_stack;

static void node_push(node_stack *s, uint32_t node) {
  wg_vec_push(&s->v, &s->n, &s->cap) = node;
}

// --- two nodes of one name

static bool same_stream(const wg_wim_stream *x, const wg_wim_stream *y) {
  return memcmp(&x->hash, &y->hash, sizeof(x->hash)) == 0;
}

static int stream_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const wg_wim_stream *x = *(const wg_wim_stream *const *)a, *y = *(const wg_wim_stream *const *)b;
  return wg_name16_cmp_nocase((const uint8_t *)x->name16.p, x->name16.n,
                              (const uint8_t *)y->name16.p, y->name16.n);
}

// The named streams by name, heap; of none NULL.
static const wg_wim_stream **named_streams(const wg_wim_entry *e, size_t *out_n) {
  size_t n = 0;
  for (size_t i = 0; i < e->n_streams; i++) {
    n += e->streams[i].name16.n > 0;
  }
  *out_n = n;
  if (n == 0) {
    return NULL;
  }
  // NOLINTNEXTLINE(bugprone-sizeof-expression): of pointers
  const wg_wim_stream **v = wg_xarray(n, sizeof(*v));
  for (size_t i = 0, k = 0; i < e->n_streams; i++) {
    if (e->streams[i].name16.n > 0) {
      v[k++] = &e->streams[i];
    }
  }
  wg_sort((void *)v, n, sizeof(*v), stream_cmp, NULL); // NOLINT(bugprone-sizeof-expression)
  return v;
}

// Named streams, whatever their order. An entry may have 65,535 of them.
static bool same_streams(const wg_wim_entry *x, const wg_wim_entry *y) {
  size_t n_x = 0, n_y = 0;
  const wg_wim_stream **a = named_streams(x, &n_x), **b = named_streams(y, &n_y);
  bool same = n_x == n_y;
  for (size_t i = 0; same && i < n_x; i++) {
    same = stream_cmp(&a[i], &b[i], NULL) == 0 && same_stream(a[i], b[i]);
  }
  wg_xfree((void *)a);
  wg_xfree((void *)b);
  return same;
}

// What a reparse point points with: its data, and the tag.
static bool same_reparse(const wg_wim_entry *x, const wg_wim_entry *y) {
  wg_wim_roles rx = wg_wim_entry_roles(x), ry = wg_wim_entry_roles(y);
  static const wg_sha1 none = {{0}};
  const wg_sha1 *hx = rx.reparse == WG_WIM_NO_STREAM ? &none : wg_wim_entry_hash(x, rx.reparse);
  const wg_sha1 *hy = ry.reparse == WG_WIM_NO_STREAM ? &none : wg_wim_entry_hash(y, ry.reparse);
  return memcmp(hx, hy, sizeof(none)) == 0 &&
         (uint32_t)x->link_or_reparse == (uint32_t)y->link_or_reparse;
}

// Encrypted files have their raw data instead of content.
static bool same_efs(const wg_wim_entry *x, const wg_wim_entry *y) {
  wg_wim_roles rx = wg_wim_entry_roles(x), ry = wg_wim_entry_roles(y);
  if (rx.efs == WG_WIM_NO_STREAM || ry.efs == WG_WIM_NO_STREAM) {
    return rx.efs == ry.efs;
  }
  return memcmp(wg_wim_entry_hash(x, rx.efs), wg_wim_entry_hash(y, ry.efs), sizeof(wg_sha1)) == 0;
}

static bool is_zero(wg_str s) {
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] != 0) {
      return false;
    }
  }
  return true;
}

static uint32_t aspects_of_images(const diff_run *r, uint32_t a, uint32_t b) {
  const wg_wim_entry *x = &r->a->tree.entries[a], *y = &r->b->tree.entries[b];
  uint32_t bits = 0;
  bool extra = !wg_str_eq(x->tail, y->tail) && !(is_zero(x->tail) && is_zero(y->tail));
  bits |= x->attributes != y->attributes ? WG_DIFF_ATTRIBUTES : 0;
  bits |=
      !wg_str_eq(wg_diff_descriptor(r->a, a), wg_diff_descriptor(r->b, b)) ? WG_DIFF_DESCRIPTOR : 0;
  bits |= !same_streams(x, y) ? WG_DIFF_STREAMS : 0;
  bits |= !same_efs(x, y) ? WG_DIFF_CONTENT : 0;
  bits |= (x->attributes & y->attributes & WG_WIM_ATTR_REPARSE) != 0 && !same_reparse(x, y)
              ? WG_DIFF_REPARSE
              : 0;
  bits |= !wg_str_eq(x->short16, y->short16) ? WG_DIFF_SHORT_NAME : 0;
  bits |= extra ? WG_DIFF_EXTRA : 0;
  bits |= r->opt->times && (x->create_time != y->create_time || x->write_time != y->write_time ||
                            x->access_time != y->access_time)
              ? WG_DIFF_TIMES
              : 0;
  return bits;
}

// Folders of this machine: what stat says of times, where links lead.
static wg_code aspects_of_host(const diff_run *r, uint32_t a, uint32_t b, uint32_t *bits,
                               wg_error *err) {
  const diff_node *x = &r->a->nodes[a], *y = &r->b->nodes[b];
  if (r->a->is_wim || r->b->is_wim) {
    return WG_OK;
  }
  *bits |= r->opt->times && x->st.mtime_ns != y->st.mtime_ns ? WG_DIFF_TIMES : 0;
  if (x->link && y->link) {
    WG_AUTO(wg_cstr) path_a = wg_diff_host_path(r->a, a);
    WG_AUTO(wg_cstr) path_b = wg_diff_host_path(r->b, b);
    WG_AUTO(wg_cstr) to_a = NULL;
    WG_AUTO(wg_cstr) to_b = NULL;
    if (wg_os_readlink(WG_CWD, path_a, &to_a, err) != WG_OK ||
        wg_os_readlink(WG_CWD, path_b, &to_b, err) != WG_OK) {
      return err->code;
    }
    *bits |= strcmp(to_a, to_b) != 0 ? WG_DIFF_REPARSE : 0;
  }
  return WG_OK;
}

// The unnamed stream: by hash; files of this machine are read only when the sizes are equal.
static wg_code content_differs(const diff_run *r, uint32_t a, uint32_t b, bool *out,
                               wg_error *err) {
  wg_sha1 x, y;
  bool host = !r->a->is_wim || !r->b->is_wim;
  if (host && (r->a->nodes[a].link || r->b->nodes[b].link)) {
    *out = false;
    return WG_OK;
  }
  if (host && wg_diff_bytes(r->a, a) != wg_diff_bytes(r->b, b)) {
    *out = true;
    return WG_OK;
  }
  if (wg_diff_hash(r->a, a, r->opt->cancel, &x, err) != WG_OK ||
      wg_diff_hash(r->b, b, r->opt->cancel, &y, err) != WG_OK) {
    return err->code;
  }
  *out = memcmp(&x, &y, sizeof(x)) != 0;
  return WG_OK;
}

static uint32_t aspects_of_nodes(const diff_node *x, const diff_node *y) {
  uint32_t kind = x->folder != y->folder || x->link != y->link ? WG_DIFF_KIND : 0;
  return kind | (wg_str_eq(x->name16, y->name16) ? 0 : WG_DIFF_NAME_CASE);
}

static wg_code diff_both(diff_run *r, uint32_t a, uint32_t b, wg_error *err) {
  diff_node *x = &r->a->nodes[a], *y = &r->b->nodes[b];
  uint32_t bits = 0;
  bool content = false;
  x->seq = y->seq = ++r->seq;
  bits |= aspects_of_nodes(x, y);
  if ((bits & WG_DIFF_KIND) == 0 && !x->folder) {
    if (content_differs(r, a, b, &content, err) != WG_OK) {
      return err->code;
    }
    bits |= content ? WG_DIFF_CONTENT : 0;
  }
  bits |= r->a->is_wim && r->b->is_wim ? aspects_of_images(r, a, b) : 0;
  if (aspects_of_host(r, a, b, &bits, err) != WG_OK) {
    return err->code;
  }
  // Links are compared where both sides know them; those that have some are looked at again at the
  // end (diff_links).
  bool later = r->a->is_wim && r->b->is_wim &&
               (wg_diff_links(r->a, a) != NULL || wg_diff_links(r->b, b) != NULL);
  if (bits != 0 || later) {
    diff_add(r, WG_DIFF_CHANGED, a, b)->aspects = bits;
  }
  return WG_OK;
}

// --- nodes that one side has

// node and all below it, parents first.
static void diff_lone(diff_run *r, wg_diff_side *s, uint32_t node) {
  bool added = s == r->b;
  size_t top = r->out->n;
  node_stack stack = {0};
  uint64_t n_files = 0, n_bytes = 0;
  node_push(&stack, node);
  while (stack.n > 0) {
    uint32_t at = stack.v[--stack.n];
    const diff_node *d = &s->nodes[at];
    s->nodes[at].seq = ++r->seq;
    n_files += d->folder ? 0 : 1;
    n_bytes += d->folder ? 0 : wg_diff_bytes(s, at);
    wg_diff_item *item = added ? diff_add(r, WG_DIFF_ADDED, WG_DIFF_NONE, at)
                               : diff_add(r, WG_DIFF_REMOVED, at, WG_DIFF_NONE);
    item->implied = at != node;
    for (uint32_t i = d->n; i-- > 0;) {
      node_push(&stack, s->order[d->first + i]);
    }
  }
  r->out->v[top].n_files = n_files;
  r->out->v[top].n_bytes = n_bytes;
  wg_xfree(stack.v);
}

static int name_cmp(const wg_diff_side *a, uint32_t x, const wg_diff_side *b, uint32_t y) {
  wg_str m = a->nodes[x].name16, n = b->nodes[y].name16;
  return wg_name16_cmp_nocase((const uint8_t *)m.p, m.n, (const uint8_t *)n.p, n.n);
}

// Children of a folder that both have, merged by name.
// NOLINTNEXTLINE(readability-function-cognitive-complexity): a merge of two sorted lists
static wg_code diff_folder(diff_run *r, const diff_pair *p, wg_error *err) {
  const diff_node *x = &r->a->nodes[p->a], *y = &r->b->nodes[p->b];
  size_t first = r->stack.n;
  uint32_t i = 0, k = 0;
  while (i < x->n || k < y->n) {
    uint32_t a = i < x->n ? r->a->order[x->first + i] : WG_DIFF_NONE;
    uint32_t b = k < y->n ? r->b->order[y->first + k] : WG_DIFF_NONE;
    int cmp = a == WG_DIFF_NONE ? 1 : b == WG_DIFF_NONE ? -1 : name_cmp(r->a, a, r->b, b);
    if (cmp < 0) {
      diff_lone(r, r->a, a);
    } else if (cmp > 0) {
      diff_lone(r, r->b, b);
    } else if (r->a->nodes[a].folder != r->b->nodes[b].folder) {
      diff_lone(r, r->a, a);
      diff_lone(r, r->b, b);
    } else if (diff_both(r, a, b, err) != WG_OK) {
      return err->code;
    } else if (r->a->nodes[a].folder) {
      wg_vec_push(&r->stack.v, &r->stack.n, &r->stack.cap) = (diff_pair){a, b};
    }
    i += cmp <= 0 ? 1 : 0;
    k += cmp >= 0 ? 1 : 0;
  }
  for (size_t lo = first, hi = r->stack.n; lo + 1 < hi; lo++, hi--) {
    diff_pair t = r->stack.v[lo];
    r->stack.v[lo] = r->stack.v[hi - 1];
    r->stack.v[hi - 1] = t;
  }
  return WG_OK;
}

// --- sets of links

static uint64_t mix(uint64_t v) { // splitmix64's finish
  v += 0x9E3779B97F4A7C15ULL;
  v = (v ^ v >> 30) * 0xBF58476D1CE4E5B9ULL;
  v = (v ^ v >> 27) * 0x94D049BB133111EBULL;
  return v ^ v >> 31;
}

static void sum_links(const wg_diff_side *s) {
  for (uint32_t i = 0; s->is_wim && i < s->n; i++) {
    link_group *g = wg_diff_links(s, i);
    if (g != NULL) {
      g->sum += mix(s->nodes[i].seq);
    }
  }
}

// Now that all nodes have their numbers: which names share a content is compared as sets.
static void diff_links(const diff_run *r) {
  size_t kept = 0;
  if (!r->a->is_wim || !r->b->is_wim) {
    return;
  }
  sum_links(r->a);
  sum_links(r->b);
  for (size_t i = 0; i < r->out->n; i++) {
    wg_diff_item *item = &r->out->v[i];
    if (item->change == WG_DIFF_CHANGED) {
      const link_group *x = wg_diff_links(r->a, item->a), *y = wg_diff_links(r->b, item->b);
      bool same = x == NULL || y == NULL ? x == y : x->n == y->n && x->sum == y->sum;
      item->aspects |= same ? 0 : WG_DIFF_LINKS;
      if (item->aspects == 0) {
        continue;
      }
    }
    r->out->v[kept++] = *item;
  }
  r->out->n = kept;
}

// --- renames

typedef struct lone_file {
  wg_sha1 hash;
  size_t item;
  bool added;
} lone_file;

static int lone_cmp(const void *a, const void *b, void *ctx) {
  const lone_file *x = a, *y = b;
  (void)ctx;
  int c = memcmp(&x->hash, &y->hash, sizeof(x->hash));
  return c != 0 ? c : (x->item > y->item) - (x->item < y->item);
}

typedef struct lone_files {
  lone_file *v;
  size_t n, cap;
} lone_files;

// Files that one side has, by content.
static void lone_collect(const diff_run *r, lone_files *out) {
  for (size_t i = 0; i < r->out->n; i++) {
    const wg_diff_item *item = &r->out->v[i];
    bool added = item->change == WG_DIFF_ADDED;
    if (!added && item->change != WG_DIFF_REMOVED) {
      continue;
    }
    const wg_diff_side *s = added ? r->b : r->a;
    wg_sha1 hash = wg_wim_entry_data(&s->tree.entries[added ? item->b : item->a]);
    if (!wg_sha1_is_zero(&hash)) {
      wg_vec_push(&out->v, &out->n, &out->cap) = (lone_file){hash, i, added};
    }
  }
  wg_sort(out->v, out->n, sizeof(*out->v), lone_cmp, NULL);
}

static void rename_pair(const diff_run *r, const lone_file *x, const lone_file *y) {
  wg_diff_item *to = &r->out->v[x->added ? x->item : y->item];
  wg_diff_item *from = &r->out->v[x->added ? y->item : x->item];
  to->change = WG_DIFF_RENAMED;
  to->a = from->a;
  from->a = WG_DIFF_NONE; // dropped afterwards
}

// A content that one file gone and one file new have, and no third: that file was renamed.
static void diff_renames(const diff_run *r) {
  lone_files l = {0};
  size_t kept = 0;
  if (!r->a->is_wim || !r->b->is_wim) {
    return;
  }
  lone_collect(r, &l);
  for (size_t i = 0, next = 0; i < l.n; i = next) {
    next = i + 1;
    while (next < l.n && memcmp(&l.v[i].hash, &l.v[next].hash, sizeof(wg_sha1)) == 0) {
      next++;
    }
    if (next - i == 2 && l.v[i].added != l.v[i + 1].added) {
      rename_pair(r, &l.v[i], &l.v[i + 1]);
    }
  }
  wg_xfree(l.v);
  for (size_t i = 0; i < r->out->n; i++) {
    if (r->out->v[i].a != WG_DIFF_NONE || r->out->v[i].b != WG_DIFF_NONE) {
      r->out->v[kept++] = r->out->v[i];
    }
  }
  r->out->n = kept;
}

wg_code wg_diff_trees(wg_diff_side *a, wg_diff_side *b, const wg_diff_options *opt,
                      wg_diff_list *out, wg_error *err) {
  diff_run r = {.a = a, .b = b, .opt = opt, .out = out};
  wg_code code = diff_both(&r, 0, 0, err);
  wg_vec_push(&r.stack.v, &r.stack.n, &r.stack.cap) = (diff_pair){0, 0};
  while (code == WG_OK && r.stack.n > 0) {
    diff_pair p = r.stack.v[--r.stack.n];
    code = diff_folder(&r, &p, err);
  }
  wg_xfree(r.stack.v);
  if (code == WG_OK) {
    diff_links(&r);
    diff_renames(&r);
  }
  return code;
}
