// SPDX-License-Identifier: Apache-2.0
#include "fmt/pe/pe.h"

#include <string.h>

#include "fmt/pe/pe_parse.h"

const wg_pe_limits wg_pe_default_limits = {
    .sections = 1024,
    .import_dlls = 4096,
    .import_functions = 262144,
    .export_names = 262144,
    .name_bytes = 8192,
    .all_names_bytes = 64U << 20,
    .resource_nodes = 65536,
    .certificates = 64,
    .debug_entries = 64,
    .version_nodes = 4096,
    .icon_images = 65536,
    .icon_bytes = 64U << 20,
};

enum {
  DOS_HEADER_BYTES = 64,
  DOS_LFANEW_OFF = 0x3C,
  COFF_HEADER_BYTES = 20,
  SECTION_HEADER_BYTES = 40,
  SYMBOL_BYTES = 18,
  MAGIC_PE32 = 0x10B,
  MAGIC_PE32_PLUS = 0x20B,
  MAGIC_ROM = 0x107,
  CHECKSUM_IN_OPTIONAL = 64,
};

typedef struct pe_coff_header { // PE 3.3
  uint16_t n_sections, optional_bytes;
  uint32_t symbols_off, n_symbols;
} pe_coff_header;

// Field readers for structures whose size was checked by the slice they are in.
static uint16_t get16(const wg_reader *r, uint32_t off) {
  return wg_le16(r->p + off);
}
static uint32_t get32(const wg_reader *r, uint32_t off) {
  return wg_le32(r->p + off);
}

static wg_code parse_dos_header(pe_parser *ps, wg_error *err) {
  wg_reader dos;
  if (ps->file.n_bytes < 2 || ps->file.p[0] != 'M' || ps->file.p[1] != 'Z') {
    return wg_fail_at(err, WG_E_FORMAT, 0, "not a PE image: it does not begin with \"MZ\"");
  }
  if (!wg_reader_slice(&ps->file, 0, DOS_HEADER_BYTES, &dos)) {
    return wg_fail_at(err, WG_E_FORMAT, ps->file.n_bytes, "the file ends inside the DOS header");
  }
  uint32_t off = get32(&dos, DOS_LFANEW_OFF);
  wg_reader sig;
  if (!wg_reader_slice(&ps->file, off, 4, &sig)) {
    return wg_fail_at(err, WG_E_FORMAT, DOS_LFANEW_OFF,
                      "the PE header offset 0x%x is beyond the end of the file", off);
  }
  if (memcmp(sig.p, "PE\0\0", 4) != 0) {
    bool other = (sig.p[0] == 'N' || sig.p[0] == 'L') && (sig.p[1] == 'E' || sig.p[1] == 'X');
    if (other) {
      return wg_fail(err, WG_E_UNSUPPORTED, "a 16-bit or OS/2 program (%c%c), not a PE image",
                     sig.p[0], sig.p[1]);
    }
    return wg_fail_at(err, WG_E_FORMAT, off, "no PE signature where the DOS header leads to");
  }
  ps->pe->header_off = off;
  return WG_OK;
}

static wg_code parse_coff_header(pe_parser *ps, pe_coff_header *out, wg_error *err) {
  wg_pe *pe = ps->pe;
  wg_reader h;
  if (!wg_reader_slice(&ps->file, pe->header_off + 4, COFF_HEADER_BYTES, &h)) {
    return wg_fail_at(err, WG_E_FORMAT, ps->file.n_bytes, "the file ends inside the COFF header");
  }
  pe->machine = get16(&h, 0);
  pe->time_stamp = get32(&h, 4);
  pe->characteristics = get16(&h, 18);
  *out = (pe_coff_header){
      .n_sections = get16(&h, 2),
      .symbols_off = get32(&h, 8),
      .n_symbols = get32(&h, 12),
      .optional_bytes = get16(&h, 16),
  };
  if (out->n_sections > pe->limits.sections) {
    return wg_fail_at(err, WG_E_LIMIT, pe->header_off + 6, "%u sections, more than the limit of %u",
                      out->n_sections, pe->limits.sections);
  }
  return WG_OK;
}

static bool is_power_of_two(uint32_t v) {
  return v != 0 && (v & (v - 1)) == 0;
}

static wg_code parse_directories(pe_parser *ps, const wg_reader *h, uint32_t fixed_bytes,
                                 wg_error *err) {
  wg_pe *pe = ps->pe;
  uint32_t stated = get32(h, fixed_bytes - 4);
  // Windows reads at most 16 entries, whatever the number says.
  pe->n_dirs = stated < WG_PE_N_DIRS ? stated : WG_PE_N_DIRS;
  if (fixed_bytes + (uint64_t)WG_PE_DIR_BYTES * pe->n_dirs > h->n_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, h->base_off + fixed_bytes - 4,
                      "%u data directories do not fit into an optional header of %llu bytes",
                      stated, (unsigned long long)h->n_bytes);
  }
  for (uint32_t i = 0; i < pe->n_dirs; i++) {
    pe->dirs[i] = (wg_pe_dir){get32(h, fixed_bytes + 8 * i), get32(h, fixed_bytes + 8 * i + 4)};
  }
  pe->dirs_off = h->base_off + fixed_bytes;
  if (pe->n_dirs > WG_PE_DIR_SECURITY) {
    pe->security_dir_off = wg_pe_dir_off(pe, WG_PE_DIR_SECURITY);
  }
  return WG_OK;
}

static wg_code check_optional(const wg_pe *pe, uint64_t base, wg_error *err) {
  if (!is_power_of_two(pe->section_align) || !is_power_of_two(pe->file_align) ||
      pe->section_align < pe->file_align) {
    return wg_fail_at(err, WG_E_FORMAT, base + 32, "bad alignment: section 0x%x, file 0x%x",
                      pe->section_align, pe->file_align);
  }
  if (pe->header_bytes > pe->n_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, base + 60,
                      "the headers' size, 0x%x, is beyond the end of the file", pe->header_bytes);
  }
  if (pe->header_bytes > pe->image_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, base + 56,
                      "the image's size, 0x%x, is less than its headers", pe->image_bytes);
  }
  if (pe->entry_rva >= pe->image_bytes && pe->entry_rva != 0) {
    return wg_fail_at(err, WG_E_FORMAT, base + 16,
                      "the entry point, 0x%x, is outside of the image of 0x%x bytes", pe->entry_rva,
                      pe->image_bytes);
  }
  return WG_OK;
}

// PE 3.4: the part with the same offsets in PE32 and PE32+, then the rest.
static wg_code parse_optional_header(pe_parser *ps, uint32_t optional_bytes, wg_error *err) {
  wg_pe *pe = ps->pe;
  uint64_t base = pe->header_off + 4 + COFF_HEADER_BYTES;
  wg_reader h;
  if (optional_bytes == 0) {
    return wg_fail(err, WG_E_UNSUPPORTED, "no optional header: an object file, not an image");
  }
  if (!wg_reader_slice(&ps->file, base, optional_bytes, &h) || optional_bytes < 2) {
    return wg_fail_at(err, WG_E_FORMAT, base, "the optional header of %u bytes is cut short",
                      optional_bytes);
  }
  uint16_t magic = get16(&h, 0);
  if (magic == MAGIC_ROM) {
    return wg_fail(err, WG_E_UNSUPPORTED, "a ROM image (optional header 0x107), not a PE image");
  }
  if (magic != MAGIC_PE32 && magic != MAGIC_PE32_PLUS) {
    return wg_fail_at(err, WG_E_FORMAT, base, "unknown optional header magic 0x%x", magic);
  }
  pe->plus = magic == MAGIC_PE32_PLUS;
  uint32_t fixed_bytes = pe->plus ? 112 : 96;
  if (optional_bytes < fixed_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, pe->header_off + 20,
                      "an optional header of %u bytes is too short for its magic 0x%x",
                      optional_bytes, magic);
  }
  pe->linker_major = h.p[2];
  pe->linker_minor = h.p[3];
  pe->entry_rva = get32(&h, 16);
  pe->image_base = pe->plus ? wg_le64(h.p + 24) : get32(&h, 28);
  pe->section_align = get32(&h, 32);
  pe->file_align = get32(&h, 36);
  pe->os_major = get16(&h, 40);
  pe->os_minor = get16(&h, 42);
  pe->subsystem_major = get16(&h, 48);
  pe->subsystem_minor = get16(&h, 50);
  pe->image_bytes = get32(&h, 56);
  pe->header_bytes = get32(&h, 60);
  pe->checksum = get32(&h, CHECKSUM_IN_OPTIONAL);
  pe->checksum_off = base + CHECKSUM_IN_OPTIONAL;
  pe->subsystem = get16(&h, 68);
  pe->dll_characteristics = get16(&h, 70);
  if (check_optional(pe, base, err) != WG_OK) {
    return err->code;
  }
  return parse_directories(ps, &h, fixed_bytes, err);
}

// "/123": decimal offset in the COFF string table, which follows the symbols (PE 4). Kept as
// written when there is no such string: stripped files have dangling ones.
static wg_str section_name(const pe_parser *ps, const pe_coff_header *coff, const uint8_t *raw) {
  wg_str name = {(const char *)raw, 0};
  while (name.n < 8 && raw[name.n] != 0) {
    name.n++;
  }
  uint64_t off = 0, table = 0;
  if (name.n < 2 || name.p[0] != '/' || !wg_parse_u64((wg_str){name.p + 1, name.n - 1}, &off) ||
      coff->symbols_off == 0) {
    return name;
  }
  table = (uint64_t)coff->symbols_off + (uint64_t)coff->n_symbols * SYMBOL_BYTES;
  wg_reader size_field, strings;
  if (!wg_reader_slice(&ps->file, table, 4, &size_field)) {
    return name;
  }
  if (off < 4 || !wg_reader_slice(&ps->file, table, get32(&size_field, 0), &strings) ||
      !wg_read_seek(&strings, off)) {
    return name;
  }
  wg_str rest = {(const char *)strings.p + off, (size_t)wg_reader_left(&strings)};
  size_t n = wg_str_find(rest, '\0');
  if (n == 0 || n == rest.n || n > ps->pe->limits.name_bytes) {
    return name;
  }
  return (wg_str){rest.p, n};
}

static uint64_t section_memory_bytes(const wg_pe_section *s) {
  return s->virtual_bytes != 0 ? s->virtual_bytes : s->file_bytes;
}

// Section headers ascend in memory and do not overlap (PE 3.4, 4), and their bytes are in the file.
static wg_code check_section(const wg_pe *pe, const wg_pe_section *s, uint64_t prev_end,
                             uint64_t off, wg_error *err) {
  uint64_t end = s->rva + section_memory_bytes(s);
  if (s->file_bytes != 0 && (uint64_t)s->file_off + s->file_bytes > pe->n_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, off + 16,
                      "section '%.*s': its data, 0x%x bytes at 0x%x, is beyond the end of the file",
                      WG_STR_ARG(s->name), s->file_bytes, s->file_off);
  }
  if (s->rva < prev_end) {
    return wg_fail_at(err, WG_E_FORMAT, off + 12,
                      "section '%.*s': its address 0x%x lies inside of what is before it",
                      WG_STR_ARG(s->name), s->rva);
  }
  if (end > UINT32_MAX) {
    return wg_fail_at(err, WG_E_FORMAT, off + 8, "section '%.*s': 0x%x bytes at 0x%x do not fit",
                      WG_STR_ARG(s->name), s->virtual_bytes, s->rva);
  }
  return WG_OK;
}

static wg_code parse_sections(pe_parser *ps, const pe_coff_header *coff, wg_error *err) {
  wg_pe *pe = ps->pe;
  uint64_t base = pe->header_off + 4 + COFF_HEADER_BYTES + coff->optional_bytes;
  wg_reader table;
  if (!wg_reader_slice(&ps->file, base, (uint64_t)coff->n_sections * SECTION_HEADER_BYTES,
                       &table)) {
    return wg_fail_at(err, WG_E_FORMAT, base, "%u section headers do not fit into the file",
                      coff->n_sections);
  }
  wg_pe_section *list = wg_arena_new_array(ps->arena, wg_pe_section, coff->n_sections);
  if (list == NULL) {
    return wg_arena_fail(ps->arena, err);
  }
  uint64_t prev_end = pe->header_bytes < pe->section_align ? pe->header_bytes : 0;
  pe->end_of_sections = pe->header_bytes;
  for (uint32_t i = 0; i < coff->n_sections; i++) {
    const uint8_t *h = table.p + (size_t)i * SECTION_HEADER_BYTES;
    wg_pe_section *s = &list[i];
    *s = (wg_pe_section){
        .name = section_name(ps, coff, h),
        .virtual_bytes = wg_le32(h + 8),
        .rva = wg_le32(h + 12),
        .file_bytes = wg_le32(h + 16),
        .file_off = wg_le32(h + 20),
        .characteristics = wg_le32(h + 36),
    };
    if (s->file_off == 0) {
      s->file_bytes = 0; // uninitialised data: some linkers state a size without an offset
    }
    if (check_section(pe, s, prev_end, base + (uint64_t)i * SECTION_HEADER_BYTES, err) != WG_OK) {
      return err->code;
    }
    prev_end = s->rva + section_memory_bytes(s);
    uint64_t file_end = (uint64_t)s->file_off + s->file_bytes;
    if (s->file_bytes != 0 && file_end > pe->end_of_sections) {
      pe->end_of_sections = file_end;
    }
  }
  pe->sections = list;
  pe->n_sections = coff->n_sections;
  return WG_OK;
}

static wg_code parse_parts(pe_parser *ps, uint32_t parts, wg_error *err) {
  static const struct {
    uint32_t part;
    wg_code (*parse)(pe_parser *ps, wg_error *err);
  } steps[] = {
      {WG_PE_IMPORTS, wg_pe_parse_imports},
      {WG_PE_EXPORTS, wg_pe_parse_exports},
      {WG_PE_RESOURCES, wg_pe_parse_resources},
      {WG_PE_DEBUG, wg_pe_parse_debug},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(steps); i++) {
    if ((parts & steps[i].part) != 0 && steps[i].parse(ps, err) != WG_OK) {
      return err->code;
    }
  }
  ps->pe->parsed = parts & WG_PE_ALL;
  return WG_OK;
}

wg_code wg_pe_parse_with(const void *bytes, size_t n_bytes, const wg_pe_limits *limits,
                         uint32_t parts, wg_arena *arena, const wg_pe **out_pe, wg_error *err) {
  wg_pe *pe = wg_arena_new(arena, wg_pe);
  if (pe == NULL) {
    return wg_arena_fail(arena, err);
  }
  pe->bytes = bytes;
  pe->n_bytes = n_bytes;
  pe->limits = limits != NULL ? *limits : wg_pe_default_limits;
  pe_parser ps = {.pe = pe,
                  .arena = arena,
                  .file = wg_reader_of(bytes, n_bytes),
                  .names_left_bytes = pe->limits.all_names_bytes};
  pe_coff_header coff = {0};
  if (parse_dos_header(&ps, err) != WG_OK || parse_coff_header(&ps, &coff, err) != WG_OK ||
      parse_optional_header(&ps, coff.optional_bytes, err) != WG_OK ||
      parse_sections(&ps, &coff, err) != WG_OK || wg_pe_parse_certs(&ps, err) != WG_OK ||
      parse_parts(&ps, parts, err) != WG_OK) {
    return err->code;
  }
  *out_pe = pe;
  return WG_OK;
}

wg_code wg_pe_parse(const void *bytes, size_t n_bytes, wg_arena *arena, const wg_pe **out_pe,
                    wg_error *err) {
  return wg_pe_parse_with(bytes, n_bytes, NULL, WG_PE_ALL, arena, out_pe, err);
}

const wg_pe_section *wg_pe_section_at(const wg_pe *pe, uint32_t rva) {
  uint32_t low = 0, high = pe->n_sections; // the first section behind rva is in [low, high]
  while (low < high) {
    uint32_t mid = low + (high - low) / 2;
    if (pe->sections[mid].rva <= rva) {
      low = mid + 1;
    } else {
      high = mid;
    }
  }
  // An empty section may share the address of its neighbour: look back over those.
  for (; low > 0; low--) {
    const wg_pe_section *s = &pe->sections[low - 1];
    if (rva - s->rva < section_memory_bytes(s)) {
      return s;
    }
    if (section_memory_bytes(s) != 0) {
      return NULL;
    }
  }
  return NULL;
}

const wg_pe_section *wg_pe_section_named(const wg_pe *pe, const char *name) {
  for (uint32_t i = 0; i < pe->n_sections; i++) {
    if (wg_str_eqz(pe->sections[i].name, name)) {
      return &pe->sections[i];
    }
  }
  return NULL;
}

wg_reader wg_pe_section_data(const wg_pe *pe, const wg_pe_section *s) {
  wg_reader file = wg_reader_of(pe->bytes, (size_t)pe->n_bytes), out;
  uint64_t n = s->file_bytes;
  if (s->virtual_bytes != 0 && s->virtual_bytes < n) {
    n = s->virtual_bytes;
  }
  if (n == 0 || !wg_reader_slice(&file, s->file_off, n, &out)) {
    return (wg_reader){.base_off = s->file_off};
  }
  return out;
}

bool wg_pe_read_rva(const wg_pe *pe, uint32_t rva, wg_reader *out) {
  const wg_pe_section *s = wg_pe_section_at(pe, rva);
  wg_reader all;
  uint64_t off = rva;
  if (s != NULL) {
    all = wg_pe_section_data(pe, s);
    off = rva - s->rva;
  } else {
    wg_reader file = wg_reader_of(pe->bytes, (size_t)pe->n_bytes);
    if (!wg_reader_slice(&file, 0, pe->header_bytes, &all)) {
      return false;
    }
  }
  return off < all.n_bytes && wg_reader_slice(&all, off, all.n_bytes - off, out);
}

bool wg_pe_read_va(const wg_pe *pe, uint64_t va, wg_reader *out) {
  return va >= pe->image_base && va - pe->image_base <= UINT32_MAX &&
         wg_pe_read_rva(pe, (uint32_t)(va - pe->image_base), out);
}

bool wg_pe_slice_rva(const wg_pe *pe, uint32_t rva, uint64_t n_bytes, wg_reader *out) {
  wg_reader r;
  return wg_pe_read_rva(pe, rva, &r) && wg_reader_slice(&r, 0, n_bytes, out);
}

wg_code wg_pe_name_at(pe_parser *ps, uint32_t rva, const char *what, uint64_t from_off, wg_str *out,
                      wg_error *err) {
  wg_reader r;
  if (!wg_pe_read_rva(ps->pe, rva, &r)) {
    return wg_fail_at(err, WG_E_FORMAT, from_off, "%s: no bytes of the file are at address 0x%x",
                      what, rva);
  }
  uint64_t max = ps->pe->limits.name_bytes;
  bool cut = r.n_bytes > max;
  wg_str all = {(const char *)r.p, (size_t)(cut ? max : r.n_bytes)};
  size_t n = wg_str_find(all, '\0');
  if (n == all.n) {
    return cut ? wg_fail_at(err, WG_E_LIMIT, r.base_off, "%s is longer than %llu bytes", what,
                            (unsigned long long)max)
               : wg_fail_at(err, WG_E_FORMAT, r.base_off, "%s has no end", what);
  }
  if (n + 1 > ps->names_left_bytes) {
    return wg_fail_at(err, WG_E_LIMIT, r.base_off, "the names are longer than %llu bytes together",
                      (unsigned long long)ps->pe->limits.all_names_bytes);
  }
  ps->names_left_bytes -= n + 1;
  *out = (wg_str){all.p, n};
  return WG_OK;
}
