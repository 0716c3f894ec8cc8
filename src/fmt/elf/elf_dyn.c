// SPDX-License-Identifier: Apache-2.0
// What a loader sees: interpreter, needed libraries, notes.
#include "fmt/elf/elf_int.h"

// d_tag values (gABI 5; DT_FLAGS_1 from the GNU extensions)
enum {
  DT_NULL = 0,
  DT_NEEDED = 1,
  DT_STRTAB = 5,
  DT_STRSZ = 10,
  DT_SONAME = 14,
  DT_RPATH = 15,
  DT_RUNPATH = 29,
  DT_FLAGS_1 = 0x6FFFFFFB,
  DF_1_PIE = 0x08000000
};

static const wg_elf_segment *elf_find_segment(const wg_elf *e, uint32_t type) {
  for (size_t i = 0; i < e->n_segments; i++) {
    if (e->segments[i].type == type && e->segments[i].file_bytes != 0) {
      return &e->segments[i];
    }
  }
  return NULL;
}

static wg_code elf_parse_interpreter(wg_elf *e, wg_error *err) {
  const wg_elf_segment *s = elf_find_segment(e, WG_ELF_PT_INTERP);
  if (s == NULL) {
    return WG_OK;
  }
  wg_reader r;
  if (!wg_reader_slice(&e->file, s->off, s->file_bytes, &r) ||
      !wg_elf_string(&r, 0, &e->interpreter)) {
    return wg_fail_at(err, WG_E_FORMAT, e->file.base_off + s->off,
                      "the interpreter's name does not end within its segment");
  }
  return WG_OK;
}

// One pass over the dynamic table: its string table, and how many libraries it names.
typedef struct elf_dynamic {
  wg_reader table, strings;
  uint64_t n_needed;
} elf_dynamic;

static bool elf_next_dynamic(const wg_elf *e, wg_reader *r, uint64_t *tag, uint64_t *value) {
  return wg_elf_read_word(e, r, tag) && wg_elf_read_word(e, r, value) && *tag != DT_NULL;
}

static wg_code elf_survey_dynamic(wg_elf *e, elf_dynamic *d, wg_error *err) {
  uint64_t tag = 0, value = 0, strings_va = 0, strings_bytes = 0;
  bool has_strings = false;
  wg_reader r = d->table;
  while (elf_next_dynamic(e, &r, &tag, &value)) {
    d->n_needed += tag == DT_NEEDED ? 1 : 0;
    if (tag == DT_STRTAB) {
      strings_va = value;
      has_strings = true;
    } else if (tag == DT_STRSZ) {
      strings_bytes = value;
    } else if (tag == DT_FLAGS_1 && (value & DF_1_PIE) != 0) {
      e->is_pie = true;
    }
  }
  wg_reader rest;
  if (!has_strings) {
    d->strings = wg_reader_of(NULL, 0);
  } else if (!wg_elf_read_va(e, strings_va, &rest) ||
             !wg_reader_slice(&rest, 0, strings_bytes, &d->strings)) {
    return wg_fail_at(err, WG_E_FORMAT, d->table.base_off,
                      "dynamic string table of 0x%llx bytes at address 0x%llx is not in the file",
                      (unsigned long long)strings_bytes, (unsigned long long)strings_va);
  }
  return WG_OK;
}

static wg_code elf_collect_dynamic(wg_elf *e, const elf_dynamic *d, wg_error *err) {
  uint64_t tag = 0, value = 0;
  wg_reader r = d->table;
  for (uint64_t at = wg_reader_at(&r); elf_next_dynamic(e, &r, &tag, &value);
       at = wg_reader_at(&r)) {
    wg_str text = {0};
    if ((tag == DT_NEEDED || tag == DT_SONAME || tag == DT_RPATH || tag == DT_RUNPATH) &&
        !wg_elf_string(&d->strings, value, &text)) {
      return wg_fail_at(err, WG_E_FORMAT, at,
                        "dynamic entry: its name at 0x%llx is not within the string table",
                        (unsigned long long)value);
    }
    if (tag == DT_NEEDED) {
      e->needed[e->n_needed++] = text;
    } else if (tag == DT_SONAME) {
      e->soname = text;
    } else if (tag == DT_RPATH) {
      e->rpath = text;
    } else if (tag == DT_RUNPATH) {
      e->runpath = text;
    }
  }
  return WG_OK;
}

wg_code wg_elf_parse_dynamic(wg_elf *e, wg_arena *arena, wg_error *err) {
  if (elf_parse_interpreter(e, err) != WG_OK) {
    return err->code;
  }
  const wg_elf_segment *s = elf_find_segment(e, WG_ELF_PT_DYNAMIC);
  if (s != NULL) {
    elf_dynamic d = {0};
    e->has_dynamic = true;
    if (!wg_reader_slice(&e->file, s->off, s->file_bytes, &d.table)) {
      return wg_fail_at(err, WG_E_FORMAT, s->off, "dynamic table is not within the file");
    }
    if (elf_survey_dynamic(e, &d, err) != WG_OK) {
      return err->code;
    }
    e->needed = wg_arena_array(arena, (size_t)d.n_needed, sizeof(wg_str));
    if (e->needed == NULL) {
      return wg_arena_fail(arena, err);
    }
    if (elf_collect_dynamic(e, &d, err) != WG_OK) {
      return err->code;
    }
  }
  e->is_pie = e->type == WG_ELF_DYN && (e->is_pie || e->interpreter.n != 0);
  return WG_OK;
}

static uint64_t elf_round_up(uint64_t v, uint64_t align) {
  return (v + align - 1) & ~(align - 1);
}

// One note: namesz, descsz, type, name and description, each padded to align (gABI 5, "Note
// Section"; GNU uses 8 where the segment says so). False at the end or on a broken one.
static bool elf_next_note(const wg_elf *e, wg_reader *r, uint64_t align, wg_str *name, wg_str *desc,
                          uint32_t *type) {
  uint32_t name_bytes = 0, desc_bytes = 0;
  uint64_t start = r->pos;
  const uint8_t *p = NULL;
  if (!wg_elf_read32(e, r, &name_bytes) || !wg_elf_read32(e, r, &desc_bytes) ||
      !wg_elf_read32(e, r, type) || !wg_read_bytes(r, name_bytes, &p)) {
    return false;
  }
  *name = (wg_str){(const char *)p, name_bytes};
  if (!wg_read_seek(r, start + elf_round_up(r->pos - start, align)) ||
      !wg_read_bytes(r, desc_bytes, &p)) {
    return false;
  }
  *desc = (wg_str){(const char *)p, desc_bytes};
  uint64_t next = start + elf_round_up(r->pos - start, align);
  return wg_read_seek(r, next <= r->n_bytes ? next : r->n_bytes);
}

static wg_code elf_parse_note_area(wg_elf *e, uint64_t off, uint64_t n_bytes, uint64_t align,
                                   wg_error *err) {
  wg_reader r;
  if (!wg_reader_slice(&e->file, off, n_bytes, &r)) {
    return wg_fail_at(err, WG_E_FORMAT, e->file.base_off + off, "notes are not within the file");
  }
  while (wg_reader_left(&r) != 0) {
    wg_str name = {0}, desc = {0};
    uint32_t type = 0;
    uint64_t at = wg_reader_at(&r);
    if (!elf_next_note(e, &r, align == 8 ? 8 : 4, &name, &desc, &type)) {
      return wg_fail_at(err, WG_E_FORMAT, at, "note does not fit its segment");
    }
    if (type == 3 && wg_str_eq(name, WG_STR("GNU\0")) && e->gnu_build_id.n == 0) {
      e->gnu_build_id = desc;
    } else if (type == 4 && wg_str_eq(name, WG_STR("Go\0\0")) && e->go_build_id.n == 0) {
      e->go_build_id = desc;
    }
  }
  return WG_OK;
}

// Segments first; some linkers leave a note only in a section, and a detached debug file has
// nothing behind its segments.
wg_code wg_elf_parse_notes(wg_elf *e, wg_error *err) {
  bool by_segment = e->type != WG_ELF_CORE && !e->is_detached_debug;
  for (size_t i = 0; by_segment && i < e->n_segments; i++) {
    const wg_elf_segment *s = &e->segments[i];
    if (s->type == WG_ELF_PT_NOTE &&
        elf_parse_note_area(e, s->off, s->file_bytes, s->align, err) != WG_OK) {
      return err->code;
    }
  }
  for (size_t i = 1; i < e->n_sections; i++) { // section 0 is no place
    const wg_elf_section *s = &e->sections[i];
    if (s->type == WG_ELF_SHT_NOTE &&
        elf_parse_note_area(e, s->off, s->size_bytes, s->align, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}
