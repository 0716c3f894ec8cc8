// SPDX-License-Identifier: Apache-2.0
// Mach-O files, thin and fat (universal): header, load commands, segments, sections, libraries,
// minimum OS. Reading only. Source of the layout: Apple's <mach-o/loader.h>, <mach-o/fat.h> and
// <mach/machine.h>. docs/formats/macho.md has the byte facts.
#ifndef WG_FMT_MACHO_H
#define WG_FMT_MACHO_H

#include "base/bytes.h"

// cputype: bit 24 marks the 64-bit variant
enum {
  WG_MACHO_CPU_X86 = 7,
  WG_MACHO_CPU_X86_64 = 0x01000007,
  WG_MACHO_CPU_ARM = 12,
  WG_MACHO_CPU_ARM64 = 0x0100000C,
  WG_MACHO_CPU_PPC = 18,
  WG_MACHO_CPU_PPC64 = 0x01000012
};
// filetype
enum {
  WG_MACHO_OBJECT = 1,
  WG_MACHO_EXECUTE = 2,
  WG_MACHO_DYLIB = 6,
  WG_MACHO_DYLINKER = 7,
  WG_MACHO_BUNDLE = 8,
  WG_MACHO_DYLIB_STUB = 9,
  WG_MACHO_DSYM = 10
};
enum {
  WG_MACHO_FLAG_PIE = 0x200000
};

// A version as load commands pack it: xxxx.yy.zz in 16, 8 and 8 bits.
typedef uint32_t wg_macho_version;

typedef struct wg_macho_segment {
  wg_str name;                                // borrowed from the file
  uint64_t vaddr, mem_bytes, off, file_bytes; // off from the start of this image, within it
  uint32_t max_prot, init_prot, flags;        // 1 read, 2 write, 4 execute
  size_t first_section, n_sections;
} wg_macho_segment;

typedef struct wg_macho_section {
  wg_str name, segment;
  uint64_t vaddr, n_bytes;
  uint64_t off; // within the image unless is_zerofill or the file holds no contents (dSYM, stub)
  uint32_t flags;
  bool is_zerofill;
} wg_macho_section;

typedef struct wg_macho_dylib {
  wg_str name;
  wg_macho_version current, compatible;
  bool weak, reexport;
} wg_macho_dylib;

// One image: a thin file, or one part of a fat one.
typedef struct wg_macho {
  wg_reader file; // this image's bytes, borrowed
  bool is_64, big_endian;
  uint32_t cpu, cpu_subtype; // subtype with the capability bits (top byte) as stored
  uint32_t type, flags;
  uint32_t n_commands;
  wg_macho_segment *segments;
  size_t n_segments;
  wg_macho_section *sections;
  size_t n_sections;
  wg_macho_dylib *dylibs; // in the file's order
  size_t n_dylibs;
  wg_str *rpaths;
  size_t n_rpaths;
  wg_str id;     // a library's own name (LC_ID_DYLIB), "" when none
  wg_str linker; // LC_LOAD_DYLINKER, "" when none
  bool has_uuid, has_min_os, has_entry, has_signature, has_symbols;
  uint8_t uuid[16];
  uint32_t platform; // 1 macOS, 2 iOS, ...; 0 when the file does not say
  wg_macho_version min_os, sdk;
  uint64_t entry_off; // LC_MAIN: from the start of the image
  uint64_t signature_off, signature_bytes;
} wg_macho;

typedef struct wg_macho_file {
  bool is_fat;
  wg_macho *images; // at least one
  size_t n_images;
} wg_macho_file;

// True when the bytes start as a Mach-O or fat file does (a Java class, which shares the fat magic,
// is told apart by its version number).
bool wg_macho_detect(const wg_reader *file);

// Parses the file from its first byte. The model borrows file's bytes and lives in the arena.
// FORMAT with the offset in the whole file: truncated; a load command, segment, section, name or
// fat part that does not lie where it must; fat parts that overlap or are of another CPU than the
// fat header says. LIMIT: more than 64 fat parts, or 65,536 load commands.
wg_code wg_macho_parse(const wg_reader *file, wg_arena *arena, wg_macho_file *out, wg_error *err);

// The first section of that name in any segment, or NULL.
const wg_macho_section *wg_macho_find_section(const wg_macho *m, const char *name);
// The bytes of the file mapped at va, up to the end of its segment's file part; __PAGEZERO has
// none.
WG_MUST_CHECK bool wg_macho_read_va(const wg_macho *m, uint64_t va, wg_reader *out);

// Static names for people; NULL for numbers not in the table.
const char *wg_macho_cpu_name(uint32_t cpu, uint32_t cpu_subtype); // "arm64e"
const char *wg_macho_type_name(uint32_t type);                     // "executable"
const char *wg_macho_platform_name(uint32_t platform);             // "macOS"
// What Go calls this CPU: "arm64"; NULL when Go has no port.
const char *wg_macho_goarch(const wg_macho *m);
// "13.1" or "13.1.2" into out (16 bytes hold the longest). Returns out.
const char *wg_macho_version_text(wg_macho_version v, char out[16]);

#endif
