// SPDX-License-Identifier: Apache-2.0
// The output file: contents, metadata, and what the XML says of them.
#include <string.h>

#include "base/utf.h"
#include "image/write/run.h"

typedef struct output {
  wg_image_run *r;
  wg_wimout *o;
  wg_wim_decoder *nested; // for a content read while another is being read
  unsigned depth;
} output;

static void output_done(output *o) {
  wg_wim_decoder_free(o->nested);
}
WG_DEFINE_AUTO(output, output_done);

typedef struct source_blob {
  output *o;
  uint32_t blob; // of the base
} source_blob;

static wg_code stream_blob(void *ctx, wg_wim_sink sink, void *sink_ctx, wg_error *err) {
  const source_blob *s = ctx;
  output *o = s->o;
  wg_wim_decoder *d = o->depth == 0 ? o->r->base.decoder : o->nested;
  o->depth++;
  wg_code code = wg_wim_read_blob(&o->r->base.wim, d, s->blob, sink, sink_ctx, err);
  o->depth--;
  return code;
}

static wg_code stream_file(void *ctx, wg_wim_sink sink, void *sink_ctx, wg_error *err) {
  const wg_image_put *p = ctx;
  WG_AUTO(wg_fd) fd = -1;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  // One more than there should be, so that growth shows.
  wg_buf_add_zeros(&b, p->n_bytes < 262144 ? (size_t)p->n_bytes + 1 : 262144);
  if (wg_buf_check(&b, err) != WG_OK || wg_os_open_read(WG_CWD, p->from, &fd, err) != WG_OK) {
    return err->code;
  }
  for (;;) {
    size_t n = 0;
    if (wg_os_read(fd, b.p, b.n, &n, err) != WG_OK) {
      return err->code;
    }
    if (n == 0) {
      return WG_OK;
    }
    if (sink(sink_ctx, b.p, n, err) != WG_OK) {
      return err->code;
    }
  }
}

static wg_pack_source output_put_source(wg_image_put *p) {
  return (wg_pack_source){
      .stream = stream_file, .ctx = p, .n_bytes = p->n_bytes, .hash = &p->hash, .name = p->from};
}

static wg_code output_base_source(output *o, uint32_t blob, wg_pack_source *out, wg_error *err) {
  const wg_wim_blob *b = &o->r->base.wim.blobs[blob];
  source_blob *s = wg_arena_new(&o->r->arena, source_blob);
  if (s == NULL) {
    return wg_arena_fail(&o->r->arena, err);
  }
  *s = (source_blob){o, blob};
  *out =
      (wg_pack_source){.stream = stream_blob, .ctx = s, .n_bytes = b->orig_bytes, .hash = &b->hash};
  return WG_OK;
}

static wg_code output_kept_blob(output *o, wg_image_blob *b, wg_error *err) {
  wg_image_result *res = &o->r->result;
  size_t n_solids = o->o->n_solids;
  if (wg_wimout_keep(o->o, &o->r->base, b->base, &b->place, err) != WG_OK) {
    return err->code;
  }
  if (o->o->n_solids > n_solids) { // what nobody uses of it is counted down to below
    res->dead_bytes += o->o->solids[n_solids].orig_bytes;
  }
  if (b->place.solid != WG_WIM_NO_SOLID) {
    res->dead_bytes -= b->n_bytes < res->dead_bytes ? b->n_bytes : res->dead_bytes;
  }
  return WG_OK;
}

static wg_code output_packed_blob(output *o, wg_image_blob *b, wg_error *err) {
  wg_pack_source src;
  if (b->base == WG_IMAGE_NEW) {
    WG_AUTO(wg_buf) before = {0};
    wg_buf_init(&before, wg_heap(), 0);
    if (wg_image_packed_before(o->r, b, &before)) {
      return wg_wimout_put_packed(o->o, wg_buf_str(&before), b->n_bytes, &b->place, err);
    }
    src = output_put_source(&o->r->edit.puts[b->put]);
    return wg_wimout_put(o->o, &src, &b->place, err);
  }
  o->r->result.repacked_bytes += b->n_bytes;
  if (output_base_source(o, b->base, &src, err) != WG_OK) {
    return err->code;
  }
  return wg_wimout_put(o->o, &src, &b->place, err) == WG_OK
             ? WG_OK
             : wg_image_file_blame(&o->r->base, b->base, err);
}

static bool output_is_esd(const wg_image_run *r) {
  return r->job->opt.format == WG_IMAGE_FORMAT_ESD;
}

// In an ESD everything that is packed by this run goes into one solid resource behind what is kept.
static wg_code output_solid(output *o, wg_error *err) {
  wg_image_run *r = o->r;
  uint64_t total = 0;
  for (size_t i = 0; i < r->n_blobs; i++) {
    total += r->blobs[i].packed ? r->blobs[i].n_bytes : 0;
  }
  if (total == 0) {
    return WG_OK;
  }
  if (wg_wimout_solid_begin(o->o, total, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < r->n_blobs; i++) {
    if (r->blobs[i].packed && output_packed_blob(o, &r->blobs[i], err) != WG_OK) {
      return err->code;
    }
  }
  if (wg_wimout_solid_end(o->o, err) != WG_OK) {
    return err->code;
  }
  r->result.stored_bytes = o->o->solids[o->o->n_solids - 1].stored_bytes;
  return WG_OK;
}

static wg_code output_contents(output *o, wg_error *err) {
  wg_image_run *r = o->r;
  bool esd = output_is_esd(r);
  for (size_t i = 0; i < r->n_blobs; i++) {
    wg_image_blob *b = &r->blobs[i];
    if (!b->packed ? output_kept_blob(o, b, err) != WG_OK
                   : !esd && output_packed_blob(o, b, err) != WG_OK) {
      return err->code;
    }
  }
  if (wg_wimout_flush(o->o, err) != WG_OK || (esd && output_solid(o, err) != WG_OK)) {
    return err->code;
  }
  for (size_t i = 0; i < r->n_blobs && !esd; i++) {
    const wg_image_blob *b = &r->blobs[i];
    r->result.stored_bytes += b->base == WG_IMAGE_NEW ? b->place.res.stored_bytes : 0;
  }
  r->result.kept_bytes = o->o->kept_bytes;
  return WG_OK;
}

static wg_code output_image_metadata(output *o, uint32_t image, wg_error *err) {
  wg_image_run *r = o->r;
  const wg_wim *w = &r->base.wim;
  uint32_t blob = w->metadata[image];
  wg_wimout_place *place = &r->metadata[image].place;
  if (image == r->image) {
    WG_AUTO(wg_buf) bytes = {0};
    wg_buf_init(&bytes, wg_heap(), 0);
    if (wg_wim_tree_write(&r->tree, &bytes, err) != WG_OK) {
      return err->code;
    }
    r->metadata[image].hash = wg_sha1_of(bytes.p, bytes.n);
    wg_image_memo_begin(r, bytes.n);
    const wg_pack_memo *memo = r->memo.n > 0 ? &r->memo.chunks : NULL;
    return wg_wimout_put_bytes(o->o, wg_buf_str(&bytes), &r->metadata[image].hash, memo, place,
                               err);
  }
  r->metadata[image].hash = w->blobs[blob].hash;
  if (wg_image_content_is_kept(r, blob)) {
    return wg_wimout_keep(o->o, &r->base, blob, place, err);
  }
  wg_pack_source src;
  return output_base_source(o, blob, &src, err) == WG_OK ? wg_wimout_put(o->o, &src, place, err)
                                                         : err->code;
}

static wg_code output_metadata(output *o, wg_error *err) {
  wg_image_run *r = o->r;
  uint32_t n = r->base.wim.n_images;
  r->metadata = wg_arena_new_array(&r->arena, wg_image_metadata, n);
  if (r->metadata == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (uint32_t i = 0; i < n; i++) {
    if (output_image_metadata(o, i, err) != WG_OK || wg_wimout_flush(o->o, err) != WG_OK) {
      return wg_wrap(err, "metadata of image %u", (unsigned)i + 1);
    }
    r->metadata[i].place.res.flags |= WG_WIM_RES_METADATA;
  }
  return WG_OK;
}

static void output_table(const wg_image_run *r, wg_wimout *o) {
  for (size_t i = 0; i < r->n_blobs; i++) {
    const wg_image_blob *x = &r->blobs[i];
    wg_wimout_row(o, &x->place, x->refcount, &x->hash, x->n_bytes);
  }
  for (uint32_t i = 0; i < r->base.wim.n_images; i++) {
    wg_wimout_row(o, &r->metadata[i].place, 1, &r->metadata[i].hash, 0);
  }
}

// What the base says, moved by what changed: writers do not count alike.
static uint64_t output_number(const char *was, uint64_t before, uint64_t after) {
  uint64_t old = 0;
  if (!wg_parse_u64(wg_str_of(was), &old)) {
    return after;
  }
  return after >= before        ? old + (after - before)
         : old > before - after ? old - (before - after)
                                : 0;
}

typedef struct xml_value {
  uint32_t image; // 1-based, 0: of the file
  const char *path, *value;
} xml_value;

static wg_code output_xml_values(const xml_value *v, size_t n, wg_buf *text, wg_error *err) {
  for (size_t i = 0; i < n; i++) {
    WG_AUTO(wg_buf) next = {0};
    wg_buf_init(&next, wg_heap(), 0);
    if (wg_wim_xml_put(wg_buf_str(text), v[i].image, v[i].path, v[i].value, &next, err) != WG_OK) {
      return err->code;
    }
    wg_buf swap = *text;
    *text = next;
    next = swap;
  }
  return WG_OK;
}

static wg_code output_xml_names(const wg_image_run *r, wg_buf *text, wg_error *err) {
  const wg_image_names *n = &r->job->opt.names;
  const xml_value names[] = {{0, "NAME", n->name},
                             {0, "DESCRIPTION", n->description},
                             {0, "DISPLAYNAME", n->display_name},
                             {0, "DISPLAYDESCRIPTION", n->display_description}};
  for (size_t i = 0; i < WG_ARRAY_LEN(names); i++) {
    const xml_value v = {r->image + 1, names[i].path, names[i].value};
    if (v.value != NULL && output_xml_values(&v, 1, text, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code output_xml(wg_image_run *r, uint64_t total_bytes, wg_buf *out, wg_error *err) {
  const wg_wim_facts *f = &r->base.wim.facts[r->image];
  const wg_image_stats *a = &r->before, *b = &r->after;
  uint64_t time = wg_wim_time(r->job->opt.time_s);
  wg_arena *m = &r->arena;
  const char *high = wg_arena_printf(m, "0x%08X", (unsigned)(time >> 32));
  const char *low = wg_arena_printf(m, "0x%08X", (unsigned)(time & 0xFFFFFFFFu));
#define OUTPUT_NUMBER(was, field)                                                                  \
  wg_arena_printf(m, "%llu", (unsigned long long)output_number(was, a->field, b->field))
  uint32_t i = r->image + 1;
  const xml_value values[] = {
      {0, "TOTALBYTES", wg_arena_printf(m, "%llu", (unsigned long long)total_bytes)},
      {i, "DIRCOUNT", OUTPUT_NUMBER(f->dir_count, n_dirs)},
      {i, "FILECOUNT", OUTPUT_NUMBER(f->file_count, n_files)},
      {i, "TOTALBYTES", OUTPUT_NUMBER(f->total_bytes, total_bytes)},
      {i, "HARDLINKBYTES", OUTPUT_NUMBER(f->hard_link_bytes, hard_link_bytes)},
      {i, "LASTMODIFICATIONTIME/HIGHPART", high}, // not when nothing was changed
      {i, "LASTMODIFICATIONTIME/LOWPART", low},
      {i, "CREATIONTIME/HIGHPART", high}, // of captured trees only
      {i, "CREATIONTIME/LOWPART", low},
  };
  bool made = r->captured || r->job->opt.retime;
  for (size_t k = 0; k < WG_ARRAY_LEN(values); k++) {
    if (values[k].value == NULL) {
      return wg_arena_fail(m, err);
    }
  }
  wg_buf_add_str(out, r->base.wim.xml);
  size_t n = WG_ARRAY_LEN(values) - (made ? r->has_created ? 2 : 0 : r->job->n_changes > 0 ? 2 : 4);
  return wg_buf_check(out, err) == WG_OK && output_xml_values(values, n, out, err) == WG_OK &&
                 output_xml_names(r, out, err) == WG_OK
             ? WG_OK
             : wg_wrap(err, "XML");
}

static wg_code output_end(output *o, wg_error *err) {
  wg_image_run *r = o->r;
  const wg_wim_header *was = &r->base.wim.hdr;
  WG_AUTO(wg_buf) xml = {0};
  wg_buf_init(&xml, wg_heap(), 0);
  wg_wim_header h = wg_wimout_header(o->o, was);
  h.n_images = r->base.wim.n_images;
  h.boot_index = was->boot_index;
  if (h.boot_index > 0) {
    h.boot_metadata = r->metadata[h.boot_index - 1].place.res;
  }
  output_table(r, o->o);
  if (output_xml(r, wg_wimout_total_bytes(o->o), &xml, err) != WG_OK ||
      wg_wimout_finish(o->o, &h, false, wg_buf_str(&xml), err) != WG_OK) {
    return err->code;
  }
  r->result.out_bytes = o->o->off_bytes;
  return wg_wimout_commit(o->o, err);
}

static uint64_t output_total(const wg_image_run *r) {
  const wg_wim *w = &r->base.wim;
  uint64_t n = 0;
  uint32_t solid = WG_WIM_NO_SOLID;
  for (size_t i = 0; i < r->n_blobs; i++) {
    const wg_image_blob *b = &r->blobs[i];
    if (b->packed) {
      n += b->n_bytes;
    } else if (w->blobs[b->base].solid == WG_WIM_NO_SOLID) {
      n += w->blobs[b->base].stored_bytes;
    } else if (w->blobs[b->base].solid != solid) {
      solid = w->blobs[b->base].solid;
      n += w->solids[solid].stored_bytes;
    }
  }
  return n;
}

// What goes over packed is sound, or nothing is written. What libwim packed for this run counts as
// well: nobody read it back yet. (Metadata was compared when its tree was read.)
static wg_code output_verify(wg_image_run *r, wg_error *err) {
  const wg_image_options *opt = &r->job->opt;
  if (opt->trust != WG_IMAGE_VERIFY && !r->captured) {
    return WG_OK;
  }
  uint32_t *blobs = wg_arena_new_array(&r->arena, uint32_t, r->n_blobs);
  size_t n = 0;
  if (blobs == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (size_t i = 0; i < r->n_blobs; i++) {
    if (!r->blobs[i].packed) {
      blobs[n++] = r->blobs[i].base;
    }
  }
  r->result.base_verified = n == r->base.wim.n_by_hash;
  return wg_image_file_verify_some(&r->base, blobs, n, opt->threads, opt->on_progress, opt->ctx,
                                   opt->cancel, err);
}

wg_code wg_image_output(wg_image_run *r, wg_error *err) {
  WG_AUTO(output) o = {.r = r, .o = &r->out};
  const wg_image_options *opt = &r->job->opt;
  const wg_wimout_options how = {.format = opt->format,
                                 .threads = opt->threads,
                                 .memory_bytes = opt->memory_bytes,
                                 .no_integrity = opt->trust == WG_IMAGE_UNVERIFIED,
                                 .holes = r->job->holes,
                                 .cancel = opt->cancel,
                                 .progress = wg_image_run_more,
                                 .ctx = r};
  if (output_verify(r, err) != WG_OK) {
    return err->code;
  }
  wg_image_run_progress(r, "write", output_total(r));
  if (wg_wimout_create(&r->out, opt->out_path, &how, err) != WG_OK ||
      wg_wim_decoder_new(wg_heap(), &o.nested, err) != WG_OK || output_contents(&o, err) != WG_OK ||
      output_metadata(&o, err) != WG_OK) {
    return err->code;
  }
  return output_end(&o, err);
}
