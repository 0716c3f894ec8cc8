// SPDX-License-Identifier: Apache-2.0
// Security catalogues (.cat): a signed list of digests of files. A PKCS #7 message around a
// certificate trust list; facts and sources: docs/formats/cat.md.
//
// Everything is of the arena or points into the input, which must outlive it.
#ifndef WG_FMT_CAT_CAT_H
#define WG_FMT_CAT_CAT_H

#include "fmt/der/pkcs7.h"

typedef struct wg_cat_attr { // a name and what it says
  wg_str name;               // UTF-8
  uint32_t flags;
  bool is_text; // value is UTF-8 out of UTF-16; else the bytes as they are
  wg_str value;
} wg_cat_attr;
#define WG_CAT_ATTR_TEXT 0x00010000U   // the value is text
#define WG_CAT_ATTR_SIGNED 0x10000000U // is part of what is signed

typedef enum wg_cat_alg {
  WG_CAT_NO_DIGEST, // the member says none that we know
  WG_CAT_SHA1,
  WG_CAT_SHA256,
} wg_cat_alg;

typedef struct wg_cat_member {
  uint64_t off;
  wg_str tag; // UTF-8; a tag of bare bytes as upper-case hex
  wg_cat_alg alg;
  uint8_t digest[32]; // 20 for SHA-1
  bool is_program;    // by Authenticode's digest (SpcPeImageData); else of the whole file
  bool has_info;      // CatMemberInfo
  wg_str guid;        // "{C689AAB8-8E78-11D0-8C47-00C04FC295EE}"; ""
  uint32_t cert_version;
  bool tag_differs; // the tag is a digest, and another: Windows would not find it
  const wg_cat_attr *attrs;
  uint32_t n_attrs;
} wg_cat_member;

typedef struct wg_cat {
  wg_p7 p7;
  uint32_t version; // 1 or 2
  wg_str list_id;   // bytes
  int64_t time_s;   // thisUpdate: when it was made
  const wg_cat_member *members;
  uint32_t n_members;
  const wg_cat_attr *attrs;
  uint32_t n_attrs;
  const struct wg_cat_index *index;
} wg_cat;

// Whether these first bytes begin a catalogue.
bool wg_cat_detect(const wg_reader *head);
// FORMAT with the offset; LIMIT: more than 262,144 members, or than the arena holds.
wg_code wg_cat_parse(const void *p, size_t n_bytes, wg_arena *arena, wg_cat *out, wg_error *err);

// The member with this digest, or NULL. 20 bytes for SHA-1, 32 for SHA-256.
const wg_cat_member *wg_cat_find(const wg_cat *c, wg_cat_alg alg, const uint8_t *digest);
// The first attribute of that name (exactly), or NULL.
const wg_cat_attr *wg_cat_attr_find(const wg_cat_attr *v, uint32_t n, const char *name);

#endif
