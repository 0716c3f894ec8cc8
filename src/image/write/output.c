// The output file: contents, metadata, blob table, XML, integrity table, and the header last.
#include <string.h>

#include "base/utf.h"
#include "image/pack/pack.h"
#include "image/pack/solid.h"
#include "image/pack/wimout.h"
#include "image/write/run.h"
#include "os/proc.h"

typedef struct output {
  wg_image_run *r;
  wg_fd fd;
  wg_pack *pack;
  wg_wim_decoder *nested; // for a content read while another is being read
  unsigned depth;
  uint32_t solid_of; // of the base: the one that was taken over last
} output;

static void output_done(output *o) {
  wg_pack_free(o->pack);
  wg_wim_decoder_free(o->nested);
  wg_fd_done(&o->fd);
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

typedef struct source_bytes {
  wg_str bytes;
} source_bytes;

static wg_code stream_bytes(void *ctx, wg_wim_sink sink, void *sink_ctx, wg_error *err) {
  const source_bytes *s = ctx;
  return sink(sink_ctx, (const uint8_t *)s->bytes.p, s->bytes.n, err);
}

static wg_code output_recompress(output *o, uint32_t blob, wg_wim_res *res, wg_error *err) {
  const wg_wim_blob *b = &o->r->base.wim.blobs[blob];
  source_blob *s = wg_arena_new(&o->r->arena, source_blob);
  if (s == NULL) {
    return wg_arena_fail(&o->r->arena, err);
  }
  *s = (source_blob){o, blob};
  wg_pack_source src = {.stream = stream_blob,
                        .ctx = s,
                        .n_bytes = b->orig_bytes,
                        .hash = &b->hash,
                        .name = o->r->job->base.path};
  return wg_pack_put(o->pack, &src, res, err);
}

static wg_code output_copy_range(output *o, uint64_t off, uint64_t n, wg_error *err) {
  while (n > 0) {
    wg_image_segment s = wg_image_file_segment(&o->r->base, off, n);
    if (wg_pack_copy(o->pack, s.fd, s.fd_off_bytes, s.n_bytes, err) != WG_OK) {
      return wg_wrap(err, "'%s'", o->r->job->base.path);
    }
    off += s.n_bytes;
    n -= s.n_bytes;
  }
  return WG_OK;
}

// What is copied from the base and not written yet: neighbours go over in one piece.
typedef struct copy_run {
  uint64_t from, n;
} copy_run;

static wg_code copy_run_flush(output *o, copy_run *c, wg_error *err) {
  uint64_t n = c->n;
  c->n = 0;
  return output_copy_range(o, c->from, n, err);
}

// [off, off + n) of the base; *out_off gets where it will be in the output.
static wg_code copy_run_add(output *o, copy_run *c, uint64_t off, uint64_t n, uint64_t *out_off,
                            wg_error *err) {
  if (c->n > 0 && c->from + c->n != off && copy_run_flush(o, c, err) != WG_OK) {
    return err->code;
  }
  if (c->n == 0) {
    if (wg_pack_flush(o->pack, err) != WG_OK) { // what is queued comes first
      return err->code;
    }
    c->from = off;
  }
  *out_off = wg_pack_off(o->pack) + c->n;
  c->n += n;
  o->r->result.kept_bytes += n;
  return WG_OK;
}

// A solid resource of the base goes over whole with the first content of it that is kept.
static wg_code output_keep_solid(output *o, copy_run *c, wg_image_blob *b, wg_error *err) {
  wg_image_run *r = o->r;
  const wg_wim_blob *was = &r->base.wim.blobs[b->base];
  if (r->n_solids == 0 || o->solid_of != was->solid) {
    wg_wim_solid *s = &r->solids[r->n_solids++];
    *s = r->base.wim.solids[was->solid];
    o->solid_of = was->solid;
    r->result.dead_bytes += s->orig_bytes;
    if (copy_run_add(o, c, s->off_bytes, s->stored_bytes, &s->off_bytes, err) != WG_OK) {
      return err->code;
    }
  }
  b->solid = (uint32_t)r->n_solids - 1;
  b->solid_off = was->off_bytes;
  r->result.dead_bytes -= b->n_bytes < r->result.dead_bytes ? b->n_bytes : r->result.dead_bytes;
  return WG_OK;
}

static wg_code output_kept_blob(output *o, copy_run *c, wg_image_blob *b, wg_error *err) {
  const wg_wim_blob *was = &o->r->base.wim.blobs[b->base];
  if (b->packed) {
    o->r->result.repacked_bytes += b->n_bytes;
    return copy_run_flush(o, c, err) == WG_OK ? output_recompress(o, b->base, &b->res, err)
                                              : err->code;
  }
  if (was->solid != WG_WIM_NO_SOLID) {
    return output_keep_solid(o, c, b, err);
  }
  b->res = (wg_wim_res){.stored_bytes = was->stored_bytes,
                        .flags = was->flags & WG_WIM_RES_COMPRESSED,
                        .orig_bytes = was->orig_bytes};
  return copy_run_add(o, c, was->off_bytes, was->stored_bytes, &b->res.off_bytes, err);
}

static bool output_is_esd(const wg_image_run *r) {
  return r->job->opt.format == WG_IMAGE_FORMAT_ESD;
}

// Contents of the base: copied, or (not in an ESD, where they go with the new ones) packed again.
static wg_code output_kept(output *o, wg_error *err) {
  wg_image_run *r = o->r;
  copy_run c = {0};
  r->solids = wg_arena_new_array(&r->arena, wg_wim_solid, r->base.wim.n_solids + 1);
  if (r->solids == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (size_t i = 0; i < r->n_blobs && r->blobs[i].base != WG_IMAGE_NEW; i++) {
    if (r->blobs[i].packed && output_is_esd(r)) {
      continue;
    }
    if (output_kept_blob(o, &c, &r->blobs[i], err) != WG_OK) {
      return err->code;
    }
  }
  return copy_run_flush(o, &c, err) == WG_OK ? wg_pack_flush(o->pack, err) : err->code;
}

static wg_pack_source output_put_source(wg_image_put *p) {
  return (wg_pack_source){
      .stream = stream_file, .ctx = p, .n_bytes = p->n_bytes, .hash = &p->hash, .name = p->from};
}

static wg_code output_new(output *o, wg_error *err) {
  wg_image_run *r = o->r;
  for (size_t i = 0; i < r->n_blobs; i++) {
    if (r->blobs[i].base != WG_IMAGE_NEW) {
      continue;
    }
    wg_pack_source src = output_put_source(&r->edit.puts[r->blobs[i].put]);
    if (wg_pack_put(o->pack, &src, &r->blobs[i].res, err) != WG_OK) {
      return err->code;
    }
  }
  if (wg_pack_flush(o->pack, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < r->n_blobs; i++) {
    r->result.stored_bytes += r->blobs[i].base == WG_IMAGE_NEW ? r->blobs[i].res.stored_bytes : 0;
  }
  return WG_OK;
}

static wg_code output_solid_put(output *o, wg_solid *solid, wg_image_blob *b, wg_error *err) {
  wg_image_run *r = o->r;
  source_blob s = {o, b->base};
  wg_pack_source src;
  if (b->base == WG_IMAGE_NEW) {
    src = output_put_source(&r->edit.puts[b->put]);
  } else {
    src = (wg_pack_source){.stream = stream_blob,
                           .ctx = &s,
                           .n_bytes = b->n_bytes,
                           .hash = &b->hash,
                           .name = r->job->base.path};
    r->result.repacked_bytes += b->n_bytes;
  }
  b->solid = (uint32_t)r->n_solids;
  return wg_solid_put(solid, &src, &b->solid_off, err);
}

// Everything that is packed by this run, as one solid resource.
static wg_code output_solid(output *o, wg_error *err) {
  wg_image_run *r = o->r;
  const wg_image_options *opt = &r->job->opt;
  uint64_t total = 0;
  for (size_t i = 0; i < r->n_blobs; i++) {
    total += r->blobs[i].packed ? r->blobs[i].n_bytes : 0;
  }
  if (total == 0) {
    return WG_OK;
  }
  WG_AUTO_PTR(wg_solid) solid = NULL;
  uint64_t memory = (opt->memory_bytes != 0 ? opt->memory_bytes : wg_os_memory_bytes()) / 4 * 3;
  if (wg_solid_new(o->fd, wg_pack_off(o->pack), total, WG_WIM_SOLID_CHUNK_BYTES, opt->threads,
                   memory, opt->cancel, wg_image_run_more, r, &solid, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < r->n_blobs; i++) {
    if (r->blobs[i].packed && output_solid_put(o, solid, &r->blobs[i], err) != WG_OK) {
      return err->code;
    }
  }
  wg_wim_solid *s = &r->solids[r->n_solids];
  if (wg_solid_finish(solid, s, err) != WG_OK) {
    return err->code;
  }
  r->n_solids++;
  r->result.stored_bytes = s->stored_bytes;
  wg_pack_seek(o->pack, s->off_bytes + s->stored_bytes);
  return WG_OK;
}

static wg_code output_image_metadata(output *o, uint32_t image, wg_error *err) {
  wg_image_run *r = o->r;
  const wg_wim *w = &r->base.wim;
  uint32_t blob = w->metadata[image];
  const wg_wim_blob *b = &w->blobs[blob];
  wg_wim_res *res = &r->metadata_res[image];
  if (image == r->image) {
    WG_AUTO(wg_buf) bytes = {0};
    wg_buf_init(&bytes, wg_heap(), 0);
    if (wg_wim_tree_write(&r->tree, &bytes, err) != WG_OK) {
      return err->code;
    }
    r->metadata_hash[image] = wg_sha1_of(bytes.p, bytes.n);
    source_bytes s = {wg_buf_str(&bytes)};
    wg_pack_source src = {
        .stream = stream_bytes, .ctx = &s, .n_bytes = bytes.n, .hash = &r->metadata_hash[image]};
    if (wg_pack_put(o->pack, &src, res, err) != WG_OK) {
      return err->code;
    }
    return wg_pack_flush(o->pack, err);
  }
  r->metadata_hash[image] = b->hash;
  if (!wg_image_content_is_kept(r, blob)) {
    return output_recompress(o, blob, res, err) == WG_OK ? wg_pack_flush(o->pack, err) : err->code;
  }
  *res = (wg_wim_res){.stored_bytes = b->stored_bytes,
                      .flags = b->flags & WG_WIM_RES_COMPRESSED,
                      .off_bytes = wg_pack_off(o->pack),
                      .orig_bytes = b->orig_bytes};
  return output_copy_range(o, b->off_bytes, b->stored_bytes, err);
}

static wg_code output_metadata(output *o, wg_error *err) {
  wg_image_run *r = o->r;
  uint32_t n = r->base.wim.n_images;
  r->metadata_res = wg_arena_new_array(&r->arena, wg_wim_res, n);
  r->metadata_hash = wg_arena_new_array(&r->arena, wg_sha1, n);
  if (r->metadata_res == NULL || r->metadata_hash == NULL) {
    return wg_arena_fail(&r->arena, err);
  }
  for (uint32_t i = 0; i < n; i++) {
    if (output_image_metadata(o, i, err) != WG_OK) {
      return wg_wrap(err, "metadata of image %u", (unsigned)i + 1);
    }
    r->metadata_res[i].flags |= WG_WIM_RES_METADATA;
  }
  return WG_OK;
}

static wg_code output_append(output *o, uint64_t *at, const wg_buf *bytes, wg_wim_res *out,
                             wg_error *err) {
  if (wg_buf_check(bytes, err) != WG_OK ||
      wg_os_pwrite_all(o->fd, bytes->p, bytes->n, *at, err) != WG_OK) {
    return err->code;
  }
  *out = (wg_wim_res){.stored_bytes = bytes->n, .off_bytes = *at, .orig_bytes = bytes->n};
  *at += bytes->n;
  return WG_OK;
}

static void output_table(const wg_image_run *r, wg_buf *b) {
  wg_wim_table_run run = {0};
  for (size_t i = 0; i < r->n_blobs; i++) {
    const wg_image_blob *x = &r->blobs[i];
    const wg_wim_table_row row = {.hash = &x->hash,
                                  .refcount = x->refcount,
                                  .res = &x->res,
                                  .solid =
                                      x->solid == WG_WIM_NO_SOLID ? NULL : &r->solids[x->solid],
                                  .solid_off_bytes = x->solid_off,
                                  .n_bytes = x->n_bytes};
    wg_wim_table_put_row(b, &run, &row);
  }
  for (uint32_t i = 0; i < r->base.wim.n_images; i++) {
    wg_wim_table_put(b, &r->metadata_res[i], 1, 1, &r->metadata_hash[i]);
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

static wg_code output_xml(output *o, uint64_t total_bytes, wg_buf *out, wg_error *err) {
  wg_image_run *r = o->r;
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
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_add_str(&text, r->base.wim.xml);
  size_t n = WG_ARRAY_LEN(values) - (made ? 0 : r->job->n_changes > 0 ? 2 : 4);
  if (wg_buf_check(&text, err) != WG_OK || output_xml_values(values, n, &text, err) != WG_OK) {
    return wg_wrap(err, "XML");
  }
  wg_buf_add_le16(out, 0xFEFF);
  if (!wg_utf8_to_utf16le(wg_buf_str(&text), out)) {
    return wg_fail(err, WG_E_BUG, "the XML is no text any more");
  }
  return WG_OK;
}

// The identity of the file follows from its content.
static wg_code output_guid(const wg_buf *table, const wg_buf *xml, wg_wim_header *h,
                           wg_error *err) {
  WG_AUTO_PTR(wg_hash) hash = NULL;
  if (wg_hash_new(WG_SHA256, &hash, err) != WG_OK) {
    return err->code;
  }
  uint8_t head[WG_WIM_HEADER_BYTES], digest[32];
  memset(h->guid, 0, sizeof(h->guid));
  wg_wim_header_write(h, head);
  static const char label[] = "wingo wim guid 1";
  wg_hash_add(hash, label, sizeof(label));
  wg_hash_add(hash, head, sizeof(head));
  wg_hash_add(hash, table->p, table->n);
  wg_hash_add(hash, xml->p, xml->n);
  wg_hash_end(hash, digest);
  memcpy(h->guid, digest, sizeof(h->guid));
  return WG_OK;
}

static wg_code output_tail(output *o, wg_error *err) {
  wg_image_run *r = o->r;
  const wg_wim_header *was = &r->base.wim.hdr;
  WG_AUTO(wg_buf) table = {0};
  WG_AUTO(wg_buf) xml = {0};
  WG_AUTO(wg_buf) sums = {0};
  wg_buf_init(&table, wg_heap(), 0);
  wg_buf_init(&xml, wg_heap(), 0);
  wg_buf_init(&sums, wg_heap(), 0);
  bool esd = output_is_esd(r);
  wg_wim_header h = {.version = esd ? WG_WIM_VERSION_SOLID : WG_WIM_VERSION_NORMAL,
                     .flags = WG_WIM_HDR_COMPRESSED | (esd ? WG_WIM_HDR_LZMS : WG_WIM_HDR_LZX) |
                              (was->flags & WG_WIM_HDR_RP_FIX),
                     .chunk_bytes = esd ? WG_WIM_LZMS_CHUNK_BYTES : WG_WIM_LZX_CHUNK_BYTES,
                     .part = 1,
                     .n_parts = 1,
                     .n_images = r->base.wim.n_images,
                     .boot_index = was->boot_index};
  memcpy(h.unused, was->unused, sizeof(h.unused));
  if (h.boot_index > 0) {
    h.boot_metadata = r->metadata_res[h.boot_index - 1];
  }
  uint64_t at = wg_pack_off(o->pack);
  output_table(r, &table);
  if (output_append(o, &at, &table, &h.table, err) != WG_OK) {
    return err->code;
  }
  h.table.flags = WG_WIM_RES_METADATA;
  if (wg_wimout_integrity(o->fd, at, r->job->opt.threads, r->job->opt.cancel, &sums, err) !=
          WG_OK ||
      output_xml(o, at, &xml, err) != WG_OK || output_append(o, &at, &xml, &h.xml, err) != WG_OK) {
    return err->code;
  }
  h.xml.flags = WG_WIM_RES_METADATA;
  if (output_append(o, &at, &sums, &h.integrity, err) != WG_OK ||
      output_guid(&table, &xml, &h, err) != WG_OK) {
    return err->code;
  }
  uint8_t head[WG_WIM_HEADER_BYTES];
  wg_wim_header_write(&h, head);
  r->result.out_bytes = at;
  if (wg_os_fsync(o->fd, err) != WG_OK ||
      wg_os_pwrite_all(o->fd, head, sizeof(head), 0, err) != WG_OK) {
    return err->code;
  }
  return wg_os_fsync(o->fd, err);
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

wg_code wg_image_output(wg_image_run *r, wg_error *err) {
  WG_AUTO(output) o = {.r = r, .fd = -1};
  const wg_image_options *opt = &r->job->opt;
  wg_pack_format format = output_is_esd(r) ? WG_PACK_LZMS : WG_PACK_LZX;
  wg_image_run_progress(r, "write", output_total(r));
  if (wg_os_create_new(WG_CWD, opt->out_path, 0644, &o.fd, err) != WG_OK ||
      wg_wim_decoder_new(wg_heap(), &o.nested, err) != WG_OK ||
      wg_pack_new(o.fd, WG_WIM_HEADER_BYTES, format, opt->threads, opt->cancel, wg_image_run_more,
                  r, &o.pack, err) != WG_OK ||
      output_kept(&o, err) != WG_OK ||
      (output_is_esd(r) ? output_solid(&o, err) : output_new(&o, err)) != WG_OK ||
      output_metadata(&o, err) != WG_OK || output_tail(&o, err) != WG_OK) {
    return err->code;
  }
  return WG_OK;
}
