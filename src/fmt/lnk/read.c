// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/utf.h"
#include "fmt/lnk/int.h"

#define LNK_MAX_ITEMS 65535U

// {00021401-0000-0000-C000-000000000046}
const uint8_t wg_lnk_class[LNK_GUID_BYTES] = {0x01, 0x14, 0x02, 0, 0, 0, 0, 0,
                                              0xC0, 0,    0,    0, 0, 0, 0, 0x46};
// {20D04FE0-3AEA-1069-A2D8-08002B30309D}
const uint8_t wg_lnk_my_computer[LNK_GUID_BYTES] = {0xE0, 0x4F, 0xD0, 0x20, 0xEA, 0x3A, 0x69, 0x10,
                                                    0xA2, 0xD8, 0x08, 0x00, 0x2B, 0x30, 0x30, 0x9D};

typedef struct lnk_parse {
  wg_arena *arena;
  wg_lnk *l;
} lnk_parse;

// UTF-16LE to the arena. It may hold no NUL: the strings here are NUL-terminated.
static wg_code lnk_text16(const lnk_parse *k, const uint8_t *p, size_t n_bytes, uint64_t at,
                          const char **out, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, k->arena->alloc, 0);
  for (size_t i = 0; i < n_bytes; i += 2) {
    if (wg_le16(p + i) == 0) {
      return wg_fail_at(err, WG_E_FORMAT, at + i, "a text with a NUL in it");
    }
  }
  if (!wg_utf16le_to_utf8(p, n_bytes, &b)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "a text that is not UTF-16");
  }
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  *out = wg_arena_strndup(k->arena, b.p, b.n);
  return *out == NULL ? wg_arena_fail(k->arena, err) : WG_OK;
}

// Text of some code page, which the file does not name: what is not ASCII becomes U+FFFD.
static wg_code lnk_text8(const lnk_parse *k, const uint8_t *p, size_t n_bytes, uint64_t at,
                         const char **out, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, k->arena->alloc, 0);
  for (size_t i = 0; i < n_bytes; i++) {
    if (p[i] == 0) {
      return wg_fail_at(err, WG_E_FORMAT, at + i, "a text with a NUL in it");
    }
    wg_utf8_add(&b, p[i] < 0x80 ? p[i] : 0xFFFD);
  }
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  *out = wg_arena_strndup(k->arena, b.p, b.n);
  return *out == NULL ? wg_arena_fail(k->arena, err) : WG_OK;
}

// Bytes up to the NUL (a character of `unit` bytes) from off on; false when there is none.
static bool lnk_until_nul(const wg_reader *r, uint64_t off, unsigned unit, const uint8_t **out,
                          size_t *out_n) {
  wg_reader rest;
  if (off > r->n_bytes || !wg_reader_slice(r, off, r->n_bytes - off, &rest)) {
    return false;
  }
  for (uint64_t i = 0; i + unit <= rest.n_bytes; i += unit) {
    if (rest.p[i] == 0 && (unit == 1 || rest.p[i + 1] == 0)) {
      *out = rest.p;
      *out_n = (size_t)i;
      return true;
    }
  }
  return false;
}

static wg_code lnk_z(const lnk_parse *k, const wg_reader *r, uint64_t off, unsigned unit,
                     const char **out, wg_error *err) {
  const uint8_t *p = NULL;
  size_t n = 0;
  if (!lnk_until_nul(r, off, unit, &p, &n)) {
    return wg_fail_at(err, WG_E_FORMAT, r->base_off + off, "a text without its end");
  }
  uint64_t at = r->base_off + off;
  return unit == 1 ? lnk_text8(k, p, n, at, out, err) : lnk_text16(k, p, n, at, out, err);
}

static wg_code lnk_header(const lnk_parse *k, wg_reader *r, wg_error *err) {
  wg_lnk *l = k->l;
  uint32_t size = 0, reserved2 = 0, reserved3 = 0, icon = 0;
  uint16_t reserved1 = 0;
  const uint8_t *guid = NULL;
  if (!wg_read_le32(r, &size) || size != LNK_HEADER_BYTES ||
      !wg_read_bytes(r, LNK_GUID_BYTES, &guid) || memcmp(guid, wg_lnk_class, LNK_GUID_BYTES) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, 0, "not a Windows shortcut");
  }
  if (!wg_read_le32(r, &l->flags) || !wg_read_le32(r, &l->file_attributes) ||
      !wg_read_le64(r, &l->create_time) || !wg_read_le64(r, &l->access_time) ||
      !wg_read_le64(r, &l->write_time) || !wg_read_le32(r, &l->file_bytes) ||
      !wg_read_le32(r, &icon) || !wg_read_le32(r, &l->show) || !wg_read_le16(r, &l->hotkey) ||
      !wg_read_le16(r, &reserved1) || !wg_read_le32(r, &reserved2) ||
      !wg_read_le32(r, &reserved3)) {
    return wg_fail_at(err, WG_E_FORMAT, r->pos, "a shortcut cut short in its header");
  }
  l->icon_index = (int32_t)icon;
  return WG_OK;
}

// A file's item: the long name of its extension block, else the short one.
static wg_code lnk_file_name(const lnk_parse *k, wg_reader *item, const char **out, wg_error *err) {
  uint8_t type = item->p[0];
  unsigned unit = (type & 0x04) != 0 ? 2 : 1;
  const uint8_t *p = NULL;
  size_t n = 0;
  uint64_t off = LNK_ITEM_FIXED_BYTES;
  if (!lnk_until_nul(item, off, unit, &p, &n)) {
    return wg_fail_at(err, WG_E_FORMAT, item->base_off, "a shell item without a name");
  }
  uint64_t after = off + n + unit;
  after += after % 2;
  wg_reader ext;
  if (after + LNK_EXT_NAME_OFF <= item->n_bytes &&
      wg_reader_slice(item, after, item->n_bytes - after, &ext) &&
      wg_le32(ext.p + 4) == LNK_EXT_SIGNATURE && wg_le16(ext.p + 2) >= 3) {
    return lnk_z(k, &ext, wg_le16(ext.p + 16), 2, out, err);
  }
  return lnk_z(k, item, off, unit, out, err);
}

// One item's share of the path, added to path; *known false: an item of another kind.
static wg_code lnk_item(const lnk_parse *k, wg_reader *item, wg_buf *path, bool *known,
                        wg_error *err) {
  uint8_t type = item->n_bytes == 0 ? 0 : item->p[0];
  const char *text = "";
  if (type == LNK_ITEM_ROOT) {
    *known = *known && item->n_bytes >= 2 + LNK_GUID_BYTES && path->n == 0 &&
             memcmp(item->p + 2, wg_lnk_my_computer, LNK_GUID_BYTES) == 0;
    return WG_OK;
  }
  if ((type & 0x70) == 0x20 && (type & 1) != 0) {
    *known = *known && path->n == 0;
    if (lnk_z(k, item, 1, 1, &text, err) != WG_OK) {
      return err->code;
    }
    wg_str drive = wg_str_of(text);
    *known = *known && drive.n == 3 && text[1] == ':' && text[2] == '\\';
    wg_buf_add(path, text, drive.n < 2 ? drive.n : 2);
    return WG_OK;
  }
  if ((type & 0x70) == 0x30 && path->n > 0) {
    if (lnk_file_name(k, item, &text, err) != WG_OK) {
      return err->code;
    }
    wg_buf_add_byte(path, '\\');
    wg_buf_add_z(path, text);
    return WG_OK;
  }
  *known = false;
  return WG_OK;
}

static wg_code lnk_idlist(const lnk_parse *k, wg_reader *r, wg_error *err) {
  uint16_t size = 0, n = 0;
  wg_reader list, item;
  uint64_t at = wg_reader_at(r);
  if (!wg_read_le16(r, &size) || !wg_reader_slice(r, r->pos, size, &list) ||
      !wg_read_skip(r, size)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "a list of shell items that does not fit");
  }
  WG_AUTO(wg_buf) path = {0};
  wg_buf_init(&path, k->arena->alloc, 0);
  bool known = true;
  for (;;) {
    at = wg_reader_at(&list);
    if (!wg_read_le16(&list, &n)) {
      return wg_fail_at(err, WG_E_FORMAT, at, "a list of shell items without its end");
    }
    if (n == 0) {
      break;
    }
    if (n < 2 || !wg_reader_slice(&list, list.pos, n - 2U, &item) || !wg_read_skip(&list, n - 2U)) {
      return wg_fail_at(err, WG_E_FORMAT, at, "a shell item that does not fit in its list");
    }
    k->l->n_items++;
    if (known && lnk_item(k, &item, &path, &known, err) != WG_OK) {
      return err->code;
    }
  }
  if (wg_reader_left(&list) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(&list),
                      "bytes behind the list of shell items");
  }
  if (wg_buf_check(&path, err) != WG_OK) {
    return err->code;
  }
  if (!known || path.n == 0) {
    return WG_OK;
  }
  if (path.n == 2) {
    wg_buf_add_byte(&path, '\\');
  }
  k->l->id_path = wg_arena_strndup(k->arena, path.p, path.n);
  return k->l->id_path == NULL ? wg_arena_fail(k->arena, err) : wg_buf_check(&path, err);
}

static wg_code lnk_volume(const lnk_parse *k, const wg_reader *info, uint32_t off, wg_error *err) {
  wg_reader v;
  if (off > info->n_bytes || info->n_bytes - off < LNK_VOLUME_HEADER_BYTES ||
      wg_le32(info->p + off) <= LNK_VOLUME_HEADER_BYTES ||
      !wg_reader_slice(info, off, wg_le32(info->p + off), &v)) {
    return wg_fail_at(err, WG_E_FORMAT, info->base_off + off, "a volume id that does not fit");
  }
  k->l->drive_type = wg_le32(v.p + 4);
  k->l->drive_serial = wg_le32(v.p + 8);
  uint32_t label = wg_le32(v.p + 12);
  if (label != 0x14) {
    return lnk_z(k, &v, label, 1, &k->l->volume_label, err);
  }
  if (v.n_bytes < 0x14) {
    return wg_fail_at(err, WG_E_FORMAT, v.base_off, "a volume id cut short");
  }
  return lnk_z(k, &v, wg_le32(v.p + 16), 2, &k->l->volume_label, err);
}

static wg_code lnk_joined(const lnk_parse *k, const char *base, const char *suffix, wg_error *err) {
  k->l->path = wg_arena_printf(k->arena, "%s%s", base, suffix);
  return k->l->path == NULL ? wg_arena_fail(k->arena, err) : WG_OK;
}

static wg_code lnk_info(const lnk_parse *k, wg_reader *r, wg_error *err) {
  uint64_t at = wg_reader_at(r);
  uint32_t size = 0;
  wg_reader info;
  if (!wg_read_le32(r, &size) || size < LNK_INFO_HEADER_BYTES ||
      !wg_reader_slice(r, r->pos - 4, size, &info) || !wg_read_skip(r, size - 4)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "a LinkInfo that does not fit");
  }
  uint32_t header = wg_le32(info.p + 4);
  if (header < LNK_INFO_HEADER_BYTES || header > size) {
    return wg_fail_at(err, WG_E_FORMAT, at + 4, "a LinkInfo header of %u bytes", header);
  }
  if ((wg_le32(info.p + 8) & LNK_INFO_LOCAL) == 0) {
    return WG_OK; // on the network
  }
  const char *base = NULL, *suffix = NULL;
  bool unicode = header >= LNK_INFO_UNICODE_HEADER_BYTES;
  uint32_t base_off = wg_le32(info.p + (unicode ? 0x1C : 0x10));
  uint32_t suffix_off = wg_le32(info.p + (unicode ? 0x20 : 0x18));
  if (lnk_volume(k, &info, wg_le32(info.p + 12), err) != WG_OK ||
      lnk_z(k, &info, base_off, unicode ? 2 : 1, &base, err) != WG_OK ||
      lnk_z(k, &info, suffix_off, unicode ? 2 : 1, &suffix, err) != WG_OK) {
    return err->code;
  }
  return lnk_joined(k, base, suffix, err);
}

static wg_code lnk_string(const lnk_parse *k, wg_reader *r, const char **out, wg_error *err) {
  uint64_t at = wg_reader_at(r);
  uint16_t n = 0;
  const uint8_t *p = NULL;
  bool unicode = (k->l->flags & WG_LNK_UNICODE) != 0;
  size_t n_bytes = 0;
  if (!wg_read_le16(r, &n)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "a text that is missing");
  }
  n_bytes = (size_t)n * (unicode ? 2 : 1);
  if (!wg_read_bytes(r, n_bytes, &p)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "a text of %u characters that does not fit",
                      (unsigned)n);
  }
  return unicode ? lnk_text16(k, p, n_bytes, at + 2, out, err)
                 : lnk_text8(k, p, n_bytes, at + 2, out, err);
}

static wg_code lnk_strings(const lnk_parse *k, wg_reader *r, wg_error *err) {
  wg_lnk *l = k->l;
  const struct {
    uint32_t flag;
    const char **text;
  } strings[] = {{WG_LNK_HAS_NAME, &l->name},
                 {WG_LNK_HAS_RELATIVE, &l->relative},
                 {WG_LNK_HAS_WORKING_DIR, &l->working_dir},
                 {WG_LNK_HAS_ARGS, &l->args},
                 {WG_LNK_HAS_ICON, &l->icon}};
  for (size_t i = 0; i < WG_ARRAY_LEN(strings); i++) {
    if ((l->flags & strings[i].flag) != 0 && lnk_string(k, r, strings[i].text, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code lnk_env(const lnk_parse *k, const wg_reader *block, const char **out,
                       wg_error *err) {
  wg_reader ansi, unicode;
  if (block->n_bytes != LNK_ENV_BLOCK_BYTES) {
    return wg_fail_at(err, WG_E_FORMAT, block->base_off, "a block of variables of %llu bytes",
                      (unsigned long long)block->n_bytes);
  }
  if (!wg_reader_slice(block, 8, LNK_ENV_ANSI_BYTES, &ansi) ||
      !wg_reader_slice(block, 8 + LNK_ENV_ANSI_BYTES, LNK_ENV_UNICODE_BYTES, &unicode)) {
    return wg_fail(err, WG_E_BUG, "a slice inside of a block");
  }
  return wg_le16(unicode.p) != 0 ? lnk_z(k, &unicode, 0, 2, out, err)
                                 : lnk_z(k, &ansi, 0, 1, out, err);
}

static wg_code lnk_block(const lnk_parse *k, const wg_reader *block, wg_error *err) {
  wg_lnk *l = k->l;
  uint32_t signature = wg_le32(block->p + 4);
  l->blocks[l->n_blocks++] = signature;
  if (signature == LNK_BLOCK_ENV) {
    return lnk_env(k, block, &l->env_path, err);
  }
  if (signature == LNK_BLOCK_ICON_ENV) {
    return lnk_env(k, block, &l->env_icon, err);
  }
  return WG_OK;
}

// A block has at least its size and signature, so there are at most n / 8. The end may be missing.
static wg_code lnk_blocks(const lnk_parse *k, wg_reader *r, wg_error *err) {
  uint64_t max = wg_reader_left(r) / 8;
  if (max > LNK_MAX_ITEMS) {
    max = LNK_MAX_ITEMS;
  }
  k->l->blocks = wg_arena_new_array(k->arena, uint32_t, (size_t)max);
  if (k->l->blocks == NULL) {
    return wg_arena_fail(k->arena, err);
  }
  while (wg_reader_left(r) > 0) {
    uint64_t at = wg_reader_at(r);
    uint32_t size = 0;
    wg_reader block;
    if (!wg_read_le32(r, &size)) {
      return wg_fail_at(err, WG_E_FORMAT, at, "an extra block cut short");
    }
    if (size < 4) {
      k->l->n_trailing = wg_reader_left(r);
      return WG_OK;
    }
    if (size < 8 || !wg_reader_slice(r, r->pos - 4, size, &block) || !wg_read_skip(r, size - 4)) {
      return wg_fail_at(err, WG_E_FORMAT, at, "an extra block that does not fit");
    }
    if (k->l->n_blocks == max) {
      return wg_fail_at(err, WG_E_LIMIT, at, "more than %llu extra blocks",
                        (unsigned long long)max);
    }
    if (lnk_block(k, &block, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

wg_code wg_lnk_parse(const void *p, size_t n_bytes, wg_arena *arena, wg_lnk *out, wg_error *err) {
  wg_lnk l = {0};
  lnk_parse k = {.arena = arena, .l = &l};
  wg_reader r = wg_reader_of(p, n_bytes);
  if (lnk_header(&k, &r, err) != WG_OK ||
      ((l.flags & WG_LNK_HAS_IDLIST) != 0 && lnk_idlist(&k, &r, err) != WG_OK) ||
      ((l.flags & WG_LNK_HAS_INFO) != 0 && lnk_info(&k, &r, err) != WG_OK) ||
      lnk_strings(&k, &r, err) != WG_OK || lnk_blocks(&k, &r, err) != WG_OK) {
    return err->code;
  }
  *out = l;
  return WG_OK;
}

bool wg_lnk_detect(const wg_reader *head) {
  return head->n_bytes >= 4 + LNK_GUID_BYTES && wg_le32(head->p) == LNK_HEADER_BYTES &&
         memcmp(head->p + 4, wg_lnk_class, LNK_GUID_BYTES) == 0;
}
