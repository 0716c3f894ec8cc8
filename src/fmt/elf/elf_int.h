// SPDX-License-Identifier: Apache-2.0
// Shared by the files of this folder.
#ifndef WG_FMT_ELF_INT_H
#define WG_FMT_ELF_INT_H

#include "fmt/elf/elf.h"

// Fields in the file's byte order; word is 4 bytes in 32-bit files, 8 in 64-bit ones.
WG_MUST_CHECK bool wg_elf_read32(const wg_elf *e, wg_reader *r, uint32_t *out);
WG_MUST_CHECK bool wg_elf_read_word(const wg_elf *e, wg_reader *r, uint64_t *out);
// The NUL-terminated string at off of a string table; false when off or the NUL is outside.
WG_MUST_CHECK bool wg_elf_string(const wg_reader *table, uint64_t off, wg_str *out);

// PT_INTERP, PT_DYNAMIC, notes: fills interpreter, needed, soname, paths, build ids, is_pie.
wg_code wg_elf_parse_dynamic(wg_elf *e, wg_arena *arena, wg_error *err);
wg_code wg_elf_parse_notes(wg_elf *e, wg_error *err);

#endif
