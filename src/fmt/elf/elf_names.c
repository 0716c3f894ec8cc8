// SPDX-License-Identifier: Apache-2.0
// Numbers that people know by name (gABI figures 4-4, 4-5, 4-9, 5-2; the psABIs for machines).
#include "fmt/elf/elf.h"

typedef struct elf_name {
  uint32_t value;
  const char *name;
} elf_name;

static const char *elf_lookup(const elf_name *table, size_t n, uint32_t value) {
  for (size_t i = 0; i < n; i++) {
    if (table[i].value == value) {
      return table[i].name;
    }
  }
  return NULL;
}

const char *wg_elf_machine_name(uint16_t machine) {
  static const elf_name names[] = {
      {2, "SPARC"},       {3, "x86"},         {4, "68000"},     {8, "MIPS"},     {15, "PA-RISC"},
      {20, "PowerPC"},    {21, "PowerPC 64"}, {22, "S/390"},    {40, "ARM"},     {42, "SuperH"},
      {43, "SPARC V9"},   {50, "Itanium"},    {62, "x86-64"},   {83, "AVR"},     {92, "OpenRISC"},
      {183, "ARM 64"},    {190, "CUDA"},      {224, "AMD GPU"}, {243, "RISC-V"}, {247, "BPF"},
      {258, "LoongArch"}, {36902, "Alpha"}};
  return elf_lookup(names, WG_ARRAY_LEN(names), machine);
}

const char *wg_elf_type_name(uint16_t type) {
  static const elf_name names[] = {{0, "none"},
                                   {WG_ELF_REL, "object file"},
                                   {WG_ELF_EXEC, "executable"},
                                   {WG_ELF_DYN, "shared object"},
                                   {WG_ELF_CORE, "core file"}};
  return elf_lookup(names, WG_ARRAY_LEN(names), type);
}

const char *wg_elf_os_abi_name(uint8_t os_abi) {
  static const elf_name names[] = {{0, "System V"}, {1, "HP-UX"},    {2, "NetBSD"},
                                   {3, "Linux"},    {6, "Solaris"},  {7, "AIX"},
                                   {9, "FreeBSD"},  {12, "OpenBSD"}, {97, "ARM"}};
  return elf_lookup(names, WG_ARRAY_LEN(names), os_abi);
}

const char *wg_elf_segment_type_name(uint32_t type) {
  static const elf_name names[] = {
      {0, "NULL"},
      {1, "LOAD"},
      {2, "DYNAMIC"},
      {3, "INTERP"},
      {4, "NOTE"},
      {5, "SHLIB"},
      {6, "PHDR"},
      {7, "TLS"},
      {0x6474E550, "GNU_EH_FRAME"},
      {0x6474E551, "GNU_STACK"},
      {0x6474E552, "GNU_RELRO"},
      {0x6474E553, "GNU_PROPERTY"},
      {0x65A3DBE6, "OPENBSD_RANDOMIZE"},
      {0x65041580, "PAX_FLAGS"},
  };
  return elf_lookup(names, WG_ARRAY_LEN(names), type);
}

const char *wg_elf_section_type_name(uint32_t type) {
  static const elf_name names[] = {
      {0, "NULL"},
      {1, "PROGBITS"},
      {2, "SYMTAB"},
      {3, "STRTAB"},
      {4, "RELA"},
      {5, "HASH"},
      {6, "DYNAMIC"},
      {7, "NOTE"},
      {8, "NOBITS"},
      {9, "REL"},
      {11, "DYNSYM"},
      {14, "INIT_ARRAY"},
      {15, "FINI_ARRAY"},
      {16, "PREINIT_ARRAY"},
      {17, "GROUP"},
      {18, "SYMTAB_SHNDX"},
      {19, "RELR"},
      {0x6FFFFFF6, "GNU_HASH"},
      {0x6FFFFFFD, "VERDEF"},
      {0x6FFFFFFE, "VERNEED"},
      {0x6FFFFFFF, "VERSYM"},
  };
  return elf_lookup(names, WG_ARRAY_LEN(names), type);
}

const char *wg_elf_goarch(const wg_elf *elf) {
  static const struct {
    uint16_t machine;
    bool is_64, big_endian;
    const char *goarch;
  } ports[] = {
      {3, false, false, "386"},      {62, true, false, "amd64"},   {40, false, false, "arm"},
      {183, true, false, "arm64"},   {8, false, true, "mips"},     {8, false, false, "mipsle"},
      {8, true, true, "mips64"},     {8, true, false, "mips64le"}, {21, true, true, "ppc64"},
      {21, true, false, "ppc64le"},  {22, true, true, "s390x"},    {243, true, false, "riscv64"},
      {258, true, false, "loong64"},
  };
  for (size_t i = 0; i < WG_ARRAY_LEN(ports); i++) {
    if (ports[i].machine == elf->machine && ports[i].is_64 == elf->is_64 &&
        ports[i].big_endian == elf->big_endian) {
      return ports[i].goarch;
    }
  }
  return NULL;
}
