// SPDX-License-Identifier: Apache-2.0
#include "driver/package/signature.h"

#include <string.h>

#include "driver/package/embedded.h"
#include "driver/package/tree.h"
#include "fmt/cat/cat.h"
#include "os/proc.h"

#define SIG_MAX_FILE_BYTES ((uint64_t)1 << 30)
#define SIG_MAX_CATALOG_BYTES ((uint64_t)256 << 20)
#define SIG_MAX_TEXT_BYTES ((size_t)64 << 20)

typedef struct sig_run {
  const wg_sig_want *want;
  const wg_cancel *cancel;
  wg_arena *arena;
  wg_p7_trust trust;
  wg_sig_tree tree;
  wg_buf catalog_bytes;
  wg_cat catalog;
  bool has_catalog;
  wg_driver_signature *out;
} sig_run;

static void sig_run_done(sig_run *r) {
  wg_sig_tree_done(&r->tree);
  wg_buf_done(&r->catalog_bytes);
}
WG_DEFINE_AUTO(sig_run, sig_run_done);

static const char *sig_text(wg_arena *arena, wg_str s) {
  return wg_arena_strndup(arena, s.p == NULL ? "" : s.p, s.n);
}

// Text of an attribute of the catalogue; NULL: it has none.
static wg_code sig_attr(const sig_run *r, const char *name, const char **out, wg_error *err) {
  const wg_cat_attr *a = wg_cat_attr_find(r->catalog.attrs, r->catalog.n_attrs, name);
  if (a == NULL || !a->is_text) {
    return WG_OK;
  }
  *out = sig_text(r->arena, a->value);
  return *out == NULL ? wg_arena_fail(r->arena, err) : WG_OK;
}

// OSAttr is of the members; all of a package say the same.
static wg_code sig_os(const sig_run *r, wg_error *err) {
  if (sig_attr(r, "OS", &r->out->os, err) != WG_OK) {
    return err->code;
  }
  for (uint32_t i = 0; i < r->catalog.n_members && r->out->os == NULL; i++) {
    const wg_cat_member *m = &r->catalog.members[i];
    const wg_cat_attr *a = wg_cat_attr_find(m->attrs, m->n_attrs, "OSAttr");
    if (a != NULL && a->is_text) {
      r->out->os = sig_text(r->arena, a->value);
      return r->out->os == NULL ? wg_arena_fail(r->arena, err) : WG_OK;
    }
  }
  return WG_OK;
}

static wg_code sig_judge(const sig_run *r, wg_error *err) {
  wg_driver_signature *o = r->out;
  wg_p7_verdict v;
  if (r->catalog.p7.n_signers == 0) {
    o->cls = WG_SIG_NONE;
    o->why = "nobody signed the catalogue";
    return WG_OK;
  }
  if (wg_p7_verify(&r->catalog.p7, &r->trust, r->arena, &v, err) != WG_OK ||
      wg_sig_class_of(&v, &r->trust, r->arena, &o->cls, &o->why, err) != WG_OK) {
    return err->code;
  }
  if (v.chain.n > 0) {
    o->signer = v.chain.certs[0].subject;
    o->issuer = v.chain.certs[0].issuer;
  }
  o->anchor = v.chain.anchor == NULL ? NULL : v.chain.anchor->name;
  o->has_time = v.time.right;
  o->time_s = v.time.right ? v.time.time_s : 0;
  o->time_signer = v.time.right ? v.time.chain.certs[0].subject : NULL;
  return WG_OK;
}

static wg_code sig_no_catalog(const sig_run *r, wg_error *err) {
  wg_driver_signature *o = r->out;
  o->why = r->want->catalog.n == 0 ? "the INF names no catalogue"
                                   : wg_arena_printf(r->arena, "the catalogue '%.*s' is not there",
                                                     WG_STR_ARG(r->want->catalog));
  return o->why == NULL ? wg_arena_fail(r->arena, err) : WG_OK;
}

static wg_code sig_catalog(sig_run *r, wg_error *err) {
  wg_driver_signature *o = r->out;
  WG_AUTO(wg_cstr) path = NULL;
  wg_error why = WG_ERROR_INIT;
  o->cls = WG_SIG_NONE;
  if (r->want->catalog.n == 0) {
    return sig_no_catalog(r, err);
  }
  wg_code code = wg_sig_tree_find(&r->tree, r->want->catalog, &path, &why);
  if (code == WG_E_NOT_FOUND) {
    return sig_no_catalog(r, err);
  }
  if (code != WG_OK) {
    *err = why;
    return wg_code_of_failure(err->code);
  }
  o->catalog_path = wg_arena_strdup(r->arena, path);
  if (o->catalog_path == NULL) {
    return wg_arena_fail(r->arena, err);
  }
  if (wg_os_read_file(r->want->dir, path, SIG_MAX_CATALOG_BYTES, &r->catalog_bytes, err) != WG_OK) {
    return err->code;
  }
  o->catalog_sha256 = wg_sha256(r->catalog_bytes.p, r->catalog_bytes.n);
  o->catalog_bytes = r->catalog_bytes.n;
  if (wg_cat_parse(r->catalog_bytes.p, r->catalog_bytes.n, r->arena, &r->catalog, err) != WG_OK ||
      sig_judge(r, err) != WG_OK || sig_os(r, err) != WG_OK ||
      sig_attr(r, "Submission ID", &o->submission_ids, err) != WG_OK) {
    return wg_wrap(err, "'%s'", path);
  }
  r->has_catalog = true;
  return WG_OK;
}

static bool sig_covers(const sig_run *r, const wg_sig_digests *d) {
  const wg_cat *c = &r->catalog;
  return r->has_catalog &&
         (wg_cat_find(c, WG_CAT_SHA256, d->sha256.b) != NULL ||
          wg_cat_find(c, WG_CAT_SHA1, d->sha1.b) != NULL ||
          (d->has_code && (wg_cat_find(c, WG_CAT_SHA256, d->code_sha256.b) != NULL ||
                           wg_cat_find(c, WG_CAT_SHA1, d->code_sha1.b) != NULL)));
}

// Whether it is covered once each LF without CR has one: what git takes away from text files.
static wg_code sig_covers_crlf(const sig_run *r, const wg_buf *bytes, bool *out, wg_error *err) {
  size_t n_bare = 0;
  for (size_t i = 0; i < bytes->n; i++) {
    n_bare += bytes->p[i] == '\n' && (i == 0 || bytes->p[i - 1] != '\r') ? 1U : 0U;
  }
  if (!r->has_catalog || n_bare == 0 || bytes->n > SIG_MAX_TEXT_BYTES) {
    return WG_OK;
  }
  WG_AUTO(wg_buf) text = {0};
  wg_buf_init(&text, wg_heap(), 0);
  for (size_t i = 0; i < bytes->n; i++) {
    if (bytes->p[i] == '\n' && (i == 0 || bytes->p[i - 1] != '\r')) {
      wg_buf_add_byte(&text, '\r');
    }
    wg_buf_add_byte(&text, bytes->p[i]);
  }
  wg_sig_digests d;
  if (wg_buf_check(&text, err) != WG_OK ||
      wg_sig_digest(text.p, text.n, r->arena, &d, err) != WG_OK) {
    return err->code;
  }
  *out = sig_covers(r, &d);
  return WG_OK;
}

static wg_code sig_bytes(const sig_run *r, const wg_buf *bytes, wg_sig_file *f, wg_error *err) {
  wg_sig_digests d;
  wg_sig_own own;
  bool crlf = false;
  if (wg_sig_digest(bytes->p, bytes->n, r->arena, &d, err) != WG_OK) {
    return err->code;
  }
  f->is_pe = d.pe != NULL;
  if (wg_sig_embedded(&d, &r->trust, r->arena, &own, err) != WG_OK) {
    return err->code;
  }
  f->has_embedded = own.is_there;
  f->embedded = own.cls;
  f->embedded_signer = own.signer;
  if (sig_covers(r, &d)) {
    f->cover = WG_SIG_COVERED;
    return WG_OK;
  }
  if (d.pe == NULL && sig_covers_crlf(r, bytes, &crlf, err) != WG_OK) {
    return err->code;
  }
  f->cover = crlf ? WG_SIG_COVERED_CRLF : WG_SIG_NOT_COVERED;
  return WG_OK;
}

static wg_code sig_file(sig_run *r, wg_str name, wg_sig_file *f, wg_error *err) {
  WG_AUTO(wg_cstr) path = NULL;
  wg_error why = WG_ERROR_INIT;
  *f = (wg_sig_file){.name = name};
  if (wg_cancel_check(r->cancel, err) != WG_OK) {
    return err->code;
  }
  wg_code code = wg_sig_tree_find(&r->tree, name, &path, &why);
  if (code == WG_E_NOT_FOUND) {
    f->cover = WG_SIG_ABSENT;
    return WG_OK;
  }
  if (code != WG_OK) {
    *err = why;
    return wg_code_of_failure(err->code);
  }
  if (r->out->catalog_path != NULL && strcmp(path, r->out->catalog_path) == 0) {
    f->cover = WG_SIG_COVERED;
    return WG_OK;
  }
  WG_AUTO(wg_buf) bytes = {0};
  wg_buf_init(&bytes, wg_heap(), (size_t)SIG_MAX_FILE_BYTES + 1);
  if (wg_os_read_file(r->want->dir, path, SIG_MAX_FILE_BYTES, &bytes, err) != WG_OK) {
    return err->code;
  }
  return sig_bytes(r, &bytes, f, err);
}

static wg_code sig_files(sig_run *r, wg_error *err) {
  wg_driver_signature *o = r->out;
  wg_sig_file *v = wg_arena_new_array(r->arena, wg_sig_file, r->want->n_files);
  if (v == NULL) {
    return wg_arena_fail(r->arena, err);
  }
  for (uint32_t i = 0; i < r->want->n_files; i++) {
    if (sig_file(r, r->want->files[i], &v[i], err) != WG_OK) {
      return err->code;
    }
    o->n_not_covered += v[i].cover == WG_SIG_COVERED ? 0 : 1;
    o->n_crlf += v[i].cover == WG_SIG_COVERED_CRLF ? 1 : 0;
  }
  o->files = v;
  o->n_files = r->want->n_files;
  return WG_OK;
}

wg_code wg_driver_signature_of(const wg_sig_want *want, const wg_cancel *cancel, wg_arena *arena,
                               wg_driver_signature *out, wg_error *err) {
  wg_driver_signature o = {0};
  WG_AUTO(sig_run)
  r = {.want = want, .cancel = cancel, .arena = arena, .tree = {.dir = want->dir}, .out = &o};
  wg_arena_init(&r.tree.arena, wg_heap(), 0);
  wg_buf_init(&r.catalog_bytes, wg_heap(), (size_t)SIG_MAX_CATALOG_BYTES + 1);
  if (wg_sig_trust(want->trust, want->n_trust, want->now_s, arena, &r.trust, err) != WG_OK ||
      sig_catalog(&r, err) != WG_OK || sig_files(&r, err) != WG_OK) {
    return want->shown[0] == '\0' ? err->code : wg_wrap(err, "'%s'", want->shown);
  }
  o.score = wg_sig_score(o.cls);
  *out = o;
  return WG_OK;
}

const char *wg_sig_file_problem(const wg_driver_signature *s, const wg_sig_file *f,
                                wg_arena *arena) {
  const char *cat = s->catalog_path == NULL ? "a catalogue" : s->catalog_path;
  switch (f->cover) {
  case WG_SIG_COVERED:
    return NULL;
  case WG_SIG_ABSENT:
    return wg_arena_printf(arena, "%.*s: the file is not there", WG_STR_ARG(f->name));
  case WG_SIG_COVERED_CRLF:
    return wg_arena_printf(arena,
                           "%.*s: not the bytes that %s covers (covered after LF is made CRLF "
                           "again: the package went through git; take it from where it was "
                           "published, or set '* -text' in .gitattributes)",
                           WG_STR_ARG(f->name), cat);
  case WG_SIG_NOT_COVERED:
    break;
  }
  return wg_arena_printf(arena, "%.*s: not covered by %s", WG_STR_ARG(f->name), cat);
}
