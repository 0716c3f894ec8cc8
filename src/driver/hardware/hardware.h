// SPDX-License-Identifier: Apache-2.0
// The devices of a machine with the ids by which Windows looks for their drivers, out of what tools
// on Windows and Linux tell.
//
// Facts: docs/formats/hardware.md. Everything lives in the arena of the call.
#ifndef WG_DRIVER_HARDWARE_HARDWARE_H
#define WG_DRIVER_HARDWARE_HARDWARE_H

#include "fmt/json/jsonw.h"
#include "fmt/regf/regf.h"

typedef struct wg_hw_device {
  wg_str instance;                   // "PCI\VEN_8086&DEV_15D7&...\3&11583659&0&FE"; "" not known
  wg_str name;                       // what people call it; ""
  wg_str class_name, class_guid;     // "Net", "{4d36e972-...}"; ""
  wg_str manufacturer;               // ""
  wg_str where;                      // as the source says where it is: "00:1f.6"; ""
  const wg_str *hardware_ids;        // the most special first
  const wg_str *compatible_ids;      // likewise
  uint32_t n_hardware, n_compatible; // one of the two is not 0
} wg_hw_device;

typedef enum wg_hw_kind { // where a profile comes from
  WG_HW_UNKNOWN,
  WG_HW_YAML,     // our own form
  WG_HW_PNPUTIL,  // pnputil /enum-devices /ids, of any language
  WG_HW_JSON,     // Get-PnpDevice, Get-PnpDeviceProperty, Win32_PnPEntity as JSON
  WG_HW_LINUX,    // lspci and lsusb, either or both
  WG_HW_SETUPAPI, // setupapi.dev.log
  WG_HW_HIVE,     // a SYSTEM hive
  WG_HW_SYS,      // /sys of a running machine
} wg_hw_kind;

typedef struct wg_hw_profile {
  wg_hw_kind kind;
  wg_str vendor, model; // of the machine; ""
  const wg_hw_device *devices;
  uint32_t n_devices;
  const wg_str *notes; // what the source does not say, in whole sentences
  uint32_t n_notes;
} wg_hw_profile;

// "pnputil" and the like. Static.
const char *wg_hw_kind_name(wg_hw_kind kind);

#define WG_HW_MAX_BYTES ((uint64_t)256 << 20) // of a text
#define WG_HW_MAX_DEVICES 50000U
#define WG_HW_MAX_IDS 1000U     // of one kind of one device
#define WG_HW_MAX_ID_BYTES 512U // longer ones are left out; Windows' own limit is 200 characters

// A text in UTF-8, UTF-16 (with its mark) or a code page; what it is its content says. FORMAT with
// the line or place: none of the kinds, or damaged. NOT_FOUND: it names no device. LIMIT, NOMEM.
wg_code wg_hw_parse(wg_str text, wg_arena *arena, wg_hw_profile *out, wg_error *err);
// The key Enum of the control set that starts next, and what the machine calls itself. NOT_FOUND:
// there is no such key, or no device.
wg_code wg_hw_of_hive(const wg_hive *hive, wg_arena *arena, wg_hw_profile *out, wg_error *err);
// Of a folder that is /sys (or a copy of it). NOT_FOUND: it has no bus that is known.
wg_code wg_hw_of_sys(const char *root, wg_arena *arena, wg_hw_profile *out, wg_error *err);

// Our own form; wg_hw_parse reads it back as it was. What no YAML can say (control characters)
// becomes a space.
void wg_hw_write_yaml(const wg_hw_profile *p, wg_buf *out);
// "machine", "devices" and "notes" of an object that is open.
void wg_hw_write_json(const wg_hw_profile *p, wg_jsonw *j);
// Its name, else where it is, else its first id: what messages call it.
wg_str wg_hw_label(const wg_hw_device *d);

#endif
