// SPDX-License-Identifier: Apache-2.0
// Which images and contents the output has.
#include <string.h>

#include "base/sort.h"
#include "base/utf.h"
#include "image/move/export_run.h"
#include "image/write/run.h"

static wg_code plan_arrays(wg_export_run *r, wg_export_source *s, wg_error *err) {
  size_t n = s->file.wim.n_blobs;
  s->refs = wg_arena_new_array(&r->arena, uint32_t, n + 1);
  s->names = wg_arena_new_array(&r->arena, const char *, n + 1);
  s->solid_needed = wg_arena_new_array(&r->arena, uint64_t, s->file.wim.n_solids + 1);
  return s->refs == NULL || s->names == NULL || s->solid_needed == NULL
             ? wg_arena_fail(&r->arena, err)
             : WG_OK;
}

static wg_code plan_use(wg_export_run *r, wg_export_source *s, const wg_wim_tree *t, uint32_t entry,
                        const wg_sha1 *hash, wg_error *err) {
  uint32_t blob = 0;
  if (wg_sha1_is_zero(hash)) {
    return WG_OK;
  }
  if (!wg_wim_find_blob(&s->file.wim, hash, &blob)) {
    WG_AUTO(wg_buf) b = {0};
    wg_buf_init(&b, wg_heap(), 0);
    wg_wim_tree_path(t, entry, &b);
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "the content of '%s' is not in the file: a delta or incomplete WIM; export it "
                   "with the files it refers to first (wimlib-imagex export --ref)",
                   wg_buf_z(&b));
  }
  s->refs[blob] += s->refs[blob] < UINT32_MAX;
  if (s->names[blob] == NULL && r->format == WG_IMAGE_FORMAT_ESD) {
    s->names[blob] = wg_image_order_key(&r->arena, t->entries[entry].name16);
    return s->names[blob] == NULL ? wg_arena_fail(&r->arena, err) : WG_OK;
  }
  return WG_OK;
}

// Counts what one image uses.
static wg_code plan_image(wg_export_run *r, const wg_export_image *image, wg_error *err) {
  WG_AUTO(wg_arena) arena = {0};
  WG_AUTO(wg_buf) bytes = {0};
  wg_export_source *s = image->source;
  wg_wim_tree t;
  wg_arena_init(&arena, wg_heap(), (size_t)8 << 30);
  wg_buf_init(&bytes, wg_heap(), (size_t)1 << 31);
  if (wg_image_file_tree(&s->file, image->image, &arena, 0, &bytes, &t, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < t.n; i++) {
    for (size_t k = 0; k <= t.entries[i].n_streams; k++) {
      if (plan_use(r, s, &t, i, wg_wim_entry_hash(&t.entries[i], k), err) != WG_OK) {
        return wg_wrap(err, "'%s': image %u", s->file.path, (unsigned)image->image + 1);
      }
    }
  }
  return WG_OK;
}

static wg_code plan_names(const wg_export_run *r, wg_error *err) {
  for (uint32_t i = r->n_old; i < r->n_images; i++) {
    const wg_wim *w = &r->images[i].source->file.wim;
    const char *name = r->opt->name != NULL ? r->opt->name : w->facts[r->images[i].image].name;
    for (uint32_t k = 0; name[0] != '\0' && k < r->n_old; k++) {
      const char *old = r->sources[0].file.wim.facts[k].name;
      if (wg_name_cmp_nocase(wg_str_of(old), wg_str_of(name)) == 0) {
        return wg_fail(err, WG_E_CONFLICT,
                       "'%s' has an image '%s' already; %s gives the new one another name",
                       r->sources[0].file.path, old,
                       r->opt->how_named != NULL ? r->opt->how_named : "--name=NAME");
      }
    }
  }
  return WG_OK;
}

static wg_code plan_images(wg_export_run *r, wg_error *err) {
  const wg_wim *from = &r->sources[1].file.wim;
  uint32_t first = 0, n = from->n_images;
  bool all = r->opt->image != NULL && strcmp(r->opt->image, "all") == 0;
  r->n_old = r->has_old ? r->sources[0].file.wim.n_images : 0;
  if (wg_image_file_find(&r->sources[1].file, all ? "1" : r->opt->image, &first, err) != WG_OK) {
    return wg_wrap(err, "'%s'", r->sources[1].file.path);
  }
  first = all ? 0 : first;
  n = all ? n : 1;
  if (n > 1 && (r->opt->name != NULL || r->opt->boot)) {
    return wg_fail(err, WG_E_USAGE, "--name and --boot are for one image, not for %u", (unsigned)n);
  }
  r->n_images = r->n_old + n;
  r->images = wg_arena_new_array(&r->arena, wg_export_image, r->n_images);
  if (r->images == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (uint32_t i = 0; i < r->n_images; i++) {
    bool old = i < r->n_old;
    r->images[i] = (wg_export_image){.source = &r->sources[old ? 0 : 1],
                                     .image = old ? i : first + i - r->n_old};
  }
  r->res.n_images = r->n_images;
  r->res.n_exported = n;
  return plan_names(r, err);
}

static void plan_solid_needs(wg_export_source *s) {
  const wg_wim *w = &s->file.wim;
  for (size_t i = 0; i < w->n_by_hash; i++) {
    const wg_wim_blob *b = &w->blobs[w->by_hash[i]];
    if (b->solid != WG_WIM_NO_SOLID && s->refs[w->by_hash[i]] > 0) {
      s->solid_needed[b->solid] += b->orig_bytes;
    }
  }
}

// A solid resource goes over as it is when two thirds of it or more are used (as wimlib has it).
static bool plan_keeps(const wg_export_run *r, const wg_export_source *s, const wg_wim_blob *b) {
  if (r->opt->compact || !wg_image_can_keep(&s->file.wim, b, r->format)) {
    return false;
  }
  return b->solid == WG_WIM_NO_SOLID ||
         s->solid_needed[b->solid] >= s->file.wim.solids[b->solid].orig_bytes / 3 * 2;
}

// Contents of one source in the order of the file; those that an earlier source has are counted
// there.
static wg_code plan_source(wg_export_run *r, wg_export_source *s, wg_error *err) {
  const wg_wim *w = &s->file.wim;
  uint32_t *order = wg_arena_new_array(&r->arena, uint32_t, w->n_by_hash + 1);
  size_t n = 0;
  if (order == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (size_t i = 0; i < w->n_by_hash; i++) {
    uint32_t blob = w->by_hash[i], there = 0;
    wg_export_source *old = &r->sources[0];
    if (s->refs[blob] == 0) {
      continue;
    }
    if (s != old && r->has_old && wg_wim_find_blob(&old->file.wim, &w->blobs[blob].hash, &there) &&
        old->refs[there] > 0) {
      old->refs[there] += s->refs[blob];
      s->refs[blob] = 0;
      r->res.n_shared++;
      r->res.shared_bytes += w->blobs[blob].orig_bytes;
      continue;
    }
    order[n++] = blob;
  }
  wg_image_file_order(&s->file, order, n);
  plan_solid_needs(s);
  for (size_t i = 0; i < n; i++) {
    r->blobs[r->n_blobs] = (wg_export_blob){.source = s,
                                            .blob = order[i],
                                            .rank = (uint32_t)r->n_blobs,
                                            .packed = !plan_keeps(r, s, &w->blobs[order[i]])};
    r->n_blobs++;
  }
  return WG_OK;
}

// Kept ones first. Of what is packed into a solid resource: what comes out of one, as it lay
// there; then the others, like beside like.
static unsigned plan_class(const wg_export_run *r, const wg_export_blob *b) {
  if (!b->packed) {
    return 0;
  }
  return r->format != WG_IMAGE_FORMAT_ESD || wg_export_blob_of(b)->solid != WG_WIM_NO_SOLID ? 1 : 2;
}

static int plan_cmp(const void *a, const void *b, void *ctx) {
  const wg_export_blob *x = a, *y = b;
  unsigned xc = plan_class(ctx, x), yc = plan_class(ctx, y);
  if (xc != yc) {
    return xc < yc ? -1 : 1;
  }
  if (xc == 2) {
    const char *m = x->source->names[x->blob], *n = y->source->names[y->blob];
    int c = strcmp(m == NULL ? "" : m, n == NULL ? "" : n);
    if (c != 0) {
      return c;
    }
  }
  return (x->rank > y->rank) - (x->rank < y->rank);
}

// Resources of a sound file do not overlap; a table that says so could make us write without end.
static wg_code plan_check_overlap(const wg_export_run *r, wg_error *err) {
  const wg_export_source *s = NULL;
  uint64_t end = 0;
  for (size_t i = 0; i < r->n_blobs && !r->blobs[i].packed; i++) {
    const wg_wim_blob *b = wg_export_blob_of(&r->blobs[i]);
    if (b->solid != WG_WIM_NO_SOLID) {
      continue;
    }
    if (s == r->blobs[i].source && b->off_bytes < end) {
      return wg_fail_at(err, WG_E_FORMAT, b->off_bytes,
                        "'%s': two resources overlap at 0x%llx: the file is damaged", s->file.path,
                        (unsigned long long)b->off_bytes);
    }
    s = r->blobs[i].source;
    end = b->off_bytes + b->stored_bytes;
  }
  return WG_OK;
}

wg_code wg_export_plan(wg_export_run *r, wg_error *err) {
  size_t n = r->sources[1].file.wim.n_blobs + (r->has_old ? r->sources[0].file.wim.n_blobs : 0);
  for (size_t i = r->has_old ? 0 : 1; i < 2; i++) {
    if (plan_arrays(r, &r->sources[i], err) != WG_OK) {
      return err->code;
    }
  }
  if (plan_images(r, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < r->n_images; i++) {
    if (wg_cancel_check(r->opt->cancel, err) != WG_OK ||
        plan_image(r, &r->images[i], err) != WG_OK) {
      return err->code;
    }
  }
  r->blobs = wg_arena_new_array(&r->arena, wg_export_blob, n + 1);
  if (r->blobs == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (size_t i = r->has_old ? 0 : 1; i < 2; i++) {
    if (plan_source(r, &r->sources[i], err) != WG_OK) {
      return err->code;
    }
  }
  for (size_t i = 0; i < r->n_blobs; i++) {
    r->blobs[i].refcount = r->blobs[i].source->refs[r->blobs[i].blob];
  }
  if (r->n_blobs > 1) {
    wg_sort(r->blobs, r->n_blobs, sizeof(r->blobs[0]), plan_cmp, r);
  }
  r->res.n_contents = r->n_blobs;
  return plan_check_overlap(r, err);
}
