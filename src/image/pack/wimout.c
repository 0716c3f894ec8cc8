// SPDX-License-Identifier: Apache-2.0
#include "image/pack/wimout.h"

#include <string.h>

#include "base/utf.h"
#include "os/proc.h"

#define WIMOUT_COPY_BYTES ((uint64_t)8 << 20)

void wg_wimout_done(wg_wimout *o) {
  wg_pack_free(o->pack);
  wg_solid_free(o->solid);
  wg_integrity_free(o->integrity);
  wg_outfile_done(&o->file);
  wg_dest_done(&o->own);
  wg_buf_done(&o->table);
  wg_buf_done(&o->same_sums);
  wg_xfree(o->solids);
}

static void wimout_init(wg_wimout *o, const wg_wimout_options *opt) {
  wg_buf_init(&o->table, wg_heap(), 0);
  wg_buf_init(&o->same_sums, wg_heap(), 0);
  o->opt = *opt;
  o->part = 1;
  o->off_bytes = o->same_to = WG_WIM_HEADER_BYTES;
}

static void wimout_started(wg_wimout *o) {
  if (!o->opt.no_integrity && o->opt.holes == NULL) {
    o->integrity = wg_integrity_new(o->file.fd, o->opt.cancel);
  }
}

wg_code wg_wimout_begin(wg_wimout *o, const char *path, const wg_inplace_options *place,
                        const wg_wimout_options *opt, wg_error *err) {
  if (wg_dest_begin(&o->own, path, WG_DEST_NEW, place, err) != WG_OK) {
    return err->code;
  }
  return wg_wimout_begin_at(o, &o->own, opt, err);
}

wg_code wg_wimout_begin_at(wg_wimout *o, wg_dest *dest, const wg_wimout_options *opt,
                           wg_error *err) {
  wimout_init(o, opt);
  o->dest = dest == &o->own ? NULL : dest;
  if (wg_outfile_begin(&o->file, WG_CWD, dest->path, 0600, false, err) != WG_OK) {
    return err->code;
  }
  wimout_started(o);
  return WG_OK;
}

wg_code wg_wimout_create(wg_wimout *o, const char *path, const wg_wimout_options *opt,
                         wg_error *err) {
  wimout_init(o, opt);
  o->in_place = true;
  if (wg_os_create_new(WG_CWD, path, 0644, &o->file.fd, err) != WG_OK) {
    return err->code;
  }
  wimout_started(o);
  return WG_OK;
}

// --- Taken over.

// [off, off + n) of raw_file is where it is in the output, or will be. True when what the source's
// integrity table says holds for it.
static bool wimout_is_same(wg_wimout *o, uint64_t n) {
  bool wanted = o->integrity != NULL || (o->opt.holes != NULL && !o->opt.no_integrity);
  if (!wanted || o->raw_from != o->off_bytes || o->same_to != o->off_bytes) {
    return false;
  }
  if (o->same_file == NULL) {
    o->same_file = o->raw_file;
    wg_image_file_sums(o->raw_file, &o->same_sums);
  }
  if (o->same_file != o->raw_file || o->same_sums.n == 0) {
    return false;
  }
  o->same_to += n;
  return true;
}

// Whole chunks of that, once.
static void wimout_known_sums(wg_wimout *o) {
  if (o->same_sums.n == 0) {
    return;
  }
  uint64_t n = (o->same_to - WG_WIM_HEADER_BYTES) / WG_WIM_INTEGRITY_CHUNK_BYTES * sizeof(wg_sha1);
  wg_str sums = wg_buf_str(&o->same_sums);
  sums.n = n < sums.n ? (size_t)n : sums.n;
  if (o->integrity != NULL) {
    wg_integrity_known(o->integrity, sums);
  } else {
    wg_buf_add_str(&o->opt.holes->sums, sums);
  }
  wg_buf_clear(&o->same_sums);
}

// The bytes of s, which go to off_bytes.
static wg_code wimout_take(wg_wimout *o, const wg_image_segment *s, wg_error *err) {
  if (o->opt.holes != NULL) {
    wg_image_holes_add(o->opt.holes, o->off_bytes, s->n_bytes, o->raw_file->hosts[s->host].path,
                       s->fd_off_bytes);
    return WG_OK;
  }
  if (wg_os_copy_range(s->fd, s->fd_off_bytes, o->file.fd, o->off_bytes, s->n_bytes, err) !=
      WG_OK) {
    return err->code;
  }
  // The disk works while the rest is copied and hashed.
  wg_os_start_writeback(o->file.fd, o->off_bytes, s->n_bytes);
  return WG_OK;
}

static wg_code wimout_copy(wg_wimout *o, wg_error *err) {
  while (o->raw_bytes > 0) {
    uint64_t n = o->raw_bytes < WIMOUT_COPY_BYTES ? o->raw_bytes : WIMOUT_COPY_BYTES;
    wg_image_segment s = wg_image_file_segment(o->raw_file, o->raw_from, n);
    if (wg_cancel_check(o->opt.cancel, err) != WG_OK || wimout_take(o, &s, err) != WG_OK) {
      return o->raw_file->path == NULL || wg_os_is_room_error(err)
                 ? err->code
                 : wg_wrap(err, "'%s'", o->raw_file->path);
    }
    bool same = wimout_is_same(o, s.n_bytes);
    o->off_bytes += s.n_bytes;
    o->raw_from += s.n_bytes;
    if (o->integrity != NULL && !same) {
      wimout_known_sums(o);
      wg_integrity_final(o->integrity, o->off_bytes);
    }
    o->raw_bytes -= s.n_bytes;
    if (o->opt.progress != NULL) {
      o->opt.progress(o->opt.ctx, s.n_bytes);
    }
  }
  return WG_OK;
}

wg_code wg_wimout_flush(wg_wimout *o, wg_error *err) {
  if (wimout_copy(o, err) != WG_OK) {
    return err->code;
  }
  if (o->pack == NULL) {
    return WG_OK;
  }
  if (wg_pack_flush(o->pack, err) != WG_OK) {
    return err->code;
  }
  o->off_bytes = wg_pack_off(o->pack);
  return WG_OK;
}

// [off, off + n) of f; *out_off gets where it will be.
static wg_code wimout_raw(wg_wimout *o, const wg_image_file *f, uint64_t off, uint64_t n,
                          uint64_t *out_off, wg_error *err) {
  bool next = o->raw_bytes > 0 && o->raw_file == f && o->raw_from + o->raw_bytes == off;
  if (!next) {
    if (wg_wimout_flush(o, err) != WG_OK) {
      return err->code;
    }
    o->raw_file = f;
    o->raw_from = off;
  }
  *out_off = o->off_bytes + o->raw_bytes;
  o->raw_bytes += n;
  o->kept_bytes += n;
  if (o->pack != NULL) {
    wg_pack_seek(o->pack, o->off_bytes + o->raw_bytes);
  }
  return WG_OK;
}

static wg_code wimout_keep_solid(wg_wimout *o, const wg_image_file *f, const wg_wim_blob *b,
                                 wg_wimout_place *out, wg_error *err) {
  if (o->solid_file != f || o->solid_of != b->solid) {
    wg_wim_solid s = f->wim.solids[b->solid];
    if (wimout_raw(o, f, s.off_bytes, s.stored_bytes, &s.off_bytes, err) != WG_OK) {
      return err->code;
    }
    wg_vec_push(&o->solids, &o->n_solids, &o->cap_solids) = s;
    o->solid_file = f;
    o->solid_of = b->solid;
  }
  *out = (wg_wimout_place){.solid = (uint32_t)o->n_solids - 1, .solid_off = b->off_bytes};
  return WG_OK;
}

wg_code wg_wimout_keep(wg_wimout *o, const wg_image_file *f, uint32_t blob, wg_wimout_place *out,
                       wg_error *err) {
  const wg_wim_blob *b = &f->wim.blobs[blob];
  if (b->solid != WG_WIM_NO_SOLID) {
    return wimout_keep_solid(o, f, b, out, err);
  }
  *out = (wg_wimout_place){.res = {.stored_bytes = b->stored_bytes,
                                   .flags = b->flags & WG_WIM_RES_COMPRESSED,
                                   .orig_bytes = b->orig_bytes},
                           .solid = WG_WIM_NO_SOLID};
  return wimout_raw(o, f, b->off_bytes, b->stored_bytes, &out->res.off_bytes, err);
}

// --- Packed.

static wg_code wimout_packer(wg_wimout *o, wg_error *err) {
  bool esd = o->opt.format == WG_IMAGE_FORMAT_ESD;
  if (wimout_copy(o, err) != WG_OK) {
    return err->code;
  }
  return o->pack != NULL ? WG_OK
                         : wg_pack_new(o->file.fd, o->off_bytes, esd ? WG_PACK_LZMS : WG_PACK_LZX,
                                       o->opt.threads, o->opt.cancel, o->opt.progress, o->opt.ctx,
                                       &o->pack, err);
}

wg_code wg_wimout_solid_begin(wg_wimout *o, uint64_t total_bytes, wg_error *err) {
  uint64_t memory = o->opt.memory_bytes != 0 ? o->opt.memory_bytes : wg_os_memory_bytes();
  return wg_wimout_flush(o, err) != WG_OK
             ? err->code
             : wg_solid_new(o->file.fd, o->off_bytes, total_bytes, WG_WIM_SOLID_CHUNK_BYTES,
                            o->opt.threads, memory / 4 * 3, o->opt.cancel, o->opt.progress,
                            o->opt.ctx, &o->solid, err);
}

wg_code wg_wimout_solid_end(wg_wimout *o, wg_error *err) {
  wg_wim_solid s;
  if (wg_solid_finish(o->solid, &s, err) != WG_OK) {
    return err->code;
  }
  wg_solid_free(wg_take(&o->solid));
  wg_vec_push(&o->solids, &o->n_solids, &o->cap_solids) = s;
  o->solid_file = NULL;
  o->off_bytes = s.off_bytes + s.stored_bytes;
  if (o->pack != NULL) {
    wg_pack_seek(o->pack, o->off_bytes);
  }
  return WG_OK;
}

wg_code wg_wimout_put(wg_wimout *o, const wg_pack_source *src, wg_wimout_place *out,
                      wg_error *err) {
  if (o->solid != NULL) {
    *out = (wg_wimout_place){.solid = (uint32_t)o->n_solids};
    return wg_solid_put(o->solid, src, &out->solid_off, err);
  }
  *out = (wg_wimout_place){.solid = WG_WIM_NO_SOLID};
  return wimout_packer(o, err) == WG_OK ? wg_pack_put(o->pack, src, &out->res, err) : err->code;
}

static wg_code wimout_stream(void *ctx, wg_wim_sink sink, void *sink_ctx, wg_error *err) {
  const wg_str *s = ctx;
  return sink(sink_ctx, (const uint8_t *)s->p, s->n, err);
}

wg_code wg_wimout_put_bytes(wg_wimout *o, wg_str bytes, const wg_sha1 *hash,
                            const wg_pack_memo *memo, wg_wimout_place *out, wg_error *err) {
  wg_pack_source src = {
      .stream = wimout_stream, .ctx = &bytes, .n_bytes = bytes.n, .hash = hash, .memo = memo};
  return wg_wimout_put(o, &src, out, err) == WG_OK ? wg_wimout_flush(o, err) : err->code;
}

wg_code wg_wimout_put_packed(wg_wimout *o, wg_str packed, uint64_t orig_bytes, wg_wimout_place *out,
                             wg_error *err) {
  if (wg_wimout_flush(o, err) != WG_OK ||
      wg_os_pwrite_all(o->file.fd, packed.p, packed.n, o->off_bytes, err) != WG_OK) {
    return err->code;
  }
  *out = (wg_wimout_place){.res = {.stored_bytes = packed.n,
                                   .flags = WG_WIM_RES_COMPRESSED,
                                   .off_bytes = o->off_bytes,
                                   .orig_bytes = orig_bytes},
                           .solid = WG_WIM_NO_SOLID};
  o->off_bytes += packed.n;
  if (o->pack != NULL) {
    wg_pack_seek(o->pack, o->off_bytes);
  }
  if (o->opt.progress != NULL) {
    o->opt.progress(o->opt.ctx, orig_bytes);
  }
  return WG_OK;
}

// --- The end.

void wg_wimout_row(wg_wimout *o, const wg_wimout_place *place, uint32_t refcount,
                   const wg_sha1 *hash, uint64_t n_bytes) {
  bool solid = place->solid != WG_WIM_NO_SOLID;
  const wg_wim_table_row row = {.hash = hash,
                                .part = o->part,
                                .refcount = refcount,
                                .res = &place->res,
                                .solid = solid ? &o->solids[place->solid] : NULL,
                                .solid_off_bytes = place->solid_off,
                                .n_bytes = n_bytes};
  wg_wim_table_put_row(&o->table, &o->run, &row);
}

uint64_t wg_wimout_total_bytes(const wg_wimout *o) {
  wg_assert(o->raw_bytes == 0);
  return o->off_bytes + o->table.n;
}

wg_wim_header wg_wimout_header(const wg_wimout *o, const wg_wim_header *was) {
  bool esd = o->opt.format == WG_IMAGE_FORMAT_ESD;
  wg_wim_header h = {.version = esd ? WG_WIM_VERSION_SOLID : WG_WIM_VERSION_NORMAL,
                     .flags = WG_WIM_HDR_COMPRESSED | (esd ? WG_WIM_HDR_LZMS : WG_WIM_HDR_LZX),
                     .chunk_bytes = esd ? WG_WIM_LZMS_CHUNK_BYTES : WG_WIM_LZX_CHUNK_BYTES,
                     .part = 1,
                     .n_parts = 1};
  if (was != NULL) {
    h.flags |= was->flags & WG_WIM_HDR_RP_FIX;
    memcpy(h.unused, was->unused, sizeof(h.unused));
  }
  return h;
}

uint64_t wg_wimout_tail_bytes(uint64_t n_rows, wg_str xml, uint64_t file_bytes) {
  // UTF-8 to UTF-16 is at most two bytes for one.
  return n_rows * WG_WIM_TABLE_ENTRY_BYTES + 2 + 2 * (uint64_t)xml.n +
         wg_integrity_bytes(file_bytes + WG_WIM_HEADER_BYTES) + sizeof(wg_sha1);
}

static wg_code wimout_append(wg_wimout *o, const wg_buf *bytes, uint8_t flags, wg_wim_res *out,
                             wg_error *err) {
  if (wg_buf_check(bytes, err) != WG_OK ||
      wg_os_pwrite_all(o->file.fd, bytes->p, bytes->n, o->off_bytes, err) != WG_OK) {
    return err->code;
  }
  *out = (wg_wim_res){
      .stored_bytes = bytes->n, .flags = flags, .off_bytes = o->off_bytes, .orig_bytes = bytes->n};
  o->off_bytes += bytes->n;
  return WG_OK;
}

static wg_code wimout_xml16(wg_str xml, wg_buf *out, wg_error *err) {
  wg_buf_add_le16(out, 0xFEFF);
  if (!wg_utf8_to_utf16le(xml, out)) {
    return wg_fail(err, WG_E_FORMAT, "the XML is not text");
  }
  return wg_buf_check(out, err);
}

// The identity of the file follows from what it holds: everything that tells two files apart is in
// header (which image boots, how links are meant), table or XML.
static wg_code wimout_guid(const wg_wimout *o, const wg_buf *xml16, wg_wim_header *h,
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
  wg_hash_add(hash, o->table.p, o->table.n);
  wg_hash_add(hash, xml16->p, xml16->n);
  wg_hash_end(hash, digest);
  memcpy(h->guid, digest, sizeof(h->guid));
  return WG_OK;
}

wg_code wg_wimout_finish(wg_wimout *o, wg_wim_header *h, bool same_set, wg_str xml, wg_error *err) {
  wimout_known_sums(o);
  WG_AUTO(wg_buf) text = {0};
  WG_AUTO(wg_buf) sums = {0};
  wg_buf_init(&text, wg_heap(), 0);
  wg_buf_init(&sums, wg_heap(), 0);
  uint8_t head[WG_WIM_HEADER_BYTES];
  h->integrity = (wg_wim_res){0};
  if (wimout_append(o, &o->table, WG_WIM_RES_METADATA, &h->table, err) != WG_OK ||
      (o->integrity != NULL &&
       wg_integrity_end(o->integrity, o->off_bytes, o->opt.threads, &sums, err) != WG_OK) ||
      wimout_xml16(xml, &text, err) != WG_OK ||
      wimout_append(o, &text, WG_WIM_RES_METADATA, &h->xml, err) != WG_OK ||
      (o->integrity != NULL && wimout_append(o, &sums, 0, &h->integrity, err) != WG_OK) ||
      (!same_set && wimout_guid(o, &text, h, err) != WG_OK)) {
    return err->code;
  }
  wg_wim_header_write(h, head);
  wg_pack_free(wg_take(&o->pack)); // its memory is for who reads the file back
  return wg_os_pwrite_all(o->file.fd, head, sizeof(head), 0, err);
}

wg_code wg_wimout_commit(wg_wimout *o, wg_error *err) {
  return o->in_place ? WG_OK
                     : wg_dest_commit_outfile(o->dest != NULL ? o->dest : &o->own, &o->file, err);
}
