// SPDX-License-Identifier: Apache-2.0
// Mach-O files, thin and fat.
#include "cli/inspect/inspect.h"

static wg_code macho_segments(wg_ins *i, const wg_macho *m, wg_error *err) {
  static const wg_ins_col cols[] = {
      {"name", "Name", WG_COL_STR},          {"flags", "Flags", WG_COL_STR},
      {"address", "Address", WG_COL_ADDR},   {"offset", "Offset", WG_COL_U64},
      {"file_bytes", "In file", WG_COL_U64}, {"memory_bytes", "In memory", WG_COL_U64}};
  static const char rwx[8][4] = {"---", "r--", "-w-", "rw-", "--x", "r-x", "-wx", "rwx"};
  const size_t n = WG_ARRAY_LEN(cols);
  wg_ins_cell *rows = wg_arena_array(i->arena, m->n_segments, n * sizeof(*rows));
  if (rows == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (size_t k = 0; k < m->n_segments; k++) {
    const wg_macho_segment *s = &m->segments[k];
    wg_ins_cell *row = rows + k * n;
    row[0].s = s->name;
    row[1].s = wg_str_of(rwx[s->init_prot & 7]);
    row[2].v = s->vaddr;
    row[3].v = s->off;
    row[4].v = s->file_bytes;
    row[5].v = s->mem_bytes;
  }
  wg_ins_table(i, "segments", "Segments", cols, n, rows, m->n_segments);
  return WG_OK;
}

static wg_code macho_sections(wg_ins *i, const wg_macho *m, wg_error *err) {
  static const wg_ins_col cols[] = {{"segment", "Segment", WG_COL_STR},
                                    {"name", "Name", WG_COL_STR},
                                    {"address", "Address", WG_COL_ADDR},
                                    {"offset", "Offset", WG_COL_U64},
                                    {"bytes", "Size", WG_COL_U64}};
  const size_t n = WG_ARRAY_LEN(cols);
  wg_ins_cell *rows = wg_arena_array(i->arena, m->n_sections, n * sizeof(*rows));
  if (rows == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (size_t k = 0; k < m->n_sections; k++) {
    const wg_macho_section *s = &m->sections[k];
    wg_ins_cell *row = rows + k * n;
    row[0].s = s->segment;
    row[1].s = s->name;
    row[2].v = s->vaddr;
    row[3].v = s->off;
    row[4].v = s->n_bytes;
  }
  wg_ins_table(i, "sections", "Sections", cols, n, rows, m->n_sections);
  return WG_OK;
}

static wg_code macho_dylibs(wg_ins *i, const wg_macho *m, wg_error *err) {
  static const wg_ins_col cols[] = {{"name", "Library", WG_COL_STR},
                                    {"version", "Version", WG_COL_STR},
                                    {"compatible", "Compatible", WG_COL_STR},
                                    {"weak", "Weak", WG_COL_BOOL}};
  const size_t n = WG_ARRAY_LEN(cols);
  wg_ins_cell *rows = wg_arena_array(i->arena, m->n_dylibs, n * sizeof(*rows));
  char(*text)[16] = wg_arena_array(i->arena, m->n_dylibs, 2 * sizeof(*text));
  if (rows == NULL || text == NULL) {
    return wg_arena_fail(i->arena, err);
  }
  for (size_t k = 0; k < m->n_dylibs; k++) {
    const wg_macho_dylib *d = &m->dylibs[k];
    wg_ins_cell *row = rows + k * n;
    row[0].s = d->name;
    row[1].s = wg_str_of(wg_macho_version_text(d->current, text[2 * k]));
    row[2].s = wg_str_of(wg_macho_version_text(d->compatible, text[2 * k + 1]));
    row[3].v = d->weak ? 1 : 0;
  }
  wg_ins_table(i, "needed", "Needs", cols, n, rows, m->n_dylibs);
  return WG_OK;
}

static void macho_platform(wg_ins *i, const wg_macho *m) {
  char text[16];
  if (!m->has_min_os) {
    return;
  }
  wg_ins_named(i, "platform", "Platform", wg_macho_platform_name(m->platform), m->platform);
  wg_ins_z(i, "min_os", "Minimum OS", wg_macho_version_text(m->min_os, text));
  wg_ins_z(i, "sdk", "SDK", wg_macho_version_text(m->sdk, text));
}

static void macho_header(wg_ins *i, const wg_macho *m) {
  wg_ins_u64(i, "bits", "Bits", m->is_64 ? 64 : 32);
  wg_ins_z(i, "byte_order", "Byte order", m->big_endian ? "big-endian" : "little-endian");
  wg_ins_named(i, "machine", "Machine", wg_macho_cpu_name(m->cpu, m->cpu_subtype), m->cpu);
  wg_ins_named(i, "type", "Type", wg_macho_type_name(m->type), m->type);
  wg_ins_bool(i, "pie", "Relocatable", (m->flags & WG_MACHO_FLAG_PIE) != 0);
  macho_platform(i, m);
  if (m->has_entry) {
    wg_ins_addr(i, "entry_offset", "Entry offset", m->entry_off);
  }
  if (m->linker.n != 0) {
    wg_ins_str(i, "interpreter", "Linker", m->linker);
  }
  if (m->id.n != 0) {
    wg_ins_str(i, "id", "Own name", m->id);
  }
  wg_ins_strs(i, "rpaths", "RPATH", m->rpaths, m->n_rpaths);
  if (m->has_uuid) {
    wg_ins_digits(i, "uuid", "UUID", m->uuid, sizeof(m->uuid));
  }
  wg_ins_bool(i, "signature", "Code signature", m->has_signature);
  wg_ins_bool(i, "symbols", "Symbols", m->has_symbols);
}

static wg_code macho_image(wg_ins *i, const wg_macho *m, wg_error *err) {
  macho_header(i, m);
  if (macho_dylibs(i, m, err) != WG_OK || macho_segments(i, m, err) != WG_OK ||
      macho_sections(i, m, err) != WG_OK) {
    return err->code;
  }
  wg_go_image image = wg_go_image_of_macho(m);
  return wg_inspect_go(i, &image, err);
}

wg_code wg_inspect_macho(wg_ins *i, wg_error *err) {
  wg_macho_file f = {0};
  if (wg_macho_parse(&i->file, i->arena, &f, err) != WG_OK) {
    return err->code;
  }
  wg_ins_bool(i, "universal", "Universal", f.is_fat);
  if (!f.is_fat) {
    return macho_image(i, &f.images[0], err);
  }
  wg_ins_begin_list(i, "images");
  for (size_t k = 0; k < f.n_images; k++) {
    const wg_macho *m = &f.images[k];
    const char *cpu = wg_macho_cpu_name(m->cpu, m->cpu_subtype);
    WG_AUTO(wg_cstr) title = wg_xprintf("Image %zu, %s", k, cpu != NULL ? cpu : "unknown CPU");
    wg_ins_begin(i, NULL, title);
    wg_ins_u64(i, "offset", "Offset", m->file.base_off);
    wg_ins_bytes(i, "bytes", "Size", m->file.n_bytes);
    if (macho_image(i, m, err) != WG_OK) {
      return err->code;
    }
    wg_ins_end(i);
  }
  wg_ins_end_list(i);
  return WG_OK;
}
