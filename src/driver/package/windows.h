// SPDX-License-Identifier: Apache-2.0
// The Windows of an image, as far as drivers ask: what it is, and the hives that know its drivers.
#ifndef WG_DRIVER_PACKAGE_WINDOWS_H
#define WG_DRIVER_PACKAGE_WINDOWS_H

#include "fmt/inf/driver.h"
#include "image/tree/registry.h"

typedef struct wg_driver_windows {
  wg_inf_target target;
  bool is_pe;        // Windows PE: a boot.wim
  bool has_database; // the registry has the driver database (Windows 8 and later)
  bool has_drivers;  // it has a hive DRIVERS beside SYSTEM
  bool is_borrowed;  // SYSTEM alone, which is somebody else's
  wg_image_hive system, software, drivers;
  char control_set[16];  // "ControlSet001"
  wg_regkey *in_system;  // DriverDatabase; NULL: none
  wg_regkey *in_drivers; // likewise
} wg_driver_windows;
void wg_driver_windows_done(wg_driver_windows *w);
WG_DEFINE_AUTO(wg_driver_windows, wg_driver_windows_done);
// *out is zeroed by the caller. UNSUPPORTED: it has no SYSTEM or SOFTWARE, or says no version or
// architecture. FORMAT: a damaged hive.
wg_code wg_driver_windows_of(wg_image_reader *image, wg_driver_windows *out, wg_error *err);
// Of a SYSTEM hive alone, which is borrowed: version and architecture stay 0 where it does not say
// them. UNSUPPORTED: it is none.
wg_code wg_driver_windows_of_hive(wg_hive *system, wg_driver_windows *out, wg_error *err);
// "10.0.26100 amd64". Heap.
char *wg_driver_windows_text(const wg_driver_windows *w);
// "10.0.26100", "10.0" or "26100" and an architecture. False: that is none.
WG_MUST_CHECK bool wg_driver_target_of(const char *version, const char *arch, wg_inf_target *out);

// INF files of an image, \Windows\INF, for Include and LayoutFile; each is read once. The library
// lives as long as this.
typedef struct wg_driver_library {
  wg_image_reader *image; // NULL: there are none
  wg_arena arena;
  struct driver_library_inf *v;
  size_t n, cap;
  wg_inf_library library; // to be handed on
} wg_driver_library;
void wg_driver_library_init(wg_driver_library *l, wg_image_reader *image);
void wg_driver_library_done(wg_driver_library *l);
WG_DEFINE_AUTO(wg_driver_library, wg_driver_library_done);

// --- values of a hive's key; key may be NULL
// Text of REG_SZ and REG_EXPAND_SZ; the first item of a list. Heap; NULL: not there.
char *wg_driver_reg_text(const wg_regkey *key, const char *name);
// Items of REG_MULTI_SZ, in the arena.
size_t wg_driver_reg_list(const wg_regkey *key, const char *name, wg_arena *arena,
                          const char *const **out);
uint32_t wg_driver_reg_dword(const wg_regkey *key, const char *name, uint32_t otherwise);
wg_regkey *wg_driver_reg_below(const wg_regkey *key, const char *path); // path with backslashes

#endif
