// SPDX-License-Identifier: Apache-2.0
#include "fmt/coff/coff.h"

#include <string.h>

enum {
  COFF_HEADER_BYTES = 20,
  COFF_SECTION_BYTES = 40,
  COFF_RELOC_BYTES = 10,
  COFF_MAX_RELOCS = 65534,
  COFF_SYM_STATIC = 3,
  COFF_NAME_BYTES = 8,
};

// PE 3.3.1 (machines), 5.2.1 (relocation types).
static const struct {
  const char *goarch;
  uint16_t machine, addr32nb;
} coff_machines[] = {
    {"amd64", 0x8664, 0x0003},
    {"arm64", 0xAA64, 0x0002},
    {"386", 0x014C, 0x0007},
};

uint16_t wg_coff_machine_of(const char *goarch) {
  for (size_t i = 0; i < WG_ARRAY_LEN(coff_machines); i++) {
    if (wg_str_eqz(wg_str_of(goarch), coff_machines[i].goarch)) {
      return coff_machines[i].machine;
    }
  }
  return 0;
}

static wg_code reloc_type(uint16_t machine, uint16_t *out, wg_error *err) {
  for (size_t i = 0; i < WG_ARRAY_LEN(coff_machines); i++) {
    if (coff_machines[i].machine == machine) {
      *out = coff_machines[i].addr32nb;
      return WG_OK;
    }
  }
  return wg_fail(err, WG_E_UNSUPPORTED, "COFF machine 0x%x", machine);
}

static void add_name(wg_buf *out, const char *name) {
  wg_str s = wg_str_of(name);
  wg_assert(s.n >= 1 && s.n <= COFF_NAME_BYTES);
  wg_buf_add_str(out, s);
  wg_buf_add_zeros(out, COFF_NAME_BYTES - s.n);
}

static uint64_t padded(const wg_coff_section *s) {
  return ((uint64_t)s->data.n + 3) & ~(uint64_t)3;
}

// Section header (PE 4). *off is where the section's data goes; moves past data and relocations.
static void add_section_header(wg_buf *out, const wg_coff_section *s, uint64_t *off) {
  uint64_t relocs_off = *off + padded(s);
  add_name(out, s->name);
  wg_buf_add_le32(out, 0); // VirtualSize: 0 in objects
  wg_buf_add_le32(out, 0); // VirtualAddress
  wg_buf_add_le32(out, (uint32_t)padded(s));
  wg_buf_add_le32(out, (uint32_t)*off);
  wg_buf_add_le32(out, s->n_relocs == 0 ? 0 : (uint32_t)relocs_off);
  wg_buf_add_le32(out, 0); // line numbers
  wg_buf_add_le16(out, (uint16_t)s->n_relocs);
  wg_buf_add_le16(out, 0);
  wg_buf_add_le32(out, s->characteristics);
  *off = relocs_off + (uint64_t)s->n_relocs * COFF_RELOC_BYTES;
}

// Symbol record (PE 5.4): the start of the section, storage class static.
static void add_symbol(wg_buf *out, const wg_coff_section *s, uint16_t number) {
  add_name(out, s->name);
  wg_buf_add_le32(out, 0);
  wg_buf_add_le16(out, number);
  wg_buf_add_le16(out, 0);
  wg_buf_add_byte(out, COFF_SYM_STATIC);
  wg_buf_add_byte(out, 0);
}

wg_code wg_coff_write(uint16_t machine, const wg_coff_section *sections, uint16_t n_sections,
                      wg_buf *out, wg_error *err) {
  uint16_t type = 0;
  if (reloc_type(machine, &type, err) != WG_OK) {
    return err->code;
  }
  uint64_t data_off = COFF_HEADER_BYTES + (uint64_t)n_sections * COFF_SECTION_BYTES;
  uint64_t symbols_off = data_off;
  for (uint16_t i = 0; i < n_sections; i++) {
    if (sections[i].n_relocs > COFF_MAX_RELOCS) {
      return wg_fail(err, WG_E_LIMIT, "section %s: %u relocations, at most %u are possible",
                     sections[i].name, sections[i].n_relocs, COFF_MAX_RELOCS);
    }
    symbols_off += padded(&sections[i]) + (uint64_t)sections[i].n_relocs * COFF_RELOC_BYTES;
  }
  if (symbols_off > UINT32_MAX) {
    return wg_fail(err, WG_E_LIMIT, "an object file of more than 4 GiB");
  }
  wg_buf_add_le16(out, machine);
  wg_buf_add_le16(out, n_sections);
  wg_buf_add_le32(out, 0); // no time stamp
  wg_buf_add_le32(out, (uint32_t)symbols_off);
  wg_buf_add_le32(out, n_sections);
  wg_buf_add_le16(out, 0); // no optional header
  wg_buf_add_le16(out, 0);
  for (uint16_t i = 0; i < n_sections; i++) {
    add_section_header(out, &sections[i], &data_off);
  }
  for (uint16_t i = 0; i < n_sections; i++) {
    const wg_coff_section *s = &sections[i];
    wg_buf_add_str(out, s->data);
    wg_buf_add_zeros(out, (size_t)(padded(s) - s->data.n));
    for (uint32_t k = 0; k < s->n_relocs; k++) {
      wg_buf_add_le32(out, s->relocs[k]);
      wg_buf_add_le32(out, i); // symbol
      wg_buf_add_le16(out, type);
    }
  }
  for (uint16_t i = 0; i < n_sections; i++) {
    add_symbol(out, &sections[i], (uint16_t)(i + 1));
  }
  wg_buf_add_le32(out, 4); // the string table holds its own size only
  return wg_buf_check(out, err);
}
