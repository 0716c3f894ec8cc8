// SPDX-License-Identifier: Apache-2.0
// Security descriptors of what is put into an image.
#include "base/utf.h"
#include "fmt/sd/sd.h"
#include "image/tree/edit.h"

// SYSTEM's token: what it makes is owned by Administrators, with SYSTEM as the group.
#define SECURITY_OWNER WG_STR("BA")
#define SECURITY_GROUP WG_STR("SY")

// The nearest folder above with a descriptor; WG_WIM_NO_SECURITY when there is none.
static uint32_t security_above(const wg_wim_tree *t, uint32_t entry) {
  uint32_t up = t->entries[entry].parent;
  while (up != WG_WIM_NO_ENTRY && t->entries[up].security == WG_WIM_NO_SECURITY) {
    up = t->entries[up].parent;
  }
  return up == WG_WIM_NO_ENTRY ? WG_WIM_NO_SECURITY : t->entries[up].security;
}

static wg_code security_make(wg_image_edit *e, uint32_t from, bool is_dir, uint32_t *out,
                             wg_error *err) {
  wg_wim_tree *t = e->tree;
  wg_sd parent, made;
  wg_str owner, group;
  WG_AUTO(wg_buf) b = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_str was = t->descriptors[from];
  if (wg_sd_parse(was.p, was.n, e->arena, &parent, err) != WG_OK) {
    return wg_wrap(err, "security descriptor %u of the base", (unsigned)from);
  }
  if (wg_sid_parse(SECURITY_OWNER, e->arena, &owner, err) != WG_OK ||
      wg_sid_parse(SECURITY_GROUP, e->arena, &group, err) != WG_OK ||
      wg_sd_inherit(&parent, is_dir, owner, group, e->arena, &made, err) != WG_OK) {
    return err->code;
  }
  wg_sd_write(&made, &b);
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  char *bytes = wg_arena_strndup(e->arena, b.p, b.n);
  if (bytes == NULL) {
    return wg_arena_fail(e->arena, err);
  }
  return wg_wim_tree_descriptor(t, (wg_str){bytes, b.n}, out, err);
}

wg_code wg_image_edit_inherit(wg_image_edit *e, uint32_t entry, wg_error *err) {
  uint32_t from = security_above(e->tree, entry), id = 0;
  bool is_dir = (e->tree->entries[entry].attributes & WG_WIM_ATTR_DIRECTORY) != 0;
  if (from == WG_WIM_NO_SECURITY) {
    return WG_OK;
  }
  size_t slot = (size_t)from * 2 + (is_dir ? 1 : 0);
  if (slot >= e->n_inherited) {
    size_t n = slot + slot / 2 + 64;
    uint32_t *v = wg_arena_new_array(e->arena, uint32_t, n);
    if (v == NULL) {
      return wg_arena_fail(e->arena, err);
    }
    for (size_t i = 0; i < e->n_inherited; i++) {
      v[i] = e->inherited[i];
    }
    e->inherited = v;
    e->n_inherited = n;
  }
  if (e->inherited[slot] == 0) {
    if (security_make(e, from, is_dir, &id, err) != WG_OK) {
      return err->code;
    }
    e->inherited[slot] = id + 1;
  }
  e->tree->entries[entry].security = e->inherited[slot] - 1;
  return WG_OK;
}

// The entry's own descriptor, or one with the owner, group and list that SYSTEM's token gives.
static wg_code security_start(wg_image_edit *e, uint32_t entry, wg_sd *out, wg_error *err) {
  const wg_wim_entry *x = &e->tree->entries[entry];
  if (x->security != WG_WIM_NO_SECURITY) {
    wg_str was = e->tree->descriptors[x->security];
    return wg_sd_parse(was.p, was.n, e->arena, out, err);
  }
  wg_str owner, group;
  const wg_sd none = {0};
  bool is_dir = (x->attributes & WG_WIM_ATTR_DIRECTORY) != 0;
  if (wg_sid_parse(SECURITY_OWNER, e->arena, &owner, err) != WG_OK ||
      wg_sid_parse(SECURITY_GROUP, e->arena, &group, err) != WG_OK) {
    return err->code;
  }
  return wg_sd_inherit(&none, is_dir, owner, group, e->arena, out, err);
}

#define SECURITY_DACL_BITS                                                                         \
  (WG_SD_DACL_PRESENT | WG_SD_DACL_AUTO_INHERITED | WG_SD_DACL_PROTECTED | 0x0008U | 0x0100U)
#define SECURITY_SACL_BITS                                                                         \
  (WG_SD_SACL_PRESENT | WG_SD_SACL_AUTO_INHERITED | WG_SD_SACL_PROTECTED | 0x0020U | 0x0200U)

static uint16_t security_control(uint16_t was, uint16_t given, uint16_t bits) {
  return (uint16_t)((was & (uint16_t)~bits) | (given & bits));
}

// The parts that the text names.
static wg_code security_overlay(wg_image_edit *e, const char *sddl, wg_sd *sd, wg_error *err) {
  wg_sd given;
  if (wg_sddl_parse(wg_str_of(sddl), e->arena, &given, err) != WG_OK) {
    return wg_wrap(err, "sddl '%s'", sddl);
  }
  sd->owner = given.owner.n > 0 ? given.owner : sd->owner;
  sd->group = given.group.n > 0 ? given.group : sd->group;
  if (given.dacl.present) {
    sd->dacl = given.dacl;
    sd->control = security_control(sd->control, given.control, SECURITY_DACL_BITS);
  }
  if (given.sacl.present) {
    sd->sacl = given.sacl;
    sd->control = security_control(sd->control, given.control, SECURITY_SACL_BITS);
  }
  return WG_OK;
}

wg_code wg_image_edit_describe(wg_image_edit *e, uint32_t entry, const wg_image_change *c,
                               wg_error *err) {
  wg_sd sd = {0};
  uint32_t id = 0;
  WG_AUTO(wg_buf) b = {0};
  WG_AUTO(wg_buf) sid = {0};
  wg_buf_init(&b, wg_heap(), 0);
  wg_buf_init(&sid, wg_heap(), 0);
  if (security_start(e, entry, &sd, err) != WG_OK ||
      (c->sddl != NULL && security_overlay(e, c->sddl, &sd, err) != WG_OK)) {
    return err->code;
  }
  if (c->owner != NULL && (wg_image_account_sid(c->owner, &sid, err) != WG_OK ||
                           wg_sid_parse(wg_buf_str(&sid), e->arena, &sd.owner, err) != WG_OK)) {
    return wg_wrap(err, "owner");
  }
  wg_sd_write(&sd, &b);
  if (wg_buf_check(&b, err) != WG_OK) {
    return err->code;
  }
  char *bytes = wg_arena_strndup(e->arena, b.p, b.n);
  if (bytes == NULL) {
    return wg_arena_fail(e->arena, err);
  }
  if (wg_wim_tree_descriptor(e->tree, (wg_str){bytes, b.n}, &id, err) != WG_OK) {
    return err->code;
  }
  e->tree->entries[entry].security = id;
  return WG_OK;
}

// Accounts that are the same on every machine: MS-DTYP 2.4.2.4.
static const struct {
  const char *name, *authority, *sid;
} security_accounts[] = {
    {"SYSTEM", "NT AUTHORITY", "S-1-5-18"},
    {"LocalSystem", NULL, "S-1-5-18"},
    {"LocalService", NULL, "S-1-5-19"},
    {"LOCAL SERVICE", "NT AUTHORITY", "S-1-5-19"},
    {"NetworkService", NULL, "S-1-5-20"},
    {"NETWORK SERVICE", "NT AUTHORITY", "S-1-5-20"},
    {"Administrators", "BUILTIN", "S-1-5-32-544"},
    {"Users", "BUILTIN", "S-1-5-32-545"},
    {"Guests", "BUILTIN", "S-1-5-32-546"},
    {"Power Users", "BUILTIN", "S-1-5-32-547"},
    {"Backup Operators", "BUILTIN", "S-1-5-32-551"},
    {"Everyone", NULL, "S-1-1-0"},
    {"CREATOR OWNER", NULL, "S-1-3-0"},
    {"Authenticated Users", "NT AUTHORITY", "S-1-5-11"},
    {"INTERACTIVE", "NT AUTHORITY", "S-1-5-4"},
    {"SERVICE", "NT AUTHORITY", "S-1-5-6"},
    {"TrustedInstaller", NULL, "S-1-5-80-956008885-3418522649-1831038044-1853292631-2271478464"},
};

// A service's SID: SHA-1 of its name in upper case, as five numbers.
// (https://learn.microsoft.com/windows/win32/services/service-security-and-access-rights, checked
// with TrustedInstaller's, which is published.)
static wg_code security_service_sid(wg_str name, wg_buf *out, wg_error *err) {
  WG_AUTO(wg_buf) name16 = {0};
  wg_buf_init(&name16, wg_heap(), 0);
  if (name.n == 0 || !wg_utf8_to_utf16le(name, &name16)) {
    return wg_fail(err, WG_E_USAGE, "'NT SERVICE\\%.*s' is no service", WG_STR_ARG(name));
  }
  for (size_t i = 0; i + 1 < name16.n; i += 2) {
    uint16_t c = wg_upcase16(wg_le16(name16.p + i));
    name16.p[i] = (uint8_t)(c & 0xFF);
    name16.p[i + 1] = (uint8_t)(c >> 8);
  }
  wg_sha1 h = wg_sha1_of(name16.p, name16.n);
  wg_buf_add_z(out, "S-1-5-80");
  for (size_t i = 0; i < 5; i++) {
    wg_buf_printf(out, "-%u", (unsigned)wg_le32(h.b + 4 * i));
  }
  return WG_OK;
}

wg_code wg_image_account_sid(const char *account, wg_buf *out, wg_error *err) {
  wg_str name = wg_str_of(account), authority = {NULL, 0};
  size_t slash = wg_str_find(name, '\\');
  if (slash < name.n) {
    authority = (wg_str){name.p, slash};
    name = (wg_str){name.p + slash + 1, name.n - slash - 1};
  }
  for (size_t i = 0; i < WG_ARRAY_LEN(security_accounts); i++) {
    const char *known = security_accounts[i].authority;
    bool fits =
        slash == wg_str_of(account).n || (known != NULL && wg_str_eq_nocase(authority, known));
    if (fits && wg_str_eq_nocase(name, security_accounts[i].name)) {
      wg_buf_add_z(out, security_accounts[i].sid);
      return WG_OK;
    }
  }
  if (wg_str_eq_nocase(authority, "NT SERVICE")) {
    return security_service_sid(name, out, err);
  }
  WG_AUTO(wg_arena) arena = {0};
  wg_error why = WG_ERROR_INIT;
  wg_str sid;
  wg_arena_init(&arena, wg_heap(), 0);
  if (slash == wg_str_of(account).n && wg_sid_parse(name, &arena, &sid, &why) == WG_OK) {
    wg_buf_add_z(out, account);
    return WG_OK;
  }
  return wg_fail(
      err, WG_E_USAGE,
      "'%s' is no account that every Windows has; write its SID (S-1-5-...), or one such "
      "as SYSTEM, Administrators, 'NT SERVICE\\name'",
      account);
}
