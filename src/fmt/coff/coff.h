// SPDX-License-Identifier: Apache-2.0
// Writer of COFF object files (PE specification, chapters 3 to 5): enough for data sections whose
// words refer to places in the same section, which is what a resource section is.
#ifndef WG_FMT_COFF_COFF_H
#define WG_FMT_COFF_COFF_H

#include "base/bytes.h"

typedef struct wg_coff_section {
  const char *name; // 1..8 bytes
  wg_str data;
  // Offsets in data of 32-bit words that hold an offset in this section and are to become an
  // address relative to the image base (ADDR32NB). Ascending.
  const uint32_t *relocs;
  uint32_t n_relocs;        // at most 65,534: the header's field has 16 bits
  uint32_t characteristics; // PE 4.1; alignment bits included
} wg_coff_section;

enum { // Section characteristics (PE 4.1)
  WG_COFF_INITIALIZED_DATA = 0x00000040,
  WG_COFF_ALIGN_8 = 0x00400000,
  WG_COFF_MEM_READ = 0x40000000,
};

// The COFF machine of a GOARCH name ("amd64", "arm64", "386"); 0 when Go has no such Windows port
// whose linker takes objects.
uint16_t wg_coff_machine_of(const char *goarch);

// Appends an object file to out: header, section headers, data, relocations, one static symbol a
// section, an empty string table. No time stamp. UNSUPPORTED: machine without a known ADDR32NB
// relocation; LIMIT: over 4 GiB or too many relocations; NOMEM.
wg_code wg_coff_write(uint16_t machine, const wg_coff_section *sections, uint16_t n_sections,
                      wg_buf *out, wg_error *err);

#endif
