// SPDX-License-Identifier: Apache-2.0
// What is to be made: each entry's path on the host and its kind.
#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "fmt/meta/meta.h"
#include "image/apply/apply_run.h"

#define PLAN_MAX_NAME_BYTES 255u // of Linux
#define PLAN_MAX_PATH_BYTES 4000u

uint32_t wg_image_walk(const wg_wim_tree *t, uint32_t root, uint32_t at) {
  if (t->entries[at].first_child != WG_WIM_NO_ENTRY) {
    return t->entries[at].first_child;
  }
  while (at != root) {
    if (t->entries[at].next != WG_WIM_NO_ENTRY) {
      return t->entries[at].next;
    }
    at = t->entries[at].parent;
  }
  return WG_WIM_NO_ENTRY;
}

static wg_code plan_note(wg_apply_run *r, wg_image_apply_note *note, uint32_t entry,
                         wg_error *err) {
  if ((r->opt->meta && note != &r->res.same_but_case) || note->n++ > 0) {
    return WG_OK; // kept, or not the first
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_wim_tree_path(r->tree, entry, &b);
  note->first = wg_arena_strdup(r->tree->arena, wg_buf_z(&b));
  return note->first == NULL ? wg_arena_fail(r->tree->arena, err) : WG_OK;
}

static wg_code plan_fail(const wg_apply_run *r, uint32_t entry, wg_code code, const char *what,
                         wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_wim_tree_path(r->tree, entry, &b);
  wg_error_set(err, code, 0, WG_NO_OFFSET, "'%s': %s", wg_buf_z(&b), what);
  return err->code;
}

// Path of an entry below its parent's, checked once more: nothing may leave the target.
static wg_code plan_path(wg_apply_run *r, uint32_t entry, const char *parent, const char **out,
                         wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_str name16 = r->tree->entries[entry].name16;
  if (!wg_utf16le_to_utf8((const uint8_t *)name16.p, name16.n, &b) || b.n == 0 ||
      memchr(b.p, '/', b.n) != NULL || memchr(b.p, 0, b.n) != NULL ||
      wg_str_eqz(wg_buf_str(&b), ".") || wg_str_eqz(wg_buf_str(&b), "..")) {
    return plan_fail(r, entry, WG_E_FORMAT, "a name that no file can have", err);
  }
  if (b.n > PLAN_MAX_NAME_BYTES) {
    return plan_fail(r, entry, WG_E_LIMIT,
                     "its name takes more than 255 bytes as UTF-8, which Linux has no room for; "
                     "'wingo wim apply --ntfs' keeps it",
                     err);
  }
  if (strlen(parent) + b.n > PLAN_MAX_PATH_BYTES) {
    return plan_fail(r, entry, WG_E_LIMIT, "its path is longer than this host can open", err);
  }
  *out = wg_arena_printf(&r->arena, "%s%s%s", parent, parent[0] == '\0' ? "" : "/", wg_buf_z(&b));
  return *out == NULL ? wg_arena_fail(&r->arena, err) : WG_OK;
}

static wg_code plan_blob(const wg_apply_run *r, uint32_t entry, uint32_t stream, uint32_t *out,
                         wg_error *err) {
  const wg_sha1 *h = wg_wim_entry_hash(&r->tree->entries[entry], stream);
  if (wg_sha1_is_zero(h)) {
    return WG_OK;
  }
  if (!wg_wim_find_blob(&r->f->wim, h, out)) {
    return plan_fail(r, entry, WG_E_UNSUPPORTED,
                     "its content is not in the file: a delta or incomplete WIM", err);
  }
  return WG_OK;
}

static bool plan_is_link(const wg_wim_entry *e) {
  uint32_t tag = (uint32_t)(e->link_or_reparse & UINT32_MAX);
  return tag == 0xA0000003u || tag == 0xA000000Cu || tag == 0xA000001Du;
}

// What no file system of this host keeps, as NTFS does.
#define PLAN_ATTRIBUTES                                                                            \
  (WG_WIM_ATTR_READONLY | WG_WIM_ATTR_HIDDEN | WG_WIM_ATTR_SYSTEM | 0x2000u) // not to be indexed

static void plan_count_lost(wg_apply_run *r, const wg_wim_entry *e) {
  if (r->opt->meta) {
    return;
  }
  r->res.n_descriptors += e->security != WG_WIM_NO_SECURITY ? 1u : 0u;
  r->res.n_attributes += (e->attributes & PLAN_ATTRIBUTES) != 0 ? 1u : 0u;
  r->res.n_short_names += e->short16.n > 0 ? 1u : 0u;
}

// Decides what one entry becomes. *out_skip: nothing.
static wg_code plan_kind(wg_apply_run *r, wg_apply_node *n, bool *out_skip, wg_error *err) {
  const wg_wim_entry *e = &r->tree->entries[n->entry];
  wg_wim_roles roles = wg_wim_entry_roles(e);
  *out_skip = false;
  n->blob = WG_WIM_NO_ENTRY;
  plan_count_lost(r, e);
  for (uint32_t k = 1; k <= e->n_streams; k++) {
    if (e->streams[k - 1].name16.n > 0 && plan_note(r, &r->res.streams, n->entry, err) != WG_OK) {
      return err->code;
    }
  }
  bool stand_in = r->opt->meta && (e->attributes & WG_WIM_ATTR_REPARSE) != 0 && !plan_is_link(e);
  if ((e->attributes & WG_WIM_ATTR_REPARSE) != 0 && !stand_in) {
    *out_skip = !plan_is_link(e);
    n->kind = WG_APPLY_SYMLINK;
    if (e->first_child != WG_WIM_NO_ENTRY) { // a tag whose folders hold entries: those are kept
      n->kind = WG_APPLY_DIR;
      *out_skip = false;
      return plan_note(r, &r->res.reparse, n->entry, err);
    }
    return *out_skip ? plan_note(r, &r->res.reparse, n->entry, err)
           : roles.reparse == WG_WIM_NO_STREAM
               ? WG_OK
               : plan_blob(r, n->entry, roles.reparse, &n->blob, err);
  }
  if ((e->attributes & WG_WIM_ATTR_DIRECTORY) != 0) {
    n->kind = WG_APPLY_DIR;
    return WG_OK;
  }
  n->kind = WG_APPLY_FILE;
  if ((e->attributes & WG_WIM_ATTR_ENCRYPTED) != 0) {
    *out_skip = !r->opt->meta;
    return plan_note(r, &r->res.encrypted, n->entry, err);
  }
  return roles.data == WG_WIM_NO_STREAM ? WG_OK : plan_blob(r, n->entry, roles.data, &n->blob, err);
}

// One item and all below it. paths: by entry.
static wg_code plan_item(wg_apply_run *r, const wg_image_apply_item *item, const char **paths,
                         wg_error *err) {
  uint32_t base_depth = r->tree->entries[item->entry].depth;
  uint32_t as_depth = 0;
  for (const char *p = item->as; *p != '\0'; p++) {
    as_depth += *p == '/';
  }
  bool into = item->as[0] == '\0';
  for (uint32_t at = item->entry; at != WG_WIM_NO_ENTRY;
       at = wg_image_walk(r->tree, item->entry, at)) {
    const wg_wim_entry *e = &r->tree->entries[at];
    bool skip = false;
    if (at == item->entry) {
      paths[at] = item->as;
    } else if (plan_path(r, at, paths[e->parent], &paths[at], err) != WG_OK) {
      return err->code;
    }
    wg_apply_node *n = &r->nodes[r->n_nodes];
    *n = (wg_apply_node){.entry = at,
                         .path = paths[at][0] == '\0' ? "." : paths[at],
                         .depth =
                             as_depth + e->depth - base_depth - (into && e->depth > base_depth)};
    if (plan_kind(r, n, &skip, err) != WG_OK) {
      return err->code;
    }
    r->n_nodes += skip ? 0 : 1;
  }
  return WG_OK;
}

typedef struct plan_link {
  uint64_t id;
  uint32_t node;
} plan_link;

static int plan_link_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const plan_link *x = a, *y = b;
  if (x->id != y->id) {
    return x->id < y->id ? -1 : 1;
  }
  return (x->node > y->node) - (x->node < y->node);
}

// Files of one hard-link group that have one content become links to the first.
static wg_code plan_links(wg_apply_run *r, wg_error *err) {
  plan_link *links = wg_arena_new_array(&r->arena, plan_link, r->n_nodes);
  if (links == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  size_t n = 0;
  for (uint32_t i = 0; i < r->n_nodes; i++) {
    uint64_t id = r->tree->entries[r->nodes[i].entry].link_or_reparse;
    if (r->nodes[i].kind == WG_APPLY_FILE && id != 0) {
      links[n++] = (plan_link){id, i};
    }
  }
  if (n < 2) {
    return WG_OK;
  }
  wg_sort(links, n, sizeof(links[0]), plan_link_cmp, NULL);
  for (size_t i = 1, first = 0; i < n; i++) {
    wg_apply_node *a = &r->nodes[links[first].node], *b = &r->nodes[links[i].node];
    if (links[i].id != links[first].id) {
      first = i;
    } else if (a->blob == b->blob) {
      b->kind = WG_APPLY_HARD_LINK;
      b->same = links[first].node;
    }
  }
  return WG_OK;
}

static int plan_case_cmp(const void *a, const void *b, void *ctx) {
  const wg_wim_entry *entries = ctx;
  uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
  const wg_wim_entry *x = &entries[i], *y = &entries[k];
  if (x->parent != y->parent) {
    return x->parent < y->parent ? -1 : 1;
  }
  int c = wg_name16_cmp_nocase((const uint8_t *)x->name16.p, x->name16.n,
                               (const uint8_t *)y->name16.p, y->name16.n);
  return c != 0 ? c : (i > k) - (i < k);
}

static bool plan_same_name(const wg_wim_entry *x, const wg_wim_entry *y) {
  return x->parent == y->parent &&
         wg_name16_cmp_nocase((const uint8_t *)x->name16.p, x->name16.n,
                              (const uint8_t *)y->name16.p, y->name16.n) == 0;
}

static wg_code plan_case(wg_apply_run *r, wg_error *err) {
  uint32_t *order = wg_arena_new_array(&r->arena, uint32_t, r->n_nodes);
  if (order == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (size_t i = 0; i < r->n_nodes; i++) {
    order[i] = r->nodes[i].entry;
  }
  if (r->n_nodes > 1) {
    wg_sort(order, r->n_nodes, sizeof(order[0]), plan_case_cmp, r->tree->entries);
  }
  for (size_t i = 1; i < r->n_nodes; i++) {
    if (order[i] != order[i - 1] &&
        plan_same_name(&r->tree->entries[order[i - 1]], &r->tree->entries[order[i]]) &&
        plan_note(r, &r->res.same_but_case, order[i], err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static int plan_place_cmp(const void *a, const void *b, void *ctx) {
  const wg_apply_run *r = ctx;
  const wg_wim *w = &r->f->wim;
  uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
  const wg_wim_blob *x = &w->blobs[r->nodes[i].blob], *y = &w->blobs[r->nodes[k].blob];
  uint64_t m = x->solid == WG_WIM_NO_SOLID ? x->off_bytes : w->solids[x->solid].off_bytes;
  uint64_t n = y->solid == WG_WIM_NO_SOLID ? y->off_bytes : w->solids[y->solid].off_bytes;
  if (m != n) {
    return m < n ? -1 : 1;
  }
  if (x->off_bytes != y->off_bytes) {
    return x->off_bytes < y->off_bytes ? -1 : 1;
  }
  if (r->nodes[i].blob != r->nodes[k].blob) {
    return r->nodes[i].blob < r->nodes[k].blob ? -1 : 1;
  }
  return (i > k) - (i < k);
}

static wg_code plan_files(wg_apply_run *r, wg_error *err) {
  r->files = wg_arena_new_array(&r->arena, uint32_t, r->n_nodes);
  if (r->files == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (uint32_t i = 0; i < r->n_nodes; i++) {
    if (r->nodes[i].kind == WG_APPLY_FILE && r->nodes[i].blob != WG_WIM_NO_ENTRY) {
      r->files[r->n_files++] = i;
    }
  }
  if (r->n_files > 1) {
    wg_sort(r->files, r->n_files, sizeof(r->files[0]), plan_place_cmp, r);
  }
  return WG_OK;
}

// The sidecar needs its name for itself.
static wg_code plan_meta(const wg_apply_run *r, wg_error *err) {
  for (size_t i = 0; r->opt->meta && i < r->n_nodes; i++) {
    if (strcmp(r->nodes[i].path, WG_META_FILE) == 0) {
      return plan_fail(r, r->nodes[i].entry, WG_E_CONFLICT,
                       "the image has a file of the name that --meta needs; apply it without, or "
                       "delete the file first (wingo wim update)",
                       err);
    }
  }
  return WG_OK;
}

wg_code wg_apply_plan(wg_apply_run *r, const wg_image_apply_item *items, size_t n_items,
                      wg_error *err) {
  size_t n = 0;
  for (size_t i = 0; i < n_items; i++) {
    for (uint32_t at = items[i].entry; at != WG_WIM_NO_ENTRY;
         at = wg_image_walk(r->tree, items[i].entry, at)) {
      n++;
    }
  }
  const char **paths = wg_arena_new_array(&r->arena, const char *, r->tree->n);
  r->nodes = wg_arena_new_array(&r->arena, wg_apply_node, n);
  if (paths == NULL || r->nodes == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (size_t i = 0; i < n_items; i++) {
    if (plan_item(r, &items[i], paths, err) != WG_OK) {
      return err->code;
    }
  }
  if (plan_meta(r, err) != WG_OK || plan_links(r, err) != WG_OK || plan_case(r, err) != WG_OK) {
    return err->code;
  }
  return plan_files(r, err);
}
