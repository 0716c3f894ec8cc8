// SPDX-License-Identifier: Apache-2.0
// Reader of PE images (EXE, DLL, driver, UEFI program): bytes to a host-order model.
//
// Byte facts: docs/formats/pe.md; "PE" below is Microsoft's "PE Format" specification.
// Freestanding: uses base only (memcpy, memcmp, memset), so firmware may link it.
// Everything in a wg_pe lives in the caller's arena or borrows from the input bytes, both of which
// must outlive it. One thread per object; reading it from several threads is fine.
#ifndef WG_FMT_PE_PE_H
#define WG_FMT_PE_PE_H

#include "base/bytes.h"

// Ceilings; a file over one is WG_E_LIMIT. Tests lower them.
typedef struct wg_pe_limits {
  uint32_t sections;         // 96 is what Windows loads; objcopy makes more
  uint32_t import_dlls;      // import and delay-import descriptors together
  uint32_t import_functions; // of all DLLs
  uint32_t export_names;
  uint32_t name_bytes;      // one DLL, function, section or resource name
  uint64_t all_names_bytes; // all names read from one file: bounds work on overlapping names
  uint32_t resource_nodes;  // directory entries visited, all levels
  uint32_t certificates;    // WIN_CERTIFICATE entries
  uint32_t debug_entries;
  uint32_t version_nodes; // blocks in one version resource
  uint32_t icon_images;   // images of all icon groups together
  uint64_t icon_bytes;    // one .ico put together from a group
} wg_pe_limits;

extern const wg_pe_limits wg_pe_default_limits;

// What to parse beyond headers, sections and the certificate table.
enum {
  WG_PE_IMPORTS = 1U << 0,
  WG_PE_EXPORTS = 1U << 1,
  WG_PE_RESOURCES = 1U << 2,
  WG_PE_DEBUG = 1U << 3,
  WG_PE_HEADERS_ONLY = 0,
  WG_PE_ALL = WG_PE_IMPORTS | WG_PE_EXPORTS | WG_PE_RESOURCES | WG_PE_DEBUG,
};

// Machine (PE 3.3.1), characteristics (3.3.2), subsystem (3.4.2), DLL characteristics (3.4.2).
enum {
  WG_PE_MACHINE_I386 = 0x014C,
  WG_PE_MACHINE_ARMNT = 0x01C4,
  WG_PE_MACHINE_AMD64 = 0x8664,
  WG_PE_MACHINE_ARM64 = 0xAA64,
  WG_PE_CHAR_RELOCS_STRIPPED = 0x0001,
  WG_PE_CHAR_EXECUTABLE = 0x0002,
  WG_PE_CHAR_LARGE_ADDRESS_AWARE = 0x0020,
  WG_PE_CHAR_DLL = 0x2000,
  WG_PE_SUBSYSTEM_NATIVE = 1,
  WG_PE_SUBSYSTEM_GUI = 2,
  WG_PE_SUBSYSTEM_CONSOLE = 3,
  WG_PE_SUBSYSTEM_EFI_APPLICATION = 10,
  WG_PE_DLLCHAR_HIGH_ENTROPY_VA = 0x0020,
  WG_PE_DLLCHAR_DYNAMIC_BASE = 0x0040,
  WG_PE_DLLCHAR_FORCE_INTEGRITY = 0x0080,
  WG_PE_DLLCHAR_NX_COMPAT = 0x0100,
  WG_PE_DLLCHAR_APPCONTAINER = 0x1000,
  WG_PE_DLLCHAR_GUARD_CF = 0x4000,
};

// Data directory indexes (PE 3.4.3).
enum {
  WG_PE_DIR_EXPORT = 0,
  WG_PE_DIR_IMPORT = 1,
  WG_PE_DIR_RESOURCE = 2,
  WG_PE_DIR_EXCEPTION = 3,
  WG_PE_DIR_SECURITY = 4, // its address is a file offset
  WG_PE_DIR_BASERELOC = 5,
  WG_PE_DIR_DEBUG = 6,
  WG_PE_DIR_TLS = 9,
  WG_PE_DIR_LOAD_CONFIG = 10,
  WG_PE_DIR_DELAY_IMPORT = 13,
  WG_PE_DIR_CLR = 14,
  WG_PE_N_DIRS = 16,
};

// Resource types (winuser.h RT_*).
enum {
  WG_RT_ICON = 3,
  WG_RT_GROUP_ICON = 14,
  WG_RT_VERSION = 16,
  WG_RT_MANIFEST = 24,
};

typedef struct wg_pe_range { // a run of bytes of the file
  uint64_t off, n_bytes;
} wg_pe_range;

enum {
  WG_PE_DIR_BYTES = 8, // one directory entry in the header
};

typedef struct wg_pe_dir {
  uint32_t rva, n_bytes; // both 0: absent
} wg_pe_dir;

typedef struct wg_pe_section {
  wg_str name;            // long names ("/4") resolved where the string table allows; raw bytes
  uint32_t rva;           // VirtualAddress
  uint32_t virtual_bytes; // VirtualSize; 0 means file_bytes
  uint32_t file_off, file_bytes;
  uint32_t characteristics;
} wg_pe_section;

typedef struct wg_pe_import_fn {
  wg_str name;      // empty when by ordinal
  uint16_t ordinal; // by ordinal: the number; by name: the hint
  bool by_ordinal;
} wg_pe_import_fn;

typedef struct wg_pe_import {
  wg_str dll;
  bool delayed;
  const wg_pe_import_fn *fns;
  uint32_t n_fns;
} wg_pe_import;

typedef struct wg_pe_export {
  wg_str name;
  uint32_t ordinal; // biased by the directory's base, as GetProcAddress takes it
  uint32_t rva;     // 0 for a forwarder
  wg_str forwarder; // "DLL.Function", or empty
} wg_pe_export;

// A type, name or language of a resource: a number, or a string.
typedef struct wg_pe_res_id {
  bool is_name;
  uint32_t id; // when !is_name
  wg_str name; // UTF-8 (WTF-8), when is_name
} wg_pe_res_id;

typedef struct wg_pe_resource { // one leaf of the tree
  wg_pe_res_id type, name, lang;
  uint32_t rva, n_bytes, code_page;
  bool in_file;      // false: the bytes exist only at run time (a packer's doing); data is empty
  wg_str data;       // borrowed from the input
  uint64_t file_off; // of data, when in_file
} wg_pe_resource;

typedef struct wg_pe_cert { // one WIN_CERTIFICATE (PE "Attribute Certificate Table")
  uint64_t off;             // of its header
  uint32_t n_bytes;         // dwLength, header included
  uint16_t revision, type;  // type 2: PKCS#7 SignedData
  wg_str data;              // what follows the 8-byte header; may carry padding
} wg_pe_cert;

typedef struct wg_pe_pdb { // CodeView record "RSDS"
  bool present;
  uint8_t guid[16];
  uint32_t age;
  wg_str path; // as the linker wrote it
} wg_pe_pdb;

typedef struct wg_pe {
  const uint8_t *bytes; // the input, borrowed
  uint64_t n_bytes;
  wg_pe_limits limits;

  uint64_t header_off; // of "PE\0\0"
  uint16_t machine, characteristics;
  uint32_t time_stamp;
  bool plus; // PE32+ (64-bit addresses)
  uint8_t linker_major, linker_minor;
  uint16_t os_major, os_minor, subsystem_major, subsystem_minor;
  uint16_t subsystem, dll_characteristics;
  uint32_t entry_rva; // 0: none
  uint64_t image_base;
  uint32_t section_align, file_align;
  uint32_t image_bytes, header_bytes; // SizeOfImage, SizeOfHeaders
  uint32_t checksum;                  // as stored; 0: not set
  uint64_t checksum_off;              // of that field in the file
  uint64_t security_dir_off;          // of the certificate directory entry; 0: no such entry
  uint64_t dirs_off;                  // file offset of the first directory entry; each has 8 bytes
  uint32_t n_dirs;
  wg_pe_dir dirs[WG_PE_N_DIRS];

  const wg_pe_section *sections;
  uint32_t n_sections;
  wg_pe_range cert_table; // n_bytes 0: unsigned
  const wg_pe_cert *certs;
  uint32_t n_certs;
  uint64_t end_of_sections; // first file offset behind headers and every section's bytes

  uint32_t parsed; // which WG_PE_* parts were parsed
  const wg_pe_import *imports;
  uint32_t n_imports;
  wg_str export_dll; // the name a DLL gives itself
  const wg_pe_export *exports;
  uint32_t n_exports;          // named ones
  uint32_t n_export_functions; // table entries, with those that have only an ordinal
  const wg_pe_resource *resources;
  uint32_t n_resources;
  wg_pe_pdb pdb;
} wg_pe;

// Parses a whole image with the default limits. Memory of the model comes from arena; bytes is
// borrowed. FORMAT with the file offset of what is wrong; UNSUPPORTED: right, but no PE image
// (a DOS, NE or ROM program, an object file); LIMIT; NOMEM.
wg_code wg_pe_parse(const void *bytes, size_t n_bytes, wg_arena *arena, const wg_pe **out_pe,
                    wg_error *err);
// As wg_pe_parse; limits NULL means the defaults, parts is a set of WG_PE_*.
wg_code wg_pe_parse_with(const void *bytes, size_t n_bytes, const wg_pe_limits *limits,
                         uint32_t parts, wg_arena *arena, const wg_pe **out_pe, wg_error *err);

// The file's bytes from this address to the end of the header's or section's file data. false when
// no byte of the file is loaded there. out->base_off is the file offset.
WG_MUST_CHECK bool wg_pe_read_rva(const wg_pe *pe, uint32_t rva, wg_reader *out);
// As above, for a virtual address that includes the image base.
WG_MUST_CHECK bool wg_pe_read_va(const wg_pe *pe, uint64_t va, wg_reader *out);
// Exactly n bytes at an address; false when the file does not hold them all.
WG_MUST_CHECK bool wg_pe_slice_rva(const wg_pe *pe, uint32_t rva, uint64_t n_bytes, wg_reader *out);
// The section whose memory holds rva; NULL when none (headers are in none).
const wg_pe_section *wg_pe_section_at(const wg_pe *pe, uint32_t rva);
// The first section of that name; NULL when there is none.
const wg_pe_section *wg_pe_section_named(const wg_pe *pe, const char *name);
// A section's file bytes, not more than its memory holds. Empty for uninitialised data.
wg_reader wg_pe_section_data(const wg_pe *pe, const wg_pe_section *s);

// What an Authenticode digest covers (docs/formats/pe.md, "Authenticode").
typedef struct wg_pe_hash_plan {
  wg_pe_range ranges[3]; // in hashing order; some may be empty
  uint32_t n_ranges;
  uint32_t n_pad_zero_bytes; // zero bytes hashed after the last range (unsigned files only)
  bool has_gaps;             // sections do not lie end to end: hashers by section may disagree
} wg_pe_hash_plan;
// FORMAT when bytes follow the certificate table, or it starts inside a section: the digest of such
// a file is not defined. UNSUPPORTED when the header has no certificate directory entry.
wg_code wg_pe_hash_ranges(const wg_pe *pe, wg_pe_hash_plan *out, wg_error *err);
// The checksum that the CheckSum field should hold (imagehlp's CheckSumMappedFile). checksum_off is
// the field's file offset; files of 4 GiB or more wrap as Windows' do.
uint32_t wg_pe_compute_checksum(const void *bytes, size_t n_bytes, uint64_t checksum_off);

// The first resource of a type given by number, in file order; NULL when there is none.
const wg_pe_resource *wg_pe_find_resource(const wg_pe *pe, uint32_t type);
// The first RT_MANIFEST's bytes (UTF-8 as a rule, maybe with a byte order mark); n 0: none.
wg_str wg_pe_manifest(const wg_pe *pe);

typedef struct wg_pe_version_string {
  wg_str key, value; // UTF-8
} wg_pe_version_string;
typedef struct wg_pe_version {
  bool has_fixed;
  uint16_t file_version[4], product_version[4];
  uint32_t file_flags, file_flags_mask, file_os, file_type, file_subtype;
  uint32_t lang_code_page;             // the string table's, language << 16 | code page
  const wg_pe_version_string *strings; // of the first table, in file order
  uint32_t n_strings;
  const uint32_t *translations; // language << 16 | code page
  uint32_t n_translations;
} wg_pe_version;
// Reads the first RT_VERSION. NOT_FOUND when there is none; FORMAT; LIMIT; NOMEM.
wg_code wg_pe_version_info(const wg_pe *pe, wg_arena *arena, const wg_pe_version **out,
                           wg_error *err);
// The value of a key of the string table (case as written); empty when absent.
wg_str wg_pe_version_get(const wg_pe_version *v, const char *key);

// One image of an icon group, as the group states it.
typedef struct wg_pe_icon_image {
  uint32_t width_px, height_px; // 1..256
  uint16_t bits_per_pixel;
  uint16_t id; // RT_ICON name
  wg_str data; // PNG file or DIB; empty when the image is not in the file
  bool is_png;
} wg_pe_icon_image;
typedef struct wg_pe_icon_group {
  wg_pe_res_id name, lang;
  uint64_t file_off; // of the group resource
  const wg_pe_icon_image *images;
  uint32_t n_images;
} wg_pe_icon_group;
// All RT_GROUP_ICON resources, file order. None is not an error. FORMAT; LIMIT; NOMEM.
wg_code wg_pe_icon_groups(const wg_pe *pe, wg_arena *arena, const wg_pe_icon_group **out,
                          uint32_t *out_n, wg_error *err);
// Puts a group together as a .ico file at the end of out. FORMAT when an image is missing; LIMIT.
wg_code wg_pe_icon_write_ico(const wg_pe *pe, const wg_pe_icon_group *g, wg_buf *out,
                             wg_error *err);

// Static names for messages and reports; NULL when not known.
const char *wg_pe_machine_name(uint16_t machine);     // "x86-64"
const char *wg_pe_machine_goarch(uint16_t machine);   // "amd64", as GOARCH
const char *wg_pe_subsystem_name(uint16_t subsystem); // "Windows console"
const char *wg_pe_resource_type_name(uint32_t type);  // "VERSION"

#endif
