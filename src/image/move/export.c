// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "image/move/export_run.h"
#include "os/proc.h"

static void export_run_done(wg_export_run *r) {
  for (size_t i = 0; i < WG_ARRAY_LEN(r->sources); i++) {
    wg_image_file_done(&r->sources[i].file);
    wg_wim_decoder_free(r->sources[i].nested);
  }
  wg_dest_done(&r->dest);
  wg_arena_done(&r->arena);
}
#define wg_export_run_done export_run_done
WG_DEFINE_AUTO(wg_export_run, wg_export_run_done);

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
                          .hash = &wg_export_blob_of(b)->hash};
}

static wg_code export_packed(wg_export_run *r, wg_wimout *o, wg_error *err) {
  for (size_t i = 0; i < r->n_blobs; i++) {
    wg_export_blob *b = &r->blobs[i];
    wg_pack_source src = export_source_of(b);
    if (b->packed && wg_wimout_put(o, &src, &b->place, err) != WG_OK) {
      return wg_image_file_blame(&b->source->file, b->blob, err);
    }
  }
  return wg_wimout_flush(o, err);
}

static wg_code export_contents(wg_export_run *r, wg_wimout *o, wg_error *err) {
  for (size_t i = 0; i < r->n_blobs; i++) {
    wg_export_blob *b = &r->blobs[i];
    r->res.repacked_bytes += b->packed ? wg_export_blob_of(b)->orig_bytes : 0;
    if (!b->packed && wg_wimout_keep(o, &b->source->file, b->blob, &b->place, err) != WG_OK) {
      return err->code;
    }
  }
  if (wg_wimout_flush(o, err) != WG_OK) {
    return err->code;
  }
  r->res.kept_bytes = o->kept_bytes;
  if (r->format != WG_IMAGE_FORMAT_ESD || r->res.repacked_bytes == 0) {
    return export_packed(r, o, err);
  }
  return wg_wimout_solid_begin(o, r->res.repacked_bytes, err) == WG_OK &&
                 export_packed(r, o, err) == WG_OK
             ? wg_wimout_solid_end(o, err)
             : err->code;
}

// What goes over packed is sound, or nothing is written. Metadata was compared when its tree was
// read.
static wg_code export_verify(wg_export_run *r, wg_error *err) {
  uint32_t *blobs = wg_arena_new_array(&r->arena, uint32_t, r->n_blobs);
  if (blobs == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (size_t k = 0; k < WG_ARRAY_LEN(r->sources); k++) {
    wg_export_source *s = &r->sources[k];
    size_t n = 0;
    for (size_t i = 0; i < r->n_blobs; i++) {
      if (r->blobs[i].source == s && !r->blobs[i].packed) {
        blobs[n++] = r->blobs[i].blob;
      }
    }
    if ((k == 0 ? r->opt->trust_to : r->opt->trust) == WG_IMAGE_VERIFY &&
        wg_image_file_verify_some(&s->file, blobs, n, r->opt->threads, r->opt->on_progress,
                                  r->opt->ctx, r->opt->cancel, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// Metadata as it was: its packed bytes where the format is the same.
static wg_code export_metadata(wg_export_run *r, wg_wimout *o, wg_error *err) {
  for (uint32_t i = 0; i < r->n_images; i++) {
    wg_export_image *image = &r->images[i];
    const wg_wim *w = &image->source->file.wim;
    uint32_t blob = w->metadata[image->image];
    bool keep = !r->opt->compact && wg_image_can_keep(w, &w->blobs[blob], r->format);
    wg_export_blob b = {.source = image->source, .blob = blob};
    wg_pack_source src = export_source_of(&b);
    if ((keep ? wg_wimout_keep(o, &image->source->file, blob, &image->metadata, err)
              : wg_wimout_put(o, &src, &image->metadata, err)) != WG_OK ||
        wg_wimout_flush(o, err) != WG_OK) {
      return err->code;
    }
    image->metadata.res.flags |= WG_WIM_RES_METADATA;
  }
  return WG_OK;
}

static void export_table(const wg_export_run *r, wg_wimout *o) {
  for (size_t i = 0; i < r->n_blobs; i++) {
    const wg_export_blob *x = &r->blobs[i];
    const wg_wim_blob *was = wg_export_blob_of(x);
    wg_wimout_row(o, &x->place, x->refcount, &was->hash, was->orig_bytes);
  }
  for (uint32_t i = 0; i < r->n_images; i++) {
    const wg_wim *w = &r->images[i].source->file.wim;
    wg_wimout_row(o, &r->images[i].metadata, 1, &w->blobs[w->metadata[r->images[i].image]].hash, 0);
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
  const wg_wim_header *from = &r->sources[1].file.wim.hdr;
  wg_wim_header h = wg_wimout_header(o, &r->sources[r->has_old ? 0 : 1].file.wim.hdr);
  WG_AUTO(wg_buf) xml = {0};
  wg_buf_init(&xml, wg_heap(), 0);
  h.flags |= from->flags & WG_WIM_HDR_RP_FIX;
  h.n_images = r->n_images;
  h.boot_index = export_boot(r);
  if (h.boot_index > 0) {
    h.boot_metadata = r->images[h.boot_index - 1].metadata.res;
  }
  export_table(r, o);
  return wg_export_xml(r, wg_wimout_total_bytes(o), &xml, err) == WG_OK
             ? wg_wimout_finish(o, &h, false, wg_buf_str(&xml), err)
             : err->code;
}

static wg_code export_write(wg_export_run *r, wg_wimout *o, wg_error *err) {
  uint64_t total = 0;
  for (size_t i = 0; i < r->n_blobs; i++) {
    const wg_wim_blob *b = wg_export_blob_of(&r->blobs[i]);
    total += r->blobs[i].packed || b->solid != WG_WIM_NO_SOLID ? b->orig_bytes : b->stored_bytes;
  }
  wg_image_watch_stage(&r->watch, "write", total);
  return export_contents(r, o, err) == WG_OK && export_metadata(r, o, err) == WG_OK
             ? export_end(r, o, err)
             : err->code;
}

static wg_code export_open(wg_export_run *r, const char *from, const char *to, wg_error *err) {
  wg_export_source *old = &r->sources[0], *add = &r->sources[1];
  if (wg_dest_begin(&r->dest, to, WG_DEST_EDIT, &r->opt->place, err) != WG_OK) {
    return err->code;
  }
  r->has_old = r->dest.exists;
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
  if (wg_image_file_use(&f, o->file.fd, o->file.path, err) != WG_OK) {
    return err->code;
  }
  if (r->res.repacked_bytes > 0) {
    wg_image_verified v;
    return wg_image_file_verify(&f, r->opt->threads, r->opt->on_progress, r->opt->ctx,
                                r->opt->cancel, &v, err);
  }
  return wg_image_file_check_trees(&f, err);
}

static wg_code export_all(const char *from, const char *to, const wg_image_export_options *opt,
                          wg_image_export_result *out, wg_error *err) {
  WG_AUTO(wg_export_run)
  r = {.opt = opt,
       .format = opt->format,
       .dest = WG_DEST_INIT,
       .watch = {.cancel = opt->cancel, .on_progress = opt->on_progress, .ctx = opt->ctx}};
  WG_AUTO(wg_wimout) o = WG_WIMOUT_INIT;
  wg_arena_init(&r.arena, wg_heap(), (size_t)8 << 30);
  if (export_open(&r, from, to, err) != WG_OK || wg_export_plan(&r, err) != WG_OK ||
      export_verify(&r, err) != WG_OK) {
    return err->code;
  }
  const wg_wimout_options how = {.format = r.format, // of the file that is added to, maybe
                                 .threads = opt->threads,
                                 .memory_bytes = opt->memory_bytes,
                                 .no_integrity = opt->trust == WG_IMAGE_UNVERIFIED ||
                                                 opt->trust_to == WG_IMAGE_UNVERIFIED,
                                 .cancel = opt->cancel,
                                 .progress = wg_image_watch_pack,
                                 .ctx = &r.watch};
  if (wg_wimout_begin_at(&o, &r.dest, &how, err) != WG_OK || export_write(&r, &o, err) != WG_OK) {
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

wg_code wg_image_export(const char *from, const char *to, const wg_image_export_options *opt,
                        wg_image_export_result *out, wg_error *err) {
  return export_all(from, to, opt, out, err) == WG_OK ? WG_OK : wg_os_name_output(err, to);
}
