// SPDX-License-Identifier: Apache-2.0
// Windows' record of a driver package in the registry, made from what its INF says. The values are
// those that Windows itself writes (docs/formats/driverdb.md says which are measured).
#ifndef WG_DRIVER_DB_RECORD_H
#define WG_DRIVER_DB_RECORD_H

#include "driver/package/package.h"
#include "driver/package/windows.h"
#include "image/reg/edits.h"

#define WG_DRIVER_STORE "Windows\\System32\\DriverStore\\FileRepository"
#define WG_DRIVER_CATROOT "Windows\\System32\\CatRoot\\{F750E6C3-38EE-11D1-85E5-00C04FC295EE}"
#define WG_DRIVER_LOCKDOWN                                                                         \
  "HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Setup\\PnpLockdownFiles"

typedef struct wg_driver_record {
  const wg_driver_windows *windows;
  const wg_driver_package *package;
  const char *published;   // "oem3.inf"
  const char *label;       // "viostor.inf_amd64_0123456789abcdef"
  bool in_drivers;         // in the hive DRIVERS, else SYSTEM
  bool critical;           // services and files are put where they run, too
  int64_t time_s;          // ImportDate
  const char *origin;      // of the edits
  const char *const *kept; // places in Windows that stay somebody else's, whatever is put there
  size_t n_kept;
} wg_driver_record;

typedef struct wg_driver_tag { // the highest one given in a group so far
  char *group;
  uint32_t tag;
} wg_driver_tag;
typedef struct wg_driver_tags {
  wg_driver_tag *v;
  size_t n, cap;
} wg_driver_tags;
void wg_driver_tags_done(wg_driver_tags *t);
WG_DEFINE_AUTO(wg_driver_tags, wg_driver_tags_done);

// Services that a package of this run set; a later one of the run only becomes one more owner.
typedef struct wg_driver_names {
  char **v;
  size_t n, cap;
} wg_driver_names;
void wg_driver_names_done(wg_driver_names *n);
WG_DEFINE_AUTO(wg_driver_names, wg_driver_names_done);
// Adds a name; false: it is there already, letter case ignored.
bool wg_driver_names_add(wg_driver_names *n, const char *name);

// What makes the package known: DriverInfFiles, DriverPackages, DeviceIds; for Windows 7 and
// before, when it is critical, CriticalDeviceDatabase.
void wg_driver_record_edits(const wg_driver_record *r, wg_reg_edits *out);
// Services of a critical package, with Owners, their event sources, and PnpLockdownFiles. A service
// that is there and was asked for by an included INF only gets the package as one more owner.
void wg_driver_service_edits(const wg_driver_record *r, wg_driver_tags *tags,
                             wg_driver_names *claimed, wg_reg_edits *out);

// Whether the class belongs to SYSTEM: it is one of those that can be needed for the start.
bool wg_driver_class_in_system(const wg_driver_windows *w, const wg_inf_package *p);
// Where a file of a config is put: a Windows path without drive ("Windows\System32\drivers\x.sys"),
// heap; NULL: it stays in the driver store, or its folder is not known.
char *wg_driver_copy_target(const wg_inf_copy *c);

#endif
