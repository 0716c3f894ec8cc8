#include "cli/reg/reg.h"

#include <string.h>

static const char *const reg_types[] = {
    "REG_NONE",
    "REG_SZ",
    "REG_EXPAND_SZ",
    "REG_BINARY",
    "REG_DWORD",
    "REG_DWORD_BIG_ENDIAN",
    "REG_LINK",
    "REG_MULTI_SZ",
    "REG_RESOURCE_LIST",
    "REG_FULL_RESOURCE_DESCRIPTOR",
    "REG_RESOURCE_REQUIREMENTS_LIST",
    "REG_QWORD",
};

const char *wg_reg_type_name(uint32_t type, char buf[16]) {
  if (type < WG_ARRAY_LEN(reg_types)) {
    return reg_types[type];
  }
  (void)wg_format(buf, 16, "0x%x", type);
  return buf;
}

bool wg_reg_type_parse(const char *s, uint32_t *out) {
  for (uint32_t i = 0; i < WG_ARRAY_LEN(reg_types); i++) {
    if (wg_str_eq_nocase(wg_str_of(s), reg_types[i]) ||
        wg_str_eq_nocase(wg_str_of(s), reg_types[i] + 4)) {
      *out = i;
      return true;
    }
  }
  uint64_t v = 0;
  wg_str t = wg_str_of(s);
  bool hex = wg_str_starts(t, "0x");
  if (hex ? !wg_parse_hex64((wg_str){t.p + 2, t.n - 2}, &v) : !wg_parse_u64(t, &v)) {
    return false;
  }
  *out = (uint32_t)v;
  return v <= UINT32_MAX;
}

static wg_code reg_parse_number(const char *text, unsigned n_bytes, wg_buf *out, wg_error *err) {
  wg_str t = wg_str_of(text);
  uint64_t v = 0;
  bool hex = wg_str_starts(t, "0x") || wg_str_starts(t, "0X");
  if ((hex ? !wg_parse_hex64((wg_str){t.p + 2, t.n - 2}, &v) : !wg_parse_u64(t, &v)) ||
      (n_bytes == 4 && v > UINT32_MAX)) {
    return wg_fail(err, WG_E_USAGE, "'%s' is not a number of %u bits (decimal, or hex with 0x)",
                   text, n_bytes * 8);
  }
  if (n_bytes == 4) {
    wg_buf_add_le32(out, (uint32_t)v);
  } else {
    wg_buf_add_le64(out, v);
  }
  return wg_buf_check(out, err);
}

// "a\0b" to a list, as reg.exe takes it.
static wg_code reg_parse_list(const char *text, wg_buf *out, wg_error *err) {
  wg_str rest = wg_str_of(text);
  while (rest.n > 0) {
    const char *sep = memmem(rest.p, rest.n, "\\0", 2);
    size_t n = sep == NULL ? rest.n : (size_t)(sep - rest.p);
    if (!wg_utf8_to_utf16le((wg_str){rest.p, n}, out)) {
      return wg_fail(err, WG_E_USAGE, "'%s' is not UTF-8 text", text);
    }
    if (n > 0) {
      wg_buf_add_le16(out, 0);
    }
    size_t skip = sep == NULL ? n : n + 2;
    rest = (wg_str){rest.p + skip, rest.n - skip};
  }
  wg_buf_add_le16(out, 0);
  return wg_buf_check(out, err);
}

wg_code wg_reg_parse_data(uint32_t type, const char *text, wg_buf *out, wg_error *err) {
  wg_str t = wg_str_of(text);
  switch (type) {
  case WG_REG_SZ:
  case WG_REG_EXPAND_SZ:
    if (!wg_utf8_to_utf16le(t, out)) {
      return wg_fail(err, WG_E_USAGE, "'%s' is not UTF-8 text", text);
    }
    wg_buf_add_le16(out, 0);
    return wg_buf_check(out, err);
  case WG_REG_MULTI_SZ:
    return reg_parse_list(text, out, err);
  case WG_REG_DWORD:
    return reg_parse_number(text, 4, out, err);
  case WG_REG_QWORD:
    return reg_parse_number(text, 8, out, err);
  default: {
    size_t at = out->n;
    wg_buf_add_zeros(out, t.n / 2);
    if (wg_buf_check(out, err) != WG_OK) {
      return err->code;
    }
    if (!wg_parse_hex(t, out->p + at, t.n / 2)) {
      return wg_fail(err, WG_E_USAGE, "'%s' is not an even number of hex digits", text);
    }
    return WG_OK;
  }
  }
}

static bool reg_epoch(uint64_t *out_s) {
  const char *epoch = wg_os_getenv("SOURCE_DATE_EPOCH");
  return epoch != NULL && wg_parse_u64(wg_str_of(epoch), out_s) && *out_s < (uint64_t)1 << 40;
}

uint64_t wg_reg_now(void) {
  uint64_t s = 0;
  return reg_epoch(&s) ? wg_filetime_of((int64_t)s)
                       : (uint64_t)(wg_os_wall_ns() / 100) + 116444736000000000U;
}

int64_t wg_reg_now_s(void) {
  uint64_t s = 0;
  return reg_epoch(&s) ? (int64_t)s : wg_os_wall_ns() / 1000000000;
}

wg_str wg_reg_key_arg(const char *hive_path, const char *arg) {
  const char *prefix = wg_hive_prefix_of(hive_path);
  wg_str below;
  if (arg == NULL) {
    return (wg_str){"", 0};
  }
  if (prefix != NULL && wg_hive_strip_prefix(wg_str_of(arg), prefix, &below)) {
    return below;
  }
  return wg_str_of(arg);
}
