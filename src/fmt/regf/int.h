// SPDX-License-Identifier: Apache-2.0
// The model behind regf.h. Private to src/fmt/regf.
#ifndef WG_FMT_REGF_INT_H
#define WG_FMT_REGF_INT_H

#include "fmt/regf/regf.h"

#define REGF_BASE_BYTES 4096U
#define REGF_BIN_HEADER 32U
#define REGF_NIL 0xFFFFFFFFU
#define REGF_BIG_SEGMENT 16344U // most bytes in one segment of a db value

enum { // flags of an nk cell
  NK_VOLATILE = 0x01,
  NK_EXIT = 0x02,
  NK_ENTRY = 0x04,
  NK_NO_DELETE = 0x08,
  NK_LINK = 0x10,
  NK_COMP_NAME = 0x20,
};
enum {
  VK_COMP_NAME = 1,
  VK_TOMBSTONE = 2
};

#define REGF_SAYS_LOG "this is a transaction log, not a hive; name the hive it stands beside"

// A cell that is in use has its size as a negative number; back again.
WG_WRAPS static inline uint32_t wg_regf_negative(uint32_t size) {
  return 0U - size;
}

typedef struct regf_value {
  wg_regvalue v;
  uint16_t flags; // as stored, without the name's and tombstone's bits
  uint32_t off;   // of the cell that says this, REGF_NIL: none does (yet)
} regf_value;

enum { // what of a key is not as its cells have it, for wg_hive_patch
  DIRTY_KEY = 1,
  DIRTY_VALUES = 2,
  DIRTY_CHILDREN = 4,
  DIRTY_SD = 8,
  DIRTY_CLASS = 16,
  DIRTY_ALL = 31,
};

struct wg_regkey {
  wg_regkey *parent; // NULL for the root
  wg_str name16;
  wg_str class_bytes;
  uint64_t time;
  uint32_t access;     // word at 0x0C: access bits, and what wg_regf_layer reads
  uint32_t user_flags; // upper half of the word at 0x34: virtualization, user flags, debug
  uint32_t sd;         // index into hive->sds, REGF_NIL: none
  uint32_t off;        // of its cell, REGF_NIL: it has none (yet)
  uint32_t list_off;   // of the list of values when they are not read yet, else REGF_NIL
  uint16_t flags;
  uint8_t dirty;        // DIRTY_*
  uint8_t layer;        // wg_regf_layer
  bool odd_order;       // children are not in our order: no binary search
  wg_regkey **children; // sorted
  uint32_t n_children, cap_children;
  wg_hive *hive;      // that reads the values when they are asked for; NULL: they are all here
  regf_value *values; // NULL: not read yet, or none
  uint32_t n_values, cap_values;
  uint32_t *index; // open-addressed: position + 1 in values by name hash; NULL while small
  uint32_t index_cap;
};

typedef struct regf_sd {
  wg_str bytes;
  uint32_t hash;
  uint32_t off;   // of a cell with it, 0: none
  uint32_t child; // position + 1 of what a new key below inherits; 0: not asked yet
} regf_sd;

struct wg_hive {
  wg_alloc alloc;
  wg_arena arena;
  wg_regf_limits limits;
  uint8_t base[REGF_BASE_BYTES];
  uint32_t root_parent; // the root's parent field: meaningless, kept
  uint64_t bin_time;
  wg_regkey *root;
  regf_sd *sds;
  uint32_t n_sds, cap_sds;
  uint32_t *sd_index; // open-addressed by hash, position + 1
  uint32_t sd_index_cap;
  struct regf_parse *source; // of a hive that may be patched: what its bytes are made of
  bool is_spotless;          // nothing in its bytes is to be mended
  bool starved;              // values could not be read, or changes not noted: no memory
  wg_regkey **touched;       // keys with dirty bits, in the order of the first change
  uint32_t n_touched, cap_touched;
  wg_regkey **gone; // deleted keys that have cells, with all below
  uint32_t n_gone, cap_gone;
  uint32_t *gone_values; // cells of values that were changed or deleted
  uint32_t n_gone_values, cap_gone_values;
  wg_regkey_inherit inherit; // NULL: a new key has its parent's descriptor
  wg_regf_info info;
};

// Index of a descriptor, added when new (copied when copy). REGF_NIL with *err set on failure.
uint32_t wg_regf_sd_intern(wg_hive *h, wg_str bytes, bool copy, wg_error *err);
// Upper-cased hash of a name as lh lists have it: h = h * 37 + unit.
uint32_t wg_regf_name_hash(wg_str name16);
// Reads the values of a key that has not read them yet. False: no memory, the hive says starved.
bool wg_regf_load_values(const wg_regkey *k);
uint32_t wg_regf_checksum(const uint8_t *base);
// What the word at 0x0C of a key says of layers: byte 1, its bits 0x80 and 0x03, from version 1.6
// on (delta hives). Before, the byte had no meaning and holds what was in the memory.
uint8_t wg_regf_layer(uint32_t access, uint32_t minor);
// Child by UTF-16LE name; *out_at (may be NULL): where it is or belongs.
wg_regkey *wg_regf_child16(const wg_regkey *k, wg_str name16, uint32_t *out_at);
// Position of a value, REGF_NIL when it is not there.
uint32_t wg_regf_value_at(const wg_regkey *k, wg_str name16);
// UTF-8 (WTF-8) name to UTF-16LE in buf; false when it is not text or does not fit.
bool wg_regf_name_to16(wg_str name, uint8_t *buf, size_t cap_bytes, wg_str *out);
// The next component of a backslash path; false at the end.
bool wg_regf_path_next(wg_str *path, wg_str *out);
wg_code wg_regf_push_child(wg_hive *h, wg_regkey *parent, wg_regkey *child, uint32_t at,
                           wg_error *err);
// The hash of log entries: Marvin32, 64-bit result.
uint64_t wg_regf_marvin32(uint64_t seed, const uint8_t *p, size_t n);
wg_hive *wg_regf_hive_alloc(const wg_alloc *alloc, const wg_regf_limits *limits);

#endif
