#include <string.h>

#include "image/move/export_run.h"
#include "image/pack/solid.h"
#include "os/proc.h"

static void export_run_done(wg_export_run *r) {
  for (size_t i = 0; i < WG_ARRAY_LEN(r->sources); i++) {
    wg_image_file_done(&r->sources[i].file);
    wg_wim_decoder_free(r->sources[i].nested);
  }
  wg_arena_done(&r->arena);
}
#define wg_export_run_done export_run_done
WG_DEFINE_AUTO(wg_export_run, wg_export_run_done);

static void export_progress(void *ctx, uint64_t n_bytes_more) {
  wg_export_run *r = ctx;
  wg_error ignored = WG_ERROR_INIT; // the packer looks at cancel itself
  (void)!wg_image_watch_more(&r->watch, n_bytes_more, &ignored);
}

static wg_code export_stream(void *ctx, wg_wim_sink sink, void *sink_ctx, wg_error *err) {
  const wg_export_blob *b = ctx;
  wg_export_source *s = b->source;
  wg_wim_decoder *d = s->depth == 0 ? s->file.decoder : s->nested;
  s->depth++;
  wg_code code = wg_wim_read_blob(&s->file.wim, d, b->blob, sink, sink_ctx, err);
  s->depth--;
  return code;
}

static wg_pack_source export_source_of(wg_export_blob *b) {
  return (wg_pack_source){.stream = export_stream,
                          .ctx = b,
                          .n_bytes = wg_export_blob_of(b)->orig_bytes,
                          .hash = &wg_export_blob_of(b)->hash,
                          .name = b->source->file.path};
}

// A solid resource goes over with the first content of it.
static wg_code export_keep_solid(wg_export_run *r, wg_wimout *o, wg_export_blob *b, size_t before,
                                 wg_error *err) {
  const wg_wim_blob *was = wg_export_blob_of(b);
  const wg_export_blob *last = before < r->n_blobs ? &r->blobs[before] : NULL;
  b->solid_off = was->off_bytes;
  if (last != NULL && last->source == b->source && last->solid != WG_WIM_NO_SOLID &&
      wg_export_blob_of(last)->solid == was->solid) {
    b->solid = last->solid;
    return WG_OK;
  }
  wg_wim_solid *s = &r->solids[r->n_solids];
  *s = b->source->file.wim.solids[was->solid];
  wg_wim_res res = {.stored_bytes = s->stored_bytes};
  if (wg_wimout_copy(o, &b->source->file.wim.src, s->off_bytes, &res, err) != WG_OK) {
    return err->code;
  }
  s->off_bytes = res.off_bytes;
  b->solid = (uint32_t)r->n_solids++;
  r->res.kept_bytes += s->stored_bytes;
  return WG_OK;
}

static wg_code export_keep(wg_export_run *r, wg_wimout *o, wg_error *err) {
  for (size_t i = 0; i < r->n_blobs && !r->blobs[i].packed; i++) {
    wg_export_blob *b = &r->blobs[i];
    const wg_wim_blob *was = wg_export_blob_of(b);
    if (was->solid != WG_WIM_NO_SOLID) {
      if (export_keep_solid(r, o, b, i > 0 ? i - 1 : SIZE_MAX, err) != WG_OK) {
        return err->code;
      }
      continue;
    }
    b->res = (wg_wim_res){.stored_bytes = was->stored_bytes,
                          .flags = was->flags & WG_WIM_RES_COMPRESSED,
                          .orig_bytes = was->orig_bytes};
    if (wg_wimout_copy(o, &b->source->file.wim.src, was->off_bytes, &b->res, err) != WG_OK) {
      return err->code;
    }
    r->res.kept_bytes += was->stored_bytes;
  }
  return WG_OK;
}

static wg_code export_solid(wg_export_run *r, wg_wimout *o, wg_error *err) {
  uint64_t total = 0;
  for (size_t i = 0; i < r->n_blobs; i++) {
    total += r->blobs[i].packed ? wg_export_blob_of(&r->blobs[i])->orig_bytes : 0;
  }
  if (total == 0) {
    return WG_OK;
  }
  WG_AUTO_PTR(wg_solid) solid = NULL;
  uint64_t memory = r->opt->memory_bytes != 0 ? r->opt->memory_bytes : wg_os_memory_bytes();
  if (wg_solid_new(o->file.fd, o->off_bytes, total, WG_WIM_SOLID_CHUNK_BYTES, r->opt->threads,
                   memory / 4 * 3, r->opt->cancel, export_progress, r, &solid, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < r->n_blobs; i++) {
    wg_export_blob *b = &r->blobs[i];
    if (b->packed) {
      wg_pack_source src = export_source_of(b);
      b->solid = (uint32_t)r->n_solids;
      if (wg_solid_put(solid, &src, &b->solid_off, err) != WG_OK) {
        return err->code;
      }
    }
  }
  wg_wim_solid *s = &r->solids[r->n_solids++];
  if (wg_solid_finish(solid, s, err) != WG_OK) {
    return err->code;
  }
  r->res.repacked_bytes += total;
  o->off_bytes = s->off_bytes + s->stored_bytes;
  return WG_OK;
}

static wg_code export_pack(wg_export_run *r, wg_pack *pack, wg_error *err) {
  for (size_t i = 0; i < r->n_blobs; i++) {
    wg_export_blob *b = &r->blobs[i];
    if (b->packed) {
      wg_pack_source src = export_source_of(b);
      r->res.repacked_bytes += src.n_bytes;
      if (wg_pack_put(pack, &src, &b->res, err) != WG_OK) {
        return err->code;
      }
    }
  }
  return wg_pack_flush(pack, err);
}

// Metadata as it was: its packed bytes where the format is the same.
static wg_code export_metadata(wg_export_run *r, wg_wimout *o, wg_pack *pack, wg_error *err) {
  for (uint32_t i = 0; i < r->n_images; i++) {
    wg_export_image *image = &r->images[i];
    const wg_wim *w = &image->source->file.wim;
    uint32_t blob = w->metadata[image->image];
    const wg_wim_blob *was = &w->blobs[blob];
    if (!r->opt->compact && wg_image_can_keep(w, was, r->format)) {
      image->metadata = (wg_wim_res){.stored_bytes = was->stored_bytes,
                                     .flags = was->flags & WG_WIM_RES_COMPRESSED,
                                     .orig_bytes = was->orig_bytes};
      if (wg_wimout_copy(o, &w->src, was->off_bytes, &image->metadata, err) != WG_OK) {
        return err->code;
      }
      wg_pack_seek(pack, o->off_bytes);
    } else {
      wg_export_blob b = {.source = image->source, .blob = blob};
      wg_pack_source src = export_source_of(&b);
      if (wg_pack_put(pack, &src, &image->metadata, err) != WG_OK ||
          wg_pack_flush(pack, err) != WG_OK) {
        return err->code;
      }
      o->off_bytes = wg_pack_off(pack);
    }
    image->metadata.flags |= WG_WIM_RES_METADATA;
  }
  return WG_OK;
}

static void export_table(const wg_export_run *r, wg_buf *b) {
  wg_wim_table_run run = {0};
  for (size_t i = 0; i < r->n_blobs; i++) {
    const wg_export_blob *x = &r->blobs[i];
    const wg_wim_blob *was = wg_export_blob_of(x);
    const wg_wim_table_row row = {.hash = &was->hash,
                                  .refcount = x->refcount,
                                  .res = &x->res,
                                  .solid =
                                      x->solid == WG_WIM_NO_SOLID ? NULL : &r->solids[x->solid],
                                  .solid_off_bytes = x->solid_off,
                                  .n_bytes = was->orig_bytes};
    wg_wim_table_put_row(b, &run, &row);
  }
  for (uint32_t i = 0; i < r->n_images; i++) {
    const wg_wim *w = &r->images[i].source->file.wim;
    wg_wim_table_put(b, &r->images[i].metadata, 1, 1,
                     &w->blobs[w->metadata[r->images[i].image]].hash);
  }
}

// Which image boots, 1-based: as asked for, as it was in the file that is added to, or in the one
// that images come from.
static uint32_t export_boot(const wg_export_run *r) {
  if (r->opt->boot) {
    return r->n_old + 1;
  }
  if (r->has_old) {
    return r->sources[0].file.wim.hdr.boot_index;
  }
  for (uint32_t i = 0; i < r->n_images; i++) {
    if (r->images[i].image + 1 == r->sources[1].file.wim.hdr.boot_index) {
      return i + 1;
    }
  }
  return 0;
}

static wg_code export_end(wg_export_run *r, wg_wimout *o, wg_error *err) {
  bool esd = r->format == WG_IMAGE_FORMAT_ESD;
  const wg_wim_header *was = &r->sources[r->has_old ? 0 : 1].file.wim.hdr;
  uint32_t flags = r->sources[1].file.wim.hdr.flags | was->flags;
  wg_wim_header h = {.version = esd ? WG_WIM_VERSION_SOLID : WG_WIM_VERSION_NORMAL,
                     .flags = WG_WIM_HDR_COMPRESSED | (esd ? WG_WIM_HDR_LZMS : WG_WIM_HDR_LZX) |
                              (flags & WG_WIM_HDR_RP_FIX),
                     .chunk_bytes = esd ? WG_WIM_LZMS_CHUNK_BYTES : WG_WIM_LZX_CHUNK_BYTES,
                     .part = 1,
                     .n_parts = 1,
                     .n_images = r->n_images,
                     .boot_index = export_boot(r)};
  memcpy(h.unused, was->unused, sizeof(h.unused));
  if (h.boot_index > 0) {
    h.boot_metadata = r->images[h.boot_index - 1].metadata;
  }
  WG_AUTO(wg_buf) xml = {0};
  wg_buf_init(&xml, wg_heap(), 0);
  export_table(r, &o->table);
  if (wg_buf_check(&o->table, err) != WG_OK ||
      wg_export_xml(r, o->off_bytes + o->table.n, &xml, err) != WG_OK ||
      wg_wimout_guid(o, wg_buf_str(&xml), &h, err) != WG_OK) {
    return err->code;
  }
  return wg_wimout_finish(o, &h, wg_buf_str(&xml), r->opt->threads, err);
}

static wg_code export_write(wg_export_run *r, wg_wimout *o, wg_error *err) {
  bool esd = r->format == WG_IMAGE_FORMAT_ESD;
  size_t n_solids = 1;
  uint64_t total = 0;
  for (size_t i = 0; i < r->n_blobs; i++) {
    const wg_wim_blob *b = wg_export_blob_of(&r->blobs[i]);
    total += r->blobs[i].packed || b->solid != WG_WIM_NO_SOLID ? b->orig_bytes : b->stored_bytes;
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(r->sources); i++) {
    n_solids += r->sources[i].file.wim.n_solids;
  }
  wg_image_watch_stage(&r->watch, "write", total);
  r->solids = wg_arena_new_array(&r->arena, wg_wim_solid, n_solids);
  if (r->solids == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  WG_AUTO_PTR(wg_pack) pack = NULL;
  if (export_keep(r, o, err) != WG_OK || (esd && export_solid(r, o, err) != WG_OK) ||
      wg_pack_new(o->file.fd, o->off_bytes, esd ? WG_PACK_LZMS : WG_PACK_LZX, r->opt->threads,
                  r->opt->cancel, export_progress, r, &pack, err) != WG_OK ||
      (!esd && export_pack(r, pack, err) != WG_OK)) {
    return err->code;
  }
  o->off_bytes = wg_pack_off(pack);
  return export_metadata(r, o, pack, err) == WG_OK ? export_end(r, o, err) : err->code;
}

static wg_code export_open(wg_export_run *r, const char *from, const char *to, wg_error *err) {
  wg_export_source *old = &r->sources[0], *add = &r->sources[1];
  r->has_old = wg_os_exists(WG_CWD, to);
  if (wg_image_file_open(&add->file, from, err) != WG_OK ||
      wg_wim_decoder_new(wg_heap(), &add->nested, err) != WG_OK) {
    return err->code;
  }
  if (!r->has_old) {
    return WG_OK;
  }
  if (wg_image_file_open(&old->file, to, err) != WG_OK ||
      wg_wim_decoder_new(wg_heap(), &old->nested, err) != WG_OK) {
    return err->code;
  }
  uint32_t ignored = 0;
  if (old->file.wim.n_images > 0 &&
      wg_image_file_find(&old->file, "1", &ignored, err) != WG_OK) { // an unfinished file
    return wg_wrap(err, "'%s'", to);
  }
  if (old->file.inside != NULL || old->file.n_hosts != 1) {
    return wg_fail(err, WG_E_UNSUPPORTED,
                   "'%s' is no single WIM file that an image could be added to", to);
  }
  if (r->opt->same_format) {
    r->format = old->file.wim.n_solids > 0 ? WG_IMAGE_FORMAT_ESD : WG_IMAGE_FORMAT_WIM;
  }
  return WG_OK;
}

// What was packed anew, and that nothing is missing.
static wg_code export_check(wg_export_run *r, const wg_wimout *o, wg_error *err) {
  WG_AUTO(wg_image_file) f = WG_IMAGE_FILE_INIT;
  if (wg_image_file_use(&f, o->file.fd, err) != WG_OK) {
    return err->code;
  }
  if (r->res.repacked_bytes > 0) {
    wg_image_verified v;
    return wg_image_file_verify(&f, r->opt->threads, r->opt->on_progress, r->opt->ctx,
                                r->opt->cancel, &v, err);
  }
  for (uint32_t i = 0; i < r->n_images; i++) {
    WG_AUTO(wg_arena) arena = {0};
    WG_AUTO(wg_buf) bytes = {0};
    wg_wim_tree t;
    wg_arena_init(&arena, wg_heap(), (size_t)8 << 30);
    wg_buf_init(&bytes, wg_heap(), (size_t)1 << 31);
    if (wg_image_file_tree(&f, i, &arena, 0, &bytes, &t, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_image_export(const char *from, const char *to, const wg_image_export_options *opt,
                        wg_image_export_result *out, wg_error *err) {
  WG_AUTO(wg_export_run)
  r = {.opt = opt,
       .format = opt->format,
       .watch = {.cancel = opt->cancel, .on_progress = opt->on_progress, .ctx = opt->ctx}};
  WG_AUTO(wg_wimout) o = WG_WIMOUT_INIT;
  wg_arena_init(&r.arena, wg_heap(), (size_t)8 << 30);
  if (export_open(&r, from, to, err) != WG_OK || wg_export_plan(&r, err) != WG_OK ||
      wg_wimout_begin(&o, to, true, &r.watch, err) != WG_OK || export_write(&r, &o, err) != WG_OK) {
    return err->code;
  }
  if (export_check(&r, &o, err) != WG_OK) {
    return wg_wrap(err, "what was written does not read back");
  }
  if (wg_wimout_commit(&o, err) != WG_OK) {
    return err->code;
  }
  r.res.out_bytes = o.off_bytes;
  *out = r.res;
  return WG_OK;
}
