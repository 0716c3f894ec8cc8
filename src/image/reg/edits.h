// SPDX-License-Identifier: Apache-2.0
// Edits of the registry, named as Windows names things, and growing lists of them.
#ifndef WG_IMAGE_REG_EDITS_H
#define WG_IMAGE_REG_EDITS_H

#include "fmt/regf/regf.h"
#include "fmt/regtext/regtext.h"
#include "image/reg/hives.h"
#include "os/mem.h"

typedef enum wg_reg_edit_op {
  WG_REG_MAKE_KEY,
  WG_REG_DELETE_KEY,   // with everything below; not there: counted
  WG_REG_SET,          // value
  WG_REG_DELETE_VALUE, // not there: counted
  WG_REG_APPEND,       // items to a list (MULTI_SZ, or text separated by ';'), once each
  WG_REG_REMOVE,       // items from such a list
  WG_REG_EXPECT,       // nothing changes; what is expected must hold
  // The key belongs to who writes it: it is not there yet, or its value `name` says in data (text,
  // a path or a command line) that it was theirs before. Then the values in items are taken away,
  // and the subkeys that stand there with a '\' in front; what they are now is set by later edits.
  WG_REG_TAKE_KEY,
  WG_REG_DROP_KEY, // deleted with everything below when it is theirs as TAKE_KEY has it; else left
  // When all edits are done the key must have the subkeys in items. name: who asks, for messages.
  WG_REG_NEED_KEYS,
} wg_reg_edit_op;

typedef struct wg_reg_edit {
  wg_reg_edit_op op;
  const char *key; // HKLM\SOFTWARE\..., HKLM\SYSTEM\CurrentControlSet\..., HKCR, HKU\.DEFAULT, HKCU
  const char *name; // value; "" is the default value
  bool view32;      // the 32-bit view: WOW6432Node where Windows has one
  bool keep_type;   // SET: a value that is there keeps its type when the data fits it
  uint32_t type;
  const uint8_t *data;
  uint32_t n_bytes;
  const char *const *items; // APPEND, REMOVE, TAKE_KEY, NEED_KEYS
  size_t n_items;
  bool has_expect; // the old value must be this (expect_absent: must not be there)
  bool expect_absent;
  uint32_t expect_type;
  const uint8_t *expect;
  uint32_t n_expect;
  const char *origin; // "wingo.yaml:12:5" or "tweaks.reg line 7", for messages
} wg_reg_edit;

// A growing list of edits; everything they point to is in the arena.
typedef struct wg_reg_edits {
  wg_arena arena;
  wg_reg_edit *v;
  size_t n, cap;
} wg_reg_edits;
void wg_reg_edits_init(wg_reg_edits *e);
void wg_reg_edits_done(wg_reg_edits *e);
WG_DEFINE_AUTO(wg_reg_edits, wg_reg_edits_done);
// Appends edits. Strings are copied; name "" is the default value.
void wg_reg_edits_text(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                       uint32_t type, const char *text);
void wg_reg_edits_dword(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                        uint32_t v);
void wg_reg_edits_bytes(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                        uint32_t type, const void *p, size_t n_bytes);
void wg_reg_edits_list(wg_reg_edits *e, const char *origin, const char *key, const char *name,
                       const char *const *items, size_t n_items);
// items are copied as an array and one by one.
void wg_reg_edits_items(wg_reg_edits *e, wg_reg_edit *edit, const char *const *items,
                        size_t n_items);
wg_reg_edit *wg_reg_edits_new(wg_reg_edits *e, const char *origin, wg_reg_edit_op op,
                              const char *key, const char *name);
// TAKE_KEY or DROP_KEY: owner is the text of the value name that says whose the key is.
void wg_reg_edits_take(wg_reg_edits *e, const char *origin, wg_reg_edit_op op, const char *key,
                       const char *name, const char *owner, const char *const *items,
                       size_t n_items);
// Every operation of registry text that was parsed into e's arena (the data is borrowed), its keys
// mapped.
void wg_reg_edits_regtext(wg_reg_edits *e, const char *file, const wg_regtext *t,
                          const wg_reg_map *maps, size_t n_maps);

#endif
