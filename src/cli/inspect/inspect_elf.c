// SPDX-License-Identifier: Apache-2.0
// ELF files.
#include "cli/inspect/inspect.h"

// "rwx" with '-' for what is missing; p has 4 bytes.
static wg_str elf_rwx(char p[4], bool r, bool w, bool x) {
  p[0] = r ? 'r' : '-';
  p[1] = w ? 'w' : '-';
  p[2] = x ? 'x' : '-';
  p[3] = '\0';
  return (wg_str){p, 3};
}

static wg_str elf_name_or_hex(wg_arena *arena, const char *name, uint64_t v) {
  return wg_str_of(name != NULL ? name : wg_arena_printf(arena, "0x%llx", (unsigned long long)v));
}

static wg_code elf_segments(wg_ins *i, const wg_elf *e, wg_error *err) {
  static const wg_ins_col cols[] = {
      {"type", "Type", WG_COL_STR},          {"flags", "Flags", WG_COL_STR},
      {"address", "Address", WG_COL_ADDR},   {"offset", "Offset", WG_COL_U64},
      {"file_bytes", "In file", WG_COL_U64}, {"memory_bytes", "In memory", WG_COL_U64}};
  const size_t n = WG_ARRAY_LEN(cols);
  wg_ins_cell *rows = wg_arena_array(i->arena, e->n_segments, n * sizeof(*rows));
  char(*rwx)[4] = wg_arena_array(i->arena, e->n_segments, sizeof(*rwx));
  if (rows == NULL || rwx == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (size_t k = 0; k < e->n_segments; k++) {
    const wg_elf_segment *s = &e->segments[k];
    wg_ins_cell *row = rows + k * n;
    row[0].s = elf_name_or_hex(i->arena, wg_elf_segment_type_name(s->type), s->type);
    row[1].s = elf_rwx(rwx[k], (s->flags & WG_ELF_PF_R) != 0, (s->flags & WG_ELF_PF_W) != 0,
                       (s->flags & WG_ELF_PF_X) != 0);
    row[2].v = s->vaddr;
    row[3].v = s->off;
    row[4].v = s->file_bytes;
    row[5].v = s->mem_bytes;
  }
  wg_ins_table(i, "segments", "Segments", cols, n, rows, e->n_segments);
  return WG_OK;
}

static wg_code elf_sections(wg_ins *i, const wg_elf *e, wg_error *err) {
  static const wg_ins_col cols[] = {
      {"name", "Name", WG_COL_STR},     {"type", "Type", WG_COL_STR},
      {"flags", "Flags", WG_COL_STR},   {"address", "Address", WG_COL_ADDR},
      {"offset", "Offset", WG_COL_U64}, {"bytes", "Size", WG_COL_U64}};
  const size_t n = WG_ARRAY_LEN(cols);
  size_t n_rows = e->n_sections > 0 ? e->n_sections - 1 : 0; // the null section says nothing
  wg_ins_cell *rows = wg_arena_array(i->arena, n_rows, n * sizeof(*rows));
  char(*rwx)[4] = wg_arena_array(i->arena, n_rows, sizeof(*rwx));
  if (rows == NULL || rwx == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (size_t k = 0; k < n_rows; k++) {
    const wg_elf_section *s = &e->sections[k + 1];
    wg_ins_cell *row = rows + k * n;
    row[0].s = s->name;
    row[1].s = elf_name_or_hex(i->arena, wg_elf_section_type_name(s->type), s->type);
    row[2].s = elf_rwx(rwx[k], (s->flags & WG_ELF_SHF_ALLOC) != 0,
                       (s->flags & WG_ELF_SHF_WRITE) != 0, (s->flags & WG_ELF_SHF_EXECINSTR) != 0);
    row[3].v = s->addr;
    row[4].v = s->off;
    row[5].v = s->size_bytes;
  }
  wg_ins_table(i, "sections", "Sections", cols, n, rows, n_rows);
  return WG_OK;
}

static void elf_optional_str(wg_ins *i, const char *key, const char *label, wg_str v) {
  if (v.n != 0) {
    wg_ins_str(i, key, label, v);
  }
}

static void elf_header(wg_ins *i, const wg_elf *e) {
  const char *type = e->is_detached_debug ? "debug symbols of another file"
                     : e->is_pie          ? "position-independent executable"
                                          : wg_elf_type_name(e->type);
  wg_ins_u64(i, "bits", "Bits", e->is_64 ? 64 : 32);
  wg_ins_z(i, "byte_order", "Byte order", e->big_endian ? "big-endian" : "little-endian");
  wg_ins_named(i, "machine", "Machine", wg_elf_machine_name(e->machine), e->machine);
  wg_ins_named(i, "type", "Type", type, e->type);
  wg_ins_named(i, "abi", "ABI", wg_elf_os_abi_name(e->os_abi), e->os_abi);
  wg_ins_addr(i, "entry", "Entry", e->entry);
  elf_optional_str(i, "interpreter", "Interpreter", e->interpreter);
  elf_optional_str(i, "soname", "Own name", e->soname);
  elf_optional_str(i, "rpath", "RPATH", e->rpath);
  elf_optional_str(i, "runpath", "RUNPATH", e->runpath);
  wg_ins_strs(i, "needed", "Needs", e->needed, e->n_needed);
  wg_ins_z(i, "linking", "Linking",
           e->type == WG_ELF_REL                       ? "not linked"
           : e->n_needed != 0 || e->interpreter.n != 0 ? "dynamic"
                                                       : "static");
  if (e->gnu_build_id.n != 0) {
    wg_ins_digits(i, "build_id", "Build id", e->gnu_build_id.p, e->gnu_build_id.n);
  }
  elf_optional_str(i, "go_build_id", "Go build id", e->go_build_id);
  wg_ins_bool(i, "symbols", "Symbols", e->has_symbols);
  wg_ins_bool(i, "debug", "Debug info", e->has_debug);
}

wg_code wg_inspect_elf(wg_ins *i, wg_error *err) {
  wg_elf e = {0};
  if (wg_elf_parse(&i->file, i->arena, &e, err) != WG_OK) {
    return err->code;
  }
  elf_header(i, &e);
  if (elf_segments(i, &e, err) != WG_OK || elf_sections(i, &e, err) != WG_OK) {
    return err->code;
  }
  wg_go_image image = wg_go_image_of_elf(&e);
  return wg_inspect_go(i, &image, err);
}
