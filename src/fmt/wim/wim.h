// SPDX-License-Identifier: Apache-2.0
// The Windows imaging format (WIM, ESD): container, tables, XML, and an image's metadata as a tree
// that can be changed and written again. Byte facts with sources: docs/formats/wim.md.
//
// Bytes come through a callback; nothing here knows paths, clocks or threads. Everything that is
// parsed lives in the caller's arena.
#ifndef WG_FMT_WIM_WIM_H
#define WG_FMT_WIM_WIM_H

#include "base/bytes.h"
#include "crypto/digest.h"

#define WG_WIM_HEADER_BYTES 208
#define WG_WIM_TABLE_ENTRY_BYTES 50
#define WG_WIM_VERSION_NORMAL 0x10D00u
#define WG_WIM_VERSION_SOLID 0xE00u
#define WG_WIM_LZX_CHUNK_BYTES 32768u   // the one chunk size of LZX that Microsoft's software reads
#define WG_WIM_LZMS_CHUNK_BYTES 131072u // of what is not solid in an ESD
#define WG_WIM_SOLID_CHUNK_BYTES ((uint32_t)64 << 20) // the largest that Microsoft's software reads
#define WG_WIM_INTEGRITY_CHUNK_BYTES 10485760u

// Header flags (offset 0x10).
#define WG_WIM_HDR_COMPRESSED 0x2u
#define WG_WIM_HDR_READONLY 0x4u
#define WG_WIM_HDR_SPANNED 0x8u
#define WG_WIM_HDR_WRITE_IN_PROGRESS 0x40u
#define WG_WIM_HDR_RP_FIX 0x80u
#define WG_WIM_HDR_XPRESS 0x20000u
#define WG_WIM_HDR_LZX 0x40000u
#define WG_WIM_HDR_LZMS 0x80000u
#define WG_WIM_HDR_XPRESS2 0x200000u

// Resource flags (top byte of the stored size).
#define WG_WIM_RES_FREE 0x1u
#define WG_WIM_RES_METADATA 0x2u
#define WG_WIM_RES_COMPRESSED 0x4u
#define WG_WIM_RES_SPANNED 0x8u
#define WG_WIM_RES_SOLID 0x10u

// File attributes we act on.
#define WG_WIM_ATTR_READONLY 0x1u
#define WG_WIM_ATTR_HIDDEN 0x2u
#define WG_WIM_ATTR_SYSTEM 0x4u
#define WG_WIM_ATTR_DIRECTORY 0x10u
#define WG_WIM_ATTR_ARCHIVE 0x20u
#define WG_WIM_ATTR_NORMAL 0x80u // none of the others
#define WG_WIM_ATTR_REPARSE 0x400u
#define WG_WIM_ATTR_ENCRYPTED 0x4000u

typedef enum wg_wim_codec { // numbers as solid resources have them
  WG_WIM_CODEC_NONE = 0,
  WG_WIM_CODEC_XPRESS = 1,
  WG_WIM_CODEC_LZX = 2,
  WG_WIM_CODEC_LZMS = 3
} wg_wim_codec;
const char *wg_wim_codec_name(wg_wim_codec c); // "none", "XPRESS", "LZX", "LZMS"

// Ceilings. Zero fields mean the defaults of wg_wim_limits_default.
typedef struct wg_wim_limits {
  uint32_t max_images;         // 4,096
  uint64_t max_table_bytes;    // 512 MiB: 10 million blobs
  uint64_t max_xml_bytes;      // 64 MiB
  uint64_t max_metadata_bytes; // 1 GiB uncompressed, one image
  uint32_t max_depth;          // 16,384 folders
  uint32_t max_chunk_bytes;    // 256 MiB
} wg_wim_limits;
wg_wim_limits wg_wim_limits_default(void);

// Where bytes come from. read gives exactly n_bytes at off_bytes or fails; it is never asked for
// bytes outside size_bytes.
typedef struct wg_wim_source {
  wg_code (*read)(void *ctx, uint64_t off_bytes, void *p, size_t n_bytes, wg_error *err);
  void *ctx;
  uint64_t size_bytes;
} wg_wim_source;

typedef struct wg_wim_res { // a resource header on disk, 24 bytes
  uint64_t stored_bytes;    // 56 bits
  uint8_t flags;            // WG_WIM_RES_*
  uint64_t off_bytes;
  uint64_t orig_bytes;
} wg_wim_res;

typedef struct wg_wim_header {
  uint32_t version, flags, chunk_bytes;
  uint8_t guid[16];
  uint16_t part, n_parts;
  uint32_t n_images, boot_index;
  wg_wim_res table, xml, boot_metadata, integrity;
  uint8_t unused[60]; // offset 0x94
  wg_wim_codec codec; // from flags
} wg_wim_header;

// Reads 208 bytes. FORMAT: not a WIM, a header size or part number that cannot be. UNSUPPORTED:
// pipable WIM, unknown version or compression.
wg_code wg_wim_header_parse(const uint8_t *p, wg_wim_header *out, wg_error *err);
void wg_wim_header_write(const wg_wim_header *h, uint8_t out[WG_WIM_HEADER_BYTES]);

#define WG_WIM_NO_SOLID UINT32_MAX
typedef struct wg_wim_blob {
  wg_sha1 hash;
  uint64_t orig_bytes;
  uint64_t off_bytes;    // in the source; with solid: in the solid resource's uncompressed bytes
  uint64_t stored_bytes; // 0 with solid
  uint32_t refcount;
  uint16_t part;
  uint8_t flags;
  uint32_t solid; // index in solids or WG_WIM_NO_SOLID
} wg_wim_blob;

typedef struct wg_wim_solid {
  uint64_t off_bytes, stored_bytes, orig_bytes;
  uint32_t chunk_bytes;
  wg_wim_codec codec;
} wg_wim_solid;

// What the XML says of one image. Strings are UTF-8, "" when absent.
typedef struct wg_wim_facts {
  const char *name, *description, *display_name, *display_description, *flags;
  const char *arch; // decimal text of WINDOWS/ARCH
  const char *product_name, *edition, *installation_type, *product_type, *system_root;
  const char *major, *minor, *build, *spbuild, *language; // language: LANGUAGES/DEFAULT
  const char *dir_count, *file_count, *total_bytes, *hard_link_bytes;
  const char *wimboot; // WIMBOOT element: "1" for a WIMBoot image
} wg_wim_facts;

// One file of a split WIM among the bytes of the source. A WIM that is not split has one, the whole
// source.
typedef struct wg_wim_part {
  uint64_t off_bytes, n_bytes;
  uint16_t number; // 1-based, as the file's header says
} wg_wim_part;

typedef struct wg_wim {
  wg_wim_source src;
  wg_wim_part *parts; // that were opened, by number
  size_t n_parts;
  wg_arena *arena; // borrowed
  wg_wim_limits limits;
  wg_wim_header hdr;  // of the first part opened; offsets in its resource headers are that part's
  wg_wim_blob *blobs; // file order of the table; free and zero-hash entries are left out
  size_t n_blobs;
  uint32_t *by_hash; // blob indices sorted by hash; metadata not among them
  uint64_t *heads;   // the first eight bytes of those hashes, in that order
  size_t n_by_hash;
  wg_wim_solid *solids;
  size_t n_solids;
  uint32_t *metadata;  // blob index per image
  wg_wim_facts *facts; // per image
  uint32_t n_images;
  wg_str xml; // UTF-8, without the byte order mark; NUL-terminated
} wg_wim;

// Opens: header, blob table, XML. src and arena outlive the result. FORMAT with offset for what is
// wrong, LIMIT, UNSUPPORTED, NOMEM, and what src reports. A part of a split WIM opens, with what is
// in it; wg_wim_is_whole tells.
wg_code wg_wim_open(const wg_wim_source *src, wg_arena *arena, const wg_wim_limits *limits,
                    wg_wim *out, wg_error *err);
// The same of a split WIM: part i + 1 is the n_bytes of source at off_bytes (number is not read).
// Every part must be there, once, and of one set (the GUID): FORMAT otherwise. The images are those
// of part 1. Offsets in errors and messages are those in the part, whose number they name.
wg_code wg_wim_open_parts(const wg_wim_source *src, const wg_wim_part *parts, size_t n_parts,
                          wg_arena *arena, const wg_wim_limits *limits, wg_wim *out, wg_error *err);
// Are all parts of it open?
bool wg_wim_is_whole(const wg_wim *w);
// The part that byte off_bytes of the source lies in; NULL behind the last.
const wg_wim_part *wg_wim_part_at(const wg_wim *w, uint64_t off_bytes);
// Sorts numbers of things by their hashes, at(ctx, number) each; equal ones by number. heads[i]
// gets the first bytes of that of v[i]. NOMEM.
wg_code wg_wim_sort_by_hash(uint32_t *v, uint64_t *heads, size_t n,
                            const wg_sha1 *(*at)(void *, uint32_t), void *ctx,
                            const wg_alloc *alloc, wg_error *err);
// The first eight bytes of a hash: as numbers they are in the order of the hashes.
uint64_t wg_wim_hash_head(const wg_sha1 *hash);
// Of n hashes in ascending order, at(ctx, i) each, heads[i] the first bytes of each, the first that
// is not less than hash; n when all are. n below 2^32.
size_t wg_wim_hash_bound(const uint64_t *heads, size_t n, const wg_sha1 *hash,
                         const wg_sha1 *(*at)(void *, size_t), void *ctx);
// Index of the blob with that hash (the first if there are several); false when there is none.
bool wg_wim_find_blob(const wg_wim *w, const wg_sha1 *hash, uint32_t *out);

// --- Resource data.
// Keeps a decompressor, its buffers and the chunk table of the resource read last. One thread.
typedef struct wg_wim_decoder wg_wim_decoder;
wg_code wg_wim_decoder_new(const wg_alloc *alloc, wg_wim_decoder **out, wg_error *err);
void wg_wim_decoder_free(wg_wim_decoder *d);
WG_DEFINE_AUTO_PTR(wg_wim_decoder, wg_wim_decoder_free);
typedef wg_code (*wg_wim_sink)(void *ctx, const uint8_t *p, size_t n_bytes, wg_error *err);
// Gives the blob's uncompressed bytes to sink, in order. Does not check the hash. FORMAT for a
// damaged resource, with its offset; and what sink reports.
wg_code wg_wim_read_blob(const wg_wim *w, wg_wim_decoder *d, uint32_t blob, wg_wim_sink sink,
                         void *ctx, wg_error *err);
// Whole blob into out (initialised), hash checked (VERIFY). Larger than max_bytes is LIMIT.
wg_code wg_wim_load_blob(const wg_wim *w, wg_wim_decoder *d, uint32_t blob, uint64_t max_bytes,
                         wg_buf *out, wg_error *err);
// VERIFY: that the blob's bytes have another SHA-1 than the table says, with its place.
wg_code wg_wim_fail_hash(const wg_wim *w, uint32_t blob, wg_error *err);
// Bytes of a chunk table in front of a non-solid compressed resource.
uint64_t wg_wim_chunk_table_bytes(uint64_t orig_bytes, uint32_t chunk_bytes);

// --- An image's metadata.
typedef struct wg_wim_stream { // an extra stream entry
  wg_str name16;               // UTF-16LE, empty: unnamed
  wg_sha1 hash;
  uint64_t length, reserved; // as on disk
  wg_str tail;               // bytes after the name up to the aligned length
} wg_wim_stream;

#define WG_WIM_NO_ENTRY UINT32_MAX
#define WG_WIM_NO_SECURITY UINT32_MAX
typedef struct wg_wim_entry {
  wg_str name16, short16; // UTF-16LE; the root has no name
  wg_str tail;            // bytes after the names up to the aligned length: tagged items
  wg_wim_stream *streams;
  uint64_t length;                                                 // as on disk; 0: made by us
  uint64_t unused1, unused2, create_time, access_time, write_time; // 100 ns since 1601
  uint64_t link_or_reparse; // reparse points: tag (low 32), reserved, flags; else link group
  uint64_t list_off;        // where its list of children was; UINT64_MAX: made by us
  uint32_t attributes, security, unknown54;
  uint32_t parent, first_child, last_child, next; // indices or WG_WIM_NO_ENTRY
  uint32_t depth;
  uint16_t n_streams;
  bool has_list, unsorted; // unsorted: children were added at the end
  bool gone;               // taken out; wg_wim_tree_compact drops it
  wg_sha1 hash;
} wg_wim_entry;

typedef struct wg_wim_tree {
  wg_arena *arena;
  wg_wim_entry *entries; // [0] is the root
  size_t n, cap;
  wg_str *descriptors; // security descriptors by id
  uint32_t n_descriptors, cap_descriptors;
  uint32_t security_bytes; // total length field as on disk
  wg_str security_tail;    // bytes after the descriptors up to the root
  uint64_t root_gap_bytes; // zero bytes between root and first list
  uint32_t *index;         // wg_wim_tree_find's hash table; NULL until first used
  size_t n_index;
  bool odd_short_names; // one of the parsed short names has no '~'
  bool loose;           // entries were taken out or moved: to be compacted before it is written
} wg_wim_tree;

// Parses an uncompressed metadata resource. Names, descriptors and tails are borrowed from p.
// n_extra: room for entries to be added. FORMAT with offset (also for two entries of exactly one
// name, and for entries below a reparse point that leads elsewhere), LIMIT, NOMEM.
wg_code wg_wim_tree_parse(const uint8_t *p, size_t n_bytes, wg_arena *arena,
                          const wg_wim_limits *limits, size_t n_extra, wg_wim_tree *out,
                          wg_error *err);
// The tree as an uncompressed metadata resource. Unchanged trees of wimlib and of Microsoft's
// software give their own bytes again. LIMIT, NOMEM.
wg_code wg_wim_tree_write(wg_wim_tree *t, wg_buf *out, wg_error *err);
// The child of parent by name, letter case ignored (an exact match wins); WG_WIM_NO_ENTRY in *out
// when there is none. CONFLICT: several that differ in letter case, and none of them exact. NOMEM.
wg_code wg_wim_tree_find(wg_wim_tree *t, uint32_t parent, wg_str name16, uint32_t *out,
                         wg_error *err);
// A new child: zeroed but for name, parent and times; the caller fills the rest. name16 is
// borrowed. BUG when there is no room left.
wg_code wg_wim_tree_add(wg_wim_tree *t, uint32_t parent, wg_str name16, uint64_t time,
                        uint32_t *out, wg_error *err);
// The child of parent by short name, letter case ignored; WG_WIM_NO_ENTRY when there is none. Looks
// at each child.
uint32_t wg_wim_tree_find_short(const wg_wim_tree *t, uint32_t parent, wg_str name16);
// The entry after i of a walk through top (first) and all below it; WG_WIM_NO_ENTRY at the end.
uint32_t wg_wim_tree_walk(const wg_wim_tree *t, uint32_t top, uint32_t i);
// Takes the entry (not the root) and all below it out of the tree: marks them as gone. NOMEM.
wg_code wg_wim_tree_remove(wg_wim_tree *t, uint32_t entry, wg_error *err);
// Makes the entry (not the root) the child of another folder, which is not below it, under the name
// (borrowed). The short name stays. NOMEM.
wg_code wg_wim_tree_move(wg_wim_tree *t, uint32_t entry, uint32_t parent, wg_str name16,
                         wg_error *err);
// After removals and moves: numbers the entries anew, parents before their children, without those
// that are gone. *out_new_of is by old number, WG_WIM_NO_ENTRY for what is gone (arena). Entries
// can't be added afterwards. NOMEM.
wg_code wg_wim_tree_compact(wg_wim_tree *t, uint32_t **out_new_of, wg_error *err);
// Number of a security descriptor with these bytes: one that is there, or a new one (borrowed).
// LIMIT, NOMEM.
wg_code wg_wim_tree_descriptor(wg_wim_tree *t, wg_str bytes, uint32_t *out, wg_error *err);
// "\a\b" as UTF-8 in out (initialised).
void wg_wim_tree_path(const wg_wim_tree *t, uint32_t entry, wg_buf *out);

// What an entry's streams are. 0 is the one in the entry itself, 1..n_streams the extra ones. The
// format does not say which is what; the rules are those wimlib found.
#define WG_WIM_NO_STREAM UINT32_MAX
typedef struct wg_wim_roles {
  uint32_t data, reparse, efs; // stream numbers or WG_WIM_NO_STREAM; others are named or nothing
} wg_wim_roles;
wg_wim_roles wg_wim_entry_roles(const wg_wim_entry *e);
// Whether an entry may have entries in it: it is no reparse point, or one whose tag says so and
// that does not stand for another place (cloud files, say).
bool wg_wim_entry_holds(const wg_wim_entry *e);
const wg_sha1 *wg_wim_entry_hash(const wg_wim_entry *e, size_t i);
// Hash of the unnamed data stream; all zero when empty or absent.
wg_sha1 wg_wim_entry_data(const wg_wim_entry *e);
bool wg_sha1_is_zero(const wg_sha1 *h);
// 100 ns units since 1601 from seconds since 1970, clamped at 0.
uint64_t wg_wim_time(int64_t unix_s);

// Rows of contents in the order of writing. The entry of a solid resource and those of its contents
// form a run; within a run, offsets go on from one resource to the next. Zero is a valid start.
typedef struct wg_wim_table_run {
  const wg_wim_solid *solid; // of the row before, NULL: none
  uint64_t off_bytes;        // of that one in the run's uncompressed bytes
} wg_wim_table_run;
typedef struct wg_wim_table_row {
  const wg_sha1 *hash;
  uint16_t part; // of a split WIM, else 1
  uint32_t refcount;
  const wg_wim_res *res;     // where it is when it is not solid
  const wg_wim_solid *solid; // NULL: it is not; contents of one have the same pointer
  uint64_t solid_off_bytes, n_bytes;
} wg_wim_table_row;
void wg_wim_table_put_row(wg_buf *out, wg_wim_table_run *run, const wg_wim_table_row *row);
// Facts of n images from the document; *out_encrypted: it says that the file is an encrypted ESD.
// FORMAT with the offset in the text, LIMIT, NOMEM.
wg_code wg_wim_xml_facts(wg_str xml, wg_arena *arena, wg_wim_facts *out, uint32_t n_images,
                         bool *out_encrypted, wg_error *err);
// The document with the text of one element replaced: path "TOTALBYTES" or
// "LASTMODIFICATIONTIME/HIGHPART", in the image (1-based) or, with 0, under the root. A missing
// element is added at the end of its parent; everything else keeps its bytes. value is escaped.
wg_code wg_wim_xml_put(wg_str xml, uint32_t image, const char *path, const char *value, wg_buf *out,
                       wg_error *err);

// Where the IMAGE element with that INDEX (1-based) stands in the document.
typedef struct wg_wim_xml_image {
  size_t from, to;             // the element with its tags; equal when there is none
  size_t index_from, index_to; // the text of INDEX
} wg_wim_xml_image;
// FORMAT with the offset in the text.
wg_code wg_wim_xml_find_image(wg_str xml, uint32_t image, wg_wim_xml_image *out, wg_error *err);

typedef struct wg_wim_xml_element {
  wg_str name, text; // text with its tags
} wg_wim_xml_element;
// The elements in the IMAGE with that INDEX, in their order; they borrow from xml. FORMAT, NOMEM.
wg_code wg_wim_xml_elements(wg_str xml, uint32_t image, wg_arena *arena, wg_wim_xml_element **out,
                            size_t *out_n, wg_error *err);
// The one element that a text is, with nothing beside it, as strict readers of XML take it (which
// the functions above are not). FORMAT.
wg_code wg_wim_xml_element_of(wg_str text, wg_wim_xml_element *out, wg_error *err);
// What is counted anew whenever an image is written: DIRCOUNT, TOTALBYTES, ...
bool wg_wim_xml_is_counted(wg_str name);
// The document with what is in that IMAGE replaced: counted elements stay, all others become the n
// given. An image without any is an error (FORMAT).
wg_code wg_wim_xml_set_elements(wg_str xml, uint32_t image, const wg_str *elements, size_t n,
                                wg_buf *out, wg_error *err);

#endif
