// SPDX-License-Identifier: Apache-2.0
#include "image/move/split.h"

#include <string.h>

#include "base/sort.h"
#include "image/file/file.h"
#include "image/pack/watch.h"
#include "image/pack/wimout.h"
#include "os/temp.h"

#define SPLIT_MIN_PART ((uint64_t)64 << 10)

void wg_image_split_result_done(wg_image_split_result *r) {
  for (uint32_t i = 0; r->paths != NULL && i < r->n_parts; i++) {
    wg_xfree(r->paths[i]);
  }
  wg_xfree(r->paths);
  *r = (wg_image_split_result){0};
}

char *wg_image_part_path(const char *first, uint32_t n) {
  const char *name = wg_path_basename(first);
  const char *dot = strrchr(name, '.');
  size_t stem = dot == NULL || dot == name ? strlen(first) : (size_t)(dot - first);
  return n == 1 ? wg_xstrdup(first)
                : wg_xprintf("%.*s%u%s", (int)stem, first, (unsigned)n, first + stem);
}

typedef struct split_run {
  const wg_image_split_options *opt;
  const wg_image_file *f;
  const wg_wim *w;
  wg_image_watch watch;
  uint32_t *order; // blobs that are no metadata, in the order of the file
  size_t n_order;
  size_t *starts; // by part: where in order it begins; one more at the end
  size_t n_parts, cap_starts;
  wg_dest *dests;  // of the parts
  wg_wimout *outs; // written parts, not yet under their names
  size_t n_outs;
  wg_image_split_result res;
} split_run;

static void split_run_done(split_run *r) {
  for (size_t i = 0; i < r->n_outs; i++) {
    wg_wimout_done(&r->outs[i]);
    wg_dest_done(&r->dests[i]);
  }
  wg_xfree(r->dests);
  wg_xfree(r->outs);
  wg_xfree(r->order);
  wg_xfree(r->starts);
  wg_image_split_result_done(&r->res);
}
WG_DEFINE_AUTO(split_run, split_run_done);

static int split_cmp(const void *a, const void *b, void *ctx) {
  const wg_wim *w = ctx;
  uint32_t i = *(const uint32_t *)a, k = *(const uint32_t *)b;
  const wg_wim_blob *x = &w->blobs[i], *y = &w->blobs[k];
  if (x->off_bytes != y->off_bytes) {
    return x->off_bytes < y->off_bytes ? -1 : 1;
  }
  return (i > k) - (i < k);
}

// The contents in the order of the file. Resources of a sound file do not overlap; a table that
// says so could make us write without end.
static wg_code split_order(split_run *r, wg_error *err) {
  const wg_wim *w = r->w;
  r->order = wg_xarray(w->n_by_hash + 1, sizeof(r->order[0]));
  for (size_t i = 0; i < w->n_by_hash; i++) {
    if (w->blobs[w->by_hash[i]].solid != WG_WIM_NO_SOLID) {
      return wg_fail(err, WG_E_UNSUPPORTED,
                     "its contents are packed together (solid), which can't be split; export it "
                     "first: wingo wim export FILE all new.wim");
    }
    r->order[r->n_order++] = w->by_hash[i];
  }
  if (r->n_order > 1) {
    wg_sort(r->order, r->n_order, sizeof(r->order[0]), split_cmp, (void *)(uintptr_t)w);
  }
  uint64_t end = 0;
  for (size_t i = 0; i < r->n_order; i++) {
    const wg_wim_blob *b = &w->blobs[r->order[i]];
    if (b->off_bytes < end) {
      return wg_fail_at(err, WG_E_FORMAT, b->off_bytes,
                        "two resources overlap at 0x%llx: the file is damaged",
                        (unsigned long long)b->off_bytes);
    }
    end = b->off_bytes + b->stored_bytes;
  }
  return WG_OK;
}

static uint64_t split_metadata_bytes(const wg_wim *w) {
  uint64_t n = 0;
  for (uint32_t i = 0; i < w->n_images; i++) {
    n += w->blobs[w->metadata[i]].stored_bytes;
  }
  return n;
}

static void split_start_part(split_run *r, size_t at) {
  wg_vec_push(&r->starts, &r->n_parts, &r->cap_starts) = at;
}

// Fills one part after the other, in order.
static wg_code split_plan(split_run *r, wg_error *err) {
  const wg_wim *w = r->w;
  uint64_t limit = r->opt->part_bytes;
  uint64_t data = split_metadata_bytes(w), rows = w->n_images;
  split_start_part(r, 0);
  for (size_t i = 0; i < r->n_order; i++) {
    uint64_t n = w->blobs[r->order[i]].stored_bytes;
    bool empty = rows == 0;
    uint64_t whole = WG_WIM_HEADER_BYTES + data + n + wg_wimout_tail_bytes(rows + 1, w->xml, limit);
    if (!empty && whole > limit) {
      split_start_part(r, i);
      data = rows = 0;
    }
    data += n;
    rows++;
  }
  if (r->n_parts > UINT16_MAX) {
    return wg_fail(err, WG_E_LIMIT, "%zu parts; the format has room for %d: take larger ones",
                   r->n_parts, UINT16_MAX);
  }
  size_t n_parts = r->n_parts;
  split_start_part(r, r->n_order); // the end
  r->n_parts = n_parts;
  return WG_OK;
}

// A part of this very set that a killed run gave its name, as its header says.
static bool split_is_ours(const split_run *r, const char *path) {
  WG_AUTO(wg_fd) fd = -1;
  uint8_t head[WG_WIM_HEADER_BYTES];
  wg_wim_header h;
  wg_error ignored = WG_ERROR_INIT;
  return wg_os_open_read(WG_CWD, path, &fd, &ignored) == WG_OK &&
         wg_os_pread_exact(fd, head, sizeof(head), 0, &ignored) == WG_OK &&
         wg_wim_header_parse(head, &h, &ignored) == WG_OK &&
         memcmp(h.guid, r->w->hdr.guid, sizeof(h.guid)) == 0 &&
         (h.flags & WG_WIM_HDR_SPANNED) != 0 && h.part > 1;
}

// The first part gets its name last. Parts of the same file without it are what a killed run left.
static wg_code split_sweep(const split_run *r, const char *first, wg_error *err) {
  (void)wg_os_sweep_beside(first);
  for (uint32_t i = 2; !wg_os_exists(WG_CWD, first) && i <= UINT16_MAX; i++) {
    WG_AUTO(wg_cstr) path = wg_image_part_path(first, i);
    if (!wg_os_exists(WG_CWD, path) && i > r->n_parts) {
      return WG_OK;
    }
    if (split_is_ours(r, path) && wg_os_unlink(WG_CWD, path, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code split_check_path(const split_run *r, const char *path, wg_error *err) {
  wg_stat st;
  wg_error probe = WG_ERROR_INIT;
  if (wg_os_stat(WG_CWD, path, false, &st, &probe) != WG_OK) {
    return WG_OK;
  }
  if (!r->opt->place.force || (st.type != WG_FT_FILE && st.type != WG_FT_SYMLINK)) {
    return wg_fail(err, WG_E_CONFLICT, "'%s' exists already%s", path,
                   r->opt->place.force ? " and is no file" : "; --force replaces it");
  }
  return WG_OK;
}

static wg_code split_paths(split_run *r, const char *first, wg_error *err) {
  r->res.n_parts = (uint32_t)r->n_parts;
  r->res.paths = wg_xarray(r->n_parts, sizeof(char *));
  if (split_sweep(r, first, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < r->res.n_parts; i++) {
    r->res.paths[i] = wg_image_part_path(first, i + 1);
    if (split_check_path(r, r->res.paths[i], err) != WG_OK) {
      return err->code;
    }
  }
  // A part of an older set that stays behind would be taken for one of this set.
  WG_AUTO(wg_cstr) next = wg_image_part_path(first, r->res.n_parts + 1);
  if (wg_os_exists(WG_CWD, next)) {
    return wg_fail(err, WG_E_CONFLICT,
                   "'%s' is there and would not belong to the new set of %u; remove it first", next,
                   (unsigned)r->n_parts);
  }
  return WG_OK;
}

// Parts are written one after the other, and a row needs its place only.
static wg_code split_put(split_run *r, wg_wimout *o, uint32_t blob, wg_wim_res *res,
                         wg_error *err) {
  const wg_wim_blob *b = &r->w->blobs[blob];
  wg_wimout_place place;
  if (wg_wimout_keep(o, r->f, blob, &place, err) != WG_OK) {
    return err->code;
  }
  place.res.flags |= b->flags & WG_WIM_RES_METADATA;
  wg_wimout_row(o, &place, b->refcount, &b->hash, b->orig_bytes);
  *res = place.res;
  return WG_OK;
}

static wg_code split_part(split_run *r, uint16_t part, wg_error *err) {
  wg_wimout *o = &r->outs[r->n_outs++];
  const wg_wim *w = r->w;
  const wg_wimout_options how = {.threads = r->opt->threads,
                                 .no_integrity = r->opt->trust == WG_IMAGE_UNVERIFIED,
                                 .cancel = r->opt->cancel,
                                 .progress = wg_image_watch_pack,
                                 .ctx = &r->watch};
  wg_dest *dest = &r->dests[part - 1];
  *o = (wg_wimout)WG_WIMOUT_INIT;
  *dest = (wg_dest)WG_DEST_INIT;
  dest->path = wg_xstrdup(r->res.paths[part - 1]);
  dest->mode = 0666 & ~wg_os_umask();
  wg_wim_header h = w->hdr;
  h.flags |= WG_WIM_HDR_SPANNED;
  h.part = part;
  h.n_parts = (uint16_t)r->n_parts;
  h.boot_metadata = (wg_wim_res){0};
  h.boot_index = part == 1 ? h.boot_index : 0;
  if (wg_wimout_begin_at(o, dest, &how, err) != WG_OK) {
    return err->code;
  }
  o->part = part;
  wg_wim_res res;
  for (size_t i = r->starts[part - 1]; i < r->starts[part]; i++) {
    if (split_put(r, o, r->order[i], &res, err) != WG_OK) {
      return err->code;
    }
  }
  for (uint32_t i = 0; part == 1 && i < w->n_images; i++) {
    if (split_put(r, o, w->metadata[i], &res, err) != WG_OK) {
      return err->code;
    }
    if (h.boot_index == i + 1) {
      h.boot_metadata = res;
    }
  }
  if (wg_wimout_flush(o, err) != WG_OK || wg_wimout_finish(o, &h, true, w->xml, err) != WG_OK) {
    return err->code;
  }
  r->res.total_bytes += o->off_bytes;
  r->res.n_too_large += o->off_bytes > r->opt->part_bytes;
  if (o->off_bytes > r->res.largest_bytes) {
    r->res.largest_bytes = o->off_bytes;
  }
  return WG_OK;
}

// The first part last: without it the others are nothing. Of an older set it goes first.
static wg_code split_commit(split_run *r, wg_error *err) {
  for (size_t i = 0; r->opt->place.force && i < r->n_outs; i++) {
    if (wg_os_exists(WG_CWD, r->res.paths[i]) &&
        wg_os_unlink(WG_CWD, r->res.paths[i], err) != WG_OK) {
      return err->code;
    }
  }
  for (size_t i = r->n_outs; i > 0; i--) {
    if (wg_wimout_commit(&r->outs[i - 1], err) != WG_OK) {
      wg_error ignored = WG_ERROR_INIT;
      // One that replaces an older may have got its name before it failed.
      for (size_t k = r->opt->place.force ? i - 1 : i; k < r->n_outs; k++) {
        (void)!wg_os_unlink(WG_CWD, r->res.paths[k], &ignored);
      }
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code split_write(split_run *r, wg_error *err) {
  uint64_t total = split_metadata_bytes(r->w);
  for (size_t i = 0; i < r->n_order; i++) {
    total += r->w->blobs[r->order[i]].stored_bytes;
  }
  wg_image_watch_stage(&r->watch, "split", total);
  r->outs = wg_xarray(r->n_parts, sizeof(r->outs[0]));
  r->dests = wg_xarray(r->n_parts, sizeof(r->dests[0]));
  for (size_t i = 0; i < r->n_parts; i++) {
    if (split_part(r, (uint16_t)(i + 1), err) != WG_OK) {
      return err->code;
    }
  }
  return split_commit(r, err);
}

// All of it goes over packed, but for metadata no image has.
static wg_code split_verify(wg_image_file *f, const wg_image_split_options *opt, wg_error *err) {
  if (opt->trust != WG_IMAGE_VERIFY) {
    return WG_OK;
  }
  return wg_image_file_check_trees(f, err) == WG_OK
             ? wg_image_file_verify_some(f, f->wim.by_hash, f->wim.n_by_hash, opt->threads,
                                         opt->on_progress, opt->ctx, opt->cancel, err)
             : err->code;
}

static wg_code split_all(const char *wim, const char *first_part, const wg_image_split_options *opt,
                         wg_image_split_result *out, wg_error *err) {
  if (opt->part_bytes < SPLIT_MIN_PART) {
    return wg_fail(err, WG_E_USAGE, "parts of %llu bytes are too small; the least is 64 KiB",
                   (unsigned long long)opt->part_bytes);
  }
  // Sets that are made in one folder are made one after the other: what has a name and no first
  // part would be taken for what a killed run left.
  WG_AUTO(wg_cstr) dir = wg_path_dirname(first_part);
  WG_AUTO(wg_fd) dir_fd = -1;
  if (wg_os_open_dir(WG_CWD, dir, &dir_fd, err) != WG_OK ||
      wg_inplace_lock(dir_fd, dir, &opt->place, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(wg_image_file) f = WG_IMAGE_FILE_INIT;
  if (wg_image_file_open(&f, wim, err) != WG_OK) {
    return err->code;
  }
  WG_AUTO(split_run)
  r = {.opt = opt,
       .f = &f,
       .w = &f.wim,
       .watch = {.cancel = opt->cancel, .on_progress = opt->on_progress, .ctx = opt->ctx}};
  uint32_t ignored = 0; // asked for what it refuses: a part alone, an unfinished file
  if (wg_image_file_find(&f, "1", &ignored, err) != WG_OK || split_order(&r, err) != WG_OK ||
      split_plan(&r, err) != WG_OK) {
    return wg_wrap(err, "'%s'", wim);
  }
  if (split_paths(&r, first_part, err) != WG_OK || split_verify(&f, opt, err) != WG_OK ||
      split_write(&r, err) != WG_OK) {
    return err->code;
  }
  *out = r.res;
  r.res = (wg_image_split_result){0};
  return WG_OK;
}

wg_code wg_image_split(const char *wim, const char *first_part, const wg_image_split_options *opt,
                       wg_image_split_result *out, wg_error *err) {
  return split_all(wim, first_part, opt, out, err) == WG_OK ? WG_OK
                                                            : wg_os_name_output(err, first_part);
}
