// SPDX-License-Identifier: Apache-2.0
// Which contents the output has: those of the base that are still used, and new ones.
#include <string.h>

#include "base/sort.h"
#include "image/file/open.h"
#include "image/write/run.h"

static wg_code content_hash_file(wg_image_run *r, wg_image_put *p, wg_error *err) {
  WG_AUTO(wg_fd) fd = -1;
  if (wg_os_open_read(WG_CWD, p->from, &fd, err) != WG_OK ||
      wg_sha1_fd(fd, r->job->opt.cancel, &p->hash, &p->n_bytes, err) != WG_OK) {
    return err->code;
  }
  if (p->n_bytes == 0) {
    p->hash = (wg_sha1){{0}}; // an empty stream has no content and a hash of zeros
  }
  return WG_OK;
}

static wg_code content_hash_files(wg_image_run *r, wg_error *err) {
  wg_image_run_progress(r, "read files", r->edit.n_puts);
  for (size_t i = 0; i < r->edit.n_puts; i++) {
    wg_image_put *p = &r->edit.puts[i];
    if (content_hash_file(r, p, err) != WG_OK) {
      return wg_wrap(err, "'%s'", p->from);
    }
    if (p->entry != WG_WIM_NO_ENTRY) {
      r->tree.entries[p->entry].hash = p->hash;
    }
    r->result.added_bytes += p->n_bytes;
    wg_image_run_more(r, 1);
  }
  return WG_OK;
}

// Adds the uses of base blobs by a tree to refs. missing: UNSUPPORTED for content not in the base.
static wg_code content_count(const wg_image_run *r, const wg_wim_tree *t, uint32_t *refs,
                             wg_error *err) {
  for (size_t i = 0; i < t->n; i++) {
    const wg_wim_entry *e = &t->entries[i];
    for (size_t k = 0; k <= e->n_streams; k++) {
      const wg_sha1 *h = wg_wim_entry_hash(e, k);
      uint32_t blob = 0;
      if (wg_sha1_is_zero(h)) {
        continue;
      }
      if (!wg_wim_find_blob(&r->base.wim, h, &blob)) {
        return wg_image_fail_missing(t, (uint32_t)i, err);
      }
      refs[blob] += refs[blob] < UINT32_MAX;
    }
  }
  return WG_OK;
}

static wg_code content_count_others(wg_image_run *r, wg_error *err) {
  for (uint32_t i = 0; i < r->base.wim.n_images; i++) {
    if (i == r->image) {
      continue;
    }
    WG_AUTO(wg_arena) arena = {0};
    WG_AUTO(wg_buf) bytes = {0};
    wg_arena_init(&arena, wg_heap(), 0);
    wg_buf_init(&bytes, wg_heap(), 0);
    wg_wim_tree t;
    if (wg_image_file_tree(&r->base, i, &arena, 0, &bytes, &t, err) != WG_OK) {
      return err->code;
    }
    if (content_count(r, &t, r->refs_other, err) != WG_OK) {
      return wg_wrap(err, "'%s': image %u", r->base.path, (unsigned)i + 1);
    }
    if (wg_image_order_names(r, &t, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static int put_cmp(const void *a, const void *b, void *ctx) {
  const wg_image_put *puts = ctx;
  uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
  int c = memcmp(&puts[x].hash, &puts[y].hash, sizeof(wg_sha1));
  return c != 0 ? c : (x > y) - (x < y);
}

static const wg_sha1 *content_blob_hash(void *ctx, uint32_t blob) {
  const wg_image_run *r = ctx;
  return &r->blobs[blob].hash;
}

// New contents, each once, in the order of the first change that has it.
static wg_code content_new(wg_image_run *r, wg_error *err) {
  size_t n = r->edit.n_puts;
  uint32_t *order = wg_arena_new_array(&r->arena, uint32_t, n);
  bool *first = wg_arena_new_array(&r->arena, bool, n);
  if (order == NULL || first == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (size_t i = 0; i < n; i++) {
    order[i] = (uint32_t)i;
  }
  if (n > 1) {
    wg_sort(order, n, sizeof(order[0]), put_cmp, r->edit.puts);
  }
  for (size_t i = 0; i < n; i++) {
    const wg_image_put *p = &r->edit.puts[order[i]];
    uint32_t blob = 0;
    bool same = i > 0 && memcmp(&p->hash, &r->edit.puts[order[i - 1]].hash, sizeof(p->hash)) == 0;
    bool known = wg_wim_find_blob(&r->base.wim, &p->hash, &blob);
    first[order[i]] = p->n_bytes > 0 && !same && !known;
    if (p->n_bytes > 0 && (same || known)) {
      r->result.n_dedup++;
      r->result.dedup_bytes += p->n_bytes;
    }
  }
  for (size_t i = 0; i < n; i++) {
    if (first[i]) {
      r->blobs[r->n_blobs++] = (wg_image_blob){.hash = r->edit.puts[i].hash,
                                               .n_bytes = r->edit.puts[i].n_bytes,
                                               .base = WG_IMAGE_NEW,
                                               .packed = true,
                                               .put = (uint32_t)i};
    }
  }
  return WG_OK;
}

static int base_off_cmp(const void *a, const void *b, void *ctx) {
  const wg_wim *w = ctx;
  const wg_wim_blob *x = &w->blobs[((const wg_image_blob *)a)->base];
  const wg_wim_blob *y = &w->blobs[((const wg_image_blob *)b)->base];
  uint64_t xs = x->solid == WG_WIM_NO_SOLID ? x->off_bytes : w->solids[x->solid].off_bytes;
  uint64_t ys = y->solid == WG_WIM_NO_SOLID ? y->off_bytes : w->solids[y->solid].off_bytes;
  if (xs != ys) {
    return xs < ys ? -1 : 1;
  }
  if (x->off_bytes != y->off_bytes) {
    return x->off_bytes < y->off_bytes ? -1 : 1;
  }
  return memcmp(&x->hash, &y->hash, sizeof(x->hash));
}

// Resources of a sound file do not overlap; a table that says so could make us write without end.
static wg_code content_check_overlap(const wg_image_run *r, wg_error *err) {
  const wg_wim *w = &r->base.wim;
  uint64_t end = 0;
  for (size_t i = 0; i < r->n_blobs; i++) {
    const wg_wim_blob *b = &w->blobs[r->blobs[i].base];
    if (b->solid != WG_WIM_NO_SOLID) {
      continue;
    }
    if (b->off_bytes < end) {
      return wg_fail_at(err, WG_E_FORMAT, b->off_bytes,
                        "'%s': two resources overlap at 0x%llx: the file is damaged", r->base.path,
                        (unsigned long long)b->off_bytes);
    }
    end = b->off_bytes + b->stored_bytes;
  }
  return WG_OK;
}

bool wg_image_content_is_kept(const wg_image_run *r, uint32_t base_blob) {
  const wg_wim *w = &r->base.wim;
  // What was captured for this run is packed anew already, or not packed.
  return (!r->job->opt.compact || r->captured) &&
         wg_image_can_keep(w, &w->blobs[base_blob], r->job->opt.format);
}

static void content_keep(wg_image_run *r, uint32_t blob) {
  const wg_wim_blob *b = &r->base.wim.blobs[blob];
  r->blobs[r->n_blobs++] = (wg_image_blob){.hash = b->hash,
                                           .n_bytes = b->orig_bytes,
                                           .base = blob,
                                           .packed = !wg_image_content_is_kept(r, blob)};
}

// Most tables are in the order of the file.
static bool content_is_in_order(const wg_image_run *r, size_t first) {
  for (size_t i = first + 1; i < r->n_blobs; i++) {
    if (base_off_cmp(&r->blobs[i - 1], &r->blobs[i], (void *)(uintptr_t)&r->base.wim) > 0) {
      return false;
    }
  }
  return true;
}

// Base contents that are still used. From a file: in its order. From a captured tree: in the order
// of the tree, because the capture's own order depends on how the file system lists folders.
static wg_code content_kept(wg_image_run *r, const uint32_t *refs_after, wg_error *err) {
  const wg_wim *w = &r->base.wim;
  size_t first = r->n_blobs;
  if (!r->captured) {
    for (uint32_t blob = 0; blob < w->n_blobs; blob++) { // metadata has no uses
      if (r->refs_other[blob] > 0 || refs_after[blob] > 0) {
        content_keep(r, blob);
      }
    }
    if (!content_is_in_order(r, first)) {
      wg_sort(r->blobs + first, r->n_blobs - first, sizeof(r->blobs[0]), base_off_cmp,
              (void *)(uintptr_t)w);
    }
    return content_check_overlap(r, err);
  }
  uint32_t *left = r->refs_other; // all zero in a capture: used as "seen" here
  for (size_t i = 0; i < r->tree.n; i++) {
    const wg_wim_entry *e = &r->tree.entries[i];
    for (size_t k = 0; k <= e->n_streams; k++) {
      uint32_t blob = 0;
      if (wg_wim_find_blob(w, wg_wim_entry_hash(e, k), &blob) && left[blob] == 0) {
        left[blob] = 1;
        content_keep(r, blob);
      }
    }
  }
  return WG_OK;
}

static const wg_sha1 *content_hash_at(void *ctx, size_t i) {
  const wg_image_run *r = ctx;
  return &r->blobs[r->by_hash[i]].hash;
}

bool wg_image_content_find(const wg_image_run *r, const wg_sha1 *hash, uint32_t *out) {
  void *ctx = (void *)(uintptr_t)r;
  size_t at = wg_wim_hash_bound(r->heads, r->n_blobs, hash, content_hash_at, ctx);
  if (at == r->n_blobs || memcmp(content_hash_at(ctx, at), hash, sizeof(*hash)) != 0) {
    return false;
  }
  *out = r->by_hash[at];
  return true;
}

// Uses after the change, and from the base's own count (writers count differently) the new one.
static void content_refcounts(wg_image_run *r) {
  for (size_t i = 0; i < r->tree.n; i++) {
    const wg_wim_entry *e = &r->tree.entries[i];
    for (size_t k = 0; k <= e->n_streams; k++) {
      uint32_t b = 0;
      if (wg_image_content_find(r, wg_wim_entry_hash(e, k), &b)) {
        r->blobs[b].refcount += r->blobs[b].refcount < UINT32_MAX;
      }
    }
  }
  for (size_t i = 0; i < r->n_blobs; i++) {
    wg_image_blob *b = &r->blobs[i];
    if (b->base == WG_IMAGE_NEW || r->captured) {
      continue;
    }
    int64_t n = (int64_t)r->base.wim.blobs[b->base].refcount + b->refcount -
                (int64_t)r->refs_before[b->base];
    b->refcount = n < 1 ? 1 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
  }
}

typedef struct stats_link {
  uint64_t id, n_bytes;
} stats_link;

static int stats_link_cmp(const void *a, const void *b, void *ctx) {
  (void)ctx;
  const stats_link *x = a, *y = b;
  return (x->id > y->id) - (x->id < y->id);
}

static uint64_t stats_entry_bytes(const wg_image_run *r, const wg_wim_entry *e) {
  uint64_t n = 0;
  for (size_t k = 0; k <= e->n_streams; k++) {
    const wg_sha1 *h = wg_wim_entry_hash(e, k);
    uint32_t b = 0;
    if (wg_sha1_is_zero(h)) {
      continue;
    }
    if (wg_wim_find_blob(&r->base.wim, h, &b)) {
      n += r->base.wim.blobs[b].orig_bytes;
    } else if (r->by_hash != NULL && wg_image_content_find(r, h, &b)) {
      n += r->blobs[b].n_bytes;
    }
  }
  return n;
}

static wg_code content_stats(wg_image_run *r, const wg_wim_tree *t, wg_image_stats *out,
                             wg_error *err) {
  stats_link *links = wg_arena_raw_array(&r->arena, stats_link, t->n);
  if (links == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  size_t n = 0;
  wg_image_stats s = {0};
  for (size_t i = 0; i < t->n; i++) {
    const wg_wim_entry *e = &t->entries[i];
    uint64_t bytes = stats_entry_bytes(r, e);
    bool dir = (e->attributes & WG_WIM_ATTR_DIRECTORY) != 0;
    // As libwim counts: a junction is no folder.
    bool folder = dir && (e->attributes & WG_WIM_ATTR_REPARSE) == 0;
    s.n_dirs += folder;
    s.n_files += !folder;
    s.total_bytes += bytes;
    if (!dir && e->link_or_reparse != 0 && (e->attributes & WG_WIM_ATTR_REPARSE) == 0) {
      links[n++] = (stats_link){e->link_or_reparse, bytes};
    }
  }
  if (n > 1) {
    wg_sort(links, n, sizeof(links[0]), stats_link_cmp, NULL);
  }
  for (size_t i = 1; i < n; i++) {
    s.hard_link_bytes += links[i].id == links[i - 1].id ? links[i].n_bytes : 0;
  }
  *out = s;
  return WG_OK;
}

static wg_code content_arrays(wg_image_run *r, wg_error *err) {
  size_t n = r->base.wim.n_blobs;
  r->refs_other = wg_arena_new_array(&r->arena, uint32_t, n);
  r->refs_before = wg_arena_new_array(&r->arena, uint32_t, n);
  r->blobs = wg_arena_new_array(&r->arena, wg_image_blob, n + r->edit.n_puts);
  if (r->job->opt.format == WG_IMAGE_FORMAT_ESD) {
    r->names = (const char **)wg_arena_new_array(&r->arena, const char *, n);
  }
  if (r->refs_other == NULL || r->refs_before == NULL || r->blobs == NULL ||
      (r->names == NULL && r->job->opt.format == WG_IMAGE_FORMAT_ESD)) {
    return wg_arena_fail(&r->arena, err);
  }
  return WG_OK;
}

// The image as it was, for its uses and its numbers.
static wg_code content_before(wg_image_run *r, wg_error *err) {
  if (wg_wim_tree_parse(r->metadata_was.p, r->metadata_was.n, &r->arena, &r->base.wim.limits, 0,
                        &r->was, err) != WG_OK ||
      content_count(r, &r->was, r->refs_before, err) != WG_OK) {
    return wg_wrap(err, "'%s': image %u", r->base.path, (unsigned)r->image + 1);
  }
  return content_stats(r, &r->was, &r->before, err);
}

static wg_code content_after(wg_image_run *r, wg_error *err) {
  uint32_t *refs = wg_arena_new_array(&r->arena, uint32_t, r->base.wim.n_blobs);
  if (refs == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (size_t i = 0; i < r->tree.n; i++) {
    const wg_wim_entry *e = &r->tree.entries[i];
    for (size_t k = 0; k <= e->n_streams; k++) {
      uint32_t blob = 0;
      if (wg_wim_find_blob(&r->base.wim, wg_wim_entry_hash(e, k), &blob)) {
        refs[blob] += refs[blob] < UINT32_MAX;
      }
    }
  }
  return content_kept(r, refs, err) == WG_OK ? content_new(r, err) : err->code;
}

wg_code wg_image_content(wg_image_run *r, wg_error *err) {
  if (content_arrays(r, err) != WG_OK || content_hash_files(r, err) != WG_OK ||
      content_count_others(r, err) != WG_OK || content_before(r, err) != WG_OK ||
      content_after(r, err) != WG_OK) {
    return err->code;
  }
  if (wg_image_order_names(r, &r->tree, err) != WG_OK) {
    return err->code;
  }
  wg_image_order(r);
  r->by_hash = wg_arena_new_array(&r->arena, uint32_t, r->n_blobs);
  r->heads = wg_arena_new_array(&r->arena, uint64_t, r->n_blobs);
  if (r->by_hash == NULL || r->heads == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (size_t i = 0; i < r->n_blobs; i++) {
    r->by_hash[i] = (uint32_t)i;
  }
  if (wg_wim_sort_by_hash(r->by_hash, r->heads, r->n_blobs, content_blob_hash, r, wg_heap(), err) !=
      WG_OK) {
    return err->code;
  }
  content_refcounts(r);
  return content_stats(r, &r->tree, &r->after, err);
}
