// SPDX-License-Identifier: Apache-2.0
#include "fmt/elf/elf.h"

#include "fmt/elf/elf_int.h"

static bool elf_read16(const wg_elf *e, wg_reader *r, uint16_t *out) {
  return e->big_endian ? wg_read_be16(r, out) : wg_read_le16(r, out);
}

bool wg_elf_read32(const wg_elf *e, wg_reader *r, uint32_t *out) {
  return e->big_endian ? wg_read_be32(r, out) : wg_read_le32(r, out);
}

bool wg_elf_read_word(const wg_elf *e, wg_reader *r, uint64_t *out) {
  if (e->is_64) {
    return e->big_endian ? wg_read_be64(r, out) : wg_read_le64(r, out);
  }
  uint32_t v = 0;
  if (!wg_elf_read32(e, r, &v)) {
    return false;
  }
  *out = v;
  return true;
}

bool wg_elf_string(const wg_reader *table, uint64_t off, wg_str *out) {
  wg_reader s;
  if (off >= table->n_bytes || !wg_reader_slice(table, off, table->n_bytes - off, &s)) {
    return false;
  }
  wg_str rest = {(const char *)s.p, (size_t)s.n_bytes};
  size_t n = wg_str_find(rest, '\0');
  if (n == rest.n) {
    return false;
  }
  *out = (wg_str){rest.p, n};
  return true;
}

bool wg_elf_detect(const wg_reader *file) {
  static const uint8_t magic[4] = {0x7F, 'E', 'L', 'F'};
  wg_reader r = *file;
  const uint8_t *p = NULL;
  return wg_read_seek(&r, 0) && wg_read_bytes(&r, 4, &p) && p[0] == magic[0] && p[1] == magic[1] &&
         p[2] == magic[2] && p[3] == magic[3];
}

// Where the two tables are, after the header and, for large counts, section 0.
typedef struct elf_tables {
  uint64_t ph_off, sh_off, n_ph, n_sh;
  uint32_t names_index;
} elf_tables;

static wg_code elf_parse_ident(wg_elf *e, wg_reader *r, wg_error *err) {
  const uint8_t *id = NULL;
  if (!wg_elf_detect(&e->file)) {
    return wg_fail_at(err, WG_E_FORMAT, e->file.base_off, "not an ELF file");
  }
  if (!wg_read_bytes(r, 16, &id)) {
    return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(r), "ELF header is cut short");
  }
  if (id[4] != 1 && id[4] != 2) {
    return wg_fail_at(err, WG_E_FORMAT, e->file.base_off + 4, "ELF class %u is not 1 or 2", id[4]);
  }
  if (id[5] != 1 && id[5] != 2) {
    return wg_fail_at(err, WG_E_FORMAT, e->file.base_off + 5, "ELF byte order %u is not 1 or 2",
                      id[5]);
  }
  if (id[6] != 1) {
    return wg_fail_at(err, WG_E_FORMAT, e->file.base_off + 6, "ELF version %u is not 1", id[6]);
  }
  e->is_64 = id[4] == 2;
  e->big_endian = id[5] == 2;
  e->os_abi = id[7];
  return WG_OK;
}

static wg_code elf_parse_header(wg_elf *e, elf_tables *t, wg_error *err) {
  wg_reader r = e->file;
  if (!wg_read_seek(&r, 0) || elf_parse_ident(e, &r, err) != WG_OK) {
    return err->code;
  }
  uint32_t version = 0;
  uint16_t header_bytes = 0, ph_bytes = 0, n_ph = 0, sh_bytes = 0, n_sh = 0, names = 0;
  if (!elf_read16(e, &r, &e->type) || !elf_read16(e, &r, &e->machine) ||
      !wg_elf_read32(e, &r, &version) || !wg_elf_read_word(e, &r, &e->entry) ||
      !wg_elf_read_word(e, &r, &t->ph_off) || !wg_elf_read_word(e, &r, &t->sh_off) ||
      !wg_elf_read32(e, &r, &e->flags) || !elf_read16(e, &r, &header_bytes) ||
      !elf_read16(e, &r, &ph_bytes) || !elf_read16(e, &r, &n_ph) || !elf_read16(e, &r, &sh_bytes) ||
      !elf_read16(e, &r, &n_sh) || !elf_read16(e, &r, &names)) {
    return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(&r), "ELF header is cut short");
  }
  uint64_t counts_at = e->file.base_off + (e->is_64 ? 52 : 40);
  if (version != 1) {
    return wg_fail_at(err, WG_E_FORMAT, e->file.base_off + 20, "ELF version %u is not 1", version);
  }
  if (header_bytes < (e->is_64 ? 64 : 52)) {
    return wg_fail_at(err, WG_E_FORMAT, counts_at, "ELF header size %u is too small", header_bytes);
  }
  if (n_ph != 0 && ph_bytes != (e->is_64 ? 56 : 32)) {
    return wg_fail_at(err, WG_E_FORMAT, counts_at + 2, "program header size %u is wrong", ph_bytes);
  }
  if (t->sh_off != 0 && sh_bytes != (e->is_64 ? 64 : 40)) {
    return wg_fail_at(err, WG_E_FORMAT, counts_at + 6, "section header size %u is wrong", sh_bytes);
  }
  t->n_ph = n_ph;
  t->n_sh = t->sh_off == 0 ? 0 : n_sh;
  t->names_index = t->sh_off == 0 ? 0 : names;
  if (t->sh_off == 0 && n_sh != 0) {
    return wg_fail_at(err, WG_E_FORMAT, counts_at + 8, "%u sections without a section table", n_sh);
  }
  return WG_OK;
}

static wg_code elf_read_section(const wg_elf *e, wg_reader *r, wg_elf_section *s,
                                uint32_t *out_name, wg_error *err) {
  uint64_t entry_bytes = 0, at = wg_reader_at(r);
  if (!wg_elf_read32(e, r, out_name) || !wg_elf_read32(e, r, &s->type) ||
      !wg_elf_read_word(e, r, &s->flags) || !wg_elf_read_word(e, r, &s->addr) ||
      !wg_elf_read_word(e, r, &s->off) || !wg_elf_read_word(e, r, &s->size_bytes) ||
      !wg_elf_read32(e, r, &s->link) || !wg_elf_read32(e, r, &s->info) ||
      !wg_elf_read_word(e, r, &s->align) || !wg_elf_read_word(e, r, &entry_bytes)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "section header is cut short");
  }
  return WG_OK;
}

// Counts that do not fit the header's 16 bits are in section 0 (gABI 4, "extended numbering").
static wg_code elf_extended_counts(const wg_elf *e, elf_tables *t, wg_error *err) {
  bool many_ph = t->n_ph == 0xFFFF, many_sh = t->sh_off != 0 && t->n_sh == 0;
  bool far_names = t->names_index == 0xFFFF;
  if (!many_ph && !many_sh && !far_names) {
    return WG_OK;
  }
  wg_elf_section zero = {0};
  uint32_t name = 0;
  wg_reader r;
  if (t->sh_off == 0 || !wg_reader_slice(&e->file, t->sh_off, e->is_64 ? 64 : 40, &r)) {
    return wg_fail_at(err, WG_E_FORMAT, e->file.base_off + (e->is_64 ? 40 : 32),
                      "section 0, which holds the counts, is not in the file");
  }
  if (elf_read_section(e, &r, &zero, &name, err) != WG_OK) {
    return err->code;
  }
  t->n_ph = many_ph ? zero.info : t->n_ph;
  t->n_sh = many_sh ? zero.size_bytes : t->n_sh;
  t->names_index = far_names ? zero.link : t->names_index;
  return WG_OK;
}

// A table of count entries of each bytes at off.
static wg_code elf_table(const wg_elf *e, uint64_t off, uint64_t count, uint64_t each,
                         const char *what, wg_reader *out, wg_error *err) {
  uint64_t n_bytes = 0;
  if (!wg_mul(count, each, &n_bytes) || !wg_reader_slice(&e->file, off, n_bytes, out)) {
    return wg_fail_at(err, WG_E_FORMAT, e->file.base_off + (e->is_64 ? 32 : 28),
                      "%s table of %llu entries at 0x%llx is not within the file", what,
                      (unsigned long long)count, (unsigned long long)off);
  }
  return WG_OK;
}

static wg_code elf_read_segment(const wg_elf *e, wg_reader *r, wg_elf_segment *s, wg_error *err) {
  uint64_t paddr = 0, at = wg_reader_at(r);
  bool ok = wg_elf_read32(e, r, &s->type) && (!e->is_64 || wg_elf_read32(e, r, &s->flags)) &&
            wg_elf_read_word(e, r, &s->off) && wg_elf_read_word(e, r, &s->vaddr) &&
            wg_elf_read_word(e, r, &paddr) && wg_elf_read_word(e, r, &s->file_bytes) &&
            wg_elf_read_word(e, r, &s->mem_bytes) && (e->is_64 || wg_elf_read32(e, r, &s->flags)) &&
            wg_elf_read_word(e, r, &s->align);
  if (!ok) {
    return wg_fail_at(err, WG_E_FORMAT, at, "program header is cut short");
  }
  return WG_OK;
}

static wg_code elf_check_segment(const wg_elf *e, const wg_elf_segment *s, size_t i, uint64_t at,
                                 wg_error *err) {
  wg_reader body;
  uint64_t end = 0;
  if (!e->is_detached_debug && !wg_reader_slice(&e->file, s->off, s->file_bytes, &body)) {
    return wg_fail_at(err, WG_E_FORMAT, at,
                      "segment %zu: 0x%llx bytes at 0x%llx are not within the file", i,
                      (unsigned long long)s->file_bytes, (unsigned long long)s->off);
  }
  if (s->type != WG_ELF_PT_LOAD) {
    return WG_OK;
  }
  if (s->file_bytes > s->mem_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, at, "segment %zu is larger in the file than in memory", i);
  }
  if (!wg_add(s->vaddr, s->mem_bytes, &end) || (!e->is_64 && end > (uint64_t)1 << 32)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "segment %zu wraps around the address space", i);
  }
  if ((s->align & (s->align - 1)) != 0) {
    return wg_fail_at(err, WG_E_FORMAT, at, "segment %zu: alignment 0x%llx is no power of two", i,
                      (unsigned long long)s->align);
  }
  return WG_OK;
}

static wg_code elf_parse_segments(wg_elf *e, const elf_tables *t, wg_arena *arena, wg_error *err) {
  wg_reader r;
  if (elf_table(e, t->ph_off, t->n_ph, e->is_64 ? 56 : 32, "program header", &r, err) != WG_OK) {
    return err->code;
  }
  e->n_segments = (size_t)t->n_ph;
  e->segments = wg_arena_new_array(arena, wg_elf_segment, e->n_segments);
  if (e->segments == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (size_t i = 0; i < e->n_segments; i++) {
    uint64_t at = wg_reader_at(&r);
    if (elf_read_segment(e, &r, &e->segments[i], err) != WG_OK ||
        elf_check_segment(e, &e->segments[i], i, at, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static void elf_note_section(wg_elf *e, const wg_elf_section *s) {
  e->has_symbols |= s->type == WG_ELF_SHT_SYMTAB;
  e->has_debug |= wg_str_eqz(s->name, ".debug_info") || wg_str_eqz(s->name, ".zdebug_info");
  e->is_detached_debug |= s->type == WG_ELF_SHT_NOBITS && (s->flags & WG_ELF_SHF_ALLOC) != 0 &&
                          (s->flags & WG_ELF_SHF_EXECINSTR) != 0;
}

static wg_code elf_name_sections(wg_elf *e, const elf_tables *t, const uint32_t *names,
                                 wg_error *err) {
  if (t->names_index == 0) {
    return WG_OK; // SHN_UNDEF: no names
  }
  const wg_elf_section *tab = &e->sections[t->names_index];
  wg_reader strings;
  if (tab->type != WG_ELF_SHT_STRTAB ||
      !wg_reader_slice(&e->file, tab->off, tab->size_bytes, &strings)) {
    return wg_fail_at(err, WG_E_FORMAT, e->file.base_off + t->sh_off,
                      "section %u, for the section names, is not a string table", t->names_index);
  }
  for (size_t i = 0; i < e->n_sections; i++) {
    if (!wg_elf_string(&strings, names[i], &e->sections[i].name)) {
      return wg_fail_at(err, WG_E_FORMAT, e->file.base_off + t->sh_off + i * (e->is_64 ? 64 : 40),
                        "section %zu: its name is not within the string table", i);
    }
  }
  return WG_OK;
}

static wg_code elf_parse_sections(wg_elf *e, const elf_tables *t, wg_arena *arena, wg_error *err) {
  wg_reader r, body;
  if (elf_table(e, t->sh_off, t->n_sh, e->is_64 ? 64 : 40, "section header", &r, err) != WG_OK) {
    return err->code;
  }
  if (t->names_index != 0 && t->names_index >= t->n_sh) {
    return wg_fail_at(err, WG_E_FORMAT, e->file.base_off + (e->is_64 ? 62 : 50),
                      "section %u, for the section names, does not exist", t->names_index);
  }
  e->n_sections = (size_t)t->n_sh;
  e->sections = wg_arena_new_array(arena, wg_elf_section, e->n_sections);
  uint32_t *names = wg_arena_new_array(arena, uint32_t, e->n_sections);
  if (e->sections == NULL || names == NULL) {
    return wg_arena_fail(arena, err);
  }
  for (size_t i = 0; i < e->n_sections; i++) {
    wg_elf_section *s = &e->sections[i];
    uint64_t at = wg_reader_at(&r);
    if (elf_read_section(e, &r, s, &names[i], err) != WG_OK) {
      return err->code;
    }
    // Section 0 holds counts, not a place.
    if (i != 0 && s->type != 0 && s->type != WG_ELF_SHT_NOBITS &&
        !wg_reader_slice(&e->file, s->off, s->size_bytes, &body)) {
      return wg_fail_at(err, WG_E_FORMAT, at,
                        "section %zu: 0x%llx bytes at 0x%llx are not within the file", i,
                        (unsigned long long)s->size_bytes, (unsigned long long)s->off);
    }
  }
  if (elf_name_sections(e, t, names, err) != WG_OK) {
    return err->code;
  }
  for (size_t i = 1; i < e->n_sections; i++) {
    elf_note_section(e, &e->sections[i]);
  }
  return WG_OK;
}

wg_code wg_elf_parse(const wg_reader *file, wg_arena *arena, wg_elf *out, wg_error *err) {
  wg_elf e = {.file = *file};
  elf_tables t = {0};
  if (elf_parse_header(&e, &t, err) != WG_OK || elf_extended_counts(&e, &t, err) != WG_OK ||
      elf_parse_sections(&e, &t, arena, err) != WG_OK ||
      elf_parse_segments(&e, &t, arena, err) != WG_OK) {
    return err->code;
  }
  if ((!e.is_detached_debug && wg_elf_parse_dynamic(&e, arena, err) != WG_OK) ||
      wg_elf_parse_notes(&e, err) != WG_OK) {
    return err->code;
  }
  *out = e;
  return WG_OK;
}

const wg_elf_section *wg_elf_find_section(const wg_elf *elf, const char *name) {
  for (size_t i = 1; i < elf->n_sections; i++) {
    if (wg_str_eqz(elf->sections[i].name, name)) {
      return &elf->sections[i];
    }
  }
  return NULL;
}

bool wg_elf_read_va(const wg_elf *elf, uint64_t va, wg_reader *out) {
  for (size_t i = 0; i < elf->n_segments; i++) {
    const wg_elf_segment *s = &elf->segments[i];
    if (s->type == WG_ELF_PT_LOAD && va >= s->vaddr && va - s->vaddr < s->file_bytes) {
      uint64_t skip = va - s->vaddr;
      return wg_reader_slice(&elf->file, s->off + skip, s->file_bytes - skip, out);
    }
  }
  return false;
}
