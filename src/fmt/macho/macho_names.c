// SPDX-License-Identifier: Apache-2.0
// Numbers that people know by name (<mach/machine.h>, <mach-o/loader.h>).
#include "fmt/macho/macho.h"

const char *wg_macho_cpu_name(uint32_t cpu, uint32_t cpu_subtype) {
  uint32_t sub = cpu_subtype & 0x00FFFFFF; // the top byte holds capabilities
  switch (cpu) {
  case WG_MACHO_CPU_X86:
    return "i386";
  case WG_MACHO_CPU_X86_64:
    return sub == 8 ? "x86_64h" : "x86_64";
  case WG_MACHO_CPU_ARM:
    return sub == 9 ? "armv7" : sub == 11 ? "armv7s" : sub == 12 ? "armv7k" : "arm";
  case WG_MACHO_CPU_ARM64:
    return sub == 2 ? "arm64e" : "arm64";
  case 0x0200000C:
    return "arm64_32";
  case WG_MACHO_CPU_PPC:
    return "ppc";
  case WG_MACHO_CPU_PPC64:
    return "ppc64";
  default:
    return NULL;
  }
}

const char *wg_macho_type_name(uint32_t type) {
  static const char *const names[] = {
      NULL,        "object file",          "executable",      "fixed VM library",
      "core file", "preloaded executable", "dynamic library", "dynamic linker",
      "bundle",    "library stub",         "debug symbols",   "kernel extension",
      "file set"};
  return type < WG_ARRAY_LEN(names) ? names[type] : NULL;
}

const char *wg_macho_platform_name(uint32_t platform) {
  static const char *const names[] = {NULL,
                                      "macOS",
                                      "iOS",
                                      "tvOS",
                                      "watchOS",
                                      "bridgeOS",
                                      "Mac Catalyst",
                                      "iOS simulator",
                                      "tvOS simulator",
                                      "watchOS simulator",
                                      "DriverKit",
                                      "visionOS",
                                      "visionOS simulator"};
  return platform < WG_ARRAY_LEN(names) ? names[platform] : NULL;
}

const char *wg_macho_goarch(const wg_macho *m) {
  switch (m->cpu) {
  case WG_MACHO_CPU_X86:
    return "386";
  case WG_MACHO_CPU_X86_64:
    return "amd64";
  case WG_MACHO_CPU_ARM:
    return "arm";
  case WG_MACHO_CPU_ARM64:
    return "arm64";
  default:
    return NULL;
  }
}

const char *wg_macho_version_text(wg_macho_version v, char out[16]) {
  unsigned patch = v & 0xFF;
  if (patch == 0) {
    (void)wg_format(out, 16, "%u.%u", v >> 16, v >> 8 & 0xFF);
  } else {
    (void)wg_format(out, 16, "%u.%u.%u", v >> 16, v >> 8 & 0xFF, patch);
  }
  return out;
}
