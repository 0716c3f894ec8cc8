// SPDX-License-Identifier: Apache-2.0
// VS_VERSIONINFO: nested blocks {u16 length, u16 value length, u16 type, UTF-16 key, padding to 4,
// value, padding to 4, child blocks} (docs/formats/rsrc.md, "Version information").
#include <string.h>

#include "base/utf.h"
#include "fmt/pe/pe_parse.h"

enum {
  VER_HEADER_BYTES = 6,
  VER_FIXED_BYTES = 52,
};
#define VER_FIXED_SIGNATURE 0xFEEF04BDU

typedef struct ver_block {
  wg_reader body; // from the block's start to its end; positions are relative to it
  wg_reader key;  // UTF-16 units without the NUL
  uint64_t value_off;
  uint64_t value_bytes; // as stated, in bytes; the caller bounds it
  bool is_text;
} ver_block;

typedef struct ver_parser {
  const wg_pe_limits *limits;
  wg_arena *arena;
  uint32_t n_nodes;
  wg_pe_version *v;
  wg_pe_version_string *strings; // NULL while counting
  uint32_t *translations;
  uint32_t n_strings, n_translations;
  bool table_seen;
} ver_parser;

static uint64_t align4(uint64_t v) {
  return (v + 3) & ~(uint64_t)3;
}

// Reads a block at r's position and moves past it and its padding. Offsets align to 4 from the
// start of the whole resource, which nested blocks keep.
static wg_code ver_next(ver_parser *vp, wg_reader *r, ver_block *out, wg_error *err) {
  uint64_t at = wg_reader_at(r);
  const uint8_t *h = NULL;
  wg_reader peek = *r;
  if (!wg_read_bytes(&peek, VER_HEADER_BYTES, &h)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "version information is cut short");
  }
  if (++vp->n_nodes > vp->limits->version_nodes) {
    return wg_fail_at(err, WG_E_LIMIT, at, "version information has more than %u blocks",
                      vp->limits->version_nodes);
  }
  uint16_t length = wg_le16(h), value = wg_le16(h + 2);
  if (length < VER_HEADER_BYTES + 2 || !wg_reader_slice(r, r->pos, length, &out->body)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "version information: a block of %u bytes does not fit",
                      length);
  }
  out->is_text = wg_le16(h + 4) == 1;
  uint64_t end = VER_HEADER_BYTES;
  while (end + 2 <= length && wg_le16(out->body.p + end) != 0) {
    end += 2;
  }
  if (end + 2 > length ||
      !wg_reader_slice(&out->body, VER_HEADER_BYTES, end - VER_HEADER_BYTES, &out->key)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "version information: a key has no end");
  }
  uint64_t value_off = align4(end + 2);
  out->value_off = value_off < length ? value_off : length;
  out->value_bytes = out->is_text ? 2U * value : value;
  uint64_t next = align4(r->pos + length);
  return wg_read_seek(r, next < r->n_bytes ? next : r->n_bytes)
             ? WG_OK
             : wg_fail(err, WG_E_BUG, "version information: position");
}

// Whether another child block follows: padding and zero-length blocks end a list, as for Windows.
static bool ver_more(const wg_reader *r) {
  return wg_reader_left(r) >= VER_HEADER_BYTES && wg_le16(r->p + r->pos) != 0;
}

static bool key_is(const ver_block *b, const char *ascii) {
  size_t i = 0;
  for (; ascii[i] != 0; i++) {
    if (2 * i + 2 > b->key.n_bytes || wg_le16(b->key.p + 2 * i) != (uint8_t)ascii[i]) {
      return false;
    }
  }
  return b->key.n_bytes == 2 * i;
}

static wg_code ver_text(ver_parser *vp, const uint8_t *p, uint64_t n_bytes, wg_str *out,
                        wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, vp->arena->alloc, 0);
  (void)!wg_utf16le_to_utf8(p, (size_t)(n_bytes & ~(uint64_t)1), &b); // cannot be refused: even
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  const char *s = wg_arena_strndup(vp->arena, b.p, b.n);
  if (s == NULL) {
    return wg_arena_fail(vp->arena, err);
  }
  *out = (wg_str){s, b.n};
  return WG_OK;
}

// A String block. The value's stated length is in characters, or, from some compilers, in bytes:
// the value is what stands before its NUL inside of the block.
static wg_code ver_string(ver_parser *vp, const ver_block *b, wg_error *err) {
  if (vp->strings == NULL) {
    vp->n_strings++;
    return WG_OK;
  }
  const uint8_t *p = b->body.p + b->value_off;
  uint64_t left = b->body.n_bytes - b->value_off, n = 0;
  while (n + 2 <= left && wg_le16(p + n) != 0) {
    n += 2;
  }
  wg_pe_version_string *s = &vp->strings[vp->n_strings++];
  if (ver_text(vp, b->key.p, b->key.n_bytes, &s->key, err) != WG_OK) {
    return err->code;
  }
  return ver_text(vp, p, n, &s->value, err);
}

// The key of a StringTable is 8 hex digits: language, code page.
static wg_code ver_string_table(ver_parser *vp, const ver_block *b, wg_error *err) {
  if (vp->table_seen) {
    return WG_OK; // the first one is the answer
  }
  vp->table_seen = true;
  uint8_t hex[8] = {0};
  uint64_t id = 0;
  for (size_t i = 0; i < sizeof(hex) && b->key.n_bytes == 2 * sizeof(hex); i++) {
    hex[i] = b->key.p[2 * i + 1] == 0 ? b->key.p[2 * i] : 0; // 0 is no digit
  }
  if (wg_parse_hex64((wg_str){(const char *)hex, sizeof(hex)}, &id)) {
    vp->v->lang_code_page = (uint32_t)id;
  }
  wg_reader children = b->body;
  children.pos = b->value_off;
  while (ver_more(&children)) {
    ver_block child;
    if (ver_next(vp, &children, &child, err) != WG_OK || ver_string(vp, &child, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code ver_translation(ver_parser *vp, const ver_block *b, wg_error *err) {
  (void)err;
  if (!key_is(b, "Translation")) {
    return WG_OK;
  }
  uint64_t left = b->body.n_bytes - b->value_off;
  uint64_t n = (b->value_bytes < left ? b->value_bytes : left) / 4;
  for (uint64_t i = 0; i < n; i++, vp->n_translations++) {
    const uint8_t *p = b->body.p + b->value_off + 4 * i;
    if (vp->translations != NULL) {
      vp->translations[vp->n_translations] = (uint32_t)wg_le16(p) << 16 | wg_le16(p + 2);
    }
  }
  return WG_OK;
}

static wg_code ver_children(ver_parser *vp, const ver_block *b, wg_error *err) {
  bool strings = key_is(b, "StringFileInfo"), vars = key_is(b, "VarFileInfo");
  if (!strings && !vars) {
    return WG_OK;
  }
  wg_reader children = b->body;
  children.pos = b->value_off;
  while (ver_more(&children)) {
    ver_block child;
    if (ver_next(vp, &children, &child, err) != WG_OK ||
        (strings ? ver_string_table(vp, &child, err) : ver_translation(vp, &child, err)) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static void ver_quad(uint32_t high, uint32_t low, uint16_t out[4]) {
  out[0] = (uint16_t)(high >> 16);
  out[1] = (uint16_t)(high & 0xFFFF);
  out[2] = (uint16_t)(low >> 16);
  out[3] = (uint16_t)(low & 0xFFFF);
}

static wg_code ver_fixed(ver_parser *vp, const ver_block *root, wg_error *err) {
  wg_reader f;
  wg_pe_version *v = vp->v;
  if (root->value_bytes == 0) {
    return WG_OK;
  }
  if (root->value_bytes < VER_FIXED_BYTES ||
      !wg_reader_slice(&root->body, root->value_off, VER_FIXED_BYTES, &f) ||
      wg_le32(f.p) != VER_FIXED_SIGNATURE) {
    return wg_fail_at(err, WG_E_FORMAT, root->body.base_off + root->value_off,
                      "version information: no VS_FIXEDFILEINFO");
  }
  v->has_fixed = true;
  ver_quad(wg_le32(f.p + 8), wg_le32(f.p + 12), v->file_version);
  ver_quad(wg_le32(f.p + 16), wg_le32(f.p + 20), v->product_version);
  v->file_flags_mask = wg_le32(f.p + 24);
  v->file_flags = wg_le32(f.p + 28);
  v->file_os = wg_le32(f.p + 32);
  v->file_type = wg_le32(f.p + 36);
  v->file_subtype = wg_le32(f.p + 40);
  return WG_OK;
}

// One pass over the whole block: counts, or fills the lists when they are there.
static wg_code ver_pass(ver_parser *vp, const wg_reader *block, wg_error *err) {
  wg_reader r = *block;
  ver_block root;
  vp->n_nodes = vp->n_strings = vp->n_translations = 0;
  vp->table_seen = false;
  if (ver_next(vp, &r, &root, err) != WG_OK) {
    return err->code;
  }
  root.value_bytes = wg_le16(root.body.p + 2); // binary, whatever the type field says
  if (!key_is(&root, "VS_VERSION_INFO")) {
    return wg_fail_at(err, WG_E_FORMAT, root.body.base_off,
                      "version information: no VS_VERSION_INFO key");
  }
  if (ver_fixed(vp, &root, err) != WG_OK) {
    return err->code;
  }
  wg_reader children = root.body;
  if (!wg_read_seek(&children, align4(root.value_off + root.value_bytes))) {
    children.pos = children.n_bytes;
  }
  while (ver_more(&children)) {
    ver_block child;
    if (ver_next(vp, &children, &child, err) != WG_OK || ver_children(vp, &child, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

// Reads one VS_VERSIONINFO block; base_off is what offset 0 is in the file, for messages.
static wg_code pe_version_parse(wg_str block, uint64_t base_off, const wg_pe_limits *limits,
                                wg_arena *arena, const wg_pe_version **out, wg_error *err) {
  wg_pe_version *v = wg_arena_new(arena, wg_pe_version);
  if (v == NULL) {
    return wg_arena_fail(arena, err);
  }
  ver_parser vp = {
      .limits = limits != NULL ? limits : &wg_pe_default_limits, .arena = arena, .v = v};
  wg_reader r = wg_reader_of(block.p, block.n);
  r.base_off = base_off;
  if (ver_pass(&vp, &r, err) != WG_OK) {
    return err->code;
  }
  vp.strings = wg_arena_new_array(arena, wg_pe_version_string, vp.n_strings);
  vp.translations = wg_arena_new_array(arena, uint32_t, vp.n_translations);
  if (vp.strings == NULL || vp.translations == NULL) {
    return wg_arena_fail(arena, err);
  }
  if (ver_pass(&vp, &r, err) != WG_OK) {
    return err->code;
  }
  v->strings = vp.strings;
  v->n_strings = vp.n_strings;
  v->translations = vp.translations;
  v->n_translations = vp.n_translations;
  *out = v;
  return WG_OK;
}

wg_code wg_pe_version_info(const wg_pe *pe, wg_arena *arena, const wg_pe_version **out,
                           wg_error *err) {
  const wg_pe_resource *r = wg_pe_find_resource(pe, WG_RT_VERSION);
  if (r == NULL || !r->in_file) {
    return wg_fail(err, WG_E_NOT_FOUND, "no version information");
  }
  return pe_version_parse(r->data, r->file_off, &pe->limits, arena, out, err);
}

wg_str wg_pe_version_get(const wg_pe_version *v, const char *key) {
  for (uint32_t i = 0; i < v->n_strings; i++) {
    if (wg_str_eqz(v->strings[i].key, key)) {
      return v->strings[i].value;
    }
  }
  return (wg_str){0};
}
