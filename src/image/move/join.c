// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/sort.h"
#include "image/file/file.h"
#include "image/move/split.h"
#include "image/pack/watch.h"
#include "image/pack/wimout.h"

typedef struct join_part {
  wg_fd fd;
  char *path;
  wg_image_file file;
} join_part;

typedef struct join_blob {
  uint32_t part, blob; // 0-based
  bool again;          // an earlier part has it too
} join_blob;

typedef struct join_run {
  const wg_image_join_options *opt;
  wg_image_watch watch;
  join_part *parts; // as given; n_parts of them opened
  size_t n_parts;
  uint32_t *by_number; // part number - 1: 1 + index in parts, 0: missing
  uint32_t n_numbers;
  join_blob *blobs;
  size_t n_blobs;
} join_run;

static void join_run_done(join_run *r) {
  for (size_t i = 0; i < r->n_parts; i++) {
    wg_image_file_done(&r->parts[i].file);
    wg_fd_done(&r->parts[i].fd);
    wg_xfree(r->parts[i].path);
  }
  wg_xfree(r->parts);
  wg_xfree(r->by_number);
  wg_xfree(r->blobs);
}
WG_DEFINE_AUTO(join_run, join_run_done);

static wg_code join_open(join_run *r, const char *path, wg_error *err) {
  join_part *p = &r->parts[r->n_parts++];
  *p = (join_part){.fd = -1, .path = wg_xstrdup(path), .file = WG_IMAGE_FILE_INIT};
  if (wg_os_open_read(WG_CWD, path, &p->fd, err) != WG_OK) {
    return err->code;
  }
  return wg_image_file_use(&p->file, p->fd, path, err) == WG_OK ? WG_OK
                                                                : wg_wrap(err, "'%s'", path);
}

// One part alone names the set: the others are beside it.
static wg_code join_open_all(join_run *r, const char *const *paths, size_t n, wg_error *err) {
  r->parts = wg_xarray(n == 1 ? UINT16_MAX : n, sizeof(r->parts[0]));
  for (size_t i = 0; i < n; i++) {
    if (join_open(r, paths[i], err) != WG_OK) {
      return err->code;
    }
  }
  const wg_wim_header *h = &r->parts[0].file.wim.hdr;
  for (uint32_t k = 2; n == 1 && h->part == 1 && k <= h->n_parts; k++) {
    WG_AUTO(wg_cstr) next = wg_image_part_path(paths[0], k);
    if (join_open(r, next, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code join_missing(const join_run *r, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  size_t n = 0;
  for (uint32_t i = 0; i < r->n_numbers; i++) {
    if (r->by_number[i] == 0) {
      wg_buf_printf(&b, "%s%u", n++ == 0 ? "" : ", ", (unsigned)i + 1);
    }
  }
  if (n == 0) {
    return WG_OK;
  }
  return wg_fail(err, WG_E_NOT_FOUND, "the set has %u parts; missing: %s", (unsigned)r->n_numbers,
                 wg_buf_z(&b));
}

static wg_code join_check(join_run *r, wg_error *err) {
  const wg_wim_header *first = &r->parts[0].file.wim.hdr;
  r->n_numbers = first->n_parts;
  r->by_number = wg_xarray((size_t)r->n_numbers + 1, sizeof(r->by_number[0]));
  for (size_t i = 0; i < r->n_parts; i++) {
    const join_part *p = &r->parts[i];
    const wg_wim_header *h = &p->file.wim.hdr;
    if (h->n_parts != first->n_parts || memcmp(h->guid, first->guid, sizeof(h->guid)) != 0 ||
        (h->flags & ~WG_WIM_HDR_SPANNED) != (first->flags & ~WG_WIM_HDR_SPANNED) ||
        h->chunk_bytes != first->chunk_bytes || h->version != first->version) {
      return wg_fail(err, WG_E_CONFLICT, "'%s' and '%s' are not of the same set", r->parts[0].path,
                     p->path);
    }
    uint32_t *slot = &r->by_number[h->part - 1];
    if (*slot != 0) {
      return wg_fail(err, WG_E_CONFLICT, "'%s' and '%s' are both part %u", r->parts[*slot - 1].path,
                     p->path, (unsigned)h->part);
    }
    *slot = (uint32_t)i + 1;
  }
  return join_missing(r, err);
}

static const wg_image_file *join_file(const join_run *r, uint32_t number) {
  return &r->parts[r->by_number[number] - 1].file;
}

static const wg_wim *join_wim(const join_run *r, uint32_t number) {
  return &join_file(r, number)->wim;
}

static const wg_wim_blob *join_blob_of(const join_run *r, const join_blob *b) {
  return &join_wim(r, b->part)->blobs[b->blob];
}

static int join_hash_cmp(const void *a, const void *b, void *ctx) {
  const join_blob *x = a, *y = b;
  int c = memcmp(&join_blob_of(ctx, x)->hash, &join_blob_of(ctx, y)->hash, sizeof(wg_sha1));
  if (c != 0) {
    return c;
  }
  if (x->part != y->part) {
    return x->part < y->part ? -1 : 1;
  }
  return (x->blob > y->blob) - (x->blob < y->blob);
}

static int join_place_cmp(const void *a, const void *b, void *ctx) {
  const join_blob *x = a, *y = b;
  if (x->part != y->part) {
    return x->part < y->part ? -1 : 1;
  }
  uint64_t m = join_blob_of(ctx, x)->off_bytes, n = join_blob_of(ctx, y)->off_bytes;
  if (m != n) {
    return m < n ? -1 : 1;
  }
  return (x->blob > y->blob) - (x->blob < y->blob);
}

static wg_code join_gather(join_run *r, wg_error *err) {
  size_t cap = 0;
  for (uint32_t i = 0; i < r->n_numbers; i++) {
    const wg_wim *w = join_wim(r, i);
    for (size_t k = 0; k < w->n_by_hash; k++) {
      if (w->blobs[w->by_hash[k]].solid != WG_WIM_NO_SOLID) {
        return wg_fail(err, WG_E_UNSUPPORTED, "'%s' is solid, which a part can't be",
                       r->parts[r->by_number[i] - 1].path);
      }
      wg_vec_push(&r->blobs, &r->n_blobs, &cap) = (join_blob){.part = i, .blob = w->by_hash[k]};
    }
  }
  if (r->n_blobs > 1) {
    wg_sort(r->blobs, r->n_blobs, sizeof(r->blobs[0]), join_hash_cmp, r);
  }
  for (size_t i = 1; i < r->n_blobs; i++) {
    r->blobs[i].again = memcmp(&join_blob_of(r, &r->blobs[i])->hash,
                               &join_blob_of(r, &r->blobs[i - 1])->hash, sizeof(wg_sha1)) == 0;
  }
  if (r->n_blobs > 1) {
    wg_sort(r->blobs, r->n_blobs, sizeof(r->blobs[0]), join_place_cmp, r);
  }
  return WG_OK;
}

static wg_code join_put(wg_wimout *o, const wg_image_file *f, uint32_t blob, wg_wim_res *res,
                        wg_error *err) {
  const wg_wim_blob *b = &f->wim.blobs[blob];
  wg_wimout_place place;
  if (wg_wimout_keep(o, f, blob, &place, err) != WG_OK) {
    return err->code;
  }
  place.res.flags |= b->flags & WG_WIM_RES_METADATA;
  wg_wimout_row(o, &place, b->refcount, &b->hash, b->orig_bytes);
  *res = place.res;
  return WG_OK;
}

// Ranges of one part that overlap could make us write without end.
static wg_code join_check_overlap(const join_run *r, size_t i, wg_error *err) {
  if (i == 0 || r->blobs[i].part != r->blobs[i - 1].part) {
    return WG_OK;
  }
  const wg_wim_blob *a = join_blob_of(r, &r->blobs[i - 1]), *b = join_blob_of(r, &r->blobs[i]);
  if (b->off_bytes < a->off_bytes + a->stored_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, b->off_bytes,
                      "'%s': two resources overlap at 0x%llx: the file is damaged",
                      r->parts[r->by_number[r->blobs[i].part] - 1].path,
                      (unsigned long long)b->off_bytes);
  }
  return WG_OK;
}

// What goes over is sound, or nothing is written.
static wg_code join_verify(join_run *r, wg_error *err) {
  if (r->opt->trust != WG_IMAGE_VERIFY) {
    return WG_OK;
  }
  if (wg_image_file_check_trees(join_file(r, 0), err) != WG_OK) {
    return err->code;
  }
  for (uint32_t part = 0; part < r->n_numbers; part++) {
    join_part *p = &r->parts[r->by_number[part] - 1];
    const wg_wim *w = &p->file.wim;
    uint32_t *blobs = wg_xarray(w->n_blobs + 1, sizeof(blobs[0]));
    size_t n = 0;
    for (size_t i = 0; i < r->n_blobs; i++) {
      if (r->blobs[i].part == part && !r->blobs[i].again) {
        blobs[n++] = r->blobs[i].blob;
      }
    }
    wg_code code = wg_image_file_verify_some(&p->file, blobs, n, r->opt->threads,
                                             r->opt->on_progress, r->opt->ctx, r->opt->cancel, err);
    wg_xfree(blobs);
    if (code != WG_OK) {
      return code;
    }
  }
  return WG_OK;
}

static wg_code join_write(join_run *r, wg_wimout *o, wg_error *err) {
  const wg_wim *first = join_wim(r, 0);
  wg_wim_res res;
  uint64_t total = 0;
  for (size_t i = 0; i < r->n_blobs; i++) {
    total += r->blobs[i].again ? 0 : join_blob_of(r, &r->blobs[i])->stored_bytes;
  }
  wg_image_watch_stage(&r->watch, "join", total);
  for (size_t i = 0; i < r->n_blobs; i++) {
    const join_blob *b = &r->blobs[i];
    if (join_check_overlap(r, i, err) != WG_OK ||
        (!b->again && join_put(o, join_file(r, b->part), b->blob, &res, err) != WG_OK)) {
      return err->code;
    }
  }
  wg_wim_header h = first->hdr;
  h.flags &= ~WG_WIM_HDR_SPANNED;
  h.part = h.n_parts = 1;
  h.boot_metadata = (wg_wim_res){0};
  for (uint32_t i = 0; i < first->n_images; i++) {
    if (join_put(o, join_file(r, 0), first->metadata[i], &res, err) != WG_OK) {
      return err->code;
    }
    if (h.boot_index == i + 1) {
      h.boot_metadata = res;
    }
  }
  return wg_wimout_flush(o, err) == WG_OK ? wg_wimout_finish(o, &h, true, first->xml, err)
                                          : err->code;
}

static wg_code join_all(const char *out, const char *const *parts, size_t n_parts,
                        const wg_image_join_options *opt, uint64_t *out_bytes, wg_error *err) {
  WG_AUTO(join_run)
  r = {.opt = opt,
       .watch = {.cancel = opt->cancel, .on_progress = opt->on_progress, .ctx = opt->ctx}};
  WG_AUTO(wg_wimout) o = WG_WIMOUT_INIT;
  const wg_wimout_options how = {.threads = opt->threads,
                                 .no_integrity = opt->trust == WG_IMAGE_UNVERIFIED,
                                 .cancel = opt->cancel,
                                 .progress = wg_image_watch_pack,
                                 .ctx = &r.watch};
  if (join_open_all(&r, parts, n_parts, err) != WG_OK || join_check(&r, err) != WG_OK ||
      join_gather(&r, err) != WG_OK || join_verify(&r, err) != WG_OK ||
      wg_wimout_begin(&o, out, &opt->place, &how, err) != WG_OK ||
      join_write(&r, &o, err) != WG_OK || wg_wimout_commit(&o, err) != WG_OK) {
    return err->code;
  }
  *out_bytes = o.off_bytes;
  return WG_OK;
}

wg_code wg_image_join(const char *out, const char *const *parts, size_t n_parts,
                      const wg_image_join_options *opt, uint64_t *out_bytes, wg_error *err) {
  return join_all(out, parts, n_parts, opt, out_bytes, err) == WG_OK ? WG_OK
                                                                     : wg_os_name_output(err, out);
}
