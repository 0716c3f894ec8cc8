// SPDX-License-Identifier: Apache-2.0
// VS_VERSIONINFO (docs/formats/rsrc.md): a tree of blocks {length, value length, type, key, value,
// children}, everything on 4-byte boundaries from its start.
#include "base/utf.h"
#include "fmt/rsrc/rsrc.h"

enum {
  TYPE_BINARY = 0,
  TYPE_TEXT = 1,
  FIXED_BYTES = 52,
  LANG_EN_US = 0x0409,
  CODE_PAGE_UTF16 = 1200,
  N_PARTS = 4,
  OS_NT_WINDOWS32 = 0x00040004,
  FLAGS_MASK = 0x3F,
  FLAG_PRERELEASE = 0x02,
  FILE_TYPE_APP = 1,
  FILE_TYPE_DLL = 2,
};

static bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
static bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// 0 behind the end.
static char char_at(wg_str s, size_t pos) {
  return pos < s.n ? s.p[pos] : '\0';
}

// Digits from *pos on, as a number that stops growing above 65535.
static uint32_t take_number(wg_str s, size_t *pos) {
  uint32_t v = 0;
  for (; is_digit(char_at(s, *pos)); ++*pos) {
    v = v > UINT16_MAX ? v : v * 10 + (uint32_t)(s.p[*pos] - '0');
  }
  return v;
}

// Whether v, which begins at `at`, can be number n (from 0) of a version.
static wg_code check_number(wg_str text, size_t at, size_t n, uint32_t v, wg_error *err) {
  if (n == N_PARTS) {
    return wg_fail_at(err, WG_E_FORMAT, at,
                      "version '%.*s' has more than four numbers: Windows keeps four",
                      WG_STR_ARG(text));
  }
  if (v > UINT16_MAX) {
    return wg_fail_at(err, WG_E_FORMAT, at,
                      "version '%.*s': Windows keeps numbers up to 65535: state a version of four "
                      "such numbers",
                      WG_STR_ARG(text));
  }
  return WG_OK;
}

// The numbers from *pos on, dots between them; *out_n says how many.
static wg_code take_quad(wg_str text, size_t *pos, uint16_t quad[N_PARTS], size_t *out_n,
                         wg_error *err) {
  size_t n = 0;
  for (bool more = is_digit(char_at(text, *pos)); more;) {
    size_t at = *pos;
    uint32_t v = take_number(text, pos);
    // A commit id may begin with digits: 1.4.0rc1 has no letter after its first number.
    if (n == 0 && is_letter(char_at(text, *pos))) {
      break;
    }
    if (check_number(text, at, n, v, err) != WG_OK) {
      return err->code;
    }
    quad[n++] = (uint16_t)v;
    more = char_at(text, *pos) == '.' && is_digit(char_at(text, *pos + 1));
    *pos += more ? 1 : 0;
  }
  *out_n = n;
  return WG_OK;
}

wg_code wg_rsrc_version_parse(wg_str text, uint16_t out_quad[4], bool *out_prerelease,
                              wg_error *err) {
  uint16_t quad[N_PARTS] = {0};
  size_t pos = char_at(text, 0) == 'v' || char_at(text, 0) == 'V' ? 1 : 0, n = 0;
  if (take_quad(text, &pos, quad, &n, err) != WG_OK) {
    return err->code;
  }
  *out_prerelease = n > 0 && (char_at(text, pos) == '-' || is_letter(char_at(text, pos)));
  for (size_t i = 0; i < N_PARTS; i++) {
    out_quad[i] = quad[i];
  }
  return WG_OK;
}

// Starts a block; returns where, for block_end.
static size_t block_begin(wg_buf *b, uint16_t type, const char *ascii_key) {
  wg_buf_align(b, 4);
  size_t start = b->n;
  wg_buf_add_le16(b, 0); // length, set at the end
  wg_buf_add_le16(b, 0); // value length, set with the value
  wg_buf_add_le16(b, type);
  for (const char *c = ascii_key; *c != 0; c++) {
    wg_buf_add_le16(b, (uint8_t)*c);
  }
  wg_buf_add_le16(b, 0);
  wg_buf_align(b, 4);
  return start;
}

static void block_set16(wg_buf *b, size_t off, size_t v) {
  if (!b->failed) {
    wg_put_le16(b->p + off, (uint16_t)v);
  }
}

static wg_code block_end(wg_buf *b, size_t start, wg_error *err) {
  size_t n = b->n - start;
  if (n > UINT16_MAX) {
    return wg_fail(err, WG_E_LIMIT, "the texts are too long: %zu bytes in one block, at most 65535",
                   n);
  }
  block_set16(b, start, n);
  return wg_buf_check(b, err);
}

static wg_code add_string(wg_buf *b, const char *key, const char *utf8, wg_error *err) {
  wg_str s = wg_str_of(utf8);
  if (s.n == 0) {
    return WG_OK;
  }
  if (!wg_utf8_valid(s)) {
    return wg_fail(err, WG_E_FORMAT, "%s is not UTF-8", key);
  }
  size_t start = block_begin(b, TYPE_TEXT, key), value = b->n;
  if (!wg_utf8_to_utf16le(s, b)) {
    return wg_fail(err, WG_E_FORMAT, "%s is not UTF-8", key);
  }
  wg_buf_add_le16(b, 0);
  if (block_end(b, start, err) != WG_OK) {
    return wg_wrap(err, "%s", key);
  }
  block_set16(b, start + 2, (b->n - value) / 2); // in characters, with the NUL
  return WG_OK;
}

static wg_code add_strings(wg_buf *b, const wg_rsrc_version_info *info, const char *product_version,
                           wg_error *err) {
  const struct {
    const char *key, *value;
  } strings[] = {
      {"Comments", info->comments},           {"CompanyName", info->company},
      {"FileDescription", info->description}, {"FileVersion", info->file_version},
      {"InternalName", info->internal_name},  {"LegalCopyright", info->copyright},
      {"LegalTrademarks", info->trademarks},  {"OriginalFilename", info->original_filename},
      {"ProductName", info->product},         {"ProductVersion", product_version},
  };
  char table_key[9];
  (void)wg_format(table_key, sizeof(table_key), "%04x%04x", LANG_EN_US, CODE_PAGE_UTF16);
  size_t file_info = block_begin(b, TYPE_TEXT, "StringFileInfo");
  size_t table = block_begin(b, TYPE_TEXT, table_key);
  for (size_t i = 0; i < WG_ARRAY_LEN(strings); i++) {
    if (add_string(b, strings[i].key, strings[i].value, err) != WG_OK) {
      return err->code;
    }
  }
  return block_end(b, table, err) == WG_OK ? block_end(b, file_info, err) : err->code;
}

static wg_code add_translation(wg_buf *b, wg_error *err) {
  size_t file_info = block_begin(b, TYPE_TEXT, "VarFileInfo");
  size_t var = block_begin(b, TYPE_BINARY, "Translation");
  wg_buf_add_le16(b, LANG_EN_US);
  wg_buf_add_le16(b, CODE_PAGE_UTF16);
  block_set16(b, var + 2, 4);
  return block_end(b, var, err) == WG_OK ? block_end(b, file_info, err) : err->code;
}

static void add_quad(wg_buf *b, const uint16_t quad[N_PARTS]) {
  wg_buf_add_le32(b, (uint32_t)quad[0] << 16 | quad[1]);
  wg_buf_add_le32(b, (uint32_t)quad[2] << 16 | quad[3]);
}

wg_code wg_rsrc_version_write(const wg_rsrc_version_info *info, wg_buf *out, wg_error *err) {
  bool has_product = info->product_version != NULL && info->product_version[0] != 0;
  const char *product_version = has_product ? info->product_version : info->file_version;
  uint16_t file[N_PARTS] = {0}, product[N_PARTS] = {0};
  bool file_pre = false, product_pre = false;
  if (wg_rsrc_version_parse(wg_str_of(info->file_version), file, &file_pre, err) != WG_OK ||
      wg_rsrc_version_parse(wg_str_of(product_version), product, &product_pre, err) != WG_OK) {
    return err->code;
  }
  // The block's own buffer: alignment counts from its start.
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, out->alloc, 0);
  size_t root = block_begin(&b, TYPE_BINARY, "VS_VERSION_INFO");
  wg_buf_add_le32(&b, 0xFEEF04BD);
  wg_buf_add_le32(&b, 0x00010000); // structure version 1.0
  add_quad(&b, file);
  add_quad(&b, product);
  wg_buf_add_le32(&b, FLAGS_MASK);
  wg_buf_add_le32(&b, file_pre ? FLAG_PRERELEASE : 0);
  wg_buf_add_le32(&b, OS_NT_WINDOWS32);
  wg_buf_add_le32(&b, info->is_dll ? FILE_TYPE_DLL : FILE_TYPE_APP);
  wg_buf_add_zeros(&b, 12); // subtype, date
  block_set16(&b, root + 2, FIXED_BYTES);
  if (add_strings(&b, info, product_version, err) != WG_OK || add_translation(&b, err) != WG_OK ||
      block_end(&b, root, err) != WG_OK) {
    return err->code;
  }
  wg_buf_add(out, b.p, b.n);
  return wg_buf_check(out, err);
}
