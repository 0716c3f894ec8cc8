// SPDX-License-Identifier: Apache-2.0
// Windows security descriptors, self-relative: reading, inheritance, SDDL.
//
// Source: MS-DTYP 2.4 (SID, ACE, ACL, SECURITY_DESCRIPTOR), 2.5.1 (SDDL), 2.5.3 (inheritance).
#ifndef WG_FMT_SD_H
#define WG_FMT_SD_H

#include "base/bytes.h"

enum {              // ACE flags
  WG_ACE_OI = 0x01, // object inherit
  WG_ACE_CI = 0x02, // container inherit
  WG_ACE_NP = 0x04, // no propagate
  WG_ACE_IO = 0x08, // inherit only
  WG_ACE_ID = 0x10, // inherited
};
enum { // control bits
  WG_SD_DACL_PRESENT = 0x0004,
  WG_SD_SACL_PRESENT = 0x0010,
  WG_SD_DACL_AUTO_INHERITED = 0x0400,
  WG_SD_SACL_AUTO_INHERITED = 0x0800,
  WG_SD_DACL_PROTECTED = 0x1000,
  WG_SD_SACL_PROTECTED = 0x2000,
  WG_SD_SELF_RELATIVE = 0x8000,
};

typedef struct wg_ace {
  uint8_t type, flags;
  wg_str body; // everything after the 4-byte header: mask, SID, ...
} wg_ace;

typedef struct wg_acl {
  bool present;     // false: there is none (for a DACL: everyone may do everything)
  uint8_t revision; // 2, or 4 with object ACEs
  const wg_ace *aces;
  size_t n_aces;
} wg_acl;

typedef struct wg_sd {
  uint16_t control;
  wg_str owner, group; // SIDs as bytes; n 0: none
  wg_acl dacl, sacl;
} wg_sd;

// Everything is in the arena or borrowed from p. FORMAT with offset.
wg_code wg_sd_parse(const void *p, size_t n_bytes, wg_arena *arena, wg_sd *out, wg_error *err);
// Self-relative bytes: header, SACL, DACL, owner, group, as Windows lays them out.
void wg_sd_write(const wg_sd *sd, wg_buf *out);

// What a new file or folder below one with the descriptor `parent` gets when its maker names none:
// inheritable entries (creator SIDs replaced, generic rights mapped), owner and group as given
// (SIDs as bytes). Where nothing can be inherited: full control for SYSTEM and Administrators only.
wg_code wg_sd_inherit(const wg_sd *parent, bool is_dir, wg_str owner, wg_str group, wg_arena *arena,
                      wg_sd *out, wg_error *err);

// The same of a registry key below one with that descriptor: keys hold keys, and generic rights
// mean those of keys.
wg_code wg_sd_inherit_key(const wg_sd *parent, wg_str owner, wg_str group, wg_arena *arena,
                          wg_sd *out, wg_error *err);

// SDDL text ("O:BAG:SYD:PAI(A;OICI;FA;;;SY)..."). Rights: letters or numbers; SIDs: two letters or
// S-1-... Conditional and object entries: UNSUPPORTED. FORMAT with the offset in the text.
wg_code wg_sddl_parse(wg_str text, wg_arena *arena, wg_sd *out, wg_error *err);
// The other way; entries that SDDL cannot say here are written as (0xNN;...).
void wg_sddl_write(const wg_sd *sd, wg_buf *out);
// "BA", "SY" or "S-1-5-32-544" to bytes.
wg_code wg_sid_parse(wg_str text, wg_arena *arena, wg_str *out, wg_error *err);

#endif
