// SPDX-License-Identifier: Apache-2.0
#include "image/reg/value.h"

#include <string.h>

#include "os/mem.h"

static const char *const value_types[] = {
    [WG_REG_NONE] = "REG_NONE",
    [WG_REG_SZ] = "REG_SZ",
    [WG_REG_EXPAND_SZ] = "REG_EXPAND_SZ",
    [WG_REG_BINARY] = "REG_BINARY",
    [WG_REG_DWORD] = "REG_DWORD",
    [WG_REG_DWORD_BE] = "REG_DWORD_BIG_ENDIAN",
    [WG_REG_LINK] = "REG_LINK",
    [WG_REG_MULTI_SZ] = "REG_MULTI_SZ",
    [WG_REG_RESOURCE_LIST] = "REG_RESOURCE_LIST",
    [WG_REG_FULL_RESOURCE] = "REG_FULL_RESOURCE_DESCRIPTOR",
    [WG_REG_RESOURCE_REQ] = "REG_RESOURCE_REQUIREMENTS_LIST",
    [WG_REG_QWORD] = "REG_QWORD",
};

const char *const wg_regtype_hint =
    "types are sz, expand_sz, multi_sz, dword, qword, binary (hex digits), none, or a number";

const char *wg_regtype_name(uint32_t type, char buf[WG_REGTYPE_NAME_BYTES]) {
  if (type < WG_ARRAY_LEN(value_types)) {
    return value_types[type];
  }
  (void)wg_format(buf, WG_REGTYPE_NAME_BYTES, "0x%x", type);
  return buf;
}

static bool value_unsigned(wg_str t, uint64_t *out) {
  bool hex = wg_str_starts(t, "0x") || wg_str_starts(t, "0X");
  return hex ? wg_parse_hex64((wg_str){t.p + 2, t.n - 2}, out) : wg_parse_u64(t, out);
}

bool wg_regtype_parse(const char *s, uint32_t *out) {
  for (uint32_t i = 0; i < WG_ARRAY_LEN(value_types); i++) {
    if (wg_str_eq_nocase(wg_str_of(s), value_types[i]) ||
        wg_str_eq_nocase(wg_str_of(s), value_types[i] + 4)) {
      *out = i;
      return true;
    }
  }
  uint64_t v = 0;
  if (!value_unsigned(wg_str_of(s), &v) || v > UINT32_MAX) {
    return false;
  }
  *out = (uint32_t)v;
  return true;
}

bool wg_regnumber_parse(const char *s, unsigned n_bytes, uint64_t *out) {
  wg_str t = wg_str_of(s);
  uint64_t v = 0, max = n_bytes == 4 ? UINT32_MAX : UINT64_MAX;
  bool minus = t.n > 1 && t.p[0] == '-';
  if (!value_unsigned(minus ? (wg_str){t.p + 1, t.n - 1} : t, &v)) {
    return false;
  }
  if (minus) {
    if (v == 0 || v > max / 2 + 1) {
      return false;
    }
    v = (~v + 1) & max;
  }
  if (v > max) {
    return false;
  }
  *out = v;
  return true;
}

bool wg_reghex_parse(const char *s, wg_buf *out) {
  WG_AUTO(wg_buf) digits = {0};
  wg_buf_init(&digits, wg_heap(), 0);
  for (const char *p = s; *p != '\0'; p++) {
    if (*p != ' ' && *p != ',') {
      wg_buf_add_byte(&digits, (uint8_t)*p);
    }
  }
  size_t at = out->n;
  wg_buf_add_zeros(out, digits.n / 2);
  return !out->failed &&
         (digits.n == 0 || wg_parse_hex(wg_buf_str(&digits), out->p + at, digits.n / 2));
}

// "a\0b" to a list, as reg.exe takes it; "a\0\0b" has an empty item.
static wg_code value_parse_list(const char *text, wg_buf *out, wg_error *err) {
  wg_str rest = wg_str_of(text);
  while (rest.n > 0) {
    const char *sep = memmem(rest.p, rest.n, "\\0", 2);
    size_t n = sep == NULL ? rest.n : (size_t)(sep - rest.p);
    if (!wg_utf8_to_utf16le((wg_str){rest.p, n}, out)) {
      return wg_fail(err, WG_E_USAGE, "'%s' is not UTF-8 text", text);
    }
    wg_buf_add_le16(out, 0);
    size_t skip = sep == NULL ? n : n + 2;
    rest = (wg_str){rest.p + skip, rest.n - skip};
  }
  wg_buf_add_le16(out, 0);
  return wg_buf_check(out, err);
}

static wg_code value_parse_number(const char *text, unsigned n_bytes, wg_buf *out, wg_error *err) {
  uint64_t v = 0;
  if (!wg_regnumber_parse(text, n_bytes, &v)) {
    return wg_fail(err, WG_E_USAGE, "'%s' is not a number of %u bits (decimal, or hex with 0x)",
                   text, n_bytes * 8);
  }
  if (n_bytes == 4) {
    wg_buf_add_le32(out, (uint32_t)(v & UINT32_MAX));
  } else {
    wg_buf_add_le64(out, v);
  }
  return wg_buf_check(out, err);
}

wg_code wg_regdata_parse(uint32_t type, const char *text, wg_buf *out, wg_error *err) {
  switch (type) {
  case WG_REG_SZ:
  case WG_REG_EXPAND_SZ:
    if (!wg_utf8_to_utf16le(wg_str_of(text), out)) {
      return wg_fail(err, WG_E_USAGE, "'%s' is not UTF-8 text", text);
    }
    wg_buf_add_le16(out, 0);
    return wg_buf_check(out, err);
  case WG_REG_MULTI_SZ:
    return value_parse_list(text, out, err);
  case WG_REG_DWORD:
    return value_parse_number(text, 4, out, err);
  case WG_REG_QWORD:
    return value_parse_number(text, 8, out, err);
  default:
    if (!wg_reghex_parse(text, out)) {
      return wg_fail(err, WG_E_USAGE, "'%s' is not an even number of hex digits", text);
    }
    return WG_OK;
  }
}

// UTF-16 text with NULs as "\0", without the one that ends a text, or the two that end a list. A
// list's last item, when it is empty, has its own shown: what stands here is what -d takes.
static void text_of_units(const wg_regvalue *v, wg_buf *out) {
  bool list = v->type == WG_REG_MULTI_SZ;
  uint32_t n = v->n_bytes & ~1U, start = 0;
  for (unsigned k = 0; k < (list ? 2 : 1) && n >= 2 && wg_le16(v->data + n - 2) == 0; k++) {
    n -= 2;
  }
  bool empty_last = list && n + 4 <= v->n_bytes && (n == 0 || wg_le16(v->data + n - 2) == 0);
  for (uint32_t i = 0; i <= n; i += 2) {
    if (i == n || wg_le16(v->data + i) == 0) {
      if (!wg_utf16le_to_utf8(v->data + start, i - start, out)) {
        return;
      }
      if (i < n || empty_last) {
        wg_buf_add_z(out, "\\0");
      }
      start = i + 2;
    }
  }
}

void wg_regvalue_text(const wg_regvalue *v, wg_buf *out) {
  bool text = v->type == WG_REG_SZ || v->type == WG_REG_EXPAND_SZ || v->type == WG_REG_MULTI_SZ;
  if (text && v->n_bytes % 2 == 0) {
    text_of_units(v, out);
  } else if (v->type == WG_REG_DWORD && v->n_bytes == 4) {
    wg_buf_printf(out, "0x%x", wg_le32(v->data));
  } else if (v->type == WG_REG_QWORD && v->n_bytes == 8) {
    wg_buf_printf(out, "0x%llx", (unsigned long long)wg_le64(v->data));
  } else {
    wg_buf_add_hex(out, v->data, v->n_bytes);
  }
}
