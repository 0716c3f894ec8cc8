// SPDX-License-Identifier: Apache-2.0
// The WIM of a synthetic base.
#include <string.h>

#include "image/pack/wimout.h"
#include "image/synthetic/syn.h"

#define SYN_MAX_BYTES ((uint64_t)64 << 20)

typedef struct syn_run {
  wg_arena arena;
  wg_syn_env env;
  wg_syn_blobs blobs;
  wg_syn_tree trees[WG_SYN_MAX_IMAGES];
  wg_wimout_place metadata[WG_SYN_MAX_IMAGES];
  wg_sha1 metadata_hash[WG_SYN_MAX_IMAGES];
} syn_run;

static void syn_run_free(syn_run *r) {
  if (r != NULL) {
    wg_xfree(r->blobs.v);
    wg_arena_done(&r->arena);
    wg_xfree(r);
  }
}
WG_DEFINE_AUTO_PTR(syn_run, syn_run_free);

static wg_code syn_stream(void *ctx, wg_wim_sink sink, void *sink_ctx, wg_error *err) {
  const wg_str *s = ctx;
  return sink(sink_ctx, (const uint8_t *)s->p, s->n, err);
}

static wg_code syn_contents(syn_run *r, wg_wimout *o, wg_error *err) {
  for (size_t i = 0; i < r->blobs.n; i++) {
    wg_syn_blob *b = &r->blobs.v[i];
    wg_pack_source src = {
        .stream = syn_stream, .ctx = &b->bytes, .n_bytes = b->bytes.n, .hash = &b->hash};
    if (wg_wimout_put(o, &src, &b->place, err) != WG_OK) {
      return err->code;
    }
  }
  return wg_wimout_flush(o, err);
}

static wg_code syn_metadata(syn_run *r, wg_wimout *o, size_t image, wg_error *err) {
  WG_AUTO(wg_buf) bytes = {0};
  wg_buf_init(&bytes, wg_heap(), 0);
  if (wg_wim_tree_write(&r->trees[image].tree, &bytes, err) != WG_OK) {
    return err->code;
  }
  r->metadata_hash[image] = wg_sha1_of(bytes.p, bytes.n);
  if (wg_wimout_put_bytes(o, wg_buf_str(&bytes), &r->metadata_hash[image], NULL,
                          &r->metadata[image], err) != WG_OK) {
    return err->code;
  }
  r->metadata[image].res.flags |= WG_WIM_RES_METADATA;
  return WG_OK;
}

static void syn_xml_time(wg_buf *b, const char *name, uint64_t time) {
  wg_buf_printf(b, "<%s><HIGHPART>0x%08X</HIGHPART><LOWPART>0x%08X</LOWPART></%s>", name,
                (unsigned)(time >> 32), (unsigned)(time & 0xFFFFFFFFu), name);
}

// What Setup and deployment tools read, in the order in which Microsoft's files have it.
static void syn_xml_image(const syn_run *r, size_t i, wg_buf *b) {
  const wg_syn_env *e = &r->env;
  const wg_syn_edition *d = &e->editions[i];
  const wg_syn_tree *t = &r->trees[i];
  uint64_t time = t->tree.entries[0].create_time;
  wg_buf_printf(b,
                "<IMAGE INDEX=\"%zu\"><DIRCOUNT>%llu</DIRCOUNT><FILECOUNT>%llu</FILECOUNT>"
                "<TOTALBYTES>%llu</TOTALBYTES><HARDLINKBYTES>%llu</HARDLINKBYTES>",
                i + 1, (unsigned long long)t->n_dirs, (unsigned long long)t->n_files,
                (unsigned long long)t->total_bytes, (unsigned long long)t->hard_link_bytes);
  syn_xml_time(b, "CREATIONTIME", time);
  syn_xml_time(b, "LASTMODIFICATIONTIME", time);
  wg_buf_printf(b,
                "<WIMBOOT>0</WIMBOOT><WINDOWS><ARCH>%s</ARCH>"
                "<PRODUCTNAME>Synthetic base made by wingo</PRODUCTNAME>"
                "<EDITIONID>%s</EDITIONID><INSTALLATIONTYPE>%s</INSTALLATIONTYPE>"
                "<PRODUCTTYPE>%s</PRODUCTTYPE><PRODUCTSUITE>Terminal Server</PRODUCTSUITE>"
                "<LANGUAGES><LANGUAGE>en-US</LANGUAGE><DEFAULT>en-US</DEFAULT></LANGUAGES>",
                wg_syn_value(e, "arch_number"), d->edition, d->installation,
                wg_syn_value(e, "product_type"));
  wg_buf_printf(b,
                "<VERSION><MAJOR>%s</MAJOR><MINOR>%s</MINOR><BUILD>%s</BUILD><SPBUILD>%s</SPBUILD>"
                "<SPLEVEL>%s</SPLEVEL><BRANCH>%s</BRANCH></VERSION>"
                "<SYSTEMROOT>WINDOWS</SYSTEMROOT></WINDOWS>",
                wg_syn_value(e, "major"), wg_syn_value(e, "minor"), wg_syn_value(e, "build"),
                wg_syn_value(e, "revision"), wg_syn_value(e, "splevel"), wg_syn_value(e, "branch"));
  wg_buf_printf(b,
                "<NAME>%s</NAME><DESCRIPTION>%s</DESCRIPTION><FLAGS>%s</FLAGS>"
                "<DISPLAYNAME>%s</DISPLAYNAME><DISPLAYDESCRIPTION>%s (synthetic, does not start)"
                "</DISPLAYDESCRIPTION></IMAGE>",
                d->name, d->name, d->flags, d->name, d->name);
}

static wg_code syn_finish(syn_run *r, wg_wimout *o, wg_error *err) {
  WG_AUTO(wg_buf) xml = {0};
  wg_buf_init(&xml, wg_heap(), 0);
  size_t n_images = r->env.n_editions;
  for (size_t i = 0; i < r->blobs.n; i++) {
    const wg_syn_blob *b = &r->blobs.v[i];
    wg_wimout_row(o, &b->place, b->refcount, &b->hash, b->bytes.n);
  }
  for (size_t i = 0; i < n_images; i++) {
    wg_wimout_row(o, &r->metadata[i], 1, &r->metadata_hash[i], 0);
  }
  wg_buf_printf(&xml, "<WIM><TOTALBYTES>%llu</TOTALBYTES>",
                (unsigned long long)wg_wimout_total_bytes(o));
  for (size_t i = 0; i < n_images; i++) {
    syn_xml_image(r, i, &xml);
  }
  wg_buf_add_z(&xml, "</WIM>");
  wg_wim_header h = wg_wimout_header(o, NULL);
  h.flags |= WG_WIM_HDR_RP_FIX;
  h.n_images = (uint32_t)n_images;
  if (wg_syn_is_pe(&r->env)) { // what a boot loader starts is the last one: Setup
    h.boot_index = (uint32_t)n_images;
    h.boot_metadata = r->metadata[n_images - 1].res;
  }
  return wg_buf_check(&xml, err) != WG_OK ? err->code
                                          : wg_wimout_finish(o, &h, false, wg_buf_str(&xml), err);
}

static wg_code syn_read(const wg_wimout *o, wg_arena *arena, wg_str *out, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  if (o->off_bytes > SYN_MAX_BYTES) {
    return wg_fail(err, WG_E_BUG, "a WIM of %llu bytes", (unsigned long long)o->off_bytes);
  }
  wg_buf_add_zeros(&b, (size_t)o->off_bytes);
  if (wg_buf_check(&b, err) != WG_OK || wg_os_pread_exact(o->file.fd, b.p, b.n, 0, err) != WG_OK) {
    return err->code;
  }
  *out = (wg_str){wg_arena_strndup(arena, b.p, b.n), b.n};
  return out->p != NULL ? WG_OK : wg_arena_fail(arena, err);
}

static wg_code syn_write(syn_run *r, const wg_syn_wim_job *job, wg_syn_totals *totals,
                         wg_str *out_bytes, wg_error *err) {
  WG_AUTO(wg_wimout) o = WG_WIMOUT_INIT;
  const wg_wimout_options how = {.threads = job->threads, .cancel = job->cancel};
  const wg_inplace_options place = {.force = job->force, .cancel = how.cancel};
  if (wg_wimout_begin(&o, job->out_path, &place, &how, err) != WG_OK ||
      syn_contents(r, &o, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < r->env.n_editions; i++) {
    if (syn_metadata(r, &o, i, err) != WG_OK) {
      return err->code;
    }
  }
  if (syn_finish(r, &o, err) != WG_OK ||
      (out_bytes != NULL && syn_read(&o, job->arena, out_bytes, err) != WG_OK)) {
    return err->code;
  }
  totals->out_bytes = o.off_bytes;
  return job->commit ? wg_wimout_commit(&o, err) : WG_OK;
}

// Winre.wim of the product: one for all editions.
static wg_code syn_winre(syn_run *r, const wg_syn_wim_job *job, wg_error *err) {
  wg_syn_wim_job inner = *job;
  wg_syn_totals ignored;
  inner.winre = true;
  inner.commit = false;
  inner.force = true; // nothing gets that name
  inner.arena = &r->arena;
  r->env.wims[0].name = "winre";
  r->env.n_wims = 1;
  return wg_syn_wim(&inner, &ignored, &r->env.wims[0].bytes, err);
}

wg_code wg_syn_wim(const wg_syn_wim_job *job, wg_syn_totals *out, wg_str *out_bytes,
                   wg_error *err) {
  WG_AUTO_PTR(syn_run) r = wg_xalloc(sizeof(*r)); // too large for a frame
  wg_syn_totals totals = {0};
  wg_arena_init(&r->arena, wg_heap(), 0);
  r->env.arena = &r->arena;
  if (wg_syn_product(&r->env, &job->what, job->winre, err) != WG_OK ||
      (r->env.kind == WG_SYN_INSTALL && syn_winre(r, job, err) != WG_OK)) {
    return err->code;
  }
  for (size_t i = 0; i < r->env.n_editions; i++) {
    wg_syn_set_edition(&r->env, &r->env.editions[i]);
    if (wg_syn_tree_make(&r->env, &r->blobs, &r->trees[i], err) != WG_OK) {
      return wg_wrap(err, "synthetic base %s", job->what.product);
    }
    totals.n_files += r->trees[i].n_files;
    totals.n_dirs += r->trees[i].n_dirs;
  }
  totals.n_images = (uint32_t)r->env.n_editions;
  if (syn_write(r, job, &totals, out_bytes, err) != WG_OK) {
    return err->code;
  }
  *out = totals;
  return WG_OK;
}
