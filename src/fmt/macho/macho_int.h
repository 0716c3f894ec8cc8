// SPDX-License-Identifier: Apache-2.0
// Shared by the files of this folder.
#ifndef WG_FMT_MACHO_INT_H
#define WG_FMT_MACHO_INT_H

#include "fmt/macho/macho.h"

#define MACHO_MAX_COMMANDS 65536u
#define MACHO_MAX_IMAGES 64u

// As read in the image's own byte order; the fat ones are always big-endian.
#define MACHO_MAGIC_32 0xFEEDFACEu
#define MACHO_MAGIC_64 0xFEEDFACFu
#define MACHO_FAT_32 0xCAFEBABEu
#define MACHO_FAT_64 0xCAFEBABFu

// cmd values of <mach-o/loader.h> that are read; bit 31 is LC_REQ_DYLD
enum {
  LC_SEGMENT = 0x1,
  LC_SYMTAB = 0x2,
  LC_LOAD_DYLIB = 0xC,
  LC_ID_DYLIB = 0xD,
  LC_LOAD_DYLINKER = 0xE,
  LC_LOAD_WEAK_DYLIB = 0x18,
  LC_SEGMENT_64 = 0x19,
  LC_UUID = 0x1B,
  LC_RPATH = 0x1C,
  LC_CODE_SIGNATURE = 0x1D,
  LC_REEXPORT_DYLIB = 0x1F,
  LC_LAZY_LOAD_DYLIB = 0x20,
  LC_LOAD_UPWARD_DYLIB = 0x23,
  LC_VERSION_MIN_MACOSX = 0x24,
  LC_VERSION_MIN_IPHONEOS = 0x25,
  LC_MAIN = 0x28,
  LC_VERSION_MIN_TVOS = 0x2F,
  LC_VERSION_MIN_WATCHOS = 0x30,
  LC_BUILD_VERSION = 0x32
};
#define LC_REQ_DYLD 0x80000000u

// Fields in the image's byte order; word is 8 bytes in 64-bit images.
WG_MUST_CHECK bool wg_macho_read32(const wg_macho *m, wg_reader *r, uint32_t *out);
WG_MUST_CHECK bool wg_macho_read_word(const wg_macho *m, wg_reader *r, uint64_t *out);
// One whole image whose bytes are m->file.
wg_code wg_macho_parse_image(wg_macho *m, wg_arena *arena, wg_error *err);
// The load commands; m's counts have been taken and its arrays are large enough.
wg_code wg_macho_parse_commands(wg_macho *m, const wg_reader *commands, wg_error *err);

#endif
