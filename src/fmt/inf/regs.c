// SPDX-License-Identifier: Apache-2.0
// AddReg, DelReg, BitReg: lines to what the registry is to hold.
#include <string.h>

#include "fmt/inf/driver_int.h"
#include "fmt/regf/regf.h"

// Types of AddReg as flags have them (setupapi.h), and as the registry has them.
#define ADDREG_TYPE_MASK 0xFFFF0001U
#define ADDREG_BINARY 0x00000001U
#define ADDREG_MULTI_SZ 0x00010000U
#define ADDREG_DWORD 0x00010001U
#define ADDREG_EXPAND_SZ 0x00020000U
#define ADDREG_NONE 0x00020001U
#define DELREG_BIT 0x00008000U
bool wg_drv_is_reg(wg_str key, wg_inf_reg_op *out) {
  static const struct {
    const char *key;
    wg_inf_reg_op op;
  } ops[] = {{"AddReg", WG_INF_REG_ADD}, {"DelReg", WG_INF_REG_DEL}, {"BitReg", WG_INF_REG_BIT}};
  for (size_t i = 0; i < sizeof(ops) / sizeof(*ops); i++) {
    if (wg_str_eq_nocase(key, ops[i].key)) {
      *out = ops[i].op;
      return true;
    }
  }
  return false;
}

static uint32_t regs_type(uint32_t flags) {
  switch (flags & ADDREG_TYPE_MASK) {
  case 0:
    return WG_REG_SZ;
  case ADDREG_BINARY:
    return WG_REG_BINARY;
  case ADDREG_MULTI_SZ:
    return WG_REG_MULTI_SZ;
  case ADDREG_DWORD:
    return WG_REG_DWORD;
  case ADDREG_EXPAND_SZ:
    return WG_REG_EXPAND_SZ;
  case ADDREG_NONE:
    return WG_REG_NONE;
  default:
    return flags >> 16;
  }
}

// Strings from field 4 on, in UTF-16LE with their NUL; a list has one more at its end.
static bool regs_strings(drv *d, const wg_inf *from, const wg_inf_line *l, bool list, wg_buf *out) {
  uint32_t n = list ? l->n_fields : (l->n_fields > 5 ? 5 : l->n_fields);
  (void)d;
  for (uint32_t i = 4; i < n; i++) {
    wg_str text = wg_inf_field_text(from, l, i);
    if (list && text.n == 0) {
      continue; // a list has no empty item
    }
    if (!wg_utf8_to_utf16le(text, out)) {
      return false;
    }
    wg_buf_add_le16(out, 0);
  }
  if (list || n <= 4) {
    wg_buf_add_le16(out, 0);
  }
  return true;
}

// Bytes in hexadecimal, one a field.
static bool regs_binary(const wg_inf *from, const wg_inf_line *l, wg_buf *out) {
  for (uint32_t i = 4; i < l->n_fields; i++) {
    wg_str text = wg_inf_field_text(from, l, i);
    uint64_t byte = 0;
    if (wg_str_starts(text, "0x") || wg_str_starts(text, "0X")) {
      text = (wg_str){text.p + 2, text.n - 2};
    }
    if (text.n == 0 && i + 1 == l->n_fields) {
      break; // a comma at the end
    }
    if (!wg_parse_hex64(text, &byte) || byte > 0xFF) {
      return false;
    }
    wg_buf_add_byte(out, (uint8_t)byte);
  }
  return true;
}

static bool regs_dword(const wg_inf *from, const wg_inf_line *l, wg_buf *out) {
  uint32_t v = 0;
  if (l->n_fields > 5) {
    return regs_binary(from, l, out);
  }
  if (l->n_fields == 5) {
    wg_str text = wg_inf_field_text(from, l, 4);
    if (text.n > 0 && !wg_inf_number(text, &v)) {
      return false;
    }
  }
  wg_buf_add_le32(out, v);
  return true;
}

static wg_code regs_data(drv *d, const wg_inf *from, const wg_inf_line *l, wg_inf_reg *r) {
  WG_AUTO(wg_buf) data = {0};
  wg_buf_init(&data, d->arena->alloc, 0);
  r->type = regs_type(r->flags);
  bool binary = (r->flags & 1U) != 0;
  bool good = r->type == WG_REG_DWORD && binary ? regs_dword(from, l, &data)
              : binary                          ? regs_binary(from, l, &data)
                       : regs_strings(d, from, l, r->type == WG_REG_MULTI_SZ, &data);
  if (wg_buf_check(&data, d->err) != WG_OK) {
    return d->err->code;
  }
  if (!good) {
    return wg_drv_fail(d, l->line, "'%.*s' is no value of that type",
                       WG_STR_ARG(wg_inf_field_text(from, l, 4)));
  }
  r->data =
      (const uint8_t *)wg_arena_strndup(d->arena, data.n == 0 ? "" : (const char *)data.p, data.n);
  r->n_bytes = (uint32_t)data.n;
  return r->data == NULL ? wg_arena_fail(d->arena, d->err) : WG_OK;
}

static bool regs_root(wg_str text, wg_str *out) {
  static const char *const names[][2] = {{"HKR", "HKR"},
                                         {"HKLM", "HKLM"},
                                         {"HKCR", "HKCR"},
                                         {"HKCU", "HKCU"},
                                         {"HKU", "HKU"},
                                         {"HKEY_LOCAL_MACHINE", "HKLM"},
                                         {"HKEY_CLASSES_ROOT", "HKCR"},
                                         {"HKEY_CURRENT_USER", "HKCU"},
                                         {"HKEY_USERS", "HKU"}};
  for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
    if (wg_str_eq_nocase(text, names[i][0])) {
      *out = wg_str_of(names[i][1]);
      return true;
    }
  }
  return false;
}

static wg_str regs_trim(wg_str s) {
  while (s.n > 0 && s.p[0] == '\\') {
    s = (wg_str){s.p + 1, s.n - 1};
  }
  while (s.n > 0 && s.p[s.n - 1] == '\\') {
    s.n--;
  }
  return s;
}

static wg_code regs_line(drv *d, const wg_inf *from, wg_inf_reg_op op, const wg_inf_line *l,
                         drv_vec *out) {
  wg_str root;
  // "HKR=..." has its root as a key: SetupAPI takes field 1, which is what follows.
  if (!regs_root(wg_inf_field_text(from, l, 0), &root)) {
    return wg_drv_unhandled(d, from, WG_STR("AddReg"), wg_inf_field_text(from, l, 0), l->line);
  }
  uint32_t flags = wg_drv_number(from, l, 3, 0);
  if (op == WG_INF_REG_ADD && (flags & DELREG_BIT) != 0) {
    return WG_OK; // both sections may be one: each takes its own lines
  }
  if (op == WG_INF_REG_DEL && flags != 0 &&
      (flags & (DELREG_BIT | WG_INF_KEYONLY_COMMON | WG_INF_32BITKEY)) == 0) {
    return WG_OK;
  }
  wg_inf_reg *r = wg_drv_push(d, out, sizeof(*r));
  if (r == NULL) {
    return d->err->code;
  }
  *r = (wg_inf_reg){.op = op,
                    .root = root,
                    .key = regs_trim(wg_inf_field_text(from, l, 1)),
                    .name = wg_inf_field_text(from, l, 2),
                    .flags = flags,
                    .from = from,
                    .line = l->line};
  if (op == WG_INF_REG_BIT) {
    r->bit_mask = wg_drv_number(from, l, 4, 0);
    r->bit_byte = wg_drv_number(from, l, 5, 0);
    return WG_OK;
  }
  if (op == WG_INF_REG_DEL
          ? l->n_fields < 5
          : (flags & (WG_INF_KEYONLY | WG_INF_KEYONLY_COMMON | WG_INF_DELVAL)) != 0) {
    return WG_OK;
  }
  return regs_data(d, from, l, r);
}

static wg_code regs_section(drv *d, const wg_inf *from, wg_inf_reg_op op, wg_str section,
                            drv_vec *out) {
  const wg_inf_section *s = wg_inf_section_of(from, section);
  if (s == NULL) {
    return wg_drv_unhandled(d, from, section, WG_STR("(no such section)"), 0);
  }
  if (wg_drv_work(d, s->n_lines) != WG_OK) {
    return d->err->code;
  }
  for (uint32_t i = 0; i < s->n_lines; i++) {
    if (regs_line(d, from, op, &s->lines[i], out) != WG_OK) {
      return d->err->code;
    }
  }
  return WG_OK;
}

wg_code wg_drv_reg_line(drv *d, const wg_inf *from, const wg_inf_line *l, drv_vec *out) {
  wg_inf_reg_op op = WG_INF_REG_ADD;
  if (!wg_drv_is_reg(wg_drv_key(from, l), &op)) {
    return WG_OK;
  }
  for (uint32_t i = 0; i < l->n_fields; i++) {
    wg_str section = wg_inf_field_text(from, l, i);
    if (section.n > 0 && regs_section(d, from, op, section, out) != WG_OK) {
      return d->err->code;
    }
  }
  return WG_OK;
}
