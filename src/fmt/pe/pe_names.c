// SPDX-License-Identifier: Apache-2.0
// Names of header values, for messages and reports.
#include "fmt/pe/pe.h"

typedef struct pe_name {
  uint32_t value;
  const char *name, *goarch;
} pe_name;

// PE 3.3.1. goarch: where Go has (or had) a Windows port.
static const pe_name machines[] = {
    {0x014C, "x86", "386"},          {0x0166, "MIPS R4000", NULL},   {0x01A2, "SH3", NULL},
    {0x01A6, "SH4", NULL},           {0x01C0, "ARM", NULL},          {0x01C2, "Thumb", NULL},
    {0x01C4, "ARMv7", "arm"},        {0x01F0, "PowerPC", NULL},      {0x0200, "Itanium", NULL},
    {0x0EBC, "EFI byte code", NULL}, {0x5032, "RISC-V 32", NULL},    {0x5064, "RISC-V 64", NULL},
    {0x6232, "LoongArch 32", NULL},  {0x6264, "LoongArch 64", NULL}, {0x8664, "x86-64", "amd64"},
    {0xA641, "ARM64EC", NULL},       {0xAA64, "ARM64", "arm64"},
};
// PE 3.4.2, Windows Subsystem.
static const pe_name subsystems[] = {
    {1, "native", NULL},
    {2, "Windows GUI", NULL},
    {3, "Windows console", NULL},
    {5, "OS/2 console", NULL},
    {7, "POSIX console", NULL},
    {8, "Windows 9x driver", NULL},
    {9, "Windows CE GUI", NULL},
    {10, "EFI application", NULL},
    {11, "EFI boot service driver", NULL},
    {12, "EFI runtime driver", NULL},
    {13, "EFI ROM", NULL},
    {14, "Xbox", NULL},
    {16, "Windows boot application", NULL},
};
// winuser.h, RT_*.
static const pe_name resource_types[] = {
    {1, "CURSOR", NULL},      {2, "BITMAP", NULL},        {3, "ICON", NULL},
    {4, "MENU", NULL},        {5, "DIALOG", NULL},        {6, "STRING", NULL},
    {7, "FONTDIR", NULL},     {8, "FONT", NULL},          {9, "ACCELERATOR", NULL},
    {10, "RCDATA", NULL},     {11, "MESSAGETABLE", NULL}, {12, "GROUP_CURSOR", NULL},
    {14, "GROUP_ICON", NULL}, {16, "VERSION", NULL},      {17, "DLGINCLUDE", NULL},
    {19, "PLUGPLAY", NULL},   {20, "VXD", NULL},          {21, "ANICURSOR", NULL},
    {22, "ANIICON", NULL},    {23, "HTML", NULL},         {24, "MANIFEST", NULL},
};

static const pe_name *find(const pe_name *list, size_t n, uint32_t value) {
  for (size_t i = 0; i < n; i++) {
    if (list[i].value == value) {
      return &list[i];
    }
  }
  return NULL;
}

const char *wg_pe_machine_name(uint16_t machine) {
  const pe_name *e = find(machines, WG_ARRAY_LEN(machines), machine);
  return e == NULL ? NULL : e->name;
}

const char *wg_pe_machine_goarch(uint16_t machine) {
  const pe_name *e = find(machines, WG_ARRAY_LEN(machines), machine);
  return e == NULL ? NULL : e->goarch;
}

const char *wg_pe_subsystem_name(uint16_t subsystem) {
  const pe_name *e = find(subsystems, WG_ARRAY_LEN(subsystems), subsystem);
  return e == NULL ? NULL : e->name;
}

const char *wg_pe_resource_type_name(uint32_t type) {
  const pe_name *e = find(resource_types, WG_ARRAY_LEN(resource_types), type);
  return e == NULL ? NULL : e->name;
}
