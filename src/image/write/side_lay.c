// SPDX-License-Identifier: Apache-2.0
// What is known of files, laid over the tree that was captured of them.
#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "image/write/side.h"

#define LAY_ENTRY_BYTES 102u // of an entry on disk, without its names
#define LAY_STREAM_BYTES 38u // of an extra stream on disk, without its name
#define LAY_TAG_SURROGATE 0x20000000u
#define LAY_SECOND 10000000u // in units of 100 ns

typedef struct side_lay {
  wg_image_side *s;
  wg_wim_tree *t;
  bool keep_times;
  const char **paths;        // by entry
  uint32_t *security;        // by number of the descriptor: 1 + that in the tree
  const wg_meta_entry **row; // by entry: what is known of it, NULL: nothing
} side_lay;

static wg_code lay_paths(side_lay *l, wg_error *err) {
  wg_arena *a = l->t->arena;
  l->paths = wg_arena_new_array(a, const char *, l->t->n);
  l->security = wg_arena_new_array(a, uint32_t, l->s->all.n_descriptors);
  l->row = wg_arena_new_array(a, const wg_meta_entry *, l->t->n);
  if (l->paths == NULL || l->security == NULL || l->row == NULL) {
    return wg_arena_fail(a, err);
  }
  l->paths[0] = "";
  for (uint32_t i = 1; i < l->t->n; i++) { // parents come before their children
    const wg_wim_entry *e = &l->t->entries[i];
    const char *above = l->paths[e->parent];
    WG_AUTO(wg_buf) name = {0};
    wg_buf_init(&name, wg_heap(), 0);
    (void)!wg_utf16le_to_utf8((const uint8_t *)e->name16.p, e->name16.n, &name);
    l->paths[i] = wg_arena_printf(a, "%s%s%s", above, above[0] == '\0' ? "" : "/", wg_buf_z(&name));
    if (l->paths[i] == NULL) {
      return wg_arena_fail(a, err);
    }
  }
  return WG_OK;
}

// Its hash; remembered, so that it is packed.
static wg_sha1 lay_content(side_lay *l, wg_str data) {
  if (data.n == 0) {
    return (wg_sha1){{0}};
  }
  wg_sha1 h = wg_sha1_of(data.p, data.n);
  wg_vec_push(&l->s->contents, &l->s->n_contents, &l->s->cap_contents) =
      (wg_image_side_content){h, data};
  return h;
}

static wg_code lay_stream(const side_lay *l, wg_wim_stream *out, wg_str name16, const wg_sha1 *hash,
                          wg_error *err) {
  size_t used = LAY_STREAM_BYTES + name16.n;
  size_t whole = (used + (name16.n > 0 ? 2 : 0) + 7) & ~(size_t)7;
  *out = (wg_wim_stream){.name16 = name16, .hash = *hash, .length = whole};
  out->tail = (wg_str){wg_arena_get(l->t->arena, whole - used), whole - used};
  return out->tail.p == NULL ? wg_arena_fail(l->t->arena, err) : WG_OK;
}

// The unnamed contents of an entry, and whether it has them: written as wimlib and Microsoft's
// software do (docs/formats/wim.md).
typedef struct lay_unnamed {
  bool has_reparse, has_efs;
  wg_sha1 data, reparse, efs;
} lay_unnamed;

static wg_code lay_streams(side_lay *l, wg_wim_entry *e, const lay_unnamed *u,
                           const wg_meta_entry *row, wg_error *err) {
  bool dir = (e->attributes & WG_WIM_ATTR_DIRECTORY) != 0;
  bool data = !dir && !u->has_efs && (!u->has_reparse || !wg_sha1_is_zero(&u->data));
  bool own = u->has_efs || dir || (row->n_streams == 0 && !(data && u->has_reparse));
  e->streams = wg_arena_new_array(l->t->arena, wg_wim_stream, row->n_streams + 2);
  e->n_streams = 0;
  if (e->streams == NULL) {
    return wg_arena_fail(l->t->arena, err);
  }
  e->hash = (wg_sha1){{0}};
  if (own) {
    e->hash = u->has_efs ? u->efs : u->has_reparse ? u->reparse : u->data;
  }
  if (!own && u->has_reparse &&
      lay_stream(l, &e->streams[e->n_streams++], WG_STR(""), &u->reparse, err) != WG_OK) {
    return err->code;
  }
  if (!own && data &&
      lay_stream(l, &e->streams[e->n_streams++], WG_STR(""), &u->data, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < row->n_streams; i++) {
    wg_sha1 hash = lay_content(l, row->streams[i].data);
    if (lay_stream(l, &e->streams[e->n_streams++], row->streams[i].name16, &hash, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// A link of the host: the image's own again where it still leads there; a new one stays as it is.
static bool lay_link(side_lay *l, wg_wim_entry *e, const wg_meta_entry *row, lay_unnamed *u) {
  const wg_meta_entry *known = wg_meta_find(&l->s->file, row->path);
  wg_wim_roles roles = wg_wim_entry_roles(e);
  if ((row->has & WG_META_TARGET) == 0 || known == NULL) {
    return false;
  }
  u->has_reparse = true;
  if (roles.reparse != WG_WIM_NO_STREAM) {
    u->reparse = *wg_wim_entry_hash(e, roles.reparse);
  }
  if (!l->s->same_link[known - l->s->file.entries]) {
    return true;
  }
  if ((row->has & WG_META_ATTRIBUTES) != 0) {
    e->attributes = row->attributes | WG_WIM_ATTR_REPARSE;
  }
  if ((row->has & WG_META_REPARSE) != 0) {
    e->link_or_reparse = row->reparse;
    u->reparse = lay_content(l, row->reparse_data);
  }
  return true;
}

// A file or folder. False when it is not what the row is about.
static bool lay_plain(side_lay *l, wg_wim_entry *e, const wg_meta_entry *row, lay_unnamed *u) {
  bool dir = (e->attributes & WG_WIM_ATTR_DIRECTORY) != 0;
  bool was_dir = (row->attributes & WG_WIM_ATTR_DIRECTORY) != 0;
  bool attributes = (row->has & WG_META_ATTRIBUTES) != 0;
  bool empty = wg_sha1_is_zero(&u->data);
  bool surrogate = (row->reparse & LAY_TAG_SURROGATE) != 0;
  if ((row->has & WG_META_TARGET) != 0 || (attributes && dir != was_dir)) {
    return false;
  }
  // What stands for a link or an encrypted file is empty; with content in it, it is a file of its
  // own. So is a folder with entries in it that stood for a link.
  u->has_reparse = (row->has & WG_META_REPARSE) != 0 &&
                   !(surrogate && (!empty || e->first_child != WG_WIM_NO_ENTRY));
  u->has_efs = (row->has & WG_META_EFS) != 0 && !dir && empty;
  uint32_t no =
      (u->has_reparse ? 0 : WG_WIM_ATTR_REPARSE) | (u->has_efs || dir ? 0 : WG_WIM_ATTR_ENCRYPTED);
  if (attributes) {
    e->attributes = row->attributes & ~no;
  }
  if (u->has_efs) {
    e->attributes |= WG_WIM_ATTR_ENCRYPTED;
    u->efs = lay_content(l, row->efs);
  }
  if (u->has_reparse) {
    e->attributes |= WG_WIM_ATTR_REPARSE;
    e->link_or_reparse = row->reparse;
    u->reparse = lay_content(l, row->reparse_data);
    e->has_list = e->first_child != WG_WIM_NO_ENTRY; // folders that lead elsewhere have none
  }
  return true;
}

// Whether a host's file that was given a time has it still: in whole seconds where its file system
// keeps no more, or the nearest that it has room for.
static bool lay_is_time(uint64_t have, uint64_t given) {
  static const int64_t first[] = {-2147483648, 0};
  static const int64_t last[] = {2147483647, 4294967295, 15032385535, 16299260424}; // ext4, XFS
  if (have == given || (have % LAY_SECOND == 0 && have / LAY_SECOND == given / LAY_SECOND)) {
    return true;
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(first) && given < have; i++) {
    if (have / LAY_SECOND == wg_wim_time(first[i]) / LAY_SECOND) {
      return true;
    }
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(last) && given > have; i++) {
    if (have / LAY_SECOND == wg_wim_time(last[i]) / LAY_SECOND) {
      return true;
    }
  }
  return false;
}

// The recorded times are those of the recorded content: a file that was written since has its own.
static void lay_times(const side_lay *l, wg_wim_entry *e, const wg_meta_entry *row) {
  bool same = (row->has & WG_META_WRITTEN) != 0 && lay_is_time(e->write_time, row->written);
  if (!l->keep_times) {
    return;
  }
  if ((row->has & WG_META_CREATED) != 0) {
    e->create_time = row->created;
  }
  if (same) {
    e->write_time = row->written;
    e->access_time = (row->has & WG_META_ACCESSED) != 0 ? row->accessed : e->access_time;
  }
}

// Tagged items stand at a multiple of 8 bytes behind the names: with another short name than they
// were read with, they have another gap before them.
static wg_code lay_items(const side_lay *l, wg_wim_entry *e, wg_str items, wg_error *err) {
  size_t start = LAY_ENTRY_BYTES + e->name16.n + (e->name16.n > 0 ? 2 : 0) + e->short16.n +
                 (e->short16.n > 0 ? 2 : 0);
  size_t gap = (8 - start % 8) % 8, was = 0;
  e->tail = items;
  if ((start + items.n) % 8 == 0) {
    return WG_OK;
  }
  while (was < items.n && was < 7 && items.p[was] == '\0') {
    was++;
  }
  char *moved = wg_arena_get(l->t->arena, gap + items.n - was + 1); // zeros
  if (moved == NULL) {
    return wg_arena_fail(l->t->arena, err);
  }
  memcpy(moved + gap, items.p + was, items.n - was);
  e->tail = (wg_str){moved, gap + items.n - was};
  return WG_OK;
}

static wg_code lay_rest(side_lay *l, wg_wim_entry *e, const wg_meta_entry *row, wg_error *err) {
  if ((row->has & WG_META_DESCRIPTOR) != 0 && l->s->all.descriptors[row->descriptor].n > 0) {
    uint32_t *known = &l->security[row->descriptor], id = 0;
    if (*known == 0 &&
        wg_wim_tree_descriptor(l->t, l->s->all.descriptors[row->descriptor], &id, err) != WG_OK) {
      return err->code;
    }
    *known = *known == 0 ? id + 1 : *known;
    e->security = *known - 1;
  }
  if ((row->has & WG_META_SHORT) != 0) {
    e->short16 = row->short16;
  }
  if ((row->has & WG_META_ITEMS) != 0 && lay_items(l, e, row->items, err) != WG_OK) {
    return err->code;
  }
  e->length = 0; // to be computed
  lay_times(l, e, row);
  return WG_OK;
}

static wg_code lay_entry(side_lay *l, uint32_t i, wg_error *err) {
  wg_wim_entry *e = &l->t->entries[i];
  const wg_meta_entry *row = wg_meta_find(&l->s->all, l->paths[i]);
  lay_unnamed u = {.data = wg_wim_entry_data(e)};
  bool link = (e->attributes & WG_WIM_ATTR_REPARSE) != 0;
  if (row == NULL || !(link ? lay_link(l, e, row, &u) : lay_plain(l, e, row, &u))) {
    l->s->n_bare++;
    return WG_OK;
  }
  l->row[i] = row;
  if (row->line != 0 && e->first_child != WG_WIM_NO_ENTRY && !wg_wim_entry_holds(e)) {
    return wg_fail(err, WG_E_FORMAT,
                   "%s:%u: '%s' is a reparse point (tag 0x%08x) and has entries in it, which would "
                   "go to wherever it leads",
                   l->s->name, (unsigned)row->line, l->paths[i],
                   (unsigned)(e->link_or_reparse & UINT32_MAX));
  }
  if (lay_rest(l, e, row, err) != WG_OK) {
    return err->code;
  }
  bool as_it_is = row->n_streams == 0 && !u.has_reparse && !u.has_efs;
  return as_it_is ? WG_OK : lay_streams(l, e, &u, row, err);
}

typedef struct lay_file { // with a number of the sidecar's
  uint64_t links, host;   // the host's own number, 0: none
  wg_sha1 data;
  uint32_t entry;
} lay_file;

static int lay_file_cmp(const void *a, const void *b, void *ctx) {
  const lay_file *x = a, *y = b;
  (void)ctx;
  if (x->links != y->links) {
    return x->links < y->links ? -1 : 1;
  }
  int c = memcmp(&x->data, &y->data, sizeof(x->data));
  return c != 0 ? c : (x->entry > y->entry) - (x->entry < y->entry);
}

static int lay_host_cmp(const void *a, const void *b, void *ctx) {
  const lay_file *x = a, *y = b;
  (void)ctx;
  if (x->host != y->host) {
    return x->host < y->host ? -1 : 1;
  }
  return (x->entry > y->entry) - (x->entry < y->entry);
}

static bool lay_is_file(const wg_wim_entry *e) {
  return (e->attributes & (WG_WIM_ATTR_DIRECTORY | WG_WIM_ATTR_REPARSE)) == 0;
}

// Of the files with one number: those of the content that most of them have keep it. What is left
// of the others is no part of it; *n_kept moves the kept ones to the front of v.
static void lay_group(side_lay *l, lay_file *v, size_t from, size_t to, size_t *n_kept) {
  size_t best = from, n_best = 0;
  for (size_t i = from, end = from; i < to; i = end) {
    while (end < to && memcmp(&v[end].data, &v[i].data, sizeof(v[i].data)) == 0) {
      end++;
    }
    if (end - i > n_best) {
      best = i;
      n_best = end - i;
    }
  }
  for (size_t i = best; i < best + n_best; i++) {
    l->t->entries[v[i].entry].link_or_reparse = v[i].links;
    v[(*n_kept)++] = v[i];
  }
}

// More names that the host has of those files.
static void lay_more_links(side_lay *l, lay_file *v, size_t n, uint64_t from) {
  if (n > 1) {
    wg_sort(v, n, sizeof(v[0]), lay_host_cmp, NULL);
  }
  for (uint32_t i = 0; i < l->t->n; i++) {
    wg_wim_entry *e = &l->t->entries[i];
    uint64_t host = lay_is_file(e) && e->link_or_reparse > from ? e->link_or_reparse - from : 0;
    size_t lo = 0, hi = n;
    while (lo < hi) {
      size_t mid = lo + (hi - lo) / 2;
      lo = v[mid].host < host ? mid + 1 : lo;
      hi = v[mid].host < host ? hi : mid;
    }
    if (host != 0 && lo < n && v[lo].host == host) {
      e->link_or_reparse = v[lo].links;
    }
  }
}

// Files that the sidecar says are one, and that still have one content, are one, as are those that
// the host has as one.
static wg_code lay_links(side_lay *l, wg_error *err) {
  wg_wim_tree *t = l->t;
  lay_file *v = wg_arena_new_array(t->arena, lay_file, t->n);
  size_t n = 0, n_kept = 0;
  uint64_t above = 0; // numbers of the sidecar's
  if (v == NULL) {
    return wg_arena_fail(t->arena, err);
  }
  for (uint32_t i = 0; i < t->n; i++) {
    const wg_wim_entry *e = &t->entries[i];
    const wg_meta_entry *row = l->row[i];
    if (lay_is_file(e) && row != NULL && row->links != 0) {
      v[n++] = (lay_file){row->links, e->link_or_reparse, wg_wim_entry_data(e), i};
      above = row->links > above && row->links < UINT64_MAX / 2 ? row->links : above;
    }
  }
  if (n == 0) {
    return WG_OK;
  }
  for (uint32_t i = 0; i < t->n; i++) { // the host's own move out of the way
    wg_wim_entry *e = &t->entries[i];
    e->link_or_reparse += lay_is_file(e) && e->link_or_reparse != 0 ? above : 0;
  }
  wg_sort(v, n, sizeof(v[0]), lay_file_cmp, NULL);
  for (size_t from = 0, to = 0; from < n; from = to) {
    while (to < n && v[to].links == v[from].links) {
      to++;
    }
    lay_group(l, v, from, to, &n_kept);
  }
  lay_more_links(l, v, n_kept, above);
  return WG_OK;
}

wg_code wg_image_side_lay(wg_image_side *s, wg_wim_tree *t, bool keep_times, wg_error *err) {
  side_lay l = {.s = s, .t = t, .keep_times = keep_times};
  s->n_bare = 0;
  s->n_contents = 0;
  if (lay_paths(&l, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < t->n; i++) {
    if (lay_entry(&l, i, err) != WG_OK) {
      return err->code;
    }
  }
  return lay_links(&l, err);
}
