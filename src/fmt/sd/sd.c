// SPDX-License-Identifier: Apache-2.0
#include "fmt/sd/sd.h"

#include <string.h>

#include "fmt/sd/int.h"

// SID: 0 revision 1, 1 number of sub-authorities (to 15), 2 authority (6 bytes, big-endian), 8
// them.
static bool sd_read_sid(wg_reader r, wg_str *out) {
  const uint8_t *p = r.p + r.pos;
  if (wg_reader_left(&r) < 8 || p[0] != 1 || p[1] > 15 ||
      wg_reader_left(&r) < 8 + (uint64_t)p[1] * 4) {
    return false;
  }
  *out = (wg_str){(const char *)p, 8 + (size_t)p[1] * 4};
  return true;
}

static wg_code sd_sid_at(const wg_reader *all, uint32_t off, const char *what, wg_str *out,
                         wg_error *err) {
  wg_reader r = *all;
  if (off == 0) {
    *out = (wg_str){0};
    return WG_OK;
  }
  if (!wg_read_seek(&r, off) || !sd_read_sid(r, out)) {
    return wg_fail_at(err, WG_E_FORMAT, off, "%s is not a whole SID", what);
  }
  return WG_OK;
}

// ACL: 0 revision, 2 size, 4 entries; then ACEs: 0 type, 1 flags, 2 size.
static wg_code sd_acl_at(const wg_reader *all, uint32_t off, wg_arena *arena, wg_acl *out,
                         wg_error *err) {
  wg_reader head, r;
  const uint8_t *p = NULL;
  if (!wg_reader_slice(all, off, 8, &head) || !wg_read_bytes(&head, 8, &p)) {
    return wg_fail_at(err, WG_E_FORMAT, off, "access list is cut short");
  }
  uint16_t size = wg_le16(p + 2), n = wg_le16(p + 4);
  if (size < 8 || !wg_reader_slice(all, off, size, &r) || !wg_read_skip(&r, 8) ||
      n > wg_reader_left(&r) / 4) {
    return wg_fail_at(err, WG_E_FORMAT, off, "access list of %u bytes, %u entries does not fit",
                      size, n);
  }
  wg_ace *aces = wg_arena_new_array(arena, wg_ace, n);
  if (aces == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (uint16_t i = 0; i < n; i++) {
    uint64_t at = wg_reader_at(&r);
    const uint8_t *ace = NULL, *body = NULL;
    if (!wg_read_bytes(&r, 4, &ace) || wg_le16(ace + 2) < 8 ||
        !wg_read_bytes(&r, (uint64_t)wg_le16(ace + 2) - 4, &body)) {
      return wg_fail_at(err, WG_E_FORMAT, at, "access list entry does not fit");
    }
    aces[i] = (wg_ace){.type = ace[0],
                       .flags = ace[1],
                       .body = {(const char *)body, (size_t)wg_le16(ace + 2) - 4}};
    wg_str sid;
    if (wg_sd_ace_is_simple(ace[0]) && !wg_sd_ace_sid(&aces[i], &sid)) {
      return wg_fail_at(err, WG_E_FORMAT, at, "access list entry without a whole SID");
    }
  }
  *out = (wg_acl){.present = true, .revision = p[0], .aces = aces, .n_aces = n};
  return WG_OK;
}

bool wg_sd_ace_is_simple(uint8_t type) {
  // allow, deny, audit, alarm; callback forms of them; label; scoped policy: mask, then SID.
  return type <= 3 || (type >= 9 && type <= 0x0A) || type == 0x0D || type == 0x11 || type == 0x13;
}

bool wg_sd_ace_sid(const wg_ace *a, wg_str *out) {
  wg_reader r = wg_reader_of(a->body.p, a->body.n);
  return wg_read_skip(&r, 4) && sd_read_sid(r, out);
}

wg_code wg_sd_parse(const void *p, size_t n_bytes, wg_arena *arena, wg_sd *out, wg_error *err) {
  const uint8_t *b = p;
  wg_reader all = wg_reader_of(p, n_bytes);
  if (n_bytes < 20 || b[0] != 1) {
    return wg_fail_at(err, WG_E_FORMAT, 0, "not a security descriptor (%zu bytes)", n_bytes);
  }
  wg_sd sd = {.control = wg_le16(b + 2)};
  if ((sd.control & WG_SD_SELF_RELATIVE) == 0) {
    return wg_fail_at(err, WG_E_FORMAT, 2, "not in self-relative form");
  }
  uint32_t sacl = wg_le32(b + 12), dacl = wg_le32(b + 16);
  if (sd_sid_at(&all, wg_le32(b + 4), "owner", &sd.owner, err) != WG_OK ||
      sd_sid_at(&all, wg_le32(b + 8), "group", &sd.group, err) != WG_OK ||
      ((sd.control & WG_SD_SACL_PRESENT) != 0 && sacl != 0 &&
       sd_acl_at(&all, sacl, arena, &sd.sacl, err) != WG_OK) ||
      ((sd.control & WG_SD_DACL_PRESENT) != 0 && dacl != 0 &&
       sd_acl_at(&all, dacl, arena, &sd.dacl, err) != WG_OK)) {
    return err->code;
  }
  *out = sd;
  return WG_OK;
}

static uint32_t sd_put_acl(wg_buf *out, size_t start, const wg_acl *acl) {
  if (!acl->present) {
    return 0;
  }
  size_t at = out->n;
  size_t size = 8;
  for (size_t i = 0; i < acl->n_aces; i++) {
    size += 4 + acl->aces[i].body.n;
  }
  wg_buf_add_byte(out, acl->revision);
  wg_buf_add_byte(out, 0);
  wg_buf_add_le16(out, (uint16_t)size);
  wg_buf_add_le16(out, (uint16_t)acl->n_aces);
  wg_buf_add_le16(out, 0);
  for (size_t i = 0; i < acl->n_aces; i++) {
    wg_buf_add_byte(out, acl->aces[i].type);
    wg_buf_add_byte(out, acl->aces[i].flags);
    wg_buf_add_le16(out, (uint16_t)(4 + acl->aces[i].body.n));
    wg_buf_add_str(out, acl->aces[i].body);
  }
  out->failed = out->failed || size > UINT16_MAX;
  return (uint32_t)(at - start);
}

void wg_sd_write(const wg_sd *sd, wg_buf *out) {
  size_t start = out->n;
  wg_buf_add_byte(out, 1);
  wg_buf_add_byte(out, 0);
  wg_buf_add_le16(out, (uint16_t)(sd->control | WG_SD_SELF_RELATIVE));
  wg_buf_add_zeros(out, 16);
  uint32_t sacl = sd_put_acl(out, start, &sd->sacl);
  uint32_t dacl = sd_put_acl(out, start, &sd->dacl);
  uint32_t owner = sd->owner.n > 0 ? (uint32_t)(out->n - start) : 0;
  wg_buf_add_str(out, sd->owner);
  uint32_t group = sd->group.n > 0 ? (uint32_t)(out->n - start) : 0;
  wg_buf_add_str(out, sd->group);
  wg_buf_set_le32(out, start + 4, owner);
  wg_buf_set_le32(out, start + 8, group);
  wg_buf_set_le32(out, start + 12, sacl);
  wg_buf_set_le32(out, start + 16, dacl);
}
