// SPDX-License-Identifier: Apache-2.0
// What a new object gets from its parent (MS-DTYP 2.5.3.4).
#include <string.h>

#include "fmt/sd/int.h"

#define FILE_ALL_ACCESS 0x1F01FFU

static const char creator_owner[] = {1, 1, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0};
static const char creator_group[] = {1, 1, 0, 0, 0, 0, 0, 3, 1, 0, 0, 0};
static const char sid_system[] = {1, 1, 0, 0, 0, 0, 0, 5, 18, 0, 0, 0};
static const char sid_administrators[] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0};

// What is made, and what decides its entries.
typedef struct inherit_ctx {
  bool is_dir;
  wg_str owner, group;
  const uint32_t (*generic)[2]; // four generic rights and what they mean
  wg_arena *arena;
} inherit_ctx;

#define KEY_ALL_ACCESS 0xF003FU
static const uint32_t file_rights[4][2] = {{0x80000000U, 0x120089},
                                           {0x40000000U, 0x120116},
                                           {0x20000000U, 0x1200A0},
                                           {0x10000000U, FILE_ALL_ACCESS}};
static const uint32_t key_rights[4][2] = {{0x80000000U, 0x20019},
                                          {0x40000000U, 0x20006},
                                          {0x20000000U, 0x20019},
                                          {0x10000000U, KEY_ALL_ACCESS}};

static uint32_t inherit_map_mask(const inherit_ctx *c, uint32_t mask) {
  for (size_t i = 0; i < WG_ARRAY_LEN(file_rights); i++) {
    if ((mask & c->generic[i][0]) != 0) {
      mask = (mask & ~c->generic[i][0]) | c->generic[i][1];
    }
  }
  return mask;
}

static bool inherit_sid_is(wg_str sid, const char *bytes, size_t n) {
  return sid.n == n && memcmp(sid.p, bytes, n) == 0;
}

// The entry as it applies to the new object itself: creator SIDs replaced, generic rights mapped.
// *changed: it differs from the parent's entry.
static wg_code inherit_effective(const inherit_ctx *c, const wg_ace *in, wg_ace *out, bool *changed,
                                 wg_error *err) {
  wg_str sid;
  *out = *in;
  *changed = false;
  if (!wg_sd_ace_is_simple(in->type) || !wg_sd_ace_sid(in, &sid)) {
    return WG_OK;
  }
  wg_str to = inherit_sid_is(sid, creator_owner, sizeof(creator_owner))   ? c->owner
              : inherit_sid_is(sid, creator_group, sizeof(creator_group)) ? c->group
                                                                          : sid;
  uint32_t mask = wg_le32((const uint8_t *)in->body.p);
  // A mandatory label's and a scoped policy's mask is no set of rights.
  uint32_t mapped = in->type >= 0x11 ? mask : inherit_map_mask(c, mask);
  if (mapped == mask && to.p == sid.p) {
    return WG_OK;
  }
  size_t tail = in->body.n - 4 - sid.n;
  uint8_t *body = wg_arena_get(c->arena, 4 + to.n + tail);
  if (body == NULL) {
    return wg_arena_fail(c->arena, err);
  }
  wg_put_le32(body, mapped);
  memcpy(body + 4, to.p, to.n);
  memcpy(body + 4 + to.n, in->body.p + 4 + sid.n, tail);
  out->body = (wg_str){(const char *)body, 4 + to.n + tail};
  *changed = true;
  return WG_OK;
}

// One parent's entry gives none, one or two.
static wg_code inherit_ace(const inherit_ctx *c, const wg_ace *in, wg_ace *out, size_t *n,
                           wg_error *err) {
  bool oi = (in->flags & WG_ACE_OI) != 0, ci = (in->flags & WG_ACE_CI) != 0;
  bool np = (in->flags & WG_ACE_NP) != 0;
  // Bits beyond inheritance (audit success and failure) go along.
  uint8_t other = in->flags & 0xE0;
  uint8_t keep = (uint8_t)((in->flags & (WG_ACE_OI | WG_ACE_CI)) | other);
  wg_ace own;
  bool changed = false;
  if (inherit_effective(c, in, &own, &changed, err) != WG_OK) {
    return err->code;
  }
  if (!c->is_dir) {
    if (oi) {
      own.flags = (uint8_t)(other | WG_ACE_ID);
      out[(*n)++] = own;
    }
    return WG_OK;
  }
  if (ci) {
    // Where the effective entry differs, what is handed on further down must stay as it was.
    own.flags = (uint8_t)((changed || np ? other : keep) | WG_ACE_ID);
    out[(*n)++] = own;
  }
  if ((ci ? changed : oi) && !np) {
    out[*n] = *in;
    out[(*n)++].flags = (uint8_t)(keep | WG_ACE_IO | WG_ACE_ID);
  }
  return WG_OK;
}

static wg_code inherit_acl(const inherit_ctx *c, const wg_acl *from, wg_acl *out, wg_error *err) {
  wg_ace *aces = wg_arena_new_array(c->arena, wg_ace, from->n_aces * 2 + 2);
  if (aces == NULL) {
    return wg_arena_fail(c->arena, err);
  }
  size_t n = 0;
  for (size_t i = 0; i < from->n_aces; i++) {
    if (inherit_ace(c, &from->aces[i], aces, &n, err) != WG_OK) {
      return err->code;
    }
  }
  *out = (wg_acl){.present = n > 0, .revision = from->revision, .aces = aces, .n_aces = n};
  return WG_OK;
}

static wg_code inherit_default(const inherit_ctx *c, wg_acl *out, wg_error *err) {
  wg_arena *arena = c->arena;
  wg_ace *aces = wg_arena_new_array(arena, wg_ace, 2);
  static const struct {
    const char *sid;
    size_t n;
  } who[] = {{sid_system, sizeof(sid_system)}, {sid_administrators, sizeof(sid_administrators)}};
  for (size_t i = 0; aces != NULL && i < WG_ARRAY_LEN(who); i++) {
    uint8_t *body = wg_arena_get(arena, 4 + who[i].n);
    if (body == NULL) {
      return wg_arena_fail(arena, err);
    }
    wg_put_le32(body, inherit_map_mask(c, 0x10000000U));
    memcpy(body + 4, who[i].sid, who[i].n);
    aces[i] = (wg_ace){.body = {(const char *)body, 4 + who[i].n}};
  }
  if (aces == NULL) {
    return wg_arena_fail(arena, err);
  }
  *out = (wg_acl){.present = true, .revision = 2, .aces = aces, .n_aces = 2};
  return WG_OK;
}

static wg_code inherit_run(const inherit_ctx *c, const wg_sd *parent, wg_sd *out, wg_error *err) {
  wg_sd sd = {
      .control = WG_SD_SELF_RELATIVE | WG_SD_DACL_PRESENT, .owner = c->owner, .group = c->group};
  if (inherit_acl(c, &parent->dacl, &sd.dacl, err) != WG_OK ||
      inherit_acl(c, &parent->sacl, &sd.sacl, err) != WG_OK) {
    return err->code;
  }
  if (sd.dacl.present) {
    sd.control |= WG_SD_DACL_AUTO_INHERITED;
  } else if (inherit_default(c, &sd.dacl, err) != WG_OK) {
    return err->code;
  }
  if (sd.sacl.present) {
    sd.control |= WG_SD_SACL_PRESENT | WG_SD_SACL_AUTO_INHERITED;
  }
  *out = sd;
  return WG_OK;
}

wg_code wg_sd_inherit(const wg_sd *parent, bool is_dir, wg_str owner, wg_str group, wg_arena *arena,
                      wg_sd *out, wg_error *err) {
  const inherit_ctx c = {is_dir, owner, group, file_rights, arena};
  return inherit_run(&c, parent, out, err);
}

wg_code wg_sd_inherit_key(const wg_sd *parent, wg_str owner, wg_str group, wg_arena *arena,
                          wg_sd *out, wg_error *err) {
  const inherit_ctx c = {true, owner, group, key_rights, arena};
  return inherit_run(&c, parent, out, err);
}
