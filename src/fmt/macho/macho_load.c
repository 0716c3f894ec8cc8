// SPDX-License-Identifier: Apache-2.0
// The load commands.
#include "fmt/macho/macho_int.h"

// A name field of 16 bytes, NUL-padded, not always NUL-terminated.
static bool macho_name16(wg_reader *r, wg_str *out) {
  const uint8_t *p = NULL;
  if (!wg_read_bytes(r, 16, &p)) {
    return false;
  }
  wg_str all = {(const char *)p, 16};
  *out = (wg_str){all.p, wg_str_find(all, '\0')};
  return true;
}

// An lc_str: a 32-bit offset from the start of the command to a NUL-terminated string in it.
static bool macho_lc_str(const wg_reader *cmd, uint32_t off, uint32_t fixed_bytes, wg_str *out) {
  wg_reader s;
  if (off < fixed_bytes || off > cmd->n_bytes ||
      !wg_reader_slice(cmd, off, cmd->n_bytes - off, &s)) {
    return false;
  }
  wg_str rest = {(const char *)s.p, (size_t)s.n_bytes};
  size_t n = wg_str_find(rest, '\0');
  *out = (wg_str){rest.p, n};
  return n < rest.n;
}

static bool macho_holds_contents(const wg_macho *m) {
  return m->type != WG_MACHO_DSYM && m->type != WG_MACHO_DYLIB_STUB;
}

static wg_code macho_parse_section(wg_macho *m, wg_reader *r, bool wide, wg_error *err) {
  wg_macho_section *s = &m->sections[m->n_sections];
  uint64_t at = wg_reader_at(r);
  uint32_t v32 = 0, skip = 0;
  wg_macho word = {.is_64 = wide, .big_endian = m->big_endian};
  if (!macho_name16(r, &s->name) || !macho_name16(r, &s->segment) ||
      !wg_macho_read_word(&word, r, &s->vaddr) || !wg_macho_read_word(&word, r, &s->n_bytes) ||
      !wg_macho_read32(m, r, &v32) || !wg_macho_read32(m, r, &skip) ||
      !wg_macho_read32(m, r, &skip) || !wg_macho_read32(m, r, &skip) ||
      !wg_macho_read32(m, r, &s->flags) || !wg_read_skip(r, wide ? 12 : 8)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "section header is cut short");
  }
  s->off = v32;
  uint32_t kind = s->flags & 0xFF;
  s->is_zerofill = kind == 0x1 || kind == 0xC || kind == 0x12; // S_ZEROFILL, GB, THREAD_LOCAL
  wg_reader body;
  if (!s->is_zerofill && s->n_bytes != 0 && macho_holds_contents(m) &&
      !wg_reader_slice(&m->file, s->off, s->n_bytes, &body)) {
    return wg_fail_at(err, WG_E_FORMAT, at,
                      "section %zu: 0x%llx bytes at 0x%llx are not within the file", m->n_sections,
                      (unsigned long long)s->n_bytes, (unsigned long long)s->off);
  }
  m->n_sections++;
  return WG_OK;
}

static wg_code macho_check_segment(const wg_macho *m, const wg_macho_segment *s, uint64_t at,
                                   wg_error *err) {
  wg_reader body;
  uint64_t end = 0;
  if (!wg_reader_slice(&m->file, s->off, s->file_bytes, &body)) {
    return wg_fail_at(err, WG_E_FORMAT, at,
                      "segment %zu: 0x%llx bytes at 0x%llx are not within the file", m->n_segments,
                      (unsigned long long)s->file_bytes, (unsigned long long)s->off);
  }
  if (s->file_bytes > s->mem_bytes && s->mem_bytes != 0) {
    return wg_fail_at(err, WG_E_FORMAT, at, "segment %zu is larger in the file than in memory",
                      m->n_segments);
  }
  if (!wg_add(s->vaddr, s->mem_bytes, &end)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "segment %zu wraps around the address space",
                      m->n_segments);
  }
  return WG_OK;
}

static wg_code macho_parse_segment(wg_macho *m, wg_reader *r, bool wide, wg_error *err) {
  wg_macho_segment *s = &m->segments[m->n_segments];
  uint64_t at = r->base_off;
  uint32_t n_sections = 0;
  wg_macho word = {.is_64 = wide, .big_endian = m->big_endian};
  if (!macho_name16(r, &s->name) || !wg_macho_read_word(&word, r, &s->vaddr) ||
      !wg_macho_read_word(&word, r, &s->mem_bytes) || !wg_macho_read_word(&word, r, &s->off) ||
      !wg_macho_read_word(&word, r, &s->file_bytes) || !wg_macho_read32(m, r, &s->max_prot) ||
      !wg_macho_read32(m, r, &s->init_prot) || !wg_macho_read32(m, r, &n_sections) ||
      !wg_macho_read32(m, r, &s->flags)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "segment command is cut short");
  }
  if (macho_check_segment(m, s, at, err) != WG_OK) {
    return err->code;
  }
  if (n_sections > wg_reader_left(r) / (wide ? 80 : 68)) {
    return wg_fail_at(err, WG_E_FORMAT, at, "segment %zu: %u sections do not fit its command",
                      m->n_segments, n_sections);
  }
  s->first_section = m->n_sections;
  s->n_sections = n_sections;
  m->n_segments++;
  for (uint32_t i = 0; i < n_sections; i++) {
    if (macho_parse_section(m, r, wide, err) != WG_OK) {
      return err->code;
    }
  }
  return WG_OK;
}

static wg_code macho_parse_dylib(wg_macho *m, uint32_t kind, wg_reader *r, wg_error *err) {
  uint32_t name = 0, time = 0;
  wg_macho_dylib d = {.weak = kind == LC_LOAD_WEAK_DYLIB, .reexport = kind == LC_REEXPORT_DYLIB};
  if (!wg_macho_read32(m, r, &name) || !wg_macho_read32(m, r, &time) ||
      !wg_macho_read32(m, r, &d.current) || !wg_macho_read32(m, r, &d.compatible) ||
      !macho_lc_str(r, name, 24, &d.name)) {
    return wg_fail_at(err, WG_E_FORMAT, r->base_off, "library command: no name within it");
  }
  if (kind == LC_ID_DYLIB) {
    m->id = d.name;
  } else {
    m->dylibs[m->n_dylibs++] = d;
  }
  return WG_OK;
}

static wg_code macho_parse_path(wg_macho *m, uint32_t kind, wg_reader *r, wg_error *err) {
  uint32_t off = 0;
  wg_str text = {0};
  if (!wg_macho_read32(m, r, &off) || !macho_lc_str(r, off, 12, &text)) {
    return wg_fail_at(err, WG_E_FORMAT, r->base_off, "path command: no text within it");
  }
  if (kind == LC_RPATH) {
    m->rpaths[m->n_rpaths++] = text;
  } else {
    m->linker = text;
  }
  return WG_OK;
}

static wg_code macho_parse_min_os(wg_macho *m, uint32_t kind, wg_reader *r, wg_error *err) {
  uint32_t platform = 0;
  if (kind == LC_BUILD_VERSION) {
    if (!wg_macho_read32(m, r, &platform)) {
      return wg_fail_at(err, WG_E_FORMAT, r->base_off, "build version command is cut short");
    }
  } else {
    platform = kind == LC_VERSION_MIN_MACOSX     ? 1
               : kind == LC_VERSION_MIN_IPHONEOS ? 2
               : kind == LC_VERSION_MIN_TVOS     ? 3
                                                 : 4;
  }
  wg_macho_version min_os = 0, sdk = 0;
  if (!wg_macho_read32(m, r, &min_os) || !wg_macho_read32(m, r, &sdk)) {
    return wg_fail_at(err, WG_E_FORMAT, r->base_off, "version command is cut short");
  }
  if (!m->has_min_os) { // a second one (zippered libraries) is for another platform
    m->platform = platform;
    m->min_os = min_os;
    m->sdk = sdk;
    m->has_min_os = true;
  }
  return WG_OK;
}

static wg_code macho_parse_signature(wg_macho *m, wg_reader *r, wg_error *err) {
  uint32_t off = 0, n_bytes = 0;
  wg_reader body;
  if (!wg_macho_read32(m, r, &off) || !wg_macho_read32(m, r, &n_bytes)) {
    return wg_fail_at(err, WG_E_FORMAT, r->base_off, "code signature command is cut short");
  }
  if (!wg_reader_slice(&m->file, off, n_bytes, &body)) {
    return wg_fail_at(err, WG_E_FORMAT, r->base_off,
                      "code signature: 0x%x bytes at 0x%x are not within the file", n_bytes, off);
  }
  m->has_signature = true;
  m->signature_off = off;
  m->signature_bytes = n_bytes;
  return WG_OK;
}

static wg_code macho_parse_symtab(wg_macho *m, wg_reader *r, wg_error *err) {
  uint32_t sym_off = 0, n_syms = 0, str_off = 0, str_bytes = 0;
  wg_reader body;
  if (!wg_macho_read32(m, r, &sym_off) || !wg_macho_read32(m, r, &n_syms) ||
      !wg_macho_read32(m, r, &str_off) || !wg_macho_read32(m, r, &str_bytes)) {
    return wg_fail_at(err, WG_E_FORMAT, r->base_off, "symbol table command is cut short");
  }
  if (!wg_reader_slice(&m->file, sym_off, (uint64_t)n_syms * (m->is_64 ? 16 : 12), &body) ||
      !wg_reader_slice(&m->file, str_off, str_bytes, &body)) {
    return wg_fail_at(err, WG_E_FORMAT, r->base_off,
                      "symbol table: %u symbols at 0x%x or their names at 0x%x are not within the "
                      "file",
                      n_syms, sym_off, str_off);
  }
  m->has_symbols = n_syms != 0;
  return WG_OK;
}

static wg_code macho_parse_uuid(wg_macho *m, wg_reader *r, wg_error *err) {
  const uint8_t *p = NULL;
  if (!wg_read_bytes(r, sizeof(m->uuid), &p)) {
    return wg_fail_at(err, WG_E_FORMAT, r->base_off, "UUID command is cut short");
  }
  for (size_t i = 0; i < sizeof(m->uuid); i++) {
    m->uuid[i] = p[i];
  }
  m->has_uuid = true;
  return WG_OK;
}

static wg_code macho_parse_main(wg_macho *m, wg_reader *r, wg_error *err) {
  bool ok = m->big_endian ? wg_read_be64(r, &m->entry_off) : wg_read_le64(r, &m->entry_off);
  if (!ok) {
    return wg_fail_at(err, WG_E_FORMAT, r->base_off, "entry point command is cut short");
  }
  if (m->entry_off >= m->file.n_bytes) {
    return wg_fail_at(err, WG_E_FORMAT, r->base_off, "entry point 0x%llx is not within the file",
                      (unsigned long long)m->entry_off);
  }
  m->has_entry = true;
  return WG_OK;
}

static wg_code macho_parse_command(wg_macho *m, uint32_t kind, wg_reader *r, wg_error *err) {
  switch (kind) {
  case LC_SEGMENT:
  case LC_SEGMENT_64:
    return macho_parse_segment(m, r, kind == LC_SEGMENT_64, err);
  case LC_SYMTAB:
    return macho_parse_symtab(m, r, err);
  case LC_LOAD_DYLIB:
  case LC_ID_DYLIB:
  case LC_LOAD_WEAK_DYLIB:
  case LC_REEXPORT_DYLIB:
  case LC_LAZY_LOAD_DYLIB:
  case LC_LOAD_UPWARD_DYLIB:
    return macho_parse_dylib(m, kind, r, err);
  case LC_LOAD_DYLINKER:
  case LC_RPATH:
    return macho_parse_path(m, kind, r, err);
  case LC_UUID:
    return macho_parse_uuid(m, r, err);
  case LC_CODE_SIGNATURE:
    return macho_parse_signature(m, r, err);
  case LC_VERSION_MIN_MACOSX:
  case LC_VERSION_MIN_IPHONEOS:
  case LC_VERSION_MIN_TVOS:
  case LC_VERSION_MIN_WATCHOS:
  case LC_BUILD_VERSION:
    return macho_parse_min_os(m, kind, r, err);
  case LC_MAIN:
    return macho_parse_main(m, r, err);
  default:
    return WG_OK; // not needed here
  }
}

wg_code wg_macho_parse_commands(wg_macho *m, const wg_reader *commands, wg_error *err) {
  uint64_t pos = 0;
  for (uint32_t i = 0; i < m->n_commands; i++) {
    // macho_count has checked every size.
    wg_reader r, body;
    uint32_t cmd = 0, n_bytes = 0;
    bool ok = wg_reader_slice(commands, pos, 8, &r) && wg_macho_read32(m, &r, &cmd) &&
              wg_macho_read32(m, &r, &n_bytes) && wg_reader_slice(commands, pos, n_bytes, &body) &&
              wg_read_skip(&body, 8);
    wg_assert(ok);
    if (macho_parse_command(m, cmd & ~LC_REQ_DYLD, &body, err) != WG_OK) {
      return err->code;
    }
    pos += n_bytes;
  }
  return WG_OK;
}
