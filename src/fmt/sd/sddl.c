// SPDX-License-Identifier: Apache-2.0
// Security descriptors as text (MS-DTYP 2.5.1).
#include <string.h>

#include "fmt/sd/int.h"

typedef struct sddl_name {
  const char *name;
  uint32_t value;
} sddl_name;

static const sddl_name sddl_rights[] = {
    {"GA", 0x10000000}, {"GR", 0x80000000}, {"GW", 0x40000000}, {"GX", 0x20000000},
    {"RC", 0x20000},    {"SD", 0x10000},    {"WD", 0x40000},    {"WO", 0x80000},
    {"RP", 0x10},       {"WP", 0x20},       {"CC", 0x1},        {"DC", 0x2},
    {"LC", 0x4},        {"SW", 0x8},        {"LO", 0x80},       {"DT", 0x40},
    {"CR", 0x100},      {"FA", 0x1F01FF},   {"FR", 0x120089},   {"FW", 0x120116},
    {"FX", 0x1200A0},   {"KA", 0xF003F},    {"KR", 0x20019},    {"KW", 0x20006},
    {"KX", 0x20019},    {"NR", 0x2},        {"NW", 0x1},        {"NX", 0x4},
};
static const sddl_name sddl_flags[] = {{"OI", 1},    {"CI", 2},    {"NP", 4},   {"IO", 8},
                                       {"ID", 0x10}, {"SA", 0x40}, {"FA", 0x80}};
static const sddl_name sddl_types[] = {{"A", 0}, {"D", 1}, {"AU", 2}, {"AL", 3}, {"ML", 0x11}};

// Well-known SIDs: alias, authority, up to two sub-authorities.
static const struct sddl_sid {
  const char *alias;
  uint8_t authority, n;
  uint32_t sub[2];
} sddl_sids[] = {
    {"WD", 1, 1, {0}},       {"CO", 3, 1, {0}},       {"CG", 3, 1, {1}},
    {"OW", 3, 1, {4}},       {"NU", 5, 1, {2}},       {"IU", 5, 1, {4}},
    {"SU", 5, 1, {6}},       {"AN", 5, 1, {7}},       {"ED", 5, 1, {9}},
    {"PS", 5, 1, {10}},      {"AU", 5, 1, {11}},      {"RC", 5, 1, {12}},
    {"SY", 5, 1, {18}},      {"LS", 5, 1, {19}},      {"NS", 5, 1, {20}},
    {"WR", 5, 1, {33}},      {"BA", 5, 2, {32, 544}}, {"BU", 5, 2, {32, 545}},
    {"BG", 5, 2, {32, 546}}, {"PU", 5, 2, {32, 547}}, {"AO", 5, 2, {32, 548}},
    {"SO", 5, 2, {32, 549}}, {"PO", 5, 2, {32, 550}}, {"BO", 5, 2, {32, 551}},
    {"RE", 5, 2, {32, 552}}, {"RU", 5, 2, {32, 554}}, {"RD", 5, 2, {32, 555}},
    {"NO", 5, 2, {32, 556}}, {"MU", 5, 2, {32, 558}}, {"LU", 5, 2, {32, 559}},
    {"IS", 5, 2, {32, 568}}, {"CY", 5, 2, {32, 569}}, {"ER", 5, 2, {32, 573}},
    {"HA", 5, 2, {32, 578}}, {"RM", 5, 2, {32, 580}}, {"AC", 15, 2, {2, 1}},
    {"LW", 16, 1, {4096}},   {"ME", 16, 1, {8192}},   {"MP", 16, 1, {8448}},
    {"HI", 16, 1, {12288}},  {"SI", 16, 1, {16384}},
};

static wg_code sddl_make_sid(uint64_t authority, const uint32_t *sub, uint8_t n, wg_arena *arena,
                             wg_str *out, wg_error *err) {
  uint8_t *p = wg_arena_get(arena, 8 + (size_t)n * 4);
  if (p == NULL) {
    return wg_arena_fail(arena, err);
  }
  p[0] = 1;
  p[1] = n;
  for (int i = 0; i < 6; i++) {
    p[2 + i] = (uint8_t)(authority >> (8 * (5 - i)) & 0xFF);
  }
  for (uint8_t i = 0; i < n; i++) {
    wg_put_le32(p + 8 + (size_t)i * 4, sub[i]);
  }
  *out = (wg_str){(const char *)p, 8 + (size_t)n * 4};
  return WG_OK;
}

// A number, decimal or 0x hex.
static bool sddl_number(wg_str s, uint64_t *out) {
  bool hex = s.n > 2 && s.p[0] == '0' && (s.p[1] == 'x' || s.p[1] == 'X');
  return hex ? wg_parse_hex64((wg_str){s.p + 2, s.n - 2}, out) : wg_parse_u64(s, out);
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): one number after the other
wg_code wg_sid_parse(wg_str text, wg_arena *arena, wg_str *out, wg_error *err) {
  for (size_t i = 0; i < WG_ARRAY_LEN(sddl_sids); i++) {
    if (wg_str_eq_nocase(text, sddl_sids[i].alias)) {
      return sddl_make_sid(sddl_sids[i].authority, sddl_sids[i].sub, sddl_sids[i].n, arena, out,
                           err);
    }
  }
  uint64_t part[17];
  size_t n = 0;
  bool ok = wg_str_starts(text, "S-1-") || wg_str_starts(text, "s-1-");
  for (wg_str rest = ok ? (wg_str){text.p + 4, text.n - 4} : text; ok && rest.n > 0;) {
    size_t len = wg_str_find(rest, '-');
    ok = n < 16 && sddl_number((wg_str){rest.p, len}, &part[n]) &&
         part[n] <= (n == 0 ? ((uint64_t)1 << 48) - 1 : UINT32_MAX);
    n++;
    size_t skip = len < rest.n ? len + 1 : len;
    ok = ok && !(skip > len && skip == rest.n); // no '-' at the end
    rest = (wg_str){rest.p + skip, rest.n - skip};
  }
  if (!ok || n < 2) {
    return wg_fail(err, WG_E_FORMAT,
                   "'%.*s' is not a SID: write S-1-... or an SDDL alias such as BA",
                   WG_STR_ARG(text));
  }
  uint32_t sub[15];
  for (size_t i = 1; i < n; i++) {
    sub[i - 1] = (uint32_t)part[i];
  }
  return sddl_make_sid(part[0], sub, (uint8_t)(n - 1), arena, out, err);
}

// Always S-1-...
static void sid_write(wg_str sid, wg_buf *out) {
  const uint8_t *p = (const uint8_t *)sid.p;
  if (sid.n < 8 || sid.n != 8 + (size_t)p[1] * 4) {
    return;
  }
  uint64_t authority = (uint64_t)wg_be16(p + 2) << 32 | wg_be32(p + 4);
  if (authority >> 32 != 0) {
    wg_buf_printf(out, "S-1-0x%llx", (unsigned long long)authority);
  } else {
    wg_buf_printf(out, "S-1-%llu", (unsigned long long)authority);
  }
  for (uint8_t i = 0; i < p[1]; i++) {
    wg_buf_printf(out, "-%u", wg_le32(p + 8 + (size_t)i * 4));
  }
}

typedef struct sddl_reader {
  wg_str text;
  size_t pos;
  wg_arena *arena;
} sddl_reader;

static bool sddl_take(sddl_reader *r, const char *word) {
  wg_str rest = {r->text.p + r->pos, r->text.n - r->pos};
  if (!wg_str_starts(rest, word)) {
    return false;
  }
  r->pos += strlen(word);
  return true;
}

// Up to (not including) one of the stop characters.
static wg_str sddl_until(sddl_reader *r, const char *stops) {
  size_t start = r->pos;
  while (r->pos < r->text.n && strchr(stops, r->text.p[r->pos]) == NULL) {
    r->pos++;
  }
  return (wg_str){r->text.p + start, r->pos - start};
}

// A run of two-letter names; false at an unknown one.
static bool sddl_letters(wg_str s, const sddl_name *names, size_t n_names, uint32_t *out) {
  uint32_t v = 0;
  for (size_t i = 0; i < s.n; i += 2) {
    size_t k = 0;
    while (k < n_names && (s.n - i < 2 || memcmp(names[k].name, s.p + i, 2) != 0)) {
      k++;
    }
    if (k == n_names) {
      return false;
    }
    v |= names[k].value;
  }
  *out = v;
  return true;
}

static bool sddl_type(wg_str s, uint8_t *out) {
  for (size_t i = 0; i < WG_ARRAY_LEN(sddl_types); i++) {
    if (wg_str_eqz(s, sddl_types[i].name)) {
      *out = (uint8_t)sddl_types[i].value;
      return true;
    }
  }
  return false;
}

// (type;flags;rights;object;inherit-object;sid)
// NOLINTNEXTLINE(readability-function-cognitive-complexity): one field after the other
static wg_code sddl_ace(sddl_reader *r, wg_ace *out, wg_error *err) {
  uint64_t at = r->pos;
  wg_str field[6];
  for (size_t i = 0; i < 6; i++) {
    r->pos++; // over '(' or ';'
    field[i] = sddl_until(r, i < 5 ? ";)" : ");");
    bool more = r->pos < r->text.n && r->text.p[r->pos] == (i < 5 ? ';' : ')');
    if (!more) {
      return wg_fail_at(err, i == 5 ? WG_E_UNSUPPORTED : WG_E_FORMAT, at,
                        "entry must be (type;flags;rights;;;sid)");
    }
  }
  r->pos++;
  uint32_t flags = 0, mask = 0;
  uint64_t number = 0;
  wg_str sid;
  if (!sddl_type(field[0], &out->type) || field[3].n > 0 || field[4].n > 0) {
    return wg_fail_at(err, WG_E_UNSUPPORTED, at,
                      "entry of type '%.*s': A, D, AU, AL and ML are known", WG_STR_ARG(field[0]));
  }
  if (!sddl_letters(field[1], sddl_flags, WG_ARRAY_LEN(sddl_flags), &flags)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "unknown entry flags '%.*s'", WG_STR_ARG(field[1]));
  }
  if (sddl_number(field[2], &number) && number <= UINT32_MAX) {
    mask = (uint32_t)number;
  } else if (!sddl_letters(field[2], sddl_rights, WG_ARRAY_LEN(sddl_rights), &mask)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "unknown rights '%.*s'", WG_STR_ARG(field[2]));
  }
  if (wg_sid_parse(field[5], r->arena, &sid, err) != WG_OK) {
    return err->code;
  }
  uint8_t *body = wg_arena_get(r->arena, 4 + sid.n);
  if (body == NULL) {
    return wg_arena_fail(r->arena, err);
  }
  wg_put_le32(body, mask);
  memcpy(body + 4, sid.p, sid.n);
  out->flags = (uint8_t)flags;
  out->body = (wg_str){(const char *)body, 4 + sid.n};
  return WG_OK;
}

// Flags and entries after "D:" or "S:". *control gets the DACL's bits; the caller shifts them.
static wg_code sddl_acl(sddl_reader *r, wg_acl *out, uint16_t *control, wg_error *err) {
  *control = WG_SD_DACL_PRESENT;
  for (;;) {
    if (sddl_take(r, "NO_ACCESS_CONTROL")) {
      return WG_OK; // present, but null
    }
    if (sddl_take(r, "AI")) {
      *control |= WG_SD_DACL_AUTO_INHERITED;
    } else if (sddl_take(r, "AR")) {
      *control |= 0x0100;
    } else if (sddl_take(r, "P")) {
      *control |= WG_SD_DACL_PROTECTED;
    } else {
      break;
    }
  }
  size_t n_max = 0;
  for (size_t i = r->pos; i < r->text.n; i++) {
    n_max += r->text.p[i] == '(' ? 1 : 0;
  }
  wg_ace *aces = wg_arena_new_array(r->arena, wg_ace, n_max + 1);
  if (aces == NULL) {
    return wg_arena_fail(r->arena, err);
  }
  size_t n = 0;
  while (r->pos < r->text.n && r->text.p[r->pos] == '(') {
    if (sddl_ace(r, &aces[n++], err) != WG_OK) {
      return err->code;
    }
  }
  *out = (wg_acl){.present = true, .revision = 2, .aces = aces, .n_aces = n};
  return WG_OK;
}

// NOLINTNEXTLINE(readability-function-cognitive-complexity): one part after the other
wg_code wg_sddl_parse(wg_str text, wg_arena *arena, wg_sd *out, wg_error *err) {
  sddl_reader r = {.text = text, .arena = arena};
  wg_sd sd = {.control = WG_SD_SELF_RELATIVE};
  if (text.n > 65536) {
    return wg_fail(err, WG_E_LIMIT, "SDDL of %zu bytes; the limit is 65536", text.n);
  }
  while (r.pos < text.n) {
    uint16_t control = 0;
    uint64_t at = r.pos;
    wg_code code = WG_OK;
    if (sddl_take(&r, "O:") || sddl_take(&r, "G:")) {
      bool owner = text.p[at] == 'O';
      // A SID ends where the next part ("G:", "D:", "S:") begins: two letters or S-1-...
      wg_str rest = {text.p + r.pos, text.n - r.pos};
      size_t n = wg_str_starts(rest, "S-1-") ? 4 : 2;
      while (n > 2 && n < rest.n &&
             ((rest.p[n] >= '0' && rest.p[n] <= '9') || rest.p[n] == '-' || rest.p[n] == 'x')) {
        n++;
      }
      n = n < rest.n ? n : rest.n;
      code = wg_sid_parse((wg_str){rest.p, n}, arena, owner ? &sd.owner : &sd.group, err);
      r.pos += n;
    } else if (sddl_take(&r, "D:")) {
      code = sddl_acl(&r, &sd.dacl, &control, err);
      sd.control |= control;
    } else if (sddl_take(&r, "S:")) {
      code = sddl_acl(&r, &sd.sacl, &control, err);
      // SACL bits: present 0x10, auto-inherit-required 0x200, inherited 0x800, protected 0x2000.
      sd.control |= (uint16_t)((control & WG_SD_DACL_PRESENT) << 2 | (control & 0x1500) << 1);
    } else {
      return wg_fail_at(err, WG_E_FORMAT, at, "expected O:, G:, D: or S:");
    }
    if (code != WG_OK) {
      return code;
    }
  }
  *out = sd;
  return WG_OK;
}

static void sddl_put_sid(wg_str sid, wg_buf *out) {
  for (size_t i = 0; i < WG_ARRAY_LEN(sddl_sids); i++) {
    const struct sddl_sid *k = &sddl_sids[i];
    const uint8_t *p = (const uint8_t *)sid.p;
    if (sid.n == 8 + (size_t)k->n * 4 && p[7] == k->authority && wg_le32(p + 8) == k->sub[0] &&
        (k->n == 1 || wg_le32(p + 12) == k->sub[1]) && wg_le32(p + 2) == 0 && p[6] == 0) {
      wg_buf_add_z(out, k->alias);
      return;
    }
  }
  sid_write(sid, out);
}

static void sddl_put_ace(const wg_ace *a, wg_buf *out) {
  const char *type = NULL;
  for (size_t i = 0; i < WG_ARRAY_LEN(sddl_types); i++) {
    type = sddl_types[i].value == a->type ? sddl_types[i].name : type;
  }
  wg_str sid;
  if (type == NULL || !wg_sd_ace_sid(a, &sid) || a->body.n != 4 + sid.n) {
    wg_buf_printf(out, "(0x%02x;0x%02x;", a->type, a->flags);
    wg_buf_add_hex(out, a->body.p, a->body.n);
    wg_buf_add_byte(out, ')');
    return;
  }
  wg_buf_printf(out, "(%s;", type);
  for (size_t i = 0; i < WG_ARRAY_LEN(sddl_flags); i++) {
    if ((a->flags & sddl_flags[i].value) != 0) {
      wg_buf_add_z(out, sddl_flags[i].name);
    }
  }
  uint32_t mask = wg_le32((const uint8_t *)a->body.p);
  const char *right = NULL;
  for (size_t i = 0; i < WG_ARRAY_LEN(sddl_rights) && a->type != 0x11; i++) {
    right = right == NULL && sddl_rights[i].value == mask ? sddl_rights[i].name : right;
  }
  if (right != NULL) {
    wg_buf_printf(out, ";%s;;;", right);
  } else {
    wg_buf_printf(out, ";0x%x;;;", mask);
  }
  sddl_put_sid(sid, out);
  wg_buf_add_byte(out, ')');
}

static void sddl_put_acl(const char *head, const wg_acl *acl, bool present, uint16_t control,
                         wg_buf *out) {
  if (!present) {
    return;
  }
  wg_buf_add_z(out, head);
  wg_buf_add_z(out, (control & WG_SD_DACL_PROTECTED) != 0 ? "P" : "");
  wg_buf_add_z(out, (control & 0x0100) != 0 ? "AR" : "");
  wg_buf_add_z(out, (control & WG_SD_DACL_AUTO_INHERITED) != 0 ? "AI" : "");
  if (!acl->present) {
    wg_buf_add_z(out, "NO_ACCESS_CONTROL");
  }
  for (size_t i = 0; i < acl->n_aces; i++) {
    sddl_put_ace(&acl->aces[i], out);
  }
}

void wg_sddl_write(const wg_sd *sd, wg_buf *out) {
  if (sd->owner.n > 0) {
    wg_buf_add_z(out, "O:");
    sddl_put_sid(sd->owner, out);
  }
  if (sd->group.n > 0) {
    wg_buf_add_z(out, "G:");
    sddl_put_sid(sd->group, out);
  }
  sddl_put_acl("D:", &sd->dacl, (sd->control & WG_SD_DACL_PRESENT) != 0, sd->control, out);
  sddl_put_acl("S:", &sd->sacl, (sd->control & WG_SD_SACL_PRESENT) != 0,
               (uint16_t)(sd->control >> 1), out);
}
