// SPDX-License-Identifier: Apache-2.0
// The output read again with our own reader and compared with base and changes.
#include <string.h>

#include "image/write/check.h"

typedef struct check {
  const wg_image_run *r;
  wg_image_file out;
  wg_arena arena;
  wg_buf now_bytes;
  wg_wim_tree was, now;
} check;

static void check_done(check *c) {
  wg_buf_done(&c->now_bytes);
  wg_image_file_done(&c->out);
  wg_arena_done(&c->arena);
}
WG_DEFINE_AUTO(check, check_done);

static wg_code sink_hash(void *ctx, const uint8_t *p, size_t n_bytes, wg_error *err) {
  (void)err;
  wg_hash_add(ctx, p, n_bytes);
  return WG_OK;
}

static wg_code check_blob(const check *c, const wg_image_blob *b, uint32_t at, wg_error *err) {
  const wg_wim_blob *o = &c->out.wim.blobs[at];
  bool solid = b->place.solid != WG_WIM_NO_SOLID;
  bool same = solid ? o->solid != WG_WIM_NO_SOLID && o->off_bytes == b->place.solid_off &&
                          c->out.wim.solids[o->solid].off_bytes ==
                              c->r->out.solids[b->place.solid].off_bytes
                    : o->solid == WG_WIM_NO_SOLID && o->off_bytes == b->place.res.off_bytes &&
                          o->stored_bytes == b->place.res.stored_bytes;
  if (!same || o->orig_bytes != b->n_bytes || o->refcount != b->refcount) {
    return wg_fail(err, WG_E_VERIFY, "a row of the written blob table differs");
  }
  if (!b->packed || b->before) {
    return WG_OK;
  }
  WG_AUTO_PTR(wg_hash) h = NULL;
  wg_sha1 got;
  if (wg_hash_new(WG_SHA1, &h, err) != WG_OK ||
      wg_wim_read_blob(&c->out.wim, c->out.decoder, at, sink_hash, h, err) != WG_OK) {
    return err->code;
  }
  wg_hash_end(h, got.b);
  if (memcmp(&got, &b->hash, sizeof(got)) != 0) {
    return wg_fail(err, WG_E_VERIFY, "the written resource at 0x%llx has another SHA-1",
                   (unsigned long long)o->off_bytes);
  }
  return wg_cancel_check(c->r->job->opt.cancel, err);
}

// The table: all contents, none else. New and recompressed ones are decompressed and hashed; copied
// ones were read as they were.
static wg_code check_blobs(const check *c, wg_error *err) {
  const wg_image_run *r = c->r;
  const wg_wim *w = &c->out.wim;
  if (w->n_by_hash != r->n_blobs || w->n_images != r->base.wim.n_images) {
    return wg_fail(err, WG_E_VERIFY, "the written blob table has %zu contents, not %zu",
                   w->n_by_hash, r->n_blobs);
  }
  for (size_t i = 0; i < r->n_blobs; i++) {
    const wg_image_blob *b = &r->blobs[i];
    uint32_t at = 0;
    if (!wg_wim_find_blob(w, &b->hash, &at)) {
      return wg_fail(err, WG_E_VERIFY, "the written blob table lacks a content");
    }
    if (check_blob(c, b, at, err) != WG_OK) {
      return b->base == WG_IMAGE_NEW ? wg_wrap(err, "'%s'", r->edit.puts[b->put].from)
                                     : wg_image_file_blame(&c->out, at, err);
    }
  }
  return WG_OK;
}

static wg_code check_other_images(const check *c, wg_error *err) {
  const wg_wim *a = &c->r->base.wim, *b = &c->out.wim;
  for (uint32_t i = 0; i < a->n_images; i++) {
    const wg_sha1 *was = &a->blobs[a->metadata[i]].hash, *now = &b->blobs[b->metadata[i]].hash;
    if (i == c->r->image) {
      continue;
    }
    WG_AUTO(wg_buf) bytes = {0};
    wg_buf_init(&bytes, wg_heap(), 0);
    if (memcmp(was, now, sizeof(*was)) != 0) {
      return wg_fail(err, WG_E_VERIFY, "image %u, which was not to change, has other metadata",
                     (unsigned)i + 1);
    }
    if (wg_wim_load_blob(b, c->out.decoder, b->metadata[i], UINT64_MAX, &bytes, err) != WG_OK) {
      return wg_wrap(err, "metadata of image %u", (unsigned)i + 1);
    }
  }
  return WG_OK;
}

// What the XML is to say where the project says it.
static const char *check_name_of(const check *c, uint32_t image, const char *given,
                                 const char *was) {
  return image == c->r->image && given != NULL ? given : was;
}

// The header, and the XML: with the base's values put back into it, it is the base's text again.
static wg_code check_header_and_xml(const check *c, wg_error *err) {
  const wg_image_run *r = c->r;
  const wg_wim_header *a = &r->base.wim.hdr, *b = &c->out.wim.hdr;
  if (b->n_images != r->base.wim.n_images || b->boot_index != a->boot_index ||
      ((a->flags ^ b->flags) & WG_WIM_HDR_RP_FIX) != 0) {
    return wg_fail(err, WG_E_VERIFY, "the written header differs");
  }
  const wg_image_names *names = &r->job->opt.names;
  for (uint32_t i = 0; i < r->base.wim.n_images; i++) {
    const wg_wim_facts *x = &r->base.wim.facts[i], *y = &c->out.wim.facts[i];
    const char *const pairs[][2] = {
        {check_name_of(c, i, names->name, x->name), y->name},
        {check_name_of(c, i, names->description, x->description), y->description},
        {check_name_of(c, i, names->display_name, x->display_name), y->display_name},
        {check_name_of(c, i, names->display_description, x->display_description),
         y->display_description},
        {x->flags, y->flags},
        {x->arch, y->arch},
        {x->product_name, y->product_name},
        {x->edition, y->edition},
        {x->installation_type, y->installation_type},
        {x->product_type, y->product_type},
        {x->system_root, y->system_root},
        {x->major, y->major},
        {x->minor, y->minor},
        {x->build, y->build},
        {x->spbuild, y->spbuild},
        {x->language, y->language},
        {x->dir_count, i == r->image ? x->dir_count : y->dir_count},
        {x->file_count, i == r->image ? x->file_count : y->file_count},
        {x->total_bytes, i == r->image ? x->total_bytes : y->total_bytes},
    };
    for (size_t k = 0; k < WG_ARRAY_LEN(pairs); k++) {
      if (strcmp(pairs[k][0], pairs[k][1]) != 0) {
        return wg_fail(err, WG_E_VERIFY, "image %u: the XML says '%s', not '%s'", (unsigned)i + 1,
                       pairs[k][1], pairs[k][0]);
      }
    }
  }
  return WG_OK;
}

wg_code wg_image_check(const wg_image_run *r, wg_error *err) {
  WG_AUTO(check) c = {.r = r, .out = WG_IMAGE_FILE_INIT, .was = r->was};
  wg_arena_init(&c.arena, wg_heap(), 0);
  wg_buf_init(&c.now_bytes, wg_heap(), 0);
  const wg_image_base out = {
      .kind = WG_IMAGE_BASE_WIM, .path = r->job->opt.out_path, .holes = r->job->holes};
  if (wg_image_file_open_base(&c.out, &out, err) != WG_OK ||
      check_header_and_xml(&c, err) != WG_OK ||
      wg_image_file_tree(&c.out, r->image, &c.arena, 0, &c.now_bytes, &c.now, err) != WG_OK ||
      (r->job->base.kind == WG_IMAGE_BASE_DIR &&
       wg_image_check_dir(r, &c.was, &c.arena, err) != WG_OK) ||
      (r->side != NULL &&
       wg_image_side_lay(r->side, &c.was, r->job->opt.keep_times, err) != WG_OK) ||
      wg_image_check_tree(r, &c.was, &c.now, &c.arena, err) != WG_OK ||
      check_blobs(&c, err) != WG_OK || check_other_images(&c, err) != WG_OK) {
    return wg_wrap(err, "reading the written image back");
  }
  return WG_OK;
}
