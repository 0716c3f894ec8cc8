// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/utf.h"
#include "fmt/lnk/int.h"

#define LNK_ATTR_DIRECTORY 0x10U
#define LNK_ATTR_ARCHIVE 0x20U
#define LNK_DRIVE_ITEM_BYTES 25U
#define LNK_MAX_LABEL_CHARS 32

static wg_code lnk_text(const char *z, size_t max_chars16, const char *what, wg_buf *out,
                        wg_error *err) {
  wg_buf_clear(out);
  if (!wg_utf8_to_utf16le(wg_str_of(z), out)) {
    return wg_fail(err, WG_E_FORMAT, "%s is not UTF-8", what);
  }
  if (out->n > max_chars16 * 2) {
    return wg_fail(err, WG_E_LIMIT, "%s has %zu characters; Windows takes at most %zu", what,
                   out->n / 2, max_chars16);
  }
  return wg_buf_check(out, err);
}

// For the fields of programs without Unicode: what is not ASCII becomes '_'.
static void lnk_put_ansi(wg_buf *out, wg_str utf8) {
  size_t pos = 0;
  uint32_t cp = 0;
  while (pos < utf8.n && wg_utf8_next(utf8, &pos, &cp)) {
    wg_buf_add_byte(out, cp < 0x80 ? (uint8_t)cp : '_');
  }
  wg_buf_add_byte(out, 0);
}

static bool lnk_is_ascii(wg_str s) {
  for (size_t i = 0; i < s.n; i++) {
    if ((unsigned char)s.p[i] >= 0x80) {
      return false;
    }
  }
  return true;
}

// An absolute path of a drive: C:\a\b, no empty names, no separator at the end but the root's.
static wg_code lnk_check_path(const char *path, wg_error *err) {
  wg_str s = wg_str_of(path == NULL ? "" : path);
  bool letter = s.n >= 3 && ((s.p[0] >= 'A' && s.p[0] <= 'Z') || (s.p[0] >= 'a' && s.p[0] <= 'z'));
  bool ok = letter && s.p[1] == ':' && s.p[2] == '\\';
  for (size_t i = 3; ok && i < s.n; i++) {
    ok = s.p[i] != '/' && !(s.p[i] == '\\' && (s.p[i - 1] == '\\' || i + 1 == s.n));
  }
  return ok ? WG_OK : wg_fail(err, WG_E_FORMAT, "'%.*s' is not a path of a drive", WG_STR_ARG(s));
}

static void lnk_patch16(wg_buf *b, size_t at, size_t v) {
  b->p[at] = (uint8_t)(v & 0xFF);
  b->p[at + 1] = (uint8_t)(v >> 8 & 0xFF);
}

// Times and sizes of an item are hints for the shell's own display: zero here.
static wg_code lnk_put_item(wg_buf *out, wg_str name, bool is_dir, wg_error *err) {
  WG_AUTO(wg_buf) item = {0};
  WG_AUTO(wg_buf) name16 = {0};
  wg_buf_init(&item, out->alloc, 0);
  wg_buf_init(&name16, out->alloc, 0);
  if (!wg_utf8_to_utf16le(name, &name16)) {
    return wg_fail(err, WG_E_FORMAT, "the path is not UTF-8");
  }
  wg_buf_add_le16(&item, 0); // size
  wg_buf_add_byte(&item, is_dir ? LNK_ITEM_DIR : LNK_ITEM_FILE);
  wg_buf_add_byte(&item, 0);
  wg_buf_add_le32(&item, 0); // file size
  wg_buf_add_le32(&item, 0); // modified
  wg_buf_add_le16(&item, is_dir ? LNK_ATTR_DIRECTORY : LNK_ATTR_ARCHIVE);
  lnk_put_ansi(&item, name);
  wg_buf_align(&item, 2);
  size_t ext = item.n;
  wg_buf_add_le16(&item, (uint16_t)(LNK_EXT_NAME_OFF + name16.n + 4)); // its size
  wg_buf_add_le16(&item, 3);                                           // its version
  wg_buf_add_le32(&item, LNK_EXT_SIGNATURE);
  wg_buf_add_le32(&item, 0); // created
  wg_buf_add_le32(&item, 0); // accessed
  wg_buf_add_le16(&item, LNK_EXT_NAME_OFF);
  wg_buf_add_le16(&item, 0); // no localized name
  wg_buf_add(&item, name16.p, name16.n);
  wg_buf_add_le16(&item, 0);
  wg_buf_add_le16(&item, (uint16_t)ext);
  if (wg_buf_check(&item, err) != WG_OK || wg_buf_check(&name16, err) != WG_OK) {
    return err->code;
  }
  lnk_patch16(&item, 0, item.n);
  wg_buf_add(out, item.p, item.n);
  return WG_OK;
}

static wg_code lnk_put_idlist(const wg_lnk *l, wg_buf *out, wg_error *err) {
  size_t size_at = out->n;
  bool is_dir = (l->file_attributes & LNK_ATTR_DIRECTORY) != 0;
  wg_buf_add_le16(out, 0);
  wg_buf_add_le16(out, 4 + LNK_GUID_BYTES);
  wg_buf_add_byte(out, LNK_ITEM_ROOT);
  wg_buf_add_byte(out, 0x50); // where it is sorted
  wg_buf_add(out, wg_lnk_my_computer, LNK_GUID_BYTES);
  wg_buf_add_le16(out, LNK_DRIVE_ITEM_BYTES);
  wg_buf_add_byte(out, LNK_ITEM_DRIVE);
  wg_buf_add(out, l->path, 3);
  wg_buf_add_zeros(out, LNK_DRIVE_ITEM_BYTES - 6);
  wg_str rest = wg_str_of(l->path + 3);
  while (rest.n > 0) {
    size_t n = wg_str_find(rest, '\\');
    bool last = n == rest.n;
    if (lnk_put_item(out, (wg_str){rest.p, n}, !last || is_dir, err) != WG_OK) {
      return err->code;
    }
    rest = last ? (wg_str){NULL, 0} : (wg_str){rest.p + n + 1, rest.n - n - 1};
  }
  wg_buf_add_le16(out, 0);
  if (wg_buf_check(out, err) != WG_OK) {
    return err->code;
  }
  lnk_patch16(out, size_at, out->n - size_at - 2); // 259 characters: far below 65,535
  return WG_OK;
}

// The Unicode offsets are there only where the path needs them, as Windows itself does it.
static wg_code lnk_put_info(const wg_lnk *l, wg_str path16, wg_buf *out, wg_error *err) {
  wg_str path = wg_str_of(l->path),
         label = wg_str_of(l->volume_label == NULL ? "" : l->volume_label);
  if (!lnk_is_ascii(label) || label.n > LNK_MAX_LABEL_CHARS) {
    return wg_fail(err, WG_E_FORMAT, "the volume's label is not ASCII of at most %d characters",
                   LNK_MAX_LABEL_CHARS);
  }
  bool unicode = !lnk_is_ascii(path);
  WG_AUTO(wg_buf) ansi = {0};
  wg_buf_init(&ansi, out->alloc, 0);
  lnk_put_ansi(&ansi, path);
  uint32_t header = unicode ? LNK_INFO_UNICODE_HEADER_BYTES : LNK_INFO_HEADER_BYTES;
  uint32_t volume = LNK_VOLUME_HEADER_BYTES + (uint32_t)label.n + 1;
  uint32_t base_off = header + volume, suffix_off = base_off + (uint32_t)ansi.n;
  uint32_t pad = unicode ? (suffix_off + 1) % 2 : 0;
  uint32_t base16_off = suffix_off + 1 + pad, suffix16_off = base16_off + (uint32_t)path16.n + 2;
  wg_buf_add_le32(out, unicode ? suffix16_off + 2 : suffix_off + 1);
  wg_buf_add_le32(out, header);
  wg_buf_add_le32(out, LNK_INFO_LOCAL);
  wg_buf_add_le32(out, header);
  wg_buf_add_le32(out, base_off);
  wg_buf_add_le32(out, 0);
  wg_buf_add_le32(out, suffix_off);
  if (unicode) {
    wg_buf_add_le32(out, base16_off);
    wg_buf_add_le32(out, suffix16_off);
  }
  wg_buf_add_le32(out, volume);
  wg_buf_add_le32(out, l->drive_type);
  wg_buf_add_le32(out, l->drive_serial);
  wg_buf_add_le32(out, LNK_VOLUME_HEADER_BYTES);
  wg_buf_add_str(out, label);
  wg_buf_add_byte(out, 0);
  wg_buf_add(out, ansi.p, ansi.n);
  wg_buf_add_byte(out, 0); // no suffix
  if (unicode) {
    wg_buf_add_zeros(out, pad);
    wg_buf_add_str(out, path16);
    wg_buf_add_le16(out, 0);
    wg_buf_add_le16(out, 0);
  }
  return wg_buf_check(&ansi, err);
}

typedef struct lnk_string {
  const char *text, *what;
  uint32_t flag;
  size_t max_chars16;
} lnk_string;

static wg_code lnk_put_strings(const lnk_string *strings, size_t n, wg_buf *out, wg_error *err) {
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, out->alloc, 0);
  for (size_t i = 0; i < n; i++) {
    if (strings[i].text == NULL) {
      continue;
    }
    if (lnk_text(strings[i].text, strings[i].max_chars16, strings[i].what, &b, err) != WG_OK) {
      return err->code;
    }
    wg_buf_add_le16(out, (uint16_t)(b.n / 2));
    wg_buf_add(out, b.p, b.n);
  }
  return WG_OK;
}

static wg_code lnk_put_env(const char *text, uint32_t signature, wg_buf *out, wg_error *err) {
  WG_AUTO(wg_buf) ansi = {0};
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&ansi, out->alloc, 0);
  wg_buf_init(&b, out->alloc, 0);
  if (text == NULL) {
    return WG_OK;
  }
  if (lnk_text(text, WG_LNK_MAX_PATH_CHARS16, "a path with variables", &b, err) != WG_OK) {
    return err->code;
  }
  lnk_put_ansi(&ansi, wg_str_of(text)); // at most as many bytes as UTF-16 units, and the NUL
  if (wg_buf_check(&ansi, err) != WG_OK) {
    return err->code;
  }
  wg_buf_add_le32(out, LNK_ENV_BLOCK_BYTES);
  wg_buf_add_le32(out, signature);
  wg_buf_add(out, ansi.p, ansi.n);
  wg_buf_add_zeros(out, LNK_ENV_ANSI_BYTES - ansi.n);
  wg_buf_add(out, b.p, b.n);
  wg_buf_add_zeros(out, LNK_ENV_UNICODE_BYTES - b.n);
  return WG_OK;
}

static void lnk_put_header(const wg_lnk *l, uint32_t flags, wg_buf *out) {
  wg_buf_add_le32(out, LNK_HEADER_BYTES);
  wg_buf_add(out, wg_lnk_class, LNK_GUID_BYTES);
  wg_buf_add_le32(out, flags);
  wg_buf_add_le32(out, l->file_attributes);
  wg_buf_add_le64(out, l->create_time);
  wg_buf_add_le64(out, l->access_time);
  wg_buf_add_le64(out, l->write_time);
  wg_buf_add_le32(out, l->file_bytes);
  wg_buf_add_le32(out, (uint32_t)l->icon_index);
  wg_buf_add_le32(out, l->show);
  wg_buf_add_le16(out, l->hotkey);
  wg_buf_add_zeros(out, 10);
}

wg_code wg_lnk_write(const wg_lnk *l, wg_buf *out, wg_error *err) {
  const lnk_string strings[] = {
      {l->name, "the description", WG_LNK_HAS_NAME, WG_LNK_MAX_PATH_CHARS16},
      {l->relative, "the relative path", WG_LNK_HAS_RELATIVE, WG_LNK_MAX_PATH_CHARS16},
      {l->working_dir, "the working folder", WG_LNK_HAS_WORKING_DIR, WG_LNK_MAX_PATH_CHARS16},
      {l->args, "the arguments", WG_LNK_HAS_ARGS, WG_LNK_MAX_ARGS_CHARS16},
      {l->icon, "the icon's path", WG_LNK_HAS_ICON, WG_LNK_MAX_PATH_CHARS16}};
  uint32_t flags = WG_LNK_HAS_IDLIST | WG_LNK_HAS_INFO | WG_LNK_UNICODE;
  WG_AUTO(wg_buf) path16 = {0};
  wg_buf_init(&path16, out->alloc, 0);
  if (lnk_check_path(l->path, err) != WG_OK ||
      lnk_text(l->path, WG_LNK_MAX_PATH_CHARS16, "the path", &path16, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(strings); i++) {
    flags |= strings[i].text != NULL ? strings[i].flag : 0;
  }
  flags |= (l->env_path != NULL ? (uint32_t)WG_LNK_HAS_EXP_STRING : 0) |
           (l->env_icon != NULL ? (uint32_t)WG_LNK_HAS_EXP_ICON : 0);
  lnk_put_header(l, flags, out);
  if (lnk_put_idlist(l, out, err) != WG_OK ||
      lnk_put_info(l, wg_buf_str(&path16), out, err) != WG_OK ||
      lnk_put_strings(strings, WG_ARRAY_LEN(strings), out, err) != WG_OK ||
      lnk_put_env(l->env_path, LNK_BLOCK_ENV, out, err) != WG_OK ||
      lnk_put_env(l->env_icon, LNK_BLOCK_ICON_ENV, out, err) != WG_OK) {
    return err->code;
  }
  wg_buf_add_le32(out, 0);
  return wg_buf_check(out, err);
}
