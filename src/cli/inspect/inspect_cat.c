// SPDX-License-Identifier: Apache-2.0
// Security catalogues.
#include "base/human.h"
#include "cli/inspect/inspect.h"
#include "driver/package/trust.h"
#include "fmt/cat/cat.h"
#include "os/sys.h"

#define CAT_SHOWN_MEMBERS 20U // without -v

static const char *cat_utc(wg_ins *i, int64_t unix_s) {
  wg_civil c = wg_civil_of(unix_s);
  const char *text = wg_arena_printf(i->arena, "%04lld-%02u-%02uT%02u:%02u:%02uZ",
                                     (long long)c.year, c.month, c.day, c.hour, c.minute, c.second);
  return text == NULL ? "" : text;
}

static const char *cat_alg(wg_cat_alg alg) {
  return alg == WG_CAT_SHA1 ? "SHA-1" : alg == WG_CAT_SHA256 ? "SHA-256" : "none";
}

static wg_str cat_value(const wg_ins *i, const wg_cat_attr *a) {
  WG_AUTO(wg_buf) b = {0};
  if (a->is_text) {
    return a->value;
  }
  wg_buf_init(&b, i->arena->alloc, 0);
  wg_buf_add_hex(&b, a->value.p, a->value.n);
  const char *text = wg_arena_strndup(i->arena, b.p == NULL ? (const void *)"" : b.p, b.n);
  return wg_str_of(text == NULL ? "" : text);
}

static wg_code cat_attrs(wg_ins *i, const char *title, const wg_cat_attr *v, uint32_t n,
                         wg_error *err) {
  static const wg_ins_col cols[] = {{"name", "Name", WG_COL_STR}, {"value", "Value", WG_COL_STR}};
  wg_ins_cell *cells = wg_arena_new_array(i->arena, wg_ins_cell, (size_t)n * WG_ARRAY_LEN(cols));
  if (cells == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (uint32_t k = 0; k < n; k++) {
    wg_ins_cell *row = &cells[(size_t)k * WG_ARRAY_LEN(cols)];
    row[0].s = v[k].name;
    row[1].s = cat_value(i, &v[k]);
  }
  wg_ins_table(i, "attributes", title, cols, WG_ARRAY_LEN(cols), cells, n);
  return WG_OK;
}

static void cat_certificate(wg_ins *i, const wg_x509_facts *f) {
  wg_ins_begin(i, NULL, f->subject);
  wg_ins_z(i, "subject", "Subject", f->subject_dn);
  wg_ins_z(i, "issuer", "Issuer", f->issuer_dn);
  wg_ins_z(i, "serial", "Serial number", f->serial);
  wg_ins_z(i, "not_before", "Valid from", cat_utc(i, f->not_before_s));
  wg_ins_z(i, "not_after", "Valid until", cat_utc(i, f->not_after_s));
  wg_ins_z(i, "key", "Key", f->key);
  wg_ins_digits(i, "sha1", "Thumbprint", f->sha1.b, sizeof(f->sha1.b));
  wg_ins_digits(i, "key_sha256", "SHA-256 of its key", f->key_sha256.b, sizeof(f->key_sha256.b));
  wg_str *usages = wg_arena_new_array(i->arena, wg_str, f->n_usages);
  for (uint32_t k = 0; usages != NULL && k < f->n_usages; k++) {
    usages[k] = wg_str_of(f->usages[k]);
  }
  wg_ins_strs(i, "usages", "For", usages, usages == NULL ? 0 : f->n_usages);
  wg_ins_end(i);
}

static void cat_chain(wg_ins *i, const wg_p7_chain *c) {
  wg_ins_z(i, "ends_at", "Chain ends at", c->anchor == NULL ? "no known key" : c->anchor->name);
  if (i->json == NULL && !i->verbose) {
    return;
  }
  wg_ins_begin_list(i, "chain");
  for (uint32_t k = 0; k < c->n; k++) {
    cat_certificate(i, &c->certs[k]);
  }
  wg_ins_end_list(i);
}

static wg_code cat_signature(wg_ins *i, const wg_cat *c, wg_error *err) {
  wg_p7_trust trust;
  wg_p7_verdict v;
  wg_sig_class cls = WG_SIG_NONE;
  const char *why = NULL;
  // What has no time stamp is judged as of now: this looks at a file, it makes none.
  if (wg_sig_trust(NULL, 0, wg_os_wall_ns() / 1000000000, i->arena, &trust, err) != WG_OK) {
    return err->code;
  }
  if (c->p7.n_signers > 0 && (wg_p7_verify(&c->p7, &trust, i->arena, &v, err) != WG_OK ||
                              wg_sig_class_of(&v, &trust, i->arena, &cls, &why, err) != WG_OK)) {
    return err->code;
  }
  wg_ins_begin(i, "signature", "Signature");
  wg_ins_z(i, "class", "Class", wg_sig_class_name(cls));
  if (why != NULL) {
    wg_ins_z(i, "why", "Why", why);
  }
  if (cls != WG_SIG_NONE) {
    wg_ins_bool(i, "right", "Of these bytes", v.right);
    wg_ins_z(i, "digest", "Digest", v.digest);
    wg_ins_z(i, "signer", "Signer", v.chain.n == 0 ? "" : v.chain.certs[0].subject);
    cat_chain(i, &v.chain);
    if (v.time.is_there) {
      wg_ins_begin(i, "time_stamp", "Time stamp");
      wg_ins_bool(i, "right", "Of this signature", v.time.right);
      wg_ins_z(i, "kind", "Kind", v.time.legacy ? "countersignature" : "RFC 3161");
      if (v.time.right) {
        wg_ins_z(i, "time", "Time", cat_utc(i, v.time.time_s));
        wg_ins_z(i, "signer", "Signer", v.time.chain.certs[0].subject);
        cat_chain(i, &v.time.chain);
      } else {
        wg_ins_z(i, "why", "Why", v.time.why);
      }
      wg_ins_end(i);
    }
  }
  wg_ins_end(i);
  return WG_OK;
}

static wg_str cat_digest(const wg_ins *i, const wg_cat_member *m) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, i->arena->alloc, 0);
  if (m->alg != WG_CAT_NO_DIGEST) {
    wg_buf_add_hex(&b, m->digest, m->alg == WG_CAT_SHA1 ? 20 : 32);
  }
  const char *text = wg_arena_strndup(i->arena, b.p == NULL ? (const void *)"" : b.p, b.n);
  return wg_str_of(text == NULL ? "" : text);
}

static wg_code cat_members(wg_ins *i, const wg_cat *c, wg_error *err) {
  static const wg_ins_col cols[] = {{"digest", "Digest", WG_COL_STR},
                                    {"algorithm", "Algorithm", WG_COL_STR},
                                    {"program", "Program", WG_COL_BOOL},
                                    {"file", "File", WG_COL_STR},
                                    {"os", "OS", WG_COL_STR},
                                    {"tag", "Tag", WG_COL_STR}};
  const size_t n_cols = WG_ARRAY_LEN(cols);
  uint32_t n = c->n_members;
  if (i->json == NULL && !i->verbose && n > CAT_SHOWN_MEMBERS) {
    n = CAT_SHOWN_MEMBERS;
  }
  wg_ins_cell *cells = wg_arena_new_array(i->arena, wg_ins_cell, (size_t)n * n_cols);
  if (cells == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (uint32_t k = 0; k < n; k++) {
    const wg_cat_member *m = &c->members[k];
    const wg_cat_attr *file = wg_cat_attr_find(m->attrs, m->n_attrs, "File");
    const wg_cat_attr *os = wg_cat_attr_find(m->attrs, m->n_attrs, "OSAttr");
    cells[k * n_cols].s = cat_digest(i, m);
    cells[k * n_cols + 1].s = wg_str_of(cat_alg(m->alg));
    cells[k * n_cols + 2].v = m->is_program;
    cells[k * n_cols + 3].s = file == NULL ? WG_STR("") : cat_value(i, file);
    cells[k * n_cols + 4].s = os == NULL ? WG_STR("") : cat_value(i, os);
    cells[k * n_cols + 5].s = m->tag;
  }
  wg_ins_table(i, "members", "Members", cols, n_cols, cells, n);
  if (n < c->n_members) {
    wg_ins_printf(i, "more", "", "and %u more (-v shows them)", (unsigned)(c->n_members - n));
  }
  return WG_OK;
}

wg_code wg_inspect_cat(wg_ins *i, wg_error *err) {
  wg_cat c;
  if (wg_cat_parse(i->file.p, (size_t)i->file.n_bytes, i->arena, &c, err) != WG_OK) {
    return err->code;
  }
  wg_ins_u64(i, "version", "Version", c.version);
  wg_ins_z(i, "made", "Made", cat_utc(i, c.time_s));
  wg_ins_digits(i, "list_id", "Id", c.list_id.p, c.list_id.n);
  wg_ins_u64(i, "n_members", "Members", c.n_members);
  wg_ins_u64(i, "n_certificates", "Certificates", c.p7.n_certs);
  if (c.p7.n_trailing > 0) {
    wg_ins_bytes(i, "trailing_bytes", "Behind the end", c.p7.n_trailing);
  }
  if (cat_signature(i, &c, err) != WG_OK ||
      cat_attrs(i, "Attributes", c.attrs, c.n_attrs, err) != WG_OK) {
    return err->code;
  }
  return cat_members(i, &c, err);
}
