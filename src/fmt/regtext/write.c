// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "fmt/regtext/regtext.h"

#define WRITE_LINE_MAX 77U // where regedit breaks hex lines

void wg_regtext_begin(wg_buf *out) {
  wg_buf_add_z(out, "Windows Registry Editor Version 5.00\r\n");
}

void wg_regtext_put_key(wg_buf *out, wg_str key, bool delete_it) {
  wg_buf_add_z(out, delete_it ? "\r\n[-" : "\r\n[");
  wg_buf_add_str(out, key);
  wg_buf_add_z(out, "]\r\n");
}

static void write_quoted(wg_buf *out, wg_str s) {
  wg_buf_add_byte(out, '"');
  for (size_t i = 0; i < s.n; i++) {
    if (s.p[i] == '"' || s.p[i] == '\\') {
      wg_buf_add_byte(out, '\\');
    }
    wg_buf_add_byte(out, (uint8_t)s.p[i]);
  }
  wg_buf_add_byte(out, '"');
}

static void write_name(wg_buf *out, wg_str name) {
  if (name.n == 0) {
    wg_buf_add_byte(out, '@');
  } else {
    write_quoted(out, name);
  }
  wg_buf_add_byte(out, '=');
}

void wg_regtext_put_delete_value(wg_buf *out, wg_str name) {
  write_name(out, name);
  wg_buf_add_z(out, "-\r\n");
}

// A string that the quoted form gives back exactly: whole units, one NUL, at the end; no line
// breaks (not every importer reads on over them), no lone surrogates (the file is real UTF-16).
static bool write_is_plain_string(const uint8_t *p, uint32_t n) {
  if (n < 2 || n % 2 != 0 || wg_le16(p + n - 2) != 0) {
    return false;
  }
  for (uint32_t i = 0; i + 2 < n; i += 2) {
    uint16_t u = wg_le16(p + i);
    if (u < 0x20 || u == 0xFFFE || u == 0xFFFF || (u >= 0xD800 && u <= 0xDFFF)) {
      return false;
    }
  }
  return true;
}

static void write_hex(wg_buf *out, size_t line_start, uint32_t type, const uint8_t *p, uint32_t n) {
  if (type == 3) {
    wg_buf_add_z(out, "hex:");
  } else {
    wg_buf_printf(out, "hex(%x):", type);
  }
  for (uint32_t i = 0; i < n; i++) {
    wg_buf_printf(out, i + 1 < n ? "%02x," : "%02x", p[i]);
    if (out->n - line_start >= WRITE_LINE_MAX - 1 && i + 1 < n) {
      wg_buf_add_z(out, "\\\r\n  ");
      line_start = out->n - 2;
    }
  }
}

void wg_regtext_put_value(wg_buf *out, wg_str name, uint32_t type, const void *data,
                          uint32_t n_bytes) {
  size_t line_start = out->n;
  const uint8_t *p = data;
  write_name(out, name);
  if (type == 1 && write_is_plain_string(p, n_bytes)) {
    WG_AUTO(wg_buf) text = {0};
    wg_buf_init(&text, out->alloc, 0);
    bool ok = wg_utf16le_to_utf8(p, n_bytes - 2, &text);
    out->failed = out->failed || !ok || text.failed;
    write_quoted(out, wg_buf_str(&text));
  } else if (type == 4 && n_bytes == 4) {
    wg_buf_printf(out, "dword:%08x", wg_le32(p));
  } else {
    write_hex(out, line_start, type, p, n_bytes);
  }
  wg_buf_add_z(out, "\r\n");
}

wg_code wg_regtext_finish(wg_str utf8_text, wg_buf *out, wg_error *err) {
  wg_buf_add_le16(out, 0xFEFF);
  if (!wg_utf8_to_utf16le(utf8_text, out)) {
    return wg_fail(err, WG_E_BUG, "registry text that we made is not UTF-8");
  }
  return wg_buf_check(out, err);
}
