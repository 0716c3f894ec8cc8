// SPDX-License-Identifier: Apache-2.0
#include "fmt/cat/cat.h"

#include <string.h>

#include "base/sort.h"
#include "base/utf.h"

#define CAT_CTL "1.3.6.1.4.1.311.10.1"
#define CAT_LIST "1.3.6.1.4.1.311.12.1.1"
#define CAT_MEMBER_V1 "1.3.6.1.4.1.311.12.1.2"
#define CAT_MEMBER_V2 "1.3.6.1.4.1.311.12.1.3"
#define CAT_NAME_VALUE "1.3.6.1.4.1.311.12.2.1"
#define CAT_MEMBER_INFO "1.3.6.1.4.1.311.12.2.2"
#define CAT_SHA1_OID "1.3.14.3.2.26"
#define CAT_SHA256_OID "2.16.840.1.101.3.4.2.1"
#define CAT_MAX_MEMBERS 262144U
#define CAT_MAX_ATTRS 65536U // a name for each hardware id is usual
#define CAT_CONTEXT0 (WG_DER_CONTEXT | WG_DER_CONSTRUCTED)

typedef struct cat_parse {
  wg_arena *arena;
  wg_cat *c;
} cat_parse;

// UTF-16LE without the NULs at its end; false: it is not text.
static wg_code cat_utf16(const cat_parse *k, wg_str raw, bool *is_text, wg_str *out,
                         wg_error *err) {
  const uint8_t *p = (const uint8_t *)raw.p;
  size_t n = raw.n;
  while (n >= 2 && n % 2 == 0 && wg_le16(p + n - 2) == 0) {
    n -= 2;
  }
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, k->arena->alloc, 0);
  if (n % 2 != 0 || !wg_utf16le_to_utf8(p, n, &b)) {
    *is_text = false;
    *out = raw;
    return wg_buf_check(&b, err);
  }
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  const char *text = wg_arena_strndup(k->arena, b.p == NULL ? (const void *)"" : b.p, b.n);
  if (text == NULL) {
    return wg_arena_fail(k->arena, err);
  }
  *is_text = true;
  *out = (wg_str){text, b.n};
  return WG_OK;
}

static wg_code cat_bmp(const cat_parse *k, const wg_der *e, wg_str *out, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, k->arena->alloc, 0);
  if (wg_der_bmp(e, &b, err) != WG_OK) {
    return err->code;
  }
  const char *text = wg_arena_strndup(k->arena, b.p == NULL ? (const void *)"" : b.p, b.n);
  if (text == NULL) {
    return wg_arena_fail(k->arena, err);
  }
  *out = (wg_str){text, b.n};
  return WG_OK;
}

// CatNameValue: a BMPString, flags, and the value in an OCTET STRING.
static wg_code cat_name_value(const cat_parse *k, wg_reader *r, wg_cat_attr *out, wg_error *err) {
  wg_der seq, name, value;
  wg_cat_attr a = {0};
  if (wg_der_want(r, WG_DER_SEQUENCE, "a named value", &seq, err) != WG_OK ||
      wg_der_want(&seq.body, WG_DER_BMP_STRING, "the name of a value", &name, err) != WG_OK ||
      cat_bmp(k, &name, &a.name, err) != WG_OK ||
      wg_der_u32(&seq.body, "the flags of a value", &a.flags, err) != WG_OK ||
      wg_der_want(&seq.body, WG_DER_OCTET_STRING, "a named value", &value, err) != WG_OK ||
      wg_der_end(&seq.body, "a named value", err) != WG_OK) {
    return err->code;
  }
  a.value = wg_der_content(&value);
  if ((a.flags & WG_CAT_ATTR_TEXT) != 0 &&
      cat_utf16(k, a.value, &a.is_text, &a.value, err) != WG_OK) {
    return err->code;
  }
  *out = a;
  return WG_OK;
}

static wg_code cat_info(const cat_parse *k, wg_reader *r, wg_cat_member *m, wg_error *err) {
  wg_der seq, guid;
  if (wg_der_want(r, WG_DER_SEQUENCE, "what a member is", &seq, err) != WG_OK ||
      wg_der_want(&seq.body, WG_DER_BMP_STRING, "the kind of a member", &guid, err) != WG_OK ||
      cat_bmp(k, &guid, &m->guid, err) != WG_OK ||
      wg_der_u32(&seq.body, "the version of a member", &m->cert_version, err) != WG_OK) {
    return err->code;
  }
  m->has_info = true;
  return wg_der_end(&seq.body, "what a member is", err);
}

static wg_code cat_indirect(wg_reader *r, wg_cat_member *m, wg_error *err) {
  wg_der seq;
  wg_p7_indirect d;
  if (wg_der_want(r, WG_DER_SEQUENCE, "a member's digest", &seq, err) != WG_OK ||
      wg_p7_indirect_parse(seq.body, &d, err) != WG_OK) {
    return err->code;
  }
  m->is_program = d.is_program;
  m->alg = wg_oid_is(&d.digest, CAT_SHA1_OID)     ? WG_CAT_SHA1
           : wg_oid_is(&d.digest, CAT_SHA256_OID) ? WG_CAT_SHA256
                                                  : WG_CAT_NO_DIGEST;
  if (m->alg == WG_CAT_NO_DIGEST) {
    return WG_OK;
  }
  if (d.value.body.n_bytes != (m->alg == WG_CAT_SHA1 ? 20U : 32U)) {
    return wg_fail_at(err, WG_E_FORMAT, d.value.off, "a digest of %llu bytes",
                      (unsigned long long)d.value.body.n_bytes);
  }
  memcpy(m->digest, d.value.body.p, (size_t)d.value.body.n_bytes);
  return WG_OK;
}

typedef struct cat_tag { // what the tag says if it is a digest
  wg_cat_alg alg;
  uint8_t digest[32];
} cat_tag;

static wg_code cat_tag_raw(const cat_parse *k, wg_str raw, cat_tag *t, wg_str *out, wg_error *err) {
  t->alg = raw.n == 20 ? WG_CAT_SHA1 : raw.n == 32 ? WG_CAT_SHA256 : WG_CAT_NO_DIGEST;
  if (t->alg != WG_CAT_NO_DIGEST) {
    memcpy(t->digest, raw.p, raw.n);
  }
  char *hex = wg_arena_array_raw(k->arena, raw.n, 2);
  if (hex == NULL) {
    return wg_arena_fail(k->arena, err);
  }
  for (size_t i = 0; i < raw.n; i++) {
    static const char digits[] = "0123456789ABCDEF";
    hex[2 * i] = digits[(uint8_t)raw.p[i] >> 4];
    hex[2 * i + 1] = digits[raw.p[i] & 15];
  }
  *out = (wg_str){hex, raw.n * 2};
  return WG_OK;
}

// A tag is upper-case hex in UTF-16 with its NUL (version 1), the bare digest (version 2), or any
// text that the maker chose.
static wg_code cat_tag_of(const cat_parse *k, const wg_der *e, cat_tag *t, wg_str *out,
                          wg_error *err) {
  wg_str raw = wg_der_content(e);
  bool is_text = false;
  if (raw.n == 20 || raw.n == 32 || raw.n % 2 != 0) {
    return cat_tag_raw(k, raw, t, out, err);
  }
  if (cat_utf16(k, raw, &is_text, out, err) != WG_OK) {
    return err->code;
  }
  if (!is_text) {
    return cat_tag_raw(k, raw, t, out, err);
  }
  t->alg = out->n == 40 && wg_parse_hex(*out, t->digest, 20)   ? WG_CAT_SHA1
           : out->n == 64 && wg_parse_hex(*out, t->digest, 32) ? WG_CAT_SHA256
                                                               : WG_CAT_NO_DIGEST;
  return WG_OK;
}

static wg_code cat_member_attr(const cat_parse *k, wg_reader *r, wg_cat_member *m,
                               wg_cat_attr *attrs, wg_error *err) {
  wg_der seq, set;
  wg_oid type;
  if (wg_der_want(r, WG_DER_SEQUENCE, "an attribute of a member", &seq, err) != WG_OK ||
      wg_der_oid(&seq.body, "an attribute of a member", &type, err) != WG_OK ||
      wg_der_want(&seq.body, WG_DER_SET, "an attribute of a member", &set, err) != WG_OK ||
      wg_der_end(&seq.body, "an attribute of a member", err) != WG_OK) {
    return err->code;
  }
  if (wg_oid_is(&type, CAT_NAME_VALUE)) {
    return cat_name_value(k, &set.body, &attrs[m->n_attrs++], err);
  }
  if (wg_oid_is(&type, CAT_MEMBER_INFO)) {
    // Some makers leave it empty.
    return wg_reader_left(&set.body) == 0 ? WG_OK : cat_info(k, &set.body, m, err);
  }
  if (wg_oid_is(&type, WG_P7_INDIRECT)) {
    if (m->alg != WG_CAT_NO_DIGEST) {
      return wg_fail_at(err, WG_E_FORMAT, seq.off, "a member with two digests");
    }
    return cat_indirect(&set.body, m, err);
  }
  return WG_OK;
}

static wg_code cat_count(wg_reader r, uint32_t max, const char *what, uint32_t *out,
                         wg_error *err) {
  wg_der e;
  uint32_t n = 0;
  for (; wg_reader_left(&r) > 0; n++) {
    if (n == max) {
      return wg_fail_at(err, WG_E_LIMIT, wg_reader_at(&r), "more than %u %s", (unsigned)max, what);
    }
    if (wg_der_next(&r, &e, err) != WG_OK) {
      return wg_wrap(err, "%s", what);
    }
  }
  *out = n;
  return WG_OK;
}

static wg_code cat_member(const cat_parse *k, wg_reader *r, wg_cat_member *m, wg_error *err) {
  wg_der seq, tag, set;
  cat_tag t = {0};
  uint32_t n = 0;
  if (wg_der_want(r, WG_DER_SEQUENCE, "a member", &seq, err) != WG_OK ||
      wg_der_want(&seq.body, WG_DER_OCTET_STRING, "the tag of a member", &tag, err) != WG_OK ||
      cat_tag_of(k, &tag, &t, &m->tag, err) != WG_OK) {
    return err->code;
  }
  m->off = seq.off;
  if (wg_der_is(&seq.body, WG_DER_SET)) {
    if (wg_der_next(&seq.body, &set, err) != WG_OK ||
        cat_count(set.body, CAT_MAX_ATTRS, "attributes of a member", &n, err) != WG_OK) {
      return err->code;
    }
    wg_cat_attr *attrs = wg_arena_new_array(k->arena, wg_cat_attr, n);
    if (attrs == NULL) {
      return wg_arena_fail(k->arena, err);
    }
    m->attrs = attrs;
    while (wg_reader_left(&set.body) > 0) {
      if (cat_member_attr(k, &set.body, m, attrs, err) != WG_OK) {
        return err->code;
      }
    }
  }
  if (m->alg == WG_CAT_NO_DIGEST) {
    m->alg = t.alg;
    memcpy(m->digest, t.digest, sizeof(m->digest));
  } else if (m->alg == t.alg) {
    m->tag_differs = memcmp(m->digest, t.digest, m->alg == WG_CAT_SHA1 ? 20 : 32) != 0;
  }
  return wg_der_end(&seq.body, "a member", err);
}

static wg_code cat_members(const cat_parse *k, wg_reader *r, wg_error *err) {
  wg_der list;
  uint32_t n = 0;
  // A list of no members may be left out.
  if (!wg_der_is(r, WG_DER_SEQUENCE)) {
    return WG_OK;
  }
  if (wg_der_next(r, &list, err) != WG_OK ||
      cat_count(list.body, CAT_MAX_MEMBERS, "members", &n, err) != WG_OK) {
    return err->code;
  }
  wg_cat_member *v = wg_arena_new_array(k->arena, wg_cat_member, n);
  if (v == NULL) {
    return wg_arena_fail(k->arena, err);
  }
  for (uint32_t i = 0; i < n; i++) {
    if (cat_member(k, &list.body, &v[i], err) != WG_OK) {
      return wg_wrap(err, "member %u", (unsigned)i + 1);
    }
  }
  k->c->members = v;
  k->c->n_members = n;
  return WG_OK;
}

// X.509 extensions; those that are named values are the catalogue's own attributes.
static wg_code cat_extensions(const cat_parse *k, wg_reader *r, wg_error *err) {
  wg_der box, list, seq, e;
  wg_oid type;
  uint32_t n = 0;
  if (!wg_der_is(r, CAT_CONTEXT0)) {
    return WG_OK;
  }
  if (wg_der_next(r, &box, err) != WG_OK ||
      wg_der_want(&box.body, WG_DER_SEQUENCE, "the attributes", &list, err) != WG_OK ||
      wg_der_end(&box.body, "the attributes", err) != WG_OK ||
      cat_count(list.body, CAT_MAX_ATTRS, "attributes", &n, err) != WG_OK) {
    return err->code;
  }
  wg_cat_attr *v = wg_arena_new_array(k->arena, wg_cat_attr, n);
  if (v == NULL) {
    return wg_arena_fail(k->arena, err);
  }
  while (wg_reader_left(&list.body) > 0) {
    if (wg_der_want(&list.body, WG_DER_SEQUENCE, "an attribute", &seq, err) != WG_OK ||
        wg_der_oid(&seq.body, "an attribute", &type, err) != WG_OK ||
        (wg_der_is(&seq.body, WG_DER_BOOLEAN) && wg_der_next(&seq.body, &e, err) != WG_OK) ||
        wg_der_want(&seq.body, WG_DER_OCTET_STRING, "an attribute", &e, err) != WG_OK ||
        wg_der_end(&seq.body, "an attribute", err) != WG_OK) {
      return err->code;
    }
    if (wg_oid_is(&type, CAT_NAME_VALUE) &&
        (cat_name_value(k, &e.body, &v[k->c->n_attrs++], err) != WG_OK ||
         wg_der_end(&e.body, "an attribute", err) != WG_OK)) {
      return err->code;
    }
  }
  k->c->attrs = v;
  return WG_OK;
}

static wg_code cat_head(const cat_parse *k, wg_reader *r, wg_error *err) {
  wg_der usage, id;
  wg_oid oid;
  wg_cat *c = k->c;
  if (wg_der_want(r, WG_DER_SEQUENCE, "what the list is for", &usage, err) != WG_OK ||
      wg_der_oid(&usage.body, "what the list is for", &oid, err) != WG_OK) {
    return err->code;
  }
  if (!wg_oid_is(&oid, CAT_LIST)) {
    return wg_fail_at(err, WG_E_FORMAT, usage.off, "a list for %s, not a catalogue", oid.s);
  }
  if (wg_der_is(r, WG_DER_OCTET_STRING)) {
    if (wg_der_next(r, &id, err) != WG_OK) {
      return err->code;
    }
    c->list_id = wg_der_content(&id);
  }
  if (wg_der_time(r, "when it was made", &c->time_s, err) != WG_OK) {
    return err->code;
  }
  uint64_t at = wg_reader_at(r);
  if (wg_der_algorithm(r, "the kind of its members", &oid, err) != WG_OK) {
    return err->code;
  }
  c->version = wg_oid_is(&oid, CAT_MEMBER_V1) ? 1 : wg_oid_is(&oid, CAT_MEMBER_V2) ? 2 : 0;
  return c->version != 0
             ? WG_OK
             : wg_fail_at(err, WG_E_FORMAT, at, "members of the unknown kind %s", oid.s);
}

struct wg_cat_index { // members that have a digest, sorted by it
  const wg_cat_member **v;
  uint32_t n;
};

static size_t cat_digest_bytes(wg_cat_alg alg) {
  return alg == WG_CAT_SHA1 ? 20 : 32;
}

static int cat_cmp(wg_cat_alg alg, const uint8_t *digest, const wg_cat_member *m) {
  return alg != m->alg ? (alg < m->alg ? -1 : 1) : memcmp(digest, m->digest, cat_digest_bytes(alg));
}

static int cat_cmp_members(const void *a, const void *b, void *ctx) {
  const wg_cat_member *const *x = a, *const *y = b;
  (void)ctx;
  int c = cat_cmp((*x)->alg, (*x)->digest, *y);
  return c != 0 ? c : ((*x)->off > (*y)->off) - ((*x)->off < (*y)->off);
}

static wg_code cat_index_make(wg_cat *c, wg_arena *arena, wg_error *err) {
  struct wg_cat_index *x = wg_arena_new(arena, struct wg_cat_index);
  const wg_cat_member **v = wg_arena_new_array(arena, const wg_cat_member *, c->n_members);
  if (x == NULL || v == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (uint32_t i = 0; i < c->n_members; i++) {
    if (c->members[i].alg != WG_CAT_NO_DIGEST && !c->members[i].tag_differs) {
      v[x->n++] = &c->members[i];
    }
  }
  wg_sort(v, x->n, sizeof(void *), cat_cmp_members, NULL);
  x->v = v;
  c->index = x;
  return WG_OK;
}

bool wg_cat_detect(const wg_reader *head) {
  // SEQUENCE, its length, signedData; the type of the content is behind them.
  static const uint8_t signed_data[] = {0x06, 0x09, 0x2A, 0x86, 0x48, 0x86,
                                        0xF7, 0x0D, 0x01, 0x07, 0x02};
  static const uint8_t ctl[] = {0x06, 0x09, 0x2B, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x0A, 0x01};
  size_t n = head->n_bytes < 128 ? (size_t)head->n_bytes : 128;
  return n > 32 && head->p[0] == WG_DER_SEQUENCE &&
         memmem(head->p, 20, signed_data, sizeof(signed_data)) != NULL &&
         memmem(head->p, n, ctl, sizeof(ctl)) != NULL;
}

wg_code wg_cat_parse(const void *p, size_t n_bytes, wg_arena *arena, wg_cat *out, wg_error *err) {
  wg_cat c = {0};
  cat_parse k = {.arena = arena, .c = &c};
  if (wg_p7_parse(wg_reader_of(p, n_bytes), arena, &c.p7, err) != WG_OK) {
    return err->code;
  }
  if (!wg_oid_is(&c.p7.content_type, CAT_CTL)) {
    return wg_fail_at(err, WG_E_FORMAT, 0, "a signed message of type %s, not a catalogue",
                      c.p7.content_type.s);
  }
  if (!c.p7.has_content || c.p7.content.tag != WG_DER_SEQUENCE) {
    return wg_fail_at(err, WG_E_FORMAT, c.p7.has_content ? c.p7.content.off : 0,
                      "a catalogue without its list");
  }
  wg_reader r = c.p7.content.body;
  if (cat_head(&k, &r, err) != WG_OK || cat_members(&k, &r, err) != WG_OK ||
      cat_extensions(&k, &r, err) != WG_OK || wg_der_end(&r, "the list", err) != WG_OK ||
      cat_index_make(&c, arena, err) != WG_OK) {
    return err->code;
  }
  *out = c;
  return WG_OK;
}

const wg_cat_member *wg_cat_find(const wg_cat *c, wg_cat_alg alg, const uint8_t *digest) {
  uint32_t low = 0, high = c->index->n;
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    int cmp = cat_cmp(alg, digest, c->index->v[mid]);
    if (cmp > 0) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  return low < c->index->n && cat_cmp(alg, digest, c->index->v[low]) == 0 ? c->index->v[low] : NULL;
}

const wg_cat_attr *wg_cat_attr_find(const wg_cat_attr *v, uint32_t n, const char *name) {
  for (uint32_t i = 0; i < n; i++) {
    if (wg_str_eqz(v[i].name, name)) {
      return &v[i];
    }
  }
  return NULL;
}
