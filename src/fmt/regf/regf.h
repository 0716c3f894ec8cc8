// SPDX-License-Identifier: Apache-2.0
// Windows registry hives ("regf"): bytes <-> model.
//
// Facts: the format as Windows 2000 to 11 write it, versions 1.3 to 1.6. Offsets of fields are at
// their reads in parse.c and writes in write.c; docs/formats/regf.md has them in one place.
//
// Text is WTF-8 at this interface (lone surrogates survive). A path's separator is a backslash.
// Names compare as Windows compares them: upper-cased UTF-16 units.
#ifndef WG_FMT_REGF_H
#define WG_FMT_REGF_H

#include "base/utf.h"

typedef struct wg_hive wg_hive;
typedef struct wg_regkey wg_regkey;

enum {
  WG_REG_NONE = 0,
  WG_REG_SZ = 1,
  WG_REG_EXPAND_SZ = 2,
  WG_REG_BINARY = 3,
  WG_REG_DWORD = 4,
  WG_REG_DWORD_BE = 5,
  WG_REG_LINK = 6,
  WG_REG_MULTI_SZ = 7,
  WG_REG_RESOURCE_LIST = 8,
  WG_REG_FULL_RESOURCE = 9,
  WG_REG_RESOURCE_REQ = 10,
  WG_REG_QWORD = 11,
};

typedef struct wg_regvalue {
  wg_str name16;       // UTF-16LE bytes; empty: the default value
  uint32_t type;       // WG_REG_*, or any number
  const uint8_t *data; // borrowed
  uint32_t n_bytes;
  bool tombstone; // layered keys: deletes the value of the layer below
} wg_regvalue;

typedef struct wg_regf_limits {
  uint64_t max_memory_bytes; // of the model
  uint32_t max_depth;        // Windows: 512
  uint32_t max_keys, max_values;
  uint32_t max_value_bytes;
} wg_regf_limits;

typedef struct wg_regf_info {
  uint32_t seq1, seq2;   // primary and secondary; different: dirty
  uint64_t last_written; // FILETIME of the base block
  uint32_t major, minor;
  uint64_t n_keys, n_values;
  uint64_t live_bytes;               // cells that are reachable, as they stood in the file
  uint64_t n_lost_cells, lost_bytes; // allocated, but nothing refers to them; not written again
  uint64_t n_volatile; // keys that say they have volatile children: those are never on disk
} wg_regf_info;

// What strict parsing lets pass because nobody who walks from the root is misled by it, and Windows
// may be: each with how often, and where first (offset in the file).
typedef struct wg_regf_lint_item {
  uint64_t n, first_off;
} wg_regf_lint_item;
typedef struct wg_regf_lint {
  wg_regf_lint_item order;  // subkeys that are not in the order by which they are bisected
  wg_regf_lint_item hash;   // entries of lh lists whose hash is not their key's
  wg_regf_lint_item parent; // keys that name another parent than the one that lists them
  wg_regf_lint_item refs;   // security cells with another count than keys that use them
  wg_regf_lint_item ring;   // security cells whose neighbours in the ring do not name them
} wg_regf_lint;

// Whether the bytes are a transaction log of a hive: by its entries, or a sound base block.
bool wg_regf_is_log(const void *p, size_t n_bytes);
// What the base block alone says. FORMAT when it is none, or its checksum is wrong (*out is filled
// then too when the signature is right: a torn base block is repaired from a log).
wg_code wg_regf_peek(const void *p, size_t n_bytes, wg_regf_info *out, wg_error *err);

// Parses a hive. The bytes are borrowed and must outlive the hive. FORMAT (with offset) for
// anything that does not hold; UNSUPPORTED for a dirty hive (seq1 != seq2): replay its logs first
// (wg_regf_recover), or pass force_dirty. limits NULL: the default ones.
wg_code wg_hive_parse(const void *p, size_t n_bytes, const wg_regf_limits *limits, bool force_dirty,
                      const wg_alloc *alloc, wg_hive **out, wg_error *err);
// The same; *lint: what is wrong and was let pass. All of it is right in what wg_hive_write makes.
wg_code wg_hive_parse_lint(const void *p, size_t n_bytes, const wg_regf_limits *limits,
                           bool force_dirty, const wg_alloc *alloc, wg_hive **out,
                           wg_regf_lint *lint, wg_error *err);
// The same for changing some of it: all is checked, but values are read when they are asked for, so
// that it takes a fraction of the memory; and wg_hive_patch can be called. Where memory runs out a
// key seems to have no values: wg_hive_starved says so, writing is refused. One thread.
wg_code wg_hive_parse_edit(const void *p, size_t n_bytes, const wg_regf_limits *limits,
                           bool force_dirty, const wg_alloc *alloc, wg_hive **out, wg_error *err);
bool wg_hive_starved(const wg_hive *h);
// A hive with a root key and nothing else. minor 3..6. sd: self-relative descriptor of the root,
// copied. root_name such as "ROOT" or "CMI-CreateHive{...}".
wg_code wg_hive_new(uint32_t minor, const char *root_name, const void *sd, size_t sd_bytes,
                    uint64_t filetime, const wg_alloc *alloc, wg_hive **out, wg_error *err);
void wg_hive_free(wg_hive *h);
WG_DEFINE_AUTO_PTR(wg_hive, wg_hive_free);
wg_regf_info wg_hive_info(const wg_hive *h);

// Applies transaction logs to a dirty or torn primary file: the newest of log1/log2 (either may be
// NULL, 0) in the old (dirty vector) and new (HvLE) format. out gets the recovered image, clean,
// with both sequence numbers equal. *out_n_applied: log entries applied; 0 means it was clean
// already (out is a copy). VERIFY when it is dirty and no log fits it.
wg_code wg_regf_recover(const void *primary, size_t n_bytes, const void *log1, size_t log1_bytes,
                        const void *log2, size_t log2_bytes, wg_buf *out, uint32_t *out_n_applied,
                        wg_error *err);

// --- salvage: what can be reached in a damaged hive
typedef struct wg_regf_fault {
  uint64_t off_bytes; // in the file, WG_NO_OFFSET when unknown
  char text[160];
} wg_regf_fault;
#define WG_REGF_MAX_FAULTS 200U
typedef struct wg_regf_salvage {
  uint64_t n_keys, n_values;           // in the result
  uint64_t n_lost_keys, n_lost_values; // named by something that is there, and not recovered
  uint64_t n_reattached;    // keys put back below the parent they name, whose list was damaged
  uint64_t n_orphans;       // keys whose parent is gone, below "Salvaged keys"
  uint64_t n_skipped_bytes; // of the bins: no cells could be seen there
  uint64_t n_faults;        // all; the first ones are kept
  wg_regf_fault faults[WG_REGF_MAX_FAULTS];
} wg_regf_salvage;
// Makes a hive of what is sound in a damaged one: walks from the root over whatever holds, then
// takes up whole keys that nothing sound refers to any more. Those whose parent is known by its
// list being damaged go back there; the others stand below the root's key "Salvaged keys", each as
// "<name> (0x<offset>)". A value or class whose bytes are not all there is lost, never cut. The
// bytes are borrowed and must outlive the hive, which is written clean. FORMAT: nothing in it is a
// key. NOMEM, LIMIT.
wg_code wg_hive_salvage(const void *p, size_t n_bytes, const wg_regf_limits *limits,
                        const wg_alloc *alloc, wg_hive **out, wg_regf_salvage *out_report,
                        wg_error *err);

typedef struct wg_hive_write_options {
  uint64_t filetime;  // base block's and first bin's last-written time; 0: keep
  bool bump_sequence; // both numbers become max + 1; else both become max
} wg_hive_write_options;
// Writes the whole model: compact, sorted, deterministic. out is appended to (give an empty one).
wg_code wg_hive_write(const wg_hive *h, const wg_hive_write_options *opt, wg_buf *out,
                      wg_error *err);

// Makes the changes in the bytes that the hive was parsed from (wg_hive_parse_edit), which *bytes
// holds: what is not changed stays where it is, so the file need not be written compact again. New
// cells go where room is, or into bins behind the others: for those *bytes must have room already
// (wg_buf_room; it is never moved). What was changed is then read again and compared: VERIFY.
// *out_done false: wg_hive_write is to be called instead. Something in the bytes is to be mended,
// much is free or changed, or there was no room. Either way the hive can only be read afterwards.
wg_code wg_hive_patch(wg_hive *h, const wg_hive_write_options *opt, wg_buf *bytes, bool *out_done,
                      wg_error *err);

// --- reading
// The file's name as the base block has it ("\\SystemRoot\\System32\\Config\\SOFTWARE", its end
// when it is longer); nothing when there is none.
void wg_hive_add_file_name(const wg_hive *h, wg_buf *out);
wg_regkey *wg_hive_root(const wg_hive *h);
// "" is the root. NULL when not there (or not valid text).
wg_regkey *wg_hive_find(const wg_hive *h, wg_str path);
wg_regkey *wg_regkey_child(const wg_regkey *k, wg_str name);
wg_regkey *wg_regkey_parent(const wg_regkey *k);
size_t wg_regkey_n_children(const wg_regkey *k);
wg_regkey *wg_regkey_child_at(const wg_regkey *k, size_t i); // sorted
wg_str wg_regkey_name16(const wg_regkey *k);
void wg_regkey_add_name(const wg_regkey *k, wg_buf *out);
void wg_regkey_add_path(const wg_regkey *k, wg_buf *out);  // without the root's own name
uint64_t wg_regkey_time(const wg_regkey *k);               // FILETIME
wg_str wg_regkey_class(const wg_regkey *k);                // raw bytes (UTF-16LE by convention)
wg_str wg_regkey_sd(const wg_hive *h, const wg_regkey *k); // self-relative descriptor
uint16_t wg_regkey_flags(const wg_regkey *k);              // as stored: 0x10 is a symbolic link
// Of a delta hive, how the key lies over the one of the layer below, else 0: 1 deletes it, 2 stands
// in its place, 3 so does all that is below; 0x80: the class is that of the layer below.
uint8_t wg_regkey_layer(const wg_regkey *k);
bool wg_regkey_is_link(const wg_regkey *k);
size_t wg_regkey_n_values(const wg_regkey *k);
const wg_regvalue *wg_regkey_value_at(const wg_regkey *k, size_t i); // in stored order
// NULL when not there. "" is the default value.
const wg_regvalue *wg_regkey_value(const wg_regkey *k, wg_str name);

void wg_regvalue_add_name(const wg_regvalue *v, wg_buf *out); // nothing for the default value

// A name or path for messages: control characters, NUL and lone surrogates are \\uNNNN.
void wg_regname_show(wg_str name16, wg_buf *out);
void wg_regkey_show_path(const wg_regkey *k, wg_buf *out);

// --- changing. Times are FILETIMEs given by the caller; the changed key (and for create and delete
// the parent) gets it. NOMEM, LIMIT, FORMAT (a name that cannot be). Makes all missing keys of the
// path below `at`; each gets its parent's descriptor, or what wg_hive_set_inherit's function makes.
wg_code wg_regkey_create(wg_hive *h, wg_regkey *at, wg_str path, uint64_t filetime, wg_regkey **out,
                         bool *out_made, wg_error *err);
// The descriptor of a new key below one with the descriptor `parent`, appended to out. Asked once
// for each that occurs.
typedef wg_code (*wg_regkey_inherit)(wg_str parent, wg_buf *out, wg_error *err);
void wg_hive_set_inherit(wg_hive *h, wg_regkey_inherit inherit);
// With everything below. The root: USAGE.
wg_code wg_regkey_delete(wg_hive *h, wg_regkey *k, uint64_t filetime, wg_error *err);
// data is copied.
wg_code wg_regkey_set(wg_hive *h, wg_regkey *k, wg_str name, uint32_t type, const void *data,
                      uint32_t n_bytes, uint64_t filetime, wg_error *err);
// NOT_FOUND when it is not there.
wg_code wg_regkey_unset(wg_hive *h, wg_regkey *k, wg_str name, uint64_t filetime, wg_error *err);
wg_code wg_regkey_set_sd(wg_hive *h, wg_regkey *k, const void *sd, size_t n_bytes,
                         uint64_t filetime, wg_error *err);
wg_code wg_regkey_set_class(wg_hive *h, wg_regkey *k, const void *p, size_t n_bytes, wg_error *err);
void wg_regkey_set_link(wg_hive *h, wg_regkey *k, bool link);

#endif
