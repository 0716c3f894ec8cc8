// SPDX-License-Identifier: Apache-2.0
// Where the registry lives: which key is in which hive, and where that hive's file is in an image.
// The one table of it. Pure: no files are looked at.
#ifndef WG_IMAGE_REG_HIVES_H
#define WG_IMAGE_REG_HIVES_H

#include "base/bytes.h"

typedef enum wg_hive_id {
  WG_HIVE_SOFTWARE,
  WG_HIVE_SYSTEM,
  WG_HIVE_DRIVERS,
  WG_HIVE_SAM,
  WG_HIVE_SECURITY,
  WG_HIVE_COMPONENTS,
  WG_HIVE_BCD,
  WG_HIVE_DEFAULT,
  WG_HIVE_NTUSER,
  WG_HIVE_USRCLASS,
  WG_HIVE_N,
  WG_HIVE_NONE = WG_HIVE_N, // in no file: made anew at every start
} wg_hive_id;

typedef struct wg_hive_facts {
  const char *name;      // of the file: "SOFTWARE", "NTUSER.DAT"
  const char *prefix;    // what its root is, long form: "HKEY_LOCAL_MACHINE\\SOFTWARE"
  const char *file;      // Windows path in an image, NULL: in none
  const char *no_edit;   // not NULL: why its keys are not changed offline
  const char *no_writes; // not NULL: why the file itself is not replaced by a plain file change
} wg_hive_facts;
const wg_hive_facts *wg_hive_facts_of(wg_hive_id id);

// One way to name what is in a hive.
typedef struct wg_hive_place {
  const char *prefix; // long form
  wg_hive_id hive;
  const char *below; // stands between the hive's root and the rest of the path
  const char *why;   // hive NONE: why there is no file
} wg_hive_place;
// The place of a key that is named in full ("HKLM\\SOFTWARE\\X"); *out_rest is what follows the
// place's prefix. NULL: in no hive.
const wg_hive_place *wg_hive_place_of(wg_str key, wg_str *out_rest);
// Whether a key begins with a root as Windows names them: HKLM, HKEY_USERS, ...
WG_MUST_CHECK bool wg_hive_has_root(wg_str key);

// What a hive's keys are below, by the file's name; NULL when the name says nothing. Static.
const char *wg_hive_prefix_of(const char *path);
// The part of a full key path below prefix: HKLM and the like are understood, case does not count.
// False when the key is not below it.
WG_MUST_CHECK bool wg_hive_strip_prefix(wg_str key, const char *prefix, wg_str *out);

// A mount name of others for a key of ours: HKLM\RTS for HKLM\SOFTWARE.
typedef struct wg_reg_map {
  const char *from, *to;
} wg_reg_map;
// Appends the key with the first map that fits put in front of it, else as it is.
void wg_reg_map_key(const wg_reg_map *maps, size_t n_maps, wg_str key, wg_buf *out);

// --- rules for text from outside: *why completes "'<text>' ...", *hint says what to do

// A full key path that can be edited in an image: a known root, in a hive that may be changed, no
// part empty or longer than 255 characters. delete: the root of a hive is no key to delete.
WG_MUST_CHECK bool wg_reg_key_rule(const char *key, bool deletes, const char **why,
                                   const char **hint);
// A map's side: a root and at least one part.
WG_MUST_CHECK bool wg_reg_map_rule(const char *key, const char **why, const char **hint);

#endif
