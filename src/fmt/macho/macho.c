// SPDX-License-Identifier: Apache-2.0
// One image: header, and a first pass over the load commands that sizes the arrays.
#include "fmt/macho/macho_int.h"

bool wg_macho_read32(const wg_macho *m, wg_reader *r, uint32_t *out) {
  return m->big_endian ? wg_read_be32(r, out) : wg_read_le32(r, out);
}

bool wg_macho_read_word(const wg_macho *m, wg_reader *r, uint64_t *out) {
  if (m->is_64) {
    return m->big_endian ? wg_read_be64(r, out) : wg_read_le64(r, out);
  }
  uint32_t v = 0;
  if (!wg_macho_read32(m, r, &v)) {
    return false;
  }
  *out = v;
  return true;
}

static wg_code macho_parse_header(wg_macho *m, wg_reader *commands, wg_error *err) {
  wg_reader r = m->file;
  uint32_t magic_le = 0, magic_be = 0, n_bytes = 0;
  wg_reader again = r;
  if (!wg_read_seek(&r, 0) || !wg_read_seek(&again, 0) || !wg_read_le32(&r, &magic_le) ||
      !wg_read_be32(&again, &magic_be)) {
    return wg_fail_at(err, WG_E_FORMAT, m->file.base_off, "Mach-O header is cut short");
  }
  m->big_endian = magic_be == MACHO_MAGIC_32 || magic_be == MACHO_MAGIC_64;
  uint32_t magic = m->big_endian ? magic_be : magic_le;
  if (magic != MACHO_MAGIC_32 && magic != MACHO_MAGIC_64) {
    return wg_fail_at(err, WG_E_FORMAT, m->file.base_off, "not a Mach-O image");
  }
  m->is_64 = magic == MACHO_MAGIC_64;
  if (!wg_macho_read32(m, &r, &m->cpu) || !wg_macho_read32(m, &r, &m->cpu_subtype) ||
      !wg_macho_read32(m, &r, &m->type) || !wg_macho_read32(m, &r, &m->n_commands) ||
      !wg_macho_read32(m, &r, &n_bytes) || !wg_macho_read32(m, &r, &m->flags) ||
      (m->is_64 && !wg_read_skip(&r, 4))) {
    return wg_fail_at(err, WG_E_FORMAT, wg_reader_at(&r), "Mach-O header is cut short");
  }
  if (m->n_commands > MACHO_MAX_COMMANDS) {
    return wg_fail_at(err, WG_E_LIMIT, m->file.base_off + 16, "more than %u load commands",
                      MACHO_MAX_COMMANDS);
  }
  if (!wg_reader_slice(&m->file, r.pos, n_bytes, commands)) {
    return wg_fail_at(err, WG_E_FORMAT, m->file.base_off + 20,
                      "load commands of 0x%x bytes are not within the file", n_bytes);
  }
  return WG_OK;
}

// Room for what the commands hold. A segment's section count is checked against its size later;
// here it only counts when the command is large enough for it.
typedef struct macho_counts {
  size_t n_segments, n_sections, n_dylibs, n_rpaths;
} macho_counts;

static void macho_count_segment(const wg_reader *cmd, bool wide, macho_counts *c) {
  uint64_t fixed = wide ? 72 : 56, each = wide ? 80 : 68;
  c->n_segments++;
  if (cmd->n_bytes >= fixed) {
    c->n_sections += (size_t)((cmd->n_bytes - fixed) / each);
  }
}

static void macho_count_command(uint32_t cmd, const wg_reader *body, macho_counts *c) {
  switch (cmd & ~LC_REQ_DYLD) {
  case LC_SEGMENT:
  case LC_SEGMENT_64:
    macho_count_segment(body, (cmd & ~LC_REQ_DYLD) == LC_SEGMENT_64, c);
    break;
  case LC_LOAD_DYLIB:
  case LC_LOAD_WEAK_DYLIB:
  case LC_REEXPORT_DYLIB:
  case LC_LAZY_LOAD_DYLIB:
  case LC_LOAD_UPWARD_DYLIB:
    c->n_dylibs++;
    break;
  case LC_RPATH:
    c->n_rpaths++;
    break;
  default:
    break;
  }
}

static wg_code macho_count(const wg_macho *m, const wg_reader *commands, macho_counts *c,
                           wg_error *err) {
  uint64_t pos = 0;
  for (uint32_t i = 0; i < m->n_commands; i++) {
    wg_reader r, body;
    uint32_t cmd = 0, n_bytes = 0;
    if (!wg_reader_slice(commands, pos, 8, &r) || !wg_macho_read32(m, &r, &cmd) ||
        !wg_macho_read32(m, &r, &n_bytes)) {
      return wg_fail_at(err, WG_E_FORMAT, commands->base_off + pos,
                        "load command %u is not within the command area", i);
    }
    if (n_bytes < 8 || n_bytes % 4 != 0) {
      return wg_fail_at(err, WG_E_FORMAT, commands->base_off + pos + 4,
                        "load command %u: size %u is less than 8 or no multiple of 4", i, n_bytes);
    }
    if (!wg_reader_slice(commands, pos, n_bytes, &body)) {
      return wg_fail_at(err, WG_E_FORMAT, commands->base_off + pos + 4,
                        "load command %u: size %u leaves the command area", i, n_bytes);
    }
    macho_count_command(cmd, &body, c);
    pos += n_bytes;
  }
  return WG_OK;
}

wg_code wg_macho_parse_image(wg_macho *m, wg_arena *arena, wg_error *err) {
  wg_reader commands;
  macho_counts c = {0};
  if (macho_parse_header(m, &commands, err) != WG_OK ||
      macho_count(m, &commands, &c, err) != WG_OK) {
    return err->code;
  }
  m->segments = wg_arena_new_array(arena, wg_macho_segment, c.n_segments);
  m->sections = wg_arena_new_array(arena, wg_macho_section, c.n_sections);
  m->dylibs = wg_arena_new_array(arena, wg_macho_dylib, c.n_dylibs);
  m->rpaths = wg_arena_new_array(arena, wg_str, c.n_rpaths);
  if (m->segments == NULL || m->sections == NULL || m->dylibs == NULL || m->rpaths == NULL) {
    return wg_arena_fail(arena, err);
  }
  return wg_macho_parse_commands(m, &commands, err);
}

const wg_macho_section *wg_macho_find_section(const wg_macho *m, const char *name) {
  for (size_t i = 0; i < m->n_sections; i++) {
    if (wg_str_eqz(m->sections[i].name, name)) {
      return &m->sections[i];
    }
  }
  return NULL;
}

bool wg_macho_read_va(const wg_macho *m, uint64_t va, wg_reader *out) {
  for (size_t i = 0; i < m->n_segments; i++) {
    const wg_macho_segment *s = &m->segments[i];
    if (va >= s->vaddr && va - s->vaddr < s->file_bytes && !wg_str_eqz(s->name, "__PAGEZERO")) {
      uint64_t skip = va - s->vaddr;
      return wg_reader_slice(&m->file, s->off + skip, s->file_bytes - skip, out);
    }
  }
  return false;
}
