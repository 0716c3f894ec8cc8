// SPDX-License-Identifier: Apache-2.0
// ELF files: header, segments, sections, dynamic libraries, build ids. Reading only.
// Source of the layout: System V ABI, chapters 4 (object files) and 5 (program loading); the GNU
// notes from the LSB. docs/formats/elf.md has the byte facts.
#ifndef WG_FMT_ELF_H
#define WG_FMT_ELF_H

#include "base/bytes.h"

// e_type
enum {
  WG_ELF_REL = 1,
  WG_ELF_EXEC = 2,
  WG_ELF_DYN = 3,
  WG_ELF_CORE = 4
};
// p_type, p_flags
enum {
  WG_ELF_PT_LOAD = 1,
  WG_ELF_PT_DYNAMIC = 2,
  WG_ELF_PT_INTERP = 3,
  WG_ELF_PT_NOTE = 4,
  WG_ELF_PF_X = 1,
  WG_ELF_PF_W = 2,
  WG_ELF_PF_R = 4
};
// sh_type, sh_flags
enum {
  WG_ELF_SHT_SYMTAB = 2,
  WG_ELF_SHT_STRTAB = 3,
  WG_ELF_SHT_NOTE = 7,
  WG_ELF_SHT_NOBITS = 8,
  WG_ELF_SHF_WRITE = 1,
  WG_ELF_SHF_ALLOC = 2,
  WG_ELF_SHF_EXECINSTR = 4
};

typedef struct wg_elf_segment {
  uint32_t type, flags;
  uint64_t off, vaddr, file_bytes, mem_bytes, align; // off + file_bytes lies within the file
} wg_elf_segment;

typedef struct wg_elf_section {
  wg_str name; // borrowed from the file
  uint32_t type, link, info;
  uint64_t flags, addr, off, size_bytes,
      align; // off + size_bytes lies within the file unless NOBITS
} wg_elf_section;

typedef struct wg_elf {
  wg_reader file; // the whole input, borrowed
  bool is_64, big_endian;
  uint8_t os_abi;
  uint16_t type, machine;
  uint32_t flags;
  uint64_t entry; // virtual address, 0: none
  wg_elf_segment *segments;
  size_t n_segments;
  wg_elf_section *sections; // [0] is the null section
  size_t n_sections;
  wg_str interpreter; // "" when none
  wg_str soname, rpath, runpath;
  wg_str *needed; // libraries, in the file's order
  size_t n_needed;
  bool has_dynamic, has_symbols, has_debug;
  bool is_detached_debug; // code is NOBITS: a .debug file, whose segments point at another file
  bool is_pie;            // DYN, and marked DF_1_PIE or has an interpreter
  wg_str gnu_build_id;    // raw bytes of the NT_GNU_BUILD_ID note, "" when none
  wg_str go_build_id;     // text of Go's note (name "Go", type 4), "" when none
} wg_elf;

// True when the bytes start as ELF does; says nothing of the rest.
bool wg_elf_detect(const wg_reader *file);

// Parses file (from its first byte; its position does not matter). The model borrows file's bytes
// and lives in the arena. FORMAT with the offset: truncated, or a table, segment, section, name or
// note that does not lie where it must; a segment larger in the file than in memory; an alignment
// that is no power of two; a version other than 1. NOMEM, LIMIT from the arena (sizes are bounded
// by the file's: at most 4 times its length is taken).
wg_code wg_elf_parse(const wg_reader *file, wg_arena *arena, wg_elf *out, wg_error *err);

// The first section of that name, or NULL.
const wg_elf_section *wg_elf_find_section(const wg_elf *elf, const char *name);
// The bytes loaded from the file at virtual address va up to the end of its PT_LOAD's file part.
// False when no segment has it.
WG_MUST_CHECK bool wg_elf_read_va(const wg_elf *elf, uint64_t va, wg_reader *out);

// Static names for people; NULL for numbers not in the table.
const char *wg_elf_machine_name(uint16_t machine); // "x86-64"
const char *wg_elf_type_name(uint16_t type);       // "executable"
const char *wg_elf_os_abi_name(uint8_t os_abi);    // "Linux"
const char *wg_elf_segment_type_name(uint32_t type);
const char *wg_elf_section_type_name(uint32_t type);
// What Go calls this machine, byte order and class: "amd64", "mips64le"; NULL when Go has no port.
const char *wg_elf_goarch(const wg_elf *elf);

#endif
